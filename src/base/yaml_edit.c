#include "base/yaml_edit.h"

#include <stdlib.h>
#include <yaml.h>

#include "base/buf.h"
#include "base/doc.h"

enum { TEXT_MAX_BYTES = 16 << 20, STEPS_MAX = 16, INDENT = 2 };

/* One piece of the text to be replaced. */
struct change { size_t from, to; struct str with; };

struct editing {
    struct arena *a;
    struct str file, text;
    yaml_document_t doc;
    const size_t *bytes; /* place of each character */
    size_t n_bytes;
    const struct yaml_value *v;
    struct err *e;
};

/* ---- places ---- */
static size_t byte_of(const struct editing *d, size_t character)
{
    return d->bytes[character < d->n_bytes ? character : d->n_bytes - 1];
}

static size_t *character_places(struct arena *a, struct str text, size_t *n)
{
    size_t *out = arena_array(a, text.n + 2, sizeof *out), k = 0;
    for (size_t i = 0; i < text.n; i++)
        if (((unsigned char)text.p[i] & 0xC0) != 0x80)
            out[k++] = i;
    out[k++] = text.n;
    *n = k;
    return out;
}

static yaml_node_t *node_at(struct editing *d, int id)
{
    return yaml_document_get_node(&d->doc, id);
}

static bool is_flow(const yaml_node_t *n)
{
    return (n->type == YAML_MAPPING_NODE && n->data.mapping.style == YAML_FLOW_MAPPING_STYLE) ||
           (n->type == YAML_SEQUENCE_NODE && n->data.sequence.style == YAML_FLOW_SEQUENCE_STYLE);
}

static size_t start_of(const struct editing *d, const yaml_node_t *n)
{
    return byte_of(d, n->start_mark.index);
}

/* Where a node's last byte ends. The library lets a block collection reach to the next token, past comments: its last leaf tells better. */
static size_t end_of(struct editing *d, yaml_node_t *n)
{
    size_t end = byte_of(d, n->end_mark.index), from = start_of(d, n), last = from;
    if (n->type == YAML_MAPPING_NODE && !is_flow(n)) {
        for (yaml_node_pair_t *p = n->data.mapping.pairs.start; p < n->data.mapping.pairs.top; p++) {
            size_t k = end_of(d, node_at(d, p->key)), v = end_of(d, node_at(d, p->value));
            last = k > last ? k : last;
            last = v > last && v <= end ? v : last;
        }
        if (last < end && d->text.p[last] == ':') /* a key without a value */
            last++;
        return last;
    }
    if (n->type == YAML_SEQUENCE_NODE && !is_flow(n)) {
        for (yaml_node_item_t *i = n->data.sequence.items.start; i < n->data.sequence.items.top; i++) {
            size_t v = end_of(d, node_at(d, *i));
            last = v > last && v <= end ? v : last;
        }
        return last;
    }
    bool block = n->type == YAML_SCALAR_NODE && (n->data.scalar.style == YAML_LITERAL_SCALAR_STYLE || n->data.scalar.style == YAML_FOLDED_SCALAR_STYLE);
    while (block && end > from && strchr(" \t\r\n", d->text.p[end - 1]))
        end--;
    return end;
}

static size_t line_start(const struct editing *d, size_t at)
{
    while (at > 0 && d->text.p[at - 1] != '\n')
        at--;
    return at;
}

/* Behind the line break of the line that `at` is in. */
static size_t line_end(const struct editing *d, size_t at)
{
    while (at < d->text.n && d->text.p[at] != '\n')
        at++;
    return at < d->text.n ? at + 1 : at;
}

static const char *line_break(const struct editing *d)
{
    return str_find(d->text, STR("\r\n"), 0) != SIZE_MAX ? "\r\n" : "\n";
}

static int column_of(const yaml_node_t *n)
{
    return (int)n->start_mark.column;
}

