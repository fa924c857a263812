-- Meta by day and ad.
-- Purchases are taken once: omni_purchase where reported, else purchase, else the pixel's. Ads without such actions stay NULL.
WITH account AS (
    SELECT id AS account_id,
           max_by(name, _fivetran_synced) AS account_name,
           max_by(currency, _fivetran_synced) AS currency
    FROM {{domain}}.{{source}}__account_history
    GROUP BY id
), campaign AS (
    SELECT id AS campaign_id,
           max_by(name, updated_time) AS campaign_name
    FROM {{domain}}.{{source}}__campaign_history
    GROUP BY id
), ad_group AS (
    SELECT id AS ad_group_id,
           max_by(name, updated_time) AS ad_group_name
    FROM {{domain}}.{{source}}__ad_set_history
    GROUP BY id
), ad AS (
    SELECT id AS ad_id,
           max_by(name, updated_time) AS ad_name,
           max_by(ad_set_id, updated_time) AS ad_group_id,
           max_by(campaign_id, updated_time) AS campaign_id
    FROM {{domain}}.{{source}}__ad_history
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
       ad.campaign_id AS campaign_id,
       any_value(campaign.campaign_name) AS campaign_name,
       ad.ad_group_id AS ad_group_id,
       any_value(ad_group.ad_group_name) AS ad_group_name,
       stats.ad_id AS ad_id,
       any_value(ad.ad_name) AS ad_name,
       CAST(coalesce(sum(stats.impressions), 0) AS BIGINT) AS impressions,
       CAST(coalesce(sum(stats.inline_link_clicks), 0) AS BIGINT) AS clicks,
       CAST(coalesce(sum(stats.spend), 0) AS DECIMAL(18,6)) AS spend,
       CAST(sum(action.conversions) AS DOUBLE) AS conversions,
       CAST(sum(action_value.conversions_value) AS DECIMAL(18,6)) AS conversions_value,
       coalesce(any_value(account.currency), any_value(stats._source_currency)) AS currency
FROM {{domain}}.{{source}}__basic_ad AS stats
LEFT JOIN account ON stats.account_id = account.account_id
LEFT JOIN ad ON stats.ad_id = ad.ad_id
LEFT JOIN campaign ON ad.campaign_id = campaign.campaign_id
LEFT JOIN ad_group ON ad.ad_group_id = ad_group.ad_group_id
LEFT JOIN action ON stats.ad_id = action.ad_id AND stats.date = action.date
LEFT JOIN action_value ON stats.ad_id = action_value.ad_id AND stats.date = action_value.date
GROUP BY stats.date, stats.account_id, ad.campaign_id, ad.ad_group_id, stats.ad_id
