/* Incremental ports: what a window recomputes equals a whole build, after new days, restated days near and far, and changed
 * rules. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "build_world.h"

#define LIVE(port) "mesh.live.\"acquisition." port "_v1\""

static const struct world_port ports[] = {
    {.name = "daily",
     .materialization = "incremental",
     .columns = "day DATE, account VARCHAR, spend DECIMAL(18,6), clicks BIGINT",
     .sql = "SELECT day, account, CAST(sum(spend) AS DECIMAL(18,6)) AS spend, CAST(sum(clicks) AS BIGINT) AS clicks FROM "
            "acquisition.ads__stats GROUP BY day, account;"},
    {.name = "weekly",
     .materialization = "incremental",
     .time_column = "week",
     .lookback = 6,
     .columns = "week DATE, spend DECIMAL(18,6)",
     .sql = "SELECT CAST(date_trunc('week', day) AS DATE) AS week, CAST(sum(spend) AS DECIMAL(18,6)) AS spend FROM "
            "acquisition.daily GROUP BY 1"},
    {.name = "running",
     .materialization = "incremental",
     .columns = "day DATE, spend DECIMAL(18,6)",
     .sql = "SELECT day, CAST(sum(sum(spend)) OVER (ORDER BY day) AS DECIMAL(18,6)) AS spend FROM acquisition.daily GROUP BY day "
            "-- all days up to this one"},
    {.name = "moments",
     .materialization = "incremental",
     .time_column = "at",
     .columns = "at TIMESTAMP, spend DECIMAL(18,6)",
     .sql = "SELECT CAST(day AS TIMESTAMP) + INTERVAL 5 HOUR AS at, spend FROM acquisition.daily"},
    {.name = "undated",
     .materialization = "incremental",
     .columns = "day DATE, account VARCHAR, spend DECIMAL(18,6)",
     .sql = "SELECT CASE WHEN account = 'b' THEN NULL ELSE day END AS day, account, spend FROM acquisition.daily"},
    {.name = "weeks_ahead",
     .materialization = "incremental",
     .columns = "day DATE, spend DECIMAL(18,6)",
     .lookback = 0,
     .sql = "SELECT week AS day, spend FROM acquisition.weekly"},
};
enum { N_PORTS = sizeof ports / sizeof *ports };

static int setup(void **state)
{
    struct world *w = mem_alloc(sizeof *w);
    world_init(w);
    for (int i = 0; i < N_PORTS; i++)
        world_port(w, &ports[i]);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    world_fini(*state);
    mem_free(*state);
    return 0;
}

/* Rows for days [from, to] of accounts a..c, figures from the seed. */
static const char *rows(struct world *w, const char *from, int days, unsigned seed)
{
    struct buf b = BUF_INIT(1 << 20);
    int32_t first = 0;
    assert_true(clock_parse_date(str_of(from), &first));
    for (int d = 0; d < days; d++)
        for (int a = 0; a < 3; a++) {
            seed = seed * 1664525u + 1013904223u;
            buf_printf(&b, "%s,%c,x,%u.%02u,%u\n", clock_date(first + d).z, 'a' + a, seed >> 20, (seed >> 8) % 100,
                       (seed >> 4) % 50);
        }
    struct str out = arena_str(&w->arena, buf_str(&b));
    buf_fini(&b);
    return out.p;
}

static const char *sum_of(struct world *w, const char *port)
{
    return world_value(w, "SELECT count(*) || ':' || sum(hash(t)::HUGEINT) FROM mesh.live.\"acquisition.%s_v1\" AS t", port);
}

static void must_run(struct world *w, bool full)
{
    if (!world_run_with(w, (struct build_options){.full = full}) || w->report.exit_code != 0)
        fail_msg("%s %s", w->err.text, w->errs.n > 0 ? w->errs.v[0].text : "");
}

static bool was_window(struct world *w, const char *port)
{
    struct store_run_port *history = NULL;
    size_t n = 0;
    assert_true(store_port_history(w->state->store, &w->arena, arena_printf(&w->arena, "acquisition.%s_v1", port), 1, &history,
                                   &n, &w->err));
    assert_int_equal(n, 1);
    assert_string_equal(history[0].status.p, "built");
    return history[0].message.n > 0;
}

