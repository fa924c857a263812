/* Where packs are found: in the program, in the folder `packs` of a mesh, or in any folder. */
#include "mesh/mesh_pack.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/embed.h"
#include "mesh/names.h"
#include "mesh/write_int.h"

enum { PACK_FILE_MAX_BYTES = 4 << 20, PACK_FILES_MAX = 2000, PACK_DEPTH_MAX = 8 };

bool document_parse(struct arena *a, struct str file, struct str text, const struct doc **out, struct err *e)
{
    struct errs es = {.max = 10};
    *out = doc_parse_yaml(a, file, text, &es);
    if (!*out && e) {
        if (es.n)
            *e = es.v[0];
        else
            err_set(e, E_YAML, "%.*s cannot be read", STR_FMT(file));
    }
    errs_fini(&es);
    return *out != NULL;
}

const struct mesh_pack_file *mesh_pack_file(const struct mesh_pack_files *p, struct str path)
{
    for (size_t i = 0; i < p->n_files; i++)
        if (str_eq(p->files[i].path, path))
            return &p->files[i];
    return NULL;
}

bool mesh_pack_events(struct arena *a, const struct mesh_pack_files *p)
{
    const struct mesh_pack_file *f = mesh_pack_file(p, STR("source.yaml"));
    const struct doc *d;
    return f && document_parse(a, f->path, f->text, &d, NULL) && str_eq(doc_str(d, doc_root(d), "kind"), STR("events"));
}

static bool is_test(struct str path)
{
    return str_starts(path, STR("tests/"));
}

/* ---- in the program ---- */

static bool shipped_is(struct arena *a, struct str name)
{
    return str_is_name(name) && embed_find(arena_printf(a, "packs/%.*s/pack.yaml", STR_FMT(name))) != NULL;
}

static size_t shipped_names(struct arena *a, struct str **names)
{
    size_t n = 0, most = 0;
    for (const struct embed_file *f = embed_next(STR("packs/"), NULL); f; f = embed_next(STR("packs/"), f))
        most++;
    *names = arena_array(a, most + 1, sizeof **names);
    for (const struct embed_file *f = embed_next(STR("packs/"), NULL); f; f = embed_next(STR("packs/"), f)) {
        struct str rest, folder;
        (void)str_cut(f->path, '/', &rest);
        folder = str_cut(rest, '/', &rest);
        if (rest.p && str_eq(rest, STR("pack.yaml")))
            (*names)[n++] = folder;
    }
    return n;
}

static void shipped_open(struct arena *a, struct str name, bool tests, struct mesh_pack_files *out)
{
    size_t most = 0;
    *out = (struct mesh_pack_files){.name = name, .folder = arena_printf(a, "packs/%.*s/", STR_FMT(name))};
    for (const struct embed_file *f = embed_next(out->folder, NULL); f; f = embed_next(out->folder, f))
        most++;
    out->files = arena_array(a, most + 1, sizeof *out->files);
    for (const struct embed_file *f = embed_next(out->folder, NULL); f; f = embed_next(out->folder, f)) {
        struct str path = {f->path.p + out->folder.n, f->path.n - out->folder.n};
        if (tests || !is_test(path))
            out->files[out->n_files++] = (struct mesh_pack_file){path, f->data};
    }
}

/* ---- in a folder ---- */

struct walk {
    struct arena *a;
    struct str root;
    bool tests;
    struct mesh_pack_files *out;
    size_t cap;
};

static bool walk_add(struct walk *w, struct str path, const char *full, struct err *e)
{
    struct mesh_pack_files *p = w->out;
    if (p->n_files == PACK_FILES_MAX) {
        err_set(e, E_TOO_LARGE, "the pack %.*s has more than %d files", STR_FMT(p->folder), PACK_FILES_MAX);
        err_hint(e, "a pack is a few files of YAML and SQL; is this the right folder?");
        return false;
    }
    if (p->n_files == w->cap) {
        size_t cap = w->cap ? w->cap * 2 : 32;
        struct mesh_pack_file *v = arena_array(w->a, cap, sizeof *v);
        if (p->n_files)
            memcpy(v, p->files, p->n_files * sizeof *v);
        p->files = v;
        w->cap = cap;
    }
    struct mesh_pack_file *f = &p->files[p->n_files];
    f->path = path;
    if (!fs_read(w->a, full, PACK_FILE_MAX_BYTES, &f->text, e))
        return false;
    if (!f->text.p)
        f->text.p = "";
    p->n_files++;
    return true;
}

