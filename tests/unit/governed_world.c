/* See governed_world.h. */
#include "governed_world.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "govern/audit.h"
#include "store/state.h"

enum { ROWS_MAX = 2000, TEXT_MAX = 8 << 20, TIMEOUT_MS = 2000 };

static bool write_file(struct world *w, const char *name, const char *text, struct err *e)
{
    struct arena a;
    arena_init(&a);
    struct str path = fs_join(&a, str_of(w->dir), str_of(name));
    bool ok = fs_mkdirs(arena_strz(&a, fs_dirname(path)), 0755, e) && fs_write_atomic(arena_strz(&a, path), str_of(text), 0644, e);
    arena_fini(&a);
    return ok;
}

#define CONTRACT(product, port) "apiVersion: v3.1.0\nkind: DataContract\nid: " product "." port "\nversion: 1.0.0\nstatus: active\nschema:\n  - name: " port "\n    properties:\n"
#define PRODUCT(domain, name, ports) \
    "apiVersion: v1.0.0\nkind: DataProduct\nid: " domain "." name "\nname: " name "\nversion: 1.0.0\nstatus: active\ndomain: " domain "\ndescription: {purpose: tests}\noutputPorts:\n" ports
#define PORT(product, port) "  - {name: " port ", version: 1.0.0, type: tables, contractId: " product "." port "}\n"

static const char *const files[][2] = {
    {"mesh.yaml", "name: test\ntitle: Test\ntime_zone: UTC\nreporting_currency: EUR\npurposes: [analytics]\n"},
    {"domains/web/domain.yaml", "name: web\ntitle: Web\nowner: {name: Ana Ruiz, contact: ana@example.org}\n"},
    {"domains/crm/domain.yaml", "name: crm\ntitle: CRM\nowner: {name: Bo Lind, contact: bo@example.org}\n"},
    {"domains/web/products/core/product.yaml", PRODUCT("web", "core", PORT("web.core", "people") PORT("web.core", "totals"))},
    {"domains/web/products/traffic/product.yaml", PRODUCT("web", "traffic", PORT("web.traffic", "clicks"))},
    {"domains/crm/products/secret/product.yaml", PRODUCT("crm", "secret", PORT("crm.secret", "payroll"))},
    {"domains/web/products/core/people.odcs.yaml",
     CONTRACT("web.core", "people") "      - {name: customer_id, logicalType: string, classification: internal}\n      - {name: email, logicalType: string, classification: personal}\n"
                                    "      - {name: phone, logicalType: string, classification: personal}\n      - {name: note, logicalType: string, classification: sensitive}\n"
                                    "      - {name: born, logicalType: date, classification: sensitive}\n      - {name: country, logicalType: string, classification: internal}\n"
                                    "      - {name: spent, logicalType: integer, classification: internal}\n      - {name: tags, logicalType: array, physicalType: 'VARCHAR[]', classification: personal}\n"
                                    "      - {name: props, logicalType: object, physicalType: JSON, classification: personal}\n"},
    {"domains/web/products/core/totals.odcs.yaml", CONTRACT("web.core", "totals") "      - {name: country, logicalType: string, classification: internal}\n      - {name: n, logicalType: integer, classification: internal}\n"},
    {"domains/web/products/traffic/clicks.odcs.yaml",
     CONTRACT("web.traffic", "clicks") "      - {name: evidence, logicalType: integer, physicalType: BIGINT, classification: internal}\n      - {name: page, logicalType: string, classification: internal}\n"},
    {"domains/crm/products/secret/payroll.odcs.yaml", CONTRACT("crm.secret", "payroll") "      - {name: amount, logicalType: integer, classification: internal}\n      - {name: owner, logicalType: string, classification: internal}\n"},
    {"domains/web/products/core/people.sql",
     "SELECT 'c' AS customer_id, 'x' AS email, 'y' AS phone, 'z' AS note, DATE '1990-01-01' AS born, 'DE' AS country, 1 AS spent, ['a'] AS tags, '{}'::JSON AS props"},
    {"domains/web/products/core/totals.sql", "SELECT country, count(*) AS n FROM web.people GROUP BY country"},
    {"domains/web/products/traffic/clicks.sql", "SELECT 1::BIGINT AS evidence, '/' AS page"},
    {"domains/crm/products/secret/payroll.sql", "SELECT 1 AS amount, 'o' AS owner"},
    {"domains/web/sources/shop.yaml", "name: shop\nkind: files\npath: exports\nstreams:\n  - {name: orders, optional: true}\n"},
};

