-- Microsoft Advertising campaigns as they were: a row for each row of the platform's history.
SELECT concat_ws(':', 'microsoft_ads', coalesce(account_id, '?'), coalesce(id, '?')) AS campaign_key,
       'microsoft_ads' AS platform,
       account_id AS account_id,
       id AS campaign_id,
       name AS campaign_name,
       CAST(modified_time AS TIMESTAMP) AS changed_at,
       status AS status,
       CAST(budget AS DECIMAL(18,6)) AS budget_amount,
       '{{domain}}' AS domain,
       '{{source}}' AS source
FROM {{domain}}.{{source}}__campaign_history
WHERE modified_time IS NOT NULL AND id IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY campaign_key, changed_at ORDER BY campaign_name, status, budget_amount) = 1
