/* Contract checks on small tables: each kind once passing and once failing, and what cannot be evaluated. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/fs.h"
#include "contract/contract_int.h"
#include "mesh/types.h"

static struct arena arena;
static struct engine *engine;
static struct engine_conn *conn;
static const int64_t now_us = 1767268800000000; /* 2026-01-01 12:00 UTC */

static int open_engine(void **state)
{
    (void)state;
    struct err e;
    const struct engine_options o = {.threads = 1, .memory_limit_bytes = 256u << 20};
    return engine_open(&o, &engine, &e) && engine_connect(engine, &conn, &e) ? 0 : -1;
}

static int close_engine(void **state)
{
    (void)state;
    engine_disconnect(conn);
    engine_close(engine);
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

static void must(const char *sql)
{
    struct err e = {0};
    if (!engine_exec(conn, str_of(sql), &e))
        fail_msg("%s: %s", sql, engine_last_message(conn));
}

/* A contract's first schema object as the mesh module reads it. */
static struct mesh_contract *contract_of(const struct doc *d, const struct doc_node *object)
{
    struct mesh_contract *c = arena_alloc(&arena, sizeof *c);
    const struct doc_node *properties = doc_get(d, object, "properties");
    *c = (struct mesh_contract){.doc = d, .object = object, .object_name = doc_str(d, object, "name")};
    c->columns = arena_array(&arena, properties ? properties->n_children + 1 : 1, sizeof *c->columns);
    for (const struct doc_node *n = doc_first(d, properties); n; n = doc_next(d, n)) {
        struct mesh_column *col = &c->columns[c->n_columns++];
        struct str near, physical = doc_str(d, n, "physicalType");
        *col = (struct mesh_column){.name = doc_str(d, n, "name"), .logical_type = doc_str(d, n, "logicalType"), .node = n};
        struct str canonical = physical.n ? type_canonical(&arena, physical, &near) : (struct str){NULL, 0};
        col->physical_type = canonical.p ? canonical : type_of_logical(col->logical_type, STR(""), false);
        col->required = doc_bool(d, n, "required", false);
        col->unique = doc_bool(d, n, "unique", false);
        col->primary_key = doc_bool(d, n, "primaryKey", false);
        col->key_position = (int)doc_int(d, n, "primaryKeyPosition", -1);
        if (str_eq(doc_str(d, n, "classification"), STR("personal")))
            col->class_ = CLASS_PERSONAL;
    }
    return c;
}

static struct mesh_domain domain = {.name = {"acq", 3}};
static struct mesh_product product = {.domain = &domain, .name = {"prod", 4}};

static struct mesh_port *port_of(const char *yaml)
{
    struct errs es = {0};
    struct str text = arena_printf(&arena, "%s", yaml);
    struct doc *d = doc_parse_yaml(&arena, STR("t.odcs.yaml"), text, &es);
    if (!d)
        fail_msg("%s\n%s", yaml, es.v[0].text);
    errs_fini(&es);
    struct mesh_port *p = arena_alloc(&arena, sizeof *p);
    *p = (struct mesh_port){.product = &product, .name = STR("t"), .ref = STR("acq.t"), .ref_major = STR("acq.t_v1")};
    p->contract = contract_of(d, doc_first(d, doc_get(d, doc_root(d), "schema")));
    return p;
}

static struct contract_report checked(const struct mesh_port *p)
{
    struct contract_report r;
    struct err e = {0};
    if (!contract_check(conn, p, STR("memory.main.t"), 7, now_us, &arena, &r, &e))
        fail_msg("%s", e.text);
    assert_int_equal(r.n, r.passed + r.warned + r.failed + r.not_evaluated);
    assert_int_equal(r.refused, r.failed > 0);
    return r;
}

static const struct store_check *find(const struct contract_report *r, const char *metric, const char *column)
{
    for (size_t i = 0; i < r->n; i++)
        if (str_eq(r->checks[i].metric, str_of(metric)) && (!column || str_eq(r->checks[i].column, str_of(column))))
            return &r->checks[i];
    return NULL;
}

/* ---- Rules, one row each: a column or table rule on the table below. ---- */

static const char rule_table[] = "CREATE OR REPLACE TABLE t AS SELECT * FROM (VALUES (1, 'a', 1.50, DATE '2025-12-31', "
                                 "'ann@example.org'), (2, 'b', -2.25, DATE '2025-12-30',"
                                 " 'bob@example.org'), (3, 'b', NULL, DATE '2025-12-01', 'no address'), (4, '', 3.00, NULL, "
                                 "NULL)) v(id, code, amount, day, mail)";

static const struct rule_case {
    const char *at, *rule; /* at "": the table */
    enum check_verdict want;
    const char *measured;
} rule_cases[] = {
    {"amount", "{metric: nullValues, mustBe: 1}", CHECK_PASSED, "1"},
    {"amount", "{metric: nullValues, mustBe: 0}", CHECK_FAILED, "1"},
    {"amount", "{metric: nullValues, mustBe: 0, severity: error}", CHECK_FAILED, "1"},
    {"amount", "{metric: nullValues, mustBe: 0, severity: warning}", CHECK_WARNED, "1"},
    {"amount", "{metric: nullValues, mustBe: 0, severity: info}", CHECK_WARNED, "1"},
    {"amount", "{rule: nullValues, mustBe: 1}", CHECK_PASSED, "1"},
    {"amount", "{metric: nullValues, mustBeLessThan: 30, unit: percent}", CHECK_PASSED, "25 %"},
    {"amount", "{metric: nullValues, mustBeLessThan: 25, unit: percent}", CHECK_FAILED, "25 %"},
    {"amount", "{metric: nullValues, mustNotBe: 1}", CHECK_FAILED, "1"},
    {"amount", "{metric: nullValues, mustBeGreaterThan: 0}", CHECK_PASSED, "1"},
    {"amount", "{metric: nullValues, mustBeGreaterThan: 1}", CHECK_FAILED, "1"},
    {"amount", "{metric: nullValues, mustBeGreaterOrEqualTo: 1}", CHECK_PASSED, "1"},
    {"amount", "{metric: nullValues, mustBeLessOrEqualTo: 0}", CHECK_FAILED, "1"},
    {"amount", "{metric: nullValues, mustBeBetween: [0, 2]}", CHECK_PASSED, "1"},
    {"amount", "{metric: nullValues, mustBeBetween: [1, 2]}", CHECK_FAILED, "1"}, /* ends are excluded */
    {"amount", "{metric: nullValues, mustNotBeBetween: [0, 2]}", CHECK_FAILED, "1"},
    {"amount", "{metric: nullValues, mustNotBeBetween: [1, 2]}", CHECK_PASSED, "1"},
    {"code", "{metric: missingValues, arguments: {missingValues: [null, '', 'N/A']}, mustBe: 1}", CHECK_PASSED, "1"},
    {"mail", "{metric: missingValues, arguments: {missingValues: [null, 'no address']}, mustBe: 2}", CHECK_PASSED, "2"},
    {"id", "{metric: missingValues, arguments: {missingValues: [4, x]}, mustBe: 1}", CHECK_PASSED, "1"},
    {"mail", "{metric: missingValues, mustBe: 1}", CHECK_PASSED, "1"},
    {"code", "{metric: invalidValues, arguments: {validValues: [a, b]}, mustBe: 1}", CHECK_PASSED, "1"},
    {"code", "{metric: invalidValues, arguments: {validValues: [a, b, '']}, mustBe: 0}", CHECK_PASSED, "0"},
    {"amount", "{metric: invalidValues, arguments: {validValues: [1.5, 3]}, mustBe: 1}", CHECK_PASSED, "1"},
    {"mail", "{metric: invalidValues, arguments: {pattern: '^[^@]+@[^@]+$'}, mustBe: 0}", CHECK_FAILED, "1"},
    {"mail", "{metric: invalidValues, arguments: {pattern: 'a(?=b)'}, mustBe: 0}", CHECK_NOT_EVALUATED, ""},
    {"mail", "{metric: invalidValues, arguments: {pattern: 'it''s'}, mustBe: 3}", CHECK_PASSED, "3"},
    {"mail", "{metric: invalidValues, arguments: , mustBe: 0}", CHECK_NOT_EVALUATED, ""},
    {"code", "{metric: duplicateValues, mustBe: 1}", CHECK_PASSED, "1"},
    {"amount", "{metric: duplicateValues, mustBe: 0}", CHECK_PASSED, "0"},
    {"", "{metric: duplicateValues, arguments: {properties: [code]}, mustBe: 1}", CHECK_PASSED, "1"},
    {"", "{metric: duplicateValues, arguments: {properties: [id, code]}, mustBe: 0}", CHECK_PASSED, "0"},
    {"", "{metric: duplicateValues, arguments: {properties: [nope]}, mustBe: 0}", CHECK_NOT_EVALUATED, ""},
    {"", "{metric: duplicateValues, mustBe: 0}", CHECK_NOT_EVALUATED, ""},
    {"", "{metric: rowCount, mustBe: 4}", CHECK_PASSED, "4"},
    {"", "{metric: rowCount, mustBeGreaterThan: 10}", CHECK_FAILED, "4"},
    {"", "{metric: nullValues, mustBe: 0}", CHECK_NOT_EVALUATED, ""},
    {"", "{metric: freshness, mustBe: 0}", CHECK_NOT_EVALUATED, ""},
    {"", "{metric: rowCount}", CHECK_NOT_EVALUATED, ""},
    {"", "{type: sql, query: 'SELECT count(*) FROM {object} WHERE amount < 0', mustBe: 0}", CHECK_FAILED, "1"},
    {"", "{type: sql, query: 'SELECT count(*) FROM ${table} WHERE id < 0;', mustBe: 0}", CHECK_PASSED, "0"},
    {"", "{type: sql, query: 'WITH x AS (SELECT * FROM {table}) SELECT max(id) FROM x', mustBe: 4}", CHECK_PASSED, "4"},
    {"", "{type: sql, query: 'SELECT count(*) FROM t', mustBe: 4}", CHECK_PASSED, "4"},
    {"", "{type: sql, query: 'SELECT count(*) FROM the_object WHERE the_object.id > 1', mustBe: 3}", CHECK_PASSED, "3"},
    {"", "{type: sql, query: 'SELECT count(*) > 3 FROM {object}', mustBe: true}", CHECK_PASSED, "1"},
    {"", "{type: sql, query: 'SELECT count(*) FROM {object} WHERE amount < 0', mustBeLessThan: 50, unit: percent}", CHECK_PASSED,
     "25 %"},
    {"", "{type: sql, query: 'SELECT sum(amount) FROM {object} WHERE id > 10', mustBe: 0}", CHECK_FAILED, "nothing"},
    {"", "{type: sql, query: 'SELECT count(*) / 0 FROM {object}', mustBeGreaterThan: 0}", CHECK_FAILED, "inf"},
    {"", "{type: sql, query: 'SELECT id FROM {object} ORDER BY id', mustBeGreaterThan: 0}", CHECK_NOT_EVALUATED, ""},
    {"", "{type: sql, query: 'SELECT count(*), 1 FROM {object}', mustBe: 4}", CHECK_NOT_EVALUATED, ""},
    {"", "{type: sql, query: 'SELECT max(code) FROM {object}', mustBe: 0}", CHECK_NOT_EVALUATED, ""},
    {"", "{type: sql, query: 'SELECT max(length(mail)) FROM {object}', mustBe: 15}", CHECK_PASSED, "hidden: personal"},
    {"", "{type: sql, query: 'SELECT count(*) FROM {object} WHERE mail IS NULL', mustBe: 1}", CHECK_PASSED, "1"},
    {"", "{type: sql, query: 'SELECT count(*) FROM {object} WHERE {property} < 0', mustBe: 0}", CHECK_NOT_EVALUATED, ""},
    {"", "{type: sql, query: 'SELECT count(*) FROM secret', mustBe: 0}", CHECK_NOT_EVALUATED, ""},
    {"", "{type: sql, query: 'SELECT count(*) FROM main.t', mustBe: 4}", CHECK_NOT_EVALUATED, ""},
    {"", "{type: sql, query: 'DROP TABLE t', mustBe: 0}", CHECK_NOT_EVALUATED, ""},
    {"", "{type: sql, query: 'SELECT 1; DROP TABLE t', mustBe: 1}", CHECK_NOT_EVALUATED, ""},
    {"", "{type: sql, query: 'SELECT count(*) FROM read_csv(''/etc/passwd'')', mustBe: 0}", CHECK_NOT_EVALUATED, ""},
    {"", "{type: sql, query: 'SELECT TOP 1 nope FROM {object}', mustBe: 0}", CHECK_NOT_EVALUATED, ""},
    {"", "{type: sql, query: 'SELECT nope FROM {object}', mustBe: 0}", CHECK_NOT_EVALUATED, ""},
    {"", "{type: sql, query: '', mustBe: 0}", CHECK_NOT_EVALUATED, ""},
    {"", "{type: sql, query: 'SELECT 1'}", CHECK_NOT_EVALUATED, ""},
    {"amount", "{type: sql, query: 'SELECT count(*) FROM {object} WHERE {property} < 0', mustBe: 1}", CHECK_PASSED, "1"},
    {"amount", "{type: sql, query: 'SELECT count(*) FROM ${object} WHERE ${column} IS NULL', mustBe: 1}", CHECK_PASSED, "1"},
    {"", "{type: text, description: for people}", CHECK_NOT_EVALUATED, ""},
    {"", "{type: custom, engine: soda, implementation: x}", CHECK_NOT_EVALUATED, ""},
};

static void every_rule_is_judged(void **state)
{
    (void)state;
    must(rule_table);
    for (size_t i = 0; i < sizeof rule_cases / sizeof *rule_cases; i++) {
        const struct rule_case *c = &rule_cases[i];
        struct buf b = BUF_INIT(1 << 16);
        buf_addz(&b, "schema:\n  - name: the_object\n    properties:\n");
        static const char *const columns[] = {"id", "code", "amount", "day", "mail"};
        for (size_t k = 0; k < 5; k++) {
            buf_printf(&b, "      - name: %s\n%s", columns[k], k == 4 ? "        classification: personal\n" : "");
            if (strcmp(c->at, columns[k]) == 0)
                buf_printf(&b, "        quality:\n          - %s\n", c->rule);
        }
        if (!c->at[0])
            buf_printf(&b, "    quality:\n      - %s\n", c->rule);
        struct mesh_port *p = port_of(buf_z(&b));
        buf_fini(&b);
        struct contract_report r = checked(p);
        const struct store_check *k = &r.checks[r.n - 1]; /* after the types of the columns */
        assert_int_equal(r.n, 6);
        if (k->verdict != c->want)
            fail_msg("%s: %s (%.*s)", c->rule, check_verdict_text(k->verdict), STR_FMT(k->message));
        if (!str_eq(k->measured, str_of(c->measured)))
            fail_msg("%s: measured %.*s", c->rule, STR_FMT(k->measured));
        if (c->want != CHECK_PASSED)
            assert_true(k->message.n > 0);
        assert_null(strstr(k->message.p ? k->message.p : "", "example.org")); /* never a value of a row */
        assert_int_equal(k->run_id, 7);
        assert_true(str_eq(k->ref, STR("acq.t_v1")));
    }
    struct err e;
    assert_false(engine_exec(conn, STR("SELECT * FROM temp.checked_object"), &e)); /* nothing is left behind */
}

/* ---- Shape and keys ---- */

static void shape_and_keys(void **state)
{
    (void)state;
    must("CREATE OR REPLACE TABLE t AS SELECT 1::BIGINT AS id, 'x' AS code, 1.5::DECIMAL(18,6) AS amount, 9 AS extra, 1::HUGEINT "
         "AS total");
    struct mesh_port *p = port_of("schema:\n  - name: o\n    properties:\n"
                                  "      - {name: id, logicalType: integer, required: true, unique: true}\n"
                                  "      - {name: code, physicalType: TEXT}\n"
                                  "      - {name: amount, logicalType: number, physicalType: 'NUMERIC(18, 6)'}\n"
                                  "      - {name: total, physicalType: BIGINT}\n"
                                  "      - {name: gone, logicalType: string, required: true}\n");
    struct contract_report r = checked(p);
    assert_true(r.refused);
    assert_int_equal(find(&r, "schema", "id")->verdict, CHECK_PASSED);
    assert_int_equal(find(&r, "schema", "code")->verdict, CHECK_PASSED);
    assert_int_equal(find(&r, "schema", "amount")->verdict, CHECK_PASSED);
    assert_int_equal(find(&r, "schema", "total")->verdict, CHECK_FAILED);
    assert_int_equal(find(&r, "schema", "gone")->verdict, CHECK_FAILED);
    assert_int_equal(find(&r, "schema", "extra")->verdict, CHECK_WARNED);
    assert_int_equal(find(&r, "nullValues", "id")->verdict, CHECK_PASSED);
    assert_int_equal(find(&r, "duplicateValues", "id")->verdict, CHECK_PASSED);
    assert_null(find(&r, "nullValues", "gone"));

    must("CREATE OR REPLACE TABLE t AS SELECT * FROM (VALUES (DATE '2026-01-01', 'a', 1), (DATE '2026-01-01', 'b', 1), (DATE "
         "'2026-01-02', 'a', NULL)) v(day, code, n)");
    p = port_of(
        "schema:\n  - name: o\n    properties:\n      - {name: code, primaryKey: true, primaryKeyPosition: 2}\n"
        "      - {name: day, primaryKey: true, primaryKeyPosition: 1}\n      - {name: n, required: true, unique: true}\n");
    r = checked(p);
    const struct store_check *key = find(&r, "duplicateValues", "");
    assert_int_equal(key->verdict, CHECK_PASSED);
    assert_true(str_eq(key->rule, STR("day, code identifies a row")));
    assert_int_equal(find(&r, "nullValues", "n")->verdict, CHECK_FAILED);
    assert_int_equal(find(&r, "duplicateValues", "n")->verdict, CHECK_FAILED);
    assert_true(str_eq(find(&r, "duplicateValues", "n")->measured, STR("1")));
    must("INSERT INTO t VALUES ('2026-01-01', 'a', 5), (NULL, 'a', 6)");
    r = checked(p);
    assert_int_equal(find(&r, "duplicateValues", "")->verdict, CHECK_FAILED);
    assert_int_equal(find(&r, "nullValues", "day")->verdict, CHECK_FAILED); /* part of the key */
    must("DELETE FROM t");
    r = checked(p);
    assert_false(r.refused);
}

static void repeats_are_never_missed(void **state)
{
    (void)state;
    static uint64_t v[300000];
    const size_t sizes[] = {0, 1, 2, 3, 2047, 2049, 5000, 70000, 300000};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        size_t n = sizes[s];
        for (size_t i = 0; i < n; i++)
            v[i] = ((i + 1) * UINT64_C(0x9e3779b97f4a7c15)) >> 1; /* all different, spread over the range */
        assert_false(contract_repeats(v, n));
        for (size_t k = 0; n > 1 && k < 50; k++) {
            size_t a = (k * 7919) % n, b = (k * 104729 + 1) % n;
            uint64_t before = v[b];
            v[b] = v[a];
            assert_true(a == b || contract_repeats(v, n));
            v[b] = before;
        }
    }
    for (size_t i = 0; i < 1000; i++)
        v[i] = i; /* zero is a value, too; all in one bucket */
    assert_false(contract_repeats(v, 1000));
    v[999] = 0;
    assert_true(contract_repeats(v, 1000));
}

