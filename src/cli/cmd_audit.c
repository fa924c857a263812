/* trellis audit: who did what, whether the log is whole, and all of it as JSON lines. */
#include "cli/api.h"
#include "cli/table.h"

#include <unistd.h>

#include "base/json.h"
#include "govern/audit.h"

enum { SHAPE_SHOWN = 60 };

static struct str clean(struct cli *c, yyjson_val *object, const char *key)
{
    return table_clean(&c->arena, json_str(object, key));
}

/* ---- show ---- */

static void row(struct cli *c, struct table *t, yyjson_val *v)
{
    struct str at = json_str(v, "at"), what = clean(c, v, "what"), sql = clean(c, v, "sql"), detail = clean(c, v, "detail"),
               roles = STR(""), who = clean(c, v, "principal"), person = clean(c, v, "person");
    size_t i, max;
    yyjson_val *r;
    yyjson_arr_foreach(yyjson_obj_get(v, "roles"), i, max, r) roles =
        arena_printf(&c->arena, "%.*s%s%.*s", STR_FMT(roles), i ? "," : "",
                     STR_FMT(table_clean(&c->arena, (struct str){yyjson_get_str(r), yyjson_get_len(r)})));
    at.n = at.n > 19 ? 19 : at.n;
    struct str more = sql.n ? sql : detail;
    size_t cut = more.n;
    if (cut > SHAPE_SHOWN)
        for (cut = SHAPE_SHOWN; cut > 0 && ((unsigned char)more.p[cut] & 0xc0) == 0x80;)
            cut--;
    table_cell(t, arena_printf(&c->arena, "%lld", (long long)json_int(v, "id", 0)), false);
    table_cell(t, at, false);
    table_cell(t, roles.n ? arena_printf(&c->arena, "%.*s (%.*s)", STR_FMT(who), STR_FMT(roles)) : who, false);
    table_cell(t, clean(c, v, "kind"), false);
    table_cell(
        t,
        person.n ? arena_printf(&c->arena, "%.*s, of %s", STR_FMT(what), str_eq(person, STR("this")) ? "this person" : "somebody")
                 : what,
        false);
    table_cell(t, clean(c, v, "purpose"), false);
    table_cell(t, clean(c, v, "verdict"), false);
    table_cell(t, arena_printf(&c->arena, "%lld", (long long)json_int(v, "rows", 0)), false);
    table_cell(t, cut < more.n ? arena_printf(&c->arena, "%.*s…", (int)cut, more.p) : more, true);
}

static int show(struct cli *c, yyjson_val *root)
{
    static const char *const heads[] = {"entry", "at (UTC)", "who", "kind", "what", "purpose", "verdict", "rows", "SQL, or why"};
    enum { HEADS = sizeof heads / sizeof *heads };
    yyjson_val *v, *entries = yyjson_obj_get(root, "entries");
    size_t i, max;
    struct table t;
    if (!yyjson_arr_size(entries)) {
        printf("No entry.\n");
        return 0;
    }
    table_init(&t, c, HEADS);
    for (size_t h = 0; h < HEADS; h++)
        table_head(&t, h, str_of(heads[h]), h == 0 || h == 7);
    yyjson_arr_foreach(entries, i, max, v) row(c, &t, v);
    table_print(&t);
    table_fini(&t);
    if (json_int(root, "next", 0))
        cli_advice(c, "--before %lld shows what came before; --json shows all of an entry", (long long)json_int(root, "next", 0));
    return 0;
}

/* ---- verify ---- */

static int verdict(struct cli *c, bool whole, long long entries, long long checkpoints, struct str problem, struct str head,
                   struct str key)
{
    if (whole)
        printf("%sThe log is whole%s: %lld entries, %lld checkpoints, each hash follows from the one before.\n",
               cli_paint(c->color, "green"), cli_paint(c->color, ""), entries, checkpoints);
    else
        printf("%sThe log is not whole%s: %.*s\n", cli_paint(c->color, "red"), cli_paint(c->color, ""), STR_FMT(problem));
    printf("head %.*s\nkey  %.*s\n", STR_FMT(head), STR_FMT(key));
    if (whole)
        cli_advice(c, "Keep the head elsewhere: trellis audit verify --head HEAD then finds a log that was cut back or made anew "
                      "as a whole.");
    return whole ? 0 : err_info_get(E_CHECK_FAILED)->exit_code;
}

static int show_verdict(struct cli *c, yyjson_val *root)
{
    return verdict(c, json_bool(root, "whole", false), (long long)json_int(root, "entries", 0),
                   (long long)json_int(root, "checkpoints", 0), clean(c, root, "problem"), json_str(root, "head"),
                   json_str(root, "public_key"));
}

static void verdict_json(const struct audit_verdict *v)
{
    struct buf b = BUF_INIT((size_t)1 << 16);
    buf_printf(&b, "{\"whole\":%s,\"problem\":", v->whole ? "true" : "false");
    if (v->problem.n)
        buf_json_str(&b, v->problem);
    else
        buf_addz(&b, "null");
    if (v->whole)
        buf_addz(&b, ",\"first_bad_id\":null");
    else
        buf_printf(&b, ",\"first_bad_id\":%lld", (long long)v->first_bad_id);
    buf_printf(&b, ",\"first_id\":%lld,\"last_id\":%lld,\"entries\":%lld,\"checkpoints\":%lld,\"blanked\":%lld",
               (long long)v->first_id, (long long)v->last_id, (long long)v->entries, (long long)v->checkpoints,
               (long long)v->blanked);
    buf_printf(&b, ",\"head\":\"%s\",\"public_key\":\"%s\",\"own_key\":%s}\n", v->head, v->public_key,
               v->own_key ? "true" : "false");
    cli_print(&b);
    buf_fini(&b);
}

