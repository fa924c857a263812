/* What a customer and an identifier are called without being told: keyed hashes under data/identity.key. Whoever loses the key file
 * gives every customer a new id. */
#ifndef IDENTITY_KEY_H
#define IDENTITY_KEY_H

#include "base/error.h"
#include "base/secret.h"

#define IDENTITY_KEY_FILE "identity.key" /* of data/, by secret_key */

struct customer_id { char z[2 + 26 + 1]; };  /* c_ and BLAKE2b-128 in base 32 (a-z, 2-7) */
struct identifier_hash { char z[32 + 1]; };  /* BLAKE2b-128 in hexadecimal */

/* Of "kind\0value". */
void customer_id_make(const unsigned char key[SECRET_BYTES], struct str kind, struct str value, struct customer_id *out);
void identifier_hash_make(const unsigned char key[SECRET_BYTES], struct str kind, struct str value, struct identifier_hash *out);
bool customer_id_is(struct str s); /* looks like one */

#endif
