/* Personal values of one person's row as they are, for who has the right to reveal: never without an entry in the audit log before it. */
#ifndef GOVERN_REVEAL_H
#define GOVERN_REVEAL_H

#include "govern/govern.h"

struct reveal_ask {
    const struct govern_principal *principal;
    struct str port, purpose;          /* "shared.customer"; whose rows are people's */
    struct str customer_id, reason;    /* the reason goes into the log */
    const struct str *fields; size_t n_fields; /* personal columns of the port */
};
struct reveal_value { struct str name, json; };
/* E_NOT_FOUND: they see no such port, or no row of this person in it; E_DENIED: no right; E_USAGE: a field that is no personal column. */
MUST_CHECK bool govern_reveal(struct govern *g, const struct reveal_ask *ask, struct arena *a, struct reveal_value **out /* n_fields */, struct err *e);

/* The value behind a token of the mask `tokenise`, for who holds the right `detokenise` in the whole mesh. E_DENIED, E_USAGE: no token of this mesh. */
MUST_CHECK bool govern_untoken(struct govern *g, const struct govern_principal *who, struct str token, struct str reason, struct arena *a, struct str *value, struct err *e);

#endif
