/* Second stage: governance/attribution.yaml: what a conversion is, and how models share it out. Defaults where it is silent: docs/attribution.md. */
#include "mesh/mesh_int.h"

#include <math.h>

#include "base/clock.h"
#include "mesh/units.h"

enum { DAY_S = 86400, LOOKBACK_DAYS = 30, HALF_LIFE_DAYS = 7, SAMPLES = 200, ORDER_MAX = 4 };
#define WEIGHTS_NEAR 1e-9

static const struct from { const char *name, *port, *where; } froms[] = {
    [CONVERSION_ORDERS] = {"orders", "shared.customer_order", "NOT is_test AND NOT is_cancelled AND coalesce(status, 'pending') <> 'draft'"},
    [CONVERSION_OPPORTUNITIES] = {"opportunities", "shared.opportunity", "status = 'won' AND NOT is_deleted AND NOT is_merged"},
    [CONVERSION_EVENTS] = {"events", "shared.interaction", "NOT is_bot AND NOT is_internal"},
};
enum { FROMS = sizeof froms / sizeof froms[0] };

static struct str direct_default[] = {{"direct", 6}};
static struct str paid_default[] = {{"paid_search", 11}, {"paid_social", 11}, {"paid_shopping", 13}, {"paid_video", 10},
                                    {"paid_other", 10}, {"display", 7}, {"cross_network", 13}, {"affiliate", 9}};

const char *mesh_conversion_from_text(enum mesh_conversion_from f)
{
    return froms[f].name;
}

const char *mesh_conversion_port(enum mesh_conversion_from f)
{
    return froms[f].port;
}

bool mesh_conversion_from_find(struct str text, enum mesh_conversion_from *out)
{
    for (size_t i = 0; i < FROMS; i++)
        if (str_eq(text, str_of(froms[i].name))) {
            *out = (enum mesh_conversion_from)i;
            return true;
        }
    return false;
}

static double number_at(const struct doc_node *n)
{
    return !n ? 0 : n->kind == DOC_INT ? (double)n->v.i : n->kind == DOC_FLOAT ? n->v.f : 0;
}

/* Weights of parts make a whole. */
static void weights_read(struct load *l, const struct doc *d, const struct doc_node *list, double *to, size_t n)
{
    double sum = 0;
    size_t i = 0;
    if (!list)
        return;
    for (const struct doc_node *v = doc_first(d, list); v && i < n; v = doc_next(d, v))
        sum += to[i++] = number_at(v);
    if (fabs(sum - 1) > WEIGHTS_NEAR)
        hint(at_value(l, E_SCHEMA, d, list, "the weights add up to %g, not to 1", sum), n == 3 ? "for example [0.4, 0.2, 0.4]" : "for example [0.3, 0.3, 0.3, 0.1]");
}

/* SQL of a conversion that is one expression and nothing around it; else reported, and something that stands for it until then. */
static struct str expression_of(struct load *l, const struct doc *d, const struct doc_node *n, const char *what, const char *such, struct str otherwise)
{
    struct mesh_strs columns;
    struct err e = {0};
    if (!n)
        return otherwise;
    if (l->parser && !expression_alone(l, doc_text(d, n), &columns, &e)) {
        hint(at_value(l, e.code == E_SQL ? E_SQL : E_SQL_REFUSED, d, n, "%s: %s", what, e.text), "%s", e.hint[0] ? e.hint : such);
        return STR("NULL");
    }
    return doc_text(d, n);
}

static void windows_read(struct load *l, const struct doc *d, const struct doc_node *map, struct mesh_conversion *c)
{
    if (!map)
        return;
    c->windows = arena_array(l->a, map->n_children + 1, sizeof *c->windows);
    for (const struct doc_node *n = doc_first(d, map); n; n = doc_next(d, n)) {
        struct mesh_touch_window *w = &c->windows[c->n_windows++];
        w->kind = doc_key(d, n);
        (void)unit_seconds(doc_text(d, n), &w->lookback_s);
    }
}

