/* Write keys of event sources, and the people whose events are not to be stored again. Neither a key nor an identifier stands
 * here, only hashes of them. */
#include "base/clock.h"
#include "store/store_int.h"

static bool only_step(struct store_stmt *q)
{
    while (store_row(q)) {
    }
    return store_end(q);
}

bool store_key_add(struct store *s, struct store_key *k, struct err *e)
{
    struct store_stmt q;
    if (!store_begin(&q, s,
                     "INSERT INTO write_key (source, sha256, begins, label, created_at_us) VALUES (?, ?, ?, ?, ?) RETURNING id", e))
        return false;
    k->created_at_us = clock_now_us();
    k->revoked_at_us = 0;
    store_bind_str(&q, k->source);
    store_bind_str(&q, k->sha256);
    store_bind_str(&q, k->begins);
    store_bind_str(&q, k->label);
    store_bind_i64(&q, k->created_at_us);
    if (store_row(&q))
        k->id = store_col_i64(&q, 0);
    return only_step(&q);
}

bool store_key_revoke(struct store *s, int64_t id, struct err *e)
{
    struct store_stmt q;
    bool found = false;
    if (!store_begin(&q, s,
                     "UPDATE write_key SET revoked_at_us = CASE WHEN revoked_at_us = 0 THEN ? ELSE revoked_at_us END WHERE id = ?"
                     " RETURNING id",
                     e))
        return false;
    store_bind_i64(&q, clock_now_us());
    store_bind_i64(&q, id);
    while (store_row(&q))
        found = true;
    if (!store_end(&q))
        return false;
    if (found)
        return true;
    err_set(e, E_NOT_FOUND, "there is no write key %lld", (long long)id);
    err_hint(e, "trellis key list shows them");
    return false;
}

bool store_keys(struct store *s, struct arena *a, struct str source, struct store_key **out, size_t *n, struct err *e)
{
    struct store_stmt q;
    *n = 0;
    *out = NULL;
    if (!store_begin(&q, s,
                     "SELECT id, source, sha256, begins, label, created_at_us, revoked_at_us, count(*) OVER () FROM write_key"
                     " WHERE ?1 = '' OR source = ?1 ORDER BY id DESC",
                     e))
        return false;
    store_bind_str(&q, source.p ? source : STR(""));
    while (store_row(&q)) {
        if (*n == 0)
            *out = arena_array(a, (size_t)store_col_i64(&q, 7), sizeof **out);
        (*out)[(*n)++] = (struct store_key){.id = store_col_i64(&q, 0),
                                            .source = store_col_str(&q, a, 1),
                                            .sha256 = store_col_str(&q, a, 2),
                                            .begins = store_col_str(&q, a, 3),
                                            .label = store_col_str(&q, a, 4),
                                            .created_at_us = store_col_i64(&q, 5),
                                            .revoked_at_us = store_col_i64(&q, 6)};
    }
    return store_end(&q);
}

bool store_suppressed_add(struct store *s, const struct store_suppressed *p, struct err *e)
{
    struct store_stmt q;
    if (!store_begin(&q, s, "INSERT OR IGNORE INTO suppressed (hash, kind, reason, added_at_us) VALUES (?, ?, ?, ?)", e))
        return false;
    store_bind_str(&q, p->hash);
    store_bind_str(&q, p->kind);
    store_bind_str(&q, p->reason.p ? p->reason : STR(""));
    store_bind_i64(&q, clock_now_us());
    return only_step(&q);
}

bool store_suppressed_remove(struct store *s, struct str hash, struct err *e)
{
    struct store_stmt q;
    bool found = false;
    if (!store_begin(&q, s, "DELETE FROM suppressed WHERE hash = ? RETURNING hash", e))
        return false;
    store_bind_str(&q, hash);
    while (store_row(&q))
        found = true;
    if (!store_end(&q))
        return false;
    return found || err_set(e, E_NOT_FOUND, "this identifier is not on the suppression list");
}

bool store_suppressed_all(struct store *s, struct arena *a, struct store_suppressed **out, size_t *n, struct err *e)
{
    struct store_stmt q;
    *n = 0;
    *out = NULL;
    if (!store_begin(&q, s,
                     "SELECT hash, kind, reason, added_at_us, count(*) OVER () FROM suppressed ORDER BY added_at_us DESC, hash", e))
        return false;
    while (store_row(&q)) {
        if (*n == 0)
            *out = arena_array(a, (size_t)store_col_i64(&q, 4), sizeof **out);
        (*out)[(*n)++] = (struct store_suppressed){.hash = store_col_str(&q, a, 0),
                                                   .kind = store_col_str(&q, a, 1),
                                                   .reason = store_col_str(&q, a, 2),
                                                   .added_at_us = store_col_i64(&q, 3)};
    }
    return store_end(&q);
}
