/* Text becomes words: folded to lower case without accents, so that é finds e, ß finds ss and ÄRGER finds arger. */
#include "catalog/search_int.h"

#include "base/buf.h"

/* Latin letters as they are typed on a plain keyboard; empty: no letter. Generated from Unicode's decompositions. */
static const char latin[0x180 - 0xc0][4] = {
    "a", "a", "a",  "a",  "a", "a", "ae", "c",  "e", "e", "e", "e", "i", "i", "i",  "i", "d", "n", "o",  "o",  "o", "o", "o", "",
    "o", "u", "u",  "u",  "u", "y", "th", "ss", "a", "a", "a", "a", "a", "a", "ae", "c", "e", "e", "e",  "e",  "i", "i", "i", "i",
    "d", "n", "o",  "o",  "o", "o", "o",  "",   "o", "u", "u", "u", "u", "y", "th", "y", "a", "a", "a",  "a",  "a", "a", "c", "c",
    "c", "c", "c",  "c",  "c", "c", "d",  "d",  "d", "d", "e", "e", "e", "e", "e",  "e", "e", "e", "e",  "e",  "g", "g", "g", "g",
    "g", "g", "g",  "g",  "h", "h", "h",  "h",  "i", "i", "i", "i", "i", "i", "i",  "i", "i", "i", "ij", "ij", "j", "j", "k", "k",
    "k", "l", "l",  "l",  "l", "l", "l",  "",   "",  "l", "l", "n", "n", "n", "n",  "n", "n", "n", "n",  "n",  "o", "o", "o", "o",
    "o", "o", "oe", "oe", "r", "r", "r",  "r",  "r", "r", "s", "s", "s", "s", "s",  "s", "s", "s", "t",  "t",  "t", "t", "t", "t",
    "u", "u", "u",  "u",  "u", "u", "u",  "u",  "u", "u", "u", "u", "w", "w", "y",  "y", "y", "z", "z",  "z",  "z", "z", "z", "s",
};
static const char latin_more[0x1f00 - 0x1e00][4] = {
    "a", "a", "b", "b", "b", "b", "b", "b", "c", "c", "d", "d", "d", "d", "d",  "d", "d", "d", "d", "d", "e", "e", "e", "e",
    "e", "e", "e", "e", "e", "e", "f", "f", "g", "g", "h", "h", "h", "h", "h",  "h", "h", "h", "h", "h", "i", "i", "i", "i",
    "k", "k", "k", "k", "k", "k", "l", "l", "l", "l", "l", "l", "l", "l", "m",  "m", "m", "m", "m", "m", "n", "n", "n", "n",
    "n", "n", "n", "n", "o", "o", "o", "o", "o", "o", "o", "o", "p", "p", "p",  "p", "r", "r", "r", "r", "r", "r", "r", "r",
    "s", "s", "s", "s", "s", "s", "s", "s", "s", "s", "t", "t", "t", "t", "t",  "t", "t", "t", "u", "u", "u", "u", "u", "u",
    "u", "u", "u", "u", "v", "v", "v", "v", "w", "w", "w", "w", "w", "w", "w",  "w", "w", "w", "x", "x", "x", "x", "y", "y",
    "z", "z", "z", "z", "z", "z", "h", "t", "w", "y", "",  "s", "",  "",  "ss", "",  "a", "a", "a", "a", "a", "a", "a", "a",
    "a", "a", "a", "a", "a", "a", "a", "a", "a", "a", "a", "a", "a", "a", "a",  "a", "e", "e", "e", "e", "e", "e", "e", "e",
    "e", "e", "e", "e", "e", "e", "e", "e", "i", "i", "i", "i", "o", "o", "o",  "o", "o", "o", "o", "o", "o", "o", "o", "o",
    "o", "o", "o", "o", "o", "o", "o", "o", "o", "o", "o", "o", "u", "u", "u",  "u", "u", "u", "u", "u", "u", "u", "u", "u",
    "u", "u", "y", "y", "y", "y", "y", "y", "y", "y", "",  "",  "",  "",  "",   "",
};

