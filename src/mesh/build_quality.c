/* Second stage: what a contract says beside its columns must name things that it has: columns in quality rules and SLA items,
 * ids that are given once, keys of equal length in relationships. */
#include "mesh/mesh_int.h"

struct scope {
    struct load *l;
    const struct doc *d;
    const struct mesh_contract *c;
    struct str *names; /* of the columns */
};

static bool is_column(const struct scope *s, struct str name)
{
    for (size_t i = 0; i < s->c->n_columns; i++)
        if (str_eq(s->names[i], name))
            return true;
    return false;
}

static void dangling_column(const struct scope *s, const struct doc_node *n, struct str name, const char *where)
{
    hint_nearest(at_value(s->l, E_CONTRACT, s->d, n, "%s names \"%.*s\", which is not a column of \"%.*s\"", where, STR_FMT(name),
                          STR_FMT(s->c->object_name)),
                 name, s->names, s->c->n_columns);
}

static void rule_columns(const struct scope *s, const struct doc_node *rule)
{
    const struct doc_node *arguments = doc_get(s->d, rule, "arguments");
    const struct doc_node *list = arguments && arguments->kind == DOC_MAP ? doc_get(s->d, arguments, "properties") : NULL;
    for (const struct doc_node *n = list && list->kind == DOC_SEQ ? doc_first(s->d, list) : NULL; n; n = doc_next(s->d, n))
        if (!is_column(s, doc_text(s->d, n)))
            dangling_column(s, n, doc_text(s->d, n), "the quality rule");
}

static void rules(const struct scope *s, const struct doc_node *owner)
{
    struct table ids = {0};
    const struct doc_node *list = doc_get(s->d, owner, "quality");
    for (const struct doc_node *rule = list ? doc_first(s->d, list) : NULL; rule; rule = doc_next(s->d, rule)) {
        const struct doc_node *id = doc_get(s->d, rule, "id");
        const struct doc_node *first = id ? table_put(&ids, s->l->a, doc_text(s->d, id), (void *)(uintptr_t)id) : NULL;
        if (first)
            hint(at_value(s->l, E_DUPLICATE, s->d, id, "two quality rules have the id \"%.*s\"; the first is in line %u", STR_FMT(doc_text(s->d, id)), first->line),
                 "give each rule of a list its own id");
        rule_columns(s, rule);
    }
}

static void relationships(const struct scope *s, const struct doc_node *owner)
{
    const struct doc_node *list = doc_get(s->d, owner, "relationships");
    for (const struct doc_node *r = list ? doc_first(s->d, list) : NULL; r; r = doc_next(s->d, r)) {
        const struct doc_node *from = doc_get(s->d, r, "from"), *to = doc_get(s->d, r, "to");
        if (from && to && from->kind == DOC_SEQ && to->kind == DOC_SEQ && from->n_children != to->n_children)
            hint(at_value(s->l, E_CONTRACT, s->d, to, "the relationship leads from %u columns to %u", from->n_children, to->n_children),
                 "name as many columns in to as in from");
    }
}

/* element: "table.column", "column", or several with commas. Of a table that is another object of the contract nothing is said. */
static void sla_element(const struct scope *s, const struct doc_node *n)
{
    for (struct str rest = doc_text(s->d, n); rest.p;) {
        struct str column, part = str_trim(str_cut(rest, ',', &rest)), table = str_cut(part, '.', &column);
        if (!column.p)
            column = part;
        else if (!str_eq(table, s->c->object_name))
            continue;
        if (!is_column(s, column) && !str_eq(column, s->c->object_name))
            dangling_column(s, n, column, "the SLA item");
    }
}

void build_check_quality(struct load *l, const struct mesh_contract *c)
{
    const struct doc_node *schema = doc_get(c->doc, doc_root(c->doc), "schema");
    struct scope s = {l, c->doc, c, arena_array(l->a, c->n_columns + 1, sizeof(struct str))};
    for (size_t i = 0; i < c->n_columns; i++)
        s.names[i] = c->columns[i].name;
    rules(&s, c->object);
    relationships(&s, c->object);
    for (size_t i = 0; i < c->n_columns; i++) {
        rules(&s, c->columns[i].node);
        relationships(&s, c->columns[i].node);
    }
    if (schema->n_children != 1)
        return;
    const struct doc_node *sla = doc_get(c->doc, doc_root(c->doc), "slaProperties");
    for (const struct doc_node *item = sla ? doc_first(c->doc, sla) : NULL; item; item = doc_next(c->doc, item))
        if (doc_get(c->doc, item, "element"))
            sla_element(&s, doc_get(c->doc, item, "element"));
}
