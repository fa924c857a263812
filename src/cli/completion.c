/* Completion scripts of three shells, made from the table of commands. */
#include "cli/cli.h"

static void names(struct buf *b, const char *joint)
{
    const char *between = "";
    for (size_t i = 0; i < cli_commands_count; i++) {
        if (cli_commands[i].hidden)
            continue;
        buf_printf(b, "%s%s", between, cli_commands[i].name);
        between = joint;
    }
}

static void options(struct buf *b, const struct cli_command *cmd)
{
    for (size_t i = 0; cmd && i < CLI_OPTIONS_MAX && cmd->options[i].name; i++)
        buf_printf(b, "%s ", cmd->options[i].name);
    for (size_t i = 0; cli_global_options[i].name; i++)
        buf_printf(b, "%s%s", i ? " " : "", cli_global_options[i].name);
}

static void bash(struct buf *b)
{
    buf_addz(
        b, "# bash completion of trellis\n_trellis() {\n"
           "  local cur=${COMP_WORDS[COMP_CWORD]} cmd= word opts\n"
           "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n    case $word in -*) ;; *) cmd=$word; break ;; esac\n  done\n"
           "  case $cmd in\n    '') COMPREPLY=($(compgen -W '");
    names(b, " ");
    buf_addz(b, " ");
    options(b, NULL);
    buf_addz(b, "' -- \"$cur\")); return ;;\n");
    for (size_t i = 0; i < cli_commands_count; i++)
        if (!cli_commands[i].hidden) {
            buf_printf(b, "    %s) opts='", cli_commands[i].name);
            options(b, &cli_commands[i]);
            buf_addz(b, "' ;;\n");
        }
    buf_addz(b, "  esac\n  case $cur in\n    -*) COMPREPLY=($(compgen -W \"$opts\" -- \"$cur\")) ;;\n"
                "    *) case $cmd in\n         add) COMPREPLY=($(compgen -W \"files $(trellis add --json 2>/dev/null | grep -o "
                "'\"name\":\"[^\"]*' | cut -d'\"' -f4)\" -- \"$cur\")"
                " $(compgen -f -- \"$cur\")) ;;\n         help) COMPREPLY=($(compgen -W '");
    names(b, " ");
    buf_addz(b, "' -- \"$cur\")) ;;\n         completion) COMPREPLY=($(compgen -W 'bash zsh fish' -- \"$cur\")) ;;\n"
                "         *) COMPREPLY=($(compgen -f -- \"$cur\")) ;;\n       esac ;;\n  esac\n}\ncomplete -o filenames -F "
                "_trellis trellis\n");
}

/* In single quotes of a shell. */
static void quoted(struct buf *b, const char *text)
{
    for (const char *p = text; *p; p++)
        if (*p == '\'')
            buf_addz(b, "'\\''");
        else if (*p == ':' || *p == '[' || *p == ']')
            buf_printf(b, "\\%c", *p);
        else
            buf_addc(b, *p);
}

static void zsh_options(struct buf *b, const struct cli_option *list, size_t max)
{
    for (size_t i = 0; i < max && list[i].name; i++) {
        buf_printf(b, " '%s[", list[i].name);
        quoted(b, list[i].help);
        buf_printf(b, "]%s%s'", list[i].arg ? ":" : "", list[i].arg ? list[i].arg : "");
        if (list[i].arg && (strcmp(list[i].arg, "DIR") == 0 || strcmp(list[i].arg, "PATH") == 0)) {
            b->n--;
            buf_addz(b, ":_files'");
        }
    }
}

static void zsh(struct buf *b)
{
    buf_addz(b, "#compdef trellis\n_trellis() {\n  local -a commands\n  commands=(\n");
    for (size_t i = 0; i < cli_commands_count; i++)
        if (!cli_commands[i].hidden) {
            buf_printf(b, "    '%s:", cli_commands[i].name);
            quoted(b, cli_commands[i].summary);
            buf_addz(b, "'\n");
        }
    buf_addz(b, "  )\n  if (( CURRENT == 2 )); then _describe command commands; return; fi\n  case $words[2] in\n");
    for (size_t i = 0; i < cli_commands_count; i++)
        if (!cli_commands[i].hidden) {
            buf_printf(b, "    %s) _arguments", cli_commands[i].name);
            zsh_options(b, cli_commands[i].options, CLI_OPTIONS_MAX);
            zsh_options(b, cli_global_options, 16);
            buf_addz(b, " '*:word:_files' ;;\n");
        }
    buf_addz(b, "  esac\n}\ncompdef _trellis trellis\n");
}

static void fish_options(struct buf *b, const char *when, const struct cli_option *list, size_t max)
{
    for (size_t i = 0; i < max && list[i].name; i++) {
        buf_printf(b, "complete -c trellis %s -l %s %s-d '", when, list[i].name + 2, list[i].arg ? "-r " : "");
        for (const char *p = list[i].help; *p; p++)
            buf_printf(b, *p == '\'' ? "\\%c" : "%c", *p);
        buf_addz(b, "'\n");
    }
}

static void fish(struct buf *b)
{
    buf_addz(b, "# fish completion of trellis\n");
    for (size_t i = 0; i < cli_commands_count; i++)
        if (!cli_commands[i].hidden) {
            char when[80];
            buf_printf(b, "complete -c trellis -n __fish_use_subcommand -f -a %s -d '", cli_commands[i].name);
            for (const char *p = cli_commands[i].summary; *p; p++)
                buf_printf(b, *p == '\'' ? "\\%c" : "%c", *p);
            buf_addz(b, "'\n");
            snprintf(when, sizeof when, "-n '__fish_seen_subcommand_from %s'", cli_commands[i].name);
            fish_options(b, when, cli_commands[i].options, CLI_OPTIONS_MAX);
        }
    fish_options(b, "", cli_global_options, 16);
}

int cmd_completion(struct cli *c, const struct cli_args *args)
{
    static const struct {
        const char *name;
        void (*write)(struct buf *b);
    } shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++)
        if (strcmp(args->words[0], shells[i].name) == 0) {
            struct buf b = BUF_INIT((size_t)1 << 20);
            shells[i].write(&b);
            cli_print(&b);
            buf_fini(&b);
            return 0;
        }
    struct err e = {0};
    err_set(&e, E_USAGE, "no completion for %s; there is one for bash, zsh and fish", args->words[0]);
    return cli_fail(c, &e);
}
