/* Who somebody is: users with passwords, sessions, service tokens, single sign-on (docs/sign-in.md). Thread-safe; state in the control store.
 * What they may do is the policy's (govern/policy.h). */
#ifndef AUTH_AUTH_H
#define AUTH_AUTH_H

#include "base/arena.h"
#include "govern/audit.h"
#include "govern/govern.h"

struct auth;
MUST_CHECK bool auth_open(struct state *s, struct audit *audit, struct auth **out, struct err *e);
void auth_close(struct auth *a);

struct auth_session { struct govern_principal who; struct str csrf, title; int64_t id, expires_at_us; bool has_password; }; /* lives in the caller's arena */
struct auth_from { struct str address, agent; }; /* of a request: the other side's address, its User-Agent */

/* E_UNAUTHENTICATED with the same words and the same time whatever was wrong; E_RATE while locked or too often from one address; E_DENIED where
 * the mesh takes no passwords. The secret goes into a cookie and nowhere else. */
MUST_CHECK bool auth_sign_in(struct auth *a, const struct mesh *m, struct str name, struct str password, const struct auth_from *from, struct arena *arena, char secret[65], struct auth_session *out, struct err *e);
MUST_CHECK bool auth_session_of(struct auth *a, const struct mesh *m, struct str secret, struct arena *arena, struct auth_session *out, struct err *e); /* from memory for a few seconds; ended sessions at once */
MUST_CHECK bool auth_token_of(struct auth *a, const struct mesh *m, struct str bearer, struct arena *arena, struct auth_session *out, struct err *e);
MUST_CHECK bool auth_sign_out(struct auth *a, struct str name, int64_t session_id, struct err *e);

/* Users, tokens, links: see auth_user.c, auth_token.c, auth_link.c; single sign-on: oidc.h. Times in microseconds since 1970. `by`: who does it,
 * for the log. */
struct auth_user { struct str name, title, issuer; struct mesh_strs roles, groups; int64_t created_at_us, seen_at_us; size_t sessions; bool disabled, locked, has_password; };
MUST_CHECK bool auth_user_add(struct auth *a, const struct mesh *m, struct str name, struct str title, struct mesh_strs roles, struct str by, struct arena *arena, struct str *link_code, struct err *e); /* E_DUPLICATE, E_USAGE for an unknown role */
MUST_CHECK bool auth_user_change(struct auth *a, const struct mesh *m, struct str name, const struct mesh_strs *roles /* NULL: as they are */, int disabled /* -1: as it is */, struct str by, struct err *e); /* ends their sessions */
MUST_CHECK bool auth_user_link(struct auth *a, struct str name, struct str by, struct arena *arena, struct str *link_code, struct err *e);
MUST_CHECK bool auth_users(struct auth *a, struct arena *arena, struct auth_user **out, size_t *n, struct err *e);
MUST_CHECK bool auth_user_find(struct auth *a, struct str name, struct arena *arena, struct auth_user *out, struct err *e); /* E_NOT_FOUND */
MUST_CHECK bool auth_welcome(struct auth *a, struct arena *arena, struct str *link_code, struct err *e); /* where there is no user yet: code that makes an administrator; else empty */
MUST_CHECK bool auth_redeem(struct auth *a, const struct mesh *m, struct str code, struct str name, struct str password, const struct auth_from *from, struct arena *arena, char secret[65], struct auth_session *out, struct err *e);
MUST_CHECK bool auth_password(struct auth *a, struct str name, struct str old_password, struct str password, int64_t keep_session, const struct auth_from *from, struct err *e);
enum { AUTH_LINK_HOURS = 72 };

struct auth_session_row { int64_t id, created_at_us, seen_at_us, expires_at_us; struct str address, agent; bool own; };
MUST_CHECK bool auth_sessions(struct auth *a, struct str name, int64_t own_id, struct arena *arena, struct auth_session_row **out, size_t *n, struct err *e);
MUST_CHECK bool auth_session_end(struct auth *a, struct str name, int64_t id, struct err *e); /* E_NOT_FOUND */
MUST_CHECK bool auth_sessions_end(struct auth *a, struct str name, struct str by, struct err *e);

struct auth_token { int64_t id, created_at_us, expires_at_us, used_at_us, ended_at_us; struct str title, begins, by; struct mesh_strs roles, purposes; };
MUST_CHECK bool auth_token_add(struct auth *a, const struct mesh *m, const struct auth_token *t /* title, roles, purposes, expires */, struct str by, char secret[48], int64_t *id, struct err *e);
MUST_CHECK bool auth_token_end(struct auth *a, int64_t id, struct str by, struct err *e);
MUST_CHECK bool auth_token_rotate(struct auth *a, int64_t id, struct str by, char secret[48], int64_t *new_id, struct err *e);
MUST_CHECK bool auth_token_find(struct auth *a, int64_t id, struct arena *arena, struct auth_token *out, struct err *e); /* E_NOT_FOUND */
MUST_CHECK bool auth_tokens(struct auth *a, struct arena *arena, struct auth_token **out, size_t *n, struct err *e);

#endif
