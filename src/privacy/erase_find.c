/* Where a person's rows are in raw streams and their history. A row is theirs when a column holds one of their identifiers or its evidence is theirs; and when it
 * hangs on a record of theirs by its key (order -> order line). Where a longer text of somebody else's row names them, that is a mention. */
#include "privacy/erase_int.h"

#include <stdarg.h>
#include <string.h>

#include <sodium.h>

#include "ingest/people.h"

enum { ROUNDS_MAX = 8, RECORDS_MAX = ERASE_RECORDS_MAX };

bool erase_run(struct engine_conn *c, struct buf *sql, struct err *e)
{
    bool ok = buf_ok(sql, e) && (sql->n == 0 || engine_exec(c, buf_str(sql), e));
    if (sql->p)
        sodium_memzero(sql->p, sql->n);
    buf_reset(sql);
    return ok;
}

bool erase_count(struct engine_conn *c, struct arena *a, int64_t *out, struct err *e, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct str sql = arena_vprintf(a, fmt, ap);
    va_end(ap);
    return engine_value_i64(c, sql, NULL, 0, out, e);
}

/* ---- The tables ---- */

static bool word_in(struct str s, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(s, str_of(words[i])))
            return true;
    return false;
}

static bool has_column(const struct erase_table *t, struct str column)
{
    for (size_t i = 0; column.n && i < t->n; i++)
        if (str_eq(t->columns[i], column))
            return true;
    return false;
}

static void table_begin(struct erase_find *f, struct str schema, struct str name, size_t columns)
{
    struct erase_table *t = &f->tables[f->n];
    struct buf b = BUF_INIT((size_t)4096);
    size_t at = str_find(name, STR("__"), 0);
    *t = (struct erase_table){.no = f->n, .schema = schema, .name = name, .source = name, .short_name = STR("")};
    buf_printf(&b, "mesh.%.*s.", STR_FMT(schema));
    buf_sql_ident(&b, name);
    t->sql = arena_str(f->a, buf_str(&b));
    buf_fini(&b);
    if (at != SIZE_MAX) {
        t->source = (struct str){name.p, at};
        t->short_name = (struct str){name.p + at + 2, name.n - at - 2};
    }
    t->stream = mesh_find_stream(f->m, name);
    t->event = t->stream && t->stream->source->events;
    t->staff = people_staff(t->short_name);
    t->columns = arena_array(f->a, columns, sizeof *t->columns);
    t->types = arena_array(f->a, columns, sizeof *t->types);
    f->n++;
}

static bool read_tables(struct erase_find *f, struct err *e)
{
    struct engine_result *r = NULL;
    struct engine_chunk *ch;
    int64_t tables;
    if (!erase_count(f->c, f->a, &tables, e, "SELECT count(*) FROM duckdb_tables() WHERE database_name = 'mesh' AND schema_name IN ('raw', 'hist')"))
        return false;
    f->tables = arena_array(f->a, (size_t)tables + 1, sizeof *f->tables);
    bool ok = engine_query(f->c,
                           STR("SELECT c.schema_name, c.table_name, c.column_name, c.data_type, count(*) OVER (PARTITION BY c.schema_name, c.table_name) FROM duckdb_columns() c WHERE"
                               " c.database_name = 'mesh' AND c.schema_name IN ('raw', 'hist') ORDER BY 1, 2, c.column_index"),
                           NULL, 0, &r, e);
    while (ok && (ok = engine_result_next(r, &ch, e)) && ch)
        for (size_t row = 0; row < engine_chunk_rows(ch); row++) {
            struct str schema = engine_cell_str(ch, 0, row), name = engine_cell_str(ch, 1, row);
            struct erase_table *t = f->n ? &f->tables[f->n - 1] : NULL;
            if (!t || !str_eq(t->schema, schema) || !str_eq(t->name, name)) {
                table_begin(f, arena_str(f->a, schema), arena_str(f->a, name), (size_t)engine_cell_i64(ch, 4, row));
                t = &f->tables[f->n - 1];
            }
            t->columns[t->n] = arena_str(f->a, engine_cell_str(ch, 2, row));
            t->types[t->n++] = arena_str(f->a, engine_cell_str(ch, 3, row));
        }
    engine_result_close(r);
    for (size_t i = 0; i < f->n; i++)
        if (!f->tables[i].event)
            people_key(f->a, f->tables[i].short_name, f->tables[i].stream ? f->tables[i].stream->contract : NULL, f->tables[i].columns, f->tables[i].n, &f->tables[i].key,
                       &f->tables[i].ref);
    return ok;
}

/* ---- Rows that say whose they are ---- */

static struct str subject_where(struct erase_find *f, const struct erase_table *t)
{
    struct str *columns = arena_array(f->a, t->n + 1, sizeof *columns), *types = arena_array(f->a, t->n + 1, sizeof *types);
    size_t n = 0;
    for (size_t i = 0; i < t->n; i++)
        if (!t->staff && !people_role(t->columns[i])) {
            columns[n] = t->columns[i];
            types[n++] = t->types[i];
        }
    return person_rows(f->p, f->a, columns, types, n);
}

