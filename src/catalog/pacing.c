/* Pacing: targets and budgets against what campaign_daily says came, expected evenly by the day. Amounts are compared in the
 * target's currency: the reporting currency by the *_reporting measures, another one through the rates. */
#include "catalog/catalog_int.h"

#include <stdlib.h>

enum { TARGETS_AT_ONCE = 200, SQL_MAX = 60 << 10 };

static bool is_amount(struct str metric)
{
    return str_eq(metric, STR("spend")) || str_eq(metric, STR("conversions_value"));
}

/* Empty: in the reporting currency, or no amount at all. */
static struct str foreign_currency(const struct mesh *m, const struct mesh_target *t)
{
    return is_amount(t->metric) && t->currency.n && !str_eq(t->currency, m->reporting_currency) ? t->currency : STR("");
}

struct ask {
    struct pace *v;
    size_t n;
    int32_t newest;
    bool any;
};

static void take_newest(void *ctx, const struct engine_chunk *ch, size_t row)
{
    struct ask *k = ctx;
    k->any = !engine_cell_null(ch, 0, row);
    k->newest = k->any ? (int32_t)engine_cell_i64(ch, 0, row) : 0;
}

static void take_actual(void *ctx, const struct engine_chunk *ch, size_t row)
{
    struct ask *k = ctx;
    int64_t i = engine_cell_i64(ch, 0, row);
    if (i >= 0 && (size_t)i < k->n && !engine_cell_null(ch, 1, row))
        k->v[i].actual = engine_cell_f64(ch, 1, row);
}

static void put_measure(struct buf *b, struct str metric, struct str currency)
{
    if (!is_amount(metric)) {
        buf_addz(b, "d.");
        buf_sql_ident(b, metric);
    } else if (!currency.n) {
        buf_printf(b, "d.%.*s_reporting", STR_FMT(metric));
    } else {
        buf_addz(b, "CASE WHEN d.currency = ");
        buf_sql_text(b, currency);
        buf_printf(b, " THEN CAST(d.%.*s AS DOUBLE) ELSE d.%.*s_reporting / nullif(r.rate, 0) END", STR_FMT(metric),
                   STR_FMT(metric));
    }
}

/* Targets of one metric and currency, as a table beside the port: v[first] … v[first + n). */
static void put_question(struct buf *b, const struct mesh_port *p, struct str currency, const struct pace *v, size_t n)
{
    struct str metric = v[0].target->metric;
    buf_addz(b, "WITH target (no, day_from, day_to, platform, campaign) AS (VALUES ");
    for (size_t i = 0; i < n; i++) {
        const struct mesh_target *t = v[i].target;
        buf_printf(b, "%s(%zu, ", i ? ", " : "", i);
        sql_day(b, t->day_from);
        buf_addz(b, ", ");
        sql_day(b, t->day_to);
        buf_addz(b, ", ");
        buf_sql_text(b, t->platform);
        buf_addz(b, ", ");
        buf_sql_text(b, t->campaign_id);
        buf_addc(b, ')');
    }
    buf_addz(b, ") SELECT target.no, CAST(sum(");
    put_measure(b, metric, currency);
    buf_addz(b, ") AS DOUBLE) FROM ");
    sql_ref(b, p);
    buf_addz(b, " AS d ");
    if (currency.n) {
        buf_addz(b, "ASOF LEFT JOIN (SELECT date_day, rate FROM shared.exchange_rate WHERE currency = ");
        buf_sql_text(b, currency);
        buf_addz(b, ") AS r ON d.date_day >= r.date_day ");
    }
    buf_addz(b,
             "JOIN target ON d.date_day BETWEEN target.day_from AND target.day_to AND (target.platform = '' OR target.platform = "
             "d.platform) AND (target.campaign = '' OR target.campaign = d.campaign_id) GROUP BY 1");
}

/* The same metric and currency stand together, so that one question answers many. */

static bool together(const struct mesh *m, const struct pace *x, const struct pace *y)
{
    return str_eq(x->target->metric, y->target->metric) && str_eq(foreign_currency(m, x->target), foreign_currency(m, y->target));
}

static int by_question(const void *a, const void *b)
{
    const struct mesh_target *x = ((const struct pace *)a)->target, *y = ((const struct pace *)b)->target;
    int c = str_cmp(x->metric, y->metric);
    return c ? c : str_cmp(x->currency, y->currency);
}

