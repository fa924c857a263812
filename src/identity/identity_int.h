/* What the files around the resolver share: a resolver with the rules it was made with, and how rows get in and out of the engine. */
#ifndef IDENTITY_IDENTITY_INT_H
#define IDENTITY_IDENTITY_INT_H

#include "identity/decisions.h"
#include "identity/identity.h"
#include "identity/resolve.h"
#include "identity/rules.h"

struct graph {
    struct rules *rules;
    struct resolve *r;
    unsigned char key[SECRET_BYTES];
    struct sha_hex sha;      /* of the rules */
    char table[256];         /* what it stands for: the port's table at the time of `token` */
    char token[40];
    char *decisions;         /* in force when it was resolved last (decisions_text); owned */
};
MUST_CHECK bool graph_open(struct state *s, const struct mesh_identity *rules, struct graph **out, struct err *e);
void graph_close(void *graph);
struct customer_id graph_customer_id(struct graph *g, uint32_t customer);

/* load.c: observations of `relation` into the resolver. changes: by resolve_put, and the evidence goes to `seen` (grown; mem_free). */
struct evidences { int64_t *v; size_t n, cap; };
MUST_CHECK bool graph_load(struct graph *g, struct engine_conn *c, struct str relation, bool changes, struct evidences *seen, struct err *e);

/* write.c: what the resolver says into tables */
struct write {
    struct graph *g;
    struct engine_conn *c;
    struct arena *a;
    const struct identity_job *job;
    bool whole;             /* every set, not only the changed ones */
    const char *cause;      /* of ids that are retired by it: late rules decision */
    const struct evidences *seen;
    struct identity_report *report;
};
MUST_CHECK bool identity_write(struct write *w, struct err *e);
MUST_CHECK bool identity_write_ledger(struct write *w, struct err *e); /* write_ledger.c */

#endif
