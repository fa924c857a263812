-- Colleagues who own records in Salesforce, with their role.
WITH latest AS (
    SELECT * FROM {{domain}}.{{source}}__user
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY coalesce(_fivetran_active, true) DESC, _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), role AS (
    SELECT * FROM {{domain}}.{{source}}__user_role
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY coalesce(_fivetran_active, true) DESC, _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
)
SELECT concat_ws(':', '{{source}}', latest.id) AS owner_key, latest.id AS owner_id, latest.email AS email, latest.first_name AS first_name, latest.last_name AS last_name,
       coalesce(latest.department, latest.division) AS team_name, role.name AS role_name,
       latest.is_active AND NOT coalesce(latest._fivetran_deleted, false) AS is_active, latest.created_date AS created_at
FROM latest LEFT JOIN role ON latest.user_role_id = role.id
