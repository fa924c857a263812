/* trellis quarantine: what was set aside and why; mending it; taking it in again. */
#include "cli/api.h"
#include "cli/table.h"

#include <stdlib.h>

#include "base/json.h"
#include "serve/put.h"

enum { BODY_MAX_BYTES = 1 << 20, LISTED = 20, LISTED_MAX = 1000, CHANGES_MAX = 100, DAY_AND_MINUTE = 16 };

static const char usage[] = "trellis quarantine [list], show ID, fix [ID…] --set PATH=JSON, replay [ID…]";

/* ---- asking ---- */

static int ask(struct cli *c, enum http_verb verb, struct buf *target, struct buf *body,
               void (*show)(struct cli *c, yyjson_val *root))
{
    struct err e = {0};
    struct errs es = {0};
    struct api *api = NULL;
    struct str dir;
    struct buf text = BUF_INIT(0);
    yyjson_doc *doc = NULL;
    bool good = buf_ok(target, &e) && (!body || buf_ok(body, &e)) && cli_mesh_dir(c, &dir, &e) &&
                api_open(c, dir, &api, &es, &e) && api_text(api, verb, buf_z(target), body ? buf_str(body) : STR(""), &text, &e);
    int code = 0;
    if (good && c->json)
        cli_print(&text);
    else if (good && (doc = yyjson_read(buf_z(&text), text.n, YYJSON_READ_NUMBER_AS_RAW)) != NULL)
        show(c, yyjson_doc_get_root(doc));
    else if (good)
        good = err_set(&e, E_INTERNAL, "the answer is not JSON");
    if (!good)
        code = cli_fail_all(c, &es, &e);
    yyjson_doc_free(doc);
    buf_fini(&text);
    errs_fini(&es);
    api_close(api);
    return code;
}

/* ---- showing ---- */

static struct str clean(struct cli *c, yyjson_val *o, const char *key)
{
    yyjson_val *v = yyjson_obj_get(o, key);
    struct str s = yyjson_is_raw(v) ? (struct str){yyjson_get_raw(v), yyjson_get_len(v)} : json_str(o, key);
    return table_clean(&c->arena, s);
}

static struct str when(struct cli *c, yyjson_val *o, const char *key)
{
    struct str s = clean(c, o, key);
    s.n = s.n > DAY_AND_MINUTE ? DAY_AND_MINUTE : s.n;
    return s;
}

static int64_t number(yyjson_val *o, const char *key)
{
    yyjson_val *v = yyjson_obj_get(o, key);
    int64_t n = 0;
    return yyjson_is_raw(v) && str_to_i64((struct str){yyjson_get_raw(v), yyjson_get_len(v)}, &n) ? n : 0;
}

struct column {
    const char *head, *key;
    bool right, time;
};

static void show_table(struct cli *c, yyjson_val *rows, const struct column *cols, size_t n)
{
    struct table t;
    size_t i, max;
    yyjson_val *row;
    if (!yyjson_arr_size(rows))
        return;
    table_init(&t, c, n);
    for (size_t k = 0; k < n; k++)
        table_head(&t, k, str_of(cols[k].head), cols[k].right);
    yyjson_arr_foreach(rows, i, max, row)
    {
        for (size_t k = 0; k < n; k++)
            table_cell(&t, cols[k].time ? when(c, row, cols[k].key) : clean(c, row, cols[k].key), false);
    }
    table_print(&t);
    table_fini(&t);
}

