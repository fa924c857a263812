/* Signed tokens of a provider (JWS compact form) and the keys they are verified with. Only signatures of public keys, of three kinds: what a
 * token says of its own key, address or algorithm beyond that is not followed. Pure but for the clock that is given. */
#ifndef AUTH_JWT_H
#define AUTH_JWT_H

#include <yyjson.h>

#include "base/arena.h"
#include "base/error.h"

struct jwks; /* the keys of an issuer */
MUST_CHECK bool jwks_parse(struct str json, struct jwks **out, struct err *e); /* keys of other kinds are passed over */
void jwks_free(struct jwks *k);
size_t jwks_count(const struct jwks *k);

struct jwt_expect { struct str issuer, audience, nonce; int64_t now_us; };
enum jwt_verdict { JWT_GOOD, JWT_BAD, JWT_UNKNOWN_KEY }; /* the last: no key of this name; the issuer may have a new one */
/* *claims: owned (yyjson_doc_free), where it is good. Errors say what is wrong without a word of the token. */
enum jwt_verdict jwt_verify(const struct jwks *k, struct str token, const struct jwt_expect *x, yyjson_doc **claims, struct err *e);

#endif
