/* trellis pack: packs of the program and of the mesh, listed, shown, copied, begun, checked and tested. */
#include "cli/pack_test.h"

#include "base/fs.h"
#include "engine/engine.h"
#include "mesh/mesh.h"
#include "serve/put.h"

enum { OUT_MAX_BYTES = 16 << 20 };

/* The mesh around, where there is one: packs of the program can be looked at anywhere. */
static struct str mesh_around(struct cli *c)
{
    struct str dir;
    return cli_mesh_dir(c, &dir, NULL) ? dir : (struct str){"", 0};
}

static struct str word(const struct cli_args *args, int i)
{
    return i < args->n_words ? str_of(args->words[i]) : (struct str){"", 0};
}

static bool wanted(const struct cli_args *args, int n, const char *usage, struct err *e)
{
    if (args->n_words == n)
        return true;
    err_set(e, E_USAGE, args->n_words < n ? "a name is missing" : "\"%s\" is one word too many", args->n_words < n ? "" : args->words[n]);
    err_hint(e, "as in: %s", usage);
    return false;
}

static int print(struct buf *b, struct err *e, struct cli *c)
{
    int code = 0;
    if (buf_ok(b, e))
        cli_print(b);
    else
        code = cli_fail(c, e);
    buf_fini(b);
    return code;
}

/* ---- list ---- */

int cli_list_packs(struct cli *c, bool with_files)
{
    struct mesh_pack *packs;
    size_t n;
    struct err e = {0};
    if (!mesh_packs_in(&c->arena, mesh_around(c), &packs, &n, &e))
        return cli_fail(c, &e);
    struct buf b = BUF_INIT((size_t)OUT_MAX_BYTES);
    if (c->json) {
        put_open(&b, NULL, '[');
        for (size_t i = 0; i < n; i++) {
            put_open(&b, NULL, '{');
            put_str(&b, "name", packs[i].name);
            put_str(&b, "kind", packs[i].kind == PACK_SOURCE ? STR("source") : STR("product"));
            put_str(&b, "title", packs[i].title);
            put_str(&b, "summary", packs[i].summary);
            put_opt(&b, "domain", packs[i].domain);
            put_bool(&b, "own", packs[i].own);
            put_bool(&b, "hides", packs[i].hides);
            put_close(&b, '}');
        }
        put_close(&b, ']');
        buf_addc(&b, '\n');
    } else {
        for (size_t i = 0; i < n; i++) {
            const char *kind = packs[i].kind == PACK_SOURCE ? "source" : "product";
            buf_printf(&b, "%s%-22.*s%s %-8s %s%.*s%s\n", cli_paint(c->color, "bold"), STR_FMT(packs[i].name), cli_paint(c->color, ""), packs[i].broken ? "?" : kind,
                       packs[i].own ? "own: " : "", STR_FMT(packs[i].broken ? STR("pack.yaml cannot be read; trellis pack check says why") : packs[i].summary),
                       packs[i].hides ? " (in the place of the shipped one)" : "");
        }
        if (with_files)
            buf_printf(&b, "%s%-22s%s %-8s %s\n", cli_paint(c->color, "bold"), "files", cli_paint(c->color, ""), "source",
                       "any CSV, XLSX, JSON, NDJSON or Parquet file: its contract is inferred");
    }
    return print(&b, &e, c);
}

static int list(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    if (!wanted(args, 1, "trellis pack list", &e))
        return cli_fail(c, &e);
    int code = cli_list_packs(c, false);
    cli_advice(c, "\nAdd one with: trellis add NAME --domain DOMAIN [--path FOLDER_OR_GLOB]");
    return code;
}

/* ---- show ---- */

static void show_unions(struct cli *c, struct buf *b, const struct str *names, size_t n)
{
    struct mesh_union_column *cols;
    size_t n_cols;
    for (size_t i = 0; i < n; i++) {
        if (!mesh_union_columns(&c->arena, names[i], &cols, &n_cols, NULL))
            continue;
        buf_printf(b, "%s%.*s%s\n", cli_paint(c->color, "bold"), STR_FMT(names[i]), cli_paint(c->color, ""));
        for (size_t k = 0; k < n_cols; k++)
            buf_printf(b, "  %-28.*s %.*s\n", STR_FMT(cols[k].name), STR_FMT(cols[k].type));
    }
}

static size_t provided(struct cli *c, const struct mesh_pack_files *p, struct str **out)
{
    const struct doc_node *node = p->doc ? doc_get(p->doc, doc_root(p->doc), "provides") : NULL;
    size_t n = 0;
    *out = arena_array(&c->arena, node ? node->n_children + 1 : 1, sizeof **out);
    for (const struct doc_node *k = node ? doc_first(p->doc, node) : NULL; k; k = doc_next(p->doc, k))
        (*out)[n++] = doc_text(p->doc, k);
    return n;
}

