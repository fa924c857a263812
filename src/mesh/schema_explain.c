/* What is wrong, said for people: the place, the rule that is broken, and how to mend it. For choices (oneOf, anyOf) the
 * branch that was meant is found and its breaks are reported, instead of "no branch matched". */
#include "mesh/schema_int.h"

#include "mesh/cut.h"


enum { KNOWN_KEYS_MAX = 128, LIST_TEXT_MAX = 240, LISTED_KEYS_MAX = 14, PLACE_MAX = 160, SAME_PLACE_LOOK_BACK = 64, SHOWN_MAX = 60 };

__attribute__((format(printf, 6, 0))) static void vadd(struct check *c, enum err_code code, uint32_t line, uint32_t col, const char *hint_text, const char *fmt, va_list ap)
{
    char text[512];
    vsnprintf(text, sizeof text, fmt, ap);
    cut_mend(text);
    /* Several schemas may apply to one value: a break is reported once. */
    for (size_t i = c->es->n, seen = 0; i > c->first && seen < SAME_PLACE_LOOK_BACK; i--, seen++) {
        const struct err *e = &c->es->v[i - 1];
        if (e->line == line && e->col == col && (e->code == code || e->code == E_UNKNOWN_KEY))
            return;
    }
    struct err *e = errs_add(c->es, code, c->d->file, line, col, "%s", text);
    if (e && hint_text)
        err_hint(e, "%.*s", (int)cut_whole(hint_text, strlen(hint_text)), hint_text);
}

