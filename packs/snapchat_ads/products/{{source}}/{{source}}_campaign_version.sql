-- Snapchat campaigns as they were: a row for each row of the platform's history.
SELECT concat_ws(':', 'snapchat_ads', coalesce(ad_account_id, '?'), coalesce(id, '?')) AS campaign_key,
       'snapchat_ads' AS platform,
       ad_account_id AS account_id,
       id AS campaign_id,
       name AS campaign_name,
       CAST(updated_at AS TIMESTAMP) AS changed_at,
       status AS status,
       CAST(CAST(coalesce(daily_budget_micro, lifetime_spend_cap_micro) AS DECIMAL(28,0)) * 0.000001 AS DECIMAL(18,6)) AS budget_amount,
       '{{domain}}' AS domain,
       '{{source}}' AS source
FROM {{domain}}.{{source}}__campaign_history
WHERE updated_at IS NOT NULL AND id IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY campaign_key, changed_at ORDER BY campaign_name, status, budget_amount) = 1
