/* Diagnostics with positions, and reading of small repeated pieces of documents. */
#include "mesh/mesh_int.h"

#include "mesh/cut.h"

__attribute__((format(printf, 6, 0))) static struct err *add(struct load *l, enum err_code code, struct str file, uint32_t line, uint32_t col, const char *fmt, va_list ap)
{
    char text[512];
    vsnprintf(text, sizeof text, fmt, ap);
    cut_mend(text);
    return errs_add(l->es, code, file, line, col, "%s", text);
}

struct err *at_value(struct load *l, enum err_code code, const struct doc *d, const struct doc_node *n, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct err *e = add(l, code, d->file, n ? n->line : 1, n ? n->col : 1, fmt, ap);
    va_end(ap);
    return e;
}

struct err *at_key(struct load *l, enum err_code code, const struct doc *d, const struct doc_node *n, const char *fmt, ...)
{
    bool keyed = n && n->key_line;
    va_list ap;
    va_start(ap, fmt);
    struct err *e = add(l, code, d->file, keyed ? n->key_line : n ? n->line : 1, keyed ? n->key_col : n ? n->col : 1, fmt, ap);
    va_end(ap);
    return e;
}

struct err *at_file(struct load *l, enum err_code code, struct str file, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct err *e = add(l, code, file, 0, 0, fmt, ap);
    va_end(ap);
    return e;
}

struct err *warn_at(struct load *l, enum err_code code, const struct mesh_pos *pos, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    cut_mend(text);
    va_end(ap);
    return errs_warn(l->es, code, pos->file, pos->line, pos->col, "%s", text);
}

void hint(struct err *e, const char *fmt, ...)
{
    char text[256];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    cut_mend(text);
    va_end(ap);
    if (e)
        err_hint(e, "%s", text);
}

enum { LISTED_MAX = 8 };

void hint_nearest(struct err *e, struct str word, const struct str *candidates, size_t n)
{
    int i = str_nearest(word, candidates, n);
    if (i >= 0) {
        hint(e, "did you mean \"%.*s\"?", STR_FMT(candidates[i]));
        return;
    }
    if (n == 0 || n > LISTED_MAX)
        return;
    char list[256];
    size_t used = 0;
    for (size_t k = 0; k < n && used < sizeof list; k++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%.*s", k ? ", " : "", STR_FMT(candidates[k]));
    hint(e, "known are: %s", list);
}

bool check_name(struct load *l, const struct doc *d, const struct doc_node *n, const char *what)
{
    struct str s = doc_text(d, n);
    if (str_is_name(s))
        return true;
    struct err *e = at_value(l, E_NAME, d, n, "\"%.*s\" cannot be the name of a %s", STR_FMT(s), what);
    hint(e, "names are lower-case letters, digits and single underscores, begin with a letter and do not end in _v1, _v2, …");
    return false;
}

struct mesh_pos pos_of(const struct doc *d, const struct doc_node *n)
{
    return (struct mesh_pos){d->file, n ? n->line : 1, n ? n->col : 1};
}

struct str *text_list(struct load *l, const struct doc *d, const struct doc_node *seq, size_t *n)
{
    *n = 0;
    if (!seq || seq->kind != DOC_SEQ)
        return NULL;
    struct str *v = arena_array(l->a, seq->n_children ? seq->n_children : 1, sizeof *v);
    for (const struct doc_node *c = doc_first(d, seq); c; c = doc_next(d, c))
        v[(*n)++] = doc_text(d, c);
    return v;
}

struct mesh_person person_of(const struct doc *d, const struct doc_node *n)
{
    if (!n)
        return (struct mesh_person){0};
    return (struct mesh_person){doc_str(d, n, "name"), doc_str(d, n, "contact"), doc_str(d, n, "role")};
}

struct mesh_channel channel_of(const struct doc *d, const struct doc_node *n)
{
    if (!n)
        return (struct mesh_channel){0};
    return (struct mesh_channel){doc_str(d, n, "channel"), doc_str(d, n, "url"), doc_str(d, n, "tool")};
}

const struct doc_node *custom_get(const struct doc *d, const struct doc_node *owner, const char *property)
{
    const struct doc_node *list = owner ? doc_get(d, owner, "customProperties") : NULL;
    if (!list)
        return NULL;
    for (const struct doc_node *c = doc_first(d, list); c; c = doc_next(d, c))
        if (str_eq(doc_str(d, c, "property"), str_of(property)))
            return doc_get(d, c, "value");
    return NULL;
}
