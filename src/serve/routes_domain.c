/* Domains: who they are, what they own, what they still lack. */
#include "serve/put.h"
#include "serve/routes.h"

#include "base/clock.h"
#include "store/store_audit.h"

enum { REQUESTS_SHOWN = 100, USES_DAYS = 30 };

/* What domain pages count, gathered once for all domains. */
bool domain_facts_get(struct call *c, struct domain_facts *f, struct err *e)
{
    struct store_use *uses;
    size_t n_uses;
    int64_t since = clock_now_us() - (int64_t)USES_DAYS * 86400 * 1000000;
    *f = (struct domain_facts){.uses = arena_array(c->a, c->mesh->n_ports + 1, sizeof *f->uses)};
    if ((f->status = call_states(c, e)) == NULL || !catalog_lags(c->app->state, c->mesh, c->a, &f->lags, e) ||
        !catalog_readiness(c->app->state, c->mesh, f->status, c->a, &f->ready, e) ||
        !catalog_clashes(c->mesh, c->a, &f->clashes, &f->n_clashes, e) ||
        !store_requests(c->app->state->store, c->a, &(struct store_request_ask){.state = STR("open")}, &f->open, &f->n_open, e) ||
        !store_uses(c->app->state->audit, c->a, since, &uses, &n_uses, e))
        return false;
    size_t seen = 0;
    for (size_t i = 0; i < f->n_open; i++)
        if (call_sees_request(c, &f->open[i]))
            f->open[seen++] = f->open[i];
    f->n_open = seen;
    for (size_t i = 0; i < n_uses; i++) {
        const struct mesh_port *p = mesh_find_port(c->mesh, uses[i].ref);
        if (p)
            f->uses[p->index] += uses[i].questions;
    }
    return true;
}

void shape_domain_counts(struct buf *b, const struct mesh *m, const struct domain_facts *f, const struct mesh_domain *d)
{
    int64_t counts[4] = {0}, ports = 0, late = 0, set_aside = 0, open = 0;
    const struct readiness *ready = &f->ready[d - m->domains];
    for (size_t i = 0; i < d->n_products; i++)
        for (size_t k = 0; k < d->products[i]->n_ports; k++, ports++)
            counts[f->status[d->products[i]->ports[k]->index].state]++;
    for (size_t i = 0; i < m->n_sources; i++)
        if (m->sources[i]->domain == d) {
            late += f->lags[i].late_us != 0;
            set_aside += f->lags[i].rows_quarantined;
        }
    for (size_t i = 0; i < f->n_open; i++)
        open += str_eq(f->open[i].domain, d->name);
    put_str(b, "name", d->name);
    put_str(b, "title", d->title.n ? d->title : d->name);
    put_str(b, "description", d->description);
    shape_owner(b, "owner", &d->owner, NULL);
    put_int(b, "products", (int64_t)d->n_products);
    put_int(b, "ports", ports);
    put_int(b, "fresh", counts[PORT_FRESH]);
    put_int(b, "stale", counts[PORT_STALE]);
    put_int(b, "failing", counts[PORT_FAILING]);
    put_int(b, "never_built", counts[PORT_NEVER_BUILT]);
    put_int(b, "rows_quarantined", set_aside);
    put_int(b, "sources_late", late);
    put_int(b, "requests_open", open);
    put_int(b, "ready_done", (int64_t)ready->n_done);
    put_int(b, "ready_all", (int64_t)ready->n_asked);
}

bool route_domains(struct call *c, struct err *e)
{
    struct domain_facts f;
    if (!domain_facts_get(c, &f, e))
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_open(&b, "domains", '[');
    for (size_t i = 0; i < c->mesh->n_domains; i++) {
        put_open(&b, NULL, '{');
        shape_domain_counts(&b, c->mesh, &f, &c->mesh->domains[i]);
        put_close(&b, '}');
    }
    put_close(&b, ']');
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}

/* ---- readiness ---- */
static void put_pitfall(struct buf *b, const struct ready_pitfall *p, const struct mesh_domain *d)
{
    put_open(b, NULL, '{');
    put_str(b, "id", p->id);
    put_str(b, "title", p->title);
    put_str(b, "text", p->text);
    put_str(b, "domain", d->name);
    shape_owner(b, "owner", &p->owner, NULL);
    put_close(b, '}');
}

void shape_pitfalls(struct buf *b, const struct readiness *r)
{
    for (size_t i = 0; i < r->n_pitfalls; i++)
        put_pitfall(b, &r->pitfalls[i], r->domain);
}

static void put_readiness(struct buf *b, const char *key, const struct readiness *r)
{
    put_open(b, key, '{');
    put_str(b, "domain", r->domain->name);
    put_int(b, "done", (int64_t)r->n_done);
    put_int(b, "all", (int64_t)r->n_asked);
    put_open(b, "steps", '[');
    for (size_t i = 0; i < r->n_steps; i++) {
        const struct ready_step *s = &r->steps[i];
        put_open(b, NULL, '{');
        put_str(b, "id", s->id);
        put_str(b, "phase", s->phase);
        put_str(b, "title", s->title);
        put_bool(b, "done", s->done);
        put_bool(b, "optional", s->optional);
        put_opt(b, "missing", s->missing);
        put_opt(b, "command", s->command);
        put_opt(b, "href", s->href);
        put_close(b, '}');
    }
    put_close(b, ']');
    put_open(b, "pitfalls", '[');
    shape_pitfalls(b, r);
    put_close(b, ']');
    put_close(b, '}');
}

