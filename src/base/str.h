/* Text is (pointer, length); a NUL is only promised where a name ends in `z`. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *p;
    size_t n;
};

#define STR(lit) ((struct str){(lit), sizeof(lit) - 1})
#define STR_FMT(s) (int)(s).n, (s).p /* for "%.*s" */

static inline struct str str_of(const char *z)
{
    return (struct str){z, z ? strlen(z) : 0};
}

bool str_eq(struct str a, struct str b);
bool str_eq_nocase(struct str a, struct str b); /* ASCII only */
int str_cmp(struct str a, struct str b);        /* byte order; shorter first */
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
struct str str_trim(struct str s);
/* First occurrence of `needle` from `from` on, or SIZE_MAX. */
size_t str_find(struct str s, struct str needle, size_t from);
/* Splits off the part before the first `sep`; *rest is what follows (p == NULL when sep was absent). */
struct str str_cut(struct str s, char sep, struct str *rest);
bool str_to_i64(struct str s, int64_t *out); /* whole string, decimal, checked */
bool str_to_f64(struct str s, double *out);
/* Damerau-Levenshtein distance, for "did you mean"; stops at max + 1. */
unsigned str_distance(struct str a, struct str b, unsigned max);
/* Index of the nearest of `n` candidates within a distance of a third of the word (at least 1), or -1. */
int str_nearest(struct str word, const struct str *candidates, size_t n);
bool str_utf8_valid(struct str s);
uint64_t str_hash(struct str s); /* FNV-1a 64 with a final mix; not for untrusted hash tables of unbounded size */
/* `^[a-z][a-z0-9_]*$`, no "__", not ending in _vN: the rule for every declared name. */
bool str_is_name(struct str s);

#endif
