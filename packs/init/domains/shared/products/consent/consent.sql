-- What is in force: one row for each customer and purpose. Of one identifier the newest word counts; where a customer's identifiers disagree,
-- governance/consent.yaml decides (`merge`), and the row is marked. Without a word, the purpose's default holds.
WITH linked AS (
    -- A statement speaks for each identifier of its set that is the customer's.
    SELECT said.customer_id, coalesce(known.kind || ':' || lower(trim(known.value)), 'set:' || said.evidence) AS identifier, said.purpose, said.system, said.category,
           said.status, said.status = 'granted' AS is_yes, said.occurred_at, said.policy_version, said.statement_id
    FROM shared.consent_statement AS said
    LEFT JOIN (SELECT evidence, customer_id, kind, value FROM shared.identity WHERE admitted) AS known
        ON said.evidence = known.evidence AND said.customer_id = known.customer_id
    WHERE said.purpose IS NOT NULL AND said.status <> 'unknown'
), run AS (
    -- Saying the same once more is no new word: a word counts from when it was first said without another between. So a signal of the browser that comes
    -- with every call does not undo a yes that was given after its first.
    SELECT * FROM (
        SELECT *, row_number() OVER told AS place, lag(is_yes) OVER told AS yes_before, lag(policy_version) OVER told AS policy_before
        FROM linked
        WINDOW told AS (PARTITION BY customer_id, identifier, purpose, system, category ORDER BY occurred_at, is_yes DESC, statement_id)
    )
    WHERE place = 1 OR is_yes <> yes_before OR policy_version <> policy_before OR system = 'desk' -- where each word is said anew
), category_word AS (
    SELECT * FROM run
    QUALIFY row_number() OVER (PARTITION BY customer_id, identifier, purpose, system, category ORDER BY occurred_at DESC, is_yes, statement_id) = 1
), system_word AS (
    -- Several categories of one system that stand for one purpose: all must say yes.
    SELECT * FROM category_word
    QUALIFY row_number() OVER (PARTITION BY customer_id, identifier, purpose, system ORDER BY is_yes, occurred_at DESC, statement_id) = 1
), identifier_word AS (
    SELECT * FROM system_word
    QUALIFY row_number() OVER (PARTITION BY customer_id, identifier, purpose ORDER BY occurred_at DESC, is_yes, statement_id) = 1
), word AS (
    SELECT *, min(is_yes) OVER (PARTITION BY customer_id, purpose) <> max(is_yes) OVER (PARTITION BY customer_id, purpose) AS conflict
    FROM identifier_word
    QUALIFY row_number() OVER (PARTITION BY customer_id, purpose
                               ORDER BY CASE WHEN mesh_consent_merge() = 'newest_wins' THEN false ELSE is_yes END, occurred_at DESC, is_yes, statement_id) = 1
), asked AS (
    SELECT person.customer_id, purpose.purpose, purpose.fail_open, purpose.expires_s
    FROM (SELECT DISTINCT customer_id FROM shared.identity) AS person CROSS JOIN mesh_purposes() AS purpose
)
SELECT asked.customer_id, asked.purpose,
       coalesce(word.status, 'unknown') AS status,
       coalesce(word.is_yes, asked.fail_open) AS granted,
       coalesce(word.system, 'policy') AS source,
       word.occurred_at AS since,
       CASE WHEN word.is_yes AND asked.expires_s > 0 THEN word.occurred_at + to_seconds(asked.expires_s) END AS expires_at,
       coalesce(word.conflict, false) AS conflict,
       word.policy_version, word.statement_id
FROM asked LEFT JOIN word ON asked.customer_id = word.customer_id AND asked.purpose = word.purpose
