/* Parquet, read by an engine of the child's own that may open nothing but the one file. Values come as text in the
 * engine's exact forms and take the same way as those of every other format. */
#include "ingest/reader.h"

#include <stdio.h>

struct parquet {
    struct engine *engine;
    struct engine_conn *conn;
    struct engine_result *result;
    char path[40];
};

static bool refused(struct err *e)
{
    if (e && e->code != E_MEMORY && e->code != E_CANCELLED) {
        err_set(e, E_SOURCE_FILE, "the Parquet file is damaged, or uses what this version cannot read");
        err_hint(e, "write it again; encrypted files are not read");
    }
    return false;
}

static enum cell_look look_of(const struct engine_column *c)
{
    switch (c->type) {
    case ENGINE_BOOL:
        return LOOK_BOOL;
    case ENGINE_INT:
        return LOOK_INTEGER;
    case ENGINE_DECIMAL:
        return c->scale <= 6 ? LOOK_DECIMAL : LOOK_NUMBER;
    case ENGINE_DOUBLE:
        return LOOK_NUMBER;
    case ENGINE_DATE:
        return LOOK_DATE;
    case ENGINE_TIMESTAMP:
    case ENGINE_TIMESTAMP_TZ:
        return LOOK_TIMESTAMP;
    default:
        return LOOK_TEXT;
    }
}

static bool parquet_open(struct reading *r, struct err *e)
{
    struct parquet *p = mem_alloc(sizeof *p);
    r->state = p;
    snprintf(p->path, sizeof p->path, "/proc/self/fd/%d", r->fd);
    struct engine_options o = {.threads = 1, .memory_limit_bytes = 1ull << 30};
    struct buf sql = BUF_INIT(1u << 20);
    if (!engine_open(&o, &p->engine, e) || !engine_connect(p->engine, &p->conn, e))
        return false;
    buf_printf(&sql, "SET allowed_paths = ['%s']; SET enable_external_access = false; SET lock_configuration = true", p->path);
    bool ok = engine_exec(p->conn, buf_str(&sql), e);
    buf_reset(&sql);
    buf_printf(&sql, "SELECT * FROM read_parquet('%s')", p->path);
    struct engine_column *cols = NULL;
    size_t n = 0;
    if (ok && !engine_describe(p->conn, buf_str(&sql), &r->arena, &cols, &n, e))
        ok = refused(e);
    buf_fini(&sql);
    if (!ok)
        return false;
    r->rows.n_cols = n;
    r->rows.cols = arena_array(&r->arena, n + 1, sizeof *r->rows.cols);
    struct buf select = BUF_INIT(4u << 20);
    buf_addz(&select, "SELECT ");
    for (size_t i = 0; i < n; i++) {
        r->rows.cols[i].name = column_normal(&r->arena, cols[i].name, i);
        r->rows.cols[i].look = look_of(&cols[i]);
        buf_addz(&select, cols[i].type == ENGINE_NESTED ? "CAST(to_json(" : "CAST(");
        buf_sql_ident(&select, cols[i].name);
        buf_addz(&select, cols[i].type == ENGINE_NESTED ? ") AS VARCHAR), " : " AS VARCHAR), ");
    }
    columns_unique(&r->arena, r->rows.cols, n);
    reading_types(r);
    buf_printf(&select, "file_row_number FROM read_parquet('%s', file_row_number = true)", p->path);
    ok = buf_ok(&select, e);
    if (ok && !engine_query(p->conn, buf_str(&select), NULL, 0, &p->result, e))
        ok = refused(e);
    buf_fini(&select);
    return ok;
}

static bool parquet_run(struct reading *r, struct err *e)
{
    struct parquet *p = r->state;
    size_t n = r->rows.n_cols;
    struct str *fields = arena_array(&r->arena, n + 1, sizeof *fields);
    while (!rows_enough(&r->rows)) {
        struct engine_chunk *chunk;
        if (!engine_result_next(p->result, &chunk, e))
            return refused(e);
        if (!chunk)
            return rows_flush(&r->rows, e);
        size_t rows = engine_chunk_rows(chunk);
        for (size_t k = 0; k < rows; k++) {
            int64_t line = engine_cell_i64(chunk, n, k) + 1;
            bool nul = false;
            for (size_t i = 0; i < n; i++) {
                fields[i] = engine_cell_null(chunk, i, k) ? (struct str){0} : engine_cell_str(chunk, i, k);
                nul = nul || (fields[i].n && memchr(fields[i].p, 0, fields[i].n));
            }
            struct wire_reject w = {line, REJECT_ENCODING, WIRE_NO_COLUMN, STR("it holds a NUL character"), STR("")};
            if (nul ? !rows_reject(&r->rows, &w, e) : !rows_put(&r->rows, line, fields, STR(""), e))
                return false;
        }
    }
    return true;
}

static void parquet_close(struct reading *r)
{
    struct parquet *p = r->state;
    if (!p)
        return;
    engine_result_close(p->result);
    engine_disconnect(p->conn);
    engine_close(p->engine);
    mem_free(p);
    r->state = NULL;
}

const struct reader reader_parquet = {"parquet", parquet_open, parquet_run, parquet_close};
