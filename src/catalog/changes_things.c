/* The things of a declaration, each with a fingerprint made of named parts. Comments and layout of the files do not count. */
#include "catalog/changes_things.h"

#include <stdlib.h>

enum { TEXT_MAX = 64 << 20 };

const struct thing_kind thing_kinds[THING_KINDS] = {
    {"domain", {"owner", "title", "description", "roles", "profile"}},
    {"source", {"owner", "path", "streams", "SLA", "description", "events"}},
    {"product", {"owner", "title", "purpose", "status", "version", "consumers", "support", "runbook"}},
    {"port", {"SQL", "contract", "version", "settings", "description"}},
    {"term", {"owner", "definition", "synonyms", "columns", "status"}},
    {"goal", {"owner", "question", "number", "baseline", "target"}},
    {"dashboard", {"owner", "title", "panels"}},
    {"metric", {"owner", "definition"}},
    {"event", {"contract", "type", "open"}},
    {"identity rules", {"kinds", "blocked values", "fuzzy matching"}},
    {"consent rules", {"purposes", "rules", "merge"}},
    {"channel rules", {"rules"}},
};
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
        (struct store_declared){.ref = ref, .kind = str_of(thing_kinds[kind].kind), .fingerprint = arena_str(w->a, buf_str(&w->print))};
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

/* What a source of events takes. Its streams' columns are the part before it. */
static void put_events(struct writer *w, const struct mesh_events *ev)
{
    const int64_t numbers[] = {ev->unplanned, ev->dedup_window_s, ev->rate_per_s, ev->batch_bytes, ev->event_bytes, ev->batch_events,
                               ev->late_after_s, ev->future_s, ev->keep_ip};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        buf_printf(&w->part, "%lld/", (long long)numbers[i]);
    add_all(w, ev->origins, ev->n_origins);
    buf_addc(&w->part, '/');
    add_all(w, ev->internal_ips, ev->n_internal_ips);
    buf_addc(&w->part, '/');
    add_all(w, ev->internal_hosts, ev->n_internal_hosts);
    buf_addc(&w->part, '/');
    add_all(w, ev->internal_emails, ev->n_internal_emails);
    for (size_t i = 0; i < ev->n_enrich; i++) {
        add(w, ev->enrich[i].name);
        add(w, ev->enrich[i].type);
        add(w, ev->enrich[i].sql);
    }
    for (size_t i = 0; ev->webhook && i < ev->webhook->n_fields; i++) {
        add(w, ev->webhook->fields[i].to);
        add(w, ev->webhook->fields[i].from);
        add(w, ev->webhook->fields[i].value);
    }
    if (ev->webhook) {
        add(w, ev->webhook->type);
        add(w, ev->webhook->event);
        add(w, ev->webhook->items);
    }
    end_part(w);
}

static void put_event(struct writer *w, const struct mesh_source *s, const struct mesh_planned *p)
{
    doc_json(p->contract->doc, doc_root(p->contract->doc), &w->part);
    end_part(w);
    add(w, p->type);
    add(w, p->event);
    end_part(w);
    add(w, p->closed ? STR("closed") : STR("open"));
    end_part(w);
    end_thing(w, THING_EVENT, arena_printf(w->a, "%.*s.%.*s.%.*s", STR_FMT(s->domain->name), STR_FMT(s->name), STR_FMT(p->name)));
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
    if (s->events)
        put_events(w, s->events);
    end_thing(w, THING_SOURCE, dotted(w, s->domain, s->name));
    for (size_t i = 0; s->events && i < s->events->n_planned; i++)
        put_event(w, s, &s->events->planned[i]);
}

/* ---- governance: what identity, consent and channels go by ---- */
static void put_identity(struct writer *w, const struct mesh_identity *r)
{
    for (size_t i = 0; i < r->n_kinds; i++) {
        const struct mesh_identifier_kind *k = &r->kinds[i];
        add(w, k->name);
        add(w, k->normalise);
        buf_printf(&w->part, "%d/%lld/", k->limit, (long long)k->per_s);
        add_all(w, k->blocked, k->n_blocked);
        add_all(w, k->patterns, k->n_patterns);
    }
    end_part(w);
    add_all(w, r->blocked, r->n_blocked);
    buf_addc(&w->part, '/');
    add_all(w, r->patterns, r->n_patterns);
    end_part(w);
    if (r->fuzzy.on) {
        buf_printf(&w->part, "%.17g/%.17g/", r->fuzzy.link, r->fuzzy.review);
        add(w, r->fuzzy.country);
        add_all(w, r->fuzzy.fields, r->fuzzy.n_fields);
    }
    end_part(w);
    end_thing(w, THING_IDENTITY, STR("governance/identity.yaml"));
}

