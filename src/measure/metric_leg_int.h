/* The parts of a leg's SELECT, shared by its kinds: metric_leg_parts.c writes them, metric_leg.c and metric_leg_over.c put them together.
 * Names of the base port stand as they are; what is joined comes from a subquery whose columns are called "j1 key", "j1 country", so that no two names meet. */
#ifndef MEASURE_METRIC_LEG_INT_H
#define MEASURE_METRIC_LEG_INT_H

#include "measure/metric_int.h"

enum { JOINS_MAX = 12, EXPOSED_MAX = 16 };

struct leg_join { struct way_hop hop; size_t parent; /* 0: the base, else join parent - 1 */ const struct mesh_dimension *exposed[EXPOSED_MAX]; size_t n_exposed; };

struct leg_writer {
    const struct metric_plan *p;
    struct leg *l;
    const struct mesh_model *base; /* whose port stands in FROM */
    struct leg_join joins[JOINS_MAX];
    size_t n_joins;
    const char *what;              /* where the condition stands that is being read */
};

void leg_put_table(struct buf *b, const struct mesh_model *x);
void leg_note_port(struct leg *l, const struct mesh_port *p); /* notes that the leg reads it, once */
bool leg_put_dimension(struct leg_writer *w, const struct way *way, struct buf *b, struct err *e);
void leg_put_joins(struct leg_writer *w, struct buf *b); /* after everything that may need one */
void leg_put_day(const struct leg_writer *w, struct buf *b); /* of a row, in the mesh's time zone */
void leg_put_period(const struct leg_writer *w, struct buf *b);
void leg_put_bounds(const struct leg_writer *w, struct span s, bool lower, struct buf *b); /* the span, as a condition on the model's time */
bool leg_put_conditions(struct leg_writer *w, bool lower, bool range, struct buf *b, struct err *e); /* WHERE: the span of the leg, the filters of the metric, what was asked */
void leg_put_aggregate(const struct mesh_fact *f, struct str x, struct buf *b);
size_t leg_keys(const struct metric_plan *p); /* period and dimensions */
void leg_put_group_by(const struct metric_plan *p, struct buf *b);
bool leg_put_keys(struct leg_writer *w, struct buf *b, struct err *e); /* `expr AS "name",` for the period and the dimensions */
void leg_put_key_names(const struct metric_plan *p, const char *of, bool period, struct buf *b); /* the same keys out of a subquery that has them under their names */
struct str leg_time_expr(const struct mesh_model *m, struct str name); /* of a dimension; else the name as a column */
struct str leg_entity_expr(const struct mesh_model *m, struct str name);

/* ---- metric_leg_over.c ---- */
bool leg_window(struct leg_writer *w, struct buf *b, struct err *e);
bool leg_converted(struct leg_writer *w, struct buf *b, struct err *e);

#endif
