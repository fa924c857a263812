-- Salesforce contacts and leads. A converted lead stays and says which contact took it over; so does a contact that was merged.
-- A record without an active version (history mode of the sync) counts as deleted.
WITH latest AS (
    SELECT * FROM {{domain}}.{{source}}__contact
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY coalesce(_fivetran_active, true) DESC, _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), lead AS (
    SELECT * FROM {{domain}}.{{source}}__lead
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY coalesce(_fivetran_active, true) DESC, _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), account AS (
    SELECT * FROM {{domain}}.{{source}}__account
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY coalesce(_fivetran_active, true) DESC, _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
)
SELECT concat_ws(':', '{{source}}', latest.id) AS contact_key,
       'salesforce' AS platform,
       latest.id AS contact_id,
       'contact' AS contact_type,
       latest.email AS email,
       coalesce(latest.mobile_phone, latest.phone) AS phone,
       latest.first_name AS first_name,
       latest.last_name AS last_name,
       coalesce(latest.name, nullif(concat_ws(' ', latest.first_name, latest.last_name), '')) AS full_name,
       latest.title AS job_title,
       account.name AS company_name,
       '{{source}}:' || latest.account_id AS account_key,
       latest.mailing_street AS street,
       latest.mailing_postal_code AS postal_code,
       latest.mailing_city AS city,
       coalesce(latest.mailing_state_code, latest.mailing_state) AS region,
       coalesce(latest.mailing_country_code, latest.mailing_country) AS country,
       CAST(NULL AS VARCHAR) AS lifecycle_stage,
       latest.lead_source AS lead_source,
       latest.owner_id AS owner_id,
       latest.has_opted_out_of_email AS email_opted_out,
       latest.created_date AS created_at,
       latest.last_modified_date AS updated_at,
       '{{source}}:' || latest.master_record_id AS merged_into_key,
       latest.master_record_id IS NOT NULL AS is_merged,
       coalesce(latest.is_deleted, false) OR NOT coalesce(latest._fivetran_active, true) AS is_deleted,
       '{{domain}}' AS domain,
       '{{source}}' AS source
FROM latest LEFT JOIN account ON latest.account_id = account.id
UNION ALL
SELECT concat_ws(':', '{{source}}', lead.id),
       'salesforce',
       lead.id,
       'lead',
       lead.email,
       coalesce(lead.mobile_phone, lead.phone),
       lead.first_name,
       lead.last_name,
       coalesce(lead.name, nullif(concat_ws(' ', lead.first_name, lead.last_name), '')),
       lead.title,
       lead.company,
       '{{source}}:' || lead.converted_account_id,
       lead.street,
       lead.postal_code,
       lead.city,
       coalesce(lead.state_code, lead.state),
       coalesce(lead.country_code, lead.country),
       lead.status,
       lead.lead_source,
       lead.owner_id,
       lead.has_opted_out_of_email,
       lead.created_date,
       lead.last_modified_date,
       '{{source}}:' || coalesce(lead.converted_contact_id, lead.master_record_id),
       coalesce(lead.converted_contact_id, lead.master_record_id) IS NOT NULL,
       coalesce(lead.is_deleted, false) OR NOT coalesce(lead._fivetran_active, true),
       '{{domain}}',
       '{{source}}'
FROM lead
