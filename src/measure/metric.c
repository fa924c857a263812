#include "measure/metric.h"

#include <stdlib.h>

#include "measure/metric_int.h"

bool metric_ask_run(const struct metric_asker *who, const struct metric_ask *ask, struct arena *a, struct metric_table *out, struct err *e)
{
    struct metric_plan *p;
    *out = (struct metric_table){0};
    if (!metric_plan_make(who, ask, a, &p, e))
        return false;
    for (size_t i = 0; i < p->n_legs; i++)
        if (!leg_ask(p, &p->legs[i], e))
            return false;
    if (!table_make(p, out, e))
        return false;
    out->from = p->span.from;
    out->to = p->span.to;
    out->before_from = p->before.from;
    out->before_to = p->before.to;
    out->range_given = p->range_given;
    out->newest_known = p->newest_known;
    out->sql = p->sql;
    out->n_legs = metric_plan_legs(p, &out->legs);
    out->notes = p->notes;
    out->n_notes = p->n_notes;
    return true;
}

/* ---- in words ---- */
static struct str title_of(const struct mesh_metric *m)
{
    return m->title.n ? m->title : m->name;
}

static struct str part_words(const struct mesh_metric_part *x, struct arena *a)
{
    struct str t = title_of(x->metric);
    if (x->filter.n)
        t = arena_printf(a, "%.*s where %.*s", STR_FMT(t), STR_FMT(x->filter));
    if (x->offset_n)
        t = arena_printf(a, "%.*s %d %.*s before", STR_FMT(t), x->offset_n, STR_FMT(x->offset_unit));
    if (x->offset_to.n)
        t = arena_printf(a, "%.*s at the start of the %.*s", STR_FMT(t), STR_FMT(x->offset_to));
    return t;
}

static struct str aggregate_words(const struct mesh_metric *m, const struct mesh_fact *f, const struct mesh_model *x, struct arena *a)
{
    static const char *const words[] = {[AGG_SUM] = "sum of", [AGG_MIN] = "least", [AGG_MAX] = "largest", [AGG_AVERAGE] = "average", [AGG_SUM_BOOLEAN] = "number of rows with",
                                        [AGG_COUNT] = "number of", [AGG_COUNT_DISTINCT] = "number of different", [AGG_MEDIAN] = "median", [AGG_PERCENTILE] = "percentile of"};
    (void)m;
    return f->expr.n && f->agg != AGG_COUNT ? arena_printf(a, "%s %.*s in %.*s", words[f->agg], STR_FMT(f->expr), STR_FMT(x->ref)) : arena_printf(a, "number of rows in %.*s", STR_FMT(x->ref));
}

/* "28 days", "1 month" */
static struct str span_words(const struct mesh_metric *m, struct arena *a)
{
    struct str unit = m->window_unit;
    if (unit.n && unit.p[unit.n - 1] == 's')
        unit.n--;
    return arena_printf(a, "%d %.*s%s", m->window_n, STR_FMT(unit), m->window_n == 1 ? "" : "s");
}

struct str metric_formula(const struct mesh_metric *m, struct arena *a)
{
    struct str said = {0};
    if (m->type == METRIC_SIMPLE) {
        said = aggregate_words(m, m->fact, m->model, a);
    } else if (m->type == METRIC_RATIO) {
        struct str top = part_words(&m->parts[0], a), below = part_words(&m->parts[1], a);
        said = arena_printf(a, "%.*s ÷ %.*s", STR_FMT(top), STR_FMT(below));
    } else if (m->type == METRIC_CUMULATIVE) {
        struct str of = part_words(&m->parts[0], a);
        if (m->window_n)
            said = arena_printf(a, "%.*s over the last %.*s", STR_FMT(of), STR_FMT(span_words(m, a)));
        else if (m->grain_to.n)
            said = arena_printf(a, "%.*s since the start of the %.*s", STR_FMT(of), STR_FMT(m->grain_to));
        else
            said = arena_printf(a, "%.*s since the beginning", STR_FMT(of));
    } else if (m->type == METRIC_CONVERSION) {
        struct str base = aggregate_words(m, m->fact, m->model, a), goal = aggregate_words(m, m->to_fact, m->to_model, a);
        struct str length = span_words(m, a);
        said = m->window_n ? arena_printf(a, "%s of (%.*s) followed by (%.*s) within %.*s", m->conversions_only ? "number" : "share", STR_FMT(base), STR_FMT(goal), STR_FMT(length))
                           : arena_printf(a, "%s of (%.*s) followed by (%.*s)", m->conversions_only ? "number" : "share", STR_FMT(base), STR_FMT(goal));
    } else {
        struct str *names = arena_array(a, m->n_parts + 1, sizeof *names), *words = arena_array(a, m->n_parts + 1, sizeof *words);
        struct formula *f;
        struct err none = {0};
        struct buf b = BUF_INIT((size_t)1 << 16);
        for (size_t i = 0; i < m->n_parts; i++) {
            names[i] = m->parts[i].as.n ? m->parts[i].as : m->parts[i].metric->name;
            words[i] = part_words(&m->parts[i], a);
        }
        if (formula_read(a, m->expr, names, m->n_parts, &f, &none))
            formula_words(f, words, &b);
        said = arena_str(a, buf_str(&b));
        buf_fini(&b);
        if (said.n > 2 && said.p[0] == '(' && said.p[said.n - 1] == ')')
            said = (struct str){said.p + 1, said.n - 2};
    }
    return m->filter.n ? arena_printf(a, "%.*s, where %.*s", STR_FMT(said), STR_FMT(m->filter)) : said;
}

