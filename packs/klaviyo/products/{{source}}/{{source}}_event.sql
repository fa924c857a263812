-- Klaviyo events of every kind. An event that landed in both layouts (property_… and property…) counts once.
WITH landed AS (
    SELECT id, person_id, campaign_id, flow_id, flow_message_id, datetime, "timestamp", _fivetran_deleted, metric_id, type, _fivetran_synced, _learned_from, _source_currency, property_value, property_currency_code, property_subject, property_url, property_bounce_type, property_failure_type, property_client_name, property_email, 1 AS layout
    FROM {{domain}}.{{source}}__event
    UNION ALL
    SELECT id, person_id, campaign_id, flow_id, flow_message_id, datetime, "timestamp", _fivetran_deleted, metric_id, type, _fivetran_synced, _learned_from, _source_currency, propertyvalue AS property_value, propertycurrencycode AS property_currency_code, propertysubject AS property_subject, propertyurl AS property_url, propertybouncetype AS property_bounce_type, propertyfailuretype AS property_failure_type, propertyclientname AS property_client_name, propertyemail AS property_email, 2
    FROM {{domain}}.{{source}}__event_norename
), latest AS (
    SELECT * FROM landed
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY layout, _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), metric AS (
    SELECT * FROM {{domain}}.{{source}}__metric
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
)
SELECT concat_ws(':', '{{source}}', latest.id) AS event_key, latest.id AS event_id, coalesce(latest.type, metric.name) AS event_type, coalesce(latest.datetime, latest."timestamp") AS occurred_at,
       '{{source}}:' || latest.person_id AS contact_key, latest.campaign_id AS campaign_id, latest.flow_id AS flow_id, latest.metric_id AS metric_id,
       TRY_CAST(latest.property_value AS DECIMAL(18,6)) AS value_amount, coalesce(latest.property_currency_code, latest._source_currency) AS currency,
       coalesce(latest._fivetran_deleted, false) AS is_deleted
FROM latest LEFT JOIN metric ON latest.metric_id = metric.id
