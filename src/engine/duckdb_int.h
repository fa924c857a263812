/* What the files of the DuckDB engine share. */
#ifndef ENGINE_DUCKDB_INT_H
#define ENGINE_DUCKDB_INT_H

#include <duckdb.h>
#include <pthread.h>
#include <stdatomic.h>

#include "engine/engine.h"

struct watchdog; /* duckdb_watchdog.c: one thread per engine that ends calls past their deadline */

struct engine {
    duckdb_database db;
    struct watchdog *watchdog;
    char *path;                    /* of the data file; NULL: none */
    unsigned char *key;            /* in locked memory; NULL: plain */
    pthread_mutex_t use_lock;      /* guards users, quiet: duckdb_copy.c */
    pthread_cond_t use_cond;
    int users;                     /* connections with a call, an open result or a transaction */
    struct engine_conn *quiet;     /* who alone may use the engine; NULL: everybody may */
};

struct engine_conn {
    struct engine *engine;
    duckdb_connection conn;
    char *last_message;            /* the engine's own words of the last failure; owned */
    struct engine_result *open;    /* the streaming result, at most one */
    duckdb_prepared_statement parser; /* json_serialize_sql, prepared once */
    int64_t timeout_ms;            /* 0: none */
    int uses;                      /* calls, results and transactions that keep the engine in use; of the connection's thread */
    bool in_transaction;
    /* Shared with the watchdog and with engine_interrupt. */
    atomic_int calls;              /* > 0 while a call or an open result holds the connection */
    atomic_bool interrupted, timed_out;
    int64_t due_us;                /* guarded by the watchdog's lock; 0: not armed */
    struct engine_conn *next;      /* the watchdog's list, same lock */
};

/* A column's type, with its children for nested types, read once per result. */
struct coltype {
    duckdb_type id, storage;       /* storage: physical type of DECIMAL and ENUM */
    uint8_t scale;
    uint64_t array_size;
    struct coltype *children;
    struct str *names;             /* fields of STRUCT and members of UNION, values of ENUM */
    size_t n;
};

struct engine_chunk {
    duckdb_data_chunk chunk;
    size_t rows, cols;
    const struct coltype *types;
    void **data;
    uint64_t **validity;           /* NULL: no NULLs */
    duckdb_vector *vectors;
};

struct engine_result {
    struct engine_conn *conn;
    struct str sql;                /* copy, for positions of errors while streaming */
    duckdb_prepared_statement stmt;
    duckdb_result result;
    bool has_result, done;
    struct arena arena;            /* columns, types, chunk arrays */
    struct engine_column *cols;
    size_t n_cols;
    struct engine_chunk chunk;
};

/* duckdb_error.c. `raw` is the engine's message, JSON or plain; positions count in `sql`. Always false. */
bool duck_error(struct engine_conn *c, const char *raw, struct str sql, struct err *e);
/* line:col (1-based, in characters) of a byte offset. */
void duck_position(struct str sql, uint64_t offset, uint32_t *line, uint32_t *col);

/* When one thread of a query fails, the engine interrupts the others, and now and then it is their interrupt that it reports
 * rather than the cause. True for such a report: nobody of ours asked for an interrupt. */
bool duck_cause_lost(const struct engine_conn *c, const char *raw);

/* duckdb_types.c */
void coltype_read(struct arena *a, duckdb_logical_type t, struct coltype *out);
struct str coltype_name(struct arena *a, duckdb_logical_type t);
enum engine_type coltype_public(duckdb_type id);

/* duckdb_query.c: a NUL-terminated copy, E_SQL when the text holds a NUL. Owned: mem_free. */
char *duck_sqlz(struct str sql, struct err *e);
/* Brackets of every call: false when a fault fires or the connection is busy with an open result of its own. */
bool duck_call_begin(struct engine_conn *c, struct err *e);
void duck_call_end(struct engine_conn *c);
bool duck_bind(struct engine_conn *c, duckdb_prepared_statement st, const struct engine_param *params, size_t n,
               struct err *e);

/* duckdb_encrypt.c. The key is ENGINE_KEY_BYTES, or NULL for a plain file. */
bool duck_encryption_load(struct engine_conn *c, struct err *e);
bool duck_attach(struct engine_conn *c, const char *path, const char *alias, const unsigned char *key, struct err *e);

/* duckdb_copy.c: who uses the engine, so that its data file can be exchanged when nobody does. */
bool duck_use_begin(struct engine_conn *c, struct err *e);
void duck_use_end(struct engine_conn *c);
void duck_transaction_note(struct engine_conn *c, struct str sql, bool done);

/* duckdb_watchdog.c */
struct watchdog *watchdog_new(struct err *e);
void watchdog_free(struct watchdog *w);
void watchdog_add(struct watchdog *w, struct engine_conn *c);
void watchdog_remove(struct watchdog *w, struct engine_conn *c);
void watchdog_arm(struct watchdog *w, struct engine_conn *c, int64_t due_us); /* 0: disarm */
void watchdog_wake(struct watchdog *w);

#endif
