/* The form of questions about groups of people. See aggregate.h for why the lists are short. */
#include "sql/aggregate.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"
#include "sql/aggregate_int.h"

enum { DEPTH = 24, FACTOR_MAX = 1000000 };
static const double USUAL_MAX = 1e12;

/* Scalar functions in conditions and group keys: what they take and give. No cast to a narrower type, no arithmetic that overflows. */
static const struct { const char *name; enum family takes, gives; } functions[] = {
    {"lower", FAMILY_TEXT, FAMILY_TEXT},       {"upper", FAMILY_TEXT, FAMILY_TEXT},      {"trim", FAMILY_TEXT, FAMILY_TEXT},      {"left", FAMILY_TEXT, FAMILY_TEXT},
    {"right", FAMILY_TEXT, FAMILY_TEXT},       {"length", FAMILY_TEXT, FAMILY_OTHER},    {"contains", FAMILY_TEXT, FAMILY_OTHER}, {"starts_with", FAMILY_TEXT, FAMILY_OTHER},
    {"ends_with", FAMILY_TEXT, FAMILY_OTHER},  {"~~", FAMILY_TEXT, FAMILY_OTHER},        {"!~~", FAMILY_TEXT, FAMILY_OTHER},      {"~~*", FAMILY_TEXT, FAMILY_OTHER},
    {"!~~*", FAMILY_TEXT, FAMILY_OTHER},       {"year", FAMILY_TIME, FAMILY_OTHER},     {"quarter", FAMILY_TIME, FAMILY_OTHER}, {"month", FAMILY_TIME, FAMILY_OTHER},
    {"week", FAMILY_TIME, FAMILY_OTHER},      {"day", FAMILY_TIME, FAMILY_OTHER},      {"dayofweek", FAMILY_TIME, FAMILY_OTHER}, {"isodow", FAMILY_TIME, FAMILY_OTHER},
    {"hour", FAMILY_TIME, FAMILY_OTHER},      {"date_trunc", FAMILY_TIME, FAMILY_TIME}, {"date_part", FAMILY_TIME, FAMILY_OTHER}, {"floor", FAMILY_OTHER, FAMILY_OTHER},
    {"ceil", FAMILY_OTHER, FAMILY_OTHER},      {"round", FAMILY_OTHER, FAMILY_OTHER},    {"abs", FAMILY_OTHER, FAMILY_OTHER},     {"monthname", FAMILY_TIME, FAMILY_TEXT},
    {"dayname", FAMILY_TIME, FAMILY_TEXT},    {"strftime", FAMILY_TIME, FAMILY_TEXT},   {"timezone", FAMILY_TIME, FAMILY_TIME},
};
/* Aggregates; sums are those whose figure one large value can make. */
static const struct { const char *name; bool sums, distinct; } aggregates[] = {
    {"count_star", false, false}, {"count", false, true}, {"sum", true, false}, {"avg", true, false}, {"mean", true, false}, {"approx_count_distinct", false, false},
    {"stddev", true, false}, {"stddev_samp", true, false}, {"stddev_pop", true, false}, {"var_samp", true, false}, {"var_pop", true, false}, {"variance", true, false},
};
/* What may be made of the figures of a group; computed for those that are then left out as well. */
static const char *const after[] = {"+", "-", "*", "/", "round", "abs"};
static const char *const arithmetic[] = {"+", "-", "*"};

bool form_refuse(struct form *f, yyjson_val *at, const char *text)
{
    err_set(f->e, E_SQL_REFUSED, "%s", text);
    err_hint(f->e, "your role sees groups of people alone: SELECT keys, count(*), sum(x) FROM %.*s WHERE ... GROUP BY keys", STR_FMT(f->ask->ref));
    if (f->e)
        sql_position(f->ast, at, &f->e->line, &f->e->col);
    return false;
}

static bool one_of(const char *const *names, size_t n, struct str name)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(name, str_of(names[i])))
            return true;
    return false;
}
#define ONE_OF(names, name) one_of(names, sizeof(names) / sizeof *(names), name)

static bool is_constant(yyjson_val *x)
{
    return sql_is(x, "class", "CONSTANT") || sql_is(x, "class", "PARAMETER");
}

