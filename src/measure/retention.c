/* Retention asked: each person's first event, the periods in which they were back, cohorts and rates. Periods are the calendar's, in the
 * mesh's time zone: 0 is the one of the first event, and counts who was back within it. */
#include "measure/retention.h"

#include <stdlib.h>

#include "base/clock.h"
#include "measure/steps_int.h"

enum { GROUPS_MAX = 50, PERIODS_USUAL = 12, EDGES_MAX = 60000, DAYS_A_PERIOD_MAX = 366 };

static const char *const kind_names[RETENTION_KINDS] = {"n_day", "unbounded", "rolling"};

const char *retention_kind_name(enum retention_kind k)
{
    return kind_names[k];
}

bool retention_kind_from(struct str text, enum retention_kind *out)
{
    for (int k = 0; k < RETENTION_KINDS; k++)
        if (str_eq(text, str_of(kind_names[k]))) {
            *out = (enum retention_kind)k;
            return true;
        }
    return false;
}

void retention_count(enum retention_kind kind, int64_t first, const int64_t *again, size_t n, int periods, int64_t *kept)
{
    if (!n)
        return;
    if (kind == RETENTION_N_DAY) {
        for (size_t i = 0; i < n; i++)
            if ((i == 0 || again[i] != again[i - 1]) && again[i] - first < periods)
                kept[again[i] - first]++;
        return;
    }
    int64_t last = again[n - 1] - first, soonest = again[0] - first;
    if (kind == RETENTION_UNBOUNDED)
        for (int64_t k = 0; k <= last && k < periods; k++)
            kept[k]++;
    else
        for (int64_t k = soonest; k < periods; k++)
            kept[k]++;
}

/* ---- periods ---- */

/* Where periods begin, as moments; the last edge lies beyond the newest. */
struct calendar { int32_t *day; int64_t *us; size_t n; };

static bool calendar_make(const struct mesh *m, enum metric_grain g, int64_t from_us, int64_t newest_us, struct arena *a, struct calendar *out, struct err *e)
{
    int32_t day;
    if (!clock_day_of(from_us, m->time_zone, &day))
        return err_set(e, E_INTERNAL, "the mesh's time zone is not known");
    out->day = arena_array(a, EDGES_MAX + 2, sizeof *out->day);
    out->us = arena_array(a, EDGES_MAX + 2, sizeof *out->us);
    for (day = metric_grain_start(m, g, day);; day = metric_grain_next(m, g, day)) {
        if (out->n > EDGES_MAX)
            return err_set(e, E_TOO_LARGE, "there are more than %d periods between the oldest event and the newest; ask in a coarser grain", EDGES_MAX);
        if (!steps_day_begin(m, day, &out->us[out->n]))
            return err_set(e, E_INTERNAL, "the mesh's time zone is not known");
        out->day[out->n++] = day;
        if (out->us[out->n - 1] > newest_us)
            return true;
    }
}

/* The period of a moment; those after the last edge are in the last. */
static int64_t period_of(const struct calendar *c, int64_t us)
{
    size_t low = 0, high = c->n - 1;
    while (low < high) {
        size_t mid = (low + high + 1) / 2;
        if (c->us[mid] <= us)
            low = mid;
        else
            high = mid - 1;
    }
    return (int64_t)low;
}

/* ---- people ---- */

struct counting {
    const struct retention_ask *ask;
    const struct step_events *events;
    struct calendar calendar;
    struct retention *out;
    int64_t first_period;
    int64_t *again;
    int64_t *group_size, *group_kept;  /* [value * cohorts + cohort], [(value * cohorts + cohort) * periods + k] */
};

static void person(struct counting *w, size_t from, size_t to)
{
    const struct step_event *v = w->events->v;
    size_t i = from, n = 0;
    while (i < to && !(v[i].mask & 1))
        i++;
    if (i == to || !v[i].fits)
        return;
    int64_t begun = v[i].at_us, period = period_of(&w->calendar, begun), cohort = period - w->first_period;
    if (begun < w->out->span.from_us || begun >= w->out->span.until_us || cohort < 0 || cohort >= (int64_t)w->out->n)
        return;
    for (size_t k = i + 1; k < to; k++)
        if (v[k].at_us > begun && (v[k].mask & 2))
            w->again[n++] = period_of(&w->calendar, v[k].at_us);
    struct retention_cohort *c = &w->out->cohorts[cohort];
    c->size++;
    retention_count(w->out->kind, period, w->again, n, w->out->periods, c->kept);
    if (w->group_size) {
        size_t g = (size_t)w->events->values[w->ask->by][v[i].entry] * w->out->n + (size_t)cohort;
        w->group_size[g]++;
        retention_count(w->out->kind, period, w->again, n, w->out->periods, w->group_kept + g * (size_t)w->out->periods);
    }
}

