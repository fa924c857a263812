/* Users, sessions, one-time links, service tokens and wrong passwords in the control store. */
#include "store/users.h"

#include "base/clock.h"
#include "store/store_int.h"

static bool only_step(struct store_stmt *q)
{
    while (store_row(q)) {
    }
    return store_end(q);
}

static bool step_found(struct store_stmt *q, bool *found)
{
    *found = false;
    while (store_row(q))
        *found = true;
    return store_end(q);
}

/* ---- users ---- */

#define USER_COLUMNS "name, title, issuer, subject, roles, groups_, password, created_at_us, seen_at_us, disabled"

static struct store_user user_of(const struct store_stmt *q, struct arena *a, int at)
{
    return (struct store_user){.name = store_col_str(q, a, at),
                               .title = store_col_str(q, a, at + 1),
                               .issuer = store_col_str(q, a, at + 2),
                               .subject = store_col_str(q, a, at + 3),
                               .roles = store_col_str(q, a, at + 4),
                               .groups = store_col_str(q, a, at + 5),
                               .password = store_col_str(q, a, at + 6),
                               .created_at_us = store_col_i64(q, at + 7),
                               .seen_at_us = store_col_i64(q, at + 8),
                               .disabled = store_col_i64(q, at + 9) != 0};
}

static void bind_user(struct store_stmt *q, const struct store_user *u)
{
    store_bind_str(q, u->name);
    store_bind_str(q, u->title);
    store_bind_str(q, u->issuer);
    store_bind_str(q, u->subject);
    store_bind_str(q, u->roles);
    store_bind_str(q, u->groups);
    store_bind_str(q, u->password);
    store_bind_i64(q, u->seen_at_us);
    store_bind_i64(q, u->disabled);
}

bool store_user_add(struct store *s, const struct store_user *u, struct err *e)
{
    struct store_stmt q;
    bool added;
    if (!store_begin(&q, s,
                     "INSERT OR IGNORE INTO user (name, title, issuer, subject, roles, groups_, password, seen_at_us, disabled, created_at_us)"
                     " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING name",
                     e))
        return false;
    bind_user(&q, u);
    store_bind_i64(&q, clock_now_us());
    if (!step_found(&q, &added))
        return false;
    return added || err_set(e, E_DUPLICATE, "there is a user %.*s already", STR_FMT(u->name));
}

bool store_user_set(struct store *s, const struct store_user *u, struct err *e)
{
    struct store_stmt q;
    bool found;
    if (!store_begin(&q, s,
                     "UPDATE user SET title = ?2, issuer = ?3, subject = ?4, roles = ?5, groups_ = ?6, password = ?7, seen_at_us = ?8, disabled = ?9"
                     " WHERE name = ?1 RETURNING name",
                     e))
        return false;
    bind_user(&q, u);
    if (!step_found(&q, &found))
        return false;
    return found || err_set(e, E_NOT_FOUND, "there is no user %.*s", STR_FMT(u->name));
}

static bool one_user(struct store_stmt *q, struct arena *a, struct store_user *out, bool *found)
{
    *found = false;
    while (store_row(q)) {
        *out = user_of(q, a, 0);
        *found = true;
    }
    return store_end(q);
}

bool store_user_find(struct store *s, struct arena *a, struct str name, struct store_user *out, bool *found, struct err *e)
{
    struct store_stmt q;
    if (!store_begin(&q, s, "SELECT " USER_COLUMNS " FROM user WHERE name = ?", e))
        return false;
    store_bind_str(&q, name);
    return one_user(&q, a, out, found);
}

bool store_user_by_subject(struct store *s, struct arena *a, struct str issuer, struct str subject, struct store_user *out, bool *found, struct err *e)
{
    struct store_stmt q;
    if (!store_begin(&q, s, "SELECT " USER_COLUMNS " FROM user WHERE issuer = ? AND subject = ? AND issuer <> ''", e))
        return false;
    store_bind_str(&q, issuer);
    store_bind_str(&q, subject);
    return one_user(&q, a, out, found);
}

bool store_user_seen(struct store *s, struct str name, int64_t at_us, struct err *e)
{
    struct store_stmt q;
    if (!store_begin(&q, s, "UPDATE user SET seen_at_us = max(seen_at_us, ?) WHERE name = ?", e))
        return false;
    store_bind_i64(&q, at_us);
    store_bind_str(&q, name);
    return only_step(&q);
}

