/* trellis hold: rows that are kept whatever their age, and people who are not erased, while a case lasts. */
#include "cli/api.h"
#include "cli/table.h"

#include <unistd.h>

#include "base/json.h"
#include "serve/put.h"

enum { IDENTIFIER_MAX = 4096 };

static struct str opt(const struct cli_args *args, const char *name)
{
    const char *v = cli_opt(args, name);
    return v ? str_of(v) : STR("");
}

static int show_one(struct cli *c, yyjson_val *h)
{
    struct str state = json_str(h, "state"), product = table_clean(&c->arena, json_str(h, "product")), kind = table_clean(&c->arena, json_str(h, "identifier_kind"));
    printf("Hold %lld on %.*s%.*s %.*s.\n", (long long)json_int(h, "id", 0), STR_FMT(product.n ? product : STR("a person, by ")), STR_FMT(product.n ? STR("") : kind),
           STR_FMT(str_eq(state, STR("holds")) ? STR("is in force") : state));
    return 0;
}

static int show_all(struct cli *c, yyjson_val *root)
{
    static const char *const heads[] = {"no", "state", "on", "since", "until", "by", "reason"};
    enum { COLUMNS = sizeof heads / sizeof *heads };
    struct table t;
    size_t i, max;
    yyjson_val *h, *list = yyjson_obj_get(root, "holds");
    if (yyjson_arr_size(list) == 0) {
        printf("No legal hold. trellis hold add makes one.\n");
        return 0;
    }
    table_init(&t, c, COLUMNS);
    for (size_t k = 0; k < COLUMNS; k++)
        table_head(&t, k, str_of(heads[k]), k == 0);
    yyjson_arr_foreach(list, i, max, h)
    {
        struct str since = json_str(h, "at"), until = json_str(h, "until"), product = json_str(h, "product"), customer = json_str(h, "customer_id");
        since.n = since.n > 10 ? 10 : since.n;
        until.n = until.n > 10 ? 10 : until.n;
        table_cell(&t, arena_printf(&c->arena, "%lld", (long long)json_int(h, "id", 0)), false);
        table_cell(&t, json_str(h, "state"), false);
        table_cell(&t, product.n ? product : customer.n ? customer : STR("a person not known yet"), false);
        table_cell(&t, since, false);
        table_cell(&t, until, false);
        table_cell(&t, table_clean(&c->arena, json_str(h, "by")), false);
        table_cell(&t, table_clean(&c->arena, json_str(h, "reason")), false);
    }
    table_print(&t);
    table_fini(&t);
    return 0;
}

/* As given, or from standard input for `-`. */
static struct str identifier_of(struct cli *c, const struct cli_args *args)
{
    struct str given = opt(args, "--identifier");
    size_t n = 0;
    if (!str_eq(given, STR("-")))
        return given;
    char *text = arena_alloc(&c->arena, IDENTIFIER_MAX + 1);
    for (ssize_t got; n < IDENTIFIER_MAX && (got = read(STDIN_FILENO, text + n, IDENTIFIER_MAX - n)) > 0;)
        n += (size_t)got;
    return str_trim((struct str){text, n});
}

int cmd_hold(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    const char *what = args->n_words ? args->words[0] : "list";
    int64_t id = 0;
    struct buf b = BUF_INIT((size_t)64 << 10);
    int code;
    if (strcmp(what, "list") == 0)
        return api_show(c, VERB_GET, "/api/v1/holds", STR(""), show_all);
    put_open(&b, NULL, '{');
    if (strcmp(what, "add") == 0) {
        struct str identifier = identifier_of(c, args), product = opt(args, "--product");
        if (identifier.n)
            put_str(&b, "identifier", identifier);
        if (product.n)
            put_str(&b, "product", product);
        put_str(&b, "reason", opt(args, "--reason"));
        put_str(&b, "until", opt(args, "--until"));
        put_close(&b, '}');
        code = buf_ok(&b, &e) ? api_show(c, VERB_POST, "/api/v1/holds", buf_str(&b), show_one) : cli_fail(c, &e);
    } else if (strcmp(what, "end") == 0 && args->n_words > 1 && str_to_i64(str_of(args->words[1]), &id)) {
        put_str(&b, "reason", opt(args, "--reason"));
        put_close(&b, '}');
        code = api_show(c, VERB_POST, arena_printf(&c->arena, "/api/v1/holds/%lld/end", (long long)id).p, buf_str(&b), show_one);
    } else {
        err_set(&e, E_USAGE, "`trellis hold %s` is not understood", what);
        err_hint(&e, "trellis hold add --identifier KIND:VALUE | --product D.P --reason TEXT, trellis hold list, trellis hold end NUMBER");
        code = cli_fail(c, &e);
    }
    buf_fini(&b);
    return code;
}
