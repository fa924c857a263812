/* trellis scan: personal data that nobody declared, by column, with confidence and why; with --write the classes go into the contracts. */
#include "cli/api.h"
#include "cli/table.h"

#include "base/json.h"

static int show(struct cli *c, yyjson_val *root)
{
    static const char *const heads[] = {"column", "looks like", "sure", "proposed", "declared", "state", "why"};
    enum { COLUMNS = sizeof heads / sizeof *heads };
    struct table t;
    size_t i, max, open = 0;
    yyjson_val *v, *list = yyjson_obj_get(root, "findings");
    table_init(&t, c, COLUMNS);
    for (size_t k = 0; k < COLUMNS; k++)
        table_head(&t, k, str_of(heads[k]), k == 2);
    yyjson_arr_foreach(list, i, max, v)
    {
        struct str path = json_str(v, "path"), state = json_str(v, "state");
        open += str_eq(state, STR("unclassified"));
        table_cell(&t, arena_printf(&c->arena, "%.*s.%.*s%s%.*s", STR_FMT(json_str(v, "ref")), STR_FMT(json_str(v, "column")), path.n ? "." : "", STR_FMT(path)), false);
        table_cell(&t, json_str(v, "kind"), false);
        table_cell(&t, arena_printf(&c->arena, "%lld %%", (long long)json_int(v, "percent", 0)), false);
        table_cell(&t, json_str(v, "proposed"), false);
        table_cell(&t, json_str(v, "declared"), false);
        table_cell(&t, state, false);
        table_cell(&t, json_str(v, "why"), false);
    }
    if (max)
        table_print(&t);
    table_fini(&t);
    printf("%lld tables and streams looked at, %zu columns look personal, %zu of them want a classification.\n", (long long)json_int(root, "looked", 0), max, open);
    if (open)
        cli_advice(c, "trellis scan --write classifies those of ports; those of raw streams are written into the contract of their source");
    return 0;
}

static int show_written(struct cli *c, yyjson_val *root)
{
    size_t i, max;
    yyjson_val *v;
    struct str patch = json_str(root, "patch");
    printf("%.*s", STR_FMT(patch));
    yyjson_arr_foreach(yyjson_obj_get(root, "errors"), i, max, v) fprintf(stderr, "%.*s\n", STR_FMT(json_str(v, "message")));
    printf("%lld columns classified, %lld wait for a contract of their source.\n", (long long)(json_bool(root, "applied", false) ? json_int(root, "columns", 0) : 0), (long long)json_int(root, "left", 0));
    (void)c;
    return yyjson_arr_size(yyjson_obj_get(root, "errors")) ? 4 : 0;
}

int cmd_scan(struct cli *c, const struct cli_args *args)
{
    struct buf body = BUF_INIT(1 << 16);
    int code;
    buf_addz(&body, "{\"ref\":");
    buf_json_str(&body, args->n_words ? str_of(args->words[0]) : STR(""));
    buf_addc(&body, '}');
    code = api_show(c, VERB_POST, "/api/v1/scan", buf_str(&body), show);
    if (code == 0 && cli_has(args, "--write")) {
        body.n--;
        buf_addz(&body, ",\"apply\":true}");
        code = api_show(c, VERB_POST, "/api/v1/scan/accept", buf_str(&body), show_written);
    }
    buf_fini(&body);
    return code;
}
