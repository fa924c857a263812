/* Second stage: governance/policies.yaml and the policies.yaml of domains. Rules of domains stand before those of the mesh. */
#include "mesh/mesh_int.h"

#include "mesh/units.h"

enum { MINIMUM_DEFAULT = 10, QUESTIONS_DEFAULT = 500 };

/* One file: of a domain, or of the mesh (domain NULL). */
struct policy_file { const struct doc *d; struct mesh_domain *domain; };

static const struct doc_node *list_of(const struct policy_file *f, const char *key)
{
    return f->d ? doc_get(f->d, doc_root(f->d), key) : NULL;
}

static size_t listed(const struct policy_file *files, size_t n, const char *key)
{
    size_t most = 0;
    for (size_t i = 0; i < n; i++)
        most += list_of(&files[i], key) ? list_of(&files[i], key)->n_children : 0;
    return most + 1;
}

static enum mesh_class class_of(const struct doc *d, const struct doc_node *n)
{
    static const enum mesh_class known[] = {CLASS_CONFIDENTIAL, CLASS_PERSONAL, CLASS_SENSITIVE};
    for (size_t i = 0; n && i < sizeof known / sizeof known[0]; i++)
        if (str_eq(doc_text(d, n), str_of(mesh_class_text(known[i]))))
            return known[i];
    return CLASS_UNSET;
}

static void scope_read(struct load *l, const struct policy_file *f, const struct doc_node *n, struct mesh_scope *s)
{
    s->products = refs_products(l, f->d, doc_get(f->d, n, "products"), f->domain);
    s->roles = refs_roles(l, f->d, doc_get(f->d, n, "roles"));
    s->columns.v = text_list(l, f->d, doc_get(f->d, n, "columns"), &s->columns.n);
    s->class_ = class_of(f->d, doc_get(f->d, n, "classification"));
}

/* The name of a rule, once in its list. */
static struct str name_read(struct load *l, const struct policy_file *f, const struct doc_node *n, struct table *seen)
{
    const struct doc_node *name = doc_get(f->d, n, "name");
    struct str s = doc_text(f->d, name);
    if (!check_name(l, f->d, name, "rule"))
        return s;
    if (str_eq(s, STR("default")))
        hint(at_value(l, E_NAME, f->d, name, "\"default\" is what holds without a rule, and cannot be the name of one"), "choose another name");
    const struct doc_node *first = table_put(seen, l->a, s, (void *)(uintptr_t)n);
    if (first)
        hint(at_value(l, E_DUPLICATE, f->d, name, "the rule \"%.*s\" stands twice; first in line %u", STR_FMT(s), first->line), "rename one of them");
    return s;
}

/* ---- masks ---- */

static enum mesh_mask mask_of(const struct doc *d, const struct doc_node *n)
{
    for (int k = MASK_NONE; k <= MASK_NULL; k++)
        if (str_eq(doc_text(d, n), str_of(mesh_mask_text((enum mesh_mask)k))))
            return (enum mesh_mask)k;
    return MASK_REDACT;
}

static bool contract_hit(const struct mesh_scope *s, const struct mesh_contract *c)
{
    for (size_t i = 0; c && i < c->n_columns; i++)
        if (mesh_columns_match(s->columns, c->columns[i].name))
            return true;
    return false;
}

/* A rule for columns that nobody has is most likely mistyped. */
static void warn_unused(struct load *l, const struct policy_file *f, const struct doc_node *n, const struct mesh_mask_rule *r)
{
    const struct mesh *m = l->m;
    bool hit = r->scope.columns.n == 0;
    for (size_t i = 0; i < m->n_products && !hit; i++)
        for (size_t k = 0; k < m->products[i]->n_ports && mesh_products_match(r->scope.products, m->products[i]) && !hit; k++)
            hit = contract_hit(&r->scope, m->products[i]->ports[k]->contract);
    for (size_t i = 0; i < m->n_streams && !hit; i++)
        hit = mesh_products_cover(r->scope.products, m->streams[i]->source->domain) && contract_hit(&r->scope, m->streams[i]->contract);
    const struct doc_node *columns = doc_get(f->d, n, "columns");
    if (!hit && l->es->n_errors == 0)
        hint(errs_warn(l->es, E_DANGLING, f->d->file, columns->line, columns->col, "no column that the rule \"%.*s\" is for is called so: it masks nothing", STR_FMT(r->name)),
             "check the names; * stands for any text, as in \"*_email\"");
}

