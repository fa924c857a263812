/* A declaration as somebody may see it: products, ports, sources and streams first, then all that points at them, pointed anew.
 */
#include "mesh/seen.h"

#include "mesh/seen_int.h"

static const struct mesh_port *port_of(const struct seeing *s, const struct mesh_port *p)
{
    return p ? s->ports[p->index] : NULL;
}

struct mesh_domain *seen_domain(const struct seeing *s, const struct mesh_domain *d)
{
    return d ? mesh_find_domain(s->m, d->name) : NULL;
}

static struct mesh_product *product_of(const struct seeing *s, const struct mesh_product *p)
{
    return mesh_find_product(s->m, p->domain->name, p->name);
}

/* ---- domains: which are there at all ---- */
static bool any_port(const struct seeing *s, const struct mesh_product *p)
{
    for (size_t i = 0; i < p->n_ports; i++)
        if (s->sight->port(s->sight->ctx, p->ports[i]))
            return true;
    return false;
}

static bool any_stream(const struct seeing *s, const struct mesh_source *src)
{
    for (size_t i = 0; i < src->n_streams; i++)
        if (s->sight->stream(s->sight->ctx, &src->streams[i]))
            return true;
    return false;
}

static bool source_seen(const struct seeing *s, const struct mesh_source *src)
{
    return s->sight->domain(s->sight->ctx, src->domain) || any_stream(s, src);
}

/* A panel exists for those who see everything that it is made of; one of journeys is made of ports that the gate decides about when it is asked. */
static bool panel_seen(const struct seeing *s, const struct mesh_panel *p)
{
    bool all = p->kind == PANEL_PORT ? p->port && s->sight->port(s->sight->ctx, p->port) : p->kind != PANEL_METRICS || p->n_metrics > 0;
    all = all && (p->kind != PANEL_SQL || p->n_reads > 0);
    for (size_t i = 0; i < p->n_metrics; i++)
        all = all && seen_metric(s, p->metrics[i]);
    for (size_t i = 0; i < p->n_reads; i++)
        all = all && s->sight->port(s->sight->ctx, p->reads[i]);
    return all;
}

/* Panels of journeys alone make nobody see a dashboard: it is seen by who sees its domain. */
static bool dashboard_seen(const struct seeing *s, const struct mesh_dashboard *d)
{
    bool own = s->sight->domain(s->sight->ctx, d->domain), any = d->n_panels == 0 && own;
    for (size_t i = 0; i < d->n_panels && !any; i++) {
        bool named = d->panels[i].kind == PANEL_PORT || d->panels[i].kind == PANEL_METRICS || d->panels[i].kind == PANEL_SQL;
        any = (named || own) && panel_seen(s, &d->panels[i]);
    }
    return any;
}

static bool domain_seen(const struct seeing *s, const struct mesh_domain *d)
{
    if (s->sight->domain(s->sight->ctx, d))
        return true;
    for (size_t i = 0; i < d->n_products; i++)
        if (any_port(s, d->products[i]))
            return true;
    for (size_t i = 0; i < d->n_sources; i++)
        if (any_stream(s, d->sources[i]))
            return true;
    for (size_t i = 0; i < d->n_dashboards; i++)
        if (dashboard_seen(s, d->dashboards[i]))
            return true;
    return seen_measured(s, d);
}

static void take_domains(struct seeing *s)
{
    s->m->domains = arena_array(s->a, s->from->n_domains + 1, sizeof *s->m->domains);
    s->m->n_domains = 0;
    for (size_t i = 0; i < s->from->n_domains; i++) {
        const struct mesh_domain *d = &s->from->domains[i];
        if (!domain_seen(s, d))
            continue;
        struct mesh_domain *to = &s->m->domains[s->m->n_domains++];
        *to = *d;
        to->products = arena_array(s->a, d->n_products + 1, sizeof *to->products);
        to->sources = arena_array(s->a, d->n_sources + 1, sizeof *to->sources);
        to->dashboards = arena_array(s->a, d->n_dashboards + 1, sizeof *to->dashboards);
        to->models = arena_array(s->a, d->n_models + 1, sizeof *to->models);
        to->metrics = arena_array(s->a, d->n_metrics + 1, sizeof *to->metrics);
        to->n_products = to->n_sources = to->n_dashboards = to->n_models = to->n_metrics = 0;
    }
}

