/* The raw tables of an event source: made when it is declared, widened when its plan or its own columns grow, their columns turned
 * to another type when the plan says so. No row and no column is ever taken away from them. */
#include "events/events_int.h"

enum { SQL_MAX = 4 << 20 };

bool events_each(struct engine_conn *c, struct str sql, const struct engine_param *p, size_t n,
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

static void table_name(struct buf *b, const struct event_table *t)
{
    buf_addz(b, "mesh.raw.");
    buf_sql_ident(b, t->ref);
}

/* The columns that are there; none: no such table. */
static bool present(struct engine_conn *c, const struct event_table *t, struct arena *a, struct engine_column **cols, size_t *n,
                    struct err *e)
{
    struct buf sql = BUF_INIT(SQL_MAX);
    const struct engine_param p = {.type = ENGINE_TEXT, .s = t->ref};
    int64_t there = 0;
    *n = 0;
    bool ok =
        engine_value_i64(c,
                         STR("SELECT count(*) FROM duckdb_tables() WHERE database_name = 'mesh' AND schema_name = 'raw' AND "
                             "table_name = $1"),
                         &p, 1, &there, e);
    if (ok && there) {
        buf_addz(&sql, "SELECT * FROM ");
        table_name(&sql, t);
        ok = buf_ok(&sql, e) && engine_describe(c, buf_str(&sql), a, cols, n, e);
    }
    buf_fini(&sql);
    return ok;
}

static const struct engine_column *find(const struct engine_column *cols, size_t n, struct str name)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq_nocase(cols[i].name, name))
            return &cols[i];
    }
    return NULL;
}

/* A table that is made or fitted. */
struct fitting {
    struct engine_conn *c;
    const struct event_table *t;
    struct arena *a;
    struct engine_column *cols; /* those that are there */
    size_t n;
    struct buf create, alter;
};

/* INT and INTEGER are one type: the engine says what it calls it. */
static bool type_is(struct fitting *f, const struct engine_column *there, struct str type, bool *same, struct err *e)
{
    struct engine_column *cols;
    size_t n;
    *same = str_eq_nocase(there->type_name, type);
    if (*same)
        return true;
    if (!engine_describe(f->c, arena_printf(f->a, "SELECT CAST(NULL AS %.*s)", STR_FMT(type)), f->a, &cols, &n, e))
        return false;
    *same = n == 1 && str_eq_nocase(cols[0].type_name, there->type_name);
    return true;
}

/* One column: into the CREATE of a new table, or as an ALTER of one that lacks it or has it in another type. A value that does not
 * fit the new type is NULL then; as it was sent it stays in properties. */
static bool column(struct fitting *f, struct str name, struct str type, struct err *e)
{
    const struct engine_column *there = find(f->cols, f->n, name);
    bool same = true;
    buf_sql_ident(&f->create, name);
    buf_printf(&f->create, " %.*s, ", STR_FMT(type));
    if (there && !type_is(f, there, type, &same, e))
        return false;
    if (there && same)
        return true;
    buf_addz(&f->alter, "ALTER TABLE ");
    table_name(&f->alter, f->t);
    buf_addz(&f->alter, there ? " ALTER COLUMN " : " ADD COLUMN ");
    buf_sql_ident(&f->alter, name);
    if (there) {
        buf_printf(&f->alter, " SET DATA TYPE %.*s USING TRY_CAST(", STR_FMT(type));
        buf_sql_ident(&f->alter, name);
        buf_printf(&f->alter, " AS %.*s); ", STR_FMT(type));
    } else {
        buf_printf(&f->alter, " %.*s; ", STR_FMT(type));
    }
    return true;
}

