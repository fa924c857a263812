-- Customer 360: one row for each person that identity knows, signed in or not.
WITH person AS (
    SELECT customer_id,
           count(DISTINCT (kind, lower(trim(value)))) FILTER (WHERE admitted) AS identifiers,
           count(DISTINCT lower(trim(value))) FILTER (WHERE admitted AND kind = 'user_id') AS user_ids,
           count(DISTINCT lower(trim(value))) FILTER (WHERE admitted AND kind = 'email') AS emails,
           count(DISTINCT value) FILTER (WHERE admitted AND kind = 'contact') AS records,
           count(DISTINCT value) FILTER (WHERE admitted AND kind = 'anonymous_id') AS visitors,
           bool_or(admitted AND kind IN ('user_id', 'email', 'phone', 'contact')) AS is_known,
           nullif(min(first_seen), TIMESTAMP '1970-01-01') AS first_seen,
           nullif(max(last_seen), TIMESTAMP '1970-01-01') AS last_seen
    FROM shared.identity GROUP BY customer_id
), trait AS (
    SELECT customer_id,
           max(value) FILTER (WHERE name = 'email') AS email, max(value) FILTER (WHERE name = 'phone') AS phone,
           max(value) FILTER (WHERE name = 'first_name') AS first_name, max(value) FILTER (WHERE name = 'last_name') AS last_name, max(value) FILTER (WHERE name = 'full_name') AS full_name,
           max(value) FILTER (WHERE name = 'job_title') AS job_title, max(value) FILTER (WHERE name = 'company_name') AS company_name, max(value) FILTER (WHERE name = 'account_key') AS account_key,
           max(value) FILTER (WHERE name = 'city') AS city, max(value) FILTER (WHERE name = 'region') AS region, max(value) FILTER (WHERE name = 'country') AS country,
           max(value) FILTER (WHERE name = 'lifecycle_stage') AS lifecycle_stage, max(value) FILTER (WHERE name = 'lead_source') AS lead_source, max(value) FILTER (WHERE name = 'plan') AS plan,
           count(*) AS traits
    FROM shared.customer_trait GROUP BY customer_id
), done AS (
    SELECT customer_id,
           min(occurred_at) AS first_seen, max(occurred_at) AS last_seen,
           count(*) FILTER (WHERE kind IN ('page', 'screen')) AS page_views,
           count(*) FILTER (WHERE kind = 'track') AS events,
           count(*) FILTER (WHERE kind = 'email' AND name IN ('sent', 'delivered') AND channel_group = 'email') AS emails_received,
           count(*) FILTER (WHERE kind = 'email' AND name = 'open') AS email_opens,
           count(*) FILTER (WHERE kind = 'email' AND name = 'click') AS email_clicks,
           max(occurred_at) FILTER (WHERE kind = 'email' AND name IN ('unsubscribe', 'spam')) AS unsubscribed_at,
           count(*) FILTER (WHERE kind = 'ticket') AS tickets,
           count(*) FILTER (WHERE kind = 'ticket' AND name = 'open') AS open_tickets,
           max(occurred_at) FILTER (WHERE kind = 'ticket') AS last_ticket_at
    FROM shared.interaction WHERE NOT is_bot AND NOT is_internal GROUP BY customer_id
), placed AS (
    SELECT interaction_id, customer_id, kind, name, occurred_at, order_id, order_number, revenue_reporting,
           regexp_matches(lower(name), '(refund|cancel)') AS is_back
    FROM shared.interaction
    WHERE NOT is_bot AND NOT is_internal
      AND ((kind = 'order' AND name NOT IN ('draft', 'cancelled'))
           -- Orders that only events tell of. A checkout, a cart or a product carries its value too, and is no order.
           OR (kind = 'track' AND regexp_matches(lower(name), '(order|purchase|payment|invoice|subscription)') AND (revenue_reporting IS NOT NULL OR order_id IS NOT NULL)
               AND NOT regexp_matches(lower(name), '(checkout|cart|product|viewed|started|entered|failed|coupon|promotion)')))
), landed AS (
    SELECT customer_id, order_id FROM shared.interaction WHERE kind = 'order' AND order_id IS NOT NULL
    UNION
    SELECT customer_id, order_number FROM shared.interaction WHERE kind = 'order' AND order_number IS NOT NULL
), sale AS (
    -- An order that landed counts as the shop has it, also where it was cancelled, and the calls that told of it do not count again.
    SELECT customer_id, occurred_at, coalesce(revenue_reporting, 0) AS revenue FROM placed WHERE kind = 'order'
    UNION ALL
    SELECT customer_id, min(occurred_at) FILTER (WHERE NOT is_back),
           CASE WHEN bool_or(is_back AND revenue_reporting IS NULL) THEN 0
                ELSE greatest(coalesce(arg_max(revenue_reporting, (occurred_at, interaction_id)) FILTER (WHERE NOT is_back), 0) - coalesce(sum(abs(revenue_reporting)) FILTER (WHERE is_back), 0), 0) END
    FROM placed
    WHERE kind = 'track' AND NOT EXISTS (SELECT 1 FROM landed WHERE landed.customer_id = placed.customer_id AND landed.order_id = placed.order_id)
    GROUP BY customer_id, coalesce(order_id, interaction_id)
    HAVING bool_or(NOT is_back)
), bought AS (
    SELECT customer_id, count(*) AS orders, CAST(sum(revenue) AS DECIMAL(18,6)) AS revenue_reporting, min(occurred_at) AS first_order_at, max(occurred_at) AS last_order_at
    FROM sale GROUP BY customer_id
), touched AS (
    SELECT customer_id, count(*) AS touchpoints, count(DISTINCT session_id) AS sessions,
           arg_min(channel_group, (occurred_at, touchpoint_id)) AS first_channel_group, arg_max(channel_group, (occurred_at, touchpoint_id)) AS last_channel_group,
           arg_max(channel_group, (occurred_at, touchpoint_id)) FILTER (WHERE channel_group <> 'direct') AS last_channel_group_not_direct,
           arg_min(campaign_name, (occurred_at, touchpoint_id)) FILTER (WHERE campaign_name IS NOT NULL) AS first_campaign_name,
           CAST(sum(cost_reporting) AS DECIMAL(18,6)) AS cost_reporting
    FROM shared.touchpoint GROUP BY customer_id
), agreed AS (
    SELECT customer_id,
           string_agg(purpose, ',' ORDER BY purpose) FILTER (WHERE granted) AS granted_purposes,
           string_agg(purpose, ',' ORDER BY purpose) FILTER (WHERE status IN ('denied', 'withdrawn')) AS denied_purposes,
           bool_or(conflict) AS consent_conflict
    FROM shared.consent GROUP BY customer_id
)
SELECT person.customer_id,
       coalesce(person.is_known, false) AS is_known,
       trait.email, trait.phone, trait.first_name, trait.last_name,
       coalesce(trait.full_name, nullif(concat_ws(' ', trait.first_name, trait.last_name), '')) AS full_name,
       trait.job_title, trait.company_name, trait.account_key, trait.city, trait.region, trait.country, trait.lifecycle_stage, trait.lead_source, trait.plan,
       coalesce(trait.traits, 0) AS traits,
       person.identifiers, person.user_ids, person.emails, person.records, person.visitors,
       least(person.first_seen, done.first_seen) AS first_seen_at,
       greatest(person.last_seen, done.last_seen) AS last_seen_at,
       coalesce(touched.touchpoints, 0) AS touchpoints, coalesce(touched.sessions, 0) AS sessions,
       touched.first_channel_group, touched.last_channel_group, touched.last_channel_group_not_direct, touched.first_campaign_name, touched.cost_reporting,
       coalesce(done.page_views, 0) AS page_views, coalesce(done.events, 0) AS events,
       coalesce(done.emails_received, 0) AS emails_received, coalesce(done.email_opens, 0) AS email_opens, coalesce(done.email_clicks, 0) AS email_clicks, done.unsubscribed_at,
       coalesce(done.tickets, 0) AS tickets, coalesce(done.open_tickets, 0) AS open_tickets, done.last_ticket_at,
       coalesce(bought.orders, 0) AS orders, coalesce(bought.revenue_reporting, 0) AS revenue_reporting, mesh_reporting_currency() AS reporting_currency,
       bought.first_order_at, bought.last_order_at,
       agreed.granted_purposes, agreed.denied_purposes, coalesce(agreed.consent_conflict, false) AS consent_conflict
FROM person
LEFT JOIN trait ON person.customer_id = trait.customer_id
LEFT JOIN done ON person.customer_id = done.customer_id
LEFT JOIN bought ON person.customer_id = bought.customer_id
LEFT JOIN touched ON person.customer_id = touched.customer_id
LEFT JOIN agreed ON person.customer_id = agreed.customer_id
