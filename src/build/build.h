/* Building ports: what is out of date, in which order, side by side where independent; checks before the swap; as-of views. */
#ifndef BUILD_BUILD_H
#define BUILD_BUILD_H

#include <stdatomic.h>

#include "ingest/ingest.h"
#include "mesh/mesh.h"
#include "store/state.h"

struct build; /* holds the `src` catalog and the as-of catalogs of one opened state */
MUST_CHECK bool build_open(struct state *s, struct build **out, struct err *e);
void build_close(struct build *b);
struct events;
void build_events_from(struct build *b, struct events *ev); /* runs load what is in its spool first; NULL: there are no events */
/* Makes the unmasked `src` views for this declaration; called at open and after each change of it. */
MUST_CHECK bool build_refresh(struct build *b, const struct mesh *m, struct err *e);

/* Nobody builds until it is given back: for who changes rows that a build would change, too. A quiet build steps aside, a run is waited for. */
void build_hold(struct build *b);
void build_release(struct build *b);

struct build_change {
    struct str ref, kind, action;
    struct str *what;
    size_t n_what;
};
struct build_todo {
    struct mesh_port *port;
    struct str reason, because;
};
struct build_plan {
    struct build_change *changes;
    size_t n_changes;
    struct ingest_file *loads;
    size_t n_loads;
    struct build_todo *todo;
    size_t n_todo;
    size_t up_to_date;
};
MUST_CHECK bool build_plan(struct build *b, const struct mesh *m, struct arena *a, struct build_plan *out, struct errs *es,
                           struct err *e);

enum build_event_kind { BUILD_RUN_STARTED, BUILD_LOAD, BUILD_PORT_STARTED, BUILD_PROGRESS, BUILD_PORT_DONE, BUILD_RUN_DONE };
struct build_event {
    enum build_event_kind kind;
    int64_t run_id;
    struct str ref, file, status, message;
    int64_t rows, quarantined, elapsed_ms;
    double fraction, eta_s;
    size_t done, total;
};
struct build_options {
    const char *program; /* for the loader child */
    const struct str *ports;
    size_t n_ports;     /* these and what they need; empty: all. Unknown: E_NOT_FOUND with did you mean */
    bool full;          /* rebuild even what is up to date */
    bool quiet;         /* between runs: nothing is loaded; ports that only data has made stale are brought up to date; nothing is written
                           down unless a port failed. Steps aside for a run; E_BUSY while there is one */
    struct str trigger; /* cli, api */
    void (*event)(void *ctx, const struct build_event *ev);
    void *ctx; /* called from worker threads, one at a time */
    const atomic_bool *cancel;
};
struct build_report {
    int64_t run_id;
    size_t built, unchanged, failed, refused, skipped;
    size_t whole; /* of the built: those with a table or view of their own, not changed in place */
    bool cancelled;
    int exit_code; /* decision 10 */
    int64_t rows;
};
/* Loads new files, then builds. Failures of single ports are in the report, the store and `es`; false only when the run as a
 * whole could not be carried out. */
MUST_CHECK bool build_run(struct build *b, const struct mesh *m, const struct build_options *o, struct build_report *r,
                          struct errs *es, struct err *e);

enum port_state { PORT_FRESH, PORT_STALE, PORT_FAILING, PORT_NEVER_BUILT };
const char *port_state_text(enum port_state s);
struct build_port_status {
    enum port_state state;
    struct str reason, stale_cause_ref, stale_cause;
    int64_t built_at_us, rows, version_id;
    struct str data_from, data_to;
    size_t checks_passed, checks_warned, checks_failed, checks_not_evaluated;
};
/* All ports at once, indexed as mesh.ports. */
MUST_CHECK bool build_status(struct build *b, const struct mesh *m, struct arena *a, struct build_port_status **out,
                             struct err *e);

/* Rows that broke a check lie in mesh.quarantine, a table per port named by its ref_major: the port's columns and these. One more than
 * is shown is kept, to tell that there are more. */
enum { BUILD_FAILING_KEPT = 101 };
#define BUILD_FAILING_RUN   "trellis__run"   /* BIGINT */
#define BUILD_FAILING_CHECK "trellis__check" /* BIGINT, place among the checks of the run, from 0 */
#define BUILD_FAILING_RULE  "trellis__rule"

/* For govern_open (struct govern_past): the as-of catalog of a moment, and the views in it. ctx is the struct build. */
bool build_asof(void *ctx, int64_t moment_us, struct arena *a, struct str *catalog, struct err *e);
bool build_asof_object(void *ctx, struct str catalog, struct str ref, struct err *e);

/* Looks for personal data and keeps what was found by column (store/scan.h). Of a stream, columns that have a class only with `all`. */
struct engine_conn;
MUST_CHECK bool build_scan_stream(struct build *b, struct engine_conn *c, const struct mesh_stream *st, bool all, struct arena *a, struct err *e);
MUST_CHECK bool build_scan_port(struct build *b, struct engine_conn *c, const struct mesh_port *p, struct arena *a, struct err *e);

/* Lineage of one port's columns, from its SQL. */
struct sql_column_lineage;
MUST_CHECK bool build_lineage(struct build *b, const struct mesh *m, const struct mesh_port *p, struct arena *a, struct sql_column_lineage **out,
                              size_t *n, struct err *e);

/* A version that would break its readers waits for the council: the setting that holds "hash\nmicroseconds\nwords" of it (empty: none), and the
 * `rule` of its decision in governance/approvals/. */
struct str build_breaking_key(struct arena *a, struct str ref_major);
struct str build_breaking_rule(struct arena *a, const struct mesh_port *p);

#endif
