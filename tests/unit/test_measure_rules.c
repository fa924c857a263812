/* Credit by rule: weights of one journey by hand, shares that sum to the unit, and every figure of the playbook and of the touchpoints. */
#include "paths_fixture.h"

#include <time.h>

static const struct rule_options usual = {.u = {0.4, 0.2, 0.4}, .w = {0.3, 0.3, 0.3, 0.1}, .half_life_s = 7 * 86400};

static void test_weights(void **state)
{
    (void)state;
    static const bool direct[] = {true, false, false};
    static const struct { enum rule_model m; const char *path; size_t milestone; int64_t age[6]; double w[6]; } cases[] = {
        {RULE_LAST, "bca", SIZE_MAX, {0}, {0, 0, 1}},
        {RULE_LAST_NON_DIRECT, "bca", SIZE_MAX, {0}, {0, 1, 0}},
        {RULE_LAST_NON_DIRECT, "aaa", SIZE_MAX, {0}, {0, 0, 1}},       /* nothing but direct: the last */
        {RULE_FIRST, "bca", SIZE_MAX, {0}, {1, 0, 0}},
        {RULE_LINEAR, "bcab", SIZE_MAX, {0}, {0.25, 0.25, 0.25, 0.25}},
        {RULE_POSITION_U, "b", SIZE_MAX, {0}, {1}},
        {RULE_POSITION_U, "bc", SIZE_MAX, {0}, {0.5, 0.5}},
        {RULE_POSITION_U, "bcabc", SIZE_MAX, {0}, {0.4, 0.2 / 3, 0.2 / 3, 0.2 / 3, 0.4}},
        {RULE_POSITION_W, "bcabc", 2, {0}, {0.3, 0.05, 0.3, 0.05, 0.3}},
        {RULE_POSITION_W, "bca", 1, {0}, {1.0 / 3, 1.0 / 3, 1.0 / 3}}, /* no others: their tenth goes to the three */
        {RULE_POSITION_W, "bca", 0, {0}, {0.4, 0.2, 0.4}},             /* a milestone that is not between: as U */
        {RULE_POSITION_W, "bca", 2, {0}, {0.4, 0.2, 0.4}},
        {RULE_POSITION_W, "b", SIZE_MAX, {0}, {1}},
        {RULE_TIME_DECAY, "bca", SIZE_MAX, {14 * 86400, 7 * 86400, 0}, {1.0 / 7, 2.0 / 7, 4.0 / 7}},
        {RULE_TIME_DECAY, "bc", SIZE_MAX, {INT64_C(900000000000), INT64_C(900000000000) - 7 * 86400}, {1.0 / 3, 2.0 / 3}}, /* long ago is no row of zeros */
        {RULE_TIME_DECAY, "bcab", SIZE_MAX, {-1}, {1.0 / 15, 2.0 / 15, 4.0 / 15, 8.0 / 15}}, /* ages not known: by the step */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t channel[6];
        double w[6], sum = 0;
        size_t n = strlen(cases[i].path);
        struct rule_options o = usual;
        o.direct = direct;
        for (size_t k = 0; k < n; k++)
            channel[k] = (uint32_t)(cases[i].path[k] - 'a');
        rule_weights(cases[i].m, &o, channel, cases[i].age[0] < 0 ? NULL : cases[i].age, cases[i].milestone, n, w);
        for (size_t k = 0; k < n; k++) {
            same(w[k], cases[i].w[k], 1e-15, rule_model_name(cases[i].m));
            sum += w[k];
        }
        same(sum, 1, 1e-15, "sum of weights");
    }
    assert_string_equal(rule_model_name(RULE_TIME_DECAY), "time_decay");
}

