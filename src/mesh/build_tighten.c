/* Domains may only tighten. Each rule of a domain is held against those of the mesh over the ports, columns and roles that there are; what
 * loosens is an error until governance/approvals/ lets it. Judged by what holds, not by how it is written. */
#include "mesh/mesh_int.h"

#include <stdlib.h>

enum { RULE_TEXT_MAX = 1 << 20 };

struct tighten {
    struct load *l;
    struct mesh_loosening *v;
    bool **flags;            /* as v */
    size_t n, cap;
};

/* ---- what a rule says, for its hash ---- */

static void put_list(struct buf *b, const char *key, struct mesh_strs list)
{
    buf_printf(b, "%s:", key);
    for (size_t i = 0; i < list.n; i++)
        buf_printf(b, "%zu:%.*s,", list.v[i].n, STR_FMT(list.v[i]));
    buf_addc(b, '\n');
}

static void put_scope(struct buf *b, struct str name, const struct mesh_scope *s)
{
    buf_printf(b, "%.*s\nclass:%s\n", STR_FMT(name), mesh_class_text(s->class_));
    put_list(b, "products", s->products);
    put_list(b, "roles", s->roles);
    put_list(b, "columns", s->columns);
}

static void put_mask(struct buf *b, const struct mesh_mask_rule *r)
{
    if (!r) {
        buf_addz(b, "redact\n");
        return;
    }
    put_scope(b, r->name, &r->scope);
    buf_printf(b, "mask:%s:%.*s\n", mesh_mask_text(r->mask), STR_FMT(r->to));
}

static void put_tier(struct buf *b, const struct mesh_tier_rule *r)
{
    put_scope(b, r->name, &r->scope);
    buf_printf(b, "at_most:%s\n", mesh_tier_text(r->at_most));
}

static void put_retention(struct buf *b, const struct mesh_retention *r)
{
    put_scope(b, r->name, &r->scope);
    buf_printf(b, "keep:%lld:%d:%.*s\n", (long long)r->keep_s, r->anonymise, STR_FMT(r->purpose));
}

static void put_small(struct buf *b, const struct mesh_small_groups *r)
{
    buf_printf(b, "%d:%d\n", r->minimum, r->questions_per_day);
}

/* ---- the list ---- */

struct found {
    const struct mesh_domain *domain; const char *kind; struct str rule, against; struct mesh_pos pos, against_pos; struct str what; const struct buf *text; bool *flag;
};

static bool known(const struct tighten *t, struct str id)
{
    for (size_t i = 0; i < t->n; i++)
        if (str_eq(t->v[i].id, id))
            return true;
    return false;
}

static void add(struct tighten *t, const struct found *f)
{
    struct arena *a = t->l->a;
    struct str id = arena_printf(a, "%.*s.%s.%.*s.%.*s", STR_FMT(f->domain->name), f->kind, STR_FMT(f->rule), STR_FMT(f->against));
    struct sha sha;
    if (known(t, id))
        return;
    if (t->n == t->cap) {
        t->cap = t->cap ? t->cap * 2 : 8;
        struct mesh_loosening *v = arena_array(a, t->cap, sizeof *v);
        bool **flags = arena_array(a, t->cap, sizeof *flags);
        if (t->n) {
            memcpy(v, t->v, t->n * sizeof *v);
            memcpy(flags, t->flags, t->n * sizeof *flags);
        }
        t->v = v;
        t->flags = flags;
    }
    struct mesh_loosening *x = &t->v[t->n];
    *x = (struct mesh_loosening){.id = id, .domain = f->domain->name, .what = f->what, .pos = f->pos, .against_pos = f->against_pos, .needs = 1, .of = RIGHT_APPROVE};
    x->rule = arena_printf(a, "%s.%.*s", f->kind, STR_FMT(f->rule));
    x->against = arena_printf(a, "%s.%.*s", f->kind, STR_FMT(f->against));
    sha_bytes(buf_str(f->text), &sha);
    memcpy(x->rule_sha.z, sha.hex, sizeof x->rule_sha.z);
    t->flags[t->n++] = f->flag;
}

/* ---- masks ---- */

static bool mask_hits(const struct mesh_mask_rule *r, struct str role, struct str column, enum mesh_class k)
{
    bool hidden = k == CLASS_PERSONAL || k == CLASS_SENSITIVE;
    return (r->scope.class_ != CLASS_UNSET ? r->scope.class_ == k : hidden) && mesh_roles_match(r->scope.roles, role) && mesh_columns_match(r->scope.columns, column);
}

