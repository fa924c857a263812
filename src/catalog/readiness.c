/* Readiness: what a domain still lacks on its way from an owner to data that people use, step by step, each with the command or
 * the page that mends it; and pitfalls that the steps do not show. One table of steps; a step's function looks at the facts. */
#include "catalog/catalog_int.h"

#include <stdlib.h>

#include "base/clock.h"
#include "store/store_audit.h"

enum { PRODUCTS_FIRST = 3, PRODUCTS_MANY = 5, DAYS_QUIET = 30, NAMES_SHOWN = 3, TEXT_MAX = 1000 };

/* What the steps look at, gathered once for the whole mesh. */
struct facts {
    const struct mesh *m;
    const struct build_port_status *status; /* as m->ports */
    const int64_t *questions;               /* as m->ports: of the last 30 days */
    const bool *shown;                      /* as m->ports: a dashboard reads it */
    const bool *fed_on;                     /* as m->ports: a port of another product reads it */
    const struct clash *clashes;
    size_t n_clashes;
    int64_t quiet_since_us;
    struct arena *a;
    const struct mesh_domain *d; /* in work */
};

/* ---- lists of what is missing, in words ---- */
struct lack {
    struct arena *a;
    struct buf names;
    size_t n;
    struct str href; /* of the first */
};

static void lack_add(struct lack *l, struct str name, struct str href)
{
    if (l->n < NAMES_SHOWN)
        buf_printf(&l->names, "%s%.*s", l->n ? ", " : "", STR_FMT(name));
    if (l->n++ == 0)
        l->href = href;
}

/* True: nothing is missing. "without a purpose: a, b, c and 4 more" */
static bool lack_end(struct lack *l, const char *what, struct ready_step *s)
{
    if (l->n) {
        if (l->n > NAMES_SHOWN)
            buf_printf(&l->names, " and %zu more", l->n - NAMES_SHOWN);
        s->missing = arena_printf(l->a, "%s: %.*s", what, STR_FMT(buf_str(&l->names)));
        s->href = l->href;
    }
    buf_fini(&l->names);
    return l->n == 0;
}

static struct lack lack_begin(const struct facts *f)
{
    return (struct lack){.a = f->a, .names = BUF_INIT((size_t)TEXT_MAX)};
}

static struct str domain_href(const struct facts *f)
{
    return arena_printf(f->a, "/domains/%.*s", STR_FMT(f->d->name));
}

static struct str domain_file(const struct facts *f)
{
    return f->d->pos.file.n ? f->d->pos.file : arena_printf(f->a, "domains/%.*s/domain.yaml", STR_FMT(f->d->name));
}

/* What is asked of every product is not done where there is none. */
static bool no_product(const struct facts *f, struct ready_step *s)
{
    if (f->d->n_products > 0)
        return false;
    s->missing = STR("there is no product yet");
    s->href = arena_printf(f->a, "/catalog?domain=%.*s", STR_FMT(f->d->name));
    return true;
}

/* ---- own: somebody answers for it ---- */
static bool has_owner(const struct facts *f, struct ready_step *s)
{
    bool done = f->d->owner.name.n && f->d->owner.contact.n;
    if (!done)
        s->missing = arena_printf(f->a, "%.*s names no owner with a contact", STR_FMT(domain_file(f)));
    s->href = domain_href(f);
    return done;
}

static bool has_support(const struct facts *f, struct ready_step *s)
{
    bool done = f->d->support.channel.n || f->d->support.url.n;
    if (!done)
        s->missing = arena_printf(f->a, "people do not know where to ask: add support: to %.*s", STR_FMT(domain_file(f)));
    s->href = domain_href(f);
    return done;
}

static bool has_roles(const struct facts *f, struct ready_step *s)
{
    static const struct str wanted[] = {
        {"product_owner", 13}, {"analytics_engineer", 18}, {"data_partner", 12}, {"data_steward", 12}, {"governance_lead", 15}};
    struct lack l = lack_begin(f);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        bool found = false;
        for (size_t k = 0; k < f->d->n_roles && !found; k++)
            found = str_eq(f->d->roles[k].role, wanted[i]);
        if (!found)
            lack_add(&l, wanted[i], domain_href(f));
    }
    return lack_end(
        &l, arena_printf(f->a, "roles that nobody holds yet in %.*s (one person may hold many)", STR_FMT(domain_file(f))).p, s);
}

