/* trellis import: contracts, or dbt's metrics, out of what a team already has, written as files or straight into the mesh. */
#include "cli/cli.h"

#include "base/fs.h"
#include "engine/engine.h"
#include "exchange/exchange.h"
#include "exchange/metricflow.h"
#include "mesh/mesh_write.h"
#include "serve/put.h"

enum { IMPORT_MAX_BYTES = 512 << 20, CONTRACT_MAX_BYTES = 64 << 20, METRICS_MAX_BYTES = 16 << 20 };

/* --select a,b: only these, all of which must be there. */
static bool select_tables(struct cli *c, const char *names, struct exchange_set *set, struct err *e)
{
    struct str all[64], rest = str_of(names);
    size_t kept = 0, n_all = set->n < 64 ? set->n : 64;
    if (!names)
        return true;
    struct exchange_table *chosen = arena_array(&c->arena, set->n + 1, sizeof *chosen);
    for (size_t i = 0; i < n_all; i++)
        all[i] = set->tables[i].name;
    while (rest.p && rest.n) {
        struct str name = str_trim(str_cut(rest, ',', &rest));
        const struct exchange_table *found = NULL;
        for (size_t i = 0; i < set->n && !found; i++)
            if (str_eq(set->tables[i].name, name) || str_eq(set->tables[i].native, name))
                found = &set->tables[i];
        if (!found) {
            err_set(e, E_NOT_FOUND, "the file describes no table %.*s", STR_FMT(name));
            int near = str_nearest(name, all, n_all);
            if (near >= 0)
                err_hint(e, "did you mean %.*s?", STR_FMT(all[near]));
            return false;
        }
        if (kept < set->n)
            chosen[kept++] = *found;
    }
    *set = (struct exchange_set){chosen, kept};
    return true;
}

static bool write_one(struct cli *c, const struct exchange_table *t, struct str folder, bool force, struct err *e)
{
    struct errs es = {0};
    struct exchange_set one = {(struct exchange_table *)t, 1};
    struct exchange_table alone = *t;
    struct str path = fs_join(&c->arena, folder, arena_printf(&c->arena, "%.*s.odcs.yaml", STR_FMT(t->name)));
    char *path_z = arena_strz(&c->arena, path);
    struct buf b = BUF_INIT(CONTRACT_MAX_BYTES);
    /* A contract alone has nothing that its references could lead to. */
    alone.columns = arena_array(&c->arena, t->n_columns + 1, sizeof *alone.columns);
    for (size_t i = 0; i < t->n_columns; i++) {
        alone.columns[i] = t->columns[i];
        alone.columns[i].references = STR("");
    }
    one.tables = &alone;
    bool good = exchange_write(&c->arena, EXCHANGE_ODCS, &one, STR(""), &b, &es);
    if (good && !force && fs_exists(path_z)) {
        err_set(e, E_DUPLICATE, "%.*s is there already", STR_FMT(path));
        err_hint(e, "--force replaces it");
        good = false;
    } else if (good) {
        good = fs_write_atomic(path_z, buf_str(&b), 0644, e);
    } else {
        *e = es.v[0];
    }
    if (good && !c->json)
        printf("new  %.*s\n", STR_FMT(path));
    buf_fini(&b);
    errs_fini(&es);
    return good;
}

static bool write_contracts(struct cli *c, const struct exchange_set *set, const char *folder, bool force, struct err *e)
{
    if (!fs_mkdirs(folder, 0755, e))
        return false;
    for (size_t i = 0; i < set->n; i++)
        if (!write_one(c, &set->tables[i], str_of(folder), force, e))
            return false;
    return true;
}