/* ---- constants ----
 * A constant is converted when a row gets there, which a CASE or an AND before it decides: one that cannot be converted would tell of the row. */
static struct str text_of(yyjson_val *x) /* .p NULL: no text */
{
    yyjson_val *value = yyjson_obj_get(x, "value");
    bool text = sql_is(x, "class", "CONSTANT") && !yyjson_is_true(yyjson_obj_get(value, "is_null")) && sql_is(yyjson_obj_get(value, "type"), "id", "VARCHAR");
    return text ? sql_val(yyjson_obj_get(value, "value")) : (struct str){0};
}

static bool is_day(struct str s)
{
    int32_t day;
    return s.n == 10 && clock_parse_date(s, &day);
}

static bool is_moment(struct str s)
{
    if (s.n != 19 || (s.p[10] != ' ' && s.p[10] != 'T') || s.p[13] != ':' || s.p[16] != ':')
        return is_day(s);
    static const size_t digits[] = {11, 12, 14, 15, 17, 18};
    for (size_t i = 0; i < sizeof digits / sizeof *digits; i++)
        if (s.p[digits[i]] < '0' || s.p[digits[i]] > '9')
            return false;
    return is_day((struct str){s.p, 10}) && memcmp(s.p + 11, "24", 2) < 0 && s.p[14] < '6' && s.p[17] < '6';
}

/* What fits every type of number that a column may have. */
static bool is_usual(yyjson_val *v)
{
    return yyjson_is_bool(v) || (yyjson_is_num(v) && yyjson_get_num(v) <= USUAL_MAX && yyjson_get_num(v) >= -USUAL_MAX);
}

/* A constant number of ordinary size. */
static bool is_factor(yyjson_val *x)
{
    yyjson_val *v = yyjson_obj_get(yyjson_obj_get(x, "value"), "value");
    if (!sql_is(x, "class", "CONSTANT") || !yyjson_is_num(v))
        return false;
    double d = yyjson_get_num(v); /* of a decimal: its unscaled number, which is larger */
    return d <= FACTOR_MAX && d >= -FACTOR_MAX;
}

bool form_is_aggregate(yyjson_val *x)
{
    for (size_t i = 0; sql_is(x, "class", "FUNCTION") && i < sizeof aggregates / sizeof *aggregates; i++)
        if (sql_is(x, "function_name", aggregates[i].name))
            return true;
    return false;
}

/* ---- conditions and keys ---- */

static bool look(struct form *f, yyjson_val *x, int depth, enum family *out);

/* All of one family, so that no text is cast for a comparison; what has none (NULL, a parameter) goes with any. */
static bool look_alike(struct form *f, yyjson_val *const *children, size_t n, int depth, enum family *out)
{
    enum family all = FAMILY_ANY;
    for (size_t i = 0; i < n; i++) {
        enum family one;
        if (!look(f, children[i], depth + 1, &one))
            return false;
        if (one != FAMILY_ANY && all != FAMILY_ANY && one != all)
            return form_refuse(f, children[i], "text is compared with text alone here, and numbers with numbers");
        all = one == FAMILY_ANY ? all : one;
    }
    for (size_t i = 0; i < n; i++) {
        struct str text = text_of(children[i]);
        if (all == FAMILY_TEXT && sql_is(children[i], "class", "PARAMETER") && !form_text_parameter(f, children[i]))
            return false;
        if (text.p && all == FAMILY_OTHER)
            return form_refuse(f, children[i], "text is compared with text alone here, and numbers with numbers");
        if (text.p && all == FAMILY_TIME && !is_day(text))
            return form_refuse(f, children[i], "days are written '2026-01-31' here, moments TIMESTAMP '2026-01-31 12:00:00'");
    }
    *out = all;
    return true;
}

/* What rows choose among is of a family: it is no constant any more. */
static bool look_choice(struct form *f, yyjson_val *const *children, size_t n, int depth, enum family *out)
{
    if (!look_alike(f, children, n, depth, out))
        return false;
    bool unsaid = *out == FAMILY_ANY;
    for (size_t i = 0; unsaid && i < n; i++) {
        bool parameter = sql_is(children[i], "class", "PARAMETER");
        if (parameter && !form_text_parameter(f, children[i]))
            return false;
        if (parameter || text_of(children[i]).p)
            *out = FAMILY_TEXT;
    }
    return true;
}

