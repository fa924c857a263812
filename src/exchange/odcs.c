/* ODCS contracts: of files (as datacontract-cli and others write them) and of the mesh's own ports; and back. */
#include "exchange/exchange_int.h"
#include "mesh/types.h"

/* The allowed values of a column: its rule `invalidValues` with `validValues`. */
static void values_of(struct arena *a, const struct doc *d, const struct doc_node *property, struct mesh_inferred_column *c)
{
    const struct doc_node *rules = doc_get(d, property, "quality");
    for (const struct doc_node *q = doc_first(d, rules); q; q = doc_next(d, q)) {
        const struct doc_node *values = doc_path(d, q, "arguments.validValues");
        if (!str_eq(doc_str(d, q, "metric"), STR("invalidValues")) || !values)
            continue;
        c->values = arena_array(a, values->n_children + 1, sizeof *c->values);
        c->n_values = 0;
        for (const struct doc_node *v = doc_first(d, values); v; v = doc_next(d, v))
            c->values[c->n_values++] = doc_text(d, v);
    }
}

static void options_of(struct arena *a, const struct doc *d, const struct doc_node *property, struct mesh_inferred_column *c)
{
    const struct doc_node *options = doc_get(d, property, "logicalTypeOptions"), *links = doc_get(d, property, "relationships");
    if (options) {
        c->max_length = doc_int(d, options, "maxLength", 0);
        c->pattern = doc_str(d, options, "pattern");
        c->minimum = doc_str(d, options, "minimum");
        c->maximum = doc_str(d, options, "maximum");
    }
    for (const struct doc_node *l = doc_first(d, links); l; l = doc_next(d, l))
        if (doc_str(d, l, "to").n)
            c->references = doc_str(d, l, "to");
    values_of(a, d, property, c);
}

static void property(struct intake *r, const struct doc *d, const struct doc_node *n)
{
    struct mesh_inferred_column *c = intake_column(r, doc_str(d, n, "name"), n->line, n->col);
    const struct doc_node *physical = doc_get(d, n, "physicalType");
    if (!c)
        return;
    struct str logical = doc_str(d, n, "logicalType"), format = doc_text(d, doc_path(d, n, "logicalTypeOptions.format"));
    bool zoned = doc_bool(d, doc_get(d, n, "logicalTypeOptions"), "timezone", false);
    if (physical)
        type_from_sql(r, c, doc_text(d, physical), physical->line, physical->col);
    else if (logical.n)
        type_set(c, type_of_logical(logical, format, zoned).p ? type_of_logical(logical, format, zoned) : STR("JSON"));
    if (doc_str(d, n, "businessName").n)
        c->title = doc_str(d, n, "businessName");
    c->description = str_trim(doc_str(d, n, "description"));
    c->class_text = class_known(doc_str(d, n, "classification"));
    c->required = doc_bool(d, n, "required", false);
    c->unique = doc_bool(d, n, "unique", false);
    if (doc_bool(d, n, "primaryKey", false))
        c->key_position = (int)doc_int(d, n, "primaryKeyPosition", 1);
    options_of(r->a, d, n, c);
}

void read_odcs(struct intake *r, struct str text)
{
    bool json = text.n && text.p[0] == '{';
    const struct doc *d = json ? doc_parse_json(r->a, r->file, text, r->es) : doc_parse_yaml(r->a, r->file, text, r->es);
    if (!d)
        return;
    const struct doc_node *root = doc_root(d), *schema = doc_get(d, root, "schema");
    for (const struct doc_node *o = doc_first(d, schema); o; o = doc_next(d, o)) {
        struct exchange_table *t = intake_table(r, doc_str(d, o, "name"), o->line, o->col);
        const struct doc_node *properties = doc_get(d, o, "properties");
        if (!t)
            continue;
        t->title = doc_str(d, o, "businessName");
        t->description = str_trim(doc_str(d, o, "description"));
        for (const struct doc_node *p = doc_first(d, properties); p; p = doc_next(d, p))
            property(r, d, p);
    }
}

void exchange_of_contract(struct arena *a, const struct mesh_contract *c, struct str name, struct exchange_table *out)
{
    *out = (struct exchange_table){.name = name, .native = name, .description = c->description};
    out->columns = arena_array(a, c->n_columns + 1, sizeof *out->columns);
    for (size_t i = 0; i < c->n_columns; i++) {
        const struct mesh_column *from = &c->columns[i];
        struct mesh_inferred_column *to = &out->columns[out->n_columns++];
        *to = (struct mesh_inferred_column){.name = from->name,
                                            .title = from->business_name,
                                            .description = from->description,
                                            .class_text = from->class_text,
                                            .required = from->required,
                                            .unique = from->unique,
                                            .key_position = from->primary_key ? (from->key_position > 0 ? from->key_position : 1) : 0};
        type_set(to, from->physical_type);
        if (from->node)
            options_of(a, c->doc, from->node, to);
        if (!to->class_text.n)
            to->class_text = STR("internal");
    }
}

/* ---- writing ---- */
void write_odcs(const struct exchange_set *set, struct str base, struct arena *a, struct buf *b, struct errs *es)
{
    (void)es;
    for (size_t i = 0; i < set->n; i++) {
        const struct exchange_table *t = &set->tables[i];
        struct mesh_contract_head head = {.object = t->name, .title = t->title, .description = t->description};
        if (i == 0) {
            head.id = base.n ? arena_printf(a, "%.*s.%.*s", STR_FMT(base), STR_FMT(t->name)) : t->name;
            head.name = t->name;
            head.version = STR("1.0.0");
            head.status = STR("active");
            head.domain = base;
        }
        mesh_contract_write(b, &head, t->columns, t->n_columns, true);
    }
}
