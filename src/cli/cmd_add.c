/* trellis add: list the packs, write one into the mesh, or propose a source for any file. */
#include "cli/cli.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fs.h"
#include "cli/add_product.h"
#include "cli/table.h"
#include "ingest/ingest.h"
#include "mesh/mesh.h"
#include "mesh/mesh_pack.h"
#include "mesh/mesh_write.h"

static int list_packs(struct cli *c)
{
    int code = cli_list_packs(c, true);
    cli_advice(c, "\nAdd one with: trellis add NAME --domain DOMAIN [--path FOLDER_OR_GLOB]");
    return code;
}

/* A path is meant as seen from the working folder; the declaration keeps it relative to the mesh folder. With -C it is
 * meant as seen from there. */
static struct str declared_path(struct cli *c, struct str dir, const char *path)
{
    char here[PATH_MAX];
    struct str p = str_of(path);
    if (!path || !p.n || p.p[0] == '/' || c->mesh_option.n || !getcwd(here, sizeof here) || str_eq(str_of(here), dir))
        return p;
    struct str base = str_of(here), slash = arena_printf(&c->arena, "%.*s/", STR_FMT(dir));
    if (str_starts(base, slash)) /* inside the mesh: still relative to its folder */
        return fs_join(&c->arena, (struct str){base.p + slash.n, base.n - slash.n}, p);
    return fs_join(&c->arena, arena_str(&c->arena, base), p);
}

/* A header that says more than the name made of it; a class that the values tell and the name does not. */
static struct str title(const struct mesh_column *col)
{
    return str_eq_nocase(col->business_name, col->name) ? (struct str){0} : col->business_name;
}

static struct str class_beyond_name(const struct mesh_column *col)
{
    return str_eq(col->class_text, mesh_propose_class(col->name)) ? (struct str){0} : col->class_text;
}

static bool infer(struct cli *c, struct str dir, struct str sheet, struct mesh_add_options *o, struct mesh_inferred_column **cols, size_t *n,
                  struct err *e)
{
    struct ingest_inferred found = {0};
    struct str *paths;
    size_t n_paths;
    struct str whole = fs_join(&c->arena, dir, o->path);
    if (!fs_glob(&c->arena, arena_strz(&c->arena, whole), false, &paths, &n_paths, e))
        return false;
    if (n_paths == 0) {
        err_set(e, E_NOT_FOUND, "no file matches %.*s", STR_FMT(o->path));
        err_hint(e, "give the path as seen from %.*s", STR_FMT(dir));
        return false;
    }
    const struct ingest_look_options look = {.program = c->program, .path = arena_strz(&c->arena, paths[0]), .sheet = sheet};
    if (!ingest_look(&look, &c->arena, &found, e))
        return false;
    for (size_t i = 0; i < found.n_problems; i++)
        cli_advice(c, "note: %.*s%s%.*s", STR_FMT(found.problems[i].message), found.problems[i].hint.n ? "\n      " : "",
                   STR_FMT(found.problems[i].hint));
    *cols = arena_array(&c->arena, found.n_columns + 1, sizeof **cols);
    *n = found.n_columns;
    o->options = found.options;
    for (size_t i = 0; i < found.n_columns; i++)
        (*cols)[i] = (struct mesh_inferred_column){.name = found.columns[i].name,
                                                   .logical_type = found.columns[i].logical_type,
                                                   .physical_type = found.columns[i].physical_type,
                                                   .required = found.columns[i].required,
                                                   .title = title(&found.columns[i]),
                                                   .class_text = class_beyond_name(&found.columns[i])};
    return true;
}

static bool needs(const struct cli_args *args, const char *option, const char *why, struct err *e)
{
    if (cli_opt(args, option))
        return true;
    err_set(e, E_USAGE, "%s is missing", option);
    err_hint(e, "%s", why);
    return false;
}

