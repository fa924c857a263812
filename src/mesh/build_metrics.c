/* Fourth stage: domains/<domain>/metrics/<metric>.yaml: what a number means. docs/metrics.md. */
#include "mesh/mesh_int.h"

#include <stdlib.h>

enum { METRICS_MAX_PARTS = 20 };

static const char *const type_texts[] = {
    [METRIC_SIMPLE] = "simple", [METRIC_RATIO] = "ratio", [METRIC_DERIVED] = "derived", [METRIC_CUMULATIVE] = "cumulative", [METRIC_CONVERSION] = "conversion",
};
static const char *const unit_texts[] = {
    [UNIT_COUNT] = "count", [UNIT_CURRENCY] = "currency", [UNIT_PERCENT] = "percent", [UNIT_RATIO] = "ratio", [UNIT_DAYS] = "days", [UNIT_HOURS] = "hours",
};
enum { TYPES = sizeof type_texts / sizeof *type_texts, UNITS = sizeof unit_texts / sizeof *unit_texts };

const char *mesh_metric_type_text(enum mesh_metric_type t)
{
    return type_texts[t];
}

const char *mesh_unit_text(enum mesh_unit u)
{
    return unit_texts[u];
}

/* Which keys a type has; the others are common to all. */
static const struct key { const char *name; unsigned of, needed; const char *such; } keys[] = {
#define OF(t) (1u << METRIC_##t)
    {"measure", OF(SIMPLE), OF(SIMPLE), "campaign_spend.spend"}, {"filter", OF(SIMPLE), 0, NULL}, {"fill_nulls_with", OF(SIMPLE), 0, NULL},
    {"numerator", OF(RATIO), OF(RATIO), "spend"}, {"denominator", OF(RATIO), OF(RATIO), "new_customers"},
    {"expr", OF(DERIVED), OF(DERIVED), "\"revenue - spend\""}, {"metrics", OF(DERIVED), OF(DERIVED), "[revenue, spend]"},
    {"metric", OF(CUMULATIVE), OF(CUMULATIVE), "new_customers"}, {"window", OF(CUMULATIVE) | OF(CONVERSION), 0, NULL}, {"grain_to", OF(CUMULATIVE), 0, NULL},
    {"period", OF(CUMULATIVE), 0, NULL}, {"base", OF(CONVERSION), OF(CONVERSION), "visits.visits"}, {"converted", OF(CONVERSION), OF(CONVERSION), "conversion.conversions"},
    {"entity", OF(CONVERSION), OF(CONVERSION), "customer"}, {"calculation", OF(CONVERSION), 0, NULL}, {"same", OF(CONVERSION), 0, NULL},
#undef OF
};
enum { KEYS = sizeof keys / sizeof *keys };

static void keys_of_type(struct load *l, const struct metric_file *f)
{
    for (size_t i = 0; i < KEYS; i++) {
        const struct doc_node *n = doc_get(f->d, f->root, keys[i].name);
        unsigned own = 1u << f->m->type;
        if (n && !(keys[i].of & own))
            hint(at_key(l, E_SCHEMA, f->d, n, "a %s metric has no %s", type_texts[f->m->type], keys[i].name), "%s",
                 strcmp(keys[i].name, "filter") == 0 ? "write the filter at its parts, or at the simple metrics that they are made of" : "remove it, or write another type");
        if (!n && (keys[i].needed & own))
            hint(at_value(l, E_MISSING_KEY, f->d, f->root, "a %s metric needs %s", type_texts[f->m->type], keys[i].name), "add %s, as in %s: %s", keys[i].name, keys[i].name, keys[i].such);
    }
}

/* ---- measures ---- */

static const struct mesh_fact *no_fact(struct load *l, const struct metric_file *f, const struct doc_node *at, const struct mesh_model *m, struct str name)
{
    struct str *names = arena_array(l->a, m->n_facts + 1, sizeof *names);
    for (size_t i = 0; i < m->n_facts; i++)
        names[i] = m->facts[i].name;
    struct err *e = at_value(l, E_DANGLING, f->d, at, "the model \"%.*s\" has no measure \"%.*s\"", STR_FMT(m->name), STR_FMT(name));
    hint_nearest(e, name, names, m->n_facts);
    if (e && !e->hint[0])
        hint(e, "its measures stand in %.*s", STR_FMT(m->pos.file));
    return NULL;
}

