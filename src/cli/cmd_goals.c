/* trellis goals: what each goal's number is and how far it has come; `freeze` writes a baseline into the goal's file, where it
 * stays. */
#include "cli/api.h"
#include "cli/table.h"

#include "base/clock.h"
#include "base/doc.h"
#include "base/fs.h"
#include "base/json.h"
#include "engine/engine.h"
#include "mesh/mesh.h"

enum { FILE_MAX = 4 << 20 };

static struct str figure(struct cli *c, yyjson_val *v, struct str unit)
{
    if (!yyjson_is_num(v))
        return STR("");
    double x = yyjson_get_num(v);
    if (str_eq(unit, STR("percent")))
        return arena_printf(&c->arena, "%.1f %%", x);
    if (str_eq(unit, STR("count")) || str_eq(unit, STR("currency")))
        return arena_printf(&c->arena, "%.0f", x);
    return arena_printf(&c->arena, "%.3g", x);
}

static struct str progress(struct cli *c, yyjson_val *v)
{
    return yyjson_is_num(v) ? arena_printf(&c->arena, "%.0f %%", 100 * yyjson_get_num(v)) : STR("");
}

static int show(struct cli *c, yyjson_val *goals)
{
    static const char *const heads[] = {"goal", "number", "now", "baseline", "target", "by", "progress", "owner", "problem"};
    enum { COLUMNS = sizeof heads / sizeof *heads };
    struct table t;
    size_t i, max;
    yyjson_val *g;
    if (!yyjson_arr_size(goals)) {
        printf("No goal is declared. Write one in governance/goals.yaml or domains/DOMAIN/goals.yaml.\n");
        return 0;
    }
    table_init(&t, c, COLUMNS);
    for (size_t h = 0; h < COLUMNS; h++)
        table_head(&t, h, str_of(heads[h]), (h >= 2 && h <= 4) || h == 6);
    yyjson_arr_foreach(goals, i, max, g)
    {
        yyjson_val *baseline = yyjson_obj_get(g, "baseline"), *target = yyjson_obj_get(g, "target");
        struct str unit = json_str(g, "unit"), domain = json_str(g, "domain"), name = json_str(g, "name"),
                   currency = json_str(g, "currency");
        table_cell(&t, domain.n ? arena_printf(&c->arena, "%.*s.%.*s", STR_FMT(domain), STR_FMT(name)) : name, false);
        table_cell(&t, currency.n ? currency : unit, true);
        table_cell(&t, figure(c, yyjson_obj_get(g, "value"), unit), false);
        table_cell(&t, figure(c, yyjson_obj_get(baseline, "value"), unit), false);
        table_cell(&t, figure(c, yyjson_obj_get(target, "value"), unit), false);
        table_cell(&t, json_str(target, "by"), false);
        table_cell(&t, progress(c, yyjson_obj_get(g, "progress")), false);
        table_cell(&t, json_str(yyjson_obj_get(g, "owner"), "name"), false);
        table_cell(&t, json_str(g, "problem"), false);
    }
    table_print(&t);
    table_fini(&t);
    return 0;
}

/* ---- freezing ---- */
struct frozen {
    struct str file, name, line; /* line: what is written, `baseline: {…}` */
    bool force;
};

/* Byte offset of a line, counted from 1; of the end where there are fewer. */
static size_t line_start(struct str text, uint32_t line)
{
    size_t at = 0;
    for (uint32_t i = 1; i < line && at < text.n; i++) {
        const char *end = memchr(text.p + at, '\n', text.n - at);
        at = end ? (size_t)(end - text.p) + 1 : text.n;
    }
    return at;
}

static const struct doc_node *goal_node(const struct doc *d, struct str name)
{
    const struct doc_node *list = doc_get(d, doc_root(d), "goals");
    for (const struct doc_node *n = list ? doc_first(d, list) : NULL; n; n = doc_next(d, n))
        if (str_eq(doc_str(d, n, "name"), name))
            return n;
    return NULL;
}

