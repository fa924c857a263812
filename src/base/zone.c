/* Time zones from the system's database (TZif files, RFC 8536), without the C library's process-wide zone.
 * A zone is read once and kept for the life of the process. "UTC" needs no database. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock_int.h"
#include "base/fs.h"

enum { ZONES_MAX = 1024, ZONE_FILE_BYTES_MAX = 1 << 20, ZONE_NAME_BYTES_MAX = 64 };

/* One half of "CET-1CEST,M3.5.0,M10.5.0/3": the month, week and weekday at which a rule begins. */
struct zone_rule {
    int month, week, weekday; /* month 0: day counts from 1 (Jn) or 0 (n) */
    int day;
    bool leap_counted;
    int32_t at_s; /* local seconds after midnight */
};

struct zone {
    struct zone *next;
    char name[ZONE_NAME_BYTES_MAX];
    struct arena arena;
    int64_t *at_s; /* transitions */
    uint8_t *to;   /* index of the type from then on */
    size_t n;
    int32_t *offset_s;
    size_t n_types;
    bool has_footer, has_summer; /* the rule behind the last transition */
    int32_t standard_s, summer_s;
    struct zone_rule begin, end;
};

/* Guarded by zones_lock; zones are never freed. */
static struct zone *zones;
static size_t n_zones;
static pthread_mutex_t zones_lock = PTHREAD_MUTEX_INITIALIZER;

static int64_t big_endian(const char *p, size_t bytes)
{
    uint64_t v = 0;
    for (size_t i = 0; i < bytes; i++)
        v = v << 8 | (unsigned char)p[i];
    return bytes == 4 ? (int32_t)(uint32_t)v : (int64_t)v;
}

/* ---- The footer: a POSIX TZ text ---- */

static bool take_number(struct str *s, int *out)
{
    int v = 0;
    size_t i = 0;
    while (i < s->n && i < 5 && s->p[i] >= '0' && s->p[i] <= '9')
        v = v * 10 + (s->p[i++] - '0');
    if (i == 0)
        return false;
    s->p += i;
    s->n -= i;
    *out = v;
    return true;
}

static bool take_char(struct str *s, char c)
{
    if (s->n == 0 || s->p[0] != c)
        return false;
    s->p++;
    s->n--;
    return true;
}

/* [+-]hh[:mm[:ss]] in seconds */
static bool take_time(struct str *s, int32_t *out)
{
    int h, m = 0, sec = 0;
    bool negative = take_char(s, '-');
    if (!negative)
        (void)take_char(s, '+');
    if (!take_number(s, &h) || (take_char(s, ':') && (!take_number(s, &m) || (take_char(s, ':') && !take_number(s, &sec)))))
        return false;
    if (h > 167 || m > 59 || sec > 59)
        return false;
    *out = (negative ? -1 : 1) * (h * 3600 + m * 60 + sec);
    return true;
}

static bool skip_name(struct str *s)
{
    size_t i = 0;
    if (take_char(s, '<')) {
        while (i < s->n && s->p[i] != '>')
            i++;
        i++;
    } else {
        while (i < s->n && ((s->p[i] >= 'A' && s->p[i] <= 'Z') || (s->p[i] >= 'a' && s->p[i] <= 'z')))
            i++;
    }
    if (i == 0 || i > s->n)
        return false;
    s->p += i;
    s->n -= i;
    return true;
}

static bool take_rule(struct str *s, struct zone_rule *r)
{
    *r = (struct zone_rule){.at_s = 7200};
    if (!take_char(s, ','))
        return false;
    if (take_char(s, 'M')) {
        if (!take_number(s, &r->month) || !take_char(s, '.') || !take_number(s, &r->week) || !take_char(s, '.') ||
            !take_number(s, &r->weekday))
            return false;
        if (r->month < 1 || r->month > 12 || r->week < 1 || r->week > 5 || r->weekday > 6)
            return false;
    } else {
        r->leap_counted = !take_char(s, 'J');
        if (!take_number(s, &r->day) || r->day > 366)
            return false;
    }
    return !take_char(s, '/') || take_time(s, &r->at_s);
}

