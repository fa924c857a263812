/* Fourth stage: domains/<domain>/models/<model>.yaml: how metrics read a port. docs/metrics.md. */
#include "mesh/mesh_int.h"

#include <stdlib.h>

struct reading {
    struct load *l;
    const struct doc *d;
    struct mesh_model *m;
    bool bound;              /* the port is there and its columns can be relied on */
};

static const char *const agg_texts[] = {
    [AGG_SUM] = "sum", [AGG_MIN] = "min", [AGG_MAX] = "max", [AGG_AVERAGE] = "average", [AGG_SUM_BOOLEAN] = "sum_boolean", [AGG_COUNT] = "count",
    [AGG_COUNT_DISTINCT] = "count_distinct", [AGG_MEDIAN] = "median", [AGG_PERCENTILE] = "percentile",
};
static const char *const entity_texts[] = {[ENTITY_PRIMARY] = "primary", [ENTITY_UNIQUE] = "unique", [ENTITY_FOREIGN] = "foreign", [ENTITY_NATURAL] = "natural"};

const char *mesh_agg_text(enum mesh_agg a)
{
    return agg_texts[a];
}

const char *mesh_entity_type_text(enum mesh_entity_type t)
{
    return entity_texts[t];
}

static size_t word_of(const char *const *words, size_t n, struct str s)
{
    size_t i = 0;
    while (i + 1 < n && !str_eq(s, str_of(words[i])))
        i++;
    return i;
}

static struct mesh_strs strs_of(struct load *l, const struct doc *d, const struct doc_node *list)
{
    struct mesh_strs out = {0};
    out.v = text_list(l, d, list, &out.n);
    return out;
}

static const struct mesh_column *own_column(const struct reading *r, struct str name)
{
    return r->bound ? mesh_port_column(r->m->port, name) : NULL;
}

/* A name twice in one list. */
static void once(const struct reading *r, struct table *seen, const struct doc_node *n, const char *what)
{
    const struct doc_node *name = doc_get(r->d, n, "name");
    if (!check_name(r->l, r->d, name, what))
        return;
    const struct doc_node *first = table_put(seen, r->l->a, doc_text(r->d, name), (void *)(uintptr_t)n);
    if (first)
        hint(at_value(r->l, E_DUPLICATE, r->d, name, "the %s \"%.*s\" stands twice in this model; first in line %u", what, STR_FMT(doc_text(r->d, name)), first->line), "rename one of them");
}

/* One expression over the columns of the port and nothing around it; the names that it speaks of. */
static bool one_expression(const struct reading *r, const struct doc_node *at, struct mesh_strs *columns)
{
    struct err e = {0};
    *columns = (struct mesh_strs){0};
    if (!r->l->parser || expression_alone(r->l, doc_text(r->d, at), columns, &e))
        return r->l->parser != NULL;
    hint(at_value(r->l, e.code == E_SQL ? E_SQL : E_SQL_REFUSED, r->d, at, "expr is no expression over columns: %s", e.text), "%s",
         e.hint[0] ? e.hint : "write what one row gives, such as platform || ':' || campaign_id");
    return false;
}

/* Values that are hidden cannot tell rows apart in front of people. What an expression makes of them is for the gate to decide. */
static void shown_only(const struct reading *r, const struct doc_node *at, const struct mesh_column *c)
{
    if (c && mesh_column_hidden(c))
        hint(at_value(r->l, E_CONTRACT, r->d, at, "\"%.*s\" is %s: its values are hidden and cannot be a dimension", STR_FMT(c->name), mesh_class_text(mesh_column_class(c))),
             "leave the dimension out, or name a column that says nothing of one person");
}

/* `column`, `expr`, or the column of its own name. */
static struct str source_of(const struct reading *r, const struct doc_node *n, const char *what, bool shown, const struct mesh_column **column)
{
    const struct doc_node *own = doc_get(r->d, n, "column"), *expr = doc_get(r->d, n, "expr"), *name = doc_get(r->d, n, "name");
    struct mesh_strs names;
    *column = NULL;
    if (own && expr)
        hint(at_key(r->l, E_SCHEMA, r->d, expr, "the %s has a column and an expr", what), "keep one of the two");
    if (expr && !own_column(r, doc_text(r->d, expr))) {
        if (r->bound && one_expression(r, expr, &names))
            (void)expression_check(r->l, r->d, expr, r->m->port, EXPRESSION_VALUE);
        return doc_text(r->d, expr);
    }
    const struct doc_node *at = expr ? expr : own ? own : name;
    if (r->bound)
        *column = lookup_column(r->l, r->d, at, r->m->port, doc_text(r->d, at));
    if (*column && shown)
        shown_only(r, at, *column);
    struct buf b = BUF_INIT(4096);
    buf_sql_ident(&b, doc_text(r->d, at));
    struct str out = str_is_name(doc_text(r->d, at)) ? doc_text(r->d, at) : arena_str(r->l->a, buf_str(&b));
    buf_fini(&b);
    return out;
}

