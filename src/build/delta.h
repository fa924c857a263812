/* Building by key: what the files about it share. changes.c remembers, delta_keys.c tells which keys have changed,
 * delta_views.c shows inputs restricted to them, delta.c puts a new version together. docs/build.md, "Incremental by key". */
#ifndef BUILD_DELTA_H
#define BUILD_DELTA_H

#include "build/build_int.h"

/* ---- changes.c: what is remembered in mesh.changes ---- */
struct build_seen {
    struct str input;      /* ref_major of a port, ref of a stream */
    int64_t version, mark; /* version: as facts have it; mark: of an event stream the newest `_file_id` seen, else the version */
    struct str object;     /* the table that was read; empty for streams */
};
struct build_changes {
    bool known;             /* false: nothing is remembered */
    int64_t whole;          /* readers that saw a version before this one cannot go by the log */
    int64_t checked_at_us;  /* when the whole table was last checked */
    struct build_seen *seen;
    size_t n;
};
MUST_CHECK bool build_changes_open(struct engine_conn *c, struct err *e);
MUST_CHECK bool build_changes_read(struct engine_conn *c, struct str port, struct arena *a, struct build_changes *out, struct err *e);
MUST_CHECK bool build_changes_write(struct engine_conn *c, struct str port, const struct build_changes *ch, struct err *e);
void build_changes_sql(struct str port, const struct build_changes *ch, struct buf *sql); /* the same as statements */
void build_changes_collect(struct engine_conn *c, const struct mesh *m, bool retire); /* lines that all have seen; failure is logged */

bool build_port_has(const struct mesh_port *p, struct str column);
struct str build_key_of(const struct mesh_port *p); /* what a keyed port goes by */
/* The columns of a port's log, its own key first; 0: nobody goes by it. */
size_t build_log_columns(const struct mesh *m, const struct mesh_port *p, struct arena *a, struct str **out);
struct str build_log_table(const struct mesh_port *p, struct arena *a);                          /* qualified */
struct str build_log_select(const struct str *columns, size_t n, struct arena *a);               /* "a", "b" */
bool build_log_fits(struct engine_conn *c, const struct mesh_port *p, const struct str *columns, size_t n, struct arena *a);
MUST_CHECK bool build_log_new(struct engine_conn *c, const struct mesh_port *p, struct str columns, struct str object, struct arena *a,
                              struct err *e); /* empty; types as in `object` */

/* ---- what lies behind a port, views seen through ---- */
enum told { TOLD_NOTHING, TOLD_KEYS, TOLD_UNKNOWN };
struct leaf {
    const struct mesh_port *port; /* or a stream */
    const struct mesh_stream *stream;
    struct str ref, object;       /* object: SQL that shows all of it */
    struct str table;             /* of a port: its name in mesh.built */
    int64_t version, mark;
    const struct build_seen *seen; /* NULL: never */
    struct str since;             /* what seen.mark is compared with: files that came later, as SQL over mesh.raw */
    bool judged;
    enum told state;
    struct str changed;           /* rows that came or went, as SQL; with TOLD_KEYS */
};
struct delta {
    struct build_job *j;
    struct engine_conn *c;
    struct arena *a;
    struct str key, column; /* K; quoted */
    struct build_changes was, now;
    struct leaf *leaves;
    size_t n_leaves;
    struct str catalogs[64]; /* made on the way, in memory */
    size_t n_catalogs;
    struct buf refill;      /* statements that fill the keys of linked inputs */
    bool check_whole;       /* all of the table, not only what changed */
    struct str why;         /* it cannot go by key: for the log */
    struct err err;         /* of a statement that failed */
};
/* What is seen now, and what was seen. False: d->err. */
MUST_CHECK bool delta_open(struct delta *d, struct build_job *j);
void delta_close(struct delta *d);
MUST_CHECK bool delta_catalog(struct delta *d, struct str *name); /* a new one, with schemas and functions */

/* ---- delta_keys.c ---- */
struct leaf *delta_leaf(struct delta *d, const struct mesh_input *in); /* NULL: a view */
enum told delta_judge(struct delta *d, struct leaf *l);                /* whether it changed, and its changed rows */
bool delta_has(struct delta *d, const struct mesh_input *in, struct str column);
/* The input of the port that tells what stands beside the keys of `in`, which has no K: a keyed port with K and with the column that
 * it is built by, which `in` has too. NULL: none. */
const struct mesh_port *delta_link(struct delta *d, const struct mesh_input *in);
/* SELECTs of changed values of K over all inputs, joined by UNION ALL; empty: none. */
enum told delta_keys(struct delta *d, struct buf *sql);

/* ---- delta_views.c ---- */
/* A catalog in which names mean what they mean to ports, and some show less. */
struct scene {
    struct delta *d;
    struct str catalog;
    struct str column;          /* quoted; inputs that have it show the rows where it is among `keys` alone; empty: nothing is restricted */
    struct str name, keys;      /* column as it is written; a table with one column k */
    bool null_too;              /* NULL is among the keys */
    const struct leaf *replaced; /* shows `rows` instead; NULL: none */
    struct str rows;
    unsigned char *ports, *streams; /* made, by index */
};
MUST_CHECK bool scene_open(struct scene *s, struct delta *d);
MUST_CHECK bool scene_show(struct scene *s, const struct mesh_input *in);
/* The port's SQL over what the catalog shows, as main."ref_major". */
MUST_CHECK bool scene_port(struct scene *s, const struct mesh_port *p, struct str *view);
/* Inputs of d->j->p restricted to the keys in `keys`, and its SQL over them. */
MUST_CHECK bool delta_restricted(struct delta *d, struct str catalog, struct str keys, bool null_too, struct str *view);

/* ---- delta_kept.c: catalogs of quiet runs, which are the same from one second to the next ---- */
struct kept {
    size_t port;
    char signature[17];
    struct arena a; /* of what follows */
    struct str *catalogs;
    size_t n_catalogs;
    struct str catalog, view, refill; /* refill: statements to be run when the changed keys are others */
};
/* What the restricted catalogs of d's port are made of. */
void kept_signature(struct delta *d, bool null_too, char out[17]);
struct kept *kept_find(struct delta *d, const char *signature); /* NULL: none; one of another make is dropped */
/* From now on the catalogs of d from the `first` on are kept. */
void kept_add(struct delta *d, const char *signature, size_t first, struct str catalog, struct str view);
void kept_drop(struct delta *d); /* those of d's port */
void delta_kept_free(struct build *b);

/* ---- delta.c ---- */
/* First of all, so that what comes meanwhile is looked at the next time. False: j->err. */
MUST_CHECK bool build_delta_open(struct build_job *j, struct delta *d);
/* Tries to bring the port up to date by key. True and *done false: it must be made whole. False: the job has ended. */
MUST_CHECK bool build_delta(struct build_job *j, struct delta *d, bool *done);
/* After `object` was made whole, inside of the transaction that makes it live: what was seen, and what readers may go by. */
MUST_CHECK bool build_delta_whole(struct build_job *j, struct delta *d, struct str object);
/* Inside of a transaction: makes the table `object` of all observations in `view`. */
MUST_CHECK bool build_identity_whole(struct build_job *j, struct delta *d, struct str view, struct str object);

#endif
