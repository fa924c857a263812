/* Service tokens: made, ended, rotated. The secret is in the answer once; a hash of it stays. */
#include "auth/auth_int.h"

#include <stdio.h>

#include "base/clock.h"

enum { BEGINS_CHARACTERS = 8, TITLE_MAX_BYTES = 120, DAYS_DEFAULT = 90, DAYS_MAX = 366 };

static bool purposes_check(const struct mesh *m, struct mesh_strs purposes, struct err *e)
{
    if (purposes.n == 0) {
        err_set(e, E_USAGE, "a service token needs a purpose");
        err_hint(e, "it is the reason for which it reads, such as analytics");
        return false;
    }
    for (size_t i = 0; i < purposes.n; i++) {
        size_t k = 0;
        while (k < m->n_purposes && !str_eq(m->purposes[k], purposes.v[i]))
            k++;
        if (k < m->n_purposes)
            continue;
        err_set(e, E_USAGE, "there is no purpose %.*s", purposes.v[i].n < 60 ? (int)purposes.v[i].n : 60, purposes.v[i].p);
        int near = str_nearest(purposes.v[i], m->purposes, m->n_purposes);
        if (near >= 0)
            err_hint(e, "did you mean %.*s?", STR_FMT(m->purposes[near]));
        else
            err_hint(e, "purposes stand in mesh.yaml");
        return false;
    }
    return true;
}

/* Gives t its secret, hash and beginning, and keeps it. */
static bool keep(struct auth *a, struct store_token *t, char secret[48], struct str by, const char *what, struct arena *arena, struct err *e)
{
    char code[CODE_CHARACTERS + 1], begins[BEGINS_CHARACTERS + 1];
    struct sha hash;
    auth_code(code, &hash);
    snprintf(secret, 48, "trt_%s", code);
    sodium_memzero(code, sizeof code);
    memcpy(begins, secret, BEGINS_CHARACTERS);
    begins[BEGINS_CHARACTERS] = '\0';
    sha_bytes(str_of(secret), &hash);
    t->hash = str_of(hash.hex);
    t->begins = str_of(begins);
    t->by = by;
    bool good = auth_note_change(a, by, arena_printf(arena, "service token %s %s: %.*s for %.*s", begins, what, STR_FMT(auth_listed(t->roles, arena)), STR_FMT(auth_listed(t->purposes, arena))), e) && store_token_add(a->store, t, e);
    t->hash = t->begins = STR(""); /* of this frame */
    return good;
}

bool auth_token_add(struct auth *a, const struct mesh *m, const struct auth_token *t, struct str by, char secret[48], int64_t *id, struct err *e)
{
    struct arena arena;
    int64_t now = clock_now_us(), expires = t->expires_at_us ? t->expires_at_us : now + DAYS_DEFAULT * DAY_US;
    bool good;
    if (t->roles.n == 0)
        return err_set(e, E_USAGE, "a service token needs a role");
    if (!auth_roles_check(m, t->roles, e) || !purposes_check(m, t->purposes, e))
        return false;
    if (t->title.n > TITLE_MAX_BYTES || !str_utf8_valid(t->title))
        return err_set(e, E_USAGE, "the name is longer than %d bytes, or no text in UTF-8", TITLE_MAX_BYTES);
    if (expires <= now || expires > now + DAYS_MAX * DAY_US) {
        err_set(e, E_USAGE, "a service token lasts from a day to a year");
        err_hint(e, "it can be rotated before it expires");
        return false;
    }
    arena_init(&arena);
    struct store_token row = {.title = t->title,
                              .roles = auth_lines_write(t->roles, &arena),
                              .purposes = auth_lines_write(t->purposes, &arena),
                              .created_at_us = now,
                              .expires_at_us = expires};
    good = keep(a, &row, secret, by, "made", &arena, e);
    *id = row.id;
    arena_fini(&arena);
    return good;
}

static bool known_token(struct auth *a, int64_t id, struct arena *arena, struct store_token *t, struct err *e)
{
    bool found;
    if (!store_token_get(a->store, arena, id, t, &found, e))
        return false;
    if (found)
        return true;
    err_set(e, E_NOT_FOUND, "there is no service token %lld", (long long)id);
    err_hint(e, "trellis token list shows them");
    return false;
}

bool auth_token_end(struct auth *a, int64_t id, struct str by, struct err *e)
{
    struct arena arena;
    struct store_token t;
    arena_init(&arena);
    bool good = known_token(a, id, &arena, &t, e) &&
                auth_note_change(a, by, arena_printf(&arena, "service token %.*s revoked", STR_FMT(t.begins)), e) &&
                store_token_end(a->store, id, clock_now_us(), e);
    auth_forget_seen(a);
    arena_fini(&arena);
    return good;
}

bool auth_token_rotate(struct auth *a, int64_t id, struct str by, char secret[48], int64_t *new_id, struct err *e)
{
    struct arena arena;
    struct store_token t;
    int64_t now = clock_now_us();
    arena_init(&arena);
    pthread_mutex_lock(&a->changing);
    bool good = known_token(a, id, &arena, &t, e);
    if (good && (t.ended_at_us || t.expires_at_us <= now)) {
        good = err_set(e, E_USAGE, "service token %lld has ended", (long long)id);
        err_hint(e, "make a new one: trellis token create");
    }
    if (good) {
        t.expires_at_us = now + (t.expires_at_us - t.created_at_us);
        t.created_at_us = now;
        t.used_at_us = 0;
        good = keep(a, &t, secret, by, "takes the place of another", &arena, e) && store_token_end(a->store, id, now + HOUR_US, e);
        *new_id = t.id;
    }
    pthread_mutex_unlock(&a->changing);
    auth_forget_seen(a);
    arena_fini(&arena);
    return good;
}

static struct auth_token shown(const struct store_token *t, struct arena *arena)
{
    return (struct auth_token){.id = t->id,
                               .created_at_us = t->created_at_us,
                               .expires_at_us = t->expires_at_us,
                               .used_at_us = t->used_at_us,
                               .ended_at_us = t->ended_at_us,
                               .title = t->title,
                               .begins = t->begins,
                               .by = t->by,
                               .roles = auth_lines_read(t->roles, arena),
                               .purposes = auth_lines_read(t->purposes, arena)};
}

bool auth_token_find(struct auth *a, int64_t id, struct arena *arena, struct auth_token *out, struct err *e)
{
    struct store_token t;
    if (!known_token(a, id, arena, &t, e))
        return false;
    *out = shown(&t, arena);
    return true;
}

bool auth_tokens(struct auth *a, struct arena *arena, struct auth_token **out, size_t *n, struct err *e)
{
    struct store_token *t;
    if (!store_tokens(a->store, arena, &t, n, e))
        return false;
    *out = arena_array(arena, *n + 1, sizeof **out);
    for (size_t i = 0; i < *n; i++)
        (*out)[i] = shown(&t[i], arena);
    return true;
}
