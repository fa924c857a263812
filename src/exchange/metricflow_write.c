/* What was read of dbt's semantic layer, brought to the ports of the mesh and written as our files. A metric is written only when all that it is
 * made of is. */
#include "exchange/metricflow_int.h"

#include "base/buf.h"

enum { FILE_MAX_BYTES = 4 << 20 };

struct writing { struct mf *x; struct metricflow_files *out; size_t cap; };

/* ---- names ---- */

static struct str quoted_text(struct arena *a, struct str s)
{
    struct buf b = BUF_INIT(FILE_MAX_BYTES);
    buf_json_str(&b, str_trim(s));
    struct str out = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return out;
}

static void file_add(struct writing *w, const char *folder, struct str name, const struct buf *b)
{
    struct arena *a = w->x->a;
    if (w->out->n == w->cap) {
        size_t cap = w->cap ? w->cap * 2 : 32;
        struct mesh_file_text *v = arena_array(a, cap, sizeof *v);
        if (w->out->n)
            memcpy(v, w->out->files, w->out->n * sizeof *v);
        w->out->files = v;
        w->cap = cap;
    }
    struct str domain = w->x->ask->domain;
    w->out->files[w->out->n++] = (struct mesh_file_text){arena_printf(a, "domains/%.*s/%s/%.*s.yaml", STR_FMT(domain), folder, STR_FMT(name)), arena_str(a, buf_str(b))};
}

static const struct mesh_port *port_by_name(const struct mf *x, struct str table, bool *several)
{
    const struct mesh *m = x->ask->mesh;
    const struct mesh_port *found = mesh_find_port(m, arena_printf(x->a, "%.*s.%.*s", STR_FMT(x->ask->domain), STR_FMT(table)));
    *several = false;
    for (size_t i = 0; !found && i < m->n_ports; i++) {
        if (!m->ports[i]->is_default || !str_eq(m->ports[i]->name, table))
            continue;
        for (size_t k = i + 1; k < m->n_ports; k++)
            if (m->ports[k]->is_default && str_eq(m->ports[k]->name, table))
                *several = true;
        found = *several ? NULL : m->ports[i];
        break;
    }
    return found;
}

static const struct mesh_port *port_of(const struct mf *x, const struct mf_model *m, struct str *why)
{
    bool several;
    for (size_t i = 0; i < x->ask->n_ports; i++)
        if (str_eq(x->ask->ports[i][0], m->table) || str_eq(x->ask->ports[i][0], m->name)) {
            const struct mesh_port *p = mesh_find_port(x->ask->mesh, x->ask->ports[i][1]);
            *why = arena_printf(x->a, "the mesh has no port %.*s", STR_FMT(x->ask->ports[i][1]));
            return p;
        }
    const struct mesh_port *p = port_by_name(x, m->table, &several);
    *why = several ? arena_printf(x->a, "several domains have a port %.*s; say which with --port %.*s=DOMAIN.PORT", STR_FMT(m->table), STR_FMT(m->table))
                   : arena_printf(x->a, "the mesh has no port %.*s; say which stands for it with --port %.*s=DOMAIN.PORT", STR_FMT(m->table), STR_FMT(m->table));
    return p;
}

static bool model_taken(const struct mf *x, struct str name)
{
    const struct mesh_model *m = mesh_find_model(x->ask->mesh, name);
    if (m && !str_eq(m->domain->name, x->ask->domain))
        return true;
    for (size_t i = 0; i < x->n_models; i++)
        if (str_eq(x->models[i].out, name))
            return true;
    return false;
}

/* Names of models are the mesh's: one that another domain has gets this domain's before it. */
static struct str model_name(const struct mf *x, struct str name)
{
    struct str first = name;
    for (unsigned k = 2; model_taken(x, name); k++)
        name = k == 2 ? arena_printf(x->a, "%.*s_%.*s", STR_FMT(x->ask->domain), STR_FMT(first)) : arena_printf(x->a, "%.*s_%.*s_%u", STR_FMT(x->ask->domain), STR_FMT(first), k);
    return name;
}

