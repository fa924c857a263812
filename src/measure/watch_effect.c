/* Effects of days and the organic baseline, over metrics. */
#include "measure/watch_int.h"

#include <math.h>

enum { BEFORE_DAYS = 120, MOST_DAYS = 1100, BASELINE_DAYS = 180 };

/* As the first days of `into`: NaN where nothing is known. */
static bool days_of(const struct metric_asker *who, const struct mesh_metric *m, int32_t from, int32_t to, struct str where, struct arena *a, double *into, struct watch_series *s, struct err *e)
{
    struct watch_span span = {.has_to = true, .to = to, .back = to - from + 1, .where = where};
    if (!watch_series(who, m, &span, a, s, e))
        return false;
    for (int32_t d = from; d <= to; d++) {
        bool inside = s->n && d >= s->first && d <= s->last && s->known[d - s->first];
        into[d - from] = inside ? s->v[d - s->first] : NAN;
    }
    return true;
}

bool effect_run(const struct metric_asker *who, const struct effect_ask *ask, struct arena *a, struct effect *out, struct err *e)
{
    int32_t from = ask->has_from ? ask->from : ask->post_from - BEFORE_DAYS;
    struct watch_series s, other;
    *out = (struct effect){.first = from};
    if (ask->post_from <= from || ask->to < ask->post_from) {
        err_set(e, E_USAGE, "the day on which it happened lies outside of the days that are asked");
        return err_hint(e, "from < post_from <= to"), false;
    }
    if (ask->to - from >= MOST_DAYS)
        return err_set(e, E_USAGE, "at most %d days can be asked at once", MOST_DAYS);
    size_t n = (size_t)(ask->to - from + 1);
    double *y = arena_array(a, n, sizeof *y);
    const double **x = arena_array(a, ask->n_controls + 1, sizeof *x);
    if (!days_of(who, ask->metric, from, ask->to, ask->where, a, y, &s, e))
        return false;
    for (size_t i = 0; i < ask->n_controls; i++) {
        double *column = arena_array(a, n, sizeof *column);
        x[i] = column;
        if (!days_of(who, ask->controls[i], from, ask->to, ask->where, a, column, &other, e))
            return false;
    }
    out->legs = s.legs;
    out->n_legs = s.n_legs;
    struct impact_series series = {.y = y, .x = x, .n_x = ask->n_controls, .n = n, .post = (size_t)(ask->post_from - from)};
    return impact_run(&series, a, &out->impact, e);
}

static const struct mesh_metric *metric_called(const struct mesh *m, const char *name, struct err *e)
{
    bool several = false;
    const struct mesh_metric *x = mesh_find_metric(m, str_of(name), &several);
    if (x)
        return x;
    err_set(e, several ? E_METRIC : E_NOT_FOUND, several ? "several domains declare the metric \"%s\"" : "there is no metric \"%s\"", name);
    err_hint(e, "the baseline reads the metrics new_customers and spend");
    return NULL;
}

bool organic_run(const struct metric_asker *who, bool has_span, int32_t from, int32_t to, int32_t today, struct arena *a, struct organic *out, struct err *e)
{
    const struct mesh_metric *customers = metric_called(who->mesh, "new_customers", e), *spend = customers ? metric_called(who->mesh, "spend", e) : NULL;
    struct watch_series c, s;
    if (!spend)
        return false;
    if (has_span && (to < from || to - from >= MOST_DAYS))
        return err_set(e, E_USAGE, "from is the first day and to the last, at most %d days on", MOST_DAYS);
    struct watch_span span = {.has_to = has_span, .to = to, .today = today, .back = has_span ? to - from + 1 : BASELINE_DAYS};
    *out = (struct organic){.new_customers = customers->ref, .spend = spend->ref};
    if (!watch_series(who, customers, &span, a, &c, e) || !watch_series(who, spend, &span, a, &s, e))
        return false;
    /* days that both have: where the one ends, the other is not known */
    int32_t first = c.first > s.first ? c.first : s.first, last = c.last < s.last ? c.last : s.last;
    size_t n = c.n && s.n && last >= first ? (size_t)(last - first + 1) : 0;
    double *paid = arena_array(a, n + 1, sizeof *paid);
    out->customers = arena_array(a, n + 1, sizeof *out->customers);
    for (size_t i = 0; i < n; i++) {
        out->customers[i] = c.v[(size_t)(first - c.first) + i];
        paid[i] = s.v[(size_t)(first - s.first) + i];
    }
    out->first = first;
    out->n = n;
    size_t withheld = 0;
    for (size_t i = 0; i < n; i++)
        withheld += !c.known[(size_t)(first - c.first) + i] || !s.known[(size_t)(first - s.first) + i];
    baseline_find(&(struct baseline_series){.customers = out->customers, .spend = paid, .n = n, .seed = 1}, a, &out->found);
    if ((c.withholds && (withheld > 0 || n < (size_t)span.back)) || (s.withholds && withheld > 0)) {
        out->found.known = false; /* few customers are what is withheld: the days that are left are no fair ones */
        out->found.customers = out->found.spend = NAN;
        out->found.why = "days of few customers are withheld from roles that see groups of people alone";
    }
    return true;
}