static bool walk_folder(struct walk *w, struct str inside, int depth, struct err *e)
{
    struct str *names;
    size_t n;
    if (depth > PACK_DEPTH_MAX)
        return err_set(e, E_TOO_LARGE, "the pack %.*s has folders more than %d deep", STR_FMT(w->out->folder), PACK_DEPTH_MAX);
    if (!fs_list(w->a, arena_strz(w->a, fs_join(w->a, w->root, inside)), &names, &n, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        struct str path = inside.n ? arena_printf(w->a, "%.*s/%.*s", STR_FMT(inside), STR_FMT(names[i])) : names[i];
        const char *full = arena_strz(w->a, fs_join(w->a, w->root, path));
        bool folder = fs_is_dir(full);
        struct stat st;
        if (lstat(full, &st) == 0 && S_ISLNK(st.st_mode)) { /* it would carry off what is not in the pack */
            err_at(e, E_SOURCE_FILE, arena_printf(w->a, "%.*s%.*s", STR_FMT(w->out->folder), STR_FMT(path)), 0, 0, "a pack holds its files itself; this is a link");
            err_hint(e, "put the file or folder itself in its place");
            return false;
        }
        if (folder && !w->tests && str_eq(path, STR("tests")))
            continue;
        if (!(folder ? walk_folder(w, path, depth + 1, e) : walk_add(w, path, full, e)))
            return false;
    }
    return true;
}

static bool folder_open(struct arena *a, struct str root, struct str folder, bool tests, struct mesh_pack_files *out, struct err *e)
{
    *out = (struct mesh_pack_files){.name = fs_basename(root), .folder = folder, .root = arena_strz(a, root), .own = true};
    struct walk w = {.a = a, .root = root, .tests = tests, .out = out};
    return walk_folder(&w, (struct str){"", 0}, 0, e);
}

static struct str own_folder(struct arena *a, struct str mesh_dir, struct str name)
{
    return arena_printf(a, "%.*s/packs/%.*s", STR_FMT(mesh_dir), STR_FMT(name));
}

static bool own_is(struct arena *a, struct str mesh_dir, struct str name)
{
    return mesh_dir.n && str_is_name(name) && fs_exists(arena_printf(a, "%.*s/pack.yaml", STR_FMT(own_folder(a, mesh_dir, name))).p);
}

bool mesh_pack_own_names(struct arena *a, struct str mesh_dir, struct str **names, size_t *n, struct err *e)
{
    *n = 0;
    *names = NULL;
    struct str dir = arena_printf(a, "%.*s/packs", STR_FMT(mesh_dir)), *all;
    size_t n_all;
    if (!mesh_dir.n || !fs_is_dir(dir.p))
        return true;
    if (!fs_list(a, dir.p, &all, &n_all, e))
        return false;
    *names = arena_array(a, n_all + 1, sizeof **names);
    for (size_t i = 0; i < n_all; i++)
        if (fs_is_dir(own_folder(a, mesh_dir, all[i]).p))
            (*names)[(*n)++] = all[i];
    return true;
}

/* ---- finding ---- */

static bool no_such_pack(struct arena *a, struct str mesh_dir, struct str name, struct err *e)
{
    struct str *shipped, *own = NULL;
    size_t n = shipped_names(a, &shipped), n_own = 0;
    (void)!mesh_pack_own_names(a, mesh_dir, &own, &n_own, NULL);
    struct str *all = arena_array(a, n + n_own + 1, sizeof *all);
    memcpy(all, shipped, n * sizeof *all);
    if (n_own)
        memcpy(all + n, own, n_own * sizeof *all);
    int near = str_nearest(name, all, n + n_own);
    err_set(e, E_NOT_FOUND, "there is no pack \"%.*s\"", STR_FMT(name));
    if (near >= 0)
        err_hint(e, "did you mean \"%.*s\"? `trellis pack list` names them all", STR_FMT(all[near]));
    else
        err_hint(e, "`trellis pack list` names them all; files of any other kind: trellis add files");
    return false;
}

static bool path_open(struct arena *a, struct str mesh_dir, struct str what, bool tests, struct mesh_pack_files *out, struct err *e)
{
    char real[PATH_MAX];
    if (!realpath(arena_strz(a, what), real) || !fs_is_dir(real)) {
        err_set(e, E_NOT_FOUND, "there is no folder %.*s", STR_FMT(what));
        err_hint(e, "a pack is named, or given as its folder: the one that holds pack.yaml");
        return false;
    }
    struct str root = arena_str(a, str_of(real)), inside = arena_printf(a, "%.*s/", STR_FMT(mesh_dir));
    while (what.n > 1 && what.p[what.n - 1] == '/')
        what.n--;
    struct str folder = str_eq(what, STR(".")) ? (struct str){"", 0} : arena_printf(a, "%.*s/", STR_FMT(what));
    if (mesh_dir.n && str_starts(root, inside)) /* inside of the mesh as all its files are named */
        folder = arena_printf(a, "%.*s/", (int)(root.n - inside.n), root.p + inside.n);
    if (!fs_exists(arena_printf(a, "%.*s/pack.yaml", STR_FMT(root)).p)) {
        err_set(e, E_NOT_FOUND, "%.*s is no pack: it has no pack.yaml", STR_FMT(what));
        err_hint(e, "`trellis pack new NAME` writes a small one to begin with");
        return false;
    }
    if (!folder_open(a, root, folder, tests, out, e))
        return false;
    out->hides = mesh_dir.n && str_eq(root, own_folder(a, mesh_dir, out->name)) && shipped_is(a, out->name);
    return true;
}

bool mesh_pack_open(struct arena *a, struct str mesh_dir, struct str what, bool tests, struct mesh_pack_files *out, struct err *e)
{
    bool is_path = str_eq(what, STR(".")) || (what.n && memchr(what.p, '/', what.n));
    if (is_path) {
        if (!path_open(a, mesh_dir, what, tests, out, e))
            return false;
    } else if (own_is(a, mesh_dir, what)) {
        if (!folder_open(a, own_folder(a, mesh_dir, what), arena_printf(a, "packs/%.*s/", STR_FMT(what)), tests, out, e))
            return false;
        out->hides = shipped_is(a, what);
    } else if (shipped_is(a, what)) {
        shipped_open(a, what, tests, out);
    } else {
        return no_such_pack(a, mesh_dir, what, e);
    }
    const struct mesh_pack_file *f = mesh_pack_file(out, STR("pack.yaml"));
    if (f && !document_parse(a, arena_printf(a, "%.*spack.yaml", STR_FMT(out->folder)), f->text, &out->doc, NULL))
        out->doc = NULL;
    return true;
}

bool pack_find(struct arena *a, struct str mesh_dir, struct str name, struct mesh_pack_files *out, struct err *e)
{
    if (name.n && memchr(name.p, '/', name.n))
        return no_such_pack(a, mesh_dir, name, e);
    if (!mesh_pack_open(a, mesh_dir, name, false, out, e))
        return false;
    if (out->doc)
        return true;
    err_at(e, E_YAML, arena_printf(a, "%.*spack.yaml", STR_FMT(out->folder)), 0, 0, "the pack %.*s cannot be read", STR_FMT(name));
    err_hint(e, "trellis pack check %.*s says what is wrong", STR_FMT(name));
    return false;
}

/* ---- lists ---- */

static struct mesh_pack listed(struct arena *a, struct str name, const struct mesh_pack_files *p)
{
    const struct doc_node *root = p->doc ? doc_root(p->doc) : NULL;
    struct mesh_pack out = {.name = name, .own = p->own, .hides = p->hides, .broken = !root};
    if (!root)
        return out;
    out.title = doc_str(p->doc, root, "title");
    out.summary = doc_str(p->doc, root, "summary");
    out.platform = doc_str(p->doc, root, "platform");
    out.domain = doc_str(p->doc, root, "domain");
    out.kind = str_eq(doc_str(p->doc, root, "kind"), STR("product")) ? PACK_PRODUCT : PACK_SOURCE;
    out.events = mesh_pack_events(a, p);
    return out;
}

static bool is_in(struct str name, const struct mesh_pack *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(v[i].name, name))
            return true;
    return false;
}

