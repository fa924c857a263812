/* The detectors: what a single value looks like, with its check digits where there are any. */
#include "govern/scan.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <string.h>

#include "base/embed.h"

enum { VALUE_MAX = 4096, DIGITS_MAX = 32, NAME_SLOTS = 1 << 14, OLDEST = 1900, YOUNGEST_YEARS = 10 };

static bool digit(char c) { return c >= '0' && c <= '9'; }
static bool upper(char c) { return c >= 'A' && c <= 'Z'; }
static bool letter(char c) { return upper(c) || (c >= 'a' && c <= 'z') || (unsigned char)c >= 0x80; }
static char low(char c) { return upper(c) ? (char)(c + 32) : c; }

static struct str trimmed(struct str v)
{
    while (v.n && (v.p[0] == ' ' || v.p[0] == '\t'))
        v = (struct str){v.p + 1, v.n - 1};
    while (v.n && (v.p[v.n - 1] == ' ' || v.p[v.n - 1] == '\t'))
        v.n--;
    return v;
}

/* The digits alone; 0 where anything but digits and these separators stands, or there are too many. */
static size_t digits_of(struct str v, const char *separators, char out[DIGITS_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < v.n; i++) {
        if (digit(v.p[i])) {
            if (n + 1 >= DIGITS_MAX)
                return 0;
            out[n++] = v.p[i];
        } else if (!strchr(separators, v.p[i])) {
            return 0;
        }
    }
    out[n] = '\0';
    return n;
}

static int number(const char *p, size_t n)
{
    int x = 0;
    for (size_t i = 0; i < n; i++)
        x = x * 10 + (p[i] - '0');
    return x;
}

static bool luhn(const char *d, size_t n)
{
    int sum = 0;
    for (size_t i = 0; i < n; i++) {
        int x = d[n - 1 - i] - '0';
        x = i % 2 ? x * 2 : x;
        sum += x > 9 ? x - 9 : x;
    }
    return n > 0 && sum % 10 == 0;
}

static bool same_digit(const char *d, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (d[i] != d[0])
            return false;
    return true;
}

/* ---- addresses of mail ---- */

static bool mail_char(char c) { return letter(c) || digit(c) || strchr(".!#$%&'*+/=?^_`{|}~-", c); }

/* The length of the address around an @; 0: none. */
static size_t mail_at(struct str v, size_t at, size_t *begin)
{
    size_t b = at, e = at + 1, dot = 0;
    while (b > 0 && v.p[b - 1] && mail_char(v.p[b - 1]))
        b--;
    while (e < v.n && (letter(v.p[e]) || digit(v.p[e]) || v.p[e] == '-' || v.p[e] == '.')) {
        dot = v.p[e] == '.' && e > at + 1 && e + 1 < v.n && letter(v.p[e + 1]) ? e : dot;
        e++;
    }
    while (e > at + 1 && (v.p[e - 1] == '.' || v.p[e - 1] == '-'))
        e--;
    *begin = b;
    return b < at && dot > 0 && e > dot + 2 ? e - b : 0;
}

bool scan_is_email(struct str v)
{
    v = trimmed(v);
    size_t at = str_find(v, STR("@"), 0), begin;
    return v.n <= 320 && at != SIZE_MAX && mail_at(v, at, &begin) == v.n && begin == 0;
}

/* ---- telephone ---- */

/* Codes of countries that are not one of the two digits 1 and 7, by their first two digits: those that have two. All others have three. */
static bool country_code(const char *d, size_t n)
{
    static const char two[][3] = {"20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48", "49", "51", "52", "53", "54", "55", "56", "57", "58",
                                  "60", "61", "62", "63", "64", "65", "66", "81", "82", "84", "86", "90", "91", "92", "93", "94", "95", "98"};
    static const char three[][3] = {"21", "22", "23", "24", "25", "26", "29", "35", "37", "38", "42", "50", "59", "67", "68", "69", "85", "87", "88", "96", "97", "99"};
    if (n < 8 || n > 15)
        return false;
    if (d[0] == '1')
        return n == 11 && d[1] >= '2';
    if (d[0] == '7')
        return n == 11;
    for (size_t i = 0; i < sizeof two / sizeof *two; i++)
        if (memcmp(d, two[i], 2) == 0)
            return d[2] != '0' || d[3] != '0';
    for (size_t i = 0; i < sizeof three / sizeof *three; i++)
        if (memcmp(d, three[i], 2) == 0)
            return true;
    return false;
}

