/* What every SELECT of a leg is made of: joins, time, conditions, aggregates, keys. */
#include "measure/metric_leg_int.h"

#include "base/clock.h"

bool leg_has_time(const struct leg *l)
{
    return l->model->time.n > 0;
}

void leg_put_table(struct buf *b, const struct mesh_model *x)
{
    struct str name, domain = str_cut(x->ref, '.', &name);
    buf_sql_ident(b, domain);
    buf_addc(b, '.');
    buf_sql_ident(b, name);
}

void leg_note_port(struct leg *l, const struct mesh_port *p)
{
    for (size_t i = 0; i < l->n_ports; i++)
        if (l->ports[i] == p)
            return;
    if (l->n_ports < sizeof l->ports / sizeof *l->ports)
        l->ports[l->n_ports++] = p;
}

/* ---- joins ---- */
static bool join_to(struct leg_writer *w, const struct way *way, size_t *at, struct err *e)
{
    size_t parent = 0;
    for (size_t h = 0; h < way->n_hops; h++) {
        size_t i = 0;
        while (i < w->n_joins && (w->joins[i].parent != parent || w->joins[i].hop.to != way->hops[h].to || w->joins[i].hop.left != way->hops[h].left))
            i++;
        if (i == w->n_joins) {
            if (w->n_joins == JOINS_MAX)
                return err_set(e, E_METRIC, "the question reaches more than %d other models", JOINS_MAX);
            w->joins[w->n_joins++] = (struct leg_join){.hop = way->hops[h], .parent = parent};
            leg_note_port(w->l, way->hops[h].to->port);
        }
        parent = i + 1;
    }
    *at = parent;
    return true;
}

bool leg_put_dimension(struct leg_writer *w, const struct way *way, struct buf *b, struct err *e)
{
    size_t at = 0;
    if (way->n_hops == 0) {
        buf_printf(b, way->dimension->column ? "%.*s" : "(%.*s)", STR_FMT(way->dimension->expr));
        return true;
    }
    if (!join_to(w, way, &at, e))
        return false;
    struct leg_join *j = &w->joins[at - 1];
    size_t i = 0;
    while (i < j->n_exposed && j->exposed[i] != way->dimension)
        i++;
    if (i == EXPOSED_MAX)
        return err_set(e, E_METRIC, "the question needs more than %d dimensions of %.*s", EXPOSED_MAX, STR_FMT(way->model->name));
    if (i == j->n_exposed)
        j->exposed[j->n_exposed++] = way->dimension;
    buf_printf(b, "\"j%zu %.*s\"", at, STR_FMT(way->dimension->name));
    return true;
}

void leg_put_joins(struct leg_writer *w, struct buf *b)
{
    for (size_t i = 0; i < w->n_joins; i++) {
        const struct leg_join *j = &w->joins[i];
        const struct mesh_entity *right = j->hop.right, *left = j->hop.left;
        buf_printf(b, "\nLEFT JOIN (SELECT %.*s AS \"j%zu key\"", STR_FMT(right->expr), i + 1);
        for (size_t k = 0; k < j->n_exposed; k++)
            buf_printf(b, ", %.*s AS \"j%zu %.*s\"", STR_FMT(j->exposed[k]->expr), i + 1, STR_FMT(j->exposed[k]->name));
        for (size_t k = i + 1; k < w->n_joins; k++)
            if (w->joins[k].parent == i + 1)
                buf_printf(b, ", %.*s AS \"j%zu to %zu\"", STR_FMT(w->joins[k].hop.left->expr), i + 1, k + 1);
        if (right->type == ENTITY_NATURAL)
            buf_printf(b, ", %.*s AS \"j%zu from\", %.*s AS \"j%zu until\"", STR_FMT(right->from), i + 1, STR_FMT(right->to), i + 1);
        buf_addz(b, " FROM ");
        leg_put_table(b, j->hop.to);
        buf_printf(b, ") AS j%zu ON ", i + 1);
        if (j->parent == 0)
            buf_printf(b, "(%.*s)", STR_FMT(left->expr));
        else
            buf_printf(b, "\"j%zu to %zu\"", j->parent, i + 1);
        buf_printf(b, " = \"j%zu key\"", i + 1);
        if (right->type == ENTITY_NATURAL && w->base->time.n) {
            buf_printf(b, " AND \"j%zu from\" <= ", i + 1);
            buf_sql_ident(b, w->base->time);
            buf_addz(b, " AND (");
            buf_sql_ident(b, w->base->time);
            buf_printf(b, " < \"j%zu until\" OR \"j%zu until\" IS NULL)", i + 1, i + 1);
        }
    }
}

