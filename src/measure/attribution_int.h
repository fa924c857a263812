/* Shared by attribution*.c and journey_show.c alone. */
#ifndef MEASURE_ATTRIBUTION_INT_H
#define MEASURE_ATTRIBUTION_INT_H

#include "measure/attribution.h"

#define ONE INT64_C(1000000) /* a conversion in millionths */

struct sums { int64_t conversions, value; };
struct level_sums { struct sums credit; int64_t touches; };
struct cut; /* attribution_share.c */
struct share_room { size_t cap; void *all; struct cut *cuts; int64_t *weights, *age_s, *conversions, *value; uint32_t *channel; };
struct solved { struct channel_credit *channels; struct sums *sums; double scale; bool intervals; };
struct crediting {
    const struct metric_asker *who; const struct attribution_ask *ask; struct arena *a; struct journeys *j; struct attribution *out;
    struct rule_setting set;
    int rules[ATTRIBUTION_MODELS]; size_t n_rules, leaves;
    struct sums *sums;           /* [rule * leaves + leaf] */
    uint8_t *part;               /* [touch]: had a part in a conversion */
    struct journey_touched touched; struct share_room room;
    struct level_sums *linear[JOURNEY_LEVELS];
    struct solved solved[ATTRIBUTION_MODELS - RULE_MODELS];
};

/* The conversion and its value shared by one rule among its touches, n > 0: into `room`, which is given back with mem_free(room->all). */
MUST_CHECK bool attribution_share(const struct journeys *j, const struct rule_setting *set, const struct journey_end *x, const struct journey_touched *t, enum rule_model m, struct share_room *room, struct err *e);
/* Credit of journeys that were read, without consent and money. */
MUST_CHECK bool attribution_of(const struct metric_asker *who, const struct attribution_ask *ask, struct journeys *j, struct arena *a, struct attribution *out, struct err *e);
/* attribution_cost.c: touches that were left out for want of consent; money spent, and what each model would move. What cannot be known is left out with a note. */
MUST_CHECK bool attribution_consent(const struct metric_asker *who, const struct attribution_ask *ask, struct arena *a, struct attribution *out, struct err *e);
MUST_CHECK bool attribution_costs(const struct metric_asker *who, const struct attribution_ask *ask, struct arena *a, struct attribution *out, struct err *e);

#endif
