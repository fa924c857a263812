/* Retention: what the rules of policies take away when it has become too old, looked at first, then done and reported (docs/privacy.md). */
#ifndef PRIVACY_RETENTION_H
#define PRIVACY_RETENTION_H

#include "govern/retention.h"
#include "privacy/erase.h"

struct retention_place {
    const struct mesh_retention *rule;
    const struct mesh_stream *stream; /* or a port */
    const struct mesh_port *port;
    struct str ref, time_column, oldest;
    const char *kind, *how, *why; /* stream history quarantine port; rows rebuilt not done */
    struct str table;             /* SQL name, of rows */
    struct str where;             /* rows that go */
    struct str set;               /* anonymise: what they become */
    int64_t before_us, rows, held;
};
struct retention_report {
    struct arena *a; /* the caller's */
    int64_t id, at_us, rows, held, elapsed_us;
    bool dry_run, compacted;
    struct str by;
    struct retention_place *places; size_t n, cap;
    struct str *problems; size_t n_problems;
};
/* What would go now; nothing is changed. */
MUST_CHECK bool retention_look(const struct privacy *v, struct retention_report *r, struct err *e);
/* Does it: rows of streams, their history and quarantine, then the products that read them, whole. The caller holds runs off. Kept in the store. */
MUST_CHECK bool retention_do(const struct privacy *v, struct retention_report *r, struct errs *es, struct err *e);
void retention_report_put(struct buf *b, const struct retention_report *r); /* "report" of docs/api.md, an object */

#endif
