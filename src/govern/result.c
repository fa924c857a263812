/* Rows on their way out: limits on rows and bytes, and the entry in the audit log. */
#include "govern/govern_int.h"

#include "base/clock.h"
#include "base/mem.h"
#include "govern/audit.h"
#include "govern/small.h"
#include "sql/sql.h"

#define RESULT_BYTES_MAX ((uint64_t)512 << 20)
enum { NUMBER_BYTES = 8, NESTED_BYTES = 64 };

size_t govern_result_columns(const struct govern_result *r, const struct engine_column **cols)
{
    return engine_result_columns(r->result, cols);
}

/* What the rows weigh, roughly: text by its length. */
static uint64_t chunk_bytes(const struct govern_result *r, const struct engine_chunk *ch, size_t rows)
{
    const struct engine_column *cols;
    size_t n = engine_result_columns(r->result, &cols);
    uint64_t bytes = 0;
    for (size_t c = 0; c < n; c++) {
        if (cols[c].type == ENGINE_TEXT || cols[c].type == ENGINE_BLOB)
            for (size_t i = 0; i < rows; i++)
                bytes += engine_cell_str(ch, c, i).n;
        else
            bytes += rows * (cols[c].type == ENGINE_NESTED ? NESTED_BYTES : NUMBER_BYTES);
    }
    return bytes;
}

bool govern_result_next(struct govern_result *r, struct engine_chunk **chunk, size_t *rows, struct err *e)
{
    *chunk = NULL;
    *rows = 0;
    if (r->done)
        return true;
    struct engine_chunk *ch;
    struct err local = {0};
    e = e ? e : &local;
    if (!engine_result_next(r->result, &ch, e)) {
        r->outcome = e->code;
        r->done = true;
        return false;
    }
    size_t n = ch ? engine_chunk_rows(ch) : 0;
    int64_t left = r->row_limit - r->rows;
    if ((int64_t)n > left) { /* with nothing left this chunk only tells that there was more */
        r->truncated = true;
        r->done = true;
        n = (size_t)left;
    }
    if (!ch || n == 0) {
        r->done = true;
        return true;
    }
    r->bytes += chunk_bytes(r, ch, n);
    if (r->bytes > RESULT_BYTES_MAX) {
        r->done = true;
        r->outcome = E_TOO_LARGE;
        err_set(e, E_TOO_LARGE, "the result is larger than %llu MB", (unsigned long long)(RESULT_BYTES_MAX >> 20));
        err_hint(e, "ask for fewer rows or columns, or aggregate");
        return false;
    }
    r->rows += (int64_t)n;
    *chunk = ch;
    *rows = n;
    return true;
}

bool govern_result_truncated(const struct govern_result *r)
{
    return r->truncated;
}

void govern_result_cancel(struct govern_result *r)
{
    engine_interrupt(r->conn->conn);
}

void gov_log_who(struct govern_result *r, const struct govern_request *q)
{
    struct audit_entry x = {0};
    audit_who(&x, q->principal, &r->arena);
    r->principal = arena_str(&r->arena, x.principal);
    r->roles = x.roles;
    r->quiet = x.quiet;
    r->person = arena_str(&r->arena, q->person);
}

void gov_log(struct govern_result *r)
{
    const struct audit_entry x = {
        .kind = AUDIT_READ,
        .principal = r->principal,
        .roles = r->roles,
        .purpose = r->purpose,
        .what = str_of(r->refs),
        .sql_shape = sql_shape(&r->arena, r->sql),
        .verdict = r->outcome == E_OK ? STR("ok") : str_of(err_info_get(r->outcome)->name),
        .person = r->person,
        .rows = r->rows,
        .bytes = (int64_t)r->bytes,
        .elapsed_us = clock_mono_us() - r->started_us,
        .quiet = r->quiet,
    };
    audit_note(r->govern->audit, &x);
}

void govern_result_close(struct govern_result *r)
{
    if (!r)
        return;
    engine_result_close(r->result);
    if (r->small && r->result)
        small_done(r->conn->conn);
    gov_conn_give(r->govern, r->conn);
    gov_catalog_unref(r->govern, r->catalog);
    gov_log(r);
    arena_fini(&r->arena);
    mem_free(r);
}
