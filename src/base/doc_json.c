/* JSON into a document. yyjson decides whether the text is JSON; the scan that follows only has to find positions in
 * text that is known to be right, and takes strings and numbers as they are written. */
#include <yyjson.h>

#include "base/doc_int.h"

struct scan {
    const char *p, *end, *line_start;
    const char *counted; /* how far columns of this line are counted, so that a document in one line is not counted from its start for each node */
    uint32_t line, col;
    struct doc_builder *b;
    struct buf text; /* the string being unescaped */
    bool failed;
};

static void skip_space(struct scan *s)
{
    for (; s->p < s->end; s->p++) {
        if (*s->p == '\n') {
            s->line++;
            s->line_start = s->p + 1;
        } else if (*s->p != ' ' && *s->p != '\t' && *s->p != '\r') {
            return;
        }
    }
}

static uint32_t column_of(const char *line_start, const char *p)
{
    uint32_t col = 1;
    for (const char *c = line_start; c < p; c++)
        col += ((unsigned char)*c & 0xc0) != 0x80;
    return col;
}

static struct doc_mark mark_here(struct scan *s)
{
    if (s->counted < s->line_start) {
        s->counted = s->line_start;
        s->col = 1;
    }
    s->col += column_of(s->counted, s->p) - 1;
    s->counted = s->p;
    return (struct doc_mark){s->line, s->col};
}

static uint32_t hex4(const char *p)
{
    uint32_t v = 0;
    for (int i = 0; i < 4; i++) {
        char c = p[i];
        v = v * 16 + (uint32_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return v;
}

static void add_utf8(struct buf *b, uint32_t c)
{
    if (c < 0x80) {
        buf_addc(b, (char)c);
    } else if (c < 0x800) {
        buf_addc(b, (char)(0xc0 | c >> 6));
        buf_addc(b, (char)(0x80 | (c & 0x3f)));
    } else {
        if (c < 0x10000) {
            buf_addc(b, (char)(0xe0 | c >> 12));
        } else {
            buf_addc(b, (char)(0xf0 | c >> 18));
            buf_addc(b, (char)(0x80 | (c >> 12 & 0x3f)));
        }
        buf_addc(b, (char)(0x80 | (c >> 6 & 0x3f)));
        buf_addc(b, (char)(0x80 | (c & 0x3f)));
    }
}

/* At the opening quote; leaves behind the closing one. The text is borrowed until the next string. */
static struct str take_string(struct scan *s)
{
    buf_reset(&s->text);
    for (s->p++; *s->p != '"'; s->p++) {
        if (*s->p != '\\') {
            buf_addc(&s->text, *s->p);
            continue;
        }
        s->p++;
        switch (*s->p) {
        case 'b':
            buf_addc(&s->text, '\b');
            break;
        case 'f':
            buf_addc(&s->text, '\f');
            break;
        case 'n':
            buf_addc(&s->text, '\n');
            break;
        case 'r':
            buf_addc(&s->text, '\r');
            break;
        case 't':
            buf_addc(&s->text, '\t');
            break;
        case 'u': {
            uint32_t c = hex4(s->p + 1);
            s->p += 4;
            if (c >= 0xd800 && c < 0xdc00) { /* yyjson has checked that the other half follows */
                c = 0x10000 + ((c - 0xd800) << 10) + (hex4(s->p + 3) - 0xdc00);
                s->p += 6;
            }
            add_utf8(&s->text, c);
            break;
        }
        default:
            buf_addc(&s->text, *s->p);
            break;
        }
    }
    s->p++;
    s->failed |= s->text.failed;
    return buf_str(&s->text);
}

static void take_scalar(struct scan *s)
{
    struct doc_mark at = mark_here(s);
    if (*s->p == '"') {
        struct str text = take_string(s);
        doc_builder_scalar(s->b, (struct doc_node){.kind = DOC_STRING, .quoted = 1}, text, at);
        return;
    }
    const char *from = s->p;
    while (s->p < s->end && !strchr(",]} \t\r\n", *s->p))
        s->p++;
    struct str text = {from, (size_t)(s->p - from)};
    struct doc_node value = {0};
    doc_resolve_plain(text, &value);
    doc_builder_scalar(s->b, value, text, at);
}

/* Iterative: the builder's stack bounds the depth. */
static void scan_value(struct scan *s)
{
    char open[DOC_DEPTH_MAX];
    unsigned depth = 0;
    for (;;) {
        skip_space(s);
        if (s->p >= s->end || s->b->stopped)
            return;
        char c = *s->p;
        if (c == '}' || c == ']') {
            doc_builder_close(s->b, s->line);
            depth--;
            s->p++;
        } else if (c == ',') {
            s->p++;
            continue;
        } else {
            if (depth && open[depth - 1] == '{') {
                struct doc_mark at = mark_here(s);
                doc_builder_key(s->b, take_string(s), at);
                skip_space(s);
                s->p++; /* the colon */
                skip_space(s);
                c = *s->p;
            }
            if (c == '{' || c == '[') {
                doc_builder_open(s->b, c == '{' ? DOC_MAP : DOC_SEQ, mark_here(s));
                if (s->b->stopped)
                    return;
                open[depth++] = c;
                s->p++;
                continue;
            }
            take_scalar(s);
        }
        if (depth == 0)
            return;
    }
}

struct doc *doc_parse_json(struct arena *a, struct str file, struct str text, struct errs *es)
{
    if (!doc_text_ok(file, &text, es))
        return NULL;
    yyjson_read_err why;
    yyjson_doc *valid = yyjson_read_opts((char *)(uintptr_t)text.p, text.n, YYJSON_READ_NOFLAG, NULL, &why);
    if (!valid) {
        uint32_t line = 1;
        const char *line_start = text.p, *at = text.p + (why.pos < text.n ? why.pos : text.n);
        for (const char *p = text.p; p < at; p++)
            if (*p == '\n') {
                line++;
                line_start = p + 1;
            }
        errs_add(es, why.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION ? E_MEMORY : E_YAML, file, line, column_of(line_start, at),
                 "not valid JSON: %s", text.n ? why.msg : "the file is empty");
        return NULL;
    }
    yyjson_doc_free(valid);
    struct doc_builder b;
    doc_builder_init(&b, file, es);
    struct scan s = {
        .p = text.p, .end = text.p + text.n, .line_start = text.p, .counted = text.p, .line = 1, .col = 1, .b = &b, .text = BUF_INIT(DOC_BYTES_MAX)};
    scan_value(&s);
    if (s.failed)
        errs_add(es, E_MEMORY, file, s.line, 1, "not enough memory for this document");
    struct doc *d = doc_builder_finish(&b, a);
    buf_fini(&s.text);
    doc_builder_fini(&b);
    return d;
}