/* Each table becomes a source that takes in its landed files, and a product that publishes them under the contract. */
static bool into_mesh(struct cli *c, const struct cli_args *args, const struct exchange_set *set, struct mesh_written **files, size_t *n, struct err *e)
{
    struct str dir;
    const char *path = cli_opt(args, "--path");
    struct mesh_add_options o = {.domain = str_of(cli_opt(args, "--domain")), .force = cli_has(args, "--force")};
    struct mesh_add_table *tables = arena_array(&c->arena, set->n, sizeof *tables);
    if (!cli_mesh_dir(c, &dir, e))
        return false;
    for (size_t i = 0; i < set->n; i++) {
        const struct exchange_table *t = &set->tables[i];
        tables[i] = (struct mesh_add_table){
            .name = t->name, .title = t->title, .description = t->description, .optional = true, .columns = t->columns, .n_columns = t->n_columns,
            .path = arena_printf(&c->arena, "%s/%.*s*.{csv,tsv,json,ndjson,jsonl,parquet,xlsx}{,.gz,.zst}", path ? path : "incoming", STR_FMT(t->name))};
    }
    return mesh_add_tables(&c->arena, arena_strz(&c->arena, dir), &o, tables, set->n, files, n, e);
}

static bool print_contract(struct cli *c, const struct exchange_set *set, struct errs *es)
{
    struct buf b = BUF_INIT(CONTRACT_MAX_BYTES);
    bool good = exchange_write(&c->arena, EXCHANGE_ODCS, set, STR(""), &b, es);
    if (good)
        cli_print(&b);
    buf_fini(&b);
    return good;
}

/* --port orders=shop.orders, any number of times. */
static bool ports_given(struct cli *c, const struct cli_args *args, struct metricflow_ask *ask, struct err *e)
{
    struct str (*v)[2] = arena_array(&c->arena, args->n_given + 1, sizeof *v);
    const char *text;
    for (size_t at = 0; (text = cli_opt_each(args, "--port", &at));) {
        v[ask->n_ports][0] = str_cut(str_of(text), '=', &v[ask->n_ports][1]);
        if (!v[ask->n_ports][0].n || !v[ask->n_ports][1].n) {
            err_set(e, E_USAGE, "--port %s says no model and port", text);
            err_hint(e, "such as: --port orders=shop.orders");
            return false;
        }
        ask->n_ports++;
    }
    ask->ports = (const struct str (*)[2])v;
    return true;
}

static int metrics_done(struct cli *c, const struct metricflow_files *made, const struct mesh_written *files, size_t n, struct errs *es)
{
    if (!c->json)
        cli_diagnostics(c, es, stderr);
    cli_print_written(c, files, n);
    cli_advice(c, "\n%zu models and %zu metrics taken over, %zu parts left out; next: trellis check, then trellis metric --list", made->models, made->metrics, made->left_out);
    return 0;
}

/* All that is wrong; the program ends as its first error says. */
static int fail_all(struct cli *c, struct errs *es)
{
    size_t first = 0;
    errs_sort(es);
    while (first + 1 < es->n && es->warning[first])
        first++;
    return cli_fail_all(c, es, &es->v[first]);
}