static void conversion_read(struct load *l, const struct doc *d, const struct doc_node *n, struct mesh_conversion *c)
{
    const struct doc_node *title = doc_get(d, n, "title"), *events = doc_get(d, n, "events"), *lookback = doc_get(d, n, "lookback");
    *c = (struct mesh_conversion){.name = doc_str(d, n, "name"), .lookback_s = (int64_t)LOOKBACK_DAYS * DAY_S, .pos = pos_of(d, n)};
    (void)mesh_conversion_from_find(doc_str(d, n, "from"), &c->from);
    c->title = title ? doc_text(d, title) : c->name;
    c->by_account = str_eq(doc_str(d, n, "by"), STR("account"));
    c->where = expression_of(l, d, doc_get(d, n, "where"), "where is no condition that can be held", "write a condition over columns, such as status = 'paid'", str_of(froms[c->from].where));
    c->value = expression_of(l, d, doc_get(d, n, "value"), "value is no number of a row", "write a column, such as net_revenue_reporting", (struct str){NULL, 0});
    c->events.v = text_list(l, d, events, &c->events.n);
    if (lookback)
        (void)unit_seconds(doc_text(d, lookback), &c->lookback_s);
    windows_read(l, d, doc_get(d, n, "touches"), c);
    if (c->from == CONVERSION_EVENTS && !events)
        hint(at_value(l, E_MISSING_KEY, d, n, "the conversion \"%.*s\" is from events, and names none", STR_FMT(c->name)), "add events: [\"Lead Submitted\"]");
    if (c->from != CONVERSION_EVENTS && events)
        hint(at_key(l, E_SCHEMA, d, events, "events belong to conversions from events, this one is from %s", froms[c->from].name), "remove it, or write from: events");
}

static void conversions_read(struct load *l, const struct doc *d, const struct doc_node *list, struct mesh_attribution *t)
{
    struct table seen = {0};
    t->conversions = arena_array(l->a, list->n_children + 1, sizeof *t->conversions);
    t->n_conversions = 0; /* instead of the default */
    for (const struct doc_node *n = doc_first(d, list); n; n = doc_next(d, n)) {
        struct mesh_conversion *c = &t->conversions[t->n_conversions++];
        const struct doc_node *name = doc_get(d, n, "name");
        conversion_read(l, d, n, c);
        const struct mesh_conversion *first = check_name(l, d, name, "conversion") ? table_put(&seen, l->a, c->name, c) : NULL;
        if (first)
            hint(at_value(l, E_DUPLICATE, d, name, "the conversion \"%.*s\" stands twice; first in line %u", STR_FMT(c->name), first->pos.line), "rename one of them");
    }
}

static void incremental_read(struct load *l, const struct doc *d, const struct doc_node *list, struct mesh_attribution *t)
{
    struct table seen = {0};
    t->incremental = arena_array(l->a, list->n_children + 1, sizeof *t->incremental);
    for (const struct doc_node *n = doc_first(d, list); n; n = doc_next(d, n)) {
        const struct doc_node *low = doc_get(d, n, "low"), *high = doc_get(d, n, "high"), *channel = doc_get(d, n, "channel");
        struct mesh_incremental *x = &t->incremental[t->n_incremental++];
        *x = (struct mesh_incremental){.channel = doc_text(d, channel), .source = doc_str(d, n, "source"), .share = number_at(doc_get(d, n, "share")), .pos = pos_of(d, n)};
        x->low = low ? number_at(low) : x->share;
        x->high = high ? number_at(high) : x->share;
        (void)clock_parse_date(doc_str(d, n, "as_of"), &x->as_of);
        if (x->low > x->share || x->high < x->share)
            hint(at_value(l, E_SCHEMA, d, x->low > x->share ? low : high, "the share %g lies outside of its own interval", x->share), "low is at most the share, high at least");
        const struct mesh_incremental *first = table_put(&seen, l->a, x->channel, x);
        if (first)
            hint(at_value(l, E_DUPLICATE, d, channel, "the channel \"%.*s\" has two shares; first in line %u", STR_FMT(x->channel), first->pos.line), "keep the newer one");
    }
}

static void models_read(struct load *l, const struct doc *d, const struct doc_node *n, struct mesh_attribution *t)
{
    const struct doc_node *def = doc_get(d, n, "default"), *w = doc_get(d, n, "w"), *decay = doc_get(d, n, "time_decay"), *markov = doc_get(d, n, "markov");
    const struct doc_node *shapley = doc_get(d, n, "shapley"), *boot = doc_get(d, n, "bootstrap"), *level = boot ? doc_get(d, boot, "level") : NULL;
    if (def)
        t->default_model = doc_text(d, def);
    weights_read(l, d, doc_get(d, n, "u"), t->u, 3);
    if (w) {
        weights_read(l, d, doc_get(d, w, "weights"), t->w, 4);
        t->milestone = doc_str(d, w, "milestone");
    }
    if (decay)
        (void)unit_seconds(doc_str(d, decay, "half_life"), &t->half_life_s);
    if (markov)
        t->markov_order = (int)doc_int(d, markov, "order", 1);
    if (shapley) {
        t->shapley_rate = str_eq(doc_str(d, shapley, "worth"), STR("rate"));
        t->shapley_seed = (uint64_t)doc_int(d, shapley, "seed", 1);
    }
    if (boot) {
        t->samples = (int)doc_int(d, boot, "samples", SAMPLES);
        t->bootstrap_seed = (uint64_t)doc_int(d, boot, "seed", 1);
        t->level = level ? number_at(level) : t->level;
    }
}