/* ---- writing values ---- */
/* Whether a text can stand without quotes and come back as that very text. */
static bool is_plain(struct arena *a, struct str s, bool flow)
{
    if (s.n == 0 || s.p[0] == ' ' || s.p[s.n - 1] == ' ' || s.p[s.n - 1] == ':' || strchr("!&*-?|>@`\"'%#{}[],:=~<", s.p[0]))
        return false;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c < 0x20 || c == 0x7F || (c == '#' && s.p[i - 1] == ' ') || (c == ':' && i + 1 < s.n && s.p[i + 1] == ' ') || (flow && strchr(",[]{}", c)) ||
            (flow && c == ':'))
            return false;
    }
    /* "no", "1", "2026-01-01", "null": words that would come back as something else, or look as if. */
    struct errs es = {0};
    struct doc *d = doc_parse_yaml(a, STR("value"), arena_printf(a, "v: %.*s\n", STR_FMT(s)), &es);
    bool same = d && doc_get(d, doc_root(d), "v") && doc_get(d, doc_root(d), "v")->kind == DOC_STRING && str_eq(doc_str(d, doc_root(d), "v"), s) && str_utf8_valid(s);
    errs_fini(&es);
    return same;
}

static void spaces(struct buf *b, int n)
{
    for (int i = 0; i < n; i++)
        buf_addc(b, ' ');
}

static void json_value(struct buf *b, const struct doc *d, const struct doc_node *n)
{
    bool first = true;
    if (n->kind != DOC_MAP && n->kind != DOC_SEQ) {
        if (n->kind == DOC_STRING)
            buf_json_str(b, doc_text(d, n));
        else
            doc_json(d, n, b);
        return;
    }
    buf_addc(b, n->kind == DOC_MAP ? '{' : '[');
    for (const struct doc_node *c = doc_first(d, n); c; c = doc_next(d, c)) {
        buf_addz(b, first ? "" : ", ");
        first = false;
        if (n->kind == DOC_MAP) {
            buf_add(b, doc_key(d, c));
            buf_addz(b, ": ");
        }
        json_value(b, d, c);
    }
    buf_addc(b, n->kind == DOC_MAP ? '}' : ']');
}

/* A text of several lines, as a block under a key whose column is `indent`. */
static void block_text(struct editing *d, struct buf *b, struct str s, int indent)
{
    bool ends = s.p[s.n - 1] == '\n';
    struct str rest = {s.p, ends ? s.n - 1 : s.n};
    buf_addz(b, ends ? "|" : "|-");
    while (rest.p) {
        struct str line = str_cut(rest, '\n', &rest);
        if (line.n && line.p[line.n - 1] == '\r')
            line.n--;
        buf_addz(b, line_break(d));
        if (line.n)
            spaces(b, indent + INDENT);
        buf_add(b, line);
    }
}

static bool fits_block(struct str s)
{
    if (str_find(s, STR("\n"), 0) == SIZE_MAX || s.p[0] == ' ' || s.p[0] == '\n' || (s.n > 1 && s.p[s.n - 1] == '\n' && s.p[s.n - 2] == '\n'))
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (((unsigned char)s.p[i] < 0x20 && s.p[i] != '\n') || s.p[i] == 0x7F)
            return false;
    return str_utf8_valid(s);
}

/* The value as it stands behind "key: " of a map in column `indent` (flow: inside brackets). `old`: the style to keep, or NULL. */
static void put_value(struct editing *d, struct buf *b, int indent, bool flow, const yaml_node_t *old)
{
    const struct yaml_value *v = d->v;
    bool single = old && old->type == YAML_SCALAR_NODE && old->data.scalar.style == YAML_SINGLE_QUOTED_SCALAR_STYLE;
    bool twice = old && old->type == YAML_SCALAR_NODE && old->data.scalar.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    struct errs es = {0};
    struct doc *json;
    switch (v->kind) {
    case YAML_BARE:
        buf_add(b, v->text);
        break;
    case YAML_TEXT:
        if (!flow && v->text.n && fits_block(v->text)) {
            block_text(d, b, v->text, indent);
        } else if (single && str_utf8_valid(v->text) && str_find(v->text, STR("\n"), 0) == SIZE_MAX && v->text.n && v->text.p[0] != ' ') {
            buf_addc(b, '\'');
            for (size_t i = 0; i < v->text.n; i++)
                buf_printf(b, v->text.p[i] == '\'' ? "''" : "%c", v->text.p[i]);
            buf_addc(b, '\'');
        } else if (!twice && is_plain(d->a, v->text, flow)) {
            buf_add(b, v->text);
        } else {
            buf_json_str(b, v->text);
        }
        break;
    case YAML_TEXTS:
        buf_addc(b, '[');
        for (size_t i = 0; i < v->n; i++) {
            buf_addz(b, i ? ", " : "");
            if (is_plain(d->a, v->list[i], true))
                buf_add(b, v->list[i]);
            else
                buf_json_str(b, v->list[i]);
        }
        buf_addc(b, ']');
        break;
    case YAML_JSON:
        json = doc_parse_json(d->a, STR("value"), v->text, &es);
        if (json && doc_root(json)->kind == DOC_SEQ && !flow && doc_root(json)->n_children) {
            for (const struct doc_node *n = doc_first(json, doc_root(json)); n; n = doc_next(json, n)) {
                buf_addz(b, line_break(d));
                spaces(b, indent + INDENT);
                buf_addz(b, "- ");
                json_value(b, json, n);
            }
        } else if (json) {
            json_value(b, json, doc_root(json));
        }
        errs_fini(&es);
        break;
    case YAML_REMOVE:
        break;
    }
}

