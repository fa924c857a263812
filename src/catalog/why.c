/* Why a port is as it is: its state with the sources behind it, and the chain from it to what is to be mended, with who owns each step
 * and since when. */
#include "catalog/catalog_int.h"

#include "base/clock.h"
#include "contract/contract.h"

enum { FAILURES_LOOKED_AT = 500 };

/* "5 hours", "3 days" */
static struct str span(int64_t seconds, struct arena *a)
{
    return seconds < 2 * 86400 ? count_of(seconds / 3600, "hour", "hours", a) : count_of(seconds / 86400, "day", "days", a);
}

static struct str source_ref(const struct mesh_source *s, struct arena *a)
{
    return arena_printf(a, "%.*s.%.*s", STR_FMT(s->domain->name), STR_FMT(s->name));
}

/* As a cause: a port may have the same name. */
static struct str source_id(const struct mesh_source *s, struct arena *a)
{
    return arena_printf(a, "source:%.*s", STR_FMT(source_ref(s, a)));
}

/* ---- states, with the sources behind them ---- */

static const struct source_lag *lag_of(const struct mesh *m, const struct source_lag *lags, const struct mesh_source *s)
{
    for (size_t i = 0; i < m->n_sources; i++)
        if (m->sources[i] == s)
            return &lags[i];
    return NULL;
}

/* The source behind a port that is late for longest; NULL: none. Inputs come first among the ports. */
static const struct source_lag *latest(const struct mesh *m, const struct source_lag *lags, const struct mesh_port *p,
                                       const struct source_lag *const *by_port)
{
    const struct source_lag *worst = NULL;
    for (size_t i = 0; i < p->n_inputs; i++) {
        const struct mesh_input *in = &p->inputs[i];
        const struct source_lag *lag = in->port ? by_port[in->port->index] : in->stream ? lag_of(m, lags, in->stream->source) : NULL;
        if (lag && lag->late_us && (!worst || lag->late_us < worst->late_us))
            worst = lag;
    }
    return worst;
}

static void blame_source(const struct source_lag *lag, int64_t now_us, struct arena *a, struct build_port_status *s)
{
    const struct mesh_source *src = lag->source;
    s->stale_cause_ref = source_id(src, a);
    s->stale_cause = arena_printf(a, "its newest data is %.*s old; at most %.*s are promised",
                                  STR_FMT(span((now_us - lag->newest_us) / 1000000, a)), STR_FMT(span(src->sla.freshness_s, a)));
    struct str because = arena_printf(a, "the source %.*s is late: %.*s", STR_FMT(title_of(src->title, src->name)), STR_FMT(s->stale_cause));
    s->reason = s->state == PORT_STALE ? arena_printf(a, "%.*s; %.*s", STR_FMT(s->reason), STR_FMT(because))
                                       : arena_printf(a, "serves older figures, because %.*s", STR_FMT(because));
    s->state = PORT_STALE;
}

static bool misses_its_sla(const struct mesh *m, const struct mesh_port *p, const struct build_port_status *s, int64_t now_us,
                           int64_t *since_us)
{
    struct contract_freshness f;
    contract_freshness(p, s->built_at_us, s->data_to, m->time_zone, now_us, &f);
    *since_us = f.late ? now_us - (f.age_s - f.limit_s) * 1000000 : 0;
    return f.limit_s >= 0 && f.late;
}

bool catalog_status(struct build *b, struct state *s, const struct mesh *m, struct arena *a, struct build_port_status **out, struct err *e)
{
    struct source_lag *lags;
    int64_t now = clock_now_us(), since;
    bool late = false;
    if (!build_status(b, m, a, out, e) || !catalog_lags(s, m, a, &lags, e))
        return false;
    for (size_t i = 0; i < m->n_sources; i++)
        late |= lags[i].late_us != 0;
    const struct source_lag **by_port = arena_array(a, m->n_ports + 1, sizeof *by_port);
    for (size_t i = 0; late && i < m->n_ports; i++) {
        struct build_port_status *st = &(*out)[i];
        by_port[i] = latest(m, lags, m->ports[i], by_port);
        if (!by_port[i])
            continue;
        if (st->state == PORT_FRESH || (st->state == PORT_STALE && !st->stale_cause_ref.n && misses_its_sla(m, m->ports[i], st, now, &since)))
            blame_source(by_port[i], now, a, st);
    }
    return true;
}

/* ---- the chain ---- */

/* All that a port is made of, nearest first, and the way to each. */
struct walk {
    const struct mesh_port **order;
    size_t *from, n; /* from: place in `order` of the port that reads it */
};