/* ---- time ---- */
static bool utc(const struct mesh *m)
{
    return str_eq(m->time_zone, STR("UTC")) || !m->time_zone.n;
}

/* The day of a row in the mesh's time zone. */
void leg_put_day(const struct leg_writer *w, struct buf *b)
{
    if (w->base->time_is_date) {
        buf_sql_ident(b, w->base->time);
    } else {
        buf_addz(b, utc(w->p->mesh) ? "CAST(" : "CAST(timezone(");
        if (!utc(w->p->mesh)) {
            buf_sql_text(b, w->p->mesh->time_zone);
            buf_addz(b, ", timezone('UTC', ");
        }
        buf_sql_ident(b, w->base->time);
        buf_addz(b, utc(w->p->mesh) ? " AS DATE)" : ")) AS DATE)");
    }
}

/* Without a cast, which roles that see groups alone may not use. */
static void put_local(const struct leg_writer *w, struct buf *b)
{
    bool shifted = !w->base->time_is_date && !utc(w->p->mesh);
    if (shifted) {
        buf_addz(b, "timezone(");
        buf_sql_text(b, w->p->mesh->time_zone);
        buf_addz(b, ", timezone('UTC', ");
    }
    buf_sql_ident(b, w->base->time);
    buf_addz(b, shifted ? "))" : "");
}

void leg_put_period(const struct leg_writer *w, struct buf *b)
{
    bool sunday = w->p->ask->grain == GRAIN_WEEK && str_eq(w->p->mesh->week_start, STR("sunday"));
    if (w->p->ask->grain == GRAIN_DAY && w->base->time_is_date) {
        leg_put_day(w, b);
        return;
    }
    buf_printf(b, sunday ? "CAST(date_trunc('%s', " : "date_trunc('%s', ", metric_grain_text(w->p->ask->grain));
    if (sunday)
        leg_put_day(w, b);
    else
        put_local(w, b);
    buf_addz(b, sunday ? " + 1) AS DATE) - 1" : ")");
}

static void put_moment(const struct leg_writer *w, int32_t day, struct buf *b)
{
    int64_t us = 0;
    if (!clock_day_end_us(str_of(clock_date(day - 1).z), w->p->mesh->time_zone, &us))
        us = (int64_t)day * 86400000000;
    struct clock_text t = clock_iso(us);
    buf_printf(b, "TIMESTAMP '%.10s %.8s'", t.z, t.z + 11);
}

void leg_put_bounds(const struct leg_writer *w, struct span s, bool lower, struct buf *b)
{
    struct buf t = BUF_INIT((size_t)1024);
    buf_sql_ident(&t, w->base->time);
    if (w->base->time_is_date) {
        if (lower)
            buf_printf(b, "%s >= DATE '%s' AND ", buf_z(&t), clock_date(s.from).z);
        buf_printf(b, "%s <= DATE '%s'", buf_z(&t), clock_date(s.to).z);
    } else {
        if (lower) {
            buf_printf(b, "%s >= ", buf_z(&t));
            put_moment(w, s.from, b);
            buf_addz(b, " AND ");
        }
        buf_printf(b, "%s < ", buf_z(&t));
        put_moment(w, s.to + 1, b);
    }
    buf_fini(&t);
}

/* ---- conditions ---- */
static bool is_dimension(const struct mesh *m, struct str name)
{
    for (size_t i = 0; i < m->n_models; i++)
        for (size_t k = 0; k < m->models[i]->n_dimensions; k++)
            if (str_eq(m->models[i]->dimensions[k].name, name))
                return true;
    return false;
}

static bool put_named(void *ctx, struct str name, struct buf *out, struct err *e)
{
    struct leg_writer *w = ctx;
    struct way way;
    struct err none = {0};
    if (way_find(w->p->mesh, w->l->model, name, &way, &none)) {
        buf_addc(out, '(');
        if (!leg_put_dimension(w, &way, out, e))
            return false;
        buf_addc(out, ')');
        return true;
    }
    size_t n = w->l->model->n_dimensions;
    struct str *names = arena_array(w->p->a, n + 1, sizeof *names);
    for (size_t i = 0; i < n; i++)
        names[i] = w->l->model->dimensions[i].name;
    int near = str_nearest(name, names, n);
    err_set(e, E_METRIC, "%s names \"%.*s\", which %.*s cannot be narrowed by", w->what, STR_FMT(name), STR_FMT(w->l->model->name));
    if (near >= 0)
        err_hint(e, "did you mean %.*s?", STR_FMT(names[near]));
    else if (is_dimension(w->p->mesh, name) && none.hint[0])
        err_hint(e, "%s", none.hint);
    else
        err_hint(e, "name a dimension; texts stand in single quotes, as '%.*s'", STR_FMT(name));
    return false;
}