/* The text with the baseline's lines written, or written anew: all other bytes stay. */
static bool write_baseline(struct str text, const struct doc *d, const struct frozen *f, struct buf *out, struct err *e)
{
    const struct doc_node *goal = goal_node(d, f->name), *old = goal ? doc_get(d, goal, "baseline") : NULL;
    const struct doc_node *number = goal ? doc_get(d, goal, "number") : NULL;
    if (!number)
        return err_at(e, E_NOT_FOUND, f->file, 0, 0, "goal %.*s is not in this file any more", STR_FMT(f->name));
    if (old && !f->force) {
        err_at(e, E_USAGE, f->file, old->line, old->col, "the baseline of %.*s is frozen already", STR_FMT(f->name));
        err_hint(e, "a baseline that moves proves nothing; --force writes a new one all the same");
        return false;
    }
    const struct doc_node *near = old ? old : number;
    size_t key_at = line_start(text, near->key_line), indent = near->key_col - 1;
    bool own_line = key_at + indent <= text.n;
    for (size_t i = 0; own_line && i < indent; i++)
        own_line = text.p[key_at + i] == ' ' || text.p[key_at + i] == '-';
    if (!own_line) {
        err_at(e, E_USAGE, f->file, near->key_line, near->key_col, "this goal is written on one line, which is not taken apart");
        err_hint(e, "add: %.*s", STR_FMT(f->line));
        return false;
    }
    size_t from = old ? key_at : line_start(text, number->end_line + 1), to = old ? line_start(text, old->end_line + 1) : from;
    bool crlf = from >= 2 && text.p[from - 2] == '\r';
    buf_add(out, (struct str){text.p, from});
    if (from && text.p[from - 1] != '\n')
        buf_addc(out, '\n');
    buf_printf(out, "%*s%.*s%s\n", (int)indent, "", STR_FMT(f->line), crlf ? "\r" : "");
    buf_add(out, (struct str){text.p + to, text.n - to});
    return buf_ok(out, e);
}

/* Whether the mesh as it stands on disk is in order; its first error. */
static bool in_order(const char *dir, struct err *e)
{
    struct engine_options o = {.threads = 1, .locked = true};
    struct engine *engine = NULL;
    struct engine_conn *parser = NULL;
    struct errs es = {0};
    struct mesh *m = NULL;
    if (engine_open(&o, &engine, e) && engine_connect(engine, &parser, e)) {
        m = mesh_load(dir, &(struct mesh_load_options){.parser = parser}, &es);
        for (size_t i = 0; !m && i < es.n; i++)
            if (!es.warning[i]) {
                *e = es.v[i];
                break;
            }
    }
    bool good = m != NULL;
    mesh_free(m);
    if (parser)
        engine_disconnect(parser);
    if (engine)
        engine_close(engine);
    errs_fini(&es);
    return good;
}

/* Written, looked at, and taken back where the mesh is not in order with it. */
static bool apply(struct cli *c, struct str dir, const struct frozen *f, struct err *e)
{
    struct errs es = {0};
    struct str text;
    struct buf out = BUF_INIT((size_t)FILE_MAX);
    char *path = arena_strz(&c->arena, fs_join(&c->arena, dir, f->file));
    bool ok = fs_read(&c->arena, path, FILE_MAX, &text, e);
    struct doc *d = ok ? doc_parse_yaml(&c->arena, f->file, text, &es) : NULL;
    if (ok && !d) {
        *e = es.v[0];
        ok = false;
    }
    ok = ok && write_baseline(text, d, f, &out, e) && fs_write_atomic(path, buf_str(&out), 0644, e);
    if (ok && !in_order(arena_strz(&c->arena, dir), e)) {
        struct err ignored = {0};
        err_prefix(e, "with %.*s the declaration would not be in order, so nothing was written", STR_FMT(f->line));
        (void)!fs_write_atomic(path, text, 0644, &ignored);
        ok = false;
    }
    buf_fini(&out);
    errs_fini(&es);
    return ok;
}