/* What was just built by windows equals what a whole build makes. */
static void must_equal_full(struct world *w, const char *what)
{
    const char *now[N_PORTS];
    for (int i = 0; i < N_PORTS; i++)
        now[i] = sum_of(w, ports[i].name);
    must_run(w, true);
    for (int i = 0; i < N_PORTS; i++) {
        const char *whole = sum_of(w, ports[i].name);
        if (!str_eq(str_of(now[i]), str_of(whole)))
            fail_msg("%s: %s is %s, a full build makes %s", what, ports[i].name, now[i], whole);
    }
}

static void windows_equal_whole_builds(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *name, *from;
        int days;
        bool daily_window;
    } steps[] = {
        {"new_day", "2026-04-11", 1, true},    {"again", "2026-04-11", 1, true},      {"last_week", "2026-04-05", 7, true},
        {"gap", "2026-04-20", 2, true},        {"in_the_gap", "2026-04-15", 1, true}, {"far_back", "2026-01-10", 1, false},
        {"month_back", "2026-03-15", 3, true},
    };
    world_land(w, "base", rows(w, "2026-01-01", 100, 7));
    world_open(w);
    must_run(w, false);
    for (unsigned i = 0; i < sizeof steps / sizeof *steps; i++) {
        world_land(w, steps[i].name, rows(w, steps[i].from, steps[i].days, 100 + i));
        must_run(w, false);
        assert_int_equal(w->report.built, N_PORTS);
        assert_int_equal(was_window(w, "daily"), steps[i].daily_window);
        must_equal_full(w, steps[i].name);
    }
}

static void windows_follow_each_other(void **state)
{
    struct world *w = *state;
    world_land(w, "base", rows(w, "2026-01-01", 100, 7));
    world_open(w);
    must_run(w, false);
    for (unsigned i = 0; i < 6; i++) {
        world_land(w, arena_printf(&w->arena, "day%u", i).p,
                   rows(w, clock_date(20555 + (int32_t)i * 3 - (i % 2 ? 20 : 0)).z, 2, i));
        must_run(w, false);
        assert_true(was_window(w, "daily"));
    }
    assert_string_equal(world_value(w, "SELECT count(*) FROM mesh.sys.port_version WHERE live"), "6");
    must_equal_full(w, "six in a row");
    world_close(w);
    world_open(w);
    must_run(w, false);
    assert_int_equal(w->report.unchanged, N_PORTS);
}

static void other_rules_mean_a_whole_build(void **state)
{
    struct world *w = *state;
    world_land(w, "base", rows(w, "2026-01-01", 100, 7));
    world_open(w);
    must_run(w, false);
    struct world_port doubled = ports[0];
    doubled.sql = "SELECT day, account, CAST(2 * sum(spend) AS DECIMAL(18,6)) AS spend, CAST(sum(clicks) AS BIGINT) AS clicks "
                  "FROM acquisition.ads__stats GROUP BY day, account";
    world_port(w, &doubled);
    world_load(w);
    world_land(w, "new", rows(w, "2026-04-11", 1, 3));
    must_run(w, false);
    assert_false(was_window(w, "daily"));
    assert_false(was_window(w, "running"));
    must_equal_full(w, "SQL changed");
}

static void refused_window_leaves_the_table(void **state)
{
    struct world *w = *state;
    struct world_port strict = ports[0];
    strict.quality =
        "      - {id: not_negative, type: sql, query: \"SELECT count(*) FROM {object} WHERE spend < 0\", mustBe: 0}\n";
    world_port(w, &strict);
    world_land(w, "base", rows(w, "2026-01-01", 100, 7));
    world_open(w);
    must_run(w, false);
    const char *before = sum_of(w, "daily");
    world_land(w, "bad", "2026-04-10,a,x,-5,1\n");
    assert_true(world_run(w));
    assert_int_equal(w->report.exit_code, 4);
    assert_string_equal(sum_of(w, "daily"), before);
    assert_int_equal(world_status(w, "acquisition.daily").state, PORT_FAILING);
    world_land(w, "bad", "2026-04-10,a,x,5,1\n");
    must_run(w, false);
    assert_true(was_window(w, "daily"));
    must_equal_full(w, "mended");
}

int main(int argc, char **argv)
{
    world_main(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(windows_equal_whole_builds, setup, teardown),
        cmocka_unit_test_setup_teardown(windows_follow_each_other, setup, teardown),
        cmocka_unit_test_setup_teardown(other_rules_mean_a_whole_build, setup, teardown),
        cmocka_unit_test_setup_teardown(refused_window_leaves_the_table, setup, teardown),
    };
    return cmocka_run_group_tests_name("build_incremental", tests, NULL, NULL);
}
