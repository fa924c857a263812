/* JSON Schema text -> struct schema. The schemas are part of the program, so a keyword that is not known here is a defect
 * of the program and ends it: a rule must not be passed over in silence. */
#include "mesh/schema_int.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/embed.h"

static const char *const schema_paths[SCHEMA_KINDS] = {
    [SCHEMA_MESH] = "schemas/mesh.schema.json", [SCHEMA_DOMAIN] = "schemas/domain.schema.json",
    [SCHEMA_SOURCE] = "schemas/source.schema.json", [SCHEMA_PACK] = "schemas/pack.schema.json",
    [SCHEMA_PRODUCT] = "schemas/odps-v1.0.0.schema.json", [SCHEMA_CONTRACT] = "schemas/odcs-v3.1.0.schema.json",
    [SCHEMA_GLOSSARY] = "schemas/glossary.schema.json", [SCHEMA_GOALS] = "schemas/goals.schema.json",
    [SCHEMA_NAMING] = "schemas/naming.schema.json", [SCHEMA_DASHBOARD] = "schemas/dashboard.schema.json",
    [SCHEMA_EXPECT] = "schemas/expect.schema.json", [SCHEMA_IDENTITY] = "schemas/identity.schema.json",
    [SCHEMA_CONSENT] = "schemas/consent.schema.json", [SCHEMA_CHANNELS] = "schemas/channels.schema.json",
    [SCHEMA_ROLES] = "schemas/roles.schema.json", [SCHEMA_POLICIES] = "schemas/policies.schema.json",
    [SCHEMA_APPROVAL] = "schemas/approval.schema.json", [SCHEMA_MODEL] = "schemas/model.schema.json",
    [SCHEMA_METRIC] = "schemas/metric.schema.json", [SCHEMA_ATTRIBUTION] = "schemas/attribution.schema.json",
    [SCHEMA_ANNOTATIONS] = "schemas/annotations.schema.json",
};

struct compiler {
    struct arena *a;
    const struct doc *d;
    struct schema **by_node; /* what a node was compiled to: $ref may lead in circles */
};

static struct arena schema_arena;
static const struct schema *compiled[SCHEMA_KINDS];
static uint64_t fingerprint;

static void defect(const struct doc *d, const struct doc_node *n, const char *what)
{
    fprintf(stderr, "trellis: defect: %.*s:%u: %s\n", STR_FMT(d->file), n ? n->line : 0, what);
    abort();
}

static struct schema *compile(struct compiler *c, const struct doc_node *n);

