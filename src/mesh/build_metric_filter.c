/* Fourth stage: conditions of metrics. Each name in one is a dimension of the model, or of another that an entity leads to without counting a row
 * more than once; what it says is bound by the engine to these dimensions, without a row of them. docs/metrics.md. */
#include "mesh/mesh_int.h"

#include "sql/sql.h"

enum { WAYS_MAX = 2, HOPS_MAX = 2, FILTER_MAX_BYTES = 1 << 20, FILTER_NAMES_MAX = 32 };

/* A dimension, and the models and entities on the way to it. */
struct way { const struct mesh_model *to[HOPS_MAX]; const struct mesh_dimension *dimension; const struct mesh_entity *by[HOPS_MAX]; size_t hops; };
struct ways {
    const struct mesh_model *from;
    struct str entity, dimension;            /* entity: the last that is passed; empty: any */
    struct way v[WAYS_MAX]; size_t n;        /* the shortest */
    const struct mesh_model *fanned; const struct mesh_entity *by; /* a way that would count rows more than once */
};

static const struct mesh_dimension *own_dimension(const struct mesh_model *m, struct str name)
{
    for (size_t i = 0; i < m->n_dimensions; i++)
        if (str_eq(m->dimensions[i].name, name))
            return &m->dimensions[i];
    return NULL;
}

static const struct mesh_entity *own_entity(const struct mesh_model *m, struct str name)
{
    for (size_t i = 0; i < m->n_entities; i++)
        if (str_eq(m->entities[i].name, name))
            return &m->entities[i];
    return NULL;
}

static bool passed(const struct ways *s, const struct way *w, const struct mesh_model *m)
{
    bool was = m == s->from;
    for (size_t i = 0; i < w->hops; i++)
        was = was || w->to[i] == m;
    return was;
}

/* One step on from `at`; `hops` are still to be made. The rules are those of src/measure/metric_way.c, which goes these ways. */
static void look(const struct load *l, struct ways *s, const struct mesh_model *at, struct way *w, size_t hops)
{
    for (size_t i = 0; i < at->n_entities; i++)
        for (size_t k = 0; k < l->m->n_models; k++) {
            const struct mesh_model *to = l->m->models[k];
            const struct mesh_entity *there = passed(s, w, to) ? NULL : own_entity(to, at->entities[i].name);
            const struct mesh_dimension *d = there && (!s->entity.n || str_eq(there->name, s->entity)) ? own_dimension(to, s->dimension) : NULL;
            if (!there)
                continue;
            if (there->type == ENTITY_FOREIGN) {
                s->fanned = d ? to : s->fanned;
                s->by = d ? there : s->by;
                continue;
            }
            w->to[w->hops] = to;
            w->by[w->hops++] = there;
            if (hops > 1) {
                look(l, s, to, w, hops - 1);
            } else if (d && s->n < WAYS_MAX) {
                w->dimension = d;
                s->v[s->n++] = *w;
            }
            w->hops--;
        }
}

static struct ways ways_to(const struct load *l, const struct mesh_model *from, struct str name)
{
    struct ways s = {.from = from, .dimension = name};
    struct way w = {.dimension = own_dimension(from, name)};
    size_t cut = str_find(name, STR("__"), 0);
    if (!w.dimension && cut != SIZE_MAX) {
        s.entity = (struct str){name.p, cut};
        s.dimension = (struct str){name.p + cut + 2, name.n - cut - 2};
        const struct mesh_entity *own = own_entity(from, s.entity);
        w.dimension = own && (own->type == ENTITY_PRIMARY || own->type == ENTITY_UNIQUE) ? own_dimension(from, s.dimension) : NULL;
    }
    if (w.dimension) {
        s.v[s.n++] = w;
        return s;
    }
    for (size_t hops = 1; hops <= HOPS_MAX && !s.n; hops++)
        look(l, &s, from, &w, hops);
    return s;
}

static const struct mesh_model *end_of(const struct ways *s, const struct way *w)
{
    return w->hops ? w->to[w->hops - 1] : s->from;
}

