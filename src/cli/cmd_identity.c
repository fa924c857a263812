/* trellis identity: why these are one customer, what other rules would do, the ledger, and people's decisions. */
#include "cli/api.h"
#include "cli/table.h"

#include <sodium.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/json.h"
#include "serve/put.h"

enum { IDENTIFIER_MAX = 4096, RULES_MAX = 1 << 20, BODY_MAX = 4 << 20, SHORT = 16 };

static struct str clean(struct cli *c, yyjson_val *object, const char *key)
{
    return table_clean(&c->arena, json_str(object, key));
}

static struct str opt(const struct cli_args *args, const char *name)
{
    const char *v = cli_opt(args, name);
    return v ? str_of(v) : STR("");
}

static struct str minute(struct str at) /* 2026-11-21T10:00 */
{
    return (struct str){at.p, at.n > SHORT ? SHORT : at.n};
}

static struct str plural(struct cli *c, int64_t n, const char *one, const char *many)
{
    return arena_printf(&c->arena, "%lld %s", (long long)n, n == 1 ? one : many);
}

/* As given, or a line of standard input for `-`, so that it need not stand in the shell's history. */
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

/* ---- what is shown ---- */

static void show_path(struct cli *c, yyjson_val *identifiers, yyjson_val *x)
{
    yyjson_val *step, *path = yyjson_obj_get(x, "path"), *other;
    size_t i, max, k, n;
    yyjson_arr_foreach(path, i, max, step)
    {
        yyjson_val *by = yyjson_obj_get(step, "by");
        struct str ref = json_str(step, "identifier");
        if (i == 0)
            continue;
        if (yyjson_obj_get(by, "decision_id") && yyjson_is_int(yyjson_obj_get(by, "decision_id")))
            printf("    decision %lld of a person, %.*sZ", (long long)json_int(by, "decision_id", 0), STR_FMT(minute(json_str(by, "first_seen"))));
        else
            printf("    %.*s %.*s, %.*sZ", STR_FMT(clean(c, by, "source")), STR_FMT(clean(c, by, "message_id")), STR_FMT(minute(json_str(by, "first_seen"))));
        yyjson_arr_foreach(identifiers, k, n, other)
        {
            if (str_eq(json_str(other, "ref"), ref))
                printf(" → %.*s:%.*s\n", STR_FMT(clean(c, other, "kind")), STR_FMT(clean(c, other, "value")));
        }
    }
}

static int show_why(struct cli *c, yyjson_val *root)
{
    yyjson_val *list = yyjson_obj_get(root, "identifiers"), *left = yyjson_obj_get(root, "left_out"), *x;
    size_t i, max;
    struct str retired = clean(c, root, "retired_id"), from = json_str(root, "from");
    if (retired.n)
        printf("%.*s is retired (%.*s); it leads to\n", STR_FMT(retired), STR_FMT(clean(c, root, "retired_cause")));
    printf("%sCustomer %.*s%s: %.*s by %.*s\n", cli_paint(c->color, "bold"), STR_FMT(clean(c, root, "customer_id")), cli_paint(c->color, ""),
           STR_FMT(plural(c, (int64_t)yyjson_arr_size(list), "identifier", "identifiers")),
           STR_FMT(plural(c, json_int(root, "evidences", 0), "set of evidence", "sets of evidence")));
    yyjson_arr_foreach(list, i, max, x)
    {
        printf("  %.*s:%.*s  %.*sZ – %.*sZ, %.*s%s\n", STR_FMT(clean(c, x, "kind")), STR_FMT(clean(c, x, "value")), STR_FMT(minute(json_str(x, "first_seen"))),
               STR_FMT(minute(json_str(x, "last_seen"))), STR_FMT(plural(c, json_int(x, "evidences", 0), "set", "sets")),
               str_eq(json_str(x, "ref"), from) ? "  (from here)" : "");
        show_path(c, list, x);
    }
    if (yyjson_arr_size(left))
        printf("Left out:\n");
    yyjson_arr_foreach(left, i, max, x)
    {
        struct str of = clean(c, x, "customer_id");
        printf("  %.*s:%.*s  %.*s%s%.*s\n", STR_FMT(clean(c, x, "kind")), STR_FMT(clean(c, x, "value")), STR_FMT(clean(c, x, "reason")), of.n ? "; belongs to " : "",
               STR_FMT(of));
    }
    if (!json_bool(root, "revealed", false))
        cli_advice(c, "Values are shown in part; --reveal --why TEXT shows them whole, and that is logged.");
    return 0;
}

