/* The gate on a real engine and store: hidden columns, names, the attack list with canaries, the past, limits, the log,
 * and readers while what is live changes under them. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fault.h"
#include "base/fs.h"
#include "govern/audit.h"
#include "govern/govern_int.h"
#include "sql_lines.h"
#include "store/store.h"

static char dir[64];
static struct state *s;
static struct engine_conn *admin; /* the builder's side: unmasked */
static struct mesh *m;
static struct govern *g;

#define CANARY "CANARY"

static void write_file(const char *name, const char *text)
{
    struct err e;
    struct arena a;
    arena_init(&a);
    struct str path = fs_join(&a, str_of(dir), str_of(name));
    struct str folder = fs_dirname(path);
    assert_true(fs_mkdirs(arena_strz(&a, folder), 0755, &e));
    if (!fs_write_atomic(arena_strz(&a, path), str_of(text), 0644, &e))
        fail_msg("%s", e.text);
    arena_fini(&a);
}

static const char product_yaml[] =
    "apiVersion: v1.0.0\nkind: DataProduct\nid: web.core\nname: core\nversion: 1.0.0\nstatus: active\ndomain: web\n"
    "description: {purpose: tests}\n"
    "outputPorts:\n"
    "  - {name: people, version: 1.0.0, type: tables, contractId: web.core.people}\n"
    "  - {name: visits, version: 1.0.0, type: tables, contractId: web.core.visits}\n"
    "  - {name: pending, version: 1.0.0, type: tables, contractId: web.core.pending}\n";

static const char contract_head[] = "apiVersion: v3.1.0\nkind: DataContract\nid: web.core.%s\nversion: 1.0.0\nstatus: active\nschema:\n  - name: %s\n    properties:\n";

static void write_contract(const char *port, const char *columns)
{
    struct buf b = BUF_INIT(1 << 16);
    char name[128];
    buf_printf(&b, contract_head, port, port);
    buf_addz(&b, columns);
    snprintf(name, sizeof name, "domains/web/products/core/%s.odcs.yaml", port);
    write_file(name, buf_z(&b));
    buf_fini(&b);
}

static void write_mesh(void)
{
    write_file("mesh.yaml", "name: test\ntitle: Test\ntime_zone: Europe/Berlin\nreporting_currency: EUR\npurposes: [analytics, advertising]\n");
    write_file("domains/web/domain.yaml", "name: web\ntitle: Web\nowner: {name: Ana Ruiz, contact: ana@example.org}\n");
    write_file("domains/web/products/core/product.yaml", product_yaml);
    write_contract("people", "      - {name: id, logicalType: integer, classification: internal}\n"
                             "      - {name: email, logicalType: string, classification: personal}\n"
                             "      - {name: country, logicalType: string, classification: internal}\n"
                             "      - {name: created_at, logicalType: timestamp, classification: internal}\n");
    write_contract("visits", "      - {name: id, logicalType: integer, classification: internal}\n"
                             "      - {name: note, logicalType: string, classification: sensitive}\n");
    write_contract("pending", "      - {name: id, logicalType: integer}\n");
    write_file("domains/web/products/core/people.sql", "SELECT 1 AS id, 'x' AS email, 'DE' AS country, now() AS created_at");
    write_file("domains/web/products/core/visits.sql", "SELECT id, 'x' AS note FROM web.crm__contacts");
    write_file("domains/web/products/core/pending.sql", "SELECT 1 AS id");
    write_file("domains/web/sources/crm.yaml", "name: crm\nkind: files\npath: exports\ncurrency: USD\nstreams:\n  - {name: contacts, optional: true}\n  - {name: empty, optional: true}\n");
    write_file("domains/web/sources/crm.odcs.yaml",
               "apiVersion: v3.1.0\nkind: DataContract\nid: web.crm\nversion: 1.0.0\nstatus: active\nschema:\n"
               "  - name: contacts\n    properties:\n      - {name: id, logicalType: integer, classification: internal}\n"
               "      - {name: loyalty, logicalType: string, classification: sensitive}\n"
               "  - name: empty\n    properties:\n      - {name: id, logicalType: integer}\n      - {name: amount, logicalType: number, physicalType: 'DECIMAL(18,6)'}\n");
}

