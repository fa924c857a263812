/* Effects of a day and the organic baseline: the published series, planted effects, and what cannot be told. */
#include "paths_fixture.h"

#include "measure/baseline.h"
#include "measure/impact.h"

enum { N = 140, POST = 100 };
static uint64_t seed;

static double noise(void) /* near to normal: the sum of twelve */
{
    double sum = -6;
    for (int i = 0; i < 12; i++) {
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        sum += (double)(seed >> 11) / 9007199254740992.0;
    }
    return sum;
}

static size_t read_series(const char *name, bool dated, size_t columns, double out[4][128])
{
    size_t bytes, n = 0;
    char *text = shared_text(name, &bytes), *line = text ? strchr(text, '\n') : NULL;
    while (line && line[1]) {
        char *at = line + 1;
        if (dated)
            at = strchr(at, ',') + 1;
        for (size_t c = 0; c < columns; c++, at++)
            out[c][n] = strtod(at, &at);
        n++;
        line = strchr(line + 1, '\n');
    }
    free(text);
    return n;
}

static void say(const char *what, const struct impact *x, const char *published)
{
    print_message("%s: cumulative %.0f [%.0f, %.0f], relative %.1f %% [%.1f %%, %.1f %%], p %.4f; published %s\n", what, x->cumulative.effect.value, x->cumulative.effect.low, x->cumulative.effect.high, 100 * x->relative.value,
                  100 * x->relative.low, 100 * x->relative.high, x->p, published);
}

static void test_published(void **s)
{
    (void)s;
    static double v[4][128];
    const double *x[3] = {v[1], v[2], v[3]};
    struct err e = {0};
    struct arena a;
    struct impact got;
    arena_init(&a);
    size_t n = read_series("causal_impact/google_data.csv", false, 3, v);
    for (int week = WEEK_AUTO; n && week <= WEEK_NO; week++) {
        assert_true(n == 91 && impact_run(&(struct impact_series){.y = v[0], .x = x, .n_x = 2, .n = n, .post = 61, .week = (enum impact_week)week}, &a, &got, &e));
        same(got.cumulative.actual, 4687, 0.5, "actual");
        assert_true(got.effect && !got.weekly && got.cumulative.effect.low > 0 && got.p < 0.005);
        same(got.cumulative.effect.value, 804, 20, "effect");     /* [539, 1073] */
        same(got.cumulative.effect.low, 539, 60, "low");
        same(got.cumulative.effect.high, 1073, 60, "high");
        same(got.average.predicted, 129, 1, "average");
        same(got.relative.value, 0.21, 0.01, "relative");
    }
    if (n)
        say("first series, an effect", &got, "804 [539, 1073], 21 % [14 %, 28 %], p 0.001");
    n = read_series("causal_impact/comparison_data.csv", true, 4, v);
    for (int week = WEEK_AUTO; n && week <= WEEK_NO; week++) {
        assert_true(n == 108 && impact_run(&(struct impact_series){.y = v[0], .x = x, .n_x = 3, .n = n, .post = 90, .week = (enum impact_week)week}, &a, &got, &e));
        same(got.cumulative.actual, 1414340, 1, "actual");
        assert_true(!got.effect && got.cumulative.effect.low < 0 && got.cumulative.effect.high > 0 && got.p > 0.05);
        same(got.cumulative.effect.value, -11831, 3000, "effect"); /* [-37371, 14971] */
        same(got.relative.value, -0.0083, 0.003, "relative");
    }
    if (n)
        say("second series, none", &got, "-11831 [-37371, 14971], -0.83 % [-2.6 %, 1 %], p 0.20");
    arena_fini(&a);
}

/* Of 60 series with a planted effect of 10 % and 60 without any: how often the interval holds the truth, and what is called an effect. */
static void test_planted(void **s)
{
    (void)s;
    static const double week[7] = {1, 1.1, 1.05, 1.0, 1.2, 0.7, 0.6};
    int held = 0, called = 0, missed = 0;
    for (int round = 0; round < 120; round++) {
        double y[N], c[N], lift = round % 2 ? 20 : 0, level = 0;
        const double *x[] = {c};
        struct err e = {0};
        struct arena a;
        struct impact got;
        arena_init(&a);
        seed = 1000 + (uint64_t)round;
        for (int i = 0; i < N; i++) {
            level += 0.05 * noise();
            c[i] = 100 * week[i % 7] + 5 * noise();
            y[i] = 50 + 1.5 * c[i] + level + 4 * noise() + (i >= POST ? lift : 0);
        }
        assert_true(impact_run(&(struct impact_series){.y = y, .x = x, .n_x = 1, .n = N, .post = POST}, &a, &got, &e));
        held += got.average.effect.low <= lift && got.average.effect.high >= lift;
        called += got.effect && lift == 0;
        missed += !got.effect && lift > 0;
        arena_fini(&a);
    }
    print_message("planted: the interval of 95 %% holds the truth in %d of 120; %d of 60 without an effect are called one; %d of 60 effects are missed\n", held, called, missed);
    assert_true(held >= 108 && called <= 6 && missed == 0);
}

