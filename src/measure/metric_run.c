/* A leg asked through the gate, and its rows kept by their key: the period that they are shown in, and the values of the dimensions. */
#include "measure/metric_int.h"

#include <math.h>

#include "base/clock.h"
#include "govern/policy.h"
#include "measure/rows.h"

struct taking { const struct metric_plan *p; struct leg *l; struct engine_column *columns; };

struct str row_key(struct arena *a, int32_t period, const struct str *dims, const bool *known, size_t n)
{
    struct buf b = BUF_INIT((size_t)1 << 20);
    buf_printf(&b, "%d", period);
    for (size_t i = 0; i < n; i++) {
        buf_printf(&b, "|%zu:", known[i] ? dims[i].n : (size_t)0);
        buf_add(&b, known[i] ? dims[i] : STR("-"));
    }
    struct str key = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return key;
}

static struct str text_of(struct arena *a, const struct engine_chunk *ch, size_t col, size_t row)
{
    struct buf b = BUF_INIT((size_t)1 << 16);
    engine_cell_text(ch, col, row, &b);
    struct str s = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return s;
}

/* A period comes as a date or, out of date_trunc, as midnight of one. */
static int32_t day_of(const struct taking *t, const struct engine_chunk *ch, size_t row)
{
    int64_t v = engine_cell_i64(ch, 0, row);
    return t->columns[0].type == ENGINE_DATE ? (int32_t)v : (int32_t)(v / 86400000000 - (v % 86400000000 < 0));
}

static bool exact(enum engine_type k)
{
    return k == ENGINE_INT || k == ENGINE_HUGEINT || k == ENGINE_DECIMAL;
}

static void row_take(struct taking *t, const struct engine_chunk *ch, size_t row)
{
    const struct metric_plan *p = t->p;
    struct leg *l = t->l;
    size_t at = 0;
    int32_t period = 0;
    struct leg_row *r = arena_alloc(p->a, sizeof *r);
    if (p->ask->grain != GRAIN_NONE) {
        if (engine_cell_null(ch, at, row))
            return; /* rows without a time are in no period */
        period = day_of(t, ch, row);
        at++;
        if (!l->shift.to.n) {
            period = range_unshift(p, period, &l->shift);
            period = l->before ? range_from_before(p, period) : period;
        }
        if (period == INT32_MIN)
            return;
    }
    r->period = period;
    r->dims = arena_array(p->a, p->n_by + 1, sizeof *r->dims);
    r->dims_known = arena_array(p->a, p->n_by + 1, sizeof *r->dims_known);
    for (size_t i = 0; i < p->n_by; i++, at++) {
        r->dims_known[i] = !engine_cell_null(ch, at, row);
        r->dims[i] = r->dims_known[i] ? text_of(p->a, ch, at, row) : STR("");
    }
    r->figures = arena_array(p->a, l->n_facts, sizeof *r->figures);
    for (size_t i = 0; i < l->n_facts; i++, at++) {
        if (engine_cell_null(ch, at, row))
            continue;
        double v = engine_cell_f64(ch, at, row);
        r->figures[i] = (struct metric_cell){.known = isfinite(v), .v = v, .text = exact(t->columns[at].type) ? text_of(p->a, ch, at, row) : STR("")};
    }
    r->key = row_key(p->a, period, r->dims, r->dims_known, p->n_by);
    (void)table_put(&l->rows, p->a, r->key, r);
    if (l->last)
        l->last->next = r;
    else
        l->first = r;
    l->last = r;
    l->n_rows++;
}

static bool columns_take(void *ctx, const struct engine_column *columns, size_t n, struct err *e)
{
    struct taking *t = ctx;
    (void)e;
    t->columns = arena_array(t->p->a, n + 1, sizeof *t->columns);
    memcpy(t->columns, columns, n * sizeof *columns);
    return true;
}

static bool chunk_take(void *ctx, const struct engine_chunk *ch, size_t rows, struct err *e)
{
    (void)e;
    for (size_t i = 0; i < rows; i++)
        row_take(ctx, ch, i);
    return true;
}

bool leg_ask(const struct metric_plan *p, struct leg *l, struct err *e)
{
    struct taking t = {.p = p, .l = l};
    struct measure_read read = {.sql = l->sql, .as_of = p->ask->as_of};
    struct measure_sink sink = {.columns = columns_take, .chunk = chunk_take, .ctx = &t};
    int64_t began = clock_mono_us();
    if (!measure_rows(p->asker, &read, &sink, e)) {
        struct policy_access x = policy_access(p->mesh, p->asker->who, p->asker->purpose, l->model->port, p->a);
        if (e->code == E_SQL_REFUSED && x.tier == TIER_AGGREGATED) {
            const struct mesh_metric *m = p->metrics[0];
            err_set(e, E_DENIED, "%.*s cannot be asked this way by who sees groups of people alone", STR_FMT(m->title.n ? m->title : m->name));
            err_hint(e, "ask by fewer dimensions or without a grain; figures that join, look back or follow single people are for roles that see rows");
        }
        return false;
    }
    l->elapsed_us = clock_mono_us() - began;
    return true;
}
