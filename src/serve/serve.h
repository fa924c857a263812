/* The server: one process, one loop thread, workers for questions, routes in one table. */
#ifndef SERVE_SERVE_H
#define SERVE_SERVE_H

#include "base/error.h"

struct serve_options {
    const char *mesh_dir;
    const char *host; /* default 127.0.0.1; only loopback is accepted */
    int port;         /* 0: any free */
    const char *program;
    int workers;
    bool quiet;
};
/* Opens the state (E_BUSY when held), loads the mesh, serves until SIGINT/SIGTERM, drains and closes. The address to open, with
 * the session's token, is the one line on standard output. What is wrong with the declaration goes to `es`. */
MUST_CHECK bool serve_run(const struct serve_options *o, struct errs *es, struct err *e);

#endif
