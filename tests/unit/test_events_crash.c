/* A loader that is killed, at its crash points and at any moment: whatever was in the spool is in the tables afterwards, once. */
#include "events_fixture.h"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include "base/fault.h"

extern char **environ;

enum { EVENTS = 3000, KILLS = 25 };

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
    if (!f)
        return 2;
    snprintf(f->dir, sizeof f->dir, "%s", dir);
    clock_set_us(FIXTURE_NOW);
    fixture_mesh(f);
    fixture_open(f);
    const struct events_load_options o = {.limit = 1000}; /* several transactions */
    do {
        must(f, events_load(f->events, &f->mesh, &o, &f->report, &f->es, &f->e));
    } while (f->report.more);
    fixture_close(f);
    errs_fini(&f->es);
    free(f);
    return 0;
}

/* A round's events: tracks with and without an id, some that are rejected, some of an earlier round again. */
static int fill(struct fixture *f, int round)
{
    struct buf b = BUF_INIT(4 << 20);
    int sent = 0;
    fixture_spool(f);
    for (int i = 0; i < EVENTS; i += 100) {
        buf_reset(&b);
        buf_addz(&b, "{\"batch\":[");
        for (int k = i; k < i + 100; k++) {
            const char *comma = k > i ? "," : "";
            if (k % 50 == 0)
                buf_printf(&b, "%s{\"type\":\"track\",\"userId\":\"u\",\"messageId\":\"bad-%d-%d\"}", comma, round, k);
            else if (k % 50 == 1 && round > 0)
                buf_printf(&b, "%s{\"type\":\"track\",\"userId\":\"u\",\"event\":\"E\",\"messageId\":\"r-%d-2\"}", comma,
                           round - 1);
            else if (k % 50 == 3)
                buf_printf(&b, "%s{\"type\":\"page\",\"userId\":\"u\"}", comma);
            else
                buf_printf(&b, "%s{\"type\":\"track\",\"userId\":\"u\",\"event\":\"E\",\"messageId\":\"r-%d-%d\"}", comma, round,
                           k);
            sent++;
        }
        buf_addz(&b, "]}");
        fixture_send(f, SPOOL_BATCH, buf_z(&b));
    }
    spool_writer_close(f->spool);
    f->spool = NULL;
    buf_fini(&b);
    return sent;
}

/* Everything that was sent is there once. */
static void is_whole(struct fixture *f, int rounds)
{
    char expected[128];
    fixture_open(f);
    do {
        fixture_load(f);
    } while (f->report.more);
    int tracks = 0, pages = rounds * EVENTS / 50, bad = rounds * EVENTS / 50;
    for (int r = 0; r < rounds; r++)
        tracks += EVENTS - EVENTS / 50 * 2 - (r > 0 ? EVENTS / 50 : 0);
    snprintf(expected, sizeof expected, "%d %d %d %d %d", tracks, tracks, pages, pages, bad);
    ask(f,
        "SELECT (SELECT count(*) || ' ' || count(DISTINCT message_id) FROM mesh.raw.\"web.site__track\") || ' ' || (SELECT "
        "count(*) || ' ' || "
        "count(DISTINCT message_id) FROM mesh.raw.\"web.site__page\") || ' ' || (SELECT count(*) FROM mesh.quarantine.event)",
        expected);
    ask(f,
        "SELECT (SELECT sum(rows) FROM mesh.sys.event_stream) = (SELECT count(*) FROM mesh.raw.\"web.site__track\") + (SELECT "
        "count(*) FROM "
        "mesh.raw.\"web.site__page\")",
        "true");
    fixture_close(f);
}

static void test_killed_at_every_point(void **state)
{
#ifdef TRELLIS_FAULTS
    static const char *const points[] = {"events_before_rows",    "events_before_commit", "events_after_commit",
                                         "events_after_told",     "events_before_rows:3", "events_before_commit:3",
                                         "events_after_commit:3", "events_after_told:3"};
    struct fixture *f = *state;
    for (int i = 0; i < (int)(sizeof points / sizeof *points); i++) {
        int status;
        fill(f, i);
        pid_t pid = load_elsewhere(f, points[i]);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        if (!WIFSIGNALED(status))
            fail_msg("%s was not passed", points[i]);
        is_whole(f, i + 1);
    }
#else
    (void)state;
    skip(); /* crash points are in builds with -Dfaults=true */
#endif
}

static void test_killed_at_any_moment(void **state)
{
    struct fixture *f = *state;
    unsigned seed = 7;
    int killed = 0;
    for (int i = 0; i < KILLS; i++) {
        int status;
        fill(f, i);
        pid_t pid = load_elsewhere(f, NULL);
        seed = seed * 1103515245u + 12345u;
        usleep(1000 * (seed >> 16 & 255));
        kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        killed += WIFSIGNALED(status);
        is_whole(f, i + 1);
    }
    print_message("%d of %d loaders were killed before they were through\n", killed, KILLS);
}

static int setup(void **state)
{
    *state = fixture_new();
    return *state ? 0 : 1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    errs_fini(&f->es);
    clock_set_us(0);
    bool removed = fs_remove_tree(f->dir, &f->e);
    free(f);
    return removed ? 0 : 1;
}

int main(int argc, char **argv)
{
    log_set(LOG_ERROR, false);
    if (argc > 2 && strcmp(argv[1], "load") == 0)
        return load_here(argv[2]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_killed_at_every_point, setup, teardown),
        cmocka_unit_test_setup_teardown(test_killed_at_any_moment, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
