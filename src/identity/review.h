/* Records of persons that are alike (fuzzy.h) in the product: pairs of shared.person_record that are linked, or wait for a person.
 * docs/identity.md, "Fuzzy matching". */
#ifndef IDENTITY_REVIEW_H
#define IDENTITY_REVIEW_H

#include "identity/ask.h"
#include "identity/decisions.h"
#include "identity/fuzzy.h"

#define PERSON_RECORD "shared.person_record"

/* ---- fuzzy_record.c: what is compared ---- */
struct person_fields { struct fuzzy_field fields[FUZZY_FIELDS_MAX]; size_t n; }; /* names: columns of the port */
struct person_records {
    struct person_fields fields;
    struct str *keys, *values; /* values: n * fields.n */
    int64_t *seen_us;
    size_t n;
};
/* The live table of shared.person_record, quoted, and its version; "" and 0 where there is none. */
MUST_CHECK bool person_table(const struct mesh *m, struct engine_conn *c, struct arena *a, struct str *table, int64_t *version_id, struct err *e);
/* Columns of governance/identity.yaml's `fuzzy.fields`. E_SCHEMA: there is no such column. */
MUST_CHECK bool person_fields_of(const struct mesh_fuzzy *f, struct engine_conn *c, struct arena *a, struct str table, struct person_fields *out, struct err *e);
enum fuzzy_kind person_field_kind(struct str column);
/* All by contact_key, or those of `keys` alone (n_keys > 0). Phones in their last nine digits: how a country is written does not count. */
MUST_CHECK bool person_records_read(const struct person_fields *f, struct engine_conn *c, struct arena *a, struct str table, const struct str *keys, size_t n_keys,
                                    struct person_records *out, struct err *e);

/* ---- fuzzy_link.c: inside of the transaction of identity_build ---- */
struct fuzzy_links {
    struct str put; /* SELECT of observations: of all links; of those that are new, where only what changed is asked for; empty: none */
    int64_t *gone;  /* evidence of links that are no more */
    size_t n_gone;
};
MUST_CHECK bool identity_fuzzy_observations(const struct identity_job *j, bool all, struct arena *a, struct fuzzy_links *out, struct err *e);

/* ---- fuzzy_review.c: what people are asked ---- */
enum review_state { REVIEW_WAITING, REVIEW_LINKED, REVIEW_SAME, REVIEW_DIFFERENT, REVIEW_STATES };
struct str review_state_name(enum review_state s);
struct review_field { struct str name, a, b; int level, levels; const char *words; }; /* level: FUZZY_MISSING, or below levels */
struct review_pair {
    int64_t id;
    struct str a, b; /* contact_key */
    double probability;
    enum review_state state;
    int64_t decision_id, decided_us; /* 0: nobody */
    struct str decided_by, reason;
    struct review_field *fields;
    size_t n_fields;
};
struct review {
    bool on;
    int64_t records, compared, passed_over;
    int64_t counts[REVIEW_STATES];
    struct review_pair *pairs; /* the most doubtful last */
    size_t n;
};
struct review_query { int64_t id; /* 0: all */ enum review_state state; bool every; size_t limit; };
MUST_CHECK bool identity_review(const struct ask *q, const struct review_query *query, struct review *out, struct err *e);
/* Yes: a merge of the two; no: they are held apart. Counts from the next build on, and is not asked again. */
MUST_CHECK bool identity_review_decide(const struct ask *q, int64_t id, bool same, struct str reason, struct str by, struct decision_made **out, struct err *e);

#endif
