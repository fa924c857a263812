/* Pieces of SQL in goals and dashboards, and whole questions. Each piece is first held to the gate's list and to its one port, then bound by the engine
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
    /* A WHERE takes no aggregate: what stands there is of one row. A comment at the end of the text ends with the line. */
    static const char *const after[] = {[EXPRESSION_AGGREGATE] = "\n)", [EXPRESSION_CONDITION] = "\n)", [EXPRESSION_NUMBER] = "\n) * 1 IS NOT NULL", [EXPRESSION_VALUE] = "\n) IS NOT NULL"};
    buf_addz(b, "SELECT count(*)");
    if (kind == EXPRESSION_AGGREGATE) {
        buf_addz(b, ", (");
        buf_add(b, text);
        buf_addz(b, after[kind]);
    }
    buf_addz(b, " FROM ");
    if (typed)
        buf_sql_ident(b, p->name);
    else
        buf_add(b, p->ref);
    if (kind != EXPRESSION_AGGREGATE) {
        buf_addz(b, " WHERE (");
        buf_add(b, text);
        buf_addz(b, after[kind]);
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

bool expression_check(struct load *l, const struct doc *d, const struct doc_node *at, const struct mesh_port *p, enum expression_kind kind)
{
    return !at || expression_text(l, d, at, doc_text(d, at), p, kind);
}

bool expression_text(struct load *l, const struct doc *d, const struct doc_node *at, struct str text, const struct mesh_port *p, enum expression_kind kind)
{
    struct buf plain = BUF_INIT(STATEMENT_MAX_BYTES), typed = BUF_INIT(STATEMENT_MAX_BYTES);
    struct err e = {0};
    struct sha sha;
    struct sql_ref *none;
    size_t n, before = l->es->n_errors;
    if (!l->parser || !lookup_sound(l, p))
        return true;
    statement(&plain, p, text, kind, false);
    buf_addz(&typed, "-- an expression\n"); /* no port's SQL has this content: the cache holds those too */
    statement(&typed, p, text, kind, true);
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
    } else if (!parsed && ends_early(text, &e)) {
        hint(at_value(l, E_SQL, d, at, "this SQL ends too early"), "look for a bracket or a quote that is left open");
    } else if (strstr(e.text, "neither grouped nor aggregated")) {
        hint(at_value(l, E_SQL, d, at, "the value is no aggregate: it would be another number for each row"), "write sum(…), count(*), avg(…) or another aggregate around the columns");
    } else {
        static const char *const such[] = {
            [EXPRESSION_AGGREGATE] = "write an aggregate over its columns, such as sum(spend)", [EXPRESSION_CONDITION] = "write a condition over its columns, such as platform = 'google_ads'",
            [EXPRESSION_NUMBER] = "write a number of one row, without an aggregate, such as spend_reporting", [EXPRESSION_VALUE] = "write a value of one row, without an aggregate, such as lower(platform)",
        };
        hint(at_value(l, e.code, d, at, "this SQL cannot be asked of %.*s: %s", STR_FMT(p->ref), e.text), "%s", e.hint[0] ? e.hint : such[kind]);
    }
out:
    buf_fini(&plain);
    buf_fini(&typed);
    return l->es->n_errors == before;
}

bool expression_alone(struct load *l, struct str text, struct mesh_strs *columns, struct err *e)
{
    struct buf b = BUF_INIT(STATEMENT_MAX_BYTES);
    struct sql_ref *refs = NULL;
    struct sha sha;
    size_t n = 0;
    buf_addz(&b, "-- one expression\n"); /* as above: the content of no port's SQL */
    buf_add(&b, text);
    if (!buf_ok(&b, e)) {
        buf_fini(&b);
        return false;
    }
    sha_bytes(buf_str(&b), &sha);
    buf_fini(&b);
    *columns = (struct mesh_strs){0};
    if (l->cache && cache_refs(l->cache, l->a, &sha, &refs, &n)) {
        columns->v = arena_array(l->a, n + 1, sizeof *columns->v);
        for (size_t i = 0; i < n; i++)
            columns->v[columns->n++] = refs[i].table;
        return true;
    }
    if (!sql_condition(l->parser, l->a, text, &columns->v, &columns->n, e))
        return false;
    refs = arena_array(l->a, columns->n + 1, sizeof *refs);
    for (size_t i = 0; i < columns->n; i++)
        refs[i] = (struct sql_ref){.catalog = STR(""), .schema = STR(""), .table = columns->v[i]};
    if (l->cache)
        cache_put_refs(l->cache, &sha, refs, columns->n);
    return true;
}

/* The tables that a question reads, remembered by its content. */
static bool question_refs(struct load *l, struct str text, struct sql_ref **refs, size_t *n, struct err *e)
{
    struct buf b = BUF_INIT(STATEMENT_MAX_BYTES);
    struct sql_ast *ast = NULL;
    struct sha sha;
    buf_addz(&b, "-- a question\n"); /* as above */
    buf_add(&b, text);
    bool good = buf_ok(&b, e);
    if (good)
        sha_bytes(buf_str(&b), &sha);
    buf_fini(&b);
    if (!good || (l->cache && cache_refs(l->cache, l->a, &sha, refs, n)))
        return good;
    good = sql_parse(l->parser, l->a, text, &ast, e) && sql_gate(ast, SQL_QUESTION, e) && sql_refs(ast, l->a, refs, n, e);
    sql_ast_free(ast);
    if (good && l->cache)
        cache_put_refs(l->cache, &sha, *refs, *n);
    return good;
}

bool expression_question(struct load *l, const struct doc *d, const struct doc_node *at, struct mesh_port ***reads, size_t *n)
{
    struct sql_ref *refs = NULL;
    struct err e = {0};
    size_t count = 0, before = l->es->n_errors;
    *n = 0;
    if (!l->parser)
        return true;
    if (!question_refs(l, doc_text(d, at), &refs, &count, &e)) {
        hint(at_value(l, e.code, d, at, "this SQL cannot be asked: %s", e.text), "%s", e.hint[0] ? e.hint : "write one SELECT over ports, as in the workbench");
        return false;
    }
    *reads = arena_array(l->a, count + 1, sizeof(struct mesh_port *));
    for (size_t i = 0; i < count; i++) {
        struct str ref = arena_printf(l->a, "%.*s.%.*s", STR_FMT(refs[i].schema), STR_FMT(refs[i].table));
        struct mesh_port *p = refs[i].schema.n ? lookup_port(l, d, at, ref) : NULL;
        if (!refs[i].schema.n)
            hint(at_value(l, E_DANGLING, d, at, "%.*s is no port", STR_FMT(refs[i].table)), "name it with its domain: domain.%.*s", STR_FMT(refs[i].table));
        if (p)
            (*reads)[(*n)++] = p;
    }
    if (count == 0)
        hint(at_value(l, E_SCHEMA, d, at, "this SQL reads no port"), "a panel shows rows of ports");
    return l->es->n_errors == before;
}
