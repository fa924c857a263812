/* Writing the tree of a question about groups: the columns asked for, and for each set of people behind a figure how many they are, all their hashes as one
 * (exclusive or), and a sketch of who: the smallest hashes of them (bottom-k; Cohen and Kaplan 2007), from which the gate tells how far two sets differ. */
#include "sql/aggregate_int.h"

#include <stdlib.h>

bool form_begin(struct form *f)
{
    f->doc = yyjson_mut_doc_new(NULL);
    return f->doc && form_set_add(f, f->ast->root, NULL, NULL, false); /* everybody in the group */
}

void form_end(struct form *f)
{
    yyjson_mut_doc_free(f->doc);
}

bool form_text_parameter(struct form *f, yyjson_val *x)
{
    if (f->n_text_parameters == sizeof f->text_parameters / sizeof *f->text_parameters)
        return form_refuse(f, x, "too many parameters");
    f->text_parameters[f->n_text_parameters++] = x;
    return true;
}

bool form_set_add(struct form *f, yyjson_val *at, yyjson_val *filter, yyjson_val *arg, bool sums)
{
    for (size_t i = 0; i < f->n_seen; i++) {
        bool filters = filter && f->seen[i].filter ? form_same(filter, f->seen[i].filter) : filter == f->seen[i].filter;
        bool args = arg && f->seen[i].arg ? form_same(arg, f->seen[i].arg) : arg == f->seen[i].arg;
        if (filters && args && f->seen[i].sums == sums)
            return true;
    }
    if (f->n_seen == SQL_SETS_MAX)
        return form_refuse(f, at, "too many figures for one question");
    f->seen[f->n_seen].filter = filter;
    f->seen[f->n_seen].arg = arg;
    f->seen[f->n_seen++].sums = sums;
    return true;
}

/* ---- nodes of the tree ---- */

/* A copy, with parameters that are compared with text cast to it. */
static yyjson_mut_val *copy(struct form *f, yyjson_val *x)
{
    size_t i, n;
    yyjson_val *key, *child;
    for (size_t k = 0; k < f->n_text_parameters; k++) {
        if (f->text_parameters[k] != x)
            continue;
        yyjson_mut_val *cast = yyjson_mut_obj(f->doc), *type = yyjson_mut_obj(f->doc);
        yyjson_mut_obj_add_str(f->doc, cast, "class", "CAST");
        yyjson_mut_obj_add_str(f->doc, cast, "type", "OPERATOR_CAST");
        yyjson_mut_obj_add_str(f->doc, cast, "alias", "");
        yyjson_mut_obj_add_val(f->doc, cast, "child", yyjson_val_mut_copy(f->doc, x));
        yyjson_mut_obj_add_str(f->doc, type, "id", "VARCHAR");
        yyjson_mut_obj_add_null(f->doc, type, "type_info");
        yyjson_mut_obj_add_val(f->doc, cast, "cast_type", type);
        yyjson_mut_obj_add_bool(f->doc, cast, "try_cast", false);
        return cast;
    }
    if (yyjson_is_arr(x)) {
        yyjson_mut_val *out = yyjson_mut_arr(f->doc);
        yyjson_arr_foreach(x, i, n, child)
            yyjson_mut_arr_append(out, copy(f, child));
        return out;
    }
    if (!yyjson_is_obj(x))
        return yyjson_val_mut_copy(f->doc, x);
    yyjson_mut_val *out = yyjson_mut_obj(f->doc);
    yyjson_obj_foreach(x, i, n, key, child)
        yyjson_mut_obj_add(out, yyjson_mut_strncpy(f->doc, yyjson_get_str(key), yyjson_get_len(key)), copy(f, child));
    return out;
}