bool scan_is_phone(struct str v)
{
    char d[DIGITS_MAX];
    v = trimmed(v);
    if (v.n < 7 || v.n > 25)
        return false;
    bool plus = v.p[0] == '+';
    struct str rest = plus ? (struct str){v.p + 1, v.n - 1} : v;
    size_t n = digits_of(rest, " ()-./", d), separators = 0, dots = 0;
    for (size_t i = 0; i < rest.n; i++) {
        separators += !digit(rest.p[i]);
        dots += rest.p[i] == '.';
    }
    if (plus)
        return n >= 8 && country_code(d, n);
    if (n > 10 && d[0] == '0' && d[1] == '0')
        return country_code(d + 2, n - 2);
    if (d[0] == '0' && n >= 9 && n <= 12 && separators > 0 && dots != 2 + (n == 12)) /* as written in its own country */
        return d[1] != '0';
    bool american = n == 10 && separators >= 2 && d[0] >= '2' && d[3] >= '2' && (rest.p[0] == '(' || (rest.n == 12 && !digit(rest.p[3]) && rest.p[3] == rest.p[7]));
    return american;
}

/* ---- bank accounts and cards ---- */

bool scan_is_iban(struct str v)
{
    static const struct { char country[3]; unsigned char n; } lengths[] = {
        {"AD", 24}, {"AE", 23}, {"AL", 28}, {"AT", 20}, {"AZ", 28}, {"BA", 20}, {"BE", 16}, {"BG", 22}, {"BH", 22}, {"BR", 29}, {"BY", 28}, {"CH", 21}, {"CR", 22}, {"CY", 28}, {"CZ", 24},
        {"DE", 22}, {"DK", 18}, {"DO", 28}, {"EE", 20}, {"EG", 29}, {"ES", 24}, {"FI", 18}, {"FO", 18}, {"FR", 27}, {"GB", 22}, {"GE", 22}, {"GI", 23}, {"GL", 18}, {"GR", 27}, {"GT", 28},
        {"HR", 21}, {"HU", 28}, {"IE", 22}, {"IL", 23}, {"IQ", 23}, {"IS", 26}, {"IT", 27}, {"JO", 30}, {"KW", 30}, {"KZ", 20}, {"LB", 28}, {"LC", 32}, {"LI", 21}, {"LT", 20}, {"LU", 20},
        {"LV", 21}, {"LY", 25}, {"MC", 27}, {"MD", 24}, {"ME", 22}, {"MK", 19}, {"MR", 27}, {"MT", 31}, {"MU", 30}, {"NL", 18}, {"NO", 15}, {"PK", 24}, {"PL", 28}, {"PS", 29}, {"PT", 25},
        {"QA", 29}, {"RO", 24}, {"RS", 22}, {"SA", 24}, {"SC", 31}, {"SE", 24}, {"SI", 19}, {"SK", 24}, {"SM", 27}, {"TN", 24}, {"TR", 26}, {"UA", 29}, {"VA", 22}, {"VG", 24}, {"XK", 20}};
    char t[40];
    size_t n = 0;
    unsigned rest = 0;
    v = trimmed(v);
    for (size_t i = 0; i < v.n; i++) {
        char c = v.p[i] >= 'a' && v.p[i] <= 'z' ? (char)(v.p[i] - 32) : v.p[i];
        if (c == ' ')
            continue;
        if ((!upper(c) && !digit(c)) || n + 1 >= sizeof t)
            return false;
        t[n++] = c;
    }
    bool known = false;
    for (size_t i = 0; n > 4 && i < sizeof lengths / sizeof *lengths; i++)
        known = known || (memcmp(t, lengths[i].country, 2) == 0 && lengths[i].n == n);
    for (size_t i = 0; known && i < n; i++) {
        char c = t[(i + 4) % n];
        rest = digit(c) ? (rest * 10 + (unsigned)(c - '0')) % 97 : (rest * 100 + (unsigned)(c - 'A' + 10)) % 97;
    }
    return known && rest == 1;
}

bool scan_is_card(struct str v)
{
    char d[DIGITS_MAX];
    size_t n = digits_of(trimmed(v), " -", d);
    if (n < 13 || n > 19 || same_digit(d, n))
        return false;
    int two = number(d, 2), four = number(d, 4);
    bool prefix = (d[0] == '4' && (n == 13 || n == 16 || n == 19)) || (n == 16 && ((two >= 51 && two <= 55) || (four >= 2221 && four <= 2720))) || (n == 15 && (two == 34 || two == 37)) ||
                  (n >= 16 && (four == 6011 || two == 65 || (four >= 3528 && four <= 3589))) || (n == 14 && (two == 36 || two == 38));
    return prefix && luhn(d, n);
}

