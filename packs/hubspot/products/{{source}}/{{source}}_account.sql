-- HubSpot companies. Revenue and employees are typed by hand there: what is no number stays empty.
WITH latest AS (
    SELECT * FROM {{domain}}.{{source}}__company
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), merge AS (
    SELECT merged, survivor
    FROM (SELECT id AS survivor, trim(unnest(string_split(property_hs_merged_object_ids, ';'))) AS merged FROM latest WHERE property_hs_merged_object_ids IS NOT NULL)
    WHERE merged <> '' AND merged <> survivor
    QUALIFY row_number() OVER (PARTITION BY merged ORDER BY survivor) = 1
)
SELECT concat_ws(':', '{{source}}', latest.id) AS account_key,
       'hubspot' AS platform,
       latest.id AS account_id,
       latest.property_name AS account_name,
       latest.property_type AS account_type,
       latest.property_industry AS industry,
       coalesce(latest.property_website, latest.property_domain) AS website,
       latest.property_phone AS phone,
       nullif(concat_ws(', ', latest.property_address, latest.property_address_2), '') AS street,
       latest.property_zip AS postal_code,
       latest.property_city AS city,
       latest.property_state AS region,
       latest.property_country AS country,
       TRY_CAST(latest.property_annualrevenue AS DECIMAL(18,6)) AS annual_revenue,
       coalesce(latest.property_hs_annual_revenue_currency_code, latest._source_currency) AS currency,
       TRY_CAST(latest.property_numberofemployees AS BIGINT) AS employees,
       '{{source}}:' || latest.property_hs_parent_company_id AS parent_account_key,
       latest.property_hs_analytics_source AS account_source,
       latest.property_hubspot_owner_id AS owner_id,
       latest.property_createdate AS created_at,
       latest.property_hs_lastmodifieddate AS updated_at,
       '{{source}}:' || merge.survivor AS merged_into_key,
       merge.survivor IS NOT NULL AS is_merged,
       coalesce(latest.is_deleted, false) AS is_deleted,
       '{{domain}}' AS domain,
       '{{source}}' AS source
FROM latest
LEFT JOIN merge ON latest.id = merge.merged