static bool is_condition(struct form *f, yyjson_val *x, enum family one)
{
    return one == FAMILY_OTHER || form_refuse(f, x, "this is no condition");
}

static bool look_list(struct form *f, yyjson_val *list, bool chosen, int depth, enum family *out)
{
    yyjson_val *v[256];
    size_t i, n, k = 0;
    yyjson_val *child;
    if (yyjson_arr_size(list) >= sizeof v / sizeof *v)
        return form_refuse(f, list, "this list is too long here");
    yyjson_arr_foreach(list, i, n, child)
        v[k++] = child;
    return chosen ? look_choice(f, v, k, depth, out) : look_alike(f, v, k, depth, out);
}

static bool look_column(struct form *f, yyjson_val *x, enum family *out)
{
    yyjson_val *names = yyjson_obj_get(x, "column_names");
    struct str name = sql_fold(f->arena, sql_val(yyjson_arr_get_last(names)));
    bool personal = false, text = false, time = false;
    if (yyjson_arr_size(names) > 3 || !f->ask->column(f->ask->ctx, name, &personal, &text, &time))
        return form_refuse(f, x, "this names no column that can be asked for here");
    if (str_eq(name, f->ask->person))
        return form_refuse(f, x, "who somebody is can only be counted: count(DISTINCT ...)");
    if (personal)
        return form_refuse(f, x, "a personal column cannot be used here");
    *out = text ? FAMILY_TEXT : time ? FAMILY_TIME : FAMILY_OTHER;
    return true;
}

static bool look_arithmetic(struct form *f, yyjson_val *x, int depth, enum family *out)
{
    yyjson_val *children = yyjson_obj_get(x, "children"), *l = yyjson_arr_get(children, 0), *r = yyjson_arr_get(children, 1);
    enum family one;
    if (r && is_factor(l) && !is_factor(r)) {
        yyjson_val *t = l;
        l = r;
        r = t;
    }
    bool ok = !r || is_factor(r) || (sql_is(x, "function_name", "/") && is_constant(r) && !text_of(r).p);
    if (!ok)
        return form_refuse(f, x, "values are combined with constants of ordinary size alone here");
    if (!look(f, l, depth + 1, &one))
        return false;
    *out = FAMILY_OTHER;
    return one == FAMILY_OTHER || form_refuse(f, x, "this is no number");
}

/* A constant beside what a function works on: 'month', a pattern, a number of places. */
static bool look_argument(struct form *f, struct str name, enum family takes, yyjson_val *x)
{
    static const char *const units[] = {"year", "quarter", "month", "week", "day", "hour", "minute", "isodow", "dow"};
    static const char *const cuts[] = {"left", "right"};
    struct str text = text_of(x);
    bool parameter = sql_is(x, "class", "PARAMETER"), good;
    if (parameter)
        return takes == FAMILY_TEXT ? form_text_parameter(f, x) : form_refuse(f, x, "this stands as a constant here");
    if (ONE_OF(cuts, name))
        good = !text.p || text.n == 0 ? is_factor(x) : false;
    else if (takes == FAMILY_TEXT)
        good = text.p != NULL;
    else if (str_eq(name, STR("timezone")))
        good = str_eq(text, STR("UTC")) || (text.n && str_eq(text, f->ask->time_zone));
    else if (str_eq(name, STR("strftime"))) {
        good = text.p != NULL;
        for (size_t i = 0; good && i < text.n; i++)
            if (text.p[i] == '%')
                good = ++i < text.n && text.p[i] && strchr("YmdHMSVGujbBaA%", text.p[i]);
    } else if (takes == FAMILY_TIME)
        good = ONE_OF(units, text);
    else
        good = is_factor(x);
    return good || form_refuse(f, x, "this constant cannot stand here");
}

