/* Numbers as they are declared: the list, one of them whole. */
#include "serve/metrics.h"

#include "mesh/table.h"

static struct str title_of(const struct mesh_metric *m)
{
    return m->title.n ? m->title : m->name;
}

/* ---- which ports and models a metric is made of ---- */
struct made_of { bool *ports, *models, *metrics; };

static void gather(const struct mesh *m, const struct mesh_metric *x, struct made_of *o, int depth)
{
    const struct mesh_model *of[2] = {x->model, x->to_model};
    if (depth > 16)
        return;
    for (size_t i = 0; i < m->n_models; i++)
        if (m->models[i] == of[0] || m->models[i] == of[1]) {
            o->models[i] = true;
            o->ports[m->models[i]->port->index] = true;
        }
    for (size_t i = 0; i < x->n_parts; i++)
        for (size_t k = 0; k < m->n_metrics; k++)
            if (m->metrics[k] == x->parts[i].metric) {
                o->metrics[k] = true;
                gather(m, x->parts[i].metric, o, depth + 1);
            }
}

static struct made_of made_of(struct call *c, const struct mesh_metric *x)
{
    const struct mesh *m = c->mesh;
    struct made_of o = {arena_array(c->a, m->n_ports + 1, 1), arena_array(c->a, m->n_models + 1, 1), arena_array(c->a, m->n_metrics + 1, 1)};
    gather(m, x, &o, 0);
    return o;
}

/* The worst of the ports that it is made of. */
static enum port_state state_of(const struct mesh *m, const struct made_of *o, const struct build_port_status *states)
{
    static const int rank[] = {[PORT_FRESH] = 0, [PORT_STALE] = 1, [PORT_FAILING] = 2, [PORT_NEVER_BUILT] = 3};
    enum port_state worst = PORT_FRESH;
    for (size_t i = 0; i < m->n_ports; i++)
        if (o->ports[i] && rank[states[i].state] > rank[worst])
            worst = states[i].state;
    return worst;
}

static bool dated(const struct mesh_metric *x, int depth)
{
    if (x->model)
        return x->model->time.n > 0;
    bool all = x->n_parts > 0;
    for (size_t i = 0; all && depth < 16 && i < x->n_parts; i++)
        all = x->parts[i].metric && dated(x->parts[i].metric, depth + 1);
    return all;
}

static void put_dimensions(struct call *c, struct buf *b, const struct mesh_metric *x)
{
    struct metric_dimension *dims;
    size_t n;
    metric_dimensions(c->mesh, x, c->a, &dims, &n);
    put_open(b, "dimensions", '[');
    for (size_t i = 0; i < n; i++)
        put_str(b, NULL, dims[i].name);
    put_close(b, ']');
}

/* Its parts make up the whole, by every dimension: sums and counts, not different people, nor what holds at one moment. */
static bool adds_up(const struct mesh_metric *x)
{
    const struct mesh_fact *f = x->type == METRIC_SIMPLE ? x->fact : NULL;
    return f && (f->agg == AGG_SUM || f->agg == AGG_COUNT || f->agg == AGG_SUM_BOOLEAN) && f->non_additive.n == 0 && f->last_over.n == 0;
}

static void put_metric(struct call *c, struct buf *b, const struct mesh_metric *x, const struct build_port_status *states)
{
    const struct mesh *m = c->mesh;
    struct made_of o = made_of(c, x);
    put_str(b, "name", x->name);
    put_str(b, "ref", x->ref);
    put_str(b, "domain", x->domain->name);
    put_str(b, "title", title_of(x));
    put_opt(b, "description", x->description);
    put_str(b, "type", str_of(mesh_metric_type_text(x->type)));
    put_str(b, "unit", str_of(mesh_unit_text(x->unit)));
    put_str(b, "direction", x->better > 0 ? STR("up") : x->better < 0 ? STR("down") : STR("none"));
    put_bool(b, "additive", adds_up(x));
    shape_owner(b, "owner", &x->owner, &x->domain->owner);
    put_texts(b, "synonyms", x->synonyms.v, x->synonyms.n);
    put_texts(b, "terms", x->terms.v, x->terms.n);
    put_str(b, "formula", metric_formula(x, c->a));
    put_dimensions(c, b, x);
    put_open(b, "grains", '[');
    for (int g = GRAIN_DAY; dated(x, 0) && g < METRIC_GRAINS; g++)
        put_str(b, NULL, str_of(metric_grain_text((enum metric_grain)g)));
    put_close(b, ']');
    put_open(b, "ports", '[');
    for (size_t i = 0; i < m->n_ports; i++)
        if (o.ports[i])
            put_str(b, NULL, m->ports[i]->ref);
    put_close(b, ']');
    put_str(b, "state", str_of(port_state_text(state_of(m, &o, states))));
    put_str(b, "version", (struct str){x->sha.z, 12});
    put_bool(b, "ambiguous", x->ambiguous);
    put_bool(b, "watch", x->watch);
    put_str(b, "file", x->pos.file);
    put_int(b, "line", x->pos.line);
}

/* ---- the list ---- */
static void put_all_dimensions(struct call *c, struct buf *b)
{
    const struct mesh *m = c->mesh;
    struct table seen = {0};
    put_open(b, "dimensions", '[');
    for (size_t i = 0; i < m->n_models; i++)
        for (size_t k = 0; k < m->models[i]->n_dimensions; k++) {
            const struct mesh_dimension *d = &m->models[i]->dimensions[k];
            size_t n = 0;
            if (table_put(&seen, c->a, d->name, c))
                continue;
            for (size_t j = 0; j < m->n_models; j++)
                for (size_t l = 0; l < m->models[j]->n_dimensions; l++)
                    n += str_eq(m->models[j]->dimensions[l].name, d->name);
            put_open(b, NULL, '{');
            put_str(b, "name", d->name);
            put_str(b, "title", d->title.n ? d->title : d->name);
            put_opt(b, "description", d->description);
            put_texts(b, "synonyms", d->synonyms.v, d->synonyms.n);
            put_str(b, "type", d->time ? STR("time") : STR("categorical"));
            put_int(b, "models", (int64_t)n);
            put_close(b, '}');
        }
    put_close(b, ']');
}

