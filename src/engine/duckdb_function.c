/* Functions of ours that SQL may call: text in, text out. */
#include "engine/duckdb_int.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

enum { TEXT_MAX = 64 << 20 };

struct text_function {
    engine_text_fn fn;
    size_t bytes;
    unsigned char ctx[];
};

static void text_function_free(void *p)
{
    struct text_function *f = p;
    explicit_bzero(f->ctx, f->bytes);
    mem_free(f);
}

/* One chunk. NULL stays NULL; a value that cannot be made is NULL too, never the value itself. */
static void run(duckdb_function_info info, duckdb_data_chunk in, duckdb_vector out)
{
    const struct text_function *f = duckdb_scalar_function_get_extra_info(info);
    duckdb_vector v = duckdb_data_chunk_get_vector(in, 0);
    duckdb_string_t *values = duckdb_vector_get_data(v);
    uint64_t *valid = duckdb_vector_get_validity(v), *set = NULL;
    struct buf b = BUF_INIT((size_t)TEXT_MAX);
    idx_t n = duckdb_data_chunk_get_size(in);
    for (idx_t i = 0; i < n; i++) {
        bool null = valid && !duckdb_validity_row_is_valid(valid, i);
        if (!null) {
            buf_reset(&b);
            f->fn(f->ctx, (struct str){duckdb_string_t_data(&values[i]), duckdb_string_t_length(values[i])}, &b);
            null = !buf_ok(&b, NULL);
        }
        if (!null) {
            duckdb_vector_assign_string_element_len(out, i, b.p ? b.p : "", b.n);
            continue;
        }
        if (!set) {
            duckdb_vector_ensure_validity_writable(out);
            set = duckdb_vector_get_validity(out);
        }
        duckdb_validity_set_row_invalid(set, i);
    }
    buf_fini(&b);
}

bool engine_text_function(struct engine *g, const char *name, engine_text_fn fn, const void *ctx, size_t bytes, struct err *e)
{
    struct engine_conn *c = NULL;
    if (!engine_connect(g, &c, e))
        return false;
    struct text_function *f = mem_alloc(sizeof *f + bytes);
    f->fn = fn;
    f->bytes = bytes;
    if (bytes)
        memcpy(f->ctx, ctx, bytes);
    duckdb_scalar_function sf = duckdb_create_scalar_function();
    duckdb_logical_type text = duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR);
    duckdb_scalar_function_set_name(sf, name);
    duckdb_scalar_function_add_parameter(sf, text);
    duckdb_scalar_function_set_return_type(sf, text);
    duckdb_scalar_function_set_extra_info(sf, f, text_function_free);
    duckdb_scalar_function_set_function(sf, run);
    bool ok = duckdb_register_scalar_function(c->conn, sf) == DuckDBSuccess;
    if (!ok)
        err_set(e, E_ENGINE, "the engine did not take the function %s", name);
    duckdb_destroy_logical_type(&text);
    duckdb_destroy_scalar_function(&sf);
    engine_disconnect(c);
    return ok;
}
