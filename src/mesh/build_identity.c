/* Second stage: governance/identity.yaml. What the rules mean: docs/identity.md. */
#include "mesh/mesh_int.h"

#include "mesh/units.h"

enum { RULES_TEXT_MAX = 16 << 20, DAY_S = 86400 };

static const struct { const char *name, *title, *normalise; int limit; int64_t per_s; } kinds_default[] = {
    {"user_id", "User id", "none", 1, 0},
    {"email", "Email", "email", 5, 0},
    {"phone", "Phone", "phone", 5, 0},
    {"contact", "Record of a CRM or shop", "none", 5, 0},
    {"device_id", "Device", "none", 5, 365 * (int64_t)DAY_S},
    {"advertising_id", "Advertising id", "none", 5, 365 * (int64_t)DAY_S},
    {"anonymous_id", "Visitor id", "none", 5, 7 * (int64_t)DAY_S},
};
enum { KINDS_DEFAULT = sizeof kinds_default / sizeof kinds_default[0] };

static const struct str blocked_default[] = {
    {"-1", 2}, {"null", 4}, {"undefined", 9}, {"anonymous", 9}, {"unknown", 7}, {"none", 4}, {"n/a", 3},
};
static const struct str patterns_default[] = {{"^[0-]*$", 7}};
static const struct str fields_default[] = {{"name", 4}, {"address", 7}, {"phone", 5}, {"birth_date", 10}, {"email", 5}};

#define LIST_OF(list, out, n) ((out) = copied(l, (list), sizeof(list) / sizeof((list)[0])), (n) = sizeof(list) / sizeof((list)[0]))

static struct str *copied(struct load *l, const struct str *from, size_t n)
{
    struct str *v = arena_array(l->a, n, sizeof *v);
    memcpy(v, from, n * sizeof *v);
    return v;
}

static void kinds_of_default(struct load *l, struct mesh_identity *out)
{
    out->kinds = arena_array(l->a, KINDS_DEFAULT, sizeof *out->kinds);
    for (size_t i = 0; i < KINDS_DEFAULT; i++)
        out->kinds[out->n_kinds++] = (struct mesh_identifier_kind){
            .name = str_of(kinds_default[i].name), .title = str_of(kinds_default[i].title), .normalise = str_of(kinds_default[i].normalise),
            .limit = kinds_default[i].limit, .per_s = kinds_default[i].per_s,
        };
}

static struct str *patterns_read(struct load *l, const struct doc *d, const struct doc_node *list, const char *of, size_t *n)
{
    for (const struct doc_node *p = list ? doc_first(d, list) : NULL; p; p = doc_next(d, p))
        (void)pattern_check(l, d, p, of);
    return text_list(l, d, list, n);
}

static struct str known_title(struct str name)
{
    for (size_t i = 0; i < KINDS_DEFAULT; i++)
        if (str_eq(name, str_of(kinds_default[i].name)))
            return str_of(kinds_default[i].title);
    return name;
}

static void kind_read(struct load *l, const struct doc *d, const struct doc_node *n, struct mesh_identifier_kind *k)
{
    const struct doc_node *per = doc_get(d, n, "per"), *normalise = doc_get(d, n, "normalise"), *title = doc_get(d, n, "title");
    *k = (struct mesh_identifier_kind){.name = doc_str(d, n, "name"), .limit = (int)doc_int(d, n, "limit", 0), .pos = pos_of(d, n)};
    k->title = title ? doc_text(d, title) : known_title(k->name);
    bool own = str_eq(k->name, STR("email")) || str_eq(k->name, STR("phone"));
    k->normalise = normalise ? doc_text(d, normalise) : own ? k->name : STR("none");
    (void)unit_seconds(doc_text(d, per), &k->per_s);
    if (per && !k->limit)
        hint(at_key(l, E_MISSING_KEY, d, per, "the kind \"%.*s\" has a time and no limit that counts within it", STR_FMT(k->name)), "add limit: the most values of the kind on one customer");
    k->blocked = text_list(l, d, doc_get(d, n, "blocked"), &k->n_blocked);
    k->patterns = patterns_read(l, d, doc_get(d, n, "patterns"), arena_strz(l->a, arena_printf(l->a, "the kind \"%.*s\"", STR_FMT(k->name))), &k->n_patterns);
}

