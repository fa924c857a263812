/* Any order: what is lost without a channel is what walks that keep off its states carry into them. For each channel the visits of the chain
 * without its states are solved by Gauss-Seidel sweeps, forwards and backwards in turn; the chance to convert from a state is solved
 * once for the whole chain. Every term is a sum of what is not negative, so that seldom channels have as many right digits as frequent ones. */
#include "measure/kernels_int.h"

#include <float.h>
#include <math.h>
#include <stdatomic.h>

#include "base/mem.h"

enum { SWEEPS_MIN = 4 };
static const double SETTLED = 2e-15, NEARLY = 1e-13; /* of the relative change still to come */
static const double WORK_MAX = 4e10;                 /* edges looked at for one solution */

struct sparse {
    const struct markov *m;
    const struct chain *c;
    size_t *in;             /* [states + 1] */
    uint32_t *from;         /* [edges] */
    double *in_weight;      /* [edges] */
    double *convert, *worth; /* [states]: conversions and value that a walk from there brings, in counts of them all */
    double *effects, *value_effects;
    int *sweeps;            /* [channels + 2]: of each solution */
    double *residual;       /* [channels + 2] */
    atomic_bool failed, out_of_memory;
};

/* Turned round: who leads here. */
static void turn(struct sparse *s)
{
    const struct chain *c = s->c;
    for (size_t k = 0; k < c->edges; k++)
        s->in[c->to[k] + 1]++;
    for (size_t i = 0; i < c->states; i++)
        s->in[i + 1] += s->in[i];
    for (size_t i = 0; i < c->states; i++)
        for (size_t k = c->out[i]; k < c->out[i + 1]; k++) {
            size_t at = s->in[c->to[k]]++;
            s->from[at] = (uint32_t)i;
            s->in_weight[at] = c->weight[k];
        }
    for (size_t i = c->states; i > 0; i--)
        s->in[i] = s->in[i - 1];
    if (c->states)
        s->in[0] = 0;
}

/* x[i] = (own[i] + sum of weight * x[other]) / leaving[i], over the states of `list`; others keep their x. own NULL: 0. */
struct system {
    const size_t *first;
    const uint32_t *other;
    const double *weight, *leaving, *own;
    const uint32_t *list;
    size_t n;
    double edges;
};

static double row_sum(const struct system *y, const double *x, size_t i)
{
    double sum = y->own ? y->own[i] : 0;
    for (size_t k = y->first[i]; k < y->first[i + 1]; k++)
        sum += y->weight[k] * x[y->other[k]];
    return sum;
}

/* Largest relative change. */
static double sweep(const struct system *y, double *x, bool backwards)
{
    double most = 0;
    for (size_t k = 0; k < y->n; k++) {
        size_t i = y->list[backwards ? y->n - 1 - k : k];
        double next = row_sum(y, x, i) / y->leaving[i], change = fabs(next - x[i]);
        if (change > most * next)
            most = next > 0 ? change / next : most;
        x[i] = next;
    }
    return most;
}

static bool settle(const struct system *y, double *x, int *sweeps, double *residual)
{
    double before = DBL_MAX, limit = WORK_MAX / (y->edges + (double)y->n + 1);
    bool settled = false;
    int k = 0;
    for (; !settled && k < limit && k < INT32_MAX - 2; k += 2) {
        double change = sweep(y, x, false);
        double back = sweep(y, x, true);
        change = change > back ? change : back;
        double rate = change / before, to_come = rate < 1 ? change * rate / (1 - rate) : DBL_MAX;
        settled = change == 0 || (k >= SWEEPS_MIN && (to_come < SETTLED || (change >= before && change < NEARLY)));
        before = change;
    }
    double off = 0;
    for (size_t i = 0; i < y->n; i++)
        off += fabs(row_sum(y, x, y->list[i]) - x[y->list[i]] * y->leaving[y->list[i]]);
    *sweeps = k;
    *residual = off;
    return settled;
}

static bool contains(const struct markov *m, uint64_t code, size_t channel)
{
    for (; code; code /= m->base)
        if (code % m->base == channel + 1)
            return true;
    return false;
}

/* States that are kept without the channel and can be reached so. Visits there begin as those of the whole chain, which are 1 in counts. */
static size_t reach(const struct sparse *s, size_t channel, uint32_t *list, double *x, unsigned char *removed, double *edges)
{
    const struct chain *c = s->c;
    size_t n = 0;
    for (size_t i = 0; i < c->states; i++)
        removed[i] = contains(s->m, c->code[i], channel);
    x[0] = 1;
    list[n++] = 0;
    for (size_t at = 0; at < n; at++)
        for (size_t k = c->out[list[at]]; k < c->out[list[at] + 1]; k++) {
            uint32_t to = c->to[k];
            (*edges)++;
            if (!removed[to] && !(x[to] > 0)) {
                x[to] = 1;
                list[n++] = to;
            }
        }
    /* In the order of the states, not of the search, and without the start, whose visits are given. */
    n = 0;
    for (size_t i = 1; i < c->states; i++)
        if (x[i] > 0)
            list[n++] = (uint32_t)i;
    return n;
}

