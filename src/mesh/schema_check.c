/* The checker: every rule of a compiled schema against a document, all breaks in one pass. Branches are tried in silence;
 * what a failed choice means for people is worked out in schema_explain.c. */
#include "mesh/schema_int.h"

#include <math.h>

#include "mesh/table.h"

const struct schema *schema_property_find(const struct schema *s, struct str name)
{
    size_t low = 0, high = s->n_properties;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int c = str_cmp(s->properties[mid].name, name);
        if (c == 0)
            return s->properties[mid].schema;
        if (c < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

bool schema_type_fits(unsigned types, const struct doc_node *n)
{
    switch ((enum doc_kind)n->kind) {
    case DOC_NULL: return types & TYPE_NULL;
    case DOC_BOOL: return types & TYPE_BOOL;
    case DOC_INT: return types & (TYPE_INTEGER | TYPE_NUMBER);
    case DOC_FLOAT: return (types & TYPE_NUMBER) || ((types & TYPE_INTEGER) && isfinite(n->v.f) && n->v.f == floor(n->v.f));
    case DOC_STRING: return types & TYPE_STRING;
    case DOC_SEQ: return types & TYPE_ARRAY;
    case DOC_MAP: return types & TYPE_OBJECT;
    }
    return false;
}

static unsigned types_of(const struct schema *s, int depth)
{
    if (s->types || depth > 8)
        return s->types;
    if (s->ref)
        return types_of(s->ref, depth + 1);
    const struct schema_list *l = s->one_of.n ? &s->one_of : &s->any_of;
    unsigned mask = 0;
    for (size_t i = 0; i < l->n; i++) {
        unsigned t = types_of(l->v[i], depth + 1);
        if (!t)
            return 0;
        mask |= t;
    }
    return mask;
}

unsigned schema_types(const struct schema *s)
{
    return types_of(s, 0);
}

bool schema_value_equal(const struct doc *da, const struct doc_node *a, const struct doc *db, const struct doc_node *b)
{
    bool numbers = (a->kind == DOC_INT || a->kind == DOC_FLOAT) && (b->kind == DOC_INT || b->kind == DOC_FLOAT);
    if (numbers)
        return (a->kind == DOC_INT ? (double)a->v.i : a->v.f) == (b->kind == DOC_INT ? (double)b->v.i : b->v.f);
    if (a->kind != b->kind)
        return false;
    if (a->kind == DOC_BOOL)
        return a->v.b == b->v.b;
    if (a->kind == DOC_STRING)
        return str_eq(doc_text(da, a), doc_text(db, b));
    return a->kind == DOC_NULL;
}

static void push(struct check *c, const struct doc_node *n, uint32_t item)
{
    if (c->depth < PATH_MAX_DEPTH) {
        c->path[c->depth] = n;
        c->item[c->depth] = item;
    }
    c->depth++;
}

static size_t utf8_length(struct str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += ((unsigned char)s.p[i] & 0xC0) != 0x80;
    return n;
}

enum { PATTERN_INPUT_MAX = 1024 };

static bool eval_string(struct check *c, const struct schema *s, const struct doc_node *n, bool report)
{
    struct str text = doc_text(c->d, n);
    bool good = true;
    if (s->min_length >= 0 || s->max_length >= 0) {
        size_t length = utf8_length(text);
        bool is_short = s->min_length >= 0 && length < (size_t)s->min_length, is_long = s->max_length >= 0 && length > (size_t)s->max_length;
        good = !is_short && !is_long;
        if (!good && report)
            explain_value(c, s, n, is_short && s->min_length == 1 ? "must not be empty" : is_short ? "must have at least %lld characters" : "must have at most %lld characters",
                          (long long)(is_short ? s->min_length : s->max_length));
    }
    if (s->pattern && (text.n > PATTERN_INPUT_MAX || memchr(text.p, 0, text.n) || regexec(s->pattern, arena_strz(&c->scratch, text), 0, NULL, 0) != 0)) {
        good = false;
        if (report)
            explain_value(c, s, n, s->example ? "does not have the form that is expected" : "does not have the form %.*s", STR_FMT(s->pattern_text));
    }
    if (s->format != FORMAT_NONE && !schema_format_fits(s->format, text)) {
        static const char *const words[] = {
            [FORMAT_URI] = "is not an address with a scheme, such as https://example.org or mailto:ana@example.org",
            [FORMAT_DATE] = "is not a date, such as 2025-01-31",
            [FORMAT_DATE_TIME] = "is not a point in time, such as 2025-01-31T12:00:00Z",
            [FORMAT_EMAIL] = "is not an e-mail address",
        };
        good = false;
        if (report)
            explain_value(c, s, n, "%s", words[s->format]);
    }
    return good;
}

static bool eval_number(struct check *c, const struct schema *s, const struct doc_node *n, bool report)
{
    double v = n->kind == DOC_INT ? (double)n->v.i : n->v.f;
    const struct { const struct bound *b; bool broken; const char *words; } bounds[] = {
        {&s->minimum, v < s->minimum.value, "must be at least %g"},
        {&s->maximum, v > s->maximum.value, "must be at most %g"},
        {&s->exclusive_minimum, v <= s->exclusive_minimum.value, "must be more than %g"},
        {&s->exclusive_maximum, v >= s->exclusive_maximum.value, "must be less than %g"},
        {&s->multiple_of, s->multiple_of.value > 0 && fmod(v, s->multiple_of.value) != 0, "must be a multiple of %g"},
    };
    bool good = true;
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
        if (!bounds[i].b->set || !bounds[i].broken)
            continue;
        char text[64];
        good = false;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(text, sizeof text, bounds[i].words, bounds[i].b->value);
#pragma GCC diagnostic pop
        if (report)
            explain_value(c, s, n, "%s", text);
    }
    return good;
}

static bool eval_array(struct check *c, const struct schema *s, const struct doc_node *n, bool report)
{
    bool good = true;
    if (s->min_items >= 0 && n->n_children < s->min_items) {
        good = false;
        if (report)
            explain_value(c, s, n, "must have at least %lld entries, it has %u", (long long)s->min_items, n->n_children);
    }
    if (s->max_items >= 0 && n->n_children > s->max_items) {
        good = false;
        if (report)
            explain_value(c, s, n, "must have at most %lld entries, it has %u", (long long)s->max_items, n->n_children);
    }
    struct table seen = {0};
    struct buf json = BUF_INIT(64 << 20);
    uint32_t i = 0;
    for (const struct doc_node *item = doc_first(c->d, n); item; item = doc_next(c->d, item), i++) {
        if (s->unique_items) {
            buf_reset(&json);
            doc_json(c->d, item, &json);
            if (table_put(&seen, &c->scratch, arena_str(&c->scratch, buf_str(&json)), c)) {
                good = false;
                if (report)
                    explain_value(c, s, item, "stands twice in a list whose entries must differ");
            }
        }
        if (s->items) {
            push(c, item, i);
            good = schema_eval(c, s->items, item, NULL, report) && good;
            c->depth--;
        }
    }
    buf_fini(&json);
    return good;
}

static bool eval_object(struct check *c, const struct schema *s, const struct doc_node *n, unsigned char *marks, bool report)
{
    bool good = true;
    for (size_t i = 0; i < s->n_required; i++) {
        bool found = false;
        for (const struct doc_node *v = doc_first(c->d, n); v && !found; v = doc_next(c->d, v))
            found = str_eq(doc_key(c->d, v), s->required[i]);
        if (found)
            continue;
        good = false;
        if (report)
            explain_missing(c, s, n, s->required[i]);
    }
    if (!s->n_properties && !s->additional)
        return good;
    size_t at = 0;
    for (const struct doc_node *v = doc_first(c->d, n); v; v = doc_next(c->d, v), at++) {
        const struct schema *known = schema_property_find(s, doc_key(c->d, v)), *of = known ? known : s->additional;
        if (!of)
            continue;
        if (marks)
            marks[at] = 1;
        if (!known && of->never) {
            good = false;
            if (report)
                explain_unknown(c, s, n, v);
            continue;
        }
        push(c, v, UINT32_MAX);
        good = schema_eval(c, of, v, NULL, report) && good;
        c->depth--;
    }
    return good;
}

/* A trial: what it knew of the object counts only when it holds. */
static bool try_branch(struct check *c, const struct schema *s, const struct doc_node *n, unsigned char *marks)
{
    size_t bytes = n->kind == DOC_MAP ? n->n_children : 0;
    unsigned char *own = marks && bytes ? arena_alloc(&c->scratch, bytes) : NULL;
    bool holds = schema_eval(c, s, n, own, false);
    for (size_t i = 0; holds && own && i < bytes; i++)
        marks[i] |= own[i];
    return holds;
}

static bool eval_branches(struct check *c, const struct schema *s, const struct doc_node *n, unsigned char *marks, bool report)
{
    bool good = true;
    for (size_t i = 0; i < s->all_of.n; i++)
        good = schema_eval(c, s->all_of.v[i], n, marks, report) && good;
    if (s->any_of.n) {
        size_t holds = 0;
        for (size_t i = 0; i < s->any_of.n && (holds == 0 || marks); i++)
            holds += try_branch(c, s->any_of.v[i], n, marks);
        if (holds == 0) {
            good = false;
            if (report)
                explain_branches(c, &s->any_of, false, s, n, marks);
        }
    }
    if (s->one_of.n) {
        size_t holds = 0;
        for (size_t i = 0; i < s->one_of.n; i++)
            holds += try_branch(c, s->one_of.v[i], n, marks);
        if (holds != 1) {
            good = false;
            if (report)
                explain_branches(c, &s->one_of, true, s, n, marks);
        }
    }
    if (s->not_ && schema_eval(c, s->not_, n, NULL, false)) {
        good = false;
        if (report)
            explain_not(c, s, n);
    }
    return good;
}

static bool eval_condition(struct check *c, const struct schema *s, const struct doc_node *n, unsigned char *marks, bool report)
{
    bool holds = try_branch(c, s->if_, n, marks);
    const struct schema *then = holds ? s->then_ : s->else_;
    if (!then)
        return true;
    struct str value, decides = holds && n->kind == DOC_MAP ? schema_if_property(s->if_, &value) : (struct str){NULL, 0};
    bool vacuous = decides.p != NULL && schema_if_vacuous(s->if_);
    for (const struct doc_node *v = vacuous ? doc_first(c->d, n) : NULL; v && vacuous; v = doc_next(c->d, v))
        vacuous = !str_eq(doc_key(c->d, v), decides);
    if (!vacuous)
        return schema_eval(c, then, n, marks, report);
    /* The deciding key is absent, so the condition holds of nothing: several contrary branches may then fail at once.
     * What is wrong is the absence. */
    if (schema_eval(c, then, n, marks, false))
        return true;
    if (report)
        explain_vacuous_if(c, then, n, decides);
    return false;
}

bool schema_eval(struct check *c, const struct schema *s, const struct doc_node *n, unsigned char *marks, bool report)
{
    if (s->never)
        return false;
    if (s->types && !schema_type_fits(s->types, n)) {
        if (report)
            explain_type(c, s, s->types, n);
        return false;
    }
    bool good = true;
    if (s->unevaluated && !marks && n->kind == DOC_MAP)
        marks = arena_alloc(&c->scratch, n->n_children + 1);
    if (s->ref) {
        good = schema_eval(c, s->ref, n, marks, report);
        if (!good && s->ref->types && !schema_type_fits(s->ref->types, n))
            return false;
    }
    if (s->enum_) {
        bool found = false;
        for (const struct doc_node *v = doc_first(s->doc, s->enum_); v && !found; v = doc_next(s->doc, v))
            found = schema_value_equal(c->d, n, s->doc, v);
        if (!found) {
            good = false;
            if (report)
                explain_enum(c, s, n);
        }
    }
    if (s->const_ && !schema_value_equal(c->d, n, s->doc, s->const_)) {
        good = false;
        if (report)
            explain_value(c, s, n, "must be \"%.*s\"", STR_FMT(doc_text(s->doc, s->const_)));
    }
    if (n->kind == DOC_STRING)
        good = eval_string(c, s, n, report) && good;
    else if (n->kind == DOC_INT || n->kind == DOC_FLOAT)
        good = eval_number(c, s, n, report) && good;
    else if (n->kind == DOC_SEQ)
        good = eval_array(c, s, n, report) && good;
    else if (n->kind == DOC_MAP)
        good = eval_object(c, s, n, marks, report) && good;
    if (s->all_of.n || s->any_of.n || s->one_of.n || s->not_)
        good = eval_branches(c, s, n, marks, report) && good;
    if (s->if_)
        good = eval_condition(c, s, n, marks, report) && good;
    if (s->unevaluated && n->kind == DOC_MAP) {
        size_t at = 0;
        for (const struct doc_node *v = doc_first(c->d, n); v; v = doc_next(c->d, v), at++) {
            if (!marks[at] && s->unevaluated->never) {
                good = false;
                if (report)
                    explain_unknown(c, s, n, v);
            }
            marks[at] = 1;
        }
    }
    return good;
}

bool schema_check(const struct schema *s, const struct doc *d, struct errs *es)
{
    struct check c = {.d = d, .es = es, .first = es->n};
    size_t before = es->n_errors;
    arena_init(&c.scratch);
    bool good = schema_eval(&c, s, doc_root(d), NULL, true);
    arena_fini(&c.scratch);
    return good && es->n_errors == before;
}
