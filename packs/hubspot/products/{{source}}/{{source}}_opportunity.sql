-- HubSpot deals. Whether a deal is open, won or lost is what its stage says; a deal whose stage did not land has no status.
WITH latest AS (
    SELECT * FROM {{domain}}.{{source}}__deal
    QUALIFY row_number() OVER (PARTITION BY deal_id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), stage AS (
    SELECT * FROM {{domain}}.{{source}}__deal_pipeline_stage
    QUALIFY row_number() OVER (PARTITION BY stage_id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), pipeline AS (
    SELECT * FROM {{domain}}.{{source}}__deal_pipeline
    QUALIFY row_number() OVER (PARTITION BY pipeline_id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), company AS (
    -- 5 marks the primary company of a deal
    SELECT deal_id, company_id FROM {{domain}}.{{source}}__deal_company
    QUALIFY row_number() OVER (PARTITION BY deal_id ORDER BY (type_id = '5') DESC NULLS LAST, length(company_id), company_id) = 1
), contact AS (
    SELECT deal_id, contact_id FROM {{domain}}.{{source}}__deal_contact
    QUALIFY row_number() OVER (PARTITION BY deal_id ORDER BY length(contact_id), contact_id) = 1
), merge AS (
    SELECT merged_deal_id, max_by(deal_id, _fivetran_synced) AS survivor FROM {{domain}}.{{source}}__merged_deal
    WHERE merged_deal_id <> deal_id GROUP BY merged_deal_id
)
SELECT concat_ws(':', '{{source}}', latest.deal_id) AS opportunity_key,
       'hubspot' AS platform,
       latest.deal_id AS opportunity_id,
       latest.property_dealname AS opportunity_name,
       CASE WHEN coalesce(stage.closed_won, latest.property_hs_is_closed_won) THEN 'won'
            WHEN coalesce(stage.is_closed, latest.property_hs_is_closed) THEN 'lost'
            WHEN NOT coalesce(stage.is_closed, latest.property_hs_is_closed) THEN 'open' END AS status,
       latest.deal_pipeline_stage_id AS native_stage_id,
       stage.label AS native_stage,
       pipeline.label AS pipeline,
       latest.property_dealtype AS opportunity_type,
       coalesce(TRY_CAST(latest.property_hs_deal_stage_probability AS DOUBLE), TRY_CAST(stage.probability AS DOUBLE)) AS probability,
       latest.property_amount AS amount,
       coalesce(latest.property_deal_currency_code, latest._source_currency) AS currency,
       latest.property_createdate AS created_at,
       CAST(latest.property_closedate AS DATE) AS close_date,
       latest.property_hs_lastmodifieddate AS updated_at,
       '{{source}}:' || company.company_id AS account_key,
       '{{source}}:' || contact.contact_id AS contact_key,
       latest.property_hs_analytics_source AS lead_source,
       latest.property_hs_campaign AS campaign_id,
       latest.owner_id AS owner_id,
       CAST(NULL AS BIGINT) AS line_items,
       '{{source}}:' || merge.survivor AS merged_into_key,
       merge.survivor IS NOT NULL AS is_merged,
       coalesce(latest.is_deleted, false) AS is_deleted,
       '{{domain}}' AS domain,
       '{{source}}' AS source
FROM latest
LEFT JOIN stage ON latest.deal_pipeline_stage_id = stage.stage_id
LEFT JOIN pipeline ON coalesce(latest.deal_pipeline_id, stage.pipeline_id) = pipeline.pipeline_id
LEFT JOIN company ON latest.deal_id = company.deal_id
LEFT JOIN contact ON latest.deal_id = contact.deal_id
LEFT JOIN merge ON latest.deal_id = merge.merged_deal_id
