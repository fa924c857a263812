/* What happened lately, from every place that keeps a history: the ledger (loads, drift), the control store (runs, checks,
 * declarations, requests) and the clock (sources that are late). Newest first; each with its owner and the page that shows it. */
#include "catalog/catalog_int.h"

#include <stdlib.h>

#include "base/clock.h"

enum { LOADS_READ = 2000, DRIFT_READ = 200, RUNS_READ = 30, SAME_LOAD_US = 10 * 60 * 1000000, DAYS_BACK = 60, TEXT_SHOWN = 120 };

struct list {
    struct arena *a;
    const struct mesh *m;
    struct change *v;
    size_t n, cap;
};

static struct change *add(struct list *l, int64_t at_us, const char *kind, enum change_severity severity)
{
    if (l->n == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 128;
        struct change *v = arena_array(l->a, cap, sizeof *v);
        if (l->n)
            memcpy(v, l->v, l->n * sizeof *v);
        l->v = v;
        l->cap = cap;
    }
    l->v[l->n] = (struct change){.at_us = at_us, .kind = str_of(kind), .severity = severity};
    return &l->v[l->n++];
}

static void of_port(struct list *l, struct change *c, const struct mesh_port *p)
{
    c->ref = port_shown(p);
    c->domain = p->product->domain->name;
    c->href = port_href(p, l->a);
    c->owner = who_of_product(p->product);
}

static void of_source(struct list *l, struct change *c, const struct mesh_source *s)
{
    c->ref = arena_printf(l->a, "%.*s.%.*s", STR_FMT(s->domain->name), STR_FMT(s->name));
    c->domain = s->domain->name;
    c->href = source_href(s, l->a);
    c->owner = who_of_source(s);
}

/* ---- loads and drift: the ledger ---- */
struct load {
    const struct mesh_source *source;
    int64_t at_us, files, rows, quarantined;
};

static void say_load(struct list *l, const struct load *x)
{
    struct change *c = add(l, x->at_us, "load", x->quarantined ? CHANGE_WARN : CHANGE_INFO);
    struct str title = title_of(x->source->title, x->source->name), files = count_of(x->files, "file", "files", l->a),
               rows = count_of(x->rows, "row", "rows", l->a);
    of_source(l, c, x->source);
    c->title = x->quarantined ? arena_printf(l->a, "%.*s: %.*s loaded, %.*s; %.*s set aside", STR_FMT(title), STR_FMT(files),
                                             STR_FMT(rows), STR_FMT(count_of(x->quarantined, "row", "rows", l->a)))
                              : arena_printf(l->a, "%.*s: %.*s loaded, %.*s", STR_FMT(title), STR_FMT(files), STR_FMT(rows));
}

/* Files of one source that came together are one line. They are read newest first, so a group ends when time goes back far. */
static bool loads(struct list *l, struct engine_conn *conn, int64_t since_us, struct err *e)
{
    struct engine_result *r = NULL;
    struct engine_chunk *ch = NULL;
    struct load *open = arena_array(l->a, l->m->n_sources + 1, sizeof *open);
    struct engine_param p[] = {{.type = ENGINE_INT, .i = since_us}, {.type = ENGINE_INT, .i = LOADS_READ}};
    bool ok = engine_query(conn,
                           STR("SELECT stream, epoch_us(learned_at), rows_loaded, rows_quarantined FROM mesh.sys.file_load WHERE"
                               " learned_at >= make_timestamp(CAST($1 AS BIGINT)) ORDER BY file_id DESC LIMIT $2"),
                           p, 2, &r, e);
    while (ok && (ok = engine_result_next(r, &ch, e)) && ch)
        for (size_t row = 0; row < engine_chunk_rows(ch); row++) {
            const struct mesh_stream *st = mesh_find_stream(l->m, engine_cell_str(ch, 0, row));
            size_t i = 0;
            while (st && i < l->m->n_sources && l->m->sources[i] != st->source)
                i++;
            if (!st || i == l->m->n_sources)
                continue;
            int64_t at = engine_cell_i64(ch, 1, row);
            if (open[i].source && open[i].at_us - at > SAME_LOAD_US) {
                say_load(l, &open[i]);
                open[i] = (struct load){0};
            }
            if (!open[i].source)
                open[i] = (struct load){.source = st->source, .at_us = at};
            open[i].files++;
            open[i].rows += engine_cell_i64(ch, 2, row);
            open[i].quarantined += engine_cell_i64(ch, 3, row);
        }
    engine_result_close(r);
    for (size_t i = 0; i < l->m->n_sources; i++)
        if (open[i].source)
            say_load(l, &open[i]);
    return ok;
}

