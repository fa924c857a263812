/* Second stage: who does what in a domain. Roles come with the domain's own file; the RACI names its products, so it is read
 * when they are known. */
#include "mesh/mesh_int.h"

void build_people(struct load *l, const struct doc *d, struct mesh_domain *dom)
{
    const struct doc_node *root = doc_root(d), *roles = doc_get(d, root, "roles");
    dom->light = str_eq(doc_str(d, root, "profile"), STR("light"));
    if (!roles)
        return;
    dom->roles = arena_array(l->a, roles->n_children + 1, sizeof *dom->roles);
    for (const struct doc_node *n = doc_first(d, roles); n; n = doc_next(d, n)) {
        struct mesh_person p = person_of(d, n);
        for (size_t i = 0; i < dom->n_roles; i++)
            if (str_eq(dom->roles[i].role, p.role) && str_eq(dom->roles[i].name, p.name))
                hint(at_value(l, E_DUPLICATE, d, n, "%.*s has the role %.*s twice", STR_FMT(p.name), STR_FMT(p.role)), "keep one of the two");
        dom->roles[dom->n_roles++] = p;
    }
}

/* The product is there, though its errors keep it from being one of the domain's. */
static bool product_is_broken(struct load *l, const struct mesh_domain *dom, struct str name)
{
    for (size_t i = 0; i < l->n_domains; i++)
        for (size_t k = 0; str_eq(l->domains[i].folder, dom->name) && k < l->domains[i].n_products; k++)
            if (str_eq(l->domains[i].products[k].folder, name))
                return true;
    return false;
}

static void check_product(struct load *l, const struct doc *d, const struct doc_node *at, const struct mesh_domain *dom)
{
    struct str name = doc_text(d, at);
    struct str *names = arena_array(l->a, dom->n_products + 1, sizeof *names);
    for (size_t i = 0; i < dom->n_products; i++) {
        names[i] = dom->products[i]->name;
        if (str_eq(names[i], name))
            return;
    }
    if (product_is_broken(l, dom, name))
        return;
    struct err *e = at_value(l, E_DANGLING, d, at, "the domain \"%.*s\" has no product \"%.*s\"", STR_FMT(dom->name), STR_FMT(name));
    if (dom->n_products)
        hint_nearest(e, name, names, dom->n_products);
    if (e && !e->hint[0])
        hint(e, "name a folder of domains/%.*s/products", STR_FMT(dom->name));
}

void build_raci(struct load *l, const struct doc *d, struct mesh_domain *dom)
{
    const struct doc_node *raci = doc_get(d, doc_root(d), "raci");
    if (!raci)
        return;
    dom->raci = arena_array(l->a, raci->n_children + 1, sizeof *dom->raci);
    for (const struct doc_node *n = doc_first(d, raci); n; n = doc_next(d, n)) {
        struct mesh_raci *r = &dom->raci[dom->n_raci];
        const struct doc_node *product = doc_get(d, n, "product"), *accountable = doc_get(d, n, "accountable");
        *r = (struct mesh_raci){.product = doc_text(d, product), .pos = pos_of(d, n)};
        r->responsible = text_list(l, d, doc_get(d, n, "responsible"), &r->n_responsible);
        r->accountable = text_list(l, d, accountable, &r->n_accountable);
        r->consulted = text_list(l, d, doc_get(d, n, "consulted"), &r->n_consulted);
        r->informed = text_list(l, d, doc_get(d, n, "informed"), &r->n_informed);
        check_product(l, d, product, dom);
        if (r->n_accountable == 0)
            hint(at_value(l, E_OWNER, d, n, "nobody is accountable for \"%.*s\"", STR_FMT(r->product)), "add accountable: with exactly one name");
        else if (r->n_accountable > 1)
            hint(at_key(l, E_OWNER, d, accountable, "%zu are accountable for \"%.*s\", and so nobody is", r->n_accountable, STR_FMT(r->product)),
                 "keep one, and name the others as responsible or consulted");
        for (size_t i = 0; i < dom->n_raci; i++)
            if (str_eq(dom->raci[i].product, r->product))
                hint(at_value(l, E_DUPLICATE, d, product, "\"%.*s\" stands twice here; first in line %u", STR_FMT(r->product), dom->raci[i].pos.line),
                     "merge the two");
        dom->n_raci++;
    }
}
