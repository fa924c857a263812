/* Taking the rows that were found away: raw streams and history; what lies beside them in the engine; and, when all is built again, what built tables may
 * still hold. */
#include "privacy/erase_int.h"

#include <sodium.h>

bool erase_delete_rows(struct erase_find *f, struct err *e)
{
    struct buf b = BUF_INIT(ERASE_SQL_MAX);
    bool ok = true;
    for (size_t i = 0; ok && i < f->n; i++) {
        const struct erase_table *t = &f->tables[i];
        bool any = false;
        if (t->rows)
            buf_printf(&b, "DELETE FROM %.*s WHERE rowid IN (SELECT rid FROM erase_hit_%zu);", STR_FMT(t->sql), t->no);
        for (size_t k = 0; t->mentions && k < t->n; k++) {
            struct buf column = BUF_INIT((size_t)1024);
            if (!str_eq(t->types[k], STR("VARCHAR")))
                continue;
            buf_sql_ident(&column, t->columns[k]);
            buf_addz(&b, any ? ", " : "UPDATE ");
            if (!any)
                buf_printf(&b, "%.*s SET ", STR_FMT(t->sql));
            buf_add(&b, buf_str(&column));
            buf_addz(&b, " = ");
            buf_add(&b, person_cleaned_sql(f->p, f->a, buf_str(&column)));
            buf_fini(&column);
            any = true;
        }
        if (any)
            buf_printf(&b, " WHERE rowid IN (SELECT rid FROM erase_mention_%zu);", t->no);
        ok = erase_run(f->c, &b, e);
        if (ok && t->event && t->rows)
            buf_printf(&b, "UPDATE mesh.sys.event_stream SET version = version + 1, rows = (SELECT count(*) FROM %.*s) WHERE stream = ", STR_FMT(t->sql));
        if (ok && b.n) {
            buf_sql_text(&b, t->name);
            ok = erase_run(f->c, &b, e);
        }
    }
    buf_fini(&b);
    return ok;
}

/* ---- What lies beside ---- */

struct other {
    struct str schema, name;
    struct str *columns, *types;
    size_t n;
};

static bool read_others(struct erase_find *f, const char *schemas, struct other **out, size_t *n, struct err *e)
{
    struct engine_result *r = NULL;
    struct engine_chunk *ch;
    int64_t tables;
    *n = 0;
    if (!erase_count(f->c, f->a, &tables, e, "SELECT count(*) FROM duckdb_tables() WHERE database_name = 'mesh' AND schema_name IN (%s)", schemas))
        return false;
    *out = arena_array(f->a, (size_t)tables + 1, sizeof **out);
    bool ok = engine_query(f->c,
                           arena_printf(f->a,
                                        "SELECT t.schema_name, t.table_name, c.column_name, c.data_type, count(*) OVER (PARTITION BY t.schema_name, t.table_name) FROM duckdb_tables() t"
                                        " JOIN duckdb_columns() c USING (database_name, schema_name, table_name) WHERE t.database_name = 'mesh' AND t.schema_name IN (%s)"
                                        " ORDER BY 1, 2, c.column_index",
                                        schemas),
                           NULL, 0, &r, e);
    while (ok && (ok = engine_result_next(r, &ch, e)) && ch)
        for (size_t row = 0; row < engine_chunk_rows(ch); row++) {
            struct str schema = engine_cell_str(ch, 0, row), name = engine_cell_str(ch, 1, row);
            struct other *t = *n ? &(*out)[*n - 1] : NULL;
            if (!t || !str_eq(t->schema, schema) || !str_eq(t->name, name)) {
                t = &(*out)[(*n)++];
                *t = (struct other){.schema = arena_str(f->a, schema), .name = arena_str(f->a, name)};
                t->columns = arena_array(f->a, (size_t)engine_cell_i64(ch, 4, row), sizeof *t->columns);
                t->types = arena_array(f->a, (size_t)engine_cell_i64(ch, 4, row), sizeof *t->types);
            }
            t->columns[t->n] = arena_str(f->a, engine_cell_str(ch, 2, row));
            t->types[t->n++] = arena_str(f->a, engine_cell_str(ch, 3, row));
        }
    engine_result_close(r);
    return ok;
}

static struct str table_sql(struct erase_find *f, const struct other *t)
{
    struct buf b = BUF_INIT((size_t)4096);
    buf_printf(&b, "mesh.%.*s.", STR_FMT(t->schema));
    buf_sql_ident(&b, t->name);
    struct str s = arena_str(f->a, buf_str(&b));
    buf_fini(&b);
    return s;
}

