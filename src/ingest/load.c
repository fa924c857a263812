/* One file after the other into the raw tables. Everything that a file changes (rows, history, quarantine, ledger) is one
 * transaction: a crash, a cancel or an error at any moment leaves the stream as it was. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/fs.h"
#include "base/log.h"
#include "ingest/ingest_int.h"
#include "ingest/people.h"

struct run {
    struct state *s;
    const struct mesh *m;
    const struct ingest_options *o;
    struct engine_conn *c;
    struct ingest_report *r;
    struct errs *es;
    struct ingest_progress progress;
    int64_t run_first_id; /* first file id that this run may give; 0: none given yet */
    int64_t base_bytes;   /* of the files before the present one */
    size_t cap_changed;
    struct suppressed *suppressed; /* people whose rows do not come in; NULL: none */
};

/* One file on its way. */
struct load {
    struct run *run;
    const struct file_found *f;
    struct arena a;
    struct loader *loader;
    struct loader_shape shape;
    struct raw_table table;
    struct ledger_file entry;
    int64_t *same_path;
    size_t n_same_path;
    struct grown grown;
    int64_t former_id, since_id; /* as in struct replace_scope */
    bool set_aside, first;       /* first: the stream has no file yet */
    bool cutting;                /* somebody's rows may have been left out */
    bool latest;                 /* no other content has a later place */
};

static void progressed(void *ctx, int64_t rows, int64_t rejected, int64_t bytes)
{
    struct run *run = ctx;
    struct ingest_progress p = run->progress;
    p.rows += rows;
    p.quarantined += rejected;
    p.bytes_done = run->base_bytes + bytes;
    run->o->progress(run->o->ctx, &p);
}

/* The file that is read must be the one whose content was summed. */
static bool same_file(const struct file_found *f, int fd, struct err *e)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return err_errno(e, errno, "reading %.*s", STR_FMT(f->path));
    int64_t mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    if ((uint64_t)st.st_size == f->size_bytes && (f->mtime_ns == 0 || f->mtime_ns == mtime_ns))
        return true;
    err_at(e, E_SOURCE_FILE, f->path, 0, 0, "the file changed while it was read");
    err_hint(e, "run again when it is complete; better, write it elsewhere and rename it into place");
    return false;
}

static bool child_start(struct load *l, int fd, struct err *e)
{
    struct run *run = l->run;
    struct buf job = BUF_INIT(4u << 20);
    struct buf spool = BUF_INIT(8192);
    buf_printf(&spool, "%s/tmp", run->s->data_dir);
    job_write(l->f->stream, fs_basename(l->f->path), l->grown.records, &job);
    const struct loader_options o = {
        .program = run->o->program,
        .spool_dir = buf_z(&spool),
        .shown = l->f->path,
        .cancel = run->o->cancel,
        .progress = run->o->progress ? progressed : NULL,
        .ctx = run,
    };
    bool ok = buf_ok(&job, e) && buf_ok(&spool, e) && loader_start(&o, fd, buf_str(&job), &l->loader, e) &&
              loader_schema(l->loader, &l->a, &l->shape, e);
    buf_fini(&job);
    buf_fini(&spool);
    for (size_t i = 0; ok && i < l->shape.n_cols; i++)
        l->shape.cols[i].type = contract_type(l->f->stream, l->shape.cols[i].name);
    return ok;
}

/* The ledger keeps what the file held; a warning says how many rows of it are nobody's to load. */
static bool suppressed_tell(struct load *l, struct err *e)
{
    struct buf sql = BUF_INIT(8192);
    int64_t in = 0;
    if (!l->cutting || l->set_aside)
        return true;
    buf_addz(&sql, "SELECT count(*) FROM ");
    sql_table(&sql, "raw", l->f->stream->ref);
    buf_printf(&sql, " WHERE _file_id = %lld", (long long)l->entry.file_id);
    bool ok = engine_value_i64(l->run->c, buf_str(&sql), NULL, 0, &in, e);
    buf_fini(&sql);
    if (ok && in < l->entry.rows_loaded)
        err_hint(errs_warn(l->run->es, E_QUARANTINED, l->f->path, 0, 0, "%lld of %lld rows are of people on the suppression list and were left out",
                           (long long)(l->entry.rows_loaded - in), (long long)l->entry.rows_loaded),
                 "they were erased, or asked that nothing of theirs is kept; trellis suppress list tells since when");
    return ok;
}

