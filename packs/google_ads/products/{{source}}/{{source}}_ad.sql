-- Google Ads ads with the tree above them. One ad may sit in several ad groups, so the key holds both.
WITH account AS (
    SELECT id AS account_id,
           max_by(descriptive_name, updated_at) AS account_name,
           max_by(currency_code, updated_at) AS currency
    FROM {{domain}}.{{source}}__account_history
    GROUP BY id
), campaign AS (
    SELECT id AS campaign_id,
           max_by(name, updated_at) AS campaign_name,
           max_by(customer_id, updated_at) AS account_id
    FROM {{domain}}.{{source}}__campaign_history
    GROUP BY id
), ad_group AS (
    SELECT id AS ad_group_id,
           max_by(name, updated_at) AS ad_group_name,
           max_by(campaign_id, updated_at) AS campaign_id,
           max_by(status, updated_at) AS ad_group_status
    FROM {{domain}}.{{source}}__ad_group_history
    GROUP BY id
), ad AS (
    SELECT id AS ad_id, ad_group_id, max_by(name, updated_at) AS ad_name, max_by(status, updated_at) AS ad_status,
           max_by(regexp_extract(final_urls, 'https?://[^\],"]+'), updated_at) AS landing_url
    FROM {{domain}}.{{source}}__ad_history
    GROUP BY id, ad_group_id
)
SELECT concat_ws(':', 'google_ads', coalesce(campaign.account_id, '?'), coalesce(ad.ad_group_id, '?'), coalesce(ad.ad_id, '?')) AS ad_key,
       concat_ws(':', 'google_ads', coalesce(campaign.account_id, '?'), coalesce(ad_group.campaign_id, '?')) AS campaign_key,
       'google_ads' AS platform,
       campaign.account_id AS account_id,
       account.account_name AS account_name,
       ad_group.campaign_id AS campaign_id,
       campaign.campaign_name AS campaign_name,
       ad.ad_group_id AS ad_group_id,
       ad_group.ad_group_name AS ad_group_name,
       ad_group.ad_group_status AS ad_group_status,
       ad.ad_id AS ad_id,
       ad.ad_name AS ad_name,
       ad.ad_status AS ad_status,
       nullif(ad.landing_url, '') AS landing_url,
       CAST(NULL AS VARCHAR) AS targeting,
       '{{domain}}' AS domain,
       '{{source}}' AS source
FROM ad
LEFT JOIN ad_group ON ad.ad_group_id = ad_group.ad_group_id
LEFT JOIN campaign ON ad_group.campaign_id = campaign.campaign_id
LEFT JOIN account ON campaign.account_id = account.account_id
