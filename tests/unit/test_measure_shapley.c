/* Shapley values: by hand for both worths, against sums over all orders, and drawn against exact beyond sixteen members. */
#include "paths_fixture.h"

static const struct data_options conversions = {.order = 1, .seed = 1, .level = 0.95, .threads = 1};
static const struct data_options by_rate = {.order = 1, .shapley_rate = true, .seed = 1, .level = 0.95, .threads = 1};

static void test_by_hand(void **state)
{
    (void)state;
    struct made *m = made_new(3);
    struct channel_credit c[3];
    struct err e;
    path_word(m, "a", 2, 20 * 1000000, 8);
    path_word(m, "b", 1, 0, 9);
    path_word(m, "aba", 3, 9 * 1000000, 4); /* steps of one channel count once, and so does their order */
    path_word(m, "ba", 1, 3 * 1000000, 2);
    path_word(m, "c", 0, 0, 7);
    assert_true(shapley_run(&m->set, &conversions, c, &e));
    same(c[0].conversions, 4, 0, "a");
    same(c[1].conversions, 3, 0, "b");
    same(c[2].conversions, 0, 0, "c");
    same(c[0].value, 26, 0, "value of a");
    same(c[0].effect, 4.0 / 7, 1e-15, "share of a");
    /* By rate: worth of a 0.2, of b 0.1, of both 7/30. Alone each is half of its orders. */
    assert_true(shapley_run(&m->set, &by_rate, c, &e));
    double a = 0.5 * 0.2 + 0.5 * (7.0 / 30 - 0.1), b = 0.5 * 0.1 + 0.5 * (7.0 / 30 - 0.2);
    same(c[0].conversions, 2 + 4 * a / (a + b), 1e-14, "a by rate");
    same(c[1].conversions, 1 + 4 * b / (a + b), 1e-14, "b by rate");
    same(c[0].value, 20 + 12 * a / (a + b), 1e-13, "value of a by rate");
    same(c[0].error, 0, 0, "exact");
    /* With b worse than nothing but a, what it would take away is cut to 0. */
    m->set.n = 0;
    path_word(m, "a", 5, 0, 5);
    path_word(m, "ab", 1, 0, 9);
    assert_true(shapley_run(&m->set, &by_rate, c, &e));
    same(c[0].conversions, 6, 1e-15, "a");
    same(c[1].conversions, 0, 0, "b");
    /* Nothing to tell them by: alike. */
    m->set.n = 0;
    path_word(m, "ab", 2, 0, 0);
    assert_true(shapley_run(&m->set, &by_rate, c, &e));
    same(c[0].conversions, 1, 1e-15, "a");
    same(c[1].conversions, 1, 1e-15, "b");
    free(m);
}

/* The same game with every order of its members walked through: Heap's algorithm. */
struct all_orders { const struct path_set *p; uint64_t set; uint32_t member[8]; size_t n; double phi[64], orders; };

static uint64_t set_of(const struct path_set *p, size_t i)
{
    uint64_t set = 0;
    for (size_t k = i ? p->ends[i - 1] : 0; k < p->ends[i]; k++)
        set |= UINT64_C(1) << p->steps[k];
    return set;
}

static double worth(const struct path_set *p, uint64_t coalition)
{
    double converted = 0, walks = 0;
    for (size_t i = 0; i < p->n; i++)
        if ((set_of(p, i) & ~coalition) == 0) {
            converted += (double)p->conversions[i];
            walks += (double)(p->conversions[i] + p->nulls[i]);
        }
    return walks > 0 ? converted / walks : 0;
}

static void walk(struct all_orders *o, size_t n)
{
    if (n <= 1) {
        uint64_t coalition = 0;
        double before = 0;
        for (size_t i = 0; i < o->n; i++) {
            coalition |= UINT64_C(1) << o->member[i];
            double now = worth(o->p, coalition);
            o->phi[o->member[i]] += now > before ? now - before : 0;
            before = now;
        }
        o->orders++;
        return;
    }
    for (size_t i = 0; i < n; i++) {
        walk(o, n - 1);
        size_t k = n % 2 ? 0 : i;
        uint32_t x = o->member[k];
        o->member[k] = o->member[n - 1];
        o->member[n - 1] = x;
    }
}

static void draw_paths(struct made *m, uint32_t channels, size_t paths, size_t longest, uint64_t *x)
{
    for (size_t i = 0; i < paths; i++) {
        uint32_t steps[64];
        size_t n = 1 + test_draw(x) % longest;
        for (size_t k = 0; k < n; k++)
            steps[k] = (uint32_t)(test_draw(x) % channels);
        int64_t c = (int64_t)(test_draw(x) % 4);
        path_add(m, steps, n, c, c * 1500000, (int64_t)(test_draw(x) % 20));
    }
}

