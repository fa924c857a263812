/* Rejected events: which there are. Nothing is written here. */
#include "events/quarantine_int.h"

#include "ingest/wire.h"

enum { LISTED_MAX = 100000, SQL_MAX_BYTES = 1 << 20, GROUPS_MAX = 1000 };

/* The place of an item says little about what went wrong. */
#define FIELD_SQL "regexp_replace(field, '\\[[0-9]+\\]', '[]', 'g')"

void quarantine_where(const struct events_rejected_ask *ask, struct buf *sql, struct engine_param *p, size_t *n)
{
    const struct {
        const char *is;
        struct str text;
    } texts[] = {{"source", ask->source},
                 {"event", ask->event},
                 {"reason", ask->reason},
                 {FIELD_SQL, ask->field},
                 {"message_id", ask->message_id}};
    *n = 0;
    buf_addz(sql, " WHERE ");
    if (!ask->state.n)
        buf_addz(sql, "state IN ('waiting', 'fixed')");
    else if (str_eq(ask->state, STR("all")))
        buf_addz(sql, "TRUE");
    else
        p[(*n)++] = (struct engine_param){.type = ENGINE_TEXT, .s = ask->state}, buf_printf(sql, "state = $%zu", *n);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (!texts[i].text.n)
            continue;
        p[(*n)++] = (struct engine_param){.type = ENGINE_TEXT, .s = texts[i].text};
        buf_printf(sql, " AND %s = $%zu", texts[i].is, *n);
    }
    for (size_t i = 0; i < ask->n_ids; i++)
        buf_printf(sql, "%s%lld", i ? ", " : " AND id IN (", (long long)ask->ids[i]);
    if (ask->n_ids)
        buf_addc(sql, ')');
}

/* One row of a SELECT of ROW_SQL. */
#define ROW_SQL                                                                                                     \
    "id, epoch_us(received_at), epoch_us(fixed_at), epoch_us(replayed_at), source, type, event, message_id, reason" \
    ", field, message, state"

static struct str cell(const struct engine_chunk *ch, size_t col, size_t row, struct arena *a)
{
    return engine_cell_null(ch, col, row) ? STR("") : arena_str(a, engine_cell_str(ch, col, row));
}

static int64_t number(const struct engine_chunk *ch, size_t col, size_t row)
{
    return engine_cell_null(ch, col, row) ? 0 : engine_cell_i64(ch, col, row);
}

static void row_read(const struct engine_chunk *ch, size_t row, struct arena *a, struct events_rejected *out)
{
    struct str *const texts[] = {&out->source, &out->type,  &out->event,   &out->message_id,
                                 &out->reason, &out->field, &out->message, &out->state};
    *out = (struct events_rejected){.id = number(ch, 0, row),
                                    .received_us = number(ch, 1, row),
                                    .fixed_us = number(ch, 2, row),
                                    .replayed_us = number(ch, 3, row)};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = cell(ch, 4 + i, row, a);
}

bool events_rejected_list(struct engine_conn *c, struct arena *a, const struct events_rejected_ask *ask,
                          struct events_rejected **out, size_t *n, int64_t *total, struct err *e)
{
    struct engine_param p[QUARANTINE_PARAMS];
    struct engine_result *r = NULL;
    struct engine_chunk *ch = NULL;
    struct buf where = BUF_INIT(SQL_MAX_BYTES), sql = BUF_INIT(SQL_MAX_BYTES);
    size_t n_params, room = ask->limit && ask->limit < LISTED_MAX ? ask->limit : LISTED_MAX;
    bool ok = false;
    *n = 0;
    quarantine_where(ask, &where, p, &n_params);
    buf_printf(&sql, "SELECT count(*) FROM mesh.quarantine.event%s", buf_z(&where));
    if (!buf_ok(&sql, e) || !engine_value_i64(c, buf_str(&sql), p, n_params, total, e))
        goto out;
    buf_reset(&sql);
    buf_printf(&sql, "SELECT " ROW_SQL " FROM mesh.quarantine.event%s", buf_z(&where));
    if (ask->before_id > 0)
        buf_printf(&sql, " AND id < %lld", (long long)ask->before_id);
    buf_printf(&sql, " ORDER BY id DESC LIMIT %zu", room);
    if ((int64_t)room > *total)
        room = (size_t)*total;
    *out = arena_array(a, room + 1, sizeof **out);
    if (!buf_ok(&sql, e) || !engine_query(c, buf_str(&sql), p, n_params, &r, e))
        goto out;
    while ((ok = engine_result_next(r, &ch, e)) && ch)
        for (size_t i = 0; i < engine_chunk_rows(ch) && *n < room; i++)
            row_read(ch, i, a, &(*out)[(*n)++]);
out:
    engine_result_close(r);
    buf_fini(&where);
    buf_fini(&sql);
    return ok;
}

