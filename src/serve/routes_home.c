/* Home: the north star, how the mesh does by domain, what changed lately, what waits for somebody. */
#include "serve/put.h"
#include "serve/routes.h"

enum { CHANGES_SHOWN = 50, CHANGES_MAX = 500 };

static void put_health(struct call *c, struct buf *b, const struct domain_facts *f)
{
    const struct mesh *m = c->mesh;
    int64_t counts[4] = {0}, late = 0, set_aside = 0;
    for (size_t i = 0; i < m->n_ports; i++)
        counts[f->status[i].state]++;
    for (size_t i = 0; i < m->n_sources; i++) {
        late += f->lags[i].late_us != 0;
        set_aside += f->lags[i].rows_quarantined;
    }
    put_open(b, "health", '{');
    put_int(b, "ports", (int64_t)m->n_ports);
    put_int(b, "fresh", counts[PORT_FRESH]);
    put_int(b, "stale", counts[PORT_STALE]);
    put_int(b, "failing", counts[PORT_FAILING]);
    put_int(b, "never_built", counts[PORT_NEVER_BUILT]);
    put_int(b, "rows_quarantined", set_aside);
    put_int(b, "sources_late", late);
    put_int(b, "requests_open", (int64_t)f->n_open);
    put_close(b, '}');
}

static bool is_request(const struct change *v)
{
    return str_eq(v->kind, STR("request"));
}

/* Of what they see. Requests are told by their own page. */
static bool is_for(struct call *c, const struct change *v)
{
    return call_whole(c) || (v->ref.n && !is_request(v) && call_sees(c, v->ref));
}

static bool put_changes(struct call *c, struct buf *b, size_t limit, struct err *e)
{
    static const struct str severities[] = {[CHANGE_INFO] = {"info", 4}, [CHANGE_WARN] = {"warn", 4}, [CHANGE_BAD] = {"bad", 3}};
    struct change *v;
    size_t n;
    if (!catalog_changes(c->app->state, c->mesh, limit, c->a, &v, &n, e))
        return false;
    put_open(b, "changes", '[');
    for (size_t i = 0; i < n; i++) {
        if (!is_for(c, &v[i]))
            continue;
        put_open(b, NULL, '{');
        put_time(b, "at", v[i].at_us);
        put_str(b, "kind", v[i].kind);
        put_str(b, "severity", severities[v[i].severity]);
        put_str(b, "title", is_request(&v[i]) ? v[i].title : call_text(c, v[i].title));
        put_opt(b, "ref", v[i].ref);
        put_opt(b, "domain", v[i].domain);
        put_opt(b, "href", v[i].href);
        shape_owner(b, "owner", &v[i].owner, NULL);
        put_close(b, '}');
    }
    put_close(b, ']');
    return true;
}

bool route_home(struct call *c, struct err *e)
{
    const struct mesh *m = c->mesh;
    struct domain_facts f;
    int64_t limit;
    if (!call_int(c, "changes", CHANGES_SHOWN, 1, CHANGES_MAX, &limit, e) || !domain_facts_get(c, &f, e))
        return false;
    struct buf b = call_buf();
    bool ok = true;
    put_open(&b, NULL, '{');
    if (m->north_star)
        ok = shape_goal(c, &b, "north_star", m->north_star, e);
    else
        put_null(&b, "north_star");
    put_health(c, &b, &f);
    put_open(&b, "domains", '[');
    for (size_t i = 0; i < m->n_domains; i++) {
        put_open(&b, NULL, '{');
        shape_domain_counts(&b, m, &f, &m->domains[i]);
        put_close(&b, '}');
    }
    put_close(&b, ']');
    ok = ok && put_changes(c, &b, (size_t)limit, e);
    put_open(&b, "pitfalls", '[');
    for (size_t i = 0; i < m->n_domains; i++)
        shape_pitfalls(&b, &f.ready[i]);
    put_close(&b, ']');
    put_close(&b, '}');
    if (ok)
        call_json(c, &b);
    else
        buf_fini(&b);
    return ok;
}
