/* The state of sources on a real state with a clock that the test moves: lag in the mesh's time zone, volume against its own
 * habit, quarantine, failures, what stands on them. Expected numbers are worked out by hand beside each case. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "build_world.h"
#include "catalog/catalog.h"

static struct world w;

static const struct world_port spend = {.name = "spend",
                                        .sql = "SELECT day, sum(spend) AS spend FROM acquisition.ads__stats GROUP BY 1\n",
                                        .columns = "day DATE, spend DECIMAL(38,6)"};
static const struct world_port total = {
    .name = "total", .sql = "SELECT day, spend FROM acquisition.spend\n", .columns = "day DATE, spend DECIMAL(38,6)"};

/* 2026-03-01T00:00:00Z; Berlin is one hour ahead until the 29th. */
#define FIRST INT64_C(1772323200000000)
#define HOUR  (INT64_C(3600) * 1000000)
#define DAY   (24 * HOUR)

static void declare(const char *more, bool optional)
{
    char text[1024];
    snprintf(text, sizeof text,
             "name: ads\nkind: files\ntitle: Ads\npath: landing\ncurrency: EUR\n%sstreams:\n  - {name: stats, table: stats, "
             "optional: %s,"
             " load: replace_days, account_column: account, day_column: day}\n",
             more, optional ? "true" : "false");
    world_put(&w, "domains/acquisition/sources/ads.yaml", text);
}

static int set_up(void **state)
{
    (void)state;
    clock_set_us(FIRST);
    world_init(&w);
    world_port(&w, &spend);
    world_port(&w, &total);
    declare("sla: {freshness: 26h, volume: 50}\n", false);
    world_open(&w);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_fini(&w);
    clock_set_us(0);
    return 0;
}

static struct source_health health(void)
{
    struct source_health *v;
    if (!catalog_sources(w.state, w.mesh, &w.arena, &v, &w.err))
        fail_msg("%s", w.err.text);
    return v[0];
}

/* `rows` rows of one day of March, brought in at `at_us`; the last `bad` of them cannot be read. */
static void bring(int day, int rows, int bad, int64_t at_us)
{
    struct buf b = BUF_INIT((size_t)1 << 20);
    char name[32];
    for (int i = 0; i < rows; i++)
        buf_printf(&b, "2026-03-%02d,1,c%d,%s,1\n", day, i, i < rows - bad ? "1.50" : "much");
    snprintf(name, sizeof name, "d%02d", day);
    world_land(&w, name, buf_z(&b));
    buf_fini(&b);
    clock_set_us(at_us);
    (void)!world_run(&w);
}

static void says(struct source_health h, const char *what)
{
    if (str_find(h.reason, str_of(what), 0) == SIZE_MAX)
        fail_msg("'%.*s' does not say '%s'", STR_FMT(h.reason), what);
}

static void test_never(void **state)
{
    (void)state;
    struct source_health h = health();
    assert_int_equal(h.state, SOURCE_NEVER);
    assert_int_equal(h.lag_s, -1);
    assert_int_equal(h.last_rows, -1);
    says(h, "No file has come yet");
    says(h, "Ana Ruiz should");
    assert_int_equal(h.n_problems, 1); /* it has promised */
    assert_string_equal(h.problems[0].kind.p, "source_late");
    declare("", false);
    world_load(&w);
    assert_int_equal(health().n_problems, 0); /* it has not */
    declare("", true);
    world_load(&w);
    assert_int_equal(health().state, SOURCE_OK);
}

static void test_lag(void **state)
{
    (void)state;
    /* The 5th ended in Berlin at 23:00 UTC; ten hours later it is 9:00 UTC on the 6th. */
    bring(5, 10, 0, FIRST + 5 * DAY + 9 * HOUR);
    struct source_health h = health();
    assert_int_equal(h.state, SOURCE_OK);
    assert_int_equal(h.lag_s, 10 * 3600);
    assert_int_equal(h.allowed_lag_s, 26 * 3600);
    assert_string_equal(h.data_to.p, "2026-03-05");
    says(h, "In time: the newest data is 10 hours old");
    clock_set_us(FIRST + 4 * DAY + 23 * HOUR + 26 * HOUR); /* exactly as old as allowed */
    assert_int_equal(health().state, SOURCE_OK);
    clock_set_us(FIRST + 4 * DAY + 23 * HOUR + 26 * HOUR + 1);
    h = health();
    assert_int_equal(h.state, SOURCE_LATE);
    says(h, "The newest day of stats is 2026-03-05, which ended 26 hours ago; at most 26 hours are promised");
    says(h, "landing");
    assert_int_equal(h.n_affected, 2);
    assert_string_equal(h.affected[0]->ref.p, "acquisition.spend");
    assert_string_equal(h.affected[1]->ref.p, "acquisition.total");
    clock_set_us(FIRST + 3 * DAY); /* days that lie ahead are no negative age */
    assert_int_equal(health().lag_s, 0);
}

static void test_summer_time(void **state)
{
    (void)state;
    /* On the 29th Berlin goes to UTC+2: that day ends at 22:00 UTC. */
    bring(29, 10, 0, FIRST + 28 * DAY + 23 * HOUR);
    assert_int_equal(health().lag_s, 3600);
}

