/* Sources to dashboards as nodes and edges, at one of three levels, whole or around one thing. The whole is made first (a few thousand nodes are
 * nothing), then cut to what was asked for. */
#include "catalog/graph_int.h"

#include <stdlib.h>

enum { DOMAIN_STEPS = 1 };
#define NO_NODE SIZE_MAX

/* Places of nodes by what they stand for. */
struct making {
    const struct mesh *m;
    const struct build_port_status *status;
    struct arena *a;
    struct graph *g;
    size_t cap_nodes, cap_edges;
    size_t domains, products, ports; /* place of the first; in the order of the mesh */
    size_t *metrics;                 /* place of each; NO_NODE: not shown */
};

const char *graph_level_text(enum graph_level l)
{
    static const char *const texts[] = {"domain", "product", "port"};
    return texts[l];
}

/* ---- nodes ---- */
static size_t add_node(struct making *k, const char *kind, struct str ref, struct str label, const struct mesh_domain *d)
{
    struct graph *g = k->g;
    g->nodes[g->n_nodes] = (struct graph_node){.id = arena_printf(k->a, "%s:%.*s", kind, STR_FMT(ref)),
                                               .kind = str_of(kind),
                                               .ref = ref,
                                               .label = label,
                                               .domain = d ? d->name : STR("")};
    return g->n_nodes++;
}

static void add_edge(struct making *k, size_t from, size_t to)
{
    struct graph *g = k->g;
    if (from == to)
        return;
    if (g->n_edges == k->cap_edges) {
        struct graph_edge *more = arena_array(k->a, k->cap_edges * 2, sizeof *more);
        memcpy(more, g->edges, g->n_edges * sizeof *more);
        g->edges = more;
        k->cap_edges *= 2;
    }
    g->edges[g->n_edges++] = (struct graph_edge){.from = from, .to = to};
}

static struct str named(struct str title, struct str name)
{
    return title.n ? title : name;
}

static struct str dotted(struct making *k, const struct mesh_domain *d, struct str name)
{
    return arena_printf(k->a, "%.*s.%.*s", STR_FMT(d->name), STR_FMT(name));
}

static int badness(enum port_state s)
{
    static const int of[] = {[PORT_FRESH] = 0, [PORT_NEVER_BUILT] = 1, [PORT_STALE] = 2, [PORT_FAILING] = 3};
    return of[s];
}

/* The worst of the ports. */
static struct str state_of(const struct making *k, struct mesh_port *const *v, size_t n, struct str before)
{
    enum port_state worst = PORT_FRESH;
    if (!k->status || !n)
        return before;
    for (size_t i = 0; i < n; i++)
        if (badness(k->status[v[i]->index].state) > badness(worst))
            worst = k->status[v[i]->index].state;
    for (int s = PORT_FRESH; s <= PORT_NEVER_BUILT; s++)
        if (before.n && str_eq(before, str_of(port_state_text((enum port_state)s))) && badness((enum port_state)s) > badness(worst))
            worst = (enum port_state)s;
    return str_of(port_state_text(worst));
}

static size_t domain_place(const struct making *k, const struct mesh_domain *d)
{
    return k->domains + (size_t)(d - k->m->domains);
}

static int product_order(const void *key, const void *element)
{
    const struct mesh_product *p = *(struct mesh_product *const *)key, *other = *(struct mesh_product *const *)element;
    int c = str_cmp(p->domain->name, other->domain->name);
    return c ? c : str_cmp(p->name, other->name);
}

static size_t product_place(const struct making *k, const struct mesh_product *p)
{
    struct mesh_product **at = bsearch(&p, k->m->products, k->m->n_products, sizeof *at, product_order);
    return k->products + (size_t)(at - k->m->products);
}

static int metric_order(const void *key, const void *element)
{
    const struct mesh_metric *x = *(struct mesh_metric *const *)key, *other = *(struct mesh_metric *const *)element;
    int c = str_cmp(x->name, other->name);
    return c ? c : str_cmp(x->domain->name, other->domain->name);
}

static size_t *metric_place(const struct making *k, const struct mesh_metric *x)
{
    struct mesh_metric **at = bsearch(&x, k->m->metrics, k->m->n_metrics, sizeof *at, metric_order);
    return &k->metrics[at - k->m->metrics];
}

/* The node that stands for a port at this level. */
static size_t port_place(const struct making *k, enum graph_level level, const struct mesh_port *p)
{
    return level == GRAPH_PORT      ? k->ports + p->index
           : level == GRAPH_PRODUCT ? product_place(k, p->product)
                                    : domain_place(k, p->product->domain);
}