bool store_users(struct store *s, struct arena *a, struct store_user **out, size_t *n, struct err *e)
{
    struct store_stmt q;
    *n = 0;
    *out = NULL;
    if (!store_begin(&q, s, "SELECT " USER_COLUMNS ", count(*) OVER () FROM user ORDER BY name", e))
        return false;
    while (store_row(&q)) {
        if (*n == 0)
            *out = arena_array(a, (size_t)store_col_i64(&q, 10), sizeof **out);
        (*out)[(*n)++] = user_of(&q, a, 0);
    }
    return store_end(&q);
}

/* ---- sessions ---- */

bool store_session_add(struct store *s, struct store_session *x, struct err *e)
{
    struct store_stmt q;
    if (!store_begin(&q, s,
                     "INSERT INTO user_session (hash, user, created_at_us, seen_at_us, expires_at_us, address, agent) VALUES (?, ?, ?, ?, ?, ?, ?)"
                     " RETURNING id",
                     e))
        return false;
    store_bind_str(&q, x->hash);
    store_bind_str(&q, x->user);
    store_bind_i64(&q, x->created_at_us);
    store_bind_i64(&q, x->seen_at_us);
    store_bind_i64(&q, x->expires_at_us);
    store_bind_str(&q, x->address);
    store_bind_str(&q, x->agent);
    if (store_row(&q))
        x->id = store_col_i64(&q, 0);
    return only_step(&q);
}

#define SESSION_COLUMNS "s.id, s.hash, s.user, s.created_at_us, s.seen_at_us, s.expires_at_us, s.address, s.agent"

static struct store_session session_of(const struct store_stmt *q, struct arena *a)
{
    return (struct store_session){.id = store_col_i64(q, 0),
                                  .hash = store_col_str(q, a, 1),
                                  .user = store_col_str(q, a, 2),
                                  .created_at_us = store_col_i64(q, 3),
                                  .seen_at_us = store_col_i64(q, 4),
                                  .expires_at_us = store_col_i64(q, 5),
                                  .address = store_col_str(q, a, 6),
                                  .agent = store_col_str(q, a, 7)};
}

bool store_session_find(struct store *s, struct arena *a, struct str hash, int64_t now_us, int64_t idle_us, struct store_session *out,
                        struct store_user *user, bool *found, struct err *e)
{
    struct store_stmt q;
    *found = false;
    if (!store_begin(&q, s,
                     "SELECT " SESSION_COLUMNS ", u.name, u.title, u.issuer, u.subject, u.roles, u.groups_, u.password, u.created_at_us, u.seen_at_us,"
                     " u.disabled FROM user_session s JOIN user u ON u.name = s.user WHERE s.hash = ? AND NOT u.disabled AND s.expires_at_us > ? AND"
                     " s.seen_at_us > ?",
                     e))
        return false;
    store_bind_str(&q, hash);
    store_bind_i64(&q, now_us);
    store_bind_i64(&q, now_us - idle_us);
    while (store_row(&q)) {
        *out = session_of(&q, a);
        *user = user_of(&q, a, 8);
        *found = true;
    }
    return store_end(&q);
}

bool store_session_touch(struct store *s, int64_t id, int64_t at_us, struct err *e)
{
    struct store_stmt q;
    if (!store_begin(&q, s, "UPDATE user_session SET seen_at_us = max(seen_at_us, ?) WHERE id = ?", e))
        return false;
    store_bind_i64(&q, at_us);
    store_bind_i64(&q, id);
    return only_step(&q);
}

bool store_sessions(struct store *s, struct arena *a, struct str user, int64_t now_us, int64_t idle_us, struct store_session **out, size_t *n,
                    struct err *e)
{
    struct store_stmt q;
    *n = 0;
    *out = NULL;
    if (!store_begin(&q, s,
                     "SELECT " SESSION_COLUMNS ", count(*) OVER () FROM user_session s WHERE s.user = ? AND s.expires_at_us > ? AND s.seen_at_us > ?"
                     " ORDER BY s.id DESC",
                     e))
        return false;
    store_bind_str(&q, user);
    store_bind_i64(&q, now_us);
    store_bind_i64(&q, now_us - idle_us);
    while (store_row(&q)) {
        if (*n == 0)
            *out = arena_array(a, (size_t)store_col_i64(&q, 8), sizeof **out);
        (*out)[(*n)++] = session_of(&q, a);
    }
    return store_end(&q);
}

bool store_session_end(struct store *s, struct str user, int64_t id, bool *found, struct err *e)
{
    struct store_stmt q;
    *found = false;
    if (!store_begin(&q, s, "DELETE FROM user_session WHERE id = ? AND user = ? RETURNING id", e))
        return false;
    store_bind_i64(&q, id);
    store_bind_str(&q, user);
    return step_found(&q, found);
}

