/* What roles see through the gate: tiers, masks, filters of rows and of consent, and what is not there for them at all. A matrix over roles, ports and
 * purposes, held to rows that are worked out by hand. */
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

#define CANARY "CANARY"

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

#define CONTRACT(product, port) "apiVersion: v3.1.0\nkind: DataContract\nid: " product "." port "\nversion: 1.0.0\nstatus: active\nschema:\n  - name: " port "\n    properties:\n"
#define PRODUCT(domain, name, ports) \
    "apiVersion: v1.0.0\nkind: DataProduct\nid: " domain "." name "\nname: " name "\nversion: 1.0.0\nstatus: active\ndomain: " domain "\ndescription: {purpose: tests}\noutputPorts:\n" ports

static void write_mesh(void)
{
    write_file("mesh.yaml", "name: test\ntitle: Test\ntime_zone: UTC\nreporting_currency: EUR\npurposes: [analytics, advertising]\n");
    write_file("domains/web/domain.yaml", "name: web\ntitle: Web\nowner: {name: Ana Ruiz, contact: ana@example.org}\n");
    write_file("domains/crm/domain.yaml", "name: crm\ntitle: CRM\nowner: {name: Bo Lind, contact: bo@example.org}\n");
    write_file("domains/web/products/core/product.yaml",
               PRODUCT("web", "core", "  - {name: people, version: 1.0.0, type: tables, contractId: web.core.people}\n  - {name: totals, version: 1.0.0, type: tables, contractId: web.core.totals}\n  - {name: clicks, version: 1.0.0, type: tables, contractId: web.core.clicks}\n  - {name: orders, version: 1.0.0, type: tables, contractId: web.core.orders}\n"));
    write_file("domains/crm/products/secret/product.yaml", PRODUCT("crm", "secret", "  - {name: payroll, version: 1.0.0, type: tables, contractId: crm.secret.payroll}\n"));
    write_file("domains/web/products/core/people.odcs.yaml",
               CONTRACT("web.core", "people") "      - {name: customer_id, logicalType: string, classification: internal}\n      - {name: email, logicalType: string, classification: personal}\n"
                                           "      - {name: born, logicalType: date, classification: sensitive}\n      - {name: country, logicalType: string, classification: internal}\n"
                                           "      - {name: spent, logicalType: integer, classification: internal}\n");
    write_file("domains/web/products/core/totals.odcs.yaml",
               CONTRACT("web.core", "totals") "      - {name: country, logicalType: string, classification: internal}\n      - {name: n, logicalType: integer, classification: internal}\n");
    write_file("domains/web/products/core/clicks.odcs.yaml",
               CONTRACT("web.core", "clicks") "      - {name: evidence, logicalType: integer, physicalType: BIGINT, classification: internal}\n      - {name: page, logicalType: string, classification: internal}\n");
    write_file("domains/web/products/core/orders.odcs.yaml",
               CONTRACT("web.core", "orders") "      - {name: evidence, logicalType: integer, physicalType: BIGINT, classification: internal}\n      - {name: customer_id, logicalType: string, classification: internal}\n");
    write_file("domains/web/products/core/orders.sql", "SELECT 1::BIGINT AS evidence, '7' AS customer_id");
    write_file("domains/web/products/core/clicks.sql", "SELECT 1::BIGINT AS evidence, '/' AS page");
    write_file("domains/crm/products/secret/payroll.odcs.yaml", CONTRACT("crm.secret", "payroll") "      - {name: amount, logicalType: integer, classification: internal}\n");
    write_file("domains/web/products/core/people.sql", "SELECT 'c' AS customer_id, 'x' AS email, DATE '1990-01-01' AS born, 'DE' AS country, 1 AS spent");
    write_file("domains/web/products/core/totals.sql", "SELECT country, count(*) AS n FROM web.people GROUP BY country");
    write_file("domains/crm/products/secret/payroll.sql", "SELECT 1 AS amount");
    write_file("domains/web/sources/shop.yaml", "name: shop\nkind: files\npath: exports\nstreams:\n  - {name: orders, optional: true}\n");
}

