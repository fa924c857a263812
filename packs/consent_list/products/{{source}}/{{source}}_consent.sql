-- Statements of the list, each once, however often the list is landed. A row that names nobody says nothing.
WITH told AS (
    SELECT *, mesh_hash63('list:' || concat_ws('|', 'email=' || lower(trim(email)), 'user_id=' || trim(user_id), 'phone=' || trim(phone), 'contact=' || trim(contact_key))) AS evidence
    FROM {{domain}}.{{source}}__consent_list
    WHERE trim(concat(email, user_id, phone, contact_key)) <> ''
), word AS (
    SELECT evidence, coalesce(nullif(lower(trim(system)), ''), 'import') AS system, trim(category) AS consent_category, occurred_at, policy_version, proof, lower(trim(status)) AS said
    FROM told
)
SELECT concat('{{source}}:', md5(concat_ws('|', evidence, system, lower(consent_category), said, occurred_at))) AS statement_key,
       evidence, system, min(consent_category) AS consent_category,
       CASE WHEN said IN ('granted', 'yes', 'y', 'true', '1', 'opt-in', 'optin', 'opted in', 'subscribed') THEN 'granted'
            WHEN said IN ('denied', 'no', 'n', 'false', '0', 'opt-out', 'optout', 'opted out') THEN 'denied'
            WHEN said IN ('withdrawn', 'unsubscribed', 'revoked') THEN 'withdrawn' ELSE 'unknown' END AS status,
       occurred_at, max(policy_version) AS policy_version, max(proof) AS proof,
       concat('{{source}}:', md5(concat_ws('|', evidence, system, lower(consent_category), said, occurred_at))) AS message_id,
       '{{domain}}' AS domain, '{{source}}' AS source
FROM word
GROUP BY evidence, system, lower(consent_category), said, occurred_at
