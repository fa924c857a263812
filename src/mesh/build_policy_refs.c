/* What grants and rules of policies point at: products, roles, purposes, and columns by a condition. */
#include "mesh/mesh_int.h"

#include "sql/sql.h"

struct mesh_strs refs_purposes(struct load *l, const struct doc *d, const struct doc_node *list)
{
    struct mesh_strs out = {0};
    for (const struct doc_node *n = list ? doc_first(d, list) : NULL; n; n = doc_next(d, n))
        (void)refs_purpose(l, d, n);
    out.v = text_list(l, d, list, &out.n);
    return out;
}

bool refs_purpose(struct load *l, const struct doc *d, const struct doc_node *n)
{
    struct str s = doc_text(d, n);
    if (!n || !l->mesh_file.doc || mesh_strs_have((struct mesh_strs){l->m->purposes, l->m->n_purposes}, s))
        return true;
    hint_nearest(at_value(l, E_DANGLING, d, n, "\"%.*s\" is no purpose of mesh.yaml", STR_FMT(s)), s, l->m->purposes, l->m->n_purposes);
    return false;
}

struct mesh_strs refs_roles(struct load *l, const struct doc *d, const struct doc_node *list)
{
    const struct mesh_policy *p = &l->m->policy;
    struct mesh_strs out = {0};
    struct str *names = arena_array(l->a, p->n_roles + 1, sizeof *names);
    bool unread = l->roles.path.p && !l->roles.doc; /* its own errors are told */
    for (size_t i = 0; i < p->n_roles; i++)
        names[i] = p->roles[i].name;
    for (const struct doc_node *n = list && !unread ? doc_first(d, list) : NULL; n; n = doc_next(d, n)) {
        struct str s = doc_text(d, n);
        if (str_eq(s, STR("*")) || mesh_strs_have((struct mesh_strs){names, p->n_roles}, s))
            continue;
        hint_nearest(at_value(l, E_DANGLING, d, n, "there is no role \"%.*s\" in governance/roles.yaml", STR_FMT(s)), s, names, p->n_roles);
    }
    out.v = text_list(l, d, list, &out.n);
    return out;
}

/* "*", "domain.*", "domain.product". `only`: the domain whose rule it is. */
static void product_check(struct load *l, const struct doc *d, const struct doc_node *n, const struct mesh_domain *only)
{
    struct str s = doc_text(d, n), name, domain = str_cut(s, '.', &name);
    bool whole = str_eq(s, STR("*"));
    if (only && (whole || !str_eq(domain, only->name))) {
        hint(at_value(l, E_OWNER, d, n, "a rule of the domain \"%.*s\" is for its own products, not for %s%.*s", STR_FMT(only->name), whole ? "all: " : "", STR_FMT(s)),
             "write %.*s.*, or move the rule to governance/policies.yaml", STR_FMT(only->name));
        return;
    }
    if (whole)
        return;
    if (name.p && str_eq(name, STR("*"))) {
        if (!mesh_find_domain(l->m, domain)) {
            struct str *names = arena_array(l->a, l->m->n_domains + 1, sizeof *names);
            for (size_t i = 0; i < l->m->n_domains; i++)
                names[i] = l->m->domains[i].name;
            hint_nearest(at_value(l, E_DANGLING, d, n, "there is no domain \"%.*s\", named in %.*s", STR_FMT(domain), STR_FMT(s)), domain, names, l->m->n_domains);
        }
        return;
    }
    (void)lookup_product(l, d, n, s);
}

struct mesh_strs refs_products(struct load *l, const struct doc *d, const struct doc_node *list, const struct mesh_domain *only)
{
    struct mesh_strs out = {0};
    for (const struct doc_node *n = list ? doc_first(d, list) : NULL; n; n = doc_next(d, n))
        product_check(l, d, n, only);
    out.v = text_list(l, d, list, &out.n);
    if (only && !out.n) {
        out.v = arena_array(l->a, out.n = 1, sizeof *out.v);
        out.v[0] = arena_printf(l->a, "%.*s.*", STR_FMT(only->name));
    }
    return out;
}

/* A product that is named by itself must have the columns in one of its ports: a rule that silently does nothing protects nobody. */
static void named_products(struct load *l, const struct doc *d, const struct doc_node *list, struct mesh_strs columns, const char *of)
{
    for (const struct doc_node *n = list ? doc_first(d, list) : NULL; n; n = doc_next(d, n)) {
        struct str name, domain = str_cut(doc_text(d, n), '.', &name);
        const struct mesh_product *p = name.p && !str_eq(name, STR("*")) ? mesh_find_product(l->m, domain, name) : NULL;
        bool found = !p, sound = true;
        for (size_t i = 0; p && i < p->n_ports; i++) {
            found = found || mesh_port_has_columns(p->ports[i], columns);
            sound = sound && lookup_sound(l, p->ports[i]);
        }
        if (!found && sound)
            hint(at_value(l, E_DANGLING, d, n, "no port of %.*s has the columns that %s compares", STR_FMT(doc_text(d, n)), of),
                 "its columns stand in its contracts; leave the product out, or change the condition");
    }
}

struct str refs_condition(struct load *l, const struct doc *d, const struct doc_node *n, struct mesh_strs products, const struct doc_node *named, const char *of, struct mesh_strs *columns)
{
    static struct str impossible[] = {{"", 0}};
    struct err e = {0};
    size_t fits = 0, in_reach = 0;
    struct str text = doc_text(d, n);
    *columns = (struct mesh_strs){NULL, 0};
    if (!n)
        return text;
    if (!l->parser || !sql_condition(l->parser, l->a, text, &columns->v, &columns->n, &e)) {
        if (l->parser)
            hint(at_value(l, e.code == E_SQL ? E_SQL : E_SQL_REFUSED, d, n, "%s is no condition that can be held: %s", of, e.text), "%s",
                 e.hint[0] ? e.hint : "write a condition over columns, such as country = 'DE'");
        *columns = (struct mesh_strs){impossible, 1}; /* not looked at: it holds for no port */
        return text;
    }
    if (!columns->n) {
        hint(at_value(l, E_SQL_REFUSED, d, n, "%s names no column", of), "compare a column of the rows, as in country = 'DE'");
        return text;
    }
    for (size_t i = 0; i < l->m->n_products; i++) {
        const struct mesh_product *p = l->m->products[i];
        for (size_t k = 0; k < p->n_ports && mesh_products_match(products, p); k++) {
            in_reach++;
            if (!mesh_port_has_columns(p->ports[k], *columns))
                continue;
            size_t before = l->es->n_errors;
            expression_check(l, d, n, p->ports[k], EXPRESSION_CONDITION);
            fits++;
            if (l->es->n_errors > before)
                return text; /* once is enough */
        }
    }
    named_products(l, d, named, *columns, of);
    if (!fits && in_reach) {
        struct err *w = errs_warn(l->es, E_DANGLING, d->file, n->line, n->col, "no port that %s is for has all its columns: it reaches nothing", of);
        hint(w, "check the names of the columns: %.*s%s", STR_FMT(columns->v[0]), columns->n > 1 ? ", …" : "");
    }
    return text;
}
