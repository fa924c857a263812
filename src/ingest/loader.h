/* The parent's side of a loader child: start, ask, take blocks of rows, and end it whatever it does. */
#ifndef INGEST_LOADER_H
#define INGEST_LOADER_H

#include <stdatomic.h>

#include "ingest/cell.h"
#include "ingest/reader.h"

struct loader_column {
    struct str name;
    struct engine_pipe_type type;
    enum cell_look look;
};
struct loader_shape {
    struct loader_column *cols;
    size_t n_cols;
    struct str format;
    struct str found; /* the whole answer, JSON: more than this of a file that was looked at */
};

struct loader_options {
    const char *program;       /* this binary */
    const char *spool_dir;     /* for rejected rows until they are stored; the spool has no name there */
    struct str shown;          /* the file's path as errors name it */
    const atomic_bool *cancel; /* may be NULL */
    int64_t idle_ms;           /* 0: two minutes. A child that says nothing for so long is ended */
    /* Called at most ten times a second, from whichever thread reads, one at a time. */
    void (*progress)(void *ctx, int64_t rows, int64_t rejected, int64_t bytes);
    void *ctx;
};

struct loader;
/* Starts a child on an open file (not taken over) with a job (one line of JSON). */
MUST_CHECK bool loader_start(const struct loader_options *o, int file, struct str job, struct loader **out, struct err *e);
/* Ends the child if it still runs; NULL-safe. */
void loader_close(struct loader *l);

/* What the file holds; types are filled by the caller before loader_go. Borrowed. */
MUST_CHECK bool loader_schema(struct loader *l, struct arena *a, struct loader_shape *out, struct err *e);
/* `what`: 'L' rows, 'Q' everything to quarantine. `types` has an entry per column and one more for the line number. */
MUST_CHECK bool loader_go(struct loader *l, char what, const struct engine_pipe_type *types, size_t n, struct err *e);
/* For engine_pipe_run; threads may share it. */
struct engine_pipe_source loader_source(struct loader *l);
/* After the last block: whether the child ended well and its count agrees with what came. */
MUST_CHECK bool loader_finish(struct loader *l, int64_t *rows, int64_t *rejected, struct err *e);
/* After loader_finish: rows of totals below the table, and the line of the first. */
int64_t loader_left_out(const struct loader *l, int64_t *line);

/* The rejected rows, in order; `row` may be called with texts that end with the call. */
MUST_CHECK bool loader_rejects(struct loader *l, bool (*row)(void *ctx, const struct wire_reject *r, struct err *e), void *ctx,
                               struct err *e);

#endif