/* Plain columns hold canaries only in rows that must not be seen: of FR, and of c3, who said no. */
static const char physical_sql[] =
    "CREATE TABLE mesh.built.p AS SELECT 'c' || i AS customer_id, '" WORLD_CANARY "' || i || '@example.org' AS email, '" WORLD_CANARY "+49' || i AS phone, 'note " WORLD_CANARY "' AS note,"
    " DATE '1990-02-03' AS born, CASE WHEN i % 5 = 0 THEN 'FR' ELSE 'DE' END AS country, CASE WHEN i % 5 = 0 OR i = 3 THEN " WORLD_NUMBER " ELSE i END::INTEGER AS spent,"
    " ['" WORLD_CANARY "'] AS tags, '{\"k\": \"" WORLD_CANARY "\"}'::JSON AS props FROM range(1, 21) AS r(i);"
    "CREATE VIEW mesh.live.\"web.people_v1\" AS SELECT * FROM mesh.built.p;"
    "CREATE TABLE mesh.built.t AS SELECT 'DE' AS country, 16 AS n;"
    "CREATE VIEW mesh.live.\"web.totals_v1\" AS SELECT * FROM mesh.built.t;"
    "CREATE TABLE mesh.built.k AS SELECT * FROM (VALUES (21::BIGINT, '/" WORLD_CANARY "'), (22, '/b')) AS t(evidence, page);"
    "CREATE VIEW mesh.live.\"web.clicks_v1\" AS SELECT * FROM mesh.built.k;"
    "CREATE OR REPLACE VIEW mesh.govern.consent_no_evidence AS SELECT n.purpose, i.evidence FROM (VALUES (21::BIGINT, 'c3')) AS i(evidence, customer_id) JOIN mesh.govern.consent_no AS n ON n.customer_id = i.customer_id;"
    "CREATE TABLE mesh.built.pay AS SELECT " WORLD_NUMBER "::INTEGER AS amount, '" WORLD_CANARY "' AS owner;"
    "CREATE VIEW mesh.live.\"crm.payroll_v1\" AS SELECT * FROM mesh.built.pay;"
    "CREATE TABLE mesh.raw.\"web.shop__orders\" AS SELECT '" WORLD_CANARY "' AS email, '" WORLD_CANARY "' AS x, 5 AS amount, 1::BIGINT AS _file_id, 1::BIGINT AS _line, TIMESTAMP '2026-01-01' AS _learned_from;"
    "CREATE TABLE mesh.quarantine.\"web.people_v1\" AS SELECT '" WORLD_CANARY "' AS country, 1 AS trellis__run;"
    "INSERT INTO mesh.sys.port_version(version_id, port, live) VALUES (1, 'web.people_v1', true), (2, 'web.totals_v1', true), (3, 'crm.payroll_v1', true), (4, 'web.clicks_v1', true);"
    "INSERT INTO mesh.govern.consent_desk (statement_id, customer_id, purpose, says) VALUES ('s1', 'c3', 'analytics', false);";

static struct str core[] = {{"web.core", 8}}, traffic[] = {{"web.traffic", 11}}, all[] = {{"*", 1}}, analytics[] = {{"analytics", 9}}, web[] = {{"web", 3}}, phones[] = {{"phone", 5}}, dates[] = {{"born", 4}};
static struct mesh_grant blind_grants[] = {{.products = {core, 1}, .purposes = {analytics, 1}, .tier = TIER_MASKED, .rows = {"country = 'DE'", 14}}, {.products = {traffic, 1}, .purposes = {analytics, 1}, .tier = TIER_MASKED}},
                         raw_grant = {.products = {all, 1}, .purposes = {analytics, 1}, .tier = TIER_RAW};
static struct mesh_role_right builds = {.right = RIGHT_BUILD, .domains = {web, 1}};
static struct mesh_role roles[] = {{.name = {"blind", 5}, .grants = blind_grants, .n_grants = 2}, {.name = {"seeing", 6}, .grants = &raw_grant, .n_grants = 1, .rights = &builds, .n_rights = 1}};
static struct mesh_mask_rule masks[] = {{.name = {"a", 1}, .scope = {.columns = {phones, 1}}, .mask = MASK_TOKENISE}, {.name = {"b", 1}, .scope = {.columns = {dates, 1}}, .mask = MASK_GENERALISE, .to = {"year", 4}}};

