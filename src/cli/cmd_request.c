/* trellis request, trellis requests: asking the owners of data, and answering. */
#include "cli/api.h"
#include "cli/table.h"

#include "base/json.h"
#include "serve/put.h"

static const char usage[] = "trellis request product TITLE | access REF | feedback REF TEXT | question TEXT | answer ID TEXT";

static struct str joined(struct cli *c, const struct cli_args *args, int from)
{
    struct buf b = BUF_INIT((size_t)64 << 10);
    for (int i = from; i < args->n_words; i++)
        buf_printf(&b, "%s%s", i > from ? " " : "", args->words[i]);
    struct str s = arena_str(&c->arena, buf_str(&b));
    buf_fini(&b);
    return s;
}

static struct str opt(const struct cli_args *args, const char *name)
{
    const char *v = cli_opt(args, name);
    return v ? str_of(v) : STR("");
}

/* One ask, by its kind: which words are the ref and which the title. */
static const struct {
    const char *kind;
    bool ref_first, text;
} kinds[] = {{"product", false, true}, {"access", true, false}, {"feedback", true, true}, {"question", false, true}};

static bool write_ask(struct cli *c, const struct cli_args *args, struct buf *body, struct err *e)
{
    size_t k = 0, n = sizeof kinds / sizeof *kinds;
    while (k < n && strcmp(kinds[k].kind, args->words[0]) != 0)
        k++;
    if (k == n) {
        err_set(e, E_USAGE, "%s is no kind of request", args->words[0]);
        err_hint(e, "%s", usage);
        return false;
    }
    int at = 1;
    struct str ref = opt(args, "--ref");
    if (kinds[k].ref_first && !ref.n)
        ref = args->n_words > at ? str_of(args->words[at++]) : STR("");
    struct str title = joined(c, args, at);
    if (!kinds[k].text && !title.n && ref.n)
        title = arena_printf(&c->arena, "Access to %.*s", STR_FMT(ref));
    if (!title.n || (kinds[k].ref_first && !ref.n)) {
        err_set(e, E_USAGE, "a request of kind %s needs %s", kinds[k].kind,
                kinds[k].ref_first ? (kinds[k].text ? "a ref and a text" : "a ref") : "a title");
        err_hint(e, "%s", usage);
        return false;
    }
    put_open(body, NULL, '{');
    put_str(body, "kind", str_of(kinds[k].kind));
    put_str(body, "title", title);
    put_str(body, "ref", ref);
    put_str(body, "body", opt(args, "--body"));
    put_str(body, "field", opt(args, "--field"));
    put_str(body, "domain", opt(args, "--domain"));
    put_str(body, "asker", opt(args, "--as"));
    put_close(body, '}');
    return buf_ok(body, e);
}

static bool write_answer(struct cli *c, const struct cli_args *args, struct buf *body, struct str *target, struct err *e)
{
    int64_t id = 0;
    bool declined = cli_has(args, "--declined"), done = cli_has(args, "--done");
    if (args->n_words < 2 || !str_to_i64(str_of(args->words[1]), &id) || id <= 0) {
        err_set(e, E_USAGE, "which request? trellis request answer ID TEXT");
        err_hint(e, "trellis requests lists them with their numbers");
        return false;
    }
    if (declined && done)
        return err_set(e, E_USAGE, "--declined and --done say the opposite");
    *target = arena_printf(&c->arena, "/api/v1/requests/%lld/answer", (long long)id);
    put_open(body, NULL, '{');
    put_str(body, "state", declined ? STR("declined") : done ? STR("done") : STR("answered"));
    put_str(body, "answer", joined(c, args, 2));
    put_str(body, "answered_by", opt(args, "--as"));
    put_close(body, '}');
    return buf_ok(body, e);
}

