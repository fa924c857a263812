/* What people asked about their own data, with when it is due: rows of the control store. What names the person stands sealed here (privacy/request.c),
 * and is blanked when the request is closed. */
#ifndef STORE_PRIVACY_H
#define STORE_PRIVACY_H

#include "base/buf.h"
#include "store/store.h"

struct store_privacy {
    int64_t id, received_at_us, due_at_us, asked_at_us, started_at_us, closed_at_us; /* 0: not yet */
    struct str kind;                   /* erase access export rectify object */
    struct str state;                  /* open running done declined */
    struct str identifier_kind;        /* email, customer, ...: all that is told of the identifier */
    struct str sealed;                 /* the identifier; of a running erasure all that is looked for; empty: blanked */
    struct str note, extension_reason; /* blanked with it */
    struct str asked_by, closed_by, answer, receipt_id, problem;
    struct str counts;                 /* JSON: what an erasure did so far; numbers and names of places alone */
    bool anonymise;
};
struct store_privacy_ask { struct str state, kind; size_t limit; }; /* empty: any; newest first */

MUST_CHECK bool store_privacy_add(struct store *s, struct store_privacy *r /* id and asked_at are set */, struct err *e);
MUST_CHECK bool store_privacy_get(struct store *s, struct arena *a, int64_t id, struct store_privacy *out, struct err *e); /* E_NOT_FOUND */
MUST_CHECK bool store_privacies(struct store *s, struct arena *a, const struct store_privacy_ask *ask, struct store_privacy **out, size_t *n, struct err *e);
/* All that may change of it: state, due time, texts, sealed, counts; the rest stays. */
MUST_CHECK bool store_privacy_write(struct store *s, const struct store_privacy *r, struct err *e);
/* The request begins and its person is suppressed from the same moment on. */
MUST_CHECK bool store_privacy_begin(struct store *s, const struct store_privacy *r, const struct store_suppressed *people, size_t n, struct err *e);

/* A decision about identities that names somebody who is erased. */
MUST_CHECK bool store_decision_forget(struct store *s, int64_t id, struct err *e);
/* Legal holds whose customer_id was blanked to this text: what they sealed goes, too. */
MUST_CHECK bool store_holds_forget(struct store *s, struct str blanked, struct err *e);

/* ---- blanking ---- */
/* Every text of a table through `clean`: false leaves it as it is; true: *out takes its place. *changed: rows. */
typedef bool store_clean_fn(void *ctx, struct str text, struct buf *out);
MUST_CHECK bool store_table_clean(struct store *s, struct str table, store_clean_fn *clean, void *ctx, int64_t *changed, struct err *e);
MUST_CHECK bool store_table_find(struct store *s, struct str table, store_clean_fn *clean, void *ctx, int64_t *rows, struct err *e); /* counts alone */
MUST_CHECK bool store_tables(struct store *s, struct arena *a, struct str **out, size_t *n, struct err *e);
/* Writes the file anew without what was deleted, and empties its log. E_BUSY: somebody reads it; the log still holds what was. */
MUST_CHECK bool store_vacuum(struct store *s, struct err *e);
MUST_CHECK bool store_empty_log(struct store *s, struct err *e); /* its log alone: what was overwritten is nowhere then */

#endif
