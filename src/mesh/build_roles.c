/* Second stage: governance/roles.yaml. The role admin is built in: without the file it is the only one. */
#include "mesh/mesh_int.h"

static struct mesh_strs one(struct load *l, struct str s)
{
    struct str *v = arena_array(l->a, 1, sizeof *v);
    v[0] = s;
    return (struct mesh_strs){v, 1};
}

static void role_admin(struct load *l, struct mesh_role *r)
{
    *r = (struct mesh_role){.name = STR("admin"), .title = STR("Administrator"), .about = STR("Built in: every right, and every product with personal values masked"), .admin = true};
    r->grants = arena_array(l->a, 1, sizeof *r->grants);
    r->grants[r->n_grants++] = (struct mesh_grant){.products = one(l, STR("*")), .purposes = {l->m->purposes, l->m->n_purposes}, .tier = TIER_MASKED};
    r->rights = arena_array(l->a, RIGHTS, sizeof *r->rights);
    for (int k = 0; k < RIGHTS; k++)
        r->rights[r->n_rights++] = (struct mesh_role_right){.right = (enum mesh_right)k, .everywhere = true};
}

static int word_of(const struct doc *d, const struct doc_node *n, const char *(*text)(int), int count)
{
    for (int i = 0; i < count; i++)
        if (str_eq(doc_text(d, n), str_of(text(i))))
            return i;
    return 0;
}

static const char *tier_text(int i)
{
    return mesh_tier_text((enum mesh_tier)i);
}

static const char *right_text(int i)
{
    return mesh_right_text((enum mesh_right)i);
}

static void grant_read(struct load *l, const struct doc *d, const struct doc_node *n, const struct mesh_role *r, struct mesh_grant *g)
{
    const struct doc_node *products = doc_get(d, n, "products"), *purposes = doc_get(d, n, "purposes");
    g->pos = pos_of(d, n);
    g->products = refs_products(l, d, products, NULL);
    g->tier = (enum mesh_tier)word_of(d, doc_get(d, n, "tier"), tier_text, TIER_RAW + 1);
    g->purposes = purposes ? refs_purposes(l, d, purposes) : one(l, STR("analytics"));
    if (!purposes && !mesh_strs_have((struct mesh_strs){l->m->purposes, l->m->n_purposes}, STR("analytics")) && l->mesh_file.doc)
        hint(at_value(l, E_MISSING_KEY, d, n, "this grant names no purpose, and mesh.yaml knows no purpose analytics"), "add purposes: with purposes of mesh.yaml");
    g->rows = refs_condition(l, d, doc_get(d, n, "rows"), g->products, products, arena_strz(l->a, arena_printf(l->a, "rows of the role \"%.*s\"", STR_FMT(r->name))), &g->rows_columns);
}

static void right_read(struct load *l, const struct doc *d, const struct doc_node *n, struct mesh_role_right *r)
{
    const struct doc_node *domains = doc_get(d, n, "domains");
    struct str *names = arena_array(l->a, l->m->n_domains + 1, sizeof *names);
    r->pos = pos_of(d, n);
    r->right = (enum mesh_right)word_of(d, doc_get(d, n, "right"), right_text, RIGHTS);
    r->everywhere = domains == NULL;
    r->domains.v = text_list(l, d, domains, &r->domains.n);
    for (size_t i = 0; i < l->m->n_domains; i++)
        names[i] = l->m->domains[i].name;
    for (const struct doc_node *x = domains ? doc_first(d, domains) : NULL; x; x = doc_next(d, x))
        if (!mesh_find_domain(l->m, doc_text(d, x)))
            hint_nearest(at_value(l, E_DANGLING, d, x, "there is no domain \"%.*s\"", STR_FMT(doc_text(d, x))), doc_text(d, x), names, l->m->n_domains);
}

static size_t listed(const struct doc_node *list)
{
    return list ? list->n_children : 0;
}

static void role_read(struct load *l, const struct doc *d, const struct doc_node *n, struct mesh_role *r)
{
    const struct doc_node *grants = doc_get(d, n, "grants"), *rights = doc_get(d, n, "rights"), *title = doc_get(d, n, "title");
    r->pos = pos_of(d, n);
    r->name = doc_str(d, n, "name");
    r->title = title ? doc_text(d, title) : r->name;
    r->about = doc_str(d, n, "about");
    r->groups.v = text_list(l, d, doc_get(d, n, "groups"), &r->groups.n);
    r->grants = arena_array(l->a, listed(grants) + 1, sizeof *r->grants);
    for (const struct doc_node *g = grants ? doc_first(d, grants) : NULL; g; g = doc_next(d, g))
        grant_read(l, d, g, r, &r->grants[r->n_grants++]);
    r->rights = arena_array(l->a, listed(rights) + 1, sizeof *r->rights);
    for (const struct doc_node *g = rights ? doc_first(d, rights) : NULL; g; g = doc_next(d, g))
        right_read(l, d, g, &r->rights[r->n_rights++]);
}

void build_roles(struct load *l)
{
    const struct doc *d = l->roles.doc;
    const struct doc_node *list = d ? doc_get(d, doc_root(d), "roles") : NULL;
    struct mesh_policy *p = &l->m->policy;
    struct table seen = {0};
    p->roles = arena_array(l->a, listed(list) + 1, sizeof *p->roles);
    role_admin(l, &p->roles[p->n_roles++]);
    for (const struct doc_node *n = list ? doc_first(d, list) : NULL; n; n = doc_next(d, n)) {
        const struct doc_node *name = doc_get(d, n, "name");
        struct mesh_role *r = &p->roles[p->n_roles++];
        role_read(l, d, n, r);
        if (str_eq(r->name, p->roles[0].name)) {
            hint(at_value(l, E_NAME, d, name, "the role \"admin\" is built in and cannot be declared"), "choose another name");
            continue;
        }
        const struct mesh_role *first = check_name(l, d, name, "role") ? table_put(&seen, l->a, r->name, r) : NULL;
        if (first)
            hint(at_value(l, E_DUPLICATE, d, name, "the role \"%.*s\" stands twice; first in line %u", STR_FMT(r->name), first->pos.line), "rename one of them");
    }
}
