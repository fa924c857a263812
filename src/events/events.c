/* Opening, the declaration of event sources and their tables, and what others ask of the events. */
#include "events/events.h"

#include <poll.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "events/events_int.h"

enum { BATCHES_KEPT_DAYS = 7 };

struct str event_ref(const struct mesh_source *s, struct arena *a)
{
    return arena_printf(a, "%.*s.%.*s", STR_FMT(s->domain->name), STR_FMT(s->name));
}

struct event_source *events_source(struct events *ev, struct str ref)
{
    for (size_t i = 0; i < ev->n_sources; i++) {
        if (str_eq(ev->sources[i].ref, ref))
            return &ev->sources[i];
    }
    return NULL;
}

/* ---- opening ---- */

static bool place_row(void *ctx, const struct engine_chunk *ch, size_t i, struct err *e)
{
    struct events *ev = ctx;
    (void)e;
    ev->place = (struct spool_position){(uint64_t)engine_cell_i64(ch, 0, i), (uint64_t)engine_cell_i64(ch, 1, i)};
    return true;
}

bool events_open(struct state *s, struct events **out, struct err *e)
{
    struct events *ev = mem_alloc(sizeof *ev);
    struct buf dir = BUF_INIT((size_t)8192);
    ev->s = s;
    pthread_mutex_init(&ev->lock, NULL);
    pthread_mutex_init(&ev->listen_lock, NULL);
    arena_init(&ev->a);
    ev->tail = tail_new();
    buf_printf(&dir, "%s/spool", s->data_dir);
    ev->spool_dir = mem_strdup(buf_str(&dir));
    bool ok = buf_ok(&dir, e) && engine_connect(s->engine, &ev->c, e) &&
              engine_exec(ev->c, STR("SET enable_progress_bar = false"),
                          e) && /* nobody watches, and counting costs more than small batches do */
              events_each(ev->c, STR("SELECT segment, \"offset\" FROM mesh.sys.event_place"), NULL, 0, place_row, ev, e) &&
              engine_value_i64(ev->c, STR("SELECT coalesce(max(batch_id), 0) + 1 FROM mesh.sys.event_batch"), NULL, 0,
                               &ev->next_batch, e) &&
              engine_value_i64(ev->c, STR("SELECT coalesce(max(id), 0) + 1 FROM mesh.quarantine.event"), NULL, 0,
                               &ev->next_rejected, e);
    buf_fini(&dir);
    if (!ok) {
        events_close(ev);
        ev = NULL;
    }
    *out = ev;
    return ok;
}

static void sources_free(struct events *ev)
{
    for (size_t i = 0; i < ev->n_sources; i++) {
        plan_free(ev->sources[i].plan);
        enrich_free(ev->sources[i].enrich);
    }
    ev->n_sources = 0;
    ev->m = NULL;
    errs_fini(&ev->said);
    ev->said = (struct errs){0};
    arena_fini(&ev->a);
    arena_init(&ev->a);
}

void events_close(struct events *ev)
{
    if (!ev)
        return;
    sources_free(ev);
    arena_fini(&ev->a);
    spool_reader_close(ev->reader);
    spool_reader_close(ev->waiter);
    seen_free(ev->seen);
    tail_free(ev->tail);
    if (ev->c)
        engine_disconnect(ev->c);
    mem_free(ev->spool_dir);
    pthread_mutex_destroy(&ev->lock);
    pthread_mutex_destroy(&ev->listen_lock);
    mem_free(ev);
}

/* ---- the declaration ---- */

static bool is_same(const struct events *ev, const struct mesh *m)
{
    return ev->m == m && ev->m_sources == (const void *)m->sources && ev->m_arena == (const void *)m->arena.head &&
           memcmp(&ev->sha, &m->sha, sizeof ev->sha) == 0;
}

static bool old_batches_forget(struct events *ev, struct err *e)
{
    struct buf sql = BUF_INIT((size_t)4096);
    int64_t before = clock_now_us() - BATCHES_KEPT_DAYS * INT64_C(86400000000);
    /* The newest one stays, so that numbers are never given twice. */
    buf_printf(&sql,
               "DELETE FROM mesh.sys.event_batch WHERE loaded_at < make_timestamp(CAST(%lld AS BIGINT)) AND batch_id < (SELECT "
               "max(batch_id) FROM mesh.sys.event_batch)",
               (long long)before);
    bool ok = buf_ok(&sql, e) && engine_exec(ev->c, buf_str(&sql), e);
    buf_fini(&sql);
    return ok;
}

