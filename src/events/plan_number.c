/* Numbers exactly as they were sent, and moments in ISO 8601. A price of 19.99 is nineteen ninety-nine here, not the binary
 * fraction next to it: bounds, multiples and decimal columns read the digits. */
#include "events/plan_int.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

enum { DIGITS_MAX = 38, EXPONENT_MAX = 100000 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void normalise(struct plan_number *v)
{
    while (v->digits && v->digits % 10 == 0) {
        v->digits /= 10;
        v->exponent++;
    }
    if (!v->digits)
        *v = (struct plan_number){0};
}

/* "e-12" at the end of a number; beyond any use it stays at the limit. */
static bool exponent_parse(struct str s, int32_t *out)
{
    int64_t v = 0;
    bool negative = s.n && s.p[0] == '-';
    size_t i = s.n && (s.p[0] == '-' || s.p[0] == '+');
    if (i == s.n)
        return false;
    for (; i < s.n; i++) {
        if (!is_digit(s.p[i]))
            return false;
        v = v * 10 + (s.p[i] - '0');
        v = v > EXPONENT_MAX ? EXPONENT_MAX : v;
    }
    *out += (int32_t)(negative ? -v : v);
    return true;
}

bool plan_number_parse(struct str s, struct plan_number *out)
{
    size_t i = 0, digits = 0, taken = 0;
    bool point = false;
    *out = (struct plan_number){0};
    if (s.n && (s.p[0] == '-' || s.p[0] == '+')) {
        out->negative = s.p[0] == '-';
        i++;
    }
    for (; i < s.n && (is_digit(s.p[i]) || (s.p[i] == '.' && !point)); i++) {
        if (s.p[i] == '.') {
            point = true;
            continue;
        }
        digits++;
        if (taken < DIGITS_MAX) {
            out->digits = out->digits * 10 + (plan_digits)(s.p[i] - '0');
            taken += out->digits != 0;
            out->exponent -= point;
        } else {
            out->exponent += !point;
        }
    }
    if (!digits)
        return false;
    if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
        if (!exponent_parse((struct str){s.p + i + 1, s.n - i - 1}, &out->exponent))
            return false;
        i = s.n;
    }
    normalise(out);
    return i == s.n;
}

/* The shortest text that reads back as the same double is what was sent, but for more digits than a double has. */
static bool of_double(double f, struct plan_number *out)
{
    char z[40];
    if (!isfinite(f))
        return false;
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(z, sizeof z, "%.*g", precision, f);
        if (precision == 17 || strtod(z, NULL) == f)
            break;
    }
    return plan_number_parse(str_of(z), out);
}

bool plan_number_of(yyjson_val *v, struct plan_number *out)
{
    if (yyjson_is_raw(v))
        return plan_number_parse((struct str){yyjson_get_raw(v), yyjson_get_len(v)}, out);
    if (yyjson_is_real(v))
        return of_double(yyjson_get_real(v), out);
    if (!yyjson_is_int(v))
        return false;
    *out = (struct plan_number){0};
    if (yyjson_is_sint(v) && yyjson_get_sint(v) < 0) {
        out->negative = true;
        out->digits = (plan_digits)0 - (plan_digits)yyjson_get_sint(v);
    } else {
        out->digits = yyjson_get_uint(v);
    }
    normalise(out);
    return true;
}

static int digit_count(plan_digits v)
{
    int n = 0;
    for (; v; v /= 10)
        n++;
    return n;
}

static plan_digits shifted(plan_digits v, int by)
{
    for (; by > 0; by--)
        v *= 10;
    return v;
}

int plan_number_cmp(const struct plan_number *a, const struct plan_number *b)
{
    int sign = a->negative ? -1 : 1;
    if (!a->digits || !b->digits)
        return a->digits ? sign : b->digits ? (b->negative ? 1 : -1) : 0;
    if (a->negative != b->negative)
        return sign;
    int na = digit_count(a->digits) + a->exponent, nb = digit_count(b->digits) + b->exponent;
    if (na != nb)
        return na < nb ? -sign : sign;
    /* Of one magnitude: with one exponent both have at most 38 digits. */
    plan_digits da = shifted(a->digits, a->exponent - b->exponent), db = shifted(b->digits, b->exponent - a->exponent);
    return da == db ? 0 : da < db ? -sign : sign;
}

bool plan_number_whole(const struct plan_number *v)
{
    return v->exponent >= 0;
}

