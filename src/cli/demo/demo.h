/* The demo mesh. The command around it (options, progress of runs, serving) is cmd_demo.c of the command line. */
#ifndef CLI_DEMO_DEMO_H
#define CLI_DEMO_DEMO_H

#include "base/error.h"

struct demo_options {
    const char *dir;         /* made if absent; must not hold a mesh yet */
    const char *program;     /* path of this binary, for the loader child */
    uint64_t seed;
    bool quiet;
    bool (*run)(void *ctx, const char *dir, struct err *e); /* `trellis run` on a mesh folder: load and build all; rows set aside are no failure */
    bool (*people)(void *ctx, const char *dir, struct err *e); /* on the finished mesh: a write key for its visitors, the list of those who are not kept */
    void *ctx;
};
MUST_CHECK bool demo_make(const struct demo_options *o, struct err *e);

#endif
