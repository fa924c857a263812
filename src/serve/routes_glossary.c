/* What words mean and whose they are; and where two claim the same. */
#include "serve/put.h"
#include "serve/routes.h"

#include "base/clock.h"

static struct str term_ref(const struct mesh_term *t, struct arena *a)
{
    return t->domain ? arena_printf(a, "%.*s.%.*s", STR_FMT(t->domain->name), STR_FMT(t->name)) : t->name;
}

static bool in_clash(struct str ref, const struct clash *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!str_eq(v[i].kind, STR("duplicate_term")) && !str_eq(v[i].kind, STR("duplicate_synonym")))
            continue;
        for (size_t k = 0; k < v[i].n_claims; k++)
            if (str_eq(v[i].claims[k].ref, ref))
                return true;
    }
    return false;
}

void shape_term(struct buf *b, const struct mesh_term *t, const struct clash *clashes, size_t n_clashes, struct arena *a)
{
    put_open(b, NULL, '{');
    put_str(b, "name", t->name);
    put_str(b, "title", t->title.n ? t->title : t->name);
    put_str(b, "definition", t->definition);
    put_str(b, "not_this", t->not_this);
    put_opt(b, "domain", t->domain ? t->domain->name : STR(""));
    shape_owner(b, "owner", &t->owner, t->domain ? &t->domain->owner : NULL);
    put_texts(b, "synonyms", t->synonyms, t->n_synonyms);
    put_open(b, "columns", '[');
    for (size_t i = 0; i < t->n_columns; i++) {
        put_open(b, NULL, '{');
        put_str(b, "ref", t->columns[i].ref);
        put_str(b, "column", t->columns[i].column);
        put_opt(b, "product", t->columns[i].port ? t->columns[i].port->product->name : STR(""));
        put_close(b, '}');
    }
    put_close(b, ']');
    put_texts(b, "metrics", t->metrics, t->n_metrics);
    put_str(b, "status", t->status);
    struct clock_text reviewed = clock_date(t->reviewed);
    put_opt(b, "reviewed", t->reviewed ? str_of(reviewed.z) : STR(""));
    put_bool(b, "clash", in_clash(term_ref(t, a), clashes, n_clashes));
    put_close(b, '}');
}

bool route_glossary(struct call *c, struct err *e)
{
    struct clash *clashes;
    size_t n;
    if (!catalog_clashes(c->mesh, c->a, &clashes, &n, e))
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_open(&b, "terms", '[');
    for (size_t i = 0; i < c->mesh->n_terms; i++)
        shape_term(&b, &c->mesh->terms[i], clashes, n, c->a);
    put_close(&b, ']');
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}

bool route_clashes(struct call *c, struct err *e)
{
    struct clash *v;
    size_t n;
    if (!catalog_clashes(c->mesh, c->a, &v, &n, e))
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_open(&b, "clashes", '[');
    for (size_t i = 0; i < n; i++) {
        put_open(&b, NULL, '{');
        put_str(&b, "kind", v[i].kind);
        put_str(&b, "subject", v[i].subject);
        put_str(&b, "why", v[i].why);
        put_open(&b, "claims", '[');
        for (size_t k = 0; k < v[i].n_claims; k++) {
            const struct clash_claim *claim = &v[i].claims[k];
            put_open(&b, NULL, '{');
            put_str(&b, "ref", claim->ref);
            put_str(&b, "text", claim->text);
            shape_owner(&b, "owner", &claim->owner, NULL);
            put_str(&b, "file", claim->pos.file);
            put_int(&b, "line", claim->pos.line);
            put_close(&b, '}');
        }
        put_close(&b, ']');
        put_close(&b, '}');
    }
    put_close(&b, ']');
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}
