/* How a port went over time: its runs, its checks run by run, how many rows, and how far its data lagged. */
#include "catalog/catalog_int.h"

#include "base/clock.h"
#include "contract/contract.h"

enum { RUNS_LOOKED_AT = 5000 };

static void add_lag(struct port_history *h, int64_t at_us, int64_t reaches_us)
{
    h->lags[h->n_lags++] = (struct lag_point){at_us, at_us > reaches_us ? (at_us - reaches_us) / 1000000 : 0};
}

/* Up to when the data of a build reached; where no column tells the time of a row, to the build itself, as service levels see it. */
static bool reaches(const struct mesh *m, const struct mesh_port *p, const struct store_run_port *r, int64_t *out)
{
    *out = r->finished_at_us;
    return p->time_column.n ? r->data_to.n && contract_data_end_us(r->data_to, m->time_zone, out) : str_eq(r->status, STR("built"));
}

/* Between two builds the lag grows with the clock: a point before and one after each build, and one for now. */
static void add_lags(struct port_history *h, const struct mesh *m, const struct mesh_port *p, struct arena *a)
{
    int64_t reaches_us = 0, next_us;
    h->lags = arena_array(a, 2 * h->n_runs + 1, sizeof *h->lags);
    for (size_t i = h->n_runs; i-- > 0;) {
        if (!reaches(m, p, &h->runs[i], &next_us))
            continue;
        if (reaches_us)
            add_lag(h, h->runs[i].finished_at_us, reaches_us);
        add_lag(h, h->runs[i].finished_at_us, next_us);
        reaches_us = next_us;
    }
    if (reaches_us)
        add_lag(h, clock_now_us(), reaches_us);
}

bool catalog_history(struct state *s, const struct mesh *m, const struct mesh_port *p, int64_t since_us, struct arena *a,
                     struct port_history *out, struct err *e)
{
    struct contract_freshness promised;
    size_t n;
    *out = (struct port_history){0};
    if (!store_port_history(s->store, a, p->ref_major, RUNS_LOOKED_AT, &out->runs, &n, e) ||
        !store_checks_by_run(s->store, a, p->ref_major, since_us, &out->checks, &out->n_checks, e))
        return false;
    while (out->n_runs < n && out->runs[out->n_runs].finished_at_us >= since_us)
        out->n_runs++;
    add_lags(out, m, p, a);
    contract_freshness(p, clock_now_us(), STR(""), m->time_zone, clock_now_us(), &promised);
    out->allowed_lag_s = promised.limit_s;
    return true;
}
