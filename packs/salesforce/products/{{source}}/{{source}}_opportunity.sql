-- Salesforce opportunities. Salesforce says itself whether a deal is closed and won, whatever its stage is called.
WITH latest AS (
    SELECT * FROM {{domain}}.{{source}}__opportunity
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY coalesce(_fivetran_active, true) DESC, _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), line AS (
    SELECT opportunity_id, count(*) AS line_items FROM (
        SELECT * FROM {{domain}}.{{source}}__opportunity_line_item
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY coalesce(_fivetran_active, true) DESC, _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
    ) WHERE NOT coalesce(is_deleted, false) GROUP BY opportunity_id
)
SELECT concat_ws(':', '{{source}}', latest.id) AS opportunity_key,
       'salesforce' AS platform,
       latest.id AS opportunity_id,
       latest.name AS opportunity_name,
       CASE WHEN latest.is_won THEN 'won' WHEN latest.is_closed THEN 'lost' WHEN NOT latest.is_closed THEN 'open' END AS status,
       CAST(NULL AS VARCHAR) AS native_stage_id,
       latest.stage_name AS native_stage,
       CAST(NULL AS VARCHAR) AS pipeline,
       latest.type AS opportunity_type,
       TRY_CAST(latest.probability AS DOUBLE) / 100 AS probability,
       latest.amount AS amount,
       coalesce(latest.currency_iso_code, latest._source_currency) AS currency,
       latest.created_date AS created_at,
       CAST(latest.close_date AS DATE) AS close_date,
       latest.last_modified_date AS updated_at,
       '{{source}}:' || latest.account_id AS account_key,
       '{{source}}:' || latest.contact_id AS contact_key,
       latest.lead_source AS lead_source,
       latest.campaign_id AS campaign_id,
       latest.owner_id AS owner_id,
       line.line_items AS line_items,
       CAST(NULL AS VARCHAR) AS merged_into_key,
       false AS is_merged,
       coalesce(latest.is_deleted, false) OR NOT coalesce(latest._fivetran_active, true) AS is_deleted,
       '{{domain}}' AS domain,
       '{{source}}' AS source
FROM latest LEFT JOIN line ON latest.id = line.opportunity_id