bool route_metrics(struct call *c, struct err *e)
{
    const struct build_port_status *states = call_states(c, e);
    struct buf b = call_buf();
    if (!states)
        return false;
    put_open(&b, NULL, '{');
    put_open(&b, "metrics", '[');
    for (size_t i = 0; i < c->mesh->n_metrics; i++) {
        put_open(&b, NULL, '{');
        put_metric(c, &b, c->mesh->metrics[i], states);
        put_close(&b, '}');
    }
    put_close(&b, ']');
    put_all_dimensions(c, &b);
    put_str(&b, "currency", c->mesh->reporting_currency);
    put_str(&b, "time_zone", c->mesh->time_zone);
    put_close(&b, '}');
    call_json(c, &b);
    buf_fini(&b);
    return true;
}

/* ---- one ---- */
static void put_model(struct buf *b, const struct mesh_model *x)
{
    put_open(b, NULL, '{');
    put_str(b, "name", x->name);
    put_str(b, "port", x->ref);
    put_opt(b, "time", x->time);
    put_str(b, "file", x->pos.file);
    put_open(b, "entities", '[');
    for (size_t i = 0; i < x->n_entities; i++) {
        put_open(b, NULL, '{');
        put_str(b, "name", x->entities[i].name);
        put_str(b, "type", str_of(mesh_entity_type_text(x->entities[i].type)));
        put_close(b, '}');
    }
    put_close(b, ']');
    put_open(b, "dimensions", '[');
    for (size_t i = 0; i < x->n_dimensions; i++) {
        put_open(b, NULL, '{');
        put_str(b, "name", x->dimensions[i].name);
        put_str(b, "title", x->dimensions[i].title.n ? x->dimensions[i].title : x->dimensions[i].name);
        put_str(b, "expr", x->dimensions[i].expr);
        put_close(b, '}');
    }
    put_close(b, ']');
    put_open(b, "measures", '[');
    for (size_t i = 0; i < x->n_facts; i++) {
        put_open(b, NULL, '{');
        put_str(b, "name", x->facts[i].name);
        put_str(b, "expr", x->facts[i].expr);
        put_close(b, '}');
    }
    put_close(b, ']');
    put_close(b, '}');
}

static void put_user(struct buf *b, const char *kind, struct str ref, struct str title)
{
    put_open(b, NULL, '{');
    put_str(b, "kind", str_of(kind));
    put_str(b, "ref", ref);
    put_str(b, "title", title);
    put_close(b, '}');
}

static bool dashboard_shows(const struct mesh_dashboard *d, const struct mesh_metric *x)
{
    for (size_t i = 0; i < d->n_panels; i++)
        for (size_t k = 0; k < d->panels[i].n_metrics; k++)
            if (d->panels[i].metrics[k] == x)
                return true;
    return false;
}

/* Of what the asker sees: other metrics, dashboards and goals that are made of it. */
static void put_used_by(struct call *c, struct buf *b, const struct mesh_metric *x)
{
    const struct mesh *m = c->mesh;
    put_open(b, "used_by", '[');
    for (size_t i = 0; i < m->n_metrics; i++)
        for (size_t k = 0; k < m->metrics[i]->n_parts; k++)
            if (m->metrics[i]->parts[k].metric == x) {
                put_user(b, "metric", m->metrics[i]->ref, title_of(m->metrics[i]));
                break;
            }
    for (size_t i = 0; i < m->n_dashboards; i++) {
        const struct mesh_dashboard *d = m->dashboards[i];
        if (dashboard_shows(d, x))
            put_user(b, "dashboard", arena_printf(c->a, "%.*s.%.*s", STR_FMT(d->domain->name), STR_FMT(d->name)), d->title.n ? d->title : d->name);
    }
    for (size_t i = 0; i < m->n_goals; i++) {
        const struct mesh_goal *g = &m->goals[i];
        if (g->number.metric == x)
            put_user(b, "goal", g->name, g->title.n ? g->title : g->name);
    }
    put_close(b, ']');
}

bool route_metric(struct call *c, struct err *e)
{
    struct str ref = arena_printf(c->a, "%.*s.%.*s", STR_FMT(c->args[0]), STR_FMT(c->args[1]));
    const struct mesh_metric *x = metrics_find(c, ref, e);
    const struct build_port_status *states = x ? call_states(c, e) : NULL;
    struct buf b = call_buf();
    if (!states)
        return false;
    struct made_of o = made_of(c, x);
    put_open(&b, NULL, '{');
    put_metric(c, &b, x, states);
    put_open(&b, "parts", '[');
    for (size_t i = 0; i < c->mesh->n_metrics; i++)
        if (o.metrics[i])
            put_str(&b, NULL, c->mesh->metrics[i]->ref);
    put_close(&b, ']');
    put_open(&b, "models", '[');
    for (size_t i = 0; i < c->mesh->n_models; i++)
        if (o.models[i])
            put_model(&b, c->mesh->models[i]);
    put_close(&b, ']');
    put_used_by(c, &b, x);
    put_close(&b, '}');
    call_json(c, &b);
    buf_fini(&b);
    return true;
}
