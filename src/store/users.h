/* Who may come in, as the control store keeps it: users, their sessions and one-time links, service tokens, wrong passwords. No secret stands
 * here, only hashes. What it means is src/auth's. Lists (roles, groups, purposes) are lines of one text. */
#ifndef STORE_USERS_H
#define STORE_USERS_H

#include "store/store.h"

struct store_user {
    struct str name, title, issuer, subject; /* issuer empty: signs in with a password */
    struct str roles, groups;                /* groups: of single sign-on, as last told */
    struct str password;                     /* argon2id; empty: none */
    int64_t created_at_us, seen_at_us;
    bool disabled;
};
MUST_CHECK bool store_user_add(struct store *s, const struct store_user *u, struct err *e); /* E_DUPLICATE: the name, or the subject at its issuer */
MUST_CHECK bool store_user_set(struct store *s, const struct store_user *u, struct err *e); /* by name: all but created_at_us */
MUST_CHECK bool store_user_find(struct store *s, struct arena *a, struct str name, struct store_user *out, bool *found, struct err *e);
MUST_CHECK bool store_user_by_subject(struct store *s, struct arena *a, struct str issuer, struct str subject, struct store_user *out, bool *found,
                                      struct err *e);
MUST_CHECK bool store_user_seen(struct store *s, struct str name, int64_t at_us, struct err *e);
MUST_CHECK bool store_users(struct store *s, struct arena *a, struct store_user **out, size_t *n, struct err *e); /* by name */

struct store_session {
    int64_t id, created_at_us, seen_at_us, expires_at_us;
    struct str hash, user, address, agent;
};
MUST_CHECK bool store_session_add(struct store *s, struct store_session *x, struct err *e); /* gives the id */
/* With its user; *found only where the user is not disabled and neither time is over. */
MUST_CHECK bool store_session_find(struct store *s, struct arena *a, struct str hash, int64_t now_us, int64_t idle_us, struct store_session *out,
                                   struct store_user *user, bool *found, struct err *e);
MUST_CHECK bool store_session_touch(struct store *s, int64_t id, int64_t at_us, struct err *e);
MUST_CHECK bool store_sessions(struct store *s, struct arena *a, struct str user, int64_t now_us, int64_t idle_us, struct store_session **out, size_t *n,
                               struct err *e); /* newest first */
MUST_CHECK bool store_session_end(struct store *s, struct str user, int64_t id, bool *found, struct err *e);
MUST_CHECK bool store_sessions_end(struct store *s, struct str user, int64_t but, struct err *e);
MUST_CHECK bool store_sessions_prune(struct store *s, int64_t now_us, int64_t idle_us, struct err *e);

/* user empty: makes the first administrator. A new link of a user takes the place of the earlier one. */
struct store_link { struct str hash, user, by; int64_t created_at_us, expires_at_us; };
MUST_CHECK bool store_link_add(struct store *s, const struct store_link *l, struct err *e);
MUST_CHECK bool store_link_find(struct store *s, struct arena *a, struct str hash, int64_t now_us, struct store_link *out, bool *found, struct err *e);
MUST_CHECK bool store_link_take(struct store *s, struct str hash, bool *found, struct err *e); /* once: whoever takes it has it */
MUST_CHECK bool store_links_end(struct store *s, struct str user, struct err *e);

struct store_token {
    int64_t id, created_at_us, expires_at_us, used_at_us, ended_at_us; /* ended: 0, or when it ends or ended before its time */
    struct str hash, begins, title, by, roles, purposes;
};
MUST_CHECK bool store_token_add(struct store *s, struct store_token *t, struct err *e); /* gives the id */
MUST_CHECK bool store_token_find(struct store *s, struct arena *a, struct str hash, struct store_token *out, bool *found, struct err *e);
MUST_CHECK bool store_token_get(struct store *s, struct arena *a, int64_t id, struct store_token *out, bool *found, struct err *e);
MUST_CHECK bool store_token_end(struct store *s, int64_t id, int64_t at_us, struct err *e); /* never later than it was going to */
MUST_CHECK bool store_token_used(struct store *s, int64_t id, int64_t at_us, struct err *e);
MUST_CHECK bool store_tokens(struct store *s, struct arena *a, struct store_token **out, size_t *n, struct err *e); /* newest first */

/* Wrong passwords in a row by the hash of a name, whether or not there is such a user. */
struct store_failures { int64_t in_a_row, locked_until_us; };
MUST_CHECK bool store_failures_get(struct store *s, struct str name_hash, struct store_failures *out, struct err *e);
MUST_CHECK bool store_failures_set(struct store *s, struct str name_hash, const struct store_failures *f, int64_t at_us, struct err *e); /* 0 in a row: forgotten */
MUST_CHECK bool store_failures_prune(struct store *s, int64_t before_us, struct err *e);

#endif
