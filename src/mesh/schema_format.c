/* The formats that the standards name, as far as a wrong value can be told from a right one. */
#include "mesh/schema_int.h"

static bool digits(struct str s, size_t from, size_t n, int *v)
{
    *v = 0;
    if (from + n > s.n)
        return false;
    for (size_t i = from; i < from + n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        *v = *v * 10 + (s.p[i] - '0');
    }
    return true;
}

static bool is_date(struct str s)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int y, m, d;
    if (s.n < 10 || !digits(s, 0, 4, &y) || s.p[4] != '-' || !digits(s, 5, 2, &m) || s.p[7] != '-' || !digits(s, 8, 2, &d))
        return false;
    bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    return m >= 1 && m <= 12 && d >= 1 && d <= days[m - 1] + (m == 2 && leap);
}

/* RFC 3339: the offset is part of it. */
static bool is_date_time(struct str s)
{
    int h, m, sec, oh, om;
    if (s.n < 20 || !is_date(s) || (s.p[10] != 'T' && s.p[10] != 't' && s.p[10] != ' '))
        return false;
    if (!digits(s, 11, 2, &h) || s.p[13] != ':' || !digits(s, 14, 2, &m) || s.p[16] != ':' || !digits(s, 17, 2, &sec))
        return false;
    if (h > 23 || m > 59 || sec > 60)
        return false;
    size_t i = 19;
    if (s.p[i] == '.')
        for (i++; i < s.n && s.p[i] >= '0' && s.p[i] <= '9';)
            i++;
    if (i == s.n || s.p[i - 1] == '.')
        return false;
    if (s.p[i] == 'Z' || s.p[i] == 'z')
        return i + 1 == s.n;
    return (s.p[i] == '+' || s.p[i] == '-') && i + 6 == s.n && digits(s, i + 1, 2, &oh) && s.p[i + 3] == ':' && digits(s, i + 4, 2, &om) && oh < 24 &&
           om < 60;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* RFC 3986 as far as the scheme and the characters go. */
static bool is_uri(struct str s)
{
    size_t i = 0;
    while (i < s.n && (is_letter(s.p[i]) || (i > 0 && ((s.p[i] >= '0' && s.p[i] <= '9') || strchr("+-.", s.p[i])))))
        i++;
    if (i == 0 || i + 1 >= s.n || s.p[i] != ':')
        return false;
    for (; i < s.n; i++)
        if ((unsigned char)s.p[i] <= ' ' || strchr("<>\"\\^`|", s.p[i]))
            return false;
    return true;
}

static bool is_email(struct str s)
{
    const char *at = s.n ? memchr(s.p, '@', s.n) : NULL;
    return at && at > s.p && at + 1 < s.p + s.n && !memchr(at + 1, '@', (size_t)(s.p + s.n - at - 1)) && !memchr(s.p, ' ', s.n);
}

bool schema_format_fits(enum schema_format f, struct str s)
{
    switch (f) {
    case FORMAT_NONE: return true;
    case FORMAT_URI: return is_uri(s);
    case FORMAT_DATE: return s.n == 10 && is_date(s);
    case FORMAT_DATE_TIME: return is_date_time(s);
    case FORMAT_EMAIL: return is_email(s);
    }
    return true;
}

bool schema_text_is_uri(struct str s)
{
    return is_uri(s);
}
