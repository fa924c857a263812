/* The server: one process, one loop thread, workers for questions, routes in one table. */
#ifndef SERVE_SERVE_H
#define SERVE_SERVE_H

#include "base/error.h"

struct serve_options {
    const char *mesh_dir;
    const char *host;   /* default 127.0.0.1; only loopback is accepted */
    int port;           /* 0: any free */
    const char *listen; /* "0.0.0.0:8443"; in place of host and port; NULL: none. Beyond loopback with TLS alone, or behind a proxy */
    bool behind_proxy;  /* a proxy ends TLS; then public_url is needed */
    const char *public_url; /* "https://mesh.example.org": what Host and Origin must name; NULL: as the certificate says */
    bool welcome;       /* where there is no user yet, print a link that makes the first administrator, on loopback, too */
    const char *program;
    int workers;
    bool quiet;
    const char *collector_listen; /* "127.0.0.1:8081"; NULL: no collector */
    const char *tls_certificate, *tls_key; /* of `listen` and of the collector; both or none */
};
/* "HOST:PORT", ":PORT" or "PORT"; [::1]:8081 for IPv6. The host of the last two is 127.0.0.1. */
struct serve_address {
    char host[64], shown[72]; /* shown: with the brackets of IPv6 */
    int port;
};
MUST_CHECK bool serve_address_parse(const char *text, struct serve_address *out, struct err *e);
/* Opens the state (E_BUSY when held), loads the mesh, serves until SIGINT/SIGTERM, drains and closes. The address to open, with
 * the session's token, is the one line on standard output. What is wrong with the declaration goes to `es`. */
MUST_CHECK bool serve_run(const struct serve_options *o, struct errs *es, struct err *e);

#endif
