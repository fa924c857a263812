/* What a panel of a dashboard asks: one SELECT over its port, whose columns are x, series and the measures, in this order. */
#include "catalog/catalog.h"

enum { SQL_MAX = 64 << 10 };

/* mesh_load has held the names of columns and the condition to the port. */
static void put_measure(struct buf *b, const struct mesh_measure *m)
{
    if (str_eq(m->aggregate, STR("count_distinct"))) {
        buf_addz(b, "count(DISTINCT ");
    } else {
        buf_add(b, m->aggregate);
        buf_addz(b, "(");
    }
    if (m->column.n)
        buf_sql_ident(b, m->column);
    else
        buf_addz(b, "*");
    buf_addz(b, ") AS ");
    buf_sql_ident(b, m->title);
}

static void put_cut(struct buf *b, const struct mesh *m, const struct mesh_panel *p)
{
    bool sunday = str_eq(p->grain, STR("week")) && str_eq(m->week_start, STR("sunday"));
    if (p->grain.n)
        buf_printf(b, "CAST(date_trunc('%.*s', ", STR_FMT(p->grain));
    buf_sql_ident(b, p->x);
    if (p->grain.n)
        buf_printf(b, "%s) AS DATE)%s AS ", sunday ? " + INTERVAL 1 DAY" : "", sunday ? " - 1" : "");
    if (p->grain.n)
        buf_sql_ident(b, p->x);
}

static bool along_time(const struct mesh_panel *p)
{
    const struct mesh_contract *k = p->port->contract;
    if (p->grain.n || str_eq(p->chart, STR("line")) || str_eq(p->chart, STR("area")))
        return true;
    for (size_t i = 0; k && i < k->n_columns; i++)
        if (str_eq(k->columns[i].name, p->x))
            return str_starts(k->columns[i].physical_type, STR("DATE")) || str_starts(k->columns[i].physical_type, STR("TIMESTAMP"));
    return false;
}

bool catalog_panel_sql(const struct mesh *m, const struct mesh_panel *p, struct arena *a, struct str *out, struct err *e)
{
    struct buf b = BUF_INIT((size_t)SQL_MAX);
    size_t groups = (p->x.n > 0) + (p->series.n > 0);
    buf_addz(&b, "SELECT\n  ");
    if (p->x.n) {
        put_cut(&b, m, p);
        buf_addz(&b, ",\n  ");
    }
    if (p->series.n) {
        buf_sql_ident(&b, p->series);
        buf_addz(&b, ",\n  ");
    }
    for (size_t i = 0; i < p->n_measures; i++) {
        buf_addz(&b, i ? ",\n  " : "");
        put_measure(&b, &p->measures[i]);
    }
    buf_printf(&b, "\nFROM %.*s", STR_FMT(p->ref));
    if (p->where.n)
        buf_printf(&b, "\nWHERE (%.*s)", STR_FMT(p->where));
    if (groups)
        buf_addz(&b, groups == 2 ? "\nGROUP BY 1, 2" : "\nGROUP BY 1");
    if (groups && along_time(p))
        buf_addz(&b, groups == 2 ? "\nORDER BY 1, 2" : "\nORDER BY 1");
    else if (groups)
        buf_printf(&b, "\nORDER BY %zu DESC NULLS LAST, 1", groups + 1);
    bool ok = buf_ok(&b, e);
    *out = ok ? arena_str(a, buf_str(&b)) : STR("");
    buf_fini(&b);
    return ok;
}
