/* Bulk append by rows, for tables whose rows are made in this program. */
#include "engine/duckdb_int.h"

#include "base/fault.h"
#include "base/mem.h"

struct engine_appender {
    struct engine_conn *conn;
    duckdb_appender appender;
};

static bool append_error(struct engine_appender *ap, struct err *e)
{
    duckdb_error_data d = duckdb_appender_error_data(ap->appender);
    duck_error(ap->conn, duckdb_error_data_message(d), STR(""), e);
    duckdb_destroy_error_data(&d);
    return false;
}

bool engine_append_open(struct engine_conn *c, struct str catalog, struct str schema, struct str table,
                        struct engine_appender **out, struct err *e)
{
    *out = NULL;
    if (!duck_call_begin(c, e))
        return false;
    struct engine_appender *ap = mem_alloc(sizeof *ap);
    struct arena a;
    arena_init(&a);
    ap->conn = c;
    bool ok = duckdb_appender_create_ext(c->conn, catalog.n ? arena_strz(&a, catalog) : NULL,
                                         schema.n ? arena_strz(&a, schema) : NULL, arena_strz(&a, table),
                                         &ap->appender) == DuckDBSuccess;
    if (!ok) {
        append_error(ap, e);
        duckdb_appender_destroy(&ap->appender);
        duck_call_end(c);
        mem_free(ap);
    } else {
        *out = ap;
    }
    arena_fini(&a);
    return ok;
}

static duckdb_state append_cell(duckdb_appender a, const struct engine_param *p)
{
    if (p->null)
        return duckdb_append_null(a);
    switch (p->type) {
    case ENGINE_BOOL: return duckdb_append_bool(a, p->i != 0);
    case ENGINE_INT: return duckdb_append_int64(a, p->i);
    case ENGINE_DOUBLE: return duckdb_append_double(a, p->f);
    case ENGINE_DATE: return duckdb_append_date(a, (duckdb_date){(int32_t)p->i});
    case ENGINE_TIMESTAMP: return duckdb_append_timestamp(a, (duckdb_timestamp){p->i});
    case ENGINE_BLOB: return duckdb_append_blob(a, p->s.p ? p->s.p : "", p->s.n);
    default: return duckdb_append_varchar_length(a, p->s.p ? p->s.p : "", p->s.n);
    }
}

bool engine_append_row(struct engine_appender *ap, const struct engine_param *cells, size_t n, struct err *e)
{
    if (fault_fires(FAULT_ENGINE))
        return err_set(e, E_ENGINE, "the engine failed internally");
    if (n != duckdb_appender_column_count(ap->appender))
        return err_set(e, E_INTERNAL, "%zu cells for a table of %llu columns", n,
                       (unsigned long long)duckdb_appender_column_count(ap->appender));
    for (size_t i = 0; i < n; i++)
        if (append_cell(ap->appender, &cells[i]) != DuckDBSuccess)
            return append_error(ap, e);
    if (duckdb_appender_end_row(ap->appender) != DuckDBSuccess)
        return append_error(ap, e);
    return true;
}

bool engine_append_close(struct engine_appender *ap, struct err *e)
{
    if (!ap)
        return true;
    bool ok = !fault_fires(FAULT_ENGINE);
    if (!ok)
        err_set(e, E_ENGINE, "the engine failed internally");
    else if (duckdb_appender_close(ap->appender) != DuckDBSuccess)
        ok = append_error(ap, e);
    duckdb_appender_destroy(&ap->appender);
    duck_call_end(ap->conn);
    mem_free(ap);
    return ok;
}
