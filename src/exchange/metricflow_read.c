/* dbt's semantic layer read: `semantic_models:` with measures (the older form), and models with `semantic_model:` whose simple metrics are
 * what measures were (the newer one). Both come to the same structure. */
#include "exchange/metricflow_int.h"

static void *grown(struct arena *a, void *old, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return old;
    *cap = *cap ? *cap * 2 : 16;
    void *more = arena_array(a, *cap, size);
    if (n)
        memcpy(more, old, n * size);
    return more;
}

static struct mf_place place(const struct doc *d, const struct doc_node *n)
{
    return (struct mf_place){d->file, n->line, n->col};
}

void mf_left(struct mf *x, struct mf_place at, struct str what, struct str why)
{
    errs_warn(x->es, E_METRIC, at.file, at.line, at.col, "%.*s is left out: %.*s", STR_FMT(what), STR_FMT(why));
    x->left_out++;
}

struct mf_metric *mf_metric_new(struct mf *x, struct mf_place at)
{
    x->metrics = grown(x->a, x->metrics, x->n_metrics, &x->cap_metrics, sizeof *x->metrics);
    x->metrics[x->n_metrics] = (struct mf_metric){.at = at};
    return &x->metrics[x->n_metrics++];
}

static struct mf_model *model_new(struct mf *x, struct mf_place at)
{
    x->models = grown(x->a, x->models, x->n_models, &x->cap_models, sizeof *x->models);
    x->models[x->n_models] = (struct mf_model){.at = at};
    return &x->models[x->n_models++];
}

static struct mf_measure *measure_new(struct mf *x, struct mf_model *m, struct mf_place at)
{
    m->measures = grown(x->a, m->measures, m->n_measures, &m->cap_measures, sizeof *m->measures);
    m->measures[m->n_measures] = (struct mf_measure){.at = at};
    return &m->measures[m->n_measures++];
}

struct mf_measure *mf_measure_find(struct mf *x, struct str name, struct mf_model **model)
{
    for (size_t i = 0; i < x->n_models; i++)
        for (size_t k = 0; k < x->models[i].n_measures; k++)
            if (str_eq(x->models[i].measures[k].name, name)) {
                *model = &x->models[i];
                return &x->models[i].measures[k];
            }
    return NULL;
}

struct mf_metric *mf_metric_find(struct mf *x, struct str name)
{
    for (size_t i = 0; i < x->n_metrics; i++)
        if (str_eq(x->metrics[i].name, name))
            return &x->metrics[i];
    return NULL;
}

const struct mf_dimension *mf_dimension_find(const struct mf_model *m, struct str name)
{
    for (size_t i = 0; i < m->n_dimensions; i++)
        if (str_eq(m->dimensions[i].name, name))
            return &m->dimensions[i];
    return NULL;
}

/* ---- small parts ---- */

static struct str text_of(const struct doc *d, const struct doc_node *map, const char *key)
{
    const struct doc_node *n = doc_get(d, map, key);
    return n && n->kind != DOC_MAP && n->kind != DOC_SEQ && n->kind != DOC_NULL ? str_trim(doc_text(d, n)) : STR("");
}

/* A filter is a text, or a list of texts that must all hold. */
static struct str filter_of(struct arena *a, const struct doc *d, const struct doc_node *map)
{
    const struct doc_node *f = doc_get(d, map, "filter");
    if (!f)
        return STR("");
    if (f->kind != DOC_SEQ)
        return str_trim(doc_text(d, f));
    struct str all = STR("");
    for (const struct doc_node *n = doc_first(d, f); n; n = doc_next(d, n))
        all = mf_and(a, all, str_trim(doc_text(d, n)));
    return all;
}

