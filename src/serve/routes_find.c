/* Looking for things: search over everything that has a name, and the catalog as pages of products with what they can be narrowed by. */
#include <stdlib.h>

#include "serve/put.h"
#include "serve/routes.h"

enum { HITS = 20, HITS_MAX = 200, PAGE = 50, PAGE_MAX = 500, FACET_MAX = 100, QUESTION_MAX_BYTES = 400 };

static bool call_words(struct call *c, const char *name, struct str *out, struct err *e)
{
    *out = STR("");
    if (http_query_param(c->req, c->a, name, out) && out->n > QUESTION_MAX_BYTES)
        return err_set(e, E_TOO_LARGE, "%s is longer than %d bytes", name, QUESTION_MAX_BYTES);
    return true;
}

static bool call_domain(struct call *c, struct str *out, struct err *e)
{
    *out = STR("");
    if (!http_query_param(c->req, c->a, "domain", out) || !out->n || mesh_find_domain(c->mesh, *out))
        return true;
    struct str *known = arena_array(c->a, c->mesh->n_domains + 1, sizeof *known);
    for (size_t i = 0; i < c->mesh->n_domains; i++)
        known[i] = c->mesh->domains[i].name;
    return call_missing(e, "domain", *out, known, c->mesh->n_domains);
}

/* ---- search ---- */
static bool kinds_of(struct str text, unsigned *out, struct err *e)
{
    *out = 0;
    for (struct str rest = text; rest.p && rest.n;) {
        enum find_kind k;
        struct str word = str_cut(rest, ',', &rest);
        if (!find_kind_from(word, &k)) {
            err_set(e, E_USAGE, "there is no kind %.*s", word.n < 60 ? (int)word.n : 60, word.p);
            err_hint(e, "kinds are product, port, column, term, metric, goal, dashboard, domain, source and event, with commas between");
            return false;
        }
        *out |= 1u << k;
    }
    return true;
}

static struct str href_of(struct call *c, const struct find_hit *h)
{
    const struct mesh_port *p = h->kind == FIND_PORT ? h->entry : h->port;
    struct str name = h->ref, at;
    if (h->domain.n && h->kind != FIND_DOMAIN)
        str_cut(h->ref, '.', &name);
    if (p) {
        str_cut(p->is_default ? p->ref : p->ref_major, '.', &at);
        struct str page = arena_printf(c->a, "/catalog/%.*s/%.*s?port=%.*s", STR_FMT(p->product->domain->name), STR_FMT(p->product->name), STR_FMT(at));
        if (h->kind == FIND_PORT)
            return page;
        return arena_printf(c->a, "%.*s&tab=schema&column=%.*s", STR_FMT(page), STR_FMT(((const struct mesh_column *)h->entry)->name));
    }
    switch (h->kind) {
    case FIND_PRODUCT: return arena_printf(c->a, "/catalog/%.*s/%.*s", STR_FMT(h->domain), STR_FMT(name));
    case FIND_TERM: return arena_printf(c->a, "/glossary?term=%.*s", STR_FMT(name));
    case FIND_GOAL: return arena_printf(c->a, "/goals?goal=%.*s", STR_FMT(name));
    case FIND_METRIC: return arena_printf(c->a, "/metrics/%.*s/%.*s", STR_FMT(h->domain), STR_FMT(name));
    case FIND_DASHBOARD: return arena_printf(c->a, "/dashboards/%.*s/%.*s", STR_FMT(h->domain), STR_FMT(name));
    case FIND_SOURCE: return arena_printf(c->a, "/sources/%.*s/%.*s", STR_FMT(h->domain), STR_FMT(name));
    case FIND_EVENT: {
        struct str source = str_cut(name, '.', &at);
        return arena_printf(c->a, "/sources/%.*s/%.*s?event=%.*s", STR_FMT(h->domain), STR_FMT(source), STR_FMT(at));
    }
    default: return arena_printf(c->a, "/domains/%.*s", STR_FMT(h->ref));
    }
}

