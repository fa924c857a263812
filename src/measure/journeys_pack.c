/* Rows in any order dealt for journeys. Keys of a level are numbered by (parent, text), once for all rows of a block that look the same; rows are dealt
 * into decks by the hash of their customer as they come. journeys_order.c makes journeys of the decks. */
#include "measure/journeys_int.h"

#include <stdlib.h>

enum { NODES_MAX = 4000000, BLOCK = ENGINE_ALIKE_ROWS, DEALT_LEAST = 32, DEALT_MOST = 2048, SLAB_LEAST = 64 << 10, SLAB_MOST = 32 << 20, TIE_DIGITS = 12 };

/* ---- growing arrays ---- */

static bool grown(void **v, size_t n, size_t *cap, size_t size, struct err *e)
{
    size_t more = *cap ? *cap * 2 : 1024, bytes;
    if (n < *cap)
        return true;
    void *p = size_mul(more, size, &bytes) ? mem_try_realloc(*v, bytes) : NULL;
    if (!p)
        return err_set(e, E_MEMORY, "there is not enough memory for %zu rows of journeys", n);
    *v = p;
    *cap = more;
    return true;
}

/* ---- numbers of keys ---- */

/* Most words are short: then a call costs more than the comparison. */
static inline bool same(struct str a, struct str b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (a.p[i] != b.p[i])
            return false;
    return true;
}

static bool numbers_room(struct numbers *d, uint64_t (*hash_of)(const void *ctx, uint32_t i), const void *ctx, struct err *e)
{
    if (d->n * 2 < d->cap)
        return true;
    size_t cap = d->cap ? d->cap * 2 : 64;
    uint32_t *slots = journey_tried(cap, sizeof *slots, e);
    if (!slots)
        return false;
    for (size_t i = 0; i < d->n; i++) {
        size_t at = hash_of(ctx, (uint32_t)i) & (cap - 1);
        while (slots[at])
            at = (at + 1) & (cap - 1);
        slots[at] = (uint32_t)i + 1;
    }
    mem_free(d->slots);
    d->slots = slots;
    d->cap = cap;
    return true;
}

static uint64_t node_hash(struct str key, uint32_t parent)
{
    return str_hash(key) ^ ((uint64_t)parent + 1) * UINT64_C(0x9e3779b97f4a7c15);
}

static uint64_t node_hash_of(const void *ctx, uint32_t i)
{
    const struct journey_node *v = ctx;
    return node_hash(v[i].key, v[i].parent);
}

static bool node_number(struct journey_packing *r, enum journey_level l, uint32_t parent, struct str key, struct str title, uint32_t *out, struct err *e)
{
    struct journeys *j = r->j;
    struct numbers *d = &r->nodes[l];
    uint32_t *seen = &r->seen[l][(key.n ^ (key.n ? (size_t)(unsigned char)key.p[0] * 8 ^ (size_t)(unsigned char)key.p[key.n - 1] : 0) ^ (size_t)parent * 37) % JOURNEY_SEEN];
    if (*seen) {
        const struct journey_node *x = &j->nodes[l][*seen - 1];
        if (x->parent == parent && same(x->key, key) && same(x->title, title)) {
            *out = *seen - 1;
            return true;
        }
    }
    if (!numbers_room(d, node_hash_of, j->nodes[l], e))
        return false;
    size_t at = node_hash(key, parent) & (d->cap - 1);
    for (; d->slots[at]; at = (at + 1) & (d->cap - 1)) {
        const struct journey_node *x = &j->nodes[l][d->slots[at] - 1];
        if (x->parent == parent && str_eq(x->key, key)) {
            *out = (*seen = d->slots[at]) - 1;
            if (str_cmp(title, x->title) > 0) /* of several names of one thing always the same one, whatever the order of rows */
                j->nodes[l][*out].title = arena_str(&j->a, title);
            return true;
        }
    }
    if (d->n == NODES_MAX)
        return err_set(e, E_TOO_LARGE, "there are more than %d different values of %s", NODES_MAX, journey_level_name(l));
    if (!grown((void **)&j->nodes[l], d->n, &r->cap_nodes[l], sizeof *j->nodes[l], e))
        return false;
    j->nodes[l][d->n] = (struct journey_node){.parent = parent, .key = arena_str(&j->a, key), .title = arena_str(&j->a, title)};
    *out = (uint32_t)d->n++;
    d->slots[at] = *seen = *out + 1;
    j->n_nodes[l] = d->n;
    return true;
}

/* Few different words: looked through one by one. False: more than 255. */
static bool word_number(struct arena *a, struct str **v, size_t *n, size_t *cap, struct str word, uint8_t *out, struct err *e)
{
    for (size_t i = 0; i < *n; i++)
        if (same((*v)[i], word))
            return *out = (uint8_t)i, true;
    if (*n == JOURNEY_KINDS)
        return err_set(e, E_TOO_LARGE, "there are more than %d different kinds or platforms of touches", JOURNEY_KINDS);
    if (!grown((void **)v, *n, cap, sizeof **v, e))
        return false;
    (*v)[*n] = arena_str(a, word);
    *out = (uint8_t)(*n)++;
    return true;
}

