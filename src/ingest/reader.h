/* In the loader child: a job, the file it names, and a reader per format that turns the file into rows. */
#ifndef INGEST_READER_H
#define INGEST_READER_H

#include "ingest/rows.h"
#include "ingest/source.h"

struct job_column {
    struct str name;
    struct engine_pipe_type type;
    bool required, show;
    struct cell_form form;
};

/* What the parent asks; texts empty where the file decides. */
struct job {
    struct str file_name, format, compression, encoding, delimiter, quote, escape, decimal, date_format, timestamp_format, sheet;
    int header, skip_rows; /* -1: the file decides */
    int header_rows;       /* 0: the file decides */
    int64_t known;         /* records that earlier loads have of a file that has grown */
    bool totals_kept, nested;
    bool no_quote; /* nothing quotes */
    bool fill;     /* short rows end in NULLs */
    bool look;     /* types are wanted, so more than a sample is looked at */
    struct str *nulls;
    size_t n_nulls;
    struct job_column *columns;
    size_t n_columns;
};

struct reading {
    struct arena arena;
    struct job job;
    int fd;                /* the file */
    struct source *source; /* not for Parquet */
    enum source_format format;
    struct dialect dialect; /* delimited text */
    struct rows rows;
    int64_t sampled;    /* records that were looked at to tell types */
    int64_t header_row; /* line or row of the names; 0: none */
    int64_t line;       /* for errors of the file as a whole; 0: unknown */
    struct str sheet, *sheets;
    size_t n_sheets;
    bool nested; /* JSON: objects within objects */
    void *state; /* the reader's own */
};

/* open: finds the columns (rows.cols, rows.n_cols, looks of a sample). run: all rows. close: NULL-safe on state. */
struct reader {
    const char *name;
    bool (*open)(struct reading *r, struct err *e);
    bool (*run)(struct reading *r, struct err *e);
    void (*close)(struct reading *r);
};
extern const struct reader reader_csv, reader_json, reader_ndjson, reader_parquet, reader_xlsx;

bool job_parse(struct arena *a, struct str json, struct job *out, struct err *e);
/* Chooses format and reader, opens it. The caller closes in any case. */
MUST_CHECK bool reading_open(struct reading *r, const struct reader **reader, struct err *e);
void reading_close(struct reading *r, const struct reader *reader);
void reading_schema(const struct reading *r, const struct reader *reader, struct buf *out); /* JSON */
void reading_found(const struct reading *r, struct buf *out); /* found.c: members of that JSON on what was looked at */

/* Names as the raw table has them: lower case, trimmed, everything else than letters and digits to `_`, repetitions
 * numbered, the loader's own column names kept free. An empty name becomes column_N. */
struct str column_normal(struct arena *a, struct str name, size_t index);
void columns_unique(struct arena *a, struct rows_column *cols, size_t n);
/* Types and classes of the job's columns onto the file's; decimal separator and null texts onto the rows. */
void reading_types(struct reading *r);

/* A window over the source that keeps whole records: [at, n) is unread, `end` says that nothing follows. */
struct window {
    char *p;
    size_t at, n, cap;
    bool end;
};
MUST_CHECK bool window_init(struct window *w, struct err *e);
void window_fini(struct window *w);
/* Moves the unread part to the front and reads more behind it, growing up to the longest record. When it was full already
 * nothing changes and *full is set. */
MUST_CHECK bool window_more(struct window *w, struct source *s, bool *full, struct err *e);

#endif
