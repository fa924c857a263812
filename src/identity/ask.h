/* What people ask of identities, and decide: why these are one customer, what other rules would do, merge and split. Everything is read
 * from the port's live table; personal values come whole, whoever shows them hides them (identity_masked) or logs first. */
#ifndef IDENTITY_ASK_H
#define IDENTITY_ASK_H

#include "identity/identity.h"

struct ask {
    struct state *s;
    const struct mesh *m;
    struct engine_conn *c;
    struct arena *a;
};

/* ---- explain.c ---- */
struct why_evidence { int64_t evidence, at_us, last_us, decision_id; struct str source, message_id; }; /* decision_id 0: records said so */
struct why_identifier {
    struct str kind, value, ref; /* ref: a keyed hash, to name it without telling it */
    int64_t first_us, last_us;
    size_t evidences;
    size_t via, evidence; /* the identifier it hangs on, and by which evidence: the shortest way to `from`; SIZE_MAX: `from` itself */
    size_t steps;
};
struct why_left_out { struct str kind, value, ref, reason, customer_id /* to whom it belongs; empty: to nobody */; size_t evidence; };
struct why {
    struct str customer_id, retired_id, cause; /* retired: the id that was asked, and why it was retired; empty: it is in use */
    struct why_identifier *identifiers; size_t n;
    struct why_evidence *evidence; size_t n_evidence; /* all of it is in, by first occurrence */
    struct why_left_out *left_out; size_t n_left_out;
    size_t from;
};
/* who: customer id, in use or retired; KIND:VALUE; or a value alone (E_USAGE where it is several customers'). from: ref or KIND:VALUE of
 * the identifier to start at; empty: the one asked by, else the customer's first. E_NOT_FOUND, E_NOT_BUILT. */
MUST_CHECK bool identity_why(const struct ask *q, struct str who, struct str from, struct why *out, struct err *e);
struct str identity_masked(struct arena *a, struct str value);

/* ---- preview.c ---- */
struct preview_customer { struct str customer_id; size_t identifiers, sets, parts; }; /* parts: customers of the other side that it is made of */
enum { PREVIEW_LARGEST = 10 };
struct preview_side { size_t customers, identifiers, refused; struct preview_customer largest[PREVIEW_LARGEST]; size_t n_largest; };
struct preview {
    struct preview_side now, then;
    size_t merged, split, same; /* customers of now: that become one with others; that fall apart; the rest */
    size_t ids_retired;         /* ids of now that would lead on */
    struct preview_customer changed[PREVIEW_LARGEST]; size_t n_changed; /* of then: the largest that would not be as they are */
};
struct decision_made;
/* extra: a decision as if it were made (from a plan below), or NULL. */
MUST_CHECK bool identity_preview(const struct ask *q, const struct mesh_identity *rules, const struct decision_made *extra, struct preview *out, struct err *e);

/* ---- people.c: planned, perhaps tried (preview), then decided: it stands at once, and counts from the next build on ---- */
MUST_CHECK bool identity_merge_plan(const struct ask *q, struct str who_a, struct str who_b, struct decision_made **out, struct err *e);
MUST_CHECK bool identity_split_plan(const struct ask *q, struct str who, const struct str *out_texts, size_t n, struct decision_made **out,
                                    struct err *e); /* out_texts: refs or KIND:VALUE */
MUST_CHECK bool identity_decide(const struct ask *q, struct decision_made *d, struct str reason, struct str by, struct err *e);
MUST_CHECK bool identity_withdraw(const struct ask *q, int64_t id, struct str by, struct err *e);
MUST_CHECK bool identity_decisions(const struct ask *q, struct decision_made **out, size_t *n, struct err *e);

/* ---- overview.c ---- */
struct identity_kind_count { struct str kind; int64_t identifiers, left_out; };
struct identity_largest { struct str customer_id; int64_t identifiers, evidences; };
struct identity_overview {
    const struct mesh_port *port;
    bool built;
    int64_t customers, created, merged, refused, split, retired, review; /* lines of the ledger by action; review: fuzzy pairs that wait */
    struct identity_kind_count *kinds; size_t n_kinds;
    struct identity_largest largest[PREVIEW_LARGEST]; size_t n_largest;
};
MUST_CHECK bool identity_overview_get(const struct ask *q, struct identity_overview *out, struct err *e);

struct ledger_entry {
    int64_t at_us, evidence, seq, decision_id;
    struct str action, cause, kind, refused_by, customer_id, other_id, rule_sha, source, message_id, cursor; /* cursor: the entries behind this one */
};
struct ledger_ask { struct str customer, action, before /* cursor */; size_t limit; }; /* empty: all; newest first. Of a customer: also what befell the ids that lead to it */
MUST_CHECK bool identity_ledger(const struct ask *q, const struct ledger_ask *ask, struct ledger_entry **out, size_t *n, int64_t *total, struct err *e);

#endif
