/* Catalogs of governed views: a schema per domain, the functions of the mesh, and a view per port (plain and major) and raw
 * stream, made when a question first names it. What lies below is read once, when the catalog is made, and views name their
 * columns one by one, so a column that appears below is not shown before it has been looked at. */
#include "govern/govern_int.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"

#define HIDDEN_TEXT "hidden: personal"
enum { SQL_MAX = 16 * 1024 * 1024 };

/* ---- which columns are hidden ---- */

bool gov_column_hidden(const struct mesh_contract *contract, struct str name)
{
    for (size_t i = 0; contract && i < contract->n_columns; i++) {
        const struct mesh_column *c = &contract->columns[i];
        if (str_eq_nocase(c->name, name))
            return mesh_column_hidden(c) || (c->class_ == CLASS_UNSET && mesh_name_personal(name));
    }
    return mesh_name_personal(name);
}

/* ---- what lies below ---- */

static int object_cmp(const void *x, const void *y)
{
    return str_cmp(((const struct gov_object *)x)->name, ((const struct gov_object *)y)->name);
}

/* Objects and columns of a schema; `table` empty: all of them. */
static bool objects_read(struct engine_conn *c, struct arena *a, struct str catalog, struct str schema, struct str table, struct gov_objects *out, struct err *e)
{
    struct engine_result *r = NULL;
    struct engine_chunk *ch;
    size_t cap = 0, cols_cap = 0;
    const struct engine_param p[] = {{.type = ENGINE_TEXT, .s = catalog}, {.type = ENGINE_TEXT, .s = schema}, {.type = ENGINE_TEXT, .s = table}};
    bool ok = engine_query(c,
                           STR("SELECT table_name, column_name FROM duckdb_columns() WHERE database_name = $1 AND schema_name = $2"
                               " AND ($3 = '' OR table_name = $3) ORDER BY table_name, column_index"),
                           p, 3, &r, e);
    *out = (struct gov_objects){0};
    while (ok && (ok = engine_result_next(r, &ch, e)) && ch) {
        for (size_t i = 0; i < engine_chunk_rows(ch); i++) {
            struct str name = engine_cell_str(ch, 0, i);
            struct gov_object *o = out->n ? &out->v[out->n - 1] : NULL;
            if (!o || !str_eq(o->name, name)) {
                if (out->n == cap) {
                    size_t bigger = cap ? cap * 2 : 64;
                    struct gov_object *v = arena_array(a, bigger, sizeof *v);
                    if (out->n)
                        memcpy(v, out->v, out->n * sizeof *v);
                    out->v = v;
                    cap = bigger;
                }
                o = &out->v[out->n++];
                *o = (struct gov_object){.name = arena_str(a, name)};
                cols_cap = 0;
            }
            if (o->n == cols_cap) {
                size_t bigger = cols_cap ? cols_cap * 2 : 32;
                struct str *v = arena_array(a, bigger, sizeof *v);
                if (o->n)
                    memcpy(v, o->cols, o->n * sizeof *v);
                o->cols = v;
                cols_cap = bigger;
            }
            o->cols[o->n++] = arena_str(a, engine_cell_str(ch, 1, i));
        }
    }
    engine_result_close(r);
    if (ok && out->n)
        qsort(out->v, out->n, sizeof *out->v, object_cmp);
    return ok;
}

static const struct gov_object *object_find(const struct gov_objects *o, struct str name)
{
    const struct gov_object key = {.name = name};
    return o->n ? bsearch(&key, o->v, o->n, sizeof *o->v, object_cmp) : NULL;
}

/* ---- writing views ---- */

static void put_name(struct buf *b, const char *catalog, struct str schema, struct str name)
{
    buf_sql_ident(b, str_of(catalog));
    buf_addc(b, '.');
    buf_sql_ident(b, schema);
    buf_addc(b, '.');
    buf_sql_ident(b, name);
}

static void put_columns(struct buf *b, const struct mesh_contract *contract, const struct gov_object *o, const char *skip1, const char *skip2)
{
    bool any = false;
    for (size_t i = 0; i < o->n; i++) {
        if (skip1 && (str_eq(o->cols[i], str_of(skip1)) || str_eq(o->cols[i], str_of(skip2))))
            continue;
        buf_addz(b, any ? ", " : "");
        if (gov_column_hidden(contract, o->cols[i]))
            buf_addz(b, "'" HIDDEN_TEXT "' AS ");
        buf_sql_ident(b, o->cols[i]);
        any = true;
    }
}