/* A model whose file cannot be read, of whatever domain. */
static bool model_unread(const struct load *l, struct str name)
{
    for (size_t i = 0; i < l->n_domains; i++)
        for (size_t k = 0; k < l->domains[i].n_models; k++) {
            const struct mesh_file *f = &l->domains[i].models[k];
            if (!f->doc && f->base.n > 5 && str_eq((struct str){f->base.p, f->base.n - 5}, name))
                return true;
        }
    return false;
}

/* model.measure. NULL: reported, or its own errors are. */
static const struct mesh_fact *fact_find(struct load *l, const struct metric_file *f, const struct doc_node *at, const struct mesh_model **model)
{
    struct str name, of = str_cut(doc_text(f->d, at), '.', &name);
    *model = NULL;
    if (!at)
        return NULL;
    if (!name.p || !name.n) {
        hint(at_value(l, E_DANGLING, f->d, at, "\"%.*s\" names no measure of a model", STR_FMT(of)), "write model.measure, as in campaign_spend.spend");
        return NULL;
    }
    *model = mesh_find_model(l->m, of);
    if (*model) {
        for (size_t i = 0; i < (*model)->n_facts; i++)
            if (str_eq((*model)->facts[i].name, name))
                return &(*model)->facts[i];
        return no_fact(l, f, at, *model, name);
    }
    if (model_unread(l, of))
        return NULL;
    struct str *names = arena_array(l->a, l->m->n_models + 1, sizeof *names);
    for (size_t i = 0; i < l->m->n_models; i++)
        names[i] = l->m->models[i]->name;
    struct err *e = at_value(l, E_DANGLING, f->d, at, "there is no model \"%.*s\"", STR_FMT(of));
    hint_nearest(e, of, names, l->m->n_models);
    if (e && !e->hint[0])
        hint(e, "write domains/%.*s/models/%.*s.yaml, or name another model", STR_FMT(f->m->domain->name), STR_FMT(of));
    return NULL;
}

static void simple_read(struct load *l, const struct metric_file *f)
{
    struct mesh_metric *m = f->m;
    const struct doc_node *measure = doc_get(f->d, f->root, "measure"), *filter = doc_get(f->d, f->root, "filter"), *fill = doc_get(f->d, f->root, "fill_nulls_with");
    m->fact = fact_find(l, f, measure, &m->model);
    m->filter = doc_text(f->d, filter);
    m->fill = fill != NULL;
    m->fill_with = !fill ? 0 : fill->kind == DOC_FLOAT ? fill->v.f : (double)fill->v.i;
    if (m->fact && str_eq(doc_str(f->d, f->root, "type"), STR("distribution")) && m->fact->agg != AGG_MEDIAN && m->fact->agg != AGG_PERCENTILE)
        hint(at_value(l, E_METRIC, f->d, measure, "a distribution is a median or a percentile, and \"%.*s\" is a %s", STR_FMT(m->fact->name), mesh_agg_text(m->fact->agg)),
             "write type: simple, or another measure");
    if (m->model)
        metric_filter_check(l, f->d, filter, m->model, m);
}

/* "28 days": the schema has checked the form. */
static void span_read(struct str s, int *n, struct str *unit)
{
    struct str word, count = str_cut(s, ' ', &word);
    int64_t v = 0;
    if (!s.n)
        return;
    (void)str_to_i64(count, &v);
    *n = (int)v;
    *unit = str_ends(word, STR("s")) ? (struct str){word.p, word.n - 1} : word;
}

static bool has_entity(const struct mesh_model *m, struct str name)
{
    for (size_t i = 0; i < m->n_entities; i++)
        if (str_eq(m->entities[i].name, name))
            return true;
    return false;
}

static bool has_dimension(const struct mesh_model *m, struct str name)
{
    for (size_t i = 0; i < m->n_dimensions; i++)
        if (str_eq(m->dimensions[i].name, name))
            return true;
    return false;
}

