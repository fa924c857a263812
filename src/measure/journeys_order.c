/* Decks of dealt rows to journeys: each deck is small enough to be numbered, spread and sorted within the processor's cache, several at once. */
#include "measure/journeys_int.h"

#include <stdlib.h>

#include "measure/kernels_int.h"

enum { SMALL = 24, PEOPLE_LEAST = 64 };

void *journey_tried(size_t n, size_t size, struct err *e)
{
    size_t bytes;
    void *p = size_mul(n ? n : 1, size, &bytes) ? mem_try_alloc(bytes) : NULL;
    if (!p)
        err_set(e, E_MEMORY, "there is not enough memory for %zu rows of journeys", n);
    return p;
}

/* ---- by time ---- */

static int by_time(int64_t at, uint64_t tie, int64_t other_at, uint64_t other_tie)
{
    return at != other_at ? (at < other_at ? -1 : 1) : tie != other_tie ? (tie < other_tie ? -1 : 1) : 0;
}

struct tied { struct journey_touch touch; uint64_t tie; };

static inline int touch_order(const void *a, const void *b)
{
    const struct tied *x = a, *y = b;
    int o = by_time(x->touch.at_us, x->tie, y->touch.at_us, y->tie);
    return o ? o : x->touch.leaf != y->touch.leaf ? (x->touch.leaf < y->touch.leaf ? -1 : 1) : 0;
}

static inline int end_order(const void *a, const void *b)
{
    const struct journey_end *x = a, *y = b;
    int o = by_time(x->at_us, x->tie, y->at_us, y->tie);
    return o ? o : x->value != y->value ? (x->value < y->value ? -1 : 1) : 0;
}

#define SORT(name, type, order)                       \
    static void name(type *v, size_t n)               \
    {                                                 \
        if (n > SMALL) {                              \
            qsort(v, n, sizeof *v, order);            \
            return;                                   \
        }                                             \
        for (size_t i = 1, k; i < n; i++) {           \
            if (order(&v[i - 1], &v[i]) <= 0)         \
                continue;                             \
            type held = v[i];                         \
            for (k = i; k > 0 && order(&v[k - 1], &held) > 0; k--) \
                v[k] = v[k - 1];                      \
            v[k] = held;                              \
        }                                             \
    }
SORT(touches_sort, struct tied, touch_order)
SORT(ends_sort, struct journey_end, end_order)

/* ---- people of a deck ---- */

struct people { struct journey_deck *d; uint32_t *slots; size_t cap; /* of slots; people have half of it */ };

