/* Signing in and out, and what one sees of oneself: rights, sessions, the password. */
#include "serve/routes.h"

#include <sodium.h>

#include "auth/oidc.h"
#include "base/json.h"
#include "base/log.h"
#include "govern/policy.h"
#include "serve/put.h"
#include "serve/session.h"

static void put_rights(struct buf *b, const struct mesh *m, const struct govern_principal *who)
{
    put_open(b, "rights", '[');
    for (int r = 0; r < RIGHTS; r++) {
        bool whole = policy_may_whole(m, who, (enum mesh_right)r);
        if (!whole && !policy_may(m, who, (enum mesh_right)r, NULL))
            continue;
        put_open(b, NULL, '{');
        put_str(b, "right", str_of(mesh_right_text((enum mesh_right)r)));
        if (whole) {
            put_null(b, "domains");
        } else {
            put_open(b, "domains", '[');
            for (size_t i = 0; i < m->n_domains; i++)
                if (policy_may(m, who, (enum mesh_right)r, &m->domains[i]))
                    put_str(b, NULL, m->domains[i].name);
            put_close(b, ']');
        }
        put_close(b, '}');
    }
    put_close(b, ']');
}

/* In which form how many ports are seen, for any purpose; what is not seen is not counted. */
static void put_sees(struct buf *b, const struct mesh *m, const struct govern_principal *who)
{
    int64_t ports[TIER_RAW + 1] = {0};
    for (size_t i = 0; i < m->n_ports; i++)
        ports[policy_tier_any(m, who, m->ports[i])]++;
    put_open(b, "sees", '{');
    for (int t = TIER_TEST; t <= TIER_RAW; t++)
        put_int(b, mesh_tier_text((enum mesh_tier)t), ports[t]);
    put_close(b, '}');
}

static void put_role_words(struct buf *b, const struct mesh *m, const struct govern_principal *who)
{
    put_open(b, "role_words", '[');
    for (size_t i = 0; i < who->n_roles; i++) {
        const struct mesh_role *r = policy_role(m, who->roles[i]);
        if (!r)
            continue;
        put_open(b, NULL, '{');
        put_str(b, "name", r->name);
        put_opt(b, "title", r->title);
        put_opt(b, "about", r->about);
        put_close(b, '}');
    }
    put_close(b, ']');
}

static void answer_me(struct call *c, const struct auth_session *s)
{
    static const char *const kinds[] = {"local", "program", "user", "token", "preview"};
    const struct mesh *m = c->whole;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_str(&b, "name", s->who.name);
    put_str(&b, "kind", str_of(kinds[s->who.kind]));
    put_opt(&b, "title", s->title);
    put_texts(&b, "roles", s->who.roles, s->who.n_roles);
    put_role_words(&b, m, &s->who);
    put_rights(&b, m, &s->who);
    put_sees(&b, m, &s->who);
    put_open(&b, "purposes", '[');
    for (size_t i = 0; i < m->n_purposes; i++)
        if (policy_purpose(m, &s->who, m->purposes[i]))
            put_str(&b, NULL, m->purposes[i]);
    put_close(&b, ']');
    put_opt(&b, "csrf", s->csrf);
    put_time(&b, "expires_at", s->expires_at_us);
    put_bool(&b, "has_password", s->has_password);
    if (s->id)
        put_int(&b, "session_id", s->id);
    else
        put_null(&b, "session_id");
    put_close(&b, '}');
    call_json(c, &b);
}

bool route_me(struct call *c, struct err *e)
{
    (void)e;
    answer_me(c, c->session);
    return true;
}

bool route_sign_in_ways(struct call *c, struct err *e)
{
    const struct mesh_sign_on *s = &c->whole->sign_on;
    struct buf b = call_buf();
    (void)e;
    put_open(&b, NULL, '{');
    put_bool(&b, "password", s->issuer.n == 0 || s->password);
    if (s->issuer.n) {
        put_open(&b, "single_sign_on", '{');
        put_str(&b, "title", s->title.n ? s->title : STR("the company account"));
        put_close(&b, '}');
    } else {
        put_null(&b, "single_sign_on");
    }
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}

