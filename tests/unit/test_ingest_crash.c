/* Loads that end in the middle: the child dies, hangs or talks nonsense, the program is killed at its crash points or at
 * any moment, somebody cancels. Each time the stream is as it was, and the next run brings it where it should be. */
#include "ingest_fixture.h"

#include "base/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>

extern char **environ;

/* One stream of daily figures: files of the folder `in`. */
static struct mesh_stream *daily(struct fixture *f)
{
    struct mesh_stream *st = fixture_stream(f, "t", "in/*.csv");
    st->load = LOAD_REPLACE_DAYS;
    st->day_column = STR("day");
    fixture_column(f, st, "day", "DATE", true);
    fixture_column(f, st, "spend", "BIGINT", false);
    return st;
}

/* `rows` rows over ten days that add up to rows * each. */
static void figures(struct fixture *f, const char *name, int rows, int each)
{
    struct buf b = BUF_INIT(256u << 20);
    buf_addz(&b, "day,spend,text\n");
    for (int i = 0; i < rows; i++)
        buf_printf(&b, "2026-01-%02d,%d,some text of row %d\n", 1 + i % 10, each, i);
    buf_addz(&b, "2026-01-01,not a number,x\n");
    fixture_bytes(f, name, buf_str(&b));
    buf_fini(&b);
}

static const char stands[] =
    "SELECT (SELECT coalesce(sum(spend), 0)::VARCHAR || ' ' || count(*) FROM mesh.raw.\"d.s__t\") || ' '"
    " || (SELECT count(*) FROM mesh.hist.\"d.s__t\") || ' ' || (SELECT count(*) FROM mesh.quarantine.rejected) || ' '"
    " || (SELECT count(*) FROM mesh.sys.file_load)";

/* This program again, loading the folder, in a process of its own; `at`: its crash point. Returns the wait status. */
static pid_t load_elsewhere(struct fixture *f, const char *at)
{
    char crash[128];
    snprintf(crash, sizeof crash, "TRELLIS_CRASH_AT=%s", at ? at : "");
    char *argv[] = {(char *)(uintptr_t) "test", (char *)(uintptr_t) "load", f->dir, NULL};
    char *env[64];
    size_t n = 0;
    for (char **v = environ; *v && n < 60; v++)
        env[n++] = *v;
    if (at)
        env[n++] = crash;
    env[n] = NULL;
    pid_t pid;
    assert_int_equal(posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv, env), 0);
    return pid;
}

static int load_here(const char *dir)
{
    struct fixture *f = calloc(1, sizeof *f);
    arena_init(&f->a);
    snprintf(f->dir, sizeof f->dir, "%s", dir);
    fixture_mesh(f);
    fixture_open(f);
    daily(f);
    fixture_run(f);
    int errors = (int)f->es.n_errors;
    fixture_close(f);
    errs_fini(&f->es);
    arena_fini(&f->a);
    free(f);
    return errors ? 3 : 0;
}

static void test_killed_at_every_point(void **state)
{
#ifdef TRELLIS_FAULTS
    struct fixture *f = *state;
    static const struct {
        const char *at;
        bool parent, done;
    } points[] = {
        {"load_after_rows", true, false},   {"load_before_commit", true, false}, {"child_after_schema", false, false},
        {"child_before_end", false, false}, {"load_after_commit", true, true},
    };
    daily(f);
    figures(f, "in/a.csv", 3000, 1);
    fixture_run(f);
    fixture_expect(f, stands, "3000 3000 0 1 1");
    int each = 1, hist = 0, files = 1;
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        char before[64], after[64];
        snprintf(before, sizeof before, "%d 3000 %d %d %d", 3000 * each, hist, files, files);
        each++;
        hist += 3000;
        files++;
        snprintf(after, sizeof after, "%d 3000 %d %d %d", 3000 * each, hist, files, files);
        figures(f, "in/a.csv", 3000, each);
        fixture_close(f);
        int status;
        waitpid(load_elsewhere(f, points[i].at), &status, 0);
        fixture_open(f);
        if (points[i].parent && !(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL))
            fail_msg("%s: was not killed", points[i].at);
        if (!points[i].parent && !(WIFEXITED(status) && WEXITSTATUS(status) == 3))
            fail_msg("%s: the death of the child was no error", points[i].at);
        if (strcmp(fixture_ask(f, stands).p, points[i].done ? after : before) != 0)
            fail_msg("%s: stands at %s, not %s", points[i].at, fixture_ask(f, stands).p, points[i].done ? after : before);
        fixture_run(f);
        assert_int_equal(f->es.n_errors, 0);
        fixture_expect(f, stands, after);
    }
