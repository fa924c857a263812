#include "measure/drivers.h"

#include <math.h>
#include <stdlib.h>

static int most_first(const void *a, const void *b)
{
    const struct driver *x = a, *y = b;
    double dx = fabs(x->beyond), dy = fabs(y->beyond);
    if (dx != dy)
        return dx < dy ? 1 : -1;
    dx = fabs(x->change), dy = fabs(y->change);
    if (dx != dy)
        return dx < dy ? 1 : -1;
    return (x->at > y->at) - (x->at < y->at);
}

static void finish(struct driver *out, size_t n, double change)
{
    for (size_t i = 0; i < n; i++)
        out[i].share = change != 0 ? out[i].change / change : 0;
    if (n)
        qsort(out, n, sizeof *out, most_first);
}

double drivers_of_sum(const struct driver_part *v, size_t n, struct driver *out)
{
    double sizes = 0, change = 0;
    for (size_t i = 0; i < n; i++) {
        sizes += fabs(v[i].before);
        change += v[i].after - v[i].before;
    }
    for (size_t i = 0; i < n; i++) {
        double moved = v[i].after - v[i].before, even = sizes > 0 ? change * fabs(v[i].before) / sizes : 0;
        out[i] = (struct driver){.at = i, .change = moved, .beyond = moved - even};
    }
    finish(out, n, change);
    return change;
}

/* With w the share of what is divided by and r the own ratio: rate = mean(w) (r1 - r0), mix = (w1 - w0) (mean(r) - mean(R)). The w sum to 1 before and
 * after, so taking the whole's ratio off changes no sum. A value that had nothing to divide by has no ratio: all that it does is mix. */
double drivers_of_ratio(const struct driver_part *v, size_t n, struct driver *out)
{
    double before = 0, after = 0, over_before = 0, over_after = 0;
    for (size_t i = 0; i < n; i++) {
        before += v[i].before;
        after += v[i].after;
        over_before += v[i].over_before;
        over_after += v[i].over_after;
    }
    if (over_before == 0 || over_after == 0)
        return NAN;
    double whole_before = before / over_before, whole_after = after / over_after, middle = (whole_before + whole_after) / 2;
    for (size_t i = 0; i < n; i++) {
        double share_before = v[i].over_before / over_before, share_after = v[i].over_after / over_after;
        double change = v[i].after / over_after - v[i].before / over_before - middle * (share_after - share_before), rate = 0;
        if (v[i].over_before != 0 && v[i].over_after != 0)
            rate = (share_before + share_after) / 2 * (v[i].after / v[i].over_after - v[i].before / v[i].over_before);
        double even = (share_before + share_after) / 2 * (whole_after - whole_before);
        out[i] = (struct driver){.at = i, .change = change, .rate = rate, .mix = change - rate, .beyond = change - even};
    }
    finish(out, n, whole_after - whole_before);
    return whole_after - whole_before;
}

double drivers_power(const struct driver *v, size_t n, double change)
{
    double beyond = 0;
    for (size_t i = 0; i < n; i++)
        beyond += fabs(v[i].beyond);
    return change != 0 ? beyond / 2 / fabs(change) : 0;
}
