-- Klaviyo campaigns: one-off mailings.
WITH latest AS (
    SELECT * FROM {{domain}}.{{source}}__campaign
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
)
SELECT concat_ws(':', '{{source}}', id) AS campaign_key, id AS campaign_id, name AS campaign_name, subject, campaign_type, coalesce(status_label, status) AS status,
       CAST(NULL AS BIGINT) AS recipients, created AS created_at, coalesce(sent_at, send_time) AS sent_at, coalesce(_fivetran_deleted, false) AS is_deleted
FROM latest
