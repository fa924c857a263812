/* Judged in the square root where nothing is negative, so that noise that grows with the level is even. The baseline of a day is a level
 * (mean of the middle half of the newest days without their season) plus the season of its day of the week (median of residuals of a running median); the
 * scale is what the same prediction missed by on the days before, by their median, so that whatever the baseline cannot follow widens the
 * bound by itself. Days that were out of the ordinary teach nothing; a week that stays away does: from then on it is the level. */
#include "measure/anomaly.h"

#include <math.h>
#include <stdlib.h>

enum { WINDOW = 56, LEVEL = 14, LEARNT = 21, MISSES = 35, WANDERED = 56, WANDERED_LEAST = 28, MISSES_LEAST = ANOMALY_LEAST_DAYS - LEARNT, RUNS = 2, STAYS_LEAST = 5, NEWS = 14 };
static const struct { size_t days, same; double scale; } runs[RUNS] = {{7, 6, 0.5}, {14, 11, 0.4}}; /* weeks that stay away; scale: of the mean of their misses, in scales of a day */

/* Bounds in scales, found by simulation so that normal days alarm less than once in two years: test_measure_anomaly.c. */
#define DAY_BOUND 3.5
#define RUN_BOUND 2.9
#define FLOOR_SHARE 0.01  /* of the level: a series without noise still has a bound */
#define COUNT_SCALE 0.5   /* the square root of a Poisson count has this deviation, whatever its mean */
#define COUNT_SHIFT 0.375 /* added before the root, so that small counts are as even as large ones (Anscombe) */
#define TAIL 1.959963984540054
#define MEDIAN 0.6744897501960817

struct work {
    const struct anomaly_series *s;
    struct anomaly_day *days;
    double *y, *miss, *strayed[RUNS]; /* in the scale that is judged in; miss: as of a day of the usual weight; strayed: by how much the week up to a day stayed away */
    bool *teaches, *missed, *has_strayed[RUNS], root;
    size_t level_from;
    struct step { size_t since; double score, before, after; /* levels */ } last; /* shift */
    bool moved;
    double usual_weight, *sorted;
};

const char *anomaly_kind_text(enum anomaly_kind k)
{
    static const char *const texts[] = {[ANOMALY_SPIKE] = "spike", [ANOMALY_DROP] = "drop", [ANOMALY_SHIFT] = "shift"};
    return texts[k];
}

