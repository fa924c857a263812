/* Every rule of policies: in words, where it stands, what it reaches, as it is in the file. */
#include "serve/policy_words.h"
#include "serve/put.h"

/* Of a rule: ports that it reaches among those that the asker sees; columns, where it is about columns. */
struct reach { int64_t ports, columns; };

static struct reach reach_of(struct call *c, const struct mesh_scope *s, const struct mesh_strs *needed, bool of_columns)
{
    struct reach out = {0};
    for (size_t i = 0; i < c->mesh->n_ports; i++) {
        const struct mesh_port *p = c->mesh->ports[i];
        int64_t columns = 0;
        if (!mesh_products_match(s->products, p->product) || (needed && !mesh_port_has_columns(p, *needed)))
            continue;
        for (size_t k = 0; of_columns && p->contract && k < p->contract->n_columns; k++) {
            enum mesh_class class_ = mesh_contract_class(p->contract, p->contract->columns[k].name);
            bool hidden = class_ == CLASS_PERSONAL || class_ == CLASS_SENSITIVE;
            columns += (s->class_ != CLASS_UNSET ? class_ == s->class_ : hidden) && mesh_columns_match(s->columns, p->contract->columns[k].name);
        }
        if (of_columns ? columns == 0 : s->class_ != CLASS_UNSET && !mesh_port_has_class(p, s->class_))
            continue;
        out.ports++;
        out.columns += columns;
    }
    return out;
}

struct rule { const char *kind; struct str name; const struct mesh_domain *domain; struct mesh_pos pos; struct str words; int64_t ports, columns; const char *state; };
enum { UNCOUNTED = -1 };

static void put_count(struct buf *b, const char *key, int64_t n)
{
    if (n == UNCOUNTED)
        put_null(b, key);
    else
        put_int(b, key, n);
}

static void rule_open(struct buf *b, const struct rule *r)
{
    put_open(b, NULL, '{');
    put_str(b, "kind", str_of(r->kind));
    put_opt(b, "name", r->name);
    put_opt(b, "domain", r->domain ? r->domain->name : STR(""));
    put_place(b, r->pos);
    put_str(b, "words", r->words);
    put_count(b, "ports", r->ports);
    put_count(b, "columns", r->columns);
    put_str(b, "state", str_of(r->state));
    put_open(b, "set", '{');
    if (r->name.n)
        put_str(b, "name", r->name);
}

static void rule_close(struct buf *b)
{
    put_close(b, '}');
    put_close(b, '}');
}

static const char *state_of(bool approved)
{
    return approved ? "approved" : "holds";
}

/* A rule about products of which the asker sees none is not told. */
static bool told(struct call *c, const struct mesh_scope *s, const struct mesh_domain *domain)
{
    return (!s->products.n || words_seen(c, s->products).n) && (!domain || call_sees(c, domain->name));
}

static void put_masks(struct call *c, struct buf *b)
{
    const struct mesh_policy *p = &c->whole->policy;
    for (size_t i = 0; i < p->n_masks; i++) {
        const struct mesh_mask_rule *r = &p->masks[i];
        struct reach n = reach_of(c, &r->scope, NULL, true);
        if (!told(c, &r->scope, r->domain))
            continue;
        rule_open(b, &(struct rule){"mask", r->name, r->domain, r->pos, words_mask_rule(c, r), n.ports, n.columns, state_of(r->approved)});
        put_scope(c, b, &r->scope);
        put_str(b, "mask", str_of(mesh_mask_text(r->mask)));
        if (r->to.n)
            put_str(b, "to", r->to);
        rule_close(b);
    }
    struct reach n = reach_of(c, &(struct mesh_scope){.class_ = CLASS_UNSET}, NULL, true);
    rule_open(b, &(struct rule){"mask", STR(""), NULL, {STR(""), 0, 0}, STR("All other personal and sensitive values are not shown"), n.ports, n.columns, "holds"});
    put_str(b, "mask", STR("redact"));
    rule_close(b);
}

static void put_rows_rules(struct call *c, struct buf *b)
{
    const struct mesh_policy *p = &c->whole->policy;
    for (size_t i = 0; i < p->n_rows; i++) {
        const struct mesh_rows_rule *r = &p->rows[i];
        if (!told(c, &r->scope, r->domain))
            continue;
        rule_open(b, &(struct rule){"rows", r->name, r->domain, r->pos, words_rows_rule(c, r), reach_of(c, &r->scope, &r->where_columns, false).ports, UNCOUNTED, "holds"});
        put_scope(c, b, &r->scope);
        put_str(b, "where", r->where);
        rule_close(b);
    }
}

