/* Rows to journeys: packed rows of generated touches are what the engine's own order of them is, on every level, with ties, whatever the order in which they
 * come; names of one thing; digits of ties; memory that ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/fault.h"
#include "engine/engine.h"
#include "measure/journeys_int.h"

static struct engine *engine;
static struct engine_conn *conn;

/* Texts longer and shorter than what the engine keeps in place, NULL, many touches of one moment and some people with more than a few. */
static const char rows_sql[] =
    "CREATE TABLE rows AS SELECT CAST(hash(hash(i * 7) % (CASE WHEN i % 3 = 0 THEN 5 ELSE 900 END)) >> 1 AS BIGINT) AS person, TIMESTAMP '2026-03-01' + to_hours(CAST(hash(i * 11) % 40 AS INTEGER)) AS moment, "
    "substr(md5(CAST(i AS VARCHAR)), 1, 12) AS tie, CASE i % 4 WHEN 0 THEN 'visit' WHEN 1 THEN 'message_click_with_a_long_name' WHEN 2 THEN 'view' END AS kind, "
    "CASE WHEN i % 5 = 0 THEN 'meta' WHEN i % 5 = 1 THEN 'google_ads_of_the_north' END AS platform, i % 7 = 0 AS clicked, "
    "(['paid_search', 'cross_network_and_more', 'email', 'direct', ''])[CAST(1 + hash(i * 13) % 5 AS INTEGER)] AS channel, (['google', 'a source of many letters', NULL])[CAST(1 + hash(i * 17) % 3 AS INTEGER)] AS source, "
    "'c' || (hash(i * 19) % 50) AS campaign, CASE WHEN i % 2 = 0 THEN 'Campaign of the number ' || (hash(i * 19) % 50) ELSE NULL END AS title FROM range(30000) t(i)";
#define COLUMNS "person, moment, tie, kind, platform, clicked, channel, NULL, source, NULL, campaign, title"

static void pack(struct journeys *j, const char *order)
{
    struct journey_packing k;
    struct err e = {0};
    char sql[400];
    *j = (struct journeys){.level = JOURNEY_CAMPAIGN, .lookback_us = INT64_MAX / 4, .longest_us = INT64_MAX / 4};
    arena_init(&j->a);
    assert_true(journey_packing_begin(&k, j, 2, &e));
    k.keep_ties = true;
    for (int touches = 0; touches < 2; touches++) {
        struct engine_result *r;
        struct engine_chunk *ch;
        snprintf(sql, sizeof sql, touches ? "SELECT " COLUMNS " FROM rows ORDER BY %s" : "SELECT person, moment, hash(tie) >> 1, false, 1000000, channel, campaign FROM rows WHERE kind = 'view' ORDER BY %s", order);
        if (!engine_query(conn, str_of(sql), NULL, 0, &r, &e))
            fail_msg("%s", e.text);
        while (engine_result_next(r, &ch, &e) && ch)
            assert_true(journey_take(&k, touches != 0, ch, engine_chunk_rows(ch), &e));
        engine_result_close(r);
    }
    assert_true(journey_packing_end(&k, &e));
    journey_packing_fini(&k);
}

static size_t customer_of(const struct journeys *j, uint64_t person)
{
    for (size_t k = 0; k < j->n_customers; k++)
        if (j->hash[k] == person)
            return k;
    fail_msg("person %llu is lost", (unsigned long long)person);
    return 0;
}

static struct str key_of(const struct journeys *j, uint32_t leaf, enum journey_level l)
{
    return j->nodes[l][journeys_up(j, leaf, l)].key;
}

