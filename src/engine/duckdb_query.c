/* Running SQL: statements without rows, and questions whose rows stream out in chunks while the engine works. */
#include "engine/duckdb_int.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/mem.h"

enum { CAUSE_ATTEMPTS = 8, CAUSE_PATIENCE_US = 3000000 };

char *duck_sqlz(struct str sql, struct err *e)
{
    if (sql.n && memchr(sql.p, 0, sql.n)) {
        err_set(e, E_SQL, "the SQL holds a NUL character");
        return NULL;
    }
    char *z = mem_try_alloc(sql.n + 1);
    if (!z) {
        err_set(e, E_MEMORY, "no memory for an SQL text of %zu bytes", sql.n);
        return NULL;
    }
    if (sql.n)
        memcpy(z, sql.p, sql.n);
    z[sql.n] = 0;
    return z;
}

bool duck_call_begin(struct engine_conn *c, struct err *e)
{
    if (c->open)
        return err_set(e, E_INTERNAL, "a result of this connection is still open");
    if (fault_fires(FAULT_ENGINE))
        return err_set(e, E_ENGINE, "the engine failed internally");
    if (!duck_use_begin(c, e))
        return false;
    if (atomic_load(&c->calls) == 0) { /* inside an open appender the outer call's interrupt still counts */
        atomic_store(&c->interrupted, false);
        atomic_store(&c->timed_out, false);
    }
    atomic_fetch_add(&c->calls, 1);
    if (c->timeout_ms > 0)
        watchdog_arm(c->engine->watchdog, c, clock_mono_us() + c->timeout_ms * 1000);
    return true;
}

void duck_call_end(struct engine_conn *c)
{
    if (c->timeout_ms > 0)
        watchdog_arm(c->engine->watchdog, c, 0);
    atomic_fetch_sub(&c->calls, 1);
    duck_use_end(c);
}

/* An interrupt between planning and execution is forgotten by the engine; not by us. */
static bool still_wanted(struct engine_conn *c, struct str sql, struct err *e)
{
    if (atomic_load(&c->timed_out) || atomic_load(&c->interrupted))
        return duck_error(c, "INTERRUPT Error: Interrupted!", sql, e);
    return true;
}

static bool is_single(struct engine_conn *c, const char *sqlz)
{
    duckdb_extracted_statements st = NULL;
    idx_t n = duckdb_extract_statements(c->conn, sqlz, &st);
    duckdb_destroy_extracted(&st);
    return n == 1;
}

bool engine_exec(struct engine_conn *c, struct str sql, struct err *e)
{
    char *z = duck_sqlz(sql, e);
    if (!z)
        return false;
    bool ok = false;
    if (duck_call_begin(c, e)) {
        duckdb_result r;
        ok = duckdb_query(c->conn, z, &r) == DuckDBSuccess;
        /* A statement is whole or nothing, so one that failed without its cause may be tried again. */
        for (int again = 0; !ok && again < CAUSE_ATTEMPTS && duck_cause_lost(c, duckdb_result_error(&r)) && is_single(c, z); again++) {
            duckdb_destroy_result(&r);
            ok = duckdb_query(c->conn, z, &r) == DuckDBSuccess;
        }
        if (!ok)
            duck_error(c, duckdb_result_error(&r), sql, e);
        duckdb_destroy_result(&r);
        duck_transaction_note(c, sql, ok);
        duck_call_end(c);
    }
    mem_free(z);
    return ok;
}

bool duck_bind(struct engine_conn *c, duckdb_prepared_statement st, const struct engine_param *params, size_t n,
               struct err *e)
{
    (void)c;
    if (duckdb_nparams(st) != n)
        return err_set(e, E_SQL, "the SQL takes %llu parameters, %zu were given", (unsigned long long)duckdb_nparams(st), n);
    for (size_t i = 0; i < n; i++) {
        const struct engine_param *p = &params[i];
        duckdb_state s;
        if (p->null)
            s = duckdb_bind_null(st, i + 1);
        else if (p->type == ENGINE_BOOL)
            s = duckdb_bind_boolean(st, i + 1, p->i != 0);
        else if (p->type == ENGINE_INT)
            s = duckdb_bind_int64(st, i + 1, p->i);
        else if (p->type == ENGINE_DOUBLE)
            s = duckdb_bind_double(st, i + 1, p->f);
        else if (p->type == ENGINE_DATE)
            s = duckdb_bind_date(st, i + 1, (duckdb_date){(int32_t)p->i});
        else if (p->type == ENGINE_TIMESTAMP)
            s = duckdb_bind_timestamp(st, i + 1, (duckdb_timestamp){p->i});
        else if (p->type == ENGINE_BLOB)
            s = duckdb_bind_blob(st, i + 1, p->s.p ? p->s.p : "", p->s.n);
        else
            s = duckdb_bind_varchar_length(st, i + 1, p->s.p ? p->s.p : "", p->s.n);
        if (s != DuckDBSuccess)
            return err_set(e, E_SQL, "parameter $%zu has a value that cannot be used (text must be UTF-8)", i + 1);
    }
    return true;
}