/* The next character; 0 for a byte that is no UTF-8. */
static uint32_t decode(struct str s, size_t *len)
{
    const unsigned char *p = (const unsigned char *)s.p;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = p[0] < 0x80                   ? 1
               : p[0] >= 0xc2 && p[0] < 0xe0 ? 2
               : p[0] >= 0xe0 && p[0] < 0xf0 ? 3
               : p[0] >= 0xf0 && p[0] < 0xf5 ? 4
                                             : 0;
    *len = 1;
    if (n == 0 || n > s.n)
        return 0;
    uint32_t cp = n == 1 ? p[0] : p[0] & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        cp = cp << 6 | (p[i] & 0x3fu);
    }
    if (cp < least[n] || cp > 0x10ffff)
        return 0;
    *len = n;
    return cp;
}

static size_t encode(uint32_t cp, char *out)
{
    if (cp < 0x800) {
        out[0] = (char)(0xc0 | cp >> 6);
        out[1] = (char)(0x80 | (cp & 0x3f));
        return 2;
    }
    if (cp < 0x10000) {
        out[0] = (char)(0xe0 | cp >> 12);
        out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
        out[2] = (char)(0x80 | (cp & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | cp >> 18);
    out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
    out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
    out[3] = (char)(0x80 | (cp & 0x3f));
    return 4;
}

/* Beyond Latin: capitals and accents of Greek, capitals of Cyrillic, wide forms of ASCII. */
static uint32_t lower(uint32_t cp)
{
    static const uint32_t accents[][2] = {{0x386, 0x3b1}, {0x388, 0x3b5}, {0x389, 0x3b7}, {0x38a, 0x3b9}, {0x38c, 0x3bf}, {0x38e, 0x3c5},
                                          {0x38f, 0x3c9}, {0x3ac, 0x3b1}, {0x3ad, 0x3b5}, {0x3ae, 0x3b7}, {0x3af, 0x3b9}, {0x3cc, 0x3bf},
                                          {0x3cd, 0x3c5}, {0x3ce, 0x3c9}, {0x401, 0x435}, {0x451, 0x435}};
    for (size_t i = 0; cp >= 0x386 && cp <= 0x451 && i < sizeof accents / sizeof *accents; i++)
        if (accents[i][0] == cp)
            return accents[i][1];
    if ((cp >= 0x391 && cp <= 0x3a9) || (cp >= 0x410 && cp <= 0x42f))
        return cp + 0x20;
    if (cp >= 0x400 && cp <= 0x40f)
        return cp + 0x50;
    if (cp == 0x3c2)
        return 0x3c3; /* the sigma at a word's end */
    if (cp >= 0xff01 && cp <= 0xff5e)
        return cp - 0xfee0;
    return cp;
}

static bool is_mark(uint32_t cp)
{
    return cp >= 0x300 && cp <= 0x36f;
}

/* Scripts that write without blanks between words. */
static bool is_unspaced(uint32_t cp)
{
    return (cp >= 0x3040 && cp <= 0x30ff) || (cp >= 0x3400 && cp <= 0x9fff) || (cp >= 0xac00 && cp <= 0xd7af) ||
           (cp >= 0x20000 && cp <= 0x3ffff);
}

static bool is_letter(uint32_t cp)
{
    return cp >= 0x180 && !(cp >= 0x2000 && cp <= 0x2bff) && !(cp >= 0x3000 && cp <= 0x303f) && !(cp >= 0xfe00 && cp <= 0xfe6f) &&
           !(cp >= 0xe000 && cp <= 0xf8ff) && !(cp >= 0x1f000 && cp <= 0x1faff) && cp != 0xfffd;
}

/* What one character adds to a word; 0: it ends one. */
static size_t fold(uint32_t cp, char out[4])
{
    const char *z = NULL;
    cp = lower(cp);
    if (cp < 0x80) {
        bool upper = cp >= 'A' && cp <= 'Z';
        out[0] = (char)(upper ? cp + 0x20 : cp);
        return upper || (cp >= 'a' && cp <= 'z') || (cp >= '0' && cp <= '9');
    }
    if (cp >= 0xc0 && cp < 0x180)
        z = latin[cp - 0xc0];
    else if (cp >= 0x1e00 && cp < 0x1f00)
        z = latin_more[cp - 0x1e00];
    if (z) {
        size_t n = 0;
        for (; z[n]; n++)
            out[n] = z[n];
        return n;
    }
    return is_letter(cp) ? encode(cp, out) : 0;
}

bool search_word(struct str *rest, struct word *out)
{
    out->n = 0;
    while (rest->n) {
        char add[4];
        size_t len, n;
        uint32_t cp = decode(*rest, &len);
        if (is_mark(cp)) {
            rest->p += len;
            rest->n -= len;
            continue;
        }
        n = cp ? fold(cp, add) : 0;
        bool alone = n && is_unspaced(cp);
        if (out->n && (alone || n == 0))
            return true;
        rest->p += len;
        rest->n -= len;
        if (n && out->n + n <= WORD_MAX_BYTES) { /* a longer word is known by its beginning */
            memcpy(out->p + out->n, add, n);
            out->n += n;
        }
        if (alone)
            return true;
    }
    return out->n > 0;
}

uint64_t search_letters(const char *p, size_t n)
{
    uint64_t set = 0;
    for (size_t i = 0; i < n; i++)
        set |= (uint64_t)1 << ((unsigned char)p[i] & 63);
    return set;
}

struct str search_form(struct arena *a, struct str text)
{
    struct buf b = BUF_INIT((size_t)4096);
    struct word w;
    while (search_word(&text, &w)) {
        if (w.n > 3 && w.p[w.n - 1] == 's' && w.p[w.n - 2] != 's')
            w.n--;
        if (b.n)
            buf_addc(&b, ' ');
        buf_add(&b, (struct str){w.p, w.n});
    }
    struct str out = arena_str(a, b.failed ? STR("") : buf_str(&b));
    buf_fini(&b);
    return out;
}

const float search_weights[FIELD_COUNT] = {
    [FIELD_NAME] = 10,  [FIELD_TITLE] = 10,      [FIELD_SYNONYM] = 9, [FIELD_TERM] = 9,    [FIELD_TAG] = 6,
    [FIELD_COLUMN] = 5, [FIELD_DESCRIPTION] = 3, [FIELD_OWNER] = 2,   [FIELD_PLACE] = 1.5F};

struct str search_field_text(enum find_field f)
{
    static const struct str texts[FIELD_COUNT] = {[FIELD_NAME] = {"name", 4},
                                                  [FIELD_TITLE] = {"title", 5},
                                                  [FIELD_SYNONYM] = {"synonym", 7},
                                                  [FIELD_TERM] = {"term", 4},
                                                  [FIELD_TAG] = {"tag", 3},
                                                  [FIELD_COLUMN] = {"column", 6},
                                                  [FIELD_DESCRIPTION] = {"description", 11},
                                                  [FIELD_OWNER] = {"owner", 5},
                                                  [FIELD_PLACE] = {"place", 5}};
    return texts[f];
}

const char *find_kind_text(enum find_kind k)
{
    static const char *const texts[FIND_KINDS] = {"product", "port", "column", "term", "goal", "dashboard", "domain", "source", "event", "metric"};
    return texts[k];
}

bool find_kind_from(struct str text, enum find_kind *out)
{
    for (int k = 0; k < FIND_KINDS; k++)
        if (str_eq(text, str_of(find_kind_text((enum find_kind)k)))) {
            *out = (enum find_kind)k;
            return true;
        }
    return false;
}
