/* Masks: what each makes of values, that tokens come back only with the key, and that views write them for every type. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "base/fs.h"
#include "govern/mask.h"

static struct mask_keys keys, others;

static void test_partial(void **state)
{
    static const struct { const char *value, *shown; } cases[] = {
        {"anna@example.org", "a***@example.org"}, {" anna@example.org ", "a***@example.org"}, {"@example.org", "***@example.org"},
        {"Émile", "É***"},                         {"+49 170 1234567", "***4567"},           {"123456", "1***"},
        {"1234567", "***4567"},                    {"A", "A***"},                            {"", ""},
        {"a@b@example.org", "a***@example.org"},   {"  ", ""},
    };
    struct buf b = BUF_INIT(1 << 12);
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        buf_reset(&b);
        mask_partial(str_of(cases[i].value), &b);
        assert_string_equal(buf_z(&b), cases[i].shown);
    }
    buf_fini(&b);
}

static void test_hash(void **state)
{
    struct buf a = BUF_INIT(1 << 12), b = BUF_INIT(1 << 12);
    (void)state;
    mask_hash(&keys, STR("anna@example.org"), &a);
    mask_hash(&keys, STR("anna@example.org"), &b);
    assert_string_equal(buf_z(&a), buf_z(&b));
    assert_int_equal(a.n, 34);
    buf_reset(&b);
    mask_hash(&others, STR("anna@example.org"), &b);
    assert_string_not_equal(buf_z(&a), buf_z(&b));
    buf_fini(&a);
    buf_fini(&b);
}

static void test_token(void **state)
{
    static const char *const values[] = {"", "a", "anna@example.org", "an identifier that is rather longer than a block of any cipher that one knows of, and has Umlaute: äöü"};
    struct buf t = BUF_INIT(1 << 12), again = BUF_INIT(1 << 12), back = BUF_INIT(1 << 12);
    struct err e = {0};
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        buf_reset(&t);
        buf_reset(&again);
        buf_reset(&back);
        mask_token(&keys, str_of(values[i]), &t);
        mask_token(&keys, str_of(values[i]), &again);
        assert_string_equal(buf_z(&t), buf_z(&again));
        if (values[i][0])
            assert_null(strstr(buf_z(&t), values[i]));
        assert_true(mask_untoken(&keys, buf_str(&t), &back, &e));
        assert_string_equal(buf_z(&back), values[i]);
        buf_reset(&back);
        assert_false(mask_untoken(&others, buf_str(&t), &back, &e));
        assert_int_equal(back.n, 0);
        for (size_t k = 2; k < t.n; k++) { /* no sign of it can be changed */
            char kept = t.p[k];
            t.p[k] = kept == 'A' ? 'B' : 'A';
            assert_false(mask_untoken(&keys, buf_str(&t), &back, &e));
            t.p[k] = kept;
        }
    }
    static const char *const bad[] = {"", "t_", "t_AAAA", "h_00", "t_!!!", "x"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(mask_untoken(&keys, str_of(bad[i]), &back, &e));
    assert_int_equal(e.code, E_USAGE);
    buf_fini(&t);
    buf_fini(&again);
    buf_fini(&back);
}

