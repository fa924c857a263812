-- What campaigns were, and what they became, as the platforms' histories say: the first row of each, and one where something differs from the row before.
SELECT campaign_key, platform, account_id, campaign_id, campaign_name, changed_at, status, budget_amount, previous_name, previous_status, previous_budget, domain, source
FROM (
    SELECT *,
           lag(campaign_name) OVER before AS previous_name,
           lag(status) OVER before AS previous_status,
           lag(budget_amount) OVER before AS previous_budget,
           row_number() OVER before AS version
    FROM (
        -- trellis:sources begin campaign_version
        -- trellis:sources end
    )
    WINDOW before AS (PARTITION BY campaign_key ORDER BY changed_at)
)
WHERE version = 1 OR campaign_name IS DISTINCT FROM previous_name OR status IS DISTINCT FROM previous_status OR budget_amount IS DISTINCT FROM previous_budget
