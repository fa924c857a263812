/* Column lineage: for each result column, the columns of tables that its value is computed from. Follows common table
 * expressions, subqueries, joins, set operations, stars; where a name cannot be placed for certain the column is marked
 * uncertain rather than given a wrong origin. Filters and join conditions decide which rows, not what values, and are left out.
 * Whether the value itself may be in the result, or only something that cannot be turned back into it, is told of each origin:
 * what is not on the list below keeps it. Digests without a key keep it too: an address is found by trying. */
#include "sql/sql.h"

#include <stdlib.h>

#include "sql/sql_int.h"

/* A set of origins, sorted, without repetition. */
struct origins { struct sql_origin *v; size_t n, cap; bool uncertain, uncertain_kept; };

struct column { struct str name; struct origins from; };
struct columns { struct column *v; size_t n, cap; bool open; /* open: there may be more than are known */ };

/* One thing in FROM. */
struct table { struct str alias, ref; struct columns cols; struct table *next; };

struct from { struct table *first, *last; const struct from *outer; const struct columns *aliases; const struct names *lambda; };
struct names { struct str name; const struct names *outer; };

struct lineage {
    const struct sql_ast *ast;
    struct arena *arena;
    sql_columns_fn columns;
    void *ctx;
    bool lost;           /* inside of something that does not give its argument on */
    size_t made;         /* columns so far: stars over joins of stars can double at every step */
};

enum { COLUMNS_MAX = 200000 };

static void query(struct lineage *l, yyjson_val *node, const struct cte_scope *ctes, const struct from *outer, struct columns *out);

/* ---- small sets ---- */

static int origin_cmp(const struct sql_origin *a, const struct sql_origin *b)
{
    int d = str_cmp(a->ref, b->ref);
    return d ? d : str_cmp(a->column, b->column);
}

static void *grow(struct lineage *l, void *v, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return v;
    size_t bigger = *cap ? *cap * 2 : 4;
    void *p = arena_array(l->arena, bigger, size);
    if (n)
        memcpy(p, v, n * size);
    *cap = bigger;
    return p;
}

static void origin_add(struct lineage *l, struct origins *s, struct sql_origin o)
{
    size_t lo = 0, hi = s->n;
    o.kept = o.kept && !l->lost;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        int d = origin_cmp(&s->v[mid], &o);
        if (d == 0) {
            s->v[mid].kept = s->v[mid].kept || o.kept;
            return;
        }
        if (d < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    s->v = grow(l, s->v, s->n, &s->cap, sizeof *s->v);
    memmove(&s->v[lo + 1], &s->v[lo], (s->n - lo) * sizeof *s->v);
    s->v[lo] = o;
    s->n++;
}

static void unsure(const struct lineage *l, struct origins *s)
{
    s->uncertain = true;
    s->uncertain_kept = s->uncertain_kept || !l->lost;
}

static void origins_merge(struct lineage *l, struct origins *into, const struct origins *more)
{
    for (size_t i = 0; i < more->n; i++)
        origin_add(l, into, more->v[i]);
    into->uncertain = into->uncertain || more->uncertain;
    into->uncertain_kept = into->uncertain_kept || (more->uncertain_kept && !l->lost);
}

static struct column *column_add(struct lineage *l, struct columns *c, struct str name)
{
    c->v = grow(l, c->v, c->n, &c->cap, sizeof *c->v);
    c->v[c->n] = (struct column){.name = name};
    l->made++;
    return &c->v[c->n++];
}

static struct column *column_find(const struct columns *c, struct str name)
{
    for (size_t i = 0; i < c->n; i++)
        if (str_eq_nocase(c->v[i].name, name))
            return &c->v[i];
    return NULL;
}

static bool listed(yyjson_val *names, struct str name)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(names, i, n, v)
        if (str_eq_nocase(sql_val(v), name))
            return true;
    return false;
}

/* ---- names ---- */

