/* trellis funnel: how many people get from step to step, and where those are lost who are lost more often than others. */
#include "cli/figures.h"

#include "base/json.h"
#include "serve/put.h"

enum { BODY_MAX = 1 << 20, BAR = 24, REASONS_SHOWN = 8 };

/* ---- what is shown ---- */

static void show_steps(struct cli *c, yyjson_val *root)
{
    static const char *const heads[] = {"step", "people", "of first", "of before", "", "median time", "lost"};
    enum { COLUMNS = sizeof heads / sizeof *heads };
    struct table t;
    size_t i, max;
    yyjson_val *s;
    table_init(&t, c, COLUMNS);
    for (size_t k = 0; k < COLUMNS; k++)
        table_head(&t, k, str_of(heads[k]), k != 0 && k != 4);
    yyjson_arr_foreach(yyjson_obj_get(root, "steps"), i, max, s)
    {
        double rate = yyjson_get_num(yyjson_obj_get(s, "rate"));
        yyjson_val *median = yyjson_obj_get(s, "median_s");
        table_cell(&t, json_str(s, "title"), false);
        table_cell(&t, figure_count(&c->arena, json_int(s, "people", 0)), false);
        table_cell(&t, figure_percent(&c->arena, rate), false);
        table_cell(&t, i ? figure_percent(&c->arena, yyjson_get_num(yyjson_obj_get(s, "rate_before"))) : STR(""), false);
        table_cell(&t, figure_bar(&c->arena, rate, BAR), false);
        table_cell(&t, yyjson_is_num(median) ? figure_span(&c->arena, yyjson_get_num(median)) : STR(""), false);
        table_cell(&t, i ? figure_count(&c->arena, json_int(s, "dropped", 0)) : STR(""), false);
    }
    table_print(&t);
    table_fini(&t);
}

static struct str key_of(struct cli *c, yyjson_val *group)
{
    struct str key = json_str(group, "key");
    (void)c;
    return json_bool(group, "rest", false) ? STR("(others)") : key.n ? key : STR("(not known)");
}

static void show_groups(struct cli *c, yyjson_val *root)
{
    yyjson_val *groups = yyjson_obj_get(root, "by"), *steps = yyjson_obj_get(root, "steps"), *g, *s;
    size_t n = yyjson_arr_size(steps), i, max, k, all;
    struct table t;
    if (!yyjson_arr_size(groups))
        return;
    printf("\n");
    table_init(&t, c, n + 3);
    table_head(&t, 0, json_str(root, "dimension"), false);
    yyjson_arr_foreach(steps, k, all, s) table_head(&t, k + 1, json_str(s, "title"), true);
    table_head(&t, n + 1, STR("rate"), true);
    table_head(&t, n + 2, STR(""), false);
    yyjson_arr_foreach(groups, i, max, g)
    {
        yyjson_val *people = yyjson_obj_get(g, "people");
        int64_t first = yyjson_get_sint(yyjson_arr_get_first(people)), last = yyjson_get_sint(yyjson_arr_get_last(people));
        double rate = first ? (double)last / (double)first : 0;
        table_cell(&t, key_of(c, g), !json_str(g, "key").n);
        yyjson_arr_foreach(people, k, all, s) table_cell(&t, figure_count(&c->arena, yyjson_get_sint(s)), false);
        table_cell(&t, figure_percent(&c->arena, rate), false);
        table_cell(&t, figure_bar(&c->arena, rate, BAR), false);
    }
    table_print(&t);
    table_fini(&t);
}

static void show_reasons(struct cli *c, yyjson_val *root)
{
    yyjson_val *steps = yyjson_obj_get(root, "steps"), *r;
    size_t i, max;
    struct table t;
    if (!yyjson_arr_size(yyjson_obj_get(root, "reasons")))
        return;
    printf("\nLost more often than others (%lld groups were looked at; chance alone would name one in 20 times)\n", (long long)json_int(root, "looked_at", 0));
    table_init(&t, c, 6);
    static const char *const heads[] = {"before", "who", "people", "rate", "others", "share of the loss"};
    for (size_t k = 0; k < 6; k++)
        table_head(&t, k, str_of(heads[k]), k > 1);
    yyjson_arr_foreach(yyjson_obj_get(root, "reasons"), i, max, r)
    {
        if (i == REASONS_SHOWN)
            break;
        struct str title = json_str(r, "title"), value = json_str(r, "value");
        table_cell(&t, json_str(yyjson_arr_get(steps, (size_t)json_int(r, "step", 0)), "title"), false);
        table_cell(&t, arena_printf(&c->arena, "%.*s: %.*s", STR_FMT(title), STR_FMT(value)), false);
        table_cell(&t, figure_count(&c->arena, json_int(r, "people", 0)), false);
        table_cell(&t, figure_percent(&c->arena, yyjson_get_num(yyjson_obj_get(r, "rate"))), false);
        table_cell(&t, figure_percent(&c->arena, yyjson_get_num(yyjson_obj_get(r, "others"))), false);
        table_cell(&t, figure_percent(&c->arena, yyjson_get_num(yyjson_obj_get(r, "share_of_loss"))), false);
    }
    table_print(&t);
    table_fini(&t);
}

