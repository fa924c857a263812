/* Names read, the gate, lineage and shapes: what is known of SQL without running it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdbool.h>

#include <cmocka.h>

#include "base/fs.h"
#include "sql/gate_tables.h"
#include "sql/sql.h"
#include "sql_lines.h"

static struct engine *g;
static struct engine_conn *c;

static const char tables_sql[] =
    "CREATE SCHEMA web;"
    "CREATE TABLE web.people(id BIGINT, email VARCHAR, country VARCHAR, created_at TIMESTAMP);"
    "CREATE TABLE web.visits(id BIGINT, person_id BIGINT, visited_at TIMESTAMP, day DATE, channel VARCHAR, campaign VARCHAR, device VARCHAR,"
    " note VARCHAR, revenue DECIMAL(18,6), cost DECIMAL(18,6), clicks BIGINT, impressions BIGINT, tags VARCHAR[], props JSON);"
    "INSERT INTO web.people VALUES (1, 'x@example.org', 'DE', '2026-01-01 10:00:00'), (2, NULL, NULL, NULL);"
    "INSERT INTO web.visits VALUES (1, 1, '2026-01-02 10:00:00', '2026-01-02', 'search', 'spring_sale', 'mobile', 'n', 10, 2, 3, 100, ['a','b'], '{\"a\":1}');"
    "CREATE MACRO mesh_reporting_currency() AS 'EUR'; CREATE MACRO mesh_time_zone() AS 'UTC';";

static int setup(void **state)
{
    (void)state;
    struct err e;
    const struct engine_options o = {.threads = 1, .memory_limit_bytes = 512u << 20, .locked = true};
    if (!engine_open(&o, &g, &e) || !engine_connect(g, &c, &e) || !engine_exec(c, STR(tables_sql), &e)) {
        printf("%s\n", e.text);
        return 1;
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    engine_disconnect(c);
    engine_close(g);
    return 0;
}

static struct sql_ast *parse(struct arena *a, const char *sql)
{
    struct err e = {0};
    struct sql_ast *ast;
    if (!sql_parse(c, a, str_of(sql), &ast, &e))
        fail_msg("%s: %s", sql, e.text);
    return ast;
}

static void refs_text(const char *sql, struct buf *out)
{
    struct arena a;
    struct err e;
    struct sql_ref *refs;
    size_t n;
    arena_init(&a);
    struct sql_ast *ast = parse(&a, sql);
    assert_true(sql_refs(ast, &a, &refs, &n, &e));
    for (size_t i = 0; i < n; i++)
        buf_printf(out, "%s%.*s%s%.*s%s%.*s@%u:%u", i ? " " : "", STR_FMT(refs[i].catalog), refs[i].catalog.n ? "." : "", STR_FMT(refs[i].schema),
                   refs[i].schema.n ? "." : "", STR_FMT(refs[i].table), refs[i].line, refs[i].col);
    sql_ast_free(ast);
    arena_fini(&a);
}

static void test_refs(void **state)
{
    (void)state;
    size_t wrong = 0;
    static const struct { const char *sql, *refs; } rows[] = {
        {"SELECT * FROM acquisition.campaign_daily", "acquisition.campaign_daily@1:15"},
        {"SELECT * FROM Acquisition.\"Campaign_Daily\"", "acquisition.campaign_daily@1:15"},
        {"SELECT 1", ""},
        {"SELECT 'é' AS x\nFROM a.b JOIN a.c USING (i)", "a.b@2:6 a.c@2:15"},
        {"SELECT 'é', (SELECT 1 FROM a.b) FROM a.b", "a.b@1:28"},
        {"WITH b AS (SELECT * FROM x.y) SELECT * FROM b JOIN x.z ON true", "x.y@1:26 x.z@1:52"},
        {"WITH a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a", "b@1:26"},
        {"WITH x AS (SELECT * FROM x) SELECT * FROM x", "x@1:26"},
        {"WITH RECURSIVE x(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM X WHERE i<3) SELECT * FROM x", ""},
        {"SELECT * FROM (WITH q AS (SELECT 1) SELECT * FROM q) s, q", "q@1:57"},
        {"WITH q AS (SELECT 1) SELECT * FROM (SELECT * FROM Q) s, s.q", "s.q@1:57"},
        {"WITH q AS (SELECT 1) (WITH r AS (FROM q) FROM r) UNION FROM q", ""},
        {"WITH q AS (WITH r AS (SELECT 1) FROM r) FROM r", "r@1:46"},
        {"SELECT * FROM m.s.t, s.t, t", "t@1:27 s.t@1:22 m.s.t@1:15"},
        {"SELECT * FROM a.b b1, a.b b2, LATERAL (SELECT * FROM a.c WHERE c.i = b1.i)", "a.b@1:15 a.c@1:54"},
        {"PIVOT a.b ON x IN ('p') USING sum(y)", "a.b@1:7"},
        {"SELECT * FROM a.b WHERE EXISTS (FROM a.c) ORDER BY (SELECT 1 FROM a.d) LIMIT (SELECT 1 FROM a.e)", "a.b@1:15 a.c@1:38 a.d@1:67 a.e@1:93"},
        {"SELECT sum(x) FILTER (WHERE EXISTS (FROM a.f)) OVER (ORDER BY (FROM a.w)) FROM a.b", "a.b@1:80 a.f@1:42 a.w@1:69"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf b = BUF_INIT(4096);
        refs_text(rows[i].sql, &b);
        if (strcmp(buf_z(&b), rows[i].refs) != 0) {
            print_error("%s: '%s', expected '%s'\n", rows[i].sql, buf_z(&b), rows[i].refs);
            wrong++;
        }
        buf_fini(&b);
    }
    assert_int_equal(wrong, 0);
}

static void test_parse_errors(void **state)
{
    (void)state;
    static const struct { const char *sql; enum err_code code; uint32_t line, col; } rows[] = {
        {"", E_SQL, 0, 0}, {"  -- nothing", E_SQL, 0, 0}, {"SELECT 1; SELECT 2", E_SQL, 0, 0}, {"SELECT\n1 +", E_SQL, 0, 0}, {"SELECT\n  FORM x y z", E_SQL, 2, 10},
        {"DROP TABLE x", E_SQL, 1, 1}, {"PIVOT a.b ON x", E_SQL, 1, 1}, {"SELECT 'open", E_SQL, 1, 8},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct arena a;
        struct err e = {0};
        struct sql_ast *ast;
        arena_init(&a);
        if (sql_parse(c, &a, str_of(rows[i].sql), &ast, &e))
            fail_msg("%s: parses", rows[i].sql);
        if (e.code != rows[i].code || (rows[i].line && (e.line != rows[i].line || e.col != rows[i].col)))
            fail_msg("%s: %d %u:%u %s", rows[i].sql, e.code, e.line, e.col, e.text);
        arena_fini(&a);
    }
}

struct tally { size_t wrong; };

/* A good question passes the gate, reads nothing else, and runs. */
static void question(void *ctx, const char *kind, const char *sql)
{
    (void)kind;
    struct tally *t = ctx;
    struct arena a;
    struct err e = {0};
    struct sql_ast *ast = NULL;
    struct engine_result *r = NULL;
    struct engine_chunk *ch;
    struct sql_ref *refs;
    size_t n;
    arena_init(&a);
    const struct engine_param one = {.type = ENGINE_INT, .i = 1};
    bool ok = sql_parse(c, &a, str_of(sql), &ast, &e) && sql_gate(ast, SQL_QUESTION, &e) && sql_gate(ast, SQL_PORT, &e) && sql_refs(ast, &a, &refs, &n, &e);
    for (size_t i = 0; ok && i < n; i++)
        if (!str_eq(refs[i].schema, STR("web")))
            ok = err_set(&e, E_INTERNAL, "reads %s.%s", refs[i].schema.p, refs[i].table.p);
    struct sql_column_lineage *lines;
    ok = ok && sql_lineage(ast, &a, NULL, NULL, &lines, &n, &e);
    ok = ok && engine_query(c, str_of(sql), strstr(sql, "$1") ? &one : NULL, strstr(sql, "$1") != NULL, &r, &e);
    do {
        ok = ok && engine_result_next(r, &ch, &e);
    } while (ok && ch);
    engine_result_close(r);
    if (!ok) {
        print_error("%s\n    %s (%u:%u) [%s]\n", sql, e.text, e.line, e.col, engine_last_message(c));
        t->wrong++;
    }
    sql_ast_free(ast);
    arena_fini(&a);
}

