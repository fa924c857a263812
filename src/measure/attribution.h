/* Attribution asked: all models over one reading of the journeys, by any level of the channel tree, exact to the millionth. docs/attribution.md */
#ifndef MEASURE_ATTRIBUTION_H
#define MEASURE_ATTRIBUTION_H

#include "measure/journeys.h"

enum { MODEL_MARKOV = RULE_MODELS, MODEL_SHAPLEY, ATTRIBUTION_MODELS };
struct attribution_model { const char *name, *title, *about; bool data; }; /* data: solved over channels */
extern const struct attribution_model attribution_models[ATTRIBUTION_MODELS];
/* "all", or names with commas; E_NOT_FOUND, did you mean. `models` has room for ATTRIBUTION_MODELS. */
MUST_CHECK bool attribution_models_read(struct str text, int *models, size_t *n, struct err *e);
/* A conversion by name; empty: the first declared. E_NOT_FOUND, did you mean. */
MUST_CHECK bool attribution_conversion(const struct mesh *m, struct str name, const struct mesh_conversion **out, struct err *e);

struct attribution_ask {
    struct journey_ask journeys;
    int models[ATTRIBUTION_MODELS]; size_t n_models;
    int order;                   /* of Markov; 0: as declared */
    bool intervals, spend;
    int64_t limit;               /* rows given; 0: 1,000. Totals are of all */
};

struct attribution_cell { int64_t conversions, value; /* millionths */ bool interval; double low, high, value_low, value_high; };
struct attribution_row {
    struct str key[JOURNEY_LEVELS], title; /* key empty: not known; of channels: "(none)" for conversions without a touch */
    bool none, has_spend; double spend;
    int64_t touches;             /* that had a part in a conversion */
    struct attribution_cell *cells; /* as models of the ask */
};
struct attribution_move { struct str channel; double now, by_model[ATTRIBUTION_MODELS]; }; /* money of paid channels, as each model would share the same total */
struct attribution {
    struct attribution_row *rows; size_t n_rows, n_all;
    int64_t conversions, value, journeys, open, untouched, untouched_value; /* value: millionths; journeys: conversions with a touch; open: that led nowhere yet */
    bool has_value, has_days; int32_t from, to; int64_t lookback_s;
    bool has_consent; int64_t consent_touches, consent_left_out;
    struct attribution_move *moves; size_t n_moves;
    struct str notes[8], ports[12]; size_t n_notes, n_ports;
};
/* Everything lives in the arena. */
MUST_CHECK bool attribution_run(const struct metric_asker *who, const struct attribution_ask *ask, struct arena *a, struct attribution *out, struct err *e);

/* What platforms claim beside what journeys know (claimed.c). */
struct claimed_row { struct str platform; bool has_claimed; double claimed; int64_t clicked, touched, credited; /* credited: millionths */ };
struct claimed { struct claimed_row *rows; size_t n_rows; bool has_days; int32_t from, to; int64_t conversions; struct str model, notes[4], ports[8]; size_t n_notes, n_ports; };
MUST_CHECK bool claimed_run(const struct metric_asker *who, const struct journey_ask *ask, struct arena *a, struct claimed *out, struct err *e);

/* Lists of journeys (journey_lists.c). */
struct path_row { struct str *steps; size_t n_steps; int64_t conversions, value, open, median_lag_s; };
struct path_list { struct path_row *rows; size_t n_rows, n_all; bool has_days; int32_t from, to; int64_t conversions, open; };
MUST_CHECK bool journey_paths_list(const struct metric_asker *who, const struct journey_ask *ask, bool fold /* repeats of a channel as one */, int64_t limit, struct arena *a, struct path_list *out, struct err *e);
struct lag_bucket { int64_t from_s, to_s /* INT64_MAX: without end */, conversions; };
struct lag_row { struct str key; int64_t median_s, p90_s, conversions; };
struct lag_list { struct lag_bucket *buckets; size_t n_buckets; struct lag_row *rows; size_t n_rows; int64_t conversions, median_s; bool has_days; int32_t from, to; };
MUST_CHECK bool journey_lag_list(const struct metric_asker *who, const struct journey_ask *ask, struct arena *a, struct lag_list *out, struct err *e);

/* Journeys of one customer (journey_show.c), newest first: touch by touch with its credit by every rule model. */
struct shown_touch { struct str touchpoint_id, channel, source, campaign, kind; int64_t at_us, age_s, conversions[RULE_MODELS], value[RULE_MODELS]; };
struct shown_journey { struct str conversion, title; bool open; int64_t at_us, value; bool has_value; struct shown_touch *touches; size_t n_touches; };
struct shown { struct shown_journey *v; size_t n; };
MUST_CHECK bool journey_show(const struct metric_asker *who, struct str customer, struct str conversion, struct str as_of, struct arena *a, struct shown *out, struct err *e);

struct rule_setting { struct rule_options o; bool *direct; };
/* As declared, for the channels of these journeys. Give `direct` back with mem_free. */
void rule_setting_make(const struct mesh *m, const struct journeys *j, struct rule_setting *out);
/* The first and last day of the conversions that count, as asked where it was. */
bool attribution_days(const struct mesh *m, const struct journey_ask *ask, const struct journeys *j, int32_t *from, int32_t *to);

#endif