static bool has_raci(const struct facts *f, struct ready_step *s)
{
    struct lack l = lack_begin(f);
    if (no_product(f, s))
        return false;
    for (size_t i = 0; i < f->d->n_products; i++) {
        bool found = false;
        for (size_t k = 0; k < f->d->n_raci && !found; k++)
            found = str_eq(f->d->raci[k].product, f->d->products[i]->name) && f->d->raci[k].n_accountable > 0;
        if (!found)
            lack_add(&l, f->d->products[i]->name, domain_href(f));
    }
    return lack_end(&l, arena_printf(f->a, "products that raci: in %.*s does not name", STR_FMT(domain_file(f))).p, s);
}

/* ---- products ---- */
static bool has_products(const struct facts *f, struct ready_step *s)
{
    bool done = f->d->n_products >= PRODUCTS_FIRST;
    s->href = arena_printf(f->a, "/catalog?domain=%.*s", STR_FMT(f->d->name));
    if (done)
        return true;
    s->missing = arena_printf(f->a, "%zu of the first %d to %d products", f->d->n_products, PRODUCTS_FIRST, PRODUCTS_MANY);
    s->command = arena_printf(f->a, "trellis add files --domain %.*s --name NAME --path FILE", STR_FMT(f->d->name));
    return false;
}

static bool has_purpose(const struct facts *f, struct ready_step *s)
{
    struct lack l = lack_begin(f);
    if (no_product(f, s))
        return false;
    for (size_t i = 0; i < f->d->n_products; i++)
        if (!f->d->products[i]->purpose.n)
            lack_add(&l, f->d->products[i]->name, l.n ? STR("") : product_href(f->d->products[i], f->a));
    return lack_end(&l, "products that do not say what they are for", s);
}

static bool has_readme(const struct facts *f, struct ready_step *s)
{
    struct lack l = lack_begin(f);
    if (no_product(f, s))
        return false;
    for (size_t i = 0; i < f->d->n_products; i++)
        if (!str_trim(f->d->products[i]->readme).n)
            lack_add(&l, f->d->products[i]->name,
                     l.n ? STR("") : arena_printf(f->a, "%.*s?tab=runbook", STR_FMT(product_href(f->d->products[i], f->a))));
    return lack_end(&l, "products without a runbook (README.md)", s);
}

/* ---- trust ---- */
static const struct mesh_port *next_port(const struct facts *f, size_t *product, size_t *port)
{
    while (*product < f->d->n_products) {
        if (*port < f->d->products[*product]->n_ports)
            return f->d->products[*product]->ports[(*port)++];
        (*product)++;
        *port = 0;
    }
    return NULL;
}

#define EACH_PORT(f, p)        \
    const struct mesh_port *p; \
    for (size_t i_product = 0, i_port = 0; (p = next_port(f, &i_product, &i_port)) != NULL;)

static struct str tab(const struct facts *f, const struct mesh_port *p, const char *name)
{
    return arena_printf(f->a, "%.*s&tab=%s", STR_FMT(port_href(p, f->a)), name);
}

/* A page is written for the first alone: there may be ten thousand. */
static void lack_port(struct lack *l, const struct facts *f, const struct mesh_port *p, const char *name)
{
    lack_add(l, port_shown(p), l->n ? STR("") : tab(f, p, name));
}

static bool described(const struct mesh_port *p)
{
    bool good = p->contract && p->contract->n_columns > 0;
    for (size_t i = 0; good && i < p->contract->n_columns; i++)
        good = p->contract->columns[i].description.n > 0 && p->contract->columns[i].class_ != CLASS_UNSET;
    return good;
}

static bool has_contracts(const struct facts *f, struct ready_step *s)
{
    struct lack l = lack_begin(f);
    if (no_product(f, s))
        return false;
    EACH_PORT(f, p)
    if (!described(p))
        lack_port(&l, f, p, "schema");
    return lack_end(&l, "ports with columns that are not described or not classified", s);
}

static bool contract_has(const struct mesh_contract *c, const char *key)
{
    const struct doc_node *n = NULL;
    if (c && c->doc && c->object)
        n = doc_get(c->doc, c->object, key);
    if (!n && c && c->doc)
        n = doc_get(c->doc, doc_root(c->doc), key);
    return n && n->n_children > 0;
}

static bool has_checks(const struct facts *f, struct ready_step *s)
{
    struct lack l = lack_begin(f);
    if (no_product(f, s))
        return false;
    EACH_PORT(f, p)
    if (!contract_has(p->contract, "quality"))
        lack_port(&l, f, p, "quality");
    return lack_end(&l, "ports whose contract has no quality check", s);
}

