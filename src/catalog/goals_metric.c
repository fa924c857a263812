/* Goals whose number is a metric: asked as everybody asks it, over the same window of days, one window behind the other for a year. */
#include "catalog/goals_int.h"

#include <math.h>

#include "base/clock.h"
#include "measure/metric.h"

enum { WINDOWS = 13 };

struct span { bool given; int32_t from, to; };

/* The one figure of a span; without one, of the newest days that have data. */
static bool value_of(struct govern *g, const struct govern_principal *who, const struct mesh *m, const struct mesh_number *n, struct span at, struct arena *a,
                     struct metric_table *t, double *out, bool *known, struct err *e)
{
    const struct metric_asker asker = {.gate = g, .who = who ? who : &GOVERN_ITSELF, .mesh = m};
    const struct metric_ask ask = {.metrics = &n->metric->ref, .n_metrics = 1, .has_from = at.given, .has_to = at.given, .from = at.from, .to = at.to, .where = n->where};
    *known = false;
    *out = 0;
    if (!metric_ask_run(&asker, &ask, a, t, e))
        return false;
    for (size_t c = 0; t->n_rows && c < t->n_columns; c++)
        if (t->columns[c].role == COLUMN_VALUE) {
            *known = t->cells[c].known && isfinite(t->cells[c].v);
            *out = *known ? t->cells[c].v : 0;
        }
    return true;
}

bool goal_metric_value(struct govern *g, const struct govern_principal *who, const struct mesh *m, const struct mesh_number *n, int32_t from, int32_t to, struct arena *a,
                       double *out, bool *known, struct err *e)
{
    struct metric_table t;
    return value_of(g, who, m, n, (struct span){true, from, to}, a, &t, out, known, e);
}

/* Windows that end a window apart, oldest first. The first that is known may begin before its data does and is left out. */
static bool windows(struct govern *g, const struct govern_principal *who, const struct mesh *m, const struct mesh_number *n, int window, int32_t newest, struct arena *a,
                    struct goal_state *out, struct err *e)
{
    struct goal_point *v = arena_array(a, WINDOWS, sizeof *v);
    size_t first = 0;
    for (size_t i = 0; i < WINDOWS; i++) {
        struct metric_table t;
        int32_t to = newest - window * (int32_t)(WINDOWS - 1 - i);
        v[i].day = to;
        if (!value_of(g, who, m, n, (struct span){true, to - window + 1, to}, a, &t, &v[i].value, &v[i].known, e))
            return false;
    }
    while (first < WINDOWS && !v[first].known)
        first++;
    first += first + 1 < WINDOWS;
    out->series = v + first;
    out->n_series = WINDOWS - first;
    return true;
}

bool goal_metric(struct govern *g, const struct govern_principal *who, const struct mesh *m, const struct mesh_number *n, int window, struct arena *a, struct goal_state *out,
                 struct err *e)
{
    struct metric_table t;
    if (!value_of(g, who, m, n, (struct span){0}, a, &t, &out->value, &out->known, e))
        return false;
    int32_t newest = t.to;
    if (t.to - t.from + 1 != window && !value_of(g, who, m, n, (struct span){true, newest - window + 1, newest}, a, &t, &out->value, &out->known, e))
        return false;
    out->sql = t.sql;
    out->day_from = arena_str(a, str_of(clock_date(newest - window + 1).z));
    out->day_to = arena_str(a, str_of(clock_date(newest).z));
    return windows(g, who, m, n, window, newest, a, out, e);
}
