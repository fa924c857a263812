/* Normal forms of what people write, and how near two of them are. Texts become lower-case ASCII letters and digits: accents go, so that what one
 * system kept and another lost compares equal. */
#include "identity/fuzzy.h"

#include <ctype.h>

enum { NORMAL_MAX = 160, JARO_MAX = 160 };

/* Letters of Latin-1 and Latin Extended-A to what they are written as without their marks; by code point from 0xC0. */
static const char *const plain_latin[] = {
    "a", "a", "a", "a", "ae", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i", "i", "d", "n", "o", "o", "o", "o", "oe", "", "o", "u", "u", "u", "ue", "y", "th", "ss",
    "a", "a", "a", "a", "ae", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i", "i", "d", "n", "o", "o", "o", "o", "oe", "", "o", "u", "u", "u", "ue", "y", "th", "y",
    "a", "a", "a", "a", "a", "a", "c", "c", "c", "c", "c", "c", "c", "c", "d", "d", "d", "d", "e", "e", "e", "e", "e", "e", "e", "e", "e", "e", "g", "g", "g", "g",
    "g", "g", "g", "g", "h", "h", "h", "h", "i", "i", "i", "i", "i", "i", "i", "i", "i", "i", "ij", "ij", "j", "j", "k", "k", "k", "l", "l", "l", "l", "l", "l", "l",
    "l", "l", "l", "n", "n", "n", "n", "n", "n", "n", "n", "n", "o", "o", "o", "o", "o", "o", "oe", "oe", "r", "r", "r", "r", "r", "r", "s", "s", "s", "s", "s", "s",
    "s", "s", "t", "t", "t", "t", "t", "t", "u", "u", "u", "u", "u", "u", "u", "u", "u", "u", "u", "u", "w", "w", "y", "y", "y", "z", "z", "z", "z", "z", "z", "s",
};

/* Words of streets that are written long or short. */
static const char *const street_words[][2] = {{"street", "st"}, {"strasse", "str"}, {"road", "rd"},  {"avenue", "ave"}, {"place", "pl"}, {"court", "ct"},
                                              {"crescent", "cr"}, {"drive", "dr"},  {"lane", "ln"}, {"close", "cl"},   {"circuit", "cct"}, {"square", "sq"}};

/* ASCII letters and digits; runs of all else are one space. */
static size_t to_plain(struct str s, char out[NORMAL_MAX + 8])
{
    size_t n = 0;
    for (size_t i = 0; i < s.n && n < NORMAL_MAX; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c < 0x80) {
            if (isalnum(c))
                out[n++] = (char)tolower(c);
            else if (c != '\'' && c != '.' && n && out[n - 1] != ' ')
                out[n++] = ' ';
            continue;
        }
        unsigned code = 0;
        size_t more = c >= 0xF0 ? 3 : c >= 0xE0 ? 2 : c >= 0xC0 ? 1 : 0;
        if (more == 1 && i + 1 < s.n)
            code = (c & 0x1Fu) << 6 | ((unsigned char)s.p[i + 1] & 0x3Fu);
        if (code >= 0xC0 && code - 0xC0 < sizeof plain_latin / sizeof *plain_latin) {
            for (const char *p = plain_latin[code - 0xC0]; *p; p++)
                out[n++] = *p;
        } else {
            for (size_t k = 0; k <= more && i + k < s.n && n < NORMAL_MAX; k++) /* other scripts stay as they are */
                out[n++] = s.p[i + k];
        }
        i += more;
    }
    while (n && out[n - 1] == ' ')
        n--;
    return n;
}

