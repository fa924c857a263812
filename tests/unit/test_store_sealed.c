/* The control store and the keys below data/ under a key: nothing of them is readable in the files, everything reads back. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/cipher.h"
#include "base/fs.h"
#include "base/secret.h"
#include "store/store.h"
#include "store/store_int.h"

static const unsigned char key_a[CIPHER_KEY_BYTES] = "one key of the tests", key_b[CIPHER_KEY_BYTES] = "another one";
static struct arena a;
static char dir[64], path[96];

static void hold(const unsigned char *key)
{
    struct cipher *c;
    struct err e;
    assert_true(cipher_of_key(key, &c, &e));
    assert_true(cipher_hold(dir, c, &e));
}

static int set_up(void **state)
{
    (void)state;
    arena_init(&a);
    snprintf(dir, sizeof dir, "/tmp/trellis-sealed-XXXXXX");
    if (!mkdtemp(dir))
        return 1;
    snprintf(path, sizeof path, "%s/control.sqlite", dir);
    hold(key_a);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    struct err e;
    cipher_release(dir);
    if (!fs_remove_tree(dir, &e))
        printf("%s\n", e.text);
    arena_fini(&a);
    return 0;
}

static size_t files_with(const char *text)
{
    struct str *names;
    size_t n, found = 0;
    struct err e;
    assert_true(fs_list(&a, dir, &names, &n, &e));
    for (size_t i = 0; i < n; i++) {
        struct str bytes;
        assert_true(fs_read(&a, fs_join(&a, str_of(dir), names[i]).p, 1u << 30, &bytes, &e));
        found += str_find(bytes, str_of(text), 0) != SIZE_MAX;
    }
    return found;
}

static struct store *open_store(void)
{
    struct store *s;
    struct err e;
    if (!store_open(path, &s, &e))
        fail_msg("%s", e.text);
    return s;
}

static void nothing_is_readable(void **state)
{
    (void)state;
    struct err e;
    char key[64];
    struct str value;
    struct store *s = open_store();
    for (int i = 0; i < 3000; i++) { /* enough that the log is brought into the file meanwhile */
        snprintf(key, sizeof key, "CANARY-key-%d", i);
        struct str text = arena_printf(&a, "CANARY-value-%d-%0*d", i, i % 700, i);
        assert_true(store_setting_set(s, str_of(key), text, &e));
    }
    assert_true(fs_exists(arena_printf(&a, "%s-wal", path).p));
    assert_int_equal(files_with("CANARY"), 0);
    assert_int_equal(files_with("CREATE TABLE"), 0);
    assert_int_equal(files_with("SQLite format"), 0);
    store_close(s);
    assert_int_equal(files_with("CANARY"), 0);
    s = open_store();
    for (int i = 0; i < 3000; i++) {
        snprintf(key, sizeof key, "CANARY-key-%d", i);
        assert_true(store_setting_get(s, &a, str_of(key), &value, &e));
        assert_true(str_eq(value, arena_printf(&a, "CANARY-value-%d-%0*d", i, i % 700, i)));
    }
    assert_true(store_exec(s->db, "PRAGMA wal_checkpoint(TRUNCATE); VACUUM; PRAGMA wal_checkpoint(TRUNCATE)", &e));
    struct store_stmt q;
    assert_true(store_begin(&q, s, "PRAGMA integrity_check", &e) && store_row(&q));
    assert_true(str_eq(store_col_str(&q, &a, 0), STR("ok")));
    assert_true(store_end(&q));
    store_close(s);
    assert_int_equal(files_with("CANARY"), 0);
}

/* What a dead process left in the log is read back. */
static void a_log_that_was_left(void **state)
{
    (void)state;
    struct err e;
    struct str value;
    struct store *s = open_store();
    for (int i = 0; i < 50; i++)
        assert_true(store_setting_set(s, arena_printf(&a, "k%d", i), arena_printf(&a, "CANARY %d", i), &e));
    for (int i = 0; i < 2; i++) {
        struct str bytes;
        const char *ends = i ? "-wal" : "";
        assert_true(fs_read(&a, arena_printf(&a, "%s%s", path, ends).p, 1u << 30, &bytes, &e));
        assert_true(fs_write_atomic(arena_printf(&a, "%s/left.sqlite%s", dir, ends).p, bytes, 0600, &e));
    }
    store_close(s);
    assert_true(store_open(arena_printf(&a, "%s/left.sqlite", dir).p, &s, &e));
    assert_true(store_setting_get(s, &a, STR("k49"), &value, &e));
    assert_true(str_eq(value, STR("CANARY 49")));
    store_close(s);
}

static void another_key_or_none(void **state)
{
    (void)state;
    struct err e;
    struct store *s = open_store();
    store_close(s);
    cipher_release(dir);
    assert_false(store_open(path, &s, &e));
    assert_int_equal(e.code, E_STORE);
    hold(key_b);
    assert_false(store_open(path, &s, &e));
    assert_int_equal(e.code, E_STORE);
    cipher_release(dir);
    hold(key_a);
    store_close(open_store());
}

static void *reads(void *arg)
{
    struct store *s = arg;
    for (int i = 0; i < 3000; i++) {
        struct arena mine;
        struct str value;
        struct err e;
        arena_init(&mine);
        bool ok = store_setting_get(s, &mine, STR("now"), &value, &e);
        arena_fini(&mine);
        if (!ok)
            return s; /* not NULL: it failed */
    }
    return NULL;
}

