/* The packs that can be added, and whether this mesh has them already. */
#include "mesh/mesh_write.h"
#include "serve/put.h"
#include "serve/routes.h"

static bool is_added(const struct mesh *m, const struct mesh_pack *p)
{
    for (size_t i = 0; i < m->n_sources && p->kind == PACK_SOURCE; i++)
        if (str_eq(m->sources[i]->pack, p->name))
            return true;
    for (size_t i = 0; i < m->n_products && p->kind == PACK_PRODUCT; i++)
        if (str_eq(m->products[i]->name, p->name))
            return true;
    return false;
}

bool route_packs(struct call *c, struct err *e)
{
    struct mesh_pack *packs;
    size_t n;
    if (!mesh_packs_in(c->a, str_of(c->app->dir), &packs, &n, e))
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_open(&b, "packs", '[');
    for (size_t i = 0; i < n; i++) {
        put_open(&b, NULL, '{');
        put_str(&b, "name", packs[i].name);
        put_str(&b, "title", packs[i].title);
        put_str(&b, "summary", packs[i].summary);
        put_str(&b, "kind", packs[i].kind == PACK_SOURCE ? STR("source") : STR("product"));
        put_opt(&b, "platform", packs[i].platform);
        put_opt(&b, "domain", packs[i].domain);
        put_bool(&b, "files", packs[i].kind == PACK_SOURCE && !packs[i].events);
        put_bool(&b, "own", packs[i].own);
        put_bool(&b, "added", is_added(c->mesh, &packs[i]));
        put_close(&b, '}');
    }
    put_close(&b, ']');
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}
