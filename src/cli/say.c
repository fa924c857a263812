/* What people read: errors with their place, diagnostics, advice; coloured on a terminal only. */
#include "cli/cli.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/table.h"
#include "serve/put.h"

static const struct {
    const char *name, *code;
} styles[] = {{"", "\033[0m"},     {"bold", "\033[1m"},   {"dim", "\033[2m"},
              {"red", "\033[31m"}, {"green", "\033[32m"}, {"yellow", "\033[33m"}};

const char *cli_paint(bool on, const char *style)
{
    for (size_t i = 0; on && i < sizeof styles / sizeof *styles; i++)
        if (strcmp(styles[i].name, style) == 0)
            return styles[i].code;
    return "";
}

void cli_print(const struct buf *b)
{
    struct str s = buf_str(b);
    if (s.n && fwrite(s.p, 1, s.n, stdout) != s.n) {
        if (errno == EPIPE)
            _exit(0); /* the reader has had enough, as `head` does */
        fprintf(stderr, "trellis: cannot write the result: %s\n", strerror(errno));
        _exit(1);
    }
}

void cli_advice(struct cli *c, const char *fmt, ...)
{
    if (c->quiet || c->json)
        return;
    va_list ap;
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
}

/* What was typed, or stands in a file, is said back in messages: it must not steer the terminal. */
static void print_err(struct cli *c, const struct err *e, bool warning, FILE *to, bool color)
{
    struct str text = table_clean(&c->arena, str_of(e->text)), hint = table_clean(&c->arena, str_of(e->hint)), file = table_clean(&c->arena, str_of(e->file));
    if (e->file[0])
        fprintf(to, "%s%.*s", cli_paint(color, "bold"), STR_FMT(file));
    if (e->file[0] && e->line)
        fprintf(to, ":%u:%u", e->line, e->col);
    if (e->file[0])
        fprintf(to, ":%s ", cli_paint(color, ""));
    fprintf(to, "%s%s %s:%s %.*s\n", cli_paint(color, warning ? "yellow" : "red"), warning ? "warning" : "error",
            err_info_get(e->code)->code, cli_paint(color, ""), STR_FMT(text));
    if (e->hint[0])
        fprintf(to, "  %shint:%s %.*s\n", cli_paint(color, "dim"), cli_paint(color, ""), STR_FMT(hint));
}

static int fail_json(const struct err *e)
{
    struct buf b = BUF_INIT((size_t)64 << 10);
    put_open(&b, NULL, '{');
    put_err(&b, "error", e);
    put_close(&b, '}');
    buf_addc(&b, '\n');
    cli_print(&b);
    buf_fini(&b);
    return err_info_get(e->code)->exit_code;
}

int cli_fail(struct cli *c, const struct err *e)
{
    fflush(stdout);
    print_err(c, e, false, stderr, c->color_err);
    if (c->json)
        return fail_json(e);
    return err_info_get(e->code)->exit_code;
}

int cli_fail_sql(struct cli *c, const struct err *e, struct str sql)
{
    int code = cli_fail(c, e);
    struct str rest = sql, line = {0};
    if (e->file[0] || e->line == 0 || c->json)
        return code;
    for (uint32_t i = 0; i < e->line; i++) {
        if (!rest.p)
            return code;
        line = str_cut(rest, '\n', &rest);
    }
    line = table_clean(&c->arena, line);
    fprintf(stderr, "\n  %.*s\n  ", STR_FMT(line));
    uint32_t col = 1; /* counts characters, as the column of an error does */
    for (size_t i = 0; i < line.n && col < e->col; i++)
        if (((unsigned char)line.p[i] & 0xc0) != 0x80) {
            fputc(' ', stderr);
            col++;
        }
    fprintf(stderr, "%s^%s\n", cli_paint(c->color_err, "red"), cli_paint(c->color_err, ""));
    return code;
}

void cli_diagnostics(struct cli *c, const struct errs *es, FILE *to)
{
    bool color = to == stdout ? c->color : c->color_err;
    for (size_t i = 0; i < es->n; i++)
        print_err(c, &es->v[i], es->warning[i], to, color);
    if (es->dropped)
        fprintf(to, "and %zu more\n", es->dropped);
}

void cli_diagnostics_json(const struct errs *es, struct buf *b)
{
    for (int warnings = 0; warnings < 2; warnings++) {
        put_open(b, warnings ? "warnings" : "errors", '[');
        for (size_t i = 0; i < es->n; i++)
            if (es->warning[i] == (warnings == 1))
                put_err(b, NULL, &es->v[i]);
        put_close(b, ']');
    }
}

int cli_fail_all(struct cli *c, const struct errs *es, const struct err *e)
{
    if (es->n_errors == 0)
        return cli_fail(c, e);
    fflush(stdout);
    if (c->json) {
        struct buf b = BUF_INIT((size_t)16 << 20);
        put_open(&b, NULL, '{');
        put_err(&b, "error", e);
        cli_diagnostics_json(es, &b);
        put_close(&b, '}');
        buf_addc(&b, '\n');
        cli_print(&b);
        buf_fini(&b);
    } else {
        cli_diagnostics(c, es, stderr);
    }
    return err_info_get(e->code)->exit_code;
}
