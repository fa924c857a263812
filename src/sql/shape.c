/* The form of a query without what it was asked about: literals become `?`, comments go, lists of literals collapse. */
#include "sql/sql.h"

#include <ctype.h>

#include "base/buf.h"
#include "sql/sql_int.h"

enum { SHAPE_MAX = 4000 };

struct scan { struct str sql; size_t i; struct buf out; bool space; };

static bool word_char(int c)
{
    return isalnum(c) || c == '_' || c == '$' || c >= 0x80;
}

/* Past a quoted run that starts at i; doubled quotes and, where `escapes`, backslashes belong to it. */
static size_t skip_quoted(struct str s, size_t i, char quote, bool escapes)
{
    for (i++; i < s.n; i++) {
        if (escapes && s.p[i] == '\\') {
            i++;
        } else if (s.p[i] == quote) {
            if (i + 1 < s.n && s.p[i + 1] == quote)
                i++;
            else
                return i + 1;
        }
    }
    return s.n;
}

/* Past $tag$...$tag$ that starts at i, or i when it is none. */
static size_t skip_dollar(struct str s, size_t i)
{
    size_t tag_end = i + 1;
    while (tag_end < s.n && (isalpha((unsigned char)s.p[tag_end]) || s.p[tag_end] == '_'))
        tag_end++;
    if (tag_end >= s.n || s.p[tag_end] != '$')
        return i;
    struct str tag = {s.p + i, tag_end + 1 - i};
    size_t end = str_find(s, tag, tag_end + 1);
    return end == SIZE_MAX ? s.n : end + tag.n;
}

static size_t skip_comment(struct str s, size_t i)
{
    if (s.p[i] == '-') {
        while (i < s.n && s.p[i] != '\n')
            i++;
        return i;
    }
    size_t depth = 0;
    for (; i + 1 < s.n; i++) {
        if (s.p[i] == '/' && s.p[i + 1] == '*') {
            depth++;
            i++;
        } else if (s.p[i] == '*' && s.p[i + 1] == '/') {
            i++;
            if (--depth == 0)
                return i + 1;
        }
    }
    return s.n;
}

static void put(struct scan *c, struct str piece)
{
    if (c->space && c->out.n)
        buf_addc(&c->out, ' ');
    c->space = false;
    buf_add(&c->out, piece);
}

static void put_literal(struct scan *c)
{
    struct str so_far = buf_str(&c->out);
    if (str_ends(so_far, STR("?,")) || str_ends(so_far, STR("..,"))) { /* ?, ? -> ?, .. */
        c->out.n -= 1;
        c->space = false;
        if (!str_ends(buf_str(&c->out), STR("..")))
            buf_addz(&c->out, ", ..");
        return;
    }
    put(c, STR("?"));
}

/* Quoted names that are plain words stay; others may hold anything, and go. */
static void put_name(struct scan *c, struct str quoted)
{
    bool plain = quoted.n > 2 && quoted.n < 66;
    for (size_t i = 1; plain && i + 1 < quoted.n; i++)
        plain = isalnum((unsigned char)quoted.p[i]) || quoted.p[i] == '_';
    put(c, plain ? quoted : STR("\"?\""));
}

static void step(struct scan *c)
{
    struct str s = c->sql;
    size_t from = c->i;
    unsigned char ch = (unsigned char)s.p[from], next = from + 1 < s.n ? (unsigned char)s.p[from + 1] : 0;
    if (isspace(ch)) {
        c->space = true;
        c->i++;
    } else if ((ch == '-' && next == '-') || (ch == '/' && next == '*')) {
        c->space = true;
        c->i = skip_comment(s, from);
    } else if (ch == '\'') {
        c->i = skip_quoted(s, from, '\'', false);
        put_literal(c);
    } else if ((ch == 'e' || ch == 'E' || ch == 'x' || ch == 'X' || ch == 'b' || ch == 'B') && next == '\'') {
        c->i = skip_quoted(s, from + 1, '\'', ch == 'e' || ch == 'E');
        put_literal(c);
    } else if (ch == '$' && skip_dollar(s, from) != from) {
        c->i = skip_dollar(s, from);
        put_literal(c);
    } else if (ch == '"') {
        c->i = skip_quoted(s, from, '"', false);
        put_name(c, (struct str){s.p + from, c->i - from});
    } else if (isdigit(ch) || (ch == '.' && isdigit(next))) {
        while (c->i < s.n && (word_char((unsigned char)s.p[c->i]) || s.p[c->i] == '.' ||
                              ((s.p[c->i] == '+' || s.p[c->i] == '-') && (s.p[c->i - 1] == 'e' || s.p[c->i - 1] == 'E'))))
            c->i++;
        put_literal(c);
    } else if (word_char(ch)) {
        while (c->i < s.n && word_char((unsigned char)s.p[c->i]))
            c->i++;
        put(c, (struct str){s.p + from, c->i - from});
    } else {
        c->i++;
        put(c, (struct str){s.p + from, 1});
    }
}

struct str sql_shape(struct arena *a, struct str sql)
{
    struct scan c = {.sql = sql, .out = BUF_INIT(SHAPE_MAX)};
    while (c.i < sql.n && !c.out.failed)
        step(&c);
    struct str shape = arena_printf(a, "%.*s%s", STR_FMT(buf_str(&c.out)), c.out.failed ? " .." : "");
    buf_fini(&c.out);
    return shape;
}

bool sql_says(struct str sql, struct str words)
{
    struct scan c = {.sql = sql, .out = BUF_INIT(SQL_PORT_BYTES * 2)};
    while (c.i < sql.n && !c.out.failed)
        step(&c);
    struct str form = buf_str(&c.out);
    bool found = c.out.failed;
    for (size_t i = 0; i + words.n <= form.n && !found; i++)
        found = str_eq_nocase((struct str){form.p + i, words.n}, words) && (i == 0 || !word_char((unsigned char)form.p[i - 1])) &&
                (i + words.n == form.n || !word_char((unsigned char)form.p[i + words.n]));
    buf_fini(&c.out);
    return found;
}
