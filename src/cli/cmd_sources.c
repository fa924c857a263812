/* trellis sources: is what must come in time, whole and as usual; for one source also what it brought lately and what stands on
 * it. */
#include "cli/api.h"
#include "cli/table.h"

#include "base/json.h"

enum { COLUMNS = 9, AFFECTED_SHOWN = 20 };

static struct str number(struct cli *c, yyjson_val *object, const char *key)
{
    yyjson_val *v = yyjson_obj_get(object, key);
    return yyjson_is_int(v) ? arena_printf(&c->arena, "%lld", (long long)yyjson_get_sint(v)) : STR("");
}

/* "40 min", "26 h", "3 d" */
static struct str span(struct cli *c, yyjson_val *object, const char *key)
{
    int64_t s = json_int(object, key, -1);
    if (s < 0)
        return STR("");
    return s < 7200     ? arena_printf(&c->arena, "%lld min", (long long)(s / 60))
           : s < 172800 ? arena_printf(&c->arena, "%lld h", (long long)(s / 3600))
                        : arena_printf(&c->arena, "%lld d", (long long)(s / 86400));
}

static struct str clean(struct cli *c, yyjson_val *object, const char *key)
{
    return table_clean(&c->arena, json_str(object, key));
}

static const char *paint(struct str state)
{
    return str_eq(state, STR("ok")) ? "green" : str_eq(state, STR("failed")) ? "red" : "yellow";
}

static void show_all(struct cli *c, yyjson_val *sources)
{
    static const char *const heads[COLUMNS] = {"source",    "state", "newest day", "old", "allowed",
                                               "last load", "usual", "set aside",  "why"};
    struct table t;
    size_t i, max;
    yyjson_val *s;
    if (!yyjson_arr_size(sources)) {
        printf("No source yet; `trellis add` lists those that are ready.\n");
        return;
    }
    table_init(&t, c, COLUMNS);
    for (size_t h = 0; h < COLUMNS; h++)
        table_head(&t, h, str_of(heads[h]), h >= 3 && h <= 7);
    yyjson_arr_foreach(sources, i, max, s)
    {
        struct str domain = json_str(s, "domain"), name = json_str(s, "name");
        table_cell(&t, arena_printf(&c->arena, "%.*s.%.*s", STR_FMT(domain), STR_FMT(name)), false);
        table_cell(&t, json_str(s, "state"), false);
        table_cell(&t, json_str(s, "data_to"), false);
        table_cell(&t, span(c, s, "lag_s"), false);
        table_cell(&t, span(c, s, "allowed_lag_s"), false);
        table_cell(&t, number(c, s, "last_rows"), false);
        table_cell(&t, number(c, s, "habit_rows"), false);
        table_cell(&t, number(c, s, "rows_quarantined"), false);
        table_cell(&t, str_eq(json_str(s, "state"), STR("ok")) ? STR("") : json_str(s, "reason"), false);
    }
    table_print(&t);
    table_fini(&t);
}

static void show_streams(struct cli *c, yyjson_val *s)
{
    size_t i, max, k, kmax;
    yyjson_val *st, *q;
    printf("\nStreams\n");
    yyjson_arr_foreach(yyjson_obj_get(s, "streams"), i, max, st)
    {
        struct str name = clean(c, st, "name"), state = json_str(st, "state"), message = clean(c, st, "message");
        printf("  %.*s: %.*s, %lld files, %lld rows%s%.*s\n", STR_FMT(name), STR_FMT(state), (long long)json_int(st, "files", 0),
               (long long)json_int(st, "rows", 0), message.n ? "; " : "", STR_FMT(message));
        yyjson_arr_foreach(yyjson_obj_get(st, "quarantine"), k, kmax, q)
        {
            struct str reason = clean(c, q, "reason"), file = clean(c, q, "first_file");
            printf("    set aside: %lld rows, %.*s; first in %.*s, line %lld\n", (long long)json_int(q, "count", 0),
                   STR_FMT(reason), STR_FMT(file), (long long)json_int(q, "first_line", 0));
        }
    }
}

