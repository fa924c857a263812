/* Drafts: something new from the answers of a form, shown as files or written. The engine is asked for what no file tells: columns of loaded
 * streams, and what comes out of a SELECT. */
#include "mesh/mesh_draft.h"

#include <stdlib.h>

#include "base/json.h"
#include "serve/edits.h"
#include "serve/put.h"
#include "sql/sql.h"

enum { ANSWERS_MAX_BYTES = 2 << 20, DESCRIBE_TIMEOUT_MS = 15000 };

/* ---- what the engine knows ---- */
static bool stream_columns(void *ctx, struct arena *a, const struct mesh_stream *st, struct mesh_inferred_column **out, size_t *n)
{
    struct call *c = ctx;
    struct engine_conn *conn = NULL;
    struct ingest_column *cols = NULL;
    size_t n_cols = 0;
    *n = 0;
    if (!engine_connect(c->app->state->engine, &conn, NULL))
        return false;
    bool good = ingest_stream_columns(conn, st, a, &cols, &n_cols, NULL);
    engine_disconnect(conn);
    if (!good)
        return false;
    *out = arena_array(a, n_cols + 1, sizeof **out);
    for (size_t i = 0; i < n_cols; i++)
        (*out)[(*n)++] = (struct mesh_inferred_column){.name = arena_str(a, cols[i].name), .logical_type = STR("string"), .physical_type = arena_str(a, cols[i].type),
                                                       .class_text = mesh_propose_class(cols[i].name)};
    return true;
}

static const struct mesh_column *origin_of(const struct mesh *m, const struct sql_origin *o)
{
    const struct mesh_port *port = mesh_find_port(m, o->ref);
    const struct mesh_stream *stream = port ? NULL : mesh_find_stream(m, o->ref);
    const struct mesh_contract *k = port ? port->contract : stream ? stream->contract : NULL;
    for (size_t i = 0; k && i < k->n_columns; i++)
        if (str_eq(k->columns[i].name, o->column))
            return &k->columns[i];
    return NULL;
}

static bool is_personal(const struct mesh *m, const struct sql_origin *o)
{
    const struct mesh_column *k = origin_of(m, o);
    return k && k->class_ != CLASS_UNSET ? mesh_column_hidden(k) : str_eq(mesh_propose_class(o->column), STR("personal"));
}

/* A column made of one other means what that one means; one that anything personal went into is personal; where the way is not certain, too: its owner can say otherwise. */
static void take_meaning(const struct mesh *m, const struct sql_column_lineage *way, struct mesh_inferred_column *c)
{
    bool personal = way->uncertain;
    for (size_t i = 0; i < way->n_from; i++)
        personal = personal || is_personal(m, &way->from[i]);
    const struct mesh_column *one = way->n_from == 1 && !way->uncertain ? origin_of(m, &way->from[0]) : NULL;
    c->class_text = personal ? STR("personal") : one && one->class_text.n ? one->class_text : mesh_propose_class(c->name);
    if (!one || !str_eq(one->name, c->name))
        return;
    c->title = one->business_name;
    c->description = one->description;
    if (mesh_column_hidden(one)) /* its values come as a text that hides them; its type is the declared one */
        c->physical_type = one->physical_type;
}

/* Asked through the gate like any question, for its columns alone. */
static bool select_columns(void *ctx, struct arena *a, struct str sql, struct mesh_inferred_column **out, size_t *n, struct err *e)
{
    struct call *c = ctx;
    struct govern_result *r = NULL;
    const struct engine_column *cols = NULL;
    struct sql_column_lineage *ways = NULL;
    size_t n_ways = 0;
    const struct govern_request q = {.principal = call_whole(c) ? &GOVERN_ITSELF : &c->who, .purpose = call_purpose(c), .sql = arena_printf(a, "SELECT * FROM (\n%.*s\n) AS shown LIMIT 0", STR_FMT(sql)), .timeout_ms = DESCRIBE_TIMEOUT_MS};
    *n = 0;
    if (!govern_query(c->app->govern, &q, &r, e)) {
        e->line -= e->line > 1 ? 1 : 0;
        return e->code == E_NOT_BUILT; /* nothing is known of it yet; the answers tell */
    }
    size_t n_cols = govern_result_columns(r, &cols);
    *out = arena_array(a, n_cols + 1, sizeof **out);
    for (size_t i = 0; i < n_cols; i++)
        (*out)[i] = (struct mesh_inferred_column){.name = arena_str(a, cols[i].name), .physical_type = arena_str(a, cols[i].type_name),
                                                  .class_text = mesh_propose_class(cols[i].name)};
    govern_result_close(r);
    *n = n_cols;
    struct mesh_port asked = {.sql = sql};
    if (!build_lineage(c->app->build, c->whole, &asked, a, &ways, &n_ways, NULL))
        n_ways = 0;
    for (size_t i = 0; i < n_cols; i++)
        for (size_t k = 0; k < n_ways; k++)
            if (str_eq_nocase(ways[k].column, (*out)[i].name))
                take_meaning(c->mesh, &ways[k], &(*out)[i]);
    return true;
}

