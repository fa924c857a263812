/* YAML into a document, by libyaml's event parser: no tree of its own, one pass, positions from the events. */
#include <yaml.h>

#include "base/doc_int.h"

struct anchor {
    struct str name;
    uint32_t node;
};

struct reader {
    struct doc_builder b;
    struct arena *a;
    struct anchor *anchors;
    size_t n_anchors;
    /* By depth: is the collection a map, does a key come next, is it written with brackets. */
    bool map_open[DOC_DEPTH_MAX + 1], want_key[DOC_DEPTH_MAX + 1], flow[DOC_DEPTH_MAX + 1];
    unsigned depth, documents;
};

/* What the library says, in plainer words. `context` narrows where one problem has several causes; the first match wins. */
static const struct {
    const char *context, *problem, *text, *hint;
} messages[] = {
    {NULL, "tab character", "a tab stands where only spaces may", "indent with spaces; YAML does not allow tabs there"},
    {NULL, "expected ':'", "a ':' is missing after a key, or the indentation is wrong",
     "write `key: value`, with a space after the colon"},
    {NULL, "mapping values are not allowed", "a second ':' on one line, or wrong indentation",
     "put text that contains ': ' between quotes; keys of one map begin in the same column"},
    {NULL, "mapping keys are not allowed", "a key where none may stand", "keys of one map must begin in the same column"},
    {NULL, "block sequence entries", "a '- ' where no list may begin",
     "begin the list on a line of its own, or put the text between quotes"},
    {NULL, "',' or ']'", "a ',' or the closing ']' is missing", "separate entries with ',' and close every [ with ]"},
    {NULL, "',' or '}'", "a ',' or the closing '}' is missing", "separate entries with ',' and close every { with }"},
    {NULL, "'-' indicator", "the line does not fit the list above it", "entries of one list begin with '- ' in the same column"},
    {NULL, "expected key", "the line does not fit the lines above it",
     "keys of one map must begin in the same column; close quotes at the end of a value"},
    {NULL, "expected node content", "a value is missing, or a bracket or comma has nothing before it",
     "put text that begins with a bracket or comma between quotes"},
    {NULL, "cannot start any token", "a text may not begin with this character", "put the text between quotes"},
    {NULL, "end of stream", "a quoted text is not closed",
     "close it with the same quote; inside of single quotes write '' for one"},
    {NULL, "document indicator", "'---' or '...' inside of a quoted text", "close the quotes before it"},
    {NULL, "escape", "an unknown escape after '\\' in a text between double quotes",
     "write '\\\\' for a backslash, or use single quotes"},
    {NULL, "hexdecimal", "an escape \\x, \\u or \\U without its digits", "write '\\\\' for a backslash, or use single quotes"},
    {"scanning a block scalar", "", "a block text ('|' or '>') that is written wrongly",
     "put its text on the next lines, indented deeper than its key"},
    {"anchor", "", "'&' begins an anchor, and no valid name follows", "put text that begins with '&' between quotes"},
    {"alias", "", "'*' begins an alias, and no valid name follows", "put text that begins with '*' between quotes"},
    {"tag", "", "'!' begins a tag, and this is none", "put text that begins with '!' between quotes"},
    {"directive", "", "a line that begins with '%' is a directive, and this is none",
     "put text that begins with '%' between quotes"},
    {NULL, "directive", "a line that begins with '%' is a directive, and this is none",
     "put text that begins with '%' between quotes"},
    {NULL, "control characters", "an invisible control character", "remove it"},
    {NULL, "<document start>", "text behind the end of the document", "remove it; a file holds one document"},
    {"plain scalar", "unexpected ':'", "a ':' inside of brackets without a space behind it", "put the text between quotes"},
    {NULL, "maximum", "values are nested deeper than 64 levels", ""},
};

static struct doc_mark mark_of(const yaml_mark_t *m)
{
    return (struct doc_mark){(uint32_t)m->line + 1, (uint32_t)m->column + 1};
}

static void complain(struct reader *r, enum err_code code, struct doc_mark at, const char *text, const char *hint)
{
    if (!r->b.stopped)
        err_hint(errs_add(r->b.es, code, r->b.file, at.line, at.col, "%s", text), "%s", hint);
    r->b.stopped = true;
}

