#include "store/holds.h"

#include "base/clock.h"
#include "store/store_int.h"

static void step(struct store_stmt *q)
{
    while (store_row(q)) {
    }
}

static bool last_id(struct store *s, const char *table, int64_t *out, struct err *e)
{
    struct store_stmt q;
    if (!store_begin(&q, s, "SELECT seq FROM sqlite_sequence WHERE name = ?", e))
        return false;
    store_bind_str(&q, str_of(table));
    if (store_row(&q))
        *out = store_col_i64(&q, 0);
    return store_end(&q);
}

bool store_hold_add(struct store *s, struct store_hold *h, struct err *e)
{
    struct store_stmt q;
    h->at_us = clock_now_us();
    if (!store_begin(&q, s, "INSERT INTO hold (kind, product, identifier_kind, customer_id, sealed, reason, by_, at_us, until_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", e))
        return false;
    const struct str texts[] = {h->kind, h->product, h->identifier_kind, h->customer_id, h->sealed, h->reason, h->by};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        store_bind_str(&q, texts[i]);
    store_bind_i64(&q, h->at_us);
    store_bind_i64(&q, h->until_us);
    step(&q);
    return store_end(&q) && last_id(s, "hold", &h->id, e);
}

bool store_hold_end(struct store *s, int64_t id, int64_t at_us, struct str by, struct err *e)
{
    struct store_stmt q;
    bool there = false;
    if (!store_begin(&q, s, "SELECT 1 FROM hold WHERE id = ?", e))
        return false;
    store_bind_i64(&q, id);
    there = store_row(&q);
    if (!store_end(&q))
        return false;
    if (!there) {
        err_set(e, E_NOT_FOUND, "there is no hold %lld", (long long)id);
        err_hint(e, "trellis hold list shows their numbers");
        return false;
    }
    if (!store_begin(&q, s, "UPDATE hold SET ended_at_us = ?, ended_by = ?, sealed = '' WHERE id = ? AND ended_at_us = 0", e))
        return false;
    store_bind_i64(&q, at_us);
    store_bind_str(&q, by);
    store_bind_i64(&q, id);
    step(&q);
    return store_end(&q);
}

bool store_holds(struct store *s, struct arena *a, int64_t at_us, struct store_hold **out, size_t *n, struct err *e)
{
    struct store_stmt q;
    *n = 0;
    *out = NULL;
    if (!store_begin(&q, s,
                     "SELECT id, at_us, until_us, ended_at_us, kind, product, identifier_kind, customer_id, sealed, reason, by_, ended_by, count(*) OVER () FROM hold"
                     " WHERE ?1 = 0 OR (ended_at_us = 0 AND (until_us = 0 OR until_us > ?1)) ORDER BY id DESC",
                     e))
        return false;
    store_bind_i64(&q, at_us);
    while (store_row(&q)) {
        if (*n == 0)
            *out = arena_array(a, (size_t)store_col_i64(&q, 12), sizeof **out);
        (*out)[(*n)++] = (struct store_hold){.id = store_col_i64(&q, 0),
                                             .at_us = store_col_i64(&q, 1),
                                             .until_us = store_col_i64(&q, 2),
                                             .ended_at_us = store_col_i64(&q, 3),
                                             .kind = store_col_str(&q, a, 4),
                                             .product = store_col_str(&q, a, 5),
                                             .identifier_kind = store_col_str(&q, a, 6),
                                             .customer_id = store_col_str(&q, a, 7),
                                             .sealed = store_col_str(&q, a, 8),
                                             .reason = store_col_str(&q, a, 9),
                                             .by = store_col_str(&q, a, 10),
                                             .ended_by = store_col_str(&q, a, 11)};
    }
    return store_end(&q);
}

bool store_retention_add(struct store *s, struct store_retention *r, struct err *e)
{
    struct store_stmt q;
    if (!store_begin(&q, s, "INSERT INTO retention_report (at_us, rows, held, dry_run, by_, report) VALUES (?, ?, ?, ?, ?, ?)", e))
        return false;
    store_bind_i64(&q, r->at_us);
    store_bind_i64(&q, r->rows);
    store_bind_i64(&q, r->held);
    store_bind_i64(&q, r->dry_run);
    store_bind_str(&q, r->by);
    store_bind_str(&q, r->report);
    step(&q);
    return store_end(&q) && last_id(s, "retention_report", &r->id, e);
}

bool store_retentions(struct store *s, struct arena *a, size_t limit, struct store_retention **out, size_t *n, struct err *e)
{
    struct store_stmt q;
    *n = 0;
    *out = arena_array(a, limit + 1, sizeof **out);
    if (!store_begin(&q, s, "SELECT id, at_us, rows, held, dry_run, by_, report FROM retention_report ORDER BY id DESC LIMIT ?", e))
        return false;
    store_bind_i64(&q, (int64_t)limit);
    while (*n < limit && store_row(&q))
        (*out)[(*n)++] = (struct store_retention){.id = store_col_i64(&q, 0),
                                                  .at_us = store_col_i64(&q, 1),
                                                  .rows = store_col_i64(&q, 2),
                                                  .held = store_col_i64(&q, 3),
                                                  .dry_run = store_col_i64(&q, 4) != 0,
                                                  .by = store_col_str(&q, a, 5),
                                                  .report = store_col_str(&q, a, 6)};
    return store_end(&q);
}