/* ---- national identity numbers ---- */

static bool weighted(const char *d, size_t n, const int *weights, int modulus, int *out)
{
    int sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (d[i] - '0') * weights[i];
    *out = sum % modulus;
    return true;
}

static bool day_and_month(int day, int month) { return day >= 1 && day <= 31 && month >= 1 && month <= 12; }

static bool spanish(struct str v)
{
    static const char letters[] = "TRWAGMYFPDXBNJZSQVHLCKE";
    if (v.n != 9 || !upper(v.p[8]))
        return false;
    char d[9];
    memcpy(d, v.p, 8);
    d[8] = '\0';
    if (d[0] >= 'X' && d[0] <= 'Z')
        d[0] = (char)('0' + (d[0] - 'X'));
    for (size_t i = 0; i < 8; i++)
        if (!digit(d[i]))
            return false;
    return letters[number(d, 8) % 23] == v.p[8];
}

static bool british(struct str v)
{
    char t[16];
    size_t n = 0;
    for (size_t i = 0; i < v.n && n < sizeof t; i++)
        if (v.p[i] != ' ')
            t[n++] = v.p[i];
    if (n != 9 || !upper(t[0]) || !upper(t[1]) || strchr("DFIQUV", t[0]) || strchr("DFIOQUV", t[1]) || t[8] < 'A' || t[8] > 'D')
        return false;
    for (size_t i = 2; i < 8; i++)
        if (!digit(t[i]))
            return false;
    return true;
}

static bool american(struct str v)
{
    char d[DIGITS_MAX];
    if (v.n != 11 || v.p[3] != '-' || v.p[6] != '-' || digits_of(v, "-", d) != 9)
        return false;
    int area = number(d, 3);
    return area > 0 && area != 666 && area < 900 && number(d + 3, 2) > 0 && number(d + 5, 4) > 0;
}

static bool french(const char *d, size_t n)
{
    long long x = 0;
    if (n != 15 || (d[0] != '1' && d[0] != '2') || !day_and_month(1, number(d + 3, 2)))
        return false;
    for (size_t i = 0; i < 13; i++)
        x = x * 10 + (d[i] - '0');
    return 97 - x % 97 == number(d + 13, 2);
}

static bool german(const char *d, size_t n)
{
    int p = 10;
    if (n != 11 || d[0] == '0')
        return false;
    for (size_t i = 0; i < 10; i++) {
        int s = (d[i] - '0' + p) % 10;
        p = (s ? s : 10) * 2 % 11;
    }
    int seen[10] = {0}, twice = 0;
    for (size_t i = 0; i < 10; i++)
        seen[d[i] - '0']++;
    for (size_t i = 0; i < 10; i++)
        twice += seen[i] > 1;
    return twice == 1 && (11 - p) % 10 == d[10] - '0';
}

static bool polish(const char *d, size_t n)
{
    static const int w[] = {1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1};
    int rest;
    return n == 11 && weighted(d, 11, w, 10, &rest) && rest == 0 && day_and_month(number(d + 4, 2), number(d + 2, 2) % 20);
}

static bool brazilian(const char *d, size_t n)
{
    static const int a[] = {10, 9, 8, 7, 6, 5, 4, 3, 2}, b[] = {11, 10, 9, 8, 7, 6, 5, 4, 3, 2};
    int x, y;
    if (n != 11 || same_digit(d, n) || !weighted(d, 9, a, 11, &x) || !weighted(d, 10, b, 11, &y))
        return false;
    return d[9] - '0' == (x < 2 ? 0 : 11 - x) && d[10] - '0' == (y < 2 ? 0 : 11 - y);
}

static bool dutch(const char *d, size_t n)
{
    static const int w[] = {9, 8, 7, 6, 5, 4, 3, 2, -1};
    int rest;
    return n == 9 && !same_digit(d, n) && weighted(d, 9, w, 11, &rest) && rest == 0;
}

static bool swedish(struct str v, const char *d, size_t n)
{
    bool parted = v.n > 5 && (v.p[v.n - 5] == '-' || v.p[v.n - 5] == '+');
    const char *ten = n == 12 ? d + 2 : d;
    return parted && (n == 10 || n == 12) && day_and_month(number(ten + 4, 2), number(ten + 2, 2)) && luhn(ten, 10);
}

