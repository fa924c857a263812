-- Stripe subscriptions in the shape of the shared subscription: the present row of each, from `subscription`, else the active row of its history.
-- Amounts arrive in the smallest unit of their currency: cents, but yen as they are and thousandths of a dinar.
WITH account AS (SELECT CASE WHEN count(DISTINCT id) = 1 THEN any_value(id) END AS account_id FROM {{domain}}.{{source}}__account), present AS (
    SELECT * FROM {{domain}}.{{source}}__subscription
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), past AS (
    SELECT * FROM {{domain}}.{{source}}__subscription_history
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_active DESC NULLS LAST, _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), running AS (
    SELECT id, customer_id, status, start_date, created, trial_start, trial_end, current_period_start, current_period_end, cancel_at, canceled_at, ended_at, cancel_at_period_end, livemode FROM present
    UNION ALL
    SELECT id, customer_id, status, start_date, created, trial_start, trial_end, current_period_start, current_period_end, cancel_at, canceled_at, ended_at, cancel_at_period_end, livemode FROM past WHERE NOT EXISTS (SELECT 1 FROM present WHERE present.id = past.id)
), plan AS (
    SELECT * FROM {{domain}}.{{source}}__plan
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), price AS (
    SELECT * FROM {{domain}}.{{source}}__price
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), product AS (
    SELECT * FROM {{domain}}.{{source}}__product
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), priced AS (
    -- A subscription item names a plan (the older word) or a price; both hold the same facts.
    SELECT id, product_id, amount, currency, "interval" AS every, interval_count AS every_count, usage_type FROM plan
    UNION ALL
    SELECT id, product_id, coalesce(unit_amount_decimal, unit_amount), currency, recurring_interval, recurring_interval_count, recurring_usage_type
    FROM price WHERE NOT EXISTS (SELECT 1 FROM plan WHERE plan.id = price.id)
), every_item AS (
    SELECT * FROM {{domain}}.{{source}}__subscription_item
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY _fivetran_synced DESC NULLS LAST, _learned_from DESC) = 1
), item AS (
    SELECT every_item.subscription_id, coalesce(every_item.quantity, 1) AS quantity, priced.currency AS currency,
           coalesce(product.name, priced.product_id, every_item.plan_id, every_item.price_id) AS product_name,
           concat(coalesce(priced.every_count, 1), ' ', priced.every) AS billing_interval,
           CASE WHEN priced.usage_type = 'metered' THEN 0
                ELSE priced.amount * CASE WHEN upper(priced.currency) IN ('BIF', 'CLP', 'DJF', 'GNF', 'JPY', 'KMF', 'KRW', 'MGA', 'PYG', 'RWF', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN CAST(1 AS DECIMAL(4,3))
                WHEN upper(priced.currency) IN ('BHD', 'JOD', 'KWD', 'OMR', 'TND') THEN CAST(0.001 AS DECIMAL(4,3)) ELSE CAST(0.01 AS DECIMAL(4,3)) END * coalesce(every_item.quantity, 1)
                     * CASE priced.every WHEN 'day' THEN 365.0 / 12 WHEN 'week' THEN 365.0 / 84 WHEN 'month' THEN 1 WHEN 'year' THEN 1.0 / 12 END
                     / coalesce(nullif(priced.every_count, 0), 1) END AS monthly
    FROM every_item
    LEFT JOIN priced ON coalesce(every_item.plan_id, every_item.price_id) = priced.id
    LEFT JOIN product ON priced.product_id = product.id
), summed AS (
    SELECT subscription_id, count(*) AS items, sum(quantity) AS quantity, round(sum(monthly), 6) AS monthly, max(currency) AS currency,
           string_agg(DISTINCT product_name, ', ' ORDER BY product_name) AS product_names,
           CASE WHEN count(DISTINCT billing_interval) > 1 THEN 'mixed' ELSE max(nullif(billing_interval, '1 ')) END AS billing_interval
    FROM item GROUP BY subscription_id
), told AS (
    SELECT running.*, NOT coalesce(livemode, true) AS is_test,
           CASE status WHEN 'canceled' THEN 'cancelled' WHEN 'incomplete_expired' THEN 'cancelled' WHEN 'unpaid' THEN 'paused'
                WHEN 'trialing' THEN 'trialing' WHEN 'active' THEN 'active' WHEN 'past_due' THEN 'past_due' WHEN 'paused' THEN 'paused'
                WHEN 'incomplete' THEN 'incomplete' END AS state
    FROM running
)
SELECT concat('{{source}}:', told.id) AS subscription_key,
       'stripe' AS platform,
       account.account_id AS account_id,
       told.id AS subscription_id,
       CASE WHEN told.customer_id IS NOT NULL THEN concat('{{source}}:', told.customer_id) END AS customer_key,
       told.customer_id AS customer_id,
       told.state AS status,
       told.status AS native_status,
       summed.product_names AS product_names,
       summed.items AS items,
       CAST(summed.quantity AS BIGINT) AS quantity,
       summed.billing_interval AS billing_interval,
       CASE WHEN told.is_test OR coalesce(told.state, '') NOT IN ('active', 'past_due') THEN CAST(0 AS DECIMAL(18,6))
            ELSE CAST(summed.monthly AS DECIMAL(18,6)) END AS monthly_recurring_amount,
       upper(summed.currency) AS currency,
       coalesce(told.start_date, told.created) AS started_at,
       told.trial_start AS trial_start_at,
       told.trial_end AS trial_end_at,
       told.current_period_start AS current_period_start_at,
       told.current_period_end AS current_period_end_at,
       told.cancel_at AS cancel_at,
       told.canceled_at AS cancelled_at,
       told.ended_at AS ended_at,
       told.cancel_at_period_end AS cancels_at_period_end,
       told.is_test AS is_test,
       '{{domain}}' AS domain,
       '{{source}}' AS source
FROM told CROSS JOIN account
LEFT JOIN summed ON told.id = summed.subscription_id
