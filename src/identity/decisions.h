/* People's decisions, an input of the resolution: read from the control store, where the identifiers they name stand sealed. */
#ifndef IDENTITY_DECISIONS_H
#define IDENTITY_DECISIONS_H

#include "identity/key.h"
#include "identity/rules.h"
#include "store/store.h"

struct identifier { struct str kind, value; }; /* as it is compared */
struct decision_made {
    int64_t id, at_us, withdrawn_at_us;
    bool split;
    struct identifier *out, *rest; /* a merge has `out` alone: one of each customer */
    size_t n_out, n_rest;
    struct str reason, who, withdrawn_by;
};
/* All, oldest first; E_STORE where one cannot be unsealed (the key file is another). */
MUST_CHECK bool decisions_read(struct store *s, const unsigned char key[SECRET_BYTES], struct arena *a, struct decision_made **out, size_t *n,
                               struct err *e);
MUST_CHECK bool decision_write(struct store *s, const unsigned char key[SECRET_BYTES], struct decision_made *d /* id and time are set */,
                               struct err *e);
/* Those in force as the resolver takes them. only: ids with commas around each, as decisions_text writes them; NULL: all in force. */
size_t decisions_resolve(const struct decision_made *d, size_t n, const struct rules *rules, const struct str *only, struct arena *a,
                         struct resolve_decision **out);
struct str decisions_text(const struct decision_made *d, size_t n, struct arena *a); /* ids in force: ",1,4," */

#endif
