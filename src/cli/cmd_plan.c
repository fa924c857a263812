/* trellis plan: declared against deployed, and what a run would do. */
#include "cli/api.h"

#include "base/json.h"

static const struct {
    const char *code, *words;
} reasons[] = {{"never_built", "never built"},
               {"sql_changed", "its SQL changed"},
               {"contract_changed", "its contract changed"},
               {"settings_changed", "its settings changed"},
               {"upstream_changed", "what it reads changed"},
               {"new_data", "new data"}};

static struct str in_words(struct str reason)
{
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (str_eq(reason, str_of(reasons[i].code)))
            return str_of(reasons[i].words);
    return reason;
}

static void put_changes(struct cli *c, struct buf *b, yyjson_val *list)
{
    static const struct {
        const char *action, *mark, *style;
    } marks[] = {{"create", "+", "green"}, {"change", "~", "yellow"}, {"remove", "-", "red"}};
    size_t i, max, k, kmax;
    yyjson_val *v, *what;
    if (yyjson_arr_size(list))
        buf_printf(b, "%sDeclared, not yet deployed%s\n", cli_paint(c->color, "bold"), cli_paint(c->color, ""));
    yyjson_arr_foreach(list, i, max, v)
    {
        struct str action = json_str(v, "action"), kind = json_str(v, "kind"), ref = json_str(v, "ref");
        size_t m = 0;
        while (m + 1 < sizeof marks / sizeof *marks && !str_eq(action, str_of(marks[m].action)))
            m++;
        buf_printf(b, "  %s%s%s %-7.*s %.*s", cli_paint(c->color, marks[m].style), marks[m].mark, cli_paint(c->color, ""),
                   STR_FMT(kind), STR_FMT(ref));
        yyjson_val *whats = yyjson_obj_get(v, "what");
        yyjson_arr_foreach(whats, k, kmax, what) buf_printf(b, "%s%s", k ? ", " : "  (", yyjson_get_str(what));
        buf_addz(b, kmax ? ")\n" : "\n");
    }
}

static void put_loads(struct cli *c, struct buf *b, yyjson_val *list)
{
    size_t i, max;
    yyjson_val *v;
    if (yyjson_arr_size(list))
        buf_printf(b, "%sFiles to load%s\n", cli_paint(c->color, "bold"), cli_paint(c->color, ""));
    yyjson_arr_foreach(list, i, max, v)
    {
        struct str ref = json_str(v, "stream"), file = json_str(v, "file"), reason = json_str(v, "reason");
        buf_printf(b, "  %.*s  %.*s  (%.*s)\n", STR_FMT(ref), STR_FMT(file), STR_FMT(reason));
    }
}

static void put_builds(struct cli *c, struct buf *b, yyjson_val *list)
{
    size_t i, max;
    yyjson_val *v;
    if (yyjson_arr_size(list))
        buf_printf(b, "%sPorts to build%s\n", cli_paint(c->color, "bold"), cli_paint(c->color, ""));
    yyjson_arr_foreach(list, i, max, v)
    {
        struct str ref = json_str(v, "ref"), why = in_words(json_str(v, "reason")), because = json_str(v, "because");
        buf_printf(b, "  %.*s  (%.*s%s%.*s)\n", STR_FMT(ref), STR_FMT(why), because.n ? ": " : "", STR_FMT(because));
    }
}

/* A plan fails where a column has to be classified first. */
static int unclassified(yyjson_val *root)
{
    size_t i, max;
    yyjson_val *v;
    yyjson_arr_foreach(yyjson_obj_get(root, "errors"), i, max, v)
    {
        struct err e = {0};
        api_err(v, &e);
        if (e.code == E_UNCLASSIFIED)
            return err_info_get(e.code)->exit_code;
    }
    return 0;
}

static void put_problems(struct cli *c, yyjson_val *root)
{
    static const char *const keys[] = {"warnings", "errors"};
    for (int k = 0; k < 2; k++) {
        struct errs es = {0};
        size_t i, max;
        yyjson_val *v, *list = yyjson_obj_get(root, keys[k]);
        yyjson_arr_foreach(list, i, max, v)
        {
            struct err e = {0};
            api_err(v, &e);
            if (k == 0)
                errs_warn(&es, e.code, str_of(e.file), e.line, e.col, "%s", e.text);
            else
                errs_push(&es, &e);
        }
        cli_diagnostics(c, &es, stderr);
        errs_fini(&es);
    }
}

int cmd_plan(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    struct errs es = {0};
    struct api *api = NULL;
    struct str dir;
    struct buf text = BUF_INIT(0), b = BUF_INIT((size_t)64 << 20);
    yyjson_doc *doc = NULL;
    int code = 0;
    (void)args;
    if (!cli_mesh_dir(c, &dir, &e) || !api_open(c, dir, &api, &es, &e) ||
        !api_text(api, VERB_GET, "/api/v1/plan", STR(""), &text, &e) || !(doc = json_parse(buf_str(&text), &e))) {
        code = cli_fail_all(c, &es, &e);
        goto out;
    }
    yyjson_val *root = yyjson_doc_get_root(doc);
    if (c->json) {
        cli_print(&text);
        code = unclassified(root);
        goto out;
    }
    put_problems(c, root);
    code = unclassified(root);
    put_changes(c, &b, yyjson_obj_get(root, "changes"));
    put_loads(c, &b, yyjson_obj_get(root, "would_load"));
    put_builds(c, &b, yyjson_obj_get(root, "would_build"));
    long long same = (long long)json_int(root, "up_to_date", 0);
    if (b.n == 0)
        buf_printf(&b, "%sNothing to do%s: %lld port%s up to date\n", cli_paint(c->color, "green"), cli_paint(c->color, ""), same,
                   same == 1 ? "" : "s");
    else
        buf_printf(&b, "%zu to load, %zu to build, %lld up to date\n", yyjson_arr_size(yyjson_obj_get(root, "would_load")),
                   yyjson_arr_size(yyjson_obj_get(root, "would_build")), same);
    cli_print(&b);
out:
    yyjson_doc_free(doc);
    buf_fini(&text);
    buf_fini(&b);
    errs_fini(&es);
    api_close(api);
    return code;
}
