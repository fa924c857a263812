/* The key that a spool's groups are sealed with, when its folder is held under one (base/cipher.h). */
#ifndef SPOOL_SEAL_H
#define SPOOL_SEAL_H

#include "base/error.h"

struct spool_seal {
    unsigned char *key; /* in locked memory; NULL: groups are plain */
    uint64_t mark;      /* tells keys apart; 0: plain */
};
MUST_CHECK bool spool_seal_open(struct spool_seal *s, const char *dir, struct err *e);
void spool_seal_fini(struct spool_seal *s);
/* Whether a segment of this mark can be read and written on. E_ENCRYPTION, with the file's name. */
MUST_CHECK bool spool_seal_fits(const struct spool_seal *s, uint64_t mark, const char *name, struct err *e);

#endif
