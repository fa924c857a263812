/* Pieces of SQL in goals and dashboards. Each is first held to the gate's list and to its one port, then bound by the engine
 * to a table that has the port's columns and no row. What was found good is remembered by content, like all else. */
#include "mesh/mesh_int.h"

#include "sql/sql.h"

enum { STATEMENT_MAX_BYTES = 1 << 20 };

/* With `typed` the port is a table of NULLs, which the engine can bind; without, its name. */
static void statement(struct buf *b, const struct mesh_port *p, struct str text, enum expression_kind kind, bool typed)
{
    const struct mesh_contract *c = p->contract;
    if (typed) {
        buf_addz(b, "WITH ");
        buf_sql_ident(b, p->name);
        buf_addz(b, " AS (SELECT ");
        for (size_t i = 0; i < c->n_columns; i++) {
            buf_printf(b, "%sCAST(NULL AS %.*s) AS ", i ? ", " : "", STR_FMT(c->columns[i].physical_type));
            buf_sql_ident(b, c->columns[i].name);
        }
        buf_addz(b, ")\n");
    }
    buf_addz(b, kind == EXPRESSION_AGGREGATE ? "SELECT count(*), (" : "SELECT count(*) FROM ");
    if (kind == EXPRESSION_AGGREGATE) {
        buf_add(b, text);
        buf_addz(b, "\n) FROM "); /* a comment at the end of the text ends here */
    }
    if (typed)
        buf_sql_ident(b, p->name);
    else
        buf_add(b, p->ref);
    if (kind == EXPRESSION_CONDITION) {
        buf_addz(b, " WHERE (");
        buf_add(b, text);
        buf_addz(b, "\n)");
    }
}

/* Where the parser stumbled over what stands behind the text, it is the text that ends too early. */
static bool ends_early(struct str text, const struct err *e)
{
    uint32_t lines = 1;
    for (size_t i = 0; i < text.n; i++)
        lines += text.p[i] == '\n';
    return e->code == E_SQL && e->line > lines;
}

/* Well-formed, of the allowed language, and reading nothing but its port. */
static bool stays_inside(struct load *l, const struct mesh_port *p, struct str sql, struct err *e)
{
    struct arena scratch;
    struct sql_ast *ast = NULL;
    struct sql_ref *refs;
    size_t n = 0;
    arena_init(&scratch);
    bool good = sql_parse(l->parser, &scratch, sql, &ast, e) && sql_gate(ast, SQL_QUESTION, e) && sql_refs(ast, &scratch, &refs, &n, e);
    if (good && n != 1) {
        good = err_set(e, E_SQL_REFUSED, "it reads other tables than %.*s", STR_FMT(p->ref));
        err_hint(e, "put the join into a port's SQL, and use that port here");
    }
    sql_ast_free(ast);
    arena_fini(&scratch);
    return good;
}

static bool binds(struct load *l, const struct mesh_port *p, struct str sql, struct err *e)
{
    struct arena scratch;
    struct engine_column *cols;
    size_t n;
    for (size_t i = 0; i < p->contract->n_columns; i++)
        if (!p->contract->columns[i].physical_type.n)
            return true; /* a type that has its own error */
    if (str_find(sql, STR("mesh_"), 0) != SIZE_MAX)
        return true; /* the mesh's own functions live in its served connections, not in the parser's */
    arena_init(&scratch);
    bool good = engine_describe(l->parser, sql, &scratch, &cols, &n, e);
    arena_fini(&scratch);
    return good;
}

void expression_check(struct load *l, const struct doc *d, const struct doc_node *at, const struct mesh_port *p, enum expression_kind kind)
{
    struct buf plain = BUF_INIT(STATEMENT_MAX_BYTES), typed = BUF_INIT(STATEMENT_MAX_BYTES);
    struct err e = {0};
    struct sha sha;
    struct sql_ref *none;
    size_t n;
    if (!l->parser || !at || !lookup_sound(l, p))
        return;
    statement(&plain, p, doc_text(d, at), kind, false);
    buf_addz(&typed, "-- an expression\n"); /* no port's SQL has this content: the cache holds those too */
    statement(&typed, p, doc_text(d, at), kind, true);
    if (!buf_ok(&plain, &e) || !buf_ok(&typed, &e)) {
        hint(at_value(l, e.code, d, at, "this SQL is too long: %s", e.text), "move it into a port");
        goto out;
    }
    sha_bytes(buf_str(&typed), &sha);
    if (l->cache && cache_refs(l->cache, l->a, &sha, &none, &n))
        goto out;
    bool parsed = stays_inside(l, p, buf_str(&plain), &e);
    if (parsed && binds(l, p, buf_str(&typed), &e)) {
        if (l->cache)
            cache_put_refs(l->cache, &sha, NULL, 0);
    } else if (!parsed && ends_early(doc_text(d, at), &e)) {
        hint(at_value(l, E_SQL, d, at, "this SQL ends too early"), "look for a bracket or a quote that is left open");
    } else if (strstr(e.text, "neither grouped nor aggregated")) {
        hint(at_value(l, E_SQL, d, at, "the value is no aggregate: it would be another number for each row"), "write sum(…), count(*), avg(…) or another aggregate around the columns");
    } else {
        hint(at_value(l, e.code, d, at, "this SQL cannot be asked of %.*s: %s", STR_FMT(p->ref), e.text), "%s",
             e.hint[0] ? e.hint : kind == EXPRESSION_AGGREGATE ? "write an aggregate over its columns, such as sum(spend)" : "write a condition over its columns, such as platform = 'google_ads'");
    }
out:
    buf_fini(&plain);
    buf_fini(&typed);
}
