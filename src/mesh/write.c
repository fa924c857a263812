/* `trellis init` and `trellis add`. */
#include "mesh/mesh_write.h"

#include <limits.h>
#include <stdlib.h>

#include "base/embed.h"
#include "base/yaml_edit.h"
#include "mesh/names.h"
#include "mesh/write_int.h"

enum { CONFIG_MAX_BYTES = 1 << 20 };

/* ---- init ---- */

/* The value of `key` in section [user] of a git configuration file. */
static struct str git_user(struct str text, const char *key)
{
    bool in_user = false;
    for (struct str rest = text; rest.p;) {
        struct str line = str_trim(str_cut(rest, '\n', &rest)), value;
        if (line.n && line.p[0] == '[')
            in_user = str_starts(line, STR("[user]"));
        struct str name = str_trim(str_cut(line, '=', &value));
        if (in_user && value.p && str_eq(name, str_of(key))) {
            value = str_trim(value);
            if (value.n > 1 && value.p[0] == '"' && value.p[value.n - 1] == '"')
                value = (struct str){value.p + 1, value.n - 2};
            return value;
        }
    }
    return (struct str){NULL, 0};
}

void owner_default(struct arena *a, struct str *name, struct str *contact)
{
    const char *home = getenv("HOME"), *user = getenv("USER");
    struct str text = {NULL, 0};
    const char *path = home ? arena_printf(a, "%s/.gitconfig", home).p : NULL;
    if (path && fs_exists(path) && !fs_read(a, path, CONFIG_MAX_BYTES, &text, NULL))
        text = (struct str){NULL, 0};
    if (!name->n)
        *name = git_user(text, "name");
    if (!contact->n)
        *contact = git_user(text, "email");
    if (!name->n)
        *name = user && *user ? str_of(user) : STR("Name the owner");
    if (!contact->n)
        *contact = user && *user && str_is_name(str_of(user)) ? arena_printf(a, "%s@example.org", user) : STR("owner@example.org");
}

/* A folder's name made a name: "My Shop" -> my_shop. */
static struct str name_fit(struct arena *a, struct str s)
{
    char *out = arena_alloc(a, s.n + 8);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] + 32) : s.p[i];
        bool letter = c >= 'a' && c <= 'z', digit = c >= '0' && c <= '9';
        if (letter || (digit && n > 0))
            out[n++] = c;
        else if (n > 0 && out[n - 1] != '_')
            out[n++] = '_';
    }
    while (n > 0 && out[n - 1] == '_')
        n--;
    struct str name = {out, n};
    return str_is_name(name) ? name : STR("mesh");
}

static bool add_init_files(struct plan *p, const struct template_word *words, struct str owner, struct str contact, struct err *e)
{
    static const struct str prefix = {"packs/init/", 11};
    for (const struct embed_file *f = embed_next(prefix, NULL); f; f = embed_next(prefix, f)) {
        struct str path = {f->path.p + prefix.n, f->path.n - prefix.n}, text;
        if (!mesh_template_render(p->a, path, f->data, words, &text, e))
            return false;
        plan_add(p, path, text, false);
    }
    for (const struct str *name = write_init_domains; name->p; name++) {
        const struct mesh_domain_options o = {.name = *name, .template_name = *name, .owner_name = owner, .owner_contact = contact};
        if (!plan_domain(p, &o, e))
            return false;
    }
    plan_add(p, STR(".gitignore"), STR("# State of the mesh: databases, landed copies, locks.\n/data/\n"), false);
    return true;
}

/* A plan knows the folders that are there; at init the domains are only planned, so their unions are written from none. */
bool mesh_init(struct arena *a, const char *dir, const struct mesh_init_options *o, struct mesh_written **files, size_t *n, struct err *e)
{
    char real[PATH_MAX];
    if (!fs_mkdirs(dir, 0755, e))
        return false;
    if (!realpath(dir, real))
        return err_set(e, E_IO, "the folder %s cannot be used", dir);
    struct plan p = {.a = a, .dir = arena_str(a, str_of(real))};
    struct str name = o->name.n ? o->name : name_fit(a, fs_basename(p.dir)), owner = o->owner_name, contact = o->owner_contact;
    if (!str_is_name(name)) {
        err_set(e, E_NAME, "\"%.*s\" cannot be the name of a mesh", STR_FMT(name));
        err_hint(e, "names are lower-case letters, digits and single underscores, such as %.*s", STR_FMT(name_fit(a, name)));
        return false;
    }
    struct str zone = o->time_zone.n ? o->time_zone : STR("UTC"), currency = o->reporting_currency.n ? o->reporting_currency : STR("USD");
    struct mesh_add_options checked = {.domain = STR("shared"), .currency = currency, .time_zone = zone};
    if (!add_options_check(&checked, STR("shared"), e))
        return false;
    if (!o->force && fs_exists(arena_strz(a, fs_join(a, p.dir, STR("mesh.yaml"))))) {
        err_set(e, E_DUPLICATE, "%s is a mesh already: it has a mesh.yaml", dir);
        err_hint(e, "nothing was written; choose another folder, or replace its files with --force");
        return false;
    }
    owner_default(a, &owner, &contact);
    const struct template_word words[] = {
        {"mesh", name}, {"title", o->title.n ? o->title : fs_basename(p.dir)}, {"time_zone", zone}, {"currency", currency}, {"owner_name", owner}, {"owner_contact", contact}, {NULL, {NULL, 0}},
    };
    return add_init_files(&p, words, owner, contact, e) && unions_update(&p, e) && plan_commit(&p, o->force, files, n, e);
}

