/* File patterns: {a,b} is expanded first, then each pattern is walked component by component.
 * ** matches any number of folders and never follows symbolic links, so that it always ends. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/fs.h"

enum { GLOB_PATTERNS_MAX = 1024, GLOB_DEPTH_MAX = 64, GLOB_PATH_BYTES_MAX = 4096, GLOB_FILES_MAX = 1000000 };

struct glob {
    struct arena *a;
    struct err *e;
    int flags;
    struct str *v; /* heap until the end */
    size_t n, cap, patterns;
};

static bool is_pattern(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (strchr("*?[\\", s.p[i]))
            return true;
    return false;
}

static bool found(struct glob *g, const char *path)
{
    if (g->n >= GLOB_FILES_MAX)
        return err_set(g->e, E_TOO_LARGE, "the pattern matches more than %d files", GLOB_FILES_MAX);
    if (g->n == g->cap) {
        g->cap = g->cap ? g->cap * 2 : 32;
        g->v = mem_realloc(g->v, g->cap * sizeof *g->v);
    }
    g->v[g->n++] = arena_str(g->a, str_of(path));
    return true;
}

static bool walk(struct glob *g, struct buf *path, struct str rest, unsigned depth);

/* Goes on below `path` + name with `rest`, then cuts the path back. */
static bool walk_into(struct glob *g, struct buf *path, struct str name, struct str rest, bool more, unsigned depth)
{
    size_t before = path->n;
    if (before && path->p[before - 1] != '/')
        buf_addc(path, '/');
    buf_add(path, name);
    bool ok = buf_ok(path, g->e);
    if (ok) {
        struct stat st;
        if (more)
            ok = walk(g, path, rest, depth + 1);
        else if (stat(buf_z(path), &st) == 0 && S_ISREG(st.st_mode))
            ok = found(g, buf_z(path));
    }
    buf_reset(path);
    path->n = before;
    return ok;
}

/* Every entry of the folder `path` that matches `part`; for ** every folder below, too. */
static bool walk_folder(struct glob *g, struct buf *path, struct str part, struct str rest, bool more, unsigned depth)
{
    bool any_depth = str_eq(part, STR("**"));
    if (any_depth && more && !walk(g, path, rest, depth + 1)) /* ** may stand for no folder at all */
        return false;
    DIR *d = opendir(path->n ? buf_z(path) : ".");
    if (!d)
        return errno == ENOENT || errno == ENOTDIR ||
               err_errno(g->e, errno, "cannot list the folder %s", path->n ? buf_z(path) : ".");
    char *pattern = mem_strdup(part);
    bool ok = true;
    for (struct dirent *entry; ok && (entry = readdir(d));) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            continue;
        if (!any_depth) {
            if (fnmatch(pattern, name, g->flags) == 0)
                ok = walk_into(g, path, str_of(name), rest, more, depth);
            continue;
        }
        if (name[0] == '.')
            continue;
        struct stat st;
        if (fstatat(dirfd(d), name, &st, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        if (S_ISDIR(st.st_mode)) {
            struct str again = more ? (struct str){part.p, (size_t)(rest.p + rest.n - part.p)} : part;
            ok = walk_into(g, path, str_of(name), again, true, depth);
        } else if (!more) {
            ok = walk_into(g, path, str_of(name), rest, false, depth);
        }
    }
    mem_free(pattern);
    closedir(d);
    return ok;
}

/* Whether a folder of exactly this name stands below `path`; it then wins over other spellings. */
static bool is_folder_here(const struct glob *g, struct buf *path, struct str name)
{
    struct str here = path->n ? fs_join(g->a, buf_str(path), name) : arena_str(g->a, name);
    return fs_is_dir(here.p);
}

static bool walk(struct glob *g, struct buf *path, struct str rest, unsigned depth)
{
    if (depth > GLOB_DEPTH_MAX)
        return err_set(g->e, E_TOO_LARGE, "folders are nested deeper than %d", GLOB_DEPTH_MAX);
    struct str after, part = str_cut(rest, '/', &after);
    bool more = after.p != NULL;
    while (part.n == 0 && more) { /* repeated slashes */
        part = str_cut(after, '/', &after);
        more = after.p != NULL;
    }
    if (part.n == 0)
        return true; /* a folder is no file */
    bool dots = str_eq(part, STR(".")) || str_eq(part, STR(".."));
    if (dots || (!is_pattern(part) && (!(g->flags & FNM_CASEFOLD) || (more && is_folder_here(g, path, part)))))
        return walk_into(g, path, part, after, more, depth);
    return walk_folder(g, path, part, after, more, depth);
}

/* Position of the brace that closes the one at `open`, or SIZE_MAX. */
static size_t closing_brace(struct str s, size_t open)
{
    unsigned depth = 0;
    for (size_t i = open; i < s.n; i++) {
        if (s.p[i] == '{')
            depth++;
        else if (s.p[i] == '}' && --depth == 0)
            return i;
    }
    return SIZE_MAX;
}

static bool expand(struct glob *g, struct str pattern)
{
    if (++g->patterns > GLOB_PATTERNS_MAX)
        return err_set(g->e, E_TOO_LARGE, "the pattern has more than %d alternatives", GLOB_PATTERNS_MAX);
    size_t open = str_find(pattern, STR("{"), 0);
    size_t close = open == SIZE_MAX ? SIZE_MAX : closing_brace(pattern, open);
    if (close == SIZE_MAX) {
        struct buf path = BUF_INIT(GLOB_PATH_BYTES_MAX);
        if (pattern.n && pattern.p[0] == '/')
            buf_addc(&path, '/');
        bool ok = walk(g, &path, pattern, 0);
        buf_fini(&path);
        return ok;
    }
    unsigned depth = 0;
    size_t from = open + 1;
    for (size_t i = open + 1; i <= close; i++) {
        char c = pattern.p[i];
        if ((c == ',' && depth == 0) || i == close) {
            struct str one = arena_printf(g->a, "%.*s%.*s%.*s", (int)open, pattern.p, (int)(i - from), pattern.p + from,
                                          (int)(pattern.n - close - 1), pattern.p + close + 1);
            if (!expand(g, one))
                return false;
            from = i + 1;
        } else if (c == '{') {
            depth++;
        } else if (c == '}') {
            depth--;
        }
    }
    return true;
}

static int path_compare(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

bool fs_glob(struct arena *a, const char *pattern, bool nocase, struct str **paths, size_t *n, struct err *e)
{
    *paths = NULL;
    *n = 0;
    struct glob g = {.a = a, .e = e, .flags = FNM_PERIOD | (nocase ? FNM_CASEFOLD : 0)};
    struct stat st;
    bool ok = stat(pattern, &st) == 0 && S_ISREG(st.st_mode)
                  ? found(&g, pattern) /* a file of just this name, whatever it contains */
                  : expand(&g, str_of(pattern));
    if (ok && g.n) {
        qsort(g.v, g.n, sizeof *g.v, path_compare);
        struct str *v = arena_array(a, g.n, sizeof *v);
        size_t kept = 0;
        for (size_t i = 0; i < g.n; i++)
            if (kept == 0 || !str_eq(v[kept - 1], g.v[i])) /* two alternatives may find one file */
                v[kept++] = g.v[i];
        *paths = v;
        *n = kept;
    }
    mem_free(g.v);
    return ok;
}
