-- Checkouts that were begun; those without completed_at were not finished.
WITH shop AS (SELECT max_by(id, _fivetran_synced) AS account_id, max_by(currency, _fivetran_synced) AS currency FROM {{domain}}.{{source}}__shop), checkout AS (
    SELECT * FROM {{domain}}.{{source}}__abandoned_checkout
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY updated_at DESC NULLS LAST, _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
)
SELECT concat('{{source}}:', checkout.id) AS checkout_key,
       checkout.id AS checkout_id,
       CASE WHEN checkout.customer_id IS NOT NULL THEN concat('{{source}}:', checkout.customer_id) END AS customer_key,
       checkout.customer_id AS customer_id,
       checkout.created_at AS started_at,
       checkout.updated_at AS updated_at,
       checkout.completed_at AS completed_at,
       checkout.subtotal_price AS goods_amount,
       checkout.total_discounts AS discount_amount,
       checkout.total_tax AS tax_amount,
       checkout.total_price AS total_amount,
       upper(coalesce(checkout.currency, shop.currency, checkout._source_currency)) AS currency,
       checkout.source_name AS sales_channel,
       nullif(lower(regexp_extract(checkout.referring_site, '^(?:[A-Za-z][A-Za-z0-9+.-]*://)?(?:[^/?#@]*@)?([^/?#:@]+\.[A-Za-z]{2,})(?:[/?#:]|$)', 1)), '') AS referrer_host,
       checkout.shipping_address_country_code AS country
FROM checkout CROSS JOIN shop
