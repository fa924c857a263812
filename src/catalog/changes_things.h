/* What a declaration is made of, so that two of them can be compared thing by thing and part by part. */
#ifndef CATALOG_CHANGES_THINGS_H
#define CATALOG_CHANGES_THINGS_H

#include "catalog/catalog_int.h"

enum thing {
    THING_DOMAIN, THING_SOURCE, THING_PRODUCT, THING_PORT, THING_TERM, THING_GOAL, THING_DASHBOARD, THING_METRIC, THING_EVENT,
    THING_IDENTITY, THING_CONSENT, THING_CHANNELS, THING_KINDS
};
enum { THING_PARTS_MAX = 8, THING_PART_CHARS = 16 }; /* a fingerprint has so many characters for each part */
struct thing_kind { const char *kind, *parts[THING_PARTS_MAX]; };
extern const struct thing_kind thing_kinds[THING_KINDS];

/* Sorted by thing_by_ref. */
MUST_CHECK bool things_declared(struct arena *a, const struct mesh *m, struct store_declared **out, size_t *n, struct err *e);
int thing_by_ref(const void *a, const void *b); /* of struct store_declared */

#endif
