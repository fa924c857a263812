/* Dates and moments in landed files: ISO 8601, its relations without padding, with a blank or a T, with or without an
 * offset, and forms that a source declares. */
#include "ingest/cell.h"

enum { DAY_S = 86400 };

bool cell_date(int64_t y, int64_t m, int64_t d, int32_t *days)
{
    static const uint8_t length[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (y < 1 || y > 9999 || m < 1 || m > 12 || d < 1)
        return false;
    bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    if (d > length[m - 1] + (m == 2 && leap))
        return false;
    int64_t yy = m <= 2 ? y - 1 : y, era = yy / 400, yoe = yy - era * 400;
    int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1, doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    *days = (int32_t)(era * 146097 + doe - 719468);
    return true;
}

/* Reads `least` to `most` digits. */
static bool digits(struct str *s, unsigned least, unsigned most, int64_t *out)
{
    int64_t v = 0;
    unsigned n = 0;
    while (n < most && n < s->n && s->p[n] >= '0' && s->p[n] <= '9')
        v = v * 10 + (s->p[n++] - '0');
    if (n < least)
        return false;
    s->p += n;
    s->n -= n;
    *out = v;
    return true;
}

static bool take(struct str *s, char c)
{
    if (!s->n || s->p[0] != c)
        return false;
    s->p++;
    s->n--;
    return true;
}

/* A fraction of a second: up to nine digits are read, six are kept. */
static bool fraction(struct str *s, int64_t *us)
{
    int64_t v = 0;
    unsigned n = 0;
    while (s->n && s->p[0] >= '0' && s->p[0] <= '9' && n < 9) {
        if (n < 6)
            v = v * 10 + (s->p[0] - '0');
        n++;
        s->p++;
        s->n--;
    }
    for (unsigned i = n; i < 6; i++)
        v *= 10;
    *us = v;
    return n > 0;
}

/* Z, UTC, +02, +0200, +02:00. */
static bool offset(struct str *s, int64_t *seconds)
{
    *seconds = 0;
    if (take(s, 'Z') || take(s, 'z'))
        return true;
    if (s->n >= 3 && (memcmp(s->p, "UTC", 3) == 0 || memcmp(s->p, "GMT", 3) == 0)) {
        s->p += 3;
        s->n -= 3;
        return true;
    }
    bool minus = s->n && s->p[0] == '-';
    int64_t h, m = 0;
    if (!take(s, '+') && !take(s, '-'))
        return false;
    if (!digits(s, 2, 2, &h))
        return false;
    bool colon = take(s, ':');
    if (!digits(s, 2, 2, &m) && colon)
        return false;
    if (h > 18 || m > 59)
        return false;
    *seconds = (h * 60 + m) * 60 * (minus ? -1 : 1);
    return true;
}

static bool clock_time(struct str *s, int64_t *us)
{
    int64_t h, m, sec = 0, frac = 0;
    if (!digits(s, 1, 2, &h) || !take(s, ':') || !digits(s, 2, 2, &m))
        return false;
    if (take(s, ':')) {
        if (!digits(s, 2, 2, &sec))
            return false;
        if ((take(s, '.') || take(s, ',')) && !fraction(s, &frac))
            return false;
    }
    if (h > 23 || m > 59 || sec > 59)
        return false;
    *us = ((h * 60 + m) * 60 + sec) * 1000000 + frac;
    return true;
}

/* Month names as exports carry them: English, German, French, Spanish, Italian, Dutch. */
static const struct {
    const char *name;
    int month;
} month_names[] = {
    {"january", 1},
    {"jan", 1},
    {"januar", 1},
    {"janvier", 1},
    {"janv", 1},
    {"enero", 1},
    {"ene", 1},
    {"gennaio", 1},
    {"gen", 1},
    {"januari", 1},
    {"february", 2},
    {"feb", 2},
    {"februar", 2},
    {"f\xc3\xa9vrier", 2},
    {"f\xc3\xa9vr", 2},
    {"febrero", 2},
    {"febbraio", 2},
    {"februari", 2},
    {"march", 3},
    {"mar", 3},
    {"m\xc3\xa4rz", 3},
    {"m\xc3\xa4r", 3},
    {"mrz", 3},
    {"mars", 3},
    {"marzo", 3},
    {"maart", 3},
    {"mrt", 3},
    {"april", 4},
    {"apr", 4},
    {"avril", 4},
    {"avr", 4},
    {"abril", 4},
    {"abr", 4},
    {"aprile", 4},
    {"may", 5},
    {"mai", 5},
    {"mayo", 5},
    {"maggio", 5},
    {"mag", 5},
    {"mei", 5},
    {"june", 6},
    {"jun", 6},
    {"juni", 6},
    {"juin", 6},
    {"junio", 6},
    {"giugno", 6},
    {"giu", 6},
    {"july", 7},
    {"jul", 7},
    {"juli", 7},
    {"juillet", 7},
    {"juil", 7},
    {"julio", 7},
    {"luglio", 7},
    {"lug", 7},
    {"august", 8},
    {"aug", 8},
    {"ao\xc3\xbbt", 8},
    {"aout", 8},
    {"agosto", 8},
    {"ago", 8},
    {"augustus", 8},
    {"september", 9},
    {"sep", 9},
    {"sept", 9},
    {"septembre", 9},
    {"septiembre", 9},
    {"settembre", 9},
    {"set", 9},
    {"october", 10},
    {"oct", 10},
    {"oktober", 10},
    {"okt", 10},
    {"octobre", 10},
    {"octubre", 10},
    {"ottobre", 10},
    {"ott", 10},
    {"november", 11},
    {"nov", 11},
    {"novembre", 11},
    {"noviembre", 11},
    {"december", 12},
    {"dec", 12},
    {"dezember", 12},
    {"dez", 12},
    {"d\xc3\xa9"
     "cembre",
     12},
    {"d\xc3\xa9"
     "c",
     12},
    {"diciembre", 12},
    {"dic", 12},
    {"dicembre", 12},
};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

static bool month_word(struct str *s, int64_t *m)
{
    size_t n = 0;
    while (n < s->n && is_letter(s->p[n]))
        n++;
    for (size_t i = 0; n >= 3 && i < sizeof month_names / sizeof month_names[0]; i++) {
        if (str_eq_nocase((struct str){s->p, n}, str_of(month_names[i].name))) {
            s->p += n;
            s->n -= n;
            take(s, '.');
            *m = month_names[i].month;
            return true;
        }
    }
    return false;
}

static bool year_of(struct str *s, int64_t *y)
{
    if (digits(s, 4, 4, y))
        return true;
    if (!digits(s, 2, 2, y))
        return false;
    *y += *y < 69 ? 2000 : 1900;
    return true;
}

/* Days whose order their own form tells: 25.12.2026, 25-Dec-26, 25 December 2026, Dec 25, 2026. */
static bool worded_day(struct str *s, int32_t *days)
{
    int64_t y, m, d;
    if (s->n && is_letter(s->p[0])) {
        return month_word(s, &m) && (take(s, ' ') || take(s, '-')) && digits(s, 1, 2, &d) &&
               (take(s, ','), take(s, ' ') || take(s, '-')) && digits(s, 4, 4, &y) && cell_date(y, m, d, days);
    }
    if (!digits(s, 1, 2, &d))
        return false;
    if (take(s, '.') && s->n && s->p[0] >= '0' && s->p[0] <= '9')
        return digits(s, 1, 2, &m) && take(s, '.') && digits(s, 4, 4, &y) && cell_date(y, m, d, days);
    if (!take(s, ' ') && !take(s, '-'))
        return false;
    return month_word(s, &m) && (take(s, ' ') || take(s, '-')) && year_of(s, &y) && cell_date(y, m, d, days);
}

/* "Fri, " as mail programs write. */
static void weekday_skip(struct str *s)
{
    static const char *const week[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    for (size_t i = 0; i < 7 && s->n > 5; i++) {
        if (str_eq_nocase((struct str){s->p, 3}, str_of(week[i])) && s->p[3] == ',' && s->p[4] == ' ') {
            s->p += 5;
            s->n -= 5;
            return;
        }
    }
}

static bool calendar_day(struct str *s, int32_t *days)
{
    int64_t y, m, d;
    if (s->n < 5 || !(s->p[2] >= '0' && s->p[2] <= '9') || !(s->p[3] >= '0' && s->p[3] <= '9')) {
        weekday_skip(s);
        return worded_day(s, days);
    }
    if (!digits(s, 4, 4, &y))
        return false;
    char sep = s->n ? s->p[0] : 0;
    if (sep == '-' || sep == '/') {
        return take(s, sep) && digits(s, 1, 2, &m) && take(s, sep) && digits(s, 1, 2, &d) && cell_date(y, m, d, days);
    }
    return digits(s, 2, 2, &m) && digits(s, 2, 2, &d) && cell_date(y, m, d, days); /* 20260131 */
}

/* AM or PM behind a time, where one stands. */
static bool half_day(struct str *s, int64_t *time)
{
    const int64_t hour = 3600000000ll;
    if (s->n != 2 || (s->p[1] != 'M' && s->p[1] != 'm') || !strchr("aApP", s->p[0]))
        return true;
    if (*time < hour || *time >= 13 * hour)
        return false;
    *time = *time % (12 * hour) + (s->p[0] == 'p' || s->p[0] == 'P' ? 12 * hour : 0);
    s->n = 0;
    return true;
}

bool cell_timestamp(struct str s, int64_t *us)
{
    int32_t days;
    int64_t time = 0, off = 0;
    s = str_trim(s);
    if (!calendar_day(&s, &days))
        return false;
    if (s.n) {
        bool comma = take(&s, ',');
        if (!take(&s, ' ') && (comma || (!take(&s, 'T') && !take(&s, 't'))))
            return false;
        if (!clock_time(&s, &time))
            return false;
        take(&s, ' ');
        if (!half_day(&s, &time))
            return false;
        if (s.n && !offset(&s, &off))
            return false;
    }
    *us = ((int64_t)days * DAY_S - off) * 1000000 + time;
    return s.n == 0;
}

static bool word(struct str *s, const char *const *words, int n, size_t least, int64_t *index)
{
    for (int pass = 0; pass < 2; pass++) { /* whole words before abbreviations */
        for (int i = 0; i < n; i++) {
            struct str w = str_of(words[i]);
            if (pass)
                w.n = least;
            if (s->n >= w.n && str_eq_nocase((struct str){s->p, w.n}, w)) {
                s->p += w.n;
                s->n -= w.n;
                *index = i;
                return true;
            }
        }
    }
    return false;
}

struct parts {
    int64_t y, m, d, yday, h, min, s, us, off;
    bool pm, has_pm;
};

static bool part(struct str *s, char what, struct parts *t)
{
    static const char *const months[] = {"January", "February", "March",     "April",   "May",      "June",
                                         "July",    "August",   "September", "October", "November", "December"};
    static const char *const week[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
    int64_t i;
    switch (what) {
    case 'Y':
        return digits(s, 4, 4, &t->y);
    case 'y':
        if (!digits(s, 2, 2, &t->y))
            return false;
        t->y += t->y < 69 ? 2000 : 1900;
        return true;
    case 'm':
        return digits(s, 1, 2, &t->m);
    case 'e':
        take(s, ' ');
        return digits(s, 1, 2, &t->d);
    case 'd':
        return digits(s, 1, 2, &t->d);
    case 'j':
        return digits(s, 1, 3, &t->yday);
    case 'H':
    case 'I':
        return digits(s, 1, 2, &t->h);
    case 'M':
        return digits(s, 1, 2, &t->min);
    case 'S':
        return digits(s, 1, 2, &t->s);
    case 'f':
        return fraction(s, &t->us);
    case 'p':
        t->has_pm = true;
        t->pm = s->n >= 2 && (s->p[0] == 'p' || s->p[0] == 'P');
        if (s->n < 2 || (!t->pm && s->p[0] != 'a' && s->p[0] != 'A') || (s->p[1] != 'm' && s->p[1] != 'M'))
            return false;
        s->p += 2;
        s->n -= 2;
        return true;
    case 'b':
    case 'B':
        if (!word(s, months, 12, 3, &i))
            return false;
        t->m = i + 1;
        return true;
    case 'a':
    case 'A':
        return word(s, week, 7, 3, &i);
    case 'z':
    case 'Z':
        return offset(s, &t->off);
    case 'F':
        return part(s, 'Y', t) && take(s, '-') && part(s, 'm', t) && take(s, '-') && part(s, 'd', t);
    case 'T':
        return part(s, 'H', t) && take(s, ':') && part(s, 'M', t) && take(s, ':') && part(s, 'S', t);
    case '%':
        return take(s, '%');
    default:
        return false;
    }
}

bool cell_strptime(struct str s, struct str form, int64_t *us)
{
    struct parts t = {.y = 1970, .m = 1, .d = 1};
    s = str_trim(s);
    for (size_t i = 0; i < form.n; i++) {
        if (form.p[i] != '%' || i + 1 == form.n) {
            if (!take(&s, form.p[i]))
                return false;
        } else if (!part(&s, form.p[++i], &t)) {
            return false;
        }
    }
    if (s.n)
        return false;
    if (t.has_pm) {
        if (t.h < 1 || t.h > 12)
            return false;
        t.h = t.h % 12 + (t.pm ? 12 : 0);
    }
    int32_t days;
    if (t.h > 23 || t.min > 59 || t.s > 59 || !cell_date(t.y, t.m, t.d, &days))
        return false;
    if (t.yday) {
        if (t.yday > 366 || !cell_date(t.y, 1, 1, &days))
            return false;
        days += (int32_t)(t.yday - 1);
    }
    *us = ((int64_t)days * DAY_S + (t.h * 60 + t.min) * 60 + t.s - t.off) * 1000000 + t.us;
    return true;
}
