/* What the files of erasure share: where the person's rows are, and what is done with them. */
#ifndef PRIVACY_ERASE_INT_H
#define PRIVACY_ERASE_INT_H

#include "privacy/erase.h"
#include "privacy/person.h"

enum { ERASE_SQL_MAX = 8 << 20, ERASE_RECORDS_MAX = 2000 /* whose keys are followed */ };

/* A table of mesh.raw or mesh.hist with what was found in it: rowids in temporary tables of the connection, named by `no`. */
struct erase_table {
    size_t no;
    struct str schema, name, sql; /* sql: quoted, with catalog */
    struct str *columns, *types;
    size_t n;
    const struct mesh_stream *stream; /* NULL: no longer declared */
    struct str source, short_name;    /* "web.shopify", "order" */
    struct str key, ref;              /* column of its own key (id), and how other streams of the source name it (order_id); empty: none */
    bool event, staff;                /* staff: people in it act for the business; a match is a mention, no record of theirs */
    bool followed;                    /* records that hang on its keys are the person's */
    int64_t rows, mentions;
};
struct erase_find {
    struct engine_conn *c;
    const struct mesh *m;
    struct person *p;
    struct arena *a;
    struct erase_table *tables;
    size_t n;
    bool rows_alone; /* mentions are not looked for */
};
/* Inside of the caller's transaction. Fills rows and mentions, and the person's records. */
MUST_CHECK bool erase_find_rows(struct erase_find *f, struct err *e);
/* All in the engine that is no raw stream: quarantine, ledgers, logs of changes, desk. `act` false: counts. */
MUST_CHECK bool erase_other_rows(struct erase_find *f, struct erase_report *r, bool act, struct err *e);
MUST_CHECK bool erase_delete_rows(struct erase_find *f, struct err *e);
MUST_CHECK bool erase_anonymise_rows(struct erase_find *f, struct err *e); /* erase_anonymise.c */
struct str erase_key_anew(struct arena *a, struct str from, const struct person_record *all, size_t n); /* what a record's key of digits, not empty, becomes; all: the person's records */
/* Built tables as they stand after all was built again: nothing of the person may be left. *rows: that had to go. */
MUST_CHECK bool erase_sweep_built(struct erase_find *f, int64_t *rows, struct err *e);

/* Versions that are not live and that no live view reads: with what they still held. */
MUST_CHECK bool erase_drop_old(struct engine_conn *c, struct err *e);

/* erase_report.c */
void erase_report_left(struct erase_report *r, struct str what, struct str why);
void erase_report_put_done(struct buf *b, const struct erase_report *r); /* what was done, without whom */
void erase_report_unfollowed(struct erase_report *r, const struct person *p); /* says so where records hang on more keys than are followed */
void erase_report_take(struct erase_report *r, struct str json);
void erase_report_person(struct erase_report *r, const struct person *p);

/* erase_names.c: names of files in the ledger, and what of the user's own names the person; after erase_find_rows, in the same transaction. */
MUST_CHECK bool erase_names(const struct privacy *v, struct erase_find *f, struct erase_report *r, bool act, struct err *e);
/* What stands on the suppression list for them. */
MUST_CHECK bool erase_listed(const struct privacy *v, const struct person *p, struct arena *a, struct store_suppressed **out, size_t *n, struct err *e);
struct suppressed; /* ingest/people.h */
MUST_CHECK bool erase_marks(const struct privacy *v, const struct person *p, struct arena *a, struct suppressed **out, struct err *e); /* the same, for suppressed_path */

/* erase_files.c: data/files, uploads, backups, spool. */
MUST_CHECK bool erase_files(const struct privacy *v, const struct person *p, struct erase_report *r, bool act, struct err *e);

/* erase_hold.c: legal holds on the person. */
MUST_CHECK bool erase_held(const struct privacy *v, const struct person *p, struct erase_report *r, struct err *e);

MUST_CHECK bool erase_count(struct engine_conn *c, struct arena *a, int64_t *out, struct err *e, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
MUST_CHECK bool erase_run(struct engine_conn *c, struct buf *sql, struct err *e); /* and empties it, wiped */

#endif
