/* The rules of shared.credit are SQL; the kernels say the same in C. Both share out generated journeys, row by row. And what the port owes to builds by key: rows of a
 * customer do not depend on who else is there, nor on the order in which rows lie. */
#include "measure/kernels.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/embed.h"
#include "engine/engine.h"
#include "mesh/functions.h"

enum { CONVERSIONS = 2500, CREDIT_UNIT = 1000000, TOUCHES_MAX = 400, DAY_S = 86400 };
#define FOLDER "packs/init/domains/shared/products/attribution/"

struct world { struct arena a; struct engine *engine; struct engine_conn *c; struct mesh m; };

static void run(struct world *w, struct str sql)
{
    struct err e = {0};
    if (!engine_exec(w->c, sql, &e))
        fail_msg("%s (%s)", e.text, engine_last_message(w->c));
}

static void runz(struct world *w, const char *sql)
{
    run(w, str_of(sql));
}

static int64_t number(struct world *w, const char *sql)
{
    struct err e = {0};
    int64_t v = 0;
    if (!engine_value_i64(w->c, str_of(sql), NULL, 0, &v, &e))
        fail_msg("%s: %s (%s)", sql, e.text, engine_last_message(w->c));
    return v;
}

static void functions_make(struct world *w)
{
    static const char *const names[] = {"mesh_attribution", "mesh_conversions", "mesh_touch_windows", "mesh_direct_channels", "mesh_paid_channels", "mesh_incremental",
                                        "mesh_purposes", "mesh_time_zone", "mesh_reporting_currency"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct buf b = BUF_INIT(1 << 16);
        enum mesh_function_kind kind;
        assert_non_null(mesh_function_find(str_of(names[i]), &kind));
        buf_printf(&b, "CREATE OR REPLACE MACRO %s(%s) AS %s", names[i], kind == FUNCTION_OF_TEXT ? "argument" : "", kind == FUNCTION_TABLE ? "TABLE " : "");
        mesh_function_sql(&w->m, names[i], &b);
        run(w, buf_str(&b));
        buf_fini(&b);
    }
}

