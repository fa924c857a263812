/* A port of materialisation `view` is kept as a view in the file. Such a view may only speak of objects of the file, so the
 * names in its SQL are replaced on the engine's own syntax tree: a port by the version of it that is live now, a stream by the
 * SELECT that shows it, the functions of the mesh by their values. The view thus holds on to exactly what its checks saw. */
#include "build/build_int.h"

#include <yyjson.h>

#include "base/json.h"
#include "mesh/functions.h"

#define VIEW_DEPTH_MAX 400

struct view_writer {
    struct engine_conn *c;
    const struct mesh *m;
    const struct mesh_port *p;
    const struct build_facts *f;
    struct arena *a;
    yyjson_mut_doc *doc;
};

static struct str text_of(yyjson_mut_val *object, const char *key)
{
    yyjson_mut_val *v = yyjson_mut_obj_get(object, key);
    return yyjson_mut_is_str(v) ? (struct str){yyjson_mut_get_str(v), yyjson_mut_get_len(v)} : STR("");
}

static yyjson_mut_val *text_value(struct view_writer *w, struct str s)
{
    return yyjson_mut_strncpy(w->doc, s.p, s.n);
}

static void put(struct view_writer *w, yyjson_mut_val *object, const char *key, yyjson_mut_val *value)
{
    yyjson_mut_obj_put(object, yyjson_mut_str(w->doc, key), value);
}

static const struct mesh_input *find_input(const struct view_writer *w, struct str schema, struct str table)
{
    struct str ref = arena_printf(w->a, "%.*s.%.*s", STR_FMT(schema), STR_FMT(table));
    for (size_t i = 0; i < w->p->n_inputs; i++)
        if (str_eq_nocase(w->p->inputs[i].ref, ref))
            return &w->p->inputs[i];
    const struct mesh_port *port = mesh_find_port(w->m, ref);
    for (size_t i = 0; port != NULL && i < w->p->n_inputs; i++)
        if (w->p->inputs[i].port == port)
            return &w->p->inputs[i];
    return NULL;
}

/* {"type":"SUBQUERY",...} around the stream's SELECT, in place of the table. */
static bool put_stream(struct view_writer *w, yyjson_mut_val *table, const struct mesh_stream *st, struct err *e)
{
    struct buf sql = BUF_INIT(BUILD_SQL_MAX), json = BUF_INIT((size_t)64 << 20);
    yyjson_doc *tree = NULL;
    bool ok = false;
    if (!ingest_stream_view_sql(w->c, st, 0, &sql, e) || !buf_ok(&sql, e) || !engine_parse(w->c, buf_str(&sql), &json, e) ||
        !buf_ok(&json, e))
        goto out;
    tree = json_parse(buf_str(&json), e);
    if (tree == NULL)
        goto out;
    yyjson_val *statement = yyjson_arr_get_first(yyjson_obj_get(yyjson_doc_get_root(tree), "statements"));
    if (statement == NULL) {
        err_set(e, E_INTERNAL, "the stream %.*s has no readable form", STR_FMT(st->ref));
        goto out;
    }
    put(w, table, "type", yyjson_mut_str(w->doc, "SUBQUERY"));
    put(w, table, "subquery", yyjson_val_mut_copy(w->doc, statement));
    const char *of_tables[] = {"schema_name", "table_name", "catalog_name", "at_clause"};
    for (size_t i = 0; i < sizeof of_tables / sizeof *of_tables; i++)
        yyjson_mut_obj_remove_key(table, of_tables[i]);
    ok = true;
out:
    yyjson_doc_free(tree);
    buf_fini(&sql);
    buf_fini(&json);
    return ok;
}

static bool put_table(struct view_writer *w, yyjson_mut_val *table, struct err *e)
{
    struct str schema = text_of(table, "schema_name"), name = text_of(table, "table_name");
    if (schema.n == 0)
        return true; /* a common table expression */
    const struct mesh_input *in = find_input(w, schema, name);
    if (in == NULL)
        return err_set(e, E_INTERNAL, "%.*s.%.*s is not among the inputs of %.*s", STR_FMT(schema), STR_FMT(name),
                       STR_FMT(w->p->ref));
    if (text_of(table, "alias").n == 0)
        put(w, table, "alias", text_value(w, name));
    if (in->stream != NULL)
        return put_stream(w, table, in->stream, e);
    const struct ledger_version *v = w->f->by_port[in->port->index];
    if (v == NULL)
        return err_set(e, E_NOT_BUILT, "%.*s has not been built yet", STR_FMT(in->port->ref));
    put(w, table, "catalog_name", yyjson_mut_str(w->doc, "mesh"));
    put(w, table, "schema_name", yyjson_mut_str(w->doc, "built"));
    put(w, table, "table_name", text_value(w, v->table_name));
    return true;
}