/* The column of a port (or of a stream: product NULL) as a role sees it. */
struct seen { const struct mesh_domain *domain; const struct mesh_product *product; struct str ref, column; enum mesh_class k; struct str role; };

static void mask_judge(struct tighten *t, const struct seen *x)
{
    const struct mesh_policy *p = &t->l->m->policy;
    struct mesh_mask_rule *own = NULL;
    const struct mesh_mask_rule *mesh = NULL;
    for (size_t i = 0; i < p->n_masks && !mesh; i++) {
        struct mesh_mask_rule *r = &p->masks[i];
        bool reaches = x->product ? mesh_products_match(r->scope.products, x->product) : mesh_products_cover(r->scope.products, x->domain);
        if (!reaches || !mask_hits(r, x->role, x->column, x->k))
            continue;
        if (!r->domain)
            mesh = r;
        else if (!own)
            own = r;
    }
    bool hidden = x->k == CLASS_PERSONAL || x->k == CLASS_SENSITIVE;
    enum mesh_mask mask = mesh ? mesh->mask : hidden ? MASK_REDACT : MASK_NONE;
    struct str to = mesh ? mesh->to : STR("");
    if (!own || mesh_mask_strictness(own->mask, own->to) >= mesh_mask_strictness(mask, to))
        return;
    struct buf b = BUF_INIT(RULE_TEXT_MAX);
    put_mask(&b, own);
    put_mask(&b, mesh);
    const struct found f = {
        .domain = own->domain, .kind = "masks", .rule = own->name, .against = mesh ? mesh->name : STR("default"), .pos = own->pos, .text = &b, .flag = &own->approved,
        .against_pos = mesh ? mesh->pos : (struct mesh_pos){STR(""), 0, 0},
        .what = arena_printf(t->l->a, "%.*s.%.*s is shown as %s%s%.*s to the role %.*s, where the mesh says %s%s%.*s", STR_FMT(x->ref), STR_FMT(x->column), mesh_mask_text(own->mask),
                             own->to.n ? " to " : "", STR_FMT(own->to), STR_FMT(x->role), mesh_mask_text(mask), to.n ? " to " : "", STR_FMT(to)),
    };
    add(t, &f);
    buf_fini(&b);
}

static void mask_columns(struct tighten *t, const struct mesh_domain *dom, const struct mesh_product *product, struct str ref, const struct mesh_contract *c)
{
    const struct mesh_policy *p = &t->l->m->policy;
    for (size_t i = 0; c && i < c->n_columns; i++)
        for (size_t r = 0; r < p->n_roles; r++) {
            const struct seen x = {dom, product, ref, c->columns[i].name, mesh_contract_class(c, c->columns[i].name), p->roles[r].name};
            mask_judge(t, &x);
        }
}

static void masks(struct tighten *t)
{
    const struct mesh *m = t->l->m;
    if (!m->policy.n_masks || !m->policy.masks[0].domain) /* rules of domains come first */
        return;
    for (size_t i = 0; i < m->n_products; i++)
        for (size_t k = 0; k < m->products[i]->n_ports; k++)
            mask_columns(t, m->products[i]->domain, m->products[i], m->products[i]->ports[k]->ref, m->products[i]->ports[k]->contract);
    for (size_t i = 0; i < m->n_streams; i++)
        mask_columns(t, m->streams[i]->source->domain, NULL, m->streams[i]->ref, m->streams[i]->contract);
}

/* ---- tiers ---- */

static bool tier_reaches(const struct mesh_tier_rule *r, const struct mesh_port *p, struct str role)
{
    return mesh_products_match(r->scope.products, p->product) && mesh_roles_match(r->scope.roles, role) && (r->scope.class_ == CLASS_UNSET || mesh_port_has_class(p, r->scope.class_));
}