static bool rows_insert(struct load *l, struct err *e)
{
    const struct mesh_stream *st = l->f->stream;
    struct engine_pipe_type *types = arena_array(&l->a, l->shape.n_cols + 1, sizeof *types);
    struct buf before = BUF_INIT(4u << 20), select = BUF_INIT(4u << 20), cut = BUF_INIT(4u << 20), after = BUF_INIT(4u << 20);
    struct str *names = arena_array(&l->a, l->shape.n_cols + 1, sizeof *names);
    bool *text = arena_array(&l->a, l->shape.n_cols + 1, sizeof *text);
    for (size_t i = 0; i < l->shape.n_cols; i++)
        types[i] = l->shape.cols[i].type;
    types[l->shape.n_cols] = (struct engine_pipe_type){.type = ENGINE_INT, .bytes = 8};
    buf_addz(&before, "INSERT INTO ");
    sql_table(&before, "raw", st->ref);
    buf_addz(&before, " (");
    for (size_t i = 0; i < l->shape.n_cols; i++) {
        buf_sql_ident(&before, l->shape.cols[i].name);
        buf_addz(&before, ", ");
        names[i] = l->shape.cols[i].name;
        text[i] = l->shape.cols[i].type.type == ENGINE_TEXT;
        suppressed_value(l->run->suppressed, st, names[i], text[i], i, &select);
        buf_addz(&select, ", ");
    }
    suppressed_condition(l->run->suppressed, st, names, text, l->shape.n_cols, &l->a, &cut);
    if (cut.n) {
        buf_addz(&after, " WHERE NOT coalesce(");
        buf_add(&after, buf_str(&cut));
        buf_addz(&after, ", false)");
    }
    buf_printf(&select, "c%zu, CAST(%lld AS BIGINT), ", l->shape.n_cols, (long long)l->entry.file_id);
    sql_timestamp(&select, l->entry.learned_at_us);
    buf_addz(&before, "_line, _file_id, _learned_from) SELECT ");
    buf_add(&before, buf_str(&select));
    buf_addz(&before, " FROM ");
    struct engine_pipe_source source = loader_source(l->loader);
    bool ok =
        buf_ok(&select, e) && buf_ok(&before, e) && buf_ok(&cut, e) && buf_ok(&after, e) && loader_go(l->loader, l->set_aside ? 'Q' : 'L', types, l->shape.n_cols + 1, e);
    if (ok && !l->set_aside)
        ok = engine_pipe_run(l->run->c, buf_str(&before), buf_str(&after), types, l->shape.n_cols + 1, &source, e);
    buf_fini(&before);
    buf_fini(&select);
    l->cutting = cut.n > 0;
    buf_fini(&cut);
    buf_fini(&after);
    return ok && loader_finish(l->loader, &l->entry.rows_loaded, &l->entry.rows_quarantined, e) && suppressed_tell(l, e);
}

/* The same content read again keeps its place among the stream's files, else it would undo what was restated since; so does,
 * where files add up, a part that comes anew. */
static bool place_take(struct load *l, int64_t predecessor, struct err *e)
{
    const struct engine_param was = sql_int(predecessor);
    l->since_id = l->f->stream->overlap_adds ? l->run->run_first_id : l->entry.file_id;
    if (predecessor &&
        !engine_value_i64(l->run->c,
                          STR("SELECT coalesce((SELECT max(since_id) FROM mesh.sys.ingest_job WHERE file_id = $1), $1)"), &was, 1,
                          &l->since_id, e))
        return false;
    const struct engine_param p[] = {sql_text(l->f->stream->ref), sql_int(l->since_id)};
    int64_t later;
    bool ok = engine_value_i64(l->run->c,
                               STR("SELECT count(*) FROM mesh.sys.file_load f LEFT JOIN mesh.sys.ingest_job j USING (file_id)"
                                   " WHERE f.stream = $1 AND f.rows_loaded > 0 AND coalesce(j.since_id, f.file_id) > $2"),
                               p, 2, &later, e);
    l->latest = later == 0;
    return ok;
}

static bool is_part(const struct grown *g, int64_t file_id)
{
    for (size_t i = 0; i < g->n_parts; i++) {
        if (g->parts[i] == file_id)
            return true;
    }
    return false;
}

/* Loads that this one takes the place of, of this path and of this content, and the ledger's latest moment: time does not go
 * back. */
