-- TikTok ads with the tree above them and the targeting facts of their ad group.
WITH account AS (
    SELECT id AS account_id,
           max_by(name, _fivetran_synced) AS account_name,
           max_by(currency, _fivetran_synced) AS currency
    FROM {{domain}}.{{source}}__advertiser
    GROUP BY id
), campaign AS (
    SELECT campaign_id AS campaign_id,
           max_by(campaign_name, updated_at) AS campaign_name,
           max_by(advertiser_id, updated_at) AS account_id
    FROM {{domain}}.{{source}}__campaign_history
    GROUP BY campaign_id
), ad_group AS (
    SELECT adgroup_id AS ad_group_id,
           max_by(adgroup_name, updated_at) AS ad_group_name,
           max_by(operation_status, updated_at) AS ad_group_status,
           max_by(gender, updated_at) AS gender,
           max_by(audience_type, updated_at) AS audience_type,
           max_by(placement_type, updated_at) AS placement,
           max_by(optimization_goal, updated_at) AS optimization_goal
    FROM {{domain}}.{{source}}__adgroup_history
    GROUP BY adgroup_id
), ad AS (
    SELECT ad_id AS ad_id,
           max_by(ad_name, updated_at) AS ad_name,
           max_by(adgroup_id, updated_at) AS ad_group_id,
           max_by(campaign_id, updated_at) AS campaign_id,
           max_by(advertiser_id, updated_at) AS account_id,
           max_by(operation_status, updated_at) AS ad_status,
           max_by(landing_page_url, updated_at) AS landing_url
    FROM {{domain}}.{{source}}__ad_history
    GROUP BY ad_id
)
SELECT concat_ws(':', 'tiktok_ads', coalesce(ad.account_id, '?'), coalesce(ad.ad_group_id, '?'), coalesce(ad.ad_id, '?')) AS ad_key,
       concat_ws(':', 'tiktok_ads', coalesce(ad.account_id, '?'), coalesce(ad.campaign_id, '?')) AS campaign_key,
       'tiktok_ads' AS platform,
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
       ad.landing_url AS landing_url,
       CASE WHEN ad_group.ad_group_id IS NOT NULL THEN CAST(json_object('gender', ad_group.gender, 'audience', ad_group.audience_type, 'placement', ad_group.placement, 'optimization_goal', ad_group.optimization_goal) AS VARCHAR) END AS targeting,
       '{{domain}}' AS domain,
       '{{source}}' AS source
FROM ad
LEFT JOIN ad_group ON ad.ad_group_id = ad_group.ad_group_id
LEFT JOIN campaign ON ad.campaign_id = campaign.campaign_id
LEFT JOIN account ON ad.account_id = account.account_id
