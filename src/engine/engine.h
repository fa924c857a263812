/* The analytics engine behind one small interface; the only header of it that the rest of the
 * program sees. A connection belongs to one thread at a time; an engine may have many. */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

struct engine;
struct engine_conn;
struct engine_result;
struct engine_chunk;
struct engine_appender;

struct engine_options {
    const char *data_path;   /* database file attached under the alias `mesh`; NULL: memory only */
    const char *temp_dir;    /* spill folder; NULL: none */
    int threads;             /* 0: cores */
    uint64_t memory_limit_bytes; /* 0: 60 % of RAM */
    uint64_t temp_limit_bytes;   /* 0: 16 GiB */
    bool locked;             /* external access off, configuration locked: the serving engine. The loader child opens unlocked */
    const unsigned char *key; /* ENGINE_KEY_BYTES, copied: the data file, its log and what is spilled are encrypted; NULL: plain */
};
enum { ENGINE_KEY_BYTES = 32 };

/* E_ENCRYPTION: the extension for it is absent or not of this version, the key is another one, a key is given for a plain file or none
 * for an encrypted one. */
MUST_CHECK bool engine_open(const struct engine_options *o, struct engine **out, struct err *e);
void engine_close(struct engine *g);
const char *engine_version(void);

/* What a data file is, by its first bytes. NONE: absent or empty. */
enum engine_file { ENGINE_FILE_NONE, ENGINE_FILE_PLAIN, ENGINE_FILE_ENCRYPTED, ENGINE_FILE_OTHER };
enum engine_file engine_file_look(const char *path);
bool engine_can_encrypt(void); /* whether the extension is on this machine; its version shows when it is loaded */

/* `mesh` written anew into a file that holds nothing of what was deleted, under `key` (NULL: plain); on disk when it returns. A locked engine
 * may write <data_path>.copy alone. Waits for a moment without calls, open results and transactions (E_BUSY: none came), and holds
 * others off until it is done. */
#define ENGINE_COPY_SUFFIX ".copy"
MUST_CHECK bool engine_copy(struct engine *g, const char *to_path, const unsigned char *key, struct err *e);
/* The same in place, for an engine that is in use: copied under its own key and swapped in by a rename; connections, catalogs in memory
 * and views go on. The caller closes its results and transactions first. E_BUSY, E_IO, E_NO_SPACE, E_ENGINE: the old file is in use on. */
MUST_CHECK bool engine_compact(struct engine *g, int64_t patience_ms, struct err *e);

MUST_CHECK bool engine_connect(struct engine *g, struct engine_conn **out, struct err *e);
void engine_disconnect(struct engine_conn *c);

/* Errors: E_SQL (parse, bind), E_ENGINE, E_CANCELLED, E_TIMEOUT, E_MEMORY. The err text is safe to show (no
 * data values, no hidden names); the engine's own words go to engine_last_message for logs of trusted SQL. */
MUST_CHECK bool engine_exec(struct engine_conn *c, struct str sql, struct err *e);         /* one or more statements, rows dropped */
const char *engine_last_message(const struct engine_conn *c);                              /* borrowed until the next call */

/* Bound parameters ($1..). */
enum engine_type {
    ENGINE_OTHER, ENGINE_BOOL, ENGINE_INT, /* fits int64 */ ENGINE_HUGEINT, ENGINE_DOUBLE, ENGINE_DECIMAL,
    ENGINE_TEXT, ENGINE_DATE, ENGINE_TIME, ENGINE_TIMESTAMP, ENGINE_TIMESTAMP_TZ, ENGINE_BLOB, ENGINE_UUID, ENGINE_NESTED
};
struct engine_param { enum engine_type type; bool null; int64_t i; double f; struct str s; }; /* INT, DOUBLE, BOOL(i), TEXT; others as TEXT + cast in SQL */

struct engine_column { struct str name; struct str type_name; /* DECIMAL(18,6) */ enum engine_type type; uint8_t scale; };

/* Streamed: rows arrive as chunks while the query runs. Owned: engine_result_close, on every path. */
MUST_CHECK bool engine_query(struct engine_conn *c, struct str sql, const struct engine_param *params, size_t n_params,
                             struct engine_result **out, struct err *e);
size_t engine_result_columns(const struct engine_result *r, const struct engine_column **cols);
/* *chunk == NULL at the end. The chunk is borrowed until the next call. */
MUST_CHECK bool engine_result_next(struct engine_result *r, struct engine_chunk **chunk, struct err *e);
void engine_result_close(struct engine_result *r);

