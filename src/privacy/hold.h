/* Legal holds: while one lasts, retention keeps the rows it is about, and erasure refuses. */
#ifndef PRIVACY_HOLD_H
#define PRIVACY_HOLD_H

#include "privacy/person.h"
#include "store/holds.h"

struct hold_ask { struct str identifier /* KIND:VALUE */, product /* "domain.product", "domain.*": one of the two */, reason, until /* day; empty: until it is ended */, by; };
MUST_CHECK bool hold_add(struct state *s, const struct mesh *m, const struct hold_ask *ask, struct arena *a, struct store_hold *out, struct err *e);
/* People who are held now, each as a corpus; freed with holds_free. */
struct held_people { struct person **v; int64_t *holds; size_t n; };
MUST_CHECK bool held_people_find(struct state *s, const struct mesh *m, struct held_people *out, struct err *e);
void held_people_free(struct held_people *h);
/* Holds in force on a person, or on a product that has rows of theirs. `out` in `a`. */
MUST_CHECK bool holds_on(struct state *s, const struct mesh *m, const struct person *p, struct arena *a, struct store_hold **out, size_t *n, struct err *e);

#endif