/* Journeys of one to many touches, some of them at the same second, some without any; leads between; values in cents, a few below nothing or not known. */
static void world_make(struct world *w)
{
    static struct mesh_touch_window mail[] = {{{"message_click", 13}, 14 * DAY_S}};
    static struct mesh_conversion conversions[] = {
        {.name = {"purchase", 8}, .title = {"Purchase", 8}, .value = {"v", 1}, .lookback_s = 30 * DAY_S, .windows = mail, .n_windows = 1},
        {.name = {"lead", 4}, .title = {"Lead", 4}, .from = CONVERSION_EVENTS, .lookback_s = 10 * DAY_S},
        {.name = {"deal", 4}, .title = {"Deal", 4}, .by_account = true, .lookback_s = 10 * DAY_S}};
    static struct str direct[] = {{"direct", 6}}, paid[] = {{"paid_search", 11}, {"paid_social", 11}};
    static struct mesh_incremental proof[] = {{.channel = {"paid_social", 11}, .source = {"test", 4}, .share = 0.6, .low = 0.5, .high = 0.7}};
    static struct mesh_purpose purposes[] = {{.name = {"analytics", 9}, .fail_open = true}};
    struct engine_options eo = {.threads = 2};
    struct err e = {0};
    *w = (struct world){.m = {.time_zone = {"Europe/Berlin", 13}, .reporting_currency = {"EUR", 3}}};
    w->m.attribution = (struct mesh_attribution){.conversions = conversions, .n_conversions = 3, .default_model = {"linear", 6}, .u = {0.4, 0.2, 0.4}, .w = {0.3, 0.3, 0.3, 0.1},
        .milestone = {"lead", 4}, .half_life_s = 7 * DAY_S, .direct = {direct, 1}, .paid = {paid, 2}, .consent_purpose = {"analytics", 9}, .incremental = proof, .n_incremental = 1};
    w->m.consent.purposes = purposes;
    w->m.consent.n_purposes = 1;
    arena_init(&w->a);
    assert_true(engine_open(&eo, &w->engine, &e) && engine_connect(w->engine, &w->c, &e));
    functions_make(w);
    struct str made = arena_printf(&w->a,
        "CREATE SCHEMA base; CREATE SCHEMA shared; CREATE TABLE base.chosen AS SELECT 'c' || i AS k FROM range(2000) r(i);"
        "CREATE TABLE base.conversion AS SELECT 'v' || i AS conversion_id, CASE WHEN i %% 97 = 0 THEN 'deal' ELSE 'purchase' END AS conversion, 'c' || (hash(i) %% 1800) AS customer_id, "
        "TIMESTAMP '2026-03-01' + to_seconds(CAST(hash(i + 7) %% 20000000 AS BIGINT)) AS occurred_at, CASE WHEN i %% 41 = 0 THEN NULL "
        "WHEN i %% 43 = 0 THEN -12.34 ELSE CAST(hash(i + 9) %% 90000 AS BIGINT) * 0.01 END::DECIMAL(18,6) AS value_reporting, true AS is_first, NULL::VARCHAR AS account_key FROM range(%d) r(i);"
        "INSERT INTO base.conversion SELECT 'l' || conversion_id, 'lead', customer_id, occurred_at - to_seconds(CAST(hash(conversion_id) %% 900000 AS BIGINT)), NULL, true, NULL "
        "FROM base.conversion WHERE hash(conversion_id || 'l') %% 2 = 0;"
        "CREATE TABLE base.touchpoint AS SELECT 't' || row_number() OVER (ORDER BY conversion_id, n) AS touchpoint_id, customer_id, "
        "occurred_at - to_seconds(CAST(hash(conversion_id || n) %% 2900000 AS BIGINT) // CASE WHEN n %% 3 = 0 THEN 1 ELSE 40000 END * CASE WHEN n %% 3 = 0 THEN 1 ELSE 40000 END) AS occurred_at, "
        "CASE WHEN n %% 4 = 0 THEN 'message_click' ELSE 'visit' END AS kind, ['paid_search','paid_social','direct','email','organic_search'][1 + CAST(hash(n || conversion_id) %% 5 AS BIGINT)] AS channel_group, "
        "' Google' AS utm_source, 'google_ads' AS platform, 'k' AS campaign_key, '7' AS campaign_id, 'C' AS campaign_name, NULL::VARCHAR AS ad_group_id, NULL::VARCHAR AS ad_group_name, "
        "NULL::VARCHAR AS ad_id, NULL::VARCHAR AS ad_name, 0.5::DECIMAL(18,6) AS cost_reporting "
        "FROM base.conversion, range(13) r(n) WHERE conversion <> 'lead' AND n < hash(conversion_id || 'n') %% 13;"
        "CREATE TABLE base.consent AS SELECT DISTINCT customer_id, 'analytics' AS purpose, hash(customer_id) %% 19 <> 0 AS granted, NULL::TIMESTAMP AS expires_at FROM base.conversion;"
        "CREATE VIEW shared.conversion AS SELECT * FROM base.conversion WHERE customer_id IN (SELECT k FROM base.chosen);"
        "CREATE VIEW shared.touchpoint AS SELECT * FROM base.touchpoint WHERE customer_id IN (SELECT k FROM base.chosen);"
        "CREATE VIEW shared.consent AS SELECT * FROM base.consent WHERE customer_id IN (SELECT k FROM base.chosen);", CONVERSIONS);
    run(w, made);
}

static void world_end(struct world *w)
{
    engine_disconnect(w->c);
    engine_close(w->engine);
    arena_fini(&w->a);
}

static void credit_make(struct world *w, const char *table)
{
    const struct embed_file *f = embed_find(STR(FOLDER "credit.sql"));
    assert_non_null(f);
    run(w, arena_printf(&w->a, "CREATE OR REPLACE TABLE %s AS\n%.*s", table, STR_FMT(f->data)));
}

