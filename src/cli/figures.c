#include "cli/figures.h"

#include "serve/put.h"

struct str figure_count(struct arena *a, int64_t n)
{
    char digits[32], out[48];
    int k = snprintf(digits, sizeof digits, "%lld", (long long)(n < 0 ? -n : n)), w = 0;
    if (n < 0)
        out[w++] = '-';
    for (int i = 0; i < k; i++) {
        if (i && (k - i) % 3 == 0)
            out[w++] = ',';
        out[w++] = digits[i];
    }
    return arena_str(a, (struct str){out, (size_t)w});
}

struct str figure_percent(struct arena *a, double share)
{
    return arena_printf(a, "%.1f %%", 100 * share);
}

struct str figure_span(struct arena *a, double s)
{
    static const struct { double from; double of; const char *unit; } units[] = {{86400 * 2, 86400, "d"}, {3600 * 2, 3600, "h"}, {120, 60, "min"}, {0, 1, "s"}};
    size_t i = 0;
    while (s < units[i].from)
        i++;
    double v = s / units[i].of;
    return v < 10 && v != (double)(int)v ? arena_printf(a, "%.1f %s", v, units[i].unit) : arena_printf(a, "%.0f %s", v, units[i].unit);
}

struct str figure_bar(struct arena *a, double share, int width)
{
    static const char *const parts[] = {"", "\xe2\x96\x8f", "\xe2\x96\x8e", "\xe2\x96\x8d", "\xe2\x96\x8c", "\xe2\x96\x8b", "\xe2\x96\x8a", "\xe2\x96\x89"};
    int eighths = (int)((share < 0 ? 0 : share > 1 ? 1 : share) * width * 8 + 0.5);
    struct buf b = BUF_INIT((size_t)4096);
    for (int i = 0; i < eighths / 8; i++)
        buf_addz(&b, "\xe2\x96\x88");
    buf_addz(&b, parts[eighths % 8]);
    struct str s = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return s;
}

bool figure_form_read(struct cli *c, const struct cli_args *args, enum figure_form *out, struct err *e)
{
    static const char *const names[] = {[FIGURE_TABLE] = "table", [FIGURE_CSV] = "csv", [FIGURE_JSON] = "json"};
    const char *given = cli_opt(args, "--format");
    *out = c->json ? FIGURE_JSON : FIGURE_TABLE;
    for (size_t i = 0; given && i < sizeof names / sizeof *names; i++)
        if (strcmp(given, names[i]) == 0) {
            *out = (enum figure_form)i;
            c->json = *out == FIGURE_JSON;
            return true;
        }
    return !given || err_set(e, E_USAGE, "--format is one of table, csv, json; not '%s'", given);
}

bool figure_options_put(const struct cli_args *args, const struct figure_option *options, size_t n, struct buf *b, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        const char *given = cli_opt(args, options[i].option);
        if (given && !*given) {
            err_set(e, E_USAGE, "%s is empty", options[i].option);
            err_hint(e, "write what it is, or leave the option out");
            return false;
        }
        if (given)
            put_str(b, options[i].member, str_of(given));
    }
    return true;
}
