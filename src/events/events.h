/* Events from the spool into raw streams, exactly once: read, normalise, tell apart, check against the plan, enrich, and commit
 * with the place in the spool in one transaction. What does not fit lies in quarantine with a typed reason. docs/events.md. */
#ifndef EVENTS_EVENTS_H
#define EVENTS_EVENTS_H

#include <stdatomic.h>

#include "mesh/mesh.h"
#include "store/state.h"

struct events; /* one per opened state; holds the loader's connection, the ids seen, and the tail of recent events */
MUST_CHECK bool events_open(struct state *s, struct events **out, struct err *e);
void events_close(struct events *ev);
/* Makes the raw tables of the declared event sources (with columns added since), and writes spool/collector.json anew: after opening, after each change of
 * the declaration, of keys and of the suppression list. */
MUST_CHECK bool events_prepare(struct events *ev, const struct mesh *m, struct err *e);

/* Nothing is loaded, replayed or fixed until it is given back. NULL-safe. */
void events_hold(struct events *ev);
void events_release(struct events *ev);

/* collector.json alone: after a change of keys or of the suppression list. events_prepare does it, too. */
MUST_CHECK bool events_publish(struct state *s, const struct mesh *m, struct err *e);

struct events_report {
    int64_t requests, events, loaded, duplicates, quarantined, suppressed, batches;
    bool more; /* there may be more: stopped at `limit`, by cancel, or at what came after the call began */
};
struct events_load_options {
    int64_t limit; /* events; 0: all that is there */
    const atomic_bool *cancel;
    void (*progress)(void *ctx, const struct events_report *so_far);
    void *ctx;
};
/* Loads what is durable in the spool now. One caller at a time. */
MUST_CHECK bool events_load(struct events *ev, const struct mesh *m, const struct events_load_options *o, struct events_report *r,
                            struct errs *es, struct err *e);
/* Waits for the spool; true: there may be something. */
bool events_wait(struct events *ev, int timeout_ms, int wake_fd);

/* What was loaded when: the version of a stream counts up with each batch that touches it. For fingerprints of ports. */
struct events_version { struct str stream; int64_t version, rows; struct str data_from, data_to; int64_t loaded_at_us; };
MUST_CHECK bool events_versions(struct engine_conn *c, struct arena *a, struct events_version **out, size_t *n, struct err *e);

/* ---- the tail: the newest events as they were loaded, personal values hidden; for the live page ---- */
struct events_seen {
    int64_t seq, received_us, loaded_us;
    struct str source, type, name, message_id, verdict /* passed, quarantined, duplicate */, reason, summary /* JSON, masked */;
};
/* Those after `seq`, oldest first, at most `max`; copies. */
size_t events_tail(struct events *ev, int64_t after_seq, struct str source, struct arena *a, struct events_seen **out, size_t max);
/* Called (from the loader's thread, must not wait) after each batch; one listener; NULL: none. */
void events_on_batch(struct events *ev, void (*fn)(void *ctx), void *ctx);

/* ---- quarantine ---- */
struct events_rejected {
    int64_t id, received_us, fixed_us, replayed_us;
    struct str source, type, event, message_id, reason, field, message, state /* waiting fixed replayed dropped */;
    struct str payload, first_payload /* JSON; before it was fixed, or empty */; /* only of events_rejected_get */
};
/* Empty texts: any. `state` empty: those that wait (waiting, fixed); "all": all. `ids`: only these. `field` without the places of items ("products[].sku"). */
struct events_rejected_ask {
    struct str source, event, reason, field, state, message_id;
    const int64_t *ids;
    size_t n_ids;
    int64_t before_id; /* of a list: 0: the newest first */
    size_t limit;      /* of a list: 0: all */
};
struct events_rejected_group { struct str source, type, event, reason, field; int64_t count, newest_us; };
MUST_CHECK bool events_rejected_list(struct engine_conn *c, struct arena *a, const struct events_rejected_ask *ask,
                                     struct events_rejected **out, size_t *n, int64_t *total, struct err *e);
MUST_CHECK bool events_rejected_groups(struct engine_conn *c, struct arena *a, const struct events_rejected_ask *ask,
                                       struct events_rejected_group **out, size_t *n, struct err *e); /* the largest first */
MUST_CHECK bool events_rejected_get(struct engine_conn *c, struct arena *a, int64_t id, struct events_rejected *out, struct err *e); /* E_NOT_FOUND */
/* Rows of files that could not be read: they are mended in their file, which is then loaded again. `source` empty: all. */
struct events_rejected_rows { struct str stream, path, column, reason, message; int64_t rows, first_line, newest_us; };
MUST_CHECK bool events_rejected_files(struct engine_conn *c, struct arena *a, struct str source, struct events_rejected_rows **out, size_t *n,
                                      struct err *e);
/* The payload with what may be personal as "hidden: personal": shown are what the base columns and the plan call not personal. */
struct str events_rejected_masked(const struct mesh *m, const struct events_rejected *r, struct str payload, struct arena *a);
/* Names of what is hidden in it, with commas: for the log of what was revealed. */
struct str events_rejected_hidden(const struct mesh *m, const struct events_rejected *r, struct str payload, struct arena *a);

/* `set`: paths and JSON values ("properties.total", "12.5"), `rename`: paths and paths, `remove`: paths, `cast`: paths and types (number, text, boolean),
 * in this order: rename, cast, set, remove. */
struct events_fix {
    struct str *set_path, *set_json; size_t n_set;
    struct str *rename_from, *rename_to; size_t n_rename;
    struct str *cast_path, *cast_to; size_t n_cast;
    struct str *remove; size_t n_remove;
    bool drop; /* never to be loaded; goes with nothing else */
};
/* One id, or (0) all that `ask` names. *n: how many were changed; one to which nothing of it applies is none. */
MUST_CHECK bool events_rejected_fix(struct events *ev, int64_t id, const struct events_rejected_ask *ask, const struct events_fix *fix,
                                    int64_t *n, struct err *e);
/* Takes them through the same way again; what passes is loaded and marked in one transaction, what does not waits on with its new reason.
 * r: events, loaded, duplicates (loaded before: they are done), quarantined (wait on), suppressed (of people on the suppression list: emptied). */
MUST_CHECK bool events_rejected_replay(struct events *ev, const struct mesh *m, int64_t id /* 0: all that `ask` names */,
                                       const struct events_rejected_ask *ask, struct events_report *r, struct err *e);

#endif
