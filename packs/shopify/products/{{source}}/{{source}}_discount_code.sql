-- Codes that customers can redeem, with the discount they belong to and how the orders used them.
WITH redeem AS (
    SELECT * FROM {{domain}}.{{source}}__discount_redeem_code
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), discount AS (
    SELECT id, 'basic' AS kind, status, starts_at, ends_at, usage_limit FROM {{domain}}.{{source}}__discount_code_basic
    UNION ALL SELECT id, 'app', status, starts_at, ends_at, usage_limit FROM {{domain}}.{{source}}__discount_code_app
    UNION ALL SELECT id, 'bxgy', status, starts_at, ends_at, usage_limit FROM {{domain}}.{{source}}__discount_code_bxgy
    UNION ALL SELECT id, 'free_shipping', status, starts_at, ends_at, usage_limit FROM {{domain}}.{{source}}__discount_code_free_shipping
), one AS (
    SELECT * FROM discount QUALIFY row_number() OVER (PARTITION BY id ORDER BY starts_at DESC NULLS LAST, kind) = 1
), used AS (
    SELECT code, count(DISTINCT order_id) AS orders, sum(amount) AS discount_amount FROM (
    SELECT * FROM {{domain}}.{{source}}__order_discount_code
    QUALIFY row_number() OVER (PARTITION BY order_id, index ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
    ) GROUP BY code
)
SELECT concat('{{source}}:', redeem.id) AS discount_code_key,
       redeem.code AS code,
       redeem.discount_id AS discount_id,
       coalesce(one.kind, redeem.discount_type) AS kind,
       lower(one.status) AS status,
       one.starts_at AS starts_at,
       one.ends_at AS ends_at,
       try_cast(one.usage_limit AS BIGINT) AS usage_limit,
       try_cast(redeem.async_usage_count AS BIGINT) AS times_used,
       used.orders AS orders,
       CAST(used.discount_amount AS DECIMAL(18,6)) AS discount_amount
FROM redeem
LEFT JOIN one ON redeem.discount_id = one.id
LEFT JOIN used ON redeem.code = used.code