/* Every mask over every kind of type: the view's expression runs, and shows what it should. */
static void test_views(void **state)
{
    static const struct { enum mesh_mask mask; const char *to, *type, *value, *shown; } cases[] = {
        {MASK_NONE, "", "VARCHAR", "'anna'", "anna"},
        {MASK_REDACT, "", "VARCHAR", "'anna'", "hidden: personal"},
        {MASK_REDACT, "", "DATE", "DATE '1990-02-03'", "hidden: personal"},
        {MASK_NULL, "", "INTEGER", "5", NULL},
        {MASK_PARTIAL, "", "VARCHAR", "'anna@example.org'", "a***@example.org"},
        {MASK_PARTIAL, "", "VARCHAR", "NULL", NULL},
        {MASK_PARTIAL, "", "BIGINT", "491701234567", "***4567"},
        {MASK_PARTIAL, "", "VARCHAR[]", "['anna']", "hidden: personal"},
        {MASK_TOKENISE, "", "STRUCT(a VARCHAR)", "{'a': 'anna'}", "hidden: personal"},
        {MASK_GENERALISE, "year", "DATE", "DATE '1990-02-03'", "1990-01-01"},
        {MASK_GENERALISE, "", "DATE", "DATE '1990-02-03'", "1990-01-01"},
        {MASK_GENERALISE, "month", "TIMESTAMP", "TIMESTAMP '1990-02-03 04:05:06'", "1990-02-01 00:00:00"},
        {MASK_GENERALISE, "decade", "VARCHAR", "'1994-02-03'", "1990-01-01"},
        {MASK_GENERALISE, "decade", "VARCHAR", "'not a day'", NULL},
        {MASK_GENERALISE, "prefix2", "VARCHAR", "'10117'", "10…"},
        {MASK_GENERALISE, "prefix2", "INTEGER", "10117", "hidden: personal"},
        {MASK_GENERALISE, "band", "INTEGER", "47", "40"},
        {MASK_GENERALISE, "nonsense", "VARCHAR", "'anna'", "hidden: personal"},
    };
    struct engine *g = NULL;
    struct engine_conn *c = NULL;
    struct err e = {0};
    struct arena a;
    (void)state;
    arena_init(&a);
    char dir[] = "/tmp/trellis-mask-XXXXXX";
    assert_non_null(mkdtemp(dir));
    struct state s = {.data_dir = dir};
    assert_true(engine_open(&(struct engine_options){.threads = 2, .locked = true}, &g, &e));
    s.engine = g;
    struct mask_keys *k = NULL, *twice = NULL;
    assert_true(mask_open(&s, &k, &e));
    assert_true(mask_open(&s, &twice, &e)); /* another gate over the same engine */
    assert_memory_equal(k, twice, sizeof *k);
    assert_true(engine_connect(g, &c, &e));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf b = BUF_INIT(1 << 12);
        struct str out;
        bool null = false;
        buf_addz(&b, "SELECT (");
        mask_put(&b, (struct policy_mask){.mask = cases[i].mask, .to = str_of(cases[i].to)}, STR("a \"column\""), str_of(cases[i].type));
        buf_printf(&b, ")::VARCHAR FROM (SELECT CAST(%s AS %s) AS \"a \"\"column\"\"\")", cases[i].value, cases[i].type);
        if (!engine_value(c, buf_str(&b), NULL, 0, &a, &out, &null, &e))
            fail_msg("%s: %s (%s)", buf_z(&b), e.text, engine_last_message(c));
        if (cases[i].shown) {
            assert_false(null);
            assert_string_equal(arena_strz(&a, out), cases[i].shown);
        } else {
            assert_true(null);
        }
        buf_fini(&b);
    }
    struct str out;
    bool null;
    /* The functions give what the pure ones give, over many rows and threads. */
    struct buf t = BUF_INIT(1 << 12);
    mask_token(k, STR("c77777"), &t);
    assert_true(engine_value(c, STR("SELECT string_agg(DISTINCT i::VARCHAR, ',') FROM (SELECT i, trellis_token('c' || i) AS t FROM range(200000) AS r(i)) WHERE t = $1"),
                             &(struct engine_param){.type = ENGINE_TEXT, .s = buf_str(&t)}, 1, &a, &out, &null, &e));
    assert_string_equal(arena_strz(&a, out), "77777");
    assert_true(engine_value(c, STR("SELECT count(DISTINCT trellis_hash(i::VARCHAR)) FROM range(100000) AS r(i)"), NULL, 0, &a, &out, &null, &e));
    assert_string_equal(arena_strz(&a, out), "100000");
    buf_fini(&t);
    engine_disconnect(c);
    mask_close(k);
    mask_close(twice);
    engine_close(g);
    assert_true(fs_remove_tree(dir, &e));
    arena_fini(&a);
}

int main(void)
{
    unsigned char key[MASK_KEY_BYTES];
    if (sodium_init() < 0)
        return 1;
    memset(key, 1, sizeof key);
    mask_keys_of(key, &keys);
    memset(key, 2, sizeof key);
    mask_keys_of(key, &others);
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_partial), cmocka_unit_test(test_hash), cmocka_unit_test(test_token), cmocka_unit_test(test_views)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
