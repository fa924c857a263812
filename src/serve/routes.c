/* The way of a request: the row of the table, session, right, handler, error. */
#include "serve/routes.h"

#include <stdio.h>

#include "base/json.h"
#include "base/log.h"
#include "mesh/seen.h"
#include "serve/session.h"

enum { ANSWER_MAX_BYTES = 64 << 20 };

static const struct route page_route = {VERB_GET, "/",  route_page, ROUTE_OPEN | ROUTE_MEMORY, "page", "The page", {{0}},
                                        NULL,     NULL, "text/html"};

/* ---- matching ---- */
static bool match(const char *pattern, struct str path, struct str *args)
{
    struct str p = str_of(pattern);
    size_t n = 0, i = 0, k = 0;
    while (i < p.n) {
        if (p.p[i] == '{') {
            size_t end = k;
            while (end < path.n && path.p[end] != '/')
                end++;
            if (end == k || n == ROUTE_ARGS)
                return false;
            args[n++] = (struct str){path.p + k, end - k};
            k = end;
            while (p.p[i] != '}')
                i++;
            i++;
        } else if (k < path.n && p.p[i] == path.p[k]) {
            i++;
            k++;
        } else {
            return false;
        }
    }
    return k == path.n;
}

/* NULL: no such address (`e` says so), or not with this method: then *verbs has those that it takes. HEAD is answered as GET without a body. */
static const struct route *find(const struct http_request *q, struct str *args, unsigned *verbs, struct err *e)
{
    enum http_verb verb = q->verb == VERB_HEAD ? VERB_GET : q->verb;
    *verbs = 0;
    for (size_t i = 0; i < routes_count; i++) {
        if (!match(routes_table[i].pattern, q->path, args))
            continue;
        if (routes_table[i].verb == verb)
            return &routes_table[i];
        *verbs |= 1u << routes_table[i].verb;
    }
    if (!*verbs && verb == VERB_GET && !str_starts(q->path, STR("/api/")))
        return &page_route;
    if (*verbs) {
        err_set(e, E_USAGE, "this address does not take that method");
    } else {
        err_set(e, E_NOT_FOUND, "there is no address %.*s", STR_FMT(q->path));
        err_hint(e, "all addresses stand in /openapi.json");
    }
    return NULL;
}

static bool let_in(const struct app *app, const struct route *rt, const struct http_request *q, struct err *e)
{
    if (!app->session)
        return true;
    return session_check_origin(app->session, q, e) && ((rt->flags & ROUTE_OPEN) || session_check_any(app->session, q, e));
}

/* A misspelt or broken as_of must not pass for none. */
static bool check_query(const struct route *rt, const struct http_request *q, struct arena *a, struct err *e)
{
    struct str known[sizeof rt->query / sizeof *rt->query];
    size_t n_known = 0;
    while (n_known < sizeof rt->query / sizeof *rt->query && rt->query[n_known].name) {
        known[n_known] = str_of(rt->query[n_known].name);
        n_known++;
    }
    for (struct str rest = q->query; rest.p && rest.n;) {
        struct str pair = str_cut(rest, '&', &rest), text, key = str_cut(pair, '=', &text), name;
        char *room = arena_alloc(a, pair.n + 1);
        size_t n = 0, k = 0;
        if (pair.n == 0)
            continue;
        if ((text.p && !http_decode(text, true, room, &n)) || !http_decode(key, true, room, &n))
            return err_set(e, E_USAGE, "a broken %%-escape in the parameters of the address");
        name = (struct str){room, n};
        while (k < n_known && !str_eq(known[k], name))
            k++;
        if (k < n_known)
            continue;
        err_set(e, E_USAGE, "this address takes no parameter %.*s", name.n < 60 ? (int)name.n : 60, name.p);
        int near = str_nearest(name, known, n_known);
        if (near >= 0)
            err_hint(e, "did you mean %.*s?", STR_FMT(known[near]));
        return false;
    }
    return true;
}

