/* How a dimension is reached from a model: its own, or along entities that both sides declare, at most two steps. A step leads to rows that are one for each
 * value of the entity (primary, unique) or one for each moment (natural); any other would count rows more than once. */
#include "measure/metric_int.h"

enum { WAYS_MAX = 8 };

struct search {
    const struct mesh *m;
    const struct mesh_model *from;
    struct str entity, dimension; /* entity: the last one passed; empty: any */
    struct way found[WAYS_MAX];
    size_t n;
    const struct mesh_model *fans_out; const struct mesh_entity *by; /* a way that would count rows more than once */
};

static const struct mesh_dimension *own(const struct mesh_model *x, struct str name)
{
    for (size_t i = 0; i < x->n_dimensions; i++)
        if (str_eq(x->dimensions[i].name, name))
            return &x->dimensions[i];
    return NULL;
}

static const struct mesh_entity *entity_called(const struct mesh_model *x, struct str name)
{
    for (size_t i = 0; i < x->n_entities; i++)
        if (str_eq(x->entities[i].name, name))
            return &x->entities[i];
    return NULL;
}

static bool passed(const struct way *w, const struct mesh_model *start, const struct mesh_model *x)
{
    bool was = x == start;
    for (size_t i = 0; i < w->n_hops; i++)
        was = was || w->hops[i].to == x;
    return was;
}

/* All steps from the end of `so_far`. depth: steps that are still allowed. */
static void step(struct search *s, const struct mesh_model *at, struct way *so_far, size_t depth)
{
    for (size_t i = 0; i < at->n_entities; i++) {
        const struct mesh_entity *left = &at->entities[i];
        for (size_t k = 0; k < s->m->n_models; k++) {
            const struct mesh_model *to = s->m->models[k];
            const struct mesh_entity *right = passed(so_far, s->from, to) ? NULL : entity_called(to, left->name);
            const struct mesh_dimension *d = right ? own(to, s->dimension) : NULL;
            bool last_fits = !s->entity.n || str_eq(left->name, s->entity);
            if (!right)
                continue;
            if (right->type == ENTITY_FOREIGN) {
                if (d && last_fits) {
                    s->fans_out = to;
                    s->by = right;
                }
                continue;
            }
            so_far->hops[so_far->n_hops++] = (struct way_hop){to, left, right};
            if (d && last_fits && depth == 1 && s->n < WAYS_MAX) {
                s->found[s->n] = *so_far;
                s->found[s->n].model = to;
                s->found[s->n++].dimension = d;
            } else if (depth > 1) {
                step(s, to, so_far, depth - 1);
            }
            so_far->n_hops--;
        }
    }
}

static bool none(const struct search *s, struct str name, struct err *e)
{
    if (s->fans_out) {
        err_set(e, E_METRIC, "%.*s cannot be asked by %.*s: %.*s has several rows for each %.*s, and every figure would be counted once for each of them", STR_FMT(s->from->name), STR_FMT(name),
                STR_FMT(s->fans_out->name), STR_FMT(s->by->name));
        err_hint(e, "declare the entity %.*s of the model %.*s as primary or unique if it is, or ask by another dimension", STR_FMT(s->by->name), STR_FMT(s->fans_out->name));
        return false;
    }
    err_set(e, E_METRIC, "%.*s cannot be asked by %.*s: no way leads there", STR_FMT(s->from->name), STR_FMT(name));
    err_hint(e, "the model needs the dimension, or an entity that a model with it has as primary or unique");
    return false;
}

static bool several(const struct search *s, struct str name, struct err *e)
{
    const struct way *x = &s->found[0], *y = &s->found[1];
    const struct way_hop *last_x = &x->hops[x->n_hops - 1], *last_y = &y->hops[y->n_hops - 1];
    err_set(e, E_METRIC, "two ways lead from %.*s to %.*s: over %.*s to %.*s, and over %.*s to %.*s", STR_FMT(s->from->name), STR_FMT(name), STR_FMT(last_x->left->name), STR_FMT(x->model->name),
            STR_FMT(last_y->left->name), STR_FMT(y->model->name));
    err_hint(e, "say which: %.*s__%.*s or %.*s__%.*s", STR_FMT(last_x->left->name), STR_FMT(s->dimension), STR_FMT(last_y->left->name), STR_FMT(s->dimension));
    return false;
}

bool way_find(const struct mesh *m, const struct mesh_model *from, struct str name, struct way *out, struct err *e)
{
    struct search s = {.m = m, .from = from, .dimension = name};
    size_t cut = str_find(name, STR("__"), 0);
    *out = (struct way){.model = from, .dimension = own(from, name)};
    if (out->dimension)
        return true;
    if (cut != SIZE_MAX) {
        s.entity = (struct str){name.p, cut};
        s.dimension = (struct str){name.p + cut + 2, name.n - cut - 2};
        const struct mesh_entity *mine = entity_called(from, s.entity);
        if (mine && (mine->type == ENTITY_PRIMARY || mine->type == ENTITY_UNIQUE) && (out->dimension = own(from, s.dimension)))
            return true; /* of this very model: customer__country of the customers */
    }
    for (size_t depth = 1; depth <= METRIC_HOPS && s.n == 0; depth++) {
        struct way w = {0};
        step(&s, from, &w, depth);
    }
    if (s.n == 0) {
        out->nowhere = !s.fans_out;
        out->fans_out = !out->nowhere;
        return none(&s, name, e);
    }
    if (s.n > 1)
        return several(&s, name, e);
    *out = s.found[0];
    return true;
}
