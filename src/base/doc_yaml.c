/* YAML into a document, by libfyaml's event parser: no tree of its own, one pass, positions from the tokens. */
#include <libfyaml.h>

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
    bool map_open[DOC_DEPTH_MAX + 1]; /* is the collection at this depth a map */
    bool want_key[DOC_DEPTH_MAX + 1];
    unsigned depth, documents;
    struct doc_mark last;
};

/* What libfyaml says, in plainer words. First match wins; NULL text: as the library says it. */
static const struct {
    const char *part, *text, *hint;
} messages[] = {
    {"tab", "a tab stands where only spaces may", "indent with spaces; YAML does not allow tabs there"},
    {"expected ':'", "a ':' is missing after a key", "write `key: value`, with a space after the colon"},
    {"missing ':'", "a ':' is missing after a key", "write `key: value`, with a space after the colon"},
    {"invalid multiline plain key", "a ':' is missing after a key, or the indentation is wrong", "write `key: value`, with a space after the colon"},
    {"used as key", "a key goes over more than one line", "write `key: value` on one line"},
    {"multiline flow", "a key goes over more than one line", "write `key: value` on one line"},
    {"invalid nested block mapping on the same line", "a second ':' on one line", "put text that contains ': ' between quotes"},
    {"mapping in plain multiline", "a ':' inside of a text that goes over several lines", "put text that contains ': ' between quotes, or check the indentation"},
    {"Illegal placement of ':'", "a ':' where no key stands before it", "put text that contains ':' between quotes"},
    {"mapping key (not allowed", "a key where none may stand", "keys of one map must begin in the same column"},
    {"block mapping key on same line", "two keys on one line", "write each `key: value` on a line of its own"},
    {"block sequence", "a '- ' where no list may begin", "begin the list on a line of its own, or put the text between quotes"},
    {"block entry", "a '- ' where no list may begin", "begin the list on a line of its own, or put the text between quotes"},
    {"block entries", "a '- ' where no list may begin", "begin the list on a line of its own, or put the text between quotes"},
    {"missing comma", "a ',' or a closing bracket is missing", "separate entries with ',' and close every { and ["},
    {"without a closing bracket", "a '[' or '{' is not closed", "close every [ with ] and every { with }"},
    {"extra closing", "a closing bracket without the opening one", "put text that begins with a bracket between quotes"},
    {"without closing quote", "a quoted text is not closed", "close it with the same quote; inside of single quotes write '' for one"},
    {"invalid trailing content", "text after the closing quote", "close quotes at the end of the value; inside of double quotes write \\\" for one"},
    {"plain scalar cannot start", "a text may not begin with this character", "put the text between quotes"},
    {"block scalar", "a block text ('|' or '>') that is indented wrongly", "indent every line of it deeper than its key"},
    {"comment", "a '#' where no comment may begin", "put a space before '#', or put the text between quotes"},
    {"wrongly indented", "wrong indentation", "entries of one list or map must begin in the same column"},
    {"indent", "wrong indentation", "entries of one list or map must begin in the same column"},
    {"indendation", "wrong indentation", "entries of one list or map must begin in the same column"},
    {"invalid value after mapping", "the line does not fit the lines above it", "entries of one list or map must begin in the same column"},
    {"did not find expected", "the line does not fit the lines above it", "entries of one list or map must begin in the same column"},
    {"at the end of block sequence", "the line does not fit the list above it", "entries of one list begin with '- ' in the same column"},
    {"escape", "an unknown escape after '\\' in a text between double quotes", "write '\\\\' for a backslash, or use single quotes"},
    {"surrogate", "an escape \\u that is half of a character", "write the character itself"},
    {"alias", "'*' begins an alias, and none may stand here", "put text that begins with '*' between quotes"},
    {"anchor", "'&' begins an anchor, and none may stand here", "put text that begins with '&' between quotes"},
    {"unicode control", "an invisible control character", "remove it"},
    {"unicode space", "an invisible kind of space", "write a plain space"},
    {"directive", "a line that begins with '%' is a directive, and none may stand here", "put text that begins with '%' between quotes"},
    {"document", "a document marker ('---' or '...') where none may stand", "remove it; a file holds one document"},
    {"tag", "'!' begins a tag, and none may stand here", "put text that begins with '!' between quotes"},
    {"depth", "values are nested deeper than 64 levels", NULL},
};

static struct doc_mark mark_of(const struct reader *r, const struct fy_mark *m)
{
    return m ? (struct doc_mark){(uint32_t)m->line + 1, (uint32_t)m->column + 1} : r->last;
}

