/* trellis metric: numbers by their names. Rows as a table, CSV or JSON; --list says what there is, --explain what one of them means. */
#include "cli/api.h"
#include "cli/table.h"

#include <math.h>

#include "base/json.h"
#include "serve/put.h"

enum { BODY_MAX = 1 << 20 };
enum form { FORM_TABLE, FORM_CSV, FORM_JSON };

static bool read_form(const struct cli *c, const struct cli_args *args, enum form *out, struct err *e)
{
    static const char *const names[] = {[FORM_TABLE] = "table", [FORM_CSV] = "csv", [FORM_JSON] = "json"};
    const char *given = cli_opt(args, "--format");
    *out = c->json ? FORM_JSON : FORM_TABLE;
    for (size_t i = 0; given && i < 3; i++)
        if (strcmp(given, names[i]) == 0) {
            *out = (enum form)i;
            return true;
        }
    return !given || err_set(e, E_USAGE, "--format is one of table, csv, json; not '%s'", given);
}

/* ---- what is asked ---- */
static void put_list(struct buf *b, const char *key, const char *list)
{
    struct str rest = str_of(list);
    put_open(b, key, '[');
    while (rest.p) {
        struct str one = str_trim(str_cut(rest, ',', &rest));
        if (one.n)
            put_str(b, NULL, one);
    }
    put_close(b, ']');
}

static void put_option(const struct cli_args *args, struct buf *b, const char *option, const char *key)
{
    const char *v = cli_opt(args, option);
    if (v)
        put_str(b, key, str_of(v));
}

static bool make_request(const struct cli_args *args, enum form form, struct buf *b, struct err *e)
{
    int64_t limit;
    if (!cli_int(args, "--limit", form == FORM_TABLE ? 10000 : 1000000, 1, 1000000, &limit, e))
        return false;
    put_open(b, NULL, '{');
    put_list(b, "metrics", args->words[0]);
    if (cli_opt(args, "--by"))
        put_list(b, "by", cli_opt(args, "--by"));
    put_option(args, b, "--grain", "grain");
    put_option(args, b, "--from", "from");
    put_option(args, b, "--to", "to");
    put_option(args, b, "--where", "where");
    put_option(args, b, "--compare", "compare");
    put_option(args, b, "--order", "order");
    put_option(args, b, "--as-of", "as_of");
    put_int(b, "limit", limit);
    if (form == FORM_CSV)
        put_str(b, "format", STR("csv"));
    put_close(b, '}');
    return buf_ok(b, e);
}

/* ---- a table ---- */
static struct str grouped(struct cli *c, double v, int decimals)
{
    char plain[64], out[96];
    size_t n = 0;
    int len = snprintf(plain, sizeof plain, "%.*f", decimals, fabs(v));
    int whole = decimals ? len - decimals - 1 : len;
    if (v < 0 && strtod(plain, NULL) != 0)
        out[n++] = '-';
    for (int i = 0; i < len && n + 2 < sizeof out; i++) {
        if (i && i < whole && (whole - i) % 3 == 0)
            out[n++] = ',';
        out[n++] = plain[i];
    }
    return arena_str(&c->arena, (struct str){out, n});
}

static struct str figure(struct cli *c, yyjson_val *v, struct str unit, struct str role)
{
    if (!yyjson_is_num(v))
        return STR("");
    double x = yyjson_get_num(v);
    if (str_eq(role, STR("change")))
        return arena_printf(&c->arena, "%+.1f %%", 100 * x);
    if (str_eq(unit, STR("percent")))
        return arena_printf(&c->arena, "%.2f %%", 100 * x);
    if (str_eq(unit, STR("count")))
        return grouped(c, x, fabs(x - round(x)) < 1e-9 ? 0 : 2);
    return grouped(c, x, 2);
}

static void table_row(struct cli *c, struct table *t, yyjson_val *columns, yyjson_val *row, struct str unknown)
{
    size_t i, max;
    yyjson_val *column;
    yyjson_arr_foreach(columns, i, max, column)
    {
        yyjson_val *v = yyjson_arr_get(row, i);
        bool text = yyjson_is_str(v);
        if (str_eq(json_str(column, "role"), STR("key")) || str_eq(json_str(column, "role"), STR("time")))
            table_cell(t, text ? table_clean(&c->arena, (struct str){yyjson_get_str(v), yyjson_get_len(v)}) : unknown, !text);
        else
            table_cell(t, yyjson_is_num(v) ? figure(c, v, json_str(column, "unit"), json_str(column, "role")) : STR("–"), !yyjson_is_num(v));
    }
}

