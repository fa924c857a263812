/* "As it was known then": an in-memory catalog per asked moment, in which raw streams are filtered by when their rows were
 * learned (history included) and every port is its own SQL over them. It holds no rows; the question computes what it needs.
 * Catalogs are kept for the moments asked last, and made anew after a load or a change of the declaration. One that goes out
 * of use stays attached for a while, for questions that have already been given its name. */
#include "build/build_int.h"

#include "base/clock.h"
#include "base/log.h"

#define ASOF_KEPT 8
#define ASOF_GRACE_US (10LL * 60 * 1000000)

struct asof_entry {
    int64_t moment_us, used_us; /* used: monotonic */
    unsigned number;
    bool retired; /* never given out again; detached after the grace time */
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
        oldest->retired = true;
        oldest->used_us = now;
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

/* A port whose SQL does not bind is left out, and with it all that read it: a question that names it says so. */
static void add_port(struct engine_conn *c, struct str catalog, const struct mesh_port *p)
{
    struct arena a;
    struct err e = {0};
    struct buf sql = BUF_INIT(BUILD_SQL_MAX);
    arena_init(&a);
    struct str major = build_qualified(&a, catalog, p->product->domain->name, build_port_local(p, &a));
    struct str plain = build_qualified(&a, catalog, p->product->domain->name, p->name);
    buf_printf(&sql, "CREATE VIEW %.*s AS\n%.*s", STR_FMT(major), STR_FMT(p->sql));
    bool ok = buf_ok(&sql, &e) && engine_exec(c, buf_str(&sql), &e);
    if (ok && p->is_default)
        ok = engine_exec(c, arena_printf(&a, "CREATE VIEW %.*s AS SELECT * FROM %.*s", STR_FMT(plain), STR_FMT(major)), &e);
    if (!ok)
        log_event(LOG_WARN, "build", "asof_port", "port=%.*s code=%s", STR_FMT(p->ref_major), err_info_get(e.code)->code);
    buf_fini(&sql);
    arena_fini(&a);
}

/* Caller holds b->lock. */
static bool make(struct build *b, int64_t moment_us, struct arena *a, struct str *catalog, struct err *e)
{
    struct asof *s = b->asof;
    struct asof_entry x = {.moment_us = moment_us, .used_us = clock_mono_us(), .number = ++s->last_number};
    *catalog = entry_name(&x, a);
    if (!build_catalog_base(s->conn, b->m, *catalog, e) || !build_catalog_streams(s->conn, b->m, *catalog, moment_us, e)) {
        build_catalog_drop(s->conn, *catalog);
        return false;
    }
    for (size_t i = 0; i < b->m->n_ports; i++)
        add_port(s->conn, *catalog, b->m->ports[i]);
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

void build_asof_invalidate(struct build *b)
{
    pthread_mutex_lock(&b->lock);
    for (size_t i = 0; b->asof != NULL && i < b->asof->n; i++) {
        if (!b->asof->entries[i].retired)
            b->asof->entries[i].used_us = clock_mono_us();
        b->asof->entries[i].retired = true;
    }
    pthread_mutex_unlock(&b->lock);
}

void build_asof_free(struct build *b)
{
    if (b->asof == NULL)
        return;
    struct arena a;
    arena_init(&a);
    for (size_t i = 0; i < b->asof->n; i++)
        build_catalog_drop(b->asof->conn, entry_name(&b->asof->entries[i], &a));
    arena_fini(&a);
    engine_disconnect(b->asof->conn);
    mem_free(b->asof->entries);
    mem_free(b->asof);
    b->asof = NULL;
}
