/* People and service tokens, for whoever administers the mesh. A link and a token's secret are in the answer once, when they are made. */
#include "serve/routes.h"

#include <sodium.h>

#include "base/clock.h"
#include "base/json.h"
#include "serve/put.h"
#include "serve/session.h"

enum { DAYS_MAX = 366 };
#define DAY_US (INT64_C(24) * 3600 * 1000000)

/* ---- what bodies hold ---- */

/* False for anything but an array of texts; *there: it was given. */
static bool read_texts(struct call *c, yyjson_val *root, const char *key, struct mesh_strs *out, bool *there, struct err *e)
{
    yyjson_val *list = yyjson_obj_get(root, key), *v;
    size_t i, max;
    *out = (struct mesh_strs){0};
    *there = list != NULL && !yyjson_is_null(list);
    if (*there && !yyjson_is_arr(list))
        return err_set(e, E_USAGE, "`%s` must be a list of names", key);
    out->v = arena_array(c->a, yyjson_arr_size(list) + 1, sizeof *out->v);
    yyjson_arr_foreach(list, i, max, v)
    {
        if (!yyjson_is_str(v) || yyjson_get_len(v) == 0 || yyjson_get_len(v) > 200)
            return err_set(e, E_USAGE, "`%s` must be a list of names", key);
        out->v[out->n++] = arena_str(c->a, (struct str){yyjson_get_str(v), yyjson_get_len(v)});
    }
    return true;
}

/* Whoever may administer, and is no administrator, makes none and touches none. */
/* A program's key that could make keys or people would outlive itself, and could give what it does not hold. */
static bool by_person(struct call *c, struct err *e)
{
    if (c->who.kind != GOVERN_TOKEN)
        return true;
    err_set(e, E_DENIED, "people and service tokens are looked after by people, not by a service token");
    return err_hint(e, "sign in, or use the command line where the mesh lies"), false;
}

static bool may_give(struct call *c, struct mesh_strs roles, struct err *e)
{
    for (size_t i = 0; i < roles.n; i++)
        if (str_eq(roles.v[i], STR("admin")) && !call_whole(c)) {
            err_set(e, E_DENIED, "only an administrator gives or takes the role admin");
            return false;
        }
    return true;
}

static void put_roles_known(struct call *c, struct buf *b)
{
    const struct mesh_policy *p = &c->whole->policy;
    put_open(b, "roles", '[');
    for (size_t i = 0; i < p->n_roles; i++) {
        if (p->roles[i].admin && !call_whole(c))
            continue;
        put_open(b, NULL, '{');
        put_str(b, "name", p->roles[i].name);
        put_str(b, "title", p->roles[i].title.n ? p->roles[i].title : p->roles[i].name);
        put_close(b, '}');
    }
    put_close(b, ']');
}

/* ---- users ---- */

static void put_user(struct buf *b, const char *key, const struct auth_user *u)
{
    put_open(b, key, '{');
    put_str(b, "name", u->name);
    put_opt(b, "title", u->title);
    put_texts(b, "roles", u->roles.v, u->roles.n);
    put_texts(b, "groups", u->groups.v, u->groups.n);
    put_str(b, "by", u->issuer.n ? STR("single_sign_on") : STR("password"));
    put_bool(b, "has_password", u->has_password);
    put_bool(b, "disabled", u->disabled);
    put_bool(b, "locked", u->locked);
    put_time(b, "created_at", u->created_at_us);
    put_time(b, "seen_at", u->seen_at_us);
    put_int(b, "sessions", (int64_t)u->sessions);
    put_close(b, '}');
}

bool route_users(struct call *c, struct err *e)
{
    struct auth_user *v;
    size_t n;
    if (!auth_users(c->app->auth, c->a, &v, &n, e))
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_open(&b, "users", '[');
    for (size_t i = 0; i < n; i++)
        put_user(&b, NULL, &v[i]);
    put_close(&b, ']');
    put_roles_known(c, &b);
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}

