/* What readers of both generations make, what filters are translated by, and what is written from it. */
#ifndef EXCHANGE_METRICFLOW_INT_H
#define EXCHANGE_METRICFLOW_INT_H

#include "base/doc.h"
#include "exchange/metricflow.h"

enum { MF_LIST_MAX = 20000, MF_PARTS_MAX = 20 };

struct mf_place { struct str file; uint32_t line, col; };
struct mf_entity { struct str name, type, expr; };
struct mf_dimension { struct str name, title, description, expr; bool time, is_start, is_end; struct mf_place at; };
struct mf_measure {
    struct str name, title, description, agg, expr, time; /* time: its own time dimension; empty: the model's */
    double percentile; bool discrete, approximate;
    struct str balance_over; bool balance_first; struct str *groupings; size_t n_groupings;
    bool is_metric;                        /* `create_metric` */
    bool untimed;                          /* its time is no column */
    struct str model;                      /* the one of ours that it stands in, once written; empty: left out */
    struct mf_place at;
};
struct mf_model {
    struct str name, table, description, time, primary;
    struct mf_entity *entities; size_t n_entities;
    struct mf_dimension *dimensions; size_t n_dimensions;
    struct mf_measure *measures; size_t n_measures, cap_measures;
    struct mf_place at;
    const struct mesh_port *port; struct str out; /* as it is called here; empty: left out */
};
struct mf_input { struct str name, as, filter, offset, offset_to; bool measure; /* it names a measure, not a metric */ };
enum mf_type { MF_SIMPLE, MF_RATIO, MF_DERIVED, MF_CUMULATIVE, MF_CONVERSION };
struct mf_metric {
    struct str name, title, description, filter, expr, window, grain_to, period, entity, unit;
    enum mf_type type;
    struct mf_input inputs[MF_PARTS_MAX]; size_t n_inputs; /* RATIO: numerator, denominator; CONVERSION: base, converted */
    struct str same[MF_PARTS_MAX]; size_t n_same;
    bool has_fill, conversions_only; double fill;
    struct mf_place at;
    struct str wrong;                      /* why it cannot be taken over; empty: nothing is known against it */
};
struct mf {
    struct arena *a;
    struct errs *es;
    const struct metricflow_ask *ask;
    struct mf_model *models; size_t n_models, cap_models;
    struct mf_metric *metrics; size_t n_metrics, cap_metrics;
    size_t left_out;
};

/* metricflow_read.c */
void mf_read(struct mf *x, const struct doc *d);
struct mf_metric *mf_metric_new(struct mf *x, struct mf_place at);
struct mf_measure *mf_measure_find(struct mf *x, struct str name, struct mf_model **model); /* measures are named once in a project */
struct mf_metric *mf_metric_find(struct mf *x, struct str name);
const struct mf_dimension *mf_dimension_find(const struct mf_model *m, struct str name);
void mf_left(struct mf *x, struct mf_place at, struct str what, struct str why);

/* metricflow_filter.c: dbt's templates in a filter as names of dimensions (`sql`: as SQL over the columns of the model's port). `model` NULL: of no one
 * model. Empty answer and false: `why` says what stands against it. */
bool mf_filter(struct mf *x, const struct mf_model *model, bool sql, struct str text, struct str *out, struct str *why);
struct str mf_and(struct arena *a, struct str left, struct str right); /* of two filters, either may be empty */
bool mf_identifier(struct str s); /* a plain name of a column */

/* metricflow_write.c */
void mf_write(struct mf *x, struct metricflow_files *out);

#endif
