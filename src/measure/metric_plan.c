#include "measure/metric_int.h"

static const struct mesh_fact *fact_of(const struct mesh_metric *m)
{
    return m->fact;
}

void plan_note(struct metric_plan *p, struct str text)
{
    for (size_t i = 0; i < p->n_notes; i++)
        if (str_eq(p->notes[i], text))
            return;
    if (p->n_notes < sizeof p->notes / sizeof *p->notes)
        p->notes[p->n_notes++] = text;
}

/* ---- names ---- */
static bool unknown_metric(const struct mesh *m, struct arena *a, struct str name, struct err *e)
{
    struct str *names = arena_array(a, m->n_metrics + 1, sizeof *names);
    for (size_t i = 0; i < m->n_metrics; i++)
        names[i] = m->metrics[i]->name;
    int near = str_nearest(name, names, m->n_metrics);
    err_set(e, E_NOT_FOUND, "there is no metric \"%.*s\"", STR_FMT(name));
    if (near >= 0)
        err_hint(e, "did you mean %.*s?", STR_FMT(names[near]));
    else
        err_hint(e, "trellis metric --list names all");
    return false;
}

static bool metrics_find(struct metric_plan *p, struct err *e)
{
    p->metrics = arena_array(p->a, p->ask->n_metrics + 1, sizeof *p->metrics);
    for (size_t i = 0; i < p->ask->n_metrics; i++) {
        bool several = false;
        struct str name = p->ask->metrics[i];
        const struct mesh_metric *m = mesh_find_metric(p->mesh, name, &several);
        if (!m && several) {
            err_set(e, E_METRIC, "several domains declare the metric \"%.*s\"", STR_FMT(name));
            err_hint(e, "say whose, as in domain.%.*s; Glossary lists the clash with both owners", STR_FMT(name));
            return false;
        }
        if (!m)
            return unknown_metric(p->mesh, p->a, name, e);
        for (size_t k = 0; k < p->n_metrics; k++)
            if (p->metrics[k] == m)
                return err_set(e, E_USAGE, "the metric %.*s is asked for twice", STR_FMT(m->name));
        p->metrics[p->n_metrics++] = m;
    }
    return p->n_metrics > 0 || err_set(e, E_USAGE, "no metric is asked for");
}

static bool dimension_known(struct metric_plan *p, struct str name, struct err *e)
{
    size_t cut = str_find(name, STR("__"), 0), n = 0;
    struct str last = cut == SIZE_MAX ? name : (struct str){name.p + cut + 2, name.n - cut - 2};
    struct buf all = BUF_INIT((size_t)1 << 20);
    struct str *names = NULL;
    for (int pass = 0; pass < 2; pass++) {
        n = 0;
        for (size_t i = 0; i < p->mesh->n_models; i++)
            for (size_t k = 0; k < p->mesh->models[i]->n_dimensions; k++, n++) {
                struct str d = p->mesh->models[i]->dimensions[k].name;
                if (pass == 1)
                    names[n] = d;
                else if (str_eq(d, last))
                    return buf_fini(&all), true;
            }
        if (pass == 0)
            names = arena_array(p->a, n + 1, sizeof *names);
    }
    buf_fini(&all);
    int near = str_nearest(last, names, n);
    err_set(e, E_NOT_FOUND, "there is no dimension \"%.*s\"", STR_FMT(name));
    if (near >= 0)
        err_hint(e, "did you mean %.*s?", STR_FMT(names[near]));
    else
        err_hint(e, "trellis metric NAME --explain lists what it may be asked by");
    return false;
}

static bool by_read(struct metric_plan *p, struct err *e)
{
    if (p->ask->n_by > METRIC_BY_MAX)
        return err_set(e, E_USAGE, "%zu dimensions are asked for, and %d are the most", p->ask->n_by, METRIC_BY_MAX);
    for (size_t i = 0; i < p->ask->n_by; i++) {
        for (size_t k = 0; k < i; k++)
            if (str_eq(p->by[k], p->ask->by[i]))
                return err_set(e, E_USAGE, "the dimension %.*s is asked for twice", STR_FMT(p->ask->by[i]));
        if (!dimension_known(p, p->ask->by[i], e))
            return false;
        p->by[p->n_by++] = p->ask->by[i];
    }
    return true;
}

