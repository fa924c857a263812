/* A server's eye on the folders of sources with `watch: true`: files that arrive are loaded, and what stands on them is built. */
#ifndef SERVE_WATCH_H
#define SERVE_WATCH_H

#include "serve/app.h"

struct watch;
/* Starts the thread that looks. Without watched sources it looks at the declaration alone, now and then. */
MUST_CHECK bool watch_start(struct app *app, struct watch **out, struct err *e);
/* Ends it; a run that it began ends with app.cancel. NULL-safe. */
void watch_stop(struct watch *w);

#endif
