/* Quiet runs come each second and look at the same ports through the same views: making those anew would cost more than asking them.
 * Their catalogs stay attached until the declaration, or a table that they speak of, is another one. */
#include "build/delta.h"

struct kept_views {
    struct kept *v;
    size_t n, cap;
};

void kept_signature(struct delta *d, bool null_too, char out[17])
{
    struct buf b = BUF_INIT(BUILD_SQL_MAX);
    struct build_part part;
    const struct build_facts *f = d->j->facts;
    buf_printf(&b, "%s %d %d\n", d->j->m->sha.z, null_too, (int)d->j->p->index);
    for (size_t i = 0; i < d->n_leaves; i++) {
        const struct leaf *l = &d->leaves[i];
        bool files = l->stream != NULL && l->stream->source->events == NULL;
        buf_printf(&b, "%.*s %.*s %lld\n", STR_FMT(l->ref), STR_FMT(l->table), files ? (long long)l->version : 0LL);
    }
    for (size_t i = 0; i < d->j->m->n_ports; i++) /* a view that lacks the key is read as it stands */
        if (d->j->m->ports[i]->materialization == MATERIALIZED_VIEW && f->by_port[i] != NULL)
            buf_printf(&b, "%lld ", (long long)f->by_port[i]->version_id);
    build_part_of(buf_str(&b), &part);
    memcpy(out, part.z, sizeof part.z);
    buf_fini(&b);
}

static void forget(struct engine_conn *c, struct kept *k)
{
    for (size_t i = 0; i < k->n_catalogs; i++)
        build_catalog_drop(c, k->catalogs[i]);
    arena_fini(&k->a);
}

void kept_drop(struct delta *d)
{
    struct kept_views *all = d->j->b->kept;
    for (size_t i = 0; all != NULL && i < all->n; i++)
        if (all->v[i].port == d->j->p->index) {
            forget(d->c, &all->v[i]);
            all->v[i--] = all->v[--all->n];
        }
}

struct kept *kept_find(struct delta *d, const char *signature)
{
    struct kept_views *all = d->j->b->kept;
    for (size_t i = 0; all != NULL && i < all->n; i++)
        if (all->v[i].port == d->j->p->index && memcmp(all->v[i].signature, signature, sizeof all->v[i].signature) == 0)
            return &all->v[i];
    kept_drop(d);
    return NULL;
}

void kept_add(struct delta *d, const char *signature, size_t first, struct str catalog, struct str view)
{
    struct build *b = d->j->b;
    if (b->kept == NULL)
        b->kept = mem_alloc(sizeof *b->kept);
    if (b->kept->n == b->kept->cap) {
        b->kept->cap = b->kept->cap > 0 ? b->kept->cap * 2 : 16;
        b->kept->v = mem_realloc(b->kept->v, b->kept->cap * sizeof *b->kept->v);
    }
    struct kept *k = &b->kept->v[b->kept->n++];
    *k = (struct kept){.port = d->j->p->index};
    memcpy(k->signature, signature, sizeof k->signature);
    arena_init(&k->a);
    k->catalogs = arena_array(&k->a, d->n_catalogs + 1, sizeof *k->catalogs);
    for (size_t i = first; i < d->n_catalogs; i++)
        k->catalogs[k->n_catalogs++] = arena_str(&k->a, d->catalogs[i]);
    d->n_catalogs = first;
    k->catalog = arena_str(&k->a, catalog);
    k->view = arena_str(&k->a, view);
    k->refill = arena_str(&k->a, buf_str(&d->refill));
}

void delta_kept_free(struct build *b)
{
    for (size_t i = 0; b->kept != NULL && i < b->kept->n; i++)
        arena_fini(&b->kept->v[i].a); /* the catalogs go with the engine */
    if (b->kept != NULL)
        mem_free(b->kept->v);
    mem_free(b->kept);
    b->kept = NULL;
}
