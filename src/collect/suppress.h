/* How an identifier stands on the suppression list: a keyed hash, the same for whoever writes the list and who looks it up. */
#ifndef COLLECT_SUPPRESS_H
#define COLLECT_SUPPRESS_H

#include <yyjson.h>

#include "base/error.h"
#include "base/str.h"

#define SUPPRESS_KEY_FILE "suppression.key" /* of data/, by secret_key */
enum { SUPPRESS_KEY_BYTES = 32, SUPPRESS_HASH_BYTES = 16 };

struct suppress_hash { char z[2 * SUPPRESS_HASH_BYTES + 1]; }; /* hexadecimal */
/* BLAKE2b-128 of "kind:value" under the key; the value trimmed and in lower case, a phone's digits alone. Kinds: user_id email
 * phone anonymous_id … */
void suppress_hash(const unsigned char key[SUPPRESS_KEY_BYTES], struct str kind, struct str value, struct suppress_hash *out);
/* Whether any text in v that may be an e-mail address is `listed`, wherever it stands: as userId, in traits of any name, in lists, inside of a longer text or of an address (where %40 is @). */
bool suppress_mail_in(yyjson_val *v, bool (*listed)(const void *ctx, struct str kind, struct str value), const void *ctx);
#endif
