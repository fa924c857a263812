/* References from glossary, goals and dashboards to what the mesh declares: found, or reported with what was meant. A thing
 * whose own declaration has errors is not reported again. */
#include "mesh/mesh_int.h"

void lookup_open(struct load *l)
{
    for (size_t i = 0; i < l->es->n; i++)
        if (!l->es->warning[i])
            table_put(&l->wrong_files, l->a, arena_str(l->a, str_of(l->es->v[i].file)), l);
}

static bool is_wrong(const struct load *l, struct str file)
{
    return file.n && table_get(&l->wrong_files, file) != NULL;
}

bool lookup_sound(const struct load *l, const struct mesh_port *p)
{
    return p->contract && p->contract->n_columns && !is_wrong(l, p->contract->pos.file) && !is_wrong(l, p->product->pos.file);
}

/* Some product of the domain is declared wrong: what is missed may be what it would have had. */
static bool domain_is_wrong(const struct load *l, const struct mesh_domain *dom)
{
    const struct domain_files *f = l->domains;
    while (f < l->domains + l->n_domains && !str_eq(f->folder, dom->name))
        f++;
    for (size_t i = 0; f < l->domains + l->n_domains && i < f->n_products; i++)
        if (!f->products[i].product.doc || is_wrong(l, f->products[i].product.path))
            return true;
    return false;
}

static void no_domain(struct load *l, const struct doc *d, const struct doc_node *at, struct str name, struct str ref)
{
    struct mesh *m = l->m;
    struct str *names = arena_array(l->a, m->n_domains + 1, sizeof *names);
    for (size_t i = 0; i < m->n_domains; i++)
        names[i] = m->domains[i].name;
    struct err *e = at_value(l, E_DANGLING, d, at, "there is no domain \"%.*s\", named in %.*s", STR_FMT(name), STR_FMT(ref));
    hint_nearest(e, name, names, m->n_domains);
    if (e && !e->hint[0])
        hint(e, "write the domain first, as in acquisition.%.*s", STR_FMT(ref));
}

struct mesh_domain *lookup_domain(struct load *l, const struct doc *d, const struct doc_node *at, struct str name)
{
    struct mesh *m = l->m;
    struct mesh_domain *dom = mesh_find_domain(m, name);
    if (dom)
        return dom;
    struct str *names = arena_array(l->a, m->n_domains + 1, sizeof *names);
    for (size_t i = 0; i < m->n_domains; i++)
        names[i] = m->domains[i].name;
    struct err *e = at_value(l, E_DANGLING, d, at, "there is no domain \"%.*s\"", STR_FMT(name));
    hint_nearest(e, name, names, m->n_domains);
    if (e && !e->hint[0])
        hint(e, "name a folder of domains/");
    return NULL;
}

/* Splits domain.name; reports a name without its domain, and a domain that is not there. */
static struct mesh_domain *domain_of(struct load *l, const struct doc *d, const struct doc_node *at, struct str ref, const char *what, struct str *name)
{
    struct str domain = str_cut(ref, '.', name);
    if (!name->p || !name->n) {
        hint(at_value(l, E_DANGLING, d, at, "\"%.*s\" names a %s without its domain", STR_FMT(ref), what), "write domain.%.*s", STR_FMT(domain));
        return NULL;
    }
    struct mesh_domain *dom = mesh_find_domain(l->m, domain);
    if (!dom)
        no_domain(l, d, at, domain, ref);
    return dom;
}

struct mesh_port *lookup_port(struct load *l, const struct doc *d, const struct doc_node *at, struct str ref)
{
    struct mesh_port *p = table_get(&l->w->ports, ref);
    struct str name;
    if (p || table_get(&l->broken, ref))
        return p;
    struct mesh_domain *dom = domain_of(l, d, at, ref, "port", &name);
    if (!dom || domain_is_wrong(l, dom))
        return NULL;
    struct err *e = at_value(l, E_DANGLING, d, at, "there is no port %.*s", STR_FMT(ref));
    size_t n = 0, most = 0;
    for (size_t i = 0; i < dom->n_products; i++)
        most += dom->products[i]->n_ports;
    struct str *refs = arena_array(l->a, most + 1, sizeof *refs);
    for (size_t i = 0; i < dom->n_products; i++)
        for (size_t k = 0; k < dom->products[i]->n_ports; k++)
            refs[n++] = dom->products[i]->ports[k]->ref;
    hint_nearest(e, ref, refs, n);
    if (e && !e->hint[0])
        hint(e, n ? "the ports of a domain stand in its catalog page" : "that domain has no ports yet");
    return NULL;
}

const struct mesh_column *lookup_column(struct load *l, const struct doc *d, const struct doc_node *at, const struct mesh_port *p, struct str name)
{
    const struct mesh_contract *c = p->contract;
    if (!lookup_sound(l, p))
        return NULL;
    struct str *names = arena_array(l->a, c->n_columns + 1, sizeof *names);
    for (size_t i = 0; i < c->n_columns; i++) {
        names[i] = c->columns[i].name;
        if (str_eq(names[i], name))
            return &c->columns[i];
    }
    struct err *e = at_value(l, E_DANGLING, d, at, "the port %.*s has no column \"%.*s\"", STR_FMT(p->ref), STR_FMT(name));
    hint_nearest(e, name, names, c->n_columns);
    if (e && !e->hint[0])
        hint(e, "its columns stand in %.*s", STR_FMT(c->pos.file));
    return NULL;
}

struct mesh_product *lookup_product(struct load *l, const struct doc *d, const struct doc_node *at, struct str ref)
{
    struct str name;
    struct mesh_domain *dom = domain_of(l, d, at, ref, "product", &name);
    struct mesh_product *p = dom ? mesh_find_product(l->m, dom->name, name) : NULL;
    if (!dom || p)
        return p;
    if (domain_is_wrong(l, dom))
        return NULL;
    struct str *refs = arena_array(l->a, dom->n_products + 1, sizeof *refs);
    for (size_t i = 0; i < dom->n_products; i++)
        refs[i] = arena_printf(l->a, "%.*s.%.*s", STR_FMT(dom->name), STR_FMT(dom->products[i]->name));
    struct err *e = at_value(l, E_DANGLING, d, at, "there is no product %.*s", STR_FMT(ref));
    hint_nearest(e, ref, refs, dom->n_products);
    if (e && !e->hint[0])
        hint(e, "name a folder of domains/%.*s/products", STR_FMT(dom->name));
    return NULL;
}

bool column_is_time(const struct mesh_column *c)
{
    return str_eq(c->physical_type, STR("DATE")) || str_starts(c->physical_type, STR("TIMESTAMP"));
}

bool column_is_number(const struct mesh_column *c)
{
    static const char *const words[] = {"DECIMAL", "DOUBLE", "FLOAT", "BIGINT", "INTEGER", "SMALLINT", "TINYINT", "HUGEINT", "UBIGINT", "UINTEGER", "USMALLINT", "UTINYINT", "UHUGEINT"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (str_starts(c->physical_type, str_of(words[i])))
            return !str_ends(c->physical_type, STR("]"));
    return false;
}
