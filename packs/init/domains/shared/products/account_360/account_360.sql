-- Account 360: one row for each company, out of CRM records and group calls. Companies are one where their web site is one; a group whose id is the id of a
-- CRM record belongs to it.
WITH site AS (
    SELECT account.*,
           nullif(lower(regexp_extract(website, '^(?:[A-Za-z]+://)?(?:www\.)?([^/?#:@ ]+\.[A-Za-z]{2,})', 1)), '') AS host
    FROM shared.account AS account WHERE NOT is_merged AND NOT is_deleted
), record AS (
    SELECT *, 'a_' || md5(coalesce('site:' || host, 'record:' || account_key)) AS unified_id FROM site
), named AS (
    SELECT group_id, arg_max(traits, (occurred_at, group_key)) FILTER (WHERE json_valid(traits)) AS traits, min(occurred_at) AS first_seen, max(occurred_at) AS last_seen
    FROM (
        -- trellis:sources begin group_call
        -- trellis:sources end
    ) GROUP BY group_id
), native AS (
    SELECT account_id, min(unified_id) AS unified_id FROM record GROUP BY account_id HAVING count(DISTINCT unified_id) = 1
), team AS (
    SELECT named.*, coalesce(native.unified_id, 'a_' || md5(coalesce('site:' || named.host, 'group:' || named.group_id))) AS unified_id
    FROM (SELECT *, nullif(lower(regexp_extract(json_extract_string(traits, '$.website'), '^(?:[A-Za-z]+://)?(?:www\.)?([^/?#:@ ]+\.[A-Za-z]{2,})', 1)), '') AS host FROM named) AS named
    LEFT JOIN native ON named.group_id = native.account_id
), company AS (
    -- The record that changed last says what a company is called; group traits where no CRM says anything.
    SELECT unified_id, account_key, account_name, account_type, industry, host, city, region, country, employees, annual_revenue_reporting, parent_account_key, owner_id,
           created_at, 'crm' AS origin, 1 AS rank, coalesce(updated_at, created_at) AS told_at FROM record
    UNION ALL
    SELECT unified_id, NULL, json_extract_string(traits, '$.name'), NULL, json_extract_string(traits, '$.industry'), host, json_extract_string(traits, '$.address.city'), NULL,
           json_extract_string(traits, '$.address.country'), try_cast(json_extract_string(traits, '$.employees') AS BIGINT), NULL, NULL, NULL, first_seen, 'event', 2, last_seen FROM team
), chosen AS (
    SELECT unified_id,
           first(account_name ORDER BY rank, told_at DESC NULLS LAST, account_key) FILTER (WHERE account_name IS NOT NULL) AS account_name,
           first(account_type ORDER BY rank, told_at DESC NULLS LAST, account_key) FILTER (WHERE account_type IS NOT NULL) AS account_type,
           first(industry ORDER BY rank, told_at DESC NULLS LAST, account_key) FILTER (WHERE industry IS NOT NULL) AS industry,
           min(host) AS website_host,
           first(city ORDER BY rank, told_at DESC NULLS LAST, account_key) FILTER (WHERE city IS NOT NULL) AS city,
           first(region ORDER BY rank, told_at DESC NULLS LAST, account_key) FILTER (WHERE region IS NOT NULL) AS region,
           first(country ORDER BY rank, told_at DESC NULLS LAST, account_key) FILTER (WHERE country IS NOT NULL) AS country,
           first(employees ORDER BY rank, told_at DESC NULLS LAST, account_key) FILTER (WHERE employees IS NOT NULL) AS employees,
           first(annual_revenue_reporting ORDER BY rank, told_at DESC NULLS LAST, account_key) FILTER (WHERE annual_revenue_reporting IS NOT NULL) AS annual_revenue_reporting,
           min(created_at) AS created_at,
           count(*) FILTER (WHERE origin = 'crm') AS records, count(*) FILTER (WHERE origin = 'event') AS groups,
           string_agg(account_key, ',' ORDER BY account_key) AS account_keys
    FROM company GROUP BY unified_id
), keyed AS (SELECT account_key, unified_id FROM record), contact AS (
    SELECT keyed.unified_id, count(*) AS contacts
    FROM shared.contact AS one JOIN keyed ON one.account_key = keyed.account_key WHERE NOT one.is_merged AND NOT one.is_deleted GROUP BY keyed.unified_id
), person AS (
    SELECT evidence, min(customer_id) AS customer_id FROM shared.identity GROUP BY evidence
), member AS (
    SELECT DISTINCT unified_id, customer_id FROM (
        SELECT keyed.unified_id, person.customer_id
        FROM shared.contact AS one JOIN keyed ON one.account_key = keyed.account_key JOIN person ON one.evidence = person.evidence WHERE NOT one.is_merged AND NOT one.is_deleted
        UNION ALL
        SELECT team.unified_id, person.customer_id
        FROM (
            -- trellis:sources begin group_call
            -- trellis:sources end
        ) AS call JOIN team ON call.group_id = team.group_id JOIN person ON call.evidence = person.evidence
    )
), engaged AS (
    SELECT member.unified_id, count(*) AS customers, sum(customer.sessions) AS sessions, sum(customer.page_views) AS page_views, sum(customer.events) AS events, sum(customer.email_clicks) AS email_clicks,
           sum(customer.orders) AS orders, sum(customer.revenue_reporting) AS revenue_reporting, max(customer.last_seen_at) AS last_active_at
    FROM member JOIN shared.customer AS customer ON member.customer_id = customer.customer_id GROUP BY member.unified_id
), deal AS (
    SELECT keyed.unified_id,
           count(*) FILTER (WHERE one.status = 'open') AS open_opportunities, count(*) FILTER (WHERE one.status = 'won') AS won_opportunities, count(*) FILTER (WHERE one.status = 'lost') AS lost_opportunities,
           sum(one.amount_reporting) FILTER (WHERE one.status = 'open') AS open_amount_reporting, sum(one.amount_reporting) FILTER (WHERE one.status = 'won') AS won_amount_reporting,
           max(one.close_date) FILTER (WHERE one.status = 'won') AS last_won_on
    FROM shared.opportunity AS one JOIN keyed ON one.account_key = keyed.account_key WHERE NOT one.is_merged AND NOT one.is_deleted GROUP BY keyed.unified_id
), ticket AS (
    SELECT keyed.unified_id, count(*) AS tickets, count(*) FILTER (WHERE one.status = 'open') AS open_tickets
    FROM shared.support_ticket AS one JOIN keyed ON one.account_key = keyed.account_key WHERE NOT one.is_deleted GROUP BY keyed.unified_id
)
SELECT chosen.unified_id AS account_id, chosen.account_name, chosen.account_type, chosen.industry, chosen.website_host, chosen.city, chosen.region, chosen.country, chosen.employees,
       chosen.annual_revenue_reporting, chosen.created_at, chosen.records, chosen.groups, chosen.account_keys,
       coalesce(contact.contacts, 0) AS contacts, coalesce(engaged.customers, 0) AS customers,
       coalesce(deal.open_opportunities, 0) AS open_opportunities, coalesce(deal.won_opportunities, 0) AS won_opportunities, coalesce(deal.lost_opportunities, 0) AS lost_opportunities,
       CAST(coalesce(deal.open_amount_reporting, 0) AS DECIMAL(18,6)) AS open_amount_reporting, CAST(coalesce(deal.won_amount_reporting, 0) AS DECIMAL(18,6)) AS won_amount_reporting, deal.last_won_on,
       coalesce(ticket.tickets, 0) AS tickets, coalesce(ticket.open_tickets, 0) AS open_tickets,
       CAST(coalesce(engaged.sessions, 0) AS BIGINT) AS sessions, CAST(coalesce(engaged.page_views, 0) AS BIGINT) AS page_views, CAST(coalesce(engaged.events, 0) AS BIGINT) AS events,
       CAST(coalesce(engaged.email_clicks, 0) AS BIGINT) AS email_clicks, CAST(coalesce(engaged.orders, 0) AS BIGINT) AS orders,
       CAST(coalesce(engaged.revenue_reporting, 0) AS DECIMAL(18,6)) AS revenue_reporting, mesh_reporting_currency() AS reporting_currency, engaged.last_active_at
FROM chosen
LEFT JOIN contact ON chosen.unified_id = contact.unified_id
LEFT JOIN engaged ON chosen.unified_id = engaged.unified_id
LEFT JOIN deal ON chosen.unified_id = deal.unified_id
LEFT JOIN ticket ON chosen.unified_id = ticket.unified_id
