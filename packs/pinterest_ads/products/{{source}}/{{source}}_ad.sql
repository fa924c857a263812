-- Pinterest promoted pins with the tree above them.
WITH account AS (
    SELECT id AS account_id,
           max_by(name, updated_time) AS account_name,
           max_by(currency, updated_time) AS currency
    FROM {{domain}}.{{source}}__advertiser_history
    GROUP BY id
), campaign AS (
    SELECT id AS campaign_id,
           max_by(name, coalesce(_fivetran_synced, created_time)) AS campaign_name
    FROM {{domain}}.{{source}}__campaign_history
    GROUP BY id
), ad_group AS (
    SELECT id AS ad_group_id,
           max_by(name, coalesce(_fivetran_synced, created_time)) AS ad_group_name,
           max_by(campaign_id, coalesce(_fivetran_synced, created_time)) AS campaign_id,
           max_by(status, coalesce(_fivetran_synced, created_time)) AS ad_group_status,
           max_by(placement_group, coalesce(_fivetran_synced, created_time)) AS placement
    FROM {{domain}}.{{source}}__ad_group_history
    GROUP BY id
), ad AS (
    SELECT id AS ad_id,
           max_by(name, coalesce(_fivetran_synced, created_time)) AS ad_name,
           max_by(ad_group_id, coalesce(_fivetran_synced, created_time)) AS ad_group_id,
           max_by(ad_account_id, coalesce(_fivetran_synced, created_time)) AS account_id,
           max_by(status, coalesce(_fivetran_synced, created_time)) AS ad_status,
           max_by(destination_url, coalesce(_fivetran_synced, created_time)) AS landing_url
    FROM {{domain}}.{{source}}__pin_promotion_history
    GROUP BY id
)
SELECT concat_ws(':', 'pinterest_ads', coalesce(ad.account_id, '?'), coalesce(ad.ad_group_id, '?'), coalesce(ad.ad_id, '?')) AS ad_key,
       concat_ws(':', 'pinterest_ads', coalesce(ad.account_id, '?'), coalesce(ad_group.campaign_id, '?')) AS campaign_key,
       'pinterest_ads' AS platform,
       ad.account_id AS account_id,
       account.account_name AS account_name,
       ad_group.campaign_id AS campaign_id,
       campaign.campaign_name AS campaign_name,
       ad.ad_group_id AS ad_group_id,
       ad_group.ad_group_name AS ad_group_name,
       ad_group.ad_group_status AS ad_group_status,
       ad.ad_id AS ad_id,
       ad.ad_name AS ad_name,
       ad.ad_status AS ad_status,
       ad.landing_url AS landing_url,
       CASE WHEN ad_group.placement IS NOT NULL THEN CAST(json_object('placement', ad_group.placement) AS VARCHAR) END AS targeting,
       '{{domain}}' AS domain,
       '{{source}}' AS source
FROM ad
LEFT JOIN ad_group ON ad.ad_group_id = ad_group.ad_group_id
LEFT JOIN campaign ON ad_group.campaign_id = campaign.campaign_id
LEFT JOIN account ON ad.account_id = account.account_id
