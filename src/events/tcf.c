/* The core segment of an IAB TCF consent string: base64url, bit fields from the highest bit. Vendors and the other segments are
 * not read: what counts here is what the person said of the purposes. */
#include "events/events_int.h"

enum { CORE_BYTES_MAX = 64, CORE_BITS_LEAST = 213 }; /* up to the publisher's country */

struct bits {
    unsigned char bytes[CORE_BYTES_MAX];
    size_t n, at; /* in bits */
};

static int digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '-' || c == '+' ? 62 : c == '_' || c == '/' ? 63 : -1;
}

static bool decode(struct str s, struct bits *out)
{
    *out = (struct bits){0};
    for (size_t i = 0; i < s.n && s.p[i] != '.' && s.p[i] != '='; i++) {
        int v = digit(s.p[i]);
        if (v < 0)
            return false;
        for (int bit = 5; bit >= 0 && out->n < CORE_BYTES_MAX * 8; bit--, out->n++)
            out->bytes[out->n / 8] |= (unsigned char)((v >> bit & 1) << (7 - out->n % 8));
    }
    return out->n >= CORE_BITS_LEAST;
}

static int64_t take(struct bits *b, int n)
{
    int64_t v = 0;
    for (; n > 0 && b->at < b->n; n--, b->at++)
        v = v << 1 | (b->bytes[b->at / 8] >> (7 - b->at % 8) & 1);
    return v;
}

bool event_tcf_parse(struct str s, struct event_tcf *out)
{
    struct bits b;
    *out = (struct event_tcf){0};
    if (!decode(s, &b) || take(&b, 6) != 2)
        return false;
    out->created_us = take(&b, 36) * 100000;
    out->updated_us = take(&b, 36) * 100000;
    out->cmp_id = (int)take(&b, 12);
    out->cmp_version = (int)take(&b, 12);
    take(&b, 6 + 12); /* the CMP's screen, its language */
    out->vendor_list_version = (int)take(&b, 12);
    out->policy_version = (int)take(&b, 6);
    out->service_specific = take(&b, 1);
    take(&b, 1 + 12); /* texts of one's own, special features */
    for (uint32_t i = 0; i < 24; i++)
        out->purposes |= (uint32_t)take(&b, 1) << i;
    return true;
}
