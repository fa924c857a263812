-- What people did and got, in one shape: calls and page views, e-mail events, orders, tickets, with the customer they belong to now.
-- A journey before the login belongs to the customer afterwards: its set of identifiers is given to the customer by shared.identity.
WITH event AS (
    -- A call that a client sent again after the source's window of duplicates counts once: as it came first.
    SELECT * FROM shared.web_event WHERE evidence IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY event_key ORDER BY received_at, occurred_at, evidence) = 1
), told AS (
    SELECT 'web:' || event_key AS interaction_id, evidence, occurred_at,
           coalesce(event_type, CASE WHEN event_name IN ('page_view', 'screen_view') THEN 'page' ELSE 'track' END) AS kind, event_name AS name,
           channel_group, utm_source, utm_medium, utm_campaign, utm_term, utm_content, utm_id, click_id, click_id_type,
           CAST(NULL AS VARCHAR) AS campaign_id, CAST(NULL AS VARCHAR) AS campaign_name,
           page_host, page_path, page_title, referrer_host, order_id, CAST(NULL AS VARCHAR) AS order_number, revenue_amount_reporting AS revenue_reporting,
           visitor_id, client_session_id, device_category, is_bot, is_internal, platform, domain || '.' || source AS source
    FROM event
    UNION ALL
    SELECT 'email:' || engagement_key, evidence, occurred_at, 'email', event_type,
           channel, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
           coalesce(campaign_id, flow_id), coalesce(campaign_name, flow_name),
           NULL, NULL, NULL, NULL, NULL, NULL, NULL,
           NULL, NULL, NULL, coalesce(is_filtered, false), false, platform, domain || '.' || source
    FROM shared.email_engagement WHERE evidence IS NOT NULL AND occurred_at IS NOT NULL
    UNION ALL
    SELECT 'order:' || order_key, evidence, ordered_at, 'order', CASE WHEN is_cancelled THEN 'cancelled' ELSE coalesce(status, 'pending') END,
           NULL, utm_source, utm_medium, utm_campaign, NULL, NULL, NULL, NULL, NULL,
           NULL, NULL,
           NULL, NULL, NULL, referrer_host, order_id, order_number, net_revenue_reporting,
           NULL, NULL, NULL, false, is_test, platform, domain || '.' || source
    FROM shared.customer_order WHERE evidence IS NOT NULL
    UNION ALL
    SELECT 'ticket:' || ticket_key, evidence, created_at, 'ticket', status,
           NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
           NULL, NULL,
           NULL, NULL, coalesce(category, pipeline), NULL, NULL, NULL, NULL,
           NULL, NULL, NULL, false, false, platform, domain || '.' || source
    FROM shared.support_ticket WHERE evidence IS NOT NULL AND created_at IS NOT NULL AND NOT is_deleted
), person AS (
    SELECT evidence, min(customer_id) AS customer_id FROM shared.identity GROUP BY evidence
)
SELECT told.interaction_id, told.evidence, person.customer_id, told.* EXCLUDE (interaction_id, evidence)
FROM told JOIN person ON told.evidence = person.evidence