static void without(void *ctx, size_t channel)
{
    struct sparse *s = ctx;
    const struct chain *c = s->c;
    double *x = mem_try_alloc(c->states * sizeof *x), lost = 0, lost_value = 0, edges = 0;
    uint32_t *list = mem_try_alloc(c->states * sizeof *list);
    unsigned char *removed = mem_try_alloc(c->states);
    if (!x || !list || !removed) {
        atomic_store(&s->out_of_memory, true);
        goto out;
    }
    size_t n = reach(s, channel, list, x, removed, &edges);
    struct system y = {s->in, s->from, s->in_weight, c->leaving, NULL, list, n, edges};
    if (!settle(&y, x, &s->sweeps[channel], &s->residual[channel])) {
        atomic_store(&s->failed, true);
        goto out;
    }
    for (size_t i = 0; i < c->states; i++)
        for (size_t k = c->out[i]; x[i] > 0 && k < c->out[i + 1]; k++)
            if (removed[c->to[k]]) {
                lost += x[i] * c->weight[k] * s->convert[c->to[k]];
                lost_value += x[i] * c->weight[k] * s->worth[c->to[k]];
            }
    s->effects[channel] = c->all_conversions > 0 ? lost / c->all_conversions : 0;
    s->value_effects[channel] = c->all_value > 0 ? lost_value / c->all_value : 0;
    s->residual[channel] /= c->walks;
out:
    mem_free(x);
    mem_free(list);
    mem_free(removed);
}

/* What a walk from each state brings of `own`. */
static bool brings(struct sparse *s, const double *own, double *x, size_t nth)
{
    const struct chain *c = s->c;
    uint32_t *list = mem_try_alloc((c->states + 1) * sizeof *list);
    bool good = false;
    if (!list) {
        atomic_store(&s->out_of_memory, true);
        return false;
    }
    for (size_t i = 0; i < c->states; i++)
        list[i] = (uint32_t)(c->states - 1 - i);
    struct system y = {c->out, c->to, c->weight, c->leaving, own, list, c->states, (double)c->edges};
    good = settle(&y, x, &s->sweeps[nth], &s->residual[nth]);
    if (!good)
        atomic_store(&s->failed, true);
    s->residual[nth] /= c->walks;
    mem_free(list);
    return good;
}

bool markov_sparse(const struct markov *m, const struct chain *c, bool last, double *effects, double *value_effects, struct markov_facts *facts, struct err *e)
{
    size_t channels = m->model.p->channels;
    struct sparse s = {.m = m, .c = c, .effects = effects, .value_effects = value_effects};
    bool good = false;
    for (size_t i = 0; i < channels; i++)
        effects[i] = value_effects[i] = 0;
    if (c->states == 0)
        return true;
    s.in = mem_try_alloc((c->states + 2) * sizeof *s.in);
    s.from = mem_try_alloc((c->edges + 1) * sizeof *s.from);
    s.in_weight = mem_try_alloc((c->edges + 1) * sizeof *s.in_weight);
    s.convert = mem_try_alloc(c->states * sizeof *s.convert);
    s.worth = mem_try_alloc(c->states * sizeof *s.worth);
    s.sweeps = mem_try_alloc((channels + 2) * sizeof *s.sweeps);
    s.residual = mem_try_alloc((channels + 2) * sizeof *s.residual);
    if (!s.in || !s.from || !s.in_weight || !s.convert || !s.worth || !s.sweeps || !s.residual)
        atomic_store(&s.out_of_memory, true);
    else {
        turn(&s);
        if (brings(&s, c->conversions, s.convert, channels) && (c->value_negative || c->all_value <= 0 || brings(&s, c->value, s.worth, channels + 1)))
            in_parallel(last ? m->threads : 1, channels, without, &s);
    }
    if (atomic_load(&s.out_of_memory))
        err_set(e, E_MEMORY, "there is not enough memory for a chain of %zu states", c->states);
    else if (atomic_load(&s.failed)) {
        err_set(e, E_TOO_LARGE, "the walks of these paths are so long that a chain of order %d over %zu states does not settle", m->order, c->states);
        err_hint(e, "take a lower order");
    } else
        good = true;
    for (size_t i = 0; good && i < channels + 2; i++) {
        facts->iterations = s.sweeps[i] > facts->iterations ? s.sweeps[i] : facts->iterations;
        facts->residual = s.residual[i] > facts->residual ? s.residual[i] : facts->residual;
    }
    mem_free(s.in);
    mem_free(s.from);
    mem_free(s.in_weight);
    mem_free(s.convert);
    mem_free(s.worth);
    mem_free(s.sweeps);
    mem_free(s.residual);
    return good;
}
