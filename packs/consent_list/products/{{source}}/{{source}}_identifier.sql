-- Who the rows of the list speak of.
WITH told AS (
    SELECT mesh_hash63('list:' || concat_ws('|', 'email=' || lower(trim(email)), 'user_id=' || trim(user_id), 'phone=' || trim(phone), 'contact=' || trim(contact_key))) AS evidence, occurred_at,
           unnest(['email', 'user_id', 'phone', 'contact']) AS kind, unnest([email, user_id, phone, contact_key]) AS value
    FROM {{domain}}.{{source}}__consent_list
    WHERE trim(concat(email, user_id, phone, contact_key)) <> ''
)
SELECT evidence, kind, min(trim(value)) AS value, min(occurred_at) AS first_seen, max(occurred_at) AS last_seen,
       concat('{{source}}:', evidence) AS message_id, '{{domain}}' AS domain, '{{source}}' AS source
FROM told WHERE trim(value) <> ''
GROUP BY evidence, kind, lower(trim(value))