static void put_tiers(struct call *c, struct buf *b)
{
    const struct mesh_policy *p = &c->whole->policy;
    for (size_t i = 0; i < p->n_tiers; i++) {
        const struct mesh_tier_rule *r = &p->tiers[i];
        if (!told(c, &r->scope, r->domain))
            continue;
        rule_open(b, &(struct rule){"tier", r->name, r->domain, r->pos, words_tier_rule(c, r), reach_of(c, &r->scope, NULL, false).ports, UNCOUNTED, state_of(r->approved)});
        put_scope(c, b, &r->scope);
        put_str(b, "at_most", str_of(mesh_tier_text(r->at_most)));
        rule_close(b);
    }
}

static struct str span(struct call *c, int64_t s)
{
    enum { MINUTE = 60, HOUR = 3600, DAY = 86400 };
    return s % DAY == 0 ? arena_printf(c->a, "%lldd", (long long)(s / DAY)) : s % HOUR == 0 ? arena_printf(c->a, "%lldh", (long long)(s / HOUR))
           : s % MINUTE == 0 ? arena_printf(c->a, "%lldmin", (long long)(s / MINUTE)) : arena_printf(c->a, "%llds", (long long)s);
}

static void put_retention_rules(struct call *c, struct buf *b)
{
    const struct mesh_policy *p = &c->whole->policy;
    for (size_t i = 0; i < p->n_retention; i++) {
        const struct mesh_retention *r = &p->retention[i];
        if (!told(c, &r->scope, r->domain))
            continue;
        rule_open(b, &(struct rule){"retention", r->name, r->domain, r->pos, words_retention(c, r), reach_of(c, &r->scope, NULL, false).ports, UNCOUNTED, state_of(r->approved)});
        put_scope(c, b, &r->scope);
        if (r->purpose.n)
            put_str(b, "purpose", r->purpose);
        put_str(b, "keep", span(c, r->keep_s));
        put_str(b, "action", r->anonymise ? STR("anonymise") : STR("delete"));
        rule_close(b);
    }
}

static void put_small_groups(struct call *c, struct buf *b)
{
    const struct mesh_policy *p = &c->whole->policy;
    for (size_t i = 0; i < p->n_small_groups; i++) {
        const struct mesh_small_groups *r = &p->small_groups[i];
        if (r->domain && !call_sees(c, r->domain->name))
            continue;
        struct str words = arena_printf(c->a, "Groups of fewer than %d people are left out; %d different questions a day", r->minimum, r->questions_per_day);
        rule_open(b, &(struct rule){"small_groups", STR(""), r->domain, r->pos, words, UNCOUNTED, UNCOUNTED, state_of(r->approved)});
        put_int(b, "minimum", r->minimum);
        put_int(b, "questions_per_day", r->questions_per_day);
        rule_close(b);
    }
}

static void put_whole(struct call *c, struct buf *b)
{
    const struct mesh_policy *p = &c->whole->policy;
    rule_open(b, &(struct rule){"consent", STR(""), NULL, p->consent_pos,
                                p->consent_rows ? STR("Rows about people are left out where they said no to the purpose of a question") : STR("What people said about consent leaves out no rows"),
                                UNCOUNTED, UNCOUNTED, "holds"});
    put_bool(b, "rows", p->consent_rows);
    rule_close(b);
    rule_open(b, &(struct rule){"unclassified", STR(""), NULL, p->unclassified_pos,
                                p->unclassified_fails ? STR("A plan fails for a column that looks personal and has no classification") : STR("A plan warns of columns that look personal and have no classification"),
                                UNCOUNTED, UNCOUNTED, "holds"});
    put_str(b, "unclassified", p->unclassified_fails ? STR("fail") : STR("warn"));
    rule_close(b);
    for (size_t i = 0; i < p->n_approvals; i++) {
        const struct mesh_approval_rule *r = &p->approvals[i];
        struct str words = arena_printf(c->a, "A change that is %.*s needs %d who may %s", STR_FMT(r->change), r->needs, mesh_right_text(r->of));
        rule_open(b, &(struct rule){"approval", STR(""), NULL, r->pos, words, UNCOUNTED, UNCOUNTED, "holds"});
        put_str(b, "change", r->change);
        put_int(b, "needs", r->needs);
        put_str(b, "of", str_of(mesh_right_text(r->of)));
        rule_close(b);
    }
}

bool route_policies(struct call *c, struct err *e)
{
    (void)e;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_open(&b, "rules", '[');
    put_masks(c, &b);
    put_rows_rules(c, &b);
    put_tiers(c, &b);
    put_small_groups(c, &b);
    put_retention_rules(c, &b);
    put_whole(c, &b);
    put_close(&b, ']');
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}
