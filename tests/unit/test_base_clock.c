/* Dates, moments and zones; golden values from the zone database by an independent implementation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"

static void dates(void **state)
{
    (void)state;
    static const struct {
        const char *z;
        bool ok;
        int32_t days;
    } rows[] = {
        {"1970-01-01", true, 0},
        {"2000-02-29", true, 11016},
        {"2026-11-21", true, 20778},
        {"1969-12-31", true, -1},
        {"0001-01-01", true, -719162},
        {"1900-02-29", false, 0},
        {"2026-13-01", false, 0},
        {"2026-00-01", false, 0},
        {"2026-04-31", false, 0},
        {"2026-1-01", false, 0},
        {"", false, 0},
        {"2026-11-21 ", false, 0},
        {"2026/11/21", false, 0},
        {"+026-11-21", false, 0},
        {"2026-+1-21", false, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int32_t days = 0;
        assert_int_equal(clock_parse_date(str_of(rows[i].z), &days), rows[i].ok);
        if (rows[i].ok) {
            assert_int_equal(days, rows[i].days);
            assert_string_equal(clock_date(days).z, rows[i].z);
        }
    }
    for (int32_t d = -800000; d < 800000; d += 997) {
        int32_t back;
        struct clock_text t = clock_date(d);
        if (t.z[0] != '-' && strlen(t.z) == 10) {
            assert_true(clock_parse_date(str_of(t.z), &back));
            assert_int_equal(back, d);
        }
    }
    assert_string_equal(clock_iso(-1).z, "1969-12-31T23:59:59.999999Z");
    assert_string_equal(clock_iso(1767225600123456).z, "2026-01-01T00:00:00.123456Z");
}

static void the_wall_clock_can_be_set(void **state)
{
    (void)state;
    clock_set_us(5);
    assert_int_equal(clock_now_us(), 5);
    clock_set_us(0);
    assert_true(clock_now_us() > 1700000000000000);
    int64_t before = clock_now_us(), hour_us = 3600000000;
    clock_shift_us(-hour_us);
    assert_true(clock_now_us() < before && clock_now_us() > before - 2 * hour_us);
    clock_shift_us(0);
    assert_true(clock_now_us() >= before);
    int64_t a = clock_mono_us();
    assert_true(clock_mono_us() >= a);
}

static void zones(void **state)
{
    (void)state;
    /* zone, date, the end of that day in UTC seconds: by Python's zoneinfo */
    static const struct {
        const char *zone, *date;
        int64_t end_s;
    } rows[] = {
        {"UTC", "2026-11-21", 1795305600},
        {"UTC", "1969-12-31", 0},
        {"Europe/Berlin", "2026-03-28", 1774738800},
        {"Europe/Berlin", "2026-03-29", 1774821600},
        {"Europe/Berlin", "2026-10-24", 1792879200},
        {"Europe/Berlin", "2026-10-25", 1792969200},
        {"Europe/Berlin", "2026-07-01", 1782943200},
        {"Europe/Berlin", "2045-03-26", 2374178400},
        {"Europe/Berlin", "2045-07-15", 2383768800},
        {"Europe/Berlin", "2045-12-31", 2398374000},
        {"Europe/Berlin", "1985-06-01", 486511200},
        {"America/New_York", "2026-03-08", 1773028800},
        {"America/New_York", "2026-11-01", 1793595600},
        {"America/New_York", "2050-07-04", 2540606400},
        {"America/New_York", "2026-01-31", 1769922000},
        {"Australia/Sydney", "2026-04-05", 1775397600},
        {"Australia/Sydney", "2026-10-04", 1791118800},
        {"Australia/Sydney", "2060-01-01", 2840187600},
        {"Australia/Sydney", "2060-07-01", 2855916000},
        {"Asia/Kolkata", "2026-05-05", 1778005800},
        {"Asia/Kolkata", "2055-05-05", 2693154600},
        {"America/Sao_Paulo", "2017-10-14", 1508036400},
        {"America/Sao_Paulo", "2018-02-17", 1518922800},
        {"America/Sao_Paulo", "2026-06-01", 1780369200},
        {"Asia/Beirut", "2026-03-28", 1774735200},
        {"Asia/Beirut", "2024-03-30", 1711836000},
        {"Africa/Cairo", "2026-04-23", 1776981600},
        {"Africa/Cairo", "2045-04-27", 2376943200},
        {"America/Santiago", "2050-09-03", 2545876800},
        {"America/Santiago", "2050-06-01", 2537755200},
        {"Europe/Dublin", "2050-07-01", 2540329200},
        {"Europe/Dublin", "2050-12-01", 2553552000},
        {"Asia/Kathmandu", "2026-01-01", 1767291300},
    };
    int64_t us;
    int32_t day, want;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!clock_day_end_us(str_of(rows[i].date), str_of(rows[i].zone), &us)) {
            if (strcmp(rows[i].zone, "UTC") != 0 && !clock_day_end_us(STR("2026-01-01"), STR("Europe/Berlin"), &us)) {
                print_message("no zone database on this machine: %s not tested\n", rows[i].zone);
                continue;
            }
            fail_msg("zone %s", rows[i].zone);
        }
        assert_int_equal(us, rows[i].end_s * 1000000);
        clock_parse_date(str_of(rows[i].date), &want);
        assert_true(clock_day_of(us - 1, str_of(rows[i].zone), &day));
        assert_int_equal(day, want);
        assert_true(clock_day_of(us, str_of(rows[i].zone), &day));
        assert_int_equal(day, want + 1);
    }
    assert_false(clock_day_of(0, STR("Europe/Nowhere"), &day));
    assert_false(clock_day_of(0, STR("../../etc/passwd"), &day));
    assert_false(clock_day_of(0, STR("/etc/passwd"), &day));
    assert_false(clock_day_of(0, STR(""), &day));
    assert_false(clock_day_end_us(STR("2026-02-30"), STR("UTC"), &us));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(dates), cmocka_unit_test(the_wall_clock_can_be_set),
                                       cmocka_unit_test(zones)};
    return cmocka_run_group_tests_name("base clock", tests, NULL, NULL);
}
