-- TikTok by day and ad, summed over hours.
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
           max_by(campaign_id, updated_at) AS campaign_id,
           max_by(advertiser_id, updated_at) AS account_id
    FROM {{domain}}.{{source}}__adgroup_history
    GROUP BY adgroup_id
), ad AS (
    SELECT ad_id AS ad_id,
           max_by(ad_name, updated_at) AS ad_name,
           max_by(adgroup_id, updated_at) AS ad_group_id,
           max_by(campaign_id, updated_at) AS campaign_id,
           max_by(advertiser_id, updated_at) AS account_id
    FROM {{domain}}.{{source}}__ad_history
    GROUP BY ad_id
)
SELECT CAST(stats.stat_time_hour AS DATE) AS date_day,
       'tiktok_ads' AS platform,
       ad.account_id AS account_id,
       any_value(account.account_name) AS account_name,
       ad.campaign_id AS campaign_id,
       any_value(campaign.campaign_name) AS campaign_name,
       ad.ad_group_id AS ad_group_id,
       any_value(ad_group.ad_group_name) AS ad_group_name,
       stats.ad_id AS ad_id,
       any_value(ad.ad_name) AS ad_name,
       CAST(coalesce(sum(stats.impressions), 0) AS BIGINT) AS impressions,
       CAST(coalesce(sum(stats.clicks), 0) AS BIGINT) AS clicks,
       CAST(coalesce(sum(stats.spend), 0) AS DECIMAL(18,6)) AS spend,
       CAST(sum(stats.conversion) AS DOUBLE) AS conversions,
       CAST(sum(CASE WHEN stats.total_purchase_value IS NULL AND stats.total_sales_lead_value IS NULL THEN NULL ELSE coalesce(stats.total_purchase_value, 0) + coalesce(stats.total_sales_lead_value, 0) END) AS DECIMAL(18,6)) AS conversions_value,
       coalesce(any_value(account.currency), any_value(stats._source_currency)) AS currency
FROM {{domain}}.{{source}}__ad_report_hourly AS stats
LEFT JOIN ad ON stats.ad_id = ad.ad_id
LEFT JOIN ad_group ON ad.ad_group_id = ad_group.ad_group_id
LEFT JOIN campaign ON ad.campaign_id = campaign.campaign_id
LEFT JOIN account ON ad.account_id = account.account_id
GROUP BY CAST(stats.stat_time_hour AS DATE), ad.account_id, ad.campaign_id, ad.ad_group_id, stats.ad_id
