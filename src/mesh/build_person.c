/* Second stage: the column of a port that says whose row it is: the one with trellisPerson, else customer_id; else evidence ties it to somebody, or the key of a landed contact. */
#include "mesh/mesh_int.h"

static const struct own_property column_properties[] = {{"trellisPerson", DOC_BOOL, "true or false"}, {NULL, DOC_NULL, NULL}};

void build_person_column(struct load *l, struct mesh_port *p)
{
    const struct mesh_contract *c = p->contract;
    const struct mesh_column *by_name = NULL, *marked = NULL;
    bool evidence = false, contact = false, statements = false;
    for (size_t i = 0; c && i < c->n_columns; i++) {
        const struct mesh_column *col = &c->columns[i];
        bool good = build_own_properties(l, c->doc, col->node, column_properties);
        const struct doc_node *mark = good ? custom_get(c->doc, col->node, "trellisPerson") : NULL;
        if (str_eq(col->name, STR("customer_id")) && !(mark && !mark->v.b))
            by_name = col;
        evidence = evidence || (str_eq(col->name, STR("evidence")) && (str_eq(col->logical_type, STR("integer")) || str_eq(col->physical_type, STR("BIGINT"))));
        contact = contact || (str_eq(col->name, STR("contact_key")) && str_eq(col->logical_type, STR("string")));
        statements = statements || str_eq(col->name, STR("consent_category"));
        if (!mark || !mark->v.b)
            continue;
        if (marked)
            hint(at_value(l, E_DUPLICATE, c->doc, mark, "two columns of \"%.*s\" say trellisPerson; the first is \"%.*s\"", STR_FMT(p->name), STR_FMT(marked->name)),
                 "one column tells whose row it is");
        marked = marked ? marked : col;
    }
    p->person_column = marked ? marked->name : by_name ? by_name->name : STR("");
    bool numbered = !marked && by_name && p->materialization != MATERIALIZED_IDENTITY && !str_eq(p->by_key, by_name->name); /* what is kept up by customer has ids of ours; a platform's own say nothing about consent */
    p->by_contact = (p->person_column.n == 0 || numbered) && !evidence && contact && !statements;
    p->by_evidence = (p->person_column.n == 0 || numbered) && evidence && !statements; /* what people say about consent is read whatever they said */
}
