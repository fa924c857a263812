-- Google Ads by day and campaign, from the campaign report.
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
)
SELECT stats.date AS date_day,
       'google_ads' AS platform,
       stats.customer_id AS account_id,
       any_value(account.account_name) AS account_name,
       stats.id AS campaign_id,
       any_value(campaign.campaign_name) AS campaign_name,
       CAST(coalesce(sum(stats.impressions), 0) AS BIGINT) AS impressions,
       CAST(coalesce(sum(stats.clicks), 0) AS BIGINT) AS clicks,
       CAST(CAST(coalesce(sum(stats.cost_micros), 0) AS DECIMAL(28,0)) * 0.000001 AS DECIMAL(18,6)) AS spend,
       CAST(sum(stats.conversions) AS DOUBLE) AS conversions,
       CAST(sum(stats.conversions_value) AS DECIMAL(18,6)) AS conversions_value,
       coalesce(any_value(account.currency), any_value(stats._source_currency)) AS currency
FROM {{domain}}.{{source}}__campaign_stats AS stats
LEFT JOIN account ON stats.customer_id = account.account_id
LEFT JOIN campaign ON stats.id = campaign.campaign_id
GROUP BY stats.date, stats.customer_id, stats.id