bool events_rejected_groups(struct engine_conn *c, struct arena *a, const struct events_rejected_ask *ask,
                            struct events_rejected_group **out, size_t *n, struct err *e)
{
    struct engine_param p[QUARANTINE_PARAMS];
    struct engine_result *r = NULL;
    struct engine_chunk *ch = NULL;
    struct buf sql = BUF_INIT(SQL_MAX_BYTES);
    size_t n_params;
    bool ok = false;
    *n = 0;
    *out = arena_array(a, GROUPS_MAX, sizeof **out);
    buf_addz(&sql, "SELECT source, type, event, reason, " FIELD_SQL
                   ", count(*), max(epoch_us(received_at)) FROM mesh.quarantine.event");
    quarantine_where(ask, &sql, p, &n_params);
    buf_printf(&sql, " GROUP BY ALL ORDER BY 6 DESC, 1, 2, 3, 4, 5 LIMIT %d", GROUPS_MAX);
    if (!buf_ok(&sql, e) || !engine_query(c, buf_str(&sql), p, n_params, &r, e))
        goto out;
    while ((ok = engine_result_next(r, &ch, e)) && ch)
        for (size_t i = 0; i < engine_chunk_rows(ch) && *n < GROUPS_MAX; i++)
            (*out)[(*n)++] =
                (struct events_rejected_group){cell(ch, 0, i, a), cell(ch, 1, i, a), cell(ch, 2, i, a), cell(ch, 3, i, a),
                                               cell(ch, 4, i, a), number(ch, 5, i),  number(ch, 6, i)};
out:
    engine_result_close(r);
    buf_fini(&sql);
    return ok;
}

/* What was noted of a row names its value; of what is listed here only the kind of mistake is told. */
static struct str meaning_of(struct str reason)
{
    for (int r = 0; r < REJECT_COUNT; r++)
        if (str_eq(reason, str_of(reject_reason_name((enum reject_reason)r))))
            return str_of(reject_reason_meaning((enum reject_reason)r));
    return STR("");
}

bool events_rejected_files(struct engine_conn *c, struct arena *a, struct str source, struct events_rejected_rows **out,
                           size_t *n, struct err *e)
{
    const struct engine_param p = {.type = ENGINE_TEXT, .s = source.p ? source : STR("")};
    struct engine_result *r = NULL;
    struct engine_chunk *ch = NULL;
    bool ok;
    *n = 0;
    *out = arena_array(a, GROUPS_MAX, sizeof **out);
    if (!engine_query(c,
                      STR("SELECT q.stream, f.path, q.column_name, q.reason, count(*), min(q.line), epoch_us(max("
                          "q.learned_at)) FROM mesh.quarantine.rejected q JOIN mesh.sys.file_load f USING (file_id) WHERE "
                          "f.superseded_at IS"
                          " NULL AND ($1 = '' OR starts_with(q.stream, $1 || '__')) GROUP BY 1, 2, 3, 4 ORDER BY 7 DESC, 1, 2, "
                          "3, 4 LIMIT 1000"),
                      &p, 1, &r, e))
        return false;
    while ((ok = engine_result_next(r, &ch, e)) && ch)
        for (size_t i = 0; i < engine_chunk_rows(ch) && *n < GROUPS_MAX; i++)
            (*out)[(*n)++] = (struct events_rejected_rows){.stream = cell(ch, 0, i, a),
                                                           .path = cell(ch, 1, i, a),
                                                           .column = cell(ch, 2, i, a),
                                                           .reason = cell(ch, 3, i, a),
                                                           .message = meaning_of(engine_cell_str(ch, 3, i)),
                                                           .rows = number(ch, 4, i),
                                                           .first_line = number(ch, 5, i),
                                                           .newest_us = number(ch, 6, i)};
    engine_result_close(r);
    return ok;
}

bool events_rejected_get(struct engine_conn *c, struct arena *a, int64_t id, struct events_rejected *out, struct err *e)
{
    const struct engine_param p = {.type = ENGINE_INT, .i = id};
    struct engine_result *r = NULL;
    struct engine_chunk *ch = NULL;
    bool found = false;
    if (!engine_query(c, STR("SELECT " ROW_SQL ", payload, first_payload FROM mesh.quarantine.event WHERE id = $1"), &p, 1, &r,
                      e))
        return false;
    bool ok = engine_result_next(r, &ch, e);
    if (ok && ch && engine_chunk_rows(ch)) {
        row_read(ch, 0, a, out);
        out->payload = cell(ch, 12, 0, a);
        out->first_payload = cell(ch, 13, 0, a);
        found = true;
    }
    engine_result_close(r);
    if (!ok || found)
        return ok;
    err_set(e, E_NOT_FOUND, "there is no rejected event %lld", (long long)id);
    return err_hint(e, "`trellis quarantine list` shows their numbers"), false;
}
