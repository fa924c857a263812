/* Groups of people: the rules by hand-worked sets, the form of questions, and attacks that try to reach single people through answers about groups. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "govern/govern_int.h"
#include "govern/small_rules.h"

/* ---- rules ---- */

/* People from..to as their own hashes. */
static struct small_set set_of(uint64_t from, uint64_t to)
{
    struct small_set s = {.people = (int64_t)(to - from)};
    for (uint64_t i = from; i < to; i++) {
        s.print ^= i * 7919 * 6364136223846793005u;
        if (s.n < SMALL_SKETCH)
            s.sketch[s.n++] = i * 7919;
    }
    return s;
}

static void test_difference(void **state)
{
    (void)state;
    struct small_set a = set_of(0, 20), b = set_of(0, 15), c = set_of(100, 120), swapped = set_of(1, 21);
    assert_true(small_too_close(&a, &b, 10));
    assert_false(small_too_close(&a, &b, 5));
    assert_false(small_too_close(&a, &a, 10)); /* the same question again tells nothing new */
    assert_false(small_too_close(&a, &c, 10));
    assert_true(small_too_close(&a, &swapped, 10)); /* one went, one came */
    /* Large sets: one more person is seen by the count, since the sketches agree. */
    struct small_set large = set_of(0, 10000), larger = set_of(0, 10003), other = set_of(20000, 30003), like = set_of(0, 10000);
    assert_true(small_too_close(&large, &larger, 10));
    assert_false(small_too_close(&large, &other, 10));
    assert_false(small_too_close(&large, &like, 10));
    like.print ^= 1; /* as many, and the smallest are the same, but it is another set */
    assert_true(small_too_close(&large, &like, 10));
}

static void test_rules(void **state)
{
    (void)state;
    struct small_set sets[5] = {set_of(0, 30), set_of(100, 112), set_of(200, 204), set_of(300, 330), set_of(0, 25)};
    struct small_group g[4] = {{.sets = &sets[0], .n_sets = 1}, {.sets = &sets[1], .n_sets = 1}, {.sets = &sets[2], .n_sets = 1}, {.sets = &sets[3], .n_sets = 1, .dominance = 0.9}};
    small_decide(g, 3, NULL, 0, 10);
    /* Four people are too few, and alone they would be the rest of the whole: the next smallest group goes with them. */
    assert_true(g[0].shown);
    assert_false(g[1].shown);
    assert_false(g[2].shown);
    small_decide(g, 4, NULL, 0, 10); /* thirty are left out for one large value: the four have company */
    assert_true(g[0].shown);
    assert_true(g[1].shown);
    assert_false(g[2].shown);
    assert_false(g[3].shown);
    /* Twelve are enough, the three of them whom a figure is of are not; as the rest of the whole they would be told. */
    struct small_set of_all[3] = {set_of(0, 40), set_of(100, 120), set_of(200, 212)}, pairs[6] = {of_all[0], of_all[0], of_all[1], of_all[1], of_all[2], set_of(200, 203)};
    struct small_group rest[3] = {{.sets = &pairs[0], .n_sets = 2}, {.sets = &pairs[2], .n_sets = 2}, {.sets = &pairs[4], .n_sets = 2}};
    small_decide(rest, 3, NULL, 0, 10);
    assert_true(rest[0].shown);
    assert_false(rest[1].shown);
    assert_false(rest[2].shown);
    struct small_set before[1] = {set_of(0, 27)};
    small_decide(g, 1, before, 1, 10);
    assert_false(g[0].shown);
    before[0] = sets[0];
    small_decide(g, 1, before, 1, 10);
    assert_true(g[0].shown);
    /* A figure whose people are all but five of the group's tells of the five. */
    struct small_set both[2] = {set_of(0, 30), set_of(0, 25)};
    struct small_group inner = {.sets = both, .n_sets = 2};
    small_decide(&inner, 1, NULL, 0, 10);
    assert_false(inner.shown);
    both[1] = set_of(0, 15);
    small_decide(&inner, 1, NULL, 0, 10);
    assert_true(inner.shown);
    both[1] = set_of(0, 3);
    small_decide(&inner, 1, NULL, 0, 10);
    assert_false(inner.shown);
    both[1] = both[0] = set_of(0, 30); /* the same people with a row less */
    both[0].rows = 60;
    both[1].rows = 59;
    small_decide(&inner, 1, NULL, 0, 10);
    assert_false(inner.shown);
    both[1].rows = 50;
    small_decide(&inner, 1, NULL, 0, 10);
    assert_true(inner.shown);
    both[1].rows = 59;
    both[1].figure = 5; /* of something else */
    small_decide(&inner, 1, NULL, 0, 10);
    assert_true(inner.shown);
    both[1] = (struct small_set){0}; /* nobody of them has it */
    small_decide(&inner, 1, NULL, 0, 10);
    assert_true(inner.shown);
}

