/* Demand: what people ask of the owners of data, and what they are told. */
#include "base/clock.h"
#include "store/store_int.h"

bool store_request_add(struct store *s, struct store_request *r, struct err *e)
{
    struct store_stmt q;
    if (!store_begin(
            &q, s,
            "INSERT INTO request (asked_at_us, kind, ref, field, domain, title, body, asker) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
            " RETURNING id",
            e))
        return false;
    r->asked_at_us = clock_now_us();
    r->state = STR("open");
    store_bind_i64(&q, r->asked_at_us);
    store_bind_str(&q, r->kind);
    store_bind_str(&q, r->ref);
    store_bind_str(&q, r->field);
    store_bind_str(&q, r->domain);
    store_bind_str(&q, r->title);
    store_bind_str(&q, r->body);
    store_bind_str(&q, r->asker);
    if (store_row(&q))
        r->id = store_col_i64(&q, 0);
    while (store_row(&q)) {
    }
    return store_end(&q);
}

bool store_request_answer(struct store *s, int64_t id, struct str state, struct str answer, struct str by, struct err *e)
{
    struct store_stmt q;
    bool found = false;
    if (!store_begin(
            &q, s, "UPDATE request SET state = ?, answer = ?, answered_by = ?, answered_at_us = ? WHERE id = ? RETURNING id", e))
        return false;
    store_bind_str(&q, state);
    store_bind_str(&q, answer);
    store_bind_str(&q, by);
    store_bind_i64(&q, clock_now_us());
    store_bind_i64(&q, id);
    while (store_row(&q))
        found = true;
    if (!store_end(&q))
        return false;
    if (found)
        return true;
    err_set(e, E_NOT_FOUND, "there is no request %lld", (long long)id);
    err_hint(e, "trellis requests lists them");
    return false;
}

bool store_requests(struct store *s, struct arena *a, const struct store_request_ask *ask, struct store_request **out, size_t *n,
                    struct err *e)
{
    struct store_stmt q;
    *n = 0;
    *out = NULL;
    if (!store_begin(&q, s,
                     "SELECT id, asked_at_us, answered_at_us, kind, ref, field, domain, title, body, asker, state, answer,"
                     " answered_by, count(*) OVER () FROM (SELECT * FROM request WHERE (?1 = '' OR domain = ?1) AND (?2 = '' OR"
                     " state = ?2) AND (?3 = '' OR ref = ?3) ORDER BY id DESC LIMIT ?4) ORDER BY id DESC",
                     e))
        return false;
    store_bind_str(&q, ask->domain);
    store_bind_str(&q, ask->state);
    store_bind_str(&q, ask->ref);
    store_bind_i64(&q, ask->limit && ask->limit < INT64_MAX ? (int64_t)ask->limit : INT64_MAX);
    while (store_row(&q)) {
        if (*n == 0)
            *out = arena_array(a, (size_t)store_col_i64(&q, 13), sizeof **out);
        (*out)[(*n)++] = (struct store_request){.id = store_col_i64(&q, 0),
                                                .asked_at_us = store_col_i64(&q, 1),
                                                .answered_at_us = store_col_i64(&q, 2),
                                                .kind = store_col_str(&q, a, 3),
                                                .ref = store_col_str(&q, a, 4),
                                                .field = store_col_str(&q, a, 5),
                                                .domain = store_col_str(&q, a, 6),
                                                .title = store_col_str(&q, a, 7),
                                                .body = store_col_str(&q, a, 8),
                                                .asker = store_col_str(&q, a, 9),
                                                .state = store_col_str(&q, a, 10),
                                                .answer = store_col_str(&q, a, 11),
                                                .answered_by = store_col_str(&q, a, 12)};
    }
    return store_end(&q);
}
