/* What the files of the metric compiler share, in the order of its way:
 *
 *   metric_words.c   conditions: names of dimensions become SQL
 *   metric_way.c     how a dimension is reached from a model, and why not
 *   metric_range.c   days: the range, the one compared with, offsets
 *   metric_plan.c    metrics -> a tree of nodes over figures; figures -> legs
 *   metric_leg*.c    the SELECT of a leg
 *   metric_sql.c     one statement that says what all legs say
 *   metric_run.c     legs asked; their rows kept by key
 *   metric_table.c   the tree worked out for each key; order, total
 */
#ifndef MEASURE_METRIC_INT_H
#define MEASURE_METRIC_INT_H

#include "base/buf.h"
#include "measure/formula.h"
#include "measure/metric.h"
#include "mesh/table.h"

enum { METRIC_SQL_MAX = 60 << 10, METRIC_HOPS = 2, METRIC_BY_MAX = 8, METRIC_DEPTH_MAX = 16 };

struct way_hop { const struct mesh_model *to; const struct mesh_entity *left, *right; };
struct way { const struct mesh_model *model; const struct mesh_dimension *dimension; struct way_hop hops[METRIC_HOPS]; size_t n_hops; bool nowhere, fans_out; /* not found: no way at all, or one that counts rows more than once */ };
/* E_METRIC: none (with the reason), or two of one length. name: "dimension" or "entity__dimension". */
bool way_find(const struct mesh *m, const struct mesh_model *from, struct str name, struct way *out, struct err *e);
/* The same error in the words of who asks, with metrics of a like name that the dimension divides. */
bool way_none(const struct metric_plan *p, const struct mesh_model *from, struct str name, const struct way *way, struct err *e);

struct span { int32_t from, to; };
struct shift { int n; struct str unit, to; };  /* offset: figures of n units before; to: of the first period of this unit; none: n 0, to empty */

enum leg_kind {
    LEG_PLAIN,     /* aggregates of rows */
    LEG_BALANCE,   /* of the last (first) rows of each period */
    LEG_WINDOW,    /* of all rows up to a day, back to another */
    LEG_CONVERTED, /* conversions, by the base event that each is for */
};
struct leg {
    enum leg_kind kind;
    const struct mesh_model *model; /* whose dimensions are asked; CONVERTED: of the base */
    const struct mesh_metric *metric; /* WINDOW, CONVERTED: whose window it is */
    const struct mesh_fact *balance;
    const struct mesh_fact **facts; size_t n_facts;
    struct str filters[METRIC_DEPTH_MAX]; size_t n_filters; /* as written */
    struct way *ways;               /* of plan.by, in order */
    struct shift shift;
    bool before;
    struct span span;               /* days of its rows, shifted */
    const struct mesh_port *ports[16]; size_t n_ports;
    struct str sql;
    /* ---- after it was asked ---- */
    struct table rows;              /* key -> struct leg_row */
    struct leg_row *first, *last;
    int64_t n_rows, elapsed_us;
};
struct leg_row { struct leg_row *next; struct str key; int32_t period; struct str *dims; bool *dims_known; struct metric_cell *figures; };

enum node_kind { NODE_FIGURE, NODE_RATIO, NODE_DERIVED };
struct node {
    enum node_kind kind; const struct mesh_metric *metric;
    size_t leg, figure;             /* FIGURE: of the span that is asked; the same of the span compared with is leg + plan.n_legs / 2 */
    struct node **kids; size_t n_kids;
    struct formula *formula; const struct str *names;
};

struct metric_plan {
    const struct metric_asker *asker; const struct mesh *mesh; struct arena *a; const struct metric_ask *ask;
    const struct mesh_metric **metrics; size_t n_metrics;
    struct str by[METRIC_BY_MAX]; size_t n_by; const struct mesh_dimension *dimensions[METRIC_BY_MAX];
    struct span span, before; bool range_given, newest_known;
    struct node **nodes;            /* of the metrics asked */
    struct leg *legs; size_t n_legs, cap_legs; /* those of the span asked, then the same of the span compared with */
    struct metric_leg *shown;
    bool withholds; int group_least; /* who asks sees groups of people alone: what has no row may have been withheld */
    struct str sql;
    struct str notes[16]; size_t n_notes;
};

/* ---- metric_words.c ---- */
/* Calls `name` for each name of a dimension in the condition and puts what it writes in its place. E_METRIC: what is no condition (a subquery, a comment, brackets
 * that do not fit), with the place in it; what the functions in it may be is left to the gate. `what`: where it stands, for messages. */
struct words_names { bool (*put)(void *ctx, struct str name, struct buf *out, struct err *e); void *ctx; };
bool metric_condition_read(struct str text, const char *what, const struct words_names *names, struct buf *out, struct err *e);

/* ---- metric_range.c ---- */
bool range_of(struct metric_plan *p, struct err *e); /* span, before */
struct span range_shift(const struct metric_plan *p, struct span s, const struct shift *by);
int32_t range_unshift(const struct metric_plan *p, int32_t period, const struct shift *by); /* a period of shifted rows as the one that it is shown in */
int32_t range_from_before(const struct metric_plan *p, int32_t period); /* a period of the span compared with as the one that it stands beside; INT32_MIN: beside none */
int32_t range_add(int32_t day, int n, struct str unit);  /* day week month quarter year(s), the day of the month cut to its length */

/* ---- metric_plan.c ---- */
void plan_note(struct metric_plan *p, struct str text); /* once */

/* ---- metric_leg.c ---- */
bool leg_write(const struct metric_plan *p, struct leg *l, struct err *e); /* sql, ports */
bool leg_rows(const struct metric_plan *p, struct leg *l, struct str *out, struct err *e);
bool leg_has_time(const struct leg *l);

/* ---- metric_sql.c ---- */
bool plan_sql(struct metric_plan *p, struct err *e);

/* ---- metric_run.c ---- */
bool leg_ask(const struct metric_plan *p, struct leg *l, struct err *e);
struct str row_key(struct arena *a, int32_t period, const struct str *dims, const bool *known, size_t n);

/* ---- metric_table.c ---- */
bool table_make(struct metric_plan *p, struct metric_table *out, struct err *e);

#endif
