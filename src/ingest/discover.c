/* Which files have content that their stream does not have yet. Known content is known by its SHA-256; a file that has
 * the size and time of when its content was taken is not read again, unless it was so young then that it could have
 * changed within the clock's grain. */
#include <fcntl.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/fs.h"
#include "ingest/ingest_int.h"
#include "ingest/people.h"

enum { YOUNG_NS = 2000000000 };

/* ---- Order ---- */

static int fold(char c)
{
    return c >= 'A' && c <= 'Z' ? c + 32 : (unsigned char)c;
}

static bool digit(struct str s, size_t i)
{
    return i < s.n && s.p[i] >= '0' && s.p[i] <= '9';
}

int natural_order(struct str a, struct str b)
{
    size_t i = 0, k = 0;
    while (i < a.n && k < b.n) {
        if (digit(a, i) && digit(b, k)) {
            while (i < a.n && a.p[i] == '0')
                i++;
            while (k < b.n && b.p[k] == '0')
                k++;
            size_t ni = 0, nk = 0;
            while (digit(a, i + ni))
                ni++;
            while (digit(b, k + nk))
                nk++;
            int d = ni != nk ? (ni < nk ? -1 : 1) : ni ? memcmp(a.p + i, b.p + k, ni) : 0;
            if (d)
                return d;
            i += ni;
            k += nk;
        } else if (fold(a.p[i]) != fold(b.p[k])) {
            return fold(a.p[i]) - fold(b.p[k]);
        } else {
            i++;
            k++;
        }
    }
    if (i < a.n || k < b.n)
        return i < a.n ? 1 : -1;
    return str_cmp(a, b);
}

static int file_order(const void *x, const void *y)
{
    const struct file_found *a = x, *b = y;
    return natural_order(a->path, b->path);
}

/* ---- Names ---- */

/* <table> of [<prefix>_]<table>[_data].<ext>[.gz|.zst], compared without case. */
static bool name_fits(struct str file, struct str table)
{
    struct str name = fs_basename(file), rest;
    name = str_cut(name, '.', &rest);
    static const char data[] = "_data";
    for (int pass = 0; pass < 2; pass++) {
        if (name.n >= table.n && str_eq_nocase((struct str){name.p + name.n - table.n, table.n}, table) &&
            (name.n == table.n || name.p[name.n - table.n - 1] == '_'))
            return true;
        if (name.n <= sizeof data - 1 ||
            !str_eq_nocase((struct str){name.p + name.n - (sizeof data - 1), sizeof data - 1}, STR("_data")))
            return false;
        name.n -= sizeof data - 1;
    }
    return false;
}

/* A file belongs to the stream with the longest table name that fits. */
static bool better_stream(const struct mesh_stream *st, struct str file)
{
    for (size_t i = 0; i < st->source->n_streams; i++) {
        const struct mesh_stream *other = &st->source->streams[i];
        if (other != st && other->table.n > st->table.n && name_fits(file, other->table))
            return true;
    }
    return false;
}

/* ---- One stream ---- */

struct seen {
    struct str path, sha256;
    int64_t size_bytes, mtime_ns;
};
struct known {
    struct arena *a;
    struct seen *seen;
    size_t n_seen, cap_seen;
    struct ledger_file *files;
    size_t n_files;
    int64_t *reread; /* files that were read under another declaration */
    size_t n_reread, cap_reread;
    int64_t *drifted; /* files that went to quarantine whole, which another drift policy lets in */
    size_t n_drifted, cap_drifted;
};

static bool seen_row(void *ctx, const struct engine_chunk *ch, size_t i, struct err *e)
{
    struct known *k = ctx;
    (void)e;
    if (k->n_seen == k->cap_seen) {
        k->cap_seen = k->cap_seen ? k->cap_seen * 2 : 64;
        k->seen = mem_realloc(k->seen, k->cap_seen * sizeof *k->seen);
    }
    k->seen[k->n_seen++] = (struct seen){arena_str(k->a, engine_cell_str(ch, 0, i)), arena_str(k->a, engine_cell_str(ch, 3, i)),
                                         engine_cell_i64(ch, 1, i), engine_cell_i64(ch, 2, i)};
    return true;
}

static bool drifted_row(void *ctx, const struct engine_chunk *ch, size_t i, struct err *e)
{
    struct known *k = ctx;
    (void)e;
    if (k->n_drifted == k->cap_drifted) {
        k->cap_drifted = k->cap_drifted ? k->cap_drifted * 2 : 16;
        k->drifted = mem_realloc(k->drifted, k->cap_drifted * sizeof *k->drifted);
    }
    k->drifted[k->n_drifted++] = engine_cell_i64(ch, 0, i);
    return true;
}

