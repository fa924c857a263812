/* Files beside the two stores: landed copies, unfinished uploads, copies from before an upgrade, the spool. */
#include "privacy/erase_int.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/fs.h"
#include "base/log.h"
#include "ingest/people.h"
#include "spool/forget.h"

enum { TEXT_FILE_MAX = 1 << 30, DEPTH_MAX = 8 };

struct files {
    const struct privacy *v;
    const struct person *p;
    struct person_cleaner *cleaner;
    struct suppressed *names; /* what must not stand in the name of a file */
    struct erase_report *r;
    bool act;
};

static struct str marked(struct files *f, struct str name)
{
    return suppressed_path(f->names, f->v->m, NULL, f->r->a, name);
}

static struct str in_data(struct files *f, const char *name)
{
    return fs_join(f->r->a, str_of(f->v->s->data_dir), str_of(name));
}

/* ---- Landed copies: text, perhaps packed by gzip. What is neither cannot be rewritten here; its rows are loaded, the copy goes. ---- */

static bool unpack(const char *path, struct buf *out, struct err *e)
{
    char piece[1 << 16];
    int n;
    gzFile z = gzopen(path, "rbe"); /* a file that is not packed is read as it is */
    if (!z)
        return err_set(e, E_IO, "cannot read %s", path);
    while ((n = gzread(z, piece, sizeof piece)) > 0)
        buf_add(out, (struct str){piece, (size_t)n});
    gzclose(z);
    return (n == 0 && buf_ok(out, e)) || err_set(e, E_IO, "cannot read %s", path);
}

static bool pack(struct str text, struct buf *out, struct err *e)
{
    z_stream z = {0};
    if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return err_set(e, E_MEMORY, "no memory to pack a file");
    uLong room = deflateBound(&z, (uLong)text.n);
    bool ok = buf_reserve(out, room);
    if (ok) {
        z.next_in = (Bytef *)(uintptr_t)text.p;
        z.avail_in = (uInt)text.n;
        z.next_out = (Bytef *)out->p;
        z.avail_out = (uInt)room;
        ok = deflate(&z, Z_FINISH) == Z_STREAM_END;
        out->n = z.total_out;
    }
    deflateEnd(&z);
    return ok || err_set(e, E_MEMORY, "no memory to pack a file");
}

static bool is_packed(struct str path)
{
    return str_ends(path, STR(".gz"));
}

static bool is_text(struct str path)
{
    static const char *const ends[] = {".csv", ".tsv", ".json", ".ndjson", ".jsonl", ".txt"};
    struct str name = is_packed(path) ? (struct str){path.p, path.n - 3} : path;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (str_ends(name, str_of(ends[i])))
            return true;
    return false;
}

/* Lines that name the person go. */
static int64_t cut_lines(struct files *f, struct str text, struct buf *out)
{
    struct buf scratch = BUF_INIT((size_t)TEXT_FILE_MAX);
    int64_t cut = 0;
    while (text.n) {
        const char *end = memchr(text.p, '\n', text.n);
        size_t n = end ? (size_t)(end - text.p) + 1 : text.n;
        buf_reset(&scratch);
        if (person_clean(f->cleaner, (struct str){text.p, n}, &scratch))
            cut++;
        else
            buf_add(out, (struct str){text.p, n});
        text = (struct str){text.p + n, text.n - n};
    }
    buf_fini(&scratch);
    return cut;
}

static bool landed_file(struct files *f, struct str path, struct err *e)
{
    struct buf text = BUF_INIT((size_t)TEXT_FILE_MAX), rest = BUF_INIT((size_t)TEXT_FILE_MAX), packed = BUF_INIT((size_t)TEXT_FILE_MAX);
    const char *z = arena_strz(f->r->a, path);
    int64_t cut = 1;
    bool ok = true;
    if (is_text(path)) {
        ok = unpack(z, &text, e);
        cut = ok ? cut_lines(f, buf_str(&text), &rest) : 0;
        if (ok && cut && f->act)
            ok = buf_ok(&rest, e) && (is_packed(path) ? pack(buf_str(&rest), &packed, e) && fs_write_atomic(z, buf_str(&packed), 0600, e)
                                                      : fs_write_atomic(z, buf_str(&rest), 0600, e));
        if (ok)
            erase_report_add(f->r, "landed copies", marked(f, fs_basename(path)), "written anew", cut, 0);
    } else {
        if (f->act && unlink(z) != 0)
            ok = err_set(e, E_IO, "cannot remove %s", z);
        erase_report_add(f->r, "landed copies", marked(f, fs_basename(path)), "removed", 1, 0);
    }
    buf_fini(&text);
    buf_fini(&rest);
    buf_fini(&packed);
    return ok;
}

