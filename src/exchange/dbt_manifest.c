/* dbt's manifest.json (schema v4 and later): models, seeds, snapshots and sources with their columns; generic tests become rules.
 * Only metadata is taken: the SQL of a model stays dbt's. Read with yyjson, as manifests outgrow what a declaration may weigh. */
#include "base/json.h"
#include "exchange/exchange_int.h"

static struct str text_of(yyjson_val *v)
{
    return yyjson_is_str(v) ? (struct str){yyjson_get_str(v), yyjson_get_len(v)} : STR("");
}

static struct str copy(struct intake *r, yyjson_val *object, const char *key)
{
    return arena_str(r->a, str_trim(text_of(yyjson_obj_get(object, key))));
}

/* meta {classification: …} or a tag that is a class; of the column or of its config. */
static struct str class_of(yyjson_val *column)
{
    yyjson_val *homes[] = {column, yyjson_obj_get(column, "config")};
    for (size_t i = 0; i < 2; i++) {
        struct str c = class_known(text_of(yyjson_obj_get(yyjson_obj_get(homes[i], "meta"), "classification")));
        yyjson_val *tag;
        yyjson_arr_iter tags;
        if (c.n)
            return c;
        yyjson_arr_iter_init(yyjson_obj_get(homes[i], "tags"), &tags);
        while ((tag = yyjson_arr_iter_next(&tags)))
            if ((c = class_known(text_of(tag))).n)
                return c;
    }
    return STR("");
}

static void constraint(struct intake *r, struct mesh_inferred_column *c, yyjson_val *one)
{
    (void)r;
    struct str type = text_of(yyjson_obj_get(one, "type"));
    if (str_eq(type, STR("not_null")))
        c->required = true;
    else if (str_eq(type, STR("unique")))
        c->unique = true;
    else if (str_eq(type, STR("primary_key")))
        c->key_position = 1;
}

static void table(struct intake *r, yyjson_val *node, struct str native)
{
    struct exchange_table *t = intake_table(r, native, 0, 0);
    yyjson_val *key, *column, *one;
    yyjson_obj_iter columns;
    if (!t)
        return;
    t->description = copy(r, node, "description");
    yyjson_obj_iter_init(yyjson_obj_get(node, "columns"), &columns);
    while ((key = yyjson_obj_iter_next(&columns))) {
        column = yyjson_obj_iter_get_val(key);
        struct str name = text_of(yyjson_obj_get(column, "name"));
        struct mesh_inferred_column *c = intake_column(r, name.n ? name : text_of(key), 0, 0);
        yyjson_arr_iter constraints;
        if (!c)
            continue;
        struct str type = text_of(yyjson_obj_get(column, "data_type"));
        if (type.n)
            type_from_sql(r, c, arena_str(r->a, type), 0, 0);
        c->description = copy(r, column, "description");
        c->class_text = class_of(column);
        yyjson_arr_iter_init(yyjson_obj_get(column, "constraints"), &constraints);
        while ((one = yyjson_arr_iter_next(&constraints)))
            constraint(r, c, one);
    }
}

static struct str native_name(struct intake *r, yyjson_val *node, bool source)
{
    struct str name = text_of(yyjson_obj_get(node, "name")), of = text_of(yyjson_obj_get(node, "source_name"));
    int64_t version = json_int(node, "version", 0);
    if (source && of.n)
        return arena_printf(r->a, "%.*s.%.*s", STR_FMT(of), STR_FMT(name));
    return version > 1 ? arena_printf(r->a, "%.*s_version_%d", STR_FMT(name), (int)version) : arena_str(r->a, name);
}

static void add_values(struct intake *r, struct mesh_inferred_column *c, yyjson_val *values)
{
    yyjson_arr_iter it;
    yyjson_val *v;
    c->values = arena_array(r->a, yyjson_arr_size(values) + 1, sizeof *c->values);
    c->n_values = 0;
    yyjson_arr_iter_init(values, &it);
    while ((v = yyjson_arr_iter_next(&it)))
        if (yyjson_is_str(v))
            c->values[c->n_values++] = arena_str(r->a, text_of(v));
        else if (yyjson_is_int(v))
            c->values[c->n_values++] = arena_printf(r->a, "%lld", (long long)yyjson_get_sint(v));
}

/* Node ids -> the names under which their tables were taken. */
struct taken { struct str id, native; };

