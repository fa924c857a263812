/* Days of metrics, and what is out of the ordinary among them. */
#include "measure/watch.h"

#include <math.h>
#include <stdlib.h>

#include "measure/watch_int.h"

enum { ROWS_MOST = 1000000, LOOKED_DAYS = 400 };

bool watch_adds_up(const struct mesh_metric *m)
{
    return m->type == METRIC_SIMPLE && m->fact && !m->fact->last_over.n && !m->fact->non_additive.n && (m->fact->agg == AGG_SUM || m->fact->agg == AGG_COUNT || m->fact->agg == AGG_SUM_BOOLEAN);
}

/* What a rate is a share of, where that is a metric of its own that may be asked beside it. */
const struct mesh_metric *watch_divisor(const struct mesh *mesh, const struct mesh_metric *m)
{
    if (m->type == METRIC_RATIO && m->n_parts == 2)
        return m->parts[1].filter.n ? NULL : m->parts[1].metric;
    for (size_t i = 0; m->type == METRIC_CONVERSION && !m->conversions_only && i < mesh->n_metrics; i++) {
        const struct mesh_metric *x = mesh->metrics[i];
        if (watch_adds_up(x) && x->model == m->model && x->fact == m->fact && str_eq(x->filter, m->filter))
            return x;
    }
    return NULL;
}

static bool ask_days(const struct metric_asker *who, const struct mesh_metric *m, const struct mesh_metric *divisor, const struct watch_span *s, bool ranged, int32_t from, int32_t to, struct arena *a, struct metric_table *t, struct err *e)
{
    struct str *names = arena_array(a, 2, sizeof *names);
    names[0] = m->ref;
    if (divisor)
        names[1] = divisor->ref;
    struct metric_ask ask = {.metrics = names, .n_metrics = divisor ? 2 : 1, .grain = GRAIN_DAY, .has_from = ranged, .has_to = ranged, .from = from, .to = to, .where = s->where, .limit = ROWS_MOST};
    return metric_ask_run(who, &ask, a, t, e);
}

bool watch_series(const struct metric_asker *who, const struct mesh_metric *m, const struct watch_span *span, struct arena *a, struct watch_series *out, struct err *e)
{
    struct metric_table t;
    const struct mesh_metric *divisor = watch_divisor(who->mesh, m);
    int32_t to = span->to;
    *out = (struct watch_series){0};
    if (!span->has_to) {
        if (!ask_days(who, m, NULL, span, false, 0, 0, a, &t, e))
            return false;
        to = t.to < span->today ? t.to : span->today - 1;
    }
    int32_t from = to - span->back + 1;
    if (!ask_days(who, m, divisor, span, true, from, to, a, &t, e))
        return false;
    size_t n = (size_t)span->back, time = SIZE_MAX, value = SIZE_MAX, over = SIZE_MAX;
    for (size_t c = 0; c < t.n_columns; c++) {
        if (t.columns[c].role == COLUMN_TIME)
            time = c;
        else if (t.columns[c].role == COLUMN_VALUE && value == SIZE_MAX)
            value = c;
        else if (t.columns[c].role == COLUMN_VALUE)
            over = c;
    }
    double *v = arena_array(a, n + 1, sizeof *v), *weight = arena_array(a, n + 1, sizeof *weight);
    bool *known = arena_array(a, n + 1, sizeof *known), whole = true;
    size_t first = SIZE_MAX, last = 0;
    for (size_t r = 0; r < t.n_rows && time != SIZE_MAX && value != SIZE_MAX; r++) {
        const struct metric_cell *row = &t.cells[r * t.n_columns];
        int64_t at = row[time].known ? (int64_t)row[time].v - from : -1;
        if (at < 0 || at >= (int64_t)n || !row[value].known || !isfinite(row[value].v))
            continue;
        v[at] = row[value].v;
        known[at] = true;
        weight[at] = over != SIZE_MAX && row[over].known ? row[over].v : 0;
        whole = whole && fabs(v[at] - round(v[at])) < 1e-6;
        first = (size_t)at < first ? (size_t)at : first;
        last = (size_t)at > last ? (size_t)at : last;
    }
    if (first == SIZE_MAX)
        return true;
    for (size_t i = first; i <= last && watch_adds_up(m) && !t.withholds; i++)
        known[i] = true;
    *out = (struct watch_series){.first = from + (int32_t)first, .last = from + (int32_t)last, .n = last - first + 1, .v = v + first, .known = known + first, .count = whole && m->unit == UNIT_COUNT, .legs = t.legs, .n_legs = t.n_legs, .withholds = t.withholds};
    out->weight = divisor && watch_adds_up(divisor) ? weight + first : NULL;
    return true;
}