bool world_open(struct world *w, struct err *e)
{
    struct errs es = {0};
    *w = (struct world){0};
    snprintf(w->dir, sizeof w->dir, "/tmp/trellis-world-XXXXXX");
    if (!mkdtemp(w->dir))
        return err_set(e, E_IO, "no folder");
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (!write_file(w, files[i][0], files[i][1], e))
            return false;
    if (!state_open(w->dir, &(struct state_options){.threads = 1, .memory_limit_bytes = 512u << 20}, &w->s, e) || !engine_connect(w->s->engine, &w->admin, e))
        return false;
    w->m = mesh_load(w->dir, &(struct mesh_load_options){.parser = w->admin}, &es);
    for (size_t i = 0; i < es.n; i++)
        printf("%s:%u:%u %s\n", es.v[i].file, es.v[i].line, es.v[i].col, es.v[i].text);
    errs_fini(&es);
    if (!w->m)
        return err_set(e, E_USAGE, "the test's mesh is wrong");
    struct mesh_policy *p = &w->m->policy;
    struct mesh_role *more = arena_array(&w->m->arena, p->n_roles + 2, sizeof *more);
    memcpy(more, p->roles, p->n_roles * sizeof *more);
    memcpy(more + p->n_roles, roles, sizeof roles);
    p->roles = more;
    p->n_roles += 2;
    p->masks = masks;
    p->n_masks = sizeof masks / sizeof *masks;
    return engine_exec(w->admin, str_of(physical_sql), e) && govern_open(w->s, NULL, &w->g, e) && govern_refresh(w->g, w->m, e);
}

void world_close(struct world *w)
{
    struct err e;
    govern_close(w->g);
    engine_disconnect(w->admin);
    state_close(w->s);
    mesh_free(w->m);
    if (!fs_remove_tree(w->dir, &e))
        printf("%s\n", e.text);
}

/* As it is, in any case, or backwards. */
static bool has_canary(struct str s)
{
    static const char *const words[] = {WORLD_CANARY, "YRANACZQ", WORLD_NUMBER};
    for (size_t i = 0; i + 8 <= s.n; i++)
        for (size_t k = 0; k < sizeof words / sizeof *words; k++) {
            size_t n = strlen(words[k]), at = 0;
            while (at < n && i + at < s.n && toupper((unsigned char)s.p[i + at]) == words[k][at])
                at++;
            if (at == n)
                return true;
        }
    return false;
}

void world_ask(struct world *w, bool blind, struct str sql, struct world_answer *out)
{
    struct str role = blind ? STR("blind") : STR("seeing");
    const struct govern_principal who = {.name = role, .kind = GOVERN_USER, .roles = &role, .n_roles = 1};
    const struct govern_request q = {.principal = &who, .sql = sql, .row_limit = ROWS_MAX, .timeout_ms = TIMEOUT_MS};
    struct govern_result *r = NULL;
    struct engine_chunk *ch;
    struct buf text = BUF_INIT((size_t)TEXT_MAX);
    size_t rows = 0;
    *out = (struct world_answer){0};
    bool ok = govern_query(w->g, &q, &r, &out->e);
    const struct engine_column *cols;
    size_t n = ok ? govern_result_columns(r, &cols) : 0;
    for (size_t i = 0; i < n; i++)
        buf_add(&text, cols[i].name);
    while (ok && (ok = govern_result_next(r, &ch, &rows, &out->e)) && ch)
        for (size_t i = 0; i < rows && !text.failed; i++)
            for (size_t k = 0; k < n; k++) {
                engine_cell_text(ch, k, i, &text);
                buf_addc(&text, ' ');
                engine_cell_json(ch, k, i, &text);
                buf_addc(&text, ' ');
            }
    if (r)
        govern_result_close(r);
    out->ok = ok;
    out->canary = has_canary(buf_str(&text)) || has_canary(str_of(out->e.text)) || has_canary(str_of(out->e.hint));
    buf_fini(&text);
    if (!blind)
        return;
    struct arena a;
    struct audit_entry *log = NULL;
    struct err e = {0};
    arena_init(&a);
    n = 0;
    if (audit_find(govern_audit(w->g), &a, &(struct audit_ask){.kind = AUDIT_READ, .limit = 1}, &log, &n, &e) && n)
        out->canary = out->canary || has_canary(log[0].sql_shape) || has_canary(log[0].what) || has_canary(log[0].detail);
    arena_fini(&a);
}
