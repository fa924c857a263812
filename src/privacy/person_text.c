/* Mentions of a person inside of longer text: one pattern for the engine (RE2) and for texts in memory (PCRE2). An address is not found as the end of a
 * longer one, nor a number inside of another. */
#include "privacy/person.h"

#include <ctype.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <sodium.h>

enum { PATTERN_MAX = 1 << 20, STEPS_MAX = 20000000 };

struct person_cleaner {
    pcre2_code *code;
    pcre2_match_data *match;
    pcre2_match_context *limits;
};

static void put_quoted(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == '@')
            buf_addz(b, "(?:@|%40)");
        else if (c < 0x80 && !isalnum(c))
            buf_printf(b, "\\x%02x", c);
        else
            buf_addc(b, (char)c);
    }
}

/* Digits with at most two signs between any two of them, behind what leads out of a country. */
static void put_number(struct buf *b, struct str s)
{
    bool begun = false;
    buf_addz(b, "(?:\\+|00)?");
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (!isdigit(c) || (!begun && c == '0'))
            continue;
        buf_addz(b, begun ? "[^0-9a-z]{0,2}" : "");
        buf_addc(b, (char)c);
        begun = true;
    }
}

struct kind_of_text {
    const char *before, *behind;
    int which; /* 0 addresses, 1 numbers, 2 ids */
};
static const struct kind_of_text kinds[] = {
    {"[^0-9a-z._+-]", "[^0-9a-z_.-]|\\.(?:[^0-9a-z]|$)", 0},
    {"[^0-9a-z]", "[^0-9a-z]", 1},
    {"[^0-9a-z]", "[^0-9a-z]", 2},
};

static int which_of(struct str kind, struct str value)
{
    return memchr(value.p, '@', value.n) ? 0 : str_eq(kind, STR("phone")) ? 1 : 2;
}

static void put_one(struct buf *b, size_t *n, int which, struct str value)
{
    buf_addz(b, (*n)++ ? "|" : "");
    if (which == 1)
        put_number(b, value);
    else
        put_quoted(b, value);
}

static void put_all(struct buf *b, const struct person *p, int which, size_t *n)
{
    for (size_t i = 0; i < p->n_identifiers; i++) {
        const struct person_identifier *x = &p->identifiers[i];
        struct str value = str_trim(x->value);
        if (!x->shared && person_telling(x->kind, value) && which_of(x->kind, value) == which)
            put_one(b, n, which, value);
    }
    for (size_t i = 0; which == 2 && i < p->customer_ids.n; i++)
        put_one(b, n, which, p->customer_ids.v[i]);
    for (size_t i = 0; which == 2 && i < p->paths.n; i++)
        put_one(b, n, which, p->paths.v[i]);
    for (size_t i = 0; i < p->n_records; i++)
        if (person_telling(STR("record"), p->records[i].value) && which_of(STR("record"), p->records[i].value) == which)
            put_one(b, n, which, p->records[i].value);
}

/* A section per kind of text, each with a group for what stands before and one for what stands behind: neither is part of the mention. *sections: how many. */
static struct str build(const struct person *p, struct arena *a, int *sections)
{
    struct buf b = BUF_INIT(PATTERN_MAX), one = BUF_INIT(PATTERN_MAX);
    struct str s = STR("");
    *sections = 0; /* -1: more than there is room for */
    buf_addz(&b, "(?i)(?:");
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        size_t n = 0;
        buf_reset(&one);
        put_all(&one, p, kinds[k].which, &n);
        if (n == 0)
            continue;
        buf_printf(&b, "%s(^|%%[0-9a-f][0-9a-f]|%s)(?:", (*sections)++ ? "|" : "", kinds[k].before);
        buf_add(&b, buf_str(&one));
        buf_printf(&b, ")($|%s)", kinds[k].behind);
    }
    buf_addc(&b, ')');
    if (b.failed || one.failed)
        *sections = -1;
    else if (*sections)
        s = arena_str(a, buf_str(&b));
    if (b.p)
        sodium_memzero(b.p, b.n);
    if (one.p)
        sodium_memzero(one.p, one.n);
    buf_fini(&b);
    buf_fini(&one);
    return s;
}

struct str person_pattern(const struct person *p, struct arena *a)
{
    int sections;
    return build(p, a, &sections);
}

