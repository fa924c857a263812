/* The level is diffuse at first and the controls' coefficients are had by generalised least squares over innovations, so that two numbers are left:
 * the noise, and the level's daily step in it. Likelihood alone takes any wave of the days before for a wandering level, and then nothing is ever an
 * effect; so both are held by what the published method holds them by as it comes (Brodersen et al. 2015, CausalImpact): the step a hundredth of the
 * series' deviation, worth 32 days; the noise what controls that explain four fifths leave, worth 50. The step is not chosen but averaged over. */
#include "measure/impact.h"

#include <math.h>

enum { WEEK = 6, COLUMNS = IMPACT_CONTROLS_MAX + WEEK, STEPS = 61 };
#define STEP_LEAST 1e-8 /* level's variance of a day in that of the noise; below it stands still */
#define STEP_MOST 1e2
#define COLLINEAR 1e-8
#define PRIOR_SHARE 0.01
#define PRIOR_DAYS 32.0
#define PRIOR_LEFT 0.2 /* of the series' variance */
#define PRIOR_NOISE_DAYS 50.0

struct fit {
    const struct impact_series *s;
    size_t p;                                  /* columns: controls, then days of the week */
    bool used[COLUMNS], weekly;
    double mean[COLUMNS], deviation[COLUMNS];  /* columns are centred and scaled */
    double step, beta[COLUMNS], cov[COLUMNS][COLUMNS], var, level[COLUMNS + 1], level_var; /* level_var: in var */
    double likely, bic, deviation_y;
    size_t n, used_n;                          /* innovations; columns that tell something */
};

static bool day_known(const struct impact_series *s, size_t t)
{
    bool known = !s->known || s->known[t];
    for (size_t j = 0; known && j < s->n_x; j++)
        known = isfinite(s->x[j][t]);
    return known && isfinite(s->y[t]);
}

static bool controls_known(const struct impact_series *s, size_t t)
{
    bool known = true;
    for (size_t j = 0; j < s->n_x; j++)
        known = known && isfinite(s->x[j][t]);
    return known;
}

static double raw(const struct fit *f, size_t j, size_t t)
{
    return j < f->s->n_x ? f->s->x[j][t] : t % 7 == j - f->s->n_x ? 1 : 0;
}

static double column(const struct fit *f, size_t j, size_t t)
{
    return f->deviation[j] > 0 ? (raw(f, j, t) - f->mean[j]) / f->deviation[j] : 0;
}

static void scale_columns(struct fit *f)
{
    for (size_t j = 0; j < f->p; j++) {
        double n = 0, sum = 0, squares = 0;
        for (size_t t = 0; t < f->s->post; t++)
            if (day_known(f->s, t)) {
                n++;
                sum += raw(f, j, t);
            }
        f->mean[j] = sum / n;
        for (size_t t = 0; t < f->s->post; t++)
            if (day_known(f->s, t))
                squares += (raw(f, j, t) - f->mean[j]) * (raw(f, j, t) - f->mean[j]);
        f->deviation[j] = sqrt(squares / n);
        if (f->deviation[j] <= 1e-12 * fabs(f->mean[j]))
            f->deviation[j] = 0; /* it never moves: the level has it already */
    }
}

/* One pass: innovations of y and of every column by one and the same filter. Calls `take` with them and their variance. */
struct sums { double xx[COLUMNS][COLUMNS], xy[COLUMNS], yy, logs; size_t n; };

static void filter(struct fit *f, double step, struct sums *out)
{
    const struct impact_series *s = f->s;
    double m[COLUMNS + 1] = {0}, v[COLUMNS + 1], P = 0;
    bool begun = false;
    *out = (struct sums){0};
    for (size_t t = 0; t < s->post; t++) {
        P += begun ? step : 0;
        if (!day_known(s, t))
            continue;
        if (!begun) {
            for (size_t j = 0; j < f->p; j++)
                m[j] = column(f, j, t);
            m[COLUMNS] = s->y[t];
            P = 1;
            begun = true;
            continue;
        }
        double F = P + 1, gain = P / F;
        for (size_t j = 0; j < f->p; j++)
            v[j] = column(f, j, t) - m[j];
        v[COLUMNS] = s->y[t] - m[COLUMNS];
        for (size_t j = 0; j < f->p; j++) {
            for (size_t k = 0; k <= j; k++)
                out->xx[j][k] += v[j] * v[k] / F;
            out->xy[j] += v[j] * v[COLUMNS] / F;
            m[j] += gain * v[j];
        }
        out->yy += v[COLUMNS] * v[COLUMNS] / F;
        out->logs += log(F);
        m[COLUMNS] += gain * v[COLUMNS];
        P *= 1 - gain;
        out->n++;
    }
    memcpy(f->level, m, sizeof m);
    f->level_var = P;
}