static void expect_order(const struct journeys *j)
{
    struct engine_result *r;
    struct engine_chunk *ch;
    struct err e = {0};
    uint64_t person = UINT64_MAX;
    size_t at = 0, seen = 0, customer = 0;
    assert_true(engine_query(conn, STR("SELECT " COLUMNS ", CAST('0x' || tie AS BIGINT) FROM rows ORDER BY person, moment, tie"), NULL, 0, &r, &e));
    while (engine_result_next(r, &ch, &e) && ch)
        for (size_t i = 0; i < engine_chunk_rows(ch); i++, at++, seen++) {
            if ((uint64_t)engine_cell_i64(ch, 0, i) != person) {
                person = (uint64_t)engine_cell_i64(ch, 0, i);
                assert_true(seen == 0 || at == j->first_touch[customer + 1]); /* nobody has more than theirs */
                customer = customer_of(j, person);
                at = j->first_touch[customer];
            }
            const struct journey_touch *t = &j->touches[at];
            assert_int_equal(t->at_us, engine_cell_i64(ch, 1, i));
            assert_int_equal(j->tie[at], engine_cell_i64(ch, 12, i));
            assert_true(str_eq(j->kinds[t->kind], engine_cell_str(ch, 3, i)) && str_eq(j->platforms[t->platform], engine_cell_str(ch, 4, i)));
            assert_int_equal(t->clicked, engine_cell_i64(ch, 5, i));
            for (int l = 0; l <= JOURNEY_CAMPAIGN; l++)
                assert_true(str_eq(key_of(j, t->leaf, (enum journey_level)l), engine_cell_str(ch, 6 + 2 * (size_t)l, i)));
        }
    engine_result_close(r);
    assert_int_equal(seen, 30000);
    assert_int_equal(j->n_touches, 30000);
}

static void test_order(void **state)
{
    (void)state;
    static const char *const orders[] = {"moment, tie", "hash(moment, person)", "person DESC", "channel, campaign"};
    struct journeys first, j;
    pack(&first, orders[0]);
    expect_order(&first);
    assert_true(first.n_nodes[JOURNEY_CHANNEL] == 5 && first.n_nodes[JOURNEY_SOURCE] == 15 && first.n_nodes[JOURNEY_CAMPAIGN] > 300);
    for (size_t o = 1; o < sizeof orders / sizeof *orders; o++) {
        pack(&j, orders[o]);
        expect_order(&j);
        for (int l = 0; l <= JOURNEY_CAMPAIGN; l++) { /* numbers and names do not depend on the order of rows */
            assert_int_equal(j.n_nodes[l], first.n_nodes[l]);
            for (size_t i = 0; i < j.n_nodes[l]; i++) {
                const struct journey_node *x = &j.nodes[l][i], *y = &first.nodes[l][i];
                assert_true(x->parent == y->parent && str_eq(x->key, y->key) && str_eq(x->title, y->title));
                assert_true(l == JOURNEY_CAMPAIGN ? str_starts(x->title, STR("Campaign of")) || x->title.n == 0 : str_eq(x->title, x->key));
            }
        }
        assert_int_equal(j.n_ends, first.n_ends);
        for (size_t k = 0; k < j.n_customers; k++) {
            size_t other = customer_of(&first, j.hash[k]);
            assert_int_equal(j.first_end[k + 1] - j.first_end[k], first.first_end[other + 1] - first.first_end[other]);
            for (size_t i = j.first_end[k]; i < j.first_end[k + 1]; i++) {
                assert_int_equal(j.ends[i].customer, k);
                assert_int_equal(j.ends[i].at_us, first.ends[first.first_end[other] + i - j.first_end[k]].at_us);
            }
        }
        journeys_fini(&j);
    }
    journeys_fini(&first);
}