static bool find_subjects(struct erase_find *f, struct err *e)
{
    struct buf b = BUF_INIT(ERASE_SQL_MAX);
    bool ok = true;
    for (size_t i = 0; ok && i < f->n; i++) {
        struct erase_table *t = &f->tables[i];
        buf_printf(&b, "CREATE OR REPLACE TEMP TABLE erase_hit_%zu AS SELECT rowid AS rid FROM %.*s WHERE ", t->no, STR_FMT(t->sql));
        buf_add(&b, subject_where(f, t));
        ok = erase_run(f->c, &b, e) && erase_count(f->c, f->a, &t->rows, e, "SELECT count(*) FROM erase_hit_%zu", t->no);
        t->followed = mesh_strs_have(f->p->sources, t->source);
    }
    buf_fini(&b);
    return ok;
}

/* "klaviyo:P0204" of the graph names a record: in the source of that name, among the streams of people. */
static void take_contacts(struct erase_find *f)
{
    static const char *const people[] = {"contact", "contacts", "customer", "customers", "person", "people", "profile", "profiles", "lead", "leads", "member", "members", "subscriber"};
    for (size_t i = 0; i < f->p->n_identifiers; i++) {
        const struct person_identifier *x = &f->p->identifiers[i];
        struct str id, prefix = str_cut(x->value, ':', &id);
        if (!str_eq(x->kind, STR("contact")) || x->shared || !id.p || !id.n)
            continue;
        struct str dotted = arena_printf(f->a, ".%.*s", STR_FMT(prefix));
        for (size_t k = 0; k < f->n; k++)
            if (f->tables[k].key.n && str_ends(f->tables[k].source, dotted) && word_in(f->tables[k].short_name, people, sizeof people / sizeof *people))
                person_record_add(f->p, f->tables[k].source, f->tables[k].short_name, id);
    }
}

/* ---- Records that hang on theirs ---- */

static bool others_refer(const struct erase_find *f, const struct erase_table *t)
{
    for (size_t i = 0; i < f->n; i++)
        if (str_eq(f->tables[i].source, t->source) && !str_eq(f->tables[i].short_name, t->short_name) && has_column(&f->tables[i], t->ref))
            return true;
    return false;
}

/* Keys of the rows found so far become records of the person. */
static bool take_keys(struct erase_find *f, struct err *e)
{
    struct engine_result *r = NULL;
    struct engine_chunk *ch;
    bool ok = true;
    for (size_t i = 0; ok && i < f->n; i++) {
        struct erase_table *t = &f->tables[i];
        struct buf b = BUF_INIT((size_t)8192);
        if (!t->key.n || !t->followed || t->rows == 0 || !others_refer(f, t))
            continue;
        buf_addz(&b, "SELECT DISTINCT CAST(");
        buf_sql_ident(&b, t->key);
        buf_printf(&b, " AS VARCHAR) AS k FROM %.*s WHERE rowid IN (SELECT rid FROM erase_hit_%zu) AND k <> ''", STR_FMT(t->sql), t->no);
        ok = engine_query(f->c, buf_str(&b), NULL, 0, &r, e);
        while (ok && (ok = engine_result_next(r, &ch, e)) && ch)
            for (size_t row = 0; row < engine_chunk_rows(ch) && f->p->n_records < RECORDS_MAX; row++)
                person_record_add(f->p, t->source, t->short_name, engine_cell_str(ch, 0, row));
        engine_result_close(r);
        r = NULL;
        buf_fini(&b);
    }
    return ok;
}

/* `column IN (keys of records of this stream)`, joined by OR. */
static void put_in(struct buf *b, const struct erase_find *f, const struct erase_table *of, struct str column)
{
    size_t n = 0;
    for (size_t i = 0; i < f->p->n_records; i++) {
        const struct person_record *x = &f->p->records[i];
        if (!str_eq(x->source, of->source) || !str_eq(x->stream, of->short_name))
            continue;
        if (n++ == 0) {
            buf_addz(b, b->n ? " OR CAST(" : "CAST(");
            buf_sql_ident(b, column);
            buf_addz(b, " AS VARCHAR) IN (");
        } else {
            buf_addc(b, ',');
        }
        buf_sql_text(b, x->value);
    }
    if (n)
        buf_addc(b, ')');
}

/* The same stream's history comes first, or its rows: once is enough. */
static bool seen_before(const struct erase_find *f, size_t k)
{
    for (size_t i = 0; i < k; i++)
        if (str_eq(f->tables[i].name, f->tables[k].name))
            return true;
    return false;
}

