/* A table function that reads blocks handed over by the caller. Each engine thread takes a block of its own and passes
 * it on in vectors; longer texts are not copied, the vector points into the block, which is given back only when the
 * thread asks for its next one (by then the chunk has gone through the whole pipeline). */
#include "engine/pipe.h"

#include <stdio.h>

#include "base/mem.h"
#include "engine/duckdb_int.h"

struct pipe {
    int64_t id;
    const struct engine_pipe_type *types;
    size_t n_types;
    const struct engine_pipe_source *source;
    atomic_bool stop;
    pthread_mutex_t lock; /* guards failed and e */
    bool failed;
    struct err e;
    struct pipe *next;
};

/* What one engine thread is reading. */
struct pipe_reader {
    struct pipe *pipe;
    struct engine_pipe_block *block;
    uint32_t at;
    uint64_t *heap_at; /* per column, the offset of row `at` in the heap */
};

/* Running pipes by number: the SQL carries the number, never an address. */
static pthread_mutex_t pipes_lock = PTHREAD_MUTEX_INITIALIZER;
static struct pipe *pipes;
static int64_t pipes_last_id;

static duckdb_logical_type pipe_type(const struct engine_pipe_type *t)
{
    static const duckdb_type ints[2][9] = {
        {[1] = DUCKDB_TYPE_TINYINT, [2] = DUCKDB_TYPE_SMALLINT, [4] = DUCKDB_TYPE_INTEGER, [8] = DUCKDB_TYPE_BIGINT},
        {[1] = DUCKDB_TYPE_UTINYINT, [2] = DUCKDB_TYPE_USMALLINT, [4] = DUCKDB_TYPE_UINTEGER, [8] = DUCKDB_TYPE_UBIGINT},
    };
    switch (t->type) {
    case ENGINE_BOOL:
        return duckdb_create_logical_type(DUCKDB_TYPE_BOOLEAN);
    case ENGINE_INT:
        return duckdb_create_logical_type(ints[t->is_unsigned][t->bytes <= 8 ? t->bytes : 8]);
    case ENGINE_DOUBLE:
        return duckdb_create_logical_type(t->bytes == 4 ? DUCKDB_TYPE_FLOAT : DUCKDB_TYPE_DOUBLE);
    case ENGINE_DECIMAL:
        return duckdb_create_decimal_type(t->precision, t->scale);
    case ENGINE_DATE:
        return duckdb_create_logical_type(DUCKDB_TYPE_DATE);
    case ENGINE_TIME:
        return duckdb_create_logical_type(DUCKDB_TYPE_TIME);
    case ENGINE_TIMESTAMP:
        return duckdb_create_logical_type(DUCKDB_TYPE_TIMESTAMP);
    case ENGINE_TIMESTAMP_TZ:
        return duckdb_create_logical_type(DUCKDB_TYPE_TIMESTAMP_TZ);
    default:
        return duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR);
    }
}

static void pipe_bind(duckdb_bind_info info)
{
    duckdb_value v = duckdb_bind_get_parameter(info, 0);
    int64_t id = duckdb_get_int64(v);
    duckdb_destroy_value(&v);
    pthread_mutex_lock(&pipes_lock);
    struct pipe *p = pipes;
    while (p && p->id != id)
        p = p->next;
    pthread_mutex_unlock(&pipes_lock);
    if (!p) {
        duckdb_bind_set_error(info, "no such pipe");
        return;
    }
    for (size_t i = 0; i < p->n_types; i++) {
        char name[24];
        snprintf(name, sizeof name, "c%zu", i);
        duckdb_logical_type t = pipe_type(&p->types[i]);
        duckdb_bind_add_result_column(info, name, t);
        duckdb_destroy_logical_type(&t);
    }
    duckdb_bind_set_bind_data(info, p, NULL);
}

static void pipe_init(duckdb_init_info info)
{
    duckdb_init_set_max_threads(info, 64);
}

static void reader_free(void *data)
{
    struct pipe_reader *r = data;
    if (r->block)
        r->pipe->source->release(r->pipe->source->ctx, r->block);
    mem_free(r->heap_at);
    mem_free(r);
}

static void pipe_init_local(duckdb_init_info info)
{
    struct pipe *p = duckdb_init_get_bind_data(info);
    struct pipe_reader *r = mem_alloc(sizeof *r);
    r->pipe = p;
    r->heap_at = mem_alloc((p->n_types + 1) * sizeof *r->heap_at);
    duckdb_init_set_init_data(info, r, reader_free);
}

static void texts_out(duckdb_string_t *out, const struct engine_pipe_cells *in, uint32_t from, uint32_t n, uint64_t *heap_at)
{
    const uint32_t *lengths = (const uint32_t *)in->data + from;
    const char *s = in->heap + *heap_at;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t len = lengths[i];
        duckdb_string_t *t = &out[i];
        if (len <= sizeof t->value.inlined.inlined) {
            memset(t, 0, sizeof *t);
            t->value.inlined.length = len;
            if (len)
                memcpy(t->value.inlined.inlined, s, len);
        } else {
            t->value.pointer.length = len;
            memcpy(t->value.pointer.prefix, s, sizeof t->value.pointer.prefix);
            t->value.pointer.ptr = (char *)(uintptr_t)s; /* the engine only reads it */
        }
        s += len;
    }
    *heap_at = (uint64_t)(s - in->heap);
}

