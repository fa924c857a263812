/* A change of roles or rules before it is written: which role would see more of which port, and which less. */
#include "mesh/mesh_edit.h"

#include "base/json.h"
#include "serve/edits.h"
#include "serve/policy_words.h"
#include "serve/put.h"

enum { TOLD_MAX = 2000 };

struct told { struct str role, ref, purpose, words; };
struct sides {
    struct call *c;
    const struct mesh *old, *new;
    struct told *gains, *loses;
    size_t n_gains, n_loses;
};

static void tell(struct sides *s, bool gain, struct str role, struct str ref, struct str purpose, struct str words)
{
    struct told *v = gain ? s->gains : s->loses;
    size_t *n = gain ? &s->n_gains : &s->n_loses;
    if (*n < TOLD_MAX)
        v[(*n)++] = (struct told){role, ref, purpose, words};
}

static struct govern_principal as(const struct str *role)
{
    return (struct govern_principal){.name = STR("preview"), .kind = GOVERN_PREVIEW, .roles = role, .n_roles = 1};
}

/* One of a role, a port and a purpose: the form, then what of its rows, then how each column is shown. */
struct spot { struct str role, ref, purpose; const struct mesh_port *old, *new; };

static void compare_masks(struct sides *s, const struct spot *x)
{
    const struct govern_principal who = as(&x->role);
    const struct mesh_contract *k = x->new->contract;
    for (size_t i = 0; k && i < k->n_columns; i++) {
        struct str column = k->columns[i].name;
        struct policy_mask was = policy_mask(s->old, &who, x->purpose, x->old, column), is = policy_mask(s->new, &who, x->purpose, x->new, column);
        int before = mesh_mask_strictness(was.mask, was.to), after = mesh_mask_strictness(is.mask, is.to);
        if (before == after)
            continue;
        tell(s, after < before, x->role, x->ref, x->purpose,
             arena_printf(s->c->a, "%.*s: from %.*s to %.*s", STR_FMT(column), STR_FMT(words_mask(s->c, was.mask, was.to)), STR_FMT(words_mask(s->c, is.mask, is.to))));
    }
}

static void compare_rows(struct sides *s, const struct spot *x, const struct policy_access *was, const struct policy_access *is)
{
    struct arena *a = s->c->a;
    if (!str_eq(was->rows, is->rows)) {
        if (!was->rows.n || is->rows.n)
            tell(s, false, x->role, x->ref, x->purpose, arena_printf(a, "only rows where %.*s", STR_FMT(words_condition(s->c, is->rows))));
        if (!is->rows.n || was->rows.n)
            tell(s, true, x->role, x->ref, x->purpose, is->rows.n ? arena_printf(a, "rows that %.*s left out", STR_FMT(words_condition(s->c, was->rows))) : STR("all rows"));
    }
    if (was->consent != is->consent)
        tell(s, !is->consent, x->role, x->ref, x->purpose, is->consent ? STR("people who said no are left out") : STR("people who said no as well"));
    if (was->minimum != is->minimum)
        tell(s, is->minimum < was->minimum, x->role, x->ref, x->purpose, arena_printf(a, "groups from %d people on, before from %d", is->minimum, was->minimum));
    if (was->questions_per_day != is->questions_per_day)
        tell(s, is->questions_per_day > was->questions_per_day, x->role, x->ref, x->purpose, arena_printf(a, "%d questions a day, before %d", is->questions_per_day, was->questions_per_day));
}

static void compare(struct sides *s, const struct spot *x)
{
    const struct govern_principal who = as(&x->role);
    struct policy_access was = x->old ? policy_access(s->old, &who, x->purpose, x->old, s->c->a) : (struct policy_access){.tier = TIER_NONE};
    struct policy_access is = policy_access(s->new, &who, x->purpose, x->new, s->c->a);
    if (was.tier != is.tier)
        tell(s, is.tier > was.tier, x->role, x->ref, x->purpose, arena_printf(s->c->a, "from %.*s to %.*s", STR_FMT(words_tier(was.tier)), STR_FMT(words_tier(is.tier))));
    if (was.tier == TIER_NONE || is.tier == TIER_NONE)
        return;
    compare_rows(s, x, &was, &is);
    if (was.tier == TIER_MASKED && is.tier == TIER_MASKED)
        compare_masks(s, x);
}