static struct str time_named(const struct reading *r, const struct doc_node *n, const char *what)
{
    const struct mesh_column *c = r->bound ? lookup_column(r->l, r->d, n, r->m->port, doc_text(r->d, n)) : NULL;
    if (c && !column_is_time(c))
        hint(at_value(r->l, E_CONTRACT, r->d, n, "%s needs a date or time, and \"%.*s\" is %.*s", what, STR_FMT(c->name), STR_FMT(c->physical_type)), "name a column of type DATE or TIMESTAMP");
    return doc_text(r->d, n);
}

static void entities_read(const struct reading *r, const struct doc_node *list)
{
    struct table seen = {0};
    struct mesh_model *m = r->m;
    m->entities = arena_array(r->l->a, (list ? list->n_children : 0) + 1, sizeof *m->entities);
    for (const struct doc_node *n = list ? doc_first(r->d, list) : NULL; n; n = doc_next(r->d, n)) {
        const struct doc_node *from = doc_get(r->d, n, "from"), *to = doc_get(r->d, n, "to"), *type = doc_get(r->d, n, "type");
        const struct mesh_column *column;
        struct mesh_entity *x = &m->entities[m->n_entities++];
        *x = (struct mesh_entity){.name = doc_str(r->d, n, "name"), .pos = pos_of(r->d, n)};
        x->type = (enum mesh_entity_type)word_of(entity_texts, sizeof entity_texts / sizeof *entity_texts, doc_text(r->d, type));
        once(r, &seen, n, "entity");
        x->expr = source_of(r, n, "entity", false, &column);
        if (x->type == ENTITY_NATURAL && (!from || !to))
            hint(at_value(r->l, E_MISSING_KEY, r->d, n, "the natural entity \"%.*s\" does not say from when to when its rows hold", STR_FMT(x->name)),
                 "add from: and to: with columns, or write type: foreign");
        if (x->type != ENTITY_NATURAL && (from || to))
            hint(at_key(r->l, E_SCHEMA, r->d, from ? from : to, "only a natural entity holds from some time to another, this one is %s", entity_texts[x->type]), "remove it, or write type: natural");
        if (from)
            x->from = time_named(r, from, "from");
        if (to)
            x->to = time_named(r, to, "to");
    }
}

static void dimensions_read(const struct reading *r, const struct doc_node *list)
{
    struct table seen = {0};
    struct mesh_model *m = r->m;
    m->dimensions = arena_array(r->l->a, (list ? list->n_children : 0) + 1, sizeof *m->dimensions);
    for (const struct doc_node *n = list ? doc_first(r->d, list) : NULL; n; n = doc_next(r->d, n)) {
        const struct doc_node *type = doc_get(r->d, n, "type");
        struct mesh_dimension *x = &m->dimensions[m->n_dimensions++];
        *x = (struct mesh_dimension){.name = doc_str(r->d, n, "name"), .title = doc_str(r->d, n, "title"), .description = doc_str(r->d, n, "description"), .pos = pos_of(r->d, n)};
        once(r, &seen, n, "dimension");
        x->title = x->title.n ? x->title : x->name;
        x->synonyms = strs_of(r->l, r->d, doc_get(r->d, n, "synonyms"));
        x->time = type && str_eq(doc_text(r->d, type), STR("time"));
        x->expr = source_of(r, n, "dimension", true, &x->column);
        if (x->time && x->column && !column_is_time(x->column))
            hint(at_value(r->l, E_CONTRACT, r->d, type, "\"%.*s\" is no date and no time, its type is %.*s", STR_FMT(x->column->name), STR_FMT(x->column->physical_type)),
                 "remove type: time, or name a column of type DATE or TIMESTAMP");
    }
}

/* ---- measures ---- */

