/* Goals: what their number is now, how it went over the last year (each week the same window of days, so that the figures compare), and how far it has come from the frozen baseline
 * to the target. A number that cannot be had is a sentence on the goal, never an error of the page. */
#include "catalog/catalog_int.h"
#include "catalog/goals_int.h"

#include <math.h>

#include "base/clock.h"

enum { WINDOW_DAYS = 28, WEEKS = 53, SQL_MAX = 64 << 10 };

static struct str time_column(const struct mesh_number *n)
{
    return n->time_column.n ? n->time_column : n->port->time_column;
}

static void put_day(struct buf *b, const struct mesh_number *n)
{
    buf_addz(b, "CAST(");
    buf_sql_ident(b, time_column(n));
    buf_addz(b, " AS DATE)");
}

static void put_where(struct buf *b, const struct mesh_number *n, const char *joint)
{
    if (n->where.n)
        buf_printf(b, "%s (%.*s)", joint, STR_FMT(n->where));
}

/* " WHERE (condition) AND day > newest - days"; all rows where the port has no time. */
static void put_newest(struct buf *b, const struct mesh_number *n, int days)
{
    put_where(b, n, "\nWHERE");
    if (!time_column(n).n)
        return;
    buf_addz(b, n->where.n ? "\n  AND " : "\nWHERE ");
    put_day(b, n);
    buf_addz(b, " > (SELECT max(");
    put_day(b, n);
    buf_addz(b, ") FROM ");
    sql_ref(b, n->port);
    put_where(b, n, " WHERE");
    buf_printf(b, ") - %d", days);
}

static void put_from(struct buf *b, const struct mesh_number *n)
{
    buf_addz(b, "\nFROM ");
    sql_ref(b, n->port);
}

/* ---- the value now ---- */
struct single {
    struct arena *a;
    bool known;
    double value;
    struct str from, to;
};

static struct str cell_text(const struct engine_chunk *ch, size_t col, size_t row, struct arena *a)
{
    struct buf b = BUF_INIT((size_t)256);
    engine_cell_text(ch, col, row, &b);
    struct str s = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return s;
}

static void take_single(void *ctx, const struct engine_chunk *ch, size_t row)
{
    struct single *s = ctx;
    s->known = !engine_cell_null(ch, 0, row) && isfinite(engine_cell_f64(ch, 0, row));
    s->value = s->known ? engine_cell_f64(ch, 0, row) : 0;
    s->from = cell_text(ch, 1, row, s->a);
    s->to = cell_text(ch, 2, row, s->a);
}

static void select_single(struct buf *b, const struct mesh_number *n)
{
    buf_printf(b, "SELECT CAST((%.*s) AS DOUBLE) AS value, ", STR_FMT(n->value));
    if (time_column(n).n) {
        buf_addz(b, "min(");
        put_day(b, n);
        buf_addz(b, ") AS day_from, max(");
        put_day(b, n);
        buf_addz(b, ") AS day_to");
    } else {
        buf_addz(b, "NULL AS day_from, NULL AS day_to");
    }
    put_from(b, n);
}

/* ---- over the last year ---- */
struct weeks {
    struct goal_point *v; /* one a week, the newest last */
    size_t n;
    int32_t first; /* day that the port begins with */
};

static void take_week(void *ctx, const struct engine_chunk *ch, size_t row)
{
    struct weeks *w = ctx;
    int32_t day = (int32_t)engine_cell_i64(ch, 0, row);
    w->first = (int32_t)engine_cell_i64(ch, 2, row);
    for (size_t i = 0; i < w->n; i++) {
        if (w->v[i].day != day || engine_cell_null(ch, 1, row) || !isfinite(engine_cell_f64(ch, 1, row)))
            continue;
        w->v[i].known = true;
        w->v[i].value = engine_cell_f64(ch, 1, row);
    }
}

/* The window that ends on each of the days; one without rows is a gap, not a 0. */
static void select_weeks(struct buf *b, const struct mesh_number *n, const struct weeks *w, int window)
{
    buf_printf(b, "SELECT trellis_until AS day, CAST((%.*s) AS DOUBLE) AS value, (SELECT min(", STR_FMT(n->value));
    put_day(b, n);
    buf_addz(b, ")");
    put_from(b, n);
    put_where(b, n, "\nWHERE");
    buf_addz(b, ") AS first_day");
    put_from(b, n);
    buf_addz(b, "\nJOIN (VALUES ");
    for (size_t i = 0; i < w->n; i++) {
        buf_addz(b, i ? ", (" : "(");
        sql_day(b, w->v[i].day);
        buf_addc(b, ')');
    }
    buf_addz(b, ") AS weeks(trellis_until) ON ");
    put_day(b, n);
    buf_printf(b, " > trellis_until - %d AND ", window);
    put_day(b, n);
    buf_addz(b, " <= trellis_until");
    put_where(b, n, "\nWHERE");
    buf_addz(b, "\nGROUP BY 1\nORDER BY 1");
}

