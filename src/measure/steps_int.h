/* Shared by steps*.c and path_tree.c alone. */
#ifndef MEASURE_STEPS_INT_H
#define MEASURE_STEPS_INT_H

#include "base/buf.h"
#include "measure/steps.h"

#define STEPS_DONE "shared.interaction"
#define STEPS_TOUCHES "shared.touchpoint"
#define STEPS_ENDS "shared.conversion"
#define STEPS_PEOPLE "shared.customer"
/* A column of the newest touch before a step; a visit a month ago has no part in it. */
#define STEPS_TOUCHED_US (INT64_C(30) * 86400 * 1000000)
#define STEPS_TOUCHED(column) "CASE WHEN touch.occurred_at >= step.at - INTERVAL 30 DAY THEN touch." column " END"
/* Robots and our own people are no visitors. */
#define STEPS_PEOPLE_ONLY "NOT is_bot AND NOT is_internal"
#define STEPS_PERSON "CAST(hash(customer_id) >> 1 AS BIGINT)"

/* E_NOT_FOUND, E_DENIED: can single rows of this port be read, and people told apart? */
bool steps_may(const struct metric_asker *who, struct str ref, struct err *e);
const char *step_kind_port(enum step_kind k);
const char *step_dimension_sql(enum step_dimension d);
const char *step_dimension_port(enum step_dimension d);
struct str step_words(struct arena *a, struct str name);
void step_make(const struct mesh *m, struct arena *a, enum step_kind kind, struct str name, struct step *out);
void step_condition(struct buf *b, const struct step *s);         /* over the columns of its port */
void steps_moments(struct buf *b, int64_t from_us, int64_t until_us); /* " AND occurred_at …", or nothing */
/* steps_rows.c */
MUST_CHECK bool step_events_add(struct step_events *v, const struct step_event *x, struct err *e);
MUST_CHECK bool step_events_sort(struct step_events *v, struct err *e); /* by person, then time; marks where people begin */

#endif
