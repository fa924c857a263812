-- What each source says about a person, one row for each value that a set of identifiers was told with; which value survives is decided
-- in shared.customer_trait. The lower `rank`, the more is believed: 1 CRM, 2 shop and billing, 3 mail, 4 events.
WITH word AS (
    -- Names of event traits (compared without case, blanks, underscores) and of landed columns -> names that all sources share.
    SELECT * FROM (VALUES
        ('email', 'email'), ('phone', 'phone'), ('firstname', 'first_name'), ('lastname', 'last_name'), ('name', 'full_name'), ('fullname', 'full_name'),
        ('title', 'job_title'), ('jobtitle', 'job_title'), ('company', 'company_name'), ('companyname', 'company_name'), ('company.name', 'company_name'),
        ('company.industry', 'industry'), ('address.street', 'street'), ('street', 'street'), ('address.postalcode', 'postal_code'), ('postalcode', 'postal_code'),
        ('zip', 'postal_code'), ('address.city', 'city'), ('city', 'city'), ('address.state', 'region'), ('state', 'region'), ('region', 'region'),
        ('address.country', 'country'), ('country', 'country'), ('birthday', 'birth_date'), ('birthdate', 'birth_date'), ('dateofbirth', 'birth_date'), ('gender', 'gender'),
        ('lifecyclestage', 'lifecycle_stage'), ('leadsource', 'lead_source'), ('createdat', 'signed_up_at'), ('plan', 'plan'), ('language', 'language'), ('username', 'user_name')
    ) AS t(told, name)
), told AS (
    SELECT trait_key, evidence, name, value, told_at, 4 AS rank, 'event' AS origin, domain || '.' || source AS source, message_id AS record
    FROM (
        -- trellis:sources begin trait
        -- trellis:sources end
    )
    UNION ALL
    SELECT 'contact:' || contact_key || ':' || field, evidence, field, value, coalesce(updated_at, created_at, TIMESTAMP '1970-01-01'), rank, origin, source, contact_key
    FROM (
        SELECT contact_key, evidence, updated_at, created_at, domain || '.' || source AS source,
               CASE contact_type WHEN 'customer' THEN 2 WHEN 'subscriber' THEN 3 ELSE 1 END AS rank,
               CASE contact_type WHEN 'customer' THEN 'shop' WHEN 'subscriber' THEN 'mail' ELSE 'crm' END AS origin,
               unnest(['email', 'phone', 'firstname', 'lastname', 'fullname', 'jobtitle', 'companyname', 'street', 'postalcode', 'city', 'region', 'country', 'lifecyclestage', 'leadsource', 'accountkey']) AS field,
               unnest([email, phone, first_name, last_name, full_name, job_title, company_name, street, postal_code, city, region, country, lifecycle_stage, lead_source, account_key]) AS value
        FROM shared.contact WHERE NOT is_merged AND NOT is_deleted
    )
    UNION ALL
    SELECT 'order:' || md5(concat_ws('|', evidence, field, value)), evidence, field, value, max(ordered_at), 2, 'shop', min(source), arg_max(order_key, (ordered_at, order_key))
    FROM (
        SELECT order_key, evidence, ordered_at, domain || '.' || source AS source, unnest(['email', 'phone', 'country']) AS field, unnest([email, phone, country]) AS value
        FROM shared.customer_order WHERE NOT is_test
    )
    WHERE value IS NOT NULL
    GROUP BY evidence, field, value
), person AS (
    SELECT evidence, min(customer_id) AS customer_id FROM shared.identity GROUP BY evidence
)
SELECT told.trait_key, told.evidence, person.customer_id,
       coalesce(word.name, CASE told.name WHEN 'accountkey' THEN 'account_key' END, lower(regexp_replace(replace(replace(told.name, ' ', '_'), '-', '_'), '([a-z0-9])([A-Z])', '\1_\2', 'g'))) AS name,
       CASE WHEN word.name = 'email' THEN lower(trim(told.value)) ELSE trim(told.value) END AS value,
       told.told_at, told.rank, told.origin, told.source, told.record
FROM told
JOIN person ON told.evidence = person.evidence
LEFT JOIN word ON lower(replace(replace(replace(told.name, '_', ''), ' ', ''), '-', '')) = word.told
WHERE trim(told.value) <> ''
