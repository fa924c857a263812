/* Who sees what: the matrix of roles and products, a product as a role gets it, and every rule in words. */
#include "serve/policy_words.h"
#include "serve/put.h"

enum { PRODUCTS_DEFAULT = 100, PRODUCTS_MAX = 500, ROWS_DEFAULT = 20, ROWS_MAX = 200, PREVIEW_SQL_MAX = 4096, CELL_MAX_BYTES = 1 << 20 };

/* ---- what is asked for ---- */

static struct str param(struct call *c, const char *name)
{
    struct str s = STR("");
    http_query_param(c->req, c->a, name, &s);
    return s;
}

/* The role of `?role=`; NULL with E_NOT_FOUND where it is none, NULL without where none is named. */
static const struct mesh_role *role_named(struct call *c, struct str name, struct err *e)
{
    const struct mesh_policy *p = &c->whole->policy;
    const struct mesh_role *r = policy_role(c->whole, name);
    struct str *names = arena_array(c->a, p->n_roles + 1, sizeof *names);
    for (size_t i = 0; i < p->n_roles; i++)
        names[i] = p->roles[i].name;
    if (!r)
        (void)call_missing(e, "role", name, names, p->n_roles);
    return r;
}

static bool purpose_asked(struct call *c, struct str *out, struct err *e)
{
    *out = param(c, "purpose");
    if (!out->n)
        *out = STR("analytics");
    if (mesh_strs_have((struct mesh_strs){c->whole->purposes, c->whole->n_purposes}, *out))
        return true;
    return call_missing(e, "purpose", *out, c->whole->purposes, c->whole->n_purposes);
}

static struct govern_principal as_role(struct call *c, const struct mesh_role *r)
{
    return (struct govern_principal){.name = c->who.name, .kind = GOVERN_PREVIEW, .roles = &r->name, .n_roles = 1, .by = c->who.name};
}

/* ---- the matrix ---- */

static bool has_text(struct arena *a, struct str in, struct str what)
{
    char *x = arena_strz(a, in), *y = arena_strz(a, what);
    for (size_t i = 0; i < in.n; i++)
        x[i] = (char)(x[i] >= 'A' && x[i] <= 'Z' ? x[i] + 32 : x[i]);
    for (size_t i = 0; i < what.n; i++)
        y[i] = (char)(y[i] >= 'A' && y[i] <= 'Z' ? y[i] + 32 : y[i]);
    return str_find((struct str){x, in.n}, (struct str){y, what.n}, 0) != SIZE_MAX;
}

static bool product_asked(struct call *c, const struct mesh_product *p, struct str domain, struct str product, struct str text)
{
    struct str ref = arena_printf(c->a, "%.*s.%.*s", STR_FMT(p->domain->name), STR_FMT(p->name));
    return (!domain.n || str_eq(domain, p->domain->name)) && (!product.n || str_eq(product, ref)) && (!text.n || has_text(c->a, ref, text) || has_text(c->a, p->title, text));
}

static bool hides(enum mesh_class k)
{
    return k == CLASS_PERSONAL || k == CLASS_SENSITIVE;
}

static void put_product(struct call *c, struct buf *b, const struct mesh_product *p)
{
    put_open(b, NULL, '{');
    put_str(b, "ref", arena_printf(c->a, "%.*s.%.*s", STR_FMT(p->domain->name), STR_FMT(p->name)));
    put_opt(b, "title", p->title);
    put_str(b, "domain", p->domain->name);
    put_open(b, "ports", '[');
    for (size_t i = 0; i < p->n_ports; i++) {
        const struct mesh_contract *k = p->ports[i]->contract;
        int64_t personal = 0;
        for (size_t n = 0; k && n < k->n_columns; n++)
            personal += hides(policy_class(c->whole, p->ports[i], k->columns[n].name));
        put_open(b, NULL, '{');
        put_str(b, "ref", p->ports[i]->is_default ? p->ports[i]->ref : p->ports[i]->ref_major);
        put_int(b, "columns", k ? (int64_t)k->n_columns : 0);
        put_int(b, "personal_columns", personal);
        put_opt(b, "person_column", p->ports[i]->person_column);
        put_close(b, '}');
    }
    put_close(b, ']');
    put_close(b, '}');
}

