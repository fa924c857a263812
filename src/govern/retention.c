#include "govern/retention.h"

enum { SECOND_US = 1000000 };

/* "domain.name", "domain.*", "*" */
static bool names(struct str pattern, struct str domain, struct str name)
{
    struct str rest, first = str_cut(pattern, '.', &rest);
    if (!rest.p)
        return str_eq(first, STR("*"));
    return str_eq(first, domain) && (str_eq(rest, STR("*")) || str_eq(rest, name));
}

static bool listed(const struct mesh_retention *r, struct str domain, struct str name)
{
    bool any = r->scope.products.n == 0;
    for (size_t i = 0; i < r->scope.products.n && !any; i++)
        any = names(r->scope.products.v[i], domain, name);
    return any && (!r->domain || str_eq(r->domain->name, domain));
}

static bool has_class(const struct mesh_contract *c, enum mesh_class class_)
{
    if (class_ == CLASS_UNSET)
        return true;
    for (size_t i = 0; c && i < c->n_columns; i++)
        if (c->columns[i].class_ == class_)
            return true;
    return false;
}

bool retention_fits_port(const struct mesh_retention *r, const struct mesh_port *p)
{
    return listed(r, p->product->domain->name, p->product->name) && has_class(p->contract, r->scope.class_) && (r->purpose.n == 0 || p->person_column.n > 0);
}

/* A rule for a purpose goes by whose rows they are, which raw streams do not tell. */
bool retention_fits_stream(const struct mesh_retention *r, const struct mesh_stream *s)
{
    return r->purpose.n == 0 && listed(r, s->source->domain->name, s->source->name) && has_class(s->contract, r->scope.class_);
}

struct str retention_time_column(const struct mesh_stream *s)
{
    return s->source->events ? STR("occurred_at") : s->day_column;
}

bool retention_held(const struct retention_holds *h, struct str domain, struct str name)
{
    for (size_t i = 0; i < h->products.n; i++)
        if (names(h->products.v[i], domain, name))
            return true;
    return false;
}

void retention_old_put(struct buf *b, struct str column, int64_t keep_s, int64_t now_us)
{
    buf_addz(b, "CAST(");
    buf_sql_ident(b, column);
    buf_printf(b, " AS TIMESTAMP) < make_timestamp(%lld::BIGINT)", (long long)(now_us - keep_s * SECOND_US));
}

static void ids_put(struct buf *b, const struct retention_holds *h)
{
    for (size_t i = 0; i < h->customers.n; i++) {
        buf_addz(b, i ? ", " : "(");
        buf_sql_text(b, h->customers.v[i]);
    }
    buf_addc(b, ')');
}

static bool has_column(const struct mesh_port *p, struct str name)
{
    for (size_t i = 0; p->contract && i < p->contract->n_columns; i++)
        if (str_eq(p->contract->columns[i].name, name))
            return true;
    return false;
}

/* Rows of held people: by whose they are, or by the set of identifiers that stood in them. That somebody is held who has an id means that identity is live. */
static void held_put(struct buf *b, const struct mesh *m, const struct mesh_port *p, const struct retention_holds *h)
{
    if (p->person_column.n) {
        buf_addz(b, " OR ");
        buf_sql_ident(b, p->person_column);
        buf_addz(b, " IN ");
        ids_put(b, h);
        return;
    }
    for (size_t i = 0; i < m->n_ports && has_column(p, STR("evidence")); i++)
        if (m->ports[i]->materialization == MATERIALIZED_IDENTITY && m->ports[i] != p) {
            buf_addz(b, " OR evidence IN (SELECT evidence FROM mesh.live.");
            buf_sql_ident(b, m->ports[i]->ref_major);
            buf_addz(b, " WHERE customer_id IN ");
            ids_put(b, h);
            buf_addc(b, ')');
        }
}

bool retention_kept(const struct mesh *m, const struct mesh_port *p, const struct retention_holds *h, int64_t now_us, struct buf *b, const struct mesh_retention **rule)
{
    const struct mesh_retention *all = NULL;
    bool any = false;
    if (rule)
        *rule = NULL;
    if (p->time_column.n == 0 || p->materialization == MATERIALIZED_VIEW || p->materialization == MATERIALIZED_IDENTITY ||
        retention_held(h, p->product->domain->name, p->product->name))
        return false;
    for (size_t i = 0; i < m->policy.n_retention; i++) {
        const struct mesh_retention *r = &m->policy.retention[i];
        if (!r->anonymise && r->purpose.n == 0 && retention_fits_port(r, p) && (!all || r->keep_s < all->keep_s))
            all = r;
    }
    /* A row goes where one rule says so: of those for everybody the shortest, and each that is for people who said no to its purpose. */
    buf_addz(b, "coalesce(NOT (");
    if (all) {
        retention_old_put(b, p->time_column, all->keep_s, now_us);
        any = true;
    }
    for (size_t i = 0; i < m->policy.n_retention; i++) {
        const struct mesh_retention *r = &m->policy.retention[i];
        if (r->anonymise || r->purpose.n == 0 || !retention_fits_port(r, p) || (all && r->keep_s >= all->keep_s))
            continue;
        buf_addz(b, any ? " OR (" : "(");
        retention_old_put(b, p->time_column, r->keep_s, now_us);
        buf_addz(b, " AND ");
        buf_sql_ident(b, p->person_column);
        buf_addz(b, " IN (SELECT customer_id FROM mesh.govern.consent_no WHERE purpose = ");
        buf_sql_text(b, r->purpose);
        buf_addz(b, "))");
        all = all ? all : r;
        any = true;
    }
    buf_addz(b, ")");
    if (h->customers.n)
        held_put(b, m, p, h);
    buf_addz(b, ", true)");
    if (rule)
        *rule = all;
    return any;
}