static void conversion_side(struct load *l, const struct metric_file *f, const struct doc_node *at, const struct mesh_model *m, const struct mesh_fact *fact, const struct doc_node *entity)
{
    const struct doc_node *same = doc_get(f->d, f->root, "same");
    if (!m || !fact)
        return;
    if (fact->agg != AGG_SUM && fact->agg != AGG_COUNT && fact->agg != AGG_COUNT_DISTINCT && fact->agg != AGG_SUM_BOOLEAN)
        hint(at_value(l, E_METRIC, f->d, at, "a conversion counts, and \"%.*s\" is a %s", STR_FMT(fact->name), mesh_agg_text(fact->agg)), "name a measure with agg: count, count_distinct or sum");
    if (m->port && lookup_sound(l, m->port) && !m->time.n)
        hint(at_value(l, E_METRIC, f->d, at, "a conversion follows in time, and the model \"%.*s\" has none", STR_FMT(m->name)), "add time: to %.*s", STR_FMT(m->pos.file));
    if (entity && !has_entity(m, doc_text(f->d, entity)))
        hint(at_value(l, E_DANGLING, f->d, entity, "the model \"%.*s\" has no entity \"%.*s\"", STR_FMT(m->name), STR_FMT(doc_text(f->d, entity))), "both sides need it: add it to %.*s", STR_FMT(m->pos.file));
    for (const struct doc_node *s = same ? doc_first(f->d, same) : NULL; s; s = doc_next(f->d, s))
        if (!has_dimension(m, doc_text(f->d, s)))
            hint(at_value(l, E_DANGLING, f->d, s, "the model \"%.*s\" has no dimension \"%.*s\"", STR_FMT(m->name), STR_FMT(doc_text(f->d, s))), "both sides need it: add it to %.*s", STR_FMT(m->pos.file));
}

static void conversion_read(struct load *l, const struct metric_file *f)
{
    struct mesh_metric *m = f->m;
    const struct doc_node *base = doc_get(f->d, f->root, "base"), *converted = doc_get(f->d, f->root, "converted"), *entity = doc_get(f->d, f->root, "entity");
    m->fact = fact_find(l, f, base, &m->model);
    m->to_fact = fact_find(l, f, converted, &m->to_model);
    m->entity = doc_text(f->d, entity);
    m->same.v = text_list(l, f->d, doc_get(f->d, f->root, "same"), &m->same.n);
    m->conversions_only = str_eq(doc_str(f->d, f->root, "calculation"), STR("conversions"));
    span_read(doc_str(f->d, f->root, "window"), &m->window_n, &m->window_unit);
    conversion_side(l, f, base, m->model, m->fact, entity);
    if (m->to_model != m->model || m->to_fact != m->fact)
        conversion_side(l, f, converted, m->to_model, m->to_fact, entity);
}

/* ---- parts ---- */

static bool metric_unread(const struct load *l, struct str name)
{
    for (size_t i = 0; i < l->n_domains; i++)
        for (size_t k = 0; k < l->domains[i].n_metrics; k++) {
            const struct mesh_file *f = &l->domains[i].metrics[k];
            if (!f->doc && f->base.n > 5 && str_eq((struct str){f->base.p, f->base.n - 5}, name))
                return true;
        }
    return false;
}

/* By name: of the own domain first. */
const struct mesh_metric *lookup_metric(struct load *l, const struct doc *d, const struct doc_node *at, struct str ref, const struct mesh_domain *own)
{
    const struct mesh *m = l->m;
    bool several = false;
    const struct mesh_metric *found = own ? mesh_find_metric(m, arena_printf(l->a, "%.*s.%.*s", STR_FMT(own->name), STR_FMT(ref)), NULL) : NULL;
    found = found ? found : mesh_find_metric(m, ref, &several);
    struct str rest, first = str_cut(ref, '.', &rest);
    if (found || metric_unread(l, rest.p ? rest : first))
        return found;
    struct str *names = arena_array(l->a, m->n_metrics + 1, sizeof *names);
    for (size_t i = 0; i < m->n_metrics; i++)
        names[i] = rest.p ? m->metrics[i]->ref : m->metrics[i]->name;
    if (several) {
        struct err *e = at_value(l, E_DUPLICATE, d, at, "several domains declare a metric \"%.*s\"", STR_FMT(ref));
        for (size_t i = 0; i < m->n_metrics; i++)
            if (str_eq(m->metrics[i]->name, ref)) {
                hint(e, "write it with its domain, as in %.*s", STR_FMT(m->metrics[i]->ref));
                break;
            }
        return NULL;
    }
    struct err *e = at_value(l, E_DANGLING, d, at, "there is no metric \"%.*s\"", STR_FMT(ref));
    hint_nearest(e, ref, names, m->n_metrics);
    if (e && !e->hint[0])
        hint(e, "metrics are listed by: trellis metric --list");
    return NULL;
}

