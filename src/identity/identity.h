/* One customer out of many identifiers. The kernel (resolve.h) is pure; this is its way in and out of the engine: the table of the
 * port with trellisMaterialization `identity`, the merge ledger, and what people ask of both. docs/identity.md. */
#ifndef IDENTITY_IDENTITY_H
#define IDENTITY_IDENTITY_H

#include "mesh/mesh.h"
#include "store/state.h"

struct identity_job {
    struct state *s;
    const struct mesh *m;
    struct engine_conn *c;
    struct str observations; /* SQL relation with the columns of shared.identifier_seen: all of it; with `delta` the rows of evidence that is new or changed */
    struct str table;        /* physical table, quoted: to be made; with `delta` to be changed in place, inside of the caller's transaction */
    struct str changed;      /* with `delta`: quoted table (evidence BIGINT, customer_id VARCHAR) that takes the keys of every row that was put or taken, old and new */
    bool delta;
    int64_t version_id;
};
struct identity_report { int64_t evidences, identifiers, customers, merges, refused, changed; };
/* Also writes mesh.identity.* (ledger, redirects) in the same transaction. */
MUST_CHECK bool identity_build(const struct identity_job *j, struct identity_report *r, struct err *e);
/* Part of the fingerprint of an identity port: rules, decisions of people, accepted fuzzy links. */
MUST_CHECK bool identity_print(struct state *s, const struct mesh *m, struct buf *out, struct err *e);

/* The live table of the port with materialization `identity`, quoted, "" when it has none. E_NOT_FOUND: no such port is declared. */
MUST_CHECK bool identity_port_table(const struct mesh *m, struct engine_conn *c, struct arena *a, const struct mesh_port **port, struct str *table,
                                    struct err *e);

#endif
