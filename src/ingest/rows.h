/* In the loader child: rows gathered into columns and sent off in blocks; rejected rows beside them. Whatever a reader
 * takes from the file ends in exactly one of rows_end and rows_reject, which is how nothing is lost in silence. */
#ifndef INGEST_ROWS_H
#define INGEST_ROWS_H

#include "ingest/cell.h"
#include "ingest/wire.h"

struct rows_column {
    struct str name; /* normalised */
    struct engine_pipe_type type;
    bool required;       /* NULL here rejects the row (missing_key) */
    bool show;           /* its values may stand in messages: not personal */
    enum cell_look look; /* of the sample */
    /* The block being filled. */
    void *cells;
    uint64_t *valid;
    bool any_null;
    uint32_t *lengths;
    char *heap;
    size_t heap_used, heap_cap;
};

struct rows {
    int fd; /* -1: count only (sampling, fuzzing) */
    struct rows_column *cols;
    size_t n_cols;
    size_t *order; /* typed columns first, so that a bad value is found before texts are copied */
    struct cell_format format;
    const struct str *nulls;
    size_t n_nulls;
    bool all_drift; /* every row goes to quarantine: drift */
    struct str drift_message;
    int64_t look_at; /* only look at so many rows, to tell types; 0: take the rows */
    uint32_t n;      /* rows in the block */
    int64_t *lines;
    struct buf rejects, frame;
    uint32_t n_rejects;
    int64_t total, total_rejected, source_bytes;
};

MUST_CHECK bool rows_init(struct rows *r, struct arena *a, struct err *e); /* cols and n_cols are set */
void rows_fini(struct rows *r);
/* One row from `n_cols` texts (p == NULL: no value). Sends blocks as they fill; false: the reader is gone or memory. */
MUST_CHECK bool rows_put(struct rows *r, int64_t line, const struct str *fields, struct str raw, struct err *e);
MUST_CHECK bool rows_reject(struct rows *r, const struct wire_reject *why, struct err *e);
MUST_CHECK bool rows_flush(struct rows *r, struct err *e);

#endif
