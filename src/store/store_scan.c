#include "store/scan.h"

#include "base/clock.h"
#include "store/store_int.h"

static void step(struct store_stmt *q)
{
    while (store_row(q)) {
    }
}

static bool add(struct store *s, struct str ref, const struct store_scan *x, int64_t now_us, struct err *e)
{
    struct store_stmt q;
    if (!store_begin(&q, s, "INSERT OR REPLACE INTO scanned (ref, column_, path, kind, proposed, why, at_us, percent, values_, hits) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", e))
        return false;
    const struct str said[] = {ref, x->column, x->path, x->kind, x->proposed, x->why};
    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        store_bind_str(&q, said[i]);
    const int64_t numbers[] = {now_us, x->percent, x->values, x->hits};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        store_bind_i64(&q, numbers[i]);
    step(&q);
    return store_end(&q);
}

bool store_scan_put(struct store *s, struct str ref, const struct store_scan *v, size_t n, struct err *e)
{
    struct store_stmt q;
    int64_t now_us = clock_now_us();
    if (!store_begin(&q, s, "DELETE FROM scanned WHERE ref = ?", e))
        return false;
    store_bind_str(&q, ref);
    step(&q);
    bool ok = store_end(&q);
    for (size_t i = 0; ok && i < n; i++)
        ok = add(s, ref, &v[i], now_us, e);
    return ok;
}

bool store_scan_find(struct store *s, struct arena *a, struct str ref, struct store_scan **out, size_t *n, struct err *e)
{
    struct store_stmt q;
    *n = 0;
    *out = NULL;
    if (!store_begin(&q, s,
                     "SELECT ref, column_, path, kind, proposed, why, at_us, percent, values_, hits, count(*) OVER () FROM scanned WHERE ?1 = '' OR ref = ?1"
                     " ORDER BY ref, percent DESC, column_, path",
                     e))
        return false;
    store_bind_str(&q, ref);
    while (store_row(&q)) {
        if (*n == 0)
            *out = arena_array(a, (size_t)store_col_i64(&q, 10), sizeof **out);
        (*out)[(*n)++] = (struct store_scan){.ref = store_col_str(&q, a, 0),
                                             .column = store_col_str(&q, a, 1),
                                             .path = store_col_str(&q, a, 2),
                                             .kind = store_col_str(&q, a, 3),
                                             .proposed = store_col_str(&q, a, 4),
                                             .why = store_col_str(&q, a, 5),
                                             .at_us = store_col_i64(&q, 6),
                                             .percent = store_col_i64(&q, 7),
                                             .values = store_col_i64(&q, 8),
                                             .hits = store_col_i64(&q, 9)};
    }
    return store_end(&q);
}