static bool parse_footer(struct zone *z, struct str s)
{
    int32_t west;
    if (!skip_name(&s) || !take_time(&s, &west))
        return false;
    z->standard_s = -west;
    z->has_footer = true;
    if (s.n == 0)
        return true;
    if (!skip_name(&s))
        return false;
    z->summer_s = z->standard_s + 3600;
    if (s.n && s.p[0] != ',') {
        if (!take_time(&s, &west))
            return false;
        z->summer_s = -west;
    }
    z->has_summer = true;
    return take_rule(&s, &z->begin) && take_rule(&s, &z->end) && s.n == 0;
}

/* Local seconds since 1970 at which the rule begins in a year. */
static int64_t rule_local_s(const struct zone_rule *r, int64_t year)
{
    int32_t day;
    if (r->month) {
        int32_t first = clock_days_of(year, (unsigned)r->month, 1);
        int weekday = (int)(((first + 4) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
        day = first + (r->weekday - weekday + 7) % 7 + (r->week - 1) * 7;
        int32_t next = r->month == 12 ? clock_days_of(year + 1, 1, 1) : clock_days_of(year, (unsigned)r->month + 1, 1);
        while (day >= next) /* week 5 is the last one */
            day -= 7;
    } else {
        bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        day = clock_days_of(year, 1, 1) + (r->leap_counted ? r->day : r->day - 1 + (leap && r->day >= 60));
    }
    return day * INT64_C(86400) + r->at_s;
}

static int32_t footer_offset_s(const struct zone *z, int64_t utc_s)
{
    if (!z->has_summer)
        return z->standard_s;
    int64_t year;
    unsigned m, d;
    clock_civil_of(clock_floor_div(utc_s + z->standard_s, 86400), &year, &m, &d);
    int64_t begin = rule_local_s(&z->begin, year) - z->standard_s, end = rule_local_s(&z->end, year) - z->summer_s;
    bool summer = begin < end ? utc_s >= begin && utc_s < end : !(utc_s >= end && utc_s < begin);
    return summer ? z->summer_s : z->standard_s;
}

/* ---- The file ---- */

struct tzif_counts {
    size_t isut, isstd, leap, time, type, chars;
};

static bool read_header(struct str f, size_t at, struct tzif_counts *c)
{
    if (f.n < at || f.n - at < 44 || memcmp(f.p + at, "TZif", 4) != 0)
        return false;
    size_t *all[] = {&c->isut, &c->isstd, &c->leap, &c->time, &c->type, &c->chars};
    for (size_t i = 0; i < 6; i++) {
        int64_t v = big_endian(f.p + at + 20 + i * 4, 4);
        if (v < 0 || v > 65536)
            return false;
        *all[i] = (size_t)v;
    }
    return c->type > 0;
}

static bool parse_tzif(struct zone *z, struct str f)
{
    struct tzif_counts c;
    if (!read_header(f, 0, &c) || f.p[4] < '2') /* version 1 has 32-bit times only and no system writes it any more */
        return false;
    size_t at = 44 + c.time * 5 + c.type * 6 + c.chars + c.leap * 8 + c.isstd + c.isut;
    if (!read_header(f, at, &c))
        return false;
    at += 44;
    size_t body = c.time * 9 + c.type * 6 + c.chars + c.leap * 12 + c.isstd + c.isut;
    if (f.n - at < body)
        return false;
    z->n = c.time;
    z->n_types = c.type;
    z->at_s = arena_array(&z->arena, c.time + 1, sizeof *z->at_s);
    z->to = arena_array(&z->arena, c.time + 1, 1);
    z->offset_s = arena_array(&z->arena, c.type, sizeof *z->offset_s);
    for (size_t i = 0; i < c.time; i++) {
        z->at_s[i] = big_endian(f.p + at + i * 8, 8);
        z->to[i] = (uint8_t)f.p[at + c.time * 8 + i];
        if (z->to[i] >= c.type)
            return false;
    }
    for (size_t i = 0; i < c.type; i++)
        z->offset_s[i] = (int32_t)big_endian(f.p + at + c.time * 9 + i * 6, 4);
    struct str footer = {f.p + at + body, f.n - at - body};
    if (footer.n >= 2 && footer.p[0] == '\n') {
        struct str rest, line = str_cut((struct str){footer.p + 1, footer.n - 1}, '\n', &rest);
        if (line.n && !parse_footer(z, line))
            return false;
    }
    return true;
}

static bool is_zone_name(struct str s)
{
    if (s.n == 0 || s.n >= ZONE_NAME_BYTES_MAX || s.p[0] == '/' || str_find(s, STR(".."), 0) != SIZE_MAX)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || strchr("/_+-", c)))
            return false;
    }
    return true;
}