static void put_masks(struct call *c, struct buf *b, const struct govern_principal *who, struct str purpose, const struct mesh_port *p)
{
    const struct mesh_contract *k = p->contract;
    for (size_t i = 0; k && i < k->n_columns; i++) {
        struct str column = k->columns[i].name;
        enum mesh_class class_ = policy_class(c->whole, p, column);
        struct policy_mask m = policy_mask(c->whole, who, purpose, p, column);
        if (!hides(class_) && m.mask == MASK_NONE)
            continue;
        put_open(b, NULL, '{');
        put_str(b, "column", column);
        put_opt(b, "class", str_of(mesh_class_text(class_)));
        put_str(b, "mask", str_of(mesh_mask_text(m.mask)));
        put_opt(b, "to", m.to);
        if (m.rule)
            put_rule_at(b, "rule", m.rule->name, m.rule->pos);
        else
            put_null(b, "rule");
        put_close(b, '}');
    }
}

static void put_why(struct call *c, struct buf *b, const struct govern_principal *who, struct str purpose, const struct mesh_port *p, const struct policy_access *x)
{
    static const char *const kinds[] = {[POLICY_GRANT] = "grant", [POLICY_CEILING] = "ceiling", [POLICY_ROWS] = "rows"};
    struct policy_reason *v;
    size_t n = policy_reasons(c->whole, who, purpose, p, c->a, &v);
    for (size_t i = 0; i < n; i++) {
        struct mesh_pos pos = v[i].what == POLICY_GRANT ? v[i].grant->pos : v[i].what == POLICY_CEILING ? v[i].ceiling->pos : v[i].rows->pos;
        put_open(b, NULL, '{');
        put_str(b, "what", str_of(kinds[v[i].what]));
        put_str(b, "words", words_reason(c, &v[i]));
        put_place(b, pos);
        put_close(b, '}');
    }
    if (!x->consent)
        return;
    put_open(b, NULL, '{');
    put_str(b, "what", STR("consent"));
    put_str(b, "words", arena_printf(c->a, "People who said no to %.*s are left out", STR_FMT(purpose)));
    put_place(b, (struct mesh_pos){STR(""), 0, 0});
    put_close(b, '}');
}

static void put_cell(struct call *c, struct buf *b, const struct mesh_role *r, struct str purpose, const struct mesh_port *shown)
{
    const struct mesh_port *p = call_whole_port(c, shown);
    const struct govern_principal who = as_role(c, r);
    struct policy_access x = policy_access(c->whole, &who, purpose, p, c->a);
    put_open(b, NULL, '{');
    put_str(b, "role", r->name);
    put_str(b, "ref", p->is_default ? p->ref : p->ref_major);
    put_str(b, "purpose", purpose);
    put_str(b, "tier", str_of(mesh_tier_text(x.tier)));
    put_opt(b, "rows", words_condition(c, x.rows));
    put_bool(b, "consent", x.consent);
    if (x.tier == TIER_AGGREGATED && p->person_column.n)
        put_int(b, "minimum", x.minimum);
    else
        put_null(b, "minimum");
    put_open(b, "why", '[');
    put_why(c, b, &who, purpose, p, &x);
    put_close(b, ']');
    put_open(b, "masks", '[');
    if (x.tier == TIER_MASKED)
        put_masks(c, b, &who, purpose, p);
    put_close(b, ']');
    put_close(b, '}');
}

static void put_purposes(struct call *c, struct buf *b)
{
    put_open(b, "purposes", '[');
    for (size_t i = 0; i < c->whole->consent.n_purposes; i++) {
        put_open(b, NULL, '{');
        put_str(b, "name", c->whole->consent.purposes[i].name);
        put_opt(b, "title", c->whole->consent.purposes[i].title);
        put_close(b, '}');
    }
    put_close(b, ']');
}

bool route_access(struct call *c, struct err *e)
{
    struct str purpose, role = param(c, "role"), domain = param(c, "domain"), product = param(c, "product"), text = param(c, "q");
    const struct mesh_policy *pol = &c->whole->policy;
    int64_t offset, limit, total = 0;
    const struct mesh_role *only = role.n ? role_named(c, role, e) : NULL;
    if ((role.n && !only) || !purpose_asked(c, &purpose, e) || !call_int(c, "offset", 0, 0, INT32_MAX, &offset, e) ||
        !call_int(c, "limit", PRODUCTS_DEFAULT, 1, PRODUCTS_MAX, &limit, e))
        return false;
    struct mesh_product **page = arena_array(c->a, c->mesh->n_products + 1, sizeof(struct mesh_product *));
    size_t n = 0;
    for (size_t i = 0; i < c->mesh->n_products; i++) {
        if (!product_asked(c, c->mesh->products[i], domain, product, text))
            continue;
        if (total >= offset && (int64_t)n < limit)
            page[n++] = c->mesh->products[i];
        total++;
    }
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_open(&b, "roles", '[');
    for (size_t i = 0; i < pol->n_roles; i++)
        if (!only || only == &pol->roles[i])
            put_role(c, &b, &pol->roles[i]);
    put_close(&b, ']');
    put_purposes(c, &b);
    put_str(&b, "purpose", purpose);
    put_int(&b, "total", total);
    put_int(&b, "offset", offset);
    put_open(&b, "products", '[');
    for (size_t i = 0; i < n; i++)
        put_product(c, &b, page[i]);
    put_close(&b, ']');
    put_open(&b, "cells", '[');
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < page[i]->n_ports; k++)
            for (size_t r = 0; r < pol->n_roles; r++)
                if (!only || only == &pol->roles[r])
                    put_cell(c, &b, &pol->roles[r], purpose, page[i]->ports[k]);
    put_close(&b, ']');
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}

