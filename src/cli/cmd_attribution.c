/* trellis attribution: which touches brought the conversions of this mesh, by every model; what platforms claim; what is declared. Asked of the routes,
 * so that it is the same whether a server holds the mesh or not. */
#include "cli/attribution.h"

#include "base/json.h"
#include "cli/api.h"
#include "cli/table.h"
#include "serve/put.h"

enum { BODY_MAX = 64 << 10, ANSWER_MAX = 256 << 20, KEYS_MAX = 5 };
static const char *const formats[] = {"table", "csv", "json"};
enum { FORM_TABLE, FORM_CSV, FORM_JSON, FORMS };

struct answer { struct cli *c; yyjson_val *root, *models, *rows; size_t n_models; bool value, spend, intervals; const char *levels[KEYS_MAX]; size_t n_levels; };

/* ---- values: numbers come as they were written ---- */

static struct str written(yyjson_val *v)
{
    return yyjson_is_raw(v) ? (struct str){yyjson_get_raw(v), yyjson_get_len(v)} : yyjson_is_str(v) ? (struct str){yyjson_get_str(v), yyjson_get_len(v)} : STR("");
}

static double number(yyjson_val *v)
{
    double d = 0;
    return yyjson_is_raw(v) && str_to_f64(written(v), &d) ? d : 0;
}

static struct str places(struct cli *c, yyjson_val *v, int n)
{
    return yyjson_is_raw(v) ? arena_printf(&c->arena, "%.*f", n, number(v)) : STR("");
}

static yyjson_val *cell(const struct answer *a, yyjson_val *row, size_t m, const char *what)
{
    yyjson_val *name = yyjson_obj_get(yyjson_arr_get(a->models, m), "name");
    return yyjson_obj_get(yyjson_obj_getn(yyjson_obj_get(row, "credits"), yyjson_get_str(name), yyjson_get_len(name)), what);
}

static struct str model_name(const struct answer *a, size_t m)
{
    return json_str(yyjson_arr_get(a->models, m), "name");
}

/* What of the row has to be seen: its own key, and at the ends of the tree what it belongs to. */
static struct str key_text(const struct answer *a, yyjson_val *row, size_t level)
{
    struct str key = written(yyjson_obj_get(yyjson_obj_get(row, "key"), a->levels[level]));
    if (level + 1 == a->n_levels)
        key = json_str(row, "title");
    return table_clean(&a->c->arena, key);
}

/* ---- table ---- */

static void table_of(const struct answer *a, const char *what, int decimals, bool more)
{
    struct table t;
    size_t i, max, at = 0, cols = a->n_levels + (more ? 1 + (size_t)a->spend : 0) + a->n_models * (a->intervals && more ? 2 : 1);
    yyjson_val *row;
    table_init(&t, a->c, cols);
    for (size_t l = 0; l < a->n_levels; l++)
        table_head(&t, at++, str_of(a->levels[l]), false);
    if (more)
        table_head(&t, at++, STR("touches"), true);
    if (more && a->spend)
        table_head(&t, at++, STR("spend"), true);
    for (size_t m = 0; m < a->n_models; m++) {
        table_head(&t, at++, model_name(a, m), true);
        if (a->intervals && more)
            table_head(&t, at++, STR("between"), true);
    }
    yyjson_arr_foreach(a->rows, i, max, row)
    {
        for (size_t l = 0; l < a->n_levels; l++)
            table_cell(&t, key_text(a, row, l), false);
        if (more)
            table_cell(&t, written(yyjson_obj_get(row, "touches")), false);
        if (more && a->spend)
            table_cell(&t, places(a->c, yyjson_obj_get(row, "spend"), 2), false);
        for (size_t m = 0; m < a->n_models; m++) {
            yyjson_val *low = cell(a, row, m, "low");
            table_cell(&t, places(a->c, cell(a, row, m, what), decimals), false);
            if (a->intervals && more)
                table_cell(&t, yyjson_is_raw(low) ? arena_printf(&a->c->arena, "%.1f – %.1f", number(low), number(cell(a, row, m, "high"))) : STR(""), false);
        }
    }
    table_print(&t);
    table_fini(&t);
}