static bool table_fit(struct engine_conn *c, const struct event_table *t, struct arena *a, struct err *e)
{
    struct fitting f = {.c = c, .t = t, .a = a, .create = BUF_INIT(SQL_MAX), .alter = BUF_INIT(SQL_MAX)};
    const struct mesh_events *declared = t->source->events;
    if (!present(c, t, a, &f.cols, &f.n, e))
        return false;
    buf_addz(&f.create, "CREATE TABLE ");
    table_name(&f.create, t);
    buf_addz(&f.create, " (");
    bool ok = true;
    for (int i = 0; ok && i < EVENT_COLUMNS; i++) {
        if (event_columns[i].streams & t->stream)
            ok = column(&f, str_of(event_columns[i].name), str_of(event_column_type(event_columns[i].type)), e);
    }
    for (size_t i = 0; ok && i < t->n_planned; i++)
        ok = column(&f, t->planned[i].name, t->planned[i].type, e);
    for (size_t i = 0; ok && i < declared->n_enrich; i++)
        ok = column(&f, declared->enrich[i].name, declared->enrich[i].type, e);
    buf_addz(&f.create, "_file_id BIGINT, _line BIGINT, _learned_from TIMESTAMP)");
    struct buf *sql = f.n ? &f.alter : &f.create;
    ok = ok && buf_ok(sql, e) && (sql->n == 0 || engine_exec(c, buf_str(sql), e));
    buf_fini(&f.create);
    buf_fini(&f.alter);
    return ok;
}

/* A column of one's own that the engine cannot bind stays empty: a warning, and no reason to lose events. */
static bool own_columns(struct engine_conn *c, struct event_table *t, struct arena *a, struct errs *es, struct err *e)
{
    const struct mesh_events *declared = t->source->events;
    struct event_own *own = arena_array(a, declared->n_enrich + 1, sizeof *own);
    struct engine_column *cols;
    size_t n;
    bool ok = true;
    t->enrich = own;
    t->n_enrich = 0;
    for (size_t i = 0; ok && i < declared->n_enrich; i++) {
        const struct mesh_enrich *d = &declared->enrich[i];
        struct buf sql = BUF_INIT(SQL_MAX);
        struct err why = {0};
        struct str expression = arena_printf(a, "TRY_CAST(TRY(%.*s) AS %.*s)", STR_FMT(d->sql), STR_FMT(d->type));
        buf_printf(&sql, "SELECT %.*s FROM ", STR_FMT(expression));
        table_name(&sql, t);
        ok = buf_ok(&sql, e);
        if (ok && engine_describe(c, buf_str(&sql), a, &cols, &n, &why) && n == 1) {
            own[t->n_enrich++] = (struct event_own){d->name, expression};
        } else if (ok && t->stream == EVENT_TRACK) {
            struct err *w = errs_warn(es, E_SQL, d->pos.file, d->pos.line, d->pos.col,
                                      "the column %.*s cannot be computed from the columns of the events", STR_FMT(d->name));
            err_hint(w, "it stays empty until its SQL is mended");
        }
        buf_fini(&sql);
    }
    return ok;
}

static bool counts_row(void *ctx, const struct engine_chunk *ch, size_t i, struct err *e)
{
    struct event_counts *k = ctx;
    (void)e;
    *k = (struct event_counts){engine_cell_i64(ch, 0, i), engine_cell_i64(ch, 1, i),
                               engine_cell_null(ch, 2, i) ? 0 : engine_cell_i64(ch, 2, i),
                               engine_cell_null(ch, 3, i) ? 0 : engine_cell_i64(ch, 3, i)};
    return true;
}

static bool counts_read(struct engine_conn *c, struct event_table *t, struct err *e)
{
    const struct engine_param p = {.type = ENGINE_TEXT, .s = t->ref};
    t->now = (struct event_counts){.version = -1};
    if (!events_each(c, STR("SELECT version, rows, data_from, data_to FROM mesh.sys.event_stream WHERE stream = $1"), &p, 1,
                     counts_row, &t->now, e))
        return false;
    bool ok = true;
    if (t->now.version < 0) {
        t->now.version = 0;
        ok = events_each(c, STR("INSERT INTO mesh.sys.event_stream VALUES ($1, 0, 0, NULL, NULL, NULL)"), &p, 1, NULL, NULL, e);
    }
    t->next = t->now;
    return ok;
}

bool event_tables_fit(struct engine_conn *c, struct event_source *s, struct arena *a, struct errs *es, struct err *e)
{
    for (size_t i = 0; i < EVENT_STREAMS; i++) {
        struct event_table *t = &s->tables[i];
        t->source = s->source;
        t->stream = event_streams[i].bit;
        t->ref =
            arena_printf(a, "%.*s.%.*s__%s", STR_FMT(s->source->domain->name), STR_FMT(s->source->name), event_streams[i].name);
        t->n_planned = plan_columns(s->plan, t->stream, &t->planned);
        if (!table_fit(c, t, a, e) || !own_columns(c, t, a, es, e) || !counts_read(c, t, e))
            return false;
    }
    return true;
}