static void show_side(struct cli *c, const char *when, yyjson_val *side)
{
    yyjson_val *x;
    size_t i, max;
    struct table t;
    printf("%s: %.*s, %lld identifiers, %lld refused. The largest:\n", when, STR_FMT(plural(c, json_int(side, "customers", 0), "customer", "customers")),
           (long long)json_int(side, "identifiers", 0), (long long)json_int(side, "refused", 0));
    table_init(&t, c, 4);
    table_head(&t, 0, STR("customer"), false);
    table_head(&t, 1, STR("identifiers"), true);
    table_head(&t, 2, STR("sets"), true);
    table_head(&t, 3, STR("made of"), true);
    yyjson_arr_foreach(yyjson_obj_get(side, "largest"), i, max, x)
    {
        table_cell(&t, json_str(x, "customer_id"), false);
        table_cell(&t, arena_printf(&c->arena, "%lld", (long long)json_int(x, "identifiers", 0)), false);
        table_cell(&t, arena_printf(&c->arena, "%lld", (long long)json_int(x, "evidences", 0)), false);
        table_cell(&t, arena_printf(&c->arena, "%lld", (long long)json_int(x, "parts", 0)), false);
    }
    table_print(&t);
    table_fini(&t);
}

static int show_preview(struct cli *c, yyjson_val *root)
{
    int64_t merged = json_int(root, "merged", 0), split = json_int(root, "split", 0);
    printf("%.*s would become one with others, %.*s would fall apart, %lld would stay as they are; %.*s would lead on.\n",
           STR_FMT(plural(c, merged, "customer", "customers")), STR_FMT(plural(c, split, "customer", "customers")), (long long)json_int(root, "same", 0),
           STR_FMT(plural(c, json_int(root, "ids_retired", 0), "id", "ids")));
    show_side(c, "Now", yyjson_obj_get(root, "now"));
    show_side(c, "Then", yyjson_obj_get(root, "then"));
    cli_advice(c, "Nothing was written. As governance/identity.yaml the rules count from the next run on.");
    return 0;
}

static int show_ledger(struct cli *c, yyjson_val *root)
{
    static const char *const heads[] = {"at", "action", "cause", "refused", "by", "customer", "other", "source", "message"};
    enum { COLUMNS = sizeof heads / sizeof *heads };
    yyjson_val *list = yyjson_obj_get(root, "entries"), *x;
    size_t i, max;
    struct table t;
    if (!yyjson_arr_size(list)) {
        printf("The ledger has no such entry.\n");
        return 0;
    }
    table_init(&t, c, COLUMNS);
    for (size_t h = 0; h < COLUMNS; h++)
        table_head(&t, h, str_of(heads[h]), false);
    yyjson_arr_foreach(list, i, max, x)
    {
        int64_t decision = json_int(x, "decision_id", 0);
        table_cell(&t, minute(json_str(x, "at")), false);
        table_cell(&t, json_str(x, "action"), false);
        table_cell(&t, decision ? arena_printf(&c->arena, "%.*s %lld", STR_FMT(json_str(x, "cause")), (long long)decision) : json_str(x, "cause"), false);
        table_cell(&t, clean(c, x, "kind"), false);
        table_cell(&t, clean(c, x, "refused_by"), false);
        table_cell(&t, json_str(x, "customer_id"), false);
        table_cell(&t, json_str(x, "other_id"), false);
        table_cell(&t, clean(c, x, "source"), false);
        table_cell(&t, clean(c, x, "message_id"), false);
    }
    table_print(&t);
    table_fini(&t);
    int64_t total = json_int(root, "total", 0);
    if (total > (int64_t)yyjson_arr_size(list))
        cli_advice(c, "%lld entries in all; --limit shows more.", (long long)total);
    return 0;
}

static int show_decided(struct cli *c, yyjson_val *root)
{
    yyjson_val *d = yyjson_obj_get(root, "decision");
    struct str withdrawn = json_str(d, "withdrawn_at");
    printf("Decision %lld (%.*s) is %s.\n", (long long)json_int(d, "id", 0), STR_FMT(json_str(d, "action")), withdrawn.n ? "withdrawn" : "in force");
    cli_advice(c, withdrawn.n ? "From the next run on it is as if it had never been made." : "It counts from the next run on; trellis identity withdraw %lld takes it back.",
               (long long)json_int(d, "id", 0));
    return 0;
}