static void kinds_read(struct load *l, const struct doc *d, const struct doc_node *list, struct mesh_identity *out)
{
    struct table seen = {0};
    out->kinds = arena_array(l->a, list->n_children + 1, sizeof *out->kinds);
    for (const struct doc_node *n = doc_first(d, list); n; n = doc_next(d, n)) {
        struct mesh_identifier_kind *k = &out->kinds[out->n_kinds++];
        const struct doc_node *name = doc_get(d, n, "name");
        kind_read(l, d, n, k);
        const struct mesh_identifier_kind *first = check_name(l, d, name, "kind of identifier") ? table_put(&seen, l->a, k->name, k) : NULL;
        if (first)
            hint(at_value(l, E_DUPLICATE, d, name, "the kind \"%.*s\" stands twice; first in line %u", STR_FMT(k->name), first->pos.line), "remove one of them");
    }
}

static double number(const struct doc *d, const struct doc_node *map, const char *key, double otherwise)
{
    const struct doc_node *n = doc_get(d, map, key);
    return !n ? otherwise : n->kind == DOC_INT ? (double)n->v.i : n->v.f;
}

static void fuzzy_read(struct load *l, const struct doc *d, const struct doc_node *n, struct mesh_fuzzy *f)
{
    const struct doc_node *fields = doc_get(d, n, "fields"), *review = doc_get(d, n, "review"), *link = doc_get(d, n, "link");
    *f = (struct mesh_fuzzy){.on = true, .link = number(d, n, "link", 0.99), .review = number(d, n, "review", 0.7), .country = doc_str(d, n, "country")};
    if (fields)
        f->fields = text_list(l, d, fields, &f->n_fields);
    else
        LIST_OF(fields_default, f->fields, f->n_fields);
    if (f->review > f->link)
        hint(at_value(l, E_SCHEMA, d, review ? review : link, "a person would be asked from %g on, and pairs are linked from %g on already", f->review, f->link),
             "make review smaller than link");
}

/* ---- The version of the rules: comments and layout do not count ---- */

static void put_list(struct buf *b, const struct str *v, size_t n)
{
    buf_printf(b, "%zu[", n);
    for (size_t i = 0; i < n; i++) {
        buf_printf(b, "%zu:", v[i].n);
        buf_add(b, v[i]);
    }
    buf_addc(b, ']');
}

static void version_make(struct mesh_identity *r)
{
    struct buf b = BUF_INIT(RULES_TEXT_MAX);
    struct sha sha;
    for (size_t i = 0; i < r->n_kinds; i++) {
        const struct mesh_identifier_kind *k = &r->kinds[i];
        buf_printf(&b, "%.*s/%.*s/%d/%lld/", STR_FMT(k->name), STR_FMT(k->normalise), k->limit, (long long)k->per_s);
        put_list(&b, k->blocked, k->n_blocked);
        put_list(&b, k->patterns, k->n_patterns);
    }
    put_list(&b, r->blocked, r->n_blocked);
    put_list(&b, r->patterns, r->n_patterns);
    if (r->fuzzy.on) {
        buf_printf(&b, "fuzzy/%.17g/%.17g/%.*s/", r->fuzzy.link, r->fuzzy.review, STR_FMT(r->fuzzy.country));
        put_list(&b, r->fuzzy.fields, r->fuzzy.n_fields);
    }
    sha_bytes(buf_str(&b), &sha);
    memcpy(r->sha.z, sha.hex, sizeof r->sha.z);
    buf_fini(&b);
}

void build_identity(struct load *l, const struct doc *d, struct mesh_identity *out)
{
    const struct doc_node *root = d ? doc_root(d) : NULL, *kinds = root ? doc_get(d, root, "kinds") : NULL;
    const struct doc_node *blocked = root ? doc_get(d, root, "blocked") : NULL, *fuzzy = root ? doc_get(d, root, "fuzzy") : NULL;
    *out = (struct mesh_identity){0};
    if (kinds)
        kinds_read(l, d, kinds, out);
    else
        kinds_of_default(l, out);
    if (blocked) {
        out->blocked = text_list(l, d, doc_get(d, blocked, "values"), &out->n_blocked);
        out->patterns = patterns_read(l, d, doc_get(d, blocked, "patterns"), "blocked values", &out->n_patterns);
    } else {
        LIST_OF(blocked_default, out->blocked, out->n_blocked);
        LIST_OF(patterns_default, out->patterns, out->n_patterns);
    }
    if (fuzzy)
        fuzzy_read(l, d, fuzzy, &out->fuzzy);
    version_make(out);
}

bool mesh_identity_read(struct arena *a, struct str file, struct str text, struct engine_conn *parser, struct mesh_identity *out, struct errs *es)
{
    struct load l = {.a = a, .es = es, .parser = parser};
    size_t before = es->n_errors;
    const struct doc *d = doc_parse_yaml(a, file, text, es);
    if (d && schema_check(schema_get(SCHEMA_IDENTITY), d, es))
        build_identity(&l, d, out);
    return es->n_errors == before;
}