/* ---- what it may be asked by ---- */
static bool reaches(const struct mesh *m, const struct mesh_metric *x, struct str name, struct way *way, int depth)
{
    struct err none = {0};
    if (depth == METRIC_DEPTH_MAX || (x->dimensions.n && !mesh_strs_have(x->dimensions, name)))
        return false;
    if (x->model)
        return way_find(m, x->model, name, way, &none);
    bool all = x->n_parts > 0;
    for (size_t i = 0; all && i < x->n_parts; i++)
        all = x->parts[i].metric && reaches(m, x->parts[i].metric, name, way, depth + 1);
    return all;
}

static int names_compare(const void *a, const void *b)
{
    return str_cmp(((const struct metric_dimension *)a)->name, ((const struct metric_dimension *)b)->name);
}

void metric_dimensions(const struct mesh *m, const struct mesh_metric *x, struct arena *a, struct metric_dimension **out, size_t *n)
{
    struct table seen = {0};
    size_t all = 0;
    for (size_t i = 0; i < m->n_models; i++)
        all += m->models[i]->n_dimensions;
    *out = arena_array(a, all + 1, sizeof **out);
    *n = 0;
    for (size_t i = 0; i < m->n_models; i++)
        for (size_t k = 0; k < m->models[i]->n_dimensions; k++) {
            struct str name = m->models[i]->dimensions[k].name;
            struct way way;
            if (table_put(&seen, a, name, m->models[i]))
                continue;
            if (reaches(m, x, name, &way, 0))
                (*out)[(*n)++] = (struct metric_dimension){name, way.dimension, way.model};
        }
    if (*n)
        qsort(*out, *n, sizeof **out, names_compare);
}

/* Whether all words of a name are words of the other: revenue and attributed_revenue. */
static bool alike(struct str x, struct str y)
{
    for (struct str rest = x; rest.n;) {
        struct str word = str_cut(rest, '_', &rest);
        bool there = false;
        for (struct str others = y; others.n && !there;)
            there = str_eq(word, str_cut(others, '_', &others));
        if (!there)
            return false;
    }
    return true;
}

bool way_none(const struct metric_plan *p, const struct mesh_model *from, struct str name, const struct way *lost, struct err *e)
{
    enum { NAMED = 3 };
    const struct mesh *m = p->mesh;
    const struct mesh_metric *asked = p->metrics[0];
    struct str others = STR("");
    struct way way;
    size_t named = 0;
    if (!lost->nowhere && !lost->fans_out)
        return false;
    for (size_t i = 0; i < p->n_metrics; i++)
        if (!reaches(m, p->metrics[i], name, &way, 0)) {
            asked = p->metrics[i];
            break;
        }
    for (size_t i = 0; i < m->n_metrics && named < NAMED; i++) {
        const struct mesh_metric *x = m->metrics[i];
        if (x->unit == asked->unit && alike(asked->name, x->name) && reaches(m, x, name, &way, 0)) {
            others = arena_printf(p->a, "%.*s%s%.*s", STR_FMT(others), named ? ", " : "", STR_FMT(x->name));
            named++;
        }
    }
    if (lost->nowhere)
        err_set(e, E_METRIC, "%.*s cannot be asked by %.*s: no way leads there from %.*s", STR_FMT(asked->name), STR_FMT(name), STR_FMT(from->name));
    if (named)
        err_hint(e, "by %.*s one may ask: %.*s", STR_FMT(name), STR_FMT(others));
    else if (lost->nowhere)
        err_hint(e, "trellis metric %.*s --explain lists what it may be asked by, as its page does", STR_FMT(asked->name));
    return false;
}