/* ---- rows ---- */

static struct journey_deck *deck_of(struct journey_packing *r, uint64_t person)
{
    return &r->decks[person >> (63 - JOURNEY_DECK_BITS) & (JOURNEY_DECKS - 1)];
}

/* Dealt rows stand in blocks that never move; blocks are cut from slabs, which are few and large. */
static struct journey_block *dealt_room(struct journey_packing *r, struct journey_deck *d, struct err *e)
{
    size_t rows = d->last ? d->last->cap * 2 : DEALT_LEAST;
    rows = rows < DEALT_MOST ? rows : DEALT_MOST;
    size_t tie_at = sizeof(struct journey_block) + rows * sizeof(struct journey_dealt), bytes = tie_at + (r->tied ? rows * sizeof(uint64_t) : 0);
    if (!r->slab || r->slab->bytes - r->slab->used < bytes) {
        size_t most = r->slab ? r->slab->bytes * 2 : SLAB_LEAST;
        most = most < SLAB_MOST ? most : SLAB_MOST;
        struct journey_slab *s = journey_tried(most, 1, e);
        if (!s)
            return NULL;
        *s = (struct journey_slab){.next = r->slab, .bytes = most, .used = sizeof *s};
        r->slab = s;
    }
    struct journey_block *b = (struct journey_block *)((char *)r->slab + r->slab->used);
    r->slab->used += bytes;
    *b = (struct journey_block){.cap = rows, .tie = r->tied ? (uint64_t *)((char *)b + tie_at) : NULL};
    if (d->last)
        d->last->next = b;
    else
        d->first = b;
    d->last = b;
    return b;
}

/* What the texts of a row say, in numbers. */
struct worded { uint32_t leaf; uint8_t kind, platform; };

static bool word(struct journey_packing *r, const struct engine_chunk *ch, size_t row, const bool *titled, struct worded *out, struct err *e)
{
    struct journeys *j = r->j;
    uint32_t parent = 0;
    if (!word_number(&j->a, &j->kinds, &j->n_kinds, &r->cap_kinds, engine_cell_str(ch, TOUCH_KIND, row), &out->kind, e) ||
        !word_number(&j->a, &j->platforms, &j->n_platforms, &r->cap_platforms, engine_cell_str(ch, TOUCH_PLATFORM, row), &out->platform, e))
        return false;
    for (int l = 0; l <= (int)j->level; l++) {
        size_t col = (size_t)TOUCH_KEYS + 2 * (size_t)l;
        struct str key = engine_cell_str(ch, col, row), title = titled[l] ? engine_cell_str(ch, col + 1, row) : key;
        if (!node_number(r, (enum journey_level)l, parent, key, title, &out->leaf, e))
            return false;
        parent = out->leaf;
    }
    return true;
}

