-- What a click cost: an ad's spend of a day over its clicks, in the reporting currency; rows without ad are a campaign's.
WITH reported AS (
    SELECT date_day, platform, account_id, campaign_id, ad_id, spend, clicks, currency FROM (
        -- trellis:sources begin ad_daily
        -- trellis:sources end
    )
    UNION ALL
    SELECT date_day, platform, account_id, campaign_id, CAST(NULL AS VARCHAR), spend, clicks, currency FROM (
        -- trellis:sources begin campaign_daily
        -- trellis:sources end
    )
), rate AS (
    SELECT day.date_day, day.currency,
           CASE WHEN day.currency = mesh_reporting_currency() THEN CAST(1 AS DECIMAL(18,8)) ELSE known.rate END AS rate
    FROM (SELECT DISTINCT date_day, currency FROM reported) AS day
    ASOF LEFT JOIN shared.exchange_rate AS known ON day.currency = known.currency AND day.date_day >= known.date_day
), told AS (
    SELECT reported.date_day,
           concat_ws(':', reported.platform, coalesce(reported.account_id, '?'), coalesce(reported.campaign_id, '?')) AS campaign_key,
           reported.ad_id,
           sum(reported.clicks) AS clicks,
           sum(CAST(CAST(reported.spend AS DECIMAL(24,6)) * rate.rate AS DECIMAL(18,6))) AS spend_reporting
    FROM reported
    LEFT JOIN rate ON reported.date_day = rate.date_day AND reported.currency = rate.currency
    WHERE reported.date_day IS NOT NULL
    GROUP BY ALL
)
SELECT concat_ws(':', date_day, campaign_key, coalesce(ad_id, '')) AS cost_key,
       date_day, campaign_key, ad_id,
       CAST(clicks AS BIGINT) AS clicks,
       CAST(spend_reporting AS DECIMAL(18,6)) AS spend_reporting,
       CASE WHEN clicks > 0 THEN CAST(spend_reporting / clicks AS DECIMAL(18,6)) END AS cost_per_click,
       mesh_reporting_currency() AS reporting_currency
FROM told