static void test_habit(void **state)
{
    (void)state;
    static const int rows[] = {10, 30, 20, 40};
    for (int i = 0; i < 4; i++)
        bring(1 + i, rows[i], 0, FIRST + (i + 1) * DAY);
    struct source_health h = health(); /* the fourth load has three before it */
    assert_int_equal(h.last_rows, 40);
    assert_int_equal(h.habit_rows, -1);
    bring(5, 13, 0, FIRST + 5 * DAY); /* median of 10 30 20 40 is 25; 13 is 52 % */
    h = health();
    assert_int_equal(h.last_rows, 13);
    assert_int_equal(h.habit_rows, 25);
    assert_int_equal(h.state, SOURCE_OK);
    bring(6, 9, 0, FIRST + 6 * DAY); /* median of 10 30 20 40 13 is 20; 9 is 45 % */
    h = health();
    assert_int_equal(h.habit_rows, 20);
    assert_int_equal(h.state, SOURCE_UNUSUAL);
    says(h, "brought 9 rows, 45% of the usual 20 rows");
    assert_string_equal(h.problems[0].kind.p, "volume_unusual");
    declare("sla: {freshness: 26h, volume: 40}\n", false);
    world_load(&w);
    assert_int_equal(health().state, SOURCE_OK);
}

static void test_habit_of_eight(void **state)
{
    (void)state;
    /* Twelve loads of 100 and eight of 10: only the eight before the newest count. */
    for (int i = 1; i <= 3; i++)
        bring(i, 100, 0, FIRST + i * DAY);
    for (int i = 4; i <= 12; i++)
        bring(i, 10, 0, FIRST + i * DAY);
    struct source_health h = health();
    assert_int_equal(h.habit_rows, 10);
    assert_int_equal(h.state, SOURCE_OK);
}

static void test_files_that_come_together(void **state)
{
    (void)state;
    for (int i = 1; i <= 5; i++) { /* two accounts' files each morning are one load of 15 */
        char name[32];
        clock_set_us(FIRST + i * DAY);
        snprintf(name, sizeof name, "small%d", i);
        struct buf b = BUF_INIT((size_t)8192);
        for (int k = 0; k < 5; k++)
            buf_printf(&b, "2026-03-%02d,2,c%d,1,1\n", i, k);
        world_land(&w, name, buf_z(&b));
        buf_fini(&b);
        bring(i, 10, 0, FIRST + i * DAY);
    }
    struct source_health h = health();
    assert_int_equal(h.last_rows, 15);
    assert_int_equal(h.habit_rows, 15);
}

static void test_quarantine(void **state)
{
    (void)state;
    bring(1, 10, 2, FIRST + DAY);
    struct source_health h = health();
    assert_int_equal(h.state, SOURCE_UNUSUAL);
    assert_string_equal(h.problems[0].kind.p, "quarantine");
    says(h, "2 of 10 rows in the last load of stats were set aside (20.0%)");
    for (int i = 2; i <= 5; i++)
        bring(i, 10, 2, FIRST + i * DAY);
    assert_int_equal(health().state, SOURCE_OK); /* as usual by now */
    bring(6, 10, 5, FIRST + 6 * DAY);            /* 50 % is more than twice 20 % */
    assert_int_equal(health().state, SOURCE_UNUSUAL);
    assert_int_equal(health().rows_quarantined, 15);
}

static void test_failed(void **state)
{
    (void)state;
    bring(1, 10, 0, FIRST + DAY);
    world_put(&w, "landing/d02_stats.parquet", "PAR1 and then nothing that belongs there PAR1"); /* torn */
    clock_set_us(FIRST + 2 * DAY);
    (void)!world_run(&w);
    struct source_health h = health();
    if (h.state == SOURCE_FAILED) {
        assert_string_equal(h.problems[0].kind.p, "source_failed");
        says(h, "d02_stats.parquet");
        says(h, "Ana Ruiz should mend or replace the file");
    } else {
        fail_msg("state is %s: %.*s", source_state_text(h.state), STR_FMT(h.reason));
    }
    world_remove(&w, "landing/d02_stats.parquet");
    bring(2, 10, 0, FIRST + 2 * DAY + HOUR);
    assert_int_equal(health().state, SOURCE_OK);
}

static void test_loads(void **state)
{
    (void)state;
    struct source_load *v;
    size_t n;
    bring(1, 10, 1, FIRST + DAY);
    bring(2, 12, 0, FIRST + 2 * DAY);
    if (!catalog_source_loads(w.state, w.mesh->sources[0], 10, &w.arena, &v, &n, &w.err))
        fail_msg("%s", w.err.text);
    assert_int_equal(n, 2);
    assert_int_equal(v[0].rows, 12);
    assert_int_equal(v[0].at_us, FIRST + 2 * DAY);
    assert_int_equal(v[1].rows, 9);
    assert_int_equal(v[1].quarantined, 1);
    assert_string_equal(clock_date(v[0].day_to).z, "2026-03-02");
    if (!catalog_source_loads(w.state, w.mesh->sources[0], 1, &w.arena, &v, &n, &w.err))
        fail_msg("%s", w.err.text);
    assert_int_equal(n, 1);
}

int main(int argc, char **argv)
{
    world_main(argc, argv);
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {CASE(test_never),          CASE(test_lag),
                                       CASE(test_summer_time),    CASE(test_habit),
                                       CASE(test_habit_of_eight), CASE(test_files_that_come_together),
                                       CASE(test_quarantine),     CASE(test_failed),
                                       CASE(test_loads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