static int show_decisions(struct cli *c, yyjson_val *root)
{
    static const char *const heads[] = {"no", "action", "at", "by", "reason", "state"};
    enum { COLUMNS = sizeof heads / sizeof *heads };
    yyjson_val *list = yyjson_obj_get(root, "decisions"), *d;
    size_t i, max;
    struct table t;
    if (!yyjson_arr_size(list)) {
        printf("Nobody has decided anything.\n");
        return 0;
    }
    table_init(&t, c, COLUMNS);
    for (size_t h = 0; h < COLUMNS; h++)
        table_head(&t, h, str_of(heads[h]), h == 0);
    yyjson_arr_foreach(list, i, max, d)
    {
        table_cell(&t, arena_printf(&c->arena, "%lld", (long long)json_int(d, "id", 0)), false);
        table_cell(&t, json_str(d, "action"), false);
        table_cell(&t, minute(json_str(d, "at")), false);
        table_cell(&t, clean(c, d, "by"), false);
        table_cell(&t, clean(c, d, "reason"), false);
        table_cell(&t, json_str(d, "withdrawn_at").n ? STR("withdrawn") : STR("in force"), false);
    }
    table_print(&t);
    table_fini(&t);
    return 0;
}

static int show_identity(struct cli *c, yyjson_val *root)
{
    yyjson_val *x;
    size_t i, max;
    if (!json_bool(root, "built", false)) {
        printf("%.*s has not been built yet.\n", STR_FMT(json_str(root, "port")));
        return 0;
    }
    printf("%.*s; %lld merges, %lld refused, %lld split, %.*s\n", STR_FMT(plural(c, json_int(root, "customers", 0), "customer", "customers")),
           (long long)json_int(root, "merged", 0), (long long)json_int(root, "refused", 0), (long long)json_int(root, "split", 0),
           STR_FMT(plural(c, json_int(root, "retired", 0), "retired id", "retired ids")));
    yyjson_arr_foreach(yyjson_obj_get(root, "kinds"), i, max, x)
    {
        if (json_int(x, "identifiers", 0) + json_int(x, "left_out", 0))
            printf("  %.*s: %lld, left out %.*s\n", STR_FMT(clean(c, x, "kind")), (long long)json_int(x, "identifiers", 0),
                   STR_FMT(plural(c, json_int(x, "left_out", 0), "time", "times")));
    }
    return 0;
}

/* What speaks for a pair and what against it, in words. */
static struct str in_words(struct cli *c, yyjson_val *pair, const char *agrees)
{
    yyjson_val *f;
    size_t i, max;
    struct str s = STR("");
    yyjson_arr_foreach(yyjson_obj_get(pair, "fields"), i, max, f)
    {
        if (str_eq(json_str(f, "agrees"), str_of(agrees)))
            s = arena_printf(&c->arena, "%.*s%s%.*s", STR_FMT(s), s.n ? ", " : "", STR_FMT(clean(c, f, "field")));
    }
    return s;
}

static int show_review(struct cli *c, yyjson_val *root)
{
    static const char *const heads[] = {"no", "likely", "state", "record", "record", "equal", "nearly", "different"};
    enum { COLUMNS = sizeof heads / sizeof *heads };
    yyjson_val *list = yyjson_obj_get(root, "pairs"), *x;
    size_t i, max;
    struct table t;
    if (!json_bool(root, "on", false)) {
        printf("Records are not compared: governance/identity.yaml declares no fuzzy.\n");
        return 0;
    }
    printf("%.*s compared; %.*s waiting, %lld linked, %lld the same, %lld different\n", STR_FMT(plural(c, json_int(root, "records", 0), "record", "records")),
           STR_FMT(plural(c, json_int(root, "waiting", 0), "pair", "pairs")), (long long)json_int(root, "linked", 0), (long long)json_int(root, "same", 0),
           (long long)json_int(root, "different", 0));
    if (!yyjson_arr_size(list))
        return 0;
    table_init(&t, c, COLUMNS);
    for (size_t h = 0; h < COLUMNS; h++)
        table_head(&t, h, str_of(heads[h]), h < 2);
    yyjson_arr_foreach(list, i, max, x)
    {
        table_cell(&t, json_str(x, "id"), false);
        table_cell(&t, arena_printf(&c->arena, "%.4f", yyjson_get_num(yyjson_obj_get(x, "probability"))), false);
        table_cell(&t, json_str(x, "state"), false);
        table_cell(&t, clean(c, x, "a"), false);
        table_cell(&t, clean(c, x, "b"), false);
        table_cell(&t, in_words(c, x, "yes"), false);
        table_cell(&t, in_words(c, x, "nearly"), false);
        table_cell(&t, in_words(c, x, "no"), false);
    }
    table_print(&t);
    table_fini(&t);
    cli_advice(c, "trellis identity review yes NO: one person. review no NO: two, and it is not asked again. Both count from the next run on.");
    return 0;
}

/* ---- what is asked ---- */

