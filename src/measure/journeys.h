/* Journeys: conversions, and the touches of the same customer (or account) before them, read through the gate as who asks and packed in memory.
 * Rows come in any order; they are numbered by customer, spread and sorted here (docs/attribution.md). */
#ifndef MEASURE_JOURNEYS_H
#define MEASURE_JOURNEYS_H

#include "measure/kernels.h"
#include "measure/metric.h"

enum journey_level { JOURNEY_CHANNEL, JOURNEY_SOURCE, JOURNEY_CAMPAIGN, JOURNEY_AD_GROUP, JOURNEY_AD, JOURNEY_LEVELS };
const char *journey_level_name(enum journey_level l); /* channel source campaign ad_group ad */
bool journey_level_from(struct str text, enum journey_level *out);

/* A port of one's own read as touches or as conversions: names of its columns, empty where it has none. */
struct journey_port {
    struct str port, customer, time;
    struct str level[JOURNEY_LEVELS], kind; /* of touches; level[JOURNEY_CHANNEL] is needed */
    struct str value;                       /* of conversions; empty: counted only */
    struct str where;                       /* a condition over the port's columns */
};
/* "domain.port customer=… time=… channel=… where=…"; what follows `where=` is the condition to its end. E_USAGE. */
MUST_CHECK bool journey_port_read(struct str text, bool touches, struct journey_port *out, struct err *e);

struct journey_ask {
    const struct mesh_conversion *conversion; /* of shared.conversion, with touches of shared.touchpoint; NULL: the two ports */
    struct journey_port touches, conversions;
    enum journey_level level;                 /* keys are read down to here */
    bool platform;                            /* also the platform of each touch, and whether it carries a click id */
    bool once;                                /* a touch counts for the next conversion alone */
    bool has_from, has_to; int32_t from, to;  /* days of conversions, both inside, in the mesh's time zone */
    int64_t lookback_s;                       /* of every kind of touch; 0: as declared, else 30 days */
    struct str where;                         /* a condition over touches */
    struct str person;                        /* this customer alone; the audit log names them */
    struct str as_of;
    void (*watch)(void *ctx, struct govern_result *r); void *watch_ctx; /* as in govern_request */
};

struct journey_node { uint32_t parent; struct str key, title; }; /* parent: index at the level above; key empty: not known */
enum { JOURNEY_NO_PLATFORM = 0, JOURNEY_KINDS = 255 };
struct journey_touch { int64_t at_us; uint32_t leaf; uint8_t kind, platform; bool clicked; };
struct journey_end { int64_t at_us, value /* millionths */, milestone_us /* INT64_MIN: none */; uint64_t tie; uint32_t customer; bool milestone, counted; };

/* Everything but `a` is given back by journeys_fini. Touches and ends stand by customer, then by time. */
struct journeys {
    struct arena a;
    struct journey_node *nodes[JOURNEY_LEVELS]; size_t n_nodes[JOURNEY_LEVELS];
    enum journey_level level;                /* of `leaf` */
    struct journey_touch *touches; size_t n_touches;
    uint64_t *tie;                           /* [n_touches], of one person's alone: what tells touches of one moment apart; else NULL */
    struct journey_end *ends; size_t n_ends; /* with those before `from`, which are not counted but take their touches */
    size_t *first_touch, *first_end;         /* [n_customers + 1] */
    uint64_t *hash; size_t n_customers;      /* of the key: 63 bits */
    struct str *platforms; size_t n_platforms; /* [0]: none */
    struct str *kinds; size_t n_kinds; int64_t *window_us; /* by kind */
    int64_t lookback_us, longest_us /* of any kind */, from_us, to_us;
    bool has_from, has_to, has_value, once;
    int64_t visited;                         /* touches looked at so far, for the limit */
    struct str ports[6]; size_t n_ports;     /* that were read */
};
/* E_NOT_FOUND, E_DENIED (in groups only; a key that is hidden), E_USAGE, E_TOO_LARGE, and what govern_query says. */
MUST_CHECK bool journeys_read(const struct metric_asker *who, const struct journey_ask *ask, struct journeys *out, struct err *e);
void journeys_fini(struct journeys *j);

/* The touches that have a part in conversion `end`: indexes, oldest first, into `out`, which grows as needed. */
struct journey_touched { uint32_t *v; size_t n, cap; };
MUST_CHECK bool journeys_touched(struct journeys *j, size_t end, struct journey_touched *out, struct err *e);
uint32_t journeys_up(const struct journeys *j, uint32_t leaf, enum journey_level level); /* the node of that level above a leaf */

/* Paths of channels for the models that are solved: each touch belongs to the next conversion within its lookback; what led nowhere is open. */
struct journey_paths { struct path_set set; uint32_t *steps; size_t *ends, *end_of /* index of its conversion, SIZE_MAX: open */; int64_t *conversions, *value, *nulls; uint32_t *bucket; int64_t *lag_s /* from its first step to the conversion; open: to its last */; };
enum { JOURNEY_BUCKETS = 128 };
MUST_CHECK bool journeys_cut(const struct journeys *j, struct journey_paths *out, struct err *e);
void journey_paths_fini(struct journey_paths *p);

/* Can single rows of this port be read by who asks? E_NOT_FOUND, E_DENIED with what to do. */
MUST_CHECK bool journeys_may(const struct metric_asker *who, struct str ref, struct err *e);
/* A condition is put between brackets: it has to be one, and nothing else. E_USAGE */
MUST_CHECK bool journeys_condition(struct str where, struct err *e);

#endif