static void put_hit(struct call *c, struct buf *b, const struct find_hit *h, const struct build_port_status *st)
{
    const struct mesh_port *p = h->kind == FIND_PORT ? h->entry : h->port;
    put_open(b, NULL, '{');
    put_str(b, "kind", str_of(find_kind_text(h->kind)));
    put_str(b, "ref", h->ref);
    put_str(b, "title", h->title);
    put_str(b, "text", h->text);
    put_opt(b, "domain", h->domain);
    put_opt(b, "owner", h->owner);
    if (h->kind == FIND_PRODUCT)
        put_str(b, "state", str_of(port_state_text(shape_product_state(h->entry, st, NULL))));
    else if (p)
        put_str(b, "state", str_of(port_state_text(st[p->index].state)));
    else
        put_null(b, "state");
    put_str(b, "href", href_of(c, h));
    put_str(b, "field", h->field);
    put_opt(b, "via", h->via);
    put_close(b, '}');
}

bool route_search(struct call *c, struct err *e)
{
    struct str q, domain, kinds = STR("");
    struct find_ask ask = {0};
    struct find_result r;
    int64_t limit;
    http_query_param(c->req, c->a, "kinds", &kinds);
    if (!call_words(c, "q", &q, e) || !call_domain(c, &domain, e) || !kinds_of(kinds, &ask.kinds, e) ||
        !call_int(c, "limit", HITS, 1, HITS_MAX, &limit, e))
        return false;
    ask.q = q;
    ask.domain = domain;
    ask.limit = (size_t)limit;
    if (!known_find(c->app, c->known, &ask, c->a, &r, e))
        return false;
    struct known_states *st = known_states_get(c->app, c->known, e);
    if (!st)
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_str(&b, "q", q);
    put_int(&b, "total", (int64_t)r.total);
    put_texts(&b, "dropped_words", r.dropped, r.n_dropped);
    put_open(&b, "results", '[');
    for (size_t i = 0; i < r.n; i++)
        put_hit(c, &b, &r.hits[i], st->ports);
    put_close(&b, ']');
    put_close(&b, '}');
    known_states_put(st);
    call_json(c, &b);
    return true;
}

/* ---- the catalog ---- */
enum facet { BY_DOMAIN, BY_STATE, BY_STATUS, BY_TAG, BY_OWNER, FACETS };
static const char *const facet_names[FACETS] = {"domain", "state", "status", "tag", "owner"};

struct value {
    struct str value, title;
    size_t count;
};
/* Values of one facet, by text. */
struct values {
    struct value *v;
    size_t n, *slots, n_slots;
};

struct row {
    const struct mesh_product *p;
    enum port_state state;
    int64_t built_at_us, uses;
    size_t place;      /* among the hits, or in the mesh */
    uint64_t begin[2]; /* of the title, without case: decides nearly all comparisons */
};

struct shelf {
    struct call *c;
    struct str chosen[FACETS]; /* values with commas between; an owner's name is one value */
    struct values facets[FACETS];
    struct row *rows;
    size_t n;
};

static void count_value(struct arena *a, struct values *f, struct str value, struct str title)
{
    if ((f->n + 1) * 2 > f->n_slots) {
        size_t cap = f->n_slots ? f->n_slots * 2 : 64, *slots = arena_array(a, cap, sizeof *slots);
        struct value *v = arena_array(a, cap / 2, sizeof *v);
        if (f->n)
            memcpy(v, f->v, f->n * sizeof *v);
        for (size_t i = 0; i < f->n; i++) {
            size_t at = str_hash(v[i].value) & (cap - 1);
            while (slots[at])
                at = (at + 1) & (cap - 1);
            slots[at] = i + 1;
        }
        f->v = v;
        f->slots = slots;
        f->n_slots = cap;
    }
    size_t at = str_hash(value) & (f->n_slots - 1);
    while (f->slots[at] && !str_eq(f->v[f->slots[at] - 1].value, value))
        at = (at + 1) & (f->n_slots - 1);
    if (!f->slots[at]) {
        f->v[f->n] = (struct value){value, title, 0};
        f->slots[at] = ++f->n;
    }
    f->v[f->slots[at] - 1].count++;
}

static bool among(struct str list, struct str value)
{
    for (struct str rest = list; rest.p;)
        if (str_eq(str_cut(rest, ',', &rest), value))
            return true;
    return false;
}

