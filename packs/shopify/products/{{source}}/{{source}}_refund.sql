-- Refunds of the shop: goods and tax from the refunded lines, shipping and differences from the adjustments.
WITH shop AS (SELECT max_by(id, _fivetran_synced) AS account_id, max_by(currency, _fivetran_synced) AS currency FROM {{domain}}.{{source}}__shop), declared AS (SELECT any_value(_source_currency) AS currency FROM {{domain}}.{{source}}__refund), given AS (
    SELECT * FROM {{domain}}.{{source}}__refund
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), bought AS (
    SELECT * FROM {{domain}}.{{source}}__order
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY updated_at DESC NULLS LAST, _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), line AS (
    SELECT refund_id, sum(quantity) AS quantity, sum(subtotal) AS goods_amount, sum(total_tax) AS tax_amount FROM (
    SELECT * FROM {{domain}}.{{source}}__order_line_refund
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
    ) GROUP BY refund_id
), adjustment AS (
    SELECT refund_id, sum(amount) AS amount, sum(tax_amount) AS tax_amount FROM (
    SELECT * FROM {{domain}}.{{source}}__order_adjustment
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
    ) GROUP BY refund_id
)
SELECT concat('{{source}}:', given.id) AS refund_key,
       concat('{{source}}:', given.order_id) AS order_key,
       given.id AS refund_id,
       given.order_id AS order_id,
       coalesce(given.processed_at, given.created_at) AS refunded_at,
       CAST(line.quantity AS BIGINT) AS quantity,
       CAST(line.goods_amount AS DECIMAL(18,6)) AS goods_amount,
       CAST(line.tax_amount AS DECIMAL(18,6)) AS tax_amount,
       CAST(-(adjustment.amount + coalesce(adjustment.tax_amount, 0)) AS DECIMAL(18,6)) AS adjustment_amount,
       upper(coalesce(bought.currency, shop.currency, declared.currency)) AS currency
FROM given CROSS JOIN shop CROSS JOIN declared
LEFT JOIN bought ON given.order_id = bought.id
LEFT JOIN line ON given.id = line.refund_id
LEFT JOIN adjustment ON given.id = adjustment.refund_id
