/* What the numeric files of measure share: checked sums of a path set, models as counts that add up, draws, threads. */
#ifndef MEASURE_KERNELS_INT_H
#define MEASURE_KERNELS_INT_H

#include "measure/kernels.h"

#define MILLIONTHS 1e6

/* Sums, checked: counts are not negative, no value is without a conversion, channels are below the set's, nothing overflows (not even counts of single moves). */
struct path_totals { int64_t conversions, value, nulls; size_t longest; };
MUST_CHECK bool path_totals(const struct path_set *p, struct path_totals *out, struct err *e);

/* A model of data sees paths only through counts, and those of parts add up: `count` adds paths [from, to) with the given weights (each [to - from];
 * value and nulls may be NULL), `solve` makes credit of counts. `last`: the one result that is shown, not one of many samples. */
struct data_model {
    const struct path_set *p;
    size_t counts;
    void (*count)(const struct data_model *m, size_t from, size_t to, const int64_t *conversions, const int64_t *value, const int64_t *nulls, int64_t *counts);
    bool (*solve)(const struct data_model *m, const int64_t *counts, bool last, struct channel_credit *out, struct err *e);
};
/* Counts all, solves, and solves again for each sample. */
MUST_CHECK bool data_model_run(const struct data_model *m, const struct data_options *o, struct channel_credit *out, struct err *e);

/* Shares totals by effects, which are not negative; effects of value may be NULL: those of conversions. */
void credit_by_effects(const double *effects, const double *value_effects, double conversions, double value, size_t n, struct channel_credit *out);

/* Calls one(ctx, i) for i of 0 … n-1, by up to `threads` threads at once. */
void in_parallel(int threads, size_t n, void (*one)(void *ctx, size_t i), void *ctx);

/* paths_read by so many threads, each a part of the text; what comes of it is the same for any number. */
bool paths_read_parts(struct arena *a, struct str file, struct str text, size_t parts, struct path_file *out, struct errs *es);

/* xoshiro256** (Blackman and Vigna 2018), seeded through splitmix64 (Steele, Lea, Flood 2014), both written from the publications. */
struct draws { uint64_t s[4]; };
void draws_init(struct draws *d, uint64_t seed, uint64_t stream);
uint64_t draws_next(struct draws *d);
uint64_t draws_below(struct draws *d, uint64_t n); /* 0 … n-1 alike, n > 0 */
double draws_unit(struct draws *d);                /* [0, 1) */
int64_t draws_poisson(struct draws *d, double mean);

/* ---- Markov: states are codes, their last `order` channels as digits (channel + 1, 0: none) to the base channels + 1; a move is code * (channels + 2) +
 * next, where next is a channel, `channels` for a conversion, `channels` + 1 for an end in nothing. Counts: of moves, then of value by the move. ---- */
struct markov {
    struct data_model model;
    int order, threads;
    uint64_t base, codes, width;    /* channels + 1, base^order, channels + 2 */
    uint64_t drop;                  /* base^order: what a digit that goes weighs before it goes */
    size_t moves;                   /* counted ones */
    const uint64_t *move;           /* [moves], ascending; NULL: all of them, by their number */
    uint32_t *rank;                 /* [codes * width]: number of a move; NULL: none, or by the hash */
    struct move_slot *slots;        /* hash of moves to numbers */
    size_t mask;
    struct markov_facts *facts;
};
struct move_slot { uint64_t key; /* move + 1; 0: free */ uint32_t rank; };
size_t markov_move_rank(const struct markov *m, uint64_t move);

/* What is solved. Without self-transitions, which change no effect. */
struct chain {
    size_t states, edges;           /* state 0: the start */
    uint64_t *code;                 /* [states], ascending */
    size_t *out;                    /* [states + 1]: edges of a state in to, weight */
    uint32_t *to;
    double *weight;                 /* counts */
    double *conversions, *value, *leaving; /* [states]: counts of ends; of all moves away */
    double walks, all_conversions, all_value;
    bool value_negative;            /* of some state */
};
/* Order 1, dense: effects of all channels from one factorisation. */
MUST_CHECK bool markov_dense(const struct markov *m, const struct chain *c, double *effects, double *value_effects, struct err *e);
/* Any order, sparse: one restricted chain for each channel. */
MUST_CHECK bool markov_sparse(const struct markov *m, const struct chain *c, bool last, double *effects, double *value_effects, struct markov_facts *facts, struct err *e);

#endif
