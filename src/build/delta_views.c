/* In-memory catalogs in which a port's SQL is run over less than all: restricted to some keys, or over changed rows alone. */
#include "build/delta.h"

bool delta_catalog(struct delta *d, struct str *name)
{
    if (d->n_catalogs == sizeof d->catalogs / sizeof *d->catalogs)
        return err_set(&d->err, E_TOO_LARGE, "%.*s reads through too many views to be built by key", STR_FMT(d->j->p->ref));
    *name = arena_printf(d->a, "%.*s_delta_%zu_%zu", STR_FMT(d->j->src), d->j->p->index, d->n_catalogs);
    d->catalogs[d->n_catalogs++] = *name;
    return build_catalog_base(d->c, d->j->m, *name, &d->err);
}

void delta_close(struct delta *d)
{
    for (size_t i = 0; i < d->n_catalogs; i++)
        build_catalog_drop(d->c, d->catalogs[i]);
    d->n_catalogs = 0;
    buf_fini(&d->refill);
}

bool scene_open(struct scene *s, struct delta *d)
{
    *s = (struct scene){.d = d};
    s->ports = arena_array(d->a, d->j->m->n_ports + 1, 1);
    s->streams = arena_array(d->a, d->j->m->n_streams + 1, 1);
    return delta_catalog(d, &s->catalog);
}

static struct str filter(const struct scene *s)
{
    struct delta *d = s->d;
    return arena_printf(d->a, s->null_too ? " WHERE (%.*s IN (SELECT k FROM %.*s) OR %.*s IS NULL)" : " WHERE %.*s IN (SELECT k FROM %.*s)",
                        STR_FMT(s->column), STR_FMT(s->keys), STR_FMT(s->column));
}

/* By both of its names. */
static bool put_port(struct scene *s, const struct mesh_port *p, struct str select)
{
    struct delta *d = s->d;
    struct buf sql = BUF_INIT(BUILD_SQL_MAX);
    const struct str names[] = {build_port_local(p, d->a), p->name};
    for (size_t i = 0; i < (p->is_default ? 2u : 1u); i++)
        buf_printf(&sql, "CREATE VIEW %.*s AS %.*s;\n", STR_FMT(build_qualified(d->a, s->catalog, p->product->domain->name, names[i])),
                   STR_FMT(select));
    bool ok = buf_ok(&sql, &d->err) && engine_exec(d->c, buf_str(&sql), &d->err);
    buf_fini(&sql);
    return ok;
}

static bool show_stream(struct scene *s, const struct mesh_input *in)
{
    struct delta *d = s->d;
    const struct mesh_stream *st = in->stream;
    size_t at = build_stream_index(d->j->facts, d->j->m, st);
    struct buf sql = BUF_INIT(BUILD_SQL_MAX);
    if (s->streams[at])
        return true;
    s->streams[at] = 1;
    bool replaced = s->replaced != NULL && s->replaced->stream == st;
    struct str local = arena_printf(d->a, "%.*s__%.*s", STR_FMT(st->source->name), STR_FMT(st->name));
    buf_printf(&sql, "CREATE VIEW %.*s AS SELECT * FROM (",
               STR_FMT(build_qualified(d->a, s->catalog, st->source->domain->name, local)));
    bool ok = true;
    if (replaced)
        buf_add(&sql, s->rows);
    else
        ok = ingest_stream_view_sql(d->c, st, 0, &sql, &d->err);
    buf_addc(&sql, ')');
    if (s->column.n > 0 && delta_has(d, in, s->name))
        buf_add(&sql, filter(s));
    ok = ok && buf_ok(&sql, &d->err) && engine_exec(d->c, buf_str(&sql), &d->err);
    buf_fini(&sql);
    return ok;
}

static bool reads_replaced(const struct scene *s, const struct mesh_port *p)
{
    for (size_t i = 0; s->replaced != NULL && i < p->n_inputs; i++) {
        const struct mesh_input *in = &p->inputs[i];
        if ((in->stream != NULL && in->stream == s->replaced->stream) || (in->port != NULL && in->port == s->replaced->port) ||
            (in->port != NULL && in->port->materialization == MATERIALIZED_VIEW && reads_replaced(s, in->port)))
            return true;
    }
    return false;
}

bool scene_show(struct scene *s, const struct mesh_input *in)
{
    struct delta *d = s->d;
    if (in->port == NULL)
        return in->stream == NULL || show_stream(s, in);
    const struct mesh_port *p = in->port;
    if (s->ports[p->index])
        return true;
    s->ports[p->index] = 1;
    bool restricted = s->column.n > 0 && delta_has(d, in, s->name);
    const struct ledger_version *v = d->j->facts->by_port[p->index];
    if (v == NULL)
        return err_set(&d->err, E_NOT_BUILT, "%.*s has not been built yet", STR_FMT(p->ref));
    struct str object = build_qualified(d->a, STR("mesh"), STR("built"), v->table_name);
    if (s->replaced != NULL && s->replaced->port == p)
        object = arena_printf(d->a, "(%.*s)", STR_FMT(s->rows));
    else if (p->materialization == MATERIALIZED_VIEW && (restricted || reads_replaced(s, p)) && !scene_port(s, p, &object))
        return false;
    return put_port(s, p,
                    arena_printf(d->a, "SELECT * FROM %.*s%.*s", STR_FMT(object), STR_FMT(restricted ? filter(s) : STR(""))));
}

