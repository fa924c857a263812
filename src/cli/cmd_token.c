/* trellis token: service tokens, for programs. */
#include "cli/api.h"
#include "cli/table.h"

#include "base/json.h"

enum { BODY_MAX = 64 << 10, DAYS_MAX = 366 };

static struct str day(struct str time)
{
    return (struct str){time.p, time.n > 10 ? 10 : time.n};
}

static int show_tokens(struct cli *c, yyjson_val *root)
{
    size_t i, max;
    yyjson_val *v, *tokens = yyjson_obj_get(root, "tokens");
    static const char *const heads[] = {"ID", "TOKEN", "NAME", "ROLES", "PURPOSES", "STATE", "EXPIRES", "USED"};
    struct table t;
    if (yyjson_arr_size(tokens) == 0) {
        printf("No service token yet. trellis token create --role ROLE --purpose PURPOSE makes one.\n");
        return 0;
    }
    table_init(&t, c, 8);
    for (size_t k = 0; k < 8; k++)
        table_head(&t, k, str_of(heads[k]), k == 0);
    yyjson_arr_foreach(tokens, i, max, v)
    {
        struct str used = day(json_str(v, "used_at"));
        table_cell(&t, arena_printf(&c->arena, "%lld", (long long)json_int(v, "id", 0)), false);
        table_cell(&t, arena_printf(&c->arena, "%.*s…", STR_FMT(json_str(v, "begins"))), false);
        table_cell(&t, table_clean(&c->arena, json_str(v, "title")), false);
        table_cell(&t, api_list(c, yyjson_obj_get(v, "roles")), false);
        table_cell(&t, api_list(c, yyjson_obj_get(v, "purposes")), false);
        table_cell(&t, json_str(v, "state"), false);
        table_cell(&t, day(json_str(v, "expires_at")), false);
        table_cell(&t, used.n ? used : STR("never"), used.n == 0);
    }
    table_print(&t);
    table_fini(&t);
    return 0;
}

static int show_made(struct cli *c, yyjson_val *root)
{
    yyjson_val *t = yyjson_obj_get(root, "token"), *before = yyjson_obj_get(root, "before");
    printf("%.*s\n", STR_FMT(json_str(root, "secret")));
    cli_advice(c, "This is service token %lld, until %.*s. It is shown this once: put it where your code keeps its secrets.", (long long)json_int(t, "id", 0),
               STR_FMT(day(json_str(t, "expires_at"))));
    if (before)
        cli_advice(c, "Service token %lld, which it replaces, holds for another hour.", (long long)json_int(before, "id", 0));
    else
        cli_advice(c, "curl -H 'Authorization: Bearer TOKEN' -H 'Content-Type: application/json' -d '{\"sql\":\"SELECT …\"}' http://127.0.0.1:8080/api/v1/query");
    return 0;
}

static int show_ended(struct cli *c, yyjson_val *root)
{
    (void)c;
    printf("Service token %lld is revoked.\n", (long long)json_int(yyjson_obj_get(root, "token"), "id", 0));
    return 0;
}

/* "30d", "12w" or a number of days. */
static bool read_days(const char *text, int64_t *days, struct err *e)
{
    struct str s = str_of(text);
    int64_t by = 1;
    if (s.n > 1 && (s.p[s.n - 1] == 'd' || s.p[s.n - 1] == 'w')) {
        by = s.p[s.n - 1] == 'w' ? 7 : 1;
        s.n--;
    }
    if (str_to_i64(s, days) && *days >= 1 && *days <= DAYS_MAX && *days * by <= DAYS_MAX) {
        *days *= by;
        return true;
    }
    err_set(e, E_USAGE, "--expires %.40s is no time from a day to a year", text);
    err_hint(e, "write it as 30d or 12w");
    return false;
}

static void put_list(struct buf *b, const char *key, const struct cli_args *args, const char *option)
{
    const char *v;
    size_t at = 0, n = 0;
    buf_json_key(b, key);
    buf_addc(b, '[');
    while ((v = cli_opt_each(args, option, &at)) != NULL) {
        if (n++)
            buf_addc(b, ',');
        buf_json_str(b, str_of(v));
    }
    buf_addc(b, ']');
}

static int create(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    const char *expires = cli_opt(args, "--expires"), *name = cli_opt(args, "--name");
    int64_t days = 0;
    if (expires && !read_days(expires, &days, &e))
        return cli_fail(c, &e);
    struct buf b = BUF_INIT((size_t)BODY_MAX);
    buf_addc(&b, '{');
    put_list(&b, "roles", args, "--role");
    buf_addc(&b, ',');
    put_list(&b, "purposes", args, "--purpose");
    buf_addz(&b, ",\"title\":");
    buf_json_str(&b, str_of(name ? name : ""));
    if (days)
        buf_printf(&b, ",\"expires_days\":%lld", (long long)days);
    buf_addc(&b, '}');
    int code = api_show(c, VERB_POST, "/api/v1/tokens", buf_str(&b), show_made);
    buf_fini(&b);
    return code;
}

int cmd_token(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    const char *what = args->n_words ? args->words[0] : "list", *word = args->n_words > 1 ? args->words[1] : NULL;
    bool end = strcmp(what, "revoke") == 0, rotate = strcmp(what, "rotate") == 0;
    int64_t id;
    if (strcmp(what, "list") == 0 && !word)
        return api_show(c, VERB_GET, "/api/v1/tokens", STR(""), show_tokens);
    if (strcmp(what, "create") == 0 && !word)
        return create(c, args);
    if ((end || rotate) && word && str_to_i64(str_of(word), &id)) {
        struct str target = arena_printf(&c->arena, "/api/v1/tokens/%lld/%s", (long long)id, end ? "revoke" : "rotate");
        return api_show(c, VERB_POST, target.p, STR("{}"), end ? show_ended : show_made);
    }
    err_set(&e, E_USAGE, "`trellis token %s` is not understood", what);
    err_hint(&e, "trellis token create --role ROLE --purpose PURPOSE, list, revoke ID, rotate ID");
    return cli_fail(c, &e);
}
