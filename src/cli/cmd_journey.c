/* trellis journey show: the touches and conversions of one customer. Whoever knows them by something else than their id says it, or gives it on standard
 * input, where it is in no history; the answer never holds what they are known by. */
#include <unistd.h>

#include "base/json.h"
#include "cli/api.h"
#include "cli/table.h"
#include "serve/put.h"

enum { IDENTIFIER_MAX = 4096, ANSWER_MAX = 64 << 20, ID_LENGTH = 28, MINUTE = 16, HOUR_S = 3600, DAY_S = 86400 };

static bool word_read(struct cli *c, const char *word, struct str *out, struct err *e)
{
    char *text = arena_alloc(&c->arena, IDENTIFIER_MAX + 1);
    size_t n = 0;
    *out = str_of(word);
    if (strcmp(word, "-") != 0)
        return true;
    while (n < IDENTIFIER_MAX && read(STDIN_FILENO, text + n, 1) == 1 && text[n] != '\n')
        n++;
    *out = str_trim((struct str){text, n});
    return out->n > 0 || err_set(e, E_USAGE, "standard input has no identifier");
}

/* The customer's id: as given, or of the one whom identity knows by this. */
static bool customer_id(struct cli *c, struct api *api, struct str who, struct str *out, struct err *e)
{
    struct buf body = BUF_INIT((size_t)IDENTIFIER_MAX * 8), text = BUF_INIT((size_t)ANSWER_MAX);
    *out = who;
    if (str_starts(who, STR("c_")) && who.n == ID_LENGTH)
        return true;
    put_open(&body, NULL, '{');
    put_str(&body, "who", who);
    put_close(&body, '}');
    yyjson_doc *doc = NULL;
    bool ok = buf_ok(&body, e) && api_text(api, VERB_POST, "/api/v1/identity/explain", buf_str(&body), &text, e) && (doc = json_parse(buf_str(&text), e));
    *out = ok ? arena_str(&c->arena, json_str(yyjson_doc_get_root(doc), "customer_id")) : STR("");
    yyjson_doc_free(doc);
    buf_fini(&body);
    buf_fini(&text);
    return ok && (out->n || err_set(e, E_NOT_FOUND, "there is no such customer"));
}

static struct str age_text(struct cli *c, int64_t s)
{
    if (s >= 2 * DAY_S)
        return arena_printf(&c->arena, "%lld days before", (long long)(s / DAY_S));
    return s >= HOUR_S ? arena_printf(&c->arena, "%lld h before", (long long)(s / HOUR_S)) : arena_printf(&c->arena, "%lld min before", (long long)(s / 60));
}

static struct str share_text(struct cli *c, yyjson_val *touch, const char *model)
{
    yyjson_val *x = yyjson_obj_get(yyjson_obj_get(yyjson_obj_get(touch, "credits"), model), "conversions");
    return yyjson_is_num(x) ? arena_printf(&c->arena, "%.3f", yyjson_get_num(x)) : STR("");
}

static void show_touches(struct cli *c, yyjson_val *touches, bool open)
{
    static const char *const heads[] = {"time", "channel", "source", "campaign", "before", "last", "last non-direct", "first", "linear", "U", "W", "decay"};
    static const char *const models[] = {"last", "last_non_direct", "first", "linear", "position_u", "position_w", "time_decay"};
    size_t i, max, columns = open ? 4 : sizeof heads / sizeof *heads;
    struct table t;
    yyjson_val *x;
    table_init(&t, c, columns);
    for (size_t h = 0; h < columns; h++)
        table_head(&t, h, str_of(heads[h]), h > 3);
    yyjson_arr_foreach(touches, i, max, x)
    {
        struct str at = json_str(x, "at");
        table_cell(&t, (struct str){at.p, at.n > MINUTE ? MINUTE : at.n}, false);
        table_cell(&t, table_clean(&c->arena, json_str(x, "channel")), false);
        table_cell(&t, table_clean(&c->arena, json_str(x, "source")), false);
        table_cell(&t, table_clean(&c->arena, json_str(x, "campaign")), false);
        if (open)
            continue;
        table_cell(&t, age_text(c, json_int(x, "age_s", 0)), true);
        for (size_t m = 0; m < sizeof models / sizeof *models; m++)
            table_cell(&t, share_text(c, x, models[m]), false);
    }
    table_print(&t);
    table_fini(&t);
}

static int show(struct cli *c, yyjson_val *root)
{
    yyjson_val *list = yyjson_obj_get(root, "journeys"), *x;
    size_t i, max;
    struct str id = json_str(root, "customer_id"), from = json_str(root, "redirected_from");
    if (from.n)
        printf("%.*s is retired; it leads to\n", STR_FMT(from));
    printf("%sCustomer %.*s%s\n", cli_paint(c->color, "bold"), STR_FMT(id), cli_paint(c->color, ""));
    if (!yyjson_arr_size(list))
        printf("No conversion, and no touch that may be told.\n");
    yyjson_arr_foreach(list, i, max, x)
    {
        struct str at = json_str(x, "at"), title = table_clean(&c->arena, json_str(x, "title"));
        yyjson_val *value = yyjson_obj_get(x, "value");
        bool open = json_bool(x, "open", false);
        at.n = at.n > MINUTE ? MINUTE : at.n;
        if (open)
            printf("\nSince then, leading to nothing yet:\n");
        else if (yyjson_is_num(value))
            printf("\n%.*s at %.*sZ, worth %.2f:\n", STR_FMT(title), STR_FMT(at), yyjson_get_num(value));
        else
            printf("\n%.*s at %.*sZ:\n", STR_FMT(title), STR_FMT(at));
        if (yyjson_arr_size(yyjson_obj_get(x, "touches")))
            show_touches(c, yyjson_obj_get(x, "touches"), open);
        else
            printf("  no touch within the lookback\n");
    }
    return 0;
}

int cmd_journey(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    struct errs es = {0};
    struct api *api = NULL;
    struct str dir, who, id;
    struct buf text = BUF_INIT((size_t)ANSWER_MAX), target = BUF_INIT((size_t)IDENTIFIER_MAX);
    yyjson_doc *doc = NULL;
    int code = 0;
    bool ok = strcmp(args->words[0], "show") == 0 || err_set(&e, E_USAGE, "there is no `trellis journey %s`; there is: trellis journey show CUSTOMER", args->words[0]);
    ok = ok && word_read(c, args->words[1], &who, &e) && cli_mesh_dir(c, &dir, &e) && api_open(c, dir, &api, &es, &e) && customer_id(c, api, who, &id, &e);
    if (ok) {
        buf_addz(&target, "/api/v1/journeys/");
        buf_add(&target, id);
        if (cli_opt(args, "--conversion"))
            cli_query_add(&target, "conversion", str_of(cli_opt(args, "--conversion")));
        ok = api_text(api, VERB_GET, buf_z(&target), STR(""), &text, &e) && (doc = json_parse(buf_str(&text), &e));
    }
    if (!ok)
        code = cli_fail_all(c, &es, &e);
    else if (c->json)
        cli_print(&text);
    else
        show(c, yyjson_doc_get_root(doc));
    yyjson_doc_free(doc);
    buf_fini(&text);
    buf_fini(&target);
    errs_fini(&es);
    api_close(api);
    return code;
}
