-- Parcels sent, with what the carrier said last.
WITH parcel AS (
    SELECT * FROM {{domain}}.{{source}}__fulfillment
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY updated_at DESC NULLS LAST, _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), told AS (
    SELECT fulfillment_id, max_by(status, happened_at) AS carrier_status, max(happened_at) AS carrier_status_at,
           min(happened_at) FILTER (WHERE status = 'delivered') AS delivered_at
    FROM {{domain}}.{{source}}__fulfillment_event
    WHERE coalesce(lower(_fivetran_deleted), 'false') <> 'true'
    GROUP BY fulfillment_id
)
SELECT concat('{{source}}:', parcel.id) AS fulfillment_key,
       concat('{{source}}:', parcel.order_id) AS order_key,
       parcel.id AS fulfillment_id,
       parcel.order_id AS order_id,
       parcel.status AS status,
       parcel.service AS service,
       parcel.tracking_company AS carrier,
       parcel.created_at AS created_at,
       parcel.updated_at AS updated_at,
       told.carrier_status AS carrier_status,
       told.carrier_status_at AS carrier_status_at,
       told.delivered_at AS delivered_at
FROM parcel
LEFT JOIN told ON parcel.id = told.fulfillment_id
