-- Payments as the shop's gateway handled them: authorisations, sales, captures, refunds and voids.
WITH paid AS (
    SELECT * FROM {{domain}}.{{source}}__transaction
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
)
SELECT concat('{{source}}:', id) AS payment_key,
       concat('{{source}}:', order_id) AS order_key,
       id AS payment_id,
       order_id AS order_id,
       coalesce(processed_at, created_at) AS paid_at,
       kind AS kind,
       status AS status,
       gateway AS gateway,
       coalesce(test, false) AS is_test,
       amount AS amount,
       upper(coalesce(currency, _source_currency)) AS currency
FROM paid
