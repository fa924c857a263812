/* trellis failing: the rows that broke the checks of a port at its last build, personal values hidden. */
#include "cli/api.h"
#include "cli/table.h"

#include <stdlib.h>

#include "base/json.h"

/* For an address: the names of a port are plain words, its rules may be any text. */
bool cli_port_target(struct str ref, const char *what, struct buf *target, struct err *e)
{
    struct str port, domain = str_cut(ref, '.', &port);
    for (size_t i = 0; i < ref.n; i++) {
        char ch = ref.p[i];
        bool plain = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || ch == '_' || ch == '-' || ch == '.';
        if (!plain)
            port = STR("");
    }
    if (!domain.n || !port.n) {
        err_set(e, E_USAGE, "\"%.*s\" is no port", STR_FMT(ref));
        return err_hint(e, "ports are named domain.port; `trellis status` lists them"), false;
    }
    buf_printf(target, "/api/v1/ports/%.*s/%.*s/%s", STR_FMT(domain), STR_FMT(port), what);
    return buf_ok(target, e);
}

/* A value as it was written. */
static struct str cell_text(struct cli *c, yyjson_val *v)
{
    if (yyjson_is_str(v))
        return (struct str){yyjson_get_str(v), yyjson_get_len(v)};
    if (yyjson_is_raw(v))
        return (struct str){yyjson_get_raw(v), yyjson_get_len(v)};
    size_t n = 0;
    char *json = yyjson_val_write(v, YYJSON_WRITE_NOFLAG, &n);
    struct str text = arena_str(&c->arena, (struct str){json ? json : "", n});
    free(json); /* banned-ok: yyjson's own allocation */
    return text;
}

static void show_rows(struct cli *c, yyjson_val *columns, yyjson_val *rows)
{
    struct table t;
    size_t i, max, k, kmax;
    yyjson_val *v, *row;
    table_init(&t, c, yyjson_arr_size(columns));
    yyjson_arr_foreach(columns, i, max, v)
    {
        struct str type = json_str(v, "type");
        bool number = str_starts(type, STR("DECIMAL")) || str_ends(type, STR("INT")) || str_eq(type, STR("INTEGER")) || str_eq(type, STR("DOUBLE"));
        table_head(&t, i, arena_str(&c->arena, json_str(v, "name")), number);
    }
    yyjson_arr_foreach(rows, i, max, row)
    {
        yyjson_arr_foreach(row, k, kmax, v)
        {
            bool null = yyjson_is_null(v);
            table_cell(&t, null ? STR("NULL") : table_clean(&c->arena, cell_text(c, v)), null);
        }
    }
    table_print(&t);
    table_fini(&t);
}

static void show(struct cli *c, yyjson_val *answer)
{
    yyjson_val *rows = yyjson_obj_get(answer, "rows");
    struct str message = table_clean(&c->arena, json_str(answer, "message")), none = table_clean(&c->arena, json_str(answer, "why_none")),
               rule = table_clean(&c->arena, json_str(answer, "rule"));
    if (rule.n || message.n)
        printf("%s%.*s%s%s%.*s\n", cli_paint(c->color, "bold"), STR_FMT(rule), cli_paint(c->color, ""), rule.n && message.n ? ": " : "",
               STR_FMT(message));
    if (json_bool(answer, "refused", false))
        printf("the version that was checked was refused; readers keep the one before\n");
    if (none.n)
        printf("%.*s\n", STR_FMT(none));
    if (yyjson_arr_size(rows))
        show_rows(c, yyjson_obj_get(answer, "columns"), rows);
    if (json_bool(answer, "truncated", false))
        cli_advice(c, "there are more rows than are shown or kept");
}

static bool ask(struct api *api, const struct cli_args *args, struct buf *text, struct err *e)
{
    struct buf target = BUF_INIT((size_t)16384);
    const char *column = cli_opt(args, "--column");
    int64_t limit;
    bool good = cli_int(args, "--limit", 100, 1, 10000, &limit, e) && cli_port_target(str_of(args->words[0]), "failing", &target, e);
    if (good && args->n_words > 1)
        cli_query_add(&target, "rule", str_of(args->words[1]));
    if (good && column)
        cli_query_add(&target, "column", str_of(column));
    if (good)
        cli_query_add(&target, "limit", str_of(cli_opt(args, "--limit") ? cli_opt(args, "--limit") : "100"));
    good = good && buf_ok(&target, e) && api_text(api, VERB_GET, buf_z(&target), STR(""), text, e);
    buf_fini(&target);
    return good;
}

int cmd_failing(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    struct errs es = {0};
    struct api *api = NULL;
    struct str dir;
    struct buf text = BUF_INIT(0);
    yyjson_doc *doc = NULL;
    int code = 0;
    bool good = cli_mesh_dir(c, &dir, &e) && api_open(c, dir, &api, &es, &e) && ask(api, args, &text, &e);
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
