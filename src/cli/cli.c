/* From the words of the command line to a command: options, did-you-mean, help, and the mesh folder. */
#include "cli/cli.h"

#include <limits.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/log.h"
#include "ingest/ingest.h"
#include "mesh/mesh.h"

const struct cli_command *cli_find(struct str name)
{
    for (size_t i = 0; i < cli_commands_count; i++)
        if (str_eq(name, str_of(cli_commands[i].name)))
            return &cli_commands[i];
    return NULL;
}

/* ---- values ---- */
static int option_index(const struct cli_command *cmd, const char *name)
{
    for (int i = 0; i < CLI_OPTIONS_MAX && cmd->options[i].name; i++)
        if (strcmp(cmd->options[i].name, name) == 0)
            return i;
    return -1;
}

const char *cli_opt(const struct cli_args *args, const char *name)
{
    int i = option_index(args->command, name);
    return i < 0 ? NULL : args->values[i];
}

const char *cli_opt_each(const struct cli_args *args, const char *name, size_t *at)
{
    int i = option_index(args->command, name);
    while (*at < args->n_given) {
        const struct cli_given *g = &args->given[(*at)++];
        if (g->option == i)
            return g->value;
    }
    return NULL;
}

bool cli_has(const struct cli_args *args, const char *name)
{
    return cli_opt(args, name) != NULL;
}

bool cli_int(const struct cli_args *args, const char *name, int64_t otherwise, int64_t min, int64_t max, int64_t *out,
             struct err *e)
{
    const char *text = cli_opt(args, name);
    *out = otherwise;
    if (!text || (str_to_i64(str_of(text), out) && *out >= min && *out <= max))
        return true;
    return err_set(e, E_USAGE, "%s must be a whole number from %lld to %lld, not '%s'", name, (long long)min, (long long)max,
                   text);
}

bool cli_mesh_dir(struct cli *c, struct str *dir, struct err *e)
{
    if (!c->mesh_option.n)
        return mesh_find_dir(&c->arena, ".", dir, e);
    char *given = arena_strz(&c->arena, c->mesh_option), real[PATH_MAX];
    if (!realpath(given, real)) {
        err_set(e, E_NOT_FOUND, "there is no folder %s", given);
        return false;
    }
    *dir = arena_str(&c->arena, str_of(real));
    if (fs_exists(arena_strz(&c->arena, fs_join(&c->arena, *dir, STR("mesh.yaml")))))
        return true;
    err_set(e, E_NOT_FOUND, "%s holds no mesh.yaml", given);
    err_hint(e, "make a mesh there with: trellis init %s", given);
    return false;
}

/* ---- parsing ---- */
struct parse {
    struct cli *c;
    struct cli_args *args;
    bool help, only_words;
};

static const struct cli_option *find_option(const struct cli_option *list, struct str name)
{
    for (size_t i = 0; list && list[i].name; i++)
        if (str_eq(name, str_of(list[i].name)))
            return &list[i];
    return NULL;
}

static bool unknown_option(const struct cli_command *cmd, struct str name, struct err *e)
{
    struct str known[CLI_OPTIONS_MAX + 8];
    size_t n = 0;
    for (size_t i = 0; cmd && i < CLI_OPTIONS_MAX && cmd->options[i].name; i++)
        known[n++] = str_of(cmd->options[i].name);
    for (size_t i = 0; cli_global_options[i].name; i++)
        known[n++] = str_of(cli_global_options[i].name);
    int near = str_nearest(name, known, n);
    err_set(e, E_USAGE, "unknown option %.*s", STR_FMT(name));
    if (near >= 0)
        err_hint(e, "did you mean %.*s?", STR_FMT(known[near]));
    else if (cmd)
        err_hint(e, "see: trellis help %s", cmd->name);
    else
        err_hint(e, "see: trellis help");
    return false;
}

static bool take_global(struct parse *p, struct str name, const char *value)
{
    if (str_eq(name, STR("--mesh")))
        p->c->mesh_option = str_of(value);
    else if (str_eq(name, STR("--role")))
        p->c->role = str_of(value);
    else if (str_eq(name, STR("--purpose")))
        p->c->purpose = str_of(value);
    else if (str_eq(name, STR("--json")))
        p->c->json = true;
    else if (str_eq(name, STR("--quiet")))
        p->c->quiet = true;
    else if (str_eq(name, STR("--no-color")))
        p->c->color = p->c->color_err = false;
    else
        p->help = true;
    return true;
}

/* One option; *used is how many further words it took. */
static bool take_option(struct parse *p, const char *word, const char *next, int *used, struct err *e)
{
    const struct cli_command *cmd = p->args->command;
    struct str value = {0}, name = str_cut(str_of(word), '=', &value);
    if (strcmp(word, "-C") == 0)
        name = STR("--mesh");
    else if (strcmp(word, "-h") == 0)
        name = STR("--help");
    const struct cli_option *own = cmd ? find_option(cmd->options, name) : NULL;
    const struct cli_option *opt = own ? own : find_option(cli_global_options, name);
    if (!opt)
        return unknown_option(cmd, name, e);
    const char *text = "";
    if (opt->arg && !value.p && !next)
        return err_set(e, E_USAGE, "%s needs a value: %s %s", opt->name, opt->name, opt->arg);
    if (!opt->arg && value.p)
        return err_set(e, E_USAGE, "%s takes no value", opt->name);
    if (opt->arg) {
        text = value.p ? value.p : next;
        *used = !value.p;
    }
    if (!own)
        return take_global(p, name, text);
    p->args->values[own - cmd->options] = text;
    p->args->given[p->args->n_given++] = (struct cli_given){(int)(own - cmd->options), text};
    return true;
}

