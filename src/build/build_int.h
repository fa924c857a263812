/* What the files of the build module share. The way of a run: run.c selects and schedules, facts.c says what is
 * there, fingerprint.c what would be, port.c writes one version aside, swap.c makes it the live one. */
#ifndef BUILD_BUILD_INT_H
#define BUILD_BUILD_INT_H

#include <pthread.h>

#include "build/build.h"
#include "contract/contract.h"
#include "store/ledger.h"
#include "store/store.h"

#define BUILD_FORMAT  1 /* raise it when what the builder writes for the same declaration changes */
#define BUILD_SQL_MAX ((size_t)8 << 20)

struct asof; /* asof.c */

struct build {
    struct state *s;
    pthread_mutex_t lock; /* guards m and asof */
    const struct mesh *m; /* of the last refresh, borrowed */
    struct asof *asof;
    pthread_mutex_t run_lock;    /* held by the one run of this process */
    pthread_mutex_t writer_lock; /* held around every transaction that writes the ledger; innermost */
    unsigned generation;         /* of `src` catalogs; only a run counts it up */
};

/* ---- fingerprint.c: what a version was made from, in parts, so that a difference can be named ---- */
struct build_part {
    char z[17]; /* the first half of a SHA-256 in hex */
};
struct build_print {
    struct build_part sql, contract, settings, engine, defs /* SQL and settings of everything upstream */, data;
    int64_t files; /* the newest file that was loaded when the version was built */
};
void build_part_of(struct str text, struct build_part *out);
/* All ports of a mesh, without `data` and `files`; an array of m->n_ports in the arena. */
MUST_CHECK bool build_prints(const struct mesh *m, struct arena *a, struct build_print **out, struct err *e);
struct str build_print_text(const struct build_print *p, struct arena *a);
bool build_print_parse(struct str text, struct build_print *out); /* false: written by another format */

/* ---- facts.c: what the ledger says, by port and by stream ---- */
struct build_facts {
    struct ledger_version *live;
    size_t n_live;
    struct ledger_version **by_port; /* m->n_ports; NULL: no live version */
    struct ledger_file *files;       /* newest first */
    size_t n_files;
    int64_t *stream_newest; /* m->n_streams; id of the newest file, 0: none */
    int64_t newest_file;
    const struct mesh_stream **streams_by_address; /* to find a stream's index */
    size_t *stream_index;
};
MUST_CHECK bool build_facts_read(struct engine_conn *c, const struct mesh *m, struct arena *a, struct build_facts *out,
                                 struct err *e);
size_t build_stream_index(const struct build_facts *f, const struct mesh *m, const struct mesh_stream *st);
/* The `data` part: ids of the inputs' live versions and newest files. */
void build_print_data(const struct mesh *m, const struct build_facts *f, const struct mesh_port *p, struct build_print *print);
/* The earliest day that files loaded after `since_file` described, over everything upstream of p; what lies between widens it by
 * its own lookback. *any false: no such file. False: cannot be told (files without days). */
bool build_facts_touched(const struct mesh *m, const struct build_facts *f, const struct mesh_port *p, int64_t since_file,
                         bool *any, int32_t *day);

/* ---- plan.c ---- */
enum build_reason {
    REASON_NONE, /* up to date */
    REASON_NEVER_BUILT,
    REASON_SQL,
    REASON_CONTRACT,
    REASON_SETTINGS,
    REASON_ENGINE,
    REASON_UPSTREAM,
    REASON_NEW_DATA,
    REASON_FORCED
};
struct str build_reason_text(enum build_reason r); /* sql_changed */
/* Why port p is out of date; `will_build` (by port index, may be NULL) are those that a run rebuilds before it. *because in the
 * arena. */
enum build_reason build_reason_of(const struct mesh *m, const struct build_facts *f, const struct build_print *prints,
                                  const struct mesh_port *p, const bool *will_build, struct arena *a, struct str *because);
/* Remembers declared streams and products as deployed, for the next plan. */
MUST_CHECK bool build_deployed_save(struct build *b, const struct mesh *m, struct err *e);

