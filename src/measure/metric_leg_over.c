/* The two kinds of legs that look over rows of other times: windows, and conversions by the event that each is for. */
#include "measure/metric_leg_int.h"

#include "base/clock.h"

enum { FAR_DAY = 2932896 /* 9999-12-31 */ };

/* For each period the days at which the window is looked at: its last (first) one, or all of them, to be averaged. */
static void put_spine(const struct leg_writer *w, struct buf *b)
{
    const struct mesh *m = w->p->mesh;
    const struct mesh_metric *x = w->l->metric;
    enum metric_grain g = w->p->ask->grain, within = GRAIN_NONE;
    bool mean = str_eq(x->period, STR("average")), first = str_eq(x->period, STR("first"));
    struct span s = w->l->span;
    size_t n = 0;
    (void)metric_grain_from(x->grain_to, &within);
    buf_addz(b, "(VALUES ");
    for (int32_t start = g == GRAIN_NONE ? s.from : metric_grain_start(m, g, s.from); start <= s.to; start = g == GRAIN_NONE ? s.to + 1 : metric_grain_next(m, g, start)) {
        int32_t end = g == GRAIN_NONE ? s.to : metric_grain_next(m, g, start) - 1;
        int32_t low = start < s.from ? s.from : start, high = end > s.to ? s.to : end;
        if (g == GRAIN_NONE)
            low = first ? s.from : mean ? s.from : s.to;
        for (int32_t day = first || mean ? low : high; day <= (first ? low : high); day++) {
            buf_printf(b, "%s(DATE '%s', ", n++ ? ", " : "", clock_date(start).z);
            if (x->window_n)
                buf_printf(b, "DATE '%s'", clock_date(range_add(day, -x->window_n, x->window_unit) + 1).z);
            else if (within != GRAIN_NONE)
                buf_printf(b, "DATE '%s'", clock_date(metric_grain_start(m, within, day)).z);
            else
                buf_addz(b, "CAST(NULL AS DATE)");
            buf_printf(b, ", DATE '%s')", clock_date(day).z);
        }
    }
    buf_addz(b, ") AS spine(period, since, upto)");
}

/* The first day that any of the windows reaches. */
static int32_t window_begin(const struct leg_writer *w, bool *bounded)
{
    const struct mesh_metric *x = w->l->metric;
    enum metric_grain within = GRAIN_NONE;
    (void)metric_grain_from(x->grain_to, &within);
    *bounded = x->window_n || within != GRAIN_NONE;
    if (x->window_n)
        return range_add(w->l->span.from, -x->window_n, x->window_unit) + 1;
    return within != GRAIN_NONE ? metric_grain_start(w->p->mesh, within, w->l->span.from) : w->l->span.from;
}

bool leg_window(struct leg_writer *w, struct buf *b, struct err *e)
{
    bool mean = str_eq(w->l->metric->period, STR("average")), grain = w->p->ask->grain != GRAIN_NONE, bounded = false;
    struct buf inner = BUF_INIT((size_t)METRIC_SQL_MAX), tail = BUF_INIT((size_t)METRIC_SQL_MAX);
    bool good = true;
    buf_addz(&inner, "SELECT ");
    leg_put_day(w, &inner);
    buf_addz(&inner, " AS \"day of row\", ");
    for (size_t i = 0; good && i < w->p->n_by; i++) {
        good = leg_put_dimension(w, &w->l->ways[i], &inner, e);
        buf_addz(&inner, " AS ");
        buf_sql_ident(&inner, w->p->by[i]);
        buf_addz(&inner, ", ");
    }
    for (size_t i = 0; i < w->l->n_facts; i++) {
        struct str x = w->l->facts[i]->expr;
        buf_printf(&inner, "%.*s AS x%zu%s", STR_FMT(x.n ? x : STR("1")), i + 1, i + 1 < w->l->n_facts ? ", " : "");
    }
    struct span asked = w->l->span;
    w->l->span.from = window_begin(w, &bounded);
    good = good && leg_put_conditions(w, bounded, true, &tail, e);
    w->l->span = asked;
    buf_addz(&inner, " FROM ");
    leg_put_table(&inner, w->base);
    leg_put_joins(w, &inner);
    buf_add(&inner, buf_str(&tail));
    if (mean) {
        buf_addz(b, "SELECT ");
        leg_put_key_names(w->p, "", true, b);
        for (size_t i = 0; i < w->l->n_facts; i++)
            buf_printf(b, "%savg(f%zu) AS f%zu", i ? ", " : "", i + 1, i + 1);
        buf_addz(b, " FROM (");
    }
    buf_addz(b, "SELECT ");
    if (grain)
        buf_addz(b, "spine.period, ");
    leg_put_key_names(w->p, "seen.", false, b);
    for (size_t i = 0; i < w->l->n_facts; i++) {
        struct str x = arena_printf(w->p->a, "seen.x%zu", i + 1);
        leg_put_aggregate(w->l->facts[i], x, b);
        buf_printf(b, " AS f%zu%s", i + 1, i + 1 < w->l->n_facts ? ", " : "");
    }
    buf_addz(b, "\nFROM ");
    put_spine(w, b);
    buf_printf(b, "\nJOIN (%s) AS seen ON seen.\"day of row\" <= spine.upto AND (spine.since IS NULL OR seen.\"day of row\" >= spine.since)", buf_z(&inner));
    leg_put_group_by(w->p, b);
    if (mean) {
        buf_printf(b, "%sspine.upto) AS days", leg_keys(w->p) ? ", " : "\nGROUP BY ");
        leg_put_group_by(w->p, b);
    }
    good = good && buf_ok(&inner, e);
    buf_fini(&inner);
    buf_fini(&tail);
    return good;
}

