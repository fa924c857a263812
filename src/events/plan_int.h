/* What the files of the tracking plan share: a contract of an event type, compiled into a tree of what each member must be. */
#ifndef EVENTS_PLAN_INT_H
#define EVENTS_PLAN_INT_H

#include "events/event.h"
#include "events/pattern.h"

/* ---- plan_number.c: numbers as they were sent, exactly, and moments ---- */
__extension__ typedef unsigned __int128 plan_digits;
struct plan_number { /* (-1)^negative * digits * 10^exponent; no zero at the end of `digits` but in 0 itself */
    plan_digits digits;
    int32_t exponent;
    bool negative;
};
bool plan_number_parse(struct str s, struct plan_number *out); /* digits beyond the 38th are dropped */
bool plan_number_of(yyjson_val *v, struct plan_number *out);   /* false: no JSON number */
int plan_number_cmp(const struct plan_number *a, const struct plan_number *b);
bool plan_number_whole(const struct plan_number *v);
bool plan_number_multiple(const struct plan_number *v, const struct plan_number *of);
/* v * 10^scale, rounded half away from zero; false: beyond 64 bits. */
bool plan_number_scaled(const struct plan_number *v, int scale, int64_t *out);

enum { PLAN_MOMENT_DATE = 1, PLAN_MOMENT_TIME = 2 };
/* ISO 8601: "2026-01-31" (DATE), "10:30:00[.5]" (TIME), both with T or a space between and an offset or none (UTC).
 * Microseconds since 1970, or since midnight. */
bool plan_moment_parse(struct str s, int parts, int64_t *us);

/* ---- the compiled contract ---- */
enum plan_kind {
    PLAN_ANY,
    PLAN_STRING,
    PLAN_NUMBER,
    PLAN_INTEGER,
    PLAN_BOOLEAN,
    PLAN_DATE,
    PLAN_TIMESTAMP,
    PLAN_TIME,
    PLAN_OBJECT,
    PLAN_ARRAY,
};

struct plan_bound {
    bool set, exclusive;
    struct plan_number number; /* of numbers */
    int64_t us;                /* of moments */
    struct str text;           /* as declared */
};
struct plan_pattern {
    struct pattern *is; /* NULL: it could not be compiled */
    struct str format;  /* the name of a format; empty: a pattern of one's own */
};
struct plan_allowed {
    bool is_number;
    struct plan_number number;
    struct str text;
};
enum { PLAN_MEMBER = -1, PLAN_EACH = -2 }; /* instead of the place of an item */
struct plan_step {                         /* one step of a path: a member, or an item */
    struct str key;
    int64_t index; /* PLAN_MEMBER: a member */
};
struct plan_size { /* how long, how many: -1: no limit */
    int64_t least, most;
};

struct plan_spec {
    struct str key;          /* member's name in its object; of a top one: its whole path, for messages */
    struct plan_step *steps; /* of a top one */
    size_t n_steps;
    enum plan_kind kind;
    bool required, closed, unique_items, has_multiple;
    struct plan_size length, items_size, members_size;
    struct plan_bound low, high;
    struct plan_number multiple_of;
    struct plan_pattern *patterns;
    size_t n_patterns;
    struct plan_allowed *allowed;
    size_t n_allowed;
    struct str *missing; /* texts that stand for nothing */
    size_t n_missing;
    struct str *needed; /* members that an object must have */
    size_t n_needed;
    struct plan_spec *members, *items;
    size_t n_members;
};

/* Where the value of a planned property stands that has a column. */
struct plan_cell {
    struct plan_step *steps;
    size_t n_steps, column;
    struct str path;
};

struct plan_event { /* one contract */
    enum event_stream stream;
    struct str event; /* empty or "*": all of its type */
    bool closed;
    struct plan_spec *specs;
    size_t n_specs;
    struct plan_cell *cells;
    size_t n_cells;
    struct str *known; /* members that the section may have */
    size_t n_known;
};

struct plan_stream {
    struct plan_column *columns;
    char *types; /* as columns: of event_plan_columns */
    size_t n_columns;
    bool named; /* contracts name single events: others are unplanned */
};

struct plan {
    struct arena arena;
    const struct mesh_source *source;
    struct plan_event *events;
    size_t n_events;
    size_t *table, table_size; /* hash of (stream, event) -> place + 1 in events; a power of two */
    const struct plan_event *all[EVENT_STREAMS];
    struct plan_stream streams[EVENT_STREAMS];
    struct pattern **patterns; /* all, for plan_free */
    size_t n_patterns, cap_patterns;
};

/* ---- plan_compile.c ---- */
void plan_compile(struct plan *p, const struct mesh_planned *from, struct plan_event *out);
size_t plan_stream_place(enum event_stream bit);
struct str plan_section(enum event_stream stream); /* "properties", or "traits" */

/* ---- plan_columns.c: typed columns ---- */
void plan_columns_make(struct plan *p); /* before the contracts are compiled */
bool plan_column_find(const struct plan *p, enum event_stream stream, struct str name, size_t *place);
/* False: the value does not go into its column. */
bool plan_cell_fill(char type, yyjson_val *v, struct arena *a, struct event_cell *out);

/* ---- plan_value.c ---- */
/* Names of members are the sender's own: only what looks like one is shown, the rest might be a value. */
bool plan_name_is_plain(struct str s);
struct plan_place { /* the way to a value, from its end */
    const struct plan_place *up;
    struct str key;
    int64_t index; /* PLAN_MEMBER: a member */
    bool declared; /* its name stands in the plan: it may be shown */
};
struct plan_run {
    const struct plan *plan;
    struct arena *a;
    struct plan_violation *v;
    size_t n, cap;
};
void plan_violation(struct plan_run *r, const char *reason, const struct plan_place *at, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void plan_value_check(struct plan_run *r, const struct plan_spec *spec, yyjson_val *v, const struct plan_place *at);
void plan_members_check(struct plan_run *r, yyjson_val *object, const struct str *known, size_t n, const struct plan_place *at);

#endif