static void show_table(struct cli *c, yyjson_val *root)
{
    yyjson_val *columns = yyjson_obj_get(root, "columns"), *rows = yyjson_obj_get(root, "rows"), *total = yyjson_obj_get(root, "total"), *x;
    struct table t;
    size_t i, max;
    table_init(&t, c, yyjson_arr_size(columns));
    yyjson_arr_foreach(columns, i, max, x)
        table_head(&t, i, arena_str(&c->arena, json_str(x, "name")), !str_eq(json_str(x, "role"), STR("key")) && !str_eq(json_str(x, "role"), STR("time")));
    yyjson_arr_foreach(rows, i, max, x)
        table_row(c, &t, columns, x, STR("(unknown)"));
    if (yyjson_is_arr(total))
        table_row(c, &t, columns, total, STR("all"));
    table_print(&t);
    table_fini(&t);
    if (c->quiet)
        return;
    struct str before = json_str(yyjson_obj_get(root, "compare"), "from"), before_to = json_str(yyjson_obj_get(root, "compare"), "to"), currency = {0};
    yyjson_arr_foreach(columns, i, max, x)
        if (str_eq(json_str(x, "unit"), STR("currency")))
            currency = json_str(root, "currency");
    fprintf(stderr, "%s%.*s to %.*s", cli_paint(c->color_err, "dim"), STR_FMT(json_str(root, "from")), STR_FMT(json_str(root, "to")));
    if (before.n)
        fprintf(stderr, ", compared with %.*s to %.*s", STR_FMT(before), STR_FMT(before_to));
    fprintf(stderr, "%s%.*s%s%s\n", currency.n ? "; amounts in " : "", STR_FMT(currency), yyjson_is_arr(total) ? "; the last line is over all" : "",
            yyjson_get_bool(yyjson_obj_get(root, "truncated")) ? "; there are more rows than are shown: --limit" : "");
    yyjson_arr_foreach(yyjson_obj_get(root, "notes"), i, max, x)
        fprintf(stderr, "note: %s\n", yyjson_get_str(x));
    yyjson_arr_foreach(yyjson_obj_get(root, "ports"), i, max, x)
        if (!str_eq(json_str(x, "state"), STR("fresh")))
            fprintf(stderr, "note: %.*s is %.*s\n", STR_FMT(json_str(x, "ref")), STR_FMT(json_str(x, "state")));
    fprintf(stderr, "%s", cli_paint(c->color_err, ""));
}

/* An array of objects; numbers as they came. */
static bool show_json(yyjson_val *root, struct err *e)
{
    struct buf b = BUF_INIT((size_t)512 << 20);
    yyjson_val *columns = yyjson_obj_get(root, "columns"), *row, *column;
    size_t i, max, k, n;
    put_open(&b, NULL, '[');
    yyjson_arr_foreach(yyjson_obj_get(root, "rows"), i, max, row)
    {
        put_open(&b, NULL, '{');
        yyjson_arr_foreach(columns, k, n, column)
        {
            char *text = yyjson_val_write(yyjson_arr_get(row, k), 0, NULL);
            put_raw(&b, yyjson_get_str(yyjson_obj_get(column, "name")), str_of(text ? text : "null"));
            mem_free(text);
        }
        put_close(&b, '}');
    }
    put_close(&b, ']');
    buf_addz(&b, "\n");
    bool good = buf_ok(&b, e);
    if (good)
        cli_print(&b);
    buf_fini(&b);
    return good;
}

static int ask(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    struct errs es = {0};
    struct api *api = NULL;
    struct str dir;
    struct buf body = BUF_INIT((size_t)BODY_MAX), text = BUF_INIT((size_t)0);
    yyjson_doc *doc = NULL;
    enum form form;
    bool good = read_form(c, args, &form, &e);
    c->json = c->json || (good && form == FORM_JSON);
    good = good && make_request(args, form, &body, &e) && cli_mesh_dir(c, &dir, &e) && api_open(c, dir, &api, &es, &e) &&
           api_text(api, VERB_POST, "/api/v1/metrics/query", buf_str(&body), &text, &e);
    if (good && form == FORM_CSV) {
        cli_print(&text);
    } else if (good && (doc = yyjson_read(text.p, text.n, YYJSON_READ_NUMBER_AS_RAW * (form == FORM_JSON)))) {
        if (form == FORM_JSON)
            good = show_json(yyjson_doc_get_root(doc), &e);
        else
            show_table(c, yyjson_doc_get_root(doc));
    } else if (good) {
        good = err_set(&e, E_INTERNAL, "the answer cannot be read");
    }
    int code = good ? 0 : cli_fail_all(c, &es, &e);
    yyjson_doc_free(doc);
    buf_fini(&body);
    buf_fini(&text);
    errs_fini(&es);
    api_close(api);
    return code;
}

