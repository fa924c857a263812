/* Memory, buffers, arenas, errors and log lines: limits, exhaustion, exact texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fault.h"
#include "base/json.h"
#include "base/log.h"

static void sizes_are_checked(void **state)
{
    (void)state;
    size_t n;
    assert_true(size_add(1, 2, &n) && n == 3);
    assert_false(size_add(SIZE_MAX, 1, &n));
    assert_true(size_mul(3, 4, &n) && n == 12);
    assert_false(size_mul(SIZE_MAX / 2, 3, &n));
    char *z = mem_strdup(STR("abc"));
    assert_string_equal(z, "abc");
    mem_free(z);
    mem_free(NULL);
}

static void a_buffer_keeps_its_maximum(void **state)
{
    (void)state;
    struct err e;
    for (size_t max = 0; max <= 300; max += 50) {
        struct buf b = BUF_INIT(max);
        for (size_t i = 0; i < max; i++)
            buf_addc(&b, 'x');
        assert_true(buf_ok(&b, NULL));
        assert_int_equal(b.n, max);
        assert_int_equal(strlen(buf_z(&b)), max);
        buf_addc(&b, 'y');
        assert_false(buf_ok(&b, &e));
        assert_int_equal(e.code, E_TOO_LARGE);
        assert_string_equal(buf_z(&b), "");
        buf_reset(&b);
        buf_addz(&b, "");
        assert_true(buf_ok(&b, NULL));
        buf_fini(&b);
    }
    struct buf b = BUF_INIT(100); /* printf near the end, and exactly to it */
    buf_printf(&b, "%90s", "x");
    buf_printf(&b, "%s", "0123456789");
    assert_true(buf_ok(&b, NULL));
    assert_int_equal(b.n, 100);
    buf_printf(&b, "%d", 1);
    assert_false(buf_ok(&b, NULL));
    buf_fini(&b);
}

/* What a spreadsheet would run is made a text; numbers, days, telephone numbers stay as they are. */
static void formulas_are_texts_in_csv(void **state)
{
    (void)state;
    static const char *const kept[] = {"", "a", "5", "-5", "-12.50", "+49 (0)170/55-50", "-1e-07", "+1E9", "-inf", "-", "2026-01-01", "a=1", "%=1", ";=1", "'=1", "[=1]", "x@y.z", " x", "\xc2\xa0x"};
    static const char *const made[] = {"=1", "@x", "+x", "-x", "-1e", "-1e5x", "+1+cmd|' /C calc'!A0", "-1=2", " =1", "\t5", "\r", "\nx", "\xef\xbb\xbf=1", "\xc2\xa0@x", "\xef\xbc\x9d" "1", " \xef\xbc\x8b" "1", " -5"};
    struct buf b = BUF_INIT(1000), want = BUF_INIT(1000);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        buf_reset(&b);
        buf_csv_cell(&b, str_of(kept[i]));
        assert_string_equal(buf_z(&b), kept[i]);
    }
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
        buf_reset(&b);
        buf_reset(&want);
        buf_printf(&want, "\"'%s\"", made[i]);
        buf_csv_cell(&b, str_of(made[i]));
        assert_string_equal(buf_z(&b), buf_z(&want));
    }
    buf_reset(&b);
    buf_csv_cell(&b, STR("=\"a\",1"));
    assert_string_equal(buf_z(&b), "\"'=\"\"a\"\",1\"");
    buf_fini(&b);
    buf_fini(&want);
}

static void pieces_are_written(void **state)
{
    (void)state;
    struct buf b = BUF_INIT(10000);
    buf_json_str(&b, STR("a\"b\\c\n\x01\xc3\xa9\xff"
                         "z\xe2\x82"));
    assert_string_equal(buf_z(&b), "\"a\\\"b\\\\c\\n\\u0001\xc3\xa9\xef\xbf\xbdz\xef\xbf\xbd\xef\xbf\xbd\"");
    buf_reset(&b);
    buf_json_key(&b, "k");
    buf_csv_field(&b, STR("a"));
    buf_addc(&b, ',');
    buf_csv_field(&b, STR("a \"b\",c"));
    assert_string_equal(buf_z(&b), "\"k\":a,\"a \"\"b\"\",c\"");
    buf_reset(&b);
    buf_sql_ident(&b, STR("a\"b"));
    buf_sql_text(&b, STR("it's '"));
    buf_sql_text(&b, STR(""));
    assert_string_equal(buf_z(&b), "\"a\"\"b\"'it''s '''''");
    buf_reset(&b);
    for (int i = 0; i < 500; i++)
        buf_printf(&b, "%s", "0123456789");
    assert_int_equal(b.n, 5000);
    buf_fini(&b);
}