/* Of one or two models all that is known of them side by side. */
static void table_whole(const struct answer *a)
{
    struct { const char *what, *head; int decimals; bool shown; } const parts[] = {
        {"conversions", "Conversions", 2, true}, {"value", "Value", 2, a->value}, {"cost_per", "Cost per conversion", 2, a->spend}, {"return", "Return", 2, a->spend && a->value}};
    for (size_t p = 0, first = 1; p < sizeof parts / sizeof *parts; p++) {
        if (!parts[p].shown)
            continue;
        printf("%s%s, by %s:\n", first ? "" : "\n", parts[p].head, a->levels[a->n_levels - 1]);
        table_of(a, parts[p].what, parts[p].decimals, first);
        first = 0;
    }
}

static void table_budget(const struct answer *a)
{
    yyjson_val *list = yyjson_obj_get(a->root, "budget"), *x;
    struct table t;
    size_t i, max;
    if (yyjson_arr_size(list) < 2)
        return;
    printf("\nThe same money, as each model would share it over paid channels:\n");
    table_init(&t, a->c, a->n_models + 2);
    table_head(&t, 0, STR("channel"), false);
    table_head(&t, 1, STR("now"), true);
    for (size_t m = 0; m < a->n_models; m++)
        table_head(&t, m + 2, model_name(a, m), true);
    yyjson_arr_foreach(list, i, max, x)
    {
        table_cell(&t, table_clean(&a->c->arena, json_str(x, "channel")), false);
        table_cell(&t, places(a->c, yyjson_obj_get(x, "now"), 2), false);
        for (size_t m = 0; m < a->n_models; m++) {
            struct str name = model_name(a, m);
            table_cell(&t, places(a->c, yyjson_obj_getn(yyjson_obj_get(x, "by_model"), name.p, name.n), 2), false);
        }
    }
    table_print(&t);
    table_fini(&t);
}

static void show_table(const struct answer *a)
{
    yyjson_val *total = yyjson_obj_get(a->root, "total"), *consent = yyjson_obj_get(a->root, "consent"), *note;
    struct str from = json_str(a->root, "from"), to = json_str(a->root, "to");
    size_t i, max;
    table_whole(a);
    table_budget(a);
    if (from.n)
        cli_advice(a->c, "Conversions of %.*s to %.*s: %.*s, %.*s of them without a touch; %.*s journeys led nowhere yet.", STR_FMT(from), STR_FMT(to), STR_FMT(written(yyjson_obj_get(total, "conversions"))),
                   STR_FMT(written(yyjson_obj_get(total, "untouched"))), STR_FMT(written(yyjson_obj_get(total, "open_journeys"))));
    if (yyjson_is_raw(yyjson_obj_get(consent, "share")))
        cli_advice(a->c, "Left out for want of consent: %.*s of %.*s touches (%.1f %%).", STR_FMT(written(yyjson_obj_get(consent, "left_out"))), STR_FMT(written(yyjson_obj_get(consent, "touches"))),
                   100 * number(yyjson_obj_get(consent, "share")));
    yyjson_arr_foreach(yyjson_obj_get(a->root, "notes"), i, max, note)
        cli_advice(a->c, "%.*s", STR_FMT(table_clean(&a->c->arena, written(note))));
    if (number(yyjson_obj_get(a->root, "all")) > (double)yyjson_arr_size(a->rows))
        cli_advice(a->c, "The first %zu of %.*s rows; --limit N shows more.", yyjson_arr_size(a->rows), STR_FMT(written(yyjson_obj_get(a->root, "all"))));
}