static int show_table(struct cli *c, yyjson_val *root)
{
    size_t i, max;
    yyjson_val *note;
    show_steps(c, root);
    show_groups(c, root);
    show_reasons(c, root);
    if (c->quiet)
        return 0;
    struct str from = json_str(root, "from"), to = json_str(root, "to"), window = figure_span(&c->arena, (double)json_int(root, "window_s", 0));
    fprintf(stderr, "%sFirst step %.*s to %.*s%s; all within %.*s.%s\n", cli_paint(c->color_err, "dim"), STR_FMT(from), STR_FMT(to),
            json_bool(root, "range_given", false) ? "" : ", the last 28 days that have data", STR_FMT(window), cli_paint(c->color_err, ""));
    yyjson_arr_foreach(yyjson_obj_get(root, "notes"), i, max, note) fprintf(stderr, "%s\n", yyjson_get_str(note));
    return 0;
}

/* One line for each step, or for each group and step. */
static int show_csv(struct cli *c, yyjson_val *root)
{
    yyjson_val *groups = yyjson_obj_get(root, "by"), *steps = yyjson_obj_get(root, "steps"), *s, *g;
    size_t i, max, k, all;
    struct buf b = BUF_INIT((size_t)16 << 20);
    struct str dimension = json_str(root, "dimension");
    if (dimension.n) {
        buf_csv_cell(&b, dimension);
        buf_addz(&b, ",step,people\r\n");
        yyjson_arr_foreach(groups, i, max, g) yyjson_arr_foreach(yyjson_obj_get(g, "people"), k, all, s)
        {
            buf_csv_cell(&b, key_of(c, g));
            buf_addc(&b, ',');
            buf_csv_cell(&b, json_str(yyjson_arr_get(steps, k), "step"));
            buf_printf(&b, ",%lld\r\n", (long long)yyjson_get_sint(s));
        }
    } else {
        buf_addz(&b, "step,people,rate,rate_before,median_s,lost\r\n");
        yyjson_arr_foreach(steps, i, max, s)
        {
            yyjson_val *median = yyjson_obj_get(s, "median_s");
            buf_csv_cell(&b, json_str(s, "step"));
            buf_printf(&b, ",%lld,%.6g,%.6g,", (long long)json_int(s, "people", 0), yyjson_get_num(yyjson_obj_get(s, "rate")), yyjson_get_num(yyjson_obj_get(s, "rate_before")));
            if (yyjson_is_num(median))
                buf_printf(&b, "%.6g", yyjson_get_num(median));
            buf_printf(&b, ",%lld\r\n", (long long)json_int(s, "dropped", 0));
        }
    }
    cli_print(&b);
    buf_fini(&b);
    return 0;
}

static int show_known(struct cli *c, yyjson_val *root)
{
    struct table t;
    size_t i, max;
    yyjson_val *s;
    if (!yyjson_arr_size(yyjson_obj_get(root, "steps"))) {
        printf("Nothing that people do is known yet.\n");
        return 0;
    }
    table_init(&t, c, 3);
    table_head(&t, 0, STR("step"), false);
    table_head(&t, 1, STR("kind"), false);
    table_head(&t, 2, STR("how often"), true);
    yyjson_arr_foreach(yyjson_obj_get(root, "steps"), i, max, s)
    {
        table_cell(&t, json_str(s, "step"), false);
        table_cell(&t, json_str(s, "kind"), false);
        table_cell(&t, figure_count(&c->arena, json_int(s, "count", 0)), false);
    }
    table_print(&t);
    table_fini(&t);
    return 0;
}

/* ---- what is asked ---- */

/* One word is a list with commas; of several each is a step, so that a name may hold a comma. */
static void put_words(struct buf *b, const struct cli_args *args)
{
    put_open(b, "steps", '[');
    for (int i = 0; i < args->n_words; i++) {
        struct str rest = str_of(args->words[i]);
        while (args->n_words == 1 && rest.p)
            put_str(b, NULL, str_trim(str_cut(rest, ',', &rest)));
        if (args->n_words > 1)
            put_str(b, NULL, str_trim(rest));
    }
    put_close(b, ']');
}

int cmd_funnel(struct cli *c, const struct cli_args *args)
{
    static const struct figure_option options[] = {{"--window", "window"}, {"--by", "by"}, {"--from", "from"}, {"--to", "to"}, {"--where", "where"}, {"--as-of", "as_of"}};
    static const figure_show shows[] = {[FIGURE_TABLE] = show_table, [FIGURE_CSV] = show_csv, [FIGURE_JSON] = show_table};
    struct err e = {0};
    struct buf body = BUF_INIT((size_t)BODY_MAX);
    enum figure_form form;
    if (!figure_form_read(c, args, &form, &e))
        return cli_fail(c, &e);
    if (cli_has(args, "--list"))
        return api_show(c, VERB_GET, "/api/v1/funnels/steps?limit=5000", STR(""), show_known);
    if (args->n_words == 0) {
        err_set(&e, E_USAGE, "say the steps of the funnel");
        err_hint(&e, "trellis funnel 'Product Viewed','Product Added','Order Completed'; --list names what people do here");
        return cli_fail(c, &e);
    }
    put_open(&body, NULL, '{');
    put_words(&body, args);
    bool good = figure_options_put(args, options, sizeof options / sizeof *options, &body, &e);
    put_bool(&body, "reasons", !cli_has(args, "--no-reasons"));
    put_close(&body, '}');
    good = good && buf_ok(&body, &e);
    int code = good ? api_show(c, VERB_POST, "/api/v1/funnel", buf_str(&body), shows[form]) : cli_fail(c, &e);
    buf_fini(&body);
    return code;
}
