/* trellis erase, access, export --identifier: what a person may ask for. */
#include "cli/api.h"
#include "cli/table.h"

#include <sodium.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/json.h"
#include "privacy/access.h"

enum { IDENTIFIER_MAX = 4096 };

/* As given, or from standard input for `-`, so that it need not stand in the shell's history. */
static bool identifier_read(struct cli *c, const struct cli_args *args, struct str *out, struct err *e)
{
    const char *given = cli_opt(args, "--identifier");
    char *text = arena_alloc(&c->arena, IDENTIFIER_MAX + 1);
    size_t n = 0;
    if (!given) {
        err_set(e, E_USAGE, "--identifier is missing: whom is this about?");
        err_hint(e, "--identifier email:NAME@HOST; `-` reads it from standard input");
        return false;
    }
    *out = str_of(given);
    if (strcmp(given, "-") != 0)
        return true;
    for (ssize_t got; n < IDENTIFIER_MAX && (got = read(STDIN_FILENO, text + n, IDENTIFIER_MAX - n)) > 0;)
        n += (size_t)got;
    *out = str_trim((struct str){text, n});
    return true;
}

static bool ask(struct cli *c, const char *target, struct str body, struct buf *text, struct errs *es, struct err *e)
{
    struct api *api = NULL;
    struct str dir;
    bool ok = cli_mesh_dir(c, &dir, e) && api_open(c, dir, &api, es, e) && api_text(api, VERB_POST, target, body, text, e);
    api_close(api);
    return ok;
}

static void put_member(struct buf *b, const char *key, struct str v)
{
    buf_addc(b, ',');
    buf_json_key(b, key);
    buf_json_str(b, v);
}

static struct str clean(struct cli *c, yyjson_val *object, const char *key)
{
    return table_clean(&c->arena, json_str(object, key));
}

static void show_places(struct cli *c, yyjson_val *root)
{
    size_t i, max;
    yyjson_val *v, *list = yyjson_obj_get(root, "places");
    struct table t;
    table_init(&t, c, 5);
    table_head(&t, 0, STR("place"), false);
    table_head(&t, 1, STR("what"), false);
    table_head(&t, 2, STR("rows"), true);
    table_head(&t, 3, STR("mentions"), true);
    table_head(&t, 4, STR("how"), false);
    yyjson_arr_foreach(list, i, max, v)
    {
        table_cell(&t, clean(c, v, "place"), false);
        table_cell(&t, clean(c, v, "what"), false);
        table_cell(&t, arena_printf(&c->arena, "%lld", (long long)json_int(v, "rows", 0)), false);
        table_cell(&t, arena_printf(&c->arena, "%lld", (long long)json_int(v, "cells", 0)), false);
        table_cell(&t, clean(c, v, "how"), true);
    }
    if (yyjson_arr_size(list))
        table_print(&t);
    else
        printf("Nothing of this person was found.\n");
    table_fini(&t);
}

static void show_look(struct cli *c, yyjson_val *root, bool dry)
{
    size_t i, max;
    yyjson_val *v, *person = yyjson_obj_get(root, "person");
    struct str customer = clean(c, person, "customer_id"), receipt = clean(c, root, "receipt_id");
    if (customer.n)
        printf("Customer %.*s", STR_FMT(customer));
    else
        printf("Nobody that identity knows; looked for as it is");
    yyjson_arr_foreach(yyjson_obj_get(person, "identifiers"), i, max, v)
    {
        struct str kind = clean(c, v, "kind");
        long long shared = (long long)json_int(v, "shared", 0);
        printf("%s%lld %.*s", i ? ", " : ": ", (long long)json_int(v, "count", 0), STR_FMT(kind));
        if (shared)
            printf(" (%lld of others, too: not used)", shared);
    }
    printf("\n");
    show_places(c, root);
    yyjson_arr_foreach(yyjson_obj_get(root, "held"), i, max, v)
    {
        struct str reason = clean(c, v, "reason");
        printf("Held by legal hold %lld: %.*s\n", (long long)json_int(v, "hold", 0), STR_FMT(reason));
    }
    size_t built = yyjson_arr_size(yyjson_obj_get(root, "built_again"));
    if (built)
        printf("%zu port%s %s built again.\n", built, built == 1 ? "" : "s", dry ? "would be" : "were");
    yyjson_arr_foreach(yyjson_obj_get(root, "backups"), i, max, v)
    {
        struct str name = clean(c, v, "name"), at = clean(c, v, "at");
        printf("%s: data/%.*s of %.*s\n", dry ? "Would go" : "Gone", STR_FMT(name), (int)(at.n > 10 ? 10 : at.n), at.p);
    }
    yyjson_arr_foreach(yyjson_obj_get(root, "left"), i, max, v)
    {
        struct str what = clean(c, v, "what"), why = clean(c, v, "why");
        printf("Left: %.*s, %.*s\n", STR_FMT(what), STR_FMT(why));
    }
    if (receipt.n)
        printf("Receipt: data/receipts/%.*s.json\n", STR_FMT(receipt));
}

