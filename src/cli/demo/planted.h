/* What is out of the ordinary in the demo's year, planted so that it can be found: the days, what moved, and where. Tests of the search for anomalies read this table. */
#ifndef CLI_DEMO_PLANTED_H
#define CLI_DEMO_PLANTED_H

#include "base/error.h"
#include "cli/demo/world.h"

enum demo_moved { MOVED_SPEND, MOVED_ORDER_EVENTS, MOVED_ORDERS };
struct demo_planted {
    enum demo_moved moved;
    const char *title, *metric;           /* metric: one of those that show it */
    const char *dimension, *value;        /* where it is; NULL: everywhere */
    int from_back, to_back;               /* days before the last day of the demo, both inside */
    double factor;                        /* times what the day would have been */
    const char *kind;                     /* of its annotation (docs/explore.md); NULL: nobody wrote it down */
};
extern const struct demo_planted DEMO_PLANTED[];
extern const size_t DEMO_PLANTED_N;

/* What the planted days do to a day: 1 where nothing. value: of the dimension; NULL: of all. */
double demo_planted_factor(const struct demo_world *w, enum demo_moved moved, const char *value, int32_t day);
/* dir/governance/annotations.yaml: what people wrote down, promotions of the calendar among it. */
MUST_CHECK bool demo_planted_write(const char *dir, const struct demo_world *w, struct err *e);

#endif
