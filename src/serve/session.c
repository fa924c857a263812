/* The session: one token per start, compared in constant time. See session.h for what it protects from. */
#include "serve/session.h"

#include <sodium.h>
#include <stdio.h>

#include "base/fs.h"

enum { TOKEN_BYTES = 32 };

bool session_open(struct session *s, const char *data_dir, int port, struct err *e)
{
    unsigned char random[TOKEN_BYTES];
    if (sodium_init() < 0)
        return err_set(e, E_INTERNAL, "the random generator did not start");
    randombytes_buf(random, sizeof random);
    sodium_bin2hex(s->token, sizeof s->token, random, sizeof random);
    sodium_memzero(random, sizeof random);
    s->port = port;
    snprintf(s->cookie, sizeof s->cookie, "trellis_%d", port);
    struct buf path = BUF_INIT((size_t)4096), text = BUF_INIT((size_t)128);
    buf_printf(&path, "%s/session-token", data_dir);
    buf_printf(&text, "%s\n", s->token);
    bool good = fs_write_atomic(buf_z(&path), buf_str(&text), 0600, e);
    buf_fini(&path);
    buf_fini(&text);
    return good;
}

static const char *const own_names[] = {"127.0.0.1", "localhost", "[::1]"};

/* "name:port" of this server; without a port only where ours is the scheme's own. */
static bool is_own_host(const struct session *s, struct str host)
{
    for (size_t i = 0; i < sizeof own_names / sizeof *own_names; i++) {
        char full[64];
        int n = snprintf(full, sizeof full, "%s:%d", own_names[i], s->port);
        if (str_eq_nocase(host, (struct str){full, (size_t)n}))
            return true;
        if (s->port == 80 && str_eq_nocase(host, str_of(own_names[i])))
            return true;
    }
    return false;
}

static bool is_own_origin(const struct session *s, struct str origin)
{
    struct str scheme = STR("http://");
    return str_starts(origin, scheme) && is_own_host(s, (struct str){origin.p + scheme.n, origin.n - scheme.n});
}

bool session_check_origin(const struct session *s, const struct http_request *q, struct err *e)
{
    struct str origin = http_request_header(q, "origin"), type = http_request_header(q, "content-type");
    if (!q->trusted && !is_own_host(s, http_request_header(q, "host"))) {
        err_set(e, E_DENIED, "the Host header does not name this server");
        err_hint(e, "open http://127.0.0.1:%d/", s->port);
        return false;
    }
    if (!q->trusted && http_request_header_count(q, "origin") && !is_own_origin(s, origin)) {
        err_set(e, E_DENIED, "requests from pages of other origins are not answered");
        err_hint(e, "open http://127.0.0.1:%d/ itself, or ask from a program with the token", s->port);
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

static bool is_token(const struct session *s, struct str given)
{
    size_t n = strlen(s->token);
    return given.n == n && n > 0 && sodium_memcmp(given.p, s->token, n) == 0;
}

static bool cookie_holds_token(const struct session *s, struct str cookies)
{
    while (cookies.p && cookies.n) {
        struct str value, pair = str_trim(str_cut(cookies, ';', &cookies));
        struct str name = str_cut(pair, '=', &value);
        if (value.p && str_eq(name, str_of(s->cookie)) && is_token(s, value))
            return true;
    }
    return false;
}

bool session_check_token(const struct session *s, const struct http_request *q, struct err *e)
{
    struct str bearer = http_request_header(q, "authorization"), scheme = STR("bearer ");
    bool named = bearer.n > scheme.n && str_eq_nocase((struct str){bearer.p, scheme.n}, scheme);
    if (q->trusted || (named && is_token(s, str_trim((struct str){bearer.p + scheme.n, bearer.n - scheme.n}))))
        return true;
    for (size_t i = 0; i < q->n_headers; i++)
        if (str_eq(q->headers[i].name, STR("cookie")) && cookie_holds_token(s, q->headers[i].value))
            return true;
    err_set(e, E_UNAUTHENTICATED, "this request carries no valid session");
    err_hint(e,
             "open the address that `trellis serve` printed, or send the token of data/session-token as Authorization: Bearer");
    return false;
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
            buf_printf(&cookie, "%s=%s; Path=/; HttpOnly; SameSite=Strict", s->cookie, s->token);
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