#else
    (void)state;
    print_message("not run: this build has no crash points\n");
    skip();
#endif
}

static void test_killed_at_any_moment(void **state)
{
    struct fixture *f = *state;
    daily(f);
    fixture_close(f);
    for (int i = 0; i < 6; i++) {
        figures(f, "in/a.csv", 60000, i + 1);
        pid_t pid = load_elsewhere(f, NULL);
        usleep((useconds_t)(20000 + i * 60000)); /* wherever it is by then */
        kill(pid, SIGKILL);
        int status;
        waitpid(pid, &status, 0);
        fixture_open(f);
        fixture_run(f);
        assert_int_equal(f->es.n_errors, 0);
        char expected[64];
        snprintf(expected, sizeof expected, "%d 60000", 60000 * (i + 1));
        fixture_expect(f, "SELECT sum(spend)::VARCHAR || ' ' || count(*) FROM mesh.raw.\"d.s__t\"", expected);
        fixture_expect(
            f,
            "SELECT (SELECT count(*) FROM mesh.raw.\"d.s__t\") + (SELECT count(*) FROM mesh.hist.\"d.s__t\") = sum(rows_loaded)"
            " AND (SELECT count(*) FROM mesh.quarantine.rejected) = sum(rows_quarantined) FROM mesh.sys.file_load",
            "true");
        fixture_close(f);
    }
    fixture_open(f);
}

/* ---- Children that do not behave ---- */

static const char *script(struct fixture *f, const char *body)
{
    char path[128];
    snprintf(path, sizeof path, "%s/child.sh", f->dir);
    must(f, fs_write_atomic(path, arena_printf(&f->a, "#!/bin/sh\n%s\n", body), 0755, &f->e));
    assert_int_equal(chmod(path, 0755), 0);
    return arena_strz(&f->a, str_of(path));
}

static void ask(struct fixture *f, const char *program, int64_t idle_ms, const atomic_bool *cancel, struct err *e)
{
    struct loader *l = NULL;
    struct loader_shape shape;
    struct loader_options o = {
        .program = program, .spool_dir = "/tmp", .shown = STR("x.csv"), .idle_ms = idle_ms, .cancel = cancel};
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    bool ok = loader_start(&o, fd, STR("{}"), &l, e) && loader_schema(l, &f->a, &shape, e);
    assert_false(ok);
    loader_close(l);
    close(fd);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nobody is left behind */
    assert_int_equal(errno, ECHILD);
}

static void test_bad_children(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    int64_t from = clock_mono_us();
    ask(f, script(f, "exec sleep 100"), 200, NULL, &e);
    assert_int_equal(e.code, E_TIMEOUT);
    assert_true(clock_mono_us() - from < 60000000);
    atomic_bool cancel = true;
    ask(f, script(f, "exec sleep 100"), 0, &cancel, &e);
    assert_int_equal(e.code, E_CANCELLED);
    ask(f, script(f, "exit 7"), 0, NULL, &e);
    assert_int_equal(e.code, E_SOURCE_FILE);
    ask(f, script(f, "kill -SEGV $$"), 0, NULL, &e);
    assert_non_null(strstr(e.text, "signal 11"));
    ask(f, script(f, "echo this is not a frame, and it is longer than one >&3; sleep 100"), 0, NULL, &e);
    assert_int_equal(e.code, E_INTERNAL);
    ask(f, "/no/such/program", 0, NULL, &e);
    assert_int_equal(e.code, E_IO);
}