bool scene_port(struct scene *s, const struct mesh_port *p, struct str *view)
{
    struct delta *d = s->d;
    for (size_t i = 0; i < p->n_inputs; i++)
        if (!scene_show(s, &p->inputs[i]))
            return false;
    *view = build_qualified(d->a, s->catalog, STR("main"), p->ref_major);
    struct buf sql = BUF_INIT(BUILD_SQL_MAX);
    buf_addz(&sql, "USE ");
    buf_sql_ident(&sql, s->catalog);
    buf_printf(&sql, "; CREATE VIEW %.*s AS\n%.*s", STR_FMT(*view), STR_FMT(p->sql));
    bool ok = buf_ok(&sql, &d->err) && engine_exec(d->c, buf_str(&sql), &d->err);
    buf_reset(&sql);
    buf_addz(&sql, "USE ");
    buf_sql_ident(&sql, d->j->src);
    ok = engine_exec(d->c, buf_str(&sql), ok ? &d->err : NULL) && ok;
    buf_fini(&sql);
    return ok;
}

/* Whether a view that is shown by key reads the input and does not have the key from it: then all of it must be shown. */
static bool needed_whole(struct delta *d, const struct mesh_port *p, const struct mesh_input *in, bool direct)
{
    for (size_t i = 0; i < p->n_inputs; i++) {
        const struct mesh_input *at = &p->inputs[i];
        if (!direct && (in->port != NULL ? at->port == in->port : at->stream == in->stream))
            return true;
        if (at->port != NULL && at->port->materialization == MATERIALIZED_VIEW && delta_has(d, at, d->key) &&
            needed_whole(d, at->port, in, false))
            return true;
    }
    return false;
}

/* An input that is reached through the columns of another: a scene of its own, restricted by those. */
static bool show_linked(struct scene *main, const struct mesh_input *in, const struct mesh_port *link)
{
    struct delta *d = main->d;
    struct scene s;
    struct str by = build_key_of(link), name;
    const struct ledger_version *v = d->j->facts->by_port[link->index];
    if (!scene_open(&s, d))
        return false;
    s.name = by;
    s.column = build_log_select(&by, 1, d->a);
    s.keys = build_qualified(d->a, s.catalog, STR("main"), STR("changed"));
    struct str sql =
        arena_printf(d->a, "CREATE OR REPLACE TABLE %.*s AS SELECT DISTINCT %.*s AS k FROM %.*s%.*s;\n", STR_FMT(s.keys), STR_FMT(s.column),
                     STR_FMT(build_qualified(d->a, STR("mesh"), STR("built"), v->table_name)), STR_FMT(filter(main)));
    buf_add(&d->refill, sql);
    if (!engine_exec(d->c, sql, &d->err) || !scene_show(&s, in))
        return false;
    if (in->port != NULL) {
        main->ports[in->port->index] = 1;
        name = build_qualified(d->a, s.catalog, in->port->product->domain->name, build_port_local(in->port, d->a));
        return put_port(main, in->port, arena_printf(d->a, "SELECT * FROM %.*s", STR_FMT(name)));
    }
    const struct mesh_stream *st = in->stream;
    struct str local = arena_printf(d->a, "%.*s__%.*s", STR_FMT(st->source->name), STR_FMT(st->name));
    main->streams[build_stream_index(d->j->facts, d->j->m, st)] = 1;
    return engine_exec(d->c,
                       arena_printf(d->a, "CREATE VIEW %.*s AS SELECT * FROM %.*s",
                                    STR_FMT(build_qualified(d->a, main->catalog, st->source->domain->name, local)),
                                    STR_FMT(build_qualified(d->a, s.catalog, st->source->domain->name, local))),
                       &d->err);
}

bool delta_restricted(struct delta *d, struct str catalog, struct str keys, bool null_too, struct str *view)
{
    const struct mesh_port *p = d->j->p;
    struct scene s = {.d = d, .catalog = catalog, .column = d->column, .name = d->key, .keys = keys, .null_too = null_too};
    s.ports = arena_array(d->a, d->j->m->n_ports + 1, 1);
    s.streams = arena_array(d->a, d->j->m->n_streams + 1, 1);
    for (size_t i = 0; i < p->n_inputs; i++) {
        const struct mesh_input *in = &p->inputs[i];
        const struct mesh_port *link = (in->port != NULL || in->stream != NULL) && !delta_has(d, in, d->key) ? delta_link(d, in) : NULL;
        if (link != NULL && !needed_whole(d, p, in, true) && !show_linked(&s, in, link))
            return false;
    }
    return scene_port(&s, p, view);
}
