/* Planning, running, calling off. One run at a time; while it lasts, the declaration it began with stays in use. */
#include "serve/put.h"
#include "serve/routes.h"
#include "serve/run_event.h"

#include <stdio.h>

#include "base/json.h"
#include "govern/policy.h"

enum { REFS_MAX = 10000, PORTS_TOLD = 2048 };

/* A declaration that is broken on disk must not be planned or run as if it were the older one. */
static bool declaration_is_sound(struct call *c, struct err *e)
{
    struct buf broken = BUF_INIT((size_t)2 << 20);
    app_broken(c->app, &broken);
    bool sound = broken.n == 0;
    if (!sound) {
        yyjson_doc *doc = json_parse(buf_str(&broken), e);
        yyjson_val *first = doc ? yyjson_arr_get_first(yyjson_doc_get_root(doc)) : NULL;
        struct str code = json_str(first, "name"), file = json_str(first, "file"), text = json_str(first, "message");
        enum err_code id = E_SCHEMA;
        for (int i = 1; i < E_COUNT; i++)
            if (str_eq(code, str_of(err_info_get((enum err_code)i)->name)))
                id = (enum err_code)i;
        size_t n = doc ? yyjson_arr_size(yyjson_doc_get_root(doc)) : 0;
        err_at(e, id, file, (uint32_t)json_int(first, "line", 0), (uint32_t)json_int(first, "col", 0), "%.*s", STR_FMT(text));
        err_hint(e, "the declaration has %zu error%s: trellis check shows all", n, n == 1 ? "" : "s");
        yyjson_doc_free(doc);
    }
    buf_fini(&broken);
    return sound;
}

/* ---- GET /api/v1/plan ---- */
static void put_plan(struct call *c, struct buf *b, const struct mesh *m, const struct build_plan *p)
{
    put_open(b, NULL, '{');
    put_open(b, "changes", '[');
    for (size_t i = 0; i < p->n_changes; i++) {
        if (!call_sees(c, p->changes[i].ref))
            continue;
        put_open(b, NULL, '{');
        put_str(b, "ref", shape_ref(m, p->changes[i].ref));
        put_str(b, "kind", p->changes[i].kind);
        put_str(b, "action", p->changes[i].action);
        put_texts(b, "what", p->changes[i].what, p->changes[i].n_what);
        put_close(b, '}');
    }
    put_close(b, ']');
    put_open(b, "would_load", '[');
    for (size_t i = 0; i < p->n_loads; i++) {
        if (!call_sees(c, p->loads[i].stream->ref))
            continue;
        put_open(b, NULL, '{');
        put_str(b, "stream", p->loads[i].stream->ref);
        put_str(b, "file", p->loads[i].path);
        put_str(b, "reason", str_of(p->loads[i].reason));
        put_int(b, "size_bytes", (int64_t)p->loads[i].size_bytes);
        put_close(b, '}');
    }
    put_close(b, ']');
    put_open(b, "would_build", '[');
    for (size_t i = 0; i < p->n_todo; i++) {
        if (!call_sees(c, p->todo[i].port->ref_major))
            continue;
        put_open(b, NULL, '{');
        put_str(b, "ref", p->todo[i].port->is_default ? p->todo[i].port->ref : p->todo[i].port->ref_major);
        put_str(b, "reason", p->todo[i].reason);
        put_opt(b, "because", call_text(c, p->todo[i].because));
        put_close(b, '}');
    }
    put_close(b, ']');
    put_int(b, "up_to_date", (int64_t)p->up_to_date);
}

static void tell_of(struct call *c, char *text, size_t room)
{
    struct str told = call_text(c, str_of(text));
    size_t n = told.n < room ? told.n : room - 1;
    memmove(text, told.p, n);
    text[n] = '\0';
}

/* What the program says of the whole, without names that they do not see. */
static void leave_out(struct call *c, struct errs *es)
{
    for (size_t i = 0; !call_whole(c) && i < es->n; i++) {
        struct err *x = &es->v[i];
        tell_of(c, x->file, sizeof x->file);
        tell_of(c, x->text, sizeof x->text);
        tell_of(c, x->hint, sizeof x->hint);
    }
}

