/* The data file written anew: into a copy that holds nothing of what was deleted, and that copy put into its place while the engine
 * stays open. Connections, the catalogs in memory and their views live on, since views find tables by name when they are asked.
 *
 * A copy must have no reader or writer beside it, or a commit in between would be lost: quiet_begin waits for the moment when no call
 * runs, no result is open and no transaction has begun, and holds off new ones until quiet_end. */
#include "engine/duckdb_int.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"

enum { LOOK_AGAIN_US = 5000, REFUSED_AFTER_MS = 30000, SETTLE_TRIES = 20, SETTLE_AGAIN_US = 100000 };

/* ---- Quiet ---- */

bool duck_use_begin(struct engine_conn *c, struct err *e)
{
    struct engine *g = c->engine;
    if (c->uses++ > 0)
        return true;
    bool ok = true;
    struct timespec until;
    int64_t patience_ms = c->timeout_ms > 0 ? c->timeout_ms : REFUSED_AFTER_MS * 20;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += patience_ms / 1000;
    pthread_mutex_lock(&g->use_lock);
    while (ok && g->quiet && g->quiet != c)
        ok = pthread_cond_timedwait(&g->use_cond, &g->use_lock, &until) == 0 || !g->quiet;
    if (ok)
        g->users++;
    pthread_mutex_unlock(&g->use_lock);
    if (ok)
        return true;
    c->uses--;
    err_set(e, E_BUSY, "the data file is being written anew");
    err_hint(e, "try again in a minute");
    return false;
}

void duck_use_end(struct engine_conn *c)
{
    if (--c->uses > 0)
        return;
    pthread_mutex_lock(&c->engine->use_lock);
    c->engine->users--;
    pthread_mutex_unlock(&c->engine->use_lock);
}

/* Only SQL of this program comes here; it begins and ends transactions with these words at the beginning or end of a text. */
void duck_transaction_note(struct engine_conn *c, struct str sql, bool done)
{
    struct str s = str_trim(sql);
    bool begins = str_starts(s, STR("BEGIN")) || str_ends(s, STR("BEGIN"));
    bool ends = str_starts(s, STR("COMMIT")) || str_starts(s, STR("ROLLBACK")) || str_ends(s, STR("COMMIT")) || str_ends(s, STR("COMMIT;"));
    if (begins && !ends && done && !c->in_transaction) {
        c->in_transaction = true;
        c->uses++; /* within a call, so that it is in use already */
    } else if (ends && !begins && c->in_transaction) {
        c->in_transaction = false;
        duck_use_end(c);
    }
}

static bool quiet_begin(struct engine_conn *c, int64_t patience_ms, struct err *e)
{
    struct engine *g = c->engine;
    int64_t until_us = clock_mono_us() + patience_ms * 1000;
    for (;;) {
        pthread_mutex_lock(&g->use_lock);
        bool mine = !g->quiet && g->users == 0;
        if (mine)
            g->quiet = c;
        pthread_mutex_unlock(&g->use_lock);
        if (mine)
            return true;
        if (clock_mono_us() >= until_us)
            break;
        usleep(LOOK_AGAIN_US);
    }
    err_set(e, E_BUSY, "the data file cannot be written anew while it is being read or written");
    err_hint(e, "try again when runs and long questions are over");
    return false;
}

static void quiet_end(struct engine *g)
{
    pthread_mutex_lock(&g->use_lock);
    g->quiet = NULL;
    pthread_cond_broadcast(&g->use_cond);
    pthread_mutex_unlock(&g->use_lock);
}

/* ---- Copying ---- */