static bool allowed(const struct metric_plan *p, const struct mesh_metric *m, struct err *e)
{
    for (size_t i = 0; m->dimensions.n && i < p->n_by; i++) {
        if (mesh_strs_have(m->dimensions, p->by[i]))
            continue;
        err_set(e, E_METRIC, "%.*s may not be asked by %.*s", STR_FMT(m->name), STR_FMT(p->by[i]));
        err_hint(e, "its owner allows: %.*s first; trellis metric %.*s --explain lists all", STR_FMT(m->dimensions.v[0]), STR_FMT(m->name));
        return false;
    }
    return true;
}

/* ---- what must not be added up ---- */
static bool additive_enough(const struct metric_plan *p, const struct mesh_metric *m, const struct mesh_model *model, const struct mesh_fact *f, struct err *e)
{
    for (size_t i = 0; i < f->non_additive.n; i++) {
        struct str over = f->non_additive.v[i];
        bool is_time = str_eq(over, model->time), is_asked = is_time && (p->ask->grain == GRAIN_DAY || p->span.from == p->span.to);
        for (size_t k = 0; k < p->n_by; k++)
            is_asked = is_asked || str_eq(p->by[k], over);
        if (is_asked)
            continue;
        err_set(e, E_METRIC, "%.*s may not be added up over %.*s: the same %s would count again and again", STR_FMT(m->name), STR_FMT(over), m->unit == UNIT_COUNT ? "person or thing" : "amount");
        err_hint(e, is_time ? "ask for single days (--grain day), or for one day" : "ask for it by %.*s", STR_FMT(over));
        return false;
    }
    return true;
}

/* ---- legs ---- */
static bool same_filters(const struct leg *x, const struct str *filters, size_t n)
{
    bool same = x->n_filters == n;
    for (size_t i = 0; same && i < n; i++)
        same = str_eq(x->filters[i], filters[i]);
    return same;
}

struct wish { enum leg_kind kind; const struct mesh_model *model; const struct mesh_metric *metric; const struct mesh_fact *balance; const struct str *filters; size_t n_filters; struct shift shift; };

static struct leg *leg_for(struct metric_plan *p, const struct wish *w)
{
    for (size_t i = 0; i < p->n_legs; i++) {
        struct leg *l = &p->legs[i];
        if (l->kind == w->kind && l->model == w->model && l->metric == w->metric && l->balance == w->balance && same_filters(l, w->filters, w->n_filters) && l->shift.n == w->shift.n &&
            str_eq(l->shift.unit, w->shift.unit) && str_eq(l->shift.to, w->shift.to))
            return l;
    }
    if (p->n_legs == p->cap_legs) {
        struct leg *wider = arena_array(p->a, p->cap_legs ? 2 * p->cap_legs : 8, sizeof *wider);
        if (p->n_legs)
            memcpy(wider, p->legs, p->n_legs * sizeof *wider);
        p->legs = wider;
        p->cap_legs = p->cap_legs ? 2 * p->cap_legs : 8;
    }
    struct leg *l = &p->legs[p->n_legs++];
    *l = (struct leg){.kind = w->kind, .model = w->model, .metric = w->metric, .balance = w->balance, .n_filters = w->n_filters, .shift = w->shift};
    for (size_t i = 0; i < w->n_filters; i++)
        l->filters[i] = w->filters[i];
    return l;
}

static struct node *figure(struct metric_plan *p, const struct mesh_metric *m, const struct wish *w, const struct mesh_fact *f)
{
    struct leg *l = leg_for(p, w);
    struct node *n = arena_alloc(p->a, sizeof *n);
    size_t at = 0;
    while (at < l->n_facts && l->facts[at] != f)
        at++;
    if (at == l->n_facts) {
        const struct mesh_fact **wider = arena_array(p->a, l->n_facts + 1, sizeof *wider);
        if (l->n_facts)
            memcpy(wider, l->facts, l->n_facts * sizeof *wider);
        wider[l->n_facts++] = f;
        l->facts = wider;
    }
    *n = (struct node){.kind = NODE_FIGURE, .metric = m, .leg = (size_t)(l - p->legs), .figure = at};
    return n;
}