/* Both hold, so a higher ceiling only asks for more where it lowers nothing anywhere. */
static void tier_judge(struct tighten *t, struct mesh_tier_rule *own)
{
    const struct mesh *m = t->l->m;
    const struct mesh_tier_rule *lower = NULL;
    const struct mesh_port *at = NULL;
    bool lowers = false;
    for (size_t i = 0; i < own->domain->n_products; i++)
        for (size_t k = 0; k < own->domain->products[i]->n_ports; k++)
            for (size_t r = 0; r < m->policy.n_roles; r++) {
                const struct mesh_port *p = own->domain->products[i]->ports[k];
                const struct mesh_tier_rule *mesh = NULL;
                if (!tier_reaches(own, p, m->policy.roles[r].name))
                    continue;
                for (size_t x = 0; x < m->policy.n_tiers; x++) {
                    const struct mesh_tier_rule *o = &m->policy.tiers[x];
                    if (!o->domain && tier_reaches(o, p, m->policy.roles[r].name) && (!mesh || o->at_most < mesh->at_most))
                        mesh = o;
                }
                lowers = lowers || own->at_most < (mesh ? mesh->at_most : TIER_RAW);
                if (mesh && mesh->at_most < own->at_most && !lower) {
                    lower = mesh;
                    at = p;
                }
            }
    if (!lower || lowers)
        return;
    struct buf b = BUF_INIT(RULE_TEXT_MAX);
    put_tier(&b, own);
    put_tier(&b, lower);
    const struct found f = {
        .domain = own->domain, .kind = "tiers", .rule = own->name, .against = lower->name, .pos = own->pos, .against_pos = lower->pos, .text = &b, .flag = &own->approved,
        .what = arena_printf(t->l->a, "%.*s may be given up to %s, where the mesh says at most %s", STR_FMT(at->ref), mesh_tier_text(own->at_most), mesh_tier_text(lower->at_most)),
    };
    add(t, &f);
    buf_fini(&b);
}

/* ---- retention, small groups ---- */

static bool overlap(const struct mesh_retention *own, const struct mesh_retention *mesh)
{
    bool reaches = false;
    for (size_t i = 0; i < own->domain->n_products && !reaches; i++)
        reaches = mesh_products_match(own->scope.products, own->domain->products[i]) && mesh_products_match(mesh->scope.products, own->domain->products[i]);
    return (reaches || (own->domain->n_sources && mesh_products_cover(own->scope.products, own->domain) && mesh_products_cover(mesh->scope.products, own->domain))) &&
           (mesh->scope.class_ == CLASS_UNSET || mesh->scope.class_ == own->scope.class_) && (!mesh->purpose.n || str_eq(mesh->purpose, own->purpose));
}

static void retention_judge(struct tighten *t, struct mesh_retention *own)
{
    enum { DAY_S = 86400 };
    const struct mesh_policy *p = &t->l->m->policy;
    for (size_t i = 0; i < p->n_retention; i++) {
        const struct mesh_retention *o = &p->retention[i];
        if (o->domain || !overlap(own, o) || (own->keep_s <= o->keep_s && (o->anonymise || !own->anonymise)))
            continue;
        struct buf b = BUF_INIT(RULE_TEXT_MAX);
        put_retention(&b, own);
        put_retention(&b, o);
        const struct found f = {
            .domain = own->domain, .kind = "retention", .rule = own->name, .against = o->name, .pos = own->pos, .against_pos = o->pos, .text = &b, .flag = &own->approved,
            .what = own->keep_s > o->keep_s ? arena_printf(t->l->a, "rows are kept for %lld days, where the mesh says %lld", (long long)(own->keep_s / DAY_S), (long long)(o->keep_s / DAY_S))
                                            : STR("rows are anonymised, where the mesh deletes them"),
        };
        add(t, &f);
        buf_fini(&b);
    }
}

static void small_judge(struct tighten *t, struct mesh_small_groups *own)
{
    const struct mesh_small_groups *mesh = &t->l->m->policy.small_groups[0];
    bool smaller = own->minimum < mesh->minimum;
    if (!smaller && own->questions_per_day <= mesh->questions_per_day)
        return;
    struct buf b = BUF_INIT(RULE_TEXT_MAX);
    put_small(&b, own);
    put_small(&b, mesh);
    const struct found f = {
        .domain = own->domain, .kind = "small_groups", .rule = smaller ? STR("minimum") : STR("questions_per_day"), .against = smaller ? STR("minimum") : STR("questions_per_day"),
        .pos = own->pos, .against_pos = mesh->pos, .text = &b, .flag = &own->approved,
        .what = smaller ? arena_printf(t->l->a, "groups of %d people are shown, where the mesh says at least %d", own->minimum, mesh->minimum)
                        : arena_printf(t->l->a, "%d questions a day may be asked, where the mesh says %d", own->questions_per_day, mesh->questions_per_day),
    };
    add(t, &f);
    buf_fini(&b);
}

/* ---- approvals ---- */

static size_t different(struct mesh_strs names)
{
    size_t n = 0;
    for (size_t i = 0; i < names.n; i++)
        n += !mesh_strs_have((struct mesh_strs){names.v, i}, names.v[i]);
    return n;
}

