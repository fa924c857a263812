/* Demand: people ask for a product or access, or say something of a field; whoever owns it answers. */
#include "serve/put.h"
#include "serve/routes.h"

#include "base/clock.h"
#include "base/json.h"
#include "govern/audit.h"
#include "govern/policy.h"

enum { TITLE_MAX = 200, BODY_MAX = 4000, NAME_MAX_BYTES = 200, SHOWN = 200, SHOWN_MAX = 5000 };

static const struct str kinds[] = {{"product", 7}, {"access", 6}, {"feedback", 8}, {"question", 8}};
static const struct str states[] = {{"open", 4}, {"answered", 8}, {"declined", 8}, {"done", 4}};
#define COUNT(v) (sizeof(v) / sizeof *(v))

static bool one_of(const char *what, struct str word, const struct str *known, size_t n, struct err *e)
{
    struct buf b = BUF_INIT((size_t)200);
    for (size_t i = 0; i < n; i++)
        if (str_eq(word, known[i]))
            return true;
    for (size_t i = 0; i < n; i++)
        buf_printf(&b, "%s%.*s", i ? ", " : "", STR_FMT(known[i]));
    err_set(e, E_USAGE, "%s is one of %s", what, buf_z(&b));
    buf_fini(&b);
    int near = str_nearest(word, known, n);
    if (near >= 0)
        err_hint(e, "did you mean %.*s?", STR_FMT(known[near]));
    return false;
}

void shape_request(struct buf *b, const struct store_request *r)
{
    put_open(b, NULL, '{');
    put_int(b, "id", r->id);
    put_str(b, "kind", r->kind);
    put_str(b, "ref", r->ref);
    put_str(b, "field", r->field);
    put_str(b, "domain", r->domain);
    put_str(b, "title", r->title);
    put_str(b, "body", r->body);
    put_str(b, "asker", r->asker);
    put_str(b, "state", r->state);
    put_time(b, "asked_at", r->asked_at_us);
    put_int(b, "age_s", (clock_now_us() - r->asked_at_us) / 1000000);
    put_opt(b, "answer", r->answer);
    put_opt(b, "answered_by", r->answered_by);
    put_time(b, "answered_at", r->answered_at_us);
    put_close(b, '}');
}

/* Their own, those that they may answer, and those about what they see. */
bool call_sees_request(const struct call *c, const struct store_request *r)
{
    const struct mesh_domain *d = r->domain.n ? mesh_find_domain(c->whole, r->domain) : NULL;
    if (call_whole(c) || str_eq(r->asker, c->who.name) || policy_may(c->whole, &c->who, RIGHT_APPROVE, d))
        return true;
    return (r->ref.n || d) && (!r->ref.n || call_sees(c, r->ref)) && (!d || mesh_find_domain(c->mesh, d->name));
}

bool route_requests(struct call *c, struct err *e)
{
    struct store_request_ask ask = {0};
    struct store_request *v;
    size_t n;
    int64_t limit;
    http_query_param(c->req, c->a, "domain", &ask.domain);
    http_query_param(c->req, c->a, "state", &ask.state);
    http_query_param(c->req, c->a, "ref", &ask.ref);
    if ((ask.state.n && !one_of("state", ask.state, states, COUNT(states), e)) ||
        !call_int(c, "limit", SHOWN, 1, SHOWN_MAX, &limit, e))
        return false;
    ask.limit = (size_t)limit;
    if (!store_requests(c->app->state->store, c->a, &ask, &v, &n, e))
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_open(&b, "requests", '[');
    for (size_t i = 0; i < n; i++)
        if (call_sees_request(c, &v[i]))
            shape_request(&b, &v[i]);
    put_close(&b, ']');
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}

/* ---- reading what is asked ---- */
struct member {
    const char *name;
    size_t max_bytes;
    bool required;
    struct str *into;
};

