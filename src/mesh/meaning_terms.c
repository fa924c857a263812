/* Fourth stage: what words mean, and the columns that hold it. */
#include "mesh/mesh_int.h"

#include <stdlib.h>

#include "base/clock.h"

/* The owner that a file names, or the domain's; in governance/ there is no domain to fall back on. */
struct mesh_person meaning_owner(struct load *l, const struct doc *d, const struct doc_node *n, const struct mesh_domain *dom, const char *what)
{
    const struct doc_node *owner = doc_get(d, n, "owner");
    if (owner)
        return person_of(d, owner);
    if (dom)
        return dom->owner;
    hint(at_value(l, E_OWNER, d, n, "the %s \"%.*s\" has no owner", what, STR_FMT(doc_str(d, n, "name"))), "add: owner: {name: Ana Ruiz, contact: ana@example.org}");
    return (struct mesh_person){0};
}

static void term_columns(struct load *l, const struct doc *d, const struct doc_node *list, struct mesh_term *t)
{
    if (!list)
        return;
    t->columns = arena_array(l->a, list->n_children + 1, sizeof *t->columns);
    for (const struct doc_node *n = doc_first(d, list); n; n = doc_next(d, n)) {
        struct str s = doc_text(d, n);
        size_t dot = s.n;
        while (dot > 0 && s.p[dot - 1] != '.')
            dot--;
        struct str ref = {s.p, dot ? dot - 1 : 0}, column = {s.p + dot, s.n - dot};
        if (!memchr(ref.p, '.', ref.n) || !column.n) {
            hint(at_value(l, E_DANGLING, d, n, "\"%.*s\" is not of the form domain.port.column", STR_FMT(s)), "for example acquisition.campaign_daily.spend");
            continue;
        }
        struct mesh_port *p = lookup_port(l, d, n, ref);
        if (p && lookup_column(l, d, n, p, column))
            t->columns[t->n_columns++] = (struct mesh_term_column){p, ref, column};
    }
}

static void terms_of(struct load *l, const struct mesh_file *f, struct mesh_domain *dom)
{
    const struct doc *d = f->doc;
    const struct doc_node *list = d ? doc_get(d, doc_root(d), "terms") : NULL;
    struct table seen = {0};
    for (const struct doc_node *n = list ? doc_first(d, list) : NULL; n; n = doc_next(d, n)) {
        struct mesh_term *t = &l->m->terms[l->m->n_terms++];
        const struct doc_node *name = doc_get(d, n, "name");
        t->domain = dom;
        t->name = doc_text(d, name);
        t->title = doc_get(d, n, "title") ? doc_str(d, n, "title") : t->name;
        t->definition = doc_str(d, n, "definition");
        t->not_this = doc_str(d, n, "not_this");
        t->status = doc_get(d, n, "status") ? doc_str(d, n, "status") : STR("draft");
        (void)clock_parse_date(doc_str(d, n, "reviewed"), &t->reviewed);
        t->owner = meaning_owner(l, d, n, dom, "term");
        t->synonyms = text_list(l, d, doc_get(d, n, "synonyms"), &t->n_synonyms);
        t->metrics = text_list(l, d, doc_get(d, n, "metrics"), &t->n_metrics);
        t->pos = pos_of(d, n);
        term_columns(l, d, doc_get(d, n, "columns"), t);
        if (!check_name(l, d, name, "term"))
            continue;
        const struct mesh_term *first = table_put(&seen, l->a, t->name, t);
        if (first)
            hint(at_value(l, E_DUPLICATE, d, name, "the term \"%.*s\" stands twice in this file; first in line %u", STR_FMT(t->name), first->pos.line),
                 "merge the two, or name one of them after what sets it apart");
    }
}

static int term_order(const void *a, const void *b)
{
    const struct mesh_term *x = a, *y = b;
    int c = str_cmp(x->name, y->name);
    return c ? c : str_cmp(x->pos.file, y->pos.file);
}

static size_t listed(const struct mesh_file *f)
{
    const struct doc_node *list = f->doc ? doc_get(f->doc, doc_root(f->doc), "terms") : NULL;
    return list ? list->n_children : 0;
}

void meaning_terms(struct load *l)
{
    size_t most = listed(&l->glossary);
    for (size_t i = 0; i < l->n_domains; i++)
        most += listed(&l->domains[i].glossary);
    l->m->terms = arena_array(l->a, most + 1, sizeof *l->m->terms);
    terms_of(l, &l->glossary, NULL);
    for (size_t i = 0; i < l->n_domains; i++)
        terms_of(l, &l->domains[i].glossary, &l->m->domains[i]);
    qsort(l->m->terms, l->m->n_terms, sizeof *l->m->terms, term_order);
}
