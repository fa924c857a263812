/* Conditions of policies. They are put between brackets into views, so the text must be one expression whichever way it is read: it has to parse
 * between brackets, and it has to parse without them. */
#include "sql/sql.h"

#include <stdlib.h>

#include "base/buf.h"
#include "sql/sql_int.h"

enum { CONDITION_MAX_BYTES = 32 * 1024, STATEMENT_MAX_BYTES = CONDITION_MAX_BYTES + 256 };

struct found { struct arena *a; struct str *v; size_t n, cap; };

static void add(struct found *f, struct str name)
{
    if (f->n == f->cap) {
        size_t cap = f->cap ? f->cap * 2 : 8;
        struct str *v = arena_array(f->a, cap, sizeof *v);
        if (f->n)
            memcpy(v, f->v, f->n * sizeof *v);
        f->v = v;
        f->cap = cap;
    }
    f->v[f->n++] = sql_fold(f->a, name);
}

static const struct { const char *class_name, *what; } refused[] = {
    {"SUBQUERY", "a subquery"}, {"STAR", "a star"}, {"PARAMETER", "a parameter"}, {"LAMBDA", "a lambda"},
    {"WINDOW", "a window function"}, {"POSITIONAL_REFERENCE", "a column by its number"},
};

static bool column_ref(struct found *f, yyjson_val *v, struct err *e)
{
    yyjson_val *names = yyjson_obj_get(v, "column_names");
    if (yyjson_arr_size(names) == 1) {
        add(f, sql_val(yyjson_arr_get(names, 0)));
        return true;
    }
    err_set(e, E_SQL_REFUSED, "a condition names its columns without a table in front");
    return err_hint(e, "write the column alone"), false;
}

static bool walk(struct found *f, yyjson_val *v, struct err *e)
{
    size_t i, n;
    yyjson_val *key, *child;
    if (yyjson_is_arr(v)) {
        yyjson_arr_foreach(v, i, n, child)
            if (!walk(f, child, e))
                return false;
        return true;
    }
    if (!yyjson_is_obj(v))
        return true;
    for (size_t k = 0; k < sizeof refused / sizeof refused[0]; k++)
        if (sql_is(v, "class", refused[k].class_name)) {
            err_set(e, E_SQL_REFUSED, "%s cannot stand in a condition", refused[k].what);
            return err_hint(e, "compare columns of the row, as in country = 'DE'"), false;
        }
    if (sql_is(v, "class", "COLUMN_REF"))
        return column_ref(f, v, e);
    yyjson_obj_foreach(v, i, n, key, child)
        if (!walk(f, child, e))
            return false;
    return true;
}

static int text_order(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static void sort_once(struct found *f)
{
    size_t kept = 0;
    if (f->n)
        qsort(f->v, f->n, sizeof *f->v, text_order);
    for (size_t i = 0; i < f->n; i++)
        if (!kept || !str_eq(f->v[kept - 1], f->v[i]))
            f->v[kept++] = f->v[i];
    f->n = kept;
}

static bool parses(struct engine_conn *parser, struct arena *a, const char *before, struct str text, const char *after, struct sql_ast **ast, struct err *e)
{
    struct buf b = BUF_INIT(STATEMENT_MAX_BYTES);
    buf_addz(&b, "SELECT count(*) FROM t WHERE ");
    buf_addz(&b, before);
    buf_add(&b, text);
    buf_addz(&b, after);
    bool good = buf_ok(&b, e) && sql_parse(parser, a, buf_str(&b), ast, e) && sql_gate(*ast, SQL_QUESTION, e);
    buf_fini(&b);
    return good;
}

bool sql_condition(struct engine_conn *parser, struct arena *a, struct str text, struct str **columns, size_t *n, struct err *e)
{
    struct found f = {.a = a};
    struct sql_ast *open = NULL, *closed = NULL;
    bool good = parses(parser, a, "", text, "", &open, e) && parses(parser, a, "(", text, "\n)", &closed, e) && walk(&f, yyjson_obj_get(closed->root, "where_clause"), e);
    sql_ast_free(open);
    sql_ast_free(closed);
    sort_once(&f);
    *columns = f.v;
    *n = f.n;
    return good;
}
