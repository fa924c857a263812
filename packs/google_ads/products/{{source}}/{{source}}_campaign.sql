-- Google Ads campaigns in the shape of the Campaign entity: the latest row of each.
WITH account AS (
    SELECT id AS account_id,
           max_by(descriptive_name, updated_at) AS account_name,
           max_by(currency_code, updated_at) AS currency
    FROM {{domain}}.{{source}}__account_history
    GROUP BY id
), campaign AS (
    SELECT id AS campaign_id,
           max_by(customer_id, updated_at) AS account_id,
           max_by(name, updated_at) AS campaign_name,
           max_by(status, updated_at) AS status,
           max_by(advertising_channel_type, updated_at) AS channel_type,
           max_by(advertising_channel_subtype, updated_at) AS channel_subtype,
           max_by(start_date, updated_at) AS start_date,
           max_by(end_date, updated_at) AS end_date
    FROM {{domain}}.{{source}}__campaign_history
    GROUP BY id
), ad_group AS (
    SELECT id AS ad_group_id,
           max_by(name, updated_at) AS ad_group_name,
           max_by(campaign_id, updated_at) AS campaign_id
    FROM {{domain}}.{{source}}__ad_group_history
    GROUP BY id
), ad AS (
    SELECT id AS ad_id,
           max_by(name, updated_at) AS ad_name,
           max_by(ad_group_id, updated_at) AS ad_group_id
    FROM {{domain}}.{{source}}__ad_history
    GROUP BY id
), tree AS (
    SELECT ad_group.campaign_id, count(DISTINCT ad_group.ad_group_id) AS ad_groups, count(DISTINCT ad.ad_id) AS ads
    FROM ad_group LEFT JOIN ad ON ad_group.ad_group_id = ad.ad_group_id
    GROUP BY ad_group.campaign_id
), declared AS (SELECT any_value(_source_currency) AS currency FROM {{domain}}.{{source}}__campaign_history)
SELECT concat_ws(':', 'google_ads', coalesce(campaign.account_id, '?'), coalesce(campaign.campaign_id, '?')) AS campaign_key,
       'google_ads' AS platform,
       campaign.account_id AS account_id,
       account.account_name AS account_name,
       campaign.campaign_id AS campaign_id,
       campaign.campaign_name AS campaign_name,
       campaign.status AS status,
       CAST(NULL AS VARCHAR) AS objective,
       campaign.channel_type AS channel_type,
       CAST(NULL AS VARCHAR) AS bid_strategy,
       CAST(NULL AS DECIMAL(18,6)) AS budget_amount,
       CAST(NULL AS VARCHAR) AS budget_type,
       coalesce(account.currency, declared.currency) AS currency,
       campaign.start_date AS start_date,
       campaign.end_date AS end_date,
       CAST(json_object('channel_subtype', campaign.channel_subtype) AS VARCHAR) AS targeting,
       coalesce(tree.ad_groups, 0) AS ad_groups,
       coalesce(tree.ads, 0) AS ads,
       '{{domain}}' AS domain,
       '{{source}}' AS source
FROM campaign CROSS JOIN declared
LEFT JOIN account ON campaign.account_id = account.account_id
LEFT JOIN tree ON campaign.campaign_id = tree.campaign_id
