-- Calls, mails, meetings, notes and tasks of HubSpot in one list, with the first person, company and deal of each.
WITH told AS (
    SELECT engagement_id, 'CALL' AS engagement_type, _fivetran_synced, coalesce(property_hs_timestamp, property_hs_createdate) AS occurred_at, CAST(NULL AS TIMESTAMP) AS ended_at, CAST(NULL AS VARCHAR) AS subject, CAST(NULL AS VARCHAR) AS body, CAST(NULL AS VARCHAR) AS outcome, CAST(NULL AS VARCHAR) AS owner_id, _fivetran_deleted AS is_deleted FROM {{domain}}.{{source}}__engagement_call
    UNION ALL
    SELECT engagement_id, 'COMMUNICATION' AS engagement_type, _fivetran_synced, coalesce(property_hs_timestamp, property_hs_createdate) AS occurred_at, CAST(NULL AS TIMESTAMP) AS ended_at, CAST(NULL AS VARCHAR) AS subject, CAST(NULL AS VARCHAR) AS body, CAST(NULL AS VARCHAR) AS outcome, CAST(NULL AS VARCHAR) AS owner_id, _fivetran_deleted AS is_deleted FROM {{domain}}.{{source}}__engagement_communication
    UNION ALL
    SELECT engagement_id, 'EMAIL' AS engagement_type, _fivetran_synced, coalesce(property_hs_timestamp, property_hs_createdate) AS occurred_at, CAST(NULL AS TIMESTAMP) AS ended_at, property_hs_email_subject AS subject, property_hs_email_text AS body, CAST(NULL AS VARCHAR) AS outcome, property_hubspot_owner_id AS owner_id, _fivetran_deleted AS is_deleted FROM {{domain}}.{{source}}__engagement_email
    UNION ALL
    SELECT engagement_id, 'MEETING' AS engagement_type, _fivetran_synced, start_time AS occurred_at, end_time AS ended_at, title AS subject, body AS body, meeting_outcome AS outcome, CAST(NULL AS VARCHAR) AS owner_id, CAST(NULL AS BOOLEAN) AS is_deleted FROM {{domain}}.{{source}}__engagement_meeting
    UNION ALL
    SELECT engagement_id, 'NOTE' AS engagement_type, _fivetran_synced, coalesce(property_hs_timestamp, property_hs_createdate) AS occurred_at, CAST(NULL AS TIMESTAMP) AS ended_at, CAST(NULL AS VARCHAR) AS subject, property_hs_note_body AS body, CAST(NULL AS VARCHAR) AS outcome, property_hubspot_owner_id AS owner_id, _fivetran_deleted AS is_deleted FROM {{domain}}.{{source}}__engagement_note
    UNION ALL
    SELECT engagement_id, 'TASK' AS engagement_type, _fivetran_synced, coalesce(property_hs_timestamp, property_hs_createdate) AS occurred_at, CAST(NULL AS TIMESTAMP) AS ended_at, CAST(NULL AS VARCHAR) AS subject, CAST(NULL AS VARCHAR) AS body, CAST(NULL AS VARCHAR) AS outcome, property_hubspot_owner_id AS owner_id, _fivetran_deleted AS is_deleted FROM {{domain}}.{{source}}__engagement_task
), detail AS (
    SELECT * FROM told
    QUALIFY row_number() OVER (PARTITION BY engagement_id ORDER BY _fivetran_synced DESC NULLS LAST, engagement_type) = 1
), base AS (
    SELECT * FROM {{domain}}.{{source}}__engagement
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), contact AS (
    SELECT engagement_id, contact_id FROM {{domain}}.{{source}}__engagement_contact
    QUALIFY row_number() OVER (PARTITION BY engagement_id ORDER BY length(contact_id), contact_id) = 1
), company AS (
    SELECT engagement_id, company_id FROM {{domain}}.{{source}}__engagement_company
    QUALIFY row_number() OVER (PARTITION BY engagement_id ORDER BY length(company_id), company_id) = 1
), deal AS (
    SELECT engagement_id, deal_id FROM {{domain}}.{{source}}__engagement_deal
    QUALIFY row_number() OVER (PARTITION BY engagement_id ORDER BY length(deal_id), deal_id) = 1
), joined AS (
    SELECT coalesce(base.id, detail.engagement_id) AS id, coalesce(detail.engagement_type, base.type) AS engagement_type, detail.occurred_at, detail.ended_at,
           detail.subject, detail.body, detail.outcome, detail.owner_id, coalesce(detail.is_deleted, false) AS is_deleted
    FROM base FULL JOIN detail ON base.id = detail.engagement_id
)
SELECT concat_ws(':', '{{source}}', joined.id) AS engagement_key, joined.id AS engagement_id, joined.engagement_type, joined.occurred_at, joined.ended_at,
       joined.subject, joined.body, joined.outcome, '{{source}}:' || contact.contact_id AS contact_key, '{{source}}:' || company.company_id AS account_key,
       '{{source}}:' || deal.deal_id AS opportunity_key, joined.owner_id, joined.is_deleted
FROM joined
LEFT JOIN contact ON joined.id = contact.engagement_id
LEFT JOIN company ON joined.id = company.engagement_id
LEFT JOIN deal ON joined.id = deal.engagement_id
