/* Tables that a query reads. Names of common table expressions are resolved away by scope: an expression sees those
 * before it, itself only when recursive, and those of the queries around it. */
#include "sql/sql.h"

#include <stdlib.h>

#include "base/mem.h"
#include "sql/sql_int.h"

struct collect {
    const struct sql_ast *ast;
    struct arena *arena;
    struct sql_ref *v;
    size_t n, cap;
};

static void add_ref(struct collect *c, yyjson_val *table)
{
    if (c->n == c->cap) {
        size_t cap = c->cap ? c->cap * 2 : 16;
        struct sql_ref *v = arena_array(c->arena, cap, sizeof *v);
        if (c->n)
            memcpy(v, c->v, c->n * sizeof *v);
        c->v = v;
        c->cap = cap;
    }
    struct sql_ref *r = &c->v[c->n++];
    r->catalog = sql_fold(c->arena, json_str(table, "catalog_name"));
    r->schema = sql_fold(c->arena, json_str(table, "schema_name"));
    r->table = sql_fold(c->arena, json_str(table, "table_name"));
    sql_position(c->ast, table, &r->line, &r->col);
}

static void walk(struct collect *c, yyjson_val *v, const struct cte_scope *scope);

/* The expressions of a WITH, in order; the last scope is what the query under it sees. */
static const struct cte_scope *walk_ctes(struct collect *c, yyjson_val *map, const struct cte_scope *scope)
{
    size_t i, n;
    yyjson_val *entry;
    yyjson_arr_foreach(map, i, n, entry) {
        yyjson_val *value = yyjson_obj_get(entry, "value");
        yyjson_val *query = yyjson_obj_get(yyjson_obj_get(value, "query"), "node");
        struct cte_scope *own = arena_alloc(c->arena, sizeof *own);
        *own = (struct cte_scope){scope, json_str(entry, "key"), NULL};
        walk(c, value, sql_is(query, "type", "RECURSIVE_CTE_NODE") ? own : scope);
        scope = own;
    }
    return scope;
}

static void walk(struct collect *c, yyjson_val *v, const struct cte_scope *scope)
{
    size_t i, n;
    yyjson_val *key, *child;
    if (yyjson_is_arr(v)) {
        yyjson_arr_foreach(v, i, n, child)
            walk(c, child, scope);
        return;
    }
    if (!yyjson_is_obj(v))
        return;
    if (sql_is(v, "type", "BASE_TABLE")) {
        bool bare = json_str(v, "schema_name").n == 0 && json_str(v, "catalog_name").n == 0;
        if (!bare || !cte_find(scope, json_str(v, "table_name")))
            add_ref(c, v);
    }
    yyjson_val *ctes = yyjson_obj_get(yyjson_obj_get(v, "cte_map"), "map");
    if (ctes)
        scope = walk_ctes(c, ctes, scope);
    yyjson_obj_foreach(v, i, n, key, child)
        if (!yyjson_equals_str(key, "cte_map"))
            walk(c, child, scope);
}

static int ref_cmp(const void *x, const void *y)
{
    const struct sql_ref *a = x, *b = y;
    int d = str_cmp(a->catalog, b->catalog);
    d = d ? d : str_cmp(a->schema, b->schema);
    d = d ? d : str_cmp(a->table, b->table);
    d = d ? d : (a->line > b->line) - (a->line < b->line);
    return d ? d : (a->col > b->col) - (a->col < b->col);
}

bool sql_refs(const struct sql_ast *ast, struct arena *a, struct sql_ref **refs, size_t *n, struct err *e)
{
    (void)e;
    struct collect c = {.ast = ast, .arena = a};
    walk(&c, ast->root, NULL);
    if (c.n)
        qsort(c.v, c.n, sizeof *c.v, ref_cmp);
    size_t kept = 0;
    for (size_t i = 0; i < c.n; i++) {
        const struct sql_ref *r = &c.v[i], *last = kept ? &c.v[kept - 1] : NULL;
        if (last && str_eq(last->catalog, r->catalog) && str_eq(last->schema, r->schema) && str_eq(last->table, r->table))
            continue;
        c.v[kept++] = *r;
    }
    *refs = c.v;
    *n = kept;
    return true;
}
