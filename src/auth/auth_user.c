/* People who may sign in: added, changed, listed. Their roles are names of the mesh's policy. */
#include "auth/auth_int.h"

#include "base/clock.h"

enum { NAME_MAX_BYTES = 64, TITLE_MAX_BYTES = 120 };

bool auth_name_read(struct str given, struct arena *arena, struct str *name, struct err *e)
{
    static const char *const taken[] = {"local-admin", "unknown", "nobody", "system", "trellis"};
    struct str s = str_trim(given);
    bool good = s.n > 0 && s.n <= NAME_MAX_BYTES;
    char *p = arena_alloc(arena, s.n + 1);
    for (size_t i = 0; good && i < s.n; i++) {
        char c = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] - 'A' + 'a') : s.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        good = plain || (i > 0 && strchr("._@+-", c) != NULL && c != '\0');
        p[i] = c;
    }
    *name = (struct str){p, s.n};
    for (size_t i = 0; good && i < sizeof taken / sizeof *taken; i++)
        good = !str_eq(*name, str_of(taken[i]));
    if (good && !str_eq(*name, GOVERN_ITSELF.name) && !str_eq(*name, GOVERN_LOCAL_ADMIN.name))
        return true;
    err_set(e, E_NAME, "this cannot be the name of a user");
    err_hint(e, "letters, digits and . _ @ + - ; %d at most, beginning with a letter or digit, such as anna or anna@example.org", NAME_MAX_BYTES);
    return false;
}

bool auth_roles_check(const struct mesh *m, struct mesh_strs roles, struct err *e)
{
    struct str known[256];
    size_t n = 0;
    known[n++] = STR("admin");
    for (size_t i = 0; m && i < m->policy.n_roles && n < sizeof known / sizeof *known; i++)
        if (!str_eq(m->policy.roles[i].name, STR("admin")))
            known[n++] = m->policy.roles[i].name;
    for (size_t i = 0; i < roles.n; i++) {
        size_t k = 0;
        while (k < n && !str_eq(known[k], roles.v[i]))
            k++;
        if (k < n)
            continue;
        err_set(e, E_USAGE, "there is no role %.*s", roles.v[i].n < 60 ? (int)roles.v[i].n : 60, roles.v[i].p);
        int near = str_nearest(roles.v[i], known, n);
        if (near >= 0)
            err_hint(e, "did you mean %.*s?", STR_FMT(known[near]));
        else
            err_hint(e, "roles stand in governance/roles.yaml; admin is always there");
        return false;
    }
    return true;
}

static bool known_user(struct auth *a, struct str name, struct arena *arena, struct store_user *u, struct err *e)
{
    struct str plain;
    struct err unread = {0};
    bool found = false;
    if (auth_name_read(name, arena, &plain, &unread) && !store_user_find(a->store, arena, plain, u, &found, e))
        return false;
    if (found)
        return true;
    err_set(e, E_NOT_FOUND, "there is no user %.*s", name.n < 64 ? (int)name.n : 64, name.p ? name.p : "");
    err_hint(e, "trellis user list shows them");
    return false;
}

bool auth_user_add(struct auth *a, const struct mesh *m, struct str name, struct str title, struct mesh_strs roles, struct str by, struct arena *arena,
                   struct str *link_code, struct err *e)
{
    struct store_user u = {.title = str_trim(title), .roles = auth_lines_write(roles, arena)}, other;
    bool found;
    if (!auth_name_read(name, arena, &u.name, e) || !auth_roles_check(m, roles, e))
        return false;
    if (roles.n == 0) {
        err_set(e, E_USAGE, "a user needs a role");
        err_hint(e, "without one nothing is seen; roles stand in governance/roles.yaml");
        return false;
    }
    if (u.title.n > TITLE_MAX_BYTES || !str_utf8_valid(u.title))
        return err_set(e, E_USAGE, "the title is longer than %d bytes, or no text in UTF-8", TITLE_MAX_BYTES);
    pthread_mutex_lock(&a->changing);
    bool good = store_user_find(a->store, arena, u.name, &other, &found, e);
    if (good && found)
        good = err_set(e, E_DUPLICATE, "there is a user %.*s already", STR_FMT(u.name));
    good = good && auth_note_change(a, by, arena_printf(arena, "user %.*s added: %.*s", STR_FMT(u.name), STR_FMT(auth_listed(u.roles, arena))), e) && store_user_add(a->store, &u, e) &&
           auth_link_make(a, u.name, by, arena, link_code, e);
    pthread_mutex_unlock(&a->changing);
    return good;
}

