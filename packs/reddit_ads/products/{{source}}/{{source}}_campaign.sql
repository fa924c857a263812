-- Reddit campaigns in the shape of the Campaign entity. Dates are those of its ad groups; it has an end when all of them have one.
WITH account AS (
    SELECT id AS account_id,
           max_by(currency, _fivetran_synced) AS currency
    FROM {{domain}}.{{source}}__account
    GROUP BY id
), campaign AS (
    SELECT id AS campaign_id,
           max_by(account_id, _fivetran_synced) AS account_id,
           max_by(name, _fivetran_synced) AS campaign_name,
           max_by(effective_status, _fivetran_synced) AS status,
           max_by(objective, _fivetran_synced) AS objective
    FROM {{domain}}.{{source}}__campaign
    GROUP BY id
), ad_group AS (
    SELECT id AS ad_group_id,
           max_by(campaign_id, _fivetran_synced) AS campaign_id,
           max_by(bid_strategy, _fivetran_synced) AS bid_strategy,
           max_by(start_time, _fivetran_synced) AS start_time,
           max_by(end_time, _fivetran_synced) AS end_time
    FROM {{domain}}.{{source}}__ad_group
    GROUP BY id
), ad AS (
    SELECT id AS ad_id,
           max_by(ad_group_id, _fivetran_synced) AS ad_group_id
    FROM {{domain}}.{{source}}__ad
    GROUP BY id
), tree AS (
    SELECT ad_group.campaign_id, count(DISTINCT ad_group.ad_group_id) AS ad_groups, count(DISTINCT ad.ad_id) AS ads,
           string_agg(DISTINCT ad_group.bid_strategy, ', ' ORDER BY ad_group.bid_strategy) AS bid_strategy, min(ad_group.start_time) AS start_time,
           CASE WHEN count(*) = count(ad_group.end_time) THEN max(ad_group.end_time) END AS end_time
    FROM ad_group LEFT JOIN ad ON ad_group.ad_group_id = ad.ad_group_id
    GROUP BY ad_group.campaign_id
), declared AS (SELECT any_value(_source_currency) AS currency FROM {{domain}}.{{source}}__campaign)
SELECT concat_ws(':', 'reddit_ads', coalesce(campaign.account_id, '?'), coalesce(campaign.campaign_id, '?')) AS campaign_key,
       'reddit_ads' AS platform,
       campaign.account_id AS account_id,
       CAST(NULL AS VARCHAR) AS account_name,
       campaign.campaign_id AS campaign_id,
       campaign.campaign_name AS campaign_name,
       campaign.status AS status,
       campaign.objective AS objective,
       CAST(NULL AS VARCHAR) AS channel_type,
       tree.bid_strategy AS bid_strategy,
       CAST(NULL AS DECIMAL(18,6)) AS budget_amount,
       CAST(NULL AS VARCHAR) AS budget_type,
       coalesce(account.currency, declared.currency) AS currency,
       CAST(tree.start_time AS DATE) AS start_date,
       CAST(tree.end_time AS DATE) AS end_date,
       CAST(NULL AS VARCHAR) AS targeting,
       coalesce(tree.ad_groups, 0) AS ad_groups,
       coalesce(tree.ads, 0) AS ads,
       '{{domain}}' AS domain,
       '{{source}}' AS source
FROM campaign CROSS JOIN declared
LEFT JOIN account ON campaign.account_id = account.account_id
LEFT JOIN tree ON campaign.campaign_id = tree.campaign_id
