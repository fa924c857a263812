/* A port held to its contract: schema and types, keys, ODCS library and SQL rules, SLA items. */
#ifndef CONTRACT_CONTRACT_H
#define CONTRACT_CONTRACT_H

#include "mesh/mesh.h"
#include "store/store.h"

/* Which rows broke a check, as a SELECT over the name `checked_object`; empty: none did, or it is not a matter of single rows. */
struct contract_failing {
    struct str sql;
};
struct contract_report {
    struct store_check *checks;
    struct contract_failing *failing; /* by check */
    size_t n, passed, warned, failed, not_evaluated;
    bool refused;
};

/* Checks the table or view `table_sql` (quoted, catalog-qualified) that `conn` can read. Severity `error` or absent refuses;
 * others and SLA items warn; what cannot run here is not_evaluated with the reason. False only when
 * checking itself was impossible; a refusal is report->refused. Everything in `a`. */
MUST_CHECK bool contract_check(struct engine_conn *conn, const struct mesh_port *port, struct str table_sql, int64_t run_id,
                               int64_t now_us, struct arena *a, struct contract_report *report, struct err *e);
/* The same for rows that have changed since all of `table_sql` passed: `changed_sql` holds them as they are now. What can be told from
 * them alone is judged: types, required values, options, rules that look at single rows and allow none, and keys (against all rows that
 * share one; `by` names a column all rows of whose changed values are in changed_sql). Other rules are left out. */
MUST_CHECK bool contract_check_changed(struct engine_conn *conn, const struct mesh_port *port, struct str table_sql, struct str changed_sql,
                                       struct str by, int64_t run_id, int64_t now_us, struct arena *a, struct contract_report *report,
                                       struct err *e);
/* Freshness from the contract's SLA (latency/freshness/frequency) at a moment: limit_s < 0 when none declared; late says by how
 * much. */
struct contract_freshness {
    int64_t limit_s, age_s;
    bool late;
    struct str element;
};
void contract_freshness(const struct mesh_port *port, int64_t built_at_us, struct str data_to, struct str time_zone,
                        int64_t now_us, struct contract_freshness *out);
/* The statement that gives at most `limit` rows of `table_sql` that broke a check of this port; `f->sql` is not empty. It is for the
 * connection that checked, in whose default catalog other tables have their names. */
struct str contract_failing_sql(const struct mesh_port *port, const struct contract_failing *f, struct str table_sql, int64_t limit,
                                struct arena *a);
/* Why a check that did not pass names no rows, in words for people. */
struct str contract_failing_none(const struct store_check *k);
/* "2026-01-31" or the engine's text of a moment: up to when data that ends with it reaches. False: no date. */
bool contract_data_end_us(struct str text, struct str time_zone, int64_t *out);
/* A format of logicalTypeOptions: a pattern of texts, or the least and the most of a number. NULL: none that is known. */
struct contract_format {
    const char *logical, *format, *pattern, *low, *high;
};
const struct contract_format *contract_format_find(struct str logical, struct str format);
/* The other ports whose rows a check of this one looks at (relationships): worth building first. Each once, in the arena. */
const struct mesh_port **contract_referred(const struct mesh *m, const struct mesh_port *port, struct arena *a, size_t *n);
/* Rules that can never run or are inconsistent (unknown columns, patterns beyond RE2): warnings and errors for `trellis check`.
 */
void contract_lint(const struct mesh_port *port, struct errs *es);

#endif
