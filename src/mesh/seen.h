/* A declaration as somebody may see it: what they may not see is in no list of it, so that nothing made of it can name it. */
#ifndef MESH_SEEN_H
#define MESH_SEEN_H

#include "base/buf.h"
#include "mesh/mesh.h"

/* What is seen; called with parts of the whole declaration. */
struct mesh_sight {
    bool (*port)(void *ctx, const struct mesh_port *p);
    bool (*partial)(void *ctx, const struct mesh_port *p); /* of those that are seen: not every row, or not as it is */
    bool (*stream)(void *ctx, const struct mesh_stream *s);
    bool (*domain)(void *ctx, const struct mesh_domain *d); /* also one in which nothing is declared yet: of those who work in it */
    void *ctx;
    struct str name; /* who looks: goes into the sha of what is made, so that nothing kept for one is shown to another */
};
/* Products with at least one port that is seen, sources and streams, and of everything else what does not speak of anything else: inputs, goals, terms,
 * dashboards, targets, rules. Its own lists and numbers (`index`); its texts and documents are borrowed from `m`, which has to live longer.
 * A port of which an input is not seen is `veiled` and has no SQL. Freed by mesh_free. */
struct mesh *mesh_seen(const struct mesh *m, const struct mesh_sight *sight);

/* Does the name ("domain", "domain.port", "domain.product", "domain.source__stream", "domain.source.event", a term, a goal, a dashboard, a metric) mean anything here? */
bool mesh_holds(const struct mesh *m, struct str ref);
/* The text with "…" where it names (domain.name, domain/name, domains/domain) what `whole` holds and `seen` does not. */
void mesh_seen_text(const struct mesh *whole, const struct mesh *seen, struct str text, struct buf *out);

#endif