bool store_sessions_end(struct store *s, struct str user, int64_t but, struct err *e)
{
    struct store_stmt q;
    if (!store_begin(&q, s, "DELETE FROM user_session WHERE user = ? AND id <> ?", e))
        return false;
    store_bind_str(&q, user);
    store_bind_i64(&q, but);
    return only_step(&q);
}

bool store_sessions_prune(struct store *s, int64_t now_us, int64_t idle_us, struct err *e)
{
    struct store_stmt q;
    if (!store_begin(&q, s, "DELETE FROM user_session WHERE expires_at_us <= ? OR seen_at_us <= ?", e))
        return false;
    store_bind_i64(&q, now_us);
    store_bind_i64(&q, now_us - idle_us);
    return only_step(&q);
}

/* ---- one-time links ---- */

bool store_link_add(struct store *s, const struct store_link *l, struct err *e)
{
    struct store_stmt q;
    if (!store_begin(&q, s,
                     "INSERT INTO user_link (user, hash, by_, created_at_us, expires_at_us) VALUES (?, ?, ?, ?, ?) ON CONFLICT (user) DO UPDATE SET"
                     " hash = excluded.hash, by_ = excluded.by_, created_at_us = excluded.created_at_us, expires_at_us = excluded.expires_at_us",
                     e))
        return false;
    store_bind_str(&q, l->user);
    store_bind_str(&q, l->hash);
    store_bind_str(&q, l->by);
    store_bind_i64(&q, l->created_at_us);
    store_bind_i64(&q, l->expires_at_us);
    return only_step(&q);
}

bool store_link_find(struct store *s, struct arena *a, struct str hash, int64_t now_us, struct store_link *out, bool *found, struct err *e)
{
    struct store_stmt q;
    *found = false;
    if (!store_begin(&q, s, "SELECT hash, user, by_, created_at_us, expires_at_us FROM user_link WHERE hash = ? AND expires_at_us > ?", e))
        return false;
    store_bind_str(&q, hash);
    store_bind_i64(&q, now_us);
    while (store_row(&q)) {
        *out = (struct store_link){.hash = store_col_str(&q, a, 0),
                                   .user = store_col_str(&q, a, 1),
                                   .by = store_col_str(&q, a, 2),
                                   .created_at_us = store_col_i64(&q, 3),
                                   .expires_at_us = store_col_i64(&q, 4)};
        *found = true;
    }
    return store_end(&q);
}

bool store_link_take(struct store *s, struct str hash, bool *found, struct err *e)
{
    struct store_stmt q;
    *found = false;
    if (!store_begin(&q, s, "DELETE FROM user_link WHERE hash = ? RETURNING user", e))
        return false;
    store_bind_str(&q, hash);
    return step_found(&q, found);
}

bool store_links_end(struct store *s, struct str user, struct err *e)
{
    struct store_stmt q;
    if (!store_begin(&q, s, "DELETE FROM user_link WHERE user = ?", e))
        return false;
    store_bind_str(&q, user);
    return only_step(&q);
}

/* ---- service tokens ---- */

bool store_token_add(struct store *s, struct store_token *t, struct err *e)
{
    struct store_stmt q;
    if (!store_begin(&q, s,
                     "INSERT INTO service_token (hash, begins, title, by_, roles, purposes, created_at_us, expires_at_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
                     " RETURNING id",
                     e))
        return false;
    store_bind_str(&q, t->hash);
    store_bind_str(&q, t->begins);
    store_bind_str(&q, t->title);
    store_bind_str(&q, t->by);
    store_bind_str(&q, t->roles);
    store_bind_str(&q, t->purposes);
    store_bind_i64(&q, t->created_at_us);
    store_bind_i64(&q, t->expires_at_us);
    if (store_row(&q))
        t->id = store_col_i64(&q, 0);
    return only_step(&q);
}

#define TOKEN_COLUMNS "id, hash, begins, title, by_, roles, purposes, created_at_us, expires_at_us, used_at_us, ended_at_us"

static struct store_token token_of(const struct store_stmt *q, struct arena *a)
{
    return (struct store_token){.id = store_col_i64(q, 0),
                                .hash = store_col_str(q, a, 1),
                                .begins = store_col_str(q, a, 2),
                                .title = store_col_str(q, a, 3),
                                .by = store_col_str(q, a, 4),
                                .roles = store_col_str(q, a, 5),
                                .purposes = store_col_str(q, a, 6),
                                .created_at_us = store_col_i64(q, 7),
                                .expires_at_us = store_col_i64(q, 8),
                                .used_at_us = store_col_i64(q, 9),
                                .ended_at_us = store_col_i64(q, 10)};
}

