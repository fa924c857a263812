/* Texts that people and other modules wrote before anybody asked who reads them: names in them that the reader may not know are
 * left out. */
#include "mesh/seen.h"

static bool any_product(const struct mesh *m, struct str domain, struct str name)
{
    return mesh_find_product(m, domain, name) != NULL;
}

bool mesh_holds(const struct mesh *m, struct str ref)
{
    struct str name, domain = str_cut(ref, '.', &name);
    const struct mesh_domain *d = mesh_find_domain(m, domain);
    struct str in = d ? name : ref;
    if ((d && !name.p) || mesh_find_port(m, ref) || mesh_find_stream(m, ref) || (d && any_product(m, domain, name)))
        return true;
    for (size_t i = 0; d && i < d->n_sources; i++) {
        const struct mesh_source *s = d->sources[i];
        if (str_eq(s->name, name) ||
            (str_starts(name, s->name) && name.n > s->name.n && name.p[s->name.n] == '.')) /* an event of it */
            return true;
    }
    for (size_t i = 0; d && i < d->n_dashboards; i++)
        if (str_eq(d->dashboards[i]->name, name))
            return true;
    for (size_t i = 0; d && i < d->n_metrics; i++)
        if (str_eq(d->metrics[i]->name, name))
            return true;
    for (size_t i = 0; i < m->n_terms; i++)
        if ((m->terms[i].domain ? d && str_eq(m->terms[i].domain->name, d->name) : !d) && str_eq(m->terms[i].name, in))
            return true;
    for (size_t i = 0; i < m->n_goals; i++)
        if ((m->goals[i].domain ? d && str_eq(m->goals[i].domain->name, d->name) : !d) && str_eq(m->goals[i].name, in))
            return true;
    return false;
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static struct str word_at(struct str s, size_t i)
{
    size_t end = i;
    while (end < s.n && is_word(s.p[end]))
        end++;
    return (struct str){s.p + i, end - i};
}

/* Names hidden at `i`: "finance.payroll", "finance/payroll", "domains/finance". The bytes to leave out; 0: none. */
static size_t hidden_at(const struct mesh *whole, const struct mesh *seen, struct str s, size_t i)
{
    char ref[256];
    struct str first = word_at(s, i), second;
    size_t at = i + first.n;
    if (at + 1 >= s.n || (s.p[at] != '.' && s.p[at] != '/') || !is_word(s.p[at + 1]))
        return 0;
    second = word_at(s, at + 1);
    size_t n = first.n + 1 + second.n;
    if (s.p[at] == '/' && str_eq(first, STR("domains")))
        return mesh_find_domain(whole, second) && !mesh_find_domain(seen, second) ? n : 0;
    if (n >= sizeof ref || !mesh_find_domain(whole, first))
        return 0;
    memcpy(ref, first.p, first.n);
    ref[first.n] = '.';
    memcpy(ref + first.n + 1, second.p, second.n);
    struct str name = {ref, n};
    return mesh_holds(whole, name) && !mesh_holds(seen, name) ? n : 0;
}

void mesh_seen_text(const struct mesh *whole, const struct mesh *seen, struct str text, struct buf *out)
{
    size_t from = 0;
    for (size_t i = 0; i < text.n;) {
        if (!is_word(text.p[i])) {
            i++;
            continue;
        }
        size_t n = hidden_at(whole, seen, text, i);
        if (n == 0) {
            i += word_at(text, i).n;
            continue;
        }
        buf_add(out, (struct str){text.p + from, i - from});
        buf_addz(out, "\xe2\x80\xa6"); /* … */
        i += n;
        while (i < text.n &&
               (is_word(text.p[i]) || ((text.p[i] == '.' || text.p[i] == '/') && i + 1 < text.n && is_word(text.p[i + 1]))))
            i++; /* what is below it: a column, a file */
        from = i;
    }
    buf_add(out, (struct str){text.p + from, text.n - from});
}