struct chain {
    struct state *s;
    const struct mesh *m;
    const struct build_port_status *status;
    const struct source_health *health; /* as mesh.sources */
    const struct source_lag *lags;
    struct arena *a;
    struct why_step *v;
    size_t n;
    int64_t now_us;
    struct err *e;
};

static void walk_up(const struct chain *c, const struct mesh_port *p, struct walk *w)
{
    bool *seen = arena_array(c->a, c->m->n_ports + 1, sizeof *seen);
    w->order = arena_array(c->a, c->m->n_ports + 1, sizeof *w->order);
    w->from = arena_array(c->a, c->m->n_ports + 1, sizeof *w->from);
    w->order[0] = p;
    w->n = 1;
    seen[p->index] = true;
    for (size_t i = 0; i < w->n; i++)
        for (size_t k = 0; k < w->order[i]->n_inputs; k++) {
            const struct mesh_port *in = w->order[i]->inputs[k].port;
            if (!in || seen[in->index])
                continue;
            seen[in->index] = true;
            w->from[w->n] = i;
            w->order[w->n++] = in;
        }
}

/* How the newest attempts at a port went, and since when they went that way; 0: unknown. */
static bool failing_since(struct chain *c, const struct mesh_port *p, bool *refused, int64_t *since_us)
{
    struct store_run_port *runs;
    size_t n;
    *since_us = 0;
    *refused = false;
    if (!store_port_history(c->s->store, c->a, p->ref_major, FAILURES_LOOKED_AT, &runs, &n, c->e))
        return false;
    for (size_t i = 0; i < n; i++) {
        bool is_refused = str_eq(runs[i].status, STR("refused"));
        if (str_eq(runs[i].status, STR("cancelled")))
            continue;
        if (!is_refused && !str_eq(runs[i].status, STR("failed")) && !str_eq(runs[i].status, STR("skipped")))
            break;
        *refused |= *since_us == 0 && is_refused;
        *since_us = runs[i].finished_at_us;
    }
    return true;
}

static bool add_port(struct chain *c, const struct mesh_port *p, bool *refused)
{
    const struct build_port_status *st = &c->status[p->index];
    struct why_step *step = &c->v[c->n++];
    int64_t since = 0;
    *refused = false;
    *step = (struct why_step){.ref = port_shown(p),
                              .kind = STR("port"),
                              .state = str_of(port_state_text(st->state)),
                              .message = st->reason,
                              .owner = who_of_product(p->product)};
    if (st->state == PORT_FRESH) {
        step->since_us = st->built_at_us;
        step->message = arena_printf(c->a, "built at %.16sZ from all that has come, and in time", clock_iso(st->built_at_us).z);
        return true;
    }
    if (!failing_since(c, p, refused, &since))
        return false;
    if (!since && st->state == PORT_STALE && !misses_its_sla(c->m, p, st, c->now_us, &since))
        since = 0;
    step->since_us = since;
    return true;
}

/* The ports between the first of a walk and its place `to`, without the first. */
static bool add_way(struct chain *c, const struct walk *w, size_t to, bool *refused)
{
    size_t n = 0, *way = arena_array(c->a, w->n + 1, sizeof *way);
    for (size_t i = to; i != 0; i = w->from[i])
        way[n++] = i;
    while (n-- > 0)
        if (!add_port(c, w->order[way[n]], refused))
            return false;
    return true;
}

static bool since_failed(struct chain *c, const struct mesh_stream *st, int64_t *out)
{
    struct engine_conn *conn = NULL;
    const struct engine_param p = {.type = ENGINE_TEXT, .s = st->ref};
    bool ok = engine_connect(c->s->engine, &conn, c->e) &&
              engine_value_i64(conn, STR("SELECT coalesce(epoch_us(min(noted_at)), 0) FROM mesh.sys.ingest_problem WHERE stream = $1"), &p, 1,
                               out, c->e);
    if (conn)
        engine_disconnect(conn);
    return ok;
}

static bool add_source(struct chain *c, const struct mesh_stream *read, const struct source_health *h)
{
    const struct source_problem *problem = h->n_problems ? &h->problems[0] : NULL;
    const struct source_lag *lag = lag_of(c->m, c->lags, h->source);
    const struct mesh_stream *st = problem && problem->stream ? problem->stream : !problem && lag && lag->decides ? lag->decides : read;
    struct mesh_person owner = who_of_source(h->source);
    int64_t since = 0;
    if (h->state == SOURCE_FAILED && !since_failed(c, st, &since))
        return false;
    if (h->state == SOURCE_LATE && lag)
        since = lag->late_us;
    if (h->state == SOURCE_UNUSUAL)
        since = h->last_load_us;
    struct str state = str_of(source_state_text(h->state));
    struct str message = h->reason;
    if (h->state == SOURCE_OK && lag && lag->has_days) /* nothing is wrong with it that it promised; yet no more has come */
        message = arena_printf(c->a, "nothing newer than %s has come", clock_date(lag->day_to).z);
    c->v[c->n++] = (struct why_step){.ref = st->ref,
                                     .kind = STR("stream"),
                                     .state = state,
                                     .message = problem ? problem->text : message,
                                     .owner = owner,
                                     .since_us = since};
    c->v[c->n++] = (struct why_step){.ref = source_ref(h->source, c->a),
                                     .kind = STR("source"),
                                     .state = state,
                                     .message = h->reason,
                                     .owner = owner,
                                     .since_us = since};
    return true;
}

