/* The events of one stream into its raw table, column by column. Columns in which nothing stands are left to the engine's NULL.
 */
#include "events/events_int.h"

enum { BLOCK_ROWS = 2048, SQL_MAX = 4 << 20 };

struct column {
    struct str name;
    struct engine_pipe_type type;
    struct str cast; /* type to cast the text to; empty: as it is */
    int place;       /* in cells; below 0: the planned one -1 - place; OWN_LINE */
};
enum { OWN_LINE = EVENT_COLUMNS };

struct blocks {
    const struct column *cols;
    size_t n_cols;
    struct event_entry **v;
    size_t n, at;
    pthread_mutex_t lock;
};
struct block {
    struct engine_pipe_block b; /* first: the engine hands it back */
    struct arena a;
};

static const struct event_cell *cell_of(const struct event_entry *x, int place)
{
    return place < 0 ? (x->ev.planned ? &x->ev.planned[-1 - place] : NULL) : &x->ev.cells[place];
}

/* A NUL is no text for the engine. */
static void put_text(char *to, struct str s)
{
    memcpy(to, s.p, s.n);
    for (char *z = memchr(to, 0, s.n); z; z = memchr(z, 0, s.n - (size_t)(z - to)))
        *z = ' ';
}

static void texts(struct block *k, struct engine_pipe_cells *out, uint64_t *valid, const struct column *c, struct event_entry **v,
                  uint32_t n)
{
    uint32_t *lengths = arena_array(&k->a, n, sizeof *lengths);
    size_t bytes = 0;
    for (uint32_t i = 0; i < n; i++) {
        const struct event_cell *cell = cell_of(v[i], c->place);
        if (cell && cell->set) {
            lengths[i] = (uint32_t)cell->s.n;
            bytes += cell->s.n;
            valid[i / 64] |= UINT64_C(1) << i % 64;
        }
    }
    char *heap = arena_alloc(&k->a, bytes + 1), *to = heap;
    for (uint32_t i = 0; i < n; i++) {
        if (lengths[i])
            put_text(to, cell_of(v[i], c->place)->s);
        to += lengths[i];
    }
    out->data = lengths;
    out->heap = heap;
}

static void fixed(struct block *k, struct engine_pipe_cells *out, uint64_t *valid, const struct column *c, struct event_entry **v,
                  uint32_t n, size_t first_line)
{
    char *data = arena_array(&k->a, n, c->type.bytes);
    for (uint32_t i = 0; i < n; i++) {
        const struct event_cell *cell = c->place == OWN_LINE ? NULL : cell_of(v[i], c->place);
        int64_t whole = c->place == OWN_LINE ? (int64_t)(first_line + i) : cell && cell->set ? cell->i : 0;
        int32_t half = (int32_t)whole;
        uint8_t one = whole != 0;
        if (c->place == OWN_LINE || (cell && cell->set))
            valid[i / 64] |= UINT64_C(1) << i % 64;
        memcpy(data + (size_t)i * c->type.bytes,
               c->type.bytes == 8   ? (void *)&whole
               : c->type.bytes == 4 ? (void *)&half
                                    : (void *)&one,
               c->type.bytes);
    }
    out->data = data;
}

static bool next(void *ctx, struct engine_pipe_block **out, struct err *e)
{
    struct blocks *s = ctx;
    (void)e;
    pthread_mutex_lock(&s->lock);
    size_t from = s->at, left = s->n - from;
    uint32_t n = (uint32_t)(left < BLOCK_ROWS ? left : BLOCK_ROWS);
    s->at += n;
    pthread_mutex_unlock(&s->lock);
    *out = NULL;
    if (!n)
        return true;
    struct block *k = mem_alloc(sizeof *k);
    arena_init(&k->a);
    k->b.rows = n;
    k->b.cols = arena_array(&k->a, s->n_cols, sizeof *k->b.cols);
    for (size_t i = 0; i < s->n_cols; i++) {
        uint64_t *valid = arena_array(&k->a, n / 64 + 1, sizeof *valid);
        k->b.cols[i].valid = valid;
        if (s->cols[i].type.type == ENGINE_TEXT)
            texts(k, &k->b.cols[i], valid, &s->cols[i], s->v + from, n);
        else
            fixed(k, &k->b.cols[i], valid, &s->cols[i], s->v + from, n, from + 1);
    }
    *out = &k->b;
    return true;
}

static void release(void *ctx, struct engine_pipe_block *b)
{
    struct block *k = (struct block *)b;
    (void)ctx;
    arena_fini(&k->a);
    mem_free(k);
}

/* ---- which columns ---- */

static struct engine_pipe_type pipe_type(char t)
{
    switch (t) {
    case 'M':
        return (struct engine_pipe_type){.type = ENGINE_TIMESTAMP, .bytes = 8};
    case 'B':
        return (struct engine_pipe_type){.type = ENGINE_BOOL, .bytes = 1};
    case 'I':
        return (struct engine_pipe_type){.type = ENGINE_INT, .bytes = 8};
    case 'D':
        return (struct engine_pipe_type){.type = ENGINE_DECIMAL, .bytes = 8, .precision = 18, .scale = 6};
    default:
        return (struct engine_pipe_type){.type = ENGINE_TEXT};
    }
}