static bool look_function(struct form *f, yyjson_val *x, int depth, enum family *out)
{
    struct str name = json_str(x, "function_name");
    size_t i, n;
    yyjson_val *child;
    if (ONE_OF(arithmetic, name) || str_eq(name, STR("/")))
        return look_arithmetic(f, x, depth, out);
    for (size_t k = 0; k < sizeof functions / sizeof *functions; k++) {
        if (!str_eq(name, str_of(functions[k].name)))
            continue;
        yyjson_arr_foreach(yyjson_obj_get(x, "children"), i, n, child) {
            enum family one = FAMILY_ANY;
            if (is_constant(child)) {
                if (!look_argument(f, name, functions[k].takes, child))
                    return false;
                continue;
            }
            if (!look(f, child, depth + 1, &one))
                return false;
            if (one != functions[k].takes)
                return form_refuse(f, child, "this function takes another type of value");
        }
        *out = functions[k].gives;
        return true;
    }
    return form_refuse(f, x, form_is_aggregate(x) ? "an aggregate cannot stand here" : "this function cannot be used here");
}

static bool look_case(struct form *f, yyjson_val *x, int depth, enum family *out)
{
    yyjson_val *v[64], *check, *c;
    size_t i, n, k = 0;
    enum family one;
    yyjson_arr_foreach(yyjson_obj_get(x, "case_checks"), i, n, c) {
        check = yyjson_obj_get(c, "when_expr");
        if (k + 2 > sizeof v / sizeof *v)
            return form_refuse(f, x, "this CASE has too many branches");
        if (!look(f, check, depth + 1, &one) || !is_condition(f, check, one))
            return false;
        v[k++] = yyjson_obj_get(c, "then_expr");
    }
    yyjson_val *otherwise = yyjson_obj_get(x, "else_expr");
    if (otherwise && !yyjson_is_null(otherwise))
        v[k++] = otherwise;
    return look_choice(f, v, k, depth, out);
}

static bool look(struct form *f, yyjson_val *x, int depth, enum family *out)
{
    struct str class = json_str(x, "class");
    *out = FAMILY_OTHER;
    if (depth > DEPTH)
        return form_refuse(f, x, "this is nested too deeply here");
    if (str_eq(class, STR("COLUMN_REF")))
        return look_column(f, x, out);
    if (str_eq(class, STR("PARAMETER")))
        return *out = FAMILY_ANY, true;
    if (str_eq(class, STR("CONSTANT"))) {
        yyjson_val *value = yyjson_obj_get(x, "value");
        bool null = yyjson_is_true(yyjson_obj_get(value, "is_null"));
        if (null || text_of(x).p)
            return *out = FAMILY_ANY, true;
        return is_usual(yyjson_obj_get(value, "value")) || form_refuse(f, x, "a constant of ordinary size must stand here");
    }
    if (str_eq(class, STR("CAST"))) {
        yyjson_val *child = yyjson_obj_get(x, "child");
        struct str to = json_str(yyjson_obj_get(x, "cast_type"), "id"), text = text_of(child);
        if (sql_is(child, "class", "CONSTANT") && str_eq(to, STR("VARCHAR")))
            return *out = FAMILY_TEXT, true;
        if ((str_eq(to, STR("DATE")) && is_day(text)) || ((str_eq(to, STR("TIMESTAMP")) || str_eq(to, STR("TIMESTAMP WITH TIME ZONE"))) && is_moment(text)))
            return *out = FAMILY_TIME, true;
        if (str_eq(to, STR("BOOLEAN")) && (str_eq(text, STR("t")) || str_eq(text, STR("f"))))
            return true;
        return form_refuse(f, x, "values are not cast here");
    }
    if (str_eq(class, STR("COMPARISON"))) {
        yyjson_val *v[2] = {yyjson_obj_get(x, "left"), yyjson_obj_get(x, "right")};
        enum family one;
        return look_alike(f, v, 2, depth, &one);
    }
    if (str_eq(class, STR("BETWEEN"))) {
        yyjson_val *v[3] = {yyjson_obj_get(x, "input"), yyjson_obj_get(x, "lower"), yyjson_obj_get(x, "upper")};
        enum family one;
        return look_alike(f, v, 3, depth, &one);
    }
    if (str_eq(class, STR("CONJUNCTION"))) {
        size_t i, n;
        yyjson_val *child;
        yyjson_arr_foreach(yyjson_obj_get(x, "children"), i, n, child) {
            enum family one;
            if (!look(f, child, depth + 1, &one))
                return false;
            if (!is_condition(f, child, one))
                return false;
        }
        return true;
    }
    if (str_eq(class, STR("OPERATOR"))) {
        static const char *const known[] = {"OPERATOR_IS_NULL", "OPERATOR_IS_NOT_NULL", "OPERATOR_NOT", "COMPARE_IN", "COMPARE_NOT_IN", "OPERATOR_COALESCE", "OPERATOR_NULLIF"};
        struct str type = json_str(x, "type");
        enum family one;
        if (!ONE_OF(known, type))
            return form_refuse(f, x, "this operator cannot be used here");
        bool chosen = str_eq(type, STR("OPERATOR_COALESCE")) || str_eq(type, STR("OPERATOR_NULLIF"));
        if (!look_list(f, yyjson_obj_get(x, "children"), chosen, depth, &one))
            return false;
        if (str_eq(type, STR("OPERATOR_NOT")) && !is_condition(f, x, one))
            return false;
        *out = chosen ? one : FAMILY_OTHER;
        return true;
    }
    if (str_eq(class, STR("CASE")))
        return look_case(f, x, depth, out);
    if (str_eq(class, STR("FUNCTION")))
        return look_function(f, x, depth, out);
    return form_refuse(f, x, "this cannot be used in a question about groups");
}

