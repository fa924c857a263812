/* Who may ask: Host and Origin of this very server, and the session's token as cookie or bearer. Loopback is no
 * boundary by itself: any page in the browser can send requests to it, and any name can be made to point at it. */
#ifndef SERVE_SESSION_H
#define SERVE_SESSION_H

#include "serve/http.h"

struct session {
    char token[65];  /* hexadecimal */
    char cookie[32]; /* name of the cookie; cookies do not know ports, so the name does */
    int port;
};

/* A new token for this start; also written to data/session-token (0600) for scripts. */
MUST_CHECK bool session_open(struct session *s, const char *data_dir, int port, struct err *e);
/* Is the request addressed to us, from our own page or no page at all, and in JSON where it changes something? */
MUST_CHECK bool session_check_origin(const struct session *s, const struct http_request *q, struct err *e);
/* Does it carry the token? */
MUST_CHECK bool session_check_token(const struct session *s, const struct http_request *q, struct err *e);
/* `?token=…` on a page's address: sets the cookie when the token is right, and leads to the address without it. */
bool session_take_token(const struct session *s, const struct http_request *q, struct http_reply *r);

#endif
