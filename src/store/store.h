/* Control-plane state in SQLite (WAL): runs, check results, query log. Small, transactional, safe to call from any thread. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/arena.h"
#include "base/error.h"

struct store;
MUST_CHECK bool store_open(const char *path, struct store **out, struct err *e); /* migrates; running runs become interrupted */
void store_close(struct store *s);

enum run_status { RUN_RUNNING, RUN_SUCCEEDED, RUN_FAILED, RUN_CANCELLED, RUN_INTERRUPTED };
const char *run_status_text(enum run_status s);
struct store_run {
    int64_t run_id, started_at_us, finished_at_us;
    enum run_status status;
    struct str kind, trigger, message;
    int64_t ports_built, ports_failed, ports_skipped, rows;
};
/* status: built unchanged failed refused skipped cancelled */
struct store_run_port {
    int64_t run_id;
    struct str ref, status, message, code;
    int64_t rows, elapsed_ms, finished_at_us, version_id;
};

MUST_CHECK bool store_run_begin(struct store *s, struct str kind, struct str trigger, int64_t *run_id, struct err *e);
MUST_CHECK bool store_run_port_add(struct store *s, const struct store_run_port *p, struct err *e);
MUST_CHECK bool store_run_finish(struct store *s, const struct store_run *r, struct err *e);
MUST_CHECK bool store_runs(struct store *s, struct arena *a, size_t limit, struct store_run **out, size_t *n, struct err *e);
MUST_CHECK bool store_run_ports(struct store *s, struct arena *a, int64_t run_id, struct store_run_port **out, size_t *n,
                                struct err *e);
/* Newest first outcomes of one port. */
MUST_CHECK bool store_port_history(struct store *s, struct arena *a, struct str ref, size_t limit, struct store_run_port **out,
                                   size_t *n, struct err *e);

enum check_verdict { CHECK_PASSED, CHECK_WARNED, CHECK_FAILED, CHECK_NOT_EVALUATED };
const char *check_verdict_text(enum check_verdict v);
/* No values of rows ever: `measured` is a count, a percentage or a type. */
struct store_check {
    int64_t run_id, evaluated_at_us;
    struct str ref, rule, column, metric, dimension, severity, measured, expected, message;
    enum check_verdict verdict;
};
MUST_CHECK bool store_checks_add(struct store *s, const struct store_check *c, size_t n, struct err *e); /* one transaction */
MUST_CHECK bool store_checks_latest(struct store *s, struct arena *a, struct str ref, struct store_check **out, size_t *n,
                                    struct err *e);
MUST_CHECK bool store_checks_history(struct store *s, struct arena *a, struct str ref, size_t limit, struct store_check **out,
                                     size_t *n, struct err *e);

struct store_query {
    int64_t at_us;
    struct str principal, purpose, sql_shape /* literals removed */, verdict, refs;
    int64_t rows, elapsed_ms;
};
MUST_CHECK bool store_query_log(struct store *s, const struct store_query *q, struct err *e);
MUST_CHECK bool store_queries(struct store *s, struct arena *a, size_t limit, struct store_query **out, size_t *n, struct err *e);

MUST_CHECK bool store_setting_set(struct store *s, struct str key, struct str value, struct err *e);
MUST_CHECK bool store_setting_get(struct store *s, struct arena *a, struct str key, struct str *value,
                                  struct err *e); /* empty when absent */

#endif
