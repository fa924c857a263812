/* Markov attribution: by hand, against an independent solver, against published and computed figures of real paths, and its intervals. */
#include "paths_fixture.h"

static const struct data_options plain = {.order = 1, .level = 0.95, .threads = 1};

static struct data_options of_order(int order)
{
    struct data_options o = plain;
    o.order = order;
    return o;
}

/* a > b converts twice of four, a alone once of two, b never: P = 3/8. Without a only b is left, which sends 2/6 on to a conversion when it is reached:
 * start goes to b twice of eight, so 2/8 * 2/6 = 1/12 stays. Without b: 6/8 * 1/6 = 1/8 stays. */
static void test_by_hand(void **state)
{
    (void)state;
    struct made *m = made_new(2);
    struct channel_credit c[2];
    struct markov_facts facts;
    struct err e;
    path_word(m, "ab", 2, 30 * 1000000, 2);
    path_word(m, "a", 1, 6 * 1000000, 1);
    path_word(m, "b", 0, 0, 2);
    assert_true(markov_run(&m->set, &plain, c, &facts, &e));
    same(facts.p_conversion, 3.0 / 8, 1e-15, "P");
    same(c[0].effect, 1 - 1.0 / 12 / (3.0 / 8), 1e-15, "effect of a");
    same(c[1].effect, 1 - 1.0 / 8 / (3.0 / 8), 1e-15, "effect of b");
    same(c[0].conversions, 3 * (7.0 / 9) / (7.0 / 9 + 2.0 / 3), 1e-14, "credit of a");
    same(c[0].conversions + c[1].conversions, 3, 1e-14, "all");
    /* A walk from b is worth 30/6 = 5, from a 4/6 * 5 + 6/6 = 13/3; all are worth 36/8. Without a 2/8 * 5 stays, without b 6/8 * 1. */
    double lost_a = 36.0 / 8 - 10.0 / 8, lost_b = 36.0 / 8 - 6.0 / 8;
    same(c[0].value, 36 * lost_a / (lost_a + lost_b), 1e-13, "value of a");
    same(c[0].value + c[1].value, 36, 1e-13, "all value");
    free(m);
}

/* Orders 1 to 4 on drawn paths, every effect against the chain solved without that channel. */
static void test_against_solver(void **state)
{
    (void)state;
    uint64_t seed = 20260901, x = seed;
    print_message("seed %llu\n", (unsigned long long)seed);
    for (int round = 0; round < 3; round++) {
        struct made *m = made_new(4);
        struct channel_credit c[4];
        struct markov_facts facts;
        struct err e;
        for (int i = 0; i < 60; i++) {
            uint32_t steps[9];
            size_t n = 1 + test_draw(&x) % 9;
            for (size_t k = 0; k < n; k++)
                steps[k] = (uint32_t)(test_draw(&x) % 4);
            int64_t conversions = (int64_t)(test_draw(&x) % 4);
            path_add(m, steps, n, conversions, conversions * (int64_t)(test_draw(&x) % 90000000), (int64_t)(test_draw(&x) % 9));
        }
        for (int order = 1; order <= 4; order++) {
            struct data_options o = of_order(order);
            assert_true(markov_run(&m->set, &o, c, &facts, &e));
            long double p = chain_solved(&m->set, order, UINT32_MAX, false), worth = chain_solved(&m->set, order, UINT32_MAX, true), lost_value[4], sum = 0, credit = 0;
            same(facts.p_conversion, (double)p, 1e-14, "P");
            assert_true(facts.residual < 1e-13);
            for (uint32_t i = 0; i < 4; i++) {
                same(c[i].effect, (double)(1 - chain_solved(&m->set, order, i, false) / p), 1e-12, "effect");
                lost_value[i] = worth - chain_solved(&m->set, order, i, true);
                sum += lost_value[i];
                credit += c[i].value;
            }
            for (uint32_t i = 0; i < 4; i++)
                same(c[i].value / (double)credit, (double)(lost_value[i] / sum), 1e-11, "share of value");
        }
        free(m);
    }
}

/* Walks that hardly ever end: a digit lost to each thousand steps would show. */
static void test_long_walks(void **state)
{
    (void)state;
    struct made *m = made_new(3);
    struct channel_credit c[3];
    struct err e;
    uint32_t steps[40000];
    for (size_t i = 0; i < 40000; i++)
        steps[i] = i % 2;
    path_add(m, steps, 40000, 1, 0, 0);
    path_word(m, "ca", 1, 0, 3);
    path_word(m, "c", 0, 0, 1);
    struct data_options o = plain;
    assert_true(markov_run(&m->set, &o, c, NULL, &e));
    long double p = chain_solved(&m->set, 1, UINT32_MAX, false);
    for (uint32_t i = 0; i < 3; i++)
        same(c[i].effect, (double)(1 - chain_solved(&m->set, 1, i, false) / p), 1e-10, "effect"); /* the solver of the test loses digits here */
    free(m);
}