static const char physical_sql[] =
    "CREATE TABLE mesh.built.\"web.people_v1@1\" AS SELECT i AS id, '" CANARY "_' || i || '@example.org' AS email, 'DE' AS country,"
    " TIMESTAMP '2026-01-01 10:00:00' + to_days(i::INT) AS created_at FROM range(1, 4) t(i);"
    "CREATE VIEW mesh.live.\"web.people_v1\" AS SELECT * FROM mesh.built.\"web.people_v1@1\";"
    "CREATE TABLE mesh.built.\"web.visits_v1@2\" AS SELECT i AS id, i AS person_id, TIMESTAMP '2026-01-02 10:00:00' AS visited_at, DATE '2026-01-02' AS day,"
    " 'search' AS channel, 'spring_sale' AS campaign, 'mobile' AS device, '" CANARY "_note' AS note, 10::DECIMAL(18,6) AS revenue, 2::DECIMAL(18,6) AS cost,"
    " 3 AS clicks, 100 AS impressions, ['a','b'] AS tags, '{\"a\":1}'::JSON AS props FROM range(1, 4) t(i);"
    "CREATE VIEW mesh.live.\"web.visits_v1\" AS SELECT * FROM mesh.built.\"web.visits_v1@2\";"
    "CREATE TABLE mesh.raw.\"web.crm__contacts\" AS SELECT 1 AS id, '" CANARY "_gold' AS loyalty, '" CANARY "_mail' AS contact_email, 'shoes' AS interest,"
    " 7::BIGINT AS _file_id, 1::BIGINT AS _line, TIMESTAMP '2026-01-01 00:00:00' AS _learned_from;"
    "CREATE SCHEMA IF NOT EXISTS mesh.main;"
    "CREATE TABLE mesh.main.customers AS SELECT '" CANARY "_secret' AS email, 1 AS id;"
    "CREATE SCHEMA IF NOT EXISTS mesh.hr; CREATE TABLE mesh.hr.salaries AS SELECT '" CANARY "_salary' AS x, 1 AS id;"
    "CREATE TABLE mesh.payroll AS SELECT '" CANARY "_pay' AS payrol, 1 AS id;"
    "INSERT INTO mesh.sys.port_version(version_id, port, live) VALUES (1, 'web.people_v1', true), (2, 'web.visits_v1', true);";

static void must(bool ok, const struct err *e)
{
    if (!ok)
        fail_msg("%s (%u:%u) %s", e->text, e->line, e->col, e->hint);
}

static void build(const char *sql)
{
    struct err e = {0};
    if (!engine_exec(admin, str_of(sql), &e))
        fail_msg("%s: %s", sql, engine_last_message(admin));
}

/* The builder's past: one catalog per moment, whose rows differ from today's; views are made as they are asked for. */
static bool past(void *ctx, int64_t moment_us, struct arena *a, struct str *catalog, struct err *e)
{
    static unsigned n;
    *(int64_t *)ctx = moment_us;
    *catalog = arena_printf(a, "src_asof_test_%u", ++n);
    return engine_exec(admin, arena_printf(a, "ATTACH ':memory:' AS %.*s; CREATE SCHEMA %.*s.web", STR_FMT(*catalog), STR_FMT(*catalog)), e);
}

static bool past_object(void *ctx, struct str catalog, struct str ref, struct err *e)
{
    struct arena a;
    arena_init(&a);
    struct str sql = {0};
    if (str_eq(ref, STR("web.people")))
        sql = arena_printf(&a, "CREATE VIEW %.*s.web.people AS SELECT id, email, country, created_at, %lld AS moment FROM mesh.live.\"web.people_v1\" WHERE id = 1",
                           STR_FMT(catalog), (long long)*(int64_t *)ctx);
    else if (str_eq(ref, STR("web.crm__contacts")))
        sql = arena_printf(&a, "CREATE VIEW %.*s.web.crm__contacts AS SELECT * FROM mesh.raw.\"web.crm__contacts\"", STR_FMT(catalog));
    bool ok = sql.n ? engine_exec(admin, sql, e) : err_set(e, E_SQL, "a column is missing");
    arena_fini(&a);
    return ok;
}