/* A column of one table; an unknown column list makes the origin an assumption only where other tables could have it too. */
static void from_table(struct lineage *l, const struct table *t, struct str name, struct origins *out)
{
    const struct column *c = column_find(&t->cols, name);
    if (c)
        origins_merge(l, out, &c->from);
    else if (t->cols.open && t->ref.n)
        origin_add(l, out, (struct sql_origin){t->ref, sql_fold(l->arena, name), true});
    else
        unsure(l, out);
}

static const struct table *table_find(const struct from *f, struct str alias)
{
    for (; f; f = f->outer)
        for (const struct table *t = f->first; t; t = t->next)
            if (str_eq_nocase(t->alias, alias))
                return t;
    return NULL;
}

static bool bare_name(struct lineage *l, const struct from *f, struct str name, struct origins *out)
{
    for (const struct names *p = f ? f->lambda : NULL; p; p = p->outer)
        if (str_eq_nocase(p->name, name))
            return true; /* a lambda's parameter: its list is an argument beside it */
    for (; f; f = f->outer) {
        size_t known = 0, open = 0;
        const struct table *single = NULL;
        for (const struct table *t = f->first; t; t = t->next) {
            if (column_find(&t->cols, name)) {
                from_table(l, t, name, out); /* several: a USING column, its values merge */
                known++;
            } else if (t->cols.open) {
                open++;
                single = t;
            }
        }
        if (known)
            return true;
        const struct column *alias = f->aliases ? column_find(f->aliases, name) : NULL;
        if (alias) {
            origins_merge(l, out, &alias->from);
            if (open > 0)
                unsure(l, out);
            return true;
        }
        const struct table *whole = NULL; /* FROM t SELECT t: the row as a struct */
        for (const struct table *t = f->first; t; t = t->next)
            if (str_eq_nocase(t->alias, name))
                whole = t;
        if (whole) {
            for (size_t i = 0; i < whole->cols.n; i++)
                origins_merge(l, out, &whole->cols.v[i].from);
            if (whole->cols.open)
                unsure(l, out);
            return true;
        }
        if (open == 1 && f->first == single && !single->next) {
            from_table(l, single, name, out);
            return true;
        }
        if (open) {
            unsure(l, out);
            return true;
        }
    }
    return false;
}

static void column_ref(struct lineage *l, const struct from *f, yyjson_val *names, struct origins *out)
{
    size_t n = yyjson_arr_size(names);
    struct str a = sql_val(yyjson_arr_get(names, 0)), b = sql_val(yyjson_arr_get(names, 1)), c = sql_val(yyjson_arr_get(names, 2));
    for (const struct names *p = f ? f->lambda : NULL; p; p = p->outer)
        if (str_eq_nocase(p->name, a))
            return;
    if (n >= 2) {
        const struct table *t = table_find(f, a);
        if (t) { /* table.column[.field] */
            from_table(l, t, b, out);
            return;
        }
        t = n >= 3 ? table_find(f, b) : NULL;
        if (t && str_eq_nocase(t->ref, arena_printf(l->arena, "%.*s.%.*s", STR_FMT(a), STR_FMT(b)))) { /* schema.table.column */
            from_table(l, t, c, out);
            return;
        }
    }
    if (!bare_name(l, f, a, out)) /* column, or column.field */
        unsure(l, out);
}

/* ---- expressions ---- */

static void expr(struct lineage *l, yyjson_val *x, const struct cte_scope *ctes, const struct from *f, struct origins *out);

static void lambda(struct lineage *l, yyjson_val *x, const struct cte_scope *ctes, const struct from *f, struct origins *out)
{
    struct from inner = *f;
    yyjson_val *lhs = yyjson_obj_get(x, "lhs"), *param;
    size_t i, n;
    if (sql_is(lhs, "class", "COLUMN_REF")) {
        struct names *p = arena_alloc(l->arena, sizeof *p);
        *p = (struct names){sql_val(yyjson_arr_get_first(yyjson_obj_get(lhs, "column_names"))), inner.lambda};
        inner.lambda = p;
    } else if (sql_is(lhs, "class", "FUNCTION")) { /* (x, y) -> ... arrives as row(x, y) */
        yyjson_arr_foreach(yyjson_obj_get(lhs, "children"), i, n, param) {
            struct names *p = arena_alloc(l->arena, sizeof *p);
            *p = (struct names){sql_val(yyjson_arr_get_first(yyjson_obj_get(param, "column_names"))), inner.lambda};
            inner.lambda = p;
        }
    }
    expr(l, yyjson_obj_get(x, "expr"), ctes, &inner, out);
}