static void show_csv(const struct answer *a)
{
    static const char *const parts[] = {"conversions", "low", "high", "value", "value_low", "value_high", "cost_per", "return"};
    struct buf b = BUF_INIT((size_t)ANSWER_MAX);
    size_t i, max;
    yyjson_val *row;
    const bool shown[] = {true, a->intervals, a->intervals, a->value, a->intervals && a->value, a->intervals && a->value, a->spend, a->spend && a->value};
    for (size_t l = 0; l < a->n_levels; l++)
        buf_printf(&b, "%s,", a->levels[l]);
    buf_addz(&b, "title,touches,spend");
    for (size_t m = 0; m < a->n_models; m++)
        for (size_t p = 0; p < sizeof parts / sizeof *parts; p++)
            if (shown[p])
                buf_printf(&b, ",%.*s_%s", STR_FMT(model_name(a, m)), parts[p]);
    buf_addz(&b, "\r\n");
    yyjson_arr_foreach(a->rows, i, max, row)
    {
        for (size_t l = 0; l < a->n_levels; l++) {
            buf_csv_cell(&b, written(yyjson_obj_get(yyjson_obj_get(row, "key"), a->levels[l])));
            buf_addc(&b, ',');
        }
        buf_csv_cell(&b, json_str(row, "title"));
        buf_printf(&b, ",%.*s,%.*s", STR_FMT(written(yyjson_obj_get(row, "touches"))), STR_FMT(written(yyjson_obj_get(row, "spend"))));
        for (size_t m = 0; m < a->n_models; m++)
            for (size_t p = 0; p < sizeof parts / sizeof *parts; p++)
                if (shown[p])
                    buf_printf(&b, ",%.*s", STR_FMT(written(cell(a, row, m, parts[p]))));
        buf_addz(&b, "\r\n");
    }
    cli_print(&b);
    buf_fini(&b);
}

static void read_answer(struct cli *c, yyjson_val *root, struct answer *a)
{
    static const char *const levels[] = {"channel", "source", "campaign", "ad_group", "ad"};
    struct str by = json_str(root, "by");
    yyjson_val *row;
    size_t i, max;
    *a = (struct answer){.c = c, .root = root, .models = yyjson_obj_get(root, "models"), .rows = yyjson_obj_get(root, "rows")};
    a->n_models = yyjson_arr_size(a->models);
    a->value = yyjson_is_raw(yyjson_obj_get(yyjson_obj_get(root, "total"), "value"));
    for (size_t l = 0; l < KEYS_MAX; l++) {
        a->levels[a->n_levels++] = levels[l];
        if (str_eq(by, str_of(levels[l])))
            break;
    }
    yyjson_arr_foreach(a->rows, i, max, row)
    {
        a->spend = a->spend || yyjson_is_raw(yyjson_obj_get(row, "spend"));
        for (size_t m = 0; m < a->n_models; m++)
            a->intervals = a->intervals || yyjson_is_raw(cell(a, row, m, "low"));
    }
}

/* ---- claimed, list ---- */

static void show_claimed(struct cli *c, yyjson_val *root)
{
    static const char *const heads[] = {"platform", "claimed", "with its click", "with a touch", "credited", "over-claim"};
    static const char *const keys[] = {"claimed", "clicked", "touched", "credited", "over_claim"};
    struct table t;
    size_t i, max;
    yyjson_val *x, *note;
    struct str model = json_str(root, "model");
    table_init(&t, c, sizeof heads / sizeof *heads);
    for (size_t h = 0; h < sizeof heads / sizeof *heads; h++)
        table_head(&t, h, str_of(heads[h]), h > 0);
    yyjson_arr_foreach(yyjson_obj_get(root, "rows"), i, max, x)
    {
        table_cell(&t, table_clean(&c->arena, json_str(x, "platform")), false);
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
            table_cell(&t, places(c, yyjson_obj_get(x, keys[k]), k == 1 || k == 2 ? 0 : k == 0 ? 1 : 2), false);
    }
    table_print(&t);
    table_fini(&t);
    cli_advice(c, "Of %.*s conversions; credited by %.*s. Over-claim: what a platform claims for each conversion that it had any touch in.", STR_FMT(written(yyjson_obj_get(root, "conversions"))), STR_FMT(model));
    yyjson_arr_foreach(yyjson_obj_get(root, "notes"), i, max, note)
        cli_advice(c, "%.*s", STR_FMT(table_clean(&c->arena, written(note))));
}

