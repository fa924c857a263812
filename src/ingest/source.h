/* In the loader child: the bytes of the one file, decompressed and as UTF-8. */
#ifndef INGEST_SOURCE_H
#define INGEST_SOURCE_H

#include "base/arena.h"
#include "base/error.h"

enum source_compression { COMPRESSION_NONE, COMPRESSION_GZIP, COMPRESSION_ZSTD };
enum source_encoding { ENCODING_UTF8, ENCODING_UTF16LE, ENCODING_UTF16BE, ENCODING_LATIN1, ENCODING_WINDOWS1252 };

struct source;
/* `fd` is an open regular file, not owned. `compression` and `encoding` as declared; empty: found out. */
MUST_CHECK bool source_open(int fd, struct str compression, struct str encoding, struct source **out, struct err *e);
void source_close(struct source *s);
/* Up to `n` bytes of UTF-8 (invalid input bytes pass through as invalid UTF-8, for the row to be rejected); *got == 0: end. */
MUST_CHECK bool source_read(struct source *s, char *p, size_t n, size_t *got, struct err *e);
MUST_CHECK bool source_rewind(struct source *s, struct err *e); /* from the start again, same encoding */
int64_t source_position(const struct source *s);                /* bytes of the file consumed */
const char *source_compression_name(const struct source *s);
const char *source_encoding_name(const struct source *s);
struct str source_sample(const struct source *s); /* first bytes, decompressed and decoded; borrowed */

/* detect.c */
enum source_compression detect_compression(struct str head);
/* A kind of file that is not read, by its first bytes: what it is, and what to do; NULL: none of them. */
const char *detect_refused(struct str head, const char **hint);
bool detect_control(struct str s); /* whether it holds a control character other than tab and line ends */
enum source_encoding detect_encoding(struct str sample, bool whole, size_t *bom_bytes);
enum source_format { FORMAT_CSV, FORMAT_JSON, FORMAT_NDJSON, FORMAT_PARQUET, FORMAT_XLSX };
enum source_format detect_format(struct str sample, struct str file_name, bool whole);
struct dialect {
    char delimiter, quote, escape, newline;
    int header_rows; /* 0: the columns have no names */
    int skip_rows;
};
struct detect_asked {
    struct str delimiter, quote, escape;
    bool no_quote;
    int header, header_rows, skip_rows;
    const struct str *columns;
    size_t n_columns;
    bool tsv;
};
/* Fills what `asked` leaves open, from the sample. */
void detect_dialect(struct str sample, bool whole, const struct detect_asked *asked, struct dialect *out);
/* The fields of the record at the start of `s`, unquoted; returns its length with the line end, 0: not a whole record. */
size_t detect_record(struct str s, bool whole, const struct dialect *d, struct arena *a, struct str *fields, size_t max,
                     size_t *n);

#endif
