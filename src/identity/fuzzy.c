/* The model: comparison of every candidate pair, u from random pairs, m and the prior by EM, rarer names weigh more. */
#include "identity/fuzzy.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "identity/fuzzy_block.h"

enum { RANDOM_PAIRS = 200000, ROUNDS_MAX = 50, RECORDS_MAX = 1 << 28 };
#define SMALL   1e-7
#define SETTLED 1e-5

struct work {
    const struct fuzzy_field *fields;
    size_t n_fields, n_records;
    struct str *values; /* normalised */
    uint32_t *counts;   /* how often the value of a record's field occurs; as values */
    uint64_t *pairs;
    uint8_t *levels; /* n_pairs * n_fields */
    size_t n_pairs;
};

/* Deterministic: the same records give the same sample. */
static uint64_t next_random(uint64_t *s)
{
    *s ^= *s << 13;
    *s ^= *s >> 7;
    *s ^= *s << 17;
    return *s;
}

/* Mail addresses are made of names: where all names agree, an address that is only somewhat like the other one says nothing of its own, but
 * for one that is a slip of the pen away. */
static void discount_mail(const struct work *w, const struct str *x, const struct str *y, uint8_t *levels)
{
    size_t names = 0, agree = 0;
    for (size_t i = 0; i < w->n_fields; i++)
        if (w->fields[i].kind == FUZZY_NAME) {
            names++;
            agree += levels[i] != FUZZY_MISSING && levels[i] >= 2;
        }
    for (size_t i = 0; names > 0 && agree == names && i < w->n_fields; i++)
        if (w->fields[i].kind == FUZZY_EMAIL && levels[i] == 1 && fuzzy_edits(x[i], y[i], 2) > 2)
            levels[i] = FUZZY_MISSING;
}

/* The levels of a pair. Where two names of the one are those of the other the other way round, both count as nearly the same. */
static void compare(const struct work *w, uint32_t a, uint32_t b, uint8_t *levels)
{
    const struct str *x = w->values + (size_t)a * w->n_fields, *y = w->values + (size_t)b * w->n_fields;
    for (size_t i = 0; i < w->n_fields; i++)
        levels[i] = (uint8_t)fuzzy_compare(w->fields[i].kind, x[i], y[i]);
    for (size_t i = 0; i + 1 < w->n_fields; i++) {
        if (w->fields[i].kind != FUZZY_NAME || w->fields[i + 1].kind != FUZZY_NAME || levels[i] > 1 || levels[i + 1] > 1)
            continue;
        if (x[i].n && x[i + 1].n && fuzzy_compare(FUZZY_NAME, x[i], y[i + 1]) >= 2 && fuzzy_compare(FUZZY_NAME, x[i + 1], y[i]) >= 2 && y[i].n && y[i + 1].n)
            levels[i] = levels[i + 1] = 2;
    }
    discount_mail(w, x, y, levels);
}

static void learn_u(const struct work *w, struct fuzzy_model *m)
{
    double seen[FUZZY_FIELDS_MAX] = {0}, at[FUZZY_FIELDS_MAX][FUZZY_LEVELS] = {{0}};
    uint64_t s = 0x2545f4914f6cdd1dull;
    uint8_t levels[FUZZY_FIELDS_MAX];
    for (int i = 0; i < RANDOM_PAIRS; i++) {
        uint32_t a = (uint32_t)(next_random(&s) % w->n_records), b = (uint32_t)(next_random(&s) % w->n_records);
        if (a == b)
            continue;
        compare(w, a, b, levels);
        for (size_t f = 0; f < w->n_fields; f++)
            if (levels[f] != FUZZY_MISSING) {
                at[f][levels[f]]++;
                seen[f]++;
            }
    }
    for (size_t f = 0; f < w->n_fields; f++)
        for (int l = 0; l < fuzzy_levels(w->fields[f].kind); l++) /* never zero: a level that was not drawn is rare, not impossible */
            m->u[f][l] = (at[f][l] + 0.5) / (seen[f] + 0.5 * fuzzy_levels(w->fields[f].kind));
}

static double pair_weight(const struct work *w, const struct fuzzy_model *m, size_t pair)
{
    const uint8_t *levels = w->levels + pair * w->n_fields;
    double weight = 0;
    for (size_t f = 0; f < w->n_fields; f++)
        if (levels[f] != FUZZY_MISSING)
            weight += log2(m->m[f][levels[f]] / m->u[f][levels[f]]);
    return weight;
}

/* EM over the candidates with u held; the prior is of candidates here and turned to that of all pairs at the end. */
static void learn_m(const struct work *w, struct fuzzy_model *m)
{
    double prior = 0.1;
    for (size_t f = 0; f < w->n_fields; f++) {
        int top = fuzzy_levels(w->fields[f].kind) - 1;
        for (int l = 0; l <= top; l++)
            m->m[f][l] = l == top ? 0.8 : 0.2 / top;
    }
    for (m->rounds = 0; m->rounds < ROUNDS_MAX; m->rounds++) {
        double all = 0, seen[FUZZY_FIELDS_MAX] = {0}, at[FUZZY_FIELDS_MAX][FUZZY_LEVELS] = {{0}}, moved = 0;
        for (size_t i = 0; i < w->n_pairs; i++) {
            const uint8_t *levels = w->levels + i * w->n_fields;
            double p = 1 / (1 + exp2(-pair_weight(w, m, i)) * (1 - prior) / prior);
            all += p;
            for (size_t f = 0; f < w->n_fields; f++)
                if (levels[f] != FUZZY_MISSING) {
                    at[f][levels[f]] += p;
                    seen[f] += p;
                }
        }
        double fresh = fmin(fmax(all / (double)w->n_pairs, SMALL), 1 - SMALL);
        moved = fabs(fresh - prior);
        prior = fresh;
        for (size_t f = 0; f < w->n_fields; f++)
            for (int l = 0; l < fuzzy_levels(w->fields[f].kind); l++) {
                double v = seen[f] > 0 ? fmax(at[f][l] / seen[f], SMALL) : m->m[f][l];
                moved = fmax(moved, fabs(v - m->m[f][l]));
                m->m[f][l] = v;
            }
        if (moved < SETTLED)
            break;
    }
    double n = (double)w->n_records;
    m->prior = fmin(fmax(prior * (double)w->n_pairs / (n * (n - 1) / 2), SMALL * SMALL), 0.5);
}