static bool passes(const struct shelf *s, const struct row *r, enum facet f)
{
    struct str list = s->chosen[f];
    if (!list.n)
        return true;
    switch (f) {
    case BY_DOMAIN: return among(list, r->p->domain->name);
    case BY_STATE: return among(list, str_of(port_state_text(r->state)));
    case BY_STATUS: return among(list, r->p->status);
    case BY_OWNER: return str_eq(list, shape_product_owner(r->p)->name);
    default:
        for (size_t i = 0; i < r->p->n_tags; i++)
            if (among(list, r->p->tags[i]))
                return true;
        return false;
    }
}

static void count_row(struct shelf *s, const struct row *r, enum facet f)
{
    struct arena *a = s->c->a;
    struct values *v = &s->facets[f];
    const struct mesh_product *p = r->p;
    struct str state = str_of(port_state_text(r->state)), owner = shape_product_owner(p)->name;
    switch (f) {
    case BY_DOMAIN: count_value(a, v, p->domain->name, p->domain->title.n ? p->domain->title : p->domain->name); break;
    case BY_STATE: count_value(a, v, state, state); break;
    case BY_STATUS: count_value(a, v, p->status, p->status); break;
    case BY_OWNER: count_value(a, v, owner, owner); break;
    default:
        for (size_t i = 0; i < p->n_tags; i++)
            count_value(a, v, p->tags[i], p->tags[i]);
    }
}

/* A facet counts what all the others let through, so that a second choice in it shows what it would add. */
static void narrow(struct shelf *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++) {
        unsigned failed = 0;
        for (int f = 0; f < FACETS; f++)
            failed |= (unsigned)!passes(s, &s->rows[i], (enum facet)f) << f;
        for (int f = 0; f < FACETS; f++)
            if (!(failed & ~(1u << f)))
                count_row(s, &s->rows[i], (enum facet)f);
        if (!failed)
            s->rows[n++] = s->rows[i];
    }
    s->n = n;
}

/* ---- order ---- */
static struct str title_of(const struct row *r)
{
    return r->p->title.n ? r->p->title : r->p->name;
}

static int by_place(const void *x, const void *y)
{
    const struct row *a = x, *b = y;
    return a->place < b->place ? -1 : a->place > b->place;
}

static void title_begin(struct row *r)
{
    struct str t = title_of(r);
    for (size_t i = 0; i < sizeof r->begin; i++) {
        unsigned char c = i < t.n ? (unsigned char)t.p[i] : 0;
        r->begin[i / 8] = r->begin[i / 8] << 8 | (c >= 'A' && c <= 'Z' ? c + 32u : c);
    }
}

static int by_title(const void *x, const void *y)
{
    const struct row *r = x, *other = y;
    for (size_t i = 0; i < 2; i++)
        if (r->begin[i] != other->begin[i])
            return r->begin[i] < other->begin[i] ? -1 : 1;
    struct str a = title_of(x), b = title_of(y);
    size_t n = a.n < b.n ? a.n : b.n;
    for (size_t i = 0; i < n; i++) {
        int p = (unsigned char)a.p[i], q = (unsigned char)b.p[i];
        p += p >= 'A' && p <= 'Z' ? 32 : 0;
        q += q >= 'A' && q <= 'Z' ? 32 : 0;
        if (p != q)
            return p - q;
    }
    return a.n != b.n ? (a.n < b.n ? -1 : 1) : by_place(x, y);
}

static int by_state(const void *x, const void *y)
{
    static const int badness[] = {[PORT_FRESH] = 0, [PORT_NEVER_BUILT] = 1, [PORT_STALE] = 2, [PORT_FAILING] = 3};
    const struct row *a = x, *b = y;
    return a->state != b->state ? badness[b->state] - badness[a->state] : by_title(x, y);
}

static int by_freshness(const void *x, const void *y)
{
    const struct row *a = x, *b = y;
    return a->built_at_us != b->built_at_us ? (a->built_at_us > b->built_at_us ? -1 : 1) : by_title(x, y);
}

static int by_use(const void *x, const void *y)
{
    const struct row *a = x, *b = y;
    return a->uses != b->uses ? (a->uses > b->uses ? -1 : 1) : by_title(x, y);
}

static const struct {
    const char *name;
    int (*order)(const void *, const void *);
} sorts[] = {{"relevance", by_place}, {"title", by_title}, {"state", by_state}, {"freshness", by_freshness}, {"use", by_use}};
enum { SORTS = sizeof sorts / sizeof *sorts };