static int setup(void **state)
{
    (void)state;
    struct err e = {0};
    struct errs es = {0};
    strcpy(dir, "/tmp/trellis-govern-XXXXXX"); // banned-ok: a constant
    if (!mkdtemp(dir))
        return 1;
    write_mesh();
    const struct state_options so = {.threads = 2, .memory_limit_bytes = 1u << 30};
    if (!state_open(dir, &so, &s, &e) || !engine_connect(s->engine, &admin, &e)) {
        printf("%s\n", e.text);
        return 1;
    }
    m = mesh_load(dir, &(struct mesh_load_options){.parser = admin}, &es);
    for (size_t i = 0; i < es.n; i++)
        printf("%s:%u:%u %s\n", es.v[i].file, es.v[i].line, es.v[i].col, es.v[i].text);
    errs_fini(&es);
    if (!m)
        return 1;
    build(physical_sql);
    static int64_t moment;
    if (!govern_open(s, &(struct govern_past){past, past_object, &moment}, &g, &e) || !govern_refresh(g, m, &e)) {
        printf("%s\n", e.text);
        return 1;
    }
    return 0;
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

/* Asks and writes all rows as text into `out`: cells by '|', rows by '\n'. */
static bool ask_full(const struct govern_request *q, struct buf *out, bool *truncated, struct err *e)
{
    struct govern_result *r;
    struct engine_chunk *ch;
    const struct engine_column *cols;
    size_t rows = 0;
    bool ok = govern_query(g, q, &r, e);
    if (!ok)
        return false;
    size_t n = govern_result_columns(r, &cols);
    while ((ok = govern_result_next(r, &ch, &rows, e)) && ch) {
        for (size_t i = 0; i < rows; i++) {
            for (size_t c = 0; c < n; c++) {
                buf_addz(out, c ? "|" : "");
                engine_cell_text(ch, c, i, out);
            }
            buf_addc(out, '\n');
        }
    }
    if (truncated)
        *truncated = govern_result_truncated(r);
    govern_result_close(r);
    return ok;
}

static bool ask(const char *sql, struct buf *out, struct err *e)
{
    const struct govern_request q = {.principal = &GOVERN_LOCAL_ADMIN, .purpose = STR("analytics"), .sql = str_of(sql)};
    return ask_full(&q, out, NULL, e);
}

static void expect(const char *sql, const char *want)
{
    struct err e = {0};
    struct buf b = BUF_INIT(1 << 20);
    must(ask(sql, &b, &e), &e);
    if (strcmp(buf_z(&b), want) != 0)
        fail_msg("%s: %s", sql, buf_z(&b));
    buf_fini(&b);
}

static void test_views(void **state)
{
    (void)state;
    expect("SELECT * FROM web.people WHERE id = 1", "1|hidden: personal|DE|2026-01-02 10:00:00\n");
    expect("SELECT count(*), count(DISTINCT email) FROM web.people_v1", "3|1\n");
    expect("SELECT id, note FROM web.visits WHERE id = 2", "2|hidden: personal\n");
    expect("SELECT * FROM web.crm__contacts", "1|hidden: personal|hidden: personal|shoes|2026-01-01 00:00:00|USD\n");
    expect("SELECT count(*) FROM web.crm__empty WHERE amount > 1", "0\n");
    expect("SELECT mesh_reporting_currency(), mesh_time_zone()", "EUR|Europe/Berlin\n");
    expect("WITH people AS (SELECT 7 AS id) SELECT * FROM people", "7\n");
    expect("SELECT WEB.PEOPLE.ID FROM Web.\"People\" ORDER BY 1 LIMIT 1", "1\n");
}

static void test_unclassified_names(void **state)
{
    (void)state;
    static const char *const hidden[] = {"email", "contact_email", "emailaddress", "phone", "shipping_address_phone", "first_name", "billing_street", "context_ip",
                                         "customer_name", "payment_credit_card_number", "dob", "mobile", "zip", "Gclid", "latitude"};
    static const char *const shown[] = {"id", "phone_calls", "phone_impressions", "email_opens", "campaign_name", "account_name", "mobile_app_install", "description",
                                        "zip_rate", "device", "shipping", "ad_name", "landing_page_url"};
    for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++)
        if (!mesh_name_personal(str_of(hidden[i])))
            fail_msg("%s is shown", hidden[i]);
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++)
        if (mesh_name_personal(str_of(shown[i])))
            fail_msg("%s is hidden", shown[i]);
}

