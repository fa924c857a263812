/* Classes that columns have by lineage: which expressions give a personal value on, and that the gate hides what was renamed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/fs.h"
#include "govern/govern.h"
#include "govern/policy.h"
#include "store/state.h"

#define CANARY "QZCANARY"
#define PRODUCT(name, ports) \
    "apiVersion: v1.0.0\nkind: DataProduct\nid: web." name "\nname: " name "\nversion: 1.0.0\nstatus: active\ndomain: web\ndescription: {purpose: tests}\noutputPorts:\n" ports
#define PORT(name) "  - {name: " name ", version: 1.0.0, type: tables, contractId: web." name "}\n"
#define CONTRACT(name) "apiVersion: v3.1.0\nkind: DataContract\nid: web." name "\nversion: 1.0.0\nstatus: active\nschema:\n  - name: " name "\n    properties:\n"

/* hidden: what the column may hold. Each is a column of one port, without a class of its own. */
static const struct { const char *sql; bool hidden; } made[] = {
    {"mail_text", true}, {"lower(mail_text)", true}, {"trim(upper(mail_text))", true}, {"coalesce(NULL, mail_text, 'x')", true}, {"CAST(mail_text AS VARCHAR)", true},
    {"substr(mail_text, 1, 8)", true}, {"split_part(mail_text, '@', 1)", true}, {"'<' || mail_text || '>'", true}, {"concat('a', mail_text)", true},
    {"CASE WHEN spent > 0 THEN mail_text END", true}, {"CASE WHEN mail_text LIKE '%a%' THEN 'yes' ELSE 'no' END", false}, {"mail_text IS NULL", false},
    {"length(mail_text)", false}, {"mail_text IN ('a', 'b')", false}, {"[mail_text, 'x']", true}, {"{'m': mail_text}", true}, {"{'m': mail_text}.m", true},
    {"(SELECT max(q.mail_text) FROM web.people AS q)", true}, {"(SELECT count(q.mail_text) FROM web.people AS q)", false}, {"mail_text IN (SELECT q.mail_text FROM web.people AS q)", false},
    {"EXISTS (SELECT 1 FROM web.people AS q WHERE q.mail_text = p.mail_text)", false}, {"max(mail_text) OVER (PARTITION BY country)", true}, {"count(*) OVER (PARTITION BY mail_text)", false},
    {"row_number() OVER (ORDER BY mail_text)", false}, {"lag(mail_text) OVER (ORDER BY spent)", true}, {"sum(spent) OVER (ORDER BY mail_text)", false}, {"md5(mail_text)", true}, {"sha256(lower(mail_text))", true},
    {"strftime(born_on, '%Y')", true}, {"spent", false}, {"country || spent", false}, {"reverse(reverse(mail_text))", true}, {"regexp_replace(mail_text, '@.*', '')", true},
    {"list_transform([mail_text], x -> upper(x))", true}, {"nullif(mail_text, '')", true}, {"to_json(p)", true},
};
/* Of groups. */
static const struct { const char *sql; bool hidden; } grouped[] = {
    {"count(*)", false}, {"count(DISTINCT mail_text)", false}, {"count(*) FILTER (WHERE mail_text LIKE 'a%')", false}, {"min(mail_text)", true}, {"any_value(mail_text)", true}, {"string_agg(mail_text, ',')", true},
    {"list(mail_text)", true}, {"arg_max(country, mail_text)", false}, {"arg_max(mail_text, spent)", true}, {"sum(spent)", false}, {"string_agg(country, ',' ORDER BY mail_text)", false}, {"first(mail_text ORDER BY spent)", true},
};

struct fixture { char dir[64]; struct state *s; struct mesh *m; struct govern *g; struct engine_conn *admin; struct arena a; };

static void must(bool ok, const struct err *e)
{
    if (!ok)
        fail_msg("%s %s", e->text, e->hint);
}

static void put(struct fixture *f, const char *name, struct str text)
{
    struct err e = {0};
    struct str path = fs_join(&f->a, str_of(f->dir), str_of(name));
    must(fs_mkdirs(arena_strz(&f->a, fs_dirname(path)), 0755, &e) && fs_write_atomic(arena_strz(&f->a, path), text, 0644, &e), &e);
}

static void put_z(struct fixture *f, const char *name, const char *text)
{
    put(f, name, str_of(text));
}

