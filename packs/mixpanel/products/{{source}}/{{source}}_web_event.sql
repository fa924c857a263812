-- Mixpanel events in the shape of the shared web event; a property with a column of its own comes from there, the rest from the properties.
WITH event AS (
    SELECT * FROM {{domain}}.{{source}}__mixpanel_event
    QUALIFY row_number() OVER (PARTITION BY _fivetran_id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), told AS (
    SELECT event.*, CASE WHEN json_valid(properties) THEN properties END AS about,
           nullif(lower(regexp_extract(coalesce(referrer, referring_domain, initial_referrer), '^(?:[A-Za-z][A-Za-z0-9+.-]*://)?(?:[^/?#@]*@)?([^/?#:@]+)', 1)), '') AS referrer_host
    FROM event
), known AS (
    -- The list of known referrers, where it lies beside the events: one entry for each host, with and without "www.".
    SELECT regexp_replace(lower(host), '^www\.', '') AS host, min(medium) AS medium, min(source) AS source
    FROM {{domain}}.{{source}}__referrer_mapping WHERE medium <> 'unknown' GROUP BY 1
)
SELECT concat('{{source}}:', told._fivetran_id) AS event_key,
       'mixpanel' AS platform,
       CAST(NULL AS VARCHAR) AS account_id,
       told._fivetran_id AS event_id,
       told.name AS event_name,
       told."time" AS occurred_at,
       CAST(NULL AS TIMESTAMP) AS received_at,
       told.distinct_id AS user_id,
       coalesce(told.device_id, told.distinct_id_before_identity) AS anonymous_id,
       CASE WHEN coalesce(json_extract_string(told.about, '$."$session_id"'), json_extract_string(told.about, '$."session_id"')) IS NOT NULL THEN md5(concat(coalesce(told.device_id, told.distinct_id_before_identity, ''), '|', coalesce(json_extract_string(told.about, '$."$session_id"'), json_extract_string(told.about, '$."session_id"')))) END AS session_key,
       nullif(regexp_replace(regexp_replace(told.current_url, '[?#].*$', ''), '^([A-Za-z][A-Za-z0-9+.-]*://)[^/@]*@', '\1'), '') AS page_url,
       nullif(lower(regexp_extract(told.current_url, '^(?:[A-Za-z][A-Za-z0-9+.-]*://)?(?:[^/?#@]*@)?([^/?#:@]+)', 1)), '') AS page_host,
       nullif(regexp_extract(told.current_url, '^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]+([^?#]*)', 1), '') AS page_path,
       coalesce(json_extract_string(told.about, '$."current_page_title"'), json_extract_string(told.about, '$."page_title"')) AS page_title,
       nullif(regexp_replace(regexp_replace(coalesce(told.referrer, told.initial_referrer), '[?#].*$', ''), '^([A-Za-z][A-Za-z0-9+.-]*://)[^/@]*@', '\1'), '') AS referrer_url,
       told.referrer_host AS referrer_host,
       known.medium AS referrer_medium,
       known.source AS referrer_source,
       coalesce(json_extract_string(told.about, '$."utm_source"'), nullif(coalesce(try(url_decode(replace(regexp_extract(told.current_url, '[?&]utm_source=([^&#]*)', 1), '+', ' '))), replace(regexp_extract(told.current_url, '[?&]utm_source=([^&#]*)', 1), '+', ' ')), '')) AS utm_source,
       coalesce(json_extract_string(told.about, '$."utm_medium"'), nullif(coalesce(try(url_decode(replace(regexp_extract(told.current_url, '[?&]utm_medium=([^&#]*)', 1), '+', ' '))), replace(regexp_extract(told.current_url, '[?&]utm_medium=([^&#]*)', 1), '+', ' ')), '')) AS utm_medium,
       coalesce(json_extract_string(told.about, '$."utm_campaign"'), nullif(coalesce(try(url_decode(replace(regexp_extract(told.current_url, '[?&]utm_campaign=([^&#]*)', 1), '+', ' '))), replace(regexp_extract(told.current_url, '[?&]utm_campaign=([^&#]*)', 1), '+', ' ')), '')) AS utm_campaign,
       coalesce(json_extract_string(told.about, '$."utm_term"'), nullif(coalesce(try(url_decode(replace(regexp_extract(told.current_url, '[?&]utm_term=([^&#]*)', 1), '+', ' '))), replace(regexp_extract(told.current_url, '[?&]utm_term=([^&#]*)', 1), '+', ' ')), '')) AS utm_term,
       coalesce(json_extract_string(told.about, '$."utm_content"'), nullif(coalesce(try(url_decode(replace(regexp_extract(told.current_url, '[?&]utm_content=([^&#]*)', 1), '+', ' '))), replace(regexp_extract(told.current_url, '[?&]utm_content=([^&#]*)', 1), '+', ' ')), '')) AS utm_content,
       coalesce(coalesce(json_extract_string(told.about, '$."gclid"'), json_extract_string(told.about, '$."fbclid"')), nullif(regexp_extract(told.current_url, '[?&](?:gclid|gbraid|wbraid|fbclid|msclkid|ttclid|li_fat_id|epik)=([^&#]*)', 1), '')) AS click_id,
       coalesce(told.device, told.model, told.mp_device_model) AS device_category,
       coalesce(told.os, coalesce(json_extract_string(told.about, '$."Operating System"'), json_extract_string(told.about, '$."$os"'))) AS operating_system,
       told.browser AS browser,
       told.mp_country_code AS country,
       coalesce(json_extract_string(told.about, '$."order_id"'), json_extract_string(told.about, '$."transaction_id"')) AS order_id,
       try_cast(coalesce(json_extract_string(told.about, '$."revenue"'), json_extract_string(told.about, '$."$amount"')) AS DECIMAL(18,6)) AS revenue_amount,
       CASE WHEN try_cast(coalesce(json_extract_string(told.about, '$."revenue"'), json_extract_string(told.about, '$."$amount"')) AS DECIMAL(18,6)) IS NOT NULL THEN coalesce(upper(json_extract_string(told.about, '$."currency"')), told._source_currency) END AS currency,
       told.properties AS properties,
       'track' AS event_type,
       CAST(NULL AS VARCHAR) AS channel_group,
       CAST(NULL AS VARCHAR) AS utm_id,
       CAST(NULL AS VARCHAR) AS click_id_type,
       CASE WHEN coalesce(json_extract_string(told.about, '$."$session_id"'), json_extract_string(told.about, '$."session_id"')) IS NOT NULL THEN md5(concat(coalesce(told.device_id, told.distinct_id_before_identity, ''), '|', coalesce(json_extract_string(told.about, '$."$session_id"'), json_extract_string(told.about, '$."session_id"')))) END AS client_session_id,
       coalesce(coalesce(told.device_id, told.distinct_id_before_identity), told.distinct_id) AS visitor_id,
       false AS is_bot,
       false AS is_internal,
       CASE WHEN coalesce(told.distinct_id, coalesce(told.device_id, told.distinct_id_before_identity)) IS NOT NULL THEN mesh_hash63(concat_ws('|', 'user_id=' || told.distinct_id, 'anonymous_id=' || (coalesce(told.device_id, told.distinct_id_before_identity)))) END AS evidence,
       '{{domain}}' AS domain,
       '{{source}}' AS source
FROM told
LEFT JOIN known ON regexp_replace(told.referrer_host, '^www\.', '') = known.host
