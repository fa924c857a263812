/* JSON Schema (draft 4 to 2020-12): an object, or an array of objects, is a table; so is each of $defs where the root itself describes none.
 * A nested object or array is one JSON column, as the loader of JSON files keeps it. */
#include "exchange/exchange_int.h"
#include "mesh/types.h"

enum { REFS_MAX = 32, PARTS_MAX = 64, DEPTH_MAX = 8 };

struct schema { struct intake *r; const struct doc *d; };

/* Follows $ref inside the file ("#/$defs/money"); NULL after a warning where it leads outside or nowhere. */
static const struct doc_node *followed(struct schema *s, const struct doc_node *n)
{
    for (int i = 0; n && i < REFS_MAX; i++) {
        const struct doc_node *ref = doc_get(s->d, n, "$ref");
        struct str path = doc_text(s->d, ref);
        if (!ref)
            return n;
        const struct doc_node *to = doc_root(s->d);
        if (!str_starts(path, STR("#"))) {
            errs_warn(s->r->es, E_DANGLING, s->r->file, ref->line, ref->col, "%.*s leads out of this file and is not followed", STR_FMT(path));
            return NULL;
        }
        struct str rest = path.n > 1 ? (struct str){path.p + 2, path.n - 2} : (struct str){NULL, 0};
        while (to && rest.p && rest.n) {
            struct str step = str_cut(rest, '/', &rest);
            to = doc_get(s->d, to, arena_strz(s->r->a, step));
        }
        if (!to) {
            errs_add(s->r->es, E_DANGLING, s->r->file, ref->line, ref->col, "%.*s is not in this file", STR_FMT(path));
            return NULL;
        }
        n = to;
    }
    if (n)
        errs_add(s->r->es, E_CYCLE, s->r->file, n->line, n->col, "references go round in a circle");
    return NULL;
}

/* "type": "string" or ["string", "null"]; the same by anyOf or oneOf with a null, or by a part of allOf. The node that says more than null goes to *n. */
static struct str type_of(struct schema *s, const struct doc_node **n, bool *nullable)
{
    static const char *const choices[] = {"anyOf", "oneOf", "allOf"};
    const struct doc_node *type = doc_get(s->d, *n, "type"), *v;
    struct str found = STR("");
    for (size_t i = 0; i < sizeof choices / sizeof *choices && !type; i++) {
        const struct doc_node *list = doc_get(s->d, *n, choices[i]);
        for (v = doc_first(s->d, list); v; v = doc_next(s->d, v)) {
            const struct doc_node *one = followed(s, v);
            if (one && str_eq(doc_str(s->d, one, "type"), STR("null")))
                *nullable = true;
            else if (one && !type && doc_get(s->d, one, "type")) {
                type = doc_get(s->d, one, "type");
                *n = one;
            }
        }
    }
    if (!type || type->kind != DOC_SEQ)
        return doc_text(s->d, type);
    for (v = doc_first(s->d, type); v; v = doc_next(s->d, v)) {
        if (v->kind == DOC_NULL || str_eq(doc_text(s->d, v), STR("null")))
            *nullable = true;
        else if (!found.n)
            found = doc_text(s->d, v);
        else
            found = STR("string"); /* of several types: text holds them all */
    }
    return found;
}

static const struct { const char *type, *format, *physical; } types[] = {
    {"string", "date", "DATE"}, {"string", "date-time", "TIMESTAMP WITH TIME ZONE"}, {"string", "time", "TIME"}, {"string", "uuid", "UUID"},
    {"string", "decimal", "DECIMAL(38,9)"}, {"string", NULL, "VARCHAR"}, {"integer", "int32", "INTEGER"}, {"integer", NULL, "BIGINT"},
    {"number", NULL, "DOUBLE"}, {"boolean", NULL, "BOOLEAN"}, {"object", NULL, "JSON"}, {"array", NULL, "JSON"},
};

static void column(struct schema *s, const struct doc_node *property, struct str name, bool required)
{
    const struct doc *d = s->d;
    const struct doc_node *n = followed(s, property), *values, *v;
    struct mesh_inferred_column *c = intake_column(s->r, name, property->key_line, property->key_col);
    bool nullable = false;
    if (!c)
        return;
    c->description = str_trim(doc_str(d, property, "description"));
    if (doc_str(d, property, "title").n)
        c->title = doc_str(d, property, "title");
    if (!n)
        return;
    c->class_text = class_known(doc_str(d, property, "x-classification"));
    if (!c->description.n)
        c->description = str_trim(doc_str(d, n, "description"));
    struct str type = type_of(s, &n, &nullable), format = doc_str(d, n, "format");
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (str_eq(type, str_of(types[i].type)) && (!types[i].format || str_eq(format, str_of(types[i].format)))) {
            type_set(c, str_of(types[i].physical));
            break;
        }
    }
    /* Our own exact type, where we wrote the schema: JSON knows no decimals. */
    struct str near, exact = type_canonical(s->r->a, doc_str(d, n, "x-physicalType"), &near);
    if (exact.p)
        type_set(c, exact);
    c->required = required && !nullable;
    c->max_length = doc_int(d, n, "maxLength", 0);
    if (str_eq(c->logical_type, STR("string")))
        c->pattern = doc_str(d, n, "pattern");
    c->minimum = doc_str(d, n, "minimum");
    c->maximum = doc_str(d, n, "maximum");
    values = doc_get(d, n, "enum");
    c->values = arena_array(s->r->a, values ? values->n_children + 1 : 1, sizeof *c->values);
    for (v = doc_first(d, values); v; v = doc_next(d, v))
        if (v->kind != DOC_NULL)
            c->values[c->n_values++] = doc_text(d, v);
}

