/* Files: whole reads, atomic writes under faults, folders, patterns, digests, locks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/fs.h"
#include "base/secret.h"

static char dir[] = "/tmp/trellis-test-fs-XXXXXX";

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(dir) && chdir(dir) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    struct err e;
    return chdir("/") == 0 && fs_remove_tree(dir, &e) && !fs_exists(dir) ? 0 : -1;
}

static void put(const char *path, const char *text)
{
    struct err e;
    if (strchr(path, '/')) {
        char *z = mem_strdup(fs_dirname(str_of(path)));
        assert_true(fs_mkdirs(z, 0700, &e));
        mem_free(z);
    }
    assert_true(fs_write_atomic(path, str_of(text), 0600, &e));
}

static void reading(void **state)
{
    (void)state;
    struct arena a;
    struct err e;
    struct str s;
    arena_init(&a);
    put("r.txt", "hello");
    assert_true(fs_read(&a, "r.txt", 5, &s, &e));
    assert_string_equal(s.p, "hello");
    assert_false(fs_read(&a, "r.txt", 4, &s, &e));
    assert_int_equal(e.code, E_TOO_LARGE);
    assert_false(fs_read(&a, "nope", 4, &s, &e));
    assert_int_equal(e.code, E_NOT_FOUND);
    assert_false(fs_read(&a, ".", 4, &s, &e));
    assert_int_equal(e.code, E_IO);
    assert_int_equal(mkfifo("pipe", 0600), 0);
    assert_false(fs_read(&a, "pipe", 4, &s, &e)); /* and does not wait for a writer */
    put("empty", "");
    assert_true(fs_read(&a, "empty", 0, &s, &e));
    assert_int_equal(s.n, 0);
    struct sha sha;
    assert_true(sha_file("r.txt", &sha, &e));
    assert_string_equal(sha.hex, "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
    sha_bytes((struct str){NULL, 0}, &sha);
    assert_string_equal(sha.hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_false(sha_file("nope", &sha, &e));
    struct fs_stat st;
    assert_true(fs_stat("r.txt", &st) && st.size_bytes == 5 && !st.is_dir);
    arena_fini(&a);
}

static void paths(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    assert_string_equal(fs_join(&a, STR("a"), STR("b")).p, "a/b");
    assert_string_equal(fs_join(&a, STR("a/"), STR("b")).p, "a/b");
    assert_string_equal(fs_join(&a, STR("a"), STR("/b")).p, "/b");
    assert_string_equal(fs_join(&a, STR(""), STR("b")).p, "b");
    assert_true(str_eq(fs_basename(STR("a/b.c")), STR("b.c")));
    assert_true(str_eq(fs_basename(STR("b.c")), STR("b.c")));
    assert_true(str_eq(fs_dirname(STR("a/b/c")), STR("a/b")));
    assert_true(str_eq(fs_dirname(STR("c")), STR(".")));
    assert_true(str_eq(fs_dirname(STR("/c")), STR("/")));
    struct err e;
    put("file", "x");
    assert_false(fs_mkdirs("file/below", 0700, &e));
    assert_int_equal(e.code, E_IO);
    assert_true(fs_mkdirs("d1/d2//d3/", 0700, &e));
    assert_true(fs_mkdirs("d1/d2/d3", 0700, &e));
    assert_true(fs_is_dir("d1/d2/d3"));
    arena_fini(&a);
}

static void patterns(void **state)
{
    (void)state;
    static const char *const files[] = {"g/Ad_Stats_data.CSV", "g/x_ad_stats.csv", "g/ad.csv.gz", "g/deep/er/b.csv",
                                        "g/deep/a.csv",        "g/.hidden.csv",    "g/odd[1].csv"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        put(files[i], "x");
    assert_int_equal(symlink("..", "g/deep/loop"), 0);
    static const struct {
        const char *pattern;
        bool nocase;
        const char *want; /* joined by a blank */
    } rows[] = {
        {"g/*.csv", false, "g/odd[1].csv g/x_ad_stats.csv"},
        {"g/*.csv", true, "g/Ad_Stats_data.CSV g/odd[1].csv g/x_ad_stats.csv"},
        {"g/*.{csv,csv.gz}", false, "g/ad.csv.gz g/odd[1].csv g/x_ad_stats.csv"},
        {"g/{,*_}ad_stats{,_data}.csv{,.gz}", true, "g/Ad_Stats_data.CSV g/x_ad_stats.csv"},
        {"g/**/*.csv", false, "g/deep/a.csv g/deep/er/b.csv g/odd[1].csv g/x_ad_stats.csv"},
        {"g/**/b.csv", false, "g/deep/er/b.csv"},
        {"**/a.csv", false, "g/deep/a.csv"},
        {"g/deep/**", false, "g/deep/a.csv g/deep/er/b.csv"},
        {"g/odd[1].csv", false, "g/odd[1].csv"},
        {"g//deep/./a.csv", false, "g//deep/./a.csv"},
        {"G/DEEP/A.CSV", true, "g/deep/a.csv"},
        {"g/nope.csv", false, ""},
        {"nope/*.csv", false, ""},
        {"g/deep", false, ""},
        {"g/[a-b]*.csv.gz", false, "g/ad.csv.gz"},
        {"g/{a.csv", false, ""},
        {"", false, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena a;
        struct err e;
        struct str *found;
        size_t n;
        arena_init(&a);
        assert_true(fs_glob(&a, rows[i].pattern, rows[i].nocase, &found, &n, &e));
        char joined[1024] = "";
        for (size_t k = 0; k < n; k++) {
            if (k)
                strcat(joined, " ");
            strcat(joined, found[k].p);
        }
        assert_string_equal(joined, rows[i].want);
        arena_fini(&a);
    }
    struct arena a;
    struct err e;
    struct str *found;
    size_t n;
    arena_init(&a);
    assert_false(fs_glob(&a, "{1,2,3,4}{1,2,3,4}{1,2,3,4}{1,2,3,4}{1,2,3,4}{1,2,3,4}", false, &found, &n, &e));
    assert_int_equal(e.code, E_TOO_LARGE);
    assert_true(fs_list(&a, "g", &found, &n, &e));
    assert_int_equal(n, 5);
    assert_string_equal(found[0].p, "Ad_Stats_data.CSV");
    assert_false(fs_list(&a, "nope", &found, &n, &e));
    arena_fini(&a);
}

static void locks(void **state)
{
    (void)state;
    int fd, other;
    struct err e;
    assert_true(fs_lock("lock", &fd, &e));
    assert_false(fs_lock("lock", &other, &e));
    assert_int_equal(e.code, E_BUSY);
    fs_unlock(&fd);
    assert_int_equal(fd, -1);
    pid_t child = fork();
    if (child == 0) { /* a holder that dies leaves no lock */
        int held;
        _exit(fs_lock("lock", &held, NULL) ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(fs_lock("lock", &fd, &e));
    fs_unlock(&fd);
    fs_unlock(&fd);
}

#ifdef TRELLIS_FAULTS
static void a_failed_write_leaves_the_old_file(void **state)
{
    (void)state;
    static const enum fault_kind kinds[] = {FAULT_OPEN, FAULT_WRITE, FAULT_SYNC, FAULT_RENAME};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        put("target", "old");
        for (unsigned n = 1;; n++) {
            struct err e;
            fault_arm(kinds[k], n, false);
            bool ok = fs_write_atomic("target", STR("new!"), 0600, &e);
            fault_disarm();
            struct arena a;
            struct str s;
            arena_init(&a);
            assert_true(fs_read(&a, "target", 100, &s, NULL));
            assert_int_equal(ok, !fault_hit());
            if (ok)
                assert_string_equal(s.p, "new!");
            else
                assert_true(str_eq(s, STR("old")) || str_eq(s, STR("new!"))); /* the folder's sync comes after the rename */
            struct str *left;
            size_t n_left;
            assert_true(fs_glob(&a, "target.*", false, &left, &n_left, &e));
            assert_int_equal(n_left, 0);
            arena_fini(&a);
            if (!fault_hit())
                break;
        }
    }
    struct arena a;
    struct str s;
    struct err e;
    arena_init(&a);
    for (int i = 0; i < 3; i++) {
        fault_arm(i == 0 ? FAULT_OPEN : i == 1 ? FAULT_READ : FAULT_ALLOC, 1, true);
        assert_false(fs_read(&a, "target", 100, &s, &e));
        assert_int_equal(e.code, i == 2 ? E_MEMORY : E_IO);
        fault_disarm();
    }
    arena_fini(&a);
}
#endif

/* ---- several at once ---- */

enum { THREADS = 8, ROUNDS = 40 };

struct writer { pthread_barrier_t *all; unsigned char key[ROUNDS][SECRET_BYTES]; bool ok; };

static void *write_and_make(void *arg)
{
    struct writer *w = arg;
    char name[32];
    struct err e;
    w->ok = true;
    for (int i = 0; i < ROUNDS; i++) {
        snprintf(name, sizeof name, "key.%d", i);
        pthread_barrier_wait(w->all);
        w->ok &= fs_write_atomic("same.txt", STR("one of us"), 0600, &e);
        w->ok &= secret_key(".", name, w->key[i], &e);
    }
    return NULL;
}

static void threads_write_one_file_and_make_one_key(void **state)
{
    (void)state;
    static struct writer w[THREADS];
    pthread_t thread[THREADS];
    pthread_barrier_t all;
    assert_int_equal(pthread_barrier_init(&all, NULL, THREADS), 0);
    for (int i = 0; i < THREADS; i++) {
        w[i].all = &all;
        assert_int_equal(pthread_create(&thread[i], NULL, write_and_make, &w[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(thread[i], NULL), 0);
    pthread_barrier_destroy(&all);
    for (int i = 0; i < THREADS; i++) {
        assert_true(w[i].ok);
        assert_memory_equal(w[i].key, w[0].key, sizeof w[0].key);
    }
    struct arena a;
    struct err e;
    struct str *left;
    size_t n;
    bool there = false;
    arena_init(&a);
    assert_true(fs_glob(&a, "*.tmp", false, &left, &n, &e));
    assert_int_equal(n, 0);
    assert_true(fs_write_new("same.txt", STR("too late"), 0600, &there, &e));
    assert_true(there);
    assert_true(fs_write_new("new.txt", STR("first"), 0600, &there, &e));
    assert_false(there);
    assert_true(fs_exists("new.txt"));
    arena_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading),
        cmocka_unit_test(paths),
        cmocka_unit_test(patterns),
        cmocka_unit_test(locks),
        cmocka_unit_test(threads_write_one_file_and_make_one_key),
#ifdef TRELLIS_FAULTS
        cmocka_unit_test(a_failed_write_leaves_the_old_file),
#endif
    };
    return cmocka_run_group_tests_name("base fs", tests, set_up, tear_down);
}