/* A whole entry of a list is set at once: the last step leads into the list. */
static bool is_entry(const struct editing *d, const struct yaml_step *path, size_t n)
{
    return n == 1 && path->where.n && d->v->kind == YAML_JSON;
}

static void put_entry(struct editing *d, struct buf *b)
{
    struct errs es = {0};
    const struct doc *json = doc_parse_json(d->a, STR("value"), d->v->text, &es);
    if (json)
        json_value(b, json, doc_root(json));
    errs_fini(&es);
}

/* What is missing on the way, from path[0] on, as lines of a block map in column `indent`, without the last break. */
static void put_path(struct editing *d, struct buf *b, const struct yaml_step *path, size_t n, int indent)
{
    buf_add(b, path->key);
    buf_addc(b, ':');
    if (path->where.p || path->equals.p) {
        buf_addz(b, line_break(d));
        spaces(b, indent + INDENT);
        buf_addz(b, "- ");
        if (is_entry(d, path, n)) {
            put_entry(d, b);
            return;
        }
        struct buf id = BUF_INIT(TEXT_MAX_BYTES);
        if (is_plain(d->a, path->equals, false))
            buf_add(&id, path->equals);
        else
            buf_json_str(&id, path->equals);
        if (path->where.n)
            buf_printf(b, "%.*s: ", STR_FMT(path->where));
        buf_add(b, buf_str(&id));
        buf_fini(&id);
        if (n > 1) {
            buf_addz(b, line_break(d));
            spaces(b, indent + 2 * INDENT);
            put_path(d, b, path + 1, n - 1, indent + 2 * INDENT);
        }
        return;
    }
    if (n > 1) {
        buf_addz(b, line_break(d));
        spaces(b, indent + INDENT);
        put_path(d, b, path + 1, n - 1, indent + INDENT);
        return;
    }
    struct buf value = BUF_INIT(TEXT_MAX_BYTES);
    put_value(d, &value, indent, false, NULL);
    if (value.n && value.p[0] != '\n' && value.p[0] != '\r')
        buf_addc(b, ' ');
    buf_add(b, buf_str(&value));
    buf_fini(&value);
}

/* The same inside of brackets. */
static void put_path_flow(struct editing *d, struct buf *b, const struct yaml_step *path, size_t n)
{
    bool listed = path->where.p || path->equals.p;
    buf_printf(b, "%.*s: ", STR_FMT(path->key));
    if (listed && is_entry(d, path, n)) {
        buf_addc(b, '[');
        put_entry(d, b);
        buf_addc(b, ']');
    } else if (listed) {
        buf_addz(b, path->where.n ? "[{" : "[");
        if (path->where.n)
            buf_printf(b, "%.*s: ", STR_FMT(path->where));
        if (is_plain(d->a, path->equals, true))
            buf_add(b, path->equals);
        else
            buf_json_str(b, path->equals);
        if (n > 1) {
            buf_addz(b, ", ");
            put_path_flow(d, b, path + 1, n - 1);
        }
        buf_addz(b, path->where.n ? "}]" : "]");
    } else if (n > 1) {
        buf_addc(b, '{');
        put_path_flow(d, b, path + 1, n - 1);
        buf_addc(b, '}');
    } else {
        put_value(d, b, 0, true, NULL);
    }
}

