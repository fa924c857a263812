/* Talking to the provider: what it says of itself, its keys, a code for tokens. */
#include "auth/oidc_int.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/secret.h"
#include "net/net.h"

enum { ANSWER_MAX = 1 << 20 };
#define KEPT_US HOUR_US

static const char whom[] = "the provider of single sign-on";

struct oidc *oidc_new(void)
{
    struct oidc *o = mem_alloc(sizeof *o);
    pthread_mutex_init(&o->lock, NULL);
    randombytes_buf(o->seal_key, sizeof o->seal_key);
    o->discovery = BUF_INIT((size_t)ANSWER_MAX);
    o->keys = BUF_INIT((size_t)ANSWER_MAX);
    return o;
}

void oidc_free(struct oidc *o)
{
    if (!o)
        return;
    buf_fini(&o->discovery);
    buf_fini(&o->keys);
    pthread_mutex_destroy(&o->lock);
    sodium_memzero(o->seal_key, sizeof o->seal_key);
    mem_free(o->issuer);
    mem_free(o);
}

static bool wrong(struct err *e, const char *what)
{
    err_set(e, E_IO, "%s %s", whom, what);
    err_hint(e, "check `sign_on` in mesh.yaml: issuer, client_id, client_secret");
    return false;
}

static yyjson_doc *ask(const struct net_ask *q, struct buf *out, struct err *e)
{
    struct net_limits limits = net_limits_default();
    int status;
    if (!net_fetch(q, &limits, &status, out, e))
        return NULL;
    if (status != 200) {
        err_set(e, E_IO, "%s answered with status %d", whom, status);
        return NULL;
    }
    yyjson_doc *doc = json_parse(buf_str(out), e);
    if (!doc)
        wrong(e, "did not answer in JSON");
    return doc;
}

/* ---- what it says of itself ---- */

static bool holds(yyjson_val *root, const char *key, const char *text)
{
    size_t i, max;
    yyjson_val *v;
    yyjson_arr_foreach(yyjson_obj_get(root, key), i, max, v) if (yyjson_equals_str(v, text)) return true;
    return false;
}

/* An address of the provider: encrypted, or on this machine where the provider itself is. */
static bool endpoint(yyjson_val *root, const char *key, const struct mesh_sign_on *s, bool needed, struct arena *arena, struct str *out, struct err *e)
{
    struct str u = json_str(root, key);
    *out = arena_str(arena, u);
    if (!needed && !u.n)
        return true;
    return (str_starts(u, STR("https://")) || (net_is_local(u) && net_is_local(s->issuer))) || wrong(e, "names an address that is not encrypted, or none");
}

static bool read_provider(struct str json, const struct mesh_sign_on *s, struct arena *arena, struct oidc_provider *p, struct err *e)
{
    yyjson_doc *doc = json_parse(json, e);
    yyjson_val *root = yyjson_doc_get_root(doc), *methods = yyjson_obj_get(root, "token_endpoint_auth_methods_supported");
    bool good = doc && (str_eq(json_str(root, "issuer"), s->issuer) || wrong(e, "calls itself by another name than `issuer`"));
    *p = (struct oidc_provider){0};
    good = good && endpoint(root, "authorization_endpoint", s, true, arena, &p->authorization, e) &&
           endpoint(root, "token_endpoint", s, true, arena, &p->token, e) && endpoint(root, "jwks_uri", s, true, arena, &p->keys, e) &&
           endpoint(root, "userinfo_endpoint", s, false, arena, &p->userinfo, e);
    p->post_secret = methods && !holds(root, "token_endpoint_auth_methods_supported", "client_secret_basic") &&
                     holds(root, "token_endpoint_auth_methods_supported", "client_secret_post");
    p->groups_scope = holds(root, "scopes_supported", "groups");
    p->profile_scope = holds(root, "scopes_supported", "profile");
    p->email_scope = holds(root, "scopes_supported", "email");
    p->says_issuer = json_bool(root, "authorization_response_iss_parameter_supported", false);
    yyjson_doc_free(doc);
    return good;
}

bool oidc_provider_get(struct oidc *o, const struct mesh_sign_on *s, struct arena *arena, struct oidc_provider *out, struct err *e)
{
    int64_t now = clock_mono_us();
    bool good = true;
    pthread_mutex_lock(&o->lock);
    if (!o->issuer || !str_eq(str_of(o->issuer), s->issuer) || o->discovery.n == 0 || now - o->discovery_us > KEPT_US) {
        struct buf fresh = BUF_INIT((size_t)ANSWER_MAX);
        struct str base = str_ends(s->issuer, STR("/")) ? (struct str){s->issuer.p, s->issuer.n - 1} : s->issuer;
        struct net_ask q = {.url = arena_printf(arena, "%.*s/.well-known/openid-configuration", STR_FMT(base)).p, .whom = whom};
        yyjson_doc *doc = ask(&q, &fresh, e);
        good = doc && read_provider(buf_str(&fresh), s, arena, out, e);
        yyjson_doc_free(doc);
        if (good) {
            mem_free(o->issuer);
            o->issuer = mem_strdup(s->issuer);
            buf_fini(&o->discovery);
            o->discovery = fresh;
            o->discovery_us = now;
            buf_reset(&o->keys); /* keys go with their issuer */
        } else {
            buf_fini(&fresh);
        }
    } else {
        good = read_provider(buf_str(&o->discovery), s, arena, out, e);
    }
    pthread_mutex_unlock(&o->lock);
    return good;
}

