/* trellis demo: makes the demo mesh once, runs it, serves it. An existing demo is run again, which loads and builds nothing new.
 */
#include "cli/cli.h"

#include <limits.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/fs.h"
#include "cli/demo/demo.h"

enum { DEFAULT_PORT = 8080, DEFAULT_SEED = 7 };

static bool run_mesh(void *ctx, const char *dir, struct err *e)
{
    return cli_run_mesh(ctx, dir, false) == 0 || err_set(e, E_CHECK_FAILED, "the demo did not build; the lines above say why");
}

static bool prepare(struct cli *c, const char *dir, int64_t seed, struct err *e)
{
    if (fs_exists(arena_printf(&c->arena, "%s/mesh.yaml", dir).p)) {
        cli_advice(c, "%s is there already: loading and building what is new", dir);
        return run_mesh(c, dir, e);
    }
    int64_t began_us = clock_mono_us();
    struct demo_options o = {
        .dir = dir, .program = c->program, .seed = (uint64_t)seed, .quiet = c->quiet, .run = run_mesh, .ctx = c};
    if (!demo_make(&o, e))
        return false;
    cli_advice(c, "the demo was made in %.1f s", (double)(clock_mono_us() - began_us) / 1e6);
    return true;
}

int cmd_demo(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    int64_t seed, port;
    const char *named = cli_opt(args, "--dir");
    if (!cli_int(args, "--seed", DEFAULT_SEED, 0, INT32_MAX, &seed, &e) ||
        !cli_int(args, "--port", DEFAULT_PORT, 0, 65535, &port, &e) || !fs_mkdirs(named ? named : "demo", 0755, &e))
        return cli_fail(c, &e);
    char dir[PATH_MAX];
    if (!realpath(named ? named : "demo", dir)) {
        err_set(&e, E_IO, "the folder %s cannot be reached", named ? named : "demo");
        return cli_fail(c, &e);
    }
    if (!prepare(c, dir, seed, &e))
        return cli_fail(c, &e);
    return cli_has(args, "--no-serve") ? 0 : cli_serve_mesh(c, dir, NULL, (int)port);
}
