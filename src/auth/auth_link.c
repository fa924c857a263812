/* The ways in with a password: name and password, a one-time link, a new password. */
#include "auth/auth_int.h"

#include "base/clock.h"

bool auth_link_make(struct auth *a, struct str user, struct str by, struct arena *arena, struct str *code, struct err *e)
{
    char text[CODE_CHARACTERS + 1];
    struct sha hash;
    auth_code(text, &hash);
    struct store_link l = {.hash = str_of(hash.hex), .user = user, .by = by, .created_at_us = clock_now_us()};
    l.expires_at_us = l.created_at_us + AUTH_LINK_HOURS * HOUR_US;
    if (!store_link_add(a->store, &l, e))
        return false;
    *code = arena_str(arena, (struct str){text, CODE_CHARACTERS});
    sodium_memzero(text, sizeof text);
    return true;
}

bool auth_welcome(struct auth *a, struct arena *arena, struct str *link_code, struct err *e)
{
    struct store_user *u;
    size_t n;
    *link_code = STR("");
    pthread_mutex_lock(&a->changing);
    bool good = store_users(a->store, arena, &u, &n, e);
    if (good && n == 0)
        good = auth_link_make(a, STR(""), GOVERN_LOCAL_ADMIN.name, arena, link_code, e);
    pthread_mutex_unlock(&a->changing);
    return good;
}

static bool passwords_off(const struct mesh *m)
{
    return m && m->sign_on.issuer.n && !m->sign_on.password;
}

static bool refuse_passwords(struct err *e)
{
    err_set(e, E_DENIED, "nobody signs in with a password here");
    err_hint(e, "use the company account; `sign_on: password` in mesh.yaml decides this");
    return false;
}

static bool refuse_sign_in(struct err *e)
{
    err_set(e, E_UNAUTHENTICATED, "that name and password do not go together");
    return false;
}

static bool refuse_link(struct err *e)
{
    err_set(e, E_UNAUTHENTICATED, "this link cannot be used, or not any more");
    err_hint(e, "a link works once, for %d hours, and for the name it was made for; ask for a new one", AUTH_LINK_HOURS);
    return false;
}

bool auth_sign_in(struct auth *a, const struct mesh *m, struct str name, struct str password, const struct auth_from *from, struct arena *arena,
                  char secret[65], struct auth_session *out, struct err *e)
{
    struct store_user u = {0};
    struct str plain;
    struct err unread = {0};
    bool found = false;
    if (passwords_off(m))
        return refuse_passwords(e);
    if (!auth_limit_address(a, from->address, e))
        return false;
    if (!auth_name_read(name, arena, &plain, &unread))
        plain = STR("?"); /* no user has it; it goes the same way */
    if (!auth_limit_name(a, plain, e)) {
        auth_note_sign_in(a, STR("unknown"), STR("password"), E_RATE);
        return false;
    }
    if (!store_user_find(a->store, arena, plain, &u, &found, e))
        return false;
    bool may = found && !u.disabled && u.issuer.n == 0 && password.n <= PASSWORD_MAX;
    enum auth_match match = auth_password_match(a, may ? u.password : STR(""), password.n <= PASSWORD_MAX ? password : STR(""), e);
    if (match == AUTH_UNKNOWN)
        return false;
    if (match == AUTH_WRONG || !may) {
        auth_note_sign_in(a, found ? u.name : STR("unknown"), STR("password"), E_UNAUTHENTICATED);
        return refuse_sign_in(e);
    }
    auth_limit_address_back(a, from->address);
    if (!auth_limit_name_back(a, plain, e))
        return false;
    if (auth_password_aged(u.password)) {
        char hash[crypto_pwhash_STRBYTES];
        if (!auth_password_hash(a, password, hash, e))
            return false;
        pthread_mutex_lock(&a->changing);
        struct store_user now;
        bool good = store_user_find(a->store, arena, plain, &now, &found, e);
        if (good && found && str_eq(now.password, u.password)) {
            now.password = arena_str(arena, str_of(hash));
            good = store_user_set(a->store, &now, e);
        }
        pthread_mutex_unlock(&a->changing);
        if (!good)
            return false;
    }
    if (!auth_session_begin(a, m, &u, from, arena, secret, out, e))
        return false;
    auth_note_sign_in(a, u.name, STR("password"), E_OK);
    return true;
}

