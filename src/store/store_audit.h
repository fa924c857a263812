/* The rows of the audit log in a file of their own, data/audit.sqlite: each commit waits for the disk there, and nobody waits for it who does not have to.
 * What they mean, and how each is chained to the one before, is govern/audit.h's. Hashes, salts and keys are bytes. */
#ifndef STORE_STORE_AUDIT_H
#define STORE_STORE_AUDIT_H

#include "store/store.h"

struct store_audit {
    int64_t id, at_us, rows, bytes, elapsed_us;
    struct str kind, principal, roles, purpose, what, sql_shape, verdict;
    struct str detail, salt, detail_hash; /* salt empty, detail_hash not: the text was blanked */
    struct str person, hash;
    bool quiet;
    int64_t signed_id; /* the entry at which the newest checkpoint stood when this one was written, 0: none stood; -1: of a version that did not note it */
};
struct store_checkpoint { int64_t id, at_us; struct str hash, signature; }; /* id 0: none */

MUST_CHECK bool store_audit_open(const char *path, bool read_only, struct store **out, struct err *e);
MUST_CHECK bool store_audit_snapshot(struct store *s, struct err *e); /* of a reader: all that it reads from now on is of one moment */
/* One transaction, on disk when it returns. c may be NULL. */
MUST_CHECK bool store_audit_append(struct store *s, const struct store_audit *v, size_t n, const struct store_checkpoint *c, struct err *e);
/* After this id, oldest first, each with the checkpoint that stands at it (id 0: none). Texts live as long as the call of `row`; false from it: enough. */
typedef bool (*store_audit_row_fn)(void *ctx, const struct store_audit *x, const struct store_checkpoint *c);
MUST_CHECK bool store_audit_each(struct store *s, int64_t after_id, store_audit_row_fn row, void *ctx, struct err *e);
/* The newest entry up to this id and moment; id 0: none. Only id, at_us and hash are set. */
MUST_CHECK bool store_audit_newest(struct store *s, struct arena *a, struct store_audit *out, struct err *e);
/* The newest checkpoint at or before an id (INT64_MAX: of all) whose entries are older than a moment (INT64_MAX: any). */
MUST_CHECK bool store_checkpoint_newest(struct store *s, struct arena *a, int64_t to_id, int64_t before_us, struct store_checkpoint *out, struct err *e);
/* Checkpoints at which no entry stands (of a cut, or of entries that somebody took away), oldest first. */
MUST_CHECK bool store_checkpoint_alone(struct store *s, struct arena *a, struct store_checkpoint **out, size_t *n, struct err *e);
MUST_CHECK bool store_audit_cut(struct store *s, int64_t to_id, int64_t *n, struct err *e); /* entries up to it, checkpoints before it */

struct store_audit_ask {
    struct str kind, principal, what, purpose, text; /* empty: any; what: one of the refs, or all; a ref without version is of any */
    struct str what_bare;                            /* what, without its version */
    const struct str *persons; size_t n_persons;     /* pseudonyms, any of them; any_person false: not asked */
    bool any_person, refused, quiet;
    int64_t from_us, to_us, before_id;               /* 0: no bound */
    size_t limit;
};
MUST_CHECK bool store_audit_find(struct store *s, struct arena *a, const struct store_audit_ask *ask, struct store_audit **out, size_t *n, struct err *e); /* newest first */

/* Keys of people's pseudonyms, by a keyed hash of their customer_id. */
MUST_CHECK bool store_audit_key(struct store *s, struct arena *a, struct str lookup, struct str *key, struct err *e); /* empty: none */
MUST_CHECK bool store_audit_key_add(struct store *s, struct str lookup, struct str key, struct err *e);
/* The key goes, and the texts of entries with this pseudonym; nothing of them stays in the file's free pages or its log. */
MUST_CHECK bool store_audit_forget(struct store *s, struct str lookup, struct str person, struct err *e);
MUST_CHECK bool store_audit_texts(struct store *s, struct str person, int64_t *n, struct err *e); /* how many are not blank */

/* How often each port was read since a moment, by whom: for search and "who uses it". Sorted by ref. What the program asks itself is nobody's use. */
MUST_CHECK bool store_uses(struct store *audit, struct arena *a, int64_t since_us, struct store_use **out, size_t *n, struct err *e);

/* What older versions kept in the control store: their questions and reveals, oldest first. `done` says so for the next start. */
MUST_CHECK bool store_audit_older(struct store *control, struct arena *a, struct store_audit **out, size_t *n, struct err *e);
MUST_CHECK bool store_audit_older_done(struct store *control, struct err *e);

#endif
