/* The rows behind checks: each kind once, by real builds, refused and warned; what is kept of them, how it is reached, and that it goes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "build_world.h"
#include "contract/contract.h"
#include "govern/govern.h"

static struct world w;

static const char rows_sql[] =
    "SELECT DATE '2026-01-01' AS day, * FROM (VALUES (1, 'a', 'ana@example.org', 5.0, 'x', 9), (2, 'b', 'nobody', -1.0, 'x', 1), (2, 'c', NULL, 2.0, 'y', 1),"
    " (4, 'toolong', 'bo@example.org', 3.0, NULL, 1)) t(id, code, email, amount, kind, other)\n";

#define HEAD                                                                                                                      \
    "apiVersion: v3.1.0\nkind: DataContract\nid: acquisition.orders_product.orders\nname: orders\nversion: 1.0.0\nstatus: "         \
    "active\nschema:\n  - name: orders\n    physicalType: table\n    properties:\n"
#define PLAIN(name, logical, physical, more)                                                                                      \
    "      - {name: " name ", logicalType: " logical ", physicalType: \"" physical "\", classification: internal" more "}\n"

static void contract(const char *text)
{
    world_put(&w, "domains/acquisition/products/orders_product/orders.odcs.yaml", text);
}

static int set_up(void **state)
{
    (void)state;
    world_init(&w);
    world_port(&w, &(struct world_port){.name = "orders", .sql = rows_sql, .columns = "id INTEGER"});
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_fini(&w);
    return 0;
}

/* Kept rows of a check by their code, in order. */
static const char *kept(const char *rule)
{
    return world_value(&w,
                       "SELECT coalesce(string_agg(code, ' ' ORDER BY code), '') FROM mesh.quarantine.\"acquisition.orders_v1\" WHERE"
                       " trellis__rule = '%s'",
                       rule);
}

static const char *tables(void)
{
    return world_value(&w, "SELECT count(*)::VARCHAR FROM duckdb_tables() WHERE schema_name = 'quarantine' AND table_name = "
                           "'acquisition.orders_v1'");
}

static struct store_check check_of(const char *rule)
{
    struct store_check *v;
    size_t n;
    assert_true(store_checks_latest(w.state->store, &w.arena, STR("acquisition.orders_v1"), &v, &n, &w.err));
    for (size_t i = 0; i < n; i++)
        if (str_eq(v[i].rule, str_of(rule)))
            return v[i];
    fail_msg("no check %s", rule);
    return (struct store_check){0};
}

static const char every_kind[] = HEAD PLAIN("day", "date", "DATE", "") PLAIN("id", "integer", "INTEGER", ", primaryKey: true")
    PLAIN("code", "string", "VARCHAR", ", logicalTypeOptions: {maxLength: 3, pattern: \"^[a-b]\"}")
    "      - {name: email, logicalType: string, physicalType: VARCHAR, classification: personal, required: true}\n"
    PLAIN("amount", "number", "DECIMAL(2,1)", ", logicalTypeOptions: {minimum: 0}")
    "      - name: kind\n        logicalType: string\n        physicalType: VARCHAR\n        classification: internal\n        quality:\n"
    "          - {name: kinds, metric: invalidValues, arguments: {validValues: [y]}, mustBe: 0, severity: warning}\n"
    "          - {name: kind_there, metric: nullValues, mustBeLessThan: 1, severity: warning}\n"
    "          - {name: kind_missing, metric: nullValues, mustBeGreaterThan: 3, severity: warning}\n"
    PLAIN("other", "integer", "INTEGER", ", relationships: [{to: orders.id}]")
    "    quality:\n"
    "      - {name: pairs, metric: duplicateValues, arguments: {properties: [id, other]}, mustBe: 0, severity: warning}\n"
    "      - {name: many, metric: rowCount, mustBeGreaterThan: 100, severity: warning}\n"
    "      - {name: addressed, type: sql, query: \"select COUNT( * ) from ${table} as t where t.email not like '%@%' -- no at\", mustBe: "
    "0, severity: warning}\n"
    "      - {name: by_name, type: sql, query: \"SELECT count(*) FROM orders WHERE amount > 2 OR id = 2\", mustBe: 0, severity: warning}\n"
    "      - {name: a_sum, type: sql, query: \"SELECT sum(amount) FROM {object}\", mustBe: 0, severity: warning}\n"
    "      - {name: grouped, type: sql, query: \"SELECT count(*) FROM {object} WHERE id > 1 GROUP BY kind IS NULL HAVING count(*) > 1\", "
    "mustBe: 0, severity: warning}\n";

static void each_kind(void **state)
{
    (void)state;
    contract(every_kind);
    world_open(&w);
    assert_true(world_run(&w));
    assert_int_equal(w.report.refused, 1);
    static const struct {
        const char *rule, *codes;
    } cases[] = {
        {"id identifies a row", "b c"}, /* both rows of the repeated value */
        {"email is always there", "c"},
        {"code: maxLength", "toolong"},
        {"code: pattern", "c toolong"},
        {"amount: minimum", "b"},
        {"kinds", "a b"},
        {"kind_there", "toolong"},
        {"other refers to orders.id", "a"},
        {"pairs", "b c"},
        {"addressed", "b"},
        {"by_name", "a b c toolong"},
        {"many", ""},
        {"kind_missing", ""},
        {"a_sum", ""},
        {"grouped", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum check_verdict v = check_of(cases[i].rule).verdict;
        if (v != CHECK_FAILED && v != CHECK_WARNED)
            fail_msg("%s did not fail: %s", cases[i].rule, check_verdict_text(v));
        assert_string_equal(kept(cases[i].rule), cases[i].codes);
    }
    static const struct {
        const char *rule, *why;
    } none[] = {{"many", "number of rows"}, {"kind_missing", "more such rows"}, {"a_sum", "one figure"}, {"grouped", "one figure"},
                {"id has its declared type", "no row"}};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        struct store_check k = check_of(none[i].rule);
        if (str_find(contract_failing_none(&k), str_of(none[i].why), 0) == SIZE_MAX)
            fail_msg("%s: %.*s", none[i].rule, STR_FMT(contract_failing_none(&k)));
    }
}

