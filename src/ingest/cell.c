/* Numbers, truth values, types, and what a text looks like. Decimals are read as integers with an exponent, so that no
 * amount of money passes through binary fractions. */
#include "ingest/cell.h"

#include <stdio.h>

typedef unsigned __int128 u128;
typedef __int128 i128;

enum { DIGITS_MAX = 38 };

/* ---- Types ---- */

static const struct {
    const char *name;
    struct engine_pipe_type type;
} type_names[] = {
    {"BOOLEAN", {ENGINE_BOOL, 1, 0, 0, false}},
    {"BOOL", {ENGINE_BOOL, 1, 0, 0, false}},
    {"LOGICAL", {ENGINE_BOOL, 1, 0, 0, false}},
    {"TINYINT", {ENGINE_INT, 1, 0, 0, false}},
    {"SMALLINT", {ENGINE_INT, 2, 0, 0, false}},
    {"INTEGER", {ENGINE_INT, 4, 0, 0, false}},
    {"BIGINT", {ENGINE_INT, 8, 0, 0, false}},
    {"INT", {ENGINE_INT, 4, 0, 0, false}},
    {"INT8", {ENGINE_INT, 8, 0, 0, false}},
    {"INT4", {ENGINE_INT, 4, 0, 0, false}},
    {"INT2", {ENGINE_INT, 2, 0, 0, false}},
    {"INT1", {ENGINE_INT, 1, 0, 0, false}},
    {"INT64", {ENGINE_INT, 8, 0, 0, false}},
    {"INT32", {ENGINE_INT, 4, 0, 0, false}},
    {"INT16", {ENGINE_INT, 2, 0, 0, false}},
    {"LONG", {ENGINE_INT, 8, 0, 0, false}},
    {"SHORT", {ENGINE_INT, 2, 0, 0, false}},
    {"SIGNED", {ENGINE_INT, 4, 0, 0, false}},
    {"UTINYINT", {ENGINE_INT, 1, 0, 0, true}},
    {"USMALLINT", {ENGINE_INT, 2, 0, 0, true}},
    {"UINTEGER", {ENGINE_INT, 4, 0, 0, true}},
    {"UBIGINT", {ENGINE_INT, 8, 0, 0, true}},
    {"FLOAT", {ENGINE_DOUBLE, 4, 0, 0, false}},
    {"REAL", {ENGINE_DOUBLE, 4, 0, 0, false}},
    {"FLOAT4", {ENGINE_DOUBLE, 4, 0, 0, false}},
    {"DOUBLE", {ENGINE_DOUBLE, 8, 0, 0, false}},
    {"FLOAT8", {ENGINE_DOUBLE, 8, 0, 0, false}},
    {"DOUBLE PRECISION", {ENGINE_DOUBLE, 8, 0, 0, false}},
    {"DATE", {ENGINE_DATE, 4, 0, 0, false}},
    {"TIME", {ENGINE_TIME, 8, 0, 0, false}},
    {"TIMESTAMP", {ENGINE_TIMESTAMP, 8, 0, 0, false}},
    {"DATETIME", {ENGINE_TIMESTAMP, 8, 0, 0, false}},
    {"TIMESTAMP WITHOUT TIME ZONE", {ENGINE_TIMESTAMP, 8, 0, 0, false}},
    {"TIMESTAMP WITH TIME ZONE", {ENGINE_TIMESTAMP_TZ, 8, 0, 0, false}},
    {"TIMESTAMPTZ", {ENGINE_TIMESTAMP_TZ, 8, 0, 0, false}},
};

struct engine_pipe_type cell_type_parse(struct str name)
{
    struct engine_pipe_type text = {.type = ENGINE_TEXT};
    name = str_trim(name);
    struct str args, head = str_cut(name, '(', &args);
    head = str_trim(head);
    if (str_eq_nocase(head, STR("DECIMAL")) || str_eq_nocase(head, STR("NUMERIC")) || str_eq_nocase(head, STR("DEC"))) {
        int64_t p = 18, s = 3;
        if (args.p) {
            if (!str_ends(args, STR(")")))
                return text;
            args.n--;
            struct str scale, precision = str_cut(args, ',', &scale);
            s = 0;
            if (!str_to_i64(str_trim(precision), &p) || (scale.p && !str_to_i64(str_trim(scale), &s)))
                return text;
        }
        if (p < 1 || p > DIGITS_MAX || s < 0 || s > p)
            return text;
        uint8_t bytes = p <= 4 ? 2 : p <= 9 ? 4 : p <= 18 ? 8 : 16;
        return (struct engine_pipe_type){ENGINE_DECIMAL, bytes, (uint8_t)p, (uint8_t)s, false};
    }
    if (!args.p) {
        for (size_t i = 0; i < sizeof type_names / sizeof type_names[0]; i++) {
            if (str_eq_nocase(head, str_of(type_names[i].name)))
                return type_names[i].type;
        }
    }
    return text;
}