/* ---- the way down ---- */
static yaml_node_pair_t *pair_of(struct editing *d, yaml_node_t *map, struct str key)
{
    for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top; p++) {
        const yaml_node_t *k = node_at(d, p->key);
        if (k->type == YAML_SCALAR_NODE && str_eq((struct str){(const char *)k->data.scalar.value, k->data.scalar.length}, key))
            return p;
    }
    return NULL;
}

static bool scalar_is(const yaml_node_t *n, struct str s)
{
    return n && n->type == YAML_SCALAR_NODE && str_eq((struct str){(const char *)n->data.scalar.value, n->data.scalar.length}, s);
}

static yaml_node_t *entry_of(struct editing *d, yaml_node_t *list, const struct yaml_step *step)
{
    for (yaml_node_item_t *i = list->data.sequence.items.start; i < list->data.sequence.items.top; i++) {
        yaml_node_t *n = node_at(d, *i);
        if (!step->where.n && scalar_is(n, step->equals))
            return n;
        yaml_node_pair_t *p = step->where.n && n->type == YAML_MAPPING_NODE ? pair_of(d, n, step->where) : NULL, *also = p && step->also.n ? pair_of(d, n, step->also) : NULL;
        if (p && scalar_is(node_at(d, p->value), step->equals) && (!step->also.n || (also && scalar_is(node_at(d, also->value), step->also_equals))))
            return n;
    }
    return NULL;
}

static bool in_the_way(struct editing *d, const yaml_node_t *n, struct str key)
{
    err_at(d->e, E_SCHEMA, d->file, (uint32_t)n->start_mark.line + 1, (uint32_t)n->start_mark.column + 1, "%.*s cannot be changed from here: something else stands in its place",
           STR_FMT(key));
    err_hint(d->e, "change this file by hand");
    return false;
}

static struct str taken(struct editing *d, struct buf *b)
{
    struct str s = arena_str(d->a, buf_str(b));
    buf_fini(b);
    return s;
}

/* Adds a key, and what lies below it, to a map. */
static void add_key(struct editing *d, yaml_node_t *map, const struct yaml_step *path, size_t n, struct change *c)
{
    struct buf b = BUF_INIT(TEXT_MAX_BYTES);
    bool empty = map->data.mapping.pairs.start == map->data.mapping.pairs.top;
    if (is_flow(map)) {
        size_t close = byte_of(d, map->end_mark.index) - 1, at = close;
        while (at > 0 && strchr(" \t\r\n", d->text.p[at - 1]))
            at--;
        bool comma = d->text.p[at - 1] == ',';
        buf_addz(&b, empty ? "" : comma ? " " : ", ");
        put_path_flow(d, &b, path, n);
        *c = (struct change){at, at, taken(d, &b)};
        return;
    }
    size_t end = end_of(d, map), next = line_end(d, end);
    bool broken = next > 0 && d->text.p[next - 1] == '\n';
    if (!broken)
        buf_addz(&b, line_break(d));
    spaces(&b, column_of(map));
    put_path(d, &b, path, n, column_of(map));
    if (broken)
        buf_addz(&b, line_break(d));
    *c = (struct change){next, next, taken(d, &b)};
}

/* Adds an entry, and what lies below it, to a list. */
static void add_entry(struct editing *d, yaml_node_t *list, const struct yaml_step *path, size_t n, struct change *c)
{
    struct buf b = BUF_INIT(TEXT_MAX_BYTES), whole = BUF_INIT(TEXT_MAX_BYTES);
    bool empty = list->data.sequence.items.start == list->data.sequence.items.top;
    if (is_flow(list)) {
        size_t at = byte_of(d, list->end_mark.index) - 1;
        put_path_flow(d, &whole, path, n); /* "key: [{where: equals, …}]" */
        struct str entry = buf_str(&whole);
        size_t open = str_find(entry, STR("["), 0);
        while (at > 0 && strchr(" \t\r\n", d->text.p[at - 1]))
            at--;
        buf_addz(&b, empty ? "" : ", ");
        buf_add(&b, (struct str){entry.p + open + 1, entry.n - open - 2});
        buf_fini(&whole);
        *c = (struct change){at, at, taken(d, &b)};
        return;
    }
    int indent = column_of(list);
    put_path(d, &whole, path, n, indent - INDENT); /* "key:\n  - where: equals\n …" */
    struct str entry = buf_str(&whole);
    size_t dash = str_find(entry, STR("- "), 0), end = end_of(d, list), next = line_end(d, end);
    bool broken = next > 0 && d->text.p[next - 1] == '\n';
    if (!broken)
        buf_addz(&b, line_break(d));
    spaces(&b, indent);
    buf_add(&b, (struct str){entry.p + dash, entry.n - dash});
    if (broken)
        buf_addz(&b, line_break(d));
    buf_fini(&whole);
    *c = (struct change){next, next, taken(d, &b)};
}

