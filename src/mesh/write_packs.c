/* Packs rendered: the words of templates, and what `trellis add` puts where. */
#include "mesh/write_int.h"

#include "mesh/names.h"
#include "mesh/schema.h"

enum { RENDERED_MAX_BYTES = 4 << 20, DOMAIN_FILE_MAX_BYTES = 1 << 20 };

/* ---- Templates ---- */

bool mesh_template_render(struct arena *a, struct str path, struct str text, const struct template_word *words, struct str *out, struct err *e)
{
    struct buf b = BUF_INIT(RENDERED_MAX_BYTES);
    bool yaml = str_ends(path, STR(".yaml"));
    size_t at = 0;
    for (;;) {
        size_t open = str_find(text, STR("{{"), at), close = open == SIZE_MAX ? SIZE_MAX : str_find(text, STR("}}"), open);
        if (close == SIZE_MAX)
            break;
        buf_add(&b, (struct str){text.p + at, open - at});
        struct str name = {text.p + open + 2, close - open - 2};
        const struct template_word *w = words;
        while (w->name && !str_eq(name, str_of(w->name)))
            w++;
        if (!w->name) {
            buf_fini(&b);
            err_set(e, E_USAGE, "the template %.*s has an unknown word {{%.*s}}", STR_FMT(path), STR_FMT(name));
            err_hint(e, "trellis pack check says where, and which words there are");
            return false;
        }
        for (size_t i = 0; i < w->value.n; i++) {
            char c = w->value.p[i];
            if (yaml && (c == '"' || c == '\\'))
                buf_addc(&b, '\\');
            buf_addc(&b, (unsigned char)c < ' ' ? ' ' : c);
        }
        at = close + 2;
    }
    buf_add(&b, (struct str){text.p + at, text.n - at});
    bool good = buf_ok(&b, e);
    if (good)
        *out = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return good;
}

bool pack_folder_is(struct str path)
{
    static const char *const folders[] = {"products/", "models/", "metrics/", "dashboards/"};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        if (str_starts(path, str_of(folders[i])))
            return true;
    return false;
}

bool pack_place(struct arena *a, struct str path, const struct template_word *words, struct str *out, struct err *e)
{
    *out = (struct str){"", 0};
    if (str_eq(path, STR("source.yaml")))
        return mesh_template_render(a, STR("path"), STR("domains/{{domain}}/sources/{{source}}.yaml"), words, out, e);
    if (str_eq(path, STR("source.odcs.yaml")))
        return mesh_template_render(a, STR("path"), STR("domains/{{domain}}/sources/{{source}}.odcs.yaml"), words, out, e);
    if (str_starts(path, STR("plan/")))
        return mesh_template_render(a, STR("path"), arena_printf(a, "domains/{{domain}}/sources/{{source}}/%.*s", (int)(path.n - 5), path.p + 5), words, out, e);
    if (!pack_folder_is(path))
        return true;
    return mesh_template_render(a, STR("path"), arena_printf(a, "domains/{{domain}}/%.*s", STR_FMT(path)), words, out, e);
}

/* ---- Options and the domain ---- */

bool add_options_check(const struct mesh_add_options *o, struct str name, struct err *e)
{
    if (!o->domain.n) {
        err_set(e, E_USAGE, "the domain that is to own it is not named");
        err_hint(e, "add --domain NAME");
        return false;
    }
    if (name_is_reserved(name)) {
        err_set(e, E_NAME, "\"%.*s\" is a name that Trellis keeps for itself", STR_FMT(name));
        err_hint(e, "choose another, such as %.*s_data", STR_FMT(name));
        return false;
    }
    if (!str_is_name(name)) {
        err_set(e, E_NAME, "\"%.*s\" cannot be a name", STR_FMT(name));
        err_hint(e, "names are lower-case letters, digits and single underscores, begin with a letter and do not end in _v1, _v2, …");
        return false;
    }
    if (o->currency.n && !name_is_currency(o->currency)) {
        struct str near = name_nearest_currency(o->currency);
        err_set(e, E_USAGE, "\"%.*s\" is not a currency code of ISO 4217", STR_FMT(o->currency));
        err_hint(e, near.p ? "did you mean %.*s?" : "a code is three capital letters, such as EUR%.*s", STR_FMT(near));
        return false;
    }
    if (o->time_zone.n && !name_is_zone(o->time_zone)) {
        err_set(e, E_USAGE, "\"%.*s\" is not a time zone that IANA lists", STR_FMT(o->time_zone));
        err_hint(e, "zones are named like Europe/Berlin");
        return false;
    }
    return true;
}

static bool no_such_domain(struct plan *p, struct str domain, struct err *e)
{
    struct str *names = NULL;
    size_t n = 0;
    (void)!fs_list(p->a, arena_strz(p->a, fs_join(p->a, p->dir, STR("domains"))), &names, &n, NULL);
    int near = str_nearest(domain, names, n);
    err_set(e, E_NOT_FOUND, "the mesh has no domain \"%.*s\"", STR_FMT(domain));
    if (near >= 0)
        err_hint(e, "did you mean \"%.*s\"?", STR_FMT(names[near]));
    else
        err_hint(e, "make domains/%.*s/domain.yaml with name and owner first", STR_FMT(domain));
    return false;
}

bool domain_read(struct plan *p, struct str domain, struct domain_words *out, struct err *e)
{
    struct str path = arena_printf(p->a, "domains/%.*s/domain.yaml", STR_FMT(domain)), text;
    const char *full = arena_strz(p->a, fs_join(p->a, p->dir, path));
    const struct doc *d;
    if (!str_is_name(domain) || !fs_exists(full))
        return no_such_domain(p, domain, e);
    if (!fs_read(p->a, full, DOMAIN_FILE_MAX_BYTES, &text, e) || !document_parse(p->a, path, text, &d, e))
        return false;
    const struct doc_node *root = doc_root(d), *owner = doc_get(d, root, "owner"), *support = doc_get(d, root, "support");
    *out = (struct domain_words){0};
    if (owner) {
        out->owner_name = doc_str(d, owner, "name");
        out->owner_contact = doc_str(d, owner, "contact");
    }
    if (!out->owner_name.n || !out->owner_contact.n) {
        err_at(e, E_OWNER, path, root->line, root->col, "the domain \"%.*s\" has no owner with name and contact", STR_FMT(domain));
        err_hint(e, "add: owner: {name: Ana Ruiz, contact: ana@example.org}");
        return false;
    }
    if (support) {
        out->support_channel = doc_str(d, support, "channel");
        out->support_url = doc_str(d, support, "url");
    }
    if (!out->support_channel.n)
        out->support_channel = out->owner_contact;
    if (!out->support_url.n && memchr(out->owner_contact.p, '@', out->owner_contact.n))
        out->support_url = arena_printf(p->a, "mailto:%.*s", STR_FMT(out->owner_contact));
    if (!schema_text_is_uri(out->support_url)) {
        err_at(e, E_MISSING_KEY, path, root->line, root->col, "the domain \"%.*s\" has no address for support, which its products must name", STR_FMT(domain));
        err_hint(e, "add: support: {channel: \"#%.*s\", url: \"https://…\"}", STR_FMT(domain));
        return false;
    }
    return true;
}
