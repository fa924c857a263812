/* mesh_load: the three stages in order, and the whole of a mesh. */
#include "mesh/mesh.h"

#include <limits.h>
#include <stdlib.h>

#include "mesh/mesh_int.h"

enum { DIGEST_MAX_BYTES = 256 << 20 };

static int port_order(const void *a, const void *b)
{
    const struct mesh_port *x = *(struct mesh_port *const *)a, *y = *(struct mesh_port *const *)b;
    int c = str_cmp(x->name, y->name);
    return c ? c : (x->major > y->major) - (x->major < y->major);
}

static int stream_order(const void *a, const void *b)
{
    return str_cmp((*(struct mesh_stream *const *)a)->ref, (*(struct mesh_stream *const *)b)->ref);
}

/* Folder names of domains must be names too: SQL could not say them otherwise. */
static void check_folder(struct load *l, const struct domain_files *f)
{
    if (!f->domain.doc && f->domain.path.p)
        return;
    if (!str_is_name(f->folder))
        hint(at_file(l, E_NAME, f->path, "\"%.*s\" cannot be the name of a domain", STR_FMT(f->folder)),
             "rename the folder: lower-case letters, digits and single underscores");
}

static void build_all(struct load *l)
{
    struct mesh *m = l->m;
    m->domains = arena_array(l->a, l->n_domains + 1, sizeof *m->domains);
    m->n_domains = l->n_domains;
    for (size_t i = 0; i < l->n_domains; i++) {
        check_folder(l, &l->domains[i]);
        build_domain(l, &l->domains[i], &m->domains[i]);
    }
    for (size_t i = 0; i < l->n_domains; i++) {
        struct domain_files *f = &l->domains[i];
        struct mesh_domain *d = &m->domains[i];
        d->sources = arena_array(l->a, f->n_sources + 1, sizeof(struct mesh_source *));
        d->products = arena_array(l->a, f->n_products + 1, sizeof(struct mesh_product *));
        for (size_t k = 0; k < f->n_sources; k++)
            build_source(l, &f->sources[k], d);
        for (size_t k = 0; k < f->n_products; k++)
            build_product(l, f, &f->products[k], d);
        if (f->domain.doc)
            build_raci(l, f->domain.doc, d);
    }
}

/* Lists over the whole mesh, each sorted. */
static void collect(struct load *l)
{
    struct mesh *m = l->m;
    size_t sources = 0, products = 0, streams = 0;
    for (size_t i = 0; i < m->n_domains; i++) {
        sources += m->domains[i].n_sources;
        products += m->domains[i].n_products;
        for (size_t k = 0; k < m->domains[i].n_sources; k++)
            streams += m->domains[i].sources[k]->n_streams;
    }
    m->sources = arena_array(l->a, sources + 1, sizeof(struct mesh_source *));
    m->products = arena_array(l->a, products + 1, sizeof(struct mesh_product *));
    m->streams = arena_array(l->a, streams + 1, sizeof(struct mesh_stream *));
    for (size_t i = 0; i < m->n_domains; i++) {
        struct mesh_domain *d = &m->domains[i];
        for (size_t k = 0; k < d->n_sources; k++) {
            m->sources[m->n_sources++] = d->sources[k];
            for (size_t j = 0; j < d->sources[k]->n_streams; j++)
                m->streams[m->n_streams++] = &d->sources[k]->streams[j];
        }
        for (size_t k = 0; k < d->n_products; k++) {
            struct mesh_product *p = d->products[k];
            m->products[m->n_products++] = p;
            if (p->n_ports)
                qsort(p->ports, p->n_ports, sizeof(struct mesh_port *), port_order);
        }
    }
    if (m->n_streams)
        qsort(m->streams, m->n_streams, sizeof(struct mesh_stream *), stream_order);
}

struct mesh *mesh_load(const char *dir, const struct mesh_load_options *o, struct errs *es)
{
    size_t errors_before = es->n_errors;
    struct mesh_whole *w = mem_alloc(sizeof *w);
    struct load l = {.w = w, .m = &w->m, .a = &w->m.arena, .es = es, .parser = o->parser, .digest = BUF_INIT(DIGEST_MAX_BYTES)};
    arena_init(l.a);
    char real[PATH_MAX];
    if (!realpath(dir, real)) {
        hint(errs_add(es, E_NOT_FOUND, str_of(dir), 0, 0, "there is no folder %s", dir), "make a mesh with: trellis init NAME");
        goto out;
    }
    w->m.dir = arena_str(l.a, str_of(real));
    if (!fs_exists(arena_strz(l.a, fs_join(l.a, w->m.dir, STR("mesh.yaml"))))) {
        hint(errs_add(es, E_NOT_FOUND, STR("mesh.yaml"), 0, 0, "this folder is not a mesh: it has no mesh.yaml"), "make a mesh with: trellis init NAME");
        goto out;
    }
    l.cache = o->cache_path ? cache_open(o->cache_path) : NULL;
    files_walk(&l);
    build_mesh(&l);
    build_identity(&l, l.identity.doc, &w->m.identity);
    build_consent(&l);
    build_channels(&l);
    build_attribution(&l);
    build_all(&l);
    collect(&l);
    build_check_identity_once(&l);
    refs_resolve(&l);
    for (size_t i = 0; i < w->m.n_products; i++)
        refs_check_input_ports(&l, w->m.products[i]);
    graph_order(&l);
    carry_classes(&l);
    lookup_open(&l);
    build_roles(&l);
    build_policies(&l);
    build_tighten(&l, o->loosenings);
    build_attribution_refs(&l);
    meaning_terms(&l);
    build_models(&l);
    build_metrics(&l);
    build_north_stars(&l);
    build_annotations(&l);
    meaning_goals(&l);
    meaning_naming(&l);
    meaning_targets(&l);
    meaning_dashboards(&l);
    cache_close(l.cache);

    struct err e = {0};
    struct sha sha;
    if (!buf_ok(&l.digest, &e))
        errs_push(es, &e);
    sha_bytes(buf_str(&l.digest), &sha);
    memcpy(w->m.sha.z, sha.hex, sizeof w->m.sha.z);
out:
    errs_sort(es);
    buf_fini(&l.digest);
    if (es->n_errors > errors_before) {
        mesh_free(&w->m);
        return NULL;
    }
    return &w->m;
}

void mesh_free(struct mesh *m)
{
    if (!m)
        return;
    struct arena a = m->arena;
    mem_free(m); /* the first member of its struct mesh_whole */
    arena_fini(&a);
}
