/* A change taken apart: by hand, and that the parts sum to it whatever the figures are. */
#include "measure/drivers.h"

#include <math.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void near(double got, double wanted, double within)
{
    if (!(fabs(got - wanted) <= within))
        fail_msg("%.17g is not %.17g", got, wanted);
}

static void test_sum(void **s)
{
    (void)s;
    /* 100 to 120: the first alone grows, by 24; the second shrinks by 4 */
    const struct driver_part v[] = {{.before = 60, .after = 84}, {.before = 40, .after = 36}, {.before = 0, .after = 0}};
    struct driver d[3];
    near(drivers_of_sum(v, 3, d), 20, 0);
    assert_int_equal(d[0].at, 0);
    near(d[0].change, 24, 0);
    near(d[0].share, 1.2, 1e-15);
    near(d[0].beyond, 12, 1e-12); /* 24 of which 60 % of 20 would have been its part */
    near(d[1].change, -4, 0);
    near(drivers_power(d, 3, 20), 0.6, 1e-12);
    /* all alike: nobody stands out */
    const struct driver_part alike[] = {{.before = 60, .after = 66}, {.before = 40, .after = 44}};
    near(drivers_of_sum(alike, 2, d), 10, 1e-12);
    near(drivers_power(d, 2, 10), 0, 1e-12);
    near(drivers_of_sum(alike, 0, d), 0, 0);
}

static void test_ratio(void **s)
{
    (void)s;
    struct driver d[2];
    /* rates stay, what is divided by moves to the dear one: all mix. 10 of 100 and 40 of 100 before, 0.25; 5 of 50 and 60 of 150 after, 0.325 */
    const struct driver_part mix[] = {{10, 5, 100, 50}, {40, 60, 100, 150}};
    near(drivers_of_ratio(mix, 2, d), 0.075, 1e-15);
    for (int i = 0; i < 2; i++)
        near(d[i].rate, 0, 1e-15);
    near(d[0].mix + d[1].mix, 0.075, 1e-15);
    /* shares stay, one rate moves: all rate, all of that one */
    const struct driver_part rate[] = {{10, 20, 100, 100}, {40, 40, 100, 100}};
    near(drivers_of_ratio(rate, 2, d), 0.05, 1e-15);
    assert_int_equal(d[0].at, 0);
    near(d[0].rate, 0.05, 1e-15);
    near(d[0].mix, 0, 1e-15);
    near(d[1].change, 0, 1e-15);
    /* money spent where nobody came: a cost without a divisor still has its part */
    const struct driver_part nobody[] = {{100, 100, 10, 10}, {0, 50, 0, 0}};
    near(drivers_of_ratio(nobody, 2, d), 5, 1e-15);
    near(d[0].at == 1 ? d[0].change : d[1].change, 5, 1e-15);
    const struct driver_part nothing[] = {{1, 1, 0, 5}};
    assert_true(isnan(drivers_of_ratio(nothing, 1, d)));
}

static void test_exact(void **s)
{
    (void)s;
    uint32_t x = 1;
    for (int round = 0; round < 2000; round++) {
        struct driver_part v[12];
        struct driver d[12];
        size_t n = 1 + (size_t)round % 12;
        double before = 0, after = 0, over_before = 0, over_after = 0, changes = 0, parts = 0;
        for (size_t i = 0; i < n; i++) {
            double f[4];
            for (int k = 0; k < 4; k++) {
                x = x * 1664525 + 1013904223;
                f[k] = x % 7 == 0 ? 0 : (double)(x >> 8) / 1000;
            }
            v[i] = (struct driver_part){f[0], f[1], f[2], f[3]};
            before += f[0], after += f[1], over_before += f[2], over_after += f[3];
        }
        double whole = drivers_of_sum(v, n, d);
        for (size_t i = 0; i < n; i++)
            changes += d[i].change;
        near(changes, whole, 1e-6);
        near(whole, after - before, 1e-6);
        if (over_before == 0 || over_after == 0)
            continue;
        whole = drivers_of_ratio(v, n, d);
        changes = 0;
        for (size_t i = 0; i < n; i++) {
            changes += d[i].change;
            parts += d[i].rate + d[i].mix - d[i].change;
        }
        near(whole, after / over_after - before / over_before, 1e-9 * (1 + fabs(whole)));
        near(changes, whole, 1e-9 * (1 + after / over_after + before / over_before));
        near(parts, 0, 1e-9 * (1 + after / over_after + before / over_before));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sum), cmocka_unit_test(test_ratio), cmocka_unit_test(test_exact)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