int cmd_erase(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    struct errs es = {0};
    struct str identifier;
    struct buf body = BUF_INIT((size_t)64 << 10), text = BUF_INIT((size_t)64 << 20);
    const char *reason = cli_opt(args, "--reason");
    bool dry = cli_opt(args, "--dry-run") != NULL;
    yyjson_doc *doc = NULL;
    bool ok = identifier_read(c, args, &identifier, &e);
    if (ok) {
        buf_printf(&body, "{\"dry_run\":%s,\"anonymise\":%s", dry ? "true" : "false", cli_opt(args, "--anonymise") ? "true" : "false");
        put_member(&body, "identifier", identifier);
        put_member(&body, "reason", str_of(reason ? reason : ""));
        buf_addc(&body, '}');
        if (!dry)
            cli_advice(c, "Erasing builds what reads this person's rows again and writes the stores anew; that takes a while. It may be broken off and goes on at the next start.");
        ok = ask(c, "/api/v1/privacy/erase", buf_str(&body), &text, &es, &e) && (doc = json_parse(buf_str(&text), &e));
    }
    int code = ok ? 0 : cli_fail_all(c, &es, &e);
    if (ok && c->json)
        cli_print(&text);
    else if (ok)
        show_look(c, yyjson_doc_get_root(doc), dry);
    if (body.p)
        sodium_memzero(body.p, body.cap);
    yyjson_doc_free(doc);
    buf_fini(&body);
    buf_fini(&text);
    errs_fini(&es);
    return code;
}

/* ---- Documents ---- */

static bool fetch(struct cli *c, const struct cli_args *args, const char *target, struct buf *text, struct errs *es, struct err *e)
{
    struct str identifier;
    struct buf body = BUF_INIT((size_t)64 << 10);
    const char *reason = cli_opt(args, "--reason");
    if (!cli_opt(args, "--out")) {
        err_set(e, E_USAGE, "--out is missing: personal data is written to a file that only you may read");
        err_hint(e, "--out FILE");
        return false;
    }
    if (!identifier_read(c, args, &identifier, e))
        return false;
    buf_addz(&body, "{\"identifier\":");
    buf_json_str(&body, identifier);
    put_member(&body, "reason", str_of(reason ? reason : ""));
    buf_addc(&body, '}');
    bool ok = ask(c, target, buf_str(&body), text, es, e);
    sodium_memzero(body.p, body.cap);
    buf_fini(&body);
    return ok;
}

static void wipe(struct buf *b)
{
    if (b->p)
        sodium_memzero(b->p, b->cap);
    buf_fini(b);
}

static bool write_private(struct cli *c, struct str path, struct str bytes, struct err *e)
{
    if (!fs_write_atomic(arena_strz(&c->arena, path), bytes, 0600, e))
        return false;
    cli_advice(c, "%.*s written, for you alone to read", STR_FMT(path));
    return true;
}

int cmd_access(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    struct errs es = {0};
    struct buf text = BUF_INIT((size_t)ACCESS_MAX_BYTES), page = BUF_INIT((size_t)ACCESS_MAX_BYTES);
    bool ok = fetch(c, args, "/api/v1/privacy/access", &text, &es, &e) && access_page(buf_str(&text), &page, &e);
    struct str out = str_of(cli_opt(args, "--out"));
    bool html = ok && str_ends(out, STR(".html")), json = ok && str_ends(out, STR(".json"));
    if (ok && !html)
        ok = write_private(c, json ? out : arena_printf(&c->arena, "%.*s.json", STR_FMT(out)), buf_str(&text), &e);
    if (ok && !json)
        ok = write_private(c, html ? out : arena_printf(&c->arena, "%.*s.html", STR_FMT(out)), buf_str(&page), &e);
    int code = ok ? 0 : cli_fail_all(c, &es, &e);
    wipe(&text);
    wipe(&page);
    errs_fini(&es);
    return code;
}

int cmd_export_person(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    struct errs es = {0};
    struct buf zip = BUF_INIT((size_t)ACCESS_MAX_BYTES);
    bool ok = fetch(c, args, "/api/v1/privacy/export", &zip, &es, &e) && write_private(c, str_of(cli_opt(args, "--out")), buf_str(&zip), &e);
    int code = ok ? 0 : cli_fail_all(c, &es, &e);
    wipe(&zip);
    errs_fini(&es);
    return code;
}
