/* trellis ready: what each domain lacks on its way to data that people use, and the command or page that mends it. */
#include "cli/api.h"
#include "cli/table.h"

#include "base/json.h"

static struct str clean(struct cli *c, yyjson_val *v, const char *key)
{
    return table_clean(&c->arena, json_str(v, key));
}

static void show_steps(struct cli *c, yyjson_val *steps)
{
    struct str phase = STR("");
    size_t i, max;
    yyjson_val *s;
    yyjson_arr_foreach(steps, i, max, s)
    {
        struct str now = json_str(s, "phase"), title = clean(c, s, "title"), missing = clean(c, s, "missing"),
                   command = clean(c, s, "command"), href = clean(c, s, "href");
        bool done = json_bool(s, "done", false), optional = json_bool(s, "optional", false);
        if (!str_eq(now, phase))
            printf("  %s%.*s%s\n", cli_paint(c->color, "dim"), STR_FMT(now), cli_paint(c->color, ""));
        phase = now;
        printf("    %s%s%s %.*s%s\n",
               cli_paint(c->color, done       ? "green"
                                   : optional ? "dim"
                                              : "yellow"),
               done ? "done" : "todo", cli_paint(c->color, ""), STR_FMT(title),
               optional && !done ? " (not asked for with profile: light)" : "");
        if (done)
            continue;
        if (missing.n)
            printf("         %.*s\n", STR_FMT(missing));
        if (command.n)
            printf("         > %.*s\n", STR_FMT(command));
        else if (href.n)
            printf("         page: %.*s\n", STR_FMT(href));
    }
}

static bool show(struct cli *c, yyjson_val *domains, const char *only, struct err *e)
{
    size_t i, max, k, kmax, shown = 0;
    yyjson_val *d, *p;
    struct str known[64];
    size_t n = 0;
    yyjson_arr_foreach(domains, i, max, d)
    {
        struct str name = json_str(d, "domain");
        yyjson_val *pitfalls = yyjson_obj_get(d, "pitfalls");
        if (n < sizeof known / sizeof *known)
            known[n++] = name;
        if (only && !str_eq(name, str_of(only)))
            continue;
        printf("%s%s%.*s%s: %lld of %lld steps done\n", shown++ ? "\n" : "", cli_paint(c->color, "bold"), STR_FMT(name),
               cli_paint(c->color, ""), (long long)json_int(d, "done", 0), (long long)json_int(d, "all", 0));
        show_steps(c, yyjson_obj_get(d, "steps"));
        yyjson_arr_foreach(pitfalls, k, kmax, p)
        {
            struct str title = clean(c, p, "title"), text = clean(c, p, "text");
            printf("  %s!%s %.*s: %.*s\n", cli_paint(c->color, "red"), cli_paint(c->color, ""), STR_FMT(title), STR_FMT(text));
        }
    }
    if (shown || !only)
        return true;
    int near = str_nearest(str_of(only), known, n);
    err_set(e, E_NOT_FOUND, "there is no domain %s", only);
    if (near >= 0)
        err_hint(e, "did you mean %.*s?", STR_FMT(known[near]));
    return false;
}

int cmd_ready(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    struct errs es = {0};
    struct api *api = NULL;
    struct str dir;
    struct buf text = BUF_INIT(0);
    yyjson_doc *doc = NULL;
    int code = 0;
    bool good = cli_mesh_dir(c, &dir, &e) && api_open(c, dir, &api, &es, &e) &&
                api_text(api, VERB_GET, "/api/v1/readiness", STR(""), &text, &e) && (doc = json_parse(buf_str(&text), &e));
    if (good && c->json)
        cli_print(&text);
    else if (good)
        good = show(c, yyjson_obj_get(yyjson_doc_get_root(doc), "domains"), args->n_words ? args->words[0] : NULL, &e);
    if (!good)
        code = cli_fail_all(c, &es, &e);
    yyjson_doc_free(doc);
    buf_fini(&text);
    errs_fini(&es);
    api_close(api);
    return code;
}
