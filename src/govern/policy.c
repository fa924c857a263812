/* What roles give: grants, held down by the ceilings, row rules and masks of policies. Nothing is remembered between calls. */
#include "govern/policy.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/mem.h"

enum { ROWS_MAX_BYTES = 1 << 20, PROFILE_MAX_BYTES = 1 << 20 };

const struct mesh_role *policy_role(const struct mesh *m, struct str name)
{
    for (size_t i = 0; i < m->policy.n_roles; i++)
        if (str_eq(m->policy.roles[i].name, name))
            return &m->policy.roles[i];
    return NULL;
}

static const struct mesh_role *role_at(const struct mesh *m, const struct govern_principal *who, size_t i)
{
    return policy_role(m, who->roles[i]);
}

static struct str or_analytics(struct str purpose)
{
    return purpose.n ? purpose : STR("analytics");
}

/* A token's own purposes are a further limit; a purpose that the mesh does not know is nobody's. */
static bool purpose_open(const struct mesh *m, const struct govern_principal *who, struct str purpose)
{
    bool open = who->purposes == NULL;
    for (size_t i = 0; i < who->n_purposes && !open; i++)
        open = str_eq(who->purposes[i], purpose);
    return open && mesh_strs_have((struct mesh_strs){m->purposes, m->n_purposes}, purpose);
}

/* ---- tiers ---- */

static bool tier_rule_holds(const struct mesh_tier_rule *r, const struct mesh_role *role, const struct mesh_port *p)
{
    return mesh_products_match(r->scope.products, p->product) && mesh_roles_match(r->scope.roles, role->name) &&
           (r->scope.class_ == CLASS_UNSET || mesh_port_has_class(p, r->scope.class_));
}

/* What an approved rule of the domain allows holds in place of the mesh's rules; all others only lower. */
static enum mesh_tier ceiling(const struct mesh *m, const struct mesh_role *role, const struct mesh_port *p)
{
    enum mesh_tier own = TIER_RAW, mesh = TIER_RAW;
    bool lifted = false;
    for (size_t i = 0; i < m->policy.n_tiers; i++) {
        const struct mesh_tier_rule *r = &m->policy.tiers[i];
        enum mesh_tier *most = r->domain ? &own : &mesh;
        if (!tier_rule_holds(r, role, p))
            continue;
        lifted = lifted || (r->domain && r->approved);
        if (r->at_most < *most)
            *most = r->at_most;
    }
    return lifted || own < mesh ? own : mesh;
}

static enum mesh_tier grant_tier(const struct mesh *m, const struct mesh_role *role, const struct mesh_grant *g, const struct mesh_port *p, struct str purpose)
{
    if (!mesh_strs_have(g->purposes, purpose) || !mesh_products_match(g->products, p->product) || !mesh_port_has_columns(p, g->rows_columns))
        return TIER_NONE;
    enum mesh_tier most = ceiling(m, role, p);
    return g->tier < most ? g->tier : most;
}

static enum mesh_tier role_tier(const struct mesh *m, const struct mesh_role *role, const struct mesh_port *p, struct str purpose)
{
    enum mesh_tier best = TIER_NONE;
    for (size_t i = 0; i < role->n_grants; i++) {
        enum mesh_tier t = grant_tier(m, role, &role->grants[i], p, purpose);
        best = t > best ? t : best;
    }
    return best;
}

/* Rows about people whom no column tells apart cannot be counted by people. */
static bool of_nobody_in_particular(const struct mesh *m, const struct mesh_port *p)
{
    if (p->person_column.n)
        return false;
    for (size_t i = 0; p->contract && i < p->contract->n_columns; i++)
        if (policy_class(m, p, p->contract->columns[i].name) >= CLASS_PERSONAL || str_eq(p->contract->columns[i].name, STR("contact_key")))
            return true;
    return p->by_evidence;
}

static enum mesh_tier best_tier(const struct mesh *m, const struct govern_principal *who, struct str purpose, const struct mesh_port *p)
{
    enum mesh_tier best = TIER_NONE;
    for (size_t i = 0; i < who->n_roles && purpose_open(m, who, purpose); i++) {
        const struct mesh_role *role = role_at(m, who, i);
        enum mesh_tier t = role ? role_tier(m, role, p, purpose) : TIER_NONE;
        best = t > best ? t : best;
    }
    return best == TIER_AGGREGATED && of_nobody_in_particular(m, p) ? TIER_NONE : best;
}

