-- TikTok campaigns in the shape of the Campaign entity.
WITH account AS (
    SELECT id AS account_id,
           max_by(name, _fivetran_synced) AS account_name,
           max_by(currency, _fivetran_synced) AS currency
    FROM {{domain}}.{{source}}__advertiser
    GROUP BY id
), campaign AS (
    SELECT campaign_id AS campaign_id,
           max_by(advertiser_id, updated_at) AS account_id,
           max_by(campaign_name, updated_at) AS campaign_name,
           max_by(operation_status, updated_at) AS status,
           max_by(objective_type, updated_at) AS objective,
           max_by(budget, updated_at) AS budget_amount,
           max_by(budget_mode, updated_at) AS budget_type
    FROM {{domain}}.{{source}}__campaign_history
    GROUP BY campaign_id
), ad_group AS (
    SELECT adgroup_id AS ad_group_id,
           max_by(adgroup_name, updated_at) AS ad_group_name,
           max_by(campaign_id, updated_at) AS campaign_id,
           max_by(advertiser_id, updated_at) AS account_id
    FROM {{domain}}.{{source}}__adgroup_history
    GROUP BY adgroup_id
), ad AS (
    SELECT ad_id AS ad_id,
           max_by(ad_name, updated_at) AS ad_name,
           max_by(adgroup_id, updated_at) AS ad_group_id,
           max_by(campaign_id, updated_at) AS campaign_id,
           max_by(advertiser_id, updated_at) AS account_id
    FROM {{domain}}.{{source}}__ad_history
    GROUP BY ad_id
), tree AS (
    SELECT ad_group.campaign_id, count(DISTINCT ad_group.ad_group_id) AS ad_groups, count(DISTINCT ad.ad_id) AS ads
    FROM ad_group LEFT JOIN ad ON ad_group.ad_group_id = ad.ad_group_id
    GROUP BY ad_group.campaign_id
), declared AS (SELECT any_value(_source_currency) AS currency FROM {{domain}}.{{source}}__campaign_history)
SELECT concat_ws(':', 'tiktok_ads', coalesce(campaign.account_id, '?'), coalesce(campaign.campaign_id, '?')) AS campaign_key,
       'tiktok_ads' AS platform,
       campaign.account_id AS account_id,
       account.account_name AS account_name,
       campaign.campaign_id AS campaign_id,
       campaign.campaign_name AS campaign_name,
       campaign.status AS status,
       campaign.objective AS objective,
       CAST(NULL AS VARCHAR) AS channel_type,
       CAST(NULL AS VARCHAR) AS bid_strategy,
       CAST(campaign.budget_amount AS DECIMAL(18,6)) AS budget_amount,
       campaign.budget_type AS budget_type,
       coalesce(account.currency, declared.currency) AS currency,
       CAST(NULL AS DATE) AS start_date,
       CAST(NULL AS DATE) AS end_date,
       CAST(NULL AS VARCHAR) AS targeting,
       coalesce(tree.ad_groups, 0) AS ad_groups,
       coalesce(tree.ads, 0) AS ads,
       '{{domain}}' AS domain,
       '{{source}}' AS source
FROM campaign CROSS JOIN declared
LEFT JOIN account ON campaign.account_id = account.account_id
LEFT JOIN tree ON campaign.campaign_id = tree.campaign_id