static const char *asked(const char *sql, struct err *e)
{
    static char text[256];
    struct govern *g;
    struct govern_result *r;
    struct engine_chunk *ch;
    size_t rows;
    struct buf b = BUF_INIT(200);
    *e = (struct err){0};
    assert_true(govern_open(w.state, NULL, &g, e) && govern_refresh(g, w.mesh, e));
    const struct govern_request q = {.principal = &GOVERN_LOCAL_ADMIN, .sql = str_of(sql)};
    bool ok = govern_query(g, &q, &r, e);
    while (ok && govern_result_next(r, &ch, &rows, e) && ch)
        for (size_t i = 0; i < rows; i++)
            engine_cell_text(ch, 0, i, &b);
    if (ok)
        govern_result_close(r);
    snprintf(text, sizeof text, "%s", buf_z(&b));
    buf_fini(&b);
    govern_close(g);
    return text;
}

#define TWO(pattern)                                                                                                               \
    HEAD PLAIN("day", "date", "DATE", "") PLAIN("id", "integer", "INTEGER", "") PLAIN("code", "string", "VARCHAR", pattern)                                          \
        "      - {name: email, logicalType: string, physicalType: VARCHAR, classification: personal}\n"                                \
        PLAIN("amount", "number", "DECIMAL(2,1)", "") PLAIN("kind", "string", "VARCHAR", "") PLAIN("other", "integer", "INTEGER", "")

/* Live, then refused, then good again, then gone from the declaration. */
static void kept_until_the_next_build(void **state)
{
    (void)state;
    struct err e;
    contract(TWO(""));
    world_open(&w);
    assert_true(world_run(&w));
    assert_string_equal(tables(), "0");
    asked("SELECT count(*) FROM acquisition.orders_v1__failing", &e);
    assert_int_equal(e.code, E_NOT_FOUND);

    contract(TWO(", logicalTypeOptions: {maxLength: 3}"));
    world_load(&w);
    assert_true(world_run(&w));
    assert_int_equal(w.report.refused, 1);
    assert_string_equal(asked("SELECT email FROM acquisition.orders_v1__failing", &e), "hidden: personal");
    assert_string_equal(asked("SELECT code FROM acquisition.orders_v1__failing", &e), "toolong");
    assert_string_equal(asked("SELECT count(*) FROM acquisition.orders", &e), "4"); /* what was live is live */
    asked("SELECT * FROM mesh.quarantine.\"acquisition.orders_v1\"", &e);
    assert_int_equal(e.code, E_SQL_REFUSED);
    asked("SELECT * FROM acquisition.orders_v2__failing", &e);
    assert_int_equal(e.code, E_NOT_FOUND);

    world_put(&w, "domains/acquisition/products/orders_product/orders.sql",
              "SELECT DATE '2026-01-01' AS day, id, left(code, 3) AS code, email, amount, kind, other FROM (VALUES (1, 'abc', 'x@example.org', 1.0, 'k', 1)) t(id, code,"
              " email, amount, kind, other)\n");
    world_load(&w);
    assert_true(world_run(&w));
    assert_int_equal(w.report.built, 1);
    assert_string_equal(tables(), "0");

    world_put(&w, "domains/acquisition/products/orders_product/orders.sql", rows_sql);
    world_load(&w);
    assert_true(world_run(&w));
    assert_string_equal(tables(), "1");
    world_drop_port(&w, "orders");
    world_load(&w);
    assert_true(world_run(&w));
    assert_string_equal(tables(), "0");
}

/* What a refused window of days held is gone with its transaction, and yet shown. */
static void refused_window(void **state)
{
    (void)state;
    static const char quality[] =
        "      - {name: few, type: sql, query: \"SELECT count(*) FROM {object} WHERE spend > 90\", mustBe: 0, severity: error}\n";
    world_drop_port(&w, "orders");
    world_port(&w, &(struct world_port){.name = "spend",
                                        .materialization = "incremental",
                                        .sql = "SELECT day, sum(spend) AS spend FROM acquisition.ads__stats GROUP BY 1\n",
                                        .columns = "day DATE, spend DECIMAL(38,6)",
                                        .quality = quality});
    world_land(&w, "jan", "2026-01-05,a,x,10,1\n2026-01-06,a,x,10,1\n2026-01-07,a,x,10,1\n2026-01-08,a,x,10,1\n");
    world_open(&w);
    assert_true(world_run(&w));
    world_land(&w, "feb", "2026-01-08,a,x,99,1\n");
    assert_true(world_run(&w));
    assert_int_equal(w.report.refused, 1);
    assert_string_equal(world_value(&w, "SELECT string_agg(day::VARCHAR || ' ' || spend::INTEGER, ',') FROM "
                                        "mesh.quarantine.\"acquisition.spend_v1\""),
                        "2026-01-08 99");
    assert_string_equal(world_value(&w, "SELECT max(spend)::INTEGER::VARCHAR FROM mesh.live.\"acquisition.spend_v1\""), "10");
}

int main(int argc, char **argv)
{
    world_main(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_kind, set_up, tear_down),
        cmocka_unit_test_setup_teardown(kept_until_the_next_build, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refused_window, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
