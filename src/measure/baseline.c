/* New customers of a day on its spend, its day of the week and time, by weighted least squares that trust days far off the line less (Huber). The
 * slope is never negative. The interval is had by drawing whole weeks again: days of one week are alike, and no law of the noise is taken for granted. */
#include "measure/baseline.h"

#include <math.h>
#include <stdlib.h>

enum { COLUMNS = 9 /* one, six days of the week, time, spend */, SPEND = 8, ROUNDS = 12, DRAWS = 400 };
#define HUBER 1.345
#define MEDIAN 0.6744897501960817
#define LEAST_VARIES 0.08 /* of the mean: less tells nothing of what spend does */

struct line { double b[COLUMNS]; bool good; };

static void row_of(const struct baseline_series *s, double mean_spend, size_t t, double x[COLUMNS])
{
    x[0] = 1;
    for (size_t j = 1; j <= 6; j++)
        x[j] = t % 7 == j ? 1 : 0;
    x[7] = (double)t / (double)s->n - 0.5;
    x[SPEND] = s->spend[t] / mean_spend;
}

static bool least_squares(double A[COLUMNS][COLUMNS + 1], size_t n, double *b)
{
    for (size_t i = 0; i < n; i++) {
        size_t best = i;
        for (size_t k = i + 1; k < n; k++)
            best = fabs(A[k][i]) > fabs(A[best][i]) ? k : best;
        if (fabs(A[best][i]) < 1e-10)
            return false;
        for (size_t j = 0; best != i && j <= COLUMNS; j++) {
            double kept = A[i][j];
            A[i][j] = A[best][j];
            A[best][j] = kept;
        }
        for (size_t k = i + 1; k < n; k++) {
            double f = A[k][i] / A[i][i];
            for (size_t j = i; j <= COLUMNS; j++)
                A[k][j] -= f * A[i][j];
        }
    }
    for (size_t i = n; i-- > 0;) {
        b[i] = A[i][COLUMNS];
        for (size_t j = i + 1; j < n; j++)
            b[i] -= A[i][j] * b[j];
        b[i] /= A[i][i];
    }
    return true;
}

/* The first `columns` columns, days weighed. */
static bool weighed(const struct baseline_series *s, double mean_spend, const double *y, const double *weight, size_t columns, double b[COLUMNS])
{
    double A[COLUMNS][COLUMNS + 1] = {{0}}, x[COLUMNS];
    memset(b, 0, COLUMNS * sizeof *b);
    for (size_t t = 0; t < s->n; t++) {
        if (weight[t] == 0)
            continue;
        row_of(s, mean_spend, t, x);
        for (size_t i = 0; i < columns; i++) {
            for (size_t j = 0; j < columns; j++)
                A[i][j] += weight[t] * x[i] * x[j];
            A[i][COLUMNS] += weight[t] * x[i] * y[t];
        }
    }
    return least_squares(A, columns, b);
}