static void part_read(struct load *l, const struct metric_file *f, const struct doc_node *n)
{
    struct mesh_metric *m = f->m;
    bool map = n && n->kind == DOC_MAP;
    const struct doc_node *metric = map ? doc_get(f->d, n, "metric") : n, *as = map ? doc_get(f->d, n, "as") : NULL, *offset = map ? doc_get(f->d, n, "offset") : NULL;
    const struct doc_node *offset_to = map ? doc_get(f->d, n, "offset_to") : NULL;
    struct str rest, name;
    if (!n || m->n_parts == METRICS_MAX_PARTS)
        return;
    struct mesh_metric_part *p = &m->parts[m->n_parts++];
    *p = (struct mesh_metric_part){.ref = doc_text(f->d, metric), .filter = map ? doc_str(f->d, n, "filter") : (struct str){NULL, 0}, .offset_to = doc_text(f->d, offset_to)};
    name = str_cut(p->ref, '.', &rest);
    p->as = as ? doc_text(f->d, as) : rest.p ? rest : name;
    p->metric = lookup_metric(l, f->d, metric, p->ref, m->domain);
    if (p->metric)
        p->ref = p->metric->ref;
    span_read(doc_text(f->d, offset), &p->offset_n, &p->offset_unit);
    if (offset && offset_to)
        hint(at_key(l, E_SCHEMA, f->d, offset_to, "a metric is taken some time before, or at the beginning of a period, not both"), "keep offset or offset_to");
    if (as)
        check_name(l, f->d, as, "metric");
}

static void parts_read(struct load *l, const struct metric_file *f)
{
    struct mesh_metric *m = f->m;
    const struct doc_node *list = doc_get(f->d, f->root, "metrics");
    m->parts = arena_array(l->a, METRICS_MAX_PARTS, sizeof *m->parts);
    if (m->type == METRIC_RATIO) {
        part_read(l, f, doc_get(f->d, f->root, "numerator"));
        part_read(l, f, doc_get(f->d, f->root, "denominator"));
    } else if (m->type == METRIC_CUMULATIVE) {
        const struct doc_node *metric = doc_get(f->d, f->root, "metric");
        part_read(l, f, metric);
        if (m->n_parts && m->parts[0].metric && m->parts[0].metric->type != METRIC_SIMPLE)
            hint(at_value(l, E_METRIC, f->d, metric, "\"%.*s\" is a %s metric, and only simple ones are added up over time", STR_FMT(m->parts[0].ref), type_texts[m->parts[0].metric->type]),
                 "name the simple metric that it is made of");
    } else if (m->type == METRIC_DERIVED) {
        for (const struct doc_node *n = list ? doc_first(f->d, list) : NULL; n; n = doc_next(f->d, n))
            part_read(l, f, n);
    }
}

static void cumulative_read(struct load *l, const struct metric_file *f)
{
    const struct doc_node *window = doc_get(f->d, f->root, "window"), *to = doc_get(f->d, f->root, "grain_to"), *period = doc_get(f->d, f->root, "period");
    struct mesh_metric *m = f->m;
    span_read(doc_text(f->d, window), &m->window_n, &m->window_unit);
    m->grain_to = doc_text(f->d, to);
    m->period = period ? doc_text(f->d, period) : STR("last");
    if (window && to)
        hint(at_key(l, E_SCHEMA, f->d, to, "a metric is added up over a window, or since the beginning of a period, not both"), "keep window or grain_to");
    if (str_eq(m->window_unit, STR("hour")))
        hint(at_value(l, E_METRIC, f->d, window, "a window of hours is shorter than a day, the finest grain"), "write it in days, or longer");
}

/* ---- the file ---- */

