/* How alike two values are, in a few levels: what the model learns a weight for. */
#include "identity/fuzzy.h"

static const struct {
    int levels;
    const char *words[FUZZY_LEVELS];
} kinds[] = {
    [FUZZY_NAME] = {4, {"another name", "a name that is a little like it", "nearly the same name", "the same name"}},
    [FUZZY_TEXT] = {4, {"different", "a little alike", "nearly the same", "the same"}},
    [FUZZY_DATE] = {5, {"another day", "the same year", "two digits differ", "one digit differs, or day and month are swapped", "the same day"}},
    [FUZZY_DIGITS] = {4, {"another number", "two digits differ", "one digit differs", "the same number"}},
    [FUZZY_EMAIL] = {4, {"another address", "nearly the same address", "the same name at another provider", "the same address"}},
};

int fuzzy_levels(enum fuzzy_kind k)
{
    return kinds[k].levels;
}

const char *fuzzy_level_words(enum fuzzy_kind k, int level)
{
    return level == FUZZY_MISSING ? "not known of both" : level >= 0 && level < kinds[k].levels ? kinds[k].words[level] : "";
}

static int compare_dates(struct str a, struct str b)
{
    if (a.n == 8 && b.n == 8 && memcmp(a.p, b.p, 4) == 0 && memcmp(a.p + 4, b.p + 6, 2) == 0 && memcmp(a.p + 6, b.p + 4, 2) == 0)
        return 3;
    unsigned d = fuzzy_edits(a, b, 2);
    if (d <= 2)
        return d == 1 ? 3 : 2;
    return a.n >= 4 && b.n >= 4 && memcmp(a.p, b.p, 4) == 0 ? 1 : 0;
}

static int compare_emails(struct str a, struct str b)
{
    struct str rest_a, rest_b, name_a = str_cut(a, '@', &rest_a), name_b = str_cut(b, '@', &rest_b);
    if (name_a.n > 3 && str_eq(name_a, name_b))
        return 2;
    return fuzzy_jaro_winkler(a, b) >= 0.92 ? 1 : 0;
}

int fuzzy_compare(enum fuzzy_kind k, struct str a, struct str b)
{
    if (a.n == 0 || b.n == 0)
        return FUZZY_MISSING;
    if (str_eq(a, b))
        return kinds[k].levels - 1;
    if (k == FUZZY_DATE)
        return compare_dates(a, b);
    if (k == FUZZY_EMAIL)
        return compare_emails(a, b);
    if (k == FUZZY_DIGITS) {
        unsigned d = a.n < 2 || b.n < 2 ? 3 : fuzzy_edits(a, b, 2);
        return d == 1 ? 2 : d == 2 && a.n > 3 ? 1 : 0;
    }
    double jw = fuzzy_jaro_winkler(a, b);
    double near = k == FUZZY_NAME ? 0.9 : 0.92, like = k == FUZZY_NAME ? 0.78 : 0.8;
    return jw >= near || (a.n > 3 && b.n > 3 && fuzzy_edits(a, b, 1) == 1) ? 2 : jw >= like ? 1 : 0;
}

enum fuzzy_verdict fuzzy_judge(const struct fuzzy_field *fields, size_t n_fields, const uint8_t *levels)
{
    int agree = 0, differ = 0;
    bool other_date = false;
    for (size_t i = 0; i < n_fields; i++) {
        enum fuzzy_kind k = fields[i].kind;
        if (k == FUZZY_NAME || k == FUZZY_TEXT || levels[i] == FUZZY_MISSING)
            continue;
        bool unlike = levels[i] == 0 || (k == FUZZY_DATE && levels[i] == 1);
        other_date |= unlike && k == FUZZY_DATE;
        agree += levels[i] >= 2;
        differ += unlike;
    }
    if (agree > 0 && agree >= differ && !other_date)
        return FUZZY_UNDISPUTED;
    return agree == 0 && differ >= 2 ? FUZZY_REFUTED : FUZZY_DOUBTFUL;
}
