/* Metrics watched: each one's days through the gate as who asks, what is out of the ordinary among them, and which values of which dimensions explain
 * it; effects and the organic baseline of metrics. docs/explore.md */
#ifndef MEASURE_WATCH_H
#define MEASURE_WATCH_H

#include "measure/anomaly.h"
#include "measure/baseline.h"
#include "measure/impact.h"
#include "measure/metric.h"

enum { WATCH_DAYS_MOST = 366, WATCH_DRIVERS = 6 };

/* One figure a day. Days within the data that have no row are 0 for what is added up, and not known otherwise, or where they may have been withheld. */
struct watch_series { int32_t first, last; size_t n; double *v, *weight; /* weight: NULL, or what a ratio is divided by */ bool *known; bool count, withholds; const struct metric_leg *legs; size_t n_legs; };
/* The days up to `to`; n 0: no data. back: how many. has_to false: the newest day that has data, not later than `today` - 1, of which not all may be there. */
struct watch_span { bool has_to; int32_t to, today; int back; struct str where; };
MUST_CHECK bool watch_series(const struct metric_asker *who, const struct mesh_metric *m, const struct watch_span *span, struct arena *a, struct watch_series *out, struct err *e);

enum watch_against { AGAINST_EXPECTED, AGAINST_DAY_BEFORE, AGAINST_WEEK_BEFORE };
bool watch_against_from(struct str text, enum watch_against *out); /* "expected", "day before", "week before"; empty: expected */
struct watch_driver { struct str dimension, title, value; bool unknown; double change, beyond, share, rate, mix, before, after; bool is_ratio; }; /* beyond: more than its size would have moved */
/* Changes sum to the metric's change over the values of each dimension where `exact`: of sums, and of ratios of sums. Else each value's own figures are told. */
struct watch_drivers { struct watch_driver *v; size_t n, dimensions, looked; bool exact; double before, after; int32_t from, to, before_from, before_to; };
struct watch_explain { const struct mesh_metric *metric; int32_t from, to; enum watch_against against; bool has_expected; double expected; struct str where; size_t dimensions_most, each; };
MUST_CHECK bool watch_drivers(const struct metric_asker *who, const struct watch_explain *ask, struct arena *a, struct watch_drivers *out, struct err *e);

struct unusual { const struct mesh_metric *metric; struct anomaly found; int32_t day, since, until; struct watch_drivers drivers; };
struct watch_problem { const struct mesh_metric *metric; struct str text; };
struct watch_ask { const struct mesh_metric *metric; /* NULL: all with watch: true */ int32_t today; int days; size_t explained; /* drivers of so many, newest first */ };
struct watched { struct unusual *v; size_t n, metrics; int64_t judged; /* days of all of them */ struct watch_problem *problems; size_t n_problems; };
/* Newest first. A metric that cannot be asked is a problem of its own; false: nothing could. */
MUST_CHECK bool watch_run(const struct metric_asker *who, const struct watch_ask *ask, struct arena *a, struct watched *out, struct err *e);

struct effect_ask { const struct mesh_metric *metric, *controls[IMPACT_CONTROLS_MAX]; size_t n_controls; bool has_from; int32_t from, to, post_from; struct str where; };
struct effect { struct impact impact; int32_t first; const struct metric_leg *legs; size_t n_legs; };
MUST_CHECK bool effect_run(const struct metric_asker *who, const struct effect_ask *ask, struct arena *a, struct effect *out, struct err *e);

struct organic { struct baseline found; double *customers; int32_t first; size_t n; struct str new_customers, spend; };
MUST_CHECK bool organic_run(const struct metric_asker *who, bool has_span, int32_t from, int32_t to, int32_t today, struct arena *a, struct organic *out, struct err *e);

#endif
