/* One table of the functions that a mesh gives to SQL. The builder's catalogs, the gate's and the views that are kept in the file all
 * take their meaning from here. */
#include "mesh/functions.h"

#include "base/clock.h"

static void currency(const struct mesh *m, struct buf *b)
{
    buf_sql_text(b, m->reporting_currency);
}

static void zone(const struct mesh *m, struct buf *b)
{
    buf_sql_text(b, m->time_zone);
}

static void consent_merge(const struct mesh *m, struct buf *b)
{
    buf_sql_text(b, m->consent.newest_wins ? STR("newest_wins") : STR("denied_wins"));
}

/* 60 bits of a digest: positive, the same everywhere, and a number that joins quickly. */
static void hash63(const struct mesh *m, struct buf *b)
{
    (void)m;
    buf_addz(b, "CAST('0x' || substr(md5(argument), 1, 15) AS BIGINT)");
}

static void consent_rules(const struct mesh *m, struct buf *b)
{
    size_t n = 0;
    buf_addz(b, "SELECT * FROM (VALUES ");
    for (size_t i = 0; i < m->consent.n_rules; i++)
        for (size_t k = 0; k < m->consent.rules[i].n_purposes; k++) {
            const struct mesh_consent_rule *r = &m->consent.rules[i];
            buf_addz(b, n++ > 0 ? ", (" : "(");
            buf_sql_text(b, r->system);
            buf_addz(b, ", ");
            buf_sql_text(b, r->category);
            buf_addz(b, ", ");
            buf_sql_text(b, r->purposes[k]);
            buf_addc(b, ')');
        }
    buf_addz(b, n > 0 ? "" : "('', '', '')");
    buf_printf(b, ") AS t(system, category, purpose)%s", n > 0 ? "" : " WHERE false");
}

static void purposes(const struct mesh *m, struct buf *b)
{
    size_t n = m->consent.n_purposes;
    buf_addz(b, "SELECT * FROM (VALUES ");
    for (size_t i = 0; i < n; i++) {
        const struct mesh_purpose *p = &m->consent.purposes[i];
        buf_addz(b, i > 0 ? ", (" : "(");
        buf_sql_text(b, p->name);
        buf_printf(b, ", %s, ", p->fail_open ? "true" : "false");
        buf_printf(b, p->expires_s > 0 ? "CAST(%lld AS BIGINT))" : "CAST(NULL AS BIGINT))", (long long)p->expires_s);
    }
    buf_addz(b, n > 0 ? "" : "('', false, CAST(NULL AS BIGINT))");
    buf_printf(b, ") AS t(purpose, fail_open, expires_s)%s", n > 0 ? "" : " WHERE false");
}

static void identity_kinds(const struct mesh *m, struct buf *b)
{
    size_t n = m->identity.n_kinds;
    buf_addz(b, "SELECT * FROM (VALUES ");
    for (size_t i = 0; i < n; i++) {
        buf_addz(b, i > 0 ? ", (" : "(");
        buf_sql_text(b, m->identity.kinds[i].name);
        buf_printf(b, ", %zu)", i + 1);
    }
    buf_addz(b, n > 0 ? "" : "('', 0)");
    buf_printf(b, ") AS t(kind, priority)%s", n > 0 ? "" : " WHERE false");
}

/* Statements of the desk (docs/privacy.md), each as a set of its one identifier; the table is the ledger's. */
static void consent_said(const struct mesh *m, struct buf *b)
{
    (void)m;
    buf_addz(b, "SELECT statement_id, seq, CAST('0x' || substr(md5('desk:' || kind || ':' || lower(trim(value))), 1, 15) AS BIGINT) AS evidence, kind, value, "
                "purpose, status, source, proof, occurred_at, recorded_at FROM mesh.govern.consent_said");
}

/* ---- governance/attribution.yaml ---- */

/* One row of constants for each of `n`; a table without rows is one that is filtered away. */
static void rows_begin(struct buf *b)
{
    buf_addz(b, "SELECT * FROM (VALUES ");
}

