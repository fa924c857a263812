/* Where a table begins: titles above it, the row or the two rows that name its columns. One answer for delimited text and for
 * sheets, from the first records. */
#ifndef INGEST_HEAD_H
#define INGEST_HEAD_H

#include "base/arena.h"

struct head_row {
    const struct str *fields;
    size_t n;
};
struct head_asked {
    int header;                /* -1: find out; 0: none; 1: there is one */
    int header_rows;           /* 0: find out */
    bool at_start;             /* the rows above the table are gone already */
    const struct str *columns; /* names of the contract */
    size_t n_columns;
};
struct head {
    size_t at;       /* index of the first row that belongs to the table */
    int header_rows; /* 0: nothing names the columns */
};
enum { HEAD_ROWS = 60, HEAD_TITLES = 20 };
struct head head_find(const struct head_row *rows, size_t n, const struct head_asked *asked);
/* Names of two rows as one: "Q1" above "Spend" is "Q1 Spend"; a group stands over the empty cells right of it. */
void head_join(struct arena *a, const struct head_row *groups, const struct head_row *names, struct str *out, size_t n);

#endif
