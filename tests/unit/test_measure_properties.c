/* What holds of every model, on drawn journeys: nothing is lost or made, nobody owes, who does nothing gets nothing, equals get the same, and
 * neither the order of the paths nor how they were cut into pieces shows in a single bit. */
#include "paths_fixture.h"

enum { C = 7, DATA = 6, MODELS = RULE_MODELS + DATA, ROUNDS = 12 };
static const struct rule_options usual = {.u = {0.4, 0.2, 0.4}, .w = {0.3, 0.3, 0.3, 0.1}, .half_life_s = 1};

struct credits { struct channel_credit c[MODELS][C]; };

static void run_all(const struct path_set *p, struct credits *out)
{
    struct err e = {0};
    static struct channel_credit rules[RULE_MODELS * C];
    memset(out, 0, sizeof *out);
    assert_int_equal(p->channels, C);
    assert_true(rules_run(p, &usual, rules, &e));
    memcpy(out->c, rules, sizeof rules);
    for (int k = 0; k < DATA; k++) {
        struct data_options o = {.order = k < 4 ? k + 1 : 1, .shapley_rate = k == 5, .seed = 1, .samples = k == 0 || k == 4 ? 10 : 0, .level = 0.9, .bootstrap_seed = 4, .threads = 1};
        struct channel_credit *c = out->c[RULE_MODELS + k];
        if (!p->bucket)
            o.samples = 0; /* paths that are drawn themselves are other draws when they are cut */
        assert_true(k < 4 ? markov_run(p, &o, c, NULL, &e) : shapley_run(p, &o, c, &e));
    }
}

/* The last channel occurs in nobody's path; the one before in none that converts, and always last. */
static struct made *drawn(uint64_t *x)
{
    struct made *m = made_new(C);
    size_t paths = 50 + test_draw(x) % 300;
    for (size_t i = 0; i < paths; i++) {
        uint32_t steps[30];
        size_t n = 1 + test_draw(x) % (i % 9 ? 6 : 25);
        for (size_t k = 0; k < n; k++)
            steps[k] = (uint32_t)(test_draw(x) % (C - 2) * test_draw(x) % (C - 2));
        int64_t c = (int64_t)(test_draw(x) % 5) - 1, conversions = c > 0 ? c : 0;
        if (conversions == 0 && test_draw(x) % 2)
            steps[n - 1] = C - 2;
        m->bucket[m->set.n] = (uint32_t)(test_draw(x) % 16);
        path_add(m, steps, n, conversions, conversions * (int64_t)(test_draw(x) % 100000000), (int64_t)(test_draw(x) % 8) + (conversions == 0));
    }
    m->set.bucket = m->bucket;
    m->set.buckets = 16;
    return m;
}

