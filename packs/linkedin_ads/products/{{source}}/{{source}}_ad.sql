-- LinkedIn creatives with the tree above them.
WITH account AS (
    SELECT id AS account_id,
           max_by(name, last_modified_time) AS account_name,
           max_by(currency, last_modified_time) AS currency
    FROM {{domain}}.{{source}}__account_history
    GROUP BY id
), campaign_group AS (
    SELECT id AS campaign_id,
           max_by(name, last_modified_time) AS campaign_name,
           max_by(account_id, last_modified_time) AS account_id
    FROM {{domain}}.{{source}}__campaign_group_history
    GROUP BY id
), campaign AS (
    SELECT id AS ad_group_id,
           max_by(name, last_modified_time) AS ad_group_name,
           max_by(campaign_group_id, last_modified_time) AS campaign_id,
           max_by(account_id, last_modified_time) AS account_id,
           max_by(status, last_modified_time) AS ad_group_status
    FROM {{domain}}.{{source}}__campaign_history
    GROUP BY id
), creative AS (
    SELECT id AS ad_id,
           max_by(campaign_id, coalesce(last_modified_at, created_time)) AS ad_group_id,
           max_by(intended_status, coalesce(last_modified_at, created_time)) AS ad_status,
           max_by(coalesce(click_uri, text_ad_landing_page, spotlight_landing_page), coalesce(last_modified_at, created_time)) AS landing_url
    FROM {{domain}}.{{source}}__creative_history
    GROUP BY id
)
SELECT concat_ws(':', 'linkedin_ads', coalesce(campaign.account_id, '?'), coalesce(creative.ad_group_id, '?'), coalesce(creative.ad_id, '?')) AS ad_key,
       concat_ws(':', 'linkedin_ads', coalesce(campaign.account_id, '?'), coalesce(campaign.campaign_id, '?')) AS campaign_key,
       'linkedin_ads' AS platform,
       campaign.account_id AS account_id,
       account.account_name AS account_name,
       campaign.campaign_id AS campaign_id,
       campaign_group.campaign_name AS campaign_name,
       creative.ad_group_id AS ad_group_id,
       campaign.ad_group_name AS ad_group_name,
       campaign.ad_group_status AS ad_group_status,
       creative.ad_id AS ad_id,
       CAST(NULL AS VARCHAR) AS ad_name,
       creative.ad_status AS ad_status,
       creative.landing_url AS landing_url,
       CAST(NULL AS VARCHAR) AS targeting,
       '{{domain}}' AS domain,
       '{{source}}' AS source
FROM creative
LEFT JOIN campaign ON creative.ad_group_id = campaign.ad_group_id
LEFT JOIN campaign_group ON campaign.campaign_id = campaign_group.campaign_id
LEFT JOIN account ON campaign.account_id = account.account_id
