/* The gate: walks the whole syntax tree against the tables of the allowed language, and refuses at the first thing that is
 * not in them. It decides form only; which tables may be read is the caller's question (sql_refs). */
#include "sql/gate_tables.h"

#include <stdlib.h>

#include "sql/sql_int.h"

struct profile { size_t bytes, nodes; int depth; size_t joins; bool inline_refused, port_functions; };
static const struct profile profiles[] = {
    [SQL_QUESTION] = {SQL_QUESTION_BYTES, 20000, 64, 50, true, false}, /* joins are planned where no deadline reaches */
    [SQL_PORT] = {SQL_PORT_BYTES, 100000, 64, 100, false, true},
};

enum { QUERY_DEPTH = 64, SET_OPERATIONS = 1000, SERIES_MAX = 1000000, PAD_MAX = 10000, ARRAY_MAX = 10000 };

struct gate {
    const struct sql_ast *ast;
    struct err *e;
    const struct profile *limits;
    size_t nodes, set_operations, joins;
    int depth, queries;      /* of expressions; of queries inside queries */
    uint64_t at;             /* location of the innermost node that has one */
    bool table_function;     /* the next FUNCTION stands in FROM */
};

static bool refuse(struct gate *g, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static bool refuse(struct gate *g, const char *fmt, ...)
{
    char text[256];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    err_set(g->e, E_SQL_REFUSED, "%s", text);
    err_hint(g->e, "docs/gate.md lists what a question may use");
    if (g->e)
        sql_position_at(g->ast, g->at, &g->e->line, &g->e->col);
    return false;
}

static bool look_object(struct gate *g, yyjson_val *o, const struct gate_kind *kind);
static bool look_expr(struct gate *g, yyjson_val *o);
static bool look_node(struct gate *g, yyjson_val *o);

/* ---- checks beyond the keys ---- */

static bool is_constant(yyjson_val *expr)
{
    return sql_is(expr, "class", "CONSTANT");
}

/* The whole number of a constant, possibly behind a minus or a cast to an integer type. */
static bool constant_i64(yyjson_val *expr, int64_t *out)
{
    if (sql_is(expr, "class", "CAST"))
        return constant_i64(yyjson_obj_get(expr, "child"), out);
    yyjson_val *v = yyjson_obj_get(yyjson_obj_get(expr, "value"), "value");
    if (!is_constant(expr) || !yyjson_is_int(v))
        return false;
    *out = yyjson_is_uint(v) && yyjson_get_uint(v) > INT64_MAX ? INT64_MAX : yyjson_get_sint(v);
    return true;
}

/* Constants, casts of constants ('2026-01-01'::DATE) and steps such as INTERVAL 1 DAY. */
static bool is_simple(yyjson_val *expr, int depth)
{
    static const char *const steps[] = {"to_days", "to_weeks", "to_months", "to_quarters", "to_years", "trunc", "-", "current_date", "today"};
    if (depth > 6)
        return false;
    if (is_constant(expr) || sql_is(expr, "class", "PARAMETER"))
        return true;
    if (sql_is(expr, "class", "CAST"))
        return is_simple(yyjson_obj_get(expr, "child"), depth + 1);
    if (sql_is(expr, "class", "FUNCTION")) {
        bool known = false;
        for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
            known = known || sql_is(expr, "function_name", steps[i]);
        size_t i, n;
        yyjson_val *child;
        yyjson_arr_foreach(yyjson_obj_get(expr, "children"), i, n, child)
            known = known && is_simple(child, depth + 1);
        return known;
    }
    return false;
}

/* The text of a constant, behind casts: '2026-01-01'. */
static struct str constant_text(yyjson_val *expr)
{
    while (sql_is(expr, "class", "CAST"))
        expr = yyjson_obj_get(expr, "child");
    return is_constant(expr) ? sql_val(yyjson_obj_get(yyjson_obj_get(expr, "value"), "value")) : STR("");
}

/* A series in FROM streams and can be stopped at any time; one in an expression is built whole, so its ends must be
 * constants of ordinary size and its steps at least a day. */
static bool look_series(struct gate *g, yyjson_val *fn, bool streamed)
{
    size_t i, n;
    yyjson_val *arg;
    yyjson_arr_foreach(yyjson_obj_get(fn, "children"), i, n, arg) {
        int64_t v;
        struct str text = constant_text(arg);
        if (constant_i64(arg, &v) && (v > SERIES_MAX || v < -SERIES_MAX))
            return refuse(g, "a series may reach to %d at most", SERIES_MAX);
        if (!streamed && !is_simple(arg, 0))
            return refuse(g, "a series outside of FROM takes constants only; write FROM generate_series(...) instead");
        /* 'YYYY-MM-DD...' with a four-digit year, or '<n> day|week|month|quarter|year' */
        if (!streamed && text.n && !(text.n >= 10 && text.n <= 32 && text.p[4] == '-' && text.p[7] == '-') &&
            str_find(text, STR("day"), 0) == SIZE_MAX && str_find(text, STR("week"), 0) == SIZE_MAX &&
            str_find(text, STR("month"), 0) == SIZE_MAX && str_find(text, STR("year"), 0) == SIZE_MAX && str_find(text, STR("quarter"), 0) == SIZE_MAX)
            return refuse(g, "a series outside of FROM takes dates such as '2026-01-31' and steps of days or more");
    }
    return true;
}

static bool look_padding(struct gate *g, yyjson_val *fn)
{
    int64_t v;
    if (!constant_i64(yyjson_arr_get(yyjson_obj_get(fn, "children"), 1), &v) || v > PAD_MAX)
        return refuse(g, "the length of a padded text must be a constant of at most %d", PAD_MAX);
    return true;
}

static bool look_function(struct gate *g, yyjson_val *fn, bool in_from)
{
    struct str name = json_str(fn, "function_name"), schema = json_str(fn, "schema");
    if (schema.n && !str_eq(schema, STR("main"))) {
        return refuse(g, "a function may not be written with a name in front of it; write %.*s(x)",
                      name.n < 60 ? (int)name.n : 0, name.p ? name.p : "");
    }
    if (gate_port_function(name, in_from))
        return g->limits->port_functions || refuse(g, "the function \"%.*s\" is one of port SQL", STR_FMT(name));
    if (in_from ? !gate_table_function_allowed(name) : !gate_function_allowed(name))
        return refuse(g, "the function \"%.*s\" is not allowed%s", name.n < 80 ? (int)name.n : 80, name.p ? name.p : "", in_from ? " in FROM" : "");
    if (str_eq_nocase(name, STR("range")) || str_eq_nocase(name, STR("generate_series")))
        return look_series(g, fn, in_from);
    if (str_eq_nocase(name, STR("lpad")) || str_eq_nocase(name, STR("rpad")))
        return look_padding(g, fn);
    return true;
}

/* A bare name that is no column becomes one of the engine's session values. */
static bool look_column(struct gate *g, yyjson_val *x)
{
    static const char *const session[] = {"current_catalog", "current_role", "current_schema", "current_user", "session_user"};
    yyjson_val *names = yyjson_obj_get(x, "column_names");
    struct str name = sql_val(yyjson_arr_get_first(names));
    for (size_t i = 0; i < sizeof session / sizeof session[0] && yyjson_arr_size(names) == 1; i++)
        if (str_eq_nocase(name, str_of(session[i])))
            return refuse(g, "%s is not allowed", session[i]);
    return true;
}

static bool look_base_table(struct gate *g, yyjson_val *t)
{
    if (json_str(t, "catalog_name").n)
        return refuse(g, "a table is named domain.port, without anything in front");
    return yyjson_is_null(yyjson_obj_get(t, "at_clause")) || refuse(g, "AT (...) is not allowed; use --as-of or as_of for the past");
}

static bool look_type(struct gate *g, yyjson_val *t)
{
    struct str id = json_str(t, "id");
    if (!yyjson_is_obj(t) || !gate_type_allowed(id))
        return refuse(g, "the type %.*s is not allowed", id.n < 60 ? (int)id.n : 0, id.p ? id.p : "");
    return look_object(g, t, &gate_type_kind);
}

static bool look_type_info(struct gate *g, yyjson_val *info)
{
    if (yyjson_is_null(info))
        return true;
    const struct gate_kind *kind = yyjson_is_obj(info) ? gate_kind_find(gate_type_infos, json_str(info, "type")) : NULL;
    struct str name = json_str(info, "name");
    if (!kind)
        return refuse(g, "this kind of type is not allowed");
    if (sql_is(info, "type", "UNBOUND_TYPE_INFO") && !gate_user_type_allowed(name))
        return refuse(g, "the type \"%.*s\" is not allowed", name.n < 60 ? (int)name.n : 0, name.p ? name.p : "");
    if (json_int(info, "size", 0) > ARRAY_MAX)
        return refuse(g, "an array type may hold %d values at most", ARRAY_MAX);
    return look_object(g, info, kind);
}

/* ---- the walk ---- */

static bool is_empty(yyjson_val *v)
{
    return yyjson_is_null(v) || yyjson_is_false(v) || (yyjson_is_str(v) && yyjson_get_len(v) == 0) ||
           (yyjson_is_arr(v) && yyjson_arr_size(v) == 0);
}

static bool is_plain_list(yyjson_val *v, int depth)
{
    size_t i, n;
    yyjson_val *child;
    if (!yyjson_is_arr(v))
        return !yyjson_is_obj(v);
    if (depth > 3)
        return false;
    yyjson_arr_foreach(v, i, n, child)
        if (!is_plain_list(child, depth + 1))
            return false;
    return true;
}

/* A list (of lists) of things that one function looks at. */
static bool look_all(struct gate *g, yyjson_val *v, bool (*one)(struct gate *, yyjson_val *), int depth)
{
    size_t i, n;
    yyjson_val *child;
    if (!yyjson_is_arr(v))
        return one(g, v);
    if (depth > 2)
        return refuse(g, "this form of SQL is not allowed");
    yyjson_arr_foreach(v, i, n, child)
        if (!look_all(g, child, one, depth + 1))
            return false;
    return true;
}

static bool look_parts(struct gate *g, yyjson_val *v, const struct gate_kind *part)
{
    size_t i, n;
    yyjson_val *child;
    if (!yyjson_is_arr(v))
        return is_empty(v) || refuse(g, "this form of %s is not allowed", part->name);
    yyjson_arr_foreach(v, i, n, child)
        if (!yyjson_is_obj(child) || !look_object(g, child, part))
            return yyjson_is_obj(child) ? false : refuse(g, "this form of %s is not allowed", part->name);
    return true;
}

static bool look_modifier(struct gate *g, yyjson_val *m)
{
    const struct gate_kind *kind = yyjson_is_obj(m) ? gate_kind_find(gate_modifiers, json_str(m, "type")) : NULL;
    return kind ? look_object(g, m, kind) : refuse(g, "this clause is not allowed");
}

/* Where the engine gave the node a place, errors inside it point there. */
static uint64_t enter(struct gate *g, yyjson_val *o)
{
    uint64_t before = g->at, here = sql_location(o);
    if (here != SQL_NO_LOCATION)
        g->at = here;
    return before;
}

static bool look_table(struct gate *g, yyjson_val *t)
{
    const struct gate_kind *kind = yyjson_is_obj(t) ? gate_kind_find(gate_tables, json_str(t, "type")) : NULL;
    uint64_t before = enter(g, t);
    bool ok;
    if (++g->nodes > g->limits->nodes)
        return refuse(g, "the query has more than %zu parts", g->limits->nodes);
    if (sql_is(t, "type", "JOIN") && ++g->joins > g->limits->joins)
        ok = refuse(g, "more than %zu joins are not allowed", g->limits->joins);
    else if (sql_is(t, "type", "SHOW_REF"))
        ok = refuse(g, "DESCRIBE, SUMMARIZE and SHOW are not allowed; the catalog page shows columns");
    else if (!kind)
        ok = refuse(g, "this kind of table is not allowed");
    else if (sql_is(t, "type", "BASE_TABLE") && !look_base_table(g, t))
        ok = false;
    else
        ok = look_object(g, t, kind);
    g->at = before;
    return ok;
}

static bool look_expr(struct gate *g, yyjson_val *x)
{
    if (yyjson_is_null(x))
        return true;
    bool in_from = g->table_function;
    g->table_function = false;
    const struct gate_kind *kind = yyjson_is_obj(x) ? gate_kind_find(gate_expressions, json_str(x, "class")) : NULL;
    uint64_t before = enter(g, x);
    bool ok = false;
    if (++g->nodes > g->limits->nodes)
        return refuse(g, "the query has more than %zu parts", g->limits->nodes);
    if (g->depth >= g->limits->depth)
        return refuse(g, "an expression is nested more than %d deep", g->limits->depth);
    g->depth++;
    struct str type = json_str(x, "type");
    if (!kind) {
        refuse(g, "this kind of expression is not allowed");
    } else {
        bool known = false; /* whole words of kind->types */
        for (struct str rest = str_of(kind->types); rest.p;) {
            struct str word = str_cut(rest, ' ', &rest);
            known = known || str_eq(word, type);
        }
        bool function = sql_is(x, "class", "FUNCTION") || sql_is(x, "class", "WINDOW");
        ok = (known || refuse(g, "this kind of expression is not allowed")) && (!function || look_function(g, x, in_from)) &&
             (!sql_is(x, "class", "COLUMN_REF") || look_column(g, x)) && look_object(g, x, kind);
    }
    g->depth--;
    g->at = before;
    return ok;
}

static bool look_node(struct gate *g, yyjson_val *o)
{
    const struct gate_kind *kind = yyjson_is_obj(o) ? gate_kind_find(gate_nodes, json_str(o, "type")) : NULL;
    if (!kind)
        return refuse(g, "this kind of query is not allowed");
    if (++g->nodes > g->limits->nodes)
        return refuse(g, "the query has more than %zu parts", g->limits->nodes);
    /* A UNION of many is a long chain to the left, not a nest. */
    bool chain = sql_is(o, "type", "SET_OPERATION_NODE");
    if (chain ? ++g->set_operations > SET_OPERATIONS : g->queries >= QUERY_DEPTH)
        return refuse(g, "queries are nested too deeply");
    g->queries += !chain;
    bool ok = look_object(g, o, kind);
    g->queries -= !chain;
    return ok;
}

static bool look_value(struct gate *g, yyjson_val *v, const struct gate_key *key, struct str kind)
{
    switch (key->look) {
    case LOOK_PLAIN:
        return (!yyjson_is_obj(v) && !yyjson_is_arr(v)) || refuse(g, "this form of %.*s is not allowed", STR_FMT(kind));
    case LOOK_NAMES:
        return is_plain_list(v, 0) || refuse(g, "this form of %.*s is not allowed", STR_FMT(kind));
    case LOOK_NONE:
        return is_empty(v) || refuse(g, "a %s is not allowed here", key->name);
    case LOOK_EXPR: return look_expr(g, v);
    case LOOK_EXPRS: return look_all(g, v, look_expr, 0);
    case LOOK_NODE: return look_node(g, v);
    case LOOK_TABLE: return look_table(g, v);
    case LOOK_MODIFIER: return look_modifier(g, v);
    case LOOK_MODIFIERS: return look_all(g, v, look_modifier, 0);
    case LOOK_TYPE: return look_type(g, v);
    case LOOK_TYPES: return look_all(g, v, look_type, 0);
    case LOOK_TYPE_INFO: return look_type_info(g, v);
    case LOOK_ANY_VALUE: return true;
    case LOOK_PART:
        return yyjson_is_null(v) || (yyjson_is_obj(v) ? look_object(g, v, key->part) : refuse(g, "this form of %s is not allowed", key->part->name));
    case LOOK_PARTS: return look_parts(g, v, key->part);
    case LOOK_TABLE_FUNCTION: g->table_function = true; return look_expr(g, v);
    case LOOK_COLLATION: {
        struct str name = sql_val(v);
        for (size_t i = 0; i < name.n; i++)
            if (!((name.p[i] >= 'a' && name.p[i] <= 'z') || (name.p[i] >= 'A' && name.p[i] <= 'Z') || name.p[i] == '_' || name.p[i] == '.'))
                return refuse(g, "this collation is not allowed");
        return true;
    }
    }
    return false;
}

static bool look_object(struct gate *g, yyjson_val *o, const struct gate_kind *kind)
{
    size_t i, n;
    yyjson_val *key, *child;
    yyjson_obj_foreach(o, i, n, key, child) {
        const struct gate_key *k = kind->keys;
        while (k->name && !str_eq(sql_val(key), str_of(k->name)))
            k++;
        if (!k->name)
            return refuse(g, "a part of this %s is not known to the gate", kind->name);
        if (!look_value(g, child, k, str_of(kind->name)))
            return false;
    }
    return true;
}

bool sql_gate(const struct sql_ast *ast, enum sql_profile profile, struct err *e)
{
    struct gate g = {.ast = ast, .e = e, .limits = &profiles[profile], .at = 0};
    if (ast->sql.n > g.limits->bytes)
        return err_set(e, E_TOO_LARGE, "the SQL has %zu bytes, %zu are allowed", ast->sql.n, g.limits->bytes);
    /* Put in as often as it is named, a chain of such expressions doubles with each link before a deadline is looked at. The
     * engine's tree does not show the words. */
    if (g.limits->inline_refused && sql_says(ast->sql, STR("not materialized")))
        return refuse(&g, "AS NOT MATERIALIZED is not allowed; leave it out");
    return look_node(&g, ast->root);
}