struct asked {
    enum http_verb verb;
    struct buf target, body;
    int (*show)(struct cli *c, yyjson_val *root);
};

static void put_reason(struct asked *q, const struct cli_args *args)
{
    put_str(&q->body, "reason", opt(args, "--reason"));
    if (cli_opt(args, "--as"))
        put_str(&q->body, "by", opt(args, "--as"));
}

static bool ask_overview(struct cli *c, const struct cli_args *args, struct asked *q, struct err *e)
{
    (void)c;
    (void)args;
    (void)e;
    q->verb = VERB_GET;
    return true;
}

static bool ask_explain(struct cli *c, const struct cli_args *args, struct asked *q, struct err *e)
{
    struct str who;
    if (!word_read(c, args->words[1], &who, e))
        return false;
    buf_addz(&q->target, "/explain");
    put_str(&q->body, "who", who);
    put_str(&q->body, "from", opt(args, "--from"));
    put_bool(&q->body, "reveal", cli_has(args, "--reveal"));
    put_str(&q->body, "reason", opt(args, "--why"));
    return true;
}

static bool ask_preview(struct cli *c, const struct cli_args *args, struct asked *q, struct err *e)
{
    struct str yaml;
    if (!fs_read(&c->arena, args->words[1], RULES_MAX, &yaml, e))
        return false;
    buf_addz(&q->target, "/preview");
    put_str(&q->body, "yaml", yaml);
    return true;
}

static bool ask_merge(struct cli *c, const struct cli_args *args, struct asked *q, struct err *e)
{
    struct str a, b;
    if (!word_read(c, args->words[1], &a, e) || !word_read(c, args->words[2], &b, e))
        return false;
    buf_addz(&q->target, "/merge");
    put_str(&q->body, "a", a);
    put_str(&q->body, "b", b);
    put_reason(q, args);
    return true;
}

static bool ask_split(struct cli *c, const struct cli_args *args, struct asked *q, struct err *e)
{
    struct str who, word;
    size_t at = 0;
    if (!word_read(c, args->words[1], &who, e))
        return false;
    if (args->n_words < 3 && !cli_opt(args, "--out")) {
        err_set(e, E_USAGE, "which identifiers are somebody else's is not said");
        err_hint(e, "trellis identity split CUSTOMER --out KIND:VALUE --reason TEXT; explain shows what a customer has");
        return false;
    }
    buf_addz(&q->target, "/split");
    put_str(&q->body, "customer", who);
    put_open(&q->body, "out", '[');
    for (const char *v; (v = cli_opt_each(args, "--out", &at)) != NULL;) {
        if (!word_read(c, v, &word, e))
            return false;
        put_str(&q->body, NULL, word);
    }
    for (int i = 2; i < args->n_words; i++) {
        if (!word_read(c, args->words[i], &word, e))
            return false;
        put_str(&q->body, NULL, word);
    }
    put_close(&q->body, ']');
    put_reason(q, args);
    return true;
}

static bool ask_withdraw(struct cli *c, const struct cli_args *args, struct asked *q, struct err *e)
{
    int64_t id;
    (void)c;
    if (!str_to_i64(str_of(args->words[1]), &id) || id <= 0) {
        err_set(e, E_USAGE, "`trellis identity withdraw` takes the number of a decision, not \"%s\"", args->words[1]);
        err_hint(e, "trellis identity decisions shows the numbers");
        return false;
    }
    buf_addz(&q->target, "/withdraw");
    put_int(&q->body, "id", id);
    if (cli_opt(args, "--as"))
        put_str(&q->body, "by", opt(args, "--as"));
    return true;
}

static bool ask_ledger(struct cli *c, const struct cli_args *args, struct asked *q, struct err *e)
{
    int64_t limit;
    (void)c;
    if (!cli_int(args, "--limit", 50, 1, 10000, &limit, e))
        return false;
    q->verb = VERB_GET;
    buf_printf(&q->target, "/ledger?limit=%lld", (long long)limit);
    if (cli_opt(args, "--customer"))
        cli_query_add(&q->target, "customer", opt(args, "--customer"));
    if (cli_opt(args, "--action"))
        cli_query_add(&q->target, "action", opt(args, "--action"));
    return true;
}

