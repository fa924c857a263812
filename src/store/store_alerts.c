/* Alerts that last or lasted, and the messages that tell of them. */
#include "base/clock.h"
#include "store/store_int.h"

enum { ALERTS_KEPT = 10000, MESSAGES_KEPT = 5000 };

bool store_alerts(struct store *s, struct arena *a, bool open_only, size_t limit, struct store_alert **out, size_t *n,
                  struct err *e)
{
    struct store_stmt q;
    *n = 0;
    *out = NULL;
    if (!store_begin(&q, s,
                     "SELECT id, raised_at_us, sent_at_us, cleared_at_us, kind, ref, message, attempts, batch > 0, count(*) OVER "
                     "() FROM (SELECT"
                     " * FROM alert WHERE ?1 = 0 OR cleared_at_us = 0 ORDER BY id DESC LIMIT ?2) ORDER BY id DESC",
                     e))
        return false;
    store_bind_i64(&q, open_only);
    store_bind_i64(&q, limit && limit < INT64_MAX ? (int64_t)limit : INT64_MAX);
    while (store_row(&q)) {
        if (*n == 0)
            *out = arena_array(a, (size_t)store_col_i64(&q, 9), sizeof **out);
        (*out)[(*n)++] = (struct store_alert){.id = store_col_i64(&q, 0),
                                              .raised_at_us = store_col_i64(&q, 1),
                                              .sent_at_us = store_col_i64(&q, 2),
                                              .cleared_at_us = store_col_i64(&q, 3),
                                              .kind = store_col_str(&q, a, 4),
                                              .ref = store_col_str(&q, a, 5),
                                              .message = store_col_str(&q, a, 6),
                                              .attempts = (int)store_col_i64(&q, 7),
                                              .told = store_col_i64(&q, 8) != 0};
    }
    return store_end(&q);
}

/* ---- writing, with the lock held and a transaction open ---- */
struct writing {
    struct store *s;
    int64_t batch, now_us;
    bool told;
};

static bool next_batch(struct writing *w, struct err *e)
{
    struct store_stmt q = {.s = w->s, .e = e};
    if (sqlite3_prepare_v2(
            w->s->db,
            "SELECT 1 + max(coalesce((SELECT max(batch) FROM message), 0), coalesce((SELECT max(batch) FROM alert), 0))", -1,
            &q.stmt, NULL) != SQLITE_OK)
        return store_fail(w->s->db, e);
    bool ok = store_row(&q);
    if (ok)
        w->batch = store_col_i64(&q, 0);
    else
        store_fail(w->s->db, e);
    sqlite3_finalize(q.stmt);
    return ok;
}

static bool put_all(struct writing *w, const char *sql, const void *v, size_t n,
                    void (*bind)(struct store_stmt *, const struct writing *, const void *, size_t), struct err *e)
{
    struct store_stmt q = {.s = w->s, .e = e};
    if (n == 0)
        return true;
    if (sqlite3_prepare_v2(w->s->db, sql, -1, &q.stmt, NULL) != SQLITE_OK)
        return store_fail(w->s->db, e);
    bool ok = true;
    for (size_t i = 0; ok && i < n; i++) {
        bind(&q, w, v, i);
        ok = store_step(&q) || store_fail(w->s->db, e);
    }
    sqlite3_finalize(q.stmt);
    return ok;
}

static void bind_raised(struct store_stmt *q, const struct writing *w, const void *v, size_t i)
{
    const struct store_alert *a = (const struct store_alert *)v + i;
    store_bind_str(q, a->kind);
    store_bind_str(q, a->ref);
    store_bind_str(q, a->message);
    store_bind_i64(q, w->now_us);
    store_bind_i64(q, w->told ? w->batch : 0);
}

static void bind_mended(struct store_stmt *q, const struct writing *w, const void *v, size_t i)
{
    store_bind_i64(q, w->now_us);
    store_bind_i64(q, ((const struct store_alert *)v + i)->id);
}

static void bind_told(struct store_stmt *q, const struct writing *w, const void *v, size_t i)
{
    const struct store_message *m = (const struct store_message *)v + i;
    store_bind_i64(q, w->batch);
    store_bind_str(q, m->kind);
    store_bind_str(q, m->channel);
    store_bind_str(q, m->once);
    store_bind_str(q, m->subject);
    store_bind_str(q, m->body);
    store_bind_i64(q, w->now_us);
    store_bind_i64(q, w->now_us);
}

