/* What the files of the resolver share.
 *
 *   identifiers  --nb_parent-->  neighbourhood (all that ever stood together, limits aside): ring of its sets by nb_next, nb_tail the latest
 *                --cu_parent-->  customer (its first identifier): ring of its sets by cu_next; cu_tail, and behind that
 *                                the one that founded it; ring of its members that count for a limit by member_next
 */
#ifndef IDENTITY_RESOLVE_INT_H
#define IDENTITY_RESOLVE_INT_H

#include "base/buf.h"
#include "base/mem.h"
#include "identity/resolve.h"

/* A set's identifiers: number in the low 30 bits, enum resolve_reason above. */
#define ENTRY_NUMBER(e) ((e) & 0x3fffffffu)
#define ENTRY_REASON(e) ((e) >> 30)
#define ENTRY(number, reason) ((number) | (uint32_t)(reason) << 30)

enum identifier_flags {
    ID_BLOCKED = 1,
    ID_LISTED = 2,   /* stands in its customer's ring of members */
    ID_LABEL = 4,    /* a split names it */
    ID_CUSTOMER = 8, /* was a customer when the last call ended */
    ID_TOUCHED = 16, /* stands in r->touched */
    NB_DIRTY = 32,   /* of a neighbourhood's root: will be resolved anew */
    CU_LABEL = 64,   /* of a customer's root: holds an identifier with ID_LABEL */
};
enum set_flags { SET_DEAD = 1, SET_DECIDED = 2, SET_RECORDED = 4, SET_REDONE = 8 };

#define VEC(type)       \
    struct {            \
        type *v;        \
        size_t n, cap;  \
    }
/* Room for one more; the element itself is set by the caller. */
#define VEC_MORE(x) ((x).n < (x).cap ? (void)0 : (void)((x).v = vec_grow((x).v, &(x).cap, (x).n + 1, sizeof *(x).v)))
#define VEC_ADD(x, ...) (VEC_MORE(x), (x).v[(x).n++] = __VA_ARGS__)
#define VEC_FREE(x) (mem_free((x).v), (x).v = NULL, (x).n = (x).cap = 0)
void *vec_grow(void *v, size_t *cap, size_t at_least, size_t size);

struct label { uint32_t identifier; uint8_t side; /* 1 out, 2 rest */ };
struct decision { int64_t id; bool split; size_t first_label, n_labels; uint32_t set; /* of a merge */ };
struct record { uint32_t set, was; size_t before; bool compare; /* before: its entries as they were, in r->before */ };

/* What is looked at together lies together: an identifier and a set each cost one line of the cache. */
struct node {
    uint32_t text, nb_parent, nb_tail, cu_parent, cu_tail, member_next;
    uint32_t last; /* newest set that it was admitted in */
    uint8_t kind, flags;
};
struct set {
    int64_t evidence, at;
    uint32_t origin, first; /* first: in entries; it ends where the next one begins */
    uint32_t nb_next, cu_next;
};

enum { STAGED_MOST = 64 };
struct staged { int64_t evidence, at; size_t text[2], text_n[2], first, n; };
struct staged_id { uint64_t hash; size_t text, n; uint32_t kind; };

struct resolve {
    struct resolve_kind *kinds;
    size_t n_kinds;
    bool (*blocked)(void *ctx, uint32_t kind, struct str value);
    void *blocked_ctx;

    char *text; /* identifiers and origins, each at a multiple of 4 */
    size_t text_n, text_cap;
    VEC(struct str) sources; /* by number; owned */

    VEC(struct node) nodes;
    uint32_t *slots; /* hash table of identifiers: where their texts are */
    size_t n_slots;

    VEC(struct set) sets;
    VEC(uint8_t) set_flags;
    VEC(uint32_t) entries; /* identifiers of the sets, one set after the other */
    uint32_t *evidence_slots; /* hash table of sets by evidence; number + 1; NULL until it is needed */
    size_t n_evidence_slots, n_evidence;

    /* sets that were given and are not taken in yet */
    VEC(struct staged) staged;
    VEC(struct staged_id) staged_ids;
    struct buf staged_text;
    VEC(struct resolve_identifier) unstaged;
    VEC(uint64_t) unstaged_hashes;

    VEC(struct decision) decisions;
    VEC(struct label) labels; /* those of one decision together */

    VEC(uint32_t) pending; /* sets that were put since */
    VEC(uint32_t) dirty;   /* an identifier of each neighbourhood to be resolved anew */
    VEC(uint32_t) touched; /* identifiers that were, or became, customers */
    bool appending;        /* sets of absorbed customers are recorded */

    VEC(struct record) records;
    VEC(uint32_t) before;
    VEC(struct resolve_changed) changed;
    VEC(uint32_t) redone;
    VEC(struct resolve_created) created;
    VEC(struct resolve_line) lines;
    VEC(uint32_t) gone;
    VEC(uint32_t) born;

    /* scratch of one set */
    VEC(uint32_t) ids;
    VEC(uint32_t) roots;
    VEC(uint32_t) fresh;
    VEC(uint32_t) scratch_sets;
    VEC(uint8_t) marks;
    uint32_t counts[3][RESOLVE_KINDS_MAX];
};

/* resolve_store.c */
uint32_t resolve_intern(struct resolve *r, struct resolve_identifier of); /* finds or adds */
uint32_t resolve_add_set(struct resolve *r, const struct resolve_set *s);
void resolve_stage(struct resolve *r, const struct resolve_set *s);
void resolve_unstage(struct resolve *r); /* before anything else is done */
void resolve_drop_last(struct resolve *r);
void resolve_evidence_map(struct resolve *r);
void resolve_evidence_add(struct resolve *r, uint32_t set);
uint32_t resolve_evidence_find(struct resolve *r, int64_t evidence); /* also one that was taken away since the last call */
/* Stands in the ring of a neighbourhood. */
static inline bool resolve_was_resolved(const struct resolve *r, uint32_t set)
{
    return r->sets.v[set].nb_next != RESOLVE_NONE;
}
static inline uint32_t *set_entries(const struct resolve *r, uint32_t s, size_t *n)
{
    uint32_t from = r->sets.v[s].first, to = s + 1 < r->sets.n ? r->sets.v[s + 1].first : (uint32_t)r->entries.n;
    *n = to - from;
    return r->entries.v + from;
}
static inline uint8_t id_kind(const struct resolve *r, uint32_t id)
{
    return r->nodes.v[id].kind;
}
/* What counts for a limit. */
static inline bool kind_limited(const struct resolve *r, uint32_t kind)
{
    return kind < r->n_kinds && r->kinds[kind].limit > 0;
}

/* resolve_order.c: the canonical order */
int resolve_set_cmp(const struct resolve *r, uint32_t a, uint32_t b);
void resolve_sort(const struct resolve *r, uint32_t *sets, size_t n);

/* resolve_take.c */
uint32_t resolve_nb_find(struct resolve *r, uint32_t id);
uint32_t resolve_cu_find(struct resolve *r, uint32_t id); /* of an assigned one */
void resolve_nb_add(struct resolve *r, uint32_t set);
void resolve_take(struct resolve *r, uint32_t set); /* the next one in canonical order of its neighbourhood */
void resolve_touch(struct resolve *r, uint32_t id);
void resolve_record(struct resolve *r, uint32_t set, uint32_t was);

#endif
