-- What people were won for, as governance/attribution.yaml declares it: orders, deals that were won, things that people did.
WITH person AS (
    SELECT evidence, min(customer_id) AS customer_id FROM shared.identity GROUP BY evidence
), done AS (
    SELECT interaction_id, customer_id, evidence, occurred_at, kind, name, channel_group, utm_source, utm_medium, utm_campaign, campaign_id, campaign_name, page_host, page_path, referrer_host,
           order_id, order_number, revenue_reporting, device_category, platform, source, is_bot, is_internal
    FROM shared.interaction
), landed AS (
    SELECT 'order:' || placed.order_key AS interaction_id, person.customer_id, placed.*
    FROM shared.order_placed AS placed JOIN person ON placed.evidence = person.evidence
), known AS (
    SELECT customer_id, order_id AS number FROM landed WHERE order_id IS NOT NULL
    UNION
    SELECT customer_id, order_number FROM landed WHERE order_number IS NOT NULL
), call AS (
    -- Orders that only events tell of, as shared.customer counts them. A checkout, a cart or a product carries its value too, and is no order.
    SELECT interaction_id, customer_id, occurred_at, order_id, revenue_reporting, platform, source, regexp_matches(lower(name), '(refund|cancel)') AS is_back
    FROM done
    WHERE kind = 'track' AND NOT is_bot AND NOT is_internal
      AND regexp_matches(lower(name), '(order|purchase|payment|invoice|subscription)') AND (revenue_reporting IS NOT NULL OR order_id IS NOT NULL)
      AND NOT regexp_matches(lower(name), '(checkout|cart|product|viewed|started|entered|failed|coupon|promotion)')
      AND NOT EXISTS (SELECT 1 FROM known WHERE known.customer_id = done.customer_id AND known.number = done.order_id)
), told AS (
    SELECT arg_min(interaction_id, (occurred_at, interaction_id)) FILTER (WHERE NOT is_back) AS interaction_id, customer_id, min(occurred_at) FILTER (WHERE NOT is_back) AS ordered_at,
           any_value(order_id) AS order_id, min(platform) AS platform, min(source) AS source, 'paid' AS status, false AS is_test, false AS is_cancelled,
           CASE WHEN bool_or(is_back AND revenue_reporting IS NULL) THEN 0
                ELSE greatest(coalesce(arg_max(revenue_reporting, (occurred_at, interaction_id)) FILTER (WHERE NOT is_back), 0)
                              - coalesce(sum(abs(revenue_reporting)) FILTER (WHERE is_back), 0), 0) END AS net_revenue_reporting
    FROM call GROUP BY customer_id, coalesce(order_id, interaction_id) HAVING bool_or(NOT is_back)
), sold AS (
    SELECT * FROM landed UNION ALL BY NAME SELECT * FROM told
), deal AS (
    SELECT 'deal:' || deal.opportunity_key AS interaction_id, person.customer_id, deal.* FROM shared.deal AS deal JOIN person ON deal.evidence = person.evidence
), won AS (
    SELECT conversion, value_reporting, interaction_id, customer_id, ordered_at AS occurred_at, order_key FROM mesh_conversion_rows('orders', sold)
    UNION ALL
    -- A deal is won when its day ends, so that what happened on the day comes before. Deals of companies are in account_credit.
    SELECT conversion, value_reporting, interaction_id, customer_id,
           coalesce(timezone('UTC', timezone(mesh_time_zone(), CAST(close_date AS TIMESTAMP) + INTERVAL 1 DAY)) - INTERVAL 1 SECOND, updated_at, created_at), NULL
    FROM mesh_conversion_rows('opportunities', deal) WHERE conversion NOT IN (SELECT conversion FROM mesh_conversions() WHERE by_account)
    UNION ALL
    SELECT conversion, value_reporting, interaction_id, customer_id, occurred_at, NULL FROM mesh_conversion_rows('events', done)
), company AS (
    SELECT customer_id, max(value) AS account_key FROM shared.customer_trait WHERE name = 'account_key' GROUP BY customer_id
)
SELECT 'v_' || md5(won.conversion || '|' || won.interaction_id) AS conversion_id,
       won.conversion, won.customer_id, won.occurred_at, won.value_reporting, mesh_reporting_currency() AS reporting_currency, won.order_key, company.account_key,
       row_number() OVER (PARTITION BY won.customer_id, won.conversion ORDER BY won.occurred_at, won.interaction_id) = 1 AS is_first
FROM won LEFT JOIN company ON won.customer_id = company.customer_id
WHERE won.occurred_at IS NOT NULL