static bool reread_row(void *ctx, const struct engine_chunk *ch, size_t i, struct err *e)
{
    struct known *k = ctx;
    (void)e;
    if (k->n_reread == k->cap_reread) {
        k->cap_reread = k->cap_reread ? k->cap_reread * 2 : 16;
        k->reread = mem_realloc(k->reread, k->cap_reread * sizeof *k->reread);
    }
    k->reread[k->n_reread++] = engine_cell_i64(ch, 0, i);
    return true;
}

static bool any_whole_in_quarantine(const struct known *k)
{
    for (size_t i = 0; i < k->n_files; i++) {
        if (k->files[i].rows_quarantined > 0 && k->files[i].rows_loaded == 0)
            return true;
    }
    return false;
}

static bool known_read(struct engine_conn *c, const struct mesh_stream *st, struct known *k, struct err *e)
{
    struct job_sums sums;
    if (!job_sums(st, k->a, &sums, e))
        return false;
    struct engine_param p = sql_text(st->ref),
                        jobs[3] = {p, sql_text(str_of(sums.rejects.hex)), sql_text(str_of(sums.values.hex))};
    return sql_each(c,
                    STR("SELECT j.file_id FROM mesh.sys.ingest_job j JOIN mesh.sys.file_load f USING (file_id) WHERE f.stream = "
                        "$1 AND f.superseded_at IS NULL AND (j.sha256 <> $2 OR j.values_sha256 <> $3)"),
                    jobs, 3, reread_row, k, e) &&
           ledger_files(c, k->a, st->ref, &k->files, &k->n_files, e) &&
           sql_each(c, STR("SELECT path, size_bytes, mtime_ns, sha256 FROM mesh.sys.ingest_seen WHERE stream = $1"), &p, 1,
                    seen_row, k, e) &&
           (!any_whole_in_quarantine(k) ||
            sql_each(c, STR("SELECT DISTINCT file_id FROM mesh.quarantine.rejected WHERE stream = $1 AND reason = 'drift'"), &p,
                     1, drifted_row, k, e));
}

static bool among(const int64_t *ids, size_t n, int64_t id)
{
    for (size_t i = 0; i < n; i++) {
        if (ids[i] == id)
            return true;
    }
    return false;
}

enum need { NEED_NOTHING, NEED_LOAD, NEED_REREAD };

/* Content that the stream has, and that nothing has taken the place of since, is loaded again only under another declaration,
 * and then from the path that counts as its file: a copy beside it stays a copy. */
static enum need content_need(const struct known *k, const struct file_found *f)
{
    enum need need = NEED_LOAD;
    for (size_t i = 0; i < k->n_files; i++) {
        const struct ledger_file *old = &k->files[i];
        if (old->superseded || !str_eq(old->sha256, f->sha256))
            continue;
        bool set_aside = among(k->drifted, k->n_drifted, old->file_id) && old->rows_loaded == 0;
        bool reread = among(k->reread, k->n_reread, old->file_id);
        bool let_in = set_aside && f->stream->source->drift != DRIFT_QUARANTINE;
        if ((!let_in && !reread) || !str_eq(old->path, f->path))
            return NEED_NOTHING;
        need = set_aside ? NEED_LOAD : NEED_REREAD;
    }
    return need;
}

static bool sum_file(const struct known *k, struct file_found *f, struct arena *a, struct err *e)
{
    struct fs_stat before, after;
    if (!fs_stat(f->full.p, &before) || before.is_dir)
        return err_at(e, E_SOURCE_FILE, f->path, 0, 0, "the file cannot be read: it is gone, or not allowed");
    f->size_bytes = before.size_bytes;
    f->mtime_ns = before.mtime_ns;
    for (size_t i = 0; i < k->n_seen; i++) {
        const struct seen *s = &k->seen[i];
        if (s->mtime_ns && s->mtime_ns == f->mtime_ns && (uint64_t)s->size_bytes == f->size_bytes && str_eq(s->path, f->path)) {
            f->sha256 = s->sha256;
            return true;
        }
    }
    struct sha sum;
    if (!sha_file(f->full.p, &sum, e)) {
        struct err cause = *e;
        err_at(e, E_SOURCE_FILE, f->path, 0, 0, "%s", cause.text);
        err_hint(e, "may this user read it?");
        return false;
    }
    if (!fs_stat(f->full.p, &after) || after.mtime_ns != before.mtime_ns || after.size_bytes != before.size_bytes) {
        err_at(e, E_SOURCE_FILE, f->path, 0, 0, "the file is being written at this moment");
        err_hint(e, "run again when it is complete; better, write it elsewhere and rename it into place");
        return false;
    }
    int64_t age = clock_now_us() * 1000 - f->mtime_ns;
    if (age < YOUNG_NS)
        f->mtime_ns = 0;
    f->sha256 = arena_str(a, str_of(sum.hex));
    return true;
}