static void large_keys(void **state)
{
    (void)state;
    must("CREATE OR REPLACE TABLE t AS SELECT i AS id, i // 2 AS half, 'x' || i AS text FROM range(200000) r(i)");
    struct mesh_port *p = port_of(
        "schema:\n  - name: o\n    properties:\n      - {name: id, primaryKey: true}\n      - {name: half, unique: true}\n"
        "      - {name: text, unique: true}\n");
    struct contract_report r = checked(p);
    assert_int_equal(find(&r, "duplicateValues", "id")->verdict, CHECK_PASSED);
    assert_int_equal(find(&r, "duplicateValues", "text")->verdict, CHECK_PASSED);
    assert_true(str_eq(find(&r, "duplicateValues", "half")->measured, STR("100000")));
}

/* ---- logicalTypeOptions ---- */

static const struct option_case {
    const char *type, *values, *logical, *options;
    enum check_verdict want;
    const char *measured; /* NULL: no check is made */
} option_cases[] = {
    {"VARCHAR", "'ab', 'abcd', NULL", "string", "{minLength: 2, }", CHECK_PASSED, "0"},
    {"VARCHAR", "'ab', 'abcd', NULL", "string", "{minLength: 3}", CHECK_FAILED, "1"},
    {"VARCHAR", "'\xc3\xa9\xc3\xa9', 'a'", "string", "{maxLength: 2}", CHECK_PASSED, "0"},
    {"VARCHAR", "'ab', 'abcd'", "string", "{maxLength: 3}", CHECK_FAILED, "1"},
    {"VARCHAR", "'a1', 'b'", "string", "{pattern: '^[a-z][0-9]$'}", CHECK_FAILED, "1"},
    {"VARCHAR", "'a1'", "string", "{pattern: '(?!x)a'}", CHECK_NOT_EVALUATED, ""},
    {"VARCHAR", "'a@b.org', 'x@y'", "string", "{format: email}", CHECK_FAILED, "1"},
    {"VARCHAR", "'https://example.org/a', 'nothing'", "string", "{format: uri}", CHECK_FAILED, "1"},
    {"VARCHAR", "'1.2.3.4', '1.2.3.256'", "string", "{format: ipv4}", CHECK_FAILED, "1"},
    {"VARCHAR", "'::1', '1.2'", "string", "{format: ipv6}", CHECK_FAILED, "1"},
    {"VARCHAR", "'a.example.org', '-x'", "string", "{format: hostname}", CHECK_FAILED, "1"},
    {"VARCHAR", "'7d6a0f0e-6c52-4f2c-9d0e-1b1f9a1f4a10', 'x'", "string", "{format: uuid}", CHECK_FAILED, "1"},
    {"VARCHAR", "'x'", "string", "{format: password}", CHECK_PASSED, NULL},
    {"VARCHAR", "'x'", "string", "{format: own}", CHECK_NOT_EVALUATED, ""},
    {"BIGINT", "1, 5", "integer", "{minimum: 1}", CHECK_PASSED, "0"},
    {"BIGINT", "1, 5", "integer", "{exclusiveMinimum: 1}", CHECK_FAILED, "1"},
    {"BIGINT", "1, 5", "integer", "{maximum: 4}", CHECK_FAILED, "1"},
    {"BIGINT", "1, 5", "integer", "{exclusiveMaximum: 5}", CHECK_FAILED, "1"},
    {"BIGINT", "1, 5", "integer", "{maximum: 4.5}", CHECK_FAILED, "1"},
    {"BIGINT", "9007199254740993", "integer", "{maximum: 9007199254740992}", CHECK_FAILED, "1"}, /* exact, not as a double */
    {"BIGINT", "1, 200", "integer", "{format: i8}", CHECK_FAILED, "1"},
    {"BIGINT", "1, 200", "integer", "{format: u8}", CHECK_PASSED, "0"},
    {"BIGINT", "1, 200", "integer", "{format: i64}", CHECK_PASSED, "0"},
    {"BIGINT", "3, 4", "integer", "{multipleOf: 2}", CHECK_FAILED, "1"},
    {"DECIMAL(18,6)", "0.30, 0.05", "number", "{multipleOf: 0.1}", CHECK_FAILED, "1"},
    {"DOUBLE", "0.3, 0.7", "number", "{multipleOf: 0.1}", CHECK_PASSED, "0"},
    {"DOUBLE", "0.3, 0.75", "number", "{multipleOf: 0.1}", CHECK_FAILED, "1"},
    {"DOUBLE", "0.3", "number", "{format: f64}", CHECK_PASSED, NULL},
    {"DECIMAL(18,6)", "0.3, -1", "number", "{minimum: 0}", CHECK_FAILED, "1"},
    {"DATE", "'2025-01-01', '2026-01-01'", "date", "{minimum: '2025-06-01', format: yyyy-MM-dd}", CHECK_FAILED, "1"},
    {"DATE", "'2025-01-01'", "date", "{maximum: 'next year'}", CHECK_NOT_EVALUATED, ""},
    {"TIMESTAMP", "'2025-01-01 10:00:00'", "timestamp", "{exclusiveMaximum: '2025-01-01 10:00:00'}", CHECK_FAILED, "1"},
    {"INTEGER[]", "[1, 2], []", "array", "{minItems: 1}", CHECK_FAILED, "1"},
    {"INTEGER[]", "[1, 2], []", "array", "{maxItems: 2}", CHECK_PASSED, "0"},
    {"INTEGER[]", "[1, 1], [1]", "array", "{uniqueItems: true}", CHECK_FAILED, "1"},
    {"INTEGER[]", "[1, 1]", "array", "{uniqueItems: false}", CHECK_PASSED, NULL},
    {"JSON", "'{\"a\":1}', '{}'", "object", "{minProperties: 1}", CHECK_FAILED, "1"},
    {"JSON", "'{\"a\":1}', '{\"b\":1}'", "object", "{required: [a]}", CHECK_FAILED, "1"},
};