static void test_names(void **state)
{
    (void)state;
    static const struct { const char *sql; enum err_code code; uint32_t line, col; const char *hint; } rows[] = {
        {"SELECT * FROM web.peple", E_NOT_FOUND, 1, 15, "web.people"},
        {"SELECT *\nFROM people", E_NOT_FOUND, 2, 6, "web.people"},
        {"SELECT * FROM web.people_v2", E_NOT_FOUND, 1, 15, "web.people_v1"},
        {"SELECT * FROM hr.salaries", E_NOT_FOUND, 1, 15, NULL},
        {"SELECT * FROM mesh.main.customers", E_SQL_REFUSED, 1, 15, NULL},
        {"SELECT * FROM web.pending", E_NOT_BUILT, 1, 15, "trellis run web.pending"},
        {"SELECT nope FROM web.people", E_SQL, 1, 8, NULL},
        {"SELECT emai FROM web.people", E_SQL, 1, 8, "email"},
        {"SELECT p.emai FROM web.people p", E_SQL, 1, 8, "email"},
        {"SELECT * FORM web.people", E_SQL, 1, 15, NULL},
        {"DROP TABLE web.people", E_SQL, 1, 1, NULL},
        {"SELECT getenv('HOME')", E_SQL_REFUSED, 1, 8, NULL},
    };
    for (int round = 0; round < 2; round++) { /* the second from the kept verdicts */
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            struct err e = {0};
            struct buf b = BUF_INIT(1 << 20);
            if (ask(rows[i].sql, &b, &e))
                fail_msg("%s: answered", rows[i].sql);
            if (e.code != rows[i].code || e.line != rows[i].line || e.col != rows[i].col || (rows[i].hint && !strstr(e.hint, rows[i].hint)))
                fail_msg("%s: %d %u:%u %s (%s)", rows[i].sql, e.code, e.line, e.col, e.text, e.hint);
            assert_null(strstr(e.text, "built."));
            assert_null(strstr(e.hint, "salaries"));
            buf_fini(&b);
        }
    }
}

struct tally { size_t wrong, ran, refused; };

static void attack(void *ctx, const char *kind, const char *sql)
{
    struct tally *t = ctx;
    struct err e = {0};
    struct buf b = BUF_INIT(1 << 22);
    const struct govern_request q = {.principal = &GOVERN_LOCAL_ADMIN, .purpose = STR("analytics"), .sql = str_of(sql), .timeout_ms = 5000};
    bool ok = ask_full(&q, &b, NULL, &e);
    bool asked = strstr(sql, CANARY) != NULL; /* the question itself holds the word */
    bool leak = !asked && (strstr(buf_z(&b), CANARY) || strstr(e.text, CANARY) || strstr(e.hint, CANARY) || strstr(buf_z(&b), "root:"));
    bool names = (strstr(e.text, "customers") && !strstr(sql, "customers")) || strstr(e.hint, "customers") || strstr(e.hint, "salaries") ||
                 strstr(e.hint, "payroll") || strstr(e.text, "built.\"");
    bool wrong = leak || names || (strcmp(kind, "run") != 0 && ok) || (strcmp(kind, "name") == 0 && e.code != E_NOT_FOUND);
    if (asked && ok && strstr(sql, "where email"))
        wrong = wrong || !strstr("0\n", buf_z(&b)); /* a filter on the hidden value finds nothing */
    if (wrong) {
        print_error("%s %s\n    %d %s (%s) %.200s\n", kind, sql, e.code, e.text, e.hint, buf_z(&b));
        t->wrong++;
    }
    t->ran += ok;
    t->refused += !ok;
    buf_fini(&b);
}

