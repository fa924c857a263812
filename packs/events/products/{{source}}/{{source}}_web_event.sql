-- Calls of the source in the shape of the shared web event. A view: an event stands in it as soon as it is loaded, and is kept once.
WITH call AS (
    SELECT message_id, occurred_at, received_at, user_id, anonymous_id, device_id, page_url, page_host, page_path, page_title, referrer_url,
           referrer_host, referrer_medium, referrer_source, utm_source, utm_medium, utm_campaign, utm_term, utm_content, utm_id,
           click_id, click_id_type, device_category, operating_system, browser, channel_group, client_session_id, is_bot,
           is_internal, evidence,
           'track' AS event_type, event AS event_name, CAST(NULL AS VARCHAR) AS label,
           order_id,
           -- Some clients say what an order brought as its total alone.
           coalesce(revenue_amount, CASE WHEN lower(event) LIKE 'order %' THEN try_cast(json_extract_string(properties, '$.total') AS DECIMAL(18,6)) END) AS revenue_amount, coalesce(currency, _source_currency) AS currency, properties
    FROM {{domain}}.{{source}}__track
    UNION ALL
    SELECT message_id, occurred_at, received_at, user_id, anonymous_id, device_id, page_url, page_host, page_path, page_title, referrer_url,
           referrer_host, referrer_medium, referrer_source, utm_source, utm_medium, utm_campaign, utm_term, utm_content, utm_id,
           click_id, click_id_type, device_category, operating_system, browser, channel_group, client_session_id, is_bot,
           is_internal, evidence,
           'page' AS event_type, 'page_view' AS event_name, name AS label,
           CAST(NULL AS VARCHAR) AS order_id, CAST(NULL AS DECIMAL(18,6)) AS revenue_amount, CAST(NULL AS VARCHAR) AS currency, properties
    FROM {{domain}}.{{source}}__page
    UNION ALL
    SELECT message_id, occurred_at, received_at, user_id, anonymous_id, device_id, page_url, page_host, page_path, page_title, referrer_url,
           referrer_host, referrer_medium, referrer_source, utm_source, utm_medium, utm_campaign, utm_term, utm_content, utm_id,
           click_id, click_id_type, device_category, operating_system, browser, channel_group, client_session_id, is_bot,
           is_internal, evidence,
           'screen' AS event_type, 'screen_view' AS event_name, name AS label,
           CAST(NULL AS VARCHAR) AS order_id, CAST(NULL AS DECIMAL(18,6)) AS revenue_amount, CAST(NULL AS VARCHAR) AS currency, properties
    FROM {{domain}}.{{source}}__screen
    UNION ALL
    SELECT message_id, occurred_at, received_at, user_id, anonymous_id, device_id, page_url, page_host, page_path, page_title, referrer_url,
           referrer_host, referrer_medium, referrer_source, utm_source, utm_medium, utm_campaign, utm_term, utm_content, utm_id,
           click_id, click_id_type, device_category, operating_system, browser, channel_group, client_session_id, is_bot,
           is_internal, evidence,
           'identify' AS event_type, 'identify' AS event_name, CAST(NULL AS VARCHAR) AS label,
           CAST(NULL AS VARCHAR) AS order_id, CAST(NULL AS DECIMAL(18,6)) AS revenue_amount, CAST(NULL AS VARCHAR) AS currency, CAST(NULL AS VARCHAR) AS properties
    FROM {{domain}}.{{source}}__identify
    UNION ALL
    SELECT message_id, occurred_at, received_at, user_id, anonymous_id, device_id, page_url, page_host, page_path, page_title, referrer_url,
           referrer_host, referrer_medium, referrer_source, utm_source, utm_medium, utm_campaign, utm_term, utm_content, utm_id,
           click_id, click_id_type, device_category, operating_system, browser, channel_group, client_session_id, is_bot,
           is_internal, evidence,
           'group' AS event_type, 'group' AS event_name, CAST(NULL AS VARCHAR) AS label,
           CAST(NULL AS VARCHAR) AS order_id, CAST(NULL AS DECIMAL(18,6)) AS revenue_amount, CAST(NULL AS VARCHAR) AS currency, CAST(NULL AS VARCHAR) AS properties
    FROM {{domain}}.{{source}}__group
    UNION ALL
    SELECT message_id, occurred_at, received_at, user_id, anonymous_id, device_id, page_url, page_host, page_path, page_title, referrer_url,
           referrer_host, referrer_medium, referrer_source, utm_source, utm_medium, utm_campaign, utm_term, utm_content, utm_id,
           click_id, click_id_type, device_category, operating_system, browser, channel_group, client_session_id, is_bot,
           is_internal, evidence,
           'alias' AS event_type, 'alias' AS event_name, CAST(NULL AS VARCHAR) AS label,
           CAST(NULL AS VARCHAR) AS order_id, CAST(NULL AS DECIMAL(18,6)) AS revenue_amount, CAST(NULL AS VARCHAR) AS currency, CAST(NULL AS VARCHAR) AS properties
    FROM {{domain}}.{{source}}__alias
)
SELECT concat('{{source}}:', call.message_id) AS event_key,
       'events' AS platform,
       CAST(NULL AS VARCHAR) AS account_id,
       call.message_id AS event_id,
       call.event_name AS event_name,
       call.occurred_at AS occurred_at,
       call.received_at AS received_at,
       call.user_id AS user_id,
       call.anonymous_id AS anonymous_id,
       CASE WHEN call.client_session_id IS NOT NULL THEN md5(concat(coalesce(call.anonymous_id, call.device_id, call.user_id, ''), '|', call.client_session_id)) END AS session_key,
       call.page_url AS page_url,
       call.page_host AS page_host,
       call.page_path AS page_path,
       coalesce(call.page_title, call.label) AS page_title,
       call.referrer_url AS referrer_url,
       call.referrer_host AS referrer_host,
       call.referrer_medium AS referrer_medium,
       call.referrer_source AS referrer_source,
       call.utm_source AS utm_source,
       call.utm_medium AS utm_medium,
       call.utm_campaign AS utm_campaign,
       call.utm_term AS utm_term,
       call.utm_content AS utm_content,
       call.click_id AS click_id,
       call.device_category AS device_category,
       call.operating_system AS operating_system,
       call.browser AS browser,
       CAST(NULL AS VARCHAR) AS country,
       call.order_id AS order_id,
       call.revenue_amount AS revenue_amount,
       CASE WHEN call.revenue_amount IS NOT NULL THEN upper(call.currency) END AS currency,
       call.properties AS properties,
       call.event_type AS event_type,
       call.channel_group AS channel_group,
       call.utm_id AS utm_id,
       call.click_id_type AS click_id_type,
       call.client_session_id AS client_session_id,
       coalesce(call.anonymous_id, call.device_id, call.user_id) AS visitor_id,
       coalesce(call.is_bot, false) AS is_bot,
       coalesce(call.is_internal, false) AS is_internal,
       call.evidence AS evidence,
       '{{domain}}' AS domain,
       '{{source}}' AS source
FROM call