static void test_questions_pass(void **state)
{
    (void)state;
    struct tally t = {0};
    size_t n = sql_lines("tests/attacks/questions.sql", false, question, &t);
    assert_true(n >= 80);
    assert_int_equal(t.wrong, 0);
}

static void attack(void *ctx, const char *kind, const char *sql)
{
    struct tally *t = ctx;
    struct arena a;
    struct err e = {0};
    struct sql_ast *ast = NULL;
    struct sql_ref *refs;
    size_t n = 0, foreign = 0;
    arena_init(&a);
    bool passed = sql_parse(c, &a, str_of(sql), &ast, &e) && sql_gate(ast, SQL_QUESTION, &e);
    if (passed && !sql_refs(ast, &a, &refs, &n, &e))
        passed = false;
    for (size_t i = 0; passed && i < n; i++)
        if (refs[i].catalog.n || !str_eq(refs[i].schema, STR("web")) ||
            (!str_eq(refs[i].table, STR("people")) && !str_eq(refs[i].table, STR("visits"))))
            foreign++;
    bool right = strcmp(kind, "gate") == 0 ? !passed : strcmp(kind, "name") == 0 ? passed && foreign > 0 : foreign == 0;
    if (!right) {
        print_error("%s: %s\n    passed %d, foreign names %zu, %s\n", kind, sql, passed, foreign, e.text);
        t->wrong++;
    }
    if (!passed && e.code != E_SQL && e.code != E_SQL_REFUSED && e.code != E_TOO_LARGE) {
        print_error("%s: code %d\n", sql, e.code);
        t->wrong++;
    }
    sql_ast_free(ast);
    arena_fini(&a);
}

