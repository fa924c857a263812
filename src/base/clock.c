/* Wall clock (injectable), monotonic clock, dates and their texts. Zones: zone.c. */
#include "base/clock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock_int.h"

static _Atomic int64_t fixed_us;
static _Atomic int64_t shift_us;

/* YYYY-MM-DDTHH:MM:SS[.ffffff]Z */
static bool parse_iso(struct str s, int64_t *us)
{
    int32_t days;
    if (s.n < 20 || s.p[10] != 'T' || s.p[s.n - 1] != 'Z' || !clock_parse_date((struct str){s.p, 10}, &days))
        return false;
    int h, m;
    double seconds;
    char z[32];
    if (s.n - 12 >= sizeof z)
        return false;
    memcpy(z, s.p + 11, s.n - 12);
    z[s.n - 12] = 0;
    int used = 0;
    if (sscanf(z, "%2d:%2d:%lf%n", &h, &m, &seconds, &used) != 3 || (size_t)used != s.n - 12)
        return false;
    if (h < 0 || h > 23 || m < 0 || m > 59 || !(seconds >= 0 && seconds < 61))
        return false;
    *us = days * CLOCK_DAY_US + (h * 3600 + m * 60) * INT64_C(1000000) + (int64_t)(seconds * 1e6 + 0.5);
    return true;
}

/* TRELLIS_NOW is read once; a text that is no moment is ignored. */
static int64_t environment_us(void)
{
    static _Atomic int64_t known = -1;
    int64_t us = known;
    if (us < 0) {
        const char *z = getenv("TRELLIS_NOW");
        if (!z || !parse_iso(str_of(z), &us) || us < 0)
            us = 0;
        known = us;
    }
    return us;
}

int64_t clock_now_us(void)
{
    int64_t us = fixed_us;
    if (!us)
        us = environment_us();
    if (us)
        return us;
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000 + shift_us;
}

int64_t clock_mono_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

void clock_set_us(int64_t now)
{
    fixed_us = now;
}

void clock_shift_us(int64_t by)
{
    shift_us = by;
}

/* Proleptic Gregorian calendar, counted from 1 March, so that leap days stand at the end of a year. */
int32_t clock_days_of(int64_t y, unsigned m, unsigned d)
{
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return (int32_t)(era * 146097 + doe - 719468);
}

void clock_civil_of(int64_t days, int64_t *y, unsigned *m, unsigned *d)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t doe = days - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    *d = (unsigned)(doy - (153 * mp + 2) / 5 + 1);
    *m = (unsigned)(mp < 10 ? mp + 3 : mp - 9);
    *y = yoe + era * 400 + (*m <= 2);
}

int64_t clock_floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

struct clock_text clock_iso(int64_t us)
{
    int64_t days = clock_floor_div(us, CLOCK_DAY_US), rest = us - days * CLOCK_DAY_US, y;
    unsigned m, d;
    clock_civil_of(days, &y, &m, &d);
    struct clock_text t;
    int seconds = (int)(rest / 1000000);
    if (y < 0 || y > 9999) /* beyond what ISO 8601 writes with four digits */
        snprintf(t.z, sizeof t.z, "invalid");
    else
        snprintf(t.z, sizeof t.z, "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ", (int)y, m % 100, d % 100, seconds / 3600 % 100,
                 seconds / 60 % 60, seconds % 60, (int)(rest % 1000000));
    return t;
}

struct clock_text clock_date(int32_t days)
{
    int64_t y;
    unsigned m, d;
    clock_civil_of(days, &y, &m, &d);
    struct clock_text t;
    snprintf(t.z, sizeof t.z, "%04lld-%02u-%02u", (long long)y, m, d);
    return t;
}

bool clock_parse_date(struct str s, int32_t *days)
{
    int64_t y, m, d;
    if (s.n != 10 || s.p[4] != '-' || s.p[7] != '-' || s.p[0] == '+' || s.p[0] == '-' || s.p[5] == '+' || s.p[8] == '+')
        return false;
    if (!str_to_i64((struct str){s.p, 4}, &y) || !str_to_i64((struct str){s.p + 5, 2}, &m) ||
        !str_to_i64((struct str){s.p + 8, 2}, &d))
        return false;
    if (m < 1 || m > 12 || d < 1 || d > 31)
        return false;
    int32_t at = clock_days_of(y, (unsigned)m, (unsigned)d);
    int64_t y2;
    unsigned m2, d2;
    clock_civil_of(at, &y2, &m2, &d2);
    if (y2 != y || m2 != (unsigned)m || d2 != (unsigned)d) /* 30 February */
        return false;
    *days = at;
    return true;
}
