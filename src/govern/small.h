/* The tier `aggregated`: a question is held to its form, run with counts and sketches of the people behind each figure, and the groups that may not be shown are
 * taken out before a row leaves (docs/gate.md, small groups). */
#ifndef GOVERN_SMALL_H
#define GOVERN_SMALL_H

#include "govern/govern_int.h"
#include "sql/sql.h"

struct small_plan; /* of one question; lives in its arena */

/* Whether the port is seen in groups alone. */
bool small_applies(const struct mesh_port *p, const struct policy_access *x);
/* mesh_lock held for reading, the views of `refs` made. */
MUST_CHECK bool small_plan(struct govern *g, struct gov_catalog *k, const struct sql_ast *ast, const struct sql_ref *refs, size_t n, struct arena *a, struct small_plan **out, struct err *e);
/* E_RATE where the day's questions are used up. *out: the groups that may be shown, under the names of the question's columns. */
MUST_CHECK bool small_run(struct govern *g, struct engine_conn *c, const struct small_plan *p, struct str principal, struct str sql, const struct engine_param *params, size_t n_params,
                          struct arena *a, struct engine_result **out, struct err *e);
void small_done(struct engine_conn *c); /* after the result was closed: what was computed goes */

struct small_history;
struct small_history *small_history_new(void);
void small_history_free(struct small_history *h);

#endif
