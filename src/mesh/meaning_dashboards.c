/* Fourth stage: dashboards as code, every panel held to what it shows: the columns of its port, its metrics and their dimensions, conversions. */
#include "mesh/mesh_edit.h"
#include "mesh/mesh_int.h"

#include "mesh/units.h"

/* A column that a panel may show: of the port, and not of a person. */
static const struct mesh_column *column_shown(struct load *l, const struct doc *d, const struct doc_node *at, const struct mesh_port *p)
{
    const struct mesh_column *c = at ? lookup_column(l, d, at, p, doc_text(d, at)) : NULL;
    if (c && mesh_column_hidden(c)) {
        hint(at_value(l, E_CONTRACT, d, at, "\"%.*s\" is %.*s: its values are hidden and cannot be charted", STR_FMT(c->name), STR_FMT(str_of(mesh_class_text(mesh_column_class(c))))),
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

/* Which columns are drawn along what. */
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

/* What only metrics are drawn as and cut to. */
static void not_of_ports(struct load *l, const struct doc *d, const struct doc_node *n)
{
    static const char *const charts[] = {"stacked", "map"}, *const grains[] = {"quarter", "year"};
    const struct doc_node *chart = doc_get(d, n, "chart"), *grain = doc_get(d, n, "grain");
    for (size_t i = 0; i < 2; i++) {
        if (chart && str_eq(doc_text(d, chart), str_of(charts[i])))
            hint(at_value(l, E_SCHEMA, d, chart, "rows are not drawn as %s", charts[i]), "write line, bar, area, table or number");
        if (grain && str_eq(doc_text(d, grain), str_of(grains[i])))
            hint(at_value(l, E_SCHEMA, d, grain, "a port is not cut to a %s", grains[i]), "write day, week or month");
    }
}

static void port_panel(struct load *l, const struct doc *d, const struct doc_node *n, struct mesh_panel *panel)
{
    const struct doc_node *port = doc_get(d, n, "port"), *measures = doc_get(d, n, "measures");
    panel->ref = doc_text(d, port);
    panel->port = lookup_port(l, d, port, panel->ref);
    not_of_ports(l, d, n);
    axis_read(l, d, n, panel);
    if (measures)
        measures_read(l, d, measures, panel);
    else
        hint(at_value(l, E_MISSING_KEY, d, n, "a panel of a port needs measures"), "add measures: [{aggregate: count}]");
    if (panel->port)
        expression_check(l, d, doc_get(d, n, "where"), panel->port, EXPRESSION_CONDITION);
}

/* One word or a list of words. */
static struct mesh_strs words_of(struct load *l, const struct doc *d, const struct doc_node *n)
{
    struct mesh_strs out = {0};
    if (n && n->kind == DOC_SEQ) {
        out.v = text_list(l, d, n, &out.n);
    } else if (n) {
        out.v = arena_array(l->a, out.n = 1, sizeof *out.v);
        out.v[0] = doc_text(d, n);
    }
    return out;
}

static void metrics_panel(struct load *l, const struct doc *d, const struct doc_node *n, struct mesh_panel *panel, const struct mesh_domain *dom)
{
    const struct doc_node *list = doc_get(d, n, "metrics"), *by = doc_get(d, n, "by"), *where = doc_get(d, n, "where");
    const struct mesh_model *leaves[METRIC_LEAVES_MAX];
    panel->metrics = arena_array(l->a, list->n_children + 1, sizeof *panel->metrics);
    panel->by = words_of(l, d, by);
    panel->days = (int)doc_int(d, n, "days", 0);
    panel->compare = doc_str(d, n, "compare");
    panel->grain = doc_str(d, n, "grain");
    for (const struct doc_node *x = doc_first(d, list); x; x = doc_next(d, x)) {
        const struct mesh_metric *m = lookup_metric(l, d, x, doc_text(d, x), dom);
        size_t count = m ? metric_leaves(m, leaves, METRIC_LEAVES_MAX) : 0, before = l->es->n_errors;
        if (m)
            panel->metrics[panel->n_metrics++] = m;
        for (size_t i = 0; i < count && l->es->n_errors == before; i++) {
            for (size_t k = 0; k < panel->by.n; k++)
                (void)metric_dimension_check(l, d, by, leaves[i], panel->by.v[k], "by");
            if (where)
                metric_filter_check(l, d, where, leaves[i], NULL);
        }
    }
}

static bool conversion_known(const struct mesh_attribution *t, struct str name)
{
    for (size_t i = 0; i < t->n_conversions; i++)
        if (str_eq(t->conversions[i].name, name))
            return true;
    return false;
}

/* "purchase", or conversion:purchase among the steps of a funnel. */
static void conversion_named(struct load *l, const struct doc *d, const struct doc_node *n, struct str name)
{
    const struct mesh_attribution *t = &l->m->attribution;
    if (!n || conversion_known(t, name) || (l->attribution.path.p && !l->attribution.doc))
        return;
    struct str *names = arena_array(l->a, t->n_conversions + 1, sizeof *names);
    for (size_t i = 0; i < t->n_conversions; i++)
        names[i] = t->conversions[i].name;
    hint_nearest(at_value(l, E_DANGLING, d, n, "there is no conversion \"%.*s\"", STR_FMT(name)), name, names, t->n_conversions);
}

static void attribution_panel(struct load *l, const struct doc *d, const struct doc_node *n, struct mesh_panel *panel)
{
    const struct doc_node *conversion = doc_get(d, n, "conversion");
    panel->conversion = conversion ? doc_text(d, conversion) : l->m->attribution.n_conversions ? l->m->attribution.conversions[0].name : (struct str){NULL, 0};
    panel->models = words_of(l, d, doc_get(d, n, "models"));
    panel->by = words_of(l, d, doc_get(d, n, "by"));
    conversion_named(l, d, conversion, panel->conversion);
}

static void funnel_panel(struct load *l, const struct doc *d, const struct doc_node *n, struct mesh_panel *panel)
{
    const struct doc_node *steps = doc_get(d, n, "steps");
    panel->steps = words_of(l, d, steps);
    panel->window = doc_str(d, n, "window");
    panel->by = words_of(l, d, doc_get(d, n, "by"));
    for (const struct doc_node *x = doc_first(d, steps); x; x = doc_next(d, x)) {
        struct str rest, kind = str_cut(doc_text(d, x), ':', &rest);
        if (rest.p && str_eq(kind, STR("conversion")))
            conversion_named(l, d, x, rest);
    }
}

static void retention_panel(struct load *l, const struct doc *d, const struct doc_node *n, struct mesh_panel *panel)
{
    const struct doc_node *kind = doc_get(d, n, "kind");
    (void)l;
    panel->first = doc_str(d, n, "first");
    panel->again = doc_str(d, n, "again");
    panel->grain = doc_str(d, n, "grain");
    panel->counting = kind ? doc_text(d, kind) : STR("n_day");
    panel->by = words_of(l, d, doc_get(d, n, "by"));
}

/* A column of its rows, which are those of the question. */
static void column_of_rows(struct load *l, const struct doc *d, const struct doc_node *at, const struct mesh_strs *columns)
{
    struct str name = doc_text(d, at);
    bool there = !at;
    for (size_t i = 0; i < columns->n; i++)
        there = there || str_eq_nocase(columns->v[i], name);
    if (there)
        return;
    struct err *e = at_value(l, E_DANGLING, d, at, "the rows of this SQL have no column \"%.*s\"", STR_FMT(name));
    hint_nearest(e, name, columns->v, columns->n);
    if (e && !e->hint[0])
        hint(e, "name one of its columns, or give one this name with AS");
}

static void sql_panel(struct load *l, const struct doc *d, const struct doc_node *n, struct mesh_panel *panel)
{
    const struct doc_node *sql = doc_get(d, n, "sql");
    panel->sql = doc_text(d, sql);
    not_of_ports(l, d, n);
    axis_read(l, d, n, panel);
    struct mesh_strs columns;
    if (expression_question(l, d, sql, &panel->reads, &panel->n_reads) && question_columns(l, d, sql, panel->reads, panel->n_reads, &columns)) {
        column_of_rows(l, d, doc_get(d, n, "x"), &columns);
        column_of_rows(l, d, doc_get(d, n, "series"), &columns);
    }
}

static const struct kind { const char *key, *chart, *keys[10]; } kinds[] = {
    [PANEL_PORT] = {"port", NULL, {"x", "grain", "series", "measures", "where"}}, [PANEL_METRICS] = {"metrics", "line", {"by", "grain", "days", "compare", "where"}},
    [PANEL_ATTRIBUTION] = {"attribution", "bar", {NULL}}, [PANEL_FUNNEL] = {"funnel", "bar", {NULL}}, [PANEL_RETENTION] = {"retention", "table", {NULL}},
    [PANEL_SQL] = {"sql", "table", {"x", "series"}},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static bool has_key(const struct kind *k, struct str key)
{
    static const char *const common[] = {"title", "chart"};
    bool has = str_eq(key, str_of(k->key));
    for (size_t i = 0; i < sizeof common / sizeof *common; i++)
        has = has || str_eq(key, str_of(common[i]));
    for (size_t i = 0; k->keys[i]; i++)
        has = has || str_eq(key, str_of(k->keys[i]));
    return has;
}

/* What makes the panel, once; and keys that belong to it. */
static bool kind_of(struct load *l, const struct doc *d, const struct doc_node *n, struct mesh_panel *panel)
{
    const struct doc_node *first = NULL;
    bool good = true;
    for (size_t i = 0; i < KINDS; i++) {
        const struct doc_node *is = doc_get(d, n, kinds[i].key);
        if (is && first) {
            hint(at_key(l, E_SCHEMA, d, is, "a panel shows one thing, and this one has %s and %s", kinds[panel->kind].key, kinds[i].key), "make two panels of it");
            return false;
        }
        if (is)
            panel->kind = (enum mesh_panel_kind)i;
        first = is ? is : first;
    }
    if (!first) {
        hint(at_value(l, E_MISSING_KEY, d, n, "the panel does not say what it shows"), "add port:, metrics:, attribution:, funnel:, retention: or sql:");
        return false;
    }
    for (const struct doc_node *c = doc_first(d, n); c; c = doc_next(d, c))
        if (!has_key(&kinds[panel->kind], doc_key(d, c))) {
            hint(at_key(l, E_SCHEMA, d, c, "a panel of %s has no %.*s", kinds[panel->kind].key, STR_FMT(doc_key(d, c))), "remove it%s", kinds[panel->kind].keys[0] ? "" : ", or write it among the keys of what is shown");
            good = false;
        }
    return good;
}

static void panel_read(struct load *l, const struct doc *d, const struct doc_node *n, struct mesh_panel *panel, const struct mesh_domain *dom)
{
    const struct doc_node *chart = doc_get(d, n, "chart");
    panel->title = doc_str(d, n, "title");
    panel->where = doc_str(d, n, "where");
    panel->pos = pos_of(d, n);
    if (!kind_of(l, d, n, panel))
        return;
    const struct kind *k = &kinds[panel->kind];
    panel->chart = chart ? doc_text(d, chart) : str_of(k->chart);
    if (!chart && !k->chart)
        hint(at_value(l, E_MISSING_KEY, d, n, "a panel of a port needs chart"), "add chart: line, bar, area, table or number");
    const struct doc_node *of = doc_get(d, n, k->key);
    switch (panel->kind) {
    case PANEL_PORT: port_panel(l, d, n, panel); break;
    case PANEL_METRICS: metrics_panel(l, d, n, panel, dom); break;
    case PANEL_ATTRIBUTION: attribution_panel(l, d, of, panel); break;
    case PANEL_FUNNEL: funnel_panel(l, d, of, panel); break;
    case PANEL_RETENTION: retention_panel(l, d, of, panel); break;
    case PANEL_SQL: sql_panel(l, d, n, panel); break;
    }
}

static int64_t refresh_of(const struct doc *d, const struct doc_node *root)
{
    int64_t s = 0;
    (void)unit_seconds(doc_str(d, root, "refresh"), &s); /* live: 0 */
    return s;
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
    b->refresh_s = refresh_of(d, root);
    b->version = arena_str(l->a, (struct str){f->sha.hex, MESH_FILE_VERSION});
    if (check_name(l, d, name, "dashboard") && !str_eq(doc_text(d, name), stem))
        hint(at_value(l, E_NAME, d, name, "the dashboard calls itself \"%.*s\", its file is \"%.*s\"", STR_FMT(doc_text(d, name)), STR_FMT(stem)),
             "make the two equal: rename the file, or write name: %.*s", STR_FMT(stem));
    b->panels = arena_array(l->a, panels->n_children + 1, sizeof *b->panels);
    for (const struct doc_node *n = doc_first(d, panels); n; n = doc_next(d, n))
        panel_read(l, d, n, &b->panels[b->n_panels++], dom);
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
