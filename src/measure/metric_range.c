/* Days: which are asked, which they are compared with, and what an offset makes of them. */
#include "measure/metric_int.h"

#include "base/clock.h"
#include "measure/rows.h"

enum { DEFAULT_DAYS = 28 };

static bool unit_is(struct str unit, const char *one)
{
    struct str u = str_of(one);
    return str_eq(unit, u) || (unit.n == u.n + 1 && str_starts(unit, u) && unit.p[u.n] == 's');
}

static const struct mesh calendar = {.week_start = {"monday", 6}};

/* The same day of the month n months on, or the last where the month has no such day. */
static int32_t months_on(int32_t day, int n)
{
    int32_t first = metric_grain_start(&calendar, GRAIN_MONTH, day), into = day - first;
    for (int i = 0; i < n; i++)
        first = metric_grain_next(&calendar, GRAIN_MONTH, first);
    for (int i = 0; i > n; i--)
        first = metric_grain_start(&calendar, GRAIN_MONTH, first - 1);
    int32_t last = metric_grain_next(&calendar, GRAIN_MONTH, first) - 1;
    return first + into > last ? last : first + into;
}

int32_t range_add(int32_t day, int n, struct str unit)
{
    if (unit_is(unit, "week"))
        return day + 7 * n;
    if (unit_is(unit, "month") || unit_is(unit, "quarter") || unit_is(unit, "year"))
        return months_on(day, n * (unit_is(unit, "month") ? 1 : unit_is(unit, "quarter") ? 3 : 12));
    return day + n;
}

static enum metric_grain grain_called(struct str unit)
{
    enum metric_grain g = GRAIN_DAY;
    return metric_grain_from(unit, &g) ? g : GRAIN_DAY;
}

struct span range_shift(const struct metric_plan *p, struct span s, const struct shift *by)
{
    if (by->to.n)
        return (struct span){metric_grain_start(p->mesh, grain_called(by->to), s.from), s.to};
    if (by->n == 0)
        return s;
    return (struct span){range_add(s.from, -by->n, by->unit), range_add(s.to, -by->n, by->unit)};
}

int32_t range_unshift(const struct metric_plan *p, int32_t period, const struct shift *by)
{
    return by->n == 0 ? period : metric_grain_start(p->mesh, p->ask->grain, range_add(period, by->n, by->unit));
}

static int32_t last_of_month(int32_t day)
{
    return metric_grain_next(&calendar, GRAIN_MONTH, metric_grain_start(&calendar, GRAIN_MONTH, day)) - 1;
}

static int months_in(struct span s)
{
    int n = 1;
    for (int32_t first = metric_grain_start(&calendar, GRAIN_MONTH, s.from); first < metric_grain_start(&calendar, GRAIN_MONTH, s.to); first = metric_grain_next(&calendar, GRAIN_MONTH, first))
        n++;
    return n;
}

/* The time just before. Weeks are compared with as many weeks before; months with as many months, however long they are; a month that is not over with the same days of the one before. */
static struct span previous(struct span s, enum metric_grain g)
{
    if (g == GRAIN_WEEK) { /* whole weeks, so that a week stands beside one that the range cuts as it cuts this one */
        int32_t by = (s.to - s.from + 7) / 7 * 7;
        return (struct span){s.from - by, s.to - by};
    }
    if (s.from != metric_grain_start(&calendar, GRAIN_MONTH, s.from))
        return (struct span){s.from - (s.to - s.from + 1), s.from - 1};
    int n = months_in(s);
    return (struct span){months_on(s.from, -n), s.to == last_of_month(s.to) ? s.from - 1 : months_on(s.to, -n)};
}

static struct span year_before(struct span s)
{
    return (struct span){months_on(s.from, -12), s.to == last_of_month(s.to) ? last_of_month(months_on(s.to, -12)) : months_on(s.to, -12)};
}

int32_t range_from_before(const struct metric_plan *p, int32_t period)
{
    enum metric_grain g = p->ask->grain;
    int32_t then = metric_grain_start(p->mesh, g, p->before.from), now = metric_grain_start(p->mesh, g, p->span.from);
    while (then < period) {
        then = metric_grain_next(p->mesh, g, then);
        now = metric_grain_next(p->mesh, g, now);
    }
    return then == period && now <= p->span.to ? now : INT32_MIN;
}

/* ---- the newest day with data ---- */
struct newest { const struct mesh *mesh; bool is_date, known; int32_t day, oldest; };

static bool day_in(const struct newest *x, const struct engine_chunk *ch, size_t column, int32_t *day)
{
    int64_t v = engine_cell_i64(ch, column, 0);
    if (!x->is_date)
        return clock_day_of(v, x->mesh->time_zone, day);
    *day = (int32_t)v;
    return true;
}