/* ---- ../shared/data/channel_paths ---- */

struct figure { const char *channel; double effect, credit, package_effect, package_credit, package_value, package_second; };
static const struct figure figures[] = {
    {"eta", 0.349026, 3340.847, 0.349882, 3336.380, 12987.463, 3374.958},     {"iota", 0.405835, 3884.615, 0.407750, 3888.195, 14936.924, 3806.442},
    {"alpha", 0.558399, 5344.948, 0.559587, 5336.066, 18756.797, 5616.229},   {"beta", 0.264039, 2527.352, 0.265978, 2536.291, 9801.874, 2463.250},
    {"theta", 0.206010, 1971.913, 0.208289, 1986.190, 7544.955, 1904.954},    {"lambda", 0.134022, 1282.847, 0.133618, 1274.144, 5076.076, 1180.346},
    {"kappa", 0.028663, 274.363, 0.028530, 272.052, 1145.407, 251.314},       {"zeta", 0.039811, 381.063, 0.039942, 380.872, 1505.394, 378.588},
    {"epsilon", 0.062639, 599.571, 0.063080, 601.512, 2341.631, 614.889},     {"gamma", 0.017880, 171.145, 0.017500, 166.873, 687.456, 188.486},
    {"delta", 0.000482, 4.614, 0.000404, 3.856, 11.512, 3.003},               {"mi", 0.000180, 1.722, 0.000270, 2.571, 7.482, 2.541},
};
enum { CHANNELS = sizeof figures / sizeof *figures };

static bool channel_paths(struct arena *a, struct path_file *f)
{
    struct errs es = {0};
    size_t n;
    char *text = shared_text("channel_paths/paths.csv.gz", &n);
    if (!text)
        return false;
    assert_true(paths_read(a, STR("paths.csv"), (struct str){text, n}, f, &es));
    assert_int_equal(f->set.channels, CHANNELS);
    errs_fini(&es);
    free(text);
    return true;
}

/* A simulation of 100,000 walks knows an effect only to about 1/sqrt(walks that convert and went through): four such errors are allowed. */
static void simulated(double got, double package, double effect, const char *what)
{
    double walks = 1e5 * 0.2238 * effect;
    same(got, package, 4 * package / sqrt(walks > 1 ? walks : 1) + 0.01 * package, what);
}

static void test_channel_paths(void **state)
{
    (void)state;
    struct arena a;
    struct path_file f;
    struct channel_credit c[CHANNELS];
    struct markov_facts facts;
    struct err e;
    arena_init(&a);
    if (channel_paths(&a, &f)) {
        assert_true(markov_run(&f.set, &plain, c, &facts, &e));
        same(facts.p_conversion, 0.223845135597, 5e-13, "P(conversion)");
        long double p = chain_solved(&f.set, 1, UINT32_MAX, false);
        for (uint32_t i = 0; i < CHANNELS; i++) {
            assert_true(str_eq(f.names[i], str_of(figures[i].channel)));
            same(c[i].effect, figures[i].effect, 5.1e-7, "removal effect, as printed");
            same(c[i].conversions, figures[i].credit, 5.1e-4, "credit, as printed");
            same(c[i].effect, (double)(1 - chain_solved(&f.set, 1, i, false) / p), 1e-12, "against the closed form");
            simulated(c[i].effect, figures[i].package_effect, figures[i].effect, "effect of the package");
            simulated(c[i].conversions, figures[i].package_credit, figures[i].effect, "credit of the package");
            simulated(c[i].value, figures[i].package_value, figures[i].effect, "value of the package");
        }
        struct data_options second = of_order(2);
        assert_true(markov_run(&f.set, &second, c, &facts, &e));
        p = chain_solved(&f.set, 2, UINT32_MAX, false);
        assert_true(facts.residual < 1e-14);
        for (uint32_t i = 0; i < CHANNELS; i++) {
            simulated(c[i].conversions, figures[i].package_second, figures[i].effect, "order 2 of the package");
            same(c[i].effect, (double)(1 - chain_solved(&f.set, 2, i, false) / p), 1e-12, "order 2, closed form");
        }
    }
    arena_fini(&a);
}