static void metric_read(struct load *l, const struct mesh_file *file, struct mesh_domain *dom, struct metric_file *f)
{
    const struct doc *d = file->doc;
    const struct doc_node *root = doc_root(d), *name = doc_get(d, root, "name"), *title = doc_get(d, root, "title"), *type = doc_get(d, root, "type");
    struct str stem = {file->base.p, file->base.n - (sizeof ".yaml" - 1)}, better = doc_str(d, root, "direction");
    struct mesh_metric *m = arena_alloc(l->a, sizeof *m);
    *f = (struct metric_file){.m = m, .d = d, .root = root};
    m->domain = dom;
    m->name = stem;
    m->ref = arena_printf(l->a, "%.*s.%.*s", STR_FMT(dom->name), STR_FMT(stem));
    m->title = title ? doc_text(d, title) : stem;
    m->description = doc_str(d, root, "description");
    m->owner = meaning_owner(l, d, root, dom, "metric");
    m->better = str_eq(better, STR("down")) ? -1 : str_eq(better, STR("none")) ? 0 : 1;
    m->watch = doc_bool(d, root, "watch", false);
    m->synonyms.v = text_list(l, d, doc_get(d, root, "synonyms"), &m->synonyms.n);
    m->terms.v = text_list(l, d, doc_get(d, root, "terms"), &m->terms.n);
    m->dimensions.v = text_list(l, d, doc_get(d, root, "dimensions"), &m->dimensions.n);
    m->expr = doc_str(d, root, "expr");
    m->pos = pos_of(d, root);
    for (size_t i = 0; i < TYPES; i++)
        m->type = str_eq(doc_text(d, type), str_of(type_texts[i])) ? (enum mesh_metric_type)i : m->type;
    if (check_name(l, d, name, "metric") && !str_eq(doc_text(d, name), stem))
        hint(at_value(l, E_NAME, d, name, "the metric calls itself \"%.*s\", its file is \"%.*s\"", STR_FMT(doc_text(d, name)), STR_FMT(stem)),
             "make the two equal: rename the file, or write name: %.*s", STR_FMT(stem));
}

static int metric_order(const void *a, const void *b)
{
    const struct mesh_metric *x = *(struct mesh_metric *const *)a, *y = *(struct mesh_metric *const *)b;
    int c = str_cmp(x->name, y->name);
    return c ? c : str_cmp(x->domain->name, y->domain->name);
}

void build_metrics(struct load *l)
{
    struct mesh *m = l->m;
    size_t most = 0, n = 0;
    for (size_t i = 0; i < l->n_domains; i++)
        most += l->domains[i].n_metrics;
    m->metrics = arena_array(l->a, most + 1, sizeof(struct mesh_metric *));
    struct metric_file *v = arena_array(l->a, most + 1, sizeof *v);
    for (size_t i = 0; i < l->n_domains; i++) {
        const struct domain_files *f = &l->domains[i];
        struct mesh_domain *dom = &m->domains[i];
        dom->metrics = arena_array(l->a, f->n_metrics + 1, sizeof(struct mesh_metric *));
        for (size_t k = 0; k < f->n_metrics; k++)
            if (f->metrics[k].doc) {
                metric_read(l, &f->metrics[k], dom, &v[n]);
                m->metrics[m->n_metrics++] = dom->metrics[dom->n_metrics++] = v[n++].m;
            }
    }
    if (m->n_metrics)
        qsort(m->metrics, m->n_metrics, sizeof(struct mesh_metric *), metric_order);
    for (size_t i = 0; i < n; i++) {
        size_t before = l->es->n_errors;
        keys_of_type(l, &v[i]);
        if (v[i].m->type == METRIC_SIMPLE)
            simple_read(l, &v[i]);
        else if (v[i].m->type == METRIC_CONVERSION)
            conversion_read(l, &v[i]);
        else
            parts_read(l, &v[i]);
        if (v[i].m->type == METRIC_CUMULATIVE)
            cumulative_read(l, &v[i]);
        v[i].wrong = l->es->n_errors > before;
    }
    metric_parts_check(l, v, n);
}

const struct mesh_metric *mesh_find_metric(const struct mesh *m, struct str name, bool *several)
{
    struct str rest, domain = str_cut(name, '.', &rest);
    const struct mesh_metric *found = NULL;
    size_t n = 0;
    for (size_t i = 0; i < m->n_metrics; i++) {
        const struct mesh_metric *x = m->metrics[i];
        if (rest.p ? str_eq(x->name, rest) && str_eq(x->domain->name, domain) : str_eq(x->name, name)) {
            found = x;
            n++;
        }
    }
    if (several)
        *several = n > 1;
    return n == 1 ? found : NULL;
}