static void test_attacks_leak_nothing(void **state)
{
    (void)state;
    struct tally t = {0};
    size_t n = sql_lines("tests/attacks/attacks.sql", true, attack, &t);
    print_message("%zu attacks: %zu refused or failed, %zu ran harmlessly, %zu leaks\n", n, t.refused, t.ran, t.wrong);
    assert_true(n >= 150);
    assert_int_equal(t.wrong, 0);
}

static void question(void *ctx, const char *kind, const char *sql)
{
    (void)kind;
    struct tally *t = ctx;
    struct err e = {0};
    struct buf b = BUF_INIT(1 << 22);
    const struct engine_param one = {.type = ENGINE_INT, .i = 1};
    const struct govern_request q = {.principal = &GOVERN_LOCAL_ADMIN, .purpose = STR("analytics"), .sql = str_of(sql), .params = &one,
                                     .n_params = strstr(sql, "$1") != NULL};
    bool ok = ask_full(&q, &b, NULL, &e);
    if (!ok || strstr(buf_z(&b), CANARY)) {
        print_error("%s\n    %d %u:%u %s %s\n", sql, e.code, e.line, e.col, e.text, buf_z(&b));
        t->wrong++;
    }
    buf_fini(&b);
}

static void test_questions_run(void **state)
{
    (void)state;
    struct tally t = {0};
    assert_true(sql_lines("tests/attacks/questions.sql", false, question, &t) >= 80);
    assert_int_equal(t.wrong, 0);
}

static void test_limits(void **state)
{
    (void)state;
    struct err e = {0};
    struct buf b = BUF_INIT(1 << 24);
    bool truncated = false;
    struct govern_request q = {.principal = &GOVERN_LOCAL_ADMIN, .sql = STR("SELECT i FROM range(50000) t(i)")};
    must(ask_full(&q, &b, &truncated, &e), &e);
    assert_true(truncated);
    size_t rows = 0;
    for (size_t i = 0; i < b.n; i++)
        rows += b.p[i] == '\n';
    assert_int_equal(rows, 10000);
    static const struct { int64_t limit; bool truncated; size_t rows; } limits[] = {{1, true, 1}, {2047, true, 2047}, {2048, true, 2048}, {2049, true, 2049},
                                                                                   {49999, true, 49999}, {50000, false, 50000}, {60000, false, 50000}};
    for (size_t k = 0; k < sizeof limits / sizeof limits[0]; k++) {
        buf_reset(&b);
        q.row_limit = limits[k].limit;
        must(ask_full(&q, &b, &truncated, &e), &e);
        rows = 0;
        for (size_t i = 0; i < b.n; i++)
            rows += b.p[i] == '\n';
        assert_int_equal(rows, limits[k].rows);
        assert_int_equal(truncated, limits[k].truncated);
    }
    q.sql = STR("SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range + b.range = -1");
    q.timeout_ms = 150;
    buf_reset(&b);
    assert_false(ask_full(&q, &b, NULL, &e));
    assert_int_equal(e.code, E_TIMEOUT);
    q.timeout_ms = 0;
    q.purpose = STR("spying");
    q.sql = STR("SELECT 1");
    assert_false(ask_full(&q, &b, NULL, &e));
    assert_int_equal(e.code, E_DENIED);
    q.purpose = STR("advertising");
    must(ask_full(&q, &b, NULL, &e), &e);
    q.principal = &(struct govern_principal){.name = STR("somebody"), .kind = GOVERN_USER}; /* without a role */
    assert_false(ask_full(&q, &b, NULL, &e));
    assert_int_equal(e.code, E_DENIED);
    q.principal = &(struct govern_principal){0};
    assert_false(ask_full(&q, &b, NULL, &e));
    assert_int_equal(e.code, E_UNAUTHENTICATED);
    buf_fini(&b);
}