static void an_arena_gives_aligned_zeroed_memory(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    for (size_t i = 1; i < 3000; i += 7) {
        unsigned char *p = arena_alloc(&a, i);
        assert_int_equal((uintptr_t)p % 16, 0);
        for (size_t k = 0; k < i; k++)
            assert_int_equal(p[k], 0);
        memset(p, 0xaa, i);
    }
    memset(arena_array(&a, 1000, 1000), 1, 1000000); /* a piece larger than a block */
    struct str s = arena_printf(&a, "%s-%d", "x", 7);
    assert_string_equal(s.p, "x-7");
    assert_string_equal(arena_str(&a, STR("abc")).p, "abc");
    assert_string_equal(arena_strz(&a, (struct str){NULL, 0}), "");
    arena_fini(&a);
    arena_fini(&a);
}

static void an_error_is_written(void **state)
{
    (void)state;
    struct err e;
    assert_false(err_at(&e, E_SCHEMA, STR("a.yaml"), 3, 9, "the value %d is \"odd\"", 7));
    err_hint(&e, "write an even one");
    err_prefix(&e, "in product %s", "x");
    struct buf b = BUF_INIT(4000);
    err_text(&e, false, &b);
    assert_string_equal(buf_z(&b), "a.yaml:3:9: error TR102: in product x: the value 7 is \"odd\"\n  hint: write an even one\n");
    buf_reset(&b);
    err_json(&e, &b);
    assert_string_equal(buf_z(&b),
                        "{\"code\":\"TR102\",\"name\":\"E_SCHEMA\",\"message\":\"in product x: the value 7 is \\\"odd\\\"\","
                        "\"hint\":\"write an even one\",\"file\":\"a.yaml\",\"line\":3,\"col\":9,\"retryable\":false}");
    buf_reset(&b);
    assert_false(err_errno(&e, ENOENT, "cannot read %s", "f"));
    err_text(&e, true, &b);
    assert_string_equal(buf_z(&b), "warning TR003: cannot read f: No such file or directory\n");
    assert_false(err_set(NULL, E_IO, "nobody listens"));
    char longer[2000];
    memset(longer, 'x', sizeof longer);
    longer[509] = '\xe2', longer[510] = '\x82', longer[511] = '\xac', longer[1999] = 0;
    err_set(&e, E_IO, "%s", longer);
    assert_int_equal(strlen(e.text), 509); /* cut before the character that does not fit */
    err_prefix(&e, "more");
    assert_int_equal(e.text[0], 'x');
    for (int c = 0; c < E_COUNT; c++) {
        const struct err_info *info = err_info_get((enum err_code)c);
        assert_int_equal(strlen(info->code), 5);
        assert_true(info->http_status >= 200 && info->http_status < 600 && info->exit_code <= 5);
    }
    buf_fini(&b);
}

static void many_errors_are_sorted_and_bounded(void **state)
{
    (void)state;
    struct errs es = {.max = 5};
    errs_add(&es, E_NAME, STR("b"), 1, 1, "b11");
    errs_warn(&es, E_NAME, STR("a"), 2, 1, "a21");
    errs_add(&es, E_NAME, STR("a"), 1, 5, "a15");
    errs_add(&es, E_NAME, STR("a"), 1, 5, "a15 again");
    errs_push(&es, &(struct err){.code = E_IO, .text = "no file"});
    assert_null(errs_add(&es, E_NAME, STR("c"), 1, 1, "dropped"));
    assert_int_equal(es.n, 5);
    assert_int_equal(es.dropped, 1);
    assert_int_equal(es.n_errors, 5);
    errs_sort(&es);
    static const char *const order[] = {"no file", "a15", "a15 again", "a21", "b11"};
    for (size_t i = 0; i < 5; i++) {
        assert_string_equal(es.v[i].text, order[i]);
        assert_int_equal(es.warning[i], i == 3);
    }
    errs_fini(&es);
}

