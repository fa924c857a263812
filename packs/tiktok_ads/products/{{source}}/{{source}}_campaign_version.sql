-- TikTok campaigns as they were: a row for each row of the platform's history.
SELECT concat_ws(':', 'tiktok_ads', coalesce(advertiser_id, '?'), coalesce(campaign_id, '?')) AS campaign_key,
       'tiktok_ads' AS platform,
       advertiser_id AS account_id,
       campaign_id AS campaign_id,
       campaign_name AS campaign_name,
       CAST(updated_at AS TIMESTAMP) AS changed_at,
       operation_status AS status,
       CAST(budget AS DECIMAL(18,6)) AS budget_amount,
       '{{domain}}' AS domain,
       '{{source}}' AS source
FROM {{domain}}.{{source}}__campaign_history
WHERE updated_at IS NOT NULL AND campaign_id IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY campaign_key, changed_at ORDER BY campaign_name, status, budget_amount) = 1
