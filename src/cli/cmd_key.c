/* trellis key, trellis suppress: who may send events, and whose events are not kept. */
#include "cli/api.h"
#include "cli/table.h"

#include <unistd.h>

#include "base/json.h"

enum { IDENTIFIER_MAX = 4096 };

static struct str clean(struct cli *c, yyjson_val *object, const char *key)
{
    return table_clean(&c->arena, json_str(object, key));
}

static int show_keys(struct cli *c, yyjson_val *root)
{
    size_t i, max;
    yyjson_val *v, *keys = yyjson_obj_get(root, "keys");
    if (yyjson_arr_size(keys) == 0)
        printf("No write key yet. trellis key create DOMAIN.SOURCE makes one.\n");
    yyjson_arr_foreach(keys, i, max, v)
    {
        struct str source = clean(c, v, "source"), begins = clean(c, v, "begins"), label = clean(c, v, "label"),
                   created = json_str(v, "created_at"), revoked = json_str(v, "revoked_at");
        created.n = created.n > 16 ? 16 : created.n;
        revoked.n = revoked.n > 16 ? 16 : revoked.n;
        printf("%4lld  %.*s  %.*s…  since %.*sZ%s%.*s%s%s%.*s\n", (long long)json_int(v, "id", 0), STR_FMT(source), STR_FMT(begins),
               STR_FMT(created), revoked.n ? ", revoked " : "", STR_FMT(revoked), revoked.n ? "Z" : "", label.n ? "  " : "",
               STR_FMT(label));
    }
    return 0;
}

static int show_key(struct cli *c, yyjson_val *root)
{
    struct str key = json_str(root, "key"), source = clean(c, root, "source");
    printf("%.*s\n", STR_FMT(key));
    cli_advice(c, "This is the write key of %.*s. It is shown this once: put it where your code keeps its secrets.", STR_FMT(source));
    cli_advice(c, "trellis serve --collector-listen 127.0.0.1:8081 takes events; on a page: "
                  "<script async src=\"http://127.0.0.1:8081/t.js\" data-key=\"…\"></script>");
    return 0;
}

static int show_revoked(struct cli *c, yyjson_val *root)
{
    (void)c;
    printf("Key %lld is revoked; what comes with it is answered 401 within a second.\n", (long long)json_int(root, "id", 0));
    return 0;
}

int cmd_key(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    const char *what = args->n_words ? args->words[0] : "list";
    const char *word = args->n_words > 1 ? args->words[1] : NULL;
    struct buf b = BUF_INIT((size_t)4096);
    int code;
    if (strcmp(what, "list") == 0) {
        buf_addz(&b, "/api/v1/keys");
        if (word)
            cli_query_add(&b, "source", str_of(word));
        code = api_show(c, VERB_GET, buf_z(&b), STR(""), show_keys);
    } else if (strcmp(what, "create") == 0 && word) {
        const char *label = cli_opt(args, "--label");
        buf_addz(&b, "{\"source\":");
        buf_json_str(&b, str_of(word));
        buf_addz(&b, ",\"label\":");
        buf_json_str(&b, str_of(label ? label : ""));
        buf_addc(&b, '}');
        code = api_show(c, VERB_POST, "/api/v1/keys", buf_str(&b), show_key);
    } else if (strcmp(what, "revoke") == 0 && word) {
        int64_t id;
        if (str_to_i64(str_of(word), &id)) {
            buf_printf(&b, "/api/v1/keys/%lld/revoke", (long long)id);
            code = api_show(c, VERB_POST, buf_z(&b), STR(""), show_revoked);
        } else {
            err_set(&e, E_USAGE, "`trellis key revoke` takes the number of a key, not \"%s\"", word);
            err_hint(&e, "trellis key list shows the numbers");
            code = cli_fail(c, &e);
        }
    } else {
        err_set(&e, E_USAGE, "`trellis key %s` is not understood", what);
        err_hint(&e, "trellis key create DOMAIN.SOURCE, trellis key list, trellis key revoke NUMBER");
        code = cli_fail(c, &e);
    }
    buf_fini(&b);
    return code;
}