/* A star inside of an expression (sum(COLUMNS(*)), count(t)): any column may be meant. */
static void star_values(struct lineage *l, yyjson_val *x, const struct from *f, struct origins *out)
{
    struct str relation = json_str(x, "relation_name");
    for (const struct table *t = f->first; t; t = t->next) {
        if (relation.n && !str_eq_nocase(relation, t->alias))
            continue;
        for (size_t i = 0; i < t->cols.n; i++)
            origins_merge(l, out, &t->cols.v[i].from);
    }
    unsure(l, out);
}

/* What says something of its arguments and gives none of them on: numbers of things, lengths, places in an order, yes or no. Sorted. */
static const char *const losing[] = {
    "!~~", "!~~*", "@>", "<@", "^@", "approx_count_distinct", "array_contains", "array_has", "array_has_all", "array_has_any", "array_indexof",
    "array_length", "array_position", "array_unique", "bit_count", "bool_and", "bool_or", "cardinality", "char_length", "character_length",
    "contains", "corr", "count", "count_if", "count_star", "countif", "cume_dist", "damerau_levenshtein", "dense_rank", "editdist3", "ends_with",
    "entropy", "hamming", "ilike_escape", "instr", "isfinite", "isinf", "isnan", "jaccard", "jaro_similarity", "jaro_winkler_similarity",
    "json_array_length", "json_contains", "json_exists", "json_type", "json_valid", "len", "length", "length_grapheme", "levenshtein",
    "like_escape", "list_bool_and", "list_bool_or", "list_contains", "list_count", "list_has", "list_has_all", "list_has_any", "list_indexof",
    "list_position", "list_unique", "map_contains", "not_ilike_escape", "not_like_escape", "ntile", "octet_length", "percent_rank", "position",
    "prefix", "rank", "rank_dense", "regexp_full_match", "regexp_matches", "regr_count", "row_number", "signbit", "starts_with", "strlen",
    "strpos", "suffix", "typeof", "~~", "~~*", "~~~",
};
static const char *const losing_classes[] = {"BETWEEN", "COMPARISON", "CONJUNCTION"};
static const char *const losing_operators[] = {"COMPARE_IN", "COMPARE_NOT_IN", "OPERATOR_IS_NOT_NULL", "OPERATOR_IS_NULL", "OPERATOR_NOT"};
/* Parts of an expression that decide which rows or in which order. */
static const char *const losing_parts[] = {"end_expr", "filter", "filter_expr", "offset_expr", "order_bys", "orders", "arg_orders", "partitions", "start_expr", "when_expr"};
/* The first argument, where the second is largest or smallest. */
static const char *const by_another[] = {"arg_max", "arg_max_null", "arg_min", "arg_min_null", "argmax", "argmin", "max_by", "min_by"};

static bool in_list(const char *const *v, size_t n, struct str s)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq_nocase(str_of(v[i]), s))
            return true;
    return false;
}
#define IN_LIST(v, s) in_list(v, sizeof(v) / sizeof *(v), s)

static bool loses(yyjson_val *x)
{
    struct str k = json_str(x, "class");
    if (str_eq(k, STR("FUNCTION")) || str_eq(k, STR("WINDOW")))
        return IN_LIST(losing, json_str(x, "function_name"));
    return IN_LIST(losing_classes, k) || (str_eq(k, STR("OPERATOR")) && IN_LIST(losing_operators, json_str(x, "type"))) ||
           (str_eq(k, STR("SUBQUERY")) && !sql_is(x, "subquery_type", "SCALAR"));
}

