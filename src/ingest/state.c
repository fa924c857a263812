/* The state of a stream for pages and plans: what is loaded, what was set aside and why, how columns drifted, what failed. */
#include "ingest/ingest_int.h"

struct lists {
    struct arena *a;
    struct ingest_stream_state *out;
    size_t cap_reasons, cap_drift;
    struct str problem, problem_path;
};

static void *grown(struct arena *a, void *old, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return old;
    *cap = *cap ? *cap * 2 : 16;
    void *v = arena_array(a, *cap, size);
    if (n)
        memcpy(v, old, n * size);
    return v;
}

static struct str text(struct lists *l, const struct engine_chunk *ch, size_t col, size_t i)
{
    return engine_cell_null(ch, col, i) ? (struct str){0} : arena_str(l->a, engine_cell_str(ch, col, i));
}

static bool reason_row(void *ctx, const struct engine_chunk *ch, size_t i, struct err *e)
{
    struct lists *l = ctx;
    struct ingest_stream_state *s = l->out;
    (void)e;
    s->reasons = grown(l->a, s->reasons, s->n_reasons, &l->cap_reasons, sizeof *s->reasons);
    s->reasons[s->n_reasons++] =
        (struct ingest_reason){text(l, ch, 0, i), engine_cell_i64(ch, 1, i), text(l, ch, 2, i), engine_cell_i64(ch, 3, i)};
    return true;
}

static bool drift_row(void *ctx, const struct engine_chunk *ch, size_t i, struct err *e)
{
    struct lists *l = ctx;
    struct ingest_stream_state *s = l->out;
    (void)e;
    s->drift = grown(l->a, s->drift, s->n_drift, &l->cap_drift, sizeof *s->drift);
    s->drift[s->n_drift++] =
        (struct ingest_drift){text(l, ch, 0, i), text(l, ch, 1, i), text(l, ch, 2, i), engine_cell_i64(ch, 3, i)};
    return true;
}

static bool totals_row(void *ctx, const struct engine_chunk *ch, size_t i, struct err *e)
{
    struct lists *l = ctx;
    (void)e;
    l->out->files = engine_cell_i64(ch, 0, i);
    l->out->rows_quarantined = engine_cell_null(ch, 1, i) ? 0 : engine_cell_i64(ch, 1, i);
    l->out->last_loaded_us = engine_cell_null(ch, 2, i) ? 0 : engine_cell_i64(ch, 2, i);
    return true;
}

static bool problem_row(void *ctx, const struct engine_chunk *ch, size_t i, struct err *e)
{
    struct lists *l = ctx;
    (void)e;
    l->problem_path = text(l, ch, 0, i);
    l->problem = text(l, ch, 1, i);
    return true;
}

static bool days_row(void *ctx, const struct engine_chunk *ch, size_t i, struct err *e)
{
    struct lists *l = ctx;
    (void)e;
    l->out->data_from = text(l, ch, 0, i);
    l->out->data_to = text(l, ch, 1, i);
    return true;
}

static bool rows_and_days(struct engine_conn *c, const struct mesh_stream *st, const struct raw_table *t, struct lists *l,
                          struct err *e)
{
    struct buf sql = BUF_INIT(8192);
    buf_addz(&sql, "SELECT count(*) FROM ");
    sql_table(&sql, "raw", st->ref);
    bool ok = buf_ok(&sql, e) && engine_value_i64(c, buf_str(&sql), NULL, 0, &l->out->rows, e);
    if (ok && st->day_column.n && raw_has(t, st->day_column)) {
        buf_reset(&sql);
        buf_addz(&sql, "SELECT CAST(min(day) AS VARCHAR), CAST(max(day) AS VARCHAR) FROM (SELECT ");
        day_expression(&sql, t, st->day_column, "");
        buf_addz(&sql, " AS day FROM ");
        sql_table(&sql, "raw", st->ref);
        buf_addc(&sql, ')');
        ok = buf_ok(&sql, e) && sql_each(c, buf_str(&sql), NULL, 0, days_row, l, e);
    }
    buf_fini(&sql);
    return ok;
}

static void judge(struct lists *l, const struct raw_table *t)
{
    struct ingest_stream_state *s = l->out;
    if (l->problem_path.n) {
        s->state = STR("failing");
        s->message = arena_printf(l->a, "%.*s: %.*s", STR_FMT(l->problem_path), STR_FMT(l->problem));
    } else if (!t->exists && !s->files) {
        s->state = STR("never_loaded");
        s->message = STR("no file has been loaded yet");
    } else if (s->rows_quarantined) {
        s->state = STR("quarantine");
        s->message = arena_printf(l->a, "%lld rows are set aside in quarantine", (long long)s->rows_quarantined);
    } else {
        s->state = STR("loaded");
        s->message = STR("");
    }
}

/* ---- streams of events: what the loader counts ---- */

static bool events_row(void *ctx, const struct engine_chunk *ch, size_t i, struct err *e)
{
    struct lists *l = ctx;
    (void)e;
    l->out->rows = engine_cell_i64(ch, 0, i);
    l->out->data_from = text(l, ch, 1, i);
    l->out->data_to = text(l, ch, 2, i);
    l->out->last_loaded_us = engine_cell_null(ch, 3, i) ? 0 : engine_cell_i64(ch, 3, i);
    return true;
}

