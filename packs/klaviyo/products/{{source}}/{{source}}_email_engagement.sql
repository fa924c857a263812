-- What people did with Klaviyo's messages. An event that landed in both layouts (property_… and property…) counts once; events that are no
-- message (orders, visits) are in {{source}}_event.
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
), person AS (
    SELECT * FROM {{domain}}.{{source}}__person
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), campaign AS (
    SELECT * FROM {{domain}}.{{source}}__campaign
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), flow AS (
    SELECT * FROM {{domain}}.{{source}}__flow
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), named AS (
    SELECT latest.*, coalesce(latest.type, metric.name) AS native_type
    FROM latest LEFT JOIN metric ON latest.metric_id = metric.id
    WHERE NOT coalesce(latest._fivetran_deleted, false)
), word AS (
    SELECT * FROM (VALUES
        ('Sent Email', 'sent', 'email'), ('Received Email', 'delivered', 'email'), ('Opened Email', 'open', 'email'), ('Clicked Email', 'click', 'email'),
        ('Bounced Email', 'bounce', 'email'), ('Dropped Email', 'dropped', 'email'), ('Marked Email as Spam', 'spam', 'email'),
        ('Unsubscribed', 'unsubscribe', 'email'), ('Unsubscribed from Email Marketing', 'unsubscribe', 'email'), ('Unsubscribed from List', 'unsubscribe', 'email'),
        ('Sent SMS', 'sent', 'sms'), ('Received SMS', 'delivered', 'sms'), ('Clicked SMS', 'click', 'sms'), ('Failed to Deliver SMS', 'bounce', 'sms'),
        ('Unsubscribed from SMS Marketing', 'unsubscribe', 'sms'), ('Unsubscribed from SMS', 'unsubscribe', 'sms'),
        ('Received Push', 'delivered', 'push'), ('Opened Push', 'open', 'push'), ('Bounced Push', 'bounce', 'push')
    ) AS t(native_type, event_type, channel)
)
SELECT concat_ws(':', '{{source}}', named.id) AS engagement_key,
       'klaviyo' AS platform,
       named.id AS event_id,
       word.event_type AS event_type,
       named.native_type AS native_type,
       word.channel AS channel,
       coalesce(named.datetime, named."timestamp") AS occurred_at,
       '{{source}}:' || named.person_id AS contact_key,
       coalesce(named.property_email, person.email) AS recipient,
       -- As shared.email_engagement names the set.
       CASE WHEN coalesce(named.person_id, named.property_email, person.email) IS NOT NULL
            THEN mesh_hash63('message:' || concat_ws('|', '{{source}}:' || named.person_id, lower(trim(coalesce(named.property_email, person.email))))) END AS evidence,
       named.campaign_id AS campaign_id,
       campaign.name AS campaign_name,
       named.flow_id AS flow_id,
       flow.name AS flow_name,
       named.flow_message_id AS message_id,
       coalesce(named.property_subject, campaign.subject) AS subject,
       named.property_url AS clicked_url,
       coalesce(named.property_bounce_type, named.property_failure_type) AS reason,
       CAST(NULL AS VARCHAR) AS ip_address,
       named.property_client_name AS user_agent,
       CAST(NULL AS BOOLEAN) AS is_filtered,
       '{{domain}}' AS domain,
       '{{source}}' AS source
FROM named
JOIN word ON named.native_type = word.native_type
LEFT JOIN person ON named.person_id = person.id
LEFT JOIN campaign ON named.campaign_id = campaign.id
LEFT JOIN flow ON named.flow_id = flow.id