/* Rows that name the person anywhere. */
static void put_named(struct erase_find *f, const struct other *t, struct buf *b)
{
    buf_add(b, person_matches(f->a, person_pattern(f->p, f->a), person_text(f->a, t->columns, t->types, t->n)));
}

static void put_cleaned(struct erase_find *f, const struct other *t, struct str table, struct buf *b)
{
    bool any = false;
    for (size_t k = 0; k < t->n; k++) {
        struct buf column = BUF_INIT((size_t)1024);
        if (!str_eq(t->types[k], STR("VARCHAR")))
            continue;
        buf_sql_ident(&column, t->columns[k]);
        if (!any)
            buf_printf(b, "UPDATE %.*s SET ", STR_FMT(table));
        buf_addz(b, any ? ", " : "");
        buf_add(b, buf_str(&column));
        buf_addz(b, " = ");
        buf_add(b, person_cleaned_sql(f->p, f->a, buf_str(&column)));
        buf_fini(&column);
        any = true;
    }
    if (!any)
        return;
    buf_addz(b, " WHERE ");
    put_named(f, t, b);
    buf_addc(b, ';');
}

/* Rows of the person go. Other rows that name them: go where they are but copies of what did not fit (`whole`), else the words are blanked. */
static bool one_table(struct erase_find *f, const struct other *t, bool whole, bool act, int64_t *rows, int64_t *cells, struct err *e)
{
    struct buf mine = BUF_INIT(ERASE_SQL_MAX), named = BUF_INIT(ERASE_SQL_MAX), b = BUF_INIT(ERASE_SQL_MAX);
    struct str table = table_sql(f, t);
    buf_add(&mine, person_rows(f->p, f->a, t->columns, t->types, t->n));
    put_named(f, t, &named);
    if (whole) {
        buf_addz(&mine, " OR ");
        buf_add(&mine, buf_str(&named));
    }
    buf_printf(&b, "SELECT count(*) FROM %.*s WHERE ", STR_FMT(table));
    buf_add(&b, buf_str(&mine));
    bool ok = buf_ok(&mine, e) && buf_ok(&named, e) && buf_ok(&b, e) && engine_value_i64(f->c, buf_str(&b), NULL, 0, rows, e);
    *cells = 0;
    if (ok && !whole) {
        buf_reset(&b);
        buf_printf(&b, "SELECT count(*) FROM %.*s WHERE NOT coalesce((", STR_FMT(table));
        buf_add(&b, buf_str(&mine));
        buf_addz(&b, "), false) AND ");
        buf_add(&b, buf_str(&named));
        ok = buf_ok(&b, e) && engine_value_i64(f->c, buf_str(&b), NULL, 0, cells, e);
    }
    buf_reset(&b);
    if (ok && act && *rows) {
        buf_printf(&b, "DELETE FROM %.*s WHERE ", STR_FMT(table));
        buf_add(&b, buf_str(&mine));
        buf_addc(&b, ';');
    }
    if (ok && act && *cells)
        put_cleaned(f, t, table, &b);
    ok = ok && erase_run(f->c, &b, e);
    struct buf *const all[] = {&mine, &named, &b};
    for (size_t i = 0; i < 3; i++) {
        if (all[i]->p)
            sodium_memzero(all[i]->p, all[i]->cap);
        buf_fini(all[i]);
    }
    return ok;
}

bool erase_other_rows(struct erase_find *f, struct erase_report *r, bool act, struct err *e)
{
    struct other *t;
    size_t n;
    if (!read_others(f, "'quarantine', 'identity', 'changes', 'govern'", &t, &n, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        const struct place *place = place_find(PLACE_ENGINE, t[i].schema);
        bool whole = str_eq(t[i].schema, STR("quarantine")) || str_eq(t[i].schema, STR("changes"));
        int64_t rows, cells;
        if (!one_table(f, &t[i], whole, act, &rows, &cells, e))
            return false;
        if (r)
            erase_report_add(r, place ? place->title : "other", arena_printf(r->a, "%.*s.%.*s", STR_FMT(t[i].schema), STR_FMT(t[i].name)), "deleted", rows, cells);
    }
    return true;
}

bool erase_sweep_built(struct erase_find *f, int64_t *rows, struct err *e)
{
    struct other *t;
    size_t n;
    *rows = 0;
    if (!read_others(f, "'built'", &t, &n, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        int64_t mine, cells;
        if (!one_table(f, &t[i], false, true, &mine, &cells, e))
            return false;
        *rows += mine + cells;
    }
    return true;
}
