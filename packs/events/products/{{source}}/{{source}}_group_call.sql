-- Who belongs to which company or team: group calls, as they were told.
SELECT concat('{{source}}:', message_id) AS group_key,
       group_id, evidence, occurred_at, traits, message_id,
       '{{domain}}' AS domain, '{{source}}' AS source
FROM {{domain}}.{{source}}__group
WHERE group_id IS NOT NULL
