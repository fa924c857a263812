/* Attribution as numbers: pure functions over paths, without engine, mesh or clock. Channels are numbers 0 … n-1. Deterministic: the same
 * paths in any order, and in any number of parts, give the same bits (counts are integers, sums are made in a fixed order). docs/attribution.md */
#ifndef MEASURE_KERNELS_H
#define MEASURE_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

/* Paths of equal steps may be given once with their counts. A path without steps has no part in anything. */
struct path_set {
    const uint32_t *steps;      /* all paths after one another */
    const size_t *ends;         /* [n]: where path i ends in steps */
    const int64_t *conversions; /* [n] */
    const int64_t *value;       /* [n]: of all its conversions (0 where there are none), in millionths; NULL: all 0 */
    const int64_t *nulls;       /* [n]: walks that ended in nothing; NULL: none */
    const uint32_t *bucket;     /* [n]: group of people it belongs to, for intervals; NULL: paths are drawn themselves */
    size_t n, channels, buckets;
};

enum rule_model { RULE_LAST, RULE_LAST_NON_DIRECT, RULE_FIRST, RULE_LINEAR, RULE_POSITION_U, RULE_POSITION_W, RULE_TIME_DECAY, RULE_MODELS };
const char *rule_model_name(enum rule_model m); /* last last_non_direct first linear position_u position_w time_decay */

struct rule_options {
    double u[3], w[4];          /* first, middle, last; first, milestone, last, rest */
    double half_life_s;
    const bool *direct;         /* [channels]; NULL: none is */
};
/* Weights of the touches of one journey, n > 0, oldest first: they are not negative and sum to 1 within rounding. age_s: before the conversion, NULL where
 * not known (time decay then halves by the step). milestone: index of the touch before it, or SIZE_MAX. */
void rule_weights(enum rule_model m, const struct rule_options *o, const uint32_t *channel, const int64_t *age_s, size_t milestone, size_t n, double *weights);
/* total (millionths, any sign) shared by weights: cut towards zero, what is left in units to the largest cut-off parts, of equal ones to the later. out sums to total exactly. */
void share_exactly(int64_t total, const double *weights, size_t n, int64_t *out);
/* Credits (of any sign) that sum to total / unit, as whole numbers of 1/unit that sum to total: cut downwards, what is left by the same rule. For showing. */
void round_exactly(int64_t total, const double *credits, double unit, size_t n, int64_t *out);

/* Value in units of the currency. */
struct channel_credit { double conversions, value; double effect /* removal effect, Shapley share; 0 for rules */; double low, high /* of conversions; equal to it without intervals */, value_low, value_high, error /* standard error of sampling, 0 where exact */; };

/* All rule models in one pass; out[m * channels + c]. Ages and milestones are not known of paths. Per path the shares are fractions, summed exactly enough that conversions of a model sum to the total within 1e-9 of it. */
MUST_CHECK bool rules_run(const struct path_set *p, const struct rule_options *o, struct channel_credit *out, struct err *e);

struct data_options { int order /* Markov, 1 to 4 */; bool shapley_rate; uint64_t seed; int samples /* of the bootstrap; 0: no intervals */; double level; uint64_t bootstrap_seed; int threads; };
struct markov_facts { double p_conversion; size_t states, transitions; int iterations; double residual; };
/* Conversions are shared by the conversions that the removal of a channel loses, value by the value that it loses (a state's value is the mean of the
 * paths that convert from it; where one's is negative, by the conversions). E_TOO_LARGE beyond 4,000,000 states. */
MUST_CHECK bool markov_run(const struct path_set *p, const struct data_options *o, struct channel_credit *out, struct markov_facts *facts, struct err *e);
MUST_CHECK bool shapley_run(const struct path_set *p, const struct data_options *o, struct channel_credit *out, struct err *e);

/* Aggregated paths as text: `path;total_conversions;total_conversion_value;total_null` with " > " between steps, header first. Names of channels in order of appearance. Rows with an error are all in `es` with line and column. */
struct path_file { struct path_set set; struct str *names; int64_t conversions, value, nulls; };
bool paths_read(struct arena *a, struct str file, struct str text, struct path_file *out, struct errs *es);

#endif
