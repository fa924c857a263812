-- Meta by day and account, rolled up from the ad report (Meta lands no other).
-- Purchases are taken once: omni_purchase where reported, else purchase, else the pixel's. Ads without such actions stay NULL.
WITH account AS (
    SELECT id AS account_id,
           max_by(name, _fivetran_synced) AS account_name,
           max_by(currency, _fivetran_synced) AS currency
    FROM {{domain}}.{{source}}__account_history
    GROUP BY id
), action AS (
    SELECT ad_id, date,
           coalesce(sum(value) FILTER (WHERE action_type = 'omni_purchase'),
                    sum(value) FILTER (WHERE action_type = 'purchase'),
                    sum(value) FILTER (WHERE action_type = 'offsite_conversion.fb_pixel_purchase')) AS conversions
    FROM {{domain}}.{{source}}__basic_ad_actions
    GROUP BY ad_id, date
), action_value AS (
    SELECT ad_id, date,
           coalesce(sum(value) FILTER (WHERE action_type = 'omni_purchase'),
                    sum(value) FILTER (WHERE action_type = 'purchase'),
                    sum(value) FILTER (WHERE action_type = 'offsite_conversion.fb_pixel_purchase')) AS conversions_value
    FROM {{domain}}.{{source}}__basic_ad_action_values
    GROUP BY ad_id, date
)
SELECT stats.date AS date_day,
       'facebook_ads' AS platform,
       stats.account_id AS account_id,
       any_value(account.account_name) AS account_name,
       CAST(coalesce(sum(stats.impressions), 0) AS BIGINT) AS impressions,
       CAST(coalesce(sum(stats.inline_link_clicks), 0) AS BIGINT) AS clicks,
       CAST(coalesce(sum(stats.spend), 0) AS DECIMAL(18,6)) AS spend,
       CAST(sum(action.conversions) AS DOUBLE) AS conversions,
       CAST(sum(action_value.conversions_value) AS DECIMAL(18,6)) AS conversions_value,
       coalesce(any_value(account.currency), any_value(stats._source_currency)) AS currency
FROM {{domain}}.{{source}}__basic_ad AS stats
LEFT JOIN account ON stats.account_id = account.account_id
LEFT JOIN action ON stats.ad_id = action.ad_id AND stats.date = action.date
LEFT JOIN action_value ON stats.ad_id = action_value.ad_id AND stats.date = action_value.date
GROUP BY stats.date, stats.account_id
