-- Colleagues who own contacts, deals and tickets in HubSpot, with primary team and role.
WITH latest AS (
    SELECT * FROM {{domain}}.{{source}}__owner
    QUALIFY row_number() OVER (PARTITION BY owner_id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), people AS (
    SELECT * FROM {{domain}}.{{source}}__users
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), role AS (
    SELECT * FROM {{domain}}.{{source}}__role
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), team AS (
    SELECT * FROM {{domain}}.{{source}}__team
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), member AS (
    SELECT owner_id, team_id FROM {{domain}}.{{source}}__owner_team
    QUALIFY row_number() OVER (PARTITION BY owner_id ORDER BY is_team_primary DESC NULLS LAST, team_id) = 1
)
SELECT concat_ws(':', '{{source}}', latest.owner_id) AS owner_key, latest.owner_id AS owner_id, coalesce(latest.email, people.email) AS email,
       coalesce(people.first_name, latest.first_name) AS first_name, coalesce(people.last_name, latest.last_name) AS last_name,
       team.name AS team_name, role.name AS role_name, latest.active_user_id IS NOT NULL AS is_active, latest.created_at AS created_at
FROM latest
LEFT JOIN people ON latest.active_user_id = people.id
LEFT JOIN role ON people.role_id = role.id
LEFT JOIN member ON latest.owner_id = member.owner_id
LEFT JOIN team ON coalesce(member.team_id, people.primary_team_id) = team.id