static int show(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    struct mesh_pack_files p;
    struct str *unions;
    if (!wanted(args, 2, "trellis pack show meta_ads", &e) || !mesh_pack_open(&c->arena, mesh_around(c), word(args, 1), true, &p, &e))
        return cli_fail(c, &e);
    size_t n = provided(c, &p, &unions);
    const struct doc_node *root = p.doc ? doc_root(p.doc) : NULL;
    struct str title = root ? doc_str(p.doc, root, "title") : p.name, summary = root ? doc_str(p.doc, root, "summary") : STR("pack.yaml cannot be read");
    struct buf b = BUF_INIT((size_t)OUT_MAX_BYTES);
    if (c->json) {
        put_open(&b, NULL, '{');
        put_str(&b, "name", p.name);
        put_str(&b, "title", title);
        put_str(&b, "summary", summary);
        put_bool(&b, "own", p.own);
        put_bool(&b, "hides", p.hides);
        put_texts(&b, "provides", unions, n);
        put_open(&b, "files", '[');
        for (size_t i = 0; i < p.n_files; i++)
            put_str(&b, NULL, p.files[i].path);
        put_close(&b, ']');
        put_close(&b, '}');
        buf_addc(&b, '\n');
    } else if (cli_has(args, "--unions")) {
        show_unions(c, &b, unions, n);
    } else {
        buf_printf(&b, "%s%.*s%s: %.*s%s\n%.*s\n", cli_paint(c->color, "bold"), STR_FMT(p.name), cli_paint(c->color, ""), STR_FMT(title),
                   !p.own ? "" : p.hides ? " (own, in the place of the shipped one)" : " (own)", STR_FMT(summary));
        for (size_t i = 0; i < n; i++)
            buf_printf(&b, "%s%.*s%s", i ? ", " : "joins ", STR_FMT(unions[i]), i + 1 == n ? "\n" : "");
        for (size_t i = 0; i < p.n_files; i++)
            buf_printf(&b, "  %.*s%.*s\n", STR_FMT(p.folder), STR_FMT(p.files[i].path));
    }
    return print(&b, &e, c);
}

/* ---- copy, new ---- */

static int copy(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    struct mesh_pack_files p;
    struct mesh_written *files;
    struct str dir, as = str_of(cli_opt(args, "--as"));
    size_t n = 0;
    if (!wanted(args, 2, "trellis pack copy meta_ads --as our_meta", &e) || !cli_mesh_dir(c, &dir, &e) ||
        !mesh_pack_open(&c->arena, dir, word(args, 1), true, &p, &e))
        return cli_fail(c, &e);
    if (!as.n)
        as = p.name;
    if (!mesh_pack_copy(&c->arena, arena_strz(&c->arena, dir), &p, as, cli_has(args, "--force"), &files, &n, &e))
        return cli_fail(c, &e);
    cli_print_written(c, files, n);
    if (!p.own && str_eq(as, p.name))
        cli_advice(c, "\nIn this mesh, %.*s now means packs/%.*s; --as gives a copy a name of its own.", STR_FMT(as), STR_FMT(as));
    cli_advice(c, "\nNext: change it, then trellis pack test %.*s", STR_FMT(as));
    return 0;
}

static int begin(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    struct mesh_written *files;
    struct str dir, *foreign, name = word(args, 1), from = str_of(cli_opt(args, "--from"));
    size_t n = 0, n_foreign;
    if (!wanted(args, 2, "trellis pack new podcast_ads", &e) || !cli_mesh_dir(c, &dir, &e) ||
        !mesh_pack_new(&c->arena, arena_strz(&c->arena, dir), name, from, cli_has(args, "--force"), &files, &n, &foreign, &n_foreign, &e))
        return cli_fail(c, &e);
    cli_print_written(c, files, n);
    for (size_t i = 0; i < n_foreign; i++)
        cli_advice(c, "note: its SQL reads %.*s, which is not part of the pack: who adds it must have that port", STR_FMT(foreign[i]));
    cli_advice(c, "\nNext: trellis pack check %.*s says what it still lacks; write a case below packs/%.*s/tests, then trellis pack test %.*s", STR_FMT(name), STR_FMT(name),
               STR_FMT(name));
    return 0;
}

/* ---- check and test ---- */

