/* Shared by annotations*.c alone. */
#ifndef CATALOG_ANNOTATIONS_INT_H
#define CATALOG_ANNOTATIONS_INT_H

#include "catalog/catalog_int.h"

/* What happened from a day to a day. */
struct annotation_list { struct arena *a; const struct mesh *m; struct annotation *v; size_t n, cap; int32_t from, to; };
void annotations_add(struct annotation_list *l, struct annotation x); /* left out beyond the days */

/* annotations_campaign.c: days on which campaigns begin and end as planned, and on which their budgets and states changed. Campaigns that `who` may not
 * see, or that are not built, are none. */
MUST_CHECK bool annotations_of_campaigns(struct annotation_list *l, struct state *s, struct govern *g, const struct govern_principal *who, struct err *e);

#endif