static void masks_read(struct load *l, const struct policy_file *f)
{
    struct table seen = {0};
    const struct doc_node *list = list_of(f, "masks");
    for (const struct doc_node *n = list ? doc_first(f->d, list) : NULL; n; n = doc_next(f->d, n)) {
        const struct doc_node *mask = doc_get(f->d, n, "mask"), *to = doc_get(f->d, n, "to");
        struct mesh_mask_rule *r = &l->m->policy.masks[l->m->policy.n_masks++];
        *r = (struct mesh_mask_rule){.domain = f->domain, .name = name_read(l, f, n, &seen), .mask = mask_of(f->d, mask), .to = doc_text(f->d, to), .pos = pos_of(f->d, n)};
        scope_read(l, f, n, &r->scope);
        if (r->mask == MASK_GENERALISE && !to)
            hint(at_value(l, E_MISSING_KEY, f->d, n, "the rule \"%.*s\" makes values general and does not say how far", STR_FMT(r->name)), "add to: day, month, year, decade, prefix2 or age_band");
        if (r->mask != MASK_GENERALISE && to)
            hint(at_key(l, E_SCHEMA, f->d, to, "to says how far generalise goes, and the mask is %.*s", STR_FMT(doc_text(f->d, mask))), "remove it, or write mask: generalise");
        warn_unused(l, f, n, r);
    }
}

/* ---- rows, tiers, retention ---- */

static void rows_read(struct load *l, const struct policy_file *f)
{
    struct table seen = {0};
    const struct doc_node *list = list_of(f, "rows");
    for (const struct doc_node *n = list ? doc_first(f->d, list) : NULL; n; n = doc_next(f->d, n)) {
        struct mesh_rows_rule *r = &l->m->policy.rows[l->m->policy.n_rows++];
        *r = (struct mesh_rows_rule){.domain = f->domain, .name = name_read(l, f, n, &seen), .pos = pos_of(f->d, n)};
        scope_read(l, f, n, &r->scope);
        r->where = refs_condition(l, f->d, doc_get(f->d, n, "where"), r->scope.products, doc_get(f->d, n, "products"),
                                  arena_strz(l->a, arena_printf(l->a, "where of the rule \"%.*s\"", STR_FMT(r->name))), &r->where_columns);
    }
}

static void tiers_read(struct load *l, const struct policy_file *f)
{
    struct table seen = {0};
    const struct doc_node *list = list_of(f, "tiers");
    for (const struct doc_node *n = list ? doc_first(f->d, list) : NULL; n; n = doc_next(f->d, n)) {
        struct mesh_tier_rule *r = &l->m->policy.tiers[l->m->policy.n_tiers++];
        *r = (struct mesh_tier_rule){.domain = f->domain, .name = name_read(l, f, n, &seen), .at_most = TIER_TEST, .pos = pos_of(f->d, n)};
        scope_read(l, f, n, &r->scope);
        for (int t = TIER_TEST; t <= TIER_RAW; t++)
            if (str_eq(doc_str(f->d, n, "at_most"), str_of(mesh_tier_text((enum mesh_tier)t))))
                r->at_most = (enum mesh_tier)t;
    }
}

static void retention_read(struct load *l, const struct policy_file *f)
{
    struct table seen = {0};
    const struct doc_node *list = list_of(f, "retention");
    for (const struct doc_node *n = list ? doc_first(f->d, list) : NULL; n; n = doc_next(f->d, n)) {
        struct mesh_retention *r = &l->m->policy.retention[l->m->policy.n_retention++];
        *r = (struct mesh_retention){.domain = f->domain, .name = name_read(l, f, n, &seen), .purpose = doc_str(f->d, n, "purpose"), .pos = pos_of(f->d, n)};
        scope_read(l, f, n, &r->scope);
        (void)refs_purpose(l, f->d, doc_get(f->d, n, "purpose"));
        (void)unit_seconds(doc_str(f->d, n, "keep"), &r->keep_s);
        r->anonymise = str_eq(doc_str(f->d, n, "action"), STR("anonymise"));
    }
}

/* ---- what only stands once ---- */

