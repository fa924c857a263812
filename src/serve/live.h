/* Those who watch events arrive: streams of server-sent events, fed by one thread that sleeps while nobody looks. */
#ifndef SERVE_LIVE_H
#define SERVE_LIVE_H

#include "events/events.h"
#include "http/http.h"

struct live;
MUST_CHECK bool live_start(struct events *ev, struct live **out, struct err *e);
/* Takes the stream over. `after`: the last one that was seen; -1: the newest few to begin with. False: too many watch already; the stream
 * is then still the caller's. */
bool live_watch(struct live *l, struct http_stream *s, int64_t after, struct str source);
void live_stop(struct live *l); /* closes every stream; NULL-safe */

void live_event_json(struct buf *b, const struct events_seen *v); /* one object, as docs/entities.md has it */

#endif
