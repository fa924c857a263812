/* Days out of the ordinary: worked by hand, planted into generated series, and how often chance alone is reported. */
#include "measure/anomaly.h"

#include <math.h>
#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

enum { DAYS = 485, JUDGED_FROM = 120, YEARS = 20 };

static uint64_t state;

static double uniform(void)
{
    uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    z ^= z >> 31;
    return ((double)(z >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(void)
{
    double r = sqrt(-2 * log(uniform()));
    return r * cos(2 * 3.14159265358979323846 * uniform());
}

static double poisson(double mean)
{
    double limit = exp(-mean), product = uniform();
    int k = 0;
    while (product > limit) {
        product *= uniform();
        k++;
    }
    return k;
}

static double heavy(void) /* Student's t of 3 degrees */
{
    double a = normal(), b = normal(), c = normal();
    return normal() / sqrt((a * a + b * b + c * c) / 3);
}

enum noise { NORMAL, SEASONAL, COUNTS_3, COUNTS_40, RARE, WILD, WANDERING, NOISES };
static const struct { const char *name; double most; } noises[NOISES] = {
    {"normal noise", ANOMALY_FALSE_PER_YEAR}, {"normal noise, seasons and growth", ANOMALY_FALSE_PER_YEAR}, {"counts, 3 a day", ANOMALY_FALSE_PER_YEAR},
    {"counts, 40 a day", ANOMALY_FALSE_PER_YEAR}, {"counts, one in three days", ANOMALY_FALSE_PER_YEAR}, {"heavy tails (t of 3)", 8}, {"half of yesterday's noise stays", 3},
};

static void generate(enum noise k, double v[DAYS])
{
    static const double week[7] = {1, 1.1, 1.05, 1.0, 1.2, 0.7, 0.6};
    double stays = 0;
    for (int i = 0; i < DAYS; i++) {
        stays = 0.5 * stays + normal() * sqrt(0.75);
        v[i] = k == NORMAL ? 100 + 10 * normal() : k == SEASONAL ? (100 + 10 * normal()) * week[i % 7] * exp(0.0015 * i) : k == COUNTS_3 ? poisson(3 * week[i % 7]) : k == COUNTS_40 ? poisson(40 * week[i % 7]) :
               k == RARE ? poisson(0.3) : k == WILD ? fmax(0, 100 + 10 * heavy()) : fmax(0, 100 + 10 * stays);
    }
}

static void test_false_alarms(void **s)
{
    (void)s;
    static double v[DAYS];
    static bool known[DAYS];
    for (int i = 0; i < DAYS; i++)
        known[i] = true;
    for (int k = 0; k < NOISES; k++) {
        double found = 0, judged = 0;
        state = 7;
        for (int year = 0; year < YEARS; year++) {
            struct arena a;
            struct anomalies o;
            arena_init(&a);
            generate((enum noise)k, v);
            anomalies_find(&(struct anomaly_series){.v = v, .known = known, .n = DAYS, .count = k >= COUNTS_3 && k <= RARE}, &a, &o);
            for (size_t i = 0; i < o.n; i++)
                found += o.v[i].since >= JUDGED_FROM;
            for (size_t i = JUDGED_FROM; i < DAYS; i++)
                judged += o.days[i].judged;
            arena_fini(&a);
        }
        assert_true(judged == YEARS * (DAYS - JUDGED_FROM));
        print_message("false alarms a year, %s: %.2f\n", noises[k].name, found * 365 / judged);
        assert_true(found * 365 / judged <= noises[k].most);
    }
}

struct planted { size_t from, to; double factor; enum anomaly_kind kind; };

/* What was planted into a calm series with a week of its own; each has to be found on its first day, as what it is. */
static void test_planted(void **s)
{
    (void)s;
    static const double week[7] = {1, 1.1, 1.05, 1.0, 1.2, 0.7, 0.6};
    static const struct planted cases[] = {
        {90, 90, 1.5, ANOMALY_SPIKE}, {90, 91, 0.5, ANOMALY_DROP}, {90, 90, 0, ANOMALY_DROP}, {90, 119, 0.75, ANOMALY_SHIFT}, {90, 119, 1.4, ANOMALY_SHIFT}, {95, 95, 2, ANOMALY_SPIKE},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        double v[120];
        bool known[120];
        struct arena a;
        struct anomalies o;
        arena_init(&a);
        state = 100 + c;
        for (size_t i = 0; i < 120; i++) {
            v[i] = (1000 + 50 * normal()) * week[i % 7] * (i >= cases[c].from && i <= cases[c].to ? cases[c].factor : 1);
            known[i] = true;
        }
        anomalies_find(&(struct anomaly_series){.v = v, .known = known, .n = 120}, &a, &o);
        assert_int_equal(o.n, 1);
        assert_int_equal(o.v[0].kind, cases[c].kind);
        assert_int_equal(o.v[0].since, cases[c].from);
        assert_true(o.v[0].day >= cases[c].from && o.v[0].day <= cases[c].to && o.v[0].value == v[o.v[0].day]);
        assert_true((o.v[0].score > 0) == (cases[c].factor > 1));
        assert_true(cases[c].kind == ANOMALY_SHIFT || (o.v[0].value < o.v[0].low) != (o.v[0].value > o.v[0].high));
        /* what comes later changes nothing of what a day was judged to be */
        struct anomalies earlier;
        anomalies_find(&(struct anomaly_series){.v = v, .known = known, .n = cases[c].from + 1}, &a, &earlier);
        assert_true(earlier.days[cases[c].from].expected == o.days[cases[c].from].expected && earlier.days[cases[c].from].high == o.days[cases[c].from].high);
        arena_fini(&a);
    }
}

/* A shift that goes back is told as that, and the days after it are usual again. */
static void test_returns(void **s)
{
    (void)s;
    double v[160];
    bool known[160];
    struct arena a;
    struct anomalies o;
    arena_init(&a);
    state = 5;
    for (size_t i = 0; i < 160; i++) {
        v[i] = (500 + 20 * normal()) * (i >= 100 && i < 120 ? 0.7 : 1);
        known[i] = true;
    }
    anomalies_find(&(struct anomaly_series){.v = v, .known = known, .n = 160}, &a, &o);
    assert_int_equal(o.n, 2);
    assert_true(o.v[0].kind == ANOMALY_SHIFT && o.v[0].since == 100 && !o.v[0].returns && !o.v[0].lasts && o.v[0].score < 0);
    assert_true(o.v[1].kind == ANOMALY_SHIFT && o.v[1].since == 120 && o.v[1].returns && o.v[1].score > 0);
    assert_false(o.days[159].outside);
    arena_fini(&a);
}

static void test_edges(void **s)
{
    (void)s;
    enum { N = 100 };
    double v[N], weight[N];
    bool known[N];
    struct arena a;
    struct anomalies o;
    arena_init(&a);
    anomalies_find(&(struct anomaly_series){.v = v, .known = known, .n = 0}, &a, &o);
    assert_true(o.n == 0 && o.judged == 0);
    /* too few days: nothing is said */
    for (size_t i = 0; i < N; i++) {
        v[i] = i == 30 ? 1000 : 10;
        known[i] = true;
    }
    anomalies_find(&(struct anomaly_series){.v = v, .known = known, .n = ANOMALY_LEAST_DAYS}, &a, &o);
    assert_true(o.n == 0 && o.judged == 0);
    /* a series that never moves, all zeros as well, still has a bound, and what moves is outside of it */
    v[30] = 10;
    v[80] = 12;
    anomalies_find(&(struct anomaly_series){.v = v, .known = known, .n = N}, &a, &o);
    assert_true(o.n == 1 && o.v[0].day == 80 && o.days[79].judged && fabs(o.days[79].expected - 10) < 1e-9 && o.days[79].high > 10);
    memset(v, 0, sizeof v);
    anomalies_find(&(struct anomaly_series){.v = v, .known = known, .n = N, .count = true}, &a, &o);
    assert_int_equal(o.n, 0);
    v[80] = 1; /* the first order ever is no alarm, twenty are */
    anomalies_find(&(struct anomaly_series){.v = v, .known = known, .n = N, .count = true}, &a, &o);
    assert_int_equal(o.n, 0);
    v[80] = 20;
    anomalies_find(&(struct anomaly_series){.v = v, .known = known, .n = N, .count = true}, &a, &o);
    assert_int_equal(o.n, 1);
    /* days that are not known are neither judged nor learnt from; figures below nothing are taken as they are */
    state = 3;
    for (size_t i = 0; i < N; i++) {
        v[i] = -50 + 5 * normal();
        known[i] = i % 10 != 3;
        if (!known[i])
            v[i] = 1e6;
    }
    v[90] = 200;
    anomalies_find(&(struct anomaly_series){.v = v, .known = known, .n = N}, &a, &o);
    assert_true(o.n == 1 && o.v[0].day == 90 && o.days[90].expected < 0 && !o.days[93].judged);
    /* a rate of few is no alarm where the same rate of many is */
    for (size_t i = 0; i < N; i++) {
        weight[i] = 1000;
        v[i] = 0.1 + 0.01 * normal();
        known[i] = true;
    }
    v[90] = 0.3;
    anomalies_find(&(struct anomaly_series){.v = v, .known = known, .weight = weight, .n = N}, &a, &o);
    assert_true(o.n == 1 && o.v[0].day == 90);
    weight[90] = 4;
    anomalies_find(&(struct anomaly_series){.v = v, .known = known, .weight = weight, .n = N}, &a, &o);
    assert_int_equal(o.n, 0);
    assert_string_equal(anomaly_severity(-1.2), "low");
    assert_string_equal(anomaly_severity(4), "high");
    arena_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_planted), cmocka_unit_test(test_returns), cmocka_unit_test(test_edges), cmocka_unit_test(test_false_alarms)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