static unsigned type_mask(const struct compiler *c, const struct doc_node *n)
{
    static const struct { const char *name; unsigned mask; } names[] = {
        {"null", TYPE_NULL}, {"boolean", TYPE_BOOL}, {"integer", TYPE_INTEGER}, {"number", TYPE_NUMBER | TYPE_INTEGER},
        {"string", TYPE_STRING}, {"array", TYPE_ARRAY}, {"object", TYPE_OBJECT},
    };
    if (n->kind == DOC_SEQ) {
        unsigned mask = 0;
        for (const struct doc_node *t = doc_first(c->d, n); t; t = doc_next(c->d, t))
            mask |= type_mask(c, t);
        return mask;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (str_eq(doc_text(c->d, n), str_of(names[i].name)))
            return names[i].mask;
    defect(c->d, n, "unknown type");
    return 0;
}

static const struct doc_node *pointer(const struct compiler *c, const struct doc_node *ref)
{
    struct str s = doc_text(c->d, ref), rest = {s.p + 2, s.n - 2};
    const struct doc_node *at = doc_root(c->d);
    if (!str_starts(s, STR("#/")))
        defect(c->d, ref, "only references inside of the schema are known");
    while (rest.p) {
        struct str part = str_cut(rest, '/', &rest);
        at = doc_get(c->d, at, arena_strz(c->a, part));
        if (!at)
            defect(c->d, ref, "reference that leads nowhere");
    }
    return at;
}

static int property_order(const void *a, const void *b)
{
    return str_cmp(((const struct schema_property *)a)->name, ((const struct schema_property *)b)->name);
}

static void properties(struct compiler *c, struct schema *s, const struct doc_node *n)
{
    s->properties = arena_array(c->a, n->n_children + 1, sizeof *s->properties);
    for (const struct doc_node *p = doc_first(c->d, n); p; p = doc_next(c->d, p))
        s->properties[s->n_properties++] = (struct schema_property){doc_key(c->d, p), compile(c, p)};
    qsort(s->properties, s->n_properties, sizeof *s->properties, property_order);
}

static struct schema_list list(struct compiler *c, const struct doc_node *n)
{
    struct schema_list l = {arena_array(c->a, n->n_children + 1, sizeof(struct schema *)), 0};
    for (const struct doc_node *p = doc_first(c->d, n); p; p = doc_next(c->d, p))
        l.v[l.n++] = compile(c, p);
    return l;
}

static void required(struct compiler *c, struct schema *s, const struct doc_node *n)
{
    s->required = arena_array(c->a, n->n_children + 1, sizeof *s->required);
    for (const struct doc_node *p = doc_first(c->d, n); p; p = doc_next(c->d, p))
        s->required[s->n_required++] = doc_text(c->d, p);
}

/* ECMA-262 as our schemas use it -> POSIX extended: no non-capturing groups, no escapes inside of brackets. */
static void pattern(struct compiler *c, struct schema *s, const struct doc_node *n)
{
    struct str in = doc_text(c->d, n);
    struct buf out = BUF_INIT(4096);
    bool bracket = false, dash = false;
    for (size_t i = 0; i < in.n; i++) {
        char ch = in.p[i], next = i + 1 < in.n ? in.p[i + 1] : 0;
        if (!bracket && ch == '(' && next == '?' && i + 2 < in.n && in.p[i + 2] == ':') {
            buf_addc(&out, '(');
            i += 2;
        } else if (bracket && ch == '\\') {
            dash = dash || next == '-';
            if (next != '-')
                buf_addc(&out, next);
            i++;
        } else if (!bracket && ch == '\\' && next == '/') {
            buf_addc(&out, '/');
            i++;
        } else if (bracket && ch == ']') {
            if (dash) /* a dash stands for itself at the end */
                buf_addc(&out, '-');
            bracket = dash = false;
            buf_addc(&out, ']');
        } else {
            bracket = bracket || (ch == '[' && (i == 0 || in.p[i - 1] != '\\'));
            buf_addc(&out, ch);
        }
    }
    s->pattern_text = in;
    s->pattern = arena_alloc(c->a, sizeof *s->pattern);
    if (regcomp(s->pattern, buf_z(&out), REG_EXTENDED | REG_NOSUB) != 0)
        defect(c->d, n, "pattern that does not compile");
    buf_fini(&out);
}

static enum schema_format format(const struct compiler *c, const struct doc_node *n)
{
    static const struct { const char *name; enum schema_format format; } names[] = {
        {"uri", FORMAT_URI}, {"date", FORMAT_DATE}, {"date-time", FORMAT_DATE_TIME}, {"email", FORMAT_EMAIL},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (str_eq(doc_text(c->d, n), str_of(names[i].name)))
            return names[i].format;
    defect(c->d, n, "unknown format");
    return FORMAT_NONE;
}

static double number(const struct doc_node *n)
{
    return n->kind == DOC_INT ? (double)n->v.i : n->v.f;
}

enum keyword {
    K_IGNORED, K_TYPE, K_REF, K_PROPERTIES, K_REQUIRED, K_ITEMS, K_ADDITIONAL, K_UNEVALUATED, K_ALL_OF, K_ANY_OF, K_ONE_OF, K_NOT, K_IF,
    K_THEN, K_ELSE, K_ENUM, K_CONST, K_PATTERN, K_FORMAT, K_MINIMUM, K_MAXIMUM, K_EXCLUSIVE_MINIMUM, K_EXCLUSIVE_MAXIMUM, K_MULTIPLE_OF,
    K_MIN_LENGTH, K_MAX_LENGTH, K_MIN_ITEMS, K_MAX_ITEMS, K_UNIQUE_ITEMS, K_TITLE, K_DESCRIPTION, K_EXAMPLES, K_DEFAULT,
};

static const struct { const char *name; enum keyword keyword; } keywords[] = {
    {"$schema", K_IGNORED}, {"$defs", K_IGNORED}, {"deprecated", K_IGNORED}, {"$comment", K_IGNORED}, {"type", K_TYPE}, {"$ref", K_REF},
    {"properties", K_PROPERTIES}, {"required", K_REQUIRED}, {"items", K_ITEMS}, {"additionalProperties", K_ADDITIONAL},
    {"unevaluatedProperties", K_UNEVALUATED}, {"allOf", K_ALL_OF}, {"anyOf", K_ANY_OF}, {"oneOf", K_ONE_OF}, {"not", K_NOT}, {"if", K_IF},
    {"then", K_THEN}, {"else", K_ELSE}, {"enum", K_ENUM}, {"const", K_CONST}, {"pattern", K_PATTERN}, {"format", K_FORMAT},
    {"minimum", K_MINIMUM}, {"maximum", K_MAXIMUM}, {"exclusiveMinimum", K_EXCLUSIVE_MINIMUM}, {"exclusiveMaximum", K_EXCLUSIVE_MAXIMUM},
    {"multipleOf", K_MULTIPLE_OF}, {"minLength", K_MIN_LENGTH}, {"maxLength", K_MAX_LENGTH}, {"minItems", K_MIN_ITEMS},
    {"maxItems", K_MAX_ITEMS}, {"uniqueItems", K_UNIQUE_ITEMS}, {"title", K_TITLE}, {"description", K_DESCRIPTION},
    {"examples", K_EXAMPLES}, {"default", K_DEFAULT},
};

static void keyword_apply(struct compiler *c, struct schema *s, enum keyword k, const struct doc_node *v)
{
    switch (k) {
    case K_IGNORED: break;
    case K_TYPE: s->types = type_mask(c, v); break;
    case K_REF: s->ref = compile(c, pointer(c, v)); break;
    case K_PROPERTIES: properties(c, s, v); break;
    case K_REQUIRED: required(c, s, v); break;
    case K_ITEMS: s->items = compile(c, v); break;
    case K_ADDITIONAL: s->additional = compile(c, v); break;
    case K_UNEVALUATED: s->unevaluated = compile(c, v); break;
    case K_ALL_OF: s->all_of = list(c, v); break;
    case K_ANY_OF: s->any_of = list(c, v); break;
    case K_ONE_OF: s->one_of = list(c, v); break;
    case K_NOT: s->not_ = compile(c, v); break;
    case K_IF: s->if_ = compile(c, v); break;
    case K_THEN: s->then_ = compile(c, v); break;
    case K_ELSE: s->else_ = compile(c, v); break;
    case K_ENUM: s->enum_ = v; break;
    case K_CONST: s->const_ = v; break;
    case K_PATTERN: pattern(c, s, v); break;
    case K_FORMAT: s->format = format(c, v); break;
    case K_MINIMUM: s->minimum = (struct bound){true, number(v)}; break;
    case K_MAXIMUM: s->maximum = (struct bound){true, number(v)}; break;
    case K_EXCLUSIVE_MINIMUM: s->exclusive_minimum = (struct bound){true, number(v)}; break;
    case K_EXCLUSIVE_MAXIMUM: s->exclusive_maximum = (struct bound){true, number(v)}; break;
    case K_MULTIPLE_OF: s->multiple_of = (struct bound){true, number(v)}; break;
    case K_MIN_LENGTH: s->min_length = v->v.i; break;
    case K_MAX_LENGTH: s->max_length = v->v.i; break;
    case K_MIN_ITEMS: s->min_items = v->v.i; break;
    case K_MAX_ITEMS: s->max_items = v->v.i; break;
    case K_UNIQUE_ITEMS: s->unique_items = v->v.b; break;
    case K_TITLE: s->title = doc_text(c->d, v); break;
    case K_DESCRIPTION: s->description = doc_text(c->d, v); break;
    case K_EXAMPLES: s->example = v->kind == DOC_SEQ ? doc_first(c->d, v) : NULL; break;
    case K_DEFAULT: s->example = s->example ? s->example : v; break;
    }
}

static struct schema *compile(struct compiler *c, const struct doc_node *n)
{
    struct schema **known = &c->by_node[n - c->d->nodes];
    if (*known)
        return *known;
    struct schema *s = *known = arena_alloc(c->a, sizeof *s);
    s->doc = c->d;
    s->min_length = s->max_length = s->min_items = s->max_items = -1;
    if (n->kind == DOC_BOOL) {
        s->never = !n->v.b;
        return s;
    }
    for (const struct doc_node *v = doc_first(c->d, n); v; v = doc_next(c->d, v)) {
        struct str key = doc_key(c->d, v);
        size_t i = 0;
        while (i < sizeof keywords / sizeof keywords[0] && !str_eq(key, str_of(keywords[i].name)))
            i++;
        if (i == sizeof keywords / sizeof keywords[0])
            defect(c->d, v, "keyword of JSON Schema that is not implemented");
        keyword_apply(c, s, keywords[i].keyword, v);
    }
    return s;
}

static void compile_all(void)
{
    arena_init(&schema_arena);
    for (int k = 0; k < SCHEMA_KINDS; k++) {
        const struct embed_file *f = embed_find(str_of(schema_paths[k]));
        struct errs es = {0};
        struct doc *d = f ? doc_parse_json(&schema_arena, f->path, f->data, &es) : NULL;
        if (!d) {
            fprintf(stderr, "trellis: defect: %s is not in the program or not JSON\n", schema_paths[k]);
            abort();
        }
        struct compiler c = {&schema_arena, d, mem_alloc(d->n_nodes * sizeof(struct schema *))};
        compiled[k] = compile(&c, doc_root(d));
        mem_free(c.by_node);
        errs_fini(&es);
        fingerprint = fingerprint * 1099511628211u ^ str_hash(f->data);
    }
}

static pthread_once_t once = PTHREAD_ONCE_INIT;

const struct schema *schema_get(enum schema_kind kind)
{
    pthread_once(&once, compile_all);
    return compiled[kind];
}

uint64_t schema_fingerprint(void)
{
    pthread_once(&once, compile_all);
    return fingerprint;
}
