-- HubSpot contacts. A contact that was merged into another stays and says into which: from the list that the surviving contact keeps and from
-- the audit of merges. An old id that only those know comes as a row without a name, so that what refers to it still finds its person.
WITH latest AS (
    SELECT * FROM {{domain}}.{{source}}__contact
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), company AS (
    SELECT id, max_by(property_name, _fivetran_synced) AS company_name FROM {{domain}}.{{source}}__company GROUP BY id
), told AS (
    SELECT id AS survivor, trim(unnest(string_split(property_hs_merged_object_ids, ';'))) AS merged, _fivetran_synced AS told_at
    FROM latest WHERE property_hs_merged_object_ids IS NOT NULL
    UNION ALL
    SELECT coalesce(canonical_vid, contact_id), vid_to_merge, "timestamp" FROM {{domain}}.{{source}}__contact_merge_audit
), merge AS (
    SELECT merged, survivor FROM told
    WHERE merged <> '' AND survivor IS NOT NULL AND merged <> survivor
    QUALIFY row_number() OVER (PARTITION BY merged ORDER BY told_at DESC NULLS LAST, survivor) = 1
)
SELECT concat_ws(':', '{{source}}', coalesce(latest.id, merge.merged)) AS contact_key,
       'hubspot' AS platform,
       coalesce(latest.id, merge.merged) AS contact_id,
       'contact' AS contact_type,
       latest.property_email AS email,
       coalesce(latest.property_mobilephone, latest.property_phone) AS phone,
       latest.property_firstname AS first_name,
       latest.property_lastname AS last_name,
       nullif(concat_ws(' ', latest.property_firstname, latest.property_lastname), '') AS full_name,
       latest.property_jobtitle AS job_title,
       coalesce(latest.property_company, company.company_name) AS company_name,
       '{{source}}:' || latest.property_associatedcompanyid AS account_key,
       latest.property_address AS street,
       latest.property_zip AS postal_code,
       latest.property_city AS city,
       latest.property_state AS region,
       latest.property_country AS country,
       latest.property_lifecyclestage AS lifecycle_stage,
       latest.property_hs_analytics_source AS lead_source,
       latest.property_hubspot_owner_id AS owner_id,
       latest.property_hs_email_optout AS email_opted_out,
       coalesce(latest.property_createdate, latest.property_created_at) AS created_at,
       latest.property_lastmodifieddate AS updated_at,
       '{{source}}:' || merge.survivor AS merged_into_key,
       merge.survivor IS NOT NULL AS is_merged,
       coalesce(latest._fivetran_deleted, false) AS is_deleted,
       '{{domain}}' AS domain,
       '{{source}}' AS source
FROM latest
FULL JOIN merge ON latest.id = merge.merged
LEFT JOIN company ON latest.property_associatedcompanyid = company.id
