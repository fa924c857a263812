/* Forgetting a person: what is held about them and where (a look), and taking it out of every place under data/ for good. docs/privacy.md. */
#ifndef PRIVACY_ERASE_H
#define PRIVACY_ERASE_H

#include "build/build.h"
#include "events/events.h"
#include "govern/audit.h"
#include "privacy/person.h"
#include "store/privacy.h"

struct privacy {
    struct state *s;
    const struct mesh *m;
    struct build *build;
    struct events *events;
    struct audit *audit;   /* NULL: nothing is noted */
    const char *program;   /* this binary, for builds */
    struct str by;         /* who asks */
};

/* ---- places.c: everything that lies under data/, and what an erasure does there. A test holds the table to what there is. ---- */
enum place_kind { PLACE_ENGINE /* schema of mesh.duckdb */, PLACE_TABLE /* of control.sqlite */, PLACE_FILE /* name or folder of data/ */ };
enum place_how {
    PLACE_ROWS,    /* rows of the person are found and go */
    PLACE_BUILT,   /* built again, then looked through */
    PLACE_TEXTS,   /* what names them is blanked in every text */
    PLACE_ANEW,    /* the file is written anew without what was deleted */
    PLACE_EMPTIED, /* what has been loaded is overwritten */
    PLACE_REMOVED, /* goes as a whole */
    PLACE_AUDIT,   /* its pseudonyms lose their key */
    PLACE_NOTHING, /* can hold nothing of a person, or keyed hashes alone: `why` */
};
struct place { enum place_kind kind; const char *name /* with * */; enum place_how how; const char *title, *why; };
extern const struct place places[];
extern const size_t places_count;
const struct place *place_find(enum place_kind kind, struct str name); /* NULL: nobody thought of it */

struct erase_count { struct str place, what, how; int64_t rows, cells; };
struct erase_left { struct str what, why; };
struct erase_backup { struct str name; int64_t at_us; };
struct erase_kinds { struct str kind; int64_t count, shared; };
struct erase_held { int64_t hold; struct str reason; };
struct erase_report {
    struct arena *a; /* the caller's; all below lives there */
    bool known;
    struct str customer_id;
    int64_t customer_ids, evidence;
    struct erase_kinds *kinds; size_t n_kinds;
    struct erase_held *held; size_t n_held;
    struct erase_count *counts; size_t n_counts, counts_cap;
    struct str *built; size_t n_built;
    struct erase_left *left; size_t n_left, left_cap;
    struct erase_backup *backups; size_t n_backups;
    int64_t rows, cells;
    struct str receipt_id;
};
void erase_report_add(struct erase_report *r, const char *place, struct str what, const char *how, int64_t rows, int64_t cells); /* nothing where both are 0 */
void erase_report_put(struct buf *b, const struct erase_report *r); /* members of "look" (docs/api.md), no braces */

/* What an erasure would do; nothing is changed. */
MUST_CHECK bool erase_look(const struct privacy *v, struct str identifier, bool anonymise, struct erase_report *r, struct err *e);
/* Carries it out for a request (which is written on at each step), or goes on with one that was broken off. The caller holds runs off. E_HELD. */
MUST_CHECK bool erase_do(const struct privacy *v, struct store_privacy *request, struct erase_report *r, struct errs *es, struct err *e);

/* ---- request.c ---- */
/* Makes the request; the identifier is checked and sealed. received_us 0: now. */
MUST_CHECK bool request_add(const struct privacy *v, struct str kind, struct str identifier, int64_t received_us, struct str note, struct arena *a, struct store_privacy *out, struct err *e);
MUST_CHECK bool request_identifier(struct state *s, const struct store_privacy *r, struct arena *a, struct str *out, struct err *e);
MUST_CHECK bool request_extend(struct state *s, struct store_privacy *r, struct str reason, struct err *e);
MUST_CHECK bool request_close(struct state *s, struct store_privacy *r, struct str state, struct str answer, struct str by, struct err *e); /* blanks it */
bool request_overdue(const struct store_privacy *r, int64_t now_us);
int64_t request_due(int64_t received_us, int months); /* the same day of a later month, or its last */
/* Sealed under data/request.key. */
MUST_CHECK bool request_seal(const char *data_dir, struct str plain, struct buf *out, struct err *e);
MUST_CHECK bool request_unseal(const char *data_dir, struct str sealed, struct buf *out, struct err *e);

#endif
