-- Snapchat campaigns in the shape of the Campaign entity.
WITH account AS (
    SELECT id AS account_id,
           max_by(name, updated_at) AS account_name,
           max_by(currency, updated_at) AS currency
    FROM {{domain}}.{{source}}__ad_account_history
    GROUP BY id
), campaign AS (
    SELECT id AS campaign_id,
           max_by(ad_account_id, updated_at) AS account_id,
           max_by(name, updated_at) AS campaign_name,
           max_by(status, updated_at) AS status,
           max_by(objective, updated_at) AS objective,
           max_by(daily_budget_micro, updated_at) AS daily_micro,
           max_by(lifetime_spend_cap_micro, updated_at) AS lifetime_micro,
           max_by(start_time, updated_at) AS start_time,
           max_by(end_time, updated_at) AS end_time
    FROM {{domain}}.{{source}}__campaign_history
    GROUP BY id
), ad_group AS (
    SELECT id AS ad_group_id,
           max_by(campaign_id, updated_at) AS campaign_id,
           max_by(bid_strategy, updated_at) AS bid_strategy,
           max_by(placement, updated_at) AS placement
    FROM {{domain}}.{{source}}__ad_squad_history
    GROUP BY id
), ad AS (
    SELECT id AS ad_id,
           max_by(ad_squad_id, updated_at) AS ad_group_id
    FROM {{domain}}.{{source}}__ad_history
    GROUP BY id
), tree AS (
    SELECT ad_group.campaign_id, count(DISTINCT ad_group.ad_group_id) AS ad_groups, count(DISTINCT ad.ad_id) AS ads,
           string_agg(DISTINCT ad_group.bid_strategy, ', ' ORDER BY ad_group.bid_strategy) AS bid_strategy,
           string_agg(DISTINCT ad_group.placement, ', ' ORDER BY ad_group.placement) AS placement
    FROM ad_group LEFT JOIN ad ON ad_group.ad_group_id = ad.ad_group_id
    GROUP BY ad_group.campaign_id
), declared AS (SELECT any_value(_source_currency) AS currency FROM {{domain}}.{{source}}__campaign_history)
SELECT concat_ws(':', 'snapchat_ads', coalesce(campaign.account_id, '?'), coalesce(campaign.campaign_id, '?')) AS campaign_key,
       'snapchat_ads' AS platform,
       campaign.account_id AS account_id,
       account.account_name AS account_name,
       campaign.campaign_id AS campaign_id,
       campaign.campaign_name AS campaign_name,
       campaign.status AS status,
       campaign.objective AS objective,
       CAST(NULL AS VARCHAR) AS channel_type,
       tree.bid_strategy AS bid_strategy,
       CAST(CAST(coalesce(campaign.daily_micro, campaign.lifetime_micro) AS DECIMAL(28,0)) * 0.000001 AS DECIMAL(18,6)) AS budget_amount,
       CASE WHEN campaign.daily_micro IS NOT NULL THEN 'daily' WHEN campaign.lifetime_micro IS NOT NULL THEN 'total' END AS budget_type,
       coalesce(account.currency, declared.currency) AS currency,
       CAST(campaign.start_time AS DATE) AS start_date,
       CAST(campaign.end_time AS DATE) AS end_date,
       CASE WHEN tree.placement IS NOT NULL THEN CAST(json_object('placement', tree.placement) AS VARCHAR) END AS targeting,
       coalesce(tree.ad_groups, 0) AS ad_groups,
       coalesce(tree.ads, 0) AS ads,
       '{{domain}}' AS domain,
       '{{source}}' AS source
FROM campaign CROSS JOIN declared
LEFT JOIN account ON campaign.account_id = account.account_id
LEFT JOIN tree ON campaign.campaign_id = tree.campaign_id
