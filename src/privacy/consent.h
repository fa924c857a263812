/* Consent at the desk: what somebody says for a person, statements from a list, and the receipt of a change (docs/privacy.md). Rows of products come
 * through the gate. */
#ifndef PRIVACY_CONSENT_H
#define PRIVACY_CONSENT_H

#include "govern/audit.h"
#include "govern/consent.h"
#include "govern/govern.h"
#include "mesh/mesh.h"
#include "store/state.h"

struct desk {
    struct state *s;
    struct govern *govern;
    struct audit *audit; /* NULL: nothing is told about reads */
    const struct mesh *m;
    struct arena *a;
    const struct govern_principal *who;
    struct str actor;    /* as the audit names them */
};

/* ---- consent_say.c ---- */
/* "email:a@b.c", "customer:ID" (then the customer's first identifier). E_USAGE: not of this form, or a kind that the mesh does not know. */
MUST_CHECK bool desk_identifier(const struct desk *d, struct str text, struct str *kind, struct str *value, struct str *customer_id /* empty: not known */, struct err *e);
struct desk_word { struct str identifier, purpose, status, source, proof, occurred_at /* text of a time; empty: now */; };
/* Seen by the next read when it returns. `receipt`: the signed text. */
MUST_CHECK bool desk_say(const struct desk *d, const struct desk_word *w, struct buf *receipt, struct err *e);
struct desk_problem { size_t line; struct str field, message; };
struct desk_import { size_t statements, refused; struct desk_problem *problems; size_t n_problems; }; /* the first thousand problems are kept */
/* CSV with a header, or one JSON object a line. All lines that are right count, in one transaction. E_USAGE: nothing of it can be read. */
MUST_CHECK bool desk_import(const struct desk *d, struct str text, struct str format /* csv ndjson, empty: told by its look */, struct str source, struct desk_import *out,
                            struct buf *receipt, struct err *e);

#endif
