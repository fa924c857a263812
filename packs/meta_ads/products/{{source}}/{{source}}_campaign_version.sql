-- Meta campaigns as they were: a row for each row of the platform's history.
SELECT concat_ws(':', 'facebook_ads', coalesce(account_id, '?'), coalesce(id, '?')) AS campaign_key,
       'facebook_ads' AS platform,
       account_id AS account_id,
       id AS campaign_id,
       name AS campaign_name,
       CAST(updated_time AS TIMESTAMP) AS changed_at,
       status AS status,
       CAST(coalesce(daily_budget, lifetime_budget) * 0.01 AS DECIMAL(18,6)) AS budget_amount,
       '{{domain}}' AS domain,
       '{{source}}' AS source
FROM {{domain}}.{{source}}__campaign_history
WHERE updated_time IS NOT NULL AND id IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY campaign_key, changed_at ORDER BY campaign_name, status, budget_amount) = 1