static const char physical_sql[] =
    "CREATE TABLE mesh.built.p AS SELECT * FROM (VALUES ('c1', '" CANARY "1@example.org', DATE '1990-02-03', 'DE', 10), ('c2', '" CANARY "2@example.org', DATE '1985-05-06', 'DE', 20),"
    " ('c3', '" CANARY "3@example.org', DATE '2000-07-08', 'FR', 40)) AS t(customer_id, email, born, country, spent);"
    "CREATE VIEW mesh.live.\"web.people_v1\" AS SELECT * FROM mesh.built.p;"
    "CREATE TABLE mesh.built.t AS SELECT country, count(*)::INTEGER AS n FROM mesh.built.p GROUP BY country;"
    "CREATE VIEW mesh.live.\"web.totals_v1\" AS SELECT * FROM mesh.built.t;"
    /* The first two clicks are c2's, as identity has it; the third is nobody's that is known. */
    "CREATE TABLE mesh.built.k AS SELECT * FROM (VALUES (21::BIGINT, '/a'), (22, '/b'), (23, '/c'), (NULL, '/d')) AS t(evidence, page);"
    "CREATE VIEW mesh.live.\"web.clicks_v1\" AS SELECT * FROM mesh.built.k;"
    /* Customers as the shop numbers them. */
    "CREATE TABLE mesh.built.o AS SELECT * FROM (VALUES (20::BIGINT, '70'), (21, '71'), (23, '72')) AS t(evidence, customer_id);"
    "CREATE VIEW mesh.live.\"web.orders_v1\" AS SELECT * FROM mesh.built.o;"
    "CREATE OR REPLACE VIEW mesh.govern.consent_no_evidence AS SELECT n.purpose, i.evidence FROM (VALUES (21::BIGINT, 'c2'), (22, 'c2'), (20, 'c1')) AS i(evidence, customer_id)"
    " JOIN mesh.govern.consent_no AS n ON n.customer_id = i.customer_id;"
    "CREATE TABLE mesh.built.pay AS SELECT 777 AS amount;"
    "CREATE VIEW mesh.live.\"crm.payroll_v1\" AS SELECT * FROM mesh.built.pay;"
    "CREATE TABLE mesh.raw.\"web.shop__orders\" AS SELECT '" CANARY "4@example.org' AS email, 5 AS amount, 1::BIGINT AS _file_id, 1::BIGINT AS _line, TIMESTAMP '2026-01-01' AS _learned_from;"
    "INSERT INTO mesh.sys.port_version(version_id, port, live) VALUES (1, 'web.people_v1', true), (2, 'web.totals_v1', true), (3, 'crm.payroll_v1', true), (4, 'web.clicks_v1', true);"
    /* c2 said no to analytics. */
    "INSERT INTO mesh.govern.consent_desk (statement_id, customer_id, purpose, says) VALUES ('s1', 'c2', 'analytics', false);";

/* ---- the policy ---- */

static struct str both[] = {{"analytics", 9}, {"advertising", 11}}, analytics[] = {{"analytics", 9}}, advertising[] = {{"advertising", 11}};
static struct str all[] = {{"*", 1}}, core[] = {{"web.core", 8}}, web[] = {{"web", 3}}, email[] = {{"email", 5}}, born[] = {{"born", 4}}, analyst[] = {{"analyst", 7}};
#define STRS(v) {(v), sizeof(v) / sizeof *(v)}
static struct mesh_grant raw_grant = {.products = STRS(core), .purposes = STRS(analytics), .tier = TIER_RAW}, masked_grant = {.products = STRS(core), .purposes = STRS(both), .tier = TIER_MASKED},
                         german_grant = {.products = STRS(core), .purposes = STRS(analytics), .tier = TIER_MASKED, .rows = {"country = 'DE'", 14}},
                         test_grant = {.products = STRS(core), .purposes = STRS(analytics), .tier = TIER_TEST}, pay_grant = {.products = STRS(all), .purposes = STRS(advertising), .tier = TIER_MASKED};
