-- Salesforce tasks and events in one list. An id that begins with 006 is an opportunity.
WITH task AS (
    SELECT * FROM {{domain}}.{{source}}__task
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY coalesce(_fivetran_active, true) DESC, _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), event AS (
    SELECT * FROM {{domain}}.{{source}}__event
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY coalesce(_fivetran_active, true) DESC, _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
)
SELECT concat_ws(':', '{{source}}', task.id) AS activity_key, task.id AS activity_id, 'task' AS activity_kind, coalesce(task.type, task.task_subtype) AS activity_type,
       task.subject AS subject, task.description AS description, task.status AS status, task.is_closed AS is_closed, CAST(task.activity_date AS DATE) AS activity_date,
       CAST(NULL AS TIMESTAMP) AS starts_at, CAST(NULL AS BIGINT) AS duration_minutes, '{{source}}:' || task.who_id AS contact_key,
       '{{source}}:' || task.account_id AS account_key, CASE WHEN starts_with(task.what_id, '006') THEN '{{source}}:' || task.what_id END AS opportunity_key,
       task.owner_id AS owner_id, task.created_date AS created_at, coalesce(task.is_deleted, false) OR NOT coalesce(task._fivetran_active, true) AS is_deleted
FROM task
UNION ALL
SELECT concat_ws(':', '{{source}}', event.id), event.id, 'event', coalesce(event.type, event.event_subtype),
       event.subject, event.description, CAST(NULL AS VARCHAR), CAST(NULL AS BOOLEAN), CAST(coalesce(event.activity_date, event.start_date_time) AS DATE),
       coalesce(event.start_date_time, event.activity_date_time), TRY_CAST(event.duration_in_minutes AS BIGINT), '{{source}}:' || event.who_id,
       '{{source}}:' || event.account_id, CASE WHEN starts_with(event.what_id, '006') THEN '{{source}}:' || event.what_id END,
       event.owner_id, event.created_date, coalesce(event.is_deleted, false) OR NOT coalesce(event._fivetran_active, true)
FROM event