/* ---- what is out of the ordinary ---- */
struct list { struct unusual *v; size_t n, cap; struct arena *a; };

static void add(struct list *l, struct unusual x)
{
    if (l->n == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 16;
        struct unusual *v = arena_array(l->a, cap, sizeof *v);
        if (l->n)
            memcpy(v, l->v, l->n * sizeof *v);
        l->v = v;
        l->cap = cap;
    }
    l->v[l->n++] = x;
}

static bool look_at(const struct metric_asker *who, const struct mesh_metric *m, const struct watch_ask *ask, struct list *l, int64_t *judged, struct err *e)
{
    struct watch_span span = {.today = ask->today, .back = ask->days + ANOMALY_HISTORY_DAYS < LOOKED_DAYS ? LOOKED_DAYS : ask->days + ANOMALY_HISTORY_DAYS}; /* what is told of a day is the same however few are asked */
    struct watch_series s;
    struct anomalies found;
    if (!watch_series(who, m, &span, l->a, &s, e))
        return false;
    for (size_t i = 0; s.withholds && i < s.n; i++)
        if (!s.known[i]) { /* the days that are left are those of many customers: no fair ones to judge by */
            err_set(e, E_METRIC, "days of few customers are withheld from roles that see groups of people alone");
            err_hint(e, "ask it of a role that sees rows");
            return false;
        }
    anomalies_find(&(struct anomaly_series){.v = s.v, .known = s.known, .weight = s.weight, .n = s.n, .count = s.count}, l->a, &found);
    int32_t from = s.last - ask->days + 1;
    for (size_t i = 0; i < s.n; i++)
        *judged += found.days[i].judged && s.first + (int32_t)i >= from;
    for (size_t i = 0; i < found.n; i++) {
        const struct anomaly *x = &found.v[i];
        struct unusual u = {.metric = m, .found = *x, .day = s.first + (int32_t)x->day, .since = s.first + (int32_t)x->since, .until = s.first + (int32_t)x->until};
        if (u.until >= from)
            add(l, u);
    }
    return true;
}

static int newest_first(const void *a, const void *b)
{
    const struct unusual *x = a, *y = b;
    if (x->day != y->day)
        return x->day < y->day ? 1 : -1;
    double dx = fabs(x->found.score), dy = fabs(y->found.score);
    return dx != dy ? (dx < dy ? 1 : -1) : str_cmp(x->metric->ref, y->metric->ref);
}

static bool explain(const struct metric_asker *who, struct unusual *u, struct arena *a, struct err *e)
{
    bool shift = u->found.kind == ANOMALY_SHIFT;
    struct watch_explain ask = {.metric = u->metric, .from = shift ? u->since : u->day, .to = shift ? u->until : u->day, .has_expected = !shift, .expected = u->found.expected, .dimensions_most = 8, .each = 2};
    if (!watch_drivers(who, &ask, a, &u->drivers, e))
        return false;
    watch_drivers_once(&u->drivers);
    return true;
}

bool watch_run(const struct metric_asker *who, const struct watch_ask *ask, struct arena *a, struct watched *out, struct err *e)
{
    const struct mesh *m = who->mesh;
    struct list l = {.a = a};
    struct err first = {0};
    *out = (struct watched){.problems = arena_array(a, m->n_metrics + 1, sizeof *out->problems)};
    for (size_t i = 0; i < m->n_metrics; i++) {
        struct err why = {0};
        if (ask->metric ? m->metrics[i] != ask->metric : !m->metrics[i]->watch)
            continue;
        out->metrics++;
        if (look_at(who, m->metrics[i], ask, &l, &out->judged, &why))
            continue;
        if (out->n_problems == 0)
            first = why;
        out->problems[out->n_problems++] = (struct watch_problem){m->metrics[i], arena_str(a, str_of(why.text))};
    }
    if (out->metrics && out->n_problems == out->metrics) {
        *e = first;
        return false;
    }
    if (l.n)
        qsort(l.v, l.n, sizeof *l.v, newest_first);
    for (size_t i = 0; i < l.n && i < ask->explained; i++) {
        struct err why = {0};
        if (!explain(who, &l.v[i], a, &why))
            l.v[i].drivers = (struct watch_drivers){0}; /* it is out of the ordinary all the same */
    }
    out->v = l.v;
    out->n = l.n;
    return true;
}