static void put_link(struct call *c, struct buf *b, struct str name, struct str code)
{
    struct str link = arena_printf(c->a, "/welcome?code=%.*s&name=", STR_FMT(code));
    struct buf whole = BUF_INIT((size_t)1024);
    struct str base = session_base(c->app->session, c->req, c->a);
    buf_add(&whole, link);
    for (size_t i = 0; i < name.n; i++) { /* of the signs that a name may hold only + means something else in an address */
        if (name.p[i] == '+')
            buf_addz(&whole, "%2B");
        else
            buf_addc(&whole, name.p[i]);
    }
    put_str(b, "link", buf_str(&whole));
    if (base.n)
        put_str(b, "url", arena_printf(c->a, "%.*s%s", STR_FMT(base), buf_z(&whole)));
    else
        put_null(b, "url");
    put_time(b, "expires_at", clock_now_us() + AUTH_LINK_HOURS * DAY_US / 24);
    sodium_memzero(whole.p, whole.n);
    buf_fini(&whole);
}

bool route_user_add(struct call *c, struct err *e)
{
    yyjson_doc *doc = call_body(c, NULL, e);
    yyjson_val *root = yyjson_doc_get_root(doc);
    struct mesh_strs roles;
    struct auth_user u;
    struct str code, name = json_str(root, "name");
    bool there;
    bool good = doc && by_person(c, e) && read_texts(c, root, "roles", &roles, &there, e) && may_give(c, roles, e) &&
                auth_user_add(c->app->auth, c->whole, name, json_str(root, "title"), roles, c->who.name, c->a, &code, e) &&
                auth_user_find(c->app->auth, name, c->a, &u, e);
    if (good) {
        struct buf b = call_buf();
        put_open(&b, NULL, '{');
        put_user(&b, "user", &u);
        put_link(c, &b, u.name, code);
        put_close(&b, '}');
        call_json(c, &b);
    }
    yyjson_doc_free(doc);
    return good;
}

/* The user of the address; one who is an administrator is touched by administrators alone. */
static bool user_of(struct call *c, struct auth_user *u, struct err *e)
{
    return auth_user_find(c->app->auth, c->args[0], c->a, u, e) && may_give(c, u->roles, e);
}

bool route_user_change(struct call *c, struct err *e)
{
    yyjson_doc *doc = call_body(c, NULL, e);
    yyjson_val *root = yyjson_doc_get_root(doc), *off = yyjson_obj_get(root, "disabled");
    struct mesh_strs roles;
    struct auth_user u;
    bool there = false, end = json_bool(root, "end_sessions", false);
    bool good = doc && by_person(c, e) && read_texts(c, root, "roles", &roles, &there, e) && may_give(c, roles, e) && user_of(c, &u, e);
    if (good && off && !yyjson_is_bool(off))
        good = err_set(e, E_USAGE, "`disabled` is true or false");
    if (good && !there && !off && !end)
        good = err_set(e, E_USAGE, "nothing is asked for: give `roles`, `disabled` or `end_sessions`");
    if (good && (there || off))
        good = auth_user_change(c->app->auth, c->whole, u.name, there ? &roles : NULL, off ? yyjson_get_bool(off) : -1, c->who.name, e);
    if (good && end)
        good = auth_sessions_end(c->app->auth, u.name, c->who.name, e);
    yyjson_doc_free(doc);
    if (!good || !auth_user_find(c->app->auth, c->args[0], c->a, &u, e))
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_user(&b, "user", &u);
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}

bool route_user_link(struct call *c, struct err *e)
{
    struct auth_user u;
    struct str code;
    if (!by_person(c, e) || !user_of(c, &u, e) || !auth_user_link(c->app->auth, u.name, c->who.name, c->a, &code, e))
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_link(c, &b, u.name, code);
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}

/* ---- service tokens ---- */

static const char *state_of(const struct auth_token *t)
{
    int64_t now = clock_now_us();
    if (t->ended_at_us && t->ended_at_us <= now)
        return "ended";
    if (t->expires_at_us <= now)
        return "expired";
    return t->ended_at_us ? "ending" : "active";
}