/* Rows of a group are alike; short texts that are alike are of one group. */
static void test_alike(void **state)
{
    (void)state;
    static const size_t cols[] = {0, 1, 2, 3};
    struct engine_result *r;
    struct engine_chunk *ch;
    struct err e = {0};
    assert_true(engine_query(conn, STR("SELECT CASE WHEN i % 3 > 0 THEN 'k' || i % 3 END, 'a longer text ' || i % 4, i, CAST(CASE WHEN i % 2 = 0 THEN 'x' ELSE 'y' END AS ENUM('x', 'y')) FROM range(2000) t(i)"), NULL, 0, &r, &e));
    while (engine_result_next(r, &ch, &e) && ch)
        for (size_t from = 0; from < engine_chunk_rows(ch); from += ENGINE_ALIKE_ROWS) {
            uint16_t group[ENGINE_ALIKE_ROWS], row[ENGINE_ALIKE_ROWS];
            size_t n = engine_chunk_rows(ch) - from < ENGINE_ALIKE_ROWS ? engine_chunk_rows(ch) - from : ENGINE_ALIKE_ROWS;
            size_t groups = engine_cells_alike(ch, cols, 4, from, n, group, row);
            assert_true(groups >= 12 && groups <= n);
            for (size_t i = 0; i < n; i++) {
                size_t same = from + row[group[i]];
                assert_true(group[i] < groups && same <= from + i);
                assert_true(str_eq(engine_cell_str(ch, 0, from + i), engine_cell_str(ch, 0, same)) && engine_cell_null(ch, 0, from + i) == engine_cell_null(ch, 0, same));
                assert_true(str_eq(engine_cell_str(ch, 1, from + i), engine_cell_str(ch, 1, same)) && str_eq(engine_cell_str(ch, 3, from + i), engine_cell_str(ch, 3, same)));
            }
            size_t short_ones = engine_cells_alike(ch, cols, 1, from, n, group, row);
            assert_int_equal(short_ones, 3); /* k1, k2 and none */
            assert_int_equal(engine_cells_alike(ch, cols + 2, 1, from, n, group, row), 1); /* no text */
        }
    engine_result_close(r);
}

static void test_tie(void **state)
{
    (void)state;
    static const struct { const char *digits; uint64_t tie; } cases[] = {{"000000000001", 1}, {"0123456789ab", 0x123456789ab}, {"CDEFcdef0000", 0xcdefcdef0000}, {"ffffffffffffff", 0xffffffffffff},
                                                                         {"fffffffffff", 0},  {"00000000000g", 0},             {"0x0000000001", 0},              {"", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_true(journey_tie(str_of(cases[i].digits)) == cases[i].tie);
}

/* Each allocation fails once: an error, and nothing is left behind (as the leak sanitizer sees). */
static void test_memory(void **state)
{
    (void)state;
#ifdef TRELLIS_FAULTS
    for (unsigned at = 1, failures = 0;; at++) {
        struct journeys j = {.level = JOURNEY_CAMPAIGN};
        struct journey_packing k = {0};
        struct engine_result *r;
        struct engine_chunk *ch;
        struct err e = {0};
        assert_true(engine_query(conn, STR("SELECT " COLUMNS " FROM rows LIMIT 40"), NULL, 0, &r, &e) && engine_result_next(r, &ch, &e) && ch);
        arena_init(&j.a);
        fault_arm(FAULT_ALLOC, at, false);
        bool good = journey_packing_begin(&k, &j, 1, &e) && journey_take(&k, true, ch, engine_chunk_rows(ch), &e) && journey_packing_end(&k, &e);
        fault_disarm();
        assert_true(good || e.code == E_MEMORY);
        failures += !good;
        journey_packing_fini(&k);
        journeys_fini(&j);
        engine_result_close(r);
        if (good) {
            assert_true(failures > 20);
            return;
        }
    }
#else
    skip(); /* built without faults */
#endif
}

static int set_up(void **state)
{
    (void)state;
    struct err e = {0};
    bool good = engine_open(&(struct engine_options){.threads = 2}, &engine, &e) && engine_connect(engine, &conn, &e) && engine_exec(conn, str_of(rows_sql), &e);
    if (!good)
        print_error("%s\n", e.text);
    return good ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    engine_disconnect(conn);
    engine_close(engine);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_order), cmocka_unit_test(test_alike), cmocka_unit_test(test_tie), cmocka_unit_test(test_memory)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
