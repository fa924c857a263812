/* trellis serve: the server, until it is told to stop. */
#include "cli/cli.h"

#include "base/log.h"
#include "serve/serve.h"

enum { DEFAULT_PORT = 8080 };

static int serve(struct cli *c, const struct serve_options *o)
{
    struct err e = {0};
    struct errs es = {0};
    log_set(LOG_WARN, false);
    int code = serve_run(o, &es, &e) ? 0 : cli_fail_all(c, &es, &e);
    errs_fini(&es);
    return code;
}

int cli_serve_mesh(struct cli *c, const char *dir, const char *host, int port, const char *collector)
{
    struct serve_options o = {.mesh_dir = dir, .host = host, .port = port, .program = c->program, .quiet = c->quiet, .collector_listen = collector};
    return serve(c, &o);
}

int cmd_serve(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    struct str dir;
    int64_t port;
    if (!cli_int(args, "--port", DEFAULT_PORT, 0, 65535, &port, &e) || !cli_mesh_dir(c, &dir, &e))
        return cli_fail(c, &e);
    if ((cli_opt(args, "--tls-certificate") != NULL) != (cli_opt(args, "--tls-key") != NULL)) {
        err_set(&e, E_USAGE, "TLS needs both the certificate and its key");
        err_hint(&e, "give --tls-certificate FILE and --tls-key FILE");
        return cli_fail(c, &e);
    }
    if (cli_opt(args, "--listen") && (cli_opt(args, "--host") || cli_opt(args, "--port"))) {
        err_set(&e, E_USAGE, "--listen says both the address and the port: leave --host and --port away");
        return cli_fail(c, &e);
    }
    struct serve_options o = {.mesh_dir = arena_strz(&c->arena, dir),
                              .host = cli_opt(args, "--host"),
                              .port = (int)port,
                              .program = c->program,
                              .quiet = c->quiet,
                              .listen = cli_opt(args, "--listen"),
                              .behind_proxy = cli_has(args, "--behind-proxy"),
                              .public_url = cli_opt(args, "--public-url"),
                              .welcome = cli_has(args, "--welcome"),
                              .collector_listen = cli_opt(args, "--collector-listen"),
                              .tls_certificate = cli_opt(args, "--tls-certificate"),
                              .tls_key = cli_opt(args, "--tls-key")};
    return serve(c, &o);
}