bool scan_is_national_id(struct str v)
{
    char d[DIGITS_MAX];
    v = trimmed(v);
    if (v.n < 9 || v.n > 21)
        return false;
    if (spanish(v) || british(v) || american(v))
        return true;
    size_t n = digits_of(v, " .-+", d);
    return french(d, n) || german(d, n) || polish(d, n) || brazilian(d, n) || dutch(d, n) || swedish(v, d, n);
}

/* ---- internet ---- */

bool scan_is_ip(struct str v)
{
    char z[INET6_ADDRSTRLEN];
    unsigned char out[16];
    v = trimmed(v);
    if (v.n < 3 || v.n >= sizeof z)
        return false;
    memcpy(z, v.p, v.n);
    z[v.n] = '\0';
    if (inet_pton(AF_INET, z, out) == 1)
        return out[0] != 0;
    return inet_pton(AF_INET6, z, out) == 1 && v.n > 4 && str_find(v, STR(":"), 0) != SIZE_MAX;
}

static bool hex(char c) { return digit(c) || (low(c) >= 'a' && low(c) <= 'f'); }

/* UUIDs (also of advertising), Google's client ids, Meta's browser ids. */
bool scan_is_device(struct str v)
{
    v = trimmed(v);
    if (v.n == 36) {
        bool uuid = true;
        for (size_t i = 0; i < 36 && uuid; i++)
            uuid = i == 8 || i == 13 || i == 18 || i == 23 ? v.p[i] == '-' : hex(v.p[i]);
        return uuid;
    }
    if (str_starts(v, STR("fb.1.")) || str_starts(v, STR("fb.2.")))
        return v.n > 20;
    if (str_starts(v, STR("GA1.")))
        v = (struct str){v.p + 6, v.n > 6 ? v.n - 6 : 0};
    struct str after, before = str_cut(v, '.', &after);
    char d[DIGITS_MAX];
    return after.n == 10 && before.n >= 8 && before.n <= 10 && digits_of(before, "", d) && digits_of(after, "", d) == 10 && d[0] == '1';
}

/* ---- streets ---- */

static bool ends_low(struct str w, const char *z)
{
    size_t n = strlen(z);
    for (size_t i = 0; i < n && w.n >= n; i++)
        if (low(w.p[w.n - n + i]) != z[i])
            return false;
    return w.n >= n;
}

static bool next_word(struct str *v, struct str *w)
{
    while (v->n && (v->p[0] == ' ' || v->p[0] == ',' || v->p[0] == '\n'))
        *v = (struct str){v->p + 1, v->n - 1};
    w->p = v->p;
    w->n = 0;
    while (w->n < v->n && v->p[w->n] != ' ' && v->p[w->n] != ',' && v->p[w->n] != '\n')
        w->n++;
    *v = (struct str){v->p + w->n, v->n - w->n};
    return w->n > 0;
}

bool scan_is_address(struct str v)
{
    static const char *const whole[] = {"street", "st", "st.", "road", "rd", "rd.", "avenue", "ave", "ave.", "lane", "ln", "drive", "boulevard", "blvd", "court", "terrace", "rue", "chemin", "via",
                                        "viale", "piazza", "calle", "avenida", "plaza", "paseo", "rua", "ul.", "ulica", "place", "way", "square", "allee", "weg", "platz", "gasse", "str."};
    static const char *const ends[] = {"straße", "strasse", "str.", "straat", "gatan", "vägen", "laan", "gasse", "platz", "allee", "weg", "plein", "vej"};
    bool street = false, house = false;
    struct str w;
    size_t words = 0;
    if (v.n < 6 || v.n > 200)
        return false;
    while (next_word(&v, &w)) {
        words++;
        house = house || (digit(w.p[0]) && w.n <= 6);
        for (size_t i = 0; i < sizeof whole / sizeof *whole && !street; i++)
            street = w.n == strlen(whole[i]) && ends_low(w, whole[i]);
        for (size_t i = 0; i < sizeof ends / sizeof *ends && !street; i++)
            street = w.n > strlen(ends[i]) + 1 && letter(w.p[0]) && ends_low(w, ends[i]);
    }
    return street && house && words >= 2 && words <= 14;
}

/* ---- names ---- */

static struct { pthread_once_t once; uint32_t slots[NAME_SLOTS]; } names = {.once = PTHREAD_ONCE_INIT};

static uint64_t name_hash(struct str s)
{
    char z[64];
    size_t n = s.n < sizeof z ? s.n : sizeof z;
    for (size_t i = 0; i < n; i++)
        z[i] = low(s.p[i]);
    return str_hash((struct str){z, n});
}

