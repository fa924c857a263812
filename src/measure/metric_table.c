/* The figures of all legs brought together by key, the tree of each metric worked out, ordered, cut. */
#include "measure/metric_int.h"

#include <math.h>
#include <stdlib.h>

#include "govern/policy.h"

enum { ROWS_SHOWN = 10000 };

struct making {
    struct metric_plan *p;
    struct leg_row **keys; size_t n_keys, cap; /* one of each key: period and dimensions */
    struct table seen;
    size_t per_metric;                         /* columns of a metric: 1, or 3 with what it is compared with */
    size_t n_first;                            /* keys in front of the figures */
};

static size_t legs_now(const struct metric_plan *p)
{
    return p->ask->compare == COMPARE_NONE ? p->n_legs : p->n_legs / 2;
}

static void key_add(struct making *k, struct leg_row *r)
{
    if (table_put(&k->seen, k->p->a, r->key, r))
        return;
    if (k->n_keys == k->cap) {
        size_t cap = k->cap ? 2 * k->cap : 256;
        struct leg_row **wider = arena_array(k->p->a, cap, sizeof *wider);
        if (k->n_keys)
            memcpy(wider, k->keys, k->n_keys * sizeof *wider);
        k->keys = wider;
        k->cap = cap;
    }
    k->keys[k->n_keys++] = r;
}

static bool inside(const struct metric_plan *p, const struct leg_row *r)
{
    return p->ask->grain == GRAIN_NONE || (r->period >= metric_grain_start(p->mesh, p->ask->grain, p->span.from) && r->period <= p->span.to);
}

/* A key is shown where any leg has it; those that are only looked up, at the start of a period, make none. What is only in the time compared with is shown
 * too: something that has ended is a change. */
static void keys_collect(struct making *k)
{
    for (size_t i = 0; i < k->p->n_legs; i++)
        if (!k->p->legs[i].shift.to.n || k->p->ask->grain == GRAIN_NONE)
            for (struct leg_row *r = k->p->legs[i].first; r; r = r->next)
                if (inside(k->p, r))
                    key_add(k, r);
}

static bool fills(const struct node *n)
{
    bool any = n->kind == NODE_FIGURE && n->metric->fill;
    for (size_t i = 0; i < n->n_kids; i++)
        any = any || fills(n->kids[i]);
    return any;
}

/* `fill_nulls_with`: each period of the range for each value of the dimensions. */
static void keys_fill(struct making *k)
{
    struct metric_plan *p = k->p;
    bool any = false;
    size_t n = k->n_keys;
    for (size_t i = 0; i < p->n_metrics; i++)
        any = any || fills(p->nodes[i]);
    if (!any || p->withholds || p->ask->grain == GRAIN_NONE)
        return;
    if (n == 0 && p->n_by == 0) {
        struct leg_row *r = arena_alloc(p->a, sizeof *r);
        *r = (struct leg_row){.period = metric_grain_start(p->mesh, p->ask->grain, p->span.from)};
        r->key = row_key(p->a, r->period, NULL, NULL, 0);
        key_add(k, r);
        n = k->n_keys;
    }
    for (size_t i = 0; i < n; i++)
        for (int32_t t = metric_grain_start(p->mesh, p->ask->grain, p->span.from); t <= p->span.to; t = metric_grain_next(p->mesh, p->ask->grain, t)) {
            struct leg_row *r = arena_alloc(p->a, sizeof *r);
            *r = (struct leg_row){.period = t, .dims = k->keys[i]->dims, .dims_known = k->keys[i]->dims_known};
            r->key = row_key(p->a, t, r->dims, r->dims_known, p->n_by);
            key_add(k, r);
        }
}

/* ---- the tree of a metric at a key ---- */
static struct metric_cell figure_at(const struct metric_plan *p, const struct node *n, const struct leg_row *key, bool before)
{
    const struct leg *l = &p->legs[n->leg + (before ? legs_now(p) : 0)];
    struct str k = key->key;
    if (l->shift.to.n && p->ask->grain != GRAIN_NONE) {
        enum metric_grain g = GRAIN_DAY;
        (void)metric_grain_from(l->shift.to, &g);
        int32_t start = metric_grain_start(p->mesh, p->ask->grain, metric_grain_start(p->mesh, g, key->period));
        k = row_key(p->a, start, key->dims, key->dims_known, p->n_by);
    }
    const struct leg_row *r = table_get(&l->rows, k);
    struct metric_cell c = r ? r->figures[n->figure] : (struct metric_cell){0};
    if (!c.known && n->metric->fill && !p->withholds)
        c = (struct metric_cell){.known = true, .v = n->metric->fill_with};
    return c;
}