int cmd_request(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    struct errs es = {0};
    struct api *api = NULL;
    struct str dir, target = STR("/api/v1/requests");
    struct buf body = BUF_INIT((size_t)64 << 10), text = BUF_INIT(0);
    yyjson_doc *doc = NULL;
    int code = 0;
    bool answering = strcmp(args->words[0], "answer") == 0;
    bool good = (answering ? write_answer(c, args, &body, &target, &e) : write_ask(c, args, &body, &e)) &&
                cli_mesh_dir(c, &dir, &e) && api_open(c, dir, &api, &es, &e) &&
                api_text(api, VERB_POST, target.p, buf_str(&body), &text, &e) && (doc = json_parse(buf_str(&text), &e));
    if (!good) {
        code = cli_fail_all(c, &es, &e);
    } else if (c->json) {
        cli_print(&text);
    } else {
        yyjson_val *r = yyjson_doc_get_root(doc);
        struct str domain = table_clean(&c->arena, json_str(r, "domain")), state = json_str(r, "state");
        if (answering)
            printf("Request %lld is %.*s.\n", (long long)json_int(r, "id", 0), STR_FMT(state));
        else
            printf("Request %lld goes to %.*s.\n", (long long)json_int(r, "id", 0),
                   STR_FMT(domain.n ? domain : STR("nobody yet")));
    }
    yyjson_doc_free(doc);
    buf_fini(&body);
    buf_fini(&text);
    errs_fini(&es);
    api_close(api);
    return code;
}

static struct str age(struct cli *c, int64_t s)
{
    return s < 3600    ? arena_printf(&c->arena, "%lld min", (long long)(s / 60))
           : s < 86400 ? arena_printf(&c->arena, "%lld h", (long long)(s / 3600))
                       : arena_printf(&c->arena, "%lld d", (long long)(s / 86400));
}

static void show(struct cli *c, yyjson_val *list)
{
    static const char *const heads[] = {"no", "state", "age", "domain", "kind", "about", "title", "asker", "answer"};
    enum { COLUMNS = sizeof heads / sizeof *heads };
    struct table t;
    size_t i, max;
    yyjson_val *r;
    if (!yyjson_arr_size(list)) {
        printf("No request.\n");
        return;
    }
    table_init(&t, c, COLUMNS);
    for (size_t h = 0; h < COLUMNS; h++)
        table_head(&t, h, str_of(heads[h]), h == 0 || h == 2);
    yyjson_arr_foreach(list, i, max, r)
    {
        struct str ref = json_str(r, "ref"), field = json_str(r, "field");
        table_cell(&t, arena_printf(&c->arena, "%lld", (long long)json_int(r, "id", 0)), false);
        table_cell(&t, json_str(r, "state"), false);
        table_cell(&t, age(c, json_int(r, "age_s", 0)), false);
        table_cell(&t, json_str(r, "domain"), false);
        table_cell(&t, json_str(r, "kind"), false);
        table_cell(&t, field.n ? arena_printf(&c->arena, "%.*s.%.*s", STR_FMT(ref), STR_FMT(field)) : ref, false);
        table_cell(&t, json_str(r, "title"), false);
        table_cell(&t, json_str(r, "asker"), false);
        table_cell(&t, json_str(r, "answer"), false);
    }
    table_print(&t);
    table_fini(&t);
}

/* A parameter of the address; names of domains and states need no escape, and what does is no such name. */
static bool add_param(struct cli *c, struct str *target, const char *name, struct str v, struct err *e)
{
    for (size_t i = 0; i < v.n; i++)
        if (!((v.p[i] >= 'a' && v.p[i] <= 'z') || (v.p[i] >= '0' && v.p[i] <= '9') || v.p[i] == '_' || v.p[i] == '.'))
            return err_set(e, E_USAGE, "--%s takes a name, not %.*s", name, STR_FMT(v));
    if (v.n)
        *target = arena_printf(&c->arena, "%.*s&%s=%.*s", STR_FMT(*target), name, STR_FMT(v));
    return true;
}

int cmd_requests(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    struct errs es = {0};
    struct api *api = NULL;
    struct str dir, target = STR("/api/v1/requests?limit=1000");
    struct buf text = BUF_INIT(0);
    yyjson_doc *doc = NULL;
    int code = 0;
    bool good =
        add_param(c, &target, "domain", opt(args, "--domain"), &e) && add_param(c, &target, "state", opt(args, "--state"), &e) &&
        add_param(c, &target, "ref", opt(args, "--ref"), &e) && cli_mesh_dir(c, &dir, &e) && api_open(c, dir, &api, &es, &e) &&
        api_text(api, VERB_GET, target.p, STR(""), &text, &e) && (doc = json_parse(buf_str(&text), &e));
    if (!good)
        code = cli_fail_all(c, &es, &e);
    else if (c->json)
        cli_print(&text);
    else
        show(c, yyjson_obj_get(yyjson_doc_get_root(doc), "requests"));
    yyjson_doc_free(doc);
    buf_fini(&text);
    errs_fini(&es);
    api_close(api);
    return code;
}
