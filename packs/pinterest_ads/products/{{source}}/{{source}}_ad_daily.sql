-- Pinterest by day and promoted pin.
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
           max_by(name, coalesce(_fivetran_synced, created_time)) AS ad_group_name
    FROM {{domain}}.{{source}}__ad_group_history
    GROUP BY id
), ad AS (
    SELECT id AS ad_id,
           max_by(name, coalesce(_fivetran_synced, created_time)) AS ad_name
    FROM {{domain}}.{{source}}__pin_promotion_history
    GROUP BY id
)
SELECT stats.date AS date_day,
       'pinterest_ads' AS platform,
       stats.advertiser_id AS account_id,
       any_value(account.account_name) AS account_name,
       stats.campaign_id AS campaign_id,
       any_value(campaign.campaign_name) AS campaign_name,
       stats.ad_group_id AS ad_group_id,
       any_value(ad_group.ad_group_name) AS ad_group_name,
       stats.pin_promotion_id AS ad_id,
       any_value(ad.ad_name) AS ad_name,
       CAST(coalesce(sum(coalesce(stats.impression_1, 0) + coalesce(stats.impression_2, 0)), 0) AS BIGINT) AS impressions,
       CAST(coalesce(sum(coalesce(stats.clickthrough_1, 0) + coalesce(stats.clickthrough_2, 0)), 0) AS BIGINT) AS clicks,
       CAST(CAST(coalesce(sum(stats.spend_in_micro_dollar), 0) AS DECIMAL(28,0)) * 0.000001 AS DECIMAL(18,6)) AS spend,
       CAST(sum(stats.total_conversions) AS DOUBLE) AS conversions,
       CAST(CAST(sum(stats.total_conversions_value_in_micro_dollar) AS DECIMAL(28,0)) * 0.000001 AS DECIMAL(18,6)) AS conversions_value,
       coalesce(any_value(account.currency), any_value(stats._source_currency)) AS currency
FROM {{domain}}.{{source}}__pin_promotion_report AS stats
LEFT JOIN account ON stats.advertiser_id = account.account_id
LEFT JOIN campaign ON stats.campaign_id = campaign.campaign_id
LEFT JOIN ad_group ON stats.ad_group_id = ad_group.ad_group_id
LEFT JOIN ad ON stats.pin_promotion_id = ad.ad_id
GROUP BY stats.date, stats.advertiser_id, stats.campaign_id, stats.ad_group_id, stats.pin_promotion_id
