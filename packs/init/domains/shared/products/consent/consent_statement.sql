-- What people said about consent, as history: calls, consent platforms, unsubscribing from mail, opting out in a CRM. One row for each statement
-- and purpose that governance/consent.yaml reads in it; a word that no rule knows stands here without a purpose.
WITH told AS (
    SELECT statement_key, evidence, system, consent_category AS category, status, occurred_at, policy_version, proof, domain || '.' || source AS source, message_id AS record
    FROM (
        -- trellis:sources begin consent
        -- trellis:sources end
    )
    UNION ALL
    -- Unsubscribing, and a complaint of spam, take back what was granted for that way of writing.
    SELECT 'email:' || engagement_key, evidence, 'email', channel, 'withdrawn', occurred_at, NULL, NULL, domain || '.' || source, engagement_key
    FROM shared.email_engagement WHERE event_type IN ('unsubscribe', 'spam') AND occurred_at IS NOT NULL
    UNION ALL
    -- A box in the CRM: it says no; that it is not ticked says nothing.
    SELECT 'crm:' || contact_key, evidence, 'crm', 'email', 'denied', coalesce(updated_at, created_at, TIMESTAMP '1970-01-01'), NULL, NULL, domain || '.' || source, contact_key
    FROM shared.contact WHERE email_opted_out AND NOT is_merged AND NOT is_deleted
    UNION ALL
    -- At the desk: what somebody stated for a person.
    SELECT 'desk:' || statement_id, evidence, 'desk', purpose, status, occurred_at, NULL, proof, source, statement_id FROM mesh_consent_said()
), rule AS (
    SELECT DISTINCT lower(system) AS system, lower(category) AS category, purpose FROM mesh_consent_rules()
), named AS (
    SELECT DISTINCT lower(purpose) AS category, purpose FROM mesh_purposes()
    UNION ALL
    -- A no to all that there is, of a system that no rule names.
    SELECT DISTINCT '*', purpose FROM mesh_purposes()
), person AS (
    SELECT evidence, min(customer_id) AS customer_id FROM shared.identity GROUP BY evidence
)
SELECT 's_' || md5(concat_ws('|', told.statement_key, coalesce(rule.purpose, named.purpose, ''))) AS statement_id,
       told.evidence, person.customer_id, told.system, told.category,
       coalesce(rule.purpose, named.purpose) AS purpose,
       CASE WHEN told.status IN ('granted', 'denied', 'withdrawn') THEN told.status ELSE 'unknown' END AS status,
       told.occurred_at, told.policy_version, told.proof, told.source, told.record
FROM told
JOIN person ON told.evidence = person.evidence
LEFT JOIN rule ON lower(told.system) = rule.system AND lower(told.category) = rule.category
LEFT JOIN named ON rule.purpose IS NULL AND lower(told.category) = named.category