static void approvals_of(struct tighten *t, bool *used)
{
    const struct load *l = t->l;
    for (size_t i = 0; i < t->n; i++) {
        struct mesh_loosening *x = &t->v[i];
        for (size_t k = 0; k < l->m->policy.n_approvals; k++)
            if (str_eq(l->m->policy.approvals[k].change, STR("loosening"))) {
                x->needs = l->m->policy.approvals[k].needs;
                x->of = l->m->policy.approvals[k].of;
            }
        for (size_t k = 0; k < l->n_approvals; k++) {
            const struct doc *d = l->approvals[k].doc;
            const struct doc_node *root = d ? doc_root(d) : NULL;
            if (!root || !str_eq(doc_str(d, root, "domain"), x->domain) || !str_eq(doc_str(d, root, "rule"), x->rule) || !str_eq(doc_str(d, root, "against"), x->against))
                continue;
            used[k] = true;
            x->approval_file = l->approvals[k].path;
            x->at = doc_str(d, root, "at");
            x->reason = doc_str(d, root, "reason");
            if (!str_eq(doc_str(d, root, "rule_sha"), str_of(x->rule_sha.z))) {
                x->outdated = true;
                continue;
            }
            x->outdated = false;
            x->declined_by = doc_str(d, root, "declined_by");
            if (!x->declined_by.n)
                x->approved_by.v = text_list(t->l, d, doc_get(d, root, "approved_by"), &x->approved_by.n);
        }
        x->approved = x->approved_by.n && different(x->approved_by) >= (size_t)x->needs;
    }
}

/* Whether a version breaks its readers is not known before it is built: here are only the decisions. */
static void breaking_read(struct load *l, bool *used)
{
    struct mesh_policy *p = &l->m->policy;
    p->breaking = arena_array(l->a, l->n_approvals + 1, sizeof *p->breaking);
    for (size_t k = 0; k < l->n_approvals; k++) {
        const struct doc *d = l->approvals[k].doc;
        const struct doc_node *root = d ? doc_root(d) : NULL;
        struct str rule = root ? doc_str(d, root, "rule") : STR(""), name;
        if (!str_starts(rule, STR("contract.")))
            continue;
        struct mesh_loosening *x = &p->breaking[p->n_breaking++];
        used[k] = true;
        (void)str_cut(rule, '.', &name);
        *x = (struct mesh_loosening){.domain = doc_str(d, root, "domain"), .rule = rule, .against = doc_str(d, root, "against"), .at = doc_str(d, root, "at"), .reason = doc_str(d, root, "reason"),
                                     .declined_by = doc_str(d, root, "declined_by"), .approval_file = l->approvals[k].path, .pos = {l->approvals[k].path, 1, 1}, .needs = 1, .of = RIGHT_APPROVE};
        x->id = arena_printf(l->a, "%.*s.%.*s", STR_FMT(x->domain), STR_FMT(rule));
        snprintf(x->rule_sha.z, sizeof x->rule_sha.z, "%.*s", STR_FMT(doc_str(d, root, "rule_sha")));
        x->approved_by.v = text_list(l, d, doc_get(d, root, "approved_by"), &x->approved_by.n);
        for (size_t i = 0; i < p->n_approvals; i++)
            if (str_eq(p->approvals[i].change, STR("breaking"))) {
                x->needs = p->approvals[i].needs;
                x->of = p->approvals[i].of;
            }
        x->approved = !x->declined_by.n && x->approved_by.n && different(x->approved_by) >= (size_t)x->needs;
    }
}

static void report(struct tighten *t)
{
    struct load *l = t->l;
    for (size_t i = 0; i < t->n; i++) {
        const struct mesh_loosening *x = &t->v[i];
        struct str there = x->against_pos.file.n ? arena_printf(l->a, "%.*s (%.*s:%u)", STR_FMT(x->against), STR_FMT(x->against_pos.file), x->against_pos.line)
                                                 : arena_printf(l->a, "%.*s, which holds where governance/policies.yaml has no rule", STR_FMT(x->against));
        if (x->approved)
            continue;
        struct err *e = errs_add(l->es, E_POLICY_LOOSENS, x->pos.file, x->pos.line, x->pos.col, "%.*s of the domain \"%.*s\" loosens %.*s: %.*s", STR_FMT(x->rule), STR_FMT(x->domain), STR_FMT(there), STR_FMT(x->what));
        if (x->declined_by.n)
            hint(e, "the council declined it (%.*s): %.*s", STR_FMT(x->approval_file), STR_FMT(x->reason));
        else if (x->outdated)
            hint(e, "it was decided on (%.*s) when one of the rules said something else; ask again: trellis council approve %.*s", STR_FMT(x->approval_file), STR_FMT(x->id));
        else if (x->approved_by.n)
            hint(e, "%zu of %d approvals are there; trellis council approve %.*s", x->approved_by.n, x->needs, STR_FMT(x->id));
        else
            hint(e, "make it as strict, or have it approved: trellis council approve %.*s", STR_FMT(x->id));
    }
}

