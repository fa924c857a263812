-- Opportunities of all CRM sources, with amounts in the reporting currency beside the record's own; kept up to date by `trellis add`.
-- A rate holds from its day on until the next one; a currency without any rate leaves the converted amount empty. The day is the close date, else the day the deal was made.
WITH told AS (
    -- trellis:sources begin opportunity
    -- trellis:sources end
), dated AS (
    SELECT *, coalesce(close_date, CAST(created_at AS DATE)) AS rate_day FROM told
), rate AS (
    SELECT day.rate_day, day.currency, known.rate
    FROM (SELECT DISTINCT rate_day, currency FROM dated WHERE rate_day IS NOT NULL AND currency IS NOT NULL) AS day
    ASOF LEFT JOIN shared.exchange_rate AS known ON day.currency = known.currency AND day.rate_day >= known.date_day
)
SELECT dated.* EXCLUDE (rate_day),
       mesh_reporting_currency() AS reporting_currency,
       CASE WHEN dated.currency = mesh_reporting_currency() THEN dated.amount
            ELSE CAST(CAST(dated.amount AS DECIMAL(24,6)) * rate.rate AS DECIMAL(18,6)) END AS amount_reporting
FROM dated
LEFT JOIN rate ON dated.rate_day = rate.rate_day AND dated.currency = rate.currency