static void domain_nodes(struct making *k)
{
    k->domains = k->g->n_nodes;
    for (size_t i = 0; i < k->m->n_domains; i++) {
        const struct mesh_domain *d = &k->m->domains[i];
        struct graph_node *n = &k->g->nodes[add_node(k, "domain", d->name, named(d->title, d->name), d)];
        n->inside = d->n_products;
        for (size_t p = 0; p < d->n_products; p++)
            n->state = state_of(k, d->products[p]->ports, d->products[p]->n_ports, n->state);
    }
}

static void product_nodes(struct making *k)
{
    k->products = k->g->n_nodes;
    for (size_t i = 0; i < k->m->n_products; i++) {
        const struct mesh_product *p = k->m->products[i];
        struct graph_node *n = &k->g->nodes[add_node(k, "product", dotted(k, p->domain, p->name), named(p->title, p->name), p->domain)];
        n->product = p->name;
        n->inside = p->n_ports;
        n->state = state_of(k, p->ports, p->n_ports, STR(""));
    }
}

static void port_nodes(struct making *k)
{
    k->ports = k->g->n_nodes;
    for (size_t i = 0; i < k->m->n_ports; i++) {
        struct mesh_port *p = k->m->ports[i];
        struct str label = p->is_default ? p->name : arena_printf(k->a, "%.*s_v%d", STR_FMT(p->name), p->major);
        struct graph_node *n = &k->g->nodes[add_node(k, "port", p->is_default ? p->ref : p->ref_major, label, p->product->domain)];
        n->product = p->product->name;
        n->port = p;
        n->state = state_of(k, &p, 1, STR(""));
    }
}

static void source_nodes(struct making *k, enum graph_level level)
{
    for (size_t i = 0; i < k->m->n_sources; i++) {
        const struct mesh_source *s = k->m->sources[i];
        size_t node = add_node(k, "source", dotted(k, s->domain, s->name), named(s->title, s->name), s->domain);
        k->g->nodes[node].inside = s->n_streams;
        for (size_t n = 0; level == GRAPH_PORT && n < s->n_streams; n++)
            add_edge(k, node, add_node(k, "stream", s->streams[n].ref, s->streams[n].name, s->domain));
    }
}

/* ---- edges ---- */
static int node_id_order(const void *x, const void *y)
{
    return str_cmp((*(const struct graph_node *const *)x)->id, (*(const struct graph_node *const *)y)->id);
}

/* Nodes by id, to find streams and consumers again. */
struct ids {
    const struct graph_node **v;
    size_t n;
};

static struct ids ids_make(const struct making *k)
{
    struct ids s = {.v = arena_array(k->a, k->g->n_nodes + 1, sizeof *s.v), .n = k->g->n_nodes};
    for (size_t i = 0; i < s.n; i++)
        s.v[i] = &k->g->nodes[i];
    qsort(s.v, s.n, sizeof *s.v, node_id_order);
    return s;
}

static size_t ids_find(const struct making *k, const struct ids *s, struct str id)
{
    struct graph_node key = {.id = id};
    const struct graph_node *p = &key, **at = bsearch(&p, s->v, s->n, sizeof *s->v, node_id_order);
    return at ? (size_t)(*at - k->g->nodes) : SIZE_MAX;
}

static void input_edges(struct making *k, enum graph_level level)
{
    struct ids ids = ids_make(k);
    for (size_t i = 0; i < k->m->n_ports; i++) {
        const struct mesh_port *p = k->m->ports[i];
        size_t to = port_place(k, level, p);
        for (size_t n = 0; n < p->n_inputs; n++) {
            const struct mesh_input *in = &p->inputs[n];
            if (in->port) {
                add_edge(k, port_place(k, level, in->port), to);
            } else if (in->stream && level != GRAPH_DOMAIN) {
                const struct mesh_source *s = in->stream->source;
                struct str id = level == GRAPH_PORT ? arena_printf(k->a, "stream:%.*s", STR_FMT(in->stream->ref))
                                                    : arena_printf(k->a, "source:%.*s.%.*s", STR_FMT(s->domain->name), STR_FMT(s->name));
                size_t from = ids_find(k, &ids, id);
                if (from != SIZE_MAX)
                    add_edge(k, from, to);
            }
        }
    }
}

static bool read_inside(const struct mesh_product *p, const struct mesh_port *port)
{
    for (size_t i = 0; i < p->n_ports; i++)
        for (size_t n = 0; n < p->ports[i]->n_inputs; n++)
            if (p->ports[i] != port && p->ports[i]->inputs[n].port == port)
                return true;
    return false;
}