/* ---- a product as a role gets it ---- */

/* A role that reads figures over groups gets one: how many rows there are. */
static struct str preview_sql(struct call *c, const struct mesh_port *p, enum mesh_tier tier)
{
    struct buf b = BUF_INIT((size_t)PREVIEW_SQL_MAX);
    struct str rest, domain = str_cut(p->is_default ? p->ref : p->ref_major, '.', &rest);
    buf_addz(&b, tier == TIER_AGGREGATED && p->person_column.n ? "SELECT count(*) AS \"rows\" FROM " : "SELECT * FROM ");
    buf_sql_ident(&b, domain);
    buf_addc(&b, '.');
    buf_sql_ident(&b, rest);
    struct str sql = arena_str(c->a, buf_str(&b));
    buf_fini(&b);
    return sql;
}

static bool put_rows(struct buf *b, struct govern_result *r, int64_t *total, struct err *e)
{
    const struct engine_column *cols;
    struct engine_chunk *ch = NULL;
    size_t rows = 0, n = govern_result_columns(r, &cols);
    bool ok = true;
    put_open(b, "columns", '[');
    for (size_t i = 0; i < n; i++) {
        put_open(b, NULL, '{');
        put_str(b, "name", cols[i].name);
        put_str(b, "type", cols[i].type_name);
        put_close(b, '}');
    }
    put_close(b, ']');
    put_open(b, "rows", '[');
    while ((ok = govern_result_next(r, &ch, &rows, e)) && ch)
        for (size_t row = 0; row < rows; row++, ++*total) {
            put_open(b, NULL, '[');
            for (size_t i = 0; i < n; i++) {
                struct buf cell = BUF_INIT((size_t)CELL_MAX_BYTES);
                engine_cell_json(ch, i, row, &cell);
                put_raw(b, NULL, cell.failed ? STR("null") : buf_str(&cell));
                buf_fini(&cell);
            }
            put_close(b, ']');
        }
    put_close(b, ']');
    return ok;
}

bool route_access_preview(struct call *c, struct err *e)
{
    const struct mesh_port *shown = call_port(c, e);
    const struct mesh_role *role = shown ? role_named(c, param(c, "role"), e) : NULL;
    struct str purpose;
    int64_t limit, total = 0;
    if (!role || !purpose_asked(c, &purpose, e) || !call_int(c, "limit", ROWS_DEFAULT, 1, ROWS_MAX, &limit, e))
        return false;
    const struct mesh_port *p = call_whole_port(c, shown);
    const struct govern_principal who = as_role(c, role);
    enum mesh_tier tier = policy_access(c->whole, &who, purpose, p, c->a).tier;
    if (tier == TIER_NONE)
        return err_set(e, E_NOT_FOUND, "%.*s does not exist for the role %.*s and the purpose %.*s", STR_FMT(p->ref), STR_FMT(role->name), STR_FMT(purpose));
    const struct govern_request q = {.principal = &who, .purpose = purpose, .sql = preview_sql(c, p, tier), .row_limit = limit};
    struct govern_result *r = NULL;
    if (!govern_query(c->app->govern, &q, &r, e))
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_str(&b, "ref", p->is_default ? p->ref : p->ref_major);
    put_str(&b, "role", role->name);
    put_str(&b, "purpose", purpose);
    put_str(&b, "tier", str_of(mesh_tier_text(tier)));
    bool ok = put_rows(&b, r, &total, e);
    put_int(&b, "row_count", total);
    put_bool(&b, "truncated", govern_result_truncated(r));
    put_close(&b, '}');
    govern_result_close(r);
    if (ok)
        call_json(c, &b);
    else
        buf_fini(&b);
    return ok;
}
