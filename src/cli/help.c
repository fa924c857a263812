/* Help, version, and the pages made from the table of commands and the list of errors: manual, reference, completion. */
#include "cli/cli.h"

#include "engine/engine.h"
#include "ingest/ingest.h"
#include "http/http.h"
#include "serve/put.h"

enum { PAGE_BYTES = 1 << 20 };

static void print_and_free(struct buf *b)
{
    cli_print(b);
    buf_fini(b);
}

/* ---- help ---- */
static void wrap(struct buf *b, struct str text, size_t width, const char *indent)
{
    size_t at = 0;
    buf_addz(b, indent);
    while (text.p && text.n) {
        struct str word = str_cut(text, ' ', &text);
        if (at && at + 1 + word.n > width) {
            buf_printf(b, "\n%s", indent);
            at = 0;
        } else if (at) {
            buf_addc(b, ' ');
            at++;
        }
        buf_add(b, word);
        at += word.n;
    }
    buf_addc(b, '\n');
}

static void put_options(struct buf *b, const struct cli_option *list, size_t max)
{
    for (size_t i = 0; i < max && list[i].name; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s%s%s", list[i].name, list[i].arg ? " " : "", list[i].arg ? list[i].arg : "");
        buf_printf(b, "  %-22s %s\n", name, list[i].help);
    }
}

static void put_examples(struct buf *b, struct str text, const char *indent)
{
    while (text.p && text.n) {
        struct str what, line = str_cut(text, '\n', &text);
        size_t mark = str_find(line, STR("   # "), 0);
        what = mark == SIZE_MAX ? STR("") : (struct str){line.p + mark + 5, line.n - mark - 5};
        if (mark != SIZE_MAX)
            line.n = mark;
        if (what.n)
            buf_printf(b, "%s# %.*s\n", indent, STR_FMT(what));
        buf_printf(b, "%s%.*s\n", indent, STR_FMT(line));
    }
}

static void help_on(struct cli *c, const struct cli_command *cmd, struct buf *b)
{
    const char *bold = cli_paint(c->color, "bold"), *off = cli_paint(c->color, "");
    buf_printf(b, "%strellis %s%s: %s\n\n", bold, cmd->name, off, cmd->summary);
    buf_printf(b, "  trellis %s%s%s%s\n\n", cmd->name, cmd->options[0].name ? " [OPTION...]" : "", cmd->words[0] ? " " : "",
               cmd->words);
    if (cmd->about[0]) {
        wrap(b, str_of(cmd->about), 78, "");
        buf_addc(b, '\n');
    }
    if (cmd->options[0].name) {
        buf_printf(b, "%sOptions%s\n", bold, off);
        put_options(b, cmd->options, CLI_OPTIONS_MAX);
        buf_addc(b, '\n');
    }
    buf_printf(b, "%sOptions of every command%s\n", bold, off);
    put_options(b, cli_global_options, 16);
    if (cmd->examples[0]) {
        buf_printf(b, "\n%sExamples%s\n", bold, off);
        put_examples(b, str_of(cmd->examples), "  ");
    }
}

static void help_on_all(struct cli *c, struct buf *b)
{
    const char *bold = cli_paint(c->color, "bold"), *off = cli_paint(c->color, "");
    buf_printf(b, "%sTrellis%s, a marketing data mesh in one program\n\n  trellis COMMAND [OPTION...] [WORD...]\n\n", bold, off);
    for (size_t i = 0; i < cli_commands_count; i++)
        if (!cli_commands[i].hidden)
            buf_printf(b, "  %s%-11s%s %s\n", bold, cli_commands[i].name, off, cli_commands[i].summary);
    buf_printf(b, "\n%sOptions of every command%s\n", bold, off);
    put_options(b, cli_global_options, 16);
    buf_addz(b, "\nFirst steps: trellis init shop; cd shop; trellis add; trellis check; trellis run; trellis serve\n"
                "Exit codes: 0 ok, 1 failure, 2 invalid declaration or input, 3 busy, 4 checks refused, 5 denied\n");
}

int cmd_help(struct cli *c, const struct cli_args *args)
{
    struct buf b = BUF_INIT((size_t)PAGE_BYTES);
    if (args->n_words == 0) {
        help_on_all(c, &b);
    } else {
        const struct cli_command *cmd = cli_find(str_of(args->words[0]));
        if (!cmd) {
            struct err e = {0};
            err_set(&e, E_USAGE, "there is no command %s", args->words[0]);
            err_hint(&e, "see: trellis help");
            buf_fini(&b);
            return cli_fail(c, &e);
        }
        help_on(c, cmd, &b);
    }
    print_and_free(&b);
    return 0;
}

int cmd_version(struct cli *c, const struct cli_args *args)
{
    (void)args;
    struct buf b = BUF_INIT((size_t)PAGE_BYTES);
    if (c->json) {
        put_open(&b, NULL, '{');
        put_str(&b, "version", STR(TRELLIS_VERSION));
        put_str(&b, "engine", str_of(engine_version()));
        put_close(&b, '}');
        buf_addc(&b, '\n');
    } else {
        buf_printf(&b, "trellis %s (engine: DuckDB %s)\n", TRELLIS_VERSION, engine_version());
    }
    print_and_free(&b);
    return 0;
}

int cmd_loader_child(struct cli *c, const struct cli_args *args)
{
    (void)c;
    (void)args;
    return loader_child_main();
}