static size_t person_slot(const struct people *p, uint64_t person)
{
    size_t at = (size_t)(person * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (p->cap - 1);
    while (p->slots[at] && p->d->person[p->slots[at] - 1] != person)
        at = (at + 1) & (p->cap - 1);
    return at;
}

static bool people_grow(struct people *p)
{
    struct people more = {p->d, NULL, p->cap ? p->cap * 2 : PEOPLE_LEAST};
    uint64_t *person = mem_try_realloc(p->d->person, more.cap / 2 * sizeof *person);
    if (!person)
        return false;
    p->d->person = person;
    more.slots = more.cap < UINT32_MAX ? mem_try_alloc(more.cap * sizeof *more.slots) : NULL;
    if (!more.slots)
        return false;
    for (size_t i = 0; i < p->d->n_people; i++)
        more.slots[person_slot(&more, person[i])] = (uint32_t)i + 1;
    mem_free(p->slots);
    *p = more;
    return true;
}

/* Numbered as they are met. */
static inline bool person_number(struct people *p, uint64_t person, uint64_t *out)
{
    if (p->d->n_people >= p->cap / 2 && !people_grow(p))
        return false;
    size_t at = person_slot(p, person);
    if (!p->slots[at]) {
        p->d->person[p->d->n_people] = person;
        p->slots[at] = (uint32_t)++p->d->n_people;
    }
    *out = p->slots[at] - 1;
    return true;
}

static bool people_number(struct journey_deck *d)
{
    struct people p = {.d = d};
    bool good = true;
    uint64_t number;
    for (size_t i = 0; good && i < d->n_ends; i++)
        if ((good = person_number(&p, d->ends[i].person, &number)))
            d->ends[i].end.customer = (uint32_t)number;
    for (struct journey_block *b = d->first; good && b; b = b->next)
        for (size_t i = 0; good && i < b->n; i++)
            good = person_number(&p, b->rows[i].person, &b->rows[i].person);
    mem_free(p.slots);
    return good;
}

/* ---- touches ---- */

/* Counts, spreads, and sorts within each person; `all`: room for the touches of the deck. */
static void deck_spread(const struct journey_packing *r, struct journey_deck *d, struct tied *all)
{
    struct journeys *j = r->j;
    size_t *first = d->first_touch;
    for (const struct journey_block *b = d->first; b; b = b->next)
        for (size_t k = 0; k < b->n; k++)
            first[b->rows[k].person]++;
    for (size_t k = 0, at = 0; k < d->n_people; k++) {
        size_t rows = first[k];
        first[k] = at;
        at += rows;
    }
    for (const struct journey_block *b = d->first; b; b = b->next)
        for (size_t k = 0; k < b->n; k++) {
            struct tied *x = &all[first[b->rows[k].person]++];
            *x = (struct tied){b->rows[k].touch, b->tie ? b->tie[k] : 0};
            x->touch.leaf = r->leaf_now[x->touch.leaf];
        }
    for (size_t k = 0, begin = 0; k < d->n_people; k++) { /* where each ends to where it begins */
        size_t end = first[k];
        touches_sort(all + begin, end - begin);
        first[k] = d->touch_at + begin;
        begin = end;
    }
    for (size_t k = 0; k < d->n_touches; k++)
        j->touches[d->touch_at + k] = all[k].touch;
    for (size_t k = 0; j->tie && k < d->n_touches; k++)
        j->tie[d->touch_at + k] = all[k].tie;
}

static void deck_touches(void *ctx, size_t i)
{
    const struct journey_packing *r = ctx;
    struct journey_deck *d = &r->decks[i];
    struct tied *all = NULL;
    if (d->n_touches + d->n_ends == 0)
        return;
    d->failed = !people_number(d) || !(d->first_touch = mem_try_alloc(d->n_people * sizeof *d->first_touch)) || !(all = mem_try_alloc(d->n_touches * sizeof *all));
    if (!d->failed)
        deck_spread(r, d, all);
    mem_free(all);
}

/* ---- ends, and everything under the numbers of all ---- */

static void deck_ends(const struct journey_deck *d, struct journeys *j)
{
    size_t *first = j->first_end + d->person_at;
    for (size_t i = 0; i < d->n_ends; i++)
        first[d->ends[i].end.customer]++;
    for (size_t k = 0, at = d->end_at; k < d->n_people; k++) {
        size_t rows = first[k];
        first[k] = at;
        at += rows;
    }
    for (size_t i = 0; i < d->n_ends; i++) {
        struct journey_end *x = &j->ends[first[d->ends[i].end.customer]++];
        *x = d->ends[i].end;
        x->customer += (uint32_t)d->person_at;
    }
    for (size_t k = d->n_people; k > 0; k--) {
        size_t begin = k > 1 ? first[k - 2] : d->end_at;
        ends_sort(j->ends + begin, first[k - 1] - begin);
        first[k - 1] = begin;
    }
}

static void deck_place(void *ctx, size_t i)
{
    struct journey_packing *r = ctx;
    struct journeys *j = r->j;
    const struct journey_deck *d = &r->decks[i];
    if (d->n_people == 0)
        return;
    memcpy(j->hash + d->person_at, d->person, d->n_people * sizeof *j->hash);
    memcpy(j->first_touch + d->person_at, d->first_touch, d->n_people * sizeof *j->first_touch);
    deck_ends(d, j);
}

/* Milestones tell the conversions after them when they were first reached within the lookback, and are no ends themselves. */
static void milestones(struct journeys *j)
{
    size_t n = 0;
    for (size_t k = 0; k < j->n_customers; k++) {
        size_t from = j->first_end[k], to = j->first_end[k + 1], m = from;
        for (size_t i = from; i < to; i++) {
            while (m < to && (!j->ends[m].milestone || j->ends[m].at_us < j->ends[i].at_us - j->lookback_us))
                m++;
            if (m < to && j->ends[m].at_us <= j->ends[i].at_us)
                j->ends[i].milestone_us = j->ends[m].at_us;
        }
        j->first_end[k] = n;
        for (size_t i = from; i < to; i++)
            if (!j->ends[i].milestone)
                j->ends[n++] = j->ends[i];
    }
    j->first_end[j->n_customers] = n;
    j->n_ends = n;
}

bool journey_order(struct journey_packing *r, struct err *e)
{
    struct journeys *j = r->j;
    for (size_t i = 0; i < JOURNEY_DECKS; i++) {
        struct journey_deck *d = &r->decks[i];
        for (const struct journey_block *b = d->first; b; b = b->next)
            d->n_touches += b->n;
        d->touch_at = j->n_touches;
        d->end_at = j->n_ends;
        j->n_touches += d->n_touches;
        j->n_ends += d->n_ends;
    }
    if ((r->keep_ties && !(j->tie = journey_tried(j->n_touches, sizeof *j->tie, e))) || !(j->touches = journey_tried(j->n_touches, sizeof *j->touches, e)) || !(j->ends = journey_tried(j->n_ends, sizeof *j->ends, e)))
        return false;
    in_parallel(r->threads, JOURNEY_DECKS, deck_touches, r);
    for (size_t i = 0; i < JOURNEY_DECKS; i++) {
        struct journey_deck *d = &r->decks[i];
        if (d->failed)
            return err_set(e, E_MEMORY, "there is not enough memory for %zu rows of journeys", d->n_touches + d->n_ends);
        d->person_at = j->n_customers;
        j->n_customers += d->n_people;
    }
    if (j->n_customers >= UINT32_MAX)
        return err_set(e, E_TOO_LARGE, "there are more customers than can be numbered");
    if (!(j->hash = journey_tried(j->n_customers, sizeof *j->hash, e)) || !(j->first_touch = journey_tried(j->n_customers + 1, sizeof *j->first_touch, e)) ||
        !(j->first_end = journey_tried(j->n_customers + 1, sizeof *j->first_end, e)))
        return false;
    in_parallel(r->threads, JOURNEY_DECKS, deck_place, r);
    j->first_touch[j->n_customers] = j->n_touches;
    j->first_end[j->n_customers] = j->n_ends;
    milestones(j);
    return true;
}
