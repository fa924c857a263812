/* The way to the provider and back. */
#include "auth/oidc.h"

#include "auth/oidc_int.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"

enum { SEALED_MAX = 4096, FIELDS = 5 };

/* ---- the cookie: what this browser began with ---- */

struct begun {
    struct str state, nonce, verifier, next;
    int64_t at_us;
};

static bool seal(struct oidc *o, const struct begun *b, struct arena *arena, struct str *cookie)
{
    struct str text = arena_printf(arena, "%.*s\n%.*s\n%.*s\n%lld\n%.*s", STR_FMT(b->state), STR_FMT(b->nonce), STR_FMT(b->verifier), (long long)b->at_us,
                                   STR_FMT(b->next));
    size_t n = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + text.n;
    unsigned char *box = arena_alloc(arena, n);
    randombytes_buf(box, crypto_secretbox_NONCEBYTES);
    if (crypto_secretbox_easy(box + crypto_secretbox_NONCEBYTES, (const unsigned char *)text.p, text.n, box, o->seal_key) != 0)
        return false;
    size_t room = sodium_base64_encoded_len(n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    char *out = arena_alloc(arena, room);
    sodium_bin2base64(out, room, box, n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    *cookie = str_of(out);
    return true;
}

static bool unseal(struct oidc *o, struct str cookie, struct arena *arena, struct begun *b)
{
    unsigned char box[SEALED_MAX];
    size_t n = 0, k = 0;
    struct str part[FIELDS];
    int64_t now = clock_now_us();
    if (sodium_base642bin(box, sizeof box, cookie.p, cookie.n, NULL, &n, NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
        n < crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES)
        return false;
    size_t len = n - crypto_secretbox_NONCEBYTES - crypto_secretbox_MACBYTES;
    unsigned char *text = arena_alloc(arena, len + 1);
    if (crypto_secretbox_open_easy(text, box + crypto_secretbox_NONCEBYTES, n - crypto_secretbox_NONCEBYTES, box, o->seal_key) != 0)
        return false;
    for (struct str rest = {(const char *)text, len}; k < FIELDS && rest.p; k++)
        part[k] = k + 1 < FIELDS ? str_cut(rest, '\n', &rest) : rest;
    if (k < FIELDS || !str_to_i64(part[3], &b->at_us) || now < b->at_us || now - b->at_us > OIDC_MINUTES * MINUTE_US)
        return false;
    b->state = part[0];
    b->nonce = part[1];
    b->verifier = part[2];
    b->next = part[4];
    return true;
}

/* Once: the same answer of a provider is not taken again. */
static bool first_time(struct oidc *o, struct str state)
{
    unsigned char h[16];
    bool fresh = true;
    crypto_generichash(h, sizeof h, (const unsigned char *)state.p, state.n, NULL, 0);
    pthread_mutex_lock(&o->lock);
    for (size_t i = 0; fresh && i < (o->n_used < OIDC_USED ? o->n_used : OIDC_USED); i++)
        fresh = sodium_memcmp(o->used[i], h, sizeof h) != 0;
    if (fresh)
        memcpy(o->used[o->n_used++ % OIDC_USED], h, sizeof h);
    pthread_mutex_unlock(&o->lock);
    return fresh;
}

/* ---- to the provider ---- */

static bool configured(const struct mesh *m, struct err *e)
{
    if (m->sign_on.issuer.n)
        return true;
    err_set(e, E_NOT_FOUND, "this mesh has no single sign-on");
    err_hint(e, "`sign_on` in mesh.yaml names a provider");
    return false;
}

bool oidc_begin(struct auth *a, const struct mesh *m, struct str redirect_uri, struct str next, struct arena *arena, struct str *location,
                struct str *cookie, struct err *e)
{
    const struct mesh_sign_on *s = &m->sign_on;
    char state[CODE_CHARACTERS + 1], nonce[CODE_CHARACTERS + 1], verifier[CODE_CHARACTERS + 1], challenge[64];
    unsigned char hash[crypto_hash_sha256_BYTES];
    struct sha unused;
    struct oidc_provider p;
    if (!configured(m, e) || !oidc_provider_get(a->oidc, s, arena, &p, e))
        return false;
    auth_code(state, &unused);
    auth_code(nonce, &unused);
    auth_code(verifier, &unused);
    crypto_hash_sha256(hash, (const unsigned char *)verifier, CODE_CHARACTERS);
    sodium_bin2base64(challenge, sizeof challenge, hash, sizeof hash, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    const struct begun b = {.state = str_of(state), .nonce = str_of(nonce), .verifier = str_of(verifier),
                            .next = next.n <= OIDC_NEXT_MAX ? next : STR("/"), .at_us = clock_now_us()};
    if (!seal(a->oidc, &b, arena, cookie))
        return err_set(e, E_INTERNAL, "a cookie could not be sealed");
    struct buf u = BUF_INIT((size_t)32 << 10);
    buf_add(&u, p.authorization);
    buf_addz(&u, memchr(p.authorization.p, '?', p.authorization.n) ? "&response_type=code" : "?response_type=code");
    oidc_form(&u, "client_id", s->client_id);
    oidc_form(&u, "redirect_uri", redirect_uri);
    oidc_form(&u, "scope", arena_printf(arena, "openid%s%s%s", p.profile_scope ? " profile" : "", p.email_scope ? " email" : "", p.groups_scope ? " groups" : ""));
    oidc_form(&u, "state", str_of(state));
    oidc_form(&u, "nonce", str_of(nonce));
    oidc_form(&u, "code_challenge", str_of(challenge));
    oidc_form(&u, "code_challenge_method", STR("S256"));
    bool good = buf_ok(&u, e);
    *location = arena_str(arena, buf_str(&u));
    buf_fini(&u);
    return good;
}

/* ---- and back ---- */

/* The claims of a token that holds; keys are asked for anew where its key is not known. */
static yyjson_doc *verified(struct auth *a, const struct mesh_sign_on *s, const struct oidc_provider *p, struct str token, struct str nonce, struct err *e)
{
    const struct jwt_expect x = {.issuer = s->issuer, .audience = s->client_id, .nonce = nonce, .now_us = clock_now_us()};
    yyjson_doc *claims = NULL;
    for (int i = 0; i < 2; i++) {
        struct jwks *keys;
        if (!oidc_keys_get(a->oidc, s, p, i > 0, &keys, e))
            return NULL;
        enum jwt_verdict v = jwt_verify(keys, token, &x, &claims, e);
        jwks_free(keys);
        if (v == JWT_GOOD)
            return claims;
        if (v == JWT_BAD)
            return NULL;
    }
    return NULL;
}

/* What the id_token leaves out, some providers tell only when asked again; it counts for the same subject alone. */
static yyjson_doc *more_claims(const struct mesh_sign_on *s, const struct oidc_provider *p, yyjson_val *claims, struct str access_token, struct arena *arena)
{
    struct err why = {0};
    if (yyjson_obj_get(claims, arena_strz(arena, s->groups_claim)) || !p->userinfo.n || !access_token.n)
        return NULL;
    yyjson_doc *doc = oidc_userinfo(p, access_token, arena, &why);
    if (!doc)
        log_err(LOG_WARN, "auth", "userinfo", &why);
    if (doc && !str_eq(json_str(yyjson_doc_get_root(doc), "sub"), json_str(claims, "sub"))) {
        yyjson_doc_free(doc);
        doc = NULL;
    }
    return doc;
}

static bool not_this(const char **problem, const char *word, struct err *e, const char *text)
{
    *problem = word;
    return err_set(e, E_UNAUTHENTICATED, "%s", text);
}

bool oidc_finish(struct auth *a, const struct mesh *m, struct str redirect_uri, struct str cookie, const struct oidc_answer *answer,
                 const struct auth_from *from, struct arena *arena, char secret[65], struct auth_session *out, struct str *next,
                 const char **problem, struct err *e)
{
    const struct mesh_sign_on *s = &m->sign_on;
    struct begun b;
    struct oidc_provider p;
    struct store_user u;
    yyjson_doc *tokens = NULL, *claims = NULL, *more = NULL;
    bool good = false;
    *problem = "provider";
    *next = STR("/");
    if (!configured(m, e) || !auth_limit_address(a, from->address, e))
        return false;
    if (!cookie.p || !unseal(a->oidc, cookie, arena, &b))
        return not_this(problem, "expired", e, "this sign-in was not begun in this browser, or too long ago");
    if (answer->state.n != b.state.n || sodium_memcmp(answer->state.p, b.state.p, b.state.n) != 0)
        return not_this(problem, "expired", e, "this is the answer to another sign-in");
    if (!first_time(a->oidc, b.state))
        return not_this(problem, "expired", e, "this sign-in was finished already");
    if (answer->error.p || answer->code.n == 0)
        return not_this(problem, "provider", e, "the provider did not let this person in");
    if (!oidc_provider_get(a->oidc, s, arena, &p, e))
        return false;
    if ((answer->issuer.p || p.says_issuer) && !str_eq(answer->issuer, s->issuer))
        return not_this(problem, "provider", e, "the answer is of another provider");
    tokens = oidc_redeem(m, &p, answer->code, b.verifier, redirect_uri, arena, e);
    yyjson_val *root = yyjson_doc_get_root(tokens);
    if (!tokens)
        goto out;
    claims = verified(a, s, &p, json_str(root, "id_token"), b.nonce, e);
    if (!claims)
        goto out;
    more = more_claims(s, &p, yyjson_doc_get_root(claims), json_str(root, "access_token"), arena);
    good = oidc_user(a, m, yyjson_doc_get_root(claims), yyjson_doc_get_root(more), arena, &u, problem, e);
    if (good) { /* texts of the claims go with them */
        u.name = arena_str(arena, u.name);
        u.title = arena_str(arena, u.title);
        u.groups = arena_str(arena, u.groups);
        good = auth_session_begin(a, m, &u, from, arena, secret, out, e);
    }
out:
    yyjson_doc_free(tokens);
    yyjson_doc_free(claims);
    yyjson_doc_free(more);
    if (good) {
        *next = b.next;
        auth_limit_address_back(a, from->address);
        auth_note_sign_in(a, u.name, STR("single sign-on"), E_OK);
    } else {
        auth_note_sign_in(a, STR("unknown"), STR("single sign-on"), e ? e->code : E_UNAUTHENTICATED);
    }
    return good;
}
