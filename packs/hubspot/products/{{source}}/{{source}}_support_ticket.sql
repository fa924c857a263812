-- HubSpot tickets. The stage says whether a ticket is open; where it did not land, a closing time says closed.
WITH latest AS (
    SELECT * FROM {{domain}}.{{source}}__ticket
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), stage AS (
    -- one stage id may stand in several pipelines, so the pipeline belongs to its key
    SELECT * FROM {{domain}}.{{source}}__ticket_pipeline_stage
    QUALIFY row_number() OVER (PARTITION BY pipeline_id, stage_id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), pipeline AS (
    SELECT * FROM {{domain}}.{{source}}__ticket_pipeline
    QUALIFY row_number() OVER (PARTITION BY pipeline_id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), contact AS (
    SELECT ticket_id, contact_id FROM {{domain}}.{{source}}__ticket_contact
    QUALIFY row_number() OVER (PARTITION BY ticket_id ORDER BY length(contact_id), contact_id) = 1
), company AS (
    SELECT ticket_id, company_id FROM {{domain}}.{{source}}__ticket_company
    QUALIFY row_number() OVER (PARTITION BY ticket_id ORDER BY length(company_id), company_id) = 1
)
SELECT concat_ws(':', '{{source}}', latest.id) AS ticket_key,
       'hubspot' AS platform,
       latest.id AS ticket_id,
       latest.property_subject AS subject,
       latest.property_content AS content,
       CASE WHEN stage.is_closed OR stage.ticket_state = 'CLOSED' THEN 'closed'
            WHEN stage.stage_id IS NOT NULL THEN 'open'
            WHEN latest.property_closed_date IS NOT NULL THEN 'closed'
            ELSE 'open' END AS status,
       latest.property_hs_pipeline_stage AS native_stage_id,
       stage.label AS native_stage,
       pipeline.label AS pipeline,
       latest.property_hs_ticket_category AS category,
       latest.property_hs_ticket_priority AS priority,
       latest.property_createdate AS created_at,
       latest.property_first_agent_reply_date AS first_reply_at,
       latest.property_closed_date AS closed_at,
       '{{source}}:' || contact.contact_id AS contact_key,
       '{{source}}:' || company.company_id AS account_key,
       latest.property_hubspot_owner_id AS owner_id,
       coalesce(latest.is_deleted, false) AS is_deleted,
       '{{domain}}' AS domain,
       '{{source}}' AS source
FROM latest
LEFT JOIN stage ON latest.property_hs_pipeline = stage.pipeline_id AND latest.property_hs_pipeline_stage = stage.stage_id
LEFT JOIN pipeline ON latest.property_hs_pipeline = pipeline.pipeline_id
LEFT JOIN contact ON latest.id = contact.ticket_id
LEFT JOIN company ON latest.id = company.ticket_id