struct context { struct str filters[METRIC_DEPTH_MAX]; size_t n_filters; struct shift shift; int depth; };

static bool narrow(struct context *c, struct str filter, struct err *e)
{
    if (!filter.n)
        return true;
    if (c->n_filters == METRIC_DEPTH_MAX)
        return err_set(e, E_METRIC, "more than %d conditions stand on one another", METRIC_DEPTH_MAX);
    c->filters[c->n_filters++] = filter;
    return true;
}

static struct node *node_of(struct metric_plan *p, const struct mesh_metric *m, struct context c, struct err *e);

static struct node *part_of(struct metric_plan *p, const struct mesh_metric_part *part, struct context c, struct err *e)
{
    if (!narrow(&c, part->filter, e))
        return NULL;
    if ((part->offset_n || part->offset_to.n) && (c.shift.n || c.shift.to.n))
        return err_set(e, E_METRIC, "an offset of an offset is not known"), NULL;
    if (part->offset_n || part->offset_to.n)
        c.shift = (struct shift){.n = part->offset_n, .unit = part->offset_unit, .to = part->offset_to};
    if (part->offset_to.n && p->ask->grain == GRAIN_NONE)
        plan_note(p, arena_printf(p->a, "%.*s at the start of its %.*s needs a grain; without one it is of the whole range", STR_FMT(part->metric->name), STR_FMT(part->offset_to)));
    return node_of(p, part->metric, c, e);
}

static struct node *simple(struct metric_plan *p, const struct mesh_metric *m, const struct context *c, struct err *e)
{
    const struct mesh_fact *f = fact_of(m);
    struct wish w = {.kind = f->last_over.n ? LEG_BALANCE : LEG_PLAIN, .model = m->model, .balance = f->last_over.n ? f : NULL, .filters = c->filters, .n_filters = c->n_filters, .shift = c->shift};
    return additive_enough(p, m, m->model, f, e) ? figure(p, m, &w, f) : NULL;
}

static struct node *cumulative(struct metric_plan *p, const struct mesh_metric *m, struct context *c, struct err *e)
{
    const struct mesh_metric *inner = m->parts[0].metric;
    if (!narrow(c, m->parts[0].filter, e) || !narrow(c, inner->filter, e))
        return NULL;
    struct wish w = {.kind = LEG_WINDOW, .model = inner->model, .metric = m, .filters = c->filters, .n_filters = c->n_filters, .shift = c->shift};
    return figure(p, m, &w, inner->fact);
}

static struct node *conversion(struct metric_plan *p, const struct mesh_metric *m, const struct context *c)
{
    struct wish to = {.kind = LEG_CONVERTED, .model = m->model, .metric = m, .filters = c->filters, .n_filters = c->n_filters, .shift = c->shift};
    struct wish base = {.kind = LEG_PLAIN, .model = m->model, .filters = c->filters, .n_filters = c->n_filters, .shift = c->shift};
    struct node *converted = figure(p, m, &to, m->to_fact);
    if (m->conversions_only)
        return converted;
    struct node *n = arena_alloc(p->a, sizeof *n);
    *n = (struct node){.kind = NODE_RATIO, .metric = m, .kids = arena_array(p->a, 2, sizeof *n->kids), .n_kids = 2};
    n->kids[0] = converted;
    n->kids[1] = figure(p, m, &base, m->fact);
    return n;
}

static struct node *compound(struct metric_plan *p, const struct mesh_metric *m, const struct context *c, struct err *e)
{
    struct node *n = arena_alloc(p->a, sizeof *n);
    struct str *names = arena_array(p->a, m->n_parts + 1, sizeof *names);
    *n = (struct node){.kind = m->type == METRIC_RATIO ? NODE_RATIO : NODE_DERIVED, .metric = m, .kids = arena_array(p->a, m->n_parts + 1, sizeof *n->kids), .n_kids = m->n_parts, .names = names};
    for (size_t i = 0; i < m->n_parts; i++) {
        names[i] = m->parts[i].as.n ? m->parts[i].as : m->parts[i].metric->name;
        if (!(n->kids[i] = part_of(p, &m->parts[i], *c, e)))
            return NULL;
    }
    return n->kind == NODE_RATIO || formula_read(p->a, m->expr, names, m->n_parts, &n->formula, e) ? n : NULL;
}

