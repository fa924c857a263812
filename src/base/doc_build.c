/* Builds the flat document: nodes, their texts in one pool, duplicate keys, limits, aliases copied out. */
#include "base/doc_int.h"

void doc_builder_init(struct doc_builder *b, struct str file, struct errs *es)
{
    *b = (struct doc_builder){.file = file, .es = es, .errors_before = es->n_errors, .pool = BUF_INIT(4 * (size_t)DOC_BYTES_MAX)};
}

void doc_builder_fini(struct doc_builder *b)
{
    mem_free(b->nodes);
    mem_free(b->keys);
    buf_fini(&b->pool);
}

static void stop(struct doc_builder *b, enum err_code code, struct doc_mark at, const char *text)
{
    if (!b->stopped)
        errs_add(b->es, code, b->file, at.line, at.col, "%s", text);
    b->stopped = true;
}

static uint32_t pool_add(struct doc_builder *b, struct str s, struct doc_mark at)
{
    size_t offset = b->pool.n;
    buf_add(&b->pool, s);
    buf_addc(&b->pool, 0);
    if (b->pool.failed)
        stop(b, b->pool.out_of_memory ? E_MEMORY : E_TOO_LARGE, at, "the texts of this document are too large together");
    return (uint32_t)offset;
}

static struct str pool_text(const struct doc_builder *b, uint32_t offset, uint32_t len)
{
    return (struct str){b->pool.p + offset, len};
}

/* ---- Duplicate keys ---- */

static uint64_t key_hash(uint32_t map, struct str key)
{
    return str_hash(key) ^ (map + 1) * UINT64_C(0x9e3779b97f4a7c15);
}

/* The nodes know their key but not their map; the map's index is found again through the slot's second word. */
static bool keys_grow(struct doc_builder *b)
{
    uint32_t cap = b->keys_cap ? b->keys_cap * 2 : 64;
    uint32_t *fresh = mem_try_alloc((size_t)cap * 2 * sizeof *fresh);
    if (!fresh)
        return false;
    for (uint32_t i = 0; i < b->keys_cap; i++) {
        uint32_t node = b->keys[2 * i], map = b->keys[2 * i + 1];
        if (!node)
            continue;
        uint64_t h = key_hash(map, pool_text(b, b->nodes[node].key, b->nodes[node].key_len));
        uint32_t at = (uint32_t)h & (cap - 1);
        while (fresh[2 * at])
            at = (at + 1) & (cap - 1);
        fresh[2 * at] = node;
        fresh[2 * at + 1] = map;
    }
    mem_free(b->keys);
    b->keys = fresh;
    b->keys_cap = cap;
    return true;
}

static void note_key(struct doc_builder *b, uint32_t map, uint32_t node)
{
    struct doc_node *n = &b->nodes[node];
    struct doc_mark at = {n->key_line, n->key_col};
    if (b->n_keys * 4 >= b->keys_cap * 3 && !keys_grow(b)) {
        stop(b, E_MEMORY, at, "not enough memory for this document");
        return;
    }
    struct str key = pool_text(b, n->key, n->key_len);
    uint32_t i = (uint32_t)key_hash(map, key) & (b->keys_cap - 1);
    for (; b->keys[2 * i]; i = (i + 1) & (b->keys_cap - 1)) {
        const struct doc_node *other = &b->nodes[b->keys[2 * i]];
        if (b->keys[2 * i + 1] == map && str_eq(pool_text(b, other->key, other->key_len), key)) {
            struct err *e = errs_add(b->es, E_DUPLICATE, b->file, at.line, at.col,
                                     "the key '%.*s' stands twice here; the first is on line %u", STR_FMT(key), other->key_line);
            err_hint(e, "keep one of the two");
            return;
        }
    }
    b->keys[2 * i] = node;
    b->keys[2 * i + 1] = map;
    b->n_keys++;
}

/* ---- Nodes ---- */

void doc_builder_key(struct doc_builder *b, struct str key, struct doc_mark at)
{
    if (b->stopped || !b->depth)
        return;
    struct doc_open *o = &b->stack[b->depth - 1];
    o->has_key = true;
    o->key = pool_add(b, key, at);
    o->key_len = (uint32_t)key.n;
    o->key_mark = at;
}

/* Adds a node below the open one and returns its index (0 when stopped; the root is 0 as well, and never an alias' target by
 * then). */
