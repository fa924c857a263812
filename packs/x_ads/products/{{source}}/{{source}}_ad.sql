-- X promoted posts with the tree above them. The post is the ad, and its text the name.
WITH account AS (
    SELECT id AS account_id,
           max_by(name, updated_at) AS account_name
    FROM {{domain}}.{{source}}__account_history
    GROUP BY id
), campaign AS (
    SELECT id AS campaign_id,
           max_by(account_id, updated_at) AS account_id,
           max_by(name, updated_at) AS campaign_name
    FROM {{domain}}.{{source}}__campaign_history
    GROUP BY id
), ad_group AS (
    SELECT id AS ad_group_id,
           max_by(campaign_id, updated_at) AS campaign_id,
           max_by(name, updated_at) AS ad_group_name,
           max_by(entity_status, updated_at) AS ad_group_status
    FROM {{domain}}.{{source}}__line_item_history
    GROUP BY id
), post AS (
    SELECT id AS ad_id,
           max_by(line_item_id, updated_at) AS ad_group_id,
           max_by(tweet_id, updated_at) AS tweet_id,
           max_by(entity_status, updated_at) AS ad_status
    FROM {{domain}}.{{source}}__promoted_tweet_history
    GROUP BY id
), tweet AS (
    SELECT id AS tweet_id, any_value(account_id) AS account_id, any_value(full_text) AS full_text
    FROM {{domain}}.{{source}}__tweet
    GROUP BY id
), ad AS (
    SELECT post.ad_id, post.ad_group_id, post.tweet_id, post.ad_status, tweet.full_text AS ad_name, tweet.account_id
    FROM post LEFT JOIN tweet ON post.tweet_id = tweet.tweet_id
), url AS (
    SELECT tweet_id, min_by(expanded_url, index) AS landing_url
    FROM {{domain}}.{{source}}__tweet_url
    GROUP BY tweet_id
)
SELECT concat_ws(':', 'twitter_ads', coalesce(coalesce(campaign.account_id, ad.account_id), '?'), coalesce(ad.ad_group_id, '?'), coalesce(ad.ad_id, '?')) AS ad_key,
       concat_ws(':', 'twitter_ads', coalesce(coalesce(campaign.account_id, ad.account_id), '?'), coalesce(ad_group.campaign_id, '?')) AS campaign_key,
       'twitter_ads' AS platform,
       coalesce(campaign.account_id, ad.account_id) AS account_id,
       account.account_name AS account_name,
       ad_group.campaign_id AS campaign_id,
       campaign.campaign_name AS campaign_name,
       ad.ad_group_id AS ad_group_id,
       ad_group.ad_group_name AS ad_group_name,
       ad_group.ad_group_status AS ad_group_status,
       ad.ad_id AS ad_id,
       ad.ad_name AS ad_name,
       ad.ad_status AS ad_status,
       url.landing_url AS landing_url,
       CAST(NULL AS VARCHAR) AS targeting,
       '{{domain}}' AS domain,
       '{{source}}' AS source
FROM ad
LEFT JOIN ad_group ON ad.ad_group_id = ad_group.ad_group_id
LEFT JOIN campaign ON ad_group.campaign_id = campaign.campaign_id
LEFT JOIN url ON ad.tweet_id = url.tweet_id
LEFT JOIN account ON coalesce(campaign.account_id, ad.account_id) = account.account_id
