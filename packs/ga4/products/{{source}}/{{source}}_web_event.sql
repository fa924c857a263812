-- GA4 events in the shape of the shared web event. UTM parameters are those of the event; traffic_source_* would be how the user first came, ever.
WITH event AS (
    SELECT * FROM {{domain}}.{{source}}__ga4_export_event
    QUALIFY row_number() OVER (PARTITION BY _fivetran_id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), told AS (
    SELECT event.*, nullif(lower(regexp_extract(param_page_referrer, '^(?:[A-Za-z][A-Za-z0-9+.-]*://)?(?:[^/?#@]*@)?([^/?#:@]+)', 1)), '') AS referrer_host FROM event
), known AS (
    -- The list of known referrers, where it lies beside the events: one entry for each host, with and without "www.".
    SELECT regexp_replace(lower(host), '^www\.', '') AS host, min(medium) AS medium, min(source) AS source
    FROM {{domain}}.{{source}}__referrer_mapping WHERE medium <> 'unknown' GROUP BY 1
)
SELECT concat('{{source}}:', told._fivetran_id) AS event_key,
       'ga4' AS platform,
       told.stream_id AS account_id,
       told._fivetran_id AS event_id,
       told.name AS event_name,
       told."timestamp" AS occurred_at,
       CAST(NULL AS TIMESTAMP) AS received_at,
       told.user_id AS user_id,
       told.user_pseudo_id AS anonymous_id,
       CASE WHEN told.param_ga_session_id IS NOT NULL THEN md5(concat(coalesce(told.user_pseudo_id, ''), '|', told.param_ga_session_id)) END AS session_key,
       nullif(regexp_replace(regexp_replace(told.param_page_location, '[?#].*$', ''), '^([A-Za-z][A-Za-z0-9+.-]*://)[^/@]*@', '\1'), '') AS page_url,
       coalesce(nullif(lower(regexp_extract(told.param_page_location, '^(?:[A-Za-z][A-Za-z0-9+.-]*://)?(?:[^/?#@]*@)?([^/?#:@]+)', 1)), ''), lower(told.event_dimensions_hostname)) AS page_host,
       nullif(regexp_extract(told.param_page_location, '^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]+([^?#]*)', 1), '') AS page_path,
       told.param_page_title AS page_title,
       nullif(regexp_replace(regexp_replace(told.param_page_referrer, '[?#].*$', ''), '^([A-Za-z][A-Za-z0-9+.-]*://)[^/@]*@', '\1'), '') AS referrer_url,
       told.referrer_host AS referrer_host,
       known.medium AS referrer_medium,
       known.source AS referrer_source,
       coalesce(told.collected_traffic_source_manual_source, told.param_source) AS utm_source,
       coalesce(told.collected_traffic_source_manual_medium, told.param_medium) AS utm_medium,
       coalesce(told.collected_traffic_source_manual_campaign_name, told.param_campaign) AS utm_campaign,
       coalesce(told.collected_traffic_source_manual_term, told.param_term) AS utm_term,
       coalesce(told.collected_traffic_source_manual_content, told.param_content) AS utm_content,
       coalesce(told.collected_traffic_source_gclid, told.param_gclid) AS click_id,
       told.device_category AS device_category,
       told.device_operating_system AS operating_system,
       coalesce(told.device_web_info_browser, told.device_browser) AS browser,
       told.geo_country AS country,
       told.ecommerce_transaction_id AS order_id,
       nullif(told.ecommerce_purchase_revenue_in_usd, 0) AS revenue_amount,
       CASE WHEN nullif(told.ecommerce_purchase_revenue_in_usd, 0) IS NOT NULL THEN 'USD' END AS currency,
       CAST(NULL AS VARCHAR) AS properties,
       CASE WHEN told.name = 'page_view' THEN 'page' WHEN told.name = 'screen_view' THEN 'screen' ELSE 'track' END AS event_type,
       CAST(NULL AS VARCHAR) AS channel_group,
       CAST(NULL AS VARCHAR) AS utm_id,
       CASE WHEN coalesce(told.collected_traffic_source_gclid, told.param_gclid) IS NOT NULL THEN 'gclid' END AS click_id_type,
       CASE WHEN told.param_ga_session_id IS NOT NULL THEN md5(concat(coalesce(told.user_pseudo_id, ''), '|', told.param_ga_session_id)) END AS client_session_id,
       coalesce(told.user_pseudo_id, told.user_id) AS visitor_id,
       false AS is_bot,
       false AS is_internal,
       CASE WHEN coalesce(told.user_id, told.user_pseudo_id) IS NOT NULL THEN mesh_hash63(concat_ws('|', 'user_id=' || told.user_id, 'anonymous_id=' || (told.user_pseudo_id))) END AS evidence,
       '{{domain}}' AS domain,
       '{{source}}' AS source
FROM told
LEFT JOIN known ON regexp_replace(told.referrer_host, '^www\.', '') = known.host