/* The packs that are meant: those named, or all of the mesh. */
static bool meant(struct cli *c, const struct cli_args *args, struct str dir, struct str **out, size_t *n, struct err *e)
{
    if (args->n_words > 1) {
        *n = (size_t)args->n_words - 1;
        *out = arena_array(&c->arena, *n, sizeof **out);
        for (size_t i = 0; i < *n; i++)
            (*out)[i] = word(args, (int)i + 1);
        return true;
    }
    if (cli_has(args, "--shipped")) {
        struct mesh_pack *all;
        if (!mesh_packs(&c->arena, &all, n, e))
            return false;
        *out = arena_array(&c->arena, *n + 1, sizeof **out);
        for (size_t i = 0; i < *n; i++)
            (*out)[i] = all[i].name;
        return true;
    }
    if (!mesh_pack_own_names(&c->arena, dir, out, n, e))
        return false;
    if (*n)
        return true;
    err_set(e, E_USAGE, dir.n ? "the mesh has no packs of its own" : "no pack is named, and there is no mesh here");
    err_hint(e, "name one, or its folder: trellis pack %s meta_ads; --shipped means all of the program", args->words[0]);
    return false;
}

static bool check_pack(struct cli *c, const struct mesh_pack_files *p, bool accepting, struct pack_case **cases, size_t *n_cases, struct errs *es, struct err *e)
{
    struct engine_options o = {.threads = 1, .locked = true};
    struct engine *engine = NULL;
    struct engine_conn *parser = NULL;
    bool good = engine_open(&o, &engine, e) && engine_connect(engine, &parser, e) && mesh_pack_check(&c->arena, p, parser, es, e);
    if (parser)
        engine_disconnect(parser);
    if (engine)
        engine_close(engine);
    pack_cases_read(&c->arena, p, accepting, cases, n_cases, es);
    return good;
}

static void close_json(struct cli *c, struct buf *b, const struct errs *es, bool ok)
{
    put_bool(b, "ok", ok);
    cli_diagnostics_json(es, b);
    put_close(b, '}');
    buf_addc(b, '\n');
    cli_print(b);
    (void)c;
}

static int check(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    struct errs es = {0};
    struct str dir = mesh_around(c), *names;
    struct mesh_pack_files p;
    struct pack_case *cases;
    size_t n, n_cases, all_cases = 0;
    bool good = meant(c, args, dir, &names, &n, &e);
    for (size_t i = 0; i < n && good; i++) {
        good = mesh_pack_open(&c->arena, cli_has(args, "--shipped") ? (struct str){"", 0} : dir, names[i], true, &p, &e) &&
               check_pack(c, &p, false, &cases, &n_cases, &es, &e);
        all_cases += good ? n_cases : 0;
    }
    int code = !good ? cli_fail(c, &e) : es.n_errors ? err_info_get(E_SCHEMA)->exit_code : 0;
    errs_sort(&es);
    if (good && c->json) {
        struct buf b = BUF_INIT((size_t)OUT_MAX_BYTES);
        put_open(&b, NULL, '{');
        close_json(c, &b, &es, code == 0);
        buf_fini(&b);
    } else if (good) {
        cli_diagnostics(c, &es, stdout);
        if (es.n_errors)
            printf("%s%zu error%s%s\n", cli_paint(c->color, "red"), es.n_errors + es.dropped, es.n_errors + es.dropped == 1 ? "" : "s", cli_paint(c->color, ""));
        else
            printf("%s%zu pack%s in order%s, %zu test case%s\n", cli_paint(c->color, "green"), n, n == 1 ? "" : "s", cli_paint(c->color, ""), all_cases,
                   all_cases == 1 ? "" : "s");
    }
    errs_fini(&es);
    return code;
}

struct tally {
    struct cli *c;
    struct buf json;
    size_t cases, differing;
    bool accept;
};

static void case_say(struct tally *t, const struct mesh_pack_files *p, const struct pack_case *k, const struct case_told *told, const char *how)
{
    t->cases++;
    t->differing += told->differences > 0;
    if (t->c->json) {
        put_open(&t->json, NULL, '{');
        put_str(&t->json, "pack", p->name);
        put_str(&t->json, "case", k->name);
        put_str(&t->json, "how", str_of(how));
        put_int(&t->json, "differences", (int64_t)told->differences);
        put_str(&t->json, "text", buf_str(&told->text));
        put_close(&t->json, '}');
        return;
    }
    bool bad = told->differences > 0;
    const char *style = bad ? "red" : "green", *verdict = bad ? "differs" : t->accept && !how[0] ? "written" : "ok";
    printf("%s%-8s%s %.*s/%.*s%s%s%s%.*s\n%.*s", cli_paint(t->c->color, style), verdict, cli_paint(t->c->color, ""), STR_FMT(p->name), STR_FMT(k->name), how[0] ? ", " : "", how,
           k->title.n ? ": " : "", STR_FMT(k->title), STR_FMT(buf_str(&told->text)));
    fflush(stdout);
}

