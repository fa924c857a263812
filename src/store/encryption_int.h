/* What opening and exchanging share. */
#ifndef STORE_ENCRYPTION_INT_H
#define STORE_ENCRYPTION_INT_H

#include "store/encryption.h"

#define ENCRYPTION_NOTE "encryption.json"
#define ENCRYPTION_NEXT "next" /* folder below data/ where an exchange prepares its files */

const char *encryption_path(struct arena *a, const char *dir, const char *name);
void encryption_note_make(struct encryption_note *n, struct arena *a, const struct cipher *c, struct str reference); /* c NULL: plain */
MUST_CHECK bool encryption_note_write(const char *data_dir, const struct encryption_note *n, struct err *e);
MUST_CHECK bool encryption_can(struct err *e); /* E_ENCRYPTION: not on this machine */

/* exchange_files.c: copies of one kind each, from data_dir into data_dir/next; keys are those that the two folders are held under. */
MUST_CHECK bool exchange_store(const char *from, const char *to, struct err *e);
MUST_CHECK bool exchange_secret(const char *from_dir, const char *to_dir, const char *name, struct err *e);

#endif