static void test_against_all_orders(void **state)
{
    (void)state;
    enum { C = 6 };
    uint64_t seed = 20260902, x = seed;
    print_message("seed %llu\n", (unsigned long long)seed);
    struct made *m = made_new(C);
    struct channel_credit got[C], wider[40];
    double wanted[C] = {0};
    struct err e;
    draw_paths(m, C, 40, 7, &x);
    for (size_t i = 0; i < m->set.n; i++) {
        struct all_orders o = {.p = &m->set, .set = set_of(&m->set, i)};
        double sum = 0;
        for (uint32_t c = 0; c < C; c++)
            if (o.set >> c & 1)
                o.member[o.n++] = c;
        if (m->conversions[i] == 0)
            continue;
        walk(&o, o.n);
        for (int c = 0; c < C; c++)
            sum += o.phi[c];
        for (int c = 0; c < C; c++)
            if (o.set >> c & 1)
                wanted[c] += (double)m->conversions[i] * (sum > 0 ? o.phi[c] / sum : 1 / (double)o.n);
    }
    assert_true(shapley_run(&m->set, &by_rate, got, &e));
    for (int c = 0; c < C; c++)
        same(got[c].conversions, wanted[c], 1e-11, "credit");
    /* Channels that nobody met change no bit, though sets are kept in another way then. */
    for (size_t channels = 17; channels <= 40; channels += 23) {
        m->set.channels = channels;
        for (int rate = 0; rate < 2; rate++) {
            assert_true(shapley_run(&m->set, rate ? &by_rate : &conversions, wider, &e));
            m->set.channels = C;
            assert_true(shapley_run(&m->set, rate ? &by_rate : &conversions, got, &e));
            m->set.channels = channels;
            assert_memory_equal(got, wider, sizeof got);
        }
    }
    free(m);
}

/* One path of all seventeen channels converts; the rest is what is known of its subsets. */
static void test_drawn(void **state)
{
    (void)state;
    enum { C = 17 };
    static double converted[1 << C], walks[1 << C];
    double phi[C] = {0}, weight[C], sum = 0;
    uint64_t x = 77;
    struct made *m = made_new(C);
    struct channel_credit got[C], again[C], other[C];
    uint32_t all[C];
    struct err e;
    draw_paths(m, C, 300, 5, &x);
    for (size_t i = 0; i < m->set.n; i++) { /* no other set has credit to give */
        m->nulls[i] += m->conversions[i];
        converted[set_of(&m->set, i)] += 0;
        walks[set_of(&m->set, i)] += (double)m->nulls[i];
        m->conversions[i] = m->value[i] = 0;
    }
    for (uint32_t c = 0; c < C; c++) { /* each alone converts at a rate of its own: this credit is its own */
        path_add(m, &c, 1, c + 1, 0, 50);
        converted[1 << c] += c + 1;
        walks[1 << c] += c + 51;
        all[c] = c;
    }
    path_add(m, all, C, 1000, 0, 10);
    converted[(1 << C) - 1] += 1000;
    walks[(1 << C) - 1] += 1010;
    for (int b = 0; b < C; b++)
        for (size_t i = 0; i < 1 << C; i++)
            if (i >> b & 1) {
                converted[i] += converted[i ^ (size_t)1 << b];
                walks[i] += walks[i ^ (size_t)1 << b];
            }
    for (int k = 0; k < C; k++)
        weight[k] = tgamma(k + 1) * tgamma(C - k) / tgamma(C + 1);
    for (int c = 0; c < C; c++) {
        for (size_t t = 0; t < 1 << C; t++) {
            size_t with = t | (size_t)1 << c;
            double gain = with == t ? 0 : (walks[with] > 0 ? converted[with] / walks[with] : 0) - (walks[t] > 0 ? converted[t] / walks[t] : 0);
            phi[c] += gain > 0 ? weight[__builtin_popcountll(t)] * gain : 0;
        }
        sum += phi[c];
    }
    assert_true(shapley_run(&m->set, &by_rate, got, &e));
    assert_true(shapley_run(&m->set, &by_rate, again, &e));
    assert_memory_equal(got, again, sizeof got);
    struct data_options o = by_rate;
    o.seed = 2;
    assert_true(shapley_run(&m->set, &o, other, &e));
    double credit = 0;
    size_t differ = 0;
    for (int c = 0; c < C; c++) {
        double wanted = c + 1 + 1000 * phi[c] / sum;
        assert_true(got[c].error > 0 && got[c].error < 20);
        same(got[c].conversions, wanted, 4.5 * got[c].error, "drawn");
        differ += got[c].conversions != other[c].conversions;
        credit += got[c].conversions;
    }
    assert_int_equal(differ, C);
    same(credit, 1000 + C * (C + 1) / 2, 1e-9, "all");
    assert_true(shapley_run(&m->set, &conversions, got, &e)); /* this worth is exact for any number */
    same(got[3].conversions, 4 + 1000.0 / C, 1e-11, "worth conversions");
    same(got[3].error, 0, 0, "exact");
    free(m);
}

static void test_intervals(void **state)
{
    (void)state;
    struct made *m = made_new(8);
    struct channel_credit c[8], again[8];
    struct err e;
    uint64_t x = 3;
    draw_paths(m, 8, 500, 6, &x);
    for (int rate = 0; rate < 2; rate++) {
        struct data_options o = rate ? by_rate : conversions;
        o.samples = 50;
        assert_true(shapley_run(&m->set, &o, c, &e));
        o.threads = 2;
        assert_true(shapley_run(&m->set, &o, again, &e));
        assert_memory_equal(c, again, sizeof c);
        for (int i = 0; i < 8; i++)
            assert_true(c[i].low < c[i].high && c[i].low < c[i].conversions * 1.1 && c[i].high > c[i].conversions * 0.9);
    }
    free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_against_all_orders),
        cmocka_unit_test(test_drawn),
        cmocka_unit_test(test_intervals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