/* Only rows that the base measure counts are base events. */
static void put_counted(const struct mesh_fact *f, struct buf *b)
{
    bool all = !f->expr.n || str_eq(f->expr, STR("1")) || str_eq(f->expr, STR("*"));
    if (f->agg == AGG_SUM_BOOLEAN)
        buf_printf(b, "\n  AND (%.*s)", STR_FMT(f->expr));
    else if (!all)
        buf_printf(b, "\n  AND (%.*s) IS NOT NULL", STR_FMT(f->expr));
}

/* MetricFlow's rule: each conversion goes to the latest base event before it, within the window and equal in `same`. */
bool leg_converted(struct leg_writer *w, struct buf *b, struct err *e)
{
    const struct mesh_metric *x = w->l->metric;
    struct buf tail = BUF_INIT((size_t)METRIC_SQL_MAX);
    struct leg_writer other = {.p = w->p, .l = w->l, .base = x->to_model};
    leg_note_port(w->l, x->to_model->port);
    buf_addz(b, "SELECT ");
    leg_put_key_names(w->p, "", true, b);
    for (size_t i = 0; i < w->l->n_facts; i++) {
        struct str column = arena_printf(w->p->a, "x%zu", i + 1);
        leg_put_aggregate(w->l->facts[i], column, b);
        buf_printf(b, " AS f%zu%s", i + 1, i + 1 < w->l->n_facts ? ", " : "");
    }
    buf_addz(b, "\nFROM (SELECT ");
    leg_put_key_names(w->p, "base.", true, b);
    for (size_t i = 0; i < w->l->n_facts; i++)
        buf_printf(b, "goal.x%zu, ", i + 1);
    buf_addz(b, "base.\"is asked\"\nFROM (SELECT ");
    /* Base events after the range are looked at too: a conversion that is theirs is not one of the range's last event. */
    struct span asked = w->l->span, wide = {asked.from, x->window_n ? range_add(asked.to, x->window_n, x->window_unit) : FAR_DAY};
    w->l->span = wide;
    bool good = leg_put_keys(w, b, e) && leg_put_conditions(w, true, true, &tail, e);
    w->l->span = asked;
    put_counted(x->fact, &tail);
    leg_put_bounds(w, asked, true, b);
    buf_addz(b, " AS \"is asked\", ");
    buf_sql_ident(b, w->base->time);
    buf_printf(b, " AS \"at\", %.*s AS \"who\"", STR_FMT(leg_entity_expr(w->base, x->entity)));
    for (size_t i = 0; i < x->same.n; i++)
        buf_printf(b, ", %.*s AS \"same %zu\"", STR_FMT(leg_time_expr(w->base, x->same.v[i])), i + 1);
    buf_addz(b, " FROM ");
    leg_put_table(b, w->base);
    leg_put_joins(w, b);
    buf_add(b, buf_str(&tail));
    buf_addz(b, ") AS base\nJOIN (SELECT ");
    for (size_t i = 0; i < w->l->n_facts; i++) {
        struct str v = w->l->facts[i]->expr;
        buf_printf(b, "%.*s AS x%zu, ", STR_FMT(v.n ? v : STR("1")), i + 1);
    }
    buf_sql_ident(b, x->to_model->time);
    buf_printf(b, " AS \"at\", %.*s AS \"who\"", STR_FMT(leg_entity_expr(x->to_model, x->entity)));
    for (size_t i = 0; i < x->same.n; i++)
        buf_printf(b, ", %.*s AS \"same %zu\"", STR_FMT(leg_time_expr(x->to_model, x->same.v[i])), i + 1);
    buf_addz(b, ", row_number() OVER (ORDER BY ");
    buf_sql_ident(b, x->to_model->time);
    buf_printf(b, ", %.*s) AS goal_row FROM ", STR_FMT(leg_entity_expr(x->to_model, x->entity)));
    leg_put_table(b, x->to_model);
    buf_addz(b, " WHERE ");
    leg_put_bounds(&other, wide, true, b);
    buf_addz(b, ") AS goal ON base.\"who\" = goal.\"who\" AND base.\"at\" <= goal.\"at\"");
    if (x->window_n)
        buf_printf(b, " AND base.\"at\" > goal.\"at\" - INTERVAL %d %.*s", x->window_n, STR_FMT(x->window_unit));
    for (size_t i = 0; i < x->same.n; i++)
        buf_printf(b, " AND base.\"same %zu\" IS NOT DISTINCT FROM goal.\"same %zu\"", i + 1, i + 1);
    buf_addz(b, "\nQUALIFY row_number() OVER (PARTITION BY goal.goal_row ORDER BY base.\"at\" DESC");
    for (size_t i = 0; i < w->p->n_by; i++) {
        buf_addz(b, ", base.");
        buf_sql_ident(b, w->p->by[i]);
    }
    buf_addz(b, ") = 1) AS matched\nWHERE \"is asked\"");
    leg_put_group_by(w->p, b);
    buf_fini(&tail);
    return good;
}