static bool sort_of(struct call *c, bool asked, size_t *out, struct err *e)
{
    struct str text = STR("");
    *out = asked ? 0 : 1;
    if (!http_query_param(c->req, c->a, "sort", &text) || !text.n)
        return true;
    for (*out = 0; *out < SORTS; ++*out)
        if (str_eq(text, str_of(sorts[*out].name)))
            return true;
    return err_set(e, E_USAGE, "sort is one of relevance, title, state, freshness and use");
}

static int by_count(const void *x, const void *y)
{
    const struct value *a = x, *b = y;
    return a->count != b->count ? (a->count > b->count ? -1 : 1) : str_cmp(a->value, b->value);
}

static void put_facets(struct buf *b, struct shelf *s)
{
    put_open(b, "facets", '{');
    for (int f = 0; f < FACETS; f++) {
        struct values *v = &s->facets[f];
        if (v->n)
            qsort(v->v, v->n, sizeof *v->v, by_count);
        put_open(b, facet_names[f], '[');
        for (size_t i = 0; i < v->n; i++) {
            /* The many are cut, never what is chosen. */
            bool chosen = f == BY_OWNER ? str_eq(s->chosen[f], v->v[i].value) : s->chosen[f].n && among(s->chosen[f], v->v[i].value);
            if (i >= FACET_MAX && !chosen)
                continue;
            put_open(b, NULL, '{');
            put_str(b, "value", v->v[i].value);
            put_str(b, "title", v->v[i].title);
            put_int(b, "count", (int64_t)v->v[i].count);
            put_close(b, '}');
        }
        put_close(b, ']');
    }
    put_close(b, '}');
}

static void add_row(struct shelf *s, const struct mesh_product *p, const struct build_port_status *st, const int64_t *uses)
{
    struct row r = {.p = p, .state = shape_product_state(p, st, NULL), .place = s->n};
    for (size_t i = 0; i < p->n_ports; i++) {
        size_t at = p->ports[i]->index;
        r.uses += uses[at];
        r.built_at_us = st[at].built_at_us > r.built_at_us ? st[at].built_at_us : r.built_at_us;
    }
    title_begin(&r);
    s->rows[s->n++] = r;
}

bool route_catalog(struct call *c, struct err *e)
{
    struct shelf s = {.c = c};
    struct find_result r = {0};
    struct find_ask ask = {.kinds = 1u << FIND_PRODUCT, .limit = c->mesh->n_products};
    int64_t offset, limit, *uses;
    size_t sort;
    if (!call_words(c, "q", &ask.q, e) || !sort_of(c, ask.q.n > 0, &sort, e) || !call_int(c, "offset", 0, 0, INT32_MAX, &offset, e) ||
        !call_int(c, "limit", PAGE, 1, PAGE_MAX, &limit, e) || !known_uses(c->app, c->known, c->a, &uses, e))
        return false;
    for (int f = 0; f < FACETS; f++)
        http_query_param(c->req, c->a, facet_names[f], &s.chosen[f]);
    if (ask.q.n && !known_find(c->app, c->known, &ask, c->a, &r, e))
        return false;
    struct known_states *st = known_states_get(c->app, c->known, e);
    if (!st)
        return false;
    s.rows = arena_array(c->a, c->mesh->n_products + 1, sizeof *s.rows);
    for (size_t i = 0; ask.q.n ? i < r.n : i < c->mesh->n_products; i++)
        add_row(&s, ask.q.n ? r.hits[i].entry : c->mesh->products[i], st->ports, uses);
    narrow(&s);
    qsort(s.rows, s.n, sizeof *s.rows, sorts[sort].order);
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_int(&b, "total", (int64_t)s.n);
    put_int(&b, "offset", offset);
    put_str(&b, "sort", str_of(sorts[sort].name));
    put_texts(&b, "dropped_words", r.dropped, r.n_dropped);
    put_facets(&b, &s);
    put_open(&b, "items", '[');
    for (size_t i = (size_t)offset; i < s.n && i < (size_t)(offset + limit); i++)
        shape_catalog_item(&b, s.rows[i].p, st->ports, s.rows[i].uses);
    put_close(&b, ']');
    put_close(&b, '}');
    known_states_put(st);
    call_json(c, &b);
    return true;
}
