/* Signed receipts: what was changed by a byte is told; layout and order of members are not what is signed. What rules of retention fit and leave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "govern/retention.h"
#include "privacy/consent_int.h"
#include "privacy/receipt.h"

static char dir[] = "/tmp/trellis-test-receipt-XXXXXX";
static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/trellis-test-receipt-XXXXXX");
    arena_init(&arena);
    return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    struct err e;
    arena_fini(&arena);
    return fs_remove_tree(dir, &e) ? 0 : -1;
}

static struct str signed_text(const char *json)
{
    struct buf b = BUF_INIT((size_t)1 << 20);
    struct err e = {0};
    if (!receipt_sign(dir, str_of(json), &b, &e))
        fail_msg("%s", e.text);
    struct str s = arena_str(&arena, buf_str(&b));
    buf_fini(&b);
    return s;
}

static struct receipt_verdict verdict(struct str text)
{
    struct receipt_verdict v;
    struct err e = {0};
    return receipt_verify(dir, text, &arena, &v, &e) ? v : (struct receipt_verdict){.problem = STR("unreadable")};
}

static const char sample[] = "{\"receipt_id\":\"r_00112233445566778899\",\"kind\":\"consent\",\"at\":\"2026-01-31T12:00:00Z\",\"rows\":12345678901234567890,\"ratio\":0.10,\"list\":[1,{\"b\":null,\"a\":true}]}";

static void a_receipt_is_whole(void **state)
{
    (void)state;
    struct str text = signed_text(sample);
    struct receipt_verdict v = verdict(text);
    assert_true(v.valid && v.ours);
    assert_true(str_eq(v.receipt_id, STR("r_00112233445566778899")) && str_eq(v.kind, STR("consent")));
    assert_true(str_find(text, STR("\"list\":[1,{\"a\":true,\"b\":null}]"), 0) != SIZE_MAX); /* members are sorted, numbers stay as they were */
    assert_true(str_find(text, STR("12345678901234567890"), 0) != SIZE_MAX && str_find(text, STR("0.10"), 0) != SIZE_MAX);
}

/* Any byte: either it is no receipt any more, or it is found. Blanks between members are layout; none stand in the text. */
static void every_byte_counts(void **state)
{
    (void)state;
    struct str text = signed_text(sample);
    for (size_t i = 0; i < text.n; i++) {
        char *copy = arena_strz(&arena, text);
        copy[i] = copy[i] == '1' ? '2' : '1';
        if (verdict((struct str){copy, text.n}).valid)
            fail_msg("byte %zu (%c) may be changed", i, text.p[i]);
    }
    for (size_t n = 0; n < text.n; n++)
        assert_false(verdict((struct str){text.p, n}).valid);
}

static void wrong_receipts(void **state)
{
    (void)state;
    struct str text = signed_text(sample);
    static const char *const texts[] = {"", "[]", "{}", "{\"signature\":\"00\"}", "nonsense", "{\"signature\":\"zz\",\"public_key\":\"zz\"}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_false(verdict(str_of(texts[i])).valid);
    struct buf b = BUF_INIT((size_t)1 << 20);
    buf_addz(&b, "{\"kind\":\"erasure\",");
    buf_add(&b, (struct str){text.p + 1, text.n - 1});
    assert_false(verdict(buf_str(&b)).valid); /* a member twice */
    buf_reset(&b);
    for (int i = 0; i < 200; i++)
        buf_addz(&b, "{\"a\":");
    assert_false(verdict(buf_str(&b)).valid);
    buf_fini(&b);
    struct err e;
    assert_true(fs_remove_tree(arena_printf(&arena, "%s/receipt.key", dir).p, &e));
    struct receipt_verdict v = verdict(text);
    assert_true(v.valid && !v.ours); /* whole, of a mesh that is not this one */
}

static void kept_and_listed(void **state)
{
    (void)state;
    struct err e = {0};
    struct buf b = BUF_INIT((size_t)1 << 20);
    struct receipt_id id;
    struct str *texts, text;
    size_t n, total;
    for (int i = 0; i < 3; i++) {
        receipt_id_make(&id);
        assert_true(receipt_id_is(str_of(id.z)));
        struct str json = arena_printf(&arena, "{\"receipt_id\":\"%s\",\"kind\":\"%s\",\"at\":\"2026-01-31T12:00:00Z\"}", id.z, i == 1 ? "erasure" : "consent");
        assert_true(receipt_keep(dir, str_of(id.z), json, &b, &e));
    }
    assert_true(receipt_list(dir, STR("consent"), 0, 10, &arena, &texts, &n, &total, &e));
    assert_int_equal(n, 2);
    assert_true(receipt_list(dir, STR(""), 1, 1, &arena, &texts, &n, &total, &e));
    assert_true(n == 1 && total == 3);
    assert_true(receipt_read(dir, str_of(id.z), &arena, &text, &e) && verdict(text).valid);
    assert_false(receipt_read(dir, STR("r_../../../../etc/pas"), &arena, &text, &e));
    assert_false(receipt_read(dir, STR("r_0011223344556677889"), &arena, &text, &e));
    struct stat st;
    assert_true(stat(arena_printf(&arena, "%s/receipts/%s.json", dir, id.z).p, &st) == 0 && (st.st_mode & 0777) == 0600);
    buf_fini(&b);
}

static void times(void **state)
{
    (void)state;
    static const struct { const char *text; int64_t us; } good[] = {{"1970-01-02", 86400000000}, {"1970-01-01T00:00:01Z", 1000000}, {"1970-01-01 01:00", 3600000000}, {"1970-01-01T02:00:00+02:00", 0},
                                                                   {"1970-01-01T00:00:00.5", 500000}, {"1969-12-31T22:00:00-0200", 0}, {"1970-01-01T00:00:00.1234567Z", 123456}};
    static const char *const bad[] = {"", "yesterday", "2026-02-30", "2026-01-01T", "2026-01-01T25:00", "2026-01-01T10", "2026-01-01T10:61", "2026-01-01X10:00", "2026-01-01T10:00:00+2", "2026-01-01T10:00Zz"};
    int64_t us;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!desk_time(str_of(good[i].text), &us) || us != good[i].us)
            fail_msg("%s", good[i].text);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (desk_time(str_of(bad[i]), &us))
            fail_msg("%s is taken for a time", bad[i]);
}

