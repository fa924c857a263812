-- Segment page views in the shape of the shared web event.
WITH event AS (
    SELECT * FROM {{domain}}.{{source}}__segment_pages
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY received_at DESC NULLS LAST, _learned_from DESC) = 1
), told AS (
    SELECT event.*, nullif(lower(regexp_extract(referrer, '^(?:[A-Za-z][A-Za-z0-9+.-]*://)?(?:[^/?#@]*@)?([^/?#:@]+)', 1)), '') AS referrer_host FROM event
), known AS (
    -- The list of known referrers, where it lies beside the events: one entry for each host, with and without "www.".
    SELECT regexp_replace(lower(host), '^www\.', '') AS host, min(medium) AS medium, min(source) AS source
    FROM {{domain}}.{{source}}__referrer_mapping WHERE medium <> 'unknown' GROUP BY 1
)
SELECT concat('{{source}}:', told.id) AS event_key,
       'segment' AS platform,
       CAST(NULL AS VARCHAR) AS account_id,
       told.id AS event_id,
       'page_view' AS event_name,
       told."timestamp" AS occurred_at,
       told.received_at AS received_at,
       told.user_id AS user_id,
       told.anonymous_id AS anonymous_id,
       CAST(NULL AS VARCHAR) AS session_key,
       nullif(regexp_replace(regexp_replace(told.url, '[?#].*$', ''), '^([A-Za-z][A-Za-z0-9+.-]*://)[^/@]*@', '\1'), '') AS page_url,
       nullif(lower(regexp_extract(told.url, '^(?:[A-Za-z][A-Za-z0-9+.-]*://)?(?:[^/?#@]*@)?([^/?#:@]+)', 1)), '') AS page_host,
       coalesce(nullif(regexp_replace(regexp_replace(told.path, '[?#].*$', ''), '^([A-Za-z][A-Za-z0-9+.-]*://)[^/@]*@', '\1'), ''), nullif(regexp_extract(told.url, '^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]+([^?#]*)', 1), '')) AS page_path,
       told.title AS page_title,
       nullif(regexp_replace(regexp_replace(told.referrer, '[?#].*$', ''), '^([A-Za-z][A-Za-z0-9+.-]*://)[^/@]*@', '\1'), '') AS referrer_url,
       told.referrer_host AS referrer_host,
       known.medium AS referrer_medium,
       known.source AS referrer_source,
       coalesce(told.context_campaign_source, nullif(coalesce(try(url_decode(replace(regexp_extract(told.url, '[?&]utm_source=([^&#]*)', 1), '+', ' '))), replace(regexp_extract(told.url, '[?&]utm_source=([^&#]*)', 1), '+', ' ')), '')) AS utm_source,
       coalesce(told.context_campaign_medium, nullif(coalesce(try(url_decode(replace(regexp_extract(told.url, '[?&]utm_medium=([^&#]*)', 1), '+', ' '))), replace(regexp_extract(told.url, '[?&]utm_medium=([^&#]*)', 1), '+', ' ')), '')) AS utm_medium,
       coalesce(told.context_campaign_name, nullif(coalesce(try(url_decode(replace(regexp_extract(told.url, '[?&]utm_campaign=([^&#]*)', 1), '+', ' '))), replace(regexp_extract(told.url, '[?&]utm_campaign=([^&#]*)', 1), '+', ' ')), '')) AS utm_campaign,
       coalesce(told.context_campaign_term, nullif(coalesce(try(url_decode(replace(regexp_extract(told.url, '[?&]utm_term=([^&#]*)', 1), '+', ' '))), replace(regexp_extract(told.url, '[?&]utm_term=([^&#]*)', 1), '+', ' ')), '')) AS utm_term,
       coalesce(told.context_campaign_content, nullif(coalesce(try(url_decode(replace(regexp_extract(told.url, '[?&]utm_content=([^&#]*)', 1), '+', ' '))), replace(regexp_extract(told.url, '[?&]utm_content=([^&#]*)', 1), '+', ' ')), '')) AS utm_content,
       coalesce(nullif(regexp_extract(told.url, '[?&](?:gclid|gbraid|wbraid|fbclid|msclkid|ttclid|li_fat_id|epik)=([^&#]*)', 1), ''), nullif(regexp_extract(told.search, '[?&](?:gclid|gbraid|wbraid|fbclid|msclkid|ttclid|li_fat_id|epik)=([^&#]*)', 1), '')) AS click_id,
       CAST(NULL AS VARCHAR) AS device_category,
       CAST(NULL AS VARCHAR) AS operating_system,
       CAST(NULL AS VARCHAR) AS browser,
       CAST(NULL AS VARCHAR) AS country,
       CAST(NULL AS VARCHAR) AS order_id,
       CAST(NULL AS DECIMAL(18,6)) AS revenue_amount,
       CAST(NULL AS VARCHAR) AS currency,
       CAST(NULL AS VARCHAR) AS properties,
       'page' AS event_type,
       CAST(NULL AS VARCHAR) AS channel_group,
       CAST(NULL AS VARCHAR) AS utm_id,
       nullif(regexp_extract(told.url, '[?&](gclid|gbraid|wbraid|fbclid|msclkid|ttclid|li_fat_id|epik)=', 1), '') AS click_id_type,
       CAST(NULL AS VARCHAR) AS client_session_id,
       coalesce(told.anonymous_id, told.user_id) AS visitor_id,
       false AS is_bot,
       false AS is_internal,
       CASE WHEN coalesce(told.user_id, told.anonymous_id) IS NOT NULL THEN mesh_hash63(concat_ws('|', 'user_id=' || told.user_id, 'anonymous_id=' || (told.anonymous_id))) END AS evidence,
       '{{domain}}' AS domain,
       '{{source}}' AS source
FROM told
LEFT JOIN known ON regexp_replace(told.referrer_host, '^www\.', '') = known.host
