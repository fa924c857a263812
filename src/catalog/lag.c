/* How far each source is behind what it promises, from the ledger in one question. */
#include "catalog/catalog_int.h"

#include "base/clock.h"

/* What is set aside of events counts with the stream of its type; of no known type, with `track`. */
static const char newest_sql[] =
    "SELECT stream, epoch_us(max(learned_at)), min(day_from), max(day_to), CAST(sum(rows_loaded) AS BIGINT), CAST(sum(rows_quarantined)"
    " AS BIGINT) FROM mesh.sys.file_load WHERE superseded_at IS NULL GROUP BY stream"
    " UNION ALL SELECT s.stream, epoch_us(s.loaded_at), CAST(s.data_from AS DATE), CAST(s.data_to AS DATE), s.rows, coalesce(q.n, 0) FROM"
    " mesh.sys.event_stream s LEFT JOIN (SELECT source || '__' || CASE WHEN type IN ('page', 'screen', 'identify', 'group', 'alias',"
    " 'consent') THEN type ELSE 'track' END AS stream, count(*) AS n FROM mesh.quarantine.event WHERE state IN ('waiting', 'fixed') GROUP"
    " BY 1) q USING (stream) WHERE s.rows > 0 OR q.n > 0";

static size_t place_of(const struct mesh *m, const struct mesh_source *s)
{
    size_t i = 0;
    while (i < m->n_sources && m->sources[i] != s)
        i++;
    return i;
}

/* What decides how new a source is: the days of the reports it must deliver, the one that lags most; without such, the newest day
 * of any stream; without days, the last load. */
struct reach {
    int64_t required_us, any_us;
    const struct mesh_stream *required, *any;
};

static int64_t day_end(const struct mesh *m, int32_t day)
{
    int64_t at;
    return clock_day_end_us(str_of(clock_date(day).z), m->time_zone, &at) ? at : ((int64_t)day + 1) * 86400 * 1000000;
}

static void add_stream(const struct mesh *m, struct source_lag *v, struct reach *r, const struct mesh_stream *st,
                       const struct engine_chunk *ch, size_t row)
{
    int64_t learned = engine_cell_null(ch, 1, row) ? 0 : engine_cell_i64(ch, 1, row);
    v->last_load_us = learned > v->last_load_us ? learned : v->last_load_us;
    v->rows += engine_cell_i64(ch, 4, row);
    v->rows_quarantined += engine_cell_i64(ch, 5, row);
    if (engine_cell_null(ch, 2, row) || engine_cell_null(ch, 3, row))
        return;
    int32_t from = (int32_t)engine_cell_i64(ch, 2, row), to = (int32_t)engine_cell_i64(ch, 3, row);
    v->day_from = !v->has_days || from < v->day_from ? from : v->day_from;
    v->day_to = !v->has_days || to > v->day_to ? to : v->day_to;
    v->has_days = true;
    if (st->source->events) /* how new it is says the last event that came, not its day */
        return;
    int64_t at = day_end(m, to);
    if (st->load == LOAD_REPLACE_DAYS && !st->optional && (!r->required || at < r->required_us))
        *r = (struct reach){.required_us = at, .required = st, .any_us = r->any_us, .any = r->any};
    if (!r->any || at > r->any_us)
        *r = (struct reach){.required_us = r->required_us, .required = r->required, .any_us = at, .any = st};
}

static void judge(struct source_lag *v, const struct reach *r, int64_t now_us)
{
    int64_t allowed_us = v->source->sla.freshness_s * 1000000;
    v->newest_us = r->required ? r->required_us : r->any ? r->any_us : v->last_load_us;
    v->decides = r->required ? r->required : r->any;
    if (v->newest_us && allowed_us > 0 && v->newest_us + allowed_us < now_us)
        v->late_us = v->newest_us + allowed_us;
}

bool catalog_lags(struct state *s, const struct mesh *m, struct arena *a, struct source_lag **out, struct err *e)
{
    struct source_lag *v = arena_array(a, m->n_sources + 1, sizeof *v);
    struct reach *reach = arena_array(a, m->n_sources + 1, sizeof *reach);
    struct engine_conn *conn = NULL;
    struct engine_result *r = NULL;
    struct engine_chunk *ch = NULL;
    for (size_t i = 0; i < m->n_sources; i++)
        v[i].source = m->sources[i];
    bool ok = engine_connect(s->engine, &conn, e) && engine_query(conn, str_of(newest_sql), NULL, 0, &r, e);
    while (ok && (ok = engine_result_next(r, &ch, e)) && ch)
        for (size_t row = 0; row < engine_chunk_rows(ch); row++) {
            const struct mesh_stream *st = mesh_find_stream(m, engine_cell_str(ch, 0, row));
            size_t i = st ? place_of(m, st->source) : m->n_sources;
            if (i < m->n_sources)
                add_stream(m, &v[i], &reach[i], st, ch, row);
        }
    engine_result_close(r);
    if (conn)
        engine_disconnect(conn);
    int64_t now = clock_now_us();
    for (size_t i = 0; i < m->n_sources; i++)
        judge(&v[i], &reach[i], now);
    *out = v;
    return ok;
}