/* ---- models ---- */

/* The column that a time dimension is. A day cut out of a column is that column: days are cut here as well. */
static struct str time_column(const struct mf_dimension *d)
{
    if (mf_identifier(d->expr))
        return d->expr;
    size_t comma = str_find(d->expr, STR(","), 0);
    struct str rest = {d->expr.p + comma + 1, comma == SIZE_MAX ? 0 : d->expr.n - comma - 1};
    if (comma != SIZE_MAX && rest.n && rest.p[rest.n - 1] == ')' && str_eq_nocase((struct str){d->expr.p, d->expr.n < 10 ? 0 : 10}, STR("date_trunc"))) {
        rest = str_trim((struct str){rest.p, rest.n - 1});
        if (mf_identifier(rest))
            return rest;
    }
    return STR("");
}

static void say_text(struct mf *x, struct buf *b, const char *key, struct str s)
{
    if (s.n)
        buf_printf(b, ", %s: %.*s", key, STR_FMT(quoted_text(x->a, s)));
}

static void say_source(struct mf *x, struct buf *b, struct str name, struct str expr)
{
    if (expr.n && !str_eq(name, expr))
        buf_printf(b, ", %s: %.*s", mf_identifier(expr) ? "column" : "expr", STR_FMT(mf_identifier(expr) ? expr : quoted_text(x->a, expr)));
}

static bool has_template(struct str s)
{
    return str_find(s, STR("{{"), 0) != SIZE_MAX || str_find(s, STR("{%"), 0) != SIZE_MAX;
}

static void entities_write(struct mf *x, const struct mf_model *m, struct buf *b)
{
    struct str from = STR(""), to = STR("");
    size_t said = 0;
    for (size_t i = 0; i < m->n_dimensions; i++) {
        from = m->dimensions[i].is_start ? time_column(&m->dimensions[i]) : from;
        to = m->dimensions[i].is_end ? time_column(&m->dimensions[i]) : to;
    }
    for (size_t i = 0; i < m->n_entities; i++) {
        const struct mf_entity *n = &m->entities[i];
        bool natural = str_eq(n->type, STR("natural"));
        struct str what = arena_printf(x->a, "the entity %.*s of %.*s", STR_FMT(n->name), STR_FMT(m->name));
        if (!str_is_name(n->name) || has_template(n->expr) || (natural && (!from.n || !to.n))) {
            mf_left(x, m->at, what, natural ? STR("it holds for a time, and no dimensions say from when to when") : STR("its name or its expression is not one of ours"));
            continue;
        }
        buf_addz(b, said++ ? "" : "entities:\n");
        buf_printf(b, "  - {name: %.*s, type: %.*s", STR_FMT(n->name), STR_FMT(n->type));
        say_source(x, b, n->name, n->expr);
        if (natural)
            buf_printf(b, ", from: %.*s, to: %.*s", STR_FMT(from), STR_FMT(to));
        buf_addz(b, "}\n");
    }
}

static void dimensions_write(struct mf *x, const struct mf_model *m, struct buf *b)
{
    size_t said = 0;
    for (size_t i = 0; i < m->n_dimensions; i++) {
        const struct mf_dimension *d = &m->dimensions[i];
        if (!str_is_name(d->name) || has_template(d->expr)) {
            mf_left(x, d->at, arena_printf(x->a, "the dimension %.*s of %.*s", STR_FMT(d->name), STR_FMT(m->name)), STR("its name or its expression is not one of ours"));
            continue;
        }
        buf_addz(b, said++ ? "" : "dimensions:\n");
        buf_printf(b, "  - {name: %.*s", STR_FMT(d->name));
        say_text(x, b, "title", d->title);
        buf_addz(b, d->time ? ", type: time" : "");
        say_source(x, b, d->name, d->time && time_column(d).n ? time_column(d) : d->expr);
        say_text(x, b, "description", d->description);
        buf_addz(b, "}\n");
    }
}

