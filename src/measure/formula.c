#include "measure/formula.h"

#include <math.h>

enum kind { NUMBER, NAME, NEGATE, ADD, SUBTRACT, MULTIPLY, DIVIDE, NULLIF, COALESCE, ABS, GREATEST, LEAST };
enum { ARGUMENTS_MAX = 16, DEPTH_MAX = 64 };

struct formula {
    enum kind kind;
    double number;
    size_t name;
    struct formula *kids[ARGUMENTS_MAX];
    size_t n_kids;
};

static const struct { const char *name; enum kind kind; size_t least, most; } functions[] = {
    {"nullif", NULLIF, 2, 2}, {"coalesce", COALESCE, 1, ARGUMENTS_MAX}, {"abs", ABS, 1, 1}, {"greatest", GREATEST, 1, ARGUMENTS_MAX}, {"least", LEAST, 1, ARGUMENTS_MAX},
};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

/* ---- reading: recursive descent, sums of products of factors ---- */
struct reader {
    struct arena *a;
    struct str text;
    size_t at;
    const struct str *names; size_t n_names;
    int depth;
    struct err *e;
};

static void skip(struct reader *r)
{
    while (r->at < r->text.n && strchr(" \t\r\n", r->text.p[r->at]))
        r->at++;
}

static bool next_is(struct reader *r, char c)
{
    skip(r);
    if (r->at >= r->text.n || r->text.p[r->at] != c)
        return false;
    r->at++;
    return true;
}

static struct formula *fail(struct reader *r, const char *what)
{
    err_set(r->e, E_METRIC, "the expression cannot be read at character %zu: %s", r->at + 1, what);
    err_hint(r->e, "it takes + - * / ( ), numbers, the metrics listed beside it, and nullif coalesce abs greatest least");
    if (r->e)
        r->e->col = (uint32_t)r->at + 1;
    return NULL;
}

static struct formula *make(struct reader *r, enum kind k, struct formula *left, struct formula *right)
{
    struct formula *f = arena_alloc(r->a, sizeof *f);
    f->kind = k;
    f->kids[0] = left;
    f->kids[1] = right;
    f->n_kids = left ? right ? 2 : 1 : 0;
    return f;
}