/* Texts with their limits; an unknown member is an error, so that a misspelt one is not lost. */
static bool read_members(yyjson_val *root, const struct member *v, size_t n, struct arena *a, struct err *e)
{
    size_t i, max;
    yyjson_val *key, *val;
    struct str *names = arena_array(a, n + 1, sizeof *names);
    for (size_t k = 0; k < n; k++)
        names[k] = str_of(v[k].name);
    if (!yyjson_is_obj(root))
        return err_set(e, E_USAGE, "the body must be a JSON object");
    yyjson_obj_foreach(root, i, max, key, val)
    {
        struct str name = {yyjson_get_str(key), yyjson_get_len(key)};
        size_t k = 0;
        while (k < n && !str_eq(names[k], name))
            k++;
        if (k == n) {
            int near = str_nearest(name, names, n);
            err_set(e, E_USAGE, "unknown member %.*s", name.n < 60 ? (int)name.n : 60, name.p);
            if (near >= 0)
                err_hint(e, "did you mean %s?", v[near].name);
            return false;
        }
        if (yyjson_is_null(val))
            continue;
        if (!yyjson_is_str(val))
            return err_set(e, E_USAGE, "member %s must be a text", v[k].name);
        struct str text = str_trim((struct str){yyjson_get_str(val), yyjson_get_len(val)});
        if (text.n > v[k].max_bytes)
            return err_set(e, E_TOO_LARGE, "%s is longer than %zu bytes", v[k].name, v[k].max_bytes);
        if (memchr(text.p, '\0', text.n))
            return err_set(e, E_USAGE, "%s holds a zero byte", v[k].name);
        *v[k].into = arena_str(a, text);
    }
    for (size_t k = 0; k < n; k++)
        if (v[k].required && !v[k].into->n)
            return err_set(e, E_USAGE, "%s is missing or empty", v[k].name);
    return true;
}

/* What a ref names: a port, a product, a source, a term, a goal or a dashboard ("domain.name"), or a domain. Gives its domain. */
static bool find_ref(const struct mesh *m, struct str ref, const struct mesh_port **port, struct str *domain)
{
    struct str name, head = str_cut(ref, '.', &name);
    const struct mesh_domain *d = mesh_find_domain(m, head);
    *port = mesh_find_port(m, ref);
    *domain = d ? d->name : STR("");
    if (*port || (d && !name.p) || mesh_find_stream(m, ref))
        return true;
    if (d && mesh_find_product(m, head, name))
        return true;
    for (size_t i = 0; d && i < d->n_sources; i++)
        if (str_eq(d->sources[i]->name, name))
            return true;
    for (size_t i = 0; d && i < d->n_dashboards; i++)
        if (str_eq(d->dashboards[i]->name, name))
            return true;
    for (size_t i = 0; i < m->n_terms; i++)
        if (m->terms[i].domain == d && str_eq(m->terms[i].name, d ? name : ref))
            return true;
    for (size_t i = 0; i < m->n_goals; i++)
        if (m->goals[i].domain == d && str_eq(m->goals[i].name, d ? name : ref))
            return true;
    return false;
}

static bool unknown_ref(struct call *c, struct str ref, struct err *e)
{
    const struct mesh *m = c->mesh;
    struct str *known = arena_array(c->a, m->n_ports + m->n_products + m->n_domains + 1, sizeof *known);
    size_t n = 0;
    for (size_t i = 0; i < m->n_ports; i++)
        known[n++] = m->ports[i]->is_default ? m->ports[i]->ref : m->ports[i]->ref_major;
    for (size_t i = 0; i < m->n_products; i++)
        known[n++] = arena_printf(c->a, "%.*s.%.*s", STR_FMT(m->products[i]->domain->name), STR_FMT(m->products[i]->name));
    for (size_t i = 0; i < m->n_domains; i++)
        known[n++] = m->domains[i].name;
    return call_missing(e, "port, product or domain", ref, known, n);
}

static bool unknown_field(const struct mesh_port *p, struct str field, struct arena *a, struct err *e)
{
    size_t n = p->contract ? p->contract->n_columns : 0;
    struct str *known = arena_array(a, n + 1, sizeof *known);
    for (size_t i = 0; i < n; i++) {
        known[i] = p->contract->columns[i].name;
        if (str_eq(known[i], field))
            return true;
    }
    return call_missing(e, "column", field, known, n);
}

/* Whom it goes to: the owner of what it is about, else the domain that was named, else those who keep the shared things. */
static bool address(struct call *c, struct store_request *r, struct err *e)
{
    const struct mesh_port *port = NULL;
    struct str of_ref = STR("");
    if (r->ref.n && !find_ref(c->mesh, r->ref, &port, &of_ref))
        return unknown_ref(c, r->ref, e);
    if (r->field.n && !r->ref.n)
        return err_set(e, E_USAGE, "a field needs the ref of its port");
    if (r->field.n && port && !unknown_field(port, r->field, c->a, e))
        return false;
    if (r->domain.n && !mesh_find_domain(c->mesh, r->domain)) {
        struct str *known = arena_array(c->a, c->mesh->n_domains + 1, sizeof *known);
        for (size_t i = 0; i < c->mesh->n_domains; i++)
            known[i] = c->mesh->domains[i].name;
        return call_missing(e, "domain", r->domain, known, c->mesh->n_domains);
    }
    if (of_ref.n)
        r->domain = of_ref;
    if (!r->domain.n && mesh_find_domain(c->mesh, STR("shared")))
        r->domain = STR("shared");
    return true;
}

