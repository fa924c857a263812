/* Retention once a day while a server runs: docs/privacy.md. */
#ifndef SERVE_RETAINING_H
#define SERVE_RETAINING_H

#include "serve/app.h"

struct privacy;
struct retention_report;
struct retaining;
MUST_CHECK bool retaining_start(struct app *app, struct retaining **out, struct err *e);
void retaining_stop(struct retaining *r); /* NULL-safe */
/* Runs are held off, the newest declaration holds, and what readers have bound is made anew behind it. E_BUSY: a run is in work. */
MUST_CHECK bool retaining_run(struct app *app, struct privacy *v, struct retention_report *r, struct err *e);
int64_t retaining_next(struct app *app, const struct mesh *m, struct arena *a); /* when the next turn of the server is due */
/* One look at the clock: does it when it is due. *done: it was. */
MUST_CHECK bool retaining_turn(struct app *app, bool *done, struct err *e);

#endif
