/* The raw table of a stream and its twin in `hist`: made on the first load, widened as files and contracts grow. */
#include "ingest/ingest_int.h"

static bool own_column(struct str name)
{
    return str_eq(name, STR("_file_id")) || str_eq(name, STR("_line")) || str_eq(name, STR("_learned_from"));
}

const struct mesh_column *stream_column(const struct mesh_stream *st, struct str name)
{
    for (size_t i = 0; st->contract && i < st->contract->n_columns; i++) {
        if (str_eq(st->contract->columns[i].name, name))
            return &st->contract->columns[i];
    }
    return NULL;
}

struct engine_pipe_type contract_type(const struct mesh_stream *st, struct str name)
{
    const struct mesh_column *c = stream_column(st, name);
    return c ? cell_type_parse(c->physical_type) : (struct engine_pipe_type){.type = ENGINE_TEXT};
}

bool raw_has(const struct raw_table *t, struct str name)
{
    for (size_t i = 0; i < t->n; i++) {
        if (str_eq(t->cols[i].name, name))
            return true;
    }
    return false;
}

bool table_read(struct engine_conn *c, const struct mesh_stream *st, struct arena *a, struct raw_table *t, struct err *e)
{
    struct buf sql = BUF_INIT(4096);
    struct engine_column *cols = NULL;
    size_t n = 0;
    *t = (struct raw_table){0};
    buf_addz(&sql, "SELECT * FROM ");
    sql_table(&sql, "raw", st->ref);
    bool ok = buf_ok(&sql, e) && engine_describe(c, buf_str(&sql), a, &cols, &n, e);
    buf_fini(&sql);
    if (!ok) { /* the list of tables is dear, so it is only asked whether this one is really not there */
        int64_t there = 1;
        struct engine_param name = sql_text(st->ref);
        return engine_value_i64(c,
                                STR("SELECT count(*) FROM duckdb_tables() WHERE database_name = 'mesh' AND schema_name = 'raw' "
                                    "AND table_name = $1"),
                                &name, 1, &there, NULL) &&
               there == 0;
    }
    t->exists = true;
    t->cols = arena_array(a, n + 1, sizeof *t->cols);
    for (size_t i = 0; i < n; i++) {
        if (!own_column(cols[i].name))
            t->cols[t->n++] = (struct ingest_column){cols[i].name, cols[i].type_name};
    }
    return true;
}

static void column_add(struct raw_table *t, struct arena *a, const struct mesh_stream *st, struct str name, struct buf *create,
                       struct buf *alter)
{
    if (raw_has(t, name))
        return;
    struct engine_pipe_type type = contract_type(st, name);
    struct buf type_name = BUF_INIT(64);
    cell_type_name(&type, &type_name);
    t->cols[t->n++] = (struct ingest_column){arena_str(a, name), arena_str(a, buf_str(&type_name))};
    buf_sql_ident(create, name);
    buf_printf(create, " %s, ", buf_z(&type_name));
    static const char *const schemas[] = {"raw", "hist"};
    for (size_t i = 0; i < 2; i++) {
        buf_addz(alter, "ALTER TABLE ");
        sql_table(alter, schemas[i], st->ref);
        buf_addz(alter, " ADD COLUMN ");
        buf_sql_ident(alter, name);
        buf_printf(alter, " %s;", buf_z(&type_name));
    }
    buf_fini(&type_name);
}

bool table_fit(struct engine_conn *c, const struct mesh_stream *st, const struct loader_column *cols, size_t n, struct arena *a,
               struct raw_table *t, struct err *e)
{
    struct buf create = BUF_INIT(4u << 20), alter = BUF_INIT(16u << 20), sql = BUF_INIT(16u << 20);
    size_t n_contract = st->contract ? st->contract->n_columns : 0;
    struct ingest_column *old = t->cols;
    t->cols = arena_array(a, t->n + n + n_contract + 1, sizeof *t->cols);
    if (t->n)
        memcpy(t->cols, old, t->n * sizeof *old);
    for (size_t i = 0; i < n; i++)
        column_add(t, a, st, cols[i].name, &create, &alter);
    for (size_t i = 0; i < n_contract; i++)
        column_add(t, a, st, st->contract->columns[i].name, &create, &alter);
    if (!t->exists) {
        buf_addz(&sql, "CREATE TABLE ");
        sql_table(&sql, "raw", st->ref);
        buf_addz(&sql, " (");
        buf_add(&sql, buf_str(&create));
        buf_addz(&sql, "_file_id BIGINT, _line BIGINT, _learned_from TIMESTAMP); CREATE TABLE ");
        sql_table(&sql, "hist", st->ref);
        buf_addz(&sql, " (");
        buf_add(&sql, buf_str(&create));
        buf_addz(&sql, "_file_id BIGINT, _line BIGINT, _learned_from TIMESTAMP, _learned_to TIMESTAMP)");
    } else {
        buf_add(&sql, buf_str(&alter));
    }
    bool ok = buf_ok(&create, e) && buf_ok(&alter, e) && (sql.n == 0 || sql_run_buf(c, &sql, e));
    t->exists = t->exists || ok;
    buf_fini(&create);
    buf_fini(&alter);
    buf_fini(&sql);
    return ok;
}

