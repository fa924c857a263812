-- Every subscription of the mesh; recurring amounts are a state, so they are converted at the newest rate known.
WITH running AS (
    -- trellis:sources begin subscription
    -- trellis:sources end
), rate AS (
    SELECT currency, max_by(rate, date_day) AS rate FROM shared.exchange_rate GROUP BY currency
)
SELECT running.*,
       mesh_reporting_currency() AS reporting_currency,
       CASE WHEN running.currency = mesh_reporting_currency() THEN running.monthly_recurring_amount
            ELSE CAST(CAST(running.monthly_recurring_amount AS DECIMAL(24,6)) * rate.rate AS DECIMAL(18,6)) END AS monthly_recurring_amount_reporting
FROM running
LEFT JOIN rate ON running.currency = rate.currency
