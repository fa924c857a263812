/* Who may ask: Host and Origin of this very server; then the printed token, a user's session or a service token (docs/sign-in.md). Loopback is
 * no boundary by itself: any page in the browser can send requests to it, and any name can be made to point at it. */
#ifndef SERVE_SESSION_H
#define SERVE_SESSION_H

#include "auth/auth.h"
#include "http/http.h"

struct session {
    char token[65];  /* hexadecimal; empty: none is printed */
    char cookie[32]; /* name of the cookie; cookies do not know ports, so the name does */
    int port;
    char user_cookie[40], begun_cookie[40]; /* begun: single sign-on under way */
    bool tls;         /* this listener speaks it */
    bool outside;     /* may be reached from other machines, itself or through a proxy */
    bool proxied;     /* the other side is the proxy: whom it speaks for stands in X-Forwarded-For */
    char base[280];   /* "https://mesh.example.org", the public address; or of this listener; empty: it goes by many names */
    char public_host[264]; /* "mesh.example.org", that Host must be; empty: not said */
    void *certificate;     /* X509; the names that it is for are ours */
    struct auth *auth;     /* NULL: no users, no tokens */
};

struct session_options {
    const char *data_dir, *host; /* host: that is listened at */
    int port;
    bool outside, proxied;
    const char *public_url, *certificate; /* NULL: none */
    struct auth *auth;
};
/* On loopback a new token for this start, also written to data/session-token (0600) for scripts; outside none, and the file goes. E_USAGE: the
 * public address is none. */
MUST_CHECK bool session_open(struct session *s, const struct session_options *o, struct err *e);
void session_close(struct session *s);
/* Is the request addressed to us, from our own page or no page at all, and in JSON where it changes something? */
MUST_CHECK bool session_check_origin(const struct session *s, const struct http_request *q, struct err *e);
/* Does it carry anything that could be a session or a token? Without a look into the store. */
MUST_CHECK bool session_check_any(const struct session *s, const struct http_request *q, struct err *e);
/* Does it carry the printed token? */
MUST_CHECK bool session_check_token(const struct session *s, const struct http_request *q, struct err *e);
/* Who asks. In the session of a user a change has to carry its csrf. `s` NULL, or our own socket: the local administrator. */
MUST_CHECK bool session_who(const struct session *s, const struct http_request *q, const struct mesh *m, struct arena *a, struct auth_session *out,
                            struct err *e);
/* `?token=…` on a page's address: sets the cookie when the token is right, and leads to the address without it. */
bool session_take_token(const struct session *s, const struct http_request *q, struct http_reply *r);

/* ---- for the routes of signing in ---- */
void session_cookie_set(const struct session *s, struct http_reply *r, const char *secret);
void session_cookie_clear(const struct session *s, struct http_reply *r); /* of a user, and of the printed address */
void session_begun_set(const struct session *s, struct http_reply *r, struct str sealed /* empty: it goes */);
struct str session_cookie_find(const struct http_request *q, struct str name); /* the first of this name; without pointer: none */
struct auth_from session_from(const struct session *s, const struct http_request *q); /* borrowed from the request */
struct str session_base(const struct session *s, const struct http_request *q, struct arena *a); /* "https://mesh.example.org"; empty: not known */
/* A page of this server: one slash, no host, no control bytes; else "/". */
struct str session_own_path(struct str wanted);

#endif