/* How many values of a column in both tables do not convert to a type. */
static bool unfit(struct engine_conn *c, const struct mesh_stream *st, struct str column, const char *type, int64_t *out,
                  struct err *e)
{
    struct buf sql = BUF_INIT(8192);
    static const char *const schemas[] = {"raw", "hist"};
    buf_addz(&sql, "SELECT 0");
    for (size_t i = 0; i < 2; i++) {
        buf_addz(&sql, " + (SELECT count(");
        buf_sql_ident(&sql, column);
        buf_addz(&sql, ") - count(TRY_CAST(");
        buf_sql_ident(&sql, column);
        buf_printf(&sql, " AS %s)) FROM ", type);
        sql_table(&sql, schemas[i], st->ref);
        buf_addc(&sql, ')');
    }
    bool ok = buf_ok(&sql, e) && engine_value_i64(c, buf_str(&sql), NULL, 0, out, e);
    buf_fini(&sql);
    return ok;
}

bool table_fits(const struct mesh_stream *st, const struct raw_table *t)
{
    bool fits = true;
    for (size_t i = 0; st->contract && i < st->contract->n_columns && fits; i++) {
        struct str name = st->contract->columns[i].name;
        struct engine_pipe_type type = contract_type(st, name);
        struct buf type_name = BUF_INIT(64);
        cell_type_name(&type, &type_name);
        fits = false;
        for (size_t k = 0; k < t->n && !fits; k++)
            fits = str_eq(t->cols[k].name, name) && str_eq_nocase(t->cols[k].type, buf_str(&type_name));
        buf_fini(&type_name);
    }
    return fits;
}

bool table_retype(struct engine_conn *c, const struct mesh_stream *st, struct arena *a, struct raw_table *t, struct err *e)
{
    bool ok = true;
    for (size_t i = 0; ok && t->exists && i < t->n; i++) {
        const struct mesh_column *col = stream_column(st, t->cols[i].name);
        if (!col)
            continue; /* no longer in the contract: keeps the type it has */
        struct engine_pipe_type type = contract_type(st, t->cols[i].name);
        struct buf name = BUF_INIT(64), sql = BUF_INIT(8192);
        cell_type_name(&type, &name);
        if (!str_eq_nocase(buf_str(&name), t->cols[i].type)) {
            int64_t bad = 0;
            ok = unfit(c, st, t->cols[i].name, buf_z(&name), &bad, e);
            if (ok && bad) {
                ok = err_at(e, E_DRIFT, col->pos.file, col->pos.line, col->pos.col,
                            "column %.*s of %.*s is %s in the contract, but %lld values that were loaded as %.*s do not convert",
                            STR_FMT(col->name), STR_FMT(st->ref), buf_z(&name), (long long)bad, STR_FMT(t->cols[i].type));
                err_hint(e, "give the column its old type back, or name the stream anew and load its files again");
            }
            static const char *const schemas[] = {"raw", "hist"};
            for (size_t k = 0; k < 2; k++) {
                buf_addz(&sql, "ALTER TABLE ");
                sql_table(&sql, schemas[k], st->ref);
                buf_addz(&sql, " ALTER COLUMN ");
                buf_sql_ident(&sql, t->cols[i].name);
                buf_printf(&sql, " TYPE %s;", buf_z(&name));
            }
            ok = ok && sql_run_buf(c, &sql, e);
            t->cols[i].type = arena_str(a, buf_str(&name));
        }
        buf_fini(&name);
        buf_fini(&sql);
    }
    return ok;
}
