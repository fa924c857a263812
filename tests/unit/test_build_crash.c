/* The process dies at each side of each commit, and readers read while versions go by (the short forms of the long series). */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/fault.h"
#include "build_series.h"

/* Beside the series: two ports by key, the second by the log of the first. */
static const struct world_port keyed[] = {
    {.name = "camp",
     .materialization = "by_key",
     .by = "campaign",
     .key = "campaign",
     .time_column = "",
     .columns = "campaign VARCHAR, bucket BIGINT, spend DECIMAL(18,6), n BIGINT",
     .sql = "SELECT campaign, CAST(substr(campaign, 2) AS BIGINT) % 10 AS bucket, CAST(sum(spend) AS DECIMAL(18,6)) AS spend, count(*) AS n FROM "
            "acquisition.daily GROUP BY campaign"},
    {.name = "bucket",
     .materialization = "by_key",
     .by = "bucket",
     .key = "bucket",
     .time_column = "",
     .columns = "bucket BIGINT, spend DECIMAL(18,6), n BIGINT",
     .sql = "SELECT bucket, CAST(sum(spend) AS DECIMAL(18,6)) AS spend, CAST(sum(n) AS BIGINT) AS n FROM acquisition.camp GROUP BY bucket"},
};

static int setup(void **state)
{
    struct world *w = mem_alloc(sizeof *w);
    series_init(w);
    for (size_t i = 0; i < sizeof keyed / sizeof *keyed; i++)
        world_port(w, &keyed[i]);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    world_fini(*state);
    mem_free(*state);
    return 0;
}

#ifdef TRELLIS_FAULTS
static const char *keyed_figures(struct world *w)
{
    return world_value(w, "SELECT (SELECT count(*) || ' ' || sum(hash(t)::HUGEINT) FROM mesh.live.\"acquisition.camp_v1\" AS t) || '/' || (SELECT "
                          "count(*) || ' ' || sum(hash(t)::HUGEINT) FROM mesh.live.\"acquisition.bucket_v1\" AS t)");
}

static void die_then_go_on(struct world *w, const char *point)
{
    int status = 0;
    world_close(w);
    assert_int_equal(waitpid(world_spawn_run(w, point), &status, 0) > 0, true);
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
        fail_msg("%s: the run did not reach the point (status %d)", point, status);
    world_open(w);
    struct store_run *runs = NULL;
    size_t n = 0;
    assert_true(store_runs(w->state->store, &w->arena, 1, &runs, &n, &w->err));
    assert_int_equal(runs[0].status, RUN_INTERRUPTED);
    if (!world_run(w) || w->report.exit_code != 0)
        fail_msg("%s: the next run: %s %s", point, w->err.text, w->errs.n > 0 ? w->errs.v[0].text : "");
    assert_string_equal(
        world_value(
            w,
            "SELECT count(*) FROM duckdb_tables() WHERE database_name = 'mesh' AND schema_name = 'built' AND table_name NOT IN "
            "(SELECT table_name FROM mesh.sys.port_version)"),
        "0");
}

static void every_crash_point(void **state)
{
    struct world *w = *state;
    static const char *const points[] = {"build_after_load",     "build_after_table",     "build_before_swap",
                                         "build_before_commit",  "build_before_commit:2", "build_after_commit",
                                         "build_after_commit:2", "build_after_window",    "build_after_ports",
                                         "build_after_delta",    "build_after_delta:2",   "build_before_commit:5",
                                         "build_after_commit:5"};
    char expected[200];
    world_open(w);
    assert_true(world_run(w));
    for (int i = 0; i < (int)(sizeof points / sizeof *points); i++) {
        int number = 10 + i;
        series_land(w, number);
        if (i % 2 == 1 || str_eq(str_of(points[i]), STR("build_after_window")))
            series_land_last(w, number);
        if (str_eq(str_of(points[i]), STR("build_after_window"))) { /* only the last day is new, so that a window is replaced */
            assert_true(world_run(w));
            series_land_last(w, ++number);
        }
        die_then_go_on(w, points[i]);
        snprintf(expected, sizeof expected, "%d ", SERIES_ROWS);
        assert_int_equal(strncmp(series_figures(w), expected, strlen(expected)), 0);
        const char *figures = arena_strz(&w->arena, str_of(series_figures(w))), *by_key = keyed_figures(w);
        assert_true(world_run_with(w, (struct build_options){.full = true}));
        assert_string_equal(figures, series_figures(w));
        assert_string_equal(by_key, keyed_figures(w));
    }
}

/* Each engine or store call of a run fails in turn (every so manieth): no crash, nothing half, and the next run mends it. */
static void calls_fail_in_turn(void **state)
{
    struct world *w = *state;
    static const enum fault_kind kinds[] = {FAULT_ENGINE, FAULT_STORE};
    enum { STRIDE = 9 };
    int number = 100, rounds = 0;
    world_open(w);
    assert_true(world_run(w));
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        bool hit = true;
        for (unsigned nth = 1; hit; nth += STRIDE, rounds++) {
            series_land(w, ++number);
            fault_arm(kinds[k], nth, false);
            bool whole = world_run(w);
            hit = fault_hit();
            fault_disarm();
            if (hit && whole && w->report.exit_code == 0 && kinds[k] == FAULT_ENGINE && w->report.built < 4)
                fail_msg("call %u failed and nobody says so", nth);
            assert_string_equal(
                world_value(w, "SELECT count(DISTINCT spend) || ' ' || count(*) FROM mesh.live.\"acquisition.daily_v1\""),
                arena_printf(&w->arena, "1 %d", SERIES_ROWS).p);
            if (!world_run(w) || w->report.exit_code != 0)
                fail_msg("after call %u failed: %s %s", nth, w->err.text, w->errs.n > 0 ? w->errs.v[0].text : "");
            assert_string_equal(world_value(w, "SELECT max(spend)::INTEGER FROM mesh.live.\"acquisition.daily_v1\""),
                                arena_printf(&w->arena, "%d", number).p);
            assert_string_equal(world_value(w, "SELECT min(spend)::INTEGER || ' ' || max(spend)::INTEGER || ' ' || sum(n) FROM "
                                               "mesh.live.\"acquisition.bucket_v1\""),
                                arena_printf(&w->arena, "%d %d %d", number * (SERIES_ROWS / 10), number * (SERIES_ROWS / 10), SERIES_ROWS).p);
        }
    }
    print_message("%d runs with a failing call, each mended by the next\n", rounds);
}
#endif

static void readers_never_see_half(void **state)
{
    struct world *w = *state;
    world_open(w);
    long reads = series_under_readers(w, 12, 2);
    print_message("%ld reads during 12 rebuilds, none failed or torn\n", reads);
    assert_true(reads > 0);
}

int main(int argc, char **argv)
{
    world_main(argc, argv);
    const struct CMUnitTest tests[] = {
#ifdef TRELLIS_FAULTS
        cmocka_unit_test_setup_teardown(every_crash_point, setup, teardown),
        cmocka_unit_test_setup_teardown(calls_fail_in_turn, setup, teardown),
#endif
        cmocka_unit_test_setup_teardown(readers_never_see_half, setup, teardown),
    };
    return cmocka_run_group_tests_name("build_crash", tests, NULL, NULL);
}