bool route_readiness(struct call *c, struct err *e)
{
    const struct build_port_status *st = call_states(c, e);
    struct readiness *v;
    if (!st || !catalog_readiness(c->app->state, c->mesh, st, c->a, &v, e))
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_open(&b, "domains", '[');
    for (size_t i = 0; i < c->mesh->n_domains; i++)
        put_readiness(&b, NULL, &v[i]);
    put_close(&b, ']');
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}

/* ---- one domain, whole ---- */
static void put_people(struct buf *b, const struct mesh_domain *d)
{
    put_open(b, "roles", '[');
    for (size_t i = 0; i < d->n_roles; i++) {
        put_open(b, NULL, '{');
        put_str(b, "role", d->roles[i].role);
        put_str(b, "name", d->roles[i].name);
        put_str(b, "contact", d->roles[i].contact);
        put_close(b, '}');
    }
    put_close(b, ']');
    put_open(b, "raci", '[');
    for (size_t i = 0; i < d->n_raci; i++) {
        const struct mesh_raci *r = &d->raci[i];
        put_open(b, NULL, '{');
        put_str(b, "product", r->product);
        put_texts(b, "responsible", r->responsible, r->n_responsible);
        put_texts(b, "accountable", r->accountable, r->n_accountable);
        put_texts(b, "consulted", r->consulted, r->n_consulted);
        put_texts(b, "informed", r->informed, r->n_informed);
        put_close(b, '}');
    }
    put_close(b, ']');
}

static void put_things(struct call *c, struct buf *b, const struct domain_facts *f, const struct source_health *health,
                       const struct mesh_domain *d)
{
    const struct mesh *m = c->mesh;
    put_open(b, "products", '[');
    for (size_t i = 0; i < d->n_products; i++) {
        int64_t uses = 0;
        for (size_t k = 0; k < d->products[i]->n_ports; k++)
            uses += f->uses[d->products[i]->ports[k]->index];
        shape_catalog_item(b, d->products[i], f->status, uses);
    }
    put_close(b, ']');
    put_open(b, "sources", '[');
    for (size_t i = 0; i < m->n_sources; i++)
        if (m->sources[i]->domain == d) {
            put_open(b, NULL, '{');
            shape_source_health(b, &health[i]);
            put_close(b, '}');
        }
    put_close(b, ']');
    put_open(b, "dashboards", '[');
    for (size_t i = 0; i < d->n_dashboards; i++) {
        put_open(b, NULL, '{');
        put_str(b, "name", d->dashboards[i]->name);
        put_str(b, "title", d->dashboards[i]->title.n ? d->dashboards[i]->title : d->dashboards[i]->name);
        put_close(b, '}');
    }
    put_close(b, ']');
    put_open(b, "terms", '[');
    for (size_t i = 0; i < m->n_terms; i++)
        if (m->terms[i].domain == d)
            shape_term(b, &m->terms[i], f->clashes, f->n_clashes, c->a);
    put_close(b, ']');
}

static bool put_requests(struct call *c, struct buf *b, const struct mesh_domain *d, struct err *e)
{
    struct store_request *v;
    size_t n;
    struct store_request_ask ask = {.domain = d->name, .limit = REQUESTS_SHOWN};
    if (!store_requests(c->app->state->store, c->a, &ask, &v, &n, e))
        return false;
    put_open(b, "requests", '[');
    for (size_t i = 0; i < n; i++)
        if (call_sees_request(c, &v[i]))
            shape_request(b, &v[i]);
    put_close(b, ']');
    return true;
}

bool route_domain(struct call *c, struct err *e)
{
    const struct mesh *m = c->mesh;
    const struct mesh_domain *d = mesh_find_domain(m, c->args[0]);
    struct domain_facts f;
    struct source_health *health;
    if (!d) {
        struct str *known = arena_array(c->a, m->n_domains + 1, sizeof *known);
        for (size_t i = 0; i < m->n_domains; i++)
            known[i] = m->domains[i].name;
        return call_missing(e, "domain", c->args[0], known, m->n_domains);
    }
    if (!domain_facts_get(c, &f, e) || !catalog_sources(c->app->state, m, c->a, &health, e))
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_str(&b, "name", d->name);
    put_str(&b, "title", d->title.n ? d->title : d->name);
    put_str(&b, "description", d->description);
    shape_owner(&b, "owner", &d->owner, NULL);
    put_open(&b, "support", '{');
    put_str(&b, "channel", d->support.channel);
    put_opt(&b, "url", d->support.url);
    put_opt(&b, "tool", d->support.tool);
    put_close(&b, '}');
    put_str(&b, "profile", d->light ? STR("light") : STR("full"));
    put_texts(&b, "kpis", d->kpis, d->n_kpis);
    put_opt(&b, "north_star", d->north_star);
    put_people(&b, d);
    put_things(c, &b, &f, health, d);
    bool ok = shape_goals(c, &b, d, e) && put_requests(c, &b, d, e);
    put_readiness(&b, "readiness", &f.ready[d - m->domains]);
    put_close(&b, '}');
    if (ok)
        call_json(c, &b);
    else
        buf_fini(&b);
    return ok;
}
