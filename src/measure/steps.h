/* What people did, as steps of funnels, of coming back and of paths: words for a step, and its rows, read through the gate as who asks and packed
 * by person and time. docs/attribution.md */
#ifndef MEASURE_STEPS_H
#define MEASURE_STEPS_H

#include "measure/metric.h"

/* NAME, event:NAME · page:/path* · screen:TITLE · email:open · order · ticket · touch:CHANNEL · conversion:NAME. A `*` stands for any text. */
enum step_kind { STEP_EVENT, STEP_PAGE, STEP_SCREEN, STEP_EMAIL, STEP_ORDER, STEP_TICKET, STEP_TOUCH, STEP_CONVERSION, STEP_KINDS };
const char *step_kind_name(enum step_kind k); /* event page … */
struct step { enum step_kind kind; struct str text /* as written in full */, name, title; };
enum { STEPS_MAX = 16 };
/* E_USAGE: no words; E_NOT_FOUND: its port is not there for who asks; E_DENIED: in groups only. */
MUST_CHECK bool step_read(const struct metric_asker *who, struct str text, struct arena *a, struct step *out, struct err *e);

/* What a step's person may be told apart by. */
enum step_dimension { BY_DEVICE, BY_CHANNEL, BY_COUNTRY, BY_PLATFORM, BY_CAMPAIGN, BY_LANDING_PAGE, BY_VISITOR, BY_BUYER, STEP_DIMENSIONS };
const char *step_dimension_name(enum step_dimension d);  /* device … landing_page … */
const char *step_dimension_title(enum step_dimension d);
/* Is what it is made of there for who asks? */
bool step_dimension_there(const struct metric_asker *who, enum step_dimension d);
/* E_USAGE, did you mean; E_NOT_FOUND where it is not there. */
MUST_CHECK bool step_dimension_read(const struct metric_asker *who, struct str name, enum step_dimension *out, struct err *e);

struct steps_ask {
    const struct step *steps; size_t n;
    int64_t from_us, until_us;       /* of all rows, the end outside; INT64_MIN, INT64_MAX: open */
    int64_t entry_until_us;          /* rows of the first step count up to here */
    bool wanted[STEP_DIMENSIONS];
    struct str where;                /* a condition over dimensions, for rows of the first step; empty: none */
    struct str as_of;
    void (*watch)(void *ctx, struct govern_result *r); void *watch_ctx; /* as in govern_request */
};
enum { NO_ENTRY = UINT32_MAX };
/* A moment of one person: which steps it is. */
struct step_event { int64_t at_us; uint64_t person; uint32_t mask; uint32_t entry; bool fits; };
/* Everything is given back by steps_fini. Events stand by person, then by time. */
struct step_events {
    struct arena a;
    struct step_event *v; size_t n, cap;
    size_t *first; size_t n_people;  /* [n_people + 1]: where a person's events begin */
    uint32_t *values[STEP_DIMENSIONS]; size_t n_entries, cap_entries; /* of an entry: place in names; 0: not known */
    struct str *names[STEP_DIMENSIONS]; size_t n_names[STEP_DIMENSIONS];
    int64_t rows[STEPS_MAX];         /* how many rows each step has */
};
MUST_CHECK bool steps_read(const struct metric_asker *who, const struct steps_ask *ask, struct step_events *out, struct err *e);
void steps_fini(struct step_events *v);
/* A step of which the span holds nothing: is there such a thing at all? E_NOT_FOUND with what comes near among what may be seen. */
MUST_CHECK bool steps_exist(const struct metric_asker *who, const struct steps_ask *ask, const struct step_events *v, struct err *e);

/* What may be a step, the most frequent first within its kind; q: part of it, in any case. */
struct step_known { enum step_kind kind; struct str step, title; int64_t count; };
MUST_CHECK bool steps_known(const struct metric_asker *who, struct str q, size_t max, struct arena *a, struct step_known **out, size_t *n, struct err *e);

/* Days as moments, in the mesh's time zone. */
struct steps_span { int32_t from, to; int64_t from_us, until_us; bool given; };
/* The newest moment of what people did, and not later than now. */
MUST_CHECK bool steps_newest(const struct metric_asker *who, struct str as_of, int64_t *out, struct err *e);
bool steps_day_begin(const struct mesh *m, int32_t day, int64_t *us);
/* from and to of an ask, else the 28 days up to the newest; E_USAGE where it ends before it begins. */
MUST_CHECK bool steps_span(const struct metric_asker *who, const int32_t *from, const int32_t *to, int64_t newest_us, struct steps_span *out, struct err *e);
/* The ports that steps and dimensions are read from. */
size_t steps_ports(const struct step *steps, size_t n, const bool wanted[STEP_DIMENSIONS], struct str out[4]);

#endif