static struct str shown_path(const struct mesh *m, struct str full)
{
    if (full.n > m->dir.n && str_starts(full, m->dir) && full.p[m->dir.n] == '/')
        return (struct str){full.p + m->dir.n + 1, full.n - m->dir.n - 1};
    return full;
}

static bool within(const struct str *paths, size_t n, struct str path)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(paths[i], path))
            return true;
    }
    return false;
}

struct found {
    struct file_found *v;
    size_t n, cap;
    struct file_moved *moved;
    size_t n_moved, cap_moved;
};

static struct file_found *found_add(struct found *all)
{
    if (all->n == all->cap) {
        all->cap = all->cap ? all->cap * 2 : 64;
        all->v = mem_realloc(all->v, all->cap * sizeof *all->v);
    }
    return &all->v[all->n++];
}

static void moved_add(struct found *all, int64_t file_id, const struct file_found *at)
{
    if (all->n_moved == all->cap_moved) {
        all->cap_moved = all->cap_moved ? all->cap_moved * 2 : 16;
        all->moved = mem_realloc(all->moved, all->cap_moved * sizeof *all->moved);
    }
    all->moved[all->n_moved++] = (struct file_moved){file_id, *at};
}

/* A loaded content follows its file: where its path is gone or holds other content, and the content lies elsewhere, it belongs
 * there from now on. Else a renamed file that changes would be added to what it gave before, and a copy of a restated file would
 * undo the restatement. */
static void contents_follow(struct known *k, const struct found *here, struct found *all)
{
    for (size_t i = 0; i < k->n_files; i++) {
        struct ledger_file *old = &k->files[i];
        const struct file_found *elsewhere = NULL;
        bool stays = old->superseded;
        for (size_t x = 0; x < here->n && !stays; x++) {
            const struct file_found *f = &here->v[x];
            bool unread = f->sha256.n == 0, same_path = str_eq(f->path, old->path);
            stays = same_path && (unread || str_eq(f->sha256, old->sha256));
            if (!same_path && !unread && elsewhere == NULL && str_eq(f->sha256, old->sha256))
                elsewhere = f;
        }
        if (stays || elsewhere == NULL)
            continue;
        old->path = elsewhere->path;
        moved_add(all, old->file_id, elsewhere);
    }
}

static void none_found(const struct mesh_stream *st, struct errs *es)
{
    struct err *d =
        errs_add(es, E_SOURCE_FILE, st->pos.file, st->pos.line, st->pos.col, "no file for the stream %.*s: nothing matches %.*s",
                 STR_FMT(st->ref), STR_FMT(st->table.n ? st->source->path : st->path));
    if (st->table.n)
        err_hint(d,
                 "expected is a file named [prefix_]%.*s[_data].csv (or tsv, json, ndjson, parquet; .gz, .zst); `optional: true` "
                 "if there may be none",
                 STR_FMT(st->table));
    else
        err_hint(d, "correct the stream's path, or write `optional: true` if there may be none");
}

/* Each table of an export may be absent; all of them at once are a path that is not where the export is. */
static void nothing_found(const struct mesh *m, const bool *has_files, struct errs *es)
{
    for (size_t i = 0; i < m->n_streams; i++) {
        const struct mesh_source *src = m->streams[i]->source;
        bool said = src->events || src->n_streams < 2 || src->streams != m->streams[i];
        for (size_t k = 0; k < m->n_streams && !said; k++)
            said = m->streams[k]->source == src && (has_files[k] || !m->streams[k]->optional);
        if (said)
            continue;
        errs_warn(es, E_SOURCE_FILE, src->pos.file, src->pos.line, src->pos.col,
                  "none of its %zu streams has a file: nothing matches in %.*s; correct its path, or let the export write there",
                  src->n_streams, STR_FMT(src->path));
    }
}

/* As the ledger has it, where it has it: else without the names of those who are not to be named. */
static struct str ledger_path(const struct known *k, const struct mesh *m, const struct mesh_stream *st, const struct suppressed *listed,
                              struct str full)
{
    struct str path = arena_str(k->a, shown_path(m, full));
    for (size_t i = 0; i < k->n_seen; i++) {
        if (str_eq(k->seen[i].path, path))
            return path;
    }
    return suppressed_path(listed, m, st, k->a, path);
}

