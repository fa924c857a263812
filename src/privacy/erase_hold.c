/* Legal holds on a person: while one lasts nothing of them is erased. */
#include "privacy/erase_int.h"

#include "privacy/hold.h"

bool erase_held(const struct privacy *v, const struct person *p, struct erase_report *r, struct err *e)
{
    struct store_hold *holds;
    size_t n;
    if (!holds_on(v->s, v->m, p, r->a, &holds, &n, e))
        return false;
    r->held = arena_array(r->a, n + 1, sizeof *r->held);
    r->n_held = n;
    for (size_t i = 0; i < n; i++)
        r->held[i] = (struct erase_held){.hold = holds[i].id, .reason = holds[i].reason};
    return true;
}
