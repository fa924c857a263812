/* Shapley values over sets of channels. What counts of a path is the set of its channels; paths of one set are counted together, sets in
 * ascending order of their bits, so that no order of paths shows in the sums. Worth "conversions" needs no subsets: what a set brings is shared alike by
 * its members. Worth "rate": for each set that converted, the game of its subsets, where a coalition is worth the conversion rate of
 * the paths that used none but it; exact by the subset transform up to 16 members, beyond by permutations drawn. */
#include "measure/kernels.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "measure/kernels_int.h"

enum { DIRECT_CHANNELS = 16, EXACT_MEMBERS = 16, PERMUTATIONS = 10000, PERMUTATIONS_SAMPLE = 500, WORD = 64, CONVERTED = 0, WORTH = 1, WALKS = 2, FIELDS = 3 };
static const double WORK_MAX = 2e11;

struct shapley {
    struct data_model model;
    bool rate;
    uint64_t seed;
    size_t words, sets;       /* of one set; how many */
    uint64_t *set;            /* [sets * words], ascending; NULL: set i has the bits of i */
    uint32_t *of;             /* [paths]: its set; UINT32_MAX: none */
};

/* ---- sets of paths ---- */

static void count_direct(const struct data_model *model, size_t from, size_t to, const int64_t *conversions, const int64_t *value, const int64_t *nulls, int64_t *counts)
{
    const struct shapley *s = (const struct shapley *)model;
    const struct path_set *p = model->p;
    for (size_t i = from; i < to; i++) {
        size_t at = i ? p->ends[i - 1] : 0, end = p->ends[i], set = 0;
        int64_t converted = conversions[i - from], walks = converted + (nulls ? nulls[i - from] : 0);
        if (at == end || (s->rate ? walks : converted) == 0)
            continue;
        for (; at < end; at++)
            set |= (size_t)1 << p->steps[at];
        counts[FIELDS * set + CONVERTED] += converted;
        counts[FIELDS * set + WORTH] += value ? value[i - from] : 0;
        counts[FIELDS * set + WALKS] += walks;
    }
}

static void count_sets(const struct data_model *model, size_t from, size_t to, const int64_t *conversions, const int64_t *value, const int64_t *nulls, int64_t *counts)
{
    const struct shapley *s = (const struct shapley *)model;
    for (size_t i = from; i < to; i++) {
        size_t set = s->of[i];
        if (set == UINT32_MAX)
            continue;
        counts[FIELDS * set + CONVERTED] += conversions[i - from];
        counts[FIELDS * set + WORTH] += value ? value[i - from] : 0;
        counts[FIELDS * set + WALKS] += conversions[i - from] + (nulls ? nulls[i - from] : 0);
    }
}

struct interning { struct shapley *s; uint32_t *slots; size_t mask, cap; };

static uint64_t words_hash(const uint64_t *w, size_t n)
{
    uint64_t h = 0;
    for (size_t i = 0; i < n; i++) {
        h = (h ^ w[i]) * 0x9e3779b97f4a7c15u;
        h ^= h >> 29;
    }
    return h;
}

/* Where the set stands, or would. */
static size_t slot_of(const struct interning *t, const uint64_t *w)
{
    size_t words = t->s->words, i = words_hash(w, words) & t->mask;
    while (t->slots[i] && memcmp(t->s->set + (size_t)(t->slots[i] - 1) * words, w, words * sizeof *w) != 0)
        i = (i + 1) & t->mask;
    return i;
}

static bool widen(struct interning *t)
{
    size_t wider = t->mask * 2 + 1, size;
    uint32_t *slots = wider < UINT32_MAX ? mem_try_alloc((wider + 1) * sizeof *slots) : NULL;
    uint64_t *set = slots && size_mul((wider + 1) / 2 * sizeof *set, t->s->words, &size) ? mem_try_realloc(t->s->set, size) : NULL;
    if (set)
        t->s->set = set;
    if (!set) {
        mem_free(slots);
        return false;
    }
    mem_free(t->slots);
    t->slots = slots;
    t->mask = wider;
    t->cap = (wider + 1) / 2;
    for (size_t k = 0; k < t->s->sets; k++)
        t->slots[slot_of(t, set + k * t->s->words)] = (uint32_t)k + 1;
    return true;
}

