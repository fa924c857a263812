/* trellis expire: what is older than its rule of retention keeps, looked at or taken away. */
#include "cli/api.h"
#include "cli/table.h"

#include "base/json.h"

static struct str day(yyjson_val *object, const char *key)
{
    struct str s = json_str(object, key);
    s.n = s.n > 10 ? 10 : s.n;
    return s;
}

static int show(struct cli *c, yyjson_val *r)
{
    static const char *const heads[] = {"rule", "what", "kind", "before", "oldest", "rows", "held", "done how"};
    enum { COLUMNS = sizeof heads / sizeof *heads };
    struct table t;
    size_t i, max;
    yyjson_val *p;
    bool dry = json_bool(r, "dry_run", false);
    if (yyjson_arr_size(yyjson_obj_get(r, "places")) == 0) {
        printf("No rule of retention fits anything here; governance/policies.yaml holds them.\n");
        return 0;
    }
    table_init(&t, c, COLUMNS);
    for (size_t k = 0; k < COLUMNS; k++)
        table_head(&t, k, str_of(heads[k]), k == 5 || k == 6);
    yyjson_arr_foreach(yyjson_obj_get(r, "places"), i, max, p)
    {
        struct str why = json_str(p, "why"), how = json_str(p, "how");
        bool anonymise = str_eq(json_str(p, "action"), STR("anonymise"));
        table_cell(&t, json_str(p, "rule"), false);
        table_cell(&t, json_str(p, "ref"), false);
        table_cell(&t, json_str(p, "kind"), false);
        table_cell(&t, day(p, "before"), false);
        table_cell(&t, day(p, "oldest"), false);
        table_cell(&t, arena_printf(&c->arena, "%lld", (long long)json_int(p, "rows", 0)), false);
        table_cell(&t, arena_printf(&c->arena, "%lld", (long long)json_int(p, "held", 0)), false);
        table_cell(&t, why.n ? arena_printf(&c->arena, "%.*s: %.*s", STR_FMT(how), STR_FMT(why)) : str_eq(how, STR("rows")) ? (anonymise ? STR("anonymised") : STR("deleted")) : how, false);
    }
    table_print(&t);
    table_fini(&t);
    yyjson_arr_foreach(yyjson_obj_get(r, "problems"), i, max, p) fprintf(stderr, "%s\n", yyjson_get_str(p));
    printf("%lld rows %s, %lld are held%s.\n", (long long)json_int(r, "rows", 0), dry ? "would go" : "went", (long long)json_int(r, "held", 0),
           json_bool(r, "compacted", false) ? "; the data file was written anew" : "");
    if (dry && json_int(r, "rows", 0))
        cli_advice(c, "trellis expire does it; a server does it once a day");
    return 0;
}

int cmd_expire(struct cli *c, const struct cli_args *args)
{
    return api_show(c, VERB_POST, "/api/v1/retention", cli_has(args, "--dry-run") ? STR("{\"dry_run\":true}") : STR("{\"dry_run\":false}"), show);
}