static uint64_t seed_start(const char *what)
{
    const char *given = getenv("TRELLIS_TEST_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) | 1 : 20260903;
    print_message("%s: seed %llu\n", what, (unsigned long long)seed);
    return seed;
}

static void test_conserving(void **state)
{
    (void)state;
    uint64_t x = seed_start("conserving");
    static struct credits got;
    for (int round = 0; round < ROUNDS; round++) {
        struct made *m = drawn(&x);
        double conversions = 0, value = 0;
        run_all(&m->set, &got);
        for (size_t i = 0; i < m->set.n; i++) {
            conversions += (double)m->conversions[i];
            value += (double)m->value[i] / 1e6;
        }
        for (int k = 0; k < MODELS; k++) {
            double c = 0, v = 0;
            for (int i = 0; i < C; i++) {
                assert_true(got.c[k][i].conversions >= 0 && got.c[k][i].value >= 0 && got.c[k][i].effect >= 0 && got.c[k][i].effect <= 1 + 1e-12);
                c += got.c[k][i].conversions;
                v += got.c[k][i].value;
            }
            same(c, conversions, 1e-9, "conversions");
            same(v, value, 1e-9 * value, "value");
            same(got.c[k][C - 1].conversions, 0, 0, "a channel that never occurs");
            same(got.c[k][C - 1].effect, 0, 0, "its effect");
            same(got.c[k][C - 2].conversions, 0, 0, "a channel after which nobody converts");
        }
        free(m);
    }
}

static void path_copy(struct made *to, const struct made *from, size_t i, int64_t conversions, int64_t value, int64_t nulls, const uint32_t *names)
{
    uint32_t steps[64];
    size_t begin = i ? from->ends[i - 1] : 0, n = from->ends[i] - begin;
    for (size_t k = 0; k < n; k++)
        steps[k] = names ? names[from->steps[begin + k]] : from->steps[begin + k];
    to->bucket[to->set.n] = from->bucket[i];
    path_add(to, steps, n, conversions, value, nulls);
}

static struct made *like(const struct made *m)
{
    struct made *to = made_new(C);
    to->set.bucket = to->bucket;
    to->set.buckets = m->set.buckets;
    return to;
}

/* Shuffled, and each path cut into one for each conversion and each end, far from one another. */
static void test_order_and_pieces(void **state)
{
    (void)state;
    uint64_t x = seed_start("order and pieces");
    static struct credits got, other;
    for (int round = 0; round < ROUNDS; round++) {
        struct made *m = drawn(&x), *shuffled = like(m), *cut = like(m);
        size_t order[MADE_PATHS / 64], n = m->set.n;
        for (size_t i = 0; i < n; i++)
            order[i] = i;
        for (size_t i = n; i > 1; i--) {
            size_t k = test_draw(&x) % i, was = order[i - 1];
            order[i - 1] = order[k];
            order[k] = was;
        }
        for (size_t i = 0; i < n; i++)
            path_copy(shuffled, m, order[i], m->conversions[order[i]], m->value[order[i]], m->nulls[order[i]], NULL);
        for (int64_t k = 0; k < 12; k++)
            for (size_t i = 0; i < n; i++) {
                int64_t c = m->conversions[i], each = c ? m->value[i] / c : 0;
                if (k < c)
                    path_copy(cut, m, i, 1, k == 0 ? m->value[i] - each * (c - 1) : each, 0, NULL);
                if (k < m->nulls[i])
                    path_copy(cut, m, i, 0, 0, 1, NULL);
            }
        run_all(&m->set, &got);
        run_all(&shuffled->set, &other);
        assert_memory_equal(&got, &other, sizeof got);
        run_all(&cut->set, &other);
        assert_memory_equal(&got, &other, sizeof got);
        free(m);
        free(shuffled);
        free(cut);
    }
}

/* Other names give the same credit to what they name; and where each path has a twin with two channels exchanged, both get the same. */
static void test_names_and_symmetry(void **state)
{
    (void)state;
    uint64_t x = seed_start("names and symmetry");
    static const uint32_t turned[C] = {4, 3, 0, 1, 2, 5, 6}, exchanged[C] = {1, 0, 2, 3, 4, 5, 6};
    static struct credits got, other;
    for (int round = 0; round < ROUNDS; round++) {
        struct made *m = drawn(&x), *renamed = like(m), *twins = like(m);
        for (size_t i = 0; i < m->set.n; i++) {
            path_copy(renamed, m, i, m->conversions[i], m->value[i], m->nulls[i], turned);
            path_copy(twins, m, i, m->conversions[i], m->value[i], m->nulls[i], NULL);
            path_copy(twins, m, i, m->conversions[i], m->value[i], m->nulls[i], exchanged);
        }
        run_all(&m->set, &got);
        run_all(&renamed->set, &other);
        for (int k = 0; k < MODELS; k++)
            for (int i = 0; i < C; i++) {
                same(other.c[k][turned[i]].conversions, got.c[k][i].conversions, 1e-9, "renamed");
                same(other.c[k][turned[i]].value, got.c[k][i].value, 1e-9 * got.c[k][i].value + 1e-9, "renamed, value");
            }
        run_all(&twins->set, &other);
        for (int k = 0; k < MODELS; k++) {
            same(other.c[k][0].conversions, other.c[k][1].conversions, 1e-9, "symmetric");
            same(other.c[k][0].value, other.c[k][1].value, 1e-6, "symmetric, value");
        }
        free(m);
        free(renamed);
        free(twins);
    }
}

/* Journeys through three layers whose counts are products: where one is says all there is to know of what comes. Then more memory adds nothing. */
static void test_without_memory(void **state)
{
    (void)state;
    uint64_t x = seed_start("without memory");
    for (int round = 0; round < ROUNDS; round++) {
        struct made *m = made_new(C);
        struct channel_credit first[C], more[C];
        struct err e;
        int64_t u[2], v[2][4], w[2][4], end[2][2], all_v[2], all_w[2], all_end[2]; /* to c, to d, converts, ends */
        for (int i = 0; i < 2; i++) {
            u[i] = 1 + (int64_t)(test_draw(&x) % 5);
            all_v[i] = all_w[i] = all_end[i] = 0;
            for (int k = 0; k < 4; k++) {
                all_v[i] += v[i][k] = 1 + (int64_t)(test_draw(&x) % 6);
                all_w[i] += w[i][k] = 1 + (int64_t)(test_draw(&x) % 6);
            }
            for (int k = 0; k < 2; k++)
                all_end[i] += end[i][k] = 1 + (int64_t)(test_draw(&x) % 6);
        }
        int64_t scale = all_v[0] * all_v[1] * all_w[0] * all_w[1] * all_end[0] * all_end[1];
        for (uint32_t a = 0; a < 2; a++) { /* 0 1 > 2 3 > 4 5 */
            int64_t here = u[a] * scale / all_v[a];
            path_add(m, &a, 1, here * v[a][2], 0, here * v[a][3]);
            for (uint32_t b = 0; b < 2; b++) {
                int64_t there = here / all_w[b] * v[a][b];
                path_add(m, (uint32_t[]){a, 2 + b}, 2, there * w[b][2], 0, there * w[b][3]);
                for (uint32_t c = 0; c < 2; c++) {
                    int64_t last = there / all_end[c] * w[b][c];
                    path_add(m, (uint32_t[]){a, 2 + b, 4 + c}, 3, last * end[c][0], 0, last * end[c][1]);
                }
            }
        }
        struct data_options o = {.order = 1, .threads = 1};
        assert_true(markov_run(&m->set, &o, first, NULL, &e));
        for (o.order = 2; o.order <= 4; o.order++) {
            assert_true(markov_run(&m->set, &o, more, NULL, &e));
            for (int i = 0; i < C; i++)
                same(more[i].effect, first[i].effect, 1e-12, "more memory");
        }
        free(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conserving),
        cmocka_unit_test(test_order_and_pieces),
        cmocka_unit_test(test_names_and_symmetry),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