static bool follow(struct erase_find *f, bool *more, struct err *e)
{
    struct buf where = BUF_INIT(ERASE_SQL_MAX), b = BUF_INIT(ERASE_SQL_MAX);
    bool ok = true;
    *more = false;
    for (size_t i = 0; ok && i < f->n; i++) {
        struct erase_table *t = &f->tables[i];
        int64_t rows;
        buf_reset(&where);
        if (t->event || t->staff)
            continue;
        if (t->key.n)
            put_in(&where, f, t, t->key);
        for (size_t k = 0; k < f->n; k++) {
            const struct erase_table *s = &f->tables[k];
            if (s->ref.n && !seen_before(f, k) && str_eq(s->source, t->source) && !str_eq(s->short_name, t->short_name) && has_column(t, s->ref))
                put_in(&where, f, s, s->ref);
        }
        if (where.n == 0)
            continue;
        buf_printf(&b, "INSERT INTO erase_hit_%zu SELECT rowid FROM %.*s WHERE rowid NOT IN (SELECT rid FROM erase_hit_%zu) AND (", t->no, STR_FMT(t->sql), t->no);
        buf_add(&b, buf_str(&where));
        buf_addc(&b, ')');
        ok = buf_ok(&where, e) && erase_run(f->c, &b, e) && erase_count(f->c, f->a, &rows, e, "SELECT count(*) FROM erase_hit_%zu", t->no);
        if (ok && rows > t->rows) {
            t->rows = rows;
            t->followed = *more = true;
        }
    }
    buf_fini(&where);
    buf_fini(&b);
    return ok;
}

/* A table of pairs (ticket_contact) leads to records that are theirs alone: nobody else's row speaks of them. */
static bool take_paired(struct erase_find *f, bool *more, struct err *e)
{
    bool ok = true;
    size_t before = f->p->n_records;
    for (size_t j = 0; ok && j < f->n; j++) {
        const struct erase_table *pair = &f->tables[j];
        for (size_t q = 0; ok && pair->rows > 0 && !pair->event && q < f->n; q++) {
            const struct erase_table *t = &f->tables[q];
            struct engine_result *r = NULL;
            struct engine_chunk *ch;
            struct buf b = BUF_INIT((size_t)64 << 10);
            if (t->staff || !t->ref.n || !str_eq(t->source, pair->source) || str_eq(t->short_name, pair->short_name) || !has_column(pair, t->ref) ||
                str_find(pair->short_name, t->short_name, 0) == SIZE_MAX || str_find(pair->short_name, STR("_"), 0) == SIZE_MAX)
                continue;
            buf_addz(&b, "SELECT DISTINCT CAST(");
            buf_sql_ident(&b, t->ref);
            buf_printf(&b, " AS VARCHAR) AS k FROM %.*s WHERE rowid IN (SELECT rid FROM erase_hit_%zu) AND k <> ''", STR_FMT(pair->sql), pair->no);
            for (size_t o = 0; o < f->n; o++) {
                const struct erase_table *other = &f->tables[o];
                if (!str_eq(other->source, pair->source) || !has_column(other, t->ref) || str_eq(other->short_name, t->short_name))
                    continue;
                buf_addz(&b, " EXCEPT SELECT CAST(");
                buf_sql_ident(&b, t->ref);
                buf_printf(&b, " AS VARCHAR) FROM %.*s WHERE rowid NOT IN (SELECT rid FROM erase_hit_%zu)", STR_FMT(other->sql), other->no);
            }
            ok = buf_ok(&b, e) && engine_query(f->c, buf_str(&b), NULL, 0, &r, e);
            while (ok && (ok = engine_result_next(r, &ch, e)) && ch)
                for (size_t row = 0; row < engine_chunk_rows(ch) && f->p->n_records < RECORDS_MAX; row++)
                    person_record_add(f->p, t->source, t->short_name, engine_cell_str(ch, 0, row));
            engine_result_close(r);
            buf_fini(&b);
        }
    }
    *more = f->p->n_records > before;
    return ok;
}

static bool close_over(struct erase_find *f, struct err *e)
{
    bool more = true, paired = true;
    for (int round = 0; round < ROUNDS_MAX && (more || paired); round++) {
        if (!take_keys(f, e) || !follow(f, &more, e))
            return false;
        paired = false;
        if (!more && !take_paired(f, &paired, e))
            return false;
    }
    return true;
}

/* ---- Mentions ---- */

static bool find_mentions(struct erase_find *f, struct err *e)
{
    struct str pattern = person_pattern(f->p, f->a);
    struct buf b = BUF_INIT(ERASE_SQL_MAX);
    bool ok = true;
    for (size_t i = 0; ok && i < f->n; i++) {
        struct erase_table *t = &f->tables[i];
        buf_printf(&b, "CREATE OR REPLACE TEMP TABLE erase_mention_%zu AS SELECT rowid AS rid FROM %.*s WHERE rowid NOT IN (SELECT rid FROM erase_hit_%zu) AND ", t->no,
                   STR_FMT(t->sql), t->no);
        buf_add(&b, person_matches(f->a, pattern, person_text(f->a, t->columns, t->types, t->n)));
        ok = erase_run(f->c, &b, e) && erase_count(f->c, f->a, &t->mentions, e, "SELECT count(*) FROM erase_mention_%zu", t->no);
    }
    buf_fini(&b);
    return ok;
}

bool erase_find_rows(struct erase_find *f, struct err *e)
{
    if (!read_tables(f, e))
        return false;
    take_contacts(f);
    return find_subjects(f, e) && close_over(f, e) && (f->rows_alone || find_mentions(f, e));
}
