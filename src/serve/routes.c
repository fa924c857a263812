/* The table of routes and the way of a request through it: match, session, handler, error. */
#include "serve/routes.h"

#include <stdio.h>

#include "base/json.h"
#include "base/log.h"
#include "serve/session.h"

enum { ANSWER_MAX_BYTES = 64 << 20 };

#define JSON_TYPE "application/json"
#define PAGE_LIMIT                                                     \
    {                                                                  \
        "limit", "integer", "how many, newest first; 50 when left out" \
    }

const struct route routes_table[] = {
    {VERB_GET,
     "/healthz",
     route_healthz,
     ROUTE_OPEN | ROUTE_MEMORY,
     "health",
     "Whether the server answers",
     {{0}},
     NULL,
     "health",
     JSON_TYPE},
    {VERB_GET,
     "/openapi.json",
     route_openapi,
     ROUTE_OPEN | ROUTE_MEMORY,
     "openapi",
     "This document",
     {{0}},
     NULL,
     "any",
     JSON_TYPE},
    {VERB_GET, "/api/v1/mesh", route_mesh, 0, "mesh", "The mesh, its domains, health counts", {{0}}, NULL, "mesh", JSON_TYPE},
    {VERB_GET,
     "/api/v1/products",
     route_products,
     0,
     "products",
     "All products with a summary of each port",
     {{0}},
     NULL,
     "products",
     JSON_TYPE},
    {VERB_GET,
     "/api/v1/products/{domain}/{product}",
     route_product,
     0,
     "product",
     "One product with its ports whole",
     {{0}},
     NULL,
     "product_whole",
     JSON_TYPE},
    {VERB_GET,
     "/api/v1/ports/{domain}/{port}",
     route_port,
     0,
     "port",
     "One port whole: columns, SQL, lineage, checks, runs",
     {{0}},
     NULL,
     "port",
     JSON_TYPE},
    {VERB_GET,
     "/api/v1/ports/{domain}/{port}/rows",
     route_rows,
     0,
     "rows",
     "Rows of a port",
     {{"limit", "integer", "how many; 1,000 when left out"},
      {"offset", "integer", "how many to leave out first"},
      {"as_of", "string", "as known at the end of this day, YYYY-MM-DD"},
      {"format", "string", "json (default), csv or ndjson"}},
     NULL,
     "rows",
     JSON_TYPE},
    {VERB_GET,
     "/api/v1/ports/{domain}/{port}/checks",
     route_port_checks,
     0,
     "checks",
     "History of the contract checks of a port",
     {PAGE_LIMIT},
     NULL,
     "checks",
     JSON_TYPE},
    {VERB_GET,
     "/api/v1/ports/{domain}/{port}/history",
     route_port_history,
     0,
     "history",
     "Runs, checks, rows and lag of a port over time",
     {{"days", "integer", "how far back; 90 when left out"}},
     NULL,
     "history",
     JSON_TYPE},
    {VERB_GET,
     "/api/v1/ports/{domain}/{port}/failing",
     route_port_failing,
     0,
     "failing",
     "Rows that broke a check at the last build, also of a version that was refused; personal values are hidden",
     {{"rule", "string", "of this check; of all when left out"},
      {"column", "string", "of the check at this column, where several have one name"},
      {"limit", "integer", "how many; 100 when left out, and no more of one check are kept"}},
     NULL,
     "failing",
     JSON_TYPE},
    {VERB_GET,
     "/api/v1/ports/{domain}/{port}/why",
     route_port_why,
     0,
     "why",
     "The chain of causes from the state of a port to what is to be mended, with its owner",
     {{0}},
     NULL,
     "why",
     JSON_TYPE},
    {VERB_GET,
     "/api/v1/export/{domain}/{port}",
     route_export,
     0,
     "export",
     "The contract of a port in another tool's format",
     {{"format", "string", "odcs (default), dbt, json-schema, avro or sql"}},
     NULL,
     "any",
     "application/octet-stream"},
    {VERB_GET,
     "/api/v1/search",
     route_search,
     0,
     "search",
     "What has these words in its name, meaning or owner; best first",
     {{"q", "string", "words; the last may be unfinished, small typos and synonyms of the glossary are understood"},
      {"kinds", "string", "of product, port, column, term, goal, dashboard, domain, source; with commas between"},
      {"domain", "string", "of this domain alone"},
      {"limit", "integer", "how many; 20 when left out, at most 200"}},
     NULL,
     "search",
     JSON_TYPE},
    {VERB_GET,
     "/api/v1/catalog",
     route_catalog,
     0,
     "catalog",
     "A page of the products, and what they can be narrowed by",
     {{"q", "string", "words as in search"},
      {"domain", "string", "of these domains; with commas between, as state, status and tag"},
      {"state", "string", "fresh, stale, failing or never_built"},
      {"tag", "string", "with one of these tags"},
      {"status", "string", "proposed, draft, active, deprecated or retired"},
      {"owner", "string", "of this owner, by name"},
      {"sort", "string", "relevance (with q), title, state (the worst first), freshness or use"},
      {"offset", "integer", "how many to leave out first"},
      {"limit", "integer", "how many; 50 when left out, at most 500"}},
     NULL,
     "catalog",
     JSON_TYPE},
    {VERB_GET,
     "/api/v1/lineage",
     route_lineage,
     0,
     "lineage",
     "Sources to dashboards as nodes and edges, laid out from left to right",
     {{"level", "string", "domain, product (default) or port"},
      {"focus", "string", "around this: an id of a node or a ref; everything when left out"},
      {"domain", "string", "of this domain and what it touches"},
      {"up", "integer", "steps towards the sources; all when left out"},
      {"down", "integer", "steps towards the readers; all when left out"},
      {"limit", "integer", "how many nodes; 2,000 when left out"}},
     NULL,
     "lineage_graph",
     JSON_TYPE},
    {VERB_GET,
     "/api/v1/ports/{domain}/{port}/lineage",
     route_column,
     0,
     "column_lineage",
     "The way of one column: what it comes from, and what comes from it",
     {{"column", "string", "name of the column"},
      {"up", "integer", "steps; all when left out"},
      {"down", "integer", "steps; all when left out"}},
     NULL,
     "column_lineage",
     JSON_TYPE},
    {VERB_GET,
     "/api/v1/sources",
     route_sources,
     0,
     "sources",
     "Sources with the state of their streams",
     {{0}},
     NULL,
     "sources",
     JSON_TYPE},
    {VERB_GET,
     "/api/v1/sources/{domain}/{source}",
     route_source,
     0,
     "source",
     "One source with its health, streams and newest loads",
     {{"loads", "integer", "how many loads; 50 when left out"}},
     NULL,
     "source_whole",
     JSON_TYPE},
    {VERB_GET,
     "/api/v1/alerts",
     route_alerts,
     0,
     "alerts",
     "Alerts that last, and what became of the messages about them",
     {{"all", "boolean", "also those that are mended"}, {"limit", "integer", "how many; 200 when left out"}},
     NULL,
     "alerts",
     JSON_TYPE},
    {VERB_POST,
     "/api/v1/alerts/check",
     route_alerts_check,
     0,
     "alerts_check",
     "Looks for what is wrong or mended now, and sends what is due",
     {{0}},
     NULL,
     "alerts_checked",
     JSON_TYPE},
    {VERB_POST,
     "/api/v1/alerts/test",
     route_alerts_test,
     0,
     "alerts_test",
     "Sends a test message to every channel",
     {{0}},
     NULL,
     "alerts_sent",
     JSON_TYPE},
    {VERB_GET, "/api/v1/digest", route_digest, 0, "digest", "The digest as it would be sent now", {{0}}, NULL, "digest", JSON_TYPE},
    {VERB_POST, "/api/v1/digest", route_digest_send, 0, "digest_send", "Sends the digest to every channel", {{0}}, NULL, "digest_sent", JSON_TYPE},
    {VERB_GET, "/api/v1/runs", route_runs, 0, "runs", "Runs, newest first", {PAGE_LIMIT}, NULL, "runs", JSON_TYPE},
    {VERB_GET,
     "/api/v1/plan",
     route_plan,
     0,
     "plan",
     "What differs from what is deployed, and what a run would do",
     {{0}},
     NULL,
     "plan",
     JSON_TYPE},
    {VERB_POST,
     "/api/v1/run",
     route_run,
     0,
     "run",
     "Loads new files and builds what is out of date, telling how it goes",
     {{0}},
     "run_request",
     "run_event",
     "application/x-ndjson"},
    {VERB_POST,
     "/api/v1/cancel",
     route_cancel,
     0,
     "cancel",
     "Calls off the run in work",
     {{0}},
     "cancel_request",
     "cancelled",
     JSON_TYPE},
    {VERB_POST,
     "/api/v1/query",
     route_query,
     0,
     "query",
     "Asks in SQL, through the gate",
     {{0}},
     "query_request",
     "rows",
     JSON_TYPE},
    {VERB_GET,
     "/api/v1/home",
     route_home,
     0,
     "home",
     "The north star, health by domain, what changed lately, what waits",
     {{"changes", "integer", "how many changes; 50 when left out"}},
     NULL,
     "home",
     JSON_TYPE},
    {VERB_GET, "/api/v1/domains", route_domains, 0, "domains", "Domains with their health", {{0}}, NULL, "domains", JSON_TYPE},
    {VERB_GET,
     "/api/v1/domains/{domain}",
     route_domain,
     0,
     "domain",
     "One domain whole, with what it still lacks",
     {{0}},
     NULL,
     "domain_whole",
     JSON_TYPE},
    {VERB_GET,
     "/api/v1/readiness",
     route_readiness,
     0,
     "readiness",
     "What each domain lacks, step by step, and what mends it",
     {{0}},
     NULL,
     "all_readiness",
     JSON_TYPE},
    {VERB_GET, "/api/v1/glossary", route_glossary, 0, "glossary", "Terms and whose they are", {{0}}, NULL, "glossary", JSON_TYPE},
    {VERB_GET,
     "/api/v1/clashes",
     route_clashes,
     0,
     "clashes",
     "Terms, products and ports that claim the same, with both owners",
     {{0}},
     NULL,
     "clashes",
     JSON_TYPE},
    {VERB_GET,
     "/api/v1/goals",
     route_goals,
     0,
     "goals",
     "Goals with their number now and by week, baseline and target",
     {{0}},
     NULL,
     "goals",
     JSON_TYPE},
    {VERB_GET,
     "/api/v1/goals/{goal}/value",
     route_goal_value,
     0,
     "goal_value",
     "The number of a goal over a span of days",
     {{"from", "string", "first day, YYYY-MM-DD"}, {"to", "string", "last day, YYYY-MM-DD"}},
     NULL,
     "goal_value",
     JSON_TYPE},
    {VERB_GET, "/api/v1/pacing", route_pacing, 0, "pacing", "Targets against what came", {{0}}, NULL, "pacing", JSON_TYPE},
    {VERB_GET,
     "/api/v1/naming",
     route_naming,
     0,
     "naming",
     "Campaigns, ad groups and ads that break a naming rule, by spend",
     {{"limit", "integer", "how many; 200 when left out"}},
     NULL,
     "naming",
     JSON_TYPE},
    {VERB_GET,
     "/api/v1/requests",
     route_requests,
     0,
     "requests",
     "What people asked of the owners of data, newest first",
     {{"domain", "string", "of this domain"},
      {"state", "string", "open, answered, declined or done"},
      {"ref", "string", "about this"},
      {"limit", "integer", "how many; 200 when left out"}},
     NULL,
     "requests",
     JSON_TYPE},
    {VERB_POST,
     "/api/v1/requests",
     route_request_add,
     0,
     "request_add",
     "Asks for a product or access, gives feedback on a field, or asks a question",
     {{0}},
     "request_ask",
     "request",
     JSON_TYPE},
    {VERB_GET, "/api/v1/dashboards", route_dashboards, 0, "dashboards", "Dashboards declared as code", {{0}}, NULL, "dashboards", JSON_TYPE},
    {VERB_GET,
     "/api/v1/dashboards/{domain}/{dashboard}",
     route_dashboard,
     0,
     "dashboard",
     "A dashboard with what each panel asks",
     {{0}},
     NULL,
     "dashboard",
     JSON_TYPE},
    {VERB_POST,
     "/api/v1/edits",
     route_edits,
     0,
     "edits",
     "A change of the mesh's files: shown as a patch, or applied",
     {{0}},
     "edit_request",
     "edit",
     JSON_TYPE},
    {VERB_POST,
     "/api/v1/drafts",
     route_drafts,
     0,
     "drafts",
     "A new product, source, domain, dashboard, term or goal from answers: its files shown, or written",
     {{0}},
     "draft_request",
     "draft",
     JSON_TYPE},
    {VERB_POST, "/api/v1/uploads", route_upload_begin, 0, "upload_begin", "Begins an own file, which is sent in pieces", {{0}}, "upload_request", "upload", JSON_TYPE},
    {VERB_PUT,
     "/api/v1/uploads/{id}/{offset}",
     route_upload_piece,
     0,
     "upload_piece",
     "One piece of a file, at the place of its first byte; may be sent again",
     {{0}},
     "bytes",
     "upload_received",
     JSON_TYPE},
    {VERB_POST,
     "/api/v1/uploads/{id}/look",
     route_upload_look,
     0,
     "upload_look",
     "What the file holds; personal values hidden",
     {{0}},
     "upload_look_request",
     "upload_found",
     JSON_TYPE},
    {VERB_POST,
     "/api/v1/uploads/{id}/add",
     route_upload_add,
     0,
     "upload_add",
     "Makes the file a source with contract and product, or the new file of such a source",
     {{0}},
     "upload_add_request",
     "upload_added",
     JSON_TYPE},
    {VERB_GET, "/api/v1/packs", route_packs, 0, "packs", "Packs that can be added", {{0}}, NULL, "packs", JSON_TYPE},
    {VERB_POST,
     "/api/v1/requests/{request}/answer",
     route_request_answer,
     0,
     "request_answer",
     "Answers a request",
     {{0}},
     "request_answer",
     "request",
     JSON_TYPE},
};
const size_t routes_count = sizeof routes_table / sizeof *routes_table;

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

