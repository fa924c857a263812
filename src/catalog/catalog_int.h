/* What the files of the catalog share: who owns what, and where the page shows it. */
#ifndef CATALOG_CATALOG_INT_H
#define CATALOG_CATALOG_INT_H

#include "base/buf.h"
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

/* ---- numbers.c: numbers of products, through the gate ---- */
/* Every row of the answer; `row` borrows the chunk. E_* as govern_query. */
MUST_CHECK bool ask_rows(struct govern *g, const struct govern_principal *who, struct str sql, int64_t limit, void (*row)(void *ctx, const struct engine_chunk *ch, size_t row),
                         void *ctx, struct err *e);
/* What keeps a number from being known, as a sentence with the way to mend it. */
struct str ask_problem(const struct err *e, struct arena *a);
/* "acquisition.campaign_daily" quoted for SQL; a day as DATE '2026-11-22'. */
void sql_ref(struct buf *b, const struct mesh_port *p);
void sql_day(struct buf *b, int32_t day);
/* The port of this name in any domain that the others of its name feed; NULL: none. `column` must be one of its columns. */
const struct mesh_port *port_called(const struct mesh *m, struct str name, struct str column);
bool port_has(const struct mesh_port *p, struct str column);

#endif
