/* What of a declaration differs from the one last seen: every thing with a name has a fingerprint made of named parts, so that
 * a difference can be said in words ("owner, SQL"). Comments and layout of the files do not count. */
#include "catalog/catalog_int.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"

enum { PARTS_MAX = 8, PART_CHARS = 16, WHAT_MAX = 2000, TEXT_MAX = 64 << 20 };

static const struct thing_kind {
    const char *kind;
    const char *parts[PARTS_MAX];
} kinds[] = {
    {"domain", {"owner", "title", "description", "roles", "profile"}},
    {"source", {"owner", "path", "streams", "SLA", "description"}},
    {"product", {"owner", "title", "purpose", "status", "version", "consumers", "support", "runbook"}},
    {"port", {"SQL", "contract", "version", "settings", "description"}},
    {"term", {"owner", "definition", "synonyms", "columns", "status"}},
    {"goal", {"owner", "question", "number", "baseline", "target"}},
    {"dashboard", {"owner", "title", "panels"}},
};
enum thing { THING_DOMAIN, THING_SOURCE, THING_PRODUCT, THING_PORT, THING_TERM, THING_GOAL, THING_DASHBOARD };

struct writer {
    struct arena *a;
    struct buf part, print; /* the part in work; the parts made */
    struct store_declared *v;
    size_t n, cap;
};

static void add(struct writer *w, struct str s)
{
    buf_printf(&w->part, "%zu:", s.n); /* the length first: "a","bc" is not "ab","c" */
    buf_add(&w->part, s);
}

static void add_all(struct writer *w, const struct str *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        add(w, v[i]);
}

static void add_person(struct writer *w, const struct mesh_person *p)
{
    add(w, p->name);
    add(w, p->contact);
    add(w, p->role);
}

/* An owner that is inherited is news of the domain alone. What inherits has the very text of the domain's file, not one like it. */
static void add_owner(struct writer *w, const struct mesh_person *p, const struct mesh_domain *d)
{
    if (!d || p->name.p != d->owner.name.p)
        add_person(w, p);
}

static void end_part(struct writer *w)
{
    buf_printf(&w->print, "%016llx", (unsigned long long)str_hash(buf_str(&w->part)));
    buf_reset(&w->part);
}

static void end_thing(struct writer *w, enum thing kind, struct str ref)
{
    if (w->n == w->cap) {
        size_t cap = w->cap ? 2 * w->cap : 256;
        struct store_declared *v = arena_array(w->a, cap, sizeof *v);
        if (w->n)
            memcpy(v, w->v, w->n * sizeof *v);
        w->v = v;
        w->cap = cap;
    }
    w->v[w->n++] =
        (struct store_declared){.ref = ref, .kind = str_of(kinds[kind].kind), .fingerprint = arena_str(w->a, buf_str(&w->print))};
    buf_reset(&w->print);
}

static struct str dotted(struct writer *w, const struct mesh_domain *d, struct str name)
{
    return d ? arena_printf(w->a, "%.*s.%.*s", STR_FMT(d->name), STR_FMT(name)) : name;
}

static void put_domain(struct writer *w, const struct mesh_domain *d)
{
    add_person(w, &d->owner);
    end_part(w);
    add(w, d->title);
    end_part(w);
    add(w, d->description);
    end_part(w);
    for (size_t i = 0; i < d->n_roles; i++)
        add_person(w, &d->roles[i]);
    for (size_t i = 0; i < d->n_raci; i++) {
        const struct mesh_raci *r = &d->raci[i];
        add(w, r->product);
        add_all(w, r->responsible, r->n_responsible);
        add_all(w, r->accountable, r->n_accountable);
        add_all(w, r->consulted, r->n_consulted);
        add_all(w, r->informed, r->n_informed);
    }
    end_part(w);
    add(w, d->light ? STR("light") : STR("full"));
    end_part(w);
    end_thing(w, THING_DOMAIN, d->name);
}

static void put_source(struct writer *w, const struct mesh_source *s)
{
    add_owner(w, &s->owner, s->domain);
    end_part(w);
    add(w, s->path);
    end_part(w);
    for (size_t i = 0; i < s->n_streams; i++) {
        const struct mesh_stream *st = &s->streams[i];
        struct str facts[] = {st->name, st->path, st->format, st->day_column, st->account_column};
        add_all(w, facts, sizeof facts / sizeof *facts);
        buf_printf(&w->part, "%d/%d/", (int)st->load, (int)st->optional);
        if (st->contract && st->contract->object)
            doc_json(st->contract->doc, st->contract->object, &w->part);
    }
    end_part(w);
    buf_printf(&w->part, "%lld/%d", (long long)s->sla.freshness_s, s->sla.volume_percent);
    end_part(w);
    add(w, s->title);
    add(w, s->description);
    end_part(w);
    end_thing(w, THING_SOURCE, dotted(w, s->domain, s->name));
}

