/* A small HTTP client over data/trellis.sock, for commands beside a running server. */
#ifndef CLI_REMOTE_H
#define CLI_REMOTE_H

#include "http/http.h"

struct remote_answer {
    int status;                                /* set before the first data */
    bool (*data)(void *ctx, struct str bytes); /* false: enough */
    void *ctx;
    struct str role, purpose; /* go as X-Trellis-Role, X-Trellis-Purpose; empty: without */
};
/* Connects; false without an error text worth showing when nobody listens (E_NOT_FOUND). */
MUST_CHECK bool remote_dial(const char *data_dir, int *fd, struct err *e);
/* One request on a connection of its own; closes it. E_IO when the answer breaks off. */
MUST_CHECK bool remote_ask(int fd, enum http_verb verb, const char *target, struct str body, struct remote_answer *answer,
                           struct err *e);

#endif
