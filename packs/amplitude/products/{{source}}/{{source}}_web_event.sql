-- Amplitude events in the shape of the shared web event. Page, referrer and UTM stand in the properties, where the browser library puts them.
WITH event AS (
    SELECT * FROM {{domain}}.{{source}}__amplitude_event
    QUALIFY row_number() OVER (PARTITION BY coalesce(uuid, concat_ws('-', app, device_id, id)) ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), parsed AS (
    SELECT event.*, coalesce(uuid, concat_ws('-', app, device_id, id)) AS native_id,
           CASE WHEN json_valid(event_properties) THEN event_properties END AS about,
           CASE WHEN json_valid(user_properties) THEN user_properties END AS person
    FROM event
), told AS (
    SELECT parsed.*, coalesce(json_extract_string(about, '$."[Amplitude] Page Location"'), json_extract_string(about, '$."[Amplitude] Page URL"'), json_extract_string(about, '$."page_url"'), json_extract_string(about, '$."url"')) AS url,
           coalesce(json_extract_string(about, '$."referrer"'), json_extract_string(person, '$."referrer"')) AS referrer,
           nullif(lower(regexp_extract(coalesce(json_extract_string(about, '$."referrer"'), json_extract_string(person, '$."referrer"')), '^(?:[A-Za-z][A-Za-z0-9+.-]*://)?(?:[^/?#@]*@)?([^/?#:@]+)', 1)), '') AS referrer_host
    FROM parsed
), known AS (
    -- The list of known referrers, where it lies beside the events: one entry for each host, with and without "www.".
    SELECT regexp_replace(lower(host), '^www\.', '') AS host, min(medium) AS medium, min(source) AS source
    FROM {{domain}}.{{source}}__referrer_mapping WHERE medium <> 'unknown' GROUP BY 1
)
SELECT concat('{{source}}:', told.native_id) AS event_key,
       'amplitude' AS platform,
       told.app AS account_id,
       told.native_id AS event_id,
       told.event_type AS event_name,
       told.event_time AS occurred_at,
       told.server_received_time AS received_at,
       told.user_id AS user_id,
       coalesce(told.device_id, told.amplitude_id) AS anonymous_id,
       CASE WHEN told.session_id NOT IN ('-1', '0') THEN md5(concat(coalesce(told.device_id, told.amplitude_id, ''), '|', told.session_id)) END AS session_key,
       nullif(regexp_replace(regexp_replace(told.url, '[?#].*$', ''), '^([A-Za-z][A-Za-z0-9+.-]*://)[^/@]*@', '\1'), '') AS page_url,
       nullif(lower(regexp_extract(told.url, '^(?:[A-Za-z][A-Za-z0-9+.-]*://)?(?:[^/?#@]*@)?([^/?#:@]+)', 1)), '') AS page_host,
       nullif(regexp_extract(told.url, '^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]+([^?#]*)', 1), '') AS page_path,
       coalesce(json_extract_string(told.about, '$."[Amplitude] Page Title"'), json_extract_string(told.about, '$."page_title"'), json_extract_string(told.about, '$."title"')) AS page_title,
       nullif(regexp_replace(regexp_replace(told.referrer, '[?#].*$', ''), '^([A-Za-z][A-Za-z0-9+.-]*://)[^/@]*@', '\1'), '') AS referrer_url,
       told.referrer_host AS referrer_host,
       known.medium AS referrer_medium,
       known.source AS referrer_source,
       coalesce(json_extract_string(told.about, '$."utm_source"'), json_extract_string(told.person, '$."utm_source"'), nullif(coalesce(try(url_decode(replace(regexp_extract(told.url, '[?&]utm_source=([^&#]*)', 1), '+', ' '))), replace(regexp_extract(told.url, '[?&]utm_source=([^&#]*)', 1), '+', ' ')), '')) AS utm_source,
       coalesce(json_extract_string(told.about, '$."utm_medium"'), json_extract_string(told.person, '$."utm_medium"'), nullif(coalesce(try(url_decode(replace(regexp_extract(told.url, '[?&]utm_medium=([^&#]*)', 1), '+', ' '))), replace(regexp_extract(told.url, '[?&]utm_medium=([^&#]*)', 1), '+', ' ')), '')) AS utm_medium,
       coalesce(json_extract_string(told.about, '$."utm_campaign"'), json_extract_string(told.person, '$."utm_campaign"'), nullif(coalesce(try(url_decode(replace(regexp_extract(told.url, '[?&]utm_campaign=([^&#]*)', 1), '+', ' '))), replace(regexp_extract(told.url, '[?&]utm_campaign=([^&#]*)', 1), '+', ' ')), '')) AS utm_campaign,
       coalesce(json_extract_string(told.about, '$."utm_term"'), json_extract_string(told.person, '$."utm_term"'), nullif(coalesce(try(url_decode(replace(regexp_extract(told.url, '[?&]utm_term=([^&#]*)', 1), '+', ' '))), replace(regexp_extract(told.url, '[?&]utm_term=([^&#]*)', 1), '+', ' ')), '')) AS utm_term,
       coalesce(json_extract_string(told.about, '$."utm_content"'), json_extract_string(told.person, '$."utm_content"'), nullif(coalesce(try(url_decode(replace(regexp_extract(told.url, '[?&]utm_content=([^&#]*)', 1), '+', ' '))), replace(regexp_extract(told.url, '[?&]utm_content=([^&#]*)', 1), '+', ' ')), '')) AS utm_content,
       coalesce(coalesce(json_extract_string(told.about, '$."gclid"'), json_extract_string(told.about, '$."fbclid"')), nullif(regexp_extract(told.url, '[?&](?:gclid|gbraid|wbraid|fbclid|msclkid|ttclid|li_fat_id|epik)=([^&#]*)', 1), '')) AS click_id,
       coalesce(told.device_type, told.device_family) AS device_category,
       told.os_name AS operating_system,
       CAST(NULL AS VARCHAR) AS browser,
       told.country AS country,
       coalesce(json_extract_string(told.about, '$."order_id"'), json_extract_string(told.about, '$."transaction_id"')) AS order_id,
       try_cast(coalesce(json_extract_string(told.about, '$."$revenue"'), json_extract_string(told.about, '$."revenue"')) AS DECIMAL(18,6)) AS revenue_amount,
       CASE WHEN try_cast(coalesce(json_extract_string(told.about, '$."$revenue"'), json_extract_string(told.about, '$."revenue"')) AS DECIMAL(18,6)) IS NOT NULL THEN coalesce(upper(coalesce(json_extract_string(told.about, '$."$currency"'), json_extract_string(told.about, '$."currency"'))), told._source_currency) END AS currency,
       told.event_properties AS properties,
       'track' AS event_type,
       CAST(NULL AS VARCHAR) AS channel_group,
       CAST(NULL AS VARCHAR) AS utm_id,
       CAST(NULL AS VARCHAR) AS click_id_type,
       CASE WHEN told.session_id NOT IN ('-1', '0') THEN md5(concat(coalesce(told.device_id, told.amplitude_id, ''), '|', told.session_id)) END AS client_session_id,
       coalesce(coalesce(told.device_id, told.amplitude_id), told.user_id) AS visitor_id,
       false AS is_bot,
       false AS is_internal,
       CASE WHEN coalesce(told.user_id, coalesce(told.device_id, told.amplitude_id)) IS NOT NULL THEN mesh_hash63(concat_ws('|', 'user_id=' || told.user_id, 'anonymous_id=' || (coalesce(told.device_id, told.amplitude_id)))) END AS evidence,
       '{{domain}}' AS domain,
       '{{source}}' AS source
FROM told
LEFT JOIN known ON regexp_replace(told.referrer_host, '^www\.', '') = known.host
