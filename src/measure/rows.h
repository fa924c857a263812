/* Rows of the mesh for the numbers of this module: through the gate, as who asks. The one place where measure reads anything. */
#ifndef MEASURE_ROWS_H
#define MEASURE_ROWS_H

#include "measure/metric.h"

struct measure_read {
    struct str sql, as_of;
    const struct engine_param *params; size_t n_params;
    struct str person;           /* customer_id of the one whom it is about; empty: nobody in particular */
    int64_t row_limit, timeout_ms; /* 0: 10 million rows, 60 s */
    void (*watch)(void *ctx, struct govern_result *r); void *watch_ctx; /* as govern_request; NULL */
};
/* `chunk` is called for each chunk with the rows of it that count; false stops with its error. `columns` once before, may be NULL. */
struct measure_sink {
    bool (*columns)(void *ctx, const struct engine_column *columns, size_t n, struct err *e);
    bool (*chunk)(void *ctx, const struct engine_chunk *chunk, size_t rows, struct err *e);
    void *ctx;
};
MUST_CHECK bool measure_rows(const struct metric_asker *who, const struct measure_read *read, const struct measure_sink *sink, struct err *e);

#endif
