/* Which records speak of one person, where no identifier says so: Fellegi-Sunter over names, addresses, dates, numbers. Pure: records in,
 * pairs with their probability out; the same records in the same order give the same answer. The method: I. Fellegi, A. Sunter, "A
 * Theory for Record Linkage" (1969); weights learnt by EM as in W. Winkler (1988); u from random pairs, as Splink does. */
#ifndef IDENTITY_FUZZY_H
#define IDENTITY_FUZZY_H

#include "base/arena.h"
#include "base/error.h"

enum fuzzy_kind {
    FUZZY_NAME,   /* of a person; two of them may be swapped */
    FUZZY_TEXT,   /* street, suburb, company */
    FUZZY_DATE,   /* of birth; any of the usual forms */
    FUZZY_DIGITS, /* postcode, phone, street number, social id */
    FUZZY_EMAIL,
};
enum { FUZZY_FIELDS_MAX = 16, FUZZY_LEVELS = 5 };
struct fuzzy_field { const char *name; enum fuzzy_kind kind; };

/* Level 0: different; the highest one of a kind: equal; FUZZY_MISSING: one of the two says nothing. */
#define FUZZY_MISSING 255
int fuzzy_levels(enum fuzzy_kind k);                       /* how many, "different" included */
const char *fuzzy_level_words(enum fuzzy_kind k, int level); /* for people */

struct fuzzy_pair {
    uint32_t a, b; /* a < b */
    double weight; /* log2 of how much likelier one person is than two */
    double probability;
    uint8_t levels[FUZZY_FIELDS_MAX];
};
struct fuzzy_model {
    double m[FUZZY_FIELDS_MAX][FUZZY_LEVELS], u[FUZZY_FIELDS_MAX][FUZZY_LEVELS];
    double prior; /* that two random records are one person */
    int rounds;   /* of EM */
};
struct fuzzy_result {
    struct fuzzy_pair *pairs; /* those at or above `review`, by a, b */
    size_t n;
    size_t candidates, blocks_passed_over; /* pairs that were compared; blocks too large to be looked at */
    struct fuzzy_model model;
};
/* values: n_records * n_fields, as written; empty: not known. */
MUST_CHECK bool fuzzy_match(const struct fuzzy_field *fields, size_t n_fields, const struct str *values, size_t n_records, double review,
                            struct arena *a, struct fuzzy_result *out, struct err *e);

/* What dates, numbers and mail addresses say of a pair that is likely enough. Names that agree are not enough, since namesakes are many.
 * Undisputed: at least one agrees, as many agree as differ, and no date differs; refuted: none agrees and two differ. */
enum fuzzy_verdict { FUZZY_UNDISPUTED, FUZZY_DOUBTFUL, FUZZY_REFUTED };
enum fuzzy_verdict fuzzy_judge(const struct fuzzy_field *fields, size_t n_fields, const uint8_t *levels);

/* ---- parts, for tests ---- */
double fuzzy_jaro_winkler(struct str a, struct str b); /* 0..1; bytes of normalised text */
unsigned fuzzy_edits(struct str a, struct str b, unsigned max); /* optimal string alignment: insert, delete, change, swap neighbours; stops at max + 1 */
struct str fuzzy_normal(struct arena *a, enum fuzzy_kind k, struct str text); /* empty: says nothing */
int fuzzy_compare(enum fuzzy_kind k, struct str a, struct str b); /* of normalised values */

#endif