/* A load goes on under the new name as if it had always had it: it is the one that the ledger has. */
static bool landed_name(struct files *f, struct str dir, struct str name, struct err *e)
{
    struct str better = marked(f, name);
    const char *from = arena_strz(f->r->a, fs_join(f->r->a, dir, name)), *to = arena_strz(f->r->a, fs_join(f->r->a, dir, better));
    if (str_eq(better, name) || !fs_exists(from))
        return true;
    if (f->act && rename(from, to) != 0)
        return err_set(e, E_IO, "cannot rename a file of %.*s", STR_FMT(dir));
    erase_report_add(f->r, "landed copies", better, "renamed", 0, 1);
    return true;
}

static bool landed(struct files *f, struct str dir, int depth, struct err *e)
{
    struct str *names;
    size_t n;
    bool ok = true;
    if (depth > DEPTH_MAX || !fs_is_dir(dir.p))
        return true;
    if (!fs_list(f->r->a, dir.p, &names, &n, e))
        return false;
    for (size_t i = 0; ok && i < n; i++) {
        struct str path = fs_join(f->r->a, dir, names[i]);
        ok = fs_is_dir(path.p) ? landed(f, path, depth + 1, e) : landed_file(f, path, e);
        ok = ok && landed_name(f, dir, names[i], e);
    }
    return ok;
}

/* ---- What goes as a whole ---- */

static bool remove_named(struct files *f, struct err *e)
{
    struct str *names;
    size_t n, known = 0;
    if (!fs_list(f->r->a, f->v->s->data_dir, &names, &n, e))
        return false;
    f->r->backups = arena_array(f->r->a, n + 1, sizeof *f->r->backups);
    for (size_t i = 0; i < n; i++) {
        const struct place *place = place_find(PLACE_FILE, names[i]);
        struct str path = fs_join(f->r->a, str_of(f->v->s->data_dir), names[i]);
        struct fs_stat st;
        if (!place)
            erase_report_left(f->r, arena_printf(f->r->a, "data/%.*s", STR_FMT(marked(f, names[i]))), STR("a file that Trellis did not make: look into it yourself"));
        if (!place || place->how != PLACE_REMOVED || !fs_stat(path.p, &st))
            continue;
        if (str_find(names[i], STR(".backup-"), 0) != SIZE_MAX)
            f->r->backups[known++] = (struct erase_backup){arena_str(f->r->a, names[i]), st.mtime_ns / 1000};
        else if (st.is_dir)
            erase_report_add(f->r, place->title, names[i], "removed", 1, 0);
        if (f->act && !fs_remove_tree(path.p, e))
            return false;
    }
    f->r->n_backups = known;
    return true;
}

static bool empty_spool(struct files *f, struct err *e)
{
    struct str dir = in_data(f, "spool");
    uint64_t bytes = 0;
    bool whole = true;
    if (!f->act || !fs_is_dir(dir.p))
        return true;
    if (!spool_forget(dir.p, &bytes, &whole, e))
        return false;
    erase_report_add(f->r, "spool", STR("all that was loaded"), "overwritten", (int64_t)((bytes + 4095) / 4096), 0);
    if (!whole)
        erase_report_left(f->r, STR("data/spool/*.free"), STR("a collector of another process did not answer; it removes its free files when it looks next"));
    return true;
}

bool erase_files(const struct privacy *v, const struct person *p, struct erase_report *r, bool act, struct err *e)
{
    struct files f = {.v = v, .p = p, .r = r, .act = act};
    bool ok = person_cleaner_new(p, &f.cleaner, e) && erase_marks(v, p, r->a, &f.names, e) && landed(&f, in_data(&f, "files"), 0, e) && remove_named(&f, e) && empty_spool(&f, e);
    person_cleaner_free(f.cleaner);
    suppressed_free(f.names);
    return ok;
}
