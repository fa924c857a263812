-- By day and campaign.
SELECT stats.date AS date_day,
       'PACK_NAME' AS platform,
       stats.account_id AS account_id,
       any_value(stats.account_name) AS account_name,
       stats.campaign_id AS campaign_id,
       any_value(stats.campaign_name) AS campaign_name,
       CAST(coalesce(sum(stats.impressions), 0) AS BIGINT) AS impressions,
       CAST(coalesce(sum(stats.clicks), 0) AS BIGINT) AS clicks,
       CAST(coalesce(sum(stats.spend), 0) AS DECIMAL(18,6)) AS spend,
       CAST(NULL AS DOUBLE) AS conversions,
       CAST(NULL AS DECIMAL(18,6)) AS conversions_value,
       any_value(stats._source_currency) AS currency
FROM {{domain}}.{{source}}__campaign_report AS stats
GROUP BY stats.date, stats.account_id, stats.campaign_id
