/* trellis alerts, trellis digest: what is wrong and who was told; looking and sending on demand, for timers. */
#include "cli/api.h"
#include "cli/table.h"

#include "base/json.h"

static const char no_receiver[] = "Nobody is told yet: mesh.yaml has no `alerts:`. See docs/alerts.md.";

static struct str clean(struct cli *c, yyjson_val *object, const char *key)
{
    return table_clean(&c->arena, json_str(object, key));
}

static void show_list(struct cli *c, yyjson_val *root)
{
    size_t i, max, k, waiting = 0;
    yyjson_val *v, *alerts = yyjson_obj_get(root, "alerts");
    struct str problem = STR("");
    if (!yyjson_arr_size(alerts))
        printf("No open alert.\n");
    yyjson_arr_foreach(alerts, i, max, v)
    {
        struct str kind = clean(c, v, "kind"), ref = clean(c, v, "ref"), at = json_str(v, "raised_at"),
                   message = json_str(v, "message"), mended = json_str(v, "mended_at"), line;
        at.n = at.n > 16 ? 16 : at.n;
        mended.n = mended.n > 16 ? 16 : mended.n;
        printf("%s%s%.*s%s %.*s, since %.*sZ%s%.*s%s%s\n", i ? "\n" : "", cli_paint(c->color, mended.n ? "green" : "red"),
               STR_FMT(kind), cli_paint(c->color, ""), STR_FMT(ref), STR_FMT(at), mended.n ? ", mended " : "", STR_FMT(mended),
               mended.n ? "Z" : "", json_str(v, "sent_at").n ? "" : " (nobody was told)");
        for (struct str rest = message; rest.n;) {
            line = table_clean(&c->arena, str_cut(rest, '\n', &rest));
            printf("  %.*s\n", STR_FMT(line));
        }
    }
    yyjson_arr_foreach(yyjson_obj_get(root, "messages"), k, max, v)
    {
        if (json_str(v, "next_at").n && json_int(v, "attempts", 0) > 0) {
            waiting++;
            problem = clean(c, v, "problem");
        }
    }
    if (waiting)
        cli_advice(c, "%zu message%s could not be delivered yet: %.*s", waiting, waiting == 1 ? "" : "s", STR_FMT(problem));
    if (!json_bool(root, "configured", false))
        cli_advice(c, "%s", no_receiver);
}

/* What was sent; an exit code that a timer notices when something was not. */
static int show_sent(struct cli *c, yyjson_val *root, const char *what)
{
    struct str problem = clean(c, root, "problem");
    long long sent = (long long)json_int(root, "sent", 0), failed = (long long)json_int(root, "failed", 0);
    if (!c->json)
        printf("%s%lld sent, %lld not\n", what, sent, failed);
    if (failed)
        fprintf(stderr, "Not delivered: %.*s\n", STR_FMT(problem));
    return failed ? err_info_get(E_IO)->exit_code : 0;
}

enum ask { ASK_LIST, ASK_CHECK, ASK_TEST, ASK_DIGEST, ASK_DIGEST_SEND };
static const struct {
    enum http_verb verb;
    const char *target;
} asks[] = {[ASK_LIST] = {VERB_GET, "/api/v1/alerts"},
            [ASK_CHECK] = {VERB_POST, "/api/v1/alerts/check"},
            [ASK_TEST] = {VERB_POST, "/api/v1/alerts/test"},
            [ASK_DIGEST] = {VERB_GET, "/api/v1/digest"},
            [ASK_DIGEST_SEND] = {VERB_POST, "/api/v1/digest"}};

static int answer(struct cli *c, enum ask what, yyjson_val *root)
{
    struct str title = json_str(root, "title"), text = json_str(root, "text");
    struct str said;
    switch (what) {
    default:
        if (!c->json)
            show_list(c, root);
        return 0;
    case ASK_CHECK:
        said = arena_printf(&c->arena, "%lld new, %lld mended, %lld open; messages: ", (long long)json_int(root, "raised", 0),
                            (long long)json_int(root, "mended", 0), (long long)json_int(root, "open", 0));
        break;
    case ASK_TEST:
        said = STR("Test messages: ");
        break;
    case ASK_DIGEST:
    case ASK_DIGEST_SEND:
        if (!c->json)
            printf("%.*s\n\n%.*s\n", STR_FMT(title), STR_FMT(text));
        if (what == ASK_DIGEST)
            return 0;
        said = STR("\nMessages: ");
        break;
    }
    return show_sent(c, root, said.p);
}

static int ask(struct cli *c, enum ask what)
{
    struct err e = {0};
    struct errs es = {0};
    struct api *api = NULL;
    struct str dir, target = str_of(asks[what].target);
    struct buf text = BUF_INIT(0);
    yyjson_doc *doc = NULL;
    int code;
    bool good = cli_mesh_dir(c, &dir, &e) && api_open(c, dir, &api, &es, &e) &&
                api_text(api, asks[what].verb, target.p, asks[what].verb == VERB_POST ? STR("{}") : STR(""), &text, &e) &&
                (doc = json_parse(buf_str(&text), &e));
    if (good && c->json)
        cli_print(&text);
    code = good ? answer(c, what, yyjson_doc_get_root(doc)) : cli_fail_all(c, &es, &e);
    yyjson_doc_free(doc);
    buf_fini(&text);
    errs_fini(&es);
    api_close(api);
    return code;
}

int cmd_alerts(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    if (args->n_words == 0)
        return ask(c, ASK_LIST);
    if (strcmp(args->words[0], "check") == 0)
        return ask(c, ASK_CHECK);
    if (strcmp(args->words[0], "test") == 0)
        return ask(c, ASK_TEST);
    err_set(&e, E_USAGE, "there is no `trellis alerts %s`; there are: trellis alerts check, trellis alerts test", args->words[0]);
    return cli_fail(c, &e);
}

int cmd_digest(struct cli *c, const struct cli_args *args)
{
    return ask(c, cli_has(args, "--send") ? ASK_DIGEST_SEND : ASK_DIGEST);
}

/* Nothing to look for where nobody is told: a run then costs no more than before. */
void cli_alerts_after_run(struct cli *c, struct api *api)
{
    struct err e = {0};
    struct buf list = BUF_INIT(0), done = BUF_INIT(0);
    yyjson_doc *doc = NULL, *checked = NULL;
    bool good = !api_is_remote(api) && api_text(api, VERB_GET, "/api/v1/alerts?limit=1", STR(""), &list, &e) &&
                (doc = json_parse(buf_str(&list), &e));
    if (good && json_bool(yyjson_doc_get_root(doc), "configured", false)) {
        good =
            api_text(api, VERB_POST, "/api/v1/alerts/check", STR("{}"), &done, &e) && (checked = json_parse(buf_str(&done), &e));
        yyjson_val *root = checked ? yyjson_doc_get_root(checked) : NULL;
        struct str problem = good ? clean(c, root, "problem") : str_of(e.text);
        if (!good || json_int(root, "failed", 0))
            cli_advice(c, "Alerts could not be sent: %.*s. `trellis alerts check` tries again.", STR_FMT(problem));
    }
    yyjson_doc_free(doc);
    yyjson_doc_free(checked);
    buf_fini(&list);
    buf_fini(&done);
}