/* Of a digit one more than its value, of anything else 0. */
static const uint8_t digit_of[256] = {['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,  ['8'] = 9,  ['9'] = 10, ['a'] = 11,
                                      ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16, ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16};

uint64_t journey_tie(struct str digits)
{
    uint64_t v = 0;
    bool wrong = false;
    if (digits.n < TIE_DIGITS)
        return 0;
    for (size_t i = 0; i < TIE_DIGITS; i++) {
        uint8_t digit = digit_of[(unsigned char)digits.p[i]];
        wrong |= digit == 0;
        v = v << 4 | ((digit - 1u) & 15);
    }
    return wrong ? 0 : v;
}

static void ties(const struct engine_chunk *ch, size_t from, size_t n, uint64_t *out)
{
    struct str digits[BLOCK];
    engine_cells_str(ch, TOUCH_TIE, from, n, digits);
    for (size_t i = 0; i < n; i++)
        out[i] = journey_tie(digits[i]);
}

static bool touches_block(struct journey_packing *r, const struct engine_chunk *ch, size_t from, size_t n, struct err *e)
{
    int64_t person[BLOCK], at[BLOCK], clicked[BLOCK];
    uint64_t tie[BLOCK];
    uint16_t group[BLOCK], row[BLOCK];
    struct worded words[BLOCK];
    size_t cols[2 + 2 * JOURNEY_LEVELS] = {TOUCH_KIND, TOUCH_PLATFORM}, n_cols = 2 + 2 * ((size_t)r->j->level + 1);
    bool titled[JOURNEY_LEVELS];
    for (size_t c = 2; c < n_cols; c++)
        cols[c] = TOUCH_KEYS + c - 2;
    for (int l = 0; l <= (int)r->j->level; l++)
        titled[l] = engine_column_is_text(ch, (size_t)TOUCH_KEYS + 2 * (size_t)l + 1);
    for (size_t g = 0, groups = engine_cells_alike(ch, cols, n_cols, from, n, group, row); g < groups; g++)
        if (!word(r, ch, from + row[g], titled, &words[g], e))
            return false;
    engine_cells_i64(ch, TOUCH_CUSTOMER, from, n, person);
    engine_cells_i64(ch, TOUCH_AT, from, n, at);
    engine_cells_i64(ch, TOUCH_CLICKED, from, n, clicked);
    if (r->tied)
        ties(ch, from, n, tie);
    for (size_t i = 0; i < n; i++) {
        struct journey_deck *d = deck_of(r, (uint64_t)person[i]);
        struct journey_block *b = d->last && d->last->n < d->last->cap ? d->last : dealt_room(r, d, e);
        if (!b)
            return false;
        const struct worded *w = &words[group[i]];
        b->rows[b->n] = (struct journey_dealt){(uint64_t)person[i], {at[i], w->leaf, w->kind, w->platform, clicked[i] != 0}};
        if (b->tie)
            b->tie[b->n] = tie[i];
        b->n++;
    }
    return true;
}

static bool ends_block(struct journey_packing *r, const struct engine_chunk *ch, size_t from, size_t n, struct err *e)
{
    int64_t person[BLOCK], at[BLOCK], tie[BLOCK], milestone[BLOCK], value[BLOCK];
    const struct journeys *j = r->j;
    engine_cells_i64(ch, END_CUSTOMER, from, n, person);
    engine_cells_i64(ch, END_AT, from, n, at);
    engine_cells_i64(ch, END_TIE, from, n, tie);
    engine_cells_i64(ch, END_MILESTONE, from, n, milestone);
    engine_cells_i64(ch, END_VALUE, from, n, value);
    for (size_t i = 0; i < n; i++) {
        struct journey_end x = {.at_us = at[i], .tie = (uint64_t)tie[i], .value = value[i], .milestone = milestone[i] != 0, .milestone_us = INT64_MIN};
        struct journey_deck *d = deck_of(r, (uint64_t)person[i]);
        x.counted = !x.milestone && (!j->has_from || x.at_us >= j->from_us);
        if (!grown((void **)&d->ends, d->n_ends, &d->cap_ends, sizeof *d->ends, e))
            return false;
        d->ends[d->n_ends++] = (struct journey_end_dealt){(uint64_t)person[i], x};
    }
    return true;
}

bool journey_take(struct journey_packing *r, bool touches, const struct engine_chunk *ch, size_t rows, struct err *e)
{
    bool good = true;
    r->tied = r->tied || (touches && engine_column_is_text(ch, TOUCH_TIE));
    for (size_t from = 0; good && from < rows; from += BLOCK) {
        size_t n = rows - from < BLOCK ? rows - from : BLOCK;
        good = touches ? touches_block(r, ch, from, n, e) : ends_block(r, ch, from, n, e);
    }
    return good;
}

/* Numbers of keys depend on the order in which rows came, which the engine does not promise: they are given anew by their texts. */
struct placed { struct journey_node node; uint32_t was; };

static int node_order(const void *a, const void *b)
{
    const struct placed *x = a, *y = b;
    return x->node.parent != y->node.parent ? (x->node.parent < y->node.parent ? -1 : 1) : str_cmp(x->node.key, y->node.key);
}

static bool renumber(struct journey_packing *r, struct err *e)
{
    struct journeys *j = r->j;
    uint32_t *above = NULL, *now = NULL;
    bool ok = true;
    for (int l = 0; ok && l <= (int)j->level; l++) {
        size_t n = j->n_nodes[l];
        struct placed *v = journey_tried(n, sizeof *v, e);
        now = journey_tried(n, sizeof *now, e);
        ok = v && now;
        for (size_t i = 0; ok && i < n; i++) {
            v[i] = (struct placed){j->nodes[l][i], (uint32_t)i};
            if (above)
                v[i].node.parent = above[v[i].node.parent];
        }
        if (ok)
            qsort(v, n, sizeof *v, node_order);
        for (size_t i = 0; ok && i < n; i++) {
            j->nodes[l][i] = v[i].node;
            now[v[i].was] = (uint32_t)i;
        }
        mem_free(v);
        mem_free(above);
        above = now;
    }
    r->leaf_now = above;
    return ok;
}

/* ---- all of it ---- */

bool journey_packing_begin(struct journey_packing *r, struct journeys *j, int threads, struct err *e)
{
    uint8_t none;
    *r = (struct journey_packing){.j = j, .threads = threads};
    r->decks = journey_tried(JOURNEY_DECKS, sizeof *r->decks, e);
    return r->decks && word_number(&j->a, &j->platforms, &j->n_platforms, &r->cap_platforms, STR(""), &none, e);
}

bool journey_packing_end(struct journey_packing *r, struct err *e)
{
    return renumber(r, e) && journey_order(r, e); /* touches of one moment stand by their keys */
}

void journey_packing_fini(struct journey_packing *r)
{
    for (int l = 0; l < JOURNEY_LEVELS; l++)
        mem_free(r->nodes[l].slots);
    for (size_t i = 0; r->decks && i < JOURNEY_DECKS; i++) {
        mem_free(r->decks[i].ends);
        mem_free(r->decks[i].person);
        mem_free(r->decks[i].first_touch);
    }
    for (struct journey_slab *s = r->slab, *next; s; s = next) {
        next = s->next;
        mem_free(s);
    }
    mem_free(r->decks);
    mem_free(r->leaf_now);
}
