/* The walk through a funnel: worked by hand, and against every attempt that there is. */
#include "measure/funnel.h"

#include <math.h>
#include <setjmp.h>
#include <stdlib.h>

#include <cmocka.h>

/* "1A 2B 3AB": at each second, which steps; a small letter is a step that is not counted (of the first: it does not fit the condition). */
static size_t events(const char *text, struct step_event *out)
{
    size_t n = 0;
    for (const char *p = text; *p;) {
        char *end;
        struct step_event x = {.at_us = strtol(p, &end, 10) * 1000000, .person = 7, .fits = true};
        for (p = end; *p && *p != ' '; p++) {
            x.fits = x.fits && *p != 'a';
            x.mask |= 1U << ((*p | 32) - 'a');
        }
        while (*p == ' ')
            p++;
        out[n++] = x;
    }
    return n;
}

static void test_by_hand(void **state)
{
    (void)state;
    static const struct { const char *what, *events; int steps, window_s, reached, at[4]; } cases[] = {
        {"one after the other", "1A 2B 3C", 3, 10, 3, {1, 2, 3}},
        {"nothing", "1B 2C", 3, 10, 0, {0}},
        {"the order counts", "1B 2A 3C", 3, 10, 1, {2}},
        {"others in between do not matter", "1A 2C 3B 4A 5C", 3, 10, 3, {1, 3, 5}},
        {"the window is from the first", "1A 8B 15C", 3, 10, 2, {1, 8}},
        {"its end is inside", "1A 11B", 2, 10, 2, {1, 11}},
        {"a second later is not", "1A 12B", 2, 10, 1, {1}},
        {"a later beginning may fit where the first does not", "1A 2B 8A 9B 15C", 3, 10, 3, {8, 9, 15}},
        {"and an earlier one may, where the later has not got as far", "1A 2B 3A 4C", 3, 10, 3, {1, 2, 4}},
        {"the newest beginning, and the first next step after it", "1A 2A 3B 4B 5C", 3, 10, 3, {2, 3, 5}},
        {"the furthest, not the last", "1A 2B 50A", 3, 10, 2, {1, 2}},
        {"one moment is not two", "1AB", 2, 10, 1, {1}},
        {"nor are two rows of one moment", "1A 1B", 2, 10, 1, {1}},
        {"a row that is both goes on from the one before", "1A 2AB", 2, 10, 2, {1, 2}},
        {"the same step twice needs two", "1AB 2AB 3AB", 2, 10, 2, {1, 2}},
        {"beginning anew in the moment of the next step loses nothing", "1A 2A 2B 3C", 3, 10, 3, {1, 2, 3}},
        {"what does not fit does not begin", "1a 2B", 2, 10, 0, {0}},
        {"what does not fit may still be a later step", "1A 2aB", 2, 10, 2, {1, 2}},
        {"four", "1A 2B 3C 4D", 4, 3, 4, {1, 2, 3, 4}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct step_event v[16];
        int64_t at[STEPS_MAX] = {0};
        size_t begun = 99, n = events(cases[i].events, v);
        int reached = funnel_walk(v, n, cases[i].steps, cases[i].window_s * 1000000LL, at, &begun);
        if (reached != cases[i].reached)
            fail_msg("%s: reached %d, not %d", cases[i].what, reached, cases[i].reached);
        for (int s = 0; s < reached; s++)
            if (at[s] != cases[i].at[s] * 1000000LL)
                fail_msg("%s: step %d at %lld", cases[i].what, s, (long long)at[s] / 1000000);
        if (reached && (v[begun].at_us != at[0] || !(v[begun].mask & 1) || !v[begun].fits))
            fail_msg("%s: begun by event %zu", cases[i].what, begun);
    }
}

static uint64_t seed = 11;
static unsigned draw(unsigned n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed % n);
}

/* Every attempt from every beginning: how far does any get, and when does one first get there? */
static void all_attempts(const struct step_event *v, size_t n, int steps, int64_t window_us, size_t at, int step, int64_t begun, int *best, int64_t *soonest)
{
    if (step > *best || (step == *best && v[at].at_us < *soonest)) {
        *best = step;
        *soonest = v[at].at_us;
    }
    for (size_t i = at + 1; i < n && step < steps; i++)
        if (v[i].at_us > v[at].at_us && v[i].at_us - begun <= window_us && (v[i].mask >> step & 1))
            all_attempts(v, n, steps, window_us, i, step + 1, begun, best, soonest);
}

static void test_against_every_attempt(void **state)
{
    (void)state;
    for (int round = 0; round < 20000; round++) {
        struct step_event v[12];
        size_t n = draw(12), begun = 0;
        int steps = 2 + (int)draw(3), best = 0;
        int64_t window = draw(14) + 1, now = 0, soonest = INT64_MAX, at[STEPS_MAX];
        for (size_t i = 0; i < n; i++) {
            now += draw(4);
            v[i] = (struct step_event){.at_us = now, .mask = 1U << draw((unsigned)steps), .fits = draw(8) > 0};
            if (draw(4) == 0)
                v[i].mask |= 1U << draw((unsigned)steps);
        }
        for (size_t i = 0; i < n; i++)
            if ((v[i].mask & 1) && v[i].fits)
                all_attempts(v, n, steps, window, i, 1, v[i].at_us, &best, &soonest);
        int reached = funnel_walk(v, n, steps, window, at, &begun);
        assert_int_equal(reached, best);
        if (!reached)
            continue;
        assert_int_equal(at[reached - 1], soonest);
        assert_true(at[reached - 1] - at[0] <= window && v[begun].at_us == at[0]);
        for (int s = 0; s < reached; s++) {
            bool there = false;
            for (size_t i = 0; i < n; i++)
                there = there || (v[i].at_us == at[s] && (v[i].mask >> s & 1) && (s || v[i].fits));
            assert_true(there && (s == 0 || at[s] > at[s - 1]));
        }
    }
}

static void test_rates_that_differ(void **state)
{
    (void)state;
    double p;
    /* 30 of 100 against 45 of 100: z = 0.15 / sqrt(0.375 * 0.625 * 0.02) = 2.19089, one-sided 0.0142299 */
    assert_true(funnel_below(30, 100, 45, 100, &p));
    assert_true(fabs(p - 0.0142299) < 1e-6);
    /* 480 of 1000 against 1040 of 2000: z = 0.04 / sqrt(0.506667 * 0.493333 * 0.0015) = 2.06577, one-sided 0.0194247 */
    assert_true(funnel_below(480, 1000, 1040, 2000, &p));
    assert_true(fabs(p - 0.0194247) < 1e-5);
    assert_false(funnel_below(45, 100, 30, 100, &p)); /* better is no reason */
    assert_false(funnel_below(0, FUNNEL_PEOPLE_MIN - 1, 900, 1000, &p));
    assert_false(funnel_below(0, 100, 20, FUNNEL_PEOPLE_MIN - 1, &p));
    assert_false(funnel_below(100, 100, 200, 200, &p)); /* nobody is lost anywhere */
    assert_false(funnel_below(0, 100, 0, 200, &p));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_against_every_attempt),
        cmocka_unit_test(test_rates_that_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