static void test_shares(void **state)
{
    (void)state;
    static const struct { int64_t total; size_t n; double w[4]; int64_t out[4]; } cases[] = {
        {10, 3, {0.4, 0.2, 0.4}, {4, 2, 4}},
        {10, 3, {1.0 / 3, 1.0 / 3, 1.0 / 3}, {3, 3, 4}},           /* equal rests: the later */
        {11, 3, {1.0 / 3, 1.0 / 3, 1.0 / 3}, {3, 4, 4}},
        {-11, 3, {1.0 / 3, 1.0 / 3, 1.0 / 3}, {-3, -4, -4}},
        {7, 2, {0.1, 0.9}, {1, 6}},                                /* 0.7 and 6.3 */
        {5, 4, {0, 0.5, 0, 0.5}, {0, 2, 0, 3}},                    /* nothing to whom nothing weighs */
        {0, 2, {0.5, 0.5}, {0, 0}},
        {3, 2, {0, 0}, {0, 3}},
        {INT64_MAX, 2, {0.5, 0.5}, {INT64_MAX / 2, INT64_MAX / 2 + 1}},
        {INT64_MIN, 2, {0.5, 0.5}, {INT64_MIN / 2, INT64_MIN / 2}},
        {1000000, 1, {1}, {1000000}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t out[4];
        share_exactly(cases[i].total, cases[i].w, cases[i].n, out);
        for (size_t k = 0; k < cases[i].n; k++)
            if (out[k] != cases[i].out[k])
                fail_msg("case %zu: part %zu is %lld, wanted %lld", i, k, (long long)out[k], (long long)cases[i].out[k]);
    }
    uint64_t x = 99;
    for (int round = 0; round < 2000; round++) { /* any number of parts, any total: the sum is the total */
        double w[300], sum = 0;
        int64_t out[300], total = (int64_t)test_draw(&x) >> test_draw(&x) % 60, got = 0;
        size_t n = 1 + test_draw(&x) % 300;
        for (size_t i = 0; i < n; i++)
            sum += w[i] = (double)(test_draw(&x) % 1000);
        for (size_t i = 0; i < n && sum > 0; i++)
            w[i] /= sum;
        share_exactly(total, w, n, out);
        for (size_t i = 0; i < n; i++) {
            got += out[i];
            assert_true(total < 0 ? out[i] <= 0 : out[i] >= 0);
        }
        assert_int_equal(got, total);
    }
}

static void test_rounding(void **state)
{
    (void)state;
    static const double thirds[] = {10.0 / 3, 10.0 / 3, 10.0 / 3}, mixed[] = {-1.005, 2.005, 0.5}, over[] = {0.5000001, 0.5000001};
    int64_t out[3];
    round_exactly(1000, thirds, 100, 3, out);
    assert_true(out[0] == 333 && out[1] == 333 && out[2] == 334);
    round_exactly(150, mixed, 100, 3, out);
    assert_int_equal(out[0] + out[1] + out[2], 150);
    assert_true(labs((long)out[0] + 100) <= 1 && labs((long)out[1] - 200) <= 1 && out[2] == 50);
    round_exactly(999999, over, 1000000, 2, out); /* a hair more than the total */
    assert_int_equal(out[0] + out[1], 999999);
}

/* Ten paths of every kind of length, counted and added in fixed point, against weights path by path. */
static void test_one_pass(void **state)
{
    (void)state;
    enum { C = 5 };
    struct made *m = made_new(C);
    static const bool direct[C] = {true, false, false, false, false};
    struct rule_options o = usual;
    struct channel_credit got[RULE_MODELS * C];
    static double wanted[RULE_MODELS][C], value[RULE_MODELS][C];
    uint64_t x = 5;
    struct err e;
    o.direct = direct;
    memset(wanted, 0, sizeof wanted);
    memset(value, 0, sizeof value);
    for (int i = 0; i < 400; i++) {
        uint32_t steps[60];
        double w[60];
        size_t n = 1 + test_draw(&x) % 60;
        int64_t conversions = (int64_t)(test_draw(&x) % 3), worth = conversions ? (int64_t)(test_draw(&x) % 1000000000) - 100000000 : 0;
        for (size_t k = 0; k < n; k++)
            steps[k] = (uint32_t)(test_draw(&x) % C);
        path_add(m, steps, n, conversions, worth, 1);
        for (int r = 0; r < RULE_MODELS; r++) {
            rule_weights((enum rule_model)r, &o, steps, NULL, SIZE_MAX, n, w);
            for (size_t k = 0; k < n; k++) {
                wanted[r][steps[k]] += w[k] * (double)conversions;
                value[r][steps[k]] += w[k] * (double)worth / 1e6;
            }
        }
    }
    assert_true(rules_run(&m->set, &o, got, &e));
    for (int r = 0; r < RULE_MODELS; r++)
        for (int c = 0; c < C; c++) {
            same(got[r * C + c].conversions, wanted[r][c], 1e-10, rule_model_name((enum rule_model)r));
            same(got[r * C + c].value, value[r][c], 1e-8, rule_model_name((enum rule_model)r));
        }
    m->value[0] = INT64_MAX;
    m->conversions[0] = 1;
    assert_false(rules_run(&m->set, &o, got, &e));
    assert_int_equal(e.code, E_TOO_LARGE);
    free(m);
}

/* ---- touches with their times ---- */

struct touch { char customer[16]; int64_t at; uint32_t channel; bool converts; double value; };

static int by_time(const void *a, const void *b)
{
    const struct touch *x = a, *y = b;
    int c = strcmp(x->customer, y->customer);
    return c ? c : (x->at > y->at) - (x->at < y->at);
}

static int64_t seconds(const char *text)
{
    struct tm t = {0};
    assert_true(sscanf(text, "%d-%d-%d%*1[T ]%d:%d:%d", &t.tm_year, &t.tm_mon, &t.tm_mday, &t.tm_hour, &t.tm_min, &t.tm_sec) == 6);
    t.tm_year -= 1900;
    t.tm_mon--;
    return timegm(&t);
}

static uint32_t channel_of(const char *name, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(name, names[i]) == 0)
            return (uint32_t)i;
    fail_msg("channel %s", name);
    return 0;
}