static bool agg_known(struct str agg)
{
    static const char *const all[] = {"sum", "min", "max", "average", "sum_boolean", "count", "count_distinct", "median", "percentile"};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (str_eq(agg, str_of(all[i])))
            return true;
    return false;
}

static struct str measure_wrong(const struct mf_measure *f)
{
    if (!str_is_name(f->name))
        return STR("its name is not one of ours: small letters, digits and single underscores");
    if (!agg_known(f->agg))
        return STR("its way of adding up has no counterpart");
    if (has_template(f->expr))
        return STR("its expression holds a template");
    if (str_eq(f->agg, STR("percentile")) && (f->discrete || f->percentile <= 0 || f->percentile >= 1))
        return f->discrete ? STR("a discrete percentile is a value that was seen, and here one is read between two") : STR("it does not say which percentile");
    return STR("");
}

static void measure_write(struct mf *x, const struct mf_model *m, const struct mf_measure *f, struct buf *b)
{
    bool every = str_eq(f->agg, STR("count")) && (str_eq(f->expr, STR("1")) || str_eq(f->expr, STR("*")));
    buf_printf(b, "  - {name: %.*s, agg: %.*s", STR_FMT(f->name), STR_FMT(f->agg));
    if (f->expr.n && !every && !str_eq(f->expr, f->name))
        buf_printf(b, ", expr: %.*s", STR_FMT(mf_identifier(f->expr) ? f->expr : quoted_text(x->a, f->expr)));
    else if (!every && str_eq(f->agg, STR("count")))
        buf_printf(b, ", expr: %.*s", STR_FMT(f->name));
    if (str_eq(f->agg, STR("percentile")))
        buf_printf(b, ", percentile: %g", f->percentile);
    if (f->approximate)
        buf_addz(b, ", approximate: true");
    if (f->balance_over.n) {
        const struct mf_dimension *over = mf_dimension_find(m, f->balance_over);
        struct str column = over ? time_column(over) : STR("");
        buf_printf(b, ", %s: %.*s", f->balance_first ? "first_over" : "last_over", STR_FMT(column.n ? column : f->balance_over));
        for (size_t i = 0; i < f->n_groupings; i++) {
            const struct str *name = &f->groupings[i];
            struct str expr = *name;
            for (size_t k = 0; k < m->n_entities; k++)
                if (str_eq(m->entities[k].name, *name))
                    expr = m->entities[k].expr;
            buf_printf(b, "%s%.*s%s", i ? ", " : ", window_groupings: [", STR_FMT(expr), i + 1 == f->n_groupings ? "]" : "");
        }
    }
    say_text(x, b, "description", f->description);
    buf_addz(b, "}\n");
}

/* The measures of a model that are dated by one time dimension are one model here. */
static void model_part(struct writing *w, struct mf_model *m, struct str time, struct str name, bool first)
{
    struct mf *x = w->x;
    struct buf b = BUF_INIT(FILE_MAX_BYTES);
    size_t said = 0;
    const struct mf_dimension *by = time.n ? mf_dimension_find(m, time) : NULL;
    buf_printf(&b, "# Taken over from dbt: %.*s\nname: %.*s\nport: %.*s\n", STR_FMT(m->name), STR_FMT(name), STR_FMT(m->port->ref));
    if (m->description.n)
        buf_printf(&b, "description: %.*s\n", STR_FMT(quoted_text(x->a, m->description)));
    if (by)
        buf_printf(&b, "time: %.*s\n", STR_FMT(time_column(by)));
    entities_write(x, m, &b);
    if (first)
        dimensions_write(x, m, &b);
    for (size_t i = 0; i < m->n_measures; i++) {
        struct mf_measure *f = &m->measures[i];
        if (f->untimed || !str_eq(f->time, time))
            continue;
        struct str wrong = measure_wrong(f);
        if (wrong.n) {
            mf_left(x, f->at, arena_printf(x->a, "the measure %.*s", STR_FMT(f->name)), wrong);
            continue; /* and metrics over it with it */
        }
        buf_addz(&b, said++ ? "" : "measures:\n");
        measure_write(x, m, f, &b);
        f->model = name;
    }
    file_add(w, "models", name, &b);
    w->out->models++;
    buf_fini(&b);
}