struct str person_field_pattern(const struct person *p, struct arena *a)
{
    struct buf b = BUF_INIT(PATTERN_MAX);
    size_t n = 0;
    buf_addz(&b, "(?i)(?:^|[,;\\t|\"'])\\s*(?:");
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        put_all(&b, p, kinds[k].which, &n);
    buf_addz(&b, ")\\s*(?:$|[,;\\t|\"'\\r\\n])");
    struct str s = n && !b.failed ? arena_str(a, buf_str(&b)) : STR("");
    if (b.p)
        sodium_memzero(b.p, b.n);
    buf_fini(&b);
    return s;
}

struct str person_matches(struct arena *a, struct str pattern, struct str expression)
{
    struct buf b = BUF_INIT(4 * PATTERN_MAX);
    if (!pattern.n)
        return STR("false");
    buf_addz(&b, "regexp_matches(");
    buf_add(&b, expression);
    buf_addz(&b, ", ");
    buf_sql_text(&b, pattern);
    buf_addc(&b, ')');
    struct str s = b.failed ? STR("") : arena_str(a, buf_str(&b));
    if (b.p)
        sodium_memzero(b.p, b.n);
    buf_fini(&b);
    return s;
}

/* The engine goes on behind what a match took, so that of two mentions with one sign between them the second is found the second time. */
struct str person_cleaned_sql(const struct person *p, struct arena *a, struct str expression)
{
    int sections;
    struct str pattern = build(p, a, &sections), s;
    struct buf b = BUF_INIT(2 * PATTERN_MAX);
    if (!pattern.n)
        return expression;
    buf_addz(&b, "regexp_replace(regexp_replace(");
    buf_add(&b, expression);
    for (int twice = 0; twice < 2; twice++) {
        buf_addz(&b, ", ");
        buf_sql_text(&b, pattern);
        buf_addz(&b, ", '");
        for (int k = 0; k < sections; k++)
            buf_printf(&b, "\\%d", 2 * k + 1);
        buf_addz(&b, PERSON_ERASED);
        for (int k = 0; k < sections; k++)
            buf_printf(&b, "\\%d", 2 * k + 2);
        buf_addz(&b, "', 'g')");
    }
    s = arena_str(a, buf_str(&b));
    if (b.p)
        sodium_memzero(b.p, b.n);
    buf_fini(&b);
    return s;
}

/* ---- In memory ---- */

bool person_cleaner_new(const struct person *p, struct person_cleaner **out, struct err *e)
{
    struct person_cleaner *k = mem_alloc(sizeof *k);
    struct arena a;
    int error, sections;
    PCRE2_SIZE at;
    arena_init(&a);
    struct str pattern = build(p, &a, &sections);
    k->limits = pcre2_match_context_create(NULL);
    if (pattern.n) {
        k->code = pcre2_compile((PCRE2_SPTR)pattern.p, pattern.n, PCRE2_UTF | PCRE2_MATCH_INVALID_UTF, &error, &at, NULL);
        k->match = k->code ? pcre2_match_data_create_from_pattern(k->code, NULL) : NULL;
        if (k->match && k->limits)
            pcre2_set_match_limit(k->limits, STEPS_MAX);
    }
    arena_fini(&a);
    if (sections >= 0 && k->limits && (!pattern.n || k->match)) {
        *out = k;
        return true;
    }
    person_cleaner_free(k);
    *out = NULL;
    return err_set(e, E_TOO_LARGE, "this person has more identifiers than can be looked for in texts");
}

void person_cleaner_free(struct person_cleaner *k)
{
    if (!k)
        return;
    pcre2_match_data_free(k->match);
    pcre2_match_context_free(k->limits);
    pcre2_code_free(k->code);
    mem_free(k);
}

bool person_clean(void *cleaner, struct str text, struct buf *out)
{
    struct person_cleaner *k = cleaner;
    size_t done = 0;
    if (!k->code)
        return false;
    for (size_t from = 0; from <= text.n;) {
        int groups = pcre2_match(k->code, (PCRE2_SPTR)text.p, text.n, from, 0, k->match, k->limits);
        if (groups <= 0)
            break;
        const PCRE2_SIZE *at = pcre2_get_ovector_pointer(k->match);
        size_t begin = at[0], end = at[1];
        for (int g = 1; g + 1 < groups || g < groups; g += 2) {
            if (at[2 * g] == PCRE2_UNSET)
                continue;
            begin = at[2 * g + 1];
            if (g + 1 < groups && at[2 * g + 2] != PCRE2_UNSET)
                end = at[2 * g + 2];
            break;
        }
        buf_add(out, (struct str){text.p + done, begin - done});
        buf_addz(out, PERSON_ERASED);
        done = end;
        from = end > from ? end : from + 1; /* what stands behind may stand before the next */
    }
    if (done == 0)
        return false;
    buf_add(out, (struct str){text.p + done, text.n - done});
    return true;
}
