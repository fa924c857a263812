/* Avro schemas (.avsc, specification 1.11): a record is a table; an array of records or a union of them is several. A nested record, array
 * or map is one JSON column. */
#include "exchange/exchange_int.h"

struct avro { struct intake *r; const struct doc *d; };

static const struct { const char *type, *logical, *physical; } types[] = {
    {"int", "date", "DATE"}, {"int", "time-millis", "TIME"}, {"long", "time-micros", "TIME"}, {"long", "timestamp-millis", "TIMESTAMP WITH TIME ZONE"},
    {"long", "timestamp-micros", "TIMESTAMP WITH TIME ZONE"}, {"long", "local-timestamp-millis", "TIMESTAMP"}, {"long", "local-timestamp-micros", "TIMESTAMP"},
    {"string", "uuid", "UUID"}, {"int", NULL, "INTEGER"}, {"long", NULL, "BIGINT"}, {"float", NULL, "FLOAT"}, {"double", NULL, "DOUBLE"}, {"boolean", NULL, "BOOLEAN"},
    {"bytes", NULL, "BLOB"}, {"fixed", NULL, "BLOB"}, {"string", NULL, "VARCHAR"}, {"enum", NULL, "VARCHAR"}, {"record", NULL, "JSON"}, {"array", NULL, "JSON"}, {"map", NULL, "JSON"},
};

static void column_type(struct avro *s, struct mesh_inferred_column *c, const struct doc_node *type)
{
    const struct doc *d = s->d;
    struct str name = type->kind == DOC_MAP ? doc_str(d, type, "type") : doc_text(d, type);
    struct str logical = type->kind == DOC_MAP ? doc_str(d, type, "logicalType") : STR("");
    const struct doc_node *inner = type->kind == DOC_MAP ? doc_get(d, type, "type") : NULL, *symbols, *v;
    if (inner && inner->kind == DOC_MAP) {
        column_type(s, c, inner);
        return;
    }
    if (str_eq(logical, STR("decimal"))) {
        int64_t precision = doc_int(d, type, "precision", 0), scale = doc_int(d, type, "scale", 0);
        if (precision < 1 || precision > 38 || scale < 0 || scale > precision)
            errs_add(s->r->es, E_SCHEMA, s->r->file, type->line, type->col, "%.*s: a decimal of precision %lld and scale %lld cannot be kept", STR_FMT(c->name),
                     (long long)precision, (long long)scale);
        else
            type_set(c, arena_printf(s->r->a, "DECIMAL(%d,%d)", (int)precision, (int)scale));
        return;
    }
    symbols = str_eq(name, STR("enum")) ? doc_get(d, type, "symbols") : NULL;
    c->values = arena_array(s->r->a, symbols ? symbols->n_children + 1 : 1, sizeof *c->values);
    for (v = doc_first(d, symbols); v; v = doc_next(d, v))
        c->values[c->n_values++] = doc_text(d, v);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (str_eq(name, str_of(types[i].type)) && (!types[i].logical || str_eq(logical, str_of(types[i].logical)))) {
            type_set(c, str_of(types[i].physical));
            return;
        }
    }
    errs_warn(s->r->es, E_SCHEMA, s->r->file, type->line, type->col, "%.*s: the named type %.*s is kept as JSON", STR_FMT(c->name), STR_FMT(name));
    type_set(c, STR("JSON"));
}

static void field(struct avro *s, const struct doc_node *n)
{
    const struct doc *d = s->d;
    const struct doc_node *type = doc_get(d, n, "type"), *v, *only = NULL;
    struct mesh_inferred_column *c = intake_column(s->r, doc_str(d, n, "name"), n->line, n->col);
    size_t others = 0;
    bool nullable = false;
    if (!c)
        return;
    c->description = str_trim(doc_str(d, n, "doc"));
    c->class_text = class_known(doc_str(d, n, "classification"));
    if (!type) {
        errs_add(s->r->es, E_MISSING_KEY, s->r->file, n->line, n->col, "the field %.*s has no type", STR_FMT(c->name));
        return;
    }
    if (type->kind != DOC_SEQ) {
        c->required = true;
        column_type(s, c, type);
        return;
    }
    for (v = doc_first(d, type); v; v = doc_next(d, v)) {
        if (v->kind == DOC_NULL || str_eq(doc_text(d, v), STR("null"))) {
            nullable = true;
        } else {
            others++;
            only = v;
        }
    }
    c->required = !nullable;
    if (others == 1)
        column_type(s, c, only);
    else
        errs_warn(s->r->es, E_SCHEMA, s->r->file, type->line, type->col, "%.*s: a union of several types is kept as text", STR_FMT(c->name));
}

static void schema(struct avro *s, const struct doc_node *n, int depth)
{
    const struct doc *d = s->d;
    if (n->kind == DOC_SEQ) {
        for (const struct doc_node *v = doc_first(d, n); v && depth < 8; v = doc_next(d, v))
            schema(s, v, depth + 1);
    } else if (n->kind == DOC_MAP && str_eq(doc_str(d, n, "type"), STR("array")) && doc_get(d, n, "items") && depth < 8) {
        schema(s, doc_get(d, n, "items"), depth + 1);
    } else if (n->kind == DOC_MAP && str_eq(doc_str(d, n, "type"), STR("record"))) {
        struct exchange_table *t = intake_table(s->r, doc_str(d, n, "name"), n->line, n->col);
        const struct doc_node *fields = doc_get(d, n, "fields");
        if (!t)
            return;
        t->description = str_trim(doc_str(d, n, "doc"));
        for (const struct doc_node *f = doc_first(d, fields); f; f = doc_next(d, f))
            field(s, f);
    }
}