static void show_list(struct cli *c, yyjson_val *root)
{
    static const struct column groups[] = {{"events", "count", true, false}, {"source", "source", false, false},
                                           {"event", "event", false, false}, {"reason", "reason", false, false},
                                           {"field", "field", false, false}, {"newest (UTC)", "newest", false, true}};
    static const struct column events[] = {{"id", "id", true, false},          {"received (UTC)", "received_at", false, true},
                                           {"event", "event", false, false},   {"state", "state", false, false},
                                           {"reason", "reason", false, false}, {"field", "field", false, false},
                                           {"what", "message", false, false}};
    static const struct column files[] = {
        {"rows", "rows", true, false},      {"file", "path", false, false},     {"first line", "first_line", true, false},
        {"column", "column", false, false}, {"reason", "reason", false, false}, {"what", "message", false, false}};
    int64_t total = number(root, "total");
    if (!total)
        printf("No event is set aside.\n");
    show_table(c, yyjson_obj_get(root, "groups"), groups, sizeof groups / sizeof *groups);
    if (yyjson_arr_size(yyjson_obj_get(root, "events")))
        printf("\n");
    show_table(c, yyjson_obj_get(root, "events"), events, sizeof events / sizeof *events);
    if (yyjson_arr_size(yyjson_obj_get(root, "files"))) {
        printf("\nRows of files:\n");
        show_table(c, yyjson_obj_get(root, "files"), files, sizeof files / sizeof *files);
        cli_advice(c, "rows of files are mended in their file; it is read again with the next `trellis run`");
    }
    if (total)
        cli_advice(c, "%lld events in all; trellis quarantine show ID tells of one, fix mends, replay takes in again",
                   (long long)total);
}

static void print_json(const char *title, yyjson_val *v)
{
    size_t n = 0;
    char *text = yyjson_val_write(v, YYJSON_WRITE_PRETTY_TWO_SPACES | YYJSON_WRITE_ESCAPE_UNICODE,
                                  &n); /* no byte that steers a terminal */
    printf("%s\n%.*s\n", title, (int)n, text ? text : "");
    free(text); /* banned-ok: yyjson's own allocation */
}

static void show_one(struct cli *c, yyjson_val *root)
{
    struct str event = clean(c, root, "event"), type = clean(c, root, "type"), field = clean(c, root, "field"),
               id = clean(c, root, "message_id");
    printf("%s%.*s%s%s%.*s%s of %.*s, received %.*sZ, %.*s\n", cli_paint(c->color, "bold"), STR_FMT(type),
           type.n && event.n ? " " : "", event.n ? "\"" : "", STR_FMT(event), event.n ? "\"" : "",
           STR_FMT(clean(c, root, "source")), STR_FMT(when(c, root, "received_at")), STR_FMT(clean(c, root, "state")));
    printf("%s%.*s%s%.*s: %.*s\n", cli_paint(c->color, ""), STR_FMT(clean(c, root, "reason")), field.n ? " at " : "",
           STR_FMT(field), STR_FMT(clean(c, root, "message")));
    if (id.n)
        printf("message id %.*s\n", STR_FMT(id));
    print_json("payload:", yyjson_obj_get(root, "payload"));
    if (!yyjson_is_null(yyjson_obj_get(root, "first_payload")))
        print_json("as it came:", yyjson_obj_get(root, "first_payload"));
    if (yyjson_arr_size(yyjson_obj_get(root, "hidden")) && !yyjson_get_bool(yyjson_obj_get(root, "revealed")))
        cli_advice(c, "what may be personal is hidden; --reveal shows it, and is logged");
}

static void show_fixed(struct cli *c, yyjson_val *root)
{
    int64_t n = number(root, "fixed");
    printf("%lld %s changed.\n", (long long)n, n == 1 ? "event is" : "events are");
    if (n)
        cli_advice(c, "trellis quarantine replay takes in what passes now");
    else
        cli_advice(c, "nothing that waits has what is to be changed; trellis quarantine show ID shows the members");
}

