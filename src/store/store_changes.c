/* What was declared when: one fingerprint per thing as last seen, and each difference that was found. */
#include "store/store_int.h"

enum { CHANGES_KEPT = 20000 };

bool store_declared_all(struct store *s, struct arena *a, struct store_declared **out, size_t *n, struct err *e)
{
    struct store_stmt q;
    *n = 0;
    *out = NULL;
    if (!store_begin(&q, s, "SELECT ref, kind, fingerprint, count(*) OVER () FROM declared ORDER BY ref, kind", e))
        return false;
    while (store_row(&q)) {
        if (*n == 0)
            *out = arena_array(a, (size_t)store_col_i64(&q, 3), sizeof **out);
        (*out)[(*n)++] = (struct store_declared){
            .ref = store_col_str(&q, a, 0), .kind = store_col_str(&q, a, 1), .fingerprint = store_col_str(&q, a, 2)};
    }
    return store_end(&q);
}

/* Runs the statement of `q` once for each of `n` with what `bind` gives it. */
static bool put_all(struct store *s, const char *sql, const void *v, size_t n,
                    void (*bind)(struct store_stmt *, const void *, size_t), struct err *e)
{
    sqlite3_stmt *stmt = NULL;
    struct store_stmt q = {.s = s, .e = e};
    if (n == 0)
        return true;
    if (sqlite3_prepare_v2(s->db, sql, -1, &stmt, NULL) != SQLITE_OK)
        return store_fail(s->db, e);
    q.stmt = stmt;
    bool ok = true;
    for (size_t i = 0; ok && i < n; i++) {
        bind(&q, v, i);
        ok = store_step(&q) || store_fail(s->db, e);
    }
    sqlite3_finalize(stmt);
    return ok;
}

static void bind_declared(struct store_stmt *q, const void *v, size_t i)
{
    const struct store_declared *d = (const struct store_declared *)v + i;
    store_bind_str(q, d->ref);
    store_bind_str(q, d->kind);
    store_bind_str(q, d->fingerprint);
}

static void bind_change(struct store_stmt *q, const void *v, size_t i)
{
    const struct store_change *c = (const struct store_change *)v + i;
    store_bind_i64(q, c->at_us);
    store_bind_str(q, c->ref);
    store_bind_str(q, c->kind);
    store_bind_str(q, c->action);
    store_bind_str(q, c->what);
}

bool store_declared_replace(struct store *s, const struct store_declared *d, size_t n, const struct store_change *c,
                            size_t n_changes, struct err *e)
{
    char trim[128];
    sqlite3_snprintf(sizeof trim, trim, "DELETE FROM declared_change WHERE id <= (SELECT max(id) FROM declared_change) - %d",
                     CHANGES_KEPT);
    pthread_mutex_lock(&s->lock);
    bool ok = store_exec(s->db, "BEGIN IMMEDIATE", e) && store_exec(s->db, "DELETE FROM declared", e) &&
              put_all(s, "INSERT INTO declared (ref, kind, fingerprint) VALUES (?, ?, ?)", d, n, bind_declared, e) &&
              put_all(s, "INSERT INTO declared_change (at_us, ref, kind, action, what) VALUES (?, ?, ?, ?, ?)", c, n_changes,
                      bind_change, e) &&
              store_exec(s->db, trim, e) && store_exec(s->db, "COMMIT", e);
    if (!sqlite3_get_autocommit(s->db))
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    pthread_mutex_unlock(&s->lock);
    return ok;
}

bool store_changes(struct store *s, struct arena *a, int64_t since_us, size_t limit, struct store_change **out, size_t *n,
                   struct err *e)
{
    struct store_stmt q;
    *n = 0;
    *out = NULL;
    if (!store_begin(
            &q, s,
            "SELECT at_us, ref, kind, action, what, count(*) OVER () FROM (SELECT * FROM declared_change WHERE at_us >= ?"
            " ORDER BY id DESC LIMIT ?) ORDER BY id DESC",
            e))
        return false;
    store_bind_i64(&q, since_us);
    store_bind_i64(&q, limit > INT64_MAX ? INT64_MAX : (int64_t)limit);
    while (store_row(&q)) {
        if (*n == 0)
            *out = arena_array(a, (size_t)store_col_i64(&q, 5), sizeof **out);
        (*out)[(*n)++] = (struct store_change){.at_us = store_col_i64(&q, 0),
                                               .ref = store_col_str(&q, a, 1),
                                               .kind = store_col_str(&q, a, 2),
                                               .action = store_col_str(&q, a, 3),
                                               .what = store_col_str(&q, a, 4)};
    }
    return store_end(&q);
}
