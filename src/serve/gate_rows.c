#include "serve/gate_rows.h"

#include "serve/put.h"

enum { CELL_MAX_BYTES = 1 << 20 };

static void put_row(struct call *c, struct buf *b, const struct engine_column *cols, size_t n, const struct engine_chunk *ch, size_t row)
{
    put_open(b, NULL, '{');
    for (size_t i = 0; i < n; i++) {
        struct buf cell = BUF_INIT((size_t)CELL_MAX_BYTES);
        engine_cell_json(ch, i, row, &cell);
        put_raw(b, arena_strz(c->a, cols[i].name), cell.failed ? STR("null") : buf_str(&cell));
        buf_fini(&cell);
    }
    put_close(b, '}');
}

bool gate_rows(struct call *c, struct buf *b, const char *key, struct str sql, const struct engine_param *params, size_t n_params, int64_t limit, size_t *n,
               struct err *e)
{
    const struct govern_request q = {.principal = &c->who, .purpose = call_purpose(c), .sql = sql, .params = params, .n_params = n_params, .row_limit = limit, .person = c->person};
    const struct engine_column *cols;
    struct govern_result *r = NULL;
    struct engine_chunk *ch = NULL;
    size_t rows = 0, n_cols;
    *n = 0;
    bool ok = govern_query(c->app->govern, &q, &r, e);
    n_cols = ok ? govern_result_columns(r, &cols) : 0;
    put_open(b, key, '[');
    while (ok && (ok = govern_result_next(r, &ch, &rows, e)) && ch)
        for (size_t row = 0; row < rows; row++, ++*n)
            put_row(c, b, cols, n_cols, ch, row);
    put_close(b, ']');
    govern_result_close(r);
    return ok;
}
