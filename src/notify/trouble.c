/* What is wrong now. Only roots are named: a port that is stale because of a source or of another port stands among what that one
 * affects. */
#include "notify/notify_int.h"

#include <stdio.h>

#include "base/clock.h"
#include "contract/contract.h"

enum { RULES_SHOWN = 5 };

struct list {
    const struct notify *n;
    struct arena *a;
    struct notify_trouble *v;
    size_t count, cap;
};

static struct notify_trouble *add(struct list *l, struct str kind, struct str ref)
{
    if (l->count == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 32;
        struct notify_trouble *v = arena_array(l->a, cap, sizeof *v);
        if (l->count)
            memcpy(v, l->v, l->count * sizeof *v);
        l->v = v;
        l->cap = cap;
    }
    l->v[l->count] = (struct notify_trouble){.kind = kind, .ref = ref, .title = ref};
    return &l->v[l->count++];
}

static struct str shown(const struct mesh_port *p)
{
    return p->is_default ? p->ref : p->ref_major;
}

static struct mesh_person either(struct mesh_person own, const struct mesh_domain *d)
{
    return own.name.n || own.contact.n ? own : d->owner;
}

/* ---- sources ---- */
static void of_source(struct list *l, const struct source_health *h)
{
    const struct mesh_source *s = h->source;
    struct str ref = arena_printf(l->a, "%.*s.%.*s", STR_FMT(s->domain->name), STR_FMT(s->name));
    for (size_t i = 0; i < h->n_problems; i++) {
        struct notify_trouble *t = add(l, h->problems[i].kind, ref);
        t->title = s->title.n ? s->title : s->name;
        t->text = h->problems[i].text;
        t->step = h->problems[i].step;
        t->href = arena_printf(l->a, "/sources/%.*s/%.*s", STR_FMT(s->domain->name), STR_FMT(s->name));
        t->owner = either(s->owner, s->domain);
        t->affected = arena_array(l->a, h->n_affected + 1, sizeof *t->affected);
        for (size_t k = 0; k < h->n_affected; k++)
            t->affected[t->n_affected++] = shown(h->affected[k]);
    }
}

/* ---- ports ---- */
static struct notify_trouble *of_port(struct list *l, const char *kind, const struct mesh_port *p)
{
    const struct mesh *m = l->n->mesh;
    struct notify_trouble *t = add(l, str_of(kind), shown(p));
    struct str name;
    bool *below = arena_array(l->a, m->n_ports + 1, sizeof *below);
    size_t n = 0;
    str_cut(t->ref, '.', &name);
    t->href = arena_printf(l->a, "/catalog/%.*s/%.*s?port=%.*s", STR_FMT(p->product->domain->name), STR_FMT(p->product->name),
                           STR_FMT(name));
    t->owner = either(p->product->owner, p->product->domain);
    below[p->index] = true;
    for (size_t i = p->index + 1; i < m->n_ports; i++)
        for (size_t k = 0; !below[i] && k < m->ports[i]->n_inputs; k++)
            if (m->ports[i]->inputs[k].port && below[m->ports[i]->inputs[k].port->index]) {
                below[i] = true;
                n++;
            }
    t->affected = arena_array(l->a, n + 1, sizeof *t->affected);
    for (size_t i = p->index + 1; i < m->n_ports; i++)
        if (below[i])
            t->affected[t->n_affected++] = shown(m->ports[i]);
    return t;
}

/* Rules of the last check that warn or refuse, by name: no values. How old the data is has an alert of its own. */
static bool broken_rules(struct list *l, const struct mesh_port *p, struct str *out, size_t *n, struct err *e)
{
    struct store_check *v;
    size_t count;
    struct buf b = BUF_INIT((size_t)4096);
    *n = 0;
    if (!store_checks_latest(l->n->state->store, l->a, p->ref_major, &v, &count, e))
        return false;
    for (size_t i = 0; i < count; i++) {
        if ((v[i].verdict != CHECK_FAILED && v[i].verdict != CHECK_WARNED) || str_eq_nocase(v[i].metric, STR("freshness")) ||
            str_eq_nocase(v[i].rule, STR("freshness")))
            continue;
        if ((*n)++ < RULES_SHOWN)
            buf_printf(&b, "%s%.*s%s%.*s", *n > 1 ? ", " : "", STR_FMT(v[i].rule), v[i].column.n ? " of " : "",
                       STR_FMT(v[i].column));
    }
    if (*n > RULES_SHOWN)
        buf_printf(&b, " and %zu more", *n - RULES_SHOWN);
    *out = arena_str(l->a, buf_str(&b));
    buf_fini(&b);
    return true;
}