static bool earlier_loads(struct load *l, struct err *e)
{
    struct ledger_file *files;
    size_t n;
    int64_t predecessor = 0;
    if (!ledger_files(l->run->c, &l->a, l->f->stream->ref, &files, &n, e))
        return false;
    l->first = n == 0;
    l->same_path = arena_array(&l->a, n + 1, sizeof *l->same_path);
    for (size_t i = 0; i < n; i++) {
        if (files[i].learned_at_us > l->entry.learned_at_us)
            l->entry.learned_at_us = files[i].learned_at_us;
        bool same = str_eq(files[i].sha256, l->f->sha256); /* read under another declaration, or set aside before */
        bool part = l->grown.anew && is_part(&l->grown, files[i].file_id);
        if (files[i].superseded || !str_eq(files[i].path, l->f->path) || (l->f->stream->load == LOAD_APPEND && !same && !part))
            continue;
        l->same_path[l->n_same_path++] = files[i].file_id;
        if (same && !l->former_id)
            l->former_id = files[i].file_id;
        if (l->f->stream->overlap_adds && !predecessor)
            predecessor = files[i].file_id;
    }
    return place_take(l, l->former_id ? l->former_id : predecessor, e);
}

static bool seen_write(struct engine_conn *c, const struct file_found *f, struct err *e)
{
    const struct engine_param p[] = {sql_text(f->stream->ref), sql_text(f->path), sql_int((int64_t)f->size_bytes),
                                     sql_int(f->mtime_ns), sql_text(f->sha256)};
    return sql_run(c, STR("DELETE FROM mesh.sys.ingest_seen WHERE stream = $1 AND path = $2"), p, 2, e) &&
           sql_run(c, STR("INSERT INTO mesh.sys.ingest_seen VALUES ($1, $2, $3, $4, $5)"), p, 5, e);
}

/* Loaded contents that lie elsewhere now. */
static bool moves_write(struct engine_conn *c, const struct discovered *d, struct err *e)
{
    if (d->n_moved == 0)
        return true;
    bool ok = engine_exec(c, STR("BEGIN"), e);
    for (size_t i = 0; ok && i < d->n_moved; i++)
        ok = ledger_file_move(c, d->moved[i].file_id, d->moved[i].at.path, e) && seen_write(c, &d->moved[i].at, e);
    if (ok && engine_exec(c, STR("COMMIT"), e))
        return true;
    struct err ignored;
    if (!engine_exec(c, STR("ROLLBACK"), &ignored))
        log_event(LOG_DEBUG, "ingest", "rollback", "the transaction had ended already");
    return false;
}

static bool ledger_write(struct load *l, const struct replaced *gone, struct err *e)
{
    struct engine_conn *c = l->run->c;
    const struct file_found *f = l->f;
    l->entry.stream = f->stream->ref;
    l->entry.path = f->path;
    l->entry.sha256 = f->sha256;
    l->entry.format = l->shape.format;
    l->entry.size_bytes = (int64_t)f->size_bytes;
    l->entry.replaced_rows = gone->rows;
    l->entry.has_days = gone->has_days;
    l->entry.day_from = gone->day_from;
    l->entry.day_to = gone->day_to;
    const struct engine_param p[] = {sql_text(f->stream->ref), sql_text(f->path)};
    for (size_t i = 0; i < l->n_same_path; i++) {
        if (!ledger_file_supersede(c, l->same_path[i], l->entry.learned_at_us, e))
            return false;
    }
    return ledger_file_add(c, &l->entry, e) && seen_write(c, f, e) &&
           sql_run(c, STR("DELETE FROM mesh.sys.ingest_problem WHERE stream = $1 AND path = $2"), p, 2, e);
}

/* So that the file is read again once its stream's options or types change, and keeps its place then. */
static bool job_remember(struct load *l, struct err *e)
{
    struct job_sums sums;
    if (!job_sums(l->f->stream, &l->a, &sums, e))
        return false;
    struct str rejects = l->entry.rows_quarantined ? str_of(sums.rejects.hex) : (struct str){0};
    const struct engine_param p[] = {sql_int(l->entry.file_id), sql_text(rejects), sql_text(str_of(sums.values.hex)),
                                     sql_int(l->since_id)};
    return sql_run(l->run->c,
                   STR("INSERT INTO mesh.sys.ingest_job (file_id, sha256, values_sha256, since_id) VALUES ($1, $2, $3, $4)"), p,
                   4, e);
}

