/* Live ports follow events while a server runs: docs/build.md, "Living". */
#ifndef SERVE_LIVING_H
#define SERVE_LIVING_H

#include "serve/app.h"

struct living;
MUST_CHECK bool living_start(struct app *app, struct living **out, struct err *e);
void living_wake(struct living *l); /* NULL-safe: something that live ports are made of has changed */
void living_stop(struct living *l); /* NULL-safe; before the loader ends */

#endif
