/* Second stage: one schema object of a contract as columns that the rest of the program works with. */
#include "mesh/mesh_int.h"

#include "mesh/mesh_write.h"
#include "mesh/types.h"

/* Words for classification, each with what it means for showing values. An unknown word is an error, since a typing
 * mistake must not publish what should be hidden. */
static const struct { const char *text; enum mesh_class class_; } classes[] = {
    {"public", CLASS_PUBLIC}, {"internal", CLASS_INTERNAL}, {"confidential", CLASS_CONFIDENTIAL}, {"restricted", CLASS_CONFIDENTIAL},
    {"personal", CLASS_PERSONAL}, {"pii", CLASS_PERSONAL}, {"sensitive", CLASS_SENSITIVE},
};
enum { CLASSES = sizeof classes / sizeof classes[0] };

enum mesh_class build_class_of(struct load *l, const struct doc *d, const struct doc_node *n)
{
    struct str s = doc_text(d, n), names[CLASSES];
    if (!n)
        return CLASS_UNSET;
    for (size_t i = 0; i < CLASSES; i++) {
        names[i] = str_of(classes[i].text);
        if (str_eq_nocase(s, names[i]))
            return classes[i].class_;
    }
    hint_nearest(at_value(l, E_SCHEMA, d, n, "\"%.*s\" is not a classification that Trellis knows", STR_FMT(s)), s, names, CLASSES);
    return CLASS_SENSITIVE;
}

static struct str list_type(struct load *l, const struct doc *d, const struct doc_node *n)
{
    const struct doc_node *items = doc_get(d, n, "items");
    struct str near, element = items ? doc_str(d, items, "physicalType") : (struct str){NULL, 0};
    struct str type = element.n ? type_canonical(l->a, element, &near) : (struct str){NULL, 0};
    if (!type.p)
        type = type_of_logical(items ? doc_str(d, items, "logicalType") : STR("string"), (struct str){NULL, 0}, false);
    return arena_printf(l->a, "%.*s[]", STR_FMT(type.p ? type : STR("VARCHAR")));
}

static void column_type(struct load *l, struct mesh_column *c, const struct doc *d, const struct doc_node *n)
{
    const struct doc_node *physical = doc_get(d, n, "physicalType"), *options = doc_get(d, n, "logicalTypeOptions");
    c->logical_type = doc_str(d, n, "logicalType");
    if (!physical) {
        c->physical_type = str_eq(c->logical_type, STR("array"))
                               ? list_type(l, d, n)
                               : type_of_logical(c->logical_type, options ? doc_str(d, options, "format") : (struct str){NULL, 0},
                                                 options && doc_bool(d, options, "timezone", false));
        return;
    }
    struct str near;
    c->physical_type = type_canonical(l->a, doc_text(d, physical), &near);
    if (!c->physical_type.p) {
        struct err *e = at_value(l, E_CONTRACT, d, physical, "\"%.*s\" is not a type that a column can have", STR_FMT(doc_text(d, physical)));
        if (near.p)
            hint(e, "did you mean \"%.*s\"?", STR_FMT(near));
        else
            hint(e, "types are DuckDB's: VARCHAR, BIGINT, DECIMAL(18,6), DOUBLE, DATE, TIMESTAMP, BOOLEAN, …");
        c->physical_type = STR("VARCHAR");
        return;
    }
    if (c->logical_type.n && !type_fits(c->logical_type, c->physical_type))
        hint(at_value(l, E_CONTRACT, d, physical, "the column \"%.*s\" has logicalType %.*s, which a %.*s is not", STR_FMT(c->name),
                      STR_FMT(c->logical_type), STR_FMT(doc_text(d, physical))),
             "change one of the two, or leave physicalType out");
}

/* Raw columns are named by the files: lower case letters, digits and underscores, in any order. */
bool build_raw_name_fits(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '_'))
            return false;
    return s.n > 0;
}

/* Columns that stand beside those of the file; a column of the file that is called so is numbered when it is read. */
static bool made_by_us(struct str name)
{
    static const char *const own[] = {"_file_id", "_line", "_learned_from", "_learned_to", "_source_currency"};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (str_eq(name, str_of(own[i])))
            return true;
    return false;
}

static void column_name(struct load *l, struct mesh_column *c, const struct doc *d, const struct doc_node *n, enum columns_of of)
{
    const struct doc_node *name = doc_get(d, n, "name");
    c->name = doc_text(d, name);
    if (of == COLUMNS_PORT)
        check_name(l, d, name, "column");
    if (of != COLUMNS_RAW)
        return;
    if (!build_raw_name_fits(c->name))
        hint(at_value(l, E_NAME, d, name, "\"%.*s\" cannot be a column of a raw stream", STR_FMT(c->name)),
             "names in files are made lower case with other characters as underscores; write it so");
    else if (made_by_us(c->name))
        hint(at_value(l, E_NAME, d, name, "the column \"%.*s\" is made by Trellis and cannot be declared", STR_FMT(c->name)),
             "remove it; a column of the file that is called so is \"%.*s_2\" here", STR_FMT(c->name));
}

enum { COLUMNS_MAX = 5000 };