static void remove_pair(struct editing *d, yaml_node_t *map, yaml_node_pair_t *p, struct change *c)
{
    size_t from = start_of(d, node_at(d, p->key)), to = end_of(d, node_at(d, p->value));
    bool only = map->data.mapping.pairs.top - map->data.mapping.pairs.start == 1;
    if (!is_flow(map)) {
        size_t line = line_start(d, from);
        bool first_of_entry = false; /* "- key: value": the dash stays */
        for (size_t i = line; i < from; i++)
            first_of_entry |= d->text.p[i] == '-';
        to = line_end(d, to);
        if (only)
            *c = (struct change){from, to, arena_printf(d->a, "{}%s", line_break(d))};
        else if (!first_of_entry)
            *c = (struct change){line, to, STR("")};
        else { /* the next key moves up behind the dash */
            size_t next = to;
            while (next < d->text.n && strchr(" \t\r\n", d->text.p[next]))
                next++;
            *c = (struct change){from, next, STR("")};
        }
        return;
    }
    size_t after = to;
    while (after < d->text.n && strchr(" \t\r\n", d->text.p[after]))
        after++;
    if (d->text.p[after] == ',') {
        to = after + 1;
        while (d->text.p[to] == ' ')
            to++;
    } else {
        while (from > 0 && strchr(" \t\r\n,", d->text.p[from - 1]) && !only)
            from--;
    }
    *c = (struct change){from, to, STR("")};
}

/* The last entry that goes leaves an empty list behind, since a key without a value is none. */
static void remove_entry(struct editing *d, yaml_node_t *list, yaml_node_t *entry, struct change *c)
{
    size_t from = start_of(d, entry), to = end_of(d, entry);
    if (list->data.sequence.items.top - list->data.sequence.items.start == 1) {
        *c = (struct change){start_of(d, list), is_flow(list) ? byte_of(d, list->end_mark.index) : to, STR("[]")};
        return;
    }
    if (!is_flow(list)) {
        *c = (struct change){line_start(d, from), line_end(d, to), STR("")};
        return;
    }
    size_t after = to;
    while (after < d->text.n && strchr(" \t\r\n", d->text.p[after]))
        after++;
    if (d->text.p[after] == ',') {
        to = after + 1;
        while (strchr(" \t\r\n", d->text.p[to]))
            to++;
    } else {
        while (from > 0 && strchr(" \t\r\n,", d->text.p[from - 1]))
            from--;
    }
    *c = (struct change){from, to, STR("")};
}

static void replace_entry(struct editing *d, yaml_node_t *entry, struct change *c)
{
    struct buf b = BUF_INIT(TEXT_MAX_BYTES);
    put_entry(d, &b);
    *c = (struct change){start_of(d, entry), end_of(d, entry), taken(d, &b)};
}

