/* What looks personal, by column: found, looked for again, and taken over into the contracts. Counts and kinds, never a value. */
#include "serve/edits.h"
#include "serve/put.h"

#include <stdlib.h>

#include "base/json.h"
#include "govern/scan.h"
#include "store/scan.h"

struct found { const struct mesh_port *p; const struct mesh_stream *st; const struct mesh_domain *domain; struct mesh_pos at; enum mesh_class declared; const char *state; };

static const struct mesh_column *column_of(const struct mesh_contract *k, struct str name)
{
    for (size_t i = 0; k && i < k->n_columns; i++)
        if (str_eq_nocase(k->columns[i].name, name))
            return &k->columns[i];
    return NULL;
}

/* Where a finding belongs in the declaration; false: nowhere any more, or not of those who ask. */
static bool place(struct call *c, const struct store_scan *x, struct found *out)
{
    struct err ignored = {0};
    *out = (struct found){.p = mesh_find_port(c->mesh, x->ref)};
    out->st = out->p ? NULL : mesh_find_stream(c->mesh, x->ref);
    if (!out->p && !out->st)
        return false;
    out->domain = out->p ? out->p->product->domain : out->st->source->domain;
    if (!call_may(c, RIGHT_ADMINISTER, out->domain, &ignored))
        return false;
    const struct mesh_contract *k = out->p ? out->p->contract : out->st->contract;
    const struct mesh_column *column = column_of(k, x->column);
    bool open = scan_unclassified(k, x->column, out->st != NULL, &out->at);
    out->declared = column ? column->class_ : CLASS_UNSET;
    bool hidden = mesh_contract_class(k, x->column) >= CLASS_PERSONAL;
    out->state = open ? (x->percent >= SCAN_FAILS_AT ? "unclassified" : "perhaps") : out->declared == CLASS_UNSET ? "hidden" : hidden ? "classified" : x->percent >= SCAN_SURE_AT ? "doubted" : "classified";
    return true;
}

static void put_finding(struct buf *b, const struct store_scan *x, const struct found *f)
{
    put_open(b, NULL, '{');
    put_str(b, "ref", x->ref);
    put_str(b, "column", x->column);
    put_opt(b, "path", x->path);
    put_str(b, "kind", x->kind);
    put_str(b, "proposed", x->proposed);
    put_int(b, "percent", x->percent);
    put_str(b, "why", x->why);
    put_int(b, "values", x->values);
    put_int(b, "hits", x->hits);
    put_opt(b, "declared", str_of(mesh_class_text(f->declared)));
    put_str(b, "state", str_of(f->state));
    put_opt(b, "file", f->at.file);
    put_int(b, "line", f->at.line);
    put_time(b, "at", x->at_us);
    put_close(b, '}');
}

static bool put_findings(struct call *c, struct buf *b, struct str ref, struct err *e)
{
    struct store_scan *v;
    struct found f;
    size_t n;
    if (!store_scan_find(c->app->state->store, c->a, ref, &v, &n, e))
        return false;
    put_open(b, "findings", '[');
    for (size_t i = 0; i < n; i++)
        if (place(c, &v[i], &f))
            put_finding(b, &v[i], &f);
    put_close(b, ']');
    return true;
}

bool route_scan(struct call *c, struct err *e)
{
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    bool ok = put_findings(c, &b, STR(""), e);
    put_close(&b, '}');
    if (ok)
        call_json(c, &b);
    else
        buf_fini(&b);
    return ok;
}

/* ---- POST /api/v1/scan ---- */

static bool meant(struct str asked, struct str ref, struct str ref_major)
{
    return asked.n == 0 || str_eq(asked, ref) || str_eq(asked, ref_major);
}