static bool is_letter(char c)
{
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static struct formula *sum(struct reader *r);

static struct formula *call(struct reader *r, struct str name, size_t at)
{
    for (size_t i = 0; i < FUNCTIONS; i++) {
        if (!str_eq_nocase(name, str_of(functions[i].name)))
            continue;
        struct formula *f = make(r, functions[i].kind, NULL, NULL);
        do {
            if (f->n_kids == functions[i].most)
                return fail(r, "this function takes no more arguments");
            if (!(f->kids[f->n_kids++] = sum(r)))
                return NULL;
        } while (next_is(r, ','));
        if (f->n_kids < functions[i].least)
            return fail(r, "this function takes more arguments");
        return next_is(r, ')') ? f : fail(r, "a bracket is left open");
    }
    r->at = at;
    return fail(r, "no function of this name may stand here");
}

static struct formula *word(struct reader *r)
{
    size_t from = r->at;
    while (r->at < r->text.n && (is_letter(r->text.p[r->at]) || is_digit(r->text.p[r->at])))
        r->at++;
    struct str name = {r->text.p + from, r->at - from};
    if (next_is(r, '('))
        return call(r, name, from);
    for (size_t i = 0; i < r->n_names; i++)
        if (str_eq(r->names[i], name)) {
            struct formula *f = make(r, NAME, NULL, NULL);
            f->name = i;
            return f;
        }
    r->at = from;
    return fail(r, "no metric of this name is listed beside it");
}

static struct formula *number(struct reader *r)
{
    size_t from = r->at;
    while (r->at < r->text.n && (is_digit(r->text.p[r->at]) || r->text.p[r->at] == '.'))
        r->at++;
    struct formula *f = make(r, NUMBER, NULL, NULL);
    if (!str_to_f64((struct str){r->text.p + from, r->at - from}, &f->number))
        return fail(r, "this is no number");
    return f;
}

static struct formula *factor(struct reader *r)
{
    struct formula *f;
    if (++r->depth > DEPTH_MAX)
        return fail(r, "it is nested too deeply");
    if (next_is(r, '-')) {
        f = factor(r);
        f = f ? make(r, NEGATE, f, NULL) : NULL;
    } else if (next_is(r, '(')) {
        f = sum(r);
        f = !f ? NULL : next_is(r, ')') ? f : fail(r, "a bracket is left open");
    } else if (r->at < r->text.n && is_letter(r->text.p[r->at])) {
        f = word(r);
    } else if (r->at < r->text.n && (is_digit(r->text.p[r->at]) || r->text.p[r->at] == '.')) {
        f = number(r);
    } else {
        f = fail(r, "a metric or a number is missing");
    }
    r->depth--;
    return f;
}

static struct formula *product(struct reader *r)
{
    struct formula *left = factor(r), *right;
    while (left) {
        enum kind k = next_is(r, '*') ? MULTIPLY : next_is(r, '/') ? DIVIDE : NUMBER;
        if (k == NUMBER)
            break;
        left = (right = factor(r)) ? make(r, k, left, right) : NULL;
    }
    return left;
}

static struct formula *sum(struct reader *r)
{
    struct formula *left = product(r), *right;
    while (left) {
        enum kind k = next_is(r, '+') ? ADD : next_is(r, '-') ? SUBTRACT : NUMBER;
        if (k == NUMBER)
            break;
        left = (right = product(r)) ? make(r, k, left, right) : NULL;
    }
    return left;
}

bool formula_read(struct arena *a, struct str text, const struct str *names, size_t n, struct formula **out, struct err *e)
{
    struct reader r = {.a = a, .text = text, .names = names, .n_names = n, .e = e};
    *out = sum(&r);
    skip(&r);
    if (*out && r.at < text.n)
        *out = fail(&r, "the expression has ended before this");
    return *out != NULL;
}

/* ---- working out ---- */
static const struct formula_value unknown;

static struct formula_value known(double v)
{
    return isfinite(v) ? (struct formula_value){true, v} : unknown;
}

static struct formula_value extreme(const struct formula *f, const struct formula_value *values)
{
    struct formula_value best = unknown;
    for (size_t i = 0; i < f->n_kids; i++) {
        struct formula_value x = formula_work_out(f->kids[i], values);
        if (!x.known)
            continue;
        if (f->kind == COALESCE)
            return x;
        if (!best.known || (f->kind == GREATEST ? x.v > best.v : x.v < best.v))
            best = x;
    }
    return best;
}

struct formula_value formula_work_out(const struct formula *f, const struct formula_value *values)
{
    if (f->kind == NUMBER)
        return known(f->number);
    if (f->kind == NAME)
        return values[f->name];
    if (f->kind == COALESCE || f->kind == GREATEST || f->kind == LEAST)
        return extreme(f, values);
    struct formula_value x = formula_work_out(f->kids[0], values), y = f->n_kids > 1 ? formula_work_out(f->kids[1], values) : known(0);
    if (f->kind == NULLIF)
        return x.known && y.known && x.v == y.v ? unknown : x;
    if (!x.known || !y.known)
        return unknown;
    switch (f->kind) {
    case NEGATE: return known(-x.v);
    case ADD: return known(x.v + y.v);
    case SUBTRACT: return known(x.v - y.v);
    case MULTIPLY: return known(x.v * y.v);
    case DIVIDE: return y.v == 0 ? unknown : known(x.v / y.v);
    case ABS: return known(fabs(x.v));
    default: return unknown;
    }
}

/* ---- as text ---- */
static void put(const struct formula *f, const struct str *texts, bool sql, struct buf *out)
{
    static const char *const signs[] = {[ADD] = " + ", [SUBTRACT] = " - ", [MULTIPLY] = " * ", [DIVIDE] = " / "};
    switch (f->kind) {
    case NUMBER: buf_printf(out, "%.15g", f->number); return;
    case NAME: buf_add(out, texts[f->name]); return;
    case NEGATE:
        buf_addz(out, "-");
        put(f->kids[0], texts, sql, out);
        return;
    case ADD: case SUBTRACT: case MULTIPLY: case DIVIDE:
        buf_addz(out, "(");
        if (sql && f->kind == DIVIDE)
            buf_addz(out, "CAST(");
        put(f->kids[0], texts, sql, out);
        if (sql && f->kind == DIVIDE)
            buf_addz(out, " AS DOUBLE)");
        buf_addz(out, sql ? signs[f->kind] : f->kind == MULTIPLY ? " × " : f->kind == DIVIDE ? " ÷ " : signs[f->kind]);
        if (sql && f->kind == DIVIDE)
            buf_addz(out, "nullif(");
        put(f->kids[1], texts, sql, out);
        buf_addz(out, sql && f->kind == DIVIDE ? ", 0))" : ")");
        return;
    default: break;
    }
    for (size_t i = 0; i < FUNCTIONS; i++)
        if (functions[i].kind == f->kind)
            buf_addz(out, functions[i].name);
    buf_addz(out, "(");
    for (size_t i = 0; i < f->n_kids; i++) {
        buf_addz(out, i ? ", " : "");
        put(f->kids[i], texts, sql, out);
    }
    buf_addz(out, ")");
}

void formula_sql(const struct formula *f, const struct str *texts, struct buf *out)
{
    put(f, texts, true, out);
}

void formula_words(const struct formula *f, const struct str *texts, struct buf *out)
{
    put(f, texts, false, out);
}
