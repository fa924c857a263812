-- Shopify order lines in the shape of the shared order line. A line whose order has not landed stays, without time; its currency is then the shop's.
-- Where prices include tax, the tax of the line is taken out of net revenue; where lines say none, their share of the order's.
WITH shop AS (SELECT max_by(id, _fivetran_synced) AS account_id, max_by(currency, _fivetran_synced) AS currency FROM {{domain}}.{{source}}__shop), declared AS (SELECT any_value(_source_currency) AS currency FROM {{domain}}.{{source}}__order_line), bought AS (
    SELECT * FROM {{domain}}.{{source}}__order
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY updated_at DESC NULLS LAST, _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), line AS (
    SELECT * FROM {{domain}}.{{source}}__order_line
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), discount AS (
    SELECT order_line_id, sum(amount) AS amount FROM (
    SELECT * FROM {{domain}}.{{source}}__discount_allocation
    QUALIFY row_number() OVER (PARTITION BY order_line_id, index ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
    ) GROUP BY order_line_id
), tax AS (
    SELECT order_line_id, sum(price) AS amount FROM (
    SELECT * FROM {{domain}}.{{source}}__tax_line
    QUALIFY row_number() OVER (PARTITION BY order_line_id, index ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
    ) GROUP BY order_line_id
), shipping_tax AS (
    SELECT one.order_id, sum(told.price) AS amount
    FROM (
    SELECT * FROM {{domain}}.{{source}}__order_shipping_line
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
    ) AS one JOIN (
    SELECT * FROM {{domain}}.{{source}}__order_shipping_tax_line
    QUALIFY row_number() OVER (PARTITION BY order_shipping_line_id, index ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
    ) AS told ON one.id = told.order_shipping_line_id
    GROUP BY one.order_id
), refund AS (
    SELECT order_line_id, sum(quantity) AS quantity, sum(subtotal) AS amount, sum(total_tax) AS tax_amount FROM (
    SELECT * FROM {{domain}}.{{source}}__order_line_refund
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
    ) GROUP BY order_line_id
), weighed AS (
    -- upto, whole: what the lines cost up to this one, and all lines of the order.
    SELECT order_id, id, paid, sum(paid) OVER (PARTITION BY order_id ORDER BY id ROWS UNBOUNDED PRECEDING) AS upto,
           sum(paid) OVER (PARTITION BY order_id) AS whole, count(tax_amount) OVER (PARTITION BY order_id) AS taxes
    FROM (SELECT line.order_id, line.id, CAST(coalesce(line.price * line.quantity, 0) - coalesce(discount.amount, line.total_discount, 0) AS DOUBLE) AS paid, tax.amount AS tax_amount
          FROM line
          LEFT JOIN discount ON line.id = discount.order_line_id
          LEFT JOIN tax ON line.id = tax.order_line_id)
), parted AS (
    -- Prices include tax and no line of the order says how much: the order's tax on goods, shared out by what the lines cost, to the last millionth.
    SELECT weighed.id, CAST(goods * (upto / whole) AS DECIMAL(18,6)) - CAST(goods * ((upto - paid) / whole) AS DECIMAL(18,6)) AS amount
    FROM (SELECT bought.id AS bought_id, CAST(coalesce(bought.total_tax, 0) - coalesce(shipping_tax.amount, 0) AS DOUBLE) AS goods
          FROM bought LEFT JOIN shipping_tax ON bought.id = shipping_tax.order_id WHERE bought.taxes_included) AS of_order
    JOIN weighed ON of_order.bought_id = weighed.order_id
    WHERE weighed.taxes = 0 AND weighed.whole <> 0
), told AS (
    SELECT line.*,
           bought.created_at AS ordered_at, bought.currency AS order_currency,
           coalesce(bought.test, false) AS is_test,
           bought.cancelled_at IS NOT NULL OR coalesce(bought.financial_status = 'voided', false) AS is_cancelled,
           CAST(line.price * line.quantity AS DECIMAL(18,6)) AS gross_amount,
           coalesce(discount.amount, line.total_discount) AS discount_amount,
           tax.amount AS tax_amount,
           refund.quantity AS refunded_quantity,
           refund.amount - CASE WHEN bought.taxes_included THEN coalesce(refund.tax_amount, 0) ELSE 0 END AS refund_amount,
           CASE WHEN bought.taxes_included THEN coalesce(tax.amount, parted.amount, 0) ELSE 0 END AS tax_in_goods
    FROM line
    LEFT JOIN bought ON line.order_id = bought.id
    LEFT JOIN discount ON line.id = discount.order_line_id
    LEFT JOIN tax ON line.id = tax.order_line_id
    LEFT JOIN parted ON line.id = parted.id
    LEFT JOIN refund ON line.id = refund.order_line_id
)
SELECT concat('{{source}}:', line.id) AS order_line_key,
       concat('{{source}}:', line.order_id) AS order_key,
       'shopify' AS platform,
       shop.account_id AS account_id,
       line.order_id AS order_id,
       line.id AS line_id,
       line.product_id AS product_id,
       line.variant_id AS variant_id,
       line.sku AS sku,
       coalesce(line.title, line.name) AS product_name,
       line.vendor AS vendor,
       line.ordered_at AS ordered_at,
       line.is_test AS is_test,
       line.is_cancelled AS is_cancelled,
       line.quantity AS quantity,
       line.price AS unit_price,
       line.gross_amount AS gross_amount,
       CAST(line.discount_amount AS DECIMAL(18,6)) AS discount_amount,
       CAST(line.tax_amount AS DECIMAL(18,6)) AS tax_amount,
       CAST(line.refunded_quantity AS BIGINT) AS refunded_quantity,
       CAST(line.refund_amount AS DECIMAL(18,6)) AS refund_amount,
       CASE WHEN line.is_test OR line.is_cancelled THEN CAST(0 AS DECIMAL(18,6))
            ELSE CAST(coalesce(line.gross_amount, 0) - coalesce(line.discount_amount, 0) - line.tax_in_goods - coalesce(line.refund_amount, 0) AS DECIMAL(18,6)) END AS net_revenue,
       upper(coalesce(line.order_currency, shop.currency, declared.currency)) AS currency,
       '{{domain}}' AS domain,
       '{{source}}' AS source
FROM told AS line CROSS JOIN shop CROSS JOIN declared