typedef struct metric_cell figure_fn(const struct metric_plan *p, const struct node *n, const struct leg_row *key, bool before);

static struct metric_cell worked_out(const struct metric_plan *p, const struct node *n, const struct leg_row *key, bool before, figure_fn *at)
{
    struct metric_cell c = {0};
    bool all_known = true;
    struct formula_value values[2], *all = n->n_kids > 2 ? arena_array(p->a, n->n_kids, sizeof *all) : values;
    if (n->kind == NODE_FIGURE)
        return at(p, n, key, before);
    for (size_t i = 0; i < n->n_kids; i++) {
        struct metric_cell x = worked_out(p, n->kids[i], key, before, at);
        all[i] = (struct formula_value){x.known, x.v};
        all_known = all_known && x.known;
    }
    if (n->kind == NODE_RATIO) {
        c.known = all[0].known && all[1].known && all[1].v != 0 && isfinite(all[0].v / all[1].v);
        c.v = c.known ? all[0].v / all[1].v : 0;
    } else if (all_known || !p->withholds) { /* coalesce() would make 0 of what was withheld */
        struct formula_value v = formula_work_out(n->formula, all);
        c = (struct metric_cell){.known = v.known, .v = v.v};
    }
    return c;
}

/* Relative; of a rate the difference, in the rate's own measure. */
static struct metric_cell change(const struct mesh_metric *m, struct metric_cell now, struct metric_cell before)
{
    struct metric_cell c = {0};
    if (!now.known || !before.known)
        return c;
    if (m->unit == UNIT_PERCENT)
        return (struct metric_cell){.known = true, .v = now.v - before.v};
    c.known = before.v != 0;
    c.v = c.known ? (now.v - before.v) / fabs(before.v) : 0;
    return c;
}

static void figures_put(const struct making *k, const struct leg_row *key, struct metric_cell *row, figure_fn *at)
{
    struct metric_plan *p = k->p;
    for (size_t i = 0; i < p->n_metrics; i++) {
        struct metric_cell *to = &row[k->n_first + i * k->per_metric];
        to[0] = worked_out(p, p->nodes[i], key, false, at);
        if (k->per_metric == 1)
            continue;
        to[1] = worked_out(p, p->nodes[i], key, true, at);
        to[2] = change(p->metrics[i], to[0], to[1]);
    }
}

static void columns_put(const struct making *k, struct metric_table *out)
{
    struct metric_plan *p = k->p;
    size_t n = 0;
    out->n_columns = k->n_first + p->n_metrics * k->per_metric;
    out->columns = arena_array(p->a, out->n_columns, sizeof *out->columns);
    if (p->ask->grain != GRAIN_NONE)
        out->columns[n++] = (struct metric_column){.name = str_of(metric_grain_text(p->ask->grain)), .title = str_of(metric_grain_text(p->ask->grain)), .role = COLUMN_TIME};
    for (size_t i = 0; i < p->n_by; i++)
        out->columns[n++] = (struct metric_column){.name = p->by[i], .title = p->dimensions[i]->title.n ? p->dimensions[i]->title : p->by[i], .role = COLUMN_KEY, .dimension = p->dimensions[i]};
    for (size_t i = 0; i < p->n_metrics; i++) {
        const struct mesh_metric *m = p->metrics[i];
        struct str title = m->title.n ? m->title : m->name;
        out->columns[n++] = (struct metric_column){.name = m->name, .title = title, .role = COLUMN_VALUE, .metric = m};
        if (k->per_metric == 1)
            continue;
        out->columns[n++] = (struct metric_column){.name = arena_printf(p->a, "%.*s_before", STR_FMT(m->name)), .title = arena_printf(p->a, "%.*s before", STR_FMT(title)), .role = COLUMN_BEFORE, .metric = m};
        out->columns[n++] = (struct metric_column){.name = arena_printf(p->a, "%.*s_change", STR_FMT(m->name)), .title = arena_printf(p->a, "%.*s, change", STR_FMT(title)), .role = COLUMN_CHANGE, .metric = m};
    }
}