static void small_groups_read(struct load *l, const struct policy_file *f)
{
    struct mesh_policy *p = &l->m->policy;
    const struct doc_node *n = list_of(f, "small_groups");
    const struct mesh_small_groups otherwise = {.minimum = MINIMUM_DEFAULT, .questions_per_day = QUESTIONS_DEFAULT};
    const struct mesh_small_groups *base = f->domain ? &p->small_groups[0] : &otherwise;
    if (!n && f->domain)
        return;
    struct mesh_small_groups *to = &p->small_groups[p->n_small_groups++];
    *to = (struct mesh_small_groups){.domain = f->domain, .minimum = base->minimum, .questions_per_day = base->questions_per_day};
    if (!n)
        return;
    to->pos = pos_of(f->d, n);
    to->minimum = (int)doc_int(f->d, n, "minimum", to->minimum);
    to->questions_per_day = (int)doc_int(f->d, n, "questions_per_day", to->questions_per_day);
}

static void only_of_the_mesh(struct load *l, const struct policy_file *f)
{
    static const char *const keys[] = {"consent", "unclassified", "audit", "approvals"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (list_of(f, keys[i]))
            hint(at_key(l, E_OWNER, f->d, list_of(f, keys[i]), "%s holds for the whole mesh, and only governance/policies.yaml says it", keys[i]), "remove it here");
}

static void approvals_read(struct load *l, const struct policy_file *f)
{
    struct mesh_policy *p = &l->m->policy;
    struct table seen = {0};
    const struct doc_node *list = list_of(f, "approvals");
    p->approvals = arena_array(l->a, listed(f, 1, "approvals"), sizeof *p->approvals);
    for (const struct doc_node *n = list ? doc_first(f->d, list) : NULL; n; n = doc_next(f->d, n)) {
        const struct doc_node *change = doc_get(f->d, n, "change"), *of = doc_get(f->d, n, "of");
        struct mesh_approval_rule *r = &p->approvals[p->n_approvals++];
        *r = (struct mesh_approval_rule){.change = doc_text(f->d, change), .needs = (int)doc_int(f->d, n, "needs", 1), .of = RIGHT_APPROVE, .pos = pos_of(f->d, n)};
        for (int k = 0; of && k < RIGHTS; k++)
            if (str_eq(doc_text(f->d, of), str_of(mesh_right_text((enum mesh_right)k))))
                r->of = (enum mesh_right)k;
        if (table_put(&seen, l->a, r->change, r))
            hint(at_value(l, E_DUPLICATE, f->d, change, "changes that are %.*s have two rules", STR_FMT(r->change)), "keep one of them");
    }
}

static void whole_read(struct load *l, const struct policy_file *f)
{
    struct mesh_policy *p = &l->m->policy;
    const struct doc_node *consent = list_of(f, "consent"), *unclassified = list_of(f, "unclassified"), *audit = list_of(f, "audit");
    p->consent_rows = !consent || doc_bool(f->d, consent, "rows", true);
    p->unclassified_fails = !unclassified || !str_eq(doc_text(f->d, unclassified), STR("warn"));
    p->consent_pos = consent ? pos_of(f->d, consent) : (struct mesh_pos){STR(""), 0, 0};
    p->unclassified_pos = unclassified ? pos_of(f->d, unclassified) : (struct mesh_pos){STR(""), 0, 0};
    if (audit)
        (void)unit_seconds(doc_str(f->d, audit, "keep"), &p->audit_keep_s);
    approvals_read(l, f);
}

void build_policies(struct load *l)
{
    struct mesh_policy *p = &l->m->policy;
    size_t n = l->n_domains + 1;
    struct policy_file *files = arena_array(l->a, n, sizeof *files);
    for (size_t i = 0; i < l->n_domains; i++)
        files[i] = (struct policy_file){l->domains[i].policies.doc, &l->m->domains[i]};
    files[n - 1] = (struct policy_file){l->policies.doc, NULL};
    p->masks = arena_array(l->a, listed(files, n, "masks"), sizeof *p->masks);
    p->rows = arena_array(l->a, listed(files, n, "rows"), sizeof *p->rows);
    p->tiers = arena_array(l->a, listed(files, n, "tiers"), sizeof *p->tiers);
    p->retention = arena_array(l->a, listed(files, n, "retention"), sizeof *p->retention);
    p->small_groups = arena_array(l->a, n, sizeof *p->small_groups);
    small_groups_read(l, &files[n - 1]);
    whole_read(l, &files[n - 1]);
    for (size_t i = 0; i < n; i++) {
        if (files[i].domain) {
            small_groups_read(l, &files[i]);
            only_of_the_mesh(l, &files[i]);
        }
        masks_read(l, &files[i]);
        rows_read(l, &files[i]);
        tiers_read(l, &files[i]);
        retention_read(l, &files[i]);
    }
}