static struct zone *zone_load(struct str name)
{
    struct zone *z = mem_alloc(sizeof *z);
    memcpy(z->name, name.p, name.n);
    if (str_eq(name, STR("UTC"))) {
        z->has_footer = true;
        return z;
    }
    const char *dir = getenv("TZDIR");
    char path[512];
    struct str file;
    int n = snprintf(path, sizeof path, "%s/%s", dir ? dir : "/usr/share/zoneinfo", z->name);
    if (n > 0 && (size_t)n < sizeof path && fs_read(&z->arena, path, ZONE_FILE_BYTES_MAX, &file, NULL) && parse_tzif(z, file))
        return z;
    arena_fini(&z->arena);
    mem_free(z);
    return NULL;
}

/* Borrowed for ever; NULL when the name is no zone. */
static const struct zone *zone_find(struct str name)
{
    if (!is_zone_name(name))
        return NULL;
    pthread_mutex_lock(&zones_lock);
    struct zone *z = zones;
    while (z && !str_eq(str_of(z->name), name))
        z = z->next;
    if (!z && n_zones < ZONES_MAX && (z = zone_load(name))) {
        z->next = zones;
        zones = z;
        n_zones++;
    }
    pthread_mutex_unlock(&zones_lock);
    return z;
}

static int32_t offset_at(const struct zone *z, int64_t utc_s)
{
    if (z->n == 0 || utc_s < z->at_s[0])
        return z->n == 0 && z->has_footer ? footer_offset_s(z, utc_s) : z->offset_s[0];
    if (utc_s >= z->at_s[z->n - 1] && z->has_footer)
        return footer_offset_s(z, utc_s);
    size_t low = 0, high = z->n; /* last transition at or before utc_s */
    while (high - low > 1) {
        size_t mid = low + (high - low) / 2;
        if (z->at_s[mid] <= utc_s)
            low = mid;
        else
            high = mid;
    }
    return z->offset_s[z->to[low]];
}

bool clock_day_of(int64_t us, struct str zone, int32_t *days)
{
    const struct zone *z = zone_find(zone);
    if (!z)
        return false;
    int64_t utc_s = clock_floor_div(us, 1000000);
    *days = (int32_t)clock_floor_div(utc_s + offset_at(z, utc_s), 86400);
    return true;
}

bool clock_day_end_us(struct str date, struct str zone, int64_t *out)
{
    int32_t days;
    const struct zone *z = zone_find(zone);
    if (!z || !clock_parse_date(date, &days))
        return false;
    /* The first moment that falls on the next day. Offsets around midnight are tried from the largest, which gives the
     * earliest moment; where midnight itself is skipped by a change, the change is that moment. */
    int64_t local = (days + INT64_C(1)) * 86400;
    int32_t before = offset_at(z, local - 86400), after = offset_at(z, local + 86400);
    int32_t first = before > after ? before : after, second = before > after ? after : before;
    int64_t utc = local - first;
    if (utc + offset_at(z, utc) < local) {
        int64_t low = utc, high = local - second; /* low is still the day itself, high the next */
        while (high - low > 1) {
            int64_t mid = low + (high - low) / 2;
            if (mid + offset_at(z, mid) < local)
                low = mid;
            else
                high = mid;
        }
        utc = high;
    }
    *out = utc * 1000000;
    return true;
}