/* ---- against the kernels ---- */

struct row { uint32_t channel; int64_t age_s, total, credit[RULE_MODELS], value[RULE_MODELS]; bool has_value, before_mark; };

static size_t journey_check(const struct row *r, size_t n, size_t *milestones)
{
    static const bool direct[5] = {true};
    const struct rule_options o = {.u = {0.4, 0.2, 0.4}, .w = {0.3, 0.3, 0.3, 0.1}, .half_life_s = 7 * DAY_S, .direct = direct};
    uint32_t channel[TOUCHES_MAX];
    int64_t age[TOUCHES_MAX], credit[TOUCHES_MAX], value[TOUCHES_MAX];
    double weights[TOUCHES_MAX];
    size_t marks = 0;
    for (size_t i = 0; i < n; i++) {
        channel[i] = r[i].channel;
        age[i] = r[i].age_s;
        marks += r[i].before_mark;
    }
    *milestones += marks > 1 && marks < n;
    for (enum rule_model m = 0; m < RULE_MODELS; m++) {
        int64_t slack = m == RULE_TIME_DECAY, sum = 0, worth = 0;
        rule_weights(m, &o, channel, age, marks > 0 ? marks - 1 : SIZE_MAX, n, weights);
        share_exactly(CREDIT_UNIT, weights, n, credit);
        share_exactly(r[0].total, weights, n, value);
        for (size_t i = 0; i < n; i++) {
            sum += r[i].credit[m];
            worth += r[i].value[m];
            if (llabs(r[i].credit[m] - credit[i]) > slack || (r[i].has_value && llabs(r[i].value[m] - value[i]) > slack))
                fail_msg("%s: touch %zu of %zu has %lld and %lld, the kernel says %lld and %lld", rule_model_name(m), i + 1, n, (long long)r[i].credit[m], (long long)r[i].value[m],
                         (long long)credit[i], (long long)value[i]);
        }
        assert_int_equal(sum, CREDIT_UNIT);
        assert_int_equal(worth, r[0].has_value ? r[0].total : 0);
    }
    return n;
}

static void rows_are_the_kernels(void **state)
{
    (void)state;
    struct world w;
    struct err e = {0};
    struct engine_result *r = NULL;
    struct engine_chunk *ch;
    static struct row journey[TOUCHES_MAX];
    struct buf sql = BUF_INIT(1 << 14);
    size_t n = 0, rows = 0, milestones = 0, longest = 0;
    world_make(&w);
    credit_make(&w, "credit");
    buf_addz(&sql, "SELECT position, touches, list_position(['direct','paid_search','paid_social','email','organic_search'], channel) - 1, lag_seconds, "
                   "coalesce((SELECT CAST(value_reporting * 1000000 AS BIGINT) FROM base.conversion AS one WHERE one.conversion_id = credit.conversion_id), 0), value_last IS NOT NULL, "
                   "coalesce(touched_at <= (SELECT min(mark.occurred_at) FROM base.conversion AS mark WHERE mark.conversion = 'lead' AND credit.conversion <> 'lead' AND mark.customer_id = credit.customer_id "
                   "AND mark.occurred_at BETWEEN converted_at - INTERVAL 30 DAY AND converted_at), false)");
    for (enum rule_model m = 0; m < RULE_MODELS; m++)
        buf_printf(&sql, ", CAST(credit_%s * 1000000 AS BIGINT), coalesce(CAST(value_%s * 1000000 AS BIGINT), 0)", rule_model_name(m), rule_model_name(m));
    buf_addz(&sql, " FROM credit WHERE touches > 0 ORDER BY conversion_id, position");
    if (!engine_query(w.c, buf_str(&sql), NULL, 0, &r, &e))
        fail_msg("%s (%s)", e.text, engine_last_message(w.c));
    while (engine_result_next(r, &ch, &e) && ch != NULL)
        for (size_t i = 0; i < engine_chunk_rows(ch); i++) {
            struct row *one = &journey[n];
            assert_int_equal(engine_cell_i64(ch, 0, i), n + 1);
            *one = (struct row){(uint32_t)engine_cell_i64(ch, 2, i), engine_cell_i64(ch, 3, i), engine_cell_i64(ch, 4, i), {0}, {0}, engine_cell_i64(ch, 5, i) != 0, engine_cell_i64(ch, 6, i) != 0};
            for (size_t m = 0; m < RULE_MODELS; m++) {
                one->credit[m] = engine_cell_i64(ch, 7 + 2 * m, i);
                one->value[m] = engine_cell_i64(ch, 8 + 2 * m, i);
            }
            if (++n == (size_t)engine_cell_i64(ch, 1, i)) {
                longest = n > longest ? n : longest;
                rows += journey_check(journey, n, &milestones);
                n = 0;
            }
        }
    engine_result_close(r);
    assert_true(e.text[0] == '\0' && n == 0 && rows > 10000 && milestones > 100 && longest > 15);
    buf_fini(&sql);
    world_end(&w);
}

