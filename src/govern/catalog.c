/* Catalogs of governed views: a schema per domain, a view per port (plain and major) and per raw stream, the functions of the
 * mesh. Views name their columns one by one, so a column that appears below is not shown before it has been looked at. */
#include "govern/govern_int.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"

#define HIDDEN_TEXT "hidden: personal"
enum { SQL_MAX = 16 * 1024 * 1024 };

/* Columns of what lies below, by object. */
struct object { struct str name; struct str *cols; size_t n; };
struct objects { struct object *v; size_t n; };

/* ---- which columns are hidden ---- */

/* Words, as parts of a name between underscores, that stand for people where nobody has classified the column. */
static const char *const person_words[] = {"email", "mail", "phone", "mobile", "telephone", "firstname", "lastname", "fullname", "surname", "birthday",
                                           "birthdate", "dob", "street", "address", "address1", "address2", "ip", "ssn", "passport", "iban"};
static const char *const person_names[] = {"first_name", "last_name", "full_name", "date_of_birth", "customer_name", "contact_name", "card_number", "user_name", "username"};

static bool suggests_person(struct str name)
{
    for (size_t i = 0; i < sizeof person_names / sizeof person_names[0]; i++)
        if (str_find(name, str_of(person_names[i]), 0) != SIZE_MAX)
            return true;
    for (struct str rest = name; rest.p;) {
        struct str word = str_cut(rest, '_', &rest);
        for (size_t i = 0; i < sizeof person_words / sizeof person_words[0]; i++)
            if (str_eq_nocase(word, str_of(person_words[i])))
                return true;
    }
    return false;
}

bool gov_column_hidden(const struct mesh_contract *contract, struct str name)
{
    for (size_t i = 0; contract && i < contract->n_columns; i++) {
        const struct mesh_column *c = &contract->columns[i];
        if (str_eq_nocase(c->name, name))
            return mesh_column_hidden(c) || (c->class_ == CLASS_UNSET && suggests_person(name));
    }
    return suggests_person(name);
}

/* ---- what lies below ---- */

static int object_cmp(const void *x, const void *y)
{
    return str_cmp(((const struct object *)x)->name, ((const struct object *)y)->name);
}