static void model_write(struct writing *w, struct mf_model *m)
{
    struct mf *x = w->x;
    struct str why, what = arena_printf(x->a, "the model %.*s", STR_FMT(m->name));
    m->port = port_of(x, m, &why);
    if (!m->port || !str_is_name(m->name)) {
        mf_left(x, m->at, what, m->port ? STR("its name is not one of ours: small letters, digits and single underscores") : why);
        return;
    }
    for (size_t i = 0; i < m->n_measures; i++) {
        struct mf_measure *f = &m->measures[i];
        struct str time = f->time.n ? f->time : m->time;
        const struct mf_dimension *d = time.n ? mf_dimension_find(m, time) : NULL;
        f->time = d && time_column(d).n ? time : m->time;
        if (time.n && !(d && time_column(d).n)) {
            mf_left(x, f->at, arena_printf(x->a, "the measure %.*s", STR_FMT(f->name)), arena_printf(x->a, "its time %.*s is no column of the model", STR_FMT(time)));
            f->untimed = true;
        }
    }
    m->out = model_name(x, m->name);
    struct str *times = arena_array(x->a, m->n_measures + 1, sizeof *times);
    size_t n = 0;
    times[n++] = m->time;
    for (size_t i = 0; i < m->n_measures; i++) {
        size_t k = 0;
        while (k < n && !str_eq(times[k], m->measures[i].time))
            k++;
        if (k == n)
            times[n++] = m->measures[i].time;
    }
    if (m->time.n && !(mf_dimension_find(m, m->time) && time_column(mf_dimension_find(m, m->time)).n))
        times[0] = STR("");
    if (!times[0].n && n == 2) /* no time of the model, and one of all its measures */
        times[0] = times[--n];
    for (size_t i = 0; i < n; i++)
        model_part(w, m, times[i], i == 0 ? m->out : arena_printf(x->a, "%.*s_by_%.*s", STR_FMT(m->out), STR_FMT(times[i])), i == 0);
}

/* ---- metrics ---- */

static void metric_wrong(struct mf_metric *m, struct str why)
{
    if (!m->wrong.n)
        m->wrong = why;
}

/* The measure behind a name: of a measure, or of a simple metric over one, whose filter then counts too. */
static struct mf_measure *measure_behind(struct mf *x, const struct mf_input *in, struct mf_model **model, struct str *filter)
{
    *filter = in->filter;
    if (in->measure)
        return mf_measure_find(x, in->name, model);
    const struct mf_metric *m = mf_metric_find(x, in->name);
    if (!m || m->type != MF_SIMPLE || !m->n_inputs)
        return NULL;
    *filter = mf_and(x->a, *filter, mf_and(x->a, m->filter, m->inputs[0].filter));
    return mf_measure_find(x, m->inputs[0].name, model);
}

static bool measure_stands(struct mf *x, struct mf_metric *m, const struct mf_input *in, struct mf_model **model, struct mf_measure **f, struct str *filter)
{
    *f = measure_behind(x, in, model, filter);
    if (!*f)
        metric_wrong(m, in->measure ? arena_printf(x->a, "there is no measure %.*s", STR_FMT(in->name)) : arena_printf(x->a, "%.*s is no simple metric", STR_FMT(in->name)));
    else if (!(*model)->out.n)
        metric_wrong(m, arena_printf(x->a, "its model %.*s is left out", STR_FMT((*model)->name)));
    else if (!(*f)->model.n)
        metric_wrong(m, arena_printf(x->a, "its measure %.*s is left out", STR_FMT((*f)->name)));
    return !m->wrong.n;
}