static bool take_newest(void *ctx, const struct engine_chunk *ch, size_t rows, struct err *e)
{
    struct newest *x = ctx;
    (void)e;
    if (rows == 0 || engine_cell_null(ch, 0, 0))
        return true;
    x->known = day_in(x, ch, 0, &x->day) && day_in(x, ch, 1, &x->oldest);
    return true;
}

struct newest_days { int32_t *v, oldest; size_t n; bool *asked; };

/* Nothing is added where nothing has data, or where whoever sees groups alone asks. */
static bool newest_of(struct metric_plan *p, const struct mesh_model *m, struct newest_days *days, struct err *e)
{
    struct newest found = {.mesh = p->mesh, .is_date = m->time_is_date};
    struct err quiet = {0};
    struct buf b = BUF_INIT((size_t)METRIC_SQL_MAX);
    buf_addz(&b, "SELECT max(");
    buf_sql_ident(&b, m->time);
    buf_addz(&b, "), min(");
    buf_sql_ident(&b, m->time);
    buf_printf(&b, ") FROM %.*s", STR_FMT(m->ref));
    struct measure_read read = {.sql = buf_str(&b), .as_of = p->ask->as_of};
    struct measure_sink sink = {.chunk = take_newest, .ctx = &found};
    bool good = measure_rows(p->asker, &read, &sink, &quiet);
    buf_fini(&b);
    if (!good && quiet.code != E_SQL_REFUSED && quiet.code != E_DENIED) {
        *e = quiet;
        return false;
    }
    if (found.known) {
        days->v[days->n++] = found.day;
        days->oldest = found.oldest < days->oldest ? found.oldest : days->oldest;
    }
    return true;
}

static bool newest_in(struct metric_plan *p, const struct mesh_metric *m, struct newest_days *days, int depth, struct err *e)
{
    for (size_t i = 0; m->model && m->model->time.n && i < p->mesh->n_models; i++) {
        if (p->mesh->models[i] != m->model || days->asked[i])
            continue;
        days->asked[i] = true;
        if (!newest_of(p, m->model, days, e))
            return false;
    }
    for (size_t i = 0; depth > 0 && i < m->n_parts; i++)
        if (m->parts[i].metric && !newest_in(p, m->parts[i].metric, days, depth - 1, e))
            return false;
    return true;
}

/* The newest day that all models of the question have, so that a ratio has both of its sides on each day; one that stopped weeks before the others does not count.
 * Today is not over, and would stand beside whole days as a fall: it is left out, but where there is no other day. */
static bool last_day(struct metric_plan *p, struct err *e)
{
    size_t n = p->mesh->n_models + 1;
    struct newest_days days = {.oldest = INT32_MAX, .v = arena_array(p->a, n, sizeof *days.v), .asked = arena_array(p->a, n, sizeof *days.asked)};
    int32_t today = 0, greatest = INT32_MIN, least;
    for (size_t i = 0; i < p->n_metrics; i++)
        if (!newest_in(p, p->metrics[i], &days, METRIC_DEPTH_MAX, e))
            return false;
    for (size_t i = 0; i < days.n; i++)
        greatest = days.v[i] > greatest ? days.v[i] : greatest;
    least = greatest;
    for (size_t i = 0; i < days.n; i++)
        if (days.v[i] < least && days.v[i] > greatest - DEFAULT_DAYS)
            least = days.v[i];
    if (p->ask->as_of.n && clock_parse_date(p->ask->as_of, &today))
        today++; /* what was known when that day ended */
    else if (!clock_day_of(clock_now_us(), p->mesh->time_zone, &today))
        today = (int32_t)(clock_now_us() / 86400000000);
    p->newest_known = days.n > 0;
    p->span.to = p->newest_known && least < today ? least : p->newest_known && days.oldest >= today && !p->ask->as_of.n ? today : today - 1;
    return true;
}

bool range_of(struct metric_plan *p, struct err *e)
{
    const struct metric_ask *ask = p->ask;
    p->span = (struct span){ask->from, ask->to};
    p->range_given = ask->has_from && ask->has_to;
    if (!ask->has_to && !last_day(p, e))
        return false;
    if (!ask->has_from)
        p->span.from = p->span.to - (DEFAULT_DAYS - 1);
    if (p->span.from > p->span.to) {
        err_set(e, E_USAGE, "the range ends before it begins: %s is after %s", clock_date(p->span.from).z, clock_date(p->span.to).z);
        err_hint(e, "from is the first day, to the last");
        return false;
    }
    if (ask->compare != COMPARE_NONE)
        p->before = ask->compare == COMPARE_YEAR ? year_before(p->span) : previous(p->span, ask->grain);
    return true;
}