/* A second connection reads while the first writes: pages in the log share sectors. */
static void one_reads_while_another_writes(void **state)
{
    (void)state;
    struct err e;
    pthread_t t;
    void *bad = NULL;
    struct store *s = open_store(), *other = open_store();
    assert_int_equal(pthread_create(&t, NULL, reads, other), 0);
    for (int i = 0; i < 1500; i++)
        assert_true(store_setting_set(s, STR("now"), arena_printf(&a, "%d", i), &e));
    pthread_join(t, &bad);
    assert_null(bad);
    store_close(other);
    store_close(s);
}

static void keys_are_sealed(void **state)
{
    (void)state;
    unsigned char one[SECRET_BYTES], again[SECRET_BYTES];
    char hex[2 * SECRET_BYTES + 1];
    struct err e;
    struct str text;
    assert_true(secret_key(dir, "mask.key", one, &e));
    assert_true(secret_key(dir, "mask.key", again, &e));
    assert_memory_equal(one, again, sizeof one);
    for (size_t i = 0; i < sizeof one; i++)
        snprintf(hex + 2 * i, 3, "%02x", one[i]);
    assert_int_equal(files_with(hex), 0);
    const char *mask = arena_printf(&a, "%s/mask.key", dir).p, *audit = arena_printf(&a, "%s/audit.key", dir).p;
    assert_true(fs_read(&a, mask, 1024, &text, &e));
    assert_true(fs_write_atomic(audit, text, 0600, &e));
    assert_false(secret_key(dir, "audit.key", again, &e)); /* in another's place */
    assert_int_equal(e.code, E_ENCRYPTION);
    cipher_release(dir);
    assert_false(secret_key(dir, "mask.key", again, &e));
    assert_int_equal(e.code, E_ENCRYPTION);
    hold(key_b);
    assert_false(secret_key(dir, "mask.key", again, &e));
    assert_int_equal(e.code, E_ENCRYPTION);
}

static void references(void **state)
{
    (void)state;
    static const char hex[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", b64[] = "ABEiM0RVZneImaq7zN3u/wARIjNEVWZ3iJmqu8zd7v8=";
    struct cipher *c;
    struct err e;
    char mark[2 * CIPHER_MARK_BYTES + 1], other[2 * CIPHER_MARK_BYTES + 1];
    setenv("TRELLIS_TEST_KEY", hex, 1);
    assert_true(fs_write_atomic(arena_printf(&a, "%s/k", dir).p, str_of(b64), 0600, &e));
    assert_true(fs_write_atomic(arena_printf(&a, "%s/open", dir).p, str_of(b64), 0644, &e));
    assert_true(fs_write_atomic(arena_printf(&a, "%s/short", dir).p, STR("0011"), 0600, &e));
    static const char *const good[] = {"env:TRELLIS_TEST_KEY", "file:k", "command:cat k; echo; echo more", "command:printenv TRELLIS_TEST_KEY"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        if (!cipher_open(dir, str_of(good[i]), &c, &e))
            fail_msg("%s: %s", good[i], e.text);
        cipher_mark(c, i ? other : mark);
        cipher_close(c);
        assert_string_equal(i ? other : mark, mark);
    }
    static const char *const bad[] = {"env:TRELLIS_TEST_NONE", "file:none", "file:open", "file:short", "command:exit 3", "command:yes | head -c 100000", "", hex};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(cipher_open(dir, str_of(bad[i]), &c, &e));
        assert_int_equal(e.code, E_ENCRYPTION);
        assert_null(strstr(e.text, hex));
        assert_null(strstr(e.hint, hex));
    }
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
static void no_dump_while_a_key_is_held(void **state)
{
    (void)state;
    assert_int_equal(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
    cipher_release(dir);
    assert_int_equal(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 1);
    hold(key_a);
    assert_int_equal(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
}
#endif

static void sealed_texts(void **state)
{
    (void)state;
    const struct cipher *c = cipher_for(path);
    struct buf b = BUF_INIT(1 << 16);
    struct str plain;
    struct err e;
    for (size_t n = 0; n < 70; n++) {
        char text[70];
        memset(text, 'x', sizeof text);
        buf_reset(&b);
        cipher_text_seal(c, CIPHER_TEXTS, STR("request 7"), (struct str){text, n}, &b);
        assert_true(cipher_text_unseal(c, CIPHER_TEXTS, STR("request 7"), buf_str(&b), &a, &plain, &e));
        assert_true(str_eq(plain, (struct str){text, n}));
        assert_false(cipher_text_unseal(c, CIPHER_TEXTS, STR("request 8"), buf_str(&b), &a, &plain, &e));
        b.p[10] = (char)(b.p[10] == 'A' ? 'B' : 'A');
        assert_false(cipher_text_unseal(c, CIPHER_TEXTS, STR("request 7"), buf_str(&b), &a, &plain, &e));
    }
    assert_false(cipher_text_unseal(c, CIPHER_TEXTS, STR(""), STR("sealed:"), &a, &plain, &e));
    assert_false(cipher_text_unseal(c, CIPHER_TEXTS, STR(""), STR("plain"), &a, &plain, &e));
    buf_fini(&b);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(nothing_is_readable), CASE(a_log_that_was_left), CASE(another_key_or_none), CASE(one_reads_while_another_writes),
        CASE(keys_are_sealed),     CASE(references),          CASE(sealed_texts),
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
        CASE(no_dump_while_a_key_is_held),
#endif
    };
    return cmocka_run_group_tests_name("store under a key", tests, NULL, NULL);
}