static int show_suppressed(struct cli *c, yyjson_val *root)
{
    size_t i, max;
    yyjson_val *v;
    yyjson_arr_foreach(yyjson_obj_get(root, "suppressed"), i, max, v)
    {
        struct str kind = clean(c, v, "kind"), hash = json_str(v, "hash"), reason = clean(c, v, "reason"), at = json_str(v, "added_at");
        at.n = at.n > 16 ? 16 : at.n;
        hash.n = hash.n > 12 ? 12 : hash.n;
        printf("%.*s…  %.*s  since %.*sZ  %.*s\n", STR_FMT(hash), STR_FMT(kind), STR_FMT(at), STR_FMT(reason));
    }
    printf("%lld identifiers are suppressed.\n", (long long)json_int(root, "count", 0));
    return 0;
}

/* A kind that is written wrongly would protect nobody. */
static bool kind_known(const char *kind)
{
    static const char *const known[] = {"user_id", "email", "phone", "anonymous_id", "device_id", "advertising_id"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(kind, known[i]) == 0)
            return true;
    }
    return false;
}

static int show_changed(struct cli *c, yyjson_val *root)
{
    (void)c;
    bool added = yyjson_obj_get(root, "added") != NULL;
    printf("%s the suppression list (%lld %s).\n", added ? "On" : "Off", (long long)json_int(root, added ? "added" : "removed", 0),
           json_int(root, added ? "added" : "removed", 0) == 1 ? (added ? "kind of identifier" : "entry")
                                                               : (added ? "kinds of identifier" : "entries"));
    return 0;
}

/* The identifier: as given, or from standard input for `-`, so that it need not stand in the shell's history. */
static bool identifier_read(struct cli *c, const char *word, struct str *out, struct err *e)
{
    char *text = arena_alloc(&c->arena, IDENTIFIER_MAX + 1);
    size_t n = 0;
    if (!word || strcmp(word, "-") != 0) {
        *out = str_of(word ? word : "");
        return word != NULL || (err_set(e, E_USAGE, "an identifier is missing"), err_hint(e, "trellis suppress add EMAIL_OR_ID; `-` reads it from standard input"), false);
    }
    for (ssize_t got; n < IDENTIFIER_MAX && (got = read(STDIN_FILENO, text + n, IDENTIFIER_MAX - n)) > 0;)
        n += (size_t)got;
    *out = str_trim((struct str){text, n});
    return true;
}

int cmd_suppress(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    const char *what = args->n_words ? args->words[0] : "list", *kind = cli_opt(args, "--kind"), *reason = cli_opt(args, "--reason");
    bool add = strcmp(what, "add") == 0, take = strcmp(what, "remove") == 0;
    struct str identifier;
    if (strcmp(what, "list") == 0)
        return api_show(c, VERB_GET, "/api/v1/suppressed", STR(""), show_suppressed);
    if (!add && !take) {
        err_set(&e, E_USAGE, "`trellis suppress %s` is not understood", what);
        err_hint(&e, "trellis suppress add EMAIL_OR_ID, trellis suppress list, trellis suppress remove EMAIL_OR_ID");
        return cli_fail(c, &e);
    }
    if (!identifier_read(c, args->n_words > 1 ? args->words[1] : NULL, &identifier, &e))
        return cli_fail(c, &e);
    struct buf b = BUF_INIT((size_t)64 << 10);
    buf_addz(&b, "{\"identifier\":");
    buf_json_str(&b, identifier);
    buf_addz(&b, ",\"kind\":");
    buf_json_str(&b, str_of(kind ? kind : ""));
    buf_addz(&b, ",\"reason\":");
    buf_json_str(&b, str_of(reason ? reason : ""));
    buf_addc(&b, '}');
    int code = api_show(c, VERB_POST, add ? "/api/v1/suppressed" : "/api/v1/suppressed/remove", buf_str(&b), show_changed);
    buf_fini(&b);
    if (code == 0 && add && kind && !kind_known(kind))
        cli_advice(c, "of a kind of its own only externalIds and merges of this type are looked up; the others are user_id, email, phone, "
                      "anonymous_id, device_id, advertising_id");
    return code;
}
