/* What the files of quarantine share. */
#ifndef EVENTS_QUARANTINE_INT_H
#define EVENTS_QUARANTINE_INT_H

#include "base/buf.h"
#include "engine/engine.h"
#include "events/events_int.h"
#include "events/plan_int.h"

/* ---- quarantine_payload.c: changes to a payload ---- */
enum { PAYLOAD_STEPS_MAX = 32 };
struct payload_path { /* properties.products[0].sku, context['a.b'] */
    struct payload_step {
        struct str key; /* p NULL: an item */
        int64_t index;
    } steps[PAYLOAD_STEPS_MAX];
    size_t n;
};
MUST_CHECK bool payload_path_parse(struct str text, struct payload_path *out, struct err *e); /* E_USAGE */
struct payload_fix;
/* Holds the changes in a form that is quick to apply; E_USAGE for what is no path, no JSON, no type. The arena outlives it. */
MUST_CHECK bool payload_fix_make(const struct events_fix *fix, struct arena *a, struct payload_fix **out, struct err *e);
void payload_fix_free(struct payload_fix *f);
/* The changed payload, in the arena; false: nothing of it applies, or the payload is no JSON object. */
bool payload_fix_apply(const struct payload_fix *f, struct str payload, struct arena *a, struct str *out);

/* ---- quarantine.c ---- */
/* " WHERE …" of an ask; its texts are parameters $1, … of `p` (QUARANTINE_PARAMS at most). */
enum { QUARANTINE_PARAMS = 8 };
void quarantine_where(const struct events_rejected_ask *ask, struct buf *sql, struct engine_param *p, size_t *n);
MUST_CHECK bool quarantine_begin(struct engine_conn *c, struct err *e);
bool quarantine_end(struct engine_conn *c, bool good, struct err *e); /* COMMIT or ROLLBACK; false: not committed */

/* Changes many rows at once: `set` is SQL over q (the row) and c1, c2, … (the texts of its change). */
struct quarantine_change {
    int64_t id;
    struct str texts[4];
};
MUST_CHECK bool quarantine_update(struct engine_conn *c, struct str set, size_t n_texts, const struct quarantine_change *v,
                                  size_t n, struct err *e);

#endif