static void show_list(struct cli *c, yyjson_val *root)
{
    static const char *const heads[] = {"conversion", "title", "from", "by", "lookback", "count", "newest"};
    struct table t;
    size_t i, max;
    yyjson_val *x;
    table_init(&t, c, sizeof heads / sizeof *heads);
    for (size_t h = 0; h < sizeof heads / sizeof *heads; h++)
        table_head(&t, h, str_of(heads[h]), h == 4 || h == 5);
    yyjson_arr_foreach(yyjson_obj_get(root, "conversions"), i, max, x)
    {
        struct str newest = json_str(x, "newest");
        table_cell(&t, json_str(x, "name"), false);
        table_cell(&t, table_clean(&c->arena, json_str(x, "title")), false);
        table_cell(&t, json_str(x, "from"), false);
        table_cell(&t, json_str(x, "by"), false);
        table_cell(&t, arena_printf(&c->arena, "%.4gd", number(yyjson_obj_get(x, "lookback_s")) / 86400), false);
        table_cell(&t, written(yyjson_obj_get(x, "count")), false);
        table_cell(&t, (struct str){newest.p, newest.n > 16 ? 16 : newest.n}, false);
    }
    table_print(&t);
    table_fini(&t);
    printf("\n");
    table_init(&t, c, 3);
    table_head(&t, 0, STR("model"), false);
    table_head(&t, 1, STR("title"), false);
    table_head(&t, 2, STR("what it does"), false);
    yyjson_arr_foreach(yyjson_obj_get(root, "models"), i, max, x)
    {
        table_cell(&t, json_str(x, "name"), false);
        table_cell(&t, json_str(x, "title"), false);
        table_cell(&t, json_str(x, "about"), true);
    }
    table_print(&t);
    table_fini(&t);
}

/* ---- the request ---- */

static bool form_read(struct cli *c, const struct cli_args *args, int *form, struct err *e)
{
    const char *given = cli_opt(args, "--format");
    *form = c->json ? FORM_JSON : FORM_TABLE;
    for (int i = 0; given && i < FORMS; i++)
        if (strcmp(given, formats[i]) == 0) {
            *form = i;
            c->json = c->json || i == FORM_JSON;
            return true;
        }
    return !given || err_set(e, E_USAGE, "--format is one of table, csv, json; not '%s'", given);
}

/* What only one half of the command takes. */
static bool fits(const struct cli_args *args, struct err *e)
{
    static const char *const of_paths[] = {"--worth", "--direct", "--seed", "--samples"};
    for (size_t i = 0; i < sizeof of_paths / sizeof *of_paths; i++)
        if (cli_has(args, of_paths[i])) {
            err_set(e, E_USAGE, "%s is for --paths", of_paths[i]);
            return err_hint(e, "of a mesh it is declared in governance/attribution.yaml; --intervals asks for intervals"), false;
        }
    return true;
}

static void put_given(struct buf *b, const struct cli_args *args, const char *option, const char *key)
{
    const char *v = cli_opt(args, option);
    if (v)
        put_str(b, key, str_of(v));
}

static bool body_make(const struct cli_args *args, struct buf *b, struct err *e)
{
    static const char *const texts[][2] = {{"--conversion", "conversion"}, {"--by", "by"}, {"--from", "from"}, {"--to", "to"}, {"--lookback", "lookback"}, {"--where", "where"},
                                           {"--touches", "touches"}, {"--conversions", "conversions"}};
    const char *models = cli_opt(args, "--model");
    int64_t order, limit;
    if (!cli_int(args, "--order", 0, 1, 4, &order, e) || !cli_int(args, "--limit", 0, 1, 100000, &limit, e))
        return false;
    put_open(b, NULL, '{');
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        put_given(b, args, texts[i][0], texts[i][1]);
    if (models) {
        put_open(b, "models", '[');
        for (struct str rest = str_of(models); rest.p;)
            put_str(b, NULL, str_trim(str_cut(rest, ',', &rest)));
        put_close(b, ']');
    }
    if (order)
        put_int(b, "order", order);
    if (limit)
        put_int(b, "limit", limit);
    put_bool(b, "once", cli_has(args, "--once"));
    put_bool(b, "intervals", cli_has(args, "--intervals"));
    put_close(b, '}');
    return buf_ok(b, e);
}

