/* What people decided of identities: these two are one customer, those identifiers are held apart. A decision is never deleted; it
 * is withdrawn, and then it is as if it had never been made. */
#include "base/clock.h"
#include "store/store_int.h"

bool store_decision_add(struct store *s, struct store_decision *d, struct err *e)
{
    struct store_stmt q;
    if (!store_begin(&q, s,
                     "INSERT INTO identity_decision (action, sealed, hashes, reason, who, at_us) VALUES (?, ?, ?, ?, ?, ?) RETURNING id", e))
        return false;
    d->at_us = clock_now_us();
    d->withdrawn_at_us = 0;
    store_bind_str(&q, d->action);
    store_bind_str(&q, d->sealed);
    store_bind_str(&q, d->hashes);
    store_bind_str(&q, d->reason);
    store_bind_str(&q, d->who);
    store_bind_i64(&q, d->at_us);
    while (store_row(&q))
        d->id = store_col_i64(&q, 0);
    return store_end(&q);
}

bool store_decision_withdraw(struct store *s, int64_t id, struct str who, struct err *e)
{
    struct store_stmt q;
    bool found = false;
    if (!store_begin(&q, s,
                     "UPDATE identity_decision SET withdrawn_by = CASE WHEN withdrawn_at_us = 0 THEN ?1 ELSE withdrawn_by END,"
                     " withdrawn_at_us = CASE WHEN withdrawn_at_us = 0 THEN ?2 ELSE withdrawn_at_us END WHERE id = ?3 RETURNING id",
                     e))
        return false;
    store_bind_str(&q, who);
    store_bind_i64(&q, clock_now_us());
    store_bind_i64(&q, id);
    while (store_row(&q))
        found = true;
    if (!store_end(&q))
        return false;
    if (found)
        return true;
    err_set(e, E_NOT_FOUND, "there is no decision %lld", (long long)id);
    err_hint(e, "trellis identity decisions lists them");
    return false;
}

bool store_decisions(struct store *s, struct arena *a, struct store_decision **out, size_t *n, struct err *e)
{
    struct store_stmt q;
    *n = 0;
    *out = NULL;
    if (!store_begin(&q, s,
                     "SELECT id, action, sealed, hashes, reason, who, at_us, withdrawn_at_us, withdrawn_by, count(*) OVER ()"
                     " FROM identity_decision ORDER BY id",
                     e))
        return false;
    while (store_row(&q)) {
        if (*n == 0)
            *out = arena_array(a, (size_t)store_col_i64(&q, 9), sizeof **out);
        (*out)[(*n)++] = (struct store_decision){.id = store_col_i64(&q, 0),
                                                 .action = store_col_str(&q, a, 1),
                                                 .sealed = store_col_str(&q, a, 2),
                                                 .hashes = store_col_str(&q, a, 3),
                                                 .reason = store_col_str(&q, a, 4),
                                                 .who = store_col_str(&q, a, 5),
                                                 .at_us = store_col_i64(&q, 6),
                                                 .withdrawn_at_us = store_col_i64(&q, 7),
                                                 .withdrawn_by = store_col_str(&q, a, 8)};
    }
    return store_end(&q);
}
