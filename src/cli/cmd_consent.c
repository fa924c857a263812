/* trellis consent, trellis receipt: what people said about consent, and whether a receipt is whole. */
#include "cli/api.h"
#include "cli/table.h"

#include <unistd.h>

#include "base/fs.h"
#include "base/json.h"
#include "serve/put.h"

enum { IDENTIFIER_MAX = 4096, LIST_MAX = 256 << 20, RECEIPT_MAX = 4 << 20 };

static struct str clean(struct cli *c, yyjson_val *object, const char *key)
{
    return table_clean(&c->arena, json_str(object, key));
}

static struct str opt(const struct cli_args *args, const char *name)
{
    const char *v = cli_opt(args, name);
    return v ? str_of(v) : STR("");
}

static struct str minute(struct str at)
{
    at.n = at.n > 16 ? 16 : at.n;
    return at;
}

/* As given, or from standard input for `-`, so that it need not stand in the shell's history. */
static bool identifier_read(struct cli *c, const struct cli_args *args, struct str *out, struct err *e)
{
    const char *given = cli_opt(args, "--identifier");
    size_t n = 0;
    if (!given) {
        err_set(e, E_USAGE, "whom? --identifier KIND:VALUE");
        err_hint(e, "such as email:ana@example.org or customer:ID; `-` reads it from standard input");
        return false;
    }
    *out = str_of(given);
    if (strcmp(given, "-") != 0)
        return true;
    char *text = arena_alloc(&c->arena, IDENTIFIER_MAX + 1);
    for (ssize_t got; n < IDENTIFIER_MAX && (got = read(STDIN_FILENO, text + n, IDENTIFIER_MAX - n)) > 0;)
        n += (size_t)got;
    *out = str_trim((struct str){text, n});
    return true;
}

/* ---- showing ---- */

static int show_receipt(struct cli *c, yyjson_val *r)
{
    struct str purpose = clean(c, r, "purpose"), status = clean(c, r, "status"), before = clean(c, r, "before"), customer = clean(c, r, "customer_id"), id = clean(c, r, "receipt_id"),
               from = clean(c, r, "seen_from");
    yyjson_val *p, *reads = yyjson_obj_get(r, "reads");
    size_t i, max;
    printf("%.*s for %.*s", STR_FMT(status), STR_FMT(purpose));
    if (customer.n)
        printf(", customer %.*s%s%.*s", STR_FMT(customer), before.n ? ", before: " : "", STR_FMT(before));
    else
        printf(": nobody is known by this yet; it counts as soon as somebody is");
    printf(".\n");
    yyjson_arr_foreach(yyjson_obj_get(r, "products"), i, max, p)
    {
        struct str ref = clean(c, p, "ref"), how = clean(c, p, "how");
        if (yyjson_is_null(yyjson_obj_get(p, "rows_before")))
            printf("  %-36.*s %.*s\n", STR_FMT(ref), STR_FMT(how));
        else
            printf("  %-36.*s %lld -> %lld rows, %.*s\n", STR_FMT(ref), (long long)json_int(p, "rows_before", 0), (long long)json_int(p, "rows_after", 0), STR_FMT(how));
    }
    if (yyjson_is_obj(reads))
        printf("  %lld questions of the last 30 days read them for this purpose.\n", (long long)json_int(reads, "questions", 0));
    printf("Seen by every read from %.*s on. Receipt %.*s.\n", STR_FMT(from), STR_FMT(id));
    return 0;
}

static int show_imported(struct cli *c, yyjson_val *r)
{
    size_t i, max;
    yyjson_val *p, *problems = yyjson_obj_get(r, "problems");
    int64_t refused = json_int(r, "refused", 0);
    yyjson_arr_foreach(problems, i, max, p)
    {
        struct str field = clean(c, p, "field"), message = clean(c, p, "message");
        fprintf(stderr, "line %lld%s%.*s: %.*s\n", (long long)json_int(p, "line", 0), field.n ? ", " : "", STR_FMT(field), STR_FMT(message));
    }
    if (refused > (int64_t)yyjson_arr_size(problems))
        fprintf(stderr, "and %lld more\n", (long long)(refused - (int64_t)yyjson_arr_size(problems)));
    struct str id = clean(c, yyjson_obj_get(r, "receipt"), "receipt_id");
    printf("%lld statements taken, %lld lines refused.%s%.*s%s\n", (long long)json_int(r, "statements", 0), (long long)refused, id.n ? " Receipt " : "", STR_FMT(id), id.n ? "." : "");
    return refused ? 4 : 0;
}

