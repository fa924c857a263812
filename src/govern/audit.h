/* The audit log: append-only, each entry chained to the one before, checkpoints signed (docs/governance.md). Thread-safe. */
#ifndef GOVERN_AUDIT_H
#define GOVERN_AUDIT_H

#include "govern/govern.h"

/* Kinds of entries, as text in the log and the API. */
#define AUDIT_KINDS(X) X(READ, "read") X(REVEAL, "reveal") X(EXPORT, "export") X(CHANGE, "change") X(APPROVAL, "approval") X(SIGN_IN, "sign_in") \
    X(ACCESS, "access") X(CONSENT, "consent") X(ERASURE, "erasure") X(RETENTION, "retention") X(SYSTEM, "system")
enum audit_kind {
#define X(id, text) AUDIT_##id,
    AUDIT_KINDS(X)
#undef X
    AUDIT_KIND_COUNT
};
struct audit_entry {
    int64_t id, at_us;         /* 0: given when it is written */
    enum audit_kind kind;
    struct str principal, roles, purpose; /* roles: with commas; a preview's: "anna as marketer" is principal "anna" and roles "marketer" */
    struct str what;           /* "shared.customer_v1,web.page_daily_v1", "user anna", "mesh.yaml": no personal value ever */
    struct str sql_shape;      /* literals removed; empty: not SQL */
    struct str verdict;        /* ok, or the code's name: E_DENIED */
    struct str detail;         /* free text (a reason): covered by its hash alone, may be blanked */
    struct str person;         /* customer_id whom it concerns; written as a pseudonym (audit_person.c) */
    int64_t rows, bytes, elapsed_us;
    bool quiet;                /* the program's own question: is nobody's use */
};
struct audit;
/* Starts the writer. What is wrong with the end of the chain is noted as an entry that verifying finds for ever, never mended in silence. The gate opens the
 * one of a mesh and closes it: govern_audit(g), app->audit. */
MUST_CHECK bool audit_open(struct state *s, struct audit **out, struct err *e);
void audit_close(struct audit *a); /* writes all that waits, and a checkpoint */
/* Written soon, in a group; does not wait for the disk. Copies. While the disk takes nothing the queue fills; then questions are refused (audit_takes), and
 * what of those under way finds no room is counted in an entry of its own as soon as the disk takes entries again. */
void audit_note(struct audit *a, const struct audit_entry *x);
/* False (E_STORE): the disk takes nothing and no more can wait: what has to be noted is not begun. */
MUST_CHECK bool audit_takes(struct audit *a, struct err *e);
/* On disk when it returns: before anything is revealed, exported or changed. */
MUST_CHECK bool audit_write(struct audit *a, const struct audit_entry *x, struct err *e);
MUST_CHECK bool audit_flush(struct audit *a, struct err *e);
/* principal, roles and quiet of an entry, from who asks: behind a preview stands who looks. Texts in `arena`, or borrowed from `who`. */
void audit_who(struct audit_entry *x, const struct govern_principal *who, struct arena *arena);
const char *audit_kind_text(enum audit_kind k);
int audit_kind_find(struct str text); /* -1: no kind */

/* person: customer_ids, with commas, of which any. what: a ref with or without its version, or all of `what`. text: anywhere, case ignored. */
struct audit_ask { struct str principal, what, purpose, person, text; int kind; /* -1: all */ int64_t from_us, to_us, before_id; bool refused, programs; size_t limit; };
/* Newest first, with what was noted before the call; `person` in them is empty, "somebody", or "this" where ask.person matched. */
MUST_CHECK bool audit_find(struct audit *a, struct arena *arena, const struct audit_ask *ask, struct audit_entry **out, size_t *n, struct err *e);

struct audit_verdict {
    bool whole; int64_t entries, checkpoints, first_id, last_id, first_bad_id, blanked;
    struct str problem;        /* edited, missing, out of order, signature, head, cut: with the entry's id; empty: whole */
    char head[65];             /* hash of the newest entry: to keep elsewhere */
    char public_key[65];       /* that the checkpoints were verified with */
    bool own_key;              /* it is the one that the file itself names: whoever made the file may have made the key */
};
MUST_CHECK bool audit_verify(struct audit *a, struct arena *arena, struct str known_head, struct audit_verdict *out, struct err *e);
/* Of a file: a copy of audit.sqlite (with audit.head beside it, where there is one) or an export. known_key: hexadecimal; empty: the file's own. */
MUST_CHECK bool audit_verify_file(const char *path, struct arena *arena, struct str known_head, struct str known_key, struct audit_verdict *out, struct err *e);
/* JSON lines, oldest first, with hashes and checkpoints, for `trellis audit verify FILE` too. */
MUST_CHECK bool audit_export(struct audit *a, int64_t from_us, bool (*line)(void *ctx, struct str text), void *ctx, struct err *e);
/* Erasure: the key of a person's pseudonyms goes for ever; texts of entries about them are blanked. *n: entries. */
MUST_CHECK bool audit_forget(struct audit *a, struct str customer_id, int64_t *n, struct err *e);
/* Retention of the log itself: entries before `before_us` go, up to a checkpoint; a signed entry says so, and verifying takes only such a cut. */
MUST_CHECK bool audit_cut(struct audit *a, int64_t before_us, struct str principal, int64_t *n, struct err *e);

#endif
