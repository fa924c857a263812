/* trellis export: contracts of ports in the formats that other tools read. Needs no lock: it only reads the declaration. */
#include "cli/cli.h"

#include "base/fs.h"
#include "engine/engine.h"
#include "exchange/exchange.h"

enum { EXPORT_MAX_BYTES = 256 << 20 };

static void add_port(struct cli *c, struct exchange_set *set, const struct mesh_port *p)
{
    if (p->contract)
        exchange_of_contract(&c->arena, p->contract, p->is_default ? p->name : arena_printf(&c->arena, "%.*s_v%d", STR_FMT(p->name), p->major), &set->tables[set->n++]);
}

/* domain.port, domain.product, domain, or nothing for the whole mesh. Only one domain's tables go into one file, as names are its own. */
static bool gather(struct cli *c, const struct mesh *m, struct str what, struct exchange_set *set, struct str *domain, struct err *e)
{
    struct str name, of = str_cut(what, '.', &name);
    const struct mesh_port *port = mesh_find_port(m, what);
    const struct mesh_product *product = name.p ? mesh_find_product(m, of, name) : NULL;
    const struct mesh_domain *d = mesh_find_domain(m, of);
    *domain = of;
    set->tables = arena_array(&c->arena, m->n_ports + 1, sizeof *set->tables);
    set->n = 0;
    if (port) {
        add_port(c, set, port);
    } else if (product) {
        for (size_t i = 0; i < product->n_ports; i++)
            add_port(c, set, product->ports[i]);
    } else if (d && !name.p) {
        for (size_t i = 0; i < d->n_products; i++)
            for (size_t k = 0; k < d->products[i]->n_ports; k++)
                add_port(c, set, d->products[i]->ports[k]);
    } else {
        struct str *known = arena_array(&c->arena, m->n_ports + m->n_domains + 1, sizeof *known);
        size_t n = 0;
        for (size_t i = 0; i < m->n_ports; i++)
            known[n++] = m->ports[i]->ref;
        for (size_t i = 0; i < m->n_domains; i++)
            known[n++] = m->domains[i].name;
        err_set(e, E_NOT_FOUND, "there is no port, product or domain %.*s", STR_FMT(what));
        int near = str_nearest(what, known, n);
        if (near >= 0)
            err_hint(e, "did you mean %.*s?", STR_FMT(known[near]));
        return false;
    }
    return set->n ? true : err_set(e, E_NOT_FOUND, "%.*s has no port with a contract", STR_FMT(what));
}

int cmd_export(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    if (cli_opt(args, "--identifier"))
        return cmd_export_person(c, args);
    if (args->n_words == 0) {
        err_set(&e, E_USAGE, "`trellis export` needs a name, or --identifier for what a person provided");
        err_hint(&e, "trellis export DOMAIN.PORT; trellis export --identifier KIND:VALUE --out FILE.zip");
        return cli_fail(c, &e);
    }
    struct errs es = {0};
    struct engine *engine = NULL;
    struct engine_conn *parser = NULL;
    struct mesh *m = NULL;
    struct exchange_set set;
    struct str dir, domain;
    struct engine_options o = {.threads = 1, .locked = true};
    struct buf b = BUF_INIT(EXPORT_MAX_BYTES);
    enum exchange_format f = EXCHANGE_ODCS;
    const char *as = cli_opt(args, "--as"), *out = cli_opt(args, "--out");
    int code = 0;
    if ((as && !exchange_format_find(str_of(as), &f, &e)) || !cli_mesh_dir(c, &dir, &e) || !engine_open(&o, &engine, &e) || !engine_connect(engine, &parser, &e)) {
        code = cli_fail(c, &e);
        goto done;
    }
    struct mesh_load_options lo = {.parser = parser};
    m = mesh_load(arena_strz(&c->arena, dir), &lo, &es);
    if (!m) {
        code = cli_fail_all(c, &es, &e);
        goto done;
    }
    errs_fini(&es);
    es = (struct errs){0};
    if (!gather(c, m, str_of(args->words[0]), &set, &domain, &e)) {
        code = cli_fail(c, &e);
    } else if (!exchange_write(&c->arena, f, &set, domain, &b, &es)) {
        code = cli_fail_all(c, &es, &e);
    } else if (out && !fs_write_atomic(out, buf_str(&b), 0644, &e)) {
        code = cli_fail(c, &e);
    } else {
        cli_diagnostics(c, &es, stderr);
        if (!out)
            cli_print(&b);
        else
            cli_advice(c, "%zu tables written to %s", set.n, out);
    }
done:
    if (m)
        mesh_free(m);
    if (parser)
        engine_disconnect(parser);
    if (engine)
        engine_close(engine);
    buf_fini(&b);
    errs_fini(&es);
    return code;
}
