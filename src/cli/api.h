/* A mesh as the commands see it: the routes of the server, asked in this process when the mesh is free, over the
 * socket when a server holds it. Either way the same answers. */
#ifndef CLI_API_H
#define CLI_API_H

#include <yyjson.h>

#include "cli/cli.h"
#include "http/http.h"

struct api;
/* E_BUSY with the holder's pid when another process than a server holds the mesh. */
MUST_CHECK bool api_open(struct cli *c, struct str mesh_dir, struct api **out, struct errs *es, struct err *e);
void api_close(struct api *a);
bool api_is_remote(const struct api *a);

/* Streams the answer's bytes. An answer that is an error fills `e` and makes this false. */
typedef bool (*api_data_fn)(void *ctx, struct str bytes); /* false: enough */
MUST_CHECK bool api_stream(struct api *a, enum http_verb verb, const char *target, struct str body, api_data_fn data, void *ctx,
                           struct err *e);
/* The answer's text, into a buffer. */
MUST_CHECK bool api_text(struct api *a, enum http_verb verb, const char *target, struct str body, struct buf *out, struct err *e);
/* Calls off the run in work. From any thread, but not from a signal handler. */
void api_cancel(struct api *a);

/* Cuts a stream of bytes into lines; the last one needs no newline (lines_end). */
struct lines {
    struct buf rest;
    bool (*line)(void *ctx, struct str line);
    void *ctx; /* false: enough */
};
bool lines_data(void *lines, struct str bytes);
bool lines_end(struct lines *l);

/* Asks once and shows the answer: as JSON with --json, else by `show`. The answer's text is wiped afterwards: it may hold a secret. */
int api_show(struct cli *c, enum http_verb verb, const char *target, struct str body, int (*show)(struct cli *c, yyjson_val *root));
struct str api_list(struct cli *c, yyjson_val *texts); /* "a, b", without control bytes */

/* cmd_alerts.c: after a run in this process, looks for what is wrong and tells; a server does that by itself. */
void cli_alerts_after_run(struct cli *c, struct api *a);

/* An error object of the API back into a struct err. */
void api_err(yyjson_val *object, struct err *e);

#endif
