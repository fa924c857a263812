-- Which identifiers stood together in calls of the source: one row for each identifier of a set, with when the set was seen first and last.
-- The loader names a set by its content (`evidence`), so calls of one set agree in their identifiers, but for the way they are written.
WITH call AS (
    SELECT message_id, occurred_at, user_id, email, phone, device_id, advertising_id, anonymous_id, external_ids, evidence, CAST(NULL AS VARCHAR) AS previous_id FROM {{domain}}.{{source}}__track WHERE evidence IS NOT NULL
    UNION ALL
    SELECT message_id, occurred_at, user_id, email, phone, device_id, advertising_id, anonymous_id, external_ids, evidence, CAST(NULL AS VARCHAR) AS previous_id FROM {{domain}}.{{source}}__page WHERE evidence IS NOT NULL
    UNION ALL
    SELECT message_id, occurred_at, user_id, email, phone, device_id, advertising_id, anonymous_id, external_ids, evidence, CAST(NULL AS VARCHAR) AS previous_id FROM {{domain}}.{{source}}__screen WHERE evidence IS NOT NULL
    UNION ALL
    SELECT message_id, occurred_at, user_id, email, phone, device_id, advertising_id, anonymous_id, external_ids, evidence, CAST(NULL AS VARCHAR) AS previous_id FROM {{domain}}.{{source}}__identify WHERE evidence IS NOT NULL
    UNION ALL
    SELECT message_id, occurred_at, user_id, email, phone, device_id, advertising_id, anonymous_id, external_ids, evidence, CAST(NULL AS VARCHAR) AS previous_id FROM {{domain}}.{{source}}__group WHERE evidence IS NOT NULL
    UNION ALL
    SELECT message_id, occurred_at, user_id, email, phone, device_id, advertising_id, anonymous_id, external_ids, evidence, previous_id FROM {{domain}}.{{source}}__alias WHERE evidence IS NOT NULL
), told AS (
    SELECT evidence, min(occurred_at) AS first_seen, max(occurred_at) AS last_seen, arg_min(message_id, (occurred_at, message_id)) AS message_id,
           min(user_id) AS user_id, min(email) AS email, min(phone) AS phone, min(device_id) AS device_id, min(advertising_id) AS advertising_id,
           min(anonymous_id) AS anonymous_id, min(previous_id) AS previous_id, min(external_ids) AS external_ids
    FROM call GROUP BY evidence
), fixed AS (
    SELECT evidence, first_seen, last_seen, message_id,
           unnest(['user_id', 'email', 'phone', 'device_id', 'advertising_id', 'anonymous_id', 'anonymous_id']) AS kind,
           unnest([user_id, email, phone, device_id, advertising_id, anonymous_id, previous_id]) AS value
    FROM told
), further AS (
    -- Ids of other kinds: context.externalIds and merge, a list of {"type", "id"} or {"type", "value"}.
    SELECT evidence, first_seen, last_seen, message_id,
           unnest(json_extract_string(external_ids, '$[*].type')) AS kind, unnest(list_transform(json_extract(external_ids, '$[*]'), lambda one: coalesce(json_extract_string(one, '$.id'), json_extract_string(one, '$.value')))) AS value
    FROM told WHERE external_ids IS NOT NULL
)
SELECT seen.evidence, seen.kind, seen.value, min(seen.first_seen) AS first_seen, max(seen.last_seen) AS last_seen, min(seen.message_id) AS message_id,
       '{{domain}}' AS domain, '{{source}}' AS source
FROM (SELECT * FROM fixed UNION ALL SELECT * FROM further) AS seen
WHERE trim(seen.value) <> '' AND seen.kind IS NOT NULL
GROUP BY seen.evidence, seen.kind, seen.value