static void add_value(struct check *c, enum err_code code, const struct doc_node *n, const char *hint_text, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
static void add_value(struct check *c, enum err_code code, const struct doc_node *n, const char *hint_text, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vadd(c, code, n->line, n->col, hint_text, fmt, ap);
    va_end(ap);
}

static void add_key(struct check *c, enum err_code code, const struct doc_node *n, const char *hint_text, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
static void add_key(struct check *c, enum err_code code, const struct doc_node *n, const char *hint_text, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vadd(c, code, n->key_line ? n->key_line : n->line, n->key_line ? n->key_col : n->col, hint_text, fmt, ap);
    va_end(ap);
}

/* Where we are, as people name it: outputPorts[1].customProperties[0]. "the file" at the top. */
static const char *place(const struct check *c, char out[PLACE_MAX])
{
    size_t used = 0;
    size_t depth = c->depth < PATH_MAX_DEPTH ? c->depth : PATH_MAX_DEPTH;
    out[0] = 0;
    for (size_t i = 0; i < depth && used < PLACE_MAX; i++) {
        struct str key = doc_key(c->d, c->path[i]);
        if (c->item[i] == UINT32_MAX)
            used += (size_t)snprintf(out + used, PLACE_MAX - used, "%s%.*s", used ? "." : "", STR_FMT(key));
        else
            used += (size_t)snprintf(out + used, PLACE_MAX - used, "[%u]", c->item[i] + 1);
    }
    cut_mend(out);
    return depth ? out : "the file";
}

static const char *kind_words(const struct doc_node *n)
{
    static const char *const words[] = {
        [DOC_NULL] = "nothing", [DOC_BOOL] = "true or false", [DOC_INT] = "a number", [DOC_FLOAT] = "a number", [DOC_STRING] = "text",
        [DOC_SEQ] = "a list", [DOC_MAP] = "a map of keys",
    };
    return words[n->kind];
}

static const char *types_words(unsigned types, char out[LIST_TEXT_MAX])
{
    static const struct { unsigned mask; const char *words; } names[] = {
        {TYPE_STRING, "text"}, {TYPE_NUMBER, "a number"}, {TYPE_INTEGER, "a whole number"}, {TYPE_BOOL, "true or false"},
        {TYPE_ARRAY, "a list"}, {TYPE_OBJECT, "a map of keys"}, {TYPE_NULL, "nothing"},
    };
    size_t used = 0;
    if (types & TYPE_NUMBER)
        types &= ~(unsigned)TYPE_INTEGER;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (types & names[i].mask) {
            types &= ~names[i].mask;
            used += (size_t)snprintf(out + used, LIST_TEXT_MAX - used, "%s%s", used ? types ? ", " : " or " : "", names[i].words);
        }
    return out;
}

/* The value as written, shortened. Values of declarations are settings, not data of people. */
static struct str shown(const struct check *c, const struct doc_node *n)
{
    struct str s = doc_text(c->d, n);
    if (s.n > SHOWN_MAX)
        s.n = cut_whole(s.p, SHOWN_MAX);
    return s;
}

void explain_type(struct check *c, const struct schema *s, unsigned types, const struct doc_node *n)
{
    char at[PLACE_MAX], words[LIST_TEXT_MAX], mend[LIST_TEXT_MAX] = "";
    bool scalar = n->kind != DOC_SEQ && n->kind != DOC_MAP;
    struct str text = shown(c, n);
    if (n->kind == DOC_NULL)
        snprintf(mend, sizeof mend, c->depth ? "give it a value, or remove the key" : "write its keys, or remove the file");
    else if ((types & TYPE_STRING) && scalar)
        snprintf(mend, sizeof mend, "put it in quotes: \"%.*s\"", STR_FMT(text));
    else if ((types & TYPE_ARRAY) && scalar)
        snprintf(mend, sizeof mend, "write it as a list: [%.*s]", STR_FMT(text));
    else if (types == TYPE_BOOL)
        snprintf(mend, sizeof mend, "write true or false, without quotes");
    else if ((types & (TYPE_NUMBER | TYPE_INTEGER | TYPE_BOOL)) && n->kind == DOC_STRING && n->quoted)
        snprintf(mend, sizeof mend, "write it without quotes");
    else if ((types & TYPE_ARRAY) && n->kind == DOC_MAP)
        snprintf(mend, sizeof mend, "begin each entry with a dash");
    else if ((types & TYPE_OBJECT) && n->kind == DOC_SEQ)
        snprintf(mend, sizeof mend, "write its keys below it, without dashes");
    else if (s->example)
        snprintf(mend, sizeof mend, "for example: %.*s", STR_FMT(doc_text(s->doc, s->example)));
    else if ((types & TYPE_OBJECT) && s->n_properties)
        snprintf(mend, sizeof mend, "write keys below it, such as %.*s:", STR_FMT(s->properties[0].name));
    add_value(c, E_SCHEMA, n, mend, "%s must be %s, this is %s", place(c, at), types_words(types, words), kind_words(n));
}

static int enum_texts(const struct schema *s, struct str *v, int max)
{
    int n = 0;
    for (const struct doc_node *e = doc_first(s->doc, s->enum_); e && n < max; e = doc_next(s->doc, e))
        v[n++] = doc_text(s->doc, e);
    return n;
}

static void list_words(const struct str *v, int n, int max, char *out, size_t room)
{
    size_t used = 0;
    for (int i = 0; i < n && i < max && used < room; i++)
        used += (size_t)snprintf(out + used, room - used, "%s%.*s", i ? ", " : "", STR_FMT(v[i]));
    if (n > max && used < room)
        snprintf(out + used, room - used, ", …");
}

void explain_enum(struct check *c, const struct schema *s, const struct doc_node *n)
{
    struct str v[KNOWN_KEYS_MAX];
    char at[PLACE_MAX], mend[LIST_TEXT_MAX], words[LIST_TEXT_MAX - 20] = "";
    int count = enum_texts(s, v, KNOWN_KEYS_MAX), near = str_nearest(doc_text(c->d, n), v, (size_t)count);
    for (int i = 0; i < count && near < 0; i++)
        near = str_eq_nocase(doc_text(c->d, n), v[i]) ? i : -1;
    if (near >= 0)
        snprintf(mend, sizeof mend, "did you mean \"%.*s\"?", STR_FMT(v[near]));
    else {
        list_words(v, count, LISTED_KEYS_MAX, words, sizeof words);
        snprintf(mend, sizeof mend, count == 1 ? "it must be %s" : "it must be one of: %s", words);
    }
    struct str text = shown(c, n);
    add_value(c, E_SCHEMA, n, mend, "\"%.*s\" is not allowed for %s", STR_FMT(text), place(c, at));
}

void explain_value(struct check *c, const struct schema *s, const struct doc_node *n, const char *fmt, ...)
{
    char text[300], at[PLACE_MAX], mend[LIST_TEXT_MAX] = "";
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (s->example && s->example->kind != DOC_SEQ && s->example->kind != DOC_MAP)
        snprintf(mend, sizeof mend, "for example: %.*s", STR_FMT(doc_text(s->doc, s->example)));
    else if (s->description.n)
        snprintf(mend, sizeof mend, "%.*s", STR_FMT(s->description));
    struct str value = shown(c, n);
    if (n->kind == DOC_SEQ || n->kind == DOC_MAP)
        add_value(c, E_SCHEMA, n, mend, "%s %s", place(c, at), text);
    else
        add_value(c, E_SCHEMA, n, mend, "%s: \"%.*s\" %s", place(c, at), STR_FMT(value), text);
}

/* ---- Keys ---- */

struct known_key { struct str name; struct str decided_by, value; /* only where this property has this value */ };
struct known_keys { struct known_key v[KNOWN_KEYS_MAX]; int n; };

/* Under an `if` that holds of the object its keys count as known outright. */
static void collect(struct check *c, const struct doc_node *object, struct known_keys *k, const struct schema *s, struct str by, struct str value, int depth)
{
    if (!s || depth > 12)
        return;
    for (size_t i = 0; i < s->n_properties && k->n < KNOWN_KEYS_MAX; i++)
        if (!s->properties[i].schema->never)
            k->v[k->n++] = (struct known_key){s->properties[i].name, by, value};
    collect(c, object, k, s->ref, by, value, depth + 1);
    const struct schema_list *lists[] = {&s->all_of, &s->any_of, &s->one_of};
    for (size_t l = 0; l < sizeof lists / sizeof lists[0]; l++)
        for (size_t i = 0; i < lists[l]->n; i++)
            collect(c, object, k, lists[l]->v[i], by, value, depth + 1);
    if (s->then_) {
        struct str decided_value = {NULL, 0}, decided = schema_if_property(s->if_, &decided_value);
        if (schema_eval(c, s->if_, object, NULL, false))
            decided = by, decided_value = value;
        collect(c, object, k, s->then_, decided.p ? decided : by, decided.p ? decided_value : value, depth + 1);
    }
    collect(c, object, k, s->else_, by, value, depth + 1);
}

struct str schema_if_property(const struct schema *condition, struct str *value)
{
    const struct schema *s = condition;
    while (s && s->any_of.n && !s->n_properties)
        s = s->any_of.v[0];
    *value = (struct str){NULL, 0};
    if (!s || s->n_properties != 1 || !s->properties[0].schema->const_)
        return (struct str){NULL, 0};
    *value = doc_text(s->properties[0].schema->doc, s->properties[0].schema->const_);
    return s->properties[0].name;
}

bool schema_if_vacuous(const struct schema *condition)
{
    struct str value, property = schema_if_property(condition, &value);
    const struct schema *s = condition;
    while (s->any_of.n && !s->n_properties)
        s = s->any_of.v[0];
    for (size_t i = 0; i < s->n_required; i++)
        if (str_eq(s->required[i], property))
            return false;
    return true;
}

static const struct doc_node *child_named(const struct check *c, const struct doc_node *object, struct str name)
{
    for (const struct doc_node *v = doc_first(c->d, object); v; v = doc_next(c->d, v))
        if (str_eq(doc_key(c->d, v), name))
            return v;
    return NULL;
}

/* Whether the condition under which a key is known holds of the object. */
static bool applies(const struct check *c, const struct doc_node *object, const struct known_key *k)
{
    const struct doc_node *v = k->decided_by.p ? child_named(c, object, k->decided_by) : NULL;
    return !k->decided_by.p || (v && str_eq(doc_text(c->d, v), k->value));
}

void explain_unknown(struct check *c, const struct schema *s, const struct doc_node *object, const struct doc_node *child)
{
    static const struct str none = {NULL, 0};
    struct known_keys keys = {.n = 0};
    struct str key = doc_key(c->d, child), names[KNOWN_KEYS_MAX];
    char at[PLACE_MAX], mend[LIST_TEXT_MAX] = "", words[LIST_TEXT_MAX - 20] = "";
    int n = 0;
    collect(c, object, &keys, s, none, none, 0);
    for (int i = 0; i < keys.n; i++) {
        const struct known_key *k = &keys.v[i];
        if (str_eq(k->name, key) && !applies(c, object, k)) {
            const struct doc_node *v = child_named(c, object, k->decided_by);
            snprintf(mend, sizeof mend, "it belongs to %.*s: %.*s; %s%.*s", STR_FMT(k->decided_by), STR_FMT(k->value),
                     v ? "this is " : "that is not given here", v ? (int)doc_text(c->d, v).n : 0, v ? doc_text(c->d, v).p : "");
            add_key(c, E_UNKNOWN_KEY, child, mend, "\"%.*s\" is not a key of %s", STR_FMT(key), place(c, at));
            return;
        }
        if (applies(c, object, k) && !child_named(c, object, k->name))
            names[n++] = k->name;
    }
    int near = str_nearest(key, names, (size_t)n);
    for (int i = 0; i < n && near < 0; i++)
        near = str_eq_nocase(key, names[i]) ? i : -1;
    if (near >= 0)
        snprintf(mend, sizeof mend, "did you mean \"%.*s\"?", STR_FMT(names[near]));
    else if (n > 0) {
        list_words(names, n, LISTED_KEYS_MAX, words, sizeof words);
        snprintf(mend, sizeof mend, "further keys here: %s", words);
    }
    add_key(c, E_UNKNOWN_KEY, child, mend, "\"%.*s\" is not a key of %s", STR_FMT(key), place(c, at));
}

static const struct schema *property_anywhere(const struct schema *s, struct str name, int depth)
{
    const struct schema *found = s && depth < 12 ? schema_property_find(s, name) : NULL;
    if (found || !s || depth >= 12)
        return found;
    if (s->ref && (found = property_anywhere(s->ref, name, depth + 1)))
        return found;
    for (size_t i = 0; i < s->all_of.n && !found; i++)
        found = property_anywhere(s->all_of.v[i], name, depth + 1);
    return found;
}

void explain_missing(struct check *c, const struct schema *s, const struct doc_node *n, struct str key)
{
    char at[PLACE_MAX], mend[LIST_TEXT_MAX] = "", words[LIST_TEXT_MAX - 60] = "";
    const struct schema *p = property_anywhere(s, key, 0);
    for (const struct doc_node *v = doc_first(c->d, n); v; v = doc_next(c->d, v))
        if (str_nearest(doc_key(c->d, v), &key, 1) == 0 && !property_anywhere(s, doc_key(c->d, v), 0))
            return; /* mistyped: reported as an unknown key, with this one as the suggestion */
    if (p && p->enum_) {
        struct str v[KNOWN_KEYS_MAX] = {{NULL, 0}};
        int count = enum_texts(p, v, KNOWN_KEYS_MAX);
        list_words(v, count, LISTED_KEYS_MAX, words, sizeof words);
        snprintf(mend, sizeof mend, count == 1 ? "add %.*s: %s" : "add %.*s: with one of %s", STR_FMT(key), words);
    } else if (p && p->example && p->example->kind != DOC_SEQ && p->example->kind != DOC_MAP)
        snprintf(mend, sizeof mend, "add %.*s:, for example %.*s", STR_FMT(key), STR_FMT(doc_text(p->doc, p->example)));
    else if (p && p->description.n)
        snprintf(mend, sizeof mend, "add %.*s: – %.*s", STR_FMT(key), STR_FMT(p->description));
    else
        snprintf(mend, sizeof mend, "add %.*s:", STR_FMT(key));
    add_value(c, E_MISSING_KEY, n, mend, "%s needs the key \"%.*s\"", place(c, at), STR_FMT(key));
}

/* ---- Choices ---- */

/* The keys by which branches differ: each requires exactly one key of its own. False when they are not of that form. */
static bool key_choice(const struct schema_list *l, struct str *keys)
{
    for (size_t i = 0; i < l->n; i++) {
        if (l->v[i]->n_required != 1 || i >= KNOWN_KEYS_MAX)
            return false;
        keys[i] = l->v[i]->required[0];
    }
    return true;
}

static void explain_key_choice(struct check *c, const struct schema_list *l, const struct str *keys, bool only_one, const struct doc_node *n)
{
    const struct doc_node *given[KNOWN_KEYS_MAX];
    size_t count = 0, branch = 0;
    char at[PLACE_MAX], words[LIST_TEXT_MAX] = "", mend[LIST_TEXT_MAX] = "";
    for (size_t i = 0; i < l->n; i++) {
        const struct doc_node *v = child_named(c, n, keys[i]);
        if (!v)
            continue;
        given[count++] = v;
        branch = i;
    }
    list_words(keys, (int)l->n, LISTED_KEYS_MAX, words, sizeof words);
    if (count == 0) {
        struct str own[KNOWN_KEYS_MAX];
        size_t n_own = 0;
        for (const struct doc_node *v = doc_first(c->d, n); v && n_own < KNOWN_KEYS_MAX; v = doc_next(c->d, v))
            own[n_own++] = doc_key(c->d, v);
        for (size_t i = 0; i < n_own; i++) {
            int near = str_nearest(own[i], keys, l->n);
            if (near < 0)
                continue;
            snprintf(mend, sizeof mend, "did you mean \"%.*s\"?", STR_FMT(keys[near]));
            add_key(c, E_UNKNOWN_KEY, child_named(c, n, own[i]), mend, "\"%.*s\" is not a key of %s", STR_FMT(own[i]), place(c, at));
            return;
        }
        add_value(c, E_MISSING_KEY, n, "add one of them", "%s needs %s of: %s", place(c, at), only_one ? "exactly one" : "one", words);
    } else if (count == 1) {
        (void)schema_eval(c, l->v[branch], n, NULL, true);
    } else {
        const struct doc_node *second = given[0]->key_line < given[1]->key_line ? given[1] : given[0];
        const struct doc_node *first = second == given[0] ? given[1] : given[0];
        struct str a = doc_key(c->d, first), b = doc_key(c->d, second);
        add_key(c, E_SCHEMA, second, "keep one of them; two conditions are two rules", "%s has both \"%.*s\" and \"%.*s\", where one may stand", place(c, at),
                STR_FMT(a), STR_FMT(b));
    }
}

/* The branch that was meant is the one with the fewest breaks. */
static void explain_nearest_branch(struct check *c, const struct schema **branches, size_t n_branches, const struct doc_node *n)
{
    size_t best = 0, best_breaks = SIZE_MAX;
    struct errs *kept = c->es;
    size_t kept_first = c->first;
    for (size_t i = 0; i < n_branches && n_branches > 1; i++) {
        struct errs trial = {.max = 100};
        c->es = &trial;
        c->first = 0;
        (void)schema_eval(c, branches[i], n, NULL, true);
        if (trial.n < best_breaks) {
            best_breaks = trial.n;
            best = i;
        }
        errs_fini(&trial);
    }
    c->es = kept;
    c->first = kept_first;
    (void)schema_eval(c, branches[best], n, NULL, true);
}

void explain_branches(struct check *c, const struct schema_list *l, bool only_one, const struct schema *s, const struct doc_node *n,
                      unsigned char *marks)
{
    struct str keys[KNOWN_KEYS_MAX];
    char at[PLACE_MAX];
    if (n->kind == DOC_MAP && key_choice(l, keys)) {
        /* All the keys are known, whichever of them is wrong. */
        size_t i = 0;
        for (const struct doc_node *v = doc_first(c->d, n); v && marks; v = doc_next(c->d, v), i++)
            for (size_t k = 0; k < l->n; k++)
                if (str_eq(doc_key(c->d, v), keys[k]))
                    marks[i] = 1;
        explain_key_choice(c, l, keys, only_one, n);
        return;
    }
    const struct schema *fitting[KNOWN_KEYS_MAX];
    size_t n_fitting = 0, holds = 0;
    unsigned all = 0;
    bool any = false;
    for (size_t i = 0; i < l->n && i < KNOWN_KEYS_MAX; i++) {
        unsigned types = schema_types(l->v[i]);
        any = any || !types;
        all |= types;
        if (!types || schema_type_fits(types, n))
            fitting[n_fitting++] = l->v[i];
        holds += schema_eval(c, l->v[i], n, NULL, false);
    }
    if (holds > 1) {
        char mend[LIST_TEXT_MAX];
        snprintf(mend, sizeof mend, "%.*s", STR_FMT(s->description));
        add_value(c, E_SCHEMA, n, mend, "%s fits %zu forms of which only one may", place(c, at), holds);
        return;
    }
    if (n_fitting == 0 && !any) {
        explain_type(c, s, all, n);
        return;
    }
    if (n->kind == DOC_STRING && n_fitting > 0) {
        struct str text = shown(c, n);
        const struct schema *f = fitting[0];
        while (f->ref || (f->any_of.n && !f->pattern))
            f = f->ref ? f->ref : f->any_of.v[0];
        char mend[LIST_TEXT_MAX] = "";
        if (f->description.n)
            snprintf(mend, sizeof mend, "%.*s", STR_FMT(f->description));
        add_value(c, E_SCHEMA, n, mend, "%s: \"%.*s\" has none of the allowed forms", place(c, at), STR_FMT(text));
        return;
    }
    explain_nearest_branch(c, fitting, n_fitting, n);
}

void explain_not(struct check *c, const struct schema *s, const struct doc_node *n)
{
    char at[PLACE_MAX];
    const struct doc_node *child = n->kind == DOC_MAP && s->not_->n_required == 1 ? child_named(c, n, s->not_->required[0]) : NULL;
    char mend[LIST_TEXT_MAX] = "";
    if (s->description.n)
        snprintf(mend, sizeof mend, "%.*s", STR_FMT(s->description));
    if (child) {
        struct str key = doc_key(c->d, child);
        add_key(c, E_UNKNOWN_KEY, child, mend, "\"%.*s\" may not stand in %s", STR_FMT(key), place(c, at));
    } else
        add_value(c, E_SCHEMA, n, mend, "%s is of a form that is not allowed here", place(c, at));
}

void explain_vacuous_if(struct check *c, const struct schema *s, const struct doc_node *n, struct str absent)
{
    char at[PLACE_MAX], mend[LIST_TEXT_MAX];
    const struct doc_node *child = NULL;
    for (size_t i = 0; i < s->n_properties && !child; i++)
        child = child_named(c, n, s->properties[i].name);
    snprintf(mend, sizeof mend, "add %.*s: beside it", STR_FMT(absent));
    if (child) {
        struct str key = doc_key(c->d, child);
        add_key(c, E_MISSING_KEY, child, mend, "%s has \"%.*s\", which needs \"%.*s\"", place(c, at), STR_FMT(key), STR_FMT(absent));
    } else
        add_value(c, E_MISSING_KEY, n, mend, "%s needs \"%.*s\"", place(c, at), STR_FMT(absent));
}