/* The one model that a metric is made of; NULL: several. */
static const struct mf_model *model_behind(struct mf *x, const struct mf_metric *m, int depth)
{
    const struct mf_model *one = NULL;
    for (size_t i = 0; i < m->n_inputs && depth < 16; i++) {
        struct mf_model *model = NULL;
        const struct mf_metric *part = m->inputs[i].measure ? NULL : mf_metric_find(x, m->inputs[i].name);
        const struct mf_model *at = part ? model_behind(x, part, depth + 1) : m->inputs[i].measure && mf_measure_find(x, m->inputs[i].name, &model) ? model : NULL;
        if (!at || (one && one != at))
            return NULL;
        one = at;
    }
    return one;
}

static struct str filter_said(struct mf *x, struct mf_metric *m, const struct mf_model *model, struct str filter)
{
    struct str out = STR(""), why;
    if (filter.n && !mf_filter(x, model, false, filter, &out, &why))
        metric_wrong(m, why);
    return out;
}

/* Parts of an expression that are none of the metric's own, and functions beyond those of ours. */
static bool expr_fits(const struct mf_metric *m)
{
    static const char *const functions[] = {"nullif", "coalesce", "abs", "greatest", "least"};
    struct str s = m->expr;
    for (size_t at = 0; at < s.n;) {
        size_t end = at;
        while (end < s.n && (s.p[end] == '_' || (s.p[end] >= '0' && s.p[end] <= '9') || (s.p[end] >= 'a' && s.p[end] <= 'z') || (s.p[end] >= 'A' && s.p[end] <= 'Z') ||
                             (s.p[end] == '.' && end > at && s.p[at] >= '0' && s.p[at] <= '9')))
            end++;
        if (end == at) {
            if (!s.p[at] || !strchr("+-*/(), \n\t.", s.p[at]))
                return false;
            at++;
            continue;
        }
        struct str word = {s.p + at, end - at};
        bool known = word.p[0] >= '0' && word.p[0] <= '9';
        for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++)
            known = known || str_eq_nocase(word, str_of(functions[i]));
        for (size_t i = 0; i < m->n_inputs; i++)
            known = known || str_eq(word, m->inputs[i].as.n ? m->inputs[i].as : m->inputs[i].name);
        if (!known)
            return false;
        at = end;
    }
    return s.n > 0;
}

static bool word_in(struct str s, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(s, str_of(words[i])))
            return true;
    return false;
}

/* "7 days": as ours are written. */
static bool span_fits(struct str s)
{
    static const char *const units[] = {"hour", "hours", "day", "days", "week", "weeks", "month", "months", "quarter", "quarters", "year", "years"};
    struct str unit, number = str_cut(s, ' ', &unit);
    int64_t v;
    return unit.p && str_to_i64(number, &v) && v > 0 && v < 10000 && word_in(unit, units, sizeof units / sizeof units[0]);
}

static void spans_check(struct mf *x, struct mf_metric *m)
{
    static const char *const grains[] = {"week", "month", "quarter", "year"}, *const periods[] = {"first", "last", "average"};
    if (m->window.n && !span_fits(m->window))
        metric_wrong(m, arena_printf(x->a, "its window \"%.*s\" is not of hours, days, weeks, months, quarters or years", STR_FMT(m->window)));
    if (m->grain_to.n && !word_in(m->grain_to, grains, 4))
        metric_wrong(m, arena_printf(x->a, "it adds up since the beginning of a %.*s, which is not week, month, quarter or year", STR_FMT(m->grain_to)));
    if (m->period.n && !word_in(m->period, periods, 3))
        metric_wrong(m, arena_printf(x->a, "there is no period %.*s", STR_FMT(m->period)));
    for (size_t i = 0; i < m->n_inputs; i++)
        if ((m->inputs[i].offset.n && !span_fits(m->inputs[i].offset)) || (m->inputs[i].offset_to.n && !word_in(m->inputs[i].offset_to, grains, 4)))
            metric_wrong(m, arena_printf(x->a, "the offset of %.*s has no counterpart", STR_FMT(m->inputs[i].name)));
}

