/* Keys of encryption at rest (docs/privacy.md): one master key of a mesh, kept in locked memory, and what is derived from it. Nothing
 * here prints a key or puts one into an error. */
#ifndef BASE_CIPHER_H
#define BASE_CIPHER_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

enum { CIPHER_KEY_BYTES = 32, CIPHER_NONCE_BYTES = 24, CIPHER_TAG_BYTES = 16, CIPHER_MARK_BYTES = 16, CIPHER_SUBKEY_MAX = 64 };

/* What a derived key is for. The numbers are part of what is on disk and never change. */
enum cipher_use { CIPHER_MARK = 1, CIPHER_ENGINE, CIPHER_SPOOL, CIPHER_STORE, CIPHER_SECRETS, CIPHER_TEXTS };

struct cipher;
/* From a reference: env:NAME, file:PATH (relative to `dir`; not readable by others), command:CMD (by the shell, in `dir`; its first line is
 * read from a pipe). The key itself is 64 hexadecimal digits or the base64 of 32 bytes. E_ENCRYPTION. While any cipher is open, the
 * process leaves no core dump and cannot be traced. */
MUST_CHECK bool cipher_open(const char *dir, struct str reference, struct cipher **out, struct err *e);
MUST_CHECK bool cipher_of_key(const unsigned char key[CIPHER_KEY_BYTES], struct cipher **out, struct err *e);
void cipher_close(struct cipher *c); /* NULL-safe */
/* `bytes`: 16 to 64. Wipe it when done. */
void cipher_subkey(const struct cipher *c, enum cipher_use use, unsigned char *key, size_t bytes);
/* Tells keys apart without telling them: 32 hexadecimal digits. */
void cipher_mark(const struct cipher *c, char mark[2 * CIPHER_MARK_BYTES + 1]);

/* XChaCha20-Poly1305 in place, `p` with room for CIPHER_SEAL_BYTES more: cipher text, tag, nonce. `about` is not hidden, but has to be the same again. */
enum { CIPHER_SEAL_BYTES = CIPHER_TAG_BYTES + CIPHER_NONCE_BYTES };
void cipher_seal(const unsigned char key[CIPHER_KEY_BYTES], struct str about, char *p, size_t n);
/* n: sealed bytes. The first n - CIPHER_SEAL_BYTES of `to` hold the text then. False: another key, or changed. */
bool cipher_unseal(const unsigned char key[CIPHER_KEY_BYTES], struct str about, const char *sealed, size_t n, char *to);

/* Short texts as one word of text, "sealed:BASE64". A text that is not sealed is refused by text_unseal (E_ENCRYPTION). */
void cipher_text_seal(const struct cipher *c, enum cipher_use use, struct str about, struct str plain, struct buf *out);
bool cipher_text_is_sealed(struct str text);
MUST_CHECK bool cipher_text_unseal(const struct cipher *c, enum cipher_use use, struct str about, struct str text, struct arena *a, struct str *plain,
                                   struct err *e);

/* ---- Whose files are under which key ---- */
/* From now on the files below the folder are under this cipher (moved; NULL: plain, whatever holds for a folder above). */
MUST_CHECK bool cipher_hold(const char *dir, struct cipher *c, struct err *e);
void cipher_release(const char *dir); /* closes it */
/* Of the nearest folder above a path, which need not exist; NULL: plain. Valid while it is held. */
const struct cipher *cipher_for(const char *path);

#endif
