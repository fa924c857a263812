-- Who is, or was, on which HubSpot list.
WITH latest AS (
    SELECT * FROM {{domain}}.{{source}}__contact_list_member
    QUALIFY row_number() OVER (PARTITION BY contact_list_id, contact_id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
)
SELECT concat_ws(':', '{{source}}', contact_list_id, contact_id) AS member_key, concat_ws(':', '{{source}}', contact_list_id) AS list_key,
       concat_ws(':', '{{source}}', contact_id) AS contact_key, added_at, coalesce(_fivetran_deleted, false) AS is_deleted
FROM latest WHERE contact_list_id IS NOT NULL AND contact_id IS NOT NULL