static void replace_value(struct editing *d, yaml_node_t *map, yaml_node_pair_t *p, struct change *c)
{
    yaml_node_t *old = node_at(d, p->value), *key = node_at(d, p->key);
    struct buf b = BUF_INIT(TEXT_MAX_BYTES);
    size_t from = start_of(d, old), to = end_of(d, old);
    bool absent = old->type == YAML_SCALAR_NODE && from == to, flow = is_flow(map), block = !flow && old->type != YAML_SCALAR_NODE && !is_flow(old);
    size_t colon = byte_of(d, key->end_mark.index);
    while (colon < d->text.n && d->text.p[colon] != ':')
        colon++;
    put_value(d, &b, column_of(map), flow, old);
    struct str value = taken(d, &b);
    size_t rest = to;
    while (rest < d->text.n && d->text.p[rest] != '\n' && d->text.p[rest] != '\r')
        rest++;
    if (!absent && value.n && value.p[0] == '|' && rest > to) { /* a comment behind the old value belongs behind the new one's | */
        size_t head = 0;
        while (head < value.n && value.p[head] != '\n' && value.p[head] != '\r')
            head++;
        value = arena_printf(d->a, "%.*s%.*s%.*s", (int)head, value.p, (int)(rest - to), d->text.p + to, (int)(value.n - head), value.p + head);
        to = rest;
    }
    bool own_lines = value.n && (value.p[0] == '\n' || value.p[0] == '\r');
    if (absent || block) /* from behind the colon: what stood there was nothing, or lines of its own */
        *c = (struct change){colon + 1, absent ? colon + 1 : to, own_lines ? value : arena_printf(d->a, " %.*s", STR_FMT(value))};
    else if (own_lines)
        *c = (struct change){colon + 1, to, value};
    else
        *c = (struct change){from, to, value};
}

/* *c.from == SIZE_MAX: nothing to do. */
static bool find_change(struct editing *d, const struct yaml_step *path, size_t n, struct change *c)
{
    yaml_node_t *at = yaml_document_get_root_node(&d->doc);
    size_t bound = 0;
    *c = (struct change){SIZE_MAX, 0, STR("")};
    for (size_t i = 0; i < n; i++) {
        bool listed = path[i].where.p || path[i].equals.p;
        if (at->type != YAML_MAPPING_NODE)
            return in_the_way(d, at, path[i].key);
        yaml_node_pair_t *p = pair_of(d, at, path[i].key);
        yaml_node_t *value = p ? node_at(d, p->value) : NULL;
        bool empty = value && value->type == YAML_SCALAR_NODE && value->end_mark.index == value->start_mark.index;
        if (value && !empty && start_of(d, value) < bound) /* an alias: its text stands elsewhere and serves others too */
            return in_the_way(d, value, path[i].key);
        if (!p || (empty && (listed || i + 1 < n))) {
            if (d->v->kind == YAML_REMOVE)
                return true;
            if (p) { /* "key:" alone: what is below it comes behind the colon */
                struct buf b = BUF_INIT(TEXT_MAX_BYTES);
                put_path(d, &b, path + i, n - i, column_of(at));
                size_t from = start_of(d, node_at(d, p->key)), to = line_end(d, from);
                while (to > from && strchr(" \t\r\n", d->text.p[to - 1]))
                    to--;
                *c = (struct change){from, to, taken(d, &b)};
            } else {
                add_key(d, at, path + i, n - i, c);
            }
            return true;
        }
        bound = start_of(d, value);
        if (!listed && i + 1 == n) {
            if (d->v->kind == YAML_REMOVE)
                remove_pair(d, at, p, c);
            else
                replace_value(d, at, p, c);
            return true;
        }
        at = value;
        if (!listed)
            continue;
        if (value->type != YAML_SEQUENCE_NODE)
            return in_the_way(d, value, path[i].key);
        at = entry_of(d, value, &path[i]);
        if (!at && d->v->kind != YAML_REMOVE)
            add_entry(d, value, path + i, n - i, c);
        if (at && i + 1 == n && d->v->kind == YAML_REMOVE)
            remove_entry(d, value, at, c);
        else if (at && is_entry(d, path + i, n - i))
            replace_entry(d, at, c);
        if (!at || i + 1 == n)
            return true;
    }
    return true;
}

/* ---- proof ---- */
static bool at_or_below(struct str place, struct str but)
{
    return but.n && str_starts(place, but) && (place.n == but.n || place.p[but.n] == '/');
}

