/* What the files of the control store share. Only src/store includes sqlite3.h. */
#ifndef STORE_STORE_INT_H
#define STORE_STORE_INT_H

#include <pthread.h>
#include <sqlite3.h>

#include "store/store.h"

struct store {
    sqlite3 *db;
    pthread_mutex_t lock; /* guards db: one statement, or one transaction, at a time */
    char *path;
};

/* A step of the schema; versions count from 1 without a gap and never change once released. */
struct store_migration {
    const char *sql;
};
extern const struct store_migration store_migrations[];
extern const size_t store_migrations_count;

/* Brings `db` to version n: newer is E_STATE_NEWER; older (but not new) is copied to <path>.backup-v<old> first. */
MUST_CHECK bool store_migrate(sqlite3 *db, const char *path, const struct store_migration *m, size_t n, struct err *e);
MUST_CHECK bool store_exec(sqlite3 *db, const char *sql, struct err *e);

/* A file with its pragmas and migrations; of a file that is only read neither its mode nor its version is touched. */
MUST_CHECK bool store_open_file(const char *path, bool read_only, const char *pragmas, const struct store_migration *m, size_t n,
                                struct store **out, struct err *e);

/* The layer that encrypts a file below a folder that is held under a key (vfs.c); NULL: SQLite's own. */
const char *store_vfs_for(const char *path);

/* One statement with its lock held from begin to end. Parameters are bound in order; a str without pointer is NULL. */
struct store_stmt {
    struct store *s;
    sqlite3_stmt *stmt;
    int bound;
    bool failed;
    struct err *e;
};
MUST_CHECK bool store_begin(struct store_stmt *q, struct store *s, const char *sql, struct err *e);
void store_bind_i64(struct store_stmt *q, int64_t v);
void store_bind_str(struct store_stmt *q, struct str v);
void store_bind_bytes(struct store_stmt *q, struct str v);
bool store_row(struct store_stmt *q);             /* false: no more rows, or failed */
MUST_CHECK bool store_step(struct store_stmt *q); /* a statement without rows, run once more with new values after it */
MUST_CHECK bool store_end(struct store_stmt *q);  /* false: e is filled */
int64_t store_col_i64(const struct store_stmt *q, int col);
struct str store_col_str(const struct store_stmt *q, struct arena *a, int col); /* copied; NULL is empty */

bool store_fail(sqlite3 *db, struct err *e); /* fills e from the connection; always false */
MUST_CHECK bool store_log_empty(sqlite3 *db, struct err *e); /* `lock` held; E_BUSY: somebody reads */

#endif
