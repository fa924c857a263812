/* Mail as it goes over the wire, and what is refused before anything is sent. Real receivers: tests/cli/sources.test.mjs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "net/net.h"

static void has(const struct buf *b, const char *what)
{
    if (str_find(buf_str(b), str_of(what), 0) == SIZE_MAX)
        fail_msg("'%s' is not in\n%.*s", what, (int)b->n, b->p);
}

static void test_mail(void **state)
{
    (void)state;
    static const struct str to[] = {{"a@example.org", 13}, {"b@example.org\r\nBcc: c@example.org", 33}};
    struct net_mail m = {.server = "smtp://mail.example.org",
                         .from = STR("trellis@example.org"),
                         .to = to,
                         .n_to = 2,
                         .subject = STR("Größe\r\nX-Own: 1"),
                         .text = STR("First line.\n.\nSecond line."),
                         .at_us = INT64_C(1772323200000000)};
    struct buf b = BUF_INIT((size_t)65536);
    net_mail_write(&m, &b);
    has(&b, "Date: Sun, 01 Mar 2026 00:00:00 +0000\r\n"); /* the 1st of March 2026 is a Sunday */
    has(&b, "From: trellis@example.org\r\n");
    has(&b, "To: a@example.org,\r\n b@example.orgBcc: c@example.org\r\n"); /* a line break in a name makes no header */
    has(&b, "Subject: =?UTF-8?B?R3LDtsOfZQ0KWC1Pd246IDE=?=\r\n");          /* echo -ne 'Größe\r\nX-Own: 1' | base64 */
    has(&b, "\r\n\r\nRmlyc3QgbGluZS4KLgpTZWNvbmQgbGluZS4=\r\n");           /* echo -ne 'First line.\n.\nSecond line.' | base64 */
    for (size_t i = 0, line = 0; i < b.n; line = b.p[i] == '\n' ? 0 : line + 1, i++)
        assert_true(line <= 80);
    buf_fini(&b);
}

static void test_long_subject(void **state)
{
    (void)state;
    char text[301];
    for (int i = 0; i < 300; i += 3)
        snprintf(text + i, 4, "\xe2\x82\xac"); /* a hundred euro signs */
    struct net_mail m = {.from = STR("a@example.org"), .subject = str_of(text), .text = STR("x")};
    struct buf b = BUF_INIT((size_t)65536);
    net_mail_write(&m, &b);
    /* 45 bytes are 15 signs: each word carries whole characters. */
    size_t at = str_find(buf_str(&b), STR("=?UTF-8?B?"), 0), words = 0;
    for (; at != SIZE_MAX; at = str_find(buf_str(&b), STR("=?UTF-8?B?"), at + 1))
        words++;
    assert_int_equal(words, 7);
    buf_fini(&b);
}

static void test_addresses(void **state)
{
    (void)state;
    static const char *const wrong[] = {"file:///etc/passwd", "ftp://example.org",   "gopher://x",         "",
                                        "https://a b",        "http://a\r\nHost: b", "hooks.example.org/x"};
    struct net_limits limits = net_limits_default();
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct err e = {0};
        int status = 1;
        assert_false(net_post_json(wrong[i], STR("{}"), &limits, &status, &e));
        assert_int_equal(e.code, E_USAGE);
        assert_int_equal(status, 0);
        if (wrong[i][0])
            assert_null(strstr(e.text, wrong[i])); /* it may hold a secret */
    }
}

static void test_unreachable(void **state)
{
    (void)state;
    struct net_limits limits = net_limits_default();
    struct err e = {0};
    int status;
    assert_false(net_post_json("http://127.0.0.1:1/secret", STR("{}"), &limits, &status, &e));
    assert_int_equal(e.code, E_IO);
    assert_null(strstr(e.text, "secret"));
    atomic_bool cancel = true;
    limits.cancel = &cancel;
    struct net_mail m = {.server = "file:///tmp/x", .from = STR("a@example.org"), .subject = STR("s"), .text = STR("t")};
    assert_false(net_mail_send(&m, &limits, &e));
    assert_int_equal(e.code, E_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_mail), cmocka_unit_test(test_long_subject),
                                       cmocka_unit_test(test_addresses), cmocka_unit_test(test_unreachable)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