/* ---- the list of what is asked for ---- */

/* The same expression, wherever it stands and whatever it is called. */
bool form_same(yyjson_val *a, yyjson_val *b)
{
    size_t i, n;
    yyjson_val *key, *child;
    if (yyjson_get_type(a) != yyjson_get_type(b))
        return false;
    if (yyjson_is_arr(a)) {
        if (yyjson_arr_size(a) != yyjson_arr_size(b))
            return false;
        yyjson_arr_foreach(a, i, n, child)
            if (!form_same(child, yyjson_arr_get(b, i)))
                return false;
        return true;
    }
    if (!yyjson_is_obj(a))
        return yyjson_equals(a, b);
    yyjson_obj_foreach(a, i, n, key, child)
        if (!yyjson_equals_str(key, "query_location") && !yyjson_equals_str(key, "alias") && !form_same(child, yyjson_obj_getn(b, yyjson_get_str(key), yyjson_get_len(key))))
            return false;
    return true;
}

static bool look_aggregate(struct form *f, yyjson_val *x)
{
    yyjson_val *children = yyjson_obj_get(x, "children"), *arg = yyjson_arr_get_first(children), *filter = yyjson_obj_get(x, "filter");
    size_t k = 0;
    enum family one = FAMILY_OTHER;
    bool distinct = yyjson_is_true(yyjson_obj_get(x, "distinct")), personal, text, time;
    while (!sql_is(x, "function_name", aggregates[k].name))
        k++;
    if (yyjson_arr_size(children) > 1 || (distinct && !aggregates[k].distinct) || yyjson_arr_size(yyjson_obj_get(yyjson_obj_get(x, "order_bys"), "orders")))
        return form_refuse(f, x, "this form of an aggregate cannot be used here");
    if (filter && !yyjson_is_null(filter) && !look(f, filter, 0, &one))
        return false;
    if (!is_condition(f, filter, one))
        return false;
    filter = filter && !yyjson_is_null(filter) ? filter : NULL;
    if (!arg)
        return form_set_add(f, x, filter, NULL, false);
    if (!sql_is(arg, "class", "COLUMN_REF")) {
        if (sql_is(arg, "class", "CONSTANT") && !aggregates[k].sums)
            return form_set_add(f, x, filter, NULL, false);
        return form_refuse(f, arg, "an aggregate takes a column itself here; conditions stand in FILTER (WHERE ...)");
    }
    struct str name = sql_fold(f->arena, sql_val(yyjson_arr_get_last(yyjson_obj_get(arg, "column_names"))));
    if (str_eq(name, f->ask->person))
        return (sql_is(x, "function_name", "count") && distinct) || sql_is(x, "function_name", "approx_count_distinct") ? form_set_add(f, x, filter, NULL, false)
                                                                      : form_refuse(f, arg, "who somebody is can only be counted: count(DISTINCT ...)");
    if (!f->ask->column(f->ask->ctx, name, &personal, &text, &time) || personal)
        return form_refuse(f, arg, "this names no column that can be asked for here");
    if (aggregates[k].sums && text)
        return form_refuse(f, arg, "text cannot be added up");
    return form_set_add(f, x, filter, arg, aggregates[k].sums);
}