static void put_consent(struct writer *w, const struct mesh_consent *c)
{
    for (size_t i = 0; i < c->n_purposes; i++) {
        add(w, c->purposes[i].name);
        buf_printf(&w->part, "%d/%lld/", (int)c->purposes[i].fail_open, (long long)c->purposes[i].expires_s);
    }
    end_part(w);
    for (size_t i = 0; i < c->n_rules; i++) {
        add(w, c->rules[i].system);
        add(w, c->rules[i].category);
        buf_printf(&w->part, "%d/", (int)c->rules[i].case_sensitive);
        add_all(w, c->rules[i].purposes, c->rules[i].n_purposes);
    }
    end_part(w);
    add(w, c->newest_wins ? STR("newest") : STR("denied"));
    end_part(w);
    end_thing(w, THING_CONSENT, STR("governance/consent.yaml"));
}

static void put_channels(struct writer *w, const struct mesh *m)
{
    for (size_t i = 0; i < m->n_channels; i++) {
        add(w, m->channels[i].channel);
        for (size_t k = 0; k < m->channels[i].n_when; k++) {
            add(w, m->channels[i].when[k].field);
            add(w, m->channels[i].when[k].pattern);
        }
        buf_addc(&w->part, '/');
    }
    end_part(w);
    end_thing(w, THING_CHANNELS, STR("governance/channels.yaml"));
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
    if (p->by_key.n || p->live) {
        buf_printf(&w->part, "/%d/", (int)p->live);
        add(w, p->by_key);
    }
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

/* What a panel of metrics, attribution, a funnel, retention or SQL says. */
static void put_measured(struct writer *w, const struct mesh_panel *p)
{
    struct str facts[] = {p->compare, p->conversion, p->window, p->first, p->again, p->counting, p->sql};
    for (size_t i = 0; i < p->n_metrics; i++)
        add(w, p->metrics[i]->ref);
    add_all(w, p->by.v, p->by.n);
    add_all(w, p->models.v, p->models.n);
    add_all(w, p->steps.v, p->steps.n);
    add_all(w, facts, sizeof facts / sizeof *facts);
    buf_printf(&w->part, "%d", p->days);
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
        if (p->kind != PANEL_PORT)
            put_measured(w, p);
        for (size_t k = 0; k < p->n_measures; k++) {
            add(w, p->measures[k].column);
            add(w, p->measures[k].aggregate);
            add(w, p->measures[k].title);
        }
    }
    end_part(w);
    end_thing(w, THING_DASHBOARD, dotted(w, d->domain, d->name));
}

/* What it is made of is in its version. */
static void put_metric(struct writer *w, const struct mesh_metric *m)
{
    add_owner(w, &m->owner, m->domain);
    end_part(w);
    add(w, str_of(m->sha.z));
    end_part(w);
    end_thing(w, THING_METRIC, m->ref);
}

int thing_by_ref(const void *a, const void *b)
{
    const struct store_declared *x = a, *y = b;
    int c = str_cmp(x->ref, y->ref);
    return c ? c : str_cmp(x->kind, y->kind);
}

bool things_declared(struct arena *a, const struct mesh *m, struct store_declared **out, size_t *n, struct err *e)
{
    struct writer writer = {.a = a, .part = BUF_INIT((size_t)TEXT_MAX), .print = BUF_INIT((size_t)1024)}, *w = &writer;
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
    for (size_t i = 0; i < m->n_metrics; i++)
        put_metric(w, m->metrics[i]);
    put_identity(w, &m->identity);
    put_consent(w, &m->consent);
    put_channels(w, m);
    qsort(w->v, w->n, sizeof *w->v, thing_by_ref);
    bool ok = buf_ok(&w->part, e) && buf_ok(&w->print, e);
    *out = w->v;
    *n = w->n;
    buf_fini(&w->part);
    buf_fini(&w->print);
    return ok;
}
