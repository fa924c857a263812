-- HubSpot e-mail campaigns: one row per mailing or automated e-mail.
WITH latest AS (
    SELECT * FROM {{domain}}.{{source}}__email_campaign
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
)
SELECT concat_ws(':', '{{source}}', id) AS campaign_key, id AS campaign_id, name AS campaign_name, subject, type AS campaign_type, sub_type AS status,
       TRY_CAST(num_included AS BIGINT) AS recipients, CAST(NULL AS TIMESTAMP) AS created_at, CAST(NULL AS TIMESTAMP) AS sent_at, false AS is_deleted
FROM latest
