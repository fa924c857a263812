/* Who is told what, once: alerts while something is wrong and when it is mended, and the digest at a fixed hour. What is to be
 * told is written down first (store_alerts_write) and sent afterwards, so that a receiver that is away costs nobody anything. See
 * docs/alerts.md. */
#ifndef NOTIFY_NOTIFY_H
#define NOTIFY_NOTIFY_H

#include "catalog/catalog.h"

struct notify {
    struct state *state;
    struct govern *govern;
    const struct mesh *mesh;
    const struct build_port_status *status; /* as mesh.ports */
    struct str page;                        /* address of the page without a slash at its end, for links; empty: none known */
    const atomic_bool *cancel;              /* ends sending; may be NULL */
};
bool notify_configured(const struct mesh *m); /* whether anybody is told */

/* What is wrong now and is nobody else's consequence. kind: source_late source_failed volume_unusual quarantine drift run_failed
 * check_failed port_stale metric_unusual. */
struct notify_trouble {
    struct str kind, ref, title, text, step, href;
    struct mesh_person owner;
    struct str *affected;
    size_t n_affected;
};
MUST_CHECK bool notify_troubles(const struct notify *n, struct arena *a, struct notify_trouble **out, size_t *count,
                                struct err *e);

/* Compares what is wrong with what was said of it, and writes down what is to be told. */
struct notify_seen {
    size_t raised, mended, open;
};
MUST_CHECK bool notify_look(const struct notify *n, struct notify_seen *out, struct err *e);

/* Sends what is due, each channel until its first failure. What a receiver did is no error here: it is kept with the message. */
struct notify_sent {
    size_t sent, failed, given_up;
    struct str problem; /* of the last failure, in the arena */
};
MUST_CHECK bool notify_send(const struct notify *n, struct arena *a, struct notify_sent *out, struct err *e);
/* A message to every channel now. E_USAGE: none is configured. */
MUST_CHECK bool notify_test(const struct notify *n, struct arena *a, struct notify_sent *out, struct err *e);

struct notify_digest {
    struct str title, text; /* lines; what cannot be known says why */
};
MUST_CHECK bool notify_digest(const struct notify *n, struct arena *a, struct notify_digest *out, struct err *e);
/* Written down for every channel; `once` empty: each time. */
MUST_CHECK bool notify_digest_tell(const struct notify *n, struct str once, struct arena *a, struct notify_digest *out,
                                   struct err *e);
/* Whether the declared hour has come today; `once` names it, for notify_digest_tell. */
bool notify_digest_due(const struct mesh *m, int64_t now_us, struct arena *a, struct str *once);

#endif
