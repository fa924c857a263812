-- What people said about consent, as the calls said it. An SDK repeats the last word with every call: of a set's calls that say the same without
-- another word between, the first and the last stand here. The last, since another set of the same browser (before or after the login) may have said
-- otherwise in the meantime; shared.consent, which knows what belongs together, takes a repetition for no new word.
WITH word AS (
    SELECT evidence, system, consent_category, status, occurred_at, policy_version, proof, message_id
    FROM {{domain}}.{{source}}__consent WHERE evidence IS NOT NULL
), rule AS (
    -- What a consent platform's categories were said to mean. Categories that are called like a purpose need no rule, and are no part of a map.
    SELECT DISTINCT lower(system) AS system, category FROM mesh_consent_rules() WHERE lower(category) <> lower(purpose)
), map AS (
    -- Segment's preferences are a map of all categories: one that is missing in it is a no (RudderStack's lists say nothing about what they leave out).
    SELECT evidence, system, occurred_at, message_id, any_value(policy_version) AS policy_version, any_value(proof) AS proof, list(lower(consent_category)) AS categories
    FROM word WHERE system IN ('segment', 'snippet') GROUP BY evidence, system, occurred_at, message_id
), told AS (
    -- `*` is an empty map: every category that rules name, by the part below; where none is named for the system, shared.consent_statement reads it as every purpose.
    SELECT * FROM word WHERE consent_category <> '*' OR lower(system) NOT IN (SELECT system FROM rule)
    UNION ALL
    SELECT map.evidence, map.system, rule.category, 'denied', map.occurred_at, map.policy_version, map.proof, map.message_id
    FROM map JOIN rule ON lower(map.system) = rule.system
    WHERE NOT list_contains(map.categories, lower(rule.category))
), said AS (
    SELECT *, row_number() OVER run AS place, lag(status) OVER run AS status_before, lag(policy_version) OVER run AS policy_before,
           count(*) OVER (PARTITION BY evidence, system, consent_category) AS places, lead(status) OVER run AS status_after, lead(policy_version) OVER run AS policy_after
    FROM told
    WINDOW run AS (PARTITION BY evidence, system, consent_category ORDER BY occurred_at, message_id)
)
SELECT concat('{{source}}:', md5(concat_ws('|', message_id, evidence, system, consent_category))) AS statement_key,
       evidence, system, consent_category, status, occurred_at, policy_version, proof, message_id,
       '{{domain}}' AS domain, '{{source}}' AS source
FROM said
WHERE place = 1 OR status IS DISTINCT FROM status_before OR policy_version IS DISTINCT FROM policy_before
   OR place = places OR status IS DISTINCT FROM status_after OR policy_version IS DISTINCT FROM policy_after
