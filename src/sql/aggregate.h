/* Questions that ask for counts and sums over people alone (the tier `aggregated`): whether a tree has that form, and the tree that computes, beside what was
 * asked, how many people stand behind each figure, and who they are as sketches. What is then shown is the gate's decision (govern/small.c).
 * Fail closed: whatever is not on a list here is refused. Forms that could throw on a hidden row are not on the lists, since an error would tell of it. */
#ifndef SQL_AGGREGATE_H
#define SQL_AGGREGATE_H

#include "sql/sql.h"

enum { SQL_SKETCH_SIZE = 64, SQL_SETS_MAX = 24, SQL_ORDERS_MAX = 16 };

/* What the form check has to know. */
struct sql_people_ask {
    struct str ref;      /* "domain.port" as the question writes it (folded): the one table whose rows are people's */
    struct str person;   /* its column that says whose */
    struct str time_zone; /* the one beside UTC that timezone() may name */
    void *ctx;
    /* Of any column that a table of the question has under this name: *personal, *text (VARCHAR and what is cast from it), *time (days and moments). False: no such column. */
    bool (*column)(void *ctx, struct str name, bool *personal, bool *text, bool *time);
};
struct sql_people {
    struct str json;     /* for json_deserialize_sql: the columns asked for; then for each set: people BIGINT, print UBIGINT, sketch UBIGINT[], rows BIGINT; then for each dominance: DOUBLE */
    size_t n_columns, n_sets, n_dominances;
    uint64_t figures[SQL_SETS_MAX]; /* of each set: what is counted or added up, as a hash; 0: rows */
    struct { size_t column; bool descending, nulls_first, nulls_last; } orders[SQL_ORDERS_MAX]; size_t n_orders; /* column: from 0 */
    int64_t limit, offset; /* -1, 0 */
};
/* E_SQL_REFUSED with position and how to ask instead. `out` lives in the arena. */
MUST_CHECK bool sql_people(const struct sql_ast *ast, struct arena *a, const struct sql_people_ask *ask, struct sql_people *out, struct err *e);

#endif