bool mesh_packs_in(struct arena *a, struct str mesh_dir, struct mesh_pack **packs, size_t *n, struct err *e)
{
    struct str *own, *shipped;
    struct mesh_pack_files p;
    size_t n_own, n_shipped = shipped_names(a, &shipped);
    *n = 0;
    if (!mesh_pack_own_names(a, mesh_dir, &own, &n_own, e))
        return false;
    *packs = arena_array(a, n_own + n_shipped + 1, sizeof **packs);
    for (size_t i = 0; i < n_own; i++) {
        if (!own_is(a, mesh_dir, own[i]))
            continue;
        if (!mesh_pack_open(a, mesh_dir, own[i], false, &p, e))
            return false;
        (*packs)[*n] = listed(a, own[i], &p);
        ++*n;
    }
    size_t n_found = *n;
    for (size_t i = 0; i < n_shipped; i++) {
        if (is_in(shipped[i], *packs, n_found)) /* an own one stands in its place */
            continue;
        if (!mesh_pack_open(a, (struct str){NULL, 0}, shipped[i], false, &p, e))
            return false;
        (*packs)[*n] = listed(a, shipped[i], &p);
        ++*n;
    }
    return true;
}

bool mesh_packs(struct arena *a, struct mesh_pack **packs, size_t *n, struct err *e)
{
    return mesh_packs_in(a, (struct str){NULL, 0}, packs, n, e);
}
