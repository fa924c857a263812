-- HubSpot e-mail events with their details. What landed only as a detail (without its event) counts with its kind; time, campaign and
-- recipient are known to the event alone and stay empty. The person is found by the address.
WITH told AS (
    SELECT id, _fivetran_synced, 'BOUNCE' AS native_type, CAST(NULL AS VARCHAR) AS clicked_url, category AS reason, CAST(NULL AS VARCHAR) AS ip_address, CAST(NULL AS VARCHAR) AS user_agent, CAST(NULL AS VARCHAR) AS subject FROM {{domain}}.{{source}}__email_event_bounce
    UNION ALL
    SELECT id, _fivetran_synced, 'CLICK' AS native_type, url AS clicked_url, CAST(NULL AS VARCHAR) AS reason, ip_address AS ip_address, user_agent AS user_agent, CAST(NULL AS VARCHAR) AS subject FROM {{domain}}.{{source}}__email_event_click
    UNION ALL
    SELECT id, _fivetran_synced, 'DEFERRED' AS native_type, CAST(NULL AS VARCHAR) AS clicked_url, CAST(NULL AS VARCHAR) AS reason, CAST(NULL AS VARCHAR) AS ip_address, CAST(NULL AS VARCHAR) AS user_agent, CAST(NULL AS VARCHAR) AS subject FROM {{domain}}.{{source}}__email_event_deferred
    UNION ALL
    SELECT id, _fivetran_synced, 'DELIVERED' AS native_type, CAST(NULL AS VARCHAR) AS clicked_url, CAST(NULL AS VARCHAR) AS reason, CAST(NULL AS VARCHAR) AS ip_address, CAST(NULL AS VARCHAR) AS user_agent, CAST(NULL AS VARCHAR) AS subject FROM {{domain}}.{{source}}__email_event_delivered
    UNION ALL
    SELECT id, _fivetran_synced, 'DROPPED' AS native_type, CAST(NULL AS VARCHAR) AS clicked_url, drop_reason AS reason, CAST(NULL AS VARCHAR) AS ip_address, CAST(NULL AS VARCHAR) AS user_agent, subject AS subject FROM {{domain}}.{{source}}__email_event_dropped
    UNION ALL
    SELECT id, _fivetran_synced, 'FORWARD' AS native_type, CAST(NULL AS VARCHAR) AS clicked_url, CAST(NULL AS VARCHAR) AS reason, ip_address AS ip_address, user_agent AS user_agent, CAST(NULL AS VARCHAR) AS subject FROM {{domain}}.{{source}}__email_event_forward
    UNION ALL
    SELECT id, _fivetran_synced, 'OPEN' AS native_type, CAST(NULL AS VARCHAR) AS clicked_url, CAST(NULL AS VARCHAR) AS reason, ip_address AS ip_address, user_agent AS user_agent, CAST(NULL AS VARCHAR) AS subject FROM {{domain}}.{{source}}__email_event_open
    UNION ALL
    SELECT id, _fivetran_synced, 'PRINT' AS native_type, CAST(NULL AS VARCHAR) AS clicked_url, CAST(NULL AS VARCHAR) AS reason, ip_address AS ip_address, user_agent AS user_agent, CAST(NULL AS VARCHAR) AS subject FROM {{domain}}.{{source}}__email_event_print
    UNION ALL
    SELECT id, _fivetran_synced, 'SENT' AS native_type, CAST(NULL AS VARCHAR) AS clicked_url, CAST(NULL AS VARCHAR) AS reason, CAST(NULL AS VARCHAR) AS ip_address, CAST(NULL AS VARCHAR) AS user_agent, subject AS subject FROM {{domain}}.{{source}}__email_event_sent
    UNION ALL
    SELECT id, _fivetran_synced, 'SPAMREPORT' AS native_type, CAST(NULL AS VARCHAR) AS clicked_url, CAST(NULL AS VARCHAR) AS reason, ip_address AS ip_address, user_agent AS user_agent, CAST(NULL AS VARCHAR) AS subject FROM {{domain}}.{{source}}__email_event_spam_report
    UNION ALL
    SELECT id, _fivetran_synced, 'STATUSCHANGE' AS native_type, CAST(NULL AS VARCHAR) AS clicked_url, portal_subscription_status AS reason, CAST(NULL AS VARCHAR) AS ip_address, CAST(NULL AS VARCHAR) AS user_agent, CAST(NULL AS VARCHAR) AS subject FROM {{domain}}.{{source}}__email_event_status_change
), detail AS (
    SELECT * FROM told
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, native_type) = 1
), event AS (
    SELECT * FROM {{domain}}.{{source}}__email_event
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), campaign AS (
    SELECT * FROM {{domain}}.{{source}}__email_campaign
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), person AS (
    SELECT contact_id, lower(trim(email)) AS address FROM {{domain}}.{{source}}_contact
    WHERE email IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY lower(trim(email)) ORDER BY is_merged, is_deleted, length(contact_id), contact_id) = 1
), joined AS (
    SELECT coalesce(event.id, detail.id) AS id,
           coalesce(event.type, detail.native_type) AS native_type,
           event.created AS occurred_at,
           event.email_campaign_id AS campaign_id,
           event.recipient AS recipient,
           event.sent_by_id AS sent_by_id,
           event.filtered_event AS is_filtered,
           detail.clicked_url, detail.reason, detail.ip_address, detail.user_agent, detail.subject
    FROM event FULL JOIN detail ON event.id = detail.id
)
SELECT concat_ws(':', '{{source}}', joined.id) AS engagement_key,
       'hubspot' AS platform,
       joined.id AS event_id,
       CASE joined.native_type WHEN 'SENT' THEN 'sent' WHEN 'DELIVERED' THEN 'delivered' WHEN 'OPEN' THEN 'open' WHEN 'CLICK' THEN 'click'
            WHEN 'BOUNCE' THEN 'bounce' WHEN 'DROPPED' THEN 'dropped' WHEN 'SPAMREPORT' THEN 'spam' WHEN 'UNSUBSCRIBED' THEN 'unsubscribe'
            WHEN 'STATUSCHANGE' THEN CASE WHEN joined.reason = 'UNSUBSCRIBED' THEN 'unsubscribe' ELSE 'other' END
            ELSE 'other' END AS event_type,
       joined.native_type AS native_type,
       'email' AS channel,
       joined.occurred_at AS occurred_at,
       '{{source}}:' || person.contact_id AS contact_key,
       joined.recipient AS recipient,
       -- As shared.email_engagement names the set.
       CASE WHEN coalesce(person.contact_id, joined.recipient) IS NOT NULL
            THEN mesh_hash63('message:' || concat_ws('|', '{{source}}:' || person.contact_id, lower(trim(joined.recipient)))) END AS evidence,
       joined.campaign_id AS campaign_id,
       campaign.name AS campaign_name,
       CAST(NULL AS VARCHAR) AS flow_id,
       CAST(NULL AS VARCHAR) AS flow_name,
       coalesce(joined.sent_by_id, CASE WHEN joined.native_type = 'SENT' THEN joined.id END) AS message_id,
       coalesce(joined.subject, campaign.subject) AS subject,
       joined.clicked_url AS clicked_url,
       joined.reason AS reason,
       joined.ip_address AS ip_address,
       joined.user_agent AS user_agent,
       joined.is_filtered AS is_filtered,
       '{{domain}}' AS domain,
       '{{source}}' AS source
FROM joined
LEFT JOIN campaign ON joined.campaign_id = campaign.id
LEFT JOIN person ON lower(trim(joined.recipient)) = person.address
