/* What the files of the ingest module share (the parent's side). */
#ifndef INGEST_INGEST_INT_H
#define INGEST_INGEST_INT_H

#include "base/fs.h"
#include "ingest/ingest.h"
#include "ingest/loader.h"

/* sql.c: small statements on trusted SQL. */
MUST_CHECK bool sql_run(struct engine_conn *c, struct str sql, const struct engine_param *p, size_t n, struct err *e);
MUST_CHECK bool sql_run_buf(struct engine_conn *c, struct buf *sql, struct err *e); /* fails when the buffer has */
/* Calls `row` for each row of the answer. */
MUST_CHECK bool sql_each(struct engine_conn *c, struct str sql, const struct engine_param *p, size_t n,
                         bool (*row)(void *ctx, const struct engine_chunk *ch, size_t at, struct err *e), void *ctx,
                         struct err *e);
void sql_table(struct buf *b, const char *schema, struct str ref); /* mesh.raw."domain.source__stream" */
void sql_timestamp(struct buf *b, int64_t us);                     /* make_timestamp(...) */
static inline struct engine_param sql_text(struct str s)
{
    return (struct engine_param){.type = ENGINE_TEXT, .null = s.p == NULL, .s = s};
}
static inline struct engine_param sql_int(int64_t i)
{
    return (struct engine_param){.type = ENGINE_INT, .i = i};
}

struct suppressed; /* people.h */

/* discover.c */
struct file_found {
    struct mesh_stream *stream;
    struct str path; /* as the ledger has it: relative to the mesh folder where it lies below, else absolute; without the names of
                        people on the suppression list */
    struct str full; /* to open */
    struct str sha256;
    uint64_t size_bytes;
    int64_t mtime_ns;
    bool changed; /* the path gave other content before */
    bool reread;  /* this content is loaded, under another declaration of its stream */
};
/* A loaded content whose file was renamed, or whose path holds other content now while a copy lies beside it. */
struct file_moved {
    int64_t file_id;
    struct file_found at;
};
struct discovered {
    struct file_found *files;
    size_t n;
    struct file_moved *moved;
    size_t n_moved;
};
MUST_CHECK bool discover_files(struct engine_conn *c, const struct mesh *m, const struct str *streams, size_t n_streams,
                               const struct suppressed *listed, struct arena *a, struct discovered *out, struct errs *es,
                               struct err *e);
int natural_order(struct str a, struct str b); /* numbers by value, other characters by byte; ASCII case ignored first */

/* grown.c: what of a file earlier loads have. */
struct grown {
    int64_t *parts; /* loads of its beginning */
    size_t n_parts;
    int64_t records; /* that they took; the load passes over as many */
    bool anew;       /* the parts do not count: the load takes their place */
};
MUST_CHECK bool grown_find(struct engine_conn *c, const struct file_found *f, int fd, struct arena *a, struct grown *out,
                           struct err *e);

/* table.c: the raw and history tables of a stream. */
struct raw_table {
    bool exists;
    struct ingest_column *cols;
    size_t n;
}; /* data columns only */
MUST_CHECK bool table_read(struct engine_conn *c, const struct mesh_stream *st, struct arena *a, struct raw_table *out,
                           struct err *e);
/* Creates both tables, or adds what is missing: the contract's columns and `cols`. */
MUST_CHECK bool table_fit(struct engine_conn *c, const struct mesh_stream *st, const struct loader_column *cols, size_t n,
                          struct arena *a, struct raw_table *t, struct err *e);
/* Whether every column of the contract is there with its type. */
bool table_fits(const struct mesh_stream *st, const struct raw_table *t);
/* Brings the columns' types in line with the contract, where every value allows it. */
MUST_CHECK bool table_retype(struct engine_conn *c, const struct mesh_stream *st, struct arena *a, struct raw_table *t,
                             struct err *e);
const struct mesh_column *stream_column(const struct mesh_stream *st, struct str name);
struct engine_pipe_type contract_type(const struct mesh_stream *st, struct str name); /* text where the contract is silent */
bool raw_has(const struct raw_table *t, struct str name);

/* job.c */
/* `known`: records that earlier loads have of a file that has grown. */
void job_write(const struct mesh_stream *st, struct str file_name, int64_t known, struct buf *out);
/* Of all that decides what a file's values are (options, types other than text), and of all that decides which rows are
 * rejected (required columns, too). */
struct job_sums {
    struct sha values, rejects;
};
MUST_CHECK bool job_sums(const struct mesh_stream *st, struct arena *a, struct job_sums *out, struct err *e);

/* drift.c */
enum drift_verdict { DRIFT_NONE, DRIFT_TAKEN, DRIFT_SET_ASIDE, DRIFT_REFUSED };
/* Compares a file's columns with the stream's; records what changed; says what the policy makes of it. A file that is read again
 * was judged before: only a required column may fail it, and nothing of it is set aside. For DRIFT_REFUSED *why is the error.
 * Warnings go to `es`. */
MUST_CHECK bool drift_judge(struct engine_conn *c, const struct file_found *f, const struct raw_table *t,
                            const struct loader_column *cols, size_t n, int64_t now_us, struct arena *a, enum drift_verdict *out,
                            struct err *why, struct errs *es, struct err *e);
MUST_CHECK bool drift_remember(struct engine_conn *c, const struct mesh_stream *st, const struct loader_column *cols, size_t n,
                               struct err *e);

/* quarantine.c: without the text of rows that name somebody suppressed. Stores the rejected rows of a file. Reasons and counts of the file are added to *first as a sentence. */
MUST_CHECK bool quarantine_store(struct engine_conn *c, struct loader *l, const struct mesh_stream *st,
                                 const struct loader_column *cols, size_t n_cols, int64_t file_id, int64_t now_us,
                                 const struct suppressed *suppressed, struct buf *sentence, struct err *e);

/* partition.c: what a loaded file replaces. */
struct replaced {
    int64_t rows;
    bool has_days;
    int32_t day_from, day_to;
};
struct replace_scope {
    int64_t file_id, run_first_id, now_us;
    const int64_t *same_path;
    size_t n_same_path;
    bool changed, first; /* first: the stream was empty */
    int64_t former_id;   /* the same content as it was loaded before; 0: it is new */
    int64_t since_id;    /* the content's place: partitions that a file with a later place holds are not taken from it */
};
MUST_CHECK bool partition_replace(struct engine_conn *c, const struct file_found *f, const struct raw_table *t,
                                  const struct replace_scope *s, struct replaced *out, struct errs *es, struct err *e);
void day_expression(struct buf *b, const struct raw_table *t, struct str day_column, const char *prefix);

#endif