/* Cholesky of the columns' sums; a column that the ones before it say already is left out. log_det: of those that are used. */
static void solve(struct fit *f, const struct sums *u, double *log_det, size_t *used)
{
    double L[COLUMNS][COLUMNS] = {{0}}, z[COLUMNS] = {0}, inverse[COLUMNS][COLUMNS] = {{0}};
    *log_det = 0;
    *used = 0;
    for (size_t j = 0; j < f->p; j++) {
        double diagonal = u->xx[j][j];
        for (size_t k = 0; k < j; k++) {
            double sum = u->xx[j][k];
            for (size_t i = 0; i < k; i++)
                sum -= L[j][i] * L[k][i];
            L[j][k] = f->used[k] ? sum / L[k][k] : 0;
            diagonal -= L[j][k] * L[j][k];
        }
        f->used[j] = u->xx[j][j] > 0 && diagonal > COLLINEAR * u->xx[j][j];
        L[j][j] = f->used[j] ? sqrt(diagonal) : 1;
        if (!f->used[j])
            for (size_t k = 0; k < j; k++)
                L[j][k] = 0;
        *log_det += f->used[j] ? 2 * log(L[j][j]) : 0;
        *used += f->used[j];
        z[j] = f->used[j] ? u->xy[j] : 0;
        for (size_t k = 0; k < j; k++)
            z[j] -= L[j][k] * z[k];
        z[j] /= L[j][j];
    }
    for (size_t j = f->p; j-- > 0;) {
        f->beta[j] = z[j];
        for (size_t k = j + 1; k < f->p; k++)
            f->beta[j] -= L[k][j] * f->beta[k];
        f->beta[j] = f->used[j] ? f->beta[j] / L[j][j] : 0;
    }
    for (size_t c = 0; c < f->p; c++) {
        double w[COLUMNS] = {0};
        for (size_t j = c; j < f->p; j++) {
            w[j] = j == c ? 1 : 0;
            for (size_t k = c; k < j; k++)
                w[j] -= L[j][k] * w[k];
            w[j] /= L[j][j];
        }
        for (size_t j = f->p; j-- > 0;) {
            inverse[j][c] = w[j];
            for (size_t k = j + 1; k < f->p; k++)
                inverse[j][c] -= L[k][j] * inverse[k][c];
            inverse[j][c] /= L[j][j];
        }
    }
    for (size_t j = 0; j < f->p; j++)
        for (size_t k = 0; k < f->p; k++)
            f->cov[j][k] = f->used[j] && f->used[k] ? inverse[j][k] : 0;
}

static double try_step(struct fit *f, double step)
{
    struct sums u;
    double log_det;
    size_t used;
    filter(f, step, &u);
    solve(f, &u, &log_det, &used);
    double rest = u.yy;
    for (size_t j = 0; j < f->p; j++)
        rest -= f->beta[j] * u.xy[j];
    double n = (double)u.n, free = n - (double)used + PRIOR_NOISE_DAYS, var_y = f->deviation_y * f->deviation_y;
    f->n = u.n;
    f->used_n = used;
    f->step = step;
    f->var = (fmax(rest, 0) + PRIOR_NOISE_DAYS * PRIOR_LEFT * var_y) / free;
    f->bic = n * log(fmax(rest, 1e-12 * var_y) / n) + u.logs + (double)(used + 2) * log(n);
    double variance = step * f->var, prior = -PRIOR_DAYS / 2 * (log(variance) + PRIOR_SHARE * PRIOR_SHARE * var_y / variance);
    return f->likely = prior - 0.5 * (free * log(f->var) + u.logs + log_det);
}

static double step_at(int i)
{
    return exp(log(STEP_LEAST) + (log(STEP_MOST) - log(STEP_LEAST)) * i / (STEPS - 1));
}

static void fit_best(struct fit *f)
{
    int best = 0;
    double most = -INFINITY;
    for (int i = 0; i < STEPS; i++)
        if (try_step(f, step_at(i)) > most) {
            most = f->likely;
            best = i;
        }
    (void)try_step(f, step_at(best));
}

