/* Whether a question may be asked: the form by the gate, the names by the declaration. Remembered per text and generation. */
#include "govern/govern_int.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/mem.h"
#include "govern/small.h"
#include "sql/sql.h"

/* ---- names ---- */

struct names { struct str *v; size_t n; };

/* All that the principal may see, for "did you mean". */
static struct names names_all(struct govern *g, struct gov_catalog *k, struct arena *a)
{
    const struct mesh *m = g->mesh;
    struct names out = {arena_array(a, m->n_ports * 2 + m->n_streams + 1, sizeof(struct str)), 0};
    for (size_t i = 0; i < m->n_ports; i++) {
        if (gov_access(g, k, m->ports[i])->tier == TIER_NONE)
            continue;
        out.v[out.n++] = m->ports[i]->ref_major;
        if (m->ports[i]->is_default)
            out.v[out.n++] = m->ports[i]->ref;
    }
    for (size_t i = 0; i < m->n_streams; i++)
        if (policy_sees_stream(m, &k->who, m->streams[i]))
            out.v[out.n++] = m->streams[i]->ref;
    return out;
}

static void hint_names(struct govern *g, struct gov_catalog *k, struct arena *a, const struct sql_ref *r, struct str written, struct err *e)
{
    struct names all = names_all(g, k, a);
    for (size_t i = 0; r->schema.n == 0 && i < all.n; i++) { /* the name is right, its domain was left out */
        struct str rest, domain = str_cut(all.v[i], '.', &rest);
        (void)domain;
        if (str_eq_nocase(rest, r->table)) {
            err_hint(e, "did you mean %.*s?", STR_FMT(all.v[i]));
            return;
        }
    }
    int near = str_nearest(written, all.v, all.n);
    if (near >= 0)
        err_hint(e, "did you mean %.*s?", STR_FMT(all.v[near]));
    else
        err_hint(e, "tables are named domain.port; the catalog lists them");
}

static bool at_ref(struct err *e, const struct sql_ref *r)
{
    if (e) {
        e->line = r->line;
        e->col = r->col;
    }
    return false;
}

/* The port or stream that a name means, with its view in the catalog. *passing: the answer may differ the next time. */
static bool resolve(struct govern *g, struct arena *a, const struct sql_ref *r, struct gov_catalog *k, struct engine_conn *c, bool *passing, struct err *e)
{
    const struct mesh *m = g->mesh;
    struct str written = r->schema.n ? arena_printf(a, "%.*s.%.*s", STR_FMT(r->schema), STR_FMT(r->table)) : r->table;
    bool qualified = r->schema.n && !r->catalog.n;
    const struct mesh_port *p = qualified ? mesh_find_port(m, written) : NULL;
    const struct mesh_stream *st = qualified && !p ? mesh_find_stream(m, written) : NULL;
    const struct policy_access *x = p ? gov_access(g, k, p) : NULL;
    p = x && x->tier != TIER_NONE ? p : NULL; /* from here on, what is not theirs is not there */
    st = st && policy_sees_stream(m, &k->who, st) ? st : NULL;
    if (p && !k->src[0] && !gov_port_ready(k, p)) {
        err_set(e, E_NOT_BUILT, "%.*s has not been built yet", STR_FMT(written));
        err_hint(e, "trellis run %.*s", STR_FMT(p->ref));
        return at_ref(e, r);
    }
    if (p) {
        if (gov_port_view(g, k, c, p, !str_eq(written, p->ref_major), x, e))
            return true;
        *passing = true;
        return at_ref(e, r);
    }
    for (size_t i = 0; st && i < m->n_streams; i++) {
        if (m->streams[i] != st)
            continue;
        if (gov_stream_view(g, k, c, st, i, e))
            return true;
        *passing = true;
        return at_ref(e, r);
    }
    p = qualified && !k->src[0] ? gov_failing_port(m, written) : NULL;
    if (p && policy_may(m, &k->who, RIGHT_BUILD, p->product->domain)) {
        *passing = true;
        return gov_failing_view(g, k, c, p, e) || at_ref(e, r);
    }
    /* The same words whether it does not exist or is not for the asker. */
    err_set(e, E_NOT_FOUND, "there is no port or stream \"%.*s\"", written.n < 120 ? (int)written.n : 120, written.p);
    hint_names(g, k, a, r, written, e);
    return at_ref(e, r);
}

