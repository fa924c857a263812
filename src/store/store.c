/* The control store: opening, migrating, statements. The tables of each kind have a file of their own. */
#include "store/store.h"

#include <stdio.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/fs.h"
#include "base/log.h"
#include "store/store_int.h"

enum { STORE_BUSY_MS = 5000 };

const struct store_migration store_migrations[] = {
    {
        "CREATE TABLE run (run_id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, trigger_ TEXT NOT NULL, status INTEGER "
        "NOT NULL,"
        " started_at_us INTEGER NOT NULL, finished_at_us INTEGER NOT NULL DEFAULT 0, message TEXT NOT NULL DEFAULT '',"
        " ports_built INTEGER NOT NULL DEFAULT 0, ports_failed INTEGER NOT NULL DEFAULT 0, ports_skipped INTEGER NOT NULL "
        "DEFAULT 0,"
        " rows_ INTEGER NOT NULL DEFAULT 0) STRICT;"
        "CREATE TABLE run_port (id INTEGER PRIMARY KEY AUTOINCREMENT, run_id INTEGER NOT NULL, ref TEXT NOT NULL, status TEXT "
        "NOT NULL,"
        " message TEXT NOT NULL, code TEXT NOT NULL, rows_ INTEGER NOT NULL, elapsed_ms INTEGER NOT NULL, finished_at_us INTEGER "
        "NOT NULL,"
        " version_id INTEGER NOT NULL) STRICT;"
        "CREATE INDEX run_port_run ON run_port (run_id);"
        "CREATE INDEX run_port_ref ON run_port (ref, id);"
        "CREATE TABLE check_result (id INTEGER PRIMARY KEY AUTOINCREMENT, run_id INTEGER NOT NULL, ref TEXT NOT NULL, rule TEXT "
        "NOT NULL,"
        " column_ TEXT NOT NULL, metric TEXT NOT NULL, dimension TEXT NOT NULL, severity TEXT NOT NULL, verdict INTEGER NOT NULL,"
        " measured TEXT NOT NULL, expected TEXT NOT NULL, message TEXT NOT NULL, evaluated_at_us INTEGER NOT NULL) STRICT;"
        "CREATE INDEX check_result_ref ON check_result (ref, run_id);"
        "CREATE TABLE query_log (id INTEGER PRIMARY KEY AUTOINCREMENT, at_us INTEGER NOT NULL, principal TEXT NOT NULL, purpose "
        "TEXT NOT NULL,"
        " sql_shape TEXT NOT NULL, verdict TEXT NOT NULL, refs TEXT NOT NULL, rows_ INTEGER NOT NULL, elapsed_ms INTEGER NOT "
        "NULL) STRICT;"
        "CREATE TABLE setting (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;",
    },
    {
        "CREATE INDEX query_log_at ON query_log (at_us);"
        "CREATE TABLE request (id INTEGER PRIMARY KEY AUTOINCREMENT, asked_at_us INTEGER NOT NULL, answered_at_us INTEGER NOT NULL"
        " DEFAULT 0, kind TEXT NOT NULL, ref TEXT NOT NULL, field TEXT NOT NULL, domain TEXT NOT NULL, title TEXT NOT NULL,"
        " body TEXT NOT NULL, asker TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'open', answer TEXT NOT NULL DEFAULT '',"
        " answered_by TEXT NOT NULL DEFAULT '') STRICT;"
        "CREATE INDEX request_state ON request (state, domain);"
        "CREATE TABLE declared (ref TEXT NOT NULL, kind TEXT NOT NULL, fingerprint TEXT NOT NULL, PRIMARY KEY (ref, kind)) STRICT,"
        " WITHOUT ROWID;"
        "CREATE TABLE declared_change (id INTEGER PRIMARY KEY AUTOINCREMENT, at_us INTEGER NOT NULL, ref TEXT NOT NULL, kind TEXT NOT"
        " NULL, action TEXT NOT NULL, what TEXT NOT NULL) STRICT;"
        "CREATE INDEX declared_change_at ON declared_change (at_us);"
        "CREATE TABLE alert (id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, ref TEXT NOT NULL, message TEXT NOT NULL,"
        " raised_at_us INTEGER NOT NULL, sent_at_us INTEGER NOT NULL DEFAULT 0, cleared_at_us INTEGER NOT NULL DEFAULT 0,"
        " attempts INTEGER NOT NULL DEFAULT 0) STRICT;"
        "CREATE UNIQUE INDEX alert_open ON alert (kind, ref) WHERE cleared_at_us = 0;",
    },
    {
        "ALTER TABLE alert ADD COLUMN batch INTEGER NOT NULL DEFAULT 0;"
        "CREATE INDEX alert_batch ON alert (batch);"
        "CREATE TABLE message (id INTEGER PRIMARY KEY AUTOINCREMENT, batch INTEGER NOT NULL, kind TEXT NOT NULL, channel TEXT NOT"
        " NULL, once TEXT, subject TEXT NOT NULL, body TEXT NOT NULL, made_at_us INTEGER NOT NULL, sent_at_us INTEGER NOT NULL"
        " DEFAULT 0, given_up_at_us INTEGER NOT NULL DEFAULT 0, next_at_us INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,"
        " problem TEXT NOT NULL DEFAULT '') STRICT;"
        "CREATE UNIQUE INDEX message_once ON message (once, channel) WHERE once IS NOT NULL;"
        "CREATE INDEX message_waits ON message (next_at_us) WHERE sent_at_us = 0 AND given_up_at_us = 0;",
    },
    {
        "ALTER TABLE run_port ADD COLUMN data_to TEXT NOT NULL DEFAULT '';",
    },
    {
        "CREATE TABLE write_key (id INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL, sha256 TEXT NOT NULL UNIQUE, begins TEXT NOT"
        " NULL, label TEXT NOT NULL, created_at_us INTEGER NOT NULL, revoked_at_us INTEGER NOT NULL DEFAULT 0) STRICT;"
        "CREATE TABLE suppressed (hash TEXT PRIMARY KEY, kind TEXT NOT NULL, reason TEXT NOT NULL, added_at_us INTEGER NOT NULL) STRICT,"
        " WITHOUT ROWID;",
    },
    {
        /* What people decided of identities: `sealed` holds the identifiers, encrypted; `hashes` names them without telling them. */
        "CREATE TABLE identity_decision (id INTEGER PRIMARY KEY AUTOINCREMENT, action TEXT NOT NULL, sealed TEXT NOT NULL, hashes TEXT NOT"
        " NULL, reason TEXT NOT NULL, who TEXT NOT NULL, at_us INTEGER NOT NULL, withdrawn_at_us INTEGER NOT NULL DEFAULT 0, withdrawn_by"
        " TEXT NOT NULL DEFAULT '') STRICT;",
    },
    {
        "CREATE TABLE reveal (id INTEGER PRIMARY KEY AUTOINCREMENT, at_us INTEGER NOT NULL, principal TEXT NOT NULL, what TEXT NOT NULL,"
        " fields TEXT NOT NULL, reason TEXT NOT NULL) STRICT;"
        "CREATE INDEX reveal_what ON reveal (what);",
    },
    {
        /* Who may come in: src/store/users.h. Only hashes of what they show. */
        "CREATE TABLE user (name TEXT PRIMARY KEY, title TEXT NOT NULL, issuer TEXT NOT NULL, subject TEXT NOT NULL, roles TEXT NOT NULL,"
        " groups_ TEXT NOT NULL, password TEXT NOT NULL, created_at_us INTEGER NOT NULL, seen_at_us INTEGER NOT NULL, disabled INTEGER NOT"
        " NULL) STRICT, WITHOUT ROWID;"
        "CREATE UNIQUE INDEX user_subject ON user (issuer, subject) WHERE issuer <> '';"
        "CREATE TABLE user_session (id INTEGER PRIMARY KEY AUTOINCREMENT, hash TEXT NOT NULL UNIQUE, user TEXT NOT NULL, created_at_us INTEGER NOT"
        " NULL, seen_at_us INTEGER NOT NULL, expires_at_us INTEGER NOT NULL, address TEXT NOT NULL, agent TEXT NOT NULL) STRICT;"
        "CREATE INDEX user_session_user ON user_session (user);"
        "CREATE TABLE user_link (user TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE, by_ TEXT NOT NULL, created_at_us INTEGER NOT NULL, expires_at_us"
        " INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
        "CREATE TABLE service_token (id INTEGER PRIMARY KEY AUTOINCREMENT, hash TEXT NOT NULL UNIQUE, begins TEXT NOT NULL, title TEXT NOT NULL, by_"
        " TEXT NOT NULL, roles TEXT NOT NULL, purposes TEXT NOT NULL, created_at_us INTEGER NOT NULL, expires_at_us INTEGER NOT NULL, used_at_us"
        " INTEGER NOT NULL DEFAULT 0, ended_at_us INTEGER NOT NULL DEFAULT 0) STRICT;"
        "CREATE TABLE sign_in_failure (name_hash TEXT PRIMARY KEY, in_a_row INTEGER NOT NULL, locked_until_us INTEGER NOT NULL, at_us INTEGER NOT"
        " NULL) STRICT, WITHOUT ROWID;",
    },
    {
        /* What people asked about their own data: src/store/privacy.h. */
        "CREATE TABLE privacy_request (id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'open', identifier_kind TEXT"
        " NOT NULL, sealed TEXT NOT NULL, note TEXT NOT NULL, extension_reason TEXT NOT NULL DEFAULT '', asked_by TEXT NOT NULL, closed_by TEXT NOT NULL"
        " DEFAULT '', answer TEXT NOT NULL DEFAULT '', receipt_id TEXT NOT NULL DEFAULT '', problem TEXT NOT NULL DEFAULT '', counts TEXT NOT NULL DEFAULT"
        " '', anonymise INTEGER NOT NULL DEFAULT 0, received_at_us INTEGER NOT NULL, due_at_us INTEGER NOT NULL, asked_at_us INTEGER NOT NULL,"
        " started_at_us INTEGER NOT NULL DEFAULT 0, closed_at_us INTEGER NOT NULL DEFAULT 0) STRICT;"
        "CREATE INDEX privacy_request_state ON privacy_request (state);",
    },
    {
        /* What was shown of groups of people, and how many questions of them were asked today: src/store/released.h. */
        "CREATE TABLE released (id INTEGER PRIMARY KEY AUTOINCREMENT, ref TEXT NOT NULL, version_id INTEGER NOT NULL, people INTEGER NOT NULL, sketch BLOB NOT"
        " NULL) STRICT;"
        "CREATE INDEX released_ref ON released (ref, version_id);"
        "CREATE TABLE question_count (principal TEXT PRIMARY KEY, day INTEGER NOT NULL, n INTEGER NOT NULL) STRICT, WITHOUT ROWID;",
    },
    {
        /* Legal holds, and what retention did: src/store/holds.h. */
        "CREATE TABLE hold (id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, product TEXT NOT NULL, identifier_kind TEXT NOT NULL, customer_id"
        " TEXT NOT NULL, sealed TEXT NOT NULL, reason TEXT NOT NULL, by_ TEXT NOT NULL, at_us INTEGER NOT NULL, until_us INTEGER NOT NULL, ended_at_us"
        " INTEGER NOT NULL DEFAULT 0, ended_by TEXT NOT NULL DEFAULT '') STRICT;"
        "CREATE TABLE retention_report (id INTEGER PRIMARY KEY AUTOINCREMENT, at_us INTEGER NOT NULL, rows INTEGER NOT NULL, held INTEGER NOT NULL,"
        " dry_run INTEGER NOT NULL, by_ TEXT NOT NULL, report TEXT NOT NULL) STRICT;",
    },
    {
        /* What looks personal, by column: src/store/scan.h. */
        "CREATE TABLE scanned (ref TEXT NOT NULL, column_ TEXT NOT NULL, path TEXT NOT NULL, kind TEXT NOT NULL, proposed TEXT NOT NULL, why TEXT NOT NULL,"
        " at_us INTEGER NOT NULL, percent INTEGER NOT NULL, values_ INTEGER NOT NULL, hits INTEGER NOT NULL, PRIMARY KEY (ref, column_, path)) STRICT, WITHOUT ROWID;",
    },
    {
        /* Saved explorations: src/store/views.h. */
        "CREATE TABLE saved_view (id INTEGER PRIMARY KEY AUTOINCREMENT, at_us INTEGER NOT NULL, owner TEXT NOT NULL, title TEXT NOT NULL, ask TEXT NOT NULL, chart TEXT NOT NULL, shared"
        " INTEGER NOT NULL) STRICT;"
        "CREATE INDEX saved_view_owner ON saved_view (owner);",
    },
};
const size_t store_migrations_count = sizeof store_migrations / sizeof *store_migrations;

