/* How many new customers a day would come without paid ads: a second opinion beside attribution and experiments. Pure. docs/attribution.md */
#ifndef MEASURE_BASELINE_H
#define MEASURE_BASELINE_H

#include "base/arena.h"

enum { BASELINE_LEAST_DAYS = 56 };
struct baseline_series { const double *customers, *spend; size_t n; double level; uint64_t seed; }; /* day after day; level 0: 0.95 */
struct baseline_range { double value, low, high; };
struct baseline_day { double baseline, low, high; };
struct baseline {
    bool known; const char *why;       /* why not: too few days, spend that hardly varies */
    struct baseline_day *days;         /* as the series: customers that day at no spend */
    double customers, spend;           /* of all days */
    double varies;                     /* deviation of spend that neither the day of the week nor time explains, in shares of its mean */
    struct baseline_range per_spend, organic, incremental, true_cac; /* per_spend: customers for one unit; true_cac.high INFINITY where none may be incremental */
    bool none;                         /* the slope came out negative and was taken for none */
};
void baseline_find(const struct baseline_series *s, struct arena *a, struct baseline *out);

#endif