static struct mesh_role_right builds = {.right = RIGHT_BUILD, .domains = STRS(web)};
static struct mesh_role extra[] = {
    {.name = {"officer", 7}, .grants = &raw_grant, .n_grants = 1}, {.name = {"marketer", 8}, .grants = &masked_grant, .n_grants = 1},
    {.name = {"german", 6}, .grants = &german_grant, .n_grants = 1}, {.name = {"analyst", 7}, .grants = &masked_grant, .n_grants = 1},
    {.name = {"tester", 6}, .grants = &test_grant, .n_grants = 1},   {.name = {"engineer", 8}, .grants = &masked_grant, .n_grants = 1, .rights = &builds, .n_rights = 1},
    {.name = {"payer", 5}, .grants = &pay_grant, .n_grants = 1},     {.name = {"nobody", 6}},
};
static struct mesh_mask_rule masks[] = {
    {.name = {"a", 1}, .scope = {.columns = STRS(email), .roles = STRS(analyst)}, .mask = MASK_TOKENISE},
    {.name = {"b", 1}, .scope = {.columns = STRS(email)}, .mask = MASK_PARTIAL},
    {.name = {"c", 1}, .scope = {.columns = STRS(born)}, .mask = MASK_GENERALISE, .to = {"year", 4}},
};

static void set_policy(void)
{
    struct mesh_policy *p = &m->policy;
    struct mesh_role *roles = arena_array(&m->arena, p->n_roles + sizeof extra / sizeof *extra, sizeof *roles);
    memcpy(roles, p->roles, p->n_roles * sizeof *roles);
    memcpy(roles + p->n_roles, extra, sizeof extra);
    p->roles = roles;
    p->n_roles += sizeof extra / sizeof *extra;
    p->masks = masks;
    p->n_masks = sizeof masks / sizeof *masks;
}

static int setup(void **state)
{
    (void)state;
    struct err e = {0};
    struct errs es = {0};
    strcpy(dir, "/tmp/trellis-roles-XXXXXX"); // banned-ok: a constant
    if (!mkdtemp(dir))
        return 1;
    write_mesh();
    const struct state_options so = {.threads = 2, .memory_limit_bytes = 1u << 30};
    bool ok = state_open(dir, &so, &s, &e) && engine_connect(s->engine, &admin, &e);
    m = ok ? mesh_load(dir, &(struct mesh_load_options){.parser = admin}, &es) : NULL;
    for (size_t i = 0; i < es.n; i++)
        printf("%s:%u:%u %s\n", es.v[i].file, es.v[i].line, es.v[i].col, es.v[i].text);
    errs_fini(&es);
    if (m)
        set_policy();
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

/* Rows as text: cells by '|', rows by ';'. An error as its code's name. */
static void ask(const char *role, const char *purpose, const char *sql, struct buf *out, struct err *e)
{
    struct str roles[1] = {str_of(role)};
    const struct govern_principal who = {.name = STR("someone"), .kind = GOVERN_USER, .roles = roles, .n_roles = 1};
    const struct govern_request q = {.principal = &who, .purpose = str_of(purpose), .sql = str_of(sql)};
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
                if (engine_cell_null(ch, c, i))
                    buf_addz(out, "NULL");
                else
                    engine_cell_text(ch, c, i, out);
            }
            buf_addc(out, ';');
        }
    }
    govern_result_close(r);
}

#define PEOPLE "SELECT customer_id, email, born, spent FROM web.people ORDER BY 1"

