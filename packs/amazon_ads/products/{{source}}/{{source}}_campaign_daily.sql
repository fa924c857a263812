-- Amazon by day and campaign.
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
)
SELECT stats.date AS date_day,
       'amazon_ads' AS platform,
       account.account_id AS account_id,
       any_value(account.account_name) AS account_name,
       stats.campaign_id AS campaign_id,
       any_value(campaign.campaign_name) AS campaign_name,
       CAST(coalesce(sum(stats.impressions), 0) AS BIGINT) AS impressions,
       CAST(coalesce(sum(stats.clicks), 0) AS BIGINT) AS clicks,
       CAST(coalesce(sum(stats.cost), 0) AS DECIMAL(18,6)) AS spend,
       CAST(sum(stats.purchases_30_d) AS DOUBLE) AS conversions,
       CAST(sum(stats.sales_30_d) AS DECIMAL(18,6)) AS conversions_value,
       coalesce(any_value(account.currency), any_value(stats.campaign_budget_currency_code), any_value(stats._source_currency)) AS currency
FROM {{domain}}.{{source}}__campaign_level_report AS stats
LEFT JOIN campaign ON stats.campaign_id = campaign.campaign_id
LEFT JOIN account ON campaign.profile_id = account.profile_id
GROUP BY stats.date, account.account_id, stats.campaign_id