/* Inside the transaction. */
static bool file_write(struct load *l, int fd, struct err *e)
{
    struct run *run = l->run;
    const struct mesh_stream *st = l->f->stream;
    struct replaced gone = {0};
    struct buf rejects = BUF_INIT(8192);
    bool ok = ledger_next_id(run->c, STR("file_load"), &l->entry.file_id, e);
    if (ok && !run->run_first_id)
        run->run_first_id = l->entry.file_id;
    ok = ok && earlier_loads(l, e);
    ok = ok && (l->set_aside || table_fit(run->c, st, l->shape.cols, l->shape.n_cols, &l->a, &l->table, e)) && rows_insert(l, e);
    fault_crash_point("load_after_rows");
    ok = ok && same_file(l->f, fd, e);
    if (ok && !l->set_aside) {
        const struct replace_scope scope = {
            .file_id = l->entry.file_id,
            .run_first_id = run->run_first_id,
            .now_us = l->entry.learned_at_us,
            .same_path = l->same_path,
            .n_same_path = l->n_same_path,
            .changed = l->n_same_path > 0,
            .first = l->first,
            .former_id = l->former_id,
            .since_id = l->since_id,
        };
        ok = partition_replace(run->c, l->f, &l->table, &scope, &gone, run->es, e) &&
             (!l->latest || drift_remember(run->c, st, l->shape.cols, l->shape.n_cols, e));
    }
    int64_t line, left_out = ok ? loader_left_out(l->loader, &line) : 0;
    if (left_out) {
        struct err *w =
            errs_warn(run->es, E_QUARANTINED, l->f->path, (uint32_t)line, 1, "%lld row%s of totals below the table %s left out",
                      (long long)left_out, left_out == 1 ? "" : "s", left_out == 1 ? "was" : "were");
        err_hint(w, "all other rows are loaded. `totals: keep` in the stream's options loads such rows like any other");
        run->r->left_out += left_out;
    }
    if (ok && l->entry.rows_quarantined) {
        ok = quarantine_store(run->c, l->loader, st, l->shape.cols, l->shape.n_cols, l->entry.file_id, l->entry.learned_at_us,
                              run->suppressed, &rejects, e);
        if (ok && !l->set_aside) {
            struct err *w = errs_warn(run->es, E_QUARANTINED, l->f->path, 0, 0, "%lld of %lld rows went to quarantine: %s",
                                      (long long)l->entry.rows_quarantined,
                                      (long long)(l->entry.rows_quarantined + l->entry.rows_loaded), buf_z(&rejects));
            err_hint(w, "the rest is loaded. Correct the file, or the options and types of its stream: then it is read again");
        }
    }
    ok = ok && job_remember(l, e) && ledger_write(l, &gone, e);
    buf_fini(&rejects);
    fault_crash_point("load_before_commit");
    return ok;
}

static void stream_changed(struct run *run, struct arena *a, const struct mesh_stream *st)
{
    struct ingest_report *r = run->r;
    for (size_t i = 0; i < r->n_changed; i++) {
        if (str_eq(r->changed_streams[i], st->ref))
            return;
    }
    if (r->n_changed == run->cap_changed) { /* at most one per stream: the arena keeps the outgrown halves */
        run->cap_changed = run->cap_changed ? run->cap_changed * 2 : 32;
        struct str *grown = arena_array(a, run->cap_changed, sizeof *grown);
        if (r->n_changed)
            memcpy(grown, r->changed_streams, r->n_changed * sizeof *grown);
        r->changed_streams = grown;
    }
    r->changed_streams[r->n_changed++] = st->ref;
}

