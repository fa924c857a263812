/* Who counts as back: worked by hand, and against the definition, period by period. */
#include "measure/retention.h"

#include <setjmp.h>

#include <cmocka.h>

enum { PERIODS = 6 };

static void test_by_hand(void **state)
{
    (void)state;
    static const struct { const char *what; enum retention_kind kind; int64_t first, again[5]; size_t n; int64_t kept[PERIODS]; } cases[] = {
        {"never back", RETENTION_N_DAY, 3, {0}, 0, {0}},
        {"never back", RETENTION_UNBOUNDED, 3, {0}, 0, {0}},
        {"never back", RETENTION_ROLLING, 3, {0}, 0, {0}},
        {"exactly then", RETENTION_N_DAY, 3, {3, 5, 5, 8}, 4, {1, 0, 1, 0, 0, 1}},
        {"beyond what is shown", RETENTION_N_DAY, 3, {4, 9, 12}, 3, {0, 1, 0, 0, 0, 0}},
        {"then or later", RETENTION_UNBOUNDED, 3, {5}, 1, {1, 1, 1, 0, 0, 0}},
        {"then or much later", RETENTION_UNBOUNDED, 3, {3, 40}, 2, {1, 1, 1, 1, 1, 1}},
        {"by then", RETENTION_ROLLING, 3, {5, 8}, 2, {0, 0, 1, 1, 1, 1}},
        {"by then, from the first on", RETENTION_ROLLING, 0, {0}, 1, {1, 1, 1, 1, 1, 1}},
        {"by then, too late to be shown", RETENTION_ROLLING, 3, {9}, 1, {0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t kept[PERIODS] = {0};
        retention_count(cases[i].kind, cases[i].first, cases[i].again, cases[i].n, PERIODS, kept);
        for (int k = 0; k < PERIODS; k++)
            if (kept[k] != cases[i].kept[k])
                fail_msg("%s (%s): period %d", cases[i].what, retention_kind_name(cases[i].kind), k);
    }
}

static uint64_t seed = 5;
static unsigned draw(unsigned n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed % n);
}

static void test_against_the_definition(void **state)
{
    (void)state;
    for (int round = 0; round < 20000; round++) {
        int64_t first = draw(5), again[8], at = first, kept[PERIODS];
        size_t n = draw(8);
        enum retention_kind kind = (enum retention_kind)draw(RETENTION_KINDS);
        for (size_t i = 0; i < n; i++)
            again[i] = at += draw(4);
        for (int k = 0; k < PERIODS; k++)
            kept[k] = 100;
        retention_count(kind, first, again, n, PERIODS, kept);
        for (int k = 0; k < PERIODS; k++) {
            bool back = false;
            for (size_t i = 0; i < n; i++)
                back = back || (kind == RETENTION_N_DAY ? again[i] == first + k : kind == RETENTION_UNBOUNDED ? again[i] >= first + k : again[i] <= first + k);
            assert_int_equal(kept[k], 100 + back);
        }
    }
}

static void test_names(void **state)
{
    (void)state;
    enum retention_kind kind;
    for (int k = 0; k < RETENTION_KINDS; k++) {
        assert_true(retention_kind_from(str_of(retention_kind_name((enum retention_kind)k)), &kind));
        assert_int_equal(kind, k);
    }
    assert_false(retention_kind_from(STR("n-day"), &kind));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_by_hand), cmocka_unit_test(test_against_the_definition), cmocka_unit_test(test_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