static bool events_reason_row(void *ctx, const struct engine_chunk *ch, size_t i, struct err *e)
{
    struct lists *l = ctx;
    struct ingest_stream_state *s = l->out;
    (void)e;
    s->reasons = grown(l->a, s->reasons, s->n_reasons, &l->cap_reasons, sizeof *s->reasons);
    s->reasons[s->n_reasons++] = (struct ingest_reason){.reason = text(l, ch, 0, i), .count = engine_cell_i64(ch, 1, i)};
    s->rows_quarantined += engine_cell_i64(ch, 1, i);
    return true;
}

static bool damage_row(void *ctx, const struct engine_chunk *ch, size_t i, struct err *e)
{
    struct lists *l = ctx;
    (void)e;
    l->problem = text(l, ch, 0, i);
    return true;
}

/* Rejected events whose type is none of the streams count with `track`. */
static bool events_state(struct engine_conn *c, const struct mesh_stream *st, struct lists *l, struct err *e)
{
    struct ingest_stream_state *s = l->out;
    const struct mesh_source *src = st->source;
    const struct engine_param ref = sql_text(st->ref);
    const struct engine_param p[] = {sql_text(arena_printf(l->a, "%.*s.%.*s", STR_FMT(src->domain->name), STR_FMT(src->name))),
                                     sql_text(st->name)};
    bool ok = sql_each(c,
                       STR("SELECT rows, CAST(CAST(data_from AS DATE) AS VARCHAR), CAST(CAST(data_to AS DATE) AS VARCHAR), loaded_at "
                           "FROM mesh.sys.event_stream WHERE stream = $1"),
                       &ref, 1, events_row, l, e) &&
              sql_each(c,
                       STR("SELECT reason, count(*) FROM mesh.quarantine.event WHERE source = $1 AND state IN ('waiting', 'fixed') AND "
                           "(type = $2 OR ($2 = 'track' AND (type IS NULL OR type NOT IN ('page', 'screen', 'identify', 'group', "
                           "'alias', 'consent')))) GROUP BY 1 ORDER BY 2 DESC, 1"),
                       p, 2, events_reason_row, l, e) &&
              (!str_eq(st->name, STR("track")) ||
               sql_each(c, STR("SELECT message FROM mesh.sys.event_damage ORDER BY noted_at DESC LIMIT 1"), NULL, 0, damage_row, l, e));
    if (!ok)
        return false;
    s->state = l->problem.n ? STR("failing") : s->rows_quarantined ? STR("quarantine") : s->rows ? STR("loaded") : STR("never_loaded");
    s->message = l->problem.n            ? arena_printf(l->a, "a part of the spool could not be read: %.*s", STR_FMT(l->problem))
                 : s->rows_quarantined   ? arena_printf(l->a, "%lld events are set aside in quarantine", (long long)s->rows_quarantined)
                 : s->rows               ? STR("")
                                         : STR("no event has come yet");
    return true;
}

bool ingest_stream_state(struct engine_conn *c, const struct mesh_stream *st, struct arena *a, struct ingest_stream_state *out,
                         struct err *e)
{
    struct engine_param p = sql_text(st->ref);
    struct lists l = {.a = a, .out = out};
    struct raw_table t;
    *out = (struct ingest_stream_state){0};
    if (st->source->events)
        return events_state(c, st, &l, e);
    /* Files whose content something newer has taken the place of no longer count. */
    bool ok =
        table_read(c, st, a, &t, e) &&
        sql_each(c,
                 STR("SELECT count(*) FILTER (superseded_at IS NULL), CAST(sum(rows_quarantined) FILTER (superseded_at IS NULL) "
                     "AS BIGINT),"
                     " max(learned_at) FROM mesh.sys.file_load WHERE stream = $1"),
                 &p, 1, totals_row, &l, e) &&
        sql_each(c,
                 STR("SELECT q.reason, count(*), min_by(f.path, (f.file_id, q.line)), min_by(q.line, (f.file_id, q.line))"
                     " FROM mesh.quarantine.rejected q JOIN mesh.sys.file_load f USING (file_id)"
                     " WHERE q.stream = $1 AND f.superseded_at IS NULL GROUP BY 1 ORDER BY 2 DESC, 1"),
                 &p, 1, reason_row, &l, e) &&
        sql_each(c,
                 STR("SELECT column_name, change, path, noted_at FROM mesh.sys.ingest_drift WHERE stream = $1 ORDER BY noted_at "
                     "DESC, path, column_name"
                     " LIMIT 200"),
                 &p, 1, drift_row, &l, e) &&
        sql_each(c,
                 STR("SELECT path, message FROM mesh.sys.ingest_problem WHERE stream = $1 ORDER BY noted_at DESC, path LIMIT 1"),
                 &p, 1, problem_row, &l, e) &&
        (!t.exists || rows_and_days(c, st, &t, &l, e));
    if (ok)
        judge(&l, &t);
    return ok;
}
