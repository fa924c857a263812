/* The session of a request: whose it is. Secrets are compared in constant time. See session.h for what it protects from. */
#include "serve/session.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fs.h"

enum { TOKEN_BYTES = 32, SESSION_SECONDS = 7 * 24 * 3600, BEGUN_SECONDS = 600 };

/* ---- opening ---- */

static bool read_public_url(struct session *s, const char *url, struct err *e)
{
    struct str scheme = STR("https://"), u = str_of(url);
    if (str_ends(u, STR("/")))
        u.n--;
    struct str host = str_starts(u, scheme) ? (struct str){u.p + scheme.n, u.n - scheme.n} : STR("");
    bool good = host.n > 0 && host.n < sizeof s->public_host;
    for (size_t i = 0; good && i < host.n; i++) {
        char c = host.p[i];
        good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr(".-:[]", c) != NULL;
    }
    if (!good) {
        err_set(e, E_USAGE, "the public address must be https:// and a name, and nothing after it");
        err_hint(e, "such as --public-url https://mesh.example.org");
        return false;
    }
    snprintf(s->public_host, sizeof s->public_host, "%.*s", STR_FMT(host));
    snprintf(s->base, sizeof s->base, "%.*s", STR_FMT(u));
    return true;
}

static bool read_certificate(struct session *s, const char *file, struct err *e)
{
    FILE *f = fopen(file, "re");
    s->certificate = f ? PEM_read_X509(f, NULL, NULL, NULL) : NULL;
    if (f)
        fclose(f);
    return s->certificate || err_set(e, E_USAGE, "the certificate %s cannot be read", file);
}

static bool make_token(struct session *s, const char *path, struct err *e)
{
    unsigned char random[TOKEN_BYTES];
    struct buf text = BUF_INIT((size_t)128);
    randombytes_buf(random, sizeof random);
    sodium_bin2hex(s->token, sizeof s->token, random, sizeof random);
    sodium_memzero(random, sizeof random);
    buf_printf(&text, "%s\n", s->token);
    bool good = fs_write_atomic(path, buf_str(&text), 0600, e);
    buf_fini(&text);
    return good;
}

bool session_open(struct session *s, const struct session_options *o, struct err *e)
{
    struct buf path = BUF_INIT((size_t)4096);
    const char *host = o->host && o->host[0] ? o->host : "127.0.0.1";
    if (sodium_init() < 0)
        return err_set(e, E_INTERNAL, "the random generator did not start");
    *s = (struct session){.port = o->port, .tls = o->certificate != NULL, .outside = o->outside, .proxied = o->proxied, .auth = o->auth};
    snprintf(s->cookie, sizeof s->cookie, "trellis_%d", o->port);
    if (s->tls || s->proxied) {
        snprintf(s->user_cookie, sizeof s->user_cookie, "__Host-trellis");
        snprintf(s->begun_cookie, sizeof s->begun_cookie, "__Host-trellis-sign-in");
    } else {
        snprintf(s->user_cookie, sizeof s->user_cookie, "trellis_%d_user", o->port);
        snprintf(s->begun_cookie, sizeof s->begun_cookie, "trellis_%d_sign_in", o->port);
    }
    if (!s->outside)
        snprintf(s->base, sizeof s->base, strchr(host, ':') && host[0] != '[' ? "%s://[%s]:%d" : "%s://%s:%d", s->tls ? "https" : "http", host, s->port);
    buf_printf(&path, "%s/session-token", o->data_dir);
    bool good = (!o->public_url || read_public_url(s, o->public_url, e)) && (!o->certificate || read_certificate(s, o->certificate, e));
    if (good && s->outside)
        unlink(buf_z(&path)); /* of a start on loopback */
    else if (good)
        good = make_token(s, buf_z(&path), e);
    buf_fini(&path);
    return good;
}

void session_close(struct session *s)
{
    X509_free(s->certificate);
    sodium_memzero(s->token, sizeof s->token);
    s->certificate = NULL;
}

/* ---- Host and Origin ---- */

static const char *const own_names[] = {"127.0.0.1", "localhost", "[::1]"};