static void columns_read(struct engine_result *r)
{
    struct arena *a = &r->arena;
    r->n_cols = duckdb_column_count(&r->result);
    r->cols = arena_array(a, r->n_cols, sizeof *r->cols);
    struct coltype *types = arena_array(a, r->n_cols, sizeof *types);
    for (size_t i = 0; i < r->n_cols; i++) {
        duckdb_logical_type t = duckdb_column_logical_type(&r->result, i);
        coltype_read(a, t, &types[i]);
        r->cols[i] = (struct engine_column){
            .name = arena_str(a, str_of(duckdb_column_name(&r->result, i))),
            .type_name = coltype_name(a, t),
            .type = coltype_public(types[i].id),
            .scale = types[i].scale,
        };
        duckdb_destroy_logical_type(&t);
    }
    r->chunk = (struct engine_chunk){
        .cols = r->n_cols,
        .types = types,
        .data = arena_array(a, r->n_cols, sizeof(void *)),
        .validity = arena_array(a, r->n_cols, sizeof(uint64_t *)),
        .vectors = arena_array(a, r->n_cols, sizeof(duckdb_vector)),
    };
}

/* Runs the question again, rows dropped, for the cause that the engine lost; `raw` is copied out of it. */
static bool cause_find(struct engine_result *r, struct buf *raw)
{
    if (duckdb_prepared_statement_type(r->stmt) != DUCKDB_STATEMENT_TYPE_SELECT)
        return false;
    int64_t until_us = clock_mono_us() + CAUSE_PATIENCE_US;
    for (int again = 0; again < CAUSE_ATTEMPTS && clock_mono_us() < until_us; again++) {
        duckdb_pending_result pending = NULL;
        duckdb_result res = {0};
        buf_reset(raw);
        if (duckdb_pending_prepared_streaming(r->stmt, &pending) == DuckDBSuccess) {
            if (duckdb_execute_pending(pending, &res) == DuckDBSuccess)
                for (duckdb_data_chunk ch; (ch = duckdb_fetch_chunk(res)) != NULL;)
                    duckdb_destroy_data_chunk(&ch);
            const char *message = duckdb_result_error(&res);
            buf_addz(raw, message ? message : "");
            duckdb_destroy_result(&res);
        }
        duckdb_destroy_pending(&pending);
        if (raw->n && !duck_cause_lost(r->conn, buf_z(raw)))
            return true;
    }
    return false;
}

static bool run_error(struct engine_result *r, const char *message, struct err *e)
{
    struct buf raw = BUF_INIT(1 << 20);
    buf_addz(&raw, message ? message : "");
    if (duck_cause_lost(r->conn, message)) {
        if (r->has_result)
            duckdb_destroy_result(&r->result);
        r->has_result = false;
        if (!cause_find(r, &raw)) {
            buf_reset(&raw);
            buf_addz(&raw, "INTERRUPT Error: Interrupted!");
        }
    }
    duck_error(r->conn, buf_z(&raw), r->sql, e);
    buf_fini(&raw);
    return false;
}

static bool query_start(struct engine_result *r, const struct engine_param *params, size_t n_params, struct err *e)
{
    struct engine_conn *c = r->conn;
    if (duckdb_prepare(c->conn, r->sql.p, &r->stmt) != DuckDBSuccess)
        return duck_error(c, r->stmt ? duckdb_prepare_error(r->stmt) : NULL, r->sql, e);
    if (!still_wanted(c, r->sql, e) || !duck_bind(c, r->stmt, params, n_params, e))
        return false;
    duckdb_pending_result pending = NULL;
    bool ok = duckdb_pending_prepared_streaming(r->stmt, &pending) == DuckDBSuccess;
    if (!ok) {
        duck_error(c, duckdb_pending_error(pending), r->sql, e);
    } else if (still_wanted(c, r->sql, e)) {
        r->has_result = true;
        ok = duckdb_execute_pending(pending, &r->result) == DuckDBSuccess;
        if (!ok)
            run_error(r, duckdb_result_error(&r->result), e);
    } else {
        ok = false;
    }
    duckdb_destroy_pending(&pending);
    return ok;
}

bool engine_query(struct engine_conn *c, struct str sql, const struct engine_param *params, size_t n_params,
                  struct engine_result **out, struct err *e)
{
    *out = NULL;
    char *z = duck_sqlz(sql, e);
    if (!z)
        return false;
    if (!duck_call_begin(c, e)) {
        mem_free(z);
        return false;
    }
    struct engine_result *r = mem_alloc(sizeof *r);
    arena_init(&r->arena);
    r->conn = c;
    r->sql = (struct str){z, sql.n};
    c->open = r;
    if (!query_start(r, params, n_params, e)) {
        engine_result_close(r);
        return false;
    }
    columns_read(r);
    *out = r;
    return true;
}

size_t engine_result_columns(const struct engine_result *r, const struct engine_column **cols)
{
    *cols = r->cols;
    return r->n_cols;
}

