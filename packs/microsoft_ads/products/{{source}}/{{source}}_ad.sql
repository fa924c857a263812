-- Microsoft Advertising ads with the tree above them.
WITH account AS (
    SELECT id AS account_id,
           max_by(name, last_modified_time) AS account_name,
           max_by(currency_code, last_modified_time) AS currency
    FROM {{domain}}.{{source}}__account_history
    GROUP BY id
), campaign AS (
    SELECT id AS campaign_id,
           max_by(name, modified_time) AS campaign_name,
           max_by(account_id, modified_time) AS account_id
    FROM {{domain}}.{{source}}__campaign_history
    GROUP BY id
), ad_group AS (
    SELECT id AS ad_group_id,
           max_by(name, modified_time) AS ad_group_name,
           max_by(campaign_id, modified_time) AS campaign_id,
           max_by(status, modified_time) AS ad_group_status
    FROM {{domain}}.{{source}}__ad_group_history
    GROUP BY id
), ad AS (
    SELECT id AS ad_id,
           max_by(coalesce(title_part_1, title), modified_time) AS ad_name,
           max_by(ad_group_id, modified_time) AS ad_group_id,
           max_by(status, modified_time) AS ad_status,
           max_by(final_url, modified_time) AS landing_url
    FROM {{domain}}.{{source}}__ad_history
    GROUP BY id
)
SELECT concat_ws(':', 'microsoft_ads', coalesce(campaign.account_id, '?'), coalesce(ad.ad_group_id, '?'), coalesce(ad.ad_id, '?')) AS ad_key,
       concat_ws(':', 'microsoft_ads', coalesce(campaign.account_id, '?'), coalesce(ad_group.campaign_id, '?')) AS campaign_key,
       'microsoft_ads' AS platform,
       campaign.account_id AS account_id,
       account.account_name AS account_name,
       ad_group.campaign_id AS campaign_id,
       campaign.campaign_name AS campaign_name,
       ad.ad_group_id AS ad_group_id,
       ad_group.ad_group_name AS ad_group_name,
       ad_group.ad_group_status AS ad_group_status,
       ad.ad_id AS ad_id,
       ad.ad_name AS ad_name,
       ad.ad_status AS ad_status,
       ad.landing_url AS landing_url,
       CAST(NULL AS VARCHAR) AS targeting,
       '{{domain}}' AS domain,
       '{{source}}' AS source
FROM ad
LEFT JOIN ad_group ON ad.ad_group_id = ad_group.ad_group_id
LEFT JOIN campaign ON ad_group.campaign_id = campaign.campaign_id
LEFT JOIN account ON campaign.account_id = account.account_id