static void check_columns(struct load *l, const struct mesh_contract *c)
{
    struct table seen = {0};
    if (c->n_columns > COLUMNS_MAX) {
        hint(at_value(l, E_TOO_LARGE, c->doc, c->object, "the table has %zu columns, more than %d", c->n_columns, COLUMNS_MAX), "split the table");
        return;
    }
    for (size_t i = 0; i < c->n_columns; i++) {
        struct mesh_column *col = &c->columns[i];
        const struct mesh_column *first = table_put(&seen, l->a, col->name, col);
        if (first)
            hint(at_value(l, E_DUPLICATE, c->doc, doc_get(c->doc, col->node, "name"), "the column \"%.*s\" is described twice; first in line %u",
                          STR_FMT(col->name), first->pos.line), "merge the two");
        for (size_t k = 0; k < i && col->key_position > 0; k++)
            if (c->columns[k].key_position == col->key_position) {
                hint(at_value(l, E_DUPLICATE, c->doc, doc_get(c->doc, col->node, "primaryKeyPosition"),
                              "\"%.*s\" and \"%.*s\" both claim primaryKeyPosition %d", STR_FMT(c->columns[k].name), STR_FMT(col->name), col->key_position),
                     "number the columns of the key 1, 2, 3, …");
                break;
            }
    }
}

static bool has_members(const struct doc *d, const struct doc_node *n, enum columns_of of)
{
    const struct doc_node *inside = of == COLUMNS_EVENT ? doc_get(d, n, "properties") : NULL;
    return inside && inside->kind == DOC_SEQ;
}

static size_t columns_count(const struct doc *d, const struct doc_node *properties, enum columns_of of)
{
    size_t count = 0;
    for (const struct doc_node *n = properties ? doc_first(d, properties) : NULL; n; n = doc_next(d, n))
        count += 1 + (has_members(d, n, of) ? columns_count(d, doc_get(d, n, "properties"), of) : 0);
    return count;
}

static void columns_read(struct load *l, struct mesh_contract *c, const struct doc_node *properties, struct str within, enum columns_of of)
{
    const struct doc *d = c->doc;
    for (const struct doc_node *n = properties ? doc_first(d, properties) : NULL; n; n = doc_next(d, n)) {
        struct mesh_column *col = &c->columns[c->n_columns++];
        const struct doc_node *classification = doc_get(d, n, "classification");
        col->node = n;
        col->pos = pos_of(d, n);
        column_name(l, col, d, n, of);
        if (within.n)
            col->name = arena_printf(l->a, "%.*s.%.*s", STR_FMT(within), STR_FMT(col->name));
        column_type(l, col, d, n);
        col->description = doc_str(d, n, "description");
        col->business_name = doc_str(d, n, "businessName");
        col->class_text = doc_text(d, classification);
        col->class_ = build_class_of(l, d, classification);
        if (of == COLUMNS_EVENT && !classification)
            col->class_ = mesh_name_personal(mesh_normal_column(l->a, col->name)) ? CLASS_PERSONAL : CLASS_INTERNAL;
        col->required = doc_bool(d, n, "required", false);
        col->unique = doc_bool(d, n, "unique", false);
        col->primary_key = doc_bool(d, n, "primaryKey", false);
        col->key_position = (int)doc_int(d, n, "primaryKeyPosition", -1);
        if (has_members(d, n, of))
            columns_read(l, c, doc_get(d, n, "properties"), col->name, of);
    }
}

struct mesh_contract *build_contract(struct load *l, const struct doc *d, const struct doc_node *object, enum columns_of of)
{
    const struct doc_node *root = doc_root(d), *properties = doc_get(d, object, "properties");
    struct mesh_contract *c = arena_alloc(l->a, sizeof *c);
    c->doc = d;
    c->object = object;
    c->id = doc_str(d, root, "id");
    c->version = doc_str(d, root, "version");
    c->status = doc_str(d, root, "status");
    c->object_name = doc_str(d, object, "name");
    c->description = doc_str(d, object, "description");
    c->pos = pos_of(d, object);
    if (!c->description.n)
        c->description = doc_text(d, doc_path(d, root, "description.purpose"));
    c->columns = arena_array(l->a, columns_count(d, properties, of) + 1, sizeof *c->columns);
    columns_read(l, c, properties, (struct str){NULL, 0}, of);
    check_columns(l, c);
    build_check_quality(l, c);
    return c;
}

bool build_claim_id(struct load *l, struct table *ids, const struct doc *d, const struct doc_node *id, struct str what,
                    struct mesh_contract *contract)
{
    struct id_claim *claim = arena_alloc(l->a, sizeof *claim);
    *claim = (struct id_claim){pos_of(d, id), what, contract};
    const struct id_claim *first = table_put(ids, l->a, doc_text(d, id), claim);
    if (!first)
        return true;
    hint(at_value(l, E_DUPLICATE, d, id, "the id \"%.*s\" is already that of %.*s (%.*s:%u)", STR_FMT(doc_text(d, id)), STR_FMT(first->what),
                  STR_FMT(first->pos.file), first->pos.line),
         "ids are unique in a mesh; give this one its own");
    return false;
}

static bool number_of(struct str s, int64_t *v)
{
    return s.n > 0 && s.n < 7 && s.p[0] >= '0' && s.p[0] <= '9' && str_to_i64(s, v);
}

int build_major(struct str version)
{
    struct str minor, patch, extra;
    int64_t v[3];
    struct str major = str_cut(version, '.', &minor);
    if (!minor.p || !number_of(major, &v[0]) || !number_of(str_cut(minor, '.', &patch), &v[1]) || !patch.p)
        return MAJOR_NONE;
    for (size_t i = 0; i < patch.n; i++) /* pre-release and build marks do not change the major */
        if (patch.p[i] == '-' || patch.p[i] == '+') {
            patch.n = i;
            break;
        }
    if (!number_of(str_cut(patch, '.', &extra), &v[2]) || extra.p)
        return MAJOR_NONE;
    return (int)v[0];
}