static void input_write(struct mf *x, struct mf_metric *m, const struct mf_input *in, struct buf *b)
{
    const struct mf_metric *part = mf_metric_find(x, in->name);
    struct str filter = filter_said(x, m, part ? model_behind(x, part, 0) : NULL, mf_and(x->a, in->filter, m->type == MF_RATIO || m->type == MF_DERIVED ? m->filter : STR("")));
    bool plain = !filter.n && !in->as.n && !in->offset.n && !in->offset_to.n;
    struct str ref = arena_printf(x->a, "%.*s.%.*s", STR_FMT(x->ask->domain), STR_FMT(in->name));
    if (plain && m->type != MF_DERIVED) {
        buf_printf(b, "%.*s", STR_FMT(ref));
        return;
    }
    buf_printf(b, "{metric: %.*s", STR_FMT(ref));
    if (m->type == MF_DERIVED)
        buf_printf(b, ", as: %.*s", STR_FMT(in->as.n ? in->as : in->name));
    say_text(x, b, "filter", filter);
    if (in->offset.n)
        buf_printf(b, ", offset: %.*s", STR_FMT(in->offset));
    if (in->offset_to.n)
        buf_printf(b, ", offset_to: %.*s", STR_FMT(in->offset_to));
    buf_addc(b, '}');
}

/* model.measure of a side of a conversion. */
static struct str side_write(struct mf *x, struct mf_metric *m, const struct mf_input *in)
{
    struct mf_model *model;
    struct mf_measure *f;
    struct str filter;
    if (!measure_stands(x, m, in, &model, &f, &filter))
        return STR("");
    if (filter.n) {
        metric_wrong(m, arena_printf(x->a, "%.*s counts only some rows, and here a side of a conversion counts all of its measure", STR_FMT(in->name)));
        return STR("");
    }
    return arena_printf(x->a, "%.*s.%.*s", STR_FMT(f->model), STR_FMT(f->name));
}

static void simple_write(struct mf *x, struct mf_metric *m, struct buf *b)
{
    struct mf_model *model;
    struct mf_measure *f;
    struct str filter;
    if (!measure_stands(x, m, &m->inputs[0], &model, &f, &filter))
        return;
    filter = filter_said(x, m, model, mf_and(x->a, filter, m->filter));
    buf_printf(b, "measure: %.*s.%.*s\n", STR_FMT(f->model), STR_FMT(f->name));
    if (filter.n)
        buf_printf(b, "filter: %.*s\n", STR_FMT(quoted_text(x->a, filter)));
    if (m->has_fill)
        buf_printf(b, "fill_nulls_with: %g\n", m->fill);
}

static void cumulative_write(struct mf *x, struct mf_metric *m, struct buf *b)
{
    buf_printf(b, "metric: %.*s.%.*s\n", STR_FMT(x->ask->domain), STR_FMT(m->inputs[0].name));
    if (m->window.n)
        buf_printf(b, "window: %.*s\n", STR_FMT(m->window));
    if (m->grain_to.n)
        buf_printf(b, "grain_to: %.*s\n", STR_FMT(m->grain_to));
    buf_printf(b, "period: %.*s\n", STR_FMT(m->period.n ? m->period : STR("first"))); /* dbt's own default */
}

