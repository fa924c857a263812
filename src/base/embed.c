/* Looks up the files that scripts/embed.py put into the program. The generated table is sorted by path. */
#include "base/embed.h"
#include "base/embed_int.h"

/* Byte order, a shorter text first: the order in which the generator sorts. */
static int path_cmp(struct str a, struct str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n ? memcmp(a.p, b.p, n) : 0;
    return c ? c : (a.n > b.n) - (a.n < b.n);
}

/* The first index whose path is not before `path`. */
static size_t lower_bound(struct str path)
{
    size_t lo = 0, hi = embed_table_count;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (path_cmp(embed_table[mid].path, path) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

const struct embed_file *embed_find(struct str path)
{
    size_t at = lower_bound(path);
    return at < embed_table_count && path_cmp(embed_table[at].path, path) == 0 ? &embed_table[at] : NULL;
}

const struct embed_file *embed_next(struct str prefix, const struct embed_file *after)
{
    size_t at = after ? (size_t)(after - embed_table) + 1 : lower_bound(prefix);
    if (at >= embed_table_count)
        return NULL;
    struct str path = embed_table[at].path;
    bool matches = path.n >= prefix.n && (prefix.n == 0 || memcmp(path.p, prefix.p, prefix.n) == 0);
    return matches ? &embed_table[at] : NULL;
}