static const struct taken *taken_find(const struct taken *v, size_t n, struct str id)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(v[i].id, id))
            return &v[i];
    return NULL;
}

static void test(struct intake *r, yyjson_val *node, const struct taken *taken, size_t n)
{
    yyjson_val *meta = yyjson_obj_get(node, "test_metadata"), *kwargs = yyjson_obj_get(meta, "kwargs"), *depends, *other;
    struct str what = text_of(yyjson_obj_get(meta, "name")), column = text_of(yyjson_obj_get(kwargs, "column_name"));
    if (!column.n)
        column = text_of(yyjson_obj_get(node, "column_name"));
    struct str attached = text_of(yyjson_obj_get(node, "attached_node"));
    depends = yyjson_obj_get(yyjson_obj_get(node, "depends_on"), "nodes");
    if (!attached.n)
        attached = text_of(yyjson_arr_get_last(depends)); /* before v12 a test did not say; the last one is the tested */
    const struct taken *of = taken_find(taken, n, attached);
    struct exchange_table *t = of ? intake_find_table(r, of->native) : NULL;
    struct mesh_inferred_column *c = t && column.n ? intake_find(t, mesh_normal_column(r->a, column)) : NULL;
    if (!c)
        return;
    if (str_eq(what, STR("not_null")))
        c->required = true;
    else if (str_eq(what, STR("unique")))
        c->unique = true;
    else if (str_eq(what, STR("accepted_values")))
        add_values(r, c, yyjson_obj_get(kwargs, "values"));
    else if (str_eq(what, STR("relationships"))) {
        yyjson_arr_iter it;
        yyjson_arr_iter_init(depends, &it);
        while ((other = yyjson_arr_iter_next(&it))) {
            const struct taken *to = taken_find(taken, n, text_of(other));
            if (to && to != of)
                c->references = arena_printf(r->a, "%.*s.%.*s", STR_FMT(to->native), STR_FMT(text_of(yyjson_obj_get(kwargs, "field"))));
        }
    }
}

void read_dbt_manifest(struct intake *r, struct str text)
{
    static const char *const kinds[] = {"model", "seed", "snapshot", "source"};
    struct err e = {0};
    yyjson_doc *doc = json_parse(text, &e);
    if (!doc) {
        errs_add(r->es, E_YAML, r->file, e.line, e.col, "%s", e.text);
        return;
    }
    yyjson_val *root = yyjson_doc_get_root(doc), *groups[] = {yyjson_obj_get(root, "nodes"), yyjson_obj_get(root, "sources")};
    if (!groups[0] && !groups[1])
        err_hint(errs_add(r->es, E_MISSING_KEY, r->file, 1, 1, "this is no dbt manifest: it has neither nodes nor sources"),
                 "dbt writes it to target/manifest.json");
    size_t n = 0, untyped = 0;
    struct taken *taken = arena_array(r->a, yyjson_obj_size(groups[0]) + yyjson_obj_size(groups[1]) + 1, sizeof *taken);
    for (size_t pass = 0; pass < 2; pass++) {
        for (size_t g = 0; g < 2; g++) {
            yyjson_obj_iter it;
            yyjson_val *key, *node;
            yyjson_obj_iter_init(groups[g], &it);
            while ((key = yyjson_obj_iter_next(&it))) {
                node = yyjson_obj_iter_get_val(key);
                struct str kind = text_of(yyjson_obj_get(node, "resource_type"));
                bool wanted = false;
                for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
                    wanted |= str_eq(kind, str_of(kinds[k]));
                if (pass == 1 && str_eq(kind, STR("test"))) {
                    test(r, node, taken, n);
                } else if (pass == 0 && wanted) {
                    struct str native = native_name(r, node, str_eq(kind, STR("source")));
                    if (intake_find_table(r, native)) /* two packages of one project may name a model alike */
                        native = arena_str(r->a, text_of(key));
                    table(r, node, native);
                    taken[n++] = (struct taken){arena_str(r->a, text_of(key)), native};
                }
            }
        }
    }
    for (size_t i = 0; i < r->n; i++)
        untyped += r->tables[i].n_columns == 0;
    if (untyped)
        err_hint(errs_warn(r->es, E_SCHEMA, r->file, 0, 0, "%zu models describe no columns", untyped),
                 "describe them in the project's .yml files, with data_type, and run dbt parse");
    yyjson_doc_free(doc);
}