/* The cells of a line, cut in place; returns the next line. */
static char *cells_of(char *line, char **cell, size_t n)
{
    char *end = line, *next; /* by hand: under a sanitizer strpbrk measures the whole rest of the text at each line */
    while (*end && *end != '\r' && *end != '\n')
        end++;
    for (next = end; *next == '\r' || *next == '\n';)
        next++;
    *end = 0;
    for (size_t i = 0; i < n; i++) {
        cell[i] = line;
        line += strcspn(line, ",");
        if (*line)
            *line++ = 0;
    }
    return next;
}

static void test_playbook(void **state)
{
    (void)state;
    enum { C = 6, SHOWN = 5, TOUCHES = 200, WINDOW_S = 30 * 86400 };
    static const char *const names[] = {"adwords", "bing", "direct", "facebook_ads", "google", "newsletter"}; /* the last before no conversion */
    static const struct { enum rule_model m; double credit[SHOWN], revenue[SHOWN]; } wanted[] = {
        {RULE_FIRST, {1, 0, 11, 7, 2}, {10, 0, 140, 95, 30}},
        {RULE_LAST, {1, 2, 11, 4, 3}, {15, 25, 145, 50, 40}},
        {RULE_POSITION_U, {1.24, 0.80, 10.94, 5.44, 2.58}, {16.4, 10.0, 141.4, 71.4, 35.8}},
        {RULE_LINEAR, {1.369048, 0.476190, 10.976190, 5.392857, 2.785714}, {19.107143, 6.428571, 141.428571, 70.178571, 37.857143}},
    };
    static struct touch touches[TOUCHES];
    struct channel_credit got[RULE_MODELS * C];
    size_t n = 0, size, all = 0, lengths[8] = {0};
    struct err e;
    char *sessions = shared_text("attribution_playbook/sessions.csv", &size), *sold = shared_text("attribution_playbook/customer_conversions.csv", &size), *cell[7];
    if (sessions && sold) {
        for (char *line = cells_of(sessions, cell, 7); *line; n++) {
            line = cells_of(line, cell, 7);
            snprintf(touches[n].customer, sizeof touches[n].customer, "%s", cell[1]);
            touches[n].at = seconds(cell[2]);
            touches[n].channel = channel_of(cell[4][0] ? cell[4] : "direct", names, C);
        }
        qsort(touches, n, sizeof *touches, by_time);
        struct made *m = made_new(C);
        for (char *line = cells_of(sold, cell, 3); *line;) {
            uint32_t steps[64];
            size_t len = 0;
            line = cells_of(line, cell, 3);
            int64_t at = seconds(cell[1]);
            for (size_t i = 0; i < n; i++)
                if (strcmp(touches[i].customer, cell[0]) == 0 && touches[i].at <= at && touches[i].at >= at - WINDOW_S)
                    steps[len++] = touches[i].channel;
            path_add(m, steps, len, 1, (int64_t)(atof(cell[2]) * 1e6), 0);
            all += len;
            lengths[len]++;
        }
        assert_int_equal(m->set.n, 21);
        assert_int_equal(all, 39);
        assert_true(lengths[1] == 12 && lengths[2] == 5 && lengths[3] == 2 && lengths[4] == 1 && lengths[7] == 1);
        assert_true(rules_run(&m->set, &usual, got, &e));
        for (size_t w = 0; w < sizeof wanted / sizeof *wanted; w++)
            for (size_t c = 0; c < SHOWN; c++) {
                same(got[wanted[w].m * C + c].conversions, wanted[w].credit[c], 5.1e-7, names[c]);
                same(got[wanted[w].m * C + c].value, wanted[w].revenue[c], 5.1e-7, names[c]);
            }
        /* Linear, February 2020: spend / credit, revenue / spend. */
        const struct channel_credit *linear = got + RULE_LINEAR * C;
        same(312 / linear[3].conversions, 57.854305, 5.1e-7, "CPA of facebook_ads");
        same(linear[3].value / 312, 0.224931, 5.1e-7, "ROAS of facebook_ads");
        same(47 / linear[0].conversions, 34.330435, 5.1e-7, "CPA of adwords");
        same(linear[0].value / 47, 0.406535, 5.1e-7, "ROAS of adwords");
        free(m);
    }
    free(sessions);
    free(sold);
}

