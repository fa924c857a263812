#include "exchange/sql_words.h"

#include <ctype.h>

enum { WORDS_FIRST = 256 };

struct scan { struct str t; size_t at; uint32_t line, col; };

static void step(struct scan *s)
{
    if (s->t.p[s->at] == '\n') {
        s->line++;
        s->col = 1;
    } else if (((unsigned char)s->t.p[s->at] & 0xC0) != 0x80) {
        s->col++;
    }
    s->at++;
}

static char here(const struct scan *s, size_t more)
{
    return s->at + more < s->t.n ? s->t.p[s->at + more] : '\0';
}

static bool name_byte(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$' || c == '#' || (unsigned char)c >= 0x80;
}

/* Spaces and comments. False: a comment without its end. */
static bool blank(struct scan *s)
{
    while (s->at < s->t.n) {
        if (isspace((unsigned char)here(s, 0))) {
            step(s);
        } else if ((here(s, 0) == '-' && here(s, 1) == '-') || (here(s, 0) == '/' && here(s, 1) == '/')) {
            while (s->at < s->t.n && here(s, 0) != '\n')
                step(s);
        } else if (here(s, 0) == '/' && here(s, 1) == '*') {
            size_t end = str_find(s->t, STR("*/"), s->at + 2);
            if (end == SIZE_MAX)
                return false;
            while (s->at < end + 2)
                step(s);
        } else if (here(s, 0) == '\\' && s->col == 1) { /* a command of psql, as newer dumps have them */
            while (s->at < s->t.n && here(s, 0) != '\n')
                step(s);
        } else {
            break;
        }
    }
    return true;
}

/* From the opening quote; a doubled one stands for itself, and with `slash` what follows a backslash. False: not closed. */
static bool quoted(struct scan *s, struct arena *a, char close, bool slash, struct word *w)
{
    const char *t = s->t.p;
    size_t n = 0, to = s->at + 1;
    while (to < s->t.n && (t[to] != close || (to + 1 < s->t.n && t[to + 1] == close)))
        to += t[to] == close || (slash && t[to] == '\\') ? 2 : 1;
    bool closed = to < s->t.n;
    char *out = arena_alloc(a, (closed ? to : s->t.n) - s->at);
    step(s);
    while (s->at < to && s->at < s->t.n) {
        if ((here(s, 0) == close || (slash && here(s, 0) == '\\')) && s->at + 1 < s->t.n)
            step(s);
        out[n++] = here(s, 0);
        step(s);
    }
    if (closed)
        step(s);
    w->s = (struct str){out, n};
    return closed;
}

/* PostgreSQL's $tag$ ... $tag$, as the bodies of functions have it. False: none begins here, or it has no end. */
static bool dollar_quoted(struct scan *s, struct word *w)
{
    size_t n = 1;
    while (isalnum((unsigned char)here(s, n)) || here(s, n) == '_')
        n++;
    if (here(s, 0) != '$' || here(s, n) != '$')
        return false;
    size_t from = s->at + n + 1, end = str_find(s->t, (struct str){s->t.p + s->at, n + 1}, from);
    if (end == SIZE_MAX)
        return false;
    w->kind = WORD_TEXT;
    w->s = (struct str){s->t.p + from, end - from};
    while (s->at < end + n + 1)
        step(s);
    return true;
}

static void skip_line(struct scan *s)
{
    while (s->at < s->t.n && here(s, 0) != '\n')
        step(s);
}

/* Behind `COPY ... FROM stdin;` of a dump come rows, up to a line of \. alone: they are no SQL. */
static void copy_rows_skip(struct scan *s)
{
    skip_line(s);
    while (s->at < s->t.n) {
        step(s);
        bool end = here(s, 0) == '\\' && here(s, 1) == '.';
        skip_line(s);
        if (end)
            break;
    }
}

bool sql_words(struct arena *a, struct str file, struct str text, struct word **out, struct errs *es)
{
    struct scan s = {text, 0, 1, 1};
    /* Where names stand between backticks (MySQL, BigQuery), texts know the backslash. */
    bool slash = text.n && memchr(text.p, '`', text.n) != NULL;
    size_t n = 0, cap = WORDS_FIRST;
    struct word *v = arena_array(a, cap, sizeof *v);
    for (;;) {
        uint32_t line = s.line, col = s.col;
        if (!blank(&s)) {
            errs_add(es, E_SQL, file, line, col, "a comment that begins with /* is not closed");
            return false;
        }
        if (n + 1 == cap) {
            struct word *more = arena_array(a, cap * 2, sizeof *more);
            memcpy(more, v, n * sizeof *v);
            v = more;
            cap *= 2;
        }
        struct word *w = &v[n++];
        *w = (struct word){.kind = WORD_END, .from = s.at, .line = s.line, .col = s.col};
        if (s.at >= s.t.n)
            break;
        char c = here(&s, 0);
        bool closed = true;
        if (c == '\'') {
            w->kind = WORD_TEXT;
            closed = quoted(&s, a, '\'', slash, w);
        } else if (c == '"' || c == '`') {
            w->kind = WORD_QUOTED;
            closed = quoted(&s, a, c, slash && c == '"', w);
        } else if (c == '[' && (isalpha((unsigned char)here(&s, 1)) || here(&s, 1) == '_')) {
            w->kind = WORD_QUOTED; /* SQL Server's [name]; a type's "[]" is a mark */
            closed = quoted(&s, a, ']', false, w);
        } else if (c == '$' && dollar_quoted(&s, w)) {
            closed = true;
        } else if (isdigit((unsigned char)c)) {
            w->kind = WORD_NUMBER;
            while (isalnum((unsigned char)here(&s, 0)) || here(&s, 0) == '.')
                step(&s);
        } else if (name_byte(c)) {
            w->kind = WORD_NAME;
            while (name_byte(here(&s, 0)))
                step(&s);
        } else {
            w->kind = WORD_MARK;
            step(&s);
        }
        w->to = s.at;
        if (!closed) {
            errs_add(es, E_SQL, file, w->line, w->col, "the quote %c is not closed", c);
            return false;
        }
        if (w->kind != WORD_TEXT && w->kind != WORD_QUOTED)
            w->s = (struct str){text.p + w->from, w->to - w->from};
        if (word_mark(w, ';') && n >= 3 && word_is(w - 1, "stdin") && word_is(w - 2, "FROM"))
            copy_rows_skip(&s);
    }
    *out = v;
    return true;
}

bool word_is(const struct word *w, const char *keyword)
{
    return w->kind == WORD_NAME && str_eq_nocase(w->s, str_of(keyword));
}

bool word_mark(const struct word *w, char mark)
{
    return w->kind == WORD_MARK && w->s.p[0] == mark;
}
