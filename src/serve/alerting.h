/* The server's look at what is wrong: after each run and each minute, in a thread of its own, so that a receiver that hangs keeps
 * nobody waiting. */
#ifndef SERVE_ALERTING_H
#define SERVE_ALERTING_H

#include "notify/notify.h"
#include "serve/app.h"

MUST_CHECK bool alerting_start(struct app *app, struct alerting **out, struct err *e);
void alerting_wake(struct alerting *al); /* NULL-safe */
void alerting_stop(struct alerting *al); /* ends a transfer that hangs within about a second; NULL-safe */

/* What messages need, for a declaration and the states of its ports. */
struct notify alerting_of(struct app *app, const struct mesh *m, const struct build_port_status *status, struct arena *a);
/* Looks, and sends what is due. */
MUST_CHECK bool alerting_turn(struct app *app, struct arena *a, struct notify_seen *seen, struct notify_sent *sent,
                              struct err *e);

#endif
