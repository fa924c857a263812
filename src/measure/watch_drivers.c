/* Why a figure moved: every dimension's values on the days that are asked about, and on those that they are compared with. */
#include "measure/watch_int.h"

#include <math.h>
#include <stdlib.h>

#include "measure/drivers.h"

enum { ROWS_MOST = 500000, BACK_DAYS = 28, SHIFT_DAYS_MOST = 28 };

bool watch_against_from(struct str text, enum watch_against *out)
{
    static const char *const texts[] = {[AGAINST_EXPECTED] = "expected", [AGAINST_DAY_BEFORE] = "day before", [AGAINST_WEEK_BEFORE] = "week before"};
    *out = AGAINST_EXPECTED;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (str_eq(text, str_of(texts[i]))) {
            *out = (enum watch_against)i;
            return true;
        }
    return text.n == 0;
}

/* How figures of a metric are taken apart: a sum; a ratio of two sums; or not at all. */
enum way { WAY_SUM, WAY_RATIO, WAY_RATE /* the rate and what it is a share of */, WAY_OWN };
struct apart { enum way way; const struct mesh_metric *top, *bottom; struct str top_filter, bottom_filter; };

static struct apart apart_of(const struct mesh *mesh, const struct mesh_metric *m)
{
    if (watch_adds_up(m))
        return (struct apart){.way = WAY_SUM, .top = m};
    if (m->type == METRIC_RATIO && m->n_parts == 2 && watch_adds_up(m->parts[0].metric) && watch_adds_up(m->parts[1].metric))
        return (struct apart){.way = WAY_RATIO, .top = m->parts[0].metric, .bottom = m->parts[1].metric, .top_filter = m->parts[0].filter, .bottom_filter = m->parts[1].filter};
    const struct mesh_metric *of = m->type == METRIC_CONVERSION ? watch_divisor(mesh, m) : NULL;
    return of ? (struct apart){.way = WAY_RATE, .top = m, .bottom = of} : (struct apart){.way = WAY_OWN, .top = m};
}

/* Values of one dimension with their days. */
struct values {
    struct str *name; bool *unknown; struct driver_part *part; double *days_top, *days_bottom; /* [value * span + day] */
    size_t n, cap, span;
    int32_t first;
    struct arena *a;
};

static size_t value_at(struct values *v, const struct metric_cell *key)
{
    for (size_t i = v->n; i-- > 0;)
        if (v->unknown[i] == !key->known && (!key->known || str_eq(v->name[i], key->text)))
            return i;
    if (v->n == v->cap)
        return SIZE_MAX;
    v->name[v->n] = key->text;
    v->unknown[v->n] = !key->known;
    return v->n++;
}

static struct str both(struct arena *a, struct str x, struct str y)
{
    return x.n && y.n ? arena_printf(a, "(%.*s) AND (%.*s)", STR_FMT(x), STR_FMT(y)) : x.n ? x : y;
}

static bool read_days(const struct metric_asker *who, const struct mesh_metric *m, struct str dimension, struct str where, struct values *v, double *days, bool *cut, struct err *e)
{
    struct metric_table t;
    struct metric_ask ask = {.metrics = &m->ref, .n_metrics = 1, .by = &dimension, .n_by = 1, .grain = GRAIN_DAY, .has_from = true, .has_to = true, .from = v->first, .to = v->first + (int32_t)v->span - 1, .where = where, .limit = ROWS_MOST};
    if (!metric_ask_run(who, &ask, v->a, &t, e))
        return false;
    size_t key = SIZE_MAX, time = SIZE_MAX, value = SIZE_MAX;
    for (size_t c = 0; c < t.n_columns; c++) {
        key = t.columns[c].role == COLUMN_KEY ? c : key;
        time = t.columns[c].role == COLUMN_TIME ? c : time;
        value = t.columns[c].role == COLUMN_VALUE ? c : value;
    }
    *cut = t.truncated || key == SIZE_MAX || time == SIZE_MAX || value == SIZE_MAX;
    for (size_t r = 0; r < t.n_rows && !*cut; r++) {
        const struct metric_cell *row = &t.cells[r * t.n_columns];
        int64_t day = row[time].known ? (int64_t)row[time].v - v->first : -1;
        if (day < 0 || day >= (int64_t)v->span || !row[value].known || !isfinite(row[value].v))
            continue;
        size_t at = value_at(v, &row[key]);
        if (at == SIZE_MAX)
            *cut = true;
        else
            days[at * v->span + (size_t)day] = row[value].v;
    }
    return true;
}