static void put_token(struct buf *b, const char *key, const struct auth_token *t)
{
    put_open(b, key, '{');
    put_int(b, "id", t->id);
    put_str(b, "title", t->title);
    put_str(b, "begins", t->begins);
    put_texts(b, "roles", t->roles.v, t->roles.n);
    put_texts(b, "purposes", t->purposes.v, t->purposes.n);
    put_str(b, "by", t->by);
    put_time(b, "created_at", t->created_at_us);
    put_time(b, "expires_at", t->expires_at_us);
    put_time(b, "used_at", t->used_at_us);
    put_time(b, "ended_at", t->ended_at_us);
    put_str(b, "state", str_of(state_of(t)));
    put_close(b, '}');
}

bool route_tokens(struct call *c, struct err *e)
{
    struct auth_token *v;
    size_t n;
    if (!auth_tokens(c->app->auth, c->a, &v, &n, e))
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_open(&b, "tokens", '[');
    for (size_t i = 0; i < n; i++)
        put_token(&b, NULL, &v[i]);
    put_close(&b, ']');
    put_roles_known(c, &b);
    put_texts(&b, "purposes", c->whole->purposes, c->whole->n_purposes);
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}

/* before 0: none */
static bool answer_token(struct call *c, int64_t id, char *secret, int64_t before, struct err *e)
{
    struct auth_token t, old;
    bool good = auth_token_find(c->app->auth, id, c->a, &t, e) && (!before || auth_token_find(c->app->auth, before, c->a, &old, e));
    if (good) {
        struct buf b = call_buf();
        put_open(&b, NULL, '{');
        put_token(&b, "token", &t);
        if (secret)
            put_str(&b, "secret", str_of(secret));
        if (before)
            put_token(&b, "before", &old);
        put_close(&b, '}');
        call_json(c, &b);
    }
    if (secret)
        sodium_memzero(secret, 48);
    return good;
}

bool route_token_add(struct call *c, struct err *e)
{
    yyjson_doc *doc = call_body(c, NULL, e);
    yyjson_val *root = yyjson_doc_get_root(doc);
    struct auth_token t = {.title = arena_str(c->a, str_trim(json_str(root, "title")))};
    char secret[48];
    int64_t id, days = json_int(root, "expires_days", 0);
    bool there;
    bool good = doc && by_person(c, e) && read_texts(c, root, "roles", &t.roles, &there, e) && read_texts(c, root, "purposes", &t.purposes, &there, e) && may_give(c, t.roles, e);
    if (good && yyjson_obj_get(root, "expires_days") && (days < 1 || days > DAYS_MAX))
        good = err_set(e, E_USAGE, "`expires_days` is a number of days from 1 to %d", DAYS_MAX);
    if (good && days)
        t.expires_at_us = clock_now_us() + days * DAY_US;
    good = good && auth_token_add(c->app->auth, c->whole, &t, c->who.name, secret, &id, e) && answer_token(c, id, secret, 0, e);
    yyjson_doc_free(doc);
    return good;
}

static bool token_of(struct call *c, int64_t *id, struct err *e)
{
    struct auth_token t;
    if (!str_to_i64(c->args[0], id))
        return err_set(e, E_NOT_FOUND, "there is no such service token");
    return auth_token_find(c->app->auth, *id, c->a, &t, e) && may_give(c, t.roles, e);
}

bool route_token_revoke(struct call *c, struct err *e)
{
    int64_t id;
    return token_of(c, &id, e) && auth_token_end(c->app->auth, id, c->who.name, e) && answer_token(c, id, NULL, 0, e);
}

bool route_token_rotate(struct call *c, struct err *e)
{
    int64_t id, fresh;
    char secret[48];
    return by_person(c, e) && token_of(c, &id, e) && auth_token_rotate(c->app->auth, id, c->who.name, secret, &fresh, e) && answer_token(c, fresh, secret, id, e);
}
