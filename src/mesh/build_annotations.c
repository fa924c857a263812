/* Fourth stage: governance/annotations.yaml, what happened on which days. */
#include "mesh/mesh_int.h"

#include <stdlib.h>

#include "base/clock.h"

static int annotation_order(const void *a, const void *b)
{
    const struct mesh_annotation *x = a, *y = b;
    return x->day != y->day ? (x->day > y->day) - (x->day < y->day) : (x->pos.line > y->pos.line) - (x->pos.line < y->pos.line);
}

static void annotation_read(struct load *l, const struct doc *d, const struct doc_node *n, struct mesh_annotation *to)
{
    const struct doc_node *until = doc_get(d, n, "until"), *domain = doc_get(d, n, "domain"), *kind = doc_get(d, n, "kind"), *url = doc_get(d, n, "url");
    *to = (struct mesh_annotation){.title = doc_str(d, n, "title"), .kind = kind ? doc_text(d, kind) : STR("other"), .url = doc_text(d, url), .pos = pos_of(d, n)};
    (void)clock_parse_date(doc_str(d, n, "day"), &to->day);
    to->until = to->day;
    if (until)
        (void)clock_parse_date(doc_text(d, until), &to->until);
    if (to->until < to->day)
        hint(at_value(l, E_SCHEMA, d, until, "\"%.*s\" ends before it begins", STR_FMT(to->title)), "day is the first day, until the last");
    if (url && !str_starts(to->url, STR("https://")) && !str_starts(to->url, STR("http://")))
        hint(at_value(l, E_SCHEMA, d, url, "url is no address of a page"), "write it with https:// in front");
    if (domain)
        to->domain = lookup_domain(l, d, domain, doc_text(d, domain));
}

void build_annotations(struct load *l)
{
    const struct doc *d = l->annotations.doc;
    const struct doc_node *list = d ? doc_get(d, doc_root(d), "annotations") : NULL;
    struct mesh *m = l->m;
    if (!list)
        return;
    m->annotations = arena_array(l->a, list->n_children + 1, sizeof *m->annotations);
    for (const struct doc_node *n = doc_first(d, list); n; n = doc_next(d, n))
        annotation_read(l, d, n, &m->annotations[m->n_annotations++]);
    if (m->n_annotations)
        qsort(m->annotations, m->n_annotations, sizeof *m->annotations, annotation_order);
}