static double at(const struct baseline_series *s, double mean_spend, const double b[COLUMNS], size_t t, bool with_spend)
{
    double x[COLUMNS], sum = 0;
    row_of(s, mean_spend, t, x);
    for (size_t j = 0; j < (with_spend ? COLUMNS : SPEND); j++)
        sum += b[j] * x[j];
    return sum;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* times: how often each day was drawn. scratch: two rows of n. */
static bool robust(const struct baseline_series *s, double mean_spend, const double *times, size_t columns, double *scratch, double b[COLUMNS])
{
    double *weight = scratch, *away = scratch + s->n;
    memcpy(weight, times, s->n * sizeof *weight);
    for (int round = 0; round < ROUNDS; round++) {
        size_t n = 0;
        if (!weighed(s, mean_spend, s->customers, weight, columns, b))
            return false;
        for (size_t t = 0; t < s->n; t++)
            if (times[t] > 0)
                away[n++] = fabs(s->customers[t] - at(s, mean_spend, b, t, true));
        qsort(away, n, sizeof *away, by_value);
        double scale = n ? away[n / 2] / MEDIAN : 0;
        if (scale == 0)
            break;
        for (size_t t = 0; t < s->n; t++) {
            double miss = fabs(s->customers[t] - at(s, mean_spend, b, t, true));
            weight[t] = times[t] * (miss > HUBER * scale ? HUBER * scale / miss : 1);
        }
    }
    return true;
}

/* Ads keep nobody away: where the slope comes out below nothing, the line is had without it. */
static struct line fit(const struct baseline_series *s, double mean_spend, const double *times, double *scratch)
{
    struct line l = {0};
    l.good = robust(s, mean_spend, times, COLUMNS, scratch, l.b);
    if (l.good && l.b[SPEND] < 0)
        l.good = robust(s, mean_spend, times, SPEND, scratch, l.b);
    return l;
}

static uint64_t drawn(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static struct baseline_range range_of(double value, double *v, size_t n, double level)
{
    qsort(v, n, sizeof *v, by_value);
    size_t cut = (size_t)((1 - level) / 2 * (double)n);
    return (struct baseline_range){value, fmin(value, v[cut]), fmax(value, v[n - 1 - cut])};
}

static double varies(const struct baseline_series *s, double mean_spend, const double *ones)
{
    double b[COLUMNS], squares = 0;
    if (!weighed(s, mean_spend, s->spend, ones, SPEND, b))
        return 0;
    for (size_t t = 0; t < s->n; t++) {
        double left = s->spend[t] - at(s, mean_spend, b, t, false);
        squares += left * left;
    }
    return sqrt(squares / (double)s->n) / mean_spend;
}

/* Of all customers, those whom the line gives to spend: where it would have fewer than none without ads, none are left. */
static double brought_by(const struct baseline_series *s, double mean_spend, const double b[COLUMNS], double customers)
{
    double sum = 0;
    for (size_t t = 0; t < s->n; t++)
        sum += fmax(0, at(s, mean_spend, b, t, true)) - fmax(0, at(s, mean_spend, b, t, false));
    return fmin(fmax(0, sum), customers);
}

static double cost(double spend, double customers)
{
    return customers > 0 ? spend / customers : INFINITY;
}

void baseline_find(const struct baseline_series *s, struct arena *a, struct baseline *out)
{
    double level = s->level > 0 ? s->level : 0.95, *ones = arena_array(a, s->n + 1, sizeof *ones), *times = arena_array(a, s->n + 1, sizeof *times);
    double *scratch = arena_array(a, 2 * s->n + 1, sizeof *scratch), *slopes = arena_array(a, DRAWS, sizeof *slopes);
    size_t weeks = s->n / 7, n = 0;
    uint64_t state = s->seed ? s->seed : 1;
    *out = (struct baseline){.days = arena_array(a, s->n + 1, sizeof *out->days)};
    for (size_t t = 0; t < s->n; t++) {
        out->customers += s->customers[t];
        out->spend += s->spend[t];
        ones[t] = 1;
    }
    if (s->n < BASELINE_LEAST_DAYS) {
        out->why = "fewer than 56 days have figures";
        return;
    }
    if (out->spend <= 0) {
        out->why = "nothing was spent on ads in these days";
        return;
    }
    double mean = out->spend / (double)s->n;
    out->varies = varies(s, mean, ones);
    if (out->varies < LEAST_VARIES) {
        out->why = "spend hardly varies beyond its week and its trend, so what it brings cannot be told from what comes anyway";
        return;
    }
    struct line whole = fit(s, mean, ones, scratch);
    if (!whole.good) {
        out->why = "spend cannot be told from the days of the week in these days";
        return;
    }
    double *each = arena_array(a, s->n * DRAWS, sizeof *each), *brought = arena_array(a, DRAWS, sizeof *brought);
    for (int draw = 0; draw < DRAWS; draw++) {
        memset(times, 0, s->n * sizeof *times);
        for (size_t w = 0; w < weeks; w++) {
            size_t from = (size_t)(drawn(&state) % (s->n - 6));
            for (size_t t = from; t < from + 7; t++)
                times[t]++;
        }
        struct line l = fit(s, mean, times, scratch);
        if (!l.good)
            continue;
        for (size_t t = 0; t < s->n; t++)
            each[t * DRAWS + n] = fmax(0, at(s, mean, l.b, t, false));
        brought[n] = brought_by(s, mean, l.b, out->customers);
        slopes[n++] = l.b[SPEND] / mean;
    }
    if (n < DRAWS / 2) {
        out->why = "too little varies in these days to say how sure a figure is";
        return;
    }
    out->known = true;
    out->none = whole.b[SPEND] == 0;
    for (size_t t = 0; t < s->n; t++) {
        struct baseline_range r = range_of(fmax(0, at(s, mean, whole.b, t, false)), &each[t * DRAWS], n, level);
        out->days[t] = (struct baseline_day){r.value, r.low, r.high};
    }
    out->per_spend = range_of(whole.b[SPEND] / mean, slopes, n, level);
    struct baseline_range i = out->incremental = range_of(brought_by(s, mean, whole.b, out->customers), brought, n, level);
    out->organic = (struct baseline_range){out->customers - i.value, out->customers - i.high, out->customers - i.low};
    out->true_cac = (struct baseline_range){cost(out->spend, i.value), cost(out->spend, i.high), cost(out->spend, i.low)};
}