static bool case_test(struct tally *t, const struct mesh_pack_files *p, struct pack_case *k, bool bare, const char *accept_dir, struct errs *es, struct err *e)
{
    struct case_told told = {.text = BUF_INIT((size_t)OUT_MAX_BYTES)};
    bool good = pack_case_run(t->c, p, k, bare, accept_dir, &told, es, e);
    if (good)
        case_say(t, p, k, &told, bare ? "without optional files" : "");
    else
        err_prefix(e, "%.*s/%.*s: ", STR_FMT(p->name), STR_FMT(k->name));
    buf_fini(&told.text);
    return good;
}

static bool pack_test(struct tally *t, struct str dir, struct str what, const char *only, struct errs *es, struct err *e)
{
    struct mesh_pack_files p;
    struct pack_case *cases;
    size_t n, errors_before = es->n_errors;
    if (!mesh_pack_open(&t->c->arena, dir, what, true, &p, e) || !check_pack(t->c, &p, t->accept, &cases, &n, es, e))
        return false;
    if (es->n_errors > errors_before) /* told at the end; the other packs go on */
        return true;
    if (n == 0) {
        err_set(e, E_NOT_FOUND, "the pack %.*s has no test case", STR_FMT(p.name));
        err_hint(e, "write %.*stests/first/expect.yaml with landed files below tests/first/files; docs/packs.md says how", STR_FMT(p.folder));
        return false;
    }
    const char *accept_dir = NULL;
    if (t->accept) {
        if (!p.own)
            return err_set(e, E_USAGE, "--accept writes into the pack's folder; give the folder of %.*s", STR_FMT(p.name));
        accept_dir = p.root;
    }
    for (size_t i = 0; i < n; i++) {
        if (only && !str_eq(cases[i].name, str_of(only)))
            continue;
        if (!case_test(t, &p, &cases[i], false, accept_dir, es, e) || (i == 0 && !case_test(t, &p, &cases[i], true, NULL, es, e)))
            return false;
    }
    return true;
}

static int test(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    struct errs es = {0};
    struct str dir = mesh_around(c), *names;
    struct tally t = {.c = c, .json = BUF_INIT((size_t)OUT_MAX_BYTES), .accept = cli_has(args, "--accept")};
    size_t n;
    bool good = meant(c, args, dir, &names, &n, &e);
    put_open(&t.json, NULL, '{');
    put_open(&t.json, "cases", '[');
    for (size_t i = 0; i < n && good; i++)
        good = pack_test(&t, cli_has(args, "--shipped") ? (struct str){"", 0} : dir, names[i], cli_opt(args, "--case"), &es, &e);
    put_close(&t.json, ']');
    errs_sort(&es);
    int code = es.n_errors ? err_info_get(E_SCHEMA)->exit_code : t.differing ? err_info_get(E_CHECK_FAILED)->exit_code : 0;
    if (!good)
        code = cli_fail(c, &e);
    else if (c->json)
        close_json(c, &t.json, &es, code == 0);
    else {
        cli_diagnostics(c, &es, stdout);
        printf("%s%zu case%s, %zu differ%s%s\n", cli_paint(c->color, code ? "red" : "green"), t.cases, t.cases == 1 ? "" : "s", t.differing, t.differing == 1 ? "s" : "",
               cli_paint(c->color, ""));
    }
    buf_fini(&t.json);
    errs_fini(&es);
    return code;
}

/* ---- the command ---- */

int cmd_pack(struct cli *c, const struct cli_args *args)
{
    static const struct { const char *name; int (*run)(struct cli *c, const struct cli_args *args); } verbs[] = {
        {"list", list}, {"show", show}, {"copy", copy}, {"new", begin}, {"check", check}, {"test", test},
    };
    enum { VERBS = sizeof verbs / sizeof verbs[0] };
    struct str names[VERBS];
    struct err e = {0};
    if (args->n_words == 0)
        return cli_list_packs(c, false);
    for (size_t i = 0; i < VERBS; i++) {
        names[i] = str_of(verbs[i].name);
        if (str_eq(names[i], word(args, 0)))
            return verbs[i].run(c, args);
    }
    int near = str_nearest(word(args, 0), names, VERBS);
    err_set(&e, E_USAGE, "there is no `trellis pack %s`", args->words[0]);
    err_hint(&e, near >= 0 ? "did you mean `trellis pack %.*s`?" : "there are list, show, copy, new, check and test%.*s", STR_FMT(near >= 0 ? names[near] : STR("")));
    return cli_fail(c, &e);
}
