/* The events of the website and the app: the year's visits in the spool, as a collector would have put them there, and a few that come
 * while the demo is served. */
#ifndef CLI_DEMO_EVENTS_H
#define CLI_DEMO_EVENTS_H

#include "cli/demo/visits.h"

#define DEMO_EVENT_SOURCE "web.site"
#define DEMO_KEY_FILE "data/demo-site.key" /* write key of the demo's own visitors, for its owner alone */

/* Visits that were told from..to (milliseconds, `to` exclusive), in the spool of the mesh folder `dir`. No server may run. */
MUST_CHECK bool demo_events_write(const char *dir, const struct demo_world *w, const struct demo_visits *visits, int64_t from_ms, int64_t to_ms, struct err *e);

struct demo_trickle;
/* Sends an event each second or so to the collector at http://127.0.0.1:port, from a thread of its own, as soon as it answers. */
MUST_CHECK bool demo_trickle_start(const char *dir, uint64_t seed, int port, struct demo_trickle **out, struct err *e);
void demo_trickle_stop(struct demo_trickle *t); /* NULL-safe */

#endif
