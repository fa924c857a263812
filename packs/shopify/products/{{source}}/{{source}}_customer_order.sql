-- Shopify orders in the shape of the shared customer order: the latest state of each order, with what its lines, refunds, discounts and tags say.
-- Where prices include tax, the goods and the refunded goods carry it and it is taken out of net revenue.
WITH shop AS (SELECT max_by(id, _fivetran_synced) AS account_id, max_by(currency, _fivetran_synced) AS currency FROM {{domain}}.{{source}}__shop), declared AS (SELECT any_value(_source_currency) AS currency FROM {{domain}}.{{source}}__order), bought AS (
    SELECT * FROM {{domain}}.{{source}}__order
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY updated_at DESC NULLS LAST, _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), line AS (
    SELECT order_id, sum(quantity) AS items, sum(CAST(price * quantity AS DECIMAL(18,6))) AS gross_amount
    FROM (
    SELECT * FROM {{domain}}.{{source}}__order_line
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
    ) GROUP BY order_id
), shipping AS (
    SELECT order_id, sum(coalesce(one.discounted_price, one.price)) AS shipping_amount, sum(tax.price) AS shipping_tax_amount
    FROM (
    SELECT * FROM {{domain}}.{{source}}__order_shipping_line
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
    ) AS one
    LEFT JOIN (SELECT order_shipping_line_id, sum(price) AS price FROM (
    SELECT * FROM {{domain}}.{{source}}__order_shipping_tax_line
    QUALIFY row_number() OVER (PARTITION BY order_shipping_line_id, index ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
    ) GROUP BY order_shipping_line_id) AS tax ON one.id = tax.order_shipping_line_id
    GROUP BY order_id
), refund AS (
    SELECT order_id, sum(subtotal) AS goods_amount, sum(total_tax) AS tax_amount
    FROM (
    SELECT * FROM {{domain}}.{{source}}__order_line_refund
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
    ) AS one
    JOIN (SELECT id AS known_id, max_by(order_id, _fivetran_synced) AS order_id FROM {{domain}}.{{source}}__refund GROUP BY id) AS known ON one.refund_id = known.known_id
    GROUP BY order_id
), adjustment AS (
    SELECT order_id, sum(amount) AS amount, sum(tax_amount) AS tax_amount, sum(amount) FILTER (WHERE kind <> 'shipping_refund') AS goods_amount
    FROM (
    SELECT * FROM {{domain}}.{{source}}__order_adjustment
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
    ) GROUP BY order_id
), code AS (
    SELECT order_id, string_agg(DISTINCT code, ',' ORDER BY code) AS discount_codes FROM {{domain}}.{{source}}__order_discount_code GROUP BY order_id
), tag AS (
    SELECT order_id,
           max_by(value, _fivetran_synced) FILTER (WHERE key = 'utm_source') AS utm_source,
           max_by(value, _fivetran_synced) FILTER (WHERE key = 'utm_medium') AS utm_medium,
           max_by(value, _fivetran_synced) FILTER (WHERE key = 'utm_campaign') AS utm_campaign
    FROM {{domain}}.{{source}}__order_url_tag GROUP BY order_id
), told AS (
    SELECT bought.*,
           coalesce(test, false) AS is_test,
           cancelled_at IS NOT NULL OR coalesce(financial_status = 'voided', false) AS is_cancelled,
           line.items AS items,
           coalesce(bought.total_line_items_price, line.gross_amount) AS gross_amount,
           shipping.shipping_amount AS shipping_amount,
           CASE WHEN taxes_included THEN coalesce(total_tax, 0) - coalesce(shipping.shipping_tax_amount, 0) ELSE 0 END AS tax_in_goods,
           -- An adjustment below zero is money that was given back beyond the goods (shipping), above zero what was kept.
           CASE WHEN refund.order_id IS NOT NULL OR adjustment.order_id IS NOT NULL THEN
                coalesce(refund.goods_amount, 0) + CASE WHEN taxes_included THEN 0 ELSE coalesce(refund.tax_amount, 0) END
                - coalesce(adjustment.amount, 0) - coalesce(adjustment.tax_amount, 0) END AS refund_amount,
           coalesce(refund.goods_amount, 0) - CASE WHEN taxes_included THEN coalesce(refund.tax_amount, 0) ELSE 0 END
                - coalesce(adjustment.goods_amount, 0) AS refunded_goods,
           code.discount_codes AS discount_codes
    FROM bought
    LEFT JOIN line ON bought.id = line.order_id
    LEFT JOIN shipping ON bought.id = shipping.order_id
    LEFT JOIN refund ON bought.id = refund.order_id
    LEFT JOIN adjustment ON bought.id = adjustment.order_id
    LEFT JOIN code ON bought.id = code.order_id
)
SELECT concat('{{source}}:', bought.id) AS order_key,
       'shopify' AS platform,
       shop.account_id AS account_id,
       bought.id AS order_id,
       coalesce(bought.order_number, bought.number) AS order_number,
       CASE WHEN bought.customer_id IS NOT NULL THEN concat('{{source}}:', bought.customer_id) END AS customer_key,
       bought.customer_id AS customer_id,
       coalesce(bought.created_at, bought.processed_at) AS ordered_at,
       bought.updated_at AS updated_at,
       bought.cancelled_at AS cancelled_at,
       CASE WHEN bought.is_cancelled THEN 'cancelled'
            WHEN bought.financial_status IN ('paid', 'refunded', 'partially_refunded') THEN bought.financial_status
            WHEN bought.financial_status IN ('pending', 'authorized', 'partially_paid', 'expired') THEN 'pending' END AS status,
       bought.financial_status AS native_status,
       bought.fulfillment_status AS fulfillment_status,
       bought.is_test AS is_test,
       bought.is_cancelled AS is_cancelled,
       CAST(bought.items AS BIGINT) AS items,
       CAST(bought.gross_amount AS DECIMAL(18,6)) AS gross_amount,
       bought.total_discounts AS discount_amount,
       CAST(bought.shipping_amount AS DECIMAL(18,6)) AS shipping_amount,
       bought.total_tax AS tax_amount,
       bought.total_price AS total_amount,
       CAST(bought.refund_amount AS DECIMAL(18,6)) AS refund_amount,
       CASE WHEN bought.is_test OR bought.is_cancelled THEN CAST(0 AS DECIMAL(18,6))
            ELSE CAST(coalesce(bought.subtotal_price, bought.gross_amount - coalesce(bought.total_discounts, 0), 0)
                      - bought.tax_in_goods - bought.refunded_goods AS DECIMAL(18,6)) END AS net_revenue,
       upper(coalesce(bought.currency, shop.currency, declared.currency)) AS currency,
       bought.source_name AS sales_channel,
       bought.discount_codes AS discount_codes,
       coalesce(bought.shipping_address_country_code, bought.billing_address_country_code) AS country,
       nullif(lower(regexp_extract(bought.referring_site, '^(?:[A-Za-z][A-Za-z0-9+.-]*://)?(?:[^/?#@]*@)?([^/?#:@]+\.[A-Za-z]{2,})(?:[/?#:]|$)', 1)), '') AS referrer_host,
       coalesce(tag.utm_source, nullif(coalesce(try(url_decode(replace(regexp_extract(bought.landing_site_base_url, '[?&]utm_source=([^&#]*)', 1), '+', ' '))), replace(regexp_extract(bought.landing_site_base_url, '[?&]utm_source=([^&#]*)', 1), '+', ' ')), '')) AS utm_source,
       coalesce(tag.utm_medium, nullif(coalesce(try(url_decode(replace(regexp_extract(bought.landing_site_base_url, '[?&]utm_medium=([^&#]*)', 1), '+', ' '))), replace(regexp_extract(bought.landing_site_base_url, '[?&]utm_medium=([^&#]*)', 1), '+', ' ')), '')) AS utm_medium,
       coalesce(tag.utm_campaign, nullif(coalesce(try(url_decode(replace(regexp_extract(bought.landing_site_base_url, '[?&]utm_campaign=([^&#]*)', 1), '+', ' '))), replace(regexp_extract(bought.landing_site_base_url, '[?&]utm_campaign=([^&#]*)', 1), '+', ' ')), '')) AS utm_campaign,
       CASE WHEN bought.customer_id IS NOT NULL THEN concat('{{source}}:', bought.customer_id) END AS contact_key,
       bought.email AS email,
       bought.phone AS phone,
       -- As shared.customer_order names the set.
       CASE WHEN coalesce(bought.customer_id, bought.email, bought.phone) IS NOT NULL
            THEN mesh_hash63('order:' || concat_ws('|', '{{source}}:' || bought.customer_id, lower(trim(bought.email)), trim(bought.phone))) END AS evidence,
       '{{domain}}' AS domain,
       '{{source}}' AS source
FROM told AS bought CROSS JOIN shop CROSS JOIN declared
LEFT JOIN tag ON bought.id = tag.order_id