/* ---- through the gate ---- */

static char dir[64];
static struct state *s;
static struct engine_conn *admin;
static struct mesh *m;
static struct govern *g;

static void must(bool ok, const struct err *e)
{
    if (!ok)
        fail_msg("%s %s", e->text, e->hint);
}

static void write_file(const char *name, const char *text)
{
    struct err e = {0};
    struct arena a;
    arena_init(&a);
    struct str path = fs_join(&a, str_of(dir), str_of(name));
    must(fs_mkdirs(arena_strz(&a, fs_dirname(path)), 0755, &e) && fs_write_atomic(arena_strz(&a, path), str_of(text), 0644, &e), &e);
    arena_fini(&a);
}

static void write_mesh(void)
{
    write_file("mesh.yaml", "name: test\ntitle: Test\ntime_zone: UTC\nreporting_currency: EUR\npurposes: [analytics]\n");
    write_file("domains/web/domain.yaml", "name: web\ntitle: Web\nowner: {name: Ana Ruiz, contact: ana@example.org}\n");
    write_file("domains/web/products/core/product.yaml",
               "apiVersion: v1.0.0\nkind: DataProduct\nid: web.core\nname: core\nversion: 1.0.0\nstatus: active\ndomain: web\ndescription: {purpose: tests}\noutputPorts:\n"
               "  - {name: orders, version: 1.0.0, type: tables, contractId: web.core.orders}\n  - {name: regions, version: 1.0.0, type: tables, contractId: web.core.regions}\n");
    write_file("domains/web/products/core/orders.odcs.yaml",
               "apiVersion: v3.1.0\nkind: DataContract\nid: web.core.orders\nversion: 1.0.0\nstatus: active\nschema:\n  - name: orders\n    properties:\n"
               "      - {name: customer_id, logicalType: string, classification: internal}\n      - {name: email, logicalType: string, classification: personal}\n"
               "      - {name: country, logicalType: string, classification: internal}\n      - {name: day, logicalType: date, classification: internal}\n"
               "      - {name: spent, logicalType: integer, classification: internal}\n      - {name: age, logicalType: integer, classification: internal}\n");
    write_file("domains/web/products/core/orders.sql", "SELECT 'c' AS customer_id, 'e' AS email, 'DE' AS country, DATE '2026-01-01' AS day, 1 AS spent, 30 AS age");
    write_file("domains/web/products/core/regions.odcs.yaml",
               "apiVersion: v3.1.0\nkind: DataContract\nid: web.core.regions\nversion: 1.0.0\nstatus: active\nschema:\n  - name: regions\n    properties:\n"
               "      - {name: country, logicalType: string, classification: internal}\n      - {name: region, logicalType: string, classification: internal}\n");
    write_file("domains/web/products/core/regions.sql", "SELECT 'DE' AS country, 'EU' AS region");
}

