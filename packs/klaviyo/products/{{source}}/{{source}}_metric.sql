-- Klaviyo metrics: kinds of events and which program sends them.
WITH latest AS (
    SELECT * FROM {{domain}}.{{source}}__metric
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
)
SELECT concat_ws(':', '{{source}}', id) AS metric_key, id AS metric_id, name AS metric_name, integration_name, integration_category, coalesce(_fivetran_deleted, false) AS is_deleted
FROM latest