/* ---- the answer ---- */
static void put_draft_errs(struct buf *b, const struct errs *es)
{
    struct str prefix = STR(MESH_DRAFT_ANSWERS);
    put_open(b, "errors", '[');
    for (size_t i = 0; i < es->n; i++) {
        struct err e = es->v[i];
        struct str file = str_of(es->v[i].file);
        bool field = str_starts(file, prefix);
        if (es->warning[i])
            continue;
        if (field)
            e.file[0] = 0;
        if (field && !str_ends(file, STR(".sql"))) /* a form has no lines */
            e.line = e.col = 0;
        struct buf one = BUF_INIT((size_t)16 << 10);
        err_json(&e, &one);
        struct str text = buf_str(&one);
        put_open(b, NULL, '{');
        if (text.n > 2) /* the members of an error, with one more */
            buf_add(b, (struct str){text.p + 1, text.n - 2});
        if (field)
            put_str(b, "field", (struct str){file.p + prefix.n, file.n - prefix.n});
        else
            put_null(b, "field");
        put_close(b, '}');
        buf_fini(&one);
    }
    put_close(b, ']');
}

static void put_files(struct buf *b, const struct mesh_draft *d)
{
    put_open(b, "files", '[');
    for (size_t i = 0; i < d->n; i++) {
        put_open(b, NULL, '{');
        put_str(b, "path", d->patches[i].path);
        put_str(b, "how", d->patches[i].before.p ? STR("changed") : STR("new"));
        put_str(b, "text", d->patches[i].after);
        put_close(b, '}');
    }
    put_close(b, ']');
}

static void answer(struct call *c, const struct mesh_draft *d, bool applied, const struct errs *es)
{
    struct buf b = call_buf(), diff = call_buf();
    mesh_patch_diff(c->a, d->patches, d->n, &diff);
    put_open(&b, NULL, '{');
    put_str(&b, "patch", buf_str(&diff));
    put_files(&b, d);
    put_bool(&b, "applied", applied);
    put_opt(&b, "ref", d->ref);
    put_opt(&b, "href", d->href);
    put_draft_errs(&b, es);
    put_open(&b, "next", '[');
    for (size_t i = 0; i < d->n_next; i++) {
        put_open(&b, NULL, '{');
        put_str(&b, "title", d->next[i].title);
        put_opt(&b, "command", d->next[i].command);
        put_opt(&b, "href", d->next[i].href);
        put_close(&b, '}');
    }
    put_close(&b, ']');
    put_close(&b, '}');
    buf_fini(&diff);
    call_json(c, &b);
}

/* The answers as a document of their own, so that a form and a file of answers are read by the same code. */
static bool read_answers(struct call *c, yyjson_val *root, const struct doc **out, struct errs *es, struct err *e)
{
    yyjson_val *answers = yyjson_obj_get(root, "answers");
    size_t length = 0;
    if (!yyjson_is_obj(answers))
        return err_set(e, E_USAGE, "answers is a group of names and values");
    char *json = yyjson_val_write(answers, 0, &length);
    if (!json)
        return err_set(e, E_MEMORY, "not enough memory for the answers");
    bool good = length <= ANSWERS_MAX_BYTES || err_set(e, E_TOO_LARGE, "the answers are more than %d bytes", ANSWERS_MAX_BYTES);
    *out = good ? doc_parse_json(c->a, STR("answers"), arena_str(c->a, (struct str){json, length}), es) : NULL;
    free(json); /* banned-ok: yyjson allocated it */
    return good;
}

bool route_drafts(struct call *c, struct err *e)
{
    struct errs es = {0};
    struct mesh_draft draft = {0};
    const struct doc *answers = NULL;
    bool applied = false;
    yyjson_doc *body = call_body(c, NULL, e);
    if (!body)
        return false;
    yyjson_val *root = yyjson_doc_get_root(body);
    bool apply = json_bool(root, "apply", false);
    struct str kind = arena_str(c->a, json_str(root, "kind"));
    bool good = read_answers(c, root, &answers, &es, e);
    yyjson_doc_free(body);
    const struct mesh_draft_engine engine = {.ctx = c, .stream = stream_columns, .select = select_columns};
    if (good && answers && mesh_draft_make(c->a, c->mesh, kind, answers, doc_root(answers), &engine, &draft, &es))
        good = edits_carry_out(c, draft.patches, draft.n, apply, &applied, &es, e);
    if (good)
        answer(c, &draft, applied, &es);
    errs_fini(&es);
    return good;
}