/* 200 people with one to three orders: 120 in DE, 60 in FR, 16 in US, 4 in NO. Person 7 in DE is the one to find: spent 7777, aged 99. */
static const char physical_sql[] =
    "CREATE TABLE mesh.built.o AS SELECT 'c' || lpad(p::VARCHAR, 3, '0') AS customer_id, 'p' || p || '@example.org' AS email,"
    " CASE WHEN p < 120 THEN 'DE' WHEN p < 180 THEN 'FR' WHEN p < 196 THEN 'US' ELSE 'NO' END AS country, DATE '2026-01-01' + (p % 28 + k)::INTEGER AS day,"
    " CASE WHEN p = 7 THEN 7777 ELSE 10 + p % 50 END::INTEGER AS spent, CASE WHEN p = 7 THEN 99 ELSE 20 + p % 40 END::INTEGER AS age"
    " FROM range(200) AS r(p), range(3) AS o(k) WHERE k <= p % 3;"
    "CREATE VIEW mesh.live.\"web.orders_v1\" AS SELECT * FROM mesh.built.o;"
    "CREATE TABLE mesh.built.r AS SELECT * FROM (VALUES ('DE', 'EU'), ('FR', 'EU'), ('NO', 'EU'), ('US', 'AM')) AS t(country, region);"
    "CREATE VIEW mesh.live.\"web.regions_v1\" AS SELECT * FROM mesh.built.r;"
    "INSERT INTO mesh.sys.port_version(version_id, port, live) VALUES (1, 'web.orders_v1', true), (2, 'web.regions_v1', true);";

static struct str core[] = {{"web.core", 8}}, purposes[] = {{"analytics", 9}};
static struct mesh_grant in_groups = {.products = {core, 1}, .purposes = {purposes, 1}, .tier = TIER_AGGREGATED};
static struct mesh_role viewer = {.name = {"viewer", 6}, .grants = &in_groups, .n_grants = 1};

static int setup(void **state)
{
    (void)state;
    struct err e = {0};
    struct errs es = {0};
    strcpy(dir, "/tmp/trellis-small-XXXXXX"); // banned-ok: a constant
    if (!mkdtemp(dir))
        return 1;
    write_mesh();
    const struct state_options so = {.threads = 2, .memory_limit_bytes = 1u << 30};
    bool ok = state_open(dir, &so, &s, &e) && engine_connect(s->engine, &admin, &e);
    m = ok ? mesh_load(dir, &(struct mesh_load_options){.parser = admin}, &es) : NULL;
    for (size_t i = 0; i < es.n; i++)
        printf("%s:%u:%u %s\n", es.v[i].file, es.v[i].line, es.v[i].col, es.v[i].text);
    errs_fini(&es);
    if (m) {
        struct mesh_role *roles = arena_array(&m->arena, m->policy.n_roles + 1, sizeof *roles);
        memcpy(roles, m->policy.roles, m->policy.n_roles * sizeof *roles);
        roles[m->policy.n_roles++] = viewer;
        m->policy.roles = roles;
    }
    ok = m && engine_exec(admin, str_of(physical_sql), &e) && govern_open(s, NULL, &g, &e) && govern_refresh(g, m, &e);
    if (!ok)
        printf("%s: %s\n", e.text, admin ? engine_last_message(admin) : "");
    return !ok;
}

static int teardown(void **state)
{
    (void)state;
    struct err e;
    govern_close(g);
    engine_disconnect(admin);
    state_close(s);
    mesh_free(m);
    return fs_remove_tree(dir, &e) ? 0 : 1;
}

/* Nothing was shown before: as after a new version of the port. */
static void forget(void)
{
    static int64_t version = 100;
    struct arena a;
    struct err e = {0};
    arena_init(&a);
    must(engine_exec(admin, arena_printf(&a, "UPDATE mesh.sys.port_version SET version_id = %lld WHERE port = 'web.orders_v1'", (long long)++version), &e), &e);
    arena_fini(&a);
}

