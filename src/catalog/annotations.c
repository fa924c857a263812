/* What happened on which day: what people wrote down, what platforms say of their campaigns, and what changed in the declaration. */
#include "catalog/annotations_int.h"

#include <stdlib.h>

#include "base/clock.h"

enum { CHANGES_READ = 500 };

void annotations_add(struct annotation_list *l, struct annotation x)
{
    if (x.until < l->from || x.day > l->to)
        return;
    if (l->n == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 64;
        struct annotation *v = arena_array(l->a, cap, sizeof *v);
        if (l->n)
            memcpy(v, l->v, l->n * sizeof *v);
        l->v = v;
        l->cap = cap;
    }
    l->v[l->n++] = x;
}

static void of_file(struct annotation_list *l, struct str domain)
{
    for (size_t i = 0; i < l->m->n_annotations; i++) {
        const struct mesh_annotation *x = &l->m->annotations[i];
        if (domain.n && x->domain && !str_eq(x->domain->name, domain))
            continue;
        annotations_add(l, (struct annotation){.day = x->day, .until = x->until > x->day ? x->until : x->day, .title = x->title, .kind = x->kind, .ref = x->domain ? x->domain->name : STR(""), .href = x->url, .source = STR("file")});
    }
}

/* ---- declarations ---- */
static bool of_trellis(struct annotation_list *l, struct state *s, struct str only, struct err *e)
{
    struct store_change *v;
    size_t n;
    if (!store_changes(s->store, l->a, (int64_t)(l->from - 1) * 86400 * 1000000, CHANGES_READ, &v, &n, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        const struct store_change *d = &v[i];
        struct str name, domain = str_cut(d->ref, '.', &name), href = {0};
        int32_t day;
        bool port = str_eq(d->kind, STR("port")), product = str_eq(d->kind, STR("product")), metric = str_eq(d->kind, STR("metric"));
        if (!(port || product || metric) || !clock_day_of(d->at_us, l->m->time_zone, &day) || (only.n && !str_eq(only, domain)))
            continue;
        const struct mesh_port *p = port ? mesh_find_port(l->m, d->ref) : NULL;
        if ((port && !p) || (product && !mesh_find_product(l->m, domain, name)) || (metric && !mesh_find_metric(l->m, d->ref, NULL)))
            continue; /* not seen, or gone since */
        href = port ? port_href(p, l->a) : product ? product_href(mesh_find_product(l->m, domain, name), l->a) : arena_printf(l->a, "/metrics/%.*s/%.*s", STR_FMT(domain), STR_FMT(name));
        struct str what = str_eq(d->action, STR("created")) ? STR("is new") : arena_printf(l->a, "changed: %.*s", STR_FMT(d->what));
        annotations_add(l, (struct annotation){.day = day, .until = day, .title = arena_printf(l->a, "%.*s %.*s %.*s", STR_FMT(d->kind), STR_FMT(d->ref), STR_FMT(what)), .kind = port && str_find(d->what, STR("contract"), 0) != SIZE_MAX ? STR("contract") : d->kind, .ref = d->ref, .href = href, .source = STR("trellis")});
    }
    return true;
}

static int in_order(const void *a, const void *b)
{
    const struct annotation *x = a, *y = b;
    if (x->day != y->day)
        return x->day < y->day ? -1 : 1;
    int c = str_cmp(x->source, y->source);
    return c ? c : str_cmp(x->title, y->title);
}

bool catalog_annotations(struct state *s, struct govern *g, const struct govern_principal *who, const struct mesh *m, int32_t from, int32_t to, struct str domain, struct arena *a, struct annotation **out, size_t *n, struct err *e)
{
    struct annotation_list l = {.a = a, .m = m, .from = from, .to = to};
    of_file(&l, domain);
    if (!annotations_of_campaigns(&l, s, g, who, e))
        return false;
    if (!of_trellis(&l, s, domain, e))
        return false;
    if (l.n)
        qsort(l.v, l.n, sizeof *l.v, in_order);
    *out = l.v;
    *n = l.n;
    return true;
}
