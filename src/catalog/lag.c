/* How far each source is behind what it promises, from the ledger in one question. */
#include "catalog/catalog_int.h"

#include "base/clock.h"

static const char newest_sql[] = "SELECT stream, epoch_us(max(learned_at)), min(day_from), max(day_to), CAST(sum(rows_loaded) AS "
                                 "BIGINT), CAST(sum(rows_quarantined) AS"
                                 " BIGINT) FROM mesh.sys.file_load WHERE superseded_at IS NULL GROUP BY stream";

static size_t place_of(const struct mesh *m, const struct mesh_source *s)
{
    size_t i = 0;
    while (i < m->n_sources && m->sources[i] != s)
        i++;
    return i;
}

static void add_stream(struct source_lag *v, const struct engine_chunk *ch, size_t row)
{
    int64_t learned = engine_cell_i64(ch, 1, row), at = learned;
    if (!engine_cell_null(ch, 2, row) && !engine_cell_null(ch, 3, row)) {
        int32_t from = (int32_t)engine_cell_i64(ch, 2, row), to = (int32_t)engine_cell_i64(ch, 3, row);
        v->day_from = !v->has_days || from < v->day_from ? from : v->day_from;
        v->day_to = !v->has_days || to > v->day_to ? to : v->day_to;
        v->has_days = true;
        at = ((int64_t)to + 1) * 86400 * 1000000;
    }
    v->last_load_us = learned > v->last_load_us ? learned : v->last_load_us;
    v->newest_us = at > v->newest_us ? at : v->newest_us;
    v->rows += engine_cell_i64(ch, 4, row);
    v->rows_quarantined += engine_cell_i64(ch, 5, row);
}

bool catalog_lags(struct state *s, const struct mesh *m, struct arena *a, struct source_lag **out, struct err *e)
{
    struct source_lag *v = arena_array(a, m->n_sources + 1, sizeof *v);
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
                add_stream(&v[i], ch, row);
        }
    engine_result_close(r);
    if (conn)
        engine_disconnect(conn);
    int64_t now = clock_now_us();
    for (size_t i = 0; i < m->n_sources; i++) {
        int64_t due = v[i].newest_us + m->sources[i]->sla.freshness_s * 1000000;
        if (v[i].newest_us && m->sources[i]->sla.freshness_s > 0 && due < now)
            v[i].late_us = due;
    }
    *out = v;
    return ok;
}