static void ask_with(const char *sql, const struct engine_param *params, size_t n_params, struct buf *out, struct err *e)
{
    static unsigned asker; /* a budget of one's own: what is held here is the history, which is everybody's */
    char name[32];
    struct str roles[1] = {STR("viewer")};
    const struct govern_principal who = {.name = {name, (size_t)snprintf(name, sizeof name, "asker %u", asker++ / 400)}, .kind = GOVERN_USER, .roles = roles, .n_roles = 1};
    const struct govern_request q = {.principal = &who, .sql = str_of(sql), .params = params, .n_params = n_params};
    struct govern_result *r = NULL;
    struct engine_chunk *ch;
    size_t rows = 0;
    buf_reset(out);
    *e = (struct err){0};
    if (!govern_query(g, &q, &r, e)) {
        buf_addz(out, err_info_get(e->code)->name);
        return;
    }
    const struct engine_column *cols;
    size_t n = govern_result_columns(r, &cols);
    while (govern_result_next(r, &ch, &rows, e) && ch) {
        for (size_t i = 0; i < rows; i++) {
            for (size_t c = 0; c < n; c++) {
                buf_addz(out, c ? "|" : "");
                engine_cell_text(ch, c, i, out);
            }
            buf_addc(out, ';');
        }
    }
    govern_result_close(r);
}

static void ask(const char *sql, struct buf *out, struct err *e)
{
    ask_with(sql, NULL, 0, out, e);
}

static void test_answers(void **state)
{
    static const struct { const char *sql, *rows; } cases[] = {
        /* NO has 4 people: left out, and US with it. */
        {"SELECT country, count(DISTINCT customer_id) AS people, count(*) FROM web.orders GROUP BY country ORDER BY people DESC", "DE|120|240;FR|60|120;"},
        {"SELECT country AS c, count(*) FROM web.orders GROUP BY 1 ORDER BY 1 LIMIT 1", "DE|240;"},
        {"SELECT country, count(*) n FROM web.orders GROUP BY ALL ORDER BY n", "FR|120;DE|240;"},
        {"SELECT region, count(*) FROM web.orders JOIN web.regions USING (country) GROUP BY region ORDER BY region", "AM|31;EU|368;"},
        {"SELECT round(sum(age) / count(age), 1) AS mean FROM web.orders WHERE country = 'FR'", "36.2;"},
        {"SELECT count(*) FROM web.orders WHERE country = 'NO'", ""},
        {"SELECT count(*) FROM web.orders WHERE country = 'nowhere'", ""}, /* as if there were few */
        {"SELECT count(*) FILTER (WHERE day < DATE '2026-01-08') AS n FROM web.orders WHERE country = 'FR'", "25;"},
        {"SELECT date_trunc('month', day) AS m, count(*) FROM web.orders GROUP BY m", "2026-01-01 00:00:00|399;"},
        {"SELECT count(*) FROM web.regions", "4;"}, /* no people in it */
        {"SELECT * FROM web.regions ORDER BY country LIMIT 1", "DE|EU;"},
    };
    struct buf b = BUF_INIT(1 << 20);
    struct err e;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        forget();
        ask(cases[i].sql, &b, &e);
        if (strcmp(buf_z(&b), cases[i].rows) != 0)
            fail_msg("%s\n gives %s (%s), not %s", cases[i].sql, buf_z(&b), e.text, cases[i].rows);
    }
    forget();
    const struct engine_param p[] = {{.type = ENGINE_TEXT, .s = STR("FR")}};
    ask_with("SELECT count(*) FROM web.orders WHERE country = $1", p, 1, &b, &e);
    assert_string_equal(buf_z(&b), "120;");
    const struct engine_param number[] = {{.type = ENGINE_INT, .i = 5}};
    ask_with("SELECT count(*) FROM web.orders WHERE country = $1", number, 1, &b, &e);
    assert_string_equal(buf_z(&b), ""); /* compared as text: no error that would depend on rows */
    buf_fini(&b);
}