static yyjson_mut_val *call(struct form *f, const char *name, bool distinct, yyjson_mut_val *one, yyjson_mut_val *two, yyjson_mut_val *filter)
{
    yyjson_mut_doc *d = f->doc;
    yyjson_mut_val *x = yyjson_mut_obj(d), *children = yyjson_mut_arr(d), *orders = yyjson_mut_obj(d);
    if (one)
        yyjson_mut_arr_append(children, one);
    if (two)
        yyjson_mut_arr_append(children, two);
    yyjson_mut_obj_add_str(d, orders, "type", "ORDER_MODIFIER");
    yyjson_mut_obj_add_val(d, orders, "orders", yyjson_mut_arr(d));
    yyjson_mut_obj_add_str(d, x, "class", "FUNCTION");
    yyjson_mut_obj_add_str(d, x, "type", "FUNCTION");
    yyjson_mut_obj_add_str(d, x, "alias", "");
    yyjson_mut_obj_add_str(d, x, "function_name", name);
    yyjson_mut_obj_add_str(d, x, "schema", "");
    yyjson_mut_obj_add_val(d, x, "children", children);
    yyjson_mut_obj_add_val(d, x, "filter", filter ? filter : yyjson_mut_null(d));
    yyjson_mut_obj_add_val(d, x, "order_bys", orders);
    yyjson_mut_obj_add_bool(d, x, "distinct", distinct);
    yyjson_mut_obj_add_bool(d, x, "is_operator", false);
    yyjson_mut_obj_add_bool(d, x, "export_state", false);
    yyjson_mut_obj_add_str(d, x, "catalog", "");
    return x;
}

static yyjson_mut_val *constant(struct form *f, int64_t v)
{
    yyjson_mut_doc *d = f->doc;
    yyjson_mut_val *x = yyjson_mut_obj(d), *held = yyjson_mut_obj(d), *type = yyjson_mut_obj(d);
    yyjson_mut_obj_add_str(d, type, "id", "INTEGER");
    yyjson_mut_obj_add_null(d, type, "type_info");
    yyjson_mut_obj_add_val(d, held, "type", type);
    yyjson_mut_obj_add_bool(d, held, "is_null", false);
    yyjson_mut_obj_add_sint(d, held, "value", v);
    yyjson_mut_obj_add_str(d, x, "class", "CONSTANT");
    yyjson_mut_obj_add_str(d, x, "type", "VALUE_CONSTANT");
    yyjson_mut_obj_add_str(d, x, "alias", "");
    yyjson_mut_obj_add_val(d, x, "value", held);
    return x;
}

static yyjson_mut_val *person(struct form *f)
{
    yyjson_mut_val *x = yyjson_mut_obj(f->doc), *names = yyjson_mut_arr(f->doc);
    struct str table = json_str(f->people, "alias");
    table = table.n ? table : json_str(f->people, "table_name");
    yyjson_mut_arr_add_strncpy(f->doc, names, table.p, table.n);
    yyjson_mut_arr_add_strncpy(f->doc, names, f->ask->person.p, f->ask->person.n);
    yyjson_mut_obj_add_str(f->doc, x, "class", "COLUMN_REF");
    yyjson_mut_obj_add_str(f->doc, x, "type", "COLUMN_REF");
    yyjson_mut_obj_add_str(f->doc, x, "alias", "");
    yyjson_mut_obj_add_val(f->doc, x, "column_names", names);
    return x;
}