static void show_replayed(struct cli *c, yyjson_val *root)
{
    int64_t loaded = number(root, "loaded"), still = number(root, "still"), duplicates = number(root, "duplicates"),
            suppressed = number(root, "suppressed");
    if (!loaded && !still && !duplicates && !suppressed)
        printf("Nothing that waits is meant by this.\n");
    else
        printf("%lld loaded, %lld wait on.\n", (long long)loaded, (long long)still);
    if (duplicates)
        printf("%lld were loaded before.\n", (long long)duplicates);
    if (suppressed)
        printf("%lld belong to people on the suppression list: emptied.\n", (long long)suppressed);
    if (still)
        cli_advice(c, "trellis quarantine tells why the others wait");
}

/* ---- reading the command ---- */

static const struct {
    const char *option, *name;
} filters[] = {{"--source", "source"}, {"--event", "event"}, {"--reason", "reason"}, {"--field", "field"}};

static bool has_filter(const struct cli_args *args)
{
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++)
        if (cli_has(args, filters[i].option))
            return true;
    return false;
}

/* "ids" or "ask": which events fix and replay are about. */
static bool write_which(const struct cli_args *args, struct buf *b, struct err *e)
{
    int given = (args->n_words > 1) + has_filter(args) + cli_has(args, "--all");
    if (given == 0 || (args->n_words > 1 && given > 1)) {
        err_set(e, E_USAGE,
                given ? "numbers of events go without --source, --event, --reason, --field and --all"
                      : "which events is not said");
        return err_hint(e, "trellis quarantine %s 17, --event NAME, --reason REASON, or --all", args->words[0]), false;
    }
    if (args->n_words > 1) {
        put_open(b, "ids", '[');
        for (int i = 1; i < args->n_words; i++) {
            int64_t id;
            if (!str_to_i64(str_of(args->words[i]), &id) || id < 1) {
                err_set(e, E_USAGE, "\"%s\" is not the number of an event", args->words[i]);
                return err_hint(e, "trellis quarantine list shows the numbers"), false;
            }
            put_int(b, NULL, id);
        }
        put_close(b, ']');
        return true;
    }
    put_open(b, "ask", '{');
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++)
        if (cli_has(args, filters[i].option))
            put_str(b, filters[i].name, str_of(cli_opt(args, filters[i].option)));
    put_close(b, '}');
    return true;
}

/* A bare word is a text; what begins like JSON must be JSON. */
static bool write_value(struct buf *b, const char *key, struct str value, struct err *e)
{
    yyjson_doc *doc = value.n ? yyjson_read(value.p, value.n, YYJSON_READ_NUMBER_AS_RAW) : NULL;
    bool json = doc != NULL, begins = value.n && strchr("{[\"-0123456789", value.p[0]) != NULL;
    yyjson_doc_free(doc);
    if (json) {
        put_raw(b, key, value);
    } else if (value.n && !begins) {
        put_str(b, key, value);
    } else {
        err_set(e, E_USAGE, "what is set at \"%s\" is no JSON", key);
        return err_hint(e, "texts stand in double quotes: --set '%s=\"12a\"'", key), false;
    }
    return true;
}

static bool write_pairs(struct cli *c, const struct cli_args *args, const char *option, const char *name, bool json,
                        struct buf *b, struct err *e)
{
    const char *given;
    size_t at = 0, n = 0;
    while ((given = cli_opt_each(args, option, &at)) != NULL) {
        struct str value, path = str_cut(str_of(given), '=', &value);
        if (!value.p || !path.n || ++n > CHANGES_MAX)
            return err_set(e, E_USAGE, "%s takes PATH=%s, not \"%s\"", option, json ? "JSON" : "TEXT", given);
        if (n == 1)
            put_open(b, name, '{');
        const char *key = arena_strz(&c->arena, path);
        struct buf quoted = BUF_INIT(BODY_MAX_BYTES); /* put_* take keys that need no escape */
        buf_json_str(&quoted, path);
        bool plain = buf_ok(&quoted, e) && quoted.n == path.n + 2;
        buf_fini(&quoted);
        if (!plain)
            return err_set(e, E_USAGE, "\"%s\" is no path", key);
        if (json && !write_value(b, key, value, e))
            return false;
        if (!json)
            put_str(b, key, value);
    }
    if (n)
        put_close(b, '}');
    return true;
}