/* Which of the two files it is, for people. */
static const char *name_of(sqlite3 *db)
{
    const char *path = db ? sqlite3_db_filename(db, "main") : NULL;
    return path && str_ends(str_of(path), STR("audit.sqlite")) ? "audit log" : "control store";
}

bool store_fail(sqlite3 *db, struct err *e)
{
    int rc = sqlite3_errcode(db) & 0xff;
    switch (rc) {
    case SQLITE_FULL:
        err_set(e, E_IO, "the disk is full: the %s cannot be written", name_of(db));
        err_hint(e, "free some space and try again");
        break;
    case SQLITE_NOMEM:
        err_set(e, E_MEMORY, "not enough memory for the %s", name_of(db));
        break;
    case SQLITE_BUSY:
        err_set(e, E_BUSY, "another process is using the %s", name_of(db));
        break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        err_set(e, E_STORE, "the %s is damaged", name_of(db));
        err_hint(e, "%s", strcmp(name_of(db), "audit log") == 0
                              ? "keep the file, put the newest copy in its place: what was lost shows in `trellis audit verify`"
                              : "move control.sqlite away and start again: it holds runs, check results and settings, no product data");
        break;
    default:
        err_set(e, E_STORE, "the %s failed: %s", name_of(db), rc == SQLITE_OK ? "interrupted" : sqlite3_errmsg(db));
    }
    return false;
}