static void test_past(void **state)
{
    (void)state;
    struct err e = {0};
    struct buf b = BUF_INIT(1 << 20);
    struct govern_request q = {.principal = &GOVERN_LOCAL_ADMIN, .sql = STR("SELECT count(*), min(email), max(make_timestamp(moment)) FROM web.people"),
                               .as_of = STR("2026-03-01")};
    must(ask_full(&q, &b, NULL, &e), &e);
    assert_string_equal(buf_z(&b), "1|hidden: personal|2026-03-01 23:00:00\n"); /* the end of that day in Berlin */
    buf_reset(&b);
    q.sql = STR("SELECT loyalty, contact_email, interest FROM web.crm__contacts");
    must(ask_full(&q, &b, NULL, &e), &e);
    assert_string_equal(buf_z(&b), "hidden: personal|hidden: personal|shoes\n");
    q.sql = STR("SELECT * FROM web.visits");
    assert_false(ask_full(&q, &b, NULL, &e));
    assert_int_equal(e.code, E_NOT_BUILT);
    q.sql = STR("SELECT * FROM src_asof_test_1.web.people_v1");
    assert_false(ask_full(&q, &b, NULL, &e));
    assert_int_equal(e.code, E_SQL_REFUSED);
    q.sql = STR("SELECT 1");
    q.as_of = STR("2026-02-31");
    assert_false(ask_full(&q, &b, NULL, &e));
    assert_int_equal(e.code, E_USAGE);
    q.sql = STR("SELECT count(*) FROM web.people");
    for (int day = 1; day <= 12; day++) { /* more moments than are kept */
        char text[16];
        snprintf(text, sizeof text, "2026-01-%02d", day);
        q.as_of = str_of(text);
        must(ask_full(&q, &b, NULL, &e), &e);
    }
    buf_fini(&b);
}

/* A new version with a column nobody has looked at, a port that comes live: noticed without a word from outside. */
static void test_swap_seen(void **state)
{
    (void)state;
    struct err e = {0};
    struct buf b = BUF_INIT(1 << 20);
    build("CREATE TABLE mesh.built.\"web.people_v1@3\" AS SELECT id, email, country, created_at, '" CANARY "_new' AS phone, 5 AS score FROM mesh.built.\"web.people_v1@1\";"
          "CREATE OR REPLACE VIEW mesh.live.\"web.people_v1\" AS SELECT * FROM mesh.built.\"web.people_v1@3\"");
    must(ask("SELECT * FROM web.people WHERE id = 1", &b, &e), &e);
    assert_string_equal(buf_z(&b), "1|hidden: personal|DE|2026-01-02 10:00:00\n"); /* not before it was looked at */
    build("UPDATE mesh.sys.port_version SET live = false WHERE version_id = 1; INSERT INTO mesh.sys.port_version(version_id, port, live) VALUES (3, 'web.people_v1', true);"
          "CREATE TABLE mesh.built.\"web.pending_v1@4\" AS SELECT 9 AS id; CREATE VIEW mesh.live.\"web.pending_v1\" AS SELECT * FROM mesh.built.\"web.pending_v1@4\";"
          "INSERT INTO mesh.sys.port_version(version_id, port, live) VALUES (4, 'web.pending_v1', true)");
    expect("SELECT id FROM web.pending", "9\n");
    expect("SELECT score, phone FROM web.people WHERE id = 1", "5|hidden: personal\n");
    buf_fini(&b);
}

static void test_log(void **state)
{
    (void)state;
    struct err e = {0};
    struct arena a;
    struct audit_entry *log;
    const struct audit_ask all = {.kind = -1, .limit = 1, .programs = true};
    size_t n;
    arena_init(&a);
    expect("SELECT country FROM web.people WHERE country = 'DE' AND id = 1 -- ana@example.org", "DE\n");
    must(audit_find(govern_audit(g), &a, &all, &log, &n, &e), &e);
    assert_int_equal(n, 1);
    assert_string_equal(arena_strz(&a, log[0].sql_shape), "SELECT country FROM web.people WHERE country = ? AND id = ?");
    assert_string_equal(arena_strz(&a, log[0].what), "web.people");
    assert_string_equal(arena_strz(&a, log[0].principal), "local-admin");
    assert_string_equal(arena_strz(&a, log[0].purpose), "analytics");
    assert_string_equal(arena_strz(&a, log[0].verdict), "ok");
    assert_int_equal(log[0].rows, 1);
    struct buf b = BUF_INIT(1 << 16);
    assert_false(ask("SELECT getenv('ana@example.org')", &b, &e));
    must(audit_find(govern_audit(g), &a, &all, &log, &n, &e), &e);
    assert_string_equal(arena_strz(&a, log[0].verdict), "E_SQL_REFUSED");
    assert_null(strstr(arena_strz(&a, log[0].sql_shape), "ana"));
    assert_false(ask("SELECT * FROM web.people, web.\"ana@example.org\"", &b, &e));
    must(audit_find(govern_audit(g), &a, &all, &log, &n, &e), &e);
    assert_null(strstr(arena_strz(&a, log[0].sql_shape), "ana"));
    assert_null(strstr(arena_strz(&a, log[0].what), "ana"));
    buf_fini(&b);
    arena_fini(&a);
}