/* Nothing is inherited but the three pipes, the file and a few variables. */
static void test_child_gets_nothing_else(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    struct str text;
    char out[128];
    snprintf(out, sizeof out, "%s/seen", f->dir);
    setenv("TRELLIS_TEST_SECRET", "hush", 1);
    int leak = open("/dev/null", O_RDONLY); /* without close-on-exec, on purpose */
    ask(f, script(f, arena_printf(&f->a, "(env; ls /proc/$$/fd) > %s", out).p), 0, NULL, &e);
    close(leak);
    unsetenv("TRELLIS_TEST_SECRET");
    must(f, fs_read(&f->a, out, 1 << 20, &text, &f->e));
    assert_true(str_find(text, STR("hush"), 0) == SIZE_MAX);
    struct str line, rest;
    for (; text.p; text = rest) {
        int64_t fd;
        line = str_cut(text, '\n', &rest);
        if (str_to_i64(line, &fd) && fd > 4 && fd != 10 && fd != 255) /* the shell opens its script itself */
            fail_msg("descriptor %lld is open in the child", (long long)fd);
    }
}

static void test_cancel(void **state)
{
    struct fixture *f = *state;
    daily(f);
    figures(f, "in/a.csv", 100, 1);
    fixture_run(f);
    figures(f, "in/a.csv", 100000, 2);
    atomic_bool cancel = true;
    struct ingest_options o = {.program = "/proc/self/exe", .cancel = &cancel};
    errs_fini(&f->es);
    f->es = (struct errs){0};
    assert_false(ingest_run(f->state, &f->mesh, &o, &f->a, &f->report, &f->es, &f->e));
    assert_int_equal(f->e.code, E_CANCELLED);
    fixture_expect(f, stands, "100 100 0 1 1");
    fixture_run(f);
    fixture_expect(f, stands, "200000 100000 100 2 2");
}

/* Every call to the engine, every file operation and every allocation by input's size fails in turn, once and from then
 * on: the load is whole or nothing, and the next one puts it right. */
static void test_every_failure(void **state)
{
#ifdef TRELLIS_FAULTS
    static const enum fault_kind kinds[] = {FAULT_ENGINE, FAULT_OPEN, FAULT_READ, FAULT_WRITE, FAULT_ALLOC};
    struct fixture *f = *state;
    daily(f);
    figures(f, "in/a.csv", 50, 1);
    fixture_run(f);
    int loads = 1;
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        for (int sticky = 0; sticky < (kinds[k] == FAULT_ENGINE ? 2 : 1); sticky++) {
            bool hit = true;
            for (unsigned n = 1; hit; n += n < 8 ? 1 : 4) {
                char before[64], after[64];
                snprintf(before, sizeof before, "%d 50 %d %d %d", 50 * loads, 50 * (loads - 1), loads, loads);
                loads++;
                snprintf(after, sizeof after, "%d 50 %d %d %d", 50 * loads, 50 * (loads - 1), loads, loads);
                figures(f, "in/a.csv", 50, loads);
                struct ingest_options o = {.program = "/proc/self/exe"};
                struct ingest_report r;
                struct errs es = {0};
                struct err e = {0};
                fault_arm(kinds[k], n, sticky != 0);
                bool ok = ingest_run(f->state, &f->mesh, &o, &f->a, &r, &es, &e);
                hit = fault_hit();
                fault_disarm();
                const char *stand = fixture_ask(f, stands).p;
                if (strcmp(stand, before) != 0 && strcmp(stand, after) != 0)
                    fail_msg("fault %d at %u: stands at %s, neither %s nor %s", (int)kinds[k], n, stand, before, after);
                if (strcmp(stand, before) == 0 && ok && es.n_errors == 0)
                    fail_msg("fault %d at %u: nothing was loaded, and nobody says why", (int)kinds[k], n);
                errs_fini(&es);
                fixture_run(f);
                if (f->es.n_errors)
                    fail_msg("fault %d at %u: the next run says %s", (int)kinds[k], n, f->es.v[0].text);
                fixture_expect(f, stands, after);
            }
        }
    }
    print_message("%d loads\n", loads);
#else
    (void)state;
    print_message("not run: this build has no fault points\n");
    skip();
#endif
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "loader-child") == 0)
        return loader_child_main();
    log_set(LOG_ERROR, false);
    if (argc > 2 && strcmp(argv[1], "load") == 0)
        return load_here(argv[2]);
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_killed_at_every_point),
        TEST(test_killed_at_any_moment),
        TEST(test_bad_children),
        TEST(test_child_gets_nothing_else),
        TEST(test_cancel),
        TEST(test_every_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
