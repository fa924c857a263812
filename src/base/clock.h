/* Time, injectable: tests set it; nothing else reads the system clock. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

#include "base/str.h"

int64_t clock_now_us(void);       /* wall clock, microseconds since 1970 UTC; TRELLIS_NOW=2026-01-31T12:00:00Z overrides */
int64_t clock_mono_us(void);      /* monotonic */
void clock_set_us(int64_t now);   /* tests: fixes the wall clock; 0 = real again */
void clock_shift_us(int64_t by);  /* the wall clock runs on, but elsewhere; 0 = real again */
struct clock_text { char z[32]; };
struct clock_text clock_iso(int64_t us);       /* 2026-11-21T10:00:00.123456Z */
bool clock_parse_date(struct str s, int32_t *days); /* YYYY-MM-DD -> days since 1970 */
struct clock_text clock_date(int32_t days);
/* End of a day in a time zone of the system's database (exclusive), UTC microseconds; false: zone or date unknown. */
bool clock_day_end_us(struct str date, struct str zone, int64_t *out);
/* The day that a moment falls on in a zone. */
bool clock_day_of(int64_t us, struct str zone, int32_t *days);

#endif