static bool has_sla(const struct facts *f, struct ready_step *s)
{
    struct lack l = lack_begin(f);
    if (no_product(f, s))
        return false;
    EACH_PORT(f, p)
    if (!contract_has(p->contract, "slaProperties"))
        lack_port(&l, f, p, "overview");
    return lack_end(&l, "ports whose contract promises nothing (slaProperties)", s);
}

static bool has_source_sla(const struct facts *f, struct ready_step *s)
{
    struct lack l = lack_begin(f);
    if (f->d->n_sources == 0 && no_product(f, s))
        return false;
    for (size_t i = 0; i < f->d->n_sources; i++)
        if (f->d->sources[i]->sla.freshness_s == 0)
            lack_add(&l, f->d->sources[i]->name, source_href(f->d->sources[i], f->a));
    return lack_end(&l, "sources that do not say how fresh they should be (sla: {freshness: 26h})", s);
}

static bool is_built(const struct facts *f, struct ready_step *s)
{
    struct lack l = lack_begin(f);
    if (no_product(f, s))
        return false;
    EACH_PORT(f, p)
    if (f->status[p->index].state == PORT_NEVER_BUILT || f->status[p->index].state == PORT_FAILING)
        lack_add(&l, port_shown(p), l.n ? STR("") : port_href(p, f->a));
    bool done = lack_end(&l, "ports that are not built or fail", s);
    if (!done)
        s->command = STR("trellis run");
    return done;
}

/* ---- use ---- */
static bool used(const struct facts *f, const struct mesh_product *p)
{
    bool yes = p->n_consumers > 0;
    for (size_t i = 0; i < p->n_ports && !yes; i++)
        yes = f->shown[p->ports[i]->index] || f->fed_on[p->ports[i]->index];
    return yes;
}

static int64_t asked(const struct facts *f, const struct mesh_product *p)
{
    int64_t n = 0;
    for (size_t i = 0; i < p->n_ports; i++)
        n += f->questions[p->ports[i]->index];
    return n;
}

static bool has_consumers(const struct facts *f, struct ready_step *s)
{
    struct lack l = lack_begin(f);
    if (no_product(f, s))
        return false;
    for (size_t i = 0; i < f->d->n_products; i++)
        if (!used(f, f->d->products[i]))
            lack_add(&l, f->d->products[i]->name, l.n ? STR("") : product_href(f->d->products[i], f->a));
    return lack_end(&l, "products that nobody is named to use (trellisConsumers)", s);
}

static bool has_dashboard(const struct facts *f, struct ready_step *s)
{
    bool done = f->d->n_dashboards > 0;
    EACH_PORT(f, p)
    done = done || f->shown[p->index];
    s->href = STR("/dashboards");
    if (!done)
        s->missing =
            arena_printf(f->a, "no dashboard shows its data: write domains/%.*s/dashboards/NAME.yaml", STR_FMT(f->d->name));
    return done;
}

static bool has_questions(const struct facts *f, struct ready_step *s)
{
    const struct mesh_port *first = NULL;
    int64_t n = 0;
    if (no_product(f, s))
        return false;
    EACH_PORT(f, p)
    {
        n += f->questions[p->index];
        first = first ? first : p;
    }
    if (first)
        s->href = tab(f, first, "use");
    if (n > 0)
        return true;
    s->missing = arena_printf(f->a, "nobody asked its data anything in the last %d days", DAYS_QUIET);
    if (first)
        s->command = arena_printf(f->a, "trellis query \"SELECT * FROM %.*s LIMIT 10\"", STR_FMT(port_shown(first)));
    return false;
}

/* ---- meaning ---- */
static bool has_terms(const struct facts *f, struct ready_step *s)
{
    struct lack l = lack_begin(f);
    size_t n = 0;
    for (size_t i = 0; i < f->m->n_terms; i++) {
        const struct mesh_term *t = &f->m->terms[i];
        if (t->domain != f->d)
            continue;
        n++;
        if (!str_eq(t->status, STR("agreed")))
            lack_add(&l, title_of(t->title, t->name), arena_printf(f->a, "/glossary?term=%.*s", STR_FMT(t->name)));
    }
    bool done = lack_end(&l, "terms that are not agreed", s);
    if (n)
        return done;
    s->href = arena_printf(f->a, "/glossary?domain=%.*s", STR_FMT(f->d->name));
    s->missing = arena_printf(f->a, "no term is defined: write domains/%.*s/glossary.yaml", STR_FMT(f->d->name));
    return false;
}

