/* Which values of a dimension explain that a figure moved: of a sum each one's part, of a ratio by mix and by rate. Exact: parts sum to the change.
 * Pure. docs/explore.md */
#ifndef MEASURE_DRIVERS_H
#define MEASURE_DRIVERS_H

#include <stdbool.h>
#include <stddef.h>

/* Of one value of a dimension, before and after. over: what a ratio is divided by; of a sum not looked at. */
struct driver_part { double before, after, over_before, over_after; };
struct driver {
    size_t at;             /* which value */
    double change;         /* of the whole, by this value; all of them sum to the whole's change */
    double rate, mix;      /* of a ratio: because its own ratio moved, because its share of what is divided by did; rate + mix = change */
    double share;          /* of the whole's change; 0 where there is none */
    double beyond;         /* change beyond what every value would have had alike: what makes it stand out */
};
/* out: n of them, what stands out most first. Returns the whole's change. */
double drivers_of_sum(const struct driver_part *v, size_t n, struct driver *out);
/* NAN where there is nothing to divide by, before or after. */
double drivers_of_ratio(const struct driver_part *v, size_t n, struct driver *out);
/* Half of what lies beyond the even, in shares of the whole's change: 0 the values moved alike, 1 one of them alone. */
double drivers_power(const struct driver *v, size_t n, double change);

#endif