bool store_exec(sqlite3 *db, const char *sql, struct err *e)
{
    if (fault_fires(FAULT_STORE))
        return err_set(e, E_STORE, "the control store failed: injected fault");
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK || store_fail(db, e);
}

/* The statement succeeds where it could do nothing, too: that a reader of another connection was in the way stands in its row alone. */
bool store_log_empty(sqlite3 *db, struct err *e)
{
    sqlite3_stmt *st = NULL;
    if (sqlite3_prepare_v2(db, "PRAGMA wal_checkpoint(TRUNCATE)", -1, &st, NULL) != SQLITE_OK)
        return store_fail(db, e);
    bool ok = sqlite3_step(st) == SQLITE_ROW, done = ok && sqlite3_column_int(st, 0) == 0;
    sqlite3_finalize(st);
    if (!ok)
        return store_fail(db, e);
    return done || err_set(e, E_BUSY, "the %s is being read: what was forgotten is still in its write-ahead log", name_of(db));
}

/* ---- Migrations ---- */

static bool user_version(sqlite3 *db, int64_t *out, struct err *e)
{
    sqlite3_stmt *st = NULL;
    bool ok = sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &st, NULL) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW;
    if (ok)
        *out = sqlite3_column_int64(st, 0);
    else
        store_fail(db, e);
    sqlite3_finalize(st);
    return ok;
}

