/* Answers, or parts of them, that change with declarations and loads alone: kept for the generation they were made in, so that
 * a page that everybody opens first asks the engine once. Safe from any thread. */
#ifndef SERVE_KEPT_H
#define SERVE_KEPT_H

#include "base/buf.h"
#include "serve/app.h"

/* False: nothing is kept under this key for the declaration `m` and what is loaded now. */
bool kept_get(struct app *app, const struct mesh *m, struct str key, struct buf *out);
/* `generation`: as read before the answer was made. While a run is at work nothing is kept. */
void kept_put(struct app *app, const struct mesh *m, uint64_t generation, struct str key, struct str text);
void kept_free(struct kept *k);

#endif
