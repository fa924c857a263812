/* Metrics asked: from names of metrics, dimensions and days to rows, each leg through the gate as who asks. docs/metrics.md */
#ifndef MEASURE_METRIC_H
#define MEASURE_METRIC_H

#include "govern/govern.h"
#include "mesh/mesh.h"

enum metric_grain { GRAIN_NONE, GRAIN_DAY, GRAIN_WEEK, GRAIN_MONTH, GRAIN_QUARTER, GRAIN_YEAR, METRIC_GRAINS };
const char *metric_grain_text(enum metric_grain g); /* "" for none */
bool metric_grain_from(struct str text, enum metric_grain *out);
int32_t metric_grain_start(const struct mesh *m, enum metric_grain g, int32_t day); /* first day of the period that holds it */
int32_t metric_grain_next(const struct mesh *m, enum metric_grain g, int32_t start);
enum metric_compare { COMPARE_NONE, COMPARE_PREVIOUS, COMPARE_YEAR };

struct metric_ask {
    const struct str *metrics; size_t n_metrics; /* names or domain.names */
    const struct str *by; size_t n_by;           /* dimensions, or entity__dimension */
    enum metric_grain grain;
    bool has_from, has_to; int32_t from, to;     /* both ends inside; absent: the newest 28 days that have data */
    struct str where;                            /* a condition over dimensions; empty: none */
    enum metric_compare compare;
    struct str order;                            /* "-cac", "channel"; empty: by time, then by the first metric, largest first */
    int64_t limit;                               /* rows shown; 0: 10,000 */
    struct str as_of;
};
struct metric_asker { struct govern *gate; const struct govern_principal *who; struct str purpose; /* mesh: as `who` sees it */ const struct mesh *mesh; };

/* One SELECT of a question, over one model. */
struct metric_leg {
    const struct mesh_model *model; struct str sql;
    size_t n_figures; const struct mesh_port **ports; size_t n_ports; /* its own, and those of dimensions that were joined */
    int64_t rows, elapsed_us;
    bool before;                                 /* of the span compared with */
};
struct metric_plan; /* which legs, and how they come together; lives in the arena it was made in */
/* E_NOT_FOUND (metric, dimension; did you mean), E_METRIC (what a sum would lie about, no way or two ways to a dimension), E_SQL, E_SQL_REFUSED (where). */
MUST_CHECK bool metric_plan_make(const struct metric_asker *who, const struct metric_ask *ask, struct arena *a, struct metric_plan **out, struct err *e);
size_t metric_plan_legs(const struct metric_plan *p, const struct metric_leg **legs);
struct str metric_plan_sql(const struct metric_plan *p); /* one statement that says the same as all legs together */
MUST_CHECK bool metric_plan_rows(const struct metric_plan *p, size_t leg, struct str *sql, struct err *e); /* the newest rows that the leg's figures are made of */

enum metric_role { COLUMN_KEY, COLUMN_TIME, COLUMN_VALUE, COLUMN_BEFORE, COLUMN_CHANGE };
struct metric_column { struct str name, title; enum metric_role role; const struct mesh_metric *metric; const struct mesh_dimension *dimension; };
struct metric_cell { bool known; double v; struct str text; }; /* text: keys, and figures that are exact decimals; else empty */
struct metric_table {
    struct metric_column *columns; size_t n_columns;
    struct metric_cell *cells; size_t n_rows;    /* [row * n_columns + column] */
    struct metric_cell *total;                   /* as columns, over all rows; NULL where it may not be made */
    bool withholds;                              /* who asks sees groups of people alone: what has no row, or is not known, may be anything */
    int32_t from, to, before_from, before_to; bool range_given, newest_known /* the range ends with the newest day that has data, and not with today */;
    struct str sql; const struct metric_leg *legs; size_t n_legs;
    struct str *notes; size_t n_notes; bool truncated;
};
/* As metric_plan_make, and what govern_query says. Nothing outside the arena has to be given back. */
MUST_CHECK bool metric_ask_run(const struct metric_asker *who, const struct metric_ask *ask, struct arena *a, struct metric_table *out, struct err *e);
/* The formula in words: "ad spend ÷ new customers". */
struct str metric_formula(const struct mesh_metric *m, struct arena *a);
/* Dimensions that may be asked of a metric: those that all of its parts reach. Names, sorted; entity__dimension only where needed. */
struct metric_dimension { struct str name; const struct mesh_dimension *dimension; const struct mesh_model *model; };
void metric_dimensions(const struct mesh *m, const struct mesh_metric *x, struct arena *a, struct metric_dimension **out, size_t *n);

#endif