/* acquisition.campaign_daily.spend -> campaign_daily.spend: the table now goes by its alias. */
static void put_column(struct view_writer *w, yyjson_mut_val *column)
{
    yyjson_mut_val *names = yyjson_mut_obj_get(column, "column_names");
    if (yyjson_mut_arr_size(names) < 3)
        return;
    yyjson_mut_val *schema = yyjson_mut_arr_get(names, 0), *table = yyjson_mut_arr_get(names, 1);
    struct str s = {yyjson_mut_get_str(schema), yyjson_mut_get_len(schema)},
               t = {yyjson_mut_get_str(table), yyjson_mut_get_len(table)};
    if (find_input(w, s, t) != NULL)
        yyjson_mut_arr_remove_first(names);
}

/* The syntax tree of a SELECT, to be taken apart; NULL: `e`. */
static yyjson_doc *parsed(struct view_writer *w, struct str sql, struct err *e)
{
    struct buf json = BUF_INIT((size_t)64 << 20);
    yyjson_doc *tree = NULL;
    if (engine_parse(w->c, sql, &json, e) && buf_ok(&json, e))
        tree = json_parse(buf_str(&json), e);
    buf_fini(&json);
    return tree;
}

/* Puts `with` in place of each name `argument`. */
static void put_argument(yyjson_mut_doc *doc, yyjson_mut_val *v, yyjson_mut_val *with, int depth)
{
    size_t i, n;
    yyjson_mut_val *key, *child;
    yyjson_mut_obj_foreach(v, i, n, key, child)
    {
        yyjson_mut_val *names = yyjson_mut_obj_get(child, "column_names");
        if (names && yyjson_mut_equals_str(yyjson_mut_arr_get_last(names), "argument"))
            yyjson_mut_obj_replace(v, key, yyjson_mut_val_mut_copy(doc, with));
        else if (depth < VIEW_DEPTH_MAX)
            put_argument(doc, child, with, depth + 1);
    }
    yyjson_mut_arr_foreach(v, i, n, child)
    {
        yyjson_mut_val *names = yyjson_mut_obj_get(child, "column_names");
        if (names && yyjson_mut_equals_str(yyjson_mut_arr_get_last(names), "argument"))
            yyjson_mut_arr_replace(v, i, yyjson_mut_val_mut_copy(doc, with));
        else if (depth < VIEW_DEPTH_MAX)
            put_argument(doc, child, with, depth + 1);
    }
}

/* A function of the mesh becomes what it stands for: a view that is kept in the file knows no catalog in which it has a meaning. */
static bool put_function(struct view_writer *w, yyjson_mut_val *function, struct err *e)
{
    enum mesh_function_kind kind;
    const char *name = mesh_function_find(text_of(function, "function_name"), &kind);
    struct buf sql = BUF_INIT(BUILD_SQL_MAX);
    yyjson_doc *tree = NULL;
    bool ok = false;
    if (name == NULL || kind == FUNCTION_TABLE)
        return true;
    buf_addz(&sql, "SELECT ");
    mesh_function_sql(w->m, name, &sql);
    if (!buf_ok(&sql, e) || (tree = parsed(w, buf_str(&sql), e)) == NULL)
        goto out;
    yyjson_val *statement = yyjson_arr_get_first(yyjson_obj_get(yyjson_doc_get_root(tree), "statements"));
    yyjson_val *list = yyjson_obj_get(yyjson_obj_get(statement, "node"), "select_list");
    yyjson_mut_val *meaning = yyjson_val_mut_copy(w->doc, yyjson_arr_get_first(list));
    yyjson_mut_val *argument = yyjson_mut_arr_get_first(yyjson_mut_obj_get(function, "children"));
    if (meaning == NULL || (kind == FUNCTION_OF_TEXT && argument == NULL)) {
        err_set(e, E_SQL, "%s is called without its argument in the SQL of %.*s", name, STR_FMT(w->p->ref));
        goto out;
    }
    if (kind == FUNCTION_OF_TEXT)
        put_argument(w->doc, meaning, argument, 0);
    struct str alias = text_of(function, "alias");
    put(w, meaning, "alias", text_value(w, alias));
    yyjson_mut_obj_clear(function);
    size_t i, n;
    yyjson_mut_val *key, *child;
    yyjson_mut_obj_foreach(meaning, i, n, key, child) yyjson_mut_obj_add(function, yyjson_mut_val_mut_copy(w->doc, key),
                                                                         yyjson_mut_val_mut_copy(w->doc, child));
    ok = true;
out:
    yyjson_doc_free(tree);
    buf_fini(&sql);
    return ok;
}