static void test_matrix(void **state)
{
    static const struct { const char *role, *purpose, *sql, *rows; } cases[] = {
        {"officer", "analytics", PEOPLE, "c1|CANARY1@example.org|1990-02-03|10;c3|CANARY3@example.org|2000-07-08|40;"},
        {"officer", "advertising", PEOPLE, "E_DENIED"},
        {"marketer", "analytics", PEOPLE, "c1|C***@example.org|1990-01-01|10;c3|C***@example.org|2000-01-01|40;"},
        {"marketer", "advertising", "SELECT count(*) FROM web.people", "3;"},
        {"german", "analytics", PEOPLE, "c1|C***@example.org|1990-01-01|10;"},
        {"german", "analytics", "SELECT * FROM web.totals ORDER BY 1", "DE|2;"},
        {"admin", "analytics", PEOPLE, "c1|C***@example.org|1990-01-01|10;c3|C***@example.org|2000-01-01|40;"},
        {"admin", "analytics", "SELECT amount FROM crm.payroll", "777;"},
        {"marketer", "analytics", "SELECT amount FROM crm.payroll", "E_NOT_FOUND"},
        {"payer", "advertising", "SELECT amount FROM crm.payroll", "777;"},
        {"payer", "analytics", "SELECT 1", "E_DENIED"},
        {"nobody", "analytics", "SELECT 1", "E_DENIED"},
        {"unheard_of", "analytics", "SELECT 1", "E_DENIED"},
        {"marketer", "analytics", "SELECT email FROM web.shop__orders", "E_NOT_FOUND"},
        {"engineer", "analytics", "SELECT email, amount FROM web.shop__orders", "C***@example.org|5;"},
        {"tester", "analytics", "SELECT count(*), count(DISTINCT customer_id) > 10, count(*) FILTER (email LIKE '%CANARY%'), min(typeof(born)) FROM web.people", "200|true|0|DATE;"},
        /* A condition works on what is shown. */
        {"marketer", "analytics", "SELECT count(*) FROM web.people WHERE email = 'CANARY1@example.org'", "0;"},
        {"marketer", "analytics", "SELECT count(*) FROM web.people WHERE born = DATE '1990-02-03'", "0;"},
        {"officer", "analytics", "SELECT count(*) FROM web.people WHERE email = 'CANARY1@example.org'", "1;"},
        {"analyst", "analytics", "SELECT count(DISTINCT email), min(left(email, 2)), count(*) FILTER (email LIKE '%CANARY%') FROM web.people", "2|t_|0;"},
        /* Rows that only evidence ties to somebody. */
        {"marketer", "analytics", "SELECT page FROM web.clicks ORDER BY 1", "/c;/d;"},
        {"marketer", "advertising", "SELECT count(*) FROM web.clicks", "4;"},
        {"marketer", "analytics", "SELECT customer_id FROM web.orders ORDER BY 1", "70;72;"},
        {"marketer", "advertising", "SELECT count(*) FROM web.orders", "3;"},
        /* The major is the same port. */
        {"german", "analytics", "SELECT count(*) FROM web.people_v1", "1;"},
    };
    struct buf b = BUF_INIT(1 << 20);
    struct err e;
    (void)state;
    for (size_t round = 0; round < 2; round++) { /* the second time from kept verdicts */
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            ask(cases[i].role, cases[i].purpose, cases[i].sql, &b, &e);
            if (strcmp(buf_z(&b), cases[i].rows) != 0)
                fail_msg("%s for %s: %s\n gives %s (%s), not %s", cases[i].role, cases[i].purpose, cases[i].sql, buf_z(&b), e.text, cases[i].rows);
            assert_null(strstr(e.text, CANARY));
            assert_null(strstr(e.hint, CANARY));
        }
    }
    buf_fini(&b);
}

