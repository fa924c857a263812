/* Writing the views of a catalog: each names its columns one by one, so that a column that appears below is not shown before it has been looked at;
 * personal ones through their mask, rows through the filters of the policy and of consent. Made when a question first names them. */
#include "govern/govern_int.h"

#include "base/buf.h"
#include "base/log.h"
#include "govern/consent.h"
#include "govern/mask.h"

enum { SQL_MAX = 16 * 1024 * 1024 };
static const struct policy_mask redacted = {.mask = MASK_REDACT};

static void put_name(struct buf *b, const char *catalog, struct str schema, struct str name)
{
    buf_sql_ident(b, str_of(catalog));
    buf_addc(b, '.');
    buf_sql_ident(b, schema);
    buf_addc(b, '.');
    buf_sql_ident(b, name);
}

/* Name of a ref inside of its domain. */
static struct str local_of(struct str ref, struct str domain)
{
    return (struct str){ref.p + domain.n + 1, ref.n - domain.n - 1};
}

static void put_head(struct buf *b, const struct gov_catalog *k, struct str domain, struct str local)
{
    buf_addz(b, "CREATE VIEW ");
    put_name(b, k->name, domain, local);
    buf_addz(b, " AS SELECT ");
}

/* Today's rows lie in mesh.live and mesh.raw, those of a past moment in the catalog that the builder made for it. */
static void put_below(struct buf *b, const struct gov_catalog *k, const char *schema, struct str domain, struct str ref)
{
    if (k->src[0])
        put_name(b, k->src, domain, local_of(ref, domain));
    else
        put_name(b, "mesh", str_of(schema), ref);
}

/* ---- ports ---- */

static void put_column(struct buf *b, bool *any, struct policy_mask mask, struct str column, struct str type)
{
    buf_addz(b, *any ? ", " : "");
    mask_put(b, mask, column, type);
    if (mask.mask != MASK_NONE) {
        buf_addz(b, " AS ");
        buf_sql_ident(b, column);
    }
    *any = true;
}

/* How one column of a port is shown. People are counted by their keyed hash where only groups are shown. */
static struct policy_mask column_mask(const struct mesh *m, const struct gov_catalog *k, const struct mesh_port *p, enum mesh_tier tier, struct str column)
{
    static const struct policy_mask none = {.mask = MASK_NONE}, hashed = {.mask = MASK_HASH};
    if (tier == TIER_RAW)
        return none;
    if (tier == TIER_AGGREGATED && p->person_column.n)
        return str_eq(column, p->person_column) ? hashed : policy_class(m, p, column) >= CLASS_PERSONAL ? redacted : none;
    return policy_mask(m, &k->who, k->purpose, p, column);
}

/* A port of one's own may number its customers. */
static bool is_text(const struct gov_object *o, struct str column)
{
    for (size_t i = 0; i < o->n; i++)
        if (str_eq(o->cols[i], column))
            return str_eq(o->types[i], STR("VARCHAR"));
    return false;
}

static void put_filters(struct buf *b, const struct gov_catalog *k, const struct mesh_port *p, const struct gov_object *o, const struct policy_access *x)
{
    bool both = x->rows.n && x->consent;
    if (x->rows.n) {
        buf_addc(b, '(');
        buf_add(b, x->rows);
        buf_addc(b, ')');
    }
    buf_addz(b, both ? " AND " : "");
    if (x->consent && (p->by_evidence || p->by_contact)) {
        if (p->by_evidence)
            consent_evidence_put(b, k->purpose, STR("rows_below.evidence"));
        else
            consent_contact_put(b, k->purpose, STR("rows_below.contact_key"));
        buf_addz(b, p->person_column.n ? " AND " : "");
    }
    if (x->consent && p->person_column.n) {
        struct buf column = BUF_INIT(4096);
        bool text = is_text(o, p->person_column);
        buf_addz(&column, text ? "rows_below." : "CAST(rows_below.");
        buf_sql_ident(&column, p->person_column);
        buf_addz(&column, text ? "" : " AS VARCHAR)");
        consent_condition_put(b, k->purpose, buf_str(&column));
        buf_fini(&column);
    }
}

static void put_port(struct buf *b, const struct mesh *m, const struct gov_catalog *k, const struct mesh_port *p, bool plain, const struct gov_object *o,
                     const struct policy_access *x)
{
    struct str domain = p->product->domain->name;
    bool any = false, filtered = x->rows.n || x->consent;
    put_head(b, k, domain, plain ? p->name : local_of(p->ref_major, domain));
    if (x->tier == TIER_TEST) {
        gov_put_invented(b, p, o);
        return;
    }
    for (size_t i = 0; i < o->n; i++)
        put_column(b, &any, column_mask(m, k, p, x->tier, o->cols[i]), o->cols[i], o->types[i]);
    buf_addz(b, filtered ? " FROM (SELECT * FROM " : " FROM ");
    put_below(b, k, "live", domain, k->src[0] && plain ? p->ref : p->ref_major);
    if (filtered) { /* below the masks, so that a condition sees the values and not what is shown of them */
        buf_addz(b, " AS rows_below WHERE ");
        put_filters(b, k, p, o, x);
        buf_addz(b, ") AS rows_below");
    }
}

/* ---- streams ---- */

static void put_stream_columns(struct buf *b, const struct mesh *m, const struct gov_catalog *k, const struct mesh_stream *st, const struct gov_object *o)
{
    bool any = false;
    for (size_t i = 0; i < o->n; i++)
        if (!str_eq(o->cols[i], STR("_file_id")) && !str_eq(o->cols[i], STR("_line")))
            put_column(b, &any, policy_stream_mask(m, &k->who, st, o->cols[i]), o->cols[i], o->types[i]);
}