bool route_plan(struct call *c, struct err *e)
{
    struct app_mesh *m = app_mesh_get(c->app, true);
    struct build_plan plan = {0};
    struct errs es = {0};
    bool good = declaration_is_sound(c, e) && build_plan(c->app->build, app_mesh_of(m), c->a, &plan, &es, e);
    if (good) {
        struct buf b = call_buf();
        put_plan(c, &b, app_mesh_of(m), &plan);
        leave_out(c, &es);
        shape_errs(&b, "warnings", &es, true);
        shape_errs(&b, "errors", &es, false);
        put_close(&b, '}');
        call_json(c, &b);
    }
    errs_fini(&es);
    app_mesh_put(m);
    return good;
}

/* ---- POST /api/v1/run ---- */
struct telling {
    struct call *c;
    const struct mesh *mesh;
    struct buf line;
};

/* Called by the builder's threads, one at a time. A listener that is gone or too slow is told no more; the run goes on. */
static void tell(void *ctx, const struct build_event *ev)
{
    struct telling *t = ctx;
    if (ev->kind == BUILD_RUN_STARTED)
        atomic_store(&t->c->app->run_id, ev->run_id);
    if (ev->kind == BUILD_RUN_DONE)
        return; /* the last line is written with the report */
    if (ev->ref.n && !call_sees(t->c, ev->ref))
        return; /* somebody else's, on the way to theirs */
    struct build_event said = *ev;
    said.message = call_text(t->c, ev->message);
    said.ref = shape_ref(t->mesh, ev->ref);
    buf_reset(&t->line);
    run_event_write(&t->line, &said);
    if (!t->c->reply->failed && http_reply_write(t->c->reply, buf_str(&t->line)))
        http_reply_flush(t->c->reply);
}

static bool read_request(struct call *c, yyjson_val *root, struct build_options *o, struct err *e)
{
    yyjson_val *ports = yyjson_obj_get(root, "ports"), *full = yyjson_obj_get(root, "full"), *v;
    size_t i, max;
    if (!yyjson_is_obj(root))
        return err_set(e, E_USAGE, "the body must be a JSON object, {} for all ports");
    if (full && !yyjson_is_bool(full))
        return err_set(e, E_USAGE, "member full must be true or false");
    o->full = yyjson_get_bool(full);
    if (!ports || yyjson_is_null(ports))
        return true;
    if (!yyjson_is_arr(ports) || yyjson_arr_size(ports) > REFS_MAX)
        return err_set(e, E_USAGE, "member ports must be an array of port names");
    struct str *refs = arena_array(c->a, yyjson_arr_size(ports) + 1, sizeof *refs);
    yyjson_arr_foreach(ports, i, max, v)
    {
        if (!yyjson_is_str(v))
            return err_set(e, E_USAGE, "ports[%zu] must be a text such as \"acquisition.campaign_daily\"", i);
        refs[i] = arena_str(c->a, (struct str){yyjson_get_str(v), yyjson_get_len(v)});
    }
    o->ports = refs;
    o->n_ports = yyjson_arr_size(ports);
    return true;
}

static const char *outcome(const struct build_report *r)
{
    return r->cancelled ? "cancelled" : r->exit_code == 0 ? "succeeded" : "failed";
}

static void put_report(struct buf *b, const struct build_report *r, const struct errs *es)
{
    put_open(b, NULL, '{');
    put_str(b, "event", STR("run_done"));
    put_int(b, "run_id", r->run_id);
    put_str(b, "status", str_of(outcome(r)));
    put_int(b, "exit_code", r->exit_code);
    put_int(b, "built", (int64_t)r->built);
    put_int(b, "unchanged", (int64_t)r->unchanged);
    put_int(b, "failed", (int64_t)r->failed);
    put_int(b, "refused", (int64_t)r->refused);
    put_int(b, "skipped", (int64_t)r->skipped);
    put_int(b, "rows", r->rows);
    shape_errs(b, "warnings", es, true);
    shape_errs(b, "errors", es, false);
    put_close(b, '}');
    buf_addc(b, '\n');
}

static bool told(struct call *c, const struct build_options *o, struct err *e)
{
    struct buf b = BUF_INIT((size_t)PORTS_TOLD);
    buf_addz(&b, o->n_ports ? "run of" : "run");
    for (size_t i = 0; i < o->n_ports && b.n + o->ports[i].n + 8 < PORTS_TOLD; i++)
        buf_printf(&b, " %.*s", STR_FMT(o->ports[i]));
    bool ok = buf_ok(&b, e) && call_changed(c, buf_str(&b), STR(""), e);
    buf_fini(&b);
    return ok;
}

