/* Patches of the declaration: shown as unified diffs, tried on a copy made of links, written all or none. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "mesh/mesh_edit.h"
#include "mesh/write_int.h"

enum { CONTEXT_LINES = 3, LINES_MAX = 400000, TABLE_MAX = 4 << 20, LINK_MAX_BYTES = 16 << 20 };

/* ---- diff ---- */
struct lines { struct str *v; size_t n; bool unended; };

static struct lines lines_of(struct arena *a, struct str text)
{
    struct lines l = {.unended = text.n && text.p[text.n - 1] != '\n'};
    size_t n = 1;
    for (size_t i = 0; i < text.n; i++)
        n += text.p[i] == '\n';
    l.v = arena_array(a, n + 1, sizeof *l.v);
    for (struct str rest = text; rest.p && rest.n;)
        l.v[l.n++] = str_cut(rest, '\n', &rest);
    return l;
}

/* keep[i], stay[j]: line i of x and line j of y belong to the longest common sequence. Ends that are alike are cut off first; a middle too large for
 * the table counts as wholly different. */
static void common(struct arena *a, const struct lines *x, const struct lines *y, bool *keep, bool *stay)
{
    size_t head = 0, tail = 0;
    while (head < x->n && head < y->n && str_eq(x->v[head], y->v[head]))
        keep[head] = stay[head] = true, head++;
    while (tail < x->n - head && tail < y->n - head && str_eq(x->v[x->n - 1 - tail], y->v[y->n - 1 - tail]))
        keep[x->n - 1 - tail] = stay[y->n - 1 - tail] = true, tail++;
    size_t m = x->n - head - tail, k = y->n - head - tail;
    if (m == 0 || k == 0 || (m + 1) > TABLE_MAX / (k + 1))
        return;
    uint32_t *t = arena_array(a, (m + 1) * (k + 1), sizeof *t);
    for (size_t i = m; i-- > 0;)
        for (size_t j = k; j-- > 0;) {
            uint32_t down = t[(i + 1) * (k + 1) + j], right = t[i * (k + 1) + j + 1];
            t[i * (k + 1) + j] = str_eq(x->v[head + i], y->v[head + j]) ? t[(i + 1) * (k + 1) + j + 1] + 1 : down > right ? down : right;
        }
    for (size_t i = 0, j = 0; i < m && j < k;) {
        if (str_eq(x->v[head + i], y->v[head + j]))
            keep[head + i++] = stay[head + j++] = true;
        else if (t[(i + 1) * (k + 1) + j] >= t[i * (k + 1) + j + 1])
            i++;
        else
            j++;
    }
}

static void put_line(struct buf *b, char mark, const struct lines *l, size_t i)
{
    buf_addc(b, mark);
    buf_add(b, l->v[i]);
    buf_addc(b, '\n');
    if (l->unended && i + 1 == l->n)
        buf_addz(b, "\\ No newline at end of file\n");
}

static void diff_one(struct arena *a, const struct mesh_patch *p, struct buf *b)
{
    struct lines x = lines_of(a, p->before), y = lines_of(a, p->after);
    bool *keep = arena_array(a, x.n + 1, sizeof *keep), *stay = arena_array(a, y.n + 1, sizeof *stay);
    if (p->before.p)
        buf_printf(b, "--- a/%.*s\n", STR_FMT(p->path));
    else
        buf_addz(b, "--- /dev/null\n");
    buf_printf(b, "+++ b/%.*s\n", STR_FMT(p->path));
    common(a, &x, &y, keep, stay);
    if (x.unended != y.unended && x.n && y.n && keep[x.n - 1] && stay[y.n - 1]) /* the last lines differ in their ends */
        keep[x.n - 1] = stay[y.n - 1] = false;
    size_t i = 0, j = 0;
    while (i < x.n || j < y.n) {
        if (i < x.n && j < y.n && keep[i] && stay[j]) {
            i++;
            j++;
            continue;
        }
        /* A hunk: from three lines before to three after, taking in the next difference while it is near. */
        size_t from_x = i > CONTEXT_LINES ? i - CONTEXT_LINES : 0, from_y = j - (i - from_x), end_x = i, end_y = j, same = 0;
        while ((end_x < x.n || end_y < y.n) && same <= 2 * CONTEXT_LINES) {
            if (end_x < x.n && !keep[end_x])
                end_x++, same = 0;
            else if (end_y < y.n && !stay[end_y])
                end_y++, same = 0;
            else
                end_x++, end_y++, same++;
        }
        size_t extra = same > CONTEXT_LINES ? same - CONTEXT_LINES : 0;
        end_x -= extra;
        end_y -= extra;
        buf_printf(b, "@@ -%zu,%zu +%zu,%zu @@\n", end_x > from_x ? from_x + 1 : from_x, end_x - from_x, end_y > from_y ? from_y + 1 : from_y, end_y - from_y);
        for (i = from_x, j = from_y; i < end_x || j < end_y;) {
            if (i < end_x && !keep[i])
                put_line(b, '-', &x, i++);
            else if (j < end_y && !stay[j])
                put_line(b, '+', &y, j++);
            else {
                put_line(b, ' ', &x, i++);
                j++;
            }
        }
    }
}

