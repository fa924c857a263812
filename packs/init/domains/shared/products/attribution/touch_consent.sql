-- How many touches there are by day and channel, and how many of them attribution leaves out because the purpose is not in force for the person.
WITH refused AS (
    SELECT said.customer_id, min(CASE WHEN said.granted THEN said.expires_at ELSE TIMESTAMP '0001-01-01' END) AS refused_from
    FROM shared.consent AS said JOIN mesh_purposes() AS meant ON said.purpose = meant.purpose
    WHERE said.purpose = mesh_attribution('consent_purpose') AND mesh_attribution('consent_touches') = 'exclude'
      AND (NOT said.granted OR (said.expires_at IS NOT NULL AND NOT meant.fail_open))
    GROUP BY said.customer_id
)
SELECT CAST(timezone(mesh_time_zone(), timezone('UTC', seen.occurred_at)) AS DATE) AS date_day, coalesce(seen.channel_group, 'direct') AS channel,
       count(*) AS touches, count(*) FILTER (WHERE seen.occurred_at >= refused.refused_from) AS left_out
FROM shared.touchpoint AS seen LEFT JOIN refused ON seen.customer_id = refused.customer_id
GROUP BY ALL
