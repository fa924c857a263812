-- Salesforce accounts. Revenue and employees are typed by hand there: what is no number stays empty.
WITH latest AS (
    SELECT * FROM {{domain}}.{{source}}__account
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY coalesce(_fivetran_active, true) DESC, _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
)
SELECT concat_ws(':', '{{source}}', latest.id) AS account_key,
       'salesforce' AS platform,
       latest.id AS account_id,
       latest.name AS account_name,
       latest.type AS account_type,
       latest.industry AS industry,
       latest.website AS website,
       latest.phone AS phone,
       latest.billing_street AS street,
       latest.billing_postal_code AS postal_code,
       latest.billing_city AS city,
       coalesce(latest.billing_state_code, latest.billing_state) AS region,
       coalesce(latest.billing_country_code, latest.billing_country) AS country,
       TRY_CAST(latest.annual_revenue AS DECIMAL(18,6)) AS annual_revenue,
       coalesce(latest.currency_iso_code, latest._source_currency) AS currency,
       TRY_CAST(latest.number_of_employees AS BIGINT) AS employees,
       '{{source}}:' || latest.parent_id AS parent_account_key,
       latest.account_source AS account_source,
       latest.owner_id AS owner_id,
       latest.created_date AS created_at,
       latest.last_modified_date AS updated_at,
       '{{source}}:' || latest.master_record_id AS merged_into_key,
       latest.master_record_id IS NOT NULL AS is_merged,
       coalesce(latest.is_deleted, false) OR NOT coalesce(latest._fivetran_active, true) AS is_deleted,
       '{{domain}}' AS domain,
       '{{source}}' AS source
FROM latest