static void conversion_write(struct mf *x, struct mf_metric *m, struct buf *b)
{
    struct str base = side_write(x, m, &m->inputs[0]), converted = m->wrong.n ? base : side_write(x, m, &m->inputs[1]);
    if (m->filter.n)
        metric_wrong(m, STR("a conversion with a filter of the whole has no counterpart"));
    buf_printf(b, "base: %.*s\nconverted: %.*s\nentity: %.*s\n", STR_FMT(base), STR_FMT(converted), STR_FMT(m->entity));
    if (m->window.n)
        buf_printf(b, "window: %.*s\n", STR_FMT(m->window));
    buf_printf(b, "calculation: %s\n", m->conversions_only ? "conversions" : "rate");
    for (size_t i = 0; i < m->n_same; i++)
        buf_printf(b, "%s%.*s%s", i ? ", " : "same: [", STR_FMT(m->same[i]), i + 1 == m->n_same ? "]\n" : "");
}

static void metric_body(struct mf *x, struct mf_metric *m, struct buf *b)
{
    static const char *const types[] = {"simple", "ratio", "derived", "cumulative", "conversion"};
    buf_printf(b, "# Taken over from dbt\nname: %.*s\n", STR_FMT(m->name));
    if (m->title.n)
        buf_printf(b, "title: %.*s\n", STR_FMT(quoted_text(x->a, m->title)));
    buf_printf(b, "description: %.*s\n", STR_FMT(quoted_text(x->a, m->description.n ? m->description : m->title.n ? m->title : STR("Taken over from dbt, where it has no description."))));
    buf_printf(b, "type: %s\n", types[m->type]);
    if (m->unit.n && mf_identifier(m->unit))
        buf_printf(b, "unit: %.*s\n", STR_FMT(m->unit));
    switch (m->type) {
    case MF_SIMPLE: simple_write(x, m, b); return;
    case MF_CUMULATIVE: cumulative_write(x, m, b); return;
    case MF_CONVERSION: conversion_write(x, m, b); return;
    case MF_RATIO:
        buf_addz(b, "numerator: ");
        input_write(x, m, &m->inputs[0], b);
        buf_addz(b, "\ndenominator: ");
        input_write(x, m, &m->inputs[1], b);
        buf_addc(b, '\n');
        return;
    case MF_DERIVED:
        if (!expr_fits(m))
            metric_wrong(m, STR("its expression holds more than + - * / ( ), numbers, nullif, coalesce, abs, greatest, least and its metrics"));
        buf_printf(b, "expr: %.*s\nmetrics:\n", STR_FMT(quoted_text(x->a, m->expr)));
        for (size_t i = 0; i < m->n_inputs; i++) {
            buf_addz(b, "  - ");
            input_write(x, m, &m->inputs[i], b);
            buf_addc(b, '\n');
        }
        return;
    }
}

/* A cumulative metric of the older form adds up a measure; here it adds up a simple metric over it, which is made where there is none. */
static void cumulative_base(struct mf *x, size_t at)
{
    struct mf_input *in = &x->metrics[at].inputs[0];
    struct str filter = mf_and(x->a, in->filter, x->metrics[at].filter), name = in->name, measure = in->name;
    if (!in->measure && !filter.n)
        return;
    const struct mf_metric *there = mf_metric_find(x, name);
    bool same = there && in->measure && there->type == MF_SIMPLE && there->n_inputs && str_eq(there->inputs[0].name, measure) && !there->filter.n && !there->inputs[0].filter.n;
    if (!in->measure && there && there->type == MF_SIMPLE && there->n_inputs) {
        filter = mf_and(x->a, filter, mf_and(x->a, there->filter, there->inputs[0].filter));
        measure = there->inputs[0].name;
    }
    if (!same || filter.n) {
        name = filter.n || there ? arena_printf(x->a, "%.*s_by_day", STR_FMT(x->metrics[at].name)) : name;
        struct mf_place place = x->metrics[at].at;
        struct mf_metric *made = mf_metric_new(x, place);
        made->name = name;
        made->description = arena_printf(x->a, "What %.*s adds up.", STR_FMT(x->metrics[at].name));
        made->inputs[made->n_inputs++] = (struct mf_input){.name = measure, .filter = filter, .measure = true};
    }
    x->metrics[at].inputs[0] = (struct mf_input){.name = name};
    x->metrics[at].filter = STR("");
}