/* FROM mesh_purposes() becomes a subquery. */
static bool put_table_function(struct view_writer *w, yyjson_mut_val *table, struct err *e)
{
    enum mesh_function_kind kind;
    const char *name = mesh_function_find(text_of(yyjson_mut_obj_get(table, "function"), "function_name"), &kind);
    struct buf sql = BUF_INIT(BUILD_SQL_MAX);
    yyjson_doc *tree = NULL;
    bool ok = false;
    if (name == NULL || kind != FUNCTION_TABLE)
        return true;
    mesh_function_sql(w->m, name, &sql);
    if (!buf_ok(&sql, e) || (tree = parsed(w, buf_str(&sql), e)) == NULL)
        goto out;
    if (text_of(table, "alias").n == 0)
        put(w, table, "alias", yyjson_mut_strcpy(w->doc, name));
    put(w, table, "type", yyjson_mut_str(w->doc, "SUBQUERY"));
    put(w, table, "subquery",
        yyjson_val_mut_copy(w->doc, yyjson_arr_get_first(yyjson_obj_get(yyjson_doc_get_root(tree), "statements"))));
    yyjson_mut_obj_remove_key(table, "function");
    yyjson_mut_obj_remove_key(table, "with_ordinality");
    ok = true;
out:
    yyjson_doc_free(tree);
    buf_fini(&sql);
    return ok;
}

/* `a CROSS JOIN b` is written back as `a, b`, which binds looser than a JOIN that follows: said as a join on nothing instead. */
static bool put_cross_join(struct view_writer *w, yyjson_mut_val *join, struct err *e)
{
    yyjson_doc *tree = parsed(w, STR("SELECT true"), e);
    if (tree == NULL)
        return false;
    yyjson_val *statement = yyjson_arr_get_first(yyjson_obj_get(yyjson_doc_get_root(tree), "statements"));
    yyjson_val *list = yyjson_obj_get(yyjson_obj_get(statement, "node"), "select_list");
    put(w, join, "ref_type", yyjson_mut_str(w->doc, "REGULAR"));
    put(w, join, "join_type", yyjson_mut_str(w->doc, "INNER"));
    put(w, join, "condition", yyjson_val_mut_copy(w->doc, yyjson_arr_get_first(list)));
    yyjson_doc_free(tree);
    return true;
}

static bool rewrite(struct view_writer *w, yyjson_mut_val *v, int depth, struct err *e)
{
    size_t i, n;
    yyjson_mut_val *key, *child;
    if (depth > VIEW_DEPTH_MAX)
        return err_set(e, E_TOO_LARGE, "the SQL of %.*s nests too deep", STR_FMT(w->p->ref));
    if (yyjson_mut_is_arr(v)) {
        yyjson_mut_arr_foreach(v, i, n, child) if (!rewrite(w, child, depth + 1, e)) return false;
        return true;
    }
    if (!yyjson_mut_is_obj(v))
        return true;
    if (str_eq(text_of(v, "type"), STR("BASE_TABLE")))
        return put_table(w, v, e);
    if (str_eq(text_of(v, "type"), STR("TABLE_FUNCTION")) && !put_table_function(w, v, e))
        return false;
    yyjson_mut_obj_foreach(v, i, n, key, child) if (!rewrite(w, child, depth + 1, e)) return false;
    if (str_eq(text_of(v, "type"), STR("JOIN")) && str_eq(text_of(v, "ref_type"), STR("CROSS")))
        return put_cross_join(w, v, e);
    if (str_eq(text_of(v, "class"), STR("COLUMN_REF")))
        put_column(w, v);
    else if (str_eq(text_of(v, "class"), STR("FUNCTION")))
        return put_function(w, v, e);
    return true;
}

bool build_view_sql(struct engine_conn *c, const struct mesh *m, const struct mesh_port *p, const struct build_facts *f,
                    struct arena *a, struct str *out, struct err *e)
{
    struct buf json = BUF_INIT((size_t)64 << 20);
    struct view_writer w = {.c = c, .m = m, .p = p, .f = f, .a = a};
    yyjson_doc *tree = NULL;
    char *text = NULL;
    size_t n = 0;
    bool ok = false, null = true;
    if (!engine_parse(c, p->sql, &json, e) || !buf_ok(&json, e))
        goto out;
    tree = json_parse(buf_str(&json), e);
    if (tree == NULL)
        goto out;
    w.doc = yyjson_doc_mut_copy(tree, NULL);
    if (w.doc == NULL || !rewrite(&w, yyjson_mut_doc_get_root(w.doc), 0, e))
        goto out;
    text = yyjson_mut_write(w.doc, 0, &n);
    if (text == NULL) {
        err_set(e, E_MEMORY, "no memory for the syntax tree of %.*s", STR_FMT(p->ref));
        goto out;
    }
    struct engine_param param = {.type = ENGINE_TEXT, .s = {text, n}};
    if (!engine_value(c, STR("SELECT json_deserialize_sql($1::JSON)"), &param, 1, a, out, &null, e))
        goto out;
    ok = !null || err_set(e, E_INTERNAL, "the view %.*s could not be written", STR_FMT(p->ref));
out:
    free(text); /* banned-ok: the JSON library allocated it */
    yyjson_mut_doc_free(w.doc);
    yyjson_doc_free(tree);
    buf_fini(&json);
    return ok;
}