/* ---- docs/reference/cli.md ---- */
static void md_options(struct buf *b, const struct cli_option *list, size_t max)
{
    buf_addz(b, "| option | meaning |\n|---|---|\n");
    for (size_t i = 0; i < max && list[i].name; i++)
        buf_printf(b, "| `%s%s%s` | %s |\n", list[i].name, list[i].arg ? " " : "", list[i].arg ? list[i].arg : "", list[i].help);
    buf_addc(b, '\n');
}

static void reference_cli(struct buf *b)
{
    buf_addz(
        b, "<!-- Made by `trellis reference cli`; a test compares. Edit src/cli/commands.c. -->\n# Commands\n\n"
           "```\ntrellis COMMAND [OPTION...] [WORD...]\n```\n\n"
           "Exit codes: 0 ok, 1 failure, 2 invalid declaration or input, 3 busy (another process holds the mesh), 4 checks "
           "refused, 5 denied.\n\n"
           "Commands work with and without a running server on the same mesh: with one, they ask it over `data/trellis.sock`.\n\n"
           "## Options of every command\n\n");
    md_options(b, cli_global_options, 16);
    for (size_t i = 0; i < cli_commands_count; i++) {
        const struct cli_command *cmd = &cli_commands[i];
        if (cmd->hidden)
            continue;
        buf_printf(b, "## trellis %s\n\n%s.\n\n```\ntrellis %s%s%s%s\n```\n\n", cmd->name, cmd->summary, cmd->name,
                   cmd->options[0].name ? " [OPTION...]" : "", cmd->words[0] ? " " : "", cmd->words);
        if (cmd->about[0])
            buf_printf(b, "%s\n\n", cmd->about);
        if (cmd->options[0].name)
            md_options(b, cmd->options, CLI_OPTIONS_MAX);
        buf_addz(b, "```sh\n");
        put_examples(b, str_of(cmd->examples), "");
        buf_addz(b, i + 1 < cli_commands_count ? "```\n\n" : "```\n");
    }
}

/* ---- docs/reference/errors.md ---- */
static void reference_errors(struct buf *b)
{
    buf_addz(
        b,
        "<!-- Made by `trellis reference errors`; a test compares. Edit ERROR_CODES in src/base/error.h and HTTP_LIMITS in "
        "src/http/http.h. -->\n"
        "# Errors\n\nThe same codes in the command line, the API and the logs. Retryable: the same request may succeed later.\n\n"
        "| code | name | meaning | HTTP | exit code | retryable |\n|---|---|---|---|---|---|\n");
    for (int i = 1; i < E_COUNT; i++) {
        const struct err_info *x = err_info_get((enum err_code)i);
        buf_printf(b, "| %s | %s | %s | %d | %d | %s |\n", x->code, x->name, x->meaning, x->http_status, x->exit_code,
                   x->retryable ? "yes" : "no");
    }
    buf_addz(b, "\n# Limits of the server\n\n| limit | value | what it bounds |\n|---|---|---|\n");
#define X(name, value, text) buf_printf(b, "| %s | %d | %s |\n", #name, (int)(value), text);
    HTTP_LIMITS(X)
#undef X
}

/* ---- trellis.1 ---- */
static void man_text(struct buf *b, const char *text)
{
    for (const char *p = text; *p; p++) {
        if (*p == '-' || *p == '\\')
            buf_addc(b, '\\');
        if (*p == '`')
            continue;
        if ((*p == '.' || *p == '\'') && (p == text || p[-1] == '\n'))
            buf_addz(b, "\\&");
        buf_addc(b, *p);
    }
}

static void man_options(struct buf *b, const struct cli_option *list, size_t max)
{
    for (size_t i = 0; i < max && list[i].name; i++) {
        buf_addz(b, ".TP\n.B ");
        man_text(b, list[i].name);
        if (list[i].arg)
            buf_printf(b, " \\fI%s\\fR", list[i].arg);
        buf_addc(b, '\n');
        man_text(b, list[i].help);
        buf_addc(b, '\n');
    }
}

static void reference_man(struct buf *b)
{
    buf_addz(b, ".TH TRELLIS 1 \"\" \"trellis " TRELLIS_VERSION "\"\n.SH NAME\ntrellis \\- a marketing data mesh in one program\n"
                ".SH SYNOPSIS\n.B trellis\n.I COMMAND\n[\\fIOPTION\\fR...] [\\fIWORD\\fR...]\n.SH OPTIONS OF EVERY COMMAND\n");
    man_options(b, cli_global_options, 16);
    buf_addz(b, ".SH COMMANDS\n");
    for (size_t i = 0; i < cli_commands_count; i++) {
        const struct cli_command *cmd = &cli_commands[i];
        if (cmd->hidden)
            continue;
        buf_printf(b, ".SS trellis %s %s\n", cmd->name, cmd->words);
        man_text(b, cmd->about[0] ? cmd->about : cmd->summary);
        buf_addc(b, '\n');
        man_options(b, cmd->options, CLI_OPTIONS_MAX);
    }
    buf_addz(b, ".SH EXIT STATUS\n0 ok, 1 failure, 2 invalid declaration or input, 3 busy, 4 checks refused, 5 denied.\n");
}

int cmd_reference(struct cli *c, const struct cli_args *args)
{
    static const struct {
        const char *name;
        void (*write)(struct buf *b);
    } pages[] = {{"cli", reference_cli}, {"errors", reference_errors}, {"man", reference_man}};
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        if (strcmp(args->words[0], pages[i].name) == 0) {
            struct buf b = BUF_INIT((size_t)PAGE_BYTES);
            pages[i].write(&b);
            print_and_free(&b);
            return 0;
        }
    struct err e = {0};
    err_set(&e, E_USAGE, "there is no page %s; there are cli, errors and man", args->words[0]);
    return cli_fail(c, &e);
}