/* ref('fct_orders') or source('shop', 'orders') -> the last name in it */
static struct str table_of(struct str ref)
{
    size_t end = ref.n, from;
    while (end > 0 && ref.p[end - 1] != '\'' && ref.p[end - 1] != '"')
        end--;
    if (end == 0)
        return ref;
    for (from = --end; from > 0 && ref.p[from - 1] != ref.p[end]; from--)
        ;
    return (struct str){ref.p + from, end - from};
}

static struct str *names_of(struct arena *a, const struct doc *d, const struct doc_node *seq, size_t *n)
{
    struct str *v = arena_array(a, seq ? seq->n_children + 1 : 1, sizeof *v);
    *n = 0;
    for (const struct doc_node *k = seq ? doc_first(d, seq) : NULL; k; k = doc_next(d, k))
        v[(*n)++] = doc_text(d, k);
    return v;
}

static double number_of(const struct doc *d, const struct doc_node *map, const char *key, bool *there)
{
    double v = 0;
    *there = str_to_f64(text_of(d, map, key), &v);
    return v;
}

/* metrics of older versions say `type_params:`; in newer ones its keys stand beside the name. */
static struct str either(const struct doc *d, const struct doc_node *first, const struct doc_node *second, const char *key)
{
    struct str s = first ? text_of(d, first, key) : STR("");
    return s.n || !second ? s : text_of(d, second, key);
}

static struct mf_dimension dimension_of(const struct doc *d, const struct doc_node *n, struct str column)
{
    const struct doc_node *params = doc_get(d, n, "type_params"), *validity = params ? doc_get(d, params, "validity_params") : doc_get(d, n, "validity_params");
    struct str name = text_of(d, n, "name"), expr = text_of(d, n, "expr");
    return (struct mf_dimension){.name = name.n ? name : column,
                                 .title = text_of(d, n, "label"),
                                 .description = text_of(d, n, "description"),
                                 .expr = expr.n ? expr : column.n ? column : name,
                                 .time = str_eq(text_of(d, n, "type"), STR("time")),
                                 .is_start = validity && doc_bool(d, validity, "is_start", false),
                                 .is_end = validity && doc_bool(d, validity, "is_end", false),
                                 .at = place(d, n)};
}

static void balance_of(struct mf *x, const struct doc *d, const struct doc_node *n, struct mf_measure *out)
{
    const struct doc_node *b = doc_get(d, n, "non_additive_dimension");
    if (!b)
        return;
    struct str choice = either(d, b, NULL, "window_choice");
    if (!choice.n)
        choice = text_of(d, b, "window_agg");
    out->balance_over = text_of(d, b, "name");
    out->balance_first = str_eq(choice, STR("min"));
    const struct doc_node *groups = doc_get(d, b, "window_groupings");
    out->groupings = names_of(x->a, d, groups ? groups : doc_get(d, b, "group_by"), &out->n_groupings);
}

/* What a measure and a simple metric of the newer form have in common. */
static void measure_of(struct mf *x, const struct doc *d, const struct doc_node *n, struct mf_model *m)
{
    const struct doc_node *params = doc_get(d, n, "agg_params");
    struct mf_measure *out = measure_new(x, m, place(d, n));
    bool there;
    out->name = text_of(d, n, "name");
    out->title = text_of(d, n, "label");
    out->description = text_of(d, n, "description");
    out->agg = text_of(d, n, "agg");
    if (str_eq(out->agg, STR("avg")))
        out->agg = STR("average");
    out->expr = text_of(d, n, "expr");
    out->time = text_of(d, n, "agg_time_dimension");
    out->is_metric = doc_bool(d, n, "create_metric", false);
    out->percentile = number_of(d, params ? params : n, "percentile", &there);
    if (there && out->percentile > 1)
        out->percentile /= 100;
    out->discrete = (params && doc_bool(d, params, "use_discrete_percentile", false)) || str_eq(text_of(d, n, "percentile_type"), STR("discrete"));
    out->approximate = params && doc_bool(d, params, "use_approximate_percentile", false);
    balance_of(x, d, n, out);
}