#define PUT_PORT(f, name, list, from) \
    do { \
        struct buf sql = BUF_INIT(1 << 20), contract = BUF_INIT(1 << 20); \
        buf_addz(&sql, "SELECT "); \
        buf_addz(&contract, CONTRACT(name)); \
        for (size_t i = 0; i < sizeof list / sizeof *list; i++) { \
            buf_printf(&sql, "%s%s AS c%zu", i ? ", " : "", list[i].sql, i); \
            buf_printf(&contract, "      - {name: c%zu, logicalType: string}\n", i); \
        } \
        buf_addz(&sql, from); \
        put(f, "domains/web/products/out/" name ".sql", buf_str(&sql)); \
        put(f, "domains/web/products/out/" name ".odcs.yaml", buf_str(&contract)); \
        buf_fini(&sql); \
        buf_fini(&contract); \
    } while (0)

static struct mesh *load(struct fixture *f, const char *cache)
{
    struct errs es = {0};
    struct mesh *m = mesh_load(f->dir, &(struct mesh_load_options){.parser = f->admin, .cache_path = cache}, &es);
    for (size_t i = 0; !m && i < es.n; i++)
        print_message("%s:%u:%u %s\n", es.v[i].file, es.v[i].line, es.v[i].col, es.v[i].text);
    errs_fini(&es);
    assert_non_null(m);
    return m;
}

static int begin(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct err e = {0};
    arena_init(&f->a);
    snprintf(f->dir, sizeof f->dir, "/tmp/trellis-carried-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    put_z(f, "mesh.yaml", "name: test\ntitle: Test\ntime_zone: UTC\nreporting_currency: EUR\npurposes: [analytics]\n");
    put_z(f, "domains/web/domain.yaml", "name: web\ntitle: Web\nowner: {name: Ana Ruiz, contact: ana@example.org}\n");
    put_z(f, "domains/web/sources/shop.yaml", "name: shop\nkind: files\npath: exports\nstreams:\n  - {name: orders, optional: true}\n");
    put_z(f, "domains/web/products/core/product.yaml", PRODUCT("core", PORT("people")));
    put_z(f, "domains/web/products/core/people.odcs.yaml",
          CONTRACT("people") "      - {name: mail_text, logicalType: string, classification: personal}\n      - {name: born_on, logicalType: date, classification: sensitive}\n"
                             "      - {name: country, logicalType: string, classification: internal}\n      - {name: spent, logicalType: integer, classification: internal}\n");
    put_z(f, "domains/web/products/core/people.sql", "SELECT 'x' AS mail_text, DATE '1990-01-01' AS born_on, 'DE' AS country, 1 AS spent");
    put_z(f, "domains/web/products/out/product.yaml", PRODUCT("out", PORT("made") PORT("grouped") PORT("further") PORT("said") PORT("starred")));
    PUT_PORT(f, "made", made, " FROM web.people AS p");
    PUT_PORT(f, "grouped", grouped, " FROM web.people GROUP BY country");
    put_z(f, "domains/web/products/out/further.sql", "WITH x AS (SELECT c0 AS contact, c11 AS known, c6 FROM web.made) SELECT contact, known FROM x UNION ALL SELECT email, true FROM web.shop__orders");
    put_z(f, "domains/web/products/out/further.odcs.yaml", CONTRACT("further") "      - {name: contact, logicalType: string}\n      - {name: known, logicalType: boolean}\n");
    put_z(f, "domains/web/products/out/said.sql", "SELECT mail_text AS contact, born_on AS since, mail_text AS forgotten, count(*) OVER () AS n FROM web.people");
    put_z(f, "domains/web/products/out/said.odcs.yaml", CONTRACT("said") "      - {name: contact, logicalType: string, classification: internal}\n      - {name: since, logicalType: date}\n");
    put_z(f, "domains/web/products/out/starred.sql", "SELECT * REPLACE (email AS note), 1 AS one FROM web.shop__orders");
    put_z(f, "domains/web/products/out/starred.odcs.yaml", CONTRACT("starred") "      - {name: note, logicalType: string}\n      - {name: one, logicalType: integer}\n");
    must(state_open(f->dir, &(struct state_options){.threads = 1, .memory_limit_bytes = 512u << 20}, &f->s, &e) && engine_connect(f->s->engine, &f->admin, &e), &e);
    f->m = load(f, NULL);
    *state = f;
    return 0;
}

static int end(void **state)
{
    struct fixture *f = *state;
    struct err e;
    govern_close(f->g);
    engine_disconnect(f->admin);
    state_close(f->s);
    mesh_free(f->m);
    (void)!fs_remove_tree(f->dir, &e);
    arena_fini(&f->a);
    free(f);
    return 0;
}

static enum mesh_class class_in(const struct mesh *m, const char *port, const char *column)
{
    return policy_class(m, mesh_find_port(m, str_of(port)), str_of(column));
}

static void all_as_expected(const struct mesh *m)
{
    char name[16];
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
        snprintf(name, sizeof name, "c%zu", i);
        bool hidden = class_in(m, "web.made", name) >= CLASS_PERSONAL;
        if (hidden != made[i].hidden)
            fail_msg("%s is %s", made[i].sql, hidden ? "hidden" : "shown");
    }
    for (size_t i = 0; i < sizeof grouped / sizeof *grouped; i++) {
        snprintf(name, sizeof name, "c%zu", i);
        bool hidden = class_in(m, "web.grouped", name) >= CLASS_PERSONAL;
        if (hidden != grouped[i].hidden)
            fail_msg("%s is %s", grouped[i].sql, hidden ? "hidden" : "shown");
    }
}