/* One line for each leaf, "/terms/3/title: …"; those at or below `but` are left out; `gone`: as if it had never been counted. */
static void leaves(const struct doc *d, const struct doc_node *n, struct buf *at, struct str but, bool gone, struct buf *out)
{
    size_t here = at->n, i = 0;
    struct str place = buf_str(at);
    if (at_or_below(place, but))
        return;
    if (n->kind != DOC_MAP && n->kind != DOC_SEQ) {
        buf_add(out, place);
        buf_addz(out, ": ");
        doc_json(d, n, out);
        buf_addc(out, '\n');
        return;
    }
    for (const struct doc_node *c = doc_first(d, n); c; c = doc_next(d, c), i++) {
        if (n->kind == DOC_MAP)
            buf_printf(at, "/%.*s", STR_FMT(doc_key(d, c)));
        else
            buf_printf(at, "/%zu", i);
        bool left_out = gone && n->kind == DOC_SEQ && at_or_below(buf_str(at), but);
        leaves(d, c, at, but, gone && !left_out, out);
        at->n = here;
        if (left_out) { /* the entries behind it have moved up by one */
            i--;
            gone = false;
            but = STR("");
        }
    }
}

static bool is_entry_of(struct arena *a, const struct doc *d, const struct doc_node *c, const struct yaml_step *step)
{
    struct str id = step->where.n ? doc_str(d, c, arena_strz(a, step->where)) : doc_text(d, c);
    return str_eq(id, step->equals) && (!step->also.n || str_eq(doc_str(d, c, arena_strz(a, step->also)), step->also_equals));
}

/* The node at a path, and in `place` how far it leads: "/terms/3/title". NULL: not there; then `place` ends with the first that is missing. *last: where in its list the last entry stands;
 * given, that one is taken, since an entry that is told by two keys may get others. */
static const struct doc_node *walk(struct arena *a, const struct doc *d, const struct yaml_step *path, size_t n, struct buf *place, size_t *last)
{
    const struct doc_node *at = doc_root(d);
    for (size_t i = 0; i < n; i++) {
        const struct doc_node *next = NULL;
        for (const struct doc_node *c = at->kind == DOC_MAP ? doc_first(d, at) : NULL; c && !next; c = doc_next(d, c))
            next = str_eq(doc_key(d, c), path[i].key) ? c : NULL;
        buf_printf(place, "/%.*s", STR_FMT(path[i].key));
        if (!next)
            return NULL;
        at = next;
        if (!path[i].where.p && !path[i].equals.p)
            continue;
        size_t k = 0;
        next = NULL;
        if (at->kind != DOC_SEQ)
            return NULL;
        for (const struct doc_node *c = doc_first(d, at); c && !next; c = doc_next(d, c), k++) {
            if (i + 1 == n && *last != SIZE_MAX ? k == *last : is_entry_of(a, d, c, &path[i])) {
                next = c;
                break;
            }
        }
        if (i + 1 == n)
            *last = k;
        buf_printf(place, "/%zu", k);
        if (!next)
            return NULL;
        at = next;
    }
    return at;
}

/* Whether what stands there now is what was meant. */
static bool is_value(struct editing *d, const struct doc *y, const struct doc_node *n)
{
    const struct yaml_value *v = d->v;
    struct buf one = BUF_INIT(TEXT_MAX_BYTES), two = BUF_INIT(TEXT_MAX_BYTES);
    struct errs es = {0};
    bool same = false;
    size_t i = 0;
    if (v->kind == YAML_REMOVE || !n) {
        same = v->kind == YAML_REMOVE && !n;
    } else if (v->kind == YAML_TEXT) {
        /* Line ends are the file's own. */
        for (size_t k = 0; k < v->text.n; k++)
            if (v->text.p[k] != '\r')
                buf_addc(&one, v->text.p[k]);
        for (size_t k = 0; k < doc_text(y, n).n; k++)
            if (doc_text(y, n).p[k] != '\r')
                buf_addc(&two, doc_text(y, n).p[k]);
        same = n->kind == DOC_STRING && str_eq(buf_str(&one), buf_str(&two));
    } else if (v->kind == YAML_BARE) {
        same = str_eq(doc_text(y, n), v->text) && !n->quoted;
    } else if (v->kind == YAML_TEXTS) {
        same = n->kind == DOC_SEQ && n->n_children == v->n;
        for (const struct doc_node *c = doc_first(y, n); same && c; c = doc_next(y, c), i++)
            same = str_eq(doc_text(y, c), v->list[i]);
    } else {
        const struct doc *json = doc_parse_json(d->a, STR("value"), v->text, &es);
        if (json) {
            doc_json(json, doc_root(json), &one);
            doc_json(y, n, &two);
            same = str_eq(buf_str(&one), buf_str(&two));
        }
    }
    errs_fini(&es);
    buf_fini(&one);
    buf_fini(&two);
    return same;
}

