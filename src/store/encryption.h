/* Encryption at rest of one mesh's data/ (docs/privacy.md): which key its files are under, and bringing all of them under another at once. */
#ifndef STORE_ENCRYPTION_H
#define STORE_ENCRYPTION_H

#include "base/arena.h"
#include "base/cipher.h"
#include "base/error.h"

/* What data/encryption.json says; it holds no key. */
struct encryption_note {
    bool there, plain;    /* plain: an exchange to no key at all is under way */
    bool exchanging;      /* the new files count, and are not all in their places yet */
    struct str reference; /* where the key was taken from when the files were written */
    struct str mark;      /* of the key */
    struct str since;     /* ISO 8601 */
};
MUST_CHECK bool encryption_note_read(const char *data_dir, struct arena *a, struct encryption_note *out, struct err *e);

/* What mesh.yaml names as encryption.key; empty: nothing. */
MUST_CHECK bool encryption_reference(const char *dir, struct arena *a, struct str *out, struct err *e);

/* Finishes or clears away an exchange that was interrupted. Whoever calls holds trellis.lock. */
MUST_CHECK bool encryption_repair(const char *data_dir, struct err *e);
/* Opens the key that mesh.yaml names and holds data_dir under it, until encryption_drop; a mesh without data begins so. Nothing happens when
 * neither mesh.yaml nor data/ speaks of encryption. E_ENCRYPTION: the two do not fit, or the key is another one; E_BUSY: an exchange waits for its end. */
MUST_CHECK bool encryption_hold(const char *dir, const char *data_dir, struct err *e);
void encryption_drop(const char *data_dir);

/* Everything below data/ under the key of another reference (empty: under none), while nothing else has the mesh open. Copies are made beside and
 * exchanged behind one moment, the writing of data/encryption.json: a crash before it leaves all under the old key, after it all under the new one. */
struct encryption_exchange {
    const char *dir;      /* the mesh's folder */
    struct str reference; /* of the new key; empty: plain from now on */
    void (*progress)(void *ctx, const char *what, struct str name);
    void *ctx;
};
struct encryption_done {
    struct str before, after; /* references; empty: plain */
    size_t files;
    uint64_t bytes;
    int64_t events; /* requests of the spool that were not loaded yet */
};
MUST_CHECK bool encryption_exchange(const struct encryption_exchange *x, struct arena *a, struct encryption_done *out, struct err *e);

#endif
