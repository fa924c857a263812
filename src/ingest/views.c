/* What the rest of the program sees of a stream: its columns, and the text of a view over raw (and history). */
#include "ingest/ingest_int.h"

bool ingest_stream_columns(struct engine_conn *c, const struct mesh_stream *st, struct arena *a, struct ingest_column **out,
                           size_t *n, struct err *e)
{
    struct raw_table t;
    *out = NULL;
    *n = 0;
    if (!table_read(c, st, a, &t, e))
        return false;
    size_t n_contract = st->contract ? st->contract->n_columns : 0;
    *out = arena_array(a, t.n + n_contract + 1, sizeof **out);
    for (size_t i = 0; i < t.n; i++)
        (*out)[(*n)++] = t.cols[i];
    for (size_t i = 0; i < n_contract; i++) {
        if (raw_has(&t, st->contract->columns[i].name))
            continue;
        struct engine_pipe_type type = cell_type_parse(st->contract->columns[i].physical_type);
        struct buf name = BUF_INIT(64);
        cell_type_name(&type, &name);
        (*out)[(*n)++] = (struct ingest_column){st->contract->columns[i].name, arena_str(a, buf_str(&name))};
        buf_fini(&name);
    }
    return true;
}

static void select(struct buf *b, const struct mesh_stream *st, const struct raw_table *t, const struct ingest_column *cols,
                   size_t n, const char *schema)
{
    buf_addz(b, "SELECT ");
    for (size_t i = 0; i < n; i++) {
        if (!raw_has(t, cols[i].name)) { /* declared since the last load */
            buf_printf(b, "CAST(NULL AS %.*s) AS ", STR_FMT(cols[i].type));
        }
        buf_sql_ident(b, cols[i].name);
        buf_addz(b, ", ");
    }
    buf_addz(b, t->exists ? "_learned_from, " : "CAST(NULL AS TIMESTAMP) AS _learned_from, ");
    if (st->source->currency.n)
        buf_sql_text(b, st->source->currency);
    else
        buf_addz(b, "CAST(NULL AS VARCHAR)");
    buf_addz(b, " AS _source_currency");
    if (t->exists) {
        buf_addz(b, " FROM ");
        sql_table(b, schema, st->ref);
    }
}

bool ingest_stream_view_sql(struct engine_conn *c, const struct mesh_stream *st, int64_t moment_us, struct buf *b, struct err *e)
{
    struct arena a;
    struct raw_table t;
    struct ingest_column *cols;
    size_t n;
    arena_init(&a);
    bool ok = table_read(c, st, &a, &t, e) && ingest_stream_columns(c, st, &a, &cols, &n, e);
    if (ok) {
        select(b, st, &t, cols, n, "raw");
        if (!t.exists) {
            buf_addz(b, " WHERE false");
        } else if (moment_us) {
            /* Known before the moment, and not yet replaced by then. */
            buf_addz(b, " WHERE _learned_from < ");
            sql_timestamp(b, moment_us);
            if (!st->source->events) { /* events are never replaced */
                buf_addz(b, " UNION ALL ");
                select(b, st, &t, cols, n, "hist");
                buf_addz(b, " WHERE _learned_from < ");
                sql_timestamp(b, moment_us);
                buf_addz(b, " AND _learned_to >= ");
                sql_timestamp(b, moment_us);
            }
        }
        ok = buf_ok(b, e);
    }
    arena_fini(&a);
    return ok;
}