static void expr_parts(struct lineage *l, yyjson_val *x, const struct cte_scope *ctes, const struct from *f, struct origins *out)
{
    size_t i, n, k, m;
    yyjson_val *key, *child, *argument;
    bool lost = l->lost, another = IN_LIST(by_another, json_str(x, "function_name"));
    yyjson_obj_foreach(x, i, n, key, child) {
        if (!yyjson_is_obj(child) && !yyjson_is_arr(child))
            continue;
        l->lost = lost || IN_LIST(losing_parts, sql_val(key));
        if (another && yyjson_equals_str(key, "children")) {
            yyjson_arr_foreach(child, k, m, argument) {
                l->lost = lost || k > 0;
                expr(l, argument, ctes, f, out);
            }
        } else {
            expr(l, child, ctes, f, out);
        }
        l->lost = lost;
    }
}

static void expr(struct lineage *l, yyjson_val *x, const struct cte_scope *ctes, const struct from *f, struct origins *out)
{
    size_t i, n;
    yyjson_val *child;
    if (yyjson_is_arr(x)) {
        yyjson_arr_foreach(x, i, n, child)
            expr(l, child, ctes, f, out);
        return;
    }
    if (!yyjson_is_obj(x))
        return;
    bool lost = l->lost;
    l->lost = lost || loses(x);
    if (sql_is(x, "class", "COLUMN_REF")) {
        column_ref(l, f, yyjson_obj_get(x, "column_names"), out);
    } else if (sql_is(x, "class", "STAR")) {
        star_values(l, x, f, out);
    } else if (sql_is(x, "class", "LAMBDA")) {
        lambda(l, x, ctes, f, out);
    } else if (sql_is(x, "class", "SUBQUERY")) {
        expr(l, yyjson_obj_get(x, "child"), ctes, f, out);
        if (!sql_is(x, "subquery_type", "EXISTS")) {
            struct columns cols = {0};
            query(l, yyjson_obj_get(yyjson_obj_get(x, "subquery"), "node"), ctes, f, &cols);
            for (i = 0; i < cols.n; i++)
                origins_merge(l, out, &cols.v[i].from);
        }
    } else if (sql_is(x, "class", "POSITIONAL_REFERENCE")) {
        unsure(l, out);
    } else {
        expr_parts(l, x, ctes, f, out);
    }
    l->lost = lost;
}

/* ---- FROM ---- */

static void add_table(struct lineage *l, struct from *f, struct table t)
{
    struct table *p = arena_alloc(l->arena, sizeof *p);
    *p = t;
    p->next = NULL;
    if (f->last)
        f->last->next = p;
    else
        f->first = p;
    f->last = p;
}

/* t(a, b): the first columns get other names. */
static void rename_columns(struct columns *c, yyjson_val *aliases)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(aliases, i, n, v)
        if (i < c->n)
            c->v[i].name = sql_val(v);
}

static void copy_columns(struct lineage *l, struct columns *into, const struct columns *from)
{
    into->open = from->open;
    for (size_t i = 0; i < from->n && l->made < COLUMNS_MAX; i++)
        origins_merge(l, &column_add(l, into, from->v[i].name)->from, &from->v[i].from);
}

static void base_table(struct lineage *l, yyjson_val *t, const struct cte_scope *ctes, struct from *f)
{
    struct str schema = json_str(t, "schema_name"), name = json_str(t, "table_name"), alias = json_str(t, "alias");
    struct table out = {.alias = alias.n ? alias : name};
    const struct cte_scope *cte = schema.n ? NULL : cte_find(ctes, name);
    if (cte && cte->data) {
        copy_columns(l, &out.cols, cte->data);
    } else {
        struct str *cols = NULL;
        size_t n = 0;
        out.ref = sql_fold(l->arena, schema.n ? arena_printf(l->arena, "%.*s.%.*s", STR_FMT(schema), STR_FMT(name)) : name);
        out.cols.open = !l->columns || !l->columns(l->ctx, out.ref, &cols, &n);
        for (size_t i = 0; !out.cols.open && i < n; i++)
            origin_add(l, &column_add(l, &out.cols, cols[i])->from, (struct sql_origin){out.ref, cols[i], true});
    }
    rename_columns(&out.cols, yyjson_obj_get(t, "column_name_alias"));
    add_table(l, f, out);
}

static void tables(struct lineage *l, yyjson_val *t, const struct cte_scope *ctes, struct from *f);

