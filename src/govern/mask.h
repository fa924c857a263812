/* Masks. Those with a key are functions of the engine (trellis_hash, trellis_token, trellis_partial: text in, text out), whose keys are in their memory,
 * never in SQL; a question cannot name them, since they are on no list of the gate. */
#ifndef GOVERN_MASK_H
#define GOVERN_MASK_H

#include "base/buf.h"
#include "govern/policy.h"

#define MASK_KEY_FILE "mask.key" /* of data/, by secret_key */
enum { MASK_KEY_BYTES = 32 };
struct mask_keys { unsigned char hash[MASK_KEY_BYTES], mark[MASK_KEY_BYTES], cipher[MASK_KEY_BYTES]; };
void mask_keys_of(const unsigned char key[MASK_KEY_BYTES], struct mask_keys *out);

/* Registers the functions on the engine of a state; *out: the same keys, owned (mask_close). */
MUST_CHECK bool mask_open(struct state *s, struct mask_keys **out, struct err *e);
void mask_close(struct mask_keys *k); /* wipes */

/* How a view shows a column of this type (the engine's name of it: VARCHAR, DATE, ...): an expression, without its name. A mask that does not fit the
 * type redacts. */
void mask_put(struct buf *b, struct policy_mask k, struct str column, struct str type_name);

/* Pure; appended to `out`. */
void mask_hash(const struct mask_keys *k, struct str value, struct buf *out);  /* "h_" and keyed BLAKE2b-128, hexadecimal */
void mask_partial(struct str value, struct buf *out);                          /* a***@example.org, ***1234, A*** */
/* "t_" and base64url of a synthetic IV (keyed BLAKE2b-128 of the value, as in RFC 5297) and the value under XChaCha20: the same value gives the same token. */
void mask_token(const struct mask_keys *k, struct str value, struct buf *out);
MUST_CHECK bool mask_untoken(const struct mask_keys *k, struct str token, struct buf *value, struct err *e); /* E_USAGE: not one of ours */

#endif
