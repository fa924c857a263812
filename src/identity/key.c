#include "identity/key.h"

#include <sodium.h>

enum { DIGEST_BYTES = 16 };

/* `use` keeps a customer's id and the hash of its first identifier from being the same bits. */
static void digest_of(const unsigned char key[SECRET_BYTES], char use, struct str kind, struct str value, unsigned char out[DIGEST_BYTES])
{
    crypto_generichash_state st;
    crypto_generichash_init(&st, key, SECRET_BYTES, DIGEST_BYTES);
    crypto_generichash_update(&st, (const unsigned char *)&use, 1);
    crypto_generichash_update(&st, (const unsigned char *)kind.p, kind.n);
    crypto_generichash_update(&st, (const unsigned char *)"", 1);
    crypto_generichash_update(&st, (const unsigned char *)value.p, value.n);
    crypto_generichash_final(&st, out, DIGEST_BYTES);
}

void customer_id_make(const unsigned char key[SECRET_BYTES], struct str kind, struct str value, struct customer_id *out)
{
    static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
    unsigned char d[DIGEST_BYTES];
    size_t n = 2;
    unsigned bits = 0, have = 0;
    digest_of(key, 'c', kind, value, d);
    out->z[0] = 'c';
    out->z[1] = '_';
    for (size_t i = 0; i < DIGEST_BYTES; i++) {
        bits = bits << 8 | d[i];
        for (have += 8; have >= 5; have -= 5)
            out->z[n++] = digits[bits >> (have - 5) & 31];
        bits &= (1u << have) - 1;
    }
    out->z[n++] = digits[bits << (5 - have) & 31];
    out->z[n] = '\0';
}

void identifier_hash_make(const unsigned char key[SECRET_BYTES], struct str kind, struct str value, struct identifier_hash *out)
{
    unsigned char d[DIGEST_BYTES];
    digest_of(key, 'i', kind, value, d);
    sodium_bin2hex(out->z, sizeof out->z, d, sizeof d);
}

bool customer_id_is(struct str s)
{
    struct customer_id shape;
    if (s.n != sizeof shape.z - 1 || s.p[0] != 'c' || s.p[1] != '_')
        return false;
    for (size_t i = 2; i < s.n; i++)
        if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= '2' && s.p[i] <= '7')))
            return false;
    return true;
}
