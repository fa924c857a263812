/* Shared by paths_*.c alone: a text of paths, or a part of one, while it is read. */
#ifndef MEASURE_PATHS_INT_H
#define MEASURE_PATHS_INT_H

#include "base/buf.h"
#include "base/mem.h"
#include "measure/kernels_int.h"

enum { COLUMNS_MAX = 256 };
enum path_field { PATH, CONVERSIONS, VALUE, NULLS, FIELDS };
extern const char *const path_fields[FIELDS];

struct name_slot { uint64_t head, tail; struct str name; uint32_t id; bool used; };

struct reading {
    struct arena *a;
    struct str file;
    struct errs *es;
    const char *at, *end, *line;         /* line: where the one at hand begins */
    const char *whole_end;               /* of the text; `end` is that of the part at hand */
    bool crossed;                        /* a quote was still open at the end of a part */
    uint32_t line_no;
    char delimiter;
    unsigned char stops[256];            /* 1: ends a bare field; 2: ends a step */
    int column[COLUMNS_MAX];             /* which field, or -1 */
    size_t columns;
    bool has[FIELDS];
    uint32_t *steps;
    size_t n_steps, *ends, rows;
    int64_t *counts[FIELDS];             /* [rows] of CONVERSIONS, VALUE, NULLS */
    struct name_slot *slots;
    size_t mask, n_names;
    struct buf plain;                    /* a quoted field without its quotes */
    size_t rounded;
    uint32_t rounded_line, rounded_col;
};

/* paths_read.c. The header, which `at` is put after; false: an error is said. */
bool path_head(struct reading *r);
/* Rows from `at` to `end`, into arrays with room for as many as there are line ends and one more. */
void path_rows(struct reading *r);
/* Room for names; the first call makes it. */
void path_names_widen(struct reading *r);
/* The number of a name, which is given one where it has none. */
uint32_t path_name_number(struct reading *r, const struct name_slot *s);

#endif
