/* Models and metrics as somebody may see them: a model whose port is hidden is not there, nor a metric that reads it, be it by a part or by a filter. */
#include "mesh/seen_int.h"

bool seen_model(const struct seeing *s, const struct mesh_model *m)
{
    return m->port && s->sight->port(s->sight->ctx, m->port);
}

bool seen_metric(const struct seeing *s, const struct mesh_metric *m)
{
    bool all = m->n_models > 0;
    for (size_t i = 0; i < m->n_models; i++)
        all = all && seen_model(s, m->models[i]);
    return all;
}

bool seen_measured(const struct seeing *s, const struct mesh_domain *d)
{
    for (size_t i = 0; i < d->n_metrics; i++)
        if (seen_metric(s, d->metrics[i]))
            return true;
    for (size_t i = 0; i < d->n_models; i++)
        if (seen_model(s, d->models[i]))
            return true;
    return false;
}

const struct mesh_metric *seen_metric_of(const struct seeing *s, const struct mesh_metric *m)
{
    return table_get(&s->metrics, m->ref);
}

/* ---- models ---- */

static void point_columns(struct seeing *s, struct mesh_model *to)
{
    const struct mesh_dimension *from = to->dimensions;
    to->dimensions = arena_array(s->a, to->n_dimensions + 1, sizeof *to->dimensions);
    for (size_t i = 0; i < to->n_dimensions; i++) {
        to->dimensions[i] = from[i];
        to->dimensions[i].description = seen_told(s, from[i].description);
        to->dimensions[i].column = from[i].column ? mesh_port_column(to->port, from[i].column->name) : NULL;
    }
}

static void take_models(struct seeing *s)
{
    struct mesh *m = s->m;
    m->models = arena_array(s->a, s->from->n_models + 1, sizeof *m->models);
    m->n_models = 0;
    for (size_t i = 0; i < s->from->n_models; i++) {
        const struct mesh_model *x = s->from->models[i];
        struct mesh_domain *dom = seen_domain(s, x->domain);
        if (!seen_model(s, x))
            continue;
        struct mesh_model *to = arena_alloc(s->a, sizeof *to);
        *to = *x;
        to->domain = dom;
        to->port = s->ports[x->port->index];
        point_columns(s, to);
        (void)table_put(&s->models, s->a, to->name, to);
        m->models[m->n_models++] = to;
        dom->models[dom->n_models++] = to;
    }
}

/* ---- metrics ---- */

static bool word_known(const struct mesh *m, struct str term)
{
    for (size_t i = 0; i < m->n_terms; i++)
        if (str_eq(m->terms[i].name, term))
            return true;
    return false;
}

static bool dimension_known(const struct mesh *m, struct str name)
{
    size_t cut = str_find(name, STR("__"), 0);
    struct str plain = cut == SIZE_MAX ? name : (struct str){name.p + cut + 2, name.n - cut - 2};
    for (size_t i = 0; i < m->n_models; i++)
        for (size_t k = 0; k < m->models[i]->n_dimensions; k++)
            if (str_eq(m->models[i]->dimensions[k].name, plain))
                return true;
    return false;
}

static struct mesh_strs kept(struct seeing *s, struct mesh_strs list, bool (*known)(const struct mesh *, struct str))
{
    struct mesh_strs out = {.v = arena_array(s->a, list.n + 1, sizeof *out.v)};
    for (size_t i = 0; i < list.n; i++)
        if (known(s->m, list.v[i]))
            out.v[out.n++] = list.v[i];
    return out;
}

static const struct mesh_model *model_of(const struct seeing *s, const struct mesh_model *m)
{
    return m ? table_get(&s->models, m->name) : NULL;
}

/* Measures are borrowed with the model's list: they name nothing but columns of a port that is seen. */
static void point_metric(struct seeing *s, struct mesh_metric *to)
{
    const struct mesh_model *const *models = to->models;
    const struct mesh_metric_part *parts = to->parts;
    const struct mesh_model **own = arena_array(s->a, to->n_models + 1, sizeof *own);
    to->domain = seen_domain(s, to->domain);
    to->model = model_of(s, to->model);
    to->to_model = model_of(s, to->to_model);
    for (size_t i = 0; i < to->n_models; i++)
        own[i] = model_of(s, models[i]);
    to->models = own;
    to->parts = arena_array(s->a, to->n_parts + 1, sizeof *to->parts);
    for (size_t i = 0; i < to->n_parts; i++) {
        to->parts[i] = parts[i];
        to->parts[i].metric = parts[i].metric ? seen_metric_of(s, parts[i].metric) : NULL;
    }
    to->terms = kept(s, to->terms, word_known);
    bool some = to->dimensions.n > 0;
    to->dimensions = kept(s, to->dimensions, dimension_known);
    if (some && !to->dimensions.n) { /* an empty list would let everything be asked */
        to->dimensions.v[0] = STR("");
        to->dimensions.n = 1;
    }
}

void seen_take_metrics(struct seeing *s)
{
    struct mesh *m = s->m;
    take_models(s);
    m->metrics = arena_array(s->a, s->from->n_metrics + 1, sizeof *m->metrics);
    m->n_metrics = 0;
    for (size_t i = 0; i < s->from->n_metrics; i++) {
        const struct mesh_metric *x = s->from->metrics[i];
        if (!seen_metric(s, x) || !seen_domain(s, x->domain))
            continue;
        struct mesh_metric *to = arena_alloc(s->a, sizeof *to);
        *to = *x;
        (void)table_put(&s->metrics, s->a, to->ref, to);
        m->metrics[m->n_metrics++] = to;
    }
    for (size_t i = 0; i < m->n_metrics; i++) {
        struct mesh_metric *to = m->metrics[i];
        point_metric(s, to);
        to->domain->metrics[to->domain->n_metrics++] = to;
        to->ambiguous = false; /* what another domain declares that is not seen makes nothing ambiguous */
        if (i > 0 && str_eq(m->metrics[i - 1]->name, to->name))
            to->ambiguous = m->metrics[i - 1]->ambiguous = true;
    }
}

/* ---- conversions and annotations ---- */

void seen_take_attribution(struct seeing *s)
{
    struct mesh *m = s->m;
    struct mesh_attribution *t = &m->attribution;
    const struct mesh_conversion *from = t->conversions;
    const struct mesh_annotation *notes = m->annotations;
    size_t n = m->n_annotations;
    t->conversions = arena_array(s->a, t->n_conversions + 1, sizeof *t->conversions);
    for (size_t i = 0; i < t->n_conversions; i++) {
        t->conversions[i] = from[i];
        if (mesh_find_port(m, str_of(mesh_conversion_port(from[i].from))))
            continue;
        t->conversions[i].where = STR(""); /* columns of a port that is not there */
        t->conversions[i].value = from[i].value.n ? STR("value") : from[i].value;
    }
    m->annotations = arena_array(s->a, n + 1, sizeof *m->annotations);
    m->n_annotations = 0;
    for (size_t i = 0; i < n; i++) {
        struct mesh_domain *dom = seen_domain(s, notes[i].domain);
        if (notes[i].domain && !dom)
            continue;
        m->annotations[m->n_annotations] = notes[i];
        m->annotations[m->n_annotations++].domain = dom;
    }
}