bool leg_put_conditions(struct leg_writer *w, bool lower, bool range, struct buf *b, struct err *e)
{
    struct words_names names = {put_named, w};
    const char *joint = "\nWHERE ";
    if (range && w->base->time.n) {
        buf_addz(b, joint);
        leg_put_bounds(w, w->l->span, lower, b);
        joint = "\n  AND ";
    }
    for (size_t i = 0; i <= w->l->n_filters; i++) {
        bool asked = i == w->l->n_filters;
        struct str text = asked ? w->p->ask->where : w->l->filters[i];
        if (!text.n)
            continue;
        w->what = asked ? "the condition" : "the filter of the metric";
        buf_addz(b, joint);
        buf_addc(b, '(');
        if (!metric_condition_read(text, w->what, &names, b, e))
            return false;
        buf_addc(b, ')');
        joint = "\n  AND ";
    }
    return true;
}
/* ---- aggregates ---- */
void leg_put_aggregate(const struct mesh_fact *f, struct str x, struct buf *b)
{
    bool all = !x.n || str_eq(x, STR("1")) || str_eq(x, STR("*"));
    switch (f->agg) {
    case AGG_SUM: buf_printf(b, "sum(%.*s)", STR_FMT(x)); break;
    case AGG_MIN: buf_printf(b, "min(%.*s)", STR_FMT(x)); break;
    case AGG_MAX: buf_printf(b, "max(%.*s)", STR_FMT(x)); break;
    case AGG_AVERAGE: buf_printf(b, "avg(%.*s)", STR_FMT(x)); break;
    case AGG_SUM_BOOLEAN: buf_printf(b, "count(*) FILTER (WHERE %.*s)", STR_FMT(x)); break;
    case AGG_COUNT: buf_printf(b, "count(%.*s)", STR_FMT(all ? STR("*") : x)); break;
    case AGG_COUNT_DISTINCT: buf_printf(b, f->approximate ? "approx_count_distinct(%.*s)" : "count(DISTINCT %.*s)", STR_FMT(x)); break;
    case AGG_MEDIAN: buf_printf(b, f->approximate ? "approx_quantile(%.*s, 0.5)" : "median(%.*s)", STR_FMT(x)); break;
    case AGG_PERCENTILE:
        buf_printf(b, f->approximate ? "approx_quantile(%.*s, " : "quantile_cont(%.*s, ", STR_FMT(x));
        buf_printf(b, "%.15g)", f->percentile);
        break;
    }
}

size_t leg_keys(const struct metric_plan *p)
{
    return (p->ask->grain != GRAIN_NONE) + p->n_by;
}

void leg_put_group_by(const struct metric_plan *p, struct buf *b)
{
    for (size_t i = 0; i < leg_keys(p); i++)
        buf_printf(b, "%s%zu", i ? ", " : "\nGROUP BY ", i + 1);
}

/* `expr AS "name",` for the period and the dimensions. */
bool leg_put_keys(struct leg_writer *w, struct buf *b, struct err *e)
{
    if (w->p->ask->grain != GRAIN_NONE) {
        leg_put_period(w, b);
        buf_addz(b, " AS period, ");
    }
    for (size_t i = 0; i < w->p->n_by; i++) {
        if (!leg_put_dimension(w, &w->l->ways[i], b, e))
            return false;
        buf_addz(b, " AS ");
        buf_sql_ident(b, w->p->by[i]);
        buf_addz(b, ", ");
    }
    return true;
}

/* The same keys out of a subquery that has them under their names. */
void leg_put_key_names(const struct metric_plan *p, const char *of, bool period, struct buf *b)
{
    if (p->ask->grain != GRAIN_NONE && period)
        buf_printf(b, "%speriod, ", of);
    for (size_t i = 0; i < p->n_by; i++) {
        buf_addz(b, of);
        buf_sql_ident(b, p->by[i]);
        buf_addz(b, ", ");
    }
}

struct str leg_time_expr(const struct mesh_model *m, struct str name)
{
    for (size_t i = 0; i < m->n_dimensions; i++)
        if (str_eq(m->dimensions[i].name, name))
            return m->dimensions[i].expr;
    return name;
}

struct str leg_entity_expr(const struct mesh_model *m, struct str name)
{
    for (size_t i = 0; i < m->n_entities; i++)
        if (str_eq(m->entities[i].name, name))
            return m->entities[i].expr;
    return name;
}
