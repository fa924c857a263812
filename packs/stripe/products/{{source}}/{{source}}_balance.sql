-- Everything that moved the balance: payments, refunds, fees, payouts.
-- Amounts arrive in the smallest unit of their currency: cents, but yen as they are and thousandths of a dinar.
WITH booked AS (
    SELECT * FROM {{domain}}.{{source}}__balance_transaction
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), told AS (
    SELECT booked.*, CASE WHEN upper(booked.currency) IN ('BIF', 'CLP', 'DJF', 'GNF', 'JPY', 'KMF', 'KRW', 'MGA', 'PYG', 'RWF', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN CAST(1 AS DECIMAL(4,3))
                WHEN upper(booked.currency) IN ('BHD', 'JOD', 'KWD', 'OMR', 'TND') THEN CAST(0.001 AS DECIMAL(4,3)) ELSE CAST(0.01 AS DECIMAL(4,3)) END AS unit FROM booked
)
SELECT concat('{{source}}:', id) AS balance_key,
       id AS balance_transaction_id,
       type AS kind,
       "source" AS source_id,
       created AS booked_at,
       available_on AS available_at,
       status AS status,
       CAST(amount * unit AS DECIMAL(18,6)) AS amount,
       CAST(fee * unit AS DECIMAL(18,6)) AS fee_amount,
       CAST(net * unit AS DECIMAL(18,6)) AS net_amount,
       upper(currency) AS currency,
       payout_id AS payout_id
FROM told