static bool back_up(sqlite3 *db, const char *path, int64_t version, struct err *e)
{
    char *target = sqlite3_mprintf("%s.backup-v%lld", path, (long long)version);
    sqlite3 *copy = NULL;
    bool ok = false;
    if (!target)
        return err_set(e, E_MEMORY, "not enough memory for a path");
    if (sqlite3_open_v2(target, &copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, store_vfs_for(target)) != SQLITE_OK) {
        store_fail(copy, e);
        goto out;
    }
    sqlite3_backup *b = sqlite3_backup_init(copy, "main", db, "main");
    if (!b || sqlite3_backup_step(b, -1) != SQLITE_DONE || sqlite3_backup_finish(b) != SQLITE_OK) {
        store_fail(copy, e);
        goto out;
    }
    log_event(LOG_INFO, "store", "backup", "version=%lld", (long long)version);
    ok = true;
out:
    if (!ok)
        err_prefix(e, "copying the control store to %s before its upgrade", target);
    sqlite3_close(copy);
    sqlite3_free(target);
    return ok;
}

bool store_migrate(sqlite3 *db, const char *path, const struct store_migration *m, size_t n, struct err *e)
{
    int64_t version;
    if (!user_version(db, &version, e))
        return false;
    if (version > (int64_t)n) {
        err_set(e, E_STATE_NEWER, "the control store has version %lld; this Trellis knows up to %zu", (long long)version, n);
        err_hint(e, "use the newer Trellis that wrote it, or restore its backup");
        return false;
    }
    if (version == (int64_t)n)
        return true;
    if (version > 0 && !back_up(db, path, version, e))
        return false;
    for (size_t i = (size_t)version; i < n; i++) {
        char set[64];
        snprintf(set, sizeof set, "PRAGMA user_version = %zu; COMMIT", i + 1);
        if (!store_exec(db, "BEGIN IMMEDIATE", e) || !store_exec(db, m[i].sql, e) || !store_exec(db, set, e)) {
            sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
            err_prefix(e, "upgrading the control store to version %zu", i + 1);
            return false;
        }
    }
    return true;
}

/* ---- Opening ---- */

/* What a dead process left running was interrupted, and what it blanked does not stand on behind its log. */
static const char at_open[] =
    "UPDATE run SET status = %d, finished_at_us = %lld, message = 'the process ended before the run did' WHERE status = %d;"
    "PRAGMA wal_checkpoint(TRUNCATE)";