/* ---- readers while things change ---- */

static atomic_bool stop;
static atomic_int asked, failed;

static void *reader(void *arg)
{
    unsigned seed = (unsigned)(uintptr_t)arg;
    static const char *const sql[] = {"SELECT count(*), min(email) FROM web.people", "SELECT p.id, count(*) FROM web.people p JOIN web.visits v ON v.person_id = p.id GROUP BY ALL",
                                      "SELECT interest FROM web.crm__contacts", "SELECT nope FROM web.people"};
    while (!atomic_load(&stop)) {
        struct err e = {0};
        struct buf b = BUF_INIT(1 << 20);
        unsigned which = rand_r(&seed) % 4;
        bool ok = ask(sql[which], &b, &e);
        if (ok != (which != 3) || strstr(buf_z(&b), CANARY)) {
            print_error("%s: %d %s %s\n", sql[which], e.code, e.text, buf_z(&b));
            atomic_fetch_add(&failed, 1);
        }
        atomic_fetch_add(&asked, 1);
        buf_fini(&b);
    }
    return NULL;
}

static void test_readers_while_refreshed(void **state)
{
    (void)state;
    pthread_t t[4];
    atomic_store(&stop, false);
    for (uintptr_t i = 0; i < 4; i++)
        pthread_create(&t[i], NULL, reader, (void *)(i + 1));
    for (int round = 0; round < 25; round++) {
        struct err e = {0};
        char sql[512];
        int v = 100 + round;
        snprintf(sql, sizeof sql,
                 "CREATE TABLE mesh.built.\"web.people_v1@%d\" AS SELECT * FROM mesh.built.\"web.people_v1@1\";"
                 "BEGIN; CREATE OR REPLACE VIEW mesh.live.\"web.people_v1\" AS SELECT * FROM mesh.built.\"web.people_v1@%d\";"
                 "INSERT INTO mesh.sys.port_version(version_id, port, live) VALUES (%d, 'web.people_v1', true); COMMIT", v, v, v);
        build(sql);
        struct mesh *fresh = mesh_load(dir, &(struct mesh_load_options){.parser = admin}, &(struct errs){0});
        assert_non_null(fresh);
        must(govern_refresh(g, fresh, &e), &e);
        mesh_free(m); /* the old declaration is no longer looked at */
        m = fresh;
    }
    atomic_store(&stop, true);
    for (size_t i = 0; i < 4; i++)
        pthread_join(t[i], NULL);
    print_message("%d questions during 25 swaps and refreshes\n", atomic_load(&asked));
    assert_int_equal(atomic_load(&failed), 0);
    int64_t catalogs;
    struct err e = {0};
    must(engine_value_i64(admin, STR("SELECT count(*) FROM duckdb_databases() WHERE database_name LIKE 'gov%'"), NULL, 0, &catalogs, &e), &e);
    assert_int_equal(catalogs, 1); /* the old ones are gone */
}