static void held_table(struct cli *c, yyjson_val *list, const char *title)
{
    static const char *const heads[] = {"purpose", "counts as", "word", "since", "who says so", "expires"};
    enum { COLUMNS = sizeof heads / sizeof *heads };
    struct table t;
    size_t i, max;
    yyjson_val *h;
    if (title[0])
        printf("\n%s\n", title);
    table_init(&t, c, COLUMNS);
    for (size_t k = 0; k < COLUMNS; k++)
        table_head(&t, k, str_of(heads[k]), false);
    yyjson_arr_foreach(list, i, max, h)
    {
        table_cell(&t, json_str(h, "purpose"), false);
        table_cell(&t, json_bool(h, "granted", false) ? STR("granted") : STR("denied"), false);
        table_cell(&t, json_bool(h, "expired", false) ? STR("expired") : json_str(h, "status"), false);
        table_cell(&t, minute(json_str(h, "since")), false);
        table_cell(&t, clean(c, h, "source"), false);
        table_cell(&t, minute(json_str(h, "expires_at")), false);
    }
    table_print(&t);
    table_fini(&t);
}

static int show_person(struct cli *c, yyjson_val *r)
{
    static const char *const heads[] = {"said", "recorded", "purpose", "word", "system", "source", "actor"};
    enum { COLUMNS = sizeof heads / sizeof *heads };
    struct table t;
    size_t i, max;
    yyjson_val *s, *statements = yyjson_obj_get(r, "statements");
    struct str customer = clean(c, r, "customer_id"), on = clean(c, r, "on");
    if (customer.n)
        printf("Customer %.*s\n", STR_FMT(customer));
    else
        printf("Nobody is known by this identifier; what was said for it waits.\n");
    held_table(c, yyjson_obj_get(r, "purposes"), "");
    if (on.n) {
        held_table(c, yyjson_obj_get(r, "known_then"), arena_printf(&c->arena, "As it was known on %.*s:", STR_FMT(on)).p);
        held_table(c, yyjson_obj_get(r, "held_then"), arena_printf(&c->arena, "As it held on %.*s, by what is known today:", STR_FMT(on)).p);
    }
    if (yyjson_arr_size(statements) == 0)
        return 0;
    printf("\nStatements, newest first:\n");
    table_init(&t, c, COLUMNS);
    for (size_t k = 0; k < COLUMNS; k++)
        table_head(&t, k, str_of(heads[k]), false);
    yyjson_arr_foreach(statements, i, max, s)
    {
        table_cell(&t, minute(json_str(s, "at")), false);
        table_cell(&t, minute(json_str(s, "recorded_at")), false);
        table_cell(&t, clean(c, s, "purpose"), false);
        table_cell(&t, json_str(s, "status"), false);
        table_cell(&t, clean(c, s, "system"), false);
        table_cell(&t, clean(c, s, "source"), false);
        table_cell(&t, clean(c, s, "actor"), false);
    }
    table_print(&t);
    table_fini(&t);
    return 0;
}

static int show_figures(struct cli *c, yyjson_val *r)
{
    static const struct { const char *head, *key; } columns[] = {{"granted", "granted"}, {"denied", "denied"}, {"expired", "expired"}, {"unknown", "unknown"}, {"count as granted", "counts_as_granted"}};
    enum { COLUMNS = sizeof columns / sizeof *columns };
    struct table t;
    size_t i, max;
    yyjson_val *p;
    if (!json_bool(r, "built", false))
        printf("shared.consent is not built here: only words at the desk are known.\n");
    table_init(&t, c, COLUMNS + 2);
    table_head(&t, 0, STR("purpose"), false);
    table_head(&t, 1, STR("without a word"), false);
    for (size_t k = 0; k < COLUMNS; k++)
        table_head(&t, k + 2, str_of(columns[k].head), true);
    yyjson_arr_foreach(yyjson_obj_get(r, "purposes"), i, max, p)
    {
        table_cell(&t, clean(c, p, "purpose"), false);
        table_cell(&t, json_str(p, "default"), false);
        for (size_t k = 0; k < COLUMNS; k++)
            table_cell(&t, arena_printf(&c->arena, "%lld", (long long)json_int(p, columns[k].key, 0)), false);
    }
    table_print(&t);
    table_fini(&t);
    printf("%lld customers; %lld statements of the desk wait for the next build (reads keep to them already).\n", (long long)json_int(r, "customers", 0), (long long)json_int(r, "waiting", 0));
    return 0;
}

/* ---- the command ---- */

static int set(struct cli *c, const struct cli_args *args, struct err *e)
{
    struct str identifier;
    struct buf b = BUF_INIT((size_t)64 << 10);
    int code;
    if (!identifier_read(c, args, &identifier, e))
        return cli_fail(c, e);
    put_open(&b, NULL, '{');
    put_str(&b, "identifier", identifier);
    put_str(&b, "purpose", opt(args, "--purpose"));
    put_str(&b, "status", opt(args, "--status"));
    put_str(&b, "source", opt(args, "--source"));
    put_str(&b, "proof", opt(args, "--proof"));
    put_str(&b, "occurred_at", opt(args, "--at"));
    put_close(&b, '}');
    code = buf_ok(&b, e) ? api_show(c, VERB_POST, "/api/v1/consent", buf_str(&b), show_receipt) : cli_fail(c, e);
    buf_fini(&b);
    return code;
}