/* Forms that could show, find or tell of single people. */
static void test_refused(void **state)
{
    static const char *const cases[] = {
        "SELECT * FROM web.orders",
        "SELECT customer_id FROM web.orders",
        "SELECT customer_id, count(*) FROM web.orders GROUP BY customer_id",
        "SELECT email, count(*) FROM web.orders GROUP BY email",
        "SELECT country FROM web.orders",
        "SELECT count(*) FROM web.orders WHERE customer_id = 'c007'",
        "SELECT count(*) FROM web.orders WHERE email LIKE 'p7@%'",
        "SELECT count(*) FROM web.orders GROUP BY left(customer_id, 3)",
        "SELECT min(spent) FROM web.orders", "SELECT max(spent) FROM web.orders", "SELECT any_value(spent) FROM web.orders", "SELECT first(spent) FROM web.orders",
        "SELECT list(spent) FROM web.orders", "SELECT string_agg(country, ',') FROM web.orders", "SELECT mode(spent) FROM web.orders", "SELECT quantile_cont(spent, 0.99) FROM web.orders",
        "SELECT arg_max(country, spent) FROM web.orders", "SELECT histogram(spent) FROM web.orders", "SELECT median(spent) FROM web.orders", "SELECT product(spent) FROM web.orders",
        "SELECT sum(CASE WHEN age = 99 THEN spent ELSE 0.0001 END) FROM web.orders",
        "SELECT sum(spent * (age = 99)::INTEGER) FROM web.orders",
        "SELECT sum(spent) FILTER (WHERE customer_id = 'c007') FROM web.orders",
        "SELECT sum(DISTINCT spent) FROM web.orders",
        "SELECT count(*) OVER () FROM web.orders",
        "SELECT country, count(*) FROM web.orders GROUP BY country HAVING max(spent) > 7000",
        "SELECT country, count(*) FROM web.orders GROUP BY country QUALIFY row_number() OVER (ORDER BY max(spent)) = 1",
        "SELECT country, count(*) FROM web.orders GROUP BY ROLLUP (country)",
        "SELECT country, count(*) FROM web.orders GROUP BY country ORDER BY max(spent)",
        "SELECT DISTINCT country FROM web.orders",
        "WITH o AS (SELECT * FROM web.orders) SELECT count(*) FROM o",
        "SELECT count(*) FROM (SELECT * FROM web.orders WHERE age = 99)",
        "SELECT (SELECT spent FROM web.orders WHERE age = 99)",
        "SELECT count(*) FROM web.regions WHERE EXISTS (SELECT 1 FROM web.orders WHERE age = 99)",
        "SELECT count(*) FROM web.orders WHERE spent = (SELECT max(spent) FROM web.orders)",
        "SELECT count(*) FROM web.orders a JOIN web.orders b ON a.age = b.age",
        "SELECT count(*) FROM web.orders UNION ALL SELECT count(*) FROM web.orders WHERE age = 99",
        "SELECT count(*) FROM web.orders SEMI JOIN web.regions USING (country)",
        "SELECT count(*) FROM web.orders JOIN web.regions ON web.orders.customer_id = web.regions.country",
        "SELECT count(*) FROM web.orders TABLESAMPLE 1%",
        "PIVOT web.orders ON country IN ('DE') USING count(*)",
        "FROM web.orders SELECT spent LIMIT 1",
        /* Errors that a row makes would tell of the row. */
        "SELECT count(*) FROM web.orders WHERE age = 99 AND CAST(country AS INTEGER) = 1",
        "SELECT count(*) FROM web.orders WHERE age = 99 AND country = 5",
        "SELECT count(*) FROM web.orders WHERE country IN (1, 2)",
        "SELECT count(*) FROM web.orders WHERE country BETWEEN 1 AND 2",
        "SELECT count(*) FROM web.orders WHERE coalesce(country, 1) = 1",
        "SELECT count(*) FROM web.orders WHERE CASE WHEN age = 99 THEN country ELSE 1 END = 1",
        "SELECT count(*) FROM web.orders WHERE CASE WHEN age = 99 THEN 'x' ELSE '5' END = spent",
        "SELECT count(*) FROM web.orders WHERE CASE WHEN age = 99 THEN 'x' ELSE 5 END = 5",
        "SELECT count(*) FROM web.orders WHERE CASE WHEN age = 99 THEN spent > 'x' ELSE true END",
        "SELECT count(*) FROM web.orders WHERE age = 99 AND spent IN ('x', '5')",
        "SELECT count(*) FROM web.orders WHERE age = 99 AND spent BETWEEN '1' AND 'x'",
        "SELECT count(*) FROM web.orders WHERE age = 99 AND day > '2026-13-45'",
        "SELECT count(*) FROM web.orders WHERE age = 99 AND CAST('x' AS INTEGER) = 1",
        "SELECT count(*) FROM web.orders WHERE age = 99 AND day > DATE '2026-02-30'",
        "SELECT count(*) FROM web.orders WHERE age = 99 AND day > TIMESTAMP '2026-02-01 25:00:00'",
        "SELECT count(*) FROM web.orders WHERE age = 99 AND 'x'",
        "SELECT count(*) FROM web.orders WHERE age = 99 AND country",
        "SELECT count(*) FROM web.orders WHERE CASE WHEN country THEN true ELSE false END",
        "SELECT count(*) FILTER (WHERE 'x') FROM web.orders",
        "SELECT count(*) FROM web.orders WHERE age = 99 AND spent / 'x' > 1",
        "SELECT count(*) FROM web.orders WHERE age = 99 AND round(spent, 'x') > 1",
        "SELECT count(*) FROM web.orders WHERE age = 99 AND left(country, 'x') = 'D'",
        "SELECT count(*) FROM web.orders WHERE date_trunc(CASE WHEN age = 99 THEN 'x' ELSE 'month' END, day) > DATE '2026-01-01'",
        "SELECT count(*) FROM web.orders WHERE age = 99 AND date_trunc('x', day) > DATE '2026-01-01'",
        "SELECT count(*) FROM web.orders WHERE age = 99 AND strftime(day, '%Q') = 'x'",
        "SELECT count(*) FROM web.orders WHERE age = 99 AND timezone('no/where', day) IS NULL",
        "SELECT count(*) FROM web.orders WHERE coalesce(NULL, 'x') = spent",
        "SELECT count(*) FROM web.orders WHERE age = 99 AND spent > 99999999999999999999999999999999999999",
        "SELECT count(*) FROM web.orders JOIN web.regions ON web.orders.country",
        "SELECT count(*) FROM web.orders WHERE spent * 9223372036854775807 > 1",
        "SELECT count(*) FROM web.orders WHERE spent * age > 1",
        "SELECT count(*) FROM web.orders WHERE age = 99 AND strptime(country, '%Y') IS NULL",
        "SELECT CAST(count(*) AS TINYINT) FROM web.orders",
        "SELECT CASE WHEN count(*) = 1 THEN 1 ELSE 2 END FROM web.orders",
        "SELECT count(*) FROM web.orders GROUP BY regexp_matches(country, '(')",
    };
    struct buf b = BUF_INIT(1 << 20);
    struct err e;
    (void)state;
    forget();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ask(cases[i], &b, &e);
        if (strcmp(buf_z(&b), "E_SQL_REFUSED") != 0 && strcmp(buf_z(&b), "E_SQL") != 0)
            fail_msg("%s\n gives %s (%s)", cases[i], buf_z(&b), e.text);
    }
    printf("%zu forms refused\n", sizeof cases / sizeof *cases);
    buf_fini(&b);
}

