-- Microsoft Advertising by day and campaign.
WITH account AS (
    SELECT id AS account_id,
           max_by(name, last_modified_time) AS account_name,
           max_by(currency_code, last_modified_time) AS currency
    FROM {{domain}}.{{source}}__account_history
    GROUP BY id
), campaign AS (
    SELECT id AS campaign_id,
           max_by(name, modified_time) AS campaign_name,
           max_by(account_id, modified_time) AS account_id
    FROM {{domain}}.{{source}}__campaign_history
    GROUP BY id
)
SELECT stats.date AS date_day,
       'microsoft_ads' AS platform,
       stats.account_id AS account_id,
       any_value(account.account_name) AS account_name,
       stats.campaign_id AS campaign_id,
       any_value(campaign.campaign_name) AS campaign_name,
       CAST(coalesce(sum(stats.impressions), 0) AS BIGINT) AS impressions,
       CAST(coalesce(sum(stats.clicks), 0) AS BIGINT) AS clicks,
       CAST(coalesce(sum(stats.spend), 0) AS DECIMAL(18,6)) AS spend,
       CAST(sum(coalesce(stats.conversions_qualified, stats.conversions)) AS DOUBLE) AS conversions,
       CAST(sum(stats.revenue) AS DECIMAL(18,6)) AS conversions_value,
       coalesce(any_value(stats.currency_code), any_value(account.currency), any_value(stats._source_currency)) AS currency
FROM {{domain}}.{{source}}__campaign_performance_daily_report AS stats
LEFT JOIN account ON stats.account_id = account.account_id
LEFT JOIN campaign ON stats.campaign_id = campaign.campaign_id
GROUP BY stats.date, stats.account_id, stats.campaign_id