/* SQLite need not count its memory under a lock of all threads: nobody asks. */
static void set_up(void)
{
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

bool store_open_file(const char *path, bool read_only, const char *pragmas, const struct store_migration *m, size_t n, struct store **out,
                     struct err *e)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, set_up);
    struct store *s = mem_alloc(sizeof *s);
    int how = read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    *out = NULL;
    pthread_mutex_init(&s->lock, NULL);
    s->path = mem_strdup(str_of(path));
    const char *vfs = store_vfs_for(path);
    bool ok = sqlite3_open_v2(path, &s->db, how | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW, vfs) == SQLITE_OK || store_fail(s->db, e);
    if (ok) {
        if (!read_only)
            chmod(path, 0600);
        sqlite3_busy_timeout(s->db, STORE_BUSY_MS);
        sqlite3_extended_result_codes(s->db, 1);
        ok = (!vfs || store_exec(s->db, "PRAGMA temp_store = MEMORY", e)) && store_exec(s->db, pragmas, e) && (read_only || store_migrate(s->db, path, m, n, e));
    }
    if (ok) {
        *out = s;
        return true;
    }
    err_prefix(e, "opening %s", path);
    store_close(s);
    return false;
}

bool store_open(const char *path, struct store **out, struct err *e)
{
    char sql[sizeof at_open + 64];
    snprintf(sql, sizeof sql, at_open, RUN_INTERRUPTED, (long long)clock_now_us(), RUN_RUNNING);
    /* NORMAL: a power cut may take the last lines, never the file; the ledger in the engine's file is what counts. */
    if (!store_open_file(path, false,
                         "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;"
                         "PRAGMA secure_delete = ON",
                         store_migrations, store_migrations_count, out, e))
        return false;
    if (store_exec((*out)->db, sql, e))
        return true;
    err_prefix(e, "opening %s", path);
    store_close(*out);
    *out = NULL;
    return false;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    sqlite3_close(s->db);
    pthread_mutex_destroy(&s->lock);
    mem_free(s->path);
    mem_free(s);
}

/* ---- Statements ---- */

bool store_begin(struct store_stmt *q, struct store *s, const char *sql, struct err *e)
{
    *q = (struct store_stmt){.s = s, .e = e};
    pthread_mutex_lock(&s->lock);
    if (!fault_fires(FAULT_STORE) && sqlite3_prepare_v2(s->db, sql, -1, &q->stmt, NULL) == SQLITE_OK)
        return true;
    store_fail(s->db, e);
    pthread_mutex_unlock(&s->lock);
    return false;
}

void store_bind_i64(struct store_stmt *q, int64_t v)
{
    if (sqlite3_bind_int64(q->stmt, ++q->bound, v) != SQLITE_OK)
        q->failed = true;
}

void store_bind_str(struct store_stmt *q, struct str v)
{
    if (v.n > INT32_MAX || sqlite3_bind_text(q->stmt, ++q->bound, v.p ? v.p : "", (int)v.n, SQLITE_TRANSIENT) != SQLITE_OK)
        q->failed = true;
}

void store_bind_bytes(struct store_stmt *q, struct str v)
{
    if (v.n > INT32_MAX || sqlite3_bind_blob(q->stmt, ++q->bound, v.p ? v.p : "", (int)v.n, SQLITE_TRANSIENT) != SQLITE_OK)
        q->failed = true;
}

bool store_row(struct store_stmt *q)
{
    if (q->failed)
        return false;
    int rc = fault_fires(FAULT_STORE) ? SQLITE_IOERR : sqlite3_step(q->stmt);
    if (rc == SQLITE_ROW)
        return true;
    if (rc != SQLITE_DONE)
        q->failed = true;
    return false;
}

bool store_step(struct store_stmt *q)
{
    while (store_row(q)) {
    }
    if (!q->failed) {
        sqlite3_reset(q->stmt);
        q->bound = 0;
    }
    return !q->failed;
}

bool store_end(struct store_stmt *q)
{
    if (q->failed)
        store_fail(q->s->db, q->e);
    sqlite3_finalize(q->stmt);
    pthread_mutex_unlock(&q->s->lock);
    return !q->failed;
}

int64_t store_col_i64(const struct store_stmt *q, int col)
{
    return sqlite3_column_int64(q->stmt, col);
}

struct str store_col_str(const struct store_stmt *q, struct arena *a, int col)
{
    const char *p = (const char *)sqlite3_column_text(q->stmt, col);
    int n = sqlite3_column_bytes(q->stmt, col);
    return p ? arena_str(a, (struct str){p, (size_t)n}) : (struct str){NULL, 0};
}
