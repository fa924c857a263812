-- Klaviyo profiles.
WITH latest AS (
    SELECT * FROM {{domain}}.{{source}}__person
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
)
SELECT concat_ws(':', '{{source}}', latest.id) AS contact_key,
       'klaviyo' AS platform,
       latest.id AS contact_id,
       'subscriber' AS contact_type,
       latest.email AS email,
       latest.phone_number AS phone,
       latest.first_name AS first_name,
       latest.last_name AS last_name,
       nullif(concat_ws(' ', latest.first_name, latest.last_name), '') AS full_name,
       latest.title AS job_title,
       latest.organization AS company_name,
       CAST(NULL AS VARCHAR) AS account_key,
       nullif(concat_ws(', ', latest.address_1, latest.address_2), '') AS street,
       latest.zip AS postal_code,
       latest.city AS city,
       latest.region AS region,
       latest.country AS country,
       CAST(NULL AS VARCHAR) AS lifecycle_stage,
       coalesce(latest.custom_source, latest.custom_consent_method) AS lead_source,
       CAST(NULL AS VARCHAR) AS owner_id,
       CAST(NULL AS BOOLEAN) AS email_opted_out,
       latest.created AS created_at,
       latest.updated AS updated_at,
       CAST(NULL AS VARCHAR) AS merged_into_key,
       false AS is_merged,
       coalesce(latest._fivetran_deleted, false) AS is_deleted,
       '{{domain}}' AS domain,
       '{{source}}' AS source
FROM latest
