/* What the files of the gate share. The way of a question: query.c leases a connection (pool.c), asks for the verdict
 * (verdict.c), names the catalog of views (catalog.c, asof.c), runs, and hands out rows (result.c). */
#ifndef GOVERN_GOVERN_INT_H
#define GOVERN_GOVERN_INT_H

#include <pthread.h>
#include <stdatomic.h>

#include "govern/govern.h"
#include "base/fs.h"

enum { CATALOG_NAME_MAX = 48, REFS_TEXT_MAX = 512, VERDICT_SLOTS = 512, ASOF_KEPT = 8 };

/* Columns of what lies below, by object, sorted by name. */
struct gov_object { struct str name; struct str *cols; size_t n; };
struct gov_objects { struct gov_object *v; size_t n; };

/* An in-memory catalog of governed views. Dropped when nothing refers to it any more. Never changed but for the views made in it. */
struct gov_catalog {
    char name[CATALOG_NAME_MAX];
    char src[CATALOG_NAME_MAX];      /* the builder's catalog of a past moment, "" for today */
    struct arena arena;
    struct gov_objects ports, streams; /* of today; those of the past are read as they are made */
    pthread_mutex_t making;          /* guards the next two */
    unsigned char *port_made, *stream_made; /* by index in the mesh that it was made for */
    unsigned refs;                   /* guarded by govern.lock */
    struct gov_catalog *next;        /* govern.lock */
};

struct gov_conn {
    struct engine_conn *conn;
    char catalog[CATALOG_NAME_MAX]; /* its default catalog; "" at first */
    struct gov_conn *next;
};

struct verdict {
    struct sha sql;
    unsigned generation;
    bool past, allowed;
    struct err err;              /* when not allowed */
    char refs[REFS_TEXT_MAX];    /* for the log, shortened */
};

struct asof_views {
    char src[CATALOG_NAME_MAX];
    struct gov_catalog *catalog;
    int64_t used_us;
};

struct govern {
    struct state *state;
    struct govern_past below; /* the builder's views of the past */
    /* Order of locks: refresh_lock, mesh_lock, asof_lock, a catalog's making, lock. */
    pthread_mutex_t refresh_lock; /* one maker of catalogs at a time; guards maker */
    struct engine_conn *maker;
    pthread_rwlock_t mesh_lock;   /* held for reading while a question looks at `mesh` */
    const struct mesh *mesh;
    unsigned generation;
    char stamp[64];               /* what was live when the current catalog was made */
    pthread_mutex_t asof_lock;    /* guards past */
    struct asof_views past[ASOF_KEPT];
    pthread_mutex_t lock;         /* guards all that follows */
    pthread_cond_t conn_free;
    struct gov_catalog *current, *catalogs; /* catalogs: all that are attached */
    unsigned catalog_number;
    struct gov_conn *idle;
    unsigned conns, conns_max, waiting;
    struct verdict *verdicts[VERDICT_SLOTS];
};

struct govern_result {
    struct govern *govern;
    struct gov_conn *conn;
    struct gov_catalog *catalog;
    struct engine_result *result;
    struct arena arena;
    struct str principal, purpose, sql;
    char refs[REFS_TEXT_MAX];
    int64_t row_limit, rows, started_us;
    uint64_t bytes;
    bool truncated, done;
    enum err_code outcome;
    unsigned generation;             /* of the views that it was judged by */
};

/* ---- catalog.c ---- */
MUST_CHECK bool gov_catalog_make(struct govern *g, const struct mesh *m, struct gov_catalog **out, struct err *e); /* refresh_lock held */
/* Governed views over the unmasked ones of a past moment. */
MUST_CHECK bool gov_catalog_make_past(struct govern *g, const struct mesh *m, struct str src, struct gov_catalog **out, struct err *e);
bool gov_port_ready(const struct gov_catalog *k, const struct mesh_port *p); /* there is something to show */
/* Makes the view if it is not there yet. E_NOT_BUILT when what lies below has changed since the catalog was made. */
MUST_CHECK bool gov_port_view(struct govern *g, struct gov_catalog *k, struct engine_conn *c, const struct mesh_port *p, bool plain, struct err *e);
MUST_CHECK bool gov_stream_view(struct govern *g, struct gov_catalog *k, struct engine_conn *c, const struct mesh_stream *st, size_t index, struct err *e);
MUST_CHECK bool gov_failing_view(struct gov_catalog *k, struct engine_conn *c, const struct mesh_port *p, struct err *e);
struct gov_catalog *gov_catalog_ref(struct govern *g, struct gov_catalog *c); /* takes lock */
void gov_catalog_unref(struct govern *g, struct gov_catalog *c);
void gov_catalog_retire(struct govern *g, struct gov_catalog *c);
MUST_CHECK bool gov_stamp(struct engine_conn *c, char out[64], struct err *e);
/* Whether a column is shown as 'hidden: personal': by its class; without a class, by a name that suggests a person. */
bool gov_column_hidden(const struct mesh_contract *contract, struct str name);

/* ---- failing.c ---- */
const struct mesh_port *gov_failing_port(const struct mesh *m, struct str name); /* NULL: not such a name */

/* ---- asof.c ---- */
MUST_CHECK bool gov_asof(struct govern *g, const struct mesh *m, struct str day, struct gov_catalog **out, struct err *e); /* *out referenced */
void gov_asof_forget(struct govern *g);

/* ---- pool.c ---- */
MUST_CHECK bool gov_conn_take(struct govern *g, int64_t timeout_ms, struct gov_conn **out, struct err *e);
void gov_conn_give(struct govern *g, struct gov_conn *c);
MUST_CHECK bool gov_conn_use(struct gov_conn *c, const char *catalog, struct err *e);
void gov_pool_close(struct govern *g);

/* ---- verdict.c: mesh_lock held for reading ---- */
MUST_CHECK bool gov_verdict(struct govern *g, struct engine_conn *parser, struct str sql, struct gov_catalog *catalog, bool past,
                            char refs[REFS_TEXT_MAX], struct err *e);
void gov_verdicts_free(struct govern *g);

/* ---- result.c ---- */
void gov_log(struct govern_result *r);

#endif
