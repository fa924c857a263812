/* trellis roles: what each role may see and do; of one role, every port with the form it is shown in. */
#include "cli/api.h"
#include "cli/table.h"

#include "base/json.h"

enum { TIERS = 5 };
static const char *const tiers[TIERS] = {"raw", "masked", "aggregated", "test", "none"};

static struct str clean(struct cli *c, yyjson_val *object, const char *key)
{
    return table_clean(&c->arena, json_str(object, key));
}

static struct str rights_of(struct cli *c, yyjson_val *role)
{
    size_t i, max;
    yyjson_val *r, *list = yyjson_obj_get(role, "rights");
    struct str out = STR("");
    yyjson_arr_foreach(list, i, max, r)
    {
        struct str domains = api_list(c, yyjson_obj_get(r, "domains"));
        out = arena_printf(&c->arena, "%.*s%s%.*s%s%.*s", STR_FMT(out), i ? ", " : "", STR_FMT(clean(c, r, "right")), domains.n ? " in " : "", STR_FMT(domains));
    }
    return out;
}

static size_t ports_in(yyjson_val *cells, struct str role, const char *tier)
{
    size_t i, max, n = 0;
    yyjson_val *cell;
    yyjson_arr_foreach(cells, i, max, cell) n += str_eq(json_str(cell, "role"), role) && str_eq(json_str(cell, "tier"), str_of(tier));
    return n;
}

static int show_all(struct cli *c, yyjson_val *root)
{
    static const char *const heads[] = {"ROLE", "RAW", "MASKED", "AGGREGATED", "TEST", "NONE", "RIGHTS", "GROUPS"};
    enum { HEADS = sizeof heads / sizeof *heads };
    size_t i, max;
    yyjson_val *r, *cells = yyjson_obj_get(root, "cells");
    struct table t;
    table_init(&t, c, HEADS);
    for (size_t k = 0; k < HEADS; k++)
        table_head(&t, k, str_of(heads[k]), k > 0 && k <= TIERS);
    yyjson_arr_foreach(yyjson_obj_get(root, "roles"), i, max, r)
    {
        struct str name = json_str(r, "name");
        table_cell(&t, clean(c, r, "name"), false);
        for (size_t k = 0; k < TIERS; k++) {
            size_t n = ports_in(cells, name, tiers[k]);
            table_cell(&t, arena_printf(&c->arena, "%zu", n), n == 0);
        }
        table_cell(&t, rights_of(c, r), false);
        table_cell(&t, api_list(c, yyjson_obj_get(r, "groups")), false);
    }
    table_print(&t);
    table_fini(&t);
    cli_advice(c, "Ports by the form they are shown in, for %.*s. One role in full: trellis roles NAME", STR_FMT(clean(c, root, "purpose")));
    return 0;
}

static struct str masks_of(struct cli *c, yyjson_val *cell)
{
    size_t i, max;
    yyjson_val *m;
    struct str out = STR("");
    yyjson_arr_foreach(yyjson_obj_get(cell, "masks"), i, max, m)
    {
        struct str to = clean(c, m, "to");
        out = arena_printf(&c->arena, "%.*s%s%.*s %.*s%s%.*s", STR_FMT(out), i ? ", " : "", STR_FMT(clean(c, m, "column")), STR_FMT(clean(c, m, "mask")), to.n ? " to " : "", STR_FMT(to));
    }
    return out;
}

static int show_one(struct cli *c, yyjson_val *root)
{
    static const char *const heads[] = {"PORT", "SHOWN", "ROWS", "CONSENT", "MASKS"};
    enum { HEADS = sizeof heads / sizeof *heads };
    size_t i, max, hidden = 0;
    yyjson_val *cell;
    struct table t;
    table_init(&t, c, HEADS);
    for (size_t k = 0; k < HEADS; k++)
        table_head(&t, k, str_of(heads[k]), false);
    yyjson_arr_foreach(yyjson_obj_get(root, "cells"), i, max, cell)
    {
        if (str_eq(json_str(cell, "tier"), STR("none"))) {
            hidden++;
            continue;
        }
        int64_t minimum = json_int(cell, "minimum", 0);
        table_cell(&t, clean(c, cell, "ref"), false);
        table_cell(&t, minimum ? arena_printf(&c->arena, "groups of %lld", (long long)minimum) : clean(c, cell, "tier"), false);
        table_cell(&t, clean(c, cell, "rows"), false);
        table_cell(&t, json_bool(cell, "consent", false) ? STR("who said no is left out") : STR(""), false);
        table_cell(&t, masks_of(c, cell), false);
    }
    table_print(&t);
    table_fini(&t);
    if (hidden)
        printf("%zu other ports do not exist for it.\n", hidden);
    yyjson_val *role = yyjson_arr_get_first(yyjson_obj_get(root, "roles"));
    struct str rights = rights_of(c, role);
    printf("May do: %.*s\n", STR_FMT(rights.n ? rights : STR("nothing beyond reading")));
    return 0;
}

int cmd_roles(struct cli *c, const struct cli_args *args)
{
    struct buf target = BUF_INIT((size_t)8192);
    buf_addz(&target, "/api/v1/governance/access?limit=500");
    if (args->n_words)
        cli_query_add(&target, "role", str_of(args->words[0]));
    if (c->purpose.n)
        cli_query_add(&target, "purpose", c->purpose);
    int code = api_show(c, VERB_GET, buf_z(&target), STR(""), args->n_words ? show_one : show_all);
    buf_fini(&target);
    return code;
}
