/* Looking up by name in a loaded mesh. */
#include "mesh/mesh_int.h"

#include <limits.h>
#include <stdlib.h>

struct mesh_domain *mesh_find_domain(const struct mesh *m, struct str name)
{
    size_t low = 0, high = m->n_domains;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int c = str_cmp(m->domains[mid].name, name);
        if (c == 0)
            return &m->domains[mid];
        if (c < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

struct mesh_product *mesh_find_product(const struct mesh *m, struct str domain, struct str name)
{
    const struct mesh_domain *d = mesh_find_domain(m, domain);
    size_t low = 0, high = d ? d->n_products : 0;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int c = str_cmp(d->products[mid]->name, name);
        if (c == 0)
            return d->products[mid];
        if (c < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

struct mesh_port *mesh_find_port(const struct mesh *m, struct str ref)
{
    return table_get(&((const struct mesh_whole *)m)->ports, ref);
}

struct mesh_stream *mesh_find_stream(const struct mesh *m, struct str ref)
{
    return table_get(&((const struct mesh_whole *)m)->streams, ref);
}

bool mesh_column_hidden(const struct mesh_column *c)
{
    enum mesh_class k = mesh_column_class(c);
    return k == CLASS_PERSONAL || k == CLASS_SENSITIVE;
}

bool mesh_find_dir(struct arena *a, const char *from, struct str *dir, struct err *e)
{
    char real[PATH_MAX];
    if (!realpath(from, real))
        return err_set(e, E_NOT_FOUND, "there is no folder %s", from);
    struct str at = arena_str(a, str_of(real));
    for (;;) {
        if (fs_exists(arena_strz(a, fs_join(a, at, STR("mesh.yaml"))))) {
            *dir = arena_str(a, at);
            return true;
        }
        if (at.n <= 1)
            break;
        at = fs_dirname(at);
    }
    err_set(e, E_NOT_FOUND, "no mesh.yaml in %s or any folder above it", from);
    err_hint(e, "go into a mesh folder, name one with --mesh, or make one: trellis init NAME");
    return false;
}