static struct str digits_of(struct arena *a, struct str s)
{
    char *out = arena_alloc(a, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        if (isalnum((unsigned char)s.p[i]))
            out[n++] = (char)tolower((unsigned char)s.p[i]);
    return (struct str){out, n};
}

/* YYYYMMDD of 1987-12-24, 24.12.1987, 24/12/1987, 19871224; other texts keep their digits. */
static struct str date_of(struct arena *a, struct str s)
{
    int part[3] = {0}, width[3] = {0}, n = 0;
    bool inside = false;
    for (size_t i = 0; i < s.n; i++) {
        bool digit = isdigit((unsigned char)s.p[i]);
        if (digit && !inside) {
            if (n == 3) /* a time of day follows */
                break;
            n++;
        }
        inside = digit;
        if (digit && width[n - 1] < 8) {
            part[n - 1] = part[n - 1] * 10 + (s.p[i] - '0');
            width[n - 1]++;
        }
    }
    if (n == 3 && width[0] == 4)
        return arena_printf(a, "%04d%02d%02d", part[0], part[1], part[2]);
    if (n == 3 && width[2] == 4)
        return arena_printf(a, "%04d%02d%02d", part[2], part[1], part[0]);
    return digits_of(a, s);
}

struct str fuzzy_normal(struct arena *a, enum fuzzy_kind k, struct str text)
{
    char out[NORMAL_MAX + 8];
    text = str_trim(text);
    if (text.n == 0)
        return (struct str){"", 0};
    if (k == FUZZY_DATE)
        return date_of(a, text);
    if (k == FUZZY_DIGITS)
        return digits_of(a, text);
    if (k == FUZZY_EMAIL) {
        char *low = arena_alloc(a, text.n + 1);
        for (size_t i = 0; i < text.n; i++)
            low[i] = (char)tolower((unsigned char)text.p[i]);
        return (struct str){low, text.n};
    }
    struct str plain = {out, to_plain(text, out)};
    if (k == FUZZY_TEXT)
        for (size_t i = 0; i < sizeof street_words / sizeof *street_words; i++) {
            struct str longer = str_of(street_words[i][0]);
            if (plain.n > longer.n && str_ends(plain, longer) && plain.p[plain.n - longer.n - 1] == ' ')
                return arena_printf(a, "%.*s%s", (int)(plain.n - longer.n), plain.p, street_words[i][1]);
        }
    return arena_str(a, plain);
}

/* M. Jaro (1989), with W. Winkler's bonus for a common beginning (up to four letters, 0.1 each). */
double fuzzy_jaro_winkler(struct str a, struct str b)
{
    bool taken_a[JARO_MAX] = {false}, taken_b[JARO_MAX] = {false};
    size_t common = 0, swapped = 0, prefix = 0;
    if (a.n > JARO_MAX)
        a.n = JARO_MAX;
    if (b.n > JARO_MAX)
        b.n = JARO_MAX;
    if (a.n == 0 || b.n == 0)
        return a.n == b.n ? 1 : 0;
    size_t longer = a.n > b.n ? a.n : b.n, reach = longer / 2 > 0 ? longer / 2 - 1 : 0;
    for (size_t i = 0; i < a.n; i++)
        for (size_t k = i > reach ? i - reach : 0; k < b.n && k <= i + reach; k++)
            if (!taken_b[k] && a.p[i] == b.p[k]) {
                taken_a[i] = taken_b[k] = true;
                common++;
                break;
            }
    if (common == 0)
        return 0;
    for (size_t i = 0, k = 0; i < a.n; i++) {
        if (!taken_a[i])
            continue;
        while (!taken_b[k])
            k++;
        swapped += a.p[i] != b.p[k++];
    }
    double c = (double)common, jaro = (c / (double)a.n + c / (double)b.n + (c - (double)swapped / 2) / c) / 3;
    while (prefix < 4 && prefix < a.n && prefix < b.n && a.p[prefix] == b.p[prefix])
        prefix++;
    return jaro + (double)prefix * 0.1 * (1 - jaro);
}

unsigned fuzzy_edits(struct str a, struct str b, unsigned max)
{
    unsigned rows[3][JARO_MAX + 1];
    if (a.n > JARO_MAX || b.n > JARO_MAX || a.n > b.n + max || b.n > a.n + max)
        return str_eq(a, b) ? 0 : max + 1;
    for (size_t k = 0; k <= b.n; k++)
        rows[0][k] = (unsigned)k;
    for (size_t i = 1; i <= a.n; i++) {
        unsigned *now = rows[i % 3], *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3], least = (unsigned)i;
        now[0] = (unsigned)i;
        for (size_t k = 1; k <= b.n; k++) {
            unsigned cost = a.p[i - 1] != b.p[k - 1], best = last[k - 1] + cost;
            if (last[k] + 1 < best)
                best = last[k] + 1;
            if (now[k - 1] + 1 < best)
                best = now[k - 1] + 1;
            if (i > 1 && k > 1 && a.p[i - 1] == b.p[k - 2] && a.p[i - 2] == b.p[k - 1] && before[k - 2] + 1 < best)
                best = before[k - 2] + 1;
            now[k] = best;
            if (best < least)
                least = best;
        }
        if (least > max)
            return max + 1;
    }
    unsigned d = rows[a.n % 3][b.n];
    return d > max ? max + 1 : d;
}
