/* Secret keys of one mesh, each a file of its own below data/, made at random when first asked for. Whoever loses the file loses
 * what was made with it: hashes no longer fit together. */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include "base/arena.h"
#include "base/error.h"

enum { SECRET_BYTES = 32 };
/* <dir>/<name>, hexadecimal, mode 0600. A file that others may read is refused (E_DENIED), one that is no key too (E_IO). */
/* In a folder that is held under a key (base/cipher.h) the file holds it sealed. */
MUST_CHECK bool secret_key(const char *dir, const char *name, unsigned char key[SECRET_BYTES], struct err *e);
MUST_CHECK bool secret_write(const char *dir, const char *name, const unsigned char key[SECRET_BYTES], struct err *e);

/* A secret that a declaration points to, looked up when it is used: env:NAME, file:PATH (relative to `dir`, not readable by others). `what`:
 * the key that points there, for errors ("alerts: webhook"). Without its outer blanks, NUL-terminated. E_NOT_FOUND, E_DENIED, E_IO. */
MUST_CHECK bool secret_find(struct str dir, struct str reference, const char *what, struct arena *a, char **out, struct err *e);

#endif