/* Whether a name is a port that is seen in groups alone. */
static bool in_groups(struct govern *g, struct arena *a, struct gov_catalog *k, const struct sql_ref *r)
{
    const struct mesh_port *p = mesh_find_port(g->mesh, arena_printf(a, "%.*s.%.*s", STR_FMT(r->schema), STR_FMT(r->table)));
    return p && small_applies(p, gov_access(g, k, p));
}

/* True: the verdict holds for as long as the views do. */
static bool judge(struct govern *g, struct engine_conn *conn, struct str sql, struct gov_catalog *k, struct verdict *v, struct arena *plans, struct small_plan **small)
{
    struct arena a;
    struct sql_ast *ast = NULL;
    struct sql_ref *refs;
    size_t n = 0;
    bool passing = false, groups = false;
    struct buf text = BUF_INIT(REFS_TEXT_MAX - 1);
    arena_init(&a);
    bool ok = sql_parse(conn, &a, sql, &ast, &v->err) && sql_gate(ast, SQL_QUESTION, &v->err) && sql_refs(ast, &a, &refs, &n, &v->err);
    for (size_t i = 0; ok && i < n; i++) {
        ok = resolve(g, &a, &refs[i], k, conn, &passing, &v->err);
        groups = groups || (ok && in_groups(g, &a, k, &refs[i]));
        if (ok) /* what names nothing of the mesh may be anything, a person's address too, and is not kept */
            buf_printf(&text, "%s%.*s.%.*s", text.n ? "," : "", STR_FMT(refs[i].schema), STR_FMT(refs[i].table));
    }
    snprintf(v->refs, sizeof v->refs, "%.*s", (int)text.n, text.p ? text.p : "");
    if (ok && groups) { /* made anew for each question: a plan is not kept */
        passing = true;
        ok = small_plan(g, k, ast, refs, n, plans, small, &v->err);
    }
    v->allowed = ok;
    buf_fini(&text);
    sql_ast_free(ast);
    arena_fini(&a);
    /* A refusal of time or memory says nothing about the next attempt. */
    return !passing && (ok || v->err.code == E_SQL || v->err.code == E_SQL_REFUSED || v->err.code == E_NOT_FOUND || v->err.code == E_NOT_BUILT);
}

static size_t slot_of(const struct verdict *v)
{
    return (size_t)(str_hash((struct str){v->sql.hex, 64}) * 31 + str_hash(str_of(v->catalog)) + v->past) % VERDICT_SLOTS;
}

bool gov_verdict(struct govern *g, struct engine_conn *parser, struct str sql, struct gov_catalog *catalog, bool past, char refs[REFS_TEXT_MAX],
                 struct arena *a, struct small_plan **small, struct err *e)
{
    *small = NULL;
    struct verdict v = {.generation = g->generation, .past = past};
    snprintf(v.catalog, sizeof v.catalog, "%s", catalog->name);
    sha_bytes(sql, &v.sql);
    size_t slot = slot_of(&v);
    bool known = false;
    pthread_mutex_lock(&g->lock);
    struct verdict *kept = g->verdicts[slot];
    /* Verdicts on the past depend on the moment and are not kept. A kept one also means that its views are made. */
    if (kept && !past && kept->generation == v.generation && kept->past == past && strcmp(kept->sql.hex, v.sql.hex) == 0 &&
        strcmp(kept->catalog, v.catalog) == 0) {
        v = *kept;
        known = true;
    }
    pthread_mutex_unlock(&g->lock);
    if (!known) {
        if (judge(g, parser, sql, catalog, &v, a, small) && !past) {
            pthread_mutex_lock(&g->lock);
            if (!g->verdicts[slot])
                g->verdicts[slot] = mem_alloc(sizeof v);
            *g->verdicts[slot] = v;
            pthread_mutex_unlock(&g->lock);
        }
    }
    snprintf(refs, REFS_TEXT_MAX, "%s", v.refs);
    if (!v.allowed && e)
        *e = v.err;
    return v.allowed;
}

void gov_verdicts_free(struct govern *g)
{
    for (size_t i = 0; i < VERDICT_SLOTS; i++)
        mem_free(g->verdicts[i]);
}
