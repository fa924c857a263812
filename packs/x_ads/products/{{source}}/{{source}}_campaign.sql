-- X campaigns in the shape of the Campaign entity.
WITH account AS (
    SELECT id AS account_id,
           max_by(name, updated_at) AS account_name
    FROM {{domain}}.{{source}}__account_history
    GROUP BY id
), campaign AS (
    SELECT id AS campaign_id,
           max_by(account_id, updated_at) AS account_id,
           max_by(name, updated_at) AS campaign_name,
           max_by(currency, updated_at) AS currency,
           max_by(entity_status, updated_at) AS status,
           max_by(daily_budget_amount_local_micro, updated_at) AS daily_micro,
           max_by(total_budget_amount_local_micro, updated_at) AS total_micro,
           max_by(start_time, updated_at) AS start_time,
           max_by(end_time, updated_at) AS end_time
    FROM {{domain}}.{{source}}__campaign_history
    GROUP BY id
), ad_group AS (
    SELECT id AS ad_group_id,
           max_by(campaign_id, updated_at) AS campaign_id,
           max_by(objective, updated_at) AS objective,
           max_by(product_type, updated_at) AS product_type,
           max_by(bid_type, updated_at) AS bid_type
    FROM {{domain}}.{{source}}__line_item_history
    GROUP BY id
), ad AS (
    SELECT id AS ad_id,
           max_by(line_item_id, updated_at) AS ad_group_id
    FROM {{domain}}.{{source}}__promoted_tweet_history
    GROUP BY id
), tree AS (
    SELECT ad_group.campaign_id, count(DISTINCT ad_group.ad_group_id) AS ad_groups, count(DISTINCT ad.ad_id) AS ads,
           string_agg(DISTINCT ad_group.objective, ', ' ORDER BY ad_group.objective) AS objective,
           string_agg(DISTINCT ad_group.product_type, ', ' ORDER BY ad_group.product_type) AS product_type,
           string_agg(DISTINCT ad_group.bid_type, ', ' ORDER BY ad_group.bid_type) AS bid_type
    FROM ad_group LEFT JOIN ad ON ad_group.ad_group_id = ad.ad_group_id
    GROUP BY ad_group.campaign_id
), declared AS (SELECT any_value(_source_currency) AS currency FROM {{domain}}.{{source}}__campaign_history)
SELECT concat_ws(':', 'twitter_ads', coalesce(campaign.account_id, '?'), coalesce(campaign.campaign_id, '?')) AS campaign_key,
       'twitter_ads' AS platform,
       campaign.account_id AS account_id,
       account.account_name AS account_name,
       campaign.campaign_id AS campaign_id,
       campaign.campaign_name AS campaign_name,
       campaign.status AS status,
       tree.objective AS objective,
       tree.product_type AS channel_type,
       tree.bid_type AS bid_strategy,
       CAST(CAST(coalesce(campaign.daily_micro, campaign.total_micro) AS DECIMAL(28,0)) * 0.000001 AS DECIMAL(18,6)) AS budget_amount,
       CASE WHEN campaign.daily_micro IS NOT NULL THEN 'daily' WHEN campaign.total_micro IS NOT NULL THEN 'total' END AS budget_type,
       coalesce(campaign.currency, declared.currency) AS currency,
       CAST(campaign.start_time AS DATE) AS start_date,
       CAST(campaign.end_time AS DATE) AS end_date,
       CAST(NULL AS VARCHAR) AS targeting,
       coalesce(tree.ad_groups, 0) AS ad_groups,
       coalesce(tree.ads, 0) AS ads,
       '{{domain}}' AS domain,
       '{{source}}' AS source
FROM campaign CROSS JOIN declared
LEFT JOIN account ON campaign.account_id = account.account_id
LEFT JOIN tree ON campaign.campaign_id = tree.campaign_id
