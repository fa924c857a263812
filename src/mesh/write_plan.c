/* Files to be written: refused as a whole, or written as a whole. */
#include "mesh/write_int.h"

#include <unistd.h>

enum { PLANNED_FILE_MAX_BYTES = 16 << 20, CONFLICTS_NAMED = 3 };

void plan_add(struct plan *p, struct str path, struct str text, bool region)
{
    if (p->n == p->cap) {
        size_t cap = p->cap ? p->cap * 2 : 32;
        struct planned *v = arena_array(p->a, cap, sizeof *v);
        if (p->n)
            memcpy(v, p->v, p->n * sizeof *v);
        p->v = v;
        p->cap = cap;
    }
    p->v[p->n++] = (struct planned){.path = path, .text = text, .region = region};
}

struct planned *plan_find(struct plan *p, struct str path)
{
    for (size_t i = 0; i < p->n; i++)
        if (str_eq(p->v[i].path, path))
            return &p->v[i];
    return NULL;
}

static const char *full(struct plan *p, struct str path)
{
    return arena_strz(p->a, fs_join(p->a, p->dir, path));
}

static bool look(struct plan *p, bool force, struct err *e)
{
    char list[200] = "";
    size_t used = 0, conflicts = 0;
    for (size_t i = 0; i < p->n; i++) {
        struct planned *f = &p->v[i];
        if (!fs_exists(full(p, f->path)))
            continue;
        if (!fs_read(p->a, full(p, f->path), PLANNED_FILE_MAX_BYTES, &f->before, e))
            return false;
        if (!f->before.p)
            f->before.p = "";
        if (f->region || force || str_eq(f->before, f->text))
            continue;
        if (conflicts++ < CONFLICTS_NAMED && used < sizeof list)
            used += (size_t)snprintf(list + used, sizeof list - used, "%s%.*s", used ? ", " : "", STR_FMT(f->path));
    }
    if (conflicts == 0)
        return true;
    err_set(e, E_DUPLICATE, "%zu %s there already and would be changed: %s%s", conflicts, conflicts == 1 ? "file is" : "files are", list,
            conflicts > CONFLICTS_NAMED ? ", …" : "");
    err_hint(e, "nothing was written; choose another --name, or replace them with --force");
    return false;
}

/* The topmost folder of the path that is not there yet, which taking back has to remove; p == NULL: all are there. */
static struct str first_new_folder(struct plan *p, struct str path)
{
    struct str new_one = {NULL, 0};
    for (struct str at = fs_dirname(path); at.n > 0 && !str_eq(at, STR(".")) && !str_eq(at, STR("/")); at = fs_dirname(at)) {
        if (fs_exists(full(p, at)))
            break;
        new_one = at;
    }
    return new_one;
}

static void take_back(struct plan *p, size_t written, const struct str *folders)
{
    for (size_t i = 0; i < written; i++) {
        struct planned *f = &p->v[i];
        if (f->before.p)
            (void)!fs_write_atomic(full(p, f->path), f->before, 0644, NULL);
        else
            unlink(full(p, f->path));
    }
    for (size_t i = 0; i <= written && i < p->n; i++)
        if (folders[i].p)
            (void)!fs_remove_tree(full(p, folders[i]), NULL);
}

bool plan_commit(struct plan *p, bool force, struct mesh_written **files, size_t *n, struct err *e)
{
    if (!look(p, force, e))
        return false;
    struct mesh_written *out = arena_array(p->a, p->n + 1, sizeof *out);
    struct str *folders = arena_array(p->a, p->n + 1, sizeof *folders);
    for (size_t i = 0; i < p->n; i++) {
        struct planned *f = &p->v[i];
        out[i] = (struct mesh_written){.path = f->path, .before = f->before, .after = f->text};
        if (f->before.p && str_eq(f->before, f->text)) {
            out[i].how = WRITTEN_SAME;
            continue;
        }
        out[i].how = !f->before.p ? WRITTEN_NEW : f->region ? WRITTEN_UPDATED : WRITTEN_REPLACED;
        if (p->dry)
            continue;
        folders[i] = first_new_folder(p, f->path);
        if (!fs_mkdirs(full(p, fs_dirname(f->path)), 0755, e) || !fs_write_atomic(full(p, f->path), f->text, 0644, e)) {
            take_back(p, i, folders);
            err_prefix(e, "nothing was added");
            if (e && !e->hint[0])
                err_hint(e, "look for free space and for the right to write there, then do it again");
            return false;
        }
    }
    *files = out;
    *n = p->n;
    return true;
}
