-- Every order line of the mesh, with amounts in the reporting currency beside its own; the sources are kept up to date by `trellis add`.
-- A rate holds from its day on until the next one; a currency without any rate leaves the converted amounts empty.
WITH sold AS (
    -- trellis:sources begin order_line
    -- trellis:sources end
), rate AS (
    SELECT day.date_day, day.currency,
           CASE WHEN day.currency = mesh_reporting_currency() THEN CAST(1 AS DECIMAL(18,8)) ELSE known.rate END AS rate
    FROM (SELECT DISTINCT CAST(ordered_at AS DATE) AS date_day, currency FROM sold) AS day
    ASOF LEFT JOIN shared.exchange_rate AS known
        ON day.currency = known.currency AND day.date_day >= known.date_day
)
SELECT sold.*,
       mesh_reporting_currency() AS reporting_currency,
       CASE WHEN sold.currency = mesh_reporting_currency() THEN sold.gross_amount
            ELSE CAST(CAST(sold.gross_amount AS DECIMAL(24,6)) * rate.rate AS DECIMAL(18,6)) END AS gross_amount_reporting,
       CASE WHEN sold.currency = mesh_reporting_currency() THEN sold.discount_amount
            ELSE CAST(CAST(sold.discount_amount AS DECIMAL(24,6)) * rate.rate AS DECIMAL(18,6)) END AS discount_amount_reporting,
       CASE WHEN sold.currency = mesh_reporting_currency() THEN sold.tax_amount
            ELSE CAST(CAST(sold.tax_amount AS DECIMAL(24,6)) * rate.rate AS DECIMAL(18,6)) END AS tax_amount_reporting,
       CASE WHEN sold.currency = mesh_reporting_currency() THEN sold.refund_amount
            ELSE CAST(CAST(sold.refund_amount AS DECIMAL(24,6)) * rate.rate AS DECIMAL(18,6)) END AS refund_amount_reporting,
       CASE WHEN sold.currency = mesh_reporting_currency() THEN sold.net_revenue
            ELSE CAST(CAST(sold.net_revenue AS DECIMAL(24,6)) * rate.rate AS DECIMAL(18,6)) END AS net_revenue_reporting
FROM sold
LEFT JOIN rate ON CAST(sold.ordered_at AS DATE) = rate.date_day AND sold.currency = rate.currency