static void not_reached(struct load *l, const struct doc *d, const struct doc_node *at, const struct mesh_model *from, struct str name, const char *what)
{
    size_t n = 0;
    struct str *names = arena_array(l->a, from->n_dimensions + 1, sizeof *names);
    for (size_t i = 0; i < from->n_dimensions; i++)
        names[n++] = from->dimensions[i].name;
    struct err *e = at_value(l, E_DANGLING, d, at, "%s speaks of \"%.*s\", to which no way leads from the model \"%.*s\"", what, STR_FMT(name), STR_FMT(from->name));
    hint_nearest(e, name, names, n);
    if (e && !e->hint[0])
        hint(e, "name a dimension of the model, or of one that has an entity in common with it");
}

static bool chosen(struct load *l, const struct doc *d, const struct doc_node *at, const struct mesh_model *from, struct str name, const char *what, struct way *out)
{
    struct ways s = ways_to(l, from, name);
    if (s.n == 1) {
        *out = s.v[0];
        return true;
    }
    if (s.n > 1) {
        struct str a = s.v[0].by[s.v[0].hops - 1]->name, b = s.v[1].by[s.v[1].hops - 1]->name;
        struct err *e = at_value(l, E_METRIC, d, at, "%s speaks of \"%.*s\", to which two ways lead from \"%.*s\": to %.*s by %.*s, and to %.*s by %.*s", what, STR_FMT(name), STR_FMT(from->name),
                                 STR_FMT(end_of(&s, &s.v[0])->name), STR_FMT(a), STR_FMT(end_of(&s, &s.v[1])->name), STR_FMT(b));
        if (str_eq(a, b))
            hint(e, "two models have it by the same entity: rename the dimension in one of them");
        else
            hint(e, "write %.*s__%.*s or %.*s__%.*s", STR_FMT(a), STR_FMT(s.dimension), STR_FMT(b), STR_FMT(s.dimension));
    } else if (s.fanned) {
        hint(at_value(l, E_METRIC, d, at, "%s speaks of \"%.*s\" of the model \"%.*s\", where \"%.*s\" is foreign: rows of \"%.*s\" would count more than once", what, STR_FMT(name), STR_FMT(s.fanned->name),
                      STR_FMT(s.by->name), STR_FMT(from->name)),
             "use a dimension of a model in which that entity is primary or unique");
    } else {
        not_reached(l, d, at, from, name, what);
    }
    return false;
}

bool metric_dimension_check(struct load *l, const struct doc *d, const struct doc_node *at, const struct mesh_model *from, struct str name, const char *what)
{
    struct way w;
    return chosen(l, d, at, from, name, what, &w);
}

void metric_reads(struct load *l, struct mesh_metric *m, const struct mesh_model *model)
{
    for (size_t i = 0; i < m->n_models; i++)
        if (m->models[i] == model)
            return;
    const struct mesh_model **more = arena_array(l->a, m->n_models + 1, sizeof *more);
    if (m->n_models)
        memcpy(more, m->models, m->n_models * sizeof *more);
    more[m->n_models++] = model;
    m->models = more;
}

/* ---- what it says ---- */

/* WITH t AS (columns of NULL), d AS (dimension of t) SELECT … WHERE (text). */
static bool typed(struct buf *b, const struct mesh_model *from, struct str text, const struct str *names, const struct way *ways, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct mesh_contract *c = (ways[i].hops ? ways[i].to[ways[i].hops - 1] : from)->port->contract;
        buf_printf(b, "%st%zu AS (SELECT ", i ? ", " : "-- a filter\nWITH ", i);
        for (size_t k = 0; k < c->n_columns; k++) {
            if (!c->columns[k].physical_type.n)
                return false; /* a type that has its own error */
            buf_printf(b, "%sCAST(NULL AS %.*s) AS ", k ? ", " : "", STR_FMT(c->columns[k].physical_type));
            buf_sql_ident(b, c->columns[k].name);
        }
        buf_printf(b, "), d%zu AS (SELECT (%.*s\n) AS ", i, STR_FMT(ways[i].dimension->expr));
        buf_sql_ident(b, names[i]);
        buf_printf(b, " FROM t%zu)", i);
    }
    buf_addz(b, "\nSELECT count(*) FROM ");
    for (size_t i = 0; i < n; i++)
        buf_printf(b, "%sd%zu", i ? ", " : "", i);
    buf_addz(b, " WHERE (");
    buf_add(b, text);
    buf_addz(b, "\n)");
    return true;
}