/* How the plan hands a value over: event.h, `planned`. */
static struct engine_pipe_type planned_type(struct str type, struct str *cast)
{
    static const struct {
        const char *name;
        char type;
    } as_is[] = {{"BIGINT", 'I'}, {"BOOLEAN", 'B'}, {"TIMESTAMP", 'M'}, {"DECIMAL(18,6)", 'D'}, {"VARCHAR", 'T'}};
    *cast = (struct str){0};
    if (str_eq(type, STR("DATE")))
        return (struct engine_pipe_type){.type = ENGINE_DATE, .bytes = 4};
    for (size_t i = 0; i < sizeof as_is / sizeof *as_is; i++) {
        if (str_eq(type, str_of(as_is[i].name)))
            return pipe_type(as_is[i].type);
    }
    *cast = type;
    return pipe_type('T');
}

static bool any_set(struct event_entry **v, size_t n, int place)
{
    for (size_t i = 0; i < n; i++) {
        const struct event_cell *cell = cell_of(v[i], place);
        if (cell && cell->set)
            return true;
    }
    return false;
}

static size_t columns(const struct event_table *t, struct event_entry **v, size_t n, struct column *out)
{
    size_t k = 0;
    for (int c = 0; c < EVENT_COLUMNS; c++) {
        if ((event_columns[c].streams & t->stream) && any_set(v, n, c))
            out[k++] = (struct column){str_of(event_columns[c].name), pipe_type(event_columns[c].type), {0}, c};
    }
    for (size_t i = 0; i < t->n_planned; i++) {
        struct column c = {.name = t->planned[i].name, .place = -1 - (int)i};
        c.type = planned_type(t->planned[i].type, &c.cast);
        if (any_set(v, n, c.place))
            out[k++] = c;
    }
    out[k++] = (struct column){STR("_line"), pipe_type('I'), {0}, OWN_LINE};
    return k;
}

/* SELECT list of the pipe; with names where expressions of one's own stand on it, and then of every column. */
static void select_list(struct buf *b, const struct event_table *t, const struct column *cols, size_t n, bool named)
{
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_addz(b, ", ");
        if (cols[i].cast.n)
            buf_printf(b, "TRY_CAST(c%zu AS %.*s)", i, STR_FMT(cols[i].cast));
        else
            buf_printf(b, "c%zu", i);
        if (named) {
            buf_addz(b, " AS ");
            buf_sql_ident(b, cols[i].name);
        }
    }
    for (int c = 0; named && c < EVENT_COLUMNS; c++) {
        bool there = false;
        for (size_t i = 0; i < n; i++)
            there = there || cols[i].place == c;
        if (!there && (event_columns[c].streams & t->stream))
            buf_printf(b, ", CAST(NULL AS %s) AS \"%s\"", event_column_type(event_columns[c].type), event_columns[c].name);
    }
}

bool event_rows_write(struct engine_conn *c, const struct event_table *t, struct event_entry **v, size_t n, int64_t batch_id,
                      int64_t learned_us, struct arena *a, struct err *e)
{
    struct column *cols = arena_array(a, EVENT_COLUMNS + t->n_planned + 1, sizeof *cols);
    size_t n_cols = columns(t, v, n, cols);
    struct engine_pipe_type *types = arena_array(a, n_cols, sizeof *types);
    struct buf before = BUF_INIT(SQL_MAX), after = BUF_INIT(SQL_MAX);
    struct blocks s = {.cols = cols, .n_cols = n_cols, .v = v, .n = n};
    const struct engine_pipe_source source = {&s, next, release};
    buf_addz(&before, "INSERT INTO mesh.raw.");
    buf_sql_ident(&before, t->ref);
    buf_addz(&before, " (");
    for (size_t i = 0; i < n_cols; i++) {
        types[i] = cols[i].type;
        buf_sql_ident(&before, cols[i].name);
        buf_addz(&before, ", ");
    }
    if (t->n_enrich) {
        for (size_t i = 0; i < t->n_enrich; i++) {
            buf_sql_ident(&before, t->enrich[i].name);
            buf_addz(&before, ", ");
        }
        buf_addz(&before, "_file_id, _learned_from) SELECT ");
        for (size_t i = 0; i < n_cols; i++) {
            buf_sql_ident(&before, cols[i].name);
            buf_addz(&before, ", ");
        }
        for (size_t i = 0; i < t->n_enrich; i++) {
            buf_add(&before, t->enrich[i].sql);
            buf_addz(&before, ", ");
        }
    } else {
        buf_addz(&before, "_file_id, _learned_from) SELECT ");
        select_list(&before, t, cols, n_cols, false);
        buf_addz(&before, ", ");
    }
    buf_printf(&before, "%lld, make_timestamp(CAST(%lld AS BIGINT)) FROM ", (long long)batch_id, (long long)learned_us);
    if (t->n_enrich) {
        buf_addz(&before, "(SELECT ");
        select_list(&before, t, cols, n_cols, true);
        buf_addz(&before, " FROM ");
        buf_addc(&after, ')');
    }
    pthread_mutex_init(&s.lock, NULL);
    bool ok = buf_ok(&before, e) && buf_ok(&after, e) &&
              engine_pipe_run(c, buf_str(&before), buf_str(&after), types, n_cols, &source, e);
    pthread_mutex_destroy(&s.lock);
    buf_fini(&before);
    buf_fini(&after);
    return ok;
}
