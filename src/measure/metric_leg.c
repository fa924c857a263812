/* The SELECT of a leg: of plain aggregates, of balances; the rows behind it. */
#include "measure/metric_leg_int.h"

/* ---- the four kinds ---- */
static bool plain(struct leg_writer *w, struct buf *b, struct err *e)
{
    struct buf tail = BUF_INIT((size_t)METRIC_SQL_MAX);
    buf_addz(b, "SELECT ");
    bool good = leg_put_keys(w, b, e) && leg_put_conditions(w, true, true, &tail, e);
    for (size_t i = 0; i < w->l->n_facts; i++) {
        leg_put_aggregate(w->l->facts[i], w->l->facts[i]->expr, b);
        buf_printf(b, " AS f%zu%s", i + 1, i + 1 < w->l->n_facts ? ", " : "");
    }
    buf_addz(b, "\nFROM ");
    leg_put_table(b, w->base);
    leg_put_joins(w, b);
    buf_add(b, buf_str(&tail));
    leg_put_group_by(w->p, b);
    buf_fini(&tail);
    return good;
}

static bool balance(struct leg_writer *w, struct buf *b, struct err *e)
{
    const struct mesh_fact *f = w->l->balance;
    struct str t = leg_time_expr(w->base, f->last_over);
    struct buf tail = BUF_INIT((size_t)METRIC_SQL_MAX);
    const char *joint = "PARTITION BY ";
    buf_addz(b, "SELECT ");
    bool good = leg_put_keys(w, b, e) && leg_put_conditions(w, true, false, &tail, e);
    leg_put_aggregate(f, f->expr, b);
    buf_addz(b, " AS f1\nFROM (SELECT * FROM ");
    leg_put_table(b, w->base);
    buf_addz(b, " WHERE ");
    leg_put_bounds(w, w->l->span, true, b);
    buf_printf(b, " QUALIFY %.*s = %s(%.*s) OVER (", STR_FMT(t), f->first ? "min" : "max", STR_FMT(t));
    if (w->p->ask->grain != GRAIN_NONE) {
        buf_addz(b, joint);
        leg_put_period(w, b);
        joint = ", ";
    }
    for (size_t i = 0; i < f->window_groupings.n; i++) {
        buf_addz(b, joint);
        buf_add(b, leg_time_expr(w->base, f->window_groupings.v[i]));
        joint = ", ";
    }
    buf_addz(b, "))");
    leg_put_joins(w, b);
    buf_add(b, buf_str(&tail));
    leg_put_group_by(w->p, b);
    buf_fini(&tail);
    return good;
}

/* The rows that a figure of the leg is made of, newest first. */
bool leg_rows(const struct metric_plan *p, struct leg *l, struct str *out, struct err *e)
{
    struct leg_writer w = {.p = p, .l = l, .base = l->model};
    struct buf b = BUF_INIT((size_t)METRIC_SQL_MAX), tail = BUF_INIT((size_t)METRIC_SQL_MAX);
    struct str name;
    (void)str_cut(w.base->ref, '.', &name);
    bool good = leg_put_conditions(&w, l->kind != LEG_WINDOW, true, &tail, e);
    buf_addz(&b, "SELECT ");
    buf_sql_ident(&b, name);
    buf_addz(&b, ".*\nFROM ");
    leg_put_table(&b, w.base);
    leg_put_joins(&w, &b);
    buf_add(&b, buf_str(&tail));
    if (w.base->time.n) {
        buf_addz(&b, "\nORDER BY ");
        buf_sql_ident(&b, w.base->time);
        buf_addz(&b, " DESC");
    }
    buf_addz(&b, "\nLIMIT 100");
    good = good && buf_ok(&b, e);
    *out = good ? arena_str(p->a, buf_str(&b)) : STR("");
    buf_fini(&b);
    buf_fini(&tail);
    return good;
}

bool leg_write(const struct metric_plan *p, struct leg *l, struct err *e)
{
    static bool (*const write[])(struct leg_writer *w, struct buf *b, struct err *e) = {[LEG_PLAIN] = plain, [LEG_BALANCE] = balance, [LEG_WINDOW] = leg_window, [LEG_CONVERTED] = leg_converted};
    struct leg_writer w = {.p = p, .l = l, .base = l->model};
    struct buf b = BUF_INIT((size_t)METRIC_SQL_MAX);
    leg_note_port(l, l->model->port);
    bool good = write[l->kind](&w, &b, e);
    if (good && !buf_ok(&b, e)) {
        good = err_set(e, E_TOO_LARGE, "the question has too many periods for one of its figures");
        err_hint(e, "take a coarser grain, or fewer days");
    }
    l->sql = good ? arena_str(p->a, buf_str(&b)) : STR("");
    buf_fini(&b);
    return good;
}
