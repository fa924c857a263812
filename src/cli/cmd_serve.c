/* trellis serve: the server, until it is told to stop. */
#include "cli/cli.h"

#include "base/log.h"
#include "serve/serve.h"

enum { DEFAULT_PORT = 8080 };

int cli_serve_mesh(struct cli *c, const char *dir, const char *host, int port)
{
    struct err e = {0};
    struct errs es = {0};
    log_set(LOG_WARN, false);
    struct serve_options o = {.mesh_dir = dir, .host = host, .port = port, .program = c->program, .quiet = c->quiet};
    int code = serve_run(&o, &es, &e) ? 0 : cli_fail_all(c, &es, &e);
    errs_fini(&es);
    return code;
}

int cmd_serve(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    struct str dir;
    int64_t port;
    if (!cli_int(args, "--port", DEFAULT_PORT, 0, 65535, &port, &e) || !cli_mesh_dir(c, &dir, &e))
        return cli_fail(c, &e);
    return cli_serve_mesh(c, arena_strz(&c->arena, dir), cli_opt(args, "--host"), (int)port);
}