static void complain(struct reader *r, enum err_code code, struct doc_mark at, const char *text, const char *hint)
{
    if (!r->b.stopped)
        err_hint(errs_add(r->b.es, code, r->b.file, at.line, at.col, "%s", text), "%s", hint);
    r->b.stopped = true;
}

static void report_library_error(struct reader *r, struct fy_diag *diag)
{
    void *prev = NULL;
    struct fy_diag_error *first = NULL;
    for (struct fy_diag_error *err; (err = fy_diag_errors_iterate(diag, &prev));)
        if (err->type == FYET_ERROR && !first)
            first = err;
    struct doc_mark at = first && first->line > 0 && first->column > 0 ? (struct doc_mark){(uint32_t)first->line, (uint32_t)first->column} : r->last;
    const char *said = first && first->msg ? first->msg : "not valid YAML";
    const char *text = said, *hint = "";
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++)
        if (strstr(said, messages[i].part)) {
            text = messages[i].text ? messages[i].text : said;
            hint = messages[i].hint ? messages[i].hint : "";
            break;
        }
    complain(r, E_YAML, at, text, hint);
}

static struct str token_text(struct fy_token *t)
{
    size_t n = 0;
    const char *p = t ? fy_token_get_text(t, &n) : NULL;
    return p ? (struct str){p, n} : (struct str){"", 0};
}

static void note_anchor(struct reader *r, struct fy_token *anchor, uint32_t node)
{
    if (!anchor || r->b.stopped)
        return;
    if (r->n_anchors == DOC_ANCHORS_MAX) {
        complain(r, E_TOO_LARGE, r->last, "more than 1,000 anchors in one file", "");
        return;
    }
    if (!r->anchors)
        r->anchors = mem_alloc(DOC_ANCHORS_MAX * sizeof *r->anchors);
    r->anchors[r->n_anchors++] = (struct anchor){arena_str(r->a, token_text(anchor)), node};
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
        complain(r, E_YAML, at, "a key must be a short text on one line, not a list, a map or an alias", "put it between quotes when it is a text");
    else
        doc_builder_key(&r->b, key, at);
    return false;
}

enum tag_meaning { TAG_NONE, TAG_TEXT, TAG_BAD };