/* ---- add ---- */

bool plan_open(struct plan *p, struct arena *a, const char *dir, struct err *e)
{
    char real[PATH_MAX];
    *p = (struct plan){.a = a, .dir = realpath(dir, real) ? arena_str(a, str_of(real)) : (struct str){NULL, 0}};
    if (p->dir.p && fs_exists(arena_strz(a, fs_join(a, p->dir, STR("mesh.yaml")))))
        return true;
    err_set(e, E_NOT_FOUND, "%s is not a mesh: it has no mesh.yaml", dir);
    err_hint(e, "go into a mesh folder, or make one: trellis init NAME");
    return false;
}

static struct str reporting_currency(struct plan *p)
{
    struct str text;
    const struct doc *d;
    if (!fs_read(p->a, arena_strz(p->a, fs_join(p->a, p->dir, STR("mesh.yaml"))), CONFIG_MAX_BYTES, &text, NULL) ||
        !document_parse(p->a, STR("mesh.yaml"), text, &d, NULL))
        return STR("USD");
    struct str s = doc_str(d, doc_root(d), "reporting_currency");
    return name_is_currency(s) ? s : STR("USD");
}

/* The zone that was asked for, in the place of the pack's own where it has one. */
static bool zone_set(struct arena *a, struct str file, struct str *text, struct str zone, struct err *e)
{
    const struct yaml_step step = {.key = STR("time_zone")};
    const struct yaml_value v = {.kind = YAML_TEXT, .text = zone};
    return yaml_set(a, file, *text, &step, 1, &v, text, e);
}

bool mesh_pack_add(struct arena *a, const char *dir, const struct mesh_pack_files *pack, const struct mesh_add_options *o, struct mesh_written **files,
                   size_t *n, struct err *e)
{
    struct plan p;
    struct domain_words dw;
    struct str name = o->name.n ? o->name : pack->name;
    if (!plan_open(&p, a, dir, e) || !add_options_check(o, name, e) || !domain_read(&p, o->domain, &dw, e))
        return false;
    p.dry = o->dry;
    bool is_product = pack->doc && str_eq(doc_str(pack->doc, doc_root(pack->doc), "kind"), STR("product"));
    bool pathless = is_product || mesh_pack_events(a, pack);
    if (pathless ? o->path.n > 0 : o->path.n == 0) {
        err_set(e, E_USAGE, is_product ? "the pack %.*s reads other products, it takes no --path" : pathless ? "the pack %.*s takes events, which are sent: it has no --path" : "the pack %.*s needs --path: where the exported files are",
                STR_FMT(pack->name));
        err_hint(e, pathless ? "leave --path out" : "for example: --path exports/%.*s", STR_FMT(pack->name));
        return false;
    }
    const struct template_word words[] = {
        {"domain", o->domain}, {"source", name}, {"path", o->path}, {"currency", o->currency.n ? o->currency : reporting_currency(&p)},
        {"reporting_currency", reporting_currency(&p)}, {"owner_name", dw.owner_name}, {"owner_contact", dw.owner_contact}, {"support_channel", dw.support_channel}, {"support_url", dw.support_url},
        {NULL, {NULL, 0}},
    };
    for (size_t i = 0; i < pack->n_files; i++) {
        const struct mesh_pack_file *f = &pack->files[i];
        struct str path, text, named = arena_printf(a, "%.*s%.*s", STR_FMT(pack->folder), STR_FMT(f->path));
        if (!pack_place(a, f->path, words, &path, e))
            return false;
        if (!path.n)
            continue;
        if (!mesh_template_render(a, named, f->text, words, &text, e))
            return false;
        if (o->time_zone.n && str_eq(f->path, STR("source.yaml")) && !zone_set(a, named, &text, o->time_zone, e))
            return false;
        plan_add(&p, path, text, false);
    }
    return unions_update(&p, e) && plan_commit(&p, o->force, files, n, e);
}

bool mesh_add(struct arena *a, const char *dir, struct str pack_name, const struct mesh_add_options *o, struct mesh_written **files, size_t *n,
              struct err *e)
{
    struct plan p;
    struct mesh_pack_files pack;
    return plan_open(&p, a, dir, e) && pack_find(a, p.dir, pack_name, &pack, e) && mesh_pack_add(a, dir, &pack, o, files, n, e);
}

bool mesh_write_texts(struct arena *a, const char *dir, const struct mesh_file_text *texts, size_t n_texts, bool force, struct mesh_written **files, size_t *n,
                      struct err *e)
{
    struct plan p;
    if (!plan_open(&p, a, dir, e))
        return false;
    for (size_t i = 0; i < n_texts; i++)
        plan_add(&p, texts[i].path, texts[i].text, false);
    return plan_commit(&p, force, files, n, e);
}
