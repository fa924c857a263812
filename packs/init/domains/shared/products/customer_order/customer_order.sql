-- Every order of the mesh, with amounts in the reporting currency beside its own; the sources are kept up to date by `trellis add`.
-- A rate holds from its day on until the next one; a currency without any rate leaves the converted amounts empty.
WITH placed AS (
    -- trellis:sources begin customer_order
    -- trellis:sources end
), rate AS (
    SELECT day.date_day, day.currency,
           CASE WHEN day.currency = mesh_reporting_currency() THEN CAST(1 AS DECIMAL(18,8)) ELSE known.rate END AS rate
    FROM (SELECT DISTINCT CAST(ordered_at AS DATE) AS date_day, currency FROM placed) AS day
    ASOF LEFT JOIN shared.exchange_rate AS known
        ON day.currency = known.currency AND day.date_day >= known.date_day
)
SELECT placed.*,
       -- Which identifiers stand on the order: the set has this name in shared.identifier_seen.
       CASE WHEN coalesce(placed.contact_key, placed.email, placed.phone) IS NOT NULL
            THEN mesh_hash63('order:' || concat_ws('|', placed.contact_key, lower(trim(placed.email)), trim(placed.phone))) END AS evidence,
       mesh_reporting_currency() AS reporting_currency,
       CASE WHEN placed.currency = mesh_reporting_currency() THEN placed.gross_amount
            ELSE CAST(CAST(placed.gross_amount AS DECIMAL(24,6)) * rate.rate AS DECIMAL(18,6)) END AS gross_amount_reporting,
       CASE WHEN placed.currency = mesh_reporting_currency() THEN placed.discount_amount
            ELSE CAST(CAST(placed.discount_amount AS DECIMAL(24,6)) * rate.rate AS DECIMAL(18,6)) END AS discount_amount_reporting,
       CASE WHEN placed.currency = mesh_reporting_currency() THEN placed.shipping_amount
            ELSE CAST(CAST(placed.shipping_amount AS DECIMAL(24,6)) * rate.rate AS DECIMAL(18,6)) END AS shipping_amount_reporting,
       CASE WHEN placed.currency = mesh_reporting_currency() THEN placed.tax_amount
            ELSE CAST(CAST(placed.tax_amount AS DECIMAL(24,6)) * rate.rate AS DECIMAL(18,6)) END AS tax_amount_reporting,
       CASE WHEN placed.currency = mesh_reporting_currency() THEN placed.total_amount
            ELSE CAST(CAST(placed.total_amount AS DECIMAL(24,6)) * rate.rate AS DECIMAL(18,6)) END AS total_amount_reporting,
       CASE WHEN placed.currency = mesh_reporting_currency() THEN placed.refund_amount
            ELSE CAST(CAST(placed.refund_amount AS DECIMAL(24,6)) * rate.rate AS DECIMAL(18,6)) END AS refund_amount_reporting,
       CASE WHEN placed.currency = mesh_reporting_currency() THEN placed.net_revenue
            ELSE CAST(CAST(placed.net_revenue AS DECIMAL(24,6)) * rate.rate AS DECIMAL(18,6)) END AS net_revenue_reporting
FROM placed
LEFT JOIN rate ON CAST(placed.ordered_at AS DATE) = rate.date_day AND placed.currency = rate.currency
