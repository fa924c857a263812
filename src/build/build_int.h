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
struct kept_views; /* delta_kept.c */

struct build {
    struct state *s;
    struct events *events; /* NULL: none */
    pthread_mutex_t lock; /* guards m and asof */
    const struct mesh *m; /* of the last refresh, borrowed */
    struct asof *asof;
    pthread_mutex_t run_lock;    /* held by the one run of this process that somebody asked for */
    pthread_mutex_t work_lock;   /* held by whoever builds, that run or a quiet one; after run_lock */
    atomic_int waiting;          /* runs that wait for a quiet one to step aside */
    int64_t collected_us;        /* when a quiet run last cleared away; guarded by work_lock */
    struct kept_views *kept;     /* of quiet runs; guarded by work_lock */
    struct build_print *prints;  /* of prints_of, kept for quiet runs; guarded by lock */
    struct sha_hex prints_of;
    size_t n_prints;
    pthread_mutex_t writer_lock; /* held around every transaction that writes the ledger; innermost */
    unsigned generation;         /* of `src` catalogs; only a run counts it up */
};

/* ---- fingerprint.c: what a version was made from, in parts, so that a difference can be named ---- */
struct build_part {
    char z[17]; /* the first half of a SHA-256 in hex */
};
struct build_print {
    struct build_part sql, contract, settings, engine, defs /* SQL and settings of everything upstream */, data;
    struct build_part bound; /* of a view: the tables it speaks of; the same: it shows what is new without being made again */
    int64_t files; /* the newest file that was loaded when the version was built */
};
void build_part_of(struct str text, struct build_part *out);
/* All ports of a mesh, without `data` and `files`; an array of m->n_ports in the arena. */
MUST_CHECK bool build_prints(const struct mesh *m, struct arena *a, struct build_print **out, struct err *e);
/* The same, kept from the last time while the declaration is the same. */
MUST_CHECK bool build_prints_kept(struct build *b, const struct mesh *m, struct arena *a, struct build_print **out, struct err *e);
struct str build_print_text(const struct build_print *p, struct arena *a);
bool build_print_parse(struct str text, struct build_print *out); /* false: written by another format */

/* ---- facts.c: what the ledger says, by port and by stream ---- */
struct build_facts {
    struct ledger_version *live;
    size_t n_live;
    struct ledger_version **by_port; /* m->n_ports; NULL: no live version */
    struct ledger_file *files;       /* newest first */
    size_t n_files;
    int64_t *stream_newest; /* m->n_streams; id of the newest file, of an event stream its version; 0: none */
    int64_t newest_file;
    struct str identity;    /* rules and decisions of identity ports, as identity_print says them; empty: there is none */
    int64_t said;           /* how far the desk's statements go: of ports that call mesh_consent_said() */
    bool views_stand;       /* a view that speaks of the same tables, made since views_since_us, is up to date */
    int64_t views_since_us;
    const struct mesh_stream **streams_by_address; /* to find a stream's index */
    size_t *stream_index;
};
MUST_CHECK bool build_facts_read(struct engine_conn *c, const struct mesh *m, struct arena *a, struct build_facts *out,
                                 struct err *e);
/* What facts know of identity ports besides. */
MUST_CHECK bool build_facts_identity(struct state *s, const struct mesh *m, struct arena *a, struct build_facts *f, struct err *e);
bool build_is_keyed(const struct mesh_port *p); /* by key or identity: changed in place, and what changed is known */
size_t build_stream_index(const struct build_facts *f, const struct mesh *m, const struct mesh_stream *st);
/* The `data` and `bound` parts: ids of the inputs' live versions and newest files, of what lies behind views too. */
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
    REASON_UPSTREAM_DECLARED, /* something further up is declared otherwise */
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
/* What one port and its checks read, as far as it is not there yet. */
MUST_CHECK bool build_src_add_inputs(struct engine_conn *c, const struct mesh *m, const struct build_facts *f, struct str catalog,
                                     const struct mesh_port *p, struct err *e);
MUST_CHECK bool build_src_add_port(struct engine_conn *c, struct str catalog, const struct mesh_port *p, struct err *e);
/* moment_us 0: what is known now. */
MUST_CHECK bool build_catalog_stream(struct engine_conn *c, const struct mesh_stream *st, struct str catalog, int64_t moment_us,
                                     struct err *e);
void build_catalog_drop(struct engine_conn *c, struct str catalog);

/* ---- unclassified.c ---- */
struct build_job;
void build_scan_loaded(struct build *b, const struct mesh *m, const struct str *refs, size_t n); /* columns without a class, of streams that have new rows */
MUST_CHECK bool build_unclassified(struct build *b, const struct mesh *m, struct arena *a, struct errs *es, struct err *e);
MUST_CHECK bool build_new_is_classified(struct build_job *j, struct str object); /* of a port that is built for the first time */

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
    const struct build_facts *facts; /* as they were when the job began */
    bool quiet;                      /* between runs: rows that changed are checked, all only once an hour; nothing is written down */
    struct buf *later;               /* of a quiet run: statements of ports that stay as they are, for one transaction at its end */
    struct str src; /* the run's catalog */
    int64_t run_id;
    struct engine_conn *conn;
    atomic_bool *interruptible;
    const atomic_bool *cancelled;
    struct arena *a; /* of this job */
    /* out */
    enum build_outcome outcome;
    bool incremental;
    const char *how; /* of an incremental build, for people */
    struct ledger_version version;
    struct contract_report report; /* of the checks, when `checked` */
    bool checked, checked_whole;
    struct str warned; /* what checks that do not refuse have found; empty: nothing */
    struct err err;
};
void build_port(struct build_job *j); /* sets j->outcome, j->err */
/* Steps that the ways of building share. False: the job has ended, as j->outcome and j->err say. */
bool build_ended(struct build_job *j, bool ok);
bool build_go_on(struct build_job *j); /* false: cancelled; for build_ended */
bool build_next_id(struct build_job *j);
bool build_same_columns(struct build_job *j, struct str earlier, struct str later);
bool build_measure(struct build_job *j, struct str object); /* rows and the span of the time column */
bool build_check(struct build_job *j, struct str object);
/* Rows that changed, on which alone some rules are held; `by`: see contract_check_changed. */
bool build_check_changed(struct build_job *j, struct str object, struct str changed, struct str by);
bool build_make_live(struct build_job *j, bool in_transaction, int64_t replaces);

/* ---- breaking.c: what readers would miss ---- */
/* True: nothing that they have goes or changes, or the council let it, or the mesh does not ask. False: the job has ended. */
bool build_breaking(struct build_job *j, struct str view);

/* ---- kept_rows.c: what retention leaves of a port's rows ---- */
/* `view`, or a subquery over it without the rows that rules of retention take away. False: j->err. */
MUST_CHECK bool build_kept(struct build_job *j, struct str *view);

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
/* Inside of a transaction: the version was found to be up to date with what `fingerprint` says. */
MUST_CHECK bool build_restate(struct engine_conn *c, int64_t version_id, struct str fingerprint, struct err *e);
void build_restate_sql(int64_t version_id, struct str fingerprint, struct buf *sql); /* the same as a statement */
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
