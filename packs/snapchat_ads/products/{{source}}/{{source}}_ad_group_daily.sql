-- Snapchat by day and ad squad, summed over hours in UTC.
WITH account AS (
    SELECT id AS account_id,
           max_by(name, updated_at) AS account_name,
           max_by(currency, updated_at) AS currency
    FROM {{domain}}.{{source}}__ad_account_history
    GROUP BY id
), campaign AS (
    SELECT id AS campaign_id,
           max_by(ad_account_id, updated_at) AS account_id,
           max_by(name, updated_at) AS campaign_name
    FROM {{domain}}.{{source}}__campaign_history
    GROUP BY id
), ad_group AS (
    SELECT id AS ad_group_id,
           max_by(campaign_id, updated_at) AS campaign_id,
           max_by(name, updated_at) AS ad_group_name
    FROM {{domain}}.{{source}}__ad_squad_history
    GROUP BY id
)
SELECT CAST(stats.date AS DATE) AS date_day,
       'snapchat_ads' AS platform,
       campaign.account_id AS account_id,
       any_value(account.account_name) AS account_name,
       ad_group.campaign_id AS campaign_id,
       any_value(campaign.campaign_name) AS campaign_name,
       stats.ad_squad_id AS ad_group_id,
       any_value(ad_group.ad_group_name) AS ad_group_name,
       CAST(coalesce(sum(stats.impressions), 0) AS BIGINT) AS impressions,
       CAST(coalesce(sum(stats.swipes), 0) AS BIGINT) AS clicks,
       CAST(CAST(coalesce(sum(stats.spend), 0) AS DECIMAL(28,0)) * 0.000001 AS DECIMAL(18,6)) AS spend,
       CAST(sum(stats.conversion_purchases) AS DOUBLE) AS conversions,
       CAST(CAST(sum(stats.conversion_purchases_value) AS DECIMAL(28,0)) * 0.000001 AS DECIMAL(18,6)) AS conversions_value,
       coalesce(any_value(account.currency), any_value(stats._source_currency)) AS currency
FROM {{domain}}.{{source}}__ad_squad_hourly_report AS stats
LEFT JOIN ad_group ON stats.ad_squad_id = ad_group.ad_group_id
LEFT JOIN campaign ON ad_group.campaign_id = campaign.campaign_id
LEFT JOIN account ON campaign.account_id = account.account_id
GROUP BY CAST(stats.date AS DATE), campaign.account_id, ad_group.campaign_id, stats.ad_squad_id