static void put_product(struct writer *w, const struct mesh_product *p)
{
    add_owner(w, &p->owner, p->domain);
    end_part(w);
    add(w, p->title);
    end_part(w);
    add(w, p->purpose);
    add(w, p->limitations);
    add(w, p->usage);
    end_part(w);
    add(w, p->status);
    end_part(w);
    add(w, p->version);
    end_part(w);
    add_all(w, p->consumers, p->n_consumers);
    end_part(w);
    for (size_t i = 0; i < p->n_support; i++) {
        add(w, p->support[i].channel);
        add(w, p->support[i].url);
    }
    end_part(w);
    add(w, p->readme);
    end_part(w);
    end_thing(w, THING_PRODUCT, dotted(w, p->domain, p->name));
}

static void put_port(struct writer *w, const struct mesh_port *p)
{
    add(w, p->sql);
    end_part(w);
    if (p->contract && p->contract->doc)
        doc_json(p->contract->doc, doc_root(p->contract->doc), &w->part);
    end_part(w);
    add(w, p->version);
    end_part(w);
    buf_printf(&w->part, "%d/%d/%d/", (int)p->materialization, p->lookback_days, (int)p->is_default);
    add(w, p->time_column);
    add_all(w, p->key, p->n_key);
    end_part(w);
    add(w, p->description);
    end_part(w);
    end_thing(w, THING_PORT, p->ref_major);
}

static void put_term(struct writer *w, const struct mesh_term *t)
{
    add_owner(w, &t->owner, t->domain);
    end_part(w);
    add(w, t->title);
    add(w, t->definition);
    add(w, t->not_this);
    end_part(w);
    add_all(w, t->synonyms, t->n_synonyms);
    end_part(w);
    for (size_t i = 0; i < t->n_columns; i++) {
        add(w, t->columns[i].ref);
        add(w, t->columns[i].column);
    }
    end_part(w);
    add(w, t->status);
    end_part(w);
    end_thing(w, THING_TERM, dotted(w, t->domain, t->name));
}

static void put_goal(struct writer *w, const struct mesh_goal *g)
{
    add_owner(w, &g->owner, g->domain);
    end_part(w);
    add(w, g->title);
    add(w, g->question);
    end_part(w);
    struct str number[] = {g->number.ref, g->number.value, g->number.where, g->number.time_column, g->number.unit};
    add_all(w, number, sizeof number / sizeof *number);
    buf_printf(&w->part, "%d/%d", g->number.window_days, (int)g->number.lower_is_better);
    end_part(w);
    if (g->has_baseline)
        buf_printf(&w->part, "%.17g/%d/%d", g->baseline, g->baseline_from, g->baseline_to);
    end_part(w);
    if (g->has_target)
        buf_printf(&w->part, "%.17g/%d", g->target, g->target_by);
    end_part(w);
    end_thing(w, THING_GOAL, dotted(w, g->domain, g->name));
}

static void put_dashboard(struct writer *w, const struct mesh_dashboard *d)
{
    add_owner(w, &d->owner, d->domain);
    end_part(w);
    add(w, d->title);
    add(w, d->description);
    end_part(w);
    for (size_t i = 0; i < d->n_panels; i++) {
        const struct mesh_panel *p = &d->panels[i];
        struct str facts[] = {p->title, p->chart, p->ref, p->x, p->grain, p->series, p->where};
        add_all(w, facts, sizeof facts / sizeof *facts);
        for (size_t k = 0; k < p->n_measures; k++) {
            add(w, p->measures[k].column);
            add(w, p->measures[k].aggregate);
            add(w, p->measures[k].title);
        }
    }
    end_part(w);
    end_thing(w, THING_DASHBOARD, dotted(w, d->domain, d->name));
}

static int by_ref(const void *a, const void *b)
{
    const struct store_declared *x = a, *y = b;
    int c = str_cmp(x->ref, y->ref);
    return c ? c : str_cmp(x->kind, y->kind);
}