static void test_touchpoints(void **state)
{
    (void)state;
    enum { C = 5, TOUCHES = 62483 };
    static const char *const names[] = {"Facebook", "Instagram", "Online Display", "Online Video", "Paid Search"};
    static const struct { enum rule_model m; double credit[C], value[C]; } wanted[] = {
        {RULE_FIRST, {569, 226, 220, 222, 601}, {3561.0, 1397.0, 1361.5, 1385.0, 3719.0}},
        {RULE_LAST, {561, 237, 233, 350, 457}, {3514.5, 1475.5, 1436.0, 2190.0, 2807.5}},
        {RULE_LINEAR, {532.2776, 234.6260, 210.0265, 309.5611, 551.5088}, {3328.131, 1463.896, 1287.175, 1935.821, 3408.477}},
        {RULE_POSITION_U, {554.8227, 232.5559, 220.5340, 293.0516, 537.0358}, {3471.503, 1445.634, 1357.583, 1832.798, 3315.982}},
    };
    static const double effects[C] = {0.732007, 0.479577, 0.481486, 0.591369, 0.716474}, credits[C] = {448.3399, 293.7316, 294.9007, 362.2018, 438.8261};
    struct channel_credit got[RULE_MODELS * C];
    struct markov_facts facts;
    size_t n = 0, size, converted = 0, single = 0;
    struct err e;
    char *text = shared_text("attribution_touchpoints/touchpoints.csv.gz", &size), *cell[6];
    if (!text)
        return;
    struct touch *t = calloc(TOUCHES, sizeof *t);
    for (char *line = cells_of(text, cell, 6); *line; n++) {
        line = cells_of(line, cell, 6);
        assert_true(n < TOUCHES);
        snprintf(t[n].customer, sizeof t[n].customer, "%s", cell[0]);
        t[n].at = seconds(cell[1]);
        t[n].converts = cell[3][0] == '1';
        t[n].value = atof(cell[4]);
        t[n].channel = channel_of(cell[5], names, C);
    }
    assert_int_equal(n, TOUCHES);
    qsort(t, n, sizeof *t, by_time);
    struct made *m = made_new(C);
    uint32_t steps[4096];
    for (size_t i = 0, len = 0; i < n; i++) {
        bool last = i + 1 == n || strcmp(t[i + 1].customer, t[i].customer) != 0;
        steps[len++] = t[i].channel;
        if (!t[i].converts && !last)
            continue;
        converted += t[i].converts;
        single += t[i].converts && len == 1;
        path_add(m, steps, len, t[i].converts, t[i].converts ? (int64_t)llround(t[i].value * 1e6) : 0, !t[i].converts);
        len = 0;
    }
    assert_int_equal(m->set.n, 9506);
    assert_int_equal(converted, 1838);
    assert_int_equal(single, 278);
    same((double)n / 9506, 6.573, 5.1e-4, "mean length");
    assert_true(rules_run(&m->set, &usual, got, &e));
    for (size_t w = 0; w < sizeof wanted / sizeof *wanted; w++)
        for (size_t c = 0; c < C; c++) {
            same(got[wanted[w].m * C + c].conversions, wanted[w].credit[c], 5.1e-5, names[c]);
            same(got[wanted[w].m * C + c].value, wanted[w].value[c], 5.1e-4, names[c]);
        }
    struct data_options o = {.order = 1, .threads = 1};
    assert_true(markov_run(&m->set, &o, got, &facts, &e));
    same(facts.p_conversion, 0.193351567431, 5e-13, "P(conversion)");
    for (size_t c = 0; c < C; c++) {
        same(got[c].effect, effects[c], 5.1e-7, names[c]);
        same(got[c].conversions, credits[c], 5.1e-5, names[c]);
    }
    free(m);
    free(t);
    free(text);
}