/* ---- which rows there are ---- */

static void rows_are_those_of_the_windows(void **state)
{
    (void)state;
    struct world w;
    world_make(&w);
    credit_make(&w, "credit");
    static const struct { const char *what, *sql; } none[] = {
        {"pairs by hand", "SELECT count(*) FROM ((SELECT c.conversion_id, t.touchpoint_id FROM base.conversion c JOIN base.touchpoint t ON c.customer_id = t.customer_id JOIN base.consent s ON s.customer_id = c.customer_id "
                          "WHERE s.granted AND c.conversion <> 'deal' AND t.occurred_at <= c.occurred_at AND t.occurred_at >= c.occurred_at - "
                          "CASE WHEN c.conversion = 'lead' THEN INTERVAL 10 DAY WHEN t.kind = 'message_click' THEN INTERVAL 14 DAY ELSE INTERVAL 30 DAY END) "
                          "EXCEPT ALL SELECT conversion_id, touchpoint_id FROM credit)"},
        {"no others", "SELECT count(*) FROM credit WHERE touchpoint_id IS NOT NULL AND touchpoint_id NOT IN (SELECT touchpoint_id FROM base.touchpoint t JOIN base.consent s ON t.customer_id = s.customer_id WHERE s.granted)"},
        {"every conversion stands", "SELECT count(*) FROM base.conversion WHERE conversion <> 'deal' AND conversion_id NOT IN (SELECT conversion_id FROM credit)"},
        {"those by account do not", "SELECT count(*) FROM credit WHERE conversion = 'deal'"},
        {"keys are single", "SELECT count(*) - count(DISTINCT credit_id) FROM credit"},
        {"alone: one row, all of it", "SELECT count(*) FROM credit WHERE touches = 0 AND NOT (channel = '(none)' AND position = 0 AND credit_first = 1 AND credit_time_decay = 1 AND credit = 1 AND credit_net = 0)"},
        {"values sum by conversion", "SELECT count(*) FROM (SELECT conversion_id, sum(value_position_w) AS v FROM credit GROUP BY ALL) s JOIN base.conversion c USING (conversion_id) WHERE s.v IS DISTINCT FROM c.value_reporting"},
        {"the default model", "SELECT count(*) FROM credit WHERE credit <> credit_linear OR value IS DISTINCT FROM value_linear"},
        {"net by experiment", "SELECT count(*) FROM credit WHERE channel = 'paid_social' AND abs(credit_net - credit * 0.6) > 0.000001"},
        {"net by the beginning", "SELECT count(*) FROM credit WHERE channel = 'paid_search' AND credit_net <> CASE WHEN began_paid THEN credit ELSE 0 END"},
        {"nothing else is net", "SELECT count(*) FROM credit WHERE channel NOT IN ('paid_search', 'paid_social') AND credit_net <> 0"},
        {"how it began", "SELECT count(*) FROM credit a JOIN credit b ON a.conversion_id = b.conversion_id AND b.position = 1 WHERE a.began_paid <> (b.channel LIKE 'paid%')"},
        {"what is paid for", "SELECT count(*) FROM credit WHERE is_paid IS DISTINCT FROM (channel LIKE 'paid%')"},
        {"days are of the mesh", "SELECT count(*) FROM credit WHERE date_day NOT IN (CAST(converted_at + INTERVAL 1 HOUR AS DATE), CAST(converted_at + INTERVAL 2 HOUR AS DATE))"},
        {"sources are folded", "SELECT count(*) FROM credit WHERE touches > 0 AND source <> 'google'"},
    };
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        if (number(&w, none[i].sql) != 0)
            fail_msg("%s: %lld rows are wrong", none[i].what, (long long)number(&w, none[i].sql));
    assert_true(number(&w, "SELECT count(*) FROM credit WHERE touches = 0") > 50);
    w.m.attribution.consent_keep = true; /* whoever keeps touches of those who said no has them all */
    functions_make(&w);
    credit_make(&w, "kept");
    assert_true(number(&w, "SELECT count(*) FROM kept WHERE touches > 0") > number(&w, "SELECT count(*) FROM credit WHERE touches > 0"));
    world_end(&w);
}

