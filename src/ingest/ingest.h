/* Bringing in files: find what is new, read it in a child process, set bad rows aside, replace restated days, keep history. */
#ifndef INGEST_INGEST_H
#define INGEST_INGEST_H

#include <stdatomic.h>

#include "mesh/mesh.h"
#include "store/ledger.h"
#include "store/state.h"

struct ingest_file {
    struct mesh_stream *stream;
    struct str path;
    const char *reason; /* "new", "changed" */
    uint64_t size_bytes;
};
/* Files whose content has not been loaded into their stream yet, in load order. A required stream without any file is an error in
 * `es`. */
MUST_CHECK bool ingest_discover(struct state *s, const struct mesh *m, struct arena *a, struct ingest_file **out, size_t *n,
                                struct errs *es, struct err *e);

struct ingest_progress {
    struct str stream, file;
    int64_t rows, quarantined, bytes_done, bytes_total;
    size_t file_no, files;
};
struct ingest_options {
    const char *program; /* path of this binary, for the child */
    const struct str *streams;
    size_t n_streams; /* empty: all */
    void (*progress)(void *ctx, const struct ingest_progress *p);
    void *ctx;
    const atomic_bool *cancel;
};
struct ingest_report {
    size_t files, files_failed;
    int64_t rows, quarantined, replaced, left_out; /* left out: totals below a table */
    struct str *changed_streams;
    size_t n_changed;
};
/* Loads all that is new. A file that fails leaves its stream as it was; its error goes to `es` and the others go on. Warnings
 * (shrunken partition, new column under evolve, missing currency) too. */
MUST_CHECK bool ingest_run(struct state *s, const struct mesh *m, const struct ingest_options *o, struct arena *a,
                           struct ingest_report *r, struct errs *es, struct err *e);

/* Columns of a stream's raw table as they are now (data columns in order), and its state for the page. */
struct ingest_column {
    struct str name, type;
};
MUST_CHECK bool ingest_stream_columns(struct engine_conn *c, const struct mesh_stream *st, struct arena *a,
                                      struct ingest_column **out, size_t *n, struct err *e);
/* SELECT over raw (and history) of a stream, as unmasked view text; moment_us 0: now. Columns: data…, _learned_from,
 * _source_currency. Typed empty SELECT when nothing was loaded. */
MUST_CHECK bool ingest_stream_view_sql(struct engine_conn *c, const struct mesh_stream *st, int64_t moment_us, struct buf *out,
                                       struct err *e);
struct ingest_reason {
    struct str reason;
    int64_t count;
    struct str first_file;
    int64_t first_line;
};
struct ingest_drift {
    struct str column, change, file;
    int64_t at_us;
};
struct ingest_stream_state {
    int64_t files, rows, rows_quarantined, last_loaded_us;
    struct str data_from, data_to, state, message;
    struct ingest_reason *reasons;
    size_t n_reasons;
    struct ingest_drift *drift;
    size_t n_drift;
};
MUST_CHECK bool ingest_stream_state(struct engine_conn *c, const struct mesh_stream *st, struct arena *a,
                                    struct ingest_stream_state *out, struct err *e);

/* What a file looks like (in a child): for `trellis add files` and the upload page. What is found here is what a load finds: the
 * same code looks, and what only a whole column can tell (`options`) is written into the stream. Values of columns whose name or
 * content speaks of a person are replaced by INGEST_HIDDEN. */
#define INGEST_HIDDEN "hidden: personal"
enum { INGEST_SAMPLE_ROWS = 20, INGEST_EXAMPLES = 3 };
struct ingest_said {
    struct str message, hint;
};
struct ingest_examples {
    struct str v[INGEST_EXAMPLES];
    size_t n;
};
struct ingest_inferred {
    struct str format, encoding, compression, delimiter; /* empty where the format has none; delimiter as text: "," or "\t" */
    struct str sheet, *sheets;                           /* of a workbook */
    size_t n_sheets;
    int64_t header_row;                       /* line or row of the names, from 1; 0: the file has none */
    struct str day_column, decimal_separator; /* "," or empty */
    struct str options;                       /* for struct mesh_add_options: YAML between the brackets */
    struct mesh_column *columns;              /* name, types, class, business_name: the header as it was written */
    size_t n_columns;
    struct ingest_examples *examples; /* by column */
    struct str *rows;                 /* n_rows * n_columns; p NULL: no value */
    size_t n_rows;
    int64_t rows_sampled, rows_left_out; /* left out: totals below the table */
    struct ingest_said *problems;        /* what a person should know before the file is added */
    size_t n_problems;
};
struct ingest_look_options {
    const char *program, *path;
    struct str name;  /* as the person calls the file; empty: as `path` ends */
    struct str sheet; /* empty: the one with the largest table */
};
MUST_CHECK bool ingest_look(const struct ingest_look_options *o, struct arena *a, struct ingest_inferred *out, struct err *e);
MUST_CHECK bool ingest_infer(const char *program, const char *path, struct arena *a, struct ingest_inferred *out, struct err *e);

/* The child: `trellis loader-child`, job as JSON on fd 0, data on fd 3. Never opens anything but the named file. */
int loader_child_main(void);

#endif