bool events_fit(struct events *ev, const struct mesh *m, struct err *e)
{
    bool ok = true;
    int64_t window_us = 0;
    if (is_same(ev, m))
        return true;
    sources_free(ev);
    ev->sources = arena_array(&ev->a, m->n_sources + 1, sizeof *ev->sources);
    for (size_t i = 0; ok && i < m->n_sources; i++) {
        if (!m->sources[i]->events)
            continue;
        struct event_source *s = &ev->sources[ev->n_sources++];
        s->source = m->sources[i];
        s->ref = event_ref(s->source, &ev->a);
        s->plan = plan_new(s->source);
        s->enrich = enrich_new(m, s->source);
        ok = event_tables_fit(ev->c, s, &ev->a, &ev->said, e);
        if (s->source->events->dedup_window_s * 1000000 > window_us)
            window_us = s->source->events->dedup_window_s * 1000000;
    }
    if (!ok || !old_batches_forget(ev, e)) {
        sources_free(ev);
        return false;
    }
    if (window_us != ev->window_us || !ev->seen) { /* made anew with the next load */
        seen_free(ev->seen);
        ev->seen = NULL;
        ev->window_us = window_us;
    }
    ev->m = m;
    ev->m_sources = m->sources;
    ev->m_arena = m->arena.head;
    ev->sha = m->sha;
    return true;
}

/* A spool that was emptied must not number its segments from one again: what is written at places that the ledger has passed
 * would never be read. So it learns the ledger's place before a collector opens it. */
static bool place_tell(const struct events *ev, struct err *e)
{
    struct spool_position told;
    struct err unreadable;
    if (ev->place.segment == 0 || !fs_is_dir(ev->spool_dir))
        return true;
    return (spool_loaded_get(ev->spool_dir, &told, &unreadable) && spool_position_cmp(told, ev->place) >= 0) ||
           spool_loaded_set(ev->spool_dir, ev->place, e);
}

bool events_prepare(struct events *ev, const struct mesh *m, struct err *e)
{
    pthread_mutex_lock(&ev->lock);
    bool ok = events_fit(ev, m, e);
    for (size_t i = 0; ok && i < ev->said.n; i++)
        log_err(LOG_WARN, "events", "declaration", &ev->said.v[i]);
    ok = ok && events_publish(ev->s, m, e) && place_tell(ev, e);
    pthread_mutex_unlock(&ev->lock);
    return ok;
}

/* ---- what others ask ---- */

bool events_wait(struct events *ev, int timeout_ms, int wake_fd)
{
    struct err e;
    if (!ev->waiter && !spool_reader_open(ev->spool_dir, (struct spool_position){0}, &ev->waiter, &e)) {
        log_err(LOG_WARN, "events", "spool_not_watched", &e);
        poll(&(struct pollfd){.fd = wake_fd, .events = POLLIN}, 1, timeout_ms);
        return true;
    }
    return spool_wait(ev->waiter, timeout_ms, wake_fd);
}

size_t events_tail(struct events *ev, int64_t after_seq, struct str source, struct arena *a, struct events_seen **out, size_t max)
{
    return tail_read(ev->tail, after_seq, source, a, out, max);
}

void events_on_batch(struct events *ev, void (*fn)(void *ctx), void *ctx)
{
    pthread_mutex_lock(&ev->listen_lock);
    ev->on_batch = fn;
    ev->on_batch_ctx = ctx;
    pthread_mutex_unlock(&ev->listen_lock);
}

struct versions {
    struct arena *a;
    struct events_version *v;
    size_t n, cap;
};

static bool version_row(void *ctx, const struct engine_chunk *ch, size_t i, struct err *e)
{
    struct versions *k = ctx;
    (void)e;
    if (k->n == k->cap) {
        struct events_version *old = k->v;
        k->cap = k->cap ? k->cap * 2 : 64;
        k->v = arena_array(k->a, k->cap, sizeof *k->v);
        if (k->n)
            memcpy(k->v, old, k->n * sizeof *k->v);
    }
    struct events_version *v = &k->v[k->n++];
    *v = (struct events_version){.stream = arena_str(k->a, engine_cell_str(ch, 0, i)),
                                 .version = engine_cell_i64(ch, 1, i),
                                 .rows = engine_cell_i64(ch, 2, i),
                                 .loaded_at_us = engine_cell_null(ch, 5, i) ? 0 : engine_cell_i64(ch, 5, i)};
    if (!engine_cell_null(ch, 3, i))
        v->data_from = arena_str(k->a, engine_cell_str(ch, 3, i));
    if (!engine_cell_null(ch, 4, i))
        v->data_to = arena_str(k->a, engine_cell_str(ch, 4, i));
    return true;
}

bool events_versions(struct engine_conn *c, struct arena *a, struct events_version **out, size_t *n, struct err *e)
{
    struct versions k = {.a = a};
    bool ok =
        events_each(c,
                    STR("SELECT stream, version, rows, CAST(data_from AS VARCHAR), CAST(data_to AS VARCHAR), loaded_at FROM "
                        "mesh.sys.event_stream ORDER BY stream"),
                    NULL, 0, version_row, &k, e);
    *out = k.v;
    *n = k.n;
    return ok;
}

void events_hold(struct events *ev)
{
    if (ev)
        pthread_mutex_lock(&ev->lock);
}

void events_release(struct events *ev)
{
    if (ev)
        pthread_mutex_unlock(&ev->lock);
}