static bool names_dimension(const struct mesh_model *m, struct str name)
{
    for (size_t i = 0; i < m->n_dimensions; i++)
        if (str_eq(m->dimensions[i].name, name))
            return true;
    return false;
}

static void own_name(const struct reading *r, const struct doc_node *n, const char *what, bool columns_too)
{
    const struct mesh_model *m = r->m;
    struct str name = doc_text(r->d, n), *known = arena_array(r->l->a, m->n_dimensions + 2, sizeof *known);
    size_t count = 0;
    if (!r->bound || names_dimension(m, name) || str_eq(name, m->time) || (columns_too && own_column(r, name)))
        return;
    for (size_t i = 0; i < m->n_dimensions; i++)
        known[count++] = m->dimensions[i].name;
    if (m->time.n)
        known[count++] = m->time;
    struct err *e = at_value(r->l, E_DANGLING, r->d, n, "%s \"%.*s\" is no dimension of the model, and not its time", what, STR_FMT(name));
    hint_nearest(e, name, known, count);
    if (e && !e->hint[0])
        hint(e, "declare it under dimensions, or remove it");
}

static bool adds_up(enum mesh_agg a)
{
    return a == AGG_SUM || a == AGG_SUM_BOOLEAN || a == AGG_COUNT;
}

/* `last_over`, `first_over`: a balance. */
static void balance_read(const struct reading *r, const struct doc_node *n, struct mesh_fact *f)
{
    const struct doc_node *last = doc_get(r->d, n, "last_over"), *first = doc_get(r->d, n, "first_over"), *groups = doc_get(r->d, n, "window_groupings"), *over = last ? last : first;
    if (last && first)
        hint(at_key(r->l, E_SCHEMA, r->d, first, "a balance is taken at the end or at the beginning, not both"), "keep last_over or first_over");
    f->window_groupings = strs_of(r->l, r->d, groups);
    if (groups && !over)
        hint(at_key(r->l, E_MISSING_KEY, r->d, groups, "window_groupings belong to a balance, and this is none"), "add last_over: with the time of the model, or remove it");
    if (!over)
        return;
    f->last_over = doc_text(r->d, over);
    f->first = !last;
    own_name(r, over, last ? "last_over" : "first_over", false);
    const struct mesh_dimension *dim = NULL;
    for (size_t i = 0; i < r->m->n_dimensions; i++)
        dim = str_eq(r->m->dimensions[i].name, f->last_over) ? &r->m->dimensions[i] : dim;
    if (dim && !dim->time && !str_eq(f->last_over, r->m->time))
        hint(at_value(r->l, E_METRIC, r->d, over, "a balance has an end of a time, and \"%.*s\" is no time", STR_FMT(f->last_over)), "name the model's time, or a dimension of type time");
    for (const struct doc_node *g = groups ? doc_first(r->d, groups) : NULL; g; g = doc_next(r->d, g))
        own_name(r, g, "window_groupings:", true);
}

/* The aggregate as the engine would be asked for it. */
static struct str aggregate_of(const struct reading *r, const struct mesh_fact *f)
{
    static const struct { const char *before, *after; } calls[] = {
        [AGG_SUM] = {"sum((", "\n))"}, [AGG_MIN] = {"min((", "\n))"}, [AGG_MAX] = {"max((", "\n))"}, [AGG_AVERAGE] = {"avg((", "\n))"},
        [AGG_SUM_BOOLEAN] = {"count_if((", "\n))"}, [AGG_COUNT] = {"count((", "\n))"}, [AGG_COUNT_DISTINCT] = {"count(DISTINCT (", "\n))"},
        [AGG_MEDIAN] = {"median((", "\n))"}, [AGG_PERCENTILE] = {"quantile_cont((", "\n), 0.5)"},
    };
    return arena_printf(r->l->a, "%s%.*s%s", calls[f->agg].before, STR_FMT(f->expr), calls[f->agg].after);
}

