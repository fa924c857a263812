#include "measure/metric_int.h"

enum { DEPTH = 64 };

/* Words that a condition is made of, beside names of dimensions; a name in front of a bracket is a function. */
static const char *const keywords[] = {"and", "or", "not", "in", "is", "null", "true", "false", "between", "like", "ilike", "similar", "to", "escape", "case", "when", "then", "else", "end",
                                       "distinct", "from", "current_date"};
/* These may be dimensions too: they are words of SQL in front of a value, or behind one. */
static const char *const before_value[] = {"date", "timestamp", "interval"};
static const char *const after_value[] = {"day", "days", "week", "weeks", "month", "months", "quarter", "quarters", "year", "years", "hour", "hours"};
static const char *const refused[] = {"select", "with", "union", "except", "intersect", "values", "table", "exists", "over", "filter", "lateral", "qualify", "order", "group", "having", "limit"};

static bool one_of(struct str word, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq_nocase(word, str_of(list[i])))
            return true;
    return false;
}

static bool is_letter(char c)
{
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

struct reader {
    struct str text;
    size_t at;
    const char *what;
    const struct words_names *names;
    struct buf *out;
    struct err *e;
};

static bool fail(struct reader *r, const char *why)
{
    err_set(r->e, E_METRIC, "%s cannot be read at character %zu: %s", r->what, r->at + 1, why);
    err_hint(r->e, "write a condition over dimensions, such as country = 'DE' AND channel <> 'direct'");
    if (r->e)
        r->e->col = (uint32_t)r->at + 1;
    return false;
}

/* Up to the quote that ends it; two of them are one of its text. */
static bool quoted(struct reader *r, char quote, struct str *inside)
{
    size_t from = r->at++;
    for (; r->at < r->text.n; r->at++) {
        if (r->text.p[r->at] != quote)
            continue;
        if (r->at + 1 < r->text.n && r->text.p[r->at + 1] == quote) {
            r->at++;
            continue;
        }
        r->at++;
        *inside = (struct str){r->text.p + from, r->at - from};
        return true;
    }
    r->at = from;
    return fail(r, "a quote is left open");
}

static char next_char(const struct reader *r)
{
    size_t at = r->at;
    while (at < r->text.n && strchr(" \t\r\n", r->text.p[at]))
        at++;
    return at < r->text.n ? r->text.p[at] : 0;
}

static char char_before(const struct reader *r, size_t at)
{
    while (at > 0 && strchr(" \t\r\n", r->text.p[at - 1]))
        at--;
    return at > 0 ? r->text.p[at - 1] : 0;
}

static bool of_sql(const struct reader *r, struct str w, size_t from)
{
    char next = next_char(r), last = char_before(r, from);
    return one_of(w, keywords, sizeof keywords / sizeof *keywords) || next == '(' ||
           (one_of(w, before_value, sizeof before_value / sizeof *before_value) && (next == '\'' || is_digit(next))) ||
           (one_of(w, after_value, sizeof after_value / sizeof *after_value) && (last == '\'' || is_digit(last)));
}

static bool word(struct reader *r)
{
    size_t from = r->at;
    while (r->at < r->text.n && (is_letter(r->text.p[r->at]) || is_digit(r->text.p[r->at])))
        r->at++;
    struct str w = {r->text.p + from, r->at - from};
    if (one_of(w, refused, sizeof refused / sizeof *refused)) {
        r->at = from;
        return fail(r, "a condition holds no query, no window and no other clause");
    }
    if (!of_sql(r, w, from))
        return r->names->put(r->names->ctx, w, r->out, r->e);
    buf_add(r->out, w);
    return true;
}

static bool comment(const struct reader *r)
{
    struct str rest = {r->text.p + r->at, r->text.n - r->at};
    return str_starts(rest, STR("--")) || str_starts(rest, STR("/*"));
}

static bool token(struct reader *r, char *open, int *depth)
{
    char c = r->text.p[r->at];
    struct str inside;
    if (c == '\'') {
        if (!quoted(r, c, &inside))
            return false;
        buf_add(r->out, inside);
        return true;
    }
    if (c == '"') {
        if (!quoted(r, c, &inside))
            return false;
        return r->names->put(r->names->ctx, (struct str){inside.p + 1, inside.n - 2}, r->out, r->e);
    }
    if (is_letter(c))
        return word(r);
    if (c == 0 || comment(r) || !strchr(" \t\r\n0123456789.,+-*/%=<>!|~^()[]", c))
        return fail(r, comment(r) ? "it holds a comment" : "this character has no place in it");
    if (c == '(' || c == '[') {
        if (*depth == DEPTH)
            return fail(r, "it is nested too deeply");
        open[(*depth)++] = c == '(' ? ')' : ']';
    } else if ((c == ')' || c == ']') && (*depth == 0 || open[--*depth] != c)) {
        return fail(r, "a bracket closes that was not opened");
    }
    if (is_digit(c)) { /* 1e5 is a number, and e no name */
        while (r->at < r->text.n && (is_digit(r->text.p[r->at]) || is_letter(r->text.p[r->at]) || r->text.p[r->at] == '.'))
            buf_addc(r->out, r->text.p[r->at++]);
        return true;
    }
    buf_addc(r->out, c);
    r->at++;
    return true;
}

bool metric_condition_read(struct str text, const char *what, const struct words_names *names, struct buf *out, struct err *e)
{
    struct reader r = {.text = text, .what = what, .names = names, .out = out, .e = e};
    char open[DEPTH];
    int depth = 0;
    if (str_trim(text).n == 0)
        return fail(&r, "it is empty");
    while (r.at < text.n)
        if (!token(&r, open, &depth))
            return false;
    return depth == 0 || fail(&r, "a bracket is left open");
}