/* The link is taken, the user gets the password: all of it, or an error and the link stays. Under a->changing. */
static bool redeem(struct auth *a, const struct store_link *l, struct str name, const char *hash, struct arena *arena, struct store_user *u, struct err *e)
{
    bool found, taken;
    struct store_user *all;
    size_t n;
    if (l->user.n == 0) {
        if (!store_users(a->store, arena, &all, &n, e))
            return false;
        if (n)
            return refuse_link(e);
        *u = (struct store_user){.name = name, .roles = STR("admin\n"), .password = str_of(hash)};
        if (!auth_note_change(a, name, arena_printf(arena, "user %.*s added as the first administrator", STR_FMT(name)), e))
            return false;
    } else {
        if (!store_user_find(a->store, arena, l->user, u, &found, e))
            return false;
        if (!found || u->disabled || u->issuer.n)
            return refuse_link(e);
        if (!auth_note_change(a, u->name, arena_printf(arena, "password of user %.*s", STR_FMT(u->name)), e))
            return false;
        u->password = arena_str(arena, str_of(hash));
    }
    if (!store_link_take(a->store, l->hash, &taken, e))
        return false;
    if (!taken)
        return refuse_link(e);
    return l->user.n == 0 ? store_user_add(a->store, u, e) : store_user_set(a->store, u, e) && store_sessions_end(a->store, u->name, 0, e);
}

bool auth_redeem(struct auth *a, const struct mesh *m, struct str code, struct str name, struct str password, const struct auth_from *from,
                 struct arena *arena, char secret[65], struct auth_session *out, struct err *e)
{
    struct store_link l;
    struct store_user u;
    struct sha sha;
    struct str plain = STR("");
    char hash[crypto_pwhash_STRBYTES];
    bool found = false;
    if (passwords_off(m))
        return refuse_passwords(e);
    if (!auth_limit_address(a, from->address, e))
        return false;
    sha_bytes(code, &sha);
    if (code.n == CODE_CHARACTERS && !store_link_find(a->store, arena, str_of(sha.hex), clock_now_us(), &l, &found, e))
        return false;
    if (!found)
        return refuse_link(e);
    auth_limit_address_back(a, from->address); /* whoever has the code does not guess */
    if ((l.user.n == 0 || str_trim(name).n) && !auth_name_read(name, arena, &plain, e))
        return false;
    if (l.user.n && plain.n && !str_eq(plain, l.user))
        return refuse_link(e);
    if (l.user.n)
        plain = l.user;
    if (!auth_password_check(password, plain, e) || !auth_password_hash(a, password, hash, e))
        return false;
    pthread_mutex_lock(&a->changing);
    bool good = redeem(a, &l, plain, hash, arena, &u, e);
    pthread_mutex_unlock(&a->changing);
    sodium_memzero(hash, sizeof hash);
    auth_forget_seen(a);
    good = good && auth_limit_name_back(a, plain, e) && auth_session_begin(a, m, &u, from, arena, secret, out, e);
    if (good)
        auth_note_sign_in(a, u.name, STR("link"), E_OK);
    return good;
}

bool auth_password(struct auth *a, struct str name, struct str old_password, struct str password, int64_t keep_session, const struct auth_from *from,
                   struct err *e)
{
    struct arena arena;
    struct store_user u;
    char hash[crypto_pwhash_STRBYTES];
    bool found = false, good;
    arena_init(&arena);
    good = auth_limit_address(a, from->address, e) && auth_limit_name(a, name, e) && store_user_find(a->store, &arena, name, &u, &found, e);
    if (good && (!found || u.password.n == 0))
        good = err_set(e, E_DENIED, "there is no password here that could be changed");
    if (good) {
        enum auth_match match = auth_password_match(a, u.password, old_password.n <= PASSWORD_MAX ? old_password : STR(""), e);
        if (match == AUTH_WRONG)
            good = err_set(e, E_UNAUTHENTICATED, "that is not the password you have now");
        else
            good = match == AUTH_RIGHT;
    }
    if (good) {
        auth_limit_address_back(a, from->address);
        good = auth_limit_name_back(a, name, e);
    }
    if (good && str_eq(old_password, password))
        good = err_set(e, E_USAGE, "the new password is the old one");
    good = good && auth_password_check(password, name, e) && auth_password_hash(a, password, hash, e);
    if (good) {
        pthread_mutex_lock(&a->changing);
        struct str before = u.password;
        good = store_user_find(a->store, &arena, name, &u, &found, e) &&
               auth_note_change(a, name, arena_printf(&arena, "password of user %.*s", STR_FMT(name)), e);
        if (good && (!found || u.disabled || !str_eq(u.password, before)))
            good = err_set(e, E_BUSY, "the password was changed at the same time");
        u.password = str_of(hash);
        good = good && store_user_set(a->store, &u, e) && store_links_end(a->store, name, e) && store_sessions_end(a->store, name, keep_session, e);
        pthread_mutex_unlock(&a->changing);
        sodium_memzero(hash, sizeof hash);
        auth_forget_seen(a);
    }
    arena_fini(&arena);
    return good;
}