/* A cookie is for a browser that came over the network; a session made in process would be nobody's. */
static bool needs_browser(struct call *c, struct err *e)
{
    if (c->app->session && !c->req->trusted)
        return true;
    err_set(e, E_USAGE, "signing in is for browsers and programs that ask the server over the network");
    err_hint(e, "whoever may read the mesh's files needs no account; trellis serve prints its address");
    return false;
}

/* Whoever had a session in this browser gets a new one, and the old one ends. */
static void end_before(struct call *c)
{
    struct auth_session before;
    struct err e = {0};
    struct str cookie = session_cookie_find(c->req, str_of(c->app->session->user_cookie));
    if (cookie.p && auth_session_of(c->app->auth, c->whole, cookie, c->a, &before, &e) && !auth_sign_out(c->app->auth, before.who.name, before.id, &e))
        return; /* it ends by itself */
}

static bool come_in(struct call *c, bool good, char secret[65], const struct auth_session *s, const struct err *e)
{
    if (good) {
        end_before(c);
        session_cookie_set(c->app->session, c->reply, secret);
        answer_me(c, s);
    } else if (e->code == E_RATE) {
        http_reply_header(c->reply, "Retry-After", STR("60"));
    }
    sodium_memzero(secret, 65);
    return good;
}

bool route_sign_in(struct call *c, struct err *e)
{
    char secret[65] = "";
    struct auth_session s;
    yyjson_doc *doc = needs_browser(c, e) ? call_body(c, NULL, e) : NULL;
    yyjson_val *root = yyjson_doc_get_root(doc);
    struct auth_from from = session_from(c->app->session, c->req);
    if (!doc)
        return false;
    bool good = auth_sign_in(c->app->auth, c->whole, json_str(root, "name"), json_str(root, "password"), &from, c->a, secret, &s, e);
    good = come_in(c, good, secret, &s, e);
    yyjson_doc_free(doc);
    return good;
}

bool route_welcome(struct call *c, struct err *e)
{
    char secret[65] = "";
    struct auth_session s;
    yyjson_doc *doc = needs_browser(c, e) ? call_body(c, NULL, e) : NULL;
    yyjson_val *root = yyjson_doc_get_root(doc);
    struct auth_from from = session_from(c->app->session, c->req);
    if (!doc)
        return false;
    bool good = auth_redeem(c->app->auth, c->whole, json_str(root, "code"), json_str(root, "name"), json_str(root, "password"), &from, c->a, secret, &s, e);
    good = come_in(c, good, secret, &s, e);
    yyjson_doc_free(doc);
    return good;
}

static void answer_done(struct call *c, const char *what)
{
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_bool(&b, what, true);
    put_close(&b, '}');
    call_json(c, &b);
}

bool route_sign_out(struct call *c, struct err *e)
{
    if (c->session->id && !auth_sign_out(c->app->auth, c->who.name, c->session->id, e))
        return false;
    if (c->app->session)
        session_cookie_clear(c->app->session, c->reply);
    answer_done(c, "signed_out");
    return true;
}

static bool needs_user(struct call *c, struct err *e)
{
    if (c->session->id)
        return true;
    err_set(e, E_DENIED, "this is for people who signed in with an account");
    return false;
}

bool route_password(struct call *c, struct err *e)
{
    yyjson_doc *doc = needs_user(c, e) ? call_body(c, NULL, e) : NULL;
    yyjson_val *root = yyjson_doc_get_root(doc);
    struct auth_from from = session_from(c->app->session, c->req);
    if (!doc)
        return false;
    bool good = auth_password(c->app->auth, c->who.name, json_str(root, "old"), json_str(root, "new"), c->session->id, &from, e);
    yyjson_doc_free(doc);
    if (good)
        answer_done(c, "changed");
    return good;
}

