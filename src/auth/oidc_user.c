/* Who a verified token's subject is here. The subject at its issuer is the user; names and groups are what the token says today. */
#include "auth/oidc_int.h"

#include "base/json.h"

enum { GROUPS_MAX = 500, GROUP_MAX_BYTES = 200, TITLE_MAX = 120, NAME_TRIES = 100 };

static yyjson_val *claim(yyjson_val *claims, yyjson_val *more, struct arena *arena, struct str name)
{
    const char *z = arena_strz(arena, name);
    yyjson_val *v = yyjson_obj_get(claims, z);
    return v ? v : yyjson_obj_get(more, z);
}

static struct str text_claim(yyjson_val *claims, yyjson_val *more, const char *name)
{
    struct str s = json_str(claims, name);
    return s.n ? s : json_str(more, name);
}

static struct str groups_of(const struct mesh *m, yyjson_val *claims, yyjson_val *more, struct arena *arena)
{
    yyjson_val *v = claim(claims, more, arena, m->sign_on.groups_claim), *one;
    struct mesh_strs list = {.v = arena_array(arena, GROUPS_MAX + 1, sizeof *list.v)};
    size_t i, max;
    if (yyjson_is_str(v) && yyjson_get_len(v) <= GROUP_MAX_BYTES)
        list.v[list.n++] = (struct str){yyjson_get_str(v), yyjson_get_len(v)};
    yyjson_arr_foreach(v, i, max, one)
    {
        if (yyjson_is_str(one) && yyjson_get_len(one) <= GROUP_MAX_BYTES && list.n < GROUPS_MAX)
            list.v[list.n++] = (struct str){yyjson_get_str(one), yyjson_get_len(one)};
    }
    return auth_lines_write(list, arena);
}

/* A name that nobody has: the one that the provider tells, made fit, with a number where somebody has it. */
static bool free_name(struct auth *a, yyjson_val *claims, yyjson_val *more, struct str subject, struct arena *arena, struct str *name, struct err *e)
{
    struct str wishes[] = {text_claim(claims, more, "preferred_username"), text_claim(claims, more, "email"), text_claim(claims, more, "nickname"), {NULL, 0}};
    struct sha sha;
    struct str base = STR("");
    sha_bytes(subject, &sha);
    wishes[3] = arena_printf(arena, "user-%.8s", sha.hex);
    for (size_t i = 0; base.n == 0 && i < sizeof wishes / sizeof *wishes; i++) {
        struct err unfit = {0};
        if (wishes[i].n <= 56 && !auth_name_read(wishes[i], arena, &base, &unfit))
            base = STR("");
        if (wishes[i].n > 56)
            base = STR("");
    }
    for (int i = 1; i <= NAME_TRIES; i++) {
        struct store_user other;
        bool taken;
        *name = i == 1 ? base : arena_printf(arena, "%.*s-%d", STR_FMT(base), i);
        if (!store_user_find(a->store, arena, *name, &other, &taken, e))
            return false;
        if (!taken)
            return true;
    }
    return err_set(e, E_DUPLICATE, "every name like this one is taken");
}

static struct str title_of(yyjson_val *claims, yyjson_val *more)
{
    struct str s = text_claim(claims, more, "name");
    return s.n <= TITLE_MAX ? s : STR("");
}

/* Under a->changing. */
static bool known_or_new(struct auth *a, const struct mesh *m, yyjson_val *claims, yyjson_val *more, struct arena *arena, struct store_user *u,
                         const char **problem, struct err *e)
{
    struct str subject = json_str(claims, "sub"), groups = groups_of(m, claims, more, arena), title = title_of(claims, more);
    bool found;
    if (!store_user_by_subject(a->store, arena, m->sign_on.issuer, subject, u, &found, e))
        return false;
    if (found && u->disabled) {
        *problem = "disabled";
        return err_set(e, E_DENIED, "this account is disabled here");
    }
    bool let_in = auth_roles_of(m, found ? u->roles : STR(""), groups, arena).n > 0;
    if (found && (!str_eq(u->groups, groups) || !str_eq(u->title, title))) {
        bool others_end = !str_eq(u->groups, groups); /* sessions with other roles */
        u->groups = groups;
        u->title = title;
        if (!store_user_set(a->store, u, e) || (others_end && !store_sessions_end(a->store, u->name, 0, e)))
            return false;
    }
    if (!let_in) {
        *problem = "denied";
        err_set(e, E_DENIED, "none of the groups has a role here");
        err_hint(e, "`groups` of governance/roles.yaml map groups to roles");
        return false;
    }
    if (found)
        return true;
    *u = (struct store_user){.title = title, .issuer = m->sign_on.issuer, .subject = subject, .groups = groups};
    return free_name(a, claims, more, subject, arena, &u->name, e) &&
           auth_note_change(a, u->name, arena_printf(arena, "user %.*s added by single sign-on", STR_FMT(u->name)), e) && store_user_add(a->store, u, e);
}

bool oidc_user(struct auth *a, const struct mesh *m, yyjson_val *claims, yyjson_val *more, struct arena *arena, struct store_user *u,
               const char **problem, struct err *e)
{
    pthread_mutex_lock(&a->changing);
    bool good = known_or_new(a, m, claims, more, arena, u, problem, e);
    pthread_mutex_unlock(&a->changing);
    auth_forget_seen(a);
    return good;
}
