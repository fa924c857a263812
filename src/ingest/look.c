/* Evidence by column, and what follows from it. */
#include "ingest/look.h"

/* Forms whose order of day and month only a column can tell. The first of a pair puts the day first. */
#define CLOCKS(day) day, day " %H:%M", day " %H:%M:%S", day " %I:%M %p", day " %I:%M:%S %p", day ", %I:%M %p"
static const char *const forms[] = {CLOCKS("%d/%m/%Y"), CLOCKS("%m/%d/%Y"), CLOCKS("%d-%m-%Y"),
                                    CLOCKS("%m-%d-%Y"), CLOCKS("%d/%m/%y"), CLOCKS("%m/%d/%y"),
                                    CLOCKS("%d-%m-%y"), CLOCKS("%m-%d-%y"), CLOCKS("%d.%m.%y")};
enum { N_FORMS = sizeof forms / sizeof forms[0], PER_DAY = 6 };

static const char *const none_words[] = {"-",     "--",      "\xe2\x80\x93", "\xe2\x80\x94", "n/a",    "N/A",    "NA",
                                         "null",  "NULL",    "None",         "nan",          "NaN",    "#N/A",   "#DIV/0!",
                                         "#REF!", "#VALUE!", "#NAME?",       "#NUM!",        "#NULL!", "(blank)"};
enum { N_NONE = sizeof none_words / sizeof none_words[0] };

/* Longer ones first: US$ is no $. */
static const char *const signs[] = {"US$", "A$",  "C$",           "R$",       "EUR",      "USD",          "GBP",
                                    "CHF", "PLN", "SEK",          "NOK",      "DKK",      "CZK",          "JPY",
                                    "INR", "AUD", "CAD",          "BRL",      "TRY",      "K\xc4\x8d",    "z\xc5\x82",
                                    "kr",  "$",   "\xe2\x82\xac", "\xc2\xa3", "\xc2\xa5", "\xe2\x82\xb9", "\xe2\x82\xba"};

const char *look_none_word(unsigned bit)
{
    return bit < N_NONE ? none_words[bit] : NULL;
}

static bool is_number(enum cell_look l)
{
    return l >= LOOK_INTEGER && l <= LOOK_NUMBER;
}

static unsigned none_find(struct str s)
{
    unsigned i = 0;
    while (i < N_NONE && !(s.n <= 7 && str_eq(s, str_of(none_words[i]))))
        i++;
    return i;
}

/* Three groups of digits with one separator: a day in some order. */
static bool is_dated(struct str s)
{
    size_t i = 0, digits[3];
    char sep = 0;
    for (int part = 0; part < 3; part++) {
        size_t from = i;
        while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
            i++;
        digits[part] = i - from;
        if (digits[part] == 0 || digits[part] > 4)
            return false;
        if (part == 2) {
            bool year_last = digits[0] <= 2 && digits[1] <= 2 && (digits[2] == 2 || digits[2] == 4);
            return (year_last || (digits[0] == 4 && digits[1] <= 2 && digits[2] <= 2)) &&
                   (i == s.n || s.p[i] == ' ' || s.p[i] == ',');
        }
        if (i == s.n || !strchr("/-.", s.p[i]) || (sep && sep != s.p[i]))
            return false;
        sep = s.p[i++];
    }
    return false;
}

static bool is_email(struct str s)
{
    const char *at = memchr(s.p, '@', s.n);
    return at && at > s.p && s.n < 200 && memchr(at, '.', (size_t)(s.p + s.n - at)) && !memchr(s.p, ' ', s.n);
}

