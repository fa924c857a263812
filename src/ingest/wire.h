/* What passes between the loader child and the process that owns the data: frames on one pipe, a fixed head and a payload.
 * Same machine, same build. The reading side trusts nothing: every length is checked, every text is UTF-8 or refused.
 *
 *   ROWS     per column: flags u32 (1: has NULLs), heap bytes u32, [bitmap u64 x ceil(rows/64)], cells padded to 8
 *            (text: lengths u32, then the heap padded to 8); the last column is the line number, int64
 *   REJECTS  per row: line i64, reason u16, column u16 (0xffff: none), message bytes u32, raw bytes u32, both texts
 *   SCHEMA, END, FAILED   JSON */
#ifndef INGEST_WIRE_H
#define INGEST_WIRE_H

#include "base/buf.h"
#include "engine/pipe.h"

enum wire_kind { WIRE_SCHEMA = 1, WIRE_ROWS, WIRE_REJECTS, WIRE_PROGRESS, WIRE_END, WIRE_FAILED };

struct wire_head {
    uint32_t magic, kind;
    uint64_t payload_bytes;
    int64_t source_bytes; /* of the file, consumed so far */
    uint32_t rows, zero;
};

enum {
    WIRE_MAGIC = 0x4c425254,
    WIRE_BLOCK_ROWS = 8192,     /* a multiple of the engine's vector size */
    WIRE_BLOCK_BYTES = 4 << 20, /* a block is sent when its texts reach this */
    WIRE_PAYLOAD_MAX = 64 << 20,
    WIRE_RECORD_MAX = 4 << 20, /* longest record of a source file */
    WIRE_RAW_MAX = 64 << 10,   /* of a rejected row's text, kept in quarantine */
    WIRE_NO_COLUMN = 0xffff
};

/* Why a row is in quarantine; the text is the reason as stored. */
#define REJECT_REASONS(X)                                                                   \
    X(REJECT_FIELD_COUNT, "field_count", "it has another number of fields than the header") \
    X(REJECT_QUOTE, "bad_quote", "a quoted value is not closed properly")                   \
    X(REJECT_UNTERMINATED, "unterminated_quote", "a quoted value is never closed")          \
    X(REJECT_ENCODING, "bad_encoding", "it is not text in the file's encoding")             \
    X(REJECT_VALUE, "bad_value", "a value does not convert to its column's type")           \
    X(REJECT_KEY, "missing_key", "a required value is missing")                             \
    X(REJECT_OVERSIZED, "oversized_line", "it is longer than 4 MiB")                        \
    X(REJECT_JSON, "bad_json", "it is not a JSON object")                                   \
    X(REJECT_DRIFT, "drift", "the columns of its file changed")

enum reject_reason {
#define X(id, ...) id,
    REJECT_REASONS(X)
#undef X
        REJECT_COUNT
};
const char *reject_reason_name(enum reject_reason r);
const char *reject_reason_meaning(enum reject_reason r);

struct wire_reject {
    int64_t line;
    enum reject_reason reason;
    unsigned column;
    struct str message, raw;
};

/* Writing: all of it, or false with E_IO (the reader is gone). */
bool wire_send(int fd, enum wire_kind kind, uint32_t rows, int64_t source_bytes, struct str payload, struct err *e);
void wire_reject_add(struct buf *b, const struct wire_reject *r);
/* Takes the next reject off the front of `rest`; false: malformed. */
bool wire_reject_take(struct str *rest, struct wire_reject *out);
/* Finds the columns of a ROWS payload; cells point into it. `n` includes the line column. False: malformed. */
bool wire_rows_parse(struct str payload, uint32_t rows, const struct engine_pipe_type *types, size_t n,
                     struct engine_pipe_cells *cells);

#endif
