/* Whether a question over ports can be asked of their columns, and which columns its rows have, before there is a row: the engine binds it to views that have the ports' columns and are empty.
 * They live in a catalog of memory that is gone afterwards. What was found is remembered by content. */
#include "mesh/mesh_int.h"

#include <stdatomic.h>

#include "base/log.h"
#include "sql/sql.h"

enum { VIEWS_MAX_BYTES = 4 << 20 };

/* Whether all is known that the views need. Functions of the mesh live in its served connections, not in the parser's. */
static bool can_tell(struct load *l, struct str text, struct mesh_port *const *reads, size_t n)
{
    bool known = l->parser && n > 0 && str_find(text, STR("mesh_"), 0) == SIZE_MAX;
    for (size_t i = 0; known && i < n; i++) {
        known = lookup_sound(l, reads[i]);
        for (size_t k = 0; known && k < reads[i]->contract->n_columns; k++)
            known = reads[i]->contract->columns[k].physical_type.n > 0; /* else the type has its own error */
    }
    return known;
}

static void put_view(struct buf *b, struct str catalog, const struct mesh_port *p, struct str ref)
{
    struct str table, schema = str_cut(ref, '.', &table);
    const struct mesh_contract *c = p->contract;
    buf_printf(b, "CREATE SCHEMA IF NOT EXISTS %.*s.", STR_FMT(catalog));
    buf_sql_ident(b, schema);
    buf_printf(b, "; CREATE VIEW %.*s.", STR_FMT(catalog));
    buf_sql_ident(b, schema);
    buf_addc(b, '.');
    buf_sql_ident(b, table);
    buf_addz(b, " AS SELECT ");
    for (size_t i = 0; i < c->n_columns; i++) {
        buf_printf(b, "%sCAST(NULL AS %.*s) AS ", i ? ", " : "", STR_FMT(c->columns[i].physical_type));
        buf_sql_ident(b, c->columns[i].name);
    }
    buf_addz(b, ";\n");
}

static void put_views(struct buf *b, struct str catalog, struct mesh_port *const *reads, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool had = false;
        for (size_t k = 0; k < i; k++)
            had = had || reads[k] == reads[i];
        if (had)
            continue;
        put_view(b, catalog, reads[i], reads[i]->ref_major);
        if (reads[i]->is_default)
            put_view(b, catalog, reads[i], reads[i]->ref);
    }
}

/* *e: of the question. False without it: the views could not be made, and nothing is known. */
static bool describe(struct load *l, struct str text, struct mesh_port *const *reads, size_t n, struct engine_column **cols, size_t *n_cols, struct err *e)
{
    static atomic_uint made;
    struct str catalog = arena_printf(l->a, "question_%u", atomic_fetch_add(&made, 1));
    struct buf b = BUF_INIT((size_t)VIEWS_MAX_BYTES);
    struct err unmade = {0};
    buf_printf(&b, "ATTACH ':memory:' AS %.*s;\n", STR_FMT(catalog));
    put_views(&b, catalog, reads, n);
    buf_printf(&b, "USE %.*s", STR_FMT(catalog));
    bool there = buf_ok(&b, &unmade) && engine_exec(l->parser, buf_str(&b), &unmade), good = there && engine_describe(l->parser, text, l->a, cols, n_cols, e);
    if (!there)
        log_err(LOG_DEBUG, "mesh", "question_unbound", &unmade);
    struct err left = {0};
    if (!engine_exec(l->parser, arena_printf(l->a, "USE memory; DETACH DATABASE IF EXISTS %.*s", STR_FMT(catalog)), &left))
        log_err(LOG_DEBUG, "mesh", "question_left", &left);
    buf_fini(&b);
    return good;
}

bool question_columns(struct load *l, const struct doc *d, const struct doc_node *at, struct mesh_port *const *reads, size_t n, struct mesh_strs *columns)
{
    struct str text = doc_text(d, at);
    struct buf b = BUF_INIT((size_t)VIEWS_MAX_BYTES);
    struct engine_column *cols = NULL;
    struct sql_ref *refs = NULL;
    struct err e = {0};
    struct sha sha;
    size_t n_refs = 0;
    *columns = (struct mesh_strs){0};
    if (!can_tell(l, text, reads, n))
        return false;
    buf_addz(&b, "-- columns of a question\n"); /* no port's SQL has this content: the cache holds those too */
    put_views(&b, STR("question"), reads, n);
    buf_add(&b, text);
    bool good = buf_ok(&b, &e);
    if (good)
        sha_bytes(buf_str(&b), &sha);
    buf_fini(&b);
    if (good && !(l->cache && cache_refs(l->cache, l->a, &sha, &refs, &n_refs))) {
        good = describe(l, text, reads, n, &cols, &n_refs, &e);
        refs = arena_array(l->a, n_refs + 1, sizeof *refs);
        for (size_t i = 0; good && i < n_refs; i++)
            refs[i] = (struct sql_ref){.catalog = STR(""), .schema = STR(""), .table = cols[i].name};
        if (good && l->cache)
            cache_put_refs(l->cache, &sha, refs, n_refs);
    }
    if (!good) {
        if (e.code)
            hint(at_value(l, e.code, d, at, "this SQL cannot be asked: %s", e.text), "%s", e.hint[0] ? e.hint : "look at the columns of what it reads: trellis show, or the workbench");
        return false;
    }
    columns->v = arena_array(l->a, n_refs + 1, sizeof *columns->v);
    for (size_t i = 0; i < n_refs; i++)
        columns->v[columns->n++] = refs[i].table;
    return true;
}