/* Equality of a rare value says more than that of a common one: u of the level "equal" becomes the value's own frequency. */
static double rarity(const struct work *w, const struct fuzzy_model *m, uint32_t a, const uint8_t *levels)
{
    double more = 0;
    for (size_t f = 0; f < w->n_fields; f++) {
        int top = fuzzy_levels(w->fields[f].kind) - 1;
        if (levels[f] != top || (w->fields[f].kind != FUZZY_NAME && w->fields[f].kind != FUZZY_TEXT))
            continue;
        double frequency = fmax((double)w->counts[(size_t)a * w->n_fields + f], 2) / (double)w->n_records;
        more += log2(m->u[f][top] / frequency);
    }
    return more;
}

struct counted {
    struct str value;
    uint32_t record;
};
static int counted_cmp(const void *x, const void *y)
{
    return str_cmp(((const struct counted *)x)->value, ((const struct counted *)y)->value);
}

static bool count_values(struct work *w)
{
    struct counted *v = mem_try_alloc((w->n_records + 1) * sizeof *v);
    w->counts = mem_try_alloc((w->n_records * w->n_fields + 1) * sizeof *w->counts);
    for (size_t f = 0; v && w->counts && f < w->n_fields; f++) {
        for (size_t r = 0; r < w->n_records; r++)
            v[r] = (struct counted){w->values[r * w->n_fields + f], (uint32_t)r};
        qsort(v, w->n_records, sizeof *v, counted_cmp);
        for (size_t from = 0, to; from < w->n_records; from = to) {
            for (to = from + 1; to < w->n_records && str_eq(v[to].value, v[from].value);)
                to++;
            for (size_t i = from; i < to; i++)
                w->counts[(size_t)v[i].record * w->n_fields + f] = (uint32_t)(to - from);
        }
    }
    mem_free(v);
    return v && w->counts;
}

static void pick(const struct work *w, const struct fuzzy_model *m, double review, struct arena *a, struct fuzzy_result *out)
{
    double offset = log2(m->prior / (1 - m->prior));
    for (int round = 0; round < 2; round++) { /* counted first */
        size_t n = 0;
        for (size_t i = 0; i < w->n_pairs; i++) {
            const uint8_t *levels = w->levels + i * w->n_fields;
            uint32_t x = (uint32_t)(w->pairs[i] >> 32), y = (uint32_t)w->pairs[i];
            double weight = pair_weight(w, m, i) + rarity(w, m, x, levels), p = 1 / (1 + exp2(-(weight + offset)));
            if (p < review)
                continue;
            if (round) {
                out->pairs[n] = (struct fuzzy_pair){.a = x, .b = y, .weight = weight, .probability = p};
                memcpy(out->pairs[n].levels, levels, w->n_fields);
            }
            n++;
        }
        if (!round)
            out->pairs = arena_array(a, n + 1, sizeof *out->pairs);
        out->n = n;
    }
}

bool fuzzy_match(const struct fuzzy_field *fields, size_t n_fields, const struct str *values, size_t n_records, double review, struct arena *a,
                 struct fuzzy_result *out, struct err *e)
{
    struct work w = {.fields = fields, .n_fields = n_fields, .n_records = n_records};
    struct arena normal;
    bool ok = false;
    *out = (struct fuzzy_result){0};
    if (n_fields == 0 || n_fields > FUZZY_FIELDS_MAX || n_records > RECORDS_MAX)
        return err_set(e, E_USAGE, "fuzzy matching compares 1 to %d fields of at most %d records", FUZZY_FIELDS_MAX, RECORDS_MAX);
    if (n_records < 2)
        return true;
    arena_init(&normal);
    w.values = mem_try_alloc(n_records * n_fields * sizeof *w.values);
    if (!w.values)
        goto out;
    for (size_t i = 0; i < n_records * n_fields; i++)
        w.values[i] = fuzzy_normal(&normal, fields[i % n_fields].kind, values[i]);
    w.pairs = fuzzy_block(fields, n_fields, w.values, n_records, &w.n_pairs, &out->blocks_passed_over);
    w.levels = w.pairs ? mem_try_alloc(w.n_pairs * n_fields + 1) : NULL;
    if (!w.levels || !count_values(&w))
        goto out;
    for (size_t i = 0; i < w.n_pairs; i++)
        compare(&w, (uint32_t)(w.pairs[i] >> 32), (uint32_t)w.pairs[i], w.levels + i * n_fields);
    out->candidates = w.n_pairs;
    ok = true;
    if (w.n_pairs) {
        learn_u(&w, &out->model);
        learn_m(&w, &out->model);
        pick(&w, &out->model, review, a, out);
    }
out:
    mem_free(w.values);
    mem_free(w.counts);
    mem_free(w.pairs);
    mem_free(w.levels);
    arena_fini(&normal);
    return ok || err_set(e, E_MEMORY, "not enough memory to compare %zu records", n_records);
}