static void rows_end(struct buf *b, size_t n, const char *nothing, const char *columns)
{
    buf_addz(b, n > 0 ? "" : nothing);
    buf_printf(b, ") AS t(%s)%s", columns, n > 0 ? "" : " WHERE false");
}

static void conversions(const struct mesh *m, struct buf *b)
{
    const struct mesh_attribution *t = &m->attribution;
    rows_begin(b);
    for (size_t i = 0; i < t->n_conversions; i++) {
        const struct mesh_conversion *c = &t->conversions[i];
        buf_addz(b, i > 0 ? ", (" : "(");
        buf_sql_text(b, c->name);
        buf_addz(b, ", ");
        buf_sql_text(b, c->title);
        buf_printf(b, ", '%s', %s, %s, CAST(%lld AS BIGINT))", mesh_conversion_from_text(c->from), c->by_account ? "true" : "false", c->value.n ? "true" : "false",
                   (long long)c->lookback_s);
    }
    rows_end(b, t->n_conversions, "('', '', '', false, false, CAST(0 AS BIGINT))", "conversion, title, source, by_account, has_value, lookback_s");
}

static void touch_windows(const struct mesh *m, struct buf *b)
{
    const struct mesh_attribution *t = &m->attribution;
    size_t n = 0;
    rows_begin(b);
    for (size_t i = 0; i < t->n_conversions; i++)
        for (size_t k = 0; k < t->conversions[i].n_windows; k++) {
            const struct mesh_touch_window *w = &t->conversions[i].windows[k];
            buf_addz(b, n++ > 0 ? ", (" : "(");
            buf_sql_text(b, t->conversions[i].name);
            buf_addz(b, ", ");
            buf_sql_text(b, w->kind);
            buf_printf(b, ", CAST(%lld AS BIGINT))", (long long)w->lookback_s);
        }
    rows_end(b, n, "('', '', CAST(0 AS BIGINT))", "conversion, kind, lookback_s");
}

static void channels_of(struct mesh_strs list, struct buf *b)
{
    rows_begin(b);
    for (size_t i = 0; i < list.n; i++) {
        buf_addz(b, i > 0 ? ", (" : "(");
        buf_sql_text(b, list.v[i]);
        buf_addc(b, ')');
    }
    rows_end(b, list.n, "('')", "channel");
}

static void direct_channels(const struct mesh *m, struct buf *b)
{
    channels_of(m->attribution.direct, b);
}

static void paid_channels(const struct mesh *m, struct buf *b)
{
    channels_of(m->attribution.paid, b);
}

static void incremental(const struct mesh *m, struct buf *b)
{
    const struct mesh_attribution *t = &m->attribution;
    rows_begin(b);
    for (size_t i = 0; i < t->n_incremental; i++) {
        const struct mesh_incremental *x = &t->incremental[i];
        buf_addz(b, i > 0 ? ", (" : "(");
        buf_sql_text(b, x->channel);
        buf_printf(b, ", CAST(%.17g AS DOUBLE), CAST(%.17g AS DOUBLE), CAST(%.17g AS DOUBLE), ", x->share, x->low, x->high);
        buf_sql_text(b, x->source);
        buf_printf(b, ", DATE '%s')", clock_date(x->as_of).z);
    }
    rows_end(b, t->n_incremental, "('', CAST(0 AS DOUBLE), CAST(0 AS DOUBLE), CAST(0 AS DOUBLE), '', DATE '1970-01-01')", "channel, share, low, high, source, as_of");
}