/* ---- metrics ---- */

static void input_add(struct mf *x, struct mf_metric *m, const struct doc *d, const struct doc_node *n, bool measure)
{
    if (m->n_inputs == MF_PARTS_MAX) {
        m->wrong = STR("it has more than 20 parts");
        return;
    }
    struct mf_input *in = &m->inputs[m->n_inputs++];
    *in = (struct mf_input){.measure = measure};
    if (n->kind != DOC_MAP) {
        in->name = doc_text(d, n);
        return;
    }
    in->name = text_of(d, n, "name");
    in->as = text_of(d, n, "alias");
    in->filter = filter_of(x->a, d, n);
    in->offset = text_of(d, n, "offset_window");
    in->offset_to = text_of(d, n, "offset_to_grain");
    bool there;
    double fill = number_of(d, n, "fill_nulls_with", &there);
    if (there) {
        m->has_fill = true;
        m->fill = fill;
    }
}

static bool input_from(struct mf *x, struct mf_metric *m, const struct doc *d, const struct doc_node *map, const char *key, bool measure)
{
    const struct doc_node *n = map ? doc_get(d, map, key) : NULL;
    if (n)
        input_add(x, m, d, n, measure);
    return n != NULL;
}

static void same_of(struct mf_metric *m, const struct doc *d, const struct doc_node *list)
{
    for (const struct doc_node *n = list ? doc_first(d, list) : NULL; n; n = doc_next(d, n)) {
        struct str base = text_of(d, n, "base_property"), converted = text_of(d, n, "conversion_property");
        if (!str_eq(base, converted))
            m->wrong = STR("a property that must stay the same has two names, and here it has one");
        else if (m->n_same < MF_PARTS_MAX)
            m->same[m->n_same++] = base;
    }
}

static void cumulative_of(struct mf *x, struct mf_metric *m, const struct doc *d, const struct doc_node *n, const struct doc_node *params)
{
    const struct doc_node *more = params ? doc_get(d, params, "cumulative_type_params") : NULL;
    if (!(params && input_from(x, m, d, params, "measure", true)) && !(more && input_from(x, m, d, more, "metric", false)))
        (void)input_from(x, m, d, n, "input_metric", false);
    m->window = either(d, more, params ? params : n, "window");
    m->grain_to = either(d, more, params ? params : n, "grain_to_date");
    m->period = either(d, more, n, "period_agg");
}

static void conversion_of(struct mf *x, struct mf_metric *m, const struct doc *d, const struct doc_node *n, const struct doc_node *params)
{
    const struct doc_node *from = params ? doc_get(d, params, "conversion_type_params") : n;
    if (!from)
        return;
    if (!input_from(x, m, d, from, "base_measure", true))
        (void)input_from(x, m, d, from, "base_metric", false);
    if (!input_from(x, m, d, from, "conversion_measure", true))
        (void)input_from(x, m, d, from, "conversion_metric", false);
    m->entity = text_of(d, from, "entity");
    m->window = text_of(d, from, "window");
    m->conversions_only = str_eq(text_of(d, from, "calculation"), STR("conversions"));
    same_of(m, d, doc_get(d, from, "constant_properties"));
}