static void answer(struct app *app, const struct http_request *q, struct http_reply *r, const struct route *rt, struct str *args)
{
    struct arena a;
    struct err e = {0};
    struct app_mesh *m = NULL;
    struct app_seen *seen = NULL;
    struct auth_session session = {0}; /* of an open route: nobody */
    arena_init(&a);
    struct call c = {.app = app, .route = rt, .req = q, .reply = r, .a = &a, .session = &session};
    memcpy(c.args, args, sizeof c.args);
    if (!(rt->flags & ROUTE_MEMORY)) {
        m = app_mesh_get(app, false);
        c.whole = app_mesh_of(m);
    }
    bool good = (rt->flags & ROUTE_OPEN) || (session_who(app->session, q, c.whole, &a, &session, &e) && check_query(rt, q, &a, &e));
    c.who = session.who;
    c.csrf = session.csrf;
    good = good && route_preview(&c, rt, &e);
    if (good && m) {
        seen = app_seen_get(m, &c.who);
        c.mesh = seen ? app_seen_mesh(seen) : c.whole;
        c.known = seen ? app_seen_known(seen) : app_mesh_known(m);
    }
    bool allowed = good && route_allowed(&c, rt, &e);
    good = allowed && rt->handle(&c, &e);
    if (!call_after(&c, rt, allowed, good, &e) || !good) {
        if (!r->begun)
            http_reply_error(r, &e);
        else
            log_err(LOG_WARN, "serve", "answer_broken", &e);
    }
    known_states_put(c.states);
    app_seen_put(m, seen);
    app_mesh_put(m);
    arena_fini(&a);
}

static void turn_away(struct http_reply *r, unsigned verbs, const struct err *e)
{
    static const struct {
        enum http_verb verb;
        const char *names;
    } all[] = {{VERB_GET, "GET, HEAD"}, {VERB_POST, "POST"}, {VERB_PUT, "PUT"}};
    struct buf b = BUF_INIT((size_t)64);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (verbs & 1u << all[i].verb)
            buf_printf(&b, "%s%s", b.n ? ", " : "", all[i].names);
    if (verbs) {
        http_reply_header(r, "Allow", buf_str(&b));
        http_reply_refuse(r, 405, e);
    } else {
        http_reply_error(r, e);
    }
    buf_fini(&b);
}

void routes_answer(struct app *app, const struct http_request *q, struct http_reply *r)
{
    struct str args[ROUTE_ARGS] = {{0}};
    struct err e = {0};
    unsigned verbs;
    const struct route *rt = find(q, args, &verbs, &e);
    if (!rt)
        turn_away(r, verbs, &e);
    else if (!let_in(app, rt, q, &e))
        http_reply_error(r, &e);
    else
        answer(app, q, r, rt, args);
}

bool routes_answer_fast(struct app *app, const struct http_request *q, struct http_reply *r)
{
    struct str args[ROUTE_ARGS] = {{0}};
    struct err e = {0};
    unsigned verbs;
    const struct route *rt = find(q, args, &verbs, &e);
    if (rt && !(rt->flags & ROUTE_MEMORY) && let_in(app, rt, q, &e))
        return false;
    if (!rt)
        turn_away(r, verbs, &e);
    else if (e.code != E_OK || !let_in(app, rt, q, &e))
        http_reply_error(r, &e);
    else
        answer(app, q, r, rt, args);
    return true;
}

void routes_call(struct app *app, enum http_verb verb, const char *target, struct str body, struct http_memory *m)
{
    routes_call_as(app, verb, target, body, STR(""), STR(""), m);
}

void routes_call_as(struct app *app, enum http_verb verb, const char *target, struct str body, struct str role, struct str purpose, struct http_memory *m)
{
    struct http_reply r;
    struct arena a;
    struct http_header headers[3] = {{STR("content-type"), STR("application/json")}};
    size_t n_headers = 1;
    if (role.n)
        headers[n_headers++] = (struct http_header){STR("x-trellis-role"), role};
    if (purpose.n)
        headers[n_headers++] = (struct http_header){STR("x-trellis-purpose"), purpose};
    arena_init(&a);
    struct http_request q = {
        .verb = verb, .target = str_of(target), .body = body, .trusted = true, .headers = headers, .n_headers = n_headers};
    struct str path = str_cut(q.target, '?', &q.query);
    char *decoded = arena_alloc(&a, path.n + 1);
    size_t n = 0;
    http_reply_init(&r, &http_reply_memory, m, &q);
    if (http_decode(path, false, decoded, &n)) {
        q.path = (struct str){decoded, n};
        routes_answer(app, &q, &r);
    } else {
        struct err e = {0};
        err_set(&e, E_USAGE, "a broken %%-escape in an address");
        http_reply_error(&r, &e);
    }
    http_reply_fini(&r);
    arena_fini(&a);
}