static bool put_all(struct writer *w, const struct mesh *m, struct err *e)
{
    for (size_t i = 0; i < m->n_domains; i++)
        put_domain(w, &m->domains[i]);
    for (size_t i = 0; i < m->n_sources; i++)
        put_source(w, m->sources[i]);
    for (size_t i = 0; i < m->n_products; i++)
        put_product(w, m->products[i]);
    for (size_t i = 0; i < m->n_ports; i++)
        put_port(w, m->ports[i]);
    for (size_t i = 0; i < m->n_terms; i++)
        put_term(w, &m->terms[i]);
    for (size_t i = 0; i < m->n_goals; i++)
        put_goal(w, &m->goals[i]);
    for (size_t i = 0; i < m->n_dashboards; i++)
        put_dashboard(w, m->dashboards[i]);
    qsort(w->v, w->n, sizeof *w->v, by_ref);
    return buf_ok(&w->part, e) && buf_ok(&w->print, e);
}

/* ---- differences ---- */
static struct str parts_that_differ(struct str kind, struct str before, struct str after, struct arena *a)
{
    struct buf b = BUF_INIT((size_t)WHAT_MAX);
    size_t k = 0;
    while (k + 1 < sizeof kinds / sizeof *kinds && !str_eq(str_of(kinds[k].kind), kind))
        k++;
    for (size_t i = 0; i < PARTS_MAX && kinds[k].parts[i]; i++) {
        size_t at = i * PART_CHARS;
        bool same =
            before.n >= at + PART_CHARS && after.n >= at + PART_CHARS && memcmp(before.p + at, after.p + at, PART_CHARS) == 0;
        if (!same)
            buf_printf(&b, "%s%s", b.n ? ", " : "", kinds[k].parts[i]);
    }
    struct str what = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return what;
}

/* A port that comes or goes with its product is part of that news. */
static bool port_of_new_product(const struct mesh *m, const struct store_declared *d, const struct store_declared *old,
                                size_t n_old, struct arena *a)
{
    const struct mesh_port *p = str_eq(d->kind, STR("port")) ? mesh_find_port(m, d->ref) : NULL;
    if (!p)
        return false;
    struct store_declared key = {.ref =
                                     arena_printf(a, "%.*s.%.*s", STR_FMT(p->product->domain->name), STR_FMT(p->product->name)),
                                 .kind = STR("product")};
    return n_old == 0 || !bsearch(&key, old, n_old, sizeof *old, by_ref);
}

static size_t differences(const struct mesh *m, const struct store_declared *old, size_t n_old, const struct store_declared *now,
                          size_t n_now, int64_t at_us, struct arena *a, struct store_change *out)
{
    size_t i = 0, k = 0, n = 0;
    while (i < n_old || k < n_now) {
        int c = i == n_old ? 1 : k == n_now ? -1 : by_ref(&old[i], &now[k]);
        if (c < 0) {
            out[n++] = (struct store_change){at_us, old[i].ref, old[i].kind, STR("removed"), STR("")};
            i++;
        } else if (c > 0) {
            if (!port_of_new_product(m, &now[k], old, n_old, a))
                out[n++] = (struct store_change){at_us, now[k].ref, now[k].kind, STR("created"), STR("")};
            k++;
        } else {
            if (!str_eq(old[i].fingerprint, now[k].fingerprint))
                out[n++] = (struct store_change){at_us, now[k].ref, now[k].kind, STR("changed"),
                                                 parts_that_differ(now[k].kind, old[i].fingerprint, now[k].fingerprint, a)};
            i++;
            k++;
        }
    }
    return n;
}

#define SEEN_KEY STR("declared_sha")

bool catalog_note_declared(struct state *s, const struct mesh *m, struct err *e)
{
    struct arena a;
    struct str seen;
    struct store_declared *old;
    size_t n_old, n = 0;
    arena_init(&a);
    struct writer w = {.a = &a, .part = BUF_INIT((size_t)TEXT_MAX), .print = BUF_INIT((size_t)1024)};
    bool ok = store_setting_get(s->store, &a, SEEN_KEY, &seen, e);
    if (ok && str_eq(seen, str_of(m->sha.z)))
        goto out; /* the same files as last time: nothing to compare */
    ok = ok && store_declared_all(s->store, &a, &old, &n_old, e) && put_all(&w, m, e);
    if (!ok)
        goto out;
    struct store_change *c = arena_array(&a, n_old + w.n + 1, sizeof *c);
    if (n_old) /* the first declaration of a mesh is where counting begins, not news */
        n = differences(m, old, n_old, w.v, w.n, clock_now_us(), &a, c);
    ok = store_declared_replace(s->store, w.v, w.n, c, n, e) && store_setting_set(s->store, SEEN_KEY, str_of(m->sha.z), e);
    if (ok && n)
        log_event(LOG_INFO, "catalog", "declaration_changed", "things=%zu", n);
out:
    buf_fini(&w.part);
    buf_fini(&w.print);
    arena_fini(&a);
    return ok;
}