/* The number inside of an amount with a sign or of a percentage, where it is one. */
static struct str bare(struct column_seen *c, struct str s, char *room, size_t size)
{
    char first = s.p[0], last = s.p[s.n - 1];
    struct str in = {0};
    bool digit_first = first >= '0' && first <= '9', digit_last = last >= '0' && last <= '9';
    if (!(digit_first || digit_last || first == '(' || first == '-') || s.n > 40)
        return s;
    if (last == '%') {
        in = cell_unpercent(s, room, size);
        if (!in.p || (!is_number(cell_look(in, '.')) && !is_number(cell_look(in, ','))))
            return s;
        c->percents++;
        return in;
    }
    if (digit_first && digit_last)
        return s;
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        struct str sign = str_of(signs[i]);
        if (str_find(s, sign, 0) == SIZE_MAX)
            continue;
        in = cell_unsign(s, sign, room, size);
        if (!in.p || str_eq(in, s) || (!is_number(cell_look(in, '.')) && !is_number(cell_look(in, ','))))
            continue;
        c->mixed_signs = c->mixed_signs || (c->sign.n && !str_eq(c->sign, sign));
        c->sign = sign;
        return in;
    }
    return s;
}

static void whole_see(struct column_seen *c, struct str s)
{
    int64_t v;
    int32_t days;
    if (!str_to_i64(s, &v)) {
        c->not_ymd = true;
        return;
    }
    if (c->values == 1 || v < c->least)
        c->least = v;
    if (c->values == 1 || v > c->most)
        c->most = v;
    c->not_ymd = c->not_ymd || s.n != 8 || v < 19000101 || v > 20991231 || !cell_date(v / 10000, v / 100 % 100, v % 100, &days);
}

void column_see(struct column_seen *c, struct str s)
{
    char room[64];
    s = str_trim(s);
    if (!s.n)
        return;
    unsigned none = none_find(s);
    if (none < N_NONE) {
        c->none_words |= 1u << none;
        return;
    }
    c->values++;
    bool dead = c->dot == LOOK_TEXT && c->comma == LOOK_TEXT && !(~c->forms & ((1ull << N_FORMS) - 1));
    if (dead && c->values > 1000)
        return; /* words: more of them tell nothing new */
    c->emails += is_email(s);
    bool dated = is_dated(s);
    c->dated += dated;
    for (unsigned i = 0; i < N_FORMS; i++) {
        int64_t us;
        if (!(c->forms >> i & 1) && (!dated || !cell_strptime(s, str_of(forms[i]), &us)))
            c->forms |= 1ull << i;
    }
    struct str in = dated ? s : bare(c, s, room, sizeof room);
    enum cell_look dot = cell_look(in, '.'), comma = cell_look(in, ',');
    if (in.p == s.p && in.n == s.n && is_number(dot))
        c->unsigned_too = true;
    c->dot = cell_look_join(c->dot, dot);
    c->comma = cell_look_join(c->comma, comma);
    whole_see(c, s);
}

/* ---- Verdicts ---- */

static bool has_word(struct str name, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct str w = str_of(words[i]);
        for (size_t at = str_find(name, w, 0); at != SIZE_MAX; at = str_find(name, w, at + 1)) {
            if ((at == 0 || name.p[at - 1] == '_') && (at + w.n == name.n || name.p[at + w.n] == '_'))
                return true;
        }
    }
    return false;
}

static bool names_time(struct str name)
{
    static const char *const words[] = {"date",     "day",  "datum", "dt",    "ts",      "time",    "timestamp",
                                        "datetime", "at",   "on",    "epoch", "created", "updated", "modified",
                                        "ordered",  "zeit", "tag",   "fecha", "since",   "until",   "when"};
    return has_word(name, words, sizeof words / sizeof words[0]);
}

static void forms_judge(const struct column_seen *c, struct column_verdict *v)
{
    uint64_t alive = ~c->forms & ((1ull << N_FORMS) - 1);
    if (!alive) {
        if (c->dated == c->values) {
            v->doubt = "holds days in more than one order, or days that do not exist";
            v->hint = "it stays text. Export it as 2026-12-31, or correct the days that differ";
        }
        return;
    }
    unsigned i = (unsigned)__builtin_ctzll(alive);
    if (alive & (alive - 1)) {
        v->doubt = "may put the day or the month first: no value has a number above 12 there";
        v->hint =
            "it stays text. Say which in the stream's options, as in formats: {COLUMN: \"%d/%m/%Y\"}, and give it the type date";
        return;
    }
    v->look = i % PER_DAY ? LOOK_TIMESTAMP : LOOK_DATE;
    v->format = str_of(forms[i]);
}