static struct node *node_of(struct metric_plan *p, const struct mesh_metric *m, struct context c, struct err *e)
{
    if (c.depth++ == METRIC_DEPTH_MAX)
        return err_set(e, E_METRIC, "%.*s is made of metrics more than %d deep", STR_FMT(m->name), METRIC_DEPTH_MAX), NULL;
    if (!allowed(p, m, e) || !narrow(&c, m->filter, e))
        return NULL;
    switch (m->type) {
    case METRIC_SIMPLE: return simple(p, m, &c, e);
    case METRIC_CUMULATIVE: return cumulative(p, m, &c, e);
    case METRIC_CONVERSION: return conversion(p, m, &c);
    default: return compound(p, m, &c, e);
    }
}

/* ---- all of it ---- */
static bool legs_write(struct metric_plan *p, struct err *e)
{
    size_t n = p->n_legs, spans = p->ask->compare != COMPARE_NONE ? 2 : 1;
    struct leg *all = arena_array(p->a, n * spans + 1, sizeof *all);
    for (size_t i = 0; i < n * spans; i++) {
        all[i] = p->legs[i % n];
        all[i].before = i >= n;
        all[i].span = range_shift(p, all[i].before ? p->before : p->span, &all[i].shift);
    }
    p->legs = all;
    p->n_legs = n * spans;
    for (size_t i = 0; i < p->n_legs; i++) {
        struct leg *l = &p->legs[i];
        if (!leg_has_time(l)) {
            if (p->ask->grain != GRAIN_NONE) {
                err_set(e, E_METRIC, "%.*s is not dated, so that it cannot be asked by %s", STR_FMT(l->model->name), metric_grain_text(p->ask->grain));
                err_hint(e, "leave the grain out: the figure is as of now");
                return false;
            }
            plan_note(p, arena_printf(p->a, "figures of %.*s are as of now, whatever the range", STR_FMT(l->model->name)));
        }
        l->ways = arena_array(p->a, p->n_by + 1, sizeof *l->ways);
        for (size_t k = 0; k < p->n_by; k++)
            if (!way_find(p->mesh, l->model, p->by[k], &l->ways[k], e))
                return way_none(p, l->model, p->by[k], &l->ways[k], e);
        for (size_t k = 0; k < p->n_by && i == 0; k++)
            p->dimensions[k] = l->ways[k].dimension;
        if (!leg_write(p, l, e))
            return false;
    }
    return true;
}

bool metric_plan_make(const struct metric_asker *who, const struct metric_ask *ask, struct arena *a, struct metric_plan **out, struct err *e)
{
    struct metric_plan *p = arena_alloc(a, sizeof *p);
    *p = (struct metric_plan){.asker = who, .mesh = who->mesh, .a = a, .ask = ask};
    if (!metrics_find(p, e) || !by_read(p, e) || !range_of(p, e))
        return false;
    p->nodes = arena_array(a, p->n_metrics, sizeof *p->nodes);
    for (size_t i = 0; i < p->n_metrics; i++)
        if (!(p->nodes[i] = node_of(p, p->metrics[i], (struct context){0}, e)))
            return false;
    if (!legs_write(p, e) || !plan_sql(p, e))
        return false;
    p->shown = arena_array(a, p->n_legs, sizeof *p->shown);
    *out = p;
    return true;
}

size_t metric_plan_legs(const struct metric_plan *p, const struct metric_leg **legs)
{
    for (size_t i = 0; i < p->n_legs; i++) {
        struct leg *l = &p->legs[i];
        p->shown[i] = (struct metric_leg){.model = l->model, .sql = l->sql, .n_figures = l->n_facts, .ports = l->ports, .n_ports = l->n_ports, .rows = l->n_rows, .elapsed_us = l->elapsed_us, .before = l->before};
    }
    *legs = p->shown;
    return p->n_legs;
}

struct str metric_plan_sql(const struct metric_plan *p)
{
    return p->sql;
}

bool metric_plan_rows(const struct metric_plan *p, size_t leg, struct str *sql, struct err *e)
{
    return leg_rows(p, &p->legs[leg], sql, e);
}