/* Consumers are told of by products, in words: the same words whatever their case are one node. It stands behind the ports that the
 * product ends in. */
static void consumer_edges(struct making *k, enum graph_level level)
{
    const struct mesh *m = k->m;
    size_t all = 0, cap = 64;
    for (size_t i = 0; i < m->n_products; i++)
        all += m->products[i]->n_consumers;
    while (cap < all * 2)
        cap *= 2;
    size_t *slots = arena_array(k->a, cap, sizeof *slots);
    for (size_t i = 0; i < m->n_products; i++) {
        const struct mesh_product *p = m->products[i];
        for (size_t c = 0; c < p->n_consumers; c++) {
            char *lower = arena_strz(k->a, p->consumers[c]);
            for (char *z = lower; *z; z++)
                *z = (char)(*z >= 'A' && *z <= 'Z' ? *z + 32 : *z);
            size_t at = str_hash(str_of(lower)) & (cap - 1);
            while (slots[at] && !str_eq_nocase(k->g->nodes[slots[at] - 1].label, p->consumers[c]))
                at = (at + 1) & (cap - 1);
            if (!slots[at])
                slots[at] = add_node(k, "consumer", p->consumers[c], p->consumers[c], NULL) + 1;
            for (size_t n = 0; n < p->n_ports; n++)
                if (!read_inside(p, p->ports[n]))
                    add_edge(k, port_place(k, level, p->ports[n]), slots[at] - 1);
        }
    }
}

static void metric_wanted(struct making *k, const struct mesh_metric *x)
{
    size_t *at = metric_place(k, x);
    if (*at != NO_NODE)
        return;
    *at = 0;
    for (size_t i = 0; i < x->n_parts; i++)
        if (x->parts[i].metric)
            metric_wanted(k, x->parts[i].metric);
}

/* A metric stands behind the metrics that it is made of, and one that is made of none behind the ports that it reads. Around one thing all
 * are shown; in the whole those that a dashboard shows. */
static void metric_nodes(struct making *k, enum graph_level level, bool all)
{
    const struct mesh *m = k->m;
    k->metrics = arena_array(k->a, m->n_metrics + 1, sizeof *k->metrics);
    for (size_t i = 0; i < m->n_metrics; i++)
        k->metrics[i] = all ? 0 : NO_NODE;
    for (size_t i = 0; i < m->n_dashboards && !all; i++)
        for (size_t p = 0; p < m->dashboards[i]->n_panels; p++)
            for (size_t n = 0; n < m->dashboards[i]->panels[p].n_metrics; n++)
                metric_wanted(k, m->dashboards[i]->panels[p].metrics[n]);
    for (size_t i = 0; i < m->n_metrics; i++) {
        const struct mesh_metric *x = m->metrics[i];
        if (k->metrics[i] == NO_NODE)
            continue;
        k->metrics[i] = add_node(k, "metric", x->ref, named(x->title, x->name), x->domain);
        k->g->nodes[k->metrics[i]].inside = x->n_parts;
    }
    for (size_t i = 0; i < m->n_metrics; i++) {
        const struct mesh_metric *x = m->metrics[i];
        for (size_t n = 0; k->metrics[i] != NO_NODE && n < x->n_parts; n++)
            if (x->parts[n].metric)
                add_edge(k, *metric_place(k, x->parts[n].metric), k->metrics[i]);
        for (size_t n = 0; k->metrics[i] != NO_NODE && !x->n_parts && n < x->n_models; n++)
            if (x->models[n]->port)
                add_edge(k, port_place(k, level, x->models[n]->port), k->metrics[i]);
    }
}

static void panel_edges(struct making *k, enum graph_level level, const struct mesh_panel *p, size_t dashboard)
{
    if (p->port)
        add_edge(k, port_place(k, level, p->port), dashboard);
    for (size_t i = 0; i < p->n_reads; i++)
        add_edge(k, port_place(k, level, p->reads[i]), dashboard);
    for (size_t i = 0; i < p->n_metrics; i++)
        add_edge(k, *metric_place(k, p->metrics[i]), dashboard);
}

static void reader_edges(struct making *k, enum graph_level level, bool all)
{
    const struct mesh *m = k->m;
    metric_nodes(k, level, all);
    for (size_t i = 0; i < m->n_dashboards; i++) {
        const struct mesh_dashboard *d = m->dashboards[i];
        size_t node = add_node(k, "dashboard", dotted(k, d->domain, d->name), named(d->title, d->name), d->domain);
        k->g->nodes[node].inside = d->n_panels;
        for (size_t n = 0; n < d->n_panels; n++)
            panel_edges(k, level, &d->panels[n], node);
    }
    consumer_edges(k, level);
}

