-- What calls say about people: the traits of identify, and addresses of mail and phones of any call. One row for each value that a set of
-- identifiers was told with, at the time it was told last; for traits of which the first word stands (shared.customer_trait), at the time it was
-- told first. `shared.trait` gives the names that all sources share.
WITH identified AS (
    SELECT evidence, message_id, occurred_at, traits, unnest(list_concat(json_keys(traits), ['address.street', 'address.city', 'address.state', 'address.postalCode', 'address.country', 'company.name', 'company.industry'])) AS name
    FROM {{domain}}.{{source}}__identify
    WHERE evidence IS NOT NULL AND json_valid(traits) AND json_type(traits) = 'OBJECT'
), member AS (
    -- Objects and lists are no traits of their own; members of an address and a company that people look for are. Names that read as a path are passed over.
    SELECT evidence, message_id, occurred_at, name,
           json_extract_string(traits, CASE WHEN contains(name, '.') THEN '$.' || name ELSE name END) AS value
    FROM identified
    WHERE regexp_matches(name, '^[A-Za-z_][A-Za-z0-9_ -]*([.][A-Za-z]+)?$') AND length(name) <= 64
      AND coalesce(json_type(traits, CASE WHEN contains(name, '.') THEN '$.' || name ELSE name END), 'NULL') NOT IN ('OBJECT', 'ARRAY', 'NULL')
), reached AS (
    SELECT evidence, message_id, occurred_at, email, phone FROM {{domain}}.{{source}}__track WHERE evidence IS NOT NULL AND (email IS NOT NULL OR phone IS NOT NULL)
    UNION ALL
    SELECT evidence, message_id, occurred_at, email, phone FROM {{domain}}.{{source}}__page WHERE evidence IS NOT NULL AND (email IS NOT NULL OR phone IS NOT NULL)
    UNION ALL
    SELECT evidence, message_id, occurred_at, email, phone FROM {{domain}}.{{source}}__screen WHERE evidence IS NOT NULL AND (email IS NOT NULL OR phone IS NOT NULL)
    UNION ALL
    SELECT evidence, message_id, occurred_at, email, phone FROM {{domain}}.{{source}}__identify WHERE evidence IS NOT NULL AND (email IS NOT NULL OR phone IS NOT NULL)
    UNION ALL
    SELECT evidence, message_id, occurred_at, email, phone FROM {{domain}}.{{source}}__group WHERE evidence IS NOT NULL AND (email IS NOT NULL OR phone IS NOT NULL)
    UNION ALL
    SELECT evidence, message_id, occurred_at, email, phone FROM {{domain}}.{{source}}__alias WHERE evidence IS NOT NULL AND (email IS NOT NULL OR phone IS NOT NULL)
), told AS (
    SELECT evidence, message_id, occurred_at, name, value FROM member
    UNION ALL
    SELECT evidence, message_id, occurred_at, 'email', email FROM reached WHERE email IS NOT NULL
    UNION ALL
    SELECT evidence, message_id, occurred_at, 'phone', phone FROM reached WHERE phone IS NOT NULL
)
SELECT concat('{{source}}:', md5(concat_ws('|', evidence, name, value))) AS trait_key,
       evidence, name, value,
       CASE WHEN stands THEN min(occurred_at) ELSE max(occurred_at) END AS told_at,
       CASE WHEN stands THEN arg_min(message_id, (occurred_at, message_id)) ELSE arg_max(message_id, (occurred_at, message_id)) END AS message_id,
       '{{domain}}' AS domain, '{{source}}' AS source
FROM (SELECT *, lower(replace(replace(replace(name, '_', ''), ' ', ''), '-', '')) IN ('leadsource', 'createdat', 'signedupat') AS stands FROM told)
WHERE trim(value) <> ''
GROUP BY evidence, name, value, stands