void build_attribution(struct load *l)
{
    const struct doc *d = l->attribution.doc;
    const struct doc_node *root = d ? doc_root(d) : NULL, *list;
    struct mesh_attribution *t = &l->m->attribution;
    struct mesh_conversion *purchase = arena_alloc(l->a, sizeof *purchase);
    *purchase = (struct mesh_conversion){.name = STR("purchase"), .title = STR("Purchase"), .from = CONVERSION_ORDERS, .where = str_of(froms[CONVERSION_ORDERS].where),
                                         .value = STR("net_revenue_reporting"), .lookback_s = (int64_t)LOOKBACK_DAYS * DAY_S};
    *t = (struct mesh_attribution){
        .conversions = purchase, .n_conversions = 1, .default_model = STR("last_non_direct"), .u = {0.4, 0.2, 0.4}, .w = {0.3, 0.3, 0.3, 0.1},
        .half_life_s = (int64_t)HALF_LIFE_DAYS * DAY_S, .markov_order = 1, .shapley_seed = 1, .samples = SAMPLES, .bootstrap_seed = 1, .level = 0.95,
        .direct = {direct_default, 1}, .paid = {paid_default, sizeof paid_default / sizeof paid_default[0]}, .consent_purpose = STR("analytics"),
    };
    if (!root)
        return;
    if ((list = doc_get(d, root, "conversions")))
        conversions_read(l, d, list, t);
    if ((list = doc_get(d, root, "models")))
        models_read(l, d, list, t);
    if ((list = doc_get(d, root, "direct")))
        t->direct.v = text_list(l, d, list, &t->direct.n);
    if ((list = doc_get(d, root, "paid")))
        t->paid.v = text_list(l, d, list, &t->paid.n);
    if ((list = doc_get(d, root, "incremental")))
        incremental_read(l, d, list, t);
    const struct doc_node *consent = doc_get(d, root, "consent");
    if (consent && doc_get(d, consent, "purpose"))
        t->consent_purpose = doc_str(d, consent, "purpose");
    t->consent_keep = consent && str_eq(doc_str(d, consent, "touches"), STR("keep"));
}

/* ---- when ports are known ---- */

static void conversion_refs(struct load *l, const struct doc *d, const struct doc_node *n, const struct mesh_conversion *c)
{
    const struct doc_node *where = doc_get(d, n, "where"), *value = doc_get(d, n, "value");
    const struct mesh_port *p = lookup_port(l, d, doc_get(d, n, "from"), str_of(froms[c->from].port));
    if (!p)
        return;
    if (where && !str_eq(c->where, STR("NULL")))
        expression_check(l, d, where, p, EXPRESSION_CONDITION);
    if (value && !str_eq(c->value, STR("NULL")))
        expression_check(l, d, value, p, EXPRESSION_NUMBER);
}

static void milestone_refs(struct load *l, const struct doc *d, const struct doc_node *n, const struct mesh_attribution *t)
{
    struct str *names = arena_array(l->a, t->n_conversions + 1, sizeof *names);
    if (!n)
        return;
    for (size_t i = 0; i < t->n_conversions; i++) {
        names[i] = t->conversions[i].name;
        if (str_eq(names[i], t->milestone))
            return;
    }
    hint_nearest(at_value(l, E_DANGLING, d, n, "the milestone \"%.*s\" is no conversion of this file", STR_FMT(t->milestone)), t->milestone, names, t->n_conversions);
}

void build_attribution_refs(struct load *l)
{
    const struct doc *d = l->attribution.doc;
    const struct doc_node *root = d ? doc_root(d) : NULL, *list = root ? doc_get(d, root, "conversions") : NULL;
    const struct doc_node *consent = root ? doc_get(d, root, "consent") : NULL, *purpose = consent ? doc_get(d, consent, "purpose") : NULL;
    struct mesh_attribution *t = &l->m->attribution;
    size_t i = 0;
    for (const struct doc_node *n = list ? doc_first(d, list) : NULL; n; n = doc_next(d, n))
        conversion_refs(l, d, n, &t->conversions[i++]);
    if (root)
        milestone_refs(l, d, doc_path(d, root, "models.w.milestone"), t);
    if (purpose)
        (void)refs_purpose(l, d, purpose);
}
