/* Ids that were loaded: an open table of eight bytes each, 52 bits of a fingerprint and the time it was received, in 4,096 steps
 * of the window. A fingerprint that is found is only a suspicion; whoever asks looks the id itself up, in the rows of that time.
 */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "events/events_int.h"

enum { STEPS = 4096, FIRST_SLOTS = 4096, SWEEP_STEPS = 64 };
#define STEP_BITS UINT64_C(0xfff)

struct seen {
    uint64_t *slots; /* 0: free */
    size_t n, cap;
    int64_t unit_us, keep_us, newest, swept; /* the last two in units */
};

struct seen *seen_new(int64_t keep_us)
{
    struct seen *s = mem_alloc(sizeof *s);
    s->keep_us = keep_us;
    s->unit_us =
        keep_us / (STEPS - 2 * SWEEP_STEPS) + 1; /* less than all steps, so that the oldest is never taken for the newest */
    if (s->unit_us < 60000000)
        s->unit_us = 60000000;
    s->cap = FIRST_SLOTS;
    s->slots = mem_alloc(s->cap * sizeof *s->slots);
    return s;
}

void seen_free(struct seen *s)
{
    if (!s)
        return;
    mem_free(s->slots);
    mem_free(s);
}

uint64_t seen_print(struct str source, struct str message_id)
{
    return XXH3_64bits_withSeed(message_id.p, message_id.n, XXH3_64bits(source.p, source.n));
}

size_t seen_count(const struct seen *s)
{
    return s->n;
}

size_t seen_bytes(const struct seen *s)
{
    return s->cap * sizeof *s->slots;
}

__extension__ typedef unsigned __int128 wide;

static size_t slot_of(uint64_t key, size_t cap)
{
    return (size_t)((wide)key * cap >> 64);
}

static uint64_t key_of(uint64_t print)
{
    uint64_t key = print & ~STEP_BITS;
    return key ? key : STEP_BITS + 1;
}

static int64_t unit_of(const struct seen *s, uint64_t slot)
{
    int64_t back = (s->newest - (int64_t)(slot & STEP_BITS)) % STEPS;
    return s->newest - (back < 0 ? back + STEPS : back);
}

static uint64_t *find(uint64_t *slots, size_t cap, uint64_t key)
{
    size_t i = slot_of(key, cap);
    while (slots[i] && (slots[i] & ~STEP_BITS) != key)
        i = i + 1 == cap ? 0 : i + 1;
    return &slots[i];
}

/* Ids that are older than the window are left behind here. `newest` may lie beyond what the steps can tell, so that times are
 * read by the one before. */
static void rebuild(struct seen *s, int64_t newest)
{
    int64_t oldest = newest - s->keep_us / s->unit_us - 1;
    size_t live = 0;
    for (size_t i = 0; i < s->cap; i++)
        live += s->slots[i] && unit_of(s, s->slots[i]) >= oldest;
    size_t cap = live + live / 2 + live / 3 + FIRST_SLOTS;
    uint64_t *slots = mem_alloc(cap * sizeof *slots);
    for (size_t i = 0; i < s->cap; i++) {
        if (s->slots[i] && unit_of(s, s->slots[i]) >= oldest)
            *find(slots, cap, s->slots[i] & ~STEP_BITS) = s->slots[i];
    }
    mem_free(s->slots);
    s->slots = slots;
    s->cap = cap;
    s->n = live;
    s->newest = s->swept = newest;
}

static void advance(struct seen *s, int64_t unit)
{
    if (unit <= s->newest)
        return;
    if (s->n && unit - s->swept >= SWEEP_STEPS)
        rebuild(s, unit);
    s->newest = unit;
}

bool seen_add(struct seen *s, uint64_t print, int64_t received_us, int64_t *from_us, int64_t *to_us)
{
    uint64_t key = key_of(print);
    int64_t unit = received_us / s->unit_us;
    advance(s, unit);
    uint64_t *at = find(s->slots, s->cap, key);
    if (*at) {
        *from_us = unit_of(s, *at) * s->unit_us;
        *to_us = *from_us + s->unit_us;
        return true;
    }
    *at = key | ((uint64_t)unit & STEP_BITS);
    if (++s->n >= s->cap / 5 * 4)
        rebuild(s, s->newest);
    return false;
}

void seen_again(struct seen *s, uint64_t print, int64_t received_us)
{
    uint64_t key = key_of(print);
    int64_t unit = received_us / s->unit_us;
    advance(s, unit);
    uint64_t *at = find(s->slots, s->cap, key);
    s->n += !*at;
    *at = key | ((uint64_t)unit & STEP_BITS);
}
