/* What the routes of metrics share: a question out of a body, its parts as JSON. */
#ifndef SERVE_METRICS_H
#define SERVE_METRICS_H

#include "measure/metric.h"
#include "serve/put.h"
#include "serve/routes.h"

struct metric_asker metrics_asker(struct call *c); /* who asks, for what they ask */
/* {"metrics","by","grain","from","to","where","compare","order","limit","as_of"}; lives in c->a. E_USAGE. */
/* What the rows are for, where the body says it: instead of what the address or a header says. */
MUST_CHECK bool metrics_purpose_read(struct call *c, yyjson_val *body, struct metric_asker *who, struct err *e);
MUST_CHECK bool metrics_ask_read(struct call *c, yyjson_val *body, struct metric_ask *out, struct err *e);
const struct mesh_metric *metrics_find(struct call *c, struct str name, struct err *e); /* E_NOT_FOUND, E_METRIC */

void metrics_put_day(struct buf *b, const char *key, int32_t day);
void metrics_put_cell(struct buf *b, const char *key, const struct metric_cell *x); /* a figure: exact where it is, else 17 digits; null */
/* {"ref","title","owner","state","built_at","data_to","checks","why"} of each port; states: as mesh.ports. */
bool metrics_put_ports(struct call *c, struct buf *b, const char *key, const struct metric_leg *legs, size_t n, struct err *e);
void metrics_put_definitions(struct call *c, struct buf *b, const struct metric_table *t);

#endif