static void test_channel_paths(void **state)
{
    (void)state;
    static const struct { const char *name; double first, first_value, last, last_value, linear, linear_value; } wanted[] = {
        {"eta", 3164, 11909.476, 4167, 16754.204, 3539.951157, 13783.497},   {"iota", 4606, 19597.261, 3355, 13487.974, 3857.096221, 15988.989},
        {"alpha", 6308, 19121.272, 8447, 28414.214, 7574.718594, 24524.710}, {"beta", 2831, 12235.592, 989, 3850.021, 2083.500145, 8954.267},
        {"theta", 1606, 6652.349, 653, 2799.092, 1022.801394, 4295.744},     {"lambda", 902, 3735.602, 1207, 5249.950, 1035.257572, 4430.316},
        {"kappa", 74, 305.743, 230, 1069.384, 137.964078, 599.748},          {"zeta", 27, 103.004, 107, 453.261, 136.551540, 539.529},
        {"epsilon", 99, 412.301, 531, 2202.612, 272.170438, 1106.270},       {"gamma", 165, 718.978, 92, 506.014, 121.041639, 569.417},
        {"delta", 1, 6.119, 5, 10.972, 1.725000, 4.404},                     {"mi", 2, 5.273, 2, 5.273, 2.222222, 6.081},
    };
    enum { C = sizeof wanted / sizeof *wanted };
    struct channel_credit got[RULE_MODELS * C];
    struct path_file f;
    struct arena a;
    struct errs es = {0};
    struct err e;
    size_t n;
    char *text = shared_text("channel_paths/paths.csv.gz", &n);
    arena_init(&a);
    if (text) {
        assert_true(paths_read(&a, STR("paths.csv"), (struct str){text, n}, &f, &es));
        assert_true(f.set.n == 10000 && f.conversions == 19785 && f.nulls == 68602);
        assert_int_equal((f.value + 5000) / 10000, 7480297);
        assert_true(rules_run(&f.set, &usual, got, &e));
        for (size_t c = 0; c < C; c++) {
            assert_true(str_eq(f.names[c], str_of(wanted[c].name)));
            same(got[RULE_FIRST * C + c].conversions, wanted[c].first, 0, "first");
            same(got[RULE_FIRST * C + c].value, wanted[c].first_value, 5.1e-4, "first value");
            same(got[RULE_LAST * C + c].conversions, wanted[c].last, 0, "last");
            same(got[RULE_LAST * C + c].value, wanted[c].last_value, 5.1e-4, "last value");
            same(got[RULE_LINEAR * C + c].conversions, wanted[c].linear, 5.1e-7, "linear");
            same(got[RULE_LINEAR * C + c].value, wanted[c].linear_value, 5.1e-4, "linear value");
        }
        errs_fini(&es);
    }
    arena_fini(&a);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weights),  cmocka_unit_test(test_shares),   cmocka_unit_test(test_rounding),    cmocka_unit_test(test_one_pass),
        cmocka_unit_test(test_playbook), cmocka_unit_test(test_touchpoints), cmocka_unit_test(test_channel_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