static void test_intervals(void **state)
{
    (void)state;
    struct arena a;
    struct path_file f;
    struct channel_credit c[CHANNELS], again[CHANNELS], other[CHANNELS];
    struct err e;
    struct data_options o = plain;
    arena_init(&a);
    if (channel_paths(&a, &f)) {
        o.samples = 60;
        o.bootstrap_seed = 7;
        assert_true(markov_run(&f.set, &o, c, NULL, &e));
        o.threads = 3;
        assert_true(markov_run(&f.set, &o, again, NULL, &e));
        assert_memory_equal(c, again, sizeof c); /* however many threads */
        o.bootstrap_seed = 8;
        assert_true(markov_run(&f.set, &o, other, NULL, &e));
        size_t differ = 0;
        for (size_t i = 0; i < CHANNELS; i++) {
            assert_true(c[i].low <= c[i].high && c[i].value_low <= c[i].value_high);
            /* Poisson counts of thousands: the interval holds the figure, and is some percent wide. */
            assert_true(c[i].low < c[i].conversions * 1.01 && c[i].high > c[i].conversions * 0.99);
            if (c[i].conversions > 1000)
                assert_true((c[i].high - c[i].low) / c[i].conversions < 0.2 && c[i].high > c[i].low);
            differ += c[i].low != other[i].low;
        }
        assert_true(differ > CHANNELS / 2);
    }
    arena_fini(&a);
}

/* By buckets: people of one bucket come and go together. Two buckets with a channel each: some samples have one channel alone. */
static void test_intervals_buckets(void **state)
{
    (void)state;
    struct made *m = made_new(2);
    struct channel_credit c[2];
    struct err e;
    for (int order = 1; order <= 2; order++) {
        struct data_options o = of_order(order);
        m->set.n = 0;
        path_word(m, "a", 10, 0, 5);
        path_word(m, "b", 10, 0, 5);
        m->bucket[0] = 0;
        m->bucket[1] = 1;
        m->set.bucket = m->bucket;
        m->set.buckets = 2;
        o.samples = 100;
        assert_true(markov_run(&m->set, &o, c, NULL, &e));
        same(c[0].conversions, 10, 1e-12, "a");
        same(c[0].low, 0, 1e-12, "a in no draw");
        same(c[0].high, 20, 1e-12, "a in both draws");
        m->bucket[1] = 2;
        assert_false(markov_run(&m->set, &o, c, NULL, &e));
        assert_int_equal(e.code, E_INTERNAL);
    }
    free(m);
}

static void test_refused(void **state)
{
    (void)state;
    struct made *m = made_new(70000);
    struct channel_credit *c = calloc(70000, sizeof *c);
    struct err e;
    struct data_options o = of_order(5);
    path_word(m, "ab", 1, 0, 0);
    assert_false(markov_run(&m->set, &o, c, NULL, &e));
    assert_int_equal(e.code, E_USAGE);
    o.order = 4;
    assert_false(markov_run(&m->set, &o, c, NULL, &e)); /* 70001^4 states have no number in 64 bits */
    assert_int_equal(e.code, E_TOO_LARGE);
    o.order = 2;
    assert_true(markov_run(&m->set, &o, c, NULL, &e));
    same(c[0].conversions, 0.5, 1e-15, "a of 70,000 channels");
    m->conversions[0] = INT64_MAX / 2;
    assert_false(markov_run(&m->set, &o, c, NULL, &e));
    assert_int_equal(e.code, E_TOO_LARGE);
    m->conversions[0] = -1;
    assert_false(markov_run(&m->set, &o, c, NULL, &e));
    assert_int_equal(e.code, E_SCHEMA);
    m->conversions[0] = 0;
    m->value[0] = 1;
    assert_false(markov_run(&m->set, &o, c, NULL, &e));
    assert_int_equal(e.code, E_SCHEMA);
    m->steps[0] = 70000;
    assert_false(markov_run(&m->set, &o, c, NULL, &e));
    assert_int_equal(e.code, E_INTERNAL);
    m->set.n = 0;
    assert_true(markov_run(&m->set, &o, c, NULL, &e)); /* nothing brings nothing */
    same(c[0].conversions, 0, 0, "nobody");
    free(c);
    free(m);
}

/* Value that went back: shares of value are then those of conversions, and never negative. */
static void test_negative_value(void **state)
{
    (void)state;
    struct made *m = made_new(2);
    struct channel_credit c[2];
    struct err e;
    path_word(m, "a", 1, 90 * 1000000, 1);
    path_word(m, "b", 1, -30 * 1000000, 1);
    for (int order = 1; order <= 2; order++) {
        struct data_options o = of_order(order);
        assert_true(markov_run(&m->set, &o, c, NULL, &e));
        same(c[0].value, 30, 1e-13, "a");
        same(c[1].value, 30, 1e-13, "b");
    }
    free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_hand),   cmocka_unit_test(test_against_solver),    cmocka_unit_test(test_long_walks), cmocka_unit_test(test_channel_paths),
        cmocka_unit_test(test_intervals), cmocka_unit_test(test_intervals_buckets), cmocka_unit_test(test_refused),    cmocka_unit_test(test_negative_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