static void table_function(struct lineage *l, yyjson_val *t, const struct cte_scope *ctes, struct from *f)
{
    yyjson_val *fn = yyjson_obj_get(t, "function");
    struct str alias = json_str(t, "alias"), name = json_str(fn, "function_name");
    struct table out = {.alias = alias.n ? alias : name};
    expr(l, yyjson_obj_get(fn, "children"), ctes, f, &column_add(l, &out.cols, name)->from);
    if (sql_is(t, "with_ordinality", "WITH_ORDINALITY"))
        column_add(l, &out.cols, STR("ordinality"));
    rename_columns(&out.cols, yyjson_obj_get(t, "column_name_alias"));
    if (str_eq(name, STR("unnest")) && yyjson_arr_size(yyjson_obj_get(t, "column_name_alias")) == 0 && alias.n)
        out.cols.v[0].name = alias; /* FROM unnest(x) AS v: the column answers to v */
    add_table(l, f, out);
}

static void values_list(struct lineage *l, yyjson_val *t, const struct cte_scope *ctes, struct from *f)
{
    struct table out = {.alias = json_str(t, "alias")};
    size_t r, rows, i, n;
    yyjson_val *row, *x;
    yyjson_arr_foreach(yyjson_obj_get(t, "values"), r, rows, row) {
        yyjson_arr_foreach(row, i, n, x) {
            while (out.cols.n <= i)
                column_add(l, &out.cols, arena_printf(l->arena, "col%zu", out.cols.n));
            expr(l, x, ctes, f, &out.cols.v[i].from);
        }
    }
    rename_columns(&out.cols, yyjson_obj_get(t, "expected_names"));
    add_table(l, f, out);
}

/* Which columns a pivot makes depends on data and settings: groups are known, the rest is a mixture of the source. */
static void pivot(struct lineage *l, yyjson_val *t, const struct cte_scope *ctes, struct from *f)
{
    struct from source = {.outer = f};
    struct table out = {.alias = json_str(t, "alias")};
    size_t i, n;
    yyjson_val *group;
    tables(l, yyjson_obj_get(t, "source"), ctes, &source);
    yyjson_arr_foreach(yyjson_obj_get(t, "groups"), i, n, group)
        if (!bare_name(l, &source, sql_val(group), &column_add(l, &out.cols, sql_val(group))->from))
            unsure(l, &out.cols.v[out.cols.n - 1].from);
    out.cols.open = true;
    add_table(l, f, out);
}

/* Columns that a USING or NATURAL join shows once: dropped from the right side of stars, their origins joined. */
static void merge_using(struct lineage *l, yyjson_val *join, struct from *f, struct table *left_last)
{
    bool natural = sql_is(join, "ref_type", "NATURAL");
    yyjson_val *using = yyjson_obj_get(join, "using_columns");
    if (!left_last || (!natural && yyjson_arr_size(using) == 0))
        return;
    for (struct table *r = left_last->next; r; r = r->next) {
        size_t kept = 0;
        for (size_t i = 0; i < r->cols.n; i++) {
            struct column *c = &r->cols.v[i], *same = NULL;
            for (struct table *t = f->first; t != left_last->next && !same; t = t->next)
                same = column_find(&t->cols, c->name);
            if (same && (natural || listed(using, c->name)))
                origins_merge(l, &same->from, &c->from);
            else
                r->cols.v[kept++] = *c;
        }
        r->cols.n = kept;
    }
}