/* Series of questions whose answers together would be one person's: at least one of each is left out. */
static void test_differencing(void **state)
{
    static const char *const series[][4] = {
        {"SELECT sum(spent), count(*) FROM web.orders WHERE country = 'DE'", "SELECT sum(spent), count(*) FROM web.orders WHERE country = 'DE' AND age <> 99"},              /* complement */
        {"SELECT sum(spent), count(*) FROM web.orders", "SELECT sum(spent), count(*) FROM web.orders WHERE NOT (age = 99)"},                                                  /* negation */
        {"SELECT count(*) FROM web.orders WHERE country = 'FR'", "SELECT count(*) FROM web.orders WHERE country = 'FR' OR age = 99"},                                         /* OR */
        {"SELECT sum(age) FROM web.orders WHERE age < 60", "SELECT sum(age) FROM web.orders WHERE age < 100"},                                                                /* nested ranges */
        {"SELECT sum(spent) FROM web.orders WHERE country IN ('DE', 'FR', 'US')", "SELECT sum(spent) FROM web.orders WHERE country IN ('DE', 'FR', 'US', 'NO')"},             /* a small group as a rest */
        {"SELECT sum(spent) FILTER (WHERE age <> 99), sum(spent) FROM web.orders WHERE country = 'DE'", NULL},                                                                /* within one answer */
        {"SELECT count(*) FILTER (WHERE age = 99) FROM web.orders", NULL},
        {"SELECT avg(spent) FROM web.orders WHERE country = 'DE'", "SELECT avg(spent) FROM web.orders WHERE country = 'DE' AND spent < 7000"},                                 /* averages */
        {"SELECT sum(spent) FROM web.orders JOIN web.regions USING (country) WHERE region = 'EU'", "SELECT sum(spent) FROM web.orders JOIN web.regions USING (country) WHERE region = 'EU' AND age <> 99"},
        /* One order of somebody who has another: the same people. */
        {"SELECT sum(spent) FROM web.orders WHERE country = 'DE'", "SELECT sum(spent) FROM web.orders WHERE country = 'DE' AND NOT (age = 99 AND day = DATE '2026-01-08')"},
        {"SELECT sum(spent), sum(spent) FILTER (WHERE NOT (age = 99 AND day = DATE '2026-01-08')) FROM web.orders", NULL},
    };
    struct buf b = BUF_INIT(1 << 20);
    struct err e;
    (void)state;
    for (size_t i = 0; i < sizeof series / sizeof *series; i++) {
        bool left_out = false;
        forget();
        for (size_t k = 0; k < 4 && series[i][k]; k++) {
            ask(series[i][k], &b, &e);
            if (e.code != E_OK)
                fail_msg("%s: %s", series[i][k], e.text);
            left_out = left_out || b.n == 0;
        }
        if (!left_out)
            fail_msg("%s and what follows were all answered", series[i][0]);
    }
    /* Another principal, and a new start, remember what was shown. */
    forget();
    ask("SELECT sum(spent) FROM web.orders WHERE country = 'DE'", &b, &e);
    assert_true(b.n > 0);
    struct govern *again = NULL;
    govern_close(g);
    must(govern_open(s, NULL, &again, &e) && govern_refresh(again, m, &e), &e);
    g = again;
    ask("SELECT sum(spent) FROM web.orders WHERE country = 'DE' AND age <> 99", &b, &e);
    assert_int_equal(b.n, 0);
    /* A new version begins anew, but of what is kept up by key: its versions differ by single people. */
    struct mesh_port *orders = (struct mesh_port *)mesh_find_port(m, STR("web.orders"));
    for (int by_key = 0; by_key < 2; by_key++) {
        orders->materialization = by_key ? MATERIALIZED_BY_KEY : MATERIALIZED_TABLE;
        forget();
        ask("SELECT sum(spent) FROM web.orders WHERE country = 'DE'", &b, &e);
        assert_true(b.n > 0);
        forget();
        ask("SELECT sum(spent) FROM web.orders WHERE country = 'DE' AND age <> 99", &b, &e);
        assert_true(by_key ? b.n == 0 : b.n > 0);
    }
    orders->materialization = MATERIALIZED_TABLE;
    buf_fini(&b);
}

