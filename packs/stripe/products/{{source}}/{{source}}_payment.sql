-- Charges: every attempt to take a payment, with what was given back, what is disputed, and the fee.
-- Amounts arrive in the smallest unit of their currency: cents, but yen as they are and thousandths of a dinar.
WITH charge AS (
    SELECT * FROM {{domain}}.{{source}}__charge
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), given AS (
    SELECT charge_id, sum(amount) FILTER (WHERE status = 'succeeded') AS amount FROM (
    SELECT * FROM {{domain}}.{{source}}__refund
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
    ) GROUP BY charge_id
), contested AS (
    SELECT charge_id, sum(amount) AS amount, max_by(status, created) AS status FROM (
    SELECT * FROM {{domain}}.{{source}}__dispute
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
    ) GROUP BY charge_id
), booked AS (
    SELECT * FROM {{domain}}.{{source}}__balance_transaction
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), told AS (
    SELECT charge.*, CASE WHEN upper(charge.currency) IN ('BIF', 'CLP', 'DJF', 'GNF', 'JPY', 'KMF', 'KRW', 'MGA', 'PYG', 'RWF', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN CAST(1 AS DECIMAL(4,3))
                WHEN upper(charge.currency) IN ('BHD', 'JOD', 'KWD', 'OMR', 'TND') THEN CAST(0.001 AS DECIMAL(4,3)) ELSE CAST(0.01 AS DECIMAL(4,3)) END AS unit,
           booked.currency AS settlement_currency, booked.fee AS fee, booked.net AS net, CASE WHEN upper(booked.currency) IN ('BIF', 'CLP', 'DJF', 'GNF', 'JPY', 'KMF', 'KRW', 'MGA', 'PYG', 'RWF', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN CAST(1 AS DECIMAL(4,3))
                WHEN upper(booked.currency) IN ('BHD', 'JOD', 'KWD', 'OMR', 'TND') THEN CAST(0.001 AS DECIMAL(4,3)) ELSE CAST(0.01 AS DECIMAL(4,3)) END AS settlement_unit
    FROM charge LEFT JOIN booked ON charge.balance_transaction_id = booked.id
)
SELECT concat('{{source}}:', told.id) AS payment_key,
       concat('{{source}}:', coalesce(told.invoice_id, told.id)) AS order_key,
       told.id AS payment_id,
       CASE WHEN told.customer_id IS NOT NULL THEN concat('{{source}}:', told.customer_id) END AS customer_key,
       told.created AS paid_at,
       told.status AS status,
       told.failure_code AS failure_code,
       told.outcome_reason AS outcome_reason,
       coalesce(told.captured, false) AS is_captured,
       NOT coalesce(told.livemode, true) AS is_test,
       CAST(told.amount * told.unit AS DECIMAL(18,6)) AS amount,
       CAST(coalesce(given.amount, nullif(told.amount_refunded, 0)) * told.unit AS DECIMAL(18,6)) AS refund_amount,
       CAST(contested.amount * told.unit AS DECIMAL(18,6)) AS disputed_amount,
       contested.status AS dispute_status,
       upper(told.currency) AS currency,
       CAST(told.fee * told.settlement_unit AS DECIMAL(18,6)) AS fee_amount,
       CAST(told.net * told.settlement_unit AS DECIMAL(18,6)) AS settled_amount,
       upper(told.settlement_currency) AS settlement_currency
FROM told
LEFT JOIN given ON told.id = given.charge_id
LEFT JOIN contested ON told.id = contested.charge_id
