-- Salesforce orders in the shape of the shared customer order. The customer of an order is the account; Salesforce splits neither discount
-- nor tax nor shipping from the total, and knows no refunds beyond reduction orders, whose totals are negative.
WITH latest AS (
    SELECT * FROM {{domain}}.{{source}}__order
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY coalesce(_fivetran_active, true) DESC, _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
)
SELECT concat_ws(':', '{{source}}', latest.id) AS order_key,
       'salesforce' AS platform,
       CAST(NULL AS VARCHAR) AS account_id,
       latest.id AS order_id,
       latest.order_number AS order_number,
       '{{source}}:' || latest.account_id AS customer_key,
       latest.account_id AS customer_id,
       coalesce(latest.effective_date, latest.activated_date, latest.created_date) AS ordered_at,
       latest.last_modified_date AS updated_at,
       CAST(NULL AS TIMESTAMP) AS cancelled_at,
       CASE WHEN coalesce(latest.is_deleted, false) OR NOT coalesce(latest._fivetran_active, true) OR latest.status IN ('Cancelled', 'Canceled') THEN 'cancelled' WHEN coalesce(latest.status_code, latest.status) = 'Draft' THEN 'draft'
            WHEN coalesce(latest.status_code, latest.status) = 'Activated' THEN 'pending' END AS status,
       latest.status AS native_status,
       CAST(NULL AS VARCHAR) AS fulfillment_status,
       false AS is_test,
       coalesce(latest.is_deleted, false) OR NOT coalesce(latest._fivetran_active, true) OR coalesce(latest.status IN ('Cancelled', 'Canceled'), false) AS is_cancelled,
       CAST(NULL AS BIGINT) AS items,
       CAST(NULL AS DECIMAL(18,6)) AS gross_amount,
       CAST(NULL AS DECIMAL(18,6)) AS discount_amount,
       CAST(NULL AS DECIMAL(18,6)) AS shipping_amount,
       CAST(NULL AS DECIMAL(18,6)) AS tax_amount,
       latest.total_amount AS total_amount,
       CAST(NULL AS DECIMAL(18,6)) AS refund_amount,
       CASE WHEN coalesce(latest.is_deleted, false) OR NOT coalesce(latest._fivetran_active, true) OR coalesce(latest.status IN ('Cancelled', 'Canceled'), false) OR coalesce(latest.status_code, latest.status) = 'Draft'
            THEN CAST(0 AS DECIMAL(18,6)) ELSE coalesce(latest.total_amount, 0) END AS net_revenue,
       coalesce(latest.currency_iso_code, latest._source_currency) AS currency,
       CAST(NULL AS VARCHAR) AS sales_channel,
       CAST(NULL AS VARCHAR) AS discount_codes,
       coalesce(latest.shipping_country_code, latest.shipping_country, latest.billing_country_code, latest.billing_country) AS country,
       CAST(NULL AS VARCHAR) AS referrer_host,
       CAST(NULL AS VARCHAR) AS utm_source,
       CAST(NULL AS VARCHAR) AS utm_medium,
       CAST(NULL AS VARCHAR) AS utm_campaign,
       CAST(NULL AS VARCHAR) AS contact_key,
       CAST(NULL AS VARCHAR) AS email,
       CAST(NULL AS VARCHAR) AS phone,
       '{{domain}}' AS domain,
       '{{source}}' AS source
FROM latest