static int by_bits(const void *a, const void *b, void *ctx)
{
    const struct shapley *s = ctx;
    const uint64_t *x = s->set + (size_t)(*(const uint32_t *)a) * s->words, *y = s->set + (size_t)(*(const uint32_t *)b) * s->words;
    for (size_t i = s->words; i-- > 0;)
        if (x[i] != y[i])
            return x[i] < y[i] ? -1 : 1;
    return 0;
}

/* Ascending, whichever path came first. */
static bool sort_sets(struct shapley *s)
{
    uint32_t *order = mem_try_alloc((s->sets + 1) * sizeof *order), *rank = mem_try_alloc((s->sets + 1) * sizeof *rank);
    uint64_t *sorted = mem_try_alloc((s->sets * s->words + 1) * sizeof *sorted);
    bool good = order && rank && sorted;
    for (size_t i = 0; good && i < s->sets; i++)
        order[i] = (uint32_t)i;
    if (good)
        qsort_r(order, s->sets, sizeof *order, by_bits, s);
    for (size_t i = 0; good && i < s->sets; i++) {
        rank[order[i]] = (uint32_t)i;
        memcpy(sorted + i * s->words, s->set + (size_t)order[i] * s->words, s->words * sizeof *sorted);
    }
    for (size_t i = 0; good && i < s->model.p->n; i++)
        if (s->of[i] != UINT32_MAX)
            s->of[i] = rank[s->of[i]];
    mem_free(order);
    mem_free(rank);
    if (good) {
        mem_free(s->set);
        s->set = sorted;
    } else
        mem_free(sorted);
    return good;
}

static bool sets_make(struct shapley *s, struct err *e)
{
    const struct path_set *p = s->model.p;
    struct interning t = {.s = s, .mask = 511};
    uint64_t *w = mem_try_alloc(s->words * sizeof *w);
    s->of = mem_try_alloc((p->n + 1) * sizeof *s->of);
    bool good = w && s->of && widen(&t);
    for (size_t i = 0, at = 0; good && i < p->n; at = p->ends[i++]) {
        s->of[i] = UINT32_MAX;
        if (at == p->ends[i] || (p->conversions[i] == 0 && !(s->rate && p->nulls && p->nulls[i])))
            continue;
        memset(w, 0, s->words * sizeof *w);
        for (size_t k = at; k < p->ends[i]; k++)
            w[p->steps[k] / WORD] |= UINT64_C(1) << p->steps[k] % WORD;
        if (s->sets == t.cap && !widen(&t)) {
            good = false;
            break;
        }
        size_t slot = slot_of(&t, w);
        if (!t.slots[slot]) {
            memcpy(s->set + s->sets * s->words, w, s->words * sizeof *w);
            t.slots[slot] = (uint32_t)++s->sets;
        }
        s->of[i] = t.slots[slot] - 1;
    }
    good = good && sort_sets(s);
    mem_free(t.slots);
    mem_free(w);
    return good || err_set(e, E_MEMORY, "there is not enough memory for the sets of channels of %zu paths", p->n);
}

/* ---- games ---- */

struct game {
    const struct shapley *s;
    const int64_t *counts;
    size_t *seen, n_seen;      /* sets that anybody walked */
    uint32_t *member;          /* channels of the set at hand */
    size_t n;
    double *phi, *error;       /* [members] */
    double *rate;              /* [2^EXACT_MEMBERS] */
    int64_t *converted, *walks; /* the same; or of all sets, once, where sets are their bits */
    uint32_t *local;           /* [channels]: place among the members */
    double *sum, *square, *cross; /* [channels]: of marginals drawn */
    uint32_t *order, *place;
    size_t *inside, n_inside;  /* seen sets within the one at hand */
    bool last;
    double work;
};

