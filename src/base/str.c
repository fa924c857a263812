/* Text as (pointer, length): comparing, cutting, numbers, nearest word, UTF-8, names. */
#include "base/str.h"

#include <errno.h>
#include <stdlib.h>

static unsigned char lower_of(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool str_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool str_eq_nocase(struct str a, struct str b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (lower_of(a.p[i]) != lower_of(b.p[i]))
            return false;
    return true;
}

int str_cmp(struct str a, struct str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n ? memcmp(a.p, b.p, n) : 0;
    return c ? c : (a.n > b.n) - (a.n < b.n);
}

bool str_starts(struct str s, struct str prefix)
{
    return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

bool str_ends(struct str s, struct str suffix)
{
    return s.n >= suffix.n && (suffix.n == 0 || memcmp(s.p + (s.n - suffix.n), suffix.p, suffix.n) == 0);
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct str str_trim(struct str s)
{
    while (s.n && is_space(s.p[0]))
        s.p++, s.n--;
    while (s.n && is_space(s.p[s.n - 1]))
        s.n--;
    return s;
}

size_t str_find(struct str s, struct str needle, size_t from)
{
    if (from > s.n)
        return SIZE_MAX;
    if (needle.n == 0)
        return from;
    const char *hit = s.n == from ? NULL : memmem(s.p + from, s.n - from, needle.p, needle.n);
    return hit ? (size_t)(hit - s.p) : SIZE_MAX;
}

struct str str_cut(struct str s, char sep, struct str *rest)
{
    const char *hit = s.n ? memchr(s.p, sep, s.n) : NULL;
    if (!hit) {
        *rest = (struct str){NULL, 0};
        return s;
    }
    size_t n = (size_t)(hit - s.p);
    *rest = (struct str){hit + 1, s.n - n - 1};
    return (struct str){s.p, n};
}

bool str_to_i64(struct str s, int64_t *out)
{
    size_t i = 0;
    bool negative = false;
    if (s.n && (s.p[0] == '-' || s.p[0] == '+'))
        negative = s.p[i++] == '-';
    if (i == s.n)
        return false;
    int64_t v = 0;
    for (; i < s.n; i++) {
        if (!is_digit(s.p[i]))
            return false;
        int digit = s.p[i] - '0';
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_sub_overflow(v, digit, &v)) /* downwards: INT64_MIN fits */
            return false;
    }
    if (!negative && v == INT64_MIN)
        return false;
    *out = negative ? v : -v;
    return true;
}

bool str_to_f64(struct str s, double *out)
{
    char z[512]; /* longer digits than this name no different number that anybody writes */
    if (s.n == 0 || s.n >= sizeof z || is_space(s.p[0]))
        return false;
    memcpy(z, s.p, s.n);
    z[s.n] = 0;
    char *end;
    double v = strtod(z, &end);
    if (end != z + s.n)
        return false;
    *out = v;
    return true;
}

enum { DISTANCE_MAX_LENGTH = 64 };

unsigned str_distance(struct str a, struct str b, unsigned max)
{
    size_t gap = a.n > b.n ? a.n - b.n : b.n - a.n;
    if (gap > max || a.n > DISTANCE_MAX_LENGTH || b.n > DISTANCE_MAX_LENGTH)
        return str_eq(a, b) ? 0 : max + 1;
    unsigned row[3][DISTANCE_MAX_LENGTH + 1];
    unsigned *before = row[0], *above = row[1], *now = row[2];
    for (size_t j = 0; j <= b.n; j++)
        above[j] = before[j] = (unsigned)j;
    for (size_t i = 1; i <= a.n; i++) {
        unsigned least = now[0] = (unsigned)i;
        for (size_t j = 1; j <= b.n; j++) {
            unsigned best = above[j - 1] + (a.p[i - 1] != b.p[j - 1]);
            if (above[j] + 1 < best)
                best = above[j] + 1;
            if (now[j - 1] + 1 < best)
                best = now[j - 1] + 1;
            if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1] && before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            now[j] = best;
            if (best < least)
                least = best;
        }
        if (least > max)
            return max + 1;
        unsigned *t = before;
        before = above;
        above = now;
        now = t;
    }
    return above[b.n] > max ? max + 1 : above[b.n];
}

int str_nearest(struct str word, const struct str *candidates, size_t n)
{
    unsigned max = word.n / 3 ? (unsigned)(word.n / 3) : 1;
    int best = -1;
    for (size_t i = 0; i < n; i++) {
        unsigned d = str_eq_nocase(word, candidates[i]) ? 0 : str_distance(word, candidates[i], max);
        if (d <= max) {
            best = (int)i;
            if (d == 0)
                break;
            max = d - 1; /* the first of equals wins */
        }
    }
    return best;
}

bool str_utf8_valid(struct str s)
{
    const unsigned char *p = (const unsigned char *)s.p, *end = p + s.n;
    while (p < end) {
        unsigned char c = *p;
        if (c < 0x80) {
            p++;
            continue;
        }
        size_t more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
        if (c < 0xc2 || c > 0xf4 || (size_t)(end - p) <= more)
            return false;
        unsigned char first_min = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
        unsigned char first_max = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
        if (p[1] < first_min || p[1] > first_max)
            return false;
        for (size_t i = 2; i <= more; i++)
            if ((p[i] & 0xc0) != 0x80)
                return false;
        p += more + 1;
    }
    return true;
}

uint64_t str_hash(struct str s)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < s.n; i++)
        h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3u;
    h ^= h >> 32;
    h *= 0xd6e8feb86659fd93u;
    h ^= h >> 32;
    return h;
}

bool str_is_name(struct str s)
{
    if (s.n == 0 || s.p[0] < 'a' || s.p[0] > 'z')
        return false;
    for (size_t i = 1; i < s.n; i++) {
        char c = s.p[i];
        if (!((c >= 'a' && c <= 'z') || is_digit(c) || c == '_') || (c == '_' && s.p[i - 1] == '_'))
            return false;
    }
    size_t digits = 0;
    while (digits < s.n && is_digit(s.p[s.n - 1 - digits]))
        digits++;
    return !(digits > 0 && s.n >= digits + 2 && s.p[s.n - digits - 1] == 'v' && s.p[s.n - digits - 2] == '_');
}
