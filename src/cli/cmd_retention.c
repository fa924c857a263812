/* trellis retention: who comes back, by the period of their first event. */
#include "cli/figures.h"

#include "base/json.h"
#include "serve/put.h"

enum { BODY_MAX = 1 << 20, PERIODS_SHOWN = 13 };

static const struct figure_option texts[] = {{"--first", "first"}, {"--again", "again"}, {"--grain", "grain"}, {"--kind", "kind"}, {"--by", "by"}, {"--from", "from"}, {"--to", "to"}, {"--where", "where"}, {"--as-of", "as_of"}};

/* ---- what is shown ---- */

static struct str cohort_name(yyjson_val *cohort, struct str grain)
{
    struct str s = json_str(cohort, "cohort");
    size_t n = str_eq(grain, STR("year")) ? 4 : str_eq(grain, STR("month")) || str_eq(grain, STR("quarter")) ? 7 : 10;
    s.n = s.n > n ? n : s.n;
    return s;
}

/* A period that is not over yet says less than it will: it is marked. */
static struct str kept_cell(struct cli *c, yyjson_val *kept, int64_t size, bool over)
{
    if (!yyjson_is_int(kept) || size == 0)
        return STR("");
    return arena_printf(&c->arena, "%.1f%s", 100 * (double)yyjson_get_sint(kept) / (double)size, over ? "" : "*");
}

static void heads(struct cli *c, struct table *t, struct str first, size_t periods)
{
    table_head(t, 0, first, false);
    table_head(t, 1, STR("people"), true);
    for (size_t k = 0; k < periods; k++)
        table_head(t, k + 2, arena_printf(&c->arena, "%zu", k), true);
}

static void rates(struct cli *c, struct table *t, struct str name, yyjson_val *group, size_t periods)
{
    yyjson_val *list = yyjson_obj_get(group, "rates");
    table_cell(t, name, false);
    table_cell(t, figure_count(&c->arena, json_int(group, "size", 0)), false);
    for (size_t k = 0; k < periods; k++) {
        yyjson_val *rate = yyjson_arr_get(list, k);
        table_cell(t, yyjson_is_num(rate) ? arena_printf(&c->arena, "%.1f", 100 * yyjson_get_num(rate)) : STR(""), false);
    }
}

static struct str key_of(yyjson_val *group)
{
    struct str key = json_str(group, "key");
    return json_bool(group, "rest", false) ? STR("(others)") : key.n ? key : STR("(not known)");
}

static int show_table(struct cli *c, yyjson_val *root)
{
    yyjson_val *cohorts = yyjson_obj_get(root, "cohorts"), *groups = yyjson_obj_get(root, "by"), *x;
    struct str grain = json_str(root, "grain"), kind = json_str(root, "kind");
    size_t periods = (size_t)json_int(root, "periods", 0), i, max;
    struct table t;
    bool open = false;
    if (periods > PERIODS_SHOWN)
        periods = PERIODS_SHOWN;
    table_init(&t, c, periods + 2);
    heads(c, &t, grain, periods);
    yyjson_arr_foreach(cohorts, i, max, x)
    {
        size_t over = (size_t)json_int(x, "whole", 0);
        table_cell(&t, cohort_name(x, grain), false);
        table_cell(&t, figure_count(&c->arena, json_int(x, "size", 0)), false);
        for (size_t k = 0; k < periods; k++) {
            struct str cell = kept_cell(c, yyjson_arr_get(yyjson_obj_get(x, "kept"), k), json_int(x, "size", 0), k < over);
            open = open || (cell.n && k >= over);
            table_cell(&t, cell, k >= over);
        }
    }
    rates(c, &t, STR("all"), yyjson_obj_get(root, "all"), periods);
    table_print(&t);
    table_fini(&t);
    if (yyjson_arr_size(groups)) {
        printf("\n");
        table_init(&t, c, periods + 2);
        heads(c, &t, json_str(root, "dimension"), periods);
        yyjson_arr_foreach(groups, i, max, x) rates(c, &t, key_of(x), x, periods);
        table_print(&t);
        table_fini(&t);
    }
    if (c->quiet)
        return 0;
    struct str first = json_str(yyjson_obj_get(root, "first"), "title"), again = json_str(yyjson_obj_get(root, "again"), "title");
    const char *how = str_eq(kind, STR("unbounded")) ? "in that period or a later one" : str_eq(kind, STR("rolling")) ? "by the end of that period" : "in exactly that period";
    fprintf(stderr, "%sPercent of those whose first was `%.*s` who did `%.*s` %s; 0 is the %.*s of the first.%s%s\n", cli_paint(c->color_err, "dim"), STR_FMT(first), STR_FMT(again), how,
            STR_FMT(grain), open ? " * is not over yet, and is in no rate of all." : "", cli_paint(c->color_err, ""));
    return 0;
}

/* One line for each cohort and period that has begun; with a dimension, for each value and period. */
static int show_csv(struct cli *c, yyjson_val *root)
{
    yyjson_val *x, *v;
    size_t i, max, k, all;
    struct buf b = BUF_INIT((size_t)16 << 20);
    struct str dimension = json_str(root, "dimension");
    (void)c;
    if (dimension.n) {
        buf_csv_cell(&b, dimension);
        buf_addz(&b, ",people,period,rate\r\n");
        yyjson_arr_foreach(yyjson_obj_get(root, "by"), i, max, x) yyjson_arr_foreach(yyjson_obj_get(x, "rates"), k, all, v)
        {
            if (!yyjson_is_num(v))
                continue;
            buf_csv_cell(&b, key_of(x));
            buf_printf(&b, ",%lld,%zu,%.6g\r\n", (long long)json_int(x, "size", 0), k, yyjson_get_num(v));
        }
    } else {
        buf_addz(&b, "cohort,people,period,kept,over\r\n");
        yyjson_arr_foreach(yyjson_obj_get(root, "cohorts"), i, max, x) yyjson_arr_foreach(yyjson_obj_get(x, "kept"), k, all, v)
        {
            struct str day = json_str(x, "cohort");
            if (yyjson_is_int(v))
                buf_printf(&b, "%.*s,%lld,%zu,%lld,%s\r\n", STR_FMT(day), (long long)json_int(x, "size", 0), k, (long long)yyjson_get_sint(v), (int64_t)k < json_int(x, "whole", 0) ? "true" : "false");
        }
    }
    cli_print(&b);
    buf_fini(&b);
    return 0;
}

int cmd_retention(struct cli *c, const struct cli_args *args)
{
    static const figure_show shows[] = {[FIGURE_TABLE] = show_table, [FIGURE_CSV] = show_csv, [FIGURE_JSON] = show_table};
    struct err e = {0};
    struct buf body = BUF_INIT((size_t)BODY_MAX);
    enum figure_form form;
    int64_t periods = 0;
    put_open(&body, NULL, '{');
    bool good = figure_form_read(c, args, &form, &e) && figure_options_put(args, texts, sizeof texts / sizeof *texts, &body, &e) && cli_int(args, "--periods", 0, 1, 60, &periods, &e);
    if (periods)
        put_int(&body, "periods", periods);
    put_close(&body, '}');
    good = good && buf_ok(&body, &e);
    int code = good ? api_show(c, VERB_POST, "/api/v1/cohorts", buf_str(&body), shows[form]) : cli_fail(c, &e);
    buf_fini(&body);
    return code;
}
