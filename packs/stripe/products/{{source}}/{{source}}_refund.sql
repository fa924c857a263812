-- Refunds of charges.
-- Amounts arrive in the smallest unit of their currency: cents, but yen as they are and thousandths of a dinar.
WITH given AS (
    SELECT * FROM {{domain}}.{{source}}__refund
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
)
SELECT concat('{{source}}:', id) AS refund_key,
       id AS refund_id,
       charge_id AS payment_id,
       created AS refunded_at,
       status AS status,
       reason AS reason,
       CAST(amount * CASE WHEN upper(currency) IN ('BIF', 'CLP', 'DJF', 'GNF', 'JPY', 'KMF', 'KRW', 'MGA', 'PYG', 'RWF', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN CAST(1 AS DECIMAL(4,3))
                WHEN upper(currency) IN ('BHD', 'JOD', 'KWD', 'OMR', 'TND') THEN CAST(0.001 AS DECIMAL(4,3)) ELSE CAST(0.01 AS DECIMAL(4,3)) END AS DECIMAL(18,6)) AS amount,
       upper(currency) AS currency
FROM given