size_t engine_chunk_rows(const struct engine_chunk *ch);
bool engine_cell_null(const struct engine_chunk *ch, size_t col, size_t row);
int64_t engine_cell_i64(const struct engine_chunk *ch, size_t col, size_t row);   /* BOOL, INT, DATE(days), TIMESTAMP(us) */
/* The same of n rows from `from` on, 0 for NULL. */
void engine_cells_i64(const struct engine_chunk *ch, size_t col, size_t from, size_t n, int64_t *out);
void engine_cells_str(const struct engine_chunk *ch, size_t col, size_t from, size_t n, struct str *out); /* as engine_cell_str */
bool engine_column_is_text(const struct engine_chunk *ch, size_t col); /* VARCHAR, BLOB, ENUM: what engine_cell_str gives anything of */
/* Rows whose texts in all these columns are the same, found without looking at what they say: group[i] is the number of the group of row from + i, and
 * from + row[g] the first row of group g. Returns how many there are. Rows of one group are alike; rows of two may be, too. Columns that are no text are left out. */
enum { ENGINE_ALIKE_ROWS = 512, ENGINE_ALIKE_COLUMNS = 16 };
size_t engine_cells_alike(const struct engine_chunk *ch, const size_t *cols, size_t n_cols, size_t from, size_t n, uint16_t *group, uint16_t *row);
double engine_cell_f64(const struct engine_chunk *ch, size_t col, size_t row);    /* any number */
struct str engine_cell_str(const struct engine_chunk *ch, size_t col, size_t row);/* TEXT, BLOB: borrowed */
void engine_cell_text(const struct engine_chunk *ch, size_t col, size_t row, struct buf *out); /* exact text; nothing for NULL */
/* JSON per decision 11: exact numbers, integers beyond 2^53 as strings, dates ISO 8601, nested as JSON, NULL null, NaN null. */
void engine_cell_json(const struct engine_chunk *ch, size_t col, size_t row, struct buf *out);

/* One value, for the many small questions. Text form into `out`; *null says NULL or no row. */
MUST_CHECK bool engine_value(struct engine_conn *c, struct str sql, const struct engine_param *params, size_t n_params,
                             struct arena *a, struct str *out, bool *null, struct err *e);
MUST_CHECK bool engine_value_i64(struct engine_conn *c, struct str sql, const struct engine_param *params, size_t n_params,
                                 int64_t *out, struct err *e); /* NULL or no row: 0 */

/* From any thread while a call runs on the connection. */
void engine_interrupt(struct engine_conn *c);
double engine_progress(struct engine_conn *c, uint64_t *rows_done, uint64_t *rows_total); /* 0..1, or -1 unknown */
/* A watchdog interrupts the connection's calls after this long (0: none); they then fail with E_TIMEOUT. */
void engine_deadline(struct engine_conn *c, int64_t timeout_ms);

/* Whether the prepared statement is a single SELECT, and its result columns, without running it. */
MUST_CHECK bool engine_describe(struct engine_conn *c, struct str sql, struct arena *a,
                                struct engine_column **cols, size_t *n, struct err *e);
/* The syntax tree of one SELECT as JSON text (json_serialize_sql); E_SQL with line:col in the SQL when it does not parse. */
MUST_CHECK bool engine_parse(struct engine_conn *c, struct str sql, struct buf *json, struct err *e);

/* A function VARCHAR -> VARCHAR for SQL of this program, under this name in the whole engine; NULL stays NULL. `fn` writes the answer to `out` (empty at
 * first) and runs on many threads at once. The `bytes` at `ctx` are copied, and wiped when the engine closes. Again with the same name: replaced. */
typedef void (*engine_text_fn)(const void *ctx, struct str value, struct buf *out);
MUST_CHECK bool engine_text_function(struct engine *g, const char *name, engine_text_fn fn, const void *ctx, size_t bytes, struct err *e);

/* Bulk append by columns. Cells left unset are NULL. Text is copied on set. A value may be given as text for any type
 * only where append_text says so; types otherwise must match the table's columns. */
MUST_CHECK bool engine_append_open(struct engine_conn *c, struct str catalog, struct str schema, struct str table,
                                   struct engine_appender **out, struct err *e);
MUST_CHECK bool engine_append_row(struct engine_appender *ap, const struct engine_param *cells, size_t n, struct err *e);
MUST_CHECK bool engine_append_close(struct engine_appender *ap, struct err *e); /* flushes; frees in any case */

#endif
