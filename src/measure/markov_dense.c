/* Order 1: elimination without subtractions. With A = (moves away on the diagonal) - (counts of moves), which is I - Q in counts, the
 * pivot of a state is the sum of its moves to later states and to ends (Grassmann, Taksar and Heyman 1985), so that no digit is lost however seldom
 * walks end. Row and column stay balanced, no pivot is 0. Visits are known from the counts, so that of the fundamental matrix the
 * diagonal is enough: P(visit i) = 1 / (walks * inverse(A)[i][i]), and a removal loses P(visit i) * P(convert from i). */
#include "measure/kernels_int.h"

#include "base/mem.h"

struct dense {
    size_t n;
    double *a;                     /* [n * n]: above the diagonal counts of moves, below it factors */
    double *ends, *pivot, *x, *y;  /* [n] */
};

static void eliminate(struct dense *d)
{
    size_t n = d->n;
    for (size_t k = 0; k < n; k++) {
        const double *row = d->a + k * n;
        double pivot = d->ends[k];
        for (size_t j = k + 1; j < n; j++)
            pivot += row[j];
        d->pivot[k] = pivot;
        for (size_t i = k + 1; i < n; i++) {
            double *other = d->a + i * n, factor = other[k] / pivot;
            other[k] = factor;
            d->ends[i] += factor * d->ends[k];
            for (size_t j = k + 1; factor > 0 && j < n; j++)
                other[j] += factor * row[j]; /* what falls on the diagonal is staying, and is never read */
        }
    }
}

/* A x = b, b not negative and 0 before `from`; result in b. */
static void solve_from(const struct dense *d, double *b, size_t from)
{
    size_t n = d->n;
    for (size_t i = from + 1; i < n; i++)
        for (size_t k = from; k < i; k++)
            b[i] += d->a[i * n + k] * b[k];
    for (size_t k = n; k-- > 0;) {
        double sum = b[k];
        for (size_t j = k + 1; j < n; j++)
            sum += d->a[k * n + j] * b[j];
        b[k] = sum / d->pivot[k];
    }
}

/* inverse(A)[i][i]: of the solution for the unit i, only entries from i on are needed. */
static double diagonal(const struct dense *d, size_t i, double *b)
{
    size_t n = d->n;
    for (size_t k = 0; k < n; k++)
        b[k] = k == i ? 1 : 0;
    for (size_t k = i + 1; k < n; k++)
        for (size_t j = i; j < k; j++)
            b[k] += d->a[k * n + j] * b[j];
    for (size_t k = n; k-- > i;) {
        double sum = b[k];
        for (size_t j = k + 1; j < n; j++)
            sum += d->a[k * n + j] * b[j];
        b[k] = sum / d->pivot[k];
    }
    return b[i];
}

bool markov_dense(const struct markov *m, const struct chain *c, double *effects, double *value_effects, struct err *e)
{
    size_t n = c->states ? c->states - 1 : 0; /* without the start */
    struct dense d = {.n = n};
    double *room = mem_try_alloc((n * n + 5 * n + 1) * sizeof *room), *b;
    for (size_t i = 0; i < m->model.p->channels; i++)
        effects[i] = value_effects[i] = 0;
    if (!room)
        return err_set(e, E_MEMORY, "there is not enough memory for a chain of %zu states", n);
    d.a = room;
    d.ends = d.a + n * n;
    d.pivot = d.ends + n;
    d.x = d.pivot + n;
    d.y = d.x + n;
    b = d.y + n;
    for (size_t s = 1; s <= n; s++) {
        double moves = 0;
        for (size_t k = c->out[s]; k < c->out[s + 1]; k++) {
            d.a[(s - 1) * n + c->to[k] - 1] = c->weight[k];
            moves += c->weight[k];
        }
        d.ends[s - 1] = c->leaving[s] - moves; /* whole numbers */
        d.x[s - 1] = c->conversions[s];
        d.y[s - 1] = c->value_negative ? 0 : c->value[s];
    }
    eliminate(&d);
    solve_from(&d, d.x, 0);
    solve_from(&d, d.y, 0);
    for (size_t s = 0; s < n; s++) {
        double often = diagonal(&d, s, b);
        size_t channel = (size_t)c->code[s + 1] - 1;
        if (c->all_conversions > 0)
            effects[channel] = d.x[s] / (often * c->all_conversions);
        if (c->all_value > 0)
            value_effects[channel] = d.y[s] / (often * c->all_value);
    }
    mem_free(room);
    return true;
}