static struct doc_mark mark_of_byte(struct str text, size_t byte)
{
    struct doc_mark at = {1, 1};
    for (size_t i = 0; i < byte && i < text.n; i++) {
        if (text.p[i] == '\n')
            at = (struct doc_mark){at.line + 1, 1};
        else if (((unsigned char)text.p[i] & 0xc0) != 0x80)
            at.col++;
    }
    return at;
}

/* Whether a tab stands at the mark, which only whitespace can have before it on its line. */
static bool is_tab_at(struct str text, struct doc_mark at)
{
    struct str rest = text, line = text;
    for (uint32_t i = 0; i < at.line && rest.p; i++)
        line = str_cut(rest, '\n', &rest);
    return at.col <= line.n && line.p[at.col - 1] == '\t';
}

static void report_library_error(struct reader *r, const yaml_parser_t *p, struct str text)
{
    const char *problem = p->problem ? p->problem : "", *context = p->context ? p->context : "";
    struct doc_mark at = p->error == YAML_READER_ERROR ? mark_of_byte(text, p->problem_offset) : mark_of(&p->problem_mark);
    if (strstr(problem, "cannot start any token") && is_tab_at(text, at))
        problem = "tab character";
    if (p->error == YAML_MEMORY_ERROR) {
        complain(r, E_MEMORY, at, "not enough memory to read this file", "");
        return;
    }
    /* What is not closed is shown where it was opened, and a key without ':' where it stands. */
    if (p->context && (strstr(problem, "end of stream") || strstr(context, "simple key")))
        at = mark_of(&p->context_mark);
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++)
        if (strstr(problem, messages[i].problem) && (!messages[i].context || strstr(context, messages[i].context))) {
            complain(r, E_YAML, at, messages[i].text, messages[i].hint);
            return;
        }
    complain(r, E_YAML, at, *problem ? problem : "not valid YAML", "");
}

static struct str z_text(const yaml_char_t *z)
{
    return str_of((const char *)z);
}

static void note_anchor(struct reader *r, const yaml_char_t *anchor, uint32_t node, struct doc_mark at)
{
    if (!anchor || r->b.stopped)
        return;
    if (r->n_anchors == DOC_ANCHORS_MAX) {
        complain(r, E_TOO_LARGE, at, "more than 1,000 anchors in one file", "");
        return;
    }
    if (!r->anchors)
        r->anchors = mem_alloc(DOC_ANCHORS_MAX * sizeof *r->anchors);
    r->anchors[r->n_anchors++] = (struct anchor){arena_str(r->a, z_text(anchor)), node};
}

/* Before any value: false when the value is the key of a map, which was taken (scalar) or refused (anything else). */
static bool is_value(struct reader *r, bool scalar, struct str key, struct doc_mark at)
{
    if (!r->map_open[r->depth])
        return true;
    bool want = r->want_key[r->depth];
    r->want_key[r->depth] = !want;
    if (!want)
        return true;
    if (!scalar)
        complain(r, E_YAML, at, "a key must be a short text on one line, not a list, a map or an alias",
                 "put it between quotes when it is a text");
    else
        doc_builder_key(&r->b, key, at);
    return false;
}

/* Whether the value is tagged as a text. Tags beyond the core schema are refused. */
static bool is_tagged_text(struct reader *r, const yaml_char_t *tag, struct doc_mark at)
{
    static const char *const known[] = {"null", "bool", "int", "float", "seq", "map"};
    if (!tag)
        return false;
    struct str t = z_text(tag), core = STR("tag:yaml.org,2002:");
    if (str_eq(t, STR("!")))
        return true;
    if (str_starts(t, core)) {
        struct str name = {t.p + core.n, t.n - core.n};
        if (str_eq(name, STR("str")))
            return true;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            if (str_eq(name, str_of(known[i])))
                return false;
    }
    complain(r, E_YAML, at, "only the tags of the YAML core schema are known here",
             "put text that begins with '!' between quotes");
    return false;
}

static void on_scalar(struct reader *r, const yaml_event_t *ev)
{
    struct str text = {(const char *)ev->data.scalar.value, ev->data.scalar.length};
    yaml_scalar_style_t style = ev->data.scalar.style;
    struct doc_mark at = mark_of(&ev->start_mark), end = mark_of(&ev->end_mark);
    bool tagged = is_tagged_text(r, ev->data.scalar.tag, at);
    if (r->b.stopped || !is_value(r, true, text, at))
        return;
    struct doc_node value = {.kind = DOC_STRING, .quoted = style != YAML_PLAIN_SCALAR_STYLE, .end_line = end.line};
    if (end.col == 1 && end.line > at.line)
        value.end_line--; /* a block text ends with the break of its last line */
    if (style == YAML_PLAIN_SCALAR_STYLE && !tagged)
        doc_resolve_plain(text, &value);
    note_anchor(r, ev->data.scalar.anchor, doc_builder_scalar(&r->b, value, text, at), at);
}

