/* Counting paths for a model of data, and counting them again as drawn anew: intervals. */
#include "measure/kernels_int.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/mem.h"

enum { THREADS_MAX = 64, PART_PATHS = 1 << 18, BLOCK_PATHS = 4096, POISSON_SMALL = 12 };
static const size_t BUCKET_COUNTS_MAX = (size_t)1 << 26; /* of all buckets together: half a gibibyte */

/* ---- draws ---- */

static uint64_t mixed(uint64_t *x)
{
    uint64_t z = *x += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

void draws_init(struct draws *d, uint64_t seed, uint64_t stream)
{
    uint64_t x = seed, y = stream;
    x = mixed(&x) ^ mixed(&y);
    for (int i = 0; i < 4; i++)
        d->s[i] = mixed(&x);
}

static uint64_t turned(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

uint64_t draws_next(struct draws *d)
{
    uint64_t *s = d->s, result = turned(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = turned(s[3], 45);
    return result;
}

uint64_t draws_below(struct draws *d, uint64_t n)
{
    uint64_t over = -n % n, x; /* 2^64 mod n */
    do
        x = draws_next(d);
    while (x < over);
    return x % n;
}

double draws_unit(struct draws *d)
{
    return (double)(draws_next(d) >> 11) * 0x1p-53;
}

/* Small means: down the distribution. Others: Hörmann 1993, "The transformed rejection method for generating Poisson random variables" (PTRS). */
int64_t draws_poisson(struct draws *d, double mean)
{
    if (!(mean > 0))
        return 0;
    if (mean < POISSON_SMALL) {
        double p = exp(-mean), u = draws_unit(d);
        int64_t k = 0;
        while (u >= p && p > 0) {
            u -= p;
            p *= mean / (double)++k;
        }
        return k;
    }
    double b = 0.931 + 2.53 * sqrt(mean), a = -0.059 + 0.02483 * b, inverse = 1.1239 + 1.1328 / (b - 3.4), fits = 0.9277 - 3.6224 / (b - 2), log_mean = log(mean);
    for (;;) {
        double u = draws_unit(d) - 0.5, v = draws_unit(d), us = 0.5 - fabs(u), k = floor((2 * a / us + b) * u + mean + 0.43);
        if (us >= 0.07 && v <= fits)
            return (int64_t)k;
        if (k < 0 || (us < 0.013 && v > us))
            continue;
        if (log(v) + log(inverse) - log(a / (us * us) + b) <= k * log_mean - mean - lgamma(k + 1))
            return (int64_t)k;
    }
}

/* ---- threads ---- */

struct team {
    void (*one)(void *ctx, size_t i);
    void *ctx;
    size_t n;
    atomic_size_t next;
};

static void *member(void *arg)
{
    struct team *t = arg;
    for (size_t i; (i = atomic_fetch_add(&t->next, 1)) < t->n;)
        t->one(t->ctx, i);
    return NULL;
}

void in_parallel(int threads, size_t n, void (*one)(void *ctx, size_t i), void *ctx)
{
    struct team t = {.one = one, .ctx = ctx, .n = n};
    pthread_t others[THREADS_MAX];
    size_t started = 0, wanted = threads > 1 ? (size_t)threads - 1 : 0;
    wanted = wanted < THREADS_MAX ? wanted : THREADS_MAX;
    wanted = wanted < n ? wanted : n ? n - 1 : 0;
    while (started < wanted && pthread_create(&others[started], NULL, member, &t) == 0)
        started++;
    member(&t);
    while (started)
        pthread_join(others[--started], NULL);
}

/* ---- sums of a set ---- */

static bool too_large(struct err *e, const char *what)
{
    err_set(e, E_TOO_LARGE, "the %s of all paths together are more than can be counted", what);
    err_hint(e, "a sum may not reach 9.2 x 10^18 (of value: in millionths)");
    return false;
}

bool path_totals(const struct path_set *p, struct path_totals *t, struct err *e)
{
    uint32_t largest = 0;
    size_t from = 0, all = p->n ? p->ends[p->n - 1] : 0;
    int64_t worth = 0;
    bool over = false, values_over = false;
    *t = (struct path_totals){0};
    for (size_t i = 0; i < all; i++)
        largest = p->steps[i] > largest ? p->steps[i] : largest;
    if (all && largest >= p->channels)
        return err_set(e, E_INTERNAL, "a path has channel %u of %zu", largest, p->channels);
    for (size_t i = 0; i < p->n; from = p->ends[i++]) {
        int64_t c = p->conversions[i], v = p->value ? p->value[i] : 0, lost = p->nulls ? p->nulls[i] : 0;
        size_t steps = p->ends[i] - from;
        if (c < 0 || lost < 0 || p->ends[i] < from)
            return err_set(e, E_SCHEMA, "path %zu has a negative count", i + 1);
        if (v != 0 && c == 0)
            return err_set(e, E_SCHEMA, "path %zu has a value and no conversion", i + 1);
        if (steps == 0)
            continue;
        t->longest = steps > t->longest ? steps : t->longest;
        over |= __builtin_add_overflow(t->conversions, c, &t->conversions);
        over |= __builtin_add_overflow(t->nulls, lost, &t->nulls);
        if (v) {
            values_over |= v == INT64_MIN || __builtin_add_overflow(worth, v < 0 ? -v : v, &worth);
            t->value = (int64_t)((uint64_t)t->value + (uint64_t)v);
        }
    }
    if (values_over)
        return too_large(e, "values");
    /* Every single move could be of one kind. */
    if (over || ((__int128)t->conversions + t->nulls) * (__int128)(t->longest + 1) > INT64_MAX)
        return too_large(e, "conversions and ends without one");
    return true;
}

void credit_by_effects(const double *effects, const double *value_effects, double conversions, double value, size_t n, struct channel_credit *out)
{
    const double *worth = value_effects ? value_effects : effects;
    double sum = 0, worth_sum = 0;
    for (size_t c = 0; c < n; c++) {
        sum += effects[c];
        worth_sum += worth[c];
    }
    for (size_t c = 0; c < n; c++) {
        double v = worth_sum > 0 ? value * (worth[c] / worth_sum) : 0, k = sum > 0 ? conversions * (effects[c] / sum) : 0;
        out[c] = (struct channel_credit){.conversions = k, .value = v, .effect = effects[c], .low = k, .high = k, .value_low = v, .value_high = v};
    }
}

/* ---- counting ---- */

struct counting {
    const struct data_model *m;
    int64_t *counts; /* [parts * m->counts] */
    size_t parts;
};

static void count_part(void *ctx, size_t i)
{
    struct counting *c = ctx;
    const struct path_set *p = c->m->p;
    size_t from = p->n * i / c->parts, to = p->n * (i + 1) / c->parts;
    c->m->count(c->m, from, to, p->conversions + from, p->value ? p->value + from : NULL, p->nulls ? p->nulls + from : NULL, c->counts + i * c->m->counts);
}

static bool count_all(const struct data_model *m, int threads, int64_t **counts, struct err *e)
{
    size_t parts = threads > 1 && m->p->n / PART_PATHS > 0 ? (size_t)threads : 1, size;
    struct counting c = {.m = m, .parts = parts < THREADS_MAX ? parts : THREADS_MAX};
    if (!size_mul(m->counts * sizeof(int64_t), c.parts, &size) || !(c.counts = mem_try_alloc(size)))
        return err_set(e, E_MEMORY, "there is not enough memory for %zu counts", m->counts);
    in_parallel(threads, c.parts, count_part, &c);
    for (size_t part = 1; part < c.parts; part++)
        for (size_t i = 0; i < m->counts; i++)
            c.counts[i] += c.counts[part * m->counts + i];
    *counts = c.counts;
    return true;
}

/* ---- samples ---- */

struct sampling {
    const struct data_model *m;
    const struct data_options *o;
    int64_t *by_bucket;     /* [buckets * counts]; NULL: paths are counted anew for each sample */
    double *conversions, *value; /* [channel * samples + sample] */
    struct err error;
    atomic_bool failed;
};

static void count_buckets(const struct data_model *m, int64_t *by_bucket)
{
    const struct path_set *p = m->p;
    for (size_t i = 0, to; i < p->n; i = to) {
        for (to = i + 1; to < p->n && p->bucket[to] == p->bucket[i];)
            to++;
        m->count(m, i, to, p->conversions + i, p->value ? p->value + i : NULL, p->nulls ? p->nulls + i : NULL, by_bucket + (size_t)p->bucket[i] * m->counts);
    }
}

/* Value goes with the conversions that were drawn. */
static bool draw_block(const struct path_set *p, struct draws *d, const int64_t *times, size_t from, size_t n, int64_t *conversions, int64_t *value, int64_t *nulls)
{
    bool over = false;
    for (size_t i = 0; i < n; i++) {
        int64_t c = p->conversions[from + i], v = p->value ? p->value[from + i] : 0, lost = p->nulls ? p->nulls[from + i] : 0;
        if (times) {
            int64_t k = times[p->bucket[from + i]];
            over |= __builtin_mul_overflow(c, k, &conversions[i]);
            over |= __builtin_mul_overflow(v, k, &value[i]);
            over |= __builtin_mul_overflow(lost, k, &nulls[i]);
            continue;
        }
        conversions[i] = draws_poisson(d, (double)c);
        nulls[i] = draws_poisson(d, (double)lost);
        __int128 drawn = c ? (__int128)v * conversions[i] / c : 0;
        over |= drawn > INT64_MAX || drawn < INT64_MIN;
        value[i] = (int64_t)drawn;
    }
    return !over;
}

static bool count_drawn(struct sampling *s, struct draws *d, const int64_t *times, int64_t *counts)
{
    const struct data_model *m = s->m;
    bool good = true;
    __int128 moves = 0, worth = 0;
    int64_t *room = mem_alloc(3 * BLOCK_PATHS * sizeof *room), *value = room + BLOCK_PATHS, *nulls = value + BLOCK_PATHS;
    for (size_t from = 0; good && from < m->p->n; from += BLOCK_PATHS) {
        size_t n = m->p->n - from < BLOCK_PATHS ? m->p->n - from : BLOCK_PATHS;
        good = draw_block(m->p, d, times, from, n, room, value, nulls);
        for (size_t i = 0; i < n; i++) {
            size_t path = from + i, steps = m->p->ends[path] - (path ? m->p->ends[path - 1] : 0);
            moves += ((__int128)room[i] + nulls[i]) * (__int128)(steps + 1);
            worth += value[i] < 0 ? -(__int128)value[i] : value[i];
        }
        if (!good || moves > INT64_MAX || worth > INT64_MAX) {
            good = false;
            break;
        }
        m->count(m, from, from + n, room, value, nulls, counts);
    }
    mem_free(room);
    return good;
}

static bool add_buckets(const struct sampling *s, const int64_t *times, int64_t *counts)
{
    bool over = false;
    for (size_t b = 0; b < s->m->p->buckets; b++)
        for (size_t i = 0; times[b] && i < s->m->counts; i++) {
            int64_t product;
            over |= __builtin_mul_overflow(s->by_bucket[b * s->m->counts + i], times[b], &product);
            over |= __builtin_add_overflow(counts[i], product, &counts[i]);
        }
    return !over;
}

static void one_sample(void *ctx, size_t i)
{
    struct sampling *s = ctx;
    const struct path_set *p = s->m->p;
    struct draws d;
    struct err e = {0};
    bool good = false;
    if (atomic_load(&s->failed))
        return;
    int64_t *counts = mem_try_alloc(s->m->counts * sizeof *counts), *times = p->bucket ? mem_try_alloc(p->buckets * sizeof *times) : NULL;
    struct channel_credit *out = mem_try_alloc((p->channels + 1) * sizeof *out);
    draws_init(&d, s->o->bootstrap_seed, i + 1);
    if (!counts || !out || (p->bucket && !times)) {
        err_set(&e, E_MEMORY, "there is not enough memory for the intervals");
        goto out;
    }
    for (size_t k = 0; times && k < p->buckets; k++)
        times[draws_below(&d, p->buckets)]++;
    if (!(s->by_bucket ? add_buckets(s, times, counts) : count_drawn(s, &d, times, counts))) {
        too_large(&e, "sums of a drawn sample");
        goto out;
    }
    if (!s->m->solve(s->m, counts, false, out, &e))
        goto out;
    for (size_t c = 0; c < p->channels; c++) {
        s->conversions[c * (size_t)s->o->samples + i] = out[c].conversions;
        s->value[c * (size_t)s->o->samples + i] = out[c].value;
    }
    good = true;
out:
    if (!good && !atomic_exchange(&s->failed, true))
        s->error = e;
    mem_free(counts);
    mem_free(times);
    mem_free(out);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Between the two nearest values, in proportion. */
static double quantile(const double *sorted, size_t n, double q)
{
    double at = q * (double)(n - 1);
    size_t k = (size_t)at;
    return k + 1 < n ? sorted[k] + (at - (double)k) * (sorted[k + 1] - sorted[k]) : sorted[n - 1];
}

static bool intervals(const struct data_model *m, const struct data_options *o, struct channel_credit *out, struct err *e)
{
    size_t channels = m->p->channels, n = (size_t)o->samples, size, counts;
    struct sampling s = {.m = m, .o = o};
    double tail = (1 - o->level) / 2;
    bool good = false;
    if (m->p->bucket && size_mul(m->p->buckets, m->counts, &counts) && counts <= BUCKET_COUNTS_MAX)
        s.by_bucket = mem_try_alloc(counts * sizeof *s.by_bucket);
    if (size_mul(channels + 1, n, &size) && size < SIZE_MAX / sizeof(double)) {
        s.conversions = mem_try_alloc(size * sizeof *s.conversions);
        s.value = mem_try_alloc(size * sizeof *s.value);
    }
    if (!s.conversions || !s.value) {
        err_set(e, E_MEMORY, "there is not enough memory for %zu samples of %zu channels", n, channels);
        goto out;
    }
    if (s.by_bucket)
        count_buckets(m, s.by_bucket);
    in_parallel(o->threads, n, one_sample, &s);
    if (atomic_load(&s.failed)) {
        if (e)
            *e = s.error;
        goto out;
    }
    for (size_t c = 0; c < channels; c++) {
        double *k = s.conversions + c * n, *v = s.value + c * n;
        qsort(k, n, sizeof *k, by_size);
        qsort(v, n, sizeof *v, by_size);
        out[c].low = quantile(k, n, tail);
        out[c].high = quantile(k, n, 1 - tail);
        out[c].value_low = quantile(v, n, tail);
        out[c].value_high = quantile(v, n, 1 - tail);
    }
    good = true;
out:
    mem_free(s.by_bucket);
    mem_free(s.conversions);
    mem_free(s.value);
    return good;
}

bool data_model_run(const struct data_model *m, const struct data_options *o, struct channel_credit *out, struct err *e)
{
    int64_t *counts = NULL;
    for (size_t i = 0; m->p->bucket && i < m->p->n; i++)
        if (m->p->bucket[i] >= m->p->buckets)
            return err_set(e, E_INTERNAL, "path %zu is of bucket %u of %zu", i + 1, m->p->bucket[i], m->p->buckets);
    bool good = count_all(m, o->threads, &counts, e) && m->solve(m, counts, true, out, e);
    mem_free(counts);
    return good && (o->samples <= 0 || intervals(m, o, out, e));
}