static bool write_fix(struct cli *c, const struct cli_args *args, struct buf *b, struct err *e)
{
    const char *path;
    size_t at = 0, n = 0;
    put_open(b, NULL, '{');
    if (!write_which(args, b, e) || !write_pairs(c, args, "--set", "set", true, b, e) ||
        !write_pairs(c, args, "--rename", "rename", false, b, e) || !write_pairs(c, args, "--cast", "cast", false, b, e))
        return false;
    while ((path = cli_opt_each(args, "--remove", &at)) != NULL) {
        if (n++ == 0)
            put_open(b, "remove", '[');
        put_str(b, NULL, str_of(path));
    }
    if (n)
        put_close(b, ']');
    if (cli_has(args, "--drop"))
        put_bool(b, "drop", true);
    put_close(b, '}');
    return true;
}

static int list(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    struct buf target = BUF_INIT((size_t)64 << 10);
    int64_t limit;
    if (!cli_int(args, "--limit", LISTED, 0, LISTED_MAX, &limit, &e))
        return cli_fail(c, &e);
    buf_printf(&target, "/api/v1/quarantine?limit=%lld", (long long)limit);
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++)
        if (cli_has(args, filters[i].option))
            cli_query_add(&target, filters[i].name, str_of(cli_opt(args, filters[i].option)));
    if (cli_has(args, "--state"))
        cli_query_add(&target, "state", str_of(cli_opt(args, "--state")));
    int code = ask(c, VERB_GET, &target, NULL, show_list);
    buf_fini(&target);
    return code;
}

static int show(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    struct buf target = BUF_INIT((size_t)64 << 10);
    int64_t id;
    if (args->n_words != 2 || !str_to_i64(str_of(args->words[1]), &id)) {
        err_set(&e, E_USAGE, "`trellis quarantine show` takes the number of one event");
        err_hint(&e, "trellis quarantine list shows the numbers");
        return cli_fail(c, &e);
    }
    buf_printf(&target, "/api/v1/quarantine/%lld", (long long)id);
    if (cli_has(args, "--reveal"))
        cli_query_add(&target, "reveal", STR("true"));
    if (cli_has(args, "--why"))
        cli_query_add(&target, "reason", str_of(cli_opt(args, "--why")));
    int code = ask(c, VERB_GET, &target, NULL, show_one);
    buf_fini(&target);
    return code;
}

static int change(struct cli *c, const struct cli_args *args, bool fix)
{
    struct err e = {0};
    struct buf target = BUF_INIT((size_t)1024), body = BUF_INIT(BODY_MAX_BYTES);
    bool good = true;
    buf_addz(&target, fix ? "/api/v1/quarantine/fix" : "/api/v1/quarantine/replay");
    if (fix) {
        good = write_fix(c, args, &body, &e);
    } else {
        put_open(&body, NULL, '{');
        good = write_which(args, &body, &e);
        put_close(&body, '}');
    }
    int code = good ? ask(c, VERB_POST, &target, &body, fix ? show_fixed : show_replayed) : cli_fail(c, &e);
    buf_fini(&target);
    buf_fini(&body);
    return code;
}

int cmd_quarantine(struct cli *c, const struct cli_args *args)
{
    const char *what = args->n_words ? args->words[0] : "list";
    struct err e = {0};
    if (strcmp(what, "list") == 0 && args->n_words <= 1)
        return list(c, args);
    if (strcmp(what, "show") == 0)
        return show(c, args);
    if (strcmp(what, "fix") == 0 || strcmp(what, "replay") == 0)
        return change(c, args, what[0] == 'f');
    err_set(&e, E_USAGE, "`trellis quarantine %s` is not understood", what);
    err_hint(&e, "%s", usage);
    return cli_fail(c, &e);
}