/* A plain column is held against its type; anything else is bound by the engine. */
static void fact_expr(const struct reading *r, const struct doc_node *n, struct mesh_fact *f)
{
    const struct doc_node *expr = doc_get(r->d, n, "expr"), *name = doc_get(r->d, n, "name");
    struct mesh_strs names;
    f->expr = expr ? doc_text(r->d, expr) : f->agg == AGG_COUNT ? (struct str){"", 0} : f->name;
    if (!f->expr.n || !r->bound)
        return;
    const struct mesh_column *c = own_column(r, f->expr);
    if (!expr && !c) {
        (void)lookup_column(r->l, r->d, name, r->m->port, f->name);
        return;
    }
    bool numbers = f->agg == AGG_SUM || f->agg == AGG_AVERAGE || f->agg == AGG_MEDIAN || f->agg == AGG_PERCENTILE;
    if (c && numbers && !column_is_number(c))
        hint(at_value(r->l, E_CONTRACT, r->d, expr ? expr : name, "there is no %s of \"%.*s\", its type is %.*s", agg_texts[f->agg], STR_FMT(c->name), STR_FMT(c->physical_type)),
             "use count or count_distinct, or another column");
    else if (c && f->agg == AGG_SUM_BOOLEAN && !str_eq(c->physical_type, STR("BOOLEAN")))
        hint(at_value(r->l, E_CONTRACT, r->d, expr ? expr : name, "sum_boolean counts what is true, and \"%.*s\" is %.*s", STR_FMT(c->name), STR_FMT(c->physical_type)),
             "write a condition, such as status = 'paid'");
    else if (!c && one_expression(r, expr, &names) && expression_check(r->l, r->d, expr, r->m->port, EXPRESSION_VALUE))
        (void)expression_text(r->l, r->d, expr, aggregate_of(r, f), r->m->port, EXPRESSION_AGGREGATE);
}

static void fact_read(const struct reading *r, const struct doc_node *n, struct mesh_fact *f)
{
    const struct doc_node *agg = doc_get(r->d, n, "agg"), *percentile = doc_get(r->d, n, "percentile"), *approximate = doc_get(r->d, n, "approximate"), *non = doc_get(r->d, n, "non_additive");
    *f = (struct mesh_fact){.name = doc_str(r->d, n, "name"), .unit = doc_str(r->d, n, "unit"), .approximate = doc_bool(r->d, n, "approximate", false), .pos = pos_of(r->d, n)};
    f->agg = (enum mesh_agg)word_of(agg_texts, sizeof agg_texts / sizeof *agg_texts, doc_text(r->d, agg));
    if (f->agg == AGG_PERCENTILE && !percentile)
        hint(at_value(r->l, E_MISSING_KEY, r->d, n, "the measure \"%.*s\" does not say which percentile", STR_FMT(f->name)), "add percentile: 0.9, or write agg: median");
    if (percentile && f->agg != AGG_PERCENTILE)
        hint(at_key(r->l, E_SCHEMA, r->d, percentile, "percentile belongs to agg: percentile, this is %s", agg_texts[f->agg]), "remove it, or write agg: percentile");
    if (percentile)
        f->percentile = percentile->kind == DOC_FLOAT ? percentile->v.f : (double)percentile->v.i;
    if (f->approximate && f->agg != AGG_MEDIAN && f->agg != AGG_PERCENTILE && f->agg != AGG_COUNT_DISTINCT)
        hint(at_key(r->l, E_SCHEMA, r->d, approximate, "there is no estimate of %s", agg_texts[f->agg]), "remove approximate: only median, percentile and count_distinct are estimated");
    fact_expr(r, n, f);
    f->non_additive = strs_of(r->l, r->d, non);
    for (const struct doc_node *x = non ? doc_first(r->d, non) : NULL; x; x = doc_next(r->d, x))
        own_name(r, x, "non_additive:", false);
    balance_read(r, n, f);
    if (f->last_over.n && !adds_up(f->agg))
        hint(at_value(r->l, E_METRIC, r->d, agg, "a balance is added up at the end of a period, and %s adds nothing up", agg_texts[f->agg]), "write agg: sum, or remove last_over");
}

static void facts_read(const struct reading *r, const struct doc_node *list)
{
    struct table seen = {0};
    struct mesh_model *m = r->m;
    m->facts = arena_array(r->l->a, (list ? list->n_children : 0) + 1, sizeof *m->facts);
    for (const struct doc_node *n = list ? doc_first(r->d, list) : NULL; n; n = doc_next(r->d, n)) {
        fact_read(r, n, &m->facts[m->n_facts++]);
        once(r, &seen, n, "measure");
    }
}

/* ---- the model, and all of them ---- */

static void time_read(struct reading *r, const struct doc_node *n)
{
    struct mesh_model *m = r->m;
    m->time = n ? time_named(r, n, "time") : m->port ? m->port->time_column : (struct str){NULL, 0};
    const struct mesh_column *c = m->time.n ? own_column(r, m->time) : NULL;
    m->time_is_date = c && str_eq(c->physical_type, STR("DATE"));
}

