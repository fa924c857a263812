/* Dashboards declared as code: their list, and one whole with what each panel asks. Rows come by /query alone. */
#include "serve/put.h"
#include "serve/routes.h"

/* What a panel of metrics, attribution, a funnel or retention asks; of one of a port or of SQL all of it is empty. */
static void put_measured(struct call *c, struct buf *b, const struct mesh_panel *p)
{
    static const char *const kinds[] = {[PANEL_PORT] = "port", [PANEL_METRICS] = "metrics", [PANEL_ATTRIBUTION] = "attribution", [PANEL_FUNNEL] = "funnel", [PANEL_RETENTION] = "retention", [PANEL_SQL] = "sql"};
    struct str *metrics = arena_array(c->a, p->n_metrics + 1, sizeof *metrics);
    for (size_t i = 0; i < p->n_metrics; i++)
        metrics[i] = p->metrics[i]->ref;
    put_str(b, "kind", str_of(kinds[p->kind]));
    put_texts(b, "metrics", metrics, p->n_metrics);
    put_texts(b, "by", p->by.v, p->by.n);
    put_int(b, "days", p->days);
    put_opt(b, "compare", p->compare);
    put_opt(b, "conversion", p->conversion);
    put_texts(b, "models", p->models.v, p->models.n);
    put_texts(b, "steps", p->steps.v, p->steps.n);
    put_opt(b, "window", p->window);
    put_opt(b, "first", p->first);
    put_opt(b, "again", p->again);
    put_opt(b, "counting", p->counting);
}

static bool put_panel(struct call *c, struct buf *b, const struct mesh_panel *p, const struct build_port_status *st, struct err *e)
{
    struct str sql = p->kind == PANEL_SQL ? p->sql : STR("");
    if (p->port && !catalog_panel_sql(c->mesh, p, c->a, &sql, e))
        return false;
    put_open(b, NULL, '{');
    put_str(b, "title", p->title);
    put_str(b, "chart", p->chart);
    put_str(b, "port", p->ref);
    put_opt(b, "x", p->x);
    put_opt(b, "grain", p->grain);
    put_opt(b, "series", p->series);
    put_opt(b, "where", p->where);
    put_open(b, "measures", '[');
    for (size_t i = 0; i < p->n_measures; i++) {
        put_open(b, NULL, '{');
        put_opt(b, "column", p->measures[i].column);
        put_str(b, "aggregate", p->measures[i].aggregate);
        put_str(b, "title", p->measures[i].title);
        put_close(b, '}');
    }
    put_close(b, ']');
    put_measured(c, b, p);
    put_opt(b, "sql", sql);
    if (p->port) {
        put_open(b, "state", '{');
        shape_port_summary(b, p->port, &st[p->port->index]);
        put_close(b, '}');
    } else {
        put_null(b, "state");
    }
    put_open(b, "reads", '[');
    for (size_t i = 0; i < p->n_reads; i++) {
        put_open(b, NULL, '{');
        shape_port_summary(b, p->reads[i], &st[p->reads[i]->index]);
        put_close(b, '}');
    }
    put_close(b, ']');
    put_close(b, '}');
    return true;
}

static bool put_dashboard(struct call *c, struct buf *b, const struct mesh_dashboard *d, const struct build_port_status *st, struct err *e)
{
    bool ok = true;
    put_open(b, NULL, '{');
    put_str(b, "domain", d->domain->name);
    put_str(b, "name", d->name);
    put_str(b, "title", d->title);
    put_opt(b, "description", d->description);
    shape_owner(b, "owner", &d->owner, &d->domain->owner);
    put_str(b, "path", d->pos.file);
    put_int(b, "refresh_s", d->refresh_s);
    put_str(b, "version", d->version);
    put_open(b, "panels", '[');
    for (size_t i = 0; ok && i < d->n_panels; i++)
        ok = put_panel(c, b, &d->panels[i], st, e);
    put_close(b, ']');
    put_close(b, '}');
    return ok;
}

static bool answer(struct call *c, struct buf *b, bool ok)
{
    if (ok)
        call_json(c, b);
    else
        buf_fini(b);
    return ok;
}

bool route_dashboards(struct call *c, struct err *e)
{
    const struct build_port_status *st = call_states(c, e);
    if (!st)
        return false;
    struct buf b = call_buf();
    bool ok = true;
    put_open(&b, NULL, '{');
    put_open(&b, "dashboards", '[');
    for (size_t i = 0; ok && i < c->mesh->n_dashboards; i++)
        ok = put_dashboard(c, &b, c->mesh->dashboards[i], st, e);
    put_close(&b, ']');
    put_close(&b, '}');
    return answer(c, &b, ok);
}

bool route_dashboard(struct call *c, struct err *e)
{
    const struct mesh *m = c->mesh;
    struct str *known = arena_array(c->a, m->n_dashboards + 1, sizeof *known);
    struct str wanted = arena_printf(c->a, "%.*s.%.*s", STR_FMT(c->args[0]), STR_FMT(c->args[1]));
    for (size_t i = 0; i < m->n_dashboards; i++) {
        const struct mesh_dashboard *d = m->dashboards[i];
        known[i] = arena_printf(c->a, "%.*s.%.*s", STR_FMT(d->domain->name), STR_FMT(d->name));
        if (!str_eq(known[i], wanted))
            continue;
        const struct build_port_status *st = call_states(c, e);
        struct buf b = call_buf();
        return answer(c, &b, st && put_dashboard(c, &b, d, st, e));
    }
    return call_missing(e, "dashboard", wanted, known, m->n_dashboards);
}
