#include "privacy/hold.h"

#include <sodium.h>

#include "base/clock.h"
#include "govern/retention.h"
#include "privacy/erase.h"

enum { REASON_MIN = 3, REASON_MAX = 500, SEALED_MAX = 1 << 16 };

static bool product_known(const struct mesh *m, struct str ref, struct err *e)
{
    struct str name, domain = str_cut(ref, '.', &name);
    const struct mesh_domain *d = mesh_find_domain(m, domain);
    bool ok = d && name.p && (str_eq(name, STR("*")) || mesh_find_product(m, domain, name));
    for (size_t i = 0; d && name.p && i < d->n_sources && !ok; i++)
        ok = str_eq(d->sources[i]->name, name);
    if (ok)
        return true;
    err_set(e, E_NOT_FOUND, "there is no product or source %.*s", STR_FMT(ref));
    err_hint(e, "a hold is on domain.product, on domain.source, or on domain.*");
    return false;
}

static bool person_known(struct state *s, const struct mesh *m, struct str identifier, struct arena *a, struct store_hold *h, struct err *e)
{
    struct person *p = NULL;
    struct buf sealed = BUF_INIT((size_t)SEALED_MAX);
    struct str rest;
    bool ok = person_find(s, m, identifier, &p, e) && request_seal(s->data_dir, str_trim(identifier), &sealed, e);
    if (ok) {
        h->identifier_kind = arena_str(a, str_cut(str_trim(identifier), ':', &rest));
        h->customer_id = arena_str(a, p->customer_id);
        h->sealed = arena_str(a, buf_str(&sealed));
    }
    buf_fini(&sealed);
    person_free(p);
    return ok;
}

bool hold_add(struct state *s, const struct mesh *m, const struct hold_ask *ask, struct arena *a, struct store_hold *out, struct err *e)
{
    *out = (struct store_hold){.product = STR(""), .identifier_kind = STR(""), .customer_id = STR(""), .sealed = STR(""), .reason = str_trim(ask->reason), .by = ask->by, .ended_by = STR("")};
    bool person = ask->identifier.n > 0;
    if (person == (ask->product.n > 0))
        return err_set(e, E_USAGE, "a hold is on a person (identifier) or on a product: one of the two");
    if (out->reason.n < REASON_MIN || out->reason.n > REASON_MAX)
        return err_set(e, E_USAGE, "a hold needs its reason, of %d to %d bytes", REASON_MIN, REASON_MAX);
    if (ask->until.n && (!clock_day_end_us(ask->until, m->time_zone, &out->until_us) || out->until_us <= clock_now_us()))
        return err_set(e, E_USAGE, "`until` is a day that lies ahead: YYYY-MM-DD");
    out->kind = person ? STR("person") : STR("product");
    if (person ? !person_known(s, m, ask->identifier, a, out, e) : !product_known(m, str_trim(ask->product), e))
        return false;
    if (!person)
        out->product = str_trim(ask->product);
    return store_hold_add(s->store, out, e);
}

/* ---- who is held ---- */

static bool person_of(struct state *s, const struct mesh *m, const struct store_hold *h, struct person **out, struct err *e)
{
    struct buf b = BUF_INIT((size_t)SEALED_MAX);
    bool ok = request_unseal(s->data_dir, h->sealed, &b, e) && person_find(s, m, buf_str(&b), out, e);
    if (b.p)
        sodium_memzero(b.p, b.cap);
    buf_fini(&b);
    return ok;
}

bool held_people_find(struct state *s, const struct mesh *m, struct held_people *out, struct err *e)
{
    struct arena a;
    struct store_hold *v = NULL;
    size_t n = 0;
    *out = (struct held_people){0};
    arena_init(&a);
    bool ok = store_holds(s->store, &a, clock_now_us(), &v, &n, e);
    out->v = mem_alloc((n + 1) * sizeof(struct person *));
    out->holds = mem_alloc((n + 1) * sizeof *out->holds);
    for (size_t i = 0; ok && i < n; i++)
        if (str_eq(v[i].kind, STR("person")) && v[i].sealed.n && (ok = person_of(s, m, &v[i], &out->v[out->n], e)))
            out->holds[out->n++] = v[i].id;
    arena_fini(&a);
    if (!ok)
        held_people_free(out);
    return ok;
}

void held_people_free(struct held_people *h)
{
    for (size_t i = 0; i < h->n; i++)
        person_free(h->v[i]);
    mem_free(h->v);
    mem_free(h->holds);
    *h = (struct held_people){0};
}

static bool same_person(const struct person *a, const struct person *b)
{
    for (size_t i = 0; i < a->customer_ids.n; i++)
        for (size_t k = 0; k < b->customer_ids.n; k++)
            if (str_eq(a->customer_ids.v[i], b->customer_ids.v[k]))
                return true;
    for (size_t i = 0; i < a->n_identifiers; i++)
        for (size_t k = 0; k < b->n_identifiers; k++)
            if (!a->identifiers[i].shared && !b->identifiers[k].shared && str_eq(a->identifiers[i].kind, b->identifiers[k].kind) &&
                str_eq_nocase(str_trim(a->identifiers[i].value), str_trim(b->identifiers[k].value)))
                return true;
    return false;
}

/* Rows of theirs in a live port of the product. */
static bool product_has(struct state *s, const struct mesh *m, struct str product, const struct person *p, bool *has, struct err *e)
{
    struct engine_conn *c = NULL;
    const struct retention_holds one = {.products = {&product, 1}};
    bool ok = engine_connect(s->engine, &c, e);
    *has = false;
    for (size_t i = 0; ok && i < m->n_ports && !*has; i++) {
        const struct mesh_port *port = m->ports[i];
        const struct engine_param name = {.type = ENGINE_TEXT, .s = port->ref_major};
        int64_t live = 0, rows = 0;
        if (!port->person_column.n || !retention_held(&one, port->product->domain->name, port->product->name))
            continue;
        ok = engine_value_i64(c, STR("SELECT count(*) FROM mesh.sys.port_version WHERE live AND port = $1"), &name, 1, &live, e);
        for (size_t k = 0; ok && live && k < p->customer_ids.n && rows == 0; k++) {
            const struct engine_param id = {.type = ENGINE_TEXT, .s = p->customer_ids.v[k]};
            struct buf b = BUF_INIT(4096);
            buf_addz(&b, "SELECT count(*) FROM mesh.live.");
            buf_sql_ident(&b, port->ref_major);
            buf_addz(&b, " WHERE ");
            buf_sql_ident(&b, port->person_column);
            buf_addz(&b, " = $1");
            ok = buf_ok(&b, e) && engine_value_i64(c, buf_str(&b), &id, 1, &rows, e);
            buf_fini(&b);
        }
        *has = rows > 0;
    }
    engine_disconnect(c);
    return ok;
}

bool holds_on(struct state *s, const struct mesh *m, const struct person *p, struct arena *a, struct store_hold **out, size_t *n, struct err *e)
{
    struct store_hold *v;
    size_t all;
    *n = 0;
    if (!store_holds(s->store, a, clock_now_us(), &v, &all, e))
        return false;
    *out = arena_array(a, all + 1, sizeof **out);
    for (size_t i = 0; i < all; i++) {
        struct person *held = NULL;
        bool theirs = false;
        if (str_eq(v[i].kind, STR("product"))) {
            if (!product_has(s, m, v[i].product, p, &theirs, e))
                return false;
        } else {
            if (!person_of(s, m, &v[i], &held, e))
                return false;
            theirs = same_person(held, p);
            person_free(held);
        }
        if (theirs)
            (*out)[(*n)++] = v[i];
    }
    return true;
}