static enum tag_meaning tag_of(struct reader *r, struct fy_token *tag)
{
    if (!tag)
        return TAG_NONE;
    struct str t = token_text(tag);
    if (str_eq(t, STR("tag:yaml.org,2002:str")) || str_eq(t, STR("!")))
        return TAG_TEXT;
    static const char *const known[] = {"null", "bool", "int", "float", "seq", "map"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (str_starts(t, STR("tag:yaml.org,2002:")) && str_eq((struct str){t.p + 18, t.n - 18}, str_of(known[i])))
            return TAG_NONE;
    complain(r, E_YAML, mark_of(r, fy_token_start_mark(tag)), "only the tags of the YAML core schema are known here",
             "put text that begins with '!' between quotes");
    return TAG_BAD;
}

static void on_scalar(struct reader *r, const struct fy_event *ev)
{
    struct fy_token *t = ev->scalar.value;
    struct str text = token_text(t);
    enum fy_scalar_style style = t ? fy_scalar_token_get_style(t) : FYSS_PLAIN;
    struct doc_mark at = t ? mark_of(r, fy_token_start_mark(t)) : r->last;
    struct doc_mark end = t ? mark_of(r, fy_token_end_mark(t)) : at;
    if ((style == FYSS_DOUBLE_QUOTED || style == FYSS_SINGLE_QUOTED) && at.col > 1)
        at.col--; /* the library's mark stands behind the quote; the quote is where the value begins */
    r->last = at;
    enum tag_meaning tag = tag_of(r, ev->scalar.tag);
    if (tag == TAG_BAD || !is_value(r, true, text, at))
        return;
    struct doc_node value = {.kind = DOC_STRING, .quoted = style != FYSS_PLAIN, .end_line = end.line};
    if (end.col == 1 && end.line > at.line)
        value.end_line--; /* a block text ends with the break of its last line */
    if (style == FYSS_PLAIN && tag == TAG_NONE)
        doc_resolve_plain(text, &value);
    note_anchor(r, ev->scalar.anchor, doc_builder_scalar(&r->b, value, text, at));
}

static void on_open(struct reader *r, enum doc_kind kind, struct fy_token *start, struct fy_token *anchor, struct fy_token *tag)
{
    struct doc_mark at = start ? mark_of(r, fy_token_start_mark(start)) : r->last;
    r->last = at;
    if (tag_of(r, tag) == TAG_BAD || !is_value(r, false, (struct str){"", 0}, at))
        return;
    uint32_t node = doc_builder_open(&r->b, kind, at);
    if (r->b.stopped)
        return;
    note_anchor(r, anchor, node);
    r->depth++;
    r->map_open[r->depth] = kind == DOC_MAP;
    r->want_key[r->depth] = true;
}

static void on_alias(struct reader *r, const struct fy_event *ev)
{
    struct doc_mark at = mark_of(r, fy_token_start_mark(ev->alias.anchor));
    r->last = at;
    if (!is_value(r, false, (struct str){"", 0}, at))
        return;
    struct str name = token_text(ev->alias.anchor);
    for (size_t i = r->n_anchors; i > 0; i--) {
        if (!str_eq(r->anchors[i - 1].name, name))
            continue;
        if (doc_builder_is_open(&r->b, r->anchors[i - 1].node))
            complain(r, E_YAML, at, "the alias stands inside of what it refers to", "");
        else
            doc_builder_copy(&r->b, r->anchors[i - 1].node, at);
        return;
    }
    struct err *e = errs_add(r->b.es, E_DANGLING, r->b.file, at.line, at.col, "there is no anchor '&%.*s' before this alias", STR_FMT(name));
    err_hint(e, "put text that begins with '*' between quotes");
    r->b.stopped = true;
}

static void on_close(struct reader *r, struct fy_token *end)
{
    const struct fy_mark *m = end ? fy_token_start_mark(end) : NULL;
    bool flow = m && fy_token_end_mark(end) && fy_token_end_mark(end)->input_pos > m->input_pos; /* a closing bracket, not a loss of indent */
    doc_builder_close(&r->b, flow ? (uint32_t)m->line + 1 : 0);
    if (r->depth)
        r->depth--;
}

static void on_event(struct reader *r, const struct fy_event *ev)
{
    switch (ev->type) {
    case FYET_DOCUMENT_START:
        if (++r->documents > 1)
            complain(r, E_YAML, mark_of(r, fy_token_start_mark(ev->document_start.document_start)), "a second document begins here; a file holds one",
                     "remove the '---' line, or split the file");
        break;
    case FYET_SCALAR:
        on_scalar(r, ev);
        break;
    case FYET_SEQUENCE_START:
        on_open(r, DOC_SEQ, ev->sequence_start.sequence_start, ev->sequence_start.anchor, ev->sequence_start.tag);
        break;
    case FYET_MAPPING_START:
        on_open(r, DOC_MAP, ev->mapping_start.mapping_start, ev->mapping_start.anchor, ev->mapping_start.tag);
        break;
    case FYET_SEQUENCE_END:
        on_close(r, ev->sequence_end.sequence_end);
        break;
    case FYET_MAPPING_END:
        on_close(r, ev->mapping_end.mapping_end);
        break;
    case FYET_ALIAS:
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
    struct reader r = {.a = a, .last = {1, 1}};
    doc_builder_init(&r.b, file, es);
    struct doc *d = NULL;
    struct fy_diag_cfg diag_cfg;
    fy_diag_cfg_default(&diag_cfg);
    diag_cfg.fp = NULL;
    diag_cfg.colorize = false;
    struct fy_diag *diag = fy_diag_create(&diag_cfg);
    struct fy_parser *parser = NULL;
    if (diag) {
        fy_diag_set_collect_errors(diag, true);
        struct fy_parse_cfg cfg = {.flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE, .diag = diag};
        parser = fy_parser_create(&cfg);
    }
    if (!parser || fy_parser_set_string(parser, text.p ? text.p : "", text.n) != 0) {
        complain(&r, E_MEMORY, r.last, "not enough memory to read this file", "");
        goto out;
    }
    while (!r.b.stopped) {
        struct fy_event *ev = fy_parser_parse(parser);
        if (!ev) {
            if (fy_parser_get_stream_error(parser) || fy_diag_got_error(diag))
                report_library_error(&r, diag);
            break;
        }
        on_event(&r, ev);
        fy_parser_event_free(parser, ev);
    }
    if (!r.b.stopped && r.b.n == 0) /* an empty file, or only comments */
        doc_builder_scalar(&r.b, (struct doc_node){.kind = DOC_NULL}, (struct str){"", 0}, (struct doc_mark){1, 1});
    d = doc_builder_finish(&r.b, a);
out:
    fy_parser_destroy(parser);
    fy_diag_destroy(diag);
    mem_free(r.anchors);
    doc_builder_fini(&r.b);
    return d;
}
