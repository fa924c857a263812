-- Every ad source of the mesh by day and campaign, with amounts in the reporting currency beside the account's own.
-- A rate holds from its day on until the next one; a currency without any rate leaves the converted amounts empty.
WITH reported AS (
    -- trellis:sources begin campaign_daily
    -- trellis:sources end
), rate AS (
    SELECT day.date_day, day.currency,
           CASE WHEN day.currency = mesh_reporting_currency() THEN CAST(1 AS DECIMAL(18,8)) ELSE known.rate END AS rate
    FROM (SELECT DISTINCT date_day, currency FROM reported) AS day
    ASOF LEFT JOIN shared.exchange_rate AS known
        ON day.currency = known.currency AND day.date_day >= known.date_day
)
SELECT reported.date_day, reported.platform, reported.account_id, reported.account_name, reported.campaign_id, reported.campaign_name,
       reported.impressions, reported.clicks, reported.spend, reported.conversions, reported.conversions_value, reported.currency,
       mesh_reporting_currency() AS reporting_currency,
       CASE WHEN reported.currency = mesh_reporting_currency() THEN reported.spend
            ELSE CAST(CAST(reported.spend AS DECIMAL(24,6)) * rate.rate AS DECIMAL(18,6)) END AS spend_reporting,
       CASE WHEN reported.currency = mesh_reporting_currency() THEN reported.conversions_value
            ELSE CAST(CAST(reported.conversions_value AS DECIMAL(24,6)) * rate.rate AS DECIMAL(18,6)) END AS conversions_value_reporting,
       coalesce(known_campaign.channel, CASE WHEN reported.platform IN ('google_ads', 'microsoft_ads') THEN 'paid_search' WHEN reported.platform = 'amazon_ads' THEN 'paid_shopping'
                                             WHEN reported.platform IN ('facebook_ads', 'linkedin_ads', 'tiktok_ads', 'pinterest_ads', 'reddit_ads', 'snapchat_ads', 'x_ads') THEN 'paid_social'
                                             ELSE 'paid_other' END) AS channel
FROM reported
LEFT JOIN rate ON reported.date_day = rate.date_day AND reported.currency = rate.currency
LEFT JOIN (SELECT platform, account_id, campaign_id, min(channel) AS channel FROM shared.campaign GROUP BY ALL) AS known_campaign
    ON reported.platform = known_campaign.platform AND reported.account_id IS NOT DISTINCT FROM known_campaign.account_id AND reported.campaign_id = known_campaign.campaign_id
