/* The growing buffer and the writers of JSON, CSV and SQL pieces. */
#include "base/buf.h"

#include <stdio.h>

enum { BUF_FIRST_BYTES = 256 };

void buf_fini(struct buf *b)
{
    mem_free(b->p);
    *b = (struct buf){.max = b->max};
}

void buf_reset(struct buf *b)
{
    b->n = 0;
    b->failed = b->out_of_memory = false;
}

/* Keeps room for a NUL behind the content, so that buf_z never allocates. */
bool buf_reserve(struct buf *b, size_t more)
{
    size_t need;
    if (b->failed)
        return false;
    if (!size_add(b->n, more, &need) || need > b->max || need == SIZE_MAX) {
        b->failed = true;
        return false;
    }
    if (need < b->cap)
        return true;
    size_t cap = b->cap ? b->cap : BUF_FIRST_BYTES;
    while (cap <= need)
        if (!size_mul(cap, 2, &cap))
            cap = need + 1;
    if (cap > b->max && b->max < SIZE_MAX)
        cap = b->max + 1;
    char *p = mem_try_realloc(b->p, cap);
    if (!p) {
        b->failed = b->out_of_memory = true;
        return false;
    }
    b->p = p;
    b->cap = cap;
    return true;
}

void buf_add(struct buf *b, struct str s)
{
    if (s.n && buf_reserve(b, s.n)) {
        memcpy(b->p + b->n, s.p, s.n);
        b->n += s.n;
    }
}

void buf_addz(struct buf *b, const char *z)
{
    buf_add(b, str_of(z));
}

void buf_addc(struct buf *b, char c)
{
    if (buf_reserve(b, 1))
        b->p[b->n++] = c;
}

void buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    if (buf_reserve(b, 64)) { /* most pieces are short: one pass */
        size_t room = b->cap - b->n;
        int n = vsnprintf(b->p + b->n, room, fmt, ap);
        if (n < 0)
            b->failed = true;
        else if ((size_t)n < room && b->n + (size_t)n <= b->max)
            b->n += (size_t)n;
        else if (buf_reserve(b, (size_t)n)) {
            vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
            b->n += (size_t)n;
        }
    } else if (!b->out_of_memory) { /* near the maximum: measure first */
        b->failed = false;
        int n = vsnprintf(NULL, 0, fmt, ap);
        if (n < 0)
            b->failed = true;
        else if (buf_reserve(b, (size_t)n)) {
            vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
            b->n += (size_t)n;
        }
    }
    va_end(again);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(b, fmt, ap);
    va_end(ap);
}

struct str buf_str(const struct buf *b)
{
    return (struct str){b->p, b->n};
}

const char *buf_z(struct buf *b)
{
    if (b->failed || !b->p)
        return "";
    b->p[b->n] = 0;
    return b->p;
}

bool buf_ok(const struct buf *b, struct err *e)
{
    if (!b->failed)
        return true;
    if (b->out_of_memory)
        return err_set(e, E_MEMORY, "not enough memory for %zu bytes", b->n);
    return err_set(e, E_TOO_LARGE, "longer than its limit of %zu bytes", b->max);
}

/* Length of the valid UTF-8 character at p, or 0. */
static size_t utf8_length(const char *p, size_t n)
{
    unsigned char c = (unsigned char)*p;
    size_t len = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
    return len <= n && str_utf8_valid((struct str){p, len}) ? len : 0;
}

void buf_json_str(struct buf *b, struct str s)
{
    static const char escapes[] = {
        ['"'] = '"', ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
    buf_addc(b, '"');
    size_t done = 0;
    for (size_t i = 0; i < s.n;) {
        unsigned char c = (unsigned char)s.p[i];
        if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\') {
            i++;
            continue;
        }
        size_t len = c >= 0x80 ? utf8_length(s.p + i, s.n - i) : 0;
        if (len) {
            i += len;
            continue;
        }
        buf_add(b, (struct str){s.p + done, i - done});
        if (c >= 0x80)
            buf_addz(b, "\xef\xbf\xbd");
        else if (c < sizeof escapes && escapes[c])
            buf_printf(b, "\\%c", escapes[c]);
        else
            buf_printf(b, "\\u%04x", c);
        done = ++i;
    }
    if (done < s.n)
        buf_add(b, (struct str){s.p + done, s.n - done});
    buf_addc(b, '"');
}