/* Name of a ref inside of its domain. */
static struct str local_of(struct str ref, struct str domain)
{
    return (struct str){ref.p + domain.n + 1, ref.n - domain.n - 1};
}

static void put_view_head(struct buf *b, const struct gov_catalog *k, struct str domain, struct str local)
{
    buf_addz(b, "CREATE VIEW ");
    put_name(b, k->name, domain, local);
    buf_addz(b, " AS SELECT ");
}

/* Today's rows lie in mesh.live and mesh.raw, those of a past moment in the catalog that the builder made for it. */
static void put_below(struct buf *b, const struct gov_catalog *k, const char *schema, struct str domain, struct str ref)
{
    buf_addz(b, " FROM ");
    if (k->src[0])
        put_name(b, k->src, domain, local_of(ref, domain));
    else
        put_name(b, "mesh", str_of(schema), ref);
}

static void put_port(struct buf *b, const struct gov_catalog *k, const struct mesh_port *p, bool plain, const struct gov_object *o)
{
    struct str domain = p->product->domain->name, local = plain ? p->name : local_of(p->ref_major, domain);
    put_view_head(b, k, domain, local);
    put_columns(b, p->contract, o, NULL, NULL);
    put_below(b, k, "live", domain, k->src[0] && plain ? p->ref : p->ref_major);
}

/* The contract's columns without rows, for a stream into which nothing was loaded. */
static void put_empty_columns(struct buf *b, const struct mesh_contract *contract)
{
    for (size_t i = 0; contract && i < contract->n_columns; i++) {
        const struct mesh_column *c = &contract->columns[i];
        bool hidden = gov_column_hidden(contract, c->name);
        buf_addz(b, hidden ? "'" HIDDEN_TEXT "' AS " : "CAST(NULL AS ");
        if (!hidden) {
            buf_add(b, c->physical_type.n ? c->physical_type : STR("VARCHAR"));
            buf_addz(b, ") AS ");
        }
        buf_sql_ident(b, c->name);
        buf_addz(b, ", ");
    }
    buf_addz(b, "CAST(NULL AS TIMESTAMP) AS _learned_from");
}

static void put_stream(struct buf *b, const struct gov_catalog *k, const struct mesh_stream *st, const struct gov_object *o)
{
    struct str domain = st->source->domain->name;
    put_view_head(b, k, domain, local_of(st->ref, domain));
    if (o)
        put_columns(b, st->contract, o, "_file_id", "_line");
    else
        put_empty_columns(b, st->contract);
    if (!k->src[0]) { /* the builder's view of the past has it among its columns */
        buf_addz(b, ", ");
        if (st->source->currency.n)
            buf_sql_text(b, st->source->currency);
        else
            buf_addz(b, "CAST(NULL AS VARCHAR)");
        buf_addz(b, " AS _source_currency");
    }
    if (o)
        put_below(b, k, "raw", domain, st->ref);
    else
        buf_addz(b, " WHERE false");
}

/* `made` is one bit per view of the catalog. */
static bool make_once(struct gov_catalog *k, struct engine_conn *c, unsigned char *made, unsigned char bit, const struct buf *sql, struct str ref, struct err *e)
{
    bool ok = buf_ok(sql, e);
    if (ok && !engine_exec(c, buf_str(sql), e)) {
        log_event(LOG_WARN, "govern", "view_not_made", "catalog=%s ref=%.*s code=%s", k->name, STR_FMT(ref), e ? err_info_get(e->code)->code : "");
        ok = err_set(e, E_NOT_BUILT, "%.*s cannot be read as it is", STR_FMT(ref));
        err_hint(e, "trellis run %.*s builds it anew", STR_FMT(ref));
    }
    if (ok)
        *made |= bit;
    return ok;
}

bool gov_port_ready(const struct gov_catalog *k, const struct mesh_port *p)
{
    return object_find(&k->ports, p->ref_major) != NULL;
}

/* The view of the past below, made by the builder, and its columns. */
static bool past_object(struct govern *g, const struct gov_catalog *k, struct engine_conn *c, struct arena *a, struct str domain, struct str ref,
                        const struct gov_object **out, struct err *e)
{
    struct gov_objects found;
    if (!g->below.object(g->below.ctx, str_of(k->src), ref, e) || !objects_read(c, a, str_of(k->src), domain, local_of(ref, domain), &found, e)) {
        err_set(e, E_NOT_BUILT, "%.*s cannot be computed as of that day", STR_FMT(ref));
        return err_hint(e, "what it reads did not have the columns that its SQL needs"), false;
    }
    *out = found.n ? &found.v[0] : NULL;
    return found.n || err_set(e, E_NOT_BUILT, "%.*s cannot be read as it was", STR_FMT(ref));
}

