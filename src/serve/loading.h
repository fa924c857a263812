/* The server's loader: a thread that brings events in as they arrive. */
#ifndef SERVE_LOADING_H
#define SERVE_LOADING_H

#include "serve/app.h"

struct loading;
MUST_CHECK bool loading_start(struct app *app, struct loading **out, struct err *e);
void loading_stop(struct loading *l); /* NULL-safe; a batch in work is finished */

#endif