static void parts_of(struct mf *x, struct mf_metric *m, const struct doc *d, const struct doc_node *n, struct str type)
{
    const struct doc_node *params = doc_get(d, n, "type_params"), *from = params ? params : n, *list;
    size_t wanted = 1;
    if (str_eq(type, STR("simple"))) {
        m->type = MF_SIMPLE;
        (void)input_from(x, m, d, from, "measure", true);
    } else if (str_eq(type, STR("ratio"))) {
        m->type = MF_RATIO;
        wanted = 2;
        (void)input_from(x, m, d, from, "numerator", false);
        (void)input_from(x, m, d, from, "denominator", false);
    } else if (str_eq(type, STR("derived"))) {
        m->type = MF_DERIVED;
        m->expr = text_of(d, from, "expr");
        list = doc_get(d, from, params ? "metrics" : "input_metrics");
        for (const struct doc_node *k = list ? doc_first(d, list) : NULL; k; k = doc_next(d, k))
            input_add(x, m, d, k, false);
    } else if (str_eq(type, STR("cumulative"))) {
        m->type = MF_CUMULATIVE;
        cumulative_of(x, m, d, n, params);
    } else if (str_eq(type, STR("conversion"))) {
        m->type = MF_CONVERSION;
        wanted = 2;
        conversion_of(x, m, d, n, params);
    } else {
        m->wrong = type.n ? arena_printf(x->a, "there is no type %.*s of metrics", STR_FMT(type)) : STR("it says no type");
        return;
    }
    if (m->n_inputs < wanted && !m->wrong.n)
        m->wrong = STR("it does not say what it is made of");
}

static struct mf_metric *metric_head(struct mf *x, const struct doc *d, const struct doc_node *n)
{
    struct mf_metric *m = mf_metric_new(x, place(d, n));
    m->name = text_of(d, n, "name");
    m->title = text_of(d, n, "label");
    m->description = text_of(d, n, "description");
    m->filter = filter_of(x->a, d, n);
    m->unit = doc_text(d, doc_path(d, n, "config.meta.unit"));
    return m;
}

static void metric_read(struct mf *x, const struct doc *d, const struct doc_node *n, struct mf_model *model)
{
    struct str type = text_of(d, n, "type");
    struct mf_metric *m = metric_head(x, d, n);
    bool there;
    if (!(model && str_eq(type, STR("simple")) && text_of(d, n, "agg").n)) {
        parts_of(x, m, d, n, type);
        return;
    }
    /* Newer form: the metric is its own measure. */
    measure_of(x, d, n, model);
    m->inputs[m->n_inputs++] = (struct mf_input){.name = m->name, .measure = true};
    m->fill = number_of(d, n, "fill_nulls_with", &there);
    m->has_fill = there;
}

/* ---- models ---- */

static void entity_add(struct mf_model *m, const struct doc *d, const struct doc_node *n, struct str column)
{
    struct str name = n->kind == DOC_MAP ? text_of(d, n, "name") : STR(""), type = n->kind == DOC_MAP ? text_of(d, n, "type") : doc_text(d, n);
    struct str expr = n->kind == DOC_MAP ? text_of(d, n, "expr") : STR("");
    if (!name.n)
        name = column;
    m->entities[m->n_entities++] = (struct mf_entity){name, type, expr.n ? expr : column.n ? column : name};
}

static size_t children(const struct doc *d, const struct doc_node *map, const char *key)
{
    const struct doc_node *n = map ? doc_get(d, map, key) : NULL;
    return n ? n->n_children : 0;
}

static void semantic_model(struct mf *x, const struct doc *d, const struct doc_node *n)
{
    struct mf_model *m = model_new(x, place(d, n));
    const struct doc_node *list, *k;
    m->name = text_of(d, n, "name");
    m->table = table_of(text_of(d, n, "model"));
    m->description = text_of(d, n, "description");
    m->time = doc_text(d, doc_path(d, n, "defaults.agg_time_dimension"));
    m->primary = text_of(d, n, "primary_entity");
    m->entities = arena_array(x->a, children(d, n, "entities") + 1, sizeof *m->entities);
    m->dimensions = arena_array(x->a, children(d, n, "dimensions") + 1, sizeof *m->dimensions);
    list = doc_get(d, n, "entities");
    for (k = list ? doc_first(d, list) : NULL; k; k = doc_next(d, k))
        entity_add(m, d, k, STR(""));
    list = doc_get(d, n, "dimensions");
    for (k = list ? doc_first(d, list) : NULL; k; k = doc_next(d, k))
        m->dimensions[m->n_dimensions++] = dimension_of(d, k, STR(""));
    list = doc_get(d, n, "measures");
    for (k = list ? doc_first(d, list) : NULL; k; k = doc_next(d, k)) {
        measure_of(x, d, k, m);
        struct mf_measure *f = &m->measures[m->n_measures - 1];
        if (!f->is_metric)
            continue;
        struct mf_metric *made = mf_metric_new(x, f->at);
        made->name = f->name;
        made->title = f->title;
        made->description = f->description;
        made->inputs[made->n_inputs++] = (struct mf_input){.name = f->name, .measure = true};
    }
}