static void on_open(struct reader *r, const yaml_event_t *ev, enum doc_kind kind, const yaml_char_t *anchor,
                    const yaml_char_t *tag, bool flow)
{
    struct doc_mark at = mark_of(&ev->start_mark);
    is_tagged_text(r, tag, at);
    if (r->b.stopped || !is_value(r, false, (struct str){"", 0}, at))
        return;
    uint32_t node = doc_builder_open(&r->b, kind, at);
    note_anchor(r, anchor, node, at);
    if (r->b.stopped)
        return;
    r->depth++;
    r->map_open[r->depth] = kind == DOC_MAP;
    r->want_key[r->depth] = true;
    r->flow[r->depth] = flow;
}

static void on_alias(struct reader *r, const yaml_event_t *ev)
{
    struct doc_mark at = mark_of(&ev->start_mark);
    struct str name = z_text(ev->data.alias.anchor);
    if (!is_value(r, false, (struct str){"", 0}, at))
        return;
    for (size_t i = r->n_anchors; i > 0; i--) {
        if (!str_eq(r->anchors[i - 1].name, name))
            continue;
        if (doc_builder_is_open(&r->b, r->anchors[i - 1].node))
            complain(r, E_YAML, at, "the alias stands inside of what it refers to", "write the values out instead");
        else
            doc_builder_copy(&r->b, r->anchors[i - 1].node, at);
        return;
    }
    struct err *e =
        errs_add(r->b.es, E_DANGLING, r->b.file, at.line, at.col, "there is no anchor '&%.*s' before this alias", STR_FMT(name));
    err_hint(e, "put text that begins with '*' between quotes");
    r->b.stopped = true;
}

static void on_close(struct reader *r, const yaml_event_t *ev)
{
    doc_builder_close(&r->b, r->flow[r->depth] ? (uint32_t)ev->start_mark.line + 1 : 0);
    if (r->depth)
        r->depth--;
}

static void on_event(struct reader *r, const yaml_event_t *ev)
{
    switch (ev->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (++r->documents > 1)
            complain(r, E_YAML, mark_of(&ev->start_mark), "a second document begins here; a file holds one",
                     "remove the '---' line, or split the file");
        break;
    case YAML_SCALAR_EVENT:
        on_scalar(r, ev);
        break;
    case YAML_SEQUENCE_START_EVENT:
        on_open(r, ev, DOC_SEQ, ev->data.sequence_start.anchor, ev->data.sequence_start.tag,
                ev->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE);
        break;
    case YAML_MAPPING_START_EVENT:
        on_open(r, ev, DOC_MAP, ev->data.mapping_start.anchor, ev->data.mapping_start.tag,
                ev->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE);
        break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        on_close(r, ev);
        break;
    case YAML_ALIAS_EVENT:
        on_alias(r, ev);
        break;
    default:
        break;
    }
}

struct doc *doc_parse_yaml(struct arena *a, struct str file, struct str text, struct errs *es)
{
    if (!doc_text_ok(file, &text, es))
        return NULL;
    struct reader r = {.a = a};
    doc_builder_init(&r.b, file, es);
    struct doc *d = NULL;
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) {
        complain(&r, E_MEMORY, (struct doc_mark){0, 0}, "not enough memory to read this file", "");
        goto out;
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)(text.p ? text.p : ""), text.n);
    for (bool end = false; !end && !r.b.stopped;) {
        yaml_event_t ev;
        if (!yaml_parser_parse(&parser, &ev)) {
            report_library_error(&r, &parser, text);
            break;
        }
        on_event(&r, &ev);
        end = ev.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&ev);
    }
    yaml_parser_delete(&parser);
    if (!r.b.stopped && r.b.n == 0) /* an empty file, or only comments */
        doc_builder_scalar(&r.b, (struct doc_node){.kind = DOC_NULL}, (struct str){"", 0}, (struct doc_mark){1, 1});
    d = doc_builder_finish(&r.b, a);
out:
    mem_free(r.anchors);
    doc_builder_fini(&r.b);
    return d;
}
