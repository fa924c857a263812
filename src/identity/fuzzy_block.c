/* Keys are made of the fields' kinds alone: each number, date and address on its own, and each two of the texts by how they sound. A key that many
 * records share says little: such a block is passed over, and counted. */
#include "identity/fuzzy_block.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/mem.h"

enum { BLOCK_MAX = 60, PAIRS_MAX = 200 << 20, SOUND_MAX = 5 };

struct key {
    uint64_t hash;
    uint32_t record;
};
struct keys {
    struct key *v;
    size_t n, cap;
};

/* Letters by how they sound, vowels left out: after R. Russell's Soundex (1918), for more than English. */
static size_t sound(struct str s, char out[SOUND_MAX])
{
    static const char code[] = "01230120022455012623010202"; /* a..z */
    size_t n = 0;
    char last = 0;
    for (size_t i = 0; i < s.n && n < SOUND_MAX; i++) {
        unsigned char c = (unsigned char)s.p[i];
        char now = islower(c) ? code[c - 'a'] : (char)c;
        if (n == 0)
            out[n++] = (char)c;
        else if (now != '0' && now != ' ' && now != last)
            out[n++] = now;
        last = now;
    }
    return n;
}

static uint64_t mix(uint64_t h, uint64_t v)
{
    h ^= v + 0x9e3779b97f4a7c15ull + (h << 6) + (h >> 2);
    return h * 0xff51afd7ed558ccdull;
}

static bool put(struct keys *k, uint64_t hash, uint32_t record)
{
    if (k->n == k->cap) {
        size_t cap = k->cap ? k->cap * 2 : 4096;
        struct key *v = mem_try_realloc(k->v, cap * sizeof *v);
        if (!v)
            return false;
        k->v = v;
        k->cap = cap;
    }
    k->v[k->n++] = (struct key){hash, record};
    return true;
}

static bool is_text(enum fuzzy_kind k)
{
    return k == FUZZY_NAME || k == FUZZY_TEXT;
}

static uint64_t text_key(struct str s)
{
    char out[SOUND_MAX];
    size_t n = sound(s, out);
    return str_hash((struct str){out, n});
}

static bool keys_of(struct keys *k, const struct fuzzy_field *fields, size_t n_fields, const struct str *v, uint32_t record)
{
    for (size_t i = 0; i < n_fields; i++) {
        if (v[i].n == 0)
            continue;
        bool single = !is_text(fields[i].kind) && v[i].n >= 6;
        if (single && !put(k, mix(i + 1, str_hash(v[i])), record))
            return false;
        for (size_t j = i + 1; j < n_fields; j++) {
            if (v[j].n == 0)
                continue;
            bool names = fields[i].kind == FUZZY_NAME && fields[j].kind == FUZZY_NAME;
            uint64_t a = is_text(fields[i].kind) ? text_key(v[i]) : str_hash(v[i]), b = is_text(fields[j].kind) ? text_key(v[j]) : str_hash(v[j]);
            /* Names that may be swapped share a key whichever way round they stand. */
            uint64_t both = names ? mix(1000 + i * 64 + j, a < b ? mix(a, b) : mix(b, a)) : mix(2000 + i * 64 + j, mix(a, b));
            if (!put(k, both, record))
                return false;
        }
    }
    return true;
}

static int key_cmp(const void *x, const void *y)
{
    const struct key *a = x, *b = y;
    return a->hash != b->hash ? (a->hash > b->hash) - (a->hash < b->hash) : (a->record > b->record) - (a->record < b->record);
}

static int pair_cmp(const void *x, const void *y)
{
    uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;
    return (a > b) - (a < b);
}

uint64_t *fuzzy_block(const struct fuzzy_field *fields, size_t n_fields, const struct str *values, size_t n_records, size_t *n_pairs, size_t *passed_over)
{
    struct keys k = {0};
    uint64_t *pairs = NULL;
    size_t n = 0, cap = 0;
    bool ok = true;
    *n_pairs = *passed_over = 0;
    for (size_t r = 0; ok && r < n_records; r++)
        ok = keys_of(&k, fields, n_fields, values + r * n_fields, (uint32_t)r);
    if (k.n)
        qsort(k.v, k.n, sizeof *k.v, key_cmp);
    for (size_t from = 0, to; ok && from < k.n; from = to) {
        for (to = from + 1; to < k.n && k.v[to].hash == k.v[from].hash;)
            to++;
        size_t size = to - from;
        if (size > BLOCK_MAX) {
            ++*passed_over;
            continue;
        }
        if (n + size * size > cap) {
            cap = cap ? cap * 2 : 65536;
            uint64_t *bigger = cap <= PAIRS_MAX ? mem_try_realloc(pairs, cap * sizeof *pairs) : NULL;
            if (!bigger) {
                ok = false;
                break;
            }
            pairs = bigger;
        }
        for (size_t i = from; i < to; i++)
            for (size_t j = i + 1; j < to; j++)
                if (k.v[i].record != k.v[j].record)
                    pairs[n++] = (uint64_t)k.v[i].record << 32 | k.v[j].record;
    }
    mem_free(k.v);
    if (!ok) {
        mem_free(pairs);
        return NULL;
    }
    if (!pairs)
        pairs = mem_alloc(sizeof *pairs);
    qsort(pairs, n, sizeof *pairs, pair_cmp);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || pairs[i] != pairs[*n_pairs - 1])
            pairs[(*n_pairs)++] = pairs[i];
    return pairs;
}