/* A copy needs no mesh: whoever keeps exports can verify them anywhere. */
static int verify_file(struct cli *c, const struct cli_args *args, const char *path)
{
    struct err e = {0};
    struct audit_verdict v;
    const char *head = cli_opt(args, "--head"), *key = cli_opt(args, "--key");
    if (!audit_verify_file(path, &c->arena, str_of(head ? head : ""), str_of(key ? key : ""), &v, &e))
        return cli_fail(c, &e);
    if (c->json) {
        verdict_json(&v);
        return v.whole ? 0 : err_info_get(E_CHECK_FAILED)->exit_code;
    }
    int code = verdict(c, v.whole, (long long)v.entries, (long long)v.checkpoints, table_clean(&c->arena, v.problem),
                       str_of(v.head), str_of(v.public_key));
    if (v.own_key)
        cli_advice(c, "The signatures are of the key that the file itself names: compare it with the one that you know, or give "
                      "that with --key.");
    return code;
}

/* ---- asking ---- */

static int ask(struct cli *c, const char *target, struct str body, int (*show_it)(struct cli *c, yyjson_val *root))
{
    struct err e = {0};
    struct errs es = {0};
    struct api *api = NULL;
    struct str dir;
    struct buf text = BUF_INIT(0);
    yyjson_doc *doc = NULL;
    int code;
    bool good = cli_mesh_dir(c, &dir, &e) && api_open(c, dir, &api, &es, &e) &&
                api_text(api, body.n ? VERB_POST : VERB_GET, target, body, &text, &e) && (doc = json_parse(buf_str(&text), &e));
    yyjson_val *root = yyjson_doc_get_root(doc);
    if (!good)
        code = cli_fail_all(c, &es, &e);
    else if (!c->json)
        code = show_it(c, root);
    else
        code = show_it == show_verdict && !json_bool(root, "whole", false) ? err_info_get(E_CHECK_FAILED)->exit_code : 0;
    if (good && c->json)
        cli_print(&text);
    yyjson_doc_free(doc);
    buf_fini(&text);
    errs_fini(&es);
    api_close(api);
    return code;
}

static bool to_stdout(void *ctx, struct str bytes)
{
    (void)ctx;
    return fwrite(bytes.p, 1, bytes.n, stdout) == bytes.n;
}

static int export(struct cli *c, const char *target)
{
    struct err e = {0};
    struct errs es = {0};
    struct api *api = NULL;
    struct str dir;
    bool good = cli_mesh_dir(c, &dir, &e) && api_open(c, dir, &api, &es, &e) &&
                api_stream(api, VERB_GET, target, STR(""), to_stdout, NULL, &e);
    if (good && fflush(stdout) != 0)
        good = err_set(&e, E_IO, "the export could not be written whole");
    int code = good ? 0 : cli_fail_all(c, &es, &e);
    errs_fini(&es);
    api_close(api);
    return code;
}

int cmd_audit(struct cli *c, const struct cli_args *args)
{
    static const char *const filters[][2] = {
        {"--principal", "principal"}, {"--kind", "kind"}, {"--what", "what"},     {"--purpose", "purpose"}, {"--text", "text"},
        {"--from", "from"},           {"--to", "to"},     {"--before", "before"}, {"--limit", "limit"}};
    const char *what = args->n_words ? args->words[0] : "show";
    struct buf b = BUF_INIT((size_t)64 << 10), body = BUF_INIT((size_t)64 << 10);
    struct err e = {0};
    int code;
    if (strcmp(what, "verify") == 0 && args->n_words > 1) {
        code = verify_file(c, args, args->words[1]);
    } else if (strcmp(what, "verify") == 0) {
        buf_addz(&b, "/api/v1/audit/verify");
        if (cli_opt(args, "--head"))
            cli_query_add(&b, "head", str_of(cli_opt(args, "--head")));
        code = ask(c, buf_z(&b), STR(""), show_verdict);
    } else if (strcmp(what, "export") == 0 && args->n_words == 1) {
        buf_addz(&b, "/api/v1/audit/export");
        if (cli_opt(args, "--from"))
            cli_query_add(&b, "from", str_of(cli_opt(args, "--from")));
        code = export(c, buf_z(&b));
    } else if (strcmp(what, "show") == 0 && args->n_words < 2) {
        buf_addz(&b, "/api/v1/audit");
        for (size_t i = 0; i < sizeof filters / sizeof *filters; i++)
            if (cli_opt(args, filters[i][0]))
                cli_query_add(&b, filters[i][1], str_of(cli_opt(args, filters[i][0])));
        if (cli_has(args, "--refused"))
            cli_query_add(&b, "refused", STR("true"));
        if (cli_has(args, "--programs"))
            cli_query_add(&b, "programs", STR("true"));
        if (cli_opt(args, "--customer")) {
            buf_addz(&body, "{\"customer\":");
            buf_json_str(&body, str_of(cli_opt(args, "--customer")));
            buf_addc(&body, '}');
        }
        code = ask(c, buf_z(&b), buf_str(&body), show);
        buf_fini(&body);
    } else {
        err_set(&e, E_USAGE, "`trellis audit %s` is not understood", what);
        err_hint(&e, "trellis audit show, trellis audit verify [FILE], trellis audit export");
        code = cli_fail(c, &e);
    }
    buf_fini(&b);
    return code;
}
