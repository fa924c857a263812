/* What the files of goals share. */
#ifndef CATALOG_GOALS_INT_H
#define CATALOG_GOALS_INT_H

#include "catalog/catalog.h"

/* goals_metric.c: value, days, SQL and series of a goal whose number is a metric; the value of a span. */
MUST_CHECK bool goal_metric(struct govern *g, const struct govern_principal *who, const struct mesh *m, const struct mesh_number *n, int window, struct arena *a,
                            struct goal_state *out, struct err *e);
MUST_CHECK bool goal_metric_value(struct govern *g, const struct govern_principal *who, const struct mesh *m, const struct mesh_number *n, int32_t from, int32_t to,
                                  struct arena *a, double *out, bool *known, struct err *e);

#endif