static void test_edges(void **s)
{
    (void)s;
    double y[60], twice[60], flat[60], gone[60];
    const double *x[] = {twice, twice, flat};
    struct err e = {0};
    struct arena a;
    struct impact got;
    arena_init(&a);
    seed = 9;
    for (int i = 0; i < 60; i++) {
        twice[i] = 10 + noise();
        flat[i] = 7;
        y[i] = 3 * twice[i] + 0.1 * noise();
        gone[i] = i == 50 ? NAN : twice[i];
    }
    /* the same control twice and one that never moves: one tells something */
    assert_true(impact_run(&(struct impact_series){.y = y, .x = x, .n_x = 3, .n = 60, .post = 40, .week = WEEK_NO}, &a, &got, &e));
    assert_true(got.controls == 1 && !got.effect && isfinite(got.cumulative.effect.low) && got.post_days == 20);
    same(got.cumulative.actual, got.cumulative.predicted, 10, "no effect");
    /* a day without its control is left out */
    x[0] = gone;
    assert_true(impact_run(&(struct impact_series){.y = y, .x = x, .n_x = 1, .n = 60, .post = 40, .week = WEEK_NO}, &a, &got, &e));
    assert_true(got.post_days == 19 && !got.days[50].known && !got.days[50].predicted && got.days[51].known);
    /* nothing ever moves */
    assert_true(impact_run(&(struct impact_series){.y = flat, .n = 60, .post = 40}, &a, &got, &e));
    assert_true(!got.effect && isfinite(got.cumulative.effect.value));
    assert_false(impact_run(&(struct impact_series){.y = y, .n = 60, .post = 5}, &a, &got, &e));
    assert_int_equal(e.code, E_USAGE);
    assert_false(impact_run(&(struct impact_series){.y = y, .n = 60, .post = 60}, &a, &got, &e));
    arena_fini(&a);
}

static void test_baseline(void **s)
{
    (void)s;
    enum { DAYS = 140 };
    double customers[DAYS], spend[DAYS];
    struct arena a;
    struct baseline got;
    arena_init(&a);
    seed = 77;
    for (int i = 0; i < DAYS; i++) { /* 30 come anyway, one for each 50 spent */
        spend[i] = 1000 * (i / 14 % 2 ? 1.4 : 0.7) + 60 * noise();
        customers[i] = 30 + (i % 7 == 5 ? -8 : 0) + spend[i] / 50 + 2 * noise();
    }
    customers[60] = 400; /* one wild day */
    baseline_find(&(struct baseline_series){.customers = customers, .spend = spend, .n = DAYS}, &a, &got);
    assert_true(got.known && !got.none);
    print_message("baseline: true cost %.1f [%.1f, %.1f] of 50; %.1f a day without ads of 30\n", got.true_cac.value, got.true_cac.low, got.true_cac.high, got.days[0].baseline);
    same(got.true_cac.value, 50, 5, "true cost");
    assert_true(got.true_cac.low < 50 && got.true_cac.high > 50 && got.incremental.low < got.incremental.value && got.incremental.value < got.incremental.high);
    same(got.days[0].baseline, 30, 3, "baseline");
    same(got.days[5].baseline, 22, 3, "baseline of its day of the week");
    same(got.organic.value + got.incremental.value, got.customers, 1e-6, "parts");
    struct baseline again;
    baseline_find(&(struct baseline_series){.customers = customers, .spend = spend, .n = DAYS}, &a, &again);
    assert_true(memcmp(&again.true_cac, &got.true_cac, sizeof got.true_cac) == 0);
    /* ads that keep customers away: none are theirs, not fewer than none */
    for (int i = 0; i < DAYS; i++)
        customers[i] = 60 - spend[i] / 50 + noise();
    baseline_find(&(struct baseline_series){.customers = customers, .spend = spend, .n = DAYS}, &a, &got);
    assert_true(got.known && got.none && got.incremental.value == 0 && isinf(got.true_cac.value));
    /* the same money every day tells nothing */
    for (int i = 0; i < DAYS; i++)
        spend[i] = 1000 + 10 * noise() + (i % 7 == 6 ? 300 : 0);
    baseline_find(&(struct baseline_series){.customers = customers, .spend = spend, .n = DAYS}, &a, &got);
    assert_true(!got.known && strstr(got.why, "hardly varies"));
    baseline_find(&(struct baseline_series){.customers = customers, .spend = spend, .n = 40}, &a, &got);
    assert_true(!got.known && strstr(got.why, "56 days"));
    memset(spend, 0, sizeof spend);
    baseline_find(&(struct baseline_series){.customers = customers, .spend = spend, .n = DAYS}, &a, &got);
    assert_true(!got.known && strstr(got.why, "nothing was spent"));
    baseline_find(&(struct baseline_series){.customers = customers, .spend = spend, .n = 0}, &a, &got);
    assert_false(got.known);
    arena_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_published), cmocka_unit_test(test_planted), cmocka_unit_test(test_edges), cmocka_unit_test(test_baseline)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