static bool fit(struct fit *f, const struct impact_series *s, bool weekly)
{
    *f = (struct fit){.s = s, .p = s->n_x + (weekly ? WEEK : 0), .weekly = weekly};
    size_t known = 0;
    double mean = 0;
    for (size_t t = 0; t < s->post; t++)
        if (day_known(s, t)) {
            known++;
            mean += (s->y[t] - mean) / (double)known;
        }
    if (known < f->p + 8)
        return false;
    for (size_t t = 0; t < s->post; t++)
        f->deviation_y += day_known(s, t) ? (s->y[t] - mean) * (s->y[t] - mean) / (double)(known - 1) : 0;
    f->deviation_y = fmax(sqrt(f->deviation_y), 1e-12);
    scale_columns(f);
    fit_best(f);
    return true;
}

/* Of Student's distribution, from the normal one: enough for ten degrees of freedom and more. */
static double bound_of(double level, double free)
{
    double low = 0, high = 12;
    for (int i = 0; i < 80; i++) {
        double middle = (low + high) / 2;
        if (erf(middle / sqrt(2)) < level)
            low = middle;
        else
            high = middle;
    }
    double z = (low + high) / 2, z3 = z * z * z, z5 = z3 * z * z;
    return z + (z3 + z) / (4 * free) + (5 * z5 + 16 * z3 + 3 * z) / (96 * free * free);
}

static double beyond(double t, double free)
{
    double z = fabs(t) * (1 - 1 / (4 * free)) / sqrt(1 + t * t / (2 * free));
    return 0.5 * erfc(z / sqrt(2));
}

/* Variance that unknown coefficients give to a sum of predictions, whose columns lie so far from where the filter stands. */
static double of_coefficients(const struct fit *f, const double *away)
{
    double sum = 0;
    for (size_t j = 0; j < f->p; j++)
        for (size_t k = 0; k < f->p; k++)
            sum += away[j] * away[k] * f->cov[j][k];
    return sum;
}

/* Days before: one step ahead, with the coefficients of the whole time before. */
static void look_back(const struct fit *f, double bound, struct impact *out)
{
    const struct impact_series *s = f->s;
    double m = 0, P = 0;
    bool begun = false;
    for (size_t t = 0; t < s->post; t++) {
        struct impact_day *d = &out->days[t];
        double explained = 0;
        P += begun ? f->step : 0;
        if (!day_known(s, t))
            continue;
        for (size_t j = 0; j < f->p; j++)
            explained += f->beta[j] * column(f, j, t);
        *d = (struct impact_day){.known = true, .predicted = begun, .actual = s->y[t], .expected = m + explained};
        double wide = bound * sqrt(f->var * (P + 1)), gain = begun ? P / (P + 1) : 1;
        d->low = d->expected - wide;
        d->high = d->expected + wide;
        m += gain * (s->y[t] - explained - m);
        P = begun ? P * (1 - gain) : 1;
        begun = true;
    }
}

/* What one step of the level says of the days since. */
struct sums_since { double predicted, var; };

static void project_one(const struct fit *f, double share, struct impact *out, double *mean, double *square, struct sums_since *sum)
{
    const struct impact_series *s = f->s;
    double all[COLUMNS] = {0}, predicted = 0, n = 0, ahead_known = 0, walked = 0;
    for (size_t t = s->post; t < s->n; t++) {
        double away[COLUMNS], ahead = (double)(t - s->post + 1), value = f->level[COLUMNS];
        if (!controls_known(s, t))
            continue;
        for (size_t j = 0; j < f->p; j++) {
            away[j] = column(f, j, t) - f->level[j];
            value += f->beta[j] * away[j];
        }
        double var = f->var * (f->level_var + ahead * f->step + 1 + of_coefficients(f, away));
        mean[t] += share * value;
        square[t] += share * (var + value * value);
        if (!out->days[t].known)
            continue;
        walked += ahead + 2 * ahead_known; /* a step of the level is part of every later day */
        ahead_known += ahead;
        for (size_t j = 0; j < f->p; j++)
            all[j] += away[j];
        predicted += value;
        n++;
    }
    double var = f->var * (n * n * f->level_var + walked * f->step + n + of_coefficients(f, all));
    sum->predicted += share * predicted;
    sum->var += share * (var + predicted * predicted);
}

