/* Fourth stage: questions, the numbers that answer them, and the one north star. */
#include "mesh/mesh_int.h"

#include <stdlib.h>

#include "base/clock.h"

enum { WINDOW_DAYS_DEFAULT = 28 };

static double number_of(const struct doc *d, const struct doc_node *map, const char *key)
{
    const struct doc_node *n = doc_get(d, map, key);
    return !n ? 0 : n->kind == DOC_INT ? (double)n->v.i : n->kind == DOC_FLOAT ? n->v.f : 0;
}

/* A date that the schema has checked. */
static int32_t date_of(const struct doc *d, const struct doc_node *map, const char *key)
{
    int32_t day = 0;
    (void)clock_parse_date(doc_str(d, map, key), &day);
    return day;
}

static void time_column(struct load *l, const struct doc *d, const struct doc_node *n, struct mesh_number *to)
{
    const struct doc_node *own = doc_get(d, n, "time_column"), *window = doc_get(d, n, "window_days");
    const struct mesh_column *c = own ? lookup_column(l, d, own, to->port, doc_text(d, own)) : NULL;
    to->time_column = own ? doc_text(d, own) : to->port->time_column;
    if (c && !column_is_time(c))
        hint(at_value(l, E_CONTRACT, d, own, "\"%.*s\" is no date and no time, its type is %.*s", STR_FMT(c->name), STR_FMT(c->physical_type)), "name a column of type DATE or TIMESTAMP");
    if (!own && window && !to->time_column.n && lookup_sound(l, to->port))
        hint(at_key(l, E_MISSING_KEY, d, window, "window_days needs to know the day of a row, and %.*s declares no time column", STR_FMT(to->ref)),
             "add time_column: with a column of type DATE or TIMESTAMP");
}

/* `metric: cac`: its unit and its better way are the metric's. */
static void metric_read(struct load *l, const struct doc *d, const struct doc_node *n, struct mesh_number *to, const struct mesh_domain *dom)
{
    static const char *const of_ports[] = {"port", "value", "time_column", "unit", "direction"};
    const struct doc_node *metric = doc_get(d, n, "metric"), *where = doc_get(d, n, "where");
    const struct mesh_model *leaves[METRIC_LEAVES_MAX];
    for (size_t i = 0; i < sizeof of_ports / sizeof *of_ports; i++)
        if (doc_get(d, n, of_ports[i]))
            hint(at_key(l, E_SCHEMA, d, doc_get(d, n, of_ports[i]), "a number that is a metric has no %s of its own", of_ports[i]), "remove it: the metric says so");
    to->metric = lookup_metric(l, d, metric, doc_text(d, metric), dom);
    to->ref = to->metric ? to->metric->ref : doc_text(d, metric);
    if (!to->metric)
        return;
    to->unit = str_of(mesh_unit_text(to->metric->unit));
    to->lower_is_better = to->metric->better < 0;
    size_t count = where ? metric_leaves(to->metric, leaves, METRIC_LEAVES_MAX) : 0, before = l->es->n_errors;
    for (size_t i = 0; i < count && l->es->n_errors == before; i++)
        metric_filter_check(l, d, where, leaves[i], NULL);
}

static void number_read(struct load *l, const struct doc *d, const struct doc_node *n, struct mesh_number *to, const struct mesh_domain *dom)
{
    const struct doc_node *port = doc_get(d, n, "port"), *value = doc_get(d, n, "value"), *where = doc_get(d, n, "where");
    to->ref = doc_text(d, port);
    to->value = doc_text(d, value);
    to->where = doc_text(d, where);
    to->unit = doc_get(d, n, "unit") ? doc_str(d, n, "unit") : STR("count");
    to->lower_is_better = str_eq(doc_str(d, n, "direction"), STR("down"));
    to->window_days = (int)doc_int(d, n, "window_days", WINDOW_DAYS_DEFAULT);
    if (doc_get(d, n, "metric")) {
        metric_read(l, d, n, to, dom);
        return;
    }
    if (!port || !value) {
        hint(at_value(l, E_MISSING_KEY, d, n, "the number has no %s", port ? "value" : "port"), "add metric: with the name of a metric, or port: and value:");
        return;
    }
    to->port = lookup_port(l, d, port, to->ref);
    if (!to->port)
        return;
    time_column(l, d, n, to);
    expression_check(l, d, value, to->port, EXPRESSION_AGGREGATE);
    expression_check(l, d, where, to->port, EXPRESSION_CONDITION);
}

static void baseline_and_target(struct load *l, const struct doc *d, const struct doc_node *n, struct mesh_goal *g)
{
    const struct doc_node *b = doc_get(d, n, "baseline"), *t = doc_get(d, n, "target");
    g->has_baseline = b != NULL;
    g->has_target = t != NULL;
    if (b) {
        g->baseline = number_of(d, b, "value");
        g->baseline_from = date_of(d, b, "from");
        g->baseline_to = date_of(d, b, "to");
        g->frozen = date_of(d, b, "frozen");
        if (g->baseline_to < g->baseline_from)
            hint(at_value(l, E_SCHEMA, d, doc_get(d, b, "to"), "the baseline ends before it begins"), "from is the first day, to the last");
    }
    if (t) {
        g->target = number_of(d, t, "value");
        g->target_by = date_of(d, t, "by");
    }
    if (b && t && (g->number.lower_is_better ? g->target > g->baseline : g->target < g->baseline))
        hint(at_value(l, E_SCHEMA, d, doc_get(d, t, "value"), "the target lies behind the baseline: %s is better here", g->number.lower_is_better ? "less" : "more"),
             "check number.direction (%s) and both values", g->number.lower_is_better ? "down" : "up");
}