static void judge(struct pace *p, const struct ask *k)
{
    const struct mesh_target *t = p->target;
    p->days_all = t->day_to - t->day_from + 1;
    p->last_day = k->newest < t->day_to ? k->newest : t->day_to;
    p->days_done = p->last_day >= t->day_from ? p->last_day - t->day_from + 1 : 0;
    p->known = p->days_done > 0 && p->days_all > 0;
    if (!p->known)
        return;
    p->expected = t->amount * p->days_done / p->days_all;
    p->projected = p->actual * p->days_all / p->days_done;
}

/* 0: runs today, 1: past, 2: to come */
static int when(const struct mesh_target *t, int32_t today)
{
    return t->day_to < today ? 1 : t->day_from > today ? 2 : 0;
}

struct placed {
    struct pace pace;
    int when;
    size_t place;
};

static int running_first(const void *a, const void *b)
{
    const struct placed *x = a, *y = b;
    if (x->when != y->when)
        return x->when - y->when;
    const struct mesh_target *s = x->pace.target, *t = y->pace.target;
    if (x->when && s->day_to != t->day_to) /* of the past the newest, of what comes the nearest */
        return (s->day_to > t->day_to ? -1 : 1) * (x->when == 1 ? 1 : -1);
    int c = str_cmp(s->metric, t->metric);
    return c ? c : (x->place > y->place) - (x->place < y->place);
}

static void sort(struct pacing *out, int32_t today, struct arena *a)
{
    struct placed *v = arena_array(a, out->n + 1, sizeof *v);
    for (size_t i = 0; i < out->n; i++)
        v[i] = (struct placed){out->v[i], when(out->v[i].target, today), i};
    if (out->n)
        qsort(v, out->n, sizeof *v, running_first);
    for (size_t i = 0; i < out->n; i++)
        out->v[i] = v[i].pace;
}

static bool ask_all(struct govern *g, const struct govern_principal *who, const struct mesh *m, struct pacing *out, struct err *e)
{
    struct buf sql = BUF_INIT((size_t)SQL_MAX);
    bool ok = true;
    for (size_t i = 0, n; ok && i < out->n; i += n) {
        const struct mesh_port *p = port_called(m, STR("campaign_daily"), out->v[i].target->metric);
        struct ask k = {.v = out->v + i};
        for (n = 1; i + n < out->n && n < TARGETS_AT_ONCE && together(m, &out->v[i], &out->v[i + n]); n++) {
        }
        k.n = n;
        if (!p)
            continue; /* no port has this measure: what came is not known */
        out->port = p;
        buf_reset(&sql);
        buf_addz(&sql, "SELECT max(date_day) FROM ");
        sql_ref(&sql, p);
        ok = ask_rows(g, who, buf_str(&sql), 1, take_newest, &k, e);
        if (!ok || !k.any)
            continue;
        buf_reset(&sql);
        put_question(&sql, p, foreign_currency(m, out->v[i].target), k.v, n);
        ok = buf_ok(&sql, e) && ask_rows(g, who, buf_str(&sql), (int64_t)n, take_actual, &k, e);
        for (size_t j = 0; ok && j < n; j++)
            judge(&k.v[j], &k);
    }
    buf_fini(&sql);
    return ok;
}

bool catalog_pacing(struct govern *g, const struct govern_principal *who, const struct mesh *m, int32_t today, struct arena *a, struct pacing *out, struct err *e)
{
    struct err why = {0};
    (void)e;
    *out = (struct pacing){.v = arena_array(a, m->n_targets + 1, sizeof *out->v), .n = m->n_targets};
    for (size_t i = 0; i < m->n_targets; i++)
        out->v[i] = (struct pace){.target = &m->targets[i], .days_all = m->targets[i].day_to - m->targets[i].day_from + 1};
    if (out->n)
        qsort(out->v, out->n, sizeof *out->v, by_question);
    if (!ask_all(g, who, m, out, &why))
        out->problem = ask_problem(&why, a);
    else if (out->n && !out->port)
        out->problem = STR("no port campaign_daily has the measures of the targets (trellis add campaign_performance --domain "
                           "acquisition)");
    sort(out, today, a);
    return true;
}