static void tables(struct lineage *l, yyjson_val *t, const struct cte_scope *ctes, struct from *f)
{
    struct str type = json_str(t, "type");
    if (str_eq(type, STR("BASE_TABLE"))) {
        base_table(l, t, ctes, f);
    } else if (str_eq(type, STR("JOIN"))) {
        tables(l, yyjson_obj_get(t, "left"), ctes, f);
        struct table *left_last = f->last;
        tables(l, yyjson_obj_get(t, "right"), ctes, f);
        if (left_last && (sql_is(t, "join_type", "SEMI") || sql_is(t, "join_type", "ANTI"))) {
            left_last->next = NULL; /* the right side only filters */
            f->last = left_last;
        } else {
            merge_using(l, t, f, left_last);
        }
    } else if (str_eq(type, STR("SUBQUERY"))) {
        struct table out = {.alias = json_str(t, "alias")};
        query(l, yyjson_obj_get(yyjson_obj_get(t, "subquery"), "node"), ctes, f, &out.cols);
        rename_columns(&out.cols, yyjson_obj_get(t, "column_name_alias"));
        add_table(l, f, out);
    } else if (str_eq(type, STR("TABLE_FUNCTION"))) {
        table_function(l, t, ctes, f);
    } else if (str_eq(type, STR("EXPRESSION_LIST"))) {
        values_list(l, t, ctes, f);
    } else if (str_eq(type, STR("PIVOT"))) {
        pivot(l, t, ctes, f);
    }
}

/* ---- queries ---- */

static struct str item_name(struct lineage *l, yyjson_val *x, size_t position)
{
    struct str alias = json_str(x, "alias");
    if (alias.n)
        return alias;
    if (sql_is(x, "class", "COLUMN_REF"))
        return sql_val(yyjson_arr_get(yyjson_obj_get(x, "column_names"), yyjson_arr_size(yyjson_obj_get(x, "column_names")) - 1));
    if (sql_is(x, "class", "CAST"))
        return item_name(l, yyjson_obj_get(x, "child"), position);
    struct str fn = json_str(x, "function_name");
    return fn.n ? arena_printf(l->arena, "%.*s()", STR_FMT(fn)) : arena_printf(l->arena, "column %zu", position);
}

static void star(struct lineage *l, yyjson_val *x, const struct cte_scope *ctes, const struct from *f, struct columns *out)
{
    struct str relation = json_str(x, "relation_name");
    yyjson_val *filter = yyjson_obj_get(x, "expr"), *entry;
    for (const struct table *t = f->first; t; t = t->next) {
        if (relation.n && !str_eq_nocase(relation, t->alias))
            continue;
        for (size_t k = 0; k < t->cols.n && l->made < COLUMNS_MAX; k++) {
            struct str name = t->cols.v[k].name, shown = name;
            size_t i, n;
            bool replaced = false, excluded = listed(yyjson_obj_get(x, "exclude_list"), name);
            yyjson_arr_foreach(yyjson_obj_get(x, "qualified_exclude_list"), i, n, entry)
                excluded = excluded || str_eq_nocase(json_str(entry, "column"), name);
            if (excluded)
                continue;
            yyjson_arr_foreach(yyjson_obj_get(x, "rename_list"), i, n, entry)
                if (str_eq_nocase(json_str(yyjson_obj_get(entry, "key"), "column"), name))
                    shown = json_str(entry, "value");
            struct column *c = column_add(l, out, shown);
            yyjson_arr_foreach(yyjson_obj_get(x, "replace_list"), i, n, entry) {
                if (str_eq_nocase(json_str(entry, "key"), name)) {
                    expr(l, yyjson_obj_get(entry, "value"), ctes, f, &c->from);
                    replaced = true;
                }
            }
            if (!replaced)
                origins_merge(l, &c->from, &t->cols.v[k].from);
            if (yyjson_is_obj(filter)) /* COLUMNS('pattern'): whether this column is among them is not known here */
                unsure(l, &c->from);
        }
        if (t->cols.open) {
            struct column *c = column_add(l, out, STR("*"));
            if (t->ref.n)
                origin_add(l, &c->from, (struct sql_origin){t->ref, STR("*"), true});
            unsure(l, &c->from);
            out->open = true;
        }
    }
}

static void select_node(struct lineage *l, yyjson_val *node, const struct cte_scope *ctes, const struct from *outer, struct columns *out)
{
    struct from f = {.outer = outer, .lambda = NULL};
    size_t i, n;
    yyjson_val *x;
    tables(l, yyjson_obj_get(node, "from_table"), ctes, &f);
    yyjson_arr_foreach(yyjson_obj_get(node, "select_list"), i, n, x) {
        if (sql_is(x, "class", "STAR")) {
            star(l, x, ctes, &f, out);
            continue;
        }
        struct origins from = {0};
        f.aliases = out; /* an earlier result column may be used by its name */
        expr(l, x, ctes, &f, &from);
        column_add(l, out, item_name(l, x, out->n + 1))->from = from;
    }
}