static uint64_t word_of(const struct shapley *s, size_t set, size_t i)
{
    return s->set ? s->set[set * s->words + i] : set;
}

static void members(struct game *g, size_t set)
{
    g->n = 0;
    for (size_t i = 0; i < g->s->words; i++)
        for (uint64_t w = word_of(g->s, set, i); w; w &= w - 1) {
            size_t c = i * WORD + (size_t)__builtin_ctzll(w);
            g->local[c] = (uint32_t)g->n;
            g->member[g->n++] = (uint32_t)c;
        }
}

static bool within(const struct shapley *s, size_t inner, size_t outer)
{
    for (size_t i = 0; i < s->words; i++)
        if (word_of(s, inner, i) & ~word_of(s, outer, i))
            return false;
    return true;
}

/* Sums over subsets, in place: Yates 1937. */
static void over_subsets(int64_t *x, size_t bits)
{
    for (size_t b = 0; b < bits; b++)
        for (size_t i = 0; i < (size_t)1 << bits; i++)
            if (i >> b & 1)
                x[i] += x[i ^ (size_t)1 << b];
}

static double rate_of(int64_t converted, int64_t walks)
{
    return walks > 0 ? (double)converted / (double)walks : 0;
}

static void rates(struct game *g, size_t set)
{
    const struct shapley *s = g->s;
    size_t all = (size_t)1 << g->n;
    if (!s->set) { /* the sums of all sets are there */
        for (size_t i = 0, sub = 0; i < all; i++, sub = (sub - set) & set)
            g->rate[i] = rate_of(g->converted[sub], g->walks[sub]);
        return;
    }
    memset(g->converted, 0, all * sizeof *g->converted);
    memset(g->walks, 0, all * sizeof *g->walks);
    for (size_t k = 0; k < g->n_seen; k++) {
        size_t at = 0, inner = g->seen[k];
        if (!within(s, inner, set))
            continue;
        for (size_t i = 0; i < s->words; i++)
            for (uint64_t w = s->set[inner * s->words + i]; w; w &= w - 1)
                at |= (size_t)1 << g->local[i * WORD + (size_t)__builtin_ctzll(w)];
        g->converted[at] += g->counts[FIELDS * inner + CONVERTED];
        g->walks[at] += g->counts[FIELDS * inner + WALKS];
    }
    over_subsets(g->converted, g->n);
    over_subsets(g->walks, g->n);
    for (size_t i = 0; i < all; i++)
        g->rate[i] = rate_of(g->converted[i], g->walks[i]);
}

static void exact(struct game *g, size_t set)
{
    double weight[EXACT_MEMBERS]; /* |T|! (n - |T| - 1)! / n! */
    size_t n = g->n;
    rates(g, set);
    weight[0] = 1 / (double)n;
    for (size_t k = 1; k < n; k++)
        weight[k] = weight[k - 1] * (double)k / (double)(n - k);
    for (size_t i = 0; i < n; i++) {
        size_t bit = (size_t)1 << i;
        g->phi[i] = g->error[i] = 0;
        for (size_t t = 0; t < (size_t)1 << n; t++) {
            double gain = t & bit ? 0 : g->rate[t | bit] - g->rate[t];
            if (gain > 0)
                g->phi[i] += weight[__builtin_popcountll(t)] * gain;
        }
    }
}