static void checks(struct mf *x)
{
    for (size_t i = 0; i < x->n_metrics; i++) {
        struct mf_metric *m = &x->metrics[i];
        if (!str_is_name(m->name))
            metric_wrong(m, STR("its name is not one of ours: small letters, digits and single underscores"));
        for (size_t k = 0; k < i; k++)
            if (str_eq(x->metrics[k].name, m->name))
                metric_wrong(m, STR("there is another of this name"));
        spans_check(x, m);
    }
    size_t n = x->n_metrics;
    for (size_t i = 0; i < n; i++)
        if (x->metrics[i].type == MF_CUMULATIVE && x->metrics[i].n_inputs && !x->metrics[i].wrong.n)
            cumulative_base(x, i);
}

/* Writes a metric after all that it is made of; each once. state: 0 not yet, 1 at it, 2 written or left out. */
static void metric_write(struct writing *w, size_t at, uint8_t *state)
{
    struct mf *x = w->x;
    struct mf_metric *m = &x->metrics[at];
    state[at] = 1;
    for (size_t i = 0; i < m->n_inputs && !m->wrong.n; i++) {
        struct mf_metric *part = m->inputs[i].measure ? NULL : mf_metric_find(x, m->inputs[i].name);
        if (m->inputs[i].measure || m->type == MF_CONVERSION)
            continue;
        if (!part) {
            metric_wrong(m, arena_printf(x->a, "there is no metric %.*s", STR_FMT(m->inputs[i].name)));
            continue;
        }
        size_t k = (size_t)(part - x->metrics);
        if (state[k] == 1)
            metric_wrong(m, arena_printf(x->a, "it is made of itself, by way of %.*s", STR_FMT(part->name)));
        else if (state[k] == 0)
            metric_write(w, k, state);
        if (part->wrong.n)
            metric_wrong(m, arena_printf(x->a, "its part %.*s is left out", STR_FMT(part->name)));
    }
    struct buf b = BUF_INIT(FILE_MAX_BYTES);
    if (!m->wrong.n)
        metric_body(x, m, &b);
    if (m->wrong.n) {
        mf_left(x, m->at, arena_printf(x->a, "the metric %.*s", STR_FMT(m->name)), m->wrong);
    } else {
        file_add(w, "metrics", m->name, &b);
        w->out->metrics++;
    }
    buf_fini(&b);
    state[at] = 2;
}

void mf_write(struct mf *x, struct metricflow_files *out)
{
    struct writing w = {.x = x, .out = out};
    for (size_t i = 0; i < x->n_models; i++)
        model_write(&w, &x->models[i]);
    checks(x);
    uint8_t *state = arena_array(x->a, x->n_metrics + 1, sizeof *state);
    for (size_t i = 0; i < x->n_metrics; i++)
        if (state[i] == 0)
            metric_write(&w, i, state);
    out->left_out = x->left_out;
}

bool metricflow_read(struct arena *a, const struct metricflow_text *texts, size_t n, const struct metricflow_ask *ask, struct metricflow_files *out, struct errs *es)
{
    struct mf x = {.a = a, .es = es, .ask = ask};
    *out = (struct metricflow_files){0};
    for (size_t i = 0; i < n; i++) {
        const struct doc *d = doc_parse_yaml(a, texts[i].file, texts[i].text, es);
        if (!d)
            return false;
        mf_read(&x, d);
    }
    if (!x.n_models && !x.n_metrics) {
        struct err *e = errs_add(es, E_METRIC, n ? texts[0].file : STR(""), 0, 0, "there is no metric and no semantic model in it");
        if (e)
            err_hint(e, "`trellis import metrics` reads dbt's YAML: semantic_models and metrics, or models with semantic_model");
        return false;
    }
    mf_write(&x, out);
    return true;
}
