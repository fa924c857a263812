/* trellis user: people who may sign in. */
#include "cli/api.h"
#include "cli/table.h"

#include "base/json.h"

enum { BODY_MAX = 64 << 10 };

static struct str clean(struct cli *c, yyjson_val *object, const char *key)
{
    return table_clean(&c->arena, json_str(object, key));
}

static struct str minute(struct str time)
{
    return (struct str){time.p, time.n > 16 ? 16 : time.n};
}

static int show_users(struct cli *c, yyjson_val *root)
{
    size_t i, max;
    yyjson_val *v, *users = yyjson_obj_get(root, "users");
    struct table t;
    if (yyjson_arr_size(users) == 0) {
        printf("Nobody has an account yet. trellis user add NAME --role ROLE makes one.\n");
        return 0;
    }
    table_init(&t, c, 5);
    static const char *const heads[] = {"NAME", "ROLES", "SIGNS IN BY", "SEEN", "STATE"};
    for (size_t k = 0; k < 5; k++)
        table_head(&t, k, str_of(heads[k]), false);
    yyjson_arr_foreach(users, i, max, v)
    {
        struct str roles = api_list(c, yyjson_obj_get(v, "roles")), groups = api_list(c, yyjson_obj_get(v, "groups")), seen = minute(json_str(v, "seen_at"));
        bool sso = str_eq(json_str(v, "by"), STR("single_sign_on"));
        table_cell(&t, clean(c, v, "name"), false);
        table_cell(&t, sso && groups.n ? arena_printf(&c->arena, "%.*s%sgroups %.*s", STR_FMT(roles), roles.n ? ", " : "", STR_FMT(groups)) : roles, false);
        table_cell(&t, sso ? STR("single sign-on") : json_bool(v, "has_password", false) ? STR("password") : STR("link not used yet"), false);
        table_cell(&t, seen.n ? arena_printf(&c->arena, "%.*sZ", STR_FMT(seen)) : STR("never"), seen.n == 0);
        table_cell(&t, json_bool(v, "disabled", false) ? STR("disabled") : json_bool(v, "locked", false) ? STR("locked") : STR(""), false);
    }
    table_print(&t);
    table_fini(&t);
    return 0;
}

static int show_link(struct cli *c, yyjson_val *root)
{
    struct str url = json_str(root, "url"), link = json_str(root, "link"), until = minute(json_str(root, "expires_at"));
    printf("%.*s\n", STR_FMT(url.n ? url : link));
    cli_advice(c, "This address sets the password, once, until %.*sZ. Give it to nobody else.", STR_FMT(until));
    if (!url.n)
        cli_advice(c, "It belongs behind the address of your server: trellis serve.");
    return 0;
}

static int show_changed(struct cli *c, yyjson_val *root)
{
    yyjson_val *u = yyjson_obj_get(root, "user");
    struct str name = clean(c, u, "name"), roles = api_list(c, yyjson_obj_get(u, "roles"));
    printf("%.*s: %s%.*s%s\n", STR_FMT(name), roles.n ? "" : "no role", STR_FMT(roles), json_bool(u, "disabled", false) ? "; disabled" : "");
    cli_advice(c, "Open sessions of %.*s have ended.", STR_FMT(name));
    return 0;
}

static void put_list(struct buf *b, const char *const *v, size_t n)
{
    buf_addc(b, '[');
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_addc(b, ',');
        buf_json_str(b, str_of(v[i]));
    }
    buf_addc(b, ']');
}

/* "/api/v1/users/NAME" with the name as one part of the path. */
static void put_target(struct buf *b, const char *name, const char *what)
{
    static const char hex[] = "0123456789ABCDEF";
    buf_addz(b, "/api/v1/users/");
    for (const unsigned char *p = (const unsigned char *)name; *p; p++) {
        bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || strchr("-._", *p);
        if (plain) {
            buf_addc(b, (char)*p);
        } else {
            buf_addc(b, '%');
            buf_addc(b, hex[*p >> 4]);
            buf_addc(b, hex[*p & 15]);
        }
    }
    buf_addz(b, what);
}

int cmd_user(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    const char *what = args->n_words ? args->words[0] : "list", *name = args->n_words > 1 ? args->words[1] : NULL, *title = cli_opt(args, "--title"), *role;
    const char **roles = arena_array(&c->arena, args->n_given + (size_t)args->n_words + 1, sizeof *roles);
    size_t n_roles = 0, at = 0;
    struct buf target = BUF_INIT((size_t)BODY_MAX), body = BUF_INIT((size_t)BODY_MAX);
    int code;
    while ((role = cli_opt_each(args, "--role", &at)) != NULL)
        roles[n_roles++] = role;
    if (strcmp(what, "list") == 0 && !name) {
        code = api_show(c, VERB_GET, "/api/v1/users", STR(""), show_users);
    } else if (strcmp(what, "add") == 0 && name && args->n_words == 2) {
        buf_addz(&body, "{\"name\":");
        buf_json_str(&body, str_of(name));
        buf_addz(&body, ",\"title\":");
        buf_json_str(&body, str_of(title ? title : ""));
        buf_addz(&body, ",\"roles\":");
        put_list(&body, roles, n_roles);
        buf_addc(&body, '}');
        code = api_show(c, VERB_POST, "/api/v1/users", buf_str(&body), show_link);
    } else if (strcmp(what, "roles") == 0 && name && args->n_words > 2) {
        for (int i = 2; i < args->n_words; i++)
            roles[n_roles++] = args->words[i];
        put_target(&target, name, "");
        buf_addz(&body, "{\"roles\":");
        put_list(&body, roles, n_roles);
        buf_addc(&body, '}');
        code = api_show(c, VERB_POST, buf_z(&target), buf_str(&body), show_changed);
    } else if ((strcmp(what, "disable") == 0 || strcmp(what, "enable") == 0) && name && args->n_words == 2) {
        put_target(&target, name, "");
        code = api_show(c, VERB_POST, buf_z(&target), *what == 'd' ? STR("{\"disabled\":true}") : STR("{\"disabled\":false}"), show_changed);
    } else if (strcmp(what, "link") == 0 && name && args->n_words == 2) {
        put_target(&target, name, "/link");
        code = api_show(c, VERB_POST, buf_z(&target), STR("{}"), show_link);
    } else {
        err_set(&e, E_USAGE, "`trellis user %s` is not understood", what);
        err_hint(&e, "trellis user add NAME --role ROLE, list, roles NAME ROLE…, disable NAME, enable NAME, link NAME");
        code = cli_fail(c, &e);
    }
    buf_fini(&target);
    buf_fini(&body);
    return code;
}