/* With app.reload held. The answer has begun when the run has: from there on, what goes wrong stands in its last line. */
static bool carry_out(struct call *c, const struct mesh *m, struct build_options *o, struct err *e)
{
    struct telling t = {.c = c, .mesh = m, .line = BUF_INIT((size_t)1 << 20)};
    struct build_report report = {0};
    struct errs es = {0};
    struct err view = {0};
    o->program = c->app->program;
    o->trigger = c->app->session ? STR("api") : STR("cli");
    o->event = tell;
    o->ctx = &t;
    o->cancel = &c->app->cancel;
    if (!told(c, o, e))
        return false;
    http_reply_begin(c->reply, 200, STR("application/x-ndjson"));
    bool good = build_run(c->app->build, m, o, &report, &es, e);
    atomic_fetch_add(&c->app->generation, 1);
    atomic_store(&c->app->run_id, 0);
    if (!govern_refresh(c->app->govern, m, &view) && good)
        good = (*e = view, false);
    if (!good) {
        errs_push(&es, e);
        report.exit_code = err_info_get(e->code)->exit_code;
    }
    buf_reset(&t.line);
    t.line.max = (size_t)64 << 20;
    leave_out(c, &es);
    put_report(&t.line, &report, &es);
    http_reply_write(c->reply, buf_str(&t.line));
    http_reply_end(c->reply);
    buf_fini(&t.line);
    errs_fini(&es);
    return true;
}

/* Ports of domains where they may build; all of them only for who may build everywhere. */
static bool may_run(struct call *c, const struct build_options *o, struct err *e)
{
    if (o->n_ports == 0 && !policy_may_whole(c->whole, &c->who, RIGHT_BUILD)) {
        err_set(e, E_DENIED, "a run of everything needs the right `build` without a limit to domains");
        return err_hint(e, "name ports of your domains"), false;
    }
    for (size_t i = 0; i < o->n_ports; i++) {
        const struct mesh_port *p = mesh_find_port(c->mesh, o->ports[i]);
        if (p && !call_may(c, RIGHT_BUILD, mesh_find_domain(c->whole, p->product->domain->name), e))
            return false;
    }
    return true;
}

static bool ports_exist(struct call *c, const struct mesh *newest, const struct build_options *o, struct err *e)
{
    const struct mesh *m = call_whole(c) ? newest : c->mesh;
    struct str *known = arena_array(c->a, m->n_ports + 1, sizeof *known);
    for (size_t i = 0; i < m->n_ports; i++)
        known[i] = m->ports[i]->is_default ? m->ports[i]->ref : m->ports[i]->ref_major;
    for (size_t i = 0; i < o->n_ports; i++)
        if (!mesh_find_port(m, o->ports[i]))
            return call_missing(e, "port", o->ports[i], known, m->n_ports);
    return true;
}

bool route_run(struct call *c, struct err *e)
{
    struct build_options o = {0};
    struct app_mesh *m = NULL;
    yyjson_doc *doc = call_body(c, "{}", e);
    bool good = doc && read_request(c, yyjson_doc_get_root(doc), &o, e);
    good = good && may_run(c, &o, e);
    if (good && (good = app_turn_take(c->app, e))) {
        m = app_mesh_get_locked(c->app);
        good = declaration_is_sound(c, e) && ports_exist(c, app_mesh_of(m), &o, e) && carry_out(c, app_mesh_of(m), &o, e);
        app_turn_give(c->app);
    }
    app_mesh_put(m);
    yyjson_doc_free(doc);
    return good;
}

/* ---- POST /api/v1/cancel ---- */
bool route_cancel(struct call *c, struct err *e)
{
    yyjson_doc *doc = call_body(c, "{}", e);
    if (!doc)
        return false;
    int64_t wanted = json_int(yyjson_doc_get_root(doc), "run_id", 0), run = atomic_load(&c->app->run_id);
    yyjson_doc_free(doc);
    if (run == 0 || (wanted && wanted != run)) {
        err_set(e, E_NOT_FOUND, "no run %s is in work", wanted ? "of this number" : "at all");
        return false;
    }
    if (!call_changed(c, arena_printf(c->a, "run %lld called off", (long long)run), STR(""), e))
        return false;
    atomic_store(&c->app->cancel, true);
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_int(&b, "run_id", run);
    put_bool(&b, "cancelling", true);
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}
