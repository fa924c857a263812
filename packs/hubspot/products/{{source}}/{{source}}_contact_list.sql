-- HubSpot lists with the people on them now.
WITH latest AS (
    SELECT * FROM {{domain}}.{{source}}__contact_list
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), member AS (
    SELECT list_key, count(*) AS members FROM {{domain}}.{{source}}_list_member WHERE NOT is_deleted GROUP BY list_key
)
SELECT concat_ws(':', '{{source}}', latest.id) AS list_key, latest.id AS list_id, latest.name AS list_name, latest.processing_type AS list_type,
       member.members AS members, latest.created_at AS created_at, latest.updated_at AS updated_at, coalesce(latest._fivetran_deleted, false) AS is_deleted
FROM latest LEFT JOIN member ON concat_ws(':', '{{source}}', latest.id) = member.list_key