static void names_read(void)
{
    static const char *const files[] = {"words/first-names-female.txt", "words/first-names-male.txt"};
    for (size_t f = 0; f < 2; f++) {
        const struct embed_file *file = embed_find(str_of(files[f]));
        struct str rest = file ? file->data : STR(""), line;
        while (rest.n) {
            line = trimmed(str_cut(rest, '\n', &rest));
            if (line.n && line.p[line.n - 1] == '\r')
                line.n--;
            if (line.n < 3)
                continue;
            uint64_t h = name_hash(line);
            size_t at = h % NAME_SLOTS;
            while (names.slots[at] && names.slots[at] != (uint32_t)(h >> 32 | 1))
                at = (at + 1) % NAME_SLOTS;
            names.slots[at] = (uint32_t)(h >> 32 | 1);
        }
    }
}

static bool first_name(struct str w)
{
    uint64_t h = name_hash(w);
    pthread_once(&names.once, names_read);
    for (size_t at = h % NAME_SLOTS; names.slots[at]; at = (at + 1) % NAME_SLOTS)
        if (names.slots[at] == (uint32_t)(h >> 32 | 1))
            return true;
    return false;
}

static bool all_letters(struct str w)
{
    for (size_t i = 0; i < w.n; i++)
        if (!letter(w.p[i]) && !(i > 0 && (w.p[i] == '-' || w.p[i] == '\'' || (w.p[i] == '.' && i + 1 == w.n))))
            return false;
    return w.n > 0;
}

/* A first name alone, before a family name, or behind it and a comma. */
bool scan_is_name(struct str v)
{
    struct str w, rest = v = trimmed(v);
    bool found = false;
    size_t words = 0;
    if (v.n < 3 || v.n > 60)
        return false;
    while (next_word(&rest, &w)) {
        if (!all_letters(w) || ++words > 4)
            return false;
        bool comma = words == 2 && str_find(v, STR(","), 0) != SIZE_MAX;
        found = found || ((words == 1 || comma) && first_name(w));
    }
    return found;
}

/* ---- dates ---- */

bool scan_is_birth_date(struct str v, int year)
{
    char d[DIGITS_MAX];
    v = trimmed(v);
    if (v.n > 10 && (v.p[10] == ' ' || v.p[10] == 'T'))
        v.n = 10;
    if (v.n != 10 || digits_of(v, "-./", d) != 8)
        return false;
    bool iso = !digit(v.p[4]) && !digit(v.p[7]), other = !digit(v.p[2]) && !digit(v.p[5]);
    int y = iso ? number(d, 4) : number(d + 4, 4), x = iso ? number(d + 4, 2) : number(d, 2), z = iso ? number(d + 6, 2) : number(d + 2, 2);
    return (iso || other) && y >= OLDEST && y <= year - YOUNGEST_YEARS && (day_and_month(x, z) || day_and_month(z, x));
}

/* ---- text ---- */

bool scan_holds_one(struct str v)
{
    size_t begin;
    for (size_t at = str_find(v, STR("@"), 0); at != SIZE_MAX; at = str_find(v, STR("@"), at + 1))
        if (mail_at(v, at, &begin))
            return true;
    for (size_t at = str_find(v, STR("+"), 0); at != SIZE_MAX; at = str_find(v, STR("+"), at + 1)) {
        size_t n = 1;
        while (at + n < v.n && n < 20 && (digit(v.p[at + n]) || strchr(" ()-", v.p[at + n])))
            n++;
        if (scan_is_phone((struct str){v.p + at, n}))
            return true;
    }
    return false;
}

unsigned scan_value(struct str v, int year)
{
    unsigned bits = 0;
    if (v.n == 0)
        return 0;
    v.n = v.n > VALUE_MAX ? (size_t)VALUE_MAX : v.n;
    bits |= scan_holds_one(v) ? 1u << SCAN_TEXT : 0;
    if (v.n > 320)
        return bits;
    const struct { enum scan_kind kind; bool is; } all[] = {
        {SCAN_EMAIL, scan_is_email(v)}, {SCAN_PHONE, scan_is_phone(v)}, {SCAN_IBAN, scan_is_iban(v)}, {SCAN_CARD, scan_is_card(v)}, {SCAN_NATIONAL_ID, scan_is_national_id(v)},
        {SCAN_IP, scan_is_ip(v)}, {SCAN_ADDRESS, scan_is_address(v)}, {SCAN_NAME, scan_is_name(v)}, {SCAN_BIRTH, scan_is_birth_date(v, year)}, {SCAN_DEVICE, scan_is_device(v)}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        bits |= all[i].is ? 1u << all[i].kind : 0;
    return bits;
}