/* An object and the parts that its allOf joins it from. */
struct parts { const struct doc_node *v[PARTS_MAX]; size_t n; };

static void parts_find(struct schema *s, const struct doc_node *n, int depth, struct parts *out)
{
    n = followed(s, n);
    for (size_t i = 0; n && i < out->n; i++)
        if (out->v[i] == n)
            return;
    if (!n || depth > DEPTH_MAX)
        return;
    if (out->n == PARTS_MAX) {
        errs_warn(s->r->es, E_SCHEMA, s->r->file, n->line, n->col, "more than %d parts of one object; the rest is left out", PARTS_MAX);
        return;
    }
    out->v[out->n++] = n;
    for (const struct doc_node *v = doc_first(s->d, doc_get(s->d, n, "allOf")); v; v = doc_next(s->d, v))
        parts_find(s, v, depth + 1, out);
}

static bool is_required(struct schema *s, const struct parts *parts, struct str name)
{
    for (size_t i = 0; i < parts->n; i++) {
        const struct doc_node *list = doc_get(s->d, parts->v[i], "required");
        for (const struct doc_node *v = doc_first(s->d, list); v; v = doc_next(s->d, v))
            if (str_eq(doc_text(s->d, v), name))
                return true;
    }
    return false;
}

static const struct doc_node *properties_of(struct schema *s, const struct parts *parts, size_t i)
{
    const struct doc_node *properties = doc_get(s->d, parts->v[i], "properties");
    return properties && properties->kind == DOC_MAP ? properties : NULL;
}

/* Whether a part before this one describes the property: what the object itself says goes first. */
static bool said_before(struct schema *s, const struct parts *parts, size_t part, struct str name)
{
    for (size_t i = 0; i < part; i++)
        for (const struct doc_node *p = doc_first(s->d, properties_of(s, parts, i)); p; p = doc_next(s->d, p))
            if (str_eq(doc_key(s->d, p), name))
                return true;
    return false;
}

/* False: describes no object. */
static bool table(struct schema *s, const struct doc_node *n, struct str name)
{
    struct parts parts = {.n = 0};
    n = followed(s, n);
    if (n && str_eq(doc_str(s->d, n, "type"), STR("array")))
        n = followed(s, doc_get(s->d, n, "items"));
    parts_find(s, n, 0, &parts);
    bool any = false;
    for (size_t i = 0; i < parts.n; i++)
        any |= properties_of(s, &parts, i) != NULL;
    if (!any)
        return false;
    struct exchange_table *t = intake_table(s->r, name, n->line, n->col);
    if (!t)
        return true;
    t->description = str_trim(doc_str(s->d, n, "description"));
    t->title = doc_str(s->d, n, "title");
    for (size_t i = 0; i < parts.n; i++)
        for (const struct doc_node *p = doc_first(s->d, properties_of(s, &parts, i)); p; p = doc_next(s->d, p))
            if (!said_before(s, &parts, i, doc_key(s->d, p)))
                column(s, p, doc_key(s->d, p), is_required(s, &parts, doc_key(s->d, p)));
    return true;
}

/* "orders.schema.json" -> orders */
static struct str file_name(struct str file)
{
    struct str rest, base = file;
    for (size_t i = file.n; i-- > 0;) {
        if (file.p[i] == '/') {
            base = (struct str){file.p + i + 1, file.n - i - 1};
            break;
        }
    }
    return str_cut(base, '.', &rest);
}

void read_json_schema(struct intake *r, struct str text)
{
    static const char *const homes[] = {"$defs", "definitions"};
    struct schema s = {r, doc_parse_json(r->a, r->file, text, r->es)};
    if (!s.d)
        return;
    const struct doc_node *root = doc_root(s.d);
    if (table(&s, root, doc_str(s.d, root, "title").n ? doc_str(s.d, root, "title") : file_name(r->file)))
        return;
    for (size_t i = 0; i < 2; i++) {
        const struct doc_node *defs = doc_get(s.d, root, homes[i]);
        for (const struct doc_node *n = doc_first(s.d, defs); n; n = doc_next(s.d, n))
            table(&s, n, doc_key(s.d, n));
    }
}

