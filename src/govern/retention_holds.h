/* Legal holds in force, as retention and builds need them. */
#ifndef GOVERN_RETENTION_HOLDS_H
#define GOVERN_RETENTION_HOLDS_H

#include "engine/engine.h"
#include "govern/retention.h"

struct store;
MUST_CHECK bool retention_holds_read(struct store *s, struct engine_conn *c, struct arena *a, struct retention_holds *out, struct err *e);

#endif
