-- Amazon advertised products with the tree above them.
WITH account AS (
    SELECT id AS profile_id,
           max_by(account_id, _fivetran_synced) AS account_id,
           max_by(account_name, _fivetran_synced) AS account_name,
           max_by(currency_code, _fivetran_synced) AS currency
    FROM {{domain}}.{{source}}__profile
    GROUP BY id
), campaign AS (
    SELECT id AS campaign_id,
           max_by(name, last_updated_date) AS campaign_name,
           max_by(profile_id, last_updated_date) AS profile_id
    FROM {{domain}}.{{source}}__campaign_history
    GROUP BY id
), ad_group AS (
    SELECT id AS ad_group_id,
           max_by(name, last_updated_date) AS ad_group_name,
           max_by(state, last_updated_date) AS ad_group_status
    FROM {{domain}}.{{source}}__ad_group_history
    GROUP BY id
), ad AS (
    SELECT id AS ad_id,
           max_by(coalesce(asin, sku), last_updated_date) AS ad_name,
           max_by(ad_group_id, last_updated_date) AS ad_group_id,
           max_by(campaign_id, last_updated_date) AS campaign_id,
           max_by(state, last_updated_date) AS ad_status
    FROM {{domain}}.{{source}}__product_ad_history
    GROUP BY id
)
SELECT concat_ws(':', 'amazon_ads', coalesce(account.account_id, '?'), coalesce(ad.ad_group_id, '?'), coalesce(ad.ad_id, '?')) AS ad_key,
       concat_ws(':', 'amazon_ads', coalesce(account.account_id, '?'), coalesce(ad.campaign_id, '?')) AS campaign_key,
       'amazon_ads' AS platform,
       account.account_id AS account_id,
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
       CAST(NULL AS VARCHAR) AS targeting,
       '{{domain}}' AS domain,
       '{{source}}' AS source
FROM ad
LEFT JOIN campaign ON ad.campaign_id = campaign.campaign_id
LEFT JOIN ad_group ON ad.ad_group_id = ad_group.ad_group_id
LEFT JOIN account ON campaign.profile_id = account.profile_id
