-- Shopify customers in the shape of the shared contact. Guests have no customer and are not here.
WITH customer AS (
    SELECT * FROM {{domain}}.{{source}}__customer
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY updated_at DESC NULLS LAST, _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
)
SELECT concat('{{source}}:', customer.id) AS contact_key,
       'shopify' AS platform,
       customer.id AS contact_id,
       'customer' AS contact_type,
       customer.email AS email,
       customer.phone AS phone,
       customer.first_name AS first_name,
       customer.last_name AS last_name,
       nullif(concat_ws(' ', customer.first_name, customer.last_name), '') AS full_name,
       CAST(NULL AS VARCHAR) AS job_title,
       CAST(NULL AS VARCHAR) AS company_name,
       CAST(NULL AS VARCHAR) AS account_key,
       CAST(NULL AS VARCHAR) AS street,
       CAST(NULL AS VARCHAR) AS postal_code,
       CAST(NULL AS VARCHAR) AS city,
       CAST(NULL AS VARCHAR) AS region,
       customer.default_address_country_code AS country,
       CASE WHEN customer.orders_count > 0 THEN 'customer' END AS lifecycle_stage,
       CAST(NULL AS VARCHAR) AS lead_source,
       CAST(NULL AS VARCHAR) AS owner_id,
       CASE WHEN customer.email_marketing_consent_state IS NOT NULL THEN lower(customer.email_marketing_consent_state) <> 'subscribed' WHEN customer.accepts_marketing IS NOT NULL THEN NOT customer.accepts_marketing END AS email_opted_out,
       customer.created_at AS created_at,
       customer.updated_at AS updated_at,
       CAST(NULL AS VARCHAR) AS merged_into_key,
       false AS is_merged,
       coalesce(customer._fivetran_deleted, false) AS is_deleted,
       '{{domain}}' AS domain,
       '{{source}}' AS source
FROM customer
