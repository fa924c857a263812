-- Reddit by day and account, summed over regions; conversions come in a report of their own, by event.
WITH stats AS (
    SELECT account_id, date, impressions, clicks, spend, CAST(NULL AS DECIMAL(18,6)) AS conversions, CAST(NULL AS DECIMAL(18,6)) AS total_value, _source_currency
    FROM {{domain}}.{{source}}__account_report
    UNION ALL -- a conversion may fall on a day without a row in the report
    SELECT account_id, date, NULL, NULL, NULL, coalesce(clicks, click_through_conversion_attribution_window_month), total_value, _source_currency
    FROM {{domain}}.{{source}}__account_conversions_report
    WHERE lower(event_name) IN ('purchase', 'lead', 'custom')
), account AS (
    SELECT id AS account_id,
           max_by(currency, _fivetran_synced) AS currency
    FROM {{domain}}.{{source}}__account
    GROUP BY id
)
SELECT stats.date AS date_day,
       'reddit_ads' AS platform,
       stats.account_id AS account_id,
       CAST(NULL AS VARCHAR) AS account_name,
       CAST(coalesce(sum(stats.impressions), 0) AS BIGINT) AS impressions,
       CAST(coalesce(sum(stats.clicks), 0) AS BIGINT) AS clicks,
       CAST(CAST(coalesce(sum(stats.spend), 0) AS DECIMAL(28,0)) * 0.000001 AS DECIMAL(18,6)) AS spend,
       CAST(sum(stats.conversions) AS DOUBLE) AS conversions,
       CAST(sum(stats.total_value) AS DECIMAL(18,6)) AS conversions_value,
       coalesce(any_value(account.currency), any_value(stats._source_currency)) AS currency
FROM stats
LEFT JOIN account ON stats.account_id = account.account_id
GROUP BY stats.date, stats.account_id