static bool prove(struct editing *d, const struct yaml_step *path, size_t n, struct str after)
{
    struct errs es = {0};
    struct buf place = BUF_INIT(TEXT_MAX_BYTES), at = BUF_INIT(TEXT_MAX_BYTES), one = BUF_INIT(8 * TEXT_MAX_BYTES), two = BUF_INIT(8 * TEXT_MAX_BYTES);
    const struct doc *x = doc_parse_yaml(d->a, d->file, d->text, &es), *y = doc_parse_yaml(d->a, d->file, after, &es);
    bool good = x && y;
    if (good) {
        size_t first = SIZE_MAX, then = SIZE_MAX;
        (void)walk(d->a, x, path, n, &place, &first);
        if (is_entry(d, path + n - 1, 1) && path[n - 1].also.n)
            then = first;
        bool entry_gone = d->v->kind == YAML_REMOVE && path[n - 1].where.n && d->text.n != after.n;
        leaves(x, doc_root(x), &at, buf_str(&place), entry_gone, &one);
        leaves(y, doc_root(y), &at, entry_gone ? STR("") : buf_str(&place), false, &two);
        struct buf ignored = BUF_INIT(TEXT_MAX_BYTES);
        good = str_eq(buf_str(&one), buf_str(&two)) && !one.failed && !two.failed && is_value(d, y, walk(d->a, y, path, n, &ignored, &then));
        buf_fini(&ignored);
    }
    errs_fini(&es);
    buf_fini(&place);
    buf_fini(&at);
    buf_fini(&one);
    buf_fini(&two);
    if (!good) {
        err_at(d->e, E_SCHEMA, d->file, 0, 0, "%.*s cannot be changed from here without touching something else", STR_FMT(path[n - 1].key));
        err_hint(d->e, "change this file by hand");
    }
    return good;
}

static bool load(struct editing *d)
{
    yaml_parser_t parser;
    struct errs es = {0};
    if (!doc_parse_yaml(d->a, d->file, d->text, &es)) { /* says what is wrong, and where, better than the library */
        *d->e = es.v[0];
        errs_fini(&es);
        return false;
    }
    errs_fini(&es);
    if (!yaml_parser_initialize(&parser))
        return err_set(d->e, E_MEMORY, "not enough memory to read %.*s", STR_FMT(d->file));
    yaml_parser_set_input_string(&parser, (const unsigned char *)d->text.p, d->text.n);
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    bool good = yaml_parser_load(&parser, &d->doc);
    yaml_parser_delete(&parser);
    if (good && !yaml_document_get_root_node(&d->doc)) {
        yaml_document_delete(&d->doc);
        good = false;
    }
    return good || err_at(d->e, E_YAML, d->file, 1, 1, "the file is empty");
}

bool yaml_set(struct arena *a, struct str file, struct str text, const struct yaml_step *path, size_t n, const struct yaml_value *v, struct str *out, struct err *e)
{
    size_t n_bytes;
    const size_t *bytes = character_places(a, text, &n_bytes);
    struct editing d = {.a = a, .file = file, .text = text, .bytes = bytes, .n_bytes = n_bytes, .v = v, .e = e};
    struct change c;
    if (n == 0 || n > STEPS_MAX)
        return err_set(e, E_INTERNAL, "a path of %zu steps", n);
    if (!load(&d))
        return false;
    bool good = find_change(&d, path, n, &c);
    yaml_document_delete(&d.doc);
    if (!good)
        return false;
    if (c.from == SIZE_MAX) {
        *out = text;
        return true;
    }
    struct buf b = BUF_INIT(TEXT_MAX_BYTES);
    buf_add(&b, (struct str){text.p, c.from});
    buf_add(&b, c.with);
    buf_add(&b, (struct str){text.p + c.to, text.n - c.to});
    good = buf_ok(&b, e);
    if (good)
        *out = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return good && prove(&d, path, n, *out);
}