static bool has_goals(const struct facts *f, struct ready_step *s)
{
    struct lack l = lack_begin(f);
    const struct mesh_goal *first = NULL;
    size_t n = 0;
    for (size_t i = 0; i < f->m->n_goals; i++) {
        const struct mesh_goal *g = &f->m->goals[i];
        if (g->domain != f->d)
            continue;
        n++;
        if (g->has_baseline)
            continue;
        first = first ? first : g;
        lack_add(&l, title_of(g->title, g->name), STR("/goals"));
    }
    bool done = lack_end(&l, "goals without a frozen baseline", s);
    if (first)
        s->command =
            arena_printf(f->a, "trellis goals freeze %.*s.%.*s --from DAY --to DAY", STR_FMT(f->d->name), STR_FMT(first->name));
    if (n)
        return done;
    s->href = STR("/goals");
    s->missing = arena_printf(f->a, "no goal is written: domains/%.*s/goals.yaml", STR_FMT(f->d->name));
    return false;
}

static const struct step {
    const char *phase, *id, *title;
    bool (*done)(const struct facts *f, struct ready_step *s);
    bool not_if_light; /* `profile: light` does not ask for it */
} steps[] = {
    {"own", "owner", "Somebody owns it", has_owner, false},
    {"own", "support", "People know where to ask", has_support, false},
    {"own", "roles", "Every role is held", has_roles, true},
    {"own", "raci", "Who decides is written down", has_raci, true},
    {"products", "first_products", "First products exist", has_products, false},
    {"products", "purpose", "Every product says what it is for", has_purpose, false},
    {"products", "readme", "Every product has a runbook", has_readme, false},
    {"trust", "contracts", "Every column is described and classified", has_contracts, false},
    {"trust", "checks", "Every port is checked", has_checks, false},
    {"trust", "sla", "Every port promises how fresh it is", has_sla, false},
    {"trust", "source_sla", "Every source says how fresh it should be", has_source_sla, false},
    {"trust", "built", "Every port is built", is_built, false},
    {"use", "consumers", "Every product has a consumer", has_consumers, false},
    {"use", "dashboard", "A dashboard shows its data", has_dashboard, false},
    {"use", "questions", "People ask it", has_questions, false},
    {"meaning", "terms", "Its words are agreed", has_terms, false},
    {"meaning", "goals", "Its goals have a baseline", has_goals, false},
};
enum { STEPS = sizeof steps / sizeof *steps };

/* ---- pitfalls ---- */
static void pitfall(struct readiness *r, const char *id, const char *title, struct str text, struct mesh_person owner)
{
    r->pitfalls[r->n_pitfalls++] = (struct ready_pitfall){.id = str_of(id), .title = str_of(title), .text = text, .owner = owner};
}

static int64_t last_built_us(const struct facts *f, const struct mesh_product *p)
{
    int64_t at = 0;
    for (size_t i = 0; i < p->n_ports; i++)
        if (f->status[p->ports[i]->index].built_at_us > at)
            at = f->status[p->ports[i]->index].built_at_us;
    return at;
}

static bool is_live(const struct mesh_product *p)
{
    return !str_eq(p->status, STR("proposed")) && !str_eq(p->status, STR("draft")) && !str_eq(p->status, STR("retired"));
}

static void product_pitfalls(const struct facts *f, struct readiness *r)
{
    struct lack silent = lack_begin(f), unused = lack_begin(f);
    size_t in_use = 0, live = 0;
    int64_t questions = 0;
    bool shown = f->d->n_dashboards > 0;
    struct ready_step said = {0};
    for (size_t i = 0; i < f->d->n_products; i++) {
        const struct mesh_product *p = f->d->products[i];
        if (!is_live(p))
            continue;
        live++;
        in_use += used(f, p);
        questions += asked(f, p);
        for (size_t k = 0; k < p->n_ports; k++)
            shown = shown || f->shown[p->ports[k]->index];
        if (last_built_us(f, p) < f->quiet_since_us)
            lack_add(&silent, title_of(p->title, p->name), STR(""));
        else if (!used(f, p) && asked(f, p) == 0)
            lack_add(&unused, title_of(p->title, p->name), STR(""));
    }
    if (live > PRODUCTS_MANY && in_use == 0)
        pitfall(r, "many_unused", "Many products before the first consumer",
                arena_printf(f->a, "%zu products and none has a consumer: find one before building the next", live), f->d->owner);
    if (!lack_end(&silent, arena_printf(f->a, "Not released for %d days", DAYS_QUIET).p, &said))
        pitfall(r, "no_release", "Products without a release", said.missing, f->d->owner);
    if (!lack_end(&unused, arena_printf(f->a, "No consumer and no question for %d days", DAYS_QUIET).p, &said))
        pitfall(r, "unused", "Products that nobody uses", said.missing, f->d->owner);
    if (questions > 0 && !shown)
        pitfall(r, "sql_only", "Only those who write SQL reach it",
                arena_printf(f->a, "%.*s in %d days, all in SQL: a dashboard would open it to everybody else",
                             STR_FMT(count_of(questions, "question", "questions", f->a)), DAYS_QUIET),
                f->d->owner);
}

