-- Every web and product event of the mesh with its channel and its revenue in the reporting currency. A view: what arrives stands in it at once.
-- A rate holds from its day on until the next one; a currency without any rate leaves the converted amounts empty.
WITH event AS (
    -- trellis:sources begin web_event
    -- trellis:sources end
), rate AS (
    SELECT day.date_day, day.currency,
           CASE WHEN day.currency = mesh_reporting_currency() THEN CAST(1 AS DECIMAL(18,8)) ELSE known.rate END AS rate
    FROM (SELECT DISTINCT CAST(occurred_at AS DATE) AS date_day, currency FROM event WHERE revenue_amount IS NOT NULL) AS day
    ASOF LEFT JOIN shared.exchange_rate AS known
        ON day.currency = known.currency AND day.date_day >= known.date_day
)
SELECT event.* EXCLUDE (channel_group),
       -- A source that knows the channel says it; else it is read from UTM parameters and referrer.
       CASE WHEN event.channel_group IS NOT NULL THEN event.channel_group
            WHEN regexp_matches(lower(event.utm_medium), '^(display|banner|expandable|interstitial|cpm)$') THEN 'display'
            WHEN regexp_matches(lower(event.utm_medium), '^(.*cp.*|ppc|retargeting|paid.*)$') THEN
                CASE WHEN event.referrer_medium = 'social' OR regexp_matches(lower(event.utm_medium), 'social')
                          OR regexp_matches(lower(event.utm_source), '^(facebook|fb|instagram|ig|meta|linkedin|tiktok|pinterest|snapchat|twitter|x|reddit)$') THEN 'paid_social'
                     ELSE 'paid_search' END
            WHEN regexp_matches(lower(event.utm_medium), '^affiliates?$') THEN 'affiliate'
            WHEN regexp_matches(lower(event.utm_medium), '^(e[-_ ]?mail.*|newsletter)$') OR regexp_matches(lower(event.utm_source), '^(e[-_ ]?mail|newsletter)$') THEN 'email'
            WHEN regexp_matches(lower(event.utm_medium), '^(social.*|sm)$') THEN 'organic_social'
            WHEN lower(event.utm_medium) = 'organic' THEN 'organic_search'
            WHEN lower(event.utm_medium) IN ('referral', 'link') THEN 'referral'
            WHEN event.utm_medium IS NOT NULL OR event.utm_source IS NOT NULL THEN 'other'
            WHEN event.referrer_medium = 'email' THEN 'email'
            WHEN event.referrer_medium = 'social' THEN 'organic_social'
            WHEN event.referrer_medium = 'search' THEN 'organic_search'
            WHEN event.referrer_host IS NOT NULL AND event.referrer_host IS DISTINCT FROM event.page_host THEN 'referral'
            WHEN event.page_host IS NOT NULL THEN 'direct' END AS channel_group,
       mesh_reporting_currency() AS reporting_currency,
       CASE WHEN event.currency = mesh_reporting_currency() THEN event.revenue_amount
            ELSE CAST(CAST(event.revenue_amount AS DECIMAL(24,6)) * rate.rate AS DECIMAL(18,6)) END AS revenue_amount_reporting
FROM event
LEFT JOIN rate ON CAST(event.occurred_at AS DATE) = rate.date_day AND event.currency = rate.currency