static bool is_key(struct form *f, yyjson_val *x)
{
    size_t i, n;
    yyjson_val *key;
    yyjson_arr_foreach(f->keys, i, n, key)
        if (form_same(key, x))
            return true;
    return false;
}

static bool has_aggregate(yyjson_val *x)
{
    size_t i, n;
    yyjson_val *key, *child;
    if (form_is_aggregate(x))
        return true;
    if (yyjson_is_obj(x)) {
        yyjson_obj_foreach(x, i, n, key, child)
            if (has_aggregate(child))
                return true;
    } else if (yyjson_is_arr(x)) {
        yyjson_arr_foreach(x, i, n, child)
            if (has_aggregate(child))
                return true;
    }
    return false;
}

/* What is made of figures and keys. */
static bool look_figure(struct form *f, yyjson_val *x, int depth)
{
    size_t i, n;
    yyjson_val *child;
    enum family one;
    if (depth > DEPTH)
        return form_refuse(f, x, "this is nested too deeply here");
    if (form_is_aggregate(x))
        return look_aggregate(f, x);
    if (sql_is(x, "class", "CONSTANT") || is_key(f, x))
        return true;
    if (!has_aggregate(x)) /* a key by its place or of GROUP BY ALL: its form is looked at with the others */
        return f->keys_implied ? look(f, x, 0, &one) : form_refuse(f, x, "this is neither a key of GROUP BY nor an aggregate");
    bool ok = (sql_is(x, "class", "FUNCTION") && ONE_OF(after, json_str(x, "function_name"))) ||
              (sql_is(x, "class", "OPERATOR") && (sql_is(x, "type", "OPERATOR_COALESCE") || sql_is(x, "type", "OPERATOR_NULLIF"))) ||
              (sql_is(x, "class", "CAST") && sql_is(yyjson_obj_get(x, "cast_type"), "id", "DOUBLE"));
    if (!ok)
        return form_refuse(f, x, "this cannot be made of a group's figures here");
    if (sql_is(x, "class", "CAST"))
        return look_figure(f, yyjson_obj_get(x, "child"), depth + 1);
    yyjson_arr_foreach(yyjson_obj_get(x, "children"), i, n, child)
        if (sql_is(child, "class", "CONSTANT") ? !is_factor(child) : !look_figure(f, child, depth + 1))
            return sql_is(child, "class", "CONSTANT") ? form_refuse(f, child, "a constant of ordinary size must stand here") : false;
    return true;
}

/* Keys: expressions; places (GROUP BY 1) are allowed and mean items of the list. */
static bool look_keys(struct form *f, yyjson_val *node)
{
    size_t i, n;
    yyjson_val *key, *items = yyjson_obj_get(node, "select_list"), *sets = yyjson_obj_get(node, "group_sets");
    f->keys = yyjson_obj_get(node, "group_expressions");
    f->keys_implied = sql_is(node, "aggregate_handling", "FORCE_AGGREGATES");
    if (yyjson_arr_size(sets) > 1 || (yyjson_arr_size(sets) == 1 && yyjson_arr_size(yyjson_arr_get_first(sets)) != yyjson_arr_size(f->keys)))
        return form_refuse(f, f->keys, "ROLLUP, CUBE and GROUPING SETS cannot be used here; ask for each grouping by itself");
    yyjson_arr_foreach(f->keys, i, n, key) {
        enum family one;
        yyjson_val *place = yyjson_obj_get(yyjson_obj_get(key, "value"), "value");
        if (sql_is(key, "class", "CONSTANT") && yyjson_is_int(place)) {
            key = yyjson_arr_get(items, (size_t)(yyjson_get_sint(place) - 1));
            f->keys_implied = true;
            if (!key)
                return form_refuse(f, f->keys, "GROUP BY names a place that the list does not have");
        } else if (sql_is(key, "class", "COLUMN_REF") && form_alias_item(f, items, key) != SIZE_MAX) {
            key = yyjson_arr_get(items, form_alias_item(f, items, key));
            f->keys_implied = true;
        }
        if (has_aggregate(key))
            return form_refuse(f, key, "a group cannot be made of figures");
        if (!look(f, key, 0, &one))
            return false;
    }
    return true;
}

