/* "As it was known then": an in-memory catalog per asked moment, in which raw streams are filtered by when their rows were
 * learned (history included) and every port is its own SQL over them. It holds no rows; the question computes what it needs.
 * A view is made when a question first needs it: making one binds all that lies below it, which takes its time.
 * Catalogs are kept for the moments asked last, and made anew after a load or a change of the declaration. One that goes out
 * of use stays attached for a while, for questions that have already been given its name. */
#include "build/build_int.h"

#include "base/clock.h"
#include "base/log.h"
#include "mesh/functions.h"

#define ASOF_KEPT     8
#define ASOF_GRACE_US (10LL * 60 * 1000000)

enum { MADE_PLAIN = 1, MADE_MAJOR = 2, FAILED_PLAIN = 4, FAILED_MAJOR = 8 }; /* a port has a view by each of its names */

struct asof_entry {
    int64_t moment_us, used_us; /* used: monotonic */
    unsigned number;
    bool retired;                   /* never given out again, nothing more is made in it; detached after the grace time */
    unsigned char *ports, *streams; /* what is made, by index in build.m; NULL when retired */
};

struct asof {
    struct engine_conn *conn;
    struct asof_entry *entries;
    size_t n, cap;
    unsigned last_number;
};

static struct str entry_name(const struct asof_entry *x, struct arena *a)
{
    return arena_printf(a, "src_asof_%u", x->number);
}

static void retire(struct asof_entry *x)
{
    if (x->retired)
        return;
    x->retired = true;
    x->used_us = clock_mono_us();
    mem_free(x->ports);
    mem_free(x->streams);
    x->ports = x->streams = NULL;
}

/* Caller holds b->lock. */
static void sweep(struct asof *s)
{
    int64_t now = clock_mono_us();
    size_t kept = 0, in_use = 0;
    for (size_t i = 0; i < s->n; i++)
        in_use += !s->entries[i].retired;
    for (; in_use >= ASOF_KEPT; in_use--) {
        struct asof_entry *oldest = NULL;
        for (size_t i = 0; i < s->n; i++)
            if (!s->entries[i].retired && (oldest == NULL || s->entries[i].used_us < oldest->used_us))
                oldest = &s->entries[i];
        if (oldest == NULL)
            break;
        retire(oldest);
    }
    for (size_t i = 0; i < s->n; i++) {
        struct arena a;
        if (!s->entries[i].retired || now - s->entries[i].used_us < ASOF_GRACE_US) {
            s->entries[kept++] = s->entries[i];
            continue;
        }
        arena_init(&a);
        build_catalog_drop(s->conn, entry_name(&s->entries[i], &a));
        arena_fini(&a);
    }
    s->n = kept;
}

static bool make_stream(struct build *b, struct asof_entry *x, struct arena *a, const struct mesh_stream *st, struct err *e)
{
    size_t i = 0;
    while (b->m->streams[i] != st)
        i++;
    if (!x->streams[i])
        x->streams[i] = build_catalog_stream(b->asof->conn, st, entry_name(x, a), x->moment_us, e);
    return x->streams[i];
}

static bool make_object(struct build *b, struct asof_entry *x, struct arena *a, struct str ref, struct err *e);

/* The port by the name that is asked for, and first all that it reads. */
static bool make_port(struct build *b, struct asof_entry *x, struct arena *a, const struct mesh_port *p, bool plain,
                      struct err *e)
{
    unsigned char *state = &x->ports[p->index], made = plain ? MADE_PLAIN : MADE_MAJOR,
                  failed = plain ? FAILED_PLAIN : FAILED_MAJOR;
    if (*state & made)
        return true;
    if (*state & failed)
        return err_set(e, E_NOT_BUILT, "%.*s could not be computed as of this moment", STR_FMT(p->ref_major));
    struct buf sql = BUF_INIT(BUILD_SQL_MAX);
    struct str name = build_qualified(a, entry_name(x, a), p->product->domain->name, plain ? p->name : build_port_local(p, a));
    bool ok = true;
    for (size_t i = 0; ok && p->materialization != MATERIALIZED_IDENTITY && i < p->n_inputs; i++)
        ok = make_object(b, x, a, p->inputs[i].ref, e);
    /* Who people are is known as of today alone. */
    if (p->materialization == MATERIALIZED_IDENTITY)
        buf_printf(&sql, "CREATE VIEW %.*s AS SELECT * FROM %.*s", STR_FMT(name),
                   STR_FMT(build_qualified(a, STR("mesh"), STR("live"), p->ref_major)));
    else
        buf_printf(&sql, "CREATE VIEW %.*s AS\n%.*s", STR_FMT(name), STR_FMT(p->sql));
    ok = ok && buf_ok(&sql, e) && engine_exec(b->asof->conn, buf_str(&sql), e);
    if (!ok)
        log_event(LOG_WARN, "build", "asof_port", "port=%.*s code=%s", STR_FMT(p->ref_major),
                  e != NULL ? err_info_get(e->code)->code : "");
    *state |= ok ? made : failed;
    buf_fini(&sql);
    return ok;
}

