-- Klaviyo flows: automated sequences.
WITH latest AS (
    SELECT * FROM {{domain}}.{{source}}__flow
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
)
SELECT concat_ws(':', '{{source}}', id) AS flow_key, id AS flow_id, name AS flow_name, status, trigger_type, archived AS is_archived, created AS created_at,
       updated AS updated_at, coalesce(_fivetran_deleted, false) AS is_deleted
FROM latest