/* What is hidden is answered like what never was, and never suggested. */
static void test_not_there(void **state)
{
    static const char *const pairs[][2] = {{"crm.payroll", "crm.payrolk"}, {"crm.payroll_v1", "crm.payroll_v7"}, {"web.shop__orders", "web.shop__orderx"}, {"web.people_v1__failing", "web.people_v3__failing"}};
    struct buf b = BUF_INIT(1 << 16);
    struct err hidden, absent;
    char sql[128];
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        snprintf(sql, sizeof sql, "SELECT 1 FROM %s", pairs[i][0]);
        ask("marketer", "analytics", sql, &b, &hidden);
        snprintf(sql, sizeof sql, "SELECT 1 FROM %s", pairs[i][1]);
        ask("marketer", "analytics", sql, &b, &absent);
        assert_int_equal(hidden.code, E_NOT_FOUND);
        assert_int_equal(hidden.code, absent.code);
        assert_null(strstr(absent.hint, "payroll"));
        assert_null(strstr(absent.hint, "orders"));
        assert_null(strstr(hidden.hint, "payroll"));
    }
    ask("marketer", "analytic", "SELECT 1", &b, &hidden);
    assert_non_null(strstr(hidden.hint, "analytics"));
    ask("payer", "analytic", "SELECT 1", &b, &hidden); /* may not use it, so it is not named */
    assert_null(strstr(hidden.hint, "analytics"));
    buf_fini(&b);
}

/* A change of consent is seen by the next read, from a kept verdict too. */
static void test_consent_next_read(void **state)
{
    struct buf b = BUF_INIT(1 << 16);
    struct err e = {0};
    (void)state;
    ask("marketer", "analytics", "SELECT count(*) FROM web.people", &b, &e);
    assert_string_equal(buf_z(&b), "2;");
    must(engine_exec(admin, STR("INSERT INTO mesh.govern.consent_desk (statement_id, customer_id, purpose, says) VALUES ('s2', 'c1', 'analytics', false)"), &e), &e);
    ask("marketer", "analytics", "SELECT count(*) FROM web.people", &b, &e);
    assert_string_equal(buf_z(&b), "1;");
    ask("officer", "analytics", "SELECT string_agg(customer_id, ',') FROM web.people", &b, &e);
    assert_string_equal(buf_z(&b), "c3;");
    must(engine_exec(admin, STR("DELETE FROM mesh.govern.consent_desk WHERE statement_id = 's2'"), &e), &e);
    ask("marketer", "analytics", "SELECT count(*) FROM web.people", &b, &e);
    assert_string_equal(buf_z(&b), "2;");
    buf_fini(&b);
}

/* More profiles than are kept: the ones that made way come back, with their views. */
static void test_many_profiles(void **state)
{
    struct buf b = BUF_INIT(1 << 16);
    struct err e;
    char names[PROFILES_KEPT + 20][16];
    (void)state;
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
            struct str roles[2] = {STR("marketer"), {names[i], (size_t)snprintf(names[i], sizeof names[i], "token_%zu", i)}}, purposes[1] = {STR("analytics")};
            const struct govern_principal who = {.name = STR("someone"), .kind = GOVERN_TOKEN, .roles = roles, .n_roles = 1 + i % 2, .purposes = purposes, .n_purposes = 1};
            struct govern_result *r = NULL;
            const struct govern_request q = {.principal = &who, .sql = STR("SELECT count(*) FROM web.people")};
            must(govern_query(g, &q, &r, &e), &e);
            govern_result_close(r);
            struct str other[1] = {i % 3 ? STR("analyst") : STR("german")};
            const struct govern_principal next = {.name = STR("next"), .kind = GOVERN_USER, .roles = other, .n_roles = 1};
            must(govern_query(g, &(struct govern_request){.principal = &next, .sql = STR("SELECT count(*) FROM web.people")}, &r, &e), &e);
            govern_result_close(r);
        }
    }
    /* A token's own purposes bind it below what its role may. */
    struct str roles[1] = {STR("marketer")}, none[1] = {STR("advertising")};
    const struct govern_principal bound = {.name = STR("token:1"), .kind = GOVERN_TOKEN, .roles = roles, .n_roles = 1, .purposes = none, .n_purposes = 1};
    struct govern_result *r = NULL;
    assert_false(govern_query(g, &(struct govern_request){.principal = &bound, .purpose = STR("analytics"), .sql = STR("SELECT 1")}, &r, &e));
    assert_int_equal(e.code, E_DENIED);
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_matrix), cmocka_unit_test(test_not_there), cmocka_unit_test(test_consent_next_read), cmocka_unit_test(test_many_profiles)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