static void lay_weeks(struct weeks *w, int32_t newest)
{
    w->n = WEEKS;
    for (size_t i = 0; i < w->n; i++)
        w->v[i].day = newest - 7 * (int32_t)(w->n - 1 - i);
}

/* A window that begins before the data does is not a whole one. */
static void drop_partial(struct weeks *w, int window)
{
    size_t k = 0;
    while (k < w->n && w->v[k].day - window + 1 < w->first)
        k++;
    w->v += k;
    w->n -= k;
}

static double progress_of(const struct mesh_goal *goal, double value)
{
    double way = goal->target - goal->baseline;
    return goal->has_baseline && goal->has_target && way != 0 ? (value - goal->baseline) / way : NAN;
}

static bool wrong_side(const struct mesh_goal *goal)
{
    return goal->has_baseline && goal->has_target &&
           (goal->number.lower_is_better ? goal->target >= goal->baseline : goal->target <= goal->baseline);
}

static void judge(const struct mesh_goal *goal, struct arena *a, struct goal_state *out)
{
    const struct mesh_number *n = &goal->number;
    if (out->known)
        out->progress = progress_of(goal, out->value);
    else
        out->problem = arena_printf(a, "%.*s has no rows that give this number", STR_FMT(n->ref));
    if (out->known && wrong_side(goal))
        out->problem = arena_printf(a, "the target lies on the wrong side of the baseline for a number that should go %s", n->lower_is_better ? "down" : "up");
}

bool catalog_goal(struct govern *g, const struct govern_principal *who, const struct mesh *m, const struct mesh_goal *goal, struct arena *a, struct goal_state *out,
                  struct err *e)
{
    const struct mesh_number *n = &goal->number;
    struct buf sql = BUF_INIT((size_t)SQL_MAX);
    struct single one = {.a = a};
    struct weeks weeks = {.v = arena_array(a, WEEKS, sizeof *weeks.v)};
    struct err why = {0};
    int32_t newest = 0;
    int window = n->window_days > 0 ? n->window_days : WINDOW_DAYS;
    *out = (struct goal_state){.goal = goal, .progress = NAN};
    if (n->metric) {
        if (goal_metric(g, who, m, n, window, a, out, &why))
            judge(goal, a, out);
        else
            out->problem = ask_problem(&why, a);
        return true;
    }
    if (!n->port) {
        out->problem = STR("its number names no port");
        return true;
    }
    select_single(&sql, n);
    put_newest(&sql, n, window);
    if (!buf_ok(&sql, e)) {
        buf_fini(&sql);
        return false;
    }
    out->sql = arena_str(a, buf_str(&sql));
    bool ok = ask_rows(g, who, out->sql, 1, take_single, &one, &why);
    if (ok && time_column(n).n && clock_parse_date(one.to, &newest)) {
        buf_reset(&sql);
        lay_weeks(&weeks, newest);
        select_weeks(&sql, n, &weeks, window);
        ok = buf_ok(&sql, &why) && ask_rows(g, who, buf_str(&sql), WEEKS, take_week, &weeks, &why);
        drop_partial(&weeks, window);
    }
    buf_fini(&sql);
    if (!ok) {
        out->problem = ask_problem(&why, a);
        return true;
    }
    out->known = one.known;
    out->value = one.value;
    out->day_from = one.from;
    out->day_to = one.to;
    out->series = weeks.v;
    out->n_series = weeks.n;
    judge(goal, a, out);
    return true;
}

bool catalog_goal_value(struct govern *g, const struct govern_principal *who, const struct mesh *m, const struct mesh_goal *goal, int32_t from, int32_t to,
                        struct arena *a, double *out, bool *known, struct err *e)
{
    const struct mesh_number *n = &goal->number;
    struct buf sql = BUF_INIT((size_t)SQL_MAX);
    struct single one = {.a = a};
    *known = false;
    *out = 0;
    if (n->metric)
        return goal_metric_value(g, who, m, n, from, to, a, out, known, e);
    if (!n->port || !time_column(n).n)
        return err_set(e, E_USAGE, "the number of goal %.*s has no time column: it has no value over a span",
                       STR_FMT(goal->name));
    select_single(&sql, n);
    put_where(&sql, n, "\nWHERE");
    buf_addz(&sql, n->where.n ? "\n  AND " : "\nWHERE ");
    put_day(&sql, n);
    buf_addz(&sql, " BETWEEN ");
    sql_day(&sql, from);
    buf_addz(&sql, " AND ");
    sql_day(&sql, to);
    bool ok = buf_ok(&sql, e) && ask_rows(g, who, buf_str(&sql), 1, take_single, &one, e);
    buf_fini(&sql);
    *known = one.known;
    *out = one.value;
    return ok;
}
