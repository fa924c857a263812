/* Sources and what was brought in from them. */
#include "serve/put.h"
#include "serve/routes.h"

#include "base/clock.h"

enum { KEPT_US = 30 * 1000000, LOADS_SHOWN = 50, LOADS_MAX = 5000 };

/* The loader's finer words in the API's four. Rows set aside stand in their own member. */
struct str shape_stream_state(const struct ingest_stream_state *st)
{
    static const struct {
        struct str from, to;
    } words[] = {{{"failing", 7}, {"failed", 6}},
                 {{"failed", 6}, {"failed", 6}},
                 {{"never_loaded", 12}, {"never", 5}},
                 {{"never", 5}, {"never", 5}}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_eq(st->state, words[i].from))
            return words[i].to;
    return st->rows ? STR("loaded") : STR("empty");
}

static void put_stream(struct buf *b, const struct mesh_stream *s, const struct ingest_stream_state *st)
{
    put_open(b, NULL, '{');
    put_str(b, "name", s->name);
    put_str(b, "ref", s->ref);
    put_str(b, "state", shape_stream_state(st));
    put_bool(b, "optional", s->optional);
    put_int(b, "files", st->files);
    put_int(b, "rows", st->rows);
    put_int(b, "rows_quarantined", st->rows_quarantined);
    put_time(b, "last_loaded_at", st->last_loaded_us);
    put_opt(b, "data_from", st->data_from);
    put_opt(b, "data_to", st->data_to);
    put_opt(b, "message", st->message);
    put_open(b, "quarantine", '[');
    for (size_t i = 0; i < st->n_reasons; i++) {
        put_open(b, NULL, '{');
        put_str(b, "reason", st->reasons[i].reason);
        put_int(b, "count", st->reasons[i].count);
        put_str(b, "first_file", st->reasons[i].first_file);
        put_int(b, "first_line", st->reasons[i].first_line);
        put_close(b, '}');
    }
    put_close(b, ']');
    put_open(b, "drift_events", '[');
    for (size_t i = 0; i < st->n_drift; i++) {
        put_open(b, NULL, '{');
        put_str(b, "column", st->drift[i].column);
        put_str(b, "change", st->drift[i].change);
        put_str(b, "file", st->drift[i].file);
        put_time(b, "at", st->drift[i].at_us);
        put_close(b, '}');
    }
    put_close(b, ']');
    put_close(b, '}');
}

static void put_or_null(struct buf *b, const char *key, int64_t v, bool known)
{
    if (known)
        put_int(b, key, v);
    else
        put_null(b, key);
}

void shape_source_health(struct buf *b, const struct source_health *h)
{
    const struct mesh_source *s = h->source;
    put_str(b, "domain", s->domain->name);
    put_str(b, "name", s->name);
    put_str(b, "title", s->title.n ? s->title : s->name);
    put_opt(b, "pack", s->pack);
    put_str(b, "kind", s->kind);
    shape_owner(b, "owner", &s->owner, &s->domain->owner);
    put_str(b, "state", str_of(source_state_text(h->state)));
    put_str(b, "reason", h->reason);
    put_time(b, "last_load_at", h->last_load_us);
    put_or_null(b, "lag_s", h->lag_s, h->lag_s >= 0);
    put_or_null(b, "allowed_lag_s", h->allowed_lag_s, h->allowed_lag_s > 0);
    put_int(b, "rows", h->rows);
    put_int(b, "rows_quarantined", h->rows_quarantined);
    put_or_null(b, "last_rows", h->last_rows, h->last_rows >= 0);
    put_or_null(b, "habit_rows", h->habit_rows, h->habit_rows >= 0);
    put_int(b, "drift_events", (int64_t)h->drift_events);
    put_opt(b, "data_from", h->data_from);
    put_opt(b, "data_to", h->data_to);
    put_open(b, "affected", '[');
    for (size_t i = 0; i < h->n_affected; i++) {
        put_open(b, NULL, '{');
        put_str(b, "ref", h->affected[i]->is_default ? h->affected[i]->ref : h->affected[i]->ref_major);
        put_close(b, '}');
    }
    put_close(b, ']');
}

/* Members only, no braces. */
static bool put_source(struct call *c, struct buf *b, struct engine_conn *conn, const struct source_health *h, struct err *e)
{
    static const struct str drifts[] = {
        [DRIFT_EVOLVE] = {"evolve", 6}, [DRIFT_QUARANTINE] = {"quarantine", 10}, [DRIFT_FAIL] = {"fail", 4}};
    const struct mesh_source *s = h->source;
    struct ingest_stream_state *st = arena_array(c->a, s->n_streams + 1, sizeof *st);
    for (size_t i = 0; i < s->n_streams; i++)
        if (!ingest_stream_state(conn, &s->streams[i], c->a, &st[i], e))
            return false;
    shape_source_health(b, h);
    put_str(b, "description", s->description);
    put_str(b, "path", s->path);
    put_opt(b, "currency", s->currency);
    put_opt(b, "time_zone", s->time_zone);
    put_str(b, "drift", drifts[s->drift]);
    put_open(b, "streams", '[');
    for (size_t i = 0; i < s->n_streams; i++)
        put_stream(b, &s->streams[i], &st[i]);
    put_close(b, ']');
    return true;
}

