/* One statement that says what all legs of the span say, for people to read and to go on with: the legs as common tables, laid under one another and folded by their keys. */
#include "measure/metric_int.h"

/* "a3": the figure's column in what is folded. */
static size_t column_of(const struct metric_plan *p, size_t leg, size_t figure)
{
    size_t n = figure + 1;
    for (size_t i = 0; i < leg; i++)
        n += p->legs[i].n_facts;
    return n;
}

static void put_at_start(const struct metric_plan *p, const struct node *n, struct buf *b)
{
    const struct leg *l = &p->legs[n->leg];
    buf_printf(b, "(SELECT max(x.f%zu) FROM leg_%zu AS x WHERE CAST(x.period AS DATE) = CAST(date_trunc('%.*s', folded.period) AS DATE)", n->figure + 1, n->leg + 1, STR_FMT(l->shift.to));
    for (size_t i = 0; i < p->n_by; i++) {
        buf_addz(b, " AND x.");
        buf_sql_ident(b, p->by[i]);
        buf_addz(b, " IS NOT DISTINCT FROM folded.");
        buf_sql_ident(b, p->by[i]);
    }
    buf_addc(b, ')');
}

static void put_node(const struct metric_plan *p, const struct node *n, struct buf *b)
{
    const struct mesh_metric *m = n->metric;
    bool filled = m->fill && n->kind == NODE_FIGURE;
    if (filled)
        buf_addz(b, "coalesce(");
    if (n->kind == NODE_FIGURE && p->legs[n->leg].shift.to.n && p->ask->grain != GRAIN_NONE) {
        put_at_start(p, n, b);
    } else if (n->kind == NODE_FIGURE) {
        buf_printf(b, "max(a%zu)", column_of(p, n->leg, n->figure));
    } else if (n->kind == NODE_RATIO) {
        buf_addz(b, "CAST(");
        put_node(p, n->kids[0], b);
        buf_addz(b, " AS DOUBLE) / nullif(");
        put_node(p, n->kids[1], b);
        buf_addz(b, ", 0)");
    } else {
        struct str *texts = arena_array(p->a, n->n_kids + 1, sizeof *texts);
        for (size_t i = 0; i < n->n_kids; i++) {
            struct buf kid = BUF_INIT((size_t)METRIC_SQL_MAX);
            put_node(p, n->kids[i], &kid);
            texts[i] = arena_str(p->a, buf_str(&kid));
            buf_fini(&kid);
        }
        formula_sql(n->formula, texts, b);
    }
    if (filled)
        buf_printf(b, ", %.15g)", m->fill_with);
}

static void put_period(const struct metric_plan *p, const struct leg *l, struct buf *b)
{
    if (p->ask->grain == GRAIN_NONE)
        return;
    if (l->shift.n)
        buf_printf(b, "CAST(date_trunc('%s', period + INTERVAL %d %.*s) AS DATE) AS period, ", metric_grain_text(p->ask->grain), l->shift.n, STR_FMT(l->shift.unit));
    else
        buf_addz(b, "CAST(period AS DATE) AS period, ");
}

static void put_folded(const struct metric_plan *p, size_t n_legs, struct buf *b)
{
    size_t all = column_of(p, n_legs - 1, p->legs[n_legs - 1].n_facts - 1);
    for (size_t i = 0; i < n_legs; i++) {
        const struct leg *l = &p->legs[i];
        if (l->shift.to.n && p->ask->grain != GRAIN_NONE && n_legs > 1)
            continue; /* looked up, not folded */
        buf_printf(b, "%s", i ? "\n  UNION ALL SELECT " : "\n  SELECT ");
        put_period(p, l, b);
        for (size_t k = 0; k < p->n_by; k++) {
            buf_sql_ident(b, p->by[k]);
            buf_addz(b, ", ");
        }
        size_t first = column_of(p, i, 0);
        for (size_t c = 1; c <= all; c++) {
            bool own = c >= first && c < first + l->n_facts;
            if (own)
                buf_printf(b, "f%zu AS a%zu%s", c - first + 1, c, c < all ? ", " : "");
            else
                buf_printf(b, "NULL AS a%zu%s", c, c < all ? ", " : "");
        }
        buf_printf(b, " FROM leg_%zu", i + 1);
    }
}

bool plan_sql(struct metric_plan *p, struct err *e)
{
    struct buf b = BUF_INIT((size_t)1 << 20);
    size_t n = 0, keys = (p->ask->grain != GRAIN_NONE) + p->n_by;
    while (n < p->n_legs && !p->legs[n].before)
        n++;
    for (size_t i = 0; i < n; i++)
        buf_printf(&b, "%sleg_%zu AS (\n%.*s\n)", i ? ", " : "WITH ", i + 1, STR_FMT(p->legs[i].sql));
    buf_addz(&b, "\nSELECT ");
    if (p->ask->grain != GRAIN_NONE)
        buf_addz(&b, "period, ");
    for (size_t i = 0; i < p->n_by; i++) {
        buf_sql_ident(&b, p->by[i]);
        buf_addz(&b, ", ");
    }
    for (size_t i = 0; i < p->n_metrics; i++) {
        put_node(p, p->nodes[i], &b);
        buf_addz(&b, " AS ");
        buf_sql_ident(&b, p->metrics[i]->name);
        buf_addz(&b, i + 1 < p->n_metrics ? ", " : "");
    }
    buf_addz(&b, "\nFROM (");
    put_folded(p, n, &b);
    buf_addz(&b, "\n) AS folded");
    for (size_t i = 0; i < keys; i++)
        buf_printf(&b, "%s%zu", i ? ", " : "\nGROUP BY ", i + 1);
    for (size_t i = 0; i < keys; i++)
        buf_printf(&b, "%s%zu", i ? ", " : "\nORDER BY ", i + 1);
    bool good = buf_ok(&b, e);
    p->sql = good ? arena_str(p->a, buf_str(&b)) : STR("");
    buf_fini(&b);
    return good;
}
