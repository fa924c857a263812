-- Products of the shop with how many variants they have and what those cost.
WITH item AS (
    SELECT * FROM {{domain}}.{{source}}__product
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY updated_at DESC NULLS LAST, _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), variant AS (
    SELECT product_id, count(*) AS variants, min(price) AS lowest_price, max(price) AS highest_price, sum(inventory_quantity) AS inventory_quantity FROM (
    SELECT * FROM {{domain}}.{{source}}__product_variant
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
    ) GROUP BY product_id
)
SELECT concat('{{source}}:', item.id) AS product_key,
       item.id AS product_id,
       item.title AS product_name,
       item.product_type AS product_type,
       item.vendor AS vendor,
       item.created_at AS created_at,
       item.published_at AS published_at,
       coalesce(item._fivetran_deleted, false) AS is_deleted,
       variant.variants AS variants,
       variant.lowest_price AS lowest_price,
       variant.highest_price AS highest_price,
       CAST(variant.inventory_quantity AS BIGINT) AS inventory_quantity
FROM item
LEFT JOIN variant ON item.id = variant.product_id