static void test_attacks_refused(void **state)
{
    (void)state;
    struct tally t = {0};
    size_t n = sql_lines("tests/attacks/attacks.sql", true, attack, &t);
    assert_true(n >= 150);
    assert_int_equal(t.wrong, 0);
}

static void test_gate_positions(void **state)
{
    (void)state;
    static const struct { const char *sql; uint32_t line, col; const char *has; } rows[] = {
        {"SELECT a,\n  getenv('HOME')\nFROM x.y", 2, 3, "\"getenv\""},
        {"SELECT * FROM mesh.main.customers", 1, 15, "domain.port"},
        {"SELECT 1 FROM read_csv('x')", 1, 15, "\"read_csv\" is not allowed in FROM"},
        {"SELECT x.stats() FROM a.b", 1, 8, "write stats(x)"},
        {"SELECT '1'::nope", 1, 11, "\"nope\""},
        {"SELECT * FROM a.b AT (VERSION => 1)", 1, 15, "as_of"},
        {"SELECT lpad('x', 99999999, 'y')", 1, 8, "10000"},
        {"DESCRIBE a.b", 1, 1, "SHOW"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct arena a;
        struct err e = {0};
        arena_init(&a);
        struct sql_ast *ast = parse(&a, rows[i].sql);
        assert_false(sql_gate(ast, SQL_QUESTION, &e));
        if (e.code != E_SQL_REFUSED || e.line != rows[i].line || e.col != rows[i].col || !strstr(e.text, rows[i].has))
            fail_msg("%s: %d %u:%u %s", rows[i].sql, e.code, e.line, e.col, e.text);
        sql_ast_free(ast);
        arena_fini(&a);
    }
}

/* A text of many equal pieces. */
static void gate_of_many(const char *head, const char *piece, size_t times, const char *tail, bool passes)
{
    struct buf b = BUF_INIT(1 << 20);
    struct arena a;
    struct err e = {0};
    struct sql_ast *ast = NULL;
    arena_init(&a);
    buf_addz(&b, head);
    for (size_t i = 0; i < times; i++)
        buf_addz(&b, piece);
    buf_addz(&b, tail);
    bool ok = sql_parse(c, &a, buf_str(&b), &ast, &e) && sql_gate(ast, SQL_QUESTION, &e);
    if (ok != passes)
        fail_msg("%zu x %s: %s", times, piece, ok ? "passes" : e.text);
    sql_ast_free(ast);
    buf_fini(&b);
    arena_fini(&a);
}

static void test_caps(void **state)
{
    (void)state;
    gate_of_many("SELECT 1", " + 1", 60, "", true);
    gate_of_many("SELECT 1", " + 1", 70, "", false);
    gate_of_many("SELECT 1", " + 1", 900, "", false);
    gate_of_many("SELECT ", "(", 20000, "1", false);
    gate_of_many("SELECT 'x'", "||'x'", 5000, "", false);
    gate_of_many("SELECT ", "NOT ", 10000, "true", false);
    gate_of_many("SELECT 1 WHERE true", " AND true", 3000, "", true);
    gate_of_many("SELECT 1", " UNION ALL SELECT 1", 500, "", true);
    gate_of_many("SELECT 1", " UNION ALL SELECT 1", 2500, "", false);
    gate_of_many("SELECT 1 IN (0", ",1", 10000, ")", true);
    gate_of_many("SELECT 1 IN (0", ",1", 25000, ")", false);
    gate_of_many("SELECT 1 IN (0", ",1", 40000, ")", false);
    gate_of_many("SELECT * FROM ", "(SELECT * FROM ", 500, "x", false);
    gate_of_many("SELECT '", "x", 70000, "'", false);
    gate_of_many("", "WITH a AS (", 200, "SELECT 1", false);
}

static void test_functions_sorted_and_known(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    struct err e = {0};
    /* once, and not for each of several hundred names */
    assert_true(engine_exec(c, STR("CREATE TEMP TABLE known AS SELECT function_name FROM duckdb_functions()"), &e));
    for (size_t i = 0; gate_function_at(i); i++) {
        int64_t n;
        const char *name = gate_function_at(i);
        if (i && strcmp(gate_function_at(i - 1), name) >= 0)
            fail_msg("%s is out of order", name);
        assert_true(gate_function_allowed(str_of(name)));
        const struct engine_param p = {.type = ENGINE_TEXT, .s = str_of(name)};
        assert_true(engine_value_i64(c, STR("SELECT count(*) FROM known WHERE function_name = $1"), &p, 1, &n, &e));
        /* Forms of the parser rather than functions of the catalog. */
        if (n == 0 && !strstr(" ifnull unnest struct_pack ", arena_printf(&a, " %s ", name).p))
            fail_msg("%s: the engine has no such function", name);
    }
    assert_true(gate_function_allowed(STR("SUM")));
    assert_false(gate_function_allowed(STR("")));
    assert_false(gate_function_allowed(STR("sum ")));
    assert_true(engine_exec(c, STR("DROP TABLE known"), &e));
    arena_fini(&a);
}

/* What ports may call and questions may not. */
static void test_functions_of_ports(void **state)
{
    (void)state;
    static const struct {
        const char *sql;
        bool port, question;
    } cases[] = {
        {"SELECT mesh_hash63('contact:' || id) FROM web.people", true, false},
        {"SELECT MESH_HASH63(id) FROM web.people", true, false},
        {"SELECT purpose FROM mesh_consent_rules()", true, false},
        {"SELECT k.kind FROM mesh_identity_kinds() AS k JOIN mesh_purposes() AS p ON true", true, false},
        {"SELECT id FROM web.people WHERE mesh_consent_merge() = 'denied_wins'", true, false},
        {"SELECT mesh_consent_rules()", false, false},
        {"SELECT * FROM mesh_hash63('a')", false, false},
        {"SELECT mesh_time_zone(), mesh_reporting_currency()", true, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int profile = SQL_QUESTION; profile <= SQL_PORT; profile++) {
            struct arena a;
            struct sql_ast *ast = NULL;
            struct err e = {0};
            arena_init(&a);
            assert_true(sql_parse(c, &a, str_of(cases[i].sql), &ast, &e));
            bool passes = sql_gate(ast, (enum sql_profile)profile, &e);
            if (passes != (profile == SQL_PORT ? cases[i].port : cases[i].question))
                fail_msg("%s, profile %d: %s", cases[i].sql, profile, passes ? "passes" : e.text);
            sql_ast_free(ast);
            arena_fini(&a);
        }
}

/* Functions of the engine that have effects or look around are not in the list, whatever a later review adds. */
static void test_functions_dangerous(void **state)
{
    (void)state;
    static const char *const never[] = {
        "query", "query_table", "getenv", "current_setting", "getvariable", "nextval", "currval", "setseed", "error", "stats", "write_log",
        "json_execute_serialized_sql", "json_serialize_sql", "json_serialize_plan", "pg_sleep", "sleep_ms", "repeat", "list_resize", "printf",
        "format", "bar", "in_search_path", "current_query", "read_text", "glob", "enum_range", "current_database", "checkpoint", "txid_current"};
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++) {
        assert_false(gate_function_allowed(str_of(never[i])));
        assert_false(gate_table_function_allowed(str_of(never[i])));
    }
}

static bool known_columns(void *ctx, struct str ref, struct str **columns, size_t *n)
{
    (void)ctx;
    static struct str visits[] = {{"id", 2}, {"day", 3}, {"channel", 7}, {"cost", 4}, {"revenue", 7}};
    static struct str people[] = {{"id", 2}, {"country", 7}};
    if (str_eq(ref, STR("web.visits"))) {
        *columns = visits;
        *n = 5;
        return true;
    }
    if (str_eq(ref, STR("web.people"))) {
        *columns = people;
        *n = 2;
        return true;
    }
    return false;
}

static void test_lineage(void **state)
{
    (void)state;
    static const struct { const char *sql, *want; } rows[] = {
        {"SELECT cost FROM web.visits", "cost<web.visits.cost"},
        {"SELECT v.cost AS c, day FROM web.visits v", "c<web.visits.cost; day<web.visits.day"},
        {"SELECT sum(cost) AS s, count(*) AS n, 1 AS one FROM web.visits", "s<web.visits.cost; n<; one<"},
        {"SELECT * FROM web.visits", "id<web.visits.id; day<web.visits.day; channel<web.visits.channel; cost<web.visits.cost; revenue<web.visits.revenue"},
        {"SELECT * EXCLUDE (id, day, channel) REPLACE (cost / 2 AS cost) FROM web.visits", "cost<web.visits.cost; revenue<web.visits.revenue"},
        {"SELECT * RENAME (country AS land) FROM web.people", "id<web.people.id; land<web.people.country"},
        {"SELECT p.* FROM web.people p, web.visits v", "id<web.people.id; country<web.people.country"},
        {"SELECT * FROM web.people JOIN web.visits USING (id)",
         "id<web.people.id,web.visits.id; country<web.people.country; day<web.visits.day; channel<web.visits.channel; cost<web.visits.cost; revenue<web.visits.revenue"},
        {"SELECT * FROM web.people p SEMI JOIN web.visits v ON v.id = p.id", "id<web.people.id; country<web.people.country"},
        {"WITH a AS (SELECT cost AS c FROM web.visits), b(d) AS (SELECT c * 2 FROM a) SELECT d FROM b", "d<web.visits.cost"},
        {"SELECT x FROM (SELECT revenue - cost AS x FROM web.visits) s", "x<web.visits.cost,web.visits.revenue"},
        {"SELECT cost AS a FROM web.visits UNION ALL SELECT id FROM web.people", "a<web.people.id,web.visits.cost"},
        {"SELECT 1 AS a UNION ALL BY NAME SELECT country AS b FROM web.people", "a<; b<web.people.country"},
        {"SELECT cost AS a FROM web.visits EXCEPT SELECT id FROM web.people", "a<web.visits.cost"},
        {"SELECT CASE WHEN channel = 'x' THEN cost ELSE 0 END AS y FROM web.visits", "y<web.visits.channel,web.visits.cost"},
        {"SELECT row_number() OVER (PARTITION BY channel ORDER BY day) AS n FROM web.visits", "n<web.visits.channel,web.visits.day"},
        {"SELECT (SELECT max(country) FROM web.people p WHERE p.id = v.id) AS m FROM web.visits v", "m<web.people.country"},
        {"SELECT EXISTS (SELECT 1 FROM web.people) AS m FROM web.visits v", "m<"},
        {"SELECT cost AS c, c * 2 AS d FROM web.visits", "c<web.visits.cost; d<web.visits.cost"},
        {"SELECT s.n FROM web.people p, LATERAL (SELECT p.country AS n) s", "n<web.people.country"},
        {"WITH RECURSIVE r(i, w) AS (SELECT id, country FROM web.people UNION ALL SELECT i + 1, w FROM r) SELECT * FROM r", "i<web.people.id; w<web.people.country"},
        {"SELECT list_transform([cost], lambda x: x + revenue) AS l FROM web.visits", "l<web.visits.cost,web.visits.revenue"},
        {"SELECT a FROM other.t", "a<other.t.a"},
        {"SELECT a FROM other.t, other.u", "a<?"},
        {"SELECT t.a, u.b FROM other.t, other.u", "a<other.t.a; b<other.u.b"},
        {"SELECT * FROM other.t", "*<other.t.*?"},
        {"SELECT sum(COLUMNS('c.*')) AS s FROM web.people", "s<web.people.country,web.people.id?"},
        {"SELECT web.visits.cost FROM web.visits", "cost<web.visits.cost"},
        {"SELECT x, w FROM (VALUES (1, 'a')) v(x, w)", "x<; w<"},
        {"SELECT u.c FROM web.visits v, unnest([v.channel]) u(c)", "c<web.visits.channel"},
        {"SELECT CAST(cost AS DOUBLE), coalesce(revenue, 0) FROM web.visits", "cost<web.visits.cost; column 2<web.visits.revenue"},
        {"SELECT sum(cost) FILTER (WHERE channel = 'x') AS s FROM web.visits", "s<web.visits.channel,web.visits.cost"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct arena a;
        struct err e;
        struct sql_column_lineage *v;
        size_t n;
        struct buf b = BUF_INIT(1 << 16);
        arena_init(&a);
        struct sql_ast *ast = parse(&a, rows[i].sql);
        assert_true(sql_lineage(ast, &a, known_columns, NULL, &v, &n, &e));
        for (size_t k = 0; k < n; k++) {
            buf_printf(&b, "%s%.*s<", k ? "; " : "", STR_FMT(v[k].column));
            for (size_t o = 0; o < v[k].n_from; o++)
                buf_printf(&b, "%s%.*s.%.*s", o ? "," : "", STR_FMT(v[k].from[o].ref), STR_FMT(v[k].from[o].column));
            buf_addz(&b, v[k].uncertain ? "?" : "");
        }
        if (strcmp(buf_z(&b), rows[i].want) != 0)
            fail_msg("%s:\n  %s\n  expected\n  %s", rows[i].sql, buf_z(&b), rows[i].want);
        buf_fini(&b);
        sql_ast_free(ast);
        arena_fini(&a);
    }
}

/* Stars over joins of stars double at each step; the answer is an error, not exhaustion. */
static void test_lineage_bounded(void **state)
{
    (void)state;
    struct arena a;
    struct err e;
    struct sql_column_lineage *v;
    size_t n;
    struct buf b = BUF_INIT(1 << 16);
    arena_init(&a);
    buf_addz(&b, "WITH a0 AS (SELECT 1 AS x)");
    for (int i = 1; i < 40; i++)
        buf_printf(&b, ", a%d AS (SELECT * FROM a%d p, a%d q)", i, i - 1, i - 1);
    buf_addz(&b, " SELECT * FROM a39");
    struct sql_ast *ast = parse(&a, buf_z(&b));
    assert_false(sql_lineage(ast, &a, NULL, NULL, &v, &n, &e));
    assert_int_equal(e.code, E_TOO_LARGE);
    sql_ast_free(ast);
    buf_fini(&b);
    arena_fini(&a);
}

static void test_shape(void **state)
{
    (void)state;
    static const struct { const char *sql, *want; } rows[] = {
        {"SELECT  a FROM b.c WHERE email = 'ana@example.org' -- Ana\n AND x = 12.5e-3", "SELECT a FROM b.c WHERE email = ? AND x = ?"},
        {"select 'it''s', E'a\\'b', $$x ' y$$, $t$ $$ $t$, X'AA'", "select ?, .."},
        {"SELECT a1, b2 FROM t3 WHERE x IN (1, 2, 3) AND y = $1", "SELECT a1, b2 FROM t3 WHERE x IN (?, ..) AND y = $1"},
        {"SELECT \"plain\", \"Ana Ruiz\" /* a /* nested */ b */ FROM x", "SELECT \"plain\", \"?\" FROM x"},
        {"SELECT 'unterminated", "SELECT ?"},
        {"SELECT /* unterminated", "SELECT"},
        {"SELECT .5 + 1_000", "SELECT ? + ?"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct arena a;
        arena_init(&a);
        assert_string_equal(sql_shape(&a, str_of(rows[i].sql)).p, rows[i].want);
        arena_fini(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refs),
        cmocka_unit_test(test_parse_errors),
        cmocka_unit_test(test_questions_pass),
        cmocka_unit_test(test_attacks_refused),
        cmocka_unit_test(test_gate_positions),
        cmocka_unit_test(test_caps),
        cmocka_unit_test(test_functions_sorted_and_known),
        cmocka_unit_test(test_functions_of_ports),
        cmocka_unit_test(test_functions_dangerous),
        cmocka_unit_test(test_lineage),
        cmocka_unit_test(test_lineage_bounded),
        cmocka_unit_test(test_shape),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