static void set_operation(struct lineage *l, yyjson_val *node, const struct cte_scope *ctes, const struct from *outer, struct columns *out)
{
    struct columns right = {0};
    query(l, yyjson_obj_get(node, "left"), ctes, outer, out);
    if (sql_is(node, "setop_type", "EXCEPT") || sql_is(node, "setop_type", "INTERSECT"))
        return; /* the right side only filters */
    query(l, yyjson_obj_get(node, "right"), ctes, outer, &right);
    bool by_name = sql_is(node, "setop_type", "UNION_BY_NAME");
    for (size_t i = 0; i < right.n; i++) {
        struct column *c = by_name ? column_find(out, right.v[i].name) : i < out->n ? &out->v[i] : NULL;
        if (!c && by_name)
            c = column_add(l, out, right.v[i].name);
        if (c)
            origins_merge(l, &c->from, &right.v[i].from);
    }
    out->open = out->open || right.open;
}

static void recursive(struct lineage *l, yyjson_val *node, const struct cte_scope *ctes, const struct from *outer, struct columns *out)
{
    struct columns right = {0};
    query(l, yyjson_obj_get(node, "left"), ctes, outer, out);
    rename_columns(out, yyjson_obj_get(node, "aliases"));
    struct cte_scope self = {ctes, json_str(node, "cte_name"), out};
    query(l, yyjson_obj_get(node, "right"), &self, outer, &right);
    for (size_t i = 0; i < right.n && i < out->n; i++)
        origins_merge(l, &out->v[i].from, &right.v[i].from);
}

static void query(struct lineage *l, yyjson_val *node, const struct cte_scope *ctes, const struct from *outer, struct columns *out)
{
    size_t i, n;
    yyjson_val *entry;
    yyjson_arr_foreach(yyjson_obj_get(yyjson_obj_get(node, "cte_map"), "map"), i, n, entry) {
        yyjson_val *value = yyjson_obj_get(entry, "value");
        struct cte_scope *own = arena_alloc(l->arena, sizeof *own);
        struct columns *cols = arena_alloc(l->arena, sizeof *cols);
        query(l, yyjson_obj_get(yyjson_obj_get(value, "query"), "node"), ctes, outer, cols);
        rename_columns(cols, yyjson_obj_get(value, "aliases"));
        *own = (struct cte_scope){ctes, json_str(entry, "key"), cols};
        ctes = own;
    }
    if (sql_is(node, "type", "SELECT_NODE"))
        select_node(l, node, ctes, outer, out);
    else if (sql_is(node, "type", "SET_OPERATION_NODE"))
        set_operation(l, node, ctes, outer, out);
    else if (sql_is(node, "type", "RECURSIVE_CTE_NODE"))
        recursive(l, node, ctes, outer, out);
}

bool sql_lineage(const struct sql_ast *ast, struct arena *a, sql_columns_fn columns, void *ctx,
                 struct sql_column_lineage **out, size_t *n, struct err *e)
{
    struct lineage l = {.ast = ast, .arena = a, .columns = columns, .ctx = ctx};
    struct columns cols = {0};
    query(&l, ast->root, NULL, NULL, &cols);
    if (l.made >= COLUMNS_MAX)
        return err_set(e, E_TOO_LARGE, "the query makes more than %d columns", COLUMNS_MAX);
    *n = cols.n;
    *out = arena_array(a, cols.n, sizeof **out);
    for (size_t i = 0; i < cols.n; i++) {
        const struct origins *from = &cols.v[i].from;
        (*out)[i] = (struct sql_column_lineage){arena_str(a, cols.v[i].name), from->v, from->n, from->uncertain, from->uncertain_kept};
        for (size_t k = 0; k < from->n; k++)
            from->v[k] = (struct sql_origin){arena_str(a, from->v[k].ref), arena_str(a, from->v[k].column), from->v[k].kept};
    }
    return true;
}