static bool file_load(struct run *run, const struct file_found *f, struct arena *a, struct err *e)
{
    struct load l = {.run = run, .f = f, .entry = {.learned_at_us = clock_now_us()}};
    enum drift_verdict drift = DRIFT_NONE;
    bool ok = false, begun = false;
    arena_init(&l.a);
    int fd = fault_fires(FAULT_OPEN) ? (errno = EIO, -1) : open(f->full.p, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        err_at(e, E_SOURCE_FILE, f->path, 0, 0, "the file cannot be opened: it is gone, or not allowed");
        goto out;
    }
    if (!same_file(f, fd, e) || !grown_find(run->c, f, fd, &l.a, &l.grown, e) || !child_start(&l, fd, e) ||
        !table_read(run->c, f->stream, &l.a, &l.table, e) ||
        !drift_judge(run->c, f, &l.table, l.shape.cols, l.shape.n_cols, l.entry.learned_at_us, &l.a, &drift, e, run->es, e) ||
        drift == DRIFT_REFUSED)
        goto out;
    l.set_aside = drift == DRIFT_SET_ASIDE;
    begun = engine_exec(run->c, STR("BEGIN"), e);
    ok = begun && file_write(&l, fd, e) && engine_exec(run->c, STR("COMMIT"), e);
    fault_crash_point("load_after_commit");
    if (ok) {
        run->r->files++;
        run->r->rows += l.entry.rows_loaded;
        run->r->quarantined += l.entry.rows_quarantined;
        run->r->replaced += l.entry.replaced_rows;
        stream_changed(run, a, f->stream);
        log_event(LOG_INFO, "ingest", "file_loaded", "stream=%.*s rows=%lld quarantined=%lld replaced=%lld bytes=%llu",
                  STR_FMT(f->stream->ref), (long long)l.entry.rows_loaded, (long long)l.entry.rows_quarantined,
                  (long long)l.entry.replaced_rows, (unsigned long long)f->size_bytes);
    }
out:
    loader_close(l.loader); /* before the rollback: nothing waits for a child */
    if (begun && !ok) {
        struct err ignored;
        if (!engine_exec(run->c, STR("ROLLBACK"), &ignored))
            log_event(LOG_DEBUG, "ingest", "rollback", "the transaction had ended already");
    }
    if (fd >= 0)
        close(fd);
    arena_fini(&l.a);
    return ok;
}

/* The engine says neither for which file nor where it could not write; a disk that is full at the commit it calls a transaction
 * that cannot go on. */
static void disk_tell(const struct run *run, const struct file_found *f, struct err *e)
{
    if ((e->code != E_IO && e->code != E_ENGINE) || e->file[0])
        return;
    struct err cause = *e;
    err_at(e, cause.code, f->path, 0, 0, "the file could not be loaded: %s", cause.text);
    err_hint(e, "nothing of it was loaded. The disk of the mesh's data folder may be full: free space for %s, then run again",
             run->s->data_dir);
}

/* For the stream's page, until the file loads. */
static bool problem_store(struct run *run, const struct file_found *f, const struct err *why, struct err *e)
{
    const struct engine_param p[] = {sql_text(f->stream->ref), sql_text(f->path), sql_text(str_of(err_info_get(why->code)->code)),
                                     sql_text(str_of(why->text)), sql_int(clock_now_us())};
    return sql_run(run->c, STR("DELETE FROM mesh.sys.ingest_problem WHERE stream = $1 AND path = $2"), p, 2, e) &&
           sql_run(run->c, STR("INSERT INTO mesh.sys.ingest_problem VALUES ($1, $2, $3, $4, make_timestamp(CAST($5 AS BIGINT)))"),
                   p, 5, e);
}

/* Contracts may have changed since the last load: bring the tables in line, stream by stream. */
static bool tables_follow(struct run *run, const struct mesh_stream *st, struct err *e)
{
    struct arena a;
    struct raw_table t;
    arena_init(&a);
    bool ok = table_read(run->c, st, &a, &t, e);
    if (ok && t.exists && !table_fits(st, &t)) {
        struct err ignored;
        ok = engine_exec(run->c, STR("BEGIN"), e);
        bool done = ok && table_retype(run->c, st, &a, &t, e) && table_fit(run->c, st, NULL, 0, &a, &t, e) &&
                    engine_exec(run->c, STR("COMMIT"), e);
        if (ok && !done && !engine_exec(run->c, STR("ROLLBACK"), &ignored))
            log_event(LOG_DEBUG, "ingest", "rollback", "the transaction had ended already");
        ok = done;
    }
    arena_fini(&a);
    return ok;
}

static bool wanted(const struct ingest_options *o, const struct mesh_stream *st)
{
    for (size_t i = 0; i < o->n_streams; i++) {
        if (str_eq(o->streams[i], st->ref))
            return !st->source->events;
    }
    return o->n_streams == 0 && !st->source->events;
}