static void test_expressions(void **state)
{
    all_as_expected(((struct fixture *)*state)->m);
}

static void test_further(void **state)
{
    const struct mesh *m = ((struct fixture *)*state)->m;
    assert_int_equal(class_in(m, "web.further", "contact"), CLASS_PERSONAL);
    assert_int_equal(class_in(m, "web.further", "known"), CLASS_UNSET);
    assert_int_equal(class_in(m, "web.said", "contact"), CLASS_INTERNAL); /* what is declared holds */
    assert_int_equal(class_in(m, "web.said", "since"), CLASS_SENSITIVE);
    assert_int_equal(class_in(m, "web.said", "forgotten"), CLASS_PERSONAL); /* not in the contract at all */
    assert_int_equal(class_in(m, "web.said", "n"), CLASS_UNSET);
    assert_int_equal(class_in(m, "web.starred", "one"), CLASS_UNSET);
}

static void test_from_cache(void **state)
{
    struct fixture *f = *state;
    const char *cache = arena_strz(&f->a, fs_join(&f->a, str_of(f->dir), STR("mesh.cache")));
    for (int i = 0; i < 2; i++) {
        struct mesh *m = load(f, cache);
        all_as_expected(m);
        assert_int_equal(class_in(m, "web.further", "contact"), CLASS_PERSONAL);
        assert_int_equal(class_in(m, "web.further", "known"), CLASS_UNSET);
        mesh_free(m);
    }
}

static bool has(const struct buf *b)
{
    return str_find(buf_str(b), STR(CANARY), 0) != SIZE_MAX;
}

static void ask(struct fixture *f, const char *sql, struct buf *out)
{
    struct err e = {0};
    struct str role = STR("admin");
    const struct govern_principal who = {.name = role, .kind = GOVERN_USER, .roles = &role, .n_roles = 1};
    struct govern_request q = {.principal = &who, .sql = str_of(sql), .row_limit = 1000, .timeout_ms = 10000};
    struct govern_result *r = NULL;
    struct engine_chunk *ch;
    const struct engine_column *cols;
    size_t rows = 0;
    buf_reset(out);
    must(govern_query(f->g, &q, &r, &e), &e);
    size_t n = govern_result_columns(r, &cols);
    while (govern_result_next(r, &ch, &rows, &e) && ch)
        for (size_t i = 0; i < rows * n; i++) {
            engine_cell_text(ch, i % n, i / n, out);
            buf_addc(out, '|');
        }
    govern_result_close(r);
}

/* Renamed and unclassified: hidden. Declared otherwise: shown, since its owner said so. */
static void test_gate(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    struct buf b = BUF_INIT(1 << 20);
    must(engine_exec(f->admin, STR("CREATE TABLE mesh.built.s AS SELECT '" CANARY "@example.org' AS contact, DATE '1990-02-03' AS since, '" CANARY "' AS forgotten, 1 AS n;"
                                   "CREATE VIEW mesh.live.\"web.said_v1\" AS SELECT * FROM mesh.built.s;"
                                   "CREATE TABLE mesh.built.f AS SELECT '" CANARY "@example.org' AS contact, true AS known;"
                                   "CREATE VIEW mesh.live.\"web.further_v1\" AS SELECT * FROM mesh.built.f;"
                                   "INSERT INTO mesh.sys.port_version(version_id, port, live) VALUES (1, 'web.said_v1', true), (2, 'web.further_v1', true);"),
                     &e), &e);
    must(govern_open(f->s, NULL, &f->g, &e) && govern_refresh(f->g, f->m, &e), &e);
    ask(f, "SELECT * FROM web.further", &b);
    assert_false(has(&b));
    assert_true(str_find(buf_str(&b), STR("hidden: personal"), 0) != SIZE_MAX && str_find(buf_str(&b), STR("true"), 0) != SIZE_MAX);
    ask(f, "SELECT forgotten, since FROM web.said", &b);
    assert_false(has(&b));
    assert_true(str_find(buf_str(&b), STR("1990"), 0) == SIZE_MAX);
    ask(f, "SELECT contact FROM web.said", &b);
    assert_true(has(&b));
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_expressions), cmocka_unit_test(test_further), cmocka_unit_test(test_from_cache), cmocka_unit_test(test_gate)};
    return cmocka_run_group_tests(tests, begin, end);
}
