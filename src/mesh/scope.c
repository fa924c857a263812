/* What rules of roles.yaml and policies.yaml reach, and their words. Pure: shared by the loader and by the gate's policy. */
#include "mesh/mesh.h"

enum { GENERALISE_STEPS = 10 };

static const char *const tiers[] = {[TIER_NONE] = "none", [TIER_TEST] = "test", [TIER_AGGREGATED] = "aggregated", [TIER_MASKED] = "masked", [TIER_RAW] = "raw"};
static const char *const masks[] = {
    [MASK_NONE] = "none", [MASK_PARTIAL] = "partial", [MASK_GENERALISE] = "generalise", [MASK_TOKENISE] = "tokenise",
    [MASK_HASH] = "hash", [MASK_REDACT] = "redact",   [MASK_NULL] = "null",
};
static const char *const rights[] = {
#define X(id, text) [RIGHT_##id] = text,
    MESH_RIGHTS(X)
#undef X
};
static const char *const class_words[] = {
    [CLASS_UNSET] = "", [CLASS_PUBLIC] = "public", [CLASS_INTERNAL] = "internal", [CLASS_CONFIDENTIAL] = "confidential",
    [CLASS_PERSONAL] = "personal", [CLASS_SENSITIVE] = "sensitive",
};

const char *mesh_tier_text(enum mesh_tier t)
{
    return tiers[t];
}

const char *mesh_mask_text(enum mesh_mask k)
{
    return masks[k];
}

const char *mesh_right_text(enum mesh_right r)
{
    return rights[r];
}

const char *mesh_class_text(enum mesh_class k)
{
    return class_words[k];
}

/* Coarser is stricter among values made general. */
int mesh_mask_strictness(enum mesh_mask k, struct str to)
{
    static const struct { const char *to; int step; } steps[] = {
        {"day", 0}, {"month", 1}, {"year", 2}, {"decade", 3}, {"age_band", 3}, {"prefix2", 2},
    };
    if (k == MASK_NULL)
        k = MASK_REDACT;
    int strict = (int)k * GENERALISE_STEPS;
    for (size_t i = 0; k == MASK_GENERALISE && i < sizeof steps / sizeof steps[0]; i++)
        if (str_eq(to, str_of(steps[i].to)))
            strict += steps[i].step;
    return strict;
}

bool mesh_strs_have(struct mesh_strs list, struct str word)
{
    for (size_t i = 0; i < list.n; i++)
        if (str_eq(list.v[i], word))
            return true;
    return false;
}

bool mesh_product_counts(const struct mesh_product *p, struct str purpose)
{
    return p->consent_counted && (p->n_counted_for == 0 || mesh_strs_have((struct mesh_strs){p->counted_for, p->n_counted_for}, purpose));
}

bool mesh_roles_match(struct mesh_strs roles, struct str role)
{
    return roles.n == 0 || mesh_strs_have(roles, STR("*")) || mesh_strs_have(roles, role);
}

static bool domain_pattern(struct str pattern, struct str *domain)
{
    struct str rest;
    *domain = str_cut(pattern, '.', &rest);
    return rest.p && str_eq(rest, STR("*"));
}

bool mesh_products_match(struct mesh_strs patterns, const struct mesh_product *p)
{
    for (size_t i = 0; i < patterns.n; i++) {
        struct str name, domain = str_cut(patterns.v[i], '.', &name);
        if (str_eq(patterns.v[i], STR("*")) || (name.p && str_eq(domain, p->domain->name) && (str_eq(name, STR("*")) || str_eq(name, p->name))))
            return true;
    }
    return patterns.n == 0;
}

bool mesh_products_cover(struct mesh_strs patterns, const struct mesh_domain *d)
{
    for (size_t i = 0; i < patterns.n; i++) {
        struct str domain;
        if (str_eq(patterns.v[i], STR("*")) || (domain_pattern(patterns.v[i], &domain) && str_eq(domain, d->name)))
            return true;
    }
    return patterns.n == 0;
}

/* * is any text, as often as it stands; the one before is widened where what follows does not fit. Case is ignored. */
static bool glob(struct str pattern, struct str text)
{
    size_t p = 0, t = 0, star = SIZE_MAX, resume = 0;
    while (t < text.n) {
        if (p < pattern.n && pattern.p[p] == '*') {
            star = p++;
            resume = t;
        } else if (p < pattern.n && str_eq_nocase((struct str){pattern.p + p, 1}, (struct str){text.p + t, 1})) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.n && pattern.p[p] == '*')
        p++;
    return p == pattern.n;
}

bool mesh_columns_match(struct mesh_strs patterns, struct str column)
{
    for (size_t i = 0; i < patterns.n; i++)
        if (glob(patterns.v[i], column))
            return true;
    return patterns.n == 0;
}

static const struct mesh_column *column_of(const struct mesh_contract *c, struct str name)
{
    for (size_t i = 0; c && i < c->n_columns; i++)
        if (str_eq_nocase(c->columns[i].name, name))
            return &c->columns[i];
    return NULL;
}

const struct mesh_column *mesh_port_column(const struct mesh_port *p, struct str name)
{
    return column_of(p->contract, name);
}

enum mesh_class mesh_column_class(const struct mesh_column *c)
{
    if (c->class_ != CLASS_UNSET)
        return c->class_;
    return c->carried != CLASS_UNSET ? c->carried : mesh_name_personal(c->name) ? CLASS_PERSONAL : CLASS_UNSET;
}

enum mesh_class mesh_contract_class(const struct mesh_contract *c, struct str column)
{
    const struct mesh_column *found = column_of(c, column);
    for (size_t i = 0; c && !found && i < c->n_beyond; i++)
        if (str_eq_nocase(c->beyond[i].name, column))
            found = &c->beyond[i];
    return found ? mesh_column_class(found) : mesh_name_personal(column) ? CLASS_PERSONAL : CLASS_UNSET;
}

bool mesh_port_has_class(const struct mesh_port *p, enum mesh_class k)
{
    for (size_t i = 0; p->contract && i < p->contract->n_columns; i++)
        if (mesh_column_class(&p->contract->columns[i]) == k)
            return true;
    return false;
}

bool mesh_port_has_columns(const struct mesh_port *p, struct mesh_strs columns)
{
    for (size_t i = 0; i < columns.n; i++)
        if (!mesh_port_column(p, columns.v[i]))
            return false;
    return true;
}