/* Refusals of single files and streams are in `es`; false only for what stops the whole run. */
static bool files_load(struct run *run, const struct file_found *files, size_t n, struct arena *a, struct err *e)
{
    const struct mesh_stream *stuck = NULL, *present = NULL;
    for (size_t i = 0; i < n; i++)
        run->progress.bytes_total += (int64_t)files[i].size_bytes;
    run->progress.files = n;
    for (size_t i = 0; i < n; i++) {
        const struct file_found *f = &files[i];
        struct err bad = {0};
        run->progress.stream = f->stream->ref;
        run->progress.file = f->path;
        run->progress.file_no = i + 1;
        run->progress.rows = run->r->rows;
        run->progress.quarantined = run->r->quarantined;
        if (run->o->progress)
            progressed(run, 0, 0, 0);
        bool follow = f->stream != present;
        present = f->stream;
        bool ok = f->stream != stuck && (!follow || tables_follow(run, f->stream, &bad)) && file_load(run, f, a, &bad);
        run->base_bytes += (int64_t)f->size_bytes;
        if (ok)
            continue;
        run->r->files_failed++;
        disk_tell(run, f, &bad);
        if (bad.code == E_CANCELLED || bad.code == E_MEMORY || (run->o->cancel && atomic_load(run->o->cancel))) {
            *e = bad;
            if (bad.code != E_MEMORY)
                e->code = E_CANCELLED;
            return false;
        }
        if (f->stream == stuck)
            continue;
        errs_push(run->es, &bad);
        log_err(LOG_WARN, "ingest", "file_refused", &bad);
        if (bad.code == E_DRIFT && !str_eq(str_of(bad.file), f->path))
            stuck = f->stream; /* the contract itself does not fit: no file of the stream will */
        if (!problem_store(run, f, &bad, e)) {
            disk_tell(run, f, e);
            return false;
        }
    }
    return true;
}

/* Whether any table of a source has a column that names a currency. */
static bool currency_column(struct run *run, const struct mesh_source *src, bool *found, struct err *e)
{
    struct arena a;
    bool ok = true;
    *found = false;
    arena_init(&a);
    for (size_t i = 0; ok && i < src->n_streams && !*found; i++) {
        struct raw_table t;
        ok = table_read(run->c, &src->streams[i], &a, &t, e);
        for (size_t k = 0; ok && k < t.n; k++)
            *found = *found || str_find(t.cols[k].name, STR("currency"), 0) != SIZE_MAX;
    }
    arena_fini(&a);
    return ok;
}

/* Amounts of a platform of which nobody says the currency cannot be converted: said with every load, until it is declared. */
static bool currencies_tell(struct run *run, const struct file_found *files, size_t n, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        const struct mesh_source *src = files[i].stream->source;
        bool found, money = false, told = src->currency.n || !src->pack.n;
        for (size_t k = 0; k < i && !told; k++)
            told = files[k].stream->source == src;
        for (size_t k = 0; k < src->n_streams; k++)
            money = money || src->streams[k].load == LOAD_REPLACE_DAYS;
        if (told || !money)
            continue;
        if (!currency_column(run, src, &found, e))
            return false;
        if (!found) {
            struct err *w =
                errs_warn(run->es, E_SOURCE_FILE, src->pos.file, src->pos.line, src->pos.col,
                          "no table of the source %.*s carries a currency, and none is declared: its amounts cannot be converted",
                          STR_FMT(src->name));
            err_hint(w, "write `currency: EUR` (or what the account is billed in) into the source");
        }
    }
    return true;
}

bool ingest_run(struct state *s, const struct mesh *m, const struct ingest_options *o, struct arena *a, struct ingest_report *r,
                struct errs *es, struct err *e)
{
    struct run run = {.s = s, .m = m, .o = o, .r = r, .es = es};
    struct discovered d = {0};
    *r = (struct ingest_report){0};
    if (!engine_connect(s->engine, &run.c, e))
        return false;
    bool ok = suppressed_read(s, &run.suppressed, e) && discover_files(run.c, m, o->streams, o->n_streams, run.suppressed, a, &d, es, e) && moves_write(run.c, &d, e);
    /* A contract that changed without a new file. */
    for (size_t i = 0; ok && i < m->n_streams; i++) {
        bool has_files = false;
        struct err bad = {0};
        for (size_t k = 0; k < d.n; k++)
            has_files = has_files || d.files[k].stream == m->streams[i];
        if (!has_files && wanted(o, m->streams[i]) && !tables_follow(&run, m->streams[i], &bad))
            errs_push(es, &bad);
    }
    ok = ok && files_load(&run, d.files, d.n, a, e) && currencies_tell(&run, d.files, d.n, e);
    suppressed_free(run.suppressed);
    engine_disconnect(run.c);
    return ok;
}