const char *anomaly_severity(double score)
{
    double away = fabs(score);
    return away < 1.5 ? "low" : away < 3 ? "medium" : "high";
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The value at a share of the sorted ones, between two where it falls between. */
static double quantile(double *v, size_t n, double share)
{
    qsort(v, n, sizeof *v, by_value);
    double at = share * (double)(n - 1);
    size_t low = (size_t)at;
    return low + 1 < n ? v[low] + (at - (double)low) * (v[low + 1] - v[low]) : v[low];
}

/* The mean of what is left when a share of the values at either end is cut away. */
static double middle_mean(double *v, size_t n, double cut)
{
    size_t from = (size_t)(cut * (double)n + 0.5);
    double sum = 0;
    qsort(v, n, sizeof *v, by_value);
    for (size_t i = from; i < n - from; i++)
        sum += v[i];
    return sum / (double)(n - 2 * from);
}

static double back(const struct work *w, double y)
{
    return !w->root ? y : fmax(0, y <= 0 ? 0 : y * y - (w->s->count ? COUNT_SHIFT : 0));
}

/* ---- the baseline of a day ---- */

/* Median of the week around a day, of the days before `end` that teach: it holds each day of the week once. */
static bool running_median(const struct work *w, size_t at, size_t end, double *out)
{
    size_t from = at >= 3 ? at - 3 : 0, to = at + 4 < end ? at + 4 : end, n = 0;
    if (to - from < 7)
        to = from + 7 <= end ? from + 7 : end, from = to >= 7 ? to - 7 : 0;
    for (size_t i = from; i < to; i++)
        if (w->teaches[i])
            w->sorted[n++] = w->y[i];
    if (n < 4)
        return false;
    *out = quantile(w->sorted, n, 0.5);
    return true;
}

static void seasons(const struct work *w, size_t end, double season[7])
{
    double residual[7][WINDOW / 7 + 2], mean = 0;
    size_t n[7] = {0}, from = end > WINDOW ? end - WINDOW : 0, have = 0;
    for (size_t i = from; i < end; i++) {
        double middle;
        if (w->teaches[i] && running_median(w, i, end, &middle))
            residual[i % 7][n[i % 7]++] = w->y[i] - middle;
    }
    for (size_t d = 0; d < 7; d++) {
        season[d] = n[d] >= 3 ? quantile(residual[d], n[d], 0.5) : 0;
        mean += season[d];
        have += n[d] >= 3;
    }
    for (size_t d = 0; d < 7; d++)
        season[d] -= have ? mean / 7 : 0;
}

/* From the days before `end` alone; false: too few. */
static bool predict(const struct work *w, size_t end, double season[7], double *level)
{
    size_t known = 0, n = 0;
    for (size_t i = end > WINDOW ? end - WINDOW : 0; i < end; i++)
        known += w->teaches[i];
    if (known < LEARNT)
        return false;
    seasons(w, end, season);
    for (size_t i = end; i-- > w->level_from && n < LEVEL && end - i <= 2 * LEVEL;)
        if (w->teaches[i])
            w->sorted[n++] = w->y[i] - season[i % 7];
    if (n < 4)
        return false;
    *level = middle_mean(w->sorted, n, 0.25);
    return true;
}

/* By how much a day of the usual weight is missed: from the middle half of the misses, or from their tail where that is the heavier. */
static bool scale_of(const struct work *w, size_t end, double level, double *out)
{
    size_t n = 0;
    for (size_t i = end; i-- > 0 && n < MISSES;)
        if (w->missed[i])
            w->sorted[n++] = fabs(w->miss[i]);
    if (n < MISSES_LEAST)
        return false;
    double middle = quantile(w->sorted, n, 0.5) / MEDIAN, unsure = 1 + 4.0 / (double)n;
    size_t usual = n; /* what was out of the ordinary before days were judged teaches nothing either */
    while (usual > n / 2 && w->sorted[usual - 1] > DAY_BOUND * middle * unsure)
        usual--;
    double tail = quantile(w->sorted, usual, 0.95) / TAIL;
    double least = fmax(fabs(level) * FLOOR_SHARE, w->s->count ? COUNT_SCALE : 1e-12);
    *out = fmax(fmax(middle, tail) * unsure, least);
    return true;
}

/* A day with half of what a ratio is usually divided by is missed by more. */
static double width(const struct work *w, size_t i)
{
    double weight = w->s->weight ? w->s->weight[i] : 0;
    return w->s->weight ? sqrt(w->usual_weight / fmax(weight, w->usual_weight * 1e-6)) : 1;
}

/* ---- days, and weeks that stay away ---- */

static void judge(struct work *w, size_t i)
{
    double season[7], level, scale;
    if (!predict(w, i, season, &level))
        return;
    double expected = level + season[i % 7], wide = width(w, i);
    if (!w->s->known[i])
        return;
    w->miss[i] = (w->y[i] - expected) / wide;
    w->missed[i] = true;
    if (!scale_of(w, i, level, &scale))
        return;
    struct anomaly_day *d = &w->days[i];
    double bound = DAY_BOUND * scale * wide;
    d->judged = true;
    d->expected = back(w, expected);
    d->low = back(w, expected - bound);
    d->high = back(w, expected + bound);
    d->score = (w->y[i] - expected) / bound;
    d->outside = fabs(d->score) > 1;
    if (d->outside)
        w->teaches[i] = w->missed[i] = false;
}

/* Levels that wander by themselves have weeks that stay away all the time: by how much, half of them. */
static double wander(const struct work *w, size_t r, size_t end)
{
    size_t n = 0;
    for (size_t i = end > runs[r].days ? end - runs[r].days : 0; i-- > 0 && n < WANDERED;)
        if (w->has_strayed[r][i])
            w->sorted[n++] = fabs(w->strayed[r][i]);
    return n < WANDERED_LEAST ? 0 : quantile(w->sorted, n, 0.5) / MEDIAN;
}

/* Where it began: from which day on the misses are the least likely to be chance. A day that is far off by itself is no more than one of them. */
static size_t began(const double *away, size_t n, double moved)
{
    double sum = 0, most = 0;
    size_t best = 0;
    for (size_t i = n; i-- > 0;) {
        sum += fmax(-2 * fabs(moved), fmin(2 * fabs(moved), away[i]));
        double found = fabs(sum) / sqrt((double)(n - i));
        if (found > most) {
            most = found;
            best = i;
        }
    }
    return best;
}

/* Whether one or two weeks up to and with `end - 1` lie to one side of what the days before them let expect. Without the furthest days at either
 * end, so that one or two alone make no shift. */
static bool shifted(struct work *w, size_t r, size_t end, struct step *out)
{
    double season[7], level, scale, away[16], sorted[16];
    size_t n = 0, up = 0, down = 0, from = end - runs[r].days, day[16];
    if (end < runs[r].days || !predict(w, from, season, &level) || !scale_of(w, from, level, &scale))
        return false;
    for (size_t i = from; i < end; i++) {
        if (!w->s->known[i])
            continue;
        double miss = (w->y[i] - level - season[i % 7]) / width(w, i);
        up += miss > 0;
        down += miss < 0;
        day[n] = i;
        away[n++] = miss;
    }
    if (n < runs[r].same)
        return false;
    memcpy(sorted, away, n * sizeof *sorted);
    double moved = middle_mean(sorted, n, 0.2);
    w->strayed[r][end - 1] = moved;
    w->has_strayed[r][end - 1] = true;
    if (up < runs[r].same && down < runs[r].same)
        return false;
    size_t first = began(away, n, moved);
    *out = (struct step){.since = day[first], .score = moved / (RUN_BOUND * fmax(runs[r].scale * scale, wander(w, r, end - 1))), .before = level, .after = level + moved};
    return fabs(out->score) > 1 && n - first >= STAYS_LEAST;
}

static void begin(struct work *w, const struct anomaly_series *s, struct arena *a)
{
    size_t n = s->n + 1, weighed = 0;
    *w = (struct work){.s = s, .root = true, .usual_weight = 1};
    w->days = arena_array(a, n, sizeof *w->days);
    w->y = arena_array(a, n, sizeof *w->y);
    for (size_t r = 0; r < RUNS; r++) {
        w->strayed[r] = arena_array(a, n, sizeof *w->strayed[r]);
        w->has_strayed[r] = arena_array(a, n, sizeof *w->has_strayed[r]);
    }
    w->miss = arena_array(a, n, sizeof *w->miss);
    w->sorted = arena_array(a, n + WINDOW, sizeof *w->sorted);
    w->teaches = arena_array(a, n, sizeof *w->teaches);
    w->missed = arena_array(a, n, sizeof *w->missed);
    for (size_t i = 0; i < s->n; i++)
        w->root = w->root && (!s->known[i] || s->v[i] >= 0);
    for (size_t i = 0; i < s->n; i++) {
        w->teaches[i] = s->known[i];
        w->y[i] = !s->known[i] ? 0 : w->root ? sqrt(s->v[i] + (s->count ? COUNT_SHIFT : 0)) : s->v[i];
        if (s->weight && s->known[i] && s->weight[i] > 0)
            w->sorted[weighed++] = s->weight[i];
    }
    if (weighed)
        w->usual_weight = quantile(w->sorted, weighed, 0.5);
}

/* ---- what is told: days that follow one another to one side are one thing ---- */

static void take_day(struct anomaly *x, const struct work *w, size_t i)
{
    const struct anomaly_day *d = &w->days[i];
    x->until = i;
    if (fabs(d->score) <= fabs(x->score))
        return;
    x->day = i;
    x->value = w->s->v[i];
    x->expected = d->expected;
    x->low = d->low;
    x->high = d->high;
    x->score = d->score;
}

static struct anomaly *add(struct anomalies *out, size_t since, enum anomaly_kind kind)
{
    out->v[out->n] = (struct anomaly){.since = since, .day = since, .until = since, .kind = kind};
    return &out->v[out->n++];
}

/* A week that stayed away: the days out of the ordinary in it were its beginning. From here on its level is the usual one. */
static void take_shift(struct work *w, struct anomalies *out, struct step step, size_t end)
{
    size_t since = step.since;
    while (out->n && out->v[out->n - 1].until + 1 >= since && out->v[out->n - 1].kind != ANOMALY_SHIFT && (out->v[out->n - 1].score > 0) == (step.score > 0)) {
        since = out->v[out->n - 1].since < since ? out->v[out->n - 1].since : since;
        out->n--;
    }
    struct anomaly *x = add(out, since, ANOMALY_SHIFT);
    for (size_t i = since; i < end; i++) {
        if (w->days[i].judged && w->s->known[i] && (w->days[i].score > 0) == (step.score > 0))
            take_day(x, w, i);
        w->teaches[i] = w->s->known[i];
        w->missed[i] = false; /* by the shift, not by the baseline */
    }
    x->score = fabs(x->score) > fabs(step.score) ? x->score : step.score;
    x->until = end - 1;
    x->lasts = w->s->n - end < NEWS;
    x->returns = w->moved && (step.score > 0) != (w->last.score > 0) && fabs(step.after - w->last.before) < fabs(w->last.after - w->last.before) / 2;
    w->last = step;
    w->moved = true;
    w->level_from = since;
}

void anomalies_find(const struct anomaly_series *s, struct arena *a, struct anomalies *out)
{
    struct work w;
    size_t told_until = 0; /* the end of the last shift's weeks */
    struct step step;
    begin(&w, s, a);
    *out = (struct anomalies){.days = w.days, .v = arena_array(a, s->n + 1, sizeof *out->v)};
    for (size_t i = 0; i < s->n; i++) {
        judge(&w, i);
        const struct anomaly_day *d = &w.days[i];
        out->judged += d->judged;
        struct anomaly *last = out->n ? &out->v[out->n - 1] : NULL;
        if (last && last->lasts && last->kind != ANOMALY_SHIFT && s->known[i] && !(d->outside && (d->score > 0) == (last->score > 0)))
            last->lasts = false;
        if (d->outside) {
            if (!last || !last->lasts || last->kind == ANOMALY_SHIFT || (last->score > 0) != (d->score > 0)) {
                last = add(out, i, d->score > 0 ? ANOMALY_SPIKE : ANOMALY_DROP);
                last->lasts = true;
            }
            take_day(last, &w, i);
        }
        for (size_t r = 0; r < RUNS; r++)
            if (shifted(&w, r, i + 1, &step) && i + 1 - runs[r].days >= told_until) {
                take_shift(&w, out, step, i + 1);
                told_until = i + 1;
                break;
            }
    }
}