static void options_become_checks(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof option_cases / sizeof *option_cases; i++) {
        const struct option_case *c = &option_cases[i];
        struct str list = arena_printf(&arena, "CREATE OR REPLACE TABLE t (x %s); INSERT INTO t SELECT unnest([%s]::%s[])",
                                       c->type, c->values, c->type);
        must(list.p);
        struct str text = arena_printf(
            &arena, "schema:\n  - name: o\n    properties:\n      - {name: x, logicalType: %s, logicalTypeOptions: %s}\n",
            c->logical, c->options);
        struct contract_report r = checked(port_of(text.p));
        if (!c->measured) {
            assert_int_equal(r.n, 1);
            continue;
        }
        const struct store_check *k = &r.checks[1];
        if (r.n < 2 || k->verdict != c->want || !str_eq(k->measured, str_of(c->measured)))
            fail_msg("%s %s: %s, measured %.*s (%.*s)", c->type, c->options, check_verdict_text(k->verdict), STR_FMT(k->measured),
                     STR_FMT(k->message));
    }
}

/* ---- Relationships and service levels ---- */

static void relationships(void **state)
{
    (void)state;
    must("CREATE SCHEMA IF NOT EXISTS acq; CREATE OR REPLACE TABLE acq.campaign AS SELECT 1 AS id, 'x' AS region;"
         "CREATE OR REPLACE TABLE t AS SELECT * FROM (VALUES (1, 'x', 1), (2, 'x', 1), (NULL, 'x', 2)) v(campaign_id, region, "
         "parent)");
    struct mesh_port *p =
        port_of("schema:\n  - name: o\n    properties:\n      - {name: campaign_id, relationships: [{to: campaign.id}]}\n"
                "      - {name: region, relationships: [{to: elsewhere.id}]}\n      - {name: parent, relationships: [{to: "
                "o.campaign_id}]}\n"
                "    relationships:\n      - {from: [o.campaign_id, o.region], to: [campaign.id, campaign.region]}\n      - "
                "{from: o.region, to: /schema/a/properties/b}\n");
    struct contract_report r = checked(p);
    assert_int_equal(find(&r, "relationship", "campaign_id")->verdict, CHECK_FAILED);
    assert_true(str_eq(find(&r, "relationship", "campaign_id")->measured, STR("1")));
    assert_int_equal(find(&r, "relationship", "parent")->verdict, CHECK_PASSED);
    assert_int_equal(find(&r, "relationship", "")->verdict, CHECK_FAILED);
    size_t unknown = 0;
    for (size_t i = 0; i < r.n; i++)
        unknown += r.checks[i].verdict == CHECK_NOT_EVALUATED;
    assert_int_equal(unknown, 2);
}