static void test_budget(void **state)
{
    struct str roles[1] = {STR("viewer")};
    const struct govern_principal who = {.name = STR("curious"), .kind = GOVERN_USER, .roles = roles, .n_roles = 1};
    struct govern_result *r = NULL;
    struct err e = {0};
    int n = 0;
    (void)state;
    m->policy.small_groups[0].questions_per_day = 5;
    must(govern_refresh(g, m, &e), &e);
    while (n < 10 && govern_query(g, &(struct govern_request){.principal = &who, .sql = STR("SELECT count(*) FROM web.orders")}, &r, &e)) {
        govern_result_close(r);
        n++;
    }
    assert_int_equal(n, 5);
    assert_int_equal(e.code, E_RATE);
    m->policy.small_groups[0].questions_per_day = 500;
    must(govern_refresh(g, m, &e), &e);
}

/* An attacker with random questions over the columns, who then looks for two answered sets that differ in one person. The seed and the number of questions are printed: "none" is over these. */
static void test_random_pairs(void **state)
{
    enum { QUESTIONS = 300, PEOPLE = 200 };
    static unsigned char in[QUESTIONS][PEOPLE];
    static const char *const countries[] = {"DE", "FR", "US", "NO"};
    struct buf b = BUF_INIT(1 << 20);
    struct err e;
    size_t answered = 0, pairs = 0;
    uint64_t seed = 20261122;
    (void)state;
    forget();
    for (int q = 0; q < QUESTIONS; q++) {
        char sql[512], condition[256] = "";
        size_t n = 0;
        for (int part = 0; part < 2; part++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            unsigned kind = (unsigned)(seed >> 33) % 6, value = (unsigned)(seed >> 40) % 101;
            n += (size_t)snprintf(condition + n, sizeof condition - n, "%s", part ? (value % 2 ? " AND " : " OR ") : "");
            if (kind == 0)
                n += (size_t)snprintf(condition + n, sizeof condition - n, "country = '%s'", countries[value % 4]);
            else
                n += (size_t)snprintf(condition + n, sizeof condition - n, "%s %s %u", kind < 4 ? "age" : "spent", kind == 1 || kind == 4 ? "<" : kind == 2 ? ">=" : "<>", value);
        }
        snprintf(sql, sizeof sql, "SELECT count(*), sum(spent) FROM web.orders WHERE %s", condition);
        ask(sql, &b, &e);
        if (e.code != E_OK)
            fail_msg("%s: %s", sql, e.text);
        if (b.n == 0)
            continue;
        struct engine_result *r = NULL;
        struct engine_chunk *ch;
        snprintf(sql, sizeof sql, "SELECT DISTINCT substr(customer_id, 2)::INTEGER FROM mesh.built.o WHERE %s", condition);
        must(engine_query(admin, str_of(sql), NULL, 0, &r, &e), &e);
        while (engine_result_next(r, &ch, &e) && ch)
            for (size_t i = 0; i < engine_chunk_rows(ch); i++)
                in[answered][engine_cell_i64(ch, 0, i)] = 1;
        engine_result_close(r);
        answered++;
    }
    for (size_t x = 0; x < answered; x++)
        for (size_t y = 0; y < x; y++) {
            int d = 0;
            for (size_t p = 0; p < PEOPLE; p++)
                d += in[x][p] != in[y][p];
            pairs += d > 0 && d < 10;
        }
    printf("%d random questions (seed 20261122), %zu answered, %zu pairs that differ in fewer than 10 people\n", QUESTIONS, answered, pairs);
    assert_true(answered > 10);
    assert_int_equal(pairs, 0);
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_difference), cmocka_unit_test(test_rules),        cmocka_unit_test(test_answers),     cmocka_unit_test(test_refused),
                                       cmocka_unit_test(test_differencing), cmocka_unit_test(test_budget), cmocka_unit_test(test_random_pairs)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