/* ---- sources and streams ---- */
static void take_events(struct seeing *s, struct mesh_source *src)
{
    struct mesh_events *ev = arena_alloc(s->a, sizeof *ev);
    *ev = *src->events;
    ev->planned = arena_array(s->a, ev->n_planned + 1, sizeof *ev->planned);
    for (size_t i = 0; i < ev->n_planned; i++) {
        ev->planned[i] = src->events->planned[i];
        ev->planned[i].source = src;
    }
    src->events = ev;
}

static void take_sources(struct seeing *s)
{
    struct mesh *m = s->m;
    m->sources = arena_array(s->a, s->from->n_sources + 1, sizeof(struct mesh_source *));
    m->streams = arena_array(s->a, s->from->n_streams + 1, sizeof(struct mesh_stream *));
    m->n_sources = m->n_streams = 0;
    for (size_t i = 0; i < s->from->n_sources; i++) {
        const struct mesh_source *src = s->from->sources[i];
        if (!source_seen(s, src))
            continue;
        struct mesh_source *to = arena_alloc(s->a, sizeof *to);
        *to = *src;
        to->domain = seen_domain(s, src->domain);
        to->streams = arena_array(s->a, src->n_streams + 1, sizeof *to->streams);
        to->n_streams = 0;
        for (size_t k = 0; k < src->n_streams; k++)
            if (s->sight->stream(s->sight->ctx, &src->streams[k])) {
                struct mesh_stream *st = &to->streams[to->n_streams++];
                *st = src->streams[k];
                st->source = to;
                (void)table_put(&s->w->streams, s->a, st->ref, st);
            }
        if (to->events)
            take_events(s, to);
        m->sources[m->n_sources++] = to;
        to->domain->sources[to->domain->n_sources++] = to;
    }
    for (size_t i = 0; i < s->from->n_streams; i++) { /* sorted as in the whole */
        struct mesh_stream *st = table_get(&s->w->streams, s->from->streams[i]->ref);
        if (st)
            m->streams[m->n_streams++] = st;
    }
}

/* ---- products, ports, edges ---- */
static void take_products(struct seeing *s)
{
    s->m->products = arena_array(s->a, s->from->n_products + 1, sizeof(struct mesh_product *));
    s->m->n_products = 0;
    for (size_t i = 0; i < s->from->n_products; i++) {
        const struct mesh_product *p = s->from->products[i];
        if (!any_port(s, p))
            continue;
        struct mesh_product *to = arena_alloc(s->a, sizeof *to);
        *to = *p;
        to->domain = seen_domain(s, p->domain);
        to->ports = arena_array(s->a, p->n_ports + 1, sizeof(struct mesh_port *));
        to->n_ports = 0;
        for (size_t k = 0; k < p->n_ports; k++)
            if (s->sight->port(s->sight->ctx, p->ports[k])) {
                struct mesh_port *port = arena_alloc(s->a, sizeof *port);
                *port = *p->ports[k];
                port->product = to;
                port->partial = s->sight->partial(s->sight->ctx, p->ports[k]);
                s->ports[p->ports[k]->index] = port;
                to->ports[to->n_ports++] = port;
                (void)table_put(&s->w->ports, s->a, port->ref_major, port);
                if (port->is_default)
                    (void)table_put(&s->w->ports, s->a, port->ref, port);
            }
        s->m->products[s->m->n_products++] = to;
        to->domain->products[to->domain->n_products++] = to;
    }
}