/* ---- order ---- */
struct sorting { const struct metric_table *t; size_t column; bool down, has_column, has_time; size_t value; };
static _Thread_local struct sorting sorting;

static int cells_compare(struct metric_cell x, struct metric_cell y, bool number)
{
    if (x.known != y.known)
        return x.known ? -1 : 1; /* what is not known comes last, whichever way */
    if (!x.known)
        return 0;
    if (!number)
        return str_cmp(x.text, y.text);
    return x.v < y.v ? -1 : x.v > y.v;
}

static int column_compare(const struct metric_cell *x, const struct metric_cell *y, size_t c, bool down)
{
    bool number = sorting.t->columns[c].role != COLUMN_KEY;
    int d = cells_compare(x[c], y[c], number);
    return down && x[c].known && y[c].known ? -d : d;
}

static int rows_compare(const void *a, const void *b)
{
    const struct metric_cell *x = a, *y = b;
    int d = 0;
    if (sorting.has_column)
        d = column_compare(x, y, sorting.column, sorting.down);
    if (d == 0 && sorting.has_time)
        d = column_compare(x, y, 0, false);
    if (d == 0 && !sorting.has_column)
        d = column_compare(x, y, sorting.value, true);
    for (size_t c = 0; d == 0 && c < sorting.value; c++)
        d = column_compare(x, y, c, false);
    return d;
}

static bool order_rows(const struct making *k, struct metric_table *t, struct err *e)
{
    struct str by = k->p->ask->order;
    sorting = (struct sorting){.t = t, .value = k->n_first, .has_time = k->p->ask->grain != GRAIN_NONE};
    if (by.n) {
        sorting.down = by.p[0] == '-';
        struct str name = sorting.down ? (struct str){by.p + 1, by.n - 1} : by;
        while (sorting.column < t->n_columns && !str_eq(t->columns[sorting.column].name, name))
            sorting.column++;
        if (sorting.column == t->n_columns) {
            err_set(e, E_USAGE, "the answer has no column \"%.*s\" to be ordered by", STR_FMT(name));
            err_hint(e, "name one of its columns, with - in front for the largest first");
            return false;
        }
        sorting.has_column = true;
    }
    if (t->n_rows)
        qsort(t->cells, t->n_rows, t->n_columns * sizeof *t->cells, rows_compare);
    return true;
}

/* ---- the total ---- */
static bool adds_up(const struct mesh_fact *f)
{
    return !f->non_additive.n && (f->agg == AGG_SUM || f->agg == AGG_COUNT || f->agg == AGG_SUM_BOOLEAN);
}

static bool sums_suffice(const struct metric_plan *p)
{
    for (size_t i = 0; i < p->n_legs; i++) {
        if ((p->legs[i].kind != LEG_PLAIN && p->legs[i].kind != LEG_CONVERTED) || p->legs[i].shift.to.n)
            return false;
        for (size_t k = 0; k < p->legs[i].n_facts; k++)
            if (!adds_up(p->legs[i].facts[k]))
                return false;
    }
    return true;
}

static struct metric_cell figure_in_all(const struct metric_plan *p, const struct node *n, const struct leg_row *key, bool before)
{
    const struct leg *l = &p->legs[n->leg + (before ? legs_now(p) : 0)];
    struct metric_cell sum = {0};
    (void)key;
    for (const struct leg_row *r = l->first; r; r = r->next)
        if (r->figures[n->figure].known && inside(p, r)) {
            sum.known = true;
            sum.v += r->figures[n->figure].v;
        }
    if (!sum.known && n->metric->fill && !p->withholds)
        sum = (struct metric_cell){.known = true, .v = n->metric->fill_with};
    return sum;
}

