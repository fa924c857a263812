/* One event on its way from a body to a raw row: what the stages of the loader hand on (split.c, normalise.c, plan.c, enrich.c).
 * Texts are borrowed from the body's document or live in the batch's arena. Numbers of the documents are raw (YYJSON_TYPE_RAW):
 * the digits as they were sent. */
#ifndef EVENTS_EVENT_H
#define EVENTS_EVENT_H

#include <yyjson.h>

#include "base/arena.h"
#include "mesh/event_columns.h"
#include "mesh/mesh.h"

struct event_cell {
    bool set; /* false: NULL */
    int64_t i; /* M (microseconds), B, I; D: in millionths */
    struct str s; /* T */
};

struct event {
    const struct mesh_source *source;
    enum event_stream stream; /* one bit */
    struct event_cell cells[EVENT_COLUMNS];
    yyjson_val *whole, *properties, *traits, *context; /* as sent; NULL: absent. context: batch and item merged */
    /* p_<name> columns of the stream, by place; plan.c. By the column's type: BIGINT, BOOLEAN, TIMESTAMP (microseconds), DATE
     * (days), DECIMAL(18,6) (millionths) in `i`; VARCHAR and every other type as text in `s`, which the engine casts. NULL: none. */
    struct event_cell *planned;
    /* of the request */
    struct str ip, user_agent, accept_language, origin;
    bool gpc, dnt;
    int64_t received_us;
};

static inline void event_text(struct event *ev, enum event_column c, struct str s)
{
    ev->cells[c] = (struct event_cell){.set = s.n > 0, .s = s};
}
static inline void event_bool(struct event *ev, enum event_column c, bool v)
{
    ev->cells[c] = (struct event_cell){.set = true, .i = v};
}

/* ---- plan.c: the tracking plan of one source ---- */
struct plan;
struct plan_violation {
    const char *reason; /* missing, wrong_type …: docs/events.md */
    struct str field;   /* path */
    struct str message; /* without values */
};
struct plan *plan_new(const struct mesh_source *s);
void plan_free(struct plan *p);
/* Typed columns p_<name> of a stream, in order: those of event_plan_columns (mesh/event_columns.h). */
struct plan_column { struct str name, type; };
size_t plan_columns(const struct plan *p, enum event_stream stream, const struct plan_column **out);
/* Fills ev->planned (in the arena, as plan_columns of its stream); true: passes. The violations are all that there are (100 at most), in the
 * arena. One thread at a time for each plan. */
bool plan_check(const struct plan *p, struct event *ev, struct arena *a, struct plan_violation **out, size_t *n);

/* ---- enrich.c: what can be known from the event itself: device, bot, internal, page, referrer, campaign, channel ---- */
struct enrich;
struct enrich *enrich_new(const struct mesh *m, const struct mesh_source *s);
void enrich_free(struct enrich *x);
void enrich_event(struct enrich *x, struct event *ev, struct arena *a); /* one thread at a time */

#endif
