/* Shared by journeys*.c alone. */
#ifndef MEASURE_JOURNEYS_INT_H
#define MEASURE_JOURNEYS_INT_H

#include "base/buf.h"
#include "measure/journeys.h"

#define JOURNEY_TOUCHES "shared.touchpoint"
#define JOURNEY_ENDS "shared.conversion"
#define JOURNEY_ACCOUNT_ENDS "shared.account_credit"
#define JOURNEY_ACCOUNTS "shared.account_360"
#define JOURNEY_CONTACTS "shared.contact"
#define JOURNEY_IDENTITY "shared.identity"
#define JOURNEY_CONSENT "shared.consent"

/* Columns of both statements, in this order. Keys come in pairs, key and title, down to the level that is asked. */
enum { TOUCH_CUSTOMER, TOUCH_AT, TOUCH_TIE, TOUCH_KIND, TOUCH_PLATFORM, TOUCH_CLICKED, TOUCH_KEYS };
enum { END_CUSTOMER, END_AT, END_TIE, END_MILESTONE, END_VALUE, END_COLUMNS };
/* journeys_sql.c. `longest_us`: how far back touches are needed. */
void journey_touches_sql(const struct metric_asker *who, const struct journey_ask *ask, const struct journeys *j, struct buf *b);
void journey_ends_sql(const struct metric_asker *who, const struct journey_ask *ask, const struct journeys *j, struct buf *b);

/* ---- journeys_pack.c: rows in any order, numbered and dealt ---- */

/* Open addressing over indexes of what is numbered; 0: free, else index + 1. */
struct numbers { uint32_t *slots; size_t cap, n; };
struct journey_dealt { uint64_t person /* then its number in the deck */; struct journey_touch touch; };
struct journey_end_dealt { uint64_t person; struct journey_end end; };
struct journey_block { struct journey_block *next; size_t n, cap; uint64_t *tie; /* NULL: none has one */ struct journey_dealt rows[]; };
struct journey_slab { struct journey_slab *next; size_t bytes, used; };
struct journey_deck {
    struct journey_block *first, *last; /* touches */
    struct journey_end_dealt *ends;
    size_t n_touches, n_ends, cap_ends;
    uint64_t *person;    /* [n_people] */
    size_t *first_touch; /* [n_people], among all */
    size_t n_people, person_at, touch_at, end_at; /* where its own begin among all */
    bool failed;         /* there was no memory */
};
enum { JOURNEY_DECK_BITS = 9, JOURNEY_DECKS = 1 << JOURNEY_DECK_BITS, JOURNEY_SEEN = 256 };
struct journey_packing {
    struct journeys *j;
    int threads;
    struct numbers nodes[JOURNEY_LEVELS];
    uint32_t seen[JOURNEY_LEVELS][JOURNEY_SEEN]; /* nodes that were asked for of late; index + 1 */
    size_t cap_nodes[JOURNEY_LEVELS], cap_platforms, cap_kinds;
    struct journey_deck *decks;
    struct journey_slab *slab;                   /* the newest; all blocks are in them */
    bool tied, keep_ties;                        /* touches come with ties; those are wanted afterwards */
    uint32_t *leaf_now;                          /* numbers of leaves as they came, to those by their texts */
};
/* `j` with level, span and arena set; journey_packing_fini on every path. */
MUST_CHECK bool journey_packing_begin(struct journey_packing *r, struct journeys *j, int threads, struct err *e);
/* Rows with the columns above. A tie may come as digits (journey_tie); a title that is no text is its key. */
MUST_CHECK bool journey_take(struct journey_packing *r, bool touches, const struct engine_chunk *ch, size_t rows, struct err *e);
MUST_CHECK bool journey_packing_end(struct journey_packing *r, struct err *e);
void journey_packing_fini(struct journey_packing *r);
uint64_t journey_tie(struct str digits); /* 12 hexadecimal digits of a touchpoint's id as their number; else 0 */

/* ---- journeys_order.c: decks to journeys ---- */

/* Room for n rows, zero. E_MEMORY */
void *journey_tried(size_t n, size_t size, struct err *e);
MUST_CHECK bool journey_order(struct journey_packing *r, struct err *e);

#endif