static int show(struct cli *c, const struct cli_args *args, struct err *e)
{
    struct str identifier;
    struct buf b = BUF_INIT((size_t)64 << 10);
    int code;
    if (!cli_has(args, "--identifier"))
        return api_show(c, VERB_GET, "/api/v1/consent", STR(""), show_figures);
    if (!identifier_read(c, args, &identifier, e))
        return cli_fail(c, e);
    put_open(&b, NULL, '{');
    put_str(&b, "identifier", identifier);
    put_str(&b, "on", opt(args, "--on"));
    put_close(&b, '}');
    code = buf_ok(&b, e) ? api_show(c, VERB_POST, "/api/v1/consent/show", buf_str(&b), show_person) : cli_fail(c, e);
    buf_fini(&b);
    return code;
}

static int import(struct cli *c, const struct cli_args *args, struct err *e)
{
    struct str text;
    struct buf b = BUF_INIT((size_t)2 * LIST_MAX);
    int code;
    if (args->n_words < 2) {
        err_set(e, E_USAGE, "which list? trellis consent import FILE");
        err_hint(e, "CSV with the columns identifier, purpose, status and perhaps occurred_at, source, proof; or one JSON object a line");
        return cli_fail(c, e);
    }
    if (!fs_read(&c->arena, args->words[1], LIST_MAX, &text, e))
        return cli_fail(c, e);
    put_open(&b, NULL, '{');
    put_str(&b, "text", text);
    put_str(&b, "source", opt(args, "--source"));
    put_close(&b, '}');
    code = buf_ok(&b, e) ? api_show(c, VERB_POST, "/api/v1/consent/import", buf_str(&b), show_imported) : cli_fail(c, e);
    buf_fini(&b);
    return code;
}

int cmd_consent(struct cli *c, const struct cli_args *args)
{
    static const struct { const char *name; int (*run)(struct cli *c, const struct cli_args *args, struct err *e); } parts[] = {{"set", set}, {"show", show}, {"import", import}};
    struct err e = {0};
    const char *what = args->n_words ? args->words[0] : "show";
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (strcmp(what, parts[i].name) == 0)
            return parts[i].run(c, args, &e);
    err_set(&e, E_USAGE, "`trellis consent %s` is not understood", what);
    err_hint(&e, "trellis consent set, show or import");
    return cli_fail(c, &e);
}

/* ---- receipts ---- */

static int show_verdict(struct cli *c, yyjson_val *r)
{
    struct str problem = clean(c, r, "problem"), id = clean(c, r, "receipt_id"), kind = clean(c, r, "kind"), at = minute(json_str(r, "at"));
    bool valid = json_bool(r, "valid", false), ours = json_bool(r, "ours", false);
    if (valid && ours)
        printf("Receipt %.*s (%.*s, %.*sZ) is whole and signed by this mesh.\n", STR_FMT(id), STR_FMT(kind), STR_FMT(at));
    else
        printf("This receipt cannot be trusted: %.*s.\n", STR_FMT(problem));
    return valid && ours ? 0 : 1;
}

static int show_receipts(struct cli *c, yyjson_val *root)
{
    size_t i, max;
    yyjson_val *r;
    yyjson_arr_foreach(yyjson_obj_get(root, "receipts"), i, max, r)
    {
        struct str id = clean(c, r, "receipt_id"), at = minute(json_str(r, "at")), purpose = clean(c, r, "purpose"), status = clean(c, r, "status"), by = clean(c, r, "by");
        printf("%.*s  %.*sZ  %lld %s  %.*s %.*s  %.*s\n", STR_FMT(id), STR_FMT(at), (long long)json_int(r, "statements", 0), json_int(r, "statements", 0) == 1 ? "word" : "words", STR_FMT(purpose),
               STR_FMT(status), STR_FMT(by));
    }
    printf("%lld receipts of consent.\n", (long long)json_int(root, "total", 0));
    return 0;
}

int cmd_receipt(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    struct str text;
    const char *what = args->n_words ? args->words[0] : "list", *word = args->n_words > 1 ? args->words[1] : NULL;
    struct buf b = BUF_INIT((size_t)2 * RECEIPT_MAX);
    int code;
    if (strcmp(what, "list") == 0) {
        code = api_show(c, VERB_GET, "/api/v1/consent/receipts?limit=500", STR(""), show_receipts);
    } else if (strcmp(what, "verify") == 0 && word) {
        if (!fs_read(&c->arena, word, RECEIPT_MAX, &text, &e)) {
            code = cli_fail(c, &e);
            goto out;
        }
        put_open(&b, NULL, '{');
        put_str(&b, "receipt", text);
        put_close(&b, '}');
        code = buf_ok(&b, &e) ? api_show(c, VERB_POST, "/api/v1/receipts/verify", buf_str(&b), show_verdict) : cli_fail(c, &e);
    } else {
        err_set(&e, E_USAGE, "`trellis receipt %s` is not understood", what);
        err_hint(&e, "trellis receipt verify FILE, trellis receipt list");
        code = cli_fail(c, &e);
    }
out:
    buf_fini(&b);
    return code;
}
