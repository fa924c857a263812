#include "store/views.h"

#include "base/clock.h"
#include "store/store_int.h"

enum { VIEWS_MAX = 1000 };

bool store_view_add(struct store *s, struct store_view *v, struct err *e)
{
    struct store_stmt q;
    if (!store_begin(&q, s, "INSERT INTO saved_view (at_us, owner, title, ask, chart, shared) VALUES (?, ?, ?, ?, ?, ?) RETURNING id", e))
        return false;
    v->at_us = clock_now_us();
    store_bind_i64(&q, v->at_us);
    store_bind_str(&q, v->owner);
    store_bind_str(&q, v->title);
    store_bind_str(&q, v->ask);
    store_bind_str(&q, v->chart);
    store_bind_i64(&q, v->shared);
    while (store_row(&q))
        v->id = store_col_i64(&q, 0);
    return store_end(&q);
}

bool store_view_change(struct store *s, const struct store_view *v, struct err *e)
{
    struct store_stmt q;
    if (!store_begin(&q, s, "UPDATE saved_view SET title = ?, shared = ? WHERE id = ?", e))
        return false;
    store_bind_str(&q, v->title);
    store_bind_i64(&q, v->shared);
    store_bind_i64(&q, v->id);
    while (store_row(&q)) {
    }
    return store_end(&q);
}

bool store_view_delete(struct store *s, int64_t id, struct err *e)
{
    struct store_stmt q;
    if (!store_begin(&q, s, "DELETE FROM saved_view WHERE id = ?", e))
        return false;
    store_bind_i64(&q, id);
    while (store_row(&q)) {
    }
    return store_end(&q);
}

static struct store_view row_read(struct store_stmt *q, struct arena *a)
{
    return (struct store_view){.id = store_col_i64(q, 0), .at_us = store_col_i64(q, 1), .owner = store_col_str(q, a, 2), .title = store_col_str(q, a, 3), .ask = store_col_str(q, a, 4),
                               .chart = store_col_str(q, a, 5), .shared = store_col_i64(q, 6) != 0};
}

bool store_views(struct store *s, struct arena *a, struct str owner, struct store_view **out, size_t *n, struct err *e)
{
    struct store_stmt q;
    *n = 0;
    *out = arena_array(a, VIEWS_MAX, sizeof **out);
    if (!store_begin(&q, s, "SELECT id, at_us, owner, title, ask, chart, shared FROM saved_view WHERE owner = ? OR shared ORDER BY at_us DESC, id DESC LIMIT ?", e))
        return false;
    store_bind_str(&q, owner);
    store_bind_i64(&q, VIEWS_MAX);
    while (store_row(&q))
        (*out)[(*n)++] = row_read(&q, a);
    return store_end(&q);
}

bool store_view_find(struct store *s, struct arena *a, int64_t id, struct store_view *out, struct err *e)
{
    struct store_stmt q;
    bool found = false;
    if (!store_begin(&q, s, "SELECT id, at_us, owner, title, ask, chart, shared FROM saved_view WHERE id = ?", e))
        return false;
    store_bind_i64(&q, id);
    while (store_row(&q)) {
        *out = row_read(&q, a);
        found = true;
    }
    if (!store_end(&q))
        return false;
    return found || err_set(e, E_NOT_FOUND, "there is no saved view %lld", (long long)id);
}