enum mesh_tier policy_tier_any(const struct mesh *m, const struct govern_principal *who, const struct mesh_port *p)
{
    enum mesh_tier best = TIER_NONE;
    for (size_t i = 0; i < m->n_purposes; i++) {
        enum mesh_tier t = best_tier(m, who, m->purposes[i], p);
        best = t > best ? t : best;
    }
    return best;
}

bool policy_purpose(const struct mesh *m, const struct govern_principal *who, struct str purpose)
{
    purpose = or_analytics(purpose);
    for (size_t i = 0; i < who->n_roles && purpose_open(m, who, purpose); i++) {
        const struct mesh_role *role = role_at(m, who, i);
        for (size_t k = 0; role && k < role->n_grants; k++)
            if (mesh_strs_have(role->grants[k].purposes, purpose))
                return true;
    }
    return false;
}

/* ---- rows ---- */

/* A line break before the bracket ends a comment at the end of the text. */
static void put_condition(struct buf *b, const char *before, struct str text)
{
    buf_addz(b, before);
    buf_addc(b, '(');
    buf_add(b, text);
    buf_addz(b, "\n)");
}

/* The condition of one grant and of the row rules for its role; nothing is put where all rows are meant. */
static void put_grant_rows(struct buf *b, const struct mesh *m, const struct mesh_role *role, const struct mesh_grant *g, const struct mesh_port *p)
{
    if (g->rows.n)
        put_condition(b, "", g->rows);
    for (size_t i = 0; i < m->policy.n_rows; i++) {
        const struct mesh_rows_rule *r = &m->policy.rows[i];
        if (mesh_products_match(r->scope.products, p->product) && mesh_roles_match(r->scope.roles, role->name) && mesh_port_has_columns(p, r->where_columns))
            put_condition(b, b->n ? " AND " : "", r->where);
    }
}

static bool kept(const struct str *v, size_t n, struct str s)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(v[i], s))
            return true;
    return false;
}

/* The grants that give `tier`, each with its rows, joined by OR. Fails closed: a condition that is too long lets no row through. */
static struct str rows_of(const struct mesh *m, const struct govern_principal *who, struct str purpose, const struct mesh_port *p, enum mesh_tier tier, struct arena *a)
{
    size_t most = 0, n = 0;
    bool all = false;
    for (size_t i = 0; i < who->n_roles; i++)
        most += role_at(m, who, i) ? role_at(m, who, i)->n_grants : 0;
    struct str *v = arena_array(a, most + 1, sizeof *v);
    for (size_t i = 0; i < who->n_roles && !all; i++) {
        const struct mesh_role *role = role_at(m, who, i);
        for (size_t k = 0; role && k < role->n_grants && !all; k++) {
            struct buf b = BUF_INIT(ROWS_MAX_BYTES);
            if (grant_tier(m, role, &role->grants[k], p, purpose) == tier) {
                put_grant_rows(&b, m, role, &role->grants[k], p);
                struct str s = buf_ok(&b, NULL) ? buf_str(&b) : STR("false");
                all = s.n == 0;
                if (!all && !kept(v, n, s))
                    v[n++] = arena_str(a, s);
            }
            buf_fini(&b);
        }
    }
    if (all || n == 0)
        return STR("");
    struct str joined = v[0];
    for (size_t i = 1; i < n; i++)
        joined = i == 1 ? arena_printf(a, "(%.*s) OR (%.*s)", STR_FMT(joined), STR_FMT(v[i])) : arena_printf(a, "%.*s OR (%.*s)", STR_FMT(joined), STR_FMT(v[i]));
    return joined;
}

/* ---- access ---- */

static void small_groups_of(const struct mesh *m, const struct mesh_port *p, struct policy_access *to)
{
    const struct mesh_small_groups *v = m->policy.small_groups;
    to->minimum = v[0].minimum;
    to->questions_per_day = v[0].questions_per_day;
    for (size_t i = 1; i < m->policy.n_small_groups; i++) {
        if (v[i].domain != p->product->domain)
            continue;
        if (v[i].approved || v[i].minimum > to->minimum)
            to->minimum = v[i].minimum;
        if (v[i].approved || v[i].questions_per_day < to->questions_per_day)
            to->questions_per_day = v[i].questions_per_day;
    }
}

/* What people said about consent is read by those who have to keep to it, whatever they said. */
static bool of_consent_itself(const struct mesh_product *p)
{
    return str_eq(p->domain->name, STR("shared")) && str_starts(p->name, STR("consent"));
}