/* Members join in an order drawn anew; a seen set counts from its last member on. */
static void one_order(struct game *g, struct draws *d)
{
    const struct shapley *s = g->s;
    double total = 0, before = 0;
    int64_t converted = 0, walks = 0;
    for (size_t i = 0; i < g->n; i++)
        g->order[i] = (uint32_t)i;
    for (size_t i = g->n; i > 1; i--) {
        size_t k = draws_below(d, i);
        uint32_t x = g->order[i - 1];
        g->order[i - 1] = g->order[k];
        g->order[k] = x;
    }
    for (size_t i = 0; i < g->n; i++) {
        g->place[g->order[i]] = (uint32_t)i;
        g->converted[i] = g->walks[i] = 0;
    }
    for (size_t k = 0; k < g->n_inside; k++) {
        size_t inner = g->inside[k], last = 0;
        for (size_t i = 0; i < s->words; i++)
            for (uint64_t w = s->set[inner * s->words + i]; w; w &= w - 1) {
                size_t at = g->place[g->local[i * WORD + (size_t)__builtin_ctzll(w)]];
                last = at > last ? at : last;
            }
        g->converted[last] += g->counts[FIELDS * inner + CONVERTED];
        g->walks[last] += g->counts[FIELDS * inner + WALKS];
    }
    for (size_t i = 0; i < g->n; i++) {
        converted += g->converted[i];
        walks += g->walks[i];
        double rate = rate_of(converted, walks), gain = rate > before ? rate - before : 0;
        before = rate;
        total += gain;
        g->rate[g->order[i]] = gain;
    }
    for (size_t i = 0; i < g->n; i++) {
        g->sum[i] += g->rate[i];
        g->square[i] += g->rate[i] * g->rate[i];
        g->cross[i] += g->rate[i] * total;
    }
    g->sum[g->n] += total;
    g->square[g->n] += total * total;
}

/* The error of a share is that of a ratio of means. */
static bool sampled(struct game *g, size_t set)
{
    const struct shapley *s = g->s;
    struct draws d;
    double orders = g->last ? PERMUTATIONS : PERMUTATIONS_SAMPLE;
    draws_init(&d, s->seed, words_hash(s->set + set * s->words, s->words));
    g->n_inside = 0;
    for (size_t k = 0; k < g->n_seen; k++)
        if (within(s, g->seen[k], set))
            g->inside[g->n_inside++] = g->seen[k];
    g->work += orders * (double)(g->n_inside * (s->words + 4) + g->n);
    if (g->work > WORK_MAX)
        return false;
    for (size_t i = 0; i <= g->n; i++)
        g->sum[i] = g->square[i] = g->cross[i] = 0;
    for (int k = 0; k < (int)orders; k++)
        one_order(g, &d);
    for (size_t i = 0; i < g->n; i++) {
        double total = g->sum[g->n], share = total > 0 ? g->sum[i] / total : 0;
        double off = g->square[i] - 2 * share * g->cross[i] + share * share * g->square[g->n];
        g->phi[i] = g->sum[i] / orders;
        g->error[i] = total > 0 && off > 0 ? sqrt(off) / total : 0;
    }
    return true;
}

/* Sets that are their bits share one transform; others have room for one game at a time. */
static bool game_init(struct game *g)
{
    const struct shapley *s = g->s;
    size_t channels = s->model.p->channels + 1, local = (size_t)1 << EXACT_MEMBERS;
    size_t cells = local > channels ? local : channels;
    g->seen = mem_try_alloc((s->sets + 1) * sizeof *g->seen);
    g->inside = mem_try_alloc((s->sets + 1) * sizeof *g->inside);
    g->member = mem_try_alloc(4 * channels * sizeof *g->member);
    g->phi = mem_try_alloc(5 * channels * sizeof *g->phi);
    g->rate = mem_try_alloc(cells * sizeof *g->rate);
    g->converted = mem_try_alloc(cells * sizeof *g->converted);
    g->walks = mem_try_alloc(cells * sizeof *g->walks);
    if (!g->seen || !g->inside || !g->member || !g->phi || !g->rate || !g->converted || !g->walks)
        return false;
    g->local = g->member + channels;
    g->order = g->local + channels;
    g->place = g->order + channels;
    g->error = g->phi + channels;
    g->sum = g->error + channels;
    g->square = g->sum + channels;
    g->cross = g->square + channels;
    for (size_t k = 0; k < s->sets; k++)
        if (g->counts[FIELDS * k + WALKS])
            g->seen[g->n_seen++] = k;
    for (size_t k = 0; !s->set && k < s->sets; k++) {
        g->converted[k] = g->counts[FIELDS * k + CONVERTED];
        g->walks[k] = g->counts[FIELDS * k + WALKS];
    }
    if (!s->set) {
        over_subsets(g->converted, channels - 1);
        over_subsets(g->walks, channels - 1);
    }
    return true;
}

