-- HubSpot forms that people sent, with the name of the form.
WITH latest AS (
    SELECT * FROM {{domain}}.{{source}}__contact_form_submission
    QUALIFY row_number() OVER (PARTITION BY conversion_id, form_id, contact_id, "timestamp" ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), form AS (
    SELECT * FROM {{domain}}.{{source}}__form
    QUALIFY row_number() OVER (PARTITION BY guid ORDER BY updated_at DESC NULLS LAST, _learned_from DESC) = 1
)
SELECT concat_ws(':', '{{source}}', latest.conversion_id, latest.form_id, latest.contact_id, epoch_ms(latest."timestamp")) AS submission_key,
       latest.form_id AS form_id, form.name AS form_name, form.form_type AS form_type, '{{source}}:' || latest.contact_id AS contact_key,
       latest."timestamp" AS submitted_at, latest.page_url AS page_url, latest.title AS page_title
FROM latest LEFT JOIN form ON latest.form_id = form.guid