/* The contract's columns without rows, for a stream into which nothing was loaded. */
static void put_empty_columns(struct buf *b, const struct mesh *m, const struct gov_catalog *k, const struct mesh_stream *st)
{
    static const struct policy_mask nothing = {.mask = MASK_NULL};
    bool any = false;
    for (size_t i = 0; st->contract && i < st->contract->n_columns; i++) {
        const struct mesh_column *c = &st->contract->columns[i];
        bool shown = policy_stream_mask(m, &k->who, st, c->name).mask == MASK_NONE;
        put_column(b, &any, shown ? nothing : redacted, c->name, c->physical_type);
    }
    buf_addz(b, any ? ", CAST(NULL AS TIMESTAMP) AS _learned_from" : "CAST(NULL AS TIMESTAMP) AS _learned_from");
}

static void put_stream(struct buf *b, const struct mesh *m, const struct gov_catalog *k, const struct mesh_stream *st, const struct gov_object *o)
{
    struct str domain = st->source->domain->name;
    put_head(b, k, domain, local_of(st->ref, domain));
    if (o)
        put_stream_columns(b, m, k, st, o);
    else
        put_empty_columns(b, m, k, st);
    if (!k->src[0]) { /* the builder's view of the past has it among its columns */
        buf_addz(b, ", ");
        if (st->source->currency.n)
            buf_sql_text(b, st->source->currency);
        else
            buf_addz(b, "CAST(NULL AS VARCHAR)");
        buf_addz(b, " AS _source_currency");
    }
    buf_addz(b, o ? " FROM " : " WHERE false");
    if (o)
        put_below(b, k, "raw", domain, st->ref);
}

/* ---- making them ---- */

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
    return gov_object_find(&k->live->ports, p->ref_major) != NULL;
}

/* The view of the past below, made by the builder, and its columns. */
static bool past_object(struct govern *g, const struct gov_catalog *k, struct engine_conn *c, struct arena *a, struct str domain, struct str ref,
                        const struct gov_object **out, struct err *e)
{
    struct gov_objects found;
    if (!g->below.object(g->below.ctx, str_of(k->src), ref, e) || !gov_objects_read(c, a, str_of(k->src), domain, local_of(ref, domain), &found, e)) {
        err_set(e, E_NOT_BUILT, "%.*s cannot be computed as of that day", STR_FMT(ref));
        return err_hint(e, "what it reads did not have the columns that its SQL needs"), false;
    }
    *out = found.n ? &found.v[0] : NULL;
    return found.n || err_set(e, E_NOT_BUILT, "%.*s cannot be read as it was", STR_FMT(ref));
}

bool gov_port_view(struct govern *g, struct gov_catalog *k, struct engine_conn *c, const struct mesh_port *p, bool plain, const struct policy_access *x, struct err *e)
{
    unsigned char bit = plain ? 2 : 1;
    struct buf b = BUF_INIT(SQL_MAX);
    struct arena a;
    arena_init(&a);
    pthread_mutex_lock(&k->making);
    bool ok = (k->port_made[p->index] & bit) != 0;
    if (!ok) {
        const struct gov_object *o = k->src[0] ? NULL : gov_object_find(&k->live->ports, p->ref_major);
        ok = !k->src[0] || past_object(g, k, c, &a, p->product->domain->name, plain ? p->ref : p->ref_major, &o, e);
        if (ok)
            put_port(&b, g->mesh, k, p, plain, o, x);
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
        const struct gov_object *o = k->src[0] ? NULL : gov_object_find(&k->live->streams, st->ref);
        ok = !k->src[0] || past_object(g, k, c, &a, st->source->domain->name, st->ref, &o, e);
        if (ok)
            put_stream(&b, g->mesh, k, st, o);
        ok = ok && make_once(k, c, &k->stream_made[index], 1, &b, st->ref, e);
    }
    pthread_mutex_unlock(&k->making);
    arena_fini(&a);
    buf_fini(&b);
    return ok;
}

/* What lies below is read anew, so that nothing is shown that was not looked at. */
bool gov_failing_view(struct govern *g, struct gov_catalog *k, struct engine_conn *c, const struct mesh_port *p, struct err *e)
{
    struct buf b = BUF_INIT(SQL_MAX);
    struct gov_objects found;
    struct arena a;
    struct str domain = p->product->domain->name;
    bool any = false;
    arena_init(&a);
    pthread_mutex_lock(&k->making);
    bool ok = gov_objects_read(c, &a, STR("mesh"), STR("quarantine"), p->ref_major, &found, e);
    if (ok && !found.n) {
        ok = err_set(e, E_NOT_FOUND, "no rows of %.*s are kept: none broke a check at its last build", STR_FMT(p->ref));
    } else if (ok) {
        struct str name = arena_printf(&a, "%.*s__failing", STR_FMT(local_of(p->ref_major, domain)));
        buf_addz(&b, "CREATE OR REPLACE VIEW ");
        put_name(&b, k->name, domain, name);
        buf_addz(&b, " AS SELECT ");
        for (size_t i = 0; i < found.v[0].n; i++)
            put_column(&b, &any, policy_mask(g->mesh, &k->who, k->purpose, p, found.v[0].cols[i]), found.v[0].cols[i], found.v[0].types[i]);
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
