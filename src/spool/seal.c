#include "spool/seal.h"

#include <sodium.h>
#include <string.h>

#include "base/cipher.h"

bool spool_seal_open(struct spool_seal *s, const char *dir, struct err *e)
{
    unsigned char mark[CIPHER_MARK_BYTES];
    const struct cipher *c = cipher_for(dir);
    *s = (struct spool_seal){0};
    if (!c)
        return true;
    s->key = sodium_malloc(CIPHER_KEY_BYTES);
    if (!s->key)
        return err_set(e, E_MEMORY, "no locked memory for the spool's key");
    cipher_subkey(c, CIPHER_SPOOL, s->key, CIPHER_KEY_BYTES);
    cipher_subkey(c, CIPHER_MARK, mark, sizeof mark);
    memcpy(&s->mark, mark, sizeof s->mark);
    s->mark |= 1; /* never 0 */
    return true;
}

void spool_seal_fini(struct spool_seal *s)
{
    sodium_free(s->key);
    *s = (struct spool_seal){0};
}

bool spool_seal_fits(const struct spool_seal *s, uint64_t mark, const char *name, struct err *e)
{
    if (!mark || mark == s->mark)
        return true;
    err_set(e, E_ENCRYPTION, s->key ? "spool/%s is encrypted with another key than the one that mesh.yaml names"
                                    : "spool/%s is encrypted and no key is given", name);
    err_hint(e, "name the key in mesh.yaml: encryption: {key: env:TRELLIS_KEY}");
    return false;
}
