-- Meta campaigns in the shape of the Campaign entity. Budgets arrive in minor units (cents).
WITH account AS (
    SELECT id AS account_id,
           max_by(name, _fivetran_synced) AS account_name,
           max_by(currency, _fivetran_synced) AS currency
    FROM {{domain}}.{{source}}__account_history
    GROUP BY id
), campaign AS (
    SELECT id AS campaign_id,
           max_by(account_id, updated_time) AS account_id,
           max_by(name, updated_time) AS campaign_name,
           max_by(status, updated_time) AS status,
           max_by(objective, updated_time) AS objective,
           max_by(bid_strategy, updated_time) AS bid_strategy,
           max_by(daily_budget, updated_time) AS daily_budget,
           max_by(lifetime_budget, updated_time) AS lifetime_budget,
           max_by(start_time, updated_time) AS start_time,
           max_by(stop_time, updated_time) AS stop_time
    FROM {{domain}}.{{source}}__campaign_history
    GROUP BY id
), ad AS (
    SELECT id AS ad_id,
           max_by(name, updated_time) AS ad_name,
           max_by(ad_set_id, updated_time) AS ad_group_id,
           max_by(campaign_id, updated_time) AS campaign_id
    FROM {{domain}}.{{source}}__ad_history
    GROUP BY id
), tree AS (
    SELECT campaign_id, count(DISTINCT ad_group_id) AS ad_groups, count(DISTINCT ad_id) AS ads FROM ad GROUP BY campaign_id
), declared AS (SELECT any_value(_source_currency) AS currency FROM {{domain}}.{{source}}__campaign_history)
SELECT concat_ws(':', 'facebook_ads', coalesce(campaign.account_id, '?'), coalesce(campaign.campaign_id, '?')) AS campaign_key,
       'facebook_ads' AS platform,
       campaign.account_id AS account_id,
       account.account_name AS account_name,
       campaign.campaign_id AS campaign_id,
       campaign.campaign_name AS campaign_name,
       campaign.status AS status,
       campaign.objective AS objective,
       CAST(NULL AS VARCHAR) AS channel_type,
       campaign.bid_strategy AS bid_strategy,
       CAST(coalesce(campaign.daily_budget, campaign.lifetime_budget) * 0.01 AS DECIMAL(18,6)) AS budget_amount,
       CASE WHEN campaign.daily_budget IS NOT NULL THEN 'daily' WHEN campaign.lifetime_budget IS NOT NULL THEN 'total' END AS budget_type,
       coalesce(account.currency, declared.currency) AS currency,
       CAST(campaign.start_time AS DATE) AS start_date,
       CAST(campaign.stop_time AS DATE) AS end_date,
       CAST(NULL AS VARCHAR) AS targeting,
       coalesce(tree.ad_groups, 0) AS ad_groups,
       coalesce(tree.ads, 0) AS ads,
       '{{domain}}' AS domain,
       '{{source}}' AS source
FROM campaign CROSS JOIN declared
LEFT JOIN account ON campaign.account_id = account.account_id
LEFT JOIN tree ON campaign.campaign_id = tree.campaign_id
