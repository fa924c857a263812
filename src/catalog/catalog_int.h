/* What the files of the catalog share: who owns what, and where the page shows it. */
#ifndef CATALOG_CATALOG_INT_H
#define CATALOG_CATALOG_INT_H

#include "catalog/catalog.h"

/* ---- who.c ---- */
struct mesh_person who_of_product(const struct mesh_product *p); /* its owner, else its domain's */
struct mesh_person who_of_source(const struct mesh_source *s);
struct mesh_person who_of_domain(const struct mesh_domain *d); /* NULL: the owner of `shared`, or nobody */
struct mesh_person who_or_domain(struct mesh_person own, const struct mesh_domain *d);
struct str port_shown(const struct mesh_port *p); /* its ref as people say it */
struct str title_of(struct str title, struct str name);
struct str product_href(const struct mesh_product *p, struct arena *a);
struct str port_href(const struct mesh_port *p, struct arena *a);
struct str source_href(const struct mesh_source *s, struct arena *a);
struct str url_text(struct str s, struct arena *a); /* percent-encoded, for a query of an address */
struct str count_of(int64_t n, const char *one, const char *many, struct arena *a); /* "1 file", "1,234 files" */

/* A source whose newest data is older than its SLA allows. late_us: since when. */
struct source_lag {
    const struct mesh_source *source;
    int64_t newest_us, late_us; /* 0: never loaded; 0: in time, or no SLA */
};
/* As mesh.sources. */
MUST_CHECK bool source_lags(struct engine_conn *c, const struct mesh *m, struct arena *a, struct source_lag **out, struct err *e);

#endif
