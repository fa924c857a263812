/* Which sets of people stood behind figures that were shown to roles that see groups alone, and how many questions a principal asked today: so that a restart
 * does not forget them (govern/small_history.c). Sets are sketches of keyed hashes. */
#ifndef STORE_RELEASED_H
#define STORE_RELEASED_H

#include "store/store.h"

struct store_released { int64_t people; struct str sketch; }; /* sketch: bytes */
/* In one transaction, before they are shown; what was kept of other versions of the port goes. */
MUST_CHECK bool store_released_add(struct store *s, struct str ref, int64_t version_id, const struct store_released *v, size_t n, struct err *e);
MUST_CHECK bool store_released(struct store *s, struct arena *a, struct str ref, int64_t version_id, struct store_released **out, size_t *n, struct err *e);
/* Counts one more of this day (days since 1970); *count: with it. Days before are forgotten. */
MUST_CHECK bool store_question_count(struct store *s, struct str principal, int32_t day, int64_t *count, struct err *e);

#endif
