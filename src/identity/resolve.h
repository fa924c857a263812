/* Who belongs together: sets of identifiers in, customers and a ledger out. Pure: no engine, no clock, no files. The result is a
 * function of the sets, the rules and people's decisions alone, whatever the order in which they came (docs/identity.md); adding a
 * few sets to many costs what the few touch. Not thread-safe. Sets and identifiers are known by numbers, in the order of their coming;
 * a customer is known by the number of its first identifier. About 40 bytes a set of two identifiers and 50 an identifier. */
#ifndef IDENTITY_RESOLVE_H
#define IDENTITY_RESOLVE_H

#include "base/str.h"

#define RESOLVE_NONE UINT32_MAX
enum { RESOLVE_KINDS_MAX = 200, RESOLVE_KIND_UNKNOWN = 254, RESOLVE_KIND_EVIDENCE = 255 };

struct resolve_kind {
    struct str name;
    uint32_t limit;  /* values of the kind on one customer; 0: no limit */
    int64_t per_us;  /* within this time back from a set; 0: ever */
};
struct resolve_rules {
    const struct resolve_kind *kinds; /* the strongest first */
    size_t n_kinds;                   /* at most RESOLVE_KINDS_MAX */
    bool (*blocked)(void *ctx, uint32_t kind, struct str value); /* such a value links nobody; asked once for each identifier; may be NULL */
    void *blocked_ctx;
};

struct resolve_identifier { uint32_t kind; struct str value; }; /* RESOLVE_KIND_UNKNOWN: links nobody */
struct resolve_set {
    int64_t evidence, at_us; /* at: its first occurrence */
    struct str source, message_id;
    const struct resolve_identifier *identifiers;
    size_t n;
};
/* What people decided. A merge joins the customers of its identifiers past the limits, at its time; a split holds those of `out` apart
 * from those of `rest`, in all of history. Where they contradict each other, the one with the higher id holds. */
struct resolve_decision {
    int64_t id, at_us;
    bool split;
    const struct resolve_identifier *out, *rest; /* merge: `out` alone */
    size_t n_out, n_rest;
};

struct resolve;
struct resolve *resolve_new(const struct resolve_rules *rules); /* owned: resolve_free; the rules' texts are copied */
void resolve_free(struct resolve *r);
void resolve_load(struct resolve *r, const struct resolve_set *s); /* evidence that was not there yet; cheaper than put */
void resolve_put(struct resolve *r, const struct resolve_set *s);  /* new, or instead of the set of the same evidence */
void resolve_remove(struct resolve *r, int64_t evidence);
void resolve_decide(struct resolve *r, const struct resolve_decision *d, size_t n); /* all that are in force; copied */
void resolve_all(struct resolve *r);     /* everything from the beginning */
void resolve_changes(struct resolve *r); /* what was put, removed and decided since; after a resolve_all */

/* ---- the state ---- */
enum resolve_reason { RESOLVE_ADMITTED, RESOLVE_BLOCKED, RESOLVE_LIMIT, RESOLVE_SPLIT };
const char *resolve_reason_text(enum resolve_reason reason); /* NULL: admitted */
size_t resolve_sets(const struct resolve *r);        /* numbers of sets are below; some are not live any more */
size_t resolve_identifiers(const struct resolve *r); /* numbers of identifiers are below */
bool resolve_set_live(const struct resolve *r, uint32_t set);
bool resolve_set_decided(const struct resolve *r, uint32_t set, int64_t *decision_id); /* stands for a merge that people decided */
int64_t resolve_set_evidence(const struct resolve *r, uint32_t set);
int64_t resolve_set_at_us(const struct resolve *r, uint32_t set);
void resolve_set_origin(const struct resolve *r, uint32_t set, struct str *source, struct str *message_id); /* borrowed */
uint32_t resolve_set_find(struct resolve *r, int64_t evidence); /* RESOLVE_NONE: none */
uint32_t resolve_set_customer(struct resolve *r, uint32_t set);
size_t resolve_set_size(const struct resolve *r, uint32_t set);
uint32_t resolve_set_identifier(const struct resolve *r, uint32_t set, size_t i, enum resolve_reason *reason); /* the strongest first */
struct resolve_identifier resolve_identifier_get(const struct resolve *r, uint32_t identifier); /* borrowed until the next load or put; of
    RESOLVE_KIND_EVIDENCE: the evidence in decimal digits, where all of a set's identifiers link nobody */
uint32_t resolve_identifier_find(const struct resolve *r, struct resolve_identifier of); /* RESOLVE_NONE: never seen */
uint32_t resolve_identifier_customer(struct resolve *r, uint32_t identifier);            /* RESOLVE_NONE: of nobody */
bool resolve_is_customer(const struct resolve *r, uint32_t identifier);
uint32_t resolve_customer_first(const struct resolve *r, uint32_t customer); /* its first set */
/* The sets of a customer: first, then next until RESOLVE_NONE. */
uint32_t resolve_customer_next(const struct resolve *r, uint32_t customer, uint32_t set);

/* ---- what the last resolve_all or resolve_changes did; borrowed until the next call ---- */
struct resolve_changed { uint32_t set, was; /* customer; RESOLVE_NONE: the set is new */ };
struct resolve_created { uint32_t set, seq; }; /* the set's customer as it was then is its first admitted identifier */
enum resolve_action { RESOLVE_MERGED, RESOLVE_REFUSED };
struct resolve_line {
    uint32_t set, seq;        /* seq: place among the lines of its set */
    uint32_t customer, other; /* merged: the one that stays, the one that goes; refused: (RESOLVE_NONE: none yet) of the left-out identifier */
    uint32_t identifier;      /* refused: the one that was left out */
    uint32_t founded_by;      /* merged: the first set of the one that goes */
    int64_t decision_id;      /* refused by a split */
    uint8_t action, reason, kind; /* kind: whose limit refused */
};
struct resolve_outcome {
    const struct resolve_changed *changed; size_t n_changed; /* sets whose customer or whose admitted identifiers are others now */
    const uint32_t *redone; size_t n_redone;                 /* sets that were resolved anew, those that are gone too: lines of before do not hold */
    const struct resolve_created *created; size_t n_created;
    const struct resolve_line *lines; size_t n_lines;        /* canonical order within a neighbourhood */
    const uint32_t *gone, *born; size_t n_gone, n_born;      /* customers */
};
void resolve_outcome_get(const struct resolve *r, struct resolve_outcome *out); /* resolve_all: changed, redone, gone, born are empty: all of them */
struct resolve_counts { size_t sets, identifiers, customers; };
struct resolve_counts resolve_counts_get(struct resolve *r);

#endif