static void clash_pitfalls(const struct facts *f, struct readiness *r)
{
    struct lack l = lack_begin(f);
    struct ready_step said = {0};
    for (size_t i = 0; i < f->n_clashes; i++)
        for (size_t k = 0; k < f->clashes[i].n_claims; k++) {
            struct str domain = str_cut(f->clashes[i].claims[k].ref, '.', &(struct str){0});
            if (!str_eq(domain, f->d->name))
                continue;
            lack_add(&l, f->clashes[i].subject, STR("/glossary"));
            break;
        }
    if (!lack_end(&l, "Claimed by more than one", &said))
        pitfall(r, "unclear_owner", "Two owners for one thing", said.missing, f->d->owner);
}

enum { PITFALLS_MAX = 8 };

static void judge(const struct facts *f, struct readiness *r)
{
    *r = (struct readiness){.domain = f->d,
                            .steps = arena_array(f->a, STEPS, sizeof *r->steps),
                            .n_steps = STEPS,
                            .pitfalls = arena_array(f->a, PITFALLS_MAX, sizeof *r->pitfalls)};
    for (size_t i = 0; i < STEPS; i++) {
        struct ready_step *s = &r->steps[i];
        *s = (struct ready_step){.id = str_of(steps[i].id), .phase = str_of(steps[i].phase), .title = str_of(steps[i].title)};
        s->optional = steps[i].not_if_light && f->d->light;
        s->done = steps[i].done(f, s);
        if (!s->optional) {
            r->n_done += s->done;
            r->n_asked++;
        }
    }
    product_pitfalls(f, r);
    clash_pitfalls(f, r);
}

/* ---- gathering ---- */
static bool count_questions(struct state *s, struct facts *f, struct err *e)
{
    struct store_use *uses;
    size_t n;
    int64_t *questions = arena_array(f->a, f->m->n_ports + 1, sizeof *questions);
    if (!store_uses(s->audit, f->a, f->quiet_since_us, &uses, &n, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        const struct mesh_port *p = mesh_find_port(f->m, uses[i].ref);
        if (p)
            questions[p->index] += uses[i].questions;
    }
    f->questions = questions;
    return true;
}

static void find_readers(struct facts *f)
{
    const struct mesh *m = f->m;
    bool *shown = arena_array(f->a, m->n_ports + 1, sizeof *shown), *fed_on = arena_array(f->a, m->n_ports + 1, sizeof *fed_on);
    for (size_t i = 0; i < m->n_dashboards; i++)
        for (size_t k = 0; k < m->dashboards[i]->n_panels; k++) {
            const struct mesh_panel *p = &m->dashboards[i]->panels[k];
            if (p->port)
                shown[p->port->index] = true;
            for (size_t r = 0; r < p->n_reads; r++)
                shown[p->reads[r]->index] = true;
        }
    for (size_t i = 0; i < m->n_ports; i++)
        for (size_t k = 0; k < m->ports[i]->n_inputs; k++) {
            const struct mesh_port *p = m->ports[i]->inputs[k].port;
            if (p && p->product != m->ports[i]->product)
                fed_on[p->index] = true;
        }
    f->shown = shown;
    f->fed_on = fed_on;
}

bool catalog_readiness(struct state *s, const struct mesh *m, const struct build_port_status *status, struct arena *a,
                       struct readiness **out, struct err *e)
{
    struct clash *clashes;
    struct facts f = {.m = m, .status = status, .a = a, .quiet_since_us = clock_now_us() - (int64_t)DAYS_QUIET * 86400 * 1000000};
    struct readiness *v = arena_array(a, m->n_domains + 1, sizeof *v);
    if (!count_questions(s, &f, e) || !catalog_clashes(m, a, &clashes, &f.n_clashes, e))
        return false;
    f.clashes = clashes;
    find_readers(&f);
    for (size_t i = 0; i < m->n_domains; i++) {
        f.d = &m->domains[i];
        judge(&f, &v[i]);
    }
    *out = v;
    return true;
}
