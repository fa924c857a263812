/* Writes ODCS contracts: one line for a column of which little is known, a block for one that says more. */
#include "mesh/mesh_write.h"

static void text(struct buf *b, struct str s)
{
    buf_json_str(b, s); /* a JSON string is a YAML string */
}

static bool has_options(const struct mesh_inferred_column *c)
{
    return c->max_length > 0 || c->pattern.n || c->minimum.n || c->maximum.n;
}

static bool is_short(const struct mesh_inferred_column *c, bool quality)
{
    return !c->title.n && !c->description.n && !has_options(c) && !c->references.n && !(quality && c->n_values);
}

static void key(struct buf *b, bool flow, const char *name)
{
    buf_printf(b, flow ? ", %s: " : "\n        %s: ", name);
}

static bool is_number_type(struct str logical)
{
    return str_eq(logical, STR("integer")) || str_eq(logical, STR("number"));
}

/* logicalTypeOptions are a closed set for each type: text has lengths and patterns, the others have bounds. */
static void options(struct buf *b, const struct mesh_inferred_column *c)
{
    bool is_text = str_eq(c->logical_type, STR("string")), first = true;
    const struct { const char *name; struct str value; bool here, bare; } all[] = {
        {"pattern", c->pattern, is_text, false},
        {"minimum", c->minimum, !is_text, is_number_type(c->logical_type)},
        {"maximum", c->maximum, !is_text, is_number_type(c->logical_type)},
    };
    struct buf inside = BUF_INIT((size_t)1 << 20);
    if (is_text && c->max_length > 0) {
        buf_printf(&inside, "maxLength: %lld", (long long)c->max_length);
        first = false;
    }
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (!all[i].here || !all[i].value.n)
            continue;
        buf_printf(&inside, "%s%s: ", first ? "" : ", ", all[i].name);
        if (all[i].bare)
            buf_add(&inside, all[i].value);
        else
            text(&inside, all[i].value);
        first = false;
    }
    if (!first) {
        key(b, false, "logicalTypeOptions");
        buf_addc(b, '{');
        buf_add(b, buf_str(&inside));
        buf_addc(b, '}');
    }
    buf_fini(&inside);
}

static void values_rule(struct buf *b, const struct mesh_inferred_column *c)
{
    buf_addz(b, "\n        quality:\n          - {type: library, metric: invalidValues, mustBe: 0, severity: error, arguments: {validValues: [");
    for (size_t i = 0; i < c->n_values; i++) {
        buf_addz(b, i ? ", " : "");
        text(b, c->values[i]);
    }
    buf_addz(b, "]}}");
}

/* A name that YAML would take for a number or a truth value stands in quotes. */
static void name_text(struct buf *b, struct str name)
{
    static const char *const words[] = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"};
    bool quote = name.n && name.p[0] >= '0' && name.p[0] <= '9';
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        quote = quote || str_eq(name, str_of(words[i]));
    if (quote)
        text(b, name);
    else
        buf_add(b, name);
}

static void column(struct buf *b, const struct mesh_inferred_column *c, bool quality)
{
    bool flow = is_short(c, quality);
    buf_addz(b, flow ? "      - {name: " : "      - name: ");
    name_text(b, c->name);
    if (c->title.n) {
        key(b, flow, "businessName");
        text(b, c->title);
    }
    if (c->description.n) {
        key(b, flow, "description");
        text(b, c->description);
    }
    key(b, flow, "logicalType");
    buf_add(b, c->logical_type);
    key(b, flow, "physicalType");
    text(b, c->physical_type);
    key(b, flow, "classification");
    buf_add(b, c->class_text.n ? c->class_text : mesh_propose_class(c->name));
    if (c->required) {
        key(b, flow, "required");
        buf_addz(b, "true");
    }
    if (c->unique) {
        key(b, flow, "unique");
        buf_addz(b, "true");
    }
    if (c->key_position > 0) {
        key(b, flow, "primaryKey");
        buf_addz(b, "true");
        key(b, flow, "primaryKeyPosition");
        buf_printf(b, "%d", c->key_position);
    }
    if (!flow) {
        options(b, c);
        if (quality && c->references.n) {
            key(b, flow, "relationships");
            buf_printf(b, "[{to: %.*s}]", STR_FMT(c->references));
        }
        if (quality && c->n_values)
            values_rule(b, c);
    }
    buf_addz(b, flow ? "}\n" : "\n");
}

void mesh_contract_write(struct buf *b, const struct mesh_contract_head *head, const struct mesh_inferred_column *columns, size_t n, bool quality)
{
    if (head->id.n) {
        if (head->comment.n)
            buf_printf(b, "# %.*s\n", STR_FMT(head->comment));
        buf_addz(b, "apiVersion: v3.1.0\nkind: DataContract\nid: ");
        buf_add(b, head->id);
        buf_addz(b, "\nname: ");
        name_text(b, head->name);
        buf_printf(b, "\nversion: %.*s\nstatus: %.*s\n", STR_FMT(head->version), STR_FMT(head->status));
        if (head->domain.n)
            buf_printf(b, "domain: %.*s\n", STR_FMT(head->domain));
        buf_addz(b, "schema:\n");
    }
    buf_addz(b, "  - name: ");
    name_text(b, head->object);
    buf_addz(b, "\n    physicalType: table\n");
    if (head->title.n) {
        buf_addz(b, "    businessName: ");
        text(b, head->title);
        buf_addc(b, '\n');
    }
    if (head->description.n) {
        buf_addz(b, "    description: ");
        text(b, head->description);
        buf_addc(b, '\n');
    }
    buf_addz(b, "    properties:\n");
    for (size_t i = 0; i < n; i++)
        column(b, &columns[i], quality);
}
