-- Lines of Stripe invoices in the shape of the shared order line. The id of a line is unique within its invoice.
-- Amounts arrive in the smallest unit of their currency: cents, but yen as they are and thousandths of a dinar.
WITH account AS (SELECT CASE WHEN count(DISTINCT id) = 1 THEN any_value(id) END AS account_id FROM {{domain}}.{{source}}__account), invoice AS (
    SELECT * FROM {{domain}}.{{source}}__invoice
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), plan AS (
    SELECT * FROM {{domain}}.{{source}}__plan
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), price AS (
    SELECT * FROM {{domain}}.{{source}}__price
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), product AS (
    SELECT * FROM {{domain}}.{{source}}__product
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), priced AS (
    -- A subscription item names a plan (the older word) or a price; both hold the same facts.
    SELECT id, product_id, amount, currency, "interval" AS every, interval_count AS every_count, usage_type FROM plan
    UNION ALL
    SELECT id, product_id, coalesce(unit_amount_decimal, unit_amount), currency, recurring_interval, recurring_interval_count, recurring_usage_type
    FROM price WHERE NOT EXISTS (SELECT 1 FROM plan WHERE plan.id = price.id)
), every_line AS (
    SELECT * FROM {{domain}}.{{source}}__invoice_line_item
    QUALIFY row_number() OVER (PARTITION BY invoice_id, id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), line AS (
    SELECT every_line.*, coalesce(invoice.created, invoice.status_transitions_finalized_at, invoice.period_start) AS ordered_at,
           NOT coalesce(every_line.livemode, true) OR NOT coalesce(invoice.livemode, true) AS is_test,
           coalesce(invoice.status IN ('void', 'uncollectible'), false) AS is_cancelled,
           coalesce(invoice.status = 'draft', false) OR coalesce(invoice.is_deleted, false) AS is_draft,
           coalesce(every_line.plan_id, every_line.price_id) AS variant_id,
           CASE WHEN upper(every_line.currency) IN ('BIF', 'CLP', 'DJF', 'GNF', 'JPY', 'KMF', 'KRW', 'MGA', 'PYG', 'RWF', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN CAST(1 AS DECIMAL(4,3))
                WHEN upper(every_line.currency) IN ('BHD', 'JOD', 'KWD', 'OMR', 'TND') THEN CAST(0.001 AS DECIMAL(4,3)) ELSE CAST(0.01 AS DECIMAL(4,3)) END AS unit
    FROM every_line LEFT JOIN invoice ON every_line.invoice_id = invoice.id
)
SELECT concat('{{source}}:', line.invoice_id, ':', line.id) AS order_line_key,
       concat('{{source}}:', line.invoice_id) AS order_key,
       'stripe' AS platform,
       account.account_id AS account_id,
       line.invoice_id AS order_id,
       line.id AS line_id,
       priced.product_id AS product_id,
       line.variant_id AS variant_id,
       CAST(NULL AS VARCHAR) AS sku,
       product.name AS product_name,
       CAST(NULL AS VARCHAR) AS vendor,
       line.ordered_at AS ordered_at,
       line.is_test AS is_test,
       line.is_cancelled AS is_cancelled,
       line.quantity AS quantity,
       CAST(round(line.amount * line.unit / nullif(line.quantity, 0), 6) AS DECIMAL(18,6)) AS unit_price,
       CAST(line.amount * line.unit AS DECIMAL(18,6)) AS gross_amount,
       CAST(NULL AS DECIMAL(18,6)) AS discount_amount,
       CAST(NULL AS DECIMAL(18,6)) AS tax_amount,
       CAST(NULL AS BIGINT) AS refunded_quantity,
       CAST(NULL AS DECIMAL(18,6)) AS refund_amount,
       CASE WHEN line.is_test OR line.is_cancelled OR line.is_draft THEN CAST(0 AS DECIMAL(18,6)) ELSE coalesce(CAST(line.amount * line.unit AS DECIMAL(18,6)), 0) END AS net_revenue,
       upper(line.currency) AS currency,
       '{{domain}}' AS domain,
       '{{source}}' AS source
FROM line CROSS JOIN account
LEFT JOIN priced ON line.variant_id = priced.id
LEFT JOIN product ON priced.product_id = product.id