static void rules_fit(void **state)
{
    (void)state;
    struct mesh_domain web = {.name = STR("web")}, shop = {.name = STR("shop")};
    struct mesh_product pages = {.domain = &web, .name = STR("pages")};
    struct mesh_column mail = {.name = STR("mail"), .class_ = CLASS_PERSONAL};
    struct mesh_contract contract = {.columns = &mail, .n_columns = 1};
    struct mesh_port port = {.product = &pages, .ref_major = STR("web.pages_v1"), .time_column = STR("at"), .contract = &contract, .person_column = STR("customer_id")};
    static const struct { const char *product; bool fits; } cases[] = {{"*", true}, {"web.*", true}, {"web.pages", true}, {"web.page", false}, {"shop.*", false}, {"web", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct str product = str_of(cases[i].product);
        const struct mesh_retention r = {.scope = {.products = {&product, 1}}, .keep_s = 60};
        assert_int_equal(retention_fits_port(&r, &port), cases[i].fits);
    }
    const struct mesh_retention of_shop = {.domain = &shop, .keep_s = 60}, sensitive = {.scope = {.class_ = CLASS_SENSITIVE}, .keep_s = 60}, personal = {.scope = {.class_ = CLASS_PERSONAL}, .keep_s = 60};
    assert_false(retention_fits_port(&of_shop, &port));
    assert_false(retention_fits_port(&sensitive, &port));
    assert_true(retention_fits_port(&personal, &port));
    /* The shortest decides; a view, and what is held as a whole, keeps all. */
    struct mesh_retention rules[] = {{.name = STR("long"), .keep_s = 1000}, {.name = STR("short"), .keep_s = 10}, {.name = STR("other"), .keep_s = 1, .anonymise = true}};
    struct mesh m = {.policy = {.retention = rules, .n_retention = 3}};
    struct retention_holds none = {0}, all = {.products = {&(struct str){"web.*", 5}, 1}};
    const struct mesh_retention *rule;
    struct buf b = BUF_INIT((size_t)1 << 16);
    assert_true(retention_kept(&m, &port, &none, 100000000, &b, &rule));
    assert_true(rule == &rules[1]);
    assert_true(str_find(buf_str(&b), STR("make_timestamp(90000000::BIGINT)"), 0) != SIZE_MAX);
    assert_false(retention_kept(&m, &port, &all, 100000000, &b, &rule));
    port.materialization = MATERIALIZED_VIEW;
    assert_false(retention_kept(&m, &port, &none, 100000000, &b, &rule));
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_receipt_is_whole, set_up, tear_down), cmocka_unit_test_setup_teardown(every_byte_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(wrong_receipts, set_up, tear_down),     cmocka_unit_test_setup_teardown(kept_and_listed, set_up, tear_down),
        cmocka_unit_test(times),                                                cmocka_unit_test(rules_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