static void remove_copy(struct arena *a, const char *path)
{
    static const char *const ends[] = {"", ".wal", ".wal.checkpoint", ".wal.recovery"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        unlink(arena_printf(a, "%s%s", path, ends[i]).p);
}

static bool sync_path(const char *path, int flags, struct err *e)
{
    int fd = open(path, flags | O_CLOEXEC);
    bool ok = fd >= 0 && !fault_fires(FAULT_SYNC) && fsync(fd) == 0;
    if (!ok)
        err_errno(e, errno, "cannot bring %s onto the disk", path);
    if (fd >= 0)
        close(fd);
    return ok;
}

/* What stands in the two catalogs must agree, or the copy is not used. */
static const char counts_sql[] =
    "SELECT CAST(count(*) AS BIGINT) FROM (SELECT schema_name AS s, table_name AS n, sql FROM duckdb_tables() WHERE database_name = 'mesh'"
    " UNION ALL SELECT schema_name, view_name, sql FROM duckdb_views() WHERE database_name = 'mesh' AND NOT internal"
    " UNION ALL SELECT schema_name, index_name, sql FROM duckdb_indexes() WHERE database_name = 'mesh'"
    " UNION ALL SELECT schema_name, sequence_name, sql FROM duckdb_sequences() WHERE database_name = 'mesh'"
    " EXCEPT ALL (SELECT schema_name, table_name, sql FROM duckdb_tables() WHERE database_name = 'mesh_copy'"
    " UNION ALL SELECT schema_name, view_name, sql FROM duckdb_views() WHERE database_name = 'mesh_copy' AND NOT internal"
    " UNION ALL SELECT schema_name, index_name, sql FROM duckdb_indexes() WHERE database_name = 'mesh_copy'"
    " UNION ALL SELECT schema_name, sequence_name, sql FROM duckdb_sequences() WHERE database_name = 'mesh_copy'))";

static bool copy_agrees(struct engine_conn *c, struct err *e)
{
    int64_t missing = 0;
    if (!engine_value_i64(c, STR(counts_sql), NULL, 0, &missing, e))
        return false;
    return missing == 0 || err_set(e, E_ENGINE, "%lld tables, views or sequences did not arrive whole in the copy of the data file", (long long)missing);
}

static bool copy_with(struct engine_conn *c, const char *to, const unsigned char *key, struct err *e)
{
    struct arena a;
    arena_init(&a);
    remove_copy(&a, to);
    bool loaded = !key || c->engine->key || duck_encryption_load(c, e); /* a copy may bring the first key */
    bool attached = loaded && duck_attach(c, to, "mesh_copy", key, e);
    bool ok = attached && engine_exec(c, STR("COPY FROM DATABASE mesh TO mesh_copy"), e) && copy_agrees(c, e) &&
              engine_exec(c, STR("CHECKPOINT mesh_copy"), e);
    if (attached && !engine_exec(c, STR("DETACH mesh_copy"), ok ? e : NULL))
        ok = false;
    ok = ok && sync_path(to, O_RDONLY, e);
    if (!ok) {
        err_prefix(e, "writing the data file anew as %s", to);
        remove_copy(&a, to);
    }
    arena_fini(&a);
    return ok;
}

bool engine_copy(struct engine *g, const char *to_path, const unsigned char *key, struct err *e)
{
    struct engine_conn *c = NULL;
    bool ok = engine_connect(g, &c, e) && quiet_begin(c, REFUSED_AFTER_MS, e);
    if (ok) {
        ok = copy_with(c, to_path, key, e);
        quiet_end(g);
    }
    engine_disconnect(c);
    return ok;
}

/* A transaction of the engine's own, of a result that was closed a moment ago, can be in the way though nobody of ours is at work. */
static bool settle(struct engine_conn *c, const char *sql, const char *at_last, struct err *e)
{
    for (int i = 0; i < SETTLE_TRIES; i++) {
        struct err why = {0};
        if (engine_exec(c, str_of(sql), &why))
            return true;
        log_event(LOG_INFO, "engine", "not_settled", "sql=\"%s\" code=%s", sql, err_info_get(why.code)->code);
        usleep(SETTLE_AGAIN_US);
    }
    return engine_exec(c, str_of(at_last), e);
}

/* The rename is the moment: before it the old file counts, after it the new one. The old one's WAL was emptied by the DETACH. */
static bool swap_in(struct arena *a, struct engine_conn *c, const char *copy, struct err *e)
{
    struct engine *g = c->engine;
    if (!settle(c, "CHECKPOINT mesh", "FORCE CHECKPOINT mesh", e) || !settle(c, "DETACH mesh", "DETACH mesh", e)) {
        err_prefix(e, "putting the data file that was written anew into its place");
        return false;
    }
    bool ok = !fs_exists(arena_printf(a, "%s.wal", g->path).p) || err_set(e, E_ENGINE, "the data file's log could not be emptied");
    fault_crash_point("compact_before_rename");
    if (ok && (fault_fires(FAULT_RENAME) || rename(copy, g->path) != 0))
        ok = err_errno(e, errno, "cannot put the new data file into its place, %s", g->path);
    fault_crash_point("compact_after_rename");
    ok = ok && sync_path(arena_strz(a, fs_dirname(str_of(g->path))), O_RDONLY | O_DIRECTORY, e);
    struct err again;
    if (!duck_attach(c, g->path, "mesh", g->key, &again)) {
        log_err(LOG_ERROR, "engine", "data_file_not_back", &again);
        if (ok && e)
            *e = again;
        ok = false;
    }
    return ok;
}

bool engine_compact(struct engine *g, int64_t patience_ms, struct err *e)
{
    struct engine_conn *c = NULL;
    struct arena a;
    arena_init(&a);
    bool ok = false, quiet = false;
    if (!g->path) {
        err_set(e, E_INTERNAL, "an engine without a data file has nothing to write anew");
        goto out;
    }
    const char *copy = arena_printf(&a, "%s%s", g->path, ENGINE_COPY_SUFFIX).p;
    if (!engine_connect(g, &c, e) || !(quiet = quiet_begin(c, patience_ms, e)) || !copy_with(c, copy, g->key, e))
        goto out;
    ok = swap_in(&a, c, copy, e);
    remove_copy(&a, copy);
out:
    if (quiet)
        quiet_end(g);
    engine_disconnect(c);
    arena_fini(&a);
    return ok;
}