static void tell_sums(struct impact *out, double actual, double predicted, double wide)
{
    double days = fmax((double)out->post_days, 1);
    out->cumulative.actual = actual;
    out->cumulative.predicted = predicted;
    out->cumulative.low = predicted - wide;
    out->cumulative.high = predicted + wide;
    out->cumulative.effect = (struct impact_range){actual - predicted, actual - predicted - wide, actual - predicted + wide};
    out->average.actual = actual / days;
    out->average.predicted = predicted / days;
    out->average.low = out->cumulative.low / days;
    out->average.high = out->cumulative.high / days;
    out->average.effect = (struct impact_range){(actual - predicted) / days, (actual - predicted - wide) / days, (actual - predicted + wide) / days};
    if (predicted != 0) {
        struct impact_range r = out->cumulative.effect;
        double of = fabs(predicted);
        out->relative = (struct impact_range){r.value / of, r.low / of, r.high / of};
    }
    out->effect = out->cumulative.effect.low > 0 || out->cumulative.effect.high < 0;
}

static void project(const struct fit *best, double level, struct arena *a, struct impact *out)
{
    const struct impact_series *s = best->s;
    struct fit f = *best;
    struct sums_since sum = {0};
    double free = (double)f.n - (double)f.used_n + PRIOR_NOISE_DAYS, bound = bound_of(level, free), weights = 0, actual = 0;
    double *mean = arena_array(a, s->n + 1, sizeof *mean), *square = arena_array(a, s->n + 1, sizeof *square);
    look_back(best, bound, out);
    for (size_t t = s->post; t < s->n; t++) {
        out->days[t] = (struct impact_day){.known = day_known(s, t), .predicted = controls_known(s, t), .actual = s->y[t]};
        if (out->days[t].known) {
            out->post_days++;
            actual += s->y[t];
        }
    }
    for (int i = 0; i < STEPS; i++)
        weights += exp(try_step(&f, step_at(i)) - best->likely);
    for (int i = 0; i < STEPS; i++) {
        double share = exp(try_step(&f, step_at(i)) - best->likely) / weights;
        if (share > 1e-9)
            project_one(&f, share, out, mean, square, &sum);
    }
    for (size_t t = s->post; t < s->n; t++) {
        double wide = bound * sqrt(fmax(0, square[t] - mean[t] * mean[t]));
        out->days[t].expected = mean[t];
        out->days[t].low = mean[t] - wide;
        out->days[t].high = mean[t] + wide;
    }
    double deviation = sqrt(fmax(0, sum.var - sum.predicted * sum.predicted));
    tell_sums(out, actual, sum.predicted, bound * deviation);
    out->p = deviation > 0 ? beyond((actual - sum.predicted) / deviation, free) : 0;
}

bool impact_run(const struct impact_series *s, struct arena *a, struct impact *out, struct err *e)
{
    size_t before = 0, after = 0;
    *out = (struct impact){.days = arena_array(a, s->n + 1, sizeof *out->days)};
    for (size_t t = 0; t < s->n; t++)
        *(t < s->post ? &before : &after) += day_known(s, t);
    if (s->n_x > IMPACT_CONTROLS_MAX)
        return err_set(e, E_USAGE, "at most %d controls can be taken; %zu are named", IMPACT_CONTROLS_MAX, s->n_x);
    if (before < IMPACT_LEAST_DAYS + s->n_x || after == 0) {
        err_set(e, E_USAGE, "%zu days before and %zu days since it happened have figures (of the controls, too): too few to tell an effect", before, after);
        err_hint(e, "at least %zu days before and one day after are needed", IMPACT_LEAST_DAYS + s->n_x);
        return false;
    }
    struct fit plain, weekly;
    bool has_plain = fit(&plain, s, false), has_weekly = s->week != WEEK_NO && fit(&weekly, s, true);
    if (!has_plain && !has_weekly)
        return err_set(e, E_USAGE, "%zu days before it are too few for %zu controls", before, s->n_x);
    bool take_weekly = has_weekly && (s->week == WEEK_YES || !has_plain || weekly.bic < plain.bic);
    const struct fit *best = take_weekly ? &weekly : &plain;
    out->weekly = take_weekly;
    for (size_t j = 0; j < s->n_x; j++)
        out->controls += best->used[j];
    out->level_share = sqrt(best->step);
    project(best, s->level > 0 ? s->level : 0.95, a, out);
    return true;
}