struct compare { size_t from, to, before_from, before_to; bool by_weekday; }; /* days of the span, both ends inside */

/* The mean of a day asked about, and of the days before it that are of the same day of the week. */
static void means(const double *days, const struct compare *c, double *before, double *after)
{
    double n = 0;
    *before = *after = 0;
    for (size_t d = c->from; d <= c->to; d++) {
        double sum = 0, count = 0;
        for (size_t b = c->before_from; b <= c->before_to; b++)
            if (!c->by_weekday || b % 7 == d % 7) {
                sum += days[b];
                count++;
            }
        *before += count > 0 ? sum / count : 0;
        *after += days[d];
        n++;
    }
    *before /= n;
    *after /= n;
}

static void make_parts(const struct apart *p, struct values *v, const struct compare *c)
{
    for (size_t i = 0; i < v->n; i++) {
        double *top = &v->days_top[i * v->span], *bottom = &v->days_bottom[i * v->span];
        struct driver_part *d = &v->part[i];
        for (size_t k = 0; k < v->span && p->way == WAY_RATE; k++)
            top[k] *= bottom[k];
        means(top, c, &d->before, &d->after);
        if (p->bottom)
            means(bottom, c, &d->over_before, &d->over_after);
    }
}

static double whole_of(const struct apart *p, const struct values *v, bool after)
{
    double top = 0, bottom = 0;
    for (size_t i = 0; i < v->n; i++) {
        top += after ? v->part[i].after : v->part[i].before;
        bottom += after ? v->part[i].over_after : v->part[i].over_before;
    }
    return p->bottom ? top / bottom : top;
}

/* What is usual is not quite the mean of the same days: the parts before are stretched to it, so that changes sum to what stands out. */
static void stretch(const struct apart *p, struct values *v, double expected)
{
    double whole = whole_of(p, v, false);
    for (size_t i = 0; i < v->n && whole > 0 && expected > 0; i++)
        v->part[i].before *= expected / whole;
}

/* What is not known is no reason that anybody can act upon: it comes behind what is; and what went against the whole behind what made it. Then whatever moved most
 * beyond its size: a value that holds nearly all always moves most. */
static int most_first(const void *a, const void *b)
{
    const struct watch_driver *x = a, *y = b;
    if (x->unknown != y->unknown)
        return x->unknown ? 1 : -1;
    if ((x->share < 0) != (y->share < 0))
        return x->share < 0 ? 1 : -1;
    double dx = fabs(x->beyond), dy = fabs(y->beyond);
    return dx != dy ? (dx < dy ? 1 : -1) : str_cmp(x->dimension, y->dimension);
}

/* Of values that all moved alike none is a reason, nor is one that went with the rest and less than its size. */
static bool is_reason(const struct driver *d, double change)
{
    bool lagging = d->change * change > 0 && d->beyond * change < 0;
    return !lagging && fabs(d->beyond) >= 0.05 * fabs(change);
}

static void keep(const struct apart *p, const struct watch_explain *ask, const struct metric_dimension *dim, struct values *v, struct watch_drivers *out, size_t room)
{
    struct driver *d = arena_array(v->a, v->n + 1, sizeof *d);
    double change = 0;
    if (p->way == WAY_SUM)
        change = drivers_of_sum(v->part, v->n, d);
    else if (p->bottom)
        change = drivers_of_ratio(v->part, v->n, d);
    else
        (void)drivers_of_sum(v->part, v->n, d);
    if (!isfinite(change))
        return;
    if (out->dimensions == 0 && p->way != WAY_OWN) {
        out->before = whole_of(p, v, false);
        out->after = whole_of(p, v, true);
    }
    out->dimensions++;
    size_t kept = 0;
    for (size_t k = 0; k < 2 * v->n && kept < ask->each && out->n < room; k++) { /* all that went with the whole, then what went against it */
        const size_t i = k % v->n;
        const struct driver_part *x = &v->part[d[i].at];
        if (d[i].change == 0 || (d[i].share < 0) != (k >= v->n) || (p->way != WAY_OWN && !is_reason(&d[i], change)))
            continue;
        kept++;
        bool ratio = p->bottom != NULL;
        double before = !ratio ? x->before : x->over_before != 0 ? x->before / x->over_before : NAN, after = !ratio ? x->after : x->over_after != 0 ? x->after / x->over_after : NAN;
        out->v[out->n++] = (struct watch_driver){.dimension = dim->name, .title = dim->dimension->title.n ? dim->dimension->title : dim->name, .value = v->name[d[i].at], .unknown = v->unknown[d[i].at], .change = d[i].change, .beyond = p->way == WAY_OWN ? d[i].change : d[i].beyond,
                                                 .share = p->way == WAY_OWN ? 0 : d[i].share, .rate = d[i].rate, .mix = d[i].mix, .before = before, .after = after, .is_ratio = ratio};
    }
}

