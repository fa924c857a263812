/* Records of persons out of the engine: which columns are compared, and as what. */
#include "identity/review.h"

#include "base/buf.h"

enum { SQL_MAX = 1 << 24, RECORDS_STEP = 4096 };

/* What a name in `fuzzy.fields` stands for, where it is more than a column. */
static const struct { const char *field; const char *columns[3]; } groups[] = {
    {"name", {"first_name", "last_name", NULL}},
    {"address", {"street", "postal_code", "city"}},
};
/* By how a column is called; the first that is in it holds. */
static const struct { const char *part; enum fuzzy_kind kind; } kinds[] = {
    {"email", FUZZY_EMAIL}, {"mail", FUZZY_EMAIL},   {"date", FUZZY_DATE},   {"birth", FUZZY_DATE},  {"_name", FUZZY_NAME},
    {"phone", FUZZY_DIGITS}, {"code", FUZZY_DIGITS}, {"_id", FUZZY_DIGITS}, {"number", FUZZY_DIGITS},
};

enum fuzzy_kind person_field_kind(struct str column)
{
    if (str_eq(column, STR("company_name")))
        return FUZZY_TEXT;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (str_find(column, str_of(kinds[i].part), 0) != SIZE_MAX)
            return kinds[i].kind;
    return FUZZY_TEXT;
}

bool person_table(const struct mesh *m, struct engine_conn *c, struct arena *a, struct str *table, int64_t *version_id, struct err *e)
{
    const struct mesh_port *port = mesh_find_port(m, STR(PERSON_RECORD));
    *table = STR("");
    *version_id = 0;
    if (!port)
        return true;
    struct engine_param p = {.type = ENGINE_TEXT, .s = port->ref_major};
    struct str name = STR("");
    bool null = true;
    if (!engine_value(c, STR("SELECT table_name FROM mesh.sys.port_version WHERE port = $1 AND live"), &p, 1, a, &name, &null, e))
        return false;
    if (null)
        return true;
    struct buf b = BUF_INIT(4096);
    buf_addz(&b, "mesh.built.");
    buf_sql_ident(&b, name);
    *table = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return engine_value_i64(c, STR("SELECT version_id FROM mesh.sys.port_version WHERE port = $1 AND live"), &p, 1, version_id, e);
}

static bool field_add(struct engine_conn *c, struct arena *a, struct str table, struct str column, struct person_fields *out, struct err *e)
{
    struct engine_param p = {.type = ENGINE_TEXT, .s = column};
    int64_t there = 0;
    for (size_t i = 0; i < out->n; i++)
        if (str_eq(str_of(out->fields[i].name), column))
            return true;
    if (!engine_value_i64(c, arena_printf(a, "SELECT count(*) FROM (DESCRIBE SELECT * FROM %.*s) WHERE column_name = $1", STR_FMT(table)), &p, 1, &there, e))
        return false;
    if (!there || out->n == FUZZY_FIELDS_MAX) {
        err_set(e, E_SCHEMA, "fuzzy.fields in governance/identity.yaml: \"%.*s\" is %s", STR_FMT(column),
                there ? "one column more than can be compared" : "no column of " PERSON_RECORD);
        err_hint(e, "name, address, or columns of " PERSON_RECORD ", %d at most", FUZZY_FIELDS_MAX);
        return false;
    }
    out->fields[out->n++] = (struct fuzzy_field){arena_strz(a, column), person_field_kind(column)};
    return true;
}

bool person_fields_of(const struct mesh_fuzzy *f, struct engine_conn *c, struct arena *a, struct str table, struct person_fields *out, struct err *e)
{
    *out = (struct person_fields){.n = 0};
    for (size_t i = 0; i < f->n_fields; i++) {
        bool group = false;
        for (size_t g = 0; g < sizeof groups / sizeof *groups; g++) {
            if (!str_eq(f->fields[i], str_of(groups[g].field)))
                continue;
            group = true;
            for (size_t k = 0; k < sizeof groups[g].columns / sizeof *groups[g].columns && groups[g].columns[k]; k++)
                if (!field_add(c, a, table, str_of(groups[g].columns[k]), out, e))
                    return false;
        }
        if (!group && !field_add(c, a, table, f->fields[i], out, e))
            return false;
    }
    return true;
}

static void put_select(struct buf *b, const struct person_fields *f, struct str table)
{
    buf_addz(b, "SELECT contact_key, coalesce(created_at, updated_at, TIMESTAMP '1970-01-01')::TIMESTAMP");
    for (size_t i = 0; i < f->n; i++) {
        bool phone = str_find(str_of(f->fields[i].name), STR("phone"), 0) != SIZE_MAX;
        buf_addz(b, phone ? ", right(regexp_replace(CAST(" : ", CAST(");
        buf_sql_ident(b, str_of(f->fields[i].name));
        buf_addz(b, phone ? " AS VARCHAR), '[^0-9]', '', 'g'), 9)" : " AS VARCHAR)");
    }
    buf_printf(b, " FROM %.*s WHERE contact_key IS NOT NULL", STR_FMT(table));
}

static void grow(struct person_records *r, struct arena *a, size_t *cap)
{
    size_t more = *cap ? *cap * 2 : RECORDS_STEP;
    struct str *keys = arena_array(a, more, sizeof *keys), *values = arena_array(a, more * (r->fields.n + 1), sizeof *values);
    int64_t *seen = arena_array(a, more, sizeof *seen);
    if (r->n) {
        memcpy(keys, r->keys, r->n * sizeof *keys);
        memcpy(values, r->values, r->n * r->fields.n * sizeof *values);
        memcpy(seen, r->seen_us, r->n * sizeof *seen);
    }
    r->keys = keys;
    r->values = values;
    r->seen_us = seen;
    *cap = more;
}

bool person_records_read(const struct person_fields *f, struct engine_conn *c, struct arena *a, struct str table, const struct str *keys, size_t n_keys,
                         struct person_records *out, struct err *e)
{
    struct buf sql = BUF_INIT(SQL_MAX);
    struct engine_result *result = NULL;
    struct engine_chunk *ch;
    size_t cap = 0;
    bool ok = false;
    *out = (struct person_records){.fields = *f};
    put_select(&sql, f, table);
    for (size_t i = 0; i < n_keys; i++) {
        buf_addz(&sql, i ? ", " : " AND contact_key IN (");
        buf_sql_text(&sql, keys[i]);
    }
    buf_addz(&sql, n_keys ? ") ORDER BY contact_key" : " ORDER BY contact_key");
    if (!buf_ok(&sql, e) || !engine_query(c, buf_str(&sql), NULL, 0, &result, e))
        goto out;
    for (;;) {
        if (!engine_result_next(result, &ch, e))
            goto out;
        if (!ch)
            break;
        for (size_t row = 0; row < engine_chunk_rows(ch); row++) {
            if (out->n == cap)
                grow(out, a, &cap);
            out->keys[out->n] = arena_str(a, engine_cell_str(ch, 0, row));
            out->seen_us[out->n] = engine_cell_i64(ch, 1, row);
            for (size_t i = 0; i < f->n; i++)
                out->values[out->n * f->n + i] = engine_cell_null(ch, i + 2, row) ? STR("") : arena_str(a, engine_cell_str(ch, i + 2, row));
            out->n++;
        }
    }
    ok = true;
out:
    engine_result_close(result);
    buf_fini(&sql);
    return ok;
}