bool gov_port_view(struct govern *g, struct gov_catalog *k, struct engine_conn *c, const struct mesh_port *p, bool plain, struct err *e)
{
    unsigned char bit = plain ? 2 : 1;
    struct buf b = BUF_INIT(SQL_MAX);
    struct arena a;
    arena_init(&a);
    pthread_mutex_lock(&k->making);
    bool ok = (k->port_made[p->index] & bit) != 0;
    if (!ok) {
        const struct gov_object *o = k->src[0] ? NULL : object_find(&k->ports, p->ref_major);
        ok = !k->src[0] || past_object(g, k, c, &a, p->product->domain->name, plain ? p->ref : p->ref_major, &o, e);
        if (ok)
            put_port(&b, k, p, plain, o);
        ok = ok && make_once(k, c, &k->port_made[p->index], bit, &b, p->ref, e);
    }
    pthread_mutex_unlock(&k->making);
    arena_fini(&a);
    buf_fini(&b);
    return ok;
}

bool gov_stream_view(struct govern *g, struct gov_catalog *k, struct engine_conn *c, const struct mesh_stream *st, size_t index, struct err *e)
{
    struct buf b = BUF_INIT(SQL_MAX);
    struct arena a;
    arena_init(&a);
    pthread_mutex_lock(&k->making);
    bool ok = k->stream_made[index] != 0;
    if (!ok) {
        const struct gov_object *o = k->src[0] ? NULL : object_find(&k->streams, st->ref);
        ok = !k->src[0] || past_object(g, k, c, &a, st->source->domain->name, st->ref, &o, e);
        if (ok)
            put_stream(&b, k, st, o);
        ok = ok && make_once(k, c, &k->stream_made[index], 1, &b, st->ref, e);
    }
    pthread_mutex_unlock(&k->making);
    arena_fini(&a);
    buf_fini(&b);
    return ok;
}

/* What lies below is read anew, so that nothing is shown that was not looked at. */
bool gov_failing_view(struct gov_catalog *k, struct engine_conn *c, const struct mesh_port *p, struct err *e)
{
    struct buf b = BUF_INIT(SQL_MAX);
    struct gov_objects found;
    struct arena a;
    struct str domain = p->product->domain->name;
    arena_init(&a);
    pthread_mutex_lock(&k->making);
    bool ok = objects_read(c, &a, STR("mesh"), STR("quarantine"), p->ref_major, &found, e);
    if (ok && !found.n) {
        ok = err_set(e, E_NOT_FOUND, "no rows of %.*s are kept: none broke a check at its last build", STR_FMT(p->ref));
    } else if (ok) {
        struct str name = arena_printf(&a, "%.*s__failing", STR_FMT(local_of(p->ref_major, domain)));
        buf_addz(&b, "CREATE OR REPLACE VIEW ");
        put_name(&b, k->name, domain, name);
        buf_addz(&b, " AS SELECT ");
        put_columns(&b, p->contract, &found.v[0], NULL, NULL);
        buf_addz(&b, " FROM ");
        put_name(&b, "mesh", STR("quarantine"), p->ref_major);
        unsigned char made = 0;
        ok = make_once(k, c, &made, 1, &b, p->ref, e);
    }
    pthread_mutex_unlock(&k->making);
    arena_fini(&a);
    buf_fini(&b);
    return ok;
}

/* ---- catalogs ---- */

static void catalog_free(struct gov_catalog *k)
{
    pthread_mutex_destroy(&k->making);
    arena_fini(&k->arena);
    mem_free(k);
}

static struct gov_catalog *catalog_new(struct govern *g, const struct mesh *m, const char *kind)
{
    struct gov_catalog *k = mem_alloc(sizeof *k);
    arena_init(&k->arena);
    pthread_mutex_init(&k->making, NULL);
    pthread_mutex_lock(&g->lock);
    snprintf(k->name, sizeof k->name, "%s_%u", kind, ++g->catalog_number);
    pthread_mutex_unlock(&g->lock);
    k->port_made = arena_array(&k->arena, m->n_ports, 1);
    k->stream_made = arena_array(&k->arena, m->n_streams, 1);
    k->refs = 1;
    return k;
}