static void point_inputs(struct seeing *s, struct mesh_port *p)
{
    const struct mesh_input *from = p->inputs;
    size_t n = p->n_inputs;
    p->inputs = arena_array(s->a, n + 1, sizeof *p->inputs);
    p->n_inputs = 0;
    for (size_t i = 0; i < n; i++) {
        struct mesh_input in = from[i];
        in.port = from[i].port ? s->ports[from[i].port->index] : NULL;
        in.stream = from[i].stream ? table_get(&s->w->streams, from[i].stream->ref) : NULL;
        if (in.port || in.stream)
            p->inputs[p->n_inputs++] = in;
        else
            p->veiled = true;
    }
    if (p->veiled)
        p->sql = (struct str){"", 0}; /* it names them */
}

static void take_ports(struct seeing *s)
{
    s->m->ports = arena_array(s->a, s->from->n_ports + 1, sizeof(struct mesh_port *));
    s->m->n_ports = 0;
    for (size_t i = 0; i < s->from->n_ports; i++)
        if (s->ports[i]) {
            s->ports[i]->index = s->m->n_ports;
            s->m->ports[s->m->n_ports++] = s->ports[i];
        }
    for (size_t i = 0; i < s->m->n_ports; i++)
        point_inputs(s, s->m->ports[i]);
}

/* ---- what speaks of them ---- */
static void take_raci(struct seeing *s, struct mesh_domain *d)
{
    const struct mesh_raci *from = d->raci;
    size_t n = d->n_raci;
    d->raci = arena_array(s->a, n + 1, sizeof *d->raci);
    d->n_raci = 0;
    for (size_t i = 0; i < n; i++)
        if (!from[i].product.n || mesh_find_product(s->m, d->name, from[i].product))
            d->raci[d->n_raci++] = from[i];
}

static void take_panel(struct seeing *s, const struct mesh_panel *p, struct mesh_panel *to)
{
    *to = *p;
    to->port = p->port ? s->ports[p->port->index] : NULL;
    to->metrics = arena_array(s->a, p->n_metrics + 1, sizeof *to->metrics);
    for (size_t i = 0; i < p->n_metrics; i++)
        to->metrics[i] = seen_metric_of(s, p->metrics[i]);
    to->reads = arena_array(s->a, p->n_reads + 1, sizeof *to->reads);
    for (size_t i = 0; i < p->n_reads; i++)
        to->reads[i] = s->ports[p->reads[i]->index];
}

static void take_dashboards(struct seeing *s)
{
    struct mesh *m = s->m;
    m->dashboards = arena_array(s->a, s->from->n_dashboards + 1, sizeof(struct mesh_dashboard *));
    m->n_dashboards = 0;
    for (size_t i = 0; i < s->from->n_dashboards; i++) {
        const struct mesh_dashboard *d = s->from->dashboards[i];
        if (!dashboard_seen(s, d))
            continue;
        struct mesh_dashboard *to = arena_alloc(s->a, sizeof *to);
        *to = *d;
        to->domain = seen_domain(s, d->domain);
        to->panels = arena_array(s->a, d->n_panels + 1, sizeof *to->panels);
        to->n_panels = 0;
        for (size_t k = 0; k < d->n_panels; k++)
            if (panel_seen(s, &d->panels[k]))
                take_panel(s, &d->panels[k], &to->panels[to->n_panels++]);
        m->dashboards[m->n_dashboards++] = to;
        to->domain->dashboards[to->domain->n_dashboards++] = to;
    }
}