/* trellis add domain NAME --template TEMPLATE */
static int add_domain(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    struct str dir;
    struct mesh_written *files;
    size_t n = 0;
    struct mesh_domain_options o = {
        .name = args->n_words > 1 ? str_of(args->words[1]) : (struct str){0},
        .template_name = str_of(cli_opt(args, "--template")),
        .title = str_of(cli_opt(args, "--title")),
        .owner_name = str_of(cli_opt(args, "--owner")),
        .owner_contact = str_of(cli_opt(args, "--contact")),
        .force = cli_has(args, "--force"),
    };
    if (!o.name.n) {
        err_set(&e, E_USAGE, "the new domain has no name");
        err_hint(&e, "as in: trellis add domain retention --template retention");
        return cli_fail(c, &e);
    }
    if (!cli_mesh_dir(c, &dir, &e) || !mesh_add_domain(&c->arena, arena_strz(&c->arena, dir), &o, &files, &n, &e))
        return cli_fail(c, &e);
    cli_print_written(c, files, n);
    cli_advice(c, "\nNext: fill in roles in domains/%.*s/domain.yaml, then trellis check", STR_FMT(o.name));
    return 0;
}

static bool is_events(struct cli *c, struct str dir, struct str pack)
{
    struct mesh_pack_files files;
    struct err e = {0};
    return mesh_pack_open(&c->arena, dir, pack, false, &files, &e) && mesh_pack_events(&c->arena, &files);
}

static void advise_events(struct cli *c, const struct mesh_add_options *o, struct str pack)
{
    struct str name = o->name.n ? o->name : pack;
    cli_advice(c, "\nNext: trellis check\n"
                  "      trellis key create %.*s.%.*s              # prints a write key, once\n"
                  "      trellis serve --collector-listen 127.0.0.1:8081\n"
                  "Then, on a page: <script async src=\"http://127.0.0.1:8081/t.js\" data-key=\"THE KEY\"></script>\n"
                  "or from a Segment or RudderStack SDK, with that key and http://127.0.0.1:8081 as its host.\n"
                  "Event types and what they must be: domains/%.*s/sources/%.*s/",
               STR_FMT(o->domain), STR_FMT(name), STR_FMT(o->domain), STR_FMT(name));
}

int cmd_add(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    struct str dir;
    struct mesh_written *files;
    struct mesh_inferred_column *cols = NULL;
    size_t n = 0, n_cols = 0;
    if (args->n_words == 0)
        return list_packs(c);
    struct str pack = str_of(args->words[0]);
    if (str_eq(pack, STR("domain")))
        return add_domain(c, args);
    if (str_eq(pack, STR("product")) && args->n_words == 1)
        return cli_add_product(c, args);
    if (args->n_words > 1) {
        err_set(&e, E_USAGE, "\"%s\" is one word too many", args->words[1]);
        err_hint(&e, "the name of a source is given by --name");
        return cli_fail(c, &e);
    }
    bool any_file = str_eq(pack, STR("files"));
    bool good = needs(args, "--domain", "name the domain that owns it, as in: --domain acquisition", &e) &&
                (!any_file || (needs(args, "--path", "name the file, as in: --path budget.csv", &e) &&
                               needs(args, "--name", "give the source a name, as in: --name budget", &e))) &&
                cli_mesh_dir(c, &dir, &e);
    if (!good)
        return cli_fail(c, &e);
    struct mesh_add_options o = {
        .domain = str_of(cli_opt(args, "--domain")),
        .name = str_of(cli_opt(args, "--name")),
        .path = declared_path(c, dir, cli_opt(args, "--path")),
        .currency = str_of(cli_opt(args, "--currency")),
        .time_zone = str_of(cli_opt(args, "--time-zone")),
        .force = cli_has(args, "--force"),
    };
    char *dir_z = arena_strz(&c->arena, dir);
    good = any_file ? infer(c, dir, str_of(cli_opt(args, "--sheet")), &o, &cols, &n_cols, &e) && mesh_add_files(&c->arena, dir_z, &o, cols, n_cols, &files, &n, &e)
                    : mesh_add(&c->arena, dir_z, pack, &o, &files, &n, &e);
    if (!good)
        return cli_fail(c, &e);
    cli_print_written(c, files, n);
    if (!any_file && is_events(c, dir, pack))
        advise_events(c, &o, pack);
    else
        cli_advice(c, "\nNext: trellis check, then trellis run");
    return 0;
}
