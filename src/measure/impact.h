/* What came of something that happened on a day: a local level and a regression on controls, estimated by maximum likelihood (Kalman filter) on
 * the days before it and projected over the days after it. Pure. docs/explore.md */
#ifndef MEASURE_IMPACT_H
#define MEASURE_IMPACT_H

#include "base/arena.h"
#include "base/error.h"

enum { IMPACT_CONTROLS_MAX = 12, IMPACT_LEAST_DAYS = 14 };
enum impact_week { WEEK_AUTO, WEEK_NO, WEEK_YES }; /* days of the week as controls; auto: where they tell more than they cost (BIC) */
struct impact_series {
    const double *y; const bool *known;             /* known NULL: all are */
    const double *const *x; size_t n_x;             /* controls; a day on which one is not known (NaN) is left out */
    size_t n, post;                                 /* post: index of the first day on which it had happened */
    enum impact_week week;
    double level;                                   /* of the intervals; 0: 0.95 */
};
struct impact_day { bool known, predicted; double actual, expected, low, high; };
struct impact_range { double value, low, high; };
struct impact {
    struct impact_day *days; /* as the series; before `post`: one step ahead */
    size_t post_days;
    struct { double actual, predicted, low, high /* of the prediction */; struct impact_range effect; } average, cumulative;
    struct impact_range relative;
    double p;                /* chance of as much without an effect, on the side to which it is */
    bool effect, weekly;     /* effect: the interval of the cumulative one leaves 0 out */
    double level_share;      /* deviation of the level's daily step, in deviations of a day */
    size_t controls;         /* that tell something; two that say the same are one */
};
/* E_USAGE: too few days before or after, too many controls. */
MUST_CHECK bool impact_run(const struct impact_series *s, struct arena *a, struct impact *out, struct err *e);

#endif
