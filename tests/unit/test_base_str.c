/* Text helpers: comparing, cutting, numbers, nearest word, UTF-8, the naming rule. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"

static void comparing_and_cutting(void **state)
{
    (void)state;
    assert_true(str_eq(STR(""), (struct str){NULL, 0}));
    assert_true(str_eq_nocase(STR("AbC"), STR("aBc")));
    assert_false(str_eq_nocase(STR("AbC"), STR("aBcd")));
    assert_true(str_cmp(STR("ab"), STR("abc")) < 0);
    assert_true(str_cmp(STR("b"), STR("abc")) > 0);
    assert_int_equal(str_cmp(STR("x"), STR("x")), 0);
    assert_true(str_starts(STR("abc"), STR("ab")) && str_ends(STR("abc"), STR("bc")) && str_starts(STR("a"), STR("")));
    assert_false(str_ends(STR("c"), STR("bc")));
    assert_true(str_eq(str_trim(STR(" \t a b\r\n")), STR("a b")));
    assert_true(str_eq(str_trim(STR("  ")), STR("")));
    assert_int_equal(str_find(STR("abcabc"), STR("bc"), 2), 4);
    assert_true(str_find(STR("abc"), STR("x"), 0) == SIZE_MAX);
    assert_true(str_find(STR("abc"), STR("a"), 9) == SIZE_MAX);
    assert_int_equal(str_find(STR("abc"), STR(""), 3), 3);
    struct str rest, part = str_cut(STR("a,,b"), ',', &rest);
    assert_true(str_eq(part, STR("a")) && str_eq(rest, STR(",b")));
    part = str_cut(STR("a"), ',', &rest);
    assert_true(str_eq(part, STR("a")) && rest.p == NULL);
    part = str_cut(STR("a,"), ',', &rest);
    assert_true(rest.p != NULL && rest.n == 0);
}

static void numbers(void **state)
{
    (void)state;
    static const struct {
        const char *z;
        bool ok;
        int64_t v;
    } rows[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"+7", true, 7},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"99999999999999999999999", false, 0},
        {"", false, 0},
        {"-", false, 0},
        {"1a", false, 0},
        {" 1", false, 0},
        {"1.0", false, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t v = 0;
        assert_int_equal(str_to_i64(str_of(rows[i].z), &v), rows[i].ok);
        if (rows[i].ok)
            assert_true(v == rows[i].v);
    }
    double f;
    assert_true(str_to_f64(STR("-1.5e3"), &f) && f == -1500.0);
    assert_false(str_to_f64(STR(""), &f));
    assert_false(str_to_f64(STR(" 1"), &f));
    assert_false(str_to_f64(STR("1x"), &f));
}

static void nearest_word(void **state)
{
    (void)state;
    assert_int_equal(str_distance(STR("kitten"), STR("sitting"), 9), 3);
    assert_int_equal(str_distance(STR("ab"), STR("ba"), 9), 1);
    assert_int_equal(str_distance(STR("abcdef"), STR("x"), 2), 3);
    assert_int_equal(str_distance(STR(""), STR("abc"), 5), 3);
    const struct str words[] = {STR("impressions"), STR("clicks"), STR("spend"), STR("date_day")};
    assert_int_equal(str_nearest(STR("impresions"), words, 4), 0);
    assert_int_equal(str_nearest(STR("CLICKS"), words, 4), 1);
    assert_int_equal(str_nearest(STR("date"), words, 4), -1);
    assert_int_equal(str_nearest(STR("spned"), words, 4), 2);
    assert_int_equal(str_nearest(STR("x"), NULL, 0), -1);
}

static void utf8(void **state)
{
    (void)state;
    static const char *const good[] = {"", "abc", "é", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf", "\xee\x80\x80"};
    static const char *const bad[] = {"\x80",         "\xc0\x80",         "\xc3", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                      "\xe0\x80\x80", "\xf0\x80\x80\x80", "\xff", "a\xe2\x82"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(str_utf8_valid(str_of(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(str_utf8_valid(str_of(bad[i])));
}

static void names(void **state)
{
    (void)state;
    static const char *const good[] = {"a", "campaign_daily", "v2", "utm_v", "a1", "daily_v2x"};
    static const char *const bad[] = {"", "A", "1a", "_a", "a__b", "a-b", "daily_v2", "a_v10", "a.b", "\xc3\xa9"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(str_is_name(str_of(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(str_is_name(str_of(bad[i])));
    assert_true(str_hash(STR("a")) != str_hash(STR("b")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comparing_and_cutting),
        cmocka_unit_test(numbers),
        cmocka_unit_test(nearest_word),
        cmocka_unit_test(utf8),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests_name("base str", tests, NULL, NULL);
}
