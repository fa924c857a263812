/* What the tests of attribution's numbers share: path sets made by hand or drawn, texts of the shared data, an independent solver. */
#ifndef PATHS_FIXTURE_H
#define PATHS_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <math.h>
#include <zlib.h>

#include "base/buf.h"
#include "measure/kernels.h"

enum { MADE_STEPS = 1 << 17, MADE_PATHS = 1 << 15 };

/* A path set with room; path_add appends. */
struct made {
    struct path_set set;
    uint32_t steps[MADE_STEPS], bucket[MADE_PATHS];
    size_t ends[MADE_PATHS];
    int64_t conversions[MADE_PATHS], value[MADE_PATHS], nulls[MADE_PATHS];
};

static inline struct made *made_new(size_t channels)
{
    struct made *m = calloc(1, sizeof *m);
    assert_non_null(m);
    m->set = (struct path_set){.steps = m->steps, .ends = m->ends, .conversions = m->conversions, .value = m->value, .nulls = m->nulls, .channels = channels};
    return m;
}

static inline void path_add(struct made *m, const uint32_t *steps, size_t n, int64_t conversions, int64_t value, int64_t nulls)
{
    size_t i = m->set.n, at = i ? m->ends[i - 1] : 0;
    assert_true(i < MADE_PATHS && at + n <= MADE_STEPS);
    memcpy(m->steps + at, steps, n * sizeof *steps);
    m->ends[i] = at + n;
    m->conversions[i] = conversions;
    m->value[i] = value;
    m->nulls[i] = nulls;
    m->set.n++;
}

/* Letters a … z are channels 0 … 25. */
static inline void path_word(struct made *m, const char *word, int64_t conversions, int64_t value, int64_t nulls)
{
    uint32_t steps[64];
    size_t n = strlen(word);
    for (size_t i = 0; i < n; i++)
        steps[i] = (uint32_t)(word[i] - 'a');
    path_add(m, steps, n, conversions, value, nulls);
}

static inline uint64_t test_draw(uint64_t *x) /* a generator of the tests' own: Marsaglia 2003 */
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return *x;
}

/* The text of a file of shared data, unpacked; NULL, with a message, where it is not there. Owned: free. */
static inline char *shared_text(const char *name, size_t *n)
{
    char path[512];
    const char *dir = getenv("TRELLIS_SHARED");
    snprintf(path, sizeof path, "%s/data/%s", dir ? dir : "../shared", name);
    gzFile f = gzopen(path, "rb");
    if (!f) {
        print_message("skipped: there is no %s (TRELLIS_SHARED names the folder of shared data)\n", path);
        return NULL;
    }
    size_t cap = (size_t)32 << 20;
    char *text = malloc(cap);
    assert_non_null(text);
    int got = gzread(f, text, (unsigned)cap - 1);
    gzclose(f);
    assert_true(got > 0 && (size_t)got < cap - 1);
    text[got] = 0;
    *n = (size_t)got;
    return text;
}

/* Ax = b, by elimination with pivots, in long doubles; a and b are spoilt. */
static inline void solve_plain(long double *a, long double *b, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        size_t pivot = k;
        for (size_t i = k + 1; i < n; i++)
            pivot = fabsl(a[i * n + k]) > fabsl(a[pivot * n + k]) ? i : pivot;
        for (size_t j = 0; j < n; j++) {
            long double x = a[k * n + j];
            a[k * n + j] = a[pivot * n + j];
            a[pivot * n + j] = x;
        }
        long double y = b[k];
        b[k] = b[pivot];
        b[pivot] = y;
        for (size_t i = k + 1; i < n; i++) {
            long double factor = a[i * n + k] / a[k * n + k];
            for (size_t j = k; factor != 0 && j < n; j++)
                a[i * n + j] -= factor * a[k * n + j];
            b[i] -= factor * b[k];
        }
    }
    for (size_t k = n; k-- > 0;) {
        for (size_t j = k + 1; j < n; j++)
            b[k] -= a[k * n + j] * b[j];
        b[k] /= a[k * n + k];
    }
}

/* Chance to convert (or, worth: the value a walk brings) by a chain of states that are the last `order` channels, short paths a state of their
 * own, with the states of `without` sending what reaches them into nothing. Slow, and nothing of it is shared with what it checks. */
static inline long double chain_solved(const struct path_set *p, int order, uint32_t without, bool worth)
{
    enum { STATES = 1200, KEY = 4 };
    static uint32_t key[STATES][KEY];
    static long double count[STATES][STATES + 1]; /* the last: out of everything */
    static long double gain[STATES], a[(size_t)STATES * STATES], b[STATES];
    size_t n = 1;
    memset(count, 0, sizeof count);
    memset(gain, 0, sizeof gain);
    for (size_t i = 0, from = 0; i < p->n; from = p->ends[i++]) {
        size_t len = p->ends[i] - from, width = len < (size_t)order ? len : (size_t)order, at = 0;
        long double walks = (long double)p->conversions[i] + (p->nulls ? p->nulls[i] : 0);
        if (len == 0)
            continue;
        for (size_t w = 0; w + width <= len; w++) {
            uint32_t k[KEY] = {UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX};
            size_t s = 1;
            memcpy(k, p->steps + from + w, width * sizeof *k);
            while (s < n && memcmp(key[s], k, sizeof k) != 0)
                s++;
            assert_true(s < STATES);
            memcpy(key[s], k, sizeof k);
            n = s == n ? n + 1 : n;
            count[at][s] += walks;
            at = s;
        }
        count[at][STATES] += walks;
        gain[at] += worth ? (long double)p->value[i] / 1e6L : (long double)p->conversions[i];
    }
    memset(a, 0, n * n * sizeof *a);
    for (size_t s = 0; s < n; s++) {
        long double all = count[s][STATES];
        bool gone = false;
        for (int k = 0; s > 0 && k < KEY; k++)
            gone |= key[s][k] == without && without != UINT32_MAX;
        for (size_t t = 0; t < n; t++)
            all += count[s][t];
        for (size_t t = 0; t < n; t++)
            a[s * n + t] = (s == t) - (gone || all == 0 ? 0 : count[s][t] / all);
        b[s] = gone || all == 0 ? 0 : gain[s] / all;
    }
    solve_plain(a, b, n);
    return b[0];
}

static inline void same(double got, double wanted, double within, const char *what)
{
    if (!(fabs(got - wanted) <= within))
        fail_msg("%s: %.12g, wanted %.12g (within %g)", what, got, wanted, within);
}

#endif
