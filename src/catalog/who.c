/* Who owns what, and where the page shows it: the same answer for every list of the catalog. */
#include "catalog/catalog_int.h"

#include <stdio.h>

struct mesh_person who_of_domain(const struct mesh_domain *d)
{
    return d ? d->owner : (struct mesh_person){0};
}

struct mesh_person who_or_domain(struct mesh_person own, const struct mesh_domain *d)
{
    return own.name.n || own.contact.n ? own : who_of_domain(d);
}

struct mesh_person who_of_product(const struct mesh_product *p)
{
    return who_or_domain(p->owner, p->domain);
}

struct mesh_person who_of_source(const struct mesh_source *s)
{
    return who_or_domain(s->owner, s->domain);
}

struct str port_shown(const struct mesh_port *p)
{
    return p->is_default ? p->ref : p->ref_major;
}

struct str title_of(struct str title, struct str name)
{
    return title.n ? title : name;
}

struct str product_href(const struct mesh_product *p, struct arena *a)
{
    return arena_printf(a, "/catalog/%.*s/%.*s", STR_FMT(p->domain->name), STR_FMT(p->name));
}

struct str port_href(const struct mesh_port *p, struct arena *a)
{
    struct str ref = port_shown(p), name;
    str_cut(ref, '.', &name);
    return arena_printf(a, "/catalog/%.*s/%.*s?port=%.*s", STR_FMT(p->product->domain->name), STR_FMT(p->product->name),
                        STR_FMT(name));
}

struct str source_href(const struct mesh_source *s, struct arena *a)
{
    return arena_printf(a, "/sources/%.*s/%.*s", STR_FMT(s->domain->name), STR_FMT(s->name));
}

struct str url_text(struct str s, struct arena *a)
{
    static const char hex[] = "0123456789ABCDEF";
    char *out = arena_alloc(a, 3 * s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("-_.~", c)) {
            out[n++] = (char)c;
        } else {
            out[n++] = '%';
            out[n++] = hex[c >> 4];
            out[n++] = hex[c & 15];
        }
    }
    return (struct str){out, n};
}

struct str count_of(int64_t n, const char *one, const char *many, struct arena *a)
{
    char digits[24], text[40];
    int len = snprintf(digits, sizeof digits, "%lld", (long long)n), out = 0;
    for (int i = 0; i < len; i++) {
        text[out++] = digits[i];
        if (i + 1 < len && (len - i - 1) % 3 == 0 && digits[i] != '-')
            text[out++] = ',';
    }
    return arena_printf(a, "%.*s %s", out, text, n == 1 ? one : many);
}