bool route_sessions(struct call *c, struct err *e)
{
    struct auth_session_row *v = NULL;
    size_t n = 0;
    if (c->session->id && !auth_sessions(c->app->auth, c->who.name, c->session->id, c->a, &v, &n, e))
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_open(&b, "sessions", '[');
    for (size_t i = 0; i < n; i++) {
        put_open(&b, NULL, '{');
        put_int(&b, "id", v[i].id);
        put_time(&b, "created_at", v[i].created_at_us);
        put_time(&b, "seen_at", v[i].seen_at_us);
        put_time(&b, "expires_at", v[i].expires_at_us);
        put_str(&b, "address", v[i].address);
        put_str(&b, "agent", v[i].agent);
        put_bool(&b, "own", v[i].own);
        put_close(&b, '}');
    }
    put_close(&b, ']');
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}

bool route_session_end(struct call *c, struct err *e)
{
    int64_t id;
    if (!needs_user(c, e))
        return false;
    if (!str_to_i64(c->args[0], &id))
        return err_set(e, E_NOT_FOUND, "there is no such session");
    if (!auth_session_end(c->app->auth, c->who.name, id, e))
        return false;
    answer_done(c, "ended");
    return true;
}

/* ---- single sign-on ---- */

static void lead_to(struct call *c, struct str address)
{
    http_reply_header(c->reply, "Location", address);
    http_reply_whole(c->reply, 303, STR("text/plain"), STR(""), true);
}

/* A browser is on its way: it sees a page, and the log what went wrong. */
static bool back_to_sign_in(struct call *c, const char *problem, const struct err *e)
{
    log_err(LOG_WARN, "auth", "single_sign_on", e);
    lead_to(c, arena_printf(c->a, "/sign-in?problem=%s", problem));
    return true;
}

static struct str callback_of(struct call *c)
{
    struct str base = session_base(c->app->session, c->req, c->a);
    return arena_printf(c->a, "%.*s/sign-in/callback", STR_FMT(base));
}

bool route_sign_on_start(struct call *c, struct err *e)
{
    struct str next = STR("/"), location, cookie;
    if (!needs_browser(c, e))
        return false;
    http_query_param(c->req, c->a, "next", &next);
    if (!oidc_begin(c->app->auth, c->whole, callback_of(c), session_own_path(next), c->a, &location, &cookie, e))
        return e->code == E_NOT_FOUND ? false : back_to_sign_in(c, "provider", e);
    session_begun_set(c->app->session, c->reply, cookie);
    lead_to(c, location);
    return true;
}

bool route_sign_on_callback(struct call *c, struct err *e)
{
    struct oidc_answer answer = {{0}, {0}, {0}, {0}};
    struct auth_session s;
    struct str next;
    char secret[65] = "";
    const char *problem;
    if (!needs_browser(c, e))
        return false;
    struct auth_from from = session_from(c->app->session, c->req);
    http_query_param(c->req, c->a, "code", &answer.code);
    http_query_param(c->req, c->a, "state", &answer.state);
    http_query_param(c->req, c->a, "iss", &answer.issuer);
    http_query_param(c->req, c->a, "error", &answer.error);
    struct str cookie = session_cookie_find(c->req, str_of(c->app->session->begun_cookie));
    session_begun_set(c->app->session, c->reply, STR(""));
    bool good = oidc_finish(c->app->auth, c->whole, callback_of(c), cookie, &answer, &from, c->a, secret, &s, &next, &problem, e);
    if (!good)
        return back_to_sign_in(c, problem, e);
    end_before(c);
    session_cookie_set(c->app->session, c->reply, secret);
    sodium_memzero(secret, sizeof secret);
    lead_to(c, session_own_path(next));
    return true;
}
