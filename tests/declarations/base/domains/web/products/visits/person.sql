SELECT evidence, 'anonymous_id' AS kind, anonymous_id AS value, min(occurred_at) AS first_seen, max(occurred_at) AS last_seen, 'web.site' AS source, min(message_id) AS message_id
FROM web.site__page WHERE evidence IS NOT NULL GROUP BY evidence, anonymous_id