static int edge_order(const void *x, const void *y)
{
    const struct graph_edge *a = x, *b = y;
    if (a->from != b->from)
        return a->from < b->from ? -1 : 1;
    return a->to < b->to ? -1 : a->to > b->to;
}

static void join_edges(struct graph *g)
{
    size_t n = 0;
    qsort(g->edges, g->n_edges, sizeof *g->edges, edge_order);
    for (size_t i = 0; i < g->n_edges; i++)
        if (!n || edge_order(&g->edges[n - 1], &g->edges[i]) != 0)
            g->edges[n++] = g->edges[i];
    g->n_edges = n;
}

static void make_whole(struct making *k, enum graph_level level, bool around)
{
    const struct mesh *m = k->m;
    size_t consumers = 0;
    for (size_t i = 0; i < m->n_products; i++)
        consumers += m->products[i]->n_consumers;
    k->cap_nodes = m->n_domains + m->n_products + m->n_ports + m->n_sources + m->n_streams + m->n_metrics + m->n_dashboards + consumers + 1;
    k->cap_edges = 64;
    k->g->nodes = arena_array(k->a, k->cap_nodes, sizeof *k->g->nodes);
    k->g->edges = arena_array(k->a, k->cap_edges, sizeof *k->g->edges);
    if (level == GRAPH_DOMAIN) {
        domain_nodes(k);
    } else {
        source_nodes(k, level);
        if (level == GRAPH_PRODUCT)
            product_nodes(k);
        else
            port_nodes(k);
    }
    input_edges(k, level);
    if (level != GRAPH_DOMAIN)
        reader_edges(k, level, around);
    join_edges(k->g);
}

/* ---- cutting ---- */
/* The node of this id, or else of this ref: a source is often called as the port that shows its rows, which is what is meant then. */
static size_t named_node(const struct graph *g, struct str focus)
{
    static const char *const kinds[] = {"port", "product", "domain", "stream", "metric", "dashboard", "source", "consumer"};
    for (size_t i = 0; i < g->n_nodes; i++)
        if (str_eq(g->nodes[i].id, focus))
            return i;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        for (size_t i = 0; i < g->n_nodes; i++)
            if (str_eq(g->nodes[i].ref, focus) && str_eq(g->nodes[i].kind, str_of(kinds[k])))
                return i;
    return SIZE_MAX;
}

/* Nodes that a focus means: an id, or a ref of anything that this level shows or holds inside. */
static bool focus_nodes(struct making *k, const struct graph_ask *ask, bool *at, struct err *e)
{
    const struct graph *g = k->g;
    const struct mesh *m = k->m;
    size_t named = named_node(g, ask->focus);
    bool found = named != SIZE_MAX;
    if (found) {
        k->g->focus = g->nodes[named].id;
        return at[named] = true;
    }
    struct str kind = str_cut(ask->focus, ':', &(struct str){0}), ref = ask->focus, name;
    if (kind.n < ask->focus.n)
        ref = (struct str){ask->focus.p + kind.n + 1, ask->focus.n - kind.n - 1};
    const struct mesh_port *port = mesh_find_port(m, ref);
    const struct mesh_stream *stream = mesh_find_stream(m, ref);
    struct str domain = str_cut(ref, '.', &name);
    const struct mesh_domain *d = mesh_find_domain(m, domain);
    const struct mesh_product *product = name.p ? mesh_find_product(m, domain, name) : NULL;
    for (size_t i = 0; i < g->n_nodes; i++) {
        const struct graph_node *n = &g->nodes[i];
        const struct mesh_product *p = port ? port->product : product;
        bool is_product = p && str_eq(n->domain, p->domain->name) && str_eq(n->product, p->name) && n->product.n;
        bool is_source = stream && str_eq(n->kind, STR("source")) && str_eq(n->ref, dotted(k, stream->source->domain, stream->source->name));
        bool is_domain = (ask->level == GRAPH_DOMAIN || !name.p) && d && str_eq(n->domain, d->name);
        at[i] = (port && ask->level == GRAPH_PORT ? n->port == port : is_product) || is_source || is_domain;
        found |= at[i];
    }
    if (!found) {
        err_set(e, E_NOT_FOUND, "there is nothing called %.*s in the graph", ask->focus.n < 120 ? (int)ask->focus.n : 120, ask->focus.p);
        err_hint(e, "name a port (domain.port), a product (domain.product), a stream, a source, a metric, a dashboard or a domain");
    }
    return found;
}