void mesh_patch_diff(struct arena *a, const struct mesh_patch *v, size_t n, struct buf *out)
{
    for (size_t i = 0; i < n; i++)
        diff_one(a, &v[i], out);
}

/* ---- trying ---- */
/* Links every file of a folder of the mesh into the copy; a file system that cannot link gets a copy of the bytes. */
static bool copy_tree(struct arena *a, struct str from, struct str to, struct err *e)
{
    char *from_z = arena_strz(a, from), *to_z = arena_strz(a, to);
    if (!fs_is_dir(from_z)) {
        struct str text;
        if (link(from_z, to_z) == 0)
            return true;
        return fs_read(a, from_z, LINK_MAX_BYTES, &text, e) && fs_write_atomic(to_z, text, 0600, e);
    }
    struct str *names;
    size_t n;
    if (!fs_mkdirs(to_z, 0700, e) || !fs_list(a, from_z, &names, &n, e))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!copy_tree(a, fs_join(a, from, names[i]), fs_join(a, to, names[i]), e))
            return false;
    return true;
}

struct mesh *mesh_patch_load(struct arena *a, struct str dir, const struct mesh_patch *v, size_t n, const struct mesh_load_options *o, struct errs *es)
{
    static const char *const parts[] = {"mesh.yaml", "governance", "domains", "targets", "packs"};
    struct err e = {0};
    struct str data = fs_join(a, dir, STR("data"));
    bool inside = fs_is_dir(arena_strz(a, data)), good = true;
    struct mesh *m = NULL;
    char *stage = arena_strz(a, inside ? fs_join(a, data, STR("trial-XXXXXX")) : STR("/tmp/trellis-trial-XXXXXX"));
    if (!mkdtemp(stage)) {
        err_set(&e, E_IO, "no folder for the trial of a change could be made");
        errs_push(es, &e);
        return NULL;
    }
    for (size_t i = 0; i < sizeof parts / sizeof *parts && good; i++) {
        struct str from = fs_join(a, dir, str_of(parts[i]));
        if (fs_exists(arena_strz(a, from)))
            good = copy_tree(a, from, fs_join(a, str_of(stage), str_of(parts[i])), &e);
    }
    for (size_t i = 0; i < n && good; i++) {
        struct str path = fs_join(a, str_of(stage), v[i].path);
        /* Replaced by renaming, so that the file that the link shares keeps its bytes. */
        good = fs_mkdirs(arena_strz(a, fs_dirname(path)), 0700, &e) && fs_write_atomic(arena_strz(a, path), v[i].after, 0600, &e);
    }
    if (!good)
        errs_push(es, &e);
    else
        m = mesh_load(stage, o, es);
    (void)!fs_remove_tree(stage, NULL);
    return m;
}

bool mesh_patch_try(struct arena *a, struct str dir, const struct mesh_patch *v, size_t n, const struct mesh_load_options *o, struct errs *es)
{
    struct mesh *m = mesh_patch_load(a, dir, v, n, o, es);
    mesh_free(m);
    return m != NULL;
}

/* ---- writing ---- */
bool mesh_patch_apply(struct arena *a, struct str dir, const struct mesh_patch *v, size_t n, struct err *e)
{
    struct plan p;
    struct mesh_written *files;
    size_t n_files;
    if (!plan_open(&p, a, arena_strz(a, dir), e))
        return false;
    for (size_t i = 0; i < n; i++) {
        struct str now = {NULL, 0};
        char *full = arena_strz(a, fs_join(a, dir, v[i].path));
        bool there = fs_exists(full);
        if (there && !fs_read(a, full, LINK_MAX_BYTES, &now, e))
            return false;
        if (there != (v[i].before.p != NULL) || (there && !str_eq(now, v[i].before))) {
            err_at(e, E_BUSY, v[i].path, 0, 0, "this file has changed since the change was prepared");
            err_hint(e, "look at the change again and apply it then");
            return false;
        }
        plan_add(&p, v[i].path, v[i].after, true);
    }
    return plan_commit(&p, false, &files, &n_files, e);
}