/* Filter of a set; NULL: everybody. */
static yyjson_mut_val *condition(struct form *f, size_t set)
{
    yyjson_val *filter = f->seen[set].filter, *arg = f->seen[set].arg;
    yyjson_mut_doc *d = f->doc;
    yyjson_mut_val *told = NULL;
    if (arg && f->seen[set].sums) {
        told = yyjson_mut_obj(d);
        yyjson_mut_obj_add_str(d, told, "class", "COMPARISON");
        yyjson_mut_obj_add_str(d, told, "type", "COMPARE_NOTEQUAL");
        yyjson_mut_obj_add_str(d, told, "alias", "");
        yyjson_mut_obj_add_val(d, told, "left", copy(f, arg));
        yyjson_mut_obj_add_val(d, told, "right", constant(f, 0));
    } else if (arg) {
        yyjson_mut_val *children = yyjson_mut_arr(d);
        yyjson_mut_arr_append(children, copy(f, arg));
        told = yyjson_mut_obj(d);
        yyjson_mut_obj_add_str(d, told, "class", "OPERATOR");
        yyjson_mut_obj_add_str(d, told, "type", "OPERATOR_IS_NOT_NULL");
        yyjson_mut_obj_add_str(d, told, "alias", "");
        yyjson_mut_obj_add_val(d, told, "children", children);
    }
    if (!filter || !told)
        return filter ? copy(f, filter) : told;
    yyjson_mut_val *both = yyjson_mut_obj(d), *children = yyjson_mut_arr(d);
    yyjson_mut_arr_append(children, copy(f, filter));
    yyjson_mut_arr_append(children, told);
    yyjson_mut_obj_add_str(d, both, "class", "CONJUNCTION");
    yyjson_mut_obj_add_str(d, both, "type", "CONJUNCTION_AND");
    yyjson_mut_obj_add_str(d, both, "alias", "");
    yyjson_mut_obj_add_val(d, both, "children", children);
    return both;
}

/* What is added up or counted, by its column: two figures of one column over nearly the same rows tell of the few. */
static uint64_t figure(struct form *f, size_t set)
{
    yyjson_val *names = yyjson_obj_get(f->seen[set].arg, "column_names");
    return f->seen[set].arg ? str_hash(sql_fold(f->arena, sql_val(yyjson_arr_get_last(names)))) | 1 : 0;
}

/* ---- what comes after the groups ---- */

size_t form_alias_item(struct form *f, yyjson_val *items, yyjson_val *column)
{
    size_t i, n;
    yyjson_val *item, *names = yyjson_obj_get(column, "column_names");
    (void)f;
    if (yyjson_arr_size(names) != 1)
        return SIZE_MAX;
    yyjson_arr_foreach(items, i, n, item) {
        struct str alias = json_str(item, "alias");
        if (alias.n && str_eq_nocase(alias, sql_val(yyjson_arr_get_first(names))))
            return i;
    }
    return SIZE_MAX;
}

static bool order_item(struct form *f, yyjson_val *node, yyjson_val *order)
{
    yyjson_val *x = yyjson_obj_get(order, "expression"), *items = yyjson_obj_get(node, "select_list"), *item, *place = yyjson_obj_get(yyjson_obj_get(x, "value"), "value");
    size_t i, n, found = SIZE_MAX;
    if (f->out->n_orders == SQL_ORDERS_MAX)
        return form_refuse(f, x, "too many columns in ORDER BY");
    if (sql_is(x, "class", "CONSTANT") && yyjson_is_int(place))
        found = (size_t)(yyjson_get_sint(place) - 1);
    else if (sql_is(x, "class", "COLUMN_REF"))
        found = form_alias_item(f, items, x);
    yyjson_arr_foreach(items, i, n, item)
        if (found == SIZE_MAX && form_same(item, x))
            found = i;
    if (found >= yyjson_arr_size(items))
        return form_refuse(f, x, "sort by a column of the answer here");
    f->out->orders[f->out->n_orders].column = found;
    f->out->orders[f->out->n_orders].descending = sql_is(order, "type", "DESCENDING");
    f->out->orders[f->out->n_orders].nulls_first = sql_is(order, "null_order", "NULLS_FIRST");
    f->out->orders[f->out->n_orders++].nulls_last = sql_is(order, "null_order", "NULLS_LAST");
    return true;
}

static bool whole(struct form *f, yyjson_val *x, int64_t *out)
{
    yyjson_val *v = yyjson_obj_get(yyjson_obj_get(x, "value"), "value");
    if (!x || yyjson_is_null(x))
        return true;
    if (!sql_is(x, "class", "CONSTANT") || !yyjson_is_int(v) || yyjson_get_sint(v) < 0)
        return form_refuse(f, x, "LIMIT and OFFSET take a whole number here");
    *out = yyjson_get_sint(v);
    return true;
}