/* ---- what there is ---- */
static int show_list(struct cli *c, yyjson_val *root)
{
    static const char *const heads[] = {"metric", "domain", "what it is", "unit", "owner", "formula"};
    enum { COLUMNS = sizeof heads / sizeof *heads };
    struct table t;
    size_t i, max;
    yyjson_val *m;
    if (!yyjson_arr_size(yyjson_obj_get(root, "metrics"))) {
        printf("No metric is declared. Write one in domains/DOMAIN/metrics/, or add a pack that brings some: trellis add campaign_performance\n");
        return 0;
    }
    table_init(&t, c, COLUMNS);
    for (size_t h = 0; h < COLUMNS; h++)
        table_head(&t, h, str_of(heads[h]), false);
    yyjson_arr_foreach(yyjson_obj_get(root, "metrics"), i, max, m)
    {
        table_cell(&t, json_str(m, "name"), false);
        table_cell(&t, json_str(m, "domain"), false);
        table_cell(&t, table_clean(&c->arena, json_str(m, "title")), false);
        table_cell(&t, json_str(m, "unit"), false);
        table_cell(&t, table_clean(&c->arena, json_str(yyjson_obj_get(m, "owner"), "name")), false);
        table_cell(&t, table_clean(&c->arena, json_str(m, "formula")), true);
    }
    table_print(&t);
    table_fini(&t);
    return 0;
}

static void say(struct cli *c, const char *label, struct str text)
{
    if (text.n)
        printf("%s%-12s%s %.*s\n", cli_paint(c->color, "dim"), label, cli_paint(c->color, ""), STR_FMT(table_clean(&c->arena, text)));
}

static int show_one(struct cli *c, yyjson_val *m)
{
    printf("%s%.*s%s  (%.*s)\n", cli_paint(c->color, "bold"), STR_FMT(json_str(m, "title")), cli_paint(c->color, ""), STR_FMT(json_str(m, "ref")));
    say(c, "is", json_str(m, "description"));
    say(c, "formula", json_str(m, "formula"));
    say(c, "unit", json_str(m, "unit"));
    say(c, "better", json_str(m, "direction"));
    say(c, "owner", json_str(yyjson_obj_get(m, "owner"), "name"));
    say(c, "also called", api_list(c, yyjson_obj_get(m, "synonyms")));
    say(c, "asked by", api_list(c, yyjson_obj_get(m, "dimensions")));
    say(c, "made of", api_list(c, yyjson_obj_get(m, "parts")));
    say(c, "reads", api_list(c, yyjson_obj_get(m, "ports")));
    say(c, "state", json_str(m, "state"));
    say(c, "version", json_str(m, "version"));
    say(c, "file", arena_printf(&c->arena, "%.*s:%lld", STR_FMT(json_str(m, "file")), (long long)json_int(m, "line", 1)));
    return 0;
}

/* A bare name is looked up in the list: the address of a metric has its domain. */

static int find_one(struct cli *c, const char *word)
{
    struct err e = {0};
    struct errs es = {0};
    struct api *api = NULL;
    struct str dir, name, domain = str_cut(str_of(word), '.', &name), ref = {0};
    struct buf text = BUF_INIT((size_t)0);
    yyjson_doc *doc = NULL;
    yyjson_val *m;
    size_t i, max, n = 0;
    bool good = cli_mesh_dir(c, &dir, &e) && api_open(c, dir, &api, &es, &e) && api_text(api, VERB_GET, "/api/v1/metrics", STR(""), &text, &e) && (doc = json_parse(buf_str(&text), &e));
    yyjson_arr_foreach(yyjson_obj_get(yyjson_doc_get_root(doc), "metrics"), i, max, m)
        if (name.p ? str_eq(json_str(m, "ref"), str_of(word)) : str_eq(json_str(m, "name"), domain)) {
            ref = arena_str(&c->arena, json_str(m, "ref"));
            n++;
        }
    if (good && n > 1)
        good = err_set(&e, E_METRIC, "several domains declare the metric \"%s\"; write domain.%s", word, word);
    if (good && n == 0) {
        good = err_set(&e, E_NOT_FOUND, "there is no metric \"%s\"", word);
        err_hint(&e, "trellis metric --list names all");
    }
    int code = good ? 0 : cli_fail_all(c, &es, &e);
    yyjson_doc_free(doc);
    buf_fini(&text);
    errs_fini(&es);
    api_close(api);
    if (!good)
        return code;
    domain = str_cut(ref, '.', &name);
    return api_show(c, VERB_GET, arena_printf(&c->arena, "/api/v1/metrics/%.*s/%.*s", STR_FMT(domain), STR_FMT(name)).p, STR(""), show_one);
}

int cmd_metric(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    enum form form;
    if (!read_form(c, args, &form, &e))
        return cli_fail(c, &e);
    c->json = form == FORM_JSON;
    if (cli_has(args, "--list"))
        return api_show(c, VERB_GET, "/api/v1/metrics", STR(""), show_list);
    if (args->n_words == 0) {
        err_set(&e, E_USAGE, "which metric?");
        err_hint(&e, "trellis metric --list names all");
        return cli_fail(c, &e);
    }
    return cli_has(args, "--explain") ? find_one(c, args->words[0]) : ask(c, args);
}
