/* Opening the state of a mesh: folders, lock, control store, engine, ledger; then what a crash may have left is put right.
 * The order matters: nothing is opened before the lock is held, nothing is upgraded before it is copied. */
#include "store/state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "store/encryption.h"
#include "store/ledger_int.h"
#include "store/store_audit.h"
#include "store/store_int.h"

static const char ledger_version_key[] = "ledger_version";

static const char *path_in(struct arena *a, const struct state *s, const char *name)
{
    return fs_join(a, str_of(s->data_dir), str_of(name)).p;
}

static bool make_folders(struct arena *a, const struct state *s, struct err *e)
{
    static const char *const names[] = {"", "cache", "files", "tmp"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!fs_mkdirs(path_in(a, s, names[i]), 0700, e))
            return false;
    }
    return chmod(s->data_dir, 0700) == 0 || err_errno(e, errno, "cannot close %s to others", s->data_dir);
}

/* The lock is the flock; the number in it only tells people who holds it. */
static bool take_lock(struct arena *a, struct state *s, struct err *e)
{
    const char *path = path_in(a, s, "trellis.lock");
    if (!fs_lock(path, &s->lock_fd, e)) {
        struct str pid;
        if (e && e->code == E_BUSY && fs_read(a, path, 32, &pid, NULL) && pid.n)
            err_hint(e, "process %.*s has this mesh open", STR_FMT(str_trim(pid)));
        return false;
    }
    char pid[24];
    int n = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
    if (ftruncate(s->lock_fd, 0) != 0 || pwrite(s->lock_fd, pid, (size_t)n, 0) != n)
        return err_errno(e, errno, "cannot write the lock %s", path);
    return true;
}

/* What a dead engine spilled. */
static void clear_temp(struct arena *a, const struct state *s)
{
    static const char *const ends[] = {"", ".wal", ".wal.checkpoint", ".wal.recovery"};
    struct err e;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) /* a copy that was being made of the data file */
        unlink(path_in(a, s, arena_printf(a, "mesh.duckdb" ENGINE_COPY_SUFFIX "%s", ends[i]).p));
    const char *tmp = path_in(a, s, "tmp");
    if (!fs_remove_tree(tmp, &e) || !fs_mkdirs(tmp, 0700, &e))
        log_err(LOG_WARN, "store", "temp_not_cleared", &e);
}

/* ---- Upgrade of the engine's file ---- */

static bool copy_file(const char *from, const char *to, struct err *e)
{
    char piece[1 << 16];
    bool ok = false;
    FILE *in = fopen(from, "re"), *out = in ? fopen(to, "we") : NULL;
    if (!in || !out) {
        err_errno(e, errno, "cannot copy %s to %s", from, to);
        goto out;
    }
    size_t n;
    while ((n = fread(piece, 1, sizeof piece, in)) > 0)
        if (fwrite(piece, 1, n, out) != n)
            break;
    ok = !ferror(in) && !ferror(out) && fflush(out) == 0 && fsync(fileno(out)) == 0;
    if (!ok)
        err_errno(e, errno, "cannot copy %s to %s", from, to);
out:
    if (in)
        fclose(in);
    if (out && fclose(out) != 0 && ok)
        ok = err_errno(e, errno, "cannot copy %s to %s", from, to);
    return ok;
}

/* The version that the control store remembers decides, since the engine's file must be copied before it is opened. */
static bool back_up_engine(struct arena *a, const struct state *s, const char **backup, struct err *e)
{
    struct str text;
    int64_t version = 0;
    *backup = NULL;
    const char *path = path_in(a, s, "mesh.duckdb");
    if (!fs_exists(path) || !store_setting_get(s->store, a, str_of(ledger_version_key), &text, e))
        return !fs_exists(path);
    if (str_to_i64(text, &version) && version >= (int64_t)ledger_migrations_count)
        return true; /* a version that is not known (the control store was lost) is copied, too */
    const char *copy = arena_printf(a, "%s.backup-v%lld", path, (long long)version).p;
    const char *wal = arena_printf(a, "%s.wal", path).p;
    if (!copy_file(path, copy, e) || (fs_exists(wal) && !copy_file(wal, arena_printf(a, "%s.wal", copy).p, e)))
        return false;
    *backup = copy;
    return true;
}

/* ---- Putting right what a crash left ---- */

/* A table or view without a line in the ledger was being built when its process died. */
static bool drop_unreferenced(struct engine_conn *c, struct err *e)
{
    struct engine_result *r = NULL;
    struct engine_chunk *ch;
    struct buf sql = BUF_INIT(16 << 20);
    size_t n = 0;
    bool ok = engine_query(
        c,
        STR("SELECT kind, name FROM (SELECT 1 AS kind, table_name AS name FROM duckdb_tables() WHERE database_name = 'mesh' AND"
            " schema_name = 'built' UNION ALL SELECT 0, view_name FROM duckdb_views() WHERE database_name = 'mesh' AND"
            " schema_name = 'built') WHERE name NOT IN (SELECT table_name FROM mesh.sys.port_version) ORDER BY kind, name"),
        NULL, 0, &r, e);
    while (ok && (ok = engine_result_next(r, &ch, e)) && ch)
        for (size_t row = 0; row < engine_chunk_rows(ch); row++, n++) {
            buf_addz(&sql, engine_cell_i64(ch, 0, row) ? "DROP TABLE mesh.built." : "DROP VIEW mesh.built.");
            buf_sql_ident(&sql, engine_cell_str(ch, 1, row));
            buf_addc(&sql, ';');
        }
    engine_result_close(r);
    ok = ok && buf_ok(&sql, e) && (n == 0 || engine_exec(c, buf_str(&sql), e));
    if (ok && n)
        log_event(LOG_INFO, "store", "unfinished_dropped", "tables=%zu", n);
    buf_fini(&sql);
    return ok;
}

