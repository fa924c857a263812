#include "collect/suppress.h"

#include <sodium.h>

enum { PHONE_MIN_DIGITS = 5, VALUE_MAX_BYTES = 320, MAX_DEPTH = 256 };

struct sum {
    crypto_generichash_state st;
    unsigned char piece[64];
    size_t n;
};

static void put(struct sum *s, unsigned c)
{
    if (s->n == sizeof s->piece) {
        crypto_generichash_update(&s->st, s->piece, s->n);
        s->n = 0;
    }
    s->piece[s->n++] = (unsigned char)c;
}

/* Lower case of the letters of two bytes that names and addresses are written with; others stay. */
static unsigned lower(unsigned c)
{
    static const struct {
        unsigned short first, last, step, add;
    } ranges[] = {
        {0x00C0, 0x00D6, 1, 32}, {0x00D8, 0x00DE, 1, 32}, {0x0100, 0x012E, 2, 1},  {0x0132, 0x0136, 2, 1},  {0x0139, 0x0147, 2, 1},
        {0x014A, 0x0176, 2, 1},  {0x0179, 0x017D, 2, 1},  {0x0391, 0x03A1, 1, 32}, {0x03A3, 0x03AB, 1, 32}, {0x0400, 0x040F, 1, 80},
        {0x0410, 0x042F, 1, 32},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        if (c >= ranges[i].first && c <= ranges[i].last)
            return (c - ranges[i].first) % ranges[i].step ? c : c + ranges[i].add;
    }
    return c;
}

static void put_text(struct sum *s, struct str v)
{
    for (size_t i = 0; i < v.n; i++) {
        unsigned c = (unsigned char)v.p[i], next = i + 1 < v.n ? (unsigned char)v.p[i + 1] : 0;
        if (c >= 0xC3 && c <= 0xDF && (next & 0xC0) == 0x80) {
            unsigned letter = lower((c & 0x1F) << 6 | (next & 0x3F));
            put(s, 0xC0 | letter >> 6);
            put(s, 0x80 | (letter & 0x3F));
            i++;
        } else {
            put(s, c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
        }
    }
}

/* +49 170 1234567, 0049-170-1234567 and the number 491701234567 are one. What has other signs in it is no telephone number. */
static bool put_phone(struct sum *s, struct str v)
{
    size_t digits = 0, skip;
    for (size_t i = 0; i < v.n; i++) {
        if (v.p[i] >= '0' && v.p[i] <= '9')
            digits++;
        else if (str_find(STR("+ -./()"), (struct str){v.p + i, 1}, 0) == SIZE_MAX)
            return false;
    }
    if (digits < PHONE_MIN_DIGITS)
        return false;
    skip = v.p[0] == '0' && v.p[1] == '0' ? 2 : 0;
    for (size_t i = skip; i < v.n; i++) {
        if (v.p[i] >= '0' && v.p[i] <= '9')
            put(s, (unsigned char)v.p[i]);
    }
    return true;
}

void suppress_hash(const unsigned char key[SUPPRESS_KEY_BYTES], struct str kind, struct str value, struct suppress_hash *out)
{
    struct sum s = {.n = 0};
    unsigned char digest[SUPPRESS_HASH_BYTES];
    value = str_trim(value);
    crypto_generichash_init(&s.st, key, SUPPRESS_KEY_BYTES, sizeof digest);
    crypto_generichash_update(&s.st, (const unsigned char *)kind.p, kind.n);
    put(&s, ':');
    if (!str_eq(kind, STR("phone")) || !put_phone(&s, value))
        put_text(&s, value);
    crypto_generichash_update(&s.st, s.piece, s.n);
    crypto_generichash_final(&s.st, digest, sizeof digest);
    sodium_bin2hex(out->z, sizeof out->z, digest, sizeof digest);
}

/* ---- addresses inside of longer texts ---- */
static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* One byte of a text in which %40 may stand for @; how many bytes it takes. */
static size_t decoded(struct str s, size_t at, char *c)
{
    *c = s.p[at];
    if (*c != '%' || at + 2 >= s.n || hex(s.p[at + 1]) < 0 || hex(s.p[at + 2]) < 0)
        return 1;
    *c = (char)(hex(s.p[at + 1]) * 16 + hex(s.p[at + 2]));
    return 3;
}

/* What may stand in an address outside of quotes; a + in a query string may be a blank, but is left to the address. */
static bool of_mail(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80 || (c && strchr("@.!#$*+-/^_`{|}~'", c));
}

/* Every run of such characters that has an @ in it is looked up, without the marks that a sentence or a path puts around it. */
static bool mail_within(struct str text, bool (*listed)(const void *ctx, struct str kind, struct str value), const void *ctx)
{
    char run[VALUE_MAX_BYTES + 1];
    size_t n = 0, ats = 0;
    for (size_t i = 0, step; i <= text.n; i += step) {
        char c = 0;
        step = i < text.n ? decoded(text, i, &c) : 1;
        if (i < text.n && of_mail(c) && n < VALUE_MAX_BYTES && (c != '@' || ats == 0)) {
            ats += c == '@';
            run[n++] = c;
            continue;
        }
        if (ats) {
            struct str found = {run, n};
            while (found.n && strchr("./'-{}|", found.p[found.n - 1]))
                found.n--;
            for (const char *slash; found.n && (slash = memchr(found.p, '/', found.n)) && slash < (const char *)memchr(found.p, '@', found.n); )
                found = (struct str){slash + 1, found.n - (size_t)(slash + 1 - found.p)};
            while (found.n && strchr(".'{|", found.p[0]))
                found = (struct str){found.p + 1, found.n - 1};
            if (listed(ctx, STR("email"), found))
                return true;
        }
        n = ats = 0;
    }
    return false;
}

static bool mail_in(yyjson_val *v, int depth, bool (*listed)(const void *ctx, struct str kind, struct str value), const void *ctx)
{
    size_t i, n;
    yyjson_val *key, *child;
    if (depth > MAX_DEPTH)
        return true;
    if (yyjson_is_obj(v)) {
        yyjson_obj_foreach(v, i, n, key, child) if (mail_in(child, depth + 1, listed, ctx)) return true;
    } else if (yyjson_is_arr(v)) {
        yyjson_arr_foreach(v, i, n, child) if (mail_in(child, depth + 1, listed, ctx)) return true;
    } else if (yyjson_is_str(v)) {
        struct str text = {yyjson_get_str(v), yyjson_get_len(v)};
        bool any = memchr(text.p, '@', text.n) || str_find(text, STR("%40"), 0) != SIZE_MAX;
        return any && ((text.n <= VALUE_MAX_BYTES && listed(ctx, STR("email"), text)) || mail_within(text, listed, ctx));
    }
    return false;
}

bool suppress_mail_in(yyjson_val *v, bool (*listed)(const void *ctx, struct str kind, struct str value), const void *ctx)
{
    return mail_in(v, 0, listed, ctx);
}
