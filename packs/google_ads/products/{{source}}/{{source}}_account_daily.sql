-- Google Ads by day and account, from the account report. Micros become currency exactly; devices and networks are summed.
WITH account AS (
    SELECT id AS account_id,
           max_by(descriptive_name, updated_at) AS account_name,
           max_by(currency_code, updated_at) AS currency
    FROM {{domain}}.{{source}}__account_history
    GROUP BY id
)
SELECT stats.date AS date_day,
       'google_ads' AS platform,
       stats.customer_id AS account_id,
       any_value(account.account_name) AS account_name,
       CAST(coalesce(sum(stats.impressions), 0) AS BIGINT) AS impressions,
       CAST(coalesce(sum(stats.clicks), 0) AS BIGINT) AS clicks,
       CAST(CAST(coalesce(sum(stats.cost_micros), 0) AS DECIMAL(28,0)) * 0.000001 AS DECIMAL(18,6)) AS spend,
       CAST(sum(stats.conversions) AS DOUBLE) AS conversions,
       CAST(sum(stats.conversions_value) AS DECIMAL(18,6)) AS conversions_value,
       coalesce(any_value(account.currency), any_value(stats._source_currency)) AS currency
FROM {{domain}}.{{source}}__account_stats AS stats
LEFT JOIN account ON stats.customer_id = account.account_id
GROUP BY stats.date, stats.customer_id
