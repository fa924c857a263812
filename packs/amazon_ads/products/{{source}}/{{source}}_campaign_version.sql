-- Amazon campaigns as they were: a row for each row of the platform's history.
SELECT concat_ws(':', 'amazon_ads', coalesce(account.account_id, '?'), coalesce(campaign.id, '?')) AS campaign_key,
       'amazon_ads' AS platform,
       account.account_id AS account_id,
       campaign.id AS campaign_id,
       campaign.name AS campaign_name,
       CAST(campaign.last_updated_date AS TIMESTAMP) AS changed_at,
       campaign.state AS status,
       CAST(campaign.budget AS DECIMAL(18,6)) AS budget_amount,
       '{{domain}}' AS domain,
       '{{source}}' AS source
FROM {{domain}}.{{source}}__campaign_history AS campaign
LEFT JOIN (
    SELECT id AS profile_id, max_by(account_id, _fivetran_synced) AS account_id
    FROM {{domain}}.{{source}}__profile
    GROUP BY id
) AS account ON campaign.profile_id = account.profile_id
WHERE campaign.last_updated_date IS NOT NULL AND campaign.id IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY campaign_key, changed_at ORDER BY campaign_name, status, budget_amount) = 1
