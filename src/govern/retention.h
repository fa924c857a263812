/* What rules of retention say about a port or a stream: pure functions over the declaration (docs/privacy.md). */
#ifndef GOVERN_RETENTION_H
#define GOVERN_RETENTION_H

#include "mesh/mesh.h"
#include "base/buf.h"

/* Products are matched by "domain.product", "domain.*" and "*", sources likewise by their name; a rule of a domain only within it. */
bool retention_fits_port(const struct mesh_retention *r, const struct mesh_port *p);
bool retention_fits_stream(const struct mesh_retention *r, const struct mesh_stream *s);
/* Column that says how old a row is, empty: none. */
struct str retention_time_column(const struct mesh_stream *s);

/* Whose rows are kept whatever their age: legal holds in force. */
struct retention_holds {
    struct mesh_strs customers; /* ids of held people, retired ones too */
    struct mesh_strs products;  /* "domain.product" */
};
bool retention_held(const struct retention_holds *h, struct str domain, struct str name);
/* The rows of a port that rules of deletion leave, as a condition over its columns, by the tightest rule; false: nothing is taken away. A row without a time is
 * kept; `rule` (may be NULL) is the one that decides. */
bool retention_kept(const struct mesh *m, const struct mesh_port *p, const struct retention_holds *h, int64_t now_us, struct buf *b, const struct mesh_retention **rule);
/* "column < moment", for rows that are older than `keep` of a rule; moments of days at midnight. */
void retention_old_put(struct buf *b, struct str column, int64_t keep_s, int64_t now_us);

#endif