/* ---- catalog.c: the in-memory catalog `src_N` of a run ---- */
struct str build_qualified(struct arena *a, struct str catalog, struct str schema, struct str name);
struct str build_port_local(const struct mesh_port *p, struct arena *a); /* campaign_daily_v1 */
MUST_CHECK bool build_catalog_base(struct engine_conn *c, const struct mesh *m, struct str catalog,
                                   struct err *e); /* schemas and mesh_...() */
MUST_CHECK bool build_src_make(struct engine_conn *c, const struct mesh *m, const struct build_facts *f, struct str catalog,
                               struct err *e);
MUST_CHECK bool build_src_add_port(struct engine_conn *c, struct str catalog, const struct mesh_port *p, struct err *e);
/* moment_us 0: what is known now. */
MUST_CHECK bool build_catalog_stream(struct engine_conn *c, const struct mesh_stream *st, struct str catalog, int64_t moment_us,
                                     struct err *e);
void build_catalog_drop(struct engine_conn *c, struct str catalog);

/* ---- port.c ---- */
enum build_outcome { OUTCOME_BUILT, OUTCOME_UNCHANGED, OUTCOME_FAILED, OUTCOME_REFUSED, OUTCOME_SKIPPED, OUTCOME_CANCELLED };
struct str build_outcome_text(enum build_outcome o);

/* One port on one worker. `interruptible` is what the monitor looks at before it interrupts the connection. */
struct build_job {
    struct build *b;
    const struct mesh *m;
    const struct mesh_port *p;
    struct build_print print;              /* of the version to make */
    const struct ledger_version *previous; /* NULL: none */
    bool may_increment;                    /* only data changed */
    bool touched_known, touched_any;
    int32_t touched_day;
    struct str src; /* the run's catalog */
    int64_t run_id;
    struct engine_conn *conn;
    atomic_bool *interruptible;
    const atomic_bool *cancelled;
    struct arena *a; /* of this job */
    /* out */
    enum build_outcome outcome;
    bool incremental;
    struct ledger_version version;
    struct contract_report report; /* of the checks, when `checked` */
    bool checked;
    struct str warned; /* what checks that do not refuse have found; empty: nothing */
    struct err err;
};
void build_port(struct build_job *j); /* sets j->outcome, j->err */

/* ---- failing.c: rows that broke a check, kept for those who mend it ---- */
/* After the checks of a port: replaces what was kept of it by at most BUILD_FAILING_KEPT rows of each check that did not pass.
 * `object`: what was checked, as SQL. Failure is logged; the old rows go in any case. */
void build_failing_keep(struct build_job *j, struct str object);
void build_failing_collect(struct engine_conn *c, const struct mesh *m, struct err *e); /* of ports that are no longer declared */

/* ---- view_sql.c: a port's SQL over named physical objects, fit for a view that is kept in the file ---- */
/* `object` answers with the name in mesh.built for a port's ref (NULL p: unknown). Streams become subqueries. */
MUST_CHECK bool build_view_sql(struct engine_conn *c, const struct mesh *m, const struct mesh_port *p,
                               const struct build_facts *f, struct arena *a, struct str *out, struct err *e);

/* ---- swap.c ---- */
/* One transaction: the live view shows `v`, the ledger says so. `in_transaction`: the caller has begun one, in which the table
 * was changed in place; version `replaces` (0: none) shared that table and is forgotten. The transaction is ended in any case.
 * Caller holds writer_lock. */
MUST_CHECK bool build_swap(struct engine_conn *c, const struct ledger_version *v, bool in_transaction, int64_t replaces,
                           struct err *e);
void build_drop_object(struct engine_conn *c, struct str table); /* a table or view of mesh.built; failure is logged */
/* Versions that nothing can read any more, and ports that are no longer declared (`retire`). Failures are logged and left to the
 * next run. */
void build_collect(struct build *b, struct engine_conn *c, const struct mesh *m, bool retire);

/* ---- asof.c ---- */
void build_asof_invalidate(struct build *b); /* caller does not hold b->lock */
void build_asof_invalidate_locked(struct build *b);
void build_asof_free(struct build *b);

/* ---- status.c ---- */
struct str build_serving_text(const struct ledger_version *v, struct arena *a); /* "the version built at ... is served" */

#endif
