/* What oidc.c and oidc_provider.c share. */
#ifndef AUTH_OIDC_INT_H
#define AUTH_OIDC_INT_H

#include "auth/auth_int.h"
#include "auth/jwt.h"
#include "auth/oidc.h"

enum { OIDC_USED = 4096 };

/* What a provider says of itself; a copy of it, in the caller's arena. */
struct oidc_provider {
    struct str authorization, token, keys, userinfo;
    bool post_secret;  /* the client's secret goes into the body, not into the head */
    bool groups_scope; /* it knows a scope of this name */
    bool profile_scope, email_scope;
    bool says_issuer;  /* its answers name it, too */
};

struct oidc {
    unsigned char seal_key[crypto_secretbox_KEYBYTES]; /* of this start: sign-ins under way do not outlive it */
    pthread_mutex_t lock;                              /* all below */
    unsigned char used[OIDC_USED][16];                 /* states that have come back, newest over oldest */
    size_t n_used;
    char *issuer; /* of what follows */
    struct buf discovery, keys;
    int64_t discovery_us, keys_us; /* when they were asked for, by the monotonic clock */
};

/* oidc_provider.c: asked for when first needed, kept for an hour; keys anew where `fresh`. */
MUST_CHECK bool oidc_provider_get(struct oidc *o, const struct mesh_sign_on *s, struct arena *arena, struct oidc_provider *out, struct err *e);
MUST_CHECK bool oidc_keys_get(struct oidc *o, const struct mesh_sign_on *s, const struct oidc_provider *p, bool fresh, struct jwks **out, struct err *e);
/* "&key=value", encoded; key NULL: the value alone. */
void oidc_form(struct buf *b, const char *key, struct str value);
/* The code for tokens: the answer's JSON, owned. */
yyjson_doc *oidc_redeem(const struct mesh *m, const struct oidc_provider *p, struct str code, struct str verifier, struct str redirect_uri,
                        struct arena *arena, struct err *e);
yyjson_doc *oidc_userinfo(const struct oidc_provider *p, struct str access_token, struct arena *arena, struct err *e);

/* oidc_user.c: who it is here; made with the first sign-in. */
MUST_CHECK bool oidc_user(struct auth *a, const struct mesh *m, yyjson_val *claims, yyjson_val *more, struct arena *arena, struct store_user *u,
                          const char **problem, struct err *e);

#endif
