-- LinkedIn by day and LinkedIn campaign (our ad group).
WITH account AS (
    SELECT id AS account_id,
           max_by(name, last_modified_time) AS account_name,
           max_by(currency, last_modified_time) AS currency
    FROM {{domain}}.{{source}}__account_history
    GROUP BY id
), campaign AS (
    SELECT id AS ad_group_id,
           max_by(name, last_modified_time) AS ad_group_name,
           max_by(campaign_group_id, last_modified_time) AS campaign_id,
           max_by(account_id, last_modified_time) AS account_id
    FROM {{domain}}.{{source}}__campaign_history
    GROUP BY id
), campaign_group AS (
    SELECT id AS campaign_id,
           max_by(name, last_modified_time) AS campaign_name,
           max_by(account_id, last_modified_time) AS account_id
    FROM {{domain}}.{{source}}__campaign_group_history
    GROUP BY id
)
SELECT CAST(stats.day AS DATE) AS date_day,
       'linkedin_ads' AS platform,
       campaign.account_id AS account_id,
       any_value(account.account_name) AS account_name,
       campaign.campaign_id AS campaign_id,
       any_value(campaign_group.campaign_name) AS campaign_name,
       stats.campaign_id AS ad_group_id,
       any_value(campaign.ad_group_name) AS ad_group_name,
       CAST(coalesce(sum(stats.impressions), 0) AS BIGINT) AS impressions,
       CAST(coalesce(sum(stats.clicks), 0) AS BIGINT) AS clicks,
       CAST(coalesce(sum(stats.cost_in_local_currency), 0) AS DECIMAL(18,6)) AS spend,
       CAST(sum(CASE WHEN stats.external_website_conversions IS NULL AND stats.one_click_leads IS NULL THEN NULL ELSE coalesce(stats.external_website_conversions, 0) + coalesce(stats.one_click_leads, 0) END) AS DOUBLE) AS conversions,
       CAST(sum(stats.conversion_value_in_local_currency) AS DECIMAL(18,6)) AS conversions_value,
       coalesce(any_value(account.currency), any_value(stats._source_currency)) AS currency
FROM {{domain}}.{{source}}__ad_analytics_by_campaign AS stats
LEFT JOIN campaign ON stats.campaign_id = campaign.ad_group_id
LEFT JOIN account ON campaign.account_id = account.account_id
LEFT JOIN campaign_group ON campaign.campaign_id = campaign_group.campaign_id
GROUP BY CAST(stats.day AS DATE), campaign.account_id, campaign.campaign_id, stats.campaign_id