static void bind(struct load *l, const struct doc *d, const struct doc_node *at, const struct mesh_model *from, const struct str *names, const struct way *ways, size_t n)
{
    struct buf b = BUF_INIT(FILTER_MAX_BYTES);
    struct engine_column *columns;
    struct sql_ref *none;
    struct err e = {0};
    struct sha sha;
    size_t count;
    struct arena scratch;
    for (size_t i = 0; i < n; i++) {
        const struct mesh_model *of = ways[i].hops ? ways[i].to[ways[i].hops - 1] : from;
        if (!of->port || !lookup_sound(l, of->port))
            return;
    }
    arena_init(&scratch);
    if (typed(&b, from, doc_text(d, at), names, ways, n) && buf_ok(&b, NULL)) {
        sha_bytes(buf_str(&b), &sha);
        if (l->cache && cache_refs(l->cache, l->a, &sha, &none, &count))
            goto out;
        if (!engine_describe(l->parser, buf_str(&b), &scratch, &columns, &count, &e))
            hint(at_value(l, e.code, d, at, "this filter cannot be asked: %s", e.text), "%s", e.hint[0] ? e.hint : "write a condition over dimensions, such as platform <> 'amazon_ads'");
        else if (l->cache)
            cache_put_refs(l->cache, &sha, NULL, 0);
    }
out:
    arena_fini(&scratch);
    buf_fini(&b);
}

void metric_filter_check(struct load *l, const struct doc *d, const struct doc_node *at, const struct mesh_model *from, struct mesh_metric *into)
{
    struct way ways[FILTER_NAMES_MAX];
    struct mesh_strs found;
    struct err e = {0};
    bool good = true;
    if (!at || !l->parser)
        return;
    if (!expression_alone(l, doc_text(d, at), &found, &e)) {
        hint(at_value(l, e.code == E_SQL ? E_SQL : E_SQL_REFUSED, d, at, "this filter is no condition over dimensions: %s", e.text), "%s",
             e.hint[0] ? e.hint : "write a condition over dimensions, such as platform <> 'amazon_ads'");
        return;
    }
    const struct str *names = found.v;
    size_t n = found.n;
    if (!n || n > FILTER_NAMES_MAX) {
        hint(at_value(l, E_SQL_REFUSED, d, at, n ? "this filter names more than %d dimensions" : "this filter names no dimension", FILTER_NAMES_MAX), "compare dimensions, as in country = 'DE'");
        return;
    }
    for (size_t i = 0; i < n; i++)
        good = chosen(l, d, at, from, names[i], "the filter", &ways[i]) && good;
    for (size_t i = 0; into && i < n && good; i++)
        for (size_t k = 0; k < ways[i].hops; k++)
            metric_reads(l, into, ways[i].to[k]);
    if (good)
        bind(l, d, at, from, names, ways, n);
}

/* Each metric is looked at once, however often it is a part. */
static size_t leaves_of(const struct mesh_metric *m, struct table *seen, struct arena *a, const struct mesh_model **out, size_t n, size_t max)
{
    const struct mesh_model *own[] = {m->model, m->to_model};
    if (table_put(seen, a, m->ref, (void *)(uintptr_t)m))
        return n;
    for (size_t i = 0; i < 2; i++) {
        bool there = !own[i] || n == max;
        for (size_t k = 0; k < n && !there; k++)
            there = out[k] == own[i];
        if (!there)
            out[n++] = own[i];
    }
    for (size_t i = 0; i < m->n_parts; i++)
        if (m->parts[i].metric)
            n = leaves_of(m->parts[i].metric, seen, a, out, n, max);
    return n;
}

size_t metric_leaves(const struct mesh_metric *m, const struct mesh_model **out, size_t max)
{
    struct table seen = {0};
    struct arena scratch;
    arena_init(&scratch);
    size_t n = leaves_of(m, &seen, &scratch, out, 0, max);
    arena_fini(&scratch);
    return n;
}
