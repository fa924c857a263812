/* The state of every port in plain words, from the ledger, the last outcomes and the declaration. Reading only. */
#include "build/build_int.h"

#include "base/clock.h"
#include "contract/contract.h"

const char *port_state_text(enum port_state s)
{
    static const char *const texts[] = {"fresh", "stale", "failing", "never_built"};
    return texts[s];
}

struct str build_serving_text(const struct ledger_version *v, struct arena *a)
{
    if (v == NULL)
        return STR("nothing is served, since it was never built");
    return arena_printf(a, "the version built at %.16sZ is still served", clock_iso(v->built_at_us).z);
}

struct reading {
    const struct mesh *m;
    struct arena *a;
    struct build_facts facts;
    struct build_print *prints;
    struct store_port_state *last; /* as m->ports; a cancelled attempt says nothing */
    int64_t now_us;
};

static bool read_last(struct build *b, struct reading *r, struct err *e)
{
    struct str *refs = arena_array(r->a, r->m->n_ports + 1, sizeof *refs);
    for (size_t i = 0; i < r->m->n_ports; i++)
        refs[i] = r->m->ports[i]->ref_major;
    return store_port_states(b->s->store, r->a, refs, r->m->n_ports, build_outcome_text(OUTCOME_CANCELLED), &r->last, e);
}

/* The first input, in order of names, that is not fresh, and the cause above it. Inputs come first in m->ports, so theirs is
 * known. */
static const struct mesh_port *unfresh_input(const struct mesh_port *p, const struct build_port_status *all)
{
    const struct mesh_port *found = NULL;
    for (size_t i = 0; i < p->n_inputs; i++) {
        const struct mesh_port *in = p->inputs[i].port;
        if (in == NULL || all[in->index].state == PORT_FRESH)
            continue;
        if (all[in->index].state != PORT_STALE)
            return in;
        if (found == NULL)
            found = in;
    }
    return found;
}

static void blame_upstream(struct reading *r, const struct mesh_port *in, const struct build_port_status *all,
                           struct build_port_status *s)
{
    const struct build_port_status *up = &all[in->index];
    s->state = PORT_STALE;
    s->stale_cause_ref = up->stale_cause_ref.n > 0 ? up->stale_cause_ref : in->ref_major;
    s->stale_cause = up->stale_cause_ref.n > 0 ? up->stale_cause : up->reason;
    const struct mesh_port *root = mesh_find_port(r->m, s->stale_cause_ref);
    const char *how = root == NULL                                 ? "is not up to date"
                      : all[root->index].state == PORT_FAILING     ? "is failing"
                      : all[root->index].state == PORT_NEVER_BUILT ? "was never built"
                                                                   : "is not up to date";
    s->reason = arena_printf(r->a, "serves older figures, because %.*s %s: %.*s", STR_FMT(s->stale_cause_ref), how,
                             STR_FMT(s->stale_cause));
}

/* "5 hours", "3 days" */
static struct str span(struct arena *a, int64_t seconds)
{
    bool days = seconds >= 2 * 86400;
    int64_t n = days ? seconds / 86400 : seconds / 3600;
    return arena_printf(a, "%lld %s%s", (long long)n, days ? "day" : "hour", n == 1 ? "" : "s");
}

static void judge_freshness(struct reading *r, const struct mesh_port *p, struct build_port_status *s)
{
    struct contract_freshness late = {0};
    contract_freshness(p, s->built_at_us, s->data_to, r->m->time_zone, r->now_us, &late);
    if (late.limit_s < 0 || !late.late)
        return;
    s->state = PORT_STALE;
    s->reason = arena_printf(r->a, "its data is %.*s old; its contract promises at most %.*s", STR_FMT(span(r->a, late.age_s)),
                             STR_FMT(span(r->a, late.limit_s)));
}

static void judge(struct reading *r, const struct mesh_port *p, struct build_port_status *all)
{
    struct build_port_status *s = &all[p->index];
    const struct ledger_version *v = r->facts.by_port[p->index];
    const struct store_port_state *last = &r->last[p->index];
    struct str because;
    *s = (struct build_port_status){.state = PORT_NEVER_BUILT,
                                    .reason = STR(""),
                                    .checks_passed = last->checks[CHECK_PASSED],
                                    .checks_warned = last->checks[CHECK_WARNED],
                                    .checks_failed = last->checks[CHECK_FAILED],
                                    .checks_not_evaluated = last->checks[CHECK_NOT_EVALUATED]};
    bool failed = str_eq(last->status, build_outcome_text(OUTCOME_FAILED)) || str_eq(last->status, build_outcome_text(OUTCOME_REFUSED));
    const struct mesh_port *blocked = unfresh_input(p, all);
    if (v != NULL) {
        s->built_at_us = v->built_at_us;
        s->rows = v->rows;
        s->version_id = v->version_id;
        s->data_from = v->data_from;
        s->data_to = v->data_to;
    } else {
        s->reason = STR("it has not been built yet; `trellis run` builds it");
        if (failed) {
            s->reason = arena_printf(r->a, "its first build failed: %.*s", STR_FMT(last->message));
        } else if (blocked != NULL && all[blocked->index].state != PORT_STALE) {
            blame_upstream(r, blocked, all, s);
            s->state = PORT_NEVER_BUILT;
            s->reason = arena_printf(r->a, "it has not been built, because %.*s: %.*s", STR_FMT(s->stale_cause_ref),
                                     STR_FMT(s->stale_cause));
        }
        return;
    }
    enum build_reason reason = build_reason_of(r->m, &r->facts, r->prints, p, NULL, r->a, &because);
    if (failed && reason != REASON_NONE) {
        s->state = PORT_FAILING;
        s->reason = arena_printf(r->a, "the last build %s: %.*s; %.*s",
                                 str_eq(last->status, build_outcome_text(OUTCOME_REFUSED)) ? "was refused" : "failed",
                                 STR_FMT(last->message), STR_FMT(build_serving_text(v, r->a)));
    } else if (blocked != NULL) {
        blame_upstream(r, blocked, all, s);
    } else if (reason != REASON_NONE) {
        s->state = PORT_STALE;
        s->reason = arena_printf(r->a, "%.*s; `trellis run` builds it again", STR_FMT(because));
    } else {
        s->state = PORT_FRESH;
        judge_freshness(r, p, s);
    }
}

bool build_status(struct build *b, const struct mesh *m, struct arena *a, struct build_port_status **out, struct err *e)
{
    struct engine_conn *c = NULL;
    struct reading r = {.m = m, .a = a, .now_us = clock_now_us()};
    struct build_port_status *all = arena_array(a, m->n_ports + 1, sizeof *all);
    bool ok = false;
    if (!engine_connect(b->s->engine, &c, e))
        goto out;
    if (!build_facts_read(c, m, a, &r.facts, e) || !build_facts_identity(b->s, m, a, &r.facts, e) || !build_prints_kept(b, m, a, &r.prints, e) ||
        !read_last(b, &r, e))
        goto out;
    r.facts.views_stand = true; /* they show what is new by themselves */
    r.facts.views_since_us = INT64_MIN;
    for (size_t i = 0; i < m->n_ports; i++)
        judge(&r, m->ports[i], all);
    *out = all;
    ok = true;
out:
    engine_disconnect(c);
    return ok;
}