static struct mesh_model *model_read(struct load *l, const struct mesh_file *f, struct mesh_domain *dom)
{
    const struct doc *d = f->doc;
    const struct doc_node *root = doc_root(d), *name = doc_get(d, root, "name"), *port = doc_get(d, root, "port");
    struct str stem = {f->base.p, f->base.n - (sizeof ".yaml" - 1)};
    struct mesh_model *m = arena_alloc(l->a, sizeof *m);
    m->domain = dom;
    m->name = stem;
    m->ref = doc_text(d, port);
    m->description = doc_str(d, root, "description");
    m->pos = pos_of(d, root);
    if (check_name(l, d, name, "model") && !str_eq(doc_text(d, name), stem))
        hint(at_value(l, E_NAME, d, name, "the model calls itself \"%.*s\", its file is \"%.*s\"", STR_FMT(doc_text(d, name)), STR_FMT(stem)),
             "make the two equal: rename the file, or write name: %.*s", STR_FMT(stem));
    m->port = lookup_port(l, d, port, m->ref);
    struct reading r = {.l = l, .d = d, .m = m, .bound = m->port && lookup_sound(l, m->port)};
    time_read(&r, doc_get(d, root, "time"));
    entities_read(&r, doc_get(d, root, "entities"));
    dimensions_read(&r, doc_get(d, root, "dimensions"));
    facts_read(&r, doc_get(d, root, "measures"));
    return m;
}

static int model_order(const void *a, const void *b)
{
    const struct mesh_model *x = *(struct mesh_model *const *)a, *y = *(struct mesh_model *const *)b;
    int c = str_cmp(x->name, y->name);
    return c ? c : str_cmp(x->domain->name, y->domain->name);
}

/* A model's name is said without its domain: it is one in the mesh. */
static void names_once(struct load *l)
{
    struct mesh *m = l->m;
    for (size_t i = 1; i < m->n_models; i++) {
        const struct mesh_model *x = m->models[i], *first = m->models[i - 1];
        if (str_eq(x->name, first->name))
            hint(errs_add(l->es, E_DUPLICATE, x->pos.file, x->pos.line, x->pos.col, "the model \"%.*s\" is there twice; the other is %.*s", STR_FMT(x->name), STR_FMT(first->pos.file)),
                 "models have one name in the whole mesh: rename one of them");
    }
}

/* A dimension of one name means the same everywhere. */
static void dimensions_agree(struct load *l)
{
    struct table seen = {0};
    for (size_t i = 0; i < l->m->n_models; i++)
        for (size_t k = 0; k < l->m->models[i]->n_dimensions; k++) {
            const struct mesh_dimension *x = &l->m->models[i]->dimensions[k];
            const struct mesh_dimension *first = x->description.n ? table_put(&seen, l->a, x->name, (void *)(uintptr_t)x) : NULL;
            if (first && !str_eq(first->description, x->description))
                hint(warn_at(l, E_METRIC, &x->pos, "the dimension \"%.*s\" is described otherwise in %.*s:%u", STR_FMT(x->name), STR_FMT(first->pos.file), first->pos.line),
                     "a dimension of one name means the same in every model: say it once, or rename one of them");
        }
}

void build_models(struct load *l)
{
    struct mesh *m = l->m;
    size_t most = 0;
    for (size_t i = 0; i < l->n_domains; i++)
        most += l->domains[i].n_models;
    m->models = arena_array(l->a, most + 1, sizeof(struct mesh_model *));
    for (size_t i = 0; i < l->n_domains; i++) {
        const struct domain_files *f = &l->domains[i];
        struct mesh_domain *dom = &m->domains[i];
        dom->models = arena_array(l->a, f->n_models + 1, sizeof(struct mesh_model *));
        for (size_t k = 0; k < f->n_models; k++)
            if (f->models[k].doc)
                m->models[m->n_models++] = dom->models[dom->n_models++] = model_read(l, &f->models[k], dom);
    }
    if (m->n_models)
        qsort(m->models, m->n_models, sizeof(struct mesh_model *), model_order);
    names_once(l);
    dimensions_agree(l);
}

const struct mesh_model *mesh_find_model(const struct mesh *m, struct str name)
{
    for (size_t i = 0; i < m->n_models; i++)
        if (str_eq(m->models[i]->name, name))
            return m->models[i];
    return NULL;
}