struct cause_ask {
    struct str wanted; /* the source is known, else the gravest, the nearest of those */
    bool unusual;      /* what is merely unusual counts too */
    bool oldest;       /* and where all are in order, the one whose data is the oldest */
};

static bool is_older(const struct source_lag *lag, const struct source_lag *than)
{
    return lag->newest_us && (!than->newest_us || lag->newest_us < than->newest_us);
}

static bool add_cause(struct chain *c, const struct mesh_port *p, const struct cause_ask *ask)
{
    static const int gravity[] = {[SOURCE_FAILED] = 4, [SOURCE_NEVER] = 3, [SOURCE_LATE] = 3, [SOURCE_UNUSUAL] = 1, [SOURCE_OK] = 0};
    const struct mesh_stream *stream = NULL;
    const struct source_health *found = NULL;
    struct walk w;
    size_t at = 0;
    bool refused;
    int least = ask->oldest ? -1 : ask->unusual ? 0 : 1;
    walk_up(c, p, &w);
    for (size_t i = 0; i < w.n; i++)
        for (size_t k = 0; k < w.order[i]->n_inputs; k++) {
            const struct mesh_stream *st = w.order[i]->inputs[k].stream;
            const struct source_lag *lag = st ? lag_of(c->m, c->lags, st->source) : NULL;
            const struct source_health *h = lag ? &c->health[lag - c->lags] : NULL;
            if (!h || (ask->wanted.n && !str_eq(source_id(st->source, c->a), ask->wanted)))
                continue;
            bool better = ask->wanted.n ? !found : gravity[h->state] > (found ? gravity[found->state] : least);
            bool same = found && !ask->wanted.n && gravity[h->state] == gravity[found->state];
            if (better || (same && ask->oldest && is_older(lag, lag_of(c->m, c->lags, found->source)))) {
                found = h;
                stream = st;
                at = i;
            }
        }
    return !found || (add_way(c, &w, at, &refused) && add_source(c, stream, found));
}

bool catalog_why(struct state *s, const struct mesh *m, const struct build_port_status *status, const struct mesh_port *p, struct arena *a,
                 struct why_step **out, size_t *n, struct err *e)
{
    struct chain c = {.s = s, .m = m, .status = status, .a = a, .now_us = clock_now_us(), .e = e};
    struct source_health *health;
    struct source_lag *lags;
    struct walk w;
    bool refused;
    int64_t since;
    c.v = arena_array(a, 2 * m->n_ports + 4, sizeof *c.v);
    if (!add_port(&c, p, &refused))
        return false;
    const struct mesh_port *root = p, *cause = mesh_find_port(m, status[p->index].stale_cause_ref);
    walk_up(&c, p, &w);
    for (size_t i = 1; cause && i < w.n; i++)
        if (w.order[i] == cause) {
            if (!add_way(&c, &w, i, &refused))
                return false;
            root = cause;
            break;
        }
    const struct build_port_status *st = &status[root->index];
    bool by_source = root == p && !cause && st->stale_cause_ref.n, late = st->state == PORT_STALE && misses_its_sla(m, root, st, c.now_us, &since);
    /* A build that failed by itself, or waits to be made, is its own cause; a refusal may be the data's. */
    if (by_source || late || refused || st->state == PORT_NEVER_BUILT) {
        if (!catalog_sources(s, m, a, &health, e) || !catalog_lags(s, m, a, &lags, e))
            return false;
        c.health = health;
        c.lags = lags;
        const struct cause_ask ask = {.wanted = by_source ? st->stale_cause_ref : STR(""), .unusual = refused || late, .oldest = late};
        if (!add_cause(&c, root, &ask))
            return false;
        for (size_t i = 0; by_source && i < c.n; i++)
            c.v[i].since_us = c.v[i].since_us ? c.v[i].since_us : c.v[c.n - 1].since_us;
    }
    *out = c.v;
    *n = c.n;
    return true;
}
