-- Product lines of Salesforce opportunities.
WITH latest AS (
    SELECT * FROM {{domain}}.{{source}}__opportunity_line_item
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY coalesce(_fivetran_active, true) DESC, _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), product AS (
    SELECT * FROM {{domain}}.{{source}}__product_2
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY coalesce(_fivetran_active, true) DESC, _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
)
SELECT concat_ws(':', '{{source}}', latest.id) AS line_key, latest.id AS line_id, '{{source}}:' || latest.opportunity_id AS opportunity_key,
       latest.product_2_id AS product_id, coalesce(product.name, latest.name) AS product_name, product.family AS product_family,
       latest.quantity AS quantity, latest.unit_price AS unit_price, latest.total_price AS total_price,
       coalesce(latest.currency_iso_code, latest._source_currency) AS currency, latest.created_date AS created_at,
       coalesce(latest.is_deleted, false) OR NOT coalesce(latest._fivetran_active, true) AS is_deleted
FROM latest LEFT JOIN product ON latest.product_2_id = product.id