static void column_out(duckdb_vector v, const struct engine_pipe_type *t, const struct engine_pipe_cells *in, uint32_t from,
                       uint32_t n, uint64_t *heap_at)
{
    if (t->type == ENGINE_TEXT)
        texts_out(duckdb_vector_get_data(v), in, from, n, heap_at);
    else
        memcpy(duckdb_vector_get_data(v), (const char *)in->data + (size_t)from * t->bytes, (size_t)n * t->bytes);
    if (in->valid) { /* `from` is a multiple of the vector size, so words line up */
        duckdb_vector_ensure_validity_writable(v);
        memcpy(duckdb_vector_get_validity(v), in->valid + from / 64, (n + 63) / 64 * sizeof(uint64_t));
    }
}

static bool reader_advance(struct pipe_reader *r, struct err *e)
{
    const struct engine_pipe_source *s = r->pipe->source;
    while (!r->block || r->at >= r->block->rows) {
        if (r->block)
            s->release(s->ctx, r->block);
        r->block = NULL;
        r->at = 0;
        if (atomic_load(&r->pipe->stop))
            return true;
        if (!s->next(s->ctx, &r->block, e))
            return false;
        if (!r->block)
            return true;
        memset(r->heap_at, 0, r->pipe->n_types * sizeof *r->heap_at);
    }
    return true;
}

static void pipe_function(duckdb_function_info info, duckdb_data_chunk chunk)
{
    struct pipe_reader *r = duckdb_function_get_local_init_data(info);
    struct pipe *p = r->pipe;
    struct err e = {0};
    if (!reader_advance(r, &e)) {
        pthread_mutex_lock(&p->lock);
        if (!p->failed)
            p->e = e;
        p->failed = true;
        pthread_mutex_unlock(&p->lock);
        atomic_store(&p->stop, true);
        duckdb_function_set_error(info, "the pipe's source failed");
        return;
    }
    if (!r->block) {
        duckdb_data_chunk_set_size(chunk, 0);
        return;
    }
    uint32_t n = r->block->rows - r->at, most = (uint32_t)duckdb_vector_size();
    if (n > most)
        n = most;
    for (size_t i = 0; i < p->n_types; i++)
        column_out(duckdb_data_chunk_get_vector(chunk, i), &p->types[i], &r->block->cols[i], r->at, n, &r->heap_at[i]);
    r->at += n;
    duckdb_data_chunk_set_size(chunk, n);
}

/* Again on an engine that has it already this fails, which is as good. */
static void pipe_register(struct engine_conn *c)
{
    duckdb_table_function f = duckdb_create_table_function();
    duckdb_logical_type id = duckdb_create_logical_type(DUCKDB_TYPE_BIGINT);
    duckdb_table_function_set_name(f, "trellis_pipe");
    duckdb_table_function_add_parameter(f, id);
    duckdb_table_function_set_bind(f, pipe_bind);
    duckdb_table_function_set_init(f, pipe_init);
    duckdb_table_function_set_local_init(f, pipe_init_local);
    duckdb_table_function_set_function(f, pipe_function);
    duckdb_register_table_function(c->conn, f);
    duckdb_destroy_logical_type(&id);
    duckdb_destroy_table_function(&f);
}

static void pipe_list(struct pipe *p)
{
    pthread_mutex_lock(&pipes_lock);
    p->id = ++pipes_last_id;
    p->next = pipes;
    pipes = p;
    pthread_mutex_unlock(&pipes_lock);
}

static void pipe_unlist(struct pipe *p)
{
    pthread_mutex_lock(&pipes_lock);
    struct pipe **at = &pipes;
    while (*at != p)
        at = &(*at)->next;
    *at = p->next;
    pthread_mutex_unlock(&pipes_lock);
}

bool engine_pipe_run(struct engine_conn *c, struct str before, struct str after, const struct engine_pipe_type *types,
                     size_t n_types, const struct engine_pipe_source *source, struct err *e)
{
    struct pipe p = {.types = types, .n_types = n_types, .source = source};
    struct buf sql = BUF_INIT(4u << 20);
    bool ok = false;
    pthread_mutex_init(&p.lock, NULL);
    pipe_register(c);
    pipe_list(&p);
    buf_add(&sql, before);
    buf_printf(&sql, " trellis_pipe(%lld) ", (long long)p.id);
    buf_add(&sql, after);
    if (buf_ok(&sql, e) && engine_exec(c, STR("SET SESSION preserve_insertion_order = false"), e)) {
        ok = engine_exec(c, buf_str(&sql), e);
        struct err ignored;
        if (!engine_exec(c, STR("RESET SESSION preserve_insertion_order"), ok ? e : &ignored))
            ok = false;
    }
    if (p.failed) {
        if (e)
            *e = p.e;
        ok = false;
    }
    pipe_unlist(&p);
    pthread_mutex_destroy(&p.lock);
    buf_fini(&sql);
    return ok;
}
