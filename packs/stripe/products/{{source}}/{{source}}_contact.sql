-- Stripe customers in the shape of the shared contact; a customer of Stripe may be a company, the name says which.
WITH customer AS (
    SELECT * FROM {{domain}}.{{source}}__customer
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
)
SELECT concat('{{source}}:', customer.id) AS contact_key,
       'stripe' AS platform,
       customer.id AS contact_id,
       'customer' AS contact_type,
       customer.email AS email,
       coalesce(customer.phone, customer.shipping_phone) AS phone,
       CAST(NULL AS VARCHAR) AS first_name,
       CAST(NULL AS VARCHAR) AS last_name,
       coalesce(customer.name, customer.shipping_name) AS full_name,
       CAST(NULL AS VARCHAR) AS job_title,
       CAST(NULL AS VARCHAR) AS company_name,
       CAST(NULL AS VARCHAR) AS account_key,
       coalesce(customer.address_line_1, customer.shipping_address_line_1) AS street,
       coalesce(customer.address_postal_code, customer.shipping_address_postal_code) AS postal_code,
       coalesce(customer.address_city, customer.shipping_address_city) AS city,
       coalesce(customer.address_state, customer.shipping_address_state) AS region,
       coalesce(customer.address_country, customer.shipping_address_country) AS country,
       'customer' AS lifecycle_stage,
       CAST(NULL AS VARCHAR) AS lead_source,
       CAST(NULL AS VARCHAR) AS owner_id,
       CAST(NULL AS BOOLEAN) AS email_opted_out,
       customer.created AS created_at,
       CAST(NULL AS TIMESTAMP) AS updated_at,
       CAST(NULL AS VARCHAR) AS merged_into_key,
       false AS is_merged,
       coalesce(customer.is_deleted, false) AS is_deleted,
       '{{domain}}' AS domain,
       '{{source}}' AS source
FROM customer
