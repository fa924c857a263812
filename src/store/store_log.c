/* The query log and small settings. */
#include "store/store_int.h"

bool store_query_log(struct store *s, const struct store_query *l, struct err *e)
{
    struct store_stmt q;
    if (!store_begin(&q, s,
                     "INSERT INTO query_log (at_us, principal, purpose, sql_shape, verdict, refs, rows_, elapsed_ms)"
                     " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                     e))
        return false;
    store_bind_i64(&q, l->at_us);
    store_bind_str(&q, l->principal);
    store_bind_str(&q, l->purpose);
    store_bind_str(&q, l->sql_shape);
    store_bind_str(&q, l->verdict);
    store_bind_str(&q, l->refs);
    store_bind_i64(&q, l->rows);
    store_bind_i64(&q, l->elapsed_ms);
    if (!store_step(&q))
        q.failed = true;
    return store_end(&q);
}

bool store_queries(struct store *s, struct arena *a, size_t limit, struct store_query **out, size_t *n, struct err *e)
{
    struct store_stmt q;
    *n = 0;
    if (!store_begin(&q, s,
                     "SELECT at_us, principal, purpose, sql_shape, verdict, refs, rows_, elapsed_ms, count(*) OVER ()"
                     " FROM (SELECT * FROM query_log ORDER BY id DESC LIMIT ?) ORDER BY id DESC",
                     e))
        return false;
    store_bind_i64(&q, limit > INT64_MAX ? INT64_MAX : (int64_t)limit);
    while (store_row(&q)) {
        if (*n == 0)
            *out = arena_array(a, (size_t)store_col_i64(&q, 8), sizeof **out);
        (*out)[(*n)++] = (struct store_query){.at_us = store_col_i64(&q, 0),
                                              .principal = store_col_str(&q, a, 1),
                                              .purpose = store_col_str(&q, a, 2),
                                              .sql_shape = store_col_str(&q, a, 3),
                                              .verdict = store_col_str(&q, a, 4),
                                              .refs = store_col_str(&q, a, 5),
                                              .rows = store_col_i64(&q, 6),
                                              .elapsed_ms = store_col_i64(&q, 7)};
    }
    return store_end(&q);
}

bool store_setting_set(struct store *s, struct str key, struct str value, struct err *e)
{
    struct store_stmt q;
    if (!store_begin(&q, s,
                     "INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", e))
        return false;
    store_bind_str(&q, key);
    store_bind_str(&q, value);
    if (!store_step(&q))
        q.failed = true;
    return store_end(&q);
}

bool store_setting_get(struct store *s, struct arena *a, struct str key, struct str *value, struct err *e)
{
    struct store_stmt q;
    *value = (struct str){NULL, 0};
    if (!store_begin(&q, s, "SELECT value FROM setting WHERE key = ?", e))
        return false;
    store_bind_str(&q, key);
    if (store_row(&q))
        *value = store_col_str(&q, a, 0);
    return store_end(&q);
}
