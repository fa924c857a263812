/* Periods of the calendar. Weeks begin as the mesh says; a year is the calendar's. */
#include "measure/metric.h"

#include "base/clock.h"

static const char *const grains[METRIC_GRAINS] = {"", "day", "week", "month", "quarter", "year"};

const char *metric_grain_text(enum metric_grain g)
{
    return grains[g];
}

bool metric_grain_from(struct str text, enum metric_grain *out)
{
    for (int i = GRAIN_NONE; i < METRIC_GRAINS; i++)
        if (str_eq(text, str_of(grains[i]))) {
            *out = (enum metric_grain)i;
            return true;
        }
    return false;
}

/* Howard Hinnant, "chrono-compatible low-level date algorithms": days since 1970 to a civil date and back. */
static void civil(int32_t day, int *year, int *month)
{
    int32_t z = day + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
    int32_t doe = z - era * 146097, yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int32_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    *month = (int)(mp < 10 ? mp + 3 : mp - 9);
    *year = (int)(yoe + era * 400 + (*month <= 2));
}

static int32_t first_of(int year, int month)
{
    int32_t y = year - (month <= 2), era = (y >= 0 ? y : y - 399) / 400, yoe = y - era * 400;
    int32_t doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5, doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + doe - 719468;
}

int32_t metric_grain_start(const struct mesh *m, enum metric_grain g, int32_t day)
{
    int year, month;
    civil(day, &year, &month);
    switch (g) {
    case GRAIN_WEEK: {
        int32_t since = (day + (str_eq(m->week_start, STR("sunday")) ? 4 : 3)) % 7; /* 1970-01-01 was a Thursday */
        return day - (since < 0 ? since + 7 : since);
    }
    case GRAIN_MONTH: return first_of(year, month);
    case GRAIN_QUARTER: return first_of(year, (month - 1) / 3 * 3 + 1);
    case GRAIN_YEAR: return first_of(year, 1);
    default: return day;
    }
}

int32_t metric_grain_next(const struct mesh *m, enum metric_grain g, int32_t start)
{
    (void)m;
    int year, month, months = g == GRAIN_MONTH ? 1 : g == GRAIN_QUARTER ? 3 : 12;
    if (g == GRAIN_WEEK)
        return start + 7;
    if (g != GRAIN_MONTH && g != GRAIN_QUARTER && g != GRAIN_YEAR)
        return start + 1;
    civil(start, &year, &month);
    month += months;
    return month > 12 ? first_of(year + 1, month - 12) : first_of(year, month);
}
