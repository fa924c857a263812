/* Rejected rows of a file: from the spool into mesh.quarantine.rejected, in the load's transaction. */
#include "ingest/ingest_int.h"
#include "ingest/people.h"

struct storing {
    struct engine_appender *ap;
    const struct mesh_stream *st;
    const struct loader_column *cols;
    size_t n_cols;
    int64_t file_id, now_us;
    const struct suppressed *suppressed;
    int64_t counts[REJECT_COUNT], first_line[REJECT_COUNT];
};

static bool store(void *ctx, const struct wire_reject *r, struct err *e)
{
    struct storing *s = ctx;
    struct str column = r->column < s->n_cols ? s->cols[r->column].name : (struct str){0};
    struct str message = r->message.n ? r->message : str_of(reject_reason_meaning(r->reason));
    const struct engine_param row[] = {
        sql_text(s->st->ref),
        sql_int(s->file_id),
        sql_int(r->line),
        sql_text(column),
        sql_text(str_of(reject_reason_name(r->reason))),
        sql_text(message),
        sql_text(suppressed_in_text(s->suppressed, r->raw) ? STR("") : r->raw),
        {.type = ENGINE_TIMESTAMP, .i = s->now_us},
    };
    if (s->counts[r->reason]++ == 0)
        s->first_line[r->reason] = r->line;
    return engine_append_row(s->ap, row, sizeof row / sizeof row[0], e);
}

bool quarantine_store(struct engine_conn *c, struct loader *l, const struct mesh_stream *st, const struct loader_column *cols,
                      size_t n_cols, int64_t file_id, int64_t now_us, const struct suppressed *suppressed, struct buf *sentence, struct err *e)
{
    struct storing s = {.st = st, .cols = cols, .n_cols = n_cols, .file_id = file_id, .now_us = now_us, .suppressed = suppressed};
    if (!engine_append_open(c, STR("mesh"), STR("quarantine"), STR("rejected"), &s.ap, e))
        return false;
    bool ok = loader_rejects(l, store, &s, e);
    struct err ignored;
    if (!engine_append_close(s.ap, ok ? e : &ignored))
        ok = false;
    for (int i = 0; ok && i < REJECT_COUNT; i++) {
        if (s.counts[i])
            buf_printf(sentence, "%s%lld %s (first: line %lld)", sentence->n ? ", " : "", (long long)s.counts[i],
                       reject_reason_name((enum reject_reason)i), (long long)s.first_line[i]);
    }
    return ok;
}
