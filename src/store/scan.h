/* What was found that looks personal, by column: rows of the control store. Counts and kinds, never a value. */
#ifndef STORE_SCAN_H
#define STORE_SCAN_H

#include "store/store.h"

struct store_scan { struct str ref, column, path, kind, proposed, why; int64_t at_us, percent, values, hits; };
/* Replaces what was known of `ref`. */
MUST_CHECK bool store_scan_put(struct store *s, struct str ref, const struct store_scan *v, size_t n, struct err *e);
/* Of one ref, or all (empty), by ref, then the surest first. */
MUST_CHECK bool store_scan_find(struct store *s, struct arena *a, struct str ref, struct store_scan **out, size_t *n, struct err *e);

#endif