static void take_goals(struct seeing *s)
{
    struct mesh *m = s->m;
    m->goals = arena_array(s->a, s->from->n_goals + 1, sizeof *m->goals);
    m->n_goals = 0;
    m->north_star = NULL;
    for (size_t i = 0; i < s->from->n_goals; i++) {
        const struct mesh_goal *g = &s->from->goals[i];
        const struct mesh_metric *metric = g->number.metric ? seen_metric_of(s, g->number.metric) : NULL;
        if ((!metric && !port_of(s, g->number.port)) || (g->domain && !seen_domain(s, g->domain)))
            continue;
        struct mesh_goal *to = &m->goals[m->n_goals++];
        *to = *g;
        to->domain = seen_domain(s, g->domain);
        to->number.port = g->number.port ? s->ports[g->number.port->index] : NULL;
        to->number.metric = metric;
        to->products = arena_array(s->a, g->n_products + 1, sizeof(struct mesh_product *));
        to->n_products = 0;
        for (size_t k = 0; k < g->n_products; k++) {
            struct mesh_product *p = product_of(s, g->products[k]);
            if (p)
                to->products[to->n_products++] = p;
        }
        if (g == s->from->north_star)
            m->north_star = to;
    }
}

/* A term that is tied to columns of which none is seen is a word of those who see them. */
static void take_terms(struct seeing *s)
{
    struct mesh *m = s->m;
    m->terms = arena_array(s->a, s->from->n_terms + 1, sizeof *m->terms);
    m->n_terms = 0;
    for (size_t i = 0; i < s->from->n_terms; i++) {
        const struct mesh_term *t = &s->from->terms[i];
        if (t->domain && !seen_domain(s, t->domain))
            continue;
        struct mesh_term_column *columns = arena_array(s->a, t->n_columns + 1, sizeof *columns);
        size_t n = 0;
        for (size_t k = 0; k < t->n_columns; k++)
            if (port_of(s, t->columns[k].port)) {
                columns[n] = t->columns[k];
                columns[n++].port = s->ports[t->columns[k].port->index];
            }
        if (t->n_columns && !n)
            continue;
        struct mesh_term *to = &m->terms[m->n_terms++];
        *to = *t;
        to->domain = seen_domain(s, t->domain);
        to->columns = columns;
        to->n_columns = n;
    }
}

static bool port_named(const struct seeing *s, const char *name)
{
    for (size_t i = 0; i < s->m->n_ports; i++)
        if (str_eq(s->m->ports[i]->name, str_of(name)))
            return true;
    return false;
}

/* Rules of names are asked of the shared port of their subject, targets are compared with campaign_daily. */
static void take_naming_and_targets(struct seeing *s)
{
    struct mesh *m = s->m;
    bool campaign = port_named(s, "campaign"), ad = port_named(s, "ad");
    m->naming = arena_array(s->a, s->from->n_naming + 1, sizeof *m->naming);
    m->n_naming = 0;
    for (size_t i = 0; i < s->from->n_naming; i++)
        if (str_eq(s->from->naming[i].subject, STR("campaign_name")) ? campaign : ad)
            m->naming[m->n_naming++] = s->from->naming[i];
    if (!port_named(s, "campaign_daily"))
        m->n_targets = 0;
}

/* Rules of domains that are not there are not there; the others point at the domains of this declaration. */
#define TAKE_RULES(s, list, n)                                                             \
    do {                                                                                   \
        __typeof__((s)->m->policy.list) from_ = (s)->from->policy.list;                    \
        size_t n_ = 0;                                                                     \
        (s)->m->policy.list = arena_array((s)->a, (s)->from->policy.n + 1, sizeof *from_); \
        for (size_t i_ = 0; i_ < (s)->from->policy.n; i_++)                                \
            if (!from_[i_].domain || seen_domain((s), from_[i_].domain)) {                   \
                (s)->m->policy.list[n_] = from_[i_];                                       \
                (s)->m->policy.list[n_++].domain = seen_domain((s), from_[i_].domain);       \
            }                                                                              \
        (s)->m->policy.n = n_;                                                             \
    } while (0)

static void take_policy(struct seeing *s)
{
    TAKE_RULES(s, masks, n_masks);
    TAKE_RULES(s, rows, n_rows);
    TAKE_RULES(s, tiers, n_tiers);
    TAKE_RULES(s, retention, n_retention);
    TAKE_RULES(s, small_groups, n_small_groups);
}

