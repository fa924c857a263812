/* Dates, times and intervals as text. Calendar arithmetic is done here in 64 bits, since the engine's own helpers refuse or
 * overflow at the ends of its ranges. */
#include "engine/duckdb_render.h"

/* Civil date of a day number (proleptic Gregorian), after Howard Hinnant. */
static void civil(int64_t days, int64_t *y, int *m, int *d)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t doe = days - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    *d = (int)(doy - (153 * mp + 2) / 5 + 1);
    *m = (int)(mp < 10 ? mp + 3 : mp - 9);
    *y = yoe + era * 400 + (*m <= 2);
}

/* The year before 1 is 1 BC: the engine writes "0001-..(BC)", ISO counts 0000, -0001. */
static bool put_date(struct buf *b, int64_t days, bool iso)
{
    int64_t y;
    int m, d;
    civil(days, &y, &m, &d);
    bool bc = y <= 0;
    if (iso && y < 0)
        buf_printf(b, "-%06lld-%02d-%02d", (long long)-y, m, d);
    else if (iso && y > 9999)
        buf_printf(b, "+%06lld-%02d-%02d", (long long)y, m, d);
    else
        buf_printf(b, "%04lld-%02d-%02d", (long long)(bc && !iso ? 1 - y : y), m, d);
    return bc && !iso;
}

/* Time of day with as many decimals as are needed, in steps of nothing: trailing zeros go. */
static void put_clock(struct buf *b, int64_t units, int64_t per_second, int width)
{
    int64_t seconds = units / per_second, fraction = units % per_second;
    buf_printf(b, "%02lld:%02d:%02d", (long long)(seconds / 3600), (int)(seconds / 60 % 60), (int)(seconds % 60));
    if (fraction) {
        char digits[16];
        int n = width;
        for (int i = width - 1; i >= 0; i--, fraction /= 10)
            digits[i] = (char)('0' + fraction % 10);
        while (n > 1 && digits[n - 1] == '0')
            n--;
        buf_printf(b, ".%.*s", n, digits);
    }
}

static bool put_infinity(struct buf *b, bool positive, bool negative)
{
    if (positive || negative)
        buf_addz(b, positive ? "infinity" : "-infinity");
    return positive || negative;
}

static void put_timestamp(struct buf *b, int64_t v, int64_t per_second, int width, bool tz, bool iso)
{
    if (put_infinity(b, v == INT64_MAX, v == -INT64_MAX))
        return;
    int64_t per_day = per_second * 86400;
    int64_t days = v / per_day, rest = v % per_day;
    if (rest < 0) {
        rest += per_day;
        days--;
    }
    bool bc = put_date(b, days, iso);
    if (bc)
        buf_addz(b, " (BC)");
    buf_addc(b, iso ? 'T' : ' ');
    put_clock(b, rest, per_second, width);
    if (tz)
        buf_addz(b, iso ? "Z" : "+00");
}

void render_time(struct buf *b, duckdb_type id, int64_t v, bool iso)
{
    switch (id) {
    case DUCKDB_TYPE_DATE:
        if (!put_infinity(b, v == INT32_MAX, v == -INT32_MAX) && put_date(b, v, iso))
            buf_addz(b, " (BC)");
        break;
    case DUCKDB_TYPE_TIME: put_clock(b, v, 1000000, 6); break;
    case DUCKDB_TYPE_TIME_NS: put_clock(b, v, 1000000000, 9); break;
    case DUCKDB_TYPE_TIME_TZ: {
        /* 40 bits of microseconds over 24 bits of offset, the offset counted down from its maximum */
        uint64_t bits = (uint64_t)v;
        int64_t offset = 15 * 3600 + 59 * 60 + 59 - (int64_t)(bits & 0xffffff);
        put_clock(b, (int64_t)(bits >> 24), 1000000, 6);
        int64_t abs_offset = offset < 0 ? -offset : offset;
        buf_printf(b, "%c%02d", offset < 0 ? '-' : '+', (int)(abs_offset / 3600));
        if (abs_offset % 3600 || iso)
            buf_printf(b, ":%02d", (int)(abs_offset / 60 % 60));
        if (abs_offset % 60)
            buf_printf(b, ":%02d", (int)(abs_offset % 60));
        break;
    }
    case DUCKDB_TYPE_TIMESTAMP_S: put_timestamp(b, v, 1, 0, false, iso); break;
    case DUCKDB_TYPE_TIMESTAMP_MS: put_timestamp(b, v, 1000, 3, false, iso); break;
    case DUCKDB_TYPE_TIMESTAMP_NS: put_timestamp(b, v, 1000000000, 9, false, iso); break;
    case DUCKDB_TYPE_TIMESTAMP_TZ: put_timestamp(b, v, 1000000, 6, true, iso); break;
    default: put_timestamp(b, v, 1000000, 6, false, iso); break;
    }
}

static void put_part(struct buf *b, int64_t n, const char *unit, bool *any)
{
    if (n == 0)
        return;
    buf_printf(b, "%s%lld %s%s", *any ? " " : "", (long long)n, unit, n == 1 || n == -1 ? "" : "s");
    *any = true;
}

void render_interval(struct buf *b, duckdb_interval v)
{
    bool any = false;
    put_part(b, v.months / 12, "year", &any);
    put_part(b, v.months % 12, "month", &any);
    put_part(b, v.days, "day", &any);
    if (v.micros == 0) {
        if (!any)
            buf_addz(b, "00:00:00");
        return;
    }
    buf_addz(b, any ? " " : "");
    if (v.micros < 0)
        buf_addc(b, '-');
    uint64_t u = v.micros < 0 ? 0 - (uint64_t)v.micros : (uint64_t)v.micros;
    if (u > INT64_MAX)
        u = INT64_MAX;
    put_clock(b, (int64_t)u, 1000000, 6);
}