/* trellis import metrics FILE...: metrics of dbt's semantic layer, over ports of the mesh. */
static int import_metrics(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    struct errs es = {0};
    struct engine *engine = NULL;
    struct engine_conn *parser = NULL;
    struct mesh *m = NULL;
    struct str dir;
    struct mesh_written *files = NULL;
    struct metricflow_files made = {0};
    struct metricflow_ask ask = {.domain = str_of(cli_opt(args, "--domain"))};
    const struct engine_options o = {.threads = 1, .locked = true};
    size_t n = 0, n_texts = (size_t)args->n_words - 1;
    struct metricflow_text *texts = arena_array(&c->arena, n_texts + 1, sizeof *texts);
    int code = 0;
    if (!ask.domain.n || !n_texts) {
        err_set(&e, E_USAGE, n_texts ? "the domain that is to own the metrics is not named" : "the file with dbt's metrics is not named");
        err_hint(&e, "trellis import metrics FILE... --domain DOMAIN");
        return cli_fail(c, &e);
    }
    for (size_t i = 0; i < n_texts; i++) {
        texts[i].file = str_of(args->words[i + 1]);
        if (!fs_read(&c->arena, args->words[i + 1], METRICS_MAX_BYTES, &texts[i].text, &e))
            return cli_fail(c, &e);
    }
    if (!ports_given(c, args, &ask, &e) || !cli_mesh_dir(c, &dir, &e) || !engine_open(&o, &engine, &e) || !engine_connect(engine, &parser, &e)) {
        code = cli_fail(c, &e);
        goto out;
    }
    m = mesh_load(arena_strz(&c->arena, dir), &(struct mesh_load_options){.parser = parser}, &es);
    if (!m) {
        code = fail_all(c, &es);
        goto out;
    }
    errs_fini(&es);
    es = (struct errs){0};
    ask.mesh = m;
    if (!mesh_find_domain(m, ask.domain)) {
        err_set(&e, E_NOT_FOUND, "the mesh has no domain \"%.*s\"", STR_FMT(ask.domain));
        err_hint(&e, "`trellis add domain` makes one");
        code = cli_fail(c, &e);
    } else if (!metricflow_read(&c->arena, texts, n_texts, &ask, &made, &es)) {
        code = fail_all(c, &es);
    } else if (!mesh_write_texts(&c->arena, arena_strz(&c->arena, dir), made.files, made.n, cli_has(args, "--force"), &files, &n, &e)) {
        code = cli_fail(c, &e);
    } else {
        code = metrics_done(c, &made, files, n, &es);
    }
out:
    mesh_free(m);
    if (parser)
        engine_disconnect(parser);
    if (engine)
        engine_close(engine);
    errs_fini(&es);
    return code;
}

int cmd_import(struct cli *c, const struct cli_args *args)
{
    if (strcmp(args->words[0], "metrics") == 0)
        return import_metrics(c, args);
    struct err e = {0};
    struct errs es = {0};
    struct str text;
    struct exchange_set set;
    struct mesh_written *files = NULL;
    size_t n = 0;
    enum exchange_format f;
    if (args->n_words > 1) {
        err_set(&e, E_USAGE, "one file at a time, please");
        err_hint(&e, "only `trellis import metrics` takes several");
        return cli_fail(c, &e);
    }
    const char *file = args->words[0], *as = cli_opt(args, "--as"), *out = cli_opt(args, "--out"), *domain = cli_opt(args, "--domain");
    bool good = fs_read(&c->arena, file, IMPORT_MAX_BYTES, &text, &e) &&
                (as ? exchange_format_find(str_of(as), &f, &e) : exchange_format_guess(str_of(file), text, &f, &e));
    if (good && out && domain)
        good = err_set(&e, E_USAGE, "--out and --domain are two ways; give one");
    if (!good)
        return cli_fail(c, &e);
    good = exchange_read(&c->arena, f, str_of(file), text, &set, &es);
    errs_sort(&es);
    if (!good) {
        int code = cli_fail_all(c, &es, &e);
        errs_fini(&es);
        return code;
    }
    cli_diagnostics(c, &es, stderr);
    good = select_tables(c, cli_opt(args, "--select"), &set, &e);
    if (good && domain)
        good = into_mesh(c, args, &set, &files, &n, &e);
    else if (good && out)
        good = write_contracts(c, &set, out, cli_has(args, "--force"), &e);
    else if (good && !print_contract(c, &set, &es))
        good = err_set(&e, E_TOO_LARGE, "the contract is too large to print");
    errs_fini(&es);
    if (!good)
        return cli_fail(c, &e);
    if (domain) {
        cli_print_written(c, files, n);
        cli_advice(c, "\n%zu tables. Their files are looked for in %s/; next: trellis check, then trellis run", set.n, cli_opt(args, "--path") ? cli_opt(args, "--path") : "incoming");
    } else if (out) {
        cli_advice(c, "\n%zu contracts; next: trellis check %s/*.odcs.yaml", set.n, out);
    }
    return 0;
}
