/* Single sign-on with OpenID Connect: authorisation code with PKCE; what a sign-in begins with is bound to the browser by a sealed cookie. */
#ifndef AUTH_OIDC_H
#define AUTH_OIDC_H

#include "auth/auth.h"

enum { OIDC_MINUTES = 10, OIDC_NEXT_MAX = 1000 };

/* redirect_uri: our address that the provider leads back to; next: the own page to go to afterwards. *location: where the browser goes;
 * *cookie: what it must bring back. */
MUST_CHECK bool oidc_begin(struct auth *a, const struct mesh *m, struct str redirect_uri, struct str next, struct arena *arena, struct str *location,
                           struct str *cookie, struct err *e);
struct oidc_answer { struct str code, state, issuer, error; }; /* parameters of the address; without pointer: absent */
/* *problem: for the page, where it is false: "denied" "disabled" "expired" "provider". */
MUST_CHECK bool oidc_finish(struct auth *a, const struct mesh *m, struct str redirect_uri, struct str cookie, const struct oidc_answer *answer,
                            const struct auth_from *from, struct arena *arena, char secret[65], struct auth_session *out, struct str *next,
                            const char **problem, struct err *e);

#endif