/* Over everything that is asked, without keys. A figure that would lie as a sum, or cannot be asked so, leaves the total out. */
static void total_make(const struct making *k, struct metric_table *out)
{
    struct metric_plan *p = k->p;
    struct metric_cell *row = arena_array(p->a, out->n_columns, sizeof *row);
    out->total = NULL;
    if (k->n_first == 0 || out->n_rows < 2)
        return;
    for (size_t i = 0; p->n_by == 0 && i < p->n_legs; i++)
        if (p->legs[i].kind == LEG_WINDOW)
            return; /* over time alone, the last row says it */
    if (sums_suffice(p)) {
        figures_put(k, NULL, row, figure_in_all);
    } else {
        struct metric_ask ask = *p->ask;
        struct metric_table whole;
        struct err none = {0};
        ask.by = NULL;
        ask.n_by = 0;
        ask.grain = GRAIN_NONE;
        ask.order = STR("");
        ask.has_from = ask.has_to = true;
        ask.from = p->span.from;
        ask.to = p->span.to;
        if (!metric_ask_run(p->asker, &ask, p->a, &whole, &none) || whole.n_rows != 1)
            return;
        for (size_t i = 0; i < whole.n_columns; i++)
            row[k->n_first + i] = whole.cells[i];
    }
    out->total = row;
}

/* ---- what one should know of the figures ---- */
static bool in_groups(const struct metric_plan *p, int *minimum)
{
    for (size_t i = 0; i < p->n_legs; i++)
        for (size_t k = 0; k < p->legs[i].n_ports; k++) {
            struct policy_access x = policy_access(p->mesh, p->asker->who, p->asker->purpose, p->legs[i].ports[k], p->a);
            *minimum = x.minimum;
            if (x.tier == TIER_AGGREGATED)
                return true;
        }
    return false;
}

static bool knows_nothing(const struct metric_table *t)
{
    for (size_t i = 0; i < t->n_rows; i++)
        for (size_t c = 0; c < t->n_columns; c++)
            if (t->columns[c].role == COLUMN_VALUE && t->cells[i * t->n_columns + c].known && (t->cells[i * t->n_columns + c].v != 0 || t->n_rows > 1))
                return false;
    return true;
}

static void notes_make(struct metric_plan *p, const struct metric_table *out)
{
    enum metric_grain g = p->ask->grain;
    if (p->withholds)
        plan_note(p, arena_printf(p->a, "you see figures about groups of people: groups of fewer than %d, and those too near to one that was shown before, are left out", p->group_least));
    else if (knows_nothing(out))
        plan_note(p, arena_printf(p->a, "%.*s has nothing for this question in these days%s%s", STR_FMT(p->legs[0].model->ref), p->ask->where.n ? "; is the condition as it was meant?" : "",
                                  p->ask->as_of.n ? "; perhaps nothing was known of them yet on the day as of which it was asked" : ""));
    if (g > GRAIN_DAY && out->n_rows > 0) {
        bool first = metric_grain_start(p->mesh, g, p->span.from) < p->span.from, last = metric_grain_next(p->mesh, g, metric_grain_start(p->mesh, g, p->span.to)) - 1 > p->span.to;
        if (first || last)
            plan_note(p, arena_printf(p->a, "%s %s of the answer %s cut by the range", first && last ? "the first and the last" : first ? "the first" : "the last", metric_grain_text(g), first && last ? "are" : "is"));
    }
}

bool table_make(struct metric_plan *p, struct metric_table *out, struct err *e)
{
    struct making k = {.p = p, .per_metric = p->ask->compare == COMPARE_NONE ? 1 : 3, .n_first = (p->ask->grain != GRAIN_NONE) + p->n_by};
    int64_t limit = p->ask->limit > 0 ? p->ask->limit : ROWS_SHOWN;
    out->withholds = p->withholds = in_groups(p, &p->group_least);
    keys_collect(&k);
    keys_fill(&k);
    columns_put(&k, out);
    out->n_rows = k.n_keys;
    out->cells = arena_array(p->a, k.n_keys * out->n_columns + 1, sizeof *out->cells);
    for (size_t i = 0; i < k.n_keys; i++) {
        struct metric_cell *row = &out->cells[i * out->n_columns];
        const struct leg_row *key = k.keys[i];
        size_t c = 0;
        if (p->ask->grain != GRAIN_NONE)
            row[c++] = (struct metric_cell){.known = true, .v = key->period};
        for (size_t d = 0; d < p->n_by; d++, c++)
            row[c] = (struct metric_cell){.known = key->dims_known[d], .text = key->dims[d]};
        figures_put(&k, key, row, figure_at);
    }
    if (!order_rows(&k, out, e))
        return false;
    total_make(&k, out);
    notes_make(p, out);
    out->truncated = (int64_t)out->n_rows > limit;
    out->n_rows = out->truncated ? (size_t)limit : out->n_rows;
    return true;
}