static void rates(const struct retention *r, const int64_t *size, const int64_t *kept, size_t stride, struct retention_rate *out)
{
    for (int k = 0; k < r->periods; k++) {
        for (size_t c = 0; c < r->n; c++)
            if (k < r->cohorts[c].whole) {
                out[k].of += size[c];
                out[k].kept += kept[c * stride + (size_t)k];
            }
        out[k].known = out[k].of > 0;
        out[k].rate = out[k].known ? (double)out[k].kept / (double)out[k].of : 0;
    }
}

struct ranked { size_t value; int64_t size; };

static int largest_first(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->size != y->size)
        return x->size > y->size ? -1 : 1;
    return x->value < y->value ? -1 : x->value > y->value;
}

static void groups(struct counting *w, struct arena *a)
{
    struct retention *r = w->out;
    size_t values = w->events->n_names[w->ask->by], n = 0, periods = (size_t)r->periods;
    struct ranked *v = arena_array(a, values + 1, sizeof *v);
    for (size_t g = 0; g < values; g++) {
        int64_t size = 0;
        for (size_t c = 0; c < r->n; c++)
            size += w->group_size[g * r->n + c];
        if (size)
            v[n++] = (struct ranked){g, size};
    }
    if (n)
        qsort(v, n, sizeof *v, largest_first);
    r->n_by = n > GROUPS_MAX ? GROUPS_MAX + 1 : n;
    r->by = arena_array(a, r->n_by + 1, sizeof *r->by);
    for (size_t i = GROUPS_MAX + 1; i < n; i++) /* all that are not shown are one */
        for (size_t c = 0; c < r->n; c++) {
            w->group_size[v[GROUPS_MAX].value * r->n + c] += w->group_size[v[i].value * r->n + c];
            for (size_t k = 0; k < periods; k++)
                w->group_kept[(v[GROUPS_MAX].value * r->n + c) * periods + k] += w->group_kept[(v[i].value * r->n + c) * periods + k];
        }
    for (size_t i = 0; i < r->n_by; i++) {
        struct retention_group *g = &r->by[i];
        g->rest = i == GROUPS_MAX;
        g->key = g->rest ? STR("") : arena_str(a, w->events->names[w->ask->by][v[i].value]);
        for (size_t c = 0; c < r->n; c++)
            g->size += w->group_size[v[i].value * r->n + c];
        rates(r, w->group_size + v[i].value * r->n, w->group_kept + v[i].value * r->n * periods, periods, g->rates);
    }
}

/* ---- the whole ---- */

/* The cohorts: each period of the span, with how many of its periods have begun and are over. */
static bool cohorts_make(struct counting *w, const struct retention_ask *ask, struct arena *a, struct err *e)
{
    struct retention *r = w->out;
    int64_t last = period_of(&w->calendar, r->span.until_us - 1), now = period_of(&w->calendar, r->newest_us);
    if (last > now)
        last = now;
    w->first_period = period_of(&w->calendar, r->span.from_us);
    if (last - w->first_period >= RETENTION_COHORTS_MAX) {
        err_set(e, E_TOO_LARGE, "there are %lld cohorts; at most %d are shown", (long long)(last - w->first_period + 1), RETENTION_COHORTS_MAX);
        err_hint(e, "ask in a coarser grain, or for fewer days");
        return false;
    }
    r->n = last < w->first_period ? 0 : (size_t)(last - w->first_period + 1);
    r->cohorts = arena_array(a, r->n + 1, sizeof *r->cohorts);
    r->periods = ask->periods ? ask->periods : PERIODS_USUAL;
    for (size_t c = 0; c < r->n; c++) {
        int64_t begun = now - (w->first_period + (int64_t)c) + 1;
        r->cohorts[c].start = w->calendar.day[w->first_period + (int64_t)c];
        r->cohorts[c].begun = begun > r->periods ? r->periods : (int)begun;
        r->cohorts[c].whole = begun - 1 > r->periods ? r->periods : (int)begun - 1; /* the newest period is never over: more may come */
    }
    return true;
}

/* The span of first events where none is given: as many periods as are shown, up to the newest. */
static bool span_set(const struct metric_asker *who, const struct retention_ask *ask, struct retention *r, struct err *e)
{
    int32_t from = ask->from, day = 0;
    if (!ask->has_from) {
        if (ask->has_to)
            day = ask->to;
        else if (!clock_day_of(r->newest_us, who->mesh->time_zone, &day))
            return err_set(e, E_INTERNAL, "the mesh's time zone is not known");
        from = metric_grain_start(who->mesh, r->grain, day);
        for (int k = 1; k < (ask->periods ? ask->periods : PERIODS_USUAL); k++)
            from = metric_grain_start(who->mesh, r->grain, from - 1);
    }
    return steps_span(who, &from, ask->has_to ? &ask->to : NULL, r->newest_us, &r->span, e);
}

