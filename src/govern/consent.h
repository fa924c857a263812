/* Who said no to what: the tables of mesh.govern (docs/privacy.md). The gate leaves out whom mesh.govern.consent_no(purpose, customer_id) names; this
 * module keeps that view true: after a statement at the desk, after shared.consent or identity went live, after the declaration changed. */
#ifndef GOVERN_CONSENT_H
#define GOVERN_CONSENT_H

#include "engine/engine.h"
#include "mesh/mesh.h"

/* What customers are known by, given by the identity module; `identity` empty: nobody is known. */
struct consent_look {
    struct str identity;             /* SQL name of the live table of the identity port */
    struct str identity_value;       /* over `i`: its value as it is compared */
    struct str said_value;           /* over `s`: the same of a statement */
};
/* After one of these went live or changed; in a transaction of its own. */
enum consent_event { CONSENT_DECLARED, CONSENT_IDENTITY_LIVE, CONSENT_LIVE /* statements that it holds count through it from now on */ };
MUST_CHECK bool consent_refresh(struct engine_conn *c, const struct mesh *m, const struct consent_look *look, enum consent_event why, struct err *e);

/* kind and value as identity knows them; customer_id: as far as it is known now. Times: microseconds since 1970. */
struct consent_statement {
    struct str statement_id, kind, value, customer_id, purpose, status /* granted denied withdrawn */, source, proof, actor;
    int64_t occurred_at_us, recorded_at_us;
};
/* All of them in one transaction, seen by the next read when it returns. Sets statement_id (in `a`) and recorded_at_us. */
MUST_CHECK bool consent_say(struct engine_conn *c, const struct mesh *m, const struct consent_look *look, struct arena *a, struct consent_statement *v, size_t n,
                            struct err *e);
/* Keeps writers of consent out while somebody else writes to its tables in one transaction; they wait. */
void consent_hold(void);
void consent_release(void);
/* Changes whenever somebody says something: part of the fingerprint of ports that read mesh_consent_said(). */
MUST_CHECK bool consent_said_mark(struct engine_conn *c, int64_t *out, struct err *e);
/* The condition under which a row may be shown for the purpose; `column` as SQL. A row of nobody may. Nothing in it is correlated: the engine asks once. */
void consent_condition_put(struct buf *b, struct str purpose, struct str column);
/* The same for rows that only evidence ties to a customer. */
void consent_evidence_put(struct buf *b, struct str purpose, struct str column);
void consent_contact_put(struct buf *b, struct str purpose, struct str column); /* whom the key of a landed contact ties to a customer */

#endif
