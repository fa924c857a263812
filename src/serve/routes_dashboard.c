/* Dashboards declared as code: their list, and one whole with what each panel asks. Rows come by /query alone. */
#include "serve/put.h"
#include "serve/routes.h"

static struct build_port_status *states_of(struct call *c, struct err *e)
{
    struct build_port_status *st = NULL;
    return catalog_status(c->app->build, c->app->state, c->mesh, c->a, &st, e) ? st : NULL;
}

static bool put_panel(struct call *c, struct buf *b, const struct mesh_panel *p, const struct build_port_status *st, struct err *e)
{
    struct str sql = STR("");
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
    put_opt(b, "sql", sql);
    if (p->port) {
        put_open(b, "state", '{');
        shape_port_summary(b, p->port, &st[p->port->index]);
        put_close(b, '}');
    } else {
        put_null(b, "state");
    }
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
    const struct build_port_status *st = states_of(c, e);
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
        const struct build_port_status *st = states_of(c, e);
        struct buf b = call_buf();
        return answer(c, &b, st && put_dashboard(c, &b, d, st, e));
    }
    return call_missing(e, "dashboard", wanted, known, m->n_dashboards);
}