static bool drift(struct list *l, struct engine_conn *conn, int64_t since_us, struct err *e)
{
    struct engine_result *r = NULL;
    struct engine_chunk *ch = NULL;
    struct engine_param p[] = {{.type = ENGINE_INT, .i = since_us}, {.type = ENGINE_INT, .i = DRIFT_READ}};
    bool ok =
        engine_query(conn,
                     STR("SELECT stream, column_name, change, epoch_us(noted_at) FROM mesh.sys.ingest_drift WHERE noted_at >="
                         " make_timestamp(CAST($1 AS BIGINT)) ORDER BY noted_at DESC LIMIT $2"),
                     p, 2, &r, e);
    while (ok && (ok = engine_result_next(r, &ch, e)) && ch)
        for (size_t row = 0; row < engine_chunk_rows(ch); row++) {
            const struct mesh_stream *st = mesh_find_stream(l->m, engine_cell_str(ch, 0, row));
            struct str column = engine_cell_str(ch, 1, row), change = engine_cell_str(ch, 2, row);
            if (!st)
                continue;
            struct change *c = add(l, engine_cell_i64(ch, 3, row), "drift", CHANGE_WARN);
            struct str title = title_of(st->source->title, st->source->name);
            of_source(l, c, st->source);
            c->title = arena_printf(l->a, "%.*s: %.*s: %.*s (%.*s)", STR_FMT(title), STR_FMT(change), STR_FMT(column),
                                    STR_FMT(st->name));
        }
    engine_result_close(r);
    return ok;
}

static bool late(struct list *l, struct state *s, struct err *e)
{
    struct source_lag *lags;
    if (!catalog_lags(s, l->m, l->a, &lags, e))
        return false;
    for (size_t i = 0; i < l->m->n_sources; i++) {
        if (!lags[i].late_us)
            continue;
        const struct mesh_source *src = lags[i].source;
        struct change *c = add(l, lags[i].late_us, "source_late", CHANGE_BAD);
        struct str title = title_of(src->title, src->name);
        of_source(l, c, src);
        c->title = arena_printf(l->a, "%.*s is late: no newer data within %lld hours", STR_FMT(title),
                                (long long)(src->sla.freshness_s / 3600));
    }
    return true;
}

/* ---- runs and checks: the control store ---- */
static bool runs(struct list *l, struct store *s, int64_t since_us, struct err *e)
{
    struct store_run *v;
    size_t n;
    if (!store_runs(s, l->a, RUNS_READ, &v, &n, e))
        return false;
    for (size_t i = 0; i < n && v[i].started_at_us >= since_us; i++) {
        struct store_run_port *ports;
        size_t n_ports, said = 0;
        if (v[i].status != RUN_FAILED && v[i].status != RUN_INTERRUPTED)
            continue;
        if (!store_run_ports(s, l->a, v[i].run_id, &ports, &n_ports, e))
            return false;
        for (size_t k = 0; k < n_ports; k++) {
            const struct mesh_port *p = mesh_find_port(l->m, ports[k].ref);
            bool refused = str_eq(ports[k].status, STR("refused"));
            if (!p || !(refused || str_eq(ports[k].status, STR("failed"))))
                continue;
            struct change *c = add(l, ports[k].finished_at_us, "run_failed", CHANGE_BAD);
            of_port(l, c, p);
            c->title = arena_printf(l->a, "%.*s %s", STR_FMT(c->ref),
                                    refused ? "was refused by a check; the version before is served"
                                            : "could not be built; the version before is served");
            said++;
        }
        if (said)
            continue;
        struct change *c = add(l, v[i].finished_at_us ? v[i].finished_at_us : v[i].started_at_us, "run_failed", CHANGE_BAD);
        c->title =
            arena_printf(l->a, "Run %lld %s", (long long)v[i].run_id, v[i].status == RUN_FAILED ? "failed" : "was interrupted");
        c->href = STR("/sources");
    }
    return true;
}