struct policy_access policy_access(const struct mesh *m, const struct govern_principal *who, struct str purpose, const struct mesh_port *p, struct arena *a)
{
    struct policy_access out = {.tier = TIER_NONE};
    purpose = or_analytics(purpose);
    out.tier = best_tier(m, who, purpose, p);
    if (out.tier == TIER_NONE || out.tier == TIER_TEST)
        return out;
    out.rows = rows_of(m, who, purpose, p, out.tier, a);
    out.consent = m->policy.consent_rows && (p->person_column.n || p->by_evidence || p->by_contact) && !mesh_product_counts(p->product, purpose) && !of_consent_itself(p->product);
    if (out.tier == TIER_AGGREGATED)
        small_groups_of(m, p, &out);
    return out;
}

/* ---- why ---- */

static void reason_add(struct policy_reason *v, size_t *n, struct policy_reason r)
{
    for (size_t i = 0; i < *n; i++)
        if (v[i].what == r.what && v[i].role == r.role && v[i].grant == r.grant && v[i].ceiling == r.ceiling && v[i].rows == r.rows)
            return;
    v[(*n)++] = r;
}

static void grant_reasons(const struct mesh *m, const struct mesh_role *role, const struct mesh_grant *g, const struct mesh_port *p, struct policy_reason *v, size_t *n)
{
    reason_add(v, n, (struct policy_reason){.what = POLICY_GRANT, .role = role, .grant = g});
    for (size_t i = 0; i < m->policy.n_tiers; i++)
        if (m->policy.tiers[i].at_most < g->tier && tier_rule_holds(&m->policy.tiers[i], role, p))
            reason_add(v, n, (struct policy_reason){.what = POLICY_CEILING, .role = role, .ceiling = &m->policy.tiers[i]});
    for (size_t i = 0; i < m->policy.n_rows; i++) {
        const struct mesh_rows_rule *r = &m->policy.rows[i];
        if (mesh_products_match(r->scope.products, p->product) && mesh_roles_match(r->scope.roles, role->name) && mesh_port_has_columns(p, r->where_columns))
            reason_add(v, n, (struct policy_reason){.what = POLICY_ROWS, .role = role, .rows = r});
    }
}

size_t policy_reasons(const struct mesh *m, const struct govern_principal *who, struct str purpose, const struct mesh_port *p, struct arena *a, struct policy_reason **out)
{
    size_t most = 0, n = 0;
    purpose = or_analytics(purpose);
    enum mesh_tier best = best_tier(m, who, purpose, p);
    for (size_t i = 0; i < who->n_roles; i++)
        most += role_at(m, who, i) ? role_at(m, who, i)->n_grants + m->policy.n_tiers + m->policy.n_rows : 0;
    *out = arena_array(a, most + 1, sizeof **out);
    for (size_t i = 0; i < who->n_roles && best != TIER_NONE; i++) {
        const struct mesh_role *role = role_at(m, who, i);
        for (size_t k = 0; role && k < role->n_grants; k++)
            if (grant_tier(m, role, &role->grants[k], p, purpose) == best)
                grant_reasons(m, role, &role->grants[k], p, *out, &n);
    }
    return n;
}

/* ---- rights ---- */

static bool role_may(const struct mesh_role *role, enum mesh_right right, const struct mesh_domain *domain, bool whole)
{
    for (size_t i = 0; role && i < role->n_rights; i++) {
        const struct mesh_role_right *r = &role->rights[i];
        if (r->right == right && (r->everywhere || (!whole && (!domain || mesh_strs_have(r->domains, domain->name)))))
            return true;
    }
    return false;
}

bool policy_may(const struct mesh *m, const struct govern_principal *who, enum mesh_right right, const struct mesh_domain *domain)
{
    for (size_t i = 0; i < who->n_roles; i++)
        if (role_may(role_at(m, who, i), right, domain, false))
            return true;
    return false;
}

bool policy_may_whole(const struct mesh *m, const struct govern_principal *who, enum mesh_right right)
{
    for (size_t i = 0; i < who->n_roles; i++)
        if (role_may(role_at(m, who, i), right, NULL, true))
            return true;
    return false;
}

bool policy_sees_stream(const struct mesh *m, const struct govern_principal *who, const struct mesh_stream *s)
{
    return policy_may(m, who, RIGHT_BUILD, s->source->domain);
}