/* A build that a check refused has the check for its cause; `refused` is read from the outcome that the store keeps. */
static bool last_refused(struct list *l, const struct mesh_port *p, bool *refused, bool *failed, struct err *e)
{
    struct store_run_port *v;
    size_t n;
    *refused = *failed = false;
    if (!store_port_history(l->n->state->store, l->a, p->ref_major, 8, &v, &n, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (str_eq(v[i].status, STR("cancelled")))
            continue;
        *refused = str_eq(v[i].status, STR("refused"));
        *failed = *refused || str_eq(v[i].status, STR("failed"));
        break;
    }
    return true;
}

static bool judge_port(struct list *l, const struct mesh_port *p, bool covered, bool *own, struct err *e)
{
    const struct build_port_status *s = &l->n->status[p->index];
    struct contract_freshness late = {0};
    struct str rules;
    size_t n_rules = 0;
    bool refused = false, failed = false;
    *own = false;
    if ((s->state == PORT_FAILING || s->state == PORT_NEVER_BUILT) && !last_refused(l, p, &refused, &failed, e))
        return false;
    if (failed) {
        struct notify_trouble *t = of_port(l, refused ? "check_failed" : "run_failed", p);
        t->text = s->reason;
        t->step = refused ? STR("look at the rows that break the check, and mend the source or the rule")
                          : STR("mend its SQL or what it reads, and run `trellis run`");
        *own = true;
        return true;
    }
    if ((s->checks_warned || s->checks_failed) && !broken_rules(l, p, &rules, &n_rules, e))
        return false;
    if (n_rules) {
        struct notify_trouble *t = of_port(l, "check_failed", p);
        t->text =
            arena_printf(l->a, "its last check found what its contract does not allow: %.*s; the version is served all the same",
                         STR_FMT(rules));
        t->step = STR("look at the rows that break the check, and mend the source or the rule");
    }
    if (covered || s->state != PORT_STALE)
        return true;
    contract_freshness(p, s->built_at_us, s->data_to, l->n->mesh->time_zone, clock_now_us(), &late);
    if (late.limit_s >= 0 && late.late) {
        struct notify_trouble *t = of_port(l, "port_stale", p);
        t->text = s->reason;
        t->step = STR("look why nothing newer came: `trellis status`, `trellis run`");
        *own = true;
    }
    return true;
}

static bool ports(struct list *l, const struct source_health *sources, struct err *e)
{
    const struct mesh *m = l->n->mesh;
    bool *troubled = arena_array(l->a, m->n_ports + 1, sizeof *troubled); /* itself, or something above it */
    for (size_t i = 0; i < m->n_sources; i++)
        if (sources[i].state == SOURCE_LATE || sources[i].state == SOURCE_FAILED || sources[i].state == SOURCE_NEVER)
            for (size_t k = 0; k < sources[i].n_affected; k++)
                troubled[sources[i].affected[k]->index] = true;
    for (size_t i = 0; i < m->n_ports; i++) {
        bool own;
        for (size_t k = 0; k < m->ports[i]->n_inputs; k++)
            troubled[i] = troubled[i] || (m->ports[i]->inputs[k].port && troubled[m->ports[i]->inputs[k].port->index]);
        if (!judge_port(l, m->ports[i], troubled[i], &own, e))
            return false;
        troubled[i] = troubled[i] || own;
    }
    return true;
}

/* ---- the last run as a whole: it failed or was interrupted, and no port or source says why ---- */
static bool run_as_whole(struct list *l, struct err *e)
{
    struct store_run *v;
    size_t n;
    if (!store_runs(l->n->state->store, l->a, 1, &v, &n, e))
        return false;
    if (n == 0 || !(v->status == RUN_INTERRUPTED || (v->status == RUN_FAILED && v->ports_failed == 0)))
        return true;
    for (size_t i = 0; i < l->count && v->status == RUN_FAILED; i++)
        if (str_eq(l->v[i].kind, STR("source_failed")) || str_eq(l->v[i].kind, STR("run_failed")))
            return true;
    struct notify_trouble *t = add(l, STR("run_failed"), l->n->mesh->name);
    t->title = arena_printf(l->a, "Run %lld", (long long)v->run_id);
    t->text = v->status == RUN_INTERRUPTED ? STR("the run was interrupted: the process ended before it did")
                                           : arena_printf(l->a, "the run failed: %.*s", STR_FMT(v->message));
    t->step = STR("run `trellis run` again and look at what it says");
    t->href = STR("/runs");
    const struct mesh_domain *shared = mesh_find_domain(l->n->mesh, STR("shared"));
    if (shared)
        t->owner = shared->owner;
    return true;
}

/* ---- metrics that are watched ---- */
static void metrics(struct list *l)
{
    struct unusual_found *v;
    size_t n;
    unusual_now(l->n, l->a, &v, &n);
    for (size_t i = 0; i < n; i++) {
        const struct mesh_metric *m = mesh_find_metric(l->n->mesh, v[i].ref, NULL);
        if (!m)
            continue;
        struct notify_trouble *t = add(l, STR("metric_unusual"), m->ref);
        t->title = m->title.n ? m->title : m->name;
        t->text = v[i].text;
        t->step = arena_printf(l->a, "look at what moved with it: `trellis anomalies --metric %.*s`", STR_FMT(m->ref));
        t->href = arena_printf(l->a, "/anomalies?metric=%.*s", STR_FMT(m->ref));
        t->owner = either(m->owner, m->domain);
    }
}

bool notify_troubles(const struct notify *n, struct arena *a, struct notify_trouble **out, size_t *count, struct err *e)
{
    struct list l = {.n = n, .a = a};
    struct source_health *sources;
    if (!catalog_sources(n->state, n->mesh, a, &sources, e))
        return false;
    for (size_t i = 0; i < n->mesh->n_sources; i++)
        of_source(&l, &sources[i]);
    if (!ports(&l, sources, e) || !run_as_whole(&l, e))
        return false;
    metrics(&l);
    *out = l.v;
    *count = l.count;
    return true;
}