bool oidc_keys_get(struct oidc *o, const struct mesh_sign_on *s, const struct oidc_provider *p, bool fresh, struct jwks **out, struct err *e)
{
    struct arena arena;
    int64_t now = clock_mono_us();
    arena_init(&arena);
    *out = NULL;
    pthread_mutex_lock(&o->lock);
    bool good = o->issuer && str_eq(str_of(o->issuer), s->issuer);
    if (!good)
        err_set(e, E_BUSY, "the provider was changed at the same time");
    if (good && (fresh || o->keys.n == 0 || now - o->keys_us > KEPT_US)) {
        struct buf text = BUF_INIT((size_t)ANSWER_MAX);
        struct net_ask q = {.url = arena_strz(&arena, p->keys), .whom = whom};
        yyjson_doc *doc = ask(&q, &text, e);
        good = doc && jwks_parse(buf_str(&text), out, e);
        yyjson_doc_free(doc);
        if (good) {
            buf_fini(&o->keys);
            o->keys = text;
            o->keys_us = now;
        } else {
            buf_fini(&text);
        }
    } else if (good) {
        good = jwks_parse(buf_str(&o->keys), out, e);
    }
    pthread_mutex_unlock(&o->lock);
    arena_fini(&arena);
    return good;
}

/* ---- a code for tokens ---- */

void oidc_form(struct buf *b, const char *key, struct str value)
{
    static const char hex[] = "0123456789ABCDEF";
    if (b->n)
        buf_addc(b, '&');
    if (key) {
        buf_addz(b, key);
        buf_addc(b, '=');
    }
    for (size_t i = 0; i < value.n; i++) {
        unsigned char c = (unsigned char)value.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
        if (plain) {
            buf_addc(b, (char)c);
        } else {
            buf_addc(b, '%');
            buf_addc(b, hex[c >> 4]);
            buf_addc(b, hex[c & 15]);
        }
    }
}

yyjson_doc *oidc_redeem(const struct mesh *m, const struct oidc_provider *p, struct str code, struct str verifier, struct str redirect_uri,
                        struct arena *arena, struct err *e)
{
    const struct mesh_sign_on *s = &m->sign_on;
    struct buf form = BUF_INIT((size_t)64 << 10), user = BUF_INIT((size_t)16 << 10), password = BUF_INIT((size_t)16 << 10), text = BUF_INIT((size_t)ANSWER_MAX);
    char *secret = NULL;
    yyjson_doc *doc = NULL;
    if (s->client_secret.n && !secret_find(m->dir, s->client_secret, "sign_on: client_secret", arena, &secret, e))
        goto out;
    oidc_form(&form, "grant_type", STR("authorization_code"));
    oidc_form(&form, "code", code);
    oidc_form(&form, "redirect_uri", redirect_uri);
    oidc_form(&form, "code_verifier", verifier);
    struct net_ask q = {.url = arena_strz(arena, p->token), .whom = whom};
    if (!secret || p->post_secret) {
        oidc_form(&form, "client_id", s->client_id);
        if (secret)
            oidc_form(&form, "client_secret", str_of(secret));
    } else {
        oidc_form(&user, NULL, s->client_id);
        oidc_form(&password, NULL, str_of(secret));
        q.user = buf_z(&user);
        q.password = buf_z(&password);
    }
    if (!buf_ok(&form, e))
        goto out;
    q.form = buf_str(&form);
    doc = ask(&q, &text, e);
out:
    if (secret)
        sodium_memzero(secret, strlen(secret));
    if (form.p)
        sodium_memzero(form.p, form.n);
    if (password.p)
        sodium_memzero(password.p, password.n);
    if (text.p)
        sodium_memzero(text.p, text.n);
    buf_fini(&form);
    buf_fini(&user);
    buf_fini(&password);
    buf_fini(&text);
    return doc;
}

yyjson_doc *oidc_userinfo(const struct oidc_provider *p, struct str access_token, struct arena *arena, struct err *e)
{
    struct buf text = BUF_INIT((size_t)ANSWER_MAX);
    struct net_ask q = {.url = arena_strz(arena, p->userinfo), .whom = whom, .bearer = arena_strz(arena, access_token)};
    for (const char *c = q.bearer; *c; c++)
        if ((unsigned char)*c <= ' ' || (unsigned char)*c >= 0x7f) {
            wrong(e, "gave a token that is none");
            return NULL;
        }
    yyjson_doc *doc = ask(&q, &text, e);
    buf_fini(&text);
    return doc;
}
