/* trellis init: a new mesh folder. */
#include "cli/cli.h"

#include "mesh/mesh_write.h"
#include "serve/put.h"

void cli_print_written(struct cli *c, const struct mesh_written *files, size_t n)
{
    static const struct {
        const char *word, *style;
    } hows[] = {[WRITTEN_NEW] = {"new", "green"},
                [WRITTEN_REPLACED] = {"replaced", "yellow"},
                [WRITTEN_UPDATED] = {"updated", "yellow"},
                [WRITTEN_SAME] = {"same", "dim"}};
    struct buf b = BUF_INIT((size_t)16 << 20);
    if (c->json) {
        put_open(&b, NULL, '{');
        put_open(&b, "files", '[');
    }
    for (size_t i = 0; i < n; i++) {
        if (c->json) {
            put_open(&b, NULL, '{');
            put_str(&b, "path", files[i].path);
            put_str(&b, "how", str_of(hows[files[i].how].word));
            put_close(&b, '}');
        } else {
            buf_printf(&b, "%s%-9s%s %.*s\n", cli_paint(c->color, hows[files[i].how].style), hows[files[i].how].word,
                       cli_paint(c->color, ""), STR_FMT(files[i].path));
        }
    }
    if (c->json) {
        put_close(&b, ']');
        put_close(&b, '}');
        buf_addc(&b, '\n');
    }
    cli_print(&b);
    buf_fini(&b);
}

int cmd_init(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    const char *dir = args->n_words ? args->words[0] : ".";
    struct mesh_init_options o = {
        .name = str_of(cli_opt(args, "--name")),
        .title = str_of(cli_opt(args, "--title")),
        .owner_name = str_of(cli_opt(args, "--owner")),
        .owner_contact = str_of(cli_opt(args, "--contact")),
        .time_zone = str_of(cli_opt(args, "--time-zone")),
        .reporting_currency = str_of(cli_opt(args, "--currency")),
        .force = cli_has(args, "--force"),
    };
    struct mesh_written *files;
    size_t n;
    if (c->mesh_option.n && !args->n_words)
        dir = arena_strz(&c->arena, c->mesh_option);
    if (!mesh_init(&c->arena, dir, &o, &files, &n, &e))
        return cli_fail(c, &e);
    cli_print_written(c, files, n);
    cli_advice(c, "\nNext: %s%strellis add      # see what can be brought in", strcmp(dir, ".") ? "cd " : "",
               strcmp(dir, ".") ? arena_printf(&c->arena, "%s; ", dir).p : "");
    return 0;
}