void cell_type_name(const struct engine_pipe_type *t, struct buf *out)
{
    if (t->type == ENGINE_DECIMAL) {
        buf_printf(out, "DECIMAL(%d,%d)", t->precision, t->scale);
        return;
    }
    for (size_t i = 0; i < sizeof type_names / sizeof type_names[0]; i++) {
        const struct engine_pipe_type *n = &type_names[i].type;
        if (n->type == t->type && n->bytes == t->bytes && n->is_unsigned == t->is_unsigned) {
            buf_addz(out, type_names[i].name);
            return;
        }
    }
    buf_addz(out, "VARCHAR");
}

/* ---- Numbers ---- */

struct number {
    u128 mantissa; /* value = mantissa * 10^exponent, sign apart */
    int exponent;
    bool negative, fraction, scientific;
    unsigned significant;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void number_digit(struct number *n, char c, bool after_point)
{
    if (n->significant < DIGITS_MAX) {
        n->mantissa = n->mantissa * 10 + (unsigned)(c - '0');
        if (n->mantissa)
            n->significant++;
        if (after_point)
            n->exponent--;
    } else if (!after_point) {
        n->exponent++; /* beyond 38 digits only the size counts */
    }
}

/* 1,234,567: the first group has one to three digits, every other one exactly three. */
static bool number_plain_parse(struct str s, char decimal, struct number *n)
{
    char group = decimal == ',' ? '.' : ',';
    const char *p = s.p, *end = s.p + s.n;
    *n = (struct number){0};
    if (p < end && (*p == '-' || *p == '+'))
        n->negative = *p++ == '-';
    unsigned run = 0, groups = 0;
    bool any = false;
    for (; p < end && (is_digit(*p) || *p == group); p++) {
        if (*p == group) {
            if (run == 0 || run > 3 || (groups && run != 3))
                return false;
            groups++;
            run = 0;
        } else {
            number_digit(n, *p, false);
            run++;
            any = true;
        }
    }
    if (groups && run != 3)
        return false;
    if (p < end && *p == decimal) {
        p++;
        n->fraction = true;
        for (; p < end && is_digit(*p); p++) {
            number_digit(n, *p, true);
            any = true;
        }
    }
    if (!any)
        return false;
    if (p < end && (*p == 'e' || *p == 'E')) {
        n->scientific = true;
        p++;
        bool minus = p < end && *p == '-';
        if (p < end && (*p == '-' || *p == '+'))
            p++;
        int x = 0;
        if (p == end)
            return false;
        for (; p < end && is_digit(*p); p++)
            x = x < 10000 ? x * 10 + (*p - '0') : x;
        n->exponent += minus ? -x : x;
    }
    return p == end;
}

/* Blanks and apostrophes that group thousands, as several countries write them. */
static const struct {
    const char *text;
    size_t n;
} groupers[] = {{" ", 1}, {"'", 1}, {"\xc2\xa0", 2}, {"\xe2\x80\xaf", 3}, {"\xe2\x80\x89", 3}, {"\xe2\x80\x99", 3}};

static bool take_front(struct str *s, const char *text, size_t n)
{
    if (s->n < n || memcmp(s->p, text, n) != 0)
        return false;
    s->p += n;
    s->n -= n;
    return true;
}

/* (12.50) and 12.50- as accountants write them, a typographic minus, and one kind of grouping character. */
static bool number_parse(struct str s, char decimal, struct number *n)
{
    if (number_plain_parse(s, decimal, n))
        return true;
    char text[64], group = decimal == ',' ? '.' : ',';
    size_t at = 0, kind = SIZE_MAX;
    bool negative = false, other = false; /* other: the usual grouping character is there, too */
    if (s.n < 2 || s.n > sizeof text / 2)
        return false;
    if (s.p[0] == '(' && s.p[s.n - 1] == ')' && s.p[1] != '-') {
        s = (struct str){s.p + 1, s.n - 2};
        negative = true;
    } else if (s.p[s.n - 1] == '-' && is_digit(s.p[0])) {
        s.n--;
        negative = true;
    } else if (take_front(&s, "\xe2\x88\x92", 3)) {
        negative = true;
    }
    while (s.n) {
        size_t k = 0, kinds = sizeof groupers / sizeof groupers[0];
        while (k < kinds && !take_front(&s, groupers[k].text, groupers[k].n))
            k++;
        if (k == kinds) {
            other = other || *s.p == group;
            text[at++] = *s.p++;
            s.n--;
            continue;
        }
        if (kind != SIZE_MAX && kind != k)
            return false;
        kind = k;
        text[at++] = group;
    }
    if ((kind != SIZE_MAX && other) || !number_plain_parse((struct str){text, at}, decimal, n) || (negative && n->negative))
        return false;
    n->negative = n->negative || negative;
    return true;
}

/* mantissa * 10^(exponent + scale) as an integer below 10^precision. Halves round away from zero, as the engine's own
 * cast does; *exact says whether nothing was cut. */
static bool number_scaled(const struct number *n, int scale, unsigned precision, u128 *out, bool *exact)
{
    int shift = n->exponent + scale;
    u128 v = n->mantissa, limit = 1;
    for (unsigned i = 0; i < precision; i++)
        limit *= 10;
    *exact = true;
    if (v && shift > 0) {
        for (; shift > 0; shift--) {
            if (v >= limit)
                return false;
            v *= 10;
        }
    } else if (v && shift < 0) {
        u128 divisor = 1;
        if (shift < -DIGITS_MAX) {
            v = 0;
            *exact = false;
        } else {
            for (int i = 0; i < -shift; i++)
                divisor *= 10;
            u128 rest = v % divisor;
            v /= divisor;
            *exact = rest == 0;
            if (rest >= divisor - rest)
                v++;
        }
    }
    *out = v;
    return v < limit;
}

static void store_int(void *out, uint8_t bytes, i128 v)
{
    switch (bytes) {
    case 1: {
        int8_t x = (int8_t)v;
        memcpy(out, &x, 1);
        break;
    }
    case 2: {
        int16_t x = (int16_t)v;
        memcpy(out, &x, 2);
        break;
    }
    case 4: {
        int32_t x = (int32_t)v;
        memcpy(out, &x, 4);
        break;
    }
    case 8: {
        int64_t x = (int64_t)v;
        memcpy(out, &x, 8);
        break;
    }
    default:
        memcpy(out, &v, 16);
    }
}

/* Up to 18 plain digits with at most one point: nearly every number of a landed file. */
static bool plain_number(struct str s, char decimal, int64_t *mantissa, int *decimals, bool *negative)
{
    const char *p = s.p, *end = s.p + s.n;
    *negative = p < end && *p == '-';
    p += *negative;
    if (end - p > 19 || p == end)
        return false;
    uint64_t v = 0; /* holds any 19 digits */
    const char *point = NULL;
    unsigned n = 0;
    for (; p < end; p++) {
        unsigned d = (unsigned)(unsigned char)*p - '0';
        if (d <= 9) {
            v = v * 10 + d;
            n++;
        } else if (*p == decimal && !point) {
            point = p;
        } else {
            return false;
        }
    }
    *mantissa = (int64_t)v;
    *decimals = point ? (int)(end - point - 1) : 0;
    return n > 0 && n <= 18;
}

static enum cell_result to_int(const struct engine_pipe_type *t, char decimal, struct str s, void *out)
{
    int64_t m;
    int decimals;
    bool negative, exact;
    u128 v;
    if (plain_number(s, decimal, &m, &decimals, &negative) && decimals == 0) {
        v = (u128)m;
    } else {
        struct number n;
        if (!number_parse(s, decimal, &n))
            return CELL_BAD;
        if (!number_scaled(&n, 0, DIGITS_MAX, &v, &exact))
            return CELL_RANGE;
        if (!exact)
            return CELL_BAD;
        negative = n.negative;
    }
    u128 most = t->is_unsigned ? ((u128)1 << (8 * t->bytes)) - 1 : ((u128)1 << (8 * t->bytes - 1)) - !negative;
    if (v > most || (t->is_unsigned && negative && v))
        return CELL_RANGE;
    store_int(out, t->bytes, negative ? -(i128)v : (i128)v);
    return CELL_OK;
}

static enum cell_result to_decimal(const struct engine_pipe_type *t, char decimal, struct str s, void *out)
{
    static const int64_t tens[19] = {1,
                                     10,
                                     100,
                                     1000,
                                     10000,
                                     100000,
                                     1000000,
                                     10000000,
                                     100000000,
                                     1000000000,
                                     10000000000,
                                     100000000000,
                                     1000000000000,
                                     10000000000000,
                                     100000000000000,
                                     1000000000000000,
                                     10000000000000000,
                                     100000000000000000,
                                     1000000000000000000};
    int64_t m, scaled;
    int decimals;
    bool negative, exact;
    if (t->bytes == 8 && plain_number(s, decimal, &m, &decimals, &negative) && decimals <= t->scale &&
        !__builtin_mul_overflow(m, tens[t->scale - decimals], &scaled) && scaled < tens[t->precision]) {
        scaled = negative ? -scaled : scaled;
        memcpy(out, &scaled, sizeof scaled);
        return CELL_OK;
    }
    struct number n;
    u128 v;
    if (!number_parse(s, decimal, &n))
        return CELL_BAD;
    if (!number_scaled(&n, t->scale, t->precision, &v, &exact))
        return CELL_RANGE;
    store_int(out, t->bytes, n.negative ? -(i128)v : (i128)v);
    return CELL_OK;
}

static enum cell_result to_double(const struct engine_pipe_type *t, char decimal, struct str s, void *out)
{
    static const double tens[23] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    int64_t m;
    int decimals;
    bool negative;
    double v;
    if (plain_number(s, decimal, &m, &decimals, &negative) && m <= (1ll << 53)) {
        v = (double)m / tens[decimals]; /* both exact, so the one division rounds right */
    } else {
        struct number n;
        if (!number_parse(s, decimal, &n))
            return CELL_BAD;
        char text[80];
        size_t at = sizeof text;
        text[--at] = 0;
        at -= (size_t)snprintf(NULL, 0, "e%d", n.exponent);
        snprintf(text + at, sizeof text - at, "e%d", n.exponent);
        text[sizeof text - 1] = 0;
        u128 d = n.mantissa;
        do {
            text[--at] = (char)('0' + (int)(d % 10));
            d /= 10;
        } while (d);
        if (!str_to_f64(str_of(text + at), &v))
            return CELL_RANGE;
        negative = n.negative;
    }
    v = negative ? -v : v;
    if (v - v != 0)
        return CELL_RANGE;
    if (t->bytes == 4) {
        float f = (float)v;
        if (f - f != 0)
            return CELL_RANGE;
        memcpy(out, &f, sizeof f);
    } else {
        memcpy(out, &v, sizeof v);
    }
    return CELL_OK;
}

/* ---- The rest ---- */

static bool to_bool(struct str s, uint8_t *out)
{
    static const char *const words[] = {"true", "t", "yes", "y", "1", "false", "f", "no", "n", "0"};
    for (unsigned i = 0; i < 10; i++) {
        if (str_eq_nocase(s, str_of(words[i]))) {
            *out = i < 5;
            return true;
        }
    }
    return false;
}

/* YYYY-MM-DD, the form of nearly every day in a landed file. */
static bool plain_date(struct str s, int32_t *days)
{
    if (s.n != 10 || s.p[4] != '-' || s.p[7] != '-')
        return false;
    unsigned d[8], k = 0;
    for (unsigned i = 0; i < 10; i++) {
        if (i == 4 || i == 7)
            continue;
        d[k] = (unsigned)(unsigned char)s.p[i] - '0';
        if (d[k++] > 9)
            return false;
    }
    return cell_date(d[0] * 1000 + d[1] * 100 + d[2] * 10 + d[3], d[4] * 10 + d[5], d[6] * 10 + d[7], days);
}

static bool moment(const struct cell_format *f, struct str form, struct str s, int64_t *us)
{
    (void)f;
    return form.n ? cell_strptime(s, form, us) : cell_timestamp(s, us);
}

static enum cell_result to_date(const struct cell_format *f, struct str s, int32_t *days)
{
    int64_t us;
    if (!f->date_format.n && plain_date(s, days))
        return CELL_OK;
    if (!moment(f, f->date_format, s, &us) || us % 86400000000ll != 0) /* a time of day would be lost */
        return CELL_BAD;
    *days = (int32_t)(us / 86400000000ll);
    return CELL_OK;
}

enum cell_result cell_convert(const struct engine_pipe_type *t, const struct cell_format *f, struct str s, void *out)
{
    int64_t us;
    int32_t days;
    enum cell_result r;
    s = str_trim(s);
    if (!s.n)
        return CELL_EMPTY;
    switch (t->type) {
    case ENGINE_BOOL:
        return to_bool(s, out) ? CELL_OK : CELL_BAD;
    case ENGINE_INT:
        return to_int(t, f->decimal, s, out);
    case ENGINE_DOUBLE:
        return to_double(t, f->decimal, s, out);
    case ENGINE_DECIMAL:
        return to_decimal(t, f->decimal, s, out);
    case ENGINE_DATE:
        r = to_date(f, s, &days);
        if (r == CELL_OK)
            memcpy(out, &days, sizeof days);
        return r;
    case ENGINE_TIMESTAMP:
    case ENGINE_TIMESTAMP_TZ:
        if (!moment(f, f->timestamp_format, s, &us))
            return CELL_BAD;
        memcpy(out, &us, sizeof us);
        return CELL_OK;
    case ENGINE_TIME: {
        char text[64];
        int n = snprintf(text, sizeof text, "1970-01-01 %.*s", (int)(s.n < 40 ? s.n : 40), s.p);
        if (s.n > 40 || !cell_timestamp((struct str){text, (size_t)n}, &us))
            return CELL_BAD;
        memcpy(out, &us, sizeof us);
        return CELL_OK;
    }
    default:
        return CELL_BAD;
    }
}

/* ---- Looks ---- */

static const char *const look_names[LOOK_COUNT] = {"empty",  "boolean", "integer",   "decimal",
                                                   "number", "date",    "timestamp", "text"};

enum cell_look cell_look(struct str s, char decimal)
{
    struct number n;
    int64_t us;
    s = str_trim(s);
    if (!s.n)
        return LOOK_EMPTY;
    if (number_parse(s, decimal, &n)) {
        const char *first = s.p + (s.p[0] == '-' || s.p[0] == '+');
        bool id = s.p[0] != '-' && *first == '0' && s.n > 1 && first[1] != '.' && first[1] != ','; /* 00123 is a name */
        if (id || s.p[0] == '+')
            return LOOK_TEXT;
        if (n.scientific || n.significant > 18)
            return n.fraction || n.scientific ? LOOK_NUMBER : LOOK_TEXT;
        return n.fraction ? (n.exponent >= -6 ? LOOK_DECIMAL : LOOK_NUMBER) : LOOK_INTEGER;
    }
    if (s.n >= 8 && s.n <= 40 && cell_timestamp(s, &us))
        return memchr(s.p, ':', s.n) ? LOOK_TIMESTAMP : LOOK_DATE;
    if (str_eq_nocase(s, STR("true")) || str_eq_nocase(s, STR("false")))
        return LOOK_BOOL;
    return LOOK_TEXT;
}

enum cell_look cell_look_join(enum cell_look a, enum cell_look b)
{
    if (a > b) {
        enum cell_look t = a;
        a = b;
        b = t;
    }
    if (a == b || a == LOOK_EMPTY)
        return b;
    if (a >= LOOK_INTEGER && b <= LOOK_NUMBER)
        return b;
    return a == LOOK_DATE && b == LOOK_TIMESTAMP ? b : LOOK_TEXT;
}

const char *cell_look_text(enum cell_look l)
{
    return look_names[l];
}

enum cell_look cell_look_parse(struct str text)
{
    for (unsigned i = 0; i < LOOK_COUNT; i++) {
        if (str_eq(text, str_of(look_names[i])))
            return (enum cell_look)i;
    }
    return LOOK_EMPTY;
}
