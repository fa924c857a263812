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
        } else {
            break;
        }
    }
    return true;
}

/* From the opening quote; a doubled one stands for itself. False: not closed. */
static bool quoted(struct scan *s, struct arena *a, char close, struct word *w)
{
    char *out = arena_alloc(a, s->t.n - s->at + 1);
    size_t n = 0;
    step(s);
    while (s->at < s->t.n) {
        if (here(s, 0) == close && here(s, 1) == close && close != ']')
            step(s);
        else if (here(s, 0) == close)
            break;
        out[n++] = here(s, 0);
        step(s);
    }
    if (s->at >= s->t.n)
        return false;
    step(s);
    w->s = (struct str){out, n};
    return true;
}

bool sql_words(struct arena *a, struct str file, struct str text, struct word **out, struct errs *es)
{
    struct scan s = {text, 0, 1, 1};
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
            closed = quoted(&s, a, '\'', w);
        } else if (c == '"' || c == '`') {
            w->kind = WORD_QUOTED;
            closed = quoted(&s, a, c, w);
        } else if (c == '[' && (isalpha((unsigned char)here(&s, 1)) || here(&s, 1) == '_')) {
            w->kind = WORD_QUOTED; /* SQL Server's [name]; a type's "[]" is a mark */
            closed = quoted(&s, a, ']', w);
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
