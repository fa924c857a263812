/* trellis anomalies: what is out of the ordinary in the metrics that are watched, and what explains it. */
#include <math.h>

#include "base/json.h"
#include "cli/figures.h"

enum { DRIVERS_SHOWN = 2, EXPLAINED = 12 };

static struct str figure(struct cli *c, yyjson_val *v, struct str unit)
{
    if (!yyjson_is_num(v))
        return STR("–");
    double x = yyjson_get_num(v);
    if (str_eq(unit, STR("percent")))
        return arena_printf(&c->arena, "%.2f %%", 100 * x);
    if (fabs(x) >= 100 || (str_eq(unit, STR("count")) && fabs(x - round(x)) < 1e-9))
        return figure_count(&c->arena, llround(x));
    return arena_printf(&c->arena, "%.2f", x);
}

/* "country = DE (83 %), device = mobile (60 %)" */
static struct str reasons(struct cli *c, yyjson_val *drivers)
{
    struct buf b = BUF_INIT((size_t)1 << 16);
    size_t i, max;
    yyjson_val *d;
    yyjson_arr_foreach(drivers, i, max, d)
    {
        yyjson_val *share = yyjson_obj_get(d, "share"), *value = yyjson_obj_get(d, "value");
        if (i == DRIVERS_SHOWN)
            break;
        buf_printf(&b, "%s%.*s = %.*s", i ? ", " : "", STR_FMT(table_clean(&c->arena, json_str(d, "dimension"))), STR_FMT(yyjson_is_str(value) ? table_clean(&c->arena, json_str(d, "value")) : STR("(unknown)")));
        if (yyjson_is_num(share))
            buf_printf(&b, " (%.0f %%)", 100 * yyjson_get_num(share));
    }
    struct str s = arena_str(&c->arena, buf_str(&b));
    buf_fini(&b);
    return s;
}

static struct str noted(struct cli *c, yyjson_val *annotations)
{
    yyjson_val *first = yyjson_arr_get(annotations, 0);
    size_t n = yyjson_arr_size(annotations);
    struct str title = first ? table_clean(&c->arena, json_str(first, "title")) : STR("");
    return n > 1 ? arena_printf(&c->arena, "%.*s and %zu more", STR_FMT(title), n - 1) : title;
}

static struct str lasted(struct cli *c, yyjson_val *x)
{
    struct str since = json_str(x, "since"), until = json_str(x, "until");
    if (!until.n)
        return arena_printf(&c->arena, "%.*s –", STR_FMT(since));
    return str_eq(since, until) ? since : arena_printf(&c->arena, "%.*s – %.*s", STR_FMT(since), STR_FMT(until));
}

static int show(struct cli *c, yyjson_val *root)
{
    static const char *const heads[] = {"metric", "day", "kind", "severity", "value", "usual", "range", "since", "explained by", "noted"};
    enum { COLUMNS = sizeof heads / sizeof *heads };
    yyjson_val *list = yyjson_obj_get(root, "anomalies"), *alarms = yyjson_obj_get(root, "false_alarms"), *x;
    long long watched = (long long)json_int(root, "watched", 0);
    struct table t;
    size_t i, max;
    if (!yyjson_arr_size(list)) {
        printf("%s\n", watched ? "Nothing is out of the ordinary." : "No metric is watched. Write `watch: true` into the file of one.");
    } else {
        table_init(&t, c, COLUMNS);
        for (size_t h = 0; h < COLUMNS; h++)
            table_head(&t, h, str_of(heads[h]), h == 4 || h == 5);
        yyjson_arr_foreach(list, i, max, x)
        {
            struct str unit = json_str(x, "unit");
            table_cell(&t, json_str(x, "metric"), false);
            table_cell(&t, json_str(x, "day"), false);
            table_cell(&t, json_bool(x, "returns", false) ? STR("back") : json_str(x, "kind"), false);
            table_cell(&t, json_str(x, "severity"), false);
            table_cell(&t, figure(c, yyjson_obj_get(x, "value"), unit), false);
            table_cell(&t, figure(c, yyjson_obj_get(x, "expected"), unit), false);
            table_cell(&t, arena_printf(&c->arena, "%.*s – %.*s", STR_FMT(figure(c, yyjson_obj_get(x, "low"), unit)), STR_FMT(figure(c, yyjson_obj_get(x, "high"), unit))), true);
            table_cell(&t, lasted(c, x), true);
            table_cell(&t, reasons(c, yyjson_obj_get(x, "drivers")), false);
            table_cell(&t, noted(c, yyjson_obj_get(x, "annotations")), true);
        }
        table_print(&t);
        table_fini(&t);
    }
    yyjson_arr_foreach(yyjson_obj_get(root, "problems"), i, max, x)
        cli_advice(c, "%.*s could not be looked at: %.*s", STR_FMT(json_str(x, "metric")), STR_FMT(table_clean(&c->arena, json_str(x, "message"))));
    if (watched)
        cli_advice(c, "%lld metric%s looked at; chance alone makes at most %.3g of these a year in each.", watched, watched == 1 ? "" : "s", yyjson_get_num(yyjson_obj_get(alarms, "per_year")));
    return 0;
}

static void csv_number(struct buf *b, yyjson_val *v)
{
    buf_addc(b, ',');
    if (yyjson_is_num(v))
        buf_printf(b, "%.15g", yyjson_get_num(v));
}

static int show_csv(struct cli *c, yyjson_val *root)
{
    struct buf b = BUF_INIT((size_t)64 << 20);
    struct err e = {0};
    size_t i, max;
    yyjson_val *x;
    buf_addz(&b, "metric,day,kind,severity,since,until,value,expected,low,high,dimension,dimension_value,share,noted\r\n");
    yyjson_arr_foreach(yyjson_obj_get(root, "anomalies"), i, max, x)
    {
        static const char *const texts[] = {"metric", "day", "kind", "severity", "since", "until"}, *const numbers[] = {"value", "expected", "low", "high"};
        yyjson_val *first = yyjson_arr_get(yyjson_obj_get(x, "drivers"), 0);
        for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
            buf_addz(&b, k ? "," : "");
            buf_csv_cell(&b, json_str(x, texts[k]));
        }
        for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++)
            csv_number(&b, yyjson_obj_get(x, numbers[k]));
        buf_addc(&b, ',');
        buf_csv_cell(&b, json_str(first, "dimension"));
        buf_addc(&b, ',');
        buf_csv_cell(&b, json_str(first, "value"));
        csv_number(&b, yyjson_obj_get(first, "share"));
        buf_addc(&b, ',');
        buf_csv_cell(&b, noted(c, yyjson_obj_get(x, "annotations")));
        buf_addz(&b, "\r\n");
    }
    bool good = buf_ok(&b, &e);
    if (good)
        cli_print(&b);
    buf_fini(&b);
    return good ? 0 : cli_fail(c, &e);
}

int cmd_anomalies(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    enum figure_form form;
    int64_t days;
    const char *metric = cli_opt(args, "--metric");
    struct buf target = BUF_INIT((size_t)1 << 16);
    bool good = figure_form_read(c, args, &form, &e) && cli_int(args, "--days", 28, 1, 366, &days, &e);
    if (good) {
        buf_printf(&target, "/api/v1/anomalies?days=%lld&explained=%d", (long long)days, EXPLAINED);
        if (metric)
            cli_query_add(&target, "metric", str_of(metric));
    }
    int code = good ? api_show(c, VERB_GET, arena_strz(&c->arena, buf_str(&target)), STR(""), form == FIGURE_CSV ? show_csv : show) : cli_fail(c, &e);
    buf_fini(&target);
    return code;
}