/* A rule holds in place of the mesh's when all that it loosens was approved. */
static void lift(struct tighten *t)
{
    for (size_t i = 0; i < t->n; i++)
        *t->flags[i] = true;
    for (size_t i = 0; i < t->n; i++)
        *t->flags[i] = *t->flags[i] && t->v[i].approved;
}

static struct mesh_strs strs_copy(struct arena *a, struct mesh_strs from)
{
    struct mesh_strs to = {arena_array(a, from.n + 1, sizeof *to.v), from.n};
    for (size_t i = 0; i < from.n; i++)
        to.v[i] = arena_str(a, from.v[i]);
    return to;
}

static struct mesh_loosening *copy_of(struct arena *a, const struct mesh_loosening *from, size_t n)
{
    struct mesh_loosening *v = arena_array(a, n + 1, sizeof *v);
    for (size_t i = 0; i < n; i++) {
        struct mesh_loosening *x = &v[i];
        *x = from[i];
        struct str *texts[] = {&x->id, &x->domain, &x->rule, &x->against, &x->what, &x->pos.file, &x->against_pos.file, &x->declined_by, &x->at, &x->reason, &x->approval_file};
        for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++)
            *texts[k] = arena_str(a, *texts[k]);
        x->approved_by = strs_copy(a, x->approved_by);
    }
    return v;
}

static void copy_out(const struct tighten *t, struct mesh_loosenings *out)
{
    const struct mesh_policy *p = &t->l->m->policy;
    out->v = copy_of(out->a, t->v, out->n = t->n);
    out->breaking = copy_of(out->a, p->breaking, out->n_breaking = p->n_breaking);
}

static void version_make(struct load *l)
{
    struct buf b = BUF_INIT(RULE_TEXT_MAX);
    struct sha sha;
    const struct mesh_file *files[] = {&l->roles, &l->policies};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        buf_printf(&b, "%.*s %s\n", STR_FMT(files[i]->path), files[i]->sha.hex);
    for (size_t i = 0; i < l->n_domains; i++)
        buf_printf(&b, "%.*s %s\n", STR_FMT(l->domains[i].policies.path), l->domains[i].policies.sha.hex);
    for (size_t i = 0; i < l->n_approvals; i++)
        buf_printf(&b, "%.*s %s\n", STR_FMT(l->approvals[i].path), l->approvals[i].sha.hex);
    sha_bytes(buf_str(&b), &sha);
    memcpy(l->m->policy.sha.z, sha.hex, sizeof l->m->policy.sha.z);
    buf_fini(&b);
}

void build_tighten(struct load *l, struct mesh_loosenings *out)
{
    struct mesh_policy *p = &l->m->policy;
    struct tighten t = {.l = l};
    bool *used = arena_array(l->a, l->n_approvals + 1, sizeof *used);
    masks(&t);
    for (size_t i = 0; i < p->n_tiers; i++)
        if (p->tiers[i].domain)
            tier_judge(&t, &p->tiers[i]);
    for (size_t i = 0; i < p->n_retention; i++)
        if (p->retention[i].domain)
            retention_judge(&t, &p->retention[i]);
    for (size_t i = 1; i < p->n_small_groups; i++)
        small_judge(&t, &p->small_groups[i]);
    approvals_of(&t, used);
    breaking_read(l, used);
    report(&t);
    lift(&t);
    for (size_t i = 0; i < l->n_approvals; i++)
        if (!used[i] && l->approvals[i].doc && l->es->n_errors == 0)
            hint(errs_warn(l->es, E_DANGLING, l->approvals[i].path, 1, 1, "this approval is for a rule that loosens nothing, or is no longer there"), "remove the file");
    p->loosenings = t.v;
    p->n_loosenings = t.n;
    if (out)
        copy_out(&t, out);
    version_make(l);
}
