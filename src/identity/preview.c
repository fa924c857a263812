/* What other rules, or one more decision, would make of history: everything resolved twice in memory, and compared. Nothing is written. */
#include "identity/ask.h"

#include "base/clock.h"
#include "identity/identity_int.h"

static bool resolve_by(const struct ask *q, const struct mesh_identity *rules, const struct decision_made *extra, struct str table, struct graph **out,
                       struct err *e)
{
    struct graph *g;
    struct decision_made *made;
    struct resolve_decision *d;
    size_t n;
    *out = NULL;
    if (!graph_open(q->s, rules, &g, e))
        return false;
    *out = g; /* the caller closes it in any case */
    if (!decisions_read(q->s->store, g->key, q->a, &made, &n, e) || !graph_load(g, q->c, table, false, NULL, e))
        return false;
    if (extra) {
        struct decision_made *more = arena_array(q->a, n + 1, sizeof *more);
        if (n)
            memcpy(more, made, n * sizeof *more);
        more[n] = *extra; /* the newest: where it contradicts others, it holds */
        more[n].id = n ? made[n - 1].id + 1 : 1;
        more[n].at_us = clock_now_us();
        made = more;
        n++;
    }
    n = decisions_resolve(made, n, g->rules, NULL, q->a, &d);
    resolve_decide(g->r, d, n);
    resolve_all(g->r);
    return true;
}

/* Of each customer: its identifiers and sets, and of how many of the other side's customers it is made. */
struct tally { uint32_t identifiers, sets, other, parts; };

static struct tally *tallied(struct graph *g)
{
    size_t n = resolve_identifiers(g->r);
    struct tally *t = mem_alloc((n + 1) * sizeof *t);
    for (uint32_t id = 0; id < n; id++) {
        uint32_t c = resolve_identifier_customer(g->r, id);
        if (c != RESOLVE_NONE && resolve_identifier_get(g->r, id).kind != RESOLVE_KIND_EVIDENCE)
            t[c].identifiers++;
    }
    for (uint32_t s = 0; s < resolve_sets(g->r); s++)
        t[resolve_set_customer(g->r, s)].sets++;
    return t;
}

/* Customers of `g` that the sets of one customer of `of` belong to, counted exactly: each customer's sets are visited together. */
static void count_parts(struct graph *of, struct tally *t, struct graph *g)
{
    size_t n = resolve_identifiers(g->r);
    uint32_t *seen = mem_alloc((n + 1) * sizeof *seen); /* for which customer it was counted last, + 1 */
    for (uint32_t c = 0; c < resolve_identifiers(of->r); c++) {
        if (!resolve_is_customer(of->r, c))
            continue;
        for (uint32_t s = resolve_customer_first(of->r, c); s != RESOLVE_NONE; s = resolve_customer_next(of->r, c, s)) {
            if (s >= resolve_sets(g->r)) /* the decision that is tried stands on one side only */
                continue;
            uint32_t other = resolve_set_customer(g->r, s);
            if (seen[other] != c + 1) {
                seen[other] = c + 1;
                t[c].parts++;
                t[c].other = other;
            }
        }
    }
    mem_free(seen);
}

/* The largest of all, or with `beside` (what is now, and its tally) of those that are not as they are now. */
static size_t largest_of(struct graph *g, const struct tally *t, struct graph *beside, const struct tally *beside_t, struct arena *a, struct preview_customer *out)
{
    uint32_t top[PREVIEW_LARGEST];
    size_t n = 0;
    for (uint32_t c = 0; c < resolve_identifiers(g->r); c++) {
        if (!resolve_is_customer(g->r, c) || t[c].identifiers == 0)
            continue;
        if (beside && t[c].parts == 1 && beside_t[t[c].other].parts == 1)
            continue;
        size_t at = n;
        while (at > 0 && t[top[at - 1]].identifiers < t[c].identifiers)
            at--;
        if (at == PREVIEW_LARGEST)
            continue;
        if (n < PREVIEW_LARGEST)
            n++;
        memmove(top + at + 1, top + at, (n - at - 1) * sizeof *top);
        top[at] = c;
    }
    for (size_t i = 0; i < n; i++) {
        struct customer_id id = graph_customer_id(g, top[i]);
        out[i] = (struct preview_customer){arena_str(a, str_of(id.z)), t[top[i]].identifiers, t[top[i]].sets, t[top[i]].parts};
    }
    return n;
}

static void side(struct graph *g, const struct tally *t, struct arena *a, struct preview_side *out)
{
    struct resolve_outcome o;
    struct resolve_counts n = resolve_counts_get(g->r);
    resolve_outcome_get(g->r, &o);
    *out = (struct preview_side){.customers = n.customers, .identifiers = n.identifiers};
    for (size_t i = 0; i < o.n_lines; i++)
        out->refused += o.lines[i].action == RESOLVE_REFUSED;
    out->n_largest = largest_of(g, t, NULL, NULL, a, out->largest);
}

bool identity_preview(const struct ask *q, const struct mesh_identity *rules, const struct decision_made *extra, struct preview *out, struct err *e)
{
    struct graph *now = NULL, *then = NULL;
    struct tally *a = NULL, *b = NULL;
    const struct mesh_port *port;
    struct str table;
    bool ok = false;
    *out = (struct preview){0};
    if (!identity_port_table(q->m, q->c, q->a, &port, &table, e))
        return false;
    if (!table.n) {
        err_set(e, E_NOT_BUILT, "%.*s has not been built yet: there is no history to try the rules on", STR_FMT(port->ref));
        err_hint(e, "trellis run builds it");
        return false;
    }
    /* Sets come in the order of their evidence, then the decisions: both have the same numbers. */
    if (!resolve_by(q, &q->m->identity, NULL, table, &now, e) || !resolve_by(q, rules, extra, table, &then, e))
        goto out;
    a = tallied(now);
    b = tallied(then);
    count_parts(now, a, then);
    count_parts(then, b, now);
    side(now, a, q->a, &out->now);
    side(then, b, q->a, &out->then);
    out->n_changed = largest_of(then, b, now, a, q->a, out->changed);
    for (uint32_t c = 0; c < resolve_identifiers(now->r); c++) {
        if (!resolve_is_customer(now->r, c))
            continue;
        bool falls = a[c].parts > 1, joins = false;
        for (uint32_t s = resolve_customer_first(now->r, c); s != RESOLVE_NONE && !joins; s = resolve_customer_next(now->r, c, s))
            joins = b[resolve_set_customer(then->r, s)].parts > 1;
        out->split += falls;
        out->merged += joins && !falls;
        out->same += !falls && !joins;
        struct resolve_identifier first = resolve_identifier_get(now->r, c);
        if (first.kind != RESOLVE_KIND_EVIDENCE)
            first.kind = rules_kind(then->rules, rules_kind_name(now->rules, first.kind));
        uint32_t there = resolve_identifier_find(then->r, first);
        out->ids_retired += there == RESOLVE_NONE || !resolve_is_customer(then->r, there);
    }
    ok = true;
out:
    mem_free(a);
    mem_free(b);
    graph_close(now);
    graph_close(then);
    return ok;
}