/* Caller holds b->lock. The order of ports knows no cycles. */
static bool make_object(struct build *b, struct asof_entry *x, struct arena *a, struct str ref, struct err *e)
{
    const struct mesh_port *p = mesh_find_port(b->m, ref);
    const struct mesh_stream *st = p == NULL ? mesh_find_stream(b->m, ref) : NULL;
    if (p != NULL)
        return make_port(b, x, a, p, !str_eq_nocase(ref, p->ref_major), e);
    if (st != NULL)
        return make_stream(b, x, a, st, e);
    return err_set(e, E_NOT_FOUND, "there is no port or stream %.*s", STR_FMT(ref));
}

/* What had been said at the desk until then. */
static bool said_until(struct build *b, struct str catalog, int64_t moment_us, struct err *e)
{
    struct buf sql = BUF_INIT(BUILD_SQL_MAX);
    buf_addz(&sql, "CREATE OR REPLACE MACRO ");
    buf_sql_ident(&sql, catalog);
    buf_addz(&sql, ".main." MESH_CONSENT_SAID "() AS TABLE SELECT * FROM (");
    mesh_function_sql(b->m, MESH_CONSENT_SAID, &sql);
    buf_printf(&sql, ") WHERE recorded_at < make_timestamp(%lld::BIGINT)", (long long)moment_us);
    bool ok = buf_ok(&sql, e) && engine_exec(b->asof->conn, buf_str(&sql), e);
    buf_fini(&sql);
    return ok;
}

/* Caller holds b->lock. */
static bool make(struct build *b, int64_t moment_us, struct arena *a, struct str *catalog, struct err *e)
{
    struct asof *s = b->asof;
    struct asof_entry x = {.moment_us = moment_us, .used_us = clock_mono_us(), .number = ++s->last_number};
    *catalog = entry_name(&x, a);
    if (!build_catalog_base(s->conn, b->m, *catalog, e) || !said_until(b, *catalog, moment_us, e)) {
        build_catalog_drop(s->conn, *catalog);
        return false;
    }
    x.ports = mem_alloc(b->m->n_ports + 1);
    x.streams = mem_alloc(b->m->n_streams + 1);
    if (s->n == s->cap) {
        s->cap = s->cap > 0 ? s->cap * 2 : 16;
        s->entries = mem_realloc(s->entries, s->cap * sizeof *s->entries);
    }
    s->entries[s->n++] = x;
    return true;
}

bool build_asof(void *ctx, int64_t moment_us, struct arena *a, struct str *catalog, struct err *e)
{
    struct build *b = ctx;
    bool ok = false;
    pthread_mutex_lock(&b->lock);
    if (b->m == NULL) {
        err_set(e, E_INTERNAL, "the past was asked before a declaration was given");
        goto out;
    }
    if (b->asof == NULL)
        b->asof = mem_alloc(sizeof *b->asof);
    if (b->asof->conn == NULL && !engine_connect(b->s->engine, &b->asof->conn, e))
        goto out;
    for (size_t i = 0; i < b->asof->n; i++) {
        struct asof_entry *x = &b->asof->entries[i];
        if (x->retired || x->moment_us != moment_us)
            continue;
        x->used_us = clock_mono_us();
        *catalog = entry_name(x, a);
        ok = true;
        goto out;
    }
    sweep(b->asof);
    ok = make(b, moment_us, a, catalog, e);
out:
    pthread_mutex_unlock(&b->lock);
    return ok;
}

bool build_asof_object(void *ctx, struct str catalog, struct str ref, struct err *e)
{
    struct build *b = ctx;
    struct asof_entry *x = NULL;
    struct arena a;
    arena_init(&a);
    pthread_mutex_lock(&b->lock);
    for (size_t i = 0; b->asof != NULL && i < b->asof->n && x == NULL; i++)
        if (!b->asof->entries[i].retired && str_eq(entry_name(&b->asof->entries[i], &a), catalog))
            x = &b->asof->entries[i];
    bool ok = x != NULL ? make_object(b, x, &a, ref, e)
                        : err_set(e, E_NOT_BUILT, "what was known then has been looked up anew meanwhile");
    pthread_mutex_unlock(&b->lock);
    arena_fini(&a);
    return ok;
}

void build_asof_invalidate_locked(struct build *b)
{
    for (size_t i = 0; b->asof != NULL && i < b->asof->n; i++)
        retire(&b->asof->entries[i]);
}

void build_asof_invalidate(struct build *b)
{
    pthread_mutex_lock(&b->lock);
    build_asof_invalidate_locked(b);
    pthread_mutex_unlock(&b->lock);
}

void build_asof_free(struct build *b)
{
    if (b->asof == NULL)
        return;
    struct arena a;
    arena_init(&a);
    for (size_t i = 0; i < b->asof->n; i++) {
        retire(&b->asof->entries[i]);
        build_catalog_drop(b->asof->conn, entry_name(&b->asof->entries[i], &a));
    }
    arena_fini(&a);
    engine_disconnect(b->asof->conn);
    mem_free(b->asof->entries);
    mem_free(b->asof);
    b->asof = NULL;
}
