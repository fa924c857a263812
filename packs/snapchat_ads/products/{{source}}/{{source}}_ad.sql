-- Snapchat ads with the tree above them.
WITH account AS (
    SELECT id AS account_id,
           max_by(name, updated_at) AS account_name,
           max_by(currency, updated_at) AS currency
    FROM {{domain}}.{{source}}__ad_account_history
    GROUP BY id
), campaign AS (
    SELECT id AS campaign_id,
           max_by(ad_account_id, updated_at) AS account_id,
           max_by(name, updated_at) AS campaign_name
    FROM {{domain}}.{{source}}__campaign_history
    GROUP BY id
), ad_group AS (
    SELECT id AS ad_group_id,
           max_by(campaign_id, updated_at) AS campaign_id,
           max_by(name, updated_at) AS ad_group_name,
           max_by(status, updated_at) AS ad_group_status,
           max_by(placement, updated_at) AS placement
    FROM {{domain}}.{{source}}__ad_squad_history
    GROUP BY id
), ad AS (
    SELECT id AS ad_id,
           max_by(ad_squad_id, updated_at) AS ad_group_id,
           max_by(name, updated_at) AS ad_name,
           max_by(status, updated_at) AS ad_status,
           max_by(creative_id, updated_at) AS creative_id
    FROM {{domain}}.{{source}}__ad_history
    GROUP BY id
), creative AS (
    SELECT id AS creative_id,
           max_by(ad_account_id, updated_at) AS account_id,
           max_by(web_view_url, updated_at) AS landing_url
    FROM {{domain}}.{{source}}__creative_history
    GROUP BY id
)
SELECT concat_ws(':', 'snapchat_ads', coalesce(coalesce(campaign.account_id, creative.account_id), '?'), coalesce(ad.ad_group_id, '?'), coalesce(ad.ad_id, '?')) AS ad_key,
       concat_ws(':', 'snapchat_ads', coalesce(coalesce(campaign.account_id, creative.account_id), '?'), coalesce(ad_group.campaign_id, '?')) AS campaign_key,
       'snapchat_ads' AS platform,
       coalesce(campaign.account_id, creative.account_id) AS account_id,
       account.account_name AS account_name,
       ad_group.campaign_id AS campaign_id,
       campaign.campaign_name AS campaign_name,
       ad.ad_group_id AS ad_group_id,
       ad_group.ad_group_name AS ad_group_name,
       ad_group.ad_group_status AS ad_group_status,
       ad.ad_id AS ad_id,
       ad.ad_name AS ad_name,
       ad.ad_status AS ad_status,
       creative.landing_url AS landing_url,
       CASE WHEN ad_group.placement IS NOT NULL THEN CAST(json_object('placement', ad_group.placement) AS VARCHAR) END AS targeting,
       '{{domain}}' AS domain,
       '{{source}}' AS source
FROM ad
LEFT JOIN ad_group ON ad.ad_group_id = ad_group.ad_group_id
LEFT JOIN campaign ON ad_group.campaign_id = campaign.campaign_id
LEFT JOIN creative ON ad.creative_id = creative.creative_id
LEFT JOIN account ON coalesce(campaign.account_id, creative.account_id) = account.account_id