static void show_one(struct cli *c, yyjson_val *s)
{
    struct str title = clean(c, s, "title"), state = json_str(s, "state"), reason = clean(c, s, "reason");
    struct str owner = clean(c, yyjson_obj_get(s, "owner"), "name"), contact = clean(c, yyjson_obj_get(s, "owner"), "contact");
    struct table t;
    size_t i, max;
    yyjson_val *v, *affected = yyjson_obj_get(s, "affected"), *loads = yyjson_obj_get(s, "loads");
    printf("%s%.*s%s: %s%.*s%s\n%.*s\nOwner: %.*s %.*s\n", cli_paint(c->color, "bold"), STR_FMT(title), cli_paint(c->color, ""),
           cli_paint(c->color, paint(state)), STR_FMT(state), cli_paint(c->color, ""), STR_FMT(reason), STR_FMT(owner),
           STR_FMT(contact));
    yyjson_arr_foreach(affected, i, max, v)
    {
        struct str ref = clean(c, v, "ref");
        if (i < AFFECTED_SHOWN)
            printf("%s%.*s", i ? ", " : "Feeds: ", STR_FMT(ref));
    }
    if (max)
        printf(max > AFFECTED_SHOWN ? " and %zu more\n" : "\n", max - AFFECTED_SHOWN);
    show_streams(c, s);
    if (!yyjson_arr_size(loads))
        return;
    static const char *const heads[] = {"loaded", "stream", "rows", "set aside", "from", "to", "file"};
    printf("\nLoads, newest first\n");
    fflush(stdout);
    table_init(&t, c, 7);
    for (size_t h = 0; h < 7; h++)
        table_head(&t, h, str_of(heads[h]), h == 2 || h == 3);
    yyjson_arr_foreach(loads, i, max, v)
    {
        struct str at = json_str(v, "at");
        at.n = at.n > 16 ? 16 : at.n;
        table_cell(&t, at, false);
        table_cell(&t, json_str(v, "stream"), false);
        table_cell(&t, number(c, v, "rows"), false);
        table_cell(&t, number(c, v, "quarantined"), false);
        table_cell(&t, json_str(v, "day_from"), false);
        table_cell(&t, json_str(v, "day_to"), false);
        table_cell(&t, json_str(v, "path"), false);
    }
    table_print(&t);
    table_fini(&t);
}

/* "domain.source" to its address; what is no name is not found either way. */
static bool target_of(struct cli *c, const char *ref, struct str *out, struct err *e)
{
    struct str name, domain = str_cut(str_of(ref), '.', &name);
    if (str_is_name(domain) && str_is_name(name)) {
        *out = arena_printf(&c->arena, "/api/v1/sources/%.*s/%.*s", STR_FMT(domain), STR_FMT(name));
        return true;
    }
    err_set(e, E_USAGE, "%s is no source", ref);
    err_hint(e, "write DOMAIN.SOURCE; `trellis sources` lists them");
    return false;
}

int cmd_sources(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    struct errs es = {0};
    struct api *api = NULL;
    struct str dir, target = STR("/api/v1/sources");
    struct buf text = BUF_INIT(0);
    yyjson_doc *doc = NULL;
    int code = 0;
    bool good = (args->n_words == 0 || target_of(c, args->words[0], &target, &e)) && cli_mesh_dir(c, &dir, &e) &&
                api_open(c, dir, &api, &es, &e) && api_text(api, VERB_GET, target.p, STR(""), &text, &e) &&
                (doc = json_parse(buf_str(&text), &e));
    if (!good)
        code = cli_fail_all(c, &es, &e);
    else if (c->json)
        cli_print(&text);
    else if (args->n_words)
        show_one(c, yyjson_doc_get_root(doc));
    else
        show_all(c, yyjson_obj_get(yyjson_doc_get_root(doc), "sources"));
    yyjson_doc_free(doc);
    buf_fini(&text);
    errs_fini(&es);
    api_close(api);
    return code;
}