/* Objects and columns of a catalog; `schema` empty: all schemas, and names become "schema.name". */
static bool objects_read(struct engine_conn *c, struct arena *a, struct str catalog, struct str schema, struct objects *out, struct err *e)
{
    struct engine_result *r = NULL;
    struct engine_chunk *ch;
    size_t cap = 0, cols_cap = 0;
    const struct engine_param p[] = {{.type = ENGINE_TEXT, .s = catalog}, {.type = ENGINE_TEXT, .s = schema}};
    bool ok = engine_query(c,
                           STR("SELECT CASE WHEN $2 = '' THEN schema_name || '.' || table_name ELSE table_name END, column_name FROM duckdb_columns()"
                               " WHERE database_name = $1 AND ($2 = '' OR schema_name = $2) ORDER BY schema_name, table_name, column_index"),
                           p, 2, &r, e);
    *out = (struct objects){0};
    while (ok && (ok = engine_result_next(r, &ch, e)) && ch) {
        for (size_t i = 0; i < engine_chunk_rows(ch); i++) {
            struct str name = engine_cell_str(ch, 0, i);
            struct object *o = out->n ? &out->v[out->n - 1] : NULL;
            if (!o || !str_eq(o->name, name)) {
                if (out->n == cap) {
                    size_t bigger = cap ? cap * 2 : 64;
                    struct object *v = arena_array(a, bigger, sizeof *v);
                    if (out->n)
                        memcpy(v, out->v, out->n * sizeof *v);
                    out->v = v;
                    cap = bigger;
                }
                o = &out->v[out->n++];
                *o = (struct object){.name = arena_str(a, name)};
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

static const struct object *object_find(const struct objects *o, struct str name)
{
    const struct object key = {.name = name};
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

static void put_columns(struct buf *b, const struct mesh_contract *contract, const struct object *o, const char *skip1, const char *skip2)
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

/* One view; a failure leaves this view out and is logged, the others stand. */
static bool make_view(struct engine_conn *c, const struct buf *sql, struct str ref)
{
    struct err e = {0};
    if (!sql->failed && engine_exec(c, buf_str(sql), &e))
        return true;
    log_event(LOG_WARN, "govern", "view_left_out", "ref=%.*s code=%s", STR_FMT(ref), err_info_get(e.code)->code);
    return false;
}

/* The port under its major name, and where that is the default under its plain name. `below`: catalog.schema."name" of its rows. */
static bool make_port_views(struct engine_conn *c, const char *catalog, const struct mesh_port *p, struct str below, const struct object *o)
{
    struct buf b = BUF_INIT(SQL_MAX);
    struct str domain = p->product->domain->name;
    struct str major = {p->ref_major.p + domain.n + 1, p->ref_major.n - domain.n - 1};
    buf_addz(&b, "CREATE VIEW ");
    put_name(&b, catalog, domain, major);
    buf_addz(&b, " AS SELECT ");
    put_columns(&b, p->contract, o, NULL, NULL);
    buf_addz(&b, " FROM ");
    buf_add(&b, below);
    bool ok = make_view(c, &b, p->ref_major);
    if (ok && p->is_default) {
        buf_reset(&b);
        buf_addz(&b, "CREATE VIEW ");
        put_name(&b, catalog, domain, p->name);
        buf_addz(&b, " AS SELECT * FROM ");
        put_name(&b, catalog, domain, major);
        ok = make_view(c, &b, p->ref);
    }
    buf_fini(&b);
    return ok;
}

static void put_stream_head(struct buf *b, const char *catalog, const struct mesh_stream *st)
{
    buf_addz(b, "CREATE VIEW ");
    put_name(b, catalog, st->source->domain->name,
             (struct str){st->ref.p + st->source->domain->name.n + 1, st->ref.n - st->source->domain->name.n - 1});
    buf_addz(b, " AS SELECT ");
}

/* A raw stream: its rows as they are now, or no rows with the contract's columns when nothing was loaded. */
static bool make_stream_view(struct engine_conn *c, const char *catalog, const struct mesh_stream *st, const struct object *o)
{
    struct buf b = BUF_INIT(SQL_MAX);
    put_stream_head(&b, catalog, st);
    if (o) {
        put_columns(&b, st->contract, o, "_file_id", "_line");
    } else {
        for (size_t i = 0; st->contract && i < st->contract->n_columns; i++) {
            const struct mesh_column *col = &st->contract->columns[i];
            bool hidden = gov_column_hidden(st->contract, col->name);
            buf_addz(&b, hidden ? "'" HIDDEN_TEXT "' AS " : "CAST(NULL AS ");
            if (!hidden) {
                buf_add(&b, col->physical_type.n ? col->physical_type : STR("VARCHAR"));
                buf_addz(&b, ") AS ");
            }
            buf_sql_ident(&b, col->name);
            buf_addz(&b, ", ");
        }
        buf_addz(&b, "CAST(NULL AS TIMESTAMP) AS _learned_from");
    }
    buf_addz(&b, ", ");
    if (st->source->currency.n)
        buf_sql_text(&b, st->source->currency);
    else
        buf_addz(&b, "CAST(NULL AS VARCHAR)");
    buf_addz(&b, " AS _source_currency");
    if (o) {
        buf_addz(&b, " FROM mesh.raw.");
        buf_sql_ident(&b, st->ref);
    } else {
        buf_addz(&b, " WHERE false");
    }
    bool ok = make_view(c, &b, st->ref);
    buf_fini(&b);
    return ok;
}

static bool make_past_stream_view(struct engine_conn *c, const char *catalog, const struct mesh_stream *st, struct str below, const struct object *o)
{
    struct buf b = BUF_INIT(SQL_MAX);
    put_stream_head(&b, catalog, st);
    put_columns(&b, st->contract, o, NULL, NULL);
    buf_addz(&b, " FROM ");
    buf_add(&b, below);
    bool ok = make_view(c, &b, st->ref);
    buf_fini(&b);
    return ok;
}

/* ---- catalogs ---- */

static bool make_base(struct govern *g, struct engine_conn *c, const struct mesh *m, const char *kind, struct gov_catalog **out, struct err *e)
{
    struct gov_catalog *k = mem_alloc(sizeof *k);
    struct buf b = BUF_INIT(SQL_MAX);
    pthread_mutex_lock(&g->lock);
    snprintf(k->name, sizeof k->name, "%s_%u", kind, ++g->catalog_number);
    pthread_mutex_unlock(&g->lock);
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
    k->port_ready = mem_alloc(m->n_ports + 1);
    k->stream_ready = mem_alloc(m->n_streams + 1);
    bool ok = buf_ok(&b, e) && engine_exec(c, buf_str(&b), e);
    buf_fini(&b);
    if (!ok) {
        mem_free(k->port_ready);
        mem_free(k->stream_ready);
        mem_free(k);
        return false;
    }
    k->refs = 1;
    pthread_mutex_lock(&g->lock);
    k->next = g->catalogs;
    g->catalogs = k;
    pthread_mutex_unlock(&g->lock);
    *out = k;
    return true;
}

bool gov_catalog_make(struct govern *g, const struct mesh *m, struct gov_catalog **out, struct err *e)
{
    struct arena a;
    struct objects live, raw;
    struct gov_catalog *k = NULL;
    arena_init(&a);
    bool ok = objects_read(g->maker, &a, STR("mesh"), STR("live"), &live, e) && objects_read(g->maker, &a, STR("mesh"), STR("raw"), &raw, e) &&
              make_base(g, g->maker, m, "gov", &k, e);
    for (size_t i = 0; ok && i < m->n_ports; i++) {
        const struct object *o = object_find(&live, m->ports[i]->ref_major);
        struct buf below = BUF_INIT(4096);
        put_name(&below, "mesh", STR("live"), m->ports[i]->ref_major);
        k->port_ready[i] = o && make_port_views(g->maker, k->name, m->ports[i], buf_str(&below), o);
        buf_fini(&below);
    }
    for (size_t i = 0; ok && i < m->n_streams; i++)
        k->stream_ready[i] = make_stream_view(g->maker, k->name, m->streams[i], object_find(&raw, m->streams[i]->ref));
    arena_fini(&a);
    *out = k;
    return ok;
}

bool gov_catalog_make_past(struct govern *g, const struct mesh *m, struct str src, struct gov_catalog **out, struct err *e)
{
    struct arena a;
    struct objects past;
    struct gov_catalog *k = NULL;
    struct engine_conn *c = NULL;
    arena_init(&a);
    const char *srcz = arena_strz(&a, src);
    bool ok = engine_connect(g->state->engine, &c, e) && objects_read(c, &a, src, STR(""), &past, e) && make_base(g, c, m, "gov_asof", &k, e);
    for (size_t i = 0; ok && i < m->n_ports; i++) {
        const struct mesh_port *p = m->ports[i];
        const struct object *o = object_find(&past, p->ref_major);
        struct buf below = BUF_INIT(4096);
        struct str domain = p->product->domain->name;
        put_name(&below, srcz, domain, (struct str){p->ref_major.p + domain.n + 1, p->ref_major.n - domain.n - 1});
        k->port_ready[i] = o && make_port_views(c, k->name, p, buf_str(&below), o);
        buf_fini(&below);
    }
    for (size_t i = 0; ok && i < m->n_streams; i++) {
        const struct mesh_stream *st = m->streams[i];
        const struct object *o = object_find(&past, st->ref);
        struct buf below = BUF_INIT(4096);
        struct str domain = st->source->domain->name;
        put_name(&below, srcz, domain, (struct str){st->ref.p + domain.n + 1, st->ref.n - domain.n - 1});
        k->stream_ready[i] = o && make_past_stream_view(c, k->name, st, buf_str(&below), o);
        buf_fini(&below);
    }
    engine_disconnect(c);
    arena_fini(&a);
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
    mem_free(c->port_ready);
    mem_free(c->stream_ready);
    mem_free(c);
}

void gov_catalog_retire(struct govern *g, struct gov_catalog *c)
{
    if (!c)
        return;
    pthread_mutex_lock(&g->lock);
    c->retired = true;
    pthread_mutex_unlock(&g->lock);
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
