-- Campaigns of all ad sources; kept up to date by `trellis add`. The channel is told in the words that visits have, so that money and people meet.
SELECT *,
       CASE WHEN regexp_matches(upper(channel_type), '^(PERFORMANCE_?MAX|DEMAND_GEN|DISCOVERY|MULTI_CHANNEL|SMART.*)$') THEN 'cross_network'
            WHEN regexp_matches(upper(channel_type), 'SHOPPING') OR platform = 'amazon_ads' THEN 'paid_shopping'
            WHEN regexp_matches(upper(channel_type), 'VIDEO') AND platform IN ('google_ads', 'microsoft_ads') THEN 'paid_video'
            WHEN regexp_matches(upper(channel_type), 'DISPLAY|AUDIENCE') THEN 'display'
            WHEN platform IN ('google_ads', 'microsoft_ads', 'apple_search_ads') THEN 'paid_search'
            WHEN platform IN ('facebook_ads', 'linkedin_ads', 'tiktok_ads', 'pinterest_ads', 'reddit_ads', 'snapchat_ads', 'x_ads') THEN 'paid_social'
            ELSE 'paid_other' END AS channel
FROM (
    -- trellis:sources begin campaign
    -- trellis:sources end
)