void read_avro(struct intake *r, struct str text)
{
    struct avro s = {r, doc_parse_json(r->a, r->file, text, r->es)};
    if (s.d)
        schema(&s, doc_root(s.d), 0);
}

/* ---- writing ---- */
static const struct { const char *physical, *json; } written[] = {
    {"TIMESTAMP WITH TIME ZONE", "{\"type\": \"long\", \"logicalType\": \"timestamp-micros\"}"},
    {"TIMESTAMP", "{\"type\": \"long\", \"logicalType\": \"local-timestamp-micros\"}"}, {"TIME", "{\"type\": \"long\", \"logicalType\": \"time-micros\"}"},
    {"DATE", "{\"type\": \"int\", \"logicalType\": \"date\"}"}, {"UUID", "{\"type\": \"string\", \"logicalType\": \"uuid\"}"}, {"BOOLEAN", "\"boolean\""}, {"DOUBLE", "\"double\""},
    {"FLOAT", "\"float\""}, {"BLOB", "\"bytes\""}, {"TINYINT", "\"int\""}, {"SMALLINT", "\"int\""}, {"INTEGER", "\"int\""}, {"UTINYINT", "\"int\""}, {"USMALLINT", "\"int\""},
    {"UINTEGER", "\"long\""}, {"BIGINT", "\"long\""}, {"UBIGINT", "{\"type\": \"bytes\", \"logicalType\": \"decimal\", \"precision\": 20, \"scale\": 0}"},
    {"HUGEINT", "{\"type\": \"bytes\", \"logicalType\": \"decimal\", \"precision\": 38, \"scale\": 0}"},
    {"UHUGEINT", "{\"type\": \"bytes\", \"logicalType\": \"decimal\", \"precision\": 38, \"scale\": 0}"},
};

/* An Avro name: letters, digits, underscores. */
static bool is_symbol(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char ch = s.p[i];
        if (!((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || ch == '_' || (i > 0 && ch >= '0' && ch <= '9')))
            return false;
    }
    return s.n > 0;
}

static void write_type(struct buf *b, const struct mesh_inferred_column *c, struct errs *es)
{
    int precision, scale;
    bool symbols = c->n_values > 0 && str_eq(c->logical_type, STR("string"));
    for (size_t i = 0; i < c->n_values && symbols; i++)
        symbols = is_symbol(c->values[i]);
    if (symbols) {
        buf_printf(b, "{\"type\": \"enum\", \"name\": \"%.*s_value\", \"symbols\": [", STR_FMT(c->name));
        for (size_t i = 0; i < c->n_values; i++) {
            buf_addz(b, i ? ", " : "");
            buf_json_str(b, c->values[i]);
        }
        buf_addz(b, "]}");
        return;
    }
    if (c->n_values)
        errs_warn(es, E_SCHEMA, STR(""), 0, 0, "%.*s: Avro cannot say its allowed values; they are left out", STR_FMT(c->name));
    if (type_decimal(c->physical_type, &precision, &scale)) {
        buf_printf(b, "{\"type\": \"bytes\", \"logicalType\": \"decimal\", \"precision\": %d, \"scale\": %d}", precision, scale);
        return;
    }
    for (size_t i = 0; i < sizeof written / sizeof *written; i++) {
        if (str_starts(c->physical_type, str_of(written[i].physical)) && !str_ends(c->physical_type, STR("[]"))) {
            buf_addz(b, written[i].json);
            return;
        }
    }
    buf_addz(b, "\"string\"");
}

void write_avro(const struct exchange_set *set, struct str base, struct arena *a, struct buf *b, struct errs *es)
{
    (void)a;
    buf_addz(b, set->n > 1 ? "[\n" : "");
    for (size_t i = 0; i < set->n; i++) {
        const struct exchange_table *t = &set->tables[i];
        buf_printf(b, "{\n  \"type\": \"record\",\n  \"name\": \"%.*s\"", STR_FMT(t->name));
        if (base.n)
            buf_printf(b, ",\n  \"namespace\": \"trellis.%.*s\"", STR_FMT(base));
        if (t->description.n) {
            buf_addz(b, ",\n  \"doc\": ");
            buf_json_str(b, t->description);
        }
        buf_addz(b, ",\n  \"fields\": [\n");
        for (size_t k = 0; k < t->n_columns; k++) {
            const struct mesh_inferred_column *c = &t->columns[k];
            buf_printf(b, "    {\"name\": \"%.*s\", \"type\": %s", STR_FMT(c->name), c->required ? "" : "[\"null\", ");
            write_type(b, c, es);
            buf_addz(b, c->required ? "" : "], \"default\": null");
            if (c->description.n) {
                buf_addz(b, ", \"doc\": ");
                buf_json_str(b, c->description);
            }
            if (c->class_text.n) {
                buf_addz(b, ", \"classification\": ");
                buf_json_str(b, c->class_text);
            }
            buf_addz(b, k + 1 < t->n_columns ? "},\n" : "}\n");
        }
        buf_addz(b, i + 1 < set->n ? "  ]\n},\n" : "  ]\n}\n");
    }
    buf_addz(b, set->n > 1 ? "]\n" : "");
}
