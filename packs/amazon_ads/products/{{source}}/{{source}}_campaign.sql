-- Amazon campaigns in the shape of the Campaign entity.
WITH account AS (
    SELECT id AS profile_id,
           max_by(account_id, _fivetran_synced) AS account_id,
           max_by(account_name, _fivetran_synced) AS account_name,
           max_by(currency_code, _fivetran_synced) AS currency
    FROM {{domain}}.{{source}}__profile
    GROUP BY id
), campaign AS (
    SELECT id AS campaign_id,
           max_by(profile_id, last_updated_date) AS profile_id,
           max_by(name, last_updated_date) AS campaign_name,
           max_by(state, last_updated_date) AS status,
           max_by(bidding_strategy, last_updated_date) AS bid_strategy,
           max_by(targeting_type, last_updated_date) AS targeting_type,
           max_by(budget, last_updated_date) AS budget_amount,
           max_by(budget_type, last_updated_date) AS budget_type,
           max_by(start_date, last_updated_date) AS start_date,
           max_by(end_date, last_updated_date) AS end_date
    FROM {{domain}}.{{source}}__campaign_history
    GROUP BY id
), ad_group AS (
    SELECT id AS ad_group_id,
           max_by(name, last_updated_date) AS ad_group_name,
           max_by(campaign_id, last_updated_date) AS campaign_id
    FROM {{domain}}.{{source}}__ad_group_history
    GROUP BY id
), ad AS (
    SELECT id AS ad_id,
           max_by(ad_group_id, last_updated_date) AS ad_group_id
    FROM {{domain}}.{{source}}__product_ad_history
    GROUP BY id
), tree AS (
    SELECT ad_group.campaign_id, count(DISTINCT ad_group.ad_group_id) AS ad_groups, count(DISTINCT ad.ad_id) AS ads
    FROM ad_group LEFT JOIN ad ON ad_group.ad_group_id = ad.ad_group_id
    GROUP BY ad_group.campaign_id
), declared AS (SELECT any_value(_source_currency) AS currency FROM {{domain}}.{{source}}__campaign_history)
SELECT concat_ws(':', 'amazon_ads', coalesce(account.account_id, '?'), coalesce(campaign.campaign_id, '?')) AS campaign_key,
       'amazon_ads' AS platform,
       account.account_id AS account_id,
       account.account_name AS account_name,
       campaign.campaign_id AS campaign_id,
       campaign.campaign_name AS campaign_name,
       campaign.status AS status,
       CAST(NULL AS VARCHAR) AS objective,
       CAST(NULL AS VARCHAR) AS channel_type,
       campaign.bid_strategy AS bid_strategy,
       CAST(campaign.budget_amount AS DECIMAL(18,6)) AS budget_amount,
       campaign.budget_type AS budget_type,
       coalesce(account.currency, declared.currency) AS currency,
       campaign.start_date AS start_date,
       campaign.end_date AS end_date,
       CASE WHEN campaign.targeting_type IS NOT NULL THEN CAST(json_object('targeting', campaign.targeting_type) AS VARCHAR) END AS targeting,
       coalesce(tree.ad_groups, 0) AS ad_groups,
       coalesce(tree.ads, 0) AS ads,
       '{{domain}}' AS domain,
       '{{source}}' AS source
FROM campaign CROSS JOIN declared
LEFT JOIN account ON campaign.profile_id = account.profile_id
LEFT JOIN tree ON campaign.campaign_id = tree.campaign_id