/* A version that went live just before its process died is told to the control store now. */
static bool reconcile(struct state *s, struct engine_conn *c, struct arena *a, struct err *e)
{
    struct ledger_version *v;
    size_t n;
    if (!ledger_versions_live(c, a, &v, &n, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        struct store_stmt q;
        if (!store_begin(&q, s->store, "SELECT count(*) FROM run_port WHERE run_id = ? AND ref = ?", e))
            return false;
        store_bind_i64(&q, v[i].run_id);
        store_bind_str(&q, v[i].port);
        bool known = store_row(&q) && store_col_i64(&q, 0) > 0;
        if (!store_end(&q))
            return false;
        if (known)
            continue;
        struct store_run_port row = {.run_id = v[i].run_id,
                                     .ref = v[i].port,
                                     .status = STR("built"),
                                     .rows = v[i].rows,
                                     .finished_at_us = v[i].built_at_us,
                                     .version_id = v[i].version_id,
                                     .message = STR("its process ended right after it was built")};
        if (!store_run_port_add(s->store, &row, e))
            return false;
        log_event(LOG_INFO, "store", "reconciled", "port=%.*s run=%lld", STR_FMT(v[i].port), (long long)v[i].run_id);
    }
    return true;
}

static bool open_engine(struct arena *a, struct state *s, const struct state_options *o, struct err *e)
{
    const char *backup;
    struct engine_conn *c = NULL;
    if (!back_up_engine(a, s, &backup, e))
        return false;
    unsigned char key[ENGINE_KEY_BYTES];
    const struct cipher *cipher = cipher_for(s->data_dir);
    if (cipher)
        cipher_subkey(cipher, CIPHER_ENGINE, key, sizeof key);
    const struct engine_options options = {.data_path = path_in(a, s, "mesh.duckdb"),
                                           .temp_dir = path_in(a, s, "tmp"),
                                           .threads = o ? o->threads : 0,
                                           .memory_limit_bytes = o ? o->memory_limit_bytes : 0,
                                           .locked = true,
                                           .key = cipher ? key : NULL};
    bool opened = engine_open(&options, &s->engine, e);
    explicit_bzero(key, sizeof key);
    if (!opened || !engine_connect(s->engine, &c, e))
        return false;
    char version[24];
    snprintf(version, sizeof version, "%zu", ledger_migrations_count);
    bool ok = ledger_migrate(c, backup, e) && store_setting_set(s->store, str_of(ledger_version_key), str_of(version), e) &&
              drop_unreferenced(c, e) && reconcile(s, c, a, e);
    engine_disconnect(c);
    return ok;
}

bool state_open(const char *mesh_dir, const struct state_options *o, struct state **out, struct err *e)
{
    struct arena a;
    struct state *s = mem_alloc(sizeof *s);
    pthread_mutex_init(&s->kept_lock, NULL);
    bool ok = false;
    s->lock_fd = -1;
    *out = NULL;
    arena_init(&a);
    char *dir = realpath(mesh_dir, NULL);
    if (!dir) {
        err_errno(e, errno, "there is no folder %s", mesh_dir);
        goto out;
    }
    s->dir = mem_strdup(str_of(dir));
    s->data_dir = mem_strdup(fs_join(&a, str_of(dir), STR("data")));
    if (!make_folders(&a, s, e) || !take_lock(&a, s, e))
        goto out;
    clear_temp(&a, s);
    if (!encryption_repair(s->data_dir, e) || !encryption_hold(s->dir, s->data_dir, e))
        goto out;
    s->held = true;
    if (!store_open(path_in(&a, s, "control.sqlite"), &s->store, e) ||
        !store_audit_open(path_in(&a, s, "audit.sqlite"), false, &s->audit, e) || !open_engine(&a, s, o, e))
        goto out;
    *out = s;
    ok = true;
out:
    free(dir); /* banned-ok: realpath allocated it */
    if (!ok)
        state_close(s);
    arena_fini(&a);
    return ok;
}

void *state_kept_take(struct state *s)
{
    pthread_mutex_lock(&s->kept_lock);
    void *kept = s->kept;
    s->kept = NULL;
    pthread_mutex_unlock(&s->kept_lock);
    return kept;
}

void state_kept_give(struct state *s, void *kept, void (*free_it)(void *kept))
{
    pthread_mutex_lock(&s->kept_lock);
    void *old = s->kept;
    s->kept = kept;
    s->kept_free = free_it;
    pthread_mutex_unlock(&s->kept_lock);
    if (old)
        free_it(old);
}

void state_close(struct state *s)
{
    if (!s)
        return;
    if (s->kept)
        s->kept_free(s->kept);
    pthread_mutex_destroy(&s->kept_lock);
    engine_close(s->engine);
    store_close(s->audit);
    store_close(s->store);
    if (s->held)
        encryption_drop(s->data_dir);
    fs_unlock(&s->lock_fd);
    mem_free(s->data_dir);
    mem_free(s->dir);
    mem_free(s);
}