static bool ask(const struct cli_args *args, struct api *api, struct buf *text, struct err *e)
{
    struct buf body = BUF_INIT((size_t)BODY_MAX), target = BUF_INIT((size_t)BODY_MAX);
    bool ok;
    if (cli_has(args, "--list")) {
        ok = api_text(api, VERB_GET, "/api/v1/attribution/conversions", STR(""), text, e);
    } else if (cli_has(args, "--claimed")) {
        static const char *const names[] = {"conversion", "from", "to"};
        static const char *const options[] = {"--conversion", "--from", "--to"};
        buf_addz(&target, "/api/v1/attribution/claimed");
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            if (cli_opt(args, options[i]))
                cli_query_add(&target, names[i], str_of(cli_opt(args, options[i])));
        ok = api_text(api, VERB_GET, buf_z(&target), STR(""), text, e);
    } else {
        ok = body_make(args, &body, e) && api_text(api, VERB_POST, "/api/v1/attribution", buf_str(&body), text, e);
    }
    buf_fini(&body);
    buf_fini(&target);
    return ok;
}

static int of_mesh(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    struct errs es = {0};
    struct api *api = NULL;
    struct str dir;
    struct buf text = BUF_INIT((size_t)ANSWER_MAX);
    struct answer a;
    yyjson_doc *doc = NULL;
    int form = FORM_TABLE, code = 0;
    bool ok = form_read(c, args, &form, &e) && fits(args, &e);
    if (ok && form == FORM_CSV && (cli_has(args, "--list") || cli_has(args, "--claimed")))
        ok = err_set(&e, E_USAGE, "--list and --claimed are told as table or json");
    ok = ok && cli_mesh_dir(c, &dir, &e) && api_open(c, dir, &api, &es, &e) && ask(args, api, &text, &e);
    if (ok && form != FORM_JSON && !(doc = yyjson_read(text.p, text.n, YYJSON_READ_NUMBER_AS_RAW)))
        ok = err_set(&e, E_IO, "the answer broke off before its end");
    yyjson_val *root = doc ? yyjson_doc_get_root(doc) : NULL;
    if (!ok) {
        code = cli_fail_all(c, &es, &e);
    } else if (form == FORM_JSON) {
        cli_print(&text);
    } else if (cli_has(args, "--list")) {
        show_list(c, root);
    } else if (cli_has(args, "--claimed")) {
        show_claimed(c, root);
    } else {
        read_answer(c, root, &a);
        (form == FORM_CSV ? show_csv : show_table)(&a);
    }
    yyjson_doc_free(doc);
    buf_fini(&text);
    errs_fini(&es);
    api_close(api);
    return code;
}

int cmd_attribution(struct cli *c, const struct cli_args *args)
{
    static const char *const of_mesh_alone[] = {"--conversion", "--by", "--lookback", "--from", "--to", "--where", "--touches", "--conversions", "--once", "--intervals", "--claimed", "--list", "--limit"};
    struct err e = {0};
    if (!cli_has(args, "--paths"))
        return of_mesh(c, args);
    for (size_t i = 0; i < sizeof of_mesh_alone / sizeof *of_mesh_alone; i++)
        if (cli_has(args, of_mesh_alone[i])) {
            err_set(&e, E_USAGE, "%s is about a mesh, not about a file of paths", of_mesh_alone[i]);
            return cli_fail(c, &e);
        }
    return attribution_paths(c, args);
}
