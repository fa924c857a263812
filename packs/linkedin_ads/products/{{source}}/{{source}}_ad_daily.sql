-- LinkedIn by day and creative (our ad). Creatives have no name of their own.
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
), creative AS (
    SELECT id AS ad_id,
           max_by(campaign_id, coalesce(last_modified_at, created_time)) AS ad_group_id,
           max_by(intended_status, coalesce(last_modified_at, created_time)) AS ad_status,
           max_by(coalesce(click_uri, text_ad_landing_page, spotlight_landing_page), coalesce(last_modified_at, created_time)) AS landing_url
    FROM {{domain}}.{{source}}__creative_history
    GROUP BY id
)
SELECT CAST(stats.day AS DATE) AS date_day,
       'linkedin_ads' AS platform,
       campaign.account_id AS account_id,
       any_value(account.account_name) AS account_name,
       campaign.campaign_id AS campaign_id,
       any_value(campaign_group.campaign_name) AS campaign_name,
       creative.ad_group_id AS ad_group_id,
       any_value(campaign.ad_group_name) AS ad_group_name,
       stats.creative_id AS ad_id,
       any_value(CAST(NULL AS VARCHAR)) AS ad_name,
       CAST(coalesce(sum(stats.impressions), 0) AS BIGINT) AS impressions,
       CAST(coalesce(sum(stats.clicks), 0) AS BIGINT) AS clicks,
       CAST(coalesce(sum(stats.cost_in_local_currency), 0) AS DECIMAL(18,6)) AS spend,
       CAST(sum(CASE WHEN stats.external_website_conversions IS NULL AND stats.one_click_leads IS NULL THEN NULL ELSE coalesce(stats.external_website_conversions, 0) + coalesce(stats.one_click_leads, 0) END) AS DOUBLE) AS conversions,
       CAST(sum(stats.conversion_value_in_local_currency) AS DECIMAL(18,6)) AS conversions_value,
       coalesce(any_value(account.currency), any_value(stats._source_currency)) AS currency
FROM {{domain}}.{{source}}__ad_analytics_by_creative AS stats
LEFT JOIN creative ON stats.creative_id = creative.ad_id
LEFT JOIN campaign ON creative.ad_group_id = campaign.ad_group_id
LEFT JOIN account ON campaign.account_id = account.account_id
LEFT JOIN campaign_group ON campaign.campaign_id = campaign_group.campaign_id
GROUP BY CAST(stats.day AS DATE), campaign.account_id, campaign.campaign_id, creative.ad_group_id, stats.creative_id