/* Rights are of no port. */
static void compare_rights(struct sides *s, struct str role)
{
    const struct govern_principal who = as(&role);
    for (int k = 0; k < RIGHTS; k++) {
        enum mesh_right right = (enum mesh_right)k;
        bool was = policy_may_whole(s->old, &who, right), is = policy_may_whole(s->new, &who, right);
        if (was != is)
            tell(s, is, role, STR(""), STR(""), arena_printf(s->c->a, "the right %s in the whole mesh", mesh_right_text(right)));
        for (size_t i = 0; i < s->c->mesh->n_domains && !was && !is; i++) {
            struct str domain = s->c->mesh->domains[i].name;
            const struct mesh_domain *x = mesh_find_domain(s->old, domain), *y = mesh_find_domain(s->new, domain);
            bool before = x && policy_may(s->old, &who, right, x), after = y && policy_may(s->new, &who, right, y);
            if (before != after)
                tell(s, after, role, STR(""), STR(""), arena_printf(s->c->a, "the right %s in %.*s", mesh_right_text(right), STR_FMT(domain)));
        }
    }
}

static void compare_role(struct sides *s, struct str role)
{
    compare_rights(s, role);
    for (size_t i = 0; i < s->c->mesh->n_ports; i++) {
        struct str ref = s->c->mesh->ports[i]->ref_major;
        struct spot x = {.role = role, .old = mesh_find_port(s->old, ref), .new = mesh_find_port(s->new, ref)};
        x.ref = s->c->mesh->ports[i]->is_default ? s->c->mesh->ports[i]->ref : ref;
        for (size_t k = 0; x.new && k < s->new->n_purposes; k++) {
            x.purpose = s->new->purposes[k];
            compare(s, &x);
        }
    }
}

static void compare_all(struct sides *s)
{
    for (size_t i = 0; i < s->old->policy.n_roles; i++)
        compare_role(s, s->old->policy.roles[i].name);
    for (size_t i = 0; i < s->new->policy.n_roles; i++)
        if (!policy_role(s->old, s->new->policy.roles[i].name))
            compare_role(s, s->new->policy.roles[i].name);
}

static void put_told(struct buf *b, const char *key, const struct told *v, size_t n)
{
    put_open(b, key, '[');
    for (size_t i = 0; i < n; i++) {
        put_open(b, NULL, '{');
        put_str(b, "role", v[i].role);
        put_str(b, "ref", v[i].ref);
        put_str(b, "purpose", v[i].purpose);
        put_str(b, "words", v[i].words);
        put_close(b, '}');
    }
    put_close(b, ']');
}

bool route_change_preview(struct call *c, struct err *e)
{
    struct mesh_edit *edits = NULL;
    struct mesh_patch *patches = NULL;
    struct mesh *fresh = NULL;
    struct errs es = {0};
    size_t n = 0, n_patches = 0;
    yyjson_doc *body = call_body(c, NULL, e);
    bool good = body && edits_read(c, yyjson_doc_get_root(body), &edits, &n, e);
    yyjson_doc_free(body);
    if (!good)
        return false;
    struct sides s = {.c = c, .old = c->whole, .gains = arena_array(c->a, TOLD_MAX, sizeof *s.gains), .loses = arena_array(c->a, TOLD_MAX, sizeof *s.loses)};
    if (mesh_edit_plan(c->a, c->mesh, edits, n, &patches, &n_patches, &es) && n_patches)
        fresh = edits_load(c, patches, n_patches, &es, e);
    good = fresh || !n_patches || es.n_errors;
    if (fresh) {
        s.new = fresh;
        compare_all(&s);
    }
    if (good) {
        struct buf b = call_buf();
        put_open(&b, NULL, '{');
        put_told(&b, "gains", s.gains, s.n_gains);
        put_told(&b, "loses", s.loses, s.n_loses);
        shape_errs(&b, "errors", &es, false);
        put_close(&b, '}');
        call_json(c, &b);
    }
    mesh_free(fresh);
    errs_fini(&es);
    return good;
}
