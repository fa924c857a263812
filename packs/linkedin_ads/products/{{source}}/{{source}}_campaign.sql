-- LinkedIn campaign groups in the shape of the Campaign entity.
WITH account AS (
    SELECT id AS account_id,
           max_by(name, last_modified_time) AS account_name,
           max_by(currency, last_modified_time) AS currency
    FROM {{domain}}.{{source}}__account_history
    GROUP BY id
), campaign_group AS (
    SELECT id AS campaign_id,
           max_by(account_id, last_modified_time) AS account_id,
           max_by(name, last_modified_time) AS campaign_name,
           max_by(status, last_modified_time) AS status,
           max_by(total_budget_amount, last_modified_time) AS budget_amount,
           max_by(run_schedule_start, last_modified_time) AS start_time,
           max_by(run_schedule_end, last_modified_time) AS end_time
    FROM {{domain}}.{{source}}__campaign_group_history
    GROUP BY id
), campaign AS (
    SELECT id AS ad_group_id,
           max_by(campaign_group_id, last_modified_time) AS campaign_id,
           max_by(objective_type, last_modified_time) AS objective
    FROM {{domain}}.{{source}}__campaign_history
    GROUP BY id
), creative AS (
    SELECT id AS ad_id,
           max_by(campaign_id, coalesce(last_modified_at, created_time)) AS ad_group_id,
           max_by(intended_status, coalesce(last_modified_at, created_time)) AS ad_status,
           max_by(coalesce(click_uri, text_ad_landing_page, spotlight_landing_page), coalesce(last_modified_at, created_time)) AS landing_url
    FROM {{domain}}.{{source}}__creative_history
    GROUP BY id
), tree AS (
    SELECT campaign.campaign_id, count(DISTINCT campaign.ad_group_id) AS ad_groups, count(DISTINCT creative.ad_id) AS ads, max(campaign.objective) AS objective
    FROM campaign LEFT JOIN creative ON campaign.ad_group_id = creative.ad_group_id
    GROUP BY campaign.campaign_id
), declared AS (SELECT any_value(_source_currency) AS currency FROM {{domain}}.{{source}}__campaign_group_history)
SELECT concat_ws(':', 'linkedin_ads', coalesce(campaign_group.account_id, '?'), coalesce(campaign_group.campaign_id, '?')) AS campaign_key,
       'linkedin_ads' AS platform,
       campaign_group.account_id AS account_id,
       account.account_name AS account_name,
       campaign_group.campaign_id AS campaign_id,
       campaign_group.campaign_name AS campaign_name,
       campaign_group.status AS status,
       tree.objective AS objective,
       CAST(NULL AS VARCHAR) AS channel_type,
       CAST(NULL AS VARCHAR) AS bid_strategy,
       CAST(campaign_group.budget_amount AS DECIMAL(18,6)) AS budget_amount,
       CASE WHEN campaign_group.budget_amount IS NOT NULL THEN 'total' END AS budget_type,
       coalesce(account.currency, declared.currency) AS currency,
       CAST(campaign_group.start_time AS DATE) AS start_date,
       CAST(campaign_group.end_time AS DATE) AS end_date,
       CAST(NULL AS VARCHAR) AS targeting,
       coalesce(tree.ad_groups, 0) AS ad_groups,
       coalesce(tree.ads, 0) AS ads,
       '{{domain}}' AS domain,
       '{{source}}' AS source
FROM campaign_group CROSS JOIN declared
LEFT JOIN account ON campaign_group.account_id = account.account_id
LEFT JOIN tree ON campaign_group.campaign_id = tree.campaign_id
