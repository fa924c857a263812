/* What the files of mesh_seen share: the declaration that is being made. */
#ifndef MESH_SEEN_INT_H
#define MESH_SEEN_INT_H

#include "mesh/mesh_int.h"
#include "mesh/seen.h"

struct seeing {
    const struct mesh *from;
    const struct mesh_sight *sight;
    struct mesh_whole *w;
    struct mesh *m;
    struct arena *a;
    struct mesh_port **ports; /* as from->ports; NULL: not seen */
    struct table models;      /* by name -> struct mesh_model of this declaration */
    struct table metrics;     /* by ref -> struct mesh_metric of it */
};

struct mesh_domain *seen_domain(const struct seeing *s, const struct mesh_domain *d); /* NULL: not seen, or of the whole mesh */
struct str seen_told(struct seeing *s, struct str text);                             /* without names that may not be known */
/* seen_metrics.c. Asked of the whole declaration, before anything is taken: does every port that it reads exist here? */
bool seen_model(const struct seeing *s, const struct mesh_model *m);
bool seen_metric(const struct seeing *s, const struct mesh_metric *m);
bool seen_measured(const struct seeing *s, const struct mesh_domain *d); /* the domain has a model or a metric that is seen */
void seen_take_metrics(struct seeing *s);                                /* after ports and terms */
const struct mesh_metric *seen_metric_of(const struct seeing *s, const struct mesh_metric *m); /* as taken; NULL */
void seen_take_attribution(struct seeing *s);                            /* conversions, annotations */
#endif
