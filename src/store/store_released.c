/* What was shown of groups of people. See released.h. */
#include "store/released.h"

#include "store/store_int.h"

static bool forget_others(struct store *s, struct str ref, int64_t version_id, struct err *e)
{
    struct store_stmt q;
    if (!store_begin(&q, s, "DELETE FROM released WHERE ref = ?1 AND (version_id <> ?2 OR id <= (SELECT id FROM released WHERE ref = ?1 ORDER BY id DESC LIMIT 1 OFFSET 20000))", e))
        return false;
    store_bind_str(&q, ref);
    store_bind_i64(&q, version_id);
    while (store_row(&q))
        ;
    return store_end(&q);
}

bool store_released_add(struct store *s, struct str ref, int64_t version_id, const struct store_released *v, size_t n, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        struct store_stmt q;
        if (!store_begin(&q, s, "INSERT INTO released (ref, version_id, people, sketch) VALUES (?, ?, ?, ?)", e))
            return false;
        store_bind_str(&q, ref);
        store_bind_i64(&q, version_id);
        store_bind_i64(&q, v[i].people);
        store_bind_bytes(&q, v[i].sketch);
        while (store_row(&q))
            ;
        if (!store_end(&q))
            return false;
    }
    return forget_others(s, ref, version_id, e);
}

bool store_released(struct store *s, struct arena *a, struct str ref, int64_t version_id, struct store_released **out, size_t *n, struct err *e)
{
    struct store_stmt q;
    *n = 0;
    *out = NULL;
    if (!store_begin(&q, s, "SELECT people, sketch, count(*) OVER () FROM released WHERE ref = ? AND version_id = ? ORDER BY id", e))
        return false;
    store_bind_str(&q, ref);
    store_bind_i64(&q, version_id);
    while (store_row(&q)) {
        if (*n == 0)
            *out = arena_array(a, (size_t)store_col_i64(&q, 2), sizeof **out);
        (*out)[(*n)++] = (struct store_released){store_col_i64(&q, 0), store_col_str(&q, a, 1)};
    }
    return store_end(&q);
}

bool store_question_count(struct store *s, struct str principal, int32_t day, int64_t *count, struct err *e)
{
    struct store_stmt q;
    *count = 0;
    if (!store_begin(&q, s,
                     "INSERT INTO question_count (principal, day, n) VALUES (?1, ?2, 1) ON CONFLICT (principal) DO UPDATE SET"
                     " n = CASE WHEN day = ?2 THEN n + 1 ELSE 1 END, day = ?2 RETURNING n",
                     e))
        return false;
    store_bind_str(&q, principal);
    store_bind_i64(&q, day);
    while (store_row(&q))
        *count = store_col_i64(&q, 0);
    return store_end(&q);
}