bool store_alerts_write(struct store *s, const struct store_alert *raised, size_t n_raised, const struct store_alert *mended,
                        size_t n_mended, const struct store_message *told, size_t n_told, struct err *e)
{
    struct writing w = {.s = s, .now_us = clock_now_us(), .told = n_told > 0};
    char trim[256];
    sqlite3_snprintf(sizeof trim, trim,
                     "DELETE FROM alert WHERE cleared_at_us > 0 AND id <= (SELECT max(id) FROM alert) - %d;"
                     "DELETE FROM message WHERE id <= (SELECT max(id) FROM message) - %d",
                     ALERTS_KEPT, MESSAGES_KEPT);
    pthread_mutex_lock(&s->lock);
    bool ok =
        store_exec(s->db, "BEGIN IMMEDIATE", e) && next_batch(&w, e) &&
        put_all(&w,
                "INSERT INTO alert (kind, ref, message, raised_at_us, batch) VALUES (?, ?, ?, ?, ?) ON CONFLICT"
                " (kind, ref) WHERE cleared_at_us = 0 DO UPDATE SET batch = excluded.batch, message = excluded.message",
                raised, n_raised, bind_raised, e) &&
        put_all(&w, "UPDATE alert SET cleared_at_us = ? WHERE id = ? AND cleared_at_us = 0", mended, n_mended, bind_mended, e) &&
        put_all(&w,
                "INSERT INTO message (batch, kind, channel, once, subject, body, made_at_us, next_at_us) VALUES (?, ?, ?,"
                " nullif(?, ''), ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                told, n_told, bind_told, e) &&
        store_exec(s->db, trim, e) && store_exec(s->db, "COMMIT", e);
    if (!sqlite3_get_autocommit(s->db))
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    pthread_mutex_unlock(&s->lock);
    return ok;
}

bool store_messages(struct store *s, struct arena *a, bool due_only, size_t limit, struct store_message **out, size_t *n,
                    struct err *e)
{
    struct store_stmt q;
    *n = 0;
    *out = NULL;
    if (!store_begin(
            &q, s,
            due_only ? "SELECT *, count(*) OVER () FROM (SELECT id, made_at_us, sent_at_us, given_up_at_us, next_at_us, attempts,"
                       " kind, channel, coalesce(once, ''), subject, body, problem FROM message WHERE sent_at_us = 0 AND"
                       " given_up_at_us = 0 AND next_at_us <= ?1 ORDER BY id LIMIT ?2) ORDER BY id"
                     : "SELECT *, count(*) OVER () FROM (SELECT id, made_at_us, sent_at_us, given_up_at_us, next_at_us, attempts,"
                       " kind, channel, coalesce(once, ''), subject, body, problem FROM message WHERE made_at_us <= ?1 OR 1"
                       " ORDER BY id DESC LIMIT ?2) ORDER BY id DESC",
            e))
        return false;
    store_bind_i64(&q, clock_now_us());
    store_bind_i64(&q, limit && limit < INT64_MAX ? (int64_t)limit : INT64_MAX);
    while (store_row(&q)) {
        if (*n == 0)
            *out = arena_array(a, (size_t)store_col_i64(&q, 12), sizeof **out);
        (*out)[(*n)++] = (struct store_message){.id = store_col_i64(&q, 0),
                                                .made_at_us = store_col_i64(&q, 1),
                                                .sent_at_us = store_col_i64(&q, 2),
                                                .given_up_at_us = store_col_i64(&q, 3),
                                                .next_at_us = store_col_i64(&q, 4),
                                                .attempts = (int)store_col_i64(&q, 5),
                                                .kind = store_col_str(&q, a, 6),
                                                .channel = store_col_str(&q, a, 7),
                                                .once = store_col_str(&q, a, 8),
                                                .subject = store_col_str(&q, a, 9),
                                                .body = store_col_str(&q, a, 10),
                                                .problem = store_col_str(&q, a, 11)};
    }
    return store_end(&q);
}

bool store_message_tried(struct store *s, int64_t id, bool delivered, int64_t next_us, struct str problem, struct err *e)
{
    struct store_stmt q;
    int64_t now = clock_now_us();
    if (!store_begin(
            &q, s,
            "UPDATE message SET attempts = attempts + 1, sent_at_us = ?1, given_up_at_us = ?2, next_at_us = ?3, problem = ?4"
            " WHERE id = ?5",
            e))
        return false;
    store_bind_i64(&q, delivered ? now : 0);
    store_bind_i64(&q, !delivered && !next_us ? now : 0);
    store_bind_i64(&q, next_us);
    store_bind_str(&q, problem);
    store_bind_i64(&q, id);
    while (store_row(&q)) {
    }
    if (!store_end(&q) ||
        !store_begin(&q, s,
                     "UPDATE alert SET attempts = attempts + 1, sent_at_us = CASE WHEN sent_at_us = 0 THEN ?1 ELSE"
                     " sent_at_us END WHERE batch > 0 AND batch = (SELECT batch FROM message WHERE id = ?2)",
                     e))
        return false;
    store_bind_i64(&q, delivered ? now : 0);
    store_bind_i64(&q, id);
    while (store_row(&q)) {
    }
    return store_end(&q);
}