static bool same(double x, double y)
{
    return x == y || fabs(x - y) <= 1e-9 * (fabs(x) + fabs(y)) || (isnan(x) && isnan(y));
}

void watch_drivers_once(struct watch_drivers *out)
{
    size_t n = 0;
    for (size_t i = 0; i < out->n; i++) {
        const struct watch_driver *x = &out->v[i];
        bool told = false;
        for (size_t k = 0; k < n && !told; k++)
            told = !str_eq(out->v[k].dimension, x->dimension) && same(out->v[k].change, x->change) && same(out->v[k].before, x->before) && same(out->v[k].after, x->after);
        if (!told)
            out->v[n++] = *x;
    }
    out->n = n;
}

/* Not a reason that anybody acts upon, or nobody's to see. */
static bool skipped(const struct metric_dimension *d)
{
    return d->dimension->time || (d->dimension->column && mesh_column_hidden(d->dimension->column));
}

static struct compare span_of(const struct watch_explain *ask, struct values *v, struct watch_drivers *out)
{
    int32_t to = ask->to - ask->from >= SHIFT_DAYS_MOST ? ask->from + SHIFT_DAYS_MOST - 1 : ask->to;
    int32_t before_from = ask->against == AGAINST_DAY_BEFORE ? ask->from - 1 : ask->against == AGAINST_WEEK_BEFORE ? ask->from - 7 : ask->from - BACK_DAYS;
    int32_t before_to = ask->against == AGAINST_WEEK_BEFORE ? ask->from - 7 + (to - ask->from > 6 ? 6 : to - ask->from) : ask->from - 1;
    v->first = before_from;
    v->span = (size_t)(to - before_from + 1);
    out->from = ask->from;
    out->to = to;
    out->before_from = before_from;
    out->before_to = before_to;
    return (struct compare){.from = (size_t)(ask->from - before_from), .to = (size_t)(to - before_from), .before_to = (size_t)(before_to - before_from), .by_weekday = ask->against == AGAINST_EXPECTED};
}

bool watch_drivers(const struct metric_asker *who, const struct watch_explain *ask, struct arena *a, struct watch_drivers *out, struct err *e)
{
    struct apart p = apart_of(who->mesh, ask->metric);
    struct metric_dimension *dims;
    size_t n, room;
    metric_dimensions(who->mesh, ask->metric, a, &dims, &n);
    *out = (struct watch_drivers){.exact = p.way != WAY_OWN, .before = NAN, .after = NAN};
    room = n * ask->each + 1;
    out->v = arena_array(a, room, sizeof *out->v);
    for (size_t i = 0; i < n && out->looked < ask->dimensions_most; i++) {
        struct arena mine;
        struct err why = {0};
        bool cut = false;
        if (skipped(&dims[i]))
            continue;
        out->looked++;
        arena_init(&mine);
        struct values v = {.a = &mine, .cap = 4000};
        struct compare c = span_of(ask, &v, out);
        v.name = arena_array(&mine, v.cap, sizeof *v.name);
        v.unknown = arena_array(&mine, v.cap, sizeof *v.unknown);
        v.part = arena_array(&mine, v.cap, sizeof *v.part);
        v.days_top = arena_array(&mine, v.cap * v.span, sizeof *v.days_top);
        v.days_bottom = arena_array(&mine, v.cap * v.span, sizeof *v.days_bottom);
        bool good = read_days(who, p.top, dims[i].name, both(&mine, ask->where, p.top_filter), &v, v.days_top, &cut, &why) && !cut &&
                    (!p.bottom || read_days(who, p.bottom, dims[i].name, both(&mine, ask->where, p.bottom_filter), &v, v.days_bottom, &cut, &why)) && !cut;
        if (good && v.n > 1) {
            make_parts(&p, &v, &c);
            if (ask->against == AGAINST_EXPECTED && ask->has_expected)
                stretch(&p, &v, ask->expected);
            size_t first = out->n;
            keep(&p, ask, &dims[i], &v, out, room);
            for (size_t k = first; k < out->n; k++)
                out->v[k].value = arena_str(a, out->v[k].value);
        }
        arena_fini(&mine);
        if (!good && why.code == E_CANCELLED) {
            *e = why;
            return false;
        }
    }
    if (out->n)
        qsort(out->v, out->n, sizeof *out->v, most_first);
    return true;
}