static bool one_token(struct store_stmt *q, struct arena *a, struct store_token *out, bool *found)
{
    *found = false;
    while (store_row(q)) {
        *out = token_of(q, a);
        *found = true;
    }
    return store_end(q);
}

bool store_token_find(struct store *s, struct arena *a, struct str hash, struct store_token *out, bool *found, struct err *e)
{
    struct store_stmt q;
    if (!store_begin(&q, s, "SELECT " TOKEN_COLUMNS " FROM service_token WHERE hash = ?", e))
        return false;
    store_bind_str(&q, hash);
    return one_token(&q, a, out, found);
}

bool store_token_get(struct store *s, struct arena *a, int64_t id, struct store_token *out, bool *found, struct err *e)
{
    struct store_stmt q;
    if (!store_begin(&q, s, "SELECT " TOKEN_COLUMNS " FROM service_token WHERE id = ?", e))
        return false;
    store_bind_i64(&q, id);
    return one_token(&q, a, out, found);
}

bool store_token_end(struct store *s, int64_t id, int64_t at_us, struct err *e)
{
    struct store_stmt q;
    bool found;
    if (!store_begin(&q, s,
                     "UPDATE service_token SET ended_at_us = CASE WHEN ended_at_us = 0 THEN ?1 ELSE min(ended_at_us, ?1) END WHERE id = ?2 RETURNING id",
                     e))
        return false;
    store_bind_i64(&q, at_us);
    store_bind_i64(&q, id);
    if (!step_found(&q, &found))
        return false;
    return found || err_set(e, E_NOT_FOUND, "there is no service token %lld", (long long)id);
}

bool store_token_used(struct store *s, int64_t id, int64_t at_us, struct err *e)
{
    struct store_stmt q;
    if (!store_begin(&q, s, "UPDATE service_token SET used_at_us = max(used_at_us, ?) WHERE id = ?", e))
        return false;
    store_bind_i64(&q, at_us);
    store_bind_i64(&q, id);
    return only_step(&q);
}

bool store_tokens(struct store *s, struct arena *a, struct store_token **out, size_t *n, struct err *e)
{
    struct store_stmt q;
    *n = 0;
    *out = NULL;
    if (!store_begin(&q, s, "SELECT " TOKEN_COLUMNS ", count(*) OVER () FROM service_token ORDER BY id DESC", e))
        return false;
    while (store_row(&q)) {
        if (*n == 0)
            *out = arena_array(a, (size_t)store_col_i64(&q, 11), sizeof **out);
        (*out)[(*n)++] = token_of(&q, a);
    }
    return store_end(&q);
}

/* ---- wrong passwords ---- */

bool store_failures_get(struct store *s, struct str name_hash, struct store_failures *out, struct err *e)
{
    struct store_stmt q;
    *out = (struct store_failures){0};
    if (!store_begin(&q, s, "SELECT in_a_row, locked_until_us FROM sign_in_failure WHERE name_hash = ?", e))
        return false;
    store_bind_str(&q, name_hash);
    while (store_row(&q))
        *out = (struct store_failures){store_col_i64(&q, 0), store_col_i64(&q, 1)};
    return store_end(&q);
}

bool store_failures_set(struct store *s, struct str name_hash, const struct store_failures *f, int64_t at_us, struct err *e)
{
    struct store_stmt q;
    if (!store_begin(&q, s,
                     f->in_a_row ? "INSERT INTO sign_in_failure (name_hash, in_a_row, locked_until_us, at_us) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (name_hash)"
                                   " DO UPDATE SET in_a_row = ?2, locked_until_us = ?3, at_us = ?4"
                                 : "DELETE FROM sign_in_failure WHERE name_hash = ?1",
                     e))
        return false;
    store_bind_str(&q, name_hash);
    if (f->in_a_row) {
        store_bind_i64(&q, f->in_a_row);
        store_bind_i64(&q, f->locked_until_us);
        store_bind_i64(&q, at_us);
    }
    return only_step(&q);
}

bool store_failures_prune(struct store *s, int64_t before_us, struct err *e)
{
    struct store_stmt q;
    if (!store_begin(&q, s, "DELETE FROM sign_in_failure WHERE at_us < ?", e))
        return false;
    store_bind_i64(&q, before_us);
    return only_step(&q);
}