static bool ask_review(struct cli *c, const struct cli_args *args, struct asked *q, struct err *e)
{
    int64_t limit, id;
    struct str word = args->n_words > 1 ? str_of(args->words[1]) : STR("list");
    bool list = str_eq(word, STR("list")), yes = str_eq(word, STR("yes"));
    (void)c;
    buf_addz(&q->target, "/review");
    if (list && args->n_words <= 2) {
        if (!cli_int(args, "--limit", 50, 1, 1000, &limit, e))
            return false;
        q->verb = VERB_GET;
        buf_printf(&q->target, "?limit=%lld", (long long)limit);
        if (cli_opt(args, "--state"))
            cli_query_add(&q->target, "state", opt(args, "--state"));
        return true;
    }
    if (args->n_words != 3 || !(yes || str_eq(word, STR("no"))) || !str_to_i64(str_of(args->words[2]), &id) || id <= 0) {
        err_set(e, E_USAGE, "`trellis identity review` takes nothing, or yes or no and the number of a pair");
        err_hint(e, "trellis identity review lists the pairs that wait with their numbers");
        return false;
    }
    buf_printf(&q->target, "/%lld", (long long)id);
    put_bool(&q->body, "same", yes);
    put_reason(q, args);
    return true;
}

static const struct {
    const char *word, *usage;
    int min, max; /* words, this one counted */
    bool (*ask)(struct cli *c, const struct cli_args *args, struct asked *q, struct err *e);
    int (*show)(struct cli *c, yyjson_val *root);
} parts[] = {
    {"status", "status", 0, 1, ask_overview, show_identity},
    {"explain", "explain CUSTOMER|KIND:VALUE|VALUE", 2, 2, ask_explain, show_why},
    {"preview", "preview RULES.yaml", 2, 2, ask_preview, show_preview},
    {"merge", "merge A B --reason TEXT", 3, 3, ask_merge, show_decided},
    {"split", "split CUSTOMER --out KIND:VALUE --reason TEXT", 2, 1000, ask_split, show_decided},
    {"withdraw", "withdraw DECISION", 2, 2, ask_withdraw, show_decided},
    {"decisions", "decisions", 1, 1, ask_overview, show_decisions},
    {"review", "review [list [--state STATE]|yes NO|no NO]", 1, 3, ask_review, show_review},
    {"ledger", "ledger [--customer ID] [--action ACTION] [--limit N]", 1, 1, ask_ledger, show_ledger},
};
enum { PARTS = sizeof parts / sizeof *parts };

static int part_find(const struct cli_args *args, struct err *e)
{
    struct str words[PARTS], word = args->n_words ? str_of(args->words[0]) : STR("status");
    for (int i = 0; i < PARTS; i++) {
        words[i] = str_of(parts[i].word);
        if (!str_eq(words[i], word))
            continue;
        if (args->n_words >= parts[i].min && args->n_words <= parts[i].max)
            return i;
        err_set(e, E_USAGE, "`trellis identity %s` takes other words", parts[i].word);
        err_hint(e, "trellis identity %s", parts[i].usage);
        return -1;
    }
    int near = str_nearest(word, words, PARTS);
    err_set(e, E_USAGE, "`trellis identity %.*s` is not understood", STR_FMT(word));
    err_hint(e, "%s%s%s", near >= 0 ? "did you mean " : "explain, preview, merge, split, withdraw, decisions, review, ledger, status", near >= 0 ? parts[near].word : "",
             near >= 0 ? "?" : "");
    return -1;
}

int cmd_identity(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    struct errs es = {0};
    struct api *api = NULL;
    struct str dir;
    struct asked q = {.verb = VERB_POST, .target = BUF_INIT((size_t)4096), .body = BUF_INIT(BODY_MAX)};
    struct buf text = BUF_INIT(0);
    yyjson_doc *doc = NULL;
    int code, part = part_find(args, &e);
    buf_addz(&q.target, "/api/v1/identity");
    put_open(&q.body, NULL, '{');
    bool good = part >= 0 && parts[part].ask(c, args, &q, &e);
    put_close(&q.body, '}');
    good = good && buf_ok(&q.body, &e) && buf_ok(&q.target, &e) && cli_mesh_dir(c, &dir, &e) && api_open(c, dir, &api, &es, &e) &&
           api_text(api, q.verb, buf_z(&q.target), q.verb == VERB_GET ? STR("") : buf_str(&q.body), &text, &e) && (doc = json_parse(buf_str(&text), &e));
    code = good ? 0 : cli_fail_all(c, &es, &e);
    if (good && c->json)
        cli_print(&text);
    else if (good)
        code = parts[part].show(c, yyjson_doc_get_root(doc));
    if (text.p)
        sodium_memzero(text.p, text.n);
    if (q.body.p)
        sodium_memzero(q.body.p, q.body.n);
    yyjson_doc_free(doc);
    buf_fini(&text);
    buf_fini(&q.body);
    buf_fini(&q.target);
    errs_fini(&es);
    api_close(api);
    return code;
}