/* A model of dbt with a semantic layer of its own. */
static bool model_read(struct mf *x, const struct doc *d, const struct doc_node *n)
{
    const struct doc_node *semantic = doc_get(d, n, "semantic_model"), *columns = doc_get(d, n, "columns"), *derived = doc_get(d, n, "derived_semantics"), *k, *part;
    bool on = semantic && (semantic->kind == DOC_MAP ? doc_bool(d, semantic, "enabled", true) : semantic->kind == DOC_BOOL && semantic->v.b);
    if (!on)
        return false;
    struct mf_model *m = model_new(x, place(d, n));
    struct str own = semantic->kind == DOC_MAP ? text_of(d, semantic, "name") : STR("");
    m->table = text_of(d, n, "name");
    m->name = own.n ? own : m->table;
    m->description = text_of(d, n, "description");
    m->time = text_of(d, n, "agg_time_dimension");
    m->primary = text_of(d, n, "primary_entity");
    m->entities = arena_array(x->a, (columns ? columns->n_children : 0) + children(d, derived, "entities") + 1, sizeof *m->entities);
    m->dimensions = arena_array(x->a, (columns ? columns->n_children : 0) + children(d, derived, "dimensions") + 1, sizeof *m->dimensions);
    for (k = columns ? doc_first(d, columns) : NULL; k; k = doc_next(d, k)) {
        struct str column = text_of(d, k, "name");
        if ((part = doc_get(d, k, "entity")))
            entity_add(m, d, part, column);
        if (!(part = doc_get(d, k, "dimension")))
            continue;
        struct mf_dimension dim = part->kind == DOC_MAP ? dimension_of(d, part, column) : (struct mf_dimension){.name = column, .expr = column, .time = str_eq(doc_text(d, part), STR("time")), .at = place(d, k)};
        if (!dim.description.n)
            dim.description = text_of(d, k, "description");
        m->dimensions[m->n_dimensions++] = dim;
    }
    part = derived ? doc_get(d, derived, "entities") : NULL;
    for (k = part ? doc_first(d, part) : NULL; k; k = doc_next(d, k))
        entity_add(m, d, k, STR(""));
    part = derived ? doc_get(d, derived, "dimensions") : NULL;
    for (k = part ? doc_first(d, part) : NULL; k; k = doc_next(d, k))
        m->dimensions[m->n_dimensions++] = dimension_of(d, k, STR(""));
    size_t at = x->n_models - 1;
    part = doc_get(d, n, "metrics");
    for (k = part ? doc_first(d, part) : NULL; k; k = doc_next(d, k))
        metric_read(x, d, k, &x->models[at]);
    return true;
}

void mf_read(struct mf *x, const struct doc *d)
{
    static const char *const lists[] = {"semantic_models", "models", "metrics"};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        const struct doc_node *list = doc_get(d, doc_root(d), lists[i]);
        for (const struct doc_node *n = list && list->kind == DOC_SEQ ? doc_first(d, list) : NULL; n; n = doc_next(d, n)) {
            if (n->kind != DOC_MAP)
                continue;
            if (i == 0)
                semantic_model(x, d, n);
            else if (i == 1)
                (void)!model_read(x, d, n);
            else
                metric_read(x, d, n, NULL);
        }
    }
}
