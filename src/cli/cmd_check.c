/* trellis check: the whole declaration, or single files, every finding in one pass. Needs no lock: it only reads. */
#include "cli/cli.h"

#include "base/fs.h"
#include "catalog/catalog.h"
#include "contract/contract.h"
#include "engine/engine.h"
#include "mesh/mesh.h"
#include "serve/put.h"

static int report(struct cli *c, struct errs *es, const char *praise)
{
    size_t warnings = es->n - es->n_errors;
    errs_sort(es);
    if (c->json) {
        struct buf b = BUF_INIT((size_t)64 << 20);
        put_open(&b, NULL, '{');
        put_bool(&b, "ok", es->n_errors == 0);
        cli_diagnostics_json(es, &b);
        put_close(&b, '}');
        buf_addc(&b, '\n');
        cli_print(&b);
        buf_fini(&b);
    } else {
        cli_diagnostics(c, es, stdout);
        if (es->n_errors)
            printf("%s%zu error%s%s", cli_paint(c->color, "red"), es->n_errors + es->dropped,
                   es->n_errors + es->dropped == 1 ? "" : "s", cli_paint(c->color, ""));
        else
            printf("%s%s%s", cli_paint(c->color, "green"), praise, cli_paint(c->color, ""));
        if (warnings)
            printf(", %zu warning%s", warnings, warnings == 1 ? "" : "s");
        printf("\n");
    }
    return es->n_errors ? err_info_get(E_SCHEMA)->exit_code : 0;
}

static int check_files(struct cli *c, const struct cli_args *args)
{
    struct errs es = {0};
    for (int i = 0; i < args->n_words; i++)
        mesh_check_file(args->words[i], &es);
    struct str praise = arena_printf(&c->arena, "%d file%s in order", args->n_words, args->n_words == 1 ? "" : "s");
    int code = report(c, &es, praise.p);
    errs_fini(&es);
    return code;
}

static const char *cache_of(struct cli *c, struct str dir)
{
    char *data = arena_strz(&c->arena, fs_join(&c->arena, dir, STR("data")));
    if (!fs_is_dir(data))
        return NULL; /* nothing was ever run here: leave the folder as it is */
    return arena_printf(&c->arena, "%s/cache/mesh.cache", data).p;
}

int cmd_check(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    struct errs es = {0};
    struct engine *engine = NULL;
    struct engine_conn *parser = NULL;
    struct mesh *m = NULL;
    struct str dir;
    struct engine_options o = {.threads = 1, .locked = true};
    int code;
    if (args->n_words)
        return check_files(c, args);
    if (!cli_mesh_dir(c, &dir, &e) || !engine_open(&o, &engine, &e) || !engine_connect(engine, &parser, &e)) {
        code = cli_fail(c, &e);
        goto out;
    }
    struct mesh_load_options lo = {.parser = parser, .cache_path = cache_of(c, dir)};
    m = mesh_load(arena_strz(&c->arena, dir), &lo, &es);
    for (size_t i = 0; m && i < m->n_ports; i++)
        contract_lint(m->ports[i], &es);
    if (m && !catalog_clash_warnings(m, &es, &e)) {
        code = cli_fail(c, &e);
        goto out;
    }
    struct str praise =
        m ? arena_printf(&c->arena, "The declaration is in order: %zu domains, %zu sources, %zu products, %zu ports",
                         m->n_domains, m->n_sources, m->n_products, m->n_ports)
          : STR("");
    code = report(c, &es, praise.p);
out:
    if (m)
        mesh_free(m);
    if (parser)
        engine_disconnect(parser);
    if (engine)
        engine_close(engine);
    errs_fini(&es);
    return code;
}