static double to_double(const struct plan_number *v)
{
    char digits[48], z[80], *end = digits + sizeof digits - 1;
    plan_digits d = v->digits;
    *end = 0;
    do {
        *--end = (char)('0' + (int)(d % 10));
        d /= 10;
    } while (d);
    snprintf(z, sizeof z, "%s%se%d", v->negative ? "-" : "", end, v->exponent);
    return strtod(z, NULL);
}

bool plan_number_multiple(const struct plan_number *v, const struct plan_number *of)
{
    if (!v->digits)
        return true;
    int low = v->exponent < of->exponent ? v->exponent : of->exponent;
    int up_v = v->exponent - low, up_of = of->exponent - low;
    if (digit_count(v->digits) + up_v > DIGITS_MAX || digit_count(of->digits) + up_of > DIGITS_MAX) {
        double r = fmod(to_double(v), to_double(of)); /* too far apart for digits */
        return r == 0;
    }
    return shifted(v->digits, up_v) % shifted(of->digits, up_of) == 0;
}

bool plan_number_scaled(const struct plan_number *v, int scale, int64_t *out)
{
    plan_digits d = v->digits;
    int64_t by = (int64_t)v->exponent + scale;
    if (d && by > 0 && digit_count(d) + by > DIGITS_MAX)
        return false;
    if (by > 0) {
        d = d ? shifted(d, (int)by) : 0;
    } else if (by < -DIGITS_MAX) {
        d = 0;
    } else if (by < 0) {
        plan_digits divisor = shifted(1, (int)-by - 1); /* the digit that decides stays for now */
        d = (d / divisor + 5) / 10;
    }
    if (d > (plan_digits)INT64_MAX)
        return false;
    *out = v->negative ? -(int64_t)d : (int64_t)d;
    return true;
}

/* Two digits, at most `most`. */
static bool two(struct str *s, int most, int *out)
{
    if (s->n < 2 || !is_digit(s->p[0]) || !is_digit(s->p[1]))
        return false;
    *out = (s->p[0] - '0') * 10 + (s->p[1] - '0');
    *s = (struct str){s->p + 2, s->n - 2};
    return *out <= most;
}

static bool take(struct str *s, char c)
{
    if (!s->n || s->p[0] != c)
        return false;
    *s = (struct str){s->p + 1, s->n - 1};
    return true;
}

/* "10:30", "10:30:00", "10:30:00.123456789" */
static bool time_parse(struct str *s, int64_t *us)
{
    int h, m, sec = 0;
    int64_t part = 0, unit = 100000;
    if (!two(s, 23, &h) || !take(s, ':') || !two(s, 59, &m))
        return false;
    if (take(s, ':') && !two(s, 60, &sec))
        return false;
    if (s->n > 1 && (s->p[0] == '.' || s->p[0] == ',') && is_digit(s->p[1]))
        for (*s = (struct str){s->p + 1, s->n - 1}; s->n && is_digit(s->p[0]); *s = (struct str){s->p + 1, s->n - 1}, unit /= 10)
            part += (s->p[0] - '0') * unit;
    *us = ((h * 60 + m) * INT64_C(60) + sec) * 1000000 + part;
    return true;
}

/* "Z", "+02:00", "-0330", or nothing: UTC. */
static bool offset_parse(struct str *s, int64_t *us)
{
    int h, m = 0;
    *us = 0;
    if (!s->n || take(s, 'Z') || take(s, 'z'))
        return true;
    int sign = take(s, '-') ? -1 : take(s, '+') ? 1 : 0;
    if (!sign || !two(s, 23, &h))
        return false;
    take(s, ':');
    if (s->n && !two(s, 59, &m))
        return false;
    *us = sign * (h * 60 + m) * INT64_C(60000000);
    return true;
}

bool plan_moment_parse(struct str s, int parts, int64_t *us)
{
    int32_t days = 0;
    int64_t time = 0, offset = 0;
    if (parts & PLAN_MOMENT_DATE) {
        if (s.n < 10 || !clock_parse_date((struct str){s.p, 10}, &days))
            return false;
        s = (struct str){s.p + 10, s.n - 10};
    }
    if (parts & PLAN_MOMENT_TIME) {
        if ((parts & PLAN_MOMENT_DATE) && !take(&s, 'T') && !take(&s, 't') && !take(&s, ' '))
            return false;
        if (!time_parse(&s, &time) || !offset_parse(&s, &offset))
            return false;
    }
    *us = days * INT64_C(86400000000) + time - offset;
    return s.n == 0;
}