static void service_levels(void **state)
{
    (void)state;
    must("CREATE OR REPLACE MACRO mesh_time_zone() AS 'Europe/Berlin'; CREATE OR REPLACE TABLE t AS SELECT * FROM (VALUES (DATE "
         "'2025-12-31', TIMESTAMP '2026-01-01 11:00:00'),"
         " (DATE '2020-01-01', TIMESTAMP '2020-01-01 00:00:00')) v(day, at_utc)");
    static const struct {
        const char *item;
        enum check_verdict want;
        const char *measured;
    } rows[] = {
        /* 31 December in Berlin ended at 23:00 UTC: 13 hours before noon */
        {"{property: latency, value: 14, unit: h, element: o.day}", CHECK_PASSED, "13 h"},
        {"{property: latency, value: 12, unit: hours, element: o.day}", CHECK_WARNED, "13 h"},
        {"{property: ly, value: 2, unit: h, element: at_utc}", CHECK_PASSED, "1 h"},
        {"{property: freshness, value: 0.5, unit: h, element: o.at_utc}", CHECK_WARNED, "1 h"},
        {"{property: latency, value: 1, unit: d}", CHECK_PASSED, "13 h"}, /* the port's time column */
        {"{property: latency, value: 1, unit: fortnight}", CHECK_NOT_EVALUATED, ""},
        {"{property: latency, value: 1, unit: d, element: o.nope}", CHECK_NOT_EVALUATED, ""},
        {"{property: retention, value: 10, unit: y, element: o.day}", CHECK_PASSED, "0 older"},
        {"{property: retention, value: 1, unit: y, element: o.day}", CHECK_WARNED, "1 older"},
        {"{property: retention, value: 1, unit: y, element: o.at_utc}", CHECK_WARNED, "1 older"},
        {"{property: frequency, value: 1, unit: d}", CHECK_PASSED, "just built"},
        {"{property: endOfLife, value: '2025-12-31'}", CHECK_WARNED, ""},
        {"{property: endOfSupport, value: '2027-01-01T00:00:00Z'}", CHECK_PASSED, ""},
        {"{property: generalAvailability, value: '2027-01-01'}", CHECK_WARNED, ""},
        {"{property: availability, value: 99.9, unit: percent}", CHECK_NOT_EVALUATED, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct mesh_port *p = port_of(
            arena_printf(&arena, "schema:\n  - name: o\n    properties: [{name: day}, {name: at_utc}]\nslaProperties:\n  - %s\n",
                         rows[i].item)
                .p);
        p->time_column = STR("day");
        struct contract_report r = checked(p);
        const struct store_check *k = &r.checks[r.n - 1];
        assert_int_equal(r.n, 3);
        if (k->verdict != rows[i].want || !str_eq(k->measured, str_of(rows[i].measured)))
            fail_msg("%s: %s, measured %.*s (%.*s)", rows[i].item, check_verdict_text(k->verdict), STR_FMT(k->measured),
                     STR_FMT(k->message));
        assert_false(r.refused);
    }
    struct mesh_port *other = port_of("schema:\n  - name: o\n    properties: [{name: day}, {name: at_utc}]\nslaProperties:\n  - "
                                      "{property: latency, value: 1, element: elsewhere.day}\n");
    assert_int_equal(checked(other).n, 2); /* speaks of another table */

    struct contract_freshness f;
    struct mesh_port *p = port_of("schema:\n  - name: o\n    properties: [{name: day}]\nslaProperties:\n  - {property: latency, "
                                  "value: 12, unit: h, element: o.day}\n  - {property: frequency, value: 1, unit: d}\n");
    contract_freshness(p, now_us - 3600000000, STR("2025-12-31"), STR("Europe/Berlin"), now_us, &f);
    assert_true(f.late && f.limit_s == 12 * 3600 && f.age_s == 13 * 3600);
    contract_freshness(p, now_us - 3600000000, STR("2026-01-01"), STR("Europe/Berlin"), now_us, &f);
    assert_true(!f.late && f.age_s == 0);
    contract_freshness(p, now_us - 2 * INT64_C(86400000000), STR("2026-01-01 11:30:00+00"), STR("UTC"), now_us, &f);
    assert_true(f.late && f.limit_s == 86400);
    contract_freshness(p, now_us, STR("2026-01-01 11:30:00+02:30"), STR("UTC"), now_us, &f);
    assert_int_equal(f.age_s, 3 * 3600);
    struct mesh_port *none = port_of("schema:\n  - name: o\n    properties: [{name: day}]\n");
    contract_freshness(none, now_us, STR(""), STR("UTC"), now_us, &f);
    assert_int_equal(f.limit_s, -1);
    must("DROP MACRO mesh_time_zone");
}

/* Inside the transaction of an incremental build a rule must not end the transaction. */
static void checks_inside_a_transaction(void **state)
{
    (void)state;
    must(rule_table);
    must("BEGIN; INSERT INTO t VALUES (9, 'z', 1, NULL, NULL)");
    struct mesh_port *p =
        port_of("schema:\n  - name: o\n    properties:\n      - {name: id}\n      - {name: code}\n      - {name: amount}\n      "
                "- {name: day}\n"
                "      - name: mail\n        quality: [{metric: invalidValues, arguments: {pattern: 'a(?=b)'}, mustBe: 0}]\n"
                "    quality:\n      - {type: sql, query: 'SELECT nope FROM {object}', mustBe: 0}\n      - {type: sql, query: "
                "'SELECT count(*) FROM {object}', mustBe: 5}\n");
    struct contract_report r = checked(p);
    assert_int_equal(r.not_evaluated, 2);
    assert_int_equal(r.passed, 6);
    must("COMMIT");
    must("BEGIN; INSERT INTO t VALUES (10, 'z', 1, NULL, NULL)");
    p = port_of("schema:\n  - name: o\n    quality: [{type: sql, query: 'SELECT sum(CAST(code AS INTEGER)) FROM {object}', "
                "mustBe: 0}]\n");
    struct err e = {0};
    assert_false(
        contract_check(conn, p, STR("memory.main.t"), 7, now_us, &arena, &r, &e)); /* this one did end it: said, not hidden */
    assert_null(strstr(e.text, "'a'"));
    must("ROLLBACK");
    r = checked(p);
    assert_int_equal(r.not_evaluated, 1);
    must("DROP TABLE t");
    assert_false(contract_check(conn, p, STR("memory.main.t"), 7, now_us, &arena, &r, &e));
}

#ifdef TRELLIS_FAULTS
/* A failing engine ends the check with an error; it never makes a rule pass or look as if it did not apply. */
static void a_failing_engine_is_no_verdict(void **state)
{
    (void)state;
    must(rule_table);
    struct mesh_port *p =
        port_of("schema:\n  - name: o\n    properties:\n      - {name: id, primaryKey: true, logicalTypeOptions: {minimum: 0}}\n "
                "     - {name: code}\n"
                "      - {name: amount}\n      - {name: day}\n      - {name: mail, logicalTypeOptions: {maxLength: 99}}\n"
                "    quality:\n      - {type: sql, query: 'SELECT count(*) FROM {object}', mustBe: 4}\n      - {metric: "
                "duplicateValues, arguments: {properties: [code]}, mustBe: 1}\n"
                "slaProperties:\n  - {property: latency, value: 9, unit: y, element: o.day}\n");
    for (unsigned n = 1;; n++) {
        struct contract_report r;
        struct err e = {0};
        fault_arm(FAULT_ENGINE, n, false);
        bool ok = contract_check(conn, p, STR("memory.main.t"), 7, now_us, &arena, &r, &e);
        fault_disarm();
        if (ok) { /* only looking for the mesh's time zone and dropping a view may fail without harm */
            assert_int_equal(r.passed + r.not_evaluated, r.n);
            assert_int_equal(r.not_evaluated, 0);
        } else {
            assert_true(e.text[0] != 0);
        }
        must("DROP VIEW IF EXISTS temp.checked_object");
        if (!fault_hit())
            break;
    }
}
#endif

/* ---- Lint ---- */

static void lint_finds_what_can_never_hold(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
        uint32_t line;
        bool warning;
    } rows[] = {
        {"    quality:\n      - {metric: duplicateValues, arguments: {properties: [idd]}, mustBe: 0}\n",
         "duplicateValues names \"idd\"", 7, false},
        {"    quality:\n      - {metric: duplicateValues, mustBe: 0}\n", "needs the columns", 7, true},
        {"    quality:\n      - {metric: nullValues, mustBe: 0}\n", "stands at the table", 7, true},
        {"        quality:\n          - {metric: invalidValues, mustBe: 0}\n", "needs to know what is valid", 7, true},
        {"        quality:\n          - {metric: invalidValues, arguments: {pattern: '(?=x)'}, mustBe: 0}\n",
         "can never be checked", 7, true},
        {"        quality:\n          - {metric: nullValues, mustBeBetween: [5, 1]}\n", "smaller number", 7, false},
        {"        quality:\n          - {type: custom, engine: soda, implementation: x}\n", "another engine", 7, true},
        {"    quality:\n      - {type: sql, query: 'SELECT {property}', mustBe: 0}\n", "stands at the table", 7, true},
        {"        logicalTypeOptions: {minLength: 5, maxLength: 2}\n", "maxLength is below minLength", 6, false},
        {"        logicalTypeOptions: {pattern: '(a)\\1'}\n", "can never be checked", 6, true},
        {"    relationships: [{from: o.cod, to: x.y}]\n", "begins at \"cod\"", 6, false},
        {"slaProperties:\n  - {property: latency, value: soon}\n", "no duration", 7, true},
        {"slaProperties:\n  - {property: latency, value: 1, element: o.codee}\n", "names \"codee\"", 7, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct mesh_port *p = port_of(
            arena_printf(&arena, "schema:\n  - name: o\n    properties:\n      - name: id\n      - name: code\n%s", rows[i].text)
                .p);
        struct errs es = {0};
        contract_lint(p, &es);
        if (es.n != 1 || !strstr(es.v[0].text, rows[i].says) || es.v[0].line != rows[i].line || es.warning[0] != rows[i].warning)
            fail_msg("%s: %zu findings; %u: %s", rows[i].text, es.n, es.n ? es.v[0].line : 0, es.n ? es.v[0].text : "");
        errs_fini(&es);
    }
}

static void official_examples(void **state)
{
    (void)state;
    const char *shared = getenv("TRELLIS_SHARED");
    struct err e;
    struct str *files;
    size_t n, checks = 0, objects = 0;
    assert_true(fs_glob(&arena, arena_printf(&arena, "%s/specs/odcs-examples/*.yaml", shared ? shared : "../shared").p, false,
                        &files, &n, &e));
    if (n == 0)
        print_message("the example files are not there: not tested\n");
    for (size_t i = 0; i < n; i++) {
        struct str text;
        struct errs es = {0};
        assert_true(fs_read(&arena, files[i].p, 1 << 20, &text, &e));
        struct doc *d = doc_parse_yaml(&arena, files[i], text, &es);
        assert_non_null(d);
        for (const struct doc_node *o = doc_first(d, doc_get(d, doc_root(d), "schema")); o; o = doc_next(d, o)) {
            struct mesh_port p = {.product = &product,
                                  .name = doc_str(d, o, "name"),
                                  .ref = STR("acq.t"),
                                  .ref_major = STR("acq.t_v1"),
                                  .contract = contract_of(d, o)};
            contract_lint(&p, &es);
            struct buf b = BUF_INIT(1 << 20); /* an empty table of the declared columns */
            buf_addz(&b, "CREATE OR REPLACE TABLE t (\"dummy column\" INTEGER");
            for (size_t k = 0; k < p.contract->n_columns; k++) {
                buf_addz(&b, ", ");
                buf_sql_ident(&b, p.contract->columns[k].name);
                struct str type = p.contract->columns[k].physical_type;
                buf_printf(&b, " %.*s", STR_FMT(type.n ? type : STR("INTEGER[]")));
            }
            buf_addc(&b, ')');
            must(buf_z(&b));
            buf_fini(&b);
            struct contract_report r = checked(&p);
            checks += r.n;
            objects++;
            for (size_t k = 0; k < r.n; k++)
                assert_true(r.checks[k].verdict == CHECK_PASSED || r.checks[k].message.n > 0);
        }
        assert_int_equal(es.n_errors, 0);
        errs_fini(&es);
    }
    print_message("%zu examples, %zu tables, %zu checks\n", n, objects, checks);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(every_rule_is_judged),
        CASE(shape_and_keys),
        CASE(repeats_are_never_missed),
        CASE(large_keys),
        CASE(options_become_checks),
        CASE(relationships),
        CASE(service_levels),
        CASE(checks_inside_a_transaction),
        CASE(lint_finds_what_can_never_hold),
        CASE(official_examples),
#ifdef TRELLIS_FAULTS
        CASE(a_failing_engine_is_no_verdict),
#endif
    };
    return cmocka_run_group_tests_name("contract", tests, open_engine, close_engine);
}