/* NULL: no such address (`e` says so) or not with this method. HEAD is answered as GET without a body. */
static const struct route *find(const struct http_request *q, struct str *args, struct err *e)
{
    enum http_verb verb = q->verb == VERB_HEAD ? VERB_GET : q->verb;
    bool known = false;
    for (size_t i = 0; i < routes_count; i++) {
        if (!match(routes_table[i].pattern, q->path, args))
            continue;
        known = true;
        if (routes_table[i].verb == verb)
            return &routes_table[i];
    }
    if (!known && verb == VERB_GET && !str_starts(q->path, STR("/api/")))
        return &page_route;
    if (known) {
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
    return session_check_origin(app->session, q, e) && ((rt->flags & ROUTE_OPEN) || session_check_token(app->session, q, e));
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
    arena_init(&a);
    if (!(rt->flags & ROUTE_OPEN) && !check_query(rt, q, &a, &e)) {
        http_reply_error(r, &e);
        arena_fini(&a);
        return;
    }
    struct call c = {.app = app, .req = q, .reply = r, .a = &a};
    memcpy(c.args, args, sizeof c.args);
    if (!(rt->flags & ROUTE_MEMORY)) {
        m = app_mesh_get(app, false);
        c.mesh = app_mesh_of(m);
        c.known = app_mesh_known(m);
    }
    if (!rt->handle(&c, &e)) {
        if (!r->begun)
            http_reply_error(r, &e);
        else
            log_err(LOG_WARN, "serve", "answer_broken", &e);
    }
    known_states_put(c.states);
    app_mesh_put(m);
    arena_fini(&a);
}

void routes_answer(struct app *app, const struct http_request *q, struct http_reply *r)
{
    struct str args[ROUTE_ARGS] = {{0}};
    struct err e = {0};
    const struct route *rt = find(q, args, &e);
    if (!rt || !let_in(app, rt, q, &e))
        http_reply_error(r, &e);
    else
        answer(app, q, r, rt, args);
}

bool routes_answer_fast(struct app *app, const struct http_request *q, struct http_reply *r)
{
    struct str args[ROUTE_ARGS] = {{0}};
    struct err e = {0};
    const struct route *rt = find(q, args, &e);
    if (rt && !(rt->flags & ROUTE_MEMORY) && let_in(app, rt, q, &e))
        return false;
    if (!rt || e.code != E_OK || !let_in(app, rt, q, &e))
        http_reply_error(r, &e);
    else
        answer(app, q, r, rt, args);
    return true;
}

void routes_call(struct app *app, enum http_verb verb, const char *target, struct str body, struct http_memory *m)
{
    struct http_reply r;
    struct arena a;
    static const struct http_header json = {{"content-type", 12}, {"application/json", 16}};
    arena_init(&a);
    struct http_request q = {
        .verb = verb, .target = str_of(target), .body = body, .trusted = true, .headers = &json, .n_headers = 1};
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
