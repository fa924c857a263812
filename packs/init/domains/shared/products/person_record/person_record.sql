-- Records that speak of a person: those of CRM, mail and shop, and of files from outside that say birth dates or national ids.
-- A record that was merged or deleted speaks of nobody.
WITH told AS (
    SELECT contact_key, true AS is_contact, first_name, last_name, full_name, street, postal_code, city, country, phone, CAST(NULL AS DATE) AS birth_date, email,
           CAST(NULL AS VARCHAR) AS national_id, created_at, updated_at, domain, source, evidence
    FROM shared.contact WHERE NOT is_merged AND NOT is_deleted
    UNION ALL
    SELECT contact_key, false, first_name, last_name, NULL, street, postal_code, city, country, phone, birth_date, email, national_id, created_at, updated_at, domain, source,
           mesh_hash63('contact:' || contact_key) AS evidence
    FROM (
        -- trellis:sources begin person_record
        -- trellis:sources end
    )
)
SELECT contact_key, is_contact,
       coalesce(first_name, CASE WHEN last_name IS NULL THEN nullif(regexp_extract(trim(full_name), '^(.*\S)\s+\S+$', 1), '') END) AS first_name,
       coalesce(last_name, CASE WHEN first_name IS NULL THEN nullif(regexp_extract(trim(full_name), '(\S+)$', 1), '') END) AS last_name,
       street, postal_code, city, country, phone, birth_date, email, national_id, created_at, updated_at, domain, source, evidence
FROM told
