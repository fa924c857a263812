/* A file that grows (`load: append`): what earlier loads have of it is known by the sums of its beginning, and is not loaded
 * twice. Where the beginning was read under another declaration, or its last line was half written, the whole file is read anew
 * and takes the place of what its parts gave. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "ingest/ingest_int.h"

static int by_size(const void *x, const void *y)
{
    const struct ledger_file *a = x, *b = y;
    return a->size_bytes < b->size_bytes ? -1 : a->size_bytes > b->size_bytes;
}

/* Loads of this path that may be beginnings of what lies there now. */
static size_t candidates(const struct file_found *f, struct ledger_file *files, size_t n)
{
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        const struct ledger_file *l = &files[i];
        if (!l->superseded && l->size_bytes > 0 && (uint64_t)l->size_bytes < f->size_bytes && str_eq(l->path, f->path))
            files[k++] = *l;
    }
    if (k > 1)
        qsort(files, k, sizeof *files, by_size);
    return k;
}

/* Whether a record ends at `at`: a line end before it or behind it, in one byte or two. */
static bool line_ends(int fd, int64_t at, bool *out, struct err *e)
{
    char b[4] = {0};
    if (at < 2)
        return true;
    ssize_t n = pread(fd, b, sizeof b, at - 2);
    if (n < 0)
        return err_errno(e, errno, "reading the file");
    bool before = b[1] == '\n' || b[1] == '\r' || (b[0] == '\n' && b[1] == 0);
    *out = before || b[2] == '\n' || b[2] == '\r' || (b[2] == 0 && b[3] == '\n');
    return true;
}

/* Whether all of the parts were read as the stream is declared now, and none ended inside of a quoted value. */
static bool same_declaration(struct engine_conn *c, const struct mesh_stream *st, struct arena *a, const struct grown *g,
                             bool *out, struct err *e)
{
    struct job_sums sums;
    *out = true;
    if (!job_sums(st, a, &sums, e))
        return false;
    for (size_t i = 0; i < g->n_parts && *out; i++) {
        const struct engine_param p[] = {sql_int(g->parts[i]), sql_text(str_of(sums.values.hex))};
        int64_t other;
        if (!engine_value_i64(
                c,
                STR("SELECT (SELECT count(*) FROM mesh.sys.ingest_job WHERE file_id = $1 AND values_sha256 <> $2)"
                    " + (SELECT count(*) FROM mesh.quarantine.rejected WHERE file_id = $1 AND reason = 'unterminated_quote')"),
                p, 2, &other, e))
            return false;
        *out = other == 0;
    }
    return true;
}

bool grown_find(struct engine_conn *c, const struct file_found *f, int fd, struct arena *a, struct grown *out, struct err *e)
{
    struct ledger_file *files;
    size_t n;
    bool whole = false, same = false;
    *out = (struct grown){0};
    if (f->stream->load != LOAD_APPEND)
        return true;
    if (!ledger_files(c, a, f->stream->ref, &files, &n, e))
        return false;
    n = candidates(f, files, n);
    if (n == 0)
        return true;
    uint64_t *sizes = arena_array(a, n, sizeof *sizes);
    struct sha *sums = arena_array(a, n, sizeof *sums);
    for (size_t i = 0; i < n; i++)
        sizes[i] = (uint64_t)files[i].size_bytes;
    if (!sha_prefixes(fd, sizes, n, sums, e))
        return false;
    out->parts = arena_array(a, n, sizeof *out->parts);
    for (size_t i = 0; i < n; i++) {
        if (!str_eq(files[i].sha256, str_of(sums[i].hex)))
            continue;
        out->parts[out->n_parts++] = files[i].file_id;
        out->records += files[i].rows_loaded + files[i].rows_quarantined;
        if (!line_ends(fd, files[i].size_bytes, &whole, e))
            return false;
    }
    if (out->n_parts && !same_declaration(c, f->stream, a, out, &same, e))
        return false;
    out->anew = out->n_parts && (!whole || !same);
    if (out->anew)
        out->records = 0;
    return true;
}