void buf_json_key(struct buf *b, const char *key)
{
    buf_json_str(b, str_of(key));
    buf_addc(b, ':');
}

static void add_doubled(struct buf *b, struct str s, char quote)
{
    buf_addc(b, quote);
    for (struct str rest = s; rest.p;) {
        struct str part = str_cut(rest, quote, &rest);
        buf_add(b, part);
        if (rest.p)
            buf_add(b, (struct str){(char[]){quote, quote}, 2});
    }
    buf_addc(b, quote);
}

void buf_csv_field(struct buf *b, struct str s)
{
    bool quote = false;
    for (size_t i = 0; i < s.n && !quote; i++)
        quote = s.p[i] == '"' || s.p[i] == ',' || s.p[i] == '\n' || s.p[i] == '\r';
    if (quote)
        add_doubled(b, s, '"');
    else
        buf_add(b, s);
}

static size_t count_of(struct str s, const char *set)
{
    size_t n = 0;
    while (n < s.n && s.p[n] != '\0' && strchr(set, s.p[n]))
        n++;
    return n;
}

/* What is left behind blanks, as spreadsheets leave them out: ASCII's, the hard space, the byte order mark. */
static struct str without_blanks(struct str s)
{
    static const struct str wide[] = {{"\xc2\xa0", 2}, {"\xef\xbb\xbf", 3}};
    for (size_t before = 0; before != s.n;) {
        before = s.n;
        size_t blanks = count_of(s, " \t\r\n\v\f");
        s = (struct str){s.p + blanks, s.n - blanks};
        for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
            if (str_starts(s, wide[i]))
                s = (struct str){s.p + wide[i].n, s.n - wide[i].n};
    }
    return s;
}

/* "-12.50", "+49 (0)170/55-50", "-1e-07", "-inf": a sign, and nothing that calculates anything but a number. */
static bool is_signed_number(struct str s)
{
    struct str rest = {s.p + 1, s.n - 1};
    if (str_eq_nocase(rest, STR("inf")) || str_eq_nocase(rest, STR("infinity")) || str_eq_nocase(rest, STR("nan")))
        return true;
    size_t at = count_of(rest, "0123456789 .()/-");
    if (at && at < rest.n && (rest.p[at] == 'e' || rest.p[at] == 'E')) {
        at += at + 1 < rest.n && (rest.p[at + 1] == '-' || rest.p[at + 1] == '+') ? 2 : 1;
        size_t digits = count_of((struct str){rest.p + at, rest.n - at}, "0123456789");
        return digits > 0 && at + digits == rest.n;
    }
    return at == rest.n;
}

static bool is_formula(struct str s)
{
    static const struct str signs[] = {{"=", 1}, {"@", 1}, {"\xef\xbc\x9d", 3}, {"\xef\xbc\xa0", 3}, {"\xef\xbc\x8b", 3}, {"\xef\xbc\x8d", 3}}; /* and the full-width = @ + - */
    struct str bare = without_blanks(s);
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (str_starts(bare, signs[i]))
            return true;
    if (count_of(s, "\t\r\n"))
        return true;
    return bare.n && (bare.p[0] == '+' || bare.p[0] == '-') && (bare.n < s.n || !is_signed_number(bare));
}

void buf_csv_cell(struct buf *b, struct str s)
{
    if (!is_formula(s)) {
        buf_csv_field(b, s);
        return;
    }
    buf_addz(b, "\"'");
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"')
            buf_addc(b, '"');
        buf_addc(b, s.p[i]);
    }
    buf_addc(b, '"');
}

void buf_sql_ident(struct buf *b, struct str s)
{
    add_doubled(b, s, '"');
}

void buf_sql_text(struct buf *b, struct str s)
{
    add_doubled(b, s, '\'');
}