static bool unknown_command(struct str word, struct err *e)
{
    struct str known[64];
    size_t n = 0;
    for (size_t i = 0; i < cli_commands_count && n < sizeof known / sizeof *known; i++)
        if (!cli_commands[i].hidden)
            known[n++] = str_of(cli_commands[i].name);
    int near = str_nearest(word, known, n);
    err_set(e, E_USAGE, "there is no command %.*s", STR_FMT(word));
    if (near >= 0)
        err_hint(e, "did you mean: trellis %.*s", STR_FMT(known[near]));
    else
        err_hint(e, "see: trellis help");
    return false;
}

static bool parse_words(struct parse *p, int argc, char **argv, struct err *e)
{
    struct cli_args *args = p->args;
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];
        bool option = word[0] == '-' && word[1] != 0 && !p->only_words;
        int used = 0;
        if (option && strcmp(word, "--") == 0) {
            p->only_words = true;
        } else if (option && strcmp(word, "--version") == 0 && !args->command) {
            args->command = cli_find(STR("version"));
        } else if (option) {
            if (!take_option(p, word, i + 1 < argc ? argv[i + 1] : NULL, &used, e))
                return false;
            i += used;
        } else if (!args->command) {
            args->command = cli_find(str_of(word));
            if (!args->command)
                return unknown_command(str_of(word), e);
        } else {
            args->words[args->n_words++] = word;
        }
    }
    return true;
}

static bool count_words(const struct cli_args *args, struct err *e)
{
    const struct cli_command *cmd = args->command;
    bool few = args->n_words < cmd->min_words, many = cmd->max_words >= 0 && args->n_words > cmd->max_words;
    if (!few && !many)
        return true;
    if (few)
        err_set(e, E_USAGE, "%s is missing", cmd->words);
    else
        err_set(e, E_USAGE, "one word too many: '%s'", args->words[cmd->max_words]);
    err_hint(e, "usage: trellis %s%s%s", cmd->name, cmd->words[0] ? " " : "", cmd->words);
    return false;
}

/* A look as a role goes through the routes; a command that reads files by itself would show what the role may not see. */
static bool may_preview(const struct cli *c, const struct cli_command *cmd, struct err *e)
{
    static const char *const known[] = {"query", "find", "lineage", "why", "status", "failing", "goals", "ready", "sources", "requests", "alerts", "identity", "quarantine", "plan", "roles", "funnel", "retention", "metric", "attribution", "journey", "anomalies"};
    if ((c->role.p && !c->role.n) || (c->purpose.p && !c->purpose.n)) /* an unset variable of a script must not pass for everything */
        return err_set(e, E_USAGE, "%s is empty", c->role.p && !c->role.n ? "--role" : "--purpose");
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(cmd->name, known[i]) == 0)
            return true;
    if (!c->role.p && !c->purpose.p)
        return true;
    err_set(e, E_USAGE, "trellis %s cannot be looked at as a role or for a purpose", cmd->name);
    err_hint(e, "what asks can: trellis query, metric, attribution, funnel, retention, anomalies, find, lineage, why, status, goals …");
    return false;
}

static void set_up(struct cli *c)
{
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    bool plain = (no_color && no_color[0]) || (term && strcmp(term, "dumb") == 0);
    arena_init(&c->arena);
    c->program = arena_strz(&c->arena, (struct str){path, n > 0 ? (size_t)n : 0});
    c->color = isatty(STDOUT_FILENO) && !plain;
    c->color_err = isatty(STDERR_FILENO) && !plain;
    c->live = isatty(STDERR_FILENO) && !(term && strcmp(term, "dumb") == 0);
    setlocale(LC_CTYPE, "C.UTF-8"); /* widths of characters; nothing else follows the locale */
    signal(SIGPIPE, SIG_IGN);
    log_set(LOG_ERROR, false); /* commands tell what goes wrong themselves; a server logs more */
}

int cli_main(int argc, char **argv)
{
    struct cli c = {0};
    struct err e = {0};
    struct cli_args args = {0};
    struct parse p = {.c = &c, .args = &args};
    int code;
    set_up(&c);
    args.words = arena_array(&c.arena, (size_t)argc + 1, sizeof *args.words);
    args.given = arena_array(&c.arena, (size_t)argc + 1, sizeof *args.given);
    if (!parse_words(&p, argc, argv, &e)) {
        code = cli_fail(&c, &e);
    } else if (!args.command || (p.help && args.command->run != cmd_help)) {
        const char *word = args.command ? args.command->name : NULL;
        struct cli_args help = {.command = cli_find(STR("help")), .words = &word, .n_words = word != NULL};
        code = cmd_help(&c, &help);
        if (!p.help)
            code = err_info_get(E_USAGE)->exit_code; /* nothing was asked for */
    } else if (!count_words(&args, &e) || !may_preview(&c, args.command, &e)) {
        code = cli_fail(&c, &e);
    } else {
        code = args.command->run(&c, &args);
    }
    if (fflush(stdout) != 0 && code == 0)
        code = 1;
    arena_fini(&c.arena);
    return code;
}