bool form_order(struct form *f, yyjson_val *node)
{
    size_t i, n, k, count;
    yyjson_val *m, *order;
    yyjson_arr_foreach(yyjson_obj_get(node, "modifiers"), i, n, m) {
        if (sql_is(m, "type", "ORDER_MODIFIER")) {
            yyjson_arr_foreach(yyjson_obj_get(m, "orders"), k, count, order)
                if (!order_item(f, node, order))
                    return false;
        } else if (sql_is(m, "type", "LIMIT_MODIFIER")) {
            if (!whole(f, yyjson_obj_get(m, "limit"), &f->out->limit) || !whole(f, yyjson_obj_get(m, "offset"), &f->out->offset))
                return false;
        } else {
            return form_refuse(f, node, "DISTINCT and LIMIT in percent cannot be used here");
        }
    }
    return true;
}

bool form_write(struct form *f)
{
    yyjson_mut_doc *d = f->doc;
    yyjson_val *key, *child;
    size_t i, n;
    yyjson_mut_val *node = yyjson_mut_obj(d), *items = NULL;
    yyjson_obj_foreach(f->ast->root, i, n, key, child) {
        bool modifiers = yyjson_equals_str(key, "modifiers"), list = yyjson_equals_str(key, "select_list");
        yyjson_mut_val *v = modifiers ? yyjson_mut_arr(d) : copy(f, child);
        items = list ? v : items;
        yyjson_mut_obj_add(node, yyjson_mut_strncpy(d, yyjson_get_str(key), yyjson_get_len(key)), v);
    }
    for (size_t s = 0; s < f->n_seen; s++) {
        f->out->figures[s] = figure(f, s);
        yyjson_mut_arr_append(items, call(f, "count", true, person(f), NULL, condition(f, s)));
        yyjson_mut_arr_append(items, call(f, "bit_xor", true, call(f, "hash", false, person(f), NULL, NULL), NULL, condition(f, s)));
        yyjson_mut_arr_append(items, call(f, "min", true, call(f, "hash", false, person(f), NULL, NULL), constant(f, SQL_SKETCH_SIZE), condition(f, s)));
        yyjson_mut_arr_append(items, call(f, "count", false, person(f), NULL, condition(f, s)));
    }
    for (size_t s = 0; s < f->n_seen; s++) {
        if (!f->seen[s].sums)
            continue;
        yyjson_mut_val *most = call(f, "max", false, call(f, "abs", false, copy(f, f->seen[s].arg), NULL, NULL), NULL, condition(f, s));
        yyjson_mut_val *all = call(f, "sum", false, call(f, "abs", false, copy(f, f->seen[s].arg), NULL, NULL), NULL, condition(f, s));
        yyjson_mut_arr_append(items, call(f, "/", false, most, all, NULL));
        f->out->n_dominances++;
    }
    f->out->n_sets = f->n_seen;
    /* The rest of what the parser gave: one statement, its parameters by name. */
    yyjson_val *statement = yyjson_arr_get_first(yyjson_obj_get(yyjson_doc_get_root(f->ast->doc), "statements"));
    yyjson_mut_val *root = yyjson_mut_obj(d), *statements = yyjson_mut_arr(d), *one = yyjson_mut_obj(d);
    yyjson_mut_obj_add_val(d, one, "node", node);
    yyjson_mut_obj_add_val(d, one, "named_param_map", yyjson_val_mut_copy(d, yyjson_obj_get(statement, "named_param_map")));
    yyjson_mut_arr_append(statements, one);
    yyjson_mut_obj_add_bool(d, root, "error", false);
    yyjson_mut_obj_add_val(d, root, "statements", statements);
    yyjson_mut_doc_set_root(d, root);
    size_t bytes = 0;
    char *text = yyjson_mut_write(d, 0, &bytes);
    if (!text)
        return err_set(f->e, E_MEMORY, "not enough memory for this question");
    f->out->json = arena_str(f->arena, (struct str){text, bytes});
    free(text); /* banned-ok: the library's own allocation */
    return true;
}