#ifdef TRELLIS_FAULTS
/* Every engine call of a question and of a refresh fails in turn: an error, nothing left behind, the next question goes. */
static void test_faults(void **state)
{
    (void)state;
    unsigned n = 1;
    for (bool hit = true; hit; n++) {
        struct err e = {0};
        struct buf b = BUF_INIT(1 << 20);
        char sql[96];
        snprintf(sql, sizeof sql, "SELECT count(*) FROM web.people, web.crm__contacts -- %u", n); /* a new verdict each time */
        fault_arm(FAULT_ENGINE, n, false);
        bool ok = govern_refresh(g, m, &e) && ask(sql, &b, &e);
        hit = fault_hit();
        fault_disarm();
        if (!ok && !hit)
            fail_msg("%s", e.text);
        if (ok)
            assert_string_equal(buf_z(&b), "3\n");
        else
            assert_true(e.code == E_ENGINE || e.code == E_NOT_BUILT);
        buf_fini(&b);
    }
    assert_true(n > 5);
    fault_arm(FAULT_STORE, 1, true); /* a question whose line cannot be logged is answered all the same */
    struct buf b = BUF_INIT(1 << 20);
    struct err e = {0};
    bool ok = ask("SELECT 1", &b, &e);
    fault_disarm();
    must(ok, &e);
    buf_fini(&b);
    expect("SELECT count(*) FROM web.people", "3\n");
}
#endif

static void *canceller(void *arg)
{
    usleep(100000);
    govern_result_cancel(arg);
    return NULL;
}

static void test_cancel(void **state)
{
    (void)state;
    struct err e = {0};
    struct govern_result *r;
    struct engine_chunk *ch;
    size_t rows;
    pthread_t t;
    const struct govern_request q = {.principal = &GOVERN_LOCAL_ADMIN, .sql = STR("SELECT a.range FROM range(1000000) a, range(1000) b"), .row_limit = INT64_MAX};
    must(govern_query(g, &q, &r, &e), &e);
    pthread_create(&t, NULL, canceller, r);
    bool ok;
    while ((ok = govern_result_next(r, &ch, &rows, &e)) && ch)
        ;
    pthread_join(t, NULL);
    assert_false(ok);
    assert_int_equal(e.code, E_CANCELLED);
    govern_result_close(r);
    expect("SELECT 1", "1\n");
}

/* Of the whole process, since the machine may be busy. */
static int64_t cpu_us(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* What the gate adds to a short question, printed, not judged. */
static void test_cost_printed(void **state)
{
    (void)state;
    static const char sql[] = "SELECT channel, sum(cost) AS cost FROM web.visits WHERE day >= DATE '2026-01-01' GROUP BY channel ORDER BY cost DESC";
    enum { N = 200 };
    struct err e = {0};
    struct engine_result *r;
    struct engine_chunk *ch;
    int64_t direct, gated, fresh;
    struct buf b = BUF_INIT(1 << 20);
    build("USE memory; CREATE SCHEMA IF NOT EXISTS web; CREATE OR REPLACE VIEW web.visits AS SELECT * REPLACE ('x' AS note) FROM mesh.live.\"web.visits_v1\"");
    int64_t t0 = cpu_us();
    for (int i = 0; i < N; i++) {
        must(engine_query(admin, str_of(sql), NULL, 0, &r, &e), &e);
        do {
            must(engine_result_next(r, &ch, &e), &e);
        } while (ch);
        engine_result_close(r);
    }
    direct = cpu_us() - t0;
    t0 = cpu_us();
    for (int i = 0; i < N; i++)
        must(ask(sql, &b, &e), &e);
    gated = cpu_us() - t0;
    t0 = cpu_us();
    for (int i = 0; i < N; i++) {
        char own[256];
        snprintf(own, sizeof own, "%s -- %d", sql, i);
        must(ask(own, &b, &e), &e);
    }
    fresh = cpu_us() - t0;
    print_message("CPU per question: engine alone %.2f ms, through the gate %.2f ms (verdict kept), %.2f ms (verdict new)\n", (double)direct / (double)N / 1000,
                  (double)gated / (double)N / 1000, (double)fresh / (double)N / 1000);
    build("DROP VIEW web.visits");
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_views),
        cmocka_unit_test(test_unclassified_names),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_attacks_leak_nothing),
        cmocka_unit_test(test_questions_run),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_past),
        cmocka_unit_test(test_swap_seen),
        cmocka_unit_test(test_log),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_cost_printed),
        cmocka_unit_test(test_readers_while_refreshed),
#ifdef TRELLIS_FAULTS
        cmocka_unit_test(test_faults),
#endif
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
