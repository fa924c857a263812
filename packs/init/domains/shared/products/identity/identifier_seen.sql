-- Which identifiers stood together: the sets that events gave, and those of landed records (a record, its mail address, its phone).
-- Rows of one `evidence` are one set. What these sets make of people is the matter of shared.identity.
WITH told AS (
    SELECT evidence, kind, value, first_seen, last_seen, domain || '.' || source AS source, message_id
    FROM (
        -- trellis:sources begin identifier
        -- trellis:sources end
    )
    UNION ALL
    -- Records of CRM, mail and shop. A record that was merged names the one that took it over; of a deleted one nothing but its key counts.
    SELECT evidence, unnest(['contact', 'contact', 'email', 'phone']),
           unnest([contact_key, merged_into_key, CASE WHEN NOT is_deleted THEN email END, CASE WHEN NOT is_deleted THEN phone END]),
           coalesce(created_at, updated_at, TIMESTAMP '1970-01-01'), coalesce(updated_at, created_at, TIMESTAMP '1970-01-01'), domain || '.' || source, contact_key
    FROM shared.contact
    UNION ALL
    -- Records of files from outside.
    SELECT evidence, unnest(['contact', 'email', 'phone']), unnest([contact_key, email, phone]), coalesce(created_at, updated_at, TIMESTAMP '1970-01-01'),
           coalesce(updated_at, created_at, TIMESTAMP '1970-01-01'), domain || '.' || source, contact_key
    FROM shared.person_record WHERE NOT is_contact
    UNION ALL
    -- Orders: of a guest, the mail address says who it was. A test order links nobody, and tells by one identifier alone whose row it is.
    SELECT evidence, unnest(['contact', 'email', 'phone']),
           unnest([contact_key, CASE WHEN NOT is_test OR contact_key IS NULL THEN email END, CASE WHEN NOT is_test OR coalesce(contact_key, email) IS NULL THEN phone END]),
           ordered_at, ordered_at, domain || '.' || source, order_key
    FROM shared.customer_order
    UNION ALL
    SELECT evidence, unnest(['contact', 'email']), unnest([contact_key, CASE WHEN contains(recipient, '@') THEN recipient END]),
           coalesce(occurred_at, TIMESTAMP '1970-01-01'), coalesce(occurred_at, TIMESTAMP '1970-01-01'), domain || '.' || source, engagement_key
    FROM shared.email_engagement
    UNION ALL
    SELECT evidence, 'contact', contact_key, coalesce(created_at, TIMESTAMP '1970-01-01'), coalesce(created_at, TIMESTAMP '1970-01-01'), domain || '.' || source, ticket_key
    FROM shared.support_ticket WHERE NOT is_deleted
    UNION ALL
    -- What people said about consent at the desk, by the identifier that they said it with.
    SELECT evidence, kind, value, occurred_at, recorded_at, 'desk', statement_id FROM mesh_consent_said()
    UNION ALL
    -- Events of analytics tools that landed as files; those of event sources came with the first part.
    SELECT evidence, unnest(['user_id', 'anonymous_id']), unnest([user_id, anonymous_id]), occurred_at, occurred_at, domain || '.' || source, event_id
    FROM shared.web_event WHERE platform <> 'events'
)
SELECT evidence, kind, value,
       min(first_seen) AS first_seen,
       greatest(max(first_seen), max(last_seen)) AS last_seen,
       arg_min(source, (first_seen, source, message_id)) AS source,
       arg_min(message_id, (first_seen, source, message_id)) AS message_id
FROM told
WHERE evidence IS NOT NULL AND trim(value) <> ''
GROUP BY evidence, kind, value
