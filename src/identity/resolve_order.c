/* The canonical order of sets: time, source, message id, evidence. */
#include <stdlib.h>

#include "identity/resolve_int.h"

int resolve_set_cmp(const struct resolve *r, uint32_t a, uint32_t b)
{
    struct str sa, sb, ma, mb;
    int64_t x = r->sets.v[a].at, y = r->sets.v[b].at;
    if (x != y)
        return x < y ? -1 : 1;
    resolve_set_origin(r, a, &sa, &ma);
    resolve_set_origin(r, b, &sb, &mb);
    int c = str_cmp(sa, sb);
    if (c == 0)
        c = str_cmp(ma, mb);
    if (c == 0)
        c = (r->sets.v[a].evidence > r->sets.v[b].evidence) - (r->sets.v[a].evidence < r->sets.v[b].evidence);
    return c;
}

static int by_order(const void *a, const void *b, void *ctx)
{
    return resolve_set_cmp(ctx, *(const uint32_t *)a, *(const uint32_t *)b);
}

/* A key: the time, from the earliest on and as exactly as there are bits left, above the number of the set. */
struct keys { const struct resolve *r; uint64_t number_mask; };

static uint32_t set_of(const struct keys *k, uint64_t key)
{
    return (uint32_t)(key & k->number_mask);
}

static int key_cmp(const void *a, const void *b, void *ctx)
{
    const struct keys *k = ctx;
    return resolve_set_cmp(k->r, set_of(k, *(const uint64_t *)a), set_of(k, *(const uint64_t *)b));
}

static void insertion(const struct keys *k, uint64_t *v, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        uint64_t x = v[i];
        size_t j = i;
        for (; j > 0 && key_cmp(&v[j - 1], &x, (void *)k) > 0; j--)
            v[j] = v[j - 1];
        v[j] = x;
    }
}

/* In place, a byte of the time after the other from the highest (American flag sort); few, and those the key cannot tell apart, by
 * comparing. `shift`: lowest bit of the byte. */
static void by_key(const struct keys *k, uint64_t *v, size_t n, unsigned shift, unsigned lowest)
{
    enum { FEW = 16, WAYS = 256 };
    size_t from[WAYS], to[WAYS], count[WAYS] = {0}, at = 0;
    if (n <= FEW) {
        insertion(k, v, n);
        return;
    }
    for (size_t i = 0; i < n; i++)
        count[v[i] >> shift & 255]++;
    for (size_t w = 0; w < WAYS; w++) {
        from[w] = at;
        at += count[w];
        to[w] = at;
    }
    for (size_t w = 0; w < WAYS; w++)
        while (from[w] < to[w]) {
            uint64_t x = v[from[w]];
            for (size_t way = x >> shift & 255; way != w; way = x >> shift & 255) {
                uint64_t other = v[from[way]];
                v[from[way]++] = x;
                x = other;
            }
            v[from[w]++] = x;
        }
    for (size_t w = 0; w < WAYS; w++) {
        uint64_t *part = v + to[w] - count[w];
        if (count[w] < 2)
            continue;
        if (shift > lowest)
            by_key(k, part, count[w], shift - 8 > lowest && shift >= 8 ? shift - 8 : lowest, lowest);
        else
            qsort_r(part, count[w], sizeof *part, key_cmp, (void *)k);
    }
}

static unsigned bits_of(uint64_t x)
{
    unsigned n = 0;
    for (; x; x >>= 1)
        n++;
    return n;
}

void resolve_sort(const struct resolve *r, uint32_t *sets, size_t n)
{
    enum { FEW = 4096 };
    size_t i = 1;
    int64_t least, most;
    while (i < n && resolve_set_cmp(r, sets[i - 1], sets[i]) < 0)
        i++;
    if (i >= n)
        return;
    if (n <= FEW) {
        qsort_r(sets, n, sizeof *sets, by_order, (void *)r);
        return;
    }
    unsigned number_bits = bits_of(r->sets.n), dropped, time_bits, top;
    uint64_t *v = mem_alloc(n * sizeof *v);
    least = most = r->sets.v[sets[0]].at;
    for (i = 0; i < n; i++) {
        int64_t at = r->sets.v[sets[i]].at;
        least = at < least ? at : least;
        most = at > most ? at : most;
    }
    time_bits = bits_of((uint64_t)most - (uint64_t)least);
    dropped = time_bits + number_bits > 64 ? time_bits + number_bits - 64 : 0;
    for (i = 0; i < n; i++)
        v[i] = ((uint64_t)r->sets.v[sets[i]].at - (uint64_t)least) >> dropped << number_bits | sets[i];
    top = number_bits + time_bits - dropped;
    struct keys k = {r, ((uint64_t)1 << number_bits) - 1};
    by_key(&k, v, n, top >= number_bits + 8 ? top - 8 : number_bits, number_bits);
    for (i = 0; i < n; i++)
        sets[i] = set_of(&k, v[i]);
    mem_free(v);
}