static uint32_t add(struct doc_builder *b, struct doc_node node, struct doc_mark at)
{
    if (b->stopped)
        return 0;
    if (b->n >= DOC_NODES_MAX) {
        stop(b, E_TOO_LARGE, at, "more than 1,000,000 values in one document (aliases count as often as they are used)");
        return 0;
    }
    if (b->n == b->cap) {
        uint32_t cap = b->cap ? b->cap * 2 : 128;
        struct doc_node *nodes = mem_try_realloc(b->nodes, cap * sizeof *nodes);
        if (!nodes) {
            stop(b, E_MEMORY, at, "not enough memory for this document");
            return 0;
        }
        b->nodes = nodes;
        b->cap = cap;
    }
    uint32_t index = b->n++;
    node.line = at.line;
    node.col = at.col;
    if (node.end_line < at.line)
        node.end_line = at.line;
    struct doc_open *o = b->depth ? &b->stack[b->depth - 1] : NULL;
    if (o && o->has_key) {
        node.key = o->key;
        node.key_len = o->key_len;
        node.key_line = o->key_mark.line;
        node.key_col = o->key_mark.col;
        o->has_key = false;
    }
    b->nodes[index] = node;
    if (o) {
        struct doc_node *parent = &b->nodes[o->node];
        if (o->last_child)
            b->nodes[o->last_child].next = index;
        else
            parent->first_child = index;
        parent->n_children++;
        o->last_child = index;
        if (parent->kind == DOC_MAP)
            note_key(b, o->node, index);
    }
    return index;
}

uint32_t doc_builder_scalar(struct doc_builder *b, struct doc_node value, struct str text, struct doc_mark at)
{
    if (b->stopped)
        return 0;
    value.text = pool_add(b, text, at);
    value.text_len = (uint32_t)text.n;
    return add(b, value, at);
}

uint32_t doc_builder_open(struct doc_builder *b, enum doc_kind kind, struct doc_mark at)
{
    uint32_t index = add(b, (struct doc_node){.kind = (uint8_t)kind}, at);
    if (b->stopped)
        return 0;
    if (b->depth == DOC_DEPTH_MAX) {
        stop(b, E_TOO_LARGE, at, "values are nested deeper than 64 levels");
        return 0;
    }
    b->stack[b->depth++] = (struct doc_open){.node = index};
    return index;
}

void doc_builder_close(struct doc_builder *b, uint32_t end_line)
{
    if (b->stopped || !b->depth)
        return;
    const struct doc_open *o = &b->stack[--b->depth];
    struct doc_node *n = &b->nodes[o->node];
    if (!end_line && o->last_child)
        end_line = b->nodes[o->last_child].end_line;
    if (end_line > n->end_line)
        n->end_line = end_line;
}

bool doc_builder_is_open(const struct doc_builder *b, uint32_t node)
{
    for (uint32_t i = 0; i < b->depth; i++)
        if (b->stack[i].node == node)
            return true;
    return false;
}

void doc_builder_copy(struct doc_builder *b, uint32_t node, struct doc_mark at)
{
    if (b->stopped)
        return;
    struct doc_node copy = b->nodes[node]; /* by value: the array may move */
    uint32_t child = copy.first_child;
    bool collection = copy.kind == DOC_SEQ || copy.kind == DOC_MAP;
    copy.first_child = copy.next = copy.n_children = copy.end_line = 0;
    copy.key = copy.key_len = copy.key_line = copy.key_col = 0;
    if (!collection) {
        add(b, copy, at);
        return;
    }
    doc_builder_open(b, copy.kind, at);
    while (child && !b->stopped) {
        const struct doc_node c = b->nodes[child];
        if (copy.kind == DOC_MAP) {
            struct doc_open *o = &b->stack[b->depth - 1];
            *o = (struct doc_open){.node = o->node,
                                   .last_child = o->last_child,
                                   .has_key = true,
                                   .key = c.key,
                                   .key_len = c.key_len,
                                   .key_mark = {c.key_line, c.key_col}};
        }
        doc_builder_copy(b, child, (struct doc_mark){c.line, c.col});
        child = c.next;
    }
    doc_builder_close(b, at.line);
}

struct doc *doc_builder_finish(struct doc_builder *b, struct arena *a)
{
    if (b->stopped || b->es->n_errors != b->errors_before)
        return NULL;
    struct doc *d = arena_alloc(a, sizeof *d);
    d->file = arena_str(a, b->file);
    d->n_nodes = b->n;
    d->nodes = arena_array(a, b->n ? b->n : 1, sizeof *d->nodes);
    if (b->n)
        memcpy(d->nodes, b->nodes, b->n * sizeof *d->nodes);
    d->pool_len = (uint32_t)b->pool.n;
    d->pool = arena_alloc(a, b->pool.n + 1);
    if (b->pool.n)
        memcpy(d->pool, b->pool.p, b->pool.n);
    return d;
}