static bool count_all(struct counting *w, const struct step_events *events, struct err *e)
{
    struct retention *r = w->out;
    size_t most = 0, values = w->ask->has_by ? events->n_names[w->ask->by] : 0;
    for (size_t i = 0; i < events->n_people; i++)
        if (events->first[i + 1] - events->first[i] > most)
            most = events->first[i + 1] - events->first[i];
    w->again = mem_try_alloc((most + 1) * sizeof *w->again);
    if (w->again && values) {
        w->group_size = mem_try_alloc((values * r->n + 1) * sizeof *w->group_size);
        w->group_kept = mem_try_alloc((values * r->n * (size_t)r->periods + 1) * sizeof *w->group_kept);
    }
    if (!w->again || (values && (!w->group_size || !w->group_kept)))
        return err_set(e, E_MEMORY, "not enough memory for these cohorts; ask for fewer days");
    for (size_t i = 0; i < events->n_people; i++)
        person(w, events->first[i], events->first[i + 1]);
    return true;
}

/* Where no first day is given, cohorts begin with the first that has anybody. */
static void trim(const struct retention_ask *ask, struct retention *r)
{
    while (!ask->has_from && r->n > 1 && r->cohorts[0].size == 0) {
        r->cohorts++;
        r->n--;
    }
    if (!ask->periods && r->n && r->cohorts[0].begun < r->periods) /* nor are periods shown that nobody has reached, unless they are asked for */
        r->periods = r->cohorts[0].begun;
}

/* What brings somebody into a cohort where nobody says: as on the page. */
static struct str usual(const struct mesh *m)
{
    for (size_t i = 0; i < m->attribution.n_conversions; i++)
        if (str_eq(m->attribution.conversions[i].name, STR("purchase")))
            return STR("conversion:purchase");
    return STR("order");
}

static bool check(const struct metric_asker *who, const struct retention_ask *ask, struct arena *a, struct step steps[2], struct retention *r, struct err *e)
{
    if (ask->periods < 0 || ask->periods > RETENTION_PERIODS_MAX)
        return err_set(e, E_USAGE, "periods is a number from 1 to %d", RETENTION_PERIODS_MAX);
    r->grain = ask->grain == GRAIN_NONE ? GRAIN_MONTH : ask->grain;
    r->kind = ask->kind;
    struct str first = ask->first.n ? ask->first : usual(who->mesh);
    if (!step_read(who, first, a, &steps[0], e) || !step_read(who, ask->again.n ? ask->again : first, a, &steps[1], e))
        return false;
    r->first = steps[0];
    r->again = steps[1];
    return true;
}

bool retention_run(const struct metric_asker *who, const struct retention_ask *ask, struct arena *a, struct retention *out, struct err *e)
{
    struct step steps[2];
    struct steps_ask rows = {.steps = steps, .n = 2, .from_us = INT64_MIN, .until_us = INT64_MAX, .entry_until_us = INT64_MAX, .where = ask->where, .as_of = ask->as_of,
                             .watch = ask->watch, .watch_ctx = ask->watch_ctx};
    struct step_events events = {0};
    struct counting w = {.ask = ask, .events = &events, .out = out};
    *out = (struct retention){0};
    if (!check(who, ask, a, steps, out, e) || !steps_newest(who, ask->as_of, &out->newest_us, e) || !span_set(who, ask, out, e))
        return false;
    if (ask->has_by)
        rows.wanted[ask->by] = true;
    bool good = calendar_make(who->mesh, out->grain, out->span.from_us, out->newest_us > out->span.from_us ? out->newest_us : out->span.from_us, a, &w.calendar, e) &&
                cohorts_make(&w, ask, a, e) && steps_read(who, &rows, &events, e) && steps_exist(who, &rows, &events, e) && count_all(&w, &events, e);
    if (good) {
        for (size_t c = 0; c < out->n; c++)
            out->all.size += out->cohorts[c].size;
        int64_t *size = arena_array(a, out->n + 1, sizeof *size), *kept = arena_array(a, (out->n + 1) * RETENTION_PERIODS_MAX, sizeof *kept);
        for (size_t c = 0; c < out->n; c++) {
            size[c] = out->cohorts[c].size;
            memcpy(kept + c * RETENTION_PERIODS_MAX, out->cohorts[c].kept, sizeof out->cohorts[c].kept);
        }
        rates(out, size, kept, RETENTION_PERIODS_MAX, out->all.rates);
        if (w.group_size)
            groups(&w, a);
        trim(ask, out);
        out->n_ports = steps_ports(steps, 2, rows.wanted, out->ports);
    }
    mem_free(w.again);
    mem_free(w.group_size);
    mem_free(w.group_kept);
    steps_fini(&events);
    return good;
}
