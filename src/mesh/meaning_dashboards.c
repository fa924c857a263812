/* Fourth stage: dashboards as code, every panel held to the columns of its port. */
#include "mesh/mesh_int.h"

/* A column that a panel may show: of the port, and not of a person. */
static const struct mesh_column *column_shown(struct load *l, const struct doc *d, const struct doc_node *at, const struct mesh_port *p)
{
    const struct mesh_column *c = at ? lookup_column(l, d, at, p, doc_text(d, at)) : NULL;
    if (c && mesh_column_hidden(c)) {
        hint(at_value(l, E_CONTRACT, d, at, "\"%.*s\" is %.*s: its values are hidden and cannot be charted", STR_FMT(c->name), STR_FMT(c->class_text)),
             "count rows instead, or chart a column that says nothing of one person");
        return NULL;
    }
    return c;
}

static void measures_read(struct load *l, const struct doc *d, const struct doc_node *list, struct mesh_panel *panel)
{
    panel->measures = arena_array(l->a, list->n_children + 1, sizeof *panel->measures);
    for (const struct doc_node *n = doc_first(d, list); n; n = doc_next(d, n)) {
        struct mesh_measure *m = &panel->measures[panel->n_measures++];
        const struct doc_node *column = doc_get(d, n, "column");
        *m = (struct mesh_measure){doc_text(d, column), doc_str(d, n, "aggregate"), doc_str(d, n, "title")};
        if (!column && !str_eq(m->aggregate, STR("count")))
            hint(at_value(l, E_MISSING_KEY, d, n, "%.*s needs a column", STR_FMT(m->aggregate)), "add column:, or use aggregate: count for the number of rows");
        const struct mesh_column *c = panel->port ? column_shown(l, d, column, panel->port) : NULL;
        if (c && (str_eq(m->aggregate, STR("sum")) || str_eq(m->aggregate, STR("avg"))) && !column_is_number(c))
            hint(at_value(l, E_CONTRACT, d, column, "there is no %.*s of \"%.*s\", its type is %.*s", STR_FMT(m->aggregate), STR_FMT(c->name), STR_FMT(c->physical_type)),
                 "use count or count_distinct, or another column");
        if (!m->title.n)
            m->title = c && c->business_name.n ? c->business_name : m->column.n ? m->column : STR("rows");
    }
}

static void axis_read(struct load *l, const struct doc *d, const struct doc_node *n, struct mesh_panel *panel)
{
    const struct doc_node *x = doc_get(d, n, "x"), *grain = doc_get(d, n, "grain"), *series = doc_get(d, n, "series");
    bool number = str_eq(panel->chart, STR("number")), drawn = !number && !str_eq(panel->chart, STR("table"));
    panel->x = doc_text(d, x);
    panel->grain = doc_text(d, grain);
    panel->series = doc_text(d, series);
    if (drawn && !x)
        hint(at_value(l, E_MISSING_KEY, d, n, "a %.*s chart needs x", STR_FMT(panel->chart)), "add x: with the column along the axis");
    if (number && (x || series))
        hint(at_key(l, E_SCHEMA, d, x ? x : series, "a number has no %s", x ? "x" : "series"), "remove it, or use chart: line");
    if (grain && !x)
        hint(at_key(l, E_MISSING_KEY, d, grain, "grain cuts x, and there is no x"), "add x: with a column that is a date or time");
    if (!panel->port)
        return;
    const struct mesh_column *c = column_shown(l, d, x, panel->port);
    if (grain && c && !column_is_time(c))
        hint(at_value(l, E_CONTRACT, d, grain, "grain needs a date or time, and \"%.*s\" is %.*s", STR_FMT(c->name), STR_FMT(c->physical_type)), "remove grain, or choose another x");
    (void)column_shown(l, d, series, panel->port);
}

static void panel_read(struct load *l, const struct doc *d, const struct doc_node *n, struct mesh_panel *panel)
{
    const struct doc_node *port = doc_get(d, n, "port"), *where = doc_get(d, n, "where");
    panel->title = doc_str(d, n, "title");
    panel->chart = doc_str(d, n, "chart");
    panel->ref = doc_text(d, port);
    panel->where = doc_text(d, where);
    panel->pos = pos_of(d, n);
    panel->port = lookup_port(l, d, port, panel->ref);
    axis_read(l, d, n, panel);
    measures_read(l, d, doc_get(d, n, "measures"), panel);
    if (panel->port)
        expression_check(l, d, where, panel->port, EXPRESSION_CONDITION);
}

static struct mesh_dashboard *dashboard_read(struct load *l, const struct mesh_file *f, struct mesh_domain *dom)
{
    const struct doc *d = f->doc;
    const struct doc_node *root = doc_root(d), *name = doc_get(d, root, "name"), *panels = doc_get(d, root, "panels");
    struct str stem = {f->base.p, f->base.n - (sizeof ".yaml" - 1)};
    struct mesh_dashboard *b = arena_alloc(l->a, sizeof *b);
    b->domain = dom;
    b->name = stem;
    b->title = doc_get(d, root, "title") ? doc_str(d, root, "title") : stem;
    b->description = doc_str(d, root, "description");
    b->owner = meaning_owner(l, d, root, dom, "dashboard");
    b->pos = pos_of(d, root);
    if (check_name(l, d, name, "dashboard") && !str_eq(doc_text(d, name), stem))
        hint(at_value(l, E_NAME, d, name, "the dashboard calls itself \"%.*s\", its file is \"%.*s\"", STR_FMT(doc_text(d, name)), STR_FMT(stem)),
             "make the two equal: rename the file, or write name: %.*s", STR_FMT(stem));
    b->panels = arena_array(l->a, panels->n_children + 1, sizeof *b->panels);
    for (const struct doc_node *n = doc_first(d, panels); n; n = doc_next(d, n))
        panel_read(l, d, n, &b->panels[b->n_panels++]);
    return b;
}

void meaning_dashboards(struct load *l)
{
    struct mesh *m = l->m;
    size_t most = 0;
    for (size_t i = 0; i < l->n_domains; i++)
        most += l->domains[i].n_dashboards;
    m->dashboards = arena_array(l->a, most + 1, sizeof(struct mesh_dashboard *));
    for (size_t i = 0; i < l->n_domains; i++) {
        const struct domain_files *f = &l->domains[i];
        struct mesh_domain *dom = &m->domains[i];
        dom->dashboards = arena_array(l->a, f->n_dashboards + 1, sizeof(struct mesh_dashboard *));
        for (size_t k = 0; k < f->n_dashboards; k++)
            if (f->dashboards[k].doc)
                m->dashboards[m->n_dashboards++] = dom->dashboards[dom->n_dashboards++] = dashboard_read(l, &f->dashboards[k], dom);
    }
}