/* ---- Scalars ---- */

static bool is_one_of(struct str s, const char *const *words)
{
    for (; *words; words++)
        if (str_eq(s, str_of(*words)))
            return true;
    return false;
}

static size_t digits_at(struct str s, size_t i)
{
    size_t n = 0;
    while (i + n < s.n && s.p[i + n] >= '0' && s.p[i + n] <= '9')
        n++;
    return n;
}

/* [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )? ; *integer: neither point nor exponent */
static bool is_number(struct str s, bool *integer)
{
    size_t i = s.n && (s.p[0] == '-' || s.p[0] == '+');
    size_t whole = digits_at(s, i);
    i += whole;
    *integer = true;
    if (i < s.n && s.p[i] == '.') {
        *integer = false;
        size_t fraction = digits_at(s, ++i);
        i += fraction;
        if (whole + fraction == 0)
            return false;
    } else if (whole == 0) {
        return false;
    }
    if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
        *integer = false;
        i++;
        if (i < s.n && (s.p[i] == '-' || s.p[i] == '+'))
            i++;
        size_t exponent = digits_at(s, i);
        if (exponent == 0)
            return false;
        i += exponent;
    }
    return i == s.n;
}

/* 0x1F and 0o17; false also when it does not fit. */
static bool based_number(struct str s, int64_t *out)
{
    if (s.n < 3 || s.p[0] != '0' || (s.p[1] != 'x' && s.p[1] != 'o'))
        return false;
    int base = s.p[1] == 'x' ? 16 : 8;
    int64_t v = 0;
    for (size_t i = 2; i < s.n; i++) {
        char c = s.p[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : 99;
        if (digit >= base || __builtin_mul_overflow(v, base, &v) || __builtin_add_overflow(v, digit, &v))
            return false;
    }
    *out = v;
    return true;
}

void doc_resolve_plain(struct str s, struct doc_node *out)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const trues[] = {"true", "True", "TRUE", NULL};
    static const char *const falses[] = {"false", "False", "FALSE", NULL};
    static const char *const infinities[] = {".inf", ".Inf", ".INF", NULL};
    static const char *const nans[] = {".nan", ".NaN", ".NAN", NULL};
    bool integer;
    out->kind = DOC_STRING;
    char c = s.n ? s.p[0] : 0;
    if (is_one_of(s, nulls)) {
        out->kind = DOC_NULL;
    } else if (is_one_of(s, trues) || is_one_of(s, falses)) {
        out->kind = DOC_BOOL;
        out->v.b = c == 't' || c == 'T';
    } else if ((c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.') {
        struct str unsigned_part = c == '-' || c == '+' ? (struct str){s.p + 1, s.n - 1} : s;
        if (is_number(s, &integer)) {
            if (integer && str_to_i64(s, &out->v.i))
                out->kind = DOC_INT;
            else if (str_to_f64(s, &out->v.f)) /* an integer beyond 64 bits keeps its text; the value is near */
                out->kind = DOC_FLOAT;
        } else if (based_number(s, &out->v.i)) {
            out->kind = DOC_INT;
        } else if (is_one_of(unsigned_part, infinities)) {
            out->kind = DOC_FLOAT;
            out->v.f = c == '-' ? -__builtin_inf() : __builtin_inf();
        } else if (is_one_of(s, nans)) {
            out->kind = DOC_FLOAT;
            out->v.f = __builtin_nan("");
        }
    }
}

bool doc_text_ok(struct str file, struct str *text, struct errs *es)
{
    if (text->n > DOC_BYTES_MAX) {
        errs_add(es, E_TOO_LARGE, file, 0, 0, "the file has %zu bytes; the limit for a declaration is %d", text->n,
                 DOC_BYTES_MAX);
        return false;
    }
    if (str_starts(*text, STR("\xef\xbb\xbf"))) {
        text->p += 3;
        text->n -= 3;
    }
    const char *nul = text->n ? memchr(text->p, 0, text->n) : NULL;
    if (!nul && str_utf8_valid(*text))
        return true;
    uint32_t line = 1;
    for (struct str rest = *text; rest.p; line++) {
        struct str one = str_cut(rest, '\n', &rest);
        if (!str_utf8_valid(one) || (one.n && memchr(one.p, 0, one.n)))
            break;
    }
    struct err *e = errs_add(es, E_YAML, file, line, 1,
                             nul ? "the line holds a NUL byte: this is no text file" : "the line is not valid UTF-8");
    err_hint(e, "save the file as UTF-8 text");
    return false;
}
