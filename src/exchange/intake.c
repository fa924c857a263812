/* Tables and columns as a reader finds them; at the end their names are made to fit the naming rule. */
#include "exchange/exchange_int.h"
#include "mesh/mesh_write.h"

static void *grown(struct arena *a, void *old, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return old;
    *cap = *cap ? *cap * 2 : 16;
    void *more = arena_array(a, *cap, size);
    if (n)
        memcpy(more, old, n * size);
    return more;
}

struct exchange_table *intake_table(struct intake *r, struct str native, uint32_t line, uint32_t col)
{
    if (r->n == TABLES_MAX) {
        errs_add(r->es, E_TOO_LARGE, r->file, line, col, "more than %d tables", TABLES_MAX);
        return NULL;
    }
    if (intake_find_table(r, native)) {
        errs_add(r->es, E_DUPLICATE, r->file, line, col, "the table %.*s is described twice", STR_FMT(native));
        return NULL;
    }
    r->tables = grown(r->a, r->tables, r->n, &r->cap, sizeof *r->tables);
    r->cap_columns = 0;
    r->tables[r->n] = (struct exchange_table){.native = arena_str(r->a, native)};
    return &r->tables[r->n++];
}

struct mesh_inferred_column *intake_column(struct intake *r, struct str name, uint32_t line, uint32_t col)
{
    struct exchange_table *t = &r->tables[r->n - 1];
    if (!name.n) {
        errs_add(r->es, E_MISSING_KEY, r->file, line, col, "a column of %.*s has no name", STR_FMT(t->native));
        return NULL;
    }
    if (t->n_columns == COLUMNS_MAX) {
        errs_add(r->es, E_TOO_LARGE, r->file, line, col, "%.*s has more than %d columns", STR_FMT(t->native), COLUMNS_MAX);
        return NULL;
    }
    struct str normal = mesh_normal_column(r->a, name);
    if (intake_find(t, normal)) {
        errs_add(r->es, E_DUPLICATE, r->file, line, col, "%.*s has two columns that come to be named %.*s", STR_FMT(t->native), STR_FMT(normal));
        return NULL;
    }
    t->columns = grown(r->a, t->columns, t->n_columns, &r->cap_columns, sizeof *t->columns);
    t->columns[t->n_columns] = (struct mesh_inferred_column){.name = normal};
    if (!str_eq_nocase(normal, name))
        t->columns[t->n_columns].title = arena_str(r->a, str_trim(name));
    type_set(&t->columns[t->n_columns], STR("VARCHAR"));
    return &t->columns[t->n_columns++];
}

struct mesh_inferred_column *intake_find(struct exchange_table *t, struct str name)
{
    for (size_t i = 0; i < t->n_columns; i++)
        if (str_eq_nocase(t->columns[i].name, name))
            return &t->columns[i];
    return NULL;
}

struct exchange_table *intake_find_table(struct intake *r, struct str native)
{
    for (size_t i = 0; i < r->n; i++)
        if (str_eq_nocase(r->tables[i].native, native))
            return &r->tables[i];
    return NULL;
}

/* "My Schema.Orders (EU)" -> orders_eu: the last part, made a name. */
static struct str table_name(struct intake *r, struct str native)
{
    for (size_t i = native.n; i-- > 0;) {
        if (native.p[i] == '.' && i + 1 < native.n) {
            native = (struct str){native.p + i + 1, native.n - i - 1};
            break;
        }
    }
    struct str raw = mesh_normal_column(r->a, native);
    char *out = arena_alloc(r->a, raw.n + 8);
    size_t n = 0;
    for (size_t i = 0; i < raw.n; i++)
        if (raw.p[i] != '_' || (n > 0 && out[n - 1] != '_'))
            out[n++] = raw.p[i];
    while (n > 0 && out[n - 1] == '_')
        n--;
    struct str name = {out, n};
    if (n == 0 || (out[0] >= '0' && out[0] <= '9'))
        name = arena_printf(r->a, "table_%.*s", STR_FMT(name));
    return str_is_name(name) ? name : arena_printf(r->a, "%.*s_table", STR_FMT(name));
}

/* A reference names a table of the file by its native name; afterwards by ours. One that leads out of the set is dropped. */
static void reference_resolve(struct intake *r, struct mesh_inferred_column *c)
{
    struct str t = {NULL, 0}, column = {NULL, 0};
    for (size_t i = c->references.n; i-- > 0;) {
        if (c->references.p[i] == '.') {
            t = (struct str){c->references.p, i};
            column = (struct str){c->references.p + i + 1, c->references.n - i - 1};
            break;
        }
    }
    struct exchange_table *to = t.n ? intake_find_table(r, t) : NULL;
    struct str normal = column.n ? mesh_normal_column(r->a, column) : column;
    c->references = to && intake_find(to, normal) ? arena_printf(r->a, "%.*s.%.*s", STR_FMT(to->name), STR_FMT(normal)) : STR("");
}

bool intake_close(struct intake *r, struct exchange_set *out)
{
    for (size_t i = 0; i < r->n; i++) {
        struct str base = table_name(r, r->tables[i].native), name = base;
        for (unsigned k = 2, again = 1; again;) {
            again = 0;
            for (size_t j = 0; j < i && !again; j++)
                again = str_eq(r->tables[j].name, name);
            if (again)
                name = arena_printf(r->a, "%.*s_%u", STR_FMT(base), k++);
        }
        r->tables[i].name = name;
        if (r->tables[i].n_columns == 0)
            errs_warn(r->es, E_SCHEMA, r->file, 0, 0, "%.*s names no column and is left out", STR_FMT(r->tables[i].native));
    }
    for (size_t i = 0; i < r->n; i++)
        for (size_t k = 0; k < r->tables[i].n_columns; k++)
            if (r->tables[i].columns[k].references.n)
                reference_resolve(r, &r->tables[i].columns[k]);
    size_t n = 0;
    for (size_t i = 0; i < r->n; i++)
        if (r->tables[i].n_columns)
            r->tables[n++] = r->tables[i];
    *out = (struct exchange_set){r->tables, n};
    return true;
}