bool engine_result_next(struct engine_result *r, struct engine_chunk **out, struct err *e)
{
    *out = NULL;
    struct engine_chunk *ch = &r->chunk;
    duckdb_destroy_data_chunk(&ch->chunk);
    if (r->done)
        return true;
    if (fault_fires(FAULT_ENGINE))
        return err_set(e, E_ENGINE, "the engine failed internally");
    if (!still_wanted(r->conn, r->sql, e))
        return false;
    do {
        duckdb_destroy_data_chunk(&ch->chunk);
        ch->chunk = duckdb_fetch_chunk(r->result);
    } while (ch->chunk && duckdb_data_chunk_get_size(ch->chunk) == 0);
    if (!ch->chunk) {
        r->done = true;
        const char *message = duckdb_result_error(&r->result);
        return message && message[0] ? run_error(r, message, e) : true;
    }
    ch->rows = duckdb_data_chunk_get_size(ch->chunk);
    for (size_t i = 0; i < ch->cols; i++) {
        ch->vectors[i] = duckdb_data_chunk_get_vector(ch->chunk, i);
        ch->data[i] = duckdb_vector_get_data(ch->vectors[i]);
        ch->validity[i] = duckdb_vector_get_validity(ch->vectors[i]);
    }
    *out = ch;
    return true;
}

/* A stream that was not read to its end keeps the engine's transaction of it open until the connection's next statement: on a connection that then
 * rests in a pool, for hours, and no file could be written anew meanwhile. So a next statement comes at once. */
static void stream_end(struct engine_conn *c)
{
    duckdb_result none;
    (void)duckdb_query(c->conn, "SELECT 1", &none);
    duckdb_destroy_result(&none);
}

void engine_result_close(struct engine_result *r)
{
    if (!r)
        return;
    duckdb_destroy_data_chunk(&r->chunk.chunk);
    if (r->has_result)
        duckdb_destroy_result(&r->result);
    duckdb_destroy_prepare(&r->stmt);
    if (r->has_result && !r->done)
        stream_end(r->conn);
    r->conn->open = NULL;
    duck_call_end(r->conn);
    arena_fini(&r->arena);
    mem_free((char *)r->sql.p);
    mem_free(r);
}

bool engine_value(struct engine_conn *c, struct str sql, const struct engine_param *params, size_t n_params,
                  struct arena *a, struct str *out, bool *null, struct err *e)
{
    struct engine_result *r = NULL;
    struct engine_chunk *ch = NULL;
    struct buf b = BUF_INIT(64u << 20);
    *out = STR("");
    *null = true;
    bool ok = engine_query(c, sql, params, n_params, &r, e) && engine_result_next(r, &ch, e);
    if (ok && ch && !engine_cell_null(ch, 0, 0)) {
        engine_cell_text(ch, 0, 0, &b);
        ok = buf_ok(&b, e);
        if (ok) {
            *null = false;
            *out = arena_str(a, buf_str(&b));
        }
    }
    buf_fini(&b);
    engine_result_close(r);
    return ok;
}

bool engine_value_i64(struct engine_conn *c, struct str sql, const struct engine_param *params, size_t n_params,
                      int64_t *out, struct err *e)
{
    struct engine_result *r = NULL;
    struct engine_chunk *ch = NULL;
    *out = 0;
    bool ok = engine_query(c, sql, params, n_params, &r, e) && engine_result_next(r, &ch, e);
    if (ok && ch && !engine_cell_null(ch, 0, 0))
        *out = engine_cell_i64(ch, 0, 0);
    engine_result_close(r);
    return ok;
}

bool engine_describe(struct engine_conn *c, struct str sql, struct arena *a, struct engine_column **cols, size_t *n,
                     struct err *e)
{
    char *z = duck_sqlz(sql, e);
    if (!z)
        return false;
    if (!duck_call_begin(c, e)) {
        mem_free(z);
        return false;
    }
    duckdb_prepared_statement st = NULL;
    bool ok = false;
    if (duckdb_prepare(c->conn, z, &st) != DuckDBSuccess) {
        duck_error(c, st ? duckdb_prepare_error(st) : NULL, sql, e);
    } else if (duckdb_prepared_statement_type(st) != DUCKDB_STATEMENT_TYPE_SELECT) {
        err_set(e, E_SQL, "only a single SELECT is allowed here");
    } else {
        *n = duckdb_prepared_statement_column_count(st);
        *cols = arena_array(a, *n, sizeof **cols);
        for (size_t i = 0; i < *n; i++) {
            duckdb_logical_type t = duckdb_prepared_statement_column_logical_type(st, i);
            const char *name = duckdb_prepared_statement_column_name(st, i);
            duckdb_type id = duckdb_get_type_id(t);
            (*cols)[i] = (struct engine_column){
                .name = arena_str(a, str_of(name)),
                .type_name = coltype_name(a, t),
                .type = coltype_public(id),
                .scale = id == DUCKDB_TYPE_DECIMAL ? duckdb_decimal_scale(t) : 0,
            };
            duckdb_free((void *)name);
            duckdb_destroy_logical_type(&t);
        }
        ok = true;
    }
    duckdb_destroy_prepare(&st);
    duck_call_end(c);
    mem_free(z);
    return ok;
}
