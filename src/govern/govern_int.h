/* What the files of the gate share. The way of a question: query.c leases a connection (pool.c), asks for the verdict
 * (verdict.c), names the catalog of views (catalog.c, asof.c), runs, and hands out rows (result.c). */
#ifndef GOVERN_GOVERN_INT_H
#define GOVERN_GOVERN_INT_H

#include <pthread.h>
#include <stdatomic.h>

#include "govern/govern.h"
#include "govern/mask.h"
#include "govern/policy.h"
#include "base/fs.h"

enum { CATALOG_NAME_MAX = 48, REFS_TEXT_MAX = 2048, VERDICT_SLOTS = 1024, ASOF_KEPT = 8, PROFILES_KEPT = 64 };

/* Columns of what lies below, by object, sorted by name. */
struct gov_object { struct str name; struct str *cols, *types; size_t n; };
struct gov_objects { struct gov_object *v; size_t n; };
struct gov_live { struct arena arena; struct gov_objects ports, streams; unsigned refs; /* guarded by govern.lock */ };

/* Whose views: those of one profile (policy.h) for one purpose. */
struct gov_asker { const struct govern_principal *principal; struct str purpose; struct sha_hex profile; };

/* An in-memory catalog of governed views. Dropped when nothing refers to it any more. Never changed but for the views made in it. */
struct gov_catalog {
    char name[CATALOG_NAME_MAX];
    char src[CATALOG_NAME_MAX];      /* the builder's catalog of a past moment, "" for today */
    struct arena arena;
    struct govern_principal who;     /* anybody of the profile: roles and purposes, no name */
    struct str purpose;
    struct sha_hex profile;
    struct gov_live *live;           /* of today; what lies below the past is read as it is made */
    pthread_mutex_t making;          /* guards the next three */
    struct policy_access **access;   /* by index in the mesh that it was made for; NULL: nobody asked yet */
    unsigned char *port_made, *stream_made;
    unsigned refs;                   /* guarded by govern.lock, as the next two */
    int64_t used_us;
    struct gov_catalog *next;
};

struct gov_conn {
    struct engine_conn *conn;
    char catalog[CATALOG_NAME_MAX]; /* its default catalog; "" at first */
    struct gov_conn *next;
};

struct verdict {
    struct sha sql;
    char catalog[CATALOG_NAME_MAX]; /* whose views it made */
    unsigned generation;
    bool past, allowed;
    struct err err;              /* when not allowed */
    char refs[REFS_TEXT_MAX];    /* for the log, shortened */
};

struct asof_views {
    char src[CATALOG_NAME_MAX];
    struct sha_hex profile;
    struct gov_catalog *catalog;
    int64_t used_us;
};

struct govern {
    struct state *state;
    struct govern_past below; /* the builder's views of the past */
    struct mask_keys *keys;
    struct small_history *small; /* small_history.c; has a lock of its own, taken last */
    struct audit *audit;
    /* Order of locks: refresh_lock, mesh_lock, asof_lock or profile_lock, a catalog's making, lock. */
    pthread_mutex_t refresh_lock; /* one maker of catalogs at a time; guards maker */
    struct engine_conn *maker;
    pthread_rwlock_t mesh_lock;   /* held for reading while a question looks at `mesh` */
    const struct mesh *mesh;
    unsigned generation;
    char stamp[64];               /* what was live when the current catalog was made */
    pthread_mutex_t asof_lock;    /* guards past */
    struct asof_views past[ASOF_KEPT];
    pthread_mutex_t profile_lock; /* one maker of a profile's catalog at a time */
    pthread_mutex_t lock;         /* guards all that follows */
    pthread_cond_t conn_free;
    struct gov_live *live;        /* NULL before the first refresh */
    struct gov_catalog *profiles[PROFILES_KEPT], *catalogs; /* of the current generation; all that are attached */
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
    struct str principal, roles, purpose, sql, person;
    bool quiet;
    char refs[REFS_TEXT_MAX];
    int64_t row_limit, rows, started_us;
    uint64_t bytes;
    bool truncated, done;
    struct small_plan *small;        /* the question is about groups of people; NULL: it is not */
    enum err_code outcome;
    unsigned generation;             /* of the views that it was judged by */
};

