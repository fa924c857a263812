/* Domains made from the templates in the program: `trellis init` writes four of them, `trellis add domain` one. */
#include "mesh/write_int.h"

#include "base/embed.h"
#include "mesh/names.h"

static const struct str templates_folder = {"packs/templates/", 16};
static const char *const parts[] = {"domain.yaml", "glossary.yaml", "goals.yaml"};
const struct str write_init_domains[] = {{"acquisition", 11}, {"brand", 5}, {"lifecycle", 9}, {"web", 3}, {NULL, 0}};

static struct str *list_of(struct arena *a, const struct doc *d, const struct doc_node *seq, size_t *n)
{
    *n = 0;
    struct str *v = arena_array(a, seq ? seq->n_children + 1 : 1, sizeof *v);
    for (const struct doc_node *c = seq ? doc_first(d, seq) : NULL; c; c = doc_next(d, c))
        v[(*n)++] = doc_text(d, c);
    return v;
}

bool mesh_templates(struct arena *a, struct mesh_template **out, size_t *n, struct err *e)
{
    size_t most = 0;
    *n = 0;
    for (const struct embed_file *f = embed_next(templates_folder, NULL); f; f = embed_next(templates_folder, f))
        most++;
    *out = arena_array(a, most + 1, sizeof **out);
    for (const struct embed_file *f = embed_next(templates_folder, NULL); f; f = embed_next(templates_folder, f)) {
        const struct doc *d;
        if (!str_ends(f->path, STR("/template.yaml")))
            continue;
        if (!document_parse(a, f->path, f->data, &d, e))
            return false;
        struct mesh_template *t = &(*out)[(*n)++];
        const struct doc_node *root = doc_root(d);
        *t = (struct mesh_template){.name = doc_str(d, root, "name"), .title = doc_str(d, root, "title"), .summary = doc_str(d, root, "summary")};
        t->sources = list_of(a, d, doc_get(d, root, "sources"), &t->n_sources);
    }
    return true;
}

static bool template_find(struct arena *a, struct str name, struct mesh_template *out, struct err *e)
{
    struct mesh_template *all;
    size_t n;
    if (!mesh_templates(a, &all, &n, e))
        return false;
    struct str *names = arena_array(a, n + 1, sizeof *names), list = {"", 0};
    for (size_t i = 0; i < n; i++) {
        names[i] = all[i].name;
        list = arena_printf(a, "%.*s%s%.*s", STR_FMT(list), i ? ", " : "", STR_FMT(names[i]));
        if (str_eq(names[i], name)) {
            *out = all[i];
            return true;
        }
    }
    int near = str_nearest(name, names, n);
    err_set(e, name.n ? E_NOT_FOUND : E_USAGE, name.n ? "there is no template \"%.*s\"" : "the template is not named%.*s", STR_FMT(name));
    if (near >= 0)
        err_hint(e, "did you mean \"%.*s\"?", STR_FMT(names[near]));
    else
        err_hint(e, "templates are: %.*s", STR_FMT(list));
    return false;
}

/* paid_media -> Paid media */
static struct str title_of(struct arena *a, struct str name)
{
    char *z = arena_strz(a, name);
    for (size_t i = 0; i < name.n; i++)
        if (z[i] == '_')
            z[i] = ' ';
    if (z[0] >= 'a' && z[0] <= 'z')
        z[0] = (char)(z[0] - 'a' + 'A');
    return (struct str){z, name.n};
}

bool plan_domain(struct plan *p, const struct mesh_domain_options *o, struct err *e)
{
    struct mesh_template t;
    if (!template_find(p->a, o->template_name, &t, e))
        return false;
    const struct template_word words[] = {
        {"domain", o->name}, {"title", o->title.n ? o->title : str_eq(o->name, t.name) ? t.title : title_of(p->a, o->name)},
        {"owner_name", o->owner_name}, {"owner_contact", o->owner_contact}, {NULL, {NULL, 0}},
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const struct embed_file *f = embed_find(arena_printf(p->a, "%.*s%.*s/%s", STR_FMT(templates_folder), STR_FMT(t.name), parts[i]));
        struct str text;
        if (!f)
            return err_set(e, E_INTERNAL, "the template %.*s has no %s", STR_FMT(t.name), parts[i]);
        if (!mesh_template_render(p->a, f->path, f->data, words, &text, e))
            return false;
        plan_add(p, arena_printf(p->a, "domains/%.*s/%s", STR_FMT(o->name), parts[i]), text, false);
    }
    return true;
}

static bool name_check(struct str name, struct err *e)
{
    if (!str_is_name(name)) {
        err_set(e, E_NAME, "\"%.*s\" cannot be the name of a domain", STR_FMT(name));
        err_hint(e, "names are lower-case letters, digits and single underscores, begin with a letter and do not end in _v1, _v2, …");
        return false;
    }
    if (name_is_reserved(name) || name_is_sql_word(name)) {
        err_set(e, E_NAME, "\"%.*s\" is a reserved word and cannot be the name of a domain", STR_FMT(name));
        err_hint(e, "choose another, such as %.*s_data", STR_FMT(name));
        return false;
    }
    return true;
}

bool mesh_add_domain(struct arena *a, const char *dir, const struct mesh_domain_options *options, struct mesh_written **files, size_t *n, struct err *e)
{
    struct plan p;
    struct mesh_domain_options o = *options;
    if (!plan_open(&p, a, dir, e) || !name_check(o.name, e))
        return false;
    if (!o.force && fs_exists(arena_strz(a, fs_join(a, p.dir, arena_printf(a, "domains/%.*s", STR_FMT(o.name)))))) {
        err_set(e, E_DUPLICATE, "the mesh has a domain \"%.*s\" already", STR_FMT(o.name));
        err_hint(e, "nothing was written; choose another name, or replace its domain.yaml, glossary.yaml and goals.yaml with --force");
        return false;
    }
    p.dry = o.dry;
    owner_default(a, &o.owner_name, &o.owner_contact);
    return plan_domain(&p, &o, e) && plan_commit(&p, o.force, files, n, e);
}