/* Marks what is reached within `steps` (-1: all), nearest first, until `room` is used up; *reached counts all of it. */
static void walk(const struct graph *g, const struct graph_links *links, const bool *from, int steps, bool *keep, size_t *room, size_t *reached, struct arena *a)
{
    size_t *queue = arena_array(a, g->n_nodes + 1, sizeof *queue), head = 0, tail = 0;
    int *far = arena_array(a, g->n_nodes + 1, sizeof *far);
    bool *met = arena_array(a, g->n_nodes + 1, sizeof *met);
    for (size_t i = 0; i < g->n_nodes; i++)
        if (from[i]) {
            met[i] = true;
            queue[tail++] = i;
        }
    while (head < tail) {
        size_t i = queue[head++];
        if (!keep[i]) {
            ++*reached;
            if (*room) {
                keep[i] = true;
                --*room;
            }
        }
        for (size_t k = links->first[i]; (steps < 0 || far[i] < steps) && k < links->first[i + 1]; k++)
            if (!met[links->to[k]]) {
                met[links->to[k]] = true;
                far[links->to[k]] = far[i] + 1;
                queue[tail++] = links->to[k];
            }
    }
}

struct busy {
    size_t node, edges;
};

static int busy_order(const void *x, const void *y)
{
    const struct busy *a = x, *b = y;
    if (a->edges != b->edges)
        return a->edges > b->edges ? -1 : 1;
    return a->node < b->node ? -1 : a->node > b->node;
}

/* Of too many nodes, the ones with the most edges stay. */
static void cut_to_limit(struct graph *g, size_t limit, struct arena *a)
{
    if (g->n_nodes <= limit)
        return;
    struct busy *v = arena_array(a, g->n_nodes, sizeof *v);
    bool *keep = arena_array(a, g->n_nodes, sizeof *keep);
    for (size_t i = 0; i < g->n_nodes; i++)
        v[i].node = i;
    for (size_t i = 0; i < g->n_edges; i++) {
        v[g->edges[i].from].edges++;
        v[g->edges[i].to].edges++;
    }
    qsort(v, g->n_nodes, sizeof *v, busy_order);
    for (size_t i = 0; i < limit; i++)
        keep[v[i].node] = true;
    graph_keep(g, keep, a);
}

static bool cut(struct making *k, const struct graph_ask *ask, struct err *e)
{
    struct graph *g = k->g;
    struct graph_links down, up;
    bool *from = arena_array(k->a, g->n_nodes + 1, sizeof *from), *keep = arena_array(k->a, g->n_nodes + 1, sizeof *keep);
    size_t room = ask->limit, reached = 0;
    if (!ask->focus.n && !ask->domain.n) {
        cut_to_limit(g, ask->limit, k->a);
        return true;
    }
    if (ask->focus.n && !focus_nodes(k, ask, from, e))
        return false;
    if (ask->domain.n && !mesh_find_domain(k->m, ask->domain))
        return err_set(e, E_NOT_FOUND, "there is no domain %.*s", STR_FMT(ask->domain));
    graph_links_make(g, false, k->a, &down);
    graph_links_make(g, true, k->a, &up);
    if (!ask->focus.n) { /* a domain and what it touches */
        for (size_t i = 0; i < g->n_nodes; i++)
            from[i] = str_eq(g->nodes[i].domain, ask->domain);
        walk(g, &up, from, DOMAIN_STEPS, keep, &room, &reached, k->a);
        walk(g, &down, from, DOMAIN_STEPS, keep, &room, &reached, k->a);
    } else {
        walk(g, &up, from, 0, keep, &room, &reached, k->a); /* itself, whatever the limit leaves of the rest */
        walk(g, &up, from, ask->up, keep, &room, &reached, k->a);
        walk(g, &down, from, ask->down, keep, &room, &reached, k->a);
        for (size_t i = 0; ask->domain.n && i < g->n_nodes; i++)
            keep[i] &= from[i] || str_eq(g->nodes[i].domain, ask->domain);
    }
    size_t kept = 0;
    for (size_t i = 0; i < g->n_nodes; i++)
        kept += keep[i];
    graph_keep(g, keep, k->a);
    g->hidden = reached > kept ? reached - kept : 0;
    return true;
}

bool catalog_graph(const struct mesh *m, const struct build_port_status *status, const struct graph_ask *ask, struct arena *a, struct graph *out,
                   struct err *e)
{
    struct making k = {.m = m, .status = status, .a = a, .g = out};
    *out = (struct graph){0};
    make_whole(&k, ask->level, ask->focus.n > 0);
    if (!cut(&k, ask, e))
        return false;
    graph_lay_out(out, a);
    return true;
}