static void answer_one(struct call *c, const struct store_request *r)
{
    struct buf b = call_buf();
    shape_request(&b, r);
    call_json(c, &b);
}

bool route_request_add(struct call *c, struct err *e)
{
    struct store_request r = {0};
    struct member members[] = {{"kind", NAME_MAX_BYTES, true, &r.kind},    {"title", TITLE_MAX, true, &r.title},
                               {"body", BODY_MAX, false, &r.body},         {"ref", NAME_MAX_BYTES, false, &r.ref},
                               {"field", NAME_MAX_BYTES, false, &r.field}, {"domain", NAME_MAX_BYTES, false, &r.domain},
                               {"asker", NAME_MAX_BYTES, false, &r.asker}};
    yyjson_doc *doc = call_body(c, NULL, e);
    bool good = doc && read_members(yyjson_doc_get_root(doc), members, COUNT(members), c->a, e) &&
                one_of("kind", r.kind, kinds, COUNT(kinds), e) && address(c, &r, e);
    yyjson_doc_free(doc);
    if (!good)
        return false;
    if ((str_eq(r.kind, STR("access")) || str_eq(r.kind, STR("feedback"))) && !r.ref.n)
        return err_set(e, E_USAGE, "a request of kind %.*s needs a ref: what is it about?", STR_FMT(r.kind));
    r.asker = call_by(c, r.asker);
    if (!call_changed(c, arena_printf(c->a, "request asked (%.*s) %.*s", STR_FMT(r.kind), STR_FMT(r.ref)), STR(""), e) ||
        !store_request_add(c->app->state->store, &r, e))
        return false;
    answer_one(c, &r);
    return true;
}

/* The right is needed where the request went; one that they may not see is not there. */
static bool may_answer(struct call *c, int64_t id, struct err *e)
{
    struct store_request *v;
    size_t n;
    if (call_whole(c))
        return true;
    if (!store_requests(c->app->state->store, c->a, &(struct store_request_ask){0}, &v, &n, e))
        return false;
    for (size_t i = 0; i < n; i++)
        if (v[i].id == id && call_sees_request(c, &v[i])) {
            const struct mesh_domain *d = v[i].domain.n ? mesh_find_domain(c->whole, v[i].domain) : NULL;
            return d ? call_may(c, RIGHT_APPROVE, d, e) : policy_may_whole(c->whole, &c->who, RIGHT_APPROVE) || call_may(c, RIGHT_ADMINISTER, NULL, e);
        }
    return err_set(e, E_NOT_FOUND, "there is no request %lld", (long long)id);
}

bool route_request_answer(struct call *c, struct err *e)
{
    struct str state = STR("answered"), answer = STR(""), by = STR("");
    struct member members[] = {{"state", NAME_MAX_BYTES, false, &state},
                               {"answer", BODY_MAX, false, &answer},
                               {"answered_by", NAME_MAX_BYTES, false, &by}};
    int64_t id = 0;
    struct store_request *v;
    size_t n;
    yyjson_doc *doc = call_body(c, NULL, e);
    bool good = doc && read_members(yyjson_doc_get_root(doc), members, COUNT(members), c->a, e) &&
                one_of("state", state, states + 1, COUNT(states) - 1, e);
    yyjson_doc_free(doc);
    if (!good)
        return false;
    if (!str_to_i64(c->args[0], &id) || id <= 0)
        return err_set(e, E_USAGE, "the number of a request is a whole number, not %.*s", STR_FMT(c->args[0]));
    if (!answer.n && !str_eq(state, STR("done")))
        return err_set(e, E_USAGE, "answer is missing or empty: whoever asked should learn why");
    struct store *s = c->app->state->store;
    if (!may_answer(c, id, e))
        return false;
    const struct audit_entry x = {.kind = AUDIT_APPROVAL, .what = arena_printf(c->a, "request %lld: %.*s", (long long)id, STR_FMT(state)), .detail = answer};
    if (!call_audit(c, &x, e) || !store_request_answer(s, id, state, answer, call_by(c, by), e) ||
        !store_requests(s, c->a, &(struct store_request_ask){0}, &v, &n, e))
        return false;
    for (size_t i = 0; i < n; i++)
        if (v[i].id == id) {
            answer_one(c, &v[i]);
            return true;
        }
    return err_set(e, E_NOT_FOUND, "there is no request %lld", (long long)id);
}
