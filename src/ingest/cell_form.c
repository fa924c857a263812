/* Values with something around them, and moments that are counted. */
#include "ingest/cell.h"

static bool take_front(struct str *s, const char *text, size_t n)
{
    if (s->n < n || memcmp(s->p, text, n) != 0)
        return false;
    s->p += n;
    s->n -= n;
    return true;
}

struct cell_form cell_form_parse(struct str text)
{
    static const struct {
        const char *word;
        enum cell_form_kind kind;
    } words[] = {{"%", FORM_PERCENT}, {"epoch", FORM_EPOCH}, {"epoch_ms", FORM_EPOCH_MS}, {"excel", FORM_EXCEL}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (str_eq(text, str_of(words[i].word)))
            return (struct cell_form){words[i].kind, text};
    }
    enum cell_form_kind kind = !text.n ? FORM_NONE : memchr(text.p, '%', text.n) ? FORM_TIME : FORM_SIGN;
    return (struct cell_form){kind, text};
}

static struct str blanks_cut(struct str s)
{
    s = str_trim(s);
    while (take_front(&s, "\xc2\xa0", 2) || take_front(&s, "\xe2\x80\xaf", 3))
        s = str_trim(s);
    while ((s.n >= 2 && memcmp(s.p + s.n - 2, "\xc2\xa0", 2) == 0) || (s.n >= 3 && memcmp(s.p + s.n - 3, "\xe2\x80\xaf", 3) == 0))
        s.n -= s.p[s.n - 2] == '\xc2' ? 2 : 3;
    return str_trim(s);
}

/* The amount without its sign, which may stand before, behind, and between a minus and the digits. */
struct str cell_unsign(struct str s, struct str sign, char *room, size_t size)
{
    struct str t = blanks_cut(s);
    bool brackets = t.n > 2 && t.p[0] == '(' && t.p[t.n - 1] == ')';
    if (brackets)
        t = blanks_cut((struct str){t.p + 1, t.n - 2});
    bool minus = take_front(&t, "-", 1);
    if (str_starts(t, sign))
        t = (struct str){t.p + sign.n, t.n - sign.n};
    else if (str_ends(t, sign))
        t.n -= sign.n;
    t = blanks_cut(t);
    bool inner = !minus && take_front(&t, "-", 1);
    if (!t.n || t.n + 2 > size || (brackets && (minus || inner)))
        return (struct str){NULL, 0};
    room[0] = '-';
    memcpy(room + 1, t.p, t.n);
    bool negative = brackets || minus || inner;
    return (struct str){room + !negative, t.n + negative};
}

struct str cell_unpercent(struct str s, char *room, size_t size)
{
    s = blanks_cut(s);
    if (s.n < 2 || s.p[s.n - 1] != '%')
        return (struct str){NULL, 0};
    s.n--;
    s = blanks_cut(s);
    if (!s.n || s.n + 3 > size)
        return (struct str){NULL, 0};
    memcpy(room, s.p, s.n);
    static const struct str hundredths = {"e-2", 3}; /* so a percentage stays exact */
    memcpy(room + s.n, hundredths.p, hundredths.n);
    return (struct str){room, s.n + 3};
}

/* Moments counted from a start: seconds, thousandths, or a spreadsheet's days, whose 1900 had a 29th of February. */
static bool counted(enum cell_form_kind kind, struct str s, int64_t *us)
{
    const struct engine_pipe_type exact = {ENGINE_DECIMAL, 8, 18, kind == FORM_EPOCH ? 6 : kind == FORM_EPOCH_MS ? 3 : 9, false};
    const struct cell_format points = {.decimal = '.'};
    int64_t v;
    if (cell_convert(&exact, &points, s, &v) != CELL_OK || v < 0)
        return false;
    if (kind != FORM_EXCEL) {
        *us = v;
        return v <= 253402300799ll * 1000000;
    }
    int64_t day = v / 1000000000, rest = v % 1000000000; /* billionths of a day */
    int64_t seconds = (rest * 864 + 5000000) / 10000000; /* a fraction says no more than seconds */
    if (day < 61 || day > 2958465)
        return false;
    *us = ((day - 25569) * 86400 + seconds) * 1000000;
    return true;
}

enum cell_result cell_convert_form(const struct engine_pipe_type *t, const struct cell_format *f, const struct cell_form *form,
                                   struct str s, void *out)
{
    char room[128];
    int64_t us;
    bool date = t->type == ENGINE_DATE, time = t->type == ENGINE_TIMESTAMP || t->type == ENGINE_TIMESTAMP_TZ;
    s = str_trim(s);
    if (!s.n)
        return CELL_EMPTY;
    if (form->kind == FORM_SIGN || form->kind == FORM_PERCENT) {
        struct str bare =
            form->kind == FORM_SIGN ? cell_unsign(s, form->text, room, sizeof room) : cell_unpercent(s, room, sizeof room);
        return bare.p ? cell_convert(t, f, bare, out) : CELL_BAD;
    }
    if (!date && !time)
        return cell_convert(t, f, s, out);
    if (form->kind == FORM_TIME ? !cell_strptime(s, form->text, &us) : !counted(form->kind, s, &us))
        return CELL_BAD;
    if (date) {
        if (us % 86400000000ll != 0)
            return CELL_BAD;
        int32_t days = (int32_t)(us / 86400000000ll);
        memcpy(out, &days, sizeof days);
    } else {
        memcpy(out, &us, sizeof us);
    }
    return CELL_OK;
}
