-- Reddit ads with the tree above them.
WITH campaign AS (
    SELECT id AS campaign_id,
           max_by(name, _fivetran_synced) AS campaign_name
    FROM {{domain}}.{{source}}__campaign
    GROUP BY id
), ad_group AS (
    SELECT id AS ad_group_id,
           max_by(campaign_id, _fivetran_synced) AS campaign_id,
           max_by(name, _fivetran_synced) AS ad_group_name,
           max_by(effective_status, _fivetran_synced) AS ad_group_status
    FROM {{domain}}.{{source}}__ad_group
    GROUP BY id
), ad AS (
    SELECT id AS ad_id,
           max_by(account_id, _fivetran_synced) AS account_id,
           max_by(ad_group_id, _fivetran_synced) AS ad_group_id,
           max_by(name, _fivetran_synced) AS ad_name,
           max_by(effective_status, _fivetran_synced) AS ad_status,
           max_by(click_url, _fivetran_synced) AS landing_url
    FROM {{domain}}.{{source}}__ad
    GROUP BY id
)
SELECT concat_ws(':', 'reddit_ads', coalesce(ad.account_id, '?'), coalesce(ad.ad_group_id, '?'), coalesce(ad.ad_id, '?')) AS ad_key,
       concat_ws(':', 'reddit_ads', coalesce(ad.account_id, '?'), coalesce(ad_group.campaign_id, '?')) AS campaign_key,
       'reddit_ads' AS platform,
       ad.account_id AS account_id,
       CAST(NULL AS VARCHAR) AS account_name,
       ad_group.campaign_id AS campaign_id,
       campaign.campaign_name AS campaign_name,
       ad.ad_group_id AS ad_group_id,
       ad_group.ad_group_name AS ad_group_name,
       ad_group.ad_group_status AS ad_group_status,
       ad.ad_id AS ad_id,
       ad.ad_name AS ad_name,
       ad.ad_status AS ad_status,
       ad.landing_url AS landing_url,
       CAST(NULL AS VARCHAR) AS targeting,
       '{{domain}}' AS domain,
       '{{source}}' AS source
FROM ad
LEFT JOIN ad_group ON ad.ad_group_id = ad_group.ad_group_id
LEFT JOIN campaign ON ad_group.campaign_id = campaign.campaign_id
