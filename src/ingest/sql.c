/* Small helpers over the engine for SQL that this module writes itself. */
#include "ingest/ingest_int.h"

bool sql_each(struct engine_conn *c, struct str sql, const struct engine_param *p, size_t n,
              bool (*row)(void *ctx, const struct engine_chunk *ch, size_t at, struct err *e), void *ctx, struct err *e)
{
    struct engine_result *r = NULL;
    struct engine_chunk *ch = NULL;
    if (!engine_query(c, sql, p, n, &r, e))
        return false;
    bool ok;
    while ((ok = engine_result_next(r, &ch, e)) && ch) {
        for (size_t i = 0; ok && row && i < engine_chunk_rows(ch); i++)
            ok = row(ctx, ch, i, e);
        if (!ok)
            break;
    }
    engine_result_close(r);
    return ok;
}

bool sql_run(struct engine_conn *c, struct str sql, const struct engine_param *p, size_t n, struct err *e)
{
    return n ? sql_each(c, sql, p, n, NULL, NULL, e) : engine_exec(c, sql, e);
}

bool sql_run_buf(struct engine_conn *c, struct buf *sql, struct err *e)
{
    return buf_ok(sql, e) && engine_exec(c, buf_str(sql), e);
}

void sql_table(struct buf *b, const char *schema, struct str ref)
{
    buf_printf(b, "mesh.%s.", schema);
    buf_sql_ident(b, ref);
}

void sql_timestamp(struct buf *b, int64_t us)
{
    buf_printf(b, "make_timestamp(CAST(%lld AS BIGINT))", (long long)us);
}
