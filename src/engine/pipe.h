/* Rows into SQL from outside the engine, by columns: the caller hands over blocks, and a statement of the caller's reads
 * them as a table, on as many threads as the engine has. Used to load files: INSERT INTO ... SELECT ... FROM <pipe>. */
#ifndef ENGINE_PIPE_H
#define ENGINE_PIPE_H

#include "engine/engine.h"

/* How a column lies in a block: fixed cells of `bytes` each in the engine's own form (ENGINE_DATE: days, int32;
 * ENGINE_TIME and ENGINE_TIMESTAMP[_TZ]: microseconds, int64; ENGINE_DECIMAL: scaled integer of 2, 4, 8 or 16 bytes by
 * precision; ENGINE_INT: 1 to 8 bytes; ENGINE_DOUBLE: 4 or 8), or ENGINE_TEXT. */
struct engine_pipe_type {
    enum engine_type type;
    uint8_t bytes, precision, scale;
    bool is_unsigned;
};

struct engine_pipe_cells {
    const uint64_t *valid; /* bit set: not NULL; NULL: no NULL in the column */
    const void *data;      /* fixed cells; for text: uint32_t lengths */
    const char *heap;      /* text: the values one after the other, valid UTF-8 */
};

struct engine_pipe_block {
    uint32_t rows;
    struct engine_pipe_cells *cols;
};

/* `next` is called from several threads at once: the caller takes its own lock. *block == NULL: the end; false: e is
 * filled and the statement fails with it. A block stays as it is until `release`. */
struct engine_pipe_source {
    void *ctx;
    bool (*next)(void *ctx, struct engine_pipe_block **block, struct err *e);
    void (*release)(void *ctx, struct engine_pipe_block *block);
};

/* Runs `before` + the pipe as a table with columns c0, c1, ... + `after`. The order in which rows arrive is not kept,
 * which is what lets several threads write. An error of the source goes before the engine's own. */
MUST_CHECK bool engine_pipe_run(struct engine_conn *c, struct str before, struct str after, const struct engine_pipe_type *types,
                                size_t n_types, const struct engine_pipe_source *source, struct err *e);

#endif