/* One table of people, and others that no person is in, joined by conditions of the same form. */
static bool look_from(struct form *f, yyjson_val *t)
{
    static const char *const joins[] = {"INNER", "LEFT"};
    if (!yyjson_is_null(yyjson_obj_get(t, "sample")) && yyjson_obj_get(t, "sample"))
        return form_refuse(f, t, "samples cannot be taken here");
    if (sql_is(t, "type", "BASE_TABLE")) {
        struct str name = arena_printf(f->arena, "%.*s.%.*s", STR_FMT(json_str(t, "schema_name")), STR_FMT(json_str(t, "table_name")));
        if (yyjson_arr_size(yyjson_obj_get(t, "column_name_alias")))
            return form_refuse(f, t, "columns keep their names here");
        if (!str_eq(sql_fold(f->arena, name), f->ask->ref))
            return true;
        if (f->people)
            return form_refuse(f, t, "a table of people can be named once");
        f->people = t;
        return true;
    }
    if (!sql_is(t, "type", "JOIN") || !ONE_OF(joins, json_str(t, "join_type")) || !(sql_is(t, "ref_type", "REGULAR") || sql_is(t, "ref_type", "CROSS")))
        return form_refuse(f, t, "this kind of FROM cannot be used here");
    size_t i, n;
    yyjson_val *name, *condition = yyjson_obj_get(t, "condition");
    enum family one;
    yyjson_arr_foreach(yyjson_obj_get(t, "using_columns"), i, n, name) {
        bool personal = true, text, time;
        struct str column = sql_fold(f->arena, sql_val(name));
        if (str_eq(column, f->ask->person) || !f->ask->column(f->ask->ctx, column, &personal, &text, &time) || personal)
            return form_refuse(f, t, "tables cannot be joined by this column here");
    }
    return look_from(f, yyjson_obj_get(t, "left")) && look_from(f, yyjson_obj_get(t, "right")) &&
           (!condition || yyjson_is_null(condition) || (look(f, condition, 0, &one) && is_condition(f, condition, one)));
}

bool sql_people(const struct sql_ast *ast, struct arena *a, const struct sql_people_ask *ask, struct sql_people *out, struct err *e)
{
    struct form f = {.ast = ast, .arena = a, .ask = ask, .out = out, .e = e};
    yyjson_val *node = ast->root, *where = yyjson_obj_get(node, "where_clause"), *having = yyjson_obj_get(node, "having"), *qualify = yyjson_obj_get(node, "qualify"), *item;
    size_t i, n;
    enum family one = FAMILY_OTHER;
    *out = (struct sql_people){.limit = -1};
    if (!sql_is(node, "type", "SELECT_NODE") || yyjson_arr_size(yyjson_obj_get(yyjson_obj_get(node, "cte_map"), "map")))
        return form_refuse(&f, node, "one SELECT without WITH, UNION or subqueries can be asked here");
    if (!yyjson_is_null(having) || !yyjson_is_null(qualify) || !yyjson_is_null(yyjson_obj_get(node, "sample")))
        return form_refuse(&f, node, "HAVING, QUALIFY and samples cannot be used here");
    if (!look_from(&f, yyjson_obj_get(node, "from_table")))
        return false;
    if (!f.people)
        return form_refuse(&f, node, "the table of people must stand in FROM itself");
    if (!yyjson_is_null(where) && !look(&f, where, 0, &one))
        return false;
    if (!is_condition(&f, where, one))
        return false;
    if (!form_begin(&f) || !look_keys(&f, node)) {
        form_end(&f);
        return false;
    }
    bool ok = true, any = false;
    yyjson_arr_foreach(yyjson_obj_get(node, "select_list"), i, n, item) {
        ok = ok && look_figure(&f, item, 0);
        any = any || has_aggregate(item);
        out->n_columns++;
    }
    if (ok && !any && yyjson_arr_size(f.keys) == 0)
        ok = form_refuse(&f, node, "rows of single people are not shown to your role");
    ok = ok && form_order(&f, node) && form_write(&f);
    form_end(&f);
    return ok;
}