/* Attached, with schemas and functions; from now on it is found among the catalogs. */
static bool catalog_attach(struct govern *g, struct engine_conn *c, const struct mesh *m, struct gov_catalog *k, struct err *e)
{
    struct buf b = BUF_INIT(SQL_MAX);
    buf_printf(&b, "ATTACH ':memory:' AS \"%s\";", k->name);
    for (size_t i = 0; i < m->n_domains; i++) {
        buf_printf(&b, "CREATE SCHEMA \"%s\".", k->name);
        buf_sql_ident(&b, m->domains[i].name);
        buf_addc(&b, ';');
    }
    const struct { const char *name; struct str value; } functions[] = {{"mesh_reporting_currency", m->reporting_currency}, {"mesh_time_zone", m->time_zone}};
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        buf_printf(&b, "CREATE MACRO \"%s\".main.%s() AS ", k->name, functions[i].name);
        buf_sql_text(&b, functions[i].value);
        buf_addc(&b, ';');
    }
    bool ok = buf_ok(&b, e) && engine_exec(c, buf_str(&b), e);
    buf_fini(&b);
    if (ok) {
        pthread_mutex_lock(&g->lock);
        k->next = g->catalogs;
        g->catalogs = k;
        pthread_mutex_unlock(&g->lock);
    }
    return ok;
}

bool gov_catalog_make(struct govern *g, const struct mesh *m, struct gov_catalog **out, struct err *e)
{
    struct gov_catalog *k = catalog_new(g, m, "gov");
    bool ok = objects_read(g->maker, &k->arena, STR("mesh"), STR("live"), STR(""), &k->ports, e) &&
              objects_read(g->maker, &k->arena, STR("mesh"), STR("raw"), STR(""), &k->streams, e) && catalog_attach(g, g->maker, m, k, e);
    if (!ok) {
        catalog_free(k);
        k = NULL;
    }
    *out = k;
    return ok;
}

bool gov_catalog_make_past(struct govern *g, const struct mesh *m, struct str src, struct gov_catalog **out, struct err *e)
{
    struct gov_catalog *k = catalog_new(g, m, "gov_asof");
    struct engine_conn *c = NULL;
    snprintf(k->src, sizeof k->src, "%.*s", STR_FMT(src));
    bool ok = engine_connect(g->state->engine, &c, e) && catalog_attach(g, c, m, k, e);
    engine_disconnect(c);
    if (!ok) {
        catalog_free(k);
        k = NULL;
    }
    *out = k;
    return ok;
}

struct gov_catalog *gov_catalog_ref(struct govern *g, struct gov_catalog *c)
{
    pthread_mutex_lock(&g->lock);
    c->refs++;
    pthread_mutex_unlock(&g->lock);
    return c;
}

void gov_catalog_unref(struct govern *g, struct gov_catalog *c)
{
    if (!c)
        return;
    pthread_mutex_lock(&g->lock);
    bool last = --c->refs == 0;
    for (struct gov_catalog **p = &g->catalogs; last && *p; p = &(*p)->next) {
        if (*p == c) {
            *p = c->next;
            break;
        }
    }
    pthread_mutex_unlock(&g->lock);
    if (!last)
        return;
    char sql[CATALOG_NAME_MAX + 40];
    struct err e = {0};
    struct engine_conn *conn = NULL;
    snprintf(sql, sizeof sql, "DETACH DATABASE IF EXISTS \"%s\"", c->name);
    if (!engine_connect(g->state->engine, &conn, &e) || !engine_exec(conn, str_of(sql), &e))
        log_err(LOG_DEBUG, "govern", "catalog_kept", &e);
    engine_disconnect(conn);
    catalog_free(c);
}

void gov_catalog_retire(struct govern *g, struct gov_catalog *c)
{
    gov_catalog_unref(g, c); /* the reference that being in use was */
}

bool gov_stamp(struct engine_conn *c, char out[64], struct err *e)
{
    struct arena a;
    struct str text;
    bool null;
    arena_init(&a);
    bool ok = engine_value(c,
                           STR("SELECT (SELECT count(*) || ':' || coalesce(max(version_id), 0) || ':' || coalesce(sum(version_id), 0) FROM mesh.sys.port_version WHERE live)"
                               " || ':' || (SELECT coalesce(max(file_id), 0) FROM mesh.sys.file_load)"),
                           NULL, 0, &a, &text, &null, e);
    snprintf(out, 64, "%.*s", STR_FMT(text));
    arena_fini(&a);
    return ok;
}
