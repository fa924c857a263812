/* Sums that stay whole: a total cut into parts in units, where the units that are left go by a stated rule. */
#include "measure/kernels.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

enum { PARTS_ON_STACK = 64, WEIGHT_BITS = 62 };
typedef unsigned __int128 u128;

struct part { u128 rest; size_t at; };

/* The largest rest first, of equal ones the later. */
static bool before(const struct part *a, const struct part *b)
{
    return a->rest != b->rest ? a->rest > b->rest : a->at > b->at;
}

static int compare(const void *a, const void *b)
{
    return before(a, b) ? -1 : 1;
}

/* One unit more (or less) to each of the `left` first in order. */
static void hand_out(struct part *parts, size_t n, uint64_t left, int64_t unit, int64_t *out)
{
    qsort(parts, n, sizeof *parts, compare);
    for (size_t i = 0; i < left; i++)
        out[parts[i % n].at] += unit;
}

/* 2^62 stands for 1, so that the product with any total fits 128 bits. */
static uint64_t fixed(double weight)
{
    return weight > 0 ? (uint64_t)ldexp(weight < 1 ? weight : 1, WEIGHT_BITS) : 0;
}

void share_exactly(int64_t total, const double *weights, size_t n, int64_t *out)
{
    struct part small[PARTS_ON_STACK], *parts = n > PARTS_ON_STACK ? mem_alloc(n * sizeof *parts) : small;
    uint64_t size = total < 0 ? -(uint64_t)total : (uint64_t)total, given = 0;
    u128 sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += fixed(weights[i]);
    for (size_t i = 0; i < n; i++) {
        u128 product = (u128)size * fixed(weights[i]);
        uint64_t whole = sum ? (uint64_t)(product / sum) : 0;
        parts[i] = (struct part){sum ? product % sum : 0, i};
        given += whole;
        out[i] = total < 0 ? (int64_t)-whole : (int64_t)whole;
    }
    if (n && sum)
        hand_out(parts, n, size - given, total < 0 ? -1 : 1, out);
    else if (n) /* nobody weighs anything: all of it to the last */
        out[n - 1] = total;
    if (parts != small)
        mem_free(parts);
}

void round_exactly(int64_t total, const double *credits, double unit, size_t n, int64_t *out)
{
    struct part small[PARTS_ON_STACK], *parts = n > PARTS_ON_STACK ? mem_alloc(n * sizeof *parts) : small;
    __int128 left = total;
    for (size_t i = 0; i < n; i++) {
        double exact = credits[i] * unit, whole = floor(exact);
        out[i] = whole >= 0x1p63 ? INT64_MAX : whole < -0x1p63 ? INT64_MIN : (int64_t)whole;
        parts[i] = (struct part){fixed(exact - whole), i};
        left -= out[i];
    }
    if (n && left >= 0)
        hand_out(parts, n, (uint64_t)left, 1, out);
    else if (n) /* the credits were a hair more than the total */
        for (; left < 0; left++) {
            size_t most = 0;
            for (size_t i = 1; i < n; i++)
                most = out[i] > out[most] ? i : most;
            out[most]--;
        }
    if (parts != small)
        mem_free(parts);
}
