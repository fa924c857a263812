/* In the loader child: rows gathered into columns and sent off in blocks; rejected rows beside them. Whatever a reader
 * takes from the file ends in exactly one of rows_end and rows_reject, which is how nothing is lost in silence. */
#ifndef INGEST_ROWS_H
#define INGEST_ROWS_H

#include "ingest/cell.h"
#include "ingest/look.h"
#include "ingest/wire.h"

struct rows_column {
    struct str name;  /* normalised */
    struct str title; /* as the file has it */
    struct cell_form form;
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

enum { ROWS_SAMPLE = 20, ROWS_SAMPLE_BYTES = 200 };

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
    /* Looking, to tell types: so many rows are looked at and none is taken; the first ones are kept as a sample. 0: rows are
     * taken. */
    int64_t look_at;
    struct column_seen *seen;
    struct str *sample; /* n_cols texts per row */
    size_t n_sample;
    struct arena *arena; /* of both */
    /* Totals below the table. */
    bool totals;
    struct held *held; /* rows that look like totals, until something follows */
    size_t n_held;
    int64_t left_out, left_out_line;
    int64_t known; /* so many records of a file that has grown were taken by earlier loads */
    uint32_t n;    /* rows in the block */
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
/* Whether as much was looked at as was wanted. */
static inline bool rows_enough(const struct rows *r)
{
    return r->look_at && r->total >= r->look_at;
}
/* After the last record: what is held back are totals; all else is sent. */
MUST_CHECK bool rows_end(struct rows *r, struct err *e);

#endif
