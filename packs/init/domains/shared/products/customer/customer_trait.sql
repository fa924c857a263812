-- What is held to be true of a customer: of all values that sources told, the one that survives, and where it comes from.
WITH rule AS (
    -- How a trait is decided. `rank`: the source that is believed most, then the newest (all that are not named here). `newest`: whoever spoke last,
    -- since what is told changes with time. `oldest`: the first word stands.
    SELECT * FROM (VALUES
        ('plan', 'newest'), ('city', 'newest'), ('postal_code', 'newest'), ('street', 'newest'), ('region', 'newest'), ('country', 'newest'), ('language', 'newest'),
        ('lifecycle_stage', 'rank'), ('lead_source', 'oldest'), ('signed_up_at', 'oldest')
    ) AS t(name, rule)
), told AS (
    SELECT trait.*, coalesce(rule.rule, 'rank') AS rule,
           CASE WHEN coalesce(rule.rule, 'rank') = 'rank' THEN trait.rank ELSE 0 END AS rank_first,
           CASE WHEN rule.rule = 'oldest' THEN epoch_us(trait.told_at) ELSE -epoch_us(trait.told_at) END AS time_first
    FROM shared.trait AS trait LEFT JOIN rule ON trait.name = rule.name
)
SELECT customer_id, name, value, rule, origin, rank, source, record, told_at, evidence,
       count(*) OVER (PARTITION BY customer_id, name) AS times_told
FROM told
QUALIFY row_number() OVER (PARTITION BY customer_id, name ORDER BY rank_first, time_first, rank, value, source, record, evidence) = 1