static bool stream_files(struct engine_conn *c, const struct mesh *m, struct mesh_stream *st, const struct suppressed *listed,
                         struct arena *a, struct found *all, bool *has_files, struct errs *es, struct err *e)
{
    struct str *paths, *inside = NULL;
    size_t n, n_inside = 0, from = all->n;
    if (!fs_glob(a, arena_strz(a, fs_join(a, m->dir, st->path)), true, &paths, &n, e) ||
        (st->within.n && !fs_glob(a, arena_strz(a, fs_join(a, m->dir, st->within)), true, &inside, &n_inside, e)))
        return false;
    struct known k = {.a = a};
    if (!known_read(c, st, &k, e)) {
        mem_free(k.seen);
        mem_free(k.reread);
        mem_free(k.drifted);
        return false;
    }
    struct found here = {0};
    for (size_t i = 0; i < n; i++) {
        if ((st->table.n && better_stream(st, paths[i])) || (st->within.n && !within(inside, n_inside, paths[i])))
            continue;
        struct err bad = {0};
        struct file_found *f = found_add(&here);
        *f = (struct file_found){.stream = st, .full = arena_str(a, paths[i]), .path = ledger_path(&k, m, st, listed, paths[i])};
        if (!sum_file(&k, f, a, &bad)) {
            f->sha256 = (struct str){0};
            errs_push(es, &bad);
        }
    }
    contents_follow(&k, &here, all);
    for (size_t i = 0; i < here.n; i++) {
        struct file_found *f = &here.v[i];
        enum need need = f->sha256.n ? content_need(&k, f) : NEED_NOTHING;
        bool again = need == NEED_NOTHING;
        f->reread = need == NEED_REREAD;
        for (size_t x = from; x < all->n && !again; x++)
            again = str_eq(all->v[x].sha256, f->sha256); /* a copy beside it */
        if (again)
            continue;
        for (size_t x = 0; x < k.n_files; x++)
            f->changed = f->changed || (!k.files[x].superseded && str_eq(k.files[x].path, f->path));
        *found_add(all) = *f;
    }
    *has_files = here.n > 0;
    if (here.n == 0 && !st->optional)
        none_found(st, es);
    if (all->n > from)
        qsort(all->v + from, all->n - from, sizeof *all->v, file_order);
    mem_free(here.v);
    mem_free(k.seen);
    mem_free(k.reread);
    mem_free(k.drifted);
    return true;
}

bool discover_files(struct engine_conn *c, const struct mesh *m, const struct str *streams, size_t n_streams,
                    const struct suppressed *listed, struct arena *a, struct discovered *out, struct errs *es, struct err *e)
{
    struct found all = {0};
    bool ok = true, *has_files = arena_array(a, m->n_streams + 1, sizeof *has_files);
    for (size_t i = 0; ok && i < m->n_streams; i++) {
        bool wanted = n_streams == 0;
        for (size_t k = 0; k < n_streams && !wanted; k++)
            wanted = str_eq(m->streams[i]->ref, streams[k]);
        if (wanted && !m->streams[i]->source->events) /* events come by the spool */
            ok = stream_files(c, m, m->streams[i], listed, a, &all, &has_files[i], es, e);
    }
    if (ok && n_streams == 0)
        nothing_found(m, has_files, es);
    *out = (struct discovered){.n = ok ? all.n : 0, .n_moved = ok ? all.n_moved : 0};
    out->files = arena_array(a, out->n + 1, sizeof *out->files);
    out->moved = arena_array(a, out->n_moved + 1, sizeof *out->moved);
    if (out->n)
        memcpy(out->files, all.v, out->n * sizeof *out->files);
    if (out->n_moved)
        memcpy(out->moved, all.moved, out->n_moved * sizeof *out->moved);
    mem_free(all.v);
    mem_free(all.moved);
    return ok;
}

bool ingest_discover(struct state *s, const struct mesh *m, struct arena *a, struct ingest_file **out, size_t *n, struct errs *es,
                     struct err *e)
{
    struct engine_conn *c = NULL;
    struct suppressed *listed = NULL;
    struct discovered d = {0};
    *out = NULL;
    *n = 0;
    if (!engine_connect(s->engine, &c, e))
        return false;
    bool ok = suppressed_look(s, &listed, e) && discover_files(c, m, NULL, 0, listed, a, &d, es, e);
    suppressed_free(listed);
    engine_disconnect(c);
    *n = d.n;
    *out = arena_array(a, *n + 1, sizeof **out);
    for (size_t i = 0; i < *n; i++)
        (*out)[i] = (struct ingest_file){d.files[i].stream, d.files[i].path, d.files[i].changed ? "changed" : "new",
                                         d.files[i].size_bytes};
    return ok;
}