/* "name:port" of this machine; without a port only where ours is the scheme's own. */
static bool is_loopback_host(const struct session *s, struct str host)
{
    for (size_t i = 0; i < sizeof own_names / sizeof *own_names; i++) {
        char full[64];
        int n = snprintf(full, sizeof full, "%s:%d", own_names[i], s->port);
        if (str_eq_nocase(host, (struct str){full, (size_t)n}))
            return true;
        if (s->port == (s->tls ? 443 : 80) && str_eq_nocase(host, str_of(own_names[i])))
            return true;
    }
    return false;
}

/* A name that our certificate is for: a foreign one that was made to point here does not get past the browser's own check. */
static bool is_certified_host(const struct session *s, struct str host)
{
    char name[256], port[16];
    int n = snprintf(port, sizeof port, ":%d", s->port);
    struct str end = {port, (size_t)n};
    if (str_ends(host, end))
        host.n -= end.n;
    else if (s->port != 443)
        return false;
    if (host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
        host = (struct str){host.p + 1, host.n - 2};
    if (host.n == 0 || host.n >= sizeof name || memchr(host.p, '\0', host.n))
        return false;
    memcpy(name, host.p, host.n);
    name[host.n] = '\0';
    return X509_check_host(s->certificate, name, host.n, 0, NULL) == 1 || X509_check_ip_asc(s->certificate, name, 0) == 1;
}

static bool is_own_host(const struct session *s, struct str host)
{
    if (is_loopback_host(s, host))
        return true;
    if (!s->outside)
        return false;
    return s->public_host[0] ? str_eq_nocase(host, str_of(s->public_host)) : s->certificate && is_certified_host(s, host);
}

static bool is_own_origin(const struct session *s, struct str origin)
{
    struct str scheme = s->tls ? STR("https://") : STR("http://");
    if (s->public_host[0] && str_eq_nocase(origin, str_of(s->base)))
        return true;
    struct str host = str_starts(origin, scheme) ? (struct str){origin.p + scheme.n, origin.n - scheme.n} : STR("");
    return s->proxied ? is_loopback_host(s, host) : is_own_host(s, host);
}

static void hint_address(const struct session *s, struct err *e, const char *more)
{
    if (s->base[0])
        err_hint(e, "open %s/%s", s->base, more);
    else
        err_hint(e, "open it by a name that its certificate is for%s", more);
}

bool session_check_origin(const struct session *s, const struct http_request *q, struct err *e)
{
    struct str origin = http_request_header(q, "origin"), type = http_request_header(q, "content-type");
    if (!q->trusted && !is_own_host(s, http_request_header(q, "host"))) {
        err_set(e, E_DENIED, "the Host header does not name this server");
        hint_address(s, e, "");
        return false;
    }
    size_t origins = http_request_header_count(q, "origin");
    if (!q->trusted && (origins > 1 || (origins && !is_own_origin(s, origin)))) {
        err_set(e, E_DENIED, "requests from pages of other origins are not answered");
        hint_address(s, e, " itself, or ask from a program with the token");
        return false;
    }
    if (q->verb == VERB_POST || q->verb == VERB_PUT) { /* neither type can be sent by a foreign page without asking us first */
        struct str rest, media = str_trim(str_cut(type, ';', &rest));
        bool bytes = q->verb == VERB_PUT && str_eq_nocase(media, STR("application/octet-stream"));
        if (!bytes && !str_eq_nocase(media, STR("application/json"))) {
            err_set(e, E_USAGE, "the body must be JSON, sent with Content-Type: application/json");
            return false;
        }
    }
    return true;
}

/* ---- whose it is ---- */

static bool is_token(const struct session *s, struct str given)
{
    size_t n = strlen(s->token);
    return given.n == n && n > 0 && sodium_memcmp(given.p, s->token, n) == 0;
}

/* Cookies of one name, one after the other: *header and *rest say how far it came. */
struct cookies {
    const struct http_request *q;
    struct str name, rest;
    size_t header;
};

static bool cookie_next(struct cookies *c, struct str *value)
{
    for (;;) {
        while (c->rest.p && c->rest.n) {
            struct str pair = str_trim(str_cut(c->rest, ';', &c->rest)), v;
            struct str name = str_cut(pair, '=', &v);
            if (v.p && str_eq(name, c->name)) {
                *value = v;
                return true;
            }
        }
        while (c->header < c->q->n_headers && !str_eq(c->q->headers[c->header].name, STR("cookie")))
            c->header++;
        if (c->header == c->q->n_headers)
            return false;
        c->rest = c->q->headers[c->header++].value;
    }
}

struct str session_cookie_find(const struct http_request *q, struct str name)
{
    struct cookies c = {.q = q, .name = name};
    struct str value;
    return cookie_next(&c, &value) ? value : (struct str){NULL, 0};
}

/* "Bearer …"; without pointer: none. */
static struct str bearer_of(const struct http_request *q)
{
    struct str h = http_request_header(q, "authorization"), scheme = STR("bearer ");
    bool named = h.n > scheme.n && str_eq_nocase((struct str){h.p, scheme.n}, scheme);
    return named ? str_trim((struct str){h.p + scheme.n, h.n - scheme.n}) : (struct str){NULL, 0};
}

static bool refuse(const struct session *s, struct err *e)
{
    err_set(e, E_UNAUTHENTICATED, "this request carries no valid session");
    if (s->outside)
        err_hint(e, "sign in at /sign-in; programs send a service token as Authorization: Bearer");
    else
        err_hint(e, "open the address that `trellis serve` printed, sign in at /sign-in, or send the token of data/session-token or a service token "
                    "as Authorization: Bearer");
    return false;
}

static bool carries_token(const struct session *s, const struct http_request *q)
{
    struct cookies c = {.q = q, .name = str_of(s->cookie)};
    struct str value = bearer_of(q);
    if (value.p && is_token(s, value))
        return true;
    while (cookie_next(&c, &value))
        if (is_token(s, value))
            return true;
    return false;
}

bool session_check_token(const struct session *s, const struct http_request *q, struct err *e)
{
    return q->trusted || carries_token(s, q) || refuse(s, e);
}

bool session_check_any(const struct session *s, const struct http_request *q, struct err *e)
{
    if (q->trusted || carries_token(s, q))
        return true;
    bool maybe = s->auth && (bearer_of(q).p || session_cookie_find(q, str_of(s->user_cookie)).p);
    return maybe || refuse(s, e);
}

static bool check_csrf(const struct http_request *q, const struct auth_session *x, struct err *e)
{
    struct str given = http_request_header(q, "x-trellis-csrf");
    if (q->verb == VERB_GET || q->verb == VERB_HEAD || (given.n == x->csrf.n && sodium_memcmp(given.p, x->csrf.p, given.n) == 0))
        return true;
    err_set(e, E_DENIED, "this change does not show that it comes from the page");
    err_hint(e, "send the `csrf` of GET /api/v1/me as X-Trellis-CSRF; programs use a service token");
    return false;
}

bool session_who(const struct session *s, const struct http_request *q, const struct mesh *m, struct arena *a, struct auth_session *out, struct err *e)
{
    *out = (struct auth_session){.who = GOVERN_LOCAL_ADMIN};
    if (!s || q->trusted)
        return true;
    struct str value = bearer_of(q);
    if (value.p)
        return is_token(s, value) || (s->auth ? auth_token_of(s->auth, m, value, a, out, e) : refuse(s, e));
    struct cookies c = {.q = q, .name = str_of(s->user_cookie)};
    while (s->auth && cookie_next(&c, &value)) {
        struct err why = {0};
        if (auth_session_of(s->auth, m, value, a, out, &why))
            return check_csrf(q, out, e);
        if (why.code != E_UNAUTHENTICATED)
            return err_set(e, why.code, "%s", why.text);
    }
    *out = (struct auth_session){.who = GOVERN_LOCAL_ADMIN};
    return carries_token(s, q) || refuse(s, e);
}

/* ---- cookies, addresses ---- */

static void set_cookie(const struct session *s, struct http_reply *r, const char *name, struct str value, int seconds)
{
    struct buf b = BUF_INIT((size_t)6 << 10);
    buf_printf(&b, "%s=%.*s; Path=/; Max-Age=%d; HttpOnly; SameSite=Lax%s", name, STR_FMT(value), seconds, s->tls || s->proxied ? "; Secure" : "");
    http_reply_header(r, "Set-Cookie", buf_str(&b));
    if (b.p)
        sodium_memzero(b.p, b.n);
    buf_fini(&b);
}

void session_cookie_set(const struct session *s, struct http_reply *r, const char *secret)
{
    set_cookie(s, r, s->user_cookie, str_of(secret), SESSION_SECONDS);
}

void session_cookie_clear(const struct session *s, struct http_reply *r)
{
    set_cookie(s, r, s->user_cookie, STR(""), 0);
    set_cookie(s, r, s->cookie, STR(""), 0);
}

void session_begun_set(const struct session *s, struct http_reply *r, struct str sealed)
{
    set_cookie(s, r, s->begun_cookie, sealed, sealed.n ? BEGUN_SECONDS : 0);
}

struct auth_from session_from(const struct session *s, const struct http_request *q)
{
    struct auth_from from = {.address = q->peer.p ? q->peer : STR(""), .agent = http_request_header(q, "user-agent")};
    for (size_t i = q->n_headers; s && s->proxied && i > 0; i--) { /* the last word is the proxy's own; those before anybody may have written */
        struct str v = q->headers[i - 1].value;
        if (!str_eq(q->headers[i - 1].name, STR("x-forwarded-for")))
            continue;
        size_t at = v.n;
        while (at > 0 && v.p[at - 1] != ',')
            at--;
        v = str_trim((struct str){v.p + at, v.n - at});
        if (v.n)
            from.address = v;
        break;
    }
    return from;
}

struct str session_base(const struct session *s, const struct http_request *q, struct arena *a)
{
    struct str host = q ? http_request_header(q, "host") : STR("");
    if (s && s->public_host[0])
        return str_of(s->base);
    if (s && q && !q->trusted && host.n) /* checked by session_check_origin */
        return arena_printf(a, "%s://%.*s", s->tls ? "https" : "http", STR_FMT(host));
    return s ? str_of(s->base) : STR("");
}

struct str session_own_path(struct str wanted)
{
    bool good = wanted.n > 0 && wanted.n <= 2000 && wanted.p[0] == '/' && !(wanted.n > 1 && (wanted.p[1] == '/' || wanted.p[1] == '\\'));
    for (size_t i = 0; good && i < wanted.n; i++)
        good = (unsigned char)wanted.p[i] > ' ' && (unsigned char)wanted.p[i] < 0x7f && wanted.p[i] != '\\' && wanted.p[i] != '"';
    return good ? wanted : STR("/");
}

/* By the decoded name, as the value was found. */
static bool is_token_param(struct arena *a, struct str pair)
{
    struct str key = str_cut(pair, '=', &(struct str){0});
    char *name = arena_alloc(a, key.n + 1);
    size_t n = 0;
    return http_decode(key, true, name, &n) && str_eq((struct str){name, n}, STR("token"));
}

bool session_take_token(const struct session *s, const struct http_request *q, struct http_reply *r)
{
    struct arena a;
    struct str token;
    arena_init(&a);
    bool there = http_query_param(q, &a, "token", &token);
    if (there) {
        struct buf to = BUF_INIT(q->target.n + 16), cookie = BUF_INIT((size_t)256);
        struct str rest = q->query, path = str_cut(q->target, '?', &(struct str){0});
        /* One slash alone: "//host" would lead to another host, and so does "/\\host" in a browser. */
        while (path.n && (path.p[0] == '/' || path.p[0] == '\\'))
            path = (struct str){path.p + 1, path.n - 1};
        buf_addc(&to, '/');
        buf_add(&to, path);
        char joint = '?';
        while (rest.p && rest.n) {
            struct str pair = str_cut(rest, '&', &rest);
            if (pair.n == 0 || is_token_param(&a, pair))
                continue;
            buf_addc(&to, joint);
            buf_add(&to, pair);
            joint = '&';
        }
        if (is_token(s, token)) {
            buf_printf(&cookie, "%s=%s; Path=/; HttpOnly; SameSite=Strict%s", s->cookie, s->token, s->tls ? "; Secure" : "");
            http_reply_header(r, "Set-Cookie", buf_str(&cookie));
        }
        http_reply_header(r, "Location", buf_str(&to));
        http_reply_whole(r, 303, STR("text/plain"), STR(""), true);
        buf_fini(&to);
        buf_fini(&cookie);
    }
    arena_fini(&a);
    return there;
}
