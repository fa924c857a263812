/* Calendar arithmetic shared by clock.c and zone.c. */
#ifndef BASE_CLOCK_INT_H
#define BASE_CLOCK_INT_H

#include "base/clock.h"

#define CLOCK_DAY_US INT64_C(86400000000)

int32_t clock_days_of(int64_t year, unsigned month, unsigned day);
void clock_civil_of(int64_t days, int64_t *year, unsigned *month, unsigned *day);
int64_t clock_floor_div(int64_t a, int64_t b);

#endif
