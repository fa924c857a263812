-- Meta ads with the tree above them.
WITH account AS (
    SELECT id AS account_id,
           max_by(name, _fivetran_synced) AS account_name,
           max_by(currency, _fivetran_synced) AS currency
    FROM {{domain}}.{{source}}__account_history
    GROUP BY id
), campaign AS (
    SELECT id AS campaign_id,
           max_by(name, updated_time) AS campaign_name
    FROM {{domain}}.{{source}}__campaign_history
    GROUP BY id
), ad_group AS (
    SELECT id AS ad_group_id,
           max_by(name, updated_time) AS ad_group_name,
           max_by(status, updated_time) AS ad_group_status,
           max_by(optimization_goal, updated_time) AS optimization_goal
    FROM {{domain}}.{{source}}__ad_set_history
    GROUP BY id
), ad AS (
    SELECT id AS ad_id,
           max_by(name, updated_time) AS ad_name,
           max_by(account_id, updated_time) AS account_id,
           max_by(ad_set_id, updated_time) AS ad_group_id,
           max_by(campaign_id, updated_time) AS campaign_id,
           max_by(effective_status, updated_time) AS ad_status
    FROM {{domain}}.{{source}}__ad_history
    GROUP BY id
)
SELECT concat_ws(':', 'facebook_ads', coalesce(ad.account_id, '?'), coalesce(ad.ad_group_id, '?'), coalesce(ad.ad_id, '?')) AS ad_key,
       concat_ws(':', 'facebook_ads', coalesce(ad.account_id, '?'), coalesce(ad.campaign_id, '?')) AS campaign_key,
       'facebook_ads' AS platform,
       ad.account_id AS account_id,
       account.account_name AS account_name,
       ad.campaign_id AS campaign_id,
       campaign.campaign_name AS campaign_name,
       ad.ad_group_id AS ad_group_id,
       ad_group.ad_group_name AS ad_group_name,
       ad_group.ad_group_status AS ad_group_status,
       ad.ad_id AS ad_id,
       ad.ad_name AS ad_name,
       ad.ad_status AS ad_status,
       CAST(NULL AS VARCHAR) AS landing_url,
       CASE WHEN ad_group.optimization_goal IS NOT NULL THEN CAST(json_object('optimization_goal', ad_group.optimization_goal) AS VARCHAR) END AS targeting,
       '{{domain}}' AS domain,
       '{{source}}' AS source
FROM ad
LEFT JOIN account ON ad.account_id = account.account_id
LEFT JOIN campaign ON ad.campaign_id = campaign.campaign_id
LEFT JOIN ad_group ON ad.ad_group_id = ad_group.ad_group_id
