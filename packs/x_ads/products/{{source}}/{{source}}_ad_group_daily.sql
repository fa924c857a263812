-- X by day and line item, summed over placements.
WITH account AS (
    SELECT id AS account_id,
           max_by(name, updated_at) AS account_name
    FROM {{domain}}.{{source}}__account_history
    GROUP BY id
), money AS (
    SELECT account_id, max_by(currency, updated_at) AS currency
    FROM {{domain}}.{{source}}__campaign_history
    GROUP BY account_id
), campaign AS (
    SELECT id AS campaign_id,
           max_by(name, updated_at) AS campaign_name
    FROM {{domain}}.{{source}}__campaign_history
    GROUP BY id
), ad_group AS (
    SELECT id AS ad_group_id,
           max_by(campaign_id, updated_at) AS campaign_id,
           max_by(name, updated_at) AS ad_group_name
    FROM {{domain}}.{{source}}__line_item_history
    GROUP BY id
)
SELECT CAST(stats.date AS DATE) AS date_day,
       'twitter_ads' AS platform,
       stats.account_id AS account_id,
       any_value(account.account_name) AS account_name,
       ad_group.campaign_id AS campaign_id,
       any_value(campaign.campaign_name) AS campaign_name,
       stats.line_item_id AS ad_group_id,
       any_value(ad_group.ad_group_name) AS ad_group_name,
       CAST(coalesce(sum(stats.impressions), 0) AS BIGINT) AS impressions,
       CAST(coalesce(sum(stats.clicks), 0) AS BIGINT) AS clicks,
       CAST(CAST(coalesce(sum(stats.billed_charge_local_micro), 0) AS DECIMAL(28,0)) * 0.000001 AS DECIMAL(18,6)) AS spend,
       CAST(sum(CASE WHEN stats.conversion_purchases_metric IS NULL AND stats.conversion_custom_metric IS NULL THEN NULL ELSE coalesce(stats.conversion_purchases_metric, 0) + coalesce(stats.conversion_custom_metric, 0) END) AS DOUBLE) AS conversions,
       CAST(sum(CASE WHEN stats.conversion_purchases_sale_amount IS NULL AND stats.conversion_custom_sale_amount IS NULL THEN NULL ELSE coalesce(stats.conversion_purchases_sale_amount, 0) + coalesce(stats.conversion_custom_sale_amount, 0) END) AS DECIMAL(18,6)) AS conversions_value,
       coalesce(any_value(money.currency), any_value(stats._source_currency)) AS currency
FROM {{domain}}.{{source}}__line_item_report AS stats
LEFT JOIN ad_group ON stats.line_item_id = ad_group.ad_group_id
LEFT JOIN campaign ON ad_group.campaign_id = campaign.campaign_id
LEFT JOIN account ON stats.account_id = account.account_id
LEFT JOIN money ON stats.account_id = money.account_id
GROUP BY CAST(stats.date AS DATE), stats.account_id, ad_group.campaign_id, stats.line_item_id