static void counted_judge(const struct column_seen *c, struct str name, struct column_verdict *v)
{
    bool whole = v->look == LOOK_INTEGER;
    if (whole && !c->not_ymd && (names_time(name) || c->values >= 20)) {
        v->look = LOOK_DATE; /* 20261225 */
        return;
    }
    if (!names_time(name))
        return;
    if (whole && c->least >= 946684800 && c->most < 4102444800) {
        v->look = LOOK_TIMESTAMP;
        v->format = STR("epoch");
    } else if (whole && c->least >= 946684800000 && c->most < 4102444800000) {
        v->look = LOOK_TIMESTAMP;
        v->format = STR("epoch_ms");
    } else if (whole && c->least >= 36526 && c->most < 73051) {
        v->look = LOOK_DATE;
        v->format = STR("excel");
        v->doubt = "holds days counted from 1900, as spreadsheets store them: it is read as a date";
    }
}

static void column_judge(const struct column_seen *c, struct str name, char decimal, struct column_verdict *v)
{
    *v = (struct column_verdict){.look = c->values == 0 ? LOOK_EMPTY : decimal == ',' ? c->comma : c->dot};
    if (v->look == LOOK_TEXT)
        forms_judge(c, v);
    if (is_number(v->look) && c->percents) {
        if (c->percents < c->values) {
            v->look = LOOK_TEXT;
            v->doubt = "has percent marks at some numbers only";
            v->hint = "it stays text. Export all of them as percentages, or all as plain numbers";
        } else {
            v->look = LOOK_DECIMAL;
            v->format = STR("%");
            v->doubt = "holds percentages: they are kept as fractions, 12.5% is 0.125";
        }
    } else if (is_number(v->look) && c->sign.n) {
        if (c->mixed_signs) {
            v->look = LOOK_TEXT;
            v->doubt = "mixes amounts in different currencies";
            v->hint = "it stays text, since they cannot be added up. Export the currency as a column of its own";
        } else {
            v->format = c->sign;
        }
    } else if (is_number(v->look)) {
        counted_judge(c, name, v);
    }
}

static char decimal_judge(const struct column_seen *seen, size_t n, bool comma_free, bool *doubt)
{
    size_t gained = 0, lost = 0;
    for (size_t i = 0; i < n; i++) {
        bool dot = is_number(seen[i].dot), comma = is_number(seen[i].comma);
        gained += seen[i].values && seen[i].dot == LOOK_TEXT && comma;
        lost += seen[i].values && dot && !comma;
    }
    *doubt = gained > 0 && (lost > 0 || !comma_free);
    return gained > 0 && lost == 0 && comma_free ? ',' : '.';
}

struct looks_verdict looks_judge(const struct column_seen *seen, const struct str *names, size_t n, char fixed, bool comma_free,
                                 struct column_verdict *out)
{
    /* NA and None are also a country and an answer. */
    static const uint32_t words_too = 1u << 6 | 1u << 9;
    struct looks_verdict v = {.decimal = fixed};
    uint32_t in_text = 0;
    if (!fixed)
        v.decimal = decimal_judge(seen, n, comma_free, &v.comma_doubt);
    for (size_t i = 0; i < n; i++) {
        column_judge(&seen[i], names[i], v.decimal, &out[i]);
        if (out[i].look == LOOK_TEXT)
            in_text |= seen[i].none_words & words_too;
    }
    for (size_t i = 0; i < n; i++) {
        if (out[i].look == LOOK_TEXT || out[i].look == LOOK_EMPTY)
            continue;
        if (seen[i].none_words & in_text) {
            out[i] = (struct column_verdict){
                .look = LOOK_TEXT,
                .doubt = "has NA or None where other values are numbers or days, and a text column has it as a word",
                .hint = "it stays text. Leave such cells empty in the export"};
            continue;
        }
        v.none_words |= seen[i].none_words;
    }
    return v;
}