/* ---- masks ---- */

enum mesh_class policy_class(const struct mesh *m, const struct mesh_port *p, struct str column)
{
    (void)m;
    return mesh_contract_class(p->contract, column);
}

/* What a column belongs to: a port, or a stream. */
struct masked {
    const struct mesh *m; const struct govern_principal *who; struct str purpose;
    const struct mesh_port *port; const struct mesh_stream *stream;
};

/* A role counts for a rule where it is one through which the column is seen. */
static bool role_counts(const struct masked *x, const struct mesh_role *role)
{
    if (x->stream)
        return role_may(role, RIGHT_BUILD, x->stream->source->domain, false);
    return role_tier(x->m, role, x->port, x->purpose) >= TIER_MASKED;
}

static bool mask_rule_holds(const struct masked *x, const struct mesh_mask_rule *r, struct str column, enum mesh_class k, bool hidden)
{
    if (r->scope.class_ != CLASS_UNSET ? r->scope.class_ != k : !hidden)
        return false;
    if (!(x->stream ? mesh_products_cover(r->scope.products, x->stream->source->domain) : mesh_products_match(r->scope.products, x->port->product)))
        return false;
    if (!mesh_columns_match(r->scope.columns, column))
        return false;
    if (r->scope.roles.n == 0)
        return true;
    for (size_t i = 0; i < x->who->n_roles; i++) {
        const struct mesh_role *role = role_at(x->m, x->who, i);
        if (role && mesh_roles_match(r->scope.roles, role->name) && role_counts(x, role))
            return true;
    }
    return false;
}

/* The mesh's first rule, and the domain's first rule where that is stricter or was approved. */
static struct policy_mask mask_of(const struct masked *x, struct str column, enum mesh_class k)
{
    bool hidden = k == CLASS_PERSONAL || k == CLASS_SENSITIVE;
    const struct mesh_mask_rule *own = NULL, *mesh = NULL;
    for (size_t i = 0; i < x->m->policy.n_masks; i++) {
        const struct mesh_mask_rule *r = &x->m->policy.masks[i], **first = r->domain ? &own : &mesh;
        if (!*first && mask_rule_holds(x, r, column, k, hidden))
            *first = r;
    }
    struct policy_mask out = {.mask = hidden ? MASK_REDACT : MASK_NONE};
    if (mesh)
        out = (struct policy_mask){mesh->mask, mesh->to, mesh};
    if (own && (own->approved || mesh_mask_strictness(own->mask, own->to) >= mesh_mask_strictness(out.mask, out.to)))
        out = (struct policy_mask){own->mask, own->to, own};
    return out;
}

struct policy_mask policy_mask(const struct mesh *m, const struct govern_principal *who, struct str purpose, const struct mesh_port *p, struct str column)
{
    const struct masked x = {.m = m, .who = who, .purpose = or_analytics(purpose), .port = p};
    return mask_of(&x, column, policy_class(m, p, column));
}

struct policy_mask policy_stream_mask(const struct mesh *m, const struct govern_principal *who, const struct mesh_stream *s, struct str column)
{
    const struct masked x = {.m = m, .who = who, .stream = s};
    return mask_of(&x, column, mesh_contract_class(s->contract, column));
}

/* ---- the name of all this ---- */

static int text_order(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* The same roles see the same, whoever has them and however often; a token's purposes only say whether this one is open. */
void policy_profile(const struct mesh *m, const struct govern_principal *who, struct str purpose, struct sha_hex *out)
{
    struct buf b = BUF_INIT(PROFILE_MAX_BYTES);
    struct str *names = mem_alloc((who->n_roles + 1) * sizeof *names);
    struct sha sha;
    size_t n = 0;
    purpose = or_analytics(purpose);
    for (size_t i = 0; i < who->n_roles; i++)
        if (role_at(m, who, i) && !kept(names, n, who->roles[i]))
            names[n++] = who->roles[i];
    qsort(names, n, sizeof *names, text_order);
    buf_printf(&b, "%s\n%.*s\n%d\n", m->policy.sha.z, STR_FMT(purpose), purpose_open(m, who, purpose));
    for (size_t i = 0; i < n; i++)
        buf_printf(&b, "%.*s\n", STR_FMT(names[i]));
    sha_bytes(buf_str(&b), &sha);
    memcpy(out->z, sha.hex, sizeof out->z);
    buf_fini(&b);
    mem_free(names);
}
