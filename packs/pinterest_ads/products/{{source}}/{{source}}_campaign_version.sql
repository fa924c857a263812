-- Pinterest campaigns as they were: a row for each row of the history, which knows only when it was fetched (UTC).
SELECT concat_ws(':', 'pinterest_ads', coalesce(advertiser_id, '?'), coalesce(id, '?')) AS campaign_key,
       'pinterest_ads' AS platform,
       advertiser_id AS account_id,
       id AS campaign_id,
       name AS campaign_name,
       try_cast(replace(left(_fivetran_synced, 19), 'T', ' ') AS TIMESTAMP) AS changed_at,
       status AS status,
       CAST(CAST(default_ad_group_budget_in_micro_currency AS DECIMAL(28,0)) * 0.000001 AS DECIMAL(18,6)) AS budget_amount,
       '{{domain}}' AS domain,
       '{{source}}' AS source
FROM {{domain}}.{{source}}__campaign_history
WHERE changed_at IS NOT NULL AND id IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY campaign_key, changed_at ORDER BY campaign_name, status, budget_amount) = 1