static void json_helpers(void **state)
{
    (void)state;
    struct err e;
    yyjson_doc *d = json_parse(STR("{\"a\":\"x\",\"n\":-5,\"b\":true,\"big\":18446744073709551615}"), &e);
    assert_non_null(d);
    yyjson_val *o = yyjson_doc_get_root(d);
    assert_true(str_eq(json_str(o, "a"), STR("x")));
    assert_null(json_str(o, "n").p);
    assert_null(json_str(NULL, "n").p);
    assert_int_equal(json_int(o, "n", 1), -5);
    assert_int_equal(json_int(o, "big", 1), 1);
    assert_true(json_bool(o, "b", false));
    assert_false(json_bool(o, "nope", false));
    yyjson_doc_free(d);
    assert_null(json_parse(STR("{\n \"a\": x}"), &e));
    assert_int_equal(e.code, E_YAML);
    assert_int_equal(e.line, 2);
    assert_int_equal(e.col, 7);
    assert_null(json_parse(STR(""), &e));
}

static size_t captured(const char *event, int times, char *text, size_t size)
{
    int pipes[2], saved = dup(STDERR_FILENO);
    assert_int_equal(pipe2(pipes, O_NONBLOCK), 0);
    dup2(pipes[1], STDERR_FILENO);
    for (int i = 0; i < times; i++)
        log_event(LOG_WARN, "test", event, "n=%d text=%s", i, "a\nb");
    log_event(LOG_DEBUG, "test", event, "below the level");
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(pipes[1]);
    ssize_t n = read(pipes[0], text, size - 1);
    close(pipes[0]);
    size_t len = n > 0 ? (size_t)n : 0;
    text[len] = 0;
    return len;
}

static void log_lines_are_one_line_and_limited(void **state)
{
    (void)state;
    char text[65536];
    clock_set_us(1767225600000000);
    captured("one", 1, text, sizeof text);
    assert_string_equal(text, "2026-01-01T00:00:00.000000Z warn test one n=0 text=a\\x0ab\n");
    log_set(LOG_INFO, true);
    captured("two", 1, text, sizeof text);
    assert_string_equal(text, "{\"time\":\"2026-01-01T00:00:00.000000Z\",\"level\":\"warn\",\"module\":\"test\",\"event\":"
                              "\"two\",\"fields\":\"n=0 text=a\\nb\"}\n");
    log_set(LOG_INFO, false);
    captured("three", 1000, text, sizeof text);
    size_t lines = 0;
    for (const char *p = text; *p; p++)
        lines += *p == '\n';
    assert_true(lines >= 10 && lines < 100); /* ten for each second that the thousand calls touch */
    clock_set_us(0);
}

#ifdef TRELLIS_FAULTS
static void exhaustion_is_an_error(void **state)
{
    (void)state;
    for (unsigned n = 1;; n++) {
        fault_arm(FAULT_ALLOC, n, false);
        struct buf b = BUF_INIT(1 << 20);
        for (int i = 0; i < 20000; i++)
            buf_printf(&b, "%d,", i);
        struct err e = {0};
        bool ok = buf_ok(&b, &e);
        fault_disarm();
        assert_int_equal(ok, !fault_hit());
        if (!ok)
            assert_int_equal(e.code, E_MEMORY);
        buf_fini(&b);
        if (!fault_hit())
            break;
    }
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_checked),      cmocka_unit_test(a_buffer_keeps_its_maximum),
        cmocka_unit_test(pieces_are_written),
        cmocka_unit_test(formulas_are_texts_in_csv),
        cmocka_unit_test(an_arena_gives_aligned_zeroed_memory),
        cmocka_unit_test(an_error_is_written),    cmocka_unit_test(many_errors_are_sorted_and_bounded),
        cmocka_unit_test(json_helpers),           cmocka_unit_test(log_lines_are_one_line_and_limited),
#ifdef TRELLIS_FAULTS
        cmocka_unit_test(exhaustion_is_an_error),
#endif
    };
    return cmocka_run_group_tests_name("base mem", tests, NULL, NULL);
}