/* One by one; what cannot be looked at (nothing loaded, not built) is passed over. */
static bool look(struct call *c, struct str asked, int64_t *looked, bool *there, struct err *e)
{
    struct engine_conn *conn = NULL;
    struct err ignored = {0};
    if (!engine_connect(c->app->state->engine, &conn, e))
        return false;
    for (size_t i = 0; i < c->mesh->n_streams; i++) {
        const struct mesh_stream *st = c->mesh->streams[i];
        if (!meant(asked, st->ref, st->ref) || !call_may(c, RIGHT_ADMINISTER, st->source->domain, &ignored))
            continue;
        *there = true;
        *looked += build_scan_stream(c->app->build, conn, st, true, c->a, &ignored);
    }
    for (size_t i = 0; i < c->mesh->n_ports; i++) {
        const struct mesh_port *p = c->mesh->ports[i];
        if (!meant(asked, p->ref, p->ref_major) || !call_may(c, RIGHT_ADMINISTER, p->product->domain, &ignored))
            continue;
        *there = true;
        *looked += build_scan_port(c->app->build, conn, p, c->a, &ignored);
    }
    engine_disconnect(conn);
    return true;
}

bool route_scan_run(struct call *c, struct err *e)
{
    yyjson_doc *doc = call_body(c, "{}", e);
    int64_t looked = 0;
    bool there = false;
    if (!doc)
        return false;
    struct str ref = arena_str(c->a, json_str(yyjson_doc_get_root(doc), "ref"));
    yyjson_doc_free(doc);
    if (!look(c, ref, &looked, &there, e))
        return false;
    if (!there && ref.n) {
        err_set(e, E_NOT_FOUND, "there is no port or raw stream %.*s", STR_FMT(ref));
        return err_hint(e, "trellis find shows what is there"), false;
    }
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_int(&b, "looked", looked);
    bool ok = put_findings(c, &b, ref, e);
    put_close(&b, '}');
    if (ok)
        call_json(c, &b);
    else
        buf_fini(&b);
    return ok;
}

/* ---- POST /api/v1/scan/accept ---- */

/* Columns of the ports' contracts that have no class and look personal beyond doubt; one change for a column, the surest finding first. */
static bool changes(struct call *c, yyjson_val *root, struct mesh_edit **out, size_t *n, int64_t *left, struct err *e)
{
    struct str ref = arena_str(c->a, json_str(root, "ref")), only = arena_str(c->a, json_str(root, "column"));
    int64_t least = only.n ? 1 : SCAN_FAILS_AT;
    struct store_scan *v;
    size_t n_all;
    *n = 0;
    if (!store_scan_find(c->app->state->store, c->a, ref, &v, &n_all, e))
        return false;
    *out = arena_array(c->a, n_all + 1, sizeof **out);
    for (size_t i = 0; i < n_all; i++) {
        struct found f;
        bool twice = false;
        if (!place(c, &v[i], &f) || v[i].percent < least || (only.n && !str_eq(only, v[i].column)) || (!only.n && str_of(f.state).p[0] != 'u'))
            continue;
        if (!f.p || !column_of(f.p->contract, v[i].column)) { /* a stream's contract is written by its owner: the message of the plan says where */
            (*left)++;
            continue;
        }
        for (size_t k = 0; k < *n; k++)
            twice = twice || (str_eq((*out)[k].ref, f.p->ref) && str_eq((*out)[k].column, v[i].column));
        if (!twice)
            (*out)[(*n)++] = (struct mesh_edit){.kind = STR("column"), .ref = f.p->ref, .column = v[i].column, .field = STR("classification"), .value = {.kind = YAML_TEXT, .text = v[i].proposed}};
    }
    return true;
}

bool route_scan_accept(struct call *c, struct err *e)
{
    yyjson_doc *doc = call_body(c, "{}", e);
    struct mesh_edit *v;
    struct mesh_patch *patches = NULL;
    struct errs es = {0};
    size_t n = 0, n_patches = 0;
    int64_t left = 0;
    bool applied = false;
    if (!doc)
        return false;
    bool apply = json_bool(yyjson_doc_get_root(doc), "apply", false), good = changes(c, yyjson_doc_get_root(doc), &v, &n, &left, e);
    yyjson_doc_free(doc);
    if (good && n && mesh_edit_plan(c->a, c->mesh, v, n, &patches, &n_patches, &es))
        good = edits_carry_out(c, patches, n_patches, apply, &applied, &es, e);
    if (good) {
        struct buf b = call_buf();
        put_open(&b, NULL, '{');
        put_int(&b, "columns", (int64_t)n);
        put_int(&b, "left", left);
        edits_put(c, &b, patches, n_patches, applied, &es);
        put_close(&b, '}');
        call_json(c, &b);
    }
    errs_fini(&es);
    return good;
}
