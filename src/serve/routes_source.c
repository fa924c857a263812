/* Sources and what was brought in from them. */
#include "serve/put.h"
#include "serve/routes.h"

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

/* failed when any stream failed, loaded when any holds rows, never when nothing was ever looked at. */
static struct str source_state(const struct ingest_stream_state *st, size_t n)
{
    static const struct str order[] = {{"failed", 6}, {"loaded", 6}, {"empty", 5}};
    for (size_t k = 0; k < sizeof order / sizeof *order; k++)
        for (size_t i = 0; i < n; i++)
            if (str_eq(shape_stream_state(&st[i]), order[k]))
                return order[k];
    return STR("never");
}

static bool put_source(struct call *c, struct buf *b, struct engine_conn *conn, const struct mesh_source *s, struct err *e)
{
    static const struct str drifts[] = {
        [DRIFT_EVOLVE] = {"evolve", 6}, [DRIFT_QUARANTINE] = {"quarantine", 10}, [DRIFT_FAIL] = {"fail", 4}};
    struct ingest_stream_state *st = arena_array(c->a, s->n_streams + 1, sizeof *st);
    for (size_t i = 0; i < s->n_streams; i++)
        if (!ingest_stream_state(conn, &s->streams[i], c->a, &st[i], e))
            return false;
    put_open(b, NULL, '{');
    put_str(b, "domain", s->domain->name);
    put_str(b, "name", s->name);
    put_str(b, "title", s->title.n ? s->title : s->name);
    put_str(b, "description", s->description);
    put_str(b, "kind", s->kind);
    put_opt(b, "pack", s->pack);
    put_str(b, "path", s->path);
    put_opt(b, "currency", s->currency);
    put_opt(b, "time_zone", s->time_zone);
    put_str(b, "drift", drifts[s->drift]);
    shape_owner(b, "owner", &s->owner, &s->domain->owner);
    put_str(b, "state", source_state(st, s->n_streams));
    put_open(b, "streams", '[');
    for (size_t i = 0; i < s->n_streams; i++)
        put_stream(b, &s->streams[i], &st[i]);
    put_close(b, ']');
    put_close(b, '}');
    return true;
}

/* Each stream costs several questions to the engine, and what they say changes with loads and declarations alone: the
 * answer is kept for the generation it was made in. While a run is at work nothing is kept. */
static bool kept_answer(struct app *app, uint64_t generation, struct buf *b)
{
    pthread_mutex_lock(&app->lock);
    bool good = app->sources_of == generation && app->sources.n;
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
    pthread_mutex_unlock(&app->lock);
}

static bool put_sources(struct call *c, struct buf *b, struct err *e)
{
    struct engine_conn *conn = NULL;
    if (!engine_connect(c->app->state->engine, &conn, e))
        return false;
    bool good = true;
    put_open(b, NULL, '{');
    put_open(b, "sources", '[');
    for (size_t i = 0; good && i < c->mesh->n_sources; i++)
        good = put_source(c, b, conn, c->mesh->sources[i], e);
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
    if (atomic_load(&c->app->run_id) || !kept_answer(c->app, generation, &b)) {
        good = put_sources(c, &b, e);
        if (good)
            keep_answer(c->app, generation, &b);
    }
    if (good)
        call_json(c, &b);
    else
        buf_fini(&b);
    return good;
}
