/* Second stage: governance/consent.yaml: what holds while nobody said anything, and what the words of consent tools mean. */
#include "mesh/mesh_int.h"

#include "mesh/units.h"

/* Categories that vendors define themselves. Where a mesh has no such purpose, the rule is left out. */
static const struct { const char *system, *category, *purposes[3]; } signals[] = {
    {"google", "ad_storage", {"advertising"}},
    {"google", "ad_user_data", {"advertising"}},
    {"google", "ad_personalization", {"personalization"}},
    {"google", "analytics_storage", {"analytics"}},
    {"google", "personalization_storage", {"personalization"}},
    {"gpc", "1", {"sale", "advertising"}},
    {"tcf", "2", {"advertising"}},
    {"tcf", "3", {"personalization"}},
    {"tcf", "4", {"personalization"}},
    {"tcf", "5", {"personalization"}},
    {"tcf", "6", {"personalization"}},
    {"tcf", "7", {"advertising", "analytics"}},
    {"tcf", "8", {"analytics"}},
    {"tcf", "9", {"analytics"}},
};
enum { SIGNALS = sizeof signals / sizeof signals[0], SIGNAL_PURPOSES_MAX = 3 };

/* Systems whose categories are the mesh's own words: one that is called like a purpose means it. */
static const char *const own_words[] = {"segment", "rudderstack", "api", "snippet", "import", "email", "crm"};
enum { OWN_WORDS = sizeof own_words / sizeof own_words[0] };

static bool is_purpose(const struct load *l, struct str name)
{
    for (size_t i = 0; i < l->m->n_purposes; i++)
        if (str_eq(l->m->purposes[i], name))
            return true;
    return false;
}

static bool purpose_known(struct load *l, const struct doc *d, const struct doc_node *n)
{
    if (is_purpose(l, doc_text(d, n)) || !l->mesh_file.doc) /* whose own errors are told */
        return true;
    hint_nearest(at_value(l, E_DANGLING, d, n, "\"%.*s\" is no purpose of mesh.yaml", STR_FMT(doc_text(d, n))), doc_text(d, n), l->m->purposes, l->m->n_purposes);
    return false;
}

static void purposes_read(struct load *l, const struct doc *d, const struct doc_node *list, struct mesh_consent *c)
{
    struct table seen = {0};
    c->purposes = arena_array(l->a, l->m->n_purposes + 1, sizeof *c->purposes);
    c->n_purposes = l->m->n_purposes;
    for (size_t i = 0; i < c->n_purposes; i++)
        c->purposes[i] = (struct mesh_purpose){.name = l->m->purposes[i], .title = l->m->purposes[i], .fail_open = str_eq(l->m->purposes[i], STR("analytics"))};
    for (const struct doc_node *n = list ? doc_first(d, list) : NULL; n; n = doc_next(d, n)) {
        const struct doc_node *name = doc_get(d, n, "name"), *without = doc_get(d, n, "default"), *title = doc_get(d, n, "title");
        if (!purpose_known(l, d, name))
            continue;
        const struct doc_node *first = table_put(&seen, l->a, doc_text(d, name), (void *)(uintptr_t)n);
        if (first) {
            hint(at_value(l, E_DUPLICATE, d, name, "the purpose \"%.*s\" stands twice; first in line %u", STR_FMT(doc_text(d, name)), first->line), "remove one of them");
            continue;
        }
        for (size_t i = 0; i < c->n_purposes; i++) {
            struct mesh_purpose *p = &c->purposes[i];
            if (!str_eq(p->name, doc_text(d, name)))
                continue;
            p->pos = pos_of(d, n);
            p->title = title ? doc_text(d, title) : p->title;
            p->fail_open = without ? str_eq(doc_text(d, without), STR("granted")) : p->fail_open;
            (void)unit_seconds(doc_str(d, n, "expires"), &p->expires_s);
        }
    }
}

static const struct mesh_consent_rule *rule_find(const struct mesh_consent *c, struct str system, struct str category)
{
    for (size_t i = 0; i < c->n_rules; i++) {
        const struct mesh_consent_rule *r = &c->rules[i];
        if (str_eq(r->system, system) && (r->case_sensitive ? str_eq(r->category, category) : str_eq_nocase(r->category, category)))
            return r;
    }
    return NULL;
}

static void rules_read(struct load *l, const struct doc *d, const struct doc_node *list, struct mesh_consent *c)
{
    for (const struct doc_node *n = list ? doc_first(d, list) : NULL; n; n = doc_next(d, n)) {
        const struct doc_node *purposes = doc_get(d, n, "purposes"), *category = doc_get(d, n, "category");
        struct mesh_consent_rule r = {.system = doc_str(d, n, "system"), .category = doc_text(d, category), .case_sensitive = doc_bool(d, n, "case_sensitive", false)};
        for (const struct doc_node *p = doc_first(d, purposes); p; p = doc_next(d, p))
            (void)purpose_known(l, d, p);
        if (rule_find(c, r.system, r.category)) {
            hint(at_value(l, E_DUPLICATE, d, category, "the category \"%.*s\" of %.*s has two rules", STR_FMT(r.category), STR_FMT(r.system)), "name all its purposes in one");
            continue;
        }
        r.purposes = text_list(l, d, purposes, &r.n_purposes);
        c->rules[c->n_rules++] = r;
    }
}

static void rule_default(struct load *l, struct mesh_consent *c, struct str system, struct str category, const struct str *purposes, size_t n)
{
    if (n == 0 || rule_find(c, system, category))
        return;
    struct mesh_consent_rule *r = &c->rules[c->n_rules++];
    *r = (struct mesh_consent_rule){.system = system, .category = category, .purposes = arena_array(l->a, n, sizeof *purposes), .n_purposes = n};
    memcpy(r->purposes, purposes, n * sizeof *purposes);
}

static void rules_default(struct load *l, struct mesh_consent *c)
{
    for (size_t i = 0; i < SIGNALS; i++) {
        struct str v[SIGNAL_PURPOSES_MAX];
        size_t n = 0;
        for (size_t k = 0; k < SIGNAL_PURPOSES_MAX && signals[i].purposes[k]; k++)
            if (is_purpose(l, str_of(signals[i].purposes[k])))
                v[n++] = str_of(signals[i].purposes[k]);
        rule_default(l, c, str_of(signals[i].system), str_of(signals[i].category), v, n);
    }
    for (size_t s = 0; s < OWN_WORDS; s++)
        for (size_t i = 0; i < l->m->n_purposes; i++)
            rule_default(l, c, str_of(own_words[s]), l->m->purposes[i], &l->m->purposes[i], 1);
}

void build_consent(struct load *l)
{
    const struct doc *d = l->consent.doc;
    const struct doc_node *root = d ? doc_root(d) : NULL, *rules = root ? doc_get(d, root, "rules") : NULL;
    struct mesh_consent *c = &l->m->consent;
    purposes_read(l, d, root ? doc_get(d, root, "purposes") : NULL, c);
    c->rules = arena_array(l->a, (rules ? rules->n_children : 0) + SIGNALS + OWN_WORDS * l->m->n_purposes + 1, sizeof *c->rules);
    rules_read(l, d, rules, c);
    rules_default(l, c);
    c->newest_wins = root && str_eq(doc_str(d, root, "merge"), STR("newest_wins"));
}