/* ---- for handlers ---- */
struct str call_purpose(struct call *c)
{
    struct str purpose = STR("");
    if (http_query_param(c->req, c->a, "purpose", &purpose) && purpose.n)
        return purpose;
    purpose = http_request_header(c->req, "x-trellis-purpose");
    if (purpose.n)
        return purpose;
    return c->who.n_purposes == 1 ? c->who.purposes[0] : STR("analytics");
}

struct str call_by(const struct call *c, struct str named)
{
    return c->who.kind == GOVERN_LOCAL && named.n ? named : c->who.name;
}

bool call_whole(const struct call *c)
{
    return c->mesh == c->whole;
}

struct str call_text(struct call *c, struct str text)
{
    struct buf b = BUF_INIT((size_t)1 << 20);
    if (call_whole(c) || text.n == 0)
        return text;
    mesh_seen_text(c->whole, c->mesh, text, &b);
    struct str told = b.failed ? STR("") : arena_str(c->a, buf_str(&b));
    buf_fini(&b);
    return told;
}

struct buf call_buf(void)
{
    return BUF_INIT((size_t)ANSWER_MAX_BYTES);
}

const struct build_port_status *call_states(struct call *c, struct err *e)
{
    if (!c->states)
        c->states = known_states_get(c->app, c->known, e);
    return c->states ? c->states->ports : NULL;
}

void call_json(struct call *c, struct buf *b)
{
    struct err e = {0};
    buf_addc(b, '\n');
    if (buf_ok(b, &e))
        http_reply_whole(c->reply, 200, STR("application/json; charset=utf-8"), buf_str(b), false);
    else
        http_reply_error(c->reply, &e);
    buf_fini(b);
}

bool call_int(struct call *c, const char *name, int64_t otherwise, int64_t min, int64_t max, int64_t *out, struct err *e)
{
    struct str text;
    *out = otherwise;
    if (!http_query_param(c->req, c->a, name, &text))
        return true;
    if (str_to_i64(text, out) && *out >= min && *out <= max)
        return true;
    return err_set(e, E_USAGE, "%s must be a whole number from %lld to %lld", name, (long long)min, (long long)max);
}

yyjson_doc *call_body(struct call *c, const char *otherwise, struct err *e)
{
    yyjson_doc *doc = json_parse(c->req->body.n || !otherwise ? c->req->body : str_of(otherwise), e);
    if (!doc && e->code == E_YAML)
        e->code = E_USAGE; /* a request, not a file of the declaration */
    if (doc && c->route && !body_fits(c->route, yyjson_doc_get_root(doc), e)) {
        yyjson_doc_free(doc);
        return NULL;
    }
    return doc;
}

bool call_no_body(struct call *c, struct err *e)
{
    return c->req->body.n == 0 || err_set(e, E_USAGE, "this request takes no body");
}

bool call_missing(struct err *e, const char *kind, struct str name, const struct str *known, size_t n)
{
    int near = str_nearest(name, known, n);
    err_set(e, E_NOT_FOUND, "there is no %s %.*s", kind, STR_FMT(name));
    if (near >= 0)
        err_hint(e, "did you mean %.*s?", STR_FMT(known[near]));
    return false;
}

const struct mesh_port *call_whole_port(const struct call *c, const struct mesh_port *p)
{
    return call_whole(c) ? p : mesh_find_port(c->whole, p->ref_major);
}

const struct mesh_port *call_port(struct call *c, struct err *e)
{
    struct str ref = arena_printf(c->a, "%.*s.%.*s", STR_FMT(c->args[0]), STR_FMT(c->args[1]));
    const struct mesh_port *p = mesh_find_port(c->mesh, ref);
    if (p)
        return p;
    struct str *known = arena_array(c->a, c->mesh->n_ports + 1, sizeof *known);
    for (size_t i = 0; i < c->mesh->n_ports; i++)
        known[i] = c->mesh->ports[i]->is_default ? c->mesh->ports[i]->ref : c->mesh->ports[i]->ref_major;
    call_missing(e, "port", ref, known, c->mesh->n_ports);
    return NULL;
}
