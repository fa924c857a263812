/* Legal holds, and what retention did: rows of the control store. Whom a hold is about stands sealed (privacy/hold.c), and is blanked when it ends. */
#ifndef STORE_HOLDS_H
#define STORE_HOLDS_H

#include "store/store.h"

struct store_hold {
    int64_t id, at_us, until_us /* 0: until it is ended */, ended_at_us; /* 0: it holds */
    struct str kind;                         /* person product */
    struct str product;                      /* "domain.product" */
    struct str identifier_kind, customer_id; /* of a person; customer_id as it was then, empty: not known */
    struct str sealed, reason, by, ended_by;
};
MUST_CHECK bool store_hold_add(struct store *s, struct store_hold *h /* id and time are set */, struct err *e);
MUST_CHECK bool store_hold_end(struct store *s, int64_t id, int64_t at_us, struct str by, struct err *e); /* E_NOT_FOUND; a second time changes nothing */
MUST_CHECK bool store_holds(struct store *s, struct arena *a, int64_t in_force_at_us /* 0: all */, struct store_hold **out, size_t *n, struct err *e); /* newest first */

struct store_retention { int64_t id, at_us, rows, held; bool dry_run; struct str by, report /* JSON: numbers and names of tables alone */; };
MUST_CHECK bool store_retention_add(struct store *s, struct store_retention *r /* id is set */, struct err *e);
MUST_CHECK bool store_retentions(struct store *s, struct arena *a, size_t limit, struct store_retention **out, size_t *n, struct err *e); /* newest first */

#endif