/* ---- what a port by key owes ---- */

static void customers_stand_for_themselves(void **state)
{
    (void)state;
    struct world w;
    world_make(&w);
    credit_make(&w, "credit");
    runz(&w, "CREATE OR REPLACE TABLE base.conversion AS SELECT * FROM base.conversion ORDER BY hash(conversion_id);"
             "CREATE OR REPLACE TABLE base.touchpoint AS SELECT * FROM base.touchpoint ORDER BY hash(touchpoint_id)");
    credit_make(&w, "shuffled");
    assert_int_equal(number(&w, "SELECT count(*) FROM ((TABLE credit EXCEPT ALL TABLE shuffled) UNION ALL (TABLE shuffled EXCEPT ALL TABLE credit))"), 0);
    for (int part = 0; part < 3; part++) {
        run(&w, arena_printf(&w.a, "CREATE OR REPLACE TABLE base.chosen AS SELECT 'c' || i AS k FROM range(2000) r(i) WHERE %s", part == 0 ? "i = 77" : part == 1 ? "i % 50 = 3" : "i < 900"));
        credit_make(&w, "part");
        assert_true(number(&w, "SELECT count(*) FROM part") > 0);
        assert_int_equal(number(&w, "WITH whole AS (SELECT * FROM credit WHERE customer_id IN (SELECT k FROM base.chosen)) "
                                    "SELECT count(*) FROM ((TABLE whole EXCEPT ALL TABLE part) UNION ALL (TABLE part EXCEPT ALL TABLE whole))"), 0);
    }
    world_end(&w);
}

/* The rules stand in two files: they are the same text. */
static void accounts_share_alike(void **state)
{
    (void)state;
    const struct embed_file *one = embed_find(STR(FOLDER "credit.sql")), *two = embed_find(STR(FOLDER "account_credit.sql"));
    assert_true(one && two);
    const struct str begin = STR("SELECT reached.c, min(mark.occurred_at)"), end = STR("), told AS (");
    size_t a = str_find(one->data, begin, 0), b = str_find(two->data, begin, 0);
    assert_true(a != SIZE_MAX && b != SIZE_MAX);
    size_t x = str_find(one->data, end, a), y = str_find(two->data, end, b);
    assert_true(x != SIZE_MAX && y != SIZE_MAX && x - a > 4000);
    assert_true(str_eq((struct str){one->data.p + a, x - a}, (struct str){two->data.p + b, y - b}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_the_kernels), cmocka_unit_test(rows_are_those_of_the_windows), cmocka_unit_test(customers_stand_for_themselves), cmocka_unit_test(accounts_share_alike)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