static bool day_option(const struct cli_args *args, const char *name, struct str *out, struct err *e)
{
    int32_t day;
    *out = str_of(cli_opt(args, name));
    if (out->n && clock_parse_date(*out, &day))
        return true;
    err_set(e, E_USAGE, "freeze needs %s, a day as YYYY-MM-DD", name);
    err_hint(e, "trellis goals freeze NAME --from 2026-01-01 --to 2026-03-31");
    return false;
}

static bool freeze(struct cli *c, struct api *api, struct str dir, const struct cli_args *args, struct err *e)
{
    struct str from, to;
    struct buf text = BUF_INIT(0);
    yyjson_doc *doc = NULL;
    if (args->n_words != 2)
        return err_set(e, E_USAGE, "which goal? trellis goals freeze NAME --from DAY --to DAY");
    if (!day_option(args, "--from", &from, e) || !day_option(args, "--to", &to, e))
        return false;
    for (const char *p = args->words[1]; *p; p++)
        if (!((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || *p == '_' || *p == '.'))
            return err_set(e, E_USAGE, "%s is no name of a goal", args->words[1]);
    struct str target =
        arena_printf(&c->arena, "/api/v1/goals/%s/value?from=%.*s&to=%.*s", args->words[1], STR_FMT(from), STR_FMT(to));
    bool ok = api_text(api, VERB_GET, target.p, STR(""), &text, e) && (doc = json_parse(buf_str(&text), e));
    yyjson_val *root = doc ? yyjson_doc_get_root(doc) : NULL, *value = yyjson_obj_get(root, "value");
    if (ok && !yyjson_is_num(value)) {
        err_set(e, E_NOT_FOUND, "there is no data between %.*s and %.*s to take a baseline from", STR_FMT(from), STR_FMT(to));
        ok = false;
    }
    if (ok) {
        struct str today = json_str(root, "today");
        struct frozen f = {.file = json_str(root, "file"), .name = json_str(root, "name"), .force = cli_has(args, "--force")};
        f.line = arena_printf(&c->arena, "baseline: {value: %.10g, from: %.*s, to: %.*s, frozen: %.*s}", yyjson_get_num(value),
                              STR_FMT(from), STR_FMT(to), STR_FMT(today));
        ok = apply(c, dir, &f, e);
        if (ok && c->json)
            printf("%s", buf_z(&text));
        else if (ok)
            printf("%.*s: %.*s\n", STR_FMT(f.file), STR_FMT(f.line));
        if (ok)
            cli_advice(c, "Commit the file: from here on progress is counted from this number.");
    }
    yyjson_doc_free(doc);
    buf_fini(&text);
    return ok;
}

int cmd_goals(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    struct errs es = {0};
    struct api *api = NULL;
    struct str dir;
    struct buf text = BUF_INIT(0);
    yyjson_doc *doc = NULL;
    int code = 0;
    bool freezing = args->n_words > 0 && strcmp(args->words[0], "freeze") == 0;
    bool good = args->n_words == 0 || freezing;
    if (!good)
        err_set(&e, E_USAGE, "there is no `trellis goals %s`; there is: trellis goals freeze NAME", args->words[0]);
    good = good && cli_mesh_dir(c, &dir, &e) && api_open(c, dir, &api, &es, &e);
    if (good && freezing)
        good = freeze(c, api, dir, args, &e);
    else if (good)
        good = api_text(api, VERB_GET, "/api/v1/goals", STR(""), &text, &e) && (doc = json_parse(buf_str(&text), &e));
    if (!good)
        code = cli_fail_all(c, &es, &e);
    else if (doc && c->json)
        cli_print(&text);
    else if (doc)
        show(c, yyjson_obj_get(yyjson_doc_get_root(doc), "goals"));
    yyjson_doc_free(doc);
    buf_fini(&text);
    errs_fini(&es);
    api_close(api);
    return code;
}