/* ---- writing ---- */
static const struct { const char *physical, *type, *format; } written[] = {
    {"DATE", "string", "date"}, {"TIMESTAMP", "string", "date-time"}, {"TIME", "string", "time"}, {"UUID", "string", "uuid"}, {"BOOLEAN", "boolean", NULL},
    {"DOUBLE", "number", NULL}, {"FLOAT", "number", NULL}, {"DECIMAL", "number", NULL}, {"JSON", NULL, NULL}, {"STRUCT", "object", NULL}, {"MAP", "object", NULL},
};

static void member(struct buf *b, const char *key, struct str value)
{
    if (!value.n)
        return;
    buf_printf(b, ", \"%s\": ", key);
    buf_json_str(b, value);
}

static void write_column(struct buf *b, const struct mesh_inferred_column *c)
{
    const char *type = str_eq(c->logical_type, STR("integer")) ? "integer" : "string", *format = NULL;
    for (size_t i = 0; i < sizeof written / sizeof *written && strcmp(type, "integer") != 0; i++) {
        if (str_starts(c->physical_type, str_of(written[i].physical))) {
            type = written[i].type;
            format = written[i].format;
            break;
        }
    }
    if (str_eq(c->logical_type, STR("array")))
        type = "array";
    if (type)
        buf_printf(b, c->required ? "\"type\": \"%s\"" : "\"type\": [\"%s\", \"null\"]", type);
    else
        buf_addz(b, "\"$comment\": \"any JSON\"");
    if (format)
        buf_printf(b, ", \"format\": \"%s\"", format);
    member(b, "title", c->title);
    member(b, "description", c->description);
    member(b, "x-classification", c->class_text);
    member(b, "x-physicalType", c->physical_type);
    if (c->max_length > 0)
        buf_printf(b, ", \"maxLength\": %lld", (long long)c->max_length);
    member(b, "pattern", c->pattern);
    if (type && (strcmp(type, "integer") == 0 || strcmp(type, "number") == 0)) {
        if (c->minimum.n)
            buf_printf(b, ", \"minimum\": %.*s", STR_FMT(c->minimum));
        if (c->maximum.n)
            buf_printf(b, ", \"maximum\": %.*s", STR_FMT(c->maximum));
    }
    if (c->n_values) {
        buf_addz(b, ", \"enum\": [");
        for (size_t i = 0; i < c->n_values; i++) {
            buf_addz(b, i ? ", " : "");
            if (type && strcmp(type, "string") != 0)
                buf_add(b, c->values[i]);
            else
                buf_json_str(b, c->values[i]);
        }
        buf_addz(b, c->required ? "]" : ", null]");
    }
}

static void write_table(struct buf *b, const struct exchange_table *t, const char *indent)
{
    buf_printf(b, "%s\"type\": \"object\"", indent);
    if (t->description.n) {
        buf_printf(b, ",\n%s\"description\": ", indent);
        buf_json_str(b, t->description);
    }
    buf_printf(b, ",\n%s\"properties\": {\n", indent);
    for (size_t k = 0; k < t->n_columns; k++) {
        buf_printf(b, "%s  ", indent);
        buf_json_str(b, t->columns[k].name);
        buf_addz(b, ": {");
        write_column(b, &t->columns[k]);
        buf_addz(b, k + 1 < t->n_columns ? "},\n" : "}\n");
    }
    buf_printf(b, "%s},\n%s\"required\": [", indent, indent);
    bool first = true;
    for (size_t k = 0; k < t->n_columns; k++) {
        if (!t->columns[k].required)
            continue;
        buf_addz(b, first ? "" : ", ");
        buf_json_str(b, t->columns[k].name);
        first = false;
    }
    buf_addz(b, "]\n");
}

void write_json_schema(const struct exchange_set *set, struct str base, struct arena *a, struct buf *b, struct errs *es)
{
    (void)base;
    (void)a;
    (void)es;
    buf_addz(b, "{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n");
    if (set->n == 1) {
        buf_addz(b, "  \"title\": ");
        buf_json_str(b, set->tables->title.n ? set->tables->title : set->tables->name);
        buf_addz(b, ",\n");
        write_table(b, set->tables, "  ");
    } else {
        buf_addz(b, "  \"$defs\": {\n");
        for (size_t i = 0; i < set->n; i++) {
            buf_addz(b, "    ");
            buf_json_str(b, set->tables[i].name);
            buf_addz(b, ": {\n");
            write_table(b, &set->tables[i], "      ");
            buf_addz(b, i + 1 < set->n ? "    },\n" : "    }\n");
        }
        buf_addz(b, "  }\n");
    }
    buf_addz(b, "}\n");
}