bool auth_user_change(struct auth *a, const struct mesh *m, struct str name, const struct mesh_strs *roles, int disabled, struct str by, struct err *e)
{
    struct arena arena;
    struct store_user u;
    arena_init(&arena);
    bool good = !roles || auth_roles_check(m, *roles, e);
    pthread_mutex_lock(&a->changing);
    good = good && known_user(a, name, &arena, &u, e);
    if (good && roles)
        good = auth_note_change(a, by, arena_printf(&arena, "roles of user %.*s: %.*s", STR_FMT(u.name), STR_FMT(auth_listed(auth_lines_write(*roles, &arena), &arena))), e);
    if (good && disabled >= 0)
        good = auth_note_change(a, by, arena_printf(&arena, "user %.*s %s", STR_FMT(u.name), disabled ? "disabled" : "enabled"), e);
    if (good && roles)
        u.roles = auth_lines_write(*roles, &arena);
    if (good && disabled >= 0)
        u.disabled = disabled != 0;
    good = good && store_user_set(a->store, &u, e) && store_sessions_end(a->store, u.name, 0, e) &&
           (!u.disabled || store_links_end(a->store, u.name, e));
    pthread_mutex_unlock(&a->changing);
    auth_forget_seen(a);
    arena_fini(&arena);
    return good;
}

bool auth_user_link(struct auth *a, struct str name, struct str by, struct arena *arena, struct str *link_code, struct err *e)
{
    struct store_user u;
    if (!known_user(a, name, arena, &u, e))
        return false;
    if (u.issuer.n) {
        err_set(e, E_USAGE, "%.*s signs in with the account of the company, not with a password", STR_FMT(u.name));
        return false;
    }
    if (u.disabled)
        return err_set(e, E_DENIED, "%.*s is disabled", STR_FMT(u.name));
    pthread_mutex_lock(&a->changing);
    bool good = auth_note_change(a, by, arena_printf(arena, "link for user %.*s", STR_FMT(u.name)), e) &&
                auth_link_make(a, u.name, by, arena, link_code, e);
    pthread_mutex_unlock(&a->changing);
    return good;
}

static bool shown(struct auth *a, const struct store_user *u, struct arena *arena, struct auth_user *out, struct err *e)
{
    struct store_session *s;
    *out = (struct auth_user){.name = u->name,
                              .title = u->title,
                              .issuer = u->issuer,
                              .roles = auth_lines_read(u->roles, arena),
                              .groups = auth_lines_read(u->groups, arena),
                              .created_at_us = u->created_at_us,
                              .seen_at_us = u->seen_at_us,
                              .disabled = u->disabled,
                              .has_password = u->password.n > 0};
    return store_sessions(a->store, arena, u->name, clock_now_us(), SESSION_IDLE_US, &s, &out->sessions, e) &&
           auth_limit_locked(a, u->name, &out->locked, e);
}

bool auth_users(struct auth *a, struct arena *arena, struct auth_user **out, size_t *n, struct err *e)
{
    struct store_user *u;
    bool good = store_users(a->store, arena, &u, n, e);
    *out = arena_array(arena, good ? *n + 1 : 1, sizeof **out);
    for (size_t i = 0; good && i < *n; i++)
        good = shown(a, &u[i], arena, &(*out)[i], e);
    return good;
}

bool auth_user_find(struct auth *a, struct str name, struct arena *arena, struct auth_user *out, struct err *e)
{
    struct store_user u;
    return known_user(a, name, arena, &u, e) && shown(a, &u, arena, out, e);
}
