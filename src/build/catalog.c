/* The in-memory catalogs in which port SQL is understood: a schema per domain, a view per port and stream, the functions
 * of the mesh in `main`. `src_N` shows what is live, unmasked; it lives for one run and only the builder's connections see it. */
#include "build/build_int.h"

#include "base/log.h"
#include "mesh/functions.h"

struct str build_qualified(struct arena *a, struct str catalog, struct str schema, struct str name)
{
    struct buf b = BUF_INIT(4096);
    buf_sql_ident(&b, catalog);
    buf_addc(&b, '.');
    buf_sql_ident(&b, schema);
    buf_addc(&b, '.');
    buf_sql_ident(&b, name);
    struct str out = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return out;
}

struct str build_port_local(const struct mesh_port *p, struct arena *a)
{
    return arena_printf(a, "%.*s_v%d", STR_FMT(p->name), p->major);
}

bool build_catalog_base(struct engine_conn *c, const struct mesh *m, struct str catalog, struct err *e)
{
    struct buf sql = BUF_INIT(BUILD_SQL_MAX);
    buf_addz(&sql, "ATTACH ':memory:' AS ");
    buf_sql_ident(&sql, catalog);
    buf_addz(&sql, ";\n");
    for (size_t i = 0; i < m->n_domains; i++) {
        buf_addz(&sql, "CREATE SCHEMA ");
        buf_sql_ident(&sql, catalog);
        buf_addc(&sql, '.');
        buf_sql_ident(&sql, m->domains[i].name);
        buf_addz(&sql, ";\n");
    }
    mesh_functions_create(m, catalog, &sql);
    bool ok = buf_ok(&sql, e) && engine_exec(c, buf_str(&sql), e);
    buf_fini(&sql);
    return ok;
}

bool build_src_add_port(struct engine_conn *c, struct str catalog, const struct mesh_port *p, struct err *e)
{
    struct arena a;
    struct buf sql = BUF_INIT(BUILD_SQL_MAX);
    arena_init(&a);
    struct str live = build_qualified(&a, STR("mesh"), STR("live"), p->ref_major);
    const struct str names[] = {build_port_local(p, &a), p->name};
    for (size_t i = 0; i < (p->is_default ? 2u : 1u); i++) {
        struct str view = build_qualified(&a, catalog, p->product->domain->name, names[i]);
        buf_printf(&sql, "CREATE VIEW IF NOT EXISTS %.*s AS SELECT * FROM %.*s;\n", STR_FMT(view), STR_FMT(live));
    }
    bool ok = buf_ok(&sql, e) && engine_exec(c, buf_str(&sql), e);
    buf_fini(&sql);
    arena_fini(&a);
    return ok;
}

bool build_catalog_stream(struct engine_conn *c, const struct mesh_stream *st, struct str catalog, int64_t moment_us,
                          struct err *e)
{
    struct arena a;
    struct buf sql = BUF_INIT(BUILD_SQL_MAX);
    arena_init(&a);
    struct str local = arena_printf(&a, "%.*s__%.*s", STR_FMT(st->source->name), STR_FMT(st->name));
    buf_addz(&sql, "CREATE VIEW IF NOT EXISTS ");
    buf_add(&sql, build_qualified(&a, catalog, st->source->domain->name, local));
    buf_addz(&sql, " AS ");
    bool ok = ingest_stream_view_sql(c, st, moment_us, &sql, e) && buf_ok(&sql, e) && engine_exec(c, buf_str(&sql), e);
    if (!ok)
        err_prefix(e, "view of the stream %.*s", STR_FMT(st->ref));
    buf_fini(&sql);
    arena_fini(&a);
    return ok;
}

bool build_src_make(struct engine_conn *c, const struct mesh *m, const struct build_facts *f, struct str catalog, struct err *e)
{
    if (!build_catalog_base(c, m, catalog, e))
        return false;
    for (size_t i = 0; i < m->n_streams; i++)
        if (!build_catalog_stream(c, m->streams[i], catalog, 0, e))
            return false;
    for (size_t i = 0; i < m->n_ports; i++)
        if (f->by_port[i] != NULL && !build_src_add_port(c, catalog, m->ports[i], e))
            return false;
    return true;
}

bool build_src_add_inputs(struct engine_conn *c, const struct mesh *m, const struct build_facts *f, struct str catalog,
                          const struct mesh_port *p, struct err *e)
{
    struct arena a;
    size_t n = 0;
    bool ok = true;
    arena_init(&a);
    const struct mesh_port **referred = contract_referred(m, p, &a, &n);
    for (size_t i = 0; ok && i < p->n_inputs; i++) {
        const struct mesh_input *in = &p->inputs[i];
        if (in->stream != NULL)
            ok = build_catalog_stream(c, in->stream, catalog, 0, e);
        else if (in->port != NULL && f->by_port[in->port->index] != NULL)
            ok = build_src_add_port(c, catalog, in->port, e);
    }
    for (size_t i = 0; ok && i < n; i++)
        if (f->by_port[referred[i]->index] != NULL)
            ok = build_src_add_port(c, catalog, referred[i], e);
    arena_fini(&a);
    return ok;
}

void build_catalog_drop(struct engine_conn *c, struct str catalog)
{
    struct buf sql = BUF_INIT(4096);
    struct err e = {0};
    buf_addz(&sql, "DETACH DATABASE IF EXISTS ");
    buf_sql_ident(&sql, catalog);
    if (!engine_exec(c, buf_str(&sql), &e))
        log_err(LOG_DEBUG, "build", "catalog_kept", &e);
    buf_fini(&sql);
}
