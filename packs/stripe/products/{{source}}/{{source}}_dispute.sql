-- Charges that customers contest with their bank. The evidence holds personal data and is left out.
-- Amounts arrive in the smallest unit of their currency: cents, but yen as they are and thousandths of a dinar.
WITH contested AS (
    SELECT * FROM {{domain}}.{{source}}__dispute
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
)
SELECT concat('{{source}}:', id) AS dispute_key,
       id AS dispute_id,
       charge_id AS payment_id,
       created AS opened_at,
       status AS status,
       reason AS reason,
       status IN ('won', 'lost', 'warning_closed', 'charge_refunded') AS is_closed,
       NOT coalesce(livemode, true) AS is_test,
       CAST(amount * CASE WHEN upper(currency) IN ('BIF', 'CLP', 'DJF', 'GNF', 'JPY', 'KMF', 'KRW', 'MGA', 'PYG', 'RWF', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN CAST(1 AS DECIMAL(4,3))
                WHEN upper(currency) IN ('BHD', 'JOD', 'KWD', 'OMR', 'TND') THEN CAST(0.001 AS DECIMAL(4,3)) ELSE CAST(0.01 AS DECIMAL(4,3)) END AS DECIMAL(18,6)) AS amount,
       upper(currency) AS currency
FROM contested