/* ---- texts ---- */
struct str seen_told(struct seeing *s, struct str text)
{
    struct buf b = BUF_INIT(text.n * 4 + 16);
    if (!text.n)
        return text;
    mesh_seen_text(s->from, s->m, text, &b);
    struct str out = b.n == text.n ? text : arena_str(s->a, buf_str(&b)); /* what is left out is longer than what stands for it */
    buf_fini(&b);
    return out;
}

static void tell_contract(struct seeing *s, struct mesh_port *p)
{
    struct mesh_contract *c = arena_alloc(s->a, sizeof *c);
    *c = *p->contract;
    c->columns = arena_array(s->a, c->n_columns + 1, sizeof *c->columns);
    c->description = seen_told(s, c->description);
    for (size_t i = 0; i < c->n_columns; i++) {
        c->columns[i] = p->contract->columns[i];
        c->columns[i].description = seen_told(s, c->columns[i].description);
    }
    p->contract = c;
}

static void tell(struct seeing *s)
{
    struct mesh *m = s->m;
    for (size_t i = 0; i < m->n_products; i++) {
        struct mesh_product *p = m->products[i];
        p->purpose = seen_told(s, p->purpose);
        p->limitations = seen_told(s, p->limitations);
        p->usage = seen_told(s, p->usage);
        p->readme = seen_told(s, p->readme);
    }
    for (size_t i = 0; i < m->n_ports; i++) {
        m->ports[i]->description = seen_told(s, m->ports[i]->description);
        if (m->ports[i]->contract)
            tell_contract(s, m->ports[i]);
    }
    for (size_t i = 0; i < m->n_domains; i++)
        m->domains[i].description = seen_told(s, m->domains[i].description);
    for (size_t i = 0; i < m->n_terms; i++) {
        m->terms[i].definition = seen_told(s, m->terms[i].definition);
        m->terms[i].not_this = seen_told(s, m->terms[i].not_this);
    }
    for (size_t i = 0; i < m->n_goals; i++)
        m->goals[i].question = seen_told(s, m->goals[i].question);
    for (size_t i = 0; i < m->n_models; i++)
        s->m->models[i]->description = seen_told(s, m->models[i]->description);
    for (size_t i = 0; i < m->n_metrics; i++)
        s->m->metrics[i]->description = seen_told(s, m->metrics[i]->description);
    for (size_t i = 0; i < m->n_annotations; i++)
        m->annotations[i].title = seen_told(s, m->annotations[i].title);
    for (size_t i = 0; i < m->n_dashboards; i++)
        m->dashboards[i]->description = seen_told(s, m->dashboards[i]->description);
}

static struct sha_hex sha_of(const struct mesh *m, struct str name)
{
    struct buf b = BUF_INIT(name.n + sizeof m->sha.z);
    struct sha_hex hex;
    struct sha sha;
    buf_addz(&b, m->sha.z);
    buf_add(&b, name);
    sha_bytes(buf_str(&b), &sha);
    memcpy(hex.z, sha.hex, sizeof hex.z);
    buf_fini(&b);
    return hex;
}

struct mesh *mesh_seen(const struct mesh *m, const struct mesh_sight *sight)
{
    struct mesh_whole *w = mem_alloc(sizeof *w);
    w->m = *m;
    arena_init(&w->m.arena);
    w->m.sha = sha_of(m, sight->name);
    struct seeing s = {.from = m, .sight = sight, .w = w, .m = &w->m, .a = &w->m.arena};
    s.ports = arena_array(s.a, m->n_ports + 1, sizeof *s.ports);
    take_domains(&s);
    take_sources(&s);
    take_products(&s);
    take_ports(&s);
    for (size_t i = 0; i < w->m.n_domains; i++)
        take_raci(&s, &w->m.domains[i]);
    take_terms(&s);
    seen_take_metrics(&s);
    take_dashboards(&s);
    take_goals(&s);
    seen_take_attribution(&s);
    take_naming_and_targets(&s);
    take_policy(&s);
    tell(&s);
    return &w->m;
}