static void goal_read(struct load *l, const struct doc *d, const struct doc_node *n, struct mesh_domain *dom, struct mesh_goal *g)
{
    const struct doc_node *products = doc_get(d, n, "products");
    g->domain = dom;
    g->name = doc_str(d, n, "name");
    g->title = doc_get(d, n, "title") ? doc_str(d, n, "title") : g->name;
    g->question = doc_str(d, n, "question");
    g->owner = meaning_owner(l, d, n, dom, "goal");
    g->pos = pos_of(d, n);
    number_read(l, d, doc_get(d, n, "number"), &g->number, dom);
    baseline_and_target(l, d, n, g);
    if (!products)
        return;
    g->products = arena_array(l->a, products->n_children + 1, sizeof *g->products);
    for (const struct doc_node *p = doc_first(d, products); p; p = doc_next(d, p)) {
        struct mesh_product *found = lookup_product(l, d, p, doc_text(d, p));
        if (found)
            g->products[g->n_products++] = found;
    }
}

static void goals_of(struct load *l, const struct mesh_file *f, struct mesh_domain *dom)
{
    const struct doc *d = f->doc;
    const struct doc_node *root = d ? doc_root(d) : NULL, *list = d ? doc_get(d, root, "goals") : NULL;
    struct table seen = {0};
    for (const struct doc_node *n = list ? doc_first(d, list) : NULL; n; n = doc_next(d, n)) {
        const struct doc_node *name = doc_get(d, n, "name");
        struct mesh_goal *g = &l->m->goals[l->m->n_goals++];
        goal_read(l, d, n, dom, g);
        if (!check_name(l, d, name, "goal"))
            continue;
        const struct mesh_goal *first = table_put(&seen, l->a, g->name, g);
        if (first)
            hint(at_value(l, E_DUPLICATE, d, name, "the goal \"%.*s\" stands twice in this file; first in line %u", STR_FMT(g->name), first->pos.line), "rename one of them");
    }
    if (d && dom && doc_get(d, root, "north_star"))
        hint(at_key(l, E_OWNER, d, doc_get(d, root, "north_star"), "a mesh has one north star, and only governance/goals.yaml names it"),
             "remove it here; a domain names its own first number as north_star in domain.yaml");
}

static int goal_order(const void *a, const void *b)
{
    const struct mesh_goal *x = a, *y = b;
    int c = str_cmp(x->name, y->name);
    return c ? c : str_cmp(x->pos.file, y->pos.file);
}

/* `name`, or `domain.name` where several files have the name. */
static void north_star(struct load *l)
{
    const struct doc *d = l->goals.doc;
    const struct doc_node *n = d ? doc_get(d, doc_root(d), "north_star") : NULL;
    struct mesh *m = l->m;
    struct str wanted = doc_text(d, n), name;
    if (!n)
        return;
    struct str domain = str_cut(wanted, '.', &name);
    if (!name.p)
        name = wanted;
    const struct mesh_goal *found = NULL, *other = NULL;
    struct str *names = arena_array(l->a, m->n_goals + 1, sizeof *names);
    for (size_t i = 0; i < m->n_goals; i++) {
        const struct mesh_goal *g = &m->goals[i];
        bool meant = str_eq(g->name, name) && (name.p == wanted.p || (g->domain && str_eq(g->domain->name, domain)));
        names[i] = g->name;
        if (meant && found)
            other = g;
        else if (meant)
            found = g;
    }
    m->north_star = found;
    if (other && name.p == wanted.p && (found->domain != other->domain))
        hint(at_value(l, E_DUPLICATE, d, n, "two goals are named \"%.*s\": %.*s:%u and %.*s:%u", STR_FMT(wanted), STR_FMT(found->pos.file), found->pos.line, STR_FMT(other->pos.file), other->pos.line),
             "write it with its domain, as in %.*s.%.*s", STR_FMT(other->domain ? other->domain->name : found->domain->name), STR_FMT(wanted));
    if (!found) {
        struct err *e = at_value(l, E_DANGLING, d, n, "there is no goal \"%.*s\" that could be the north star", STR_FMT(wanted));
        hint_nearest(e, wanted, names, m->n_goals);
        if (e && !e->hint[0])
            hint(e, "declare it in this file, or remove north_star");
    }
}

static size_t listed(const struct mesh_file *f)
{
    const struct doc_node *list = f->doc ? doc_get(f->doc, doc_root(f->doc), "goals") : NULL;
    return list ? list->n_children : 0;
}

static bool any_unread(const struct load *l)
{
    for (size_t i = 0; i < l->n_domains; i++)
        if (l->domains[i].goals.path.p && !l->domains[i].goals.doc)
            return true;
    return false;
}

void meaning_goals(struct load *l)
{
    struct mesh *m = l->m;
    size_t most = listed(&l->goals);
    for (size_t i = 0; i < l->n_domains; i++)
        most += listed(&l->domains[i].goals);
    m->goals = arena_array(l->a, most + 1, sizeof *m->goals);
    goals_of(l, &l->goals, NULL);
    for (size_t i = 0; i < l->n_domains; i++)
        goals_of(l, &l->domains[i].goals, &m->domains[i]);
    qsort(m->goals, m->n_goals, sizeof *m->goals, goal_order);
    if (!any_unread(l))
        north_star(l);
}
