#include "measure/rows.h"

enum { ROWS_MAX = 10 * 1000 * 1000, PATIENCE_MS = 60 * 1000 };

bool measure_rows(const struct metric_asker *who, const struct measure_read *read, const struct measure_sink *sink, struct err *e)
{
    struct govern_request q = {
        .principal = who->who, .purpose = who->purpose, .sql = read->sql, .as_of = read->as_of, .params = read->params, .n_params = read->n_params, .person = read->person,
        .row_limit = read->row_limit > 0 ? read->row_limit : ROWS_MAX, .timeout_ms = read->timeout_ms > 0 ? read->timeout_ms : PATIENCE_MS,
        .watch = read->watch, .watch_ctx = read->watch_ctx,
    };
    struct govern_result *r = NULL;
    struct engine_chunk *chunk = NULL;
    const struct engine_column *columns;
    size_t rows = 0;
    if (!govern_query(who->gate, &q, &r, e)) {
        if (e)
            e->line = e->col = 0; /* places in SQL that nobody wrote */
        return false;
    }
    size_t n = govern_result_columns(r, &columns);
    bool good = !sink->columns || sink->columns(sink->ctx, columns, n, e);
    while (good && (good = govern_result_next(r, &chunk, &rows, e)) && chunk)
        good = sink->chunk(sink->ctx, chunk, rows, e);
    if (read->watch)
        read->watch(read->watch_ctx, NULL);
    govern_result_close(r);
    return good;
}