static bool checks(struct list *l, struct store *s, int64_t since_us, size_t limit, struct err *e)
{
    struct store_check *v;
    size_t n;
    if (!store_checks_turned(s, l->a, since_us, limit, &v, &n, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        const struct mesh_port *p = mesh_find_port(l->m, v[i].ref);
        if (!p)
            continue;
        bool bad = v[i].verdict == CHECK_FAILED;
        struct change *c = add(l, v[i].evaluated_at_us, "check_failed", bad ? CHANGE_BAD : CHANGE_WARN);
        of_port(l, c, p);
        c->href = arena_printf(l->a, "%.*s&tab=quality", STR_FMT(c->href));
        c->title = arena_printf(l->a, "%.*s: check %.*s %s", STR_FMT(c->ref), STR_FMT(v[i].rule), bad ? "failed" : "warns");
    }
    return true;
}

/* ---- declarations ---- */
static struct str after_dot(struct str ref)
{
    struct str name;
    str_cut(ref, '.', &name);
    return name.p ? name : ref;
}

static void of_product_ref(struct list *l, struct change *c, struct str ref)
{
    struct str name, domain = str_cut(ref, '.', &name);
    const struct mesh_product *p = mesh_find_product(l->m, domain, name);
    c->domain = domain;
    if (!p)
        return;
    c->owner = who_of_product(p);
    c->href = product_href(p, l->a);
}

/* Fills owner and place of what a change speaks of; a thing that is gone keeps its domain alone. */
static void of_thing(struct list *l, struct change *c, const struct store_change *d)
{
    struct str kind = d->kind, name, domain = str_cut(d->ref, '.', &name);
    const struct mesh_domain *md = mesh_find_domain(l->m, domain);
    c->ref = d->ref;
    c->domain = md ? domain : STR("");
    c->owner = who_of_domain(md);
    if (str_eq(kind, STR("port"))) {
        const struct mesh_port *p = mesh_find_port(l->m, d->ref);
        if (p)
            of_port(l, c, p);
    } else if (str_eq(kind, STR("product"))) {
        of_product_ref(l, c, d->ref);
    } else if (str_eq(kind, STR("domain"))) {
        c->href = md ? arena_printf(l->a, "/domains/%.*s", STR_FMT(domain)) : STR("/domains");
    } else if (str_eq(kind, STR("source"))) {
        for (size_t i = 0; md && i < md->n_sources; i++)
            if (str_eq(md->sources[i]->name, name))
                of_source(l, c, md->sources[i]);
    } else if (str_eq(kind, STR("event"))) {
        struct str event, source = str_cut(name, '.', &event);
        for (size_t i = 0; md && i < md->n_sources; i++)
            if (str_eq(md->sources[i]->name, source))
                of_source(l, c, md->sources[i]);
        c->ref = d->ref;
    } else if (str_eq(kind, STR("term"))) {
        c->href = arena_printf(l->a, "/glossary?term=%.*s", STR_FMT(after_dot(d->ref)));
        for (size_t i = 0; i < l->m->n_terms; i++)
            if (l->m->terms[i].domain == md && str_eq(l->m->terms[i].name, after_dot(d->ref)))
                c->owner = who_or_domain(l->m->terms[i].owner, md);
    } else if (str_eq(kind, STR("goal"))) {
        c->href = STR("/goals");
        for (size_t i = 0; i < l->m->n_goals; i++)
            if (l->m->goals[i].domain == md && str_eq(l->m->goals[i].name, after_dot(d->ref)))
                c->owner = who_or_domain(l->m->goals[i].owner, md);
    } else if (str_eq(kind, STR("dashboard"))) {
        c->href = arena_printf(l->a, "/dashboards/%.*s/%.*s", STR_FMT(domain), STR_FMT(after_dot(d->ref)));
    } else if (str_eq(kind, STR("metric"))) {
        const struct mesh_metric *m = mesh_find_metric(l->m, d->ref, NULL);
        c->href = arena_printf(l->a, "/metrics/%.*s/%.*s", STR_FMT(domain), STR_FMT(after_dot(d->ref)));
        if (m)
            c->owner = who_or_domain(m->owner, md);
    }
}

static bool declared(struct list *l, struct store *s, int64_t since_us, size_t limit, struct err *e)
{
    struct store_change *v;
    size_t n;
    if (!store_changes(s, l->a, since_us, limit, &v, &n, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        const struct store_change *d = &v[i];
        bool removed = str_eq(d->action, STR("removed")), port = str_eq(d->kind, STR("port")),
             contract = port && str_find(d->what, STR("contract"), 0) != SIZE_MAX,
             sql = port && str_find(d->what, STR("SQL"), 0) != SIZE_MAX;
        struct change *c = add(l, d->at_us,
                               contract ? "contract"
                               : sql    ? "sql"
                                        : "declared",
                               removed || contract ? CHANGE_WARN : CHANGE_INFO);
        of_thing(l, c, d);
        struct str shown = c->ref;
        if (str_eq(d->action, STR("created")))
            c->title = arena_printf(l->a, "New %.*s %.*s", STR_FMT(d->kind), STR_FMT(shown));
        else if (removed)
            c->title = arena_printf(l->a, "The %.*s %.*s was taken away", STR_FMT(d->kind), STR_FMT(shown));
        else
            c->title = arena_printf(l->a, "The %.*s %.*s changed: %.*s", STR_FMT(d->kind), STR_FMT(shown), STR_FMT(d->what));
    }
    return true;
}

static struct str cut(struct str s)
{
    if (s.n <= TEXT_SHOWN)
        return s;
    s.n = TEXT_SHOWN;
    while (s.n && ((unsigned char)s.p[s.n] & 0xC0) == 0x80) /* not inside a character */
        s.n--;
    return s;
}

static bool requests(struct list *l, struct store *s, int64_t since_us, size_t limit, struct err *e)
{
    struct store_request *v;
    size_t n;
    if (!store_requests(s, l->a, &(struct store_request_ask){.limit = limit}, &v, &n, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        const struct store_request *r = &v[i];
        bool answered = r->answered_at_us != 0;
        int64_t at = answered ? r->answered_at_us : r->asked_at_us;
        if (at < since_us)
            continue;
        struct change *c = add(l, at, "request", answered ? CHANGE_INFO : CHANGE_WARN);
        struct str title = cut(r->title);
        c->ref = r->ref;
        c->domain = r->domain;
        c->owner = who_of_domain(mesh_find_domain(l->m, r->domain));
        c->href = arena_printf(l->a, "/requests?id=%lld", (long long)r->id);
        c->title = answered ? arena_printf(l->a, "Request %lld %.*s: %.*s", (long long)r->id, STR_FMT(r->state), STR_FMT(title))
                            : arena_printf(l->a, "Request %lld waits for an answer: %.*s", (long long)r->id, STR_FMT(title));
    }
    return true;
}

static int newest_first(const void *a, const void *b)
{
    const struct change *x = a, *y = b;
    if (x->at_us != y->at_us)
        return x->at_us < y->at_us ? 1 : -1;
    int by_badness = (int)y->severity - (int)x->severity;
    return by_badness ? by_badness : str_cmp(x->title, y->title);
}

bool catalog_changes(struct state *s, const struct mesh *m, size_t limit, struct arena *a, struct change **out, size_t *n,
                     struct err *e)
{
    struct list l = {.a = a, .m = m};
    struct engine_conn *conn = NULL;
    int64_t since = clock_now_us() - (int64_t)DAYS_BACK * 86400 * 1000000;
    *n = 0;
    bool ok = engine_connect(s->engine, &conn, e) && loads(&l, conn, since, e) && drift(&l, conn, since, e) && late(&l, s, e) &&
              runs(&l, s->store, since, e) && checks(&l, s->store, since, limit, e) && declared(&l, s->store, since, limit, e) &&
              requests(&l, s->store, since, limit, e);
    if (conn)
        engine_disconnect(conn);
    if (!ok)
        return false;
    if (l.n)
        qsort(l.v, l.n, sizeof *l.v, newest_first);
    *out = l.v;
    *n = l.n < limit ? l.n : limit;
    return true;
}