static void attribution(const struct mesh *m, struct buf *b)
{
    const struct mesh_attribution *t = &m->attribution;
    const struct { const char *key; double v; } weights[] = {
        {"u_first", t->u[0]}, {"u_middle", t->u[1]}, {"u_last", t->u[2]}, {"w_first", t->w[0]}, {"w_milestone", t->w[1]}, {"w_last", t->w[2]}, {"w_rest", t->w[3]},
        {"half_life_s", (double)t->half_life_s}, {"markov_order", (double)t->markov_order},
    };
    const struct { const char *key; struct str v; } texts[] = {
        {"default_model", t->default_model}, {"milestone", t->milestone}, {"consent_purpose", t->consent_purpose}, {"consent_touches", t->consent_keep ? STR("keep") : STR("exclude")},
    };
    buf_addz(b, "CASE argument");
    for (size_t i = 0; i < sizeof weights / sizeof weights[0]; i++)
        buf_printf(b, " WHEN '%s' THEN '%.15g'", weights[i].key, weights[i].v);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        buf_printf(b, " WHEN '%s' THEN ", texts[i].key);
        buf_sql_text(b, texts[i].v);
    }
    buf_addz(b, " END");
}

static const struct function {
    const char *name;
    enum mesh_function_kind kind;
    void (*put)(const struct mesh *m, struct buf *b);
} functions[] = {
    {"mesh_reporting_currency", FUNCTION_TEXT, currency}, {"mesh_time_zone", FUNCTION_TEXT, zone},
    {"mesh_consent_merge", FUNCTION_TEXT, consent_merge}, {"mesh_hash63", FUNCTION_OF_TEXT, hash63},
    {"mesh_consent_rules", FUNCTION_TABLE, consent_rules}, {"mesh_purposes", FUNCTION_TABLE, purposes},
    {"mesh_identity_kinds", FUNCTION_TABLE, identity_kinds}, {MESH_CONSENT_SAID, FUNCTION_TABLE, consent_said},
    {"mesh_conversions", FUNCTION_TABLE, conversions}, {"mesh_touch_windows", FUNCTION_TABLE, touch_windows},
    {"mesh_direct_channels", FUNCTION_TABLE, direct_channels}, {"mesh_paid_channels", FUNCTION_TABLE, paid_channels},
    {"mesh_incremental", FUNCTION_TABLE, incremental}, {"mesh_attribution", FUNCTION_OF_TEXT, attribution},
};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

bool mesh_function_called(struct str sql, const char *name)
{
    return str_find(sql, str_of(name), 0) != SIZE_MAX;
}

const char *mesh_function_find(struct str name, enum mesh_function_kind *kind)
{
    for (size_t i = 0; i < FUNCTIONS; i++)
        if (str_eq_nocase(name, str_of(functions[i].name))) {
            *kind = functions[i].kind;
            return functions[i].name;
        }
    return NULL;
}

void mesh_function_sql(const struct mesh *m, const char *name, struct buf *out)
{
    for (size_t i = 0; i < FUNCTIONS; i++)
        if (str_eq(str_of(name), str_of(functions[i].name)))
            functions[i].put(m, out);
}

void mesh_functions_create(const struct mesh *m, struct str catalog, struct buf *out)
{
    for (size_t i = 0; i < FUNCTIONS; i++) {
        buf_addz(out, "CREATE MACRO ");
        buf_sql_ident(out, catalog);
        buf_printf(out, ".main.%s(%s) AS %s", functions[i].name, functions[i].kind == FUNCTION_OF_TEXT ? "argument" : "",
                   functions[i].kind == FUNCTION_TABLE ? "TABLE " : "");
        functions[i].put(m, out);
        buf_addz(out, ";\n");
    }
}

void mesh_functions_print(const struct mesh *m, struct str sql, struct buf *out)
{
    /* The two that were there first are told together, as fingerprints of older versions have them. */
    if (str_find(sql, STR("mesh_"), 0) != SIZE_MAX)
        buf_printf(out, "|%.*s|%.*s", STR_FMT(m->reporting_currency), STR_FMT(m->time_zone));
    for (size_t i = 2; i < FUNCTIONS; i++) {
        if (!mesh_function_called(sql, functions[i].name))
            continue;
        buf_printf(out, "|%s=", functions[i].name);
        functions[i].put(m, out);
    }
}
