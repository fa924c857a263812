-- Stripe invoices, and charges without an invoice that did not fail, in the shape of the shared customer order.
-- Amounts arrive in the smallest unit of their currency: cents, but yen as they are and thousandths of a dinar.
WITH account AS (SELECT CASE WHEN count(DISTINCT id) = 1 THEN any_value(id) END AS account_id FROM {{domain}}.{{source}}__account), customer AS (
    SELECT * FROM {{domain}}.{{source}}__customer
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), given AS (
    SELECT charge_id, sum(amount) FILTER (WHERE status = 'succeeded') AS amount FROM (
    SELECT * FROM {{domain}}.{{source}}__refund
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
    ) GROUP BY charge_id
), every_charge AS (
    SELECT * FROM {{domain}}.{{source}}__charge
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), charge AS (
    -- A charge knows what of it was refunded even where the refunds themselves have not landed.
    SELECT every_charge.*, coalesce(given.amount, nullif(every_charge.amount_refunded, 0)) AS given_back
    FROM every_charge LEFT JOIN given ON every_charge.id = given.charge_id
), every_invoice AS (
    SELECT * FROM {{domain}}.{{source}}__invoice
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), paid_by AS (
    -- Either side may name the other.
    SELECT invoice_id, id AS charge_id FROM every_charge WHERE invoice_id IS NOT NULL
    UNION
    SELECT id, charge_id FROM every_invoice WHERE charge_id IS NOT NULL
), by_invoice AS (
    SELECT paid_by.invoice_id AS id, sum(charge.given_back) AS given_back, min(charge.created) AS created, any_value(charge.shipping_address_country) AS country, min(charge.receipt_email) AS email
    FROM paid_by JOIN charge ON paid_by.charge_id = charge.id
    GROUP BY paid_by.invoice_id
), discount AS (
    SELECT invoice_id, sum(amount) AS amount, string_agg(DISTINCT promotion_code, ',' ORDER BY promotion_code) AS codes FROM (
    SELECT * FROM {{domain}}.{{source}}__discount
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
    ) GROUP BY invoice_id
), line AS (
    SELECT invoice_id, sum(quantity) AS items FROM (
    SELECT * FROM {{domain}}.{{source}}__invoice_line_item
    QUALIFY row_number() OVER (PARTITION BY invoice_id, id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
    ) GROUP BY invoice_id
), placed AS (
    SELECT invoice.id AS order_id, invoice.number AS order_number, invoice.customer_id,
           coalesce(invoice.created, invoice.status_transitions_finalized_at, by_invoice.created, invoice.period_start) AS ordered_at,
           invoice.status_transitions_voided_at AS cancelled_at,
           invoice.status AS native_status,
           CASE invoice.status WHEN 'draft' THEN 'draft' WHEN 'open' THEN 'pending' WHEN 'void' THEN 'cancelled' WHEN 'uncollectible' THEN 'cancelled'
                WHEN 'paid' THEN 'paid' END AS state,
           NOT coalesce(invoice.livemode, true) AS is_test,
           line.items AS items,
           invoice.subtotal AS gross, discount.amount AS discount, invoice.tax AS tax, invoice.total AS total,
           coalesce(invoice.total_excluding_tax, invoice.total - coalesce(invoice.tax, 0)) AS goods,
           by_invoice.given_back AS given_back, invoice.currency AS currency,
           CASE WHEN invoice.subscription_id IS NOT NULL THEN 'subscription' ELSE 'invoice' END AS sales_channel,
           discount.codes AS discount_codes, by_invoice.country AS country, by_invoice.email AS email
    FROM every_invoice AS invoice
    LEFT JOIN by_invoice ON invoice.id = by_invoice.id
    LEFT JOIN discount ON invoice.id = discount.invoice_id
    LEFT JOIN line ON invoice.id = line.invoice_id
    WHERE NOT coalesce(invoice.is_deleted, false)
    UNION ALL
    SELECT charge.id, CAST(NULL AS VARCHAR), charge.customer_id, charge.created, CAST(NULL AS TIMESTAMP), charge.status,
           CASE WHEN charge.status = 'pending' THEN 'pending'
                WHEN charge.status = 'succeeded' AND coalesce(charge.captured, true) THEN 'paid' WHEN charge.status = 'succeeded' THEN 'pending' END,
           NOT coalesce(charge.livemode, true), CAST(NULL AS HUGEINT),
           charge.amount, CAST(NULL AS DECIMAL(18,6)), CAST(NULL AS DECIMAL(18,6)), charge.amount, charge.amount,
           charge.given_back, charge.currency, 'payment', CAST(NULL AS VARCHAR), charge.shipping_address_country, charge.receipt_email
    FROM charge
    WHERE coalesce(charge.status, '') <> 'failed' -- an attempt that failed is no order; it stands among the payments
      AND NOT EXISTS (SELECT 1 FROM paid_by WHERE paid_by.charge_id = charge.id)
), told AS (
    SELECT placed.*, state = 'cancelled' AS is_cancelled,
           CASE WHEN upper(placed.currency) IN ('BIF', 'CLP', 'DJF', 'GNF', 'JPY', 'KMF', 'KRW', 'MGA', 'PYG', 'RWF', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN CAST(1 AS DECIMAL(4,3))
                WHEN upper(placed.currency) IN ('BHD', 'JOD', 'KWD', 'OMR', 'TND') THEN CAST(0.001 AS DECIMAL(4,3)) ELSE CAST(0.01 AS DECIMAL(4,3)) END AS unit
    FROM placed
)
SELECT concat('{{source}}:', told.order_id) AS order_key,
       'stripe' AS platform,
       account.account_id AS account_id,
       told.order_id AS order_id,
       told.order_number AS order_number,
       CASE WHEN told.customer_id IS NOT NULL THEN concat('{{source}}:', told.customer_id) END AS customer_key,
       told.customer_id AS customer_id,
       told.ordered_at AS ordered_at,
       CAST(NULL AS TIMESTAMP) AS updated_at,
       told.cancelled_at AS cancelled_at,
       CASE WHEN told.state = 'paid' AND told.given_back >= told.total AND told.total > 0 THEN 'refunded'
            WHEN told.state = 'paid' AND told.given_back > 0 THEN 'partially_refunded' ELSE told.state END AS status,
       told.native_status AS native_status,
       CAST(NULL AS VARCHAR) AS fulfillment_status,
       told.is_test AS is_test,
       coalesce(told.is_cancelled, false) AS is_cancelled,
       CAST(told.items AS BIGINT) AS items,
       CAST(told.gross * told.unit AS DECIMAL(18,6)) AS gross_amount,
       CAST(told.discount * told.unit AS DECIMAL(18,6)) AS discount_amount,
       CAST(NULL AS DECIMAL(18,6)) AS shipping_amount,
       CAST(told.tax * told.unit AS DECIMAL(18,6)) AS tax_amount,
       CAST(told.total * told.unit AS DECIMAL(18,6)) AS total_amount,
       CAST(told.given_back * told.unit AS DECIMAL(18,6)) AS refund_amount,
       -- A refund gives back goods and tax in the proportion they were paid.
       CASE WHEN told.is_test OR coalesce(told.state, 'draft') IN ('draft', 'cancelled') OR coalesce(told.total, 0) = 0 THEN CAST(0 AS DECIMAL(18,6))
            WHEN coalesce(told.given_back, 0) = 0 THEN CAST(told.goods * told.unit AS DECIMAL(18,6))
            ELSE CAST(round(told.goods * (told.total - told.given_back) / told.total * told.unit, 6) AS DECIMAL(18,6)) END AS net_revenue,
       upper(told.currency) AS currency,
       told.sales_channel AS sales_channel,
       told.discount_codes AS discount_codes,
       coalesce(told.country, customer.address_country) AS country,
       CAST(NULL AS VARCHAR) AS referrer_host,
       CAST(NULL AS VARCHAR) AS utm_source,
       CAST(NULL AS VARCHAR) AS utm_medium,
       CAST(NULL AS VARCHAR) AS utm_campaign,
       CASE WHEN told.customer_id IS NOT NULL THEN concat('{{source}}:', told.customer_id) END AS contact_key,
       told.email AS email,
       CAST(NULL AS VARCHAR) AS phone,
       -- As shared.customer_order names the set.
       CASE WHEN coalesce(told.customer_id, told.email) IS NOT NULL
            THEN mesh_hash63('order:' || concat_ws('|', '{{source}}:' || told.customer_id, lower(trim(told.email)))) END AS evidence,
       '{{domain}}' AS domain,
       '{{source}}' AS source
FROM told CROSS JOIN account
LEFT JOIN customer ON told.customer_id = customer.id