/* Each stream costs several questions to the engine, and what they say changes with loads and declarations: the answer is kept
 * for the generation it was made in, and half a minute at most, since sources grow late by themselves. While a run is at work
 * nothing is kept. */
static bool kept_answer(struct app *app, uint64_t generation, struct buf *b)
{
    pthread_mutex_lock(&app->lock);
    bool good = app->sources_of == generation && app->sources.n && clock_mono_us() - app->sources_us < KEPT_US;
    if (good)
        buf_add(b, buf_str(&app->sources));
    pthread_mutex_unlock(&app->lock);
    return good;
}

static void keep_answer(struct app *app, uint64_t generation, const struct buf *b)
{
    if (atomic_load(&app->run_id) || b->failed)
        return;
    pthread_mutex_lock(&app->lock);
    buf_reset(&app->sources);
    buf_add(&app->sources, buf_str(b));
    app->sources_of = app->sources.failed ? 0 : generation;
    app->sources_us = clock_mono_us();
    pthread_mutex_unlock(&app->lock);
}

static bool put_sources(struct call *c, struct buf *b, struct err *e)
{
    struct engine_conn *conn = NULL;
    struct source_health *h;
    if (!catalog_sources(c->app->state, c->mesh, c->a, &h, e) || !engine_connect(c->app->state->engine, &conn, e))
        return false;
    bool good = true;
    put_open(b, NULL, '{');
    put_open(b, "sources", '[');
    for (size_t i = 0; good && i < c->mesh->n_sources; i++) {
        put_open(b, NULL, '{');
        good = put_source(c, b, conn, &h[i], e);
        put_close(b, '}');
    }
    put_close(b, ']');
    put_close(b, '}');
    engine_disconnect(conn);
    return good;
}

bool route_sources(struct call *c, struct err *e)
{
    uint64_t generation = atomic_load(&c->app->generation);
    struct buf b = call_buf();
    bool good = true;
    bool keep = call_whole(c) && !atomic_load(&c->app->run_id);
    if (!keep || !kept_answer(c->app, generation, &b)) {
        good = put_sources(c, &b, e);
        if (good && keep)
            keep_answer(c->app, generation, &b);
    }
    if (good)
        call_json(c, &b);
    else
        buf_fini(&b);
    return good;
}

/* ---- one source, with its loads ---- */
static void put_load(struct buf *b, const struct source_load *l)
{
    struct clock_text from = clock_date(l->day_from), to = clock_date(l->day_to);
    put_open(b, NULL, '{');
    put_str(b, "stream", l->stream);
    put_str(b, "path", l->path);
    put_time(b, "at", l->at_us);
    put_int(b, "rows", l->rows);
    put_int(b, "quarantined", l->quarantined);
    put_int(b, "bytes", l->bytes);
    put_opt(b, "day_from", l->has_days ? str_of(from.z) : STR(""));
    put_opt(b, "day_to", l->has_days ? str_of(to.z) : STR(""));
    put_close(b, '}');
}

static bool find_source(struct call *c, size_t *at, struct err *e)
{
    const struct mesh *m = c->mesh;
    struct str *known = arena_array(c->a, m->n_sources + 1, sizeof *known);
    struct str wanted = arena_printf(c->a, "%.*s.%.*s", STR_FMT(c->args[0]), STR_FMT(c->args[1]));
    for (*at = 0; *at < m->n_sources; (*at)++) {
        known[*at] = arena_printf(c->a, "%.*s.%.*s", STR_FMT(m->sources[*at]->domain->name), STR_FMT(m->sources[*at]->name));
        if (str_eq(known[*at], wanted))
            return true;
    }
    return call_missing(e, "source", wanted, known, m->n_sources);
}

bool route_source(struct call *c, struct err *e)
{
    struct source_health *h;
    struct source_load *loads;
    struct engine_conn *conn = NULL;
    size_t at, n;
    int64_t limit;
    if (!call_int(c, "loads", LOADS_SHOWN, 1, LOADS_MAX, &limit, e) || !find_source(c, &at, e) ||
        !catalog_sources(c->app->state, c->mesh, c->a, &h, e) ||
        !catalog_source_loads(c->app->state, c->mesh->sources[at], (size_t)limit, c->a, &loads, &n, e) ||
        !engine_connect(c->app->state->engine, &conn, e))
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    bool good = put_source(c, &b, conn, &h[at], e);
    engine_disconnect(conn);
    put_open(&b, "loads", '[');
    for (size_t i = 0; i < n; i++)
        put_load(&b, &loads[i]);
    put_close(&b, ']');
    put_close(&b, '}');
    if (good)
        call_json(c, &b);
    else
        buf_fini(&b);
    return good;
}