/* ---- live.c ---- */
MUST_CHECK bool gov_live_read(struct engine_conn *c, struct gov_live **out, struct err *e);
void gov_live_unref(struct govern *g, struct gov_live *l);
/* Objects and columns of a schema; `table` empty: all of them. */
MUST_CHECK bool gov_objects_read(struct engine_conn *c, struct arena *a, struct str catalog, struct str schema, struct str table, struct gov_objects *out, struct err *e);
const struct gov_object *gov_object_find(const struct gov_objects *o, struct str name);
MUST_CHECK bool gov_stamp(struct engine_conn *c, char out[64], struct err *e);

/* ---- catalog.c ---- */
/* Referenced. src empty: of today; else over the unmasked views of a past moment. mesh_lock held for reading. */
MUST_CHECK bool gov_catalog_make(struct govern *g, const struct mesh *m, const struct gov_asker *who, struct str src, struct gov_catalog **out, struct err *e);
MUST_CHECK bool gov_profile_catalog(struct govern *g, const struct mesh *m, const struct gov_asker *who, struct gov_catalog **out, struct err *e); /* the kept one, or a new one */
/* Takes all out, as of now; to be let go when no lock is held. */
void gov_profiles_take(struct govern *g, struct gov_catalog *out[PROFILES_KEPT]);
void gov_profiles_drop(struct govern *g, struct gov_catalog *taken[PROFILES_KEPT]);
const struct policy_access *gov_access(struct govern *g, struct gov_catalog *k, const struct mesh_port *p); /* mesh_lock held for reading */
struct gov_catalog *gov_catalog_ref(struct govern *g, struct gov_catalog *c); /* takes lock */
void gov_catalog_unref(struct govern *g, struct gov_catalog *c);

/* ---- view.c ---- */
bool gov_port_ready(const struct gov_catalog *k, const struct mesh_port *p); /* there is something to show */
/* Makes the view if it is not there yet. E_NOT_BUILT when what lies below has changed since the catalog was made. */
MUST_CHECK bool gov_port_view(struct govern *g, struct gov_catalog *k, struct engine_conn *c, const struct mesh_port *p, bool plain, const struct policy_access *x, struct err *e);
MUST_CHECK bool gov_stream_view(struct govern *g, struct gov_catalog *k, struct engine_conn *c, const struct mesh_stream *st, size_t index, struct err *e);
MUST_CHECK bool gov_failing_view(struct govern *g, struct gov_catalog *k, struct engine_conn *c, const struct mesh_port *p, struct err *e);

/* ---- invent.c ---- */
void gov_put_invented(struct buf *b, const struct mesh_port *p, const struct gov_object *o); /* columns and FROM of the tier `test` */

/* ---- failing.c ---- */
const struct mesh_port *gov_failing_port(const struct mesh *m, struct str name); /* NULL: not such a name */

/* ---- asof.c ---- */
MUST_CHECK bool gov_asof(struct govern *g, const struct mesh *m, const struct gov_asker *who, struct str day, struct gov_catalog **out, struct err *e); /* *out referenced */
void gov_asof_forget(struct govern *g);

/* ---- pool.c ---- */
MUST_CHECK bool gov_conn_take(struct govern *g, int64_t timeout_ms, struct gov_conn **out, struct err *e);
void gov_conn_give(struct govern *g, struct gov_conn *c);
MUST_CHECK bool gov_conn_use(struct gov_conn *c, const char *catalog, struct err *e);
void gov_pool_close(struct govern *g);

/* ---- verdict.c: mesh_lock held for reading ---- */
struct small_plan;
/* *small: how a question about groups is asked, in `a`; NULL: the text runs as it is. */
MUST_CHECK bool gov_verdict(struct govern *g, struct engine_conn *parser, struct str sql, struct gov_catalog *catalog, bool past,
                            char refs[REFS_TEXT_MAX], struct arena *a, struct small_plan **small, struct err *e);
void gov_verdicts_free(struct govern *g);

/* ---- result.c ---- */
void gov_log_who(struct govern_result *r, const struct govern_request *q); /* who asks, as the audit log names them */
void gov_log(struct govern_result *r);

#endif
