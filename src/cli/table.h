/* An aligned table on standard output: text to the left, numbers to the right, widths by characters. */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include "cli/cli.h"

struct table {
    struct cli *c;
    struct arena arena;
    size_t n_cols, n_cells, cap_cells;
    struct str *heads;
    bool *right;
    struct str *cells; /* row by row */
    bool *dim;         /* shown dimmed (NULL values) */
    bool rule;         /* a rule under the heads */
};

void table_init(struct table *t, struct cli *c, size_t n_cols);
void table_head(struct table *t, size_t col, struct str text, bool right);
void table_cell(struct table *t, struct str text, bool dim); /* cells come row by row */
void table_print(struct table *t);
void table_fini(struct table *t);
/* Without control bytes, so that data cannot steer a terminal. */
struct str table_clean(struct arena *a, struct str s);

#endif
