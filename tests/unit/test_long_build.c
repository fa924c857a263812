/* Long tier: kill -9 at random moments of a run, and many rebuilds under readers. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "build_series.h"

enum { KILLS = 20 };

static int setup(void **state)
{
    struct world *w = mem_alloc(sizeof *w);
    series_init(w);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    world_fini(*state);
    mem_free(*state);
    return 0;
}

/* Each round lands new figures, lets a run of its own process live for a random share of what an undisturbed one takes, kills it,
 * and goes on. */
static void killed_runs_are_taken_up(void **state)
{
    struct world *w = *state;
    unsigned seed = 20261121;
    int killed = 0, status = 0;
    world_open(w);
    assert_true(world_run(w));
    world_close(w);
    series_land(w, 2);
    int64_t began = clock_mono_us();
    assert_true(waitpid(world_spawn_run(w, NULL), &status, 0) > 0);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    int64_t whole_us = clock_mono_us() - began;
    for (int round = 0; killed < KILLS && round < 10 * KILLS; round++) {
        int number = 3 + round;
        series_land(w, number);
        seed = seed * 1664525u + 1013904223u;
        pid_t pid = world_spawn_run(w, NULL);
        usleep((useconds_t)(whole_us / 1000 * (seed >> 22)));
        kill(pid, SIGKILL);
        assert_true(waitpid(pid, &status, 0) > 0);
        killed += WIFSIGNALED(status);
        world_open(w);
        if (!world_run(w) || w->report.exit_code != 0)
            fail_msg("after kill %d: %s %s", killed, w->err.text, w->errs.n > 0 ? w->errs.v[0].text : "");
        assert_string_equal(series_figures(w),
                            arena_printf(&w->arena, "%d %d.000000 %d/%d %d.000000 %d/%d %d.000000 %d/%d %d.000000", SERIES_ROWS,
                                         number * SERIES_ROWS, SERIES_ROWS * (SERIES_ROWS / SERIES_DAYS - 1) / 2, SERIES_DAYS,
                                         number * SERIES_DAYS, SERIES_ROWS, SERIES_DAYS, number * SERIES_DAYS, SERIES_ROWS,
                                         SERIES_DAYS, 2 * number * SERIES_DAYS)
                                .p);
        world_close(w);
    }
    print_message("killed %d runs at random moments of %lld ms; every next run completed with the right figures\n", killed,
                  (long long)(whole_us / 1000));
    assert_int_equal(killed, KILLS);
}

static void many_rebuilds_under_readers(void **state)
{
    struct world *w = *state;
    world_open(w);
    long reads = series_under_readers(w, 60, 3);
    print_message("%ld reads during 60 rebuilds, none failed or torn\n", reads);
}

int main(int argc, char **argv)
{
    world_main(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(killed_runs_are_taken_up, setup, teardown),
        cmocka_unit_test_setup_teardown(many_rebuilds_under_readers, setup, teardown),
    };
    return cmocka_run_group_tests_name("long_build", tests, NULL, NULL);
}
