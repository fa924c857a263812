#include "mesh/units.h"

struct unit { const char *name; int64_t of; };
static const struct unit spans[] = {{"s", 1}, {"m", 60}, {"min", 60}, {"h", 3600}, {"d", 86400}, {NULL, 0}};
static const struct unit sizes[] = {{"KB", 1024}, {"MB", 1024 * 1024}, {NULL, 0}};

enum { DIGITS_MAX = 9 };

static bool read_with(const struct unit *units, struct str s, int64_t *out)
{
    size_t digits = 0;
    int64_t count = 0;
    while (digits < s.n && s.p[digits] >= '0' && s.p[digits] <= '9')
        digits++;
    if (digits == 0 || digits > DIGITS_MAX || !str_to_i64((struct str){s.p, digits}, &count))
        return false;
    for (; units->name; units++)
        if (str_eq((struct str){s.p + digits, s.n - digits}, str_of(units->name))) {
            *out = count * units->of;
            return true;
        }
    return false;
}

bool unit_seconds(struct str s, int64_t *out)
{
    return read_with(spans, s, out);
}

bool unit_bytes(struct str s, int64_t *out)
{
    return read_with(sizes, s, out);
}
