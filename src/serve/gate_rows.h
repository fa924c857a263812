/* Rows of a question through the gate as JSON objects, for pages that show a few of them. */
#ifndef SERVE_GATE_ROWS_H
#define SERVE_GATE_ROWS_H

#include "serve/routes.h"

/* "key":[{column: value, …}, …]; *n: how many. Personal columns come hidden, as the gate gives them. */
MUST_CHECK bool gate_rows(struct call *c, struct buf *b, const char *key, struct str sql, const struct engine_param *params, size_t n_params, int64_t limit,
                          size_t *n, struct err *e);

#endif
