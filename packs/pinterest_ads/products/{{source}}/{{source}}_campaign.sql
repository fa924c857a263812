-- Pinterest campaigns in the shape of the Campaign entity.
WITH account AS (
    SELECT id AS account_id,
           max_by(name, updated_time) AS account_name,
           max_by(currency, updated_time) AS currency
    FROM {{domain}}.{{source}}__advertiser_history
    GROUP BY id
), campaign AS (
    SELECT id AS campaign_id,
           max_by(advertiser_id, coalesce(_fivetran_synced, created_time)) AS account_id,
           max_by(name, coalesce(_fivetran_synced, created_time)) AS campaign_name,
           max_by(status, coalesce(_fivetran_synced, created_time)) AS status,
           max_by(default_ad_group_budget_in_micro_currency, coalesce(_fivetran_synced, created_time)) AS budget_micros,
           max_by(is_automated_campaign, coalesce(_fivetran_synced, created_time)) AS automated
    FROM {{domain}}.{{source}}__campaign_history
    GROUP BY id
), ad_group AS (
    SELECT id AS ad_group_id,
           max_by(campaign_id, coalesce(_fivetran_synced, created_time)) AS campaign_id
    FROM {{domain}}.{{source}}__ad_group_history
    GROUP BY id
), ad AS (
    SELECT id AS ad_id,
           max_by(ad_group_id, coalesce(_fivetran_synced, created_time)) AS ad_group_id
    FROM {{domain}}.{{source}}__pin_promotion_history
    GROUP BY id
), tree AS (
    SELECT ad_group.campaign_id, count(DISTINCT ad_group.ad_group_id) AS ad_groups, count(DISTINCT ad.ad_id) AS ads
    FROM ad_group LEFT JOIN ad ON ad_group.ad_group_id = ad.ad_group_id
    GROUP BY ad_group.campaign_id
), declared AS (SELECT any_value(_source_currency) AS currency FROM {{domain}}.{{source}}__campaign_history)
SELECT concat_ws(':', 'pinterest_ads', coalesce(campaign.account_id, '?'), coalesce(campaign.campaign_id, '?')) AS campaign_key,
       'pinterest_ads' AS platform,
       campaign.account_id AS account_id,
       account.account_name AS account_name,
       campaign.campaign_id AS campaign_id,
       campaign.campaign_name AS campaign_name,
       campaign.status AS status,
       CAST(NULL AS VARCHAR) AS objective,
       CAST(NULL AS VARCHAR) AS channel_type,
       CAST(NULL AS VARCHAR) AS bid_strategy,
       CAST(CAST(campaign.budget_micros AS DECIMAL(28,0)) * 0.000001 AS DECIMAL(18,6)) AS budget_amount,
       CASE WHEN campaign.budget_micros IS NOT NULL THEN 'ad group default' END AS budget_type,
       coalesce(account.currency, declared.currency) AS currency,
       CAST(NULL AS DATE) AS start_date,
       CAST(NULL AS DATE) AS end_date,
       CAST(json_object('automated', campaign.automated) AS VARCHAR) AS targeting,
       coalesce(tree.ad_groups, 0) AS ad_groups,
       coalesce(tree.ads, 0) AS ads,
       '{{domain}}' AS domain,
       '{{source}}' AS source
FROM campaign CROSS JOIN declared
LEFT JOIN account ON campaign.account_id = account.account_id
LEFT JOIN tree ON campaign.campaign_id = tree.campaign_id