static void game_fini(struct game *g)
{
    mem_free(g->seen);
    mem_free(g->inside);
    mem_free(g->member);
    mem_free(g->phi);
    mem_free(g->rate);
    mem_free(g->converted);
    mem_free(g->walks);
}

static bool solve(const struct data_model *model, const int64_t *counts, bool last, struct channel_credit *out, struct err *e)
{
    const struct shapley *s = (const struct shapley *)model;
    struct game g = {.s = s, .counts = counts, .last = last};
    double all = 0;
    bool good = false;
    if (!game_init(&g)) {
        err_set(e, E_MEMORY, "there is not enough memory for %zu sets of channels", s->sets);
        goto out;
    }
    for (size_t c = 0; c < model->p->channels; c++)
        out[c] = (struct channel_credit){0};
    for (size_t k = 0; k < g.n_seen; k++) {
        size_t set = g.seen[k];
        double converted = (double)counts[FIELDS * set + CONVERTED], worth = (double)counts[FIELDS * set + WORTH] / MILLIONTHS, sum = 0;
        if (!(converted > 0))
            continue;
        members(&g, set);
        if (s->rate && g.n > 1 && g.n <= EXACT_MEMBERS)
            exact(&g, set);
        else if (s->rate && g.n > 1 && !sampled(&g, set)) {
            err_set(e, E_TOO_LARGE, "these paths have too many different sets of more than %d channels for Shapley by rate", EXACT_MEMBERS);
            err_hint(e, "group rare channels, or take shapley's worth conversions");
            goto out;
        }
        for (size_t i = 0; s->rate && g.n > 1 && i < g.n; i++)
            sum += g.phi[i];
        for (size_t i = 0; i < g.n; i++) { /* nothing to tell them by: alike */
            double share = sum > 0 ? g.phi[i] / sum : 1 / (double)g.n, error = sum > 0 ? g.error[i] * converted : 0;
            struct channel_credit *to = &out[g.member[i]];
            to->conversions += converted * share;
            to->value += worth * share;
            to->error += error * error;
        }
        all += converted;
    }
    for (size_t c = 0; c < model->p->channels; c++) {
        struct channel_credit *to = &out[c];
        to->effect = all > 0 ? to->conversions / all : 0;
        to->error = sqrt(to->error);
        to->low = to->high = to->conversions;
        to->value_low = to->value_high = to->value;
    }
    good = true;
out:
    game_fini(&g);
    return good;
}

bool shapley_run(const struct path_set *p, const struct data_options *o, struct channel_credit *out, struct err *e)
{
    struct path_totals t;
    struct shapley s = {.model = {.p = p, .count = count_direct, .solve = solve}, .rate = o->shapley_rate, .seed = o->seed};
    if (!path_totals(p, &t, e))
        return false;
    s.words = (p->channels + WORD - 1) / WORD + (p->channels == 0);
    s.sets = (size_t)1 << (p->channels <= DIRECT_CHANNELS ? p->channels : 0);
    bool good = true;
    if (p->channels > DIRECT_CHANNELS) {
        s.sets = 0;
        s.model.count = count_sets;
        good = sets_make(&s, e);
    }
    s.model.counts = FIELDS * s.sets;
    good = good && data_model_run(&s.model, o, out, e);
    mem_free(s.set);
    mem_free(s.of);
    return good;
}
